//! Openings: false values, values of other rows and tensors, commitments of other tensors.

use ark_bn254::{Fr, G1Affine};
use ark_ff::One;
use tacit_algebra::generators::Generators;
use tacit_layers::{
    Layout,
    argument::{claim::EvaluationClaim, hyrax::OpeningClaim},
    tensor::evaluation::evaluate,
};
use tacit_prover::{
    hyrax::{self, CommittedList},
    integers::Integers,
    opening::CommittedTensor,
};
use tacit_transcript::{ProofReader, ProofWriter};
use tacit_verifier::{
    Error,
    hyrax::{self as verifier, Commitment},
};

use super::{DOMAIN, integers, layout, scalars};

const KEY_VARS: usize = 3;

/// Tensors that are committed to together.
const fn list<'a>(tensors: &'a [CommittedTensor<'a>]) -> CommittedList<'a> {
    CommittedList { tensors, row_vars: KEY_VARS }
}

/// Every tensor by itself.
fn lists<'a>(tensors: &'a [CommittedTensor<'a>]) -> Vec<CommittedList<'a>> {
    tensors.chunks(1).map(list).collect()
}

/// Every tensor by itself.
fn commitments<'a>(layouts: &'a [Layout], rows: &'a [Vec<G1Affine>]) -> Vec<Commitment<'a>> {
    layouts
        .iter()
        .zip(rows)
        .map(|(layout, rows)| Commitment { layouts: vec![layout], rows, row_vars: KEY_VARS })
        .collect()
}

/// Three tensors of one shape, of four rows of six, and one of a single short row.
struct Tensors {
    layouts: Vec<Layout>,
    data: Vec<Vec<i64>>,
    rows: Vec<Vec<G1Affine>>,
}

impl Tensors {
    fn new() -> Self {
        let layouts = vec![layout(&[4, 6]), layout(&[4, 6]), layout(&[4, 6]), layout(&[3])];
        let data: Vec<Vec<i64>> =
            layouts.iter().zip(20..).map(|(layout, seed)| integers(seed, layout.num_elements())).collect();
        let mut tensors = Self { layouts, data, rows: vec![] };
        let generators = Generators::new(KEY_VARS).unwrap();
        tensors.rows = tensors.committed().iter().map(|&t| hyrax::commit(&[t], &generators)).collect();
        tensors
    }

    fn committed(&self) -> Vec<CommittedTensor<'_>> {
        let pairs = self.layouts.iter().zip(&self.data);
        pairs.map(|(layout, data)| CommittedTensor { layout, values: Integers::Int64(data).into() }).collect()
    }

    /// The true claim about a tensor at a point.
    fn claim(&self, subject: usize, seed: usize) -> OpeningClaim {
        let point = scalars(seed, self.layouts[subject].num_vars());
        let value = evaluate(&self.layouts[subject], &self.data[subject], &point).unwrap();
        EvaluationClaim::new(subject, point, value)
    }

    fn claims(&self) -> Vec<OpeningClaim> {
        vec![self.claim(0, 1), self.claim(1, 2), self.claim(1, 3), self.claim(3, 4)]
    }

    /// Opens `tensors` and checks the claims against these commitments.
    fn check(&self, tensors: &[CommittedTensor], claims: &[OpeningClaim]) -> Result<(), Error> {
        let generators = Generators::new(KEY_VARS).unwrap();
        let mut writer = ProofWriter::new(DOMAIN);
        hyrax::open(&mut writer, &lists(tensors), claims, &generators);
        let proof = writer.finish();
        let commitments = commitments(&self.layouts, &self.rows);
        let mut reader = ProofReader::new(DOMAIN, &proof);
        verifier::verify(&mut reader, &commitments, claims, &generators)?;
        Ok(reader.finish()?)
    }
}

#[test]
fn accepts_true_claims() {
    let tensors = Tensors::new();
    assert_eq!(tensors.check(&tensors.committed(), &tensors.claims()), Ok(()));
}

#[test]
fn rejects_a_false_value() {
    let tensors = Tensors::new();
    for index in 0..4 {
        let mut claims = tensors.claims();
        claims[index].value += Fr::one();
        assert_eq!(tensors.check(&tensors.committed(), &claims), Err(Error::Opening), "claim {index}");
    }
}

#[test]
fn rejects_false_values_that_cancel() {
    let tensors = Tensors::new();
    let mut claims = tensors.claims();
    claims[0].value += Fr::one();
    claims[1].value -= Fr::one();
    assert_eq!(tensors.check(&tensors.committed(), &claims), Err(Error::Opening));
}

#[test]
fn rejects_the_value_of_another_row_or_column() {
    let tensors = Tensors::new();
    // At the points of the hypercube a claim is about one element; 6 columns take 3 variables.
    let bits = |row: usize, column: usize| -> Vec<Fr> {
        let index = row << 3 | column;
        (0..5).map(|i| Fr::from((index >> (4 - i) & 1) as u64)).collect()
    };
    let claim = |point, row: usize, column: usize| {
        let value = tacit_algebra::small::from_i64(tensors.data[0][6 * row + column]);
        vec![EvaluationClaim::new(0, point, value)]
    };
    assert_eq!(tensors.check(&tensors.committed(), &claim(bits(2, 5), 2, 5)), Ok(()));
    assert_eq!(tensors.check(&tensors.committed(), &claim(bits(2, 5), 1, 5)), Err(Error::Opening));
    assert_eq!(tensors.check(&tensors.committed(), &claim(bits(2, 5), 2, 4)), Err(Error::Opening));
}

#[test]
fn rejects_a_claim_moved_to_another_tensor() {
    let tensors = Tensors::new();
    let mut claims = tensors.claims();
    claims[0].subject = 2;
    assert_eq!(tensors.check(&tensors.committed(), &claims), Err(Error::Opening));
    // The prover opens tensor 0 under the name of tensor 2, so that every message is as in an honest proof.
    let mut committed = tensors.committed();
    committed[2] = committed[0];
    assert_eq!(tensors.check(&committed, &claims), Err(Error::Opening));
}

#[test]
fn rejects_the_commitments_of_another_tensor() {
    let tensors = Tensors::new();
    let claims = tensors.claims();
    let mut swapped = Tensors::new();
    swapped.rows.swap(0, 2);
    assert_eq!(swapped.check(&tensors.committed(), &claims), Err(Error::Opening));
    let mut reordered = Tensors::new();
    reordered.rows[0].swap(1, 2);
    assert_eq!(reordered.check(&tensors.committed(), &claims), Err(Error::Opening));
}

#[test]
fn rejects_one_changed_element_of_an_opened_tensor() {
    let tensors = Tensors::new();
    let mut other = Tensors::new();
    other.data[0][13] += 1;
    let claims = other.claims();
    assert_eq!(tensors.check(&other.committed(), &claims), Err(Error::Opening));
}

#[test]
fn rejects_claims_that_fit_no_commitment() {
    let tensors = Tensors::new();
    let claims = tensors.claims();
    let mut proof = ProofWriter::new(DOMAIN);
    let committed = tensors.committed();
    hyrax::open(&mut proof, &lists(&committed), &claims, &Generators::new(KEY_VARS).unwrap());
    let proof = proof.finish();
    let check = |claims: &[OpeningClaim], rows: &[Vec<G1Affine>]| {
        let commitments = commitments(&tensors.layouts, rows);
        let mut reader = ProofReader::new(DOMAIN, &proof);
        verifier::verify(&mut reader, &commitments, claims, &Generators::new(KEY_VARS).unwrap())
    };
    let mut unknown = claims.clone();
    unknown[0].subject = 4;
    assert_eq!(check(&unknown, &tensors.rows), Err(Error::UnfitClaim));
    let mut longer = claims.clone();
    longer[0].point.push(Fr::one());
    assert_eq!(check(&longer, &tensors.rows), Err(Error::UnfitClaim));
    let mut fewer = tensors.rows.clone();
    fewer[0].pop();
    assert_eq!(check(&claims, &fewer), Err(Error::UnfitClaim));
}

/// Tensors that share rows of eight: two of three variables' size have one to themselves, the others lie beside each other.
struct Shared {
    layouts: Vec<Layout>,
    data: Vec<Vec<i64>>,
}

impl Shared {
    fn new() -> Self {
        let layouts =
            [vec![2, 2], vec![3], vec![2], vec![1], vec![2, 2, 2]].map(|axes| layout(&axes)).to_vec();
        let data =
            layouts.iter().zip(40..).map(|(layout, seed)| integers(seed, layout.num_elements())).collect();
        Self { layouts, data }
    }

    fn committed(&self) -> Vec<CommittedTensor<'_>> {
        let pairs = self.layouts.iter().zip(&self.data);
        pairs.map(|(layout, data)| CommittedTensor { layout, values: Integers::Int64(data).into() }).collect()
    }

    fn claim(&self, subject: usize, seed: usize) -> OpeningClaim {
        let point = scalars(seed, self.layouts[subject].num_vars());
        let value = evaluate(&self.layouts[subject], &self.data[subject], &point).unwrap();
        EvaluationClaim::new(subject, point, value)
    }

    /// Opens what `self` holds and checks the claims as being about the first `count` tensors.
    fn check(&self, rows: &[G1Affine], count: usize, claims: &[OpeningClaim]) -> Result<(), Error> {
        let generators = Generators::new(KEY_VARS).unwrap();
        let mut writer = ProofWriter::new(DOMAIN);
        hyrax::open(&mut writer, &[list(&self.committed())], claims, &generators);
        let proof = writer.finish();
        let commitment =
            Commitment { layouts: self.layouts[..count].iter().collect(), rows, row_vars: KEY_VARS };
        let mut reader = ProofReader::new(DOMAIN, &proof);
        verifier::verify(&mut reader, &[commitment], claims, &generators)?;
        Ok(reader.finish()?)
    }

    fn rows(&self) -> Vec<G1Affine> {
        hyrax::commit(&self.committed(), &Generators::new(KEY_VARS).unwrap())
    }
}

