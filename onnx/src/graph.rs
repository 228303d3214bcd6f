//! The float graph between ONNX and the quantised network: linear layers with everything folded into them.
//!
//! A *value* is what the quantised network will hold, in the axes it will hold it in. A *view* is how an outlet of the
//! imported graph reads a value: which value axes each of its axes runs over. Transposing, flattening and unit axes change
//! the view only.

use std::collections::BTreeMap;

use tacit_layers::{Window2d, layer::remap::AxisMap};
use tract_onnx::prelude::OutletId;

use crate::{error::Error, pointwise::Function};

/// A node of the float graph with its value.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// The ONNX node's name.
    pub(crate) name: String,
    /// Axis lengths: (channels, height, width) for a feature map.
    pub(crate) axes: Vec<usize>,
    /// What computes it.
    pub(crate) operation: Operation,
    /// Fused clip.
    pub(crate) clip: Clip,
    /// Fused function of the clipped value.
    pub(crate) function: Option<Function>,
    /// Outlet of the imported graph that computes the value before clip and function, for calibration.
    pub(crate) outlet: OutletId,
    /// Number of values and outputs that read it.
    pub(crate) readers: usize,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// The model's input.
    Input,
    /// Contraction with a weight matrix (outputs, contracted value axes ...).
    Dense { input: usize, num_row_axes: usize, weights: Weights },
    /// Convolution with weights (outputs, channels of a group, height, width).
    Conv2d { input: usize, window: Window2d, groups: usize, weights: Weights },
    /// `factor` times the sum over a window.
    SumPool { input: usize, window: Window2d, factor: f64 },
    /// Sums over whole axes, which stay with a length of one.
    ReduceSum { input: usize, axes: Vec<usize> },
    /// Softmax along an axis.
    Softmax { input: usize, axis: usize },
    /// Index of the largest element along an axis, which stays with a length of one.
    ArgMax { input: usize, axis: usize, takes_last: bool },
    /// Sum of values, each times a coefficient; one value times one stands for an activation function of its own.
    Add { addends: Vec<(usize, f64)> },
    /// Maximum over a window.
    MaxPool { input: usize, window: Window2d },
    /// A value times a positive number: the same integers under another scale.
    Scale { input: usize, factor: f64 },
    /// The same integers in other places.
    Rearrange { input: usize, how: Rearrangement },
    /// Values behind each other along one axis, on one scale.
    Concat { inputs: Vec<usize>, axis: usize },
    /// Products of two values, summed over axes that only they have: each axis of a factor and of the result has a name.
    Product { left: (usize, Vec<u8>), right: (usize, Vec<u8>), output: Vec<u8> },
}

/// How the integers of a value get to other places.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rearrangement {
    /// Axis by axis: slices, zero padding, enlargement.
    Remap(Vec<AxisMap>),
    /// Axes in another order.
    Transpose(Vec<usize>),
    /// The same order under other axes.
    Reshape,
}

/// Weights and bias of a linear layer, output channels first.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    /// Axes, output channels first.
    pub(crate) axes: Vec<usize>,
    /// Row-major values.
    pub(crate) values: Vec<f64>,
    /// One for each output channel.
    pub(crate) bias: Vec<f64>,
}

/// Clipping of real values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clip {
    /// Smallest result.
    pub(crate) minimum: f64,
    /// Largest result.
    pub(crate) maximum: f64,
}

impl Clip {
    /// No clipping.
    pub(crate) const NONE: Self = Self { minimum: f64::NEG_INFINITY, maximum: f64::INFINITY };

    /// The function's value.
    pub(crate) const fn apply(self, x: f64) -> f64 {
        x.max(self.minimum).min(self.maximum)
    }

    /// This clip and then another.
    pub(crate) const fn then(self, other: Self) -> Self {
        Self { minimum: other.apply(self.minimum), maximum: other.apply(self.maximum) }
    }
}

impl Weights {
    /// Number of output channels.
    pub(crate) fn num_outputs(&self) -> usize {
        self.bias.len()
    }

    /// Weights of one output channel.
    pub(crate) fn channel(&self, channel: usize) -> &[f64] {
        let length = self.values.len() / self.bias.len();
        &self.values[channel * length..][..length]
    }

    /// Merges the groups of a convolution into one: an output's weights on channels of other groups are zero.
    pub(crate) fn widen(&mut self, groups: usize) {
        let (num_outputs, length) = (self.bias.len(), self.values.len() / self.bias.len());
        let mut values = vec![0.0; self.values.len() * groups];
        let rows = values.chunks_exact_mut(length * groups).zip(self.values.chunks_exact(length));
        for (output, (wide, row)) in rows.enumerate() {
            wide[output / (num_outputs / groups) * length..][..length].copy_from_slice(row);
        }
        self.values = values;
        self.axes[1] *= groups;
    }

