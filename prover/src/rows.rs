//! Where a tensor's rows lie in its compact storage.
//!
//! A row fixes the leading part of an index: it holds a block of one axis and all axes behind it, which storage keeps
//! together. So a row is one run of elements, and the same place in every run belongs to the same generator.

use std::ops::Range;

use tacit_layers::{Layout, argument::hyrax::RowShape, tensor::bits_of};

/// A tensor's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Row number and elements of every row that has any, in order.
    pub(crate) runs: Vec<(usize, Range<usize>)>,
    /// The generator of each place of a run.
    pub(crate) columns: Vec<usize>,
}

impl Rows {
    pub(crate) fn new(layout: &Layout, shape: RowShape) -> Self {
        let axes = layout.axes();
        // The axis that rows cut into blocks: the last one with variables left for the row's number.
        let mut vars = 0;
        let mut cut = axes.len();
        while cut > 0 && vars + bits_of(axes[cut - 1]) <= shape.column_vars {
            cut -= 1;
            vars += bits_of(axes[cut]);
        }
        let left = shape.column_vars - vars;
        let (leading, length, block, inner) = match cut.checked_sub(1) {
            // The whole tensor is one row.
            None => (&axes[..0], 1, 1, axes),
            Some(axis) => (&axes[..axis], axes[axis], 1 << left, &axes[cut..]),
        };
        let size: usize = inner.iter().product();
        let blocks = length.div_ceil(block);
        let block_vars = bits_of(length).saturating_sub(left);
        let mut runs = Vec::with_capacity(leading.iter().product::<usize>() * blocks);
        let mut position = vec![0; leading.len()];
        for slice in 0..leading.iter().product() {
            let number = position.iter().zip(leading).fold(0, |number, (&p, &n)| number << bits_of(n) | p);
            for b in 0..blocks {
                let first = (slice * length + b * block) * size;
                let count = block.min(length - b * block) * size;
                runs.push((number << block_vars | b, first..first + count));
            }
            for (p, &n) in position.iter_mut().zip(leading).rev() {
                *p += 1;
                if *p < n {
                    break;
                }
                *p = 0;
            }
        }
        // A layout may have no axis more than a tensor's.
        let places = match cut {
            0 => Layout::new(axes.to_vec()),
            _ => Layout::new([&[block.min(length)], inner].concat()),
        };
        let columns =
            places.iter().flat_map(Layout::runs).flat_map(|(_, padded, run)| padded..padded + run).collect();
        Self { runs, columns }
    }

    /// Every row's elements at their generators' places.
    pub(crate) fn spread<T: Copy + Default>(&self, get: impl Fn(usize) -> T) -> Vec<Vec<T>> {
        let spread = |(_, run): &(usize, Range<usize>)| {
            let last = run.len().checked_sub(1).and_then(|last| self.columns.get(last));
            let mut row = vec![T::default(); last.map_or(0, |last| last + 1)];
            for (element, &column) in run.clone().zip(&self.columns) {
                row[column] = get(element);
            }
            row
        };
        self.runs.iter().map(spread).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_has_the_row_and_the_generator_of_its_padded_index() {
        let short =
            [vec![1], vec![7], vec![3, 5, 2], vec![6, 5, 3, 3], vec![64, 9], vec![1, 3, 1], vec![5, 1, 6]];
        let most_axes = [vec![3, 2, 1, 2, 3, 1, 1, 1], vec![1; 8], vec![1, 1, 1, 1, 1, 1, 1, 5]];
        for axes in short.into_iter().chain(most_axes) {
            let layout = Layout::new(axes).unwrap();
            for key_vars in 0..9 {
                let shape = RowShape::new(&layout, key_vars);
                let rows = Rows::new(&layout, shape);
                let mut seen = 0;
                for (row, run) in &rows.runs {
                    for (element, column) in run.clone().zip(&rows.columns) {
                        assert_eq!(element, seen);
                        assert_eq!(layout.padded_index(element), row << shape.column_vars | column);
                        seen += 1;
                    }
                    assert!(run.len() <= rows.columns.len());
                }
                assert_eq!(seen, layout.num_elements());
            }
        }
    }
}
