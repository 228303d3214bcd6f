//! Proofs of fixed networks are the committed bytes, under every number of threads.
//!
//! Beside a proof, `NAME.bin`, lies what its verifier reads: the key, `NAME.key`; the proof's file up to the proof,
//! `NAME.statement`; and the input, `NAME.input`, as integers of eight bytes or as the commitment to it. The verifier's own
//! tests read them, so that they need no prover.
//!
//! `cargo test --release -p tacit-prover --test known_answer -- --ignored` rewrites the files after a change of the proof
//! format; such a change belongs into the changelog and raises `PROTOCOL_VERSION`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/several.rs"]
mod several;
#[path = "support/tiny.rs"]
mod tiny;

use std::{fmt::Write as _, fs, path::PathBuf};

use sha2::{Digest, Sha256};
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, AxisWindow, InputLayer, Layout, Multiplier, Network, Output, ProofFile, StatedInput,
    Tensor, Window2d, proof::statement::PROTOCOL_VERSION,
};
use tacit_prover::{
    InputOpening, ProvingKey, RunInput, Seed, prove, prove_committed, prove_inputs, prove_parameters,
};

fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/known_answers");
    folder.join(format!("{name}_v{PROTOCOL_VERSION}.bin"))
}

/// A network whose vectors, matrices and look-ups are long enough to be split over cores, with most leaves of its tree looked
/// up: convolution, max-pool, two dense layers.
fn large() -> Network {
    let layout = |axes: &[usize]| Layout::new(axes.to_vec()).unwrap();
    let weights = |axes: &[usize], most: usize| {
        let data =
            (0..axes.iter().product()).map(|i: usize| (i * i % (2 * most + 1)) as i8 - most as i8).collect();
        Tensor::new(layout(axes), data).unwrap()
    };
    let relu = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let input = InputLayer::real(layout(&[3, 32, 32]), (0, 255), 1.0);
    let mut b = NetworkBuilder::new("large", input);
    let window = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let x = b.conv2d("conv", b.input(), window, weights(&[7, 3, 3, 3], 60), Some((-3..4).collect())).unwrap();
    let x = b.rescale("conv relu", x, Multiplier::Uniform(3), 12, relu.clone());
    let x = b.max_pool("pool", x, Window2d::square(AxisWindow::new(2, 2)));
    let x = b.flatten("flat", x);
    let x = b.dense("dense", x, 0, weights(&[150, 7, 16, 16], 3), None).unwrap();
    let x = b.rescale("dense relu", x, Multiplier::Uniform(1), 12, relu);
    let x = b.dense("last", x, 0, weights(&[10, 150], 60), Some((0..10).collect())).unwrap();
    b.output(Output { name: "y".to_owned(), node: x, shape: vec![10], scales: vec![1.0], scale_axis: 0 });
    b.finish().unwrap()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn proof(network: Network, threads: usize) -> Vec<u8> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let input = tiny::sample(&network);
        prove(&ProvingKey::setup(network).unwrap(), &input).unwrap().proof
    })
}

/// The digest of a proof that hides model and input, all from one seed.
fn hiding_digest(network: &Network, threads: usize) -> String {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let seed = Seed::new([5; 32]);
        let opening = InputOpening::new(tiny::sample(network), &seed).unwrap();
        let key = ProvingKey::setup_private(network.clone(), &seed).unwrap();
        digest(&prove_committed(&key, &opening, &seed).unwrap().proof)
    })
}

/// The digest of a proof about a private model's key.
fn key_digest(network: &Network, threads: usize) -> String {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let seed = Seed::new([5; 32]);
        let key = ProvingKey::setup_private(network.clone(), &seed).unwrap();
        digest(&prove_parameters(&key, &seed).unwrap().proof)
    })
}

