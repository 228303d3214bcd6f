//! Evaluating the multilinear extension of an integer tensor on all cores: what [`tacit_layers::tensor::evaluation`] specifies,
//! with its rows folded first.

use ark_bn254::Fr;
use tacit_algebra::{Mle, kernels::backend};
use tacit_layers::{Layout, argument::hyrax::RowShape};

use crate::rows::Rows;

/// A table whose maker knows its size.
pub(crate) fn table(values: Vec<Fr>, num_vars: usize) -> Mle {
    Mle::new(values, num_vars).unwrap_or_else(|error| unreachable!("{error}"))
}

/// Fixes the first variable of a table, if it has one.
pub(crate) fn bind(table: &mut Mle, r: Fr) {
    // Whoever binds too often has nothing left to bind.
    table.bind(r).unwrap_or_default();
}

/// The value of a table of which every variable is bound.
pub(crate) fn final_value(table: &Mle) -> Fr {
    table.final_value().unwrap_or_else(|error| unreachable!("{error}"))
}

/// The value of a table whose point its maker knows.
pub(crate) fn value(table: &Mle, point: &[Fr]) -> Fr {
    table.evaluate(point).unwrap_or_else(|error| unreachable!("{error}"))
}

/// $\widetilde x(r)$ for an integer tensor given by its elements in storage order.
pub(crate) fn evaluate(layout: &Layout, data: &[i64], point: &[Fr]) -> Fr {
    // Rows of about the square root of the tensor.
    let shape = RowShape::new(layout, layout.num_vars().div_ceil(2));
    let (row, column) = shape.split(point);
    let rows = Rows::new(layout, shape);
    let weights = backend().equality_table(row, shape.num_rows);
    let weights: Vec<Fr> = rows.runs.iter().map(|(row, _)| weights[*row]).collect();
    let runs: Vec<&[i64]> = rows.runs.iter().map(|(_, run)| &data[run.clone()]).collect();
    let folded = backend().fold_integers(&weights, &runs, rows.columns.len());
    let last = rows.columns.last().map_or(0, |last| last + 1);
    let table = backend().equality_table(column, last);
    let columns: Vec<Fr> = rows.columns.iter().map(|&column| table[column]).collect();
    backend().inner_product(&folded, &columns)
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;

    #[test]
    fn rows_first_gives_the_same_value() {
        let mut rng = ark_std::test_rng();
        for axes in [vec![1], vec![7], vec![3, 5, 2], vec![6, 5, 3, 3], vec![300], vec![64, 9], vec![5, 1, 6]]
        {
            let layout = Layout::new(axes).unwrap();
            for scale in [1, 300, 1 << 40] {
                let data: Vec<i64> =
                    (0..layout.num_elements() as i64).map(|i| (i * 7919 % 511 - 255) * scale).collect();
                let point: Vec<Fr> = (0..layout.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
                let expected = tacit_layers::tensor::evaluation::evaluate(&layout, &data, &point).unwrap();
                assert_eq!(evaluate(&layout, &data, &point), expected);
            }
        }
    }
}
