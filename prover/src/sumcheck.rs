//! The prover's side of the [batched sumcheck](tacit_layers::argument::sumcheck).
//!
//! By itself, in a transcript of the caller's:
//!
//! ```
//! use ark_bn254::Fr;
//! use tacit_algebra::Mle;
//! use tacit_layers::argument::sumcheck::RoundWeights;
//! use tacit_prover::sumcheck::{self, Product, SumcheckInstance};
//! use tacit_transcript::{ProofReader, ProofWriter};
//!
//! let table = |values: [u64; 4]| Mle::new(values.map(Fr::from).to_vec(), 2);
//! let (f, g) = (table([1, 2, 3, 4])?, table([5, 6, 7, 8])?);
//! let mut instance = Product::summed(f.clone(), g.clone())?;
//! let claim = instance.claim();
//! assert_eq!(claim.sum, Fr::from(70_u64));
//! let mut writer = ProofWriter::from_merlin(merlin::Transcript::new(b"mine"));
//! sumcheck::prove(&mut writer, &mut [&mut instance], RoundWeights::Uniform)?;
//! let (proof, _my_transcript) = writer.finish_into_merlin();
//!
//! let mut reader = ProofReader::from_merlin(merlin::Transcript::new(b"mine"), &proof);
//! let reduced = tacit_verifier::sumcheck::verify(&mut reader, &[claim], RoundWeights::Uniform)?;
//! // The caller's duty: the final value is that of both polynomials at the final point.
//! let value = f.evaluate(&reduced.point)? * g.evaluate(&reduced.point)?;
//! assert!(reduced.holds(std::iter::once(value)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use rayon::prelude::*;
use tacit_algebra::error::check;
use tacit_layers::argument::{
    claim::SumClaim,
    sumcheck::{Batch, RoundPolynomial, RoundWeights},
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::error::Result;

pub mod grouped;
pub mod product;
pub mod weighted;

pub use grouped::Grouped;
pub use product::Product;
pub use weighted::Weighted;

/// A polynomial whose sum is being proved. It knows its tables, not the transcript.
pub trait SumcheckInstance: Send {
    /// Variables, degree and sum, bound or not.
    fn claim(&self) -> SumClaim;

    /// The next round's polynomial, without the weight's factors. `claim` is the instance's running claim and
    /// `one_weight` the weight of this round's one side, nothing when both sides weigh one.
    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial;

    /// Fixes the next variable, if any is left.
    fn bind(&mut self, r: Fr);
}

impl<I: SumcheckInstance + ?Sized> SumcheckInstance for &mut I {
    fn claim(&self) -> SumClaim {
        (**self).claim()
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        (**self).round(claim, one_weight)
    }

    fn bind(&mut self, r: Fr) {
        (**self).bind(r);
    }
}

/// Proves all instances in one set of rounds and returns the common point.
///
/// # Errors
/// When the weights' point has not one coordinate for every round.
pub fn prove(
    writer: &mut ProofWriter,
    instances: &mut [&mut dyn SumcheckInstance],
    weights: RoundWeights,
) -> Result<Vec<Fr>> {
    let rounds = instances.iter().map(|instance| instance.claim().num_vars).max().unwrap_or(0);
    if let RoundWeights::Equality(point) = weights {
        check("the number of coordinates of the weights' point", rounds, point.len())?;
    }
    Ok(prove_checked(writer, instances, weights))
}

/// The same, with weights that are known to have a coordinate for every round.
pub(crate) fn prove_checked(
    writer: &mut ProofWriter,
    instances: &mut [&mut dyn SumcheckInstance],
    weights: RoundWeights,
) -> Vec<Fr> {
    let claims: Vec<SumClaim> = instances.iter().map(SumcheckInstance::claim).collect();
    let batch = Batch::begin(writer, &claims, weights);
    prove_rounds(writer, instances, weights, &batch)
}

/// An instance during the rounds.
struct Running<'a> {
    instance: &'a mut dyn SumcheckInstance,
    /// Rounds before its first.
    waiting: usize,
    /// Its running claim.
    claim: Fr,
}

/// Entries of tables, counted for each instance as its hypercube's, below which one core does a round.
const SMALL_ROUND: usize = 1 << 11;

impl Running<'_> {
    /// Binds the variable of the round before to `last`, then gives the round's polynomial.
    fn round(&mut self, round: usize, last: Option<Fr>, one_weight: Option<Fr>, half: Fr) -> RoundPolynomial {
        if let Some(r) = last
            && self.waiting < round
        {
            self.instance.bind(r);
        }
        if self.waiting <= round {
            return self.instance.round(self.claim, one_weight);
        }
        RoundPolynomial::new(vec![if one_weight.is_none() { self.claim * half } else { self.claim }])
    }
}

/// The rounds of a batch that has begun: `batch` holds a coefficient for each instance. Returns the common point.
pub(crate) fn prove_rounds(
    writer: &mut ProofWriter,
    instances: &mut [&mut dyn SumcheckInstance],
    weights: RoundWeights,
    batch: &Batch,
) -> Vec<Fr> {
    let mut running: Vec<Running> = instances
        .iter_mut()
        .map(|instance| {
            let claim = instance.claim();
            let waiting = batch.num_vars - claim.num_vars;
            Running { instance: &mut **instance, waiting, claim: claim.sum * weights.waiting_factor(waiting) }
        })
        .collect();
    let half = Fr::from(2_u64).inverse().unwrap_or_else(Fr::zero);
    let mut point: Vec<Fr> = Vec::with_capacity(batch.num_vars);
    for round in 0..batch.num_vars {
        let one_weight = weights.one_weight(round);
        let last = point.last().copied();
        let active = running.iter().filter(|running| running.waiting <= round).count();
        let polynomial = |running: &mut Running| running.round(round, last, one_weight, half);
        let polynomials: Vec<RoundPolynomial> =
            if active > 1 && active << (batch.num_vars - round) > SMALL_ROUND {
                running.par_iter_mut().map(polynomial).collect()
            } else {
                running.iter_mut().map(polynomial).collect()
            };
        let mut combined = RoundPolynomial::new(vec![]);
        for (polynomial, coefficient) in polynomials.iter().zip(&batch.coefficients) {
            combined.add_scaled(polynomial, *coefficient);
        }
        writer.write_scalars(labels::ROUND_POLYNOMIAL, &combined.transmitted(batch.degree));
        let r = writer.squeeze(labels::ROUND_CHALLENGE);
        for (running, polynomial) in running.iter_mut().zip(&polynomials) {
            running.claim = polynomial.evaluate(r);
        }
        point.push(r);
    }
    if let Some(&r) = point.last() {
        for running in running.iter_mut().filter(|running| running.waiting < batch.num_vars) {
            running.instance.bind(r);
        }
    }
    point
}
