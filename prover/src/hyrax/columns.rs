//! Columns that are committed to one after the other and opened at once.

use ark_bn254::Fr;
use tacit_layers::{
    Layout,
    argument::{hyrax::Hyrax, opening::OpeningClaim},
};
use tacit_transcript::{Label, ProofWriter};
use zeroize::Zeroizing;

use crate::{
    commitments::Commitments,
    error::Result,
    opening::{CommittedTensor, Elements, ProverScheme, Shares},
};

/// Hyrax for a caller of arguments by themselves: commits to columns as they come and opens claims on all of them. A claim's
/// subject is its column's number in the order of commitments.
#[derive(Debug, Clone)]
pub struct Columns {
    scheme: Hyrax,
    /// What was committed to together.
    lists: Vec<Vec<Column>>,
}

/// A column that was committed to.
#[derive(Debug, Clone)]
struct Column {
    layout: Layout,
    values: Values,
}

#[derive(Debug, Clone)]
enum Values {
    Integers(Zeroizing<Vec<i64>>),
    Field(Zeroizing<Vec<Fr>>),
}

impl Column {
    fn of(tensor: &CommittedTensor) -> Self {
        let values = match tensor.values {
            Elements::Integers(values) => Values::Integers(Zeroizing::new(values.iter().collect())),
            Elements::Field(values) => Values::Field(Zeroizing::new(values.to_vec())),
        };
        Self { layout: tensor.layout.clone(), values }
    }

    fn tensor(&self) -> CommittedTensor<'_> {
        let values = match &self.values {
            Values::Integers(values) => Elements::Integers(crate::integers::Integers::Int64(values)),
            Values::Field(values) => Elements::Field(values),
        };
        CommittedTensor { layout: &self.layout, values }
    }
}

impl Columns {
    /// No columns yet.
    pub const fn new(scheme: Hyrax) -> Self {
        Self { scheme, lists: vec![] }
    }

    /// How many columns there are: the number of the next one.
    pub fn len(&self) -> usize {
        self.lists.iter().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Proves claims on columns.
    ///
    /// # Errors
    /// [`crate::Error::Replay`] with [`tacit_verifier::Error::UnfitClaim`] when a claim speaks of no column or its point has another
    /// length than the column's.
    pub fn open(&self, writer: &mut ProofWriter, claims: &[OpeningClaim]) -> Result<()> {
        let lists: Vec<Vec<CommittedTensor>> =
            self.lists.iter().map(|list| list.iter().map(Column::tensor).collect()).collect();
        let lists: Vec<&[CommittedTensor]> = lists.iter().map(Vec::as_slice).collect();
        self.scheme.open(writer, &lists, claims)
    }
}

impl Commitments for Columns {
    fn commit(&mut self, writer: &mut ProofWriter, label: Label, tensors: &[CommittedTensor]) -> Result<()> {
        let rows = self.scheme.commit(tensors, &mut Shares::new(tensors.len()))?;
        self.scheme.write_commitment(writer, label, &rows);
        self.lists.push(tensors.iter().map(Column::of).collect());
        Ok(())
    }
}
