//! Integer tensors: shapes, values, how positions of one reach those of another.
//!
//! | module | holds |
//! |---|---|
//! | [`layout`] | axes, and how a tensor is read as a polynomial |
//! | [`value`] | what is known of a node's value or of a parameter before any number of it |
//! | [`window`] | sliding windows |
//! | [`evaluation`] | tensors at points |

pub mod evaluation;
pub mod layout;
pub mod value;
pub mod window;

pub use layout::{Layout, MAX_AXES, MAX_VARS, bits_of};

use crate::error::{Error, Result};

/// A dense row-major tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor<T> {
    layout: Layout,
    data: Vec<T>,
}

impl<T> Tensor<T> {
    /// A tensor of this layout holding `data`, row-major.
    ///
    /// # Errors
    /// [`Error::ElementCount`] when the data does not fill the layout.
    pub fn new(layout: Layout, data: Vec<T>) -> Result<Self> {
        if data.len() == layout.num_elements() {
            Ok(Self { layout, data })
        } else {
            let expected = layout.num_elements();
            Err(Error::ElementCount { axes: layout.into(), expected, actual: data.len() })
        }
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The elements, row-major.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// The elements, row-major, to be changed.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The elements, row-major.
    pub fn into_data(self) -> Vec<T> {
        self.data
    }
}

impl<T: Copy + Into<i64>> Tensor<T> {
    /// The same integers in 64 bits.
    pub fn widened(&self) -> Tensor<i64> {
        Tensor { layout: self.layout.clone(), data: self.data.iter().map(|&x| x.into()).collect() }
    }
}

/// A tensor by itself is a list of one: the inputs of a network that has one.
impl<T> AsRef<[Self]> for Tensor<T> {
    fn as_ref(&self) -> &[Self] {
        std::slice::from_ref(self)
    }
}
