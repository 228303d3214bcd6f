//! Products of activations: a product that is not that of its factors, factors exchanged, sums over another axis.

use tacit_inference::NetworkBuilder;
use tacit_layers::{InputLayer, NodeId};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::labels;
use tacit_verifier::Error;

use super::{
    layout,
    network::{final_value, output, passed_off, set, verdict},
    tensor,
};

fn products() -> Error {
    final_value("products", labels::PRODUCT_VALUES)
}

/// A product of the public input by itself, as the only layer.
fn squares(left: &[u8], right: &[u8], result: &[u8]) -> ProvingKey {
    let input = InputLayer::real(layout(&[3, 3]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("squares", input);
    let x = b.product("product", (b.input(), left), (b.input(), right), result);
    b.output(output("y", x, &vec![3; result.len()]));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

#[test]
fn rejects_a_product_of_other_values() {
    let input = tensor(&[3, 3], vec![1, -4, 2, 3, 0, -1, 2, 4, -3]);
    for (left, right, result) in
        [(b"ik", b"jk", &b"ij"[..]), (b"ij", b"ij", b"ij"), (b"bi", b"bj", b"bij"), (b"ij", b"kl", b"ijkl")]
    {
        let key = squares(left, right, result);
        for index in 0..9 {
            let mut run = Run::honest(&key, &input).unwrap();
            assert_eq!(verdict(&key, &input, &run), Ok(()));
            let value = run.outputs()[0].data()[index] - 1;
            set(&mut run.values()[1], index, value);
            set(&mut run.outputs()[0], index, value);
            assert_eq!(verdict(&key, &input, &run), Err(products()), "position {index}");
        }
    }
}

/// The right result of a product with its axes named otherwise: the sum runs over another axis, or ends elsewhere.
#[test]
fn rejects_a_product_over_other_axes() {
    let input = tensor(&[3, 3], vec![1, -4, 2, 3, 0, -1, 2, 4, -3]);
    let keys =
        [(b"ik", b"jk"), (b"ki", b"kj"), (b"ik", b"kj")].map(|(left, right)| squares(left, right, b"ij"));
    for (i, claimed) in keys.iter().enumerate() {
        for (j, used) in keys.iter().enumerate() {
            let expected = if i == j { Ok(()) } else { Err(Error::PublicInput) };
            assert_eq!(passed_off(claimed, used, &input), expected, "{j} as {i}");
        }
    }
}

/// A claim moved from one factor to the other: both factors are committed activations of the same shape.
#[test]
fn rejects_factors_exchanged() {
    let network = |exchanged: bool| {
        let input = InputLayer::real(layout(&[3, 3]), (-4, 4), 1.0);
        let mut b = NetworkBuilder::new("factors", input);
        let mut clip = |name, minimum, maximum| {
            let x = b.add(name, &[(b.input(), 1)]);
            let clip = tacit_layers::ActivationFunction::Clip { minimum, maximum };
            b.rescale("clip", x, tacit_layers::Multiplier::Uniform(2), 1, clip)
        };
        let (x, y) = (clip("positive", 0, 4), clip("negative", -4, 0));
        let (x, y) = if exchanged { (y, x) } else { (x, y) };
        let x = b.product("product", (x, b"ik"), (y, b"kj"), b"ij");
        b.output(output("y", x, &[3, 3]));
        ProvingKey::setup(b.finish().unwrap()).unwrap()
    };
    let (claimed, used) = (network(false), network(true));
    let input = tensor(&[3, 3], vec![1, -4, 2, 3, 0, -1, 2, 4, -3]);
    assert_eq!(passed_off(&claimed, &claimed, &input), Ok(()));
    assert_eq!(passed_off(&claimed, &used, &input), Err(Error::Opening));
}

/// Both factors' values must be bound, not only their product.
#[test]
fn rejects_a_factor_scaled_against_the_other() {
    let input = InputLayer::real(layout(&[2]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("scaled", input);
    let x = b.product("product", (b.input(), b"i"), (b.input(), b"i"), b"i");
    b.output(output("y", x, &[2]));
    let key = ProvingKey::setup(b.finish().unwrap()).unwrap();
    let honest = tensor(&[2], vec![2, -3]);
    let mut run = Run::honest(&key, &honest).unwrap();
    // The squares of the negated input are the same.
    run.values()[NodeId(0).index()] = tensor(&[2], vec![-2, 3]);
    assert_eq!(verdict(&key, &honest, &run), Err(Error::PublicInput));
}
