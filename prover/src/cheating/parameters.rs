//! A lying prover of the ranges of a key's parameters.

use ark_bn254::Fr;
use tacit_layers::{
    Tensor, VerifyingKey,
    proof::parameters::{Digits, ParameterPlan},
};
use tacit_transcript::Label;

use super::{Forgery, Liar, Revision};
use crate::{
    ProvenParameters, ProvingKey,
    error::Result,
    hyrax,
    integers::Integers,
    opening::CommittedTensor,
    parameters::{ParameterWitness, committed, prove_witness},
    seed::Seed,
};

/// An honest proof about a key's parameters, to be falsified piece by piece and then proved as it is.
#[derive(Debug, Clone)]
pub struct ParameterRun {
    key: VerifyingKey,
    plan: ParameterPlan,
    tensors: Vec<Tensor<i64>>,
    blinding: Vec<Fr>,
    witness: ParameterWitness,
    forgery: Forgery,
}

fn committed_tensors(tensors: &[Tensor<i64>]) -> Vec<CommittedTensor<'_>> {
    let committed = |tensor| {
        let values = Integers::Int64(Tensor::data(tensor)).into();
        CommittedTensor { layout: tensor.layout(), values }
    };
    tensors.iter().map(committed).collect()
}

impl ParameterRun {
    /// The honest run about a key.
    ///
    /// # Errors
    /// When it has more parameters than a proof can look up.
    pub fn honest(key: &ProvingKey) -> Result<Self> {
        let plan = ParameterPlan::new(key.verifying_key())?;
        let tensors =
            plan.parameters.iter().zip(&key.network().parameters).map(|((layout, _), parameter)| {
                Tensor::new(layout.clone(), Integers::from(parameter).iter().collect())
            });
        let tensors = tensors.collect::<std::result::Result<Vec<_>, _>>()?;
        let witness =
            ParameterWitness::new(&plan, &committed_tensors(&tensors), &vec![""; plan.parameters.len()])?;
        let blinding = key.row_blinding().into_owned();
        Ok(Self {
            key: key.verifying_key().clone(),
            plan,
            tensors,
            blinding,
            witness,
            forgery: Forgery::default(),
        })
    }

    /// What is committed and opened as the parameters; a tensor may be replaced by one over its padding too.
    pub const fn tensors(&mut self) -> &mut Vec<Tensor<i64>> {
        &mut self.tensors
    }

    /// The column of a digit that is committed.
    ///
    /// # Panics
    /// When it is not.
    pub fn column(&mut self, digits: Digits) -> &mut Vec<i64> {
        let index = match digits {
            Digits::Table => Some(self.plan.witness.len() - 1),
            Digits::Digit(id, digit) => committed(&self.plan, id, digit),
        };
        let Some(column) = index.and_then(|index| self.witness.columns.get_mut(index)) else {
            unreachable!("{digits:?} is not committed")
        };
        column
    }

    /// The rows that a digit looks up, over its padded block.
    ///
    /// # Panics
    /// When there is no such block.
    pub fn positions(&mut self, digits: Digits) -> &mut Vec<u32> {
        let index = self.plan.segments.iter().position(|segment| segment.rows == digits);
        let Some(index) = index else { unreachable!("no block {digits:?}") };
        &mut self.witness.positions[index]
    }

    /// Recounts the multiplicities from what is looked up.
    pub fn recount(&mut self) {
        self.witness.recount(&self.plan);
    }

    /// Changes every message with this label, and goes on from the changed values.
    pub fn revise(&mut self, label: Label, revise: Revision) {
        self.forgery.revisions.push((label, revise));
    }

    /// Proves for this key.
    pub fn claim_key(&mut self, key: &VerifyingKey) {
        self.key = key.clone();
    }

    /// The key whose rows commit to the tensors as they are.
    ///
    /// # Errors
    /// When they have another number of rows than the key's.
    pub fn commit(&mut self) -> Result<VerifyingKey> {
        let mut rows = hyrax::commit(&committed_tensors(&self.tensors), self.key.generators());
        hyrax::blind_rows(&mut rows, &self.blinding, self.key.generators());
        let architecture = self.key.architecture().clone();
        self.key = if self.key.is_private() {
            VerifyingKey::private(architecture, rows)?
        } else {
            VerifyingKey::new(architecture, rows)?
        };
        Ok(self.key.clone())
    }

    /// The proof of the run as it is.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn prove(&self) -> Result<ProvenParameters> {
        let tensors = committed_tensors(&self.tensors);
        let observer = &mut Liar::with_lies(0, self.forgery.clone());
        let (parameters, seed) = ((tensors.as_slice(), self.blinding.as_slice()), Seed::new([7; 32]));
        prove_witness(&self.key, &self.plan, parameters, &self.witness, &seed, observer)
    }
}
