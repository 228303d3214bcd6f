//! The prover of an [argument by itself](tacit_layers::proof::alone).
//!
//! A convolution in the frequency domain, whose columns the caller commits to by Hyrax:
//!
//! ```
//! use tacit_inference::layer::conv2d::convolve_alone;
//! use tacit_layers::{
//!     AxisWindow, ConvolutionArgument, Layout, Tensor, Window2d,
//!     argument::hyrax::Hyrax, layer::conv2d::ConvolutionLayer,
//! };
//! use tacit_prover::{Commitments, ProveAlone, hyrax};
//! use tacit_transcript::{ProofReader, ProofWriter, labels};
//! use tacit_verifier::{Commitments as _, VerifyAlone, hyrax as verifier};
//!
//! let window = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
//! let layer = ConvolutionLayer::new(window, 2, Layout::new(vec![1, 8, 4])?)?;
//! let input = Tensor::new(layer.input.clone(), (0..32).collect())?;
//! let weights = Tensor::new(layer.weights.clone(), (-9..9).collect())?;
//! let output = convolve_alone(&layer, &weights, &input)?;
//!
//! let mut writer = ProofWriter::new(b"example");
//! let mut columns = hyrax::Columns::new(Hyrax::new(4)?);
//! for tensor in [&input, &weights, &output] {
//!     columns.commit(&mut writer, labels::COMMITMENT, &[tensor.into()])?;
//! }
//! let prover = layer.prover(ConvolutionArgument::Fft, &[&input, &weights])?;
//! let claims = prover.prove(&mut writer, &output, &mut columns)?;
//! // Columns are numbered in the order of commitments: inputs, parameters and outputs here, which late columns follow.
//! columns.open(&mut writer, &claims.into_claims_in_order())?;
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! let mut columns = verifier::Columns::new(Hyrax::new(4)?);
//! for layout in [&layer.input, &layer.weights, &layer.output] {
//!     columns.read(&mut reader, labels::COMMITMENT, &[layout])?;
//! }
//! let claims = layer.verifier(ConvolutionArgument::Fft)?.verify(&mut reader, &mut columns)?;
//! columns.verify(&mut reader, &claims.into_claims_in_order())?;
//! reader.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Another argument is another word: `ConvolutionArgument::Polynomial` commits to a late column, which is opened like the others.

use std::{borrow::Cow, collections::BTreeMap};

use tacit_inference::{Trace, execute_each};
use tacit_layers::{
    Architecture, Layout, Network, NodeId, Parameter, ParameterSpec, ParameterWidth, Tensor, ValueKind,
    ValueSpec,
    argument::{
        claim::{Claims, Column, CommittedColumn, EvaluationClaim},
        opening::OpeningClaim,
    },
    layer::rescale::ACCUMULATOR_BITS,
    proof::alone::{AloneClaims, Describe, StandAlone},
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use crate::{
    buffers::Buffers,
    commitments::Commitments,
    committer::{Committer, List},
    error::{Error, Result},
    evaluation,
    integers::{IntegerTensor, Integers},
    network::prove_layers,
    observer::Watcher,
    opening::{CommittedTensor, Shares},
    session::Session,
    witness::Witness,
};

/// What is proved by itself.
pub trait ProveAlone: Describe {
    /// The prover of the argument, from the inputs, then the parameters: tensors of any integers ([`IntegerTensor`]).
    ///
    /// # Errors
    /// When the argument does not do the shapes, tensors have others than described, or integers are out of range.
    fn prover<'a>(
        &self,
        argument: Self::Argument,
        witness: &[impl Into<IntegerTensor<'a>> + Copy],
    ) -> Result<StandAloneProver<'a>> {
        StandAloneProver::new(self.describe(argument)?, witness)
    }
}

impl<D: Describe> ProveAlone for D {}

/// The prover of an argument by itself.
#[derive(Debug, Clone)]
#[must_use = "nothing is proved yet"]
pub struct StandAloneProver<'a> {
    alone: StandAlone,
    network: Network,
    inputs: Vec<Cow<'a, Tensor<i64>>>,
    #[cfg(feature = "cheating")]
    stated: Option<StandAlone>,
}

