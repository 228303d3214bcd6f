//! Channels that changed places: of an activation, of the input, of a layer and of its reader, of multipliers and biases.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, InputLayer, MatmulArgument, Multiplier, NodeId,
    Tensor, Window2d,
    argument::{claim::Column, lookup_block::BlockSource},
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::labels;
use tacit_verifier::Error;

use super::{
    layout,
    network::{final_value, output, passed_off, verdict},
    tensor,
};

const CLIP: ActivationFunction = ActivationFunction::Clip { minimum: -9, maximum: 9 };
const RESCALE: NodeId = NodeId(2);

/// Where two channels are named in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Filters,
    Biases,
    Multipliers,
    Read,
}

fn ordered<T: Copy>(exchanged: bool, [first, second]: [T; 2]) -> [T; 2] {
    if exchanged { [second, first] } else { [first, second] }
}

/// Convolution of two channels into two, rescale, convolution into one; channels are exchanged in some places.
fn key(argument: ConvolutionArgument, multipliers: Option<[u32; 2]>, exchanged: &[Place]) -> ProvingKey {
    let input = InputLayer::real(layout(&[2, 4, 4]), (-4, 3), 1.0);
    let mut b = NetworkBuilder::new("channels", input);
    let window = Window2d::square(AxisWindow::new(2, 1));
    // Both filters have the same range, so that the tables do not tell their order.
    let filters = ordered(
        exchanged.contains(&Place::Filters),
        [[3, -1, 2, 1, -2, 1, 3, 1], [-1, 2, 1, 2, 3, -2, 1, 2]],
    )
    .concat();
    let weights = Tensor::new(layout(&[2, 2, 2, 2]), filters).unwrap();
    let biases = if multipliers.is_none() { [5, -3] } else { [2, 2] };
    let bias = ordered(exchanged.contains(&Place::Biases), biases).to_vec();
    let x = b.conv2d("first", b.input(), window, weights, Some(bias)).unwrap();
    let multiplier = match multipliers {
        None => Multiplier::Uniform(3),
        Some(values) => Multiplier::PerChannel {
            axis: 0,
            values: ordered(exchanged.contains(&Place::Multipliers), values).to_vec(),
        },
    };
    let x = b.rescale("clip", x, multiplier, 3, CLIP);
    let read = ordered(exchanged.contains(&Place::Read), [[1, -2, 2, 1], [3, 1, -1, 2]]).concat();
    let weights = Tensor::new(layout(&[1, 2, 2, 2]), read).unwrap();
    let x = b.conv2d("second", x, window, weights, None).unwrap();
    b.output(output("y", x, &[1, 2, 2]));
    let network = b.finish().unwrap().with_arguments(argument, MatmulArgument::default()).unwrap();
    ProvingKey::setup(network).unwrap()
}

fn image() -> Tensor<i64> {
    tensor(&[2, 4, 4], (0..32).map(|i| (5 * i + i / 16 + i * i / 7) % 8 - 4).collect())
}

/// The first check of a convolution's sums.
fn sums(argument: ConvolutionArgument) -> Error {
    match argument {
        ConvolutionArgument::Direct => final_value("contractions", labels::CONTRACTION_VALUES),
        ConvolutionArgument::Fft => final_value("frequency products", labels::SPECTRUM_VALUES),
        ConvolutionArgument::Polynomial => final_value("convolutions", labels::CONVOLUTION_VALUES),
        ConvolutionArgument::Gates => final_value("gates", labels::GATE_LEFT_VALUES),
    }
}

/// The network with both layers' channels exchanged computes the same, but it is not the one that was committed to.
#[test]
fn rejects_the_same_function_with_channels_exchanged_throughout() {
    let all = [Place::Filters, Place::Biases, Place::Read];
    for &argument in ConvolutionArgument::ALL {
        let (claimed, used) = (key(argument, None, &[]), key(argument, None, &all));
        let outputs = |key| Run::honest(key, &image()).unwrap().outputs().clone();
        assert_eq!(outputs(&claimed), outputs(&used));
        assert_eq!(passed_off(&claimed, &claimed, &image()), Ok(()));
        assert_eq!(passed_off(&claimed, &used, &image()), Err(Error::Opening), "{argument:?}");
    }
}

#[test]
fn rejects_filters_biases_or_read_channels_exchanged() {
    for exchanged in [Place::Filters, Place::Biases, Place::Read] {
        for &argument in ConvolutionArgument::ALL {
            let (claimed, used) = (key(argument, None, &[]), key(argument, None, &[exchanged]));
            assert_eq!(
                passed_off(&claimed, &used, &image()),
                Err(Error::Opening),
                "{exchanged:?}, {argument:?}"
            );
        }
    }
}

/// Committed, looked up and read in the other order, sums left as they are.
#[test]
fn rejects_an_activations_channels_exchanged() {
    let others = [Place::Filters, Place::Biases, Place::Multipliers];
    for &argument in ConvolutionArgument::ALL {
        for (multipliers, error) in
            [(None, sums(argument)), (Some([3, 2]), final_value("rescales", labels::ACCUMULATOR_VALUES))]
        {
            let claimed = key(argument, multipliers, &[]);
            let exchanged = key(argument, multipliers, &others);
            let mut run = Run::honest(&claimed, &image()).unwrap();
            let mut other = Run::honest(&exchanged, &image()).unwrap();
            assert_ne!(run.values()[RESCALE.index()], other.values()[RESCALE.index()]);
            for node in RESCALE.index()..4.min(run.values().len()) {
                run.values()[node] = other.values()[node].clone();
            }
            *run.outputs() = other.outputs().clone();
            for column in [Column::Activation(RESCALE), Column::Remainder(RESCALE)] {
                *run.column(column) = other.column(column).clone();
            }
            for rows in [BlockSource::Activations(RESCALE), BlockSource::Remainders(RESCALE)] {
                let ((keys, positions), (others, other_positions)) = (run.lookups(rows), other.lookups(rows));
                (*keys, *positions) = (others.clone(), other_positions.clone());
            }
            assert_eq!(verdict(&claimed, &image(), &run), Err(error), "{argument:?}");
        }
    }
}

#[test]
fn rejects_multipliers_exchanged() {
    for &argument in ConvolutionArgument::ALL {
        let key = |exchanged: &[Place]| key(argument, Some([3, 2]), exchanged);
        let error = final_value("rescales", labels::ACCUMULATOR_VALUES);
        assert_eq!(passed_off(&key(&[]), &key(&[Place::Multipliers]), &image()), Err(error), "{argument:?}");
    }
}

#[test]
fn rejects_the_inputs_channels_exchanged() {
    for &argument in ConvolutionArgument::ALL {
        let key = key(argument, None, &[]);
        let mut data = image().data().to_vec();
        data.rotate_left(16);
        assert_ne!(data, image().data());
        let mut run = Run::honest(&key, &tensor(&[2, 4, 4], data)).unwrap();
        *run.input() = image();
        assert_eq!(verdict(&key, &image(), &run), Err(Error::PublicInput), "{argument:?}");
    }
}
