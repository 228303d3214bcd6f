//! What the importer reads of each operator: attributes that it computes with, and optional inputs and outputs that it does
//! not know.
//!
//! The list is written by hand, against the source of tract and the rules of this crate, and tested against ONNX Runtime's
//! outputs. An attribute that is not here is read only as its default; an operator that is not here has no attributes that
//! are read. **Whoever makes an operator readable adds what is read of it here.**

use self::Reading::{Any, Only};

/// What is read of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Every value is computed with, or has no bearing on what is computed.
    Any,
    /// These values in the table's notation are, and no others.
    Only(&'static [&'static str]),
}

type Readings = &'static [(&'static str, Reading)];

const AXIS: Readings = &[("axis", Any)];
const ALPHA: Readings = &[("alpha", Any)];
const EPSILON: Readings = &[("epsilon", Any)];
const DILATIONS: (&str, Reading) = ("dilations", Any);
const KERNEL_SHAPE: (&str, Reading) = ("kernel_shape", Any);
const PADS: (&str, Reading) = ("pads", Any);
const STRIDES: (&str, Reading) = ("strides", Any);
const AUTO_PAD: (&str, Reading) = ("auto_pad", Any);
const CEIL_MODE: (&str, Reading) = ("ceil_mode", Any);
const GROUP: (&str, Reading) = ("group", Any);
const CONV: Readings = &[AUTO_PAD, DILATIONS, GROUP, KERNEL_SHAPE, PADS, STRIDES];
const REDUCE: Readings = &[("axes", Any), ("keepdims", Any), ("noop_with_empty_axes", Any)];
const ARG: Readings = &[("axis", Any), ("keepdims", Any), ("select_last_index", Any)];
const RNN: Readings = &[
    ("activation_alpha", Any),
    ("activation_beta", Any),
    ("activations", Any),
    ("clip", Any),
    ("direction", Any),
    ("hidden_size", Any),
    ("layout", Any),
];
const GRU: Readings = &[
    ("activation_alpha", Any),
    ("activation_beta", Any),
    ("activations", Any),
    ("clip", Any),
    ("direction", Any),
    ("hidden_size", Any),
    ("layout", Any),
    ("linear_before_reset", Any),
];
const LSTM: Readings = &[
    ("activation_alpha", Any),
    ("activation_beta", Any),
    ("activations", Any),
    ("clip", Any),
    ("direction", Any),
    ("hidden_size", Any),
    ("input_forget", Any),
    ("layout", Any),
];

