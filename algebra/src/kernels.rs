//! Field-vector kernels: one trait for what runs on one core, one wrapper that splits long vectors over all cores.
//!
//! A [`Backend`] is the interface, and takes vectors of any lengths. Kernels themselves, which trust the lengths that they are
//! given, are hidden: backends and the loops of Tacit's own prover cut vectors for them.
//!
//! Every kernel computes exact field elements, so that the choice changes no proof byte. `portable` is the reference: it
//! always compiles and is the oracle that faster kernels are tested against. `ifma`, of the feature `vector`, needs AVX-512
//! with its 52-bit multiply-add. The environment variable `TACIT_KERNEL` (`portable` or `ifma`) overrides the choice, to
//! compare them.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "field and curve arithmetic"
)]

use std::sync::OnceLock;

use ark_bn254::Fr;
use ark_ff::{One, Zero};

#[doc(hidden)]
pub mod affine;
pub mod bytes;
mod counting;
#[cfg(all(feature = "vector", target_arch = "x86_64"))]
mod ifma;
mod portable;
#[doc(hidden)]
pub mod rows;

#[doc(hidden)]
pub use affine::{AffineKernel, PackedPoint};
use counting::Counting;
pub use counting::Counts;
use rows::{EntryForm, FractionForm};

use crate::cores::{current_num_threads, prelude::*};

/// Entries with an even and entries with an odd index.
#[doc(hidden)]
pub type Sides<'a> = [&'a mut [Fr]; 2];

/// Operations on vectors of field elements, on one core. Vectors of one call have the same length unless said otherwise.
#[doc(hidden)]
pub trait Kernel: Sync {
    /// Name, for reports.
    fn name(&self) -> &'static str;

    /// `low[i] += r * (high[i] - low[i])`.
    fn bind(&self, low: &mut [Fr], high: &[Fr], r: Fr);

    /// `target[i] = source[2 * i] + r * (source[2 * i + 1] - source[2 * i])`.
    fn bind_pairs(&self, source: &[Fr], target: &mut [Fr], r: Fr);

    /// `one[i] = r * zero[i]`, then `zero[i] -= one[i]`; `one` may be shorter, its missing entries are not stored.
    fn split(&self, zero: &mut [Fr], one: &mut [Fr], r: Fr);

    /// $\sum_i a_i b_i$.
    fn inner_product(&self, a: &[Fr], b: &[Fr]) -> Fr;

    /// Constant and leading coefficient of $\sum_i \bigl(a_i + X (a'_i - a_i)\bigr)\bigl(b_i + X (b'_i - b_i)\bigr)$.
    fn product_round(&self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2];

    /// `target[i] *= source[i]`.
    fn multiply(&self, target: &mut [Fr], source: &[Fr]);

    /// Adds `scale * source` to `target`.
    fn add_scaled(&self, target: &mut [Fr], source: &[Fr], scale: Fr);

    /// `target[i] += a[i] * b[i]`.
    fn add_products(&self, target: &mut [Fr], a: &[Fr], b: &[Fr]);

    /// Sums of two fractions, an even number of them: $(p_0 q_1 + p_1 q_0, q_0 q_1)$, numerators and denominators apart.
    fn add_fractions(&self, p: [&[Fr]; 2], q: [&[Fr]; 2], sum: [Sides; 2]);

    /// Sums of two reciprocals as fractions, an even number of them: $(q_0 + q_1, q_0 q_1)$, numerators and denominators
    /// apart.
    fn add_reciprocals(&self, q: [&[Fr]; 2], sum: [Sides; 2]);

    /// Constant and leading coefficient of $\sum_i w_i a_i(X) b_i(X)$, both tables linear in $X$: entries $2 i$ and
    /// $2 i + 1$ are the values at zero and at one.
    fn weighted_round(&self, a: &[Fr], b: &[Fr], weights: &[Fr]) -> [Fr; 2];

    /// Constant and leading coefficient of $\sum_i w_i (p_0 q_1 + q_0 b)_i(X)$, the tables $p_0$, $b$, $q_0$, $q_1$ linear
    /// in $X$ in the same way.
    fn fraction_round(&self, tables: [&[Fr]; 4], weights: &[Fr]) -> [Fr; 2];

