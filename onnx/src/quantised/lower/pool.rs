//! Windows: of convolutions, maxima and averages.

use tacit_layers::{AxisWindow, Window2d, layer::max_pool::MAX_OFFSETS};

use super::lowering::Lowering;
use crate::{
    error::Error,
    float_graph::clip::Clip,
    quantised::{
        datum::{Activation, Base, Datum, Integers, Linear, Operation, Real},
        node::Node,
        view::View,
    },
};

/// The view of a feature map of other lengths, in the same axes.
pub(super) fn map_view(view: &View, lengths: Vec<usize>) -> View {
    if view.axes.len() == 3 {
        return View { lengths, axes: vec![vec![], vec![0], vec![2]] }.without_unit_axes();
    }
    View::behind(1, lengths)
}

/// The window of a node over height and width, or over the width alone for one dimension, with the padding that its
/// positions really touch.
pub(super) fn window_of(
    node: Node<'_>,
    axes: [usize; 3],
    kernel: [usize; 2],
    num_dimensions: usize,
) -> Result<Window2d, Error> {
    let expected = "strides, dilations and padding for each dimension";
    let get = |name: &str, index: usize, default: i64| -> Result<usize, Error> {
        let value = match node.integers(name) {
            None => default,
            Some(values) => {
                *values.get(index).ok_or_else(|| node.refuse(format!("a short list `{name}`"), expected))?
            }
        };
        let in_range =
            usize::try_from(value).ok().filter(|&value| value <= tacit_layers::tensor::window::MAX_WINDOW);
        in_range.ok_or_else(|| node.refuse(format!("{value} in `{name}`"), expected))
    };
    let axis = |dimension: usize| -> Result<AxisWindow, Error> {
        let at = dimension + num_dimensions - 2;
        let (kernel, length) = (kernel[dimension], axes[1 + dimension]);
        let (stride, dilation) = (get("strides", at, 1)?, get("dilations", at, 1)?);
        if stride == 0 || dilation == 0 || kernel == 0 || kernel > tacit_layers::tensor::window::MAX_WINDOW {
            return Err(node.refuse("a window of no size", "positive sizes"));
        }
        let extent = dilation * (kernel - 1) + 1;
        let (begin, end) = match node.text("auto_pad") {
            "" | "NOTSET" => (get("pads", at, 0)?, get("pads", at + num_dimensions, 0)?),
            "VALID" => (0, 0),
            text @ ("SAME_UPPER" | "SAME_LOWER") => {
                let total = ((length.div_ceil(stride) - 1) * stride + extent).saturating_sub(length);
                let (half, rest) = (total / 2, total - total / 2);
                if text == "SAME_UPPER" { (half, rest) } else { (rest, half) }
            }
            text => return Err(node.refuse(format!("auto_pad={text}"), expected)),
        };
        let slack = (length + begin + end).checked_sub(extent);
        let slack =
            slack.ok_or_else(|| node.refuse("a window larger than its input", "a window that fits"))?;
        let mut last = slack / stride * stride;
        if node.integer("ceil_mode", 0) != 0 && slack % stride != 0 && last + stride < length + begin {
            last += stride;
        }
        let pad_end = (last + extent).saturating_sub(length + begin);
        Ok(AxisWindow { kernel, stride, dilation, pad_begin: begin, pad_end })
    };
    let height = if num_dimensions == 2 { axis(0)? } else { AxisWindow::new(1, 1) };
    Ok(Window2d { height, width: axis(1)? })
}

/// Height and width of a pool's kernel.
fn kernel_of(node: Node<'_>, axes: [usize; 3], num_dimensions: usize) -> Result<[usize; 2], Error> {
    if node.operator().contains("Global") {
        return Ok([axes[1], axes[2]]);
    }
    let shape = node.integers("kernel_shape").unwrap_or(&[]);
    let shape: Option<Vec<usize>> = shape.iter().map(|&length| usize::try_from(length).ok()).collect();
    match shape.as_deref() {
        Some(&[height, width]) if num_dimensions == 2 => Ok([height, width]),
        Some(&[width]) if num_dimensions == 1 => Ok([1, width]),
        _ => Err(node.refuse("a kernel of other dimensions", "a kernel of one or two dimensions")),
    }
}

