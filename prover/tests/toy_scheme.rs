//! Whole networks over a transparent toy scheme: the seam between proofs and commitment schemes is real.
//!
//! The toy's commitment is a digest of all values, its opening all values. It binds by the hash, hides nothing, and a
//! proof is as long as what it is about.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/networks.rs"]
mod networks;

use ark_bn254::Fr;
use ark_ff::One;
use networks::Source;
use sha2::{Digest, Sha256};
use tacit_algebra::{eq, small::from_i64};
use tacit_layers::{
    ConvolutionArgument, Layout, MatmulArgument, Network, Tensor,
    argument::{
        hyrax::Hyrax,
        opening::{CommitmentScheme, OpeningClaim, absorb_claims},
        soundness::SoundnessError,
    },
    proof::model::CommittedModel,
};
use tacit_prover::{
    Proven, ProvingKey,
    integers::Integers,
    key::PlainKey,
    network::prove_over,
    opening::{CommittedTensor, Elements, ProverScheme, Shares},
    prove,
};
use tacit_transcript::{
    Error as Malformed, Label, ProofReader, ProofWriter,
    encoding::{SCALAR_BYTES, scalar_from_wide_bytes, scalar_to_bytes},
    labels,
};
use tacit_verifier::{
    Accepted, Error,
    network::verify_over,
    opening::{CommittedList, ReadCommitment, VerifierScheme},
    verify,
};

const VALUES: Label = Label::new("toy values");

/// What a prover lies about: an element of the witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lie {
    /// It commits to the digest of other values.
    Commitment,
    /// It opens one element to another value.
    Opening,
    /// It does both, so that the digest is that of what it opens.
    Both,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Toy(Option<Lie>);

fn digest<'a>(tensors: impl Iterator<Item = (&'a Layout, &'a [Fr])>) -> Fr {
    let mut hash = Sha256::new_with_prefix(b"toy");
    for (layout, values) in tensors {
        hash.update((layout.axes().len() as u64).to_le_bytes());
        for &axis in layout.axes() {
            hash.update((axis as u64).to_le_bytes());
        }
        for value in values {
            hash.update(scalar_to_bytes(value));
        }
    }
    let mut wide = [0; 64];
    wide[..32].copy_from_slice(&hash.finalize());
    scalar_from_wide_bytes(&wide)
}

fn values(tensor: &CommittedTensor) -> Vec<Fr> {
    match tensor.values {
        Elements::Integers(integers) => integers.iter().map(from_i64).collect(),
        Elements::Field(values) => values.to_vec(),
    }
}

/// The values of a list. False ones differ from them in one element if the list is a run's witness: parameters are
/// narrower, deferred columns are field elements.
fn all_values(tensors: &[CommittedTensor], is_false: bool) -> Vec<Vec<Fr>> {
    let mut all: Vec<Vec<Fr>> = tensors.iter().map(values).collect();
    let is_witness =
        |tensor: &CommittedTensor| matches!(tensor.values, Elements::Integers(Integers::Int64(_)));
    if is_false && tensors.iter().all(is_witness) {
        all[0][0] += Fr::one();
    }
    all
}

/// The multilinear extension at a point of a tensor padded with zeros.
fn evaluate(layout: &Layout, values: &[Fr], point: &[Fr]) -> Fr {
    let table = eq::table(point, layout.padded_extent());
    values.iter().enumerate().map(|(i, value)| *value * table[layout.padded_index(i)]).sum()
}

impl CommitmentScheme for Toy {
    const NAME: &'static [u8] = b"toy";

    type Commitment = Fr;

    fn num_bytes(&self, _: &[&Layout]) -> usize {
        SCALAR_BYTES
    }

    fn shares(&self, layouts: &[&Layout]) -> Vec<usize> {
        layouts.iter().map(|_| SCALAR_BYTES / layouts.len()).collect()
    }

    fn to_bytes(&self, commitment: &Fr) -> Vec<u8> {
        scalar_to_bytes(commitment).to_vec()
    }

