//! Shapes that do not go together: an error that names them, or the value that a definition gives; no panic.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ark_bn254::Fr;
use ark_ff::{One, UniformRand, Zero};
use tacit_algebra::Error as Size;
use tacit_inference::circuit::{CircuitBuilder, execute, intervals};
use tacit_layers::{
    ActivationFunction, AxisWindow, Error, Layout, Multiplier, RescaleLayer, Tensor, Window2d,
    argument::{
        fourier::{FourierClaim, FourierVector, MAX_FOURIER_VARS},
        gates::{Circuit, Operand},
        hyrax::{Place, RowShape, places},
        lookup_table::{LookupTable, saturation::SaturationTable},
        masking::{evaluate_spread, mask_vars, masks_per_row},
        matmul::polynomial::cross_layout,
        soundness::{self, SoundnessError},
        sumcheck::instance_point,
        unfold::evaluate_shifts,
        view::Shifts,
    },
    layer::conv2d::fft::{AxisTransform, FftClaim, FftConvolutionLayer, SpectrumClaims, TransformValues},
    tensor::{
        evaluation::{evaluate, fold_except, kronecker, split_point, stored_share},
        window::OffsetWeights,
    },
};

const COORDINATES: &str = "the number of a point's coordinates";

fn point(n: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    (0..n).map(|_| Fr::rand(&mut rng)).collect()
}

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

#[test]
fn layouts_without_elements_or_with_too_many_are_refused() {
    for axes in [vec![], vec![0], vec![3, 0, 2], vec![usize::MAX], vec![1 << 20; 4], vec![1; 40]] {
        assert!(matches!(Layout::new(axes.clone()), Err(Error::Shape { axes: named, .. }) if named == axes));
    }
}

#[test]
fn tensors_hold_as_many_elements_as_their_layout() {
    for actual in [0, 1, 5, 7, 100] {
        let error = Error::ElementCount { axes: vec![2, 3], expected: 6, actual };
        assert_eq!(Tensor::new(layout(&[2, 3]), vec![0_i8; actual]), Err(error));
    }
}

#[test]
fn tensors_are_evaluated_at_points_and_elements_of_their_own_shape_only() {
    let axes = [3, 1, 5];
    let (layout, data) = (layout(&axes), [7_i64; 15]);
    for actual in [0, 1, 4, 6, 70] {
        let error = Error::PointLength { axes: axes.to_vec(), expected: 5, actual };
        assert_eq!(evaluate(&layout, &data, &point(actual)), Err(error.clone()));
        for axis in 0..3 {
            assert_eq!(fold_except(&layout, &data, &point(actual), axis), Err(error.clone()));
        }
    }
    for actual in [0, 1, 14, 16, 60] {
        let error = Error::ElementCount { axes: axes.to_vec(), expected: 15, actual };
        assert_eq!(evaluate(&layout, &vec![1_i8; actual], &point(5)), Err(error.clone()));
        assert_eq!(evaluate(&layout, &vec![1_i32; actual], &point(5)), Err(error.clone()));
        assert_eq!(fold_except(&layout, &vec![1_i64; actual], &point(5), 2), Err(error));
    }
    for axis in [3, usize::MAX] {
        let error = Error::NoAxis { axes: axes.to_vec(), axis };
        assert_eq!(fold_except(&layout, &data, &point(5), axis), Err(error));
    }
}

#[test]
fn parts_of_points_are_never_longer_than_the_point() {
    let axes = layout(&[3, 1, 5]);
    for n in [0, 1, 3, 9] {
        let point = point(n);
        let parts: Vec<(usize, usize)> =
            split_point(&axes, &point).map(|(length, part)| (length, part.len())).collect();
        assert_eq!(parts.iter().map(|(_, part)| part).sum::<usize>(), n.min(5));
        // Positions without coordinates of their own count for nothing.
        assert_eq!(kronecker(split_point(&axes, &point)).len(), 15);
        let _ = stored_share(split_point(&axes, &point));
        let shifts = Shifts::new(vec![(2, vec![Fr::one(); 9]), (1, vec![]), (4, vec![Fr::one()])]);
        assert_eq!(shifts.evaluate(&axes, &point), Fr::zero());
        assert!(instance_point(&point, 5).len() <= n);
        let _ = evaluate_shifts(&[vec![Fr::one(); 3], vec![]], &point);
    }
}

