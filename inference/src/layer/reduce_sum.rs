//! Sums over axes.

use tacit_layers::tensor::{Layout, Tensor};
use tacit_layers::{
    error::Result,
    layer::{Operation, Site, reduce_sum::ReduceSumLayer},
    tensor::value::NodeId,
};

use crate::{
    builder::NetworkBuilder,
    cost::ArgumentCost,
    interval::Interval,
    layer::{Inference, Ranges, Run, transpose::permute},
};

impl NetworkBuilder {
    /// The sums over whole axes, in ascending order; they stay with a length of one. The result is an accumulator.
    pub fn reduce_sum(&mut self, name: &str, input: NodeId, axes: &[usize]) -> NodeId {
        self.node(name, &[input], Operation::ReduceSum(ReduceSumLayer { axes: axes.to_vec() }))
    }
}

impl Inference for ReduceSumLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        Ok(sums(self, run.inputs[0], &run.site.output.layout))
    }

    fn interval(&self, site: &Site, ranges: &Ranges) -> Result<Interval> {
        let addends = site.inputs.layout(0).map_or(0, |input| self.num_addends(input)) as i128;
        let (low, high) = ranges.hull(0);
        Ok(Interval::whole((addends * i128::from(low.min(0)), addends * i128::from(high.max(0)))))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, _: &Site) -> ArgumentCost {
        ArgumentCost::default()
    }

    fn detail(&self) -> String {
        format!("over axes {:?}", self.axes)
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}

fn sums(layer: &ReduceSumLayer, input: &Tensor<i64>, output: &Layout) -> Vec<i64> {
    let lengths = input.layout().axes();
    let kept = (0..lengths.len()).filter(|axis| !layer.axes.contains(axis));
    let order: Vec<usize> = kept.chain(layer.axes.iter().copied()).collect();
    let rows = permute(lengths, input.data(), &order);
    let addends = layer.num_addends(input.layout());
    debug_assert_eq!(rows.len(), addends * output.num_elements());
    rows.chunks_exact(addends).map(|row| row.iter().sum()).collect()
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;
    use ark_bn254::Fr;
    use tacit_layers::{
        layer::{Inputs, Layer},
        tensor::{
            evaluation,
            value::{ValueKind, ValueSpec},
        },
    };

    #[test]
    fn sums_at_a_point_are_the_input_at_one_half() {
        let mut rng = ark_std::test_rng();
        for (axes, summed) in [
            (vec![3, 5, 2], vec![1]),
            (vec![7], vec![0]),
            (vec![4, 3, 6, 1], vec![0, 2]),
            (vec![2, 5], vec![]),
        ] {
            let input = Layout::new(axes).unwrap();
            let data: Vec<i64> = (0..input.num_elements() as i64).map(|i| (i * 7919) % 511 - 255).collect();
            let layer = ReduceSumLayer { axes: summed };
            let kind = ValueKind::Activation { minimum: -255, maximum: 255 };
            let spec = ValueSpec { layout: input.clone(), kind };
            let inputs = Inputs { layer: "sum", values: vec![&spec], parameters: vec![] };
            let output = layer.infer(&inputs).unwrap();
            let summed =
                self::sums(&layer, &Tensor::new(input.clone(), data.clone()).unwrap(), &output.layout);
            let point: Vec<Fr> = (0..output.layout.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
            let value = evaluation::evaluate(&output.layout, &summed, &point).unwrap();
            let (extended, claimed) = layer.input_claim(&input, &point, value);
            assert_eq!(evaluation::evaluate(&input, &data, &extended).unwrap(), claimed);
        }
    }
}
