//! Integer tensors and the layout by which a tensor is read as a multilinear polynomial.
//!
//! **Layout.** A tensor of axes $(n_1, \dots, n_k)$ is stored row-major without padding. As a polynomial it has
//! $\sum_i \lceil \log_2 n_i \rceil$ variables: axis after axis, most significant bit first, so that every axis keeps
//! variables of its own and an evaluation point splits by axis. Positions beyond an axis' length are implicit zeros:
//! they are never stored and never committed.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    integer::position,
};

/// The most axes a tensor may have.
pub const MAX_AXES: usize = 8;
/// The most variables a tensor's multilinear extension may have.
pub const MAX_VARS: usize = 34;

/// Axis lengths of a tensor, with the padding of each axis to a power of two.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Vec<usize>", into = "Vec<usize>")]
pub struct Layout {
    axes: Vec<usize>,
}

/// Number of variables an axis of `length` positions takes: $\lceil \log_2 \text{length} \rceil$.
pub const fn bits_of(length: usize) -> usize {
    match length {
        0 | 1 => 0,
        _ => position(usize::BITS.saturating_sub(length.saturating_sub(1).leading_zeros())),
    }
}

impl Layout {
    /// A layout with these axis lengths, the slowest first.
    ///
    /// # Errors
    /// [`Error::Shape`] when there are no axes, more than [`MAX_AXES`], an empty axis, or more than [`MAX_VARS`]
    /// variables.
    pub fn new(axes: Vec<usize>) -> Result<Self> {
        let usable = (1..=MAX_AXES).contains(&axes.len())
            && axes.iter().all(|&n| n >= 1)
            && axes.iter().map(|&n| bits_of(n)).sum::<usize>() <= MAX_VARS;
        if usable {
            Ok(Self { axes })
        } else {
            Err(Error::Shape { axes, max_axes: MAX_AXES, max_vars: MAX_VARS })
        }
    }

    /// Axis lengths, the slowest first.
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// Number of stored elements.
    pub fn num_elements(&self) -> usize {
        self.axes.iter().product()
    }

    /// Variables of each axis.
    pub fn axis_vars(&self) -> impl Iterator<Item = usize> + '_ {
        self.axes.iter().map(|&n| bits_of(n))
    }

    /// Variables of the multilinear extension.
    pub fn num_vars(&self) -> usize {
        self.axis_vars().sum()
    }

    /// Length of the shortest prefix of the padded table that holds every stored element.
    pub fn padded_extent(&self) -> usize {
        self.padded_index(self.num_elements().saturating_sub(1)).saturating_add(1)
    }

    /// Position in the padded table of the element stored at `index`.
    pub fn padded_index(&self, index: usize) -> usize {
        let (mut rest, mut padded, mut shift) = (index, 0, 0_usize);
        for &n in self.axes.iter().rev() {
            // No axis is empty.
            padded |= rest.checked_rem(n).unwrap_or(0) << shift;
            rest = rest.checked_div(n).unwrap_or(0);
            shift = shift.saturating_add(bits_of(n));
        }
        padded
    }

    /// Runs of elements that are contiguous in storage and in the padded table alike:
    /// (storage offset, padded offset, length).
    pub fn runs(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        // Trailing axes whose lengths are powers of two merge into one run.
        let mut run = 1_usize;
        for &length in self.axes.iter().rev() {
            run = run.saturating_mul(length);
            if !length.is_power_of_two() {
                break;
            }
        }
        (0..self.num_elements()).step_by(run.max(1)).map(move |i| (i, self.padded_index(i), run))
    }
}

impl TryFrom<Vec<usize>> for Layout {
    type Error = Error;
    fn try_from(axes: Vec<usize>) -> Result<Self> {
        Self::new(axes)
    }
}

impl From<Layout> for Vec<usize> {
    fn from(layout: Layout) -> Self {
        layout.axes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cover_every_element_once() {
        for axes in [vec![3, 5, 7], vec![6, 8, 8], vec![5], vec![4, 4], vec![1, 1, 3], vec![3, 1, 4]] {
            let layout = Layout::new(axes).unwrap();
            let mut seen = vec![];
            for (at, padded, length) in layout.runs() {
                for i in 0..length {
                    assert_eq!(layout.padded_index(at + i), padded + i);
                    seen.push(at + i);
                }
            }
            assert_eq!(seen, (0..layout.num_elements()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn refuses_empty_and_huge_shapes() {
        for axes in [vec![], vec![0], vec![1; 9], vec![1 << 20, 1 << 20]] {
            assert!(matches!(Layout::new(axes), Err(Error::Shape { .. })));
        }
    }
}
