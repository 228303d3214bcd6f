//! Models that are already quantised against ONNX Runtime's outputs, operator by operator and trained networks whole.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing helper fails its test")]

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis};
use tacit_inference::execute;
use tacit_layers::{Network, Operation};
use tacit_onnx::{Error, QuantisedModel, dequantise_output, quantise_input, quantised::import};

fn path(name: &str, ending: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/quantised").join(format!("{name}.{ending}"))
}

fn samples(path: &Path) -> Vec<Vec<f32>> {
    let array: ArrayD<f32> = ndarray_npy::read_npy(path).unwrap();
    array.axis_iter(Axis(0)).map(|sample| sample.iter().copied().collect()).collect()
}

fn model(path: &Path) -> QuantisedModel {
    import(path).unwrap().unwrap_or_else(|| panic!("{} is not quantised", path.display()))
}

/// Differences from reference outputs, in units of the last place.
#[derive(Debug, Default)]
struct Difference {
    /// The largest.
    units: i64,
    same: usize,
    total: usize,
    same_class: usize,
    correct: usize,
    samples: usize,
}

impl Difference {
    fn share(&self) -> f64 {
        self.same as f64 / self.total as f64
    }
}

fn argmax(values: &[f32]) -> usize {
    let largest = |best: usize, i: usize| if values[i] > values[best] { i } else { best };
    (0..values.len()).fold(0, largest)
}

/// All of the network's outputs on a real sample.
fn run(network: &Network, sample: &[f32]) -> Vec<Vec<f32>> {
    let specs = network.infer().unwrap();
    let input = quantise_input(&network.architecture, sample).unwrap();
    let trace = execute(network, &specs, &input).unwrap();
    let outputs = trace.outputs(network).enumerate();
    outputs.map(|(index, output)| dequantise_output(&network.architecture, index, output)).collect()
}

/// Compares output by output.
fn compare(
    network: &Network,
    inputs: &[Vec<f32>],
    outputs: &[Vec<f32>],
    labels: &[usize],
) -> Vec<Difference> {
    let declared = &network.architecture.outputs;
    let mut differences: Vec<Difference> = declared.iter().map(|_| Difference::default()).collect();
    assert_eq!(inputs.len(), outputs.len());
    for (index, (input, expected)) in inputs.iter().zip(outputs).enumerate() {
        let mut rest = &expected[..];
        for ((output, ours), difference) in declared.iter().zip(run(network, input)).zip(&mut differences) {
            assert_eq!(output.shape.iter().product::<usize>(), ours.len());
            let theirs = rest.split_off(..ours.len()).unwrap();
            let count = output.scales.len();
            assert!(count == 1 || count == ours.len(), "scales along an inner axis");
            for (i, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                let units = f64::from(ours - theirs) / output.scales[i % count];
                let units = units.abs().round() as i64;
                difference.units = difference.units.max(units);
                difference.same += usize::from(units == 0);
                difference.total += 1;
            }
            difference.samples += 1;
            difference.same_class += usize::from(argmax(&ours) == argmax(theirs));
            difference.correct += usize::from(labels.get(index) == Some(&argmax(&ours)));
        }
        assert!(rest.is_empty(), "all outputs are compared");
    }
    differences
}

/// Differences of a small model from its reference outputs.
fn operator(name: &str) -> (QuantisedModel, Vec<Difference>) {
    let model = model(&path(name, "onnx"));
    for rescale in &model.rescales {
        assert!(rescale.units < 1.0, "{name}: {rescale:?}");
    }
    let (inputs, outputs) = (samples(&path(name, "inputs.npy")), samples(&path(name, "outputs.npy")));
    let differences = compare(&model.network, &inputs, &outputs, &[]);
    for (index, difference) in differences.iter().enumerate() {
        let Difference { units, same, total, .. } = difference;
        eprintln!("{name}, output {index}: {units} units at most, {same} of {total} the same");
    }
    (model, differences)
}

