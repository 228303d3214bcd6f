//! Models with several inputs, and with inputs of integers and truth values: equal to ONNX Runtime within bounds, or refused by
//! name.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis};
use tacit_inference::execute;
use tacit_layers::{InputKind, Network};
use tacit_onnx::{
    Error, FloatModel, QuantiseOptions, SampleKind, dequantise_output, quantise, quantise_comparably,
    quantise_inputs,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inputs")
}

fn rows(path: &Path) -> Vec<Vec<f32>> {
    let array: ArrayD<f32> = ndarray_npy::read_npy(path).unwrap();
    array.axis_iter(Axis(0)).map(|row| row.iter().copied().collect()).collect()
}

/// A model, its samples with all inputs behind each other, and by output what ONNX Runtime answers.
struct Case {
    model: FloatModel,
    samples: Vec<Vec<f32>>,
    outputs: Vec<Vec<Vec<f32>>>,
}

impl Case {
    fn new(name: &str) -> Self {
        let folder = folder().join(name);
        let model = FloatModel::load(&folder.join("model.onnx")).unwrap();
        let arrays: Vec<_> =
            (0..model.inputs().len()).map(|i| rows(&folder.join(format!("x_{i}.npy")))).collect();
        let sample = |i: usize| arrays.iter().flat_map(|array| array[i].clone()).collect();
        let samples = (0..arrays[0].len()).map(sample).collect();
        let path = |i: usize| folder.join(format!("y_{i}.npy"));
        let outputs = (0..8).map(path).take_while(|path| path.exists()).map(|path| rows(&path)).collect();
        Self { model, samples, outputs }
    }

    fn quantised(&self, bits: u32) -> Network {
        quantise(&self.model, &self.samples, &QuantiseOptions::with_bits(bits)).unwrap()
    }

    /// The smallest ratio of signal to noise of an output, in decibels.
    fn signal_to_noise(&self, network: &Network) -> f64 {
        let specs = network.infer().unwrap();
        let architecture = &network.architecture;
        let mut sums = vec![(0.0, 0.0); self.outputs.len()];
        for (i, sample) in self.samples.iter().enumerate() {
            let inputs = quantise_inputs(architecture, sample).unwrap();
            let trace = execute(network, &specs, &inputs).unwrap();
            assert_eq!(architecture.outputs.len(), self.outputs.len());
            for (output, values) in trace.outputs(network).enumerate() {
                let actual = dequantise_output(architecture, output, values);
                let expected = &self.outputs[output][i];
                assert_eq!(actual.len(), expected.len());
                for (a, b) in actual.iter().zip(expected) {
                    sums[output].0 += f64::from(*b).powi(2);
                    sums[output].1 += f64::from(a - b).powi(2);
                }
            }
        }
        sums.iter().map(|(signal, noise)| 10.0 * (signal / noise).log10()).fold(f64::INFINITY, f64::min)
    }
}

const NAMES: [&str; 37] = [
    "add",
    "sub",
    "mul",
    "div",
    "max",
    "min",
    "concat",
    "matmul",
    "broadcast",
    "branches",
    "image_and_vector",
    "second_is_a_sequence",
    "attention",
    "read_twice",
    "integers",
    "mask",
    "only_integers",
    "rows",
    "columns",
    "one_hot",
    "integer_arithmetic",
    "comparisons",
    "truths",
    "mask_by_product",
    "mask_by_choice",
    "mask_by_reals",
    "products_of_words",
    "products_of_long_words",
    "quotients_of_words",
    "integers_of_reals",
    "words_of_reals",
    "positions",
    "counts",
    "far_from_words",
    "mask_of_1e9",
    "mask_of_smallest",
    "mask_of_infinity",
];

/// Models of one integer input, with samples that calibration has not seen.
const BEYOND: [&str; 20] = [
    "abs",
    "add",
    "clip",
    "div",
    "equal",
    "gather",
    "gather_above_zero",
    "gather_between",
    "gather_rows",
    "layers",
    "layers_above_zero",
    "max",
    "min",
    "mod",
    "one_hot",
    "one_hot_outside",
    "one_hot_product",
    "relu",
    "sub",
    "where",
];

#[test]
fn float_models_are_onnx_runtimes() {
    for name in NAMES {
        let case = Case::new(name);
        for (i, sample) in case.samples.iter().enumerate() {
            for (actual, expected) in case.model.run_all(sample).unwrap().iter().zip(&case.outputs) {
                let expected = &expected[i];
                let largest = expected.iter().fold(1e-3_f32, |max, y| max.max(y.abs()));
                assert!(
                    actual.len() == expected.len()
                        && actual.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-5 * largest),
                    "{name}, sample {i}: {actual:?} {expected:?}"
                );
            }
        }
    }
}

