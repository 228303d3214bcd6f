//! Convolutions and dense layers as one layer of multiply gates, and which nodes are proved by gates.

use std::borrow::Cow;

use crate::{
    argument::gates::{Circuit, Factor, GateLayer, Operand, Wiring},
    error::Result,
    layer::{conv2d::Conv2dLayer, dense::DenseLayer, product::ProductLayer},
    tensor::{
        Layout,
        value::{NodeId, ParameterId},
    },
};

/// Where a circuit's input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A node's activations.
    Activation(NodeId),
    /// A parameter tensor.
    Parameter(ParameterId),
}

/// A node that is proved by gates.
#[derive(Debug, Clone)]
pub struct Gated<'a> {
    /// Its circuit.
    pub circuit: Cow<'a, Circuit>,
    /// One for each of the circuit's inputs.
    pub sources: Vec<Source>,
}

impl Gated<'_> {
    /// A node that reads activations and weights.
    pub(super) fn weighted(circuit: Circuit, input: NodeId, weights: ParameterId) -> Self {
        let sources = vec![Source::Activation(input), Source::Parameter(weights)];
        Self { circuit: Cow::Owned(circuit), sources }
    }
}

/// One layer of multiply gates between two inputs.
fn products(output: Layout, inputs: [Layout; 2], factors: Vec<Factor>) -> Circuit {
    let (left, right) = (Some(Operand::Input(0)), Some(Operand::Input(1)));
    let wiring = Wiring { coefficient: 1, left, right, factors };
    Circuit { inputs: inputs.into(), layers: vec![GateLayer { layout: output, wirings: vec![wiring] }] }
}

/// A product of activations: every name is an axis shared by the tensors that have it.
pub fn product(layer: &ProductLayer, factors: [&Layout; 2], output: &Layout) -> Circuit {
    let mut names = [&layer.output[..], &layer.left, &layer.right].concat();
    names.sort_unstable();
    names.dedup();
    let place = |names: &[u8], name| names.iter().position(|&other| other == name);
    let axes = names.into_iter().map(|name| {
        Factor::shared(place(&layer.output, name), place(&layer.left, name), place(&layer.right, name))
    });
    products(output.clone(), factors.map(Layout::clone), axes.collect())
}

/// A convolution without its bias: output over (groups, filters, height, width), left the input over (groups, channels,
/// height, width), right the weights over (groups, filters, channels, kernel height, kernel width). Splitting groups off
/// changes neither storage nor variables.
///
/// # Errors
/// [`crate::Error::Shape`] when a tensor is too large.
pub fn convolution(layer: &Conv2dLayer, input: &Layout, output: &Layout) -> Result<Circuit> {
    let groups = layer.groups.max(1);
    let split = |layout: &Layout| {
        let (first, rest) = layout.axes().split_first().unwrap_or((&1, &[]));
        [&[groups, first.checked_div(groups).unwrap_or(0)], rest].concat()
    };
    let (window, input, output) = (&layer.window, split(input), split(output));
    let channels = input.get(1).copied().unwrap_or(1);
    let filters = layer.num_outputs.checked_div(groups).unwrap_or(0);
    let weights = vec![groups, filters, channels, window.height.kernel, window.width.kernel];
    let factors = vec![
        Factor::shared(Some(0), Some(0), Some(0)),
        Factor::shared(Some(1), None, Some(1)),
        Factor::shared(None, Some(1), Some(2)),
        Factor::window(window.height, 2, 2, Some(3)),
        Factor::window(window.width, 3, 3, Some(4)),
    ];
    Ok(products(Layout::new(output)?, [Layout::new(input)?, Layout::new(weights)?], factors))
}

/// A dense layer without its bias: output over (rows, outputs), left the input over (rows, inner axes), right the weights
/// over (outputs, inner axes).
///
/// # Errors
/// [`crate::Error::Shape`] when a tensor is too large.
pub fn dense(layer: &DenseLayer, input: &Layout) -> Result<Circuit> {
    let rows = layer.num_row_axes.min(input.axes().len());
    let (kept, inner) = input.axes().split_at(rows);
    let outputs = [layer.num_outputs];
    let mut factors: Vec<Factor> = (0..rows).map(|row| Factor::shared(Some(row), Some(row), None)).collect();
    factors.push(Factor::shared(Some(rows), None, Some(0)));
    let shared = (rows..).zip(1..).take(inner.len());
    factors.extend(shared.map(|(left, right)| Factor::shared(None, Some(left), Some(right))));
    let output = Layout::new([kept, &outputs].concat())?;
    let weights = Layout::new([&outputs, inner].concat())?;
    Ok(products(output, [input.clone(), weights], factors))
}
