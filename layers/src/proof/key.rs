//! The verifying key: an architecture and the commitment to its parameters.
//!
//! A commitment shows neither that weights are int8 and biases int32 nor that padding is zero, and quotient bounds are
//! taken as declared. Whoever verifies must have recomputed the key from a public model, have accepted a
//! [proof about its parameters](crate::proof::parameters), or trust who made it.
//!
//! As a file: eight bytes `TACITVK\n`, the format version (u32, little-endian), the length of the architecture (u64), the
//! architecture in postcard, a byte that is one for a private model, and the parameters' row commitments, 32 bytes each. The architecture decides how many there
//! are and where in them each parameter lies ([`crate::argument::hyrax::places`]).
//!
//! **Code.** [prover](../../../tacit_prover/key/index.html), [verifier](../../../tacit_verifier/key/index.html).

use std::sync::{Arc, Mutex, PoisonError};

use ark_bn254::G1Affine;
use tacit_algebra::generators::Generators;
use tacit_transcript::encoding::{POINT_BYTES, point_to_bytes, points_from_bytes};

use crate::{
    argument::{
        hyrax::Hyrax,
        soundness::{self, SoundnessError},
    },
    error::{Error, Result},
    network::Architecture,
    proof::{
        file::{block, decode, encode, file_header, open_file, take_block},
        model::CommittedModel,
        plan::Plan,
    },
};

/// First bytes of a verifying key.
pub const MAGIC: &[u8; 8] = b"TACITVK\n";

/// A [committed model](CommittedModel) under Hyrax, and whether it is private.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifyingKey {
    model: CommittedModel<Hyrax>,
    last: LastPlan,
    is_private: bool,
}

/// The plan of proofs with committed inputs that was asked for last, and which of them are committed. There are too many
/// choices to keep each one's.
#[derive(Debug, Clone, Default)]
struct LastPlan(Arc<Mutex<Option<ChosenPlan>>>);

/// Which inputs are committed, and the plan for that.
type ChosenPlan = (Vec<bool>, Result<Arc<Plan>>);

impl PartialEq for LastPlan {
    /// The architecture decides it, known or not.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl VerifyingKey {
    /// The key of an architecture whose parameters have these row commitments.
    ///
    /// # Errors
    /// What [`Architecture::infer`] finds, and [`Error::Damaged`] when the rows are not as many as the plan has.
    pub fn new(architecture: Architecture, commitments: Vec<G1Affine>) -> Result<Self> {
        Self::with_privacy(architecture, commitments, false)
    }