/// What the caller has of the outputs.
enum Outputs<'a> {
    Values(&'a [Tensor<i64>]),
    Claims(&'a [EvaluationClaim<usize>]),
}

impl<'a> StandAloneProver<'a> {
    /// From the inputs, then the parameters.
    ///
    /// # Errors
    /// When tensors have other shapes than described, or integers are out of range.
    pub fn new(alone: StandAlone, witness: &[impl Into<IntegerTensor<'a>> + Copy]) -> Result<Self> {
        let witness: Vec<IntegerTensor> = witness.iter().map(|&tensor| tensor.into()).collect();
        let expected: Vec<&Layout> =
            alone.inputs().map(|spec| &spec.layout).chain(alone.parameters()).collect();
        let layouts: Vec<&Layout> = witness.iter().map(|tensor| tensor.layout()).collect();
        alone.check_shapes("a tensor of the witness", expected.into_iter(), &layouts)?;
        let (inputs, parameters) = witness.split_at(alone.architecture().num_inputs());
        for (index, (spec, input)) in alone.inputs().zip(inputs).enumerate() {
            check_range(&format!("input {index}"), spec, input)?;
        }
        let parameters = alone.architecture().parameters.iter().zip(parameters);
        let is_executed = is_executed(alone.architecture());
        let parameters = parameters.map(|(spec, tensor)| stored(spec, tensor, is_executed));
        let parameters = parameters.collect::<Result<_>>()?;
        let network = Network { architecture: alone.architecture().clone(), parameters };
        Ok(Self::of(alone, network, inputs.iter().map(|input| input.widened()).collect()))
    }

    /// From a network's inputs, in order.
    ///
    /// # Errors
    /// When the network is not valid or the inputs do not fit it.
    pub fn network(network: Network, inputs: &[impl Into<IntegerTensor<'a>> + Copy]) -> Result<Self> {
        network.infer()?;
        let inputs: Vec<Cow<Tensor<i64>>> = inputs.iter().map(|&input| input.into().widened()).collect();
        let tensors: Vec<&Tensor<i64>> = inputs.iter().map(AsRef::as_ref).collect();
        tacit_layers::network::check_inputs(&network.architecture, &tensors)?;
        let alone = StandAlone::network(&network.architecture)?;
        Ok(Self::of(alone, network, inputs))
    }

    const fn of(alone: StandAlone, network: Network, inputs: Vec<Cow<'a, Tensor<i64>>>) -> Self {
        Self {
            alone,
            network,
            inputs,
            #[cfg(feature = "cheating")]
            stated: None,
        }
    }

    /// What is proved.
    pub const fn description(&self) -> &StandAlone {
        &self.alone
    }

    /// The same, for a caller who absorbs the zero bytes: see [`StandAlone::hardened_by_caller`].
    pub fn hardened_by_caller(self) -> Self {
        Self { alone: self.alone.hardened_by_caller(), ..self }
    }

    /// Proves outputs, one tensor or a list in order, and returns the claims that are left. False outputs give a proof that
    /// no verifier accepts.
    ///
    /// # Errors
    /// When outputs have other shapes than described, a value is in no row of its table, or the caller's scheme does not commit.
    pub fn prove(
        &self,
        writer: &mut ProofWriter,
        outputs: &(impl AsRef<[Tensor<i64>]> + ?Sized),
        commitments: &mut impl Commitments,
    ) -> Result<AloneClaims> {
        let outputs = outputs.as_ref();
        let layouts: Vec<&Layout> = outputs.iter().map(Tensor::layout).collect();
        self.alone.check_shapes("an output", self.alone.outputs().map(|spec| &spec.layout), &layouts)?;
        self.prove_outputs(writer, &Outputs::Values(outputs), commitments)
    }

    /// Proves claims on outputs that another argument has left, one on each output in order, and returns the claims that are left.
    ///
    /// # Errors
    /// When claims do not fit the outputs, an output is one that look-ups claim, or the caller's scheme does not commit.
    pub fn prove_claims(
        &self,
        writer: &mut ProofWriter,
        claims: &[EvaluationClaim<usize>],
        commitments: &mut impl Commitments,
    ) -> Result<AloneClaims> {
        self.prove_outputs(writer, &Outputs::Claims(claims), commitments)
    }

    /// Proves the layer's own outputs in the name of another description.
    ///
    /// # Errors
    /// When the argument does not do the description's shapes.
    #[cfg(feature = "cheating")]
    #[doc(hidden)]
    pub fn state<D: Describe>(&mut self, other: &D, argument: D::Argument) -> Result<()> {
        self.stated = Some(other.describe(argument)?);
        Ok(())
    }

    /// What the proof says it is about.
    const fn stated(&self) -> &StandAlone {
        #[cfg(feature = "cheating")]
        if let Some(stated) = &self.stated {
            return stated;
        }
        &self.alone
    }

    fn prove_outputs(
        &self,
        writer: &mut ProofWriter,
        outputs: &Outputs,
        commitments: &mut impl Commitments,
    ) -> Result<AloneClaims> {
        let (alone, plan) = (&self.alone, self.alone.plan());
        let given = match outputs {
            Outputs::Values(_) => None,
            Outputs::Claims(claims) => Some(*claims),
        };
        if let Some(claims) = given {
            alone.check_claims(claims)?;
        }
        let trace = self.trace(outputs)?;
        let witness = Witness::new(&self.network, plan, &trace)?;
        // Step 1: what the argument is about.
        self.stated().absorb(writer);
        if let Some(claims) = given {
            alone.absorb_claims(writer, claims);
        }
        // Step 2: late columns that depend on no challenge.
        let columns: BTreeMap<_, _> =
            plan.witness.iter().map(|column| column.column).zip(&witness.columns).collect();
        let early = alone.early().map(|CommittedColumn { column, layout }| {
            let values = columns.get(column).map_or(&[][..], |values| values.as_slice());
            CommittedTensor { layout, values: Integers::Int64(values).into() }
        });
        let early: Vec<CommittedTensor> = early.collect();
        let mut late = Late { commitments, deferred: vec![], result: Ok(()) };
        if !early.is_empty() {
            late.commit(writer, List::Witness, &early, &mut Shares::new(early.len()));
        }
        // Step 3: compared outputs at a point.
        let compared: Vec<EvaluationClaim<usize>> = match given {
            Some(claims) => claims.to_vec(),
            None => {
                alone.compared().map(|(index, output)| compare(writer, &trace, index, output.node)).collect()
            }
        };
        // Step 4: every layer.
        let buffers = Buffers::default();
        let mut session = Session {
            network: &self.network,
            plan,
            trace: &trace,
            witness: &witness,
            writer,
            claims: Claims::default(),
            buffers: &buffers,
            rescales: BTreeMap::new(),
            differences: vec![],
            deferred: BTreeMap::new(),
            committer: &mut late,
            observer: Watcher::new(plan.specs.len()),
        };
        for claim in &compared {
            let node = self.network.architecture.outputs[claim.subject].node;
            session.claim_value(node, claim.point.clone(), claim.value);
        }
        prove_layers(&mut session)?;
        let columns = std::mem::take(&mut session.claims.columns);
        late.result?;
        Ok(alone.claims(compared, columns, &late.deferred)?)
    }

    /// The values of all nodes.
    fn trace(&self, outputs: &Outputs) -> Result<Trace> {
        let specs = &self.alone.plan().specs;
        if is_executed(&self.network.architecture) {
            let inputs: Vec<&Tensor<i64>> = self.inputs.iter().map(AsRef::as_ref).collect();
            return Ok(execute_each(&self.network, specs, &inputs, |_| ())?);
        }
        let mut values: Vec<Tensor<i64>> = self.inputs.iter().map(|input| input.as_ref().clone()).collect();
        for spec in specs.iter().skip(values.len()) {
            values.push(match outputs {
                Outputs::Values([output]) => output.clone(),
                // Nothing reads the values of an output that is claimed.
                Outputs::Values(_) | Outputs::Claims(_) => {
                    Tensor::new(spec.layout.clone(), vec![0; spec.layout.num_elements()])?
                }
            });
        }
        Ok(Trace::from_values(values))
    }
}

/// Compares an output at a random point.
fn compare(writer: &mut ProofWriter, trace: &Trace, index: usize, node: NodeId) -> EvaluationClaim<usize> {
    let output = &trace.values()[node.index()];
    let point = writer.squeeze_many(labels::OUTPUT_POINT, output.layout().num_vars());
    let value = evaluation::evaluate(output.layout(), output.data(), &point);
    writer.write_scalars(labels::CLAIM, &[value]);
    EvaluationClaim::new(index, point, value)
}

/// The first integer that is out of range.
fn check_range(name: &str, spec: &ValueSpec, tensor: &IntegerTensor) -> Result<()> {
    let (minimum, maximum) = match spec.kind {
        ValueKind::Activation { minimum, maximum } => (minimum, maximum),
        ValueKind::Accumulator => (-(1 << (ACCUMULATOR_BITS - 1)), (1 << (ACCUMULATOR_BITS - 1)) - 1),
    };
    match tensor.values().iter().enumerate().find(|(_, x)| !(minimum..=maximum).contains(x)) {
        None => Ok(()),
        Some((position, value)) => {
            let input = name.to_owned();
            Err(tacit_layers::Error::InputRange { input, position, value, minimum, maximum }.into())
        }
    }
}

/// Whether values are computed: all but those of one layer that is the only output, which the caller has.
fn is_executed(architecture: &Architecture) -> bool {
    let inputs = architecture.num_inputs();
    let is_last = |output: &tacit_layers::Output| output.node.index() == inputs;
    architecture.nodes.len() != inputs + 1
        || !matches!(architecture.outputs.as_slice(), [output] if is_last(output))
}

/// A parameter's integers: of the declared width where the executor reads them, else whatever the caller has.
fn stored(spec: &ParameterSpec, tensor: &IntegerTensor, is_executed: bool) -> Result<Parameter> {
    Ok(match spec.width {
        ParameterWidth::Int8 if is_executed => {
            Parameter::Int8(narrow(&spec.name, tensor, (i8::MIN.into(), i8::MAX.into()))?)
        }
        ParameterWidth::Int8 | ParameterWidth::Int32 => {
            Parameter::Int32(narrow(&spec.name, tensor, (i32::MIN.into(), i32::MAX.into()))?)
        }
    })
}

/// Integers of a type that has these bounds.
fn narrow<T: TryFrom<i64>>(
    name: &str,
    tensor: &IntegerTensor,
    (minimum, maximum): (i64, i64),
) -> Result<Vec<T>> {
    let narrow = |(position, value): (usize, i64)| {
        T::try_from(value).map_err(|_| {
            let input = name.to_owned();
            Error::Network(tacit_layers::Error::InputRange { input, position, value, minimum, maximum })
        })
    };
    tensor.values().iter().enumerate().map(narrow).collect()
}

/// Commits to late columns with the caller's scheme.
struct Late<'a, C> {
    commitments: &'a mut C,
    /// The columns that depend on challenges, as they come.
    deferred: Vec<Column>,
    /// Whether the scheme has committed to all of them.
    result: Result<()>,
}

impl<C: Commitments> Committer for Late<'_, C> {
    fn commit(&mut self, writer: &mut ProofWriter, list: List, tensors: &[CommittedTensor], _: &mut Shares) {
        match list {
            List::Witness => {}
            List::Deferred(column) => self.deferred.push(column),
        }
        if self.result.is_ok() {
            self.result = self.commitments.commit(writer, list.label(), tensors);
        }
    }

    fn shares(&self, layouts: &[&Layout]) -> Vec<usize> {
        vec![0; layouts.len()]
    }

    fn open(
        self,
        _: &mut ProofWriter,
        _: &[&[CommittedTensor]],
        _: &[OpeningClaim],
        _: &mut Watcher,
    ) -> Result<()> {
        unreachable!("the caller opens its columns")
    }
}
