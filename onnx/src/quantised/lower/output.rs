//! The model's outputs.

use std::path::Path;

use tacit_layers::{Network, Output};
use tract_onnx::pb::GraphProto;

use super::lowering::Lowering;
use crate::{
    error::Error,
    float_graph::clip::Clip,
    quantised::{
        datum::{Activation, Base, Datum, Integers, Real},
        node::Node,
    },
    requantise::RescaleError,
};

impl Lowering<'_> {
    /// The network with its outputs, and the errors of its rescales.
    pub(super) fn finish(
        mut self,
        path: &Path,
        graph: &GraphProto,
        is_batched: bool,
    ) -> Result<(Network, Vec<RescaleError>), Error> {
        let malformed = |detail| Error::Malformed { path: path.to_owned(), detail };
        for output in &graph.output {
            let name = output.name.as_str();
            let producer = graph.node.iter().find(|node| node.output.first().is_some_and(|o| o == name));
            let (Some(producer), Some(datum)) = (producer, self.data.get(name).cloned()) else {
                return Err(malformed(format!("nothing computes the output `{name}`")));
            };
            let output = self.output(Node(producer), name, datum, is_batched)?;
            self.builder(Node(producer))?.output(output);
        }
        let builder = self.builder.ok_or_else(|| malformed("its input is not quantised".to_owned()))?;
        Ok((builder.finish()?, self.rescales))
    }

    fn output(
        &mut self,
        node: Node<'_>,
        name: &str,
        datum: Datum,
        is_batched: bool,
    ) -> Result<Output, Error> {
        let (view, id, scales, scale_axis) = match datum {
            Datum::Constant(_) => {
                return Err(node.refuse("a constant output", "an output that depends on the model's input"));
            }
            Datum::Integers(Integers { node: id, view, zero_point: 0, .. }) => (view, id, vec![1.0], 0),
            Datum::Integers(_) => {
                return Err(
                    node.refuse("integers with a zero point as an output", "a DequantizeLinear behind them")
                );
            }
            Datum::Real(Real { view, base }) => match base {
                Base::Input => return Err(node.not_quantised()),
                Base::Activation(Activation { node: id, scale, steps, .. }) if steps.is_empty() => {
                    (view, id, vec![f64::from(scale)], 0)
                }
                Base::Linear(linear) if linear.clip == Clip::NONE && linear.pools.is_empty() => {
                    let id = self.accumulator(node, &linear)?;
                    let scales = linear.units.iter().map(|&unit| f64::from(unit)).collect();
                    (view, id, scales, linear.channel_axis)
                }
                Base::Activation(_) | Base::Linear(_) => {
                    let actual = "an output behind a function that is not quantised";
                    return Err(node.refuse(actual, "QuantizeLinear and DequantizeLinear behind it"));
                }
            },
        };
        if !view.is_in_order() {
            return Err(node.refuse("an output with permuted axes", "the axes' computed order"));
        }
        let mut shape = view.shape();
        if is_batched && shape.len() > 1 && shape[0] == 1 {
            shape.remove(0);
        }
        Ok(Output { name: name.to_owned(), node: id, shape, scales, scale_axis })
    }
}
