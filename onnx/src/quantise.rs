//! Post-training quantisation: a float model and calibration samples to an integer network.
//!
//! | module | concept |
//! |---|---|
//! | `channels` | the int8 weights of every layer, and whether a shift leaves them fine enough |
//! | `given` | rescales between scales that the model gives |
//! | `network` | the integer network, layer by layer |

mod channels;
mod given;
mod network;

use tacit_layers::{Network, NodeId};

use self::{
    channels::{is_fine_enough, quantise_weights},
    network::{emit, output_scales},
};
use crate::{
    error::Error,
    float_graph::{Graph, value::Spacing},
    lower::lower,
    model::{FloatModel, input::check_samples},
    options::QuantiseOptions,
    ranges::observe,
    requantise::RescaleError,
    scales::{activation::Activation, choose, input::input_scale},
};

/// A quantised network that remembers which float value each of its values stands for.
#[derive(Debug)]
pub struct Quantised {
    /// The network.
    pub network: Network,
    pub(crate) graph: Graph,
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

/// Shifts tried by the automatic choice.
const SHIFTS: std::ops::RangeInclusive<u32> = 8..=16;

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
    let graph = lower(model)?;
    if !calibration.is_empty() || !graph.has_all_scales() {
        check_samples(model.input_shape(), calibration)?;
    }
    let observed = observe(model, &graph, calibration)?;
    let input = match graph.values.first().and_then(|value| value.spacing) {
        Some(Spacing { scale, bounds }) => Activation { scale, bounds },
        None => {
            let (bounds, scale) = input_scale(calibration, options.bits);
            Activation { scale, bounds }
        }
    };
    let scales = |shift| choose(&graph, &observed, input, calibration.len(), options, shift);
    let (first, last) = match options.shift {
        Some(shift) => (shift, shift),
        None => (*SHIFTS.start(), *SHIFTS.end()),
    };
    let mut shift = first;
    loop {
        let mut scales = scales(shift)?;
        let mut layers = quantise_weights(&graph, &scales, &model.weight_units);
        if shift >= last || is_fine_enough(&graph, &scales, &layers, options) {
            let given = given::rescale(&graph, &mut scales, &mut layers)?;
            let (network, nodes) = emit(model, &graph, &scales, &layers, &given)?;
            let values = 0..graph.values.len();
            let scales = values.map(|index| output_scales(&graph, &scales, &layers, index)).collect();
            let rescales = given.into_iter().flatten().map(|given| given.error).collect();
            let unbounded = given::unbounded(&graph, &layers);
            return Ok(Quantised { network, graph, nodes, scales, rescales, unbounded });
        }
        shift += 1;
    }
}
