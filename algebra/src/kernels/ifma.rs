//! Eight field elements at a time with AVX-512's 52-bit multiply-add (IFMA).
//!
//! Elements stay in memory as arkworks keeps them: $x R \bmod p$ with $R = 2^{256}$, in four 64-bit limbs. Loaded, eight of
//! them are five registers of 52-bit limbs. Montgomery's reduction then divides by $2^{260}$, so that a product of two
//! loaded elements is a product of field elements divided by $2^4$. Constants are multiplied by $2^4$ beforehand, sums of
//! products once at the end.
//!
//! With inputs below $A p$ and $B p$ a reduction's result is below $(A B p / 2^{260} + 1) p$, where
//! $p / 2^{260} < 0.012$: everything in this module stays far below the $84 p$ that five limbs hold, and results are made
//! canonical when they are stored.
#![expect(unsafe_code, reason = "loads, stores and calls of functions that need AVX-512")]

use ark_bn254::{Fq, Fr, G1Affine};

use self::{
    fold::{BYTE, INTEGER, fold},
    lanes::LANES,
    vectors::{
        add_fractions, add_products, add_reciprocals, add_scaled, bind, bind_pairs, fraction_round,
        inner_product, multiply, product_round, split, weighted_round,
    },
};
use super::{
    AffineKernel, Kernel, PackedPoint, Sides,
    portable::Portable,
    rows::{EntryForm, FractionForm},
};

mod affine;
mod fold;
mod integers;
mod lanes;
mod rows;
mod vectors;

/// The kernel for processors with AVX-512F and AVX-512IFMA.
#[derive(Debug)]
pub(super) struct Ifma(());

static IFMA: Ifma = Ifma(());

impl Ifma {
    /// The kernel, where the processor has what it needs.
    pub(super) fn detect() -> Option<&'static Self> {
        let found = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma");
        found.then_some(&IFMA)
    }
}

/// Vectors shorter than this go to the reference kernel.
const SHORT: usize = 2 * LANES;

/// Cuts vectors at the last multiple of eight entries.
fn cut<const N: usize>(vectors: [&[Fr]; N]) -> ([&[[Fr; LANES]]; N], [&[Fr]; N]) {
    let whole = vectors.map(|vector| vector.as_chunks::<LANES>().0);
    (whole, vectors.map(|vector| vector.as_chunks::<LANES>().1))
}

/// Pairs of entries for all lanes.
type Pairs = [[Fr; 2]; LANES];
/// Entries with an even and entries with an odd index.
type Lanes<'a> = [&'a mut [[Fr; LANES]]; 2];

/// Cuts vectors of pairs at the last multiple of eight pairs.
fn cut_pairs<const N: usize>(vectors: [&[Fr]; N]) -> ([&[Pairs]; N], [&[Fr]; N]) {
    let cut = vectors.map(|vector| vector.as_chunks::<2>().0.as_chunks::<LANES>());
    (cut.map(|(whole, _)| whole), cut.map(|(_, rest)| rest.as_flattened()))
}

/// Cuts both sides at the last multiple of eight.
fn cut_sides([even, odd]: Sides) -> (Lanes, Sides) {
    let ((even, even_rest), (odd, odd_rest)) = (even.as_chunks_mut::<LANES>(), odd.as_chunks_mut::<LANES>());
    ([even, odd], [even_rest, odd_rest])
}

/// Adds the sums of what is left, unless nothing is.
fn add<const N: usize>(sums: [Fr; N], rest: impl FnOnce() -> [Fr; N], none: bool) -> [Fr; N] {
    if none {
        return sums;
    }
    let rest = rest();
    std::array::from_fn(|k| sums[k] + rest[k])
}

