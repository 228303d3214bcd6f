//! One argument by itself, over columns committed to by Hyrax, as a prover of somebody else's runs it: commit, prove, open; read
//! the commitments, verify, check the opening.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use serde::Serialize;
use tacit_inference::{
    circuit::{self, CircuitBuilder},
    cost::{UnitCosts, node_cost},
    layer::conv2d::convolve_alone,
};
use tacit_layers::{
    ConvolutionArgument, Layout, MatmulArgument, Operation, Tensor, ValueKind, ValueSpec,
    argument::{hyrax::Hyrax, matmul::MatmulLayer, opening::OpeningClaim},
    layer::circuit::CircuitLayer,
    network::Architecture,
    proof::{
        alone::{Describe, StandAlone, Subject},
        lookup::{Lookup, Range},
    },
    tensor::{evaluation::evaluate, value::NodeId},
};
use tacit_prover::{
    Commitments as _, ProveAlone, hyrax::Columns, logup::ProveLookup, opening::CommittedTensor,
};
use tacit_transcript::{Event, Label, ProofReader, ProofWriter, Transcript, labels};
use tacit_verifier::{Commitments as _, VerifyAlone, hyrax, logup::VerifyLookup};

use crate::{
    Source,
    shape::{Kind, Shape},
};

const DOMAIN: &[u8] = b"tacit benches: an argument by itself";
/// Points of an opening that nothing but the benchmark asks for.
const POINT: Label = Label::new("benchmark point");
/// Inputs and weights.
const BYTES: (i64, i64) = (-127, 127);

/// What proves a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Of a convolution.
    Convolution(ConvolutionArgument),
    /// Of a matrix product.
    Matmul(MatmulArgument),
    /// The only one of its kind.
    Only(&'static str),
}

impl Argument {
    /// Every argument for shapes of a kind.
    pub fn all(kind: Kind) -> Vec<Self> {
        match kind {
            Kind::Convolution => ConvolutionArgument::ALL.iter().copied().map(Self::Convolution).collect(),
            Kind::Matmul => MatmulArgument::ALL.iter().copied().map(Self::Matmul).collect(),
            Kind::Lookup => vec![Self::Only("logup")],
            Kind::Opening => vec![Self::Only("hyrax")],
            Kind::Gates => vec![Self::Only("gates")],
        }
    }

    /// Its name, as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Convolution(argument) => argument.name(),
            Self::Matmul(argument) => argument.name(),
            Self::Only(name) => name,
        }
    }
}

/// Why a shape is not measured.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The argument does not do the shape.
    #[error("{0}")]
    Shape(#[from] tacit_layers::Error),
    /// It is predicted to take too long.
    #[error("it is predicted to take {predicted:.1} s, and --limit allows {limit} s")]
    Limit {
        /// Predicted seconds of the prover.
        predicted: f64,
        /// Seconds allowed.
        limit: f64,
    },
}

/// Bytes of a message, all of its name together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its label.
    pub name: &'static str,
    /// How often it is sent.
    pub count: usize,
    /// Bytes of all of them.
    pub bytes: usize,
}

/// What a phase sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// Bytes.
    pub bytes: usize,
    /// Times that the verifier's challenges follow messages of the prover's.
    pub rounds: usize,
    /// Messages by name, in order of their first one.
    pub messages: Vec<Message>,
}

/// Seconds of every repetition.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seconds {
    /// Committing to what the argument is about.
    pub commit: Vec<f64>,
    /// The argument, commitments of its own included.
    pub prove: Vec<f64>,
    /// Opening the claims.
    pub open: Vec<f64>,
    /// Reading the commitments.
    pub read: Vec<f64>,
    /// Verifying the argument.
    pub verify: Vec<f64>,
    /// Verifying the opening.
    pub check: Vec<f64>,
}

/// What every phase sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Phases {
    /// Commitments to what the argument is about.
    pub commitment: Sent,
    /// The argument.
    pub argument: Sent,
    /// The opening of its claims.
    pub opening: Sent,
}

/// What was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Measured {
    /// Times.
    pub seconds: Seconds,
    /// Messages: the same in every repetition.
    pub sent: Phases,
}

