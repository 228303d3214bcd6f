//! How many multiplications of field elements it takes to prove a plan's look-ups.
//!
//! For each leaf that is not constant:
//!
//! | step | for each leaf |
//! |---|---|
//! | the level above the leaves, from reciprocals | $0$ or $\tfrac12$ |
//! | the levels above it, three for each fraction | $\tfrac32$ |
//! | the sumcheck above the leaves: four for each pair in a round but the first, one for each bound entry of two tables | $1\tfrac12$ or $3$ |
//! | the other levels' sumchecks: six for each pair in a round, one for each bound entry of four tables, one for the bracket | $\tfrac{11}2$ |
//!
//! Together these are $8\tfrac12$ for rows of tables that are [linear](super::LinearTable), which are integers where they
//! are read: in the level above them, in the first round of the sumcheck above them and where its first variable is bound. For
//! other leaves they are $10\tfrac12$; by kernels that are faster over field elements they are $9\tfrac12$ and $10\tfrac12$. Two things are different for some leaves:
//!
//! - The tables' own rows have numerators of their own, which take another $3$ at most. Runs of rows that nothing looks up
//!   take none; only the witness tells which these are.
//! - Padding, and what is behind all blocks, takes nothing, but where it ends in the middle of what is stored.
//!
//! Trees with many leaves leave the lowest levels unstored, and compute them again in every round that is not
//! [stored](super::LookupLeaves::with_unstored_levels): for two levels another $1\tfrac58$ for each leaf, for three $6$.
//!
//! [`multiplications`] counts the entries that are stored, level by level, and equality weights too. It leaves out what is
//! done once for each chunk of a vector.

use std::ops::Range;

use tacit_algebra::kernels::backend;
use tacit_layers::{argument::lookup_block::BlockSource, proof::plan::Plan};

use super::{
    CHUNK,
    integers::bounds,
    leaves::{GAP, LOOKED_UP, SMALLEST, padding, push, unstored_levels},
    shapes::{Constant, Shape, Shapes},
};

/// Multiplications by kernels in the sumchecks of a plan's look-up tree and in its fractions, where every row of every table
/// is looked up.
pub fn multiplications(plan: &Plan) -> u64 {
    if plan.segments.is_empty() {
        return 0;
    }
    let above = plan.tree_vars - 1;
    if 1_usize << plan.tree_vars < SMALLEST {
        return levels(&Shapes::new(above, &[]), above);
    }
    let [denominators, numerators] = constants(plan).map(|constants| Shapes::new(above, &constants));
    let unstored = unstored_levels(2 * denominators[above].stored);
    let prefers_rows = backend().kernel().prefers_rows();
    let entries = |num_vars: usize| Entries::new(plan, &denominators, num_vars, prefers_rows);
    let lowest = unstored_rounds(above, unstored, |num_vars, round| match round {
        0 => 2 * Entries::new(plan, &denominators, num_vars, true).others,
        _ => bound(2, entries(num_vars).others, round) + 2 * entries(num_vars).all(),
    }) + rounds(&denominators, above - unstored, 2 + 4)
        + bound(2, entries(above - unstored).others, unstored);
    let derived = (1..unstored).map(|height| {
        let (rest, num_vars) = (unstored - height, above - height);
        let bracketed = |num_vars, bound_vars| {
            let entries = entries(num_vars);
            entries.derived(height, bound_vars) + entries.all()
        };
        unstored_rounds(num_vars, rest, |num_vars, round| {
            bracketed(num_vars, round) + 3 * entries(num_vars).all()
        }) + bracketed(num_vars - rest, rest)
            + rounds(&denominators, num_vars - rest, 4 + 6)
    });
    let highest = above - unstored;
    lowest
        + derived.sum::<u64>()
        + rounds(&numerators, above, 2 + 4)
        + entries(highest).derived(unstored, 0)
        + levels(&denominators, highest)
}

/// The entries that are stored of tables over so many variables.
struct Entries {
    /// Those that kernels take from rows of a linear table.
    linear: u64,
    others: u64,
}

impl Entries {
    fn new(plan: &Plan, shapes: &Shapes, num_vars: usize, prefers_rows: bool) -> Self {
        let shape = &shapes[num_vars];
        let leaves = 2 << (plan.tree_vars - num_vars);
        let linear = if prefers_rows { 2 * linear_pairs(plan, shape, leaves) } else { 0 };
        Self { linear, others: shape.stored as u64 - linear }
    }