#[test]
fn windows_that_do_not_move_or_have_no_offsets_read_nothing() {
    for (kernel, stride) in [(0, 0), (0, 1), (3, 0)] {
        let window = AxisWindow { kernel, stride, dilation: 0, pad_begin: 0, pad_end: 0 };
        let what = if kernel == 0 { "kernel size" } else { "stride" };
        let refused = window.output_length("w", 9);
        assert!(matches!(refused, Err(Error::Attribute { what: named, .. }) if named == what), "{refused:?}");
        let _ = (window.reach(), window.input_position(usize::MAX, usize::MAX, 9));
        assert!(stride > 0 || window.positions_inside(1, 9, 9).is_empty());
        for n in [0, 2, 7] {
            let offsets = point(n);
            for offsets in [OffsetWeights::All, OffsetWeights::Point(&offsets)] {
                assert_eq!(window.shift_vector(9, 4, &point(n), offsets).len(), 9);
            }
            assert_eq!(window.crop_vector(9, 4, &point(n)).len(), 9);
        }
        let _ = Window2d::square(window).num_offsets();
    }
}

#[test]
fn fourier_vectors_are_reduced_at_points_of_their_own_length_only() {
    let claim = FourierClaim::new(FourierVector::new(3, -2, point(5)).unwrap(), &point(9), Fr::one());
    for actual in [0, 3, 5, 8] {
        let error = Size { what: COORDINATES, expected: 4, actual };
        assert_eq!(claim.weight(&point(actual)), Err(error));
    }
    let vector = FourierVector::new(1, 0, point(2)).unwrap();
    assert_eq!(vector.evaluate(&[], 7), vector.entries(1)[0]);
    let empty = FourierVector::new(i64::MIN, i64::MAX, vec![]).unwrap();
    assert_eq!(empty.evaluate(&point(3), 0), Fr::zero());
    assert_eq!(empty.halved(), empty);
    assert_eq!(FourierClaim::new(empty, &[], Fr::zero()).split_index(), (Fr::zero(), &[][..]));
    assert_eq!(vector.evaluate(&point(2), usize::MAX), vector.evaluate(&point(2), 4));
}

#[test]
fn frequencies_beyond_the_fields_roots_have_no_vector() {
    let window = AxisWindow::new(3, 1);
    for actual in [MAX_FOURIER_VARS + 1, 64, 1000] {
        let error =
            Size { what: "the number of a frequency's coordinates", expected: MAX_FOURIER_VARS, actual };
        assert_eq!(FourierVector::new(1, 0, point(actual)), Err(error));
        let axis = AxisTransform::new(window, usize::MAX, usize::MAX);
        assert_eq!(AxisTransform::input_vector(point(actual)), Err(error));
        assert_eq!(axis.kernel_vector(point(actual)), Err(error));
        assert_eq!(axis.crop_vector(point(actual)), Err(error));
        assert_eq!(axis.length(), usize::MAX);
        let layer =
            FftConvolutionLayer::new(&Window2d::square(window), 1, 1, [usize::MAX; 2], [usize::MAX; 2]);
        assert!(matches!(layer.check("w"), Err(Error::Spectrum { .. })));
        let spectra = layer.spectrum_claims(&point(actual), [Fr::one(); 4]);
        let long = [Fr::one(); MAX_FOURIER_VARS + 1];
        let spectra = SpectrumClaims { frequencies: [long.to_vec(), vec![]], ..spectra };
        let error = Size { actual: long.len(), ..error };
        let values = TransformValues::from_scalars([Fr::one(); 6]);
        assert_eq!(layer.fourier_claims(&spectra, [&[]; 4], &values), Err(error));
        let claim = FftClaim { group: vec![], position: vec![], value: Fr::one() };
        assert_eq!(layer.transform_weights(&claim, &spectra, [&[]; 4]), Err(error));
    }
    let longest = FourierVector::new(-5, 9, point(MAX_FOURIER_VARS)).unwrap();
    assert_eq!(longest.entries(3).len(), 3);
}

