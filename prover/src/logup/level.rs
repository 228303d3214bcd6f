//! The sumcheck of a level that is stored.

use ark_bn254::Fr;
use tacit_algebra::kernels::backend;
use tacit_layers::{claim::SumClaim, logup::Children, sumcheck::RoundPolynomial};

use super::{
    CHUNK, Fractions, LevelSumcheck, round_polynomial,
    tables::{Quarters, quarters},
    weights::Weights,
};
use crate::{buffers::Buffers, sumcheck::SumcheckInstance};

/// $f = p_0 q_1 + q_0 (p_1 + \lambda q_1)$, the bracket kept as one table.
pub(super) struct Level<'a> {
    /// $p_0$, and from position `stride` the bracket: until the first round is over, $p_1$.
    p: Vec<Fr>,
    /// $q_0$, and from position `stride` $q_1$.
    q: Vec<Fr>,
    stride: usize,
    /// Entries on each side of the current variable.
    half: usize,
    /// Sums of the next round, where binding has left them.
    sums: Option<[Fr; 2]>,
    weights: Weights<'a>,
    lambda: Fr,
    claim: SumClaim,
    buffers: &'a Buffers,
}

impl<'a> Level<'a> {
    pub(super) fn new(
        level: Fractions,
        point: &'a [Fr],
        lambda: Fr,
        claim: SumClaim,
        buffers: &'a Buffers,
    ) -> Self {
        let Fractions { numerators: p, denominators: q } = level;
        let stride = p.len() / 2;
        let weights = Weights::new(point);
        Self { p, q, stride, half: stride / 2, sums: None, weights, lambda, claim, buffers }
    }

    /// The first round, in which $p_1$ becomes the bracket.
    fn first_round(&mut self) -> [Fr; 2] {
        let (half, lambda) = (self.half, self.lambda);
        let (p0, p1) = self.p.split_at_mut(self.stride);
        let (q0, q1) = self.q.split_at(self.stride);
        let (p1_low, p1_high) = p1.split_at_mut(half);
        let parts = p1_low.chunks_mut(CHUNK).zip(p1_high.chunks_mut(CHUNK)).collect();
        self.weights.sum_parts(half, parts, |first, (low, high), weights| {
            let kernel = backend().kernel();
            let (below, above) = (first..first + weights.len(), half + first..half + first + weights.len());
            kernel.add_scaled(low, &q1[below.clone()], lambda);
            kernel.add_scaled(high, &q1[above.clone()], lambda);
            let [p0, q0, q1] = [p0, q0, q1].map(|table| (&table[below.clone()], &table[above.clone()]));
            kernel.fraction_round([p0, (low, high), q0, q1], weights)
        })
    }
}

impl LevelSumcheck for Level<'_> {
    fn children(&self) -> Children {
        let [p0, bracket, q0, q1] = [self.p[0], self.p[self.stride], self.q[0], self.q[self.stride]];
        Children { numerators: [p0, bracket - self.lambda * q1], denominators: [q0, q1] }
    }
}

impl SumcheckInstance for Level<'_> {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        let sums = self.sums.take().unwrap_or_else(|| self.first_round());
        round_polynomial(sums, claim, one_weight, self.weights.inverse())
    }

    fn bind(&mut self, r: Fr) {
        self.weights.advance();
        let (half, quarter) = (self.half, self.half / 2);
        let [(p0, bracket), (q0, q1)] = [&mut self.p, &mut self.q].map(|v| v.split_at_mut(self.stride));
        let tables = [p0, bracket, q0, q1].map(|table| &mut table[..2 * half]);
        if quarter == 0 {
            for table in tables {
                let difference = table[1] - table[0];
                table[0] += r * difference;
            }
        } else {
            let parts = quarters(tables, quarter);
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

impl Drop for Level<'_> {
    fn drop(&mut self) {
        for vector in [&mut self.p, &mut self.q] {
            self.buffers.put(std::mem::take(vector));
        }
    }
}
