//! Proving that a key's [`parameters`] are of their declared widths.
//!
//! ```no_run
//! use tacit_prover::{ProvingKey, Seed, prove_parameters};
//!
//! let key = ProvingKey::from_bytes(&std::fs::read("model.tacit")?)?;
//! let proven = prove_parameters(&key, &Seed::from_os()?)?;
//! tacit_verifier::verify_parameters(key.verifying_key(), &proven.proof)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ark_bn254::Fr;
use rayon::prelude::*;
use tacit_algebra::generators::Generators;
use tacit_layers::{
    Layout, ParameterId, VerifyingKey,
    argument::{
        claim::EvaluationClaim, hyrax::OpeningClaim, lookup_block::Segment, lookup_table::Fingerprint,
        sumcheck::instance_point,
    },
    proof::parameters::{self, DIGITS, DOMAIN, Digits, ParameterPlan, digit},
};
use tacit_transcript::{Event, ProofWriter, Transcript, encoding::scalar_to_bytes, labels};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    buffers::Buffers,
    error::{Error, Result},
    evaluation,
    hyrax::{self, CommittedList},
    integers::Integers,
    key::ProvingKey,
    logup::{self, LeafBlock, LeafRows, LinearTable, LookupLeaves},
    masking::{Expected, Hiding},
    observer::{Observer, Watcher},
    opening::{CommittedTensor, Elements},
    seed::Seed,
};

/// A proof about a key's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenParameters {
    /// The proof.
    pub proof: Vec<u8>,
    /// Label and bytes of every message.
    pub messages: Vec<(String, usize)>,
    /// Every step of the transcript.
    pub events: Vec<Event>,
}

/// Proves that every parameter of the key's network is a tensor of integers of its declared width. The proof hides them,
/// by what the seed gives.
///
/// # Errors
/// When there are more than a proof can look up.
pub fn prove_parameters(key: &ProvingKey, seed: &Seed) -> Result<ProvenParameters> {
    let plan = ParameterPlan::new(key.verifying_key())?;
    let tensors: Vec<CommittedTensor> = plan
        .parameters
        .iter()
        .zip(&key.network().parameters)
        .map(|((layout, _), parameter)| CommittedTensor { layout, values: parameter.into() })
        .collect();
    let names = key.network().architecture.parameters.iter().map(|spec| spec.name.as_str());
    let witness = ParameterWitness::new(&plan, &tensors, &names.collect::<Vec<_>>())?;
    let blinding = key.row_blinding();
    let proven = rayon::scope(|_| {
        let observer = &mut Watcher::new(0);
        prove_witness(key.verifying_key(), &plan, (&tensors, &blinding), &witness, seed, observer)
    });
    witness.wipe();
    proven
}

/// Committed columns, and what each block looks up.
#[derive(Debug, Clone)]
pub(crate) struct ParameterWitness {
    /// Digits' columns in storage order and the multiplicities, in the plan's order.
    pub(crate) columns: Vec<Vec<i64>>,
    /// For each block the rows of the table, padding included; none for the table's own.
    pub(crate) positions: Vec<Vec<u32>>,
}

