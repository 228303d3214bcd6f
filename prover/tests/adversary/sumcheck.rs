//! Sumchecks: a false sum shows in the final value, whatever the rounds look like.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::{Mle, eq};
use tacit_layers::argument::{
    claim::SumClaim,
    sumcheck::{RoundPolynomial, RoundWeights, instance_point},
};
use tacit_prover::sumcheck::{self, Product, SumcheckInstance};
use tacit_transcript::{Error as Malformed, ProofReader, ProofWriter, Transcript, labels};
use tacit_verifier::{Error, sumcheck as verifier};

use super::{DOMAIN, scalars};

const VARS: usize = 4;

/// Two tables.
fn tables(seed: usize) -> [Mle; 2] {
    [1, 2].map(|i| Mle::new(scalars(10 * seed + i, 1 << VARS), VARS).unwrap())
}

fn sum([left, right]: &[Mle; 2]) -> Fr {
    left.values().iter().zip(right.values()).map(|(a, b)| *a * b).sum()
}

/// A proof of these claims about products of these tables, whether they hold or not.
fn prove(claims: &[(&[Mle; 2], Fr)]) -> Vec<u8> {
    let mut instances: Vec<Product> = claims
        .iter()
        .map(|([left, right], sum)| Product::new(left.clone(), right.clone(), *sum).unwrap())
        .collect();
    let mut borrowed: Vec<&mut dyn SumcheckInstance> = instances.iter_mut().map(|i| i as _).collect();
    let mut writer = ProofWriter::new(DOMAIN);
    sumcheck::prove(&mut writer, &mut borrowed, RoundWeights::Uniform).unwrap();
    writer.finish()
}

/// Whether a proof's final value is that of the tables.
fn verify(claims: &[(&[Mle; 2], Fr)], proof: &[u8]) -> Result<bool, Error> {
    let mut reader = ProofReader::new(DOMAIN, proof);
    let sums: Vec<SumClaim> =
        claims.iter().map(|(_, sum)| SumClaim { num_vars: VARS, degree: 2, sum: *sum }).collect();
    let reduced = verifier::verify(&mut reader, &sums, RoundWeights::Uniform)?;
    reader.finish()?;
    let values = claims.iter().map(|([left, right], _)| {
        let point = instance_point(&reduced.point, VARS);
        left.evaluate(point).unwrap() * right.evaluate(point).unwrap()
    });
    Ok(reduced.holds(values))
}

#[test]
fn accepts_the_true_sum() {
    let tables = tables(1);
    let claims = [(&tables, sum(&tables))];
    assert_eq!(verify(&claims, &prove(&claims)), Ok(true));
}

#[test]
fn rejects_a_false_sum_with_rounds_that_add_up() {
    let tables = tables(1);
    for error in [Fr::one(), -Fr::one(), scalars(3, 1)[0]] {
        let claims = [(&tables, sum(&tables) + error)];
        assert_eq!(verify(&claims, &prove(&claims)), Ok(false));
    }
}

#[test]
fn rejects_the_same_sum_under_another_polynomial() {
    let [left, right] = tables(1);
    let reversed = |table: &Mle| Mle::new(table.values().iter().rev().copied().collect(), VARS).unwrap();
    let other = [reversed(&left), reversed(&right)];
    let tables = [left, right];
    assert_eq!(sum(&tables), sum(&other));
    let proof = prove(&[(&other, sum(&other))]);
    assert_eq!(verify(&[(&other, sum(&other))], &proof), Ok(true));
    assert_eq!(verify(&[(&tables, sum(&tables))], &proof), Ok(false));
}

#[test]
fn rejects_false_sums_that_cancel() {
    let (a, b) = (tables(1), tables(2));
    let claims = [(&a, sum(&a) + Fr::one()), (&b, sum(&b) - Fr::one())];
    assert_eq!(verify(&claims, &prove(&claims)), Ok(false));
    let swapped = [(&a, sum(&b)), (&b, sum(&a))];
    assert_eq!(verify(&swapped, &prove(&swapped)), Ok(false));
}

#[test]
fn rejects_swapped_replayed_and_reflected_rounds() {
    let tables = tables(1);
    let claims = [(&tables, sum(&tables))];
    let honest = prove(&claims);
    let round = |i: usize| &honest[64 * i..64 * (i + 1)];
    for (what, rounds) in [
        ("swapped", [1, 0, 2, 3]),
        ("last two swapped", [0, 1, 3, 2]),
        ("replayed", [0, 0, 2, 3]),
        ("last replayed", [0, 1, 2, 2]),
    ] {
        let proof: Vec<u8> = rounds.iter().flat_map(|&i| round(i)).copied().collect();
        assert_eq!(verify(&claims, &proof), Ok(false), "{what}");
    }
    // t(1 - X) has the same sum over both sides.
    let mut writer = ProofWriter::new(DOMAIN);
    let mut instance = Reflected(Product::new(tables[0].clone(), tables[1].clone(), sum(&tables)).unwrap());
    sumcheck::prove(&mut writer, &mut [&mut instance], RoundWeights::Uniform).unwrap();
    assert_eq!(verify(&claims, &writer.finish()), Ok(false), "reflected");
}

