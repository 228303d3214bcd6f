//! Blocks of several layers against what they stand for: real softmax within its bound, exact maxima and indices.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tacit_inference::{
    NetworkBuilder,
    composite::softmax::{MAX_LENGTH, Softmax, SoftmaxOptions},
    execute,
};
use tacit_layers::{Error, InputLayer, Layout, NodeId, Operation, Output, Tensor};

fn builder(axes: &[usize], low: i64, high: i64) -> NetworkBuilder {
    let layout = Layout::new(axes.to_vec()).unwrap();
    NetworkBuilder::new("block", InputLayer::real(layout, (low, high), 1.0))
}

fn output(node: NodeId, axes: &[usize]) -> Output {
    Output { name: "y".to_owned(), node, shape: axes.to_vec(), scales: vec![1.0], scale_axis: 0 }
}

/// Runs what `block` builds on several inputs of one shape.
fn run(
    axes: &[usize],
    (low, high): (i64, i64),
    inputs: &[Vec<i64>],
    block: impl FnOnce(&mut NetworkBuilder, NodeId) -> NodeId,
) -> Vec<Vec<i64>> {
    let mut b = builder(axes, low, high);
    let input = b.input();
    let node = block(&mut b, input);
    let shape = b.spec(node).unwrap().layout.axes().to_vec();
    b.output(output(node, &shape));
    let network = b.finish().unwrap();
    let specs = network.infer().unwrap();
    let layout = Layout::new(axes.to_vec()).unwrap();
    inputs
        .iter()
        .map(|data| {
            let input = Tensor::new(layout.clone(), data.clone()).unwrap();
            let trace = execute(&network, &specs, &input).unwrap();
            trace.outputs(&network).next().unwrap().data().to_vec()
        })
        .collect()
}

/// Seeded integers in a range.
fn integers(seed: u64, count: usize, low: i64, high: i64) -> Vec<i64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        low + (state >> 11) as i64 % (high - low + 1)
    };
    (0..count).map(|_| next()).collect()
}

/// Inputs that make the error large: all equal; one far above the rest; the rest where exponentials of any width just fail or
/// just reach the next integer; halves.
fn adversarial(length: usize, scale: f64, low: i64, high: i64) -> Vec<Vec<i64>> {
    let mut inputs = vec![vec![low; length], vec![high; length]];
    for bits in 0..=17 {
        for margin in -1..=1_i64 {
            let below = ((f64::from(bits) * std::f64::consts::LN_2 / scale).round() as i64 + margin)
                .clamp(0, high - low);
            for tops in [1, length.div_ceil(8), length / 2] {
                let top = |i: usize| if i < tops { high } else { high - below };
                inputs.push((0..length).map(top).collect());
            }
        }
    }
    inputs.extend((0..8).map(|seed| integers(seed + 1, length, low, high)));
    inputs.extend((0..4).map(|seed| integers(seed + 9, length, high - (high - low) / 16, high)));
    inputs
}

fn largest_error(length: usize, (low, high): (i64, i64), options: &SoftmaxOptions) -> (f64, f64) {
    let inputs = adversarial(length, options.scale, low, high);
    let mut built = None;
    let outputs = run(&[length], (low, high), &inputs, |b, x| {
        let softmax = b.softmax("softmax", x, 0, options).unwrap();
        built = Some(softmax);
        softmax.node
    });
    let Softmax { scale, error_bound, .. } = built.unwrap();
    let mut largest = 0.0_f64;
    for (input, output) in inputs.iter().zip(outputs) {
        let exponentials =
            input.iter().map(|&x| ((x - input.iter().max().unwrap()) as f64 * options.scale).exp());
        let exponentials: Vec<f64> = exponentials.collect();
        let sum: f64 = exponentials.iter().sum();
        for (e, &y) in exponentials.iter().zip(&output) {
            largest = largest.max((y as f64 * scale - e / sum).abs());
        }
    }
    (largest, error_bound)
}

#[test]
fn softmax_stays_within_its_bound_and_comes_near_it() {
    let byte = (-128, 127);
    for output_bits in [8, 15] {
        for (length, bounds, scale, published) in [
            (1, byte, 0.1, [0.0025, 0.00005]),
            (2, byte, 0.05, [0.0026, 0.0001]),
            (3, byte, 0.7, [0.0025, 0.0001]),
            (10, byte, 0.1, [0.0027, 0.0003]),
            (64, byte, 0.06, [0.0042, 0.0018]),
            (197, byte, 0.05, [0.0064, 0.004]),
            (1000, byte, 0.08, [0.022, 0.018]),
            (1024, byte, 0.03, [0.03, 0.028]),
            (4096, byte, 0.05, [0.12, 0.11]),
            (10, (0, 65535), 0.0004, [0.0032, 0.0008]),
            (100, (-32768, 32767), 0.0003, [0.005, 0.0026]),
        ] {
            let options = SoftmaxOptions { scale, output_bits };
            let (largest, bound) = largest_error(length, bounds, &options);
            assert!(largest <= bound, "length {length}, {output_bits} bits: {largest} above {bound}");
            // A bound far from what is met would say little; a single probability is always one.
            let near = largest * 5.0 > bound || length == 1;
            assert!(near, "length {length}, {output_bits} bits: {largest} far below {bound}");
            // The figures of the documentation.
            let published = published[usize::from(output_bits == 15)];
            let rounded = bound <= published && published <= 1.25 * bound;
            assert!(rounded, "length {length}, {output_bits} bits: {bound} is published as {published}");
        }
    }
}

