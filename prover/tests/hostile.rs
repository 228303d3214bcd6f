//! Statements, files and networks at the edge of what is allowed: refused by name, or proved.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/tiny.rs"]
mod tiny;

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, AxisWindow, Error, InputLayer, Layout, Multiplier, NodeId, Output, ProofFile,
    StatedInput, Tensor, VerifyingKey, Window2d, layer::remap::AxisMap,
};
use tacit_prover::{ProvingKey, prove};
use tacit_verifier::{Error as Rejection, verify};

const RELU: ActivationFunction = ActivationFunction::Clip { minimum: 0, maximum: 255 };

fn tensor(axes: &[usize], data: Vec<i64>) -> Tensor<i64> {
    Tensor::new(Layout::new(axes.to_vec()).unwrap(), data).unwrap()
}

fn builder(axes: &[usize]) -> NetworkBuilder {
    let layout = Layout::new(axes.to_vec()).unwrap();
    NetworkBuilder::new("edge", InputLayer::real(layout, (0, 100), 1.0))
}

fn output(node: NodeId, shape: &[usize]) -> Output {
    Output { name: "y".to_owned(), node, shape: shape.to_vec(), scales: vec![1.0], scale_axis: 0 }
}

#[test]
fn proves_networks_that_commit_to_nothing() {
    for pooled in [false, true] {
        let mut b = builder(&[1, 4, 4]);
        let (x, shape) = if pooled {
            (b.average_pool("mean", b.input(), Window2d::square(AxisWindow::new(2, 2))), [1, 2, 2])
        } else {
            (b.input(), [1, 4, 4])
        };
        b.output(output(x, &shape));
        let key = ProvingKey::setup(b.finish().unwrap()).unwrap();
        let input = tensor(&[1, 4, 4], (0..16).collect());
        let proven = prove(&key, &input).unwrap();
        verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
        let mut false_output = proven.outputs[0].data().to_vec();
        false_output[3] += 1;
        let expected = if pooled {
            Rejection::FinalValue { argument: "windows", message: tacit_transcript::labels::WINDOW_VALUES }
        } else {
            Rejection::PublicInput
        };
        let outputs = [tensor(&shape, false_output)];
        assert_eq!(verify(key.verifying_key(), &input, &outputs, &proven.proof).unwrap_err(), expected);
    }
}

#[test]
fn proves_rescales_along_another_axis_than_the_channels() {
    let mut b = builder(&[2, 1]);
    let weights = Tensor::new(Layout::new(vec![2, 1]).unwrap(), vec![100_i8, 0]).unwrap();
    let x = b.dense("dense", b.input(), 1, weights, None).unwrap();
    // Axis 0 is the row; the accumulator's channels, as many, are on axis 1.
    let x = b.rescale("relu", x, Multiplier::PerChannel { axis: 0, values: vec![1, 4000] }, 10, RELU);
    b.output(output(x, &[2, 2]));
    let key = ProvingKey::setup(b.finish().unwrap()).unwrap();
    let input = tensor(&[2, 1], vec![100, 100]);
    let proven = prove(&key, &input).unwrap();
    assert_eq!(proven.outputs[0].data(), [10, 0, 255, 0]);
    verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
}

#[test]
fn refuses_multipliers_of_an_axis_that_does_not_exist() {
    let mut b = builder(&[2]);
    let x = b.add("sum", &[(b.input(), 1)]);
    let x = b.rescale("relu", x, Multiplier::PerChannel { axis: 7, values: vec![] }, 10, RELU);
    b.output(output(x, &[2]));
    let (layer, what) = ("relu".to_owned(), "multiplier");
    assert_eq!(b.finish().unwrap_err(), Error::LayerShape { layer, what, expected: vec![], actual: vec![0] });
}

