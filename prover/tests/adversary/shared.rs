//! Parameters that several layers read: every reader is held to the one tensor that is committed to.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, ConvolutionArgument, InputLayer, MatmulArgument, Multiplier, ParameterId, Tensor,
    argument::claim::Column,
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_verifier::Error;

use super::{
    layout,
    network::{output, verdict},
    tensor, tiny,
};

/// The weights of the first two layers, and those of the last.
const SHARED: ParameterId = ParameterId(0);
const OTHER: ParameterId = ParameterId(1);

const ROWS: [[i8; 3]; 3] = [[1, 2, -1], [-3, 1, 0], [2, -2, 1]];

/// Three steps of a state of 3; `second` is what the second reads, and the other matrix has the rows in this order.
fn steps(second: ParameterId, order: [usize; 3], argument: MatmulArgument) -> ProvingKey {
    let clip = ActivationFunction::Clip { minimum: -4, maximum: 4 };
    let input = InputLayer::real(layout(&[3]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("steps", input);
    let matrix = |order: [usize; 3]| {
        Tensor::new(layout(&[3, 3]), order.iter().flat_map(|&row| ROWS[row]).collect()).unwrap()
    };
    assert_eq!(b.weights("shared", matrix([0, 1, 2])), SHARED);
    assert_eq!(b.weights("other", matrix(order)), OTHER);
    let mut x = b.input();
    for (name, weights) in [("first", SHARED), ("second", second), ("third", OTHER)] {
        x = b.dense_of(name, x, 0, weights, None);
        x = b.rescale(&format!("{name} clip"), x, Multiplier::Uniform(1), 1, clip.clone());
    }
    b.output(output("state", x, &[3]));
    let network = b.finish().unwrap();
    let network = network.with_arguments(ConvolutionArgument::default(), argument).unwrap();
    ProvingKey::setup(network).unwrap()
}

/// The verdict on a run in which the second layer reads the other matrix, passed off as one of the key by which it reads the
/// shared one; `number` says which claim on the other matrix is the second layer's.
fn passed_off(order: [usize; 3], argument: MatmulArgument, number: usize) -> Result<(), Error> {
    let [claimed, used] = [SHARED, OTHER].map(|second| steps(second, order, argument));
    let input = tensor(&[3], vec![3, -1, 2]);
    let mut run = Run::honest(&used, &input).unwrap();
    run.claim_key(claimed.verifying_key());
    run.rename_claim(Column::Parameter(OTHER), number, Column::Parameter(SHARED));
    verdict(&claimed, &input, &run)
}

/// The lie holds in everything but the opening: where both matrices are the same it is none, and one of the two claims on
/// the other matrix is the second layer's.
#[test]
fn rejects_other_weights_in_the_second_reader() {
    for &argument in MatmulArgument::ALL {
        let same = [0, 1].map(|number| passed_off([0, 1, 2], argument, number).is_ok());
        let Some(number) = same.iter().position(|&accepted| accepted) else {
            panic!("{argument:?}: {same:?}")
        };
        assert!(!same[1 - number], "{argument:?}");
        assert_eq!(passed_off([1, 0, 2], argument, number), Err(Error::Opening), "{argument:?}");
    }
}

/// Each reader's claim on a shared bias is opened: one that is passed off as a claim on another bias is none that holds.
#[test]
fn rejects_a_claim_of_each_reader_on_another_parameter() {
    let key = ProvingKey::setup(tiny::shared()).unwrap();
    let input = tiny::sample(key.network());
    let [bias, other] = [2, 3].map(|index| Column::Parameter(ParameterId(index)));
    for (number, expected) in [(0, Err(Error::Opening)), (1, Err(Error::Opening)), (2, Ok(()))] {
        let mut run = Run::honest(&key, &input).unwrap();
        run.rename_claim(bias, number, other);
        assert_eq!(verdict(&key, &input, &run), expected, "reader {number} of two");
    }
}