/// Sends every round's polynomial reflected.
struct Reflected(Product);

impl SumcheckInstance for Reflected {
    fn claim(&self) -> SumClaim {
        self.0.claim()
    }

    fn round(&mut self, claim: Fr, weight: Option<Fr>) -> RoundPolynomial {
        let honest = self.0.round(claim, weight);
        let values: Vec<Fr> =
            (0..3_i64).map(|x| honest.evaluate(tacit_algebra::small::from_i64(1 - x))).collect();
        RoundPolynomial::interpolate(&values)
    }

    fn bind(&mut self, r: Fr) {
        self.0.bind(r);
    }
}

#[test]
fn rejects_rounds_of_another_degree() {
    let tables = tables(1);
    let claim = SumClaim { num_vars: VARS, degree: 2, sum: sum(&tables) };
    let write = |degree: usize| {
        let mut writer = ProofWriter::new(DOMAIN);
        let mut instance =
            OfDegree(Product::new(tables[0].clone(), tables[1].clone(), claim.sum).unwrap(), degree);
        sumcheck::prove(&mut writer, &mut [&mut instance], RoundWeights::Uniform).unwrap();
        writer.finish()
    };
    let trailing = Error::Malformed(Malformed::TrailingBytes { count: 32 * VARS });
    assert_eq!(verify(&[(&tables, claim.sum)], &write(3)), Err(trailing));
    let label = labels::ROUND_POLYNOMIAL;
    let truncated = Error::Malformed(Malformed::Truncated { label, needed: 64, left: 0 });
    assert_eq!(verify(&[(&tables, claim.sum)], &write(1)), Err(truncated));
}

/// Claims another degree than its polynomial has.
struct OfDegree(Product, usize);

impl SumcheckInstance for OfDegree {
    fn claim(&self) -> SumClaim {
        SumClaim { degree: self.1, ..self.0.claim() }
    }

    fn round(&mut self, claim: Fr, weight: Option<Fr>) -> RoundPolynomial {
        self.0.round(claim, weight)
    }

    fn bind(&mut self, r: Fr) {
        self.0.bind(r);
    }
}

#[test]
fn rejects_a_zero_check_of_a_table_that_sums_to_zero_without_being_zero() {
    // f sums to zero, and at tau it is not zero.
    let mut values = vec![Fr::zero(); 1 << VARS];
    (values[3], values[9]) = (Fr::one(), -Fr::one());
    let mut writer = ProofWriter::new(DOMAIN);
    let tau = writer.squeeze_many(labels::POOL_POINT, VARS);
    let mut instance = Weighted { table: Mle::new(values.clone(), VARS).unwrap(), tau: tau.clone() };
    sumcheck::prove(&mut writer, &mut [&mut instance], RoundWeights::Equality(&tau)).unwrap();
    let proof = writer.finish();
    let mut reader = ProofReader::new(DOMAIN, &proof);
    let tau = reader.squeeze_many(labels::POOL_POINT, VARS);
    let claim = SumClaim { num_vars: VARS, degree: 1, sum: Fr::zero() };
    let reduced = verifier::verify(&mut reader, &[claim], RoundWeights::Equality(&tau)).unwrap();
    let value = Mle::new(values, VARS).unwrap().evaluate(&reduced.point).unwrap();
    assert!(!reduced.holds(std::iter::once(value)));
}

/// `sum_x eq(tau, x) f(x)`, claimed to be zero; the linear coefficient is honest, the constant is what the claim asks.
struct Weighted {
    table: Mle,
    tau: Vec<Fr>,
}

impl SumcheckInstance for Weighted {
    fn claim(&self) -> SumClaim {
        SumClaim { num_vars: VARS, degree: 1, sum: Fr::zero() }
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        let (low, high) = self.table.halves();
        let weights = eq::table(&self.tau[self.tau.len() + 1 - self.table.num_vars()..], low.len());
        let slope: Fr = weights.iter().zip(low.iter().zip(high)).map(|(w, (l, h))| *w * (*h - l)).sum();
        RoundPolynomial::new(vec![claim - one_weight.unwrap() * slope, slope])
    }

    fn bind(&mut self, r: Fr) {
        self.table.bind(r).unwrap();
    }
}