#[test]
fn refuses_windows_whose_shift_vectors_cost_too_much() {
    let mut b = builder(&[1, 1 << 14, 1]);
    let window = Window2d { height: AxisWindow::new(1 << 9, 1), width: AxisWindow::new(1, 1) };
    let x = b.average_pool("mean", b.input(), window);
    b.output(output(x, &[1, (1 << 14) - (1 << 9) + 1, 1]));
    let refused =
        Error::Window { layer: "mean".to_owned(), extent: 1 << 9, stride: 1, length: 1 << 14, padding: 0 };
    assert_eq!(b.finish().unwrap_err(), refused);
}

#[test]
fn refuses_views_that_multiply_claims_without_bound() {
    let nested = |levels: u32| {
        let mut b = builder(&[1]);
        let mut x = b.input();
        for _ in 0..levels {
            x = b.concat("double", &[x, x], 0);
        }
        b.output(output(x, &[1 << levels]));
        ProvingKey::setup(b.finish().unwrap()).map(|_| ())
    };
    assert_eq!(nested(11), Ok(()));
    let reason = "its views are read more often than supported";
    assert_eq!(nested(12), Err(tacit_prover::Error::Network(Error::Graph { reason })));
}

#[test]
fn refuses_views_that_cost_the_verifier_without_bound() {
    let long = |axes: &[usize], maps: Vec<AxisMap>, copies: usize| {
        let mut b = builder(axes);
        let x = b.remap("long", b.input(), maps);
        let x = b.concat("longer", &vec![x; copies], 0);
        let first = b.remap("first", x, vec![AxisMap::slice(0, 1, 1); axes.len()]);
        b.output(output(first, &vec![1; axes.len()]));
        ProvingKey::setup(b.finish().unwrap()).map(|_| ())
    };
    let reason = "its views are read more often than supported";
    let refused = Err(tacit_prover::Error::Network(Error::Graph { reason }));
    let (wide, one) = (AxisMap::pad(0, 1 << 24), AxisMap::identity(1));
    assert_eq!(long(&[1], vec![wide], 1024), refused);
    assert_eq!(long(&[1, 1], vec![one, wide], 1024), refused);
    // Within the limit, and still too much for a network of a byte.
    let many = long(&[1, 1], vec![one, AxisMap::pad(0, 1 << 10)], 1024);
    assert!(matches!(many, Err(tacit_prover::Error::Network(Error::Disproportionate { received: 2, .. }))));
    assert_eq!(long(&[1, 1], vec![one, AxisMap::pad(0, 1 << 10)], 128), Ok(()));
}

/// Each layer is within its own limits.
#[test]
fn refuses_layers_that_together_cost_the_verifier_without_bound() {
    let plan = |b: NetworkBuilder| {
        tacit_layers::proof::plan::Plan::new(&b.finish().unwrap().architecture).map(|_| ())
    };
    let refused = Err(Error::Graph { reason: "its layers cost the verifier more than supported" });
    let averages = |count: usize| {
        let mut b = builder(&[1, (1 << 12) - 1, 1]);
        let window = Window2d { height: AxisWindow::new(1 << 11, 1), width: AxisWindow::new(1, 1) };
        for _ in 0..count {
            let x = b.average_pool("mean", b.input(), window);
            b.output(output(x, &[1, 1 << 11, 1]));
        }
        plan(b)
    };
    // Some 2^22 products each: few are in proportion to their outputs, more are not, however many a network may have.
    assert_eq!(averages(1), Ok(()));
    assert!(matches!(averages(8), Err(Error::Disproportionate { .. })));
    assert_eq!(averages(64), refused);
    let sums = |count: usize| {
        let mut b = builder(&[1 << 20]);
        for _ in 0..count {
            let x = b.add("sum", &vec![(b.input(), 1); 64]);
            b.output(output(x, &[1 << 20]));
        }
        plan(b)
    };
    assert!(matches!(sums(4), Err(Error::Disproportionate { .. })));
    assert_eq!(sums(5), refused);
}