impl ParameterWitness {
    /// Digits and look-ups of parameters with these names.
    pub(crate) fn new(plan: &ParameterPlan, tensors: &[CommittedTensor], names: &[&str]) -> Result<Self> {
        let positions = plan
            .segments
            .par_iter()
            .map(|segment| match segment.rows {
                Digits::Table => Ok(vec![]),
                Digits::Digit(id, digit) => {
                    let (_, count) = plan.parameters[id.index()];
                    look_up(&tensors[id.index()], (digit, count), names[id.index()])
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let mut columns = vec![vec![]; plan.witness.len()];
        for (segment, positions) in plan.segments.iter().zip(&positions) {
            let Digits::Digit(id, digit) = segment.rows else { continue };
            if let Some(index) = committed(plan, id, digit) {
                columns[index] = of_positions(&segment.layout, positions);
            }
        }
        let mut witness = Self { columns, positions };
        witness.recount(plan);
        Ok(witness)
    }

    /// Overwrites what a proof has hidden.
    fn wipe(mut self) {
        self.columns.par_iter_mut().for_each(Zeroize::zeroize);
        self.positions.par_iter_mut().for_each(Zeroize::zeroize);
    }

    /// Counts how often each row is looked up.
    pub(crate) fn recount(&mut self, plan: &ParameterPlan) {
        let mut counts = vec![0; 1 << plan.table.num_vars()];
        for &position in self.positions.iter().flatten() {
            counts[position as usize] += 1;
        }
        if let Some(multiplicities) = self.columns.last_mut() {
            *multiplicities = counts;
        }
    }
}

/// Index of a digit's column among those committed to; none for the last digit, which is not.
pub(crate) fn committed(plan: &ParameterPlan, id: ParameterId, digit: usize) -> Option<usize> {
    plan.column(id, digit)?.checked_sub(plan.parameters.len())
}

/// Rows of one digit of every element and of padding.
fn look_up(tensor: &CommittedTensor, (place, count): (usize, usize), name: &str) -> Result<Vec<u32>> {
    let Elements::Integers(integers) = tensor.values else { unreachable!("parameters are integers") };
    let row = |x: i64| x - DIGITS.0;
    let mut positions = vec![row(DIGITS.1 + 1) as u32; 1 << tensor.layout.num_vars()];
    for (at, padded, length) in tensor.layout.runs() {
        for (position, i) in positions[padded..padded + length].iter_mut().zip(at..) {
            let value = integers.get(i);
            let missing = || Error::Lookup { layer: name.to_owned(), value };
            *position = row(digit(value, count, place).ok_or_else(missing)?) as u32;
        }
    }
    Ok(positions)
}

/// The digits, in storage order, that these rows are.
fn of_positions(layout: &Layout, positions: &[u32]) -> Vec<i64> {
    let runs = layout.runs().flat_map(|(_, padded, length)| &positions[padded..padded + length]);
    let mut digits = Vec::with_capacity(layout.num_elements());
    digits.extend(runs.map(|&row| i64::from(row) + DIGITS.0));
    digits
}

/// Proves a witness as it is, about tensors whose rows are blinded by these: a false one gives a proof that no verifier
/// accepts.
pub(crate) fn prove_witness(
    key: &VerifyingKey,
    plan: &ParameterPlan,
    (tensors, row_blinding): (&[CommittedTensor], &[Fr]),
    witness: &ParameterWitness,
    seed: &Seed,
    observer: &mut impl Observer,
) -> Result<ProvenParameters> {
    let generators = Generators::new(plan.key_vars)?;
    // Step 1: the statement.
    let mut writer = ProofWriter::new(DOMAIN);
    parameters::absorb(&mut writer, key);
    let begun = writer.transcript();
    let secret = Zeroizing::new(row_blinding.iter().flat_map(scalar_to_bytes).collect::<Vec<u8>>());
    let randomness = seed.of_statement(begun.clone(), &secret);
    let mut hiding =
        Hiding::begin(randomness, &mut writer, Expected::parameters(plan), &generators, observer);
    // Step 2: digits and multiplicities.
    let columns: Vec<CommittedTensor> = plan
        .witness
        .iter()
        .zip(&witness.columns)
        .map(|(layout, column)| CommittedTensor { layout, values: Integers::Int64(column).into() })
        .collect();
    let mut rows = hyrax::commit(&columns, &generators);
    let blinding = hiding.blind_witness(&mut rows);
    writer.write_points(labels::WITNESS_COMMITMENT, &rows);
    // Step 3: the look-ups.
    let claims = look_ups(&mut writer, plan, tensors, witness, observer);
    // Step 4: the opening.
    let lists = [tensors, &columns].map(|tensors| CommittedList { tensors, row_vars: plan.key_vars });
    let (vector, _) = hyrax::combine(&mut writer, &lists, &claims, plan.key_vars);
    let blinding = Zeroizing::new([row_blinding, blinding.as_slice()].concat());
    let unproved = tacit_verifier::parameters::unproved(key, plan, (writer.bytes(), begun))?;
    hiding.finish(&mut writer, unproved, vector, &blinding, observer);
    let messages = writer.messages().iter().map(|(label, bytes)| (label.name().to_owned(), *bytes)).collect();
    let events = writer.events().to_vec();
    Ok(ProvenParameters { proof: writer.finish(), messages, events })
}

/// Step 3; returns the claims on all columns.
fn look_ups(
    writer: &mut ProofWriter,
    plan: &ParameterPlan,
    tensors: &[CommittedTensor],
    witness: &ParameterWitness,
    observer: &mut impl Observer,
) -> Vec<OpeningClaim> {
    let [alpha, beta] = [(); 2].map(|()| writer.squeeze(labels::FINGERPRINT));
    let fingerprint = Fingerprint { alpha, beta };
    let blocks = plan.segments.iter().zip(&witness.positions).map(|(segment, positions)| {
        let rows = match segment.rows {
            Digits::Table => LeafRows::Table(witness.columns.last().map_or(&[][..], Vec::as_slice)),
            Digits::Digit(..) => LeafRows::LookedUp(positions, &segment.layout),
        };
        LeafBlock { offset: segment.offset, table: segment.table, rows }
    });
    let leaves = LookupLeaves::new(vec![fingerprint.table(0, &plan.table)], blocks.collect(), plan.tree_vars);
    let linear = vec![LinearTable::new(&fingerprint, 0, &plan.table)];
    let Ok(leaves) = leaves.and_then(|leaves| leaves.with_linear_tables(linear)) else {
        unreachable!("the plan arranges blocks, and the witness fills them")
    };
    let point = logup::prove_rows(writer, &leaves, &Buffers::default()).point;
    drop(leaves);
    let evaluate = |Segment { rows, layout, num_vars, .. }: &Segment<Digits>| {
        let point = instance_point(&point, *num_vars).to_vec();
        let (index, values) = match *rows {
            Digits::Table => (plan.multiplicities(), witness.columns.last()),
            Digits::Digit(id, digit) => match committed(plan, id, digit) {
                Some(index) => (plan.parameters.len() + index, witness.columns.get(index)),
                None => (id.index(), None),
            },
        };
        let value = match values {
            Some(column) => evaluation::evaluate(layout, column, &point),
            None => evaluate_parameter(&tensors[index], &point),
        };
        EvaluationClaim::new(index, point, value)
    };
    let mut claims: Vec<OpeningClaim> = plan.segments.iter().map(evaluate).collect();
    for claim in &mut claims {
        [claim.value] = observer.write(writer, labels::COLUMN_VALUES, [claim.value]);
    }
    claims
}

fn evaluate_parameter(tensor: &CommittedTensor, point: &[Fr]) -> Fr {
    let Elements::Integers(integers) = tensor.values else { unreachable!("parameters are integers") };
    let mut wide = Zeroizing::new(Vec::with_capacity(integers.len()));
    wide.extend(integers.iter());
    evaluation::evaluate(tensor.layout, &wide, point)
}
