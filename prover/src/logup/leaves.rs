//! The leaves of a network's look-ups, without storing them.
//!
//! A leaf is a fraction that is known from little: for a looked-up row it is one over the row's fingerprint, for a table's own
//! row minus its multiplicity over the fingerprint. So [`LookupLeaves`] keeps a row number for each leaf and one fingerprint
//! for each row of a table. What the tree and the first round need of the leaves is computed from these when it is needed.

use std::ops::Range;

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::small::from_i64;
use tacit_layers::{Layout, proof::plan::MAX_TREE_VARS};

use super::{
    Fractions, LinearTable,
    integers::MOST_VARIABLES,
    shapes::{Constant, Shapes},
};
use crate::error::{Error, Result};

mod derived;
mod reading;

pub(super) use derived::Derived;
pub(super) use reading::{Part, STEP, advance};

/// Fewer leaves are stored.
pub(super) const SMALLEST: usize = 1 << 12;
/// Rows of a table that nothing looks up are stored where they are fewer.
const UNUSED: usize = 1 << 5;
/// Most levels that may not be stored.
const MOST_UNSTORED: usize = 4;
/// From so many leaves on another level is not stored: the first where that takes no more time, the others so that memory stays
/// below some 32 bytes a leaf.
const RECOMPUTED: [usize; MOST_UNSTORED - 1] = [1 << 16, 1 << 23, 1 << 27];

/// The leaves of a network's look-ups: blocks, and fractions $0 / 1$ between and behind them.
#[derive(Debug, Clone)]
pub struct LookupLeaves<'a> {
    tables: Vec<Vec<Fr>>,
    /// Tables whose entries are linear.
    linear: Vec<Option<LinearTable>>,
    blocks: Vec<LeafBlock<'a>>,
    num_vars: usize,
    /// Levels that are not stored, where the caller says so.
    unstored: Option<usize>,
    /// Runs of leaves that are the same fraction.
    constants: Vec<Constant>,
    /// Those fractions, by their number.
    values: Vec<[Fr; 2]>,
}

/// A block of leaves, as many as a power of two; it starts at a multiple of its size.
#[derive(Debug, Clone, Copy)]
pub struct LeafBlock<'a> {
    /// First leaf.
    pub offset: usize,
    /// Index of the table.
    pub table: usize,
    /// Which leaves.
    pub rows: LeafRows<'a>,
}

/// The leaves of a block.
#[derive(Debug, Clone, Copy)]
pub enum LeafRows<'a> {
    /// One over the fingerprint of each of these rows, those of a tensor of this layout with its padding. All of the padding
    /// should be one row: it then costs nothing.
    LookedUp(&'a [u32], &'a Layout),
    /// Minus the multiplicity over the fingerprint, for every row of the table.
    Table(&'a [i64]),
}

/// Numbers of the constants between and behind blocks, and of numerators of looked-up rows.
pub(super) const GAP: usize = 0;
pub(super) const LOOKED_UP: usize = 1;

impl<'a> LookupLeaves<'a> {
    /// $2^n$ leaves from the fingerprints of every table's rows and the blocks in order.
    ///
    /// # Errors
    /// [`Error::LeafBlock`] when the blocks overlap, are out of order, or do not start at multiples of their size, a row is
    /// not in its table, a block has not as many rows as its layout or as many multiplicities as its table, or they do not
    /// fit; [`Error::Network`] for fewer leaves than two or more than supported.
    pub fn new(tables: Vec<Vec<Fr>>, blocks: Vec<LeafBlock<'a>>, num_vars: usize) -> Result<Self> {
        check_size(num_vars)?;
        let mut end = 0;
        for (index, block) in blocks.iter().enumerate() {
            end = check_block(index, block, &tables, end)?;
        }
        if end > 1 << num_vars {
            let (block, what) = (blocks.len().saturating_sub(1), "the first leaf behind it must be at most");
            return Err(Error::LeafBlock { block, what, expected: 1 << num_vars, actual: end });
        }
        let linear = vec![None; tables.len()];
        let mut leaves =
            Self { tables, linear, blocks, num_vars, unstored: None, constants: vec![], values: vec![] };
        leaves.find_constants();
        Ok(leaves)
    }

    /// Says which tables are linear: the prover is faster, the proof the same.
    ///
    /// # Errors
    /// [`Error::LinearTable`] when not every table is said to be linear or not to be, or one that is has more than $2^{19}$
    /// rows or a bound that is no row.
    pub fn with_linear_tables(mut self, linear: Vec<Option<LinearTable>>) -> Result<Self> {
        let (num_tables, max_rows) = (self.tables.len(), 1 << MOST_VARIABLES);
        let refused = |table, num_rows| Error::LinearTable { table, num_tables, num_rows, max_rows };
        if linear.len() != num_tables {
            return Err(refused(linear.len(), 0));
        }
        for (table, (rows, linear)) in self.tables.iter().map(Vec::len).zip(&linear).enumerate() {
            let fits = |linear: &LinearTable| rows <= max_rows && linear.bounds_are_rows(rows);
            if !linear.as_ref().is_none_or(fits) {
                return Err(refused(table, rows));
            }
        }
        self.linear = linear;
        Ok(self)
    }

