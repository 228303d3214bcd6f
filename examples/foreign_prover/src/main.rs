//! A prover of somebody else's that embeds Tacit's arguments in a proof of its own.
//!
//! It proves that a committed image, filtered by a committed kernel, gives a committed map of values in 0..=4095 whose energy, the sum of
//! their squares, is public. Its own are the transcript (merlin), the commitments (multilinear KZG of `ark-poly-commit`) and
//! a sumcheck for the energy. Tacit's are the convolution, from the claim that this sumcheck leaves on the map, and the
//! range look-up, whose own column, the multiplicities, Tacit's Hyrax commits to and opens; KZG opens the others. Image and kernel are field elements here: that they are pixels would take ranges of
//! their own. Their axes are powers of two, so that no padding is to be shown.

use ark_bn254::{Bn254, Fr, G2Affine};
use ark_ff::Field;
use ark_poly_commit::multilinear_pc::{MultilinearPC, data_structures::UniversalParams};
use merlin::Transcript;
use tacit_inference::layer::conv2d::convolve_alone;
use tacit_layers::{
    AxisWindow, ConvolutionArgument, Layout, Tensor, Window2d,
    argument::{claim::EvaluationClaim, hyrax::Hyrax},
    layer::conv2d::ConvolutionLayer,
    proof::{
        alone::AloneClaims,
        lookup::{LookupClaims, LookupColumn},
    },
};
use tacit_prover::{
    Commitments as _, ProveAlone, hyrax,
    logup::{Lookup, ProveLookup, Range},
    opening::CommittedTensor,
};
use tacit_transcript::{ProofReader, ProofWriter, labels::COMMITMENT};
use tacit_verifier::{Commitments as _, VerifyAlone, logup::VerifyLookup};

mod energy;
mod kzg;
#[cfg(test)]
mod tests;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;
type Claims = Vec<EvaluationClaim<usize>>;

/// Variables of a row of what Hyrax commits to.
const LATE_ROWS: usize = 6;

/// What both sides know.
struct Statement {
    params: UniversalParams<Bn254>,
    layer: ConvolutionLayer,
    range: Lookup,
    energy: Fr,
}

/// Tacit's messages before and behind the sumcheck; the sumcheck's rounds and last value; the openings.
struct Proof {
    messages: [Vec<u8>; 2],
    rounds: Vec<[Fr; 3]>,
    value: Fr,
    openings: Vec<Vec<G2Affine>>,
}

impl Statement {
    fn transcript(&self) -> Transcript {
        let mut transcript = Transcript::new(b"a foreign prover");
        energy::absorb(&mut transcript, &[self.energy]);
        // Zeros for every product, as the kernel is the prover's choice, and every look-up, before the first challenge.
        let products = self.layer.output.num_elements() * self.layer.weights.num_elements();
        transcript.append_message(b"zeros", &vec![0; products + self.range.hardening_bytes()]);
        transcript
    }

    /// The claims of both arguments: those on image, kernel and map, by number, and those on multiplicities.
    fn claims(convolution: AloneClaims, range: LookupClaims) -> [Claims; 2] {
        // The argument by FFT commits to nothing.
        let mut claims = convolution.into_claims_in_order();
        claims.extend(range.into_claims_on(|column| match column {
            LookupColumn::Input { .. } => 2,
            LookupColumn::Multiplicity(index) => 3 + index,
        }));
        let (columns, mut counts): (Claims, Claims) = claims.into_iter().partition(|claim| claim.subject < 3);
        for claim in &mut counts {
            claim.subject -= 3;
        }
        [columns, counts]
    }

