//! A kernel that counts what another one does.

use std::sync::atomic::{AtomicU64, Ordering};

use ark_bn254::Fr;

use super::{
    AffineKernel, Kernel, Sides,
    rows::{EntryForm, FractionForm},
};

/// Operations of kernels since the start of the program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Products of two field elements.
    pub multiplications: u64,
    /// Integers multiplied by a field element: those of folded matrices, and those of rounds over integers.
    pub folded: u64,
}

impl Counts {
    /// What was counted since an earlier count.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            multiplications: self.multiplications.saturating_sub(before.multiplications),
            folded: self.folded.saturating_sub(before.folded),
        }
    }
}

/// A kernel and its counts: all calls of all threads.
pub(super) struct Counting {
    kernel: &'static dyn Kernel,
    multiplications: AtomicU64,
    folded: AtomicU64,
}

impl Counting {
    /// Counts what a kernel does.
    pub(super) const fn new(kernel: &'static dyn Kernel) -> Self {
        Self { kernel, multiplications: AtomicU64::new(0), folded: AtomicU64::new(0) }
    }

    /// The counts so far.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            multiplications: self.multiplications.load(Ordering::Relaxed),
            folded: self.folded.load(Ordering::Relaxed),
        }
    }

    fn multiplied(&self, each: usize, entries: usize) {
        self.multiplications.fetch_add((each * entries) as u64, Ordering::Relaxed);
    }

    fn weighed(&self, each: usize, entries: usize) {
        self.folded.fetch_add((each * entries) as u64, Ordering::Relaxed);
    }

    fn fold<T>(&self, rows: &[&[T]]) {
        self.folded.fetch_add(rows.iter().map(|row| row.len() as u64).sum(), Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Counting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Counting").field(&self.kernel.name()).field(&self.counts()).finish()
    }
}

impl Kernel for Counting {
    fn name(&self) -> &'static str {
        self.kernel.name()
    }

    fn bind(&self, low: &mut [Fr], high: &[Fr], r: Fr) {
        self.multiplied(1, low.len());
        self.kernel.bind(low, high, r);
    }

    fn bind_pairs(&self, source: &[Fr], target: &mut [Fr], r: Fr) {
        self.multiplied(1, target.len());
        self.kernel.bind_pairs(source, target, r);
    }

    fn split(&self, zero: &mut [Fr], one: &mut [Fr], r: Fr) {
        self.multiplied(1, zero.len());
        self.kernel.split(zero, one, r);
    }

    fn inner_product(&self, a: &[Fr], b: &[Fr]) -> Fr {
        self.multiplied(1, a.len());
        self.kernel.inner_product(a, b)
    }

    fn product_round(&self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2] {
        self.multiplied(2, a.0.len());
        self.kernel.product_round(a, b)
    }

    fn multiply(&self, target: &mut [Fr], source: &[Fr]) {
        self.multiplied(1, target.len());
        self.kernel.multiply(target, source);
    }

    fn add_scaled(&self, target: &mut [Fr], source: &[Fr], scale: Fr) {
        self.multiplied(1, target.len());
        self.kernel.add_scaled(target, source, scale);
    }

    fn add_products(&self, target: &mut [Fr], a: &[Fr], b: &[Fr]) {
        self.multiplied(1, target.len());
        self.kernel.add_products(target, a, b);
    }

    fn add_fractions(&self, p: [&[Fr]; 2], q: [&[Fr]; 2], sum: [Sides; 2]) {
        self.multiplied(3, q[0].len());
        self.kernel.add_fractions(p, q, sum);
    }

    fn add_reciprocals(&self, q: [&[Fr]; 2], sum: [Sides; 2]) {
        self.multiplied(1, q[0].len());
        self.kernel.add_reciprocals(q, sum);
    }

    fn weighted_round(&self, a: &[Fr], b: &[Fr], weights: &[Fr]) -> [Fr; 2] {
        self.multiplied(4, weights.len());
        self.kernel.weighted_round(a, b, weights)
    }

    fn fraction_round(&self, tables: [&[Fr]; 4], weights: &[Fr]) -> [Fr; 2] {
        self.multiplied(6, weights.len());
        self.kernel.fraction_round(tables, weights)
    }

    fn integer_round(&self, integers: &[[u32; 4]], weights: &[Fr]) -> [Fr; 4] {
        self.weighed(3, weights.len());
        self.kernel.integer_round(integers, weights)
    }

    fn clipped_round(&self, integers: &[[u32; 4]], weights: &[Fr], bounds: [u32; 2]) -> [Fr; 9] {
        self.weighed(8, weights.len());
        self.kernel.clipped_round(integers, weights, bounds)
    }

    fn prefers_rows(&self) -> bool {
        self.kernel.prefers_rows()
    }

    fn row_entries(&self, rows: &[[u32; 4]], form: &EntryForm, entries: Sides) {
        self.weighed(if form.clip.is_some() { 8 } else { 4 }, rows.len());
        self.kernel.row_entries(rows, form, entries);
    }

    fn row_fractions(&self, rows: &[[u32; 4]], form: &FractionForm, sum: [Sides; 2]) {
        self.weighed(if form.clip.is_some() { 14 } else { 6 }, rows.len());
        self.kernel.row_fractions(rows, form, sum);
    }

    fn fold_bytes(&self, weights: &[Fr], rows: &[&[i8]], columns: usize) -> Vec<Fr> {
        self.fold(rows);
        self.kernel.fold_bytes(weights, rows, columns)
    }

    fn fold_integers(&self, weights: &[Fr], rows: &[&[i64]], columns: usize) -> Vec<Fr> {
        self.fold(rows);
        self.kernel.fold_integers(weights, rows, columns)
    }

    fn affine(&self) -> &dyn AffineKernel {
        self.kernel.affine()
    }
}
