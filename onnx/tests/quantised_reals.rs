//! Quantised models in real numbers, through the float importer, against ONNX Runtime's outputs without graph optimisations.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use ndarray::{ArrayD, Axis};
use tacit_inference::execute;
use tacit_onnx::{
    Error, LoadOptions, QuantiseOptions, Quantised, dequantise_output,
    operators::{OPERATORS, QUANTISED_OPERATORS},
    quantise_comparably, quantise_input, quantised,
};
use tract_onnx::prelude::Framework;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A model of the runtime's own quantisation tools.
fn model(name: &str) -> PathBuf {
    folder("quantised_static").join(format!("{name}.onnx"))
}

/// All models of a folder that have inputs beside them.
fn models(name: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let is_model = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "onnx");
    let mut models: Vec<PathBuf> =
        files.filter(is_model).filter(|path| path.with_extension("inputs.npy").exists()).collect();
    models.sort();
    models
}

fn samples(path: &Path) -> Vec<Vec<f32>> {
    let array: ArrayD<f32> = ndarray_npy::read_npy(path).unwrap();
    array.axis_iter(Axis(0)).map(|sample| sample.iter().copied().collect()).collect()
}

fn compile(path: &Path, calibration: &[Vec<f32>]) -> Result<Quantised, Error> {
    quantise_comparably(
        &quantised::load(path, &LoadOptions::default())?,
        calibration,
        &QuantiseOptions::default(),
    )
}

/// How the first output differs from the runtime's.
#[derive(Debug, Default)]
struct Difference {
    /// The largest difference, in units of the output.
    units: f64,
    same: usize,
    total: usize,
    noise: f64,
    energy: f64,
}

impl Difference {
    fn share(&self) -> f64 {
        self.same as f64 / self.total as f64
    }

    fn signal_to_noise(&self) -> f64 {
        10.0 * (self.energy / self.noise).log10()
    }
}

fn difference(quantised: &Quantised, path: &Path) -> Difference {
    let network = &quantised.network;
    let specs = network.infer().unwrap();
    let (inputs, outputs) =
        (samples(&path.with_extension("inputs.npy")), samples(&path.with_extension("outputs.npy")));
    let mut difference = Difference::default();
    for (input, expected) in inputs.iter().zip(&outputs) {
        let input = quantise_input(&network.architecture, input).unwrap();
        let trace = execute(network, &specs, &input).unwrap();
        let ours = dequantise_output(&network.architecture, 0, trace.outputs(network).next().unwrap());
        let scale = network.architecture.outputs[0].scales[0];
        // Some models have more outputs behind the first.
        for (ours, theirs) in ours.iter().zip(expected) {
            let error = f64::from(ours - theirs);
            difference.units = difference.units.max(error.abs() / scale);
            difference.same += usize::from(error.abs() < 0.5 * scale);
            difference.total += 1;
            difference.noise += error * error;
            difference.energy += f64::from(theirs * theirs);
        }
    }
    eprintln!("{}: {difference:?}, no bound for {:?}", path.display(), quantised.unbounded);
    difference
}

/// Networks of which every value has a scale and every layer a bound.
const BOUNDED: &[&str] = &[
    "concat_qdq",
    "concat_qoperator",
    "depthwise_qdq",
    "depthwise_qoperator",
    "four_bits",
    "gate_qdq",
    "gate_qoperator",
    "hard_swish_qdq",
    "hard_swish_qoperator",
    "integer_to_float",
    "places_qdq",
    "places_qoperator",
    "pooled_qdq",
    "pooled_qoperator",
    "residual_qdq",
    "residual_qoperator",
    "resize_qdq",
    "resize_qoperator",
    "sigmoid_qdq",
    "sigmoid_qoperator",
    "wide_qdq",
];

