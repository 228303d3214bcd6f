//! Windows: padding that is shifted, maxima that are not in their window or not the largest.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    AxisWindow, InputLayer, NodeId, Tensor, Window2d,
    argument::{claim::Column, lookup_block::BlockSource},
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::labels;

use super::{
    layout,
    network::{DENOMINATOR, final_value, output, passed_off, set, verdict},
    tensor,
};

/// A convolution whose padding is at one end or at the other.
#[test]
fn rejects_a_convolution_or_a_pool_with_shifted_padding() {
    let network = |begin, end, convolution: bool| {
        let input = InputLayer::real(layout(&[1, 4, 3]), (-4, 3), 1.0);
        let mut b = NetworkBuilder::new("window", input);
        let window =
            Window2d { height: AxisWindow::new(2, 1).padded(begin, end), width: AxisWindow::new(2, 1) };
        let x = if convolution {
            let weights = Tensor::new(layout(&[2, 1, 2, 2]), vec![1, -2, 3, 1, 2, 2, -1, 1]).unwrap();
            b.conv2d("conv", b.input(), window, weights, None).unwrap()
        } else {
            b.average_pool("mean", b.input(), window)
        };
        let channels = if convolution { 2 } else { 1 };
        b.output(output("y", x, &[channels, 4, 2]));
        ProvingKey::setup(b.finish().unwrap()).unwrap()
    };
    let input = tensor(&[1, 4, 3], vec![1, -4, 2, 3, 0, -1, 2, 2, -3, 1, 0, 3]);
    for convolution in [false, true] {
        let (claimed, used) = (network(1, 0, convolution), network(0, 1, convolution));
        assert_eq!(passed_off(&claimed, &claimed, &input), Ok(()));
        let error = final_value("windows", labels::WINDOW_VALUES);
        assert_eq!(passed_off(&claimed, &used, &input), Err(error));
    }
}

/// A max-pool of the public input, as the only layer.
pub(super) fn pool(padding: usize) -> ProvingKey {
    let input = InputLayer::real(layout(&[1, 3, 3]), (-4, 3), 1.0);
    let mut b = NetworkBuilder::new("pool", input);
    let x = b.max_pool("pool", b.input(), Window2d::square(AxisWindow::new(2, 1).padded(padding, 0)));
    let length = 2 + padding;
    b.output(output("y", x, &[1, length, length]));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

const POOL: NodeId = NodeId(1);

/// Claims another maximum; the differences follow, whether they are in range or not.
pub(super) fn set_maximum(run: &mut Run, index: usize, value: i64) -> i64 {
    let old = run.values()[POOL.index()].data()[index];
    let count = run.values()[POOL.index()].data().len();
    set(&mut run.values()[POOL.index()], index, value);
    set(&mut run.outputs()[0], index, value);
    run.column(Column::Activation(POOL))[index] = value;
    for difference in run.lookups(BlockSource::Differences(POOL)).0.iter_mut().skip(index).step_by(count) {
        *difference += value - old;
    }
    old
}

/// Looks every difference up where it is in range, and elsewhere in the row of its magnitude.
pub(super) fn look_differences_up(run: &mut Run, positions_of: usize) {
    let (keys, positions) = run.lookups(BlockSource::Differences(POOL));
    let count = keys.len() / 4;
    for (i, key) in keys.iter().enumerate() {
        positions[(i / count) * positions_of + i % count] = key.unsigned_abs() as u32;
    }
    run.recount();
}

/// Every window of four has its maximum at another offset.
pub(super) fn maxima() -> Tensor<i64> {
    tensor(&[1, 3, 3], vec![-4, -2, -3, 0, 2, -1, -4, 1, -2])
}

#[test]
fn rejects_a_maximum_that_is_not_in_its_window() {
    for (padding, padded) in [(0, 4), (1, 16)] {
        let key = pool(padding);
        for index in 0..(2 + padding) * (2 + padding) {
            let mut run = Run::honest(&key, &maxima()).unwrap();
            assert_eq!(verdict(&key, &maxima(), &run), Ok(()));
            let maximum = run.values()[POOL.index()].data()[index];
            set_maximum(&mut run, index, maximum + 1);
            if padding == 0 {
                look_differences_up(&mut run, padded);
            } else {
                run.recompute().unwrap();
            }
            let error = final_value("max-pools", labels::POOL_DIFFERENCES);
            assert_eq!(verdict(&key, &maxima(), &run), Err(error), "window {index}, padding {padding}");
        }
    }
}

#[test]
fn rejects_padding_of_a_pool_read_as_zero() {
    let key = pool(1);
    let negative = tensor(&[1, 3, 3], vec![-3; 9]);
    let mut run = Run::honest(&key, &negative).unwrap();
    // The first window reads three positions of padding.
    assert_eq!(set_maximum(&mut run, 0, 0), -3);
    run.recompute().unwrap();
    let error = final_value("max-pools", labels::POOL_DIFFERENCES);
    assert_eq!(verdict(&key, &negative, &run), Err(error));
}

/// Inputs of which exactly one, at a chosen offset of the only window, is larger than all others.
fn window_with_maximum_at(offset: usize) -> Tensor<i64> {
    let mut data = vec![-4, -1, 0, 1];
    data.insert(offset, 3);
    data.truncate(4);
    tensor(&[1, 2, 2], data)
}

fn single_window() -> ProvingKey {
    let input = InputLayer::real(layout(&[1, 2, 2]), (-4, 3), 1.0);
    let mut b = NetworkBuilder::new("window", input);
    let x = b.max_pool("pool", b.input(), Window2d::square(AxisWindow::new(2, 1)));
    b.output(output("y", x, &[1, 1, 1]));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

/// Each offset's difference is checked, not only the first one's.
#[test]
fn rejects_a_maximum_that_is_not_the_largest() {
    let key = single_window();
    for offset in 0..4 {
        let input = window_with_maximum_at(offset);
        for smaller in input.data().iter().copied().filter(|&x| x < 3) {
            let mut run = Run::honest(&key, &input).unwrap();
            set_maximum(&mut run, 0, smaller);
            let refused = run.clone().recompute();
            let (layer, value) = ("pool".to_owned(), smaller - 3);
            let mut first = input.data().iter().map(|x| smaller - x).filter(|difference| *difference < 0);
            assert_eq!(
                refused,
                Err(tacit_prover::Error::Lookup { layer, value: first.next().unwrap_or(value) })
            );
            look_differences_up(&mut run, 1);
            assert_eq!(verdict(&key, &input, &run), Err(DENOMINATOR), "a negative difference");
            // Differences that are in range, one of them zero, but not those of the input.
            for difference in run.lookups(BlockSource::Differences(POOL)).0 {
                *difference = difference.abs();
            }
            let error = final_value("windows", labels::WINDOW_VALUES);
            assert_eq!(verdict(&key, &input, &run), Err(error), "a forged difference");
        }
    }
}

/// Two offsets of a window are bound each by itself, not through their sum.
#[test]
fn rejects_forged_differences_whose_sum_is_right() {
    let key = single_window();
    let input = tensor(&[1, 2, 2], vec![3, 1, -4, 0]);
    let mut run = Run::honest(&key, &input).unwrap();
    set_maximum(&mut run, 0, 1);
    let differences = run.lookups(BlockSource::Differences(POOL)).0;
    assert_eq!(*differences, [-2, 0, 5, 1]);
    *differences = vec![0, 0, 3, 1];
    look_differences_up(&mut run, 1);
    let error = final_value("windows", labels::WINDOW_VALUES);
    assert_eq!(verdict(&key, &input, &run), Err(error));
}
