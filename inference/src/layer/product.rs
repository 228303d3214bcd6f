//! Products of activations.

use crate::cost::product;
use tacit_layers::layer::product::Factor;
use tacit_layers::{
    argument::choice::MatmulArgument,
    error::Result,
    layer::{
        Operation, Site,
        product::{Axis, ProductAxes, ProductLayer},
    },
    tensor::{Tensor, value::NodeId},
};

use crate::{
    builder::NetworkBuilder,
    byte_products::{inner_product_in_blocks, narrow, safe_block},
    cost::ArgumentCost,
    interval::Interval,
    layer::{Inference, Ranges, Run, transpose::permute},
};

impl NetworkBuilder {
    /// A product of activations by activations, summed over axes that only the factors have. Every axis goes by a name; names
    /// that both factors and the result have are those of batch axes. A product of matrices, the second transposed:
    /// `product(name, (x, b"ik"), (y, b"jk"), b"ij")`. The result is an accumulator.
    pub fn product(
        &mut self,
        name: &str,
        (left, left_axes): (NodeId, &[u8]),
        (right, right_axes): (NodeId, &[u8]),
        output_axes: &[u8],
    ) -> NodeId {
        let layer = ProductLayer {
            left: left_axes.to_vec(),
            right: right_axes.to_vec(),
            output: output_axes.to_vec(),
            argument: MatmulArgument::default(),
        };
        self.node(name, &[left, right], Operation::Product(layer))
    }
}

impl Inference for ProductLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let [left, right] = [run.inputs[0], run.inputs[1]];
        let axes = &self.axes(run.site.inputs.layer, left.layout(), right.layout())?;
        let rows = |factor, value: &Tensor<i64>| {
            let trailing = [axes.own(factor), &axes.inner].concat();
            permute(value.layout().axes(), value.data(), &self.order(factor, &axes.batch, &trailing))
        };
        let (left, right) = (rows(Factor::Left, left), rows(Factor::Right, right));
        let inner = axes.num_inner();
        let counts = (
            axes.own_lengths(Factor::Left).iter().product(),
            axes.own_lengths(Factor::Right).iter().product(),
        );
        let narrowed = narrow(&left).zip(narrow(&right)).zip(safe_block(&left, &right));
        let products = match narrowed {
            Some(((left, right), block)) if inner > 1 => {
                batched(&left, &right, counts, inner, |a, b| inner_product_in_blocks(a, b, block))
            }
            _ => batched(&left, &right, counts, inner, |a, b| a.iter().zip(b).map(|(a, b)| a * b).sum()),
        };
        // From (batch, left, right) to the result's order.
        let from: Vec<Axis> = [&axes.batch[..], &axes.left, &axes.right].concat();
        let lengths: Vec<usize> = from.iter().map(|axis| axis.1).collect();
        let known = axes.output.iter().filter_map(|axis| from.iter().position(|other| other.0 == axis.0));
        Ok(permute(&lengths, &products, &known.collect::<Vec<_>>()))
    }

    fn interval(&self, site: &Site, ranges: &Ranges) -> Result<Interval> {
        let [left, right] = site.inputs.exactly()?;
        let axes = self.axes(site.inputs.layer, &left.layout, &right.layout)?;
        let square = site.reads[0] == site.reads[1] && self.left == self.right;
        Ok(Interval::whole(bounds(&axes, ranges.hull(0), ranges.hull(1), square)))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        match [0, 1].map(|position| site.inputs.layout(position)) {
            [Some(left), Some(right)] => product::cost(self, [left, right], &site.output.layout),
            [None, _] | [_, None] => ArgumentCost::default(),
        }
    }

    fn detail(&self) -> String {
        let names = |axes: &[u8]| String::from_utf8_lossy(axes).into_owned();
        format!("{},{}->{}", names(&self.left), names(&self.right), names(&self.output))
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}

/// Bounds of a sum of products; `square` says that it is one of squares.
fn bounds(axes: &ProductAxes, left: (i64, i64), right: (i64, i64), square: bool) -> (i128, i128) {
    let corners = [left.0, left.1].map(|x| [right.0, right.1].map(|y| i128::from(x) * i128::from(y)));
    let corners = corners.as_flattened().iter().copied();
    let (low, high) = corners.fold((0, 0), |(low, high), x| (x.min(low), x.max(high)));
    let count = axes.num_inner() as i128;
    (if square { 0 } else { count * low }, count * high)
}

/// Products of every row of the left factor with every row of the right, batch by batch.
fn batched<T>(
    left: &[T],
    right: &[T],
    (lefts, rights): (usize, usize),
    inner: usize,
    product: impl Fn(&[T], &[T]) -> i64,
) -> Vec<i64> {
    let batches = left.chunks_exact(lefts * inner).zip(right.chunks_exact(rights * inner));
    let mut result = Vec::with_capacity(left.len() / inner * rights);
    for (left, right) in batches {
        for row in left.chunks_exact(inner) {
            result.extend(right.chunks_exact(inner).map(|column| product(row, column)));
        }
    }
    result
}

#[doc(hidden)]
/// A factor's elements over its own axes, then the batch axes, then the inner ones, all row-major.
pub fn arrange(layer: &ProductLayer, axes: &ProductAxes, factor: Factor, value: &Tensor<i64>) -> Vec<i64> {
    let summed = [&axes.batch[..], &axes.inner].concat();
    permute(value.layout().axes(), value.data(), &layer.order(factor, axes.own(factor), &summed))
}
