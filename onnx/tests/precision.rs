//! Bits of activations, ranges from calibration, and agreement value by value.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

#[path = "support/quantised.rs"]
mod quantised;

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis};
use quantised::run_quantised;
use tacit_layers::{Network, Operation, ValueKind, layer::rescale::saturation::MAX_WHOLE_VARS};
use tacit_onnx::{
    CalibrationMethod, FloatModel, QuantiseOptions, ValueAgreement, quantise, quantise_comparably,
};

const METHODS: [CalibrationMethod; 3] =
    [CalibrationMethod::Maximum, CalibrationMethod::Percentile(0.999), CalibrationMethod::MeanSquaredError];

fn options(bits: u32, calibration: CalibrationMethod) -> QuantiseOptions {
    QuantiseOptions { calibration, ..QuantiseOptions::with_bits(bits) }
}

fn samples(path: &Path) -> Vec<Vec<f32>> {
    let array: ArrayD<f32> = ndarray_npy::read_npy(path).unwrap();
    array.axis_iter(Axis(0)).map(|sample| sample.iter().copied().collect()).collect()
}

/// A trained model with its calibration and its test samples.
fn trained(name: &str) -> (FloatModel, Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name);
    let model = FloatModel::load(&folder.join("model.onnx")).unwrap();
    (model, samples(&folder.join("calibration.npy")), samples(&folder.join("inputs.npy")))
}

/// A model of one operator or a few, with seeded samples in [-1, 1).
fn small(name: &str) -> (FloatModel, Vec<Vec<f32>>) {
    let path: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.onnx"));
    let model = FloatModel::load(&path).unwrap();
    let length: usize = model.input_shape().iter().product();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let samples = (0..24).map(|_| (0..length).map(|_| next()).collect()).collect();
    (model, samples)
}

/// Error of the outputs over the float outputs' size, both squared.
fn noise(model: &FloatModel, network: &Network, samples: &[Vec<f32>]) -> f64 {
    let (mut noise, mut energy) = (0.0, 0.0);
    for sample in samples {
        for (float, quantised) in model.run(sample).unwrap().iter().zip(run_quantised(network, sample)) {
            noise += f64::from(float - quantised).powi(2);
            energy += f64::from(*float).powi(2);
        }
    }
    noise / energy
}

/// A value that is compared in another layout than it has is all noise, whatever the outputs are.
#[test]
fn where_the_outputs_are_good_every_value_that_is_compared_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let models = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut num_good = 0;
    for path in models.filter(|path| path.extension().is_some_and(|extension| extension == "onnx")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if FloatModel::load(&path).is_err() {
            continue;
        }
        let (model, samples) = small(&name);
        let options = options(16, CalibrationMethod::Maximum);
        let Ok(quantised) = quantise_comparably(&model, &samples, &options) else { continue };
        if noise(&model, &quantised.network, &samples) > 1e-4 {
            continue;
        }
        num_good += 1;
        for value in quantised.compare(&model, &samples).unwrap() {
            let ratio = value.signal_to_noise.unwrap_or(f64::INFINITY);
            assert!(ratio > 15.0, "{name}: `{}` ({}) has {ratio:.1} dB", value.name, value.operation);
        }
    }
    assert!(num_good > 40, "{num_good}");
}

fn is_wide(network: &Network) -> bool {
    let mut nodes = network.architecture.nodes.iter();
    nodes.any(|node| matches!(&node.operation, Operation::Rescale(layer) if layer.clipping().is_some()))
}

#[test]
fn sixteen_bits_are_closer_to_the_float_model_than_eight() {
    for name in ["lenet5_digits", "mlp_digits"] {
        let (model, calibration, inputs) = trained(name);
        for method in METHODS {
            let [eight, sixteen] =
                [8, 16].map(|bits| quantise(&model, &calibration, &options(bits, method)).unwrap());
            let [noise8, noise16] = [&eight, &sixteen].map(|network| noise(&model, network, &inputs));
            eprintln!("{name}, {method:?}: noise {noise8:.2e} with 8 bits, {noise16:.2e} with 16");
            // What a percentile clips off weighs more than rounding, whatever the bits.
            let share = if matches!(method, CalibrationMethod::Percentile(_)) { 1.0 } else { 0.75 };
            assert!(noise16 < share * noise8, "{name}, {method:?}: {noise8} and {noise16}");
            assert!(!is_wide(&eight) && is_wide(&sixteen), "{name}");
        }
    }
}

#[test]
fn sixteen_bits_hold_for_every_kind_of_layer() {
    for name in [
        "average_pool_signed",
        "batch_normalisation",
        "conv_asymmetric",
        "conv_depthwise_strided",
        "function_gelu",
        "function_leakyrelu",
        "function_sigmoid",
        "function_of_input",
        "inverted_residual",
        "max_pool_on_conv",
        "relu6",
        "residual",
        "residual_of_functions",
        "tanh",
        "transpose_flatten_gemm",
    ] {
        let (model, samples) = small(name);
        let [noise8, noise16] = [8, 16].map(|bits| {
            let options = options(bits, CalibrationMethod::Maximum);
            noise(&model, &quantise(&model, &samples, &options).unwrap(), &samples)
        });
        eprintln!("{name}: noise {noise8:.2e} with 8 bits, {noise16:.2e} with 16");
        assert!(noise16 <= noise8, "{name}: {noise8} and {noise16}");
    }
}

