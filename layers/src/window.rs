//! Sliding windows: which input position a window position and an offset inside the window read.
//!
//! Along one axis, output position $p$ and kernel offset $k$ read input position
//! $$ i = s\,p + d\,k - b $$
//! with stride $s$, dilation $d$ and $b$ positions of padding in front. Positions outside $[0, n)$ are padding.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

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
pub const MAX_WINDOW: usize = 1 << 16;

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
    /// [`Error::Attribute`] when an attribute is out of range, [`Error::Window`] when the window does not fit.
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
                    actual: i64::try_from(value).unwrap_or(i64::MAX),
                    minimum: minimum as i64,
                    maximum: MAX_WINDOW as i64,
                });
            }
        }
        let padding = self.pad_begin + self.pad_end;
        let extent = self.dilation * (self.kernel - 1) + 1;
        (length + padding).checked_sub(extent).map(|slack| slack / self.stride + 1).ok_or_else(|| {
            Error::Window { layer: layer.to_owned(), extent, stride: self.stride, length, padding }
        })
    }

    /// Input position read at window position `p` and kernel offset `k`, if it is not padding.
    pub fn input_position(&self, p: usize, k: usize, length: usize) -> Option<usize> {
        (self.stride * p + self.dilation * k).checked_sub(self.pad_begin).filter(|&i| i < length)
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
        self.height.kernel * self.width.kernel
    }

    /// Whether some window can read padding.
    pub const fn has_padding(&self) -> bool {
        self.height.pad_begin + self.height.pad_end + self.width.pad_begin + self.width.pad_end > 0
    }
}
