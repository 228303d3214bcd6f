//! Sums over whole axes.
//!
//! **Statement.** $a(p) = \sum_k x[p, k]$ with $k$ over some of the axes, which keep a length of one.
//!
//! **Shapes.** Input and output have as many axes; those summed over have no variables in the output.
//!
//! **Protocol.** None. A multilinear polynomial's sum over $n$ variables is $2^n$ times its value where each is one half,
//! and padding is zero:
//! $$ \widetilde a(r) = \sum_k \widetilde x(r, k) = 2^n\, \widetilde x(r, \tfrac12, \dots, \tfrac12). $$
//! A claim on the sums is a claim on the input.
//!
//! **Soundness error.** None.
//!
//! **Caller's duty.** The claim on $\widetilde x$.
//!
//! **Cost.** A division by $2^n$.
//!
//! **Reference.** The identity is folklore.

use ark_bn254::Fr;
use ark_ff::{Field, One};
use serde::{Deserialize, Serialize};
use tacit_transcript::Value;

use crate::{
    error::{Error, Result},
    tensor::{
        Layout, Tensor, bits_of,
        value::{ValueKind, ValueSpec},
    },
};

/// $a(p) = \sum_k x[p, k]$.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReduceSumLayer {
    /// The axes summed over, in ascending order.
    pub axes: Vec<usize>,
}

impl ReduceSumLayer {
    pub(crate) fn infer(&self, layer: &str, input: &ValueSpec) -> Result<ValueSpec> {
        input.activation(layer)?;
        let mut axes = input.layout.axes().to_vec();
        let ascending = self.axes.windows(2).all(|pair| pair[0] < pair[1]);
        for &axis in &self.axes {
            let Some(length) = axes.get_mut(axis).filter(|_| ascending) else {
                let (expected, actual) = ((0..axes.len()).collect(), self.axes.clone());
                let what = "list of axes to sum over";
                return Err(Error::LayerShape { layer: layer.to_owned(), what, expected, actual });
            };
            *length = 1;
        }
        Ok(ValueSpec { layout: Layout::new(axes)?, kind: ValueKind::Accumulator })
    }

    fn num_addends(&self, input: &Layout) -> usize {
        self.axes.iter().map(|&axis| input.axes()[axis]).product()
    }

    pub(crate) fn execute(&self, input: &Tensor<i64>, output: &Layout) -> Vec<i64> {
        let lengths = input.layout().axes();
        let kept = (0..lengths.len()).filter(|axis| !self.axes.contains(axis));
        let order: Vec<usize> = kept.chain(self.axes.iter().copied()).collect();
        let rows = crate::layer::transpose::permute(lengths, input.data(), &order);
        let addends = self.num_addends(input.layout());
        debug_assert_eq!(rows.len(), addends * output.num_elements());
        rows.chunks_exact(addends).map(|row| row.iter().sum()).collect()
    }

    pub(crate) fn bounds(&self, input: &Layout, (low, high): (i64, i64)) -> (i128, i128) {
        let addends = self.num_addends(input) as i128;
        (addends * i128::from(low.min(0)), addends * i128::from(high.max(0)))
    }

    /// The claim on the input that a claim on the sums is: its point and its value.
    pub fn input_claim<V: Value>(&self, input: &Layout, point: &[Fr], value: V) -> (Vec<Fr>, V) {
        let half = Fr::from(2_u64).inverse().unwrap_or_else(Fr::one);
        let mut rest = point;
        let (mut extended, mut scale) = (vec![], Fr::one());
        for (axis, &length) in input.axes().iter().enumerate() {
            let vars = bits_of(length);
            if self.axes.contains(&axis) {
                extended.extend(std::iter::repeat_n(half, vars));
                scale *= half.pow([vars as u64]);
            } else {
                let (part, behind) = rest.split_at(vars.min(rest.len()));
                extended.extend_from_slice(part);
                rest = behind;
            }
        }
        (extended, value * scale)
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;
    use crate::tensor::evaluation;

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
            let output = layer.infer("sum", &ValueSpec { layout: input.clone(), kind }).unwrap().layout;
            let sums = layer.execute(&Tensor::new(input.clone(), data.clone()).unwrap(), &output);
            let point: Vec<Fr> = (0..output.num_vars()).map(|_| Fr::rand(&mut rng)).collect();
            let value = evaluation::evaluate(&output, &sums, &point);
            let (extended, claimed) = layer.input_claim(&input, &point, value);
            assert_eq!(evaluation::evaluate(&input, &data, &extended), claimed);
        }
    }
}