#[test]
fn tables_of_functions_have_at_most_sixteen_bits_of_rows() {
    for name in ["function_sigmoid", "function_gelu", "function_leakyrelu", "tanh", "function_softplus"] {
        let (model, samples) = small(name);
        for bits in [8, 16] {
            let network = quantise(&model, &samples, &options(bits, CalibrationMethod::Maximum)).unwrap();
            for node in &network.architecture.nodes {
                let Operation::Rescale(layer) = &node.operation else { continue };
                if let tacit_layers::ActivationFunction::Table { results, .. } = &layer.function {
                    let limit = 1 << MAX_WHOLE_VARS;
                    assert!(results.len() <= limit, "{name}: {} results", results.len());
                    let (low, high) = layer.quotient_bounds;
                    assert!(high - low < limit as i64 || layer.clipping().is_some(), "{name}");
                }
            }
        }
    }
}

#[test]
fn activations_have_the_bits_asked_for() {
    let (model, calibration, _) = trained("lenet5_digits");
    for bits in [8, 16] {
        let network = quantise(&model, &calibration, &options(bits, CalibrationMethod::Maximum)).unwrap();
        let specs = network.infer().unwrap();
        let widths: Vec<i64> = specs
            .iter()
            .skip(1)
            .filter_map(|spec| match spec.kind {
                ValueKind::Activation { minimum, maximum } => Some(maximum - minimum + 1),
                ValueKind::Accumulator => None,
            })
            .collect();
        assert!(!widths.is_empty() && widths.iter().all(|&width| width == 1 << bits), "{widths:?}");
    }
}

fn report(name: &str, options: &QuantiseOptions) -> (Vec<ValueAgreement>, f64) {
    let (model, calibration, _) = trained(name);
    let quantised = quantise_comparably(&model, &calibration, options).unwrap();
    let report = quantised.compare(&model, &calibration).unwrap();
    (report, noise(&model, &quantised.network, &calibration))
}

#[test]
fn the_report_follows_the_error_through_the_network() {
    let mut before: Option<Vec<ValueAgreement>> = None;
    for bits in [8, 16] {
        let (values, noise) = report("lenet5_digits", &options(bits, CalibrationMethod::Maximum));
        let names: Vec<&str> = values.iter().map(|value| value.operation).collect();
        assert_eq!(
            names,
            ["Input", "Rescale", "MaxPool", "Rescale", "MaxPool", "Rescale", "Rescale", "Dense"]
        );
        let last = values.last().unwrap();
        // The last value is the output, whose noise is measured apart.
        let share = 10_f64.powf(-last.signal_to_noise.unwrap() / 10.0);
        assert!((share / noise - 1.0).abs() < 1e-3, "{share} {noise}");
        assert_eq!(last.bits, None);
        for value in &values[1..7] {
            assert_eq!(value.bits, Some(f64::from(bits)), "{value:?}");
            assert!(value.bits_used <= f64::from(bits) && value.bits_used > 1.0, "{value:?}");
            assert!(value.clipped <= 1e-4 && value.largest_error >= 0.5 - 1e-6, "{value:?}");
        }
        assert!((1..=3).contains(&values.iter().filter(|value| value.loses_most).count()));
        if let Some(before) = &before {
            for (eight, sixteen) in before.iter().zip(&values).skip(1) {
                assert!(sixteen.signal_to_noise > eight.signal_to_noise, "{eight:?} {sixteen:?}");
            }
        }
        before = Some(values);
    }
}

#[test]
fn the_report_shows_what_a_narrow_range_clips() {
    let narrow = options(8, CalibrationMethod::Percentile(0.5));
    let (values, _) = report("lenet5_digits", &narrow);
    let activations = || values.iter().filter(|value| value.operation == "Rescale");
    assert!(activations().all(|value| value.clipped > 0.01), "{values:?}");
    assert!(activations().all(|value| value.largest_error > 10.0), "{values:?}");
    assert!(activations().any(|value| value.loses_most), "{values:?}");
}

/// Scores are noisy, and which one is largest is not.
#[test]
fn the_report_blames_nothing_whose_noise_reaches_no_output() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/operators/arg_max_of_scores");
    let model = FloatModel::load(&folder.join("model.onnx")).unwrap();
    let samples = samples(&folder.join("inputs.npy"));
    let quantised = quantise_comparably(&model, &samples, &options(16, CalibrationMethod::Maximum)).unwrap();
    let values = quantised.compare(&model, &samples).unwrap();
    let last = values.last().unwrap();
    assert!(last.signal_to_noise.is_none(), "{values:?}");
    assert!(values.iter().any(|value| value.added_noise > 0.0), "{values:?}");
    assert!(values.iter().all(|value| !value.loses_most), "{values:?}");
}

/// A value read in another order than its outlet's would look like noise.
#[test]
fn the_report_pairs_elements_whatever_their_order() {
    for name in [
        "conv_asymmetric",
        "conv_one_by_one_strided",
        "inverted_residual",
        "matmul_rows",
        "network_1d",
        "residual",
        "silu",
        "transpose_flatten_gemm",
    ] {
        let (model, samples) = small(name);
        let options = options(16, CalibrationMethod::Maximum);
        let quantised = quantise_comparably(&model, &samples, &options).unwrap();
        let values = quantised.compare(&model, &samples).unwrap();
        assert!(values.len() >= 2, "{name}: {values:?}");
        for value in values {
            let ratio = value.signal_to_noise.unwrap_or(f64::INFINITY);
            assert!(ratio > 25.0, "{name}: {value:?}");
        }
    }
}
