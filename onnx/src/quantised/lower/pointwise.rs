//! Functions of one number: a clip of a linear layer, or a table over an activation.

use super::lowering::Lowering;
use crate::{
    error::Error,
    float_graph::clip::Clip,
    quantised::{
        datum::{Base, Datum, Real},
        function::Step,
        node::Node,
    },
};

impl Lowering<'_> {
    /// A float operator of one input.
    pub(super) fn function(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let step = match node.operator() {
            "Relu" => Step::Clip(0.0, f32::INFINITY),
            "Clip" => self.clip(node)?,
            "LeakyRelu" => Step::LeakyRelu(node.float("alpha", 0.01)),
            "Elu" => Step::Elu(node.float("alpha", 1.0)),
            "HardSigmoid" => Step::HardSigmoid(node.float("alpha", 0.2), node.float("beta", 0.5)),
            "HardSwish" => Step::HardSwish,
            "Sigmoid" => Step::Sigmoid,
            "Tanh" => Step::Tanh,
            "Exp" => Step::Exp,
            "Softplus" => Step::Softplus,
            "Abs" => Step::Abs,
            "Neg" => Step::Multiply(-1.0),
            _ => return Err(node.unsupported()),
        };
        let mut real = self.real(node, 0)?;
        match (&mut real.base, step) {
            (Base::Activation(activation), step) => activation.steps.push(step),
            (Base::Linear(linear), Step::Clip(minimum, maximum)) => {
                let clip = Clip { minimum: minimum.into(), maximum: maximum.into() };
                linear.clip = linear.clip.then(clip);
            }
            (Base::Linear(_), _) => {
                let expected = "QuantizeLinear and DequantizeLinear between the layer and its function";
                return Err(node.refuse("a function of a layer that is not quantised", expected));
            }
            (Base::Input, _) => return Err(node.not_quantised()),
        }
        Ok(Datum::Real(real))
    }

    /// Bounds are attributes in older models and inputs in newer ones.
    fn clip(&self, node: Node<'_>) -> Result<Step, Error> {
        let bound = |input: usize, name: &str, default: f32| -> Result<f32, Error> {
            match self.optional(node, input)? {
                Some(constant) => constant
                    .scalar()
                    .map(|bound| bound as f32)
                    .ok_or_else(|| node.refuse("several bounds", "one bound for the whole tensor")),
                None => Ok(node.float(name, default)),
            }
        };
        let minimum = bound(1, "min", f32::NEG_INFINITY)?;
        Ok(Step::Clip(minimum, bound(2, "max", f32::INFINITY)?))
    }

    /// QLinearSigmoid and QLinearLeakyRelu.
    pub(super) fn qlinear_function(&mut self, node: Node<'_>) -> Result<Datum, Error> {
        let (mut activation, view) = self.quantised(node, [0, 1, 2])?;
        activation.steps.push(match node.operator() {
            "QLinearSigmoid" => Step::Sigmoid,
            _ => Step::LeakyRelu(node.float("alpha", 0.01)),
        });
        let quantiser = self.quantiser(node, 3, 4)?;
        self.quantise(node, Real { view, base: Base::Activation(activation) }, quantiser).map(Datum::Integers)
    }
}
