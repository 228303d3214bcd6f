//! Slices, padding, enlargement and repetition: an affine map along each axis.

use tacit_layers::layer::remap::AxisMap;
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{
        array::{MultiBroadcastTo, Pad, PadMode, Slice},
        downsample::Downsample,
        nn::NearestUpsample,
    },
};

use super::{
    lowering::{Lowering, TypedNode},
    rearrangement::keep_long,
};
use crate::{
    error::Error,
    float_graph::{value::Rearrangement, view::View},
};

impl Lowering<'_> {
    /// Maps some axes of an outlet, the others staying as they are.
    pub(super) fn remap(&mut self, node: &TypedNode, view: View, maps: &[(usize, AxisMap)]) -> View {
        let wanted: Vec<usize> = maps.iter().map(|&(axis, _)| axis).collect();
        let (view, found) = self.addressed(node, view, &wanted);
        let mut all: Vec<AxisMap> = self.lengths(&view).iter().map(|&n| AxisMap::identity(n)).collect();
        let mut axes = view.axes;
        for (&(axis, map), &at) in maps.iter().zip(&found) {
            all[at] = map;
            axes[axis] = vec![at];
        }
        let lengths: Vec<usize> = all.iter().map(|map| map.length).collect();
        keep_long(&mut axes, &lengths);
        let strides = vec![1; lengths.len()];
        let value = self.rearranged(node, view.value, Rearrangement::Remap(all), lengths);
        self.values[value].outlet = OutletId::new(node.id, 0);
        View { value, axes, strides, function: None }
    }

    pub(super) fn slice(&mut self, node: &TypedNode, op: &Slice) -> Result<View, Error> {
        let view = self.view(node, 0)?;
        let length = self.output_shape(node)?[op.axis];
        let Some(start) = op.start.as_i64() else { return Err(self.symbolic(node)) };
        Ok(self.remap(node, view, &[(op.axis, AxisMap::slice(start, 1, length))]))
    }

    pub(super) fn downsample(&mut self, node: &TypedNode, op: &Downsample) -> Result<View, Error> {
        let mut view = self.view(node, 0)?;
        // Strides of one by one convolutions arrive as slices in front of them: they stay a way to read the value.
        if let (&[axis], 0, Ok(stride)) = (&view.axes[op.axis][..], op.modulo, usize::try_from(op.stride)) {
            view.strides[axis] *= stride;
            return Ok(view);
        }
        let length = self.output_shape(node)?[op.axis];
        let last = self.input_shape(node, 0)?[op.axis] as i64 - 1;
        let start = if op.stride < 0 { last } else { op.modulo as i64 };
        let map = AxisMap { stride: op.stride as i64, ..AxisMap::slice(start, 1, length) };
        Ok(self.remap(node, view, &[(op.axis, map)]))
    }

    pub(super) fn pad(&mut self, node: &TypedNode, op: &Pad) -> Result<View, Error> {
        let is_zero = match &op.mode {
            PadMode::Constant(value) => value.cast_to_scalar::<f32>().is_ok_and(|value| value == 0.0),
            _ => false,
        };
        if !is_zero {
            return Err(self.refuse(node, "padding with anything but zeros", "mode `constant`, value 0"));
        }
        let view = self.view(node, 0)?;
        let lengths = self.output_shape(node)?;
        let mut maps = vec![];
        for (axis, &(begin, end)) in op.pads.iter().enumerate().filter(|&(_, &pads)| pads != (0, 0)) {
            if begin > lengths[axis] || end > lengths[axis] {
                return Err(self.refuse(node, "negative padding", "a Slice in its place"));
            }
            maps.push((axis, AxisMap::pad(begin as i64, lengths[axis])));
        }
        Ok(self.remap(node, view, &maps))
    }

    pub(super) fn upsample(&mut self, node: &TypedNode, op: &NearestUpsample) -> Result<View, Error> {
        let view = self.view(node, 0)?;
        let lengths = self.input_shape(node, 0)?;
        let scaled = op.scales.iter().enumerate().filter(|&(_, &scale)| scale > 1);
        let maps: Vec<_> = scaled.map(|(axis, &n)| (axis, AxisMap::enlarge(lengths[axis], n))).collect();
        Ok(self.remap(node, view, &maps))
    }

    pub(super) fn broadcast_to(&mut self, node: &TypedNode, _: &MultiBroadcastTo) -> Result<View, Error> {
        let (view, shape) = (self.view(node, 0)?, self.output_shape(node)?);
        self.broadcast(node, view, &shape)
    }

    /// Repeats axes of length one to an outlet's shape.
    pub(super) fn broadcast(
        &mut self,
        node: &TypedNode,
        mut view: View,
        shape: &[usize],
    ) -> Result<View, Error> {
        if view.axes.len() > shape.len() {
            return Err(self.refuse(node, "operands of different ranks", "operands of one rank"));
        }
        while view.axes.len() < shape.len() {
            view.axes.insert(0, vec![]);
        }
        let view = self.solid(node, view);
        let repeated = (0..shape.len()).filter(|&axis| self.axis_length(&view, axis) != shape[axis]);
        let maps: Vec<_> = repeated.map(|axis| (axis, AxisMap::enlarge(1, shape[axis]))).collect();
        if maps.iter().any(|&(axis, _)| !view.axes[axis].is_empty()) {
            return Err(self.refuse(node, "operands of different shapes", "shapes that broadcast"));
        }
        Ok(if maps.is_empty() { view } else { self.remap(node, view, &maps) })
    }
}
