//! Integer combination of values of one shape: residual connections, and weights of several digits.
//!
//! An addend is an activation, or the accumulator of a dense layer or a convolution that nothing else reads (the graph's
//! [check](crate::Architecture::infer) sees to it): weights $w = 256 h + l$ are two such layers over one input.
//!
//! **Code.** [prover](../../../tacit_prover/layers/add/index.html), [verifier](../../../tacit_verifier/layers/add/index.html).

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    error::{Error, Result},
    integer::signed,
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        value::{ParameterId, ValueKind, ValueSpec},
        window::Window2d,
    },
};

/// $a = \sum_j c_j x_j$, the coefficients bringing the addends to one scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddLayer {
    /// One integer for each addend.
    pub coefficients: Vec<i64>,
}

/// Largest magnitude of a coefficient.
pub const MAX_COEFFICIENT: i64 = 1 << 24;
/// Most addends.
pub const MAX_ADDENDS: usize = 64;

impl Layer for AddLayer {
    fn name(&self) -> &'static str {
        "Add"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        vec![]
    }

    fn argument(&self) -> Option<LayerArgument> {
        None
    }

    fn set_argument(&mut self, _: LayerArgument) {}

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let layer = inputs.layer;
        if inputs.values.len() != self.coefficients.len() {
            let (expected, actual) = (self.coefficients.len(), inputs.values.len());
            return Err(Error::InputCount { layer: layer.to_owned(), expected, actual });
        }
        let inputs = &inputs.values;
        let attribute = |what, actual, minimum, maximum| {
            Err(Error::Attribute { layer: layer.to_owned(), what, actual, minimum, maximum })
        };
        let Some(first) = inputs.first().filter(|_| inputs.len() <= MAX_ADDENDS) else {
            return attribute("number of addends", signed(inputs.len()), 1, signed(MAX_ADDENDS));
        };
        for (input, &c) in inputs.iter().zip(&self.coefficients) {
            if !(-MAX_COEFFICIENT..=MAX_COEFFICIENT).contains(&c) {
                return attribute("coefficient", c, -MAX_COEFFICIENT, MAX_COEFFICIENT);
            }
            if input.layout != first.layout {
                return Err(Error::LayerShape {
                    layer: layer.to_owned(),
                    what: "addend",
                    expected: first.layout.axes().to_vec(),
                    actual: input.layout.axes().to_vec(),
                });
            }
        }
        Ok(ValueSpec { layout: first.layout.clone(), kind: ValueKind::Accumulator })
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