#[test]
fn refuses_transpositions_that_are_no_permutation() {
    for axes in [vec![0, 0], vec![0], vec![0, 1, 2], vec![1, 2], vec![usize::MAX, 0]] {
        let mut b = builder(&[2, 3]);
        let x = b.transpose("turn", b.input(), &axes);
        b.output(output(x, &[3, 2]));
        let (layer, what) = ("turn".to_owned(), "permutation of axes");
        let refused = Error::LayerShape { layer, what, expected: vec![0, 1], actual: axes };
        assert_eq!(b.finish().unwrap_err(), refused);
    }
}

#[test]
fn refuses_products_whose_axes_do_not_fit() {
    let refusal = |left: &[u8], right: &[u8], result: &[u8]| {
        let mut b = builder(&[2, 3]);
        let x = b.product("product", (b.input(), left), (b.input(), right), result);
        b.output(output(x, &[2]));
        match b.finish().unwrap_err() {
            Error::LayerShape { what, expected, actual, .. } => (what, expected, actual),
            error => unreachable!("{error}"),
        }
    };
    let (count, length) = ("list of axis names", "axis with a factor's name");
    let (twice, single) = ("list of different axis names", "axis that only one factor has");
    assert_eq!(refusal(b"a", b"ab", b"a"), (count, vec![2, 3], vec![97]));
    assert_eq!(refusal(b"ab", b"abc", b"a"), (count, vec![2, 3], vec![97, 98, 99]));
    assert_eq!(refusal(b"ab", b"ba", b"a"), (length, vec![3], vec![2]));
    assert_eq!(refusal(b"aa", b"ab", b"a"), (length, vec![2], vec![3]));
    assert_eq!(refusal(b"ab", b"ab", b"aa"), (twice, vec![1], vec![2]));
    assert_eq!(refusal(b"ab", b"ac", b"ac"), (single, vec![1], vec![3]));
    // An axis of length one may be in either factor alone, or in the result alone.
    let mut b = builder(&[3, 1]);
    let x = b.product("product", (b.input(), b"ab"), (b.input(), b"ac"), b"xay");
    b.output(output(x, &[1, 3, 1]));
    assert_eq!(b.finish().map(|_| ()), Ok(()));
}

#[test]
fn refuses_products_that_cost_the_verifier_without_bound() {
    let layout = Layout::new(vec![1 << 8, 1 << 8]).unwrap();
    let power = |levels: u32| {
        let input = InputLayer::real(layout.clone(), (0, 1), 1.0);
        let mut b = NetworkBuilder::new("power", input);
        for _ in 0..levels {
            let x = b.product("outer", (b.input(), b"ab"), (b.input(), b"cd"), b"abcd");
            b.output(output(x, &[1 << 32]));
        }
        let x = b.product("square", (b.input(), b"ik"), (b.input(), b"jk"), b"ij");
        b.output(output(x, &[1 << 16]));
        tacit_layers::proof::plan::Plan::new(&b.finish().unwrap().architecture).map(|plan| plan.num_products)
    };
    assert_eq!(power(0), Ok(1 << 24));
    let reason = "it multiplies more activations by activations than supported";
    assert_eq!(power(1), Err(Error::Graph { reason }));
}

#[test]
fn refuses_reshapes_and_sums_that_do_not_fit() {
    let refusal = |axes: &[usize], sum: bool| {
        let mut b = builder(&[2, 3]);
        let x = b.input();
        let x = if sum { b.reduce_sum("x", x, axes) } else { b.reshape("x", x, axes) };
        b.output(output(x, &[6]));
        match b.finish().unwrap_err() {
            Error::LayerShape { what, expected, actual, .. } => (what, expected, actual),
            error => unreachable!("{error}"),
        }
    };
    let (elements, sums) = ("list of axes with as many elements", "list of axes to sum over");
    assert_eq!(refusal(&[5], false), (elements, vec![2, 3], vec![5]));
    assert_eq!(refusal(&[2, 3, 2], false), (elements, vec![2, 3], vec![2, 3, 2]));
    for axes in [vec![2], vec![1, 0], vec![1, 1], vec![usize::MAX]] {
        assert_eq!(refusal(&axes, true), (sums, vec![0, 1], axes));
    }
    for axes in [vec![], vec![0, 6], vec![1; 9]] {
        let mut b = builder(&[2, 3]);
        let x = b.reshape("x", b.input(), &axes);
        b.output(output(x, &[6]));
        assert!(matches!(b.finish().unwrap_err(), Error::Shape { axes: refused, .. } if refused == axes));
    }
}

