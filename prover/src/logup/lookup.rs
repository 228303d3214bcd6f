//! The prover of [look-ups by themselves](tacit_layers::proof::lookup); the verifier's file of this name has the same steps.
//!
//! By itself: every element of a tensor of five integers, which the caller commits to by Hyrax, is in a range.
//!
//! ```
//! use tacit_layers::{Layout, Tensor, argument::hyrax::Hyrax};
//! use tacit_prover::{Commitments as _, hyrax::Columns, logup::{ProveLookup, Range}};
//! use tacit_transcript::{ProofReader, ProofWriter, labels};
//! use tacit_verifier::{Commitments as _, hyrax, logup::VerifyLookup};
//!
//! let tensor = Tensor::new(Layout::new(vec![5])?, vec![-8, 7, 0, 3, -1])?;
//! let lookup = Range::new(-8..=7)?.lookup(&[tensor.layout()])?;
//!
//! let mut writer = ProofWriter::new(b"example");
//! let mut columns = Columns::new(Hyrax::new(3)?);
//! columns.commit(&mut writer, labels::COMMITMENT, &[(&tensor).into()])?;
//! let claims = lookup.prover(&[&tensor])?.prove(&mut writer, &mut columns)?;
//! columns.open(&mut writer, &claims.into_claims_on(|column| lookup.number(column)))?;
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! let mut columns = hyrax::Columns::new(Hyrax::new(3)?);
//! columns.read(&mut reader, labels::COMMITMENT, &[tensor.layout()])?;
//! let claims = lookup.verifier().verify(&mut reader, &mut columns)?;
//! columns.verify(&mut reader, &claims.into_claims_on(|column| lookup.number(column)))?;
//! reader.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rows of a table, here of all products of two digits, are looked up alike; several tables are one argument, a
//! [`Lookup`]:
//!
//! ```
//! use tacit_layers::{Layout, Tensor};
//! use tacit_prover::logup::{Lookup, ProveLookup, Range, Table};
//!
//! let digits = || (0..100).map(|i| (i / 10, i % 10));
//! let columns = [|a, _| a, |_, b| b, |a, b| a * b];
//! let products = Table::new(columns.map(|column| digits().map(|(a, b)| column(a, b)).collect()).to_vec())?;
//! let (pairs, single) = (Layout::new(vec![3])?, Layout::new(vec![2, 2])?);
//! let lookup = Lookup::new(
//!     vec![products.into(), Range::new(0..=81)?.into()],
//!     vec![(0, pairs.clone()), (1, single.clone())],
//! )?;
//! // The tensors of all inputs in order.
//! let tensor = |layout: &Layout, data: [i64; 3]| Tensor::new(layout.clone(), data.to_vec());
//! let rows = [tensor(&pairs, [7, 0, 9])?, tensor(&pairs, [8, 5, 9])?, tensor(&pairs, [56, 0, 81])?];
//! let others = Tensor::new(single, vec![81, 0, 56, 1])?;
//! let prover = lookup.prover(&[&rows[0], &rows[1], &rows[2], &others])?;
//! # let _ = prover;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;

use ark_bn254::Fr;
use rayon::prelude::*;
use tacit_layers::{
    Layout, Tensor,
    argument::{
        claim::EvaluationClaim, lookup_block::Segment, lookup_table::Fingerprint, sumcheck::instance_point,
    },
    proof::lookup::{Lookup, LookupBlock, LookupClaims, LookupColumn, PaddedTable, TableKind},
};
use tacit_transcript::{ProofWriter, Transcript, labels};

use super::{LeafBlock, LeafRows, LinearTable, LookupLeaves, prove_rows};
use crate::{
    buffers::Buffers,
    commitments::Commitments,
    error::{Error, Result},
    evaluation::evaluate,
    integers::{IntegerTensor, Integers},
    opening::CommittedTensor,
};

/// Elements that one core looks up at a time.
const GRAIN: usize = 1 << 12;

