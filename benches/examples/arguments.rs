//! Every argument on one layer by itself, over sizes, as a table of comma-separated values:
//! `cargo run --release -p tacit-benches --example arguments -- --csv FILE`. With `--units`, this machine's unit costs of the
//! cost model, which the predictions then use.

use std::{error::Error, fs::File, io::Write, path::PathBuf};

use clap::Parser;
use tacit_benches::{
    single::{self, Prepared, Size, Skipped},
    units,
};
use tacit_inference::cost::{Policy, Preference, UnitCosts};
use tacit_layers::{ConvolutionArgument, MatmulArgument};

/// Measures every argument over sizes of layers.
#[derive(Debug, Parser)]
struct Arguments {
    /// File to write; standard output without it
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Measure this machine's unit costs first, print them, and predict with them
    #[arg(long)]
    units: bool,
    /// Small sizes only
    #[arg(long)]
    quick: bool,
    /// Skip what is predicted to take more seconds than this
    #[arg(long, default_value_t = 20.0)]
    limit: f64,
    /// Proofs of each layer, of which the fastest counts
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
    /// Threads
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

const HEADER: &str = "layer,image,channels,kernel,rows,inner,columns,argument,status,predicted_ms,argument_ms,prove_ms,\
verify_ms,argument_bytes,proof_bytes";

/// Predicted milliseconds that a quick run stays below.
const QUICK_LIMIT: f64 = 0.02;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global()?;
    let mut stdout = std::io::stdout();
    let mut unit_costs = UnitCosts::default();
    if arguments.units {
        unit_costs = units::measure()?;
        writeln!(stdout, "{unit_costs:#?}")?;
    }
    let mut out: Box<dyn Write> = match &arguments.csv {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(std::io::stdout()),
    };
    writeln!(out, "{HEADER}")?;
    let mut ratios = vec![];
    for (size, name, policy) in cases() {
        let limit = if arguments.quick { QUICK_LIMIT } else { arguments.limit };
        let prefix = format!("{},{name}", columns(size));
        match Prepared::new(size, policy, &unit_costs, limit * 1e9)? {
            Err(Skipped::Refused(reason)) => writeln!(out, "{prefix},\"refused: {reason}\",,,,,,")?,
            Err(Skipped::Limit) => writeln!(out, "{prefix},skipped: predicted over {limit} s,,,,,,")?,
            Ok(prepared) => {
                let measured = prepared.measure(arguments.repetitions)?;
                let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
                let predicted = prepared.predicted * 1e-6;
                ratios.push((name, predicted / ms(measured.argument)));
                writeln!(
                    out,
                    "{prefix},measured,{predicted:.4},{:.4},{:.3},{:.3},{},{}",
                    ms(measured.argument),
                    ms(measured.prove),
                    ms(measured.verify),
                    measured.bytes - prepared.opening_bytes(),
                    measured.bytes
                )?;
            }
        }
        out.flush()?;
    }
    summarise(&mut stdout, &ratios)?;
    Ok(())
}

/// Every size with every argument.
fn cases() -> Vec<(Size, &'static str, Policy)> {
    let mut cases = vec![];
    for size in single::convolutions() {
        cases.extend(ConvolutionArgument::ALL.iter().map(|&argument| {
            let policy = Policy { convolution: Preference::Only(argument), ..Policy::default() };
            (size, argument.name(), policy)
        }));
    }
    for size in single::matmuls() {
        cases.extend(MatmulArgument::ALL.iter().map(|&argument| {
            let policy = Policy { matmul: Preference::Only(argument), ..Policy::default() };
            (size, argument.name(), policy)
        }));
    }
    cases
}

fn columns(size: Size) -> String {
    match size {
        Size::Convolution { image, channels, kernel } => {
            format!("convolution,{image},{channels},{kernel},,,")
        }
        Size::Matmul { rows, inner, columns } => format!("matmul,,,,{rows},{inner},{columns}"),
    }
}

/// How far predictions are from measurements, for each argument.
fn summarise(out: &mut impl Write, ratios: &[(&'static str, f64)]) -> std::io::Result<()> {
    let mut names: Vec<&str> = ratios.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let mut own: Vec<f64> = ratios.iter().filter(|(n, _)| *n == name).map(|(_, ratio)| *ratio).collect();
        own.sort_by(f64::total_cmp);
        let [least, median, most] = [0, own.len() / 2, own.len() - 1].map(|i| own[i]);
        writeln!(
            out,
            "{name}: predicted / measured {least:.2} to {most:.2}, median {median:.2}, {} sizes",
            own.len()
        )?;
    }
    Ok(())
}
