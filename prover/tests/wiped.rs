//! No block of memory that is given back holds a secret: an allocator of this file's own looks through every one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    alloc::{GlobalAlloc, Layout as Block, System},
    backtrace::Backtrace,
    cell::Cell,
    fs,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use ark_bn254::Fr;
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, InputLayer, Layout, Multiplier, Network, Output, Parameter, Tensor,
    proof::statement::{Input, Statement},
};
use tacit_prover::{InputOpening, ProvingKey, Seed, parameters::prove_parameters, prove_committed};
use tacit_transcript::encoding::{SCALAR_BYTES, scalar_from_bytes, scalar_to_bytes};
use tacit_verifier::{verify_parameters, verify_statement};

/// What no block may hold, with what it is.
type Secret = (&'static str, Vec<u8>);

/// Looks through every block that is given back while it is armed.
struct Watching;

static ARMED: AtomicBool = AtomicBool::new(false);
static SECRETS: Mutex<Vec<Secret>> = Mutex::new(vec![]);
static FOUND: Mutex<Vec<(&'static str, String)>> = Mutex::new(vec![]);

thread_local! {
    /// Whether this thread is looking, so that what it allocates for that is not looked at.
    static LOOKING: Cell<bool> = const { Cell::new(false) };
}

// SAFETY: everything is the system allocator's; a block is only read, before it is given back.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, block: Block) -> *mut u8 {
        // SAFETY: the caller's layout. Zeroed, so that a block that was never written holds nothing of another's.
        unsafe { System.alloc_zeroed(block) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, block: Block) {
        if ARMED.load(Ordering::Relaxed) && !LOOKING.try_with(|looking| looking.replace(true)).unwrap_or(true)
        {
            // SAFETY: the block is the caller's until the end of this call, and was initialised when it was allocated.
            look(unsafe { std::slice::from_raw_parts(pointer, block.size()) });
            LOOKING.with(|looking| looking.set(false));
        }
        // SAFETY: the caller's block, which the system's allocator gave.
        unsafe { System.dealloc(pointer, block) }
    }
}

#[global_allocator]
static ALLOCATOR: Watching = Watching;

fn look(block: &[u8]) {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    for (what, secret) in secrets.iter() {
        let (first, rest) = secret.split_first_chunk::<8>().unwrap();
        let holds = block
            .windows(8)
            .enumerate()
            .any(|(at, window)| window == first && block[at + 8..].starts_with(rest));
        if holds {
            let trace = Backtrace::force_capture().to_string();
            FOUND.lock().unwrap_or_else(PoisonError::into_inner).push((what, trace));
        }
    }
}

/// Plants a secret.
fn plant(what: &'static str, bytes: Vec<u8>) {
    assert!(bytes.len() >= 16, "{what}: too short to be recognised");
    SECRETS.lock().unwrap().push((what, bytes));
}

/// Plants a scalar, as it lies in memory and as it is written.
fn plant_scalar(what: &'static str, scalar: Fr) {
    plant(what, scalar.0.0.iter().flat_map(|limb| limb.to_le_bytes()).collect());
    plant(what, scalar_to_bytes(&scalar).to_vec());
}

/// Runs something and asserts that no planted secret was in a block that it gave back.
fn watched<T>(step: &str, run: impl FnOnce() -> T) -> T {
    ARMED.store(true, Ordering::SeqCst);
    let result = run();
    ARMED.store(false, Ordering::SeqCst);
    let found = std::mem::take(&mut *FOUND.lock().unwrap());
    if let Some(path) = std::env::var_os("TACIT_WIPED_TRACES") {
        let traces: Vec<String> =
            found.iter().map(|(what, trace)| format!("{step}: {what}\n{trace}\n")).collect();
        let old = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, old + &traces.concat()).unwrap();
        return result;
    }
    let what: Vec<&str> = found.iter().map(|(what, _)| *what).collect();
    assert!(what.is_empty(), "{step} gives back blocks that hold {what:?}: {}", found[0].1);
    result
}

/// Integers that recur nowhere.
fn draw(seed: u64, count: usize) -> impl Iterator<Item = u8> {
    let step = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Some(state.to_be_bytes()[0])
    };
    std::iter::repeat_n((), count).scan(seed, move |state, ()| step(state))
}

