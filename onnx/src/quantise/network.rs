//! The integer network, layer by layer.

use std::rc::Rc;

use tacit_inference::{NetworkBuilder, composite::softmax::SoftmaxOptions};
use tacit_layers::{
    ActivationFunction, InputKind, InputLayer, Layout, Multiplier, Network, NodeId, Output, Tensor,
};

use super::{channels::Layer, given::Given, shared::Shared};
use crate::{
    error::Error,
    float_graph::{
        Graph,
        value::{Mask, Operation, Rearrangement, Value},
        weights::Weights,
    },
    model::{FloatModel, ModelInput, SampleKind},
    scales::{
        Scales,
        activation::Activation,
        function_table::table,
        weights::{Channel, digits},
    },
};

/// The network, and the node that holds each value of the graph. `units` are those of the only input's channels, where each has
/// its own.
pub(super) fn emit(
    model: &FloatModel,
    graph: &Graph,
    units: Option<InputKind>,
    scales: &Scales,
    layers: &[Rc<Layer>],
    given: &[Option<Given>],
) -> Result<(Network, Vec<NodeId>), Error> {
    let mut builder = start(model, graph, units, scales)?;
    let mut nodes: Vec<NodeId> = vec![];
    let mut shared = Shared::new(graph);
    for (index, value) in graph.values.iter().enumerate() {
        let read = |input: usize| nodes[input];
        let name = &value.name;
        let given = given[index].as_ref();
        let accumulator = match &value.operation {
            // The inputs are the first nodes.
            Operation::Input => NodeId(index as u32),
            Operation::Scale { input, .. } => read(*input),
            Operation::MaxPool { input, window } => builder.max_pool(name, read(*input), *window),
            Operation::Dense { input, num_row_axes, weights } => {
                let input_scale = scales.activations[*input].scale;
                let parameters = parameters(value, weights, &layers[index].channels, given, input_scale)?;
                linear(&mut builder, name, parameters, |builder, name, weights, bias| {
                    let (weights, bias) = shared.parameters(builder, index, name, (weights, bias))?;
                    Ok(builder.dense_of(name, read(*input), *num_row_axes, weights, bias))
                })?
            }
            Operation::Conv2d { input, window, groups, weights } => {
                let input_scale = scales.activations[*input].scale;
                let parameters = parameters(value, weights, &layers[index].channels, given, input_scale)?;
                linear(&mut builder, name, parameters, |builder, name, weights, bias| {
                    let (weights, bias) = shared.parameters(builder, index, name, (weights, bias))?;
                    Ok(builder.conv2d_of(name, read(*input), *window, *groups, weights, bias))
                })?
            }
            Operation::SumPool { input, window, .. } => builder.average_pool(name, read(*input), *window),
            Operation::Softmax { input, axis, mask } => {
                let Activation { scale, bounds } = scales.activations[*input];
                let one = scales.activations[index].bounds.1;
                let options = SoftmaxOptions { scale, output_bits: one.ilog2() };
                match mask {
                    None => builder.softmax(name, read(*input), *axis, &options)?.node,
                    Some(mask) => {
                        check_depth(name, mask, scale * (bounds.1 - bounds.0) as f64)?;
                        builder.masked_softmax(name, read(*input), *axis, &mask.kept, &options)?.node
                    }
                }
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
            Operation::Concat { inputs, axis, .. } => {
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
        let node = if value.is_linear() && !graph.stays_accumulator(index) {
            let activation = scales.activations[index];
            let function = if let Some(argument) = scales.arguments[index] {
                table(value, argument, activation)?
            } else {
                let (minimum, maximum) = activation.bounds;
                ActivationFunction::Clip { minimum, maximum }
            };
            let multiplier = multiplier(value, &scales.integers[index], &layers[index].channels);
            let shift = given.map_or(scales.shifts[index], |given| given.shift);
            builder.rescale(&format!("{name}.rescale"), accumulator, multiplier, shift, function)
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

/// A network with the inputs alone, under the model's names.
fn start(
    model: &FloatModel,
    graph: &Graph,
    units: Option<InputKind>,
    scales: &Scales,
) -> Result<NetworkBuilder, Error> {
    let layer = |(index, input): (usize, &ModelInput)| {
        let Activation { scale, bounds } = scales.activations[index];
        let layout = Layout::new(graph.values[index].axes.clone())?;
        Ok(match input.kind {
            SampleKind::Real => InputLayer::real(layout, bounds, scale),
            SampleKind::Integer => InputLayer::integer(layout, bounds),
            SampleKind::Boolean => InputLayer::boolean(layout),
        })
    };
    let mut layers = model.inputs().iter().enumerate().map(layer).collect::<Result<Vec<_>, Error>>()?;
    if let (Some(units), [input]) = (units, &mut layers[..]) {
        input.kind = units;
    }
    let names = model.inputs().iter().map(|input| input.name.clone());
    Ok(NetworkBuilder::with_inputs(model.name(), names.zip(layers)))
}

/// Refuses a mask that leaves some probability to an element which may be `range` above another.
fn check_depth(name: &str, mask: &Mask, range: f64) -> Result<(), Error> {
    // The smallest positive float32 is above exp(-104).
    if mask.depth >= range + 104.0 {
        return Ok(());
    }
    Err(Error::UnsupportedUse {
        node: name.to_owned(),
        operator: "Softmax".to_owned(),
        actual: format!("a mask of {:e} for scores with a range of {range:.0}", -mask.depth),
        expected: "a mask that leaves nothing of an element, such as -1e9",
    })
}

/// Weights, and int32 biases in accumulator units unless all are zero.
struct Parameters {
    layout: Layout,
    weights: Vec<i32>,
    bias: Option<Vec<i32>>,
}

fn parameters(
    value: &Value,
    weights: &Weights,
    channels: &[Channel],
    given: Option<&Given>,
    input_scale: f64,
) -> Result<Parameters, Error> {
    let mut biases = given.map_or_else(Vec::new, |given| given.biases.clone());
    for (channel, (quantised, bias)) in channels.iter().zip(&weights.bias).enumerate().skip(biases.len()) {
        let bias = (bias / (input_scale * quantised.scale)).round();
        if !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&bias) {
            return Err(Error::BiasRange { node: value.name.clone(), channel, value: bias });
        }
        biases.push(bias as i32);
    }
    Ok(Parameters {
        layout: Layout::new(weights.axes.clone())?,
        weights: channels.iter().flat_map(|channel| channel.values.iter().copied()).collect(),
        bias: biases.iter().any(|&bias| bias != 0).then_some(biases),
    })
}

/// A layer with int8 weights; with wider ones, two layers over the same input, of the weights' digits to the base 256, whose
/// accumulators are added.
fn linear(
    builder: &mut NetworkBuilder,
    name: &str,
    parameters: Parameters,
    mut layer: impl FnMut(&mut NetworkBuilder, &str, Tensor<i8>, Option<Vec<i32>>) -> Result<NodeId, Error>,
) -> Result<NodeId, Error> {
    let Parameters { layout, weights, bias } = parameters;
    let (high, low) = digits(&weights);
    if high.iter().all(|&digit| digit == 0) {
        return layer(builder, name, Tensor::new(layout, low)?, bias);
    }
    let high = layer(builder, &format!("{name}.high"), Tensor::new(layout.clone(), high)?, None)?;
    let low = layer(builder, &format!("{name}.low"), Tensor::new(layout, low)?, bias)?;
    Ok(builder.add(name, &[(high, 256), (low, 1)]))
}

fn multiplier(value: &Value, integers: &[i64], channels: &[Channel]) -> Multiplier {
    let values: Vec<u32> = match value.operation {
        Operation::SumPool { .. } | Operation::ReduceSum { .. } | Operation::Product { .. } => {
            integers.iter().map(|&m| m as u32).collect()
        }
        Operation::Add { .. } => vec![1],
        Operation::Dense { .. } | Operation::Conv2d { .. } => {
            channels.iter().map(|channel| channel.multiplier).collect()
        }
        // These are activations, which no rescale follows.
        Operation::Input
        | Operation::Softmax { .. }
        | Operation::ArgMax { .. }
        | Operation::MaxPool { .. }
        | Operation::Scale { .. }
        | Operation::Rearrange { .. }
        | Operation::Concat { .. } => vec![],
    };
    match values.first() {
        Some(&first) if values.iter().all(|&m| m == first) => Multiplier::Uniform(first),
        _ => Multiplier::PerChannel { axis: value.channel_axis(), values },
    }
}

/// The real value of one unit of a value, or of one unit in each channel.
pub(super) fn output_scales(graph: &Graph, scales: &Scales, layers: &[Rc<Layer>], index: usize) -> Vec<f64> {
    let activation = scales.activations[index].scale;
    if !graph.stays_accumulator(index) {
        return vec![activation];
    }
    match &graph.values[index].operation {
        Operation::SumPool { input, factor, .. } => vec![scales.activations[*input].scale * factor],
        Operation::ReduceSum { input, .. } => vec![scales.activations[*input].scale],
        Operation::Product { left, right, .. } => {
            vec![scales.activations[left.0].scale * scales.activations[right.0].scale]
        }
        Operation::Dense { input, .. } | Operation::Conv2d { input, .. } => layers[index]
            .channels
            .iter()
            .map(|channel| channel.scale * scales.activations[*input].scale)
            .collect(),
        Operation::Add { .. } => vec![activation / f64::from(1_u32 << scales.shifts[index])],
        // These are activations.
        Operation::Input
        | Operation::Softmax { .. }
        | Operation::ArgMax { .. }
        | Operation::MaxPool { .. }
        | Operation::Scale { .. }
        | Operation::Rearrange { .. }
        | Operation::Concat { .. } => vec![activation],
    }
}
