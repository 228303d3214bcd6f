//! Sliding windows: which input position a window position and an offset inside the window read.
//!
//! Along one axis, output position $p$ and kernel offset $k$ read input position
//! $$ i = s p + d k - b $$
//! with stride $s$, dilation $d$ and $b$ positions of padding in front. Positions outside $[0, n)$ are padding.

use std::ops::Range;

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use serde::{Deserialize, Serialize};
use tacit_algebra::eq;

use crate::{
    error::{Error, Result},
    integer::signed,
};

/// A window along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisWindow {
    /// Number of kernel offsets.
    pub kernel: usize,
    /// Distance between window positions.
    pub stride: usize,
    /// Distance between kernel offsets.
    pub dilation: usize,
    /// Padding before the first input position.
    pub pad_begin: usize,
    /// Padding after the last input position.
    pub pad_end: usize,
}

/// Largest kernel, stride, dilation or padding along one axis.
pub const MAX_WINDOW: usize = 1 << 12;
/// Longest axis that windows and views run along: both sides hold a vector of field elements over it.
pub const MAX_AXIS: usize = 1 << 19;
/// Largest number of window positions times kernel offsets along one axis: what the verifier computes for each window.
pub const MAX_AXIS_WORK: usize = 1 << 22;

impl AxisWindow {
    /// A window of `kernel` offsets that moves by `stride`, without padding or dilation.
    pub const fn new(kernel: usize, stride: usize) -> Self {
        Self { kernel, stride, dilation: 1, pad_begin: 0, pad_end: 0 }
    }

    /// The same window with padding at both ends.
    #[must_use]
    pub const fn padded(mut self, begin: usize, end: usize) -> Self {
        self.pad_begin = begin;
        self.pad_end = end;
        self
    }

    /// Number of window positions over an axis of `length`.
    ///
    /// # Errors
    /// [`Error::Attribute`] when an attribute is out of range, [`Error::Window`] when the window does not fit, runs along an
    /// axis of more than [`MAX_AXIS`] positions or has more than [`MAX_AXIS_WORK`] offsets over all its positions.
    pub fn output_length(&self, layer: &str, length: usize) -> Result<usize> {
        for (what, value, minimum) in [
            ("kernel size", self.kernel, 1),
            ("stride", self.stride, 1),
            ("dilation", self.dilation, 1),
            ("leading padding", self.pad_begin, 0),
            ("trailing padding", self.pad_end, 0),
        ] {
            if !(minimum..=MAX_WINDOW).contains(&value) {
                return Err(Error::Attribute {
                    layer: layer.to_owned(),
                    what,
                    actual: signed(value),
                    minimum: signed(minimum),
                    maximum: signed(MAX_WINDOW),
                });
            }
        }
        let padding = self.pad_begin.saturating_add(self.pad_end);
        let extent = self.reach().saturating_add(1);
        let slack = length.saturating_add(padding).checked_sub(extent);
        let positions = slack.and_then(|slack| slack.checked_div(self.stride)?.checked_add(1));
        let positions = positions.filter(|&positions| length.max(positions) <= MAX_AXIS);
        positions.filter(|positions| positions.saturating_mul(self.kernel) <= MAX_AXIS_WORK).ok_or_else(
            || Error::Window { layer: layer.to_owned(), extent, stride: self.stride, length, padding },
        )
    }

    /// Distance between the first and the last position that a window reads.
    pub const fn reach(&self) -> usize {
        self.dilation.saturating_mul(self.kernel.saturating_sub(1))
    }

    /// Input position read at window position `p` and kernel offset `k`, if it is not padding.
    pub fn input_position(&self, p: usize, k: usize, length: usize) -> Option<usize> {
        let read = self.stride.wrapping_mul(p).wrapping_add(self.dilation.wrapping_mul(k));
        read.checked_sub(self.pad_begin).filter(|&i| i < length)
    }

    /// The window positions, of `output` ones, whose offset `k` reads an input of `length` and not its padding; none of a window that
    /// does not move.
    pub fn positions_inside(&self, k: usize, length: usize, output: usize) -> Range<usize> {
        if self.stride == 0 {
            return 0..0;
        }
        let offset = self.dilation.saturating_mul(k);
        let before = self.pad_begin.saturating_sub(offset).div_ceil(self.stride).min(output);
        let end =
            length.saturating_add(self.pad_begin).saturating_sub(offset).div_ceil(self.stride).min(output);
        before..end.max(before)
    }
}

/// A window over height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window2d {
    /// Along the height.
    pub height: AxisWindow,
    /// Along the width.
    pub width: AxisWindow,
}

impl Window2d {
    /// A square window.
    pub const fn square(axis: AxisWindow) -> Self {
        Self { height: axis, width: axis }
    }

    /// Number of offsets inside the window.
    pub const fn num_offsets(&self) -> usize {
        self.height.kernel.saturating_mul(self.width.kernel)
    }

    /// Whether some window can read padding.
    pub const fn has_padding(&self) -> bool {
        self.height.pad_begin > 0
            || self.height.pad_end > 0
            || self.width.pad_begin > 0
            || self.width.pad_end > 0
    }
}

