//! The identities displayed in the layers' documentation, at edge values and at random points.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ark_bn254::Fr;
use ark_ff::UniformRand;
use tacit_algebra::{eq, small::from_i64};
use tacit_inference::{NetworkBuilder, execute};
use tacit_layers::{
    ActivationFunction, AxisWindow, Error, InputLayer, Layout, MatmulArgument, Multiplier, NodeId, Output,
    RescaleLayer, Tensor, ValueKind, ValueSpec, Window2d,
    layer::{
        Inputs, Layer, Site,
        cumulative_sum::CumulativeSumLayer,
        max_pool::{MaxPoolLayer, PoolClaim},
        product::{Factor, ProductLayer},
        rescale::{ACCUMULATOR_BITS, MAX_MULTIPLIER, MAX_SHIFT},
    },
    tensor::{MAX_AXES, MAX_VARS, evaluation},
};

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

#[test]
fn division_rounds_half_up_and_leaves_a_centred_remainder() {
    let largest = (1_i64 << (ACCUMULATOR_BITS - 1)) - 1;
    for shift in [1, 2, 7, 16, 17, 23, MAX_SHIFT] {
        let function = ActivationFunction::Clip { minimum: -128, maximum: 127 };
        let layer =
            RescaleLayer { multiplier: Multiplier::Uniform(1), shift, function, quotient_bounds: (0, 0) };
        let half = 1_i64 << (shift - 1);
        for m in [1, 2, 3, 127, i64::from(MAX_MULTIPLIER) - 1, i64::from(MAX_MULTIPLIER)] {
            for a in [0, 1, -1, half, -half, half - 1, half + 1, -half - 1, largest, -largest, -largest - 1] {
                let (q, r) = layer.divide(m, a);
                assert_eq!(m * a, (q << shift) + r, "m {m} a {a} s {shift}");
                assert!((-half..half).contains(&r), "remainder {r} at s {shift}");
                let (high, low) = layer.split(r);
                let digits = layer.low_digits();
                assert_eq!((high << digits) + low, r);
                assert!((0..1 << digits).contains(&low), "low part {low} at s {shift}");
                assert!((-half >> digits..half >> digits).contains(&high), "high part {high} at s {shift}");
                let exact = (i128::from(m) * i128::from(a) + i128::from(half)).div_euclid(1 << shift);
                assert_eq!(i128::from(q), exact, "m {m} a {a} s {shift}");
            }
        }
    }
}

