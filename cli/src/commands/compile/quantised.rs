//! Compiling a model that is already quantised: no calibration, its own integers and scales.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_inference::cost::{UnitCosts, choice::choose_arguments};
use tacit_onnx::QuantisedModel;

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
    /// The largest bound on a rescale's error, in units of its result before rounding.
    rescale_error: f64,
    compile_seconds: f64,
}

pub(super) fn run(
    arguments: &CompileArguments,
    model: QuantisedModel,
    files: (Destination, Destination),
    start: Instant,
    progress: Progress,
) -> Result<Report> {
    let CompileArguments { model: path, calibrate, output, .. } = arguments;
    if calibrate.is_some() {
        bail!(
            "`{}` is already quantised and brings its own scales: leave --calibrate out; `tacit evaluate` measures \
             accuracy",
            path.display()
        );
    }
    if !arguments.precision.is_default() {
        bail!("`{}` is already quantised: leave --bits, --calibration and --percentile out", path.display());
    }
    let QuantisedModel { mut network, rescales } = model;
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
        rescale_error: rescales.iter().map(|rescale| rescale.units).fold(0.0, f64::max),
        compile_seconds: start.elapsed().as_secs_f64(),
    };
    let mut fields = vec![
        ("layers", units::count(facts.layers as u64)),
        ("parameters", units::count(facts.parameters as u64)),
        ("multiplications", units::count(facts.macs)),
        ("look-ups", units::count(facts.lookups as u64)),
    ];
    fields.extend(facts.arguments.fields());
    fields.push(("quantisation", "the model's own scales and zero points".to_owned()));
    fields.push(("rescale error", format!("at most {:.4} units before rounding", facts.rescale_error)));
    if facts.private_model {
        fields.push(("privacy", "weights are hidden; keep the proving key to yourself".to_owned()));
    }
    fields.extend(files);
    let title = format!("Compiled `{}` in {}\n", path.display(), units::time(start.elapsed()));
    Ok(Report::done(&facts, &(title + &units::fields(fields))))
}
