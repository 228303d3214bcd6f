//! Trained models: the float reference agrees with the recorded logits, the integer network with the float reference.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

#[path = "support/quantised.rs"]
mod quantised;

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis};
use quantised::run_quantised;
use tacit_layers::{ActivationFunction, Operation};
use tacit_onnx::{FloatModel, QuantiseOptions, quantise};

/// The committed fixtures.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The fixtures that are too large, or other people's, to commit; says so when they are not there.
fn local_fixtures(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TACIT_FIXTURES").map(|root| PathBuf::from(root).join("local"));
    if folder.is_none() {
        eprintln!("{test}: skipped, TACIT_FIXTURES is not set");
    }
    folder
}

/// Samples of an array's first axis.
fn samples(path: &Path) -> Vec<Vec<f32>> {
    let array: ArrayD<f32> = ndarray_npy::read_npy(path).unwrap();
    array.axis_iter(Axis(0)).map(|sample| sample.iter().copied().collect()).collect()
}

fn labels(path: &Path) -> Vec<usize> {
    let path = path.join("labels.npy");
    if let Ok(labels) = ndarray_npy::read_npy::<_, ArrayD<i64>>(&path) {
        return labels.iter().map(|&label| label as usize).collect();
    }
    let labels: ArrayD<u8> = ndarray_npy::read_npy(&path).unwrap();
    labels.iter().map(|&label| usize::from(label)).collect()
}

