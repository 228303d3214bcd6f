//! Reading values in other axes: what a view cannot say becomes a value of its own.

use tacit_layers::layer::remap::AxisMap;

use super::lowering::{Lowering, TypedNode};
use crate::float_graph::{
    value::{Operation, Rearrangement},
    view::View,
};

/// Drops axes of a value that are of length one.
pub(super) fn keep_long(axes: &mut [Vec<usize>], lengths: &[usize]) {
    for list in axes {
        list.retain(|&axis| lengths[axis] > 1);
    }
}

impl Lowering<'_> {
    /// Length of an axis of an outlet with this view.
    pub(super) fn axis_length(&self, view: &View, axis: usize) -> usize {
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
        let is_input = matches!(self.values[value].operation, Operation::Input);
        let unread = self.values.iter().all(|other| !other.operation.inputs().contains(&value));
        if is_input && unread && long(&self.values[value].axes) == long(&target) {
            self.relabel_input(value, target);
            return value;
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

    /// Gives an input other unit axes.
    fn relabel_input(&mut self, input: usize, axes: Vec<usize>) {
        let old: Vec<usize> = self.values[input].axes.clone();
        let old: Vec<usize> = (0..old.len()).filter(|&axis| old[axis] > 1).collect();
        let new: Vec<usize> = (0..axes.len()).filter(|&axis| axes[axis] > 1).collect();
        let views = self.views.iter_mut().chain(&mut self.settled).flatten();
        for view in views.filter(|view| view.value == input) {
            let mut strides = vec![1; axes.len()];
            for (from, &to) in old.iter().zip(&new) {
                strides[to] = view.strides[*from];
            }
            for axis in view.axes.iter_mut().flatten() {
                *axis = old.iter().position(|a| a == axis).and_then(|i| new.get(i).copied()).unwrap_or(0);
            }
            view.strides = strides;
        }
        self.values[input].axes = axes;
    }
}
