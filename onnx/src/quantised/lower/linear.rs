//! Convolutions and matrix products with constant weights, biases, and sums of activations.

use tacit_layers::Window2d;

use super::{
    affine::{add_constant, constant_product, multiply_by_constant},
    lowering::Lowering,
    pool::{map_view, window_of},
    reading::{Quantiser, dequantise},
};
use crate::{
    error::Error,
    float_graph::{clip::Clip, weights::Weights},
    quantised::{
        constant::{Constant, Quantisation},
        datum::{Activation, Datum, Linear, Operation, Real},
        node::Node,
        view::View,
    },
};

/// Most weights that a convolution may have after its groups are merged into one, zeros included.
const MAX_WIDENED: usize = 1 << 22;
/// How far a bias' scale may be from the product of its layer's scales and still be taken for it.
const SAME_SCALE: f64 = 1e-3;

impl Lowering<'_> {
    pub(super) fn qlinear_conv(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let input = self.quantised(node, [0, 1, 2])?;
        let kernel = self.quantised_constant(node, [3, 4, 5], 0)?;
        let bias = self.optional(node, 8)?;
        let result = convolve(node, input, &kernel, bias.as_deref().map(Bias::Integers))?;
        let quantiser = self.quantiser(node, 6, 7)?;
        self.quantise(node, result, quantiser).map(Datum::Integers)
    }

    pub(super) fn conv(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let input = self.dequantised(node, 0)?;
        let (kernel, bias) = (self.constant(node, 1)?, self.optional(node, 2)?);
        convolve(node, input, &kernel, bias.as_deref().map(Bias::Real)).map(Datum::Real)
    }

    /// Sums of integer products: real numbers whose unit is one.
    pub(super) fn conv_integer(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let input = self.integer_factor(node, 0, 2)?;
        let kernel = self.integer_weights(node, 0)?;
        convolve(node, input, &kernel, None).map(Datum::Real)
    }

    pub(super) fn matmul_integer(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let input = self.integer_factor(node, 0, 2)?;
        let weights = self.integer_weights(node, 1)?;
        multiply(node, input, &weights, None, 1.0).map(Datum::Real)
    }

    fn integer_factor(
        &self,
        node: Node<'_>,
        input: usize,
        point: usize,
    ) -> Result<(Activation, View), Error> {
        let zero_point = self.zero_point(node, point)?;
        match self.datum(node, input)? {
            Datum::Integers(integers) => dequantise(node, integers, 1.0, zero_point),
            _ => Err(node.not_quantised()),
        }
    }

    fn integer_weights(&self, node: Node<'_>, axis: i64) -> Result<Constant, Error> {
        let one = |count: usize| Constant {
            shape: if count == 1 { vec![] } else { vec![count] },
            values: vec![1.0; count],
            range: None,
            quantisation: None,
        };
        let zero_points = self.optional(node, 3)?;
        let count = zero_points.as_ref().map_or(1, |points| points.values.len());
        self.constant(node, 1)?.dequantised(node, &one(count), zero_points.as_deref(), axis)
    }

    pub(super) fn qlinear_matmul(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let input = self.quantised(node, [0, 1, 2])?;
        let weights = self.quantised_constant(node, [3, 4, 5], 1)?;
        let result = multiply(node, input, &weights, None, 1.0)?;
        let quantiser = self.quantiser(node, 6, 7)?;
        self.quantise(node, result, quantiser).map(Datum::Integers)
    }

    pub(super) fn qgemm(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let input = self.quantised(node, [0, 1, 2])?;
        let axis = i64::from(node.integer("transB", 0) == 0);
        let weights = self.quantised_constant(node, [3, 4, 5], axis)?;
        let bias = self.optional(node, 6)?;
        let result = gemm(node, input, &weights, bias.as_deref().map(Bias::Integers))?;
        if node.input(7).is_none() {
            return Ok(Datum::Real(result));
        }
        let quantiser = self.quantiser(node, 7, 8)?;
        self.quantise(node, result, quantiser).map(Datum::Integers)
    }

    pub(super) fn gemm(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let input = self.dequantised(node, 0)?;
        let (weights, bias) = (self.constant(node, 1)?, self.optional(node, 2)?);
        if bias.is_some() && (node.float("beta", 1.0) - 1.0).abs() > 0.0 {
            return Err(node.refuse("a bias times beta", "beta=1"));
        }
        gemm(node, input, &weights, bias.as_deref().map(Bias::Real)).map(Datum::Real)
    }

    pub(super) fn matmul(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let input = self.dequantised(node, 0)?;
        let weights = self.constant(node, 1)?;
        multiply(node, input, &weights, None, 1.0).map(Datum::Real)
    }

    pub(super) fn qlinear_add(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let quantiser: Quantiser = self.quantiser(node, 6, 7)?;
        let left = self.quantised(node, [0, 1, 2])?;
        let right = self.quantised(node, [3, 4, 5])?;
        let result = add(node, left, &right)?;
        self.quantise(node, result, quantiser).map(Datum::Integers)
    }

    pub(super) fn add(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        match (self.datum(node, 0)?, self.datum(node, 1)?) {
            (Datum::Real(real), Datum::Constant(term)) | (Datum::Constant(term), Datum::Real(real)) => {
                add_constant(node, real, &term).map(Datum::Real)
            }
            _ => add(node, self.dequantised(node, 0)?, &self.dequantised(node, 1)?).map(Datum::Real),
        }
    }

    pub(super) fn multiply(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        match (self.datum(node, 0)?, self.datum(node, 1)?) {
            (Datum::Constant(left), Datum::Constant(right)) => constant_product(node, &left, &right),
            (Datum::Real(real), Datum::Constant(factor)) | (Datum::Constant(factor), Datum::Real(real)) => {
                multiply_by_constant(node, real, &factor).map(Datum::Real)
            }
            _ => Err(node.refuse("a product of two computed tensors", "a constant factor")),
        }
    }
}

