//! LogUp-GKR: sums that are not zero, zero denominators, and trees whose levels do not follow from each other.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use tacit_algebra::{Mle, eq};
use tacit_layers::argument::{
    claim::SumClaim,
    logup::{Children, LeafClaims},
    sumcheck::{RoundPolynomial, RoundWeights},
};
use tacit_prover::{
    logup::{self, Fractions},
    sumcheck::{self, SumcheckInstance},
};
use tacit_transcript::{ProofReader, ProofWriter, Transcript, labels};
use tacit_verifier::{Error, logup as verifier};

use super::{DOMAIN, scalars};

const VARS: usize = 4;

/// Fractions whose sum is zero: each with its negative.
fn leaves() -> Fractions {
    let half = 1 << (VARS - 1);
    let (p, q) = (scalars(5, half), scalars(6, half));
    let numerators = p.iter().copied().chain(p.iter().map(|p| -*p)).collect();
    Fractions { numerators, denominators: [q.clone(), q].concat() }
}

fn verify(proof: &[u8]) -> Result<LeafClaims, Error> {
    let mut reader = ProofReader::new(DOMAIN, proof);
    let claims = verifier::verify(&mut reader, VARS)?;
    reader.finish()?;
    Ok(claims)
}

fn prove(leaves: Fractions) -> (Vec<u8>, LeafClaims) {
    let mut writer = ProofWriter::new(DOMAIN);
    let claims = logup::prove(&mut writer, leaves).unwrap();
    (writer.finish(), claims)
}

#[test]
fn accepts_fractions_that_sum_to_zero() {
    let (proof, claims) = prove(leaves());
    assert_eq!(verify(&proof), Ok(claims.clone()));
    let expected = Mle::new(leaves().numerators, VARS).unwrap().evaluate(&claims.point).unwrap();
    assert_eq!(claims.numerator, expected);
}

#[test]
fn rejects_fractions_that_do_not_sum_to_zero() {
    for index in [0, 7, 15] {
        let mut numerator = leaves();
        numerator.numerators[index] += Fr::one();
        assert_eq!(verify(&prove(numerator).0), Err(Error::FractionSum));
        let mut denominator = leaves();
        denominator.denominators[index] += Fr::one();
        assert_eq!(verify(&prove(denominator).0), Err(Error::FractionSum));
    }
}

#[test]
fn rejects_a_zero_denominator_anywhere() {
    for index in 0..1 << VARS {
        for numerator in [Fr::one(), Fr::zero()] {
            let mut fractions = leaves();
            fractions.denominators[index] = Fr::zero();
            fractions.numerators[index] = numerator;
            assert_eq!(verify(&prove(fractions).0), Err(Error::ZeroDenominator), "leaf {index}");
        }
    }
}

/// Every level of the tree, the root's children first.
fn tree(leaves: &Fractions) -> Vec<Fractions> {
    // The first variable of this prover's tables is the last one of the leaves'.
    let reversed = |values: &[Fr]| -> Vec<Fr> {
        (0..values.len()).map(|i| values[i.reverse_bits() >> (usize::BITS as usize - VARS)]).collect()
    };
    let leaves =
        Fractions { numerators: reversed(&leaves.numerators), denominators: reversed(&leaves.denominators) };
    let mut levels = vec![leaves];
    while levels[0].numerators.len() > 2 {
        let Fractions { numerators: p, denominators: q } = &levels[0];
        let half = p.len() / 2;
        let parents = Fractions {
            numerators: (0..half).map(|i| p[i] * q[i + half] + p[i + half] * q[i]).collect(),
            denominators: (0..half).map(|i| q[i] * q[i + half]).collect(),
        };
        levels.insert(0, parents);
    }
    levels
}

