//! What checking costs is in proportion to what was received, however small the key and whatever the proof's bytes are.
//!
//! Files of attackers: keys of a few nodes whose layers commit to little and compute much, proofs of words that parse as a scalar
//! and as a point, so that a verifier of masked messages finds nothing wrong before the end. What is counted is work, not time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ark_bn254::G1Affine;
use ark_ec::AffineRepr;
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, Architecture, AxisWindow, Error, InputCommitment, InputLayer, Layout, Multiplier,
    NodeId, Output, Tensor, VerifyingKey, Window2d,
    layer::remap::AxisMap,
    proof::{
        input::num_rows,
        plan::{Plan, work::Work},
        statement::{Input, Statement},
    },
};
use tacit_prover::{ProvingKey, prove};
use tacit_transcript::{
    labels,
    replay::{Step, record},
};
use tacit_verifier::{Error as Rejection, verify, verify_statement};

const RELU: ActivationFunction = ActivationFunction::Clip { minimum: 0, maximum: 255 };
/// Files below this length are never worth a second.
const MEGABYTE: usize = 1_000_000;
/// Elements of the longest public input that is verified here.
const MOST_READ: usize = 1 << 21;
/// Nanoseconds that such files may cost by the plan's count.
const SECOND: usize = 1_000_000_000;

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn builder(axes: &[usize]) -> NetworkBuilder {
    NetworkBuilder::new("", InputLayer::real(layout(axes), (0, 1), 1.0))
}

fn output(b: &mut NetworkBuilder, node: NodeId, shape: &[usize]) {
    let (shape, scales) = (shape.to_vec(), vec![1.0]);
    b.output(Output { name: String::new(), node, shape, scales, scale_axis: 0 });
}

/// One element of a long axis.
fn first(b: &mut NetworkBuilder, x: NodeId, axes: usize) -> NodeId {
    b.remap("", x, vec![AxisMap::slice(0, 1, 1); axes])
}

/// One number, padded to many and multiplied with itself: nothing is committed, everything is hashed.
fn products(n: usize) -> NetworkBuilder {
    let mut b = builder(&[1, 1, 1]);
    let (one, wide) = (AxisMap::identity(1), AxisMap::pad(0, n));
    let x = b.remap("", b.input(), vec![one, wide, wide]);
    let x = b.product("", (x, b"ikl"), (x, b"jkl"), b"ij");
    output(&mut b, x, &[1, 1]);
    b
}

/// Windows along an axis of padding.
fn windows(count: usize, length: usize, kernel: usize) -> NetworkBuilder {
    let mut b = builder(&[1, 1, 1]);
    let (one, wide) = (AxisMap::identity(1), AxisMap::pad(0, length));
    let x = b.remap("", b.input(), vec![one, wide, one]);
    let window = Window2d { height: AxisWindow::new(kernel, 1), width: AxisWindow::new(1, 1) };
    for _ in 0..count {
        let x = b.average_pool("", x, window);
        output(&mut b, x, &[1, length - kernel + 1, 1]);
    }
    b
}

/// A committed column of many rows that many layers read.
fn readers(count: usize, length: usize) -> NetworkBuilder {
    let mut b = builder(&[1]);
    let x = b.remap("", b.input(), vec![AxisMap::pad(0, length)]);
    let x = b.add("", &[(x, 1)]);
    let x = b.rescale("", x, Multiplier::Uniform(1), 1, RELU);
    for _ in 0..count {
        let x = b.reduce_sum("", x, &[0]);
        output(&mut b, x, &[1]);
    }
    b
}

/// Tables of results, of two results each, as long as quotients are wide.
fn tables(count: i32, multiplier: u32) -> NetworkBuilder {
    let mut b = builder(&[1]);
    for k in 0..count {
        let x = b.add("", &[(b.input(), 1)]);
        let results = ActivationFunction::Table { first: 0, results: vec![k, k + 1] };
        let x = b.rescale("", x, Multiplier::Uniform(multiplier), 1, results);
        output(&mut b, x, &[1]);
    }
    b
}

