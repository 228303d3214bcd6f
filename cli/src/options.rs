//! Options that several commands share.

use anyhow::{Context, Result};
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use tacit_inference::cost::{Policy, Preference};
use tacit_layers::{ConvolutionArgument, MatmulArgument};

/// How many threads a command uses.
#[derive(Debug, Args)]
pub struct Threads {
    /// Number of threads, at most 1024 [default: one per core]
    #[arg(long = "threads", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub count: Option<u16>,
}

impl Threads {
    /// Makes this process use so many threads.
    ///
    /// # Errors
    /// When they cannot be started.
    pub fn start(&self) -> Result<()> {
        let Some(count) = self.count else { return Ok(()) };
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(count))
            .build_global()
            .with_context(|| format!("cannot start {count} threads: give --threads a smaller number"))
    }
}

/// What proves convolutions and matrix products.
#[derive(Debug, Clone, Copy, Args)]
pub struct Arrangement {
    /// Argument for convolutions; `auto` takes the one with the least predicted time for each layer
    #[arg(long, value_name = "ARGUMENT", default_value = AUTO, value_parser = convolution_argument())]
    conv: Preference<ConvolutionArgument>,
    /// Argument for matrix products; `auto` as for convolutions
    #[arg(long, value_name = "ARGUMENT", default_value = AUTO, value_parser = matmul_argument())]
    matmul: Preference<MatmulArgument>,
}

impl Arrangement {
    /// As the library takes it.
    pub const fn policy(self) -> Policy {
        Policy { convolution: self.conv, matmul: self.matmul }
    }

    /// As flags.
    pub fn flags(self) -> [String; 4] {
        let (conv, matmul) = (convolution_name(self.conv), matmul_name(self.matmul));
        ["--conv".to_owned(), conv.to_owned(), "--matmul".to_owned(), matmul.to_owned()]
    }
}

/// The argument asked for, or `auto`.
pub const fn convolution_name(preference: Preference<ConvolutionArgument>) -> &'static str {
    match preference {
        Preference::Auto => AUTO,
        Preference::Only(argument) => argument.name(),
    }
}

/// The argument asked for, or `auto`.
pub const fn matmul_name(preference: Preference<MatmulArgument>) -> &'static str {
    match preference {
        Preference::Auto => AUTO,
        Preference::Only(argument) => argument.name(),
    }
}

const AUTO: &str = "auto";

fn convolution_argument() -> impl TypedValueParser<Value = Preference<ConvolutionArgument>> {
    preference(ConvolutionArgument::ALL, ConvolutionArgument::name)
}

fn matmul_argument() -> impl TypedValueParser<Value = Preference<MatmulArgument>> {
    preference(MatmulArgument::ALL, MatmulArgument::name)
}

/// `auto`, or the name of one of these.
fn preference<A: Copy + Send + Sync + 'static>(
    all: &'static [A],
    name: fn(A) -> &'static str,
) -> impl TypedValueParser<Value = Preference<A>> {
    let names = std::iter::once(AUTO).chain(all.iter().map(move |&argument| name(argument)));
    PossibleValuesParser::new(names.collect::<Vec<_>>()).map(move |given| {
        all.iter()
            .copied()
            .find(|&argument| name(argument) == given)
            .map_or(Preference::Auto, Preference::Only)
    })
}
