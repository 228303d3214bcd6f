//! Row-major order: strides, and places of elements.

/// Distance in row-major order between neighbours along each axis.
pub(crate) fn strides_of(lengths: &[usize]) -> Vec<usize> {
    (0..lengths.len()).map(|axis| lengths[axis + 1..].iter().product()).collect()
}

/// For every index over these lengths, row-major, the sum of its coordinates times the strides.
pub(crate) fn offsets(lengths: &[usize], strides: &[usize]) -> Vec<usize> {
    let mut offsets = vec![0];
    for (&length, &stride) in lengths.iter().zip(strides) {
        offsets = offsets.iter().flat_map(|start| (0..length).map(move |i| start + i * stride)).collect();
    }
    offsets
}