/// What look-ups by themselves are proved by.
pub trait ProveLookup {
    /// The prover, from the tensors of all inputs in order, of any integers ([`IntegerTensor`]).
    ///
    /// # Errors
    /// When there is another number of tensors, one has another shape, or a row is not in its table
    /// ([`Error::NotInTable`]).
    fn prover<'a>(&'a self, columns: &[impl Into<IntegerTensor<'a>> + Copy]) -> Result<LookupProver<'a>>;
}

impl ProveLookup for Lookup {
    fn prover<'a>(&'a self, columns: &[impl Into<IntegerTensor<'a>> + Copy]) -> Result<LookupProver<'a>> {
        LookupProver::new(self, columns)
    }
}

/// The prover of look-ups by themselves.
#[derive(Debug, Clone)]
#[must_use = "nothing is proved yet"]
pub struct LookupProver<'a> {
    lookup: &'a Lookup,
    /// The tensors of every input.
    inputs: Vec<Vec<Cow<'a, Tensor<i64>>>>,
    /// The rows of its table that every input looks up, over its padded layout.
    positions: Vec<Vec<u32>>,
    /// How often each row of every table is looked up.
    multiplicities: Vec<Vec<i64>>,
}

impl<'a> LookupProver<'a> {
    /// From the tensors of all inputs in order.
    ///
    /// # Errors
    /// As [`ProveLookup::prover`].
    pub fn new(lookup: &'a Lookup, columns: &[impl Into<IntegerTensor<'a>> + Copy]) -> Result<Self> {
        let columns: Vec<IntegerTensor> = columns.iter().map(|&column| column.into()).collect();
        lookup.check_shapes(&columns.iter().map(|tensor| tensor.layout()).collect::<Vec<_>>())?;
        let finders: Vec<Finder> = lookup.tables().iter().map(Finder::new).collect();
        let mut multiplicities: Vec<Vec<i64>> =
            lookup.tables().iter().map(|table| vec![0; table.num_rows()]).collect();
        let (mut inputs, mut positions) = (vec![], vec![]);
        let mut rest = columns.as_slice();
        for (input, (table, layout)) in lookup.inputs().enumerate() {
            let padded = &lookup.tables()[table];
            let (own, behind) = rest.split_at(padded.kind().num_columns());
            rest = behind;
            let own: Vec<Cow<Tensor<i64>>> = own.iter().map(|column| column.widened()).collect();
            let found = finders[table].find_all(&own).map_err(|position| {
                let row = own.iter().map(|tensor| tensor.data()[position]).collect();
                Error::NotInTable { input, position, row, table }
            })?;
            let found = pad(layout, &found, padded);
            for &row in &found {
                multiplicities[table][row as usize] += 1;
            }
            inputs.push(own);
            positions.push(found);
        }
        Ok(Self { lookup, inputs, positions, multiplicities })
    }

    /// Proves that all rows are in their tables and returns the claims that are left.
    ///
    /// # Errors
    /// When the caller's scheme does not commit.
    pub fn prove(
        &self,
        writer: &mut ProofWriter,
        commitments: &mut impl Commitments,
    ) -> Result<LookupClaims> {
        // Step 1: what the argument is about.
        self.lookup.absorb(writer);
        // Step 2: multiplicities.
        let late: Vec<CommittedTensor> = self
            .lookup
            .late()
            .zip(&self.multiplicities)
            .map(|(layout, counts)| CommittedTensor { layout, values: Integers::Int64(counts).into() })
            .collect();
        commitments.commit(writer, labels::WITNESS_COMMITMENT, &late)?;
        // Step 3: the sum of fractions.
        let [alpha, beta] = [(); 2].map(|()| writer.squeeze(labels::FINGERPRINT));
        let leaves = self.leaves(Fingerprint { alpha, beta })?;
        let point = prove_rows(writer, &leaves, &Buffers::default()).point;
        drop(leaves);
        // Step 4: every column at its part of the point.
        let mut claims = vec![];
        for segment in self.lookup.segments() {
            let own = self.claims(segment, instance_point(&point, segment.num_vars));
            let values: Vec<Fr> = own.iter().map(|claim| claim.value).collect();
            writer.write_scalars(labels::COLUMN_VALUES, &values);
            claims.extend(own);
        }
        Ok(LookupClaims::new(claims))
    }

