//! The axes of a product of activations by their role, and its factors.

use ark_bn254::Fr;

use crate::{
    error::Result,
    tensor::{Layout, bits_of, evaluation::split_point},
};

/// An axis by its name, with its length.
pub type Axis = (u8, usize);

/// The axes of a product by their role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductAxes {
    /// In both factors and the result; in the result's order.
    pub batch: Vec<Axis>,
    /// In the first factor and the result; in the result's order.
    pub left: Vec<Axis>,
    /// In the second factor and the result; in the result's order.
    pub right: Vec<Axis>,
    /// In both factors only; in the first factor's order.
    pub inner: Vec<Axis>,
    /// Every axis of the result.
    pub output: Vec<Axis>,
}

/// One of the two factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// The first.
    Left,
    /// The second.
    Right,
}

fn length(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.1).product()
}

impl ProductAxes {
    /// Layout of the result.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] when it is none.
    pub fn output(&self) -> Result<Layout> {
        Layout::new(self.output.iter().map(|axis| axis.1).collect())
    }

    /// Axes that only this factor and the result have.
    pub fn own(&self, factor: Factor) -> &[Axis] {
        match factor {
            Factor::Left => &self.left,
            Factor::Right => &self.right,
        }
    }

    /// Lengths of the axes that only this factor and the result have.
    pub fn own_lengths(&self, factor: Factor) -> Vec<usize> {
        self.own(factor).iter().map(|axis| axis.1).collect()
    }

    /// Lengths of the axes summed over: batch, then inner.
    pub fn summed_lengths(&self) -> Vec<usize> {
        self.batch.iter().chain(&self.inner).map(|axis| axis.1).collect()
    }

    /// Lengths of the axes that only the factors have.
    pub fn inner_lengths(&self) -> Vec<usize> {
        self.inner.iter().map(|axis| axis.1).collect()
    }

    /// Variables of the axes that only the factors have.
    pub fn inner_vars(&self) -> usize {
        self.inner.iter().map(|axis| bits_of(axis.1)).sum()
    }

    /// Variables of the axes summed over.
    pub fn summed_vars(&self) -> usize {
        self.batch.iter().chain(&self.inner).map(|axis| bits_of(axis.1)).sum()
    }

    /// Products that are summed up.
    pub fn num_inner(&self) -> usize {
        length(&self.inner)
    }

    /// Multiplications of an activation by an activation.
    pub fn num_products(&self) -> usize {
        length(&self.output).saturating_mul(self.num_inner())
    }

    /// The parts of the result's point for some of its axes.
    fn parts(&self, wanted: &[Axis], point: &[Fr]) -> Result<Vec<Fr>> {
        let output = self.output()?;
        let mut parts = vec![];
        for ((name, _), (_, part)) in self.output.iter().zip(split_point(&output, point)) {
            if wanted.iter().any(|axis| axis.0 == *name) {
                parts.extend_from_slice(part);
            }
        }
        Ok(parts)
    }

    /// $r_b$ of a point of the result.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] when the result's layout is none.
    pub fn batch_point(&self, point: &[Fr]) -> Result<Vec<Fr>> {
        self.parts(&self.batch, point)
    }

    /// $r_l$ or $r_r$ of a point of the result.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] when the result's layout is none.
    pub fn own_point(&self, factor: Factor, point: &[Fr]) -> Result<Vec<Fr>> {
        self.parts(self.own(factor), point)
    }
}
