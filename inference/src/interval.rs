//! Interval analysis: the range of every value, from the weights and the input's range alone.
//!
//! It visits the graph once. Every accumulator's bounds hold for each input within the network's input range, whatever
//! the calibration data were; rescales receive the bounds of their quotients, which size their activation tables.

use crate::layer;
use crate::layer::Ranges;
use tacit_layers::{
    error::{Error, Result},
    layer::rescale::ACCUMULATOR_BITS,
    network::{Architecture, Network},
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
    /// From the smallest to the largest value.
    pub fn uniform(low: i64, high: i64) -> Self {
        Self::whole((i128::from(low), i128::from(high)))
    }

    /// The same for a value that may be as wide as a sum.
    pub fn whole(bounds: (i128, i128)) -> Self {
        Self { channels: vec![bounds], axis: None }
    }

    /// Smallest and largest value over all channels.
    pub fn hull(&self) -> (i128, i128) {
        self.channels.iter().fold((0, 0), |(min, max), &(a, b)| (min.min(a), max.max(b)))
    }

    /// The hull of a value that is an activation.
    pub fn as_i64(&self) -> (i64, i64) {
        let (low, high) = self.hull();
        (low as i64, high as i64)
    }
}

/// Derives every value's range, writes each rescale's quotient bounds and checks that no accumulator can overflow.
///
/// # Errors
/// [`Error::AccumulatorOverflow`] or [`Error::TableTooLarge`] naming the layer, and all that [`Network::infer`] finds.
pub fn analyse(network: &mut Network) -> Result<Vec<Interval>> {
    let Network { architecture, parameters } = network;
    for node in &mut architecture.nodes {
        layer::of_mut(&mut node.operation).settle(&node.name, None)?;
    }
    let specs = architecture.infer()?;
    let mut intervals: Vec<Interval> = Vec::with_capacity(specs.len());
    for index in 0..architecture.nodes.len() {
        let node = &architecture.nodes[index];
        let reads = node.operation.layer().parameters();
        let ranges = Ranges {
            inputs: node.inputs.iter().map(|id| &intervals[id.index()]).collect(),
            parameters: reads.iter().map(|id| &parameters[id.index()]).collect(),
        };
        let interval = interval(architecture, index, &specs, &ranges)?;
        let node = &mut architecture.nodes[index];
        layer::of_mut(&mut node.operation).settle(&node.name, Some(&ranges))?;
        intervals.push(interval);
    }
    Ok(intervals)
}

fn interval(
    architecture: &Architecture,
    index: usize,
    specs: &[ValueSpec],
    ranges: &Ranges,
) -> Result<Interval> {
    let site = architecture.site(NodeId(index as u32), specs);
    let (node, site) = site.ok_or(Error::Graph { reason: "a node that does not exist" })?;
    let interval = layer::of(&node.operation).interval(&site, ranges)?;
    let (low, high) = interval.hull();
    let bound = if -low > high { low } else { high };
    let limit = 1_i128 << (ACCUMULATOR_BITS - 1);
    if !(-limit..limit).contains(&bound) {
        return Err(Error::AccumulatorOverflow { layer: node.name.clone(), bound, bits: ACCUMULATOR_BITS });
    }
    Ok(interval)
}