#[test]
fn softmax_keeps_its_tables_within_sixteen_bits() {
    for (length, bounds, output_bits) in
        [(2, (-128, 127), 8), (1000, (-128, 127), 8), (4096, (-32768, 32767), 15), (MAX_LENGTH, (0, 255), 1)]
    {
        let mut b = builder(&[length], bounds.0, bounds.1);
        let softmax =
            b.softmax("softmax", b.input(), 0, &SoftmaxOptions { scale: 0.01, output_bits }).unwrap();
        b.output(output(softmax.node, &[length]));
        let plan = tacit_layers::proof::plan::Plan::new(&b.finish().unwrap().architecture).unwrap();
        // Differences of the maximum itself need as many bits as the input and one.
        assert!(plan.tables.iter().all(|table| table.num_vars() <= 16), "length {length}");
    }
}

#[test]
fn softmax_along_any_axis_is_that_of_every_row() {
    let axes = [3, 5, 2, 4];
    let data = integers(5, 120, -128, 127);
    let options = SoftmaxOptions { scale: 0.04, output_bits: 12 };
    for axis in 0..4 {
        let whole = run(&axes, (-128, 127), std::slice::from_ref(&data), |b, x| {
            b.softmax("softmax", x, axis, &options).unwrap().node
        });
        let inner: usize = axes[axis + 1..].iter().product();
        for start in (0..120).filter(|i| (i / inner).is_multiple_of(axes[axis])) {
            let row: Vec<usize> = (0..axes[axis]).map(|k| start + k * inner).collect();
            let values: Vec<i64> = row.iter().map(|&i| data[i]).collect();
            let single = run(&[axes[axis]], (-128, 127), &[values], |b, x| {
                b.softmax("softmax", x, 0, &options).unwrap().node
            });
            assert_eq!(row.iter().map(|&i| whole[0][i]).collect::<Vec<_>>(), single[0]);
        }
    }
}

#[test]
fn masked_softmax_is_that_of_what_is_kept() {
    let axes = [3, 4, 5];
    let data = integers(7, 60, -128, 127);
    let options = SoftmaxOptions { scale: 0.04, output_bits: 12 };
    let masks: [fn(usize) -> bool; 3] = [
        |i| i % 5 <= i / 5 % 4,
        // Nothing is the same along any axis.
        |i| i % 5 == 0 || i / 5 % 4 == 0 || (i * i) % 7 < 3,
        |i| i < 20 || i % 2 == 0 || i % 5 == 1 || i / 5 % 4 == 2,
    ];
    for mask in masks {
        for (axis, inner) in [(0, 20), (1, 5), (2, 1)] {
            let kept: Vec<bool> = (0..60).map(mask).collect();
            let lines: Vec<Vec<usize>> = (0..60_usize)
                .filter(|i| (i / inner).is_multiple_of(axes[axis]))
                .map(|start| (0..axes[axis]).map(|k| start + k * inner).collect())
                .collect();
            let mut b = builder(&axes, -128, 127);
            let input = b.input();
            if lines.iter().any(|line| line.iter().all(|&i| !kept[i])) {
                assert!(b.masked_softmax("softmax", input, axis, &kept, &options).is_err());
                continue;
            }
            let mut bound = 0.0;
            let whole = run(&axes, (-128, 127), std::slice::from_ref(&data), |b, x| {
                let softmax = b.masked_softmax("softmax", x, axis, &kept, &options).unwrap();
                bound = softmax.error_bound;
                softmax.node
            });
            for line in lines {
                let exponential =
                    |i: usize| if kept[i] { (data[i] as f64 * options.scale).exp() } else { 0.0 };
                let sum: f64 = line.iter().map(|&i| exponential(i)).sum();
                for i in line {
                    let actual = whole[0][i] as f64 / 4096.0;
                    assert!((actual - exponential(i) / sum).abs() <= bound, "axis {axis}, element {i}");
                    assert!(kept[i] || whole[0][i] == 0);
                }
            }
        }
    }
}

