//! What proving a whole network costs: phase by phase, from the plan's counts alone.
//!
//! A phase's time is predicted as a sum of counts, each times its unit cost:
//!
//! | phase | counts |
//! |---|---|
//! | inference | multiplications of weights by activations; values of all nodes; nodes |
//! | commitments | committed integers; rows of commitments; looked-up rows, for their positions and for the statement's hash |
//! | look-ups | leaves of the tree that are not constant; looked-up rows, whose columns are evaluated; rounds |
//! | linear layers | the time that the model of single layers predicts, on one thread, for dense layers and for others; nodes with an argument |
//! | opening | weights; integers of the witness and of committed inputs; generators; columns; rounds of the inner-product argument |
//!
//! The unit costs are fitted to measured proofs on all cores of a machine, by the example `calibrate` of the benchmarks:
//! they hold what kernels take, what memory takes, and how well cores are used. Those of single layers, which choose
//! arguments, are measured kernel by kernel; the linear layers' phase is where both meet.

use super::{UnitCosts, node_cost};
use crate::layer;
use tacit_layers::{
    Operation, argument::lookup_block::BlockSource, network::Architecture, proof::plan::Plan,
    tensor::value::NodeId,
};

/// Phases of a proof.
pub const PHASES: [&str; 5] = ["inference", "commitments", "look-ups", "linear layers", "opening"];

/// Most kinds of counts of a phase.
pub const TERMS: usize = 5;

/// What each count of each phase is; nothing where there are fewer.
pub const LABELS: [[&str; TERMS]; PHASES.len()] = [
    ["products", "values", "nodes", "", ""],
    ["integers", "rows", "looked-up rows", "", ""],
    ["leaves", "looked-up rows", "rounds", "", ""],
    ["nanoseconds of dense layers", "nanoseconds of other layers", "nodes", "", ""],
    ["weights", "integers", "generators", "columns", "rounds"],
];

/// A number for each count of each phase.
pub type Terms = [[f64; TERMS]; PHASES.len()];

/// What a network asks of each phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkCounts(pub Terms);

/// Nanoseconds of each count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkUnits(pub Terms);

impl NetworkCounts {
    /// The counts of a checked architecture and its plan.
    pub fn new(architecture: &Architecture, plan: &Plan) -> Self {
        let units = UnitCosts::REFERENCE;
        let nodes = || (0..architecture.nodes.len()).map(|index| NodeId(index as u32));
        let mut arguments = [0.0; 3];
        for id in nodes() {
            let nanoseconds = node_cost(architecture, plan, id).argument.prover.nanoseconds(&units);
            let dense = matches!(architecture.node(id).operation, Operation::Dense(_));
            arguments[usize::from(!dense)] += nanoseconds;
            arguments[2] += f64::from(nanoseconds > 0.0);
        }
        let [dense, other, with_argument] = arguments;
        let sum = |counts: &mut dyn Iterator<Item = usize>| counts.map(|count| count as f64).sum::<f64>();
        let committed = plan.witness.iter().chain(&plan.deferred);
        let integers = sum(&mut committed.map(|column| column.layout.num_elements()));
        let opened = integers + sum(&mut plan.inputs.iter().map(|column| column.layout.num_elements()));
        let rows = plan.num_rows() as f64;
        let lookups = plan.num_lookups() as f64;
        let looked_up = plan.segments.iter().filter(|segment| segment.rows != BlockSource::Table);
        let evaluated = sum(&mut looked_up.map(|segment| segment.layout.num_elements()));
        // Folded once for each layer that reads them.
        let reads = architecture.nodes.iter().flat_map(|node| node.operation.layer().parameters());
        let weights = sum(&mut reads.map(|id| plan.parameters[id.index()].layout.num_elements()));
        let (leaves, rounds) = match plan.tree_vars {
            _ if plan.segments.is_empty() => (0.0, 0.0),
            vars => (plan.num_leaves() as f64, (vars * (vars - 1) / 2) as f64),
        };
        let values = sum(&mut plan.specs.iter().map(|spec| spec.layout.num_elements()));
        let generators = (1_u64 << plan.opening_vars()) as f64;
        let columns = plan.committed().count() as f64;
        Self([
            [products(architecture, plan), values, architecture.nodes.len() as f64, 0.0, 0.0],
            [integers, rows, lookups, 0.0, 0.0],
            [leaves, evaluated, rounds, 0.0, 0.0],
            [dense, other, with_argument, 0.0, 0.0],
            [weights, opened, generators, columns, plan.opening_vars() as f64],
        ])
    }