    /// Sums over pairs of two integers each, below $2^{19}$, from $(a, b)$ at zero to $(a', b')$ at one, with
    /// $\Delta a = a' - a$: of the weights times $1$, $a + b$, $a b$ and $\Delta a \Delta b$. At most $2^{22}$ pairs.
    fn integer_round(&self, integers: &[[u32; 4]], weights: &[Fr]) -> [Fr; 4];

    /// The same, and for $\bar a$, $a$ clipped from $\ell$ to $u$ less $\ell$: of the weights times $\bar a + \bar b$,
    /// $a \bar b + \bar a b$, $\bar a \bar b$, $\Delta a \Delta\bar b + \Delta\bar a \Delta b$ and
    /// $\Delta\bar a \Delta\bar b$. Both bounds are below $2^{19}$ too.
    fn clipped_round(&self, integers: &[[u32; 4]], weights: &[Fr], bounds: [u32; 2]) -> [Fr; 9];

    /// Whether it computes entries and fractions faster from rows than from field elements.
    fn prefers_rows(&self) -> bool;

    /// Entries of two tables, of even and of odd rows, with variables bound: each of as many rows of four as the form has pairs
    /// of weights, $(a, b)$ and $(a', b')$ of two that follow each other.
    fn row_entries(&self, rows: &[[u32; 4]], form: &EntryForm, entries: Sides);

    /// Sums of two reciprocals of entries, of $a$ and $b$ and of $a'$ and $b'$, with variables bound: each of as many rows of
    /// four as the form has weights. Numerators and denominators apart.
    fn row_fractions(&self, rows: &[[u32; 4]], form: &FractionForm, sum: [Sides; 2]);

    /// $\sum_i e_i m_{ij}$ for every column $j$ of a matrix of bytes; a row may be shorter than `columns`.
    fn fold_bytes(&self, weights: &[Fr], rows: &[&[i8]], columns: usize) -> Vec<Fr>;

    /// The same for wider integers.
    fn fold_integers(&self, weights: &[Fr], rows: &[&[i64]], columns: usize) -> Vec<Fr>;

    /// Additions of any points of the curve.
    fn affine(&self) -> &dyn AffineKernel;
}

/// A kernel with long vectors split over all cores. Vectors that stand for tables may be shorter than the table; missing
/// entries are zero.
#[derive(Clone, Copy)]
pub struct Backend {
    kernel: &'static dyn Kernel,
}

/// Entries of a vector that one core works on at a time.
pub const CHUNK: usize = 1 << 12;

static BACKEND: OnceLock<Backend> = OnceLock::new();
static COUNTING: OnceLock<Counting> = OnceLock::new();

/// The fastest backend this processor can run.
pub fn backend() -> Backend {
    *BACKEND.get_or_init(fastest)
}

fn fastest() -> Backend {
    let wanted = std::env::var("TACIT_KERNEL").ok();
    let backend =
        available().into_iter().rev().find(|backend| wanted.as_deref().is_none_or(|w| w == backend.name()));
    backend.unwrap_or(Backend { kernel: &portable::Portable })
}

/// Makes [`backend`] count its operations from now on. Returns whether it does: not where it has been used already.
pub fn count() -> bool {
    let counting = COUNTING.get_or_init(|| Counting::new(fastest().kernel));
    let counted = BACKEND.get_or_init(|| Backend { kernel: counting });
    std::ptr::addr_eq(counted.kernel, counting)
}

/// The backend's operations so far, where they are counted.
pub fn counts() -> Option<Counts> {
    let counting = COUNTING.get()?;
    std::ptr::addr_eq(BACKEND.get()?.kernel, counting).then(|| counting.counts())
}

/// The backends of every kernel this processor can run, the reference first, the fastest last.
pub fn available() -> Vec<Backend> {
    #[cfg(all(feature = "vector", target_arch = "x86_64"))]
    let faster = ifma::Ifma::detect().map(|kernel| kernel as &dyn Kernel);
    #[cfg(not(all(feature = "vector", target_arch = "x86_64")))]
    let faster = None;
    let kernels = std::iter::once(&portable::Portable as &dyn Kernel).chain(faster);
    kernels.map(|kernel| Backend { kernel }).collect()
}

fn add2(x: [Fr; 2], y: [Fr; 2]) -> [Fr; 2] {
    [x[0] + y[0], x[1] + y[1]]
}

