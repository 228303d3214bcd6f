//! Elements of tensors.

use tract_onnx::prelude::{Tensor, TractResult};

/// The elements of a tensor, row-major, as float32.
pub(crate) fn floats(tensor: &Tensor) -> TractResult<Vec<f32>> {
    let tensor = tensor.cast_to::<f32>()?;
    Ok(tensor.to_plain_array_view::<f32>()?.iter().copied().collect())
}
