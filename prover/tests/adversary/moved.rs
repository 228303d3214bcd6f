//! Claims that cancel: a value moved from one claim to another where both enter the same check, so that the check holds.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One};
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, AxisWindow, InputLayer, Multiplier, NodeId, Tensor, Window2d,
    argument::lookup_block::BlockSource,
};
use tacit_prover::{
    ProvingKey,
    cheating::{Move, Revision, Run},
};
use tacit_transcript::{Label, labels};
use tacit_verifier::Error;

use super::{
    layout,
    network::{final_value, output, verdict},
    tensor,
};

const CLIP: ActivationFunction = ActivationFunction::Clip { minimum: -4, maximum: 4 };
const FIRST: NodeId = NodeId(2);
const SECOND: NodeId = NodeId(4);
/// $s$ of both rescales.
const SHIFT: u32 = 2;

/// Two dense layers of one shape with their rescales, and a third one whose sums are the output.
fn layers(multiplier: &Multiplier) -> ProvingKey {
    let input = InputLayer::real(layout(&[4]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("layers", input);
    let weights = |step: usize| {
        let data = (0..16).map(|i| (i * step % 7) as i8 - 3).collect();
        Tensor::new(layout(&[4, 4]), data).unwrap()
    };
    let x = b.dense("first", b.input(), 0, weights(3), None).unwrap();
    let x = b.rescale("first clip", x, multiplier.clone(), SHIFT, CLIP);
    let x = b.dense("second", x, 0, weights(5), None).unwrap();
    let x = b.rescale("second clip", x, multiplier.clone(), SHIFT, CLIP);
    let x = b.dense("third", x, 0, weights(4), None).unwrap();
    b.output(output("y", x, &[4]));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

fn both() -> [(ProvingKey, Error); 2] {
    let contractions = final_value("contractions", labels::CONTRACTION_VALUES);
    let rescales = final_value("rescales", labels::ACCUMULATOR_VALUES);
    [
        (layers(&Multiplier::Uniform(1)), contractions),
        (layers(&Multiplier::PerChannel { axis: 0, values: vec![1, 2, 1, 3] }), rescales),
    ]
}

fn vector() -> Tensor<i64> {
    tensor(&[4], vec![3, -1, 2, 1])
}

const FIRST_ROWS: BlockSource = BlockSource::Activations(FIRST);
const SECOND_ROWS: BlockSource = BlockSource::Activations(SECOND);

fn over(x: Fr) -> Fr {
    x.inverse().unwrap()
}

/// Gains of column values of the look-ups whose sum cancels in the leaves' denominator.
fn check(key: &ProvingKey, gains: &[(BlockSource, usize, Move)]) -> Result<(), Error> {
    let mut run = Run::honest(key, &vector()).unwrap();
    for (rows, column, gain) in gains {
        run.move_value(*rows, *column, *gain);
    }
    verdict(key, &vector(), &run)
}

#[test]
fn rejects_a_quotient_moved_to_another_layer() {
    for (key, error) in both() {
        let gains: [(BlockSource, usize, Move); 2] =
            [(FIRST_ROWS, 0, |w, _| over(w(FIRST_ROWS))), (SECOND_ROWS, 0, |w, _| -over(w(SECOND_ROWS)))];
        assert_eq!(check(&key, &gains), Err(error));
        let error = Error::LookupColumns { part: "denominator" };
        assert_eq!(check(&key, &gains[..1]), Err(error), "not made up for");
    }
}

#[test]
fn rejects_a_quotient_moved_to_its_activation() {
    for (key, error) in both() {
        let gains: [(BlockSource, usize, Move); 2] =
            [(SECOND_ROWS, 0, |_, beta| beta), (SECOND_ROWS, 1, |_, _| -Fr::one())];
        assert_eq!(check(&key, &gains), Err(error));
    }
}

#[test]
fn rejects_a_remainder_moved_to_another_layer() {
    for (key, error) in both() {
        let gains: [(BlockSource, usize, Move); 2] = [
            (BlockSource::Remainders(FIRST), 0, |w, _| over(w(BlockSource::Remainders(FIRST)))),
            (BlockSource::Remainders(SECOND), 0, |w, _| -over(w(BlockSource::Remainders(SECOND)))),
        ];
        assert_eq!(check(&key, &gains), Err(error));
    }
}

/// Neither claim is read by anything but the opening.
#[test]
fn rejects_an_activation_moved_to_another_layer() {
    for (key, _) in both() {
        let gains: [(BlockSource, usize, Move); 2] =
            [(FIRST_ROWS, 1, |w, _| over(w(FIRST_ROWS))), (SECOND_ROWS, 1, |w, _| -over(w(SECOND_ROWS)))];
        assert_eq!(check(&key, &gains), Err(Error::Opening));
    }
}

/// Quotient and remainder give the accumulator that they should, the activation makes up for both in the leaves: every
/// check before the opening holds.
#[test]
fn rejects_a_quotient_moved_to_its_remainder_and_its_activation() {
    for (key, _) in both() {
        let power = |x: Fr| x * Fr::from(1_u64 << SHIFT);
        let gains: [(BlockSource, usize, Move); 3] = [
            (SECOND_ROWS, 0, |_, _| Fr::one()),
            (BlockSource::Remainders(SECOND), 0, |_, _| -Fr::from(1_u64 << SHIFT)),
            (SECOND_ROWS, 1, |w, beta| {
                let remainder = Fr::from(1_u64 << SHIFT) * w(BlockSource::Remainders(SECOND));
                (remainder * over(w(SECOND_ROWS)) - Fr::one()) * over(beta)
            }),
        ];
        assert_eq!(power(Fr::one()), Fr::from(4_u64));
        assert_eq!(check(&key, &gains), Err(Error::Opening));
    }
}

/// Multiplies one factor by two and halves the other: their product stays.
fn trade(factors: &mut [Fr]) {
    factors[0].double_in_place();
    factors[1] *= over(Fr::from(2_u64));
}

fn revised(key: &ProvingKey, input: &Tensor<i64>, label: Label, revise: Revision) -> Result<(), Error> {
    let mut run = Run::honest(key, input).unwrap();
    assert_eq!(verdict(key, input, &run), Ok(()));
    run.revise(label, revise);
    verdict(key, input, &run)
}

/// Weights and inputs of the first layer, which reads the public input, and of the others.
#[test]
fn rejects_a_factor_of_a_dense_layers_product_moved_to_the_other() {
    for (key, _) in both() {
        let label = labels::CONTRACTION_VALUES;
        let first: Revision = |values| trade(&mut values[..2]);
        assert_eq!(revised(&key, &vector(), label, first), Err(Error::PublicInput));
        let second: Revision = |values| trade(&mut values[2..4]);
        assert_eq!(revised(&key, &vector(), label, second), Err(Error::Opening));
        let third: Revision = |values| trade(&mut values[4..]);
        assert_eq!(revised(&key, &vector(), label, third), Err(Error::Opening));
    }
}

fn small(
    block: impl FnOnce(&mut NetworkBuilder, [NodeId; 2]) -> (NodeId, Vec<usize>),
) -> (ProvingKey, Tensor<i64>) {
    let input = InputLayer::real(layout(&[1, 2, 3]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("small", input);
    let [x, y] = [1, 2].map(|m| {
        let sum = b.add("copy", &[(b.input(), 1)]);
        b.rescale("copied", sum, Multiplier::Uniform(m), 1, CLIP)
    });
    let (node, shape) = block(&mut b, [x, y]);
    b.output(output("y", node, &shape));
    (ProvingKey::setup(b.finish().unwrap()).unwrap(), tensor(&[1, 2, 3], vec![1, -4, 2, 3, 0, -1]))
}

#[test]
fn rejects_a_factor_of_a_product_of_activations_moved_to_the_other() {
    let (key, input) = small(|b, [x, y]| (b.product("p", (x, b"chw"), (y, b"chw"), b"chw"), vec![1, 2, 3]));
    assert_eq!(revised(&key, &input, labels::PRODUCT_VALUES, trade), Err(Error::Opening));
}

#[test]
fn rejects_an_addend_moved_to_the_other() {
    let (key, input) = small(|b, [x, y]| (b.add("sum", &[(x, 1), (y, -2)]), vec![1, 2, 3]));
    // The copies before it have one addend.
    let revise: Revision = |values| {
        if let [first, second] = values {
            *first += Fr::from(2_u64);
            *second += Fr::one();
        }
    };
    assert_eq!(revised(&key, &input, labels::ADDEND_VALUES, revise), Err(Error::Opening));
}

/// $256 h + l$ stays, and so does what the rescale asks of the sum.
#[test]
fn rejects_an_accumulator_of_one_digit_moved_to_the_other() {
    let input = InputLayer::real(layout(&[4]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("digits", input);
    let [high, low] = [("high", 3), ("low", 5)].map(|(name, step)| {
        let data = (0..16).map(|i| (i * step % 7) as i8 - 3).collect();
        b.dense(name, b.input(), 0, Tensor::new(layout(&[4, 4]), data).unwrap(), None).unwrap()
    });
    let both = b.add("both", &[(high, 256), (low, 1)]);
    let y = b.rescale("clip", both, Multiplier::Uniform(1), 8, CLIP);
    b.output(output("y", y, &[4]));
    let key = ProvingKey::setup(b.finish().unwrap()).unwrap();
    let revise: Revision = |values| {
        values[0] += Fr::one();
        values[1] -= Fr::from(256_u64);
    };
    let contractions = final_value("contractions", labels::CONTRACTION_VALUES);
    assert_eq!(revised(&key, &vector(), labels::ADDEND_VALUES, revise), Err(contractions));
}

/// The product of a window's differences stays zero at the point, and so does its value.
#[test]
fn rejects_a_factor_of_a_windows_difference_moved_to_another() {
    let (key, input) =
        small(|b, [x, _]| (b.max_pool("pool", x, Window2d::square(AxisWindow::new(2, 1))), vec![1, 1, 2]));
    let windows = final_value("windows", labels::WINDOW_VALUES);
    assert_eq!(revised(&key, &input, labels::POOL_DIFFERENCES, trade), Err(windows.clone()));
    // A difference and the maximum moved alike leave the unfolded input as it is, at one of both points only.
    let revise: Revision = |values| values[0] += Fr::one();
    assert_eq!(revised(&key, &input, labels::POOL_VALUES, revise), Err(windows));
}

/// Per-channel multipliers: two layers' accumulators in one combination.
#[test]
fn rejects_accumulators_exchanged_between_layers() {
    let [_, (key, error)] = both();
    let revise: Revision = |values| values.swap(0, 1);
    assert_eq!(revised(&key, &vector(), labels::ACCUMULATOR_VALUES, revise), Err(error));
}