    /// As [`new`](Self::new) for a private model: its row commitments are blinded, and proofs about it hide.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn private(architecture: Architecture, commitments: Vec<G1Affine>) -> Result<Self> {
        Self::with_privacy(architecture, commitments, true)
    }

    fn with_privacy(
        architecture: Architecture,
        commitments: Vec<G1Affine>,
        is_private: bool,
    ) -> Result<Self> {
        let tag: &[u8] = if is_private { b"private" } else { b"" };
        let scheme = |plan: &Plan| Hyrax::new(plan.key_vars);
        let model = CommittedModel::tagged(architecture, scheme, commitments, tag)?;
        Ok(Self { model, last: LastPlan::default(), is_private })
    }

    /// The model with its commitment.
    pub const fn model(&self) -> &CommittedModel<Hyrax> {
        &self.model
    }

    /// Whether the model is private: its row commitments are blinded, and proofs about it hide.
    pub const fn is_private(&self) -> bool {
        self.is_private
    }

    /// The architecture.
    pub const fn architecture(&self) -> &Architecture {
        self.model.architecture()
    }

    /// The plan of its proofs with public inputs.
    pub fn plan(&self) -> &Plan {
        self.model.plan()
    }

    /// The plan of its proofs in which the inputs that are marked are committed.
    ///
    /// # Errors
    /// As [`Plan::with_committed`].
    pub fn plan_of(&self, is_committed: &[bool]) -> Result<Arc<Plan>> {
        self.architecture().check_num_inputs(is_committed.len())?;
        if !is_committed.contains(&true) {
            return Ok(Arc::clone(self.model.shared_plan()));
        }
        let mut last = self.last.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((of, plan)) if of == is_committed => plan.clone(),
            Some(_) | None => {
                let plan = Plan::with_committed(self.architecture(), is_committed).map(Arc::new);
                *last = Some((is_committed.to_vec(), plan.clone()));
                plan
            }
        }
    }

    /// The plan of its proofs in which all inputs are committed.
    ///
    /// # Errors
    /// As [`Self::plan_of`].
    pub fn committed_plan(&self) -> Result<Arc<Plan>> {
        self.plan_of(&vec![true; self.architecture().num_inputs()])
    }

    /// The generators that rows are committed with.
    pub fn generators(&self) -> &Generators {
        self.model.scheme().generators()
    }

    /// The generators, to keep.
    pub const fn shared_generators(&self) -> &Arc<Generators> {
        self.model.scheme().generators()
    }

    /// Row commitments of the parameters.
    pub fn commitments(&self) -> &[G1Affine] {
        self.model.commitment()
    }

    /// SHA-256 of the encoded architecture.
    pub const fn architecture_digest(&self) -> &[u8; 32] {
        self.model.architecture_digest()
    }

    /// SHA-256 of architecture digest and commitments: names the model.
    pub const fn digest(&self) -> &[u8; 32] {
        self.model.digest()
    }

    /// Looked-up rows of one proof with public inputs, padding included.
    pub fn num_lookups(&self) -> usize {
        self.plan().num_lookups()
    }

    /// Error of every sub-protocol of one proof with public inputs.
    pub fn soundness(&self) -> Vec<(&'static str, SoundnessError)> {
        self.errors(self.plan(), self.is_private)
    }

    /// Error of every sub-protocol of one proof in which the inputs that are marked are committed; one always hides.
    ///
    /// # Errors
    /// As [`plan_of`](Self::plan_of).
    pub fn soundness_of(&self, is_committed: &[bool]) -> Result<Vec<(&'static str, SoundnessError)>> {
        let is_hiding = self.is_private || is_committed.contains(&true);
        Ok(self.errors(&*self.plan_of(is_committed)?, is_hiding))
    }

    fn errors(&self, plan: &Plan, is_hiding: bool) -> Vec<(&'static str, SoundnessError)> {
        let mut errors = super::soundness::network(self.architecture(), plan);
        if is_hiding {
            errors.push(("masked messages", soundness::masking(plan.opening_vars())));
        }
        errors
    }

    /// Statistical soundness of one proof in bits; computational assumptions come on top.
    pub fn soundness_bits(&self) -> f64 {
        self.soundness().into_iter().map(|(_, error)| error).sum::<SoundnessError>().bits()
    }

    /// The key as a file.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the architecture does not serialise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = file_header(MAGIC);
        bytes.extend(block(&encode(self.architecture(), "verifying key")?));
        bytes.push(u8::from(self.is_private));
        bytes.extend(self.commitments().iter().flat_map(point_to_bytes));
        Ok(bytes)
    }

    /// The key in a file.
    ///
    /// # Errors
    /// [`Error::Format`], [`Error::Version`] or [`Error::Damaged`], and what [`Architecture::infer`] finds.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (encoded, rows) = take_block(open_file(bytes, MAGIC, "verifying key")?, "verifying key")?;
        let architecture: Architecture = decode(encoded, "verifying key")?;
        let (is_private, rows) = take_privacy(rows, "verifying key")?;
        let commitments = read_commitments(&architecture, rows, "verifying key")?;
        Self::with_privacy(architecture, commitments, is_private)
    }
}

/// Splits off the byte that tells whether a model is private.
///
/// # Errors
/// [`Error::Damaged`] when it is neither zero nor one.
pub fn take_privacy<'a>(bytes: &'a [u8], what: &'static str) -> Result<(bool, &'a [u8])> {
    match bytes.split_first() {
        Some((flag @ (0 | 1), rest)) => Ok((*flag == 1, rest)),
        Some(_) => Err(Error::Damaged { what, reason: "it is neither a public nor a private model's" }),
        None => Err(Error::Damaged { what, reason: "it ends early" }),
    }
}

/// Reads the row commitments of an architecture's parameters, which must fill `bytes`.
///
/// # Errors
/// [`Error::Damaged`], and what [`Architecture::infer`] finds.
pub fn read_commitments(
    architecture: &Architecture,
    bytes: &[u8],
    what: &'static str,
) -> Result<Vec<G1Affine>> {
    let plan = Plan::new(architecture)?;
    let (_, total) = plan.rows(&plan.parameters);
    if bytes.len() != total.saturating_mul(POINT_BYTES) {
        return Err(Error::Damaged { what, reason: "it has another number of commitments" });
    }
    points_from_bytes(bytes)
        .map_err(|_| Error::Damaged { what, reason: "a commitment is not a point of the curve" })
}