/// The public input, read again and again.
fn sums(count: usize, length: usize) -> NetworkBuilder {
    let mut b = builder(&[length]);
    for _ in 0..count {
        let x = b.add("", &vec![(b.input(), 1); 64]);
        output(&mut b, x, &[length]);
    }
    b
}

/// Views of views of padding.
fn views(copies: usize, length: usize) -> NetworkBuilder {
    let mut b = builder(&[1]);
    let x = b.remap("", b.input(), vec![AxisMap::pad(0, length)]);
    let x = b.concat("", &vec![x; copies], 0);
    let x = first(&mut b, x, 1);
    output(&mut b, x, &[1]);
    b
}

/// Reshapes that move padding, each read again.
fn reshapes(count: usize, length: usize) -> NetworkBuilder {
    let mut b = builder(&[1, 1]);
    let (three, wide) = (AxisMap::pad(0, 3), AxisMap::pad(0, length));
    let x = b.remap("", b.input(), vec![three, wide]);
    for _ in 0..count {
        let x = b.reshape("", x, &[length, 3]);
        let x = first(&mut b, x, 2);
        output(&mut b, x, &[1, 1]);
    }
    b
}

/// Look-ups of padding.
fn lookups(length: usize) -> NetworkBuilder {
    readers(1, length)
}

/// An input that is committed: few rows, many generators.
fn inputs(axes: &[usize]) -> NetworkBuilder {
    let mut b = builder(axes);
    let all: Vec<usize> = (0..axes.len()).collect();
    let x = b.reduce_sum("", b.input(), &all);
    output(&mut b, x, &[1]);
    b
}

/// Every kind of attack at sizes up to what the limits of single layers admit.
fn attacks() -> Vec<(String, NetworkBuilder)> {
    let mut attacks: Vec<(String, NetworkBuilder)> = vec![];
    let mut add = |name: String, b| attacks.push((name, b));
    for log in [6, 10, 11, 12, 13, 14, 15] {
        add(format!("products {log}"), products(1 << log));
    }
    for (count, length, kernel) in [
        (1, 1 << 10, 1 << 8),
        (16, 4095, 1 << 11),
        (63, 4095, 1 << 11),
        (2000, 4096, 4096),
        (100, 4096, 4000),
    ] {
        add(format!("windows {count} {length} {kernel}"), windows(count, length, kernel));
    }
    for (count, log) in [(1, 14), (1000, 8), (1000, 14), (3000, 18), (3000, 20), (200, 22)] {
        add(format!("readers {count} {log}"), readers(count, 1 << log));
    }
    for (count, multiplier) in [(1, 1 << 16), (10, 1 << 16), (100, 1 << 16), (300, 1 << 17)] {
        add(format!("tables {count} {multiplier}"), tables(count, multiplier));
    }
    for (count, length) in [(1, 1), (40, 1 << 10), (40, 1 << 14), (30, 1 << 17)] {
        add(format!("sums {count} {length}"), sums(count, length));
    }
    for (copies, log) in [(2, 4), (1000, 10), (500, 14), (20, 19)] {
        add(format!("views {copies} {log}"), views(copies, 1 << log));
    }
    for (count, log) in [(1, 8), (25, 16), (400, 12), (1000, 9)] {
        add(format!("reshapes {count} {log}"), reshapes(count, 1 << log));
    }
    for log in [10, 16, 20, 23, 24] {
        add(format!("lookups {log}"), lookups(1 << log));
    }
    for axes in [
        vec![1],
        vec![3; 7],
        vec![3, 3, 3, 3, 3, 1 << 17],
        vec![1 << 11, 1 << 16],
        vec![17, 3, 3, 3, 3, 1 << 16],
    ] {
        add(format!("inputs {axes:?}"), inputs(&axes));
    }
    attacks
}

