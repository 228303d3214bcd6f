//! Number-theoretic transforms along one axis of a table.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, One, Zero};
use rayon::prelude::*;
use tacit_algebra::kernels::backend;
use tacit_layers::argument::fourier::root_of_unity;

/// Elements that one task works on.
const TASK: usize = 1 << 12;

/// The place of position `index` before a transform of $2^n$ positions: its bits reversed.
pub(crate) const fn reversed(index: usize, num_vars: usize) -> usize {
    match num_vars {
        0 => 0,
        _ => index.reverse_bits() >> (usize::BITS as usize - num_vars),
    }
}

/// $\hat t(f) = \sum_i \omega^{i f} t(i)$ along an axis of $2^n$ positions that are `inner` elements each, for every
/// table of so many elements in `tables`. Positions are in [`reversed`] order before and in their own order behind.
pub(crate) fn transform(tables: &mut [Fr], num_vars: usize, inner: usize) {
    let length = 1_usize << num_vars;
    let root = root_of_unity(num_vars);
    let roots: Vec<Fr> = std::iter::successors(Some(Fr::one()), |power| Some(*power * root))
        .take((length / 2).max(1))
        .collect();
    tables.par_chunks_mut(length * inner).with_min_len((TASK / (length * inner)).max(1)).for_each(|table| {
        // Maps shorter than their transform leave whole tables empty.
        if table.iter().all(Zero::is_zero) {
            return;
        }
        for level in 0..num_vars {
            let half = 1 << level;
            let stride = length / (2 * half);
            table.par_chunks_mut(2 * half * inner).with_min_len((TASK / (2 * half * inner)).max(1)).for_each(
                |block| {
                    let (low, high) = block.split_at_mut(half * inner);
                    let pairs = low.par_chunks_mut(inner).zip(high.par_chunks_mut(inner)).enumerate();
                    pairs.with_min_len((TASK / inner).max(1)).for_each(|(j, (low, high))| {
                        butterflies(low, high, roots[j * stride], j == 0);
                    });
                },
            );
        }
    });
}

/// Lanes from which on vector instructions pay.
const LANES: usize = 16;

/// $(a, b) \mapsto (a + \omega b, a - \omega b)$.
fn butterflies(low: &mut [Fr], high: &mut [Fr], root: Fr, is_one: bool) {
    if low.len() >= LANES && !is_one {
        let before = low.to_vec();
        backend().add_scaled(low, high, root);
        // a - w b = 2 a - (a + w b)
        for ((high, low), before) in high.iter_mut().zip(low).zip(before) {
            *high = before.double() - *low;
        }
        return;
    }
    for (a, b) in low.iter_mut().zip(high) {
        if b.is_zero() {
            *b = *a;
            continue;
        }
        let turned = if is_one { *b } else { *b * root };
        *b = *a - turned;
        *a += turned;
    }
}

/// A table of zeros over two transformed axes and `lanes` elements at each position.
pub(crate) struct Plane {
    num_vars: [usize; 2],
    lanes: usize,
    values: Vec<Fr>,
}

impl Plane {
    pub(crate) fn new(num_vars: [usize; 2], lanes: usize) -> Self {
        let [height, width] = num_vars;
        Self { num_vars, lanes, values: vec![Fr::ZERO; lanes << (height + width)] }
    }

    /// The element of one lane at a position, before the transform.
    pub(crate) fn at(&mut self, [row, column]: [usize; 2], lane: usize) -> &mut Fr {
        let [height, width] = self.num_vars;
        let position = (reversed(row, height) << width) | reversed(column, width);
        &mut self.values[position * self.lanes + lane]
    }

    /// The transform along both axes, over (frequencies along the height, along the width, lanes).
    pub(crate) fn transform(mut self) -> Vec<Fr> {
        let [height, width] = self.num_vars;
        transform(&mut self.values, width, self.lanes);
        transform(&mut self.values, height, self.lanes << width);
        self.values
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::{Field, UniformRand};

    use super::*;

    #[test]
    fn transforms_are_sums_over_powers_of_the_root() {
        let mut rng = ark_std::test_rng();
        for (height, width, lanes) in [(0, 0, 1), (3, 2, 1), (1, 4, 3), (4, 0, 2), (7, 6, 4)] {
            let values: Vec<Fr> = (0..lanes << (height + width)).map(|_| Fr::rand(&mut rng)).collect();
            // The last rows are zero, as behind a short map.
            let rows = (1_usize << height).div_ceil(2);
            let stored = |row: usize, column: usize, lane: usize| {
                if row < rows { values[((row << width) + column) * lanes + lane] } else { Fr::ZERO }
            };
            let mut plane = Plane::new([height, width], lanes);
            for (row, column) in (0..1 << height).flat_map(|r| (0..1 << width).map(move |c| (r, c))) {
                for lane in 0..lanes {
                    *plane.at([row, column], lane) = stored(row, column, lane);
                }
            }
            let transformed = plane.transform();
            let roots = [root_of_unity(height), root_of_unity(width)];
            for (at, actual) in transformed.iter().enumerate().step_by(37) {
                let (lane, position) = (at % lanes, at / lanes);
                let (f_height, f_width) = (position >> width, position % (1 << width));
                let mut expected = Fr::ZERO;
                for row in 0..rows {
                    for column in 0..1 << width {
                        let power = roots[0].pow([(row * f_height) as u64])
                            * roots[1].pow([(column * f_width) as u64]);
                        expected += stored(row, column, lane) * power;
                    }
                }
                assert_eq!(*actual, expected, "{height} {width} {lanes} at {at}");
            }
        }
    }
}
