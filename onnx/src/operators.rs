//! The ONNX operators that can be imported: their limits and how each is proved. One table for messages, the command line
//! and the tests.

use serde::Serialize;

/// An operator of float models that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// Its ONNX name.
    pub name: &'static str,
    /// What of it is supported; empty when all of it is.
    pub limits: &'static str,
    /// How it is proved.
    pub proof: Proof,
}

/// An operator that cannot be imported, with the nearest thing that can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its ONNX name.
    pub name: &'static str,
    /// What to use in its place.
    pub alternative: &'static str,
}

/// How an operator is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Proof {
    /// A convolution argument.
    Convolution,
    /// A matrix product with committed weights.
    Matmul,
    /// A sumcheck over products of activations.
    Product,
    /// A linear map, with the rescale after it.
    Linear,
    /// Part of the layer before it, or a convolution by one position.
    Folded,
    /// The clip or table of a rescale, by look-ups.
    Lookup,
    /// Look-ups of differences, and a zero check.
    Maximum,
    /// Maxima, tables, sums and products together.
    Composite,
    /// A sumcheck over a map of places.
    View,
    /// Nothing to prove: the same integers.
    Free,
}

impl Proof {
    /// One line about it.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Convolution => "convolution sumcheck, weights opened, rescale by look-ups",
            Self::Matmul => "matrix product sumcheck, weights opened, rescale by look-ups",
            Self::Product => "sumcheck over both factors, rescale by look-ups",
            Self::Linear => "linear sumcheck, rescale by look-ups",
            Self::Folded => "folded into the layer before, else a depthwise 1x1 convolution",
            Self::Lookup => "table or clip of a rescale, by look-ups",
            Self::Maximum => "differences by look-ups, a zero check for the maximum",
            Self::Composite => "maxima, tables, sums and products, each proved as such",
            Self::View => "sumcheck over a map of places, nothing committed",
            Self::Free => "nothing to prove: the same integers",
        }
    }
}

const fn operator(name: &'static str, proof: Proof, limits: &'static str) -> Operator {
    Operator { name, limits, proof }
}

const ONE_NUMBER: &str = "a function of one number; the table has at most 2^18 rows";
const POOLED: &str =
    "one or two dimensions; 16 positions of a window, or 16 along each axis, or a whole axis";

const GIVEN: &str = "one constant scale for an activation; int8, uint8, int16 or uint16";
const COMPARED: &str = "of two values through their difference: what is closer than a unit counts as equal";
const NORMALISED: &str = "means, squares, a table of the inverse root, products: 16 bits advised";
const CONSTANT_INDICES: &str = "constant indices";
const INTERPOLATED: &str = "nearest, linear or cubic, constant sizes; no region, no antialias";
const RECURRENT: &str =
    "unrolled: a fixed number of steps, at most 1,024, each sequence whole; its steps share their weights";

