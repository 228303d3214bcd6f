//! Networks that eight bits are too little for: what the search for widths makes of them, against ONNX Runtime.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

#[path = "support/quantised.rs"]
mod quantised;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use ndarray::{ArrayD, Axis};
use quantised::run_quantised;
use tacit_layers::{InputKind, Network, Operation};
use tacit_onnx::{FloatModel, QuantiseOptions, Quantised, quantise, quantise_comparably};

fn samples(path: &Path) -> Vec<Vec<f32>> {
    let array: ArrayD<f32> = ndarray_npy::read_npy(path).unwrap();
    array.axis_iter(Axis(0)).map(|sample| sample.iter().copied().collect()).collect()
}

/// A model, its inputs and ONNX Runtime's outputs.
fn case(name: &str) -> (FloatModel, Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/precision").join(name);
    let model = FloatModel::load(&folder.join("model.onnx")).unwrap();
    (model, samples(&folder.join("inputs.npy")), samples(&folder.join("output_0.npy")))
}

/// Error about the mean, in decibels, and the share of samples whose largest element is where it should be.
fn compare(network: &Network, inputs: &[Vec<f32>], expected: &[Vec<f32>]) -> (f64, f64) {
    let count = expected.iter().flatten().count() as f64;
    let mean = expected.iter().flatten().map(|&y| f64::from(y)).sum::<f64>() / count;
    let largest = |y: &[f32]| (0..y.len()).max_by(|&a, &b| y[a].total_cmp(&y[b]));
    let (mut noise, mut energy, mut agreeing) = (0.0, 0.0, 0);
    for (input, expected) in inputs.iter().zip(expected) {
        let actual = run_quantised(network, input);
        assert_eq!(actual.len(), expected.len());
        agreeing += usize::from(largest(&actual) == largest(expected));
        for (a, b) in actual.iter().zip(expected) {
            noise += f64::from(a - b).powi(2);
            energy += (f64::from(*b) - mean).powi(2);
        }
    }
    (10.0 * (energy / noise).log10(), agreeing as f64 / expected.len() as f64)
}

fn wide_weights(quantised: &Quantised) -> usize {
    quantised.precision.values.iter().filter(|value| value.weight_bits == Some(16)).count()
}

#[test]
fn classes_that_nearly_agree_keep_their_order() {
    let (model, inputs, expected) = case("close_classes");
    let eight = quantise(&model, &inputs, &QuantiseOptions::default()).unwrap();
    let sixteen = quantise(&model, &inputs, &QuantiseOptions::with_bits(16)).unwrap();
    let auto = quantise_comparably(&model, &inputs, &QuantiseOptions::with_target(30.0)).unwrap();
    let [eight, sixteen, found] =
        [&eight, &sixteen, &auto.network].map(|network| compare(network, &inputs, &expected));
    eprintln!("8 bits {eight:?}, 16 bits {sixteen:?}, auto {found:?}: {:?}", auto.precision);
    assert!(eight.1 < 0.95, "too easy: {eight:?}");
    assert!(found.1 >= 0.98, "{found:?}");
    assert!(auto.precision.is_met == Some(true) && wide_weights(&auto) > 0, "{:?}", auto.precision);
    // Two digits, added.
    let nodes = &auto.network.architecture.nodes;
    let is_digits = |add: &tacit_layers::layer::add::AddLayer| add.coefficients == [256, 1];
    assert!(nodes.iter().any(|node| matches!(&node.operation, Operation::Add(add) if is_digits(add))));
}

#[test]
fn a_bias_that_is_large_beside_its_layer_makes_the_weights_coarser() {
    let (model, inputs, expected) = case("tiny_activations");
    for bits in [8, 16] {
        let network = quantise(&model, &inputs, &QuantiseOptions::with_bits(bits)).unwrap();
        for (input, expected) in inputs.iter().zip(&expected) {
            for (a, b) in run_quantised(&network, input).iter().zip(expected) {
                assert!((a - b).abs() <= 1e-5 * b.abs(), "{bits} bits: {a} {b}");
            }
        }
    }
}

#[test]
fn eight_bits_that_are_enough_are_left_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/lenet5_digits");
    let model = FloatModel::load(&folder.join("model.onnx")).unwrap();
    let calibration = samples(&folder.join("calibration.npy"));
    let found = quantise_comparably(&model, &calibration, &QuantiseOptions::with_target(30.0)).unwrap();
    assert_eq!(found.precision.is_met, Some(true));
    assert!(found.precision.values.iter().all(|value| value.bits.is_none_or(|bits| bits == 8)));
    assert_eq!(wide_weights(&found), 0);
    // The same network as from its calibration method without a search.
    let options =
        QuantiseOptions { calibration: found.precision.calibration, ..QuantiseOptions::with_bits(8) };
    assert_eq!(quantise(&model, &calibration, &options).unwrap(), found.network);
}

