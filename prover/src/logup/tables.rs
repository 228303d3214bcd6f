//! Tables of a level, chunk by chunk.

use ark_bn254::Fr;

use super::CHUNK;

/// A chunk of one table: in the lower and in the upper half, what the next round pairs.
pub(super) struct Quarters<'a> {
    pub(super) low: [&'a mut [Fr]; 2],
    /// Empty where the table has no upper half.
    pub(super) high: [&'a [Fr]; 2],
}

/// Chunks of tables of four quarters each.
pub(super) fn quarters<const N: usize>(tables: [&mut [Fr]; N], quarter: usize) -> Vec<[Quarters<'_>; N]> {
    let mut parts = tables.map(|table| {
        let (low, high) = table.split_at_mut(2 * quarter);
        let (low, high) = (low.split_at_mut(quarter), &*high);
        let high = high.split_at(quarter.min(high.len()));
        let part = move |(i, (first, second)): (usize, (_, _))| {
            let cut = |high: &'_ [Fr]| {
                (i * CHUNK).min(high.len())..(i * CHUNK + CHUNK).min(quarter.min(high.len()))
            };
            Quarters { low: [first, second], high: [&high.0[cut(high.0)], &high.1[cut(high.1)]] }
        };
        low.0.chunks_mut(CHUNK).zip(low.1.chunks_mut(CHUNK)).enumerate().map(part)
    });
    let mut chunks = Vec::with_capacity(quarter.div_ceil(CHUNK));
    for _ in 0..quarter.div_ceil(CHUNK) {
        let next = parts.each_mut().map(Iterator::next);
        chunks.push(next.map(|part| part.unwrap_or_else(|| unreachable!("a chunk of every table"))));
    }
    chunks
}