/// A bias: int32 in the accumulator's units, or real numbers.
#[derive(Debug, Clone, Copy)]
enum Bias<'a> {
    Integers(&'a Constant),
    Real(&'a Constant),
}

/// Integers and scales of weights whose output channels are on `axis`.
fn quantisation<'a>(node: Node<'_>, weights: &'a Constant, axis: usize) -> Result<&'a Quantisation, Error> {
    let Some(quantisation) = &weights.quantisation else {
        return Err(
            node.refuse("weights that are not quantised", "quantised weights behind a DequantizeLinear")
        );
    };
    if quantisation.scales.iter().any(|scale| !(scale.is_finite() && *scale > 0.0)) {
        return Err(node.refuse("a weight scale that is not positive", "positive scales"));
    }
    if quantisation.scales.len() > 1 && quantisation.axis != axis {
        return Err(node.refuse("weight scales along another axis", "one scale for each output channel"));
    }
    Ok(quantisation)
}

/// Biases in the accumulator's units.
fn biases(
    node: Node<'_>,
    bias: Option<Bias<'_>>,
    units: &[f32],
    num_outputs: usize,
) -> Result<Vec<f64>, Error> {
    let Some(Bias::Integers(constant) | Bias::Real(constant)) = bias else {
        return Ok(vec![0.0; num_outputs]);
    };
    let count = constant.values.len();
    if ![1, num_outputs].contains(&count) {
        return Err(node.refuse(format!("{count} biases"), "one bias for each output channel"));
    }
    let at = |length: usize, channel: usize| if length == 1 { 0 } else { channel };
    let bias = |channel: usize| {
        let value = constant.values[at(count, channel)];
        let unit = f64::from(units[at(units.len(), channel)]);
        match (bias, &constant.quantisation) {
            (Some(Bias::Integers(_)), _) => value,
            (_, Some(quantisation)) => {
                let scale = f64::from(quantisation.scales[at(quantisation.scales.len(), channel)]);
                let integer = quantisation.integers[at(count, channel)];
                if (scale / unit - 1.0).abs() < SAME_SCALE { integer } else { value / unit }
            }
            (_, None) => value / unit,
        }
    };
    let biases: Vec<f64> = (0..num_outputs).map(bias).collect();
    match biases.iter().position(|bias| !bias.is_finite()) {
        Some(position) => Err(Error::ConstantValue {
            node: node.name().to_owned(),
            tensor: "bias".to_owned(),
            position,
            value: biases[position] as f32,
        }),
        None => Ok(biases),
    }
}

fn units(activation: &Activation, quantisation: &Quantisation, factor: f32) -> Vec<f32> {
    quantisation.scales.iter().map(|scale| factor * activation.scale * scale).collect()
}

fn convolve(
    node: Node<'_>,
    (activation, view): (Activation, View),
    kernel: &Constant,
    bias: Option<Bias<'_>>,
) -> Result<Real, Error> {
    let axes = view.feature_map().ok_or_else(|| {
        let actual = format!("an input of shape {:?} read from {:?}", view.shape(), view.lengths);
        node.refuse(actual, "a feature map: batch, channels, height and width in this order")
    })?;
    let quantisation = quantisation(node, kernel, 0)?;
    let mut shape = kernel.shape.clone();
    if shape.len() == 3 && view.axes.len() == 3 {
        shape.insert(2, 1);
    }
    let groups = usize::try_from(node.integer("group", 1)).unwrap_or(0);
    let fits = shape.len() == 4 && groups > 0 && shape[1].checked_mul(groups) == Some(axes[0]);
    if !fits || !shape[0].is_multiple_of(groups) || shape.contains(&0) {
        let actual = format!("a kernel of shape {:?} in {groups} groups", kernel.shape);
        return Err(node.refuse(actual, "a kernel that fits the input"));
    }
    let (num_outputs, num_inputs) = (shape[0], shape[1]);
    let window: Window2d = window_of(node, axes, [shape[2], shape[3]], view.axes.len() - 2)?;
    let units = units(&activation, quantisation, 1.0);
    let bias = biases(node, bias, &units, num_outputs)?;
    let mut weights = Weights { axes: shape, values: quantisation.integers.clone(), bias };
    let splits = num_inputs.is_power_of_two() && (num_outputs / groups).is_power_of_two();
    let is_int8 = weights.values.iter().all(|w| (-128.0..=127.0).contains(w));
    let groups = if groups == 1 || (splits && is_int8) {
        groups
    } else if weights.values.len().saturating_mul(groups) <= MAX_WIDENED {
        weights.widen(groups);
        1
    } else {
        let actual = format!("{groups} groups of {num_inputs} channels and {} outputs", num_outputs / groups);
        return Err(node.refuse(actual, "channels and outputs of a group that are powers of two"));
    };
    let height = window.height.output_length(node.name(), axes[1])?;
    let width = window.width.output_length(node.name(), axes[2])?;
    let operation = Operation::Conv2d { input: activation.input(), window, groups, weights };
    let view = map_view(&view, vec![num_outputs, height, width]);
    Ok(Real::linear(view, layer(node, operation, units, 0)))
}

fn layer(node: Node<'_>, operation: Operation, units: Vec<f32>, channel_axis: usize) -> Linear {
    Linear { name: node.name().to_owned(), operation, units, channel_axis, clip: Clip::NONE, pools: vec![] }
}

fn gemm(
    node: Node<'_>,
    input: (Activation, View),
    weights: &Constant,
    bias: Option<Bias<'_>>,
) -> Result<Real, Error> {
    if node.integer("transA", 0) != 0 {
        return Err(node.refuse("a transposed input", "transA=0"));
    }
    let transposed;
    let weights = if node.integer("transB", 0) != 0 && weights.shape.len() == 2 {
        transposed = weights.transposed(&[1, 0]);
        &transposed
    } else {
        weights
    };
    multiply(node, input, weights, bias, node.float("alpha", 1.0))
}

/// The product with weights of shape (contracted, outputs).
fn multiply(
    node: Node<'_>,
    (activation, view): (Activation, View),
    weights: &Constant,
    bias: Option<Bias<'_>>,
    factor: f32,
) -> Result<Real, Error> {
    let quantisation = quantisation(node, weights, 1)?;
    let Some((contracted, rows)) = view.axes.split_last() else { return Err(node.unsupported()) };
    let length: usize = contracted.iter().map(|&axis| view.lengths[axis]).product();
    let (&[depth, num_outputs], true) = (&weights.shape[..], factor > 0.0) else {
        return Err(node.refuse(format!("weights of shape {:?}", weights.shape), "a weight matrix"));
    };
    if depth != length || num_outputs == 0 {
        let actual = format!("weights of shape {:?} for rows of {length}", weights.shape);
        return Err(node.refuse(actual, "weights that fit the input"));
    }
    let num_row_axes = rows.concat().into_iter().max().map_or(0, |last| last + 1);
    if contracted.iter().any(|&axis| axis < num_row_axes) || num_row_axes >= view.lengths.len() {
        return Err(node.refuse("a product over inner axes", "a product over the last axes or over all"));
    }
    // The place of each element of the value in the tensor's row.
    let lengths = &view.lengths[num_row_axes..];
    let stride = |axis: usize| -> usize {
        let place = contracted.iter().position(|&other| other == axis);
        let behind = place.map_or(&[][..], |place| &contracted[place + 1..]);
        behind.iter().map(|&axis| view.lengths[axis]).product()
    };
    let place = |mut index: usize| {
        let mut at = 0;
        for (i, &length) in lengths.iter().enumerate().rev() {
            at += index % length * stride(num_row_axes + i);
            index /= length;
        }
        at
    };
    let places: Vec<usize> = (0..length).map(place).collect();
    let gather = |o: usize| places.iter().map(move |k| quantisation.integers[k * num_outputs + o]);
    let values = (0..num_outputs).flat_map(gather).collect();
    let units = units(&activation, quantisation, factor);
    let bias = biases(node, bias, &units, num_outputs)?;
    let mut axes = vec![num_outputs];
    axes.extend(lengths);
    let weights = Weights { axes, values, bias };
    let mut result = view.clone();
    result.lengths.truncate(num_row_axes);
    result.lengths.push(num_outputs);
    result.axes = rows.iter().cloned().chain([vec![num_row_axes]]).collect();
    let operation = Operation::Dense { input: activation.input(), num_row_axes, weights };
    Ok(Real::linear(result.without_unit_axes(), layer(node, operation, units, num_row_axes)))
}

fn add(node: Node<'_>, left: (Activation, View), right: &(Activation, View)) -> Result<Real, Error> {
    if left.1 != right.1 {
        let actual = format!("addends of shapes {:?} and {:?}", left.1.shape(), right.1.shape());
        return Err(node.refuse(actual, "addends of one shape whose axes are in one order"));
    }
    let addend = |(activation, _): &(Activation, View)| (activation.input(), activation.scale);
    let operation = Operation::Add { addends: vec![addend(&left), addend(right)] };
    Ok(Real::linear(left.1, layer(node, operation, vec![1.0], 0)))
}
