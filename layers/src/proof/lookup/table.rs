//! What a caller's rows may be: a range, a table, and how both are padded.

use std::ops::RangeInclusive;

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::{
    eq,
    small::{self, from_i64},
};
use tacit_transcript::Value;

use crate::{
    argument::lookup_table::{Fingerprint, LookupTable},
    error::{Error, Result},
    integer::{count, short},
    proof::input::padding_row,
    tensor::{
        Layout, bits_of,
        evaluation::{split_point, stored_share},
    },
};

/// $\log_2$ of the most rows of a table, padding apart.
pub const MAX_TABLE_VARS: usize = 22;
/// Most columns of a table.
pub const MAX_COLUMNS: usize = 32;
/// Largest magnitude of an integer of a range.
const MAX_BOUND: i64 = 1 << 62;

/// A range of integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    minimum: i64,
    maximum: i64,
}

/// A public table of rows of integers, by its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Vec<i64>>,
    num_rows: usize,
}

/// What an input's rows are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableKind {
    /// One column: every integer of a range.
    Range(Range),
    /// Given rows.
    Table(Table),
}

/// A table with the rows that fill it up to a power of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaddedTable {
    kind: TableKind,
    is_padded: bool,
    num_vars: usize,
}

impl Range {
    /// The integers of an inclusive range.
    ///
    /// # Errors
    /// [`Error::LookupRange`] when it holds none, more than $2^{22}$, or one of more than $2^{62}$ in magnitude.
    pub fn new(range: RangeInclusive<i64>) -> Result<Self> {
        let (minimum, maximum) = range.into_inner();
        let is_small = [minimum, maximum].iter().all(|bound| (-MAX_BOUND..=MAX_BOUND).contains(bound));
        if is_small
            && minimum <= maximum
            && bits_of(count(maximum.saturating_sub(minimum)).saturating_add(1)) <= MAX_TABLE_VARS
        {
            Ok(Self { minimum, maximum })
        } else {
            Err(Error::LookupRange { minimum, maximum, max_vars: MAX_TABLE_VARS, max_bound: MAX_BOUND })
        }
    }

    /// The smallest and the largest integer.
    pub const fn bounds(self) -> (i64, i64) {
        (self.minimum, self.maximum)
    }

    fn num_rows(self) -> usize {
        count(self.maximum.saturating_sub(self.minimum)).saturating_add(1)
    }
}

impl Table {
    /// The table with these columns.
    ///
    /// # Errors
    /// [`Error::LookupTable`] when there are no columns or too many, no rows or too many, or columns of different lengths.
    pub fn new(columns: Vec<Vec<i64>>) -> Result<Self> {
        let lengths = || columns.iter().map(Vec::len);
        let num_rows = lengths().next().unwrap_or(0);
        if (1..=MAX_COLUMNS).contains(&columns.len())
            && num_rows > 0
            && bits_of(num_rows) <= MAX_TABLE_VARS
            && lengths().all(|length| length == num_rows)
        {
            Ok(Self { columns, num_rows })
        } else {
            let lengths = lengths().collect();
            Err(Error::LookupTable { lengths, max_columns: MAX_COLUMNS, max_vars: MAX_TABLE_VARS })
        }
    }

    /// The columns.
    pub fn columns(&self) -> &[Vec<i64>] {
        &self.columns
    }

    /// The number of rows, of which some may be the same.
    pub const fn num_rows(&self) -> usize {
        self.num_rows
    }
}

impl From<Range> for TableKind {
    fn from(range: Range) -> Self {
        Self::Range(range)
    }
}

impl From<Table> for TableKind {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

impl TableKind {
    /// Tensors of each input.
    pub const fn num_columns(&self) -> usize {
        match self {
            Self::Range(_) => 1,
            Self::Table(table) => table.columns.len(),
        }
    }

    fn num_rows(&self) -> usize {
        match self {
            Self::Range(range) => range.num_rows(),
            Self::Table(table) => table.num_rows,
        }
    }
}

impl PaddedTable {
    /// With a row for padding, or without.
    pub(super) fn new(kind: TableKind, is_padded: bool) -> Self {
        let num_vars = bits_of(kind.num_rows().saturating_add(usize::from(is_padded)));
        Self { kind, is_padded, num_vars }
    }

