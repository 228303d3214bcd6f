//! Arguments by themselves: a layer's argument, or a whole network's, inside a proof of somebody else's.
//!
//! **Statement.** The values of a layer's outputs are what the layer computes of its inputs and parameters, as integers in the
//! field. All of them are columns of the caller's: committed to before the argument begins, by any scheme, or known to both
//! sides.
//!
//! **Shapes.** Those of the layer. A column is a tensor's multilinear extension, each axis padded with zeros to a power of two
//! ([`Layout`]).
//!
//! **Protocol.** The phases of a network's proof, without its opening.
//! 1. Both sides absorb what the argument is about: the version of the protocol, SHA-256 of names, shapes, bounds,
//!    circuits and arguments, and as many zero bytes as there are look-ups and products of activations
//!    ([`crate::proof::statement`] says why).
//! 2. The prover commits to columns of the argument's own, the *late* ones: remainders, multiplicities, values between the
//!    layers of a network. The caller's scheme does it; there may be more after challenges (cross terms, sums of convolutions).
//! 3. Outputs that are accumulators or views of inputs are compared at a random point: the prover sends the value of each
//!    there. Or the caller has claims on them already, which are absorbed instead. Other outputs are
//!    columns that the look-ups claim.
//! 4. Look-ups, max-pools, rescales, linear layers, windows and views, as in a network's proof.
//!
//! What is left are claims on columns ([`AloneClaims`]).
//!
//! **Soundness error.** [`StandAlone::soundness`]; the caller adds that of the opening.
//!
//! **Caller's duty.**
//! - *Order.* Inputs, parameters and outputs are committed to, or absorbed, before the argument begins.
//! - *Claims.* Every claim is discharged: by an opening, by evaluating a public tensor, by another argument.
//! - *Integers.* Inputs lie within their bounds and parameters are the caller's integers: the argument is about field
//!   elements. A range look-up shows it, where nothing else does. A rescale takes accumulators of at most
//!   [`ACCUMULATOR_BITS`](crate::layer::rescale::ACCUMULATOR_BITS) bits.
//! - *Padding.* It is zero in inputs and parameters. A scheme that binds padding without showing that it is zero
//!   lets a cheating prover use it: give such columns axes that are powers of two, or show it.
//! - *Hashing.* A caller with several arguments absorbs the zero bytes of all of them once, before the first challenge, and
//!   builds each with [`hardened_by_caller`](StandAlone::hardened_by_caller). Products with parameters count for nothing, as
//!   a network's are fixed before its statement; whoever lets the prover choose them for each proof absorbs a byte for each as well.
//!
//! **Cost.** The layer's own, one commitment for the late columns, and 32 bytes for each claimed output.
//!
//! **Reference.** Those of the layers.
//!
//! **Code.** [prover](../../../tacit_prover/alone/index.html), [verifier](../../../tacit_verifier/alone/index.html).

use std::collections::BTreeMap;

use ark_bn254::Fr;
use sha2::{Digest, Sha256};
use tacit_transcript::{Transcript, labels};

use crate::{
    argument::{
        choice::{ConvolutionArgument, MatmulArgument},
        claim::{Column, CommittedColumn, EvaluationClaim},
        gates::Circuit,
        matmul::MatmulLayer,
        soundness::SoundnessError,
    },
    error::{Error, Result},
    integer::{byte, scalar, signed, wide},
    layer::{
        Operation,
        circuit::CircuitLayer,
        conv2d::{Conv2dLayer, ConvolutionLayer},
        input::InputLayer,
        product::ProductLayer,
        site::Inputs,
    },
    network::{Architecture, Node, Output},
    proof::{
        file::encode,
        plan::Plan,
        soundness::network_over,
        statement::{self, PROTOCOL_VERSION},
    },
    tensor::{
        Layout,
        value::{NodeId, ParameterId, ParameterSpec, ParameterWidth, ValueKind, ValueSpec},
    },
};

/// Domain of the digest.
const DOMAIN: &[u8] = b"tacit argument by itself";

/// Largest magnitude of an input of a layer that looks nothing up.
pub const MAX_INPUT: i64 = 1 << 31;

