//! Files of at most a kilobyte that ask for as much as they can: every command that reads them stays within 64 MB, and
//! refuses them where it says so.
#![cfg(target_os = "linux")]

use std::{
    process::{Command, Output},
    sync::LazyLock,
    time::{Duration, Instant},
};

use tacit_layers::{
    ActivationFunction, Architecture, AxisWindow, InputLayer, KeyProofFile, Layout, MatmulArgument,
    Multiplier, Network, Node, NodeId, Operation, Output as NetworkOutput, ProofFile, StatedInput, Tensor,
    VerifyingKey, Window2d,
    argument::gates::{Axes, Circuit, Factor, GateLayer, Operand, Relation, Wiring},
    layer::{
        add::AddLayer,
        average_pool::AveragePoolLayer,
        circuit::CircuitLayer,
        concat::ConcatLayer,
        dense::DenseLayer,
        max_pool::MaxPoolLayer,
        product::ProductLayer,
        reduce_sum::ReduceSumLayer,
        remap::{AxisMap, RemapLayer},
        rescale::RescaleLayer,
        reshape::ReshapeLayer,
    },
    proof::file::{block, encode, file_header},
    tensor::value::{ParameterId, ParameterSpec, ParameterWidth},
};

use crate::files::{DONE, FAILED, Folder, REJECTED, npy};

/// The largest file.
const KILOBYTE: usize = 1024;
/// What a command may take beyond what it takes for a tiny key.
const MEMORY: usize = 64 << 20;
/// A guard against commands that hang: the time itself depends on the machine and on what else it does.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `tacit` on one thread with so much address space.
fn confined(bytes: usize, arguments: &[&str]) -> Output {
    Command::new("sh")
        .args([
            "-c",
            r#"ulimit -v "$0" && exec "$@""#,
            &(bytes / 1024).to_string(),
            env!("CARGO_BIN_EXE_tacit"),
        ])
        .args(arguments)
        .env("RAYON_NUM_THREADS", "1")
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap()
}

/// The address space that a tiny key takes.
static BASELINE: LazyLock<usize> = LazyLock::new(|| {
    let folder = Folder::new();
    let file = folder.file("tiny.vk", key(&architecture(vec![sum(&[0])], 1, &[4], &[4]), 0));
    let step = 4 << 20;
    let fits = |steps: &usize| confined(steps * step, &["inspect", &file]).status.code() == Some(DONE);
    (1..256).find(fits).unwrap() * step
});

/// Runs `tacit` within its bounds; the exit code must be one of these.
fn bounded(what: &str, arguments: &[&str], codes: &[i32]) {
    let start = Instant::now();
    let Output { status, stdout, stderr } = confined(*BASELINE + MEMORY, arguments);
    let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.code().is_some_and(|code| codes.contains(&code)), "{what}: {status}: {stdout}{stderr}");
    assert!(!stderr.contains("internal error"), "{what}: {stderr}");
    assert!(start.elapsed() < PATIENCE, "{what}: {:?}", start.elapsed());
}

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

/// A network of these nodes behind an input; the last one is the output.
fn architecture(
    nodes: Vec<(Vec<u32>, Operation)>,
    high: i64,
    input: &[usize],
    output: &[usize],
) -> Architecture {
    let input = InputLayer::real(layout(input), (0, high), 1.0);
    let node = |(inputs, operation): (Vec<u32>, Operation)| {
        let inputs = inputs.into_iter().map(NodeId).collect();
        Node { name: String::new(), inputs, operation }
    };
    let nodes: Vec<Node> =
        std::iter::once((vec![], Operation::Input(input))).chain(nodes).map(node).collect();
    let last = NodeId(nodes.len() as u32 - 1);
    let output = NetworkOutput {
        name: String::new(),
        node: last,
        shape: output.to_vec(),
        scales: vec![1.0],
        scale_axis: 0,
    };
    Architecture { name: String::new(), nodes, parameters: vec![], outputs: vec![output] }
}

