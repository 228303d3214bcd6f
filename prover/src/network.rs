//! Proving a whole network: the phases in order, each phase's time.

use std::collections::BTreeMap;

use rayon::prelude::*;
use tacit_inference::{Trace, execute_each};
use tacit_layers::{
    Layout, Network, Tensor,
    argument::{
        claim::{Claims, Column, CommittedColumn, EvaluationClaim, layouts},
        opening::OpeningClaim,
    },
    proof::{
        plan::Plan,
        statement::{self, DOMAIN, HIDING_DOMAIN, Statement},
    },
};
use tacit_transcript::{Event, ProofWriter, Transcript, labels};
use zeroize::Zeroize;

use crate::{
    buffers::Buffers,
    committer::{Committer, Hidden, List, Plain},
    error::Result,
    evaluation,
    input::{self, InputOpening, RunInput},
    integers::Integers,
    key::{PlainKey, ProvingKey, parameter_tensors},
    layers::{contraction, lookups, max_pool, rescale, unfold, view},
    observer::{Observer, Phase, Watcher},
    opening::{CommittedTensor, Elements, ProverScheme, Shares},
    profile::{LayerProfile, PhaseCosts, Phases},
    seed::Seed,
    session::Session,
    witness::Witness,
};

/// A proof with what it proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The proof.
    pub proof: Vec<u8>,
    /// The network's outputs.
    pub outputs: Vec<Tensor<i64>>,
    /// Time of each phase.
    pub phases: Phases,
    /// What each phase cost beside time.
    pub costs: PhaseCosts,
    /// What each node cost, in the network's order.
    pub layers: Vec<LayerProfile>,
    /// Label and bytes of every message.
    pub messages: Vec<(String, usize)>,
    /// Every step of the transcript.
    pub events: Vec<Event>,
}

/// Runs the network on quantised inputs, one tensor or a list in the architecture's order, and proves the run.
///
/// # Errors
/// When the inputs do not fit the network.
pub fn prove(key: &ProvingKey, inputs: &(impl AsRef<[Tensor<i64>]> + ?Sized)) -> Result<Proven> {
    let run: Vec<RunInput> = inputs.as_ref().iter().map(RunInput::Public).collect();
    if key.verifying_key().is_private() {
        prove_run(key, &run, Some(&Seed::from_os()?))
    } else {
        prove_run(key, &run, None)
    }
}

/// As [`prove`], a private model being hidden by what the seed gives.
///
/// # Errors
/// When the inputs do not fit the network.
pub fn prove_with_seed(
    key: &ProvingKey,
    inputs: &(impl AsRef<[Tensor<i64>]> + ?Sized),
    seed: &Seed,
) -> Result<Proven> {
    prove_inputs(key, &inputs.as_ref().iter().map(RunInput::Public).collect::<Vec<_>>(), seed)
}

/// Runs the network on committed inputs, one opening or a list in the architecture's order, and proves the run without
/// showing the inputs. What hides them comes from the seed.
///
/// # Errors
/// When the inputs do not fit the network.
pub fn prove_committed(
    key: &ProvingKey,
    inputs: &(impl AsRef<[InputOpening]> + ?Sized),
    seed: &Seed,
) -> Result<Proven> {
    prove_inputs(key, &inputs.as_ref().iter().map(RunInput::Committed).collect::<Vec<_>>(), seed)
}

/// Runs the network on inputs, in the architecture's order, of which each is public or committed, and proves the run. What
/// hides a private model or a committed input comes from the seed.
///
/// # Errors
/// When the inputs do not fit the network.
pub fn prove_inputs(key: &ProvingKey, inputs: &[RunInput], seed: &Seed) -> Result<Proven> {
    let is_hiding = key.verifying_key().is_private() || inputs.iter().any(|input| input.opening().is_some());
    prove_run(key, inputs, is_hiding.then_some(seed))
}

