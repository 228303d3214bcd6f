//! Convolutions in the frequency domain: false at one stage and consistent before it, the stage's own check rejects.

use std::iter::once;

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use tacit_algebra::{eq, small::from_i64};
use tacit_layers::{
    AxisWindow, Layout, NodeId, Tensor, Window2d,
    argument::fourier::{FourierClaim, FourierVector},
    layer::conv2d::fft::{FftClaim, FftConvolutionClaims, FftConvolutionLayer, TransformValues},
    tensor::{
        bits_of,
        evaluation::{evaluate, kronecker},
    },
};
use tacit_prover::{
    ProvingKey,
    cheating::{Run, prove_spectra},
    layers::{
        fft_convolution::{self, FftConvolutionProver, Spectra},
        fourier::{self, FourierProver},
    },
};
use tacit_transcript::{
    Label, ProofReader, ProofWriter,
    encoding::{scalar_from_bytes, scalar_to_bytes},
    labels,
};
use tacit_verifier::{
    Error,
    layers::{
        fft_convolution::{self as verifier, FftConvolutionVerifier},
        fourier as fourier_verifier,
    },
};

use super::{DOMAIN, integers, network::verdict, scalars, tensor, tiny};

const GROUPS: usize = 2;
const CHANNELS: usize = 2;

const fn axis(kernel: usize, stride: usize, dilation: usize, begin: usize, end: usize) -> AxisWindow {
    AxisWindow { kernel, stride, dilation, pad_begin: begin, pad_end: end }
}

/// A layer over maps of these lengths.
fn layer(height: AxisWindow, width: AxisWindow, input: [usize; 2]) -> FftConvolutionLayer {
    let output =
        [height, width].into_iter().zip(input).map(|(axis, n)| axis.output_length("conv", n).unwrap());
    let output: Vec<usize> = output.collect();
    FftConvolutionLayer::new(&Window2d { height, width }, GROUPS, CHANNELS, input, [output[0], output[1]])
}

/// Transforms of 16 and 8.
fn usual() -> FftConvolutionLayer {
    layer(axis(3, 2, 1, 1, 1), axis(2, 1, 2, 0, 1), [9, 5])
}

/// Weights at an output channel, over (groups, channels, kernel), and an input.
fn operands(layer: &FftConvolutionLayer) -> (Vec<Fr>, Tensor<i64>) {
    let offsets: usize = layer.axes.iter().map(|axis| axis.window.kernel).product();
    let [height, width] = layer.axes.map(|axis| axis.input);
    let maps = GROUPS * CHANNELS;
    (scalars(7, maps * offsets), tensor(&[maps, height, width], integers(9, maps * height * width)))
}

/// The convolution at a point, sum by sum.
fn convolve(layer: &FftConvolutionLayer, claim: &FftClaim, weights: &[Fr], input: &Tensor<i64>) -> Fr {
    let [height, width] = layer.axes;
    let positions = layer.positions(claim);
    let rows = eq::table(&positions[0], height.output);
    let columns = eq::table(&positions[1], width.output);
    let groups = eq::table(&claim.group, GROUPS);
    let (k_height, k_width) = (height.window.kernel, width.window.kernel);
    let mut sum = Fr::zero();
    for (i, weight) in weights.iter().enumerate() {
        let (channel, ky, kx) = (i / (k_height * k_width), i / k_width % k_height, i % k_width);
        for (p, q) in (0..height.output).flat_map(|p| (0..width.output).map(move |q| (p, q))) {
            let row = height.window.input_position(p, ky, height.input);
            let column = width.window.input_position(q, kx, width.input);
            let read = row.zip(column).map_or(0, |(row, column)| {
                input.data()[(channel * height.input + row) * width.input + column]
            });
            sum += groups[channel / CHANNELS] * rows[p] * columns[q] * weight * from_i64(read);
        }
    }
    sum
}

/// An honest prover.
fn honest<'a>(
    layer: &FftConvolutionLayer,
    weights: &[Fr],
    input: &'a Tensor<i64>,
) -> FftConvolutionProver<'a> {
    let position = scalars(3, layer.axes.iter().map(|axis| bits_of(axis.output)).sum());
    let mut claim = FftClaim { group: scalars(4, bits_of(GROUPS)), position, value: Fr::zero() };
    claim.value = convolve(layer, &claim, weights, input);
    FftConvolutionProver { layer: layer.clone(), claim, weights: weights.to_vec(), input }
}