fn remap(input: u32, axes: Vec<AxisMap>) -> (Vec<u32>, Operation) {
    (vec![input], Operation::Remap(RemapLayer { axes }))
}

fn sum(inputs: &[u32]) -> (Vec<u32>, Operation) {
    (inputs.to_vec(), Operation::Add(AddLayer { coefficients: vec![1; inputs.len()] }))
}

fn total(input: u32, axes: Vec<usize>) -> (Vec<u32>, Operation) {
    (vec![input], Operation::ReduceSum(ReduceSumLayer { axes }))
}

fn rescale(input: u32, maximum: i64, quotient: i64) -> (Vec<u32>, Operation) {
    let function = ActivationFunction::Clip { minimum: 0, maximum };
    let multiplier = Multiplier::Uniform(1);
    let layer = RescaleLayer { multiplier, shift: 16, function, quotient_bounds: (0, quotient) };
    (vec![input], Operation::Rescale(layer))
}

fn wide(kernel: usize, padding: usize) -> Window2d {
    Window2d::square(AxisWindow::new(kernel, 1).padded(padding, padding))
}

/// A circuit of one layer that sums products of an input by itself over `axes`.
fn circuit(input: &[usize], hidden: &[usize]) -> CircuitLayer {
    let axes = Axes::range(0, input.len());
    let read = Wiring {
        coefficient: 1,
        left: Some(Operand::Layer(1)),
        right: None,
        factors: vec![
            Factor {
                relation: Relation::Shared,
                axes: [Axes::NONE, Axes::range(0, hidden.len()), Axes::NONE],
            },
            Factor::shared(Some(0), None, None),
        ],
    };
    let spread = Wiring {
        coefficient: 1,
        left: Some(Operand::Input(0)),
        right: None,
        factors: vec![
            Factor {
                relation: Relation::Shared,
                axes: [Axes::range(0, hidden.len()), Axes::NONE, Axes::NONE],
            },
            Factor { relation: Relation::Shared, axes: [Axes::NONE, axes, Axes::NONE] },
        ],
    };
    let layers = vec![
        GateLayer { layout: layout(&[1]), wirings: vec![read] },
        GateLayer { layout: layout(hidden), wirings: vec![spread] },
    ];
    CircuitLayer { circuit: Circuit { inputs: vec![layout(input)], layers }, parameters: vec![] }
}

/// Networks that ask for much in few bytes, by name.
fn networks() -> Vec<(&'static str, Architecture)> {
    [views(), activations(), windows(), products(), parameters()].concat()
}

const ONE: AxisMap = AxisMap::identity(1);

/// An axis of one position, enlarged by zeros.
const fn long(length: usize) -> AxisMap {
    AxisMap::pad(0, length)
}

fn views() -> Vec<(&'static str, Architecture)> {
    let summed = |length| architecture(vec![remap(0, vec![long(length)]), total(1, vec![0])], 1, &[1], &[1]);
    let plane = vec![remap(0, vec![long(1 << 17); 2]), total(1, vec![0, 1])];
    let mut nodes: Vec<_> = (0..16).map(|_| remap(0, vec![long(1 << 19)])).collect();
    nodes.extend((1..=16).map(|view| total(view, vec![0])));
    let mut many = architecture(nodes, 1, &[1], &[1]);
    let output = many.outputs[0].clone();
    many.outputs = (17..33).map(|node| NetworkOutput { node: NodeId(node), ..output.clone() }).collect();
    let double = |level| (vec![level, level], Operation::Concat(ConcatLayer { axis: 0 }));
    let reshaped = vec![
        remap(0, vec![long(1 << 17), long(3)]),
        (vec![1], Operation::Reshape(ReshapeLayer { axes: vec![3, 1 << 17] })),
        total(2, vec![0, 1]),
    ];
    vec![
        ("a long view", summed(1 << 24)),
        ("the longest view", summed(1 << 19)),
        ("a long output", architecture(vec![remap(0, vec![long(1 << 24)])], 1, &[1], &[1 << 24])),
        ("a large view", architecture(plane, 1, &[1, 1], &[1, 1])),
        ("many long views", many),
        ("views of views", architecture((0..11).map(double).collect(), 1, &[1], &[1 << 11])),
        ("a long reshape", architecture(reshaped, 1, &[1, 1], &[1, 1])),
    ]
}

