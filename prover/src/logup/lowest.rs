//! The sumcheck of the level above the leaves, which reads them from their tables.
//!
//! Where every leaf of the lower half is a looked-up row, $p_0$ is one everywhere and
//! $$ p_0 q_1 + p_1 q_0 + \lambda q_0 q_1 = \lambda \bigl(q_0 + \lambda^{-1}\bigr) \bigl(q_1 + \lambda^{-1} p_1\bigr)
//!    - \lambda^{-1} p_1, $$
//!
//! so that two tables are enough: $p_1$ only occurs in sums against equality weights, which are values of its multilinear
//! extension.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use rayon::prelude::*;
use tacit_algebra::{eq, kernels::backend, small::from_i64};
use tacit_layers::{claim::SumClaim, logup::Children, sumcheck::RoundPolynomial};

use super::{
    LevelSumcheck, LookupLeaves,
    leaves::{SMALLEST, STEP, Step},
    round_polynomial,
    tables::{Quarters, quarters},
    weights::Weights,
};
use crate::{buffers::Buffers, sumcheck::SumcheckInstance};

/// The lowest level's sumcheck.
pub(super) struct Lowest<'a> {
    leaves: &'a LookupLeaves<'a>,
    /// $q_0 + \lambda^{-1}$ and $q_1 + \lambda^{-1} p_1$, from the first binding on.
    tables: [Vec<Fr>; 2],
    /// Entries on each side of the current variable.
    half: usize,
    /// Sums of the product's next round, where binding has left them.
    sums: Option<[Fr; 2]>,
    /// The tables' rows' fingerprints plus $\lambda^{-1}$.
    shifted: Vec<Vec<Fr>>,
    numerators: Numerators,
    point: &'a [Fr],
    bound: Vec<Fr>,
    weights: Weights<'a>,
    lambda: Fr,
    inverse: Fr,
    claim: SumClaim,
    buffers: &'a Buffers,
}

impl<'a> Lowest<'a> {
    /// Whether the leaves are many enough and those of the lower half all looked-up rows.
    pub(super) fn takes(leaves: &LookupLeaves) -> bool {
        leaves.len() >= SMALLEST && leaves.looked_up_first() >= leaves.len() / 2
    }

    pub(super) fn new(
        leaves: &'a LookupLeaves<'a>,
        point: &'a [Fr],
        lambda: Fr,
        claim: SumClaim,
        buffers: &'a Buffers,
    ) -> Self {
        // A challenge of zero has probability 2^-254.
        let inverse = lambda.inverse().unwrap_or_else(Fr::zero);
        let shift = |table: &Vec<Fr>| {
            table.par_iter().with_min_len(SMALLEST).map(|fingerprint| *fingerprint + inverse).collect()
        };
        Self {
            leaves,
            tables: [vec![], vec![]],
            half: leaves.len() / 4,
            sums: None,
            shifted: leaves.tables().iter().map(shift).collect(),
            numerators: Numerators::new(leaves, point),
            point,
            bound: vec![],
            weights: Weights::new(point),
            lambda,
            inverse,
            claim,
            buffers,
        }
    }

    /// The product's tables at a step of both halves of the leaves.
    fn factors(&self, first: usize) -> [Step; 2] {
        let mut steps = [[Fr::zero(); STEP]; 2];
        let [low, high] = &mut steps;
        self.leaves.read(first, &self.shifted, |_| Fr::zero(), low);
        self.leaves.read(
            self.leaves.len() / 2 + first,
            &self.shifted,
            |m| -(from_i64(m) * self.inverse),
            high,
        );
        steps
    }

    fn first_round(&self) -> [Fr; 2] {
        self.weights.sum(self.half, |first, weights| {
            let mut sums = [Fr::zero(); 2];
            for (i, weights) in weights.chunks(STEP).enumerate() {
                let at = first + i * STEP;
                let ([a0, b0], [a1, b1]) = (self.factors(at), self.factors(at + self.half));
                let [constant, leading] = backend().kernel().weighted_round((&a0, &a1), (&b0, &b1), weights);
                sums = [sums[0] + constant, sums[1] + leading];
            }
            sums
        })
    }

    /// Binds the first variable, which stores the tables.
    fn bind_leaves(&mut self, r: Fr) -> [Fr; 2] {
        let (half, quarter) = (self.half, self.half / 2);
        let mut tables = [(); 2].map(|()| self.buffers.take(half));
        let parts = quarters(tables.each_mut().map(Vec::as_mut_slice), quarter);
        let sums = self.weights.sum_parts(quarter, parts, |first, [a, b], weights| {
            let kernel = backend().kernel();
            let ([a_low, a_high], [b_low, b_high]) = (a.low, b.low);
            for (first, a, b) in
                [(first, &mut *a_low, &mut *b_low), (first + quarter, &mut *a_high, &mut *b_high)]
            {
                for (i, (a, b)) in a.chunks_mut(STEP).zip(b.chunks_mut(STEP)).enumerate() {
                    let at = first + i * STEP;
                    let ([a0, b0], [a1, b1]) = (self.factors(at), self.factors(at + half));
                    a.copy_from_slice(&a0);
                    b.copy_from_slice(&b0);
                    kernel.bind(a, &a1, r);
                    kernel.bind(b, &b1, r);
                }
            }
            kernel.weighted_round((a_low, a_high), (b_low, b_high), weights)
        });
        self.tables = tables;
        sums
    }
}