#[test]
fn a_target_is_met_with_as_few_bits_as_it_takes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/lenet5_digits");
    let model = FloatModel::load(&folder.join("model.onnx")).unwrap();
    let calibration = samples(&folder.join("calibration.npy"));
    let total = |quantised: &Quantised| {
        let values = quantised.precision.values.iter();
        values.map(|value| value.bits.unwrap_or(0) + value.weight_bits.unwrap_or(0)).sum::<u32>()
    };
    let mut before = 0;
    for target in [30.0, 50.0, 60.0] {
        let found = quantise_comparably(&model, &calibration, &QuantiseOptions::with_target(target)).unwrap();
        let reached = found.precision.signal_to_noise.unwrap();
        eprintln!("{target} dB: {reached:.1} dB, {} bits, {:?}", total(&found), found.precision);
        assert!(reached >= target && found.precision.is_met == Some(true), "{target}: {reached}");
        assert!(total(&found) > before, "{target}: {} bits", total(&found));
        before = total(&found);
    }
    // Twice: the same.
    let again = |target| quantise(&model, &calibration, &QuantiseOptions::with_target(target)).unwrap();
    assert_eq!(again(50.0), again(50.0));
}

/// Whether the input's channels have units of their own along an axis, and whether some have a zero.
fn channels(network: &Network) -> Option<(usize, bool)> {
    match &network.architecture.input().unwrap().kind {
        InputKind::Channels { axis, units } => Some((*axis, units.iter().any(|unit| unit.zero != 0.0))),
        InputKind::Real { .. } | InputKind::Integer | InputKind::Boolean => None,
    }
}

/// One scale for all, with zero for zero, leaves nothing of these.
#[test]
fn inputs_far_from_zero_and_of_many_sizes_are_read_channel_by_channel() {
    for (name, axis, has_zeros) in [
        ("uncentred", 0, true),
        ("features", 0, true),
        ("features_uncentred", 0, true),
        // These are padded with zeros.
        ("channels", 0, false),
        ("channels_last", 2, false),
    ] {
        let (model, inputs, expected) = case(name);
        for (options, least) in [
            (QuantiseOptions::with_bits(8), 35.0),
            (QuantiseOptions::with_bits(16), 35.0),
            (QuantiseOptions::with_target(30.0), 30.0),
            (QuantiseOptions::with_target(50.0), 50.0),
        ] {
            let quantised = quantise_comparably(&model, &inputs, &options).unwrap();
            let figures = compare(&quantised.network, &inputs, &expected);
            eprintln!("{name}, {:?} dB or {} bits: {figures:?}", options.target, options.bits);
            assert_eq!(channels(&quantised.network), Some((axis, has_zeros)), "{name}");
            assert!(figures.0 >= least, "{name}: {figures:?}");
            assert!(quantised.precision.input_clipped == 0.0, "{name}: {:?}", quantised.precision);
            // Values are compared in the units they are held in.
            let values = quantised.compare(&model, &inputs).unwrap();
            assert!(
                values.iter().all(|value| value.signal_to_noise.is_none_or(|db| db > 25.0)),
                "{values:?}"
            );
        }
    }
}

/// One scale for all parts leaves nothing of the small ones: 4.4 and 3.4 dB with eight bits, 6.5 dB with sixteen.
#[test]
fn parts_of_a_concatenation_that_weights_read_keep_their_own_scales() {
    for name in ["branches", "branches_read_twice"] {
        let (model, inputs, expected) = case(name);
        for options in [QuantiseOptions::with_bits(8), QuantiseOptions::with_bits(16)] {
            let quantised = quantise_comparably(&model, &inputs, &options).unwrap();
            let figures = compare(&quantised.network, &inputs, &expected);
            eprintln!("{name}, {} bits: {figures:?}", options.bits);
            assert!(figures.0 >= 33.0, "{name}: {figures:?}");
            // No part is brought to another's scale.
            assert!(quantised.precision.values.iter().all(|value| !value.name.contains("align")), "{name}");
            let values = quantised.compare(&model, &inputs).unwrap();
            assert!(
                values.iter().all(|value| value.signal_to_noise.is_none_or(|db| db > 30.0)),
                "{values:?}"
            );
        }
    }
}

/// What the least precise of all outputs has of signal to noise, and the smallest share of samples on which what looks like
/// classes agrees, against recorded outputs.
fn compare_all(network: &Network, inputs: &[Vec<f32>], expected: &[Vec<Vec<f32>>]) -> (f64, f64) {
    let (mut ratio, mut agreement) = (f64::INFINITY, 1.0_f64);
    for (output, expected) in expected.iter().enumerate() {
        let mut single = network.clone();
        single.architecture.outputs.swap(0, output);
        let figures = compare(&single, inputs, expected);
        ratio = ratio.min(figures.0);
        if network.architecture.outputs[output].shape.iter().filter(|&&length| length > 1).count() == 1 {
            agreement = agreement.min(figures.1);
        }
    }
    (ratio, agreement)
}

