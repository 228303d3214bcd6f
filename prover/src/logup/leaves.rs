//! Leaves that are rows of tables, read as they are needed.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::{kernels::backend, small::from_i64};

use super::Fractions;

/// Leaves read together: two kilobytes of a vector.
const STEP: usize = 1 << 6;
/// Fewer leaves are stored.
pub(super) const SMALLEST: usize = 1 << 12;

/// The leaves of a network's look-ups: blocks one behind the other, then fractions $0 / 1$ up to $2^n$ leaves.
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
    /// When the blocks do not follow one another, a row is not in its table, or they do not fit.
    pub fn new(tables: Vec<Vec<Fr>>, blocks: Vec<LeafBlock<'a>>, num_vars: usize) -> Self {
        let mut end = 0;
        for block in &blocks {
            assert_eq!(block.offset, end, "a block begins where the one before it ends");
            let rows = tables[block.table].len();
            if let LeafRows::LookedUp(positions) = block.rows {
                assert!(positions.iter().all(|&position| (position as usize) < rows), "a row of the table");
            }
            end += block.rows.len(rows);
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
        let mut fractions =
            Fractions { numerators: vec![Fr::zero(); self.len()], denominators: vec![Fr::zero(); self.len()] };
        self.read(0, &mut fractions.numerators, &mut fractions.denominators);
        fractions
    }

    /// Leaves from `first` on.
    fn read(&self, first: usize, numerators: &mut [Fr], denominators: &mut [Fr]) {
        let (mut numerators, mut denominators) = (numerators, denominators);
        let mut at = first;
        let mut index = self.blocks.partition_point(|block| block.offset <= first).saturating_sub(1);
        while !numerators.is_empty() {
            let block = self.blocks.get(index);
            let table = block.map_or(&[][..], |block| &self.tables[block.table]);
            let length = block.map_or(usize::MAX, |block| block.rows.len(table.len()));
            let from = block.map_or(0, |block| at - block.offset).min(length);
            let left = length - from;
            let (p, p_rest) = numerators.split_at_mut(left.min(numerators.len()));
            let (q, q_rest) = denominators.split_at_mut(p.len());
            match block.map(|block| block.rows) {
                None => {
                    p.fill(Fr::zero());
                    q.fill(Fr::one());
                }
                Some(LeafRows::LookedUp(positions)) => {
                    p.fill(Fr::one());
                    for (q, &position) in q.iter_mut().zip(&positions[from..]) {
                        *q = table[position as usize];
                    }
                }
                Some(LeafRows::Table(counts)) => {
                    for (p, &count) in p.iter_mut().zip(counts.iter().skip(from)) {
                        *p = if count == 0 { Fr::zero() } else { -from_i64(count) };
                    }
                    q.copy_from_slice(&table[from..from + q.len()]);
                }
            }
            at += p.len();
            index += 1;
            (numerators, denominators) = (p_rest, q_rest);
        }
    }

    /// The level above the leaves.
    pub(super) fn parents(&self) -> Fractions {
        let half = self.len() / 2;
        Fractions::sums(half, |first, p, q| {
            for (i, (p, q)) in p.chunks_mut(STEP).zip(q.chunks_mut(STEP)).enumerate() {
                let at = first + i * STEP;
                let [zero, one] = [at, half + at].map(|at| self.step(at));
                backend().kernel().add_fractions([&zero.p, &one.p], [&zero.q, &one.q], [p, q]);
            }
        })
    }

    fn step(&self, first: usize) -> Step {
        let mut step = Step { p: [Fr::zero(); STEP], q: [Fr::zero(); STEP] };
        self.read(first, &mut step.p, &mut step.q);
        step
    }

    /// Both sides of the current variable: the step at `first` and that `distance` behind it.
    fn bracketed(&self, first: usize, lambda: Fr) -> Step {
        let mut step = self.step(first);
        backend().kernel().add_scaled(&mut step.p, &step.q, lambda);
        step
    }

    /// Sums of the lowest level's first round over a chunk.
    pub(super) fn round(&self, first: usize, lambda: Fr, weights: &[Fr]) -> [Fr; 2] {
        let (half, quarter) = (self.len() / 2, self.len() / 4);
        let mut sums = [Fr::zero(); 2];
        for (i, weights) in weights.chunks(STEP).enumerate() {
            let at = first + i * STEP;
            let [low, high] = [at, at + quarter].map(|at| self.step(at));
            let [low_one, high_one] = [at + half, at + half + quarter].map(|at| self.bracketed(at, lambda));
            let [constant, leading] = backend().kernel().fraction_round(
                [(&low.p, &high.p), (&low_one.p, &high_one.p), (&low.q, &high.q), (&low_one.q, &high_one.q)],
                weights,
            );
            sums = [sums[0] + constant, sums[1] + leading];
        }
        sums
    }

    /// Binds the lowest level's first variable on a chunk of both halves of what is left, and sums its second round.
    pub(super) fn bind_round(
        &self,
        first: usize,
        [r, lambda]: [Fr; 2],
        [p0, bracket, q0, q1]: [[&mut [Fr]; 2]; 4],
        weights: &[Fr],
    ) -> [Fr; 2] {
        let (half, quarter, eighth) = (self.len() / 2, self.len() / 4, self.len() / 8);
        let kernel = backend().kernel();
        let bind = |[p0, bracket]: [&mut [Fr]; 2], [q0, q1]: [&mut [Fr]; 2], first: usize| {
            for i in (0..p0.len()).step_by(STEP) {
                let range = i..i + STEP;
                let ends = [first + i, first + i + quarter];
                for (p, q, is_one) in [(&mut *p0, &mut *q0, false), (&mut *bracket, &mut *q1, true)] {
                    let [low, high] = ends.map(|at| match is_one {
                        false => self.step(at),
                        true => self.bracketed(half + at, lambda),
                    });
                    let (p, q) = (&mut p[range.clone()], &mut q[range.clone()]);
                    p.copy_from_slice(&low.p);
                    q.copy_from_slice(&low.q);
                    kernel.bind(p, &high.p, r);
                    kernel.bind(q, &high.q, r);
                }
            }
        };
        let ([p_low, p_high], [b_low, b_high]) = (p0, bracket);
        let ([q0_low, q0_high], [q1_low, q1_high]) = (q0, q1);
        bind([&mut *p_low, &mut *b_low], [&mut *q0_low, &mut *q1_low], first);
        bind([&mut *p_high, &mut *b_high], [&mut *q0_high, &mut *q1_high], first + eighth);
        kernel.fraction_round([(p_low, p_high), (b_low, b_high), (q0_low, q0_high), (q1_low, q1_high)], weights)
    }
}

/// Some leaves, read.
struct Step {
    p: [Fr; STEP],
    q: [Fr; STEP],
}

impl LeafRows<'_> {
    /// Leaves of the block, if its table has so many rows.
    const fn len(self, rows: usize) -> usize {
        match self {
            Self::LookedUp(positions) => positions.len(),
            Self::Table(_) => rows,
        }
    }
}