/// Every operator that can be imported from a float model, by what it does.
pub const OPERATORS: &[Operator] = &[
    operator("Conv", Proof::Convolution, "one or two dimensions, constant weights"),
    operator("ConvTranspose", Proof::Convolution, "one or two dimensions, constant weights"),
    operator("Gemm", Proof::Matmul, "one constant factor, constant bias"),
    operator("MatMul", Proof::Matmul, "two activations too, batched or not"),
    operator("LSTM", Proof::Composite, RECURRENT),
    operator("GRU", Proof::Composite, RECURRENT),
    operator("RNN", Proof::Composite, RECURRENT),
    operator("Add", Proof::Linear, "constants fold into the layer before where they can"),
    operator("Sub", Proof::Linear, "constants fold into the layer before where they can"),
    operator("Mul", Proof::Product, "constant factors fold into the layer before where they can"),
    operator("Div", Proof::Product, "constants fold; a computed divisor becomes its reciprocal, a table"),
    operator("BatchNormalization", Proof::Folded, "inference"),
    operator("Relu", Proof::Lookup, ""),
    operator("LeakyRelu", Proof::Lookup, ONE_NUMBER),
    operator("PRelu", Proof::Lookup, "one slope: a table; many: one more convolution"),
    operator("Clip", Proof::Lookup, "constant bounds"),
    operator("Max", Proof::Lookup, "of two values through their difference"),
    operator("Min", Proof::Lookup, "of two values through their difference"),
    operator("Sum", Proof::Linear, ""),
    operator("Mean", Proof::Linear, ""),
    operator("Where", Proof::Product, "a constant condition becomes factors of zero and one"),
    operator("Greater", Proof::Lookup, COMPARED),
    operator("GreaterOrEqual", Proof::Lookup, COMPARED),
    operator("Less", Proof::Lookup, COMPARED),
    operator("LessOrEqual", Proof::Lookup, COMPARED),
    operator("Equal", Proof::Lookup, COMPARED),
    operator("Mod", Proof::Lookup, "constant divisor"),
    operator("And", Proof::Lookup, ""),
    operator("Or", Proof::Lookup, ""),
    operator("Xor", Proof::Lookup, ""),
    operator("Not", Proof::Lookup, ""),
    operator("Cast", Proof::Lookup, "to float, bool or int32"),
    operator("Sigmoid", Proof::Lookup, ONE_NUMBER),
    operator("Tanh", Proof::Lookup, ONE_NUMBER),
    operator("HardSigmoid", Proof::Lookup, ONE_NUMBER),
    operator("HardSwish", Proof::Lookup, ONE_NUMBER),
    operator("Elu", Proof::Lookup, ONE_NUMBER),
    operator("Selu", Proof::Lookup, ONE_NUMBER),
    operator("Celu", Proof::Lookup, ONE_NUMBER),
    operator("Gelu", Proof::Lookup, ONE_NUMBER),
    operator("Erf", Proof::Lookup, ONE_NUMBER),
    operator("Mish", Proof::Lookup, ONE_NUMBER),
    operator("Softplus", Proof::Lookup, ONE_NUMBER),
    operator("Softsign", Proof::Lookup, ONE_NUMBER),
    operator("Exp", Proof::Lookup, ONE_NUMBER),
    operator("Log", Proof::Lookup, ONE_NUMBER),
    operator("Abs", Proof::Lookup, ONE_NUMBER),
    operator("Neg", Proof::Lookup, "folds into the layer before where it can"),
    operator("Sqrt", Proof::Lookup, ONE_NUMBER),
    operator("Reciprocal", Proof::Lookup, ONE_NUMBER),
    operator("Pow", Proof::Lookup, "the exponent is constant"),
    operator("Sin", Proof::Lookup, ONE_NUMBER),
    operator("Cos", Proof::Lookup, ONE_NUMBER),
    operator("Tan", Proof::Lookup, ONE_NUMBER),
    operator("Asin", Proof::Lookup, ONE_NUMBER),
    operator("Acos", Proof::Lookup, ONE_NUMBER),
    operator("Atan", Proof::Lookup, ONE_NUMBER),
    operator("Sinh", Proof::Lookup, ONE_NUMBER),
    operator("Cosh", Proof::Lookup, ONE_NUMBER),
    operator("Asinh", Proof::Lookup, ONE_NUMBER),
    operator("Acosh", Proof::Lookup, ONE_NUMBER),
    operator("Atanh", Proof::Lookup, ONE_NUMBER),
    operator("Swish", Proof::Lookup, ONE_NUMBER),
    operator("Floor", Proof::Lookup, ONE_NUMBER),
    operator("Ceil", Proof::Lookup, ONE_NUMBER),
    operator("Round", Proof::Lookup, ONE_NUMBER),
    operator("Sign", Proof::Lookup, ONE_NUMBER),
    operator("ThresholdedRelu", Proof::Lookup, ONE_NUMBER),
    operator("Shrink", Proof::Lookup, ONE_NUMBER),
    operator("MaxPool", Proof::Maximum, POOLED),
    operator("GlobalMaxPool", Proof::Maximum, ""),
    operator("ReduceMax", Proof::Maximum, ""),
    operator("ReduceMin", Proof::Maximum, ""),
    operator("TopK", Proof::Composite, "up to 64 elements in their order; the index of one alone"),
    operator("OneHot", Proof::Lookup, "integer inputs, of at most 256 places"),
    operator("ArgMax", Proof::Composite, "one axis"),
    operator("ArgMin", Proof::Composite, "one axis"),
    operator("Hardmax", Proof::Composite, "one axis of at most 2^14"),
    operator("LogSoftmax", Proof::Composite, "the largest element taken off before"),
    operator("ReduceLogSumExp", Proof::Composite, "the largest element taken off before"),
    operator("Softmax", Proof::Composite, "probabilities of eight binary digits; one axis of at most 2^14"),
    operator("AveragePool", Proof::Linear, "one or two dimensions"),
    operator("GlobalAveragePool", Proof::Linear, ""),
    operator("ReduceMean", Proof::Linear, ""),
    operator("ReduceSum", Proof::Linear, ""),
    operator("ReduceL1", Proof::Linear, ""),
    operator("ReduceL2", Proof::Lookup, ""),
    operator("ReduceSumSquare", Proof::Linear, ""),
    operator("ReduceLogSum", Proof::Lookup, ""),
    operator("ReduceProd", Proof::Product, "halves times each other: 16 bits advised"),
    operator("LpPool", Proof::Lookup, "one or two dimensions; lengths are rounded down"),
    operator("GlobalLpPool", Proof::Lookup, ""),
    operator("LayerNormalization", Proof::Composite, NORMALISED),
    operator("InstanceNormalization", Proof::Composite, NORMALISED),
    operator("GroupNormalization", Proof::Composite, NORMALISED),
    operator("RMSNormalization", Proof::Composite, NORMALISED),
    operator("MeanVarianceNormalization", Proof::Composite, NORMALISED),
    operator("LpNormalization", Proof::Composite, "p = 1 or 2: 16 bits advised"),
    operator("LRN", Proof::Composite, NORMALISED),
    operator("CumSum", Proof::Matmul, "a constant triangular matrix; a constant axis"),
    operator("Einsum", Proof::Product, "one or two operands, each axis named once in each"),
    operator("Trilu", Proof::Folded, "a constant diagonal"),
    operator(
        "Pad",
        Proof::View,
        "constant, edge, reflect or wrap; constant paddings, by constant and edge negative ones too",
    ),
    operator(
        "Gather",
        Proof::View,
        "constant indices, or integer inputs as indices of constants of at most 256 places",
    ),
    operator("GatherElements", Proof::View, CONSTANT_INDICES),
    operator("GatherND", Proof::View, CONSTANT_INDICES),
    operator("ScatterElements", Proof::View, "constant indices, each once; no reduction"),
    operator("ScatterND", Proof::View, "constant indices, each once; no reduction"),
    operator("Tile", Proof::View, "constant repeats"),
    operator("Slice", Proof::View, "constant bounds; steps of either sign"),
    operator("Split", Proof::View, "constant lengths"),
    operator("Concat", Proof::View, "parts get one scale; constant parts are added to zeros"),
    operator("Upsample", Proof::View, "nearest or linear; constant factors"),
    operator("Resize", Proof::View, INTERPOLATED),
    operator("Expand", Proof::View, "constant shape"),
    operator("Reshape", Proof::View, "constant shape; at most 8 axes longer than one"),
    operator("DepthToSpace", Proof::View, ""),
    operator("SpaceToDepth", Proof::View, ""),
    operator("Transpose", Proof::Free, ""),
    operator("Flatten", Proof::Free, ""),
    operator("Squeeze", Proof::Free, ""),
    operator("Unsqueeze", Proof::Free, ""),
    operator("Identity", Proof::Free, ""),
    operator("Dropout", Proof::Free, "inference"),
    operator("Constant", Proof::Free, ""),
];

