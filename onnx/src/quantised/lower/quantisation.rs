//! Quantising real numbers: rescales of linear layers, tables of functions.

use std::rc::Rc;

use tacit_layers::{ActivationFunction, Layout, Multiplier, NodeId, Tensor};

use super::{
    lowering::Lowering,
    reading::{Quantiser, dequantise},
};
use crate::{
    error::Error,
    float_graph::weights::Weights,
    quantised::{
        constant::Constant,
        datum::{Activation, Base, Datum, Input, Integers, Linear, Operation, Real},
        node::Node,
    },
    requantise::{self, Channel, Rescale, RescaleError},
};

/// Most int8 parts that a weight is split into.
const MAX_PARTS: usize = 3;

impl Lowering<'_> {
    pub(super) fn quantize_linear(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let quantiser = self.quantiser(node, 1, 2)?;
        match self.datum(node, 0)? {
            Datum::Constant(constant) => {
                let Quantiser { scale, zero_point, range } = quantiser;
                let quantised = constant.quantised(scale, zero_point, range);
                Ok(Datum::Constant(Rc::new(quantised)))
            }
            Datum::Integers(_) => Err(node.refuse("quantised integers", "real numbers")),
            Datum::Real(real) => self.quantise(node, real, quantiser).map(Datum::Integers),
        }
    }

    pub(super) fn dequantize_linear(&self, node: Node<'_>) -> Result<Datum, Error> {
        match self.datum(node, 0)? {
            Datum::Constant(constant) => {
                let (scales, zero_points) = (self.constant(node, 1)?, self.optional(node, 2)?);
                let axis = node.integer("axis", 1);
                let constant: Constant = constant.dequantised(node, &scales, zero_points.as_deref(), axis)?;
                Ok(Datum::Constant(Rc::new(constant)))
            }
            Datum::Integers(integers) => {
                let (scale, zero_point) = (self.scale(node, 1)?, self.zero_point(node, 2)?);
                let (activation, view) = dequantise(node, integers, scale, zero_point)?;
                Ok(Datum::Real(Real { view, base: Base::Activation(activation) }))
            }
            Datum::Real(_) => Err(node.refuse("real numbers", "quantised integers")),
        }
    }

    /// Adds what computes real numbers to the network, and quantises them.
    pub(super) fn quantise(
        &mut self,
        node: Node<'_>,
        real: Real,
        quantiser: Quantiser,
    ) -> Result<Integers, Error> {
        let Quantiser { scale, zero_point, .. } = quantiser;
        let (low, high) = quantiser.bounds();
        if !(low..=high).contains(&0) {
            let actual = format!("zero point {zero_point} outside its type's range");
            return Err(node.refuse(actual, "a zero point that is a number of the type"));
        }
        let view = real.view;
        let (id, bounds) = match real.base {
            Base::Input => return self.quantise_input(node, view, scale, zero_point, (low, high)),
            Base::Activation(activation) => self.tabulate(node, &activation, quantiser)?,
            Base::Linear(linear) => self.requantise(node, &linear, quantiser)?,
        };
        Ok(Integers { node: id, view, zero_point, bounds })
    }

    /// A function of an activation, row by row.
    fn tabulate(
        &mut self,
        node: Node<'_>,
        activation: &Activation,
        quantiser: Quantiser,
    ) -> Result<(NodeId, (i64, i64)), Error> {
        let (low, high) = activation.bounds;
        let result = |q: i64| {
            let x = activation.steps.iter().fold(activation.scale * q as f32, |x, step| step.apply(x));
            quantiser.quantise(x)
        };
        let results: Vec<i64> = (low..=high).map(result).collect();
        let bounds = results.iter().fold((0, 0), |(low, high), &y| (low.min(y), high.max(y)));
        if (low..=high).eq(results.iter().copied()) {
            return Ok((activation.node, activation.bounds));
        }
        let is_clip = (low..=high).zip(&results).all(|(q, &y)| y == q.clamp(bounds.0, bounds.1));
        let function = if is_clip {
            ActivationFunction::Clip { minimum: bounds.0, maximum: bounds.1 }
        } else {
            let results = results.into_iter().map(|y| y as i32).collect();
            ActivationFunction::Table { first: low, results }
        };
        let (id, name) = (activation.node, node.name());
        let builder = self.builder(node)?;
        let argument = builder.add(&format!("{name}.argument"), &[(id, 1)]);
        // Twice the argument over two: the quotient is the argument itself.
        Ok((builder.rescale(name, argument, Multiplier::Uniform(2), 1, function), bounds))
    }

    /// A linear layer, its rescale and the maxima behind it.
    fn requantise(
        &mut self,
        node: Node<'_>,
        linear: &Linear,
        quantiser: Quantiser,
    ) -> Result<(NodeId, (i64, i64)), Error> {
        let (low, high) = quantiser.bounds();
        let bound = |x: f64, unbounded| if x.is_finite() { quantiser.quantise(x as f32) } else { unbounded };
        let (minimum, maximum) = (bound(linear.clip.minimum, low), bound(linear.clip.maximum, high));
        if minimum > 0 || maximum < 0 {
            return Err(node.refuse("a clip whose range leaves zero out", "a clip that keeps zero"));
        }
        let bounds = (minimum, maximum);
        let (accumulator, multiplier, shift, error) = self.rescaled(node, linear, quantiser.scale, bounds)?;
        self.rescales.push(RescaleError { layer: linear.name.clone(), shift, units: error });
        let builder = self.builder(node)?;
        let function = ActivationFunction::Clip { minimum, maximum };
        let name = format!("{}.rescale", linear.name);
        let mut id = builder.rescale(&name, accumulator, multiplier, shift, function);
        for (name, window) in &linear.pools {
            id = builder.max_pool(name, id, *window);
        }
        Ok((id, bounds))
    }

    /// The accumulator of a linear layer with multiplier, shift and error of its rescale.
    fn rescaled(
        &mut self,
        node: Node<'_>,
        linear: &Linear,
        scale: f32,
        bounds: (i64, i64),
    ) -> Result<(NodeId, Multiplier, u32, f64), Error> {
        let imprecise = || {
            node.refuse(
                "a ratio of scales that no fixed-point number comes near enough",
                "results within one unit: layers whose scales are closer to each other",
            )
        };
        let name = &linear.name;
        if let Operation::Add { addends } = &linear.operation {
            let reach = |input: &Input| input.bounds.1.max(-input.bounds.0) as f64;
            let ratios: Vec<(f64, f64)> =
                addends.iter().map(|(input, unit)| (f64::from(unit / scale), reach(input))).collect();
            let sum = requantise::sum(&ratios, bounds).ok_or_else(imprecise)?;
            let inputs = addends.iter().map(|(input, _)| input.node);
            let addends: Vec<(NodeId, i64)> = inputs.zip(sum.coefficients).collect();
            let accumulator = self.builder(node)?.add(name, &addends);
            return Ok((accumulator, Multiplier::Uniform(1), sum.shift, sum.error));
        }
        let channels = channels(linear, scale);
        let Rescale { shift, multipliers, biases, error } =
            requantise::rescale(&channels, bounds).ok_or_else(imprecise)?;
        let accumulator = self.add_linear(node, linear, &biases)?;
        let multiplier = match multipliers.first() {
            Some(&first) if multipliers.iter().all(|&m| m == first) => Multiplier::Uniform(first),
            _ => Multiplier::PerChannel { axis: linear.channel_axis, values: multipliers },
        };
        Ok((accumulator, multiplier, shift, error))
    }

    /// A linear layer whose accumulator is an output; biases are rounded to its units.
    pub(super) fn accumulator(&mut self, node: Node<'_>, linear: &Linear) -> Result<NodeId, Error> {
        if let Operation::Add { .. } = &linear.operation {
            return Err(node.refuse("a sum as an output", "QuantizeLinear and DequantizeLinear behind it"));
        }
        let mut biases = vec![];
        for (channel, Channel { bias, .. }) in channels(linear, 1.0).into_iter().enumerate() {
            let value = bias.round();
            if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&value) {
                return Err(Error::BiasRange { node: linear.name.clone(), channel, value });
            }
            biases.push(value as i32);
        }
        self.add_linear(node, linear, &biases)
    }

    fn add_linear(&mut self, node: Node<'_>, linear: &Linear, biases: &[i32]) -> Result<NodeId, Error> {
        let name = &linear.name;
        let biases = biases.iter().any(|&bias| bias != 0).then(|| biases.to_vec());
        match &linear.operation {
            Operation::Dense { input, num_row_axes, weights } => {
                let (id, weights) = self.split(node, name, input, weights, *num_row_axes)?;
                Ok(self.builder(node)?.dense(name, id, *num_row_axes, weights, biases)?)
            }
            Operation::Conv2d { input, window, groups, weights } => {
                let (id, weights) = self.split(node, name, input, weights, 0)?;
                Ok(self.builder(node)?.grouped_conv2d(name, id, *window, *groups, weights, biases)?)
            }
            Operation::AveragePool { input, window } => {
                Ok(self.builder(node)?.average_pool(name, input.node, *window))
            }
            Operation::Add { .. } => Err(node.unsupported()),
        }
    }

    /// Weights as int8. Where centring makes them larger than int8, they are sums of int8 parts, and the input is read once
    /// for each part, behind each other along `axis`.
    fn split(
        &mut self,
        node: Node<'_>,
        name: &str,
        input: &Input,
        weights: &Weights,
        axis: usize,
    ) -> Result<(NodeId, Tensor<i8>), Error> {
        let fits = |count: &usize| {
            let (low, high) = (-128.0 * *count as f64, 127.0 * *count as f64);
            weights.values.iter().all(|w| (low..=high).contains(w))
        };
        let count = (1..=MAX_PARTS).find(fits);
        let count = count.ok_or_else(|| node.refuse("weights beyond eight bits", "int8 or uint8 weights"))?;
        let parts = count as i64;
        let mut axes = weights.axes.clone();
        axes[1] *= count;
        let mut data = Vec::with_capacity(weights.values.len() * count);
        for channel in 0..weights.num_outputs() {
            for part in 0..parts {
                // The sum over all parts p of floor((w + p) / n) is w.
                let share = |&w: &f64| (w as i64 + part).div_euclid(parts) as i8;
                data.extend(weights.channel(channel).iter().map(share));
            }
        }
        let weights = Tensor::new(Layout::new(axes)?, data)?;
        let builder = self.builder(node)?;
        let id = match count {
            1 => input.node,
            _ => builder.concat(&format!("{name}.input"), &vec![input.node; count], axis),
        };
        Ok((id, weights))
    }
}

