//! Shapes that do not go together: an error that names them, or the value that a definition gives; no panic.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ark_bn254::Fr;
use ark_ff::{One, UniformRand, Zero};
use tacit_algebra::Error as Size;
use tacit_inference::circuit::{CircuitBuilder, execute, intervals};
use tacit_layers::{
    AxisWindow, Error, Layout, Tensor, Window2d,
    argument::{
        fourier::{FourierClaim, FourierVector},
        gates::{Circuit, Operand},
        hyrax::places,
        sumcheck::instance_point,
        unfold::evaluate_shifts,
        view::Shifts,
    },
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
    let claim = FourierClaim::new(FourierVector::new(3, -2, point(5)), &point(9), Fr::one());
    for actual in [0, 3, 5, 8] {
        let error = Size { what: COORDINATES, expected: 4, actual };
        assert_eq!(claim.weight(&point(actual)), Err(error));
    }
    let vector = FourierVector::new(1, 0, point(2));
    assert_eq!(vector.evaluate(&[], 7), vector.entries(1)[0]);
    let empty = FourierVector::new(i64::MIN, i64::MAX, vec![]);
    assert_eq!(empty.evaluate(&point(3), 0), Fr::zero());
    assert_eq!(empty.halved(), empty);
    assert_eq!(FourierClaim::new(empty, &[], Fr::zero()).split_index(), (Fr::zero(), &[][..]));
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
