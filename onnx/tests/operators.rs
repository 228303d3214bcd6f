//! One small model for each supported operator: the integer network agrees with the float model within rounding.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

#[path = "support/quantised.rs"]
mod quantised;

use std::path::{Path, PathBuf};

use quantised::run_quantised;
use tacit_layers::{Network, Operation};
use tacit_onnx::{FloatModel, QuantiseOptions, quantise};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.onnx"))
}

/// Deterministic samples in [-1, 1).
fn random_samples(count: usize, length: usize) -> Vec<Vec<f32>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (0..count).map(|_| (0..length).map(|_| next()).collect()).collect()
}

/// Quantises a model and compares it with its float form; returns the network for further checks.
fn agrees(name: &str) -> Network {
    let model = FloatModel::load(&path(name)).unwrap();
    let length = model.input_shape().iter().product();
    let samples = random_samples(24, length);
    let network = quantise(&model, &samples, &QuantiseOptions::default()).unwrap();
    assert_eq!(network.architecture.outputs[0].shape, model.output_shape());
    let (mut error, mut energy) = (0.0_f64, 0.0_f64);
    for sample in &samples {
        let float = model.run(sample).unwrap();
        let quantised = run_quantised(&network, sample);
        assert_eq!(float.len(), quantised.len());
        for (float, quantised) in float.iter().zip(&quantised) {
            error += f64::from(float - quantised).powi(2);
            energy += f64::from(*float).powi(2);
        }
    }
    let relative = (error / energy).sqrt();
    assert!(relative < 0.03, "{name}: relative error {relative}");
    network
}

fn operations(network: &Network) -> Vec<&'static str> {
    network.architecture.nodes.iter().map(|node| node.operation.layer().name()).collect()
}

#[test]
fn strided_padded_and_dilated_convolutions_agree() {
    for name in [
        "conv_strided",
        "conv_asymmetric",
        "conv_dilated",
        "conv_same_upper",
        "conv_one_by_one_strided",
        "conv_without_bias",
    ] {
        assert_eq!(operations(&agrees(name)), ["Input", "Conv2d"], "{name}");
    }
}

#[test]
fn grouped_convolutions_agree() {
    for (name, expected) in [
        ("conv_groups", 3),
        ("conv_depthwise_strided", 5),
        ("conv_two_groups", 2),
        // Three channels of a group are no power of two: the groups are merged.
        ("conv_two_groups_of_three", 1),
    ] {
        let network = agrees(name);
        let groups: Vec<usize> = network
            .architecture
            .nodes
            .iter()
            .filter_map(|node| match &node.operation {
                Operation::Conv2d(layer) => Some(layer.groups),
                _ => None,
            })
            .collect();
        assert_eq!(groups, [expected], "{name}");
    }
}

#[test]
fn convolutions_of_one_dimension_agree() {
    for name in ["conv_1d", "conv_1d_one_by_one"] {
        assert_eq!(operations(&agrees(name)), ["Input", "Conv2d"], "{name}");
    }
    let kinds = operations(&agrees("network_1d")).join(" ");
    assert_eq!(kinds, "Input Conv2d Rescale MaxPool Conv2d Rescale Conv2d Rescale AveragePool Rescale Dense");
}

#[test]
fn dense_layers_agree() {
    for name in ["gemm", "gemm_scaled"] {
        assert_eq!(operations(&agrees(name)), ["Input", "Dense"], "{name}");
    }
}

#[test]
fn a_product_row_by_row_agrees() {
    assert_eq!(operations(&agrees("matmul_rows")), ["Input", "Dense", "Rescale", "Dense"]);
}

#[test]
fn flattening_folds_into_the_dense_layer() {
    for name in ["conv_flatten_gemm", "transpose_flatten_gemm"] {
        assert_eq!(operations(&agrees(name)), ["Input", "Conv2d", "Rescale", "Dense"], "{name}");
    }
}

#[test]
fn activations_and_batch_normalisation_fold_into_the_convolution() {
    for name in ["relu", "clip", "relu6", "batch_normalisation"] {
        assert_eq!(operations(&agrees(name)), ["Input", "Conv2d", "Rescale"], "{name}");
    }
}

#[test]
fn functions_fold_into_the_convolution() {
    for name in [
        "tanh",
        "clip_without_zero",
        "function_sigmoid",
        "function_leakyrelu",
        "function_hardsigmoid",
        "function_hardswish",
        "function_elu",
        "function_selu",
        "function_erf",
        "function_softplus",
        "function_softsign",
        "function_abs",
        "function_exp",
        "function_gelu",
        "silu",
        "hard_swish_in_pieces",
    ] {
        assert_eq!(operations(&agrees(name)), ["Input", "Conv2d", "Rescale"], "{name}");
    }
    assert_eq!(operations(&agrees("function_neg")), ["Input", "Conv2d"]);
}