/// A vector's part that belongs to chunk `i` of another.
fn part(values: &[Fr], i: usize, length: usize) -> &[Fr] {
    let from = (i * CHUNK).min(values.len());
    &values[from..(i * CHUNK + length).min(values.len())]
}

impl Backend {
    /// The kernel itself: one core.
    #[doc(hidden)]
    pub const fn kernel(self) -> &'static dyn Kernel {
        self.kernel
    }

    /// The kernel's name.
    pub fn name(self) -> &'static str {
        self.kernel.name()
    }

    /// The kernel's additions of points.
    pub(crate) fn affine(self) -> &'static dyn AffineKernel {
        self.kernel.affine()
    }

    /// Fixes the first variable of a table with `half` entries on each side: `values[i] += r * (values[i + half] -
    /// values[i])`, then keeps `half` entries at most; entries beyond both sides count for nothing.
    pub fn bind(self, values: &mut Vec<Fr>, half: usize, r: Fr) {
        let middle = half.min(values.len());
        let (low, high) = values.split_at_mut(middle);
        let high = &high[..half.min(high.len())];
        let bind = |low: &mut [Fr], high: &[Fr]| {
            let (paired, rest) = low.split_at_mut(high.len());
            self.kernel.bind(paired, high, r);
            for low in rest {
                *low -= r * *low;
            }
        };
        if low.len() <= CHUNK {
            bind(low, high);
        } else {
            low.par_chunks_mut(CHUNK).enumerate().for_each(|(i, low)| bind(low, part(high, i, low.len())));
        }
        values.truncate(half);
    }

    /// The first `length` entries of the equality table: [`crate::eq::table`] on all cores.
    pub fn equality_table(self, point: &[Fr], length: usize) -> Vec<Fr> {
        let mut table = vec![Fr::zero(); length];
        let Some(first) = table.first_mut() else { return table };
        *first = Fr::one();
        // From the last variable to the first: each doubles the part that is filled.
        let mut filled = 1;
        for &r in point.iter().rev() {
            let (zero, rest) = table.split_at_mut(filled.min(length));
            let added = rest.len().min(filled);
            let (one, _) = rest.split_at_mut(added);
            if filled <= CHUNK {
                self.kernel.split(zero, one, r);
            } else {
                let ones: Vec<&mut [Fr]> = one.chunks_mut(CHUNK).collect();
                let mut ones = ones.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
                let pairs: Vec<_> =
                    zero.chunks_mut(CHUNK).map(|zero| (zero, ones.next().flatten())).collect();
                let split = |(zero, one): (&mut [Fr], Option<&mut [Fr]>)| {
                    self.kernel.split(zero, one.unwrap_or_default(), r);
                };
                pairs.into_par_iter().for_each(split);
            }
            filled = filled.saturating_mul(2);
        }
        table
    }

    /// $\sum_i a_i b_i$ over the shorter of both.
    pub fn inner_product(self, a: &[Fr], b: &[Fr]) -> Fr {
        let n = a.len().min(b.len());
        if n <= CHUNK {
            return self.kernel.inner_product(&a[..n], &b[..n]);
        }
        a[..n]
            .par_chunks(CHUNK)
            .zip(b[..n].par_chunks(CHUNK))
            .map(|(a, b)| self.kernel.inner_product(a, b))
            .sum()
    }

    /// Constant and leading coefficient of $\sum_i \bigl(a_i + X (a'_i - a_i)\bigr)\bigl(b_i + X (b'_i - b_i)\bigr)$.
    pub fn product_round(self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2] {
        let n = a.0.len().min(b.0.len());
        let round = |i: usize| {
            let length = CHUNK.min(n - i * CHUNK);
            let [a0, b0] = [part(a.0, i, length), part(b.0, i, length)];
            self.prefix_round((a0, part(a.1, i, length)), (b0, part(b.1, i, length)))
        };
        match n.div_ceil(CHUNK) {
            0 => [Fr::zero(); 2],
            1 => round(0),
            chunks => (0..chunks).into_par_iter().map(round).reduce_with(add2).unwrap_or_default(),
        }
    }

    /// As [`Kernel::product_round`] where the upper sides may be shorter: a missing entry's slope is minus its lower entry.
    fn prefix_round(self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2] {
        let paired = a.1.len().min(b.1.len()).min(a.0.len());
        let mut sums =
            self.kernel.product_round((&a.0[..paired], &a.1[..paired]), (&b.0[..paired], &b.1[..paired]));
        if paired < a.0.len() {
            let rest = [&a.0[paired..], &b.0[paired..]];
            let lower = self.kernel.inner_product(rest[0], rest[1]);
            // At most one of the upper sides goes on.
            let upper: Fr = [(&a.1[paired..], rest[1]), (&b.1[paired..], rest[0])]
                .into_iter()
                .map(|(upper, lower)| self.kernel.inner_product(upper, &lower[..upper.len()]))
                .sum();
            sums = add2(sums, [lower, lower - upper]);
        }
        sums
    }

    /// Multiplies `target` by `source`, entry by entry, over the shorter of both, on one core.
    pub fn multiply(self, target: &mut [Fr], source: &[Fr]) {
        let n = target.len().min(source.len());
        self.kernel.multiply(&mut target[..n], &source[..n]);
    }

    /// Adds `scale * source` to `target`, entry by entry, over the shorter of both.
    pub fn add_scaled(self, target: &mut [Fr], source: &[Fr], scale: Fr) {
        let n = target.len().min(source.len());
        if n <= CHUNK {
            return self.kernel.add_scaled(&mut target[..n], &source[..n], scale);
        }
        target[..n]
            .par_chunks_mut(CHUNK)
            .zip(source[..n].par_chunks(CHUNK))
            .for_each(|(target, source)| self.kernel.add_scaled(target, source, scale));
    }

    /// `target[i] += a[i] * b[i]`, over the shortest of the three.
    pub fn add_products(self, target: &mut [Fr], a: &[Fr], b: &[Fr]) {
        let n = target.len().min(a.len()).min(b.len());
        let (target, a, b) = (&mut target[..n], &a[..n], &b[..n]);
        let parts = target.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)));
        parts.for_each(|(target, (a, b))| self.kernel.add_products(target, a, b));
    }

    /// $\sum_i e_i m_{ij}$ for every column $j$ of a matrix of bytes given by its rows, of which some may be shorter.
    pub fn fold_bytes(self, weights: &[Fr], rows: &[&[i8]], columns: usize) -> Vec<Fr> {
        fold(weights, rows, columns, |weights, rows, columns| self.kernel.fold_bytes(weights, rows, columns))
    }

    /// The same for wider integers.
    pub fn fold_integers(self, weights: &[Fr], rows: &[&[i64]], columns: usize) -> Vec<Fr> {
        fold(weights, rows, columns, |weights, rows, columns| {
            self.kernel.fold_integers(weights, rows, columns)
        })
    }
}

