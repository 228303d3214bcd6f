//! Sizes that do not go together: an error that names them, and no proof.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use ark_bn254::{Fr, G1Affine};
use tacit_algebra::{Error as Size, Mle, generators::Generators};
use tacit_layers::{
    Layout, Tensor,
    argument::{
        claim::{EvaluationClaim, SumClaim},
        hyrax::Hyrax,
        sumcheck::RoundWeights,
    },
};
use tacit_prover::{
    Commitments, Error,
    hyrax::Columns,
    integers::Integers,
    opening::{CommittedTensor, Elements, ProverScheme, Shares},
    sumcheck::{self, Grouped, Product, SumcheckInstance, Weighted},
};
use tacit_transcript::{ProofReader, ProofWriter, labels};
use tacit_verifier::{
    hyrax::{Combination, verify_inner_product},
    sumcheck::Reduced,
};

fn table(num_vars: usize) -> Mle {
    Mle::new(vec![Fr::from(3_u64); 1 << num_vars], num_vars).unwrap()
}

fn size<T>(result: Result<T, Error>) -> Size {
    match result {
        Err(Error::Size(size)) => size,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted"),
    }
}

const fn expected(what: &'static str, expected: usize, actual: usize) -> Size {
    Size { what, expected, actual }
}

#[test]
fn instances_of_tables_of_different_sizes_are_refused() {
    let second = "the number of the second table's variables";
    let zero = Fr::from(0_u64);
    for (left, right) in [(2, 3), (3, 2), (0, 1)] {
        let error = expected(second, left, right);
        assert_eq!(size(Product::new(table(left), table(right), zero)), error);
        assert_eq!(size(Product::summed(table(left), table(right))), error);
        assert_eq!(size(Grouped::new(&[], table(left), table(right), zero)), error);
        assert_eq!(size(Weighted::new(table(0), table(left), table(right), zero)), error);
    }
    let group = expected("the number of the group's variables", 1, 2);
    assert_eq!(size(Grouped::new(&[zero; 2], table(1), table(1), zero)), group);
    let weights = expected("the number of the weights' variables", 1, 2);
    assert_eq!(size(Weighted::new(table(2), table(1), table(1), zero)), weights);
    let short = Mle::new(vec![zero; 3], 2).unwrap();
    let weights = expected("the number of weights", 4, 3);
    assert_eq!(size(Weighted::new(short, table(2), table(2), zero)), weights);
    let unbound = Product::summed(table(1), table(1)).unwrap();
    assert_eq!(size(unbound.final_values()), expected("the number of variables that are not bound", 0, 1));
}

#[test]
fn a_sumcheck_with_another_number_of_weights_than_rounds_writes_nothing() {
    for actual in [2, 4] {
        let mut writer = ProofWriter::new(b"misuse");
        let mut instance = Product::summed(table(3), table(3)).unwrap();
        let point = vec![Fr::from(5_u64); actual];
        let proved = sumcheck::prove(&mut writer, &mut [&mut instance], RoundWeights::Equality(&point));
        assert_eq!(size(proved), expected("the number of coordinates of the weights' point", 3, actual));
        assert_eq!((writer.num_bytes(), writer.events().len()), (0, 0));
    }
}

#[test]
fn a_combination_of_another_size_than_its_generators_is_not_verified() {
    let generators = Generators::new(1).unwrap();
    for (rows, coefficients, coordinates) in [(1, 1, 0), (1, 1, 2), (2, 1, 1), (1, 2, 1)] {
        let combination = Combination {
            rows: vec![G1Affine::identity(); rows],
            coefficients: vec![Fr::from(0_u64); coefficients],
            point: vec![Fr::from(5_u64); coordinates],
            value: Fr::from(0_u64),
        };
        let mut reader = ProofReader::new(b"misuse", &[]);
        let zero = Fr::from(0_u64);
        let verified = verify_inner_product(&mut reader, combination, zero, &generators);
        let size = if coordinates == 1 {
            expected("the number of coefficients of a combination's rows", rows, coefficients)
        } else {
            expected("the number of coordinates of a combination's point", 1, coordinates)
        };
        assert_eq!(verified, Err(tacit_verifier::Error::Statement(tacit_layers::Error::Size(size))));
    }
}

#[test]
fn a_sumcheck_is_verified_with_weights_for_every_round_and_values_of_every_instance() {
    let claim = |num_vars| SumClaim { num_vars, degree: 2, sum: Fr::from(0_u64) };
    let point = [Fr::from(5_u64); 2];
    for (claims, rounds) in
        [(vec![claim(3)], 3), (vec![claim(0), claim(70), claim(1)], 70), (vec![claim(1)], 1)]
    {
        let mut reader = ProofReader::new(b"misuse", &[]);
        let verified = tacit_verifier::sumcheck::verify(&mut reader, &claims, RoundWeights::Equality(&point));
        let size = expected("the number of coordinates of the weights' point", rounds, 2);
        assert_eq!(verified, Err(tacit_verifier::Error::Statement(tacit_layers::Error::Size(size))));
        assert!(reader.events().is_empty());
    }
    // As many rounds and as high degrees as there are numbers: the proof ends first.
    let endless = SumClaim { num_vars: usize::MAX, degree: usize::MAX, sum: Fr::from(0_u64) };
    let mut reader = ProofReader::new(b"misuse", &[]);
    let verified = tacit_verifier::sumcheck::verify(&mut reader, &[endless], RoundWeights::Uniform);
    assert!(matches!(verified, Err(tacit_verifier::Error::Malformed(_))), "{verified:?}");
    let reduced = Reduced { point: vec![], value: Fr::from(3_u64), coefficients: vec![Fr::from(1_u64); 2] };
    let holds = |values: &[u64]| reduced.holds(values.iter().map(|&value| Fr::from(value)));
    assert!(holds(&[1, 2]) && !holds(&[3]) && !holds(&[3, 0, 0]) && !holds(&[]));
}

