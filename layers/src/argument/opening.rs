//! Commitment schemes: what a proof asks of the one it runs over.
//!
//! **Statement.** Lists of tensors $T_1, T_2, \dots$ are committed to, and claims $\widetilde T_{t_j}(r_j) = v_j$ hold of
//! what is committed, $t_j$ counting tensors over all lists.
//!
//! **Shapes.** Tensors are committed to in lists, each list at once: a model's parameters, a run's witness, each deferred
//! column by itself. Layouts alone decide how long a commitment is. A point has as many variables as its tensor's layout,
//! and the value is that of the tensor padded with what the committer put there: honest provers put zeros.
//!
//! **Protocol.** Every scheme keeps this order; the callers' part of it is written once, for all.
//! 1. The digest of the parameters' commitment is absorbed with the statement.
//! 2. The witness' commitment is a message, absorbed before any challenge; that to a deferred column is one before the
//!    challenges that its claims' points depend on.
//! 3. When every claim is known, the scheme opens all of them at once. It begins with [`absorb_claims`], and takes its
//!    challenges from the same transcript.
//!
//! **A scheme's duty.**
//! - *Binding.* Nobody opens a commitment in two ways: from a prover that passes with more than a negligible chance, tensors
//!   of field elements can be extracted for every commitment, and the claims hold of them up to
//!   [`soundness`](CommitmentScheme::soundness). It may bind padding, as Hyrax does, but need not show that padding is zero.
//! - *Deferral.* Parameters are committed to once, for all proofs, and opened together with what each proof commits to.
//! - *Shapes first.* Lengths come from layouts, never from the proof; whatever the bytes are, the verifier does not panic.
//!
//! Nothing is asked that would hide: a proof over a scheme that has no more than this shows field elements of witness and
//! parameters.
//!
//! **Hiding.** Private models and committed inputs take more, and only [Hyrax](super::hyrax) has it: commitments that are
//! read behind [masked messages](super::masking) and blinded after they are computed; a reduction of all claims, whose values are
//! masked, to one value of one combination of commitments, known to both sides; and vector commitments that masks are
//! committed with and that combine with it. Functions that hide name Hyrax in their types, so that another scheme is no
//! argument for them.
//!
//! **Where the next ones go.** A second scheme is a file beside [`hyrax`](super::hyrax) in each of the three crates:
//! here its shapes, sizes and error, in the prover `commit` and `open`, in the verifier `read_commitment` and `verify`. One
//! with rows over a pairing's generators, opened by `HyperKZG`, keeps [`places`](super::hyrax::places) and replaces the
//! inner-product argument. A second transcript, say over Keccak-256 for contracts, is a second sponge below
//! `tacit_transcript`'s reader and writer: no scheme names the hash.
//!
//! **Soundness error.** [`CommitmentScheme::soundness`], with the scheme's computational assumptions on top.
//!
//! **Caller's duty.** Step 2, and to show what a scheme does not: that elements are small integers and padding is zero.
//!
//! **Cost.** The scheme's; [`CommitmentScheme::num_bytes`] is what commitments take of a proof.
//!
//! **Reference.** Polynomial commitments for multilinear extensions as Hyrax (Wahby et al., S&P 2018) uses them, many
//! polynomials and points at once.
//!
//! **Code.** [prover](../../../tacit_prover/opening/index.html), [verifier](../../../tacit_verifier/opening/index.html).

use std::fmt::Debug;

use ark_bn254::Fr;
use tacit_transcript::{Transcript, labels};

use crate::{
    argument::{claim::EvaluationClaim, soundness::SoundnessError},
    integer::scalar,
    tensor::Layout,
};

/// What both sides know of a commitment scheme.
pub trait CommitmentScheme: Clone + Debug + PartialEq + Send + Sync {
    /// What enters a model's digest beside the commitment, so that digests under two schemes differ. Empty for Hyrax alone,
    /// whose keys are older than the choice.
    const NAME: &'static [u8];

    /// What a list of tensors is committed to by.
    type Commitment: Clone + Debug + PartialEq + Send + Sync;

    /// Bytes of the commitment to tensors of these shapes.
    fn num_bytes(&self, layouts: &[&Layout]) -> usize;

    /// About how many of them each tensor takes, for accounts.
    fn shares(&self, layouts: &[&Layout]) -> Vec<usize>;

    /// The bytes of a commitment, by which digests know it.
    fn to_bytes(&self, commitment: &Self::Commitment) -> Vec<u8>;

    /// Error of an opening of so many claims, computational assumptions apart.
    fn soundness(&self, num_claims: usize) -> SoundnessError;
}

/// A claim about the tensor with this index among all lists' tensors.
pub type OpeningClaim<V = Fr> = EvaluationClaim<usize, V>;

/// Absorbs the claims before they are combined.
pub fn absorb_claims<T: Transcript>(transcript: &mut T, claims: &[OpeningClaim<T::Value>]) {
    let scalars: Vec<Fr> = claims
        .iter()
        .flat_map(|claim| {
            let value = transcript.absorbed(&claim.value);
            let shape = [scalar(claim.subject), scalar(claim.point.len()), value];
            shape.into_iter().chain(claim.point.iter().copied())
        })
        .collect();
    transcript.absorb_scalars(labels::CLAIM, &scalars);
}
