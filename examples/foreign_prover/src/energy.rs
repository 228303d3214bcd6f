//! The sumcheck of a map's energy, in merlin: nothing of Tacit's but how a scalar is written.

use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use merlin::Transcript;
use tacit_transcript::encoding::{scalar_from_wide_bytes, scalar_to_bytes};

/// The rounds' values at 0, 1 and 2, the point that they end in, and the map there. Variables are bound from the most significant on, as
/// Tacit's points go.
pub(crate) fn prove(transcript: &mut Transcript, mut table: Vec<Fr>) -> (Vec<[Fr; 3]>, Vec<Fr>, Fr) {
    let (mut rounds, mut point) = (vec![], vec![]);
    while table.len() > 1 {
        let (low, high) = table.split_at(table.len() / 2);
        let at = |x: u64| low.iter().zip(high).map(|(l, h)| (*l + (*h - l) * Fr::from(x)).square()).sum();
        let round = [at(0), at(1), at(2)];
        absorb(transcript, &round);
        let r = challenge(transcript);
        table = low.iter().zip(high).map(|(l, h)| *l + (*h - l) * r).collect();
        rounds.push(round);
        point.push(r);
    }
    absorb(transcript, &table);
    (rounds, point, table[0])
}

/// The point at which the map has this value, if its energy is this one.
pub(crate) fn verify(
    transcript: &mut Transcript,
    energy: Fr,
    rounds: &[[Fr; 3]],
    value: Fr,
) -> Result<Vec<Fr>, &'static str> {
    let (mut sum, mut point) = (energy, vec![]);
    for round in rounds {
        if round[0] + round[1] != sum {
            return Err("a round does not sum to its claim");
        }
        absorb(transcript, round);
        let r = challenge(transcript);
        sum = interpolate(round, r);
        point.push(r);
    }
    absorb(transcript, &[value]);
    if value.square() == sum { Ok(point) } else { Err("the sumcheck ends with another value") }
}

/// Absorbs scalars.
pub(crate) fn absorb(transcript: &mut Transcript, scalars: &[Fr]) {
    for scalar in scalars {
        transcript.append_message(b"scalar", &scalar_to_bytes(scalar));
    }
}

fn challenge(transcript: &mut Transcript) -> Fr {
    let mut bytes = [0; 64];
    transcript.challenge_bytes(b"challenge", &mut bytes);
    scalar_from_wide_bytes(&bytes)
}

/// The parabola through the values at 0, 1 and 2.
fn interpolate([a, b, c]: &[Fr; 3], x: Fr) -> Fr {
    let half = Fr::from(2_u64).inverse().unwrap_or_else(Fr::zero);
    let (one, two) = (x - Fr::from(1_u64), x - Fr::from(2_u64));
    *a * one * two * half - *b * x * two + *c * x * one * half
}