    fn soundness(&self, _: usize) -> SoundnessError {
        SoundnessError::new(0)
    }
}

impl ProverScheme for Toy {
    fn commit(&self, tensors: &[CommittedTensor], _: &mut Shares) -> tacit_prover::error::Result<Fr> {
        let is_false = matches!(self.0, Some(Lie::Commitment | Lie::Both));
        let values = all_values(tensors, is_false);
        Ok(digest(tensors.iter().map(|tensor| tensor.layout).zip(values.iter().map(Vec::as_slice))))
    }

    fn write_commitment(&self, writer: &mut ProofWriter, label: Label, commitment: &Fr) {
        writer.write_scalars(label, &[*commitment]);
    }

    fn open(
        &self,
        writer: &mut ProofWriter,
        lists: &[&[CommittedTensor]],
        claims: &[OpeningClaim],
    ) -> tacit_prover::error::Result<()> {
        absorb_claims(writer, claims);
        let is_false = matches!(self.0, Some(Lie::Opening | Lie::Both));
        for list in lists {
            writer.write_scalars(VALUES, &all_values(list, is_false).concat());
        }
        Ok(())
    }
}

impl ReadCommitment for Toy {
    fn read_commitment(&self, reader: &mut ProofReader, label: Label, _: &[&Layout]) -> Result<Fr, Error> {
        Ok(reader.read_scalar(label)?)
    }
}

impl VerifierScheme for Toy {
    fn verify(
        &self,
        reader: &mut ProofReader,
        lists: &[CommittedList<Fr>],
        claims: &[OpeningClaim],
    ) -> Result<(), Error> {
        absorb_claims(reader, claims);
        let mut tensors: Vec<(&Layout, Vec<Fr>)> = vec![];
        for CommittedList { layouts, commitment } in lists {
            let first = tensors.len();
            let count = layouts.iter().map(|layout| layout.num_elements()).sum();
            let mut sent = reader.read_scalars(VALUES, count)?.into_iter();
            for layout in layouts {
                tensors.push((layout, sent.by_ref().take(layout.num_elements()).collect()));
            }
            let own = tensors[first..].iter().map(|(layout, values)| (*layout, values.as_slice()));
            if digest(own) != **commitment {
                return Err(Error::Opening);
            }
        }
        for claim in claims {
            let (layout, values) = tensors.get(claim.subject).ok_or(Error::UnfitClaim)?;
            if claim.point.len() != layout.num_vars() {
                return Err(Error::UnfitClaim);
            }
            if evaluate(layout, values, &claim.point) != claim.value {
                return Err(Error::Opening);
            }
        }
        Ok(())
    }
}

/// A key, an input and the proof of a prover that lies so.
fn run(network: Network, seed: u64, lie: Option<Lie>) -> (PlainKey<Toy>, Tensor<i64>, Proven) {
    let input = Source::new(seed).input(&network);
    let key = PlainKey::setup(network, |_| Ok(Toy(lie))).unwrap();
    let proven = prove_over(&key, &input).unwrap();
    (key, input, proven)
}

/// What an honest verifier says.
fn verdict((key, input, proven): &(PlainKey<Toy>, Tensor<i64>, Proven)) -> Result<Accepted, Error> {
    let network = key.network().clone();
    let honest = PlainKey::setup(network, |_| Ok(Toy(None))).unwrap();
    assert_eq!(honest.model().digest(), key.model().digest());
    verify_over(honest.model(), input, &proven.outputs, &proven.proof)
}

/// Where messages with this label are in a proof.
fn positions(proven: &Proven, label: Label) -> Vec<usize> {
    let mut at = 0;
    let mut found = vec![];
    for (name, bytes) in &proven.messages {
        if name == label.name() {
            found.push(at);
        }
        at += bytes;
    }
    found
}

