//! Post-training quantisation: a float model and calibration samples to an integer network.
//!
//! | module | concept |
//! |---|---|
//! | `channels` | the weights of every layer, and whether a shift leaves them fine enough |
//! | `given` | rescales between scales that the model gives |
//! | `shifts` | the shift of every rescale |
//! | `network` | the integer network, layer by layer |
//! | `trial` | how far the network's outputs are from the float model's |
//! | `search` | the widths of activations and weights, chosen by the outputs' error |
//! | [`choice`] | what was chosen, for people |
//! | `shared` | parameters that several layers read |

mod channels;
pub mod choice;
mod given;
mod network;
mod search;
mod shared;
mod shifts;
mod trial;

use std::rc::Rc;

use tacit_layers::{InputKind, InputUnit, Network, NodeId};

use self::{
    channels::{Layer, Layers},
    choice::{MaskedScores, Precision, ValueWidth},
    given::Given,
    network::{emit, output_scales},
    search::{Found, Plan, search},
    shifts::{Fitted, fit_shifts},
};
use crate::{
    error::Error,
    float_graph::{
        Graph,
        reading::Held,
        value::{Operation, Spacing, Value},
    },
    lower::lower,
    model::{
        FloatModel, ModelInput, SampleKind,
        input::{check_integers, check_samples},
    },
    options::{CalibrationMethod, QuantiseOptions},
    ranges::{observe, observed::Observed, tied::tie},
    requantise::RescaleError,
    scales::{
        Choice, Scales,
        activation::{Activation, bounds},
        input::{Channels, channels, input_scale, integer_bounds},
        widths::{NARROW, Widths},
    },
};

/// A quantised network that remembers which float value each of its values stands for.
#[derive(Debug)]
pub struct Quantised {
    /// The network.
    pub network: Network,
    /// What it was given of bits, and why.
    pub precision: Precision,
    pub(crate) graph: Graph,
    /// By value of the graph: how its elements are held, where it is an input whose channels have scales of their own.
    pub(crate) held: Vec<Option<Held>>,
    /// By value of the graph: the node that holds it.
    pub(crate) nodes: Vec<NodeId>,
    /// By value of the graph: the real value of one unit, or of one unit in each channel.
    pub(crate) scales: Vec<Vec<f64>>,
    /// One for each rescale to a scale that the model gives, in graph order.
    pub rescales: Vec<RescaleError>,
    /// Layers whose results have no bound against the model's own integers: scales are chosen from samples, or weights are
    /// rounded again. All that have weights or sums, for a float model.
    pub unbounded: Vec<String>,
}

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
    options.check()?;
    if !calibration.is_empty() {
        check_samples(model.input_shape(), calibration)?;
    }
    let by_input = by_input(model, calibration)?;
    let integers = integers(model, &by_input)?;
    if model.watches_integers() {
        // Tables of functions are made without the model.
        calibration.iter().try_for_each(|sample| model.run_all(sample).map(|_| ()))?;
    }
    let mut graph = lower(model)?;
    if calibration.is_empty() && !graph.has_all_scales() {
        return Err(Error::NoCalibration);
    }
    for (bounds, value) in integers.into_iter().zip(&mut graph.values) {
        value.spacing = bounds.map(|bounds| Spacing { scale: 1.0, bounds }).or(value.spacing);
    }
    let mut observed = observe(model, &graph, calibration)?;
    tie(&graph, &mut observed);
    let (graph, mut held, channels) = read_apart(model, graph, calibration);
    let quantiser = Quantiser {
        model,
        graph: &graph,
        channels: channels.as_ref(),
        observed: &observed,
        samples: calibration,
        by_input: &by_input,
        options,
        layers: Layers::default(),
    };
    let is_searched = options.target.is_some() || options.calibration == CalibrationMethod::Best;
    let found = if is_searched && !calibration.is_empty() { Some(search(&quantiser)?) } else { None };
    let plan = found.as_ref().map_or_else(
        || {
            let widths = Widths::uniform(graph.values.len(), options.bits, NARROW);
            Plan { calibration: options.calibration, widths }
        },
        |found| found.plan.clone(),
    );
    let Built { network, nodes, scales, layers, given } = quantiser.build(&plan)?;
    let units = (0..graph.values.len()).map(|index| output_scales(&graph, &scales, &layers, index)).collect();
    for (index, units) in scales.units.iter().enumerate() {
        // In the units of each place, as inputs are in those of their channels.
        let elements = units.iter().flat_map(|units| units.elements(&graph.values[index].axes));
        held[index] =
            units.is_some().then(|| elements.map(|unit| (unit, 0.0)).collect()).or(held[index].take());
    }
    let precision = precision(&graph, &plan, &network, &scales, found.as_ref(), (&observed, &by_input));
    let rescales = given.into_iter().flatten().map(|given| given.error).collect();
    let unbounded = given::unbounded(&graph, &layers);
    Ok(Quantised { network, precision, graph, held, nodes, scales: units, rescales, unbounded })
}