/// What is proved of the columns.
#[derive(Debug)]
enum Claimed {
    /// A layer's argument, whose witness are so many of the columns; its output is behind them.
    Layer {
        alone: Box<StandAlone>,
        num_witness: usize,
    },
    Lookup(Lookup),
    /// Nothing: they are opened at a point each.
    Nothing,
}

/// A shape ready to be proved by an argument.
#[derive(Debug)]
pub struct Prepared {
    claimed: Claimed,
    columns: Vec<Tensor<i64>>,
    scheme: Hyrax,
    /// Seconds that the cost model predicts for the prover of a layer's argument.
    pub predicted: Option<f64>,
}

impl Prepared {
    /// Draws inputs and computes the output.
    ///
    /// # Errors
    /// When the argument does not do the shape or is predicted to take more than `limit` seconds.
    pub fn new(shape: &Shape, argument: Argument, limit: f64) -> Result<Self, Refusal> {
        let mut source = Source::new(23);
        let mut draw = |layout: &Layout, (low, high)| source.tensor(layout.axes(), low, high);
        let mut predicted = None;
        let mut row_vars = None;
        let mut describe = |alone: StandAlone| {
            let seconds = prediction(alone.architecture(), &alone);
            predicted = Some(seconds);
            if seconds > limit {
                Err(Refusal::Limit { predicted: seconds, limit })
            } else {
                Ok(Box::new(alone))
            }
        };
        let (claimed, columns) = match (*shape, argument) {
            (Shape::Convolution(shape), Argument::Convolution(argument)) => {
                let layer = shape.layer()?;
                let alone = describe(layer.describe(argument)?)?;
                let (input, weights) = (draw(&layer.input, BYTES)?, draw(&layer.weights, BYTES)?);
                let output = convolve_alone(&layer, &weights, &input)?;
                (Claimed::Layer { alone, num_witness: 2 }, vec![input, weights, output])
            }
            (Shape::Matmul(layer), Argument::Matmul(argument)) => {
                let alone = describe(layer.describe(argument)?)?;
                let witness = alone.inputs().map(|spec| draw(&spec.layout, BYTES));
                let mut columns = witness.collect::<Result<Vec<_>, _>>()?;
                columns.push(product(&layer, &columns[0], &columns[1])?);
                (Claimed::Layer { alone, num_witness: 2 }, columns)
            }
            (Shape::Lookup { values, bits }, _) => {
                let layout = Layout::new(vec![values])?;
                let most = (1 << bits) - 1;
                let lookup = Range::new(0..=most)?.lookup(&[&layout])?;
                (Claimed::Lookup(lookup), vec![draw(&layout, (0, most))?])
            }
            (Shape::Opening { columns, length, row_vars: asked }, _) => {
                row_vars = asked;
                let layout = Layout::new(vec![length])?;
                let columns = (0..columns).map(|_| draw(&layout, BYTES)).collect::<Result<_, _>>()?;
                (Claimed::Nothing, columns)
            }
            (Shape::Gates { width, depth }, _) => {
                let circuit = self::circuit(width, depth)?;
                let input = draw(&Layout::new(vec![width])?, (-1, 1))?;
                let values = circuit::execute(&circuit, &[input.data()])?.swap_remove(0);
                let output = Tensor::new(Layout::new(vec![width])?, values)?;
                let kind = ValueKind::Activation { minimum: -1, maximum: 1 };
                let spec = ValueSpec { layout: input.layout().clone(), kind };
                let operation = Operation::Circuit(CircuitLayer { circuit, parameters: vec![] });
                let alone = describe(StandAlone::new("circuit", operation, &[spec], &[])?)?;
                (Claimed::Layer { alone, num_witness: 1 }, vec![input, output])
            }
            (Shape::Convolution(_) | Shape::Matmul(_), _) => {
                unreachable!("an argument is asked for shapes of its kind only")
            }
        };
        let elements: usize = columns.iter().map(|column| 1 << column.layout().num_vars()).sum();
        // Rows about as long as there are many.
        let row_vars = row_vars.unwrap_or_else(|| elements.next_power_of_two().ilog2().div_ceil(2) as usize);
        Ok(Self { claimed, columns, scheme: Hyrax::new(row_vars)?, predicted })
    }