    /// Multiplies every output channel and its bias by a factor.
    pub(crate) fn scale(&mut self, factors: &[f64]) {
        let length = self.values.len() / self.bias.len();
        for ((row, bias), factor) in self.values.chunks_exact_mut(length).zip(&mut self.bias).zip(factors) {
            for weight in row {
                *weight *= factor;
            }
            *bias *= factor;
        }
    }
}

impl Value {
    /// Weights, for a layer that has them.
    pub(crate) const fn weights_mut(&mut self) -> Option<&mut Weights> {
        match &mut self.operation {
            Operation::Dense { weights, .. } | Operation::Conv2d { weights, .. } => Some(weights),
            _ => None,
        }
    }

    /// Clip and function of real values.
    pub(crate) fn apply(&self, values: &[f32]) -> Result<Vec<f64>, Error> {
        let clipped = values.iter().map(|&x| self.clip.apply(f64::from(x)));
        match &self.function {
            None => Ok(clipped.collect()),
            Some(function) => {
                let arguments: Vec<f32> = clipped.map(|x| x as f32).collect();
                Ok(function.evaluate(&arguments)?.into_iter().map(f64::from).collect())
            }
        }
    }

    /// Axis of the output channels, for a layer that has weights.
    pub(crate) const fn channel_axis(&self) -> usize {
        match self.operation {
            Operation::Dense { .. } => self.axes.len() - 1,
            _ => 0,
        }
    }

    /// Whether the quantised layer gives an accumulator, which a rescale turns into an activation.
    pub(crate) const fn is_linear(&self) -> bool {
        matches!(
            self.operation,
            Operation::Dense { .. }
                | Operation::Conv2d { .. }
                | Operation::SumPool { .. }
                | Operation::Add { .. }
                | Operation::ReduceSum { .. }
                | Operation::Product { .. }
        )
    }

    /// Whether the scale of what it computes is free: weights or a table adapt to it.
    pub(crate) const fn adapts(&self) -> bool {
        matches!(self.operation, Operation::Dense { .. } | Operation::Conv2d { .. })
            || self.function.is_some()
    }

    /// The value whose integers it holds in other places, or the largest of them.
    pub(crate) const fn passes_on(&self) -> Option<usize> {
        match self.operation {
            Operation::Rearrange { input, .. } | Operation::MaxPool { input, .. } => Some(input),
            _ => None,
        }
    }

    /// The value that it only brings to another scale.
    fn aligns(&self) -> Option<usize> {
        match &self.operation {
            Operation::Add { addends }
                if self.function.as_ref().is_some_and(Function::is_identity) && addends.len() == 1 =>
            {
                addends.first().map(|&(input, _)| input)
            }
            _ => None,
        }
    }
}

impl Operation {
    /// Values it reads.
    pub(crate) fn inputs(&self) -> Vec<usize> {
        match self {
            Self::Input => vec![],
            Self::Dense { input, .. }
            | Self::Conv2d { input, .. }
            | Self::SumPool { input, .. }
            | Self::MaxPool { input, .. }
            | Self::ReduceSum { input, .. }
            | Self::Softmax { input, .. }
            | Self::ArgMax { input, .. }
            | Self::Rearrange { input, .. }
            | Self::Scale { input, .. } => vec![*input],
            Self::Add { addends } => addends.iter().map(|&(input, _)| input).collect(),
            Self::Concat { inputs, .. } => inputs.clone(),
            Self::Product { left: (left, _), right: (right, _), .. } => vec![*left, *right],
        }
    }

    /// The same, to be changed.
    fn inputs_mut(&mut self) -> Vec<&mut usize> {
        match self {
            Self::Input => vec![],
            Self::Dense { input, .. }
            | Self::Conv2d { input, .. }
            | Self::SumPool { input, .. }
            | Self::MaxPool { input, .. }
            | Self::ReduceSum { input, .. }
            | Self::Softmax { input, .. }
            | Self::ArgMax { input, .. }
            | Self::Rearrange { input, .. }
            | Self::Scale { input, .. } => vec![input],
            Self::Add { addends } => addends.iter_mut().map(|(input, _)| input).collect(),
            Self::Concat { inputs, .. } => inputs.iter_mut().collect(),
            Self::Product { left: (left, _), right: (right, _), .. } => vec![left, right],
        }
    }
}

/// How an outlet reads a value.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Index of the value.
    pub(crate) value: usize,
    /// For each axis of the outlet the value axes it runs over, slowest first; value axes of length
    /// one are never listed.
    pub(crate) axes: Vec<Vec<usize>>,
    /// Stride along each value axis; all ones except in front of a strided 1x1 convolution.
    pub(crate) strides: Vec<usize>,
    /// Function of the value that the outlet holds, as long as it may still be fused.
    pub(crate) function: Option<Function>,
}

