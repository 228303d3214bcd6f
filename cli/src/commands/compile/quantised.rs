//! Compiling a model that is already quantised: its own integers and scales, and no calibration as long as it has them all.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_inference::cost::{UnitCosts, choice::choose_arguments};
use tacit_layers::Network;
use tacit_onnx::{Error, FloatModel, Quantised, QuantisedModel, RescaleError, quantise_comparably};

use super::{set_up, write};
use crate::{
    arguments::CompileArguments, arrangement::ArrangementFacts, description, destination::Destination,
    progress::Progress, report::Report, units,
};

#[derive(Debug, Serialize)]
struct Facts {
    layers: usize,
    parameters: usize,
    macs: u64,
    lookups: usize,
    private_model: bool,
    arguments: ArrangementFacts,
    already_quantised: bool,
    #[serde(flatten)]
    faithfulness: Faithfulness,
    /// What was changed in reading the file.
    notes: Vec<String>,
    compile_seconds: f64,
}

/// How near a network is to ONNX Runtime's integers.
#[derive(Debug, Serialize)]
pub(super) struct Faithfulness {
    /// Whether every integer is the runtime's.
    bit_exact: bool,
    /// The largest bound on a rescale's error, in units of its result before rounding.
    rescale_error: f64,
    /// Layers that have no such bound.
    unbounded: Vec<String>,
    /// Why the model's integers are not taken over one by one.
    because: Option<String>,
}

/// Names of layers that are printed at most.
const MAX_NAMES: usize = 4;

impl Faithfulness {
    fn of_integers(rescales: &[RescaleError]) -> Self {
        Self {
            bit_exact: rescales.is_empty(),
            rescale_error: largest(rescales),
            unbounded: vec![],
            because: None,
        }
    }

    /// That of a quantised model in real numbers.
    pub(super) fn of_reals(quantised: &Quantised, model: &FloatModel, refusal: &Error) -> Self {
        let mut unbounded = model.dynamic_nodes().to_vec();
        unbounded.extend(quantised.unbounded.iter().cloned());
        unbounded.dedup();
        Self {
            bit_exact: false,
            rescale_error: largest(&quantised.rescales),
            unbounded,
            because: Some(because(refusal)),
        }
    }

    /// What to print of it.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let way = if self.bit_exact {
            "the model's own integers, bit-exact with ONNX Runtime".to_owned()
        } else if self.because.is_none() {
            "the model's own integers, rescales within a bound of ONNX Runtime's".to_owned()
        } else if self.unbounded.is_empty() {
            "the model's own scales, rescales within a bound of ONNX Runtime's".to_owned()
        } else {
            let names = self.unbounded.iter().take(MAX_NAMES).cloned().collect::<Vec<_>>().join(", ");
            let more = if self.unbounded.len() > MAX_NAMES { ", ..." } else { "" };
            let count = units::count(self.unbounded.len() as u64);
            format!(
                "the model's own scales; no bound against ONNX Runtime for layers: {count} ({names}{more})"
            )
        };
        let mut fields = vec![("quantisation", way)];
        if !self.bit_exact {
            let error = format!("at most {:.4} units before rounding", self.rescale_error);
            fields.push(("rescale error", error));
        }
        fields.extend(self.because.iter().map(|because| ("not by integers", because.clone())));
        fields
    }
}

/// Why a model's integers are not taken over one by one.
fn because(refusal: &Error) -> String {
    match refusal {
        Error::UnsupportedOperator { node, operator } => {
            format!("node `{node}`: {operator} has no integer form of its own")
        }
        other => other.to_string(),
    }
}

fn largest(rescales: &[RescaleError]) -> f64 {
    rescales.iter().map(|rescale| rescale.units).fold(0.0, f64::max)
}

/// Compiles a model whose integers are taken over one by one.
pub(super) fn run(
    arguments: &CompileArguments,
    model: QuantisedModel,
    files: (Destination, Destination),
    start: Instant,
    progress: Progress,
) -> Result<Report> {
    let CompileArguments { model: path, calibrate, .. } = arguments;
    if !calibrate.is_empty() {
        bail!(
            "`{}` is already quantised and brings its own scales: leave --calibrate out; `tacit evaluate` measures \
             accuracy",
            path.display()
        );
    }
    if !arguments.precision.is_default() {
        bail!("`{}` is already quantised: leave --bits, --calibration and --percentile out", path.display());
    }
    let faithfulness = Faithfulness::of_integers(&model.rescales);
    finish(arguments, (model.network, vec![]), faithfulness, files, start, progress)
}

/// Compiles a quantised model in real numbers without samples.
pub(super) fn run_in_reals(
    arguments: &CompileArguments,
    (model, refusal): (&FloatModel, &Error),
    files: (Destination, Destination),
    start: Instant,
    progress: Progress,
) -> Result<Report> {
    let path = arguments.model.display();
    let quantised = match quantise_comparably(model, &[], &arguments.precision.options()?) {
        Err(Error::NoCalibration) => bail!(
            "`{path}` is quantised, but not all of its values have a scale ({}): give samples that the other scales \
             are chosen from with --calibrate X.npy",
            because(refusal)
        ),
        result => result.with_context(|| format!("cannot compile `{path}`"))?,
    };
    let faithfulness = Faithfulness::of_reals(&quantised, model, refusal);
    finish(arguments, (quantised.network, model.notes()), faithfulness, files, start, progress)
}

fn finish(
    arguments: &CompileArguments,
    (mut network, notes): (Network, Vec<String>),
    faithfulness: Faithfulness,
    files: (Destination, Destination),
    start: Instant,
    progress: Progress,
) -> Result<Report> {
    let CompileArguments { model: path, output, .. } = arguments;
    let failed = || format!("cannot compile `{}`", path.display());
    let policy = arguments.arrangement.policy();
    let choices = choose_arguments(&mut network, policy, &UnitCosts::default()).with_context(failed)?;
    progress.step("Committing to the weights");
    let key = set_up(network, arguments.private_model).with_context(failed)?;
    let files = write(&key, output, files)?;
    drop(progress);

    let facts = Facts {
        layers: description::num_layers(&key.network().architecture),
        parameters: key.network().num_parameters(),
        macs: description::num_macs(&key.network().architecture)?,
        lookups: key.verifying_key().num_lookups(),
        private_model: arguments.private_model,
        arguments: ArrangementFacts::new(&key.network().architecture, &choices),
        already_quantised: true,
        faithfulness,
        notes,
        compile_seconds: start.elapsed().as_secs_f64(),
    };
    let mut fields = vec![
        ("layers", units::count(facts.layers as u64)),
        ("parameters", units::count(facts.parameters as u64)),
        ("multiplications", units::count(facts.macs)),
        ("look-ups", units::count(facts.lookups as u64)),
    ];
    fields.extend(facts.arguments.fields());
    fields.extend(facts.faithfulness.fields());
    fields.extend(facts.notes.iter().map(|note| ("note", note.clone())));
    if facts.private_model {
        fields.push(("privacy", "weights are hidden; keep the proving key to yourself".to_owned()));
    }
    fields.extend(files);
    let title = format!("Compiled `{}` in {}\n", units::path(path), units::time(start.elapsed()));
    Ok(Report::done(&facts, &(title + &units::fields(fields))))
}
