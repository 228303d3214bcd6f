//! The verifier of an [argument by itself](tacit_layers::proof::alone); the prover's file of this name has an example.

use ark_bn254::Fr;
use tacit_layers::{
    Layout,
    argument::claim::{Column, EvaluationClaim},
    proof::alone::{AloneClaims, Describe, StandAlone},
};
use tacit_transcript::{ProofReader, Transcript, labels};

use crate::{
    commitments::Commitments,
    error::{Error, Result},
    network::verify_layers,
    session::Session,
};

/// What is verified by itself.
pub trait VerifyAlone: Describe {
    /// The verifier of the argument.
    ///
    /// # Errors
    /// When the argument does not do the shapes.
    fn verifier(&self, argument: Self::Argument) -> Result<StandAloneVerifier> {
        Ok(StandAloneVerifier { alone: self.describe(argument)? })
    }
}

impl<D: Describe> VerifyAlone for D {}

/// The verifier of an argument by itself.
#[derive(Debug, Clone)]
#[must_use = "nothing is verified yet"]
pub struct StandAloneVerifier {
    alone: StandAlone,
}

impl StandAloneVerifier {
    /// What is verified.
    pub const fn description(&self) -> &StandAlone {
        &self.alone
    }

    /// The same, for a caller who absorbs the zero bytes: see [`StandAlone::hardened_by_caller`].
    pub fn hardened_by_caller(self) -> Self {
        Self { alone: self.alone.hardened_by_caller() }
    }

    /// Checks the argument and returns the claims that are left.
    ///
    /// # Errors
    /// The first check that fails; whatever the proof's bytes are.
    pub fn verify(
        &self,
        reader: &mut ProofReader,
        commitments: &mut impl Commitments<Fr>,
    ) -> Result<AloneClaims> {
        self.verify_outputs(reader, None, commitments)
    }

    /// Checks the argument about claims on outputs that another argument has left, one on each output in order, and returns the
    /// claims that are left.
    ///
    /// # Errors
    /// The first check that fails; whatever the proof's bytes are.
    pub fn verify_claims(
        &self,
        reader: &mut ProofReader,
        claims: &[EvaluationClaim<usize>],
        commitments: &mut impl Commitments<Fr>,
    ) -> Result<AloneClaims> {
        self.verify_outputs(reader, Some(claims), commitments)
    }

    fn verify_outputs(
        &self,
        reader: &mut ProofReader,
        given: Option<&[EvaluationClaim<usize>]>,
        commitments: &mut impl Commitments<Fr>,
    ) -> Result<AloneClaims> {
        let (alone, plan) = (&self.alone, self.alone.plan());
        // Step 1: what the argument is about.
        if let Some(claims) = given {
            alone.check_claims(claims)?;
        }
        alone.absorb(reader);
        if let Some(claims) = given {
            alone.absorb_claims(reader, claims);
        }
        // Step 2: late columns that depend on no challenge.
        let early: Vec<&Layout> = alone.early().map(|column| &column.layout).collect();
        if !early.is_empty() {
            commitments.read(reader, labels::WITNESS_COMMITMENT, &early)?;
        }
        // Step 3: compared outputs at a point.
        let compared = match given {
            Some(claims) => claims.to_vec(),
            None => self.compare(reader)?,
        };
        // Step 4: every layer.
        // Claims name late columns by their numbers in this order.
        let mut deferred = vec![];
        let read_deferred = Box::new(|reader: &mut ProofReader, column: Column, layout: &Layout| {
            deferred.push(column);
            commitments.read(reader, labels::DEFERRED_COMMITMENT, &[layout])
        });
        let architecture = alone.architecture();
        let mut session = Session::new(architecture, plan, &[], reader, read_deferred);
        for EvaluationClaim { subject, point, value } in &compared {
            let output = architecture.outputs.get(*subject).ok_or(Error::BrokenInvariant)?;
            session.claim_value(output.node, point.clone(), *value)?;
        }
        verify_layers(&mut session)?;
        let columns = session.into_claims().columns;
        Ok(alone.claims(compared, columns, &deferred)?)
    }

    /// Compared outputs, each at a random point.
    fn compare(&self, reader: &mut ProofReader) -> Result<Vec<EvaluationClaim<usize>>> {
        let specs = &self.alone.plan().specs;
        let compare = |(index, output): (usize, &tacit_layers::Output)| {
            let spec = specs.get(output.node.index()).ok_or(Error::BrokenInvariant)?;
            let point = reader.squeeze_many(labels::OUTPUT_POINT, spec.layout.num_vars());
            let value = reader.read_scalar(labels::CLAIM)?;
            Ok(EvaluationClaim::new(index, point, value))
        };
        self.alone.compared().map(compare).collect()
    }
}
