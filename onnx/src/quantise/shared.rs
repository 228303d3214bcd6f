//! Parameters that several layers read: those of layers that have the same weights in the file and the same integers here.

use std::collections::BTreeMap;

use tacit_inference::NetworkBuilder;
use tacit_layers::{ParameterId, Tensor};

use crate::{
    error::Error,
    float_graph::{Graph, value::Value, weights::Weights},
};

/// A layer's integers.
type Integers = (Tensor<i8>, Option<Vec<i32>>);

/// The parameters of the layers that are built already.
pub(super) struct Shared {
    /// By value: the first one with its weights.
    twins: Vec<usize>,
    /// By such a value: integers and what holds them.
    weights: BTreeMap<usize, Vec<(Tensor<i8>, ParameterId)>>,
    biases: BTreeMap<usize, Vec<(Vec<i32>, ParameterId)>>,
}

/// What is the same in the file.
fn real_weights(value: &Value) -> Option<Vec<u64>> {
    let (_, Weights { axes, values, .. }) = value.weights()?;
    let lengths = axes.iter().map(|&length| length as u64);
    Some(lengths.chain(values.iter().map(|weight| weight.to_bits())).collect())
}

impl Shared {
    /// Nothing built yet.
    pub(super) fn new(graph: &Graph) -> Self {
        let mut first: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        let twin =
            |(index, value)| real_weights(value).map_or(index, |key| *first.entry(key).or_insert(index));
        let twins = graph.values.iter().enumerate().map(twin).collect();
        Self { twins, weights: BTreeMap::new(), biases: BTreeMap::new() }
    }

    /// The parameters of a layer, added where no layer has them.
    pub(super) fn parameters(
        &mut self,
        builder: &mut NetworkBuilder,
        index: usize,
        name: &str,
        (weights, bias): Integers,
    ) -> Result<(ParameterId, Option<ParameterId>), Error> {
        let twin = self.twins[index];
        let known = self.weights.entry(twin).or_default();
        let found = known.iter().find(|(integers, _)| *integers == weights).map(|&(_, id)| id);
        let weights = found.unwrap_or_else(|| {
            let id = builder.weights(&format!("{name}.weight"), weights.clone());
            known.push((weights, id));
            id
        });
        let Some(bias) = bias else { return Ok((weights, None)) };
        let known = self.biases.entry(twin).or_default();
        if let Some(&(_, id)) = known.iter().find(|(integers, _)| *integers == bias) {
            return Ok((weights, Some(id)));
        }
        let id = builder.biases(&format!("{name}.bias"), bias.clone())?;
        known.push((bias, id));
        Ok((weights, Some(id)))
    }
}
