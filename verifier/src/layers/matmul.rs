//! Matrix products by Thaler's sumcheck (see [`tacit_layers::argument::matmul`]).

use tacit_layers::argument::{
    claim::SumClaim,
    matmul::{MatmulClaims, MatmulLayer},
    sumcheck::RoundWeights,
};
use tacit_transcript::{ProofReader, Transcript, labels};

use crate::{
    error::{Error, Result},
    sumcheck,
};

pub(crate) mod polynomial;

/// The verifier of a stand-alone product $C = A B^T$.
#[derive(Debug, Clone, Copy)]
pub struct MatmulVerifier {
    /// Shapes.
    pub layer: MatmulLayer,
}

impl MatmulVerifier {
    /// Checks the sumcheck and returns the claims left on all three matrices.
    ///
    /// # Errors
    /// When the proof is malformed or the product of both factors is not the final value.
    pub fn verify(&self, reader: &mut ProofReader) -> Result<MatmulClaims> {
        // Step 1: the point at which the product is compared.
        let point = reader.squeeze_many(labels::MATMUL_POINT, self.layer.product_vars());
        let value = reader.read_scalar(labels::CLAIM)?;
        // Step 2: the sumcheck over the inner axis.
        let claim = SumClaim { num_vars: self.layer.inner_vars(), degree: 2, sum: value };
        let reduced = sumcheck::verify(reader, &[claim], RoundWeights::Uniform)?;
        // Step 3: both factors at the final point.
        let factors = reader.read_scalars(labels::CONTRACTION_VALUES, 2)?;
        match *factors.as_slice() {
            [left, right] if reduced.holds(std::iter::once(left * right)) => {
                Ok(self.layer.claims(&point, &reduced.point, value, left, right))
            }
            _ => Err(Error::FinalValue { argument: "matmul", message: labels::CONTRACTION_VALUES }),
        }
    }
}
