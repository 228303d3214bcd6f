//! What window positions read, as the rows of a matrix that filters are multiplied by.

use rayon::prelude::*;

use crate::byte_products::Weights;
use tacit_layers::tensor::{Layout, window::Window2d};

use super::axes3;

/// Bytes of the patches that are gathered before they are multiplied.
const GATHERED: usize = 1 << 20;
/// Bytes of the patches that one core gathers at a time.
const GRAIN: usize = 1 << 15;
/// Padding beyond which maps are not stored with it: so many times what is read.
const MOST_PADDING: usize = 16;

/// One plane of a feature map's bytes with its padding, so that every window lies inside.
#[derive(Debug)]
pub(super) struct PaddedMaps<'a> {
    window: &'a Window2d,
    bytes: Vec<u8>,
    channels: usize,
    /// Height and width with padding.
    padded: [usize; 2],
    /// Width of the output.
    out_width: usize,
}

/// Positions that windows read along both axes, from the first padding on.
fn extents(window: &Window2d, output: &Layout) -> [usize; 2] {
    let [_, height, width] = axes3(output);
    [(window.height, height), (window.width, width)]
        .map(|(axis, length)| axis.stride * (length - 1) + axis.reach() + 1)
}

/// Whether padding is no more than maps can be stored with.
pub(super) fn is_dense(window: &Window2d, input: &Layout, output: &Layout) -> bool {
    let [channels, ..] = axes3(input);
    let [height, width] = extents(window, output);
    let most = MOST_PADDING * (input.num_elements() + output.num_elements());
    channels.saturating_mul(height).saturating_mul(width) <= most
}

impl<'a> PaddedMaps<'a> {
    /// The maps of a plane, whose byte of zero is `zero`.
    pub(super) fn new(window: &'a Window2d, input: &Layout, output: &Layout, plane: &[u8], zero: u8) -> Self {
        let [channels, height, width] = axes3(input);
        let padded = extents(window, output);
        let mut bytes = vec![zero; channels * padded[0] * padded[1]];
        let (top, left) = (window.height.pad_begin, window.width.pad_begin);
        let kept = width.min(padded[1].saturating_sub(left));
        let maps = plane.chunks_exact(height * width).zip(bytes.chunks_exact_mut(padded[0] * padded[1]));
        for (map, padded_map) in maps {
            let rows = padded_map.chunks_exact_mut(padded[1]).skip(top).zip(map.chunks_exact(width));
            for (to, from) in rows.filter(|_| kept > 0) {
                to[left..left + kept].copy_from_slice(&from[..kept]);
            }
        }
        Self { window, bytes, channels, padded, out_width: axes3(output)[2] }
    }

    /// Bytes of a patch of so many channels.
    const fn patch(&self, channels: usize) -> usize {
        channels * self.window.num_offsets()
    }

    /// Adds `scale` times the products of every filter with every patch. Filters and `sums`, over (outputs, positions), are
    /// those of all groups.
    pub(super) fn add_products(
        &self,
        filters: &[i8],
        groups: usize,
        scale: i64,
        sums: &mut [i64],
        stride: usize,
    ) {
        let channels = self.channels / groups;
        let patch = self.patch(channels);
        let block = (GATHERED / patch).clamp(1, stride);
        if groups == 1 {
            let filters = Weights { values: filters, inner: patch };
            let mut patches = vec![0; block * patch];
            for first in (0..stride).step_by(block) {
                let count = block.min(stride - first);
                let patches = &mut patches[..count * patch];
                let grain = GRAIN.div_ceil(patch);
                let parts = patches.par_chunks_mut(grain * patch).enumerate();
                parts.for_each(|(i, part)| self.gather(0, channels, first + i * grain, part));
                filters.add_products(patches, scale, &mut sums[first..], stride);
            }
            return;
        }
        let group = filters.len() / groups;
        let least = (GRAIN / (stride * patch)).max(1);
        let parts = filters.par_chunks(group).zip(sums.par_chunks_mut(sums.len() / groups)).enumerate();
        parts.with_min_len(least).for_each(|(g, (filters, sums))| {
            let filters = Weights { values: filters, inner: patch };
            let mut patches = vec![0; block * patch];
            for first in (0..stride).step_by(block) {
                let patches = &mut patches[..block.min(stride - first) * patch];
                self.gather(g * channels, channels, first, patches);
                filters.add_products(patches, scale, &mut sums[first..], stride);
            }
        });
    }

    /// The patches of window positions from `first` on, over some channels.
    fn gather(&self, channel: usize, channels: usize, first: usize, patches: &mut [u8]) {
        let kernel = self.window.width.kernel;
        match (self.window.width.dilation, kernel) {
            (1, 1) => self.gather_runs::<1>(channel, channels, first, patches),
            (1, 2..=4) => self.gather_runs::<4>(channel, channels, first, patches),
            (1, 5..=8) => self.gather_runs::<8>(channel, channels, first, patches),
            _ => self.gather_runs::<0>(channel, channels, first, patches),
        }
    }

    /// Copies `RUN` bytes where a window's row has no more, the rest of which the next row overwrites.
    fn gather_runs<const RUN: usize>(
        &self,
        channel: usize,
        channels: usize,
        first: usize,
        patches: &mut [u8],
    ) {
        let Window2d { height, width } = *self.window;
        let patch = self.patch(channels);
        let plane = self.padded[0] * self.padded[1];
        let corner = |p: usize| {
            height.stride * (p / self.out_width) * self.padded[1] + width.stride * (p % self.out_width)
        };
        let corners: Vec<usize> = (first..first + patches.len() / patch).map(corner).collect();
        let mut to = 0;
        for map in self.bytes.chunks_exact(plane).skip(channel).take(channels) {
            for k in 0..height.kernel {
                let row = &map[k * height.dilation * self.padded[1]..];
                for (patch, &corner) in patches.chunks_exact_mut(patch).zip(&corners) {
                    match (patch[to..].first_chunk_mut::<RUN>(), row[corner..].first_chunk::<RUN>()) {
                        (Some(to), Some(from)) if RUN > 0 => *to = *from,
                        _ => {
                            let from = row[corner..].iter().step_by(width.dilation);
                            for (to, from) in patch[to..][..width.kernel].iter_mut().zip(from) {
                                *to = *from;
                            }
                        }
                    }
                }
                to += width.kernel;
            }
        }
    }
}