    /// The table without its padding.
    pub const fn kind(&self) -> &TableKind {
        &self.kind
    }

    /// Whether some input has padding, for which there is a row.
    pub const fn is_padded(&self) -> bool {
        self.is_padded
    }

    /// $\log_2$ of the number of rows.
    pub const fn num_vars(&self) -> usize {
        self.num_vars
    }

    /// The number of rows, a power of two.
    pub const fn num_rows(&self) -> usize {
        1 << self.num_vars
    }

    /// Index of the row that padding looks up.
    pub fn padding(&self) -> Option<usize> {
        self.is_padded.then(|| self.kind.num_rows())
    }

    /// A range in closed form.
    pub fn closed_form(&self) -> Option<LookupTable> {
        match self.kind {
            TableKind::Range(range) => Some(self.closed_form_of(range)),
            TableKind::Table(_) => None,
        }
    }

    const fn closed_form_of(&self, Range { minimum, maximum }: Range) -> LookupTable {
        LookupTable::Range { minimum, maximum, num_vars: short(self.num_vars) }
    }

    /// The row with this index, with the column that tells padding. A table's last rows are all that of padding or, without
    /// one, the last row again.
    pub fn row(&self, index: usize) -> Vec<i64> {
        match &self.kind {
            TableKind::Range(range) => <[i64; 2]>::from(self.closed_form_of(*range).row(index)).to_vec(),
            TableKind::Table(table) => {
                let is_padding = self.is_padded && index >= table.num_rows;
                let index = index.min(table.num_rows.saturating_sub(1));
                let element = |column: &Vec<i64>| column.get(index).filter(|_| !is_padding).copied();
                let elements = table.columns.iter().map(|column| element(column).unwrap_or(0));
                elements.chain([i64::from(is_padding)]).collect()
            }
        }
    }

    /// The multilinear extensions of all columns, that which tells padding being the last, at a point.
    pub fn evaluate(&self, point: &[Fr]) -> Vec<Fr> {
        match &self.kind {
            TableKind::Range(range) => <[Fr; 2]>::from(self.closed_form_of(*range).evaluate(point)).to_vec(),
            TableKind::Table(table) => {
                let weights = eq::table(point, table.num_rows);
                let behind = Fr::one() - eq::evaluate_range(point, table.num_rows);
                let column = |column: &Vec<i64>| {
                    let sum = small::inner_product(&weights, column.iter().copied());
                    match column.last() {
                        Some(&last) if !self.is_padded => sum + behind * from_i64(last),
                        Some(_) | None => sum,
                    }
                };
                let flag = if self.is_padded { behind } else { Fr::zero() };
                table.columns.iter().map(column).chain([flag]).collect()
            }
        }
    }

    /// What an input whose tensors have these values at a point looks up there.
    pub fn looked_up<V: Value>(&self, values: &[V], layout: &Layout, point: &[Fr]) -> Vec<V> {
        match (&self.kind, values) {
            (TableKind::Range(Range { maximum, .. }), [value]) => {
                let (offset, second) = padding_row(layout, *maximum, point);
                vec![value.clone() + V::from(offset), second.into()]
            }
            (TableKind::Range(_) | TableKind::Table(_), values) => {
                let padding = Fr::one() - stored_share(split_point(layout, point));
                values.iter().cloned().chain([padding.into()]).collect()
            }
        }
    }

    /// The fingerprints of all rows, the table being the one with this index.
    pub fn fingerprints(&self, index: usize, fingerprint: &Fingerprint) -> Vec<Fr> {
        if let Some(range) = self.closed_form() {
            return fingerprint.table(index, &range);
        }
        let known = self.kind.num_rows();
        let of_row = |row: usize| {
            let row: Vec<Fr> = self.row(row).into_iter().map(from_i64).collect();
            fingerprint.of_row(index, &row)
        };
        let mut rows: Vec<Fr> = (0..known).map(of_row).collect();
        rows.resize(self.num_rows(), of_row(known));
        rows
    }
}
