//! Verifying a whole network's proof: the prover's phases, in the same order.

use std::collections::BTreeMap;

use tacit_algebra::generators::Generators;
use tacit_layers::{
    Layout, Tensor, VerifyingKey,
    argument::{
        claim::{Column, EvaluationClaim, layouts},
        masking::masks_per_row,
        opening::{CommitmentScheme, OpeningClaim},
    },
    network::{check_input, check_input_shape},
    proof::{
        model::CommittedModel,
        plan::Plan,
        statement::{self, DOMAIN, HIDING_DOMAIN, Input, Statement},
    },
    tensor::evaluation,
};
use tacit_transcript::{Event, ProofReader, Transcript, Value, labels, value::Masked};

use crate::{
    error::{Error, Result},
    hyrax::{self, Combination, Commitment},
    layers::{contraction, lookups, max_pool, rescale, unfold, view},
    masking::{self, Unproved},
    opening::{CommittedList, ReadCommitment, VerifierScheme},
    session::Session,
};

/// What an accepted proof consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Label and bytes of every message.
    pub messages: Vec<(String, usize)>,
    /// Every step of the transcript.
    pub events: Vec<Event>,
}

impl Accepted {
    /// What a reader has read, which must be all.
    ///
    /// # Errors
    /// When bytes are left.
    pub(crate) fn of(reader: ProofReader) -> Result<Self> {
        let messages =
            reader.messages().iter().map(|(label, bytes)| (label.name().to_owned(), *bytes)).collect();
        let events = reader.events().to_vec();
        reader.finish()?;
        Ok(Self { messages, events })
    }
}

/// Nanoseconds that are spent whatever the proof's length.
const CHEAP: usize = 1 << 24;

/// Checks that the network of `key` maps `inputs`, one tensor or a list in the architecture's order, to `outputs`, all
/// quantised.
///
/// # Errors
/// The first check that fails; whatever the proof's bytes are.
pub fn verify(
    key: &VerifyingKey,
    inputs: &(impl AsRef<[Tensor<i64>]> + ?Sized),
    outputs: &[Tensor<i64>],
    proof: &[u8],
) -> Result<Accepted> {
    verify_statement(key, &Statement::public(inputs.as_ref(), outputs), proof)
}

/// Checks a statement about the network of `key`, any of whose inputs may be [committed](tacit_layers::proof::input).
///
/// # Errors
/// The first check that fails; whatever the proof's bytes are.
pub fn verify_statement(key: &VerifyingKey, statement: &Statement, proof: &[u8]) -> Result<Accepted> {
    let (model, plan) = (key.model(), statement.plan(key)?);
    let plan = plan.as_ref();
    if !statement.is_hiding(key) {
        return verify_plain(model, statement, proof);
    }
    check_statement(model, plan, statement, proof)?;
    let generators = Generators::new(plan.opening_vars())?;
    let mut reader = ProofReader::masked(HIDING_DOMAIN, proof, masks_per_row(plan.opening_vars()));
    statement::absorb(&mut reader, model, plan, statement);
    let (reader, combination) = check_masked(key, statement, reader)?;
    Accepted::of(masking::verify(reader, combination, &generators)?)
}

/// As [`verify`], over any commitment scheme: proofs that hide nothing, of public models on public inputs.
///
/// # Errors
/// The first check that fails; whatever the proof's bytes are.
pub fn verify_over<S: VerifierScheme>(
    model: &CommittedModel<S>,
    inputs: &(impl AsRef<[Tensor<i64>]> + ?Sized),
    outputs: &[Tensor<i64>],
    proof: &[u8],
) -> Result<Accepted> {
    verify_plain(model, &Statement::public(inputs.as_ref(), outputs), proof)
}

/// Checks a statement about public inputs by a proof that hides nothing.
fn verify_plain<S: VerifierScheme>(
    model: &CommittedModel<S>,
    statement: &Statement,
    proof: &[u8],
) -> Result<Accepted> {
    let plan = model.plan();
    check_statement(model, plan, statement, proof)?;
    let mut reader = ProofReader::new(DOMAIN, proof);
    statement::absorb(&mut reader, model, plan, statement);
    let (mut reader, claimed) = check(model, plan, statement, reader)?;
    model.scheme().verify(&mut reader, &claimed.lists(model, plan)?, &claimed.claims)?;
    Accepted::of(reader)
}

/// For a prover: what the rest of a proof whose masked messages are written has to prove. The transcript is that after the
/// statement. Points come out as the point at infinity.
///
/// # Errors
/// When the messages are malformed or the statement does not fit the key.
pub fn unproved(
    key: &VerifyingKey,
    statement: &Statement,
    (proof, transcript): (&[u8], merlin::Transcript),
) -> Result<Unproved> {
    let vars = statement.plan(key)?.opening_vars();
    let reader = ProofReader::replayed(transcript, proof, masks_per_row(vars));
    let (reader, combination) = check_masked(key, statement, reader)?;
    let (_, constraints, _) = reader.unmask();
    Ok(Unproved { constraints, combination })
}

fn check_masked<'p>(
    key: &VerifyingKey,
    statement: &Statement,
    reader: ProofReader<'p, Masked>,
) -> Result<(ProofReader<'p, Masked>, Combination<Masked>)> {
    let (model, plan) = (key.model(), statement.plan(key)?);
    let plan = plan.as_ref();
    let (mut reader, claimed) = check(model, plan, statement, reader)?;
    let lists = claimed.lists(model, plan)?;
    let mut commitments: Vec<Commitment> =
        lists.iter().map(|list| Commitment::of(list, plan.key_vars)).collect();
    let inputs = statement.inputs.iter().filter_map(Input::commitment);
    commitments.extend(inputs.zip(&plan.inputs).map(|(commitment, column)| Commitment {
        layouts: vec![&column.layout],
        rows: commitment.rows(),
        row_vars: commitment.row_vars(),
    }));
    let vars = plan.opening_vars();
    let left = hyrax::combine(&mut reader, &commitments, &claimed.claims, vars)?;
    Ok((reader, left.unwrap_or_else(|| Combination::nothing(vars))))
}