/// What a claim of an argument by itself is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The input with this index.
    Input(usize),
    /// The parameter with this index: weights, then a bias.
    Parameter(usize),
    /// The output with this index.
    Output(usize),
    /// The late column with this index, in the order of commitments.
    Late(usize),
}

/// The claims that an argument by itself leaves; there may be several on one column, and none on another.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "every claim must be discharged"]
pub struct AloneClaims {
    claims: Vec<EvaluationClaim<Subject>>,
    /// Numbers of inputs, parameters and outputs.
    counts: [usize; 3],
}

impl AloneClaims {
    /// The claims, in the order in which they were left.
    pub fn into_claims(self) -> Vec<EvaluationClaim<Subject>> {
        self.claims
    }

    /// The claims by the numbers of their columns, from zero on, where inputs, parameters, outputs and late columns are committed to in
    /// this order, and nothing else before them. Several arguments over one list name their columns by
    /// [`into_claims_on`](Self::into_claims_on).
    pub fn into_claims_in_order(self) -> Vec<EvaluationClaim<usize>> {
        let [inputs, parameters, outputs] = self.counts;
        self.into_claims_on(|subject| match subject {
            Subject::Input(index) => index,
            Subject::Parameter(index) => inputs.saturating_add(index),
            Subject::Output(index) => inputs.saturating_add(parameters).saturating_add(index),
            Subject::Late(index) => {
                inputs.saturating_add(parameters).saturating_add(outputs).saturating_add(index)
            }
        })
    }

    /// The claims, each with what the caller calls its column: the number in a list of commitments, say.
    pub fn into_claims_on<T>(self, column: impl Fn(Subject) -> T) -> Vec<EvaluationClaim<T>> {
        let name =
            |EvaluationClaim { subject, point, value }| EvaluationClaim::new(column(subject), point, value);
        self.claims.into_iter().map(name).collect()
    }

    /// The claims on a column.
    pub fn on(&self, subject: Subject) -> impl Iterator<Item = &EvaluationClaim<Subject>> {
        self.claims.iter().filter(move |claim| claim.subject == subject)
    }
}

/// A layer or a network whose argument runs by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct StandAlone {
    architecture: Architecture,
    plan: Plan,
    digest: [u8; 32],
    is_hardened: bool,
}

/// What has an argument by itself.
pub trait Describe {
    /// What may be chosen of it.
    type Argument;

    /// The argument's description.
    ///
    /// # Errors
    /// When shapes do not fit, or the argument does not do them.
    fn describe(&self, argument: Self::Argument) -> Result<StandAlone>;
}

impl Describe for StandAlone {
    type Argument = ();

    fn describe(&self, (): ()) -> Result<StandAlone> {
        Ok(self.clone())
    }
}

/// Inputs are $A$ and $B^T$; the output is $A B$.
impl Describe for MatmulLayer {
    type Argument = MatmulArgument;

    fn describe(&self, argument: MatmulArgument) -> Result<StandAlone> {
        let matrix = |rows| Layout::new(vec![rows, self.num_inner]).map(integers);
        let [left, right, output] = [b"ri", b"ci", b"rc"].map(|names| names.to_vec());
        let operation = Operation::Product(ProductLayer { left, right, output, argument });
        StandAlone::new(
            "matrix product",
            operation,
            &[matrix(self.num_rows)?, matrix(self.num_columns)?],
            &[],
        )
    }
}

/// The input is the feature map, the parameter the weights.
impl Describe for ConvolutionLayer {
    type Argument = ConvolutionArgument;

    fn describe(&self, argument: ConvolutionArgument) -> Result<StandAlone> {
        let operation = Operation::Conv2d(Conv2dLayer {
            weights: ParameterId(0),
            bias: None,
            num_outputs: self.output.axes().first().copied().unwrap_or(0),
            groups: self.groups,
            window: self.window,
            argument,
        });
        let width = ParameterWidth::Int8;
        let weights = ParameterSpec { name: "weights".to_owned(), layout: self.weights.clone(), width };
        StandAlone::new("convolution", operation, &[integers(self.input.clone())], &[weights])
    }
}

