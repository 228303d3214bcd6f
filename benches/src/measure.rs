//! Measuring one network: set-up, inference, proofs and their verification.

use std::time::{Duration, Instant};

use tacit_inference::{
    cost::{UnitCosts, node_cost},
    execute_each,
};
use tacit_layers::{
    Architecture, Network, NodeId, Tensor, argument::choice::LayerArgument, proof::key::VerifyingKey,
};
use tacit_prover::{Proven, ProvingKey, prove};
use tacit_verifier::verify;
use thiserror::Error;

use crate::{
    row::{LayerCost, NetworkFacts, Row},
    statistics::median_index,
};

/// Runs of the executor for each sample, the fastest of which counts.
const INFERENCES: usize = 5;
/// Time after which no further run is begun.
const INFERENCE_LIMIT: Duration = Duration::from_millis(200);

/// What went wrong with a network that was set up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// It cannot be run or proved.
    #[error("sample {sample} cannot be proved: {error}")]
    Prove {
        /// The sample.
        sample: usize,
        /// Why.
        error: tacit_prover::Error,
    },
    /// A proof is rejected.
    #[error("the proof of sample {sample} is rejected: {error}")]
    Rejected {
        /// The sample.
        sample: usize,
        /// Why.
        error: tacit_verifier::Error,
    },
    /// There is nothing to prove.
    #[error("there are no samples to prove: give at least one")]
    NoSamples,
}

/// Commits to a network's weights and describes it.
///
/// # Errors
/// When the network breaks a rule.
pub fn set_up(
    row: &mut Row,
    network: Network,
    description: String,
) -> Result<ProvingKey, tacit_prover::Error> {
    let clock = Instant::now();
    let key = ProvingKey::setup(network)?;
    row.seconds.setup = Some(clock.elapsed().as_secs_f64());
    row.bytes.proving_key = Some(key.to_bytes()?.len() as u64);
    row.bytes.verifying_key = Some(key.verifying_key().to_bytes()?.len() as u64);
    row.network = Some(facts(&key, description)?);
    Ok(key)
}

fn facts(key: &ProvingKey, architecture: String) -> Result<NetworkFacts, tacit_prover::Error> {
    let (network, plan) = (&key.network().architecture, key.verifying_key().plan());
    let mut facts = NetworkFacts {
        architecture,
        input: network.input()?.layout.axes().to_vec(),
        layers: 0,
        parameters: key.network().num_parameters(),
        weights: 0,
        multiplications: 0,
        activations: 0,
        lookups: key.verifying_key().num_lookups(),
        arguments: std::collections::BTreeMap::new(),
        soundness_bits: key.verifying_key().soundness_bits(),
    };
    let mut counted = std::collections::BTreeSet::new();
    for (node, site) in network.sites(&plan.specs) {
        let multiplications = tacit_inference::layer::of(&node.operation).num_macs(&site);
        facts.multiplications += multiplications;
        // Of what a layer multiplies activations by, its weights come first.
        let weights = node.operation.layer().parameters().first().copied();
        if let Some(weights) = weights.filter(|_| multiplications > 0) {
            facts.layers += 1;
            // Layers may share weights.
            let is_new = usize::from(counted.insert(weights));
            facts.weights += is_new * network.parameters[weights.index()].layout.num_elements();
        }
        if !node.inputs.is_empty() {
            facts.activations += site.output.layout.num_elements();
        }
        if let Some(argument) = node.operation.layer().argument() {
            *facts.arguments.entry(argument.name().to_owned()).or_default() += 1;
        }
    }
    Ok(facts)
}

/// Runs, proves and verifies samples.
///
/// # Errors
/// When one cannot be proved, or its proof is rejected.
pub fn prove_samples<'a>(
    row: &mut Row,
    key: &ProvingKey,
    inputs: impl IntoIterator<Item = &'a Tensor<i64>>,
) -> Result<(), MeasureError> {
    let mut profiles = vec![];
    for (sample, input) in inputs.into_iter().enumerate() {
        let failed = |error| MeasureError::Prove { sample, error };
        let (inference, nodes) = infer(key, input).map_err(failed)?;
        let clock = Instant::now();
        let proven = prove(key, input).map_err(failed)?;
        let proving = clock.elapsed();
        let clock = Instant::now();
        verify(key.verifying_key(), input, &proven.outputs, &proven.proof)
            .map_err(|error| MeasureError::Rejected { sample, error })?;
        let verifying = clock.elapsed();
        record(row, &proven, [inference, proving, verifying]);
        profiles.push(layers(key, &proven, &nodes));
    }
    let index = median_index(&row.seconds.prove).ok_or(MeasureError::NoSamples)?;
    row.layers = profiles.swap_remove(index);
    Ok(())
}