/// Further operators that can be imported from a model that is already quantised.
pub const QUANTISED_OPERATORS: &[Operator] = &[
    operator("QuantizeLinear", Proof::Lookup, GIVEN),
    operator("DequantizeLinear", Proof::Free, "the scale and zero point that the integers were written with"),
    operator("QLinearConv", Proof::Convolution, "one or two dimensions, constant weights"),
    operator("QLinearMatMul", Proof::Matmul, "two activations too"),
    operator("QGemm", Proof::Matmul, "two activations too, then without bias"),
    operator("QLinearAdd", Proof::Linear, ""),
    operator("QLinearMul", Proof::Product, ""),
    operator("QLinearConcat", Proof::View, "each part is brought to the result's scale"),
    operator("QLinearSoftmax", Proof::Composite, "operator set 13 and newer; as Softmax"),
    operator("QLinearAveragePool", Proof::Linear, "one or two dimensions"),
    operator("QLinearGlobalAveragePool", Proof::Linear, "channels in front"),
    operator("QLinearLeakyRelu", Proof::Lookup, ""),
    operator("QLinearSigmoid", Proof::Lookup, ""),
    operator("ConvInteger", Proof::Convolution, "constant weights; a constant factor behind it"),
    operator("MatMulInteger", Proof::Matmul, "a constant factor behind it"),
    operator("MatMulIntegerToFloat", Proof::Matmul, "constant weights"),
    operator("DynamicQuantizeLinear", Proof::Free, "its scale is calibrated, with --calibrate"),
    operator("DynamicQuantizeMatMul", Proof::Matmul, "constant weights; its scale is calibrated"),
    operator("Cast", Proof::Free, "from integer sums to real numbers"),
];

const fn refused(name: &'static str, alternative: &'static str) -> Refused {
    Refused { name, alternative }
}

/// Operators that are often met and cannot be imported, with the nearest that can.
pub const REFUSED: &[Refused] = &[
    refused("NonZero", "a mask of zeros and ones by Greater or Equal, and Mul"),
    refused("Unique", "a result of fixed shape"),
    refused("Compress", "Gather with constant indices"),
    refused("IsNaN", "nothing in its place: values of a quantised network are numbers"),
    refused("IsInf", "nothing in its place: values of a quantised network are numbers"),
];

/// What to use in place of an operator that cannot be imported.
pub fn alternative(operator: &str) -> String {
    match REFUSED.iter().find(|refused| refused.name == operator) {
        Some(refused) => format!("the nearest that is: {}", refused.alternative),
        None => "`tacit operators` lists those that are".to_owned(),
    }
}
