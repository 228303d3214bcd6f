//! The verifier of [look-ups by themselves](tacit_layers::proof::lookup); the prover's file of this name has the same steps,
//! and an example.

use ark_bn254::Fr;
use ark_ff::One;
use tacit_layers::{
    Layout,
    argument::{claim::EvaluationClaim, lookup_table::Fingerprint, sumcheck::instance_point},
    proof::lookup::{Lookup, LookupBlock, LookupClaims, LookupColumn},
};
use tacit_transcript::{ProofReader, Transcript, Value, labels};

use super::{LeafSum, verify};
use crate::{
    commitments::Commitments,
    error::{Error, Result},
};

/// What look-ups by themselves are verified by.
pub trait VerifyLookup {
    /// The verifier.
    fn verifier(&self) -> LookupVerifier<'_>;
}

impl VerifyLookup for Lookup {
    fn verifier(&self) -> LookupVerifier<'_> {
        LookupVerifier { lookup: self }
    }
}

/// The verifier of look-ups by themselves.
#[derive(Debug, Clone, Copy)]
#[must_use = "nothing is verified yet"]
pub struct LookupVerifier<'a> {
    /// What is verified.
    pub lookup: &'a Lookup,
}

impl LookupVerifier<'_> {
    /// Checks that all rows are in their tables and returns the claims that are left.
    ///
    /// # Errors
    /// The first check that fails; whatever the proof's bytes are.
    pub fn verify<V: Value>(
        &self,
        reader: &mut ProofReader<V>,
        commitments: &mut impl Commitments<V>,
    ) -> Result<LookupClaims<V>> {
        // Step 1: what the argument is about.
        self.lookup.absorb(reader);
        // Step 2: multiplicities.
        let late: Vec<&Layout> = self.lookup.late().collect();
        commitments.read(reader, labels::WITNESS_COMMITMENT, &late)?;
        // Step 3: the sum of fractions.
        let [alpha, beta] = [(); 2].map(|()| reader.squeeze(labels::FINGERPRINT));
        let fingerprint = Fingerprint { alpha, beta };
        let leaves = verify(reader, self.lookup.tree_vars())?;
        // Step 4: every column at its part of the point, and the leaves they give.
        let (mut sum, mut claims) = (LeafSum::default(), vec![]);
        for segment in self.lookup.segments() {
            let table = self.lookup.tables().get(segment.table).ok_or(Error::BrokenInvariant)?;
            let point = instance_point(&leaves.point, segment.num_vars).to_vec();
            let weight = segment.weight(&leaves.point);
            match segment.rows {
                LookupBlock::Table => {
                    let multiplicity = reader.read_scalar(labels::COLUMN_VALUES)?;
                    let row = fingerprint.of_row(segment.table, &table.evaluate(&point));
                    sum.add(weight, -multiplicity.clone(), row.into());
                    let column = LookupColumn::Multiplicity(segment.table);
                    claims.push(EvaluationClaim::new(column, point, multiplicity));
                }
                LookupBlock::Input(input) => {
                    let values = reader.read_scalars(labels::COLUMN_VALUES, table.kind().num_columns())?;
                    let row = table.looked_up(&values, &segment.layout, &point);
                    sum.add(weight, V::from(Fr::one()), fingerprint.of_row(segment.table, &row));
                    let claim = |(column, value)| {
                        EvaluationClaim::new(LookupColumn::Input { input, column }, point.clone(), value)
                    };
                    claims.extend(values.into_iter().enumerate().map(claim));
                }
            }
        }
        sum.check(reader, leaves)?;
        Ok(LookupClaims::new(claims))
    }
}