/// Two dense layers, the first of more weights than a decoder reserves room for at once.
fn network() -> Network {
    let layout = |axes: &[usize]| Layout::new(axes.to_vec()).unwrap();
    let input = InputLayer::real(layout(&[1100]), (0, 255), 1.0);
    let mut b = NetworkBuilder::new("secret", input);
    let weights = |seed, axes: &[usize]| {
        let layout = layout(axes);
        let data = draw(seed, layout.num_elements()).map(|x| i8::from_le_bytes([x])).collect();
        Tensor::new(layout, data).unwrap()
    };
    let bias = |seed, count| draw(seed, count).map(|x| i32::from(x) << 8 | 0x4d).collect();
    let x = b.dense("first", b.input(), 0, weights(1, &[1000, 1100]), Some(bias(2, 1000))).unwrap();
    let clip = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let x = b.rescale("relu", x, Multiplier::Uniform(1), 16, clip);
    let x = b.dense("second", x, 0, weights(3, &[10, 1000]), Some(bias(4, 10))).unwrap();
    let (name, scales) = ("logits".to_owned(), vec![1.0]);
    b.output(Output { name, node: x, shape: vec![10], scales, scale_axis: 0 });
    b.finish().unwrap()
}

fn input() -> Tensor<i64> {
    Tensor::new(Layout::new(vec![1100]).unwrap(), draw(5, 1100).map(i64::from).collect()).unwrap()
}

/// Weights and biases from the middle, where no allocator's own words lie.
fn plant_parameters(network: &Network) {
    for parameter in &network.parameters {
        match parameter {
            Parameter::Int8(values) => {
                let middle = &values[values.len() / 2..][..24];
                plant("weights", middle.iter().flat_map(|x| x.to_le_bytes()).collect());
                plant("wide weights", middle.iter().flat_map(|&x| i64::from(x).to_le_bytes()).collect());
            }
            Parameter::Int32(values) => {
                let middle = &values[values.len() / 2..][..5];
                plant("biases", middle.iter().flat_map(|x| x.to_le_bytes()).collect());
                plant("wide biases", middle.iter().flat_map(|&x| i64::from(x).to_le_bytes()).collect());
            }
        }
    }
}

#[test]
fn blocks_are_given_back_without_secrets() {
    let secret = network();
    plant_parameters(&secret);
    let seed = Seed::new([9; 32]);

    // Who finds nothing may have looked at nothing.
    let copy = SECRETS.lock().unwrap()[0].1.clone();
    ARMED.store(true, Ordering::SeqCst);
    drop(copy);
    ARMED.store(false, Ordering::SeqCst);
    assert_eq!(std::mem::take(&mut *FOUND.lock().unwrap()).len(), 1);

    let key = watched("the set-up", || ProvingKey::setup_private(secret, &seed).unwrap());
    let file = key.to_bytes().unwrap();
    let rows = key.verifying_key().commitments().len();
    for row in [0, rows / 2, rows - 1] {
        let bytes = &file[file.len() - SCALAR_BYTES * (rows - row)..][..SCALAR_BYTES];
        plant_scalar("the model's blinding", scalar_from_bytes(bytes).unwrap());
    }
    watched("writing the key", || drop(key.to_bytes().unwrap()));
    watched("reading the key", || drop(ProvingKey::from_bytes(&file).unwrap()));
    watched("reading half a key", || ProvingKey::from_bytes(&file[..file.len() / 2]).unwrap_err());

    let input = input();
    plant("the input", input.data()[300..304].iter().flat_map(|x| x.to_le_bytes()).collect());
    plant(
        "the input as written",
        tacit_layers::proof::file::encode(&&input.data()[300..320], "").unwrap()[1..].to_vec(),
    );
    let opening = watched("committing to an input", || InputOpening::new(input, &seed).unwrap());
    plant_scalar("the input's blinding", opening.blinding()[0]);
    let written = opening.to_bytes().unwrap();
    watched("writing the opening", || drop(opening.to_bytes().unwrap()));
    watched("reading the opening", || drop(InputOpening::from_bytes(&written).unwrap()));

    let proven = watched("proving", || prove_committed(&key, &opening, &seed).unwrap());
    let statement =
        Statement { inputs: vec![Input::Committed(opening.commitment())], outputs: &proven.outputs };
    verify_statement(key.verifying_key(), &statement, &proven.proof).unwrap();
    let proven = watched("proving about the key", || prove_parameters(&key, &seed).unwrap());
    verify_parameters(key.verifying_key(), &proven.proof).unwrap();
    watched("the end", move || drop((key, opening, file, written)));
}