/// What a proof's phases leave to open: its commitments, and the claims on their columns and the model's.
struct Claimed<V: Value, C> {
    witness: C,
    deferred: BTreeMap<Column, C>,
    claims: Vec<OpeningClaim<V>>,
}

/// The proof from its opening on, and what is left to open.
type Checked<'p, V, C> = (ProofReader<'p, V>, Claimed<V, C>);

impl<V: Value, C> Claimed<V, C> {
    /// The lists of columns in the order of openings, but for committed inputs'.
    fn lists<'a, S: CommitmentScheme<Commitment = C>>(
        &'a self,
        model: &'a CommittedModel<S>,
        plan: &'a Plan,
    ) -> Result<Vec<CommittedList<'a, C>>> {
        let mut lists = vec![
            CommittedList { layouts: layouts(&plan.parameters), commitment: model.commitment() },
            CommittedList { layouts: layouts(&plan.witness), commitment: &self.witness },
        ];
        for column in &plan.deferred {
            let commitment = self.deferred.get(&column.column).ok_or(Error::BrokenInvariant)?;
            lists.push(CommittedList { layouts: vec![&column.layout], commitment });
        }
        Ok(lists)
    }
}

/// Checks everything behind the statement but the opening, and returns what is left to open.
///
/// # Errors
/// The first check that fails; of masked messages none does but their form.
fn check<'p, V: Value, S: ReadCommitment<V>>(
    model: &CommittedModel<S>,
    plan: &Plan,
    statement: &Statement,
    mut reader: ProofReader<'p, V>,
) -> Result<Checked<'p, V, S::Commitment>> {
    let scheme = model.scheme();

    // Phase 1: the witness.
    let witness = scheme.read_commitment(&mut reader, labels::WITNESS_COMMITMENT, &layouts(&plan.witness))?;

    // Phase 2: the look-ups.
    let mut deferred = BTreeMap::new();
    let read_deferred = Box::new(|reader: &mut ProofReader<V>, column: Column, layout: &Layout| {
        deferred.insert(column, scheme.read_commitment(reader, labels::DEFERRED_COMMITMENT, &[layout])?);
        Ok(())
    });
    let mut session = Session::new(model.architecture(), plan, &statement.inputs, &mut reader, read_deferred);
    claim_outputs(&mut session, statement.outputs)?;
    verify_layers(&mut session)?;

    // Phase 4: all claims on committed columns, for the caller to open.
    let claims = session.into_claims();
    let claims = claims
        .columns
        .into_iter()
        .map(|EvaluationClaim { subject, point, value }| {
            let index = plan.place(subject).ok_or(Error::BrokenInvariant)?;
            Ok(EvaluationClaim::new(index, point, value))
        })
        .collect::<Result<Vec<OpeningClaim<V>>>>()?;
    Ok((reader, Claimed { witness, deferred, claims }))
}

/// Phases 2 and 3: from claims on outputs to claims on columns.
///
/// # Errors
/// The first check that fails.
pub(crate) fn verify_layers<V: Value>(session: &mut Session<V>) -> Result<()> {
    lookups::verify(session)?;

    // Phase 3: every layer, back to committed columns.
    max_pool::verify(session)?;
    rescale::verify(session)?;
    contraction::verify(session)?;
    unfold::verify(session)?;
    view::verify(session)
}

/// Checks that the statement fits the model, and that the proof is not too short to be one.
fn check_statement<S: CommitmentScheme>(
    model: &CommittedModel<S>,
    plan: &Plan,
    Statement { inputs, outputs }: &Statement,
    proof: &[u8],
) -> Result<()> {
    let architecture = model.architecture();
    architecture.check_num_inputs(inputs.len())?;
    for ((name, layer), input) in architecture.input_layers().zip(inputs) {
        match input {
            Input::Public(input) => check_input(name, layer, input)?,
            Input::Committed(commitment) => check_input_shape(name, layer, commitment.layout())?,
        }
    }
    let declared = &architecture.outputs;
    if declared.len() != outputs.len() {
        return Err(Error::OutputCount { expected: declared.len(), actual: outputs.len() });
    }
    for (index, (declared, output)) in declared.iter().zip(*outputs).enumerate() {
        let spec = plan.specs.get(declared.node.index()).ok_or(Error::BrokenInvariant)?;
        if &spec.layout != output.layout() {
            let (expected, actual) = (spec.layout.axes().to_vec(), output.layout().axes().to_vec());
            return Err(Error::OutputShape { index, expected, actual });
        }
    }
    let least = plan.least_proof_bytes(architecture, model.scheme());
    if plan.work.nanoseconds() > CHEAP && proof.len() < least {
        return Err(Error::TooShort { least, actual: proof.len() });
    }
    Ok(())
}

/// Compares every output with its node's value at a random point.
fn claim_outputs<V: Value>(session: &mut Session<V>, outputs: &[Tensor<i64>]) -> Result<()> {
    for (declared, output) in session.architecture().outputs.iter().zip(outputs) {
        let (_, spec) = session.node(declared.node)?;
        let point = session.reader.squeeze_many(labels::OUTPUT_POINT, spec.layout.num_vars());
        let value = V::from(evaluation::evaluate(&spec.layout, output.data(), &point)?);
        session.claim_value(declared.node, point, value)?;
    }
    Ok(())
}
