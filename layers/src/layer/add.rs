//! Integer combination of activations of one shape: residual connections.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    tensor::{
        Tensor,
        value::{ValueKind, ValueSpec},
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

impl AddLayer {
    pub(crate) fn infer(&self, layer: &str, inputs: &[&ValueSpec]) -> Result<ValueSpec> {
        let attribute = |what, actual, minimum, maximum| {
            Err(Error::Attribute { layer: layer.to_owned(), what, actual, minimum, maximum })
        };
        let Some(first) = inputs.first().filter(|_| inputs.len() <= MAX_ADDENDS) else {
            return attribute("number of addends", inputs.len() as i64, 1, MAX_ADDENDS as i64);
        };
        for (input, &c) in inputs.iter().zip(&self.coefficients) {
            input.activation(layer)?;
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

    pub(crate) fn execute(&self, inputs: &[&Tensor<i64>]) -> Vec<i64> {
        let mut sum = vec![0; inputs[0].data().len()];
        for (input, &c) in inputs.iter().zip(&self.coefficients) {
            for (sum, &x) in sum.iter_mut().zip(input.data()) {
                *sum += c * x;
            }
        }
        sum
    }

    pub(crate) fn bounds(&self, inputs: &[(i64, i64)]) -> (i128, i128) {
        self.coefficients.iter().zip(inputs).fold((0, 0), |(min, max), (&c, &(low, high))| {
            let (a, b) = (i128::from(c) * i128::from(low), i128::from(c) * i128::from(high));
            (min + a.min(b), max + a.max(b))
        })
    }
}
