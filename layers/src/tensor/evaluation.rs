//! Evaluating the multilinear extension of an integer tensor, axis by axis, without padding it.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::{eq, small};

use crate::{
    error::{Error, Result},
    tensor::{Layout, bits_of},
};

/// Splits a point of a layout's variables by axis.
pub fn split_point<'a>(layout: &'a Layout, point: &'a [Fr]) -> impl Iterator<Item = (usize, &'a [Fr])> {
    let mut rest = point;
    layout.axes().iter().map(move |&n| {
        let (head, tail) = rest.split_at(bits_of(n).min(rest.len()));
        rest = tail;
        (n, head)
    })
}

/// The equality table over stored positions of consecutive axes, row-major: the Kronecker product of the axes' tables.
pub fn kronecker<'a>(axes: impl Iterator<Item = (usize, &'a [Fr])>) -> Vec<Fr> {
    axes.fold(vec![Fr::one()], |outer, (length, point)| {
        let inner = eq::table(point, length);
        if outer.len() == 1 && outer.first().is_some_and(One::is_one) {
            return inner;
        }
        outer.iter().flat_map(|a| inner.iter().map(move |b| *a * b)).collect()
    })
}

/// $\widetilde x(r)$ for a tensor of integers of any width given by its elements in storage order.
///
/// # Errors
/// [`Error::ElementCount`] or [`Error::PointLength`] when elements or coordinates are not as many as the layout's.
pub fn evaluate<T: Copy + Into<i64>>(layout: &Layout, data: &[T], point: &[Fr]) -> Result<Fr> {
    let last = layout.axes().len().saturating_sub(1);
    Ok(fold(layout, data, point, last, true)?.first().copied().unwrap_or_else(Fr::zero))
}

/// $f(k) = \sum_{j} \mathrm{eq}(r, j) x[.., k, ..]$ for every position $k$ of one axis, all others folded at their
/// part of `point`.
///
/// # Errors
/// As [`evaluate`], and [`Error::NoAxis`] when the layout has no such axis.
pub fn fold_except<T: Copy + Into<i64>>(
    layout: &Layout,
    data: &[T],
    point: &[Fr],
    axis: usize,
) -> Result<Vec<Fr>> {
    if axis >= layout.axes().len() {
        return Err(Error::NoAxis { axes: layout.axes().to_vec(), axis });
    }
    fold(layout, data, point, axis, false)
}

fn fold<T: Copy + Into<i64>>(
    layout: &Layout,
    data: &[T],
    point: &[Fr],
    axis: usize,
    all: bool,
) -> Result<Vec<Fr>> {
    let axes = || layout.axes().to_vec();
    let (expected, actual) = (layout.num_elements(), data.len());
    if expected != actual {
        return Err(Error::ElementCount { axes: axes(), expected, actual });
    }
    let (expected, actual) = (layout.num_vars(), point.len());
    if expected != actual {
        return Err(Error::PointLength { axes: axes(), expected, actual });
    }
    let kept = layout.axes().get(axis).copied().unwrap_or(1);
    let outer = kronecker(split_point(layout, point).take(axis));
    let inner = kronecker(split_point(layout, point).skip(axis.saturating_add(usize::from(!all))));
    let rows = if all { 1 } else { kept };
    if rows == data.len() {
        return Ok(data.iter().map(|&x| small::from_i64(x.into())).collect());
    }
    let mut result = vec![Fr::zero(); rows];
    for (weight, block) in outer.iter().zip(data.chunks_exact(rows.saturating_mul(inner.len()))) {
        for (sum, row) in result.iter_mut().zip(block.chunks_exact(inner.len())) {
            *sum += small::inner_product(&inner, row.iter().map(|&x| x.into())) * weight;
        }
    }
    Ok(result)
}

/// $\sum \mathrm{eq}(r, j)$ over the stored positions $j$ of some axes: the share of a point that is not padding.
pub fn stored_share<'a>(axes: impl Iterator<Item = (usize, &'a [Fr])>) -> Fr {
    axes.map(|(length, point)| eq::evaluate_range(point, length)).product()
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use tacit_algebra::{Mle, small::from_i64};

    use super::*;

    #[test]
    fn evaluations_match_the_padded_table() {
        let mut rng = ark_std::test_rng();
        for axes in [vec![3, 5, 2], vec![7], vec![4, 4], vec![1, 3], vec![6, 1, 5, 3]] {
            let layout = Layout::new(axes).unwrap();
            let data: Vec<i64> = (0..layout.num_elements() as i64).map(|i| (i * 7919) % 511 - 255).collect();
            let point: Vec<Fr> = (0..layout.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
            let mut padded = vec![Fr::zero(); layout.padded_extent()];
            for (i, &x) in data.iter().enumerate() {
                padded[layout.padded_index(i)] = from_i64(x);
            }
            let expected = Mle::new(padded, layout.num_vars()).unwrap().evaluate(&point).unwrap();
            assert_eq!(evaluate(&layout, &data, &point), Ok(expected));
            let narrow: Vec<i32> = data.iter().map(|&x| x as i32).collect();
            assert_eq!(evaluate(&layout, &narrow, &point), Ok(expected));
            for axis in 0..layout.axes().len() {
                let folded = fold_except(&layout, &data, &point, axis).unwrap();
                let (length, part) = split_point(&layout, &point).nth(axis).unwrap();
                let value: Fr = eq::table(part, length).iter().zip(&folded).map(|(a, b)| *a * b).sum();
                assert_eq!(value, expected);
            }
        }
    }
}
