//! The functions of gates and states. Parameters that ONNX gives no default for, or one that runtimes do not keep to, must be
//! given.

use tract_onnx::{
    prelude::{OutletId, TractResult},
    tract_core::ops::{math::tanh, nn::sigmoid},
    tract_hir::ops::activations::{
        Clip, Elu, HardSigmoid, LeakyRelu, ScaledTanh, Softplus, Softsign, ThresholdRelu,
    },
};

use super::wiring::Wiring;

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Function {
    Sigmoid,
    Tanh,
    Relu,
    Softplus,
    Softsign,
    /// $\alpha x + \beta$.
    Affine(f32, f32),
    LeakyRelu(f32),
    ThresholdedRelu(f32),
    /// $\alpha \tanh(\beta x)$.
    ScaledTanh(f32, f32),
    /// $\max(0, \min(1, \alpha x + \beta))$.
    HardSigmoid(f32, f32),
    Elu(f32),
}

impl Function {
    /// The function of this name, which takes the next of the parameters that it has.
    pub(super) fn named(
        name: &str,
        alphas: &mut impl Iterator<Item = f32>,
        betas: &mut impl Iterator<Item = f32>,
    ) -> Option<Self> {
        let mut alpha = |default: Option<f32>| alphas.next().or(default);
        let mut beta = |default: Option<f32>| betas.next().or(default);
        Some(match name.to_ascii_lowercase().as_str() {
            "sigmoid" => Self::Sigmoid,
            "tanh" => Self::Tanh,
            "relu" => Self::Relu,
            "softplus" => Self::Softplus,
            "softsign" => Self::Softsign,
            "affine" => Self::Affine(alpha(None)?, beta(None)?),
            "leakyrelu" => Self::LeakyRelu(alpha(Some(0.01))?),
            "thresholdedrelu" => Self::ThresholdedRelu(alpha(None)?),
            "scaledtanh" => Self::ScaledTanh(alpha(None)?, beta(None)?),
            "hardsigmoid" => Self::HardSigmoid(alpha(Some(0.2))?, beta(Some(0.5))?),
            "elu" => Self::Elu(alpha(Some(1.0))?),
            _ => return None,
        })
    }

    /// Adds the function of a value.
    pub(super) fn wire(self, wiring: &mut Wiring, x: OutletId) -> TractResult<OutletId> {
        match self {
            Self::Sigmoid => wiring.node(sigmoid(), &[x]),
            Self::Tanh => wiring.node(tanh(), &[x]),
            Self::Relu => wiring.expansion(&Clip::new(Some(0.0), None), x),
            Self::Softplus => wiring.expansion(&Softplus, x),
            Self::Softsign => wiring.expansion(&Softsign, x),
            Self::Affine(alpha, beta) => {
                let scaled = wiring.scaled(x, alpha)?;
                wiring.shifted(scaled, beta)
            }
            Self::LeakyRelu(alpha) => wiring.expansion(&LeakyRelu(alpha), x),
            Self::ThresholdedRelu(alpha) => wiring.expansion(&ThresholdRelu(alpha), x),
            Self::ScaledTanh(alpha, beta) => wiring.expansion(&ScaledTanh(alpha, beta), x),
            Self::HardSigmoid(alpha, beta) => wiring.expansion(&HardSigmoid(alpha, beta), x),
            Self::Elu(alpha) => wiring.expansion(&Elu(alpha), x),
        }
    }
}
