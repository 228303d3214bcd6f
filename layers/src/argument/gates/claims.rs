//! Claims on a circuit's layers: combining several, and what is left at the end.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::One;
use tacit_transcript::{Transcript, Value, labels};

use super::{circuit::Operand, predicate::Wired};
use crate::argument::claim::EvaluationClaim;

/// A random combination of claims on one layer: $\sum_k \alpha^k \widetilde V(z_k) = v$.
#[derive(Debug, Clone)]
#[must_use = "a combined claim must be reduced to the layers below"]
pub struct Combined<V = Fr> {
    /// $\alpha^k$ and $z_k$.
    pub points: Vec<(Fr, Vec<Fr>)>,
    /// $v$.
    pub value: V,
}

fn combine<V: Value>(
    transcript: &mut impl Transcript<Value = V>,
    claims: Vec<EvaluationClaim<Operand, V>>,
) -> Combined<V> {
    let alpha = if claims.len() > 1 { transcript.squeeze(labels::GATE_CLAIM_BATCH) } else { Fr::one() };
    let powers = std::iter::successors(Some(Fr::one()), |power| Some(*power * alpha));
    let mut value = V::default();
    let points = claims
        .into_iter()
        .zip(powers)
        .map(|(claim, power)| {
            value += claim.value * power;
            (power, claim.point)
        })
        .collect();
    Combined { points, value }
}

/// Claims on a circuit's layers and inputs on the way down; prover and verifier keep the same.
#[derive(Debug, Clone)]
pub struct LayerClaims<V = Fr> {
    layers: BTreeMap<u32, Vec<EvaluationClaim<Operand, V>>>,
    inputs: Vec<EvaluationClaim<Operand, V>>,
}

impl<V> Combined<V> {
    /// $\sum_k \alpha^k \sum_w c_w \widetilde w(z_k, x, y)$; points of absent operands are empty.
    ///
    /// # Errors
    /// When points have other numbers of coordinates than the wirings' tensors.
    pub fn predicate(&self, wirings: &[Wired], x: &[Fr], y: &[Fr]) -> Result<Fr, tacit_algebra::Error> {
        let at = |z: &[Fr]| -> Result<Fr, _> { wirings.iter().map(|wired| wired.evaluate([z, x, y])).sum() };
        self.points.iter().map(|(power, z)| Ok(*power * at(z)?)).sum()
    }
}

impl<V: Value> LayerClaims<V> {
    /// The claim on the output alone.
    pub fn new(point: Vec<Fr>, value: V) -> Self {
        let mut claims = Self { layers: BTreeMap::new(), inputs: vec![] };
        claims.leave(Operand::Layer(0), point, value);
        claims
    }

    /// Leaves a claim.
    pub fn leave(&mut self, operand: Operand, point: Vec<Fr>, value: V) {
        let claim = EvaluationClaim::new(operand, point, value);
        match operand {
            Operand::Input(_) => self.inputs.push(claim),
            Operand::Layer(layer) => self.layers.entry(layer).or_default().push(claim),
        }
    }

    /// Takes the claims on a layer as one; squeezes only when there are several. Their values were sent before.
    pub fn combine(&mut self, transcript: &mut impl Transcript<Value = V>, layer: usize) -> Combined<V> {
        let layer = u32::try_from(layer).unwrap_or(u32::MAX);
        combine(transcript, self.layers.remove(&layer).unwrap_or_default())
    }

    /// What is left at the end: claims on inputs, in the order in which their values were sent.
    pub fn into_inputs(self) -> Vec<EvaluationClaim<Operand, V>> {
        self.inputs
    }
}
