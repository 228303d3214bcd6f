//! The level above the leaves.
//!
//! The denominators of two leaves give their parent's; where both numerators are one, its numerator is their sum. This is done
//! for all leaves alike, because nearly all are looked-up rows, and is then corrected below blocks of tables' own rows, which
//! have multiplicities instead, and between blocks.

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_algebra::{kernels::backend, small::from_i64};

use super::{
    super::{
        level::{Pairs, doubled, pairs},
        shapes::Shapes,
        tables::{Source, build},
    },
    LeafBlock, LeafRows, LookupLeaves,
};
use crate::buffers::Buffers;

impl LookupLeaves<'_> {
    /// The level above the leaves.
    pub(in super::super) fn parents<'s>(&self, shapes: &'s Shapes, buffers: &'s Buffers) -> Pairs<'s> {
        let constants: Vec<[Fr; 2]> = self.values.iter().copied().map(doubled).collect();
        let fill = |Source { shape, entries }: Source, chunk: usize, [p0, p1, q0, q1]: [&mut [Fr]; 4]| {
            let each = (shape, chunk, 2 * entries);
            self.read_chunk(each, (&self.tables, |_| Fr::zero()), buffers, |part, [even, odd], runs| {
                let [p0, p1, q0, q1] = [&mut *p0, &mut *p1, &mut *q0, &mut *q1].map(|t| &mut t[part.clone()]);
                backend().kernel().add_reciprocals([even, odd], [[p0, p1], [q0, q1]]);
                let mut at = 0;
                for &(first, length) in runs {
                    let sides = [even, odd].map(|side| &side[at..at + length]);
                    let part = at / 2..at / 2 + length / 2;
                    self.correct(first, sides, [&mut p0[part.clone()], &mut p1[part]]);
                    at += length;
                }
            });
        };
        let doubled: Vec<[Fr; 4]> = constants.iter().map(|&[p, q]| [p, p, q, q]).collect();
        let entries = build(shapes, self.num_vars - 2, &doubled, buffers, fill);
        pairs(shapes, self.num_vars - 2, entries, &constants, buffers)
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