#[test]
fn arg_max_finds_the_first_or_the_last_of_all_maxima() {
    for length in [1, 2, 3, 9, 64, 100] {
        let mut inputs: Vec<Vec<i64>> = (0..20).map(|seed| integers(seed, length, -3, 3)).collect();
        inputs.extend([vec![-3; length], vec![3; length], (0..length as i64).map(|i| i % 7 - 3).collect()]);
        for last in [false, true] {
            let found = run(&[length], (-3, 3), &inputs, |b, x| b.arg_max("index", x, 0, last).unwrap());
            for (input, found) in inputs.iter().zip(found) {
                let maximum = input.iter().max();
                let mut places = (0..length).filter(|&i| Some(&input[i]) == maximum);
                let expected = if last { places.next_back() } else { places.next() };
                assert_eq!(found, [expected.unwrap() as i64], "{input:?}");
            }
        }
    }
}

#[test]
fn maxima_over_any_axes_are_those_of_plain_loops() {
    for (axes, over) in [
        (vec![7], vec![0]),
        (vec![3, 20], vec![1]),
        (vec![20, 3], vec![0]),
        (vec![2, 9, 5], vec![1]),
        (vec![2, 9, 5], vec![0, 2]),
        (vec![3, 2, 5, 11], vec![3, 1]),
        (vec![2, 3, 1, 5, 2], vec![0, 1, 2, 3, 4]),
        (vec![2, 2], vec![]),
    ] {
        let count = axes.iter().product();
        let data = integers(3, count, -100, 100);
        let found = run(&axes, (-100, 100), std::slice::from_ref(&data), |b, x| {
            b.reduce_max("max", x, &over).unwrap()
        });
        let mut expected = vec![i64::MIN; count];
        let mut places: Vec<usize> = vec![];
        for (i, &x) in data.iter().enumerate() {
            // The element's place with its position zero along every axis that is reduced.
            let place = over.iter().fold(i, |at, &axis| {
                let inner: usize = axes[axis + 1..].iter().product();
                at - at / inner % axes[axis] * inner
            });
            expected[place] = expected[place].max(x);
            places.push(place);
        }
        places.sort_unstable();
        places.dedup();
        assert_eq!(
            found[0],
            places.iter().map(|&place| expected[place]).collect::<Vec<_>>(),
            "{axes:?} {over:?}"
        );
    }
}

#[test]
fn blocks_refuse_what_they_cannot_do() {
    let attribute = |error: Error| match error {
        Error::Attribute { what, actual, .. } => (what, actual),
        error => unreachable!("{error}"),
    };
    let mut b = builder(&[3, 5], -4, 4);
    let x = b.input();
    let options = SoftmaxOptions { scale: 0.1, output_bits: 8 };
    assert_eq!(attribute(b.softmax("s", x, 2, &options).unwrap_err()), ("axis", 2));
    assert_eq!(attribute(b.arg_max("a", x, 7, false).unwrap_err()), ("axis", 7));
    assert_eq!(attribute(b.reduce_max("m", x, &[0, 2]).unwrap_err()), ("axis", 2));
    assert_eq!(attribute(b.broadcast("b", x, 2, 3).unwrap_err()), ("axis", 2));
    for output_bits in [0, 16] {
        let refused = b.softmax("s", x, 0, &SoftmaxOptions { output_bits, ..options }).unwrap_err();
        assert_eq!(attribute(refused), ("number of output bits", i64::from(output_bits)));
    }
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let refused = b.softmax("s", x, 0, &SoftmaxOptions { scale, ..options }).unwrap_err();
        assert_eq!(refused, Error::Graph { reason: "a softmax' scale is not a positive number" });
    }
    let sum = b.add("sum", &[(x, 1)]);
    assert!(matches!(b.softmax("s", sum, 0, &options), Err(Error::ValueKind { .. })));
    assert!(matches!(b.spec(NodeId(99)), Err(Error::Graph { .. })));
    let mut b = builder(&[1 << 17], 0, 1);
    let x = b.input();
    assert_eq!(attribute(b.softmax("s", x, 0, &options).unwrap_err()), ("length of the axis", 1 << 17));
    assert_eq!(attribute(b.arg_max("a", x, 0, true).unwrap_err()), ("length of the axis", 1 << 17));
}

/// Constants are part of the architecture.
#[test]
fn blocks_have_no_parameters() {
    let mut b = builder(&[3, 5], -4, 4);
    let x = b.input();
    let softmax = b.softmax("s", x, 1, &SoftmaxOptions { scale: 0.1, output_bits: 8 }).unwrap();
    let index = b.arg_max("a", softmax.node, 1, false).unwrap();
    b.output(output(index, &[3, 1]));
    let network = b.finish().unwrap();
    assert!(network.parameters.is_empty());
    assert!(network.architecture.nodes.iter().all(|node| !matches!(node.operation, Operation::Dense(_))));
}
