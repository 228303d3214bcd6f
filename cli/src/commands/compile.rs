//! `tacit compile`: from an ONNX model to a proving key and a verifying key.

use std::{path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_inference::cost::{UnitCosts, choice::choose_arguments};
use tacit_layers::{Architecture, Network, Output, proof::key};
use tacit_onnx::{FloatModel, quantise_comparably};
use tacit_prover::{ProvingKey, Seed};

use self::{quantised::Faithfulness, values::ValueFacts, widths::PrecisionFacts};
use crate::{
    answer::{Answer, agreement, argmax, outputs_of},
    arguments::CompileArguments,
    arrangement::ArrangementFacts,
    artifact, description,
    destination::{Destination, beside, check_distinct},
    fidelity::{self, OutputFidelity},
    import::{Import, import},
    inference::Inference,
    inputs::{InputFile, Inputs},
    progress::Progress,
    report::Report,
    units,
};

mod quantised;
mod values;
mod widths;

#[derive(Debug, Serialize)]
struct Facts {
    layers: usize,
    parameters: usize,
    macs: u64,
    lookups: usize,
    private_model: bool,
    arguments: ArrangementFacts,
    precision: PrecisionFacts,
    /// Share of samples with the float model's class; null where the first output does not look like classes.
    float_agreement: Option<f64>,
    /// Every output beside the float model's, which the importer runs on the calibration samples.
    outputs: Vec<OutputFidelity>,
    /// What is wrong with them.
    warnings: Vec<String>,
    accuracy_float: Option<f64>,
    accuracy_quantised: Option<f64>,
    compile_seconds: f64,
    /// For a model that is already quantised: how near the network is to its integers.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantisation: Option<Faithfulness>,
    /// What was changed in reading the file.
    notes: Vec<String>,
    /// With `--report`: every value, compared with the float model's.
    values: Option<Vec<ValueFacts>>,
}

impl Facts {
    /// The facts in words.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("layers", units::count(self.layers as u64)),
            ("parameters", units::count(self.parameters as u64)),
            ("multiplications", units::count(self.macs)),
            ("look-ups", units::count(self.lookups as u64)),
        ];
        fields.extend(self.precision.cost(self.lookups).map(|cost| ("cost of widths", cost)));
        fields.extend(self.arguments.fields());
        fields.extend(self.precision.fields());
        fields.extend(self.accuracy_float.map(|share| ("accuracy, float", units::share(share))));
        fields.extend(self.accuracy_quantised.map(|share| ("accuracy, quantised", units::share(share))));
        fields.extend(self.notes.iter().map(|note| ("note", note.clone())));
        fields.extend(self.quantisation.iter().flat_map(Faithfulness::fields));
        if self.private_model {
            fields.push(("privacy", "weights are hidden; keep the proving key to yourself".to_owned()));
        }
        fields
    }
}

/// Where the proving and the verifying key will go.
fn files(arguments: &CompileArguments, inputs: &[&Path]) -> Result<(Destination, Destination)> {
    let output = &arguments.output;
    let key_path = beside(output, "vk", "the verifying key", "tacit")?;
    // Whoever reads a private model's proving key knows what its commitments are blinded by.
    let model_file = if arguments.private_model {
        Destination::secret(output, inputs)?
    } else {
        Destination::new(output, inputs)?
    };
    let model_file = model_file.replacing("a compiled model", &[tacit_prover::key::MAGIC])?;
    let key_file = Destination::new(&key_path, inputs)?.replacing("a verifying key", &[key::MAGIC])?;
    check_distinct(&[&model_file, &key_file])?;
    // Without its model there, a key is another model's, by a name that differs in its extension.
    if key_file.path().exists() && !model_file.path().exists() {
        bail!(
            "cannot write `{}`: it is the verifying key of another model than `{}`, which does not exist yet; give another path, or move it away",
            key_file.path().display(),
            output.display()
        );
    }
    Ok((model_file, key_file))
}

