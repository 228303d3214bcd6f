//! Proving a whole network: the phases in order, each phase's time.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use tacit_algebra::generators::Generators;
use tacit_inference::{Trace, execute_each};
use tacit_layers::{
    Tensor, VerifyingKey,
    argument::{
        claim::{Claims, Column, CommittedColumn, EvaluationClaim},
        hyrax::OpeningClaim,
    },
    proof::{
        input::row_vars,
        plan::Plan,
        statement::{self, DOMAIN, HIDING_DOMAIN, Statement},
    },
};
use tacit_transcript::{Event, ProofWriter, Transcript, labels};
use zeroize::Zeroizing;

use crate::{
    error::Result,
    evaluation,
    hyrax::{self, CommittedList, CommittedTensor, Elements, Integers},
    input::{InputOpening, RunInput},
    key::ProvingKey,
    layers::{contraction, lookups, max_pool, rescale, view, window},
    masking::{Expected, Hiding},
    observer::{Observer, Phase, Shares, Watcher},
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

/// Runs the network on a quantised input and proves the run.
///
/// # Errors
/// When the input does not fit the network.
pub fn prove(key: &ProvingKey, input: &Tensor<i64>) -> Result<Proven> {
    let run = RunInput::Public(input);
    if key.verifying_key().is_private() {
        prove_run(key, run, Some(&Seed::from_os()?))
    } else {
        prove_run(key, run, None)
    }
}

/// As [`prove`], a private model being hidden by what the seed gives.
///
/// # Errors
/// When the input does not fit the network.
pub fn prove_with_seed(key: &ProvingKey, input: &Tensor<i64>, seed: &Seed) -> Result<Proven> {
    prove_run(key, RunInput::Public(input), key.verifying_key().is_private().then_some(seed))
}

/// Runs the network on a committed input and proves the run without showing the input. What hides it comes from the seed.
///
/// # Errors
/// When the input does not fit the network.
pub fn prove_committed(key: &ProvingKey, input: &InputOpening, seed: &Seed) -> Result<Proven> {
    prove_run(key, RunInput::Committed(input), Some(seed))
}

fn prove_run(key: &ProvingKey, input: RunInput, seed: Option<&Seed>) -> Result<Proven> {
    // On a thread of the pool, so that it hands its parts to the others without being woken by them.
    rayon::scope(|_| prove_here(key, input, seed))
}

fn prove_here(key: &ProvingKey, input: RunInput, seed: Option<&Seed>) -> Result<Proven> {
    let (network, plan) = (key.network(), input.statement().plan(key.verifying_key())?);
    let mut observer = Watcher::new(network.architecture.nodes.len());
    let trace = execute_each(network, &plan.specs, input.values(), |_| observer.profiler().inferred())?;
    observer.profiler().end(Phase::Inference, 0);
    let outputs: Vec<Tensor<i64>> = trace.outputs(network).cloned().collect();
    let witness = Witness::new(network, plan, &trace)?;
    observer.profiler().end(Phase::Columns, 0);
    prove_witness(key, input, outputs, (&trace, &witness), seed, observer)
}

/// Proves that a trace and its witness belong to the statement about the key. They are taken as given: a false one gives a
/// proof that no verifier accepts.
pub(crate) fn prove_witness(
    key: &ProvingKey,
    input: RunInput,
    outputs: Vec<Tensor<i64>>,
    (trace, witness): (&Trace, &Witness),
    seed: Option<&Seed>,
    mut observer: Watcher,
) -> Result<Proven> {
    let (network, plan) = (key.network(), input.statement().plan(key.verifying_key())?);

    // Phase 1: the statement, then the witness.
    let mut writer = ProofWriter::new(if seed.is_some() { HIDING_DOMAIN } else { DOMAIN });
    let stated = observer.key(key.verifying_key());
    let statement = Statement { input: input.statement(), outputs: &outputs };
    statement::absorb(&mut writer, &stated, plan, &statement);
    let generators = Generators::new(plan.opening_vars());
    let begun = writer.transcript();
    let mut hiding = seed.map(|seed| {
        let randomness = seed.of_statement(begun.clone(), &input.secret(&key.blinding));
        Hiding::begin(randomness, &mut writer, Expected::run(plan), &generators, &observer)
    });
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
    let mut commitments = hyrax::commit_observed(&columns, key.generators(), &mut shares);
    let blinding = hiding.as_mut().map(|hiding| hiding.blind_witness(&mut commitments));
    writer.write_points(labels::WITNESS_COMMITMENT, &commitments);
    observer.profiler().committed(plan, &shares);
    observer.profiler().end(Phase::Commit, writer.num_bytes());

    // Phase 2: the look-ups.
    let mut session = Session {
        network,
        plan,
        trace,
        witness,
        writer,
        claims: Claims::default(),
        generators: key.generators(),
        buffers: &key.buffers,
        rescales: BTreeMap::new(),
        differences: vec![],
        late: BTreeMap::new(),
        hiding,
        observer,
    };
    claim_outputs(&mut session);
    lookups::prove(&mut session);
    session.end(Phase::Lookups);

    // Phase 3: every layer, back to committed columns.
    max_pool::prove(&mut session)?;
    rescale::prove(&mut session);
    contraction::prove(&mut session)?;
    window::prove(&mut session);
    view::prove(&mut session);
    session.end(Phase::Linear);

    // Phase 4: all claims on committed columns. Those on a public input are the verifier's to check.
    let last = Last { key, stated: &stated, input, columns: &columns, outputs: &outputs, blinding, begun };
    let (writer, mut observer) = last.open(session, &generators)?;
    observer.profiler().end(Phase::Opening, writer.num_bytes());
    let (phases, costs, layers) = observer.profiler().finish(&network.architecture, plan);

    let messages = writer.messages().iter().map(|(label, bytes)| (label.name().to_owned(), *bytes)).collect();
    let events = writer.events().to_vec();
    Ok(Proven { proof: writer.finish(), outputs, phases, costs, layers, messages, events })
}

/// What the last phase needs beside the session.
struct Last<'a> {
    key: &'a ProvingKey,
    /// Its verifying key, as the statement names it.
    stated: &'a VerifyingKey,
    input: RunInput<'a>,
    columns: &'a [CommittedTensor<'a>],
    outputs: &'a [Tensor<i64>],
    /// What the witness' rows are blinded by, if they are.
    blinding: Option<Zeroizing<Vec<Fr>>>,
    /// The transcript after the statement.
    begun: merlin::Transcript,
}