#[test]
fn networks_are_near_onnx_runtime() {
    for name in NAMES {
        let case = Case::new(name);
        for (bits, least) in [(8, 35.0), (16, 45.0)] {
            let ratio = case.signal_to_noise(&case.quantised(bits));
            assert!(ratio >= least, "{name} with {bits} bits: {ratio:.1} dB");
        }
    }
}

/// Each input has a range of its own: one for both would leave the smaller of them a step or two.
#[test]
fn inputs_have_ranges_and_names_of_their_own() {
    let case = Case::new("branches");
    let network = case.quantised(8);
    let layers: Vec<_> = network.architecture.input_layers().collect();
    assert_eq!(layers.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "b"]);
    let scale = |index: usize| layers[index].1.unit(0).scale;
    assert!(scale(0) > 50.0 * scale(1), "{} {}", scale(0), scale(1));
    let inputs: Vec<_> = case.model.inputs().iter().map(|input| (&*input.name, &*input.shape)).collect();
    assert_eq!(inputs, [("a", &[8][..]), ("b", &[5][..])]);
    assert_eq!(case.model.input_shape(), [13]);
    let only = Case::new("only_integers").quantised(16);
    assert!(
        only.architecture.input_layers().map(|(name, _)| name).eq(["a"]),
        "an only input has its name too"
    );
}

#[test]
fn integers_and_truth_values_enter_as_they_are() {
    let case = Case::new("mask");
    let kinds: Vec<_> = case.model.inputs().iter().map(|input| input.kind).collect();
    assert_eq!(kinds, [SampleKind::Real, SampleKind::Boolean, SampleKind::Integer]);
    let network = case.quantised(8);
    let layers: Vec<_> = network.architecture.input_layers().map(|(_, layer)| layer).collect();
    assert!(matches!(layers[0].kind, InputKind::Real { .. }));
    assert_eq!((layers[1].bounds, &layers[1].kind), ((0, 1), &InputKind::Boolean));
    assert_eq!((layers[2].bounds, &layers[2].kind), ((-3, 3), &InputKind::Integer));
    let only = Case::new("only_integers").quantised(8);
    let input = only.architecture.input().unwrap();
    assert_eq!((input.bounds, &input.kind), ((0, 977), &InputKind::Integer));
    // What is no such value is refused when it calibrates, runs and is quantised.
    for (position, value, name) in [(6, 2.0, "b"), (6, 0.5, "b"), (12, 0.5, "c")] {
        let mut sample = case.samples[0].clone();
        sample[position] = value;
        let calibrated =
            quantise(&case.model, std::slice::from_ref(&sample), &QuantiseOptions::default()).unwrap_err();
        let ran = case.model.run(&sample).unwrap_err();
        let quantised = quantise_inputs(&network.architecture, &sample).unwrap_err();
        for error in [calibrated, ran, quantised] {
            let Error::SampleInteger { input, position: at, .. } = &error else { panic!("{error:?}") };
            assert_eq!((&**input, *at), (name, position % 6), "{error}");
        }
    }
    let mut sample = case.samples[0].clone();
    sample[12] = 70_000.0;
    let error = quantise(&case.model, &[sample], &QuantiseOptions::default()).unwrap_err();
    assert!(
        matches!(&error, Error::IntegerRange { input, maximum: 70_000, .. } if input == "c"),
        "{error:?}"
    );
}

/// An integer that calibration never saw is what ONNX Runtime makes of it, or refused by name: beyond the ends of what was seen, and zero,
/// nothing behind the input has been chosen for it.
#[test]
fn integers_beyond_calibration_are_right_or_refused() {
    let mut num_refused = 0;
    for name in BEYOND {
        let case = Case::new(&format!("beyond/{name}"));
        let tried = rows(&folder().join("beyond").join(name).join("t_0.npy"));
        let seen = || case.samples.iter().flatten().copied();
        let range = (seen().fold(0.0, f32::min), seen().fold(0.0, f32::max));
        let largest =
            case.outputs[0].iter().flatten().fold(1.0_f32, |largest, value| largest.max(value.abs()));
        for bits in [8, 16] {
            let network = case.quantised(bits);
            let architecture = &network.architecture;
            assert_eq!(architecture.input().unwrap().bounds, (range.0 as i64, range.1 as i64), "{name}");
            let specs = network.infer().unwrap();
            assert_eq!(tried.len(), case.outputs[0].len());
            for (sample, expected) in tried.iter().zip(&case.outputs[0]) {
                let inputs = quantise_inputs(architecture, sample);
                if sample.iter().any(|&value| value < range.0 || value > range.1) {
                    let error = inputs.unwrap_err();
                    let Error::SampleInteger { input, value, .. } = &error else { panic!("{error:?}") };
                    assert!(input == "a" && sample.contains(value), "{name}: {error}");
                    let words =
                        format!("in {}..={}, those of calibration and zero: calibrate", range.0, range.1);
                    assert!(error.to_string().contains(&words), "{error}");
                    num_refused += 1;
                    continue;
                }
                let trace = execute(&network, &specs, &inputs.unwrap()).unwrap();
                let actual = dequantise_output(architecture, 0, trace.outputs(&network).next().unwrap());
                assert_eq!(actual.len(), expected.len());
                for (a, b) in actual.iter().zip(expected) {
                    assert!((a - b).abs() <= 0.01 * largest, "{name}, {sample:?}: {actual:?} {expected:?}");
                }
            }
        }
    }
    assert_eq!(num_refused, 2 * 22);
}

