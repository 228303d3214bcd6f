//! Convolutions and matrix products as polynomials: products that are not, cut at other places, compared at other points.

use ark_bn254::Fr;
use ark_ff::One;
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    AxisWindow, ConvolutionArgument, InputLayer, MatmulArgument, NodeId, Tensor, Window2d,
    argument::{claim::Column, hyrax::RowShape},
};
use tacit_prover::{ProvingKey, cheating::Run, prove};
use tacit_transcript::{Event, labels};
use tacit_verifier::{Error, verify};

use super::{
    integers, layout,
    network::{final_value, output, passed_off, set, verdict},
    tensor, tiny,
};

const CONVOLUTION: NodeId = NodeId(1);

/// One convolution of the public input, 4 by 4 positions of which stride and padding read some.
fn convolution(window: AxisWindow) -> ProvingKey {
    let input = InputLayer::real(layout(&[2, 4, 4]), (-50, 50), 1.0);
    let mut b = NetworkBuilder::new("convolution", input);
    let data = integers(5, 2 * 2 * 9).into_iter().map(|w| w as i8).collect();
    let weights = Tensor::new(layout(&[2, 2, 3, 3]), data).unwrap();
    let x = b.conv2d("conv", b.input(), Window2d::square(window), weights, Some(vec![4, -3])).unwrap();
    let length = window.output_length("conv", 4).unwrap();
    b.output(output("y", x, &[2, length, length]));
    let network = b.finish().unwrap();
    let network = network.with_arguments(ConvolutionArgument::Polynomial, MatmulArgument::default()).unwrap();
    ProvingKey::setup(network).unwrap()
}

fn strided() -> AxisWindow {
    AxisWindow::new(3, 2).padded(1, 0)
}

fn image() -> Tensor<i64> {
    tensor(&[2, 4, 4], integers(6, 32))
}

fn convolutions() -> Error {
    final_value("convolutions", labels::CONVOLUTION_VALUES)
}

/// Along an axis the product has six positions; windows with stride 2 and one position of padding read 1 and 3.
#[test]
fn rejects_a_product_that_is_wrong_in_one_coefficient_read_or_not() {
    let key = convolution(strided());
    let mut run = Run::honest(&key, &image()).unwrap();
    assert_eq!(verdict(&key, &image(), &run), Ok(()));
    for index in 0..36 {
        let mut run = Run::honest(&key, &image()).unwrap();
        run.change_deferred(Column::Convolved(CONVOLUTION), index, Fr::one());
        assert_eq!(verdict(&key, &image(), &run), Err(convolutions()), "coefficient {index}");
    }
    // Changes that cancel wherever the output is read are changes.
    run.change_deferred(Column::Convolved(CONVOLUTION), 0, Fr::one());
    run.change_deferred(Column::Convolved(CONVOLUTION), 35, -Fr::one());
    assert_eq!(verdict(&key, &image(), &run), Err(convolutions()));
}

#[test]
fn rejects_an_output_that_is_not_the_crop_of_the_product() {
    let key = convolution(strided());
    for index in 0..8 {
        let mut run = Run::honest(&key, &image()).unwrap();
        let wrong = run.outputs()[0].data()[index] + 1;
        set(&mut run.outputs()[0], index, wrong);
        set(&mut run.values()[CONVOLUTION.index()], index, wrong);
        assert_eq!(verdict(&key, &image(), &run), Err(convolutions()), "output {index}");
    }
}

/// Both networks commit to products of the same shape; the prover cuts where its own window does.
#[test]
fn rejects_a_product_cut_at_another_place() {
    let claimed = convolution(strided());
    assert_eq!(passed_off(&claimed, &claimed, &image()), Ok(()));
    for (what, window) in [("padding", AxisWindow::new(3, 2).padded(0, 1)), ("stride", AxisWindow::new(3, 1))]
    {
        let used = convolution(window);
        assert_eq!(claimed.verifying_key().plan().deferred, used.verifying_key().plan().deferred, "{what}");
        assert_eq!(passed_off(&claimed, &used, &image()), Err(convolutions()), "{what}");
    }
}

/// Every polynomial taken at the same wrong point: over a square consistent with each other, but not with the claims that
/// the verifier leaves.
#[test]
fn rejects_a_comparison_with_the_axes_challenges_swapped() {
    let key = convolution(strided());
    let mut run = Run::honest(&key, &image()).unwrap();
    run.swap_powers();
    assert_eq!(verdict(&key, &image(), &run), Err(Error::PublicInput));
    // With axes of different lengths the polynomials' factors differ too.
    let line = tiny::polynomial();
    let input = tiny::sample(&line);
    let key = ProvingKey::setup(line).unwrap();
    let mut run = Run::honest(&key, &input).unwrap();
    run.swap_powers();
    assert_eq!(verdict(&key, &input, &run), Err(convolutions()));
}

/// Two dense layers and a product of the input by itself, row by row, side by side on the public input.
fn products() -> ProvingKey {
    let input = InputLayer::real(layout(&[3, 5]), (-50, 50), 1.0);
    let mut b = NetworkBuilder::new("products", input);
    let weights = |seed, axes: &[usize]| {
        let data = integers(seed, axes.iter().product()).into_iter().map(|w| w as i8).collect();
        Tensor::new(layout(axes), data).unwrap()
    };
    let (rows, all) = (weights(7, &[2, 5]), weights(8, &[4, 3, 5]));
    let x = b.dense("rows", b.input(), 1, rows, Some(vec![1, -2])).unwrap();
    let y = b.dense("all", b.input(), 0, all, None).unwrap();
    b.output(output("x", x, &[3, 2]));
    b.output(output("y", y, &[4]));
    let squares = b.product("squares", (b.input(), b"rk"), (b.input(), b"rk"), b"r");
    b.output(output("squares", squares, &[3]));
    let network = b.finish().unwrap();
    let network = network.with_arguments(ConvolutionArgument::default(), MatmulArgument::Polynomial).unwrap();
    ProvingKey::setup(network).unwrap()
}

