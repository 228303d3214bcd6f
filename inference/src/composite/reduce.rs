//! Maxima over whole axes, and what is broadcast along an axis.
//!
//! $y(p) = \max_k x[p, k]$ is a cascade of [max-pools](tacit_layers::layer::max_pool) along one axis, each of at most eight offsets. A pool
//! of the last two of three axes does that for any tensor: axes are [transposed](tacit_layers::layer::transpose), which is free, and those
//! before [merged](tacit_layers::layer::reshape), which is free up to three axes and where lengths are powers of two.
//!
//! An axis of length $n$ is split into stages of about equal size: $\lceil \log_2 n / 3 \rceil$ pools, about $8 n / 7$
//! look-ups and $n / 7$ committed maxima. Fewer offsets would cost more of both, more offsets larger proofs, since the
//! product check's degree is their number.

use crate::NetworkBuilder;
use tacit_layers::{
    argument::function::ActivationFunction,
    error::{Error, Result},
    layer::{remap::AxisMap, rescale::Multiplier},
    tensor::{
        bits_of,
        value::NodeId,
        window::{AxisWindow, Window2d},
    },
};

/// $\log_2$ of the most offsets of one pool.
const STAGE_BITS: usize = 3;

/// Offsets of each pool over an axis of `length`.
fn stages(length: usize) -> Vec<usize> {
    let (mut left, mut stages) = (length, vec![]);
    while left > 1 {
        let bits = bits_of(left);
        let kernel = (1 << bits.div_ceil(bits.div_ceil(STAGE_BITS))).min(left);
        stages.push(kernel);
        left = left.div_ceil(kernel);
    }
    stages
}

impl NetworkBuilder {
    /// The maximum of an activation over some axes, each of which stays with a length of one.
    ///
    /// # Errors
    /// When the input is no activation, or an axis does not exist.
    pub fn reduce_max(&mut self, name: &str, input: NodeId, axes: &[usize]) -> Result<NodeId> {
        let mut node = input;
        for &axis in axes {
            node = self.reduce_max_axis(&format!("{name}.{axis}"), node, axis)?;
        }
        Ok(node)
    }

    fn reduce_max_axis(&mut self, name: &str, input: NodeId, axis: usize) -> Result<NodeId> {
        let lengths = self.axes_of(name, input, axis)?;
        let rank = lengths.len();
        if lengths[axis] == 1 {
            return Ok(input);
        }
        // The axis becomes the last of three.
        let order: Vec<usize> = (0..rank).filter(|&other| other != axis).chain([axis]).collect();
        let mut node =
            if axis + 1 == rank { input } else { self.transpose(&format!("{name}.last"), input, &order) };
        let kept = &order[..rank - 1];
        let mut arranged: Vec<usize> = kept.iter().map(|&other| lengths[other]).collect();
        let rows = arranged.last().copied().unwrap_or(1);
        let channels = arranged.iter().product::<usize>() / rows;
        if rank != 3 {
            node = self.reshape(&format!("{name}.rows"), node, &[channels, rows, lengths[axis]]);
        }
        let mut left = lengths[axis];
        for (stage, kernel) in stages(left).into_iter().enumerate() {
            let positions = left.div_ceil(kernel);
            let width = AxisWindow::new(kernel, kernel).padded(0, positions * kernel - left);
            let window = Window2d { height: AxisWindow::new(1, 1), width };
            node = self.max_pool(&format!("{name}.pool{stage}"), node, window);
            left = positions;
        }
        arranged.push(1);
        if rank != 3 {
            node = self.reshape(&format!("{name}.axes"), node, &arranged);
        }
        if axis + 1 != rank {
            let back: Vec<usize> =
                (0..rank).filter_map(|to| order.iter().position(|&from| from == to)).collect();
            node = self.transpose(&format!("{name}.back"), node, &back);
        }
        Ok(node)
    }

    /// An activation whose axis of length one is repeated.
    ///
    /// # Errors
    /// When the axis does not exist.
    pub fn broadcast(&mut self, name: &str, input: NodeId, axis: usize, length: usize) -> Result<NodeId> {
        let lengths = self.axes_of(name, input, axis)?;
        let maps = lengths.iter().enumerate().map(|(other, &n)| {
            if other == axis { AxisMap::enlarge(n, length) } else { AxisMap::identity(n) }
        });
        Ok(self.remap(name, input, maps.collect()))
    }

    /// How far every element is below the maximum over its axis: an accumulator, never negative.
    pub(super) fn below_maximum(&mut self, name: &str, input: NodeId, axis: usize) -> Result<NodeId> {
        let length = self.axes_of(name, input, axis)?[axis];
        let maximum = self.reduce_max(&format!("{name}.max"), input, &[axis])?;
        let maximum = self.broadcast(&format!("{name}.broadcast"), maximum, axis, length)?;
        Ok(self.add(&format!("{name}.difference"), &[(maximum, 1), (input, -1)]))
    }

    /// A function of an accumulator's exact value.
    pub(super) fn apply(&mut self, name: &str, input: NodeId, function: ActivationFunction) -> NodeId {
        // Two halves: the remainder is zero.
        self.rescale(name, input, Multiplier::Uniform(2), 1, function)
    }

    /// An activation's axis lengths; `axis` is one of them.
    pub(super) fn axes_of(&mut self, name: &str, input: NodeId, axis: usize) -> Result<Vec<usize>> {
        let spec = self.spec(input)?;
        spec.activation(name)?;
        let lengths = spec.layout.axes().to_vec();
        if axis < lengths.len() {
            return Ok(lengths);
        }
        Err(Error::Attribute {
            layer: name.to_owned(),
            what: "axis",
            actual: i64::try_from(axis).unwrap_or(i64::MAX),
            minimum: 0,
            maximum: lengths.len() as i64 - 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_cover_an_axis_with_at_most_eight_offsets_each() {
        assert_eq!(stages(1), [0; 0]);
        assert_eq!(stages(7), [7]);
        assert_eq!(stages(1000), [8, 8, 4, 4]);
        for length in 2..5000 {
            let stages = stages(length);
            assert!(stages.iter().all(|kernel| (2..=8).contains(kernel)), "{length}: {stages:?}");
            assert_eq!(stages.iter().fold(length, |left, kernel| left.div_ceil(*kernel)), 1);
        }
    }
}