/// Window and output view of a pool.
fn pool(node: Node<'_>, view: &View) -> Result<(Window2d, View), Error> {
    let axes = view.feature_map().ok_or_else(|| {
        let actual = format!("an input of shape {:?} read from {:?}", view.shape(), view.lengths);
        node.refuse(actual, "a feature map: batch, channels, height and width in this order")
    })?;
    let num_dimensions = view.axes.len() - 2;
    if node.integer("channels_last", 0) != 0 {
        return Err(node.refuse("channels_last=1", "channels in front"));
    }
    let window = window_of(node, axes, kernel_of(node, axes, num_dimensions)?, num_dimensions)?;
    let height = window.height.output_length(node.name(), axes[1])?;
    let width = window.width.output_length(node.name(), axes[2])?;
    Ok((window, map_view(view, vec![axes[0], height, width])))
}

/// Maxima over a window: one layer, or rows before columns where the window has too many positions.
fn max_pool_steps(node: Node<'_>, window: Window2d) -> Result<Vec<(String, Window2d)>, Error> {
    let name = node.name();
    if window.num_offsets() <= MAX_OFFSETS {
        return Ok(vec![(name.to_owned(), window)]);
    }
    let whole = AxisWindow::new(1, 1);
    let rows = Window2d { height: whole, width: window.width };
    let columns = Window2d { height: window.height, width: whole };
    if rows.num_offsets().max(columns.num_offsets()) > MAX_OFFSETS {
        let actual = format!("a window of {} by {}", columns.num_offsets(), rows.num_offsets());
        return Err(node.refuse(actual, "at most 16 positions along each axis"));
    }
    Ok(vec![(format!("{name}.rows"), rows), (format!("{name}.columns"), columns)])
}

impl Lowering<'_> {
    /// Maxima of integers, of dequantised integers, or of a layer's results before they are quantised.
    pub(super) fn max_pool(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let datum = self.datum(node, 0)?;
        let (Datum::Integers(Integers { view, .. }) | Datum::Real(Real { view, .. })) = &datum else {
            return Err(node.refuse("a constant input", "an input that is computed"));
        };
        let (window, result) = pool(node, view)?;
        let steps = max_pool_steps(node, window)?;
        match datum {
            Datum::Integers(mut integers) => {
                for (name, window) in &steps {
                    integers.node = self.builder(node)?.max_pool(name, integers.node, *window);
                }
                integers.view = result;
                Ok(Datum::Integers(integers))
            }
            Datum::Real(Real { base: Base::Activation(mut activation), .. })
                if activation.steps.is_empty() =>
            {
                for (name, window) in &steps {
                    activation.node = self.builder(node)?.max_pool(name, activation.node, *window);
                }
                Ok(Datum::Real(Real { view: result, base: Base::Activation(activation) }))
            }
            Datum::Real(Real { base: Base::Linear(mut linear), .. }) => {
                linear.pools.extend(steps);
                Ok(Datum::Real(Real { view: result, base: Base::Linear(linear) }))
            }
            _ => Err(node.not_quantised()),
        }
    }

    pub(super) fn average_pool(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let (activation, view) = self.dequantised(node, 0)?;
        average(node, &activation, &view).map(Datum::Real)
    }

    pub(super) fn qlinear_average_pool(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let (activation, view) = self.quantised(node, [0, 1, 2])?;
        let quantiser = self.quantiser(node, 3, 4)?;
        let result = average(node, &activation, &view)?;
        self.quantise(node, result, quantiser).map(Datum::Integers)
    }
}

fn average(node: Node<'_>, activation: &Activation, view: &View) -> Result<Real, Error> {
    let (window, result) = pool(node, view)?;
    let ceil = node.integer("ceil_mode", 0) != 0;
    if window.has_padding() && (ceil || node.integer("count_include_pad", 0) == 0) {
        let expected = "count_include_pad=1 and ceil_mode=0, or windows that fit the input";
        return Err(node.refuse("averaging that leaves padding out", expected));
    }
    let unit = activation.scale / window.num_offsets() as f32;
    let operation = Operation::AveragePool { input: activation.input(), window };
    let layer = Linear {
        name: node.name().to_owned(),
        operation,
        units: vec![unit],
        channel_axis: 0,
        clip: Clip::NONE,
        pools: vec![],
    };
    Ok(Real::linear(result, layer))
}