/// As [`prove`], over any commitment scheme: what the proof shows of witness and parameters is not hidden.
///
/// # Errors
/// When the inputs do not fit the network.
pub fn prove_over<S: ProverScheme>(
    key: &PlainKey<S>,
    inputs: &(impl AsRef<[Tensor<i64>]> + Sync + ?Sized),
) -> Result<Proven> {
    let inputs = inputs.as_ref();
    rayon::scope(|_| {
        let (network, plan) = (key.network(), key.model().plan());
        let values: Vec<&Tensor<i64>> = inputs.iter().collect();
        let (Executed { trace, witness, outputs }, observer) = infer(network, plan, &values)?;
        let mut writer = ProofWriter::new(DOMAIN);
        let statement = Statement::public(inputs, &outputs);
        statement::absorb(&mut writer, key.model(), plan, &statement);
        let run = Run { network, plan, buffers: &key.buffers, trace: &trace, witness: &witness };
        let (writer, observer) = prove_phases(run, writer, Plain::new(key.model().scheme()), observer)?;
        Ok(Proven::of(writer, observer, run, outputs))
    })
}

fn prove_run(key: &ProvingKey, inputs: &[RunInput], seed: Option<&Seed>) -> Result<Proven> {
    // On a thread of the pool, so that it hands its parts to the others without being woken by them.
    rayon::scope(|_| prove_here(key, inputs, seed))
}

fn prove_here(key: &ProvingKey, inputs: &[RunInput], seed: Option<&Seed>) -> Result<Proven> {
    let plan = input::statement(inputs, &[]).plan(key.verifying_key())?;
    let values: Vec<&Tensor<i64>> = inputs.iter().map(|input| input.values()).collect();
    let (Executed { trace, witness, outputs }, observer) = infer(key.network(), &plan, &values)?;
    let proven = prove_witness(key, inputs, outputs, (&trace, &witness), seed, observer);
    if seed.is_some() {
        trace.into_values().par_iter_mut().for_each(|value| value.data_mut().zeroize());
        witness.wipe();
    }
    proven
}

/// What running a network gives.
struct Executed {
    trace: Trace,
    witness: Witness,
    outputs: Vec<Tensor<i64>>,
}

/// A run to be proved.
#[derive(Clone, Copy)]
struct Run<'a> {
    network: &'a Network,
    plan: &'a Plan,
    buffers: &'a Buffers,
    trace: &'a Trace,
    witness: &'a Witness,
}

/// Runs the network.
fn infer(network: &Network, plan: &Plan, inputs: &[&Tensor<i64>]) -> Result<(Executed, Watcher)> {
    let mut observer = Watcher::new(network.architecture.nodes.len());
    let trace = execute_each(network, &plan.specs, inputs, |_| observer.profiler().inferred())?;
    observer.profiler().end(Phase::Inference, 0);
    let outputs: Vec<Tensor<i64>> = trace.outputs(network).cloned().collect();
    let witness = Witness::new(network, plan, &trace)?;
    observer.profiler().end(Phase::Columns, 0);
    Ok((Executed { trace, witness, outputs }, observer))
}

/// Proves that a trace and its witness belong to the statement about the key. They are taken as given: a false one gives a
/// proof that no verifier accepts.
pub(crate) fn prove_witness(
    key: &ProvingKey,
    inputs: &[RunInput],
    outputs: Vec<Tensor<i64>>,
    (trace, witness): (&Trace, &Witness),
    seed: Option<&Seed>,
    observer: Watcher,
) -> Result<Proven> {
    let statement = input::statement(inputs, &outputs);
    let (network, plan) = (key.network(), statement.plan(key.verifying_key())?);
    let plan = plan.as_ref();
    let mut writer = ProofWriter::new(if seed.is_some() { HIDING_DOMAIN } else { DOMAIN });
    let stated = observer.key(key.verifying_key());
    statement::absorb(&mut writer, stated.model(), plan, &statement);
    let run = Run { network, plan, buffers: &key.buffers, trace, witness };
    let (writer, observer) = if let Some(seed) = seed {
        let keys = (key, &*stated);
        let hidden = Hidden::begin(keys, plan, (inputs, &outputs), &mut writer, seed, &observer)?;
        prove_phases(run, writer, hidden, observer)
    } else {
        prove_phases(run, writer, Plain::new(key.verifying_key().model().scheme()), observer)
    }?;
    Ok(Proven::of(writer, observer, run, outputs))
}