/// The word that is a scalar and a point.
fn junk(length: usize) -> Vec<u8> {
    let mut word = [0; 32];
    word[0] = 1;
    word.repeat(length / 32)
}

/// A private model's key without a model.
fn key(architecture: Architecture) -> Result<VerifyingKey, Error> {
    let plan = Plan::new(&architecture)?;
    let rows = plan.rows(&plan.parameters).1;
    VerifyingKey::private(architecture, vec![G1Affine::generator(); rows])
}

/// Outputs of zeros.
fn outputs(key: &VerifyingKey) -> Vec<Tensor<i64>> {
    let specs = &key.plan().specs;
    let zeros = |layout: &Layout| Tensor::new(layout.clone(), vec![0; layout.num_elements()]).unwrap();
    key.architecture().outputs.iter().map(|output| zeros(&specs[output.node.index()].layout)).collect()
}

/// What became of a hostile key and a proof of junk.
struct Outcome {
    /// Bytes of key, statement and proof.
    received: usize,
    /// What the plan counts.
    work: Work,
    /// Nanoseconds that a core was busy.
    nanoseconds: u64,
    /// Zero bytes that were absorbed, and other bytes.
    absorbed: (usize, usize),
    rejection: Rejection,
}

fn busy() -> u64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0)
}

/// Reads a key's file and has it verify junk, about a public input and a committed one.
fn run(architecture: &Architecture, is_recorded: bool) -> Vec<Result<Outcome, Error>> {
    [false, true].map(|commits| attack(architecture, commits, is_recorded)).into()
}

fn attack(architecture: &Architecture, commits: bool, is_recorded: bool) -> Result<Outcome, Error> {
    let file = key(architecture.clone())?.to_bytes()?;
    let start = busy();
    let key = VerifyingKey::from_bytes(&file)?;
    let layout = &key.architecture().input()?.layout;
    let (input, commitment);
    let (given, length) = if commits {
        commitment = InputCommitment::new(layout.clone(), vec![G1Affine::generator(); num_rows(layout)])?;
        (Input::Committed(&commitment), 32 * num_rows(layout))
    } else {
        if layout.num_elements() > MOST_READ {
            return Err(Error::Graph { reason: "its input is too long for a test" });
        }
        input = Tensor::new(layout.clone(), vec![0; layout.num_elements()])?;
        (Input::Public(&input), layout.num_elements())
    };
    let outputs = outputs(&key);
    let statement = Statement { inputs: vec![given], outputs: &outputs };
    let plan = statement.plan(&key)?;
    let least = plan.least_proof_bytes(key.architecture(), key.model().scheme());
    // Whatever is not read is refused unread.
    let proof = junk(2 * least + 64 * 32 * (64 + plan.segments.len() + architecture.nodes.len()));
    let check = || verify_statement(&key, &statement, &proof).unwrap_err();
    let (rejection, steps) = if is_recorded { record(check) } else { (check(), vec![]) };
    let nanoseconds = busy() - start;
    let mut absorbed = (0, 0);
    let mut read = 0;
    for step in &steps {
        match step {
            Step::Absorb(label, bytes) if *label == labels::HARDENING => absorbed.0 += bytes.len(),
            Step::Absorb(_, bytes) => absorbed.1 += bytes.len(),
            Step::Message(_, bytes) => read += bytes.len(),
            Step::Squeeze(..) => {}
        }
    }
    let read = if is_recorded { read } else { least };
    let values: usize = outputs.iter().map(|output| output.data().len()).sum();
    let received = file.len() + length + values + read;
    Ok(Outcome { received, work: plan.work, nanoseconds, absorbed, rejection })
}

