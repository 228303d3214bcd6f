//! Convolutions and pools over several feature maps at once, as a fixed batch has them.
//!
//! A pool treats each channel by itself: the maps' channels stand side by side as those of one map. A convolution shares its
//! weights: the maps stand below each other in one map, with rows of zeros between them, so that the weights are committed
//! once. With $n$ maps of height $h$, padding $b$ and $e$, stride $s$ and windows that reach over $k$ rows, each map takes
//! $P = s \lceil (b + h + e) / s \rceil$ rows, and $\max(k - s, 0)$ rows of padding follow the last. Then there are $n P / s$
//! rows of results, of which the first ones of each map's $P / s$ are its own; the others are dropped.

use tacit_layers::{AxisWindow, Window2d, layer::remap::AxisMap};
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{cnn::PoolSpec, nn::DataFormat},
};

use super::lowering::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{value::Rearrangement, view::View, weights::Weights},
};

/// Where the axes of a feature map stand in an outlet.
struct Places {
    channels: usize,
    height: Option<usize>,
    width: usize,
    rank: usize,
}

impl Places {
    /// The places in a format with a batch axis, with this number of spatial axes.
    const fn new(format: DataFormat, num_spatial: usize) -> Self {
        let (channels, spatial) = match format {
            DataFormat::NCHW | DataFormat::CHW => (1, 2),
            DataFormat::NHWC | DataFormat::HWC => (num_spatial + 1, 1),
        };
        let height = if num_spatial == 2 { Some(spatial) } else { None };
        Self { channels, height, width: spatial + num_spatial - 1, rank: num_spatial + 2 }
    }

    /// Numbers along channels, height and width.
    fn lengths(&self, shape: &[usize]) -> [usize; 3] {
        [shape[self.channels], self.height.map_or(1, |height| shape[height]), shape[self.width]]
    }

    /// The outlet's axes along `[maps, channels, height, width]`, the height left out where there is none.
    fn axes(&self) -> Vec<usize> {
        [Some(0), Some(self.channels), self.height, Some(self.width)].into_iter().flatten().collect()
    }

    /// The same of a value's lengths, in which a missing height is a length of one.
    fn shape(&self, lengths: [usize; 4]) -> Vec<usize> {
        let [maps, channels, height, width] = lengths;
        [Some(maps), Some(channels), self.height.map(|_| height), Some(width)].into_iter().flatten().collect()
    }
}