    /// Proves and verifies so many times.
    ///
    /// # Errors
    /// When the shape cannot be proved or its proof is rejected.
    pub fn measure(&self, repetitions: usize) -> Result<Measured, Box<dyn Error>> {
        // What a prover makes once, tables of the generators above all, is no part of a proof.
        self.prove(&mut Measured::default())?;
        let mut measured = Measured::default();
        for _ in 0..repetitions.max(1) {
            let proof = self.prove(&mut measured)?;
            self.verify(&proof, &mut measured.seconds)?;
        }
        Ok(measured)
    }

    fn prove(&self, measured: &mut Measured) -> Result<Vec<u8>, tacit_prover::Error> {
        let mut writer = ProofWriter::new(DOMAIN);
        let mut columns = Columns::new(self.scheme.clone());
        let witness: Vec<&Tensor<i64>> = self.columns.iter().collect();
        let tensors: Vec<CommittedTensor> = witness.iter().map(|&tensor| tensor.into()).collect();
        let (time, sent, ()) =
            phase(&mut writer, |writer| columns.commit(writer, labels::COMMITMENT, &tensors))?;
        measured.seconds.commit.push(time);
        measured.sent.commitment = sent;
        let (time, sent, claims) = match &self.claimed {
            Claimed::Layer { alone, num_witness } => {
                let prover = alone.prover((), &witness[..*num_witness])?;
                let output = &self.columns[*num_witness];
                let (time, sent, claims) =
                    phase(&mut writer, |writer| prover.prove(writer, output, &mut columns))?;
                (time, sent, claims.into_claims_on(|subject| self.number(subject)))
            }
            Claimed::Lookup(lookup) => {
                let prove = |writer: &mut ProofWriter| lookup.prover(&witness)?.prove(writer, &mut columns);
                let (time, sent, claims) = phase(&mut writer, prove)?;
                (time, sent, claims.into_claims_on(|column| lookup.number(column)))
            }
            Claimed::Nothing => {
                let prove = |writer: &mut ProofWriter| {
                    let claims: Vec<OpeningClaim> = (0..self.columns.len())
                        .map(|index| {
                            let column = &self.columns[index];
                            let point = writer.squeeze_many(POINT, column.layout().num_vars());
                            let value = evaluate(column.layout(), column.data(), &point)?;
                            writer.write_scalars(labels::CLAIM, &[value]);
                            Ok(OpeningClaim::new(index, point, value))
                        })
                        .collect::<Result<_, tacit_layers::Error>>()?;
                    Ok::<_, tacit_layers::Error>(claims)
                };
                phase(&mut writer, prove)?
            }
        };
        measured.seconds.prove.push(time);
        measured.sent.argument = sent;
        let (time, sent, ()) = phase(&mut writer, |writer| columns.open(writer, &claims))?;
        measured.seconds.open.push(time);
        measured.sent.opening = sent;
        Ok(writer.finish())
    }

    fn verify(&self, proof: &[u8], seconds: &mut Seconds) -> Result<(), Box<dyn Error>> {
        let mut reader = ProofReader::new(DOMAIN, proof);
        let mut columns = hyrax::Columns::new(self.scheme.clone());
        let layouts: Vec<&Layout> = self.columns.iter().map(Tensor::layout).collect();
        let clock = Instant::now();
        columns.read(&mut reader, labels::COMMITMENT, &layouts)?;
        seconds.read.push(clock.elapsed().as_secs_f64());
        let clock = Instant::now();
        let claims = match &self.claimed {
            Claimed::Layer { alone, .. } => {
                let claims = alone.verifier(())?.verify(&mut reader, &mut columns)?;
                claims.into_claims_on(|subject| self.number(subject))
            }
            Claimed::Lookup(lookup) => {
                let claims = lookup.verifier().verify(&mut reader, &mut columns)?;
                claims.into_claims_on(|column| lookup.number(column))
            }
            Claimed::Nothing => {
                let mut claims = vec![];
                for (index, layout) in layouts.iter().enumerate() {
                    let point = reader.squeeze_many(POINT, layout.num_vars());
                    let value = reader.read_scalars(labels::CLAIM, 1)?[0];
                    claims.push(OpeningClaim::new(index, point, value));
                }
                claims
            }
        };
        seconds.verify.push(clock.elapsed().as_secs_f64());
        let clock = Instant::now();
        columns.verify(&mut reader, &claims)?;
        seconds.check.push(clock.elapsed().as_secs_f64());
        reader.finish()?;
        Ok(())
    }