/// Inputs and output are the circuit's.
impl Describe for Circuit {
    type Argument = ();

    fn describe(&self, (): ()) -> Result<StandAlone> {
        let inputs: Vec<ValueSpec> = self.inputs.iter().cloned().map(integers).collect();
        let operation = Operation::Circuit(CircuitLayer { circuit: self.clone(), parameters: vec![] });
        StandAlone::new("circuit", operation, &inputs, &[])
    }
}

/// An input of integers that nothing looks up.
pub const fn integers(layout: Layout) -> ValueSpec {
    ValueSpec { layout, kind: ValueKind::Activation { minimum: -MAX_INPUT, maximum: MAX_INPUT } }
}

impl StandAlone {
    /// One layer, with the shapes and kinds of what it reads. Its parameters are numbered from zero.
    ///
    /// # Errors
    /// What the layer finds wrong, and [`Error::Graph`] for an input in place of a layer, and for more look-ups or products than
    /// supported.
    pub fn new(
        name: &str,
        operation: Operation,
        inputs: &[ValueSpec],
        parameters: &[ParameterSpec],
    ) -> Result<Self> {
        if matches!(operation, Operation::Input(_)) {
            return Err(Error::Graph { reason: "an input is no layer to prove" });
        }
        let input = |(index, spec): (usize, &ValueSpec)| {
            let bounds = match spec.kind {
                ValueKind::Activation { minimum, maximum } => (minimum, maximum),
                ValueKind::Accumulator => (0, 0),
            };
            let layer = InputLayer::integer(spec.layout.clone(), bounds);
            Node { name: format!("input {index}"), inputs: vec![], operation: Operation::Input(layer) }
        };
        let mut nodes: Vec<Node> = inputs.iter().enumerate().map(input).collect();
        let ids = (0..).map(NodeId).take(inputs.len()).collect();
        let node =
            NodeId(u32::try_from(inputs.len()).map_err(|_| Error::Graph { reason: "too many inputs" })?);
        nodes.push(Node { name: name.to_owned(), inputs: ids, operation });
        let mut architecture =
            Architecture { name: name.to_owned(), nodes, parameters: parameters.to_vec(), outputs: vec![] };
        let mut specs = inputs.to_vec();
        let spec = {
            let layer = architecture.nodes.last().ok_or(Error::Graph { reason: "it has no layer" })?;
            let Inputs { layer: name, values, parameters } = architecture.inputs(layer, &specs)?;
            layer.operation.layer().infer(&Inputs { layer: name, values, parameters })?
        };
        let shape = spec.layout.axes().to_vec();
        specs.push(spec);
        let output = Output { name: name.to_owned(), node, shape, scales: vec![1.0], scale_axis: 0 };
        architecture.outputs.push(output);
        let plan = Plan::of_specs(&architecture, specs)?;
        Self::of(architecture, plan)
    }

