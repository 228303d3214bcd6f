//! Reading leaves chunk by chunk, as the sumcheck above them needs them.

use std::{borrow::Cow, ops::Range};

use ark_bn254::Fr;
use ark_ff::One;
use rayon::prelude::*;

use super::{
    super::{shapes::Shape, tables::cut},
    LeafBlock, LeafRows, LookupLeaves, element,
};
use crate::buffers::Buffers;

/// Pairs of leaves that are read together.
pub(in super::super) const STEP: usize = 1 << 10;

/// Consecutive leaves below pairs of a chunk.
pub(in super::super) struct Part<'a> {
    pub(in super::super) leaves: Range<usize>,
    /// Their table and rows, where all are looked up in one that is linear.
    pub(in super::super) looked_up: Option<(usize, &'a [[u32; 4]])>,
}

impl Part<'_> {
    /// Parts one after the other that are rows of the same linear table, or of none.
    pub(in super::super) fn groups(parts: &[Self]) -> impl Iterator<Item = &[Self]> {
        let table = |part: &Self| part.looked_up.map(|(table, _)| table);
        parts.chunk_by(move |a, b| table(a) == table(b))
    }

    /// How many leaves there are.
    pub(in super::super) fn count(parts: &[Self]) -> usize {
        parts.iter().map(|part| part.leaves.len()).sum()
    }
}

impl<'a> Part<'a> {
    /// The linear table of parts and their rows, one after the other.
    pub(in super::super) fn rows(parts: &[Self]) -> Option<(usize, Cow<'a, [[u32; 4]]>)> {
        let (table, first) = parts.first()?.looked_up?;
        let rows = match parts {
            [_] => Cow::Borrowed(first),
            _ => parts.iter().filter_map(|part| part.looked_up).flat_map(|(_, rows)| rows).copied().collect(),
        };
        Some((table, rows))
    }
}

/// The next elements of each vector, so many.
pub(in super::super) fn advance<'t, const N: usize>(
    vectors: &mut [&'t mut [Fr]; N],
    length: usize,
) -> [&'t mut [Fr]; N] {
    vectors.each_mut().map(|vector| {
        let (now, behind) = std::mem::take(vector).split_at_mut(length);
        *vector = behind;
        now
    })
}

impl<'a> LookupLeaves<'a> {
    /// What is stored of the tables of numerators of even and of odd leaves.
    pub(in super::super) fn stored_numerators(&self, shape: &Shape, buffers: &Buffers) -> [Vec<Fr>; 2] {
        let mut tables = [(); 2].map(|()| buffers.take(shape.stored));
        let parts: Vec<_> = cut(&mut tables, shape, 2).into_iter().enumerate().collect();
        parts.into_par_iter().for_each(|(chunk, [mut even, mut odd])| {
            for run in shape.stored_pairs(chunk) {
                let (first, length) = (4 * run.start, 2 * run.len());
                let [even_now, odd_now] = [&mut even, &mut odd].map(|side| {
                    let (now, behind) = std::mem::take(side).split_at_mut(length);
                    *side = behind;
                    now
                });
                self.spans(first..first + 2 * length, |leaves, block| {
                    for leaf in leaves.clone() {
                        let numerator = match block {
                            None => 0,
                            Some((LeafBlock { rows: LeafRows::LookedUp(..), .. }, _)) => 1,
                            Some((LeafBlock { rows: LeafRows::Table(counts), .. }, place)) => {
                                -counts[place + leaf - leaves.start]
                            }
                        };
                        let side = if leaf % 2 == 0 { &mut *even_now } else { &mut *odd_now };
                        side[(leaf - first) / 2] = element(numerator);
                    }
                });
            }
        });
        tables
    }

