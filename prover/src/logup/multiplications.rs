//! How many multiplications of field elements the prover of a plan's look-ups takes.
//!
//! With $2^n$ leaves, of which the lower half are all looked-up rows:
//!
//! | step | for each leaf |
//! |---|---|
//! | the level above the leaves, from reciprocals | $\tfrac12$ |
//! | the levels above it, three for each fraction | $\tfrac32$ |
//! | the sumcheck above the leaves: four for each pair in a round, one for each bound entry of two tables | $3$ |
//! | the other levels' sumchecks: six for each pair in a round, one for each bound entry of four tables, one for the bracket | $\tfrac{11}2$ |
//!
//! These are $10\tfrac12$. Where the level above the leaves cannot be computed from reciprocals, the leaves are a level like
//! the others, and it is $14$. Equality weights and the multiplicities add little; [`multiplications`] counts them too. Rounds
//! of a few entries, and what is done once for each chunk of a vector, are left out.

use tacit_layers::plan::{Plan, Rows};

use super::{
    CHUNK,
    leaves::{SMALLEST, STEP},
};

/// Multiplications by kernels in the sumchecks of a plan's look-up tree and in its fractions.
pub fn multiplications(plan: &Plan) -> u64 {
    if plan.segments.is_empty() {
        return 0;
    }
    let leaves = 1_u64 << plan.tree_vars;
    let half = leaves / 2;
    let looked_up = plan.segments.iter().take_while(|segment| segment.rows != Rows::Table);
    let looked_up = looked_up.map(|segment| 1_u64 << segment.num_vars).sum::<u64>();
    if leaves < SMALLEST as u64 || looked_up < half {
        return levels(plan.tree_vars);
    }
    let stored: u64 = plan.segments.iter().map(|segment| 1 << segment.num_vars).sum();
    let reciprocals = (stored - half).next_multiple_of(STEP as u64).min(half);
    let tables = plan.segments.iter().filter(|segment| segment.rows == Rows::Table);
    let above = tables.filter(|segment| segment.offset as u64 >= half);
    let multiplicities: u64 = above.map(|segment| 5 << segment.num_vars).sum();
    let lowest = 4 * (half / 2) + rounds(half / 2, 2, 4) + weights(plan.tree_vars - 1);
    reciprocals + multiplicities + lowest + levels(plan.tree_vars - 1)
}

/// All levels from one of $2^k$ fractions up.
fn levels(num_vars: usize) -> u64 {
    let level = |k: usize| {
        let half = 1_u64 << (k - 2);
        let parents = 3 << (k - 1);
        let first_round = 2 * half + 6 * half;
        parents + first_round + rounds(half, 4, 6) + weights(k - 1)
    };
    (2..=num_vars).map(level).sum()
}

/// Rounds behind the first: so many tables are bound, so many multiplications taken for each pair.
fn rounds(mut half: u64, tables: u64, pair: u64) -> u64 {
    let mut sum = 0;
    while half > 1 {
        sum += tables * half + pair * (half / 2);
        half /= 2;
    }
    sum
}

/// Equality weights of a sumcheck over so many variables.
fn weights(num_vars: usize) -> u64 {
    let table = |vars: usize| (1_u64 << vars) - 1;
    let in_chunk = CHUNK.ilog2() as usize;
    let low: u64 = (0..num_vars.min(in_chunk + 1)).map(table).sum();
    let high: u64 = (in_chunk..num_vars).map(|rest| table(rest - in_chunk)).sum();
    low + high
}
