//! Provers that lie, for tests of soundness. Nothing here is part of the library's interface.

use ark_bn254::Fr;
use tacit_layers::{Tensor, Trace, VerifyingKey, claim::Column, execute, plan::Rows};

use crate::{Proven, ProvingKey, error::Result, network, witness::Witness};

/// Lies about what depends on challenges; none by default.
#[derive(Debug, Clone, Default)]
pub struct Forgery {
    changes: Vec<(Column, usize, Fr)>,
    swapped_axes: bool,
}

impl Forgery {
    /// Changes a late column before it is committed.
    pub(crate) fn change(&self, column: Column, values: &mut [Fr]) {
        for (_, index, difference) in self.changes.iter().filter(|change| change.0 == column) {
            values[*index] += difference;
        }
    }

    /// The powers at which a prover compares convolutions.
    pub(crate) const fn powers(&self, [height, width]: [Fr; 2]) -> [Fr; 2] {
        if self.swapped_axes { [width, height] } else { [height, width] }
    }
}

/// An honest run to be falsified piece by piece and then proved as it is.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    key: &'a ProvingKey,
    claimed: &'a VerifyingKey,
    input: Tensor<i64>,
    outputs: Vec<Tensor<i64>>,
    values: Vec<Tensor<i64>>,
    witness: Witness,
}

impl<'a> Run<'a> {
    /// The honest run on an input.
    ///
    /// # Errors
    /// When the input does not fit the network.
    pub fn honest(key: &'a ProvingKey, input: &Tensor<i64>) -> Result<Self> {
        let plan = key.verifying_key().plan();
        let trace = execute(key.network(), &plan.specs, input)?;
        let witness = Witness::new(key.network(), plan, &trace)?;
        let outputs = trace.outputs(key.network()).cloned().collect();
        let (input, values) = (input.clone(), trace.values().to_vec());
        Ok(Self { key, claimed: key.verifying_key(), input, outputs, values, witness })
    }

    /// Makes the run consistent with its values: outputs and witness recomputed where they are in their tables.
    ///
    /// # Errors
    /// When a value is in no row of its table.
    pub fn recompute(&mut self) -> Result<()> {
        let trace = Trace::from_values(self.values.clone());
        let forgery = std::mem::take(&mut self.witness.forgery);
        self.witness = Witness::new(self.key.network(), self.key.verifying_key().plan(), &trace)?;
        self.witness.forgery = forgery;
        self.outputs = trace.outputs(self.key.network()).cloned().collect();
        Ok(())
    }

    /// Adds to an element of a late column before it is committed.
    pub fn change_late(&mut self, column: Column, index: usize, difference: Fr) {
        self.witness.forgery.changes.push((column, index, difference));
    }

    /// Compares convolutions with the challenges of both axes swapped.
    pub const fn swap_powers(&mut self) {
        self.witness.forgery.swapped_axes = true;
    }

    /// Passes the run off as one of another key's network.
    pub const fn claim_key(&mut self, key: &'a VerifyingKey) {
        self.claimed = key;
    }

    /// The claimed input.
    pub const fn input(&mut self) -> &mut Tensor<i64> {
        &mut self.input
    }

    /// The claimed outputs.
    pub fn outputs(&mut self) -> &mut Vec<Tensor<i64>> {
        &mut self.outputs
    }

    /// The values of every node.
    pub fn values(&mut self) -> &mut Vec<Tensor<i64>> {
        &mut self.values
    }

    /// A committed column.
    ///
    /// # Panics
    /// When the plan commits to no such column.
    pub fn column(&mut self, column: Column) -> &mut Vec<i64> {
        let plan = self.key.verifying_key().plan();
        let index = plan.witness.iter().position(|committed| committed.column == column);
        let Some(index) = index else { unreachable!("no column {column:?}") };
        &mut self.witness.columns[index]
    }

    /// First columns (in storage order) and table rows (over the padded block) that a block looks up.
    ///
    /// # Panics
    /// When the plan has no such block.
    pub fn lookups(&mut self, rows: Rows) -> (&mut Vec<i64>, &mut Vec<u32>) {
        let plan = self.key.verifying_key().plan();
        let Some(index) = plan.segments.iter().position(|segment| segment.rows == rows) else {
            unreachable!("no block {rows:?}")
        };
        let lookup = &mut self.witness.lookups[index];
        (&mut lookup.keys, &mut lookup.positions)
    }

    /// Recounts the multiplicities from what is looked up.
    pub fn recount(&mut self) {
        let plan = self.key.verifying_key().plan();
        for (committed, counts) in plan.witness.iter().zip(&mut self.witness.columns) {
            if let Column::Multiplicity(table) = committed.column {
                *counts =
                    self.witness.lookups.iter().zip(&plan.segments).filter(|(_, s)| s.table == table).fold(
                        vec![0; counts.len()],
                        |mut counts, (lookup, _)| {
                            for &position in &lookup.positions {
                                counts[position as usize] += 1;
                            }
                            counts
                        },
                    );
            }
        }
    }

    /// The proof of the run as it is, with the outputs it claims.
    ///
    /// # Errors
    /// When a layer's shape does not fit.
    pub fn prove(&self) -> Result<Proven> {
        let trace = Trace::from_values(self.values.clone());
        network::prove_witness(
            self.key,
            self.claimed,
            &self.input,
            self.outputs.clone(),
            &trace,
            &self.witness,
        )
    }
}