/// A committed file: the ending of its name, and its bytes.
type Committed = (&'static str, Vec<u8>);

/// The endings of the names of files that hold several inputs.
const INPUTS: [&str; 3] = ["input0", "input1", "input2"];

/// The files of a proof about three inputs, of which the first and the last are committed, and of one about public inputs.
fn mixtures() -> [(String, Vec<Committed>); 2] {
    let seed = Seed::new([5; 32]);
    let key = ProvingKey::setup(several::network()).unwrap();
    let inputs = several::samples(key.network());
    let openings: Vec<InputOpening> =
        inputs.iter().map(|input| InputOpening::new(input.clone(), &seed).unwrap()).collect();
    let public: Vec<RunInput> = inputs.iter().map(RunInput::Public).collect();
    let [first, .., last] = openings.as_slice() else { unreachable!() };
    let mixed = vec![RunInput::Committed(first), public[1], RunInput::Committed(last)];
    [("several", public), ("several_mixed", mixed)].map(|(name, runs)| {
        let proven = prove_inputs(&key, &runs, &seed).unwrap();
        let (key_digest, outputs) = (*key.verifying_key().digest(), proven.outputs);
        let stated: Vec<StatedInput> = runs.iter().map(|input| input.stated().into()).collect();
        let given = stated.iter().map(|input| match input {
            StatedInput::Public(input) => input.data().iter().flat_map(|x| x.to_le_bytes()).collect(),
            StatedInput::Committed(commitment) => commitment.to_bytes().unwrap(),
        });
        let mut files: Vec<Committed> = INPUTS.into_iter().zip(given.collect::<Vec<_>>()).collect();
        let statement = ProofFile { key_digest, inputs: stated, outputs, proof: vec![] };
        files.extend([
            ("bin", proven.proof),
            ("key", key.verifying_key().to_bytes().unwrap()),
            ("statement", statement.to_bytes().unwrap()),
        ]);
        (name.to_owned(), files)
    })
}

/// The files of a network's proof.
fn files(network: Network) -> Vec<Committed> {
    let key = ProvingKey::setup(network).unwrap();
    let input = tiny::sample(key.network());
    let proven = prove(&key, &input).unwrap();
    let integers = input.data().iter().flat_map(|x| x.to_le_bytes()).collect();
    let key = key.verifying_key();
    let (key_digest, outputs) = (*key.digest(), proven.outputs);
    let inputs = vec![StatedInput::Public(input)];
    let statement = ProofFile { key_digest, inputs, outputs, proof: vec![] }.to_bytes().unwrap();
    let key = key.to_bytes().unwrap();
    vec![("bin", proven.proof), ("key", key), ("statement", statement), ("input", integers)]
}

/// The files of a proof that hides model and input, all from one seed.
fn hiding_files(network: Network) -> Vec<Committed> {
    let seed = Seed::new([5; 32]);
    let opening = InputOpening::new(tiny::sample(&network), &seed).unwrap();
    let key = ProvingKey::setup_private(network, &seed).unwrap();
    let proven = prove_committed(&key, &opening, &seed).unwrap();
    let (key, input) = (key.verifying_key(), opening.commitment().clone());
    let (key_digest, outputs, commitment) = (*key.digest(), proven.outputs, input.to_bytes().unwrap());
    let inputs = vec![StatedInput::Committed(input)];
    let statement = ProofFile { key_digest, inputs, outputs, proof: vec![] }.to_bytes().unwrap();
    let key = key.to_bytes().unwrap();
    vec![("bin", proven.proof), ("key", key), ("statement", statement), ("input", commitment)]
}

/// Every proof that a verifier without a prover checks.
fn verifiable() -> Vec<(String, Vec<Committed>)> {
    let public = tiny::all().into_iter().map(|(name, network)| (name.to_owned(), files(network)));
    let hiding = tiny::all().into_iter().take(2);
    let hiding = hiding.map(|(name, network)| (format!("hiding_{name}"), hiding_files(network)));
    public.chain(hiding).chain(mixtures()).collect()
}

/// One line for each network, one for the proof about a key.
fn hiding_digests(threads: usize) -> String {
    let networks = tiny::all();
    let large = ("large", large());
    let mut lines = networks.iter().chain([&large]).fold(String::new(), |mut lines, (name, network)| {
        writeln!(lines, "{}  {name}", hiding_digest(network, threads)).unwrap();
        lines
    });
    writeln!(lines, "{}  key of {}", key_digest(&large.1, threads), large.0).unwrap();
    lines
}

/// One line for each file, as `sha256sum` writes them.
fn digests() -> String {
    tiny::all().iter().fold(String::new(), |mut lines, (name, _)| {
        let path = file(name);
        let name = path.file_name().unwrap().to_str().unwrap();
        writeln!(lines, "{}  {name}", digest(&fs::read(&path).unwrap())).unwrap();
        lines
    })
}

#[test]
fn proofs_are_the_committed_bytes_under_every_number_of_threads() {
    for (name, network) in tiny::all() {
        let expected = fs::read(file(name)).unwrap();
        for threads in [1, 2, 3] {
            let actual = proof(network.clone(), threads);
            let same = actual.iter().zip(&expected).take_while(|(a, b)| a == b).count();
            assert_eq!(actual.len(), expected.len(), "{name}, {threads} threads: length");
            assert_eq!(same, expected.len(), "{name}, {threads} threads: first difference");
        }
    }
}

/// As long vectors are split over cores, and as whichever kernel runs: `TACIT_KERNEL` chooses another.
#[test]
fn a_large_networks_proof_has_the_committed_digest_under_every_number_of_threads() {
    let expected = fs::read_to_string(file("large").with_extension("sha256")).unwrap();
    for threads in [1, 2, 3, 7] {
        assert_eq!(digest(&proof(large(), threads)), expected.trim(), "{threads} threads");
    }
}

/// Statement, witness and seed are all that proofs depend on, those that hide something too.
#[test]
fn proofs_that_hide_have_the_committed_digests_under_every_number_of_threads() {
    let expected = fs::read_to_string(file("hiding").with_extension("sha256")).unwrap();
    for threads in [1, 2, 3] {
        assert_eq!(hiding_digests(threads), expected, "{threads} threads");
    }
}

#[test]
fn committed_bytes_have_the_committed_digests() {
    assert_eq!(digests(), fs::read_to_string(file("mlp").with_file_name("SHA256SUMS")).unwrap());
}

#[test]
fn what_verifiers_read_beside_proofs_is_the_committed_bytes() {
    for (name, files) in verifiable() {
        for (ending, bytes) in files {
            assert!(fs::read(file(&name).with_extension(ending)).unwrap() == bytes, "{name}.{ending}");
        }
    }
}

#[test]
#[ignore = "rewrites the committed files"]
fn rewrite_committed_bytes() {
    for (name, files) in verifiable() {
        for (ending, bytes) in files {
            let path = file(&name).with_extension(ending);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    fs::write(file("mlp").with_file_name("SHA256SUMS"), digests()).unwrap();
    let large = digest(&proof(large(), 1));
    fs::write(file("large").with_extension("sha256"), format!("{large}\n")).unwrap();
    fs::write(file("hiding").with_extension("sha256"), hiding_digests(1)).unwrap();
}
