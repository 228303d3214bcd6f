//! Transposition.

use tacit_layers::{
    error::Result,
    layer::{Operation, Site, transpose::TransposeLayer},
    tensor::value::NodeId,
};

use crate::{
    builder::NetworkBuilder,
    cost::ArgumentCost,
    interval::Interval,
    layer::{Inference, Ranges, Run},
};

impl NetworkBuilder {
    /// The axes in another order: axis `j` of the result is axis `axes[j]` of the input, an activation or an accumulator.
    pub fn transpose(&mut self, name: &str, input: NodeId, axes: &[usize]) -> NodeId {
        self.node(name, &[input], Operation::Transpose(TransposeLayer { axes: axes.to_vec() }))
    }
}

impl Inference for TransposeLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        Ok(permute(run.inputs[0].layout().axes(), run.inputs[0].data(), &self.axes))
    }

    fn interval(&self, _: &Site, ranges: &Ranges) -> Result<Interval> {
        let Interval { channels, axis } = ranges.of(0).clone();
        Ok(Interval { channels, axis: axis.and_then(|axis| self.output_axis(axis)) })
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, _: &Site) -> ArgumentCost {
        ArgumentCost::default()
    }

    fn detail(&self) -> String {
        format!("axes {:?}", self.axes)
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}

#[doc(hidden)]
/// The elements of a tensor with these axis lengths, row-major in the axes' new order.
pub fn permute<T: Copy>(lengths: &[usize], data: &[T], order: &[usize]) -> Vec<T> {
    let stride = |axis: usize| lengths[axis + 1..].iter().product::<usize>();
    // Positions of the outer axes; the innermost is walked with one step.
    let Some((&inner, outer)) = order.split_last() else { return data.to_vec() };
    let mut starts = vec![0];
    for &axis in outer {
        let step = stride(axis);
        starts = starts.iter().flat_map(|start| (0..lengths[axis]).map(move |i| start + i * step)).collect();
    }
    let (length, step) = (lengths[inner], stride(inner));
    starts.iter().flat_map(|start| (0..length).map(move |i| data[start + i * step])).collect()
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::UniformRand;

    use super::*;
    use tacit_layers::tensor::{Layout, evaluation};

    #[test]
    fn an_output_at_a_point_is_the_input_at_the_reordered_point() {
        let mut rng = ark_std::test_rng();
        for (lengths, axes) in [
            (vec![3, 5, 2], vec![2, 0, 1]),
            (vec![7], vec![0]),
            (vec![1, 6, 1, 3], vec![3, 2, 1, 0]),
            (vec![4, 3, 5], vec![1, 2, 0]),
        ] {
            let input = Layout::new(lengths).unwrap();
            let data: Vec<i64> = (0..input.num_elements() as i64).map(|i| (i * 7919) % 511 - 255).collect();
            let layer = TransposeLayer { axes };
            let output = Layout::new(layer.axes.iter().map(|&a| input.axes()[a]).collect()).unwrap();
            let transposed = permute(input.axes(), &data, &layer.axes);
            let point: Vec<Fr> = (0..output.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
            let reordered: Vec<Fr> = layer.variables(&input).into_iter().map(|v| point[v]).collect();
            let expected = evaluation::evaluate(&input, &data, &reordered).unwrap();
            assert_eq!(evaluation::evaluate(&output, &transposed, &point).unwrap(), expected);
        }
    }
}
