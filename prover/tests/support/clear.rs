//! A commitment scheme of somebody else's: it sends the padded columns.

use ark_bn254::Fr;
use tacit_algebra::Mle;
use tacit_layers::{Layout, argument::claim::EvaluationClaim};
use tacit_prover::{Commitments, error::Result as Proved, opening::CommittedTensor};
use tacit_transcript::{Label, ProofReader, ProofWriter};
use tacit_verifier::error::Result;

/// What was committed to so far.
#[derive(Default)]
pub(crate) struct Clear(pub(crate) Vec<Mle>);

impl Clear {
    /// Whether claims hold, by the columns' numbers.
    pub(crate) fn hold(&self, claims: &[EvaluationClaim<usize>]) -> bool {
        claims.iter().all(|claim| self.0[claim.subject].evaluate(&claim.point) == Ok(claim.value))
    }
}

impl Commitments for Clear {
    fn commit(&mut self, writer: &mut ProofWriter, label: Label, tensors: &[CommittedTensor]) -> Proved<()> {
        for tensor in tensors {
            let padded = tensor.padded()?;
            writer.write_scalars(label, &padded);
            self.0.push(Mle::new(padded, tensor.layout.num_vars()).unwrap());
        }
        Ok(())
    }
}

impl tacit_verifier::Commitments<Fr> for Clear {
    fn read(&mut self, reader: &mut ProofReader, label: Label, layouts: &[&Layout]) -> Result<()> {
        for layout in layouts {
            let values = reader.read_scalars(label, 1 << layout.num_vars())?;
            self.0.push(Mle::new(values, layout.num_vars()).unwrap());
        }
        Ok(())
    }
}