/// ONNX Runtime's outputs, `logits.npy`, `logits1.npy` and so on, as far as they are recorded; those of the float model
/// where none are.
fn recorded(folder: &Path, model: &FloatModel, inputs: &[Vec<f32>]) -> Vec<Vec<Vec<f32>>> {
    let file = |index: usize| if index == 0 { "logits.npy".to_owned() } else { format!("logits{index}.npy") };
    let read = |index| ndarray_npy::read_npy::<_, ArrayD<f32>>(folder.join(file(index))).ok();
    let outputs: Vec<_> = (0..).map_while(read).filter(|array| array.len() >= inputs.len()).collect();
    if outputs.is_empty() {
        return vec![inputs.iter().map(|input| model.run(input).unwrap()).collect()];
    }
    let rows = |array: ArrayD<f32>| {
        let values: Vec<f32> = array.iter().copied().collect();
        values.chunks_exact(values.len() / inputs.len()).map(<[f32]>::to_vec).collect()
    };
    outputs.into_iter().map(rows).collect()
}

/// Every float model under `TACIT_FIXTURES/local`: what default flags make of it, on samples that calibration has not seen where
/// there are any, against ONNX Runtime.
///
/// ```text
/// TACIT_FIXTURES=FOLDER cargo test --release --workspace --test widths -- local_models --ignored --nocapture
/// ```
///
/// `TACIT_FIXTURE` names one model. Trained networks of real sizes keep their task within one percent of the float model's.
#[test]
#[ignore = "takes minutes: a measurement"]
fn local_models_at_default_flags() {
    let Some(root) = std::env::var_os("TACIT_FIXTURES").map(|root| PathBuf::from(root).join("local")) else {
        eprintln!("local_models_at_default_flags: skipped, TACIT_FIXTURES is not set");
        return;
    };
    let only = std::env::var("TACIT_FIXTURE").ok();
    let mut lost = vec![];
    for group in ["own", "real", "tabular", "thirdparty"] {
        let Ok(folders) = std::fs::read_dir(root.join(group)) else { continue };
        let mut folders: Vec<PathBuf> = folders.map(|folder| folder.unwrap().path()).collect();
        folders.sort();
        for folder in folders {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            if only.as_ref().is_some_and(|only| !name.contains(only)) {
                continue;
            }
            let model = match FloatModel::load(&folder.join("model.onnx")) {
                Ok(model) => model,
                Err(error) => {
                    eprintln!("{group}/{name}: {error}");
                    continue;
                }
            };
            let Ok(array) = ndarray_npy::read_npy::<_, ArrayD<f32>>(folder.join("inputs.npy")) else {
                continue;
            };
            drop(array);
            let inputs = samples(&folder.join("inputs.npy"));
            let calibration = folder.join("calibration.npy");
            let calibration = if calibration.exists() { samples(&calibration) } else { inputs.clone() };
            let expected = recorded(&folder, &model, &inputs);
            let options = [
                ("8 bits", QuantiseOptions::default()),
                ("16 bits", QuantiseOptions::with_bits(16)),
                ("auto", QuantiseOptions::with_target(30.0)),
            ];
            let mut ratios = vec![];
            for (flags, options) in options {
                let start = Instant::now();
                match quantise_comparably(&model, &calibration, &options) {
                    Ok(found) => {
                        let took = start.elapsed();
                        let (ratio, agreement) = compare_all(&found.network, &inputs, &expected);
                        ratios.push(ratio);
                        // Noise of one percent of the energy explains ninety-nine of the variance.
                        if group == "real" && flags == "auto" && (ratio < 20.0 || agreement < 0.99) {
                            lost.push(format!("{name}: {ratio:.1} dB, {agreement}"));
                        }
                        let wide =
                            |bits| found.precision.values.iter().filter(|v| v.bits == Some(bits)).count();
                        eprintln!(
                            "{group}/{name}, {flags}: {ratio:.1} dB, {:.1}% agree, {} of 12, {} of 16 bits, {} wide weights of {}, {:?}, {:.1?} dB when calibrated, met {:?}, {} trials, {took:.1?}",
                            100.0 * agreement,
                            wide(12),
                            wide(16),
                            wide_weights(&found),
                            found.precision.values.iter().filter(|v| v.weight_bits.is_some()).count(),
                            found.precision.calibration,
                            found.precision.signal_to_noise,
                            found.precision.is_met,
                            found.precision.num_trials,
                        );
                    }
                    Err(error) => eprintln!("{group}/{name}, {flags}: {error}"),
                }
            }
            if let [eight, sixteen, auto] = ratios[..] {
                assert!(sixteen >= eight - 0.5, "{name}: {sixteen} dB with 16 bits, {eight} with 8");
                assert!(auto >= eight - 0.5, "{name}: {auto} dB, {eight} with 8 bits");
            }
        }
    }
    assert!(lost.is_empty(), "{lost:?}");
}
