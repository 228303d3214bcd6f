//! Every byte kernel this processor can run gives exact products, at edge values and at every length.

use tacit_algebra::kernels::bytes::{BLOCK, ByteProduct, available};

fn expected(product: &ByteProduct, sums: &[i64]) -> Vec<i64> {
    let mut sums = sums.to_vec();
    for (i, left) in product.left.chunks_exact(product.inner).enumerate() {
        for (j, right) in product.right.chunks_exact(product.inner).enumerate() {
            let total: i64 = left.iter().zip(right).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
            sums[i * product.stride + j] += product.scale * total;
        }
    }
    sums
}

/// Bytes that all kernels must agree on: the extremes, and some in between.
fn left(i: usize) -> i8 {
    if i.is_multiple_of(5) { [i8::MIN, i8::MAX, -1][i / 5 % 3] } else { (i * 89 % 256) as u8 as i8 }
}

fn right(i: usize) -> u8 {
    if i.is_multiple_of(7) { [u8::MAX, 0, 128][i / 7 % 3] } else { (i * 57 % 256) as u8 }
}

#[test]
fn the_reference_comes_first_and_names_are_distinct() {
    let mut names: Vec<_> = available().iter().map(|kernel| kernel.name()).collect();
    assert_eq!(names[0], "portable");
    names.dedup();
    assert_eq!(names.len(), available().len());
}

#[test]
fn products_are_exact_for_every_shape() {
    for inner in [1, 2, 9, 31, 32, 63, 64, 65, 127, 128, 200, 600] {
        for (rows, columns) in [(0, 3), (1, 0), (1, 1), (3, 2), (4, 4), (5, 9), (8, 1), (9, 70)] {
            for scale in [1, -128, 256] {
                let a: Vec<i8> = (0..rows * inner).map(left).collect();
                let b: Vec<u8> = (0..columns * inner).map(right).collect();
                let stride = columns + 2;
                let product = ByteProduct { left: &a, right: &b, inner, scale, stride };
                let sums: Vec<i64> = (0..(rows * stride) as i64).map(|i| i - 7).collect();
                let expected = expected(&product, &sums);
                for kernel in available() {
                    let mut actual = sums.clone();
                    kernel.add_product(&product, &mut actual).unwrap();
                    assert_eq!(actual, expected, "{}: {rows} x {inner} x {columns}", kernel.name());
                }
            }
        }
    }
}

#[test]
fn sums_of_extreme_products_do_not_wrap() {
    for inner in [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5] {
        for weight in [i8::MIN, i8::MAX] {
            let (a, b) = (vec![weight; 5 * inner], vec![u8::MAX; 5 * inner]);
            let product = ByteProduct { left: &a, right: &b, inner, scale: 1, stride: 5 };
            for kernel in available() {
                let mut sums = [3; 25];
                kernel.add_product(&product, &mut sums).unwrap();
                let total = 3 + i64::from(weight) * 255 * inner as i64;
                assert_eq!(sums, [total; 25], "{}: {inner} times {weight}", kernel.name());
            }
        }
    }
}
