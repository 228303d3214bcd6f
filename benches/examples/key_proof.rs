//! Times and sizes of a proof about a private model's key: `cargo run --release -p tacit-benches --example key_proof --
//! lenet5`; or `vgg16`, or the widths of a perceptron, as `784,128,10`.

use std::{env, error::Error, io::Write, time::Instant};

use tacit_benches::networks::by_name;
use tacit_prover::{ProvingKey, Seed, prove_parameters};
use tacit_verifier::verify_parameters;

fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1).unwrap_or_else(|| "lenet5".to_owned());
    let network = by_name(&name)?;
    let key = ProvingKey::setup_private(network, &Seed::from_os()?)?;
    let mut out = std::io::stdout();
    writeln!(out, "{name}: {} parameters", key.network().num_parameters())?;
    for _ in 0..3 {
        let clock = Instant::now();
        let proven = prove_parameters(&key, &Seed::from_os()?)?;
        let prove = clock.elapsed();
        let clock = Instant::now();
        verify_parameters(key.verifying_key(), &proven.proof)?;
        writeln!(out, "prove {prove:?}, verify {:?}, {} bytes", clock.elapsed(), proven.proof.len())?;
    }
    Ok(())
}