/// Accumulators are not committed: what moves their padding would need an argument on them.
#[test]
fn refuses_reshapes_of_accumulators_that_move_padding() {
    let reshaped = |axes: &[usize]| {
        let mut b = builder(&[3, 4]);
        let x = b.add("sum", &[(b.input(), 1)]);
        let x = b.reshape("x", x, axes);
        b.output(output(x, &[12]));
        b.finish().map(|_| ())
    };
    assert_eq!(reshaped(&[12]), Ok(()));
    assert_eq!(reshaped(&[6, 2, 1]), Ok(()));
    let layer = "x".to_owned();
    let refused = Error::ValueKind { layer, expected: "an activation", actual: "an accumulator" };
    assert_eq!(reshaped(&[4, 3]), Err(refused));
}

#[test]
fn refuses_reshapes_that_cost_the_verifier_without_bound() {
    let copies = |count: usize| {
        let layout = Layout::new(vec![3, 1 << 17]).unwrap();
        let input = InputLayer::real(layout, (0, 100), 1.0);
        let mut b = NetworkBuilder::new("edge", input);
        let x = b.add("same", &[(b.input(), 1)]);
        let x = b.rescale("clip", x, Multiplier::Uniform(2), 1, RELU);
        let x = b.reshape("x", x, &[1 << 17, 3]);
        for _ in 0..count {
            b.output(output(x, &[3 << 17]));
        }
        tacit_layers::proof::plan::Plan::new(&b.finish().unwrap().architecture)
            .map(|plan| plan.num_view_claims)
    };
    // Each claim costs both sides' axes and their common product: five times 2^17 and six.
    assert_eq!(copies(25), Ok(25));
    let reason = "its views are read more often than supported";
    assert_eq!(copies(26), Err(Error::Graph { reason }));
}

#[test]
fn rejects_outputs_of_any_size() {
    let network = tiny::mlp();
    let input = tiny::sample(&network);
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, &input).unwrap();
    // The root of the look-up tree depends on no challenge; the level below it does.
    for extreme in [i64::MAX, i64::MIN, 1 << 40, -(1 << 41)] {
        let outputs = [tensor(&[2], vec![extreme; 2])];
        let rejection = verify(key.verifying_key(), &input, &outputs, &proven.proof).unwrap_err();
        assert_eq!(rejection, Rejection::FractionLevel { level: 2 }, "output {extreme}");
    }
}

#[test]
fn reads_one_encoding_of_a_proof_and_of_a_key() {
    for (_, network) in tiny::all() {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let proven = prove(&key, &input).unwrap();
        let key_digest = *key.verifying_key().digest();
        let inputs = vec![StatedInput::Public(input)];
        let file = ProofFile { key_digest, inputs, outputs: proven.outputs, proof: proven.proof };
        // A block begins with a one-byte varint; `0x80 | x, 0` is the same number. The block's length grows by one.
        let longer = |bytes: &[u8], at: usize| {
            let mut bytes = bytes.to_vec();
            let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) + 1;
            bytes[at..at + 8].copy_from_slice(&length.to_le_bytes());
            bytes[at + 8] |= 0x80;
            bytes.insert(at + 9, 0);
            bytes
        };
        let damaged = |what| Error::Damaged { what, reason: "its contents are not canonically encoded" };
        let proof = longer(&file.to_bytes().unwrap(), 12 + 32);
        assert_eq!(ProofFile::from_bytes(&proof).unwrap_err(), damaged("proof"));
        let encoded = longer(&key.verifying_key().to_bytes().unwrap(), 12);
        assert_eq!(VerifyingKey::from_bytes(&encoded).unwrap_err(), damaged("verifying key"));
    }
}
