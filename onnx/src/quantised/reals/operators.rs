//! Quantised operators: float operators between what their inputs stand for and a rounding to their output's grid.

use tract_onnx::pb::AttributeProto;

use super::rewriting::{Integer, Rewriting};
use crate::{
    error::Error,
    quantised::{constant::Constant, node::Node},
};

/// Scale, zero point and range of what a DynamicQuantizeLinear gives: real numbers in disguise.
const DYNAMIC: Integer = Integer { scale: 1.0, zero_point: 0, range: (0, 255) };

/// The node's attributes of these names.
fn attributes(node: Node<'_>, names: &[&str]) -> Vec<AttributeProto> {
    let chosen = node.0.attribute.iter().filter(|attribute| names.contains(&&*attribute.name));
    chosen.cloned().collect()
}

const WINDOW: &[&str] = &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];

impl Rewriting<'_> {
    /// An operator, and a rounding of its result to the grid at these inputs.
    fn rounded(
        &mut self,
        node: Node<'_>,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        [scale, zero_point]: [usize; 2],
    ) -> Result<(), Error> {
        let integer = self.quantiser(node, scale, zero_point)?;
        let result = self.fresh(node.name());
        self.emit(node, operator, inputs, &result, attributes);
        self.round(node, &result, integer, node.output()?);
        Ok(())
    }

    pub(super) fn qlinear_binary(&mut self, node: Node<'_>, operator: &str) -> Result<(), Error> {
        let (left, right) = (self.real(node, [0, 1, 2])?, self.real(node, [3, 4, 5])?);
        self.rounded(node, operator, &[&left, &right], vec![], [6, 7])
    }

    pub(super) fn qlinear_unary(&mut self, node: Node<'_>, operator: &str) -> Result<(), Error> {
        let input = self.real(node, [0, 1, 2])?;
        let mut attributes = node.0.attribute.clone();
        attributes.retain(|attribute| attribute.name != "channels_last");
        self.rounded(node, operator, &[&input], attributes, [3, 4])
    }

    pub(super) fn qlinear_softmax(&mut self, node: Node<'_>) -> Result<(), Error> {
        // From operator set 13 on, a softmax runs along one axis; before, along all from that one on.
        if self.opset < 13 || node.integer("opset", 0) < 13 {
            return Err(node.refuse("the softmax of operator sets before 13", "operator set 13 or newer"));
        }
        let input = self.real(node, [0, 1, 2])?;
        self.rounded(node, "Softmax", &[&input], attributes(node, &["axis"]), [3, 4])
    }

    pub(super) fn qlinear_concat(&mut self, node: Node<'_>) -> Result<(), Error> {
        let mut parts = vec![];
        for first in (2..node.0.input.len()).step_by(3) {
            parts.push(self.real(node, [first, first + 1, first + 2])?);
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.rounded(node, "Concat", &parts, attributes(node, &["axis"]), [0, 1])
    }

    pub(super) fn qlinear_conv(&mut self, node: Node<'_>) -> Result<(), Error> {
        let input = self.real(node, [0, 1, 2])?;
        let scale = self.scale(node, 1)?;
        let weights = self.weights(node, [3, 4, 5], 0)?;
        let kernel = self.float_constant(node, &weights)?;
        let mut inputs = vec![input, kernel];
        if let Some(bias) = self.optional(node, 8)? {
            let bias = scaled(node, &bias, scale, &weights)?;
            inputs.push(self.float_constant(node, &bias)?);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        self.rounded(node, "Conv", &inputs, attributes(node, WINDOW), [6, 7])
    }

    /// Constant weights with scales along an axis; the layer is told of them.
    fn weights(&mut self, node: Node<'_>, inputs: [usize; 3], axis: i64) -> Result<Constant, Error> {
        let weights = self.dequantised(node, inputs, axis)?;
        if let Some(quantisation) = &weights.quantisation {
            self.weight_units.insert(node.name().to_owned(), quantisation.scales.clone());
        }
        Ok(weights)
    }

    pub(super) fn qlinear_matmul(&mut self, node: Node<'_>) -> Result<(), Error> {
        let left = self.real(node, [0, 1, 2])?;
        let right = if self.is_constant(node, 3) {
            let weights = self.weights(node, [3, 4, 5], -1)?;
            self.float_constant(node, &weights)?
        } else {
            self.real(node, [3, 4, 5])?
        };
        self.rounded(node, "MatMul", &[&left, &right], vec![], [6, 7])
    }

    pub(super) fn qgemm(&mut self, node: Node<'_>) -> Result<(), Error> {
        let left = self.real(node, [0, 1, 2])?;
        let alpha = node.float("alpha", 1.0);
        let (right, bias) = if self.is_constant(node, 3) {
            let axis = i64::from(node.integer("transB", 0) == 0);
            let weights = self.weights(node, [3, 4, 5], axis)?;
            let scale = self.scale(node, 1)? * alpha;
            let bias = self.optional(node, 6)?.map(|bias| scaled(node, &bias, scale, &weights));
            (self.float_constant(node, &weights)?, bias.transpose()?)
        } else if node.input(6).is_some() {
            return Err(node.refuse("a bias of a product of activations", "no bias"));
        } else {
            (self.real(node, [3, 4, 5])?, None)
        };
        let mut inputs = vec![left, right];
        if let Some(bias) = bias {
            inputs.push(self.float_constant(node, &bias)?);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let attributes = attributes(node, &["alpha", "transA", "transB"]);
        if node.input(7).is_some() {
            return self.rounded(node, "Gemm", &inputs, attributes, [7, 8]);
        }
        self.emit(node, "Gemm", &inputs, node.output()?, attributes);
        Ok(())
    }

    /// A factor of integer products: real numbers whose unit is one.
    fn integer_factor(&mut self, node: Node<'_>, input: usize, point: usize) -> Result<String, Error> {
        let zero_point = self.zero_point(node, point)?;
        if self.is_constant(node, input) {
            let constant = self.integer_constant(node, input, point, 0)?;
            return self.float_constant(node, &constant);
        }
        self.read(node, input, 1.0, zero_point)
    }

    /// A constant factor of integer products, with zero points along an axis.
    fn integer_constant(
        &mut self,
        node: Node<'_>,
        input: usize,
        point: usize,
        axis: i64,
    ) -> Result<Constant, Error> {
        let points = self.optional(node, point)?;
        let count = points.as_ref().map_or(1, |points| points.values.len());
        let ones = Constant::ones(count);
        self.constant(node, input)?.dequantised(node, &ones, points.as_deref(), axis)
    }

    pub(super) fn conv_integer(&mut self, node: Node<'_>) -> Result<(), Error> {
        let input = self.integer_factor(node, 0, 2)?;
        let kernel = self.integer_constant(node, 1, 3, 0)?;
        self.weight_units.insert(node.name().to_owned(), vec![1.0]);
        let kernel = self.float_constant(node, &kernel)?;
        self.sums.insert(node.output()?.to_owned());
        self.emit(node, "Conv", &[&input, &kernel], node.output()?, attributes(node, WINDOW));
        Ok(())
    }

    pub(super) fn matmul_integer(&mut self, node: Node<'_>) -> Result<(), Error> {
        let left = self.integer_factor(node, 0, 2)?;
        let right = if self.is_constant(node, 1) {
            let weights = self.integer_constant(node, 1, 3, -1)?;
            self.weight_units.insert(node.name().to_owned(), vec![1.0]);
            self.float_constant(node, &weights)?
        } else {
            self.integer_factor(node, 1, 3)?
        };
        self.sums.insert(node.output()?.to_owned());
        self.emit(node, "MatMul", &[&left, &right], node.output()?, vec![]);
        Ok(())
    }

    /// Product and bias of a matrix product that gives real numbers.
    fn product(&mut self, node: Node<'_>, left: &str, weights: [usize; 3], bias: usize) -> Result<(), Error> {
        let weights = self.weights(node, weights, -1)?;
        let right = self.float_constant(node, &weights)?;
        let Some(bias) = node.input(bias) else {
            self.emit(node, "MatMul", &[left, &right], node.output()?, vec![]);
            return Ok(());
        };
        let result = self.fresh(node.name());
        self.emit(node, "MatMul", &[left, &right], &result, vec![]);
        self.emit(node, "Add", &[&result, bias], node.output()?, vec![]);
        Ok(())
    }

    pub(super) fn matmul_integer_to_float(&mut self, node: Node<'_>) -> Result<(), Error> {
        let left = self.real(node, [0, 2, 4])?;
        self.product(node, &left, [1, 3, 5], 6)
    }

    pub(super) fn dynamic_quantize_matmul(&mut self, node: Node<'_>) -> Result<(), Error> {
        let left = node.input(0).ok_or_else(|| node.refuse("a missing input", "all its inputs"))?;
        self.dynamic.push(node.name().to_owned());
        self.product(node, left, [1, 2, 3], 4)
    }

    /// The scale of the result, one here, is left to calibration: products of it and of weight scales remain what they are.
    pub(super) fn dynamic_quantize_linear(&mut self, node: Node<'_>) -> Result<(), Error> {
        let input = node.input(0).ok_or_else(|| node.refuse("a missing input", "all its inputs"))?;
        let [integers, scale, zero_point] = &node.0.output[..] else {
            return Err(node.refuse("a missing output", "all its outputs"));
        };
        self.emit(node, "Identity", &[input], integers, vec![]);
        self.integers.insert(integers.clone(), DYNAMIC);
        let one = Constant::number(1.0);
        self.initialise(node, scale, &one)?;
        self.know(scale, one);
        self.know(zero_point, Constant::number(0.0));
        self.dynamic.push(node.name().to_owned());
        Ok(())
    }
}

/// An int32 bias in units of its layer's accumulator.
fn scaled(node: Node<'_>, bias: &Constant, scale: f32, weights: &Constant) -> Result<Constant, Error> {
    let units = weights.quantisation.as_ref().map_or(&[][..], |quantisation| &quantisation.scales);
    let count = bias.values.len();
    if units.is_empty() || (units.len() > 1 && units.len() != count) {
        let actual = format!("{count} biases and {} weight scales", units.len());
        return Err(node.refuse(actual, "one bias for each output channel"));
    }
    let unit = |channel: usize| f64::from(scale) * f64::from(units[channel % units.len()]);
    let values = bias.values.iter().enumerate().map(|(channel, bias)| bias * unit(channel)).collect();
    Ok(Constant { shape: bias.shape.clone(), values, range: None, quantisation: None })
}
