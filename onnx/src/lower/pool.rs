//! Pooling windows and reductions over height and width.

use tacit_layers::{AxisWindow, Window2d, max_pool::MAX_OFFSETS};
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{
        array::{Pad, PadMode},
        cnn::{MaxPool, PaddingSpec, PoolSpec, SumPool},
        nn::{Reduce, Reducer},
    },
};

use super::{Lowering, TypedNode, feature_map_axes};
use crate::{
    error::Error,
    graph::{Operation, View},
};

/// The window of a convolution or pool, with the padding that its positions really touch.
pub(super) fn window_of(
    lowering: &Lowering<'_>,
    node: &TypedNode,
    spec: &PoolSpec,
    axes: [usize; 3],
) -> Result<Window2d, Error> {
    if !(1..=2).contains(&spec.rank()) {
        let actual = format!("a {}-dimensional window", spec.rank());
        return Err(lowering.refuse(node, actual, "one or two dimensions"));
    }
    let lengths = &axes[axes.len() - spec.rank()..];
    let dims = spec.computed_padding(lengths);
    let axis = |i: usize| {
        let (kernel, stride, dilation) = (spec.kernel_shape[i], spec.stride(i), spec.dilation(i));
        let (length, begin) = (lengths[i], dims[i].pad_before);
        let last = dims[i].convoluted.saturating_sub(1) * stride;
        let extent = kernel.saturating_sub(1) * dilation + 1;
        let end = (last + extent).saturating_sub(length + begin);
        AxisWindow { kernel, stride, dilation, pad_begin: begin, pad_end: end }
    };
    Ok(match spec.rank() {
        1 => Window2d { height: AxisWindow::new(1, 1), width: axis(0) },
        _ => Window2d { height: axis(0), width: axis(1) },
    })
}

impl Lowering<'_> {
    pub(super) fn max_pool(&mut self, node: &TypedNode, op: &MaxPool) -> Result<View, Error> {
        if op.with_index_outputs.is_some() {
            return Err(self.refuse(node, "an output of indices", "one output"));
        }
        let (input, axes) = self.feature_map(node, op.pool_spec.data_format)?;
        let window = window_of(self, node, &op.pool_spec, axes)?;
        self.push_max_pool(node, input, axes, window, &feature_map_axes(&op.pool_spec))
    }

    /// A window of too many offsets is pooled along the rows first, then along the columns.
    fn push_max_pool(
        &mut self,
        node: &TypedNode,
        input: usize,
        axes: [usize; 3],
        window: Window2d,
        view: &[Vec<usize>],
    ) -> Result<View, Error> {
        let name = self.name(node);
        let whole = AxisWindow::new(1, 1);
        let steps = if window.num_offsets() <= MAX_OFFSETS {
            vec![(name.clone(), window)]
        } else {
            vec![
                (format!("{name}.rows"), Window2d { height: whole, width: window.width }),
                (format!("{name}.columns"), Window2d { height: window.height, width: whole }),
            ]
        };
        let (mut input, mut axes) = (input, axes.to_vec());
        let mut result = None;
        for (name, window) in steps {
            if window.num_offsets() > MAX_OFFSETS {
                let actual = format!("a window of {} positions along one axis", window.num_offsets());
                return Err(self.refuse(node, actual, "at most 16 positions along each axis"));
            }
            axes[1] = window.height.output_length(&name, axes[1])?;
            axes[2] = window.width.output_length(&name, axes[2])?;
            let operation = Operation::MaxPool { input, window };
            let pooled = self.push(&name, axes.clone(), operation, OutletId::new(node.id, 0), view.to_vec());
            input = pooled.value;
            result = Some(pooled);
        }
        result.ok_or_else(|| self.unsupported(node))
    }

    pub(super) fn sum_pool(&mut self, node: &TypedNode, op: &SumPool) -> Result<View, Error> {
        let (input, axes) = self.feature_map(node, op.pool_spec.data_format)?;
        let window = window_of(self, node, &op.pool_spec, axes)?;
        let ceil = matches!(op.pool_spec.padding, PaddingSpec::ExplicitOnnxPool(_, _, true));
        if op.normalize && window.has_padding() && (!op.count_include_pad || ceil) {
            let expected = "count_include_pad=1 and ceil_mode=0, or windows that fit the input";
            return Err(self.refuse(node, "averaging that leaves padding out", expected));
        }
        let factor = if op.normalize { 1.0 / window.num_offsets() as f64 } else { 1.0 };
        self.push_sum_pool(node, input, axes, window, factor, feature_map_axes(&op.pool_spec))
    }

    fn push_sum_pool(
        &mut self,
        node: &TypedNode,
        input: usize,
        axes: [usize; 3],
        window: Window2d,
        factor: f64,
        view: Vec<Vec<usize>>,
    ) -> Result<View, Error> {
        let name = self.name(node);
        let height = window.height.output_length(&name, axes[1])?;
        let width = window.width.output_length(&name, axes[2])?;
        let operation = Operation::SumPool { input, window, factor };
        Ok(self.push(&name, vec![axes[0], height, width], operation, OutletId::new(node.id, 0), view))
    }

    /// Padding that no convolution takes in: the sum over windows of one position.
    pub(super) fn pad(&mut self, node: &TypedNode, op: &Pad) -> Result<View, Error> {
        let view = self.whole_view(node, 0)?;
        let expected = "zeros around height and width of a feature map";
        let is_zero = match &op.mode {
            PadMode::Constant(value) => value.cast_to_scalar::<f32>().is_ok_and(|value| value == 0.0),
            _ => false,
        };
        let axes = <[usize; 3]>::try_from(self.lengths(&view));
        let (Ok(axes), true) = (axes, is_zero) else {
            return Err(self.refuse(node, "this padding", expected));
        };
        let mut window = Window2d { height: AxisWindow::new(1, 1), width: AxisWindow::new(1, 1) };
        for (&(begin, end), read) in op.pads.iter().zip(&view.axes) {
            let side = match read[..] {
                _ if (begin, end) == (0, 0) => continue,
                [1] => &mut window.height,
                [2] => &mut window.width,
                _ => return Err(self.refuse(node, "padding of other axes", expected)),
            };
            (side.pad_begin, side.pad_end) = (begin, end);
        }
        self.push_sum_pool(node, view.value, axes, window, 1.0, view.axes)
    }

    pub(super) fn reduce(&mut self, node: &TypedNode, op: &Reduce) -> Result<View, Error> {
        let view = self.whole_view(node, 0)?;
        let reduced: Vec<usize> = op.axes.iter().flat_map(|&axis| view.axes[axis].clone()).collect();
        let axes = <[usize; 3]>::try_from(self.lengths(&view));
        let (Ok(axes), true) = (axes, reduced.iter().all(|&axis| axis > 0)) else {
            return Err(self.refuse(
                node,
                "a reduction over other axes",
                "height and width of a feature map",
            ));
        };
        let kernel = |axis: usize| if reduced.contains(&axis) { axes[axis] } else { 1 };
        let window = Window2d { height: AxisWindow::new(kernel(1), 1), width: AxisWindow::new(kernel(2), 1) };
        let mut output = view.axes.clone();
        for &axis in &op.axes {
            output[axis].clear();
        }
        match op.reducer {
            Reducer::Sum => self.push_sum_pool(node, view.value, axes, window, 1.0, output),
            Reducer::Max => self.push_max_pool(node, view.value, axes, window, &output),
            _ => Err(self.unsupported(node)),
        }
    }
}
