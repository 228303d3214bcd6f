//! Conversions of counts between widths of integers, each exact or saturating: the only place where `as` changes a type.
#![expect(
    clippy::as_conversions,
    reason = "`From` and `TryFrom` are not const; the assertion makes every one exact or a saturating one"
)]

use ark_bn254::Fr;

const _: () = assert!(usize::BITS >= 32 && usize::BITS <= 64, "a count has 32 to 64 bits");

/// A count in 64 bits.
pub(crate) const fn wide(count: usize) -> u64 {
    count as u64
}

/// A count in 128 bits.
pub(crate) const fn widest(count: usize) -> u128 {
    count as u128
}

/// A count with a sign; the largest for one that does not fit.
pub(crate) const fn signed(count: usize) -> i64 {
    let count = count as u64;
    if count > i64::MAX as u64 { i64::MAX } else { count as i64 }
}

/// An index or a logarithm of 32 bits as a position.
pub(crate) const fn position(index: u32) -> usize {
    index as usize
}

/// A count of few bits, as a logarithm is; the largest for one that does not fit.
pub(crate) const fn short(count: usize) -> u32 {
    let count = count as u64;
    if count > u32::MAX as u64 { u32::MAX } else { count as u32 }
}

/// A short count, as an axis is; the largest for one that does not fit.
pub(crate) const fn byte(count: usize) -> u8 {
    if count > u8::MAX as usize { u8::MAX } else { count as u8 }
}

/// A count of what integers bound; none for a negative one, the largest for one that does not fit.
pub(crate) const fn count(integer: i64) -> usize {
    match integer {
        ..0 => 0,
        _ if integer as u64 > usize::MAX as u64 => usize::MAX,
        _ => integer as usize,
    }
}

/// The corners of a hypercube; the largest count where that is more than fits.
pub(crate) const fn corners(num_vars: usize) -> usize {
    if num_vars < usize::BITS as usize { 1 << num_vars } else { usize::MAX }
}

/// A count as a field element.
pub(crate) fn scalar(count: usize) -> Fr {
    Fr::from(wide(count))
}