/// Ratio, bias and interval of every output channel, or of the whole tensor for an average pool.
fn channels(linear: &Linear, scale: f32) -> Vec<Channel> {
    let ratio = |channel: usize| {
        let unit = linear.units.get(channel).or_else(|| linear.units.first()).copied().unwrap_or(1.0);
        f64::from(unit / scale)
    };
    let reach = |(low, high): (f64, f64), w: f64, bounds: (i64, i64)| {
        let (a, b) = (w * bounds.0 as f64, w * bounds.1 as f64);
        // Zero is in the bounds: padding is no case of its own.
        (low + a.min(b), high + a.max(b))
    };
    match &linear.operation {
        Operation::Dense { input, weights, .. } | Operation::Conv2d { input, weights, .. } => {
            let channel = |o: usize| {
                let weights_of = weights.channel(o).iter();
                let interval = weights_of.fold((0.0, 0.0), |sum, &w| reach(sum, w, input.bounds));
                Channel { ratio: ratio(o), bias: weights.bias[o], interval }
            };
            (0..weights.num_outputs()).map(channel).collect()
        }
        Operation::AveragePool { input, window } => {
            let interval = reach((0.0, 0.0), window.num_offsets() as f64, input.bounds);
            vec![Channel { ratio: ratio(0), bias: 0.0, interval }]
        }
        Operation::Add { .. } => vec![],
    }
}
