//! Convolutions in the frequency domain (see [`tacit_layers::layer::conv2d::fft`]).

use ark_bn254::Fr;
use tacit_layers::{
    Operation,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim, SumClaim},
        sumcheck::{RoundWeights, instance_point},
    },
    layer::conv2d::fft::{
        FftClaim, FftConvolutionClaims, FftConvolutionLayer, SpectrumClaims, TransformValues,
    },
};
use tacit_transcript::{ProofReader, Value, labels};

use super::fourier;
use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// A convolution to verify.
#[derive(Debug, Clone)]
pub struct FftConvolutionVerifier<V = Fr> {
    /// Shapes.
    pub layer: FftConvolutionLayer,
    /// The claim on the convolution.
    pub claim: FftClaim<V>,
}

/// Checks all convolutions and returns the claims left of each.
///
/// # Errors
/// When the proof is malformed or a stage's values do not give its final value.
pub fn verify<V: Value>(
    reader: &mut ProofReader<V>,
    convolutions: &[FftConvolutionVerifier<V>],
) -> Result<Vec<FftConvolutionClaims<V>>> {
    let spectra = verify_products(reader, convolutions)?;
    // Step 2: spectra and crops back to weights, input and positions.
    let sums: Vec<SumClaim<V>> = convolutions
        .iter()
        .zip(&spectra)
        .flat_map(|(c, spectra)| c.layer.transform_claims(spectra))
        .collect();
    let reduced = sumcheck::verify(reader, &sums, RoundWeights::Uniform)?;
    let count = convolutions.len().saturating_mul(TransformValues::COUNT);
    let scalars = reader.read_scalars(labels::TRANSFORM_VALUES, count)?;
    let (scalars, _) = scalars.as_chunks::<{ TransformValues::COUNT }>();
    let values: Vec<TransformValues<V>> =
        scalars.iter().cloned().map(TransformValues::from_scalars).collect();
    let all = || convolutions.iter().zip(&spectra).zip(&values);
    let points =
        |layer: &FftConvolutionLayer| layer.transform_vars().map(|n| instance_point(&reduced.point, n));
    let mut products: Vec<V::Product> = vec![];
    for ((FftConvolutionVerifier { layer, claim }, spectra), values) in all() {
        let [kernel, top, left] = layer.transform_weights(claim, spectra, points(layer))?;
        let TransformValues { input, rows: [row, column], weights, crops: [height, width] } = values.clone();
        products.push(reader.multiply(&[input, row, column])?);
        products.extend([weights * kernel, height * top, width * left].map(V::Product::from));
    }
    if !reader.check_zero(reduced.difference(products.into_iter())) {
        return Err(Error::FinalValue { argument: "transforms", message: labels::TRANSFORM_VALUES });
    }
    // Step 3: Fourier vectors.
    let mut vectors = vec![];
    for ((FftConvolutionVerifier { layer, .. }, spectra), values) in all() {
        vectors.extend(layer.fourier_claims(spectra, points(layer), values)?);
    }
    fourier::verify(reader, vectors)?;
    let claims = all().map(|((convolution, spectra), values)| {
        convolution.layer.claims(spectra, points(&convolution.layer), values)
    });
    Ok(claims.collect())
}

/// Step 1: the product of weights and input in the frequency domain.
fn verify_products<V: Value>(
    reader: &mut ProofReader<V>,
    convolutions: &[FftConvolutionVerifier<V>],
) -> Result<Vec<SpectrumClaims<V>>> {
    let sums: Vec<SumClaim<V>> = convolutions.iter().map(|c| c.layer.product_claim(&c.claim)).collect();
    let reduced = sumcheck::verify(reader, &sums, RoundWeights::Uniform)?;
    let values = reader.read_scalars(labels::SPECTRUM_VALUES, convolutions.len().saturating_mul(4))?;
    let (values, _) = values.as_chunks::<4>();
    let spectra: Vec<SpectrumClaims<V>> = convolutions
        .iter()
        .zip(values)
        .map(|(convolution, values)| {
            let point = instance_point(&reduced.point, convolution.layer.num_vars());
            convolution.layer.spectrum_claims(point, values.clone())
        })
        .collect();
    let mut products: Vec<V::Product> = vec![];
    for (FftConvolutionVerifier { layer, claim }, spectra) in convolutions.iter().zip(&spectra) {
        let [top, left, weights, input] = spectra.values.clone();
        let weighted = weights * layer.product_weight(claim, spectra)?;
        products.push(reader.multiply(&[top, left, weighted, input])?);
    }
    if !reader.check_zero(reduced.difference(products.into_iter())) {
        return Err(Error::FinalValue { argument: "frequency products", message: labels::SPECTRUM_VALUES });
    }
    Ok(spectra)
}

/// All convolutions of a network that are proved by this argument.
pub(crate) fn verify_all<V: Value>(session: &mut Session<V>, claims: Vec<LinearClaim<V>>) -> Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    let convolutions = claims
        .iter()
        .map(|claim| {
            let Operation::Conv2d(layer) = &session.node(claim.node)?.0.operation else {
                return Err(Error::BrokenInvariant);
            };
            let input = session.layout(session.read(claim.node)?)?;
            let (group, position, value): (Vec<Fr>, Vec<Fr>, V) =
                (claim.group.clone(), claim.others.clone(), claim.value.clone());
            Ok(FftConvolutionVerifier {
                layer: FftConvolutionLayer::of(layer, input, session.layout(claim.node)?),
                claim: FftClaim { group, position, value },
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let left = verify(session.reader, &convolutions)?;
    for (claim, left) in claims.into_iter().zip(left) {
        let column = Column::Parameter(claim.weights);
        let point = [left.group, claim.filter, left.weights_point].concat();
        session.claims.columns.push(EvaluationClaim::new(column, point, left.weights));
        let read = session.read(claim.node)?;
        session.claim_activation(read, left.input_point, left.input)?;
    }
    Ok(())
}
