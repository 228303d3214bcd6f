//! Widths: how many bits each value's integers and each layer's weights have.

use crate::float_graph::{Graph, value::Operation};

/// Bits of an activation or a weight that nothing asks more of.
pub(crate) const NARROW: u32 = 8;
/// The largest number of bits of an activation or a weight.
pub(crate) const WIDE: u32 = 16;
/// Most bits of a probability that a softmax gives.
const MAX_PROBABILITY_BITS: u32 = 15;

/// Widths by value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Widths {
    /// Bits of an activation.
    pub(crate) activations: Vec<u32>,
    /// Bits of a layer's weights.
    pub(crate) weights: Vec<u32>,
}

impl Widths {
    /// The same for every value.
    pub(crate) fn uniform(num_values: usize, activations: u32, weights: u32) -> Self {
        Self { activations: vec![activations; num_values], weights: vec![weights; num_values] }
    }

    /// Bits of a softmax's probabilities.
    pub(crate) fn probability(&self, value: usize) -> u32 {
        self.activations[value].min(MAX_PROBABILITY_BITS)
    }

    /// Whether a value reads activations, or has weights, of more than eight bits.
    pub(crate) fn reads_wide(
        &self,
        graph: &Graph,
        value: usize,
        bounds: impl Fn(usize) -> (i64, i64),
    ) -> bool {
        let is_wide = |input: usize| {
            let (low, high) = bounds(input);
            high - low >= 1 << (NARROW + 1)
        };
        self.weights[value] > NARROW || graph.values[value].operation.inputs().into_iter().any(is_wide)
    }

    /// Whether a value's own width matters and may be chosen: its integers are not another value's, nor an accumulator's or an
    /// index, and the model does not give them.
    pub(crate) fn is_free(graph: &Graph, index: usize) -> bool {
        let value = &graph.values[index];
        !graph.stays_accumulator(index)
            && value.spacing.is_none()
            && (value.is_linear() || matches!(value.operation, Operation::Input | Operation::Softmax { .. }))
    }
}
