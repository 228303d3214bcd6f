//! What circuits of gates count (see [`tacit_layers::argument::gates`]).
//!
//! With $N$ gates between a left operand of $A$ elements and a right one of $B$: $N$ small products and $A$ reductions for
//! the first phase's table, $2 B$ multiplications for the second one's, $A + B$ small products for sums, and both sumchecks
//! over the padded operands.

use super::{ArgumentCost, Count, Work, convolution::extent, scalars};
use tacit_layers::{
    argument::gates::{Circuit, Wired},
    tensor::{Layout, bits_of},
};

/// A gate in small products: finding both operands and the sum counts too.
const GATE: f64 = 1.6;

/// A layer of multiply gates between two operands; `relations` counts what lists and windows hold.
pub(super) fn products(
    gates: usize,
    left: &[usize],
    right: &[usize],
    outputs: usize,
    relations: usize,
) -> ArgumentCost {
    first_phase(gates, left, outputs) + second_phase(right, relations)
}

fn first_phase(gates: usize, left: &[usize], outputs: usize) -> ArgumentCost {
    let elements: usize = left.iter().product();
    let table = Work::small_sums(elements, GATE * gates.count() / elements.max(1).count());
    phase(left, table + Work::small_sums(1, elements) + Work::multiplications(outputs + elements), 0)
}

fn second_phase(right: &[usize], relations: usize) -> ArgumentCost {
    let elements: usize = right.iter().product();
    let table = Work::multiplications(2 * relations + 3 * elements);
    phase(right, table + Work::small_sums(1, elements), relations) + value()
}

/// What a left operand is met with.
fn value() -> ArgumentCost {
    ArgumentCost { own_bytes: scalars(1), ..ArgumentCost::default() }
}

fn phase(operand: &[usize], table: Work, relations: usize) -> ArgumentCost {
    let rounds: usize = operand.iter().map(|&n| bits_of(n)).sum();
    ArgumentCost {
        prover: table + Work::product_sumcheck(extent(operand)) + Work::messages(rounds + 1),
        verifier: Work::verified_rounds(rounds, 2) + Work::multiplications(2 * relations) + Work::messages(1),
        own_bytes: scalars(1),
        round_bytes: scalars(2 * rounds),
    }
}

/// A circuit of a user's own.
pub fn circuit(circuit: &Circuit) -> ArgumentCost {
    let mut sum = ArgumentCost::default();
    for (index, layer) in circuit.layers.iter().enumerate() {
        let axes = |operand| circuit.layout(operand).map_or(&[][..], Layout::axes);
        for group in circuit.groups(index) {
            let wirings = group.adds.iter().chain(group.pairs.iter().flat_map(|(_, wirings)| wirings));
            let gates = wirings.map(Wired::num_gates).fold(0, u128::saturating_add);
            let gates = usize::try_from(gates).unwrap_or(usize::MAX);
            sum = sum + first_phase(gates, axes(group.left), layer.layout.num_elements());
            for (right, wirings) in &group.pairs {
                let relations = wirings.iter().map(Wired::work).fold(0, u64::saturating_add);
                let relations = usize::try_from(relations).unwrap_or(usize::MAX);
                sum = sum + second_phase(axes(*right), relations);
            }
        }
    }
    sum
}
