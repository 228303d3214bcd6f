//! Networks with inputs: the naive executor, the reference executor and the proven outputs agree, and the proof is accepted.

use tacit_inference::execute;
use tacit_layers::{Network, Tensor, proof::plan::Plan};
use tacit_prover::{ProvingKey, prove};
use tacit_verifier::verify;

use crate::{naive, networks::Source, random};

/// Most layers of a drawn network.
const MAX_LAYERS: usize = 6;
/// Larger networks are not proved: they take too long to be fuzzed.
const MAX_ELEMENTS: usize = 1 << 12;
const MAX_TREE_VARS: usize = 14;
const MAX_PRODUCTS: usize = 1 << 16;

/// A network drawn from the bytes.
pub(crate) fn drawn(data: &[u8]) {
    let (layers, rest) = data.split_first().map_or((1, data), |(&first, rest)| (usize::from(first), rest));
    let source = Source::of(rest);
    let Ok(network) = random::drawn(source, 1 + layers % MAX_LAYERS) else { return };
    let input = Source::of(data).input(&network);
    agrees(network, &input);
}

/// Whether a network is small enough to be proved here.
pub(crate) fn is_small(network: &Network) -> bool {
    let Ok(plan) = Plan::new(&network.architecture) else { return false };
    let elements = plan.specs.iter().map(|spec| spec.layout.num_elements()).fold(0, usize::saturating_add);
    elements <= MAX_ELEMENTS && plan.tree_vars <= MAX_TREE_VARS && plan.num_products <= MAX_PRODUCTS
}

/// Asserts that all executors and the proof agree, where the network is small.
pub(crate) fn agrees(network: Network, input: &Tensor<i64>) {
    if !is_small(&network) {
        return;
    }
    let specs = network.infer().unwrap();
    let trace = execute(&network, &specs, input).unwrap();
    let executed: Vec<Vec<i64>> = trace.outputs(&network).map(|output| output.data().to_vec()).collect();
    assert_eq!(executed, naive::run(&network, input), "reference executor");
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, input).unwrap();
    let outputs: Vec<Vec<i64>> = proven.outputs.iter().map(|output| output.data().to_vec()).collect();
    assert_eq!(outputs, executed, "proven outputs");
    let accepted = verify(key.verifying_key(), input, &proven.outputs, &proven.proof).unwrap();
    assert_eq!(accepted.messages, proven.messages);
    assert!(key.verifying_key().soundness_bits() > 100.0);
}