    /// A column's number in the order of commitments.
    fn number(&self, subject: Subject) -> usize {
        let (num_inputs, num_witness) = match &self.claimed {
            Claimed::Layer { alone, num_witness } => (alone.inputs().count(), *num_witness),
            Claimed::Lookup(_) | Claimed::Nothing => (0, 0),
        };
        match subject {
            Subject::Input(index) => index,
            Subject::Parameter(index) => num_inputs + index,
            Subject::Output(index) => num_witness + index,
            Subject::Late(index) => self.columns.len() + index,
        }
    }
}

/// Seconds that the cost model predicts for the prover of a layer's argument.
fn prediction(architecture: &Architecture, alone: &StandAlone) -> f64 {
    let layer = NodeId(architecture.num_inputs() as u32);
    let cost = node_cost(architecture, alone.plan(), layer);
    cost.argument.prover.nanoseconds(&UnitCosts::default()) * 1e-9
}

/// Runs a phase: how long it took, what it sent, what it gave.
fn phase<T, E>(
    writer: &mut ProofWriter,
    run: impl FnOnce(&mut ProofWriter) -> Result<T, E>,
) -> Result<(f64, Sent, T), E> {
    let (messages, events) = (writer.messages().len(), writer.events().len());
    let clock = Instant::now();
    let result = run(writer)?;
    let time: Duration = clock.elapsed();
    let sent = Sent::of(&writer.messages()[messages..], &writer.events()[events..]);
    Ok((time.as_secs_f64(), sent, result))
}

impl Sent {
    fn of(messages: &[(Label, usize)], events: &[Event]) -> Self {
        let mut sent = Self::default();
        for &(label, bytes) in messages {
            sent.bytes += bytes;
            let name = label.name();
            match sent.messages.iter_mut().find(|message| message.name == name) {
                Some(message) => {
                    message.count += 1;
                    message.bytes += bytes;
                }
                None => sent.messages.push(Message { name, count: 1, bytes }),
            }
        }
        let mut is_unanswered = false;
        for event in events {
            match event {
                Event::Message(..) => is_unanswered = true,
                Event::Squeeze(_) => sent.rounds += usize::from(std::mem::take(&mut is_unanswered)),
                Event::Absorb(..) => {}
            }
        }
        sent
    }
}

/// $A B$ of $A$ and $B^T$.
fn product(
    layer: &MatmulLayer,
    left: &Tensor<i64>,
    right: &Tensor<i64>,
) -> Result<Tensor<i64>, tacit_layers::Error> {
    let rows = |tensor| Tensor::data(tensor).chunks_exact(layer.num_inner);
    let entries =
        rows(left).flat_map(|a| rows(right).map(move |b| a.iter().zip(b).map(|(x, y)| x * y).sum()));
    Tensor::new(Layout::new(vec![layer.num_rows, layer.num_columns])?, entries.collect())
}

/// A circuit of one input: in every layer, gates multiply by an element of it and gates add two neighbours in turn.
fn circuit(
    width: usize,
    depth: usize,
) -> Result<tacit_layers::argument::gates::Circuit, tacit_layers::Error> {
    let mut builder = CircuitBuilder::new();
    let input = builder.input(&[width])?;
    let mut layer = input.clone();
    for level in 0..depth {
        let gate = |index: usize| {
            let (own, other) = (layer[index], (index + level + 1) % width);
            let value = if index.is_multiple_of(2) {
                builder.multiply(own, input[other])
            } else {
                builder.add(own, layer[other])
            };
            if level + 1 < depth { builder.gate(value) } else { value }
        };
        layer = (0..width).map(gate).collect();
    }
    for wire in layer {
        builder.output(wire);
    }
    builder.finish(&[width])
}
