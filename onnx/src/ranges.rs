//! Calibration: what range each activation takes on the calibration samples.
//!
//! | module | concept |
//! |---|---|
//! | `probes` | what the float model computes on the way to its outputs |
//! | `observed` | the values of one tensor, and how much of their range to keep |
//! | `masked` | scores that computed masks push down |
//! | `swept` | what is computed of integer inputs alone |
//! | `tied` | values that need one scale so that layers can share weights |

mod masked;
pub(crate) mod observed;
pub(crate) mod probes;
mod swept;
pub(crate) mod tied;

use self::{observed::Observed, probes::Probes};
use crate::{
    error::Error,
    float_graph::{Graph, value::Operation},
    model::FloatModel,
};

/// Runs the float model on every sample and records each linear layer's values after clip and function. Other values have
/// none.
pub(crate) fn observe(
    model: &FloatModel,
    graph: &Graph,
    samples: &[Vec<f32>],
) -> Result<Vec<Option<Observed>>, Error> {
    let linear: Vec<usize> = (0..graph.values.len()).filter(|&i| graph.values[i].is_linear()).collect();
    let mut observed: Vec<Option<Observed>> = vec![None; graph.values.len()];
    let inputs = graph.values.iter().take_while(|value| matches!(value.operation, Operation::Input)).count();
    let visited: Vec<usize> = (0..inputs).chain(linear).collect();
    for &i in &visited {
        observed[i] = Some(Observed::new());
    }
    let probes = Probes::new(model, graph, &visited)?;
    for sample in samples {
        probes.visit(sample, &mut |i, arguments| {
            let Some(observed) = &mut observed[i] else { return Ok(()) };
            let value = &graph.values[i];
            let results = value.apply(arguments)?;
            for (&argument, &result) in arguments.iter().zip(&results) {
                if let Some(value) = [argument, result as f32].into_iter().find(|x| !x.is_finite()) {
                    return Err(Error::ActivationValue { node: graph.values[i].name.clone(), value });
                }
                observed.extend(argument.into(), result);
            }
            Ok(())
        })?;
    }
    for sample in swept::zeroed(model, samples) {
        swept::extend(&probes, graph, &mut observed, &sample);
    }
    let floors = masked::floors(model, graph, &observed, samples)?;
    for (observed, floor) in observed.iter_mut().zip(&floors) {
        if let (Some(observed), Some(floor)) = (observed, *floor) {
            observed.raise(floor);
        }
    }
    swept::sweep(model, graph, &mut observed, samples)?;
    for sample in samples {
        probes.visit(sample, &mut |i, arguments| {
            let Some(observed) = &mut observed[i] else { return Ok(()) };
            observed.count(&graph.values[i].apply(arguments)?);
            Ok(())
        })?;
    }
    Ok(observed)
}
