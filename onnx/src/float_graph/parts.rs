//! Concatenations whose parts keep scales of their own.
//!
//! Values behind each other have one scale where anything but weights reads them. A dense layer or a convolution that reads
//! place $c$ along an axis in units of $u_c$ computes the same from weights $u_c w_c$: nothing is approximated but what rounding
//! weights always is, and no part is rescaled for the sake of another. Such a concatenation is *apart*: weights alone read it, be
//! it through transpositions, reshapes, slices and maxima, and as parts of concatenations that are apart along the same axis.

use super::{
    value::{Operation, Rearrangement, Value},
    weights::Weights,
};

/// The units of a value's places along one axis, as factors of the value's scale.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Units {
    /// The axis.
    pub(crate) axis: usize,
    /// One for each place.
    pub(crate) factors: Vec<f64>,
}

/// Whether weights alone read a concatenation along this axis, or what reads it only passes it on to weights.
pub(super) fn can_be_apart(values: &[Value], outputs: &[usize], index: usize, axis: usize) -> bool {
    // What the factors are does not matter.
    let factors = vec![1.0; values[index].axes[axis]];
    let mut pending = vec![(index, Units { axis, factors })];
    while let Some((at, units)) = pending.pop() {
        if outputs.contains(&at) {
            return false;
        }
        for (reader, value) in values.iter().enumerate().skip(at + 1).filter(|(_, value)| value.readers > 0) {
            if !value.operation.inputs().contains(&at) {
                continue;
            }
            let is_behind = |outer: &usize| *outer == units.axis;
            match &value.operation {
                Operation::Concat { axis: outer, is_apart: true, .. } if is_behind(outer) => {}
                _ if value.weights().is_some() && units.absorbed(value, &values[at].axes).is_some() => {}
                _ => match units.through(value, &values[at].axes) {
                    Some(units) => pending.push((reader, units)),
                    None => return false,
                },
            }
        }
    }
    true
}

impl Units {
    /// The factor of each element of a value with these axes.
    pub(crate) fn elements(&self, axes: &[usize]) -> impl Iterator<Item = f64> {
        let inner: usize = axes.iter().skip(self.axis + 1).product();
        let count: usize = axes.iter().product();
        (0..count).map(move |element| self.factors[element / inner % self.factors.len()])
    }

    /// The units of a value that holds integers of one with these units and axes in other places, or the largest of them; none
    /// where a unit is no longer that of a place along an axis.
    pub(crate) fn through(&self, value: &Value, axes: &[usize]) -> Option<Self> {
        let Self { axis, factors } = self;
        match &value.operation {
            Operation::Scale { .. } => Some(self.clone()),
            // Windows are over the other axes.
            Operation::MaxPool { .. } => (*axis == 0).then(|| self.clone()),
            Operation::Rearrange { how: Rearrangement::Transpose(order), .. } => {
                let axis = order.iter().position(|from| from == axis)?;
                Some(Self { axis, factors: factors.clone() })
            }
            Operation::Rearrange { how: Rearrangement::Remap(maps), .. } => {
                let map = maps.get(*axis)?;
                // Zero is zero in every unit.
                let factor = |place| map.source(place, factors.len()).map_or(1.0, |from| factors[from]);
                Some(Self { axis: *axis, factors: (0..map.length).map(factor).collect() })
            }
            Operation::Rearrange { how: Rearrangement::Reshape, .. } => self.reshaped(axes, &value.axes),
            Operation::Input
            | Operation::Dense { .. }
            | Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::Add { .. }
            | Operation::Concat { .. }
            | Operation::Product { .. } => None,
        }
    }

    /// The axis may stay, or be merged with neighbours.
    fn reshaped(&self, from: &[usize], to: &[usize]) -> Option<Self> {
        let outer: usize = from[..self.axis].iter().product();
        let inner: usize = from[self.axis + 1..].iter().product();
        let length = self.factors.len();
        (0..to.len()).find_map(|axis| {
            let before: usize = to[..axis].iter().product();
            let behind: usize = to[axis + 1..].iter().product();
            let fits = before > 0
                && behind > 0
                && outer.is_multiple_of(before)
                && inner.is_multiple_of(behind)
                && to[axis] == outer / before * length * (inner / behind);
            let factor = |place: usize| self.factors[place / (inner / behind) % length];
            fits.then(|| Self { axis, factors: (0..to[axis]).map(factor).collect() })
        })
    }

    /// The weights of a layer that reads a value with these units and axes; none where it cannot take them.
    pub(crate) fn absorbed(&self, value: &Value, axes: &[usize]) -> Option<Weights> {
        let length = self.factors.len();
        match &value.operation {
            Operation::Dense { num_row_axes, weights, .. } => {
                let inner: usize = axes.iter().skip(self.axis + 1).product();
                (self.axis >= *num_row_axes)
                    .then(|| weights.each(|_, place| self.factors[place / inner.max(1) % length]))
            }
            Operation::Conv2d { groups, weights, .. } => {
                let kernel: usize = weights.axes.iter().skip(2).product();
                let per_group = length / (*groups).max(1);
                let per_output = (weights.num_outputs() / (*groups).max(1)).max(1);
                let channel =
                    |output: usize, place: usize| output / per_output * per_group + place / kernel.max(1);
                (self.axis == 0).then(|| weights.each(|output, place| self.factors[channel(output, place)]))
            }
            Operation::Input
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::Add { .. }
            | Operation::MaxPool { .. }
            | Operation::Scale { .. }
            | Operation::Rearrange { .. }
            | Operation::Concat { .. }
            | Operation::Product { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_their_elements_through_reshapes() {
        let cases: [(&[usize], usize, &[usize]); 6] = [
            (&[3, 2, 2], 0, &[12]),
            (&[2, 2, 3], 2, &[12]),
            (&[2, 3, 2], 1, &[2, 6]),
            (&[2, 3, 2], 1, &[6, 2]),
            (&[2, 3, 2], 1, &[2, 3, 1, 2]),
            (&[2, 3, 4], 1, &[2, 12]),
        ];
        for (from, axis, to) in cases {
            let units = Units { axis, factors: vec![1.0, 2.0, 3.0] };
            let moved = units.reshaped(from, to).unwrap();
            assert!(units.elements(from).eq(moved.elements(to)), "{from:?} {to:?}: {moved:?}");
        }
        let units = Units { axis: 0, factors: vec![1.0, 2.0, 3.0, 4.0] };
        assert_eq!(units.reshaped(&[4, 3], &[2, 2, 3]), None);
        assert_eq!(units.reshaped(&[4, 3], &[3, 4]), None);
    }
}
