//! Equality weights of a round, as products of two short tables.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use tacit_algebra::kernels::backend;

use super::{CHUNK, shapes::Shape};

/// $\mathrm{eq}$ of the coordinates in front of the current one: the last of them, as many as a chunk has, in one table, the
/// others in another.
pub(super) struct Weights<'a> {
    shape: &'a Shape,
    /// For each chunk.
    high: Vec<Fr>,
    /// For each pattern of constants.
    low: Vec<Low>,
}

/// Weights of a chunk.
struct Low {
    /// Of pairs that are stored.
    stored: Vec<Fr>,
    /// Constants and the sum of their weights.
    constants: Vec<(usize, Fr)>,
}

impl<'a> Weights<'a> {
    /// The weights of a shape's pairs.
    pub(super) fn new(point: &[Fr], shape: &'a Shape) -> Self {
        let in_chunk = point.len().min(CHUNK.ilog2() as usize);
        let (high, low) = point.split_at(point.len() - in_chunk);
        let high = backend().equality_table(high, 1 << high.len());
        let low = backend().equality_table(low, 1 << in_chunk);
        let mut parts: Vec<Low> = shape.patterns.iter().map(|constants| Low::new(&low, constants)).collect();
        if let Some(without) = shape.patterns.iter().position(Vec::is_empty) {
            parts[without].stored = low;
        }
        Self { shape, high, low: parts }
    }

    /// The weighted sums over all stored pairs: `part` gets the number of a chunk, what belongs to it, and the weights of
    /// its pairs.
    pub(super) fn sum<T: Send>(
        &self,
        mut parts: Vec<T>,
        part: impl Fn(usize, T, &[Fr]) -> [Fr; 2] + Sync,
    ) -> [Fr; 2] {
        if let [_] = parts.as_slice() {
            return parts.pop().map_or([Fr::zero(); 2], |only| part(0, only, &self.low[0].stored));
        }
        parts
            .into_par_iter()
            .zip(&self.high)
            .zip(&self.shape.chunks)
            .enumerate()
            .filter(|(_, (_, chunk))| chunk.pairs > 0)
            .map(|(i, ((own, &weight), chunk))| {
                part(i, own, &self.low[chunk.pattern].stored).map(|sum| sum * weight)
            })
            .reduce(|| [Fr::zero(); 2], |a, b| [a[0] + b[0], a[1] + b[1]])
    }

    /// The weighted sum over all constants, of which each has a value.
    pub(super) fn sum_constants(&self, values: &[Fr]) -> Fr {
        let of_pattern =
            |low: &Low| -> Fr { low.constants.iter().map(|&(id, weight)| weight * values[id]).sum() };
        let patterns: Vec<Fr> = self.low.iter().map(of_pattern).collect();
        // Few patterns are those of many chunks: their weights are added first.
        let mut sums = vec![Fr::zero(); patterns.len()];
        for (chunk, weight) in self.shape.chunks.iter().zip(&self.high) {
            if !self.low[chunk.pattern].constants.is_empty() {
                sums[chunk.pattern] += weight;
            }
        }
        patterns.iter().zip(sums).map(|(value, weight)| *value * weight).sum()
    }
}

impl Low {
    fn new(weights: &[Fr], constants: &[super::shapes::Constant]) -> Self {
        match constants {
            // All of them, for the caller to move here.
            [] => return Self { stored: vec![], constants: vec![] },
            [all] if all.end - all.first == weights.len() => {
                return Self { stored: vec![], constants: vec![(all.id, Fr::one())] };
            }
            _ => {}
        }
        let mut stored = Vec::with_capacity(weights.len());
        let mut sums: Vec<(usize, Fr)> = vec![];
        let mut at = 0;
        for run in constants {
            stored.extend_from_slice(&weights[at..run.first]);
            let sum: Fr = weights[run.first..run.end].iter().sum();
            match sums.last_mut() {
                Some((id, last)) if *id == run.id => *last += sum,
                _ => sums.push((run.id, sum)),
            }
            at = run.end;
        }
        stored.extend_from_slice(&weights[at..]);
        Self { stored, constants: sums }
    }
}
