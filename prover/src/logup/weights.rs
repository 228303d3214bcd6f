//! Equality weights of a level, as products of two short tables.

use ark_bn254::Fr;
use ark_ff::{Zero, batch_inversion};
use rayon::prelude::*;
use tacit_algebra::kernels::backend;

use super::CHUNK;

/// $\mathrm{eq}$ of the coordinates behind the current one: the last of them in one table for all rounds, as many as a chunk
/// has, the others in one of the round.
pub(super) struct Weights<'a> {
    /// From the current coordinate on.
    point: &'a [Fr],
    /// Of the same coordinates, zero for zero.
    inverses: Vec<Fr>,
    /// Table $k$ is that of the last $k$ coordinates.
    low: Vec<Vec<Fr>>,
}

impl<'a> Weights<'a> {
    pub(super) fn new(point: &'a [Fr]) -> Self {
        let mut inverses = point.to_vec();
        batch_inversion(&mut inverses);
        inverses.reverse();
        let most = point.len().saturating_sub(1).min(CHUNK.ilog2() as usize);
        let low = (0..=most).map(|k| backend().equality_table(&point[point.len() - k..], 1 << k)).collect();
        Self { point, inverses, low }
    }

    /// Goes on to the next coordinate.
    pub(super) fn advance(&mut self) {
        self.point = self.point.split_first().map_or(&[], |(_, rest)| rest);
        self.inverses.pop();
    }

    /// One divided by the current coordinate.
    pub(super) fn inverse(&self) -> Fr {
        self.inverses.last().copied().unwrap_or_else(Fr::zero)
    }

    /// Weighted sums over `count` positions: `part` gets a chunk's first position and its weights.
    pub(super) fn sum(&self, count: usize, part: impl Fn(usize, &[Fr]) -> [Fr; 2] + Sync) -> [Fr; 2] {
        let parts = vec![(); count.div_ceil(CHUNK)];
        self.sum_parts(count, parts, |first, (), weights| part(first, weights))
    }

    /// The same; `part` also gets what belongs to the chunk.
    pub(super) fn sum_parts<T: Send>(
        &self,
        count: usize,
        mut parts: Vec<T>,
        part: impl Fn(usize, T, &[Fr]) -> [Fr; 2] + Sync,
    ) -> [Fr; 2] {
        let rest = self.point.get(1..).unwrap_or(&[]);
        debug_assert_eq!(count, 1 << rest.len(), "positions over {} variables", rest.len());
        if let [_] = parts.as_slice() {
            return parts.pop().map_or([Fr::zero(); 2], |only| part(0, only, &self.low[rest.len()]));
        }
        let low = &self.low[CHUNK.ilog2() as usize];
        let high = backend().equality_table(&rest[..rest.len() - CHUNK.ilog2() as usize], count / CHUNK);
        parts
            .into_par_iter()
            .zip(high)
            .enumerate()
            .map(|(i, (own, weight))| part(i * CHUNK, own, low).map(|sum| sum * weight))
            .reduce(|| [Fr::zero(); 2], |a, b| [a[0] + b[0], a[1] + b[1]])
    }
}