/// ONNX Runtime refuses an index that names no slice; so does whoever calibrates with one or asks for its answer.
#[test]
fn indices_of_no_slice_are_refused_by_name() {
    let Case { model, samples, .. } = Case::new("beyond/gather");
    for outside in [[6.0, 200.0], [0.0, -7.0]] {
        let calibration: Vec<Vec<f32>> = samples.iter().cloned().chain([outside.to_vec()]).collect();
        for error in [
            quantise(&model, &calibration, &QuantiseOptions::default()).unwrap_err(),
            model.run(&outside).unwrap_err(),
        ] {
            let Error::IndexRange { node, places: 6, .. } = &error else { panic!("{error:?}") };
            assert!(node == "the_y" && error.to_string().contains("expected -6 to 5"), "{error}");
        }
    }
}

/// ONNX Runtime goes around at the ends of a type, where float32 does not, and has integers that float32 has not.
#[test]
fn integers_that_may_leave_their_type_are_refused_by_name() {
    let load = |name: &str| FloatModel::load(&folder().join(format!("refused/{name}.onnx"))).unwrap();
    let samples = |size: usize, largest: u16| -> Vec<Vec<f32>> {
        (0..8)
            .map(|i| {
                (0..size).map(|j| f32::from(largest) * ((i + j) % 8) as f32 / 7.0).map(f32::floor).collect()
            })
            .collect()
    };
    let calibrated = |name: &str, size: usize, largest: u16| {
        quantise(&load(name), &samples(size, largest), &QuantiseOptions::default())
    };
    for (name, operator, data_type) in [
        ("square", "Mul", "int32"),
        ("largest_and_more", "Add", "int32"),
        ("smallest_and_less", "Sub", "int32"),
        ("sum", "Add", "int32"),
        ("total", "ReduceSum", "int32"),
        ("narrowed", "Cast", "int32"),
        ("power", "Mul", "int64"),
    ] {
        let error = calibrated(&format!("goes_around_{name}"), 4, 65_000).unwrap_err();
        let Error::IntegerOverflow { node, operator: found, data_type: of, .. } = &error else {
            panic!("{name}: {error:?}")
        };
        assert_eq!((&**node, &**found, *of), ("the_p", operator, data_type), "{error}");
        assert!(error.to_string().contains("float32 first"), "{error}");
    }
    for (name, size, operator) in [("rounded_difference", 8, "Sub"), ("rounded_remainder", 4, "Mod")] {
        let error = calibrated(name, size, 65_000).unwrap_err();
        let Error::IntegerPrecision { operator: found, .. } = &error else { panic!("{name}: {error:?}") };
        assert_eq!(found, operator, "{error}");
    }
    // Smaller integers do not go around, and larger samples of theirs are no reference.
    for name in ["goes_around_square", "goes_around_sum", "rounded_difference", "rounded_remainder"] {
        let size = if name == "rounded_difference" { 8 } else { 4 };
        calibrated(name, size, 200).unwrap();
        let error = load(name).run(&samples(size, 65_000)[7]).unwrap_err();
        assert!(matches!(error, Error::IntegerOverflow { .. } | Error::IntegerPrecision { .. }), "{error:?}");
    }
}

