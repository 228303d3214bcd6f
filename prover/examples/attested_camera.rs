//! An attested camera: a proof that a network sees something in a picture that a camera took, without the picture.
//!
//! 1. The **camera** commits to the picture's integers, signs the commitment, and hands the picture with its opening to the
//!    photographer.
//! 2. The **photographer** proves what the network answers about the committed picture, and publishes commitment, signature,
//!    answer and proof.
//! 3. **Anyone** who knows the camera's public key and the network's verifying key checks both. The signature says that the
//!    camera took what the commitment holds, the proof that the network's answer is about that.
//!
//! `cargo run --release -p tacit-prover --example attested_camera`

use std::{error::Error, io::Write};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey as CameraKey};
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, AxisWindow, InputCommitment, InputLayer, Layout, Multiplier, Network, Output, Tensor,
    VerifyingKey, Window2d,
    proof::statement::{Input, Statement},
};
use tacit_prover::{InputOpening, ProvingKey, Seed, prove_committed};

/// What the camera signs begins so: a signature means this and nothing else.
const DOMAIN: &[u8] = b"tacit example: picture taken by this camera\n";
/// Height and width of a picture.
pub(crate) const SIZE: usize = 16;

/// A camera with a key of its own that never leaves it.
pub(crate) struct Camera {
    key: SigningKey,
}

/// What the camera hands to the photographer.
pub(crate) struct Picture {
    pub(crate) opening: InputOpening,
    pub(crate) signature: Signature,
}

/// What the photographer publishes. The picture is not in it.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(crate) commitment: InputCommitment,
    pub(crate) signature: Signature,
    pub(crate) outputs: Vec<Tensor<i64>>,
    pub(crate) proof: Vec<u8>,
}

/// Why a claim is not believed.
#[derive(Debug, PartialEq)]
pub(crate) enum Refusal {
    /// The camera did not sign this commitment.
    Signature,
    /// The network's answer about the committed picture is another, or nothing is proved.
    Proof(tacit_verifier::Error),
}

/// What the camera signs: the commitment's file, which no other commitment has.
fn message(commitment: &InputCommitment) -> Result<Vec<u8>, tacit_layers::Error> {
    Ok([DOMAIN, &commitment.to_bytes()?].concat())
}

impl Camera {
    pub(crate) fn new(secret: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(secret) }
    }

    pub(crate) fn public_key(&self) -> CameraKey {
        self.key.verifying_key()
    }

    /// Takes a picture: brightness from 0 to 255, row by row.
    pub(crate) fn take(&self, pixels: Vec<i64>) -> Result<Picture, Box<dyn Error>> {
        let picture = Tensor::new(Layout::new(vec![1, SIZE, SIZE])?, pixels)?;
        let opening = InputOpening::new(picture, &Seed::from_os()?)?;
        let signature = self.key.sign(&message(opening.commitment())?);
        Ok(Picture { opening, signature })
    }
}

/// The photographer's part.
pub(crate) fn claim(key: &ProvingKey, picture: &Picture) -> Result<Claim, Box<dyn Error>> {
    let proven = prove_committed(key, &picture.opening, &Seed::from_os()?)?;
    Ok(Claim {
        commitment: picture.opening.commitment().clone(),
        signature: picture.signature,
        outputs: proven.outputs,
        proof: proven.proof,
    })
}

/// Anyone's part.
pub(crate) fn check(camera: &CameraKey, key: &VerifyingKey, claim: &Claim) -> Result<(), Refusal> {
    let message = message(&claim.commitment).map_err(|_| Refusal::Signature)?;
    camera.verify_strict(&message, &claim.signature).map_err(|_| Refusal::Signature)?;
    let statement = Statement { inputs: vec![Input::Committed(&claim.commitment)], outputs: &claim.outputs };
    tacit_verifier::verify_statement(key, &statement, &claim.proof).map(|_| ()).map_err(Refusal::Proof)
}

/// A network that tells whether bright lines run across or down: two convolutions that look for edges, summed up.
pub(crate) fn network() -> Result<Network, tacit_layers::Error> {
    let layout = |axes: &[usize]| Layout::new(axes.to_vec());
    let input = InputLayer::real(layout(&[1, SIZE, SIZE])?, (0, 255), 1.0 / 255.0);
    let mut network = NetworkBuilder::new("edges", input);
    let across_then_down = vec![-1, -2, -1, 0, 0, 0, 1, 2, 1, -1, 0, 1, -2, 0, 2, -1, 0, 1];
    let window = Window2d::square(AxisWindow::new(3, 1));
    let weights = Tensor::new(layout(&[2, 1, 3, 3])?, across_then_down)?;
    let edges = network.conv2d("edges", network.input(), window, weights, None)?;
    let relu = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let edges = network.rescale("relu", edges, Multiplier::Uniform(1), 2, relu);
    let sums = network.reduce_sum("strength", edges, &[1, 2]);
    network.output(Output {
        name: "across, down".into(),
        node: sums,
        shape: vec![2],
        scales: vec![4.0 / 255.0],
        scale_axis: 0,
    });
    network.finish()
}

/// Bright lines across, `period` rows apart.
pub(crate) fn lines_across(period: usize) -> Vec<i64> {
    (0..SIZE * SIZE)
        .map(|i| if (i / SIZE).is_multiple_of(period) { 240 } else { 10 + (i % 7) as i64 })
        .collect()
}

#[cfg_attr(test, expect(dead_code, reason = "the test runs the parts"))]
fn main() -> Result<(), Box<dyn Error>> {
    let key = ProvingKey::setup(network()?)?;
    // A camera's secret is made in the camera, once.
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    let camera = Camera::new(&secret);

    let picture = camera.take(lines_across(4))?;
    let claim = claim(&key, &picture)?;
    let strengths = claim.outputs.iter().flat_map(Tensor::data).collect::<Vec<_>>();
    let mut out = std::io::stdout();
    writeln!(out, "the network sees lines across and down of strengths {strengths:?}")?;
    writeln!(out, "published: a commitment, a signature, {} bytes of proof", claim.proof.len())?;
    match check(&camera.public_key(), key.verifying_key(), &claim) {
        Ok(()) => writeln!(out, "accepted: the camera took a picture of which that is true")?,
        Err(refusal) => return Err(format!("{refusal:?}").into()),
    }
    Ok(())
}
