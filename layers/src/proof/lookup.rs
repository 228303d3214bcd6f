//! Look-ups by themselves: that a caller's integers are in a range, or rows of them in a table.
//!
//! **Statement.** Public are tables $T_t$ of rows of $k_t$ integers: a [`Range`] or a [`Table`]. The caller has committed to
//! inputs, each of $k_t$ tensors $x_1, \dots, x_{k_t}$ of one shape. For every element $j$ of an input of table $t$
//! $$ (x_1(j), \dots, x_{k_t}(j)) \in T_t, $$
//! and every tensor is zero in its padding.
//!
//! **Shapes.** A block of leaves for each input, over its padded layout, and one for each table, whose rows are padded to a
//! power of two: [`PaddedTable`] says with what. All lie in one tree ([`Lookup::segments`]).
//!
//! **Padding.** A commitment does not show what is in padding, and zero need not be a row. So every table has one column more,
//! which is zero in its rows, and where an input has padding a row more, of zeros and a one behind them. With
//! $p(\rho) = 1 - \sum_{j \text{ stored}} \mathrm{eq}(\rho, j)$, which is one in padding and zero elsewhere, inputs look up
//! $$ (\widetilde x_1(\rho), \dots, \widetilde x_k(\rho), p(\rho)), $$
//! and those of a range up to $u$, whose rows are a [network's](crate::argument::lookup_table::LookupTable::Range),
//! $$ (\widetilde x(\rho) + (u + 1) p(\rho),\ p(\rho)). $$
//! No stored element finds the row of padding, and padding finds no other, so that it is zero.
//!
//! **Protocol.**
//! 1. Both sides absorb what the argument is about: the version of the protocol, SHA-256 of tables and shapes, a zero byte for
//!    each looked-up row ([`crate::proof::statement`] says why).
//! 2. The prover commits to the tables' multiplicities, one column for each, as one list: the caller's scheme does it.
//! 3. Squeeze $\alpha$ and $\beta$. A row of table $t$ has the fingerprint $\alpha - (t + 1 + \sum_i \beta^i c_i)$; fractions
//!    of one over a looked-up row's and of minus the multiplicity over a table's row's sum to zero, by
//!    [LogUp-GKR](crate::argument::logup).
//! 4. For each block the prover sends the values of its columns at its part of the tree's point: those of an input, or the
//!    multiplicities'. The verifier evaluates the tables by itself, adds up what the leaves are and compares.
//!
//! **Soundness error.** [`Lookup::soundness`]. A fingerprint is a polynomial in $\beta$ that no two rows share, whatever field
//! elements the caller's columns hold, and there are far fewer look-ups than field elements, so that no count of them is zero.
//!
//! **Caller's duty.**
//! - *Order.* Every column that is looked up is committed to before the argument begins.
//! - *Claims.* One is left on each column of an input and on each table's multiplicities ([`LookupClaims`]). All of them must be
//!   opened, the multiplicities' against what was committed to in step 2. Nothing else need be shown of multiplicities, not even
//!   that they are integers.
//! - *Hashing.* A caller with several arguments absorbs the zero bytes of all of them once, before the first challenge, and
//!   uses [`Lookup::hardened_by_caller`].
//!
//! **Cost.** One committed integer for each row of a table; for $2^n$ leaves $n (n - 1) + 4 n$ scalars of the tree and one for
//! each claim. Padding costs the prover nothing. The verifier reads a [`Table`] row by row, a [`Range`] in closed form.
//!
//! **Reference.** Papini and Haboeck (ePrint 2023/1284), with columns combined by powers of $\beta$ and tables told apart by
//! their number.
//!
//! **Code.** [prover](../../../tacit_prover/logup/index.html), [verifier](../../../tacit_verifier/logup/index.html).

use ark_bn254::Fr;
use sha2::{Digest, Sha256};
use tacit_transcript::{Transcript, labels};

use crate::{
    argument::{
        claim::EvaluationClaim,
        lookup_block::{Segment, arrange},
        soundness::{self, SoundnessError},
    },
    error::{Error, Result},
    integer::wide,
    proof::{
        plan::MAX_TREE_VARS,
        statement::{self, PROTOCOL_VERSION},
    },
    tensor::Layout,
};

mod table;

pub use table::{MAX_COLUMNS, MAX_TABLE_VARS, PaddedTable, Range, Table, TableKind};

/// Domain of the digest.
const DOMAIN: &[u8] = b"tacit look-ups by themselves";

/// What a claim of look-ups is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LookupColumn {
    /// A tensor of an input.
    Input {
        /// The input's index.
        input: usize,
        /// The tensor's index among the input's.
        column: usize,
    },
    /// Multiplicities of the table with this index: the late columns, in this order.
    Multiplicity(usize),
}

/// The claims that look-ups leave, one on each column: the inputs' in order, then the multiplicities'.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "every claim must be discharged"]
pub struct LookupClaims<V = Fr>(Vec<EvaluationClaim<LookupColumn, V>>);

