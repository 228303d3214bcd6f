//! Errors of networks, shapes and configuration: misuse, never a rejected proof.

use thiserror::Error;

/// Why a network, a tensor or a file that describes one cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor has no axes, too many axes, an axis of length zero, or too many elements.
    #[error(
        "shape {axes:?} is not usable: 1 to {max_axes} axes, each at least 1, at most 2^{max_vars} padded elements"
    )]
    Shape {
        /// The axis lengths.
        axes: Vec<usize>,
        /// The most axes a tensor may have.
        max_axes: usize,
        /// The most variables the multilinear extension of a tensor may have.
        max_vars: usize,
    },
    /// A tensor's data does not fill its shape.
    #[error("tensor of shape {axes:?} needs {expected} elements, got {actual}")]
    ElementCount {
        /// The axis lengths.
        axes: Vec<usize>,
        /// The product of the axis lengths.
        expected: usize,
        /// The number of elements given.
        actual: usize,
    },
    /// A point has another number of coordinates than a tensor has variables.
    #[error("tensor of shape {axes:?} has {expected} variables, the point has {actual} coordinates")]
    PointLength {
        /// The axis lengths.
        axes: Vec<usize>,
        /// Variables of all axes.
        expected: usize,
        /// Coordinates of the point.
        actual: usize,
    },
    /// A tensor has no such axis.
    #[error("tensor of shape {axes:?} has no axis {axis}: axes are counted from 0")]
    NoAxis {
        /// The axis lengths.
        axes: Vec<usize>,
        /// The axis asked for.
        axis: usize,
    },
    /// Vectors, points or tables of sizes that do not go together.
    #[error(transparent)]
    Size(#[from] tacit_algebra::Error),
    /// The network has another number of inputs.
    #[error(
        "the network has {expected} inputs ({inputs}), {actual} were given: give one tensor for each, in this order"
    )]
    NumInputs {
        /// Inputs of the network.
        expected: usize,
        /// Inputs given.
        actual: usize,
        /// The names of the network's inputs.
        inputs: String,
    },
    /// Nothing was given for one of the network's inputs.
    #[error("nothing was given for input `{input}`: the network's inputs are {inputs}")]
    MissingInput {
        /// The input's name.
        input: String,
        /// The names of the network's inputs.
        inputs: String,
    },
    /// A name that none of the network's inputs has.
    #[error("the network has no input `{input}`: its inputs are {inputs}")]
    UnknownInput {
        /// The name given.
        input: String,
        /// The names of the network's inputs.
        inputs: String,
    },
    /// Something was given for one input more than once.
    #[error("input `{input}` was given more than once: give it once")]
    RepeatedInput {
        /// The input's name.
        input: String,
    },
    /// An input tensor does not have the shape the network was compiled for.
    #[error(
        "input `{input}` has shape {actual:?}, the network expects {expected:?}: compile the network for this shape or reshape the input"
    )]
    InputShape {
        /// The input's name.
        input: String,
        /// The shape of the network's input.
        expected: Vec<usize>,
        /// The shape given.
        actual: Vec<usize>,
    },
    /// An input value lies outside the input's integer range.
    #[error(
        "input `{input}` holds {value} at position {position}, which is outside the range {minimum}..={maximum} that the network was compiled for"
    )]
    InputRange {
        /// The input's name.
        input: String,
        /// Flat position of the value.
        position: usize,
        /// The value.
        value: i64,
        /// Smallest value allowed.
        minimum: i64,
        /// Largest value allowed.
        maximum: i64,
    },
    /// An integer to be committed to lies outside the range of any network's input.
    #[error(
        "the tensor to commit to holds {value} at position {position}, no network reads integers outside {minimum}..={maximum}"
    )]
    CommittedRange {
        /// Flat position of the value.
        position: usize,
        /// The value.
        value: i64,
        /// Smallest value allowed.
        minimum: i64,
        /// Largest value allowed.
        maximum: i64,
    },
    /// A layer refers to a node or a parameter that does not exist or comes later.
    #[error("layer `{layer}` refers to {what} {index}, which does not exist before it")]
    Reference {
        /// The layer's name.
        layer: String,
        /// `node` or `parameter`.
        what: &'static str,
        /// The index referred to.
        index: usize,
    },
    /// A name that no layer has.
    #[error("the network has no layer `{layer}`")]
    UnknownLayer {
        /// The name given.
        layer: String,
    },
    /// A layer was given an argument that proves other layers.
    #[error("layer `{layer}`, a {operation}, is not proved by the argument `{argument}` that it was given")]
    OtherArgument {
        /// The layer's name.
        layer: String,
        /// What it is.
        operation: &'static str,
        /// The argument's name.
        argument: &'static str,
    },
    /// An argument by itself was given another number of tensors.
    #[error("layer `{layer}` needs {expected} tensors, got {actual}: each is {what}")]
    TensorCount {
        /// The layer's name.
        layer: String,
        /// What the tensors are.
        what: &'static str,
        /// How many there are.
        expected: usize,
        /// How many were given.
        actual: usize,
    },
    /// An argument by itself was given another number of claims on its outputs.
    #[error("layer `{layer}` has {expected} outputs, got claims on {actual}")]
    ClaimCount {
        /// The layer's name.
        layer: String,
        /// How many outputs there are.
        expected: usize,
        /// How many claims were given.
        actual: usize,
    },
    /// An argument by itself was given claims on an output that its look-ups claim.
    #[error(
        "output {output} of layer `{layer}` is a column that look-ups claim: prove its values instead of claims on it"
    )]
    LookedUpOutput {
        /// The layer's name.
        layer: String,
        /// The output's index.
        output: usize,
    },
    /// A layer takes another number of inputs.
    #[error("layer `{layer}` takes {expected} inputs, got {actual}")]
    InputCount {
        /// The layer's name.
        layer: String,
        /// What the operation takes.
        expected: usize,
        /// What it was given.
        actual: usize,
    },
    /// A layer was given an accumulator where it needs an activation, or the reverse.
    #[error("layer `{layer}` needs {expected} as its input, got {actual}")]
    ValueKind {
        /// The layer's name.
        layer: String,
        /// The kind needed.
        expected: &'static str,
        /// The kind given.
        actual: &'static str,
    },
    /// A layer's parameters or inputs have shapes that do not fit together.
    #[error("layer `{layer}`: {what} has shape {actual:?}, expected {expected:?}")]
    LayerShape {
        /// The layer's name.
        layer: String,
        /// Which tensor.
        what: &'static str,
        /// The shape needed.
        expected: Vec<usize>,
        /// The shape found.
        actual: Vec<usize>,
    },
    /// A grouped convolution's groups do not split its outputs or channels.
    #[error(
        "layer `{layer}`: {groups} groups do not split {channels} channels and {outputs} outputs into parts whose sizes are powers of two: widen the weights to one group"
    )]
    Groups {
        /// The layer's name.
        layer: String,
        /// Number of groups.
        groups: usize,
        /// Input channels.
        channels: usize,
        /// Output channels.
        outputs: usize,
    },
    /// A sliding window does not fit its input.
    #[error(
        "layer `{layer}`: a window of extent {extent} with stride {stride} does not fit an axis of length {length} padded by {padding}"
    )]
    Window {
        /// The layer's name.
        layer: String,
        /// Kernel extent with its dilation.
        extent: usize,
        /// Stride of the window.
        stride: usize,
        /// Length of the axis.
        length: usize,
        /// Padding at both ends together.
        padding: usize,
    },
    /// A numeric attribute of a layer is outside what the arguments cover.
    #[error("layer `{layer}`: {what} is {actual}, must be in {minimum}..={maximum}")]
    Attribute {
        /// The layer's name.
        layer: String,
        /// Which attribute.
        what: &'static str,
        /// Its value.
        actual: i64,
        /// Smallest value allowed.
        minimum: i64,
        /// Largest value allowed.
        maximum: i64,
    },
    /// A layer's accumulator could leave its width for some input in range.
    #[error(
        "layer `{layer}`: the accumulator can reach {bound}, outside {bits} bits: use smaller weights or split the layer"
    )]
    AccumulatorOverflow {
        /// The layer's name.
        layer: String,
        /// The largest magnitude it can reach.
        bound: i128,
        /// Width of the accumulator, sign included.
        bits: u32,
    },
    /// A rescaled value could take more values than its look-ups allow.
    #[error(
        "layer `{layer}`: the rescaled value spans {minimum}..={maximum}, more than the 2^{limit} values supported: use a larger scale or fewer inputs to the layer"
    )]
    TableTooLarge {
        /// The layer's name.
        layer: String,
        /// Smallest quotient.
        minimum: i128,
        /// Largest quotient.
        maximum: i128,
        /// $\log_2$ of how many values it may take.
        limit: u32,
    },
    /// A range that look-ups by themselves do not take.
    #[error(
        "integers cannot be looked up in the range {minimum}..={maximum}: it must hold 1 to 2^{max_vars} integers, none beyond \
         {max_bound} in magnitude; look larger ones up by digits, each in a range of its own"
    )]
    LookupRange {
        /// Its smallest integer.
        minimum: i64,
        /// Its largest integer.
        maximum: i64,
        /// $\log_2$ of the most integers.
        max_vars: usize,
        /// The largest magnitude.
        max_bound: i64,
    },
    /// A table that look-ups by themselves do not take.
    #[error(
        "a look-up table cannot have columns of {lengths:?} rows: it must have 1 to {max_columns} columns of one length, \
         1 to 2^{max_vars} rows"
    )]
    LookupTable {
        /// Rows of every column.
        lengths: Vec<usize>,
        /// Most columns.
        max_columns: usize,
        /// $\log_2$ of the most rows.
        max_vars: usize,
    },
    /// An input of look-ups has a table that does not exist.
    #[error("look-ups: input {input} has table {table}, there are {num_tables} tables")]
    LookupInput {
        /// The input's index.
        input: usize,
        /// The table's index.
        table: usize,
        /// Number of tables.
        num_tables: usize,
    },
    /// Nothing is looked up in a table.
    #[error("look-ups: no input has table {table}: give it one, or leave the table out")]
    UnusedTable {
        /// The table's index.
        table: usize,
    },
    /// Look-ups by themselves take more leaves than supported.
    #[error(
        "the look-ups take {num_leaves} leaves, with padding and tables, more than 2^{max_vars}: split them"
    )]
    TooManyLookups {
        /// Leaves of all inputs and tables.
        num_leaves: usize,
        /// $\log_2$ of the most supported.
        max_vars: usize,
    },
    /// Look-ups by themselves were given another number of tensors.
    #[error(
        "the look-ups' inputs have {expected} columns together, {actual} were given: give one tensor for each, in order"
    )]
    LookupColumnCount {
        /// Columns of all inputs.
        expected: usize,
        /// Tensors given.
        actual: usize,
    },
    /// A tensor that is looked up has another shape than its input.
    #[error("look-ups: column {column} of input {input} has shape {actual:?}, expected {expected:?}")]
    LookupShape {
        /// The input's index.
        input: usize,
        /// The column's index among the input's.
        column: usize,
        /// The input's shape.
        expected: Vec<usize>,
        /// The shape given.
        actual: Vec<usize>,
    },
    /// Fractions that are no tree's leaves.
    #[error(
        "a tree of fractions has as many numerators as denominators, a power of two of at least 2, got {numerators} and \
         {denominators}"
    )]
    FractionCount {
        /// Numerators given.
        numerators: usize,
        /// Denominators given.
        denominators: usize,
    },
    /// A circuit breaks a rule.
    #[error("circuit `{layer}`: {reason}")]
    Circuit {
        /// The layer's name.
        layer: String,
        /// Which rule.
        reason: &'static str,
    },
    /// A layer by gates has more gates, or a tensor of more elements, than a prover is asked for.
    #[error(
        "layer `{layer}` takes {gates} gates, more than {maximum}: choose another argument or split the layer"
    )]
    TooManyGates {
        /// The layer's name.
        layer: String,
        /// Gates, or elements of a tensor.
        gates: u64,
        /// The most allowed.
        maximum: u64,
    },
    /// A file or buffer is not what its header promises.
    #[error("not a Tacit {expected}: {reason}")]
    Format {
        /// What it was read as.
        expected: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A graph breaks a rule that no single layer is to blame for.
    #[error("the network is not valid: {reason}")]
    Graph {
        /// Which rule.
        reason: &'static str,
    },
    /// Checking a network's proofs costs more than so short a key and proof may ask of a verifier.
    #[error(
        "the network is out of proportion: checking a proof of it takes about {} ms, and a key and proof of it hold {received} bytes \
         at least, for which no more than {} ms are spent; compute less between two committed values",
        nanoseconds / 1_000_000,
        allowed / 1_000_000
    )]
    Disproportionate {
        /// Nanoseconds of one core.
        nanoseconds: usize,
        /// Nanoseconds that the bytes allow.
        allowed: usize,
        /// Bytes of the shortest key, statement and proof together.
        received: usize,
    },
    /// A file that begins as it should is damaged or was altered.
    #[error("this Tacit {what} is damaged: {reason}")]
    Damaged {
        /// What it was read as.
        what: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file was written by another version of the format.
    #[error(
        "{what} has format version {actual}, this program reads version {expected}: compile the model again"
    )]
    Version {
        /// What it was read as.
        what: &'static str,
        /// The version this program reads.
        expected: u32,
        /// The version found.
        actual: u32,
    },
    /// A convolution's spectrum is larger than the argument by FFT covers.
    #[error(
        "layer `{layer}`: its spectrum takes {num_vars} variables, the argument by FFT covers {limit}: prove it by another argument"
    )]
    Spectrum {
        /// The layer's name.
        layer: String,
        /// Variables of transforms, groups and channels.
        num_vars: usize,
        /// The most supported.
        limit: usize,
    },
    /// The network has no output, or an output that is used up by another layer.
    #[error("the network's output `{layer}` cannot be an output: {reason}")]
    Output {
        /// The layer's name.
        layer: String,
        /// Why not.
        reason: &'static str,
    },
}

/// Result of this crate's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;
