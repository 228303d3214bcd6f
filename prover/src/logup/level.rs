//! The sumcheck of one level.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::kernels::backend;
use tacit_layers::{claim::SumClaim, logup::Children, sumcheck::RoundPolynomial};

use super::{CHUNK, Fractions, LookupLeaves, weights::Weights, zeros};
use crate::sumcheck::SumcheckInstance;

/// One level's sumcheck: $f = p_0 q_1 + q_0 (p_1 + \lambda q_1)$, the bracket kept as one table.
pub(super) struct Level<'a> {
    /// $p_0$, and the bracket from position `stride`; nothing yet while `leaves` hold them.
    p: Vec<Fr>,
    /// $q_0$, and $q_1$ from position `stride`.
    q: Vec<Fr>,
    stride: usize,
    /// Entries on each side of the current variable.
    half: usize,
    leaves: Option<&'a LookupLeaves<'a>>,
    /// Sums of the next round, where binding has left them.
    sums: Option<[Fr; 2]>,
    weights: Weights<'a>,
    lambda: Fr,
    claim: SumClaim,
}

/// A part of one table: in the lower and in the upper half, what the next round pairs.
struct Quarters<'a> {
    low: [&'a mut [Fr]; 2],
    high: [&'a [Fr]; 2],
}

impl<'a> Level<'a> {
    pub(super) fn new(level: Fractions, point: &'a [Fr], lambda: Fr) -> Self {
        let Fractions { numerators: p, denominators: q } = level;
        let stride = p.len() / 2;
        Self::with(p, q, stride, None, point, lambda)
    }

    /// The level whose children are the leaves.
    pub(super) fn lowest(leaves: &'a LookupLeaves<'a>, point: &'a [Fr], lambda: Fr) -> Self {
        Self::with(vec![], vec![], leaves.len() / 2, Some(leaves), point, lambda)
    }

    fn with(
        p: Vec<Fr>,
        q: Vec<Fr>,
        stride: usize,
        leaves: Option<&'a LookupLeaves<'a>>,
        point: &'a [Fr],
        lambda: Fr,
    ) -> Self {
        let claim = SumClaim { num_vars: point.len(), degree: 2, sum: Fr::zero() };
        let weights = Weights::new(point);
        Self { p, q, stride, half: stride / 2, leaves, sums: None, weights, lambda, claim }
    }

    pub(super) fn claim_sum(&mut self, sum: Fr) {
        self.claim.sum = sum;
    }

    pub(super) fn children(&self) -> Children {
        let [p0, bracket, q0, q1] = [self.p[0], self.p[self.stride], self.q[0], self.q[self.stride]];
        Children { numerators: [p0, bracket - self.lambda * q1], denominators: [q0, q1] }
    }

    /// The first round, in which $p_1$ becomes the bracket.
    fn first_round(&mut self) -> [Fr; 2] {
        let (half, lambda) = (self.half, self.lambda);
        if let Some(leaves) = self.leaves {
            return self.weights.sum(half, |first, weights| leaves.round(first, lambda, weights));
        }
        let (p0, p1) = self.p.split_at_mut(self.stride);
        let (q0, q1) = self.q.split_at(self.stride);
        let (p1_low, p1_high) = p1.split_at_mut(half);
        let parts: Vec<_> = p1_low.chunks_mut(CHUNK).zip(p1_high.chunks_mut(CHUNK)).collect();
        self.weights.sum_parts(half, parts, |first, (low, high), weights| {
            let kernel = backend().kernel();
            let (below, above) = (first..first + weights.len(), half + first..half + first + weights.len());
            kernel.add_scaled(low, &q1[below.clone()], lambda);
            kernel.add_scaled(high, &q1[above.clone()], lambda);
            let [p0, q0, q1] = [p0, q0, q1].map(|table| (&table[below.clone()], &table[above.clone()]));
            kernel.fraction_round([p0, (low, high), q0, q1], weights)
        })
    }

    /// Binds the first variable of leaves that are not stored; afterwards they are.
    fn bind_leaves(&mut self, leaves: &LookupLeaves, r: Fr) -> [Fr; 2] {
        // Four tables of `half` entries, two in each vector.
        let half = self.half;
        (self.p, self.q, self.stride, self.leaves) = (zeros(2 * half), zeros(2 * half), half, None);
        let parts = quarters(&mut self.p, &mut self.q, half, half / 2);
        let lambda = self.lambda;
        self.weights.sum_parts(half / 2, parts, |first, tables, weights| {
            leaves.bind_round(first, [r, lambda], tables.map(|table| table.low), weights)
        })
    }
}

/// The tables' parts, chunk by chunk: quarters of `quarter` entries, the tables of each vector `stride` apart.
fn quarters<'a>(p: &'a mut [Fr], q: &'a mut [Fr], stride: usize, quarter: usize) -> Vec<[Quarters<'a>; 4]> {
    let tables = [p, q].map(|vector| vector.split_at_mut(stride));
    let [(p0, bracket), (q0, q1)] = tables;
    let mut parts = [p0, bracket, q0, q1].map(|table| {
        let (low, high) = table.split_at_mut(2 * quarter);
        let high = &*high;
        let (low_0, low_1) = low.split_at_mut(quarter);
        // Leaves that are being bound leave no upper half.
        let (high_0, high_1) = if high.is_empty() { (high, high) } else { high.split_at(quarter) };
        let part = |(i, (low_0, low_1)): (usize, (&'a mut [Fr], &'a mut [Fr]))| {
            let high = [high_0, high_1].map(|high| {
                let first = (i * CHUNK).min(high.len());
                &high[first..(first + low_0.len()).min(high.len())]
            });
            Quarters { low: [low_0, low_1], high }
        };
        low_0.chunks_mut(CHUNK).zip(low_1.chunks_mut(CHUNK)).enumerate().map(part).collect::<Vec<_>>().into_iter()
    });
    let next = || {
        let [a, b, c, d] = &mut parts;
        Some([a.next()?, b.next()?, c.next()?, d.next()?])
    };
    std::iter::from_fn(next).collect()
}

impl SumcheckInstance for Level<'_> {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        let [constant, leading] = match self.sums.take() {
            Some(sums) => sums,
            None => self.first_round(),
        };
        // The value at one follows from the claim; a challenge of zero has probability 2^-254.
        let tau = one_weight.unwrap_or_else(Fr::one);
        let at_one = (claim - (Fr::one() - tau) * constant) * self.weights.inverse();
        RoundPolynomial::new(vec![constant, at_one - constant - leading, leading])
    }

    fn bind(&mut self, r: Fr) {
        self.weights.advance();
        let (half, quarter) = (self.half, self.half / 2);
        if let Some(leaves) = self.leaves {
            self.sums = Some(self.bind_leaves(leaves, r));
        } else if quarter == 0 {
            for vector in [&mut self.p, &mut self.q] {
                let (first, second) = vector.split_at_mut(self.stride);
                for table in [first, second] {
                    let difference = table[half] - table[0];
                    table[0] += r * difference;
                }
            }
        } else {
            let end = self.stride + 2 * half;
            let parts = quarters(&mut self.p[..end], &mut self.q[..end], self.stride, quarter);
            self.sums = Some(self.weights.sum_parts(quarter, parts, |_, tables, weights| {
                let kernel = backend().kernel();
                let bound = tables.map(|Quarters { low: [first, second], high }| {
                    kernel.bind(first, high[0], r);
                    kernel.bind(second, high[1], r);
                    (&*first, &*second)
                });
                kernel.fraction_round(bound, weights)
            }));
        }
        self.half = quarter;
    }
}