#[test]
fn sizes_beyond_what_an_index_counts_are_the_largest_ones() {
    let layouts = [layout(&[8]), layout(&[3, 5]), layout(&[1])];
    for key_vars in [0, 1, 26, 31, 62, 63, 64, 65, 1000, usize::MAX] {
        let (places, rows) = places(layouts.iter(), key_vars);
        assert!(rows >= 1 && places.len() == 3);
        for place in places {
            let _ = (place.first_column(), place.shape.share(64, key_vars), place.shape.split(&point(2)));
            let far = RowShape { column_vars: key_vars, ..place.shape };
            let _ = (far.share(usize::MAX, 7), Place { shape: far, block: 9, ..place }.first_column());
        }
        let _ = (masks_per_row(key_vars), mask_vars(usize::MAX, key_vars));
        assert_eq!(evaluate_spread(&[], &point(3), key_vars), Fr::zero());
    }
    for extent in [0, 1, usize::MAX / 2 + 2, usize::MAX] {
        assert_eq!(cross_layout(extent).is_ok(), extent <= 1, "{extent}");
    }
}

#[test]
fn tables_of_any_size_and_bounds_have_rows_and_extensions() {
    let clip = |minimum, maximum| ActivationFunction::Clip { minimum, maximum };
    assert_eq!([clip(5, -5).apply(0), clip(5, -5).apply(100)], [-5; 2]);
    let results = ActivationFunction::Table { first: i64::MAX, results: vec![] };
    assert_eq!(results.apply(i64::MIN), 0);
    let sizes = [0, 1, 19, 31, 32, 62, 63, 64, 100, u32::MAX];
    for num_vars in sizes {
        for table in [
            LookupTable::Remainder { shift: num_vars },
            LookupTable::Difference { num_vars },
            LookupTable::Activation { function: clip(7, -7), first: i64::MIN, num_vars },
            LookupTable::Activation { function: results.clone(), first: i64::MAX, num_vars },
            LookupTable::Range { minimum: i64::MAX, maximum: i64::MIN, num_vars },
            LookupTable::Saturation(SaturationTable::new(i64::MAX, i64::MIN, (i64::MIN, i64::MAX))),
            LookupTable::Saturation(SaturationTable::new(i64::MIN, i64::MAX, (i64::MAX, i64::MIN))),
        ] {
            for index in [0, 1, usize::MAX] {
                let (key, _) = table.row(index);
                let _ = (table.position(key), table.position(i64::MIN), table.position(i64::MAX));
            }
            for n in [0, 1, 7, 12] {
                let _ = table.evaluate(&point(n));
            }
        }
    }
    for (minimum, maximum) in [(5, -5), (i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 0)] {
        let table = SaturationTable::new(minimum, maximum, (i64::MIN, i64::MAX));
        for quotient in [i64::MIN, -1, 0, i64::MAX] {
            let _ = (table.keys(table.split(quotient)), table.second(quotient));
        }
    }
}

#[test]
fn rescaling_by_any_shift_divides() {
    let layer = |shift| RescaleLayer {
        multiplier: Multiplier::Uniform(1),
        shift,
        quotient_bounds: (0, 0),
        function: ActivationFunction::Clip { minimum: 0, maximum: 255 },
    };
    for shift in [0, 1, 16, 31, 62, 63, 64, 200, u32::MAX] {
        let layer = layer(shift);
        for accumulator in [i64::MIN, -3, 0, 1 << 40, i64::MAX] {
            let (quotient, remainder) = layer.divide(i64::MAX, accumulator);
            assert!(shift < 64 || [0, -1].contains(&quotient), "{shift}");
            let _ = (layer.split(remainder), layer.recompose(Fr::one(), Fr::one(), Fr::one()));
        }
    }
    assert_eq!(layer(0).divide(3, 5), (15, 0));
}

