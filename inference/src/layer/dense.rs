//! Dense layers, and the ranges of sums over weights.

use crate::cost::matmul;
use tacit_layers::{
    argument::choice::MatmulArgument,
    error::Result,
    layer::{Operation, Site, dense::DenseLayer},
    tensor::{
        Layout, Tensor,
        value::{NodeId, Parameter, ParameterId},
    },
};

use crate::{
    builder::NetworkBuilder,
    byte_products::{Planes, Weights},
    cost::{ArgumentCost, matmul::MatmulShape},
    interval::Interval,
    layer::{Inference, Ranges, Run, transpose::permute},
};

impl NetworkBuilder {
    /// A dense layer, which keeps the input's first `num_row_axes` axes and contracts the others; weights of shape (outputs,
    /// contracted input axes ...), or flat, (outputs, product of the contracted axes), row-major. A bias of shape (outputs).
    ///
    /// # Errors
    /// When the bias is empty.
    pub fn dense(
        &mut self,
        name: &str,
        input: NodeId,
        num_row_axes: usize,
        weights: Tensor<i8>,
        bias: Option<Vec<i32>>,
    ) -> Result<NodeId> {
        let weights = self.unflattened(input, num_row_axes, weights)?;
        let weights = self.weights(&format!("{name}.weight"), weights);
        let bias = bias.map(|values| self.biases(&format!("{name}.bias"), values)).transpose()?;
        Ok(self.dense_of(name, input, num_row_axes, weights, bias))
    }

    /// Weights over the axes that they contract, where they are given flat; others as they are.
    fn unflattened(&mut self, input: NodeId, num_row_axes: usize, weights: Tensor<i8>) -> Result<Tensor<i8>> {
        let &[outputs, inner] = weights.layout().axes() else { return Ok(weights) };
        // What is wrong with a node before this one is said where the network is finished.
        let Ok(spec) = self.spec(input) else { return Ok(weights) };
        let contracted = spec.layout.axes().get(num_row_axes..).unwrap_or_default();
        if contracted.len() < 2 || contracted.iter().product::<usize>() != inner {
            return Ok(weights);
        }
        let layout = Layout::new([&[outputs], contracted].concat())?;
        Tensor::new(layout, weights.into_data())
    }

    /// A dense layer of [weights](Self::weights) and a [bias](Self::biases) that other layers may read as well; the weights have
    /// shape (outputs, contracted input axes ...).
    pub fn dense_of(
        &mut self,
        name: &str,
        input: NodeId,
        num_row_axes: usize,
        weights: ParameterId,
        bias: Option<ParameterId>,
    ) -> NodeId {
        let (num_outputs, argument) = (self.num_outputs(weights), MatmulArgument::default());
        let layer = DenseLayer { weights, bias, num_row_axes, num_outputs, argument };
        self.node(name, &[input], Operation::Dense(layer))
    }
}

impl Inference for DenseLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let (weights, output) = (run.parameters[0], &run.site.output.layout);
        let contracted = weights.num_elements() / self.num_outputs;
        let bias = |o| run.bias(o);
        let rows = output.num_elements() / self.num_outputs;
        let Parameter::Int8(weights) = weights else { unreachable!("the graph was checked") };
        let (weights, bytes) =
            (Weights { values: weights, inner: contracted }, Planes::new(run.inputs[0].data()));
        let mut sums = weights.offsets(bias, bytes.offset);
        if rows > 1 {
            sums = sums.into_iter().flat_map(|offset| std::iter::repeat_n(offset, rows)).collect();
        }
        for (plane, scale, _) in bytes.iter() {
            weights.add_products(plane, scale, &mut sums, rows);
        }
        Ok(if rows == 1 { sums } else { permute(&[self.num_outputs, rows], &sums, &[1, 0]) })
    }

    fn interval(&self, _: &Site, ranges: &Ranges) -> Result<Interval> {
        let channels = channel_bounds(ranges, self.num_outputs, ranges.hull(0));
        Ok(Interval { channels, axis: Some(self.num_row_axes) })
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, site: &Site) -> ArgumentCost {
        let shape = site.inputs.layout(0).map(|input| MatmulShape::new(self, input));
        shape.map_or_else(ArgumentCost::default, |shape| matmul::cost(self.argument, &shape))
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn num_macs(&self, site: &Site) -> u64 {
        site.inputs.layout(0).map_or(0, |input| Self::num_macs(self, input))
    }
}

/// Interval of `bias + sum of weight * x` per output channel, every x within `input`.
pub(super) fn channel_bounds(
    ranges: &Ranges,
    num_outputs: usize,
    (low, high): (i64, i64),
) -> Vec<(i128, i128)> {
    let weights = ranges.parameters[0];
    let per_channel = weights.num_elements() / num_outputs;
    (0..num_outputs)
        .map(|o| {
            let bias = ranges.parameters.get(1).map_or(0, |bias| i128::from(bias.get(o)));
            (0..per_channel).fold((bias, bias), |(min, max), k| {
                let w = i128::from(weights.get(o * per_channel + k));
                let (a, b) = (w * i128::from(low), w * i128::from(high));
                (min + a.min(b), max + a.max(b))
            })
        })
        .collect()
}
