//! Shifts: how many binary digits each rescale drops.
//!
//! Rescales share a shift where they can, because each shift is a table of its own: those that read eight bits have one, those
//! that read more, or have weights of more, another. A group's shift is the smallest from 8 to 16 that is fine enough for all
//! of it. A value for which 16 is too little goes on alone, up to 24 (its remainder then takes two columns); one whose factors
//! would be larger than any may be stays below, down to 1.

use std::{collections::BTreeMap, rc::Rc};

use super::channels::{Fit, Layer, Layers, fit};
use crate::{
    error::Error,
    float_graph::Graph,
    options::QuantiseOptions,
    scales::{Choice, Scales, choose},
};

/// Shifts that a group may have.
const SHARED: std::ops::RangeInclusive<u32> = 8..=16;
/// The largest shift of a value.
const LARGEST: u32 = 24;

/// Scales and layers with the shifts that suit them.
pub(super) struct Fitted {
    pub(super) scales: Scales,
    pub(super) layers: Vec<Rc<Layer>>,
}

/// A value's limits, beside its group's shift.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    /// How much more than its group's.
    more: u32,
    /// No larger shift than this.
    most: Option<u32>,
}

/// Chooses the shifts; `units` are those that weights already have, by layer.
pub(super) fn fit_shifts(
    graph: &Graph,
    choice: &Choice<'_>,
    units: &BTreeMap<String, Vec<f32>>,
    known: &Layers,
    options: &QuantiseOptions,
) -> Result<Fitted, Error> {
    let count = graph.values.len();
    if let Some(shift) = options.shift {
        let scales = choose(graph, choice, &vec![shift; count])?;
        let layers = known.quantise(graph, &scales, choice.widths, units);
        let too_large = |&index: &usize| is(graph, &scales, &layers, index, options, Fit::TooLarge);
        return match (0..count).find(too_large) {
            Some(index) => Err(too_coarse(graph, index)),
            None => Ok(Fitted { scales, layers }),
        };
    }
    let mut shared = [*SHARED.start(); 2];
    let mut own = vec![Own::default(); count];
    let mut group = vec![0_usize; count];
    loop {
        let shift = |index: usize| {
            let Own { more, most } = own[index];
            (shared[group[index]] + more).min(most.unwrap_or(LARGEST)).min(LARGEST)
        };
        let shifts: Vec<u32> = (0..count).map(shift).collect();
        let scales = choose(graph, choice, &shifts)?;
        let bounds = |input: usize| scales.activations[input].bounds;
        let groups: Vec<usize> =
            (0..count).map(|index| usize::from(choice.widths.reads_wide(graph, index, bounds))).collect();
        if groups != group {
            group = groups;
            continue;
        }
        let layers = known.quantise(graph, &scales, choice.widths, units);
        let mut changed = false;
        let mut raised = [false; 2];
        for index in 0..count {
            let fit = fit(graph, &scales, &layers, index, options.max_error_growth);
            let is_limited = own[index].most.is_some_and(|most| most <= shifts[index]);
            match fit {
                Fit::Fine => {}
                Fit::TooLarge if shifts[index] > 1 => {
                    own[index].most = Some(shifts[index] - 1);
                    changed = true;
                }
                Fit::TooLarge => return Err(too_coarse(graph, index)),
                Fit::Coarse if is_limited || shifts[index] >= LARGEST => {}
                Fit::Coarse if shared[group[index]] < *SHARED.end() => raised[group[index]] = true,
                Fit::Coarse => {
                    own[index].more += 1;
                    changed = true;
                }
            }
        }
        for (shared, raised) in shared.iter_mut().zip(raised) {
            *shared += u32::from(raised);
            changed |= raised;
        }
        if !changed {
            return Ok(Fitted { scales, layers });
        }
    }
}

fn is(
    graph: &Graph,
    scales: &Scales,
    layers: &[Rc<Layer>],
    index: usize,
    options: &QuantiseOptions,
    expected: Fit,
) -> bool {
    fit(graph, scales, layers, index, options.max_error_growth) == expected
}

fn too_coarse(graph: &Graph, index: usize) -> Error {
    Error::Resolution { node: graph.values[index].name.clone() }
}
