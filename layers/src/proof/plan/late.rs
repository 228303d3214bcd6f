//! Columns that depend on challenges.

use super::{CommittedColumn, nodes};
use crate::{
    argument::{
        choice::{ConvolutionArgument, MatmulArgument},
        claim::Column,
        matmul,
    },
    error::Result,
    layer::{Operation, conv2d},
    network::Architecture,
    tensor::value::ValueSpec,
};

/// What the arguments that compare polynomials commit to: a column for each convolution, one for all matrix products.
pub(super) fn columns(architecture: &Architecture, specs: &[ValueSpec]) -> Result<Vec<CommittedColumn>> {
    let mut late = vec![];
    let mut inner = None;
    for (node, _, id) in nodes(architecture, specs) {
        match &node.operation {
            Operation::Conv2d(layer) if layer.argument == ConvolutionArgument::Polynomial => {
                let Some(input) = node.inputs.first().and_then(|id| specs.get(id.index())) else { continue };
                let layout = conv2d::polynomial::product_layout(&node.name, &layer.window, &input.layout)?;
                late.push(CommittedColumn { column: Column::Convolved(id), layout });
            }
            Operation::Dense(layer) if layer.argument == MatmulArgument::Polynomial => {
                let weights = architecture.parameter(&node.name, layer.weights)?;
                let extent = matmul::polynomial::inner_extent(&node.name, &weights.layout.axes()[1..])?;
                inner = inner.max(Some(extent));
            }
            Operation::Product(layer) if layer.argument == MatmulArgument::Polynomial => {
                let layout =
                    |i: usize| node.inputs.get(i).and_then(|id| specs.get(id.index())).map(|s| &s.layout);
                let (Some(left), Some(right)) = (layout(0), layout(1)) else { continue };
                let axes = layer.axes(&node.name, left, right)?;
                let extent = matmul::polynomial::inner_extent(&node.name, &axes.inner_lengths())?;
                inner = inner.max(Some(extent));
            }
            _ => {}
        }
    }
    if let Some(extent) = inner {
        let layout = matmul::polynomial::cross_layout(extent)?;
        late.push(CommittedColumn { column: Column::CrossTerms, layout });
    }
    Ok(late)
}
