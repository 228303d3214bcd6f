//! Products of activations by activations: matrix products with batch axes, elementwise products with broadcasting.
//!
//! **Statement.** Every axis of the two factors and of the result has a name. By where its name occurs it is a *batch*
//! axis $b$ (everywhere), a *left* axis $l$ or a *right* axis $r$ (in one factor and in the result), or an *inner* axis
//! $k$ (in both factors only):
//! $$ a[b, l, r] = \sum_k x[b, l, k]\, y[b, r, k]. $$
//! A matrix product has no batch axes, an elementwise product nothing else.
//!
//! **Shapes.** Axes may stand in any order in each tensor. They are padded one by one, so that a point is cut by axis and
//! its parts put into another order. Both factors may be the same value.
//!
//! **Protocol.** For a claim $\widetilde a(r_b, r_l, r_r) = v$,
//! $$ \sum_{b, k} \mathrm{eq}(r_b, b)\, \widetilde x(b, r_l, k)\, \widetilde y(b, r_r, k) = v. $$
//! One [sumcheck](crate::argument::sumcheck) over $(b, k)$, of degree 3 with batch axes and 2 without, batched over all products of
//! a network; then the prover sends $\widetilde x(z_b, r_l, z_k)$ and $\widetilde y(z_b, r_r, z_k)$ for each.
//!
//! **Soundness error.** [`crate::argument::soundness::products`].
//!
//! **Caller's duty.** The claims on $\widetilde x$ and $\widetilde y$.
//!
//! **Cost.** The prover folds the left axes of one factor and the right axes of the other, once, and sums over $(b, k)$.
//! Products are not linear in the witness: each multiplication costs a byte of [hardening](crate::proof::statement).
//!
//! **Reference.** Thaler, "Time-optimal interactive proofs for circuit evaluation" (2013), section 5, with batch axes.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::{
    argument::{choice::MatmulArgument, gates::check_products, matmul::polynomial::inner_extent},
    error::{Error, Result},
    layer::transpose::permute,
    products::{inner_product_in_blocks, narrow, safe_block},
    tensor::{
        Layout, Tensor, bits_of,
        evaluation::split_point,
        value::{ValueKind, ValueSpec},
    },
};

/// $a[b, l, r] = \sum_k x[b, l, k]\, y[b, r, k]$.
///
/// A name that occurs once, in a factor or in the result, is that of an axis of length one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductLayer {
    /// Names of the first factor's axes, all different.
    pub left: Vec<u8>,
    /// Names of the second factor's axes, all different.
    pub right: Vec<u8>,
    /// Names of the result's axes, all different.
    pub output: Vec<u8>,
    /// What proves it.
    pub argument: MatmulArgument,
}

/// An axis by its name, with its length.
type Axis = (u8, usize);

/// The axes of a product by their role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductAxes {
    /// In both factors and the result; in the result's order.
    batch: Vec<Axis>,
    /// In the first factor and the result; in the result's order.
    left: Vec<Axis>,
    /// In the second factor and the result; in the result's order.
    right: Vec<Axis>,
    /// In both factors only; in the first factor's order.
    inner: Vec<Axis>,
    /// Every axis of the result.
    output: Vec<Axis>,
}

/// One of the two factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// The first.
    Left,
    /// The second.
    Right,
}