/// Proves stage by stage with these tables.
fn prove(convolution: &FftConvolutionProver, spectra: Spectra) -> ProofWriter {
    let mut writer = ProofWriter::new(DOMAIN);
    prove_spectra(&mut writer, std::slice::from_ref(convolution), vec![spectra]);
    writer
}

fn verify(
    layer: &FftConvolutionLayer,
    claim: &FftClaim,
    proof: &[u8],
) -> Result<FftConvolutionClaims, Error> {
    let mut reader = ProofReader::new(DOMAIN, proof);
    let convolution = FftConvolutionVerifier { layer: layer.clone(), claim: claim.clone() };
    let claims = verifier::verify(&mut reader, &[convolution])?;
    reader.finish()?;
    Ok(claims.into_iter().next().unwrap())
}

const fn final_value(argument: &'static str, message: Label) -> Error {
    Error::FinalValue { argument, message }
}

const PRODUCTS: Error = final_value("frequency products", labels::SPECTRUM_VALUES);
const TRANSFORMS: Error = final_value("transforms", labels::TRANSFORM_VALUES);
const VECTORS: Error = final_value("Fourier vectors", labels::FOURIER_VALUES);

/// Weights and input at the points that claims are about.
fn at(
    layer: &FftConvolutionLayer,
    claims: &FftConvolutionClaims,
    weights: &[Fr],
    input: &Tensor<i64>,
) -> [Fr; 2] {
    let [height, width] = layer.axes.map(|axis| axis.window.kernel);
    let layout = Layout::new(vec![GROUPS, CHANNELS, height, width]).unwrap();
    let point = [claims.group.as_slice(), &claims.weights_point].concat();
    let table = kronecker(tacit_layers::tensor::evaluation::split_point(&layout, &point));
    let weights = table.iter().zip(weights).map(|(e, w)| *e * w).sum();
    [weights, evaluate(input.layout(), input.data(), &claims.input_point).unwrap()]
}

#[test]
fn accepts_convolutions_and_leaves_true_claims() {
    for (height, width, input) in [
        (axis(3, 2, 1, 1, 1), axis(2, 1, 2, 0, 1), [9, 5]),
        (axis(1, 1, 1, 0, 0), axis(5, 3, 1, 2, 4), [1, 33]),
        (axis(2, 1, 5, 4, 4), axis(1, 1, 1, 3, 3), [3, 1]),
        (axis(7, 1, 1, 6, 6), axis(3, 4, 4, 0, 0), [1, 20]),
    ] {
        let layer = layer(height, width, input);
        let (weights, input) = operands(&layer);
        let convolution = honest(&layer, &weights, &input);
        let mut writer = ProofWriter::new(DOMAIN);
        let proved = fft_convolution::prove(&mut writer, std::slice::from_ref(&convolution));
        let claims = verify(&layer, &convolution.claim, &writer.finish()).unwrap();
        assert_eq!(proved, std::slice::from_ref(&claims));
        assert_eq!([claims.weights, claims.input], at(&layer, &claims, &weights, &input), "{layer:?}");
    }
}

#[test]
fn rejects_a_false_convolution() {
    let layer = usual();
    let (weights, input) = operands(&layer);
    let mut convolution = honest(&layer, &weights, &input);
    convolution.claim.value += Fr::one();
    let proof = prove(&convolution, convolution.spectra()).finish();
    assert_eq!(verify(&layer, &convolution.claim, &proof), Err(PRODUCTS));
}

/// The sum of the first stage's tables, as a claim on the convolution.
fn value_of(convolution: &FftConvolutionProver, spectra: &Spectra) -> Fr {
    let lanes = spectra.weights.len() / (spectra.crops[0].len() * spectra.crops[1].len());
    let groups = eq::table(&convolution.claim.group, GROUPS);
    let mut sum = Fr::zero();
    for (i, (w, x)) in spectra.weights.iter().zip(&spectra.input).enumerate() {
        let (lane, frequency) = (i % lanes, i / lanes);
        let [row, column] = [frequency / spectra.crops[1].len(), frequency % spectra.crops[1].len()];
        sum += spectra.crops[0][row] * spectra.crops[1][column] * groups[lane / CHANNELS] * w * x;
    }
    sum * Fr::from((spectra.crops[0].len() * spectra.crops[1].len()) as u64).inverse().unwrap()
}