fn argmax(values: &[f32]) -> usize {
    (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap()
}

/// Agreement of a quantised network with its float model.
#[derive(Debug)]
struct Agreement {
    float_correct: usize,
    quantised_correct: usize,
    same_class: usize,
    /// Root mean square of the difference over that of the float logits.
    relative_error: f64,
    /// Largest difference between the float model's output and the recorded reference, relative to those above one.
    reference_error: f32,
}

fn measure(folder: &Path, file: &str, calibration: &[Vec<f32>], options: &QuantiseOptions) -> Agreement {
    let model = FloatModel::load(&folder.join(file)).unwrap();
    let network = quantise(&model, calibration, options).unwrap();
    let inputs = samples(&folder.join("inputs.npy"));
    let logits = samples(&folder.join("logits.npy"));
    let labels = labels(folder);
    let mut agreement = Agreement {
        float_correct: 0,
        quantised_correct: 0,
        same_class: 0,
        relative_error: 0.0,
        reference_error: 0.0,
    };
    let (mut error, mut energy) = (0.0_f64, 0.0_f64);
    for ((input, logits), &label) in inputs.iter().zip(&logits).zip(&labels) {
        let float = model.run(input).unwrap();
        let quantised = run_quantised(&network, input);
        for ((float, quantised), reference) in float.iter().zip(&quantised).zip(logits) {
            let difference = (float - reference).abs() / reference.abs().max(1.0);
            agreement.reference_error = agreement.reference_error.max(difference);
            error += f64::from(float - quantised).powi(2);
            energy += f64::from(*float).powi(2);
        }
        agreement.float_correct += usize::from(argmax(&float) == label);
        agreement.quantised_correct += usize::from(argmax(&quantised) == label);
        agreement.same_class += usize::from(argmax(&float) == argmax(&quantised));
    }
    agreement.relative_error = (error / energy).sqrt();
    eprintln!("{}/{file}: {agreement:?}", folder.display());
    for node in &network.architecture.nodes {
        if let Operation::Rescale(layer) = &node.operation {
            let (low, high) = layer.quotient_bounds;
            let function = match &layer.function {
                ActivationFunction::Table { first, results } => {
                    format!("{} results from {first} on", results.len())
                }
                clip @ ActivationFunction::Clip { .. } => format!("{clip:?}"),
            };
            eprintln!("  {}: shift {}, quotients {low}..={high}, {function}", node.name, layer.shift);
        }
    }
    agreement
}

fn holds_accuracy(agreement: &Agreement, points: usize) {
    assert!(agreement.reference_error < 1e-3, "{agreement:?}");
    assert!(agreement.quantised_correct + points >= agreement.float_correct, "{agreement:?}");
}

fn committed(name: &str) -> Agreement {
    let folder = fixtures().join(name);
    let calibration = samples(&folder.join("calibration.npy"));
    measure(&folder, "model.onnx", &calibration, &QuantiseOptions::default())
}

fn local(test: &str, name: &str, file: &str) -> Option<Agreement> {
    let folder = local_fixtures(test)?.join(name);
    // Some of these sets are sorted by class: every other sample sees all classes.
    let calibration: Vec<_> = samples(&folder.join("inputs.npy")).into_iter().step_by(2).collect();
    Some(measure(&folder, file, &calibration, &QuantiseOptions::default()))
}

#[test]
fn lenet5_on_digits_keeps_its_accuracy() {
    holds_accuracy(&committed("lenet5_digits"), 1);
}

#[test]
fn mlp_on_digits_keeps_its_accuracy() {
    holds_accuracy(&committed("mlp_digits"), 1);
}

#[test]
fn mnist_models_keep_their_accuracy() {
    for name in [
        "own/lenet5_mnist",
        "own/mlp_mnist",
        "thirdparty/mnist_cntk_onnxzoo",
        "thirdparty/mnist_lenet_tanh_avgpool",
    ] {
        let Some(agreement) = local("mnist_models_keep_their_accuracy", name, "model.onnx") else { return };
        holds_accuracy(&agreement, 1);
    }
}

#[test]
fn an_nhwc_model_keeps_its_accuracy() {
    let test = "an_nhwc_model_keeps_its_accuracy";
    let Some(agreement) = local(test, "thirdparty/mnist_cnn_nhwc_small", "model.onnx") else { return };
    holds_accuracy(&agreement, 1);
}

#[test]
fn a_model_with_self_attention_keeps_its_accuracy() {
    let test = "a_model_with_self_attention_keeps_its_accuracy";
    let Some(agreement) = local(test, "thirdparty/mnist_self_attention", "model.onnx") else { return };
    holds_accuracy(&agreement, 1);
}

/// Of a detector's boxes, those whose second score is above one half.
fn detections(scores: &[f32]) -> Vec<usize> {
    (0..scores.len() / 2).filter(|&i| scores[2 * i + 1] > 0.5).collect()
}

#[test]
fn a_face_detector_finds_the_same_faces() {
    let Some(folder) = local_fixtures("a_face_detector_finds_the_same_faces") else { return };
    let folder = folder.join("thirdparty/ultraface_slim320");
    let inputs = samples(&folder.join("inputs.npy"));
    let model = FloatModel::load(&folder.join("model.onnx")).unwrap();
    let network = quantise(&model, &inputs, &QuantiseOptions::default()).unwrap();
    assert_eq!(network.architecture.outputs.len(), 2);
    let expected = samples(&folder.join("logits.npy"));
    for (input, expected) in inputs.iter().zip(&expected) {
        let (found, expected) = (detections(&run_quantised(&network, input)), detections(expected));
        let both = found.iter().filter(|index| expected.contains(index)).count();
        eprintln!("{} boxes found, {} expected, {both} both", found.len(), expected.len());
        assert!(expected.len() > 10);
        assert!(both * 100 >= found.len().max(expected.len()) * 90);
    }
}

#[test]
fn cifar_models_keep_their_accuracy() {
    for (name, file) in [
        ("own/vgg_cifar10", "model.onnx"),
        ("own/vgg_cifar10", "model_bn.onnx"),
        ("own/resnet_cifar10", "model.onnx"),
        ("own/resnet_cifar10", "model_bn.onnx"),
        ("thirdparty/cifar_cnn_deepprove", "model.onnx"),
        ("thirdparty/cifar_wide_kw_oval", "model.onnx"),
    ] {
        let Some(agreement) = local("cifar_models_keep_their_accuracy", name, file) else { return };
        holds_accuracy(&agreement, 2);
    }
}

#[test]
fn a_model_of_four_features_keeps_its_accuracy() {
    let test = "a_model_of_four_features_keeps_its_accuracy";
    let Some(agreement) = local(test, "thirdparty/iris_mlp_deepprove", "model.onnx") else { return };
    holds_accuracy(&agreement, 1);
}

#[test]
fn a_controller_gives_the_same_advice() {
    let Some(folder) = local_fixtures("a_controller_gives_the_same_advice") else { return };
    let folder = folder.join("thirdparty/acasxu_1_1");
    let inputs = samples(&folder.join("inputs.npy"));
    let model = FloatModel::load(&folder.join("model.onnx")).unwrap();
    let calibration: Vec<_> = inputs.iter().step_by(2).cloned().collect();
    let network = quantise(&model, &calibration, &QuantiseOptions::default()).unwrap();
    let advice = |scores: &[f32]| argmax(&scores.iter().map(|score| -score).collect::<Vec<_>>());
    let same = inputs
        .iter()
        .zip(samples(&folder.join("logits.npy")))
        .filter(|(input, scores)| advice(&run_quantised(&network, input)) == advice(scores))
        .count();
    eprintln!("{}: {same} of {} the same", folder.display(), inputs.len());
    assert!(same * 100 >= inputs.len() * 90, "{same}");
}
