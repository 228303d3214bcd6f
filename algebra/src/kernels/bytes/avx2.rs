//! Products of byte matrices with AVX2.
#![expect(unsafe_code, reason = "calls of functions that need AVX2")]

use super::{ByteKernel, ByteProduct};

/// The kernel for processors with AVX2: the reference, whose inner loop becomes multiplications of sixteen pairs.
#[derive(Debug)]
pub(super) struct Avx2(());

static AVX2: Avx2 = Avx2(());

impl Avx2 {
    /// The kernel, where the processor has what it needs.
    pub(super) fn detect() -> Option<&'static Self> {
        is_x86_feature_detected!("avx2").then_some(&AVX2)
    }
}

impl ByteKernel for Avx2 {
    fn name(&self) -> &'static str {
        "avx2"
    }

    fn add_product(&self, product: &ByteProduct, sums: &mut [i64]) {
        // SAFETY: the processor has the feature, or `detect` would not have given the kernel.
        unsafe { add_product(product, sums) }
    }
}

#[target_feature(enable = "avx2")]
fn add_product(product: &ByteProduct, sums: &mut [i64]) {
    super::add_product(product, sums);
}
