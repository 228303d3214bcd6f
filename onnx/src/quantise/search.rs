//! The search for widths: output error for each bit that is spent.
//!
//! 1. All activations and weights have eight bits. The calibration method is the one with the smallest output error.
//! 2. If the outputs' noise is within [`RESERVE`] of what the target allows, and the largest elements of what looks like
//!    classes stay where they are, nothing more is done.
//! 3. Otherwise everything is widened. What noise is then left is the floor; a target below it is not met, and said so.
//! 4. Every *part* (the bits of a value, or those of a layer's weights; of all steps of a sequence together) is narrowed alone: what the noise grows by is its share.
//!    Noises of different parts add up, because rounding errors do not know of each other. Where that takes too many runs,
//!    neighbouring parts are narrowed together and share what the noise grows by.
//! 5. Parts are widened in the order of share by cost until the sum of the others' shares and the floor is within [`RESERVE`]
//!    of what the target allows, or next to the floor; activations to 12 bits, which leave $2^{-8}$ of a share, and to 16 where
//!    that is too much. The network is measured, and widened on as long as it is not there. The reserve is for other samples:
//!    ranges and widths are chosen by these, and noise on others is larger. Where an output looks like classes, it is
//!    [`RESERVE_OF_CLASSES`].
//!
//! Runs are counted, not timed, so that the choice is the same everywhere: at most [`MAX_WORK`] multiplications in all.

use std::collections::BTreeMap;

use tacit_layers::{Network, proof::plan::Plan as PlanOfProof};

use super::{
    Quantiser,
    trial::{Outcome, Reference, cost},
};
use crate::{
    error::Error,
    float_graph::Graph,
    options::CalibrationMethod,
    ranges::tied::classes,
    scales::widths::{NARROW, WIDE, Widths},
};

/// What the network is made from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) calibration: CalibrationMethod,
    pub(super) widths: Widths,
}

/// The best plan found.
pub(super) struct Found {
    pub(super) plan: Plan,
    pub(super) outcome: Outcome,
    pub(super) is_met: Option<bool>,
    pub(super) num_trials: usize,
    /// Rows that one proof would look up if nothing were widened.
    pub(super) narrow_lookups: Option<usize>,
}

/// Multiplications that all trials together may take.
const MAX_WORK: u64 = 24_000_000_000;
/// The same for one trial.
const MAX_TRIAL: u64 = 1_500_000_000;
/// Most samples of a trial.
const MAX_SAMPLES: usize = 64;
/// Activations of a middle width.
const MIDDLE: u32 = 12;
/// The part of the noise a target allows that is aimed at.
const RESERVE: f64 = 0.5;
/// The same once anything is widened, where an output looks like classes: those that nearly agree are told apart by less.
const RESERVE_OF_CLASSES: f64 = 0.125;
/// The share of samples on which what looks like classes agrees.
const LEAST_AGREEMENT: f64 = 0.98;
/// What the largest elements' agreement asks of the noise, each time that it is missed.
const STRICTER: f64 = 0.25;
/// What noise that is larger than predicted asks of the next prediction, at most.
const A_LITTLE_STRICTER: f64 = 0.8;
/// Trials at the end, each of which widens twice as many parts as the one before.
const MAX_STEPS: usize = 8;

/// A part of the network that has a width of its own: values that [belong together](crate::ranges::tied) have one, so that
/// layers can share weights.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    what: What,
    values: Vec<usize>,
}

/// What is widened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Weights,
    Activation,
}

impl Part {
    fn set(&self, widths: &mut Widths, bits: u32) {
        for &value in &self.values {
            match self.what {
                What::Activation => widths.activations[value] = bits,
                What::Weights => widths.weights[value] = bits,
            }
        }
    }

    fn get(&self, widths: &Widths) -> u32 {
        let bits = match self.what {
            What::Activation => &widths.activations,
            What::Weights => &widths.weights,
        };
        self.values.first().map_or(NARROW, |&value| bits[value])
    }

    /// The next width: twelve bits for an activation, sixteen for weights, which have a second digit then in any case.
    fn wider(&self, widths: &Widths) -> Option<u32> {
        match (self.what, self.get(widths)) {
            (What::Activation, bits) if bits < MIDDLE => Some(MIDDLE),
            (_, bits) => (bits < WIDE).then_some(WIDE),
        }
    }

