//! Lowering: from tract's decluttered graph to the float graph, node by node.
//!
//! | module | concept |
//! |---|---|
//! | `row_major` | strides, and places of elements |
//! | `lowering` | the float graph as far as it is lowered |
//! | `reading` | a node's inputs as views or constants |
//! | `rearrangement` | values in other axes, where a view cannot say it |
//! | `feature_map` | feature maps, and windows over them |
//! | `images` | convolutions and pools over several feature maps at once |
//! | `reshape` | axes added, removed, moved, joined and split |
//! | `remap` | slices, padding, enlargement, repetition |
//! | `concat` | values behind each other |
//! | `pointwise` | functions of one number |
//! | `affine` | constant factors and shifts |
//! | `arithmetic` | additions, products, maxima and minima, element by element |
//! | `mask` | large negative numbers that leave elements out |
//! | `leaky_relu` | leaky rectifiers with a slope for each channel |
//! | `convolution` | convolutions |
//! | `deconvolution` | transposed convolutions |
//! | `dense` | contractions with constant weights |
//! | `product` | products of activations by activations |
//! | `pool` | maxima and sums over windows |
//! | `reduce` | sums, maxima and softmax over axes |
//! | `grid` | values that a quantised model rounds to a grid |

mod affine;
mod arithmetic;
mod concat;
mod convolution;
mod deconvolution;
mod dense;
mod feature_map;
mod grid;
mod images;
mod leaky_relu;
mod lowering;
mod mask;
mod pointwise;
mod pool;
mod product;
mod reading;
mod rearrangement;
mod reduce;
mod remap;
mod reshape;
pub(crate) mod row_major;

use tract_onnx::{
    prelude::OutletId,
    tract_core::ops::{
        array::{MultiBroadcastTo, Pad, Slice, TypedConcat},
        binary::TypedBinOp,
        cast::Cast,
        change_axes::AxisOp,
        cnn::{Conv, Deconv, MaxPool, SumPool},
        downsample::Downsample,
        einsum::EinSum,
        element_wise::ElementWiseOp,
        identity::Identity,
        logic::Iff,
        nn::{NearestUpsample, Reduce, Softmax},
    },
};

use self::lowering::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{Graph, view::View},
    model::{FloatModel, grid::RoundToGrid, integers::watch::Watch},
};

/// Lowers a model.
pub(crate) fn lower(model: &FloatModel) -> Result<Graph, Error> {
    let graph = &model.graph;
    let order = graph.eval_order().map_err(|_| Error::Run {
        detail: "nodes read each other's results, so that none comes first".to_owned(),
    })?;
    let mut lowering = Lowering::new(model);
    for (index, outlet) in graph.inputs.iter().enumerate() {
        lowering.source(index, graph.node(outlet.node))?;
    }
    for id in order {
        let node = graph.node(id);
        let constant = graph.outlet_fact(OutletId::new(id, 0)).is_ok_and(|fact| fact.konst.is_some());
        if !constant && lowering.views[id].is_none() {
            let view = lowering.node(node)?;
            lowering.register(node, view);
        }
    }
    lowering.finish()
}

impl Lowering<'_> {
    fn node(&mut self, node: &TypedNode) -> Result<View, Error> {
        if let Some(op) = node.op_as::<Conv>() {
            self.conv(node, op)
        } else if let Some(op) = node.op_as::<EinSum>() {
            self.einsum(node, op)
        } else if let Some(op) = node.op_as::<TypedBinOp>() {
            self.binary(node, op)
        } else if let Some(op) = node.op_as::<MaxPool>() {
            self.max_pool(node, op)
        } else if let Some(op) = node.op_as::<SumPool>() {
            self.sum_pool(node, op)
        } else if let Some(op) = node.op_as::<Reduce>() {
            self.reduce(node, op)
        } else if let Some(op) = node.op_as::<Softmax>() {
            self.softmax(node, op)
        } else if let Some(op) = node.op_as::<Pad>() {
            self.pad(node, op)
        } else if let Some(op) = node.op_as::<AxisOp>() {
            self.change_axes(node, op)
        } else if let Some(op) = node.op_as::<Downsample>() {
            self.downsample(node, op)
        } else if let Some(op) = node.op_as::<Slice>() {
            self.slice(node, op)
        } else if let Some(op) = node.op_as::<TypedConcat>() {
            self.concat(node, op)
        } else if let Some(op) = node.op_as::<NearestUpsample>() {
            self.upsample(node, op)
        } else if let Some(op) = node.op_as::<MultiBroadcastTo>() {
            self.broadcast_to(node, op)
        } else if let Some(op) = node.op_as::<Deconv>() {
            self.deconv(node, op)
        } else if node.op_is::<Identity>() || node.op_is::<Watch>() {
            self.reading(node, 0)
        } else if let Some(op) = node.op_as::<ElementWiseOp>() {
            self.element_wise(node, op)
        } else if let Some(op) = node.op_as::<RoundToGrid>() {
            self.round_to_grid(node, op.0)
        } else if let Some(op) = node.op_as::<Cast>() {
            self.cast(node, op)
        } else if node.op_is::<Iff>() {
            self.choice(node)
        } else if node.op.name() == "Resize" {
            let expected = "mode nearest with whole factors that repeat every position";
            Err(self.refuse(node, "this interpolation", expected))
        } else {
            Err(self.unsupported(node))
        }
    }
}
