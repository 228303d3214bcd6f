//! The prover's side of [Hyrax](tacit_layers::argument::hyrax).
//!
//! By itself: commit to a small tensor and open it at a point.
//!
//! ```
//! use tacit_layers::{Layout, Tensor, argument::{claim::EvaluationClaim, hyrax::Hyrax}, tensor::evaluation};
//! use tacit_prover::{Commitments as _, hyrax::Columns};
//! use tacit_transcript::{Label, ProofReader, ProofWriter, Transcript, labels};
//! use tacit_verifier::{Commitments as _, hyrax};
//!
//! const POINT: Label = Label::new("point");
//! let tensor = Tensor::new(Layout::new(vec![6, 5])?, (-15..15).collect())?;
//! let (layout, scheme) = (tensor.layout(), Hyrax::new(3)?);
//!
//! let mut writer = ProofWriter::new(b"example");
//! let mut columns = Columns::new(scheme.clone());
//! columns.commit(&mut writer, labels::COMMITMENT, &[(&tensor).into()])?;
//! let point = writer.squeeze_many(POINT, layout.num_vars());
//! let value = evaluation::evaluate(layout, tensor.data(), &point)?;
//! let claim = EvaluationClaim::new(0, point, value);
//! columns.open(&mut writer, &[claim.clone()])?;
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! let mut columns = hyrax::Columns::new(scheme);
//! columns.read(&mut reader, labels::COMMITMENT, &[layout])?;
//! assert_eq!(reader.squeeze_many(POINT, layout.num_vars()), claim.point);
//! columns.verify(&mut reader, &[claim])?;
//! reader.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ark_bn254::{Fr, G1Affine};
use ark_ff::{One, Zero};
use tacit_algebra::{generators::Generators, kernels::backend};
use tacit_layers::argument::{
    claim::SumClaim,
    hyrax::Hyrax,
    opening::{OpeningClaim, absorb_claims},
    sumcheck::{Batch, RoundWeights},
};
use tacit_transcript::{Label, ProofWriter};

use crate::{
    error::{Error, Result},
    opening::{CommittedTensor, ProverScheme, Shares},
    sumcheck::{self, SumcheckInstance},
};

mod columns;
mod commitment;
mod inner_product;
mod opening;

pub use columns::Columns;
pub(crate) use commitment::{add_blinds, commit_observed};
#[doc(hidden)]
pub use commitment::{blind_rows, commit};
pub(crate) use inner_product::prove_inner_product;

/// Tensors that are committed to together.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct CommittedList<'a> {
    /// The tensors.
    pub tensors: &'a [CommittedTensor<'a>],
    /// $\log_2$ of the length of their rows, at most that of the generators' number.
    pub row_vars: usize,
}

impl ProverScheme for Hyrax {
    fn commit(&self, tensors: &[CommittedTensor], shares: &mut Shares) -> Result<Vec<G1Affine>> {
        tensors.iter().try_for_each(CommittedTensor::check)?;
        Ok(commit_observed(tensors, self.generators(), shares))
    }

    fn write_commitment(&self, writer: &mut ProofWriter, label: Label, rows: &Vec<G1Affine>) {
        writer.write_points(label, rows);
    }

    fn open(
        &self,
        writer: &mut ProofWriter,
        lists: &[&[CommittedTensor]],
        claims: &[OpeningClaim],
    ) -> Result<()> {
        let tensors: Vec<&CommittedTensor> = lists.iter().copied().flatten().collect();
        tensors.iter().try_for_each(|tensor| tensor.check())?;
        let fits = |claim: &OpeningClaim| {
            tensors.get(claim.subject).is_some_and(|tensor| tensor.layout.num_vars() == claim.point.len())
        };
        if !claims.iter().all(fits) {
            return Err(Error::Replay(tacit_verifier::Error::UnfitClaim));
        }
        let list = |&tensors| CommittedList { tensors, row_vars: self.key_vars() };
        let lists: Vec<CommittedList> = lists.iter().map(list).collect();
        open(writer, &lists, claims, self.generators());
        Ok(())
    }
}

/// Proves all claims on lists of tensors that were committed to together. A claim's subject is its tensor's index among
/// those of all lists. Only Tacit's own sides call it.
#[doc(hidden)]
pub fn open(
    writer: &mut ProofWriter,
    lists: &[CommittedList],
    claims: &[OpeningClaim],
    generators: &Generators,
) {
    let (vector, point) = combine(writer, lists, claims, generators.num_vars());
    if !claims.is_empty() {
        prove_inner_product(writer, vector, &point, generators);
    }
}

/// Steps 1 to 3: reduces all claims to one on a combination of rows: its vector, and the point.
pub(crate) fn combine(
    writer: &mut ProofWriter,
    lists: &[CommittedList],
    claims: &[OpeningClaim],
    key_vars: usize,
) -> (Vec<Fr>, Vec<Fr>) {
    // Step 1: the claims.
    absorb_claims(writer, claims);
    if claims.is_empty() {
        return (vec![Fr::zero(); 1 << key_vars], vec![Fr::zero(); key_vars]);
    }
    combine_absorbed(writer, lists, claims, key_vars)
}

/// Steps 2 and 3, of claims that have been absorbed.
pub(crate) fn combine_absorbed(
    writer: &mut ProofWriter,
    lists: &[CommittedList],
    claims: &[OpeningClaim],
    key_vars: usize,
) -> (Vec<Fr>, Vec<Fr>) {
    // Step 2: one sumcheck over a row's variables for all of them.
    let sums: Vec<SumClaim> =
        claims.iter().map(|claim| SumClaim { num_vars: key_vars, degree: 2, sum: claim.value }).collect();
    let batch = Batch::begin(writer, &sums, RoundWeights::Uniform);
    let mut terms = opening::terms(lists, claims, &batch, key_vars);
    let mut borrowed: Vec<&mut dyn SumcheckInstance> =
        terms.iter_mut().map(|term| &mut term.product as _).collect();
    let batch = Batch { coefficients: vec![Fr::one(); borrowed.len()], ..batch };
    let z = sumcheck::prove_rounds(writer, &mut borrowed, RoundWeights::Uniform, &batch);
    // Step 3: the folded vectors' combination.
    let mut combined = vec![Fr::zero(); 1 << key_vars];
    for term in &terms {
        let [_, weight] = term.product.ended();
        backend().add_scaled(&mut combined, &term.vector, weight);
    }
    (combined, z)
}
