//! What each matrix-product argument counts.
//!
//! With $R$ rows, $K$ positions of the inner axis and $O$ columns:
//!
//! | argument | prover |
//! |---|---|
//! | sumcheck | $(R + O) K$ integers folded, $4$ multiplications for each entry of the padded $k$ in the sumcheck |

use super::{
    ArgumentCost, Work,
    convolution::{bias, extent},
    scalars,
};
use crate::{argument::MatmulArgument, dense::DenseLayer, tensor::Layout};

/// Shape of a matrix product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatmulShape {
    /// $R$.
    pub rows: usize,
    /// Axes of $k$; $K$ is their product.
    pub inner: Vec<usize>,
    /// $O$.
    pub columns: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl MatmulShape {
    /// The shape of a layer that reads this layout.
    pub fn new(layer: &DenseLayer, input: &Layout) -> Self {
        let (rows, inner) = input.axes().split_at(layer.num_row_axes.min(input.axes().len()));
        let (rows, inner) = (rows.iter().product(), inner.to_vec());
        Self { rows, inner, columns: layer.num_outputs, bias: layer.bias.is_some() }
    }
}

/// What proving a matrix product by an argument costs.
pub fn cost(argument: MatmulArgument, shape: &MatmulShape) -> ArgumentCost {
    let argument = match argument {
        MatmulArgument::Sumcheck => sumcheck(shape),
    };
    argument + bias(shape.bias, shape.columns)
}

fn sumcheck(shape: &MatmulShape) -> ArgumentCost {
    let inner: usize = shape.inner.iter().product();
    let rounds: usize = shape.inner.iter().map(|&n| crate::tensor::bits_of(n)).sum();
    let prover = Work::folded_bytes(shape.columns, inner)
        + Work::folded_integers(shape.rows, inner)
        + Work::product_sumcheck(extent(&shape.inner))
        + Work::messages(rounds + 1);
    ArgumentCost {
        prover,
        verifier: Work::verified_rounds(rounds, 2) + Work::messages(1),
        own_bytes: scalars(2),
        round_bytes: scalars(2 * rounds),
    }
}
