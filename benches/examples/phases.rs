//! Phase times, sizes and messages of one synthetic network: `cargo run --release -p tacit-benches --example phases --
//! lenet5`; or `vgg16`, or the widths of a perceptron, as `784,128,10`. Names of arguments behind it (`fft`, `polynomial`, `gates`) choose how convolutions and matrix products
//! are proved, `private-model` and `private-input` hide weights and input.

use std::{collections::BTreeMap, env, error::Error, io::Write, time::Instant};

use tacit_benches::{Source, networks::by_name};
use tacit_layers::{
    ConvolutionArgument, MatmulArgument,
    proof::statement::{Input, Statement},
};
use tacit_prover::{InputOpening, ProvingKey, Seed, prove, prove_committed};
use tacit_verifier::verify_statement;

fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1).unwrap_or_else(|| "lenet5".to_owned());
    let network = by_name(&name)?;
    let chosen: Vec<String> = env::args().skip(2).collect();
    let convolution =
        ConvolutionArgument::ALL.iter().find(|argument| chosen.iter().any(|n| n == argument.name()));
    let matmul = MatmulArgument::ALL.iter().find(|argument| chosen.iter().any(|n| n == argument.name()));
    let (convolution, matmul) =
        (convolution.copied().unwrap_or_default(), matmul.copied().unwrap_or_default());
    let network = network.with_arguments(convolution, matmul)?;
    let mut out = std::io::stdout();
    let clock = Instant::now();
    let [private_model, private_input] =
        ["private-model", "private-input"].map(|name| chosen.iter().any(|chosen| chosen == name));
    let key = if private_model {
        ProvingKey::setup_private(network, &Seed::from_os()?)?
    } else {
        ProvingKey::setup(network)?
    };
    writeln!(
        out,
        "{name}, {convolution}, {matmul}: set-up {:?}, soundness {:.1} bits",
        clock.elapsed(),
        key.verifying_key().soundness_bits()
    )?;
    let layer = key.network().architecture.input()?;
    let input = Source::new(1).tensor(layer.layout.axes(), 0, 255)?;
    let plan = key.verifying_key().plan();
    writeln!(out, "look-ups {}, tree 2^{}, rows of 2^{}", plan.num_lookups(), plan.tree_vars, plan.key_vars)?;
    for table in &plan.tables {
        writeln!(out, "  {table:?}")?;
    }
    let opening =
        if private_input { Some(InputOpening::new(input.clone(), &Seed::from_os()?)?) } else { None };
    for _ in 0..3 {
        let (proven, about) = match &opening {
            Some(opening) => {
                let proven = prove_committed(&key, opening, &Seed::from_os()?)?;
                (proven, Input::Committed(opening.commitment()))
            }
            None => (prove(&key, &input)?, Input::Public(&input)),
        };
        let clock = Instant::now();
        let statement = Statement { inputs: vec![about], outputs: &proven.outputs };
        verify_statement(key.verifying_key(), &statement, &proven.proof)?;
        let (verify, total) = (clock.elapsed(), proven.phases.total());
        writeln!(
            out,
            "prove {total:?} {:?}\nverify {verify:?}, proof {} bytes",
            proven.phases,
            proven.proof.len()
        )?;
        let mut sizes = BTreeMap::<_, usize>::new();
        for (label, bytes) in proven.messages {
            *sizes.entry(label).or_default() += bytes;
        }
        writeln!(out, "{sizes:?}")?;
    }
    Ok(())
}
