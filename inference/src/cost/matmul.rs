//! What each matrix-product argument counts.
//!
//! With $R$ rows, $K$ positions of the inner axis and $O$ columns:
//!
//! | argument | prover |
//! |---|---|
//! | sumcheck | $(R + O) K$ integers folded, $4$ multiplications for each entry of the padded $k$ in the sumcheck |
//! | gates | $R K O$ small products, a reduction for each input; $4$ and $5$ multiplications for each padded input and weight |
//! | polynomial | $(R + O) K$ integers folded; with $N \ge 2 K$ a power of two, $\tfrac{3}{2} N \log_2 N + N$ multiplications in the transforms, $2 K$ field elements committed and $8 K$ multiplications for their values |
//!
//! The polynomial argument commits once for all layers, to as much as the longest inner axis needs; here every layer is
//! counted as if it were the only one.

use super::{
    ArgumentCost, Work,
    convolution::{bias, extent},
    gates::products,
    points, scalars,
};
use tacit_layers::{argument::choice::MatmulArgument, layer::dense::DenseLayer, tensor::Layout};

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
        MatmulArgument::Polynomial => polynomial(shape),
        MatmulArgument::Gates => gates(shape),
    };
    argument + bias(shape.bias, shape.columns)
}

fn gates(shape: &MatmulShape) -> ArgumentCost {
    let inner: usize = shape.inner.iter().product();
    let (left, right) =
        ([&[shape.rows], &shape.inner[..]].concat(), [&[shape.columns], &shape.inner[..]].concat());
    let outputs = shape.rows * shape.columns;
    products(outputs * inner, &left, &right, outputs, 0)
}

fn sumcheck(shape: &MatmulShape) -> ArgumentCost {
    let inner: usize = shape.inner.iter().product();
    let rounds: usize = shape.inner.iter().map(|&n| tacit_layers::tensor::bits_of(n)).sum();
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

fn polynomial(shape: &MatmulShape) -> ArgumentCost {
    let inner: usize = shape.inner.iter().product();
    let extent = extent(&shape.inner);
    let committed = cross_terms(extent);
    let prover = Work::folded_bytes(shape.columns, inner)
        + Work::folded_integers(shape.rows, inner)
        + Work::multiplications(transforms(extent))
        + committed.prover;
    ArgumentCost { prover, ..committed }
}

/// Multiplications in the transforms of a product of two polynomials of `extent` coefficients.
pub(super) fn transforms(extent: usize) -> usize {
    let transform = extent.saturating_mul(2).next_power_of_two();
    3 * (transform / 2 * tacit_layers::tensor::bits_of(transform)) + transform
}

/// Committing to the coefficients beside the middle one, and comparing at a random point.
pub(super) fn cross_terms(extent: usize) -> ArgumentCost {
    let vars = tacit_layers::tensor::bits_of(extent);
    ArgumentCost {
        prover: Work::wide_row(2 * extent) + Work::vector_multiplications(8 * extent) + Work::messages(3),
        verifier: Work::multiplications(12 * vars)
            + Work::messages(3)
            + Work { rows: 1.0, ..Work::default() },
        own_bytes: scalars(3),
        round_bytes: scalars(1) + points(1),
    }
}
