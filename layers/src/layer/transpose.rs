//! Transposition: the axes of a tensor in another order.
//!
//! **Statement.** For a permutation $\pi$ of the axes,
//! $$ y[p_1, \dots, p_k] = x[i_1, \dots, i_k] \quad\text{with}\quad i_{\pi(j)} = p_j. $$
//!
//! **Shapes.** Axis $j$ of the output is axis $\pi(j)$ of the input. Every axis is padded by itself, so that padding is
//! permuted with it.
//!
//! **Protocol.** None: $\widetilde y(r_1, \dots, r_k) = \widetilde x(z)$ with $z_{\pi(j)} = r_j$. A claim on the output is a
//! claim on the input, its point reordered ([`crate::proof::plan::Plan::base`]). That holds for accumulators too.
//!
//! **Soundness error.** None.
//!
//! **Caller's duty.** The claim on $\widetilde x$.
//!
//! **Cost.** Reordering a point.
//!
//! **Reference.** Folklore.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    tensor::{Layout, Tensor, value::ValueSpec},
};

/// The axes of a tensor in another order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransposeLayer {
    /// For each axis of the output, the axis of the input that it is.
    pub axes: Vec<usize>,
}

impl TransposeLayer {
    pub(crate) fn infer(&self, layer: &str, input: &ValueSpec) -> Result<ValueSpec> {
        let lengths = input.layout.axes();
        let mut sorted = self.axes.clone();
        sorted.sort_unstable();
        if sorted != (0..lengths.len()).collect::<Vec<_>>() {
            let (expected, actual) = ((0..lengths.len()).collect(), self.axes.clone());
            let what = "permutation of axes";
            return Err(Error::LayerShape { layer: layer.to_owned(), what, expected, actual });
        }
        let layout = Layout::new(self.axes.iter().map(|&axis| lengths[axis]).collect())?;
        Ok(ValueSpec { layout, kind: input.kind })
    }

    pub(crate) fn execute(&self, input: &Tensor<i64>) -> Vec<i64> {
        permute(input.layout().axes(), input.data(), &self.axes)
    }

    /// For each variable of the input, the variable of the output that it is.
    pub(crate) fn variables(&self, input: &Layout) -> Vec<usize> {
        let vars: Vec<usize> = input.axis_vars().collect();
        let mut begins = vec![0; vars.len()];
        let mut begin = 0;
        for &axis in &self.axes {
            begins[axis] = begin;
            begin += vars[axis];
        }
        begins.iter().zip(&vars).flat_map(|(&begin, &vars)| begin..begin + vars).collect()
    }

    /// The axis of the output that an axis of the input becomes.
    pub(crate) fn output_axis(&self, input_axis: usize) -> Option<usize> {
        self.axes.iter().position(|&axis| axis == input_axis)
    }
}

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
    use crate::tensor::evaluation;

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
            let transposed = layer.execute(&Tensor::new(input.clone(), data.clone()).unwrap());
            let point: Vec<Fr> = (0..output.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
            let reordered: Vec<Fr> = layer.variables(&input).into_iter().map(|v| point[v]).collect();
            let expected = evaluation::evaluate(&input, &data, &reordered);
            assert_eq!(evaluation::evaluate(&output, &transposed, &point), expected);
        }
    }
}
