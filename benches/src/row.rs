//! One measured network, as one line of JSON: the format of `rows.jsonl`.
//!
//! Lists of seconds have one entry for each proved sample, in the same order. What was not measured is null, and stays null
//! where a row failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{machine::Machine, statistics::Spread};

/// The version of this format. Any change of a field's name, unit or meaning is a new version.
pub const SCHEMA: u32 = 1;

/// One measured network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The suite: `modulus`, `zoo`, `conv`, `scaling`.
    pub suite: String,
    /// Rows that make up one series or one table: `depth`, `width`, `weights`, ...
    pub group: String,
    /// The row's name, unique in its suite.
    pub name: String,
    /// What differs along the group, where one number tells.
    pub varied: Option<Varied>,
    /// SHA-256 of the model's files; null where the suite defines the network.
    pub source: Option<String>,
    /// How it ended.
    pub status: Status,
    /// Why it was refused or failed.
    pub reason: Option<String>,
    /// When the measurement began, in UTC: `2026-01-31T23:59:59Z`.
    pub date: String,
    /// Where it was measured.
    pub machine: Machine,
    /// How it was measured.
    pub settings: Settings,
    /// What was measured.
    pub network: Option<NetworkFacts>,
    /// Times.
    pub seconds: Seconds,
    /// Sizes.
    pub bytes: Bytes,
    /// How good the quantised network is, where there are labels or reference outputs.
    pub accuracy: Option<Accuracy>,
    /// What each node costs, input first.
    pub layers: Vec<LayerCost>,
    /// Published figures of other systems for the same architecture.
    pub published: Vec<Published>,
}

/// A number that differs along a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Varied {
    /// What it counts: `layers`, `weights`, `activations`, `batch`, `threads`.
    pub what: String,
    /// The number.
    pub value: u64,
}

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Every proof was made and accepted.
    Proved,
    /// Tacit does not take the model, or an argument not the shape.
    Refused,
    /// Something went wrong.
    Failed,
}

/// How a row is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Proofs made and verified, each of another sample.
    pub samples: u16,
    /// Threads of the prover; the verifier has one.
    pub threads: usize,
    /// Argument for convolutions, or `auto`.
    pub convolution: String,
    /// Argument for matrix products, or `auto`.
    pub matmul: String,
    /// How activations of ONNX models are quantised; other networks are integer ones from the start.
    pub quantisation: Option<String>,
}

/// What a network is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFacts {
    /// The architecture in a few words: `784-100-200-1000`.
    pub architecture: String,
    /// Shape of the input.
    pub input: Vec<usize>,
    /// Layers with weights.
    pub layers: usize,
    /// Weights and biases.
    pub parameters: usize,
    /// Weights without biases.
    pub weights: usize,
    /// Multiplications of a weight by an activation.
    pub multiplications: u64,
    /// Numbers that are computed between input and output: elements of every layer's value.
    pub activations: usize,
    /// Looked-up rows of one proof, padding included.
    pub lookups: usize,
    /// Layers by the argument that proves them.
    pub arguments: BTreeMap<String, usize>,
    /// Statistical soundness in bits, beside the discrete logarithm's.
    pub soundness_bits: f64,
}

/// Times in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seconds {
    /// From the model file, or from nothing, to the integer network with its arguments chosen.
    pub compile: Option<f64>,
    /// Committing to the weights and making both keys.
    pub setup: Option<f64>,
    /// Inference alone, by the integer executor, without a proof: the fastest of a few runs of each sample.
    pub inference: Vec<f64>,
    /// Proving, inference included.
    pub prove: Vec<f64>,
    /// The same by phase.
    pub phases: Phases,
    /// Verifying.
    pub verify: Vec<f64>,
}

/// Seconds of the prover's phases, which add up to its time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phases {
    /// Integer inference.
    pub inference: Vec<f64>,
    /// Witness columns and commitments to them.
    pub commit: Vec<f64>,
    /// Look-ups.
    pub lookups: Vec<f64>,
    /// The arguments of all layers.
    pub linear: Vec<f64>,
    /// The opening of all claims.
    pub opening: Vec<f64>,
}