    /// Says how many levels of the tree, the leaves included, are not stored but computed again when they are needed: each
    /// halves the prover's memory and takes more multiplications; the proof is the same. Without it they are chosen by the
    /// number of leaves.
    ///
    /// # Errors
    /// [`Error::UnstoredLevels`] for none or for more than four.
    pub fn with_unstored_levels(mut self, levels: usize) -> Result<Self> {
        if !(1..=MOST_UNSTORED).contains(&levels) {
            return Err(Error::UnstoredLevels { levels, most: MOST_UNSTORED });
        }
        self.unstored = Some(levels);
        Ok(self)
    }

    /// Levels of the tree that are not stored, the leaves included.
    pub(super) fn unstored_levels(&self, shapes: &Shapes) -> usize {
        self.unstored.unwrap_or_else(|| unstored_levels(2 * shapes[self.num_vars - 1].stored))
    }

    /// Number of leaves, those behind the blocks included.
    pub const fn len(&self) -> usize {
        1 << self.num_vars
    }

    /// Whether there are no leaves: never.
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// All leaves.
    pub fn fractions(&self) -> Fractions {
        let mut denominators = [(); 2].map(|()| vec![Fr::zero(); self.len() / 2]);
        self.read(0, &self.tables, |_| Fr::zero(), denominators.each_mut().map(Vec::as_mut_slice));
        let [even, odd] = denominators;
        let denominators = even.into_iter().zip(odd).flat_map(<[Fr; 2]>::from).collect();
        Fractions {
            numerators: (0..self.len()).map(|leaf| element(self.numerator(leaf))).collect(),
            denominators,
        }
    }

    fn find_constants(&mut self) {
        // Number 0 is that of leaves of no block.
        let mut known: Vec<Option<(usize, u32)>> = vec![None];
        let mut constants = vec![];
        let mut end = 0;
        for block in &self.blocks {
            push(&mut constants, end..block.offset, GAP);
            end = block.offset + self.length(block);
            let LeafRows::LookedUp(rows, layout) = block.rows else { continue };
            let Some(&last) = rows.last() else { continue };
            let gaps = || padding(layout);
            // Only a false witness looks up several rows in the padding of a block.
            if gaps().any(|gap| rows[gap].iter().any(|&row| row != last)) {
                continue;
            }
            let padded = Some((block.table, last));
            let id = known.iter().position(|known| *known == padded).unwrap_or(known.len());
            for gap in gaps() {
                if id == known.len() {
                    known.push(padded);
                }
                push(&mut constants, block.offset + gap.start..block.offset + gap.end, id);
            }
        }
        push(&mut constants, end..self.len(), GAP);
        let value = |row: &Option<(usize, u32)>| match *row {
            None => [Fr::zero(), Fr::one()],
            Some((table, row)) => [Fr::one(), self.tables[table][row as usize]],
        };
        (self.values, self.constants) = (known.iter().map(value).collect(), constants);
    }

    /// The shapes of the tables of all levels: over a variable less than the leaves, and fewer.
    pub(super) fn shapes(&self) -> Shapes {
        Shapes::new(self.num_vars - 1, &self.constants)
    }

    /// Constant leaves, by their number.
    pub(super) fn values(&self) -> &[[Fr; 2]] {
        &self.values
    }

    /// The shapes of tables of numerators: only those of tables are stored, without long runs of rows that nothing looks up.
    /// The others are zero for number 0, one for 1.
    pub(super) fn numerator_shapes(&self) -> Shapes {
        let (mut constants, mut end) = (vec![], 0);
        for block in &self.blocks {
            push(&mut constants, end..block.offset, GAP);
            end = block.offset + self.length(block);
            match block.rows {
                LeafRows::LookedUp(..) => push(&mut constants, block.offset..end, LOOKED_UP),
                LeafRows::Table(counts) => {
                    let mut at = block.offset;
                    for run in counts.chunk_by(|a, b| (*a == 0) == (*b == 0)) {
                        if run[0] == 0 && run.len() >= UNUSED {
                            push(&mut constants, at..at + run.len(), GAP);
                        }
                        at += run.len();
                    }
                }
            }
        }
        push(&mut constants, end..self.len(), GAP);
        Shapes::new(self.num_vars - 1, &constants)
    }

    /// A leaf's numerator.
    fn numerator(&self, leaf: usize) -> i64 {
        match self.find(leaf) {
            None => 0,
            Some((LeafRows::LookedUp(..), _)) => 1,
            Some((LeafRows::Table(counts), place)) => -counts[place],
        }
    }

    /// The fingerprints of every table.
    pub(super) fn tables(&self) -> &[Vec<Fr>] {
        &self.tables
    }