#[test]
fn accepts_true_claims_on_shared_rows() {
    let shared = Shared::new();
    // One row of its own, two rows of the others: 4 + 4 and 2 + 1.
    assert_eq!(shared.rows().len(), 3);
    let claims: Vec<OpeningClaim> = (0..5).chain([1, 3]).map(|i| shared.claim(i, i + 50)).collect();
    assert_eq!(shared.check(&shared.rows(), 5, &claims), Ok(()));
    for i in 0..5 {
        assert_eq!(shared.check(&shared.rows(), 5, &[shared.claim(i, 60)]), Ok(()), "tensor {i}");
    }
}

#[test]
fn rejects_a_neighbours_value_in_a_shared_row() {
    let shared = Shared::new();
    for (subject, other) in [(0, 1), (1, 0)] {
        let value = shared.claim(other, 60).value;
        let claims = [EvaluationClaim { value, ..shared.claim(subject, 60) }];
        assert_eq!(shared.check(&shared.rows(), 5, &claims), Err(Error::Opening), "tensor {subject}");
    }
}

#[test]
fn rejects_neighbours_that_changed_places() {
    let (shared, mut swapped) = (Shared::new(), Shared::new());
    swapped.layouts.swap(0, 1);
    swapped.data.swap(0, 1);
    let claims = [shared.claim(0, 60), shared.claim(1, 61)];
    assert_eq!(shared.check(&swapped.rows(), 5, &claims), Err(Error::Opening));
}

