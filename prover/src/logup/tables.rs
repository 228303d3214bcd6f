//! Tables of a level's sumcheck.

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::kernels::backend;

use super::{
    CHUNK,
    shapes::{Insertion, Shape, Shapes},
    weights::Weights,
};
use crate::buffers::Buffers;

/// What a sumcheck sums over its tables.
#[derive(Clone, Copy)]
pub(super) struct Form<const N: usize> {
    /// Constant and leading coefficient of the weighted sum over pairs of entries.
    pub(super) round: fn([&[Fr]; N], &[Fr]) -> [Fr; 2],
    /// The value at an entry of each table.
    pub(super) value: fn([Fr; N]) -> Fr,
}

/// Tables of one shape.
pub(super) struct Tables<'a, const N: usize> {
    pub(super) shapes: &'a Shapes,
    pub(super) num_vars: usize,
    /// What is stored.
    pub(super) entries: [Vec<Fr>; N],
    /// What entries are bound into; both may be longer than what is stored.
    pub(super) spare: [Vec<Fr>; N],
    /// What is not, by its number.
    pub(super) constants: Vec<[Fr; N]>,
    pub(super) form: Form<N>,
    /// Sums of the next round, where binding has left them.
    pub(super) sums: Option<[Fr; 2]>,
    pub(super) buffers: &'a Buffers,
}

/// Chunks of pairs that entries are computed from, and how many entries each pair gives.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) shape: &'a Shape,
    pub(super) entries: usize,
}

impl<const N: usize> Tables<'_, N> {
    pub(super) fn shape(&self) -> &Shape {
        &self.shapes[self.num_vars]
    }

    /// Constant and leading coefficient of the next round; `point` is the level's.
    pub(super) fn round(&mut self, point: &[Fr]) -> [Fr; 2] {
        if let Some(sums) = self.sums.take() {
            return sums;
        }
        let shape = self.shape();
        let weights = Weights::new(&point[..self.num_vars - 1], shape);
        let sums = weights.sum(vec![(); shape.chunks.len()], |chunk, (), weights| {
            (self.form.round)(self.entries.each_ref().map(|table| part(table, shape, chunk, 2)), weights)
        });
        self.with_constants(sums, &weights)
    }

    /// Adds what constants have in a round's sums: their slopes are zero.
    pub(super) fn with_constants(&self, [constant, leading]: [Fr; 2], weights: &Weights) -> [Fr; 2] {
        if self.shape().patterns.iter().all(Vec::is_empty) {
            return [constant, leading];
        }
        let values: Vec<Fr> = self.constants.iter().map(|&constant| (self.form.value)(constant)).collect();
        [constant + weights.sum_constants(&values), leading]
    }

    /// The same from entries that `fill` computes, two for each pair of a chunk, and that are not stored.
    pub(super) fn derived_round(
        &self,
        point: &[Fr],
        fill: impl Fn(&Shape, usize, [&mut [Fr]; N]) + Sync,
    ) -> [Fr; 2] {
        let shape = self.shape();
        let weights = Weights::new(&point[..self.num_vars - 1], shape);
        let sums = weights.sum(vec![(); shape.chunks.len()], |chunk, (), weights| {
            let mut entries = [(); N].map(|()| self.buffers.take(2 * CHUNK));
            let mut targets = entries.each_mut().map(|entries| &mut entries[..2 * weights.len()]);
            fill(shape, chunk, targets.each_mut().map(|target| &mut **target));
            let sums = (self.form.round)(targets.map(|target| &*target), weights);
            for entries in entries {
                self.buffers.put(entries);
            }
            sums
        });
        self.with_constants(sums, &weights)
    }

    /// Fixes the last variable.
    pub(super) fn bind(&mut self, point: &[Fr], r: Fr) {
        let bound = std::mem::replace(&mut self.entries, [(); N].map(|()| vec![]));
        let bind = |Source { shape, entries }: Source, chunk: usize, targets: [&mut [Fr]; N]| {
            for (table, target) in bound.iter().zip(targets) {
                backend().kernel().bind_pairs(part(table, shape, chunk, 2 * entries), target, r);
            }
        };
        if self.num_vars == 1 || !self.shapes[self.num_vars - 1].insertions.is_empty() {
            self.num_vars -= 1;
            self.entries = build(self.shapes, self.num_vars, &self.constants, self.buffers, bind);
        } else {
            self.derive(point, |shape, chunk, targets| bind(Source { shape, entries: 2 }, chunk, targets));
        }
        for (spare, bound) in self.spare.iter_mut().zip(bound) {
            self.buffers.put(std::mem::replace(spare, bound));
        }
    }

    /// Fixes the last variable of tables that are not stored.
    pub(super) fn bind_derived(&mut self) {
        self.num_vars -= 1;
    }

    /// Fixes the last variable of tables of which `fill` computes the bound entries, two for each pair of a chunk, and
    /// stores them.
    pub(super) fn derive(&mut self, point: &[Fr], fill: impl Fn(&Shape, usize, [&mut [Fr]; N]) + Sync) {
        self.num_vars -= 1;
        let shape = &self.shapes[self.num_vars];
        let mut tables = std::mem::replace(&mut self.spare, [(); N].map(|()| vec![]));
        for table in &mut tables {
            if table.len() < shape.stored {
                self.buffers.put(std::mem::replace(table, self.buffers.take(shape.stored)));
            }
        }
        let weights = Weights::new(&point[..self.num_vars - 1], shape);
        let sums = weights.sum(cut(&mut tables, shape, 2), |chunk, mut targets, weights| {
            fill(shape, chunk, targets.each_mut().map(|target| &mut **target));
            (self.form.round)(targets.map(|target| &*target), weights)
        });
        self.entries = tables;
        self.sums = Some(self.with_constants(sums, &weights));
    }

    /// The values where all variables are bound.
    pub(super) fn values(&self) -> [Fr; N] {
        self.entries.each_ref().map(|table| table.first().copied().unwrap_or_else(Fr::zero))
    }
}

