//! The float graph between ONNX and the quantised network: linear layers with everything folded into them.
//!
//! A *value* is what the quantised network will hold, in the axes it will hold it in. A *view* is how an outlet of the
//! imported graph reads a value: which value axes each of its axes runs over. Transposing, flattening and unit axes change
//! the view only.

use tacit_layers::Window2d;
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
    /// Sum of values, each times a coefficient; one value times one stands for an activation function of its own.
    Add { addends: Vec<(usize, f64)> },
    /// Maximum over a window.
    MaxPool { input: usize, window: Window2d },
    /// A value times a positive number: the same integers under another scale.
    Scale { input: usize, factor: f64 },
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
        )
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
            | Self::Scale { input, .. } => vec![*input],
            Self::Add { addends } => addends.iter().map(|&(input, _)| input).collect(),
        }
    }

    /// Gives every value it reads another index.
    fn renumber(&mut self, indices: &[usize]) {
        match self {
            Self::Input => {}
            Self::Dense { input, .. }
            | Self::Conv2d { input, .. }
            | Self::SumPool { input, .. }
            | Self::MaxPool { input, .. }
            | Self::Scale { input, .. } => *input = indices[*input],
            Self::Add { addends } => {
                for (input, _) in addends {
                    *input = indices[*input];
                }
            }
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
}

impl Graph {
    /// The graph of these values, each function moved into the layer before it where nothing else reads that layer.
    pub(crate) fn new(mut values: Vec<Value>, mut outputs: Vec<usize>) -> Self {
        count_readers(&mut values, &outputs);
        let mut absorbed = vec![false; values.len()];
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
                absorbed[input] = true;
            }
        }
        let mut indices = vec![];
        let mut next = 0;
        for &absorbed in &absorbed {
            indices.push(next);
            next += usize::from(!absorbed);
        }
        let mut position = 0..;
        values.retain(|_| position.next().is_some_and(|index| !absorbed[index]));
        for value in &mut values {
            value.operation.renumber(&indices);
        }
        for output in &mut outputs {
            *output = indices[*output];
        }
        count_readers(&mut values, &outputs);
        Self { values, outputs }
    }
}

fn count_readers(values: &mut [Value], outputs: &[usize]) {
    let mut readers = vec![0; values.len()];
    for value in outputs.iter().copied().chain(values.iter().flat_map(|value| value.operation.inputs())) {
        readers[value] += 1;
    }
    for (value, readers) in values.iter_mut().zip(readers) {
        value.readers = readers;
    }
}