    /// One over the fingerprint for each looked-up row, minus the multiplicity for each row of a table.
    fn leaves(&self, fingerprint: Fingerprint) -> Result<LookupLeaves<'_>> {
        let tables = || self.lookup.tables().iter().enumerate();
        let fingerprints = tables().map(|(index, table)| table.fingerprints(index, &fingerprint)).collect();
        let linear = tables().map(|(index, table)| {
            table.closed_form().and_then(|table| LinearTable::new(&fingerprint, index, &table))
        });
        let blocks = self.lookup.segments().iter().map(|segment| {
            let rows = match segment.rows {
                LookupBlock::Table => LeafRows::Table(&self.multiplicities[segment.table]),
                LookupBlock::Input(input) => LeafRows::LookedUp(&self.positions[input], &segment.layout),
            };
            LeafBlock { offset: segment.offset, table: segment.table, rows }
        });
        LookupLeaves::new(fingerprints, blocks.collect(), self.lookup.tree_vars())?
            .with_linear_tables(linear.collect())
    }

    /// The claims on a block's columns.
    fn claims(&self, segment: &Segment<LookupBlock>, point: &[Fr]) -> Vec<EvaluationClaim<LookupColumn>> {
        let claim = |column, data: &[i64]| {
            EvaluationClaim::new(column, point.to_vec(), evaluate(&segment.layout, data, point))
        };
        match segment.rows {
            LookupBlock::Table => {
                let column = LookupColumn::Multiplicity(segment.table);
                vec![claim(column, &self.multiplicities[segment.table])]
            }
            LookupBlock::Input(input) => {
                let tensors = self.inputs[input].iter().enumerate();
                tensors
                    .map(|(column, tensor)| claim(LookupColumn::Input { input, column }, tensor.data()))
                    .collect()
            }
        }
    }
}

/// Rows in storage order over the padded layout, padding looking up its own.
fn pad(layout: &Layout, found: &[u32], table: &PaddedTable) -> Vec<u32> {
    let mut padded = vec![table.padding().unwrap_or(0) as u32; 1 << layout.num_vars()];
    for (at, to, length) in layout.runs() {
        padded[to..to + length].copy_from_slice(&found[at..at + length]);
    }
    padded
}

/// Finds rows of a table.
enum Finder<'t> {
    /// First columns from this on, each one more than the last.
    Consecutive(i64, &'t [Vec<i64>], usize),
    /// Indices of rows in the rows' order.
    Sorted(&'t [Vec<i64>], Vec<u32>),
}

impl<'t> Finder<'t> {
    fn new(table: &'t PaddedTable) -> Self {
        let columns = match table.kind() {
            TableKind::Range(range) => {
                let (minimum, maximum) = range.bounds();
                return Self::Consecutive(minimum, &[], (maximum - minimum) as usize + 1);
            }
            TableKind::Table(table) => table.columns(),
        };
        let first = &columns[0];
        if first.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1])) {
            return Self::Consecutive(first[0], columns, first.len());
        }
        let row = |index: u32| columns.iter().map(move |column| column[index as usize]);
        let mut order: Vec<u32> = (0..first.len() as u32).collect();
        order.par_sort_unstable_by(|&a, &b| row(a).cmp(row(b)).then(a.cmp(&b)));
        Self::Sorted(columns, order)
    }

    /// The index of the first row that is these integers.
    fn find(&self, row: impl Iterator<Item = i64> + Clone) -> Option<u32> {
        match self {
            Self::Consecutive(first, columns, num_rows) => {
                let offset = row.clone().next()?.checked_sub(*first)?;
                let index = usize::try_from(offset).ok().filter(|index| index < num_rows)?;
                columns
                    .iter()
                    .map(|column| column[index])
                    .zip(row)
                    .all(|(a, b)| a == b)
                    .then_some(index as u32)
            }
            Self::Sorted(columns, order) => {
                let at = |index: u32| columns.iter().map(move |column| column[index as usize]);
                let place = order.partition_point(|&index| at(index).lt(row.clone()));
                order.get(place).copied().filter(|&index| at(index).eq(row))
            }
        }
    }

    /// The rows that an input's elements are, in storage order, or the position of the first that is none.
    fn find_all(&self, tensors: &[Cow<Tensor<i64>>]) -> std::result::Result<Vec<u32>, usize> {
        let length = tensors.first().map_or(0, |tensor| tensor.data().len());
        let find = |position: usize| {
            self.find(tensors.iter().map(move |tensor| tensor.data()[position])).ok_or(position)
        };
        let found: Vec<std::result::Result<u32, usize>> =
            (0..length).into_par_iter().with_min_len(GRAIN).map(find).collect();
        found.into_iter().collect()
    }
}