fn matrix() -> Tensor<i64> {
    tensor(&[3, 5], integers(9, 15))
}

#[test]
fn rejects_wrong_cross_terms_of_a_matrix_product() {
    let key = products();
    assert_eq!(verdict(&key, &matrix(), &Run::honest(&key, &matrix()).unwrap()), Ok(()));
    let elements = key.verifying_key().plan().deferred_layout(Column::CrossTerms).unwrap().num_elements();
    // Three rows of five, padded to eight each: 21 positions up to the last, so 20 on each side of the middle.
    assert_eq!(elements, 32 + 20);
    for index in 0..elements {
        let mut run = Run::honest(&key, &matrix()).unwrap();
        run.change_deferred(Column::CrossTerms, index, Fr::one());
        assert_eq!(verdict(&key, &matrix(), &run), Err(Error::ProductPolynomials), "term {index}");
    }
}

/// What a product is wrong by fits none of the places of the cross terms, padding included.
#[test]
fn rejects_a_difference_hidden_among_cross_terms_or_their_padding() {
    let key = products();
    let plan = key.verifying_key().plan();
    let cross = plan.deferred.iter().find(|deferred| deferred.column == Column::CrossTerms).unwrap();
    let positions = 1 << cross.layout.num_vars();
    // The cheating prover sends as many rows as the honest one: nothing else tells them apart.
    let rows = |layout: &_| RowShape::new(layout, plan.key_vars).num_rows;
    assert_eq!(rows(&cross.layout), rows(&layout(&[positions])));
    for position in 0..positions {
        let mut run = Run::honest(&key, &matrix()).unwrap();
        let wrong = run.outputs()[1].data()[2] + 1;
        set(&mut run.outputs()[1], 2, wrong);
        set(&mut run.values()[2], 2, wrong);
        run.hide_difference(position);
        assert_eq!(verdict(&key, &matrix(), &run), Err(Error::ProductPolynomials), "position {position}");
    }
}

#[test]
fn rejects_a_wrong_matrix_product() {
    let key = products();
    for (node, out) in [(NodeId(1), 0), (NodeId(2), 1), (NodeId(3), 2)] {
        let count = Run::honest(&key, &matrix()).unwrap().outputs()[out].data().len();
        for index in 0..count {
            let mut run = Run::honest(&key, &matrix()).unwrap();
            let wrong = run.outputs()[out].data()[index] - 1;
            set(&mut run.outputs()[out], index, wrong);
            set(&mut run.values()[node.index()], index, wrong);
            let error = Err(Error::ProductPolynomials);
            assert_eq!(verdict(&key, &matrix(), &run), error, "output {out}, position {index}");
        }
    }
    // Errors of two layers that cancel in a sum do not in a random combination.
    let mut run = Run::honest(&key, &matrix()).unwrap();
    for (node, out, difference) in [(NodeId(1), 0, 1), (NodeId(2), 1, -1)] {
        let wrong = run.outputs()[out].data()[0] + difference;
        set(&mut run.outputs()[out], 0, wrong);
        set(&mut run.values()[node.index()], 0, wrong);
    }
    assert_eq!(verdict(&key, &matrix(), &run), Err(Error::ProductPolynomials));
}

#[test]
fn rejects_other_factors_than_the_committed_and_the_public_ones() {
    let key = products();
    let mut other = matrix();
    set(&mut other, 3, 49);
    let mut run = Run::honest(&key, &other).unwrap();
    *run.input() = matrix();
    assert_eq!(verdict(&key, &matrix(), &run), Err(Error::PublicInput));
    let key = convolution(strided());
    let mut other = image();
    set(&mut other, 3, 49);
    let mut run = Run::honest(&key, &other).unwrap();
    *run.input() = image();
    assert_eq!(verdict(&key, &image(), &run), Err(Error::PublicInput));
}

/// Every column that depends on a challenge is sent before the point at which it is compared, and after what it depends on.
#[test]
fn products_are_committed_before_the_points_they_are_compared_at() {
    let network = tiny::polynomial();
    let input = tiny::sample(&network);
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, &input).unwrap();
    let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
    let deferred = key.verifying_key().plan().deferred.len();
    assert_eq!(deferred, 3);
    for events in [&proven.events, &accepted.events] {
        let at = |wanted: fn(&Event) -> bool| -> Vec<usize> {
            (0..events.len()).filter(|&i| wanted(&events[i])).collect()
        };
        let commitments = at(|event| matches!(event, Event::Message(labels::DEFERRED_COMMITMENT, _)));
        let points = at(|event| matches!(event, Event::Squeeze(labels::CONVOLUTION_POINT)));
        let batch = at(|event| matches!(event, Event::Squeeze(labels::CROSS_BATCH)));
        let power = at(|event| matches!(event, Event::Squeeze(labels::CROSS_POWER)));
        let [convolutions @ .., products] = commitments.as_slice() else { unreachable!() };
        assert_eq!((commitments.len(), points.len(), batch.len(), power.len()), (deferred, 2, 1, 1));
        assert!(convolutions.iter().all(|i| *i < points[0]));
        // No challenge lies between the claims and the commitments that depend on them.
        let between = &events[convolutions[0]..points[0]];
        assert!(between.iter().all(|event| !matches!(event, Event::Squeeze(_))));
        assert!(batch[0] < *products && *products < power[0]);
    }
}