/// Inference alone: the fastest of a few runs, and when each of its nodes was done. A run that takes microseconds is otherwise mostly
/// a measure of what the caches held.
fn infer(key: &ProvingKey, input: &Tensor<i64>) -> Result<(Duration, Vec<Duration>), tacit_prover::Error> {
    let specs = &key.verifying_key().plan().specs;
    let begin = Instant::now();
    let mut fastest: Option<(Duration, Vec<Duration>)> = None;
    for _ in 0..INFERENCES {
        let mut done = vec![];
        let clock = Instant::now();
        execute_each(key.network(), specs, &[input], |_| done.push(clock.elapsed()))?;
        let elapsed = clock.elapsed();
        if fastest.as_ref().is_none_or(|(time, _)| elapsed < *time) {
            fastest = Some((elapsed, done));
        }
        if begin.elapsed() > INFERENCE_LIMIT {
            break;
        }
    }
    Ok(fastest.unwrap_or_default())
}

fn record(row: &mut Row, proven: &Proven, [inference, proving, verifying]: [Duration; 3]) {
    let (seconds, phases) = (&mut row.seconds, proven.phases);
    for (list, time) in [
        (&mut seconds.inference, inference),
        (&mut seconds.prove, proving),
        (&mut seconds.verify, verifying),
        (&mut seconds.phases.inference, phases.inference),
        (&mut seconds.phases.commit, phases.commit),
        (&mut seconds.phases.lookups, phases.lookups),
        (&mut seconds.phases.linear, phases.linear),
        (&mut seconds.phases.opening, phases.opening),
    ] {
        list.push(time.as_secs_f64());
    }
    row.bytes.proof = row.bytes.proof.max(Some(proven.proof.len() as u64));
}

/// Every node's cost. Phases that are one argument for all nodes are shared out.
fn layers(key: &ProvingKey, proven: &Proven, done: &[Duration]) -> Vec<LayerCost> {
    let (network, plan) = (&key.network().architecture, key.verifying_key().plan());
    let lookups = shares(lookup_work(network, key.verifying_key()), proven.phases.lookups);
    let opening = shares(committed(network, key.verifying_key()), proven.phases.opening);
    let mut before = Duration::ZERO;
    let nodes = network.nodes.iter().zip(&plan.specs).zip(&proven.layers).enumerate();
    nodes
        .map(|(index, ((node, spec), profile))| {
            let after = done.get(index).copied().unwrap_or(before);
            let inference = after.saturating_sub(before);
            before = after;
            LayerCost {
                name: node.name.clone(),
                operation: node.operation.layer().name().to_owned(),
                argument: node.operation.layer().argument().map(LayerArgument::name).map(str::to_owned),
                shape: spec.layout.axes().to_vec(),
                inference: inference.as_secs_f64(),
                commit: profile.commit.as_secs_f64(),
                lookups: lookups[index],
                linear: profile.argument().as_secs_f64(),
                opening: opening[index],
                bytes: profile.bytes,
            }
        })
        .collect()
}

/// The work of each node's look-ups.
fn lookup_work(network: &Architecture, key: &VerifyingKey) -> Vec<f64> {
    let units = UnitCosts::default();
    let nodes = (0..network.nodes.len()).map(|index| NodeId(index as u32));
    nodes.map(|id| node_cost(network, key.plan(), id).lookups.nanoseconds(&units)).collect()
}

/// The numbers that each node committed to, parameters included.
fn committed(network: &Architecture, key: &VerifyingKey) -> Vec<f64> {
    let parameters = network.nodes.iter().map(|node| {
        let sizes = node.operation.layer().parameters().into_iter().map(|id| {
            network.parameters.get(id.index()).map_or(0, |parameter| parameter.layout.num_elements())
        });
        sizes.sum::<usize>() as f64
    });
    let mut committed: Vec<f64> = parameters.collect();
    for column in key.plan().witness.iter().chain(&key.plan().deferred) {
        if let Some(sum) = column.column.node().and_then(|id| committed.get_mut(id.index())) {
            *sum += column.layout.num_elements() as f64;
        }
    }
    committed
}

/// A time shared out by weights.
fn shares(weights: Vec<f64>, time: Duration) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    let part = |weight: f64| if total > 0.0 { weight / total * time.as_secs_f64() } else { 0.0 };
    weights.into_iter().map(part).collect()
}