/// Proves a tree whose levels need not follow from each other.
fn prove_tree(levels: Vec<Fractions>) -> Vec<u8> {
    let mut writer = ProofWriter::new(DOMAIN);
    let mut claims: Option<LeafClaims> = None;
    for level in levels {
        let half = level.numerators.len() / 2;
        let table = |values: &[Fr]| Mle::new(values.to_vec(), half.trailing_zeros() as usize).unwrap();
        let (p, q) = (level.numerators.split_at(half), level.denominators.split_at(half));
        let mut tables = [p.0, p.1, q.0, q.1].map(table);
        let mut point = vec![];
        if let Some(claims) = &claims {
            let lambda = writer.squeeze(labels::FRACTION_BATCH);
            let sum = claims.numerator + lambda * claims.denominator;
            let mut instance = Level { tables, point: claims.point.clone(), lambda, sum };
            let weights = RoundWeights::Equality(&claims.point);
            point = sumcheck::prove(&mut writer, &mut [&mut instance], weights).unwrap();
            tables = instance.tables;
        }
        let [p0, p1, q0, q1] = tables.map(|table| table.final_value().unwrap());
        let children = Children { numerators: [p0, p1], denominators: [q0, q1] };
        writer.write_scalars(labels::FRACTIONS, &children.to_message());
        let mu = writer.squeeze(labels::FRACTION_CHILD);
        let (numerator, denominator) = children.interpolate(mu);
        let point = std::iter::once(mu).chain(point).collect();
        claims = Some(LeafClaims { point, numerator, denominator });
    }
    writer.finish()
}

/// One level's sumcheck in plain evaluations; its rounds always add up to the claim.
struct Level {
    tables: [Mle; 4],
    point: Vec<Fr>,
    lambda: Fr,
    sum: Fr,
}

impl SumcheckInstance for Level {
    fn claim(&self) -> SumClaim {
        SumClaim { num_vars: self.point.len(), degree: 2, sum: self.sum }
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        let half = self.tables[0].values().len() / 2;
        let behind = self.point.len() + 1 - self.tables[0].num_vars();
        let weights = eq::table(&self.point[behind..], half);
        let value = |x: Fr| -> Fr {
            let at = |table: &Mle, i: usize| {
                table.values()[i] + x * (table.values()[i + half] - table.values()[i])
            };
            let term = |i: usize| {
                let [p0, p1, q0, q1] = [0, 1, 2, 3].map(|t| at(&self.tables[t], i));
                weights[i] * (p0 * q1 + p1 * q0 + self.lambda * q0 * q1)
            };
            (0..half).map(term).sum()
        };
        // The value at one is what the claim asks for.
        let tau = one_weight.unwrap();
        let zero = value(Fr::zero());
        let one = (claim - (Fr::one() - tau) * zero) * tau.inverse().unwrap();
        RoundPolynomial::interpolate(&[zero, one, value(Fr::from(2_u64))])
    }

    fn bind(&mut self, r: Fr) {
        for table in &mut self.tables {
            table.bind(r).unwrap();
        }
    }
}

#[test]
fn the_tests_own_prover_is_accepted_when_honest() {
    assert_eq!(prove_tree(tree(&leaves())), prove(leaves()).0);
}

#[test]
fn rejects_a_level_that_does_not_follow_from_the_one_above() {
    let mut false_leaves = leaves();
    false_leaves.numerators[3] += Fr::one();
    // Levels below the break are those of a false sum, levels above those of a true one.
    for broken in 1..VARS {
        let mut levels = tree(&leaves());
        levels.truncate(broken);
        levels.extend(tree(&false_leaves).split_off(broken));
        assert_eq!(verify(&prove_tree(levels)), Err(Error::FractionLevel { level: broken + 1 }));
    }
}

#[test]
fn a_false_leaf_under_a_true_tree_shows_in_the_leaves_claims() {
    let (proof, _) = prove(leaves());
    let claims = verify(&proof).unwrap();
    let mut leaves = leaves();
    leaves.numerators[3] += Fr::one();
    assert_ne!(Mle::new(leaves.numerators, VARS).unwrap().evaluate(&claims.point).unwrap(), claims.numerator);
}