    fn prove(&self, image: &Tensor<i64>, kernel: &Tensor<i64>) -> Fallible<Proof> {
        let map = convolve_alone(&self.layer, kernel, image)?;
        let mut columns = kzg::Prover { params: &self.params, columns: vec![] };
        let mut writer = ProofWriter::from_merlin(self.transcript());
        for tensor in [image, kernel, &map] {
            columns.commit(&mut writer, COMMITMENT, &[tensor.into()])?;
        }
        let (commitments, mut transcript) = writer.finish_into_merlin();
        // Its own sumcheck.
        let (rounds, point, value) = energy::prove(&mut transcript, CommittedTensor::from(&map).padded()?);
        // Tacit's arguments.
        let claim = EvaluationClaim::new(0, point, value);
        let mut writer = ProofWriter::from_merlin(transcript);
        let convolution = self.layer.prover(ConvolutionArgument::Fft, &[image, kernel])?.hardened_by_caller();
        let convolution = convolution.prove_claims(&mut writer, &[claim], &mut columns)?;
        let mut late = hyrax::Columns::new(Hyrax::new(LATE_ROWS)?);
        let range = self.range.prover(&[&map])?.prove(&mut writer, &mut late)?;
        let [claims, counts] = Self::claims(convolution, range);
        late.open(&mut writer, &counts)?;
        let openings = columns.open(&claims);
        Ok(Proof { messages: [commitments, writer.finish()], rounds, value, openings })
    }

    fn verify(&self, proof: &Proof) -> Fallible<()> {
        let mut columns = kzg::Verifier { params: &self.params, columns: vec![] };
        let mut reader = ProofReader::from_merlin(self.transcript(), &proof.messages[0]);
        for layout in [&self.layer.input, &self.layer.weights, &self.layer.output] {
            columns.read(&mut reader, COMMITMENT, &[layout])?;
        }
        let mut transcript = reader.finish_into_merlin()?;
        let point = energy::verify(&mut transcript, self.energy, &proof.rounds, proof.value)?;
        let claim = EvaluationClaim::new(0, point, proof.value);
        let mut reader = ProofReader::from_merlin(transcript, &proof.messages[1]);
        let convolution = self.layer.verifier(ConvolutionArgument::Fft)?.hardened_by_caller();
        let convolution = convolution.verify_claims(&mut reader, &[claim], &mut columns)?;
        let mut late = tacit_verifier::hyrax::Columns::new(Hyrax::new(LATE_ROWS)?);
        let range = self.range.verifier().verify(&mut reader, &mut late)?;
        let [claims, counts] = Self::claims(convolution, range);
        late.verify(&mut reader, &counts)?;
        reader.finish()?;
        let opened = columns.check(&claims, &proof.openings);
        opened.then_some(()).ok_or_else(|| "an opening does not hold".into())
    }
}

/// A statement with what proves it. The powers are of a secret that anybody can know: an example's.
fn example() -> Fallible<(Statement, [Tensor<i64>; 2])> {
    let window = Window2d::square(AxisWindow::new(4, 1).padded(1, 2));
    let layer = ConvolutionLayer::new(window, 1, Layout::new(vec![1, 16, 16])?)?;
    let image = Tensor::new(layer.input.clone(), (0..256).map(|i| i * 37 % 256).collect())?;
    let kernel = Tensor::new(layer.weights.clone(), vec![1; 16])?;
    let map = convolve_alone(&layer, &kernel, &image)?;
    let energy = map.data().iter().map(|x| Fr::from(*x).square()).sum();
    let range = Range::new(0..=4095)?.lookup(&[&layer.output])?.hardened_by_caller();
    let params = MultilinearPC::<Bn254>::setup(12, &mut ark_std::test_rng());
    Ok((Statement { params, layer, range, energy }, [image, kernel]))
}

fn main() -> Fallible<()> {
    let (statement, [image, kernel]) = example()?;
    let proof = statement.prove(&image, &kernel)?;
    statement.verify(&proof)?;
    let bytes = proof.messages.iter().map(Vec::len).sum::<usize>();
    let [rounds, openings] = [proof.rounds.len(), proof.openings.len()];
    let text = format!("accepted: {bytes} bytes of Tacit's, {rounds} rounds, {openings} openings\n");
    Ok(std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?)
}