impl Last<'_> {
    /// Opens all claims.
    fn open(self, session: Session, generators: &Generators) -> Result<(ProofWriter, Watcher)> {
        let Session { network, plan, mut writer, claims, late, hiding, mut observer, .. } = session;
        let parameters = plan
            .parameters
            .iter()
            .zip(&network.parameters)
            .map(|(column, parameter)| CommittedTensor { layout: &column.layout, values: parameter.into() });
        let late = plan.late.iter().map(|CommittedColumn { column, layout }| {
            let values = late.get(column).map_or(&[][..], Vec::as_slice);
            let layout = observer.late_layout(*column, layout);
            CommittedTensor { layout, values: Elements::Field(values) }
        });
        let (parameters, late): (Vec<CommittedTensor>, Vec<CommittedTensor>) =
            (parameters.collect(), late.collect());
        let lists = [parameters.as_slice(), self.columns].into_iter().chain(late.chunks(1));
        let mut lists: Vec<CommittedList> =
            lists.map(|tensors| CommittedList { tensors, row_vars: plan.key_vars }).collect();
        let committed = self.input.opening().map(|opening| {
            let input = observer.input(&opening.input);
            let values = Integers::Int64(input.data()).into();
            [CommittedTensor { layout: input.layout(), values }]
        });
        if let Some(tensors) = &committed {
            let row_vars = row_vars(tensors[0].layout);
            lists.push(CommittedList { tensors, row_vars });
        }
        let claims: Vec<OpeningClaim> =
            claims.columns.into_iter().filter_map(|claim| opening_claim(plan, claim)).collect();
        let Some(hiding) = hiding else {
            hyrax::open(&mut writer, &lists, &claims, generators);
            return Ok((writer, observer));
        };
        let (vector, _) = hyrax::combine(&mut writer, &lists, &claims, generators.num_vars());
        let blinding = self.row_blinding(plan, &hiding);
        let statement = Statement { input: self.input.statement(), outputs: self.outputs };
        let written = (writer.bytes(), self.begun);
        let unproved = tacit_verifier::network::unproved(self.stated, &statement, written)?;
        hiding.finish(&mut writer, unproved, vector, &blinding, &mut observer);
        Ok((writer, observer))
    }

    /// What the rows of all lists are blinded by, in the opening's order.
    fn row_blinding(&self, plan: &Plan, hiding: &Hiding) -> Zeroizing<Vec<Fr>> {
        let parameters = self.key.row_blinding();
        let late = plan.late.iter().filter_map(|column| hiding.late.get(&column.column));
        let mut parts: Vec<&[Fr]> = vec![&parameters];
        parts.extend(self.blinding.iter().chain(late).map(|blinding| blinding.as_slice()));
        if let Some(opening) = self.input.opening() {
            parts.push(opening.blinding());
        }
        // All at once, so that no copy is left behind.
        Zeroizing::new(parts.concat())
    }
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
        match session.plan.specs[output.node.index()].kind {
            tacit_layers::ValueKind::Accumulator => session.claim_accumulator(output.node, point, value),
            tacit_layers::ValueKind::Activation { .. } => session.claim_activation(output.node, point, value),
        }
    }
}
