//! Maxima and sums over windows.

use tacit_layers::{AxisWindow, Window2d, layer::max_pool::MAX_OFFSETS};
use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::cnn::{MaxPool, PaddingSpec, PoolSpec, SumPool},
};

use super::{
    affine::Coefficients,
    feature_map::{feature_map_axes, window_of},
    lowering::{Lowering, TypedNode},
};
use crate::{
    error::Error,
    float_graph::{value::Operation, view::View},
};

/// The feature maps that a pool reads.
struct Maps {
    /// The value that holds them.
    input: usize,
    axes: [usize; 3],
    /// How an outlet reads the value that is pooled from them.
    view: Vec<Vec<usize>>,
    num_images: usize,
}

/// A window along one axis; one over the whole axis in steps that are short enough for a maximum.
fn in_steps(window: &AxisWindow, length: usize) -> Vec<AxisWindow> {
    if window.kernel <= MAX_OFFSETS || *window != AxisWindow::new(length, window.stride) {
        return vec![*window];
    }
    let mut steps = vec![];
    let mut left = length;
    while left > 1 {
        let kernel = left.min(MAX_OFFSETS);
        let positions = left.div_ceil(kernel);
        steps.push(AxisWindow::new(kernel, kernel).padded(0, positions * kernel - left));
        left = positions;
    }
    steps
}

/// How many offsets of each window are positions of the input or of this padding.
fn counts(window: &AxisWindow, length: usize, (begin, end): (usize, usize)) -> Vec<f64> {
    let inside = |p: usize| {
        let at = |k: usize| (window.stride * p + window.dilation * k) as i64 - window.pad_begin as i64;
        let range = -(begin as i64)..(length + end) as i64;
        (0..window.kernel).filter(|&k| range.contains(&at(k))).count() as f64
    };
    let extent = window.dilation * (window.kernel - 1) + 1;
    let positions = (length + window.pad_begin + window.pad_end - extent) / window.stride + 1;
    (0..positions).map(inside).collect()
}

impl Lowering<'_> {
    pub(super) fn max_pool(&mut self, node: &TypedNode, op: &MaxPool) -> Result<View, Error> {
        if op.with_index_outputs.is_some() {
            return Err(self.refuse(node, "an output of indices", "one output"));
        }
        let maps = self.pooled_maps(node, &op.pool_spec)?;
        let window = window_of(self, node, &op.pool_spec, maps.axes)?;
        let pooled = self.push_max_pool(node, maps.input, maps.axes, window, &maps.view)?;
        Ok(self.pooled(node, &op.pool_spec, &maps, pooled))
    }

    /// The feature maps that a pool reads, those of a batch as one.
    fn pooled_maps(&mut self, node: &TypedNode, spec: &PoolSpec) -> Result<Maps, Error> {
        let num_images = self.num_images(node, spec)?;
        let ((input, axes), view) = if num_images == 1 {
            (self.feature_map(node, spec.data_format)?, feature_map_axes(spec))
        } else {
            (self.images_as_channels(node, spec, num_images)?, vec![vec![0], vec![1], vec![2]])
        };
        Ok(Maps { input, axes, view, num_images })
    }

    /// What a pool gives, those of a batch apart again.
    fn pooled(&mut self, node: &TypedNode, spec: &PoolSpec, maps: &Maps, pooled: View) -> View {
        if maps.num_images == 1 {
            pooled
        } else {
            self.channels_as_images(node, spec, maps.num_images, pooled)
        }
    }

    /// A window of too many offsets is pooled along the rows first, then along the columns.
    pub(super) fn push_max_pool(
        &mut self,
        node: &TypedNode,
        input: usize,
        axes: [usize; 3],
        window: Window2d,
        view: &[Vec<usize>],
    ) -> Result<View, Error> {
        let name = self.name(node);
        let steps = if window.num_offsets() <= MAX_OFFSETS {
            vec![(name.clone(), window)]
        } else {
            let whole = AxisWindow::new(1, 1);
            let rows = in_steps(&window.width, axes[2]).into_iter();
            let columns = in_steps(&window.height, axes[1]).into_iter();
            rows.map(|width| (format!("{name}.rows"), Window2d { height: whole, width }))
                .chain(columns.map(|height| (format!("{name}.columns"), Window2d { height, width: whole })))
                .collect()
        };
        let (mut input, mut axes) = (input, axes.to_vec());
        let mut result = None;
        for (name, window) in steps {
            if window.num_offsets() > MAX_OFFSETS {
                let actual = format!("a window of {} positions along one axis", window.num_offsets());
                return Err(self.refuse(
                    node,
                    actual,
                    "at most 16 positions along each axis, or the whole axis",
                ));
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
        let maps = self.pooled_maps(node, &op.pool_spec)?;
        let axes = maps.axes;
        let window = window_of(self, node, &op.pool_spec, axes)?;
        let ceil = matches!(op.pool_spec.padding, PaddingSpec::ExplicitOnnxPool(_, _, true));
        let factor = if op.normalize { 1.0 / window.num_offsets() as f64 } else { 1.0 };
        let pooled = self.push_sum_pool(node, maps.input, axes, window, factor, maps.view.clone())?;
        if !op.normalize || !window.has_padding() || (op.count_include_pad && !ceil) {
            return Ok(self.pooled(node, &op.pool_spec, &maps, pooled));
        }
        // A window that reaches into padding is divided by the number of its positions that are no padding; with
        // `count_include_pad` only those that `ceil_mode` adds behind the padding are left out.
        let padding = if op.count_include_pad {
            let fixed = match &op.pool_spec.padding {
                PaddingSpec::Explicit(begin, end) | PaddingSpec::ExplicitOnnxPool(begin, end, _) => {
                    begin.iter().copied().zip(end.iter().copied()).collect()
                }
                _ => vec![],
            };
            [0, 1].map(|axis| (axis + fixed.len()).checked_sub(2).and_then(|i| fixed.get(i).copied()))
        } else {
            [None; 2]
        };
        let [_, height, width] = axes;
        let counts = [(window.height, height, padding[0]), (window.width, width, padding[1])]
            .map(|(axis, length, padding)| counts(&axis, length, padding.unwrap_or((0, 0))));
        let total = window.num_offsets() as f64;
        let channels = axes[0];
        let factors = (0..channels).flat_map(|_| {
            counts[0].iter().flat_map(|rows| counts[1].iter().map(move |columns| total / (rows * columns)))
        });
        let factors = Coefficients::Elements(factors.collect());
        let scaled = self.affine(node, &pooled, &factors, &Coefficients::Scalar(0.0));
        Ok(self.pooled(node, &op.pool_spec, &maps, scaled))
    }

    pub(super) fn push_sum_pool(
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
}