/// The graph over an input whose channels have scales and zeros of their own, where one scale is too coarse for some of them and
/// everything that reads them can take that; as it is otherwise, and where the model itself gives scales.
fn read_apart(
    model: &FloatModel,
    graph: Graph,
    samples: &[Vec<f32>],
) -> (Graph, Vec<Option<Held>>, Option<Channels>) {
    let is_given = !model.weight_units.is_empty() || graph.values.iter().any(|value| value.spacing.is_some());
    let is_one = model.inputs().len() == 1;
    let input = graph.values.first().filter(|_| is_one && !is_given);
    let axes = input.map_or(vec![], |value| value.axes.clone());
    for channels in channels(samples, &axes) {
        if let Some((graph, held)) = graph.reading(channels.elements(&axes)) {
            return (graph, held, Some(channels));
        }
    }
    let held = vec![None; graph.values.len()];
    (graph, held, None)
}

/// By input: what each sample holds for it.
fn by_input<'s>(model: &FloatModel, samples: &'s [Vec<f32>]) -> Result<Vec<Vec<&'s [f32]>>, Error> {
    let mut by_input = vec![vec![]; model.inputs().len()];
    for sample in samples {
        let parts = model.parts(sample);
        check_integers(model.inputs(), &parts)?;
        by_input.iter_mut().zip(parts).for_each(|(samples, part)| samples.push(part));
    }
    Ok(by_input)
}

/// By input: the bounds of one of integers or truth values, which enters as it is.
///
/// # Errors
/// When integers that the model computes from such inputs may leave their type.
fn integers(model: &FloatModel, by_input: &[Vec<&[f32]>]) -> Result<Vec<Option<(i64, i64)>>, Error> {
    if by_input.iter().any(Vec::is_empty) {
        return Ok(vec![None; by_input.len()]);
    }
    let mut found = vec![];
    for (ModelInput { name, kind, .. }, samples) in model.inputs().iter().zip(by_input) {
        found.push(match kind {
            SampleKind::Real => None,
            SampleKind::Boolean => Some((0, 1)),
            SampleKind::Integer => Some(integer_bounds(samples).map_err(|(minimum, maximum)| {
                Error::IntegerRange { input: name.clone(), minimum, maximum }
            })?),
        });
    }
    model
        .check_integers_within(&found.iter().map(|bounds| bounds.unwrap_or_default()).collect::<Vec<_>>())?;
    Ok(found)
}

/// What all trials share.
struct Quantiser<'a> {
    model: &'a FloatModel,
    graph: &'a Graph,
    /// How the input's channels are held, where each has a scale of its own.
    channels: Option<&'a Channels>,
    observed: &'a [Option<Observed>],
    samples: &'a [Vec<f32>],
    /// By input: what the samples hold for it.
    by_input: &'a [Vec<&'a [f32]>],
    options: &'a QuantiseOptions,
    layers: Layers,
}

/// A network and what it was made from.
struct Built {
    network: Network,
    nodes: Vec<NodeId>,
    scales: Scales,
    layers: Vec<Rc<Layer>>,
    /// By value: the rescale to a scale that the model gives.
    given: Vec<Option<Given>>,
}