/// How much each kernel offset counts when offsets are summed out.
#[derive(Debug, Clone, Copy)]
pub enum OffsetWeights<'a> {
    /// $\mathrm{eq}(r, k)$ for offset $k$.
    Point(&'a [Fr]),
    /// One for each offset.
    All,
}

impl AxisWindow {
    /// The window's shift vector along one axis,
    /// $$ S(i) = \sum_{p, k:~ s p + d k - b = i} \mathrm{eq}(r_p, p) \omega(k), $$
    /// for input positions $i$ in `0..input`, window positions $p$ in `0..output` and every kernel offset $k$.
    ///
    /// It is the part of the linear map from an unfolded tensor at a point to the input that belongs to this axis: the
    /// map is the product of both axes' vectors, so that the verifier's work is linear in one axis.
    pub fn shift_vector(
        &self,
        input: usize,
        output: usize,
        position: &[Fr],
        offsets: OffsetWeights,
    ) -> Vec<Fr> {
        let positions = eq::table(position, output);
        let offsets = match offsets {
            OffsetWeights::Point(point) => eq::table(point, self.kernel),
            OffsetWeights::All => vec![Fr::one(); self.kernel],
        };
        let mut vector = vec![Fr::zero(); input];
        for (p, position) in positions.iter().enumerate() {
            for (k, offset) in offsets.iter().enumerate() {
                if let Some(value) = self.input_position(p, k, input).and_then(|i| vector.get_mut(i)) {
                    *value += *position * offset;
                }
            }
        }
        vector
    }
}

impl AxisWindow {
    /// The window's crop vector along one axis,
    /// $$ S(j) = \sum_{p:~ s p - b + D = j} \mathrm{eq}(r_p, p), \qquad 0 \le j < n + D, $$
    /// with $D$ the window's [reach](AxisWindow::reach): which positions of a convolution of stride one, from the first window
    /// that touches the input to the last, an output takes.
    pub fn crop_vector(&self, input: usize, output: usize, position: &[Fr]) -> Vec<Fr> {
        let mut vector = vec![Fr::zero(); input.saturating_add(self.reach())];
        for (p, weight) in eq::table(position, output).into_iter().enumerate() {
            let place = self.input_position(p, self.kernel.saturating_sub(1), vector.len());
            if let Some(value) = place.and_then(|j| vector.get_mut(j)) {
                *value += weight;
            }
        }
        vector
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use tacit_algebra::small::from_i64;

    use super::*;

    #[test]
    fn positions_inside_are_those_that_read_the_input() {
        for (kernel, stride, dilation) in [(1, 1, 1), (3, 1, 1), (3, 2, 1), (4, 3, 2), (2, 5, 3)] {
            for (pad_begin, pad_end) in [(0, 0), (1, 2), (7, 0), (20, 20)] {
                let window = AxisWindow { kernel, stride, dilation, pad_begin, pad_end };
                for length in [7, 8, 20] {
                    let output = window.output_length("w", length).unwrap();
                    for k in 0..kernel {
                        let inside = window.positions_inside(k, length, output);
                        let reads = |p: &usize| window.input_position(*p, k, length).is_some();
                        assert_eq!(inside.collect::<Vec<_>>(), (0..output).filter(reads).collect::<Vec<_>>());
                    }
                }
            }
        }
    }

    #[test]
    fn shift_vector_takes_a_windowed_axis_to_its_input() {
        let mut rng = ark_std::test_rng();
        for (window, length) in [
            (AxisWindow::new(3, 1).padded(1, 1), 7),
            (AxisWindow::new(2, 2), 8),
            (AxisWindow { kernel: 3, stride: 2, dilation: 2, pad_begin: 2, pad_end: 1 }, 9),
            (AxisWindow::new(1, 3), 5),
        ] {
            let output = window.output_length("w", length).unwrap();
            let x: Vec<i64> = (0..length as i64).map(|i| i * i - 11).collect();
            let mut point = |n: usize| -> Vec<Fr> { (0..n).map(|_| Fr::rand(&mut rng)).collect() };
            let (position, offset) =
                (point(crate::tensor::bits_of(output)), point(crate::tensor::bits_of(window.kernel)));
            for weights in [OffsetWeights::Point(&offset), OffsetWeights::All] {
                let mut expected = Fr::zero();
                for (p, e) in eq::table(&position, output).iter().enumerate() {
                    for k in 0..window.kernel {
                        let weight = match weights {
                            OffsetWeights::Point(r) => eq::evaluate_index(r, k),
                            OffsetWeights::All => Fr::one(),
                        };
                        let read = window.input_position(p, k, length).map_or(0, |i| x[i]);
                        expected += *e * weight * from_i64(read);
                    }
                }
                let vector = window.shift_vector(length, output, &position, weights);
                assert_eq!(vector.iter().zip(&x).map(|(s, x)| *s * from_i64(*x)).sum::<Fr>(), expected);
            }
        }
    }
}
