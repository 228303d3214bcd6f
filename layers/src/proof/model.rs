//! A model as its proofs know it: a checked architecture, its plan and the commitment to its parameters.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::{
    argument::{claim::layouts, hyrax::Hyrax, opening::CommitmentScheme, soundness::SoundnessError},
    error::{Error, Result},
    integer::wide,
    network::Architecture,
    proof::{
        file::{encode, file_header},
        key::MAGIC,
        plan::Plan,
    },
};

/// A checked architecture, its plan and the commitment to its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct CommittedModel<S: CommitmentScheme = Hyrax> {
    architecture: Architecture,
    plan: Arc<Plan>,
    scheme: S,
    commitment: S::Commitment,
    architecture_digest: [u8; 32],
    digest: [u8; 32],
}

impl<S: CommitmentScheme> CommittedModel<S> {
    /// The model whose parameters have this commitment under the scheme that belongs to its plan. It is public: what hides
    /// a private model is a [verifying key](crate::VerifyingKey)'s to say, which has one scheme.
    ///
    /// # Errors
    /// What [`Architecture::infer`] finds, and [`Error::Damaged`] when the commitment has another length than the plan's.
    pub fn new(
        architecture: Architecture,
        scheme: impl FnOnce(&Plan) -> Result<S>,
        commitment: S::Commitment,
    ) -> Result<Self> {
        Self::tagged(architecture, scheme, commitment, b"")
    }

    /// As [`new`](Self::new), with something more that the digest names.
    pub(super) fn tagged(
        architecture: Architecture,
        scheme: impl FnOnce(&Plan) -> Result<S>,
        commitment: S::Commitment,
        tag: &[u8],
    ) -> Result<Self> {
        let plan = Plan::new(&architecture)?;
        let scheme = scheme(&plan)?;
        let layouts = layouts(&plan.parameters);
        let bytes = scheme.to_bytes(&commitment);
        if scheme.num_bytes(&layouts) != bytes.len() {
            let reason = "it has another number of commitments";
            return Err(Error::Damaged { what: "verifying key", reason });
        }
        let encoded = encode(&architecture, "verifying key")?;
        let architecture_digest: [u8; 32] = Sha256::digest(&encoded).into();
        let mut hash = Sha256::new();
        // Before the header, which does not begin with a zero: no two schemes hash the same bytes.
        if !S::NAME.is_empty() {
            hash.update([0]);
            hash.update(wide(S::NAME.len()).to_le_bytes());
            hash.update(S::NAME);
        }
        hash.update(file_header(MAGIC));
        hash.update(architecture_digest);
        hash.update(tag);
        hash.update(bytes);
        let (plan, digest) = (Arc::new(plan), hash.finalize().into());
        Ok(Self { architecture, plan, scheme, commitment, architecture_digest, digest })
    }

    /// The architecture.
    pub const fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The plan of its proofs with public inputs.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan of its proofs with public inputs, to keep.
    pub const fn shared_plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// The commitment scheme.
    pub const fn scheme(&self) -> &S {
        &self.scheme
    }

    /// The commitment to the parameters.
    pub const fn commitment(&self) -> &S::Commitment {
        &self.commitment
    }

    /// SHA-256 of the encoded architecture.
    pub const fn architecture_digest(&self) -> &[u8; 32] {
        &self.architecture_digest
    }

    /// SHA-256 of architecture digest and commitment: names the model.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Error of every sub-protocol of one proof with public inputs, which hides nothing.
    pub fn soundness(&self) -> Vec<(&'static str, SoundnessError)> {
        super::soundness::network_over(&self.architecture, &self.plan, |claims| self.scheme.soundness(claims))
    }
}
