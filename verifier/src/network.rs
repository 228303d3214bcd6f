//! Verifying a whole network's proof: the prover's phases, in the same order.

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_algebra::generators::Generators;
use tacit_layers::{
    Layout, Tensor, ValueKind, VerifyingKey,
    argument::{
        claim::{CommittedColumn, EvaluationClaim},
        hyrax::OpeningClaim,
        masking::masks_per_row,
    },
    network::{check_input, check_input_shape},
    proof::statement::{self, DOMAIN, HIDING_DOMAIN, Input, Statement},
    tensor::evaluation,
};
use tacit_transcript::{Event, ProofReader, Transcript, Value, labels, value::Masked};

use crate::{
    error::{Error, Result},
    hyrax::{self, Combination, Commitment},
    layers::{contraction, lookups, max_pool, rescale, view, window},
    masking::{self, Unproved},
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

/// Zero bytes absorbed whatever the proof's length: they take some milliseconds.
const CHEAP_HARDENING: usize = 1 << 22;

/// Checks that the network of `key` maps `input` to `outputs`, all quantised.
///
/// # Errors
/// The first check that fails; whatever the proof's bytes are.
pub fn verify(
    key: &VerifyingKey,
    input: &Tensor<i64>,
    outputs: &[Tensor<i64>],
    proof: &[u8],
) -> Result<Accepted> {
    verify_statement(key, &Statement { input: Input::Public(input), outputs }, proof)
}

/// Checks a statement about the network of `key`, whose input may be [committed](tacit_layers::proof::input).
///
/// # Errors
/// The first check that fails; whatever the proof's bytes are.
pub fn verify_statement(key: &VerifyingKey, statement: &Statement, proof: &[u8]) -> Result<Accepted> {
    let plan = statement.input.plan(key)?;
    check_statement(key, statement)?;
    let least = plan.least_proof_bytes(key.architecture());
    if statement::hardening_bytes(plan) > CHEAP_HARDENING && proof.len() < least {
        return Err(Error::TooShort { least, actual: proof.len() });
    }
    let generators = Generators::new(plan.opening_vars());
    let reader = if statement.is_hiding(key) {
        let mut reader = ProofReader::masked(HIDING_DOMAIN, proof, masks_per_row(plan.opening_vars()));
        statement::absorb(&mut reader, key, plan, statement);
        let (reader, combination) = check_masked(key, statement, reader)?;
        masking::verify(reader, combination, &generators)?
    } else {
        let mut reader = ProofReader::new(DOMAIN, proof);
        statement::absorb(&mut reader, key, plan, statement);
        let (mut reader, left) = check(key, statement, reader)?;
        if let Some(combination) = left {
            hyrax::verify_inner_product(&mut reader, combination, Fr::zero(), &generators)?;
        }
        reader
    };
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
    let vars = statement.input.plan(key)?.opening_vars();
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
    let (reader, left) = check(key, statement, reader)?;
    let vars = statement.input.plan(key)?.opening_vars();
    Ok((reader, left.unwrap_or_else(|| Combination::nothing(vars))))
}

/// Checks everything behind the statement but the opening, of which it returns what is left, if anything is.
///
/// # Errors
/// The first check that fails; of masked messages none does but their form.
pub(crate) fn check<'p, V: Value>(
    key: &VerifyingKey,
    statement: &Statement,
    mut reader: ProofReader<'p, V>,
) -> Result<(ProofReader<'p, V>, Option<Combination<V>>)> {
    let Statement { input, outputs } = *statement;
    let plan = input.plan(key)?;

    // Phase 1: the witness.
    let witness = reader.read_points(labels::WITNESS_COMMITMENT, plan.rows(&plan.witness).1)?;

    // Phase 2: the look-ups.
    let mut session = Session::new(key, plan, input, reader);
    claim_outputs(&mut session, outputs)?;
    lookups::verify(&mut session)?;

    // Phase 3: every layer, back to committed columns.
    max_pool::verify(&mut session)?;
    rescale::verify(&mut session)?;
    contraction::verify(&mut session)?;
    window::verify(&mut session)?;
    view::verify(&mut session)?;

    // Phase 4: all claims on committed columns.
    let Session { mut reader, claims, late, .. } = session;
    let row_vars = plan.key_vars;
    let mut commitments = vec![
        Commitment { layouts: layouts(&plan.parameters), rows: key.commitments(), row_vars },
        Commitment { layouts: layouts(&plan.witness), rows: &witness, row_vars },
    ];
    for column in &plan.late {
        let rows = late.get(&column.column).ok_or(Error::BrokenInvariant)?;
        commitments.push(Commitment { layouts: vec![&column.layout], rows, row_vars });
    }
    if let (Input::Committed(commitment), Some(column)) = (input, &plan.input) {
        commitments.push(Commitment {
            layouts: vec![&column.layout],
            rows: commitment.rows(),
            row_vars: commitment.row_vars(),
        });
    }
    let claims = claims
        .columns
        .into_iter()
        .map(|EvaluationClaim { subject, point, value }| {
            let index = plan.place(subject).ok_or(Error::BrokenInvariant)?;
            Ok(EvaluationClaim::new(index, point, value))
        })
        .collect::<Result<Vec<OpeningClaim<V>>>>()?;
    let left = hyrax::combine(&mut reader, &commitments, &claims, plan.opening_vars())?;
    Ok((reader, left))
}

fn layouts(columns: &[CommittedColumn]) -> Vec<&Layout> {
    columns.iter().map(|column| &column.layout).collect()
}

fn check_statement(key: &VerifyingKey, Statement { input, outputs }: &Statement) -> Result<()> {
    match input {
        Input::Public(input) => check_input(key.architecture(), input)?,
        Input::Committed(commitment) => check_input_shape(key.architecture(), commitment.layout())?,
    }
    let declared = &key.architecture().outputs;
    if declared.len() != outputs.len() {
        return Err(Error::OutputCount { expected: declared.len(), actual: outputs.len() });
    }
    for (index, (declared, output)) in declared.iter().zip(*outputs).enumerate() {
        let spec = key.plan().specs.get(declared.node.index()).ok_or(Error::BrokenInvariant)?;
        if &spec.layout != output.layout() {
            let (expected, actual) = (spec.layout.axes().to_vec(), output.layout().axes().to_vec());
            return Err(Error::OutputShape { index, expected, actual });
        }
    }
    Ok(())
}

/// Compares every output with its node's value at a random point.
fn claim_outputs<V: Value>(session: &mut Session<V>, outputs: &[Tensor<i64>]) -> Result<()> {
    for (declared, output) in session.architecture().outputs.iter().zip(outputs) {
        let (_, spec) = session.node(declared.node)?;
        let point = session.reader.squeeze_many(labels::OUTPUT_POINT, spec.layout.num_vars());
        let value = V::from(evaluation::evaluate(&spec.layout, output.data(), &point));
        match spec.kind {
            ValueKind::Accumulator => session.claim_accumulator(declared.node, point, value),
            ValueKind::Activation { .. } => session.claim_activation(declared.node, point, value)?,
        }
    }
    Ok(())
}
