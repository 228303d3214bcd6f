//! Provers that lie, for tests of soundness. Nothing here is part of the library's interface.

use std::sync::Arc;

use ark_bn254::Fr;
use tacit_algebra::generators::Generators;
use tacit_inference::{Trace, execute_each};
use tacit_layers::{
    InputCommitment, Layout, NodeId, Tensor, VerifyingKey,
    argument::{
        claim::Column,
        hyrax::{OpeningClaim, absorb_claims},
        lookup_block::BlockSource,
    },
    layer::conv2d::fft::FftConvolutionClaims,
    proof::plan::Plan,
};
use tacit_transcript::{Label, ProofWriter};

use crate::{
    InputOpening, Proven, ProvingKey,
    error::Result,
    hyrax::{self, CommittedList},
    input::{self, RunInput},
    layers::fft_convolution::{self, FftConvolutionProver, Spectra},
    network,
    seed::Seed,
    witness::Witness,
};

mod circuit;
mod forgery;
mod parameters;

pub use circuit::CircuitRun;
pub(crate) use forgery::Liar;
pub use forgery::{Forgery, MaskingLie, Move, Revision};
pub use parameters::ParameterRun;

/// States some claims and opens others instead, as many and with the same values: what is opened may be cut out of rows in
/// another way than what is stated.
///
/// # Panics
/// When they are not as many.
pub fn open_instead(
    writer: &mut ProofWriter,
    stated: &[OpeningClaim],
    lists: &[CommittedList],
    opened: &[OpeningClaim],
    generators: &Generators,
) {
    assert_eq!(stated.len(), opened.len());
    absorb_claims(writer, stated);
    let (vector, point) = hyrax::combine_absorbed(writer, lists, opened, generators.num_vars());
    hyrax::prove_inner_product(writer, vector, &point, generators);
}

/// Proves convolutions in the frequency domain with these tables in place of their spectra.
pub fn prove_spectra(
    writer: &mut ProofWriter,
    convolutions: &[FftConvolutionProver],
    spectra: Vec<Spectra>,
) -> Vec<FftConvolutionClaims> {
    let nodes: Vec<NodeId> = (0..).map(NodeId).take(convolutions.len()).collect();
    fft_convolution::prove_stages(writer, &mut Liar::new(nodes.len()), &nodes, convolutions, spectra)
}

/// The opening of a commitment by what does not open it.
pub fn wrong_opening(commitment: &InputCommitment, opening: &InputOpening) -> InputOpening {
    let mut wrong = opening.clone();
    wrong.commitment = commitment.clone();
    wrong
}

/// An input that a run claims.
#[derive(Debug, Clone)]
enum ClaimedInput {
    Public(Tensor<i64>),
    Committed(InputOpening),
}

impl ClaimedInput {
    const fn run(&self) -> RunInput<'_> {
        match self {
            Self::Public(input) => RunInput::Public(input),
            Self::Committed(opening) => RunInput::Committed(opening),
        }
    }
}

impl From<RunInput<'_>> for ClaimedInput {
    fn from(input: RunInput) -> Self {
        match input {
            RunInput::Public(input) => Self::Public(input.clone()),
            RunInput::Committed(opening) => Self::Committed(opening.clone()),
        }
    }
}

/// An honest run to be falsified piece by piece and then proved as it is.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    key: &'a ProvingKey,
    inputs: Vec<ClaimedInput>,
    outputs: Vec<Tensor<i64>>,
    values: Vec<Tensor<i64>>,
    witness: Witness,
    forgery: Forgery,
}

impl<'a> Run<'a> {
    /// The honest run on an input.
    ///
    /// # Errors
    /// When the input does not fit the network.
    pub fn honest(key: &'a ProvingKey, input: &Tensor<i64>) -> Result<Self> {
        Self::on(key, &[RunInput::Public(input)])
    }

    /// The honest run on a committed input.
    ///
    /// # Errors
    /// When the input does not fit the network.
    pub fn committed(key: &'a ProvingKey, opening: &InputOpening) -> Result<Self> {
        Self::on(key, &[RunInput::Committed(opening)])
    }

