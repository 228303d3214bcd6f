//! Interval analysis: the range of every value, from the weights and the input's range alone.
//!
//! It visits the graph once. Every accumulator's bounds hold for each input within the network's input range, whatever
//! the calibration data were; rescales receive the bounds of their quotients, which size their activation tables.

use crate::{
    argument::function::ActivationFunction,
    error::{Error, Result},
    layer::{Operation, product::ProductLayer, rescale::ACCUMULATOR_BITS},
    network::Network,
    tensor::value::{NodeId, ValueSpec},
};

/// Range of a node's value: one interval, or one per output channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Smallest and largest value; one entry, or one for each channel.
    pub channels: Vec<(i128, i128)>,
    /// The axis that the channels are positions of; none for a single entry.
    pub axis: Option<usize>,
}

impl Interval {
    fn uniform(low: i64, high: i64) -> Self {
        Self::whole((i128::from(low), i128::from(high)))
    }

    fn whole(bounds: (i128, i128)) -> Self {
        Self { channels: vec![bounds], axis: None }
    }

    /// Smallest and largest value over all channels.
    pub fn hull(&self) -> (i128, i128) {
        self.channels.iter().fold((0, 0), |(min, max), &(a, b)| (min.min(a), max.max(b)))
    }

    fn as_i64(&self) -> (i64, i64) {
        let (low, high) = self.hull();
        (low as i64, high as i64)
    }
}

impl Network {
    /// Derives every value's range, writes each rescale's quotient bounds and checks that no accumulator can overflow.
    ///
    /// # Errors
    /// [`Error::AccumulatorOverflow`] or [`Error::TableTooLarge`] naming the layer, and all that
    /// [`Network::infer`] finds.
    pub fn analyse(&mut self) -> Result<Vec<Interval>> {
        for node in &mut self.architecture.nodes {
            if let Operation::Rescale(layer) = &mut node.operation {
                layer.quotient_bounds = (0, 0);
            }
        }
        let specs = self.infer()?;
        let mut intervals: Vec<Interval> = Vec::with_capacity(specs.len());
        for index in 0..self.architecture.nodes.len() {
            let interval = self.interval(index, &specs, &intervals)?;
            let node = &mut self.architecture.nodes[index];
            if let Operation::Rescale(layer) = &mut node.operation {
                let accumulator = &intervals[node.inputs[0].index()];
                layer.quotient_bounds = layer.quotients(&node.name, accumulator)?;
            }
            intervals.push(interval);
        }
        Ok(intervals)
    }

    fn interval(&self, index: usize, specs: &[ValueSpec], known: &[Interval]) -> Result<Interval> {
        let node = &self.architecture.nodes[index];
        let read = |id: NodeId| known[id.index()].as_i64();
        let interval = match &node.operation {
            Operation::Input(input) => Interval::uniform(input.bounds.0, input.bounds.1),
            Operation::Dense(layer) => Interval {
                channels: layer.bounds(self, read(node.inputs[0])),
                axis: Some(layer.num_row_axes),
            },
            Operation::Conv2d(layer) => {
                Interval { channels: layer.bounds(self, read(node.inputs[0])), axis: Some(0) }
            }
            Operation::AveragePool(layer) => Interval::whole(layer.bounds(read(node.inputs[0]))),
            Operation::Add(layer) => {
                let inputs: Vec<_> = node.inputs.iter().map(|&id| read(id)).collect();
                Interval::whole(layer.bounds(&inputs))
            }
            Operation::Rescale(layer) => {
                let accumulator = &known[node.inputs[0].index()];
                let (low, high) = layer.quotients(&node.name, accumulator)?;
                match &layer.function {
                    // Clipping is monotone.
                    clip @ ActivationFunction::Clip { .. } => {
                        Interval::uniform(clip.apply(low), clip.apply(high))
                    }
                    table @ ActivationFunction::Table { .. } => {
                        let (minimum, maximum) = table.bounds();
                        Interval::uniform(minimum, maximum)
                    }
                }
            }
            Operation::MaxPool(_) => {
                Interval::uniform(specs[index].activation(&node.name)?.0, read(node.inputs[0]).1)
            }
            Operation::Remap(_) | Operation::Concat(_) => {
                // Padding is zero.
                let inputs = node.inputs.iter().map(|&id| read(id));
                let (low, high) = inputs.fold((0, 0), |(low, high), (a, b)| (a.min(low), b.max(high)));
                Interval::uniform(low, high)
            }
            Operation::Product(layer) => {
                let [left, right] = [node.inputs[0], node.inputs[1]];
                let layout = |id: NodeId| &specs[id.index()].layout;
                let axes = layer.axes(&node.name, layout(left), layout(right))?;
                let square = left == right && layer.left == layer.right;
                Interval::whole(ProductLayer::bounds(&axes, read(left), read(right), square))
            }
            Operation::Transpose(layer) => {
                let Interval { channels, axis } = known[node.inputs[0].index()].clone();
                Interval { channels, axis: axis.and_then(|axis| layer.output_axis(axis)) }
            }
            Operation::ReduceSum(layer) => {
                let input = node.inputs[0];
                Interval::whole(layer.bounds(&specs[input.index()].layout, read(input)))
            }
            Operation::Flatten | Operation::Reshape(_) => {
                Interval::whole(known[node.inputs[0].index()].hull())
            }
            Operation::Circuit(layer) => {
                let inputs: Vec<_> = node.inputs.iter().map(|&id| read(id)).collect();
                Interval::whole(layer.bounds(&node.name, self, &inputs)?)
            }
        };
        let (low, high) = interval.hull();
        let bound = if -low > high { low } else { high };
        let limit = 1_i128 << (ACCUMULATOR_BITS - 1);
        if !(-limit..limit).contains(&bound) {
            return Err(Error::AccumulatorOverflow {
                layer: node.name.clone(),
                bound,
                bits: ACCUMULATOR_BITS,
            });
        }
        Ok(interval)
    }
}