    /// Elements that a proof has more of when it is wider.
    fn cost(&self, graph: &Graph) -> f64 {
        let cost = |&index: &usize| {
            let value = &graph.values[index];
            let elements = value.axes.iter().product::<usize>();
            let weights = match self.what {
                What::Activation => 0,
                What::Weights => value.weights().map_or(0, |(_, weights)| weights.values.len()),
            };
            elements + weights
        };
        self.values.iter().map(cost).sum::<usize>().max(1) as f64
    }
}

/// In the order of their first values.
fn parts(graph: &Graph) -> Vec<Part> {
    let mut parts: Vec<Part> = vec![];
    let mut known: BTreeMap<(What, usize), usize> = BTreeMap::new();
    for (index, class) in classes(graph).into_iter().enumerate() {
        let value = &graph.values[index];
        let weights = value.weights().filter(|_| value.spacing.is_none()).map(|_| What::Weights);
        let activation = Widths::is_free(graph, index).then_some(What::Activation);
        for what in weights.into_iter().chain(activation) {
            let part = *known.entry((what, class)).or_insert(parts.len());
            match parts.get_mut(part) {
                Some(part) => part.values.push(index),
                None => parts.push(Part { what, values: vec![index] }),
            }
        }
    }
    parts
}

/// Trials, and what they took so far.
struct Search<'a> {
    quantiser: &'a Quantiser<'a>,
    reference: Reference<'a>,
    trial_cost: u64,
    num_trials: usize,
}

impl Search<'_> {
    fn measure(&mut self, network: &Network) -> Result<Outcome, Error> {
        self.num_trials += 1;
        self.reference.measure(network)
    }

    fn trial(&mut self, plan: &Plan) -> Result<Outcome, Error> {
        let network = self.quantiser.build(plan)?.network;
        self.measure(&network)
    }

    /// Trials that may still be made.
    fn rest(&self) -> usize {
        let total = MAX_WORK / self.trial_cost.max(1);
        (total as usize).saturating_sub(self.num_trials)
    }
}

/// Finds calibration and widths.
pub(super) fn search(quantiser: &Quantiser<'_>) -> Result<Found, Error> {
    let graph = quantiser.graph;
    let options = quantiser.options;
    let start =
        |calibration| Plan { calibration, widths: Widths::uniform(graph.values.len(), options.bits, NARROW) };
    let first = match options.calibration {
        CalibrationMethod::Best => CalibrationMethod::MeanSquaredError,
        method => method,
    };
    let network = quantiser.build(&start(first))?.network;
    let one = cost(&network.architecture)?;
    let narrow_lookups = Some(PlanOfProof::new(&network.architecture)?.num_lookups());
    let num_samples = usize::try_from(MAX_TRIAL / one.max(1)).unwrap_or(MAX_SAMPLES).clamp(1, MAX_SAMPLES);
    let reference = Reference::new(quantiser.model, quantiser.samples, num_samples)?;
    let trial_cost = one * reference.num_samples() as u64;
    let mut search = Search { quantiser, reference, trial_cost, num_trials: 0 };
    let mut best = (start(first), search.measure(&network)?);
    drop(network);
    if options.calibration == CalibrationMethod::Best {
        for method in [CalibrationMethod::Maximum, CalibrationMethod::Percentile(0.9999)] {
            if search.rest() > 0 {
                let plan = start(method);
                let outcome = search.trial(&plan)?;
                if (outcome.noise, -outcome.agreement) < (best.1.noise, -best.1.agreement) {
                    best = (plan, outcome);
                }
            }
        }
    }
    let Some(target) = options.target else {
        let (plan, outcome) = best;
        return Ok(Found { plan, outcome, is_met: None, num_trials: search.num_trials, narrow_lookups });
    };
    let most = 10_f64.powf(-target / 10.0);
    let (mut plan, mut outcome) = best;
    if !outcome.is_within(RESERVE * most) && search.rest() > 0 {
        (plan, outcome) = widen(&mut search, (plan, outcome), most)?;
    }
    let is_met = Some(outcome.is_within(most));
    Ok(Found { plan, outcome, is_met, num_trials: search.num_trials, narrow_lookups })
}

impl Outcome {
    /// Whether noise is at most this, and what looks like classes agrees.
    fn is_within(self, noise: f64) -> bool {
        self.noise <= noise && self.agreement >= LEAST_AGREEMENT
    }
}

