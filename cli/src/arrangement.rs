//! Which argument proves which layers, in human words.

use std::collections::BTreeMap;

use serde::Serialize;
use tacit_inference::cost::Choice;
use tacit_layers::{Architecture, argument::choice::LayerArgument};

use crate::units;

/// How many layers each argument proves, and where another one was asked for.
#[derive(Debug, Serialize)]
pub struct ArrangementFacts {
    /// Convolutions by argument.
    convolution: BTreeMap<&'static str, usize>,
    /// Matrix products by argument.
    matmul: BTreeMap<&'static str, usize>,
    /// Layers whose shape the argument asked for refuses.
    fallbacks: Vec<FallbackFacts>,
}

#[derive(Debug, Serialize)]
struct FallbackFacts {
    layer: String,
    requested: &'static str,
    used: &'static str,
    reason: String,
}

impl ArrangementFacts {
    /// Counts the choices made for a network.
    pub fn new(architecture: &Architecture, choices: &[Choice]) -> Self {
        let mut facts = Self { convolution: BTreeMap::new(), matmul: BTreeMap::new(), fallbacks: vec![] };
        for choice in choices {
            let counts = match choice.argument {
                LayerArgument::Convolution(_) => &mut facts.convolution,
                LayerArgument::Matmul(_) => &mut facts.matmul,
            };
            *counts.entry(choice.argument.name()).or_default() += 1;
            facts.fallbacks.extend(choice.refusal.as_ref().map(|refusal| FallbackFacts {
                layer: architecture.node(choice.node).name.clone(),
                requested: refusal.requested.name(),
                used: choice.argument.name(),
                reason: refusal.reason.to_string(),
            }));
        }
        facts
    }

    /// As lines of text.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let counts = |counts: &BTreeMap<&str, usize>| {
            let parts = counts.iter().map(|(name, &count)| format!("{name} {}", units::count(count as u64)));
            parts.collect::<Vec<_>>().join(", ")
        };
        let mut fields = vec![];
        for (label, by_argument) in [("convolutions", &self.convolution), ("matrix products", &self.matmul)] {
            if !by_argument.is_empty() {
                fields.push((label, counts(by_argument)));
            }
        }
        fields.extend(self.fallbacks.iter().map(|fallback| {
            let FallbackFacts { layer, requested, used, reason } = fallback;
            ("fallback", format!("`{layer}` by {used}, not {requested}: {reason}"))
        }));
        fields
    }
}