#[test]
fn functions_of_pools_sums_and_the_input_agree() {
    for (name, expected) in [
        ("tanh_after_max_pool", &["Input", "Conv2d", "Rescale", "MaxPool", "Add", "Rescale"][..]),
        ("tanh_after_average_pool", &["Input", "Conv2d", "Rescale", "AveragePool", "Rescale", "Conv2d"]),
        ("residual_of_functions", &["Input", "Conv2d", "Rescale", "Conv2d", "Rescale", "Add", "Rescale"]),
        ("function_of_input", &["Input", "Add", "Rescale", "Conv2d"]),
    ] {
        assert_eq!(operations(&agrees(name)), expected, "{name}");
    }
}

#[test]
fn an_inverted_residual_block_agrees() {
    let kinds = operations(&agrees("inverted_residual")).join(" ");
    assert_eq!(
        kinds,
        "Input Conv2d Rescale Conv2d Rescale Conv2d Rescale Conv2d Rescale Add Rescale AveragePool Rescale Dense"
    );
}

#[test]
fn padding_agrees() {
    assert_eq!(operations(&agrees("pad_then_conv")), ["Input", "Conv2d", "Rescale", "Conv2d"]);
    assert_eq!(operations(&agrees("pad_then_max_pool")), ["Input", "Conv2d", "Rescale", "Remap", "MaxPool"]);
}

#[test]
fn identity_and_dropout_disappear() {
    assert_eq!(operations(&agrees("identity_and_dropout")), ["Input", "Conv2d"]);
}

#[test]
fn max_pools_agree() {
    for name in ["max_pool", "max_pool_on_conv", "max_pool_then_relu"] {
        assert_eq!(operations(&agrees(name)), ["Input", "Conv2d", "Rescale", "MaxPool"], "{name}");
    }
}

#[test]
fn a_large_max_pool_is_split_by_axis() {
    let network = agrees("max_pool_large");
    assert_eq!(operations(&network), ["Input", "Conv2d", "Rescale", "MaxPool", "MaxPool"]);
}

#[test]
fn average_pools_agree() {
    assert_eq!(operations(&agrees("average_pool")), ["Input", "Conv2d", "Rescale", "AveragePool"]);
    assert_eq!(
        operations(&agrees("average_pool_with_padding")),
        ["Input", "Conv2d", "Rescale", "AveragePool"]
    );
    let rescaled = ["Input", "Conv2d", "Rescale", "AveragePool", "Rescale", "Conv2d"];
    assert_eq!(operations(&agrees("average_pool_signed")), rescaled);
}

#[test]
fn a_global_average_pool_agrees() {
    let expected = ["Input", "Conv2d", "Rescale", "AveragePool", "Rescale", "Dense"];
    assert_eq!(operations(&agrees("global_average_pool")), expected);
}

#[test]
fn residual_connections_agree() {
    for name in ["residual", "residual_of_two_convolutions", "residual_of_shared_input", "conv_read_twice"] {
        assert!(operations(&agrees(name)).contains(&"Add"), "{name}");
    }
}

#[test]
fn a_positive_factor_changes_a_scale_and_no_integer() {
    assert_eq!(operations(&agrees("scaled_by_a_constant")), ["Input", "Conv2d", "Rescale", "Conv2d"]);
}

#[test]
fn slopes_for_each_channel_agree() {
    let kinds = operations(&agrees("leaky_relu_per_channel")).join(" ");
    assert_eq!(kinds, "Input Conv2d Rescale Add Rescale Reshape Reshape Concat Conv2d Rescale Reshape");
}

#[test]
fn a_product_of_functions_of_one_value_is_one_table() {
    assert_eq!(operations(&agrees("product_of_activations")), ["Input", "Add", "Rescale"]);
}

#[test]
fn averages_that_leave_padding_out_agree() {
    assert!(operations(&agrees("average_pool_without_padding")).contains(&"AveragePool"));
}

#[test]
fn old_and_new_operator_sets_agree() {
    for opset in [7, 11, 13, 21] {
        let network = agrees(&format!("opset_{opset}"));
        assert_eq!(operations(&network), ["Input", "Conv2d", "Rescale", "MaxPool", "Dense"], "{opset}");
    }
}

#[test]
fn integer_weights_on_integer_inputs_are_exact() {
    let model = FloatModel::load(&path("exact")).unwrap();
    let samples: Vec<Vec<f32>> = vec![vec![255.0, 0.0, 3.0], vec![1.0, 2.0, 250.0], vec![77.0, 128.0, 9.0]];
    let network = quantise(&model, &samples, &QuantiseOptions::default()).unwrap();
    for sample in samples.iter().chain([&vec![13.0, 200.0, 31.0]]) {
        assert_eq!(run_quantised(&network, sample), model.run(sample).unwrap());
    }
}

#[test]
fn every_rescale_has_the_shift_asked_for() {
    let model = FloatModel::load(&path("residual")).unwrap();
    let samples = random_samples(10, 360);
    let options = QuantiseOptions { shift: Some(11), ..QuantiseOptions::default() };
    let network = quantise(&model, &samples, &options).unwrap();
    let shifts: Vec<u32> = network
        .architecture
        .nodes
        .iter()
        .filter_map(|node| match &node.operation {
            Operation::Rescale(layer) => Some(layer.shift),
            _ => None,
        })
        .collect();
    assert_eq!(shifts, [11; 3]);
}