    /// Predicted nanoseconds of each phase.
    pub fn nanoseconds(&self, units: &NetworkUnits) -> [f64; PHASES.len()] {
        std::array::from_fn(|phase| self.0[phase].iter().zip(&units.0[phase]).map(|(n, u)| n * u).sum())
    }
}

/// Multiplications of a weight or an activation by an activation.
fn products(architecture: &Architecture, plan: &Plan) -> f64 {
    let sites = architecture.sites(&plan.specs);
    let own = sites.map(|(node, site)| layer::of(&node.operation).num_macs(&site) as f64);
    own.sum::<f64>() + plan.num_products as f64
}

impl NetworkUnits {
    /// The machine that the documentation's figures come from, with both its cores.
    pub const REFERENCE: Self = Self([
        [0.004_22, 2.08, 2705.0, 0.0, 0.0],
        [14.9, 0.0, 31.4, 0.0, 0.0],
        [29.3, 0.0899, 18_966.0, 0.0, 0.0],
        [0.0982, 0.486, 25_090.0, 0.0, 0.0],
        [0.0, 1.51, 5172.0, 14_355.0, 252_564.0],
    ]);

    /// The units with which the predictions come nearest to what proofs took: for every phase the least sum of squares of
    /// relative errors among units that are not negative. `proofs` are counts with nanoseconds of each phase.
    pub fn fit(proofs: &[(NetworkCounts, [f64; PHASES.len()])]) -> Self {
        Self(std::array::from_fn(|phase| {
            let equations: Vec<[f64; TERMS]> = proofs
                .iter()
                .filter(|(_, times)| times[phase] > 0.0)
                .map(|(counts, times)| counts.0[phase].map(|count| count / times[phase]))
                .collect();
            least_squares(&equations)
        }))
    }
}

/// Steps of the descent; each costs a few hundred operations.
const STEPS: usize = 100_000;

/// Non-negative $u$ with the least $\sum_i (e_i \cdot u - 1)^2$, one coordinate after the other.
fn least_squares(equations: &[[f64; TERMS]]) -> [f64; TERMS] {
    let product = |a: usize, b: usize| equations.iter().map(|e| e[a] * e[b]).sum::<f64>();
    let gram: [[f64; TERMS]; TERMS] = std::array::from_fn(|a| std::array::from_fn(|b| product(a, b)));
    let sums: [f64; TERMS] = std::array::from_fn(|a| equations.iter().map(|e| e[a]).sum());
    let mut units = [0.0_f64; TERMS];
    for step in 0..STEPS * TERMS {
        let a = step % TERMS;
        if gram[a][a] > 0.0 {
            let others: f64 = (0..TERMS).filter(|&b| b != a).map(|b| gram[a][b] * units[b]).sum();
            units[a] = ((sums[a] - others) / gram[a][a]).max(0.0);
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_times_give_back_their_units() {
        let units = NetworkUnits([
            [0.25, 3.0, 0.0, 0.0, 0.0],
            [60.0, 0.0, 9.0, 0.0, 0.0],
            [1.0, 2.0, 5.0, 0.0, 0.0],
            [0.5, 1.0, 4.0, 0.0, 0.0],
            [0.5, 2.0, 7.0, 11.0, 3.0],
        ]);
        let used = |phase: usize, term: usize| !LABELS[phase][term].is_empty();
        let proofs: Vec<_> = (1..20_u64)
            .map(|i| {
                let count = |phase: usize, term: usize| {
                    let mixed =
                        (i * 7919 + term as u64 * 104_729 + phase as u64 * 31).wrapping_mul(0x9E37_79B9);
                    if used(phase, term) { (mixed % 1009 + 1) as f64 } else { 0.0 }
                };
                let counts = NetworkCounts(std::array::from_fn(|phase| {
                    std::array::from_fn(|term| count(phase, term))
                }));
                (counts, counts.nanoseconds(&units))
            })
            .collect();
        let fitted = NetworkUnits::fit(&proofs);
        for (fitted, units) in fitted.0.as_flattened().iter().zip(units.0.as_flattened()) {
            assert!((fitted - units).abs() < 1e-6 * units.max(1.0), "{fitted} for {units}");
        }
    }

    #[test]
    fn units_are_never_negative() {
        // The second count falls as times rise.
        let equations = [[1.0, 5.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0, 0.0], [4.0, 0.5, 0.0, 0.0, 0.0]];
        let times = [1.0, 2.0, 8.0];
        let scaled = [0, 1, 2].map(|i| equations[i].map(|count| count / times[i]));
        let units = least_squares(&scaled);
        assert!(units.iter().all(|unit| *unit >= 0.0) && units[0] > 1.0, "{units:?}");
    }
}