#[test]
fn errors_of_any_sizes_are_sums() {
    let largest = usize::MAX;
    for n in [0, 1, 64, 127, 128, largest] {
        for error in [
            soundness::sumcheck(n, n, n),
            soundness::logup(n),
            soundness::lookups(n, n),
            soundness::rescale(n, n),
            soundness::max_pool(n, n, n, n),
            soundness::contraction(n, n),
            soundness::products(n, n),
            soundness::polynomial_convolution(n, n, n),
            soundness::polynomial_matmul(n, n, n),
            soundness::views(n, n, n),
            soundness::windows(n, n),
            soundness::fourier(&[n; 3]),
            soundness::fourier(&[]),
            soundness::fft_convolutions(&[]),
            soundness::masking(n),
            soundness::gates(&[]),
            soundness::hyrax(n, n),
        ] {
            let sum: SoundnessError = [error; 3].into_iter().sum();
            assert!(sum.bad_challenges() >= error.bad_challenges() && !sum.bits().is_nan());
        }
    }
}

#[test]
fn a_tensors_place_is_weighed_at_points_of_a_row() {
    let layout = layout(&[8]);
    let (places, _) = places([&layout].into_iter(), 5);
    let error = Size { what: COORDINATES, expected: 3, actual: 2 };
    assert_eq!(places[0].column_weight(&point(3), &point(2)), Err(error));
}

/// $(x_0 y_0 + 3, x_1 y_1 + 3)$.
fn circuit() -> Circuit {
    let mut builder = CircuitBuilder::new();
    let (x, y) = (builder.input(&[2]).unwrap(), builder.input(&[2]).unwrap());
    let three = builder.constant(3);
    for (x, y) in x.into_iter().zip(y) {
        let product = builder.multiply(x, y);
        let sum = builder.add(product, three);
        builder.output(sum);
    }
    builder.finish(&[2]).unwrap()
}

#[test]
fn circuits_run_on_inputs_of_their_own_shapes_only() {
    let circuit = circuit();
    assert_eq!(execute(&circuit, &[&[1, 2], &[3, 4]]).unwrap()[0], [6, 11]);
    let run = |lengths: &[usize]| {
        let inputs: Vec<Vec<i64>> = lengths.iter().map(|&n| vec![1; n]).collect();
        let ranges: Vec<Vec<(i128, i128)>> = lengths.iter().map(|&n| vec![(0, 1); n]).collect();
        let run = execute(&circuit, &inputs.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let ranges = ranges.iter().map(Vec::as_slice).collect::<Vec<_>>();
        (run.unwrap_err(), intervals(&circuit, &ranges, |_, _| Ok(())).unwrap_err())
    };
    for lengths in [&[][..], &[2], &[2, 2, 2]] {
        let error = Error::InputCount { layer: "circuit".to_owned(), expected: 2, actual: lengths.len() };
        assert_eq!(run(lengths), (error.clone(), error));
    }
    for (lengths, actual) in [(&[2, 1], 1), (&[0, 2], 0), (&[2, 3], 3)] {
        let error = Error::ElementCount { axes: vec![2], expected: 2, actual };
        assert_eq!(run(lengths), (error.clone(), error));
    }
    let mut broken = circuit.clone();
    broken.layers[0].wirings[0].left = Some(Operand::Input(9));
    assert!(execute(&broken, &[&[1, 2], &[3, 4]]).is_err());
    assert!(intervals(&broken, &[&[(0, 1); 2][..]; 2], |_, _| Ok(())).is_err());
}

#[test]
fn wirings_have_no_value_at_points_of_other_shapes() {
    let layouts = [layout(&[4, 3]), layout(&[3, 4])];
    let output = layout(&[4, 4]);
    let factors = tacit_layers::layer::dense::DenseLayer {
        weights: tacit_layers::ParameterId(0),
        bias: None,
        num_row_axes: 1,
        num_outputs: 4,
        argument: tacit_layers::MatmulArgument::Gates,
    };
    let circuit = factors.circuit(&layouts[0]).unwrap();
    let mut refused = 0;
    for wired in circuit.wirings(0) {
        for lengths in [[0, 0, 0], [1, 9, 4], [output.num_vars(), 3, 4], [4, 4, 0]] {
            let [z, x, y] = lengths.map(point);
            refused += usize::from(wired.evaluate([&z, &x, &y]).is_err());
        }
        assert!(wired.evaluate([&point(4), &point(4), &point(4)]).is_ok());
    }
    assert!(refused > 0);
}