#[test]
fn integers_of_reals_that_leave_their_type_are_refused_by_name() {
    let load = |name: &str| FloatModel::load(&folder().join(format!("refused/{name}.onnx")));
    let model = load("large_words_of_reals").unwrap();
    let samples: Vec<Vec<f32>> = (1..9_u16).map(|i| vec![f32::from(i) * 7000.5; 4]).collect();
    for error in [
        quantise(&model, &samples, &QuantiseOptions::default()).unwrap_err(),
        model.run(&samples[7]).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(matches!(error, Error::Run { .. }) && text.contains("node `the_p` (Mul)"), "{text}");
        assert!(text.contains("float32 first"), "{text}");
    }
    let narrow = quantise(&load("narrow_integers_of_reals").unwrap(), &samples, &QuantiseOptions::default());
    let errors = [
        ("the_w", "Cast", narrow.unwrap_err()),
        ("the_d", "Div", load("quotients_of_reals").unwrap_err()),
        ("the_h", "Div", load("integer_division").unwrap_err()),
        ("the_p", "Pow", load("power_of_reals").unwrap_err()),
        ("the_p", "Pad", load("padded_integers_of_reals").unwrap_err()),
        ("the_y", "If", load("computed_condition").unwrap_err()),
        ("the_t", "ReduceSum", load("constant_total").unwrap_err()),
        ("the_t", "Cast", load("constant_cast").unwrap_err()),
        ("the_p", "MaxPool", load("places_of_maxima").unwrap_err()),
    ];
    for (name, with, error) in errors {
        let Error::UnsupportedUse { node, operator, .. } = &error else { panic!("{name}: {error:?}") };
        assert_eq!((&**node, &**operator), (name, with), "{error}");
    }
}

/// Where a softmax makes nothing of what is lower, the range ends: that is said, with what no mask moved apart.
#[test]
fn scores_below_their_range_are_told() {
    for name in ["mask_by_product", "mask_of_1e9", "mask_of_infinity"] {
        let case = Case::new(name);
        let mut samples = case.samples.clone();
        // One score is far below the others of its line.
        samples[0][2] = 3.0;
        samples[0][0] = -40.0;
        samples[0][20] = 1.0;
        let found = quantise_comparably(&case.model, &samples, &QuantiseOptions::default()).unwrap();
        let [masked] = &found.precision.masked[..] else { panic!("{name}: {:?}", found.precision.masked) };
        let num_scores = (samples.len() * 20) as f64;
        let num_masked = samples.iter().flat_map(|sample| &sample[20..]).filter(|&&kept| kept == 0.0).count();
        let lower = (masked.lower * num_scores).round() as usize;
        assert_eq!((&*masked.name, lower), ("the_s", 4 * num_masked + 1), "{name}: {masked:?}");
        assert!((masked.unmasked * num_scores - 1.0).abs() < 1e-9, "{name}: {masked:?}");
        assert!((-15.5..-8.0).contains(&masked.floor), "{name}: {masked:?}");
    }
    assert!(
        quantise_comparably(
            &Case::new("attention").model,
            &Case::new("attention").samples,
            &QuantiseOptions::default()
        )
        .unwrap()
        .precision
        .masked
        .is_empty()
    );
}

#[test]
fn samples_of_the_wrong_size_are_refused() {
    let case = Case::new("concat");
    let network = case.quantised(8);
    for length in [0, 3, 6, 8] {
        let sample = vec![0.5; length];
        for error in [
            case.model.run(&sample).unwrap_err(),
            quantise_inputs(&network.architecture, &sample).unwrap_err(),
        ] {
            assert!(matches!(error, Error::SampleSize { expected: 7, .. }), "{length}: {error:?}");
        }
    }
}

#[test]
fn values_are_compared_with_those_of_models_with_several_inputs() {
    let case = Case::new("image_and_vector");
    let quantised = quantise_comparably(&case.model, &case.samples, &QuantiseOptions::default()).unwrap();
    let values = quantised.compare(&case.model, &case.samples).unwrap();
    let names: Vec<&str> = values.iter().map(|value| &*value.name).collect();
    assert!(names.starts_with(&["a", "b"]), "{names:?}");
    for value in &values {
        assert!(value.signal_to_noise.is_none_or(|ratio| ratio > 30.0), "{value:?}");
    }
}

#[test]
fn refuses_by_name_what_it_does_not_take() {
    let error = |name: &str| FloatModel::load(&folder().join(format!("refused/{name}.onnx"))).unwrap_err();
    let power = error("power");
    let Error::IntegerInput { input, reader, .. } = &power else { panic!("{power:?}") };
    assert!(input == "a" && reader.contains("Pow"), "{power}");
    assert!(power.to_string().contains("Cast to float32"), "{power}");
    let model = FloatModel::load(&folder().join("refused/mask_of_an_output.onnx")).unwrap();
    let samples: Vec<Vec<f32>> = (0..8)
        .map(|i| (0..25).map(|j| if j < 20 { j as f32 / 20.0 } else { f32::from(j != 20 + i % 5) }).collect())
        .collect();
    let masked = quantise(&model, &samples, &QuantiseOptions::default()).unwrap_err();
    assert!(masked.to_string().contains("which masks elements"), "{masked}");
    assert!(matches!(error("mixed_samples"), Error::MixedSamples { name, .. } if name == "a"));
}
