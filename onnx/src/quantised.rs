//! Import of models that are already quantised: ONNX graphs in QDQ and in QOperator form.
//!
//! Such a model brings its own integers, scales and zero points, so nothing is calibrated and no weight is rounded again.
//! The graph is read node by node from the file itself:
//!
//! 1. Integer tensors become centred activations: $q - z$ with bounds $lo - z$ and $hi - z$.
//! 2. What happens between a DequantizeLinear and the next QuantizeLinear is one linear layer with its ReLU or clip, or a
//!    function of one activation. A quantised operator is read as the same three steps.
//! 3. A QuantizeLinear after a linear layer is a rescale by $\rho = s_x s_w / s_y$; an average pool and an addition have
//!    ratios of their own. `requantise` takes a fixed-point number for $\rho$ and bounds how far the result can be from
//!    ONNX Runtime's. A function of an activation is a table and exact.
//! 4. The last DequantizeLinear gives the output's scale.
//!
//! | module | concept |
//! |---|---|
//! | `attributes` | attributes and domains of quantised operators |
//! | `node` | nodes and attributes of the file |
//! | `constant` | constant tensors and their quantisation |
//! | `view` | how tensors read values of the network |
//! | `function` | functions of one number |
//! | `datum` | what a tensor of the graph is to the network |
//! | `reals` | the same model as a float model, for what has no exact integer form |
//! | `lower` | node by node to the network |

mod attributes;
mod constant;
mod datum;
mod function;
mod lower;
mod node;
mod reals;
mod view;

use std::path::Path;

use tacit_layers::Network;
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto};

use self::reals::Reals;
use crate::{
    error::Error,
    model::{
        FloatModel, LoadOptions,
        external::read_external_data,
        file::{operators, read, read_model},
        functions::inline,
        notation::unify,
        reals::to_float32,
        schema,
    },
    requantise::RescaleError,
};

/// A network from a quantised model, and how faithful each rescale is.
#[derive(Debug, Clone)]
pub struct QuantisedModel {
    /// The integer network.
    pub network: Network,
    /// One for each rescale whose ratio of scales is approximated, in graph order.
    pub rescales: Vec<RescaleError>,
}

/// Imports a quantised model; nothing when the file holds a float model.
///
/// # Errors
/// When the file cannot be read or is no ONNX model, when a node has no counterpart or is not quantised, and when the
/// network breaks a bound of the interval analysis.
pub fn import(path: &Path) -> Result<Option<QuantisedModel>, Error> {
    import_with(path, &LoadOptions::default())
}

/// [`import`] with lengths for axes that the model leaves open.
///
/// # Errors
/// As [`import`], and [`Error::Shape`] when a length does not fit the model.
pub fn import_with(path: &Path, options: &LoadOptions) -> Result<Option<QuantisedModel>, Error> {
    from_bytes_with(&read(path)?, path, options)
}

/// [`import`] of bytes that are not read from `path`, which names the model.
///
/// # Errors
/// As [`import`].
pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Option<QuantisedModel>, Error> {
    from_bytes_with(bytes, path, &LoadOptions::default())
}

/// [`from_bytes`] with lengths for axes that the model leaves open.
///
/// # Errors
/// As [`import_with`].
pub fn from_bytes_with(
    bytes: &[u8],
    path: &Path,
    options: &LoadOptions,
) -> Result<Option<QuantisedModel>, Error> {
    let mut proto = read_model(bytes, path)?;
    inline(&mut proto)?;
    if !is_quantised(&proto) {
        return Ok(None);
    }
    check(&proto)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let (network, rescales) = lower::lower(path, &stem.unwrap_or_default(), &proto, options)?;
    Ok(Some(QuantisedModel { network, rescales }))
}

/// A model that is already quantised as a float model whose values bring their scales with them, or a float model as it is.
///
/// It takes what [`import`] refuses: float operators between DequantizeLinear and QuantizeLinear, quantised operators and
/// scales that depend on the input. [`crate::quantise()`] turns it into a network; rescales to given scales are as faithful as
/// those of [`import`], the others are calibrated.
///
/// # Errors
/// As [`FloatModel::load_with`], and when integers, scales or zero points are of no kind that can be taken over.
pub fn load(path: &Path, options: &LoadOptions) -> Result<FloatModel, Error> {
    let bytes = read(path)?;
    let mut proto = read_model(&bytes, path)?;
    inline(&mut proto)?;
    if !nodes(&proto).any(|node| attributes::is_quantised(&node.op_type)) {
        return FloatModel::from_bytes_with(&bytes, path, options);
    }
    check(&proto)?;
    let operators = operators(&proto);
    let file_bytes = bytes.len() + read_external_data(&mut proto, path)?;
    let converted = to_float32(&mut proto)?;
    let Reals { mut proto, weight_units, dynamic } = reals::in_real_numbers(path, proto, file_bytes)?;
    unify(&mut proto)?;
    let mut model = FloatModel::from_proto(proto, file_bytes, path, options)?;
    (model.operators, model.converted) = (operators, converted);
    (model.weight_units, model.dynamic) = (weight_units, dynamic);
    Ok(model)
}

fn nodes(proto: &ModelProto) -> impl Iterator<Item = &NodeProto> {
    proto.graph.iter().flat_map(|graph| &graph.node)
}

/// Holds every node that float models have too against its operator's schema.
fn check(proto: &ModelProto) -> Result<(), Error> {
    let float = nodes(proto).filter(|node| !attributes::is_quantised(&node.op_type)).cloned().collect();
    let graph = GraphProto { node: float, ..GraphProto::default() };
    let opset_import = proto.opset_import.clone();
    schema::check(&ModelProto { opset_import, graph: Some(graph), ..ModelProto::default() })
}

/// Whether some node computes with quantised activations.
fn is_quantised(proto: &ModelProto) -> bool {
    proto
        .graph
        .iter()
        .flat_map(|graph| &graph.node)
        .any(|node| node.op_type != "DequantizeLinear" && attributes::is_quantised(&node.op_type))
}