    fn length(&self, block: &LeafBlock) -> usize {
        match block.rows {
            LeafRows::LookedUp(positions, _) => positions.len(),
            LeafRows::Table(_) => self.tables[block.table].len(),
        }
    }

    /// The rows of the block that has a leaf and the leaf's place in it.
    fn find(&self, leaf: usize) -> Option<(LeafRows<'a>, usize)> {
        let index = self.blocks.partition_point(|block| block.offset <= leaf).checked_sub(1)?;
        let block = &self.blocks[index];
        let place = leaf - block.offset;
        (place < self.length(block)).then_some((block.rows, place))
    }

    /// Consecutive leaves, cut where blocks begin and end: of each part the leaves, and the block with the place in it.
    fn spans(
        &self,
        leaves: Range<usize>,
        mut visit: impl FnMut(Range<usize>, Option<(&LeafBlock<'a>, usize)>),
    ) {
        let mut at = leaves.start;
        let mut next = self.blocks.partition_point(|block| block.offset <= at).saturating_sub(1);
        while at < leaves.end {
            match self.blocks.get(next) {
                Some(block) if block.offset <= at => {
                    next += 1;
                    let end = leaves.end.min(block.offset + self.length(block));
                    if at < end {
                        visit(at..end, Some((block, at - block.offset)));
                        at = end;
                    }
                }
                block => {
                    let end = block.map_or(leaves.end, |block| block.offset.min(leaves.end));
                    visit(at..end, None);
                    at = end;
                }
            }
        }
    }

    /// Those of the tables that are linear.
    pub(super) fn linear(&self) -> &[Option<LinearTable>] {
        &self.linear
    }
}

/// Levels of a tree that are not stored, the leaves included, by the number of leaves that are not constant.
pub(super) fn unstored_levels(leaves: usize) -> usize {
    1 + RECOMPUTED.iter().filter(|&&least| leaves >= least).count()
}

/// Checks the number of leaves.
fn check_size(num_vars: usize) -> Result<()> {
    if num_vars == 0 {
        return Err(Error::Network(tacit_layers::Error::FractionCount { numerators: 1, denominators: 1 }));
    }
    if num_vars > MAX_TREE_VARS {
        let num_leaves = 1_usize.checked_shl(num_vars as u32).unwrap_or(usize::MAX);
        return Err(Error::Network(tacit_layers::Error::TooManyLookups {
            num_leaves,
            max_vars: MAX_TREE_VARS,
        }));
    }
    Ok(())
}

/// Checks a block that begins at leaf `first` or behind it, and returns its end.
fn check_block(index: usize, block: &LeafBlock, tables: &[Vec<Fr>], first: usize) -> Result<usize> {
    let misfit = |what, expected, actual| Err(Error::LeafBlock { block: index, what, expected, actual });
    let Some(rows) = tables.get(block.table).map(Vec::len) else {
        return misfit("the table's index must be less than", tables.len(), block.table);
    };
    let length = match block.rows {
        LeafRows::LookedUp(positions, layout) => {
            if positions.len() != 1 << layout.num_vars() {
                return misfit(
                    "the number of looked-up rows must be",
                    1 << layout.num_vars(),
                    positions.len(),
                );
            }
            if let Some(&position) = positions.iter().find(|&&position| position as usize >= rows) {
                return misfit("a looked-up row must be less than", rows, position as usize);
            }
            positions.len()
        }
        LeafRows::Table(counts) => {
            if counts.len() != rows {
                return misfit("the number of multiplicities must be", rows, counts.len());
            }
            rows
        }
    };
    if !length.is_power_of_two() {
        return misfit("the number of leaves must be", length.next_power_of_two(), length);
    }
    let place = block.offset.max(first).next_multiple_of(length);
    if block.offset != place {
        return misfit("the first leaf must be", place, block.offset);
    }
    Ok(block.offset.saturating_add(length))
}

/// Most numerators are zero.
fn element(numerator: i64) -> Fr {
    if numerator == 0 { Fr::zero() } else { from_i64(numerator) }
}

/// Appends a run of constants, unless it is empty, to those before it.
pub(super) fn push(constants: &mut Vec<Constant>, leaves: Range<usize>, id: usize) {
    match constants.last_mut() {
        _ if leaves.is_empty() => {}
        Some(last) if last.end == leaves.start && last.id == id => last.end = leaves.end,
        _ => constants.push(Constant { first: leaves.start, end: leaves.end, id }),
    }
}

/// What a layout's padded table has between and behind its elements.
pub(super) fn padding(layout: &Layout) -> impl Iterator<Item = Range<usize>> + '_ {
    let runs = layout.runs().map(|(_, first, length)| first..first + length);
    let end = 1 << layout.num_vars();
    runs.chain(std::iter::once(end..end))
        .scan(0, |before, run| Some(std::mem::replace(before, run.end)..run.start))
        .filter(|gap| !gap.is_empty())
}
