//! Inputs whose parts have scales and zeros of their own, and layers that read them so.
//!
//! An element $x$ of the input is held as $x' = (x - z) / h$ with a half range $h$ and a zero $z$ of its channel. What reads it
//! through views, a dense layer with weights $w$ and bias $b$ say, computes the same from weights $h w$ and bias
//! $b + \sum z w$: nothing is approximated. A convolution does so as long as $h$ and $z$ are one for each of its channels and,
//! where it pads with zeros, $z = 0$. Nothing else can.

use tacit_layers::layer::remap::RemapLayer;

use super::{
    Graph,
    value::{Operation, Rearrangement},
    weights::Weights,
};
use crate::lower::row_major::{offsets, strides_of};

/// How an element is held: half range and zero.
pub(crate) type Unit = (f64, f64);
/// How the elements of a value are held.
pub(crate) type Held = Vec<Unit>;

/// An element as it is.
const AS_IT_IS: Unit = (1.0, 0.0);

impl Graph {
    /// The graph over the input held so, and how the elements of each value are held that is the input in other places; none when
    /// something reads the input that cannot.
    pub(crate) fn reading(&self, units: Held) -> Option<(Self, Vec<Option<Held>>)> {
        let mut graph = self.clone();
        let mut held: Vec<Option<Held>> = vec![None; graph.values.len()];
        *held.first_mut()? = Some(units);
        for index in 0..graph.values.len() {
            let read =
                graph.values[index].operation.inputs().into_iter().find(|&input| held[input].is_some());
            let Some(input) = read else { continue };
            let (before, axes) = (held[input].clone()?, graph.values[input].axes.clone());
            let shape = graph.values[index].axes.clone();
            match &mut graph.values[index].operation {
                Operation::Rearrange { how, .. } => held[index] = Some(moved(how, &before, &axes, &shape)?),
                Operation::Dense { num_row_axes, weights, .. } => {
                    let length: usize = axes.iter().skip(*num_row_axes).product();
                    let (first, rest) = before.split_at_checked(length)?;
                    if rest.chunks(length.max(1)).any(|row| row != first) {
                        return None;
                    }
                    absorb(weights, |_, place| first.get(place).copied())?;
                }
                Operation::Conv2d { window, groups, weights, .. } => {
                    let pads =
                        [window.height, window.width].iter().any(|axis| axis.pad_begin + axis.pad_end > 0);
                    let area: usize = axes.iter().skip(1).product();
                    let channels: Vec<Unit> = before.iter().step_by(area.max(1)).copied().collect();
                    let is_one = before.chunks(area.max(1)).all(|map| map.iter().all(|unit| *unit == map[0]));
                    if !is_one || (pads && channels.iter().any(|&(_, zero)| zero != 0.0)) {
                        return None;
                    }
                    let kernel: usize = weights.axes.iter().skip(2).product();
                    let (per_group, outputs) = (weights.axes.get(1).copied()?, weights.num_outputs());
                    let group = |output: usize| output / (outputs / (*groups).max(1)).max(1);
                    absorb(weights, |output, place| {
                        channels.get(group(output) * per_group + place / kernel.max(1)).copied()
                    })?;
                }
                Operation::Input
                | Operation::SumPool { .. }
                | Operation::ReduceSum { .. }
                | Operation::Softmax { .. }
                | Operation::ArgMax { .. }
                | Operation::Add { .. }
                | Operation::MaxPool { .. }
                | Operation::Scale { .. }
                | Operation::Concat { .. }
                | Operation::Product { .. } => return None,
            }
        }
        // An output is what it says.
        let is_held = |&output: &usize| held[output].is_some();
        (!graph.outputs.iter().any(is_held)).then_some((graph, held))
    }
}

/// How elements are held in other places; zero padding is as it is.
fn moved(how: &Rearrangement, units: &[Unit], axes: &[usize], shape: &[usize]) -> Option<Held> {
    match how {
        Rearrangement::Reshape => Some(units.to_vec()),
        Rearrangement::Transpose(order) => {
            let from = strides_of(axes);
            let strides: Vec<usize> = order.iter().map(|&axis| from[axis]).collect();
            offsets(shape, &strides).into_iter().map(|place| units.get(place).copied()).collect()
        }
        Rearrangement::Remap(maps) => {
            let layer = RemapLayer { axes: maps.clone() };
            let (from, to) = (strides_of(axes), strides_of(shape));
            let count: usize = shape.iter().product();
            let unit = |element: usize| {
                let place = layer.axes.iter().enumerate().try_fold(0, |place, (axis, map)| {
                    let source = map.source(element / to[axis] % shape[axis], axes[axis])?;
                    Some(place + source * from[axis])
                });
                place.map_or(Some(AS_IT_IS), |place| units.get(place).copied())
            };
            (0..count).map(unit).collect()
        }
    }
}

/// Weights and biases for what is held so: `unit` tells of each weight of an output what it multiplies.
fn absorb(weights: &mut Weights, unit: impl Fn(usize, usize) -> Option<Unit>) -> Option<()> {
    let length = weights.values.len().checked_div(weights.bias.len()).filter(|&length| length > 0)?;
    for (output, (row, bias)) in weights.values.chunks_exact_mut(length).zip(&mut weights.bias).enumerate() {
        for (place, weight) in row.iter_mut().enumerate() {
            let (half, zero) = unit(output, place)?;
            *bias += *weight * zero;
            *weight *= half;
        }
    }
    Some(())
}