#[test]
fn rejects_one_changed_element_of_any_tensor_in_a_shared_row() {
    let shared = Shared::new();
    for i in 0..4 {
        let mut other = Shared::new();
        other.data[i][0] += 1;
        assert_eq!(other.check(&shared.rows(), 5, &[other.claim(i, 60)]), Err(Error::Opening), "tensor {i}");
    }
}

/// A claim sees its own tensor's padding and nothing behind it.
#[test]
fn what_a_row_holds_behind_its_tensors_changes_no_claim_and_padding_does() {
    let mut shared = Shared::new();
    shared.layouts.swap(3, 4);
    shared.data.swap(3, 4);
    // The last tensor lies where the verifier knows of none.
    let claims: Vec<OpeningClaim> = (0..4).map(|i| shared.claim(i, 60 + i)).collect();
    assert_eq!(shared.rows().len(), 3);
    assert_eq!(shared.check(&shared.rows(), 4, &claims), Ok(()));
    let mut filled = Shared { layouts: shared.layouts.clone(), data: shared.data.clone() };
    filled.layouts[1] = layout(&[4]);
    filled.data[1].push(1);
    assert_eq!(filled.check(&filled.rows(), 4, &claims), Err(Error::Opening));
}

#[test]
fn rejects_claims_that_fit_no_shared_row() {
    let shared = Shared::new();
    let rows = shared.rows();
    let claims = [shared.claim(0, 60)];
    let with = |claims: &[OpeningClaim], rows: &[G1Affine]| {
        let mut writer = ProofWriter::new(DOMAIN);
        let generators = Generators::new(KEY_VARS).unwrap();
        hyrax::open(&mut writer, &[list(&shared.committed())], &[shared.claim(0, 60)], &generators);
        let proof = writer.finish();
        let commitment = Commitment { layouts: shared.layouts.iter().collect(), rows, row_vars: KEY_VARS };
        verifier::verify(&mut ProofReader::new(DOMAIN, &proof), &[commitment], claims, &generators)
    };
    assert_eq!(with(&claims, &rows), Ok(()));
    assert_eq!(with(&claims, &rows[..2]), Err(Error::UnfitClaim));
    let unknown = [EvaluationClaim { subject: 5, ..shared.claim(0, 60) }];
    assert_eq!(with(&unknown, &rows), Err(Error::UnfitClaim));
    let mut longer = claims;
    longer[0].point.push(Fr::one());
    assert_eq!(with(&longer, &rows), Err(Error::UnfitClaim));
}
