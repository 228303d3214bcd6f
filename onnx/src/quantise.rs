//! Post-training quantisation: a float model and calibration samples to an integer network.

use tacit_layers::{
    ActivationFunction, InputLayer, Layout, Multiplier, Network, NetworkBuilder, NodeId, Output, Tensor,
    composite::softmax::SoftmaxOptions,
};

use crate::{
    agreement::Quantised,
    calibrate::{CalibrationMethod, input_scale, observe},
    error::Error,
    float_graph::{
        Graph,
        value::{Operation, Rearrangement, Value},
        weights::Weights,
    },
    function_table::table,
    lower::lower,
    model::{FloatModel, input::check_samples},
    scales::{Activation, SOFTMAX_BITS, Scales, choose, stays_accumulator},
    weights::{Channel, quantise_free, quantise_on_grid},
};

/// How to quantise.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantiseOptions {
    /// Bits of an activation, 8 or 16.
    pub bits: u32,
    /// How activation ranges are chosen.
    pub calibration: CalibrationMethod,
    /// Binary digits that every rescale drops, 1 to 20; chosen automatically when absent.
    pub shift: Option<u32>,
    /// For the automatic shift: by how much, at most, a layer's squared weight error may grow because scales are taken from
    /// the grid that makes rescales exact. The smallest shift from 8 to 16 within this bound is taken.
    pub max_error_growth: f64,
}

impl Default for QuantiseOptions {
    /// On LeNet-5, multilayer perceptrons, a VGG and a ResNet, an error growth of 2 saves two to three binary digits against
    /// shift 13 or 14 and leaves the error of the logits, which rounded activations dominate, within its noise.
    fn default() -> Self {
        Self { bits: 8, calibration: CalibrationMethod::MeanSquaredError, shift: None, max_error_growth: 2.0 }
    }
}

impl QuantiseOptions {
    /// The default for activations of so many bits. With 16 bits rounded weights dominate the error of the logits: on the same
    /// models an error growth of 0.1 instead of 2 saves up to a third of it, and the longer tables of remainders weigh
    /// little beside those of the activations.
    pub fn with_bits(bits: u32) -> Self {
        let default = Self::default();
        Self { bits, max_error_growth: if bits > 8 { 0.1 } else { default.max_error_growth }, ..default }
    }
}

/// Shifts tried by the automatic choice.
const SHIFTS: std::ops::RangeInclusive<u32> = 8..=16;
/// Smallest multiplier of a pool: its output scale is then at most an eighth above the one asked for.
const MIN_POOL_MULTIPLIER: i64 = 8;
/// Smallest coefficient of a sum of 8-bit activations; 16-bit ones have that many more digits to lose.
const MIN_COEFFICIENT: i64 = 16;

/// Quantises a model to an integer network whose activation ranges come from the calibration samples.
///
/// # Errors
/// When a node has no quantised counterpart, when a calibration sample does not fit the model or holds a value that is no
/// number, when an option is out of range, and when the network breaks a bound of the interval analysis.
pub fn quantise(
    model: &FloatModel,
    calibration: &[Vec<f32>],
    options: &QuantiseOptions,
) -> Result<Network, Error> {
    Ok(quantise_comparably(model, calibration, options)?.network)
}

/// As [`quantise`]; the result can be compared with the float model value by value.
///
/// # Errors
/// Those of [`quantise`].
pub fn quantise_comparably(
    model: &FloatModel,
    calibration: &[Vec<f32>],
    options: &QuantiseOptions,
) -> Result<Quantised, Error> {
    check_options(options)?;
    let graph = lower(model)?;
    check_samples(model.input_shape(), calibration)?;
    let observed = observe(model, &graph, calibration)?;
    let (bounds, scale) = input_scale(calibration, options.bits);
    let input = Activation { scale, bounds };
    let scales = |shift| choose(&graph, &observed, input, calibration.len(), options, shift);
    let (first, last) = match options.shift {
        Some(shift) => (shift, shift),
        None => (*SHIFTS.start(), *SHIFTS.end()),
    };
    let mut shift = first;
    loop {
        let scales = scales(shift)?;
        let layers = quantise_weights(&graph, &scales);
        if shift >= last || is_fine_enough(&graph, &scales, &layers, options) {
            let (network, nodes) = emit(model, &graph, &scales, &layers)?;
            let values = 0..graph.values.len();
            let scales = values.map(|index| output_scales(&graph, &scales, &layers, index)).collect();
            return Ok(Quantised { network, graph, nodes, scales });
        }
        shift += 1;
    }
}