/// The attributes that are read, by operator.
pub(crate) const ATTRIBUTES: &[(&str, Readings)] = &[
    ("ArgMax", ARG),
    ("ArgMin", ARG),
    (
        "AveragePool",
        &[AUTO_PAD, CEIL_MODE, ("count_include_pad", Any), DILATIONS, KERNEL_SHAPE, PADS, STRIDES],
    ),
    // Momentum is for training.
    ("BatchNormalization", &[("epsilon", Any), ("momentum", Any)]),
    ("BitShift", &[("direction", Any)]),
    ("Cast", &[("to", Any)]),
    ("Celu", ALPHA),
    ("Clip", &[("max", Any), ("min", Any)]),
    ("Compress", AXIS),
    ("Concat", AXIS),
    (
        "Constant",
        &[
            ("value", Any),
            ("value_float", Any),
            ("value_floats", Any),
            ("value_int", Any),
            ("value_ints", Any),
        ],
    ),
    ("ConstantOfShape", &[("value", Any)]),
    ("Conv", CONV),
    ("ConvInteger", CONV),
    (
        "ConvTranspose",
        &[
            ("auto_pad", Only(&["\"VALID\""])),
            DILATIONS,
            GROUP,
            KERNEL_SHAPE,
            ("output_padding", Any),
            PADS,
            STRIDES,
        ],
    ),
    ("CumSum", &[("exclusive", Any), ("reverse", Any)]),
    ("DepthToSpace", &[("blocksize", Any), ("mode", Any)]),
    ("DequantizeLinear", AXIS),
    // Nothing is dropped in inference; training is refused.
    ("Dropout", &[("ratio", Any), ("seed", Any)]),
    ("Einsum", &[("equation", Any)]),
    ("Elu", ALPHA),
    ("EyeLike", &[("dtype", Any), ("k", Any)]),
    ("Flatten", AXIS),
    ("GRU", GRU),
    ("Gather", AXIS),
    ("GatherElements", AXIS),
    ("GatherND", &[("batch_dims", Any)]),
    ("Gelu", &[("approximate", Any)]),
    ("Gemm", &[("alpha", Any), ("beta", Any), ("transA", Any), ("transB", Any)]),
    ("GlobalLpPool", &[("p", Any)]),
    ("GroupNormalization", &[("epsilon", Any), ("num_groups", Any)]),
    ("HardSigmoid", &[("alpha", Any), ("beta", Any)]),
    ("Hardmax", AXIS),
    ("If", &[("else_branch", Any), ("then_branch", Any)]),
    ("InstanceNormalization", EPSILON),
    ("IsInf", &[("detect_negative", Any), ("detect_positive", Any)]),
    ("LRN", &[("alpha", Any), ("beta", Any), ("bias", Any), ("size", Any)]),
    ("LSTM", LSTM),
    ("LayerNormalization", &[("axis", Any), ("epsilon", Any)]),
    ("LeakyRelu", ALPHA),
    ("LogSoftmax", AXIS),
    ("LpNormalization", &[("axis", Any), ("p", Any)]),
    ("LpPool", &[AUTO_PAD, DILATIONS, KERNEL_SHAPE, ("p", Any), PADS, STRIDES]),
    ("MaxPool", &[AUTO_PAD, CEIL_MODE, DILATIONS, KERNEL_SHAPE, PADS, STRIDES, ("storage_order", Any)]),
    ("MeanVarianceNormalization", &[("axes", Any)]),
    ("Mod", &[("fmod", Any)]),
    ("OneHot", AXIS),
    ("Pad", &[("mode", Any), ("pads", Any), ("value", Any)]),
    ("QuantizeLinear", AXIS),
    ("RMSNormalization", &[("axis", Any), ("epsilon", Any)]),
    ("RNN", RNN),
    ("ReduceL1", REDUCE),
    ("ReduceL2", REDUCE),
    ("ReduceLogSum", REDUCE),
    ("ReduceLogSumExp", REDUCE),
    ("ReduceMax", REDUCE),
    ("ReduceMean", REDUCE),
    ("ReduceMin", REDUCE),
    ("ReduceProd", REDUCE),
    ("ReduceSum", REDUCE),
    ("ReduceSumSquare", REDUCE),
    ("Reshape", &[("allowzero", Any)]),
    (
        "Resize",
        &[
            ("antialias", Any),
            ("axes", Any),
            ("coordinate_transformation_mode", Any),
            ("cubic_coeff_a", Any),
            ("exclude_outside", Any),
            ("extrapolation_value", Any),
            ("keep_aspect_ratio_policy", Any),
            ("mode", Any),
            ("nearest_mode", Any),
        ],
    ),
    ("Scatter", AXIS),
    ("ScatterElements", &[("axis", Any), ("reduction", Any)]),
    ("ScatterND", &[("reduction", Any)]),
    ("Selu", &[("alpha", Any), ("gamma", Any)]),
    ("Shape", &[("end", Any), ("start", Any)]),
    ("Shrink", &[("bias", Any), ("lambd", Any)]),
    ("Slice", &[("axes", Any), ("ends", Any), ("starts", Any)]),
    ("Softmax", AXIS),
    ("SpaceToDepth", &[("blocksize", Any)]),
    ("Split", &[("axis", Any), ("num_outputs", Any), ("split", Any)]),
    ("Squeeze", &[("axes", Any)]),
    ("Swish", ALPHA),
    ("ThresholdedRelu", ALPHA),
    // The order of what is found does not matter to one element; of more it may not be left open.
    ("TopK", &[("axis", Any), ("k", Any), ("largest", Any), ("sorted", Any)]),
    ("Transpose", &[("perm", Any)]),
    ("Trilu", &[("upper", Any)]),
    ("Unsqueeze", &[("axes", Any)]),
    ("Upsample", &[("mode", Any), ("scales", Any)]),
];

