//! Who commits to a proof's columns and opens them: a scheme by itself, or Hyrax behind what hides.

use std::{collections::BTreeMap, sync::Arc};

use ark_bn254::Fr;
use tacit_algebra::generators::Generators;
use tacit_layers::{
    Layout, Tensor, VerifyingKey,
    argument::{
        claim::Column,
        hyrax::Hyrax,
        opening::{CommitmentScheme, OpeningClaim},
    },
    proof::{input::row_vars, plan::Plan},
};
use tacit_transcript::{Label, ProofWriter, labels};
use zeroize::Zeroizing;

use crate::{
    error::Result,
    hyrax::{self, CommittedList},
    input::{self, InputOpening, RunInput},
    integers::Integers,
    key::ProvingKey,
    masking::{Expected, Hiding},
    observer::{Observer, Watcher},
    opening::{CommittedTensor, ProverScheme, Shares},
    seed::Seed,
};

/// Columns that are committed to together in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Those that depend on no challenge.
    Witness,
    /// One that does.
    Deferred(Column),
}

impl List {
    pub(crate) const fn label(self) -> Label {
        match self {
            Self::Witness => labels::WITNESS_COMMITMENT,
            Self::Deferred(_) => labels::DEFERRED_COMMITMENT,
        }
    }
}

/// Commits to a proof's columns and opens them with the model's.
pub(crate) trait Committer: Send + Sync {
    /// Commits to a list and writes the commitment.
    fn commit(
        &mut self,
        writer: &mut ProofWriter,
        list: List,
        tensors: &[CommittedTensor],
        shares: &mut Shares,
    );

    /// About how many bytes of a list's commitment each tensor takes.
    fn shares(&self, layouts: &[&Layout]) -> Vec<usize>;

    /// Opens all claims, those on the model's columns first: these are lists of the plan, without committed inputs.
    fn open(
        self,
        writer: &mut ProofWriter,
        lists: &[&[CommittedTensor]],
        claims: &[OpeningClaim],
        observer: &mut Watcher,
    ) -> Result<()>
    where
        Self: Sized;
}

/// A scheme by itself, which hides nothing.
pub(crate) struct Plain<'a, S> {
    scheme: &'a S,
    /// Whether it has committed to every list.
    result: Result<()>,
}

impl<'a, S> Plain<'a, S> {
    pub(crate) const fn new(scheme: &'a S) -> Self {
        Self { scheme, result: Ok(()) }
    }
}

impl<S: ProverScheme> Committer for Plain<'_, S> {
    fn commit(
        &mut self,
        writer: &mut ProofWriter,
        list: List,
        tensors: &[CommittedTensor],
        shares: &mut Shares,
    ) {
        match self.scheme.commit(tensors, shares) {
            Ok(commitment) => self.scheme.write_commitment(writer, list.label(), &commitment),
            Err(error) => self.result = Err(error),
        }
    }

    fn shares(&self, layouts: &[&Layout]) -> Vec<usize> {
        self.scheme.shares(layouts)
    }

    fn open(
        self,
        writer: &mut ProofWriter,
        lists: &[&[CommittedTensor]],
        claims: &[OpeningClaim],
        _: &mut Watcher,
    ) -> Result<()> {
        self.result?;
        self.scheme.open(writer, lists, claims)
    }
}

/// Hyrax with blinded rows, in a proof of masked messages.
pub(crate) struct Hidden<'a> {
    key: &'a ProvingKey,
    claimed: &'a VerifyingKey,
    plan: &'a Plan,
    inputs: &'a [RunInput<'a>],
    outputs: &'a [Tensor<i64>],
    /// The transcript after the statement.
    begun: merlin::Transcript,
    /// The generators of the opening: more than a row's where a committed input has longer ones.
    generators: Arc<Generators>,
    hiding: Hiding,
    /// What the witness' rows are blinded by.
    witness: Zeroizing<Vec<Fr>>,
    /// What rows of deferred columns are blinded by.
    deferred: BTreeMap<Column, Zeroizing<Vec<Fr>>>,
}

