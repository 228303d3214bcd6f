//! All targets, and those of single parsers.

use std::{panic, path::Path, sync::Once};

use tacit_benches::row::Row;
use tacit_inference::execute;
use tacit_layers::{KeyProofFile, ProofFile, VerifyingKey, proof::input::InputCommitment};
use tacit_onnx::{FloatModel, QuantiseOptions, quantise, quantise_input, quantised};
use tacit_prover::{ProvingKey, input::InputOpening};

use crate::{differential, lookups, memory, npy, proofs};

/// Asserts what must hold of bytes.
type Target = fn(&[u8]);

/// Every target by name.
pub(crate) const ALL: &[(&str, Target)] = &[
    ("verifying_key", verifying_key),
    ("proving_key", proving_key),
    ("proof_file", proof_file),
    ("input_commitment", input_commitment),
    ("npy", npy),
    ("rows", rows),
    ("onnx_import", onnx_import),
    ("verifier", proofs::verifier),
    ("hostile_key", proofs::hostile_key),
    ("hostile_network", proofs::hostile_network),
    ("differential", differential::drawn),
    ("lookups", lookups::lookups),
];

/// Memory that a file of up to a kilobyte may make any command take.
const MAX_MEMORY: usize = 64 << 20;

/// Runs a target and asserts that it took no more memory than its bytes may ask for.
pub(crate) fn bounded(name: &str, target: Target, data: &[u8]) {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        proofs::prepare();
        // The importer stops panics of the library below it; those that it does not stop end the run all the same.
        panic::set_hook(Box::new(|panic| {
            let caught = panic
                .location()
                .is_some_and(|at| at.file().contains("tract") || at.file().contains("ndarray"));
            if !caught {
                eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
            }
        }));
    });
    let peak = memory::peak(|| target(data));
    let limit = MAX_MEMORY.saturating_mul(1 + data.len() / 1024);
    assert!(peak <= limit, "{name}: {peak} bytes of memory for {} bytes", data.len());
}

fn verifying_key(data: &[u8]) {
    if let Ok(key) = VerifyingKey::from_bytes(data) {
        assert_eq!(key.to_bytes().unwrap(), data);
        assert!(key.soundness_bits() > 0.0);
    }
}

fn proving_key(data: &[u8]) {
    let Ok(key) = ProvingKey::from_bytes(data) else { return };
    assert_eq!(key.to_bytes().unwrap().as_slice(), data);
    let network = key.network();
    if differential::is_small(network) {
        let layer = network.architecture.input().unwrap();
        let sample = vec![0.5; layer.layout.num_elements()];
        let input = quantise_input(&network.architecture, &sample).unwrap();
        execute(network, &network.infer().unwrap(), &input).unwrap();
    }
}

fn proof_file(data: &[u8]) {
    if let Ok(file) = ProofFile::from_bytes(data) {
        assert_eq!(file.to_bytes().unwrap(), data);
    }
    if let Ok(file) = KeyProofFile::from_bytes(data) {
        assert_eq!(file.to_bytes(), data);
    }
}

fn input_commitment(data: &[u8]) {
    if let Ok(commitment) = InputCommitment::from_bytes(data) {
        assert_eq!(commitment.to_bytes().unwrap(), data);
    }
    if let Ok(opening) = InputOpening::from_bytes(data) {
        assert_eq!(opening.to_bytes().unwrap().as_slice(), data);
    }
}

fn npy(data: &[u8]) {
    if let Ok(array) = npy::parse_reals(data) {
        assert_eq!(array.shape.iter().product::<usize>(), array.values.len());
        let again = npy::parse_reals(&npy::to_bytes(array.clone()).unwrap()).unwrap();
        assert_eq!(again.shape, array.shape);
        let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&again.values), bits(&array.values));
    }
    let _ = npy::parse_classes(data);
}

fn rows(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    for line in text.lines() {
        if let Ok(row) = Row::from_line(line) {
            let again = row.to_line().unwrap();
            assert_eq!(Row::from_line(&again).unwrap().to_line().unwrap(), again);
        }
    }
}

/// A model is refused, or quantised to a network that runs.
fn onnx_import(data: &[u8]) {
    const MAX_INPUT: usize = 1 << 10;
    let path = Path::new("fuzzed.onnx");
    let network = match quantised::from_bytes(data, path) {
        Ok(Some(model)) => model.network,
        Ok(None) => {
            let Ok(model) = FloatModel::from_bytes(data, path) else { return };
            let size = model.input_shape().iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis));
            let Some(size) = size.filter(|&size| size <= MAX_INPUT) else { return };
            let samples: Vec<Vec<f32>> =
                [-1.0, 0.5].map(|step| (0..size).map(|i| step * (i % 7) as f32).collect()).to_vec();
            match quantise(&model, &samples, &QuantiseOptions::default()) {
                Ok(network) => network,
                Err(_) => return,
            }
        }
        Err(_) => return,
    };
    let layer = network.architecture.input().unwrap();
    if differential::is_small(&network) {
        let sample = vec![0.5; layer.layout.num_elements()];
        let input = quantise_input(&network.architecture, &sample).unwrap();
        execute(&network, &network.infer().unwrap(), &input).unwrap();
    }
}