    /// The honest run on inputs of which each is public or committed.
    ///
    /// # Errors
    /// When an input does not fit the network.
    pub fn on(key: &'a ProvingKey, claimed: &[RunInput]) -> Result<Self> {
        let plan = input::statement(claimed, &[]).plan(key.verifying_key())?;
        let values: Vec<&Tensor<i64>> = claimed.iter().map(|input| input.values()).collect();
        let trace = execute_each(key.network(), &plan.specs, &values, |_| ())?;
        let witness = Witness::new(key.network(), &plan, &trace)?;
        let outputs = trace.outputs(key.network()).cloned().collect();
        let (inputs, values) = (claimed.iter().copied().map(Into::into).collect(), trace.values().to_vec());
        let forgery = Forgery::default();
        Ok(Self { key, inputs, outputs, values, witness, forgery })
    }

    fn run_inputs(&self) -> Vec<RunInput<'_>> {
        self.inputs.iter().map(ClaimedInput::run).collect()
    }

    /// The plan of the run's proof.
    ///
    /// # Panics
    /// When there is none.
    fn plan(&self) -> Arc<Plan> {
        let plan = input::statement(&self.run_inputs(), &[]).plan(self.key.verifying_key());
        let Ok(plan) = plan else { unreachable!("the honest run has a plan") };
        plan
    }

    /// States this opening's commitment in place of the first input and opens it by what is in it.
    pub fn claim_opening(&mut self, opening: &InputOpening) {
        self.claim(0, RunInput::Committed(opening));
    }

    /// States another input in one's place.
    pub fn claim(&mut self, index: usize, input: RunInput) {
        self.inputs[index] = input.into();
    }

    /// Opens a tensor over all of the padded input as the first committed one, which is the first input.
    pub fn pad_input(&mut self, padded: Tensor<i64>) {
        self.forgery.padded_input = Some(padded);
    }

    /// Makes the run consistent with its values: outputs and witness recomputed where they are in their tables.
    ///
    /// # Errors
    /// When a value is in no row of its table.
    pub fn recompute(&mut self) -> Result<()> {
        let trace = Trace::from_values(self.values.clone());
        self.witness = Witness::new(self.key.network(), &self.plan(), &trace)?;
        self.outputs = trace.outputs(self.key.network()).cloned().collect();
        Ok(())
    }

    /// Adds to an element of a deferred column before it is committed.
    pub fn change_deferred(&mut self, column: Column, index: usize, difference: Fr) {
        self.forgery.changes.push((column, index, difference));
    }

    /// Passes one of the claims on a column off as one on another column; the first claim is number 0.
    pub fn rename_claim(&mut self, actual: Column, number: usize, claimed: Column) {
        self.forgery.renamed.push((actual, number, claimed));
    }

    /// Adds what matrix products are wrong by to one of their cross terms, padding included: `position` is one of the padded
    /// column's.
    ///
    /// # Panics
    /// When the plan has no cross terms.
    pub fn hide_difference(&mut self, position: usize) {
        let plan = self.plan();
        let layout = plan.deferred_layout(Column::CrossTerms);
        let padded = layout.and_then(|layout| Layout::new(vec![1 << layout.num_vars()]).ok());
        let Some(padded) = padded else { unreachable!("no cross terms") };
        self.forgery.hidden = Some((padded, position));
    }

    /// Commits to another run's columns and opens them, whatever this run claims of its own.
    pub fn commit_to(&mut self, other: &Self) {
        self.forgery.stale = Some(other.witness.columns.clone());
    }

    /// Adds a field element to one of the values that a block claims to look up, the rows of its tables left as they are.
    pub fn wrap(&mut self, rows: BlockSource, index: usize, difference: Fr) {
        self.forgery.wrapped.push((rows, index, difference));
    }

    /// Changes every message with this label, and goes on from the changed values.
    pub fn revise(&mut self, label: Label, revise: Revision) {
        self.forgery.revisions.push((label, revise));
    }

    /// Fits what is proved of masked messages to messages that fail a check.
    pub const fn fit_masking(&mut self, lie: MaskingLie) {
        self.forgery.masking = Some(lie);
    }

    /// Adds to the value that a column of a block's rows is claimed to have where all leaves are evaluated; gains of two
    /// columns can cancel there.
    pub fn move_value(&mut self, rows: BlockSource, column: usize, gain: Move) {
        self.forgery.moves.push((rows, column, gain));
    }

    /// Puts what is looked up into the look-ups' tree whether a table has it or not, and claims for this row of a table the
    /// multiplicity that makes up for it, which depends on challenges that follow its commitment.
    pub const fn fit_multiplicity(&mut self, table: usize, row: usize) {
        self.forgery.fitted = Some((table, row));
    }

    /// Commits to two of the plan's witness columns in each other's place, and opens them there.
    pub const fn exchange_columns(&mut self, first: usize, second: usize) {
        self.forgery.exchanged = Some([first, second]);
    }

    /// Compares convolutions with the challenges of both axes swapped.
    pub const fn swap_powers(&mut self) {
        self.forgery.swapped_axes = true;
    }

    /// Passes the run off as one of another key's network.
    pub fn claim_key(&mut self, key: &VerifyingKey) {
        self.forgery.claimed = Some(key.clone());
    }

    /// The first claimed input.
    ///
    /// # Panics
    /// When it is committed.
    pub fn input(&mut self) -> &mut Tensor<i64> {
        match &mut self.inputs[0] {
            ClaimedInput::Public(input) => input,
            ClaimedInput::Committed(_) => unreachable!("a committed input is claimed by its opening"),
        }
    }

    /// The claimed outputs.
    pub fn outputs(&mut self) -> &mut Vec<Tensor<i64>> {
        &mut self.outputs
    }

    /// The values of every node.
    pub fn values(&mut self) -> &mut Vec<Tensor<i64>> {
        &mut self.values
    }

    /// A committed column.
    ///
    /// # Panics
    /// When the plan commits to no such column.
    pub fn column(&mut self, column: Column) -> &mut Vec<i64> {
        let plan = self.plan();
        let index = plan.witness.iter().position(|committed| committed.column == column);
        let Some(index) = index else { unreachable!("no column {column:?}") };
        Arc::make_mut(&mut self.witness.columns[index])
    }

    /// First columns (in storage order) and table rows (over the padded block) that a block looks up.
    ///
    /// # Panics
    /// When the plan has no such block.
    pub fn lookups(&mut self, rows: BlockSource) -> (&mut Vec<i64>, &mut Vec<u32>) {
        let plan = self.plan();
        let Some(index) = plan.segments.iter().position(|segment| segment.rows == rows) else {
            unreachable!("no block {rows:?}")
        };
        let lookup = &mut self.witness.lookups[index];
        (Arc::make_mut(&mut lookup.keys), &mut lookup.positions)
    }

    /// Recounts the multiplicities from what is looked up.
    pub fn recount(&mut self) {
        let plan = self.plan();
        for (committed, counts) in plan.witness.iter().zip(&mut self.witness.columns) {
            if let Column::Multiplicity(table) = committed.column {
                *Arc::make_mut(counts) =
                    self.witness.lookups.iter().zip(&plan.segments).filter(|(_, s)| s.table == table).fold(
                        vec![0; counts.len()],
                        |mut counts, (lookup, _)| {
                            for &position in &lookup.positions {
                                counts[position as usize] += 1;
                            }
                            counts
                        },
                    );
            }
        }
    }

    /// The proof of the run as it is, with the outputs it claims.
    ///
    /// # Errors
    /// When a layer's shape does not fit.
    pub fn prove(&self) -> Result<Proven> {
        let trace = Trace::from_values(self.values.clone());
        let inputs = self.run_inputs();
        let is_hiding = input::statement(&inputs, &[]).is_hiding(self.key.verifying_key());
        network::prove_witness(
            self.key,
            &inputs,
            self.outputs.clone(),
            (&trace, &self.witness),
            is_hiding.then_some(&Seed::new([7; 32])),
            Liar::with_lies(self.values.len(), self.forgery.clone()),
        )
    }
}
