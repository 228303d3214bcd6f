//! The identities of the arguments that compare polynomials, at random points.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ark_bn254::Fr;
use ark_ff::{Field, UniformRand, Zero};
use tacit_algebra::{Mle, eq};
use tacit_layers::{
    AxisWindow, Error, Layout, Window2d,
    argument::{
        matmul::polynomial::{CrossPowers, MAX_INNER, cross_halves, cross_layout, inner_extent},
        power::PowerPoint,
        unfold::evaluate_shifts,
    },
    layer::conv2d::polynomial::{ConvolutionPowers, crop_vectors, product_layout},
    tensor::{
        bits_of,
        evaluation::{kronecker, split_point},
    },
};

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn scalars(count: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    (0..count).map(|_| Fr::rand(&mut rng)).collect()
}

/// The extension of field elements in storage order.
fn evaluate(layout: &Layout, values: &[Fr], point: &[Fr]) -> Fr {
    kronecker(split_point(layout, point)).iter().zip(values).map(|(e, x)| *e * x).sum()
}

fn windows() -> Vec<(Window2d, [usize; 2])> {
    let axis = |kernel, stride, dilation, pad_begin, pad_end| AxisWindow {
        kernel,
        stride,
        dilation,
        pad_begin,
        pad_end,
    };
    vec![
        (Window2d { height: axis(3, 1, 1, 1, 1), width: axis(3, 1, 1, 1, 1) }, [5, 4]),
        (Window2d { height: axis(2, 2, 3, 0, 2), width: axis(3, 3, 2, 4, 0) }, [7, 6]),
        (Window2d { height: axis(1, 1, 1, 0, 0), width: axis(4, 2, 1, 3, 3) }, [1, 5]),
        // More padding than the window reaches: some windows read nothing of the input.
        (Window2d { height: axis(2, 1, 1, 4, 3), width: axis(1, 2, 1, 2, 2) }, [3, 3]),
        (Window2d { height: axis(5, 4, 1, 0, 0), width: axis(1, 5, 1, 0, 0) }, [5, 9]),
    ]
}

/// $U$ of one channel by its definition.
fn product(window: &Window2d, [height, width]: [usize; 2], filter: &[Fr], x: &[Fr]) -> (Layout, Vec<Fr>) {
    let layout = product_layout("test", window, &layout(&[1, height, width])).unwrap();
    let mut values = vec![];
    for j in 0..layout.num_elements() {
        let (row, column) = (j / layout.axes()[1], j % layout.axes()[1]);
        let mut sum = Fr::zero();
        for (k, weight) in filter.iter().enumerate() {
            let (k_height, k_width) = (k / window.width.kernel, k % window.width.kernel);
            let y = (row + window.height.dilation * k_height).checked_sub(window.height.reach());
            let z = (column + window.width.dilation * k_width).checked_sub(window.width.reach());
            if let (Some(y), Some(z)) = (y.filter(|&y| y < height), z.filter(|&z| z < width)) {
                sum += *weight * x[y * width + z];
            }
        }
        values.push(sum);
    }
    (layout, values)
}

/// $\rho\, \widetilde U(\pi_U) = \widetilde W(\pi_W)\, \widetilde x(\pi_x)$.
#[test]
fn a_convolution_is_a_product_of_polynomials_at_a_random_point() {
    for (window, [height, width]) in windows() {
        let kernel = [window.height.kernel, window.width.kernel];
        let (filter, x) = (scalars(window.num_offsets()), scalars(height * width));
        let (layout_u, u) = product(&window, [height, width], &filter, &x);
        let mut rng = ark_std::test_rng();
        let challenges = [Fr::rand(&mut rng), Fr::rand(&mut rng)];
        let powers = ConvolutionPowers::new(&window, &layout(&[1, height, width]), challenges).unwrap();
        let left = powers.ratio * evaluate(&layout_u, &u, &powers.product);
        let weights = evaluate(&layout(&kernel), &filter, &powers.kernel);
        assert_eq!(left, weights * evaluate(&layout(&[height, width]), &x, &powers.input));
        // The axes have a challenge each.
        let [first, second] = challenges;
        let other = ConvolutionPowers::new(&window, &layout(&[1, height, width]), [second, first]).unwrap();
        assert_ne!(powers, other);
    }
}