    /// What pairs of leaves from leaf `first` on have as denominators, the first and the second of each pair apart: of
    /// looked-up rows the entries of `tables`, of a table's own rows their fingerprint plus what `extra` makes of the
    /// multiplicity, one where there is no block.
    pub(in super::super) fn read(
        &self,
        first: usize,
        tables: &[Vec<Fr>],
        extra: impl Fn(i64) -> Fr,
        sides: [&mut [Fr]; 2],
    ) {
        let [even, odd] = sides;
        let own =
            |fingerprint: Fr, count: i64| if count == 0 { fingerprint } else { fingerprint + extra(count) };
        self.spans(first..first + 2 * even.len(), |leaves, block| {
            let at = (leaves.start - first) / 2;
            let Some((&LeafBlock { table, rows, .. }, place)) = block else {
                for leaf in leaves {
                    let side = if leaf % 2 == 0 { &mut *even } else { &mut *odd };
                    side[(leaf - first) / 2] = Fr::one();
                }
                return;
            };
            // Only a block of one leaf has an odd number of them.
            let pairs = leaves.len() / 2;
            if pairs == 0 {
                let side = if leaves.start.is_multiple_of(2) { &mut *even } else { &mut *odd };
                side[at] = match rows {
                    LeafRows::LookedUp(rows, _) => tables[table][rows[place] as usize],
                    LeafRows::Table(counts) => own(self.tables[table][place], counts[place]),
                };
                return;
            }
            let targets = even[at..at + pairs].iter_mut().zip(&mut odd[at..at + pairs]);
            match rows {
                LeafRows::LookedUp(rows, _) => {
                    let table = &tables[table];
                    for ((even, odd), &[first, second]) in targets.zip(rows[place..].as_chunks::<2>().0) {
                        (*even, *odd) = (table[first as usize], table[second as usize]);
                    }
                }
                LeafRows::Table(counts) => {
                    let rows = self.tables[table][place..].as_chunks::<2>().0;
                    let rows = rows.iter().zip(counts[place..].as_chunks::<2>().0);
                    for ((even, odd), (rows, counts)) in targets.zip(rows) {
                        (*even, *odd) = (own(rows[0], counts[0]), own(rows[1], counts[1]));
                    }
                }
            }
        });
    }

    /// Reads the leaves of parts, as many pairs at a time as the sides hold: `visit` gets how many come before them, both sides,
    /// and as often as they follow each other the number of the first pair and how many there are.
    pub(in super::super) fn read_parts(
        &self,
        parts: &[Part],
        (tables, extra): (&[Vec<Fr>], impl Fn(i64) -> Fr),
        sides: &mut [Vec<Fr>; 2],
        mut visit: impl FnMut(usize, [&[Fr]; 2], &[(usize, usize)]),
    ) {
        let mut runs = vec![];
        let (mut before, mut filled) = (0, 0);
        for part in parts {
            let (mut at, end) = (part.leaves.start / 2, part.leaves.end / 2);
            while at < end {
                let length = (end - at).min(STEP - filled);
                let targets = sides.each_mut().map(|side| &mut side[filled..filled + length]);
                self.read(2 * at, tables, &extra, targets);
                runs.push((at, length));
                (at, filled) = (at + length, filled + length);
                if filled == STEP {
                    visit(before, sides.each_ref().map(|side| &side[..STEP]), &runs);
                    runs.clear();
                    (before, filled) = (before + STEP, 0);
                }
            }
        }
        if filled > 0 {
            visit(before, sides.each_ref().map(|side| &side[..filled]), &runs);
        }
    }

    /// What is below a chunk's stored pairs, so many leaves for each, four or more.
    pub(in super::super) fn parts(&self, shape: &Shape, chunk: usize, each: usize) -> Vec<Part<'a>> {
        let mut parts: Vec<Part> = vec![];
        for run in shape.stored_pairs(chunk) {
            self.spans(each * run.start..each * run.end, |leaves, block| {
                let looked_up = block.and_then(|(&LeafBlock { table, rows, .. }, place)| match rows {
                    LeafRows::LookedUp(rows, _) if self.linear[table].is_some() && leaves.len() >= each => {
                        Some((table, rows[place..place + leaves.len()].as_chunks().0))
                    }
                    LeafRows::LookedUp(..) | LeafRows::Table(_) => None,
                });
                // Small blocks may share a pair.
                match parts.last_mut() {
                    Some(last)
                        if last.looked_up.is_none()
                            && looked_up.is_none()
                            && last.leaves.end == leaves.start =>
                    {
                        last.leaves.end = leaves.end;
                    }
                    _ => parts.push(Part { leaves, looked_up }),
                }
            });
        }
        parts
    }
}
