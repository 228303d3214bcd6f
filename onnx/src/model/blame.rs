//! Which node of the file the importer stumbled over, and what it knew of that node's inputs.
//!
//! What the importer says of a failure is about its own rules. The user is told the ONNX node, the shapes that its inputs
//! were found to have, and what to do.

use std::{collections::BTreeMap, path::Path};

use tract_onnx::{
    prelude::InferenceModel,
    tract_hir::infer::{Factoid, InferenceFact},
};

use super::guard::Failure;
use crate::error::Error;

/// What is known when the importer fails.
pub(super) struct Blame<'a> {
    pub(super) path: &'a Path,
    /// Every node's operator, by the node's name.
    pub(super) operators: &'a BTreeMap<String, String>,
    pub(super) is_batched: bool,
}

impl Blame<'_> {
    /// The error for a failure, with the shapes of a graph as far as they are known.
    pub(super) fn error(&self, failure: &Failure, model: Option<&InferenceModel>) -> Error {
        let malformed = |detail: String| Error::Malformed { path: self.path.to_owned(), detail };
        if let Some(refusal) = &failure.refusal {
            return malformed(refusal.clone());
        }
        let Some((node, operator)) = self.node(&failure.text) else {
            return malformed("its shapes or element types contradict each other".to_owned());
        };
        let inputs = model.and_then(|model| inputs(model, node)).unwrap_or_default();
        let is_batched = self.is_batched;
        Error::Inference { node: node.clone(), operator: operator.clone(), inputs, is_batched }
    }

    /// The node that is named first, the longest name where several fit.
    fn node(&self, text: &str) -> Option<(&String, &String)> {
        let found = self.operators.iter().filter_map(|(node, operator)| {
            let place = text.find(&format!("\"{node}\"")).or_else(|| text.find(&format!("node {node} (")))?;
            Some((place, std::cmp::Reverse(node.len()), (node, operator)))
        });
        found.min_by_key(|&(place, length, _)| (place, length)).map(|(.., found)| found)
    }
}

/// The shapes of a node's inputs in words.
fn inputs(model: &InferenceModel, node: &str) -> Option<String> {
    let node = model.nodes().iter().find(|other| other.name == node)?;
    let facts = node.inputs.iter().map(|&outlet| {
        let name = model.outlet_label(outlet).unwrap_or(&model.node(outlet.node).name);
        Some(format!("`{name}` {}", shape(model.outlet_fact(outlet).ok()?)))
    });
    Some(facts.collect::<Option<Vec<_>>>()?.join(", "))
}

fn shape(fact: &InferenceFact) -> String {
    let lengths = fact.shape.dims().map(|dim| match dim.concretize() {
        Some(length) => length.to_string(),
        None => "?".to_owned(),
    });
    let open = if fact.shape.is_open() { ", .." } else { "" };
    format!("[{}{open}]", lengths.collect::<Vec<_>>().join(", "))
}