pub(super) fn run(arguments: &CompileArguments) -> Result<Report> {
    let start = Instant::now();
    let options = arguments.precision.options()?;
    let CompileArguments { model: path, calibrate, labels, output, .. } = arguments;
    let read = [Some(path), labels.as_ref()].into_iter().flatten().map(AsRef::as_ref);
    let inputs: Vec<&Path> = read.chain(calibrate.iter().flat_map(InputFile::paths)).collect();
    let (model_file, key_file) = files(arguments, &inputs)?;

    let progress = Progress::new("Reading the model");
    // Read here first, so that a missing file is reported in the same words everywhere.
    artifact::read(path)?;
    let load = arguments.shapes.options()?;
    let (float, refusal) = match import(path, &load)? {
        Import::Integers(model) => {
            return quantised::run(arguments, model, (model_file, key_file), start, progress);
        }
        Import::Reals { model, refusal } => (*model, refusal),
    };
    if calibrate.is_empty() {
        if let Some(refusal) = &refusal {
            let model = (&float, refusal);
            return quantised::run_in_reals(arguments, model, (model_file, key_file), start, progress);
        }
        bail!(
            "`{}` is a float model: give samples that activation ranges are chosen from with --calibrate X.npy",
            path.display()
        );
    }
    let samples = Inputs::of_model(&float, calibrate)?;
    let calibration = samples.flat()?;
    let labels = labels.as_ref().map(|path| samples.labels(path)).transpose()?;

    let refused = || format!("cannot compile `{}`", path.display());
    progress.step("Quantising");
    let mut quantised = quantise_comparably(&float, &calibration, &options).with_context(refused)?;
    let policy = arguments.arrangement.policy();
    let choices =
        choose_arguments(&mut quantised.network, policy, &UnitCosts::default()).with_context(refused)?;
    progress.step("Comparing layers");
    let looked_at = if arguments.report { calibration.clone() } else { some_of(&calibration) };
    let values = quantised.compare(&float, &looked_at).with_context(refused)?;
    let faithfulness = refusal.as_ref().map(|refusal| Faithfulness::of_reals(&quantised, &float, refusal));
    let mut precision = PrecisionFacts::from(quantised.precision);
    precision.note_clipping(&values);
    let values = arguments.report.then(|| values.into_iter().map(ValueFacts::from).collect());
    progress.step("Committing to the weights");
    let key = set_up(quantised.network, arguments.private_model).with_context(refused)?;

    progress.step("Comparing with the float model");
    let answers = Inference::new(key.network())?.answers_of(&samples.all()?, &progress)?;
    let comparison = Comparison::new(&float, &key.network().architecture, &calibration, &answers)?;
    let Comparison { outputs, classes: classes_float } = comparison;
    let classes_quantised: Vec<usize> = answers.iter().map(|answer| answer.argmax).collect();
    let accuracy = |classes: &[usize]| labels.as_ref().map(|labels| agreement(classes, labels));
    let mut warnings: Vec<String> = outputs.iter().flat_map(OutputFidelity::warnings).collect();
    if let (Some(labels), Some(output)) = (&labels, key.network().architecture.outputs.first()) {
        fidelity::check_labels(labels, &output.name, &output.shape)?;
        warnings.extend(fidelity::doubt_about_labels(labels, &classes_float, "the float model"));
    }
    let is_poor = arguments.strict && !warnings.is_empty();

    let files = if is_poor { None } else { Some(write(&key, output, (model_file, key_file))?) };
    drop(progress);

    let facts = Facts {
        layers: description::num_layers(&key.network().architecture),
        parameters: key.network().num_parameters(),
        macs: description::num_macs(&key.network().architecture)?,
        lookups: key.verifying_key().num_lookups(),
        private_model: arguments.private_model,
        arguments: ArrangementFacts::new(&key.network().architecture, &choices),
        precision,
        float_agreement: outputs.first().and_then(OutputFidelity::agreement),
        outputs,
        warnings,
        accuracy_float: accuracy(&classes_float),
        accuracy_quantised: accuracy(&classes_quantised),
        compile_seconds: start.elapsed().as_secs_f64(),
        quantisation: faithfulness,
        notes: float.notes(),
        values,
    };
    let mut fields = facts.fields();
    match files {
        Some(files) => fields.extend(files),
        None => fields.push(("files", "none written, because of --strict".to_owned())),
    }
    let title = format!("Compiled `{}` in {}\n", units::path(path), units::time(start.elapsed()));
    let values = facts.values.as_deref().map_or_else(String::new, |values| {
        format!("\nValues beside the float model's\n{}\n", values::table(values))
    });
    let outputs = units::fields(facts.outputs.iter().map(|output| (output.name(), output.to_text())));
    let outputs = format!(
        "Outputs beside those of the float model, run by the importer on {} samples\n{outputs}",
        samples.len()
    );
    let text =
        title + &values + &units::fields(fields) + &outputs + &fidelity::warning_lines(&facts.warnings);
    Ok(if is_poor { Report::poor(&facts, &text) } else { Report::done(&facts, &text) })
}