#[test]
fn networks_with_all_scales_need_no_samples_and_give_the_runtimes_integers() {
    for name in BOUNDED {
        let quantised = compile(&model(name), &[]).unwrap();
        assert!(quantised.unbounded.is_empty(), "{name}: {:?}", quantised.unbounded);
        assert!(
            quantised.rescales.iter().all(|error| error.units < 0.05),
            "{name}: {:?}",
            quantised.rescales
        );
        let difference = difference(&quantised, &model(name));
        assert!(difference.units < 1.01 && difference.share() >= 0.998, "{name}: {difference:?}");
    }
}

/// The accumulators of sums of sixteen bits leave fewer digits for ratios of scales.
#[test]
fn sixteen_bits_are_the_runtimes_integers() {
    let quantised = compile(&model("sixteen_bits"), &[]).unwrap();
    assert!(quantised.rescales.iter().all(|error| error.units < 0.5), "{:?}", quantised.rescales);
    let difference = difference(&quantised, &model("sixteen_bits"));
    assert!(difference.units < 1.01 && difference.share() >= 0.85, "{difference:?}");
    assert!(difference.signal_to_noise() > 75.0, "{difference:?}");
}

#[test]
fn an_attention_has_the_error_of_its_softmax() {
    for form in ["qdq", "qoperator"] {
        let path = model(&format!("attention_{form}"));
        let quantised = compile(&path, &[]).unwrap();
        let [softmax] = &quantised.unbounded[..] else { panic!("{:?}", quantised.unbounded) };
        assert!(softmax.contains("Softmax"), "{softmax}");
        let difference = difference(&quantised, &path);
        assert!(difference.units < 2.01 && difference.signal_to_noise() > 38.0, "{form}: {difference:?}");
    }
}

#[test]
fn what_has_no_scale_is_calibrated() {
    let path = model("dynamic");
    assert!(matches!(compile(&path, &[]), Err(Error::NoCalibration)));
    let model = quantised::load(&path, &LoadOptions::default()).unwrap();
    assert_eq!(model.dynamic_nodes(), ["the_Dynamic", "the_product"]);
    let inputs = samples(&path.with_extension("inputs.npy"));
    let difference = difference(&compile(&path, &inputs).unwrap(), &path);
    assert!(difference.signal_to_noise() > 32.0, "{difference:?}");
}

/// Their weights do not fit eight bits around the zero point and are rounded again.
const ROUNDED: &[&str] = &["conv_integer", "matmul_integer", "qlinear_conv_wide_weights"];

#[test]
fn both_importers_agree_where_integers_are_taken_over() {
    let models = models("quantised");
    assert!(models.len() > 40, "{models:?}");
    for path in models {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(quantised::import(&path).unwrap().is_some(), "{name}");
        let difference = difference(&compile(&path, &[]).unwrap(), &path);
        if ROUNDED.contains(&&*name) {
            assert!(difference.signal_to_noise() > 34.0, "{name}: {difference:?}");
        } else {
            assert!(difference.units < 1.01 && difference.share() >= 0.998, "{name}: {difference:?}");
        }
    }
}

#[test]
fn names_what_cannot_be_taken_over() {
    for (name, node, words) in [
        ("refused_blocks", "the_weights", "block_size=4"),
        ("refused_attribute", "the_weights", "the attribute `blocks`"),
        ("refused_axis_of_an_activation", "the_Quantize_y", "an activation's scale of shape [6]"),
        ("refused_float8", "the_Quantize_y", "FLOAT8E4M3FN"),
    ] {
        let error = compile(&model(name), &[]).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("`{node}`")) && text.contains(words), "{name}: {text}");
    }
    // A file of 45 KB that asks for 2.4 million numbers.
    let text = compile(&model("refused_again_and_again"), &[]).unwrap_err().to_string();
    assert!(text.contains("again and again"), "{text}");
}

/// Names of the operators of a model.
fn operators(path: &Path) -> BTreeSet<String> {
    let bytes = std::fs::read(path).unwrap();
    let proto = tract_onnx::onnx().proto_model_for_read(&mut &bytes[..]).unwrap();
    proto.graph.unwrap().node.into_iter().map(|node| node.op_type).collect()
}

