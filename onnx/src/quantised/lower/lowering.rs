//! The network as far as it is lowered.

use std::collections::BTreeMap;

use tacit_inference::NetworkBuilder;
use tacit_layers::{InputLayer, Layout, NodeId};

use crate::{
    error::Error,
    quantised::{
        datum::{Datum, Integers},
        node::Node,
        view::View,
    },
    requantise::RescaleError,
};

/// The network as far as it is lowered.
pub(super) struct Lowering<'a> {
    pub(super) model: &'a str,
    /// The name of the model's input.
    pub(super) name: String,
    /// How the input is quantised, once a node has said so.
    pub(super) input: Option<InputLayer>,
    pub(super) input_zero_point: i64,
    pub(super) builder: Option<NetworkBuilder>,
    pub(super) data: BTreeMap<&'a str, Datum>,
    pub(super) rescales: Vec<RescaleError>,
}

impl<'a> Lowering<'a> {
    /// Nothing lowered yet.
    pub(super) const fn new(model: &'a str, name: String) -> Self {
        Self {
            model,
            name,
            input: None,
            input_zero_point: 0,
            builder: None,
            data: BTreeMap::new(),
            rescales: vec![],
        }
    }

    /// The builder; it exists once the input is quantised, which everything that is computed depends on.
    pub(super) fn builder(&mut self, node: Node<'_>) -> Result<&mut NetworkBuilder, Error> {
        self.builder.as_mut().ok_or_else(|| node.not_quantised())
    }

    /// Declares how the model's input is quantised.
    pub(super) fn quantise_input(
        &mut self,
        node: Node<'_>,
        view: View,
        scale: f32,
        zero_point: i64,
        bounds: (i64, i64),
    ) -> Result<Integers, Error> {
        let layer = InputLayer::real(Layout::new(view.lengths.clone())?, bounds, f64::from(scale));
        if self.input.as_ref().is_some_and(|known| *known != layer || self.input_zero_point != zero_point) {
            return Err(
                node.refuse("an input that is quantised in two ways", "one scale for the model's input")
            );
        }
        if self.builder.is_none() {
            self.builder =
                Some(NetworkBuilder::with_inputs(self.model, [(self.name.clone(), layer.clone())]));
        }
        (self.input, self.input_zero_point) = (Some(layer), zero_point);
        Ok(Integers { node: NodeId(0), view, zero_point, bounds })
    }
}
