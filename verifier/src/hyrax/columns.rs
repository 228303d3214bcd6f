//! Columns that are committed to one after the other and opened at once; the prover's file of this name says more.

use ark_bn254::G1Affine;
use tacit_layers::{
    Layout,
    argument::{hyrax::Hyrax, opening::OpeningClaim},
};
use tacit_transcript::{Label, ProofReader};

use crate::{
    commitments::Commitments,
    error::Result,
    opening::{CommittedList, ReadCommitment, VerifierScheme},
};

/// Hyrax for a caller of arguments by themselves: reads commitments to columns as they come and checks claims on all of them. A
/// claim's subject is its column's number in the order of commitments.
#[derive(Debug, Clone)]
pub struct Columns {
    scheme: Hyrax,
    /// Shapes of what was committed to together, and its rows.
    lists: Vec<(Vec<Layout>, Vec<G1Affine>)>,
}

impl Columns {
    /// No columns yet.
    pub const fn new(scheme: Hyrax) -> Self {
        Self { scheme, lists: vec![] }
    }

    /// How many columns there are: the number of the next one.
    pub fn len(&self) -> usize {
        self.lists.iter().map(|(layouts, _)| layouts.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Checks claims on columns.
    ///
    /// # Errors
    /// When the proof is malformed, a claim fits no column or does not hold.
    pub fn verify(&self, reader: &mut ProofReader, claims: &[OpeningClaim]) -> Result<()> {
        let lists = self.lists.iter();
        let lists = lists
            .map(|(layouts, rows)| CommittedList { layouts: layouts.iter().collect(), commitment: rows });
        let lists: Vec<CommittedList<Vec<G1Affine>>> = lists.collect();
        self.scheme.verify(reader, &lists, claims)
    }
}

impl Commitments<ark_bn254::Fr> for Columns {
    fn read(&mut self, reader: &mut ProofReader, label: Label, layouts: &[&Layout]) -> Result<()> {
        let rows = self.scheme.read_commitment(reader, label, layouts)?;
        self.lists.push((layouts.iter().copied().cloned().collect(), rows));
        Ok(())
    }
}
