//! Flattening: all axes read as one, without an argument.
//!
//! **Statement.** $y = x$.
//!
//! **Shapes.** Those of the input: what is called flattening outside keeps the padding of every axis here.
//!
//! **Protocol.** None: a claim on the value is one on the input.
//!
//! **Soundness error.** None.
//!
//! **Code.** [prover](../../../tacit_prover/layers/flatten/index.html), [verifier](../../../tacit_verifier/layers/flatten/index.html).

use crate::error::Result;
use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        value::{ParameterId, ValueSpec},
        window::Window2d,
    },
};
use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

/// All axes read as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlattenLayer;

impl Layer for FlattenLayer {
    fn name(&self) -> &'static str {
        "Flatten"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        vec![]
    }

    fn argument(&self) -> Option<LayerArgument> {
        None
    }

    fn set_argument(&mut self, _: LayerArgument) {}

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let [input] = inputs.exactly()?;
        Ok(input.clone())
    }

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, site: &Site) -> Reading {
        Reading::Renamed((0..site.output.layout.num_vars()).collect())
    }

    fn num_claims(&self, site: &Site, own: usize) -> Vec<usize> {
        vec![own; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, _: &Site, _: usize, _: &[Fr]) -> Option<Shifts> {
        None
    }

    fn commitments(&self, _: &Site) -> Result<Commitments> {
        Ok(Commitments::none())
    }

    fn gated(&self, _: &Site) -> Option<Gated<'_>> {
        None
    }

    fn burden(&self, _: &Site) -> Result<Burden> {
        Ok(Burden::NOTHING)
    }

    fn soundness<'a>(&'a self, _: &Site, _: &mut Batches<'a>) {}

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}
