//! Products of activations by activations: matrix products with batch axes, elementwise products with broadcasting.
//!
//! **Statement.** Every axis of the two factors and of the result has a name. By where its name occurs it is a *batch*
//! axis $b$ (everywhere), a *left* axis $l$ or a *right* axis $r$ (in one factor and in the result), or an *inner* axis
//! $k$ (in both factors only):
//! $$ a[b, l, r] = \sum_k x[b, l, k] y[b, r, k]. $$
//! A matrix product has no batch axes, an elementwise product nothing else.
//!
//! **Shapes.** Axes may stand in any order in each tensor. They are padded one by one, so that a point is cut by axis and
//! its parts put into another order. Both factors may be the same value.
//!
//! **Protocol.** For a claim $\widetilde a(r_b, r_l, r_r) = v$,
//! $$ \sum_{b, k} \mathrm{eq}(r_b, b) \widetilde x(b, r_l, k) \widetilde y(b, r_r, k) = v. $$
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
//!
//! **Code.** [prover](../../../tacit_prover/layers/product/index.html), [verifier](../../../tacit_verifier/layers/product/index.html).

mod axes;

use std::{borrow::Cow, collections::BTreeMap};

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

pub use axes::{Axis, Factor, ProductAxes};

use crate::argument::gates;
use crate::{
    argument::{
        choice::{LayerArgument, MatmulArgument},
        gates::{Circuit, check_products},
        matmul::polynomial::inner_extent,
        view::Shifts,
    },
    error::{Error, Result},
    integer::widest,
    layer::{
        batches::Batches,
        gated::{Gated, Source},
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        Layout, bits_of,
        evaluation::split_point,
        value::{ParameterId, ValueKind, ValueSpec},
        window::Window2d,
    },
};

/// $a[b, l, r] = \sum_k x[b, l, k] y[b, r, k]$.
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

impl Layer for ProductLayer {
    fn name(&self) -> &'static str {
        "Product"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        vec![]
    }

    fn argument(&self) -> Option<LayerArgument> {
        Some(LayerArgument::Matmul(self.argument))
    }

    fn set_argument(&mut self, argument: LayerArgument) {
        if let LayerArgument::Matmul(argument) = argument {
            self.argument = argument;
        }
    }

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let layer = inputs.layer;
        let [left, right] = inputs.exactly()?;
        left.activation(layer)?;
        right.activation(layer)?;
        let axes = self.axes(layer, &left.layout, &right.layout)?;
        if self.argument == MatmulArgument::Polynomial {
            inner_extent(layer, &axes.inner_lengths())?;
        }
        let layout = axes.output()?;
        if self.argument == MatmulArgument::Gates {
            for tensor in [&left.layout, &right.layout] {
                check_products(layer, widest(axes.num_products()), [tensor, &layout])?;
            }
        }
        Ok(ValueSpec { layout, kind: ValueKind::Accumulator })
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, _: &Site) -> Reading {
        Reading::Own
    }

    fn num_claims(&self, site: &Site, _: usize) -> Vec<usize> {
        vec![1; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, _: &Site, _: usize, _: &[Fr]) -> Option<Shifts> {
        None
    }

    fn commitments(&self, site: &Site) -> Result<Commitments> {
        let cross_extent = match self.argument {
            MatmulArgument::Polynomial => {
                Some(inner_extent(site.inputs.layer, &self.axes_at(site)?.inner_lengths())?)
            }
            MatmulArgument::Sumcheck | MatmulArgument::Gates => None,
        };
        Ok(Commitments { cross_extent, ..Commitments::none() })
    }

    fn gated(&self, site: &Site) -> Option<Gated<'_>> {
        let factors = [site.inputs.layout(0)?, site.inputs.layout(1)?];
        let circuit = match self.argument {
            MatmulArgument::Gates => self.circuit(factors, &site.output.layout),
            MatmulArgument::Sumcheck | MatmulArgument::Polynomial => return None,
        };
        let sources = site.reads.iter().copied().map(Source::Activation).collect();
        Some(Gated { circuit: Cow::Owned(circuit), sources })
    }

    fn burden(&self, site: &Site) -> Result<Burden> {
        let axes = self.axes_at(site)?;
        let rounds = match self.argument {
            MatmulArgument::Sumcheck | MatmulArgument::Gates => axes.inner_vars(),
            MatmulArgument::Polynomial => 0,
        };
        let verifier = self.gated(site).map_or(0, |gated| gated.wiring_work());
        Ok(Burden { verifier, rounds, products: axes.num_products() })
    }

    fn soundness<'a>(&'a self, site: &Site, batches: &mut Batches<'a>) {
        let Ok(axes) = self.axes_at(site) else { return };
        match self.argument {
            MatmulArgument::Sumcheck => batches.products.push(axes.summed_vars()),
            MatmulArgument::Polynomial => {
                let batch_vars = axes.summed_vars().saturating_sub(axes.inner_vars());
                let products = &mut batches.polynomial_products;
                products.layers = products.layers.saturating_add(1);
                products.batch_vars = products.batch_vars.max(batch_vars);
            }
            MatmulArgument::Gates => batches.circuits.extend(self.gated(site).map(|gated| gated.circuit)),
        }
    }

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}

impl ProductLayer {
    /// A product of activations: every name is an axis shared by the tensors that have it.
    pub fn circuit(&self, factors: [&Layout; 2], output: &Layout) -> Circuit {
        let mut names = [&self.output[..], &self.left, &self.right].concat();
        names.sort_unstable();
        names.dedup();
        let place = |names: &[u8], name| names.iter().position(|&other| other == name);
        let axes = names.into_iter().map(|name| {
            gates::Factor::shared(
                place(&self.output, name),
                place(&self.left, name),
                place(&self.right, name),
            )
        });
        super::gated::products(output.clone(), factors.map(Layout::clone), axes.collect())
    }

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

    /// The axes at a node.
    fn axes_at(&self, site: &Site) -> Result<ProductAxes> {
        let [left, right] = site.inputs.exactly()?;
        self.axes(site.inputs.layer, &left.layout, &right.layout)
    }

    const fn names(&self, factor: Factor) -> &Vec<u8> {
        match factor {
            Factor::Left => &self.left,
            Factor::Right => &self.right,
        }
    }

    /// A factor's axes in another order: first those of `leading`, then those of `trailing`; axes that occur once, all of
    /// length one, in front.
    pub fn order(&self, factor: Factor, leading: &[Axis], trailing: &[Axis]) -> Vec<usize> {
        let names = self.names(factor);
        let wanted = leading.iter().chain(trailing);
        let wanted: Vec<usize> =
            wanted.filter_map(|(name, _)| names.iter().position(|n| n == name)).collect();
        let single = (0..names.len()).filter(|axis| !wanted.contains(axis));
        single.chain(wanted.iter().copied()).collect()
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
}