fn activations() -> Vec<(&'static str, Architecture)> {
    let plane = [1 << 17, 1 << 17];
    let clipped = vec![remap(0, vec![long(1 << 13); 2]), sum(&[1]), rescale(2, 1, 1), total(3, vec![0, 1])];
    let wide = vec![sum(&[0]), rescale(1, 1 << 16, 1 << 31)];
    vec![
        ("the largest input", architecture(vec![sum(&[0; 200])], 1, &plane, &plane)),
        ("the most look-ups", architecture(clipped, 1, &[1, 1], &[1, 1])),
        ("the widest quotients", architecture(wide, 1 << 16, &[1], &[1])),
    ]
}

fn windows() -> Vec<(&'static str, Architecture)> {
    let pool = MaxPoolLayer { window: wide(1 << 11, (1 << 11) - 1) };
    let pooled = vec![(vec![0], Operation::MaxPool(pool)), total(1, vec![1, 2])];
    let window = Window2d { height: AxisWindow::new(1, 1 << 12), width: AxisWindow::new(1, 1) };
    let average = Operation::AveragePool(AveragePoolLayer { window });
    let averaged = vec![remap(0, vec![ONE, long(1 << 19), ONE]), (vec![1], average)];
    vec![
        ("large windows", architecture(pooled, 1, &[1, 1, 1], &[1, 1, 1])),
        ("long averages", architecture(averaged, 1, &[1, 1, 1], &[1, 1 << 7, 1])),
    ]
}

fn products() -> Vec<(&'static str, Architecture)> {
    let squares = |argument| {
        let layer = ProductLayer { left: vec![1, 2, 3], right: vec![1, 2, 3], output: vec![4], argument };
        let nodes = vec![remap(0, vec![long(1 << 10); 3]), (vec![1, 1], Operation::Product(layer))];
        architecture(nodes, 1, &[1, 1, 1], &[1])
    };
    let circuit = Operation::Circuit(circuit(&[1], &[1 << 10; 3]));
    vec![
        ("the most products", squares(MatmulArgument::Sumcheck)),
        ("products by polynomials", squares(MatmulArgument::Polynomial)),
        ("a large circuit", architecture(vec![(vec![0], circuit)], 1, &[1], &[1])),
    ]
}

/// More parameters than commitments of a kilobyte can stand for, and as many as they can.
fn parameters() -> Vec<(&'static str, Architecture)> {
    let dense = |outputs| {
        let argument = MatmulArgument::Sumcheck;
        let layer = DenseLayer {
            weights: ParameterId(0),
            bias: None,
            num_row_axes: 0,
            num_outputs: outputs,
            argument,
        };
        let nodes = vec![remap(0, vec![long(1 << 16)]), (vec![1], Operation::Dense(layer))];
        let mut dense = architecture(nodes, 1, &[1], &[outputs]);
        let layout = layout(&[outputs, 1 << 16]);
        dense.parameters = vec![ParameterSpec { name: String::new(), layout, width: ParameterWidth::Int8 }];
        dense
    };
    vec![("the most parameters", dense(1 << 14)), ("many parameters", dense(1 << 4))]
}

/// A verifying key of an architecture that nothing has checked, with so many commitments to nothing.
fn key(architecture: &Architecture, rows: usize) -> Vec<u8> {
    let mut bytes = file_header(tacit_layers::proof::key::MAGIC);
    bytes.extend(block(&encode(architecture, "key").unwrap()));
    // A public model.
    bytes.push(0);
    let mut infinity = [0; 32];
    infinity[31] = 0x40;
    bytes.extend(std::iter::repeat_n(infinity, rows).flatten());
    bytes
}

