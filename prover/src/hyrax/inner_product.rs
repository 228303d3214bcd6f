//! The inner product of a committed vector with an equality vector.

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::One;
use tacit_algebra::{
    eq,
    generators::Generators,
    kernels::backend,
    msm::{combine_generators, fold_generators},
};
use tacit_layers::argument::hyrax::invert;
use tacit_transcript::{ProofWriter, Transcript, labels};

/// Generators that rounds are worth folding for: fewer cost less as they are.
const FEW: usize = 128;
/// Coefficients that generators are folded with at a time, after as many rounds as that takes.
const FOLDED_TOGETHER: usize = 4;

/// Step 4: proves $\langle w, \mathrm{eq}(z) \rangle$ of a committed vector, folded round by round.
pub(crate) fn prove_inner_product(
    writer: &mut ProofWriter,
    mut vector: Vec<Fr>,
    z: &[Fr],
    generators: &Generators,
) {
    let xi = writer.squeeze(labels::INNER_PRODUCT_GENERATOR);
    let carrier = (generators.inner_product() * xi).into_affine();
    let mut public = eq::table(z, vector.len());
    // The folded generators are combinations of blocks of these with these coefficients.
    let mut bases = generators.vector().to_vec();
    let mut coefficients = vec![Fr::one()];
    while vector.len() > 1 {
        let half = vector.len() / 2;
        let (w0, w1) = vector.split_at(half);
        let (b0, b1) = public.split_at(half);
        let cross = |w: &[Fr], side: usize, b: &[Fr]| {
            let blocks = bases.chunks_exact(2 * half).map(|block| &block[side * half..][..half]);
            let points: Vec<G1Affine> = blocks.flatten().copied().chain([carrier]).collect();
            let terms = coefficients.iter().flat_map(|c| w.iter().map(move |w| *c * w));
            let scalars: Vec<Fr> = terms.chain([backend().inner_product(w, b)]).collect();
            combine_generators(&points, &scalars)
        };
        let (left, right) = rayon::join(|| cross(w0, 1, b1), || cross(w1, 0, b0));
        writer.write_points(labels::INNER_PRODUCT_HALVES, &G1Projective::normalize_batch(&[left, right]));
        let x = writer.squeeze(labels::INNER_PRODUCT_CHALLENGE);
        let inverse = invert(x).unwrap_or_else(Fr::one);
        let fold = |low: &[Fr], high: &[Fr], scale: Fr| -> Vec<Fr> {
            let mut folded = low.to_vec();
            backend().add_scaled(&mut folded, high, scale);
            folded
        };
        (vector, public) = (fold(w0, w1, x), fold(b0, b1, inverse));
        coefficients = coefficients.into_iter().flat_map(|c| [c, c * inverse]).collect();
        if coefficients.len() == FOLDED_TOGETHER && bases.len() > FEW {
            bases = fold_generators(&bases, &coefficients);
            coefficients = vec![Fr::one()];
        }
    }
    writer.write_scalars(labels::INNER_PRODUCT_SCALAR, &vector);
}