#[test]
fn every_operator_that_is_listed_for_quantised_models_compiles() {
    let mut compiled = BTreeSet::new();
    for path in ["quantised", "quantised_static"].into_iter().flat_map(models) {
        if compile(&path, &samples(&path.with_extension("inputs.npy"))).is_ok() {
            compiled.extend(operators(&path));
        }
    }
    let float: BTreeSet<String> = OPERATORS.iter().map(|operator| operator.name.to_owned()).collect();
    let listed: BTreeSet<String> =
        QUANTISED_OPERATORS.iter().map(|operator| operator.name.to_owned()).collect();
    let found: BTreeSet<String> = compiled.difference(&float).cloned().collect();
    assert_eq!(found, listed.difference(&float).cloned().collect::<BTreeSet<_>>());
}

/// Damage must end in an error or in another model, never in a panic.
#[test]
fn damaged_files_do_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["places_qdq", "attention_qoperator", "dynamic", "four_bits", "integer_to_float"] {
        let whole = std::fs::read(model(name)).unwrap();
        let mut refused = 0;
        for at in (0..whole.len()).step_by(11) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at / 11 % 8);
            let file = folder.path().join("damaged.onnx");
            std::fs::write(&file, damaged).unwrap();
            refused += usize::from(compile(&file, &[]).is_err());
        }
        assert!(refused > 0, "{name}");
    }
}

/// The share of a trained model's samples with the runtime's class, and the largest difference in units of the output.
fn trained(folder: &Path, data: &Path) -> (f64, f64) {
    let quantised = compile(&folder.join("model.onnx"), &[]).unwrap();
    let (network, specs) = (&quantised.network, quantised.network.infer().unwrap());
    let (inputs, logits) = (samples(&data.join("inputs.npy")), samples(&folder.join("logits.npy")));
    let class =
        |values: &[f32]| (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best });
    let mut same = 0;
    let mut distance = 0.0_f64;
    for (input, logits) in inputs.iter().zip(&logits) {
        let input = quantise_input(&network.architecture, input).unwrap();
        let trace = execute(network, &specs, &input).unwrap();
        let ours = dequantise_output(&network.architecture, 0, trace.outputs(network).next().unwrap());
        same += usize::from(class(&ours) == class(logits));
        let scale = network.architecture.outputs[0].scales[0];
        let units = ours.iter().zip(logits).map(|(ours, theirs)| f64::from(ours - theirs).abs() / scale);
        distance = units.fold(distance, f64::max);
    }
    let share = same as f64 / inputs.len() as f64;
    eprintln!(
        "{}: {share} of the classes, {distance:.2} units at most, {:?}",
        folder.display(),
        quantised.unbounded
    );
    (share, distance)
}

#[test]
fn trained_models_give_the_runtimes_classes() {
    let fixtures = folder("../../../fixtures");
    for name in ["lenet5_digits", "mlp_digits"] {
        for form in ["qdq", "qoperator"] {
            let (share, distance) =
                trained(&fixtures.join(format!("{name}_int8_{form}")), &fixtures.join(name));
            assert!(share > 0.995 && distance < 1.01, "{name} {form}: {share} {distance}");
        }
    }
}

#[test]
fn larger_trained_models_give_the_runtimes_classes() {
    let Some(root) = std::env::var_os("TACIT_FIXTURES") else {
        eprintln!("larger_trained_models_give_the_runtimes_classes: skipped, TACIT_FIXTURES is not set");
        return;
    };
    let own = PathBuf::from(root).join("local/own");
    for name in ["lenet5_mnist", "mlp_mnist", "vgg_cifar10", "resnet_cifar10"] {
        for form in ["qdq", "qoperator"] {
            let folder = own.join(format!("{name}_int8_{form}"));
            let (share, distance) = trained(&folder, &folder);
            assert!(share > 0.995 && distance < 2.01, "{name} {form}: {share} {distance}");
        }
    }
}
