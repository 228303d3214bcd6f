//! Matrix products by Thaler's sumcheck (see [`tacit_layers::argument::matmul`]).
//!
//! [By itself](crate::alone): a 2 by 3 matrix times a 3 by 2 matrix, in a proof of the caller's.
//!
//! ```
//! use tacit_layers::{
//!     Layout, MatmulArgument, Tensor, argument::matmul::MatmulLayer, proof::alone::Subject, tensor::evaluation,
//! };
//! use tacit_prover::ProveAlone;
//! use tacit_transcript::{ProofReader, ProofWriter};
//! use tacit_verifier::VerifyAlone;
//!
//! let matrix = |axes: [usize; 2], data: Vec<i64>| Tensor::new(Layout::new(axes.to_vec())?, data);
//! let left = matrix([2, 3], vec![1, 2, 3, 4, 5, 6])?;
//! let right = matrix([2, 3], vec![1, 0, -1, 2, 1, 0])?; // transposed
//! let product = matrix([2, 2], vec![-2, 4, -2, 13])?;
//! let layer = MatmulLayer { num_rows: 2, num_inner: 3, num_columns: 2 };
//!
//! // All three matrices must be committed to or absorbed first. Another argument, `Polynomial`, commits to a column of its own.
//! let mut writer = ProofWriter::new(b"example");
//! let prover = layer.prover(MatmulArgument::Sumcheck, &[&left, &right])?;
//! let left_to_do = prover.prove(&mut writer, &product, &mut ())?;
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! let claims = layer.verifier(MatmulArgument::Sumcheck)?.verify(&mut reader, &mut ())?;
//! reader.finish()?;
//! assert_eq!(claims, left_to_do);
//! // The caller's duty: every claim is that of its matrix; here by evaluating, else by an opening.
//! for claim in claims.into_claims() {
//!     let matrix = match claim.subject {
//!         Subject::Input(0) => &left,
//!         Subject::Input(_) => &right,
//!         _ => &product,
//!     };
//!     assert_eq!(evaluation::evaluate(matrix.layout(), matrix.data(), &claim.point)?, claim.value);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ark_bn254::Fr;
use tacit_algebra::{Mle, kernels::backend};
use tacit_layers::{
    Layout,
    tensor::evaluation::{kronecker, split_point},
};
use zeroize::Zeroizing;

use crate::integers::Integers;
use crate::sumcheck::{Grouped, Product};

pub mod polynomial;

/// $\sum_i \mathrm{eq}(r, i) T[i, \cdot]$ over the first `num_axes` axes, in storage order of the others.
pub(crate) fn fold_rows(layout: &Layout, values: Integers, num_axes: usize, point: &[Fr]) -> Vec<Fr> {
    let weights = kronecker(split_point(layout, point).take(num_axes));
    let inner = layout.num_elements() / weights.len();
    match values {
        Integers::Int8(values) => {
            backend().fold_bytes(&weights, &values.chunks_exact(inner).collect::<Vec<_>>(), inner)
        }
        Integers::Int64(values) => {
            backend().fold_integers(&weights, &values.chunks_exact(inner).collect::<Vec<_>>(), inner)
        }
        Integers::Int32(values) => {
            let wide: Zeroizing<Vec<i64>> = Zeroizing::new(values.iter().map(|&x| i64::from(x)).collect());
            fold_rows(layout, Integers::Int64(&wide), num_axes, point)
        }
    }
}

/// The sum over a layout's axes from `first_axis` on of a product of two vectors in storage order.
pub(crate) fn contraction(
    left: Vec<Fr>,
    right: Vec<Fr>,
    layout: &Layout,
    first_axis: usize,
    sum: Fr,
) -> Product {
    let pad = |values: Vec<Fr>| pad_axes(values, &layout.axes()[first_axis..]);
    Product::of(pad(left), pad(right), sum)
}

/// Both factors of [`contraction`] over the padded table of `axes`, weighted by $\mathrm{eq}$ with `group` over the leading
/// variables.
pub(crate) fn grouped(group: &[Fr], left: Vec<Fr>, right: Vec<Fr>, axes: &[usize], sum: Fr) -> Grouped {
    Grouped::of(group, pad_axes(left, axes), pad_axes(right, axes), sum)
}

/// Spreads a vector in storage order over the padded table of some axes.
pub(crate) fn pad_axes(values: Vec<Fr>, axes: &[usize]) -> Mle {
    let Ok(layout) = Layout::new(axes.to_vec()) else { return crate::evaluation::table(values, 0) };
    if layout.padded_extent() == values.len() {
        return crate::evaluation::table(values, layout.num_vars());
    }
    let mut padded = vec![Fr::from(0_u64); layout.padded_extent()];
    for (at, to, length) in layout.runs() {
        padded[to..to + length].copy_from_slice(&values[at..at + length]);
    }
    crate::evaluation::table(padded, layout.num_vars())
}