/// Columns of a matrix that one core folds at a time.
const COLUMNS: usize = 1 << 10;
/// Elements of a matrix below which it is not split.
const SMALL_MATRIX: usize = 1 << 14;

fn fold<T: Sync>(
    weights: &[Fr],
    rows: &[&[T]],
    columns: usize,
    kernel: impl Fn(&[Fr], &[&[T]], usize) -> Vec<Fr> + Sync,
) -> Vec<Fr> {
    if rows.len().saturating_mul(columns) <= SMALL_MATRIX {
        return kernel(weights, rows, columns);
    }
    if columns >= 2 * COLUMNS {
        let part = |first: usize| {
            let length = COLUMNS.min(columns - first);
            let rows: Vec<&[T]> =
                rows.iter().map(|row| &row[first.min(row.len())..(first + length).min(row.len())]).collect();
            kernel(weights, &rows, length)
        };
        return (0..columns.div_ceil(COLUMNS)).into_par_iter().flat_map_iter(|i| part(i * COLUMNS)).collect();
    }
    // Every part ends in a sum of field elements for each column: no more parts than keep all cores busy.
    let parts = 2 * current_num_threads();
    let height = SMALL_MATRIX.div_ceil(columns.max(1)).max(rows.len().div_ceil(parts));
    weights
        .par_chunks(height)
        .zip(rows.par_chunks(height))
        .map(|(weights, rows)| kernel(weights, rows, columns))
        .reduce_with(|mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        })
        .unwrap_or_else(|| vec![Fr::zero(); columns])
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Backend").field(&self.name()).finish()
    }
}