#[test]
fn small_files_ask_for_little_work() {
    let (mut refused, mut accepted) = (0, 0);
    for (name, b) in attacks() {
        let Ok(network) = b.finish() else {
            refused += 1;
            continue;
        };
        for outcome in run(&network.architecture, true) {
            let Outcome { received, work, absorbed, rejection, .. } = match outcome {
                Ok(outcome) => outcome,
                Err(Error::Disproportionate { nanoseconds, allowed, received }) => {
                    assert!(nanoseconds > allowed && allowed == Work::allowed(received), "{name}");
                    refused += 1;
                    continue;
                }
                Err(Error::Graph { .. }) => {
                    refused += 1;
                    continue;
                }
                Err(error) => unreachable!("{name}: {error}"),
            };
            accepted += 1;
            assert!(work.nanoseconds() <= Work::allowed(received), "{name}: {work:?} for {received} bytes");
            assert!(received >= MEGABYTE || work.nanoseconds() < SECOND, "{name}: {work:?}");
            // What the plan counts is what is done: nothing is hashed beyond it but what was received.
            assert!(absorbed.0 == work.hashed || absorbed.0 == 0, "{name}: {absorbed:?}");
            assert!(absorbed.1 <= 64 * received + 4096, "{name}: {absorbed:?} for {received} bytes");
            assert!(work.points * 32 <= received, "{name}: {work:?} for {received} bytes");
            assert!(
                matches!(
                    rejection,
                    Rejection::MaskedChecks { .. } | Rejection::Opening | Rejection::Malformed(_)
                ),
                "{name}: {rejection}"
            );
        }
    }
    assert!(accepted >= 20 && refused >= 10, "{accepted} keys are accepted, {refused} refused");
}

/// Measures the constants that the plan counts with.
#[test]
#[ignore = "takes time, and measures it"]
fn work_takes_as_long_as_it_is_counted() {
    let mut lines = vec![];
    for (name, b) in attacks() {
        let Ok(network) = b.finish() else { continue };
        for (outcome, setting) in run(&network.architecture, false).into_iter().zip(["public", "committed"]) {
            let line = match outcome {
                Ok(Outcome { received, work, nanoseconds, rejection, .. }) => format!(
                    "{name} {setting}: {received} bytes, {:.1} ms counted, {:.1} ms busy, {work:?}, {rejection}",
                    work.nanoseconds() as f64 / 1e6,
                    nanoseconds as f64 / 1e6
                ),
                Err(error) => format!("{name} {setting}: {error}"),
            };
            lines.push(line);
        }
    }
    std::fs::write(std::env::temp_dir().join("tacit-proportion.txt"), lines.join("\n")).unwrap();
}

/// A key and a proof of a kilobyte that took seconds: now the key is refused, and a smaller one's proof must be whole.
#[test]
fn refuses_a_kilobyte_that_asks_for_seconds() {
    let network = products(1 << 15).finish().unwrap();
    let refused = key(network.architecture).map(|_| ());
    assert!(matches!(refused, Err(Error::Disproportionate { received: ..1024, .. })), "{refused:?}");
    // What is hashed for a proof that is too short is nothing.
    let network = products(1 << 12).finish().unwrap();
    let key = key(network.architecture).unwrap();
    let input = Tensor::new(layout(&[1, 1, 1]), vec![0]).unwrap();
    let outputs = outputs(&key);
    let statement = Statement { inputs: vec![Input::Public(&input)], outputs: &outputs };
    let (rejection, steps) = record(|| verify_statement(&key, &statement, &junk(64)).unwrap_err());
    assert!(matches!(rejection, Rejection::TooShort { actual: 64, .. }), "{rejection}");
    assert_eq!(steps, []);
}

#[test]
fn honest_proofs_of_the_same_kinds_are_accepted() {
    for b in [products(64), windows(2, 64, 8), readers(3, 256), tables(2, 16), sums(2, 64), views(3, 16)] {
        let network = b.finish().unwrap();
        let axes = network.architecture.input().unwrap().layout.axes().to_vec();
        let count = axes.iter().product();
        let input = Tensor::new(layout(&axes), vec![1; count]).unwrap();
        let key = ProvingKey::setup(network).unwrap();
        let proven = prove(&key, &input).unwrap();
        verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
    }
}