#[test]
fn a_column_of_another_length_than_its_shape_is_not_committed_to() {
    let layout = Layout::new(vec![2, 3]).unwrap();
    let mut writer = ProofWriter::new(b"misuse");
    let mut columns = Columns::new(Hyrax::new(2).unwrap());
    let (integers, field) = ([1_i64; 7], [Fr::from(1_u64); 5]);
    for (values, actual) in
        [(Elements::Integers(Integers::Int64(&integers)), 7), (Elements::Field(&field), 5)]
    {
        let tensor = CommittedTensor { layout: &layout, values };
        let error = expected("the number of a tensor's elements", 6, actual);
        assert_eq!(size(tensor.padded()), error);
        assert_eq!(size(columns.commit(&mut writer, labels::COMMITMENT, &[tensor])), error);
    }
    assert!(columns.is_empty() && writer.num_bytes() == 0);
}

#[test]
fn a_scheme_commits_to_what_has_its_shape_and_opens_what_it_committed_to() {
    let (layout, scheme) = (Layout::new(vec![2, 3]).unwrap(), Hyrax::new(2).unwrap());
    let (integers, field) = ([1_i64; 7], [Fr::from(1_u64); 5]);
    let tensor = |values| CommittedTensor { layout: &layout, values };
    let claim = |column, coordinates| {
        EvaluationClaim::new(column, vec![Fr::from(1_u64); coordinates], Fr::from(1_u64))
    };
    let mut writer = ProofWriter::new(b"misuse");
    for (values, actual) in
        [(Elements::Integers(Integers::Int64(&integers)), 7), (Elements::Field(&field), 5)]
    {
        let error = expected("the number of a tensor's elements", 6, actual);
        let mut shares = Shares::default();
        assert_eq!(size(scheme.commit(&[tensor(values)], &mut shares)), error);
        assert_eq!(size(scheme.open(&mut writer, &[&[tensor(values)]], &[claim(0, 3)])), error);
    }
    let fits = tensor(Elements::Integers(Integers::Int64(&integers[..6])));
    // Shares of fewer tensors than there are take what they have room for.
    assert!(scheme.commit(&[fits], &mut Shares::default()).is_ok());
    for claim in [claim(0, 2), claim(0, 4), claim(1, 3), claim(usize::MAX, 3)] {
        let error = scheme.open(&mut writer, &[&[fits]], &[claim]).unwrap_err();
        assert_eq!(error, Error::Replay(tacit_verifier::Error::UnfitClaim));
    }
    assert_eq!(writer.num_bytes(), 0);
}

#[test]
fn an_instance_whose_variables_are_bound_gives_a_proof_that_does_not_hold() {
    let (r, zero) = (Fr::from(7_u64), Fr::from(0_u64));
    let mut product = Product::summed(table(2), table(2)).unwrap();
    let mut grouped = Grouped::new(&[r], table(2), table(2), Fr::from(36_u64)).unwrap();
    let mut weighted = Weighted::new(table(1), table(2), table(2), Fr::from(108_u64)).unwrap();
    let instances: [&mut dyn SumcheckInstance; 3] = [&mut product, &mut grouped, &mut weighted];
    for instance in instances {
        let claim = instance.claim();
        for _ in 0..5 {
            instance.round(zero, None);
            instance.bind(r);
        }
        let mut writer = ProofWriter::new(b"misuse");
        let point = sumcheck::prove(&mut writer, &mut [instance], RoundWeights::Uniform).unwrap();
        let proof = writer.finish();
        let mut reader = ProofReader::new(b"misuse", &proof);
        let reduced = tacit_verifier::sumcheck::verify(&mut reader, &[claim], RoundWeights::Uniform).unwrap();
        // All tables hold three everywhere.
        assert_eq!(reduced.point, point);
        for value in [9, 27].map(Fr::from) {
            assert!(!reduced.holds([value].into_iter()) && !reduced.holds([value * r].into_iter()));
        }
    }
    for values in [product.final_values(), grouped.final_values(), weighted.final_values()] {
        assert!(values.is_ok());
    }
}

#[test]
fn a_claim_that_fits_no_column_is_not_opened() {
    let tensor = Tensor::new(Layout::new(vec![2, 3]).unwrap(), vec![1; 6]).unwrap();
    let mut writer = ProofWriter::new(b"misuse");
    let mut columns = Columns::new(Hyrax::new(2).unwrap());
    columns.commit(&mut writer, labels::COMMITMENT, &[(&tensor).into()]).unwrap();
    let written = writer.num_bytes();
    for (column, coordinates) in [(0, 2), (0, 4), (1, 3)] {
        let claim = EvaluationClaim::new(column, vec![Fr::from(1_u64); coordinates], Fr::from(1_u64));
        let error = columns.open(&mut writer, &[claim]).unwrap_err();
        assert_eq!(error, Error::Replay(tacit_verifier::Error::UnfitClaim), "{column}, {coordinates}");
    }
    assert_eq!(writer.num_bytes(), written);
}