impl Kernel for Ifma {
    fn name(&self) -> &'static str {
        "ifma"
    }

    fn bind(&self, low: &mut [Fr], high: &[Fr], r: Fr) {
        let (low, low_rest) = low.as_chunks_mut::<LANES>();
        let (high, high_rest) = high.as_chunks::<LANES>();
        // SAFETY: the processor has the features, or `detect` would not have given the kernel.
        unsafe { bind(low, high, r) };
        Portable.bind(low_rest, high_rest, r);
    }

    fn bind_pairs(&self, source: &[Fr], target: &mut [Fr], r: Fr) {
        let ([source], [source_rest]) = cut_pairs([source]);
        let (target, target_rest) = target.as_chunks_mut::<LANES>();
        // SAFETY: as in `bind`.
        unsafe { bind_pairs(source, target, r) };
        Portable.bind_pairs(source_rest, target_rest, r);
    }

    fn split(&self, zero: &mut [Fr], one: &mut [Fr], r: Fr) {
        let (paired, alone) = zero.split_at_mut(one.len());
        let (zero, zero_rest) = paired.as_chunks_mut::<LANES>();
        let (one, one_rest) = one.as_chunks_mut::<LANES>();
        // SAFETY: as in `bind`.
        unsafe { split(zero, one, r) };
        Portable.split(zero_rest, one_rest, r);
        Portable.split(alone, &mut [], r);
    }

    fn inner_product(&self, a: &[Fr], b: &[Fr]) -> Fr {
        if a.len() < SHORT {
            return Portable.inner_product(a, b);
        }
        let ([a, b], [a_rest, b_rest]) = cut([a, b]);
        // SAFETY: as in `bind`.
        let whole = unsafe { inner_product(a, b) };
        whole + Portable.inner_product(a_rest, b_rest)
    }

    fn product_round(&self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2] {
        if a.0.len() < SHORT {
            return Portable.product_round(a, b);
        }
        let (whole, [a0, a1, b0, b1]) = cut([a.0, a.1, b.0, b.1]);
        // SAFETY: as in `bind`.
        let [constant, leading] = unsafe { product_round(whole) };
        let rest = Portable.product_round((a0, a1), (b0, b1));
        [constant + rest[0], leading + rest[1]]
    }

    fn multiply(&self, target: &mut [Fr], source: &[Fr]) {
        let (target, target_rest) = target.as_chunks_mut::<LANES>();
        let (source, source_rest) = source.as_chunks::<LANES>();
        // SAFETY: as in `bind`.
        unsafe { multiply(target, source) };
        Portable.multiply(target_rest, source_rest);
    }

    fn add_scaled(&self, target: &mut [Fr], source: &[Fr], scale: Fr) {
        let (target, target_rest) = target.as_chunks_mut::<LANES>();
        let (source, source_rest) = source.as_chunks::<LANES>();
        // SAFETY: as in `bind`.
        unsafe { add_scaled(target, source, scale) };
        Portable.add_scaled(target_rest, source_rest, scale);
    }

    fn add_products(&self, target: &mut [Fr], a: &[Fr], b: &[Fr]) {
        let (target, target_rest) = target.as_chunks_mut::<LANES>();
        let ([a, b], [a_rest, b_rest]) = cut([a, b]);
        // SAFETY: as in `bind`.
        unsafe { add_products(target, a, b) };
        Portable.add_products(target_rest, a_rest, b_rest);
    }

    fn add_fractions(&self, p: [&[Fr]; 2], q: [&[Fr]; 2], sum: [Sides; 2]) {
        let (whole, [p0, p1, q0, q1]) = cut_pairs([p[0], p[1], q[0], q[1]]);
        let [(p_sum, p_rest), (q_sum, q_rest)] = sum.map(cut_sides);
        // SAFETY: as in `bind`.
        unsafe { add_fractions(whole, p_sum, q_sum) };
        Portable.add_fractions([p0, p1], [q0, q1], [p_rest, q_rest]);
    }

    fn add_reciprocals(&self, q: [&[Fr]; 2], sum: [Sides; 2]) {
        let (whole, rest) = cut_pairs(q);
        let [(p_sum, p_rest), (q_sum, q_rest)] = sum.map(cut_sides);
        // SAFETY: as in `bind`.
        unsafe { add_reciprocals(whole, p_sum, q_sum) };
        Portable.add_reciprocals(rest, [p_rest, q_rest]);
    }

    fn weighted_round(&self, a: &[Fr], b: &[Fr], weights: &[Fr]) -> [Fr; 2] {
        if weights.len() < SHORT {
            return Portable.weighted_round(a, b, weights);
        }
        let (tables, [a_rest, b_rest]) = cut_pairs([a, b]);
        let ([whole], [rest]) = cut([weights]);
        // SAFETY: as in `bind`.
        let [constant, leading] = unsafe { weighted_round(tables, whole) };
        let last = Portable.weighted_round(a_rest, b_rest, rest);
        [constant + last[0], leading + last[1]]
    }

    fn fraction_round(&self, tables: [&[Fr]; 4], weights: &[Fr]) -> [Fr; 2] {
        if weights.len() < SHORT {
            return Portable.fraction_round(tables, weights);
        }
        let (tables, tables_rest) = cut_pairs(tables);
        let ([whole], [rest]) = cut([weights]);
        // SAFETY: as in `bind`.
        let [constant, leading] = unsafe { fraction_round(tables, whole) };
        let last = Portable.fraction_round(tables_rest, rest);
        [constant + last[0], leading + last[1]]
    }

    fn integer_round(&self, integers: &[[u32; 4]], weights: &[Fr]) -> [Fr; 4] {
        let (groups, rest) = integers.as_chunks::<LANES>();
        let ([whole], [last]) = cut([weights]);
        // SAFETY: as in `bind`.
        let sums = unsafe { integers::round(groups, whole) };
        add(sums, || Portable.integer_round(rest, last), rest.is_empty())
    }

    fn clipped_round(&self, integers: &[[u32; 4]], weights: &[Fr], bounds: [u32; 2]) -> [Fr; 9] {
        let (groups, rest) = integers.as_chunks::<LANES>();
        let ([whole], [last]) = cut([weights]);
        // SAFETY: as in `bind`.
        let sums = unsafe { integers::clipped_round(groups, whole, bounds) };
        add(sums, || Portable.clipped_round(rest, last, bounds), rest.is_empty())
    }

    fn prefers_rows(&self) -> bool {
        true
    }

    fn row_entries(&self, rows: &[[u32; 4]], form: &EntryForm, entries: Sides) {
        let (whole, rest) = cut_sides(entries);
        let done = LANES * whole[0].len() * form.weights.len() / 2;
        // SAFETY: as in `bind`.
        unsafe {
            match form.clip {
                None => rows::entries::<false>(rows, form, whole),
                Some(_) => rows::entries::<true>(rows, form, whole),
            }
        }
        Portable.row_entries(&rows[done..], form, rest);
    }

    fn row_fractions(&self, rows: &[[u32; 4]], form: &FractionForm, sum: [Sides; 2]) {
        let [(p_sum, p_rest), (q_sum, q_rest)] = sum.map(cut_sides);
        let done = LANES * p_sum[0].len() * form.numerators.len();
        // SAFETY: as in `bind`.
        unsafe {
            match form.clip {
                None => rows::fractions::<false>(rows, form, p_sum, q_sum),
                Some(_) => rows::fractions::<true>(rows, form, p_sum, q_sum),
            }
        }
        Portable.row_fractions(&rows[done..], form, [p_rest, q_rest]);
    }

    fn affine(&self) -> &dyn AffineKernel {
        self
    }

    fn fold_bytes(&self, weights: &[Fr], rows: &[&[i8]], columns: usize) -> Vec<Fr> {
        // SAFETY: as in `bind`.
        unsafe { fold::<i8, { BYTE.limbs }>(BYTE, weights, rows, columns) }
    }

    fn fold_integers(&self, weights: &[Fr], rows: &[&[i64]], columns: usize) -> Vec<Fr> {
        let pairs = weights.iter().copied().zip(rows.iter().copied());
        // Only rows with wide integers take the slow way.
        let (narrow, wide): (Vec<_>, Vec<_>) =
            pairs.partition(|(_, row)| row.iter().all(|&x| INTEGER.holds(x)));
        let (weights, rows): (Vec<Fr>, Vec<&[i64]>) = narrow.into_iter().unzip();
        // SAFETY: as in `bind`.
        let mut folded = unsafe { fold::<i64, { INTEGER.limbs }>(INTEGER, &weights, &rows, columns) };
        if !wide.is_empty() {
            let (weights, rows): (Vec<Fr>, Vec<&[i64]>) = wide.into_iter().unzip();
            let wide = Portable.fold_integers(&weights, &rows, columns);
            for (sum, wide) in folded.iter_mut().zip(wide) {
                *sum += wide;
            }
        }
        folded
    }
}

impl AffineKernel for Ifma {
    fn pack(&self, points: &[G1Affine]) -> Vec<PackedPoint> {
        // SAFETY: as in `bind`.
        unsafe { affine::pack(points) }
    }

    fn images(&self, points: &[PackedPoint]) -> Vec<PackedPoint> {
        // SAFETY: as in `bind`.
        unsafe { affine::images(points) }
    }

    fn unpack(&self, point: &PackedPoint) -> G1Affine {
        affine::unpack(point)
    }

    fn add_pairs(&self, points: &mut [PackedPoint], pairs: &[[u32; 2]]) {
        // SAFETY: as in `bind`.
        unsafe { affine::add_pairs::<false>(points, pairs) }
    }

    fn subtract_pairs(&self, points: &mut [PackedPoint], pairs: &[[u32; 2]]) {
        // SAFETY: as in `bind`.
        unsafe { affine::add_pairs::<true>(points, pairs) }
    }

    fn raise_to_root(&self, values: &mut [Fq]) {
        // SAFETY: as in `bind`.
        unsafe { affine::raise_to_root(values) }
    }
}