    /// A whole network, whose values between its layers are late columns.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn network(architecture: &Architecture) -> Result<Self> {
        Self::of(architecture.clone(), Plan::new(architecture)?)
    }

    fn of(architecture: Architecture, plan: Plan) -> Result<Self> {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        for spec in &plan.specs {
            let (kind, bounds) = match spec.kind {
                ValueKind::Activation { minimum, maximum } => (0, [minimum, maximum]),
                ValueKind::Accumulator => (1, [0, 0]),
            };
            hash.update([kind, byte(spec.layout.axes().len())]);
            for &length in spec.layout.axes() {
                hash.update(wide(length).to_le_bytes());
            }
            for bound in bounds {
                hash.update(bound.to_le_bytes());
            }
        }
        hash.update(&*encode(&architecture, "argument by itself")?);
        Ok(Self { architecture, plan, digest: hash.finalize().into(), is_hardened: true })
    }

    /// The same, for a caller who absorbs [`hardening_bytes`](Self::hardening_bytes) zero bytes before the first challenge, together
    /// with those of other arguments.
    #[must_use]
    pub const fn hardened_by_caller(mut self) -> Self {
        self.is_hardened = false;
        self
    }

    /// Zero bytes that make hashing dearer than what is proved.
    pub fn hardening_bytes(&self) -> usize {
        statement::hardening_bytes(&self.plan)
    }

    /// Inputs, layers and outputs.
    pub const fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// What is committed and looked up.
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Shape and kind of every input.
    pub fn inputs(&self) -> impl Iterator<Item = &ValueSpec> {
        self.plan.specs.iter().take(self.architecture.num_inputs())
    }

    /// Shape of every parameter.
    pub fn parameters(&self) -> impl Iterator<Item = &Layout> {
        self.architecture.parameters.iter().map(|parameter| &parameter.layout)
    }

    /// Shape and kind of every output.
    pub fn outputs(&self) -> impl Iterator<Item = &ValueSpec> {
        self.architecture.outputs.iter().filter_map(|output| self.plan.specs.get(output.node.index()))
    }

    /// The columns that are committed to before the argument's first challenge, in order.
    pub fn early(&self) -> impl Iterator<Item = &CommittedColumn> {
        self.plan.witness.iter().filter(|column| self.outputs_of(column.column).next().is_none())
    }

    /// How many late columns there are: the [early](Self::early) ones are committed to together, then those that depend on challenges,
    /// one by one.
    pub fn num_late(&self) -> usize {
        self.early().count().saturating_add(self.plan.deferred.len())
    }

    /// Whether an output is compared at a point: the others are columns that the look-ups claim.
    pub fn is_compared(&self, output: &Output) -> bool {
        let column = Column::Activation(output.node);
        self.plan.witness.iter().all(|committed| committed.column != column)
    }

    /// The outputs that are [compared](Self::is_compared), each with its index.
    pub fn compared(&self) -> impl Iterator<Item = (usize, &Output)> {
        self.architecture.outputs.iter().enumerate().filter(|(_, output)| self.is_compared(output))
    }

    /// The outputs that a column is: several where a network gives one value under several names.
    fn outputs_of(&self, column: Column) -> impl Iterator<Item = usize> {
        let outputs = self.architecture.outputs.iter().enumerate();
        outputs.filter(move |(_, output)| column == Column::Activation(output.node)).map(|(index, _)| index)
    }

    /// What the caller knows a column by, from the numbers of late ones.
    fn subjects(&self, column: Column, late: &BTreeMap<Column, usize>) -> Vec<Subject> {
        match column {
            Column::Activation(id) if id.index() < self.architecture.num_inputs() => {
                vec![Subject::Input(id.index())]
            }
            Column::Parameter(id) => vec![Subject::Parameter(id.index())],
            Column::Activation(_)
            | Column::Remainder(_)
            | Column::Multiplicity(_)
            | Column::LowRemainder(_)
            | Column::Saturation(_)
            | Column::Argument(_)
            | Column::Convolved(_)
            | Column::CrossTerms => {
                let late = late.get(&column).copied().map(Subject::Late);
                self.outputs_of(column).map(Subject::Output).chain(late).collect()
            }
        }
    }

    /// The claims left, by what the caller knows of: those on compared outputs first. The columns that depend on challenges are
    /// `deferred`, in the order in which they were committed to. Only Tacit's own sides call it.
    ///
    /// # Errors
    /// [`Error::Graph`] for a column that was not committed to.
    #[doc(hidden)]
    pub fn claims(
        &self,
        compared: Vec<EvaluationClaim<usize>>,
        columns: Vec<EvaluationClaim<Column>>,
        deferred: &[Column],
    ) -> Result<AloneClaims> {
        let output = |claim: EvaluationClaim<usize>| {
            EvaluationClaim::new(Subject::Output(claim.subject), claim.point, claim.value)
        };
        let mut claims: Vec<EvaluationClaim<Subject>> = compared.into_iter().map(output).collect();
        let late = self.early().map(|late| late.column).chain(deferred.iter().copied()).zip(0..).collect();
        for EvaluationClaim { subject, point, value } in columns {
            let subjects = self.subjects(subject, &late);
            if subjects.is_empty() {
                return Err(Error::Graph { reason: "a claim on a column that was not committed to" });
            }
            let claim = |subject| EvaluationClaim::new(subject, point.clone(), value);
            claims.extend(subjects.into_iter().map(claim));
        }
        let counts = [self.inputs().count(), self.parameters().count(), self.outputs().count()];
        Ok(AloneClaims { claims, counts })
    }

    /// Absorbs what the argument is about. Only Tacit's own sides call it.
    #[doc(hidden)]
    pub fn absorb(&self, transcript: &mut impl Transcript) {
        transcript.absorb_bytes(labels::PROTOCOL_VERSION, &PROTOCOL_VERSION.to_le_bytes());
        transcript.absorb_bytes(labels::ARCHITECTURE, &self.digest);
        if self.is_hardened {
            statement::harden(transcript, self.hardening_bytes());
        }
    }

    /// Checks that claims that the caller has are one for each output, in order. Only Tacit's own sides call it.
    ///
    /// # Errors
    /// [`Error::LookedUpOutput`] for an output that is not compared, [`Error::ClaimCount`] for another number of claims,
    /// [`Error::Attribute`] for a claim on another output or a point of another length.
    #[doc(hidden)]
    pub fn check_claims<V>(&self, claims: &[EvaluationClaim<usize, V>]) -> Result<()> {
        let layer = || self.architecture.name.clone();
        if let Some(output) = self.architecture.outputs.iter().position(|output| !self.is_compared(output)) {
            return Err(Error::LookedUpOutput { layer: layer(), output });
        }
        let expected = self.architecture.outputs.len();
        if expected != claims.len() {
            return Err(Error::ClaimCount { layer: layer(), expected, actual: claims.len() });
        }
        for ((index, spec), claim) in self.outputs().enumerate().zip(claims) {
            let num_vars = spec.layout.num_vars();
            for (what, actual, expected) in [
                ("output of a claim", claim.subject, index),
                ("number of coordinates of an output's point", claim.point.len(), num_vars),
            ] {
                if actual != expected {
                    let [actual, only] = [actual, expected].map(signed);
                    let layer = layer();
                    return Err(Error::Attribute { layer, what, actual, minimum: only, maximum: only });
                }
            }
        }
        Ok(())
    }

    /// Absorbs claims that were checked. Only Tacit's own sides call it.
    #[doc(hidden)]
    pub fn absorb_claims<T: Transcript>(
        &self,
        transcript: &mut T,
        claims: &[EvaluationClaim<usize, T::Value>],
    ) {
        let mut scalars: Vec<Fr> = vec![];
        for claim in claims {
            let value = transcript.absorbed(&claim.value);
            scalars.extend([scalar(claim.subject), scalar(claim.point.len()), value]);
            scalars.extend(&claim.point);
        }
        transcript.absorb_scalars(labels::CLAIM, &scalars);
    }

    /// Error of every sub-protocol, without the opening of the claims.
    pub fn soundness(&self) -> Vec<(&'static str, SoundnessError)> {
        network_over(&self.architecture, &self.plan, |_| SoundnessError::default())
    }

    /// Checks the shapes of inputs, or of outputs, against their specifications. Only Tacit's own sides call it.
    ///
    /// # Errors
    /// [`Error::TensorCount`] or [`Error::LayerShape`].
    #[doc(hidden)]
    pub fn check_shapes<'a>(
        &'a self,
        what: &'static str,
        expected: impl Iterator<Item = &'a Layout>,
        actual: &[&Layout],
    ) -> Result<()> {
        let expected: Vec<&Layout> = expected.collect();
        let layer = || self.architecture.name.clone();
        if expected.len() != actual.len() {
            let (expected, actual) = (expected.len(), actual.len());
            return Err(Error::TensorCount { layer: layer(), what, expected, actual });
        }
        match expected.into_iter().zip(actual).find(|(expected, actual)| expected != *actual) {
            None => Ok(()),
            Some((expected, actual)) => {
                let [expected, actual] = [expected, *actual].map(|layout| layout.axes().to_vec());
                Err(Error::LayerShape { layer: layer(), what, expected, actual })
            }
        }
    }
}
