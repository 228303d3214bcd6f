//! Fits the cost model of whole networks to this machine and says how well it predicts:
//! `cargo run --release -p tacit-benches --example calibrate -- [MODEL.tacit ...]`. The unit costs are fitted to proofs of
//! networks with random weights; models on the command line are predicted with them, not fitted. Everything is printed in
//! Markdown: kernel speeds, unit costs, and predicted and measured times of every network.

use std::{error::Error, io::Write, path::PathBuf};

use clap::Parser;
use tacit_benches::{
    Source,
    networks::{batched_mlp, cnn_264k, dense_4m, lenet5, mlp, picture, vgg11, vgg16},
    units,
};
use tacit_inference::cost::{
    NetworkCounts, NetworkUnits, UnitCosts,
    network::{LABELS, PHASES},
};
use tacit_layers::Network;
use tacit_prover::{Phases, ProvingKey, prove};

/// Fits the cost model of whole networks.
#[derive(Debug, Parser)]
struct Arguments {
    /// Proving keys to predict
    models: Vec<PathBuf>,
    /// Proofs of each network, of which each phase's fastest counts
    #[arg(long, default_value_t = 10)]
    repetitions: usize,
    /// Threads; all without it
    #[arg(long)]
    threads: Option<usize>,
    /// Predict with the built-in unit costs of the reference machine
    #[arg(long)]
    reference: bool,
    /// Leave the kernels out
    #[arg(long)]
    no_kernels: bool,
}

/// Nanoseconds of each phase.
type Times = [f64; PHASES.len()];

struct Measured {
    name: String,
    counts: NetworkCounts,
    times: Times,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads.unwrap_or(0));
    pool.build_global()?;
    let mut out = std::io::stdout();
    if !arguments.no_kernels {
        kernels(&mut out, &units::measure()?)?;
    }
    let mut fitted = vec![];
    for (name, network) in training()? {
        fitted.push(measure(name, &ProvingKey::setup(network)?, arguments.repetitions)?);
    }
    let proofs: Vec<_> = fitted.iter().map(|measured| (measured.counts, measured.times)).collect();
    let units = if arguments.reference { NetworkUnits::REFERENCE } else { NetworkUnits::fit(&proofs) };
    writeln!(out, "| phase | nanoseconds for each |\n|---|---|")?;
    for (phase, (labels, units)) in PHASES.iter().zip(LABELS.iter().zip(&units.0)) {
        let terms: Vec<String> = labels
            .iter()
            .zip(units)
            .filter(|(label, _)| !label.is_empty())
            .map(|(label, unit)| format!("{label}: {}", significant(*unit)))
            .collect();
        writeln!(out, "| {phase} | {} |", terms.join("; "))?;
    }
    // As the reference's source has them.
    let rows = units.0.map(|row| row.map(literal).join(", "));
    writeln!(out, "\n```text\nSelf([[{}]])\n```", rows.join("], ["))?;
    table(&mut out, "fitted", &fitted, &units)?;
    let mut predicted = vec![];
    for path in &arguments.models {
        let key = ProvingKey::from_bytes(&std::fs::read(path)?)?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        predicted.push(measure(name, &key, arguments.repetitions)?);
    }
    if !predicted.is_empty() {
        table(&mut out, "predicted", &predicted, &units)?;
    }
    Ok(())
}

/// What the unit costs are fitted to: from small to large in weights, in activations, and in both.
fn training() -> Result<Vec<(String, Network)>, Box<dyn Error>> {
    let mut networks = vec![
        ("LeNet-5".to_owned(), lenet5()?),
        ("VGG11".to_owned(), vgg11()?),
        ("VGG16".to_owned(), vgg16()?),
        ("CNN-264k".to_owned(), cnn_264k()?),
        ("dense-4M".to_owned(), dense_4m()?),
        ("batch of 16".to_owned(), batched_mlp("batch", 16, &[256, 256, 10])?),
    ];
    for (name, widths) in [
        ("perceptron, 100 k", vec![784, 128, 10]),
        ("perceptron, 1 M", vec![784, 1024, 256, 10]),
        ("perceptron, 16 M", vec![4096, 2048, 2048, 2048, 10]),
        ("perceptron of 30 layers", vec![256; 31]),
    ] {
        networks.push((name.to_owned(), mlp("mlp", &widths)?));
    }
    for side in [16, 64] {
        networks.push((format!("picture of {side}"), picture(side)?));
    }
    Ok(networks)
}