impl Proven {
    /// What a writer has collected.
    fn of(writer: ProofWriter, mut observer: Watcher, run: Run, outputs: Vec<Tensor<i64>>) -> Self {
        let (phases, costs, layers) = observer.profiler().finish(&run.network.architecture, run.plan);
        let messages =
            writer.messages().iter().map(|(label, bytes)| (label.name().to_owned(), *bytes)).collect();
        let events = writer.events().to_vec();
        Self { proof: writer.finish(), outputs, phases, costs, layers, messages, events }
    }
}

/// The phases behind the statement, whatever commits to columns.
fn prove_phases<C: Committer>(
    Run { network, plan, buffers, trace, witness }: Run,
    mut writer: ProofWriter,
    mut committer: C,
    mut observer: Watcher,
) -> Result<(ProofWriter, Watcher)> {
    // Phase 1: the witness.
    let columns = observer.columns(&witness.columns);
    let columns: Vec<CommittedTensor> = plan
        .witness
        .iter()
        .zip(columns.iter())
        .map(|(column, values)| CommittedTensor {
            layout: &column.layout,
            values: Integers::Int64(values).into(),
        })
        .collect();
    let mut shares = Shares::new(columns.len());
    committer.commit(&mut writer, List::Witness, &columns, &mut shares);
    let bytes = committer.shares(&layouts(&plan.witness));
    observer.profiler().committed(plan, &bytes, &shares);
    observer.profiler().end(Phase::Commit, writer.num_bytes());

    // Phase 2: the look-ups.
    let mut session = Session {
        network,
        plan,
        trace,
        witness,
        writer: &mut writer,
        claims: Claims::default(),
        buffers,
        rescales: BTreeMap::new(),
        differences: vec![],
        deferred: BTreeMap::new(),
        committer: &mut committer,
        observer,
    };
    claim_outputs(&mut session);
    prove_layers(&mut session)?;

    // Phase 4: all claims on committed columns. Those on public inputs are the verifier's to check.
    let Session { mut claims, deferred, mut observer, .. } = session;
    observer.claims(&mut claims.columns);
    let parameters: Vec<CommittedTensor> = parameter_tensors(network, plan);
    let shapes = plan
        .deferred
        .iter()
        .map(|deferred| observer.deferred_layout(deferred.column, &deferred.layout).clone());
    let shapes: Vec<Layout> = shapes.collect();
    let deferred = plan.deferred.iter().zip(&shapes).map(|(CommittedColumn { column, .. }, layout)| {
        let values = deferred.get(column).map_or(&[][..], Vec::as_slice);
        CommittedTensor { layout, values: Elements::Field(values) }
    });
    let deferred: Vec<CommittedTensor> = deferred.collect();
    let lists = [parameters.as_slice(), &columns].into_iter().chain(deferred.chunks(1));
    let claims: Vec<OpeningClaim> =
        claims.columns.into_iter().filter_map(|claim| opening_claim(plan, claim)).collect();
    committer.open(&mut writer, &lists.collect::<Vec<_>>(), &claims, &mut observer)?;
    observer.profiler().end(Phase::Opening, writer.num_bytes());
    Ok((writer, observer))
}

/// Phases 2 and 3: from claims on outputs to claims on columns.
pub(crate) fn prove_layers(session: &mut Session) -> Result<()> {
    lookups::prove(session);
    session.end(Phase::Lookups);

    // Phase 3: every layer, back to committed columns.
    max_pool::prove(session)?;
    rescale::prove(session);
    contraction::prove(session)?;
    unfold::prove(session);
    view::prove(session);
    session.end(Phase::Linear);
    Ok(())
}

/// A claim on a committed column by the column's index; none for a public input.
fn opening_claim(plan: &Plan, claim: EvaluationClaim<Column>) -> Option<OpeningClaim> {
    let index = plan.place(claim.subject)?;
    Some(EvaluationClaim::new(index, claim.point, claim.value))
}

/// Compares every output with its node's value at a random point.
fn claim_outputs(session: &mut Session) {
    for output in &session.network.architecture.outputs {
        let layout = session.layout(output.node).clone();
        let point = session.writer.squeeze_many(labels::OUTPUT_POINT, layout.num_vars());
        let value = evaluation::evaluate(&layout, session.value(output.node).data(), &point);
        session.claim_value(output.node, point, value);
    }
}
