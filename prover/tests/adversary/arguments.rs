//! Stand-alone matrix products and convolutions: a false product is rejected, or its claims are false.

use tacit_layers::{
    AxisWindow, ConvolutionArgument, Layout, MatmulArgument, Tensor, Window2d,
    argument::matmul::MatmulLayer,
    layer::conv2d::ConvolutionLayer,
    proof::alone::{AloneClaims, Subject},
    tensor::evaluation::evaluate,
};
use tacit_prover::ProveAlone;
use tacit_transcript::{ProofReader, ProofWriter, labels};
use tacit_verifier::{Error, VerifyAlone};

use super::{DOMAIN, integers, tensor};

const MATMUL: MatmulLayer = MatmulLayer { num_rows: 3, num_inner: 5, num_columns: 2 };

fn product(left: &Tensor<i64>, right: &Tensor<i64>) -> Tensor<i64> {
    let entry = |i: usize, j: usize| (0..5).map(|k| left.data()[5 * i + k] * right.data()[5 * j + k]).sum();
    tensor(&[3, 2], (0..6).map(|at| entry(at / 2, at % 2)).collect())
}

fn matmul(left: &Tensor<i64>, right: &Tensor<i64>, product: &Tensor<i64>) -> Result<AloneClaims, Error> {
    let mut writer = ProofWriter::new(DOMAIN);
    let argument = MatmulArgument::Sumcheck;
    let prover = MATMUL.prover(argument, &[left, right]).unwrap();
    let proved = prover.prove(&mut writer, product, &mut ()).unwrap();
    let proof = writer.finish();
    let mut reader = ProofReader::new(DOMAIN, &proof);
    let claims = MATMUL.verifier(argument)?.verify(&mut reader, &mut ())?;
    reader.finish()?;
    assert_eq!(claims, proved);
    Ok(claims)
}

fn changed(tensor: &Tensor<i64>, index: usize) -> Tensor<i64> {
    let mut data = tensor.data().to_vec();
    data[index] += 1;
    Tensor::new(tensor.layout().clone(), data).unwrap()
}

/// Whether the claims on a tensor, of which there is one, are true.
fn holds(claims: &AloneClaims, subject: Subject, tensor: &Tensor<i64>) -> bool {
    let claims: Vec<_> = claims.on(subject).collect();
    let [claim] = claims[..] else { panic!("{claims:?}") };
    evaluate(tensor.layout(), tensor.data(), &claim.point).unwrap() == claim.value
}

const OUTPUT: Subject = Subject::Output(0);
const INPUT: Subject = Subject::Input(0);
const WEIGHTS: Subject = Subject::Parameter(0);

#[test]
fn rejects_a_matrix_product_with_one_wrong_entry() {
    let (left, right) = (tensor(&[3, 5], integers(1, 15)), tensor(&[2, 5], integers(2, 10)));
    let product = product(&left, &right);
    let claims = matmul(&left, &right, &product).unwrap();
    assert!(holds(&claims, INPUT, &left));
    assert!(holds(&claims, Subject::Input(1), &right));
    assert!(holds(&claims, OUTPUT, &product));
    for index in 0..6 {
        let error = Error::FinalValue { argument: "products", message: labels::PRODUCT_VALUES };
        assert_eq!(matmul(&left, &right, &changed(&product, index)), Err(error), "entry {index}");
    }
}

#[test]
fn a_wrong_factor_shows_in_its_claim() {
    let (left, right) = (tensor(&[3, 5], integers(1, 15)), tensor(&[2, 5], integers(2, 10)));
    for index in 0..15 {
        // The prover uses another factor, and the product that goes with it.
        let other = changed(&left, index);
        let claims = matmul(&other, &right, &product(&other, &right)).unwrap();
        assert!(!holds(&claims, INPUT, &left), "entry {index}");
        assert!(holds(&claims, Subject::Input(1), &right));
    }
}

fn axis(pad_begin: usize, pad_end: usize) -> AxisWindow {
    AxisWindow { kernel: 3, stride: 2, dilation: 1, pad_begin, pad_end }
}

fn convolution_layer(height: AxisWindow, width: AxisWindow) -> ConvolutionLayer {
    let input = Layout::new(vec![3, 6, 5]).unwrap();
    ConvolutionLayer::new(Window2d { height, width }, 2, input).unwrap()
}

