//! Circuits of gates.

use crate::{circuit, cost};
use tacit_layers::{
    argument::gates::Circuit,
    error::{Error, Result},
    layer::{Operation, Site, circuit::CircuitLayer},
    tensor::{
        layout::Layout,
        value::{NodeId, Parameter},
    },
};

use crate::{
    builder::NetworkBuilder,
    cost::ArgumentCost,
    interval::Interval,
    layer::{Inference, Ranges, Run},
};

/// Bits of a circuit's values, sign included, that the executor can hold.
const VALUE_BITS: u32 = 63;

impl NetworkBuilder {
    /// A layer of one's own, by gates: the circuit's inputs are activations, then parameters (name, shape, values).
    ///
    /// ```
    /// use tacit_layers::{InputLayer, Layout, Output};
    /// use tacit_inference::{NetworkBuilder, circuit::CircuitBuilder};
    ///
    /// // The squared distance of two neighbours: a layer that no argument was written for.
    /// let mut gates = CircuitBuilder::new();
    /// let x = gates.input(&[4])?;
    /// for pair in x.windows(2) {
    ///     let difference = gates.sub(pair[0], pair[1]);
    ///     let square = gates.multiply(difference, difference);
    ///     gates.output(square);
    /// }
    /// let circuit = gates.finish(&[3])?;
    ///
    /// let input = InputLayer::real(Layout::new(vec![4])?, (0, 255), 1.0);
    /// let mut network = NetworkBuilder::new("distances", input);
    /// let squares = network.circuit("squares", &[network.input()], vec![], circuit);
    /// network.output(Output { name: "y".into(), node: squares, shape: vec![3], scales: vec![1.0], scale_axis: 0 });
    /// let network = network.finish()?;
    /// # Ok::<(), tacit_layers::Error>(())
    /// ```
    pub fn circuit(
        &mut self,
        name: &str,
        inputs: &[NodeId],
        parameters: Vec<(&str, Layout, Parameter)>,
        circuit: Circuit,
    ) -> NodeId {
        let parameters = parameters
            .into_iter()
            .map(|(parameter, layout, values)| self.parameter(format!("{name}.{parameter}"), layout, values))
            .collect();
        self.node(name, inputs, Operation::Circuit(CircuitLayer { circuit, parameters }))
    }
}

impl Inference for CircuitLayer {
    fn execute(&self, run: &Run) -> Result<Vec<i64>> {
        let parameters: Vec<_> = run.parameters.iter().map(|parameter| parameter.widened()).collect();
        let inputs = run.inputs.iter().map(|input| input.data());
        let inputs: Vec<&[i64]> = inputs.chain(parameters.iter().map(|values| values.as_slice())).collect();
        Ok(circuit::execute_checked(&self.circuit, &inputs)?.swap_remove(0))
    }

    fn interval(&self, site: &Site, ranges: &Ranges) -> Result<Interval> {
        let constant = |range: (i64, i64)| (i128::from(range.0), i128::from(range.1));
        let inputs = ranges.hulls();
        let activations = inputs
            .iter()
            .zip(&self.circuit.inputs)
            .map(|(&range, layout)| vec![constant(range); layout.num_elements()]);
        let parameters = ranges.parameters.iter().map(|parameter| {
            let exact = |i| constant((parameter.get(i), parameter.get(i)));
            (0..parameter.num_elements()).map(exact).collect()
        });
        let inputs: Vec<Vec<(i128, i128)>> = activations.chain(parameters).collect();
        let inputs: Vec<&[(i128, i128)]> = inputs.iter().map(Vec::as_slice).collect();
        let limit = 1_i128 << (VALUE_BITS - 1);
        let ranges = circuit::intervals(&self.circuit, &inputs, |_, ranges| {
            let outside = |bound: &i128| !(-limit..limit).contains(bound);
            match ranges.iter().flat_map(|&(low, high)| [low, high]).find(outside) {
                None => Ok(()),
                Some(bound) => Err(Error::AccumulatorOverflow {
                    layer: site.inputs.layer.to_owned(),
                    bound,
                    bits: VALUE_BITS,
                }),
            }
        })?;
        let output = ranges.first().into_iter().flatten();
        Ok(Interval::whole(output.fold((0, 0), |(low, high), &(a, b)| (low.min(a), high.max(b)))))
    }

    fn settle(&mut self, _: &str, _: Option<&Ranges>) -> Result<()> {
        Ok(())
    }

    fn cost(&self, _: &Site) -> ArgumentCost {
        cost::gates::circuit(&self.circuit)
    }

    fn detail(&self) -> String {
        format!("{} layers of {} gates", self.circuit.layers.len(), self.circuit.num_gates())
    }

    fn num_macs(&self, _: &Site) -> u64 {
        0
    }
}