/// The least time of each phase in some proofs.
fn measure(name: String, key: &ProvingKey, repetitions: usize) -> Result<Measured, Box<dyn Error>> {
    let architecture = &key.network().architecture;
    let layer = architecture.input()?;
    let (low, high) = layer.bounds;
    let mut times = [f64::INFINITY; PHASES.len()];
    // The first is not counted.
    for seed in 0..=repetitions.max(1) as u64 {
        let input = Source::new(seed + 1).tensor(layer.layout.axes(), low, high)?;
        let Phases { inference, commit, lookups, linear, opening } = prove(key, &input)?.phases;
        if seed > 0 {
            for (least, time) in times.iter_mut().zip([inference, commit, lookups, linear, opening]) {
                *least = least.min(time.as_secs_f64() * 1e9);
            }
        }
    }
    let counts = NetworkCounts::new(architecture, key.verifying_key().plan());
    Ok(Measured { name, counts, times })
}

/// Predicted and measured times with their ratio, of each network.
fn table(
    out: &mut impl Write,
    title: &str,
    networks: &[Measured],
    units: &NetworkUnits,
) -> std::io::Result<()> {
    writeln!(out, "\n| {title} | {} | all | predicted | ratio |", PHASES.join(" | "))?;
    writeln!(out, "|---|{}---|---|---|", "---|".repeat(PHASES.len()))?;
    let mut within = 0;
    for Measured { name, counts, times } in networks {
        let predicted = counts.nanoseconds(units);
        let ms = |time: f64| significant(time * 1e-6);
        let cells = times
            .iter()
            .zip(predicted)
            .map(|(measured, predicted)| format!("{} ({:.2})", ms(*measured), predicted / measured));
        let [all, sum] = [times, &predicted].map(|times| times.iter().sum::<f64>());
        let cells: Vec<String> = cells.collect();
        let ratio = sum / all;
        within += usize::from((0.75..=1.25).contains(&ratio));
        writeln!(out, "| {name} | {} | {} | {} | {ratio:.2} |", cells.join(" | "), ms(all), ms(sum))?;
    }
    writeln!(
        out,
        "\nMeasured milliseconds, with predicted over measured in brackets; {within} of {} within 25%.",
        networks.len()
    )
}

/// What single operations take.
fn kernels(out: &mut impl Write, units: &UnitCosts) -> std::io::Result<()> {
    writeln!(out, "| operation | nanoseconds |\n|---|---|")?;
    for (name, unit) in [
        ("field multiplication, one by one", units.multiplication),
        (
            "field multiplication in a sumcheck over long vectors, additions and binding included",
            units.vector_multiplication,
        ),
        ("folded byte", units.folded_byte),
        ("folded integer", units.folded_integer),
        ("committed integer", units.commitment),
        ("committed field element", units.wide_commitment),
        ("leaf of the look-up tree", units.lookup),
        ("message and challenge", units.message),
    ] {
        writeln!(out, "| {name} | {} |", significant(unit))?;
    }
    writeln!(out)
}

/// A number with three significant digits.
fn significant(x: f64) -> String {
    let digits = if x == 0.0 { 0 } else { (2 - x.abs().log10().floor() as i32).max(0) as usize };
    format!("{x:.digits$}")
}

/// The same as a literal.
fn literal(x: f64) -> String {
    let text = significant(x);
    if text.contains('.') { text } else { format!("{text}.0") }
}
