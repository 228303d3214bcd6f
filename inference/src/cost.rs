//! What proving a layer costs, predicted from shapes alone.
//!
//! **Model.** A cost is a count of operations, and a prediction is
//! $$ t = \sum_i n_i u_i $$
//! over the kinds of operations: $n_i$ from the layer's shape by the formulas in [`convolution`], [`matmul`] and [`node`],
//! $u_i$ the [`UnitCosts`] of a machine. Nothing depends on weights or inputs: zeros, which the prover skips, count as
//! anything else.
//!
//! **What is left out.** The opening of the claims that a layer's argument leaves: one on the weights and one on the input
//! whatever the argument is, and those on what the polynomial arguments commit to.
//!
//! **Unit costs.** The defaults are measured: the example `arguments` of the benchmarks prints them, and how far its
//! predictions are from what it measures, on any machine. They are for one thread.
//!
//! | module | holds |
//! |---|---|
//! | [`convolution`], [`matmul`], [`gates`] | what each argument counts |
//! | [`node`] | any node of a network: its commitments, its look-ups, its argument |
//! | [`choice`] | the cheapest argument for each layer |
//! | [`network`] | a whole network, phase by phase |

pub mod choice;
pub mod convolution;
pub mod gates;
pub mod matmul;
pub mod network;
pub mod node;
pub mod product;

use std::ops::Add;

use tacit_transcript::encoding::{POINT_BYTES, SCALAR_BYTES};

pub use choice::{Choice, Policy, Preference, Refusal};
pub use network::{NetworkCounts, NetworkUnits};
pub use node::{NodeCost, node_cost};

/// Nanoseconds of each kind of operation on one thread of a reference machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitCosts {
    /// Multiplication of two field elements, one by one.
    pub multiplication: f64,
    /// The same in long vectors, by the fastest kernel that the machine can run.
    pub vector_multiplication: f64,
    /// A field element times a small integer, added to a sum that is not reduced.
    pub small_product: f64,
    /// Reduction of such a sum to a field element.
    pub reduction: f64,
    /// A byte of a matrix that is folded over its rows by field elements.
    pub folded_byte: f64,
    /// The same for a wider integer.
    pub folded_integer: f64,
    /// A column of such a matrix: the reduction of its sum.
    pub folded_column: f64,
    /// A small integer in a row commitment.
    pub commitment: f64,
    /// A field element of full width in a row commitment.
    pub wide_commitment: f64,
    /// A row of the look-up tree, from fingerprint to claim.
    pub lookup: f64,
    /// A message with its challenge, on either side.
    pub message: f64,
    /// A committed row read, checked and multiplied by the verifier.
    pub row: f64,
}

impl UnitCosts {
    /// The machine that the documentation's figures come from.
    pub const REFERENCE: Self = Self {
        multiplication: 13.0,
        vector_multiplication: 5.4,
        small_product: 1.7,
        reduction: 168.0,
        folded_byte: 0.95,
        folded_integer: 1.4,
        folded_column: 1.7,
        commitment: 142.0,
        wide_commitment: 3_600.0,
        lookup: 112.0,
        message: 2_180.0,
        row: 5_980.0,
    };
}

impl Default for UnitCosts {
    fn default() -> Self {
        Self::REFERENCE
    }
}

/// Counted operations; the names are those of [`UnitCosts`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Work {
    /// Field multiplications, one by one.
    pub multiplications: f64,
    /// Field multiplications in long vectors.
    pub vector_multiplications: f64,
    /// Field elements times small integers.
    pub small_products: f64,
    /// Reductions of their sums.
    pub reductions: f64,
    /// Bytes of folded matrices.
    pub folded_bytes: f64,
    /// Wider integers of folded matrices.
    pub folded_integers: f64,
    /// Columns of folded matrices.
    pub folded_columns: f64,
    /// Committed integers.
    pub commitments: f64,
    /// Committed field elements of full width.
    pub wide_commitments: f64,
    /// Looked-up rows.
    pub lookups: f64,
    /// Messages.
    pub messages: f64,
    /// Committed rows on the verifier's side.
    pub rows: f64,
}

impl Work {
    /// Field multiplications in long vectors only.
    pub fn vector_multiplications(count: impl Count) -> Self {
        Self { vector_multiplications: count.count(), ..Self::default() }
    }