/// $\widetilde a(r_p) = \sum_j S_h(j_h)\, S_w(j_w)\, U[j]$.
#[test]
fn crop_vectors_take_an_output_out_of_the_product() {
    for (window, [height, width]) in windows() {
        let (filter, x) = (scalars(window.num_offsets()), scalars(height * width));
        let (layout_u, u) = product(&window, [height, width], &filter, &x);
        let axes = [
            window.height.output_length("test", height).unwrap(),
            window.width.output_length("test", width).unwrap(),
        ];
        let mut output = vec![];
        for p in 0..axes[0] * axes[1] {
            let mut sum = Fr::zero();
            for (k, weight) in filter.iter().enumerate() {
                let (k_height, k_width) = (k / window.width.kernel, k % window.width.kernel);
                let y = window.height.input_position(p / axes[1], k_height, height);
                let z = window.width.input_position(p % axes[1], k_width, width);
                sum += y.zip(z).map_or(Fr::zero(), |(y, z)| *weight * x[y * width + z]);
            }
            output.push(sum);
        }
        let point = scalars(bits_of(axes[0]) + bits_of(axes[1]));
        let vectors =
            crop_vectors(&window, &layout(&[1, height, width]), &layout(&[1, axes[0], axes[1]]), &point);
        let crop = vectors[0].iter().flat_map(|a| vectors[1].iter().map(move |b| *a * b));
        let cropped: Fr = crop.zip(&u).map(|(s, u)| s * u).sum();
        assert_eq!(cropped, evaluate(&layout(&axes), &output, &point));
        // The verifier's evaluation of the crop's extension.
        let z = scalars(layout_u.num_vars());
        let crop: Vec<Fr> = vectors[0].iter().flat_map(|a| vectors[1].iter().map(move |b| *a * b)).collect();
        assert_eq!(evaluate_shifts(&vectors, &z), evaluate(&layout_u, &crop, &z));
    }
}

#[test]
fn convolutions_have_no_points_at_zero() {
    let (window, [height, width]) = windows()[1];
    let one = Fr::from(5_u64);
    for challenges in [[Fr::zero(), one], [one, Fr::zero()], [-Fr::from(1_u64), one]] {
        assert_eq!(ConvolutionPowers::new(&window, &layout(&[1, height, width]), challenges), None);
    }
}

/// $u^P (\sigma \widetilde a\, \sigma' \widetilde b - \langle a, b \rangle) = \sigma_H \widetilde H$.
#[test]
fn an_inner_product_is_the_middle_coefficient() {
    for (inner, longest) in [(vec![5], 5), (vec![3, 2, 3], 23), (vec![4], 9), (vec![1], 1), (vec![1], 2)] {
        let inner = layout(&inner);
        let extent = inner.padded_extent();
        let both = scalars(2 * inner.num_elements());
        let padded: Vec<Vec<Fr>> = both
            .chunks_exact(inner.num_elements())
            .map(|values| {
                let mut padded = vec![Fr::zero(); extent];
                (0..values.len()).for_each(|i| padded[inner.padded_index(i)] = values[i]);
                padded
            })
            .collect();
        let cross = cross_layout(longest).unwrap();
        let (lower, upper) = cross_halves(&cross);
        assert_eq!(upper, (longest - 1).max(1));
        assert!(lower.is_power_of_two() && (upper..2 * upper).contains(&lower));
        // Coefficients of Z^lower a(Z) b(1 / Z).
        let mut coefficients = vec![Fr::zero(); lower + 1 + upper];
        for (i, a) in padded[0].iter().enumerate() {
            for (k, b) in padded[1].iter().enumerate() {
                coefficients[lower + i - k] += *a * b;
            }
        }
        let middle = coefficients.remove(lower);
        assert_eq!(middle, padded[0].iter().zip(&padded[1]).map(|(a, b)| *a * b).sum::<Fr>());
        let u = scalars(both.len() + 1)[both.len()];
        let powers = CrossPowers::new(&cross, u).unwrap();
        assert_eq!(powers.middle, u.pow([lower as u64]));
        // Every position counts for a power of its own, padding too, and none for the middle one's.
        let weights = eq::table(&powers.cross.point, 2 * lower);
        let exponents = (0..=2 * lower as u64).filter(|&exponent| exponent != lower as u64);
        assert!(weights.iter().zip(exponents).all(|(weight, k)| powers.cross.scale * weight == u.pow([k])));
        let [a, b] = powers.factors(inner.num_vars()).unwrap();
        let at = |values: &[Fr], PowerPoint { point, scale }: &PowerPoint| -> Fr {
            *scale * Mle::new(values.to_vec(), point.len()).unwrap().evaluate(point).unwrap()
        };
        let left = powers.middle * (at(&padded[0], &a) * at(&padded[1], &b) - middle);
        assert_eq!(left, powers.cross.scale * evaluate(&cross, &coefficients, &powers.cross.point));
        // The tables that provers fold by are the same powers.
        let weights = eq::table(&a.point, extent);
        assert!(weights.iter().zip(0..).all(|(weight, k)| a.scale * weight == u.pow([k])));
    }
}

#[test]
fn inner_axes_are_bounded() {
    assert_eq!(inner_extent("dense", &[]), Ok(1));
    assert_eq!(inner_extent("dense", &[MAX_INNER]), Ok(MAX_INNER));
    for axes in [vec![MAX_INNER + 1], vec![1 << 20, 1 << 10]] {
        let refused = inner_extent("dense", &axes).unwrap_err();
        assert!(matches!(refused, Error::Attribute { what: "padded length of the inner axes", .. }));
    }
}
