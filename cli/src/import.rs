//! How a model of the file is taken over: its own integers, or real numbers with scales of its own or calibrated ones.

use std::path::Path;

use anyhow::{Context, Result};
use tacit_onnx::{Error, FloatModel, LoadOptions, QuantisedModel};

/// A model that was read.
pub(crate) enum Import {
    /// A quantised model whose integers are taken over one by one.
    Integers(QuantisedModel),
    /// A float model, or a quantised one with something that has no integer form of its own.
    Reals {
        /// The model in real numbers.
        model: Box<FloatModel>,
        /// For a quantised model: why its integers are not taken over.
        refusal: Option<Error>,
    },
}

/// Reads a model.
pub(crate) fn import(path: &Path, options: &LoadOptions) -> Result<Import> {
    let failed = || format!("cannot compile `{}`", path.display());
    match tacit_onnx::quantised::import_with(path, options) {
        Ok(Some(model)) => Ok(Import::Integers(model)),
        Ok(None) => {
            let model = tacit_onnx::quantised::load(path, options).with_context(failed)?;
            Ok(Import::Reals { model: Box::new(model), refusal: None })
        }
        Err(refusal) => {
            let model = tacit_onnx::quantised::load(path, options).with_context(failed)?;
            Ok(Import::Reals { model: Box::new(model), refusal: Some(refusal) })
        }
    }
}