#[test]
fn accepts_every_layer_over_the_toy_scheme() {
    for network in networks::all(1) {
        let name = network.architecture.name.clone();
        let run = run(network, 2, None);
        let accepted = verdict(&run).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((&accepted.messages, &accepted.events), (&run.2.messages, &run.2.events), "{name}");
    }
}

#[test]
fn accepts_late_columns_over_the_toy_scheme() {
    let network = networks::cnn(3);
    let polynomials =
        network.with_arguments(ConvolutionArgument::Polynomial, MatmulArgument::Polynomial).unwrap();
    let run = run(polynomials, 4, None);
    assert!(!positions(&run.2, labels::DEFERRED_COMMITMENT).is_empty());
    verdict(&run).unwrap();
}

#[test]
fn hyrax_takes_the_same_path_to_the_same_bytes() {
    for network in networks::all(5) {
        let input = Source::new(6).input(&network);
        let key = ProvingKey::setup(network.clone()).unwrap();
        let plain = PlainKey::setup(network, |plan| Hyrax::new(plan.key_vars)).unwrap();
        assert_eq!(plain.model(), key.verifying_key().model());
        let proven = prove(&key, &input).unwrap();
        assert_eq!(prove_over(&plain, &input).unwrap().proof, proven.proof);
        let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof);
        assert_eq!(accepted, verify_over(plain.model(), &input, &proven.outputs, &proven.proof));
        accepted.unwrap();
    }
}

#[test]
fn schemes_do_not_share_digests() {
    let network = networks::mlp(7);
    let toy = PlainKey::setup(network.clone(), |_| Ok(Toy(None))).unwrap();
    let hyrax = ProvingKey::setup(network).unwrap();
    assert_eq!(toy.model().architecture_digest(), hyrax.verifying_key().architecture_digest());
    assert_ne!(toy.model().digest(), hyrax.verifying_key().digest());
}

#[test]
fn rejects_a_changed_commitment_or_a_changed_opened_value() {
    for lie in [Lie::Commitment, Lie::Opening] {
        assert_eq!(verdict(&run(networks::mlp(8), 9, Some(lie))), Err(Error::Opening), "{lie:?}");
    }
}

#[test]
fn rejects_values_that_were_committed_to_but_not_claimed() {
    assert_eq!(verdict(&run(networks::mlp(8), 9, Some(Lie::Both))), Err(Error::Opening));
}

#[test]
fn rejects_proofs_whose_bytes_were_changed() {
    let mut run = run(networks::mlp(8), 9, None);
    let honest = run.2.proof.clone();
    let commitment = positions(&run.2, labels::WITNESS_COMMITMENT)[0];
    let opened = positions(&run.2, VALUES);
    // All challenges are other ones: the look-ups' tree is the first to check a message against them.
    run.2.proof[commitment] ^= 1;
    assert_eq!(verdict(&run), Err(Error::FractionLevel { level: 2 }));
    for at in opened {
        run.2.proof.clone_from(&honest);
        run.2.proof[at] ^= 1;
        assert_eq!(verdict(&run), Err(Error::Opening));
    }
    run.2.proof.clone_from(&honest);
    run.2.proof.push(0);
    assert_eq!(verdict(&run), Err(Error::Malformed(Malformed::TrailingBytes { count: 1 })));
    run.2.proof.truncate(honest.len() - 1);
    let Err(Error::Malformed(Malformed::Truncated { label, .. })) = verdict(&run) else {
        panic!("a proof that ends early is accepted")
    };
    assert_eq!(label, VALUES);
}

#[test]
fn rejects_a_proof_about_another_commitment_to_the_model() {
    let (key, input, proven) = run(networks::mlp(8), 9, None);
    let other = *key.model().commitment() + Fr::one();
    let model = CommittedModel::new(key.model().architecture().clone(), |_| Ok(Toy(None)), other).unwrap();
    let verdict = verify_over(&model, &input, &proven.outputs, &proven.proof);
    assert_eq!(verdict, Err(Error::FractionLevel { level: 2 }));
}
