//! Leaves that are rows of tables, read as they are needed.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::{kernels::backend, small::from_i64};

use super::Fractions;
use crate::buffers::Buffers;

/// Leaves read together: two kilobytes of a vector.
pub(super) const STEP: usize = 1 << 6;
/// Fewer leaves are stored.
pub(super) const SMALLEST: usize = 1 << 12;

/// The leaves of a network's look-ups: blocks, and fractions $0 / 1$ between and behind them.
#[derive(Debug, Clone)]
pub struct LookupLeaves<'a> {
    tables: Vec<Vec<Fr>>,
    blocks: Vec<LeafBlock<'a>>,
    num_vars: usize,
}

/// A block of leaves.
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
    /// One over the fingerprint of each of these rows.
    LookedUp(&'a [u32]),
    /// Minus the multiplicity over the fingerprint, for every row of the table.
    Table(&'a [i64]),
}

impl<'a> LookupLeaves<'a> {
    /// $2^n$ leaves from the fingerprints of every table's rows and the blocks in order.
    ///
    /// # Panics
    /// When the blocks overlap or are out of order, a row is not in its table, a table has not as many multiplicities as rows,
    /// or they do not fit.
    pub fn new(tables: Vec<Vec<Fr>>, blocks: Vec<LeafBlock<'a>>, num_vars: usize) -> Self {
        let mut end = 0;
        for block in &blocks {
            assert!(block.offset >= end, "a block begins behind the one before it");
            let rows = tables[block.table].len();
            end = block.offset
                + match block.rows {
                    LeafRows::LookedUp(positions) => {
                        assert!(
                            positions.iter().all(|&position| (position as usize) < rows),
                            "a row of the table"
                        );
                        positions.len()
                    }
                    LeafRows::Table(counts) => {
                        assert_eq!(counts.len(), rows, "a multiplicity for every row");
                        rows
                    }
                };
        }
        assert!(end <= 1 << num_vars, "{end} leaves of {}", 1 << num_vars);
        Self { tables, blocks, num_vars }
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
        self.stored(&Buffers::default())
    }

    pub(super) fn stored(&self, buffers: &Buffers) -> Fractions {
        Fractions::sums(self.len(), buffers, |first, p, q| {
            self.read(first, &self.tables, |_| Fr::zero(), q);
            self.read_numerators(first, p);
        })
    }

    /// The numerators of leaves from `first` on.
    fn read_numerators(&self, first: usize, mut target: &mut [Fr]) {
        let mut at = first;
        while !target.is_empty() {
            let (block, place, length) = match self.find(at) {
                Some((index, place)) => {
                    let block = &self.blocks[index];
                    (Some(block), place, self.length(block) - place)
                }
                None => (None, 0, self.padding(at)),
            };
            let (now, rest) = target.split_at_mut(length.min(target.len()));
            match block.map(|block| block.rows) {
                None => now.fill(Fr::zero()),
                Some(LeafRows::LookedUp(_)) => now.fill(Fr::one()),
                Some(LeafRows::Table(counts)) => {
                    for (numerator, &count) in now.iter_mut().zip(&counts[place..]) {
                        *numerator = if count == 0 { Fr::zero() } else { -from_i64(count) };
                    }
                }
            }
            at += now.len();
            target = rest;
        }
    }

    /// The fingerprints of every table.
    pub(super) fn tables(&self) -> &[Vec<Fr>] {
        &self.tables
    }

    /// How many looked-up rows there are before anything else.
    pub(super) fn looked_up_first(&self) -> usize {
        let mut end = 0;
        for block in &self.blocks {
            match block.rows {
                LeafRows::LookedUp(positions) if block.offset == end => end += positions.len(),
                _ => break,
            }
        }
        end
    }

    /// Ranges of looked-up rows of the upper half, from its first leaf on.
    pub(super) fn looked_up_above(&self) -> Vec<(usize, usize)> {
        let half = self.len() / 2;
        let mut ranges: Vec<(usize, usize)> = vec![];
        for block in self.blocks.iter().filter(|block| matches!(block.rows, LeafRows::LookedUp(_))) {
            let end = (block.offset + self.length(block)).saturating_sub(half);
            let first = block.offset.saturating_sub(half);
            match ranges.last_mut() {
                _ if end == 0 => {}
                Some((_, last)) if *last == first => *last = end,
                _ => ranges.push((first, end)),
            }
        }
        ranges
    }

    /// Tables of the upper half: the first leaf from its first, the multiplicities.
    pub(super) fn tables_above(&self) -> Vec<(usize, &'a [i64])> {
        let half = self.len() / 2;
        let counts = |block: &LeafBlock<'a>| match block.rows {
            LeafRows::LookedUp(_) => None,
            LeafRows::Table(counts) => Some((block.offset.checked_sub(half)?, counts)),
        };
        self.blocks.iter().filter_map(counts).collect()
    }

    fn length(&self, block: &LeafBlock) -> usize {
        match block.rows {
            LeafRows::LookedUp(positions) => positions.len(),
            LeafRows::Table(_) => self.tables[block.table].len(),
        }
    }

    /// The block of leaf `at` and the leaf's place in it.
    fn find(&self, at: usize) -> Option<(usize, usize)> {
        let index = self.blocks.partition_point(|block| block.offset <= at).checked_sub(1)?;
        let place = at - self.blocks[index].offset;
        (place < self.length(&self.blocks[index])).then_some((index, place))
    }

    /// How many leaves of no block there are from leaf `at` of none on.
    fn padding(&self, at: usize) -> usize {
        let next = self.blocks.partition_point(|block| block.offset <= at);
        self.blocks.get(next).map_or(self.len(), |block| block.offset) - at
    }

    /// What leaves from `first` on have as denominators: of looked-up rows the entries of `tables`, of a table's own rows
    /// their fingerprint plus what `extra` makes of the multiplicity, one where there is no block.
    pub(super) fn read(
        &self,
        first: usize,
        tables: &[Vec<Fr>],
        extra: impl Fn(i64) -> Fr,
        mut target: &mut [Fr],
    ) {
        let mut at = first;
        while !target.is_empty() {
            let Some((index, place)) = self.find(at) else {
                let (now, rest) = target.split_at_mut(self.padding(at).min(target.len()));
                now.fill(Fr::one());
                at += now.len();
                target = rest;
                continue;
            };
            let block = &self.blocks[index];
            let (now, rest) = target.split_at_mut((self.length(block) - place).min(target.len()));
            match block.rows {
                LeafRows::LookedUp(positions) => {
                    let table = &tables[block.table];
                    for (target, &position) in now.iter_mut().zip(&positions[place..]) {
                        *target = table[position as usize];
                    }
                }
                LeafRows::Table(counts) => {
                    now.copy_from_slice(&self.tables[block.table][place..place + now.len()]);
                    for (target, &count) in
                        now.iter_mut().zip(&counts[place..]).filter(|(_, count)| **count != 0)
                    {
                        *target += extra(count);
                    }
                }
            }
            at += now.len();
            target = rest;
        }
    }

    /// The level above the leaves, where those of the lower half are all looked-up rows.
    pub(super) fn parents(&self, buffers: &Buffers) -> Fractions {
        let half = self.len() / 2;
        Fractions::sums(half, buffers, |first, p, q| {
            let kernel = backend().kernel();
            for (i, (p, q)) in p.chunks_mut(STEP).zip(q.chunks_mut(STEP)).enumerate() {
                let at = first + i * STEP;
                let mut low = [Fr::zero(); STEP];
                self.read(at, &self.tables, |_| Fr::zero(), &mut low);
                if self.find(half + at).is_none() && self.padding(half + at) >= STEP {
                    p.fill(Fr::one());
                    q.copy_from_slice(&low);
                    continue;
                }
                let mut high = [Fr::zero(); STEP];
                self.read(half + at, &self.tables, |_| Fr::zero(), &mut high);
                kernel.add_reciprocals([&low, &high], [p, q]);
                self.correct(half + at, &low, p);
            }
        })
    }

    /// Corrects numerators computed as if the leaves from `first` on had numerator one: `low` are the denominators that
    /// they are multiplied by.
    fn correct(&self, first: usize, low: &[Fr], numerators: &mut [Fr]) {
        let mut at = 0;
        while at < low.len() {
            let Some((index, place)) = self.find(first + at) else {
                // 1 / q_0 + 0 / 1
                let length = self.padding(first + at).min(low.len() - at);
                numerators[at..at + length].fill(Fr::one());
                at += length;
                continue;
            };
            let block = &self.blocks[index];
            let length = (self.length(block) - place).min(low.len() - at);
            if let LeafRows::Table(counts) = block.rows {
                for (i, &count) in counts[place..place + length].iter().enumerate() {
                    // 1 / q_0 - m / q_1
                    let low = low[at + i];
                    numerators[at + i] -= if count == 0 { low } else { low * from_i64(count + 1) };
                }
            }
            at += length;
        }
    }
}

/// Some leaves, read.
pub(super) type Step = [Fr; STEP];