impl Quantiser<'_> {
    /// An input of so many bits, as layers read it.
    fn input(&self, index: usize, bits: u32) -> Activation {
        if let Some(Channels { is_unsigned, .. }) = self.channels {
            let bounds = bounds(bits, *is_unsigned);
            // In half ranges.
            return Activation { scale: 1.0 / bounds.1 as f64, bounds };
        }
        if let Some(Spacing { scale, bounds }) = self.graph.values[index].spacing {
            return Activation { scale, bounds };
        }
        let (bounds, scale) = input_scale(&self.by_input[index], bits);
        Activation { scale, bounds }
    }

    /// What the integers of the only input stand for, where its channels have units of their own.
    fn units(&self, input: Activation) -> Option<InputKind> {
        let Channels { axis, units, .. } = self.channels?;
        let unit = |&(half, zero): &(f64, f64)| InputUnit { scale: half * input.scale, zero };
        Some(InputKind::Channels { axis: *axis, units: units.iter().map(unit).collect() })
    }

    /// The network of a plan.
    fn build(&self, plan: &Plan) -> Result<Built, Error> {
        let inputs: Vec<Activation> =
            (0..self.by_input.len()).map(|index| self.input(index, plan.widths.activations[index])).collect();
        let choice = Choice {
            observed: self.observed,
            num_samples: self.samples.len(),
            calibration: plan.calibration,
            wide_calibration: self.options.calibration,
            inputs: &inputs,
            widths: &plan.widths,
        };
        let units = &self.model.weight_units;
        let Fitted { mut scales, mut layers } =
            fit_shifts(self.graph, &choice, units, &self.layers, self.options)?;
        let given = given::rescale(self.graph, &mut scales, &mut layers)?;
        let (network, nodes) = emit(self.model, self.graph, self.units(inputs[0]), &scales, &layers, &given)?;
        Ok(Built { network, nodes, scales, layers, given })
    }
}

fn precision(
    graph: &Graph,
    plan: &Plan,
    network: &Network,
    scales: &Scales,
    found: Option<&Found>,
    (observed, by_input): (&[Option<Observed>], &[Vec<&[f32]>]),
) -> Precision {
    let width = |index: usize| {
        let value = &graph.values[index];
        let is_own = Widths::is_free(graph, index) || value.spacing.is_some();
        let (low, high) = scales.activations[index].bounds;
        // A probability of one is a power of two.
        let bits = is_own.then(|| u64::BITS - (high - low - 1).max(1).leading_zeros());
        let weight_bits = value.weights().map(|_| plan.widths.weights[index]);
        (is_own || weight_bits.is_some()).then(|| ValueWidth { name: value.name.clone(), bits, weight_bits })
    };
    let noise = found.map(|found| found.outcome.noise);
    Precision {
        calibration: plan.calibration,
        values: (0..graph.values.len()).filter_map(width).collect(),
        signal_to_noise: noise.map(|noise| if noise > 0.0 { -10.0 * noise.log10() } else { f64::INFINITY }),
        is_met: found.and_then(|found| found.is_met),
        num_trials: found.map_or(0, |found| found.num_trials),
        narrow_lookups: found.and_then(|found| found.narrow_lookups),
        input_clipped: clipped_share(network, by_input),
        masked: masked_scores(graph, observed),
    }
}

/// The scores that softmaxes read and masks push below their range.
fn masked_scores(graph: &Graph, observed: &[Option<Observed>]) -> Vec<MaskedScores> {
    let is_read_by_softmax = |index: usize| {
        let reads = |value: &Value| {
            matches!(value.operation, Operation::Softmax { .. }) && value.operation.inputs().contains(&index)
        };
        graph.values.iter().any(reads)
    };
    let scores = |(index, seen): (usize, &Option<Observed>)| {
        let masked = seen.as_ref()?.masked.filter(|_| is_read_by_softmax(index))?;
        let share = |part: usize| part as f64 / masked.count.max(1) as f64;
        Some(MaskedScores {
            name: graph.values[index].name.clone(),
            floor: masked.floor,
            lower: share(masked.num_lower),
            unmasked: share(masked.num_scores),
        })
    };
    observed.iter().enumerate().filter_map(scores).collect()
}

/// The share of the samples' values that are outside their input's range.
fn clipped_share(network: &Network, by_input: &[Vec<&[f32]>]) -> f64 {
    let (mut clipped, mut count) = (0, 0);
    for ((_, input), samples) in network.architecture.input_layers().zip(by_input) {
        let (low, high) = input.bounds;
        let is_outside = |&(position, &value): &(usize, &f32)| {
            let InputUnit { scale, zero } = input.unit(position);
            let exact = (f64::from(value) - zero) / scale;
            exact < low as f64 - 0.5 || exact > high as f64 + 0.5
        };
        count += samples.iter().map(|sample| sample.len()).sum::<usize>();
        clipped += samples.iter().flat_map(|sample| sample.iter().enumerate()).filter(is_outside).count();
    }
    clipped as f64 / count.max(1) as f64
}