fn check_options(options: &QuantiseOptions) -> Result<(), Error> {
    if ![8, 16].contains(&options.bits) {
        let actual = f64::from(options.bits);
        return Err(Error::Option { option: "number of bits", expected: "8 or 16", actual });
    }
    if let Some(shift) = options.shift.filter(|shift| !(1..=20).contains(shift)) {
        let actual = f64::from(shift);
        return Err(Error::Option { option: "shift", expected: "between 1 and 20", actual });
    }
    if let CalibrationMethod::Percentile(actual) = options.calibration
        && !(actual > 0.0 && actual <= 1.0)
    {
        return Err(Error::Option { option: "percentile", expected: "above 0 and at most 1", actual });
    }
    let actual = options.max_error_growth;
    if actual.is_nan() || actual < 0.0 {
        return Err(Error::Option { option: "error growth", expected: "at least 0", actual });
    }
    Ok(())
}

const fn weights_of(value: &Value) -> Option<(usize, &Weights)> {
    match &value.operation {
        Operation::Dense { input, weights, .. } | Operation::Conv2d { input, weights, .. } => {
            Some((*input, weights))
        }
        _ => None,
    }
}

/// The quantised channels of every layer that has weights.
fn quantise_weights(graph: &Graph, scales: &Scales) -> Vec<Vec<Channel>> {
    let layer = |(index, value): (usize, &Value)| {
        let Some((input, weights)) = weights_of(value) else { return vec![] };
        let unit = f64::from(1_u32 << scales.shift);
        let grid = scales.quotient(index) / scales.activations[input].scale / unit;
        let channel = |o: usize| {
            if stays_accumulator(graph, index) {
                quantise_free(weights.channel(o), weights.bias[o])
            } else {
                quantise_on_grid(weights.channel(o), grid)
            }
        };
        (0..weights.num_outputs()).map(channel).collect()
    };
    graph.values.iter().enumerate().map(layer).collect()
}

fn is_fine_enough(
    graph: &Graph,
    scales: &Scales,
    layers: &[Vec<Channel>],
    options: &QuantiseOptions,
) -> bool {
    let max_growth = options.max_error_growth;
    let min_coefficient = MIN_COEFFICIENT << (options.bits - 8);
    graph.values.iter().enumerate().all(|(index, value)| match &value.operation {
        Operation::SumPool { .. } | Operation::ReduceSum { .. } | Operation::Product { .. } => {
            scales.integers[index].iter().all(|&m| m >= MIN_POOL_MULTIPLIER)
        }
        Operation::Add { .. } => scales.integers[index].iter().all(|&c| c.abs() >= min_coefficient),
        _ => weights_of(value).is_none_or(|(_, weights)| {
            let free: f64 =
                (0..weights.num_outputs()).map(|o| quantise_free(weights.channel(o), 0.0).error).sum();
            let taken: f64 = layers[index].iter().map(|channel| channel.error).sum();
            let energy: f64 = weights.values.iter().map(|weight| weight * weight).sum();
            // Weights that int8 represents exactly, as a factor alone, have no error to compare with.
            taken <= free * (1.0 + max_growth) + energy * 1e-6
        }),
    })
}

