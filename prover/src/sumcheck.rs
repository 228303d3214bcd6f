//! The prover's side of the [batched sumcheck](tacit_layers::sumcheck).
//!
//! By itself, in a transcript of the caller's:
//!
//! ```
//! use ark_bn254::Fr;
//! use tacit_algebra::Mle;
//! use tacit_layers::sumcheck::RoundWeights;
//! use tacit_prover::sumcheck::{self, Product, SumcheckInstance};
//! use tacit_transcript::{ProofReader, ProofWriter};
//!
//! let table = |values: [u64; 4]| Mle::new(values.map(Fr::from).to_vec(), 2);
//! let (f, g) = (table([1, 2, 3, 4]), table([5, 6, 7, 8]));
//! let mut instance = Product::summed(f.clone(), g.clone());
//! let claim = instance.claim();
//! assert_eq!(claim.sum, Fr::from(70_u64));
//! let mut writer = ProofWriter::from_merlin(merlin::Transcript::new(b"mine"));
//! sumcheck::prove(&mut writer, &mut [&mut instance], RoundWeights::Uniform);
//! let (proof, _my_transcript) = writer.into_parts();
//!
//! let mut reader = ProofReader::from_merlin(merlin::Transcript::new(b"mine"), &proof);
//! let reduced = tacit_verifier::sumcheck::verify(&mut reader, &[claim], RoundWeights::Uniform)?;
//! // The caller's duty: the final value is that of both polynomials at the final point.
//! let value = f.evaluate(&reduced.point) * g.evaluate(&reduced.point);
//! assert!(reduced.holds(std::iter::once(value)));
//! # Ok::<(), tacit_verifier::Error>(())
//! ```

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use tacit_layers::{
    claim::SumClaim,
    sumcheck::{Batch, RoundPolynomial, RoundWeights},
};
use tacit_transcript::{ProofWriter, Transcript, labels};

pub mod grouped;
pub mod product;
pub mod weighted;

pub use grouped::Grouped;
pub use product::Product;
pub use weighted::Weighted;

/// A polynomial whose sum is being proved. It knows its tables, not the transcript.
pub trait SumcheckInstance {
    /// Variables, degree and sum.
    fn claim(&self) -> SumClaim;

    /// The next round's polynomial, without the weight's factors. `claim` is the instance's running claim and
    /// `one_weight` the weight of this round's one side, nothing when both sides weigh one.
    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial;

    /// Fixes the next variable.
    fn bind(&mut self, r: Fr);
}

/// Proves all instances in one set of rounds and returns the common point.
pub fn prove(
    writer: &mut ProofWriter,
    instances: &mut [&mut dyn SumcheckInstance],
    weights: RoundWeights,
) -> Vec<Fr> {
    prove_combined(writer, instances, weights).0
}

/// As [`prove`]; returns the instances' coefficients too.
pub fn prove_combined(
    writer: &mut ProofWriter,
    instances: &mut [&mut dyn SumcheckInstance],
    weights: RoundWeights,
) -> (Vec<Fr>, Vec<Fr>) {
    let claims: Vec<SumClaim> = instances.iter().map(|instance| instance.claim()).collect();
    let batch = Batch::begin(writer, &claims, weights);
    let mut running: Vec<Fr> = claims
        .iter()
        .map(|claim| claim.sum * weights.waiting_factor(batch.num_vars - claim.num_vars))
        .collect();
    let half = Fr::from(2_u64).inverse().unwrap_or_else(Fr::zero);
    let mut point = Vec::with_capacity(batch.num_vars);
    for round in 0..batch.num_vars {
        let one_weight = weights.one_weight(round);
        let active = |claim: &SumClaim| batch.num_vars - claim.num_vars <= round;
        let mut polynomials = Vec::with_capacity(instances.len());
        for ((instance, claim), running) in instances.iter_mut().zip(&claims).zip(&running) {
            polynomials.push(if active(claim) {
                instance.round(*running, one_weight)
            } else {
                let constant = if one_weight.is_none() { *running * half } else { *running };
                RoundPolynomial::new(vec![constant])
            });
        }
        let mut combined = RoundPolynomial::new(vec![]);
        for (polynomial, coefficient) in polynomials.iter().zip(&batch.coefficients) {
            combined.add_scaled(polynomial, *coefficient);
        }
        writer.write_scalars(labels::ROUND_POLYNOMIAL, &combined.transmitted(batch.degree));
        let r = writer.squeeze(labels::ROUND_CHALLENGE);
        for ((instance, claim), (polynomial, running)) in
            instances.iter_mut().zip(&claims).zip(polynomials.iter().zip(&mut running))
        {
            *running = polynomial.evaluate(r);
            if active(claim) {
                instance.bind(r);
            }
        }
        point.push(r);
    }
    (point, batch.coefficients)
}