impl ProductLayer {
    /// The layer's axes by their role, for factors of these layouts.
    ///
    /// # Errors
    /// [`Error::LayerShape`] when names do not fit the factors: too few or too many, one twice, one with two lengths, or one
    /// that occurs once and is longer than one.
    pub fn axes(&self, layer: &str, left: &Layout, right: &Layout) -> Result<ProductAxes> {
        let refuse = |what, expected: &[usize], actual: Vec<usize>| {
            Err(Error::LayerShape { layer: layer.to_owned(), what, expected: expected.to_vec(), actual })
        };
        let mut lengths: BTreeMap<u8, usize> = BTreeMap::new();
        for (names, layout) in [(&self.left, left), (&self.right, right)] {
            if names.len() != layout.axes().len() {
                return refuse(
                    "list of axis names",
                    layout.axes(),
                    names.iter().map(|&n| n.into()).collect(),
                );
            }
            for (&name, &length) in names.iter().zip(layout.axes()) {
                let known = *lengths.entry(name).or_insert(length);
                if known != length {
                    return refuse("axis with a factor's name", &[known], vec![length]);
                }
            }
        }
        for names in [&self.left, &self.right, &self.output] {
            let mut sorted = names.clone();
            sorted.sort_unstable();
            sorted.dedup();
            if sorted.len() != names.len() {
                return refuse("list of different axis names", &[sorted.len()], vec![names.len()]);
            }
        }
        let mut axes =
            ProductAxes { batch: vec![], left: vec![], right: vec![], inner: vec![], output: vec![] };
        for &name in &self.output {
            let axis = (name, lengths.get(&name).copied().unwrap_or(1));
            axes.output.push(axis);
            match (self.left.contains(&name), self.right.contains(&name)) {
                (true, true) => axes.batch.push(axis),
                (true, false) => axes.left.push(axis),
                (false, true) => axes.right.push(axis),
                (false, false) => {}
            }
        }
        for (&name, &length) in &lengths {
            let inner = self.left.contains(&name) && self.right.contains(&name);
            if !inner && !self.output.contains(&name) && length != 1 {
                return refuse("axis that only one factor has", &[1], vec![length]);
            }
        }
        let inner = self.left.iter().filter(|name| self.right.contains(name) && !self.output.contains(name));
        axes.inner = inner.filter_map(|name| lengths.get(name).map(|&length| (*name, length))).collect();
        Ok(axes)
    }

    pub(crate) fn infer(&self, layer: &str, left: &ValueSpec, right: &ValueSpec) -> Result<ValueSpec> {
        left.activation(layer)?;
        right.activation(layer)?;
        let axes = self.axes(layer, &left.layout, &right.layout)?;
        if self.argument == MatmulArgument::Polynomial {
            inner_extent(layer, &axes.inner_lengths())?;
        }
        let layout = axes.output()?;
        if self.argument == MatmulArgument::Gates {
            for tensor in [&left.layout, &right.layout] {
                check_products(layer, axes.num_products() as u128, [tensor, &layout])?;
            }
        }
        Ok(ValueSpec { layout, kind: ValueKind::Accumulator })
    }

    const fn names(&self, factor: Factor) -> &Vec<u8> {
        match factor {
            Factor::Left => &self.left,
            Factor::Right => &self.right,
        }
    }

    /// A factor's axes in another order: first those of `leading`, then those of `trailing`; axes that occur once, all of
    /// length one, in front.
    fn order(&self, factor: Factor, leading: &[Axis], trailing: &[Axis]) -> Vec<usize> {
        let names = self.names(factor);
        let wanted = leading.iter().chain(trailing);
        let wanted: Vec<usize> =
            wanted.filter_map(|(name, _)| names.iter().position(|n| n == name)).collect();
        let single = (0..names.len()).filter(|axis| !wanted.contains(axis));
        single.chain(wanted.iter().copied()).collect()
    }

    /// A factor's elements over its own axes, then the batch axes, then the inner ones, all row-major.
    pub fn arrange(&self, axes: &ProductAxes, factor: Factor, value: &Tensor<i64>) -> Vec<i64> {
        let summed = [&axes.batch[..], &axes.inner].concat();
        permute(value.layout().axes(), value.data(), &self.order(factor, axes.own(factor), &summed))
    }

    /// The point of a factor: from the result's point its own axes' parts, from the sumcheck's final point the others'.
    ///
    /// # Errors
    /// [`Error::Shape`] when the result's layout is none.
    ///
    /// # Errors
    /// When the product has no output shape.
    pub fn factor_point(
        &self,
        axes: &ProductAxes,
        factor: Factor,
        point: &[Fr],
        summed: &[Fr],
    ) -> Result<Vec<Fr>> {
        let output = axes.output()?;
        let mut parts: BTreeMap<u8, &[Fr]> = BTreeMap::new();
        for ((name, _), (_, part)) in axes.output.iter().zip(split_point(&output, point)) {
            parts.insert(*name, part);
        }
        let mut rest = summed;
        for (name, length) in axes.batch.iter().chain(&axes.inner) {
            let (part, behind) = rest.split_at(bits_of(*length).min(rest.len()));
            parts.insert(*name, part);
            rest = behind;
        }
        // An axis of length one has no variables.
        let part = |name| parts.get(name).copied().unwrap_or_default();
        Ok(self.names(factor).iter().flat_map(part).copied().collect())
    }

