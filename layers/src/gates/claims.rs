//! Claims on a circuit's layers: combining several, and what a stand-alone circuit leaves.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::One;
use tacit_transcript::{Transcript, labels};

use super::{Operand, Wired};
use crate::claim::EvaluationClaim;

/// A random combination of claims on one layer: $\sum_k \alpha^k \widetilde V(z_k) = v$.
#[derive(Debug, Clone)]
#[must_use = "a combined claim must be reduced to the layers below"]
pub struct Combined {
    /// $\alpha^k$ and $z_k$.
    pub points: Vec<(Fr, Vec<Fr>)>,
    /// $v$.
    pub value: Fr,
}

fn combine(transcript: &mut impl Transcript, claims: Vec<EvaluationClaim<Operand>>) -> Combined {
    let alpha = if claims.len() > 1 { transcript.squeeze(labels::GATE_CLAIM_BATCH) } else { Fr::one() };
    let powers = std::iter::successors(Some(Fr::one()), |power| Some(*power * alpha));
    let mut value = Fr::from(0_u64);
    let points = claims
        .into_iter()
        .zip(powers)
        .map(|(claim, power)| {
            value += power * claim.value;
            (power, claim.point)
        })
        .collect();
    Combined { points, value }
}

/// Claims on a circuit's layers and inputs on the way down; prover and verifier keep the same.
#[derive(Debug, Clone, Default)]
pub struct LayerClaims {
    layers: BTreeMap<u32, Vec<EvaluationClaim<Operand>>>,
    inputs: Vec<EvaluationClaim<Operand>>,
}

impl Combined {
    /// $\sum_k \alpha^k \sum_w c_w \widetilde w(z_k, x, y)$; points of absent operands are empty.
    pub fn predicate(&self, wirings: &[Wired], x: &[Fr], y: &[Fr]) -> Fr {
        let at = |z: &[Fr]| -> Fr { wirings.iter().map(|wired| wired.evaluate([z, x, y])).sum() };
        self.points.iter().map(|(power, z)| *power * at(z)).sum()
    }
}

impl LayerClaims {
    /// The claim on the output alone.
    pub fn new(point: Vec<Fr>, value: Fr) -> Self {
        let mut claims = Self::default();
        claims.leave(Operand::Layer(0), point, value);
        claims
    }

    /// Leaves a claim.
    pub fn leave(&mut self, operand: Operand, point: Vec<Fr>, value: Fr) {
        let claim = EvaluationClaim::new(operand, point, value);
        match operand {
            Operand::Input(_) => self.inputs.push(claim),
            Operand::Layer(layer) => self.layers.entry(layer).or_default().push(claim),
        }
    }

    /// Takes the claims on a layer as one; squeezes only when there are several. Their values were sent before.
    pub fn combine(&mut self, transcript: &mut impl Transcript, layer: usize) -> Combined {
        let layer = u32::try_from(layer).unwrap_or(u32::MAX);
        combine(transcript, self.layers.remove(&layer).unwrap_or_default())
    }

    /// What is left at the end: claims on inputs, in the order in which their values were sent.
    pub fn into_inputs(self) -> Vec<EvaluationClaim<Operand>> {
        self.inputs
    }
}

/// The claims that a circuit's proof leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "every claim must be discharged"]
pub struct GateClaims {
    /// On inputs, in the order in which their values were sent.
    pub inputs: Vec<EvaluationClaim<Operand>>,
    /// On the output.
    pub output: EvaluationClaim<Operand>,
}
