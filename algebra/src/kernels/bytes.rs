//! Products of byte matrices: what integer inference is made of.
//!
//! The right factor's bytes are unsigned, the left one's signed, as vector instructions for 8-bit networks have them. A sum
//! of [`BLOCK`] products fits 32 bits; longer ones are added up in 64. The result is exact, so that all kernels agree:
//! `portable` is the reference, `avx2` and `vnni`, of the feature `vector`, are faster. `TACIT_KERNEL=portable` chooses the
//! reference.

use std::sync::OnceLock;

#[cfg(all(feature = "vector", target_arch = "x86_64"))]
mod avx2;
#[cfg(all(feature = "vector", target_arch = "x86_64"))]
mod vnni;

use crate::error::Error;

/// Most products of a signed and an unsigned byte whose sum surely fits 32 bits: $2^{16} \cdot 2^7 (2^8 - 1) < 2^{31}$.
pub const BLOCK: usize = 1 << 16;

/// A product of matrices that are both given row by row: $c_{ij} \mathrel{+}= s \sum_k a_{ik} b_{jk}$ modulo $2^{64}$.
#[derive(Debug, Clone, Copy)]
pub struct ByteProduct<'a> {
    /// $a$.
    pub left: &'a [i8],
    /// $b$.
    pub right: &'a [u8],
    /// How many entries the rows of $a$ and $b$ have.
    pub inner: usize,
    /// $s$.
    pub scale: i64,
    /// Distance between the rows of $c$.
    pub stride: usize,
}

impl ByteProduct<'_> {
    /// Rows of $a$ and of $b$.
    fn rows(&self) -> [usize; 2] {
        [self.left.len(), self.right.len()].map(|length| length.checked_div(self.inner).unwrap_or(0))
    }
}

/// Products of byte matrices, whose sums are as long as they must be.
trait ByteKernel: Sync {
    fn name(&self) -> &'static str;

    fn add_product(&self, product: &ByteProduct, sums: &mut [i64]);
}

/// A kernel for products of byte matrices, on one core.
#[derive(Clone, Copy)]
pub struct ByteBackend {
    kernel: &'static dyn ByteKernel,
}

impl ByteBackend {
    /// The kernel's name.
    pub fn name(self) -> &'static str {
        self.kernel.name()
    }

    /// Adds the product to `sums`, which holds $c$ row by row. Entries behind the last whole row of $a$ or $b$ count for nothing.
    ///
    /// # Errors
    /// When `sums` ends before the product does, and then it stays as it is.
    pub fn add_product(self, product: &ByteProduct, sums: &mut [i64]) -> Result<(), Error> {
        let [rows, columns] = product.rows();
        let expected = match rows.checked_sub(1) {
            Some(last) if columns > 0 => last.saturating_mul(product.stride).saturating_add(columns),
            _ => return Ok(()),
        };
        if sums.len() < expected {
            return Err(Error { what: "the number of sums of a product", expected, actual: sums.len() });
        }
        self.kernel.add_product(product, sums);
        Ok(())
    }
}

impl std::fmt::Debug for ByteBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ByteBackend").field(&self.name()).finish()
    }
}

/// The reference kernel.
#[derive(Debug, Clone, Copy)]
struct Portable;

impl ByteKernel for Portable {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn add_product(&self, product: &ByteProduct, sums: &mut [i64]) {
        add_product(product, sums);
    }
}

/// The reference, compiled for the instructions of the function that calls it.
#[expect(clippy::inline_always, reason = "its instructions are those of the function it is compiled into")]
#[inline(always)]
fn add_product(product: &ByteProduct, sums: &mut [i64]) {
    let inner = product.inner;
    let [_, columns] = product.rows();
    for (i, left) in product.left.chunks_exact(inner).enumerate() {
        let sums = &mut sums[i * product.stride..][..columns];
        for (sum, right) in sums.iter_mut().zip(product.right.chunks_exact(inner)) {
            for (left, right) in left.chunks(BLOCK).zip(right.chunks(BLOCK)) {
                let products = left.iter().zip(right).map(|(&a, &b)| i32::from(a) * i32::from(b));
                *sum = sum.wrapping_add(product.scale.wrapping_mul(i64::from(products.sum::<i32>())));
            }
        }
    }
}

/// The fastest kernel that this processor can run.
pub fn backend() -> ByteBackend {
    static BACKEND: OnceLock<ByteBackend> = OnceLock::new();
    *BACKEND.get_or_init(|| {
        let reference = std::env::var("TACIT_KERNEL").is_ok_and(|name| name == Portable.name());
        let fastest = if reference { None } else { available().pop() };
        fastest.unwrap_or(ByteBackend { kernel: &Portable })
    })
}

/// Every kernel this processor can run, the reference first, the fastest last.
pub fn available() -> Vec<ByteBackend> {
    #[cfg(all(feature = "vector", target_arch = "x86_64"))]
    let faster = [
        avx2::Avx2::detect().map(|kernel| kernel as &dyn ByteKernel),
        vnni::Vnni::detect().map(|kernel| kernel as &dyn ByteKernel),
    ];
    #[cfg(not(all(feature = "vector", target_arch = "x86_64")))]
    let faster = [None];
    let kernels = std::iter::once(&Portable as &dyn ByteKernel).chain(faster.into_iter().flatten());
    kernels.map(|kernel| ByteBackend { kernel }).collect()
}
