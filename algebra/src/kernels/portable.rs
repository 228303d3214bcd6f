//! The reference backend: arkworks' field arithmetic, one element at a time, on every core for long vectors.

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;

use super::Backend;

/// The reference backend.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

/// Entries below which a vector is not split over threads.
const CHUNK: usize = 1 << 12;

impl Backend for Portable {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn bind(&self, values: &mut Vec<Fr>, half: usize, r: Fr) {
        let middle = half.min(values.len());
        let (low, high) = values.split_at_mut(middle);
        let high = &*high;
        let bind = |low: &mut [Fr], high: &[Fr]| {
            let (paired, rest) = low.split_at_mut(high.len());
            for (low, high) in paired.iter_mut().zip(high) {
                *low += r * (*high - *low);
            }
            for low in rest {
                *low -= r * *low;
            }
        };
        if low.len() <= CHUNK {
            bind(low, high);
        } else {
            low.par_chunks_mut(CHUNK).enumerate().for_each(|(i, low)| {
                let from = (i * CHUNK).min(high.len());
                let to = (i * CHUNK + low.len()).min(high.len());
                bind(low, &high[from..to]);
            });
        }
        values.truncate(half);
    }

    fn inner_product(&self, a: &[Fr], b: &[Fr]) -> Fr {
        let n = a.len().min(b.len());
        a[..n]
            .par_chunks(CHUNK)
            .zip(b[..n].par_chunks(CHUNK))
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| *a * b).sum::<Fr>())
            .sum()
    }

    fn product_round(&self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2] {
        // Where one factor has no upper entries its slope is minus its lower entry.
        let n = a.0.len().min(b.0.len());
        let at = |side: &[Fr], i: usize| side.get(i).copied().unwrap_or_else(Fr::zero);
        let round = |range: std::ops::Range<usize>| {
            range.fold([Fr::zero(); 2], |[constant, leading], i| {
                let (a0, b0) = (a.0[i], b.0[i]);
                [constant + a0 * b0, leading + (at(a.1, i) - a0) * (at(b.1, i) - b0)]
            })
        };
        if n <= CHUNK {
            return round(0..n);
        }
        (0..n.div_ceil(CHUNK))
            .into_par_iter()
            .map(|i| round(i * CHUNK..((i + 1) * CHUNK).min(n)))
            .reduce(|| [Fr::zero(); 2], |x, y| [x[0] + y[0], x[1] + y[1]])
    }

    fn add_scaled(&self, target: &mut [Fr], source: &[Fr], scale: Fr) {
        for (target, source) in target.iter_mut().zip(source) {
            *target += scale * source;
        }
    }
}
