use ark_ff::{AdditiveGroup, UniformRand};
use tacit_algebra::small::from_i64;

use super::*;
use crate::argument::fourier::root_of_unity;
use crate::tensor::window::AxisWindow;

const fn axis(kernel: usize, stride: usize, dilation: usize, begin: usize, end: usize) -> AxisWindow {
    AxisWindow { kernel, stride, dilation, pad_begin: begin, pad_end: end }
}

/// Windows with the lengths of the axes they run over.
const AXES: [(AxisWindow, usize); 12] = [
    (axis(1, 1, 1, 0, 0), 1),
    (axis(3, 1, 1, 1, 1), 8),
    (axis(3, 1, 1, 0, 2), 7),
    (axis(2, 2, 1, 3, 0), 5),
    (axis(3, 2, 2, 2, 1), 9),
    (axis(5, 3, 1, 0, 4), 6),
    (axis(1, 4, 1, 0, 0), 16),
    (axis(2, 1, 5, 4, 4), 3),
    (axis(7, 1, 1, 6, 6), 1),
    (axis(1, 1, 1, 3, 3), 1),
    (axis(4, 5, 3, 9, 2), 4),
    (axis(3, 1, 4, 0, 0), 9),
];

fn transforms() -> impl Iterator<Item = AxisTransform> {
    AXES.into_iter()
        .map(|(window, n)| AxisTransform::new(window, n, window.output_length("axis", n).unwrap()))
}

#[test]
fn no_read_wraps_around_to_a_stored_position() {
    for axis in transforms() {
        let (window, n) = (axis.window, axis.input);
        let position =
            |p: usize, k: usize| (window.stride * p + window.dilation * k) as i64 - window.pad_begin as i64;
        let mut tight = axis.length() == 1;
        for (p, k) in (0..axis.output).flat_map(|p| (0..window.kernel).map(move |k| (p, k))) {
            let cyclic =
                |length: usize| Some(position(p, k).rem_euclid(length as i64) as usize).filter(|&i| i < n);
            assert_eq!(cyclic(axis.length()), window.input_position(p, k, n), "{axis:?}, {p}, {k}");
            // Half the length would wrap, or not hold the input.
            let half = axis.length() / 2;
            tight = tight || half < n || cyclic(half) != window.input_position(p, k, n);
        }
        assert!(tight, "{axis:?}");
    }
}

fn power(root: Fr, exponent: i64, order: usize) -> Fr {
    root.pow([exponent.rem_euclid(order as i64) as u64])
}

/// The identity of the module's documentation along one axis, sum by sum.
#[test]
fn the_convolution_is_a_product_in_the_frequency_domain() {
    let mut rng = ark_std::test_rng();
    for axis in transforms() {
        let (window, order) = (axis.window, axis.length());
        let root = root_of_unity(axis.num_vars);
        let x: Vec<i64> = (0..axis.input as i64).map(|i| i * i - 7 * i + 3).collect();
        let w: Vec<i64> = (0..window.kernel as i64).map(|k| 5 - 3 * k * k).collect();
        let point: Vec<Fr> = (0..bits_of(axis.output)).map(|_| Fr::rand(&mut rng)).collect();
        let weights = eq::table(&point, axis.output);
        let mut direct = Fr::ZERO;
        for (p, k) in (0..axis.output).flat_map(|p| (0..window.kernel).map(move |k| (p, k))) {
            let read = window.input_position(p, k, axis.input).map_or(0, |i| x[i]);
            direct += weights[p] * from_i64(w[k] * read);
        }
        let mut spectral = Fr::ZERO;
        for f in 0..order as i64 {
            let at = |step: i64, offset: i64, i: usize| power(root, (step * i as i64 + offset) * f, order);
            let x: Fr = x.iter().enumerate().map(|(i, &x)| from_i64(x) * at(1, 0, i)).sum();
            let w: Fr =
                w.iter().enumerate().map(|(k, &w)| from_i64(w) * at(-(window.dilation as i64), 0, k)).sum();
            let crop = |(p, e): (usize, &Fr)| *e * at(-(window.stride as i64), window.pad_begin as i64, p);
            spectral += weights.iter().enumerate().map(crop).sum::<Fr>() * w * x;
        }
        assert_eq!(spectral, direct * Fr::from(order as u64), "{axis:?}");
    }
}

/// Every transform's extension in the frequency is the inner product with its Fourier vector.
#[test]
fn vectors_are_the_extensions_of_the_transforms() {
    let mut rng = ark_std::test_rng();
    for axis in transforms() {
        let root = root_of_unity(axis.num_vars);
        let frequency: Vec<Fr> = (0..axis.num_vars).map(|_| Fr::rand(&mut rng)).collect();
        let table = eq::table(&frequency, axis.length());
        let (step, dilation, begin) =
            (axis.window.stride as i64, axis.window.dilation as i64, axis.window.pad_begin as i64);
        for (vector, step, offset, length) in [
            (AxisTransform::input_vector(frequency.clone()).unwrap(), 1, 0, axis.input),
            (axis.kernel_vector(frequency.clone()).unwrap(), -dilation, 0, axis.window.kernel),
            (axis.crop_vector(frequency.clone()).unwrap(), -step, begin, axis.output),
        ] {
            for (i, entry) in vector.entries(length).into_iter().enumerate() {
                let at = |f: i64| power(root, (step * i as i64 + offset) * f, axis.length());
                assert_eq!(entry, table.iter().zip(0..).map(|(e, f)| *e * at(f)).sum::<Fr>());
            }
        }
    }
}

#[test]
fn refuses_a_spectrum_that_is_too_large() {
    let window = Window2d::square(axis(3, 1, 1, 1, 1));
    let layer =
        |channels, length: usize| FftConvolutionLayer::new(&window, 1, channels, [length; 2], [length; 2]);
    assert_eq!(layer(64, 1023).check("conv"), Ok(()));
    let refused = Error::Spectrum { layer: "conv".to_owned(), num_vars: 28, limit: MAX_SPECTRUM_VARS };
    assert_eq!(layer(64, 1024).check("conv"), Err(refused));
}