impl Lowering<'_> {
    /// How many feature maps a node's input holds.
    pub(super) fn num_images(&self, node: &TypedNode, spec: &PoolSpec) -> Result<usize, Error> {
        let shape = self.input_shape(node, 0)?;
        let has_batch = matches!(spec.data_format, DataFormat::NCHW | DataFormat::NHWC);
        Ok(shape.first().copied().filter(|_| has_batch).unwrap_or(1))
    }

    fn places(&self, node: &TypedNode, spec: &PoolSpec) -> Result<(Places, [usize; 3]), Error> {
        let shape = self.input_shape(node, 0)?;
        let places = Places::new(spec.data_format, spec.rank());
        if !(1..=2).contains(&spec.rank()) || shape.len() != places.rank {
            let actual = format!("an input of shape {shape:?}");
            return Err(self.refuse(node, actual, "feature maps of one or two dimensions"));
        }
        let lengths = places.lengths(&shape);
        Ok((places, lengths))
    }

    /// The value of an input whose maps' channels stand side by side, and its lengths.
    pub(super) fn images_as_channels(
        &mut self,
        node: &TypedNode,
        spec: &PoolSpec,
        num_images: usize,
    ) -> Result<(usize, [usize; 3]), Error> {
        let (places, [channels, height, width]) = self.places(node, spec)?;
        let view = self.view(node, 0)?;
        let groups = [vec![0, places.channels], places.height.into_iter().collect(), vec![places.width]];
        Ok((self.arrange(node, view, &groups), [num_images * channels, height, width]))
    }

    /// Gives maps whose channels stand side by side their axes again.
    pub(super) fn channels_as_images(
        &mut self,
        node: &TypedNode,
        spec: &PoolSpec,
        num_images: usize,
        pooled: View,
    ) -> View {
        let places = Places::new(spec.data_format, spec.rank());
        let pooled = self.settle(node.id, pooled);
        let value = self.arrange(node, pooled, &[vec![0], vec![1], vec![2]]);
        let [channels, height, width] = [0, 1, 2].map(|axis| self.values[value].axes[axis]);
        let shape = places.shape([num_images, channels / num_images, height, width]);
        let value = self.rearranged(node, value, Rearrangement::Reshape, shape);
        self.values[value].outlet = OutletId::new(node.id, 0);
        self.view_of(value, &places.axes(), places.rank)
    }

    /// The lengths of one of the maps.
    pub(super) fn image_lengths(&self, node: &TypedNode, spec: &PoolSpec) -> Result<[usize; 3], Error> {
        self.places(node, spec).map(|(_, lengths)| lengths)
    }

    /// A convolution over several maps, which stand below each other.
    pub(super) fn conv_of_images(
        &mut self,
        node: &TypedNode,
        spec: &PoolSpec,
        num_images: usize,
        window: Window2d,
        groups: usize,
        weights: Weights,
    ) -> Result<View, Error> {
        let name = self.name(node);
        let (places, [channels, height, width]) = self.places(node, spec)?;
        let AxisWindow { kernel, stride, dilation, pad_begin, pad_end } = window.height;
        let rows = (pad_begin + height + pad_end).next_multiple_of(stride);
        let own = window.height.output_length(&name, height)?;
        let view = self.view(node, 0)?;
        let order = [vec![places.channels], vec![0], places.height.into_iter().collect(), vec![places.width]];
        let mut input = self.arrange(node, view, &order);
        if rows != height {
            let maps = vec![
                AxisMap::identity(channels),
                AxisMap::identity(num_images),
                AxisMap::pad(pad_begin as i64, rows),
                AxisMap::identity(width),
            ];
            let lengths = vec![channels, num_images, rows, width];
            input = self.rearranged(node, input, Rearrangement::Remap(maps), lengths);
        }
        let stacked = vec![channels, num_images * rows, width];
        let input = self.rearranged(node, input, Rearrangement::Reshape, stacked);
        let reach = dilation * (kernel - 1) + 1;
        let padded = AxisWindow { pad_begin: 0, pad_end: reach.saturating_sub(stride), ..window.height };
        let window = Window2d { height: padded, ..window };
        let result = self.push_conv(node, input, window, groups, weights, vec![vec![0], vec![1], vec![2]])?;
        let result = self.settle(node.id, result).value;
        let [channels, total, width] = [0, 1, 2].map(|axis| self.values[result].axes[axis]);
        let apart = vec![channels, num_images, total / num_images, width];
        let mut value = self.rearranged(node, result, Rearrangement::Reshape, apart);
        if total / num_images != own {
            let maps = vec![
                AxisMap::identity(channels),
                AxisMap::identity(num_images),
                AxisMap::slice(0, 1, own),
                AxisMap::identity(width),
            ];
            let lengths = vec![channels, num_images, own, width];
            value = self.rearranged(node, value, Rearrangement::Remap(maps), lengths);
        }
        self.values[value].outlet = OutletId::new(node.id, 0);
        // The value runs over channels, maps, height and width; without a height the outlet's axes skip it.
        let mut axes = vec![vec![]; places.rank];
        for (index, axis) in
            [Some(places.channels), Some(0), places.height, Some(places.width)].into_iter().enumerate()
        {
            if let Some(axis) = axis
                && self.values[value].axes[index] > 1
            {
                axes[axis] = vec![index];
            }
        }
        let strides = vec![1; self.values[value].axes.len()];
        Ok(View { value, axes, strides, function: None })
    }
}
