//! One row, measured in this process.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tacit_benches::{
    Source, machine,
    measure::{prove_samples, set_up},
    row::{Bytes, Row, SCHEMA, Seconds, Settings, Status},
    single::LAYER,
    suites::{Case, Subject},
};
use tacit_inference::cost::{Policy, UnitCosts, choice::choose_arguments, node_cost};
use tacit_layers::{Network, Tensor, proof::plan::Plan};
use tacit_prover::ProvingKey;

use super::{folder::ModelFolder, model};
use crate::{
    arguments::{BenchOptions, RowArguments},
    provenance,
};
use tacit_cli::{
    memory,
    options::{convolution_name, matmul_name},
    progress::Progress,
    report::Report,
    samples::Samples,
};

/// Seconds that a layer's argument may be predicted to take; beyond, it is refused rather than waited for.
const LAYER_SECONDS: f64 = 20.0;

/// A case with its row before anything of it is measured: what another process needs to measure it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) case: Case,
    pub(super) row: Row,
}

/// `tacit-bench row`: the row of one case, for another process.
pub(super) fn run(arguments: &RowArguments) -> Result<Report> {
    end_with_parent();
    let job: Job =
        serde_json::from_str(&arguments.job).context("the job is none that `tacit-bench` gives")?;
    let row = measure(&job.case, job.row, &arguments.options)?;
    Ok(Report::done(&row, &""))
}

/// Ends this process when the one that started it is gone: nobody watches its memory then, and nobody reads its row.
fn end_with_parent() {
    #[cfg(unix)]
    std::thread::spawn(|| {
        let parent = std::os::unix::process::parent_id();
        while std::os::unix::process::parent_id() == parent {
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        std::process::abort();
    });
}

/// A row before anything of it is measured.
pub(super) fn blank(case: &Case, options: &BenchOptions) -> Row {
    let (policy, threads) = (policy(case, options), case.threads.or(options.threads.count));
    // A model that cannot be read fails when it is measured.
    let folder = match &case.subject {
        Subject::Folder(path) => ModelFolder::new(path).ok(),
        _ => None,
    };
    Row {
        schema: SCHEMA,
        suite: case.suite.clone(),
        group: case.group.clone(),
        name: case.name.clone(),
        varied: case.varied.clone(),
        settings: Settings {
            samples: options.samples,
            threads: threads.map_or_else(provenance::cores, usize::from),
            convolution: convolution_name(policy.convolution).to_owned(),
            matmul: matmul_name(policy.matmul).to_owned(),
            quantisation: folder.as_ref().map(|_| options.precision.summary()),
        },
        source: folder.and_then(|folder| folder.digest().ok()),
        status: Status::Failed,
        reason: None,
        date: machine::now(),
        machine: provenance::machine(),
        network: None,
        seconds: Seconds::default(),
        bytes: Bytes::default(),
        accuracy: None,
        layers: vec![],
        published: case.published.clone(),
    }
}

fn policy(case: &Case, options: &BenchOptions) -> Policy {
    let general = options.arrangement.policy();
    Policy { convolution: case.convolution(general.convolution), ..general }
}

/// Measures a case: an error is a failure, a network that Tacit does not take is a refused row.
fn measure(case: &Case, mut row: Row, options: &BenchOptions) -> Result<Row> {
    let folder = match &case.subject {
        Subject::Folder(path) => Some(ModelFolder::new(path)?),
        _ => None,
    };
    // What is missing beside a model is no fault of the model's.
    let samples = folder.as_ref().map(model::inputs).transpose()?;
    let progress = Progress::new("Compiling");
    let clock = Instant::now();
    let network = match network(case, folder.as_ref(), options) {
        Ok(network) => network,
        Err(error) => return Ok(refused(row, &error)),
    };
    row.seconds.compile = Some(clock.elapsed().as_secs_f64());
    progress.step("Committing to the weights");
    let key = match set_up(&mut row, network, case.subject.description()) {
        Ok(key) => key,
        Err(error) => return Ok(refused(row, &error.into())),
    };
    let count = usize::from(options.samples);
    let inputs = match (folder, samples) {
        (Some(folder), Some(path)) => {
            let samples = Samples::read(&path, key.network().architecture.input()?.layout.axes())?;
            row.accuracy = model::evaluate(&folder, &key, &samples, &progress)?;
            model::quantised_inputs(&key, &samples, count)?
        }
        _ => drawn_inputs(&key, count)?,
    };
    progress.step("Proving");
    let before = memory::peak_bytes();
    let forgotten = memory::forget_peak();
    prove_samples(&mut row, &key, &inputs)?;
    let proving = memory::peak_bytes();
    row.bytes.peak_memory = before.max(proving);
    row.bytes.peak_memory_proving = proving.filter(|_| forgotten);
    row.status = Status::Proved;
    Ok(row)
}

fn refused(row: Row, error: &anyhow::Error) -> Row {
    Row { status: Status::Refused, reason: Some(format!("{error:#}")), ..row }
}

/// The case's network with its arguments chosen.
fn network(case: &Case, folder: Option<&ModelFolder>, options: &BenchOptions) -> Result<Network> {
    let mut network = match folder {
        Some(folder) => model::network(folder, &options.precision.options()?)?,
        None => case.subject.network()?.context("the case has no network")?,
    };
    let units = UnitCosts::default();
    let choices = choose_arguments(&mut network, policy(case, options), &units)?;
    if let Subject::Layer(_) = case.subject {
        if let Some(refusal) = choices.into_iter().find_map(|choice| choice.refusal) {
            return Err(refusal.reason.into());
        }
        let plan = Plan::new(&network.architecture)?;
        let predicted =
            node_cost(&network.architecture, &plan, LAYER).argument.prover.nanoseconds(&units) * 1e-9;
        ensure!(
            predicted <= LAYER_SECONDS,
            "its argument is predicted to take {predicted:.0} s on one thread, and is not waited for beyond {LAYER_SECONDS} s"
        );
    }
    Ok(network)
}

/// Inputs drawn from fixed seeds.
fn drawn_inputs(key: &ProvingKey, count: usize) -> Result<Vec<Tensor<i64>>> {
    let layer = key.network().architecture.input()?;
    let (low, high) = layer.bounds;
    let draw = |seed: usize| Ok(Source::new(1 + seed as u64).tensor(layer.layout.axes(), low, high)?);
    (0..count).map(draw).collect()
}