impl<V> LookupClaims<V> {
    /// From the claims in any order.
    pub fn new(mut claims: Vec<EvaluationClaim<LookupColumn, V>>) -> Self {
        claims.sort_by_key(|claim| claim.subject);
        Self(claims)
    }

    /// The claims.
    pub fn into_claims(self) -> Vec<EvaluationClaim<LookupColumn, V>> {
        self.0
    }

    /// The claims, each with what the caller calls its column: the number in a list of commitments, say, for which
    /// [`Lookup::number`] may serve.
    pub fn into_claims_on<T>(self, column: impl Fn(LookupColumn) -> T) -> Vec<EvaluationClaim<T, V>> {
        let name =
            |EvaluationClaim { subject, point, value }| EvaluationClaim::new(column(subject), point, value);
        self.0.into_iter().map(name).collect()
    }
}

/// What a block of leaves holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupBlock {
    /// Rows of the input with this index.
    Input(usize),
    /// The table's own rows.
    Table,
}

/// An input: its table, its shape, and the index of its first tensor among those of all inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Input {
    table: usize,
    layout: Layout,
    first: usize,
}

/// Look-ups by themselves: tables, and the inputs whose rows are in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    tables: Vec<PaddedTable>,
    inputs: Vec<Input>,
    /// Tensors of all inputs.
    num_columns: usize,
    multiplicities: Vec<Layout>,
    segments: Vec<Segment<LookupBlock>>,
    tree_vars: usize,
    digest: [u8; 32],
    is_hardened: bool,
}

impl Range {
    /// That every element of tensors of these shapes is in the range.
    ///
    /// # Errors
    /// As [`Lookup::new`].
    pub fn lookup(self, inputs: &[&Layout]) -> Result<Lookup> {
        Lookup::new(vec![self.into()], inputs.iter().map(|&layout| (0, layout.clone())).collect())
    }
}

impl Table {
    /// That every row of inputs of these shapes, each of as many tensors as the table has columns, is in the table.
    ///
    /// # Errors
    /// As [`Lookup::new`].
    pub fn lookup(self, inputs: &[&Layout]) -> Result<Lookup> {
        Lookup::new(vec![self.into()], inputs.iter().map(|&layout| (0, layout.clone())).collect())
    }
}

impl Lookup {
    /// Look-ups in several tables, of inputs each of which has the table with this index and tensors of this shape.
    ///
    /// # Errors
    /// [`Error::LookupInput`] when an input's table does not exist, [`Error::UnusedTable`] when no input has a table,
    /// [`Error::TooManyLookups`].
    pub fn new(tables: Vec<TableKind>, inputs: Vec<(usize, Layout)>) -> Result<Self> {
        let num_tables = tables.len();
        for (input, &(table, _)) in inputs.iter().enumerate() {
            if table >= num_tables {
                return Err(Error::LookupInput { input, table, num_tables });
            }
        }
        let pad = |(index, kind): (usize, TableKind)| {
            let mut own = inputs.iter().filter(|(table, _)| *table == index).peekable();
            if own.peek().is_none() {
                return Err(Error::UnusedTable { table: index });
            }
            let is_padded = own.any(|(_, layout)| layout.num_elements() < 1 << layout.num_vars());
            Ok(PaddedTable::new(kind, is_padded))
        };
        let tables = tables.into_iter().enumerate().map(pad).collect::<Result<Vec<PaddedTable>>>()?;
        if tables.is_empty() {
            return Err(Error::UnusedTable { table: 0 });
        }
        let digest = digest(&tables, &inputs);
        let mut num_columns = 0_usize;
        let place = |(table, layout): (usize, Layout)| {
            let first = num_columns;
            num_columns =
                first.saturating_add(tables.get(table).map_or(0, |table| table.kind().num_columns()));
            Input { table, layout, first }
        };
        let inputs: Vec<Input> = inputs.into_iter().map(place).collect();
        let multiplicities = tables
            .iter()
            .map(|table| Layout::new(vec![table.num_rows()]))
            .collect::<Result<Vec<Layout>>>()?;
        let blocks = inputs.iter().map(|input| &input.layout).chain(&multiplicities);
        let num_leaves =
            blocks.map(|layout| 1_usize << layout.num_vars()).fold(0_usize, usize::saturating_add);
        if num_leaves > 1 << MAX_TREE_VARS {
            return Err(Error::TooManyLookups { num_leaves, max_vars: MAX_TREE_VARS });
        }
        let looked_up = inputs.iter().enumerate().map(|(index, Input { table, layout, .. })| {
            Segment::new(LookupBlock::Input(index), *table, layout.clone())
        });
        let own = multiplicities.iter().enumerate();
        let own = own.map(|(table, layout)| Segment::new(LookupBlock::Table, table, layout.clone()));
        let (segments, tree_vars) = arrange(looked_up.collect(), own.collect());
        Ok(Self {
            tables,
            inputs,
            num_columns,
            multiplicities,
            segments,
            tree_vars,
            digest,
            is_hardened: true,
        })
    }

