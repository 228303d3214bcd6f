//! Reading values in other axes: what a view cannot say becomes a value of its own.

use tacit_layers::remap::AxisMap;
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{
        array::{MultiBroadcastTo, Pad, PadMode, Slice, TypedConcat},
        change_axes::AxisOp,
        downsample::Downsample,
        nn::NearestUpsample,
    },
};

use super::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{
        pointwise::Function,
        value::{Operation, Rearrangement},
        view::View,
    },
};

/// Drops axes of a value that are of length one.
fn keep_long(axes: &mut [Vec<usize>], lengths: &[usize]) {
    for list in axes {
        list.retain(|&axis| lengths[axis] > 1);
    }
}

impl Lowering<'_> {
    /// Length of an axis of an outlet with this view.
    fn axis_length(&self, view: &View, axis: usize) -> usize {
        let lengths = self.lengths(view);
        view.axes[axis].iter().map(|&axis| lengths[axis].div_ceil(view.strides[axis])).product()
    }

    /// A value of the same integers in other places, or the one that is there already.
    pub(super) fn rearranged(
        &mut self,
        node: &TypedNode,
        input: usize,
        how: Rearrangement,
        axes: Vec<usize>,
    ) -> usize {
        if how == Rearrangement::Reshape && self.values[input].axes == axes {
            return input;
        }
        let suffix = match how {
            Rearrangement::Remap(_) => "view",
            Rearrangement::Transpose(_) => "transpose",
            Rearrangement::Reshape => "reshape",
        };
        let known = self.values.iter().position(|value| {
            value.axes == axes
                && matches!(&value.operation, Operation::Rearrange { input: other, how: same } if *other == input && *same == how)
        });
        if let Some(known) = known {
            self.shared[known] = true;
            return known;
        }
        let name = format!("{}.{suffix}", self.name(node));
        let outlet = self.values[input].outlet;
        self.push(&name, axes, Operation::Rearrange { input, how }, outlet, vec![]).value
    }

    /// The view without strides.
    pub(super) fn solid(&mut self, node: &TypedNode, view: View) -> View {
        if view.is_whole() {
            return view;
        }
        let map = |(&length, &stride): (&usize, &usize)| AxisMap::slice(0, stride, length.div_ceil(stride));
        let maps: Vec<AxisMap> = self.lengths(&view).iter().zip(&view.strides).map(map).collect();
        let lengths: Vec<usize> = maps.iter().map(|map| map.length).collect();
        let mut axes = view.axes;
        keep_long(&mut axes, &lengths);
        let strides = vec![1; lengths.len()];
        let value = self.rearranged(node, view.value, Rearrangement::Remap(maps), lengths);
        View { value, axes, strides, function: None }
    }

    /// A value with one axis for each group of the outlet's axes, joined in this order. The groups hold every axis of the
    /// outlet that is longer than one.
    pub(super) fn arrange(&mut self, node: &TypedNode, view: View, groups: &[Vec<usize>]) -> usize {
        let view = self.solid(node, view);
        let target: Vec<usize> = groups
            .iter()
            .map(|group| group.iter().map(|&axis| self.axis_length(&view, axis)).product())
            .collect();
        let order: Vec<usize> = groups.iter().flatten().flat_map(|&axis| view.axes[axis].clone()).collect();
        let mut value = view.value;
        if !order.is_sorted() {
            let old = self.lengths(&view).to_vec();
            let rest = (0..old.len()).filter(|axis| !order.contains(axis));
            let axes: Vec<usize> = order.iter().copied().chain(rest).collect();
            let lengths = axes.iter().map(|&axis| old[axis]).collect();
            value = self.rearranged(node, value, Rearrangement::Transpose(axes), lengths);
        }
        if self.values[value].axes == target {
            return value;
        }
        let long = |axes: &[usize]| axes.iter().copied().filter(|&n| n > 1).collect::<Vec<_>>();
        let unread = self.values.iter().all(|other| !other.operation.inputs().contains(&0));
        if value == 0 && unread && long(&self.values[0].axes) == long(&target) {
            self.relabel_input(target);
            return 0;
        }
        self.rearranged(node, value, Rearrangement::Reshape, target)
    }

    /// The axes of an outlet with this view that are longer than one, and those named.
    fn long_axes(view: &View, also: &[usize]) -> Vec<usize> {
        (0..view.axes.len()).filter(|axis| !view.axes[*axis].is_empty() || also.contains(axis)).collect()
    }

    /// The view of a value with these axes of an outlet of `rank` axes.
    pub(super) fn view_of(&self, value: usize, axes: &[usize], rank: usize) -> View {
        let lengths = &self.values[value].axes;
        let mut lists = vec![vec![]; rank];
        for (index, &axis) in axes.iter().enumerate().filter(|&(index, _)| lengths[index] > 1) {
            lists[axis] = vec![index];
        }
        View { value, axes: lists, strides: vec![1; lengths.len()], function: None }
    }

    /// A view in which every axis of the outlet is at most one axis of the value.
    pub(super) fn axis_by_axis(&mut self, node: &TypedNode, view: View) -> View {
        let view = self.solid(node, view);
        if view.axes.iter().all(|list| list.len() <= 1) { view } else { self.in_order(node, view) }
    }

    /// A view of a value whose axes are the outlet's that are longer than one, in the outlet's order.
    pub(super) fn in_order(&mut self, node: &TypedNode, view: View) -> View {
        let rank = view.axes.len();
        let view = self.solid(node, view);
        let mut axes = Self::long_axes(&view, &[]);
        if axes.is_empty() && rank > 0 {
            axes = vec![rank - 1];
        }
        let groups: Vec<Vec<usize>> = axes.iter().map(|&axis| vec![axis]).collect();
        if groups.is_empty() {
            return view;
        }
        let value = self.arrange(node, view, &groups);
        self.view_of(value, &axes, rank)
    }

    /// A view in which each of these axes of the outlet is one axis of the value, and which one.
    pub(super) fn addressed(&mut self, node: &TypedNode, view: View, wanted: &[usize]) -> (View, Vec<usize>) {
        let view = self.axis_by_axis(node, view);
        let found: Option<Vec<usize>> = wanted.iter().map(|&axis| view.axes[axis].first().copied()).collect();
        if let Some(found) = found {
            return (view, found);
        }
        let rank = view.axes.len();
        let axes = Self::long_axes(&view, wanted);
        let groups: Vec<Vec<usize>> = axes.iter().map(|&axis| vec![axis]).collect();
        let value = self.arrange(node, view, &groups);
        let found = wanted.iter().filter_map(|wanted| axes.iter().position(|axis| axis == wanted)).collect();
        (self.view_of(value, &axes, rank), found)
    }

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

    pub(super) fn concat(&mut self, node: &TypedNode, op: &TypedConcat) -> Result<View, Error> {
        let mut parts = vec![];
        for input in 0..node.inputs.len() {
            if self.model.graph.outlet_fact(node.inputs[input]).is_ok_and(|fact| fact.konst.is_some()) {
                let expected = "inputs that depend on the model's input (zeros: use Pad)";
                return Err(self.refuse(node, "a constant part", expected));
            }
            let view = self.view(node, input)?;
            parts.push(self.addressed(node, view, &[op.axis]).0);
        }
        let others = |lowering: &Self, view: &View| {
            let at = view.axes[op.axis].first().copied();
            let mut lengths = lowering.lengths(view).to_vec();
            at.map(|at| lengths.remove(at));
            (view.axes.clone(), at, lengths)
        };
        let layouts: Vec<_> = parts.iter().map(|view| others(self, view)).collect();
        let (inputs, axis, view) = match layouts.first() {
            Some((axes, Some(at), _)) if layouts.iter().all(|layout| *layout == layouts[0]) => {
                (parts.iter().map(|view| view.value).collect::<Vec<_>>(), *at, axes.clone())
            }
            _ => {
                let shape = self.output_shape(node)?;
                let mut axes: Vec<usize> = (0..shape.len()).filter(|&i| shape[i] > 1).collect();
                if !axes.contains(&op.axis) {
                    axes.push(op.axis);
                    axes.sort_unstable();
                }
                let groups: Vec<Vec<usize>> = axes.iter().map(|&axis| vec![axis]).collect();
                let inputs = parts.into_iter().map(|view| self.arrange(node, view, &groups)).collect();
                let mut view = vec![vec![]; shape.len()];
                for (index, &axis) in axes.iter().enumerate() {
                    view[axis] = vec![index];
                }
                (inputs, axes.iter().position(|&axis| axis == op.axis).unwrap_or(0), view)
            }
        };
        Ok(self.push_concat(node, &inputs, &node.inputs, axis, view))
    }

    /// Values behind each other along an axis, each on a scale that all can take; `outlets` hold them.
    pub(super) fn push_concat(
        &mut self,
        node: &TypedNode,
        inputs: &[usize],
        outlets: &[OutletId],
        axis: usize,
        view: Vec<Vec<usize>>,
    ) -> View {
        let name = self.name(node);
        let mut axes = self.values[inputs[0]].axes.clone();
        axes[axis] = inputs.iter().map(|&input| self.values[input].axes[axis]).sum();
        let mut aligned = vec![];
        for (&input, &outlet) in inputs.iter().zip(outlets) {
            let part = self.values[input].axes.clone();
            let operation = Operation::Add { addends: vec![(input, 1.0)] };
            let value = self.push(&format!("{name}.align"), part, operation, outlet, vec![]).value;
            self.values[value].function = Some(Function::identity(outlet));
            aligned.push(value);
        }
        let operation = Operation::Concat { inputs: aligned, axis };
        self.push(&name, axes, operation, OutletId::new(node.id, 0), view)
    }

    pub(super) fn change_axes(&mut self, node: &TypedNode, op: &AxisOp) -> Result<View, Error> {
        let mut view = self.reading(node, 0)?;
        match op {
            AxisOp::Add(at) => view.axes.insert(*at, vec![]),
            AxisOp::Rm(at) => drop(view.axes.remove(*at)),
            AxisOp::Move(from, to) => {
                let axis = view.axes.remove(*from);
                view.axes.insert(*to, axis);
            }
            AxisOp::Reshape(at, from, _) => {
                let output = self.output_shape(node)?;
                let inner = view.axes.len() - at - from.len();
                let parts = view.axes[*at..at + from.len()].concat();
                match self.join(&view, &parts, &output[*at..output.len() - inner]) {
                    Some(axes) => drop(view.axes.splice(*at..at + from.len(), axes)),
                    None => return self.reshape(node, &output),
                }
            }
        }
        Ok(view)
    }

    /// The value axes that each axis of these lengths runs over, if they only join axes.
    fn join(&self, view: &View, parts: &[usize], lengths: &[usize]) -> Option<Vec<Vec<usize>>> {
        let mut parts = parts.iter();
        let join = |&length: &usize| {
            let (mut list, mut product) = (vec![], 1);
            while product < length {
                let &axis = parts.next()?;
                product *= self.lengths(view)[axis].div_ceil(view.strides[axis]);
                list.push(axis);
            }
            (product == length).then_some(list)
        };
        lengths.iter().map(join).collect()
    }

    fn reshape(&mut self, node: &TypedNode, shape: &[usize]) -> Result<View, Error> {
        let view = self.view(node, 0)?;
        let view = self.in_order(node, view);
        let axes: Vec<usize> = (0..shape.len()).filter(|&axis| shape[axis] > 1).collect();
        let lengths = axes.iter().map(|&axis| shape[axis]).collect();
        let value = self.rearranged(node, view.value, Rearrangement::Reshape, lengths);
        Ok(self.view_of(value, &axes, shape.len()))
    }

    /// Gives the input other unit axes.
    fn relabel_input(&mut self, axes: Vec<usize>) {
        let old: Vec<usize> = self.values[0].axes.clone();
        let old: Vec<usize> = (0..old.len()).filter(|&axis| old[axis] > 1).collect();
        let new: Vec<usize> = (0..axes.len()).filter(|&axis| axes[axis] > 1).collect();
        let views = self.views.iter_mut().chain(&mut self.settled).flatten();
        for view in views.filter(|view| view.value == 0) {
            let mut strides = vec![1; axes.len()];
            for (from, &to) in old.iter().zip(&new) {
                strides[to] = view.strides[*from];
            }
            for axis in view.axes.iter_mut().flatten() {
                *axis = old.iter().position(|a| a == axis).and_then(|i| new.get(i).copied()).unwrap_or(0);
            }
            view.strides = strides;
        }
        self.values[0].axes = axes;
    }
}