/// One rescale between input and output: at most one unit, and rarely that.
const RESCALED: &[&str] = &[
    "qdq_conv_per_channel",
    "qdq_conv_relu",
    "qdq_conv_signed",
    "qdq_conv_depthwise",
    "qdq_conv_groups",
    "qdq_conv_1d",
    "qdq_conv_without_bias",
    "qdq_conv_float_bias",
    "qdq_gemm",
    "qdq_matmul_rows",
    "qdq_matmul_transposed_weights",
    "qdq_relu",
    "qdq_relu6",
    "qdq_transpose_flatten_gemm",
    "qdq_average_pool",
    "qdq_average_pool_padded",
    "qdq_global_average_pool",
    "qlinear_conv_per_channel",
    "qlinear_conv_uint8_weights",
    "qlinear_conv_wide_weights",
    "qlinear_matmul",
    "qlinear_matmul_per_column",
    "qgemm",
    "qgemm_per_channel",
    "qgemm_float_output",
    "qlinear_global_average_pool",
    "qlinear_average_pool",
    "conv_integer",
    "matmul_integer",
];

/// No arithmetic but the input's quantisation and tables.
const EXACT: &[&str] = &[
    "qdq_max_pool",
    "qdq_max_pool_requantised",
    "qdq_max_pool_large",
    "qdq_requantised",
    "qdq_function_relu",
    "qdq_function_leakyrelu",
    "qdq_function_abs",
    "qdq_function_hardsigmoid",
    "qdq_function_hardswish",
];

/// Functions that two libraries do not compute to the same last bit.
const TRANSCENDENTAL: &[&str] = &[
    "qdq_function_sigmoid",
    "qdq_function_tanh",
    "qdq_function_elu",
    "qdq_function_softplus",
    "qlinear_sigmoid",
    "qlinear_leaky_relu",
];

#[test]
fn every_rescaled_operator_is_within_one_unit_of_the_runtime() {
    for name in RESCALED {
        let (_, differences) = operator(name);
        assert!(differences[0].units <= 1, "{name}: {differences:?}");
        assert!(differences[0].share() >= 0.995, "{name}: {differences:?}");
    }
}

#[test]
fn pools_and_functions_without_a_ratio_are_exact() {
    for name in EXACT {
        let (model, differences) = operator(name);
        assert_eq!((differences[0].units, model.rescales.len()), (0, 0), "{name}");
    }
    for name in TRANSCENDENTAL {
        let (_, differences) = operator(name);
        assert!(differences[0].units <= 1, "{name}: {differences:?}");
        assert!(differences[0].share() >= 0.99, "{name}: {differences:?}");
    }
}

#[test]
fn sums_of_two_scales_are_within_one_unit_of_the_runtime_for_each_layer() {
    for name in ["qdq_add", "qlinear_add"] {
        let (_, differences) = operator(name);
        for difference in &differences {
            assert!(difference.units <= 1 && difference.share() >= 0.999, "{name}: {differences:?}");
        }
    }
}

#[test]
fn every_layer_of_a_residual_network_stays_near_the_runtime() {
    let (model, differences) = operator("qdq_residual_network");
    let adds = model.network.architecture.nodes.iter().filter(|n| matches!(n.operation, Operation::Add(_)));
    assert_eq!(adds.count(), 1);
    for difference in &differences {
        assert!(difference.units <= 1 && difference.share() >= 0.999, "{differences:?}");
    }
}

#[test]
fn weights_beyond_int8_are_split_into_parts() {
    let joins = |name: &str| {
        let nodes = model(&path(name, "onnx")).network.architecture.nodes;
        nodes.iter().filter(|node| matches!(node.operation, Operation::Concat(_))).count()
    };
    assert_eq!(joins("qlinear_conv_wide_weights"), 1);
    assert_eq!(joins("conv_integer"), 1);
    assert_eq!(joins("qlinear_conv_uint8_weights"), 0);
}

#[test]
fn float_models_are_no_quantised_models() {
    let float = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/relu.onnx");
    assert!(import(&float).unwrap().is_none());
}

#[test]
fn refuses_scales_that_depend_on_the_input() {
    let error = import(&path("refused_dynamic", "onnx")).unwrap_err();
    let Error::DynamicQuantisation { node, operator } = &error else { panic!("{error:?}") };
    assert_eq!((&**node, &**operator), ("the_dynamic", "DynamicQuantizeLinear"));
    assert!(error.to_string().contains("--calibrate"), "{error}");
}

