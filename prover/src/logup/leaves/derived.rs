//! Levels computed from the leaves when they are needed.
//!
//! The denominators of two leaves give their parent's; where both numerators are one, its numerator is their sum. This is done
//! for all leaves alike, because nearly all are looked-up rows, and is then corrected below blocks of tables' own rows, which
//! have multiplicities instead, and between blocks. Levels above that one are computed from it, and variables of a level's
//! sumcheck bound, before anything is stored.

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::{
    kernels::{backend, rows::FractionForm},
    small::from_i64,
};

use super::{
    super::{
        LinearTable,
        level::{Pairs, doubled, pairs},
        shapes::{Shape, Shapes},
        tables::cut,
    },
    LeafBlock, LeafRows, LookupLeaves,
    reading::{Part, STEP, advance},
};
use crate::buffers::Buffers;

/// Tables of a level's sumcheck, computed from the leaves.
pub(in super::super) struct Derived<'a> {
    leaves: &'a LookupLeaves<'a>,
    /// Levels up from the leaves, at least one.
    height: usize,
    /// Values of the variables that are bound, the first bound first.
    bound: Vec<Fr>,
    /// What the second table's entries have of the fourth's.
    bracket: Option<Fr>,
    /// Fractions of the level above the leaves from rows of linear tables; in that level with the variables bound.
    forms: Vec<Option<FractionForm>>,
    buffers: &'a Buffers,
}

impl<'a> Derived<'a> {
    pub(in super::super) fn new(leaves: &'a LookupLeaves<'a>, height: usize, buffers: &'a Buffers) -> Self {
        Self { leaves, height, bound: vec![], bracket: None, forms: forms(leaves, &[]), buffers }
    }

    /// Adds multiples of the fourth table to the second.
    pub(in super::super) fn set_bracket(&mut self, lambda: Fr) {
        self.bracket = Some(lambda);
    }

    /// Fixes the last variable.
    pub(in super::super) fn bind(&mut self, r: Fr) {
        self.bound.push(r);
        if self.height == 1 {
            self.forms = forms(self.leaves, &self.bound);
        }
    }