/// $\widetilde D = V(r_k) \widetilde y - \widetilde X - \ell V(r_c) (V(r_k) V(r_p) - I(r_k, r_p))$.
#[test]
fn windowed_values_of_a_pool_follow_from_differences_and_maxima() {
    let mut rng = ark_std::test_rng();
    let dilated = AxisWindow { kernel: 3, stride: 2, dilation: 2, pad_begin: 2, pad_end: 1 };
    for (axes, height, width, minimum) in [
        ([3, 7, 5], AxisWindow::new(3, 2).padded(1, 1), AxisWindow::new(2, 1).padded(0, 1), -128),
        ([2, 6, 9], AxisWindow::new(2, 2), dilated, -7),
        ([1, 4, 4], AxisWindow::new(2, 2), AxisWindow::new(2, 2), -128),
        ([5, 3, 3], AxisWindow::new(3, 1).padded(1, 1), AxisWindow::new(1, 1), 0),
    ] {
        let layer = MaxPoolLayer { window: Window2d { height, width } };
        let input = layout(&axes);
        let output = layout(&[
            axes[0],
            height.output_length("pool", axes[1]).unwrap(),
            width.output_length("pool", axes[2]).unwrap(),
        ]);
        let elements = input.num_elements() as i64;
        let x: Vec<i64> = (0..elements).map(|i| minimum + (i * 7919) % 200).collect();
        let [channels, out_height, out_width] = [0, 1, 2].map(|axis| output.axes()[axis]);
        let read = |c: usize, p: usize, q: usize, i: usize, j: usize| {
            let place = |w: &AxisWindow, p: usize, k: usize| {
                (w.stride * p + w.dilation * k) as i64 - w.pad_begin as i64
            };
            let (row, column) = (place(&height, p, i), place(&width, q, j));
            let inside = (0..axes[1] as i64).contains(&row) && (0..axes[2] as i64).contains(&column);
            inside.then(|| x[(c * axes[1] + row as usize) * axes[2] + column as usize])
        };
        // Any "maximum" satisfies the identity, so that it holds for cheating provers too.
        let y: Vec<i64> = (0..output.num_elements() as i64).map(|i| (i * 31) % 97 - 40).collect();
        let (mut differences, mut unfolded) = (vec![], vec![]);
        for i in 0..height.kernel {
            for j in 0..width.kernel {
                for c in 0..channels {
                    for p in 0..out_height {
                        for q in 0..out_width {
                            let read = read(c, p, q, i, j);
                            let maximum = y[(c * out_height + p) * out_width + q];
                            differences.push(maximum - read.unwrap_or(minimum));
                            unfolded.push(read.unwrap_or(0));
                        }
                    }
                }
            }
        }
        let all = layer.difference_layout(&output).unwrap();
        let point: Vec<Fr> = (0..all.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
        let (offsets, position) = point.split_at(layer.offset_vars().iter().sum());
        let claim = PoolClaim {
            offsets,
            position,
            difference: evaluation::evaluate(&all, &differences, &point).unwrap(),
            maximum: evaluation::evaluate(&output, &y, position).unwrap(),
        };
        assert_eq!(
            layer.unfolded_value(claim, &input, &output, minimum),
            evaluation::evaluate(&all, &unfolded, &point).unwrap(),
            "{axes:?}"
        );
        let per_offset: Vec<Fr> = differences
            .chunks_exact(output.num_elements())
            .map(|offset| evaluation::evaluate(&output, offset, position).unwrap())
            .collect();
        assert_eq!(layer.combine_offsets(offsets, &per_offset), claim.difference);
    }
}

#[test]
fn deserialising_a_layout_refuses_what_building_one_refuses() {
    let read = |axes: &[usize]| postcard::from_bytes::<Layout>(&postcard::to_stdvec(axes).unwrap());
    let good = vec![3, 1, 5];
    assert_eq!(read(&good).unwrap(), layout(&good));
    assert_eq!(postcard::to_stdvec(&layout(&good)).unwrap(), postcard::to_stdvec(&good).unwrap());
    for axes in [vec![], vec![0], vec![2, 0, 3], vec![1; MAX_AXES + 1], vec![1 << 17, (1 << 17) + 1]] {
        let error = Error::Shape { axes: axes.clone(), max_axes: MAX_AXES, max_vars: MAX_VARS };
        assert_eq!(Layout::new(axes.clone()), Err(error));
        assert!(matches!(read(&axes), Err(postcard::Error::SerdeDeCustom)), "{axes:?}");
    }
}

#[test]
fn a_tensor_must_fill_its_layout() {
    for count in [0, 5, 7] {
        let error = Error::ElementCount { axes: vec![2, 3], expected: 6, actual: count };
        assert_eq!(Tensor::new(layout(&[2, 3]), vec![0_i64; count]), Err(error));
    }
}

#[test]
fn layers_of_activations_beyond_sixteen_bits_are_exact() {
    let bounds = (-65536, 65536);
    let layout = Layout::new(vec![1, 1, 3]).unwrap();
    let mut b = NetworkBuilder::new("wide", InputLayer::real(layout.clone(), bounds, 1.0));
    let weights =
        |axes: &[usize]| Tensor::new(Layout::new(axes.to_vec()).unwrap(), vec![1_i8, -128, 127]).unwrap();
    let dense = b.dense("dense", b.input(), 0, weights(&[1, 1, 1, 3]), Some(vec![5])).unwrap();
    let window = Window2d { height: AxisWindow::new(1, 1), width: AxisWindow::new(3, 1) };
    let conv = b.conv2d("conv", b.input(), window, weights(&[1, 1, 1, 3]), Some(vec![-5])).unwrap();
    for (node, shape) in [(dense, vec![1]), (conv, vec![1, 1, 1])] {
        b.output(Output { name: "y".to_owned(), node, shape, scales: vec![1.0], scale_axis: 0 });
    }
    let network = b.finish().unwrap();
    let input = Tensor::new(layout, vec![65536, -65536, 40000]).unwrap();
    let trace = execute(&network, &network.infer().unwrap(), &input).unwrap();
    let sum = 65536 + 128 * 65536 + 127 * 40000;
    let outputs: Vec<i64> = trace.outputs(&network).map(|output| output.data()[0]).collect();
    assert_eq!(outputs, [sum + 5, sum - 5]);
}

/// $\sum_{b, k} \mathrm{eq}(r_b, b)\, \widetilde x(b, r_l, k)\, \widetilde y(b, r_r, k) = \widetilde a(r_b, r_l, r_r)$.
#[test]
fn products_at_a_point_are_sums_of_their_factors_products() {
    let mut rng = ark_std::test_rng();
    for (left, left_axes, right, right_axes, result) in [
        ([3, 5, 2], b"blk", [5, 2, 3], b"rkb", &b"rbl"[..]),
        ([1, 3, 6], b"ubk", [6, 3, 1], b"kbv", b"bv"),
        ([2, 3, 5], b"abc", [2, 3, 5], b"abc", b"cab"),
        ([2, 1, 3], b"abc", [1, 2, 3], b"def", b"fcaebd"),
    ] {
        let tensor = |axes: &[usize], step: i64| {
            let layout = layout(axes);
            let data = (0..layout.num_elements() as i64).map(|i| (i * step) % 251 - 125).collect();
            Tensor::new(layout, data).unwrap()
        };
        let (x, y) = (tensor(&left, 7919), tensor(&right, 104_729));
        let layer = ProductLayer {
            left: left_axes.to_vec(),
            right: right_axes.to_vec(),
            output: result.to_vec(),
            argument: MatmulArgument::default(),
        };
        let axes = layer.axes("product", x.layout(), y.layout()).unwrap();
        let output = axes.output().unwrap();
        let mut point = |n: usize| -> Vec<Fr> { (0..n).map(|_| Fr::rand(&mut rng)).collect() };
        let at = point(output.num_vars());
        let batch = axes.batch_point(&at).unwrap();
        // The sum over the hypercube, factor by factor.
        let vars = axes.summed_vars();
        let sum: Fr = (0..1_usize << vars)
            .map(|index| {
                let corner: Vec<Fr> =
                    (0..vars).rev().map(|bit| Fr::from((index >> bit & 1) as u64)).collect();
                let factor = |factor, value: &Tensor<i64>| {
                    let point = layer.factor_point(&axes, factor, &at, &corner).unwrap();
                    evaluation::evaluate(value.layout(), value.data(), &point).unwrap()
                };
                eq::evaluate(&batch, &corner[..batch.len()]).unwrap()
                    * factor(Factor::Left, &x)
                    * factor(Factor::Right, &y)
            })
            .sum();
        let mut expected = vec![0; output.num_elements()];
        let position = |axes: &[usize], mut index: usize| {
            let mut position = vec![0; axes.len()];
            for (i, &n) in axes.iter().enumerate().rev() {
                position[i] = index % n;
                index /= n;
            }
            position
        };
        for (i, a) in x.data().iter().enumerate() {
            for (j, b) in y.data().iter().enumerate() {
                let places = [position(&left, i), position(&right, j)];
                let find = |name: &u8| {
                    let place = |names: &[u8], place: &[usize]| {
                        names.iter().position(|n| n == name).map(|at| place[at])
                    };
                    (place(left_axes, &places[0]), place(right_axes, &places[1]))
                };
                if left_axes.iter().all(|name| !matches!(find(name), (Some(i), Some(j)) if i != j)) {
                    let at = result.iter().zip(output.axes()).fold(0, |at, (name, n)| {
                        let (i, j) = find(name);
                        at * n + i.or(j).unwrap_or(0)
                    });
                    expected[at] += a * b;
                }
            }
        }
        assert_eq!(sum, evaluation::evaluate(&output, &expected, &at).unwrap());
    }
}

/// $\widetilde a(r) = \sum_i \prod_j S_j(i_j)\, x(i)$ for every kind of cumulative sum.
#[test]
fn a_cumulative_sum_at_a_point_is_a_sum_over_its_input() {
    let mut rng = ark_std::test_rng();
    let layout = Layout::new(vec![3, 5, 2]).unwrap();
    let kind = ValueKind::Activation { minimum: -255, maximum: 255 };
    let spec = ValueSpec { layout: layout.clone(), kind };
    for (axis, kinds) in (0..3).flat_map(|axis| (0..4).map(move |kinds| (axis, kinds))) {
        let layer = CumulativeSumLayer { axis, exclusive: kinds & 1 == 1, reverse: kinds & 2 == 2 };
        let mut b = NetworkBuilder::new("sums", InputLayer::real(layout.clone(), (-255, 255), 1.0));
        let sums = b.cumulative_sum("sums", b.input(), layer);
        b.output(Output {
            name: "y".into(),
            node: sums,
            shape: vec![3, 5, 2],
            scales: vec![1.0],
            scale_axis: 0,
        });
        let network = b.finish().unwrap();
        let data: Vec<i64> = (0..30).map(|i| (i * 7919) % 511 - 255).collect();
        let input = Tensor::new(layout.clone(), data.clone()).unwrap();
        let trace = execute(&network, &network.infer().unwrap(), &input).unwrap();
        let point: Vec<Fr> = (0..layout.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
        let expected = evaluation::evaluate(&layout, trace.values()[1].data(), &point).unwrap();
        let inputs = Inputs { layer: "sums", values: vec![&spec], parameters: vec![] };
        let output = layer.infer(&inputs).unwrap();
        let site = Site { id: sums, reads: &[NodeId(0)], inputs, output: &output };
        let weights = layer.shifts(&site, 0, &point).unwrap().table();
        let sum: Fr = weights.iter().zip(&data).map(|(weight, &x)| *weight * from_i64(x)).sum();
        assert_eq!(sum, expected, "{layer:?}");
    }
}