/// Outputs that are not computed, by operator.
pub(crate) const UNKNOWN_OUTPUTS: &[(&str, &[&str])] = &[
    // Statistics of training, under the names of all versions.
    ("BatchNormalization", &["mean", "var", "saved_mean", "saved_var", "running_mean", "running_var"]),
];

/// Optional inputs that are not read, or not as ONNX says, by operator.
pub(crate) const UNKNOWN_INPUTS: &[(&str, &[&str])] =
    &[("Attention", &["attn_mask", "past_key", "past_value", "nonpad_kv_seqlen"])];

/// Operators whose results are drawn at random.
pub(crate) const RANDOM: &[&str] =
    &["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"];

/// What is read of an operator's attribute; nothing when only its default is.
pub(crate) fn reading(operator: &str, attribute: &str) -> Option<Reading> {
    let (_, readings) = ATTRIBUTES.iter().find(|(name, _)| *name == operator)?;
    readings.iter().find(|(name, _)| *name == attribute).map(|&(_, reading)| reading)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use tract_onnx::prelude::Framework;

    use super::{
        super::{attribute::is_value, table::versions},
        ATTRIBUTES, Reading, UNKNOWN_INPUTS, UNKNOWN_OUTPUTS,
    };

    #[test]
    fn what_is_read_is_in_the_schemas() {
        for (operator, readings) in ATTRIBUTES {
            for (attribute, reading) in *readings {
                let known = versions(operator)
                    .iter()
                    .any(|schema| schema.attributes.iter().any(|known| known.name == *attribute));
                assert!(known, "{operator}: {attribute}");
                assert!(*reading != Reading::Only(&[]), "{operator}: {attribute}");
            }
        }
        for (operator, names) in UNKNOWN_INPUTS.iter().chain(UNKNOWN_OUTPUTS) {
            let schemas =
                || versions(operator).iter().flat_map(|schema| schema.inputs.iter().chain(&schema.outputs));
            for name in *names {
                assert!(schemas().any(|known| known.name == *name), "{operator}: {name}");
            }
        }
    }

    /// Attributes with a model in `tests/fixtures/attributes` or `recurrent` that gives them another value than the default.
    fn with_fixture() -> BTreeSet<(String, String)> {
        let entries = |folder: &str| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
            std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path())
        };
        let recurrent = entries("recurrent").filter(|path| path.is_dir()).map(|path| path.join("model.onnx"));
        let mut found = BTreeSet::new();
        for path in entries("attributes").chain(recurrent) {
            let proto = tract_onnx::onnx().proto_model_for_path(path).expect("a model");
            for node in proto.graph.expect("a graph").node {
                for attribute in &node.attribute {
                    let schemas = versions(&node.op_type).iter().flat_map(|schema| &schema.attributes);
                    let mut defaults = schemas
                        .filter(|known| known.name == attribute.name)
                        .filter_map(|known| known.default);
                    if !defaults.any(|default| is_value(attribute, default)) {
                        found.insert((node.op_type.clone(), attribute.name.clone()));
                    }
                }
            }
        }
        found
    }

    #[test]
    fn every_attribute_that_is_read_has_a_model_with_onnx_runtimes_output() {
        // Models of integers are tested in `tests/quantised.rs` and `tests/quantised_reals.rs`.
        let quantised = ["ConvInteger", "DequantizeLinear", "QuantizeLinear"];
        let found = with_fixture();
        let missing: Vec<_> = ATTRIBUTES
            .iter()
            .filter(|(operator, _)| !quantised.contains(operator))
            .flat_map(|(operator, readings)| {
                readings.iter().map(move |(attribute, _)| (*operator, *attribute))
            })
            .filter(|(operator, attribute)| {
                !found.contains(&((*operator).to_owned(), (*attribute).to_owned()))
            })
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
