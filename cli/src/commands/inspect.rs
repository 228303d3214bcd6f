//! `tacit inspect`: a model, a key or a proof in human words.

use std::{path::Path, time::Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_inference::{
    cost::{NetworkCounts, NetworkUnits},
    interval::{Interval, analyse},
};
use tacit_layers::{
    InputCommitment, KeyProofFile, ProofFile,
    argument::soundness::SoundnessError,
    proof::{
        input,
        key::{self, VerifyingKey},
        parameters, proof_file,
        statement::{Input, Statement},
    },
};
use tacit_prover::{Proven, ProvingKey};

use super::prove::{PhaseSeconds, phase_fields};
use crate::{
    arguments::InspectArguments,
    artifact,
    description::{self, LayerDescription, TableDescription},
    inputs::{self, InputFile, Inputs},
    progress::Progress,
    report::Report,
    units,
};

#[derive(Debug, Serialize)]
struct NetworkFacts {
    kind: &'static str,
    name: String,
    key_digest: String,
    private_model: bool,
    file_bytes: usize,
    layers: Vec<LayerDescription>,
    outputs: Vec<OutputFacts>,
    parameters: usize,
    macs: u64,
    lookups: usize,
    tables: Vec<TableDescription>,
    soundness_bits: f64,
    soundness: Vec<ArgumentFacts>,
    predicted: PhaseSeconds,
    measured: Option<MeasuredFacts>,
}

/// A proof made to see what layers cost.
#[derive(Debug, Serialize)]
struct MeasuredFacts {
    prove_seconds: f64,
    phases: PhaseSeconds,
    verify_seconds: f64,
    proof_bytes: usize,
}

#[derive(Debug, Serialize)]
struct OutputFacts {
    name: String,
    shape: Vec<usize>,
}

#[derive(Debug, Serialize)]
struct ArgumentFacts {
    argument: &'static str,
    bits: f64,
}

#[derive(Debug, Serialize)]
struct ProofFacts {
    kind: &'static str,
    key_digest: String,
    file_bytes: usize,
    inputs: Vec<StatedFacts>,
    output_shapes: Vec<Vec<usize>>,
    proof_bytes: usize,
    messages: Option<Vec<MessageFacts>>,
    soundness_bits: Option<f64>,
}

/// An input that a proof is about: named where the key is known.
#[derive(Debug, Serialize)]
struct StatedFacts {
    name: Option<String>,
    shape: Vec<usize>,
    commitment: Option<String>,
}

#[derive(Debug, Serialize)]
struct CommitmentFacts {
    kind: &'static str,
    digest: String,
    file_bytes: usize,
    input_shape: Vec<usize>,
    rows: usize,
    row_length: usize,
}

#[derive(Debug, Serialize)]
struct KeyProofFacts {
    kind: &'static str,
    key_digest: String,
    file_bytes: usize,
    proof_bytes: usize,
}

#[derive(Debug, Serialize)]
struct MessageFacts {
    message: String,
    count: usize,
    bytes: usize,
}

pub(super) fn run(arguments: &InspectArguments) -> Result<Report> {
    let path = &arguments.file;
    let bytes = artifact::read(path)?;
    let is_proof = proof_file::is_proof(&bytes);
    let is_about_input = artifact::is_about_input(&bytes);
    let is_about = is_about_input || bytes.starts_with(parameters::MAGIC);
    if !arguments.measure.is_empty() && (is_proof || is_about || bytes.starts_with(key::MAGIC)) {
        bail!("--measure proves a sample with a model, `{}` is none: give a .tacit file", path.display());
    }
    if is_proof {
        let file = ProofFile::from_bytes(&bytes)
            .with_context(|| format!("cannot read the proof `{}`; ask for it again", path.display()))?;
        let key = arguments.key.as_deref().map(artifact::verifying_key).transpose()?;
        return proof(&file, bytes.len(), key.as_ref());
    }
    if arguments.key.is_some() {
        bail!("--key goes with a proof, `{}` is none: leave --key out", path.display());
    }
    if is_about_input {
        return about_input(path, &bytes);
    }
    if bytes.starts_with(parameters::MAGIC) {
        return about_key(path, &bytes);
    }
    if bytes.starts_with(key::MAGIC) {
        return network("verifying key", &artifact::verifying_key(path)?, bytes.len(), None, None);
    }
    let key = ProvingKey::from_bytes(&bytes).with_context(|| {
        format!("cannot inspect `{}`; give a .tacit, .vk or .proof file that Tacit wrote", path.display())
    })?;
    let intervals = analyse(&mut key.network().clone())?;
    let clamped = |x: i128| x.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    let ranges: Vec<(i64, i64)> =
        intervals.iter().map(Interval::hull).map(|(low, high)| (clamped(low), clamped(high))).collect();
    let index = arguments.index.unwrap_or(0);
    let samples = arguments.measure.as_slice();
    let measured = if samples.is_empty() { None } else { Some(measure(&key, samples, index)?) };
    network("model", key.verifying_key(), bytes.len(), Some(&ranges), measured)
}

/// Proves a sample and verifies the proof.
fn measure(key: &ProvingKey, files: &[InputFile], index: usize) -> Result<(Proven, MeasuredFacts)> {
    let architecture = &key.network().architecture;
    let samples = Inputs::of(architecture, files)?;
    let inputs = inputs::quantise(architecture, &samples.get(index)?)?;
    let progress = Progress::new("Proving");
    let proven = tacit_prover::prove(key, &inputs)
        .with_context(|| format!("cannot prove sample {index} of {}", inputs::list(files)))?;
    progress.step("Verifying");
    let clock = Instant::now();
    tacit_verifier::verify(key.verifying_key(), &inputs, &proven.outputs, &proven.proof)
        .context("internal error in tacit: a proof that was just made does not verify")?;
    let facts = MeasuredFacts {
        prove_seconds: proven.phases.total().as_secs_f64(),
        phases: PhaseSeconds::from(&proven.phases),
        verify_seconds: clock.elapsed().as_secs_f64(),
        proof_bytes: proven.proof.len(),
    };
    Ok((proven, facts))
}

fn network(
    kind: &'static str,
    key: &VerifyingKey,
    file_bytes: usize,
    ranges: Option<&[(i64, i64)]>,
    measured: Option<(Proven, MeasuredFacts)>,
) -> Result<Report> {
    let (architecture, plan) = (key.architecture(), key.plan());
    let argument = |(argument, error): (_, tacit_layers::argument::soundness::SoundnessError)| {
        ArgumentFacts { argument, bits: error.bits() }
    };
    let predicted = NetworkCounts::new(architecture, plan).nanoseconds(&NetworkUnits::REFERENCE);
    let predicted = predicted.map(|nanoseconds| nanoseconds * 1e-9);
    let mut layers = description::layers(architecture, plan, ranges);
    for (layer, profile) in layers.iter_mut().zip(measured.iter().flat_map(|(proven, _)| &proven.layers)) {
        layer.measured = Some(profile.into());
    }
    let (proven, measured) = measured.unzip();
    let facts = NetworkFacts {
        kind,
        name: architecture.name.clone(),
        key_digest: units::hexadecimal(key.digest()),
        private_model: key.is_private(),
        file_bytes,
        layers,
        outputs: architecture
            .outputs
            .iter()
            .map(|output| OutputFacts { name: output.name.clone(), shape: output.shape.clone() })
            .collect(),
        parameters: architecture.parameters.iter().map(|spec| spec.layout.num_elements()).sum(),
        macs: description::num_macs(architecture)?,
        lookups: key.num_lookups(),
        tables: description::tables(&plan.tables, &plan.segments),
        soundness_bits: key.soundness_bits(),
        soundness: key.soundness().into_iter().map(argument).collect(),
        predicted: predicted.into(),
        measured,
    };
    let summary = units::fields([
        ("file", units::bytes(file_bytes)),
        ("key", facts.key_digest.clone()),
        ("weights", if facts.private_model { "hidden" } else { "public" }.to_owned()),
        ("parameters", units::count(facts.parameters as u64)),
        ("multiplications", units::count(facts.macs)),
        ("look-ups", units::count(facts.lookups as u64)),
        ("predicted to prove in", units::seconds(predicted.iter().sum())),
        ("soundness", format!("{:.1} bits, beside the discrete logarithm's", facts.soundness_bits)),
    ]);
    let outputs = units::fields(facts.outputs.iter().map(|o| (o.name.as_str(), units::shape(&o.shape))));
    let tables = units::fields(facts.tables.iter().map(|table| {
        let (rows, lookups) = (units::count(table.rows), units::count(table.lookups));
        (table.content.as_str(), format!("{rows} rows, {lookups} look-ups"))
    }));
    let errors = units::fields(facts.soundness.iter().map(|a| (a.argument, format!("2^-{:.1}", a.bits))));
    let text = format!(
        "Tacit {kind} of `{}`\n{summary}\nLayers\n{}\nOutputs\n{outputs}\nLook-up tables\n{tables}\n\
         Soundness error of each argument\n{errors}\nPredicted costs, one thread of the reference machine\n{}",
        facts.name,
        description::layer_lines(&facts.layers),
        description::cost_lines(&facts.layers),
    );
    let text = match (&proven, &facts.measured) {
        (Some(proven), Some(measured)) => format!("{text}\nMeasured\n{}", measured_fields(proven, measured)),
        _ => text,
    };
    Ok(Report::done(&facts, &text))
}

fn measured_fields(proven: &Proven, measured: &MeasuredFacts) -> String {
    let mut fields = vec![("proved in", units::time(proven.phases.total()))];
    fields.extend(phase_fields(&proven.phases));
    fields.extend([
        ("verified in", units::time(std::time::Duration::from_secs_f64(measured.verify_seconds))),
        ("proof", units::bytes(measured.proof_bytes)),
    ]);
    units::fields(fields)
}

/// A commitment to an input, or its opening, of which only the commitment is shown.
fn about_input(path: &Path, bytes: &[u8]) -> Result<Report> {
    let (kind, commitment) = if bytes.starts_with(input::MAGIC) {
        ("input commitment", artifact::input_commitment(path)?)
    } else {
        ("opening of an input commitment", artifact::input_opening(path)?.commitment().clone())
    };
    let facts = CommitmentFacts {
        kind,
        digest: units::hexadecimal(&commitment.digest()?),
        file_bytes: bytes.len(),
        input_shape: commitment.layout().axes().to_vec(),
        rows: commitment.rows().len(),
        row_length: 1 << commitment.row_vars(),
    };
    let fields = units::fields([
        ("file", units::bytes(facts.file_bytes)),
        ("commitment", facts.digest.clone()),
        ("input", units::shape(&facts.input_shape)),
        ("rows", format!("{} of {} elements", facts.rows, facts.row_length)),
    ]);
    Ok(Report::done(&facts, &format!("Tacit {kind}\n{fields}")))
}

/// Describes a proof about a key.
fn about_key(path: &Path, bytes: &[u8]) -> Result<Report> {
    let kind = "proof about a key";
    let file = KeyProofFile::from_bytes(bytes)
        .with_context(|| format!("cannot read the {kind} `{}`; ask for it again", path.display()))?;
    let facts = KeyProofFacts {
        kind,
        key_digest: units::hexadecimal(&file.key_digest),
        file_bytes: bytes.len(),
        proof_bytes: file.proof.len(),
    };
    let fields = units::fields([
        ("file", units::bytes(facts.file_bytes)),
        ("key", facts.key_digest.clone()),
        ("proof", units::bytes(facts.proof_bytes)),
    ]);
    Ok(Report::done(&facts, &format!("Tacit {kind}\n{fields}")))
}

fn proof(file: &ProofFile, file_bytes: usize, key: Option<&VerifyingKey>) -> Result<Report> {
    let messages = key.map(|key| messages(file, key)).transpose()?;
    let Statement { inputs, outputs } = file.statement();
    let stated = inputs.iter().enumerate().map(|(index, input)| stated_input(*input, index, key));
    let stated = stated.collect::<Result<Vec<_>>>()?;
    let carried = match (inputs.as_slice(), stated.iter().any(|input| input.commitment.is_some())) {
        ([_], false) => "the public input",
        ([_], true) => "the input's commitment",
        (_, false) => "the public inputs",
        (_, true) => "the inputs or their commitments",
    };
    let facts = ProofFacts {
        kind: "proof",
        key_digest: units::hexadecimal(&file.key_digest),
        file_bytes,
        inputs: stated,
        output_shapes: outputs.iter().map(|output| output.layout().axes().to_vec()).collect(),
        proof_bytes: file.proof.len(),
        messages,
        soundness_bits: key.map(|key| soundness_bits(key, &file.statement().is_committed())).transpose()?,
    };
    let outputs: Vec<_> = facts.output_shapes.iter().map(|shape| units::shape(shape)).collect();
    let mut fields = vec![
        ("file", format!("{}, with {carried} and the output", units::bytes(file_bytes))),
        ("proof", units::bytes(facts.proof_bytes)),
        ("key", facts.key_digest.clone()),
    ];
    for input in &facts.inputs {
        let name = input.name.as_ref().map_or_else(String::new, |name| format!("`{name}`, "));
        fields.push(("input", name + &units::shape(&input.shape)));
        fields.extend(input.commitment.iter().map(|digest| ("input commitment", digest.clone())));
    }
    fields.push(("outputs", outputs.join(", ")));
    fields.extend(
        facts
            .soundness_bits
            .map(|bits| ("soundness", format!("{bits:.1} bits, beside the discrete logarithm's"))),
    );
    let messages = facts.messages.as_ref().map_or(
        "Give --key MODEL.vk to see its messages and its soundness error.".to_owned(),
        |messages| {
            let size = |m: &MessageFacts| {
                format!("{:>8}, {} sent", units::bytes(m.bytes), units::count(m.count as u64))
            };
            format!("Messages\n{}", units::fields(messages.iter().map(|m| (m.message.as_str(), size(m)))))
        },
    );
    let text = format!("Tacit proof\n{}\n{messages}", units::fields(fields));
    Ok(Report::done(&facts, &text))
}

/// What a proof's file carries of an input.
fn stated_input(input: Input, index: usize, key: Option<&VerifyingKey>) -> Result<StatedFacts> {
    let digest = |commitment: &InputCommitment| commitment.digest().map(|digest| units::hexadecimal(&digest));
    Ok(StatedFacts {
        name: key
            .and_then(|key| key.architecture().input_layers().nth(index))
            .map(|(name, _)| name.to_owned()),
        shape: input.layout().axes().to_vec(),
        commitment: input.commitment().map(digest).transpose()?,
    })
}

/// Statistical soundness of a proof about inputs of which these are committed.
fn soundness_bits(key: &VerifyingKey, is_committed: &[bool]) -> Result<f64> {
    Ok(key.soundness_of(is_committed)?.into_iter().map(|(_, error)| error).sum::<SoundnessError>().bits())
}

/// Messages of one name together, in the order of their first.
fn messages(file: &ProofFile, key: &VerifyingKey) -> Result<Vec<MessageFacts>> {
    if file.key_digest != *key.digest() {
        bail!("the proof is about another model than this verifying key: give the key it was made with");
    }
    let accepted = tacit_verifier::verify_statement(key, &file.statement(), &file.proof)
        .context("the proof cannot be split into its messages, because it does not verify")?;
    let mut facts: Vec<MessageFacts> = vec![];
    for (message, bytes) in accepted.messages {
        match facts.iter_mut().find(|fact| fact.message == message) {
            Some(fact) => {
                fact.count += 1;
                fact.bytes += bytes;
            }
            None => facts.push(MessageFacts { message, count: 1, bytes }),
        }
    }
    Ok(facts)
}
