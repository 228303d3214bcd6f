//! What each argument counts for a product of activations.
//!
//! With $B$ positions of the batch axes and $K$ of the inner ones:
//!
//! | argument | prover |
//! |---|---|
//! | sumcheck | both factors folded, $6$ multiplications for each of $B K$ entries |
//! | polynomial | both factors folded, for each of the $B$ positions the transforms of a [matrix product](super::matmul), one commitment for all |
//! | gates | each product of two elements |

use super::{
    ArgumentCost, Work,
    convolution::extent,
    gates::circuit,
    matmul::{cross_terms, transforms},
    scalars,
};
use tacit_layers::{
    argument::choice::MatmulArgument,
    layer::product::{ProductAxes, ProductLayer},
    tensor::{Layout, bits_of},
};

/// What proving a product of activations by its argument costs.
pub fn cost(layer: &ProductLayer, factors: [&Layout; 2], output: &Layout) -> ArgumentCost {
    let [left, right] = factors;
    let Ok(axes) = layer.axes("", left, right) else { return ArgumentCost::default() };
    match layer.argument {
        MatmulArgument::Sumcheck => sumcheck(&axes, factors),
        MatmulArgument::Polynomial => polynomial(&axes, factors),
        MatmulArgument::Gates => circuit(&layer.circuit(factors, output)),
    }
}

/// A factor folded to so many entries.
fn fold(factor: &Layout, entries: usize) -> Work {
    Work::small_sums(entries, factor.num_elements() / entries.clamp(1, factor.num_elements()))
}

/// Folding both factors, one sumcheck over batch and inner axes.
fn sumcheck(axes: &ProductAxes, [left, right]: [&Layout; 2]) -> ArgumentCost {
    let (rounds, entries) = (axes.summed_vars(), extent(&axes.summed_lengths()));
    ArgumentCost {
        // Both sides of a factor carry the batch axes' weights.
        prover: fold(left, entries)
            + fold(right, entries)
            + Work::product_sumcheck(entries)
            + Work::multiplications(2 * entries)
            + Work::messages(rounds + 1),
        verifier: Work::verified_rounds(rounds, 3) + Work::messages(1),
        own_bytes: scalars(2),
        round_bytes: scalars(3 * rounds),
    }
}

/// Folding both factors, their product at every batch position, one sumcheck over batch axes.
fn polynomial(axes: &ProductAxes, [left, right]: [&Layout; 2]) -> ArgumentCost {
    let (entries, inner) = (extent(&axes.summed_lengths()), extent(&axes.inner_lengths()));
    let batch = entries / inner.max(1);
    let rounds = bits_of(batch);
    let committed = cross_terms(inner);
    ArgumentCost {
        prover: fold(left, entries)
            + fold(right, entries)
            + Work::multiplications(batch * transforms(inner))
            + Work::vector_multiplications(2 * entries)
            + Work::product_sumcheck(batch)
            + Work::messages(rounds)
            + committed.prover,
        verifier: Work::verified_rounds(rounds, 3) + committed.verifier,
        own_bytes: committed.own_bytes,
        round_bytes: scalars(3 * rounds) + committed.round_bytes,
    }
}