    /// The same, for a caller who absorbs [`hardening_bytes`](Self::hardening_bytes) zero bytes before the first challenge,
    /// together with those of other arguments. Both sides must use it.
    #[must_use]
    pub const fn hardened_by_caller(mut self) -> Self {
        self.is_hardened = false;
        self
    }

    /// Zero bytes that make hashing dearer than what is proved: one for each looked-up row.
    pub fn hardening_bytes(&self) -> usize {
        self.inputs.iter().map(|input| 1_usize << input.layout.num_vars()).sum()
    }

    /// The tables, padded.
    pub fn tables(&self) -> &[PaddedTable] {
        &self.tables
    }

    /// Table and shape of every input.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = (usize, &Layout)> {
        self.inputs.iter().map(|input| (input.table, &input.layout))
    }

    /// The tensors of all inputs, in order.
    pub const fn num_columns(&self) -> usize {
        self.num_columns
    }

    /// Shapes of the tables' multiplicities: the columns that are committed to in the argument, in order.
    pub fn late(&self) -> impl ExactSizeIterator<Item = &Layout> {
        self.multiplicities.iter()
    }

    /// A column's number, the tensors of all inputs being counted before the multiplicities: its subject in an opening by a
    /// caller who commits to these and to nothing else.
    pub fn number(&self, column: LookupColumn) -> usize {
        match column {
            LookupColumn::Input { input, column } => {
                self.inputs.get(input).map_or(self.num_columns, |input| input.first).saturating_add(column)
            }
            LookupColumn::Multiplicity(table) => self.num_columns.saturating_add(table),
        }
    }

    /// The blocks of leaves, in order; those of inputs come first.
    pub fn segments(&self) -> &[Segment<LookupBlock>] {
        &self.segments
    }

    /// $\log_2$ of the number of leaves.
    pub const fn tree_vars(&self) -> usize {
        self.tree_vars
    }

    /// Absorbs what the argument is about. Only Tacit's own sides call it.
    #[doc(hidden)]
    pub fn absorb(&self, transcript: &mut impl Transcript) {
        transcript.absorb_bytes(labels::PROTOCOL_VERSION, &PROTOCOL_VERSION.to_le_bytes());
        transcript.absorb_bytes(labels::ARCHITECTURE, &self.digest);
        if self.is_hardened {
            statement::harden(transcript, self.hardening_bytes());
        }
    }

    /// The error, without that of the opening.
    pub fn soundness(&self) -> SoundnessError {
        let columns = self.tables.iter().map(|table| table.kind().num_columns()).max().unwrap_or(0);
        soundness::lookups(self.tree_vars, columns.saturating_add(1))
    }

    /// Checks the shapes of the tensors of all inputs.
    ///
    /// # Errors
    /// [`Error::LookupColumnCount`] or [`Error::LookupShape`].
    pub fn check_shapes(&self, actual: &[&Layout]) -> Result<()> {
        if actual.len() != self.num_columns {
            let (expected, actual) = (self.num_columns, actual.len());
            return Err(Error::LookupColumnCount { expected, actual });
        }
        let mut rest = actual.iter();
        for (input, Input { table, layout, .. }) in self.inputs.iter().enumerate() {
            let count = self.tables.get(*table).map_or(0, |table| table.kind().num_columns());
            for (column, actual) in rest.by_ref().take(count).enumerate() {
                if *actual != layout {
                    let [expected, actual] = [layout, actual].map(|layout| layout.axes().to_vec());
                    return Err(Error::LookupShape { input, column, expected, actual });
                }
            }
        }
        Ok(())
    }
}

/// SHA-256 of tables, inputs' tables and shapes.
fn digest(tables: &[PaddedTable], inputs: &[(usize, Layout)]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let count = |hash: &mut Sha256, count: usize| hash.update(wide(count).to_le_bytes());
    hash.update(DOMAIN);
    count(&mut hash, tables.len());
    for table in tables {
        hash.update([u8::from(table.is_padded())]);
        match table.kind() {
            TableKind::Range(range) => {
                let (minimum, maximum) = range.bounds();
                hash.update([0]);
                hash.update(minimum.to_le_bytes());
                hash.update(maximum.to_le_bytes());
            }
            TableKind::Table(table) => {
                hash.update([1]);
                count(&mut hash, table.columns().len());
                count(&mut hash, table.num_rows());
                for element in table.columns().iter().flatten() {
                    hash.update(element.to_le_bytes());
                }
            }
        }
    }
    count(&mut hash, inputs.len());
    for (table, layout) in inputs {
        count(&mut hash, *table);
        count(&mut hash, layout.axes().len());
        for &length in layout.axes() {
            count(&mut hash, length);
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests;