fn emit(
    model: &FloatModel,
    graph: &Graph,
    scales: &Scales,
    layers: &[Vec<Channel>],
) -> Result<(Network, Vec<NodeId>), Error> {
    let input = graph.values.first().map_or(&[][..], |value| &value.axes);
    let input = InputLayer {
        layout: Layout::new(input.to_vec())?,
        bounds: scales.activations[0].bounds,
        scale: scales.activations[0].scale,
    };
    let mut builder = NetworkBuilder::new(model.name(), input);
    let mut nodes: Vec<NodeId> = vec![];
    for (index, value) in graph.values.iter().enumerate() {
        let read = |input: usize| nodes[input];
        let name = &value.name;
        let accumulator = match &value.operation {
            Operation::Input => builder.input(),
            Operation::Scale { input, .. } => read(*input),
            Operation::MaxPool { input, window } => builder.max_pool(name, read(*input), *window),
            Operation::Dense { input, num_row_axes, weights } => {
                let (weights, bias) =
                    parameters(value, weights, &layers[index], scales.activations[*input].scale)?;
                builder.dense(name, read(*input), *num_row_axes, weights, bias)?
            }
            Operation::Conv2d { input, window, groups, weights } => {
                let (weights, bias) =
                    parameters(value, weights, &layers[index], scales.activations[*input].scale)?;
                builder.grouped_conv2d(name, read(*input), *window, *groups, weights, bias)?
            }
            Operation::SumPool { input, window, .. } => builder.average_pool(name, read(*input), *window),
            Operation::Softmax { input, axis } => {
                let scale = scales.activations[*input].scale;
                let options = SoftmaxOptions { scale, output_bits: SOFTMAX_BITS };
                builder.softmax(name, read(*input), *axis, &options)?.node
            }
            Operation::ArgMax { input, axis, takes_last } => {
                builder.arg_max(name, read(*input), *axis, *takes_last)?
            }
            Operation::ReduceSum { input, axes } => builder.reduce_sum(name, read(*input), axes),
            Operation::Rearrange { input, how } => match how {
                Rearrangement::Remap(axes) => builder.remap(name, read(*input), axes.clone()),
                Rearrangement::Transpose(axes) => builder.transpose(name, read(*input), axes),
                Rearrangement::Reshape => builder.reshape(name, read(*input), &value.axes),
            },
            Operation::Concat { inputs, axis } => {
                let inputs: Vec<_> = inputs.iter().map(|&input| read(input)).collect();
                builder.concat(name, &inputs, *axis)
            }
            Operation::Product { left: (left, a), right: (right, b), output } => {
                builder.product(name, (read(*left), a), (read(*right), b), output)
            }
            Operation::Add { addends } => {
                let inputs = addends.iter().map(|&(input, _)| read(input));
                let addends: Vec<_> = inputs.zip(scales.integers[index].iter().copied()).collect();
                builder.add(name, &addends)
            }
        };
        let node = if value.is_linear() && !stays_accumulator(graph, index) {
            let activation = scales.activations[index];
            let function = if let Some(argument) = scales.arguments[index] {
                table(value, argument, activation)?
            } else {
                let (minimum, maximum) = activation.bounds;
                ActivationFunction::Clip { minimum, maximum }
            };
            let multiplier = multiplier(value, &scales.integers[index], &layers[index]);
            builder.rescale(&format!("{name}.rescale"), accumulator, multiplier, scales.shift, function)
        } else {
            accumulator
        };
        nodes.push(node);
    }
    for (position, &index) in graph.outputs.iter().enumerate() {
        let name = model.output_names.get(position).cloned().unwrap_or_default();
        let scale_axis = graph.values[index].channel_axis();
        let shape = model.shape_of_output(position);
        let scales = output_scales(graph, scales, layers, index);
        builder.output(Output { name, node: nodes[index], shape, scales, scale_axis });
    }
    Ok((builder.finish()?, nodes))
}

/// Int8 weights, and int32 biases in accumulator units unless all are zero.
fn parameters(
    value: &Value,
    weights: &Weights,
    channels: &[Channel],
    input_scale: f64,
) -> Result<(Tensor<i8>, Option<Vec<i32>>), Error> {
    let data = channels.iter().flat_map(|channel| channel.values.iter().copied()).collect();
    let tensor = Tensor::new(Layout::new(weights.axes.clone())?, data)?;
    let mut biases = vec![];
    for (channel, (quantised, bias)) in channels.iter().zip(&weights.bias).enumerate() {
        let bias = (bias / (input_scale * quantised.scale)).round();
        if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&bias) {
            return Err(Error::BiasRange { node: value.name.clone(), channel, value: bias });
        }
        biases.push(bias as i32);
    }
    let biases = biases.iter().any(|&bias| bias != 0).then_some(biases);
    Ok((tensor, biases))
}

fn multiplier(value: &Value, integers: &[i64], channels: &[Channel]) -> Multiplier {
    let values: Vec<u32> = match value.operation {
        Operation::SumPool { .. } | Operation::ReduceSum { .. } | Operation::Product { .. } => {
            integers.iter().map(|&m| m as u32).collect()
        }
        Operation::Add { .. } => vec![1],
        _ => channels.iter().map(|channel| channel.multiplier).collect(),
    };
    match values.first() {
        Some(&first) if values.iter().all(|&m| m == first) => Multiplier::Uniform(first),
        _ => Multiplier::PerChannel { axis: value.channel_axis(), values },
    }
}

fn output_scales(graph: &Graph, scales: &Scales, layers: &[Vec<Channel>], index: usize) -> Vec<f64> {
    let activation = scales.activations[index].scale;
    if !stays_accumulator(graph, index) {
        return vec![activation];
    }
    match &graph.values[index].operation {
        Operation::SumPool { input, factor, .. } => vec![scales.activations[*input].scale * factor],
        Operation::ReduceSum { input, .. } => vec![scales.activations[*input].scale],
        Operation::Product { left, right, .. } => {
            vec![scales.activations[left.0].scale * scales.activations[right.0].scale]
        }
        Operation::Dense { input, .. } | Operation::Conv2d { input, .. } => {
            layers[index].iter().map(|channel| channel.scale * scales.activations[*input].scale).collect()
        }
        _ => vec![activation / f64::from(1_u32 << scales.shift)],
    }
}