    /// A matrix of bytes folded over its rows.
    pub fn folded_bytes(rows: impl Count, columns: impl Count) -> Self {
        let folded_columns = columns.count();
        Self { folded_bytes: rows.count() * folded_columns, folded_columns, ..Self::default() }
    }

    /// A matrix of integers folded over its rows.
    pub fn folded_integers(rows: impl Count, columns: impl Count) -> Self {
        let folded_columns = columns.count();
        Self { folded_integers: rows.count() * folded_columns, folded_columns, ..Self::default() }
    }

    /// Field multiplications only, one by one.
    pub fn multiplications(count: impl Count) -> Self {
        Self { multiplications: count.count(), ..Self::default() }
    }

    /// Sums of `terms` products each with a small integer, `sums` of them.
    pub fn small_sums(sums: impl Count, terms: impl Count) -> Self {
        let (reductions, terms) = (sums.count(), terms.count());
        Self { small_products: reductions * terms, reductions, ..Self::default() }
    }

    /// Messages only.
    pub fn messages(count: impl Count) -> Self {
        Self { messages: count.count(), ..Self::default() }
    }

    /// Predicted nanoseconds.
    pub fn nanoseconds(&self, units: &UnitCosts) -> f64 {
        self.multiplications * units.multiplication
            + self.vector_multiplications * units.vector_multiplication
            + self.small_products * units.small_product
            + self.reductions * units.reduction
            + self.folded_bytes * units.folded_byte
            + self.folded_integers * units.folded_integer
            + self.folded_columns * units.folded_column
            + self.commitments * units.commitment
            + self.wide_commitments * units.wide_commitment
            + self.lookups * units.lookup
            + self.messages * units.message
            + self.rows * units.row
    }

    /// A row of `elements` field elements of full width, sent with its column.
    pub fn wide_row(elements: impl Count) -> Self {
        Self { wide_commitments: elements.count(), ..Self::messages(1) }
    }

    /// The prover's part in a sumcheck over the product of two tables of `extent` stored entries: two multiplications for
    /// each pair of entries in a round, two to bind it, and half as much each round.
    pub fn product_sumcheck(extent: impl Count) -> Self {
        Self::vector_multiplications(4.0 * extent.count())
    }

    /// The verifier's part in `rounds` rounds of a sumcheck.
    pub fn verified_rounds(rounds: usize, degree: usize) -> Self {
        Self::messages(rounds) + Self::multiplications(rounds * (degree + 1))
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            multiplications: self.multiplications + other.multiplications,
            vector_multiplications: self.vector_multiplications + other.vector_multiplications,
            small_products: self.small_products + other.small_products,
            reductions: self.reductions + other.reductions,
            folded_bytes: self.folded_bytes + other.folded_bytes,
            folded_integers: self.folded_integers + other.folded_integers,
            folded_columns: self.folded_columns + other.folded_columns,
            commitments: self.commitments + other.commitments,
            wide_commitments: self.wide_commitments + other.wide_commitments,
            lookups: self.lookups + other.lookups,
            messages: self.messages + other.messages,
            rows: self.rows + other.rows,
        }
    }
}

/// A number of operations.
pub trait Count {
    /// As a number to calculate with.
    fn count(self) -> f64;
}

impl Count for usize {
    fn count(self) -> f64 {
        self as f64
    }
}

impl Count for f64 {
    fn count(self) -> f64 {
        self
    }
}

/// What an argument costs for one layer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ArgumentCost {
    /// The prover's work.
    pub prover: Work,
    /// The verifier's work.
    pub verifier: Work,
    /// Bytes of messages that this layer adds to a proof.
    pub own_bytes: usize,
    /// Bytes of the rounds it takes part in; in a network they are shared with the layers of its batches.
    pub round_bytes: usize,
}

impl ArgumentCost {
    /// Bytes when nothing is shared.
    pub const fn bytes_alone(&self) -> usize {
        self.own_bytes + self.round_bytes
    }
}

impl Add for ArgumentCost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            prover: self.prover + other.prover,
            verifier: self.verifier + other.verifier,
            own_bytes: self.own_bytes + other.own_bytes,
            round_bytes: self.round_bytes + other.round_bytes,
        }
    }
}

pub(crate) const fn scalars(count: usize) -> usize {
    count * SCALAR_BYTES
}

pub(crate) const fn points(count: usize) -> usize {
    count * POINT_BYTES
}

#[cfg(test)]
mod tests;