type Mutation = (&'static str, fn(&mut Spectra));

#[test]
fn rejects_spectra_that_are_no_transforms() {
    let layer = usual();
    let (weights, input) = operands(&layer);
    let honest = honest(&layer, &weights, &input);
    assert_eq!(value_of(&honest, &honest.spectra()), honest.claim.value);
    let mutations: [Mutation; 5] = [
        ("weights", |spectra| spectra.weights[5] += Fr::one()),
        ("input", |spectra| spectra.input[70] += Fr::one()),
        ("crop along the height", |spectra| spectra.crops[0][3] += Fr::one()),
        ("crop along the width", |spectra| spectra.crops[1][0] += Fr::one()),
        ("frequencies reversed", |spectra| spectra.input[4..].reverse()),
    ];
    for (what, mutation) in mutations {
        let (mut convolution, mut spectra) = (honest.clone(), honest.spectra());
        mutation(&mut spectra);
        convolution.claim.value = value_of(&convolution, &spectra);
        assert_ne!(convolution.claim.value, honest.claim.value, "{what}");
        let proof = prove(&convolution, spectra).finish();
        assert_eq!(verify(&layer, &convolution.claim, &proof), Err(TRANSFORMS), "{what}");
    }
}

#[test]
fn rejects_another_window() {
    let verified = usual();
    let [height, width] = verified.axes.map(|axis| axis.window);
    let shifted = AxisWindow { pad_begin: 0, pad_end: 2, ..height };
    let wider = AxisWindow { pad_begin: 1, pad_end: 0, ..width };
    for (what, window, error) in [
        // 16 rows take a level; 8 columns are evaluated entry by entry.
        ("rows cropped elsewhere", [shifted, width], VECTORS),
        ("columns cropped elsewhere", [height, wider], Error::FourierVector { claim: 3 }),
        ("stride", [AxisWindow { stride: 3, pad_end: 5, ..height }, width], VECTORS),
        ("dilation", [height, AxisWindow { dilation: 1, pad_end: 0, ..width }], TRANSFORMS),
    ] {
        let proved = layer(window[0], window[1], [9, 5]);
        let (weights, input) = operands(&proved);
        // True for the prover's own window.
        let convolution = honest(&proved, &weights, &input);
        let proof = prove(&convolution, convolution.spectra()).finish();
        assert!(verify(&proved, &convolution.claim, &proof).is_ok(), "{what}");
        assert_eq!(verify(&verified, &convolution.claim, &proof), Err(error), "{what}");
    }
}

#[test]
fn rejects_swapped_axes() {
    let (height, width) = (axis(2, 1, 1, 1, 0), axis(2, 1, 1, 0, 1));
    let (verified, proved) = (layer(height, width, [6, 6]), layer(width, height, [6, 6]));
    let (weights, input) = operands(&verified);
    let convolution = honest(&proved, &weights, &input);
    let proof = prove(&convolution, convolution.spectra()).finish();
    assert!(verify(&proved, &convolution.claim, &proof).is_ok());
    assert_eq!(verify(&verified, &convolution.claim, &proof), Err(Error::FourierVector { claim: 1 }));
}

/// Channels of input and weights exchanged alike give the same sum; the claims are about other channels.
#[test]
fn exchanged_channels_show_in_the_claims() {
    let layer = usual();
    let (weights, input) = operands(&layer);
    let exchange = |length: usize| {
        (0..GROUPS * CHANNELS).flat_map(move |c| (0..length).map(move |i| (c ^ 1) * length + i))
    };
    let maps = exchange(45).map(|i| input.data()[i]).collect();
    let exchanged_input = Tensor::new(input.layout().clone(), maps).unwrap();
    let exchanged_weights: Vec<Fr> = exchange(6).map(|i| weights[i]).collect();
    let convolution = honest(&layer, &exchanged_weights, &exchanged_input);
    assert_eq!(convolution.claim.value, honest(&layer, &weights, &input).claim.value);
    let proof = prove(&convolution, convolution.spectra()).finish();
    let claims = verify(&layer, &convolution.claim, &proof).unwrap();
    let [true_weights, true_input] = at(&layer, &claims, &weights, &input);
    assert_ne!(claims.weights, true_weights);
    assert_ne!(claims.input, true_input);
}

/// With short transforms no message follows the transforms' values, so that a prover may send others with the same product.
#[test]
fn rejects_a_false_split_of_a_product_that_is_right() {
    let layer = layer(axis(2, 1, 1, 1, 0), axis(3, 1, 1, 0, 1), [6, 5]);
    let (weights, input) = operands(&layer);
    let convolution = honest(&layer, &weights, &input);
    let proof = prove(&convolution, convolution.spectra()).finish();
    let start = proof.len() - 32 * TransformValues::COUNT;
    let values: Vec<Fr> =
        proof[start..].chunks_exact(32).map(|bytes| scalar_from_bytes(bytes).unwrap()).collect();
    let honest = TransformValues::from_scalars(values.try_into().unwrap());
    let two = Fr::from(2_u64);
    let (mut swapped, mut scaled) = (honest, honest);
    swapped.rows.swap(0, 1);
    scaled.input *= two;
    scaled.rows[1] *= two.inverse().unwrap();
    for (other, claim) in [(swapped, 0), (scaled, 2)] {
        let bytes: Vec<u8> = other.to_scalars().iter().flat_map(scalar_to_bytes).collect();
        let forged = [&proof[..start], &bytes].concat();
        assert_eq!(verify(&layer, &convolution.claim, &forged), Err(Error::FourierVector { claim }));
    }
}

/// A vector forged from `level` factors on, with a value that follows from it by honest steps.
fn forge(vector: &FourierVector, index: &[Fr], level: usize) -> FourierProver {
    let num_vars = vector.num_vars();
    let mut prover = FourierProver::new(FourierClaim::new(vector.clone(), index, Fr::zero()));
    *prover.levels[level].last_mut().unwrap() += Fr::one();
    // Every longer vector is the next shorter one times its factor.
    for m in level + 1..=num_vars {
        let part = FourierVector::new(1, 0, vector.frequency()[..m].to_vec()).unwrap();
        for i in 0..1_usize << m {
            let bits: Vec<Fr> = (0..m).map(|b| Fr::from((i >> (m - 1 - b) & 1) as u64)).collect();
            prover.levels[m][i] = prover.levels[m - 1][i % (1 << (m - 1))] * part.factor(&bits);
        }
    }
    let entries = (0..1 << num_vars).map(|i| prover.levels[num_vars][vector.position(i)]);
    let value = eq::table(index, 1 << num_vars).iter().zip(entries).map(|(e, a)| *e * a).sum();
    prover.claim.value = value;
    prover
}

fn fourier_verdict(provers: Vec<FourierProver>) -> Result<(), Error> {
    let claims: Vec<FourierClaim> = provers.iter().map(|prover| prover.claim.clone()).collect();
    let mut writer = ProofWriter::new(DOMAIN);
    fourier::prove(&mut writer, provers);
    let proof = writer.finish();
    let mut reader = ProofReader::new(DOMAIN, &proof);
    fourier_verifier::verify(&mut reader, claims)?;
    reader.finish()?;
    Ok(())
}

#[test]
fn rejects_a_fourier_vector_that_is_false_at_a_level() {
    let vector = |seed, n, step, offset| FourierVector::new(step, offset, scalars(seed, n)).unwrap();
    let honest = |seed: usize, n, step, offset| {
        let (vector, index) = (vector(seed, n, step, offset), scalars(seed + 1, n));
        let value = vector.evaluate(&index, 1 << n);
        FourierProver::new(FourierClaim::new(vector, &index, value))
    };
    let others = || [honest(1, 6, -1, 2), honest(2, 4, 3, 0), honest(3, 2, 1, 1), honest(4, 0, 1, 0)];
    assert_eq!(fourier_verdict(others().to_vec()), Ok(()));
    for level in 0..=6 {
        let forged = forge(&vector(5, 6, -2, 3), &scalars(6, 6), level);
        let claims: Vec<FourierProver> = others().into_iter().chain(once(forged)).collect();
        // Forged below the last level, every level's sum holds and the short vector does not.
        let error = if level <= 3 { Error::FourierVector { claim: 4 } } else { VECTORS };
        assert_eq!(fourier_verdict(claims), Err(error), "{level}");
    }
}

#[test]
fn rejects_a_network_whose_convolution_is_false() {
    let network = tiny::frequencies();
    let input = tiny::sample(&network);
    let key = ProvingKey::setup(network).unwrap();
    let last = NodeId(key.network().architecture.nodes.len() as u32 - 1);
    for index in 0..key.verifying_key().plan().specs[last.index()].layout.num_elements() {
        let mut run = Run::honest(&key, &input).unwrap();
        assert_eq!(verdict(&key, &input, &run), Ok(()));
        let mut sums = run.values()[last.index()].data().to_vec();
        sums[index] += 1;
        let forged = Tensor::new(run.values()[last.index()].layout().clone(), sums).unwrap();
        run.values()[last.index()] = forged.clone();
        run.outputs()[0] = forged;
        assert_eq!(verdict(&key, &input, &run), Err(PRODUCTS), "position {index}");
    }
}