/// Sizes in bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bytes {
    /// The largest proof.
    pub proof: Option<u64>,
    /// The proving key's file, weights included.
    pub proving_key: Option<u64>,
    /// The verifying key's file.
    pub verifying_key: Option<u64>,
    /// The most that was resident in the row's process at any time; null where the system does not tell.
    pub peak_memory: Option<u64>,
    /// The same from the first proof on: keys, proofs and verification, without what compiling and set-up needed.
    pub peak_memory_proving: Option<u64>,
}

/// How good a quantised network is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accuracy {
    /// Samples that were run.
    pub samples: usize,
    /// Share of the reference outputs that name the label.
    pub float: Option<f64>,
    /// The same of the integer network's.
    pub quantised: Option<f64>,
    /// Share of outputs on which both name the same class.
    pub agreement: Option<f64>,
}

/// What one node costs the prover: times of the sample whose proof took the median time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerCost {
    /// Its name.
    pub name: String,
    /// What it computes.
    pub operation: String,
    /// What proves it, where there is a choice.
    pub argument: Option<String>,
    /// Shape of its value.
    pub shape: Vec<usize>,
    /// Inference, measured.
    pub inference: f64,
    /// Committing to its columns, measured.
    pub commit: f64,
    /// Its part of the look-ups, which are one argument for all: shared out by the rows it looks up.
    pub lookups: f64,
    /// Its own argument, measured.
    pub linear: f64,
    /// Its part of the opening, which is one argument for all: shared out by what it committed to, weights included.
    pub opening: f64,
    /// Bytes of messages about this node alone.
    pub bytes: usize,
}

/// A published figure of another system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The system.
    pub system: String,
    /// Proving, in seconds.
    pub prove_seconds: Option<f64>,
    /// Verifying, in seconds.
    pub verify_seconds: Option<f64>,
    /// The proof.
    pub proof_bytes: Option<u64>,
    /// Memory.
    pub peak_memory_bytes: Option<u64>,
    /// The machine it was measured on.
    pub hardware: String,
    /// Where it is published.
    pub source: String,
}

/// A line that is no row.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RowError {
    /// It is no JSON, or lacks a field, or has one that this version does not know.
    #[error("it is no row of schema {SCHEMA}: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is of another version.
    #[error("it is of schema {found}, this program reads schema {SCHEMA}: measure again")]
    Version {
        /// The line's version.
        found: u64,
    },
}

impl Row {
    /// Reads a line.
    ///
    /// # Errors
    /// When it is no row of this version.
    pub fn from_line(line: &str) -> Result<Self, RowError> {
        let value: serde_json::Value = serde_json::from_str(line)?;
        match value.get("schema").and_then(serde_json::Value::as_u64) {
            Some(found) if found != u64::from(SCHEMA) => Err(RowError::Version { found }),
            _ => Ok(serde_json::from_value(value)?),
        }
    }

    /// The row as a line, without its end.
    ///
    /// # Errors
    /// Never: every field is of a kind that JSON has.
    pub fn to_line(&self) -> Result<String, RowError> {
        Ok(serde_json::to_string(self)?)
    }

    /// Whether both were asked to measure the same thing: suite, name and model.
    pub fn same_subject(&self, other: &Self) -> bool {
        (&self.suite, &self.name, &self.source) == (&other.suite, &other.name, &other.source)
    }

    /// Whether both were measured alike: same thing, machine, build and settings.
    pub fn same_measurement(&self, other: &Self) -> bool {
        self.same_subject(other)
            && self.schema == other.schema
            && self.machine == other.machine
            && self.settings == other.settings
    }

    /// Median of the prover's times.
    pub fn prove(&self) -> Option<Spread> {
        Spread::of(&self.seconds.prove)
    }

    /// Median of the verifier's times.
    pub fn verify(&self) -> Option<Spread> {
        Spread::of(&self.seconds.verify)
    }

    /// Median of the executor's times.
    pub fn inference(&self) -> Option<Spread> {
        Spread::of(&self.seconds.inference)
    }

    /// How many times longer proving takes than inference, by their medians.
    pub fn overhead(&self) -> Option<f64> {
        let (prove, inference) = (self.prove()?.median, self.inference()?.median);
        (inference > 0.0).then(|| prove / inference)
    }
}

impl Accuracy {
    /// Accuracy that quantisation lost; negative where it gained.
    pub fn loss(&self) -> Option<f64> {
        Some(self.float? - self.quantised?)
    }
}

#[cfg(test)]
mod tests;