impl<const N: usize> Drop for Tables<'_, N> {
    fn drop(&mut self) {
        for vector in self.entries.iter_mut().chain(&mut self.spare) {
            self.buffers.put(std::mem::take(vector));
        }
    }
}

/// A chunk of a table that has so many entries for each pair.
pub(super) fn part<'t>(table: &'t [Fr], shape: &Shape, chunk: usize, entries: usize) -> &'t [Fr] {
    let chunk = shape.chunks[chunk];
    &table[entries * chunk.before..entries * (chunk.before + chunk.pairs)]
}

/// All chunks of tables that have so many entries for each pair.
pub(super) fn cut<'t, const N: usize>(
    tables: &'t mut [Vec<Fr>; N],
    shape: &Shape,
    entries: usize,
) -> Vec<[&'t mut [Fr]; N]> {
    let mut rest = tables.each_mut().map(Vec::as_mut_slice);
    let part = |chunk: &super::shapes::Chunk| {
        rest.each_mut().map(|rest| {
            let (now, behind) = std::mem::take(rest).split_at_mut(entries * chunk.pairs);
            *rest = behind;
            now
        })
    };
    shape.chunks.iter().map(part).collect()
}

/// Tables over `num_vars` variables, of which `fill` computes what half of the entries of the next larger shape give.
pub(super) fn build<const N: usize>(
    shapes: &Shapes,
    num_vars: usize,
    constants: &[[Fr; N]],
    buffers: &Buffers,
    fill: impl Fn(Source, usize, [&mut [Fr]; N]) + Sync,
) -> [Vec<Fr>; N] {
    let shape = &shapes[num_vars];
    let source = if num_vars > 0 && shape.insertions.is_empty() {
        Source { shape, entries: 2 }
    } else {
        Source { shape: &shapes[num_vars + 1], entries: 1 }
    };
    let mut tables = [(); N].map(|()| buffers.take(source.entries * source.shape.stored / 2));
    let mut parts = cut(&mut tables, source.shape, source.entries);
    if let [_] = parts.as_slice() {
        if let Some(only) = parts.pop() {
            fill(source, 0, only);
        }
    } else {
        parts.into_par_iter().enumerate().for_each(|(chunk, part)| fill(source, chunk, part));
    }
    if shape.insertions.is_empty() {
        return tables;
    }
    let insert = |(i, table): (usize, &Vec<Fr>)| {
        let mut target = buffers.take(shape.stored);
        insert(table, &mut target, &shape.insertions, |id| constants[id][i]);
        target
    };
    let inserted: Vec<Vec<Fr>> = tables.par_iter().enumerate().map(insert).collect();
    for vector in tables {
        buffers.put(vector);
    }
    let mut inserted = inserted.into_iter();
    [(); N].map(|()| inserted.next().unwrap_or_default())
}

fn insert(source: &[Fr], target: &mut [Fr], insertions: &[Insertion], constant: impl Fn(usize) -> Fr) {
    let (mut source, mut target) = (source, target);
    for &Insertion { copied, written, id } in insertions {
        let (now, behind) = source.split_at(copied);
        let (copy, rest) = target.split_at_mut(copied);
        copy.copy_from_slice(now);
        let (write, rest) = rest.split_at_mut(written);
        write.fill(constant(id));
        (source, target) = (behind, rest);
    }
}