    /// The level's tables without their entries.
    pub(in super::super) fn unstored(&self, shapes: &'a Shapes) -> Pairs<'a> {
        let mut constants = self.leaves.values.clone();
        for _ in 0..self.height {
            for constant in &mut constants {
                *constant = doubled(*constant);
            }
        }
        let num_vars = self.leaves.num_vars - 1 - self.height;
        pairs(shapes, num_vars, [(); 4].map(|()| vec![]), &constants, self.buffers)
    }

    /// The level's tables.
    pub(in super::super) fn stored(&self, shapes: &'a Shapes) -> Pairs<'a> {
        let mut tables = self.unstored(shapes);
        let shape = tables.shape();
        let mut entries = [(); 4].map(|()| self.buffers.take(shape.stored));
        let parts = cut(&mut entries, shape, 2);
        parts.into_par_iter().enumerate().for_each(|(chunk, part)| self.fill(shape, chunk, part));
        tables.entries = entries;
        tables
    }

    /// The entries of a chunk.
    pub(in super::super) fn fill(&self, shape: &Shape, chunk: usize, mut targets: [&mut [Fr]; 4]) {
        let halvings = self.height + self.bound.len();
        let mut scratch = Scratch::new(self.buffers);
        let mut rest = targets.each_mut().map(|target| &mut **target);
        for parts in Part::groups(&self.leaves.parts(shape, chunk, 4 << halvings)) {
            let mut targets = advance(&mut rest, Part::count(parts) >> (halvings + 1));
            let linear =
                Part::rows(parts).and_then(|(table, rows)| Some((self.forms[table].as_ref()?, rows)));
            let Some((form, rows)) = linear else {
                let Scratch { sides, levels } = &mut scratch;
                let denominators = (self.leaves.tables.as_slice(), |_| Fr::zero());
                self.leaves.read_parts(parts, denominators, sides, |_, sides, runs| {
                    let targets = advance(&mut targets, sides[0].len() >> halvings);
                    if halvings == 1 {
                        self.leaves.lowest_level(sides, runs, targets);
                    } else {
                        let length = sides[0].len() / 2;
                        self.leaves.lowest_level(sides, runs, levels.lowest(length));
                        self.raise(levels, length, targets);
                    }
                });
                continue;
            };
            if self.height == 1 {
                let [p0, p1, q0, q1] = targets;
                backend().kernel().row_fractions(&rows, form, [[p0, p1], [q0, q1]]);
                continue;
            }
            for rows in rows.chunks(STEP / 2) {
                let [p0, p1, q0, q1] = scratch.levels.lowest(rows.len());
                backend().kernel().row_fractions(rows, form, [[p0, p1], [q0, q1]]);
                let targets = advance(&mut targets, (2 * rows.len()) >> halvings);
                self.raise(&mut scratch.levels, rows.len(), targets);
            }
        }
        scratch.put(self.buffers);
        if let Some(lambda) = self.bracket {
            let [_, bracket, _, q1] = targets;
            backend().kernel().add_scaled(bracket, q1, lambda);
        }
    }

    /// From the level above the leaves, of which there are so many entries, up to this one's, variables bound.
    fn raise(&self, levels: &mut Levels, mut length: usize, targets: [&mut [Fr]; 4]) {
        let kernel = backend().kernel();
        let Levels { tables, spare } = levels;
        for _ in 1..self.height {
            let [p0, p1, q0, q1] = tables.each_ref().map(|table| &table[..length]);
            length /= 2;
            let [a, b, c, d] = spare.each_mut().map(|table| &mut table[..length]);
            kernel.add_fractions([p0, p1], [q0, q1], [[a, b], [c, d]]);
            std::mem::swap(tables, spare);
        }
        for &r in &self.bound {
            for (table, spare) in tables.iter_mut().zip(&mut *spare) {
                kernel.bind_pairs(&table[..length], &mut spare[..length / 2], r);
            }
            length /= 2;
            std::mem::swap(tables, spare);
        }
        for (target, table) in targets.into_iter().zip(tables) {
            target.copy_from_slice(&table[..length]);
        }
    }
}

/// The fractions of every table that is linear.
fn forms(leaves: &LookupLeaves, bound: &[Fr]) -> Vec<Option<FractionForm>> {
    let form = |table: &LinearTable| FractionForm::new(&table.rows(Fr::zero())?, bound);
    leaves.linear.iter().map(|table| table.as_ref().and_then(form)).collect()
}

/// Vectors for what lies between the leaves and a level.
struct Scratch {
    sides: [Vec<Fr>; 2],
    levels: Levels,
}

/// Vectors for levels below the one that is computed.
struct Levels {
    tables: [Vec<Fr>; 4],
    spare: [Vec<Fr>; 4],
}

impl Levels {
    /// So many entries of the level above the leaves.
    fn lowest(&mut self, length: usize) -> [&mut [Fr]; 4] {
        self.tables.each_mut().map(|table| &mut table[..length])
    }
}

impl Scratch {
    fn new(buffers: &Buffers) -> Self {
        let [tables, spare] = [(); 2].map(|()| [(); 4].map(|()| buffers.take(STEP / 2)));
        Self { sides: [(); 2].map(|()| buffers.take(STEP)), levels: Levels { tables, spare } }
    }

    fn put(self, buffers: &Buffers) {
        let Levels { tables, spare } = self.levels;
        for vector in self.sides.into_iter().chain(tables).chain(spare) {
            buffers.put(vector);
        }
    }
}

impl LookupLeaves<'_> {
    /// The level above leaves of which these are the denominators, in runs that start at a pair and have so many.
    fn lowest_level(&self, [even, odd]: [&[Fr]; 2], runs: &[(usize, usize)], targets: [&mut [Fr]; 4]) {
        let [p0, p1, q0, q1] = targets;
        backend().kernel().add_reciprocals([even, odd], [[&mut *p0, &mut *p1], [q0, q1]]);
        let mut at = 0;
        for &(first, length) in runs {
            let sides = [even, odd].map(|side| &side[at..at + length]);
            let part = at / 2..at / 2 + length / 2;
            self.correct(first, sides, [&mut p0[part.clone()], &mut p1[part]]);
            at += length;
        }
    }

    /// Corrects numerators computed as if all leaves, from pair `first` on, had numerator one: `sides` are their
    /// denominators, the numerators of even and odd pairs are apart.
    fn correct(&self, first: usize, [even, odd]: [&[Fr]; 2], [even_sums, odd_sums]: [&mut [Fr]; 2]) {
        self.spans(2 * first..2 * (first + even.len()), |leaves, block| {
            if let Some((LeafBlock { rows: LeafRows::LookedUp(..), .. }, _)) = block
                && leaves.len() > 1
            {
                return;
            }
            let product = |count: i64, denominator: Fr| {
                if count == 0 { Fr::zero() } else { denominator * from_i64(count) }
            };
            for pair in leaves.start / 2..leaves.end.div_ceil(2) {
                let at = pair - first;
                let [p0, p1] = match block {
                    Some((LeafBlock { rows: LeafRows::Table(counts), .. }, place)) if leaves.len() > 1 => {
                        let place = place + 2 * pair - leaves.start;
                        [-counts[place], -counts[place + 1]]
                    }
                    _ => [2 * pair, 2 * pair + 1].map(|leaf| self.numerator(leaf)),
                };
                let sums = if at.is_multiple_of(2) { &mut *even_sums } else { &mut *odd_sums };
                sums[at / 2] = product(p0, odd[at]) + product(p1, even[at]);
            }
        });
    }
}