fn convolve(layer: &ConvolutionLayer, weights: &Tensor<i64>, input: &Tensor<i64>) -> Tensor<i64> {
    let [height, width] = [1, 2].map(|axis| layer.output.axes()[axis]);
    let mut data = vec![];
    for at in 0..2 * height * width {
        let (o, y, x) = (at / (height * width), at / width % height, at % width);
        let mut sum = 0;
        for k in 0..27 {
            let (c, i, j) = (k / 9, k / 3 % 3, k % 3);
            let row = layer.window.height.input_position(y, i, 6);
            let column = layer.window.width.input_position(x, j, 5);
            let read = row.zip(column).map_or(0, |(r, s)| input.data()[(c * 6 + r) * 5 + s]);
            sum += weights.data()[27 * o + k] * read;
        }
        data.push(sum);
    }
    Tensor::new(layer.output.clone(), data).unwrap()
}

/// Proves with one layer's shape, verifies with another's.
fn convolution(
    [proved, verified]: [&ConvolutionLayer; 2],
    weights: &Tensor<i64>,
    input: &Tensor<i64>,
    output: &Tensor<i64>,
) -> Result<AloneClaims, Error> {
    let mut writer = ProofWriter::new(DOMAIN);
    let argument = ConvolutionArgument::Direct;
    let mut prover = proved.prover(argument, &[input, weights]).unwrap();
    prover.state(verified, argument).unwrap();
    let _ = prover.prove(&mut writer, output, &mut ()).unwrap();
    let proof = writer.finish();
    let mut reader = ProofReader::new(DOMAIN, &proof);
    let claims = verified.verifier(argument)?.verify(&mut reader, &mut ())?;
    reader.finish()?;
    Ok(claims)
}

fn operands() -> (Tensor<i64>, Tensor<i64>) {
    (tensor(&[2, 3, 3, 3], integers(3, 54)), tensor(&[3, 6, 5], integers(4, 90)))
}

fn final_value(argument: &'static str, message: tacit_transcript::Label) -> Error {
    Error::FinalValue { argument, message }
}

#[test]
fn rejects_a_convolution_with_one_wrong_entry() {
    let (weights, input) = operands();
    let layer = convolution_layer(axis(1, 0), axis(1, 1));
    let output = convolve(&layer, &weights, &input);
    let claims = convolution([&layer; 2], &weights, &input, &output).unwrap();
    assert!(
        holds(&claims, WEIGHTS, &weights) && holds(&claims, INPUT, &input) && holds(&claims, OUTPUT, &output)
    );
    for index in 0..output.data().len() {
        let verdict = convolution([&layer; 2], &weights, &input, &changed(&output, index));
        assert_eq!(verdict, Err(final_value("contractions", labels::CONTRACTION_VALUES)), "entry {index}");
    }
}

#[test]
fn rejects_a_convolution_with_shifted_padding_stride_or_dilation() {
    let (weights, input) = operands();
    let verified = convolution_layer(axis(1, 0), axis(1, 1));
    let wider = AxisWindow { dilation: 2, pad_begin: 2, pad_end: 1, ..axis(0, 0) };
    let narrower = AxisWindow { stride: 1, pad_begin: 0, pad_end: 0, ..axis(0, 0) };
    for (what, proved) in [
        ("padding", convolution_layer(axis(0, 1), axis(1, 1))),
        ("dilation", convolution_layer(wider, axis(1, 1))),
        ("stride", convolution_layer(axis(1, 0), narrower)),
    ] {
        assert_eq!(proved.output, verified.output, "{what}");
        // True for the prover's own window, all the way to the input.
        let output = convolve(&proved, &weights, &input);
        let verdict = convolution([&proved, &verified], &weights, &input, &output);
        assert_eq!(verdict, Err(final_value("windows", labels::WINDOW_VALUES)), "{what}");
    }
}

#[test]
fn swapped_channels_show_in_the_claims() {
    let (weights, input) = operands();
    let layer = convolution_layer(axis(1, 0), axis(1, 1));
    let mut data = input.data().to_vec();
    data.rotate_left(30);
    let rotated = Tensor::new(input.layout().clone(), data).unwrap();
    let output = convolve(&layer, &weights, &rotated);
    let claims = convolution([&layer; 2], &weights, &rotated, &output).unwrap();
    assert!(!holds(&claims, INPUT, &input));
    let mut data = weights.data().to_vec();
    data.rotate_left(27);
    let swapped = Tensor::new(weights.layout().clone(), data).unwrap();
    let output = convolve(&layer, &swapped, &input);
    let claims = convolution([&layer; 2], &swapped, &input, &output).unwrap();
    assert!(!holds(&claims, WEIGHTS, &weights));
}