/// A compiled model of an architecture that nothing has checked.
fn model(architecture: &Architecture) -> Vec<u8> {
    let network = Network { architecture: architecture.clone(), parameters: vec![] };
    let mut bytes = file_header(tacit_prover::key::MAGIC);
    bytes.extend(block(&encode(&network, "model").unwrap()));
    bytes.push(0);
    bytes
}

fn small(bytes: Vec<u8>) -> Vec<u8> {
    assert!(bytes.len() <= KILOBYTE, "{} bytes", bytes.len());
    bytes
}

/// A statement of zeros where it fits into the file, and a proof of as many zeros as do.
fn proof(key: Option<&VerifyingKey>) -> Vec<u8> {
    let zeros = |layout: &Layout| match layout.num_elements() {
        count @ ..=64 => Tensor::new(layout.clone(), vec![0; count]).unwrap(),
        _ => Tensor::new(self::layout(&[1]), vec![0]).unwrap(),
    };
    let (key_digest, input, outputs) = match key {
        Some(key) => {
            let specs = &key.plan().specs;
            let outputs =
                key.architecture().outputs.iter().map(|output| zeros(&specs[output.node.index()].layout));
            (*key.digest(), zeros(&specs[0].layout), outputs.collect())
        }
        None => ([0; 32], zeros(&layout(&[1])), vec![]),
    };
    let inputs = vec![StatedInput::Public(input)];
    let mut file = ProofFile { key_digest, inputs, outputs, proof: vec![] };
    let room = KILOBYTE - file.to_bytes().unwrap().len();
    file.proof = vec![0; room / 32 * 32];
    small(file.to_bytes().unwrap())
}

#[test]
fn keys_of_a_kilobyte_take_no_gigabytes() {
    let folder = Folder::new();
    let samples = folder.file("x.npy", npy(&[1], &[0.0]));
    for (name, architecture) in networks() {
        let rows = tacit_layers::proof::plan::Plan::new(&architecture)
            .map_or(0, |plan| plan.rows(&plan.parameters).1);
        let bytes = key(&architecture, rows.min(8));
        let parsed = VerifyingKey::from_bytes(&bytes).ok();
        let file = folder.file("h.vk", small(bytes));
        let proof = folder.file("h.proof", proof(parsed.as_ref()));
        bounded(name, &["inspect", &file], &[if parsed.is_some() { DONE } else { FAILED }]);
        bounded(name, &["verify", &file, &proof], &[DONE, REJECTED]);
        bounded(name, &["verify", &file, &proof, "--input", &samples], &[DONE, REJECTED, FAILED]);
        bounded(name, &["inspect", &proof, "--key", &file], &[DONE, FAILED]);
        let key_digest = parsed.as_ref().map_or([0; 32], |key| *key.digest());
        let about = KeyProofFile { key_digest, proof: vec![0; 704] }.to_bytes();
        bounded(name, &["verify-key", &file, &folder.file("h.keyproof", small(about))], &[REJECTED, FAILED]);
    }
}

#[test]
fn models_of_a_kilobyte_take_no_gigabytes() {
    let folder = Folder::new();
    let samples = folder.file("x.npy", npy(&[1], &[0.0]));
    let output = folder.path("p.proof");
    for (name, architecture) in networks() {
        let file = folder.file("h.tacit", small(model(&architecture)));
        bounded(name, &["inspect", &file], &[DONE, FAILED]);
        bounded(name, &["run", &file, "--input", &samples], &[DONE, FAILED]);
        bounded(name, &["evaluate", &file, "--input", &samples], &[DONE, FAILED]);
        bounded(name, &["prove", &file, "--input", &samples, "-o", &output], &[DONE, FAILED]);
        bounded(name, &["inspect", &file, "--measure", &samples], &[DONE, FAILED]);
        bounded(name, &["prove-key", &file, "-o", &output], &[DONE, FAILED]);
    }
}
