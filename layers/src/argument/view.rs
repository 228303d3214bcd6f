//! Views of one activation: what they have in common.
//!
//! **Statement.** Every element of a view is an element of its input or zero, and the map is a product over groups $g$ of
//! consecutive input axes: for a claim $\widetilde y(r) = v$ there are vectors $S_g$ with
//! $$ \sum_i \Bigl(\prod_g S_g(i_g)\Bigr) \widetilde x(i) = v. $$
//!
//! **Shapes.** $i_g$ runs over a group's axes, each padded by itself; $S_g$ holds its stored positions, row-major.
//!
//! **Protocol.** One [sumcheck](crate::argument::sumcheck) of degree 2, batched over all claims on views of the network; then the
//! prover sends $\widetilde x(z)$ for each. A view of a view leaves a claim for another such batch. For a
//! [concatenation](crate::layer::concat::ConcatLayer) it first sends each input's share of $v$.
//!
//! **Soundness error.** [`crate::argument::soundness::views`].
//!
//! **Caller's duty.** The claims on the inputs.
//!
//! **Cost.** The prover's work is linear in the input for each claim, the verifier's in the vectors' lengths: an axis for
//! a [remap](crate::layer::remap), a group of axes for a [reshape](crate::layer::reshape). A key may not ask for more than
//! [`crate::proof::plan::MAX_VIEW_WORK`].
//!
//! **Reference.** Tacit's own; a wiring matrix that is a product over axes.
//!
//! **Code.** [prover](../../../tacit_prover/layers/view/index.html), [verifier](../../../tacit_verifier/layers/view/index.html).

use ark_bn254::Fr;
use ark_ff::One;

use crate::tensor::{
    Layout,
    evaluation::{kronecker, split_point},
};

/// The vectors of a view's map at a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shifts {
    /// For each group the number of its axes and its vector.
    groups: Vec<(usize, Vec<Fr>)>,
}

impl Shifts {
    /// From each group's number of axes and vector.
    pub const fn new(groups: Vec<(usize, Vec<Fr>)>) -> Self {
        Self { groups }
    }

    /// $\prod_g S_g(i_g)$ for every stored position of the input.
    pub fn table(&self) -> Vec<Fr> {
        self.groups.iter().fold(vec![Fr::one()], |outer, (_, vector)| {
            outer.iter().flat_map(|a| vector.iter().map(move |b| *a * b)).collect()
        })
    }

    /// $\prod_g \widetilde S_g(z_g)$ at a point of the input.
    pub fn evaluate(&self, input: &Layout, point: &[Fr]) -> Fr {
        let mut parts = split_point(input, point);
        let mut at = |(num_axes, vector): &(usize, Vec<Fr>)| -> Fr {
            let weights = kronecker(parts.by_ref().take(*num_axes));
            weights.iter().zip(vector).map(|(weight, s)| *weight * s).sum()
        };
        self.groups.iter().map(&mut at).product()
    }
}
