//! Every trained model's proof has a soundness error below $2^{-100}$, computed from its architecture alone.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, Axis};
use tacit_layers::{
    ConvolutionArgument, MatmulArgument, Network, argument::soundness::SoundnessError, proof::plan::Plan,
};
use tacit_onnx::{FloatModel, QuantiseOptions, quantise, quantised};

/// The least soundness that a model's proof may have, in bits.
const LEAST_BITS: f64 = 100.0;

/// Folders of models below a folder.
fn folders(root: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = root.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("model.onnx").exists());
    folders.sort();
    folders
}

fn models(folder: &Path) -> Vec<PathBuf> {
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "onnx")).collect()
}

/// A model's network, if it can be imported; calibration moves scales, which the error hardly depends on.
fn network(file: &Path) -> Option<Network> {
    if let Some(model) = quantised::import(file).unwrap() {
        return Some(model.network);
    }
    let model = FloatModel::load(file).ok()?;
    let inputs = file.with_file_name("inputs.npy");
    let bytes = |_| ndarray_npy::read_npy(&inputs).map(|inputs: ArrayD<i8>| inputs.mapv(f32::from));
    let tokens =
        |_| ndarray_npy::read_npy(&inputs).map(|inputs: ArrayD<i64>| inputs.mapv(|token| token as f32));
    let inputs: ArrayD<f32> = ndarray_npy::read_npy(&inputs).or_else(bytes).or_else(tokens).unwrap();
    let samples: Vec<Vec<f32>> =
        inputs.axis_iter(Axis(0)).take(2).map(|sample| sample.iter().copied().collect()).collect();
    quantise(&model, &samples, &QuantiseOptions::default()).ok()
}

fn bits(network: &Network) -> f64 {
    let plan = Plan::new(&network.architecture).unwrap();
    let errors = tacit_layers::proof::soundness::network(&network.architecture, &plan);
    errors.into_iter().map(|(_, error)| error).sum::<SoundnessError>().bits()
}

/// By the default arguments and by every one that covers the network; says whether it can be imported.
fn check(file: &Path) -> bool {
    let name = file.display();
    let Some(network) = network(file) else {
        eprintln!("{name}: cannot be imported");
        return false;
    };
    let sound = bits(&network);
    eprintln!("{name}: {sound:.1} bits");
    assert!(sound > LEAST_BITS, "{name}: {sound} bits");
    for &convolution in ConvolutionArgument::ALL {
        for &matmul in MatmulArgument::ALL {
            if let Ok(network) = network.clone().with_arguments(convolution, matmul) {
                let sound = bits(&network);
                assert!(sound > LEAST_BITS, "{name}, {convolution:?}, {matmul:?}: {sound} bits");
            }
        }
    }
    true
}

#[test]
fn committed_models_are_sound() {
    let folders = folders(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures"));
    assert!(folders.len() >= 6);
    for file in folders.iter().flat_map(|folder| models(folder)) {
        assert!(check(&file));
    }
}

#[test]
fn larger_models_are_sound() {
    let Some(root) = std::env::var_os("TACIT_FIXTURES") else {
        eprintln!("larger_models_are_sound: skipped, TACIT_FIXTURES is not set");
        return;
    };
    let mut refused = vec![];
    for part in ["own", "thirdparty"] {
        for folder in folders(&PathBuf::from(&root).join("local").join(part)) {
            refused.extend(models(&folder).into_iter().filter(|file| !check(file)));
        }
    }
    // A language model looks its tokens up.
    assert!(
        refused.iter().all(|file| file.parent().unwrap().ends_with("tinygpt_shakespeare")),
        "{refused:?}"
    );
}