    const fn all(&self) -> u64 {
        self.linear + self.others
    }

    /// The entries of a level so many levels up from the leaves, computed from these, with variables of its sumcheck bound.
    fn derived(&self, height: usize, bound_vars: usize) -> u64 {
        let lowest = (2 * self.others) << (height - 1 + bound_vars);
        let fractions = |level: usize| (2 * self.all()) << (height - level + bound_vars);
        let bound_entries = if height == 1 { self.others } else { self.all() };
        lowest
            + (2..=height).map(|level| 3 * fractions(level)).sum::<u64>()
            + bound(4, bound_entries, bound_vars)
    }
}

/// Entries of so many tables, as many variables bound one after the other.
fn bound(tables: u64, entries: u64, variables: usize) -> u64 {
    (0..variables).map(|left| (tables * entries) << left).sum()
}

/// The first rounds of a sumcheck, whose entries are not stored, with the equality weights.
fn unstored_rounds(num_vars: usize, unstored: usize, round: impl Fn(usize, usize) -> u64) -> u64 {
    (0..unstored).map(|i| round(num_vars - i, i) + weights(num_vars - i)).sum()
}

/// Runs of leaves that are constant, and of leaves whose numerators are.
fn constants(plan: &Plan) -> [Vec<Constant>; 2] {
    let [mut denominators, mut numerators] = [vec![], vec![]];
    let mut end = 0;
    for (number, segment) in plan.segments.iter().enumerate() {
        let gap = end..segment.offset;
        end = segment.offset + (1 << segment.num_vars);
        for constants in [&mut denominators, &mut numerators] {
            push(constants, gap.clone(), GAP);
        }
        if segment.rows != BlockSource::Table {
            push(&mut numerators, segment.offset..end, LOOKED_UP);
            for gap in padding(&segment.layout) {
                push(&mut denominators, segment.offset + gap.start..segment.offset + gap.end, number + 1);
            }
        }
    }
    for constants in [&mut denominators, &mut numerators] {
        push(constants, end..1 << plan.tree_vars, GAP);
    }
    [denominators, numerators]
}

/// Pairs, of so many leaves each, that are rows of a linear table.
fn linear_pairs(plan: &Plan, shape: &Shape, leaves: usize) -> u64 {
    let linear = plan.segments.iter().filter(|segment| {
        segment.rows != BlockSource::Table
            && 1 << segment.num_vars >= leaves
            && bounds(&plan.tables[segment.table]).is_some()
    });
    let linear: Vec<Range<usize>> = linear
        .map(|segment| segment.offset / leaves..(segment.offset + (1 << segment.num_vars)) / leaves)
        .collect();
    let in_run = |run: Range<usize>| -> usize {
        let first = linear.partition_point(|segment| segment.end <= run.start);
        let met = linear[first..].iter().take_while(|segment| segment.start < run.end);
        met.map(|segment| segment.end.min(run.end) - segment.start.max(run.start)).sum()
    };
    let in_chunk = |chunk: usize| -> usize { shape.stored_pairs(chunk).map(in_run).sum() };
    (0..shape.chunks.len()).map(in_chunk).sum::<usize>() as u64
}

/// All levels from one whose tables have so many variables up.
fn levels(shapes: &Shapes, num_vars: usize) -> u64 {
    let level = |num_vars: usize| {
        let stored = shapes[num_vars].stored as u64;
        let parents = 3 * stored;
        let brackets = stored;
        parents + brackets + rounds(shapes, num_vars, 4 + 6)
    };
    (1..=num_vars).map(level).sum()
}

/// The rounds of a sumcheck: so many multiplications for each pair, those that bind it included, and the equality weights.
fn rounds(shapes: &Shapes, num_vars: usize, pair: u64) -> u64 {
    (1..=num_vars).map(|num_vars| pair * (shapes[num_vars].stored as u64 / 2) + weights(num_vars)).sum()
}

/// The equality weights of a round.
fn weights(num_vars: usize) -> u64 {
    let in_chunk = (num_vars - 1).min(CHUNK.ilog2() as usize);
    (1_u64 << in_chunk) + (1 << (num_vars - 1 - in_chunk)) - 2
}
