//! Field-vector kernels behind a backend trait.
//!
//! Every backend computes exact field elements, so that the choice changes no proof byte. [`portable`] is the reference:
//! it always compiles and is the oracle that faster backends are tested against.

use ark_bn254::Fr;

pub mod portable;

/// Operations on vectors of field elements. Vectors that stand for tables may be shorter than the table; missing entries
/// are zero unless said otherwise.
pub trait Backend: Sync {
    /// Name, for reports.
    fn name(&self) -> &'static str;

    /// Fixes the first variable of a table with `half` entries on each side: `values[i] += r * (values[i + half] -
    /// values[i])`, then keeps `half` entries at most.
    fn bind(&self, values: &mut Vec<Fr>, half: usize, r: Fr);

    /// $\sum_i a_i b_i$.
    fn inner_product(&self, a: &[Fr], b: &[Fr]) -> Fr;

    /// Constant and leading coefficient of $\sum_i \bigl(a_i + X (a'_i - a_i)\bigr)\bigl(b_i + X (b'_i - b_i)\bigr)$.
    fn product_round(&self, a: (&[Fr], &[Fr]), b: (&[Fr], &[Fr])) -> [Fr; 2];

    /// Adds `scale * source` to `target`, entry by entry.
    fn add_scaled(&self, target: &mut [Fr], source: &[Fr], scale: Fr);
}

/// The fastest backend this processor can run.
pub fn backend() -> &'static dyn Backend {
    &portable::Portable
}
