//! Functions of one number, in float32 as ONNX Runtime computes them.

/// A step of such a function.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Clip(f32, f32),
    LeakyRelu(f32),
    Elu(f32),
    HardSigmoid(f32, f32),
    HardSwish,
    Sigmoid,
    Tanh,
    Exp,
    Softplus,
    Abs,
    Multiply(f32),
    Add(f32),
}

impl Step {
    pub(super) fn apply(self, x: f32) -> f32 {
        match self {
            Self::Clip(minimum, maximum) => x.max(minimum).min(maximum),
            Self::LeakyRelu(slope) => {
                if x < 0.0 {
                    slope * x
                } else {
                    x
                }
            }
            Self::Elu(alpha) => {
                if x < 0.0 {
                    alpha * x.exp_m1()
                } else {
                    x
                }
            }
            Self::HardSigmoid(alpha, beta) => alpha.mul_add(x, beta).clamp(0.0, 1.0),
            Self::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            Self::Tanh => x.tanh(),
            Self::Exp => x.exp(),
            Self::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
            Self::Abs => x.abs(),
            Self::Multiply(factor) => factor * x,
            Self::Add(term) => x + term,
        }
    }
}
