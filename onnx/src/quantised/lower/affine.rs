//! Constants added to real numbers and multiplied with them: biases, and the scales of integer products.

use crate::{
    error::Error,
    float_graph::clip::Clip,
    quantised::{
        constant::Constant,
        datum::{Base, Datum, Linear, Operation, Real},
        function::Step,
        node::Node,
        view::View,
    },
};

/// One number for all channels or one for each, along the axis of the output channels.
fn per_channel(node: Node<'_>, view: &View, linear: &Linear, constant: &Constant) -> Result<Vec<f64>, Error> {
    if constant.values.len() == 1 {
        return Ok(constant.values.clone());
    }
    let offset = view.axes.len().checked_sub(constant.shape.len());
    let along = |axis: usize| {
        let axis = offset.map_or(&[][..], |offset| &view.axes[axis + offset]);
        axis == [linear.channel_axis]
    };
    let wide: Vec<usize> = (0..constant.shape.len()).filter(|&axis| constant.shape[axis] > 1).collect();
    match (offset, &wide[..]) {
        (Some(_), &[axis])
            if along(axis) && view.lengths.get(linear.channel_axis) == Some(&constant.shape[axis]) =>
        {
            Ok(constant.values.clone())
        }
        _ => {
            let actual = format!("a constant of shape {:?}", constant.shape);
            Err(node.refuse(actual, "one number, or one for each output channel"))
        }
    }
}

pub(super) fn add_constant(node: Node<'_>, mut real: Real, term: &Constant) -> Result<Real, Error> {
    match &mut real.base {
        Base::Activation(activation) if term.values.len() == 1 => {
            activation.steps.push(Step::Add(term.values[0] as f32));
            Ok(real)
        }
        Base::Linear(linear) if linear.clip == Clip::NONE && linear.pools.is_empty() => {
            let terms = per_channel(node, &real.view, linear, term)?;
            let units = linear.units.clone();
            let Some(weights) = linear.operation.weights_mut() else {
                return Err(node.refuse("a constant added to a pool or a sum", "a convolution or a product"));
            };
            let at = |length: usize, channel: usize| if length == 1 { 0 } else { channel };
            for (channel, bias) in weights.bias.iter_mut().enumerate() {
                *bias += terms[at(terms.len(), channel)] / f64::from(units[at(units.len(), channel)]);
            }
            Ok(real)
        }
        _ => Err(node.refuse("adding a constant here", "a bias right behind a convolution or a product")),
    }
}

pub(super) fn multiply_by_constant(node: Node<'_>, mut real: Real, factor: &Constant) -> Result<Real, Error> {
    match &mut real.base {
        Base::Activation(activation) if factor.values.len() == 1 => {
            activation.steps.push(Step::Multiply(factor.values[0] as f32));
            Ok(real)
        }
        Base::Linear(linear) if linear.clip == Clip::NONE && linear.pools.is_empty() => {
            let factors = per_channel(node, &real.view, linear, factor)?;
            let is_sum = matches!(linear.operation, Operation::Add { .. });
            if is_sum || factors.iter().any(|factor| !(factor.is_finite() && *factor > 0.0)) {
                return Err(node.refuse("this factor", "positive factors behind a convolution or a product"));
            }
            let count = factors.len().max(linear.units.len());
            let at = |length: usize, channel: usize| if length == 1 { 0 } else { channel };
            let old = linear.units.clone();
            let unit =
                |channel: usize| old[at(old.len(), channel)] * factors[at(factors.len(), channel)] as f32;
            linear.units = (0..count).map(unit).collect();
            Ok(real)
        }
        _ => {
            Err(node
                .refuse("multiplying by a constant here", "a factor right behind a convolution or a product"))
        }
    }
}

pub(super) fn constant_product(node: Node<'_>, left: &Constant, right: &Constant) -> Result<Datum, Error> {
    let (wide, other) = if left.values.len() >= right.values.len() { (left, right) } else { (right, left) };
    let at = |index: usize| if other.values.len() == 1 { 0 } else { index };
    if other.values.len() != 1 && other.shape != wide.shape {
        return Err(node.refuse("a product of constants of two shapes", "one shape, or one number"));
    }
    let product = |(index, &x): (usize, &f64)| f64::from(x as f32 * other.values[at(index)] as f32);
    let values = wide.values.iter().enumerate().map(product).collect();
    let constant = Constant { shape: wide.shape.clone(), values, range: None, quantisation: None };
    Ok(Datum::Constant(constant.into()))
}