impl<'a> Hidden<'a> {
    /// Masks all messages from now on; the writer has absorbed the statement about `claimed`.
    pub(crate) fn begin(
        (key, claimed): (&'a ProvingKey, &'a VerifyingKey),
        plan: &'a Plan,
        (inputs, outputs): (&'a [RunInput<'a>], &'a [Tensor<i64>]),
        writer: &mut ProofWriter,
        seed: &Seed,
        observer: &Watcher,
    ) -> Result<Self> {
        let generators = Generators::new(plan.opening_vars())?;
        let begun = writer.transcript();
        let randomness = seed.of_statement(begun.clone(), &input::secret(inputs, &key.blinding));
        let hiding = Hiding::begin(randomness, writer, Expected::run(plan), &generators, observer);
        let (witness, deferred) = (Zeroizing::default(), BTreeMap::new());
        Ok(Self { key, claimed, plan, inputs, outputs, begun, generators, hiding, witness, deferred })
    }

    fn scheme(&self) -> &'a Hyrax {
        self.key.verifying_key().model().scheme()
    }

    /// The openings of committed inputs, in order.
    fn openings(&self) -> impl Iterator<Item = &'a InputOpening> {
        self.inputs.iter().filter_map(|input| input.opening())
    }

    /// What the rows of all lists are blinded by, in the opening's order.
    fn row_blinding(&self) -> Zeroizing<Vec<Fr>> {
        let parameters = self.key.row_blinding();
        let deferred = self.plan.deferred.iter().filter_map(|column| self.deferred.get(&column.column));
        let mut parts: Vec<&[Fr]> = vec![&parameters, &self.witness];
        parts.extend(deferred.map(|blinding| blinding.as_slice()));
        parts.extend(self.openings().map(InputOpening::blinding));
        // All at once, so that no copy is left behind.
        Zeroizing::new(parts.concat())
    }
}

impl Committer for Hidden<'_> {
    fn commit(
        &mut self,
        writer: &mut ProofWriter,
        list: List,
        tensors: &[CommittedTensor],
        shares: &mut Shares,
    ) {
        let mut rows = hyrax::commit_observed(tensors, self.scheme().generators(), shares);
        match list {
            List::Witness => self.witness = self.hiding.blind_witness(&mut rows),
            List::Deferred(column) => {
                self.deferred.insert(column, self.hiding.blind(&mut rows));
            }
        }
        self.scheme().write_commitment(writer, list.label(), &rows);
    }

    fn shares(&self, layouts: &[&Layout]) -> Vec<usize> {
        self.scheme().shares(layouts)
    }

    fn open(
        self,
        writer: &mut ProofWriter,
        lists: &[&[CommittedTensor]],
        claims: &[OpeningClaim],
        observer: &mut Watcher,
    ) -> Result<()> {
        let list = |&tensors| CommittedList { tensors, row_vars: self.plan.key_vars };
        let mut lists: Vec<CommittedList> = lists.iter().map(list).collect();
        let committed = self.openings().enumerate().map(|(index, opening)| {
            let input = observer.input(index, &opening.input);
            let values = Integers::Int64(input.data()).into();
            CommittedTensor { layout: input.layout(), values }
        });
        let committed: Vec<CommittedTensor> = committed.collect();
        lists.extend(
            committed
                .chunks(1)
                .map(|tensors| CommittedList { tensors, row_vars: row_vars(tensors[0].layout) }),
        );
        let (vector, _) = hyrax::combine(writer, &lists, claims, self.generators.num_vars());
        let blinding = self.row_blinding();
        let statement = input::statement(self.inputs, self.outputs);
        let written = (writer.bytes(), self.begun);
        let unproved = tacit_verifier::network::unproved(self.claimed, &statement, written)?;
        self.hiding.finish(writer, unproved, vector, &blinding, observer);
        Ok(())
    }
}