/// Samples that values are compared on where nobody asks for a report.
const MAX_COMPARED: usize = 16;

/// Some samples, spread evenly over all.
fn some_of(samples: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let step = samples.len().div_ceil(MAX_COMPARED).max(1);
    samples.iter().step_by(step).cloned().collect()
}

/// The quantised network beside the float model.
struct Comparison {
    outputs: Vec<OutputFidelity>,
    /// The float model's class of each sample.
    classes: Vec<usize>,
}

impl Comparison {
    fn new(
        float: &FloatModel,
        architecture: &Architecture,
        samples: &[Vec<f32>],
        answers: &[Answer],
    ) -> Result<Self> {
        let reference =
            samples.iter().map(|sample| Ok(float.run_all(sample)?)).collect::<Result<Vec<_>>>()?;
        let of = |index: usize| -> Vec<Vec<f32>> {
            reference.iter().map(|outputs| outputs.get(index).cloned().unwrap_or_default()).collect()
        };
        let compare = |(index, output): (usize, &Output)| {
            let (name, expected) = (&output.name, of(index));
            fidelity::check_finite(&format!("output `{name}` of the float model"), &expected)?;
            Ok(OutputFidelity::new(name, &output.shape, &expected, &outputs_of(answers, index)))
        };
        let outputs = architecture.outputs.iter().enumerate().map(compare).collect::<Result<_>>()?;
        Ok(Self { outputs, classes: of(0).iter().map(|values| argmax(values)).collect() })
    }
}

/// Commits to the weights, blinded for a private model.
fn set_up(network: Network, is_private: bool) -> tacit_prover::error::Result<ProvingKey> {
    if is_private {
        ProvingKey::setup_private(network, &Seed::from_os()?)
    } else {
        ProvingKey::setup(network)
    }
}

/// Writes both keys or neither; returns what to report of them.
fn write(
    key: &ProvingKey,
    output: &Path,
    (model_file, key_file): (Destination, Destination),
) -> Result<[(&'static str, String); 2]> {
    let (model_bytes, key_bytes) = (key.to_bytes()?, key.verifying_key().to_bytes()?);
    let key_path = key_file.path().to_owned();
    let (model_file, key_file) = (model_file.prepare(&model_bytes)?, key_file.prepare(&key_bytes)?);
    model_file.place()?;
    key_file.place().inspect_err(|_| {
        // Without its verifying key the model is half a result: leave none. The error is reported in any case.
        let _ = std::fs::remove_file(output);
    })?;
    let describe = |path: &Path, bytes: &[u8]| format!("{} ({})", path.display(), units::bytes(bytes.len()));
    Ok([("proving key", describe(output, &model_bytes)), ("verifying key", describe(&key_path, &key_bytes))])
}