impl LevelSumcheck for Lowest<'_> {
    fn children(&self) -> Children {
        let p1 = self.numerators.evaluate(&self.bound);
        let [a, b] = [self.tables[0][0], self.tables[1][0]];
        Children { numerators: [Fr::one(), p1], denominators: [a - self.inverse, b - self.inverse * p1] }
    }
}

impl SumcheckInstance for Lowest<'_> {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        let [constant, leading] = self.sums.take().unwrap_or_else(|| self.first_round());
        let rest = &self.point[self.bound.len() + 1..];
        let at_zero: Vec<Fr> =
            self.bound.iter().copied().chain([Fr::zero()]).chain(rest.iter().copied()).collect();
        let numerators = self.numerators.sum_at_zero(&at_zero, self.bound.len());
        let sums = [self.lambda * constant - self.inverse * numerators, self.lambda * leading];
        round_polynomial(sums, claim, one_weight, self.weights.inverse())
    }

    fn bind(&mut self, r: Fr) {
        self.weights.advance();
        self.numerators.bind(self.bound.len(), r);
        let (half, quarter) = (self.half, self.half / 2);
        if self.bound.is_empty() {
            self.sums = Some(self.bind_leaves(r));
        } else if quarter == 0 {
            for table in &mut self.tables {
                let difference = table[1] - table[0];
                table[0] += r * difference;
            }
        } else {
            let tables = self.tables.each_mut().map(|table| &mut table[..2 * half]);
            let parts = quarters(tables, quarter);
            self.sums = Some(self.weights.sum_parts(quarter, parts, |_, tables, weights| {
                let kernel = backend().kernel();
                let [a, b] = tables.map(|Quarters { low: [first, second], high }| {
                    kernel.bind(first, high[0], r);
                    kernel.bind(second, high[1], r);
                    (&*first, &*second)
                });
                kernel.weighted_round(a, b, weights)
            }));
        }
        self.bound.push(r);
        self.half = quarter;
    }
}

impl Drop for Lowest<'_> {
    fn drop(&mut self) {
        for vector in &mut self.tables {
            self.buffers.put(std::mem::take(vector));
        }
    }
}

/// The multilinear extension of $p_1$: one on looked-up rows, minus the multiplicities on tables, zero behind both. Its
/// values are asked for where some variables are bound, the next is zero, and the rest are those of the level's point.
struct Numerators {
    num_vars: usize,
    /// Looked-up rows of the upper half, first and past-the-end.
    ranges: Vec<(usize, usize)>,
    tables: Vec<TableNumerators>,
}

/// Those of one table.
struct TableNumerators {
    /// Which of the blocks of the table's size it is.
    index: usize,
    num_vars: usize,
    /// Bound as far as the table's own variables are.
    values: Vec<Fr>,
    /// Their multilinear extension at the level's point.
    at_point: Fr,
}

impl Numerators {
    fn new(leaves: &LookupLeaves, point: &[Fr]) -> Self {
        let table = |(offset, counts): (usize, &[i64])| {
            let size = counts.len();
            let num_vars = size.ilog2() as usize;
            let values: Vec<Fr> =
                counts.iter().map(|&count| if count == 0 { Fr::zero() } else { -from_i64(count) }).collect();
            let weights = backend().equality_table(&point[point.len() - num_vars..], size);
            let at_point = backend().inner_product(&values, &weights);
            TableNumerators { index: offset / size, num_vars, values, at_point }
        };
        Self {
            num_vars: point.len(),
            ranges: leaves.looked_up_above(),
            tables: leaves.tables_above().into_iter().map(table).collect(),
        }
    }

    /// The value at a point whose coordinate `current` is zero, those before it are bound, and those behind it are the
    /// level's.
    fn sum_at_zero(&self, point: &[Fr], current: usize) -> Fr {
        let tables = self.tables.iter().map(|table| {
            let outer = self.num_vars - table.num_vars;
            let inner = if current < outer {
                table.at_point
            } else {
                let half = 1 << (self.num_vars - current - 1);
                let weights = backend().equality_table(&point[current + 1..], half);
                backend().inner_product(&table.values[..half], &weights)
            };
            eq::evaluate_index(&point[..outer], table.index) * inner
        });
        self.looked_up(point) + tables.sum::<Fr>()
    }

    /// The value where all variables are bound.
    fn evaluate(&self, point: &[Fr]) -> Fr {
        let tables = self.tables.iter().map(|table| {
            eq::evaluate_index(&point[..self.num_vars - table.num_vars], table.index) * table.values[0]
        });
        self.looked_up(point) + tables.sum::<Fr>()
    }

    fn looked_up(&self, point: &[Fr]) -> Fr {
        let below = |end| eq::evaluate_range(point, end);
        self.ranges.iter().map(|&(first, end)| below(end) - below(first)).sum()
    }

    fn bind(&mut self, current: usize, r: Fr) {
        for table in &mut self.tables {
            if current >= self.num_vars - table.num_vars {
                let half = table.values.len() / 2;
                backend().bind(&mut table.values, half, r);
            }
        }
    }
}