impl View {
    /// Whether both outlets hold functions of the same value at the same positions.
    pub(crate) fn is_aligned(&self, other: &Self) -> bool {
        (self.value, &self.axes, &self.strides) == (other.value, &other.axes, &other.strides)
    }

    /// Whether every position of the value is read.
    pub(crate) fn is_whole(&self) -> bool {
        self.strides.iter().all(|&stride| stride == 1)
    }

    /// Whether row-major order of the outlet is row-major order of the value.
    pub(crate) fn is_in_order(&self) -> bool {
        self.axes.concat().is_sorted() && self.is_whole()
    }
}

/// The float graph.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    /// Values in execution order; value 0 is the input.
    pub(crate) values: Vec<Value>,
    /// The values that are outputs.
    pub(crate) outputs: Vec<usize>,
    /// For values' outlets: the value axes of lengths above one that the outlet's axes run over, slowest first.
    pub(crate) orders: BTreeMap<OutletId, Vec<usize>>,
}

impl Graph {
    /// The graph of these values: what brings values to one scale is left out where the values adapt, each function moves
    /// into the layer before it where nothing else reads that layer, and values that nothing reads are dropped.
    pub(crate) fn new(mut values: Vec<Value>, mut outputs: Vec<usize>) -> Self {
        count_readers(&mut values, &outputs);
        spare_alignments(&mut values);
        count_readers(&mut values, &outputs);
        absorb_functions(&mut values);
        count_readers(&mut values, &outputs);
        // The input stays, whatever reads it.
        let mut kept: Vec<bool> = values.iter().map(|value| value.readers > 0).collect();
        if let Some(input) = kept.first_mut() {
            *input = true;
        }
        let mut indices = vec![];
        let mut next = 0;
        for &kept in &kept {
            indices.push(next);
            next += usize::from(kept);
        }
        let mut position = 0..;
        values.retain(|_| position.next().is_some_and(|index| kept[index]));
        for input in values.iter_mut().flat_map(|value| value.operation.inputs_mut()).chain(&mut outputs) {
            *input = indices[*input];
        }
        Self { values, outputs, orders: BTreeMap::new() }
    }

    /// The order in which a value's outlet runs over the value's axes; empty where it is not known.
    pub(crate) fn order(&self, value: usize) -> &[usize] {
        self.orders.get(&self.values[value].outlet).map_or(&[], Vec::as_slice)
    }

    /// The value that a value's scale comes from, if it is free to take any, and all that pass it on.
    pub(crate) fn adaptable(&self, index: usize) -> Option<Vec<usize>> {
        adaptable(&self.values, index)
    }
}

fn adaptable(values: &[Value], index: usize) -> Option<Vec<usize>> {
    let mut chain = vec![index];
    let mut at = index;
    while values[at].readers == 1 {
        if values[at].adapts() {
            return Some(chain);
        }
        at = values[at].passes_on()?;
        chain.push(at);
    }
    None
}

/// Lets concatenations read values directly that already have one scale, or can take one.
fn spare_alignments(values: &mut [Value]) {
    for index in 0..values.len() {
        let Operation::Concat { inputs, .. } = &values[index].operation else { continue };
        let before: Vec<Option<usize>> = inputs.iter().map(|&input| values[input].aligns()).collect();
        let source = |mut at: usize| {
            while let Some(input) = values[at].passes_on() {
                at = input;
            }
            at
        };
        let first = before.first().copied().flatten().map(source);
        let is_common = first.is_some() && before.iter().all(|input| input.map(source) == first);
        let spared: Vec<Option<usize>> = before
            .iter()
            .map(|input| input.filter(|&input| is_common || adaptable(values, input).is_some()))
            .collect();
        if let Operation::Concat { inputs, .. } = &mut values[index].operation {
            for (input, spared) in inputs.iter_mut().zip(spared) {
                *input = spared.unwrap_or(*input);
            }
        }
    }
}

fn absorb_functions(values: &mut [Value]) {
    for index in 0..values.len() {
        let Operation::Add { addends } = &values[index].operation else { continue };
        let [(input, 1.0)] = addends[..] else { continue };
        let before = &values[input];
        if values[index].function.is_some()
            && before.readers == 1
            && before.is_linear()
            && before.function.is_none()
        {
            let Value { name, operation, clip, .. } = before.clone();
            values[index] = Value { name, operation, clip, ..values[index].clone() };
        }
    }
}

/// How many values that lead to an output read each value, and how many outputs do.
fn count_readers(values: &mut [Value], outputs: &[usize]) {
    let mut readers = vec![0; values.len()];
    for &output in outputs {
        readers[output] += 1;
    }
    // Values read earlier ones only.
    for index in (0..values.len()).rev() {
        if readers[index] > 0 {
            for input in values[index].operation.inputs() {
                readers[input] += 1;
            }
        }
    }
    for (value, readers) in values.iter_mut().zip(readers) {
        value.readers = readers;
    }
}