/// Steps 3 to 5.
fn widen(search: &mut Search<'_>, start: (Plan, Outcome), most: f64) -> Result<(Plan, Outcome), Error> {
    let graph = search.quantiser.graph;
    let parts = parts(graph);
    let Some((widest, floor)) = widest(search, &start.0, &parts)? else { return Ok(start) };
    let shares = shares(search, &widest, floor, &parts, start.1)?;
    // Parts that do not matter are never widened for what is measured of them.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let worth: Vec<f64> = parts.iter().zip(&shares).map(|(part, share)| share / part.cost(graph)).collect();
    order.sort_by(|&a, &b| worth[b].total_cmp(&worth[a]).then(a.cmp(&b)));
    // No closer to the floor than a quarter of a decibel.
    let reserve = if search.reference.has_classes() { RESERVE_OF_CLASSES } else { RESERVE };
    let aim = (reserve * most).max(1.06 * floor.noise);
    let mut goal = aim;
    let mut best = start.clone();
    let mut plan = start.0;
    let mut level = 0;
    for _ in 0..MAX_STEPS {
        let before = plan.clone();
        while predicted(&plan, &parts, &shares, floor) > goal
            && step(&mut plan, &widest, &parts, &order, &mut level)
        {}
        if plan == before && !step(&mut plan, &widest, &parts, &order, &mut level) {
            break;
        }
        let outcome = search.trial(&plan)?;
        if better(outcome, best.1) {
            best = (plan.clone(), outcome);
        }
        if outcome.is_within(aim) {
            return Ok((plan, outcome));
        }
        goal *= if outcome.agreement < LEAST_AGREEMENT {
            STRICTER
        } else {
            (aim / outcome.noise).clamp(STRICTER, A_LITTLE_STRICTER)
        };
        if search.rest() == 0 {
            break;
        }
    }
    // What was not met with less is tried with everything.
    if !best.1.is_within(most) && better(floor, best.1) { Ok((widest, floor)) } else { Ok(best) }
}

/// Whether an outcome is better: that of more agreement, then that of less noise.
fn better(outcome: Outcome, than: Outcome) -> bool {
    (outcome.agreement, -outcome.noise) > (than.agreement, -than.noise)
}

/// Everything as wide as it can be: sixteen bits, twelve where accumulators do not hold that, or nothing.
fn widest(search: &mut Search<'_>, start: &Plan, parts: &[Part]) -> Result<Option<(Plan, Outcome)>, Error> {
    for bits in [WIDE, MIDDLE] {
        let mut plan = start.clone();
        for part in parts {
            part.set(&mut plan.widths, if part.what == What::Activation { bits } else { WIDE });
        }
        match search.trial(&plan) {
            Ok(outcome) => return Ok(Some((plan, outcome))),
            Err(Error::Network(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// What each part's eight bits add to the noise.
fn shares(
    search: &mut Search<'_>,
    widest: &Plan,
    floor: Outcome,
    parts: &[Part],
    narrow: Outcome,
) -> Result<Vec<f64>, Error> {
    // The trials at the end are as many as they may be.
    let num_groups = search.rest().saturating_sub(MAX_STEPS).clamp(1, parts.len().max(1));
    let mut shares = vec![];
    for group in 0..num_groups {
        let members = &parts[group * parts.len() / num_groups..(group + 1) * parts.len() / num_groups];
        let mut plan = widest.clone();
        for part in members {
            part.set(&mut plan.widths, NARROW);
        }
        let noise = if num_groups == 1 {
            narrow.noise
        } else {
            match search.trial(&plan) {
                Ok(outcome) => outcome.noise,
                Err(Error::Network(_)) => narrow.noise,
                Err(error) => return Err(error),
            }
        };
        let share = (noise - floor.noise).max(0.0) / members.len().max(1) as f64;
        shares.extend(members.iter().map(|_| share));
    }
    Ok(shares)
}

/// The noise that shares add up to.
fn predicted(plan: &Plan, parts: &[Part], shares: &[f64], floor: Outcome) -> f64 {
    let left = |(part, share): (&Part, &f64)| {
        let digits = part.get(&plan.widths).saturating_sub(NARROW);
        // Four times the noise for each digit less; a wide part's own is in the floor.
        let kept = if part.get(&plan.widths) >= WIDE { 0.0 } else { 0.25_f64.powi(digits as i32) };
        share * kept
    };
    floor.noise + parts.iter().zip(shares).map(left).sum::<f64>()
}

/// Widens the next part: first each to its next width, in order, and then on.
fn step(plan: &mut Plan, widest: &Plan, parts: &[Part], order: &[usize], level: &mut usize) -> bool {
    while *level < 2 * order.len() {
        let part = &parts[order[*level % order.len()]];
        *level += 1;
        let wider = part.wider(&plan.widths).filter(|&bits| bits <= part.get(&widest.widths));
        if let Some(bits) = wider {
            part.set(&mut plan.widths, bits);
            return true;
        }
    }
    false
}
