//! Operators that tract fuses, in pieces again: each piece is a layer with a range of its own.

use std::sync::Arc;

use tract_onnx::{
    prelude::{OutletId, SpecialOps, TVec, Tensor, TractResult, TypedModel, TypedModelPatch, tensor0},
    tract_core::ops::{
        math::{add, mul, rsqrt, square},
        nn::{Reduce, Reducer, RmsNorm},
    },
};

/// A mean of squares over axes, and for a normalisation the small number that is added to it.
struct Fused {
    node: usize,
    axes: TVec<usize>,
    epsilon: Option<Arc<Tensor>>,
}

fn find(model: &TypedModel) -> Option<Fused> {
    model.nodes().iter().find_map(|node| {
        if let Some(op) = node.op_as::<RmsNorm>() {
            let axes = [op.axis].into_iter().collect();
            return Some(Fused { node: node.id, axes, epsilon: Some(op.eps.clone()) });
        }
        let op = node.op_as::<Reduce>().filter(|op| op.reducer == Reducer::MeanOfSquares)?;
        Some(Fused { node: node.id, axes: op.axes.clone(), epsilon: None })
    })
}

/// Means of squares as squares, sums and a factor; normalisations by them as roots and products.
pub(super) fn unfuse(mut model: TypedModel) -> TractResult<TypedModel> {
    while let Some(fused) = find(&model) {
        let mut patch = TypedModelPatch::default();
        let result = pieces(&model, &mut patch, &fused)?;
        patch.shunt_outside(&model, fused.node.into(), result)?;
        patch.apply(&mut model)?;
        model = model.into_compact()?;
    }
    Ok(model)
}

fn pieces(model: &TypedModel, patch: &mut TypedModelPatch, fused: &Fused) -> TractResult<OutletId> {
    let node = model.node(fused.node);
    let name = |piece: &str| format!("{}.{piece}", node.name);
    let input = model.outlet_fact(node.inputs[0])?;
    let lengths = fused.axes.iter().filter_map(|&axis| input.shape[axis].as_i64());
    let factor = tensor0(1.0 / lengths.product::<i64>() as f32);
    let factor = patch.add_const(name("factor"), factor.broadcast_into_rank(input.rank())?)?;
    let wire = patch.tap_model(model, node.inputs[0])?;
    let squares = patch.wire_node(name("squares"), square(), &[wire])?;
    let sums = patch.wire_node(name("sum"), Reduce::new(fused.axes.clone(), Reducer::Sum), &squares)?;
    let means = patch.wire_node(name("mean"), mul(), &[sums[0], factor])?;
    let Some(epsilon) = &fused.epsilon else { return Ok(means[0]) };
    let epsilon = Tensor::clone(epsilon).broadcast_into_rank(input.rank())?;
    let epsilon = patch.add_const(name("epsilon"), epsilon)?;
    let shifted = patch.wire_node(name("shifted"), add(), &[means[0], epsilon])?;
    let inverse = patch.wire_node(name("inverse"), rsqrt(), &shifted)?;
    Ok(patch.wire_node(name("normalised"), mul(), &[wire, inverse[0]])?[0])
}
