//! The multilinear KZG scheme of `ark-poly-commit`, as Tacit's arguments ask for it.

use ark_bn254::{Bn254, Fr, G1Affine};
use ark_ec::pairing::Pairing;
use ark_poly::DenseMultilinearExtension;
use ark_poly_commit::multilinear_pc::{
    MultilinearPC,
    data_structures::{Commitment, Proof, UniversalParams},
};
use tacit_layers::{Layout, argument::claim::EvaluationClaim};
use tacit_prover::opening::CommittedTensor;
use tacit_transcript::{Label, ProofReader, ProofWriter};

type Pcs = MultilinearPC<Bn254>;
type G2 = <Bn254 as Pairing>::G2Affine;

/// What the prover has committed to, in order.
pub(crate) struct Prover<'a> {
    pub(crate) params: &'a UniversalParams<Bn254>,
    pub(crate) columns: Vec<DenseMultilinearExtension<Fr>>,
}

impl tacit_prover::Commitments for Prover<'_> {
    fn commit(
        &mut self,
        writer: &mut ProofWriter,
        label: Label,
        tensors: &[CommittedTensor],
    ) -> tacit_prover::error::Result<()> {
        for tensor in tensors {
            let num_vars = tensor.layout.num_vars();
            let column = DenseMultilinearExtension::from_evaluations_vec(num_vars, tensor.padded()?);
            let (key, _) = Pcs::trim(self.params, num_vars);
            writer.write_points(label, &[Pcs::commit(&key, &column).g_product]);
            self.columns.push(column);
        }
        Ok(())
    }
}

impl Prover<'_> {
    /// The quotients of every claim. Tacit's points begin with the most significant variable, arkworks' end with it.
    pub(crate) fn open(&self, claims: &[EvaluationClaim<usize>]) -> Vec<Vec<G2>> {
        let open = |claim: &EvaluationClaim<usize>| {
            let point: Vec<Fr> = claim.point.iter().rev().copied().collect();
            let (key, _) = Pcs::trim(self.params, point.len());
            Pcs::open(&key, &self.columns[claim.subject], &point).proofs
        };
        claims.iter().map(open).collect()
    }
}

/// What the verifier has read commitments of, in order.
pub(crate) struct Verifier<'a> {
    pub(crate) params: &'a UniversalParams<Bn254>,
    pub(crate) columns: Vec<Commitment<Bn254>>,
}

impl tacit_verifier::Commitments<Fr> for Verifier<'_> {
    fn read(
        &mut self,
        reader: &mut ProofReader,
        label: Label,
        layouts: &[&Layout],
    ) -> tacit_verifier::error::Result<()> {
        for layout in layouts {
            let points: Vec<G1Affine> = reader.read_points(label, 1)?;
            self.columns
                .extend(points.iter().map(|&g_product| Commitment { nv: layout.num_vars(), g_product }));
        }
        Ok(())
    }
}

impl Verifier<'_> {
    /// Whether every claim is opened.
    pub(crate) fn check(&self, claims: &[EvaluationClaim<usize>], proofs: &[Vec<G2>]) -> bool {
        let check = |(claim, proofs): (&EvaluationClaim<usize>, &Vec<G2>)| {
            let point: Vec<Fr> = claim.point.iter().rev().copied().collect();
            let Some(column) = self.columns.get(claim.subject) else { return false };
            if proofs.len() != point.len() || column.nv != point.len() {
                return false;
            }
            let (_, key) = Pcs::trim(self.params, point.len());
            Pcs::check(&key, column, &point, claim.value, &Proof { proofs: proofs.clone() })
        };
        claims.len() == proofs.len() && claims.iter().zip(proofs).all(check)
    }
}
