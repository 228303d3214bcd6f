//! The tables that both phases' sumchecks run over.

use ark_bn254::Fr;
use ark_ff::Zero;
use rayon::prelude::*;
use tacit_algebra::{
    kernels::backend,
    small::{MAX_MAGNITUDE, MAX_TERMS, SmallSum, from_i64},
};
use tacit_layers::{
    Layout,
    argument::gates::{Adjacency, Combined, Group, Operand, Step, Wired},
    tensor::evaluation::{kronecker, split_point},
};

use crate::{integers::Integers, layers::matmul::pad_axes, sumcheck::Product};

/// Positions below which a table is not split over threads.
const CHUNK: usize = 16;

/// $\sum_k \alpha^k \mathrm{eq}(z_k, z)$ for every stored position of the output.
pub(super) fn output_weights(layout: &Layout, combined: &Combined) -> Vec<Fr> {
    let tables = combined.points.iter().map(|(power, z)| (*power, kronecker(split_point(layout, z))));
    sum_scaled(tables, layout.num_elements())
}

/// $\sum_k \alpha^k \sum_w c_w \widetilde w(z_k, u, y)$ for every stored position $y$ of the right operand.
pub(super) fn right_table(wirings: &[Wired], combined: &Combined, u: &[Fr]) -> Vec<Fr> {
    let length = wirings.first().and_then(|wired| wired.layout(2)).map_or(1, Layout::num_elements);
    let tables = combined
        .points
        .iter()
        .flat_map(|(power, z)| wirings.iter().map(|wired| (*power, wired.right_vector(z, u))));
    sum_scaled(tables, length)
}

fn sum_scaled(mut tables: impl Iterator<Item = (Fr, Vec<Fr>)>, length: usize) -> Vec<Fr> {
    // The first power is one.
    let mut sum = tables.next().map_or_else(|| vec![Fr::zero(); length], |(_, table)| table);
    for (power, table) in tables {
        backend().add_scaled(&mut sum, &table, power);
    }
    sum
}

/// The sumcheck of a table with an operand, both in storage order.
pub(super) fn product(layout: &Layout, values: Integers, table: Vec<Fr>, sum: Fr) -> Product {
    let values = values.iter().map(from_i64).collect();
    Product::of(pad_axes(values, layout.axes()), pad_axes(table, layout.axes()), sum)
}

/// A wiring's gates by left position, with the right operand's values.
struct Gates<'a> {
    adjacency: Adjacency,
    values: Integers<'a>,
    /// Whether every product of coefficient and value can be summed as a small integer.
    is_small: bool,
}

/// $h_L$ in storage order, in one pass over the gates.
pub(super) fn left_table<'a>(
    group: &Group,
    weights: &[Fr],
    values: impl Fn(Operand) -> Integers<'a>,
) -> Vec<Fr> {
    let adds = group.adds.iter().map(|wired| Gates::new(wired, Integers::Int64(&[1])));
    let pairs = group.pairs.iter();
    let pairs = pairs.flat_map(|(right, wirings)| wirings.iter().map(|wired| (*right, wired)));
    let gates: Vec<Gates> =
        adds.chain(pairs.map(|(right, wired)| Gates::new(wired, values(right)))).collect();
    let wired = group.adds.iter().chain(group.pairs.iter().flat_map(|(_, wirings)| wirings)).next();
    let length = wired.and_then(|wired| wired.layout(1)).map_or(0, Layout::num_elements);
    (0..length)
        .into_par_iter()
        .with_min_len(CHUNK)
        .map_init(Vec::new, |inner, x| gates.iter().map(|gates| gates.sum(x, weights, inner)).sum())
        .collect()
}

impl<'a> Gates<'a> {
    fn new(wired: &Wired, values: Integers<'a>) -> Self {
        let adjacency = Adjacency::new(wired, 1);
        let largest = values.iter().map(i64::unsigned_abs).max().unwrap_or(0);
        let is_small = adjacency.largest_coefficient().saturating_mul(largest) <= MAX_MAGNITUDE;
        Self { adjacency, values, is_small }
    }

    /// The sum over the gates that read left position `x`.
    fn sum(&self, x: usize, weights: &[Fr], inner: &mut Vec<Step>) -> Fr {
        let outer = self.adjacency.gates(x, inner);
        match (self.is_small, self.values) {
            (true, Integers::Int8(v)) => sum_small(outer, inner, weights, |i| i64::from(v[i])),
            (true, Integers::Int32(v)) => sum_small(outer, inner, weights, |i| i64::from(v[i])),
            (true, Integers::Int64(v)) => sum_small(outer, inner, weights, |i| v[i]),
            (false, values) => outer
                .iter()
                .flat_map(|outer| inner.iter().map(|step| step.then(*outer)))
                .map(|step| {
                    let value = from_i64(values.get(step.second as usize));
                    weights[step.first as usize] * value * from_i64(step.coefficient)
                })
                .sum(),
        }
    }
}

fn sum_small(outer: &[Step], inner: &[Step], weights: &[Fr], value: impl Fn(usize) -> i64) -> Fr {
    let (mut total, mut sum, mut terms) = (Fr::zero(), SmallSum::default(), 0);
    for outer in outer {
        for chunk in inner.chunks(MAX_TERMS) {
            if terms + chunk.len() > MAX_TERMS {
                total += std::mem::take(&mut sum).reduce();
                terms = 0;
            }
            for step in chunk {
                let step = step.then(*outer);
                sum.add(&weights[step.first as usize], step.coefficient * value(step.second as usize));
            }
            terms += chunk.len();
        }
    }
    total + sum.reduce()
}