#[test]
fn names_the_node_that_cannot_be_taken_over() {
    for (name, operator, words) in [
        ("refused_other_zero_point", "DequantizeLinear", "zero point 119 and read with 118"),
        ("refused_float_weights", "Conv", "weights that are not quantised"),
        ("refused_float_input", "Conv", "an input that is not quantised"),
        ("refused_integer_output", "QuantizeLinear", "a DequantizeLinear behind"),
        ("refused_two_input_scales", "QuantizeLinear", "in two ways"),
        ("refused_clip_without_zero", "QuantizeLinear", "leaves zero out"),
        ("refused_function_of_a_layer", "Sigmoid", "a layer that is not quantised"),
        ("refused_average_without_padding", "AveragePool", "count_include_pad"),
        ("refused_ratio", "QuantizeLinear", "ratio of scales"),
    ] {
        let error = import(&path(name, "onnx")).unwrap_err();
        let Error::UnsupportedUse { node, operator: actual, .. } = &error else {
            panic!("{name}: {error:?}")
        };
        assert_eq!(actual, operator, "{name}");
        assert!(node.starts_with(&format!("the_{operator}_")), "{name}: {node}");
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
    let error = import(&path("refused_multiplication", "onnx")).unwrap_err();
    let Error::UnsupportedOperator { operator, .. } = error else { panic!("{error:?}") };
    assert_eq!(operator, "QLinearMul");
}

/// Damage must end in an error or in another network, never in a panic.
#[test]
fn damaged_files_do_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["qdq_residual_network", "qlinear_conv_wide_weights", "matmul_integer", "qdq_matmul_rows"] {
        let whole = std::fs::read(path(name, "onnx")).unwrap();
        let mut refused = 0;
        for at in (0..whole.len()).step_by(7) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at / 7 % 8);
            let file = folder.path().join("damaged.onnx");
            std::fs::write(&file, damaged).unwrap();
            refused += usize::from(import(&file).is_err());
        }
        assert!(refused > 0, "{name}");
    }
}

fn labels(folder: &Path) -> Vec<usize> {
    let path = folder.join("labels.npy");
    if let Ok(labels) = ndarray_npy::read_npy::<_, ArrayD<i64>>(&path) {
        return labels.iter().map(|&label| label as usize).collect();
    }
    let labels: ArrayD<u8> = ndarray_npy::read_npy(&path).unwrap();
    labels.iter().map(|&label| usize::from(label)).collect()
}

/// A trained model against the runtime's logits; samples and labels are in `data`.
fn trained(folder: &Path, data: &Path) -> Difference {
    let model = model(&folder.join("model.onnx"));
    let worst = model.rescales.iter().map(|rescale| rescale.units).fold(0.0, f64::max);
    assert!(worst < 1.0);
    let (inputs, logits) = (samples(&data.join("inputs.npy")), samples(&folder.join("logits.npy")));
    let mut differences = compare(&model.network, &inputs, &logits, &labels(data));
    let difference = differences.remove(0);
    eprintln!("{}: rescales within {worst:.4} before rounding; {difference:?}", folder.display());
    difference
}

#[test]
fn trained_models_give_the_runtimes_logits_within_one_unit() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    for (name, correct) in [("lenet5_digits", 99), ("mlp_digits", 99)] {
        for form in ["qdq", "qoperator"] {
            let difference = trained(&fixtures.join(format!("{name}_int8_{form}")), &fixtures.join(name));
            assert!(difference.units <= 1, "{name} {form}: {difference:?}");
            assert!(difference.share() >= 0.98, "{name} {form}: {difference:?}");
            assert_eq!((difference.same_class, difference.correct), (100, correct), "{name} {form}");
        }
    }
}

#[test]
fn larger_trained_models_give_the_runtimes_classes() {
    let Some(root) = std::env::var_os("TACIT_FIXTURES") else {
        eprintln!("larger_trained_models_give_the_runtimes_classes: skipped, TACIT_FIXTURES is not set");
        return;
    };
    let local = PathBuf::from(root).join("local");
    for (name, correct) in
        [("lenet5_mnist", 100), ("mlp_mnist", 100), ("vgg_cifar10", 46), ("resnet_cifar10", 41)]
    {
        for form in ["qdq", "qoperator"] {
            let folder = local.join(format!("own/{name}_int8_{form}"));
            let difference = trained(&folder, &folder);
            assert!(difference.units <= 1, "{name} {form}: {difference:?}");
            let Difference { samples, same_class, correct: ours, .. } = difference;
            assert_eq!((same_class, ours), (samples, correct), "{name} {form}");
        }
    }
    // The output is an accumulator: one unit of an activation before it is many units of the accumulator.
    let folder = local.join("thirdparty/mnist_cntk_int8_dynamic");
    let difference = trained(&folder, &folder);
    assert_eq!((difference.same_class, difference.correct), (100, 99));
}