    pub(crate) fn execute(&self, axes: &ProductAxes, left: &Tensor<i64>, right: &Tensor<i64>) -> Vec<i64> {
        let rows = |factor, value: &Tensor<i64>| {
            let trailing = [axes.own(factor), &axes.inner].concat();
            permute(value.layout().axes(), value.data(), &self.order(factor, &axes.batch, &trailing))
        };
        let (left, right) = (rows(Factor::Left, left), rows(Factor::Right, right));
        let inner = axes.num_inner();
        let counts = (length(&axes.left), length(&axes.right));
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
        permute(&lengths, &products, &known.collect::<Vec<_>>())
    }

    /// Bounds of a sum of products; `square` says that it is one of squares.
    pub(crate) fn bounds(
        axes: &ProductAxes,
        left: (i64, i64),
        right: (i64, i64),
        square: bool,
    ) -> (i128, i128) {
        let corners = [left.0, left.1].map(|x| [right.0, right.1].map(|y| i128::from(x) * i128::from(y)));
        let corners = corners.as_flattened().iter().copied();
        let (low, high) = corners.fold((0, 0), |(low, high), x| (x.min(low), x.max(high)));
        let count = axes.num_inner() as i128;
        (if square { 0 } else { count * low }, count * high)
    }
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

fn length(axes: &[Axis]) -> usize {
    axes.iter().map(|axis| axis.1).product()
}

impl ProductAxes {
    /// Layout of the result.
    ///
    /// # Errors
    /// [`Error::Shape`] when it is none.
    pub fn output(&self) -> Result<Layout> {
        Layout::new(self.output.iter().map(|axis| axis.1).collect())
    }

    /// Axes that only this factor and the result have.
    fn own(&self, factor: Factor) -> &[Axis] {
        match factor {
            Factor::Left => &self.left,
            Factor::Right => &self.right,
        }
    }

    /// Lengths of the axes that only this factor and the result have.
    pub fn own_lengths(&self, factor: Factor) -> Vec<usize> {
        self.own(factor).iter().map(|axis| axis.1).collect()
    }

    /// Lengths of the axes summed over: batch, then inner.
    pub fn summed_lengths(&self) -> Vec<usize> {
        self.batch.iter().chain(&self.inner).map(|axis| axis.1).collect()
    }

    /// Lengths of the axes that only the factors have.
    pub fn inner_lengths(&self) -> Vec<usize> {
        self.inner.iter().map(|axis| axis.1).collect()
    }

    /// Variables of the axes that only the factors have.
    pub fn inner_vars(&self) -> usize {
        self.inner.iter().map(|axis| bits_of(axis.1)).sum()
    }

    /// Variables of the axes summed over.
    pub fn summed_vars(&self) -> usize {
        self.batch.iter().chain(&self.inner).map(|axis| bits_of(axis.1)).sum()
    }

    fn num_inner(&self) -> usize {
        length(&self.inner)
    }

    /// Multiplications of an activation by an activation.
    pub fn num_products(&self) -> usize {
        length(&self.output).saturating_mul(self.num_inner())
    }

    /// The parts of the result's point for some of its axes.
    fn parts(&self, wanted: &[Axis], point: &[Fr]) -> Result<Vec<Fr>> {
        let output = self.output()?;
        let mut parts = vec![];
        for ((name, _), (_, part)) in self.output.iter().zip(split_point(&output, point)) {
            if wanted.iter().any(|axis| axis.0 == *name) {
                parts.extend_from_slice(part);
            }
        }
        Ok(parts)
    }

    /// $r_b$ of a point of the result.
    ///
    /// # Errors
    /// [`Error::Shape`] when the result's layout is none.
    pub fn batch_point(&self, point: &[Fr]) -> Result<Vec<Fr>> {
        self.parts(&self.batch, point)
    }

    /// $r_l$ or $r_r$ of a point of the result.
    ///
    /// # Errors
    /// [`Error::Shape`] when the result's layout is none.
    pub fn own_point(&self, factor: Factor, point: &[Fr]) -> Result<Vec<Fr>> {
        self.parts(self.own(factor), point)
    }
}
