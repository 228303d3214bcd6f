//! Views: how tensors read values of the network.

/// How a tensor reads a value of the network: which value axes each of its axes runs over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// Lengths of the value's axes.
    pub(super) lengths: Vec<usize>,
    /// For each axis of the tensor the value axes it runs over, slowest first; axes of length one are never listed.
    pub(super) axes: Vec<Vec<usize>>,
}

impl View {
    /// The view of a value of these lengths whose axes follow this many unit axes.
    pub(super) fn behind(num_unit_axes: usize, lengths: Vec<usize>) -> Self {
        let axes = (0..lengths.len()).map(|axis| vec![axis]);
        let axes = std::iter::repeat_n(vec![], num_unit_axes).chain(axes).collect();
        Self { lengths, axes }.without_unit_axes()
    }

    /// The same view with axes of length one left out of its lists.
    pub(super) fn without_unit_axes(mut self) -> Self {
        for list in &mut self.axes {
            list.retain(|&axis| self.lengths[axis] > 1);
        }
        self
    }

    /// The tensor's shape.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|list| list.iter().map(|&axis| self.lengths[axis]).product()).collect()
    }

    /// Whether the tensor's elements are in the value's order.
    pub(super) fn is_in_order(&self) -> bool {
        self.axes.concat().is_sorted()
    }

    /// Axes joined, split where they were joined, unit axes added and removed; nothing when a value axis would be cut.
    pub(super) fn reshaped(&self, shape: &[usize]) -> Option<Self> {
        let mut rest = self.axes.concat().into_iter();
        let mut axes = vec![];
        for &length in shape {
            let (mut list, mut product) = (vec![], 1);
            while product < length {
                let axis = rest.next()?;
                product *= self.lengths[axis];
                list.push(axis);
            }
            if product != length {
                return None;
            }
            axes.push(list);
        }
        rest.next().is_none().then(|| Self { lengths: self.lengths.clone(), axes })
    }

    /// The same with the tensor's axes in another order.
    pub(super) fn transposed(&self, permutation: &[usize]) -> Option<Self> {
        let axes =
            permutation.iter().map(|&axis| self.axes.get(axis).cloned()).collect::<Option<Vec<_>>>()?;
        Some(Self { lengths: self.lengths.clone(), axes })
    }

    /// Channels, height and width, where the tensor is a batch of one feature map in this order.
    pub(super) fn feature_map(&self) -> Option<[usize; 3]> {
        let lengths = <[usize; 3]>::try_from(&self.lengths[..]).ok()?;
        let expected = match self.axes.len() {
            4 => Self::behind(1, self.lengths.clone()),
            // One dimension: the height is one.
            3 if lengths[1] == 1 => {
                Self { lengths: self.lengths.clone(), axes: vec![vec![], vec![0], vec![2]] }
                    .without_unit_axes()
            }
            _ => return None,
        };
        (*self == expected).then_some(lengths)
    }
}
