//! Circuits of gates (see [`tacit_layers::argument::gates`]); the prover's file of this name has the same steps.

use ark_bn254::Fr;
use tacit_layers::{
    Layout, NodeId,
    argument::{
        claim::{Column, EvaluationClaim, SumClaim},
        gates::{Circuit, Combined, Group, LayerClaims, Operand, Wired},
        sumcheck::{RoundWeights, instance_point},
    },
    layer::gated::{Gated, Source},
};
use tacit_transcript::{ProofReader, Value, labels};

use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// Checks the accumulators of nodes that are proved by gates.
pub(crate) fn verify<V: Value>(
    session: &mut Session<V>,
    claims: Vec<EvaluationClaim<NodeId, V>>,
) -> Result<()> {
    if claims.is_empty() {
        return Ok(());
    }
    let gated = claims
        .iter()
        .map(|claim| {
            let (node, site) = session.site(claim.subject)?;
            node.operation.layer().gated(&site).ok_or(Error::BrokenInvariant)
        })
        .collect::<Result<Vec<Gated>>>()?;
    let descents = claims.into_iter().zip(&gated).map(|(claim, gated)| Descent {
        circuit: &gated.circuit,
        claims: LayerClaims::new(claim.point, claim.value),
    });
    let left = descend(session.reader, descents.collect())?;
    for (claims, gated) in left.into_iter().zip(&gated) {
        for EvaluationClaim { subject, point, value } in claims.into_inputs() {
            match *gated.sources.get(gated.circuit.place(subject)).ok_or(Error::BrokenInvariant)? {
                Source::Activation(id) => session.claim_activation(id, point, value)?,
                Source::Parameter(id) => {
                    session.claims.columns.push(EvaluationClaim::new(Column::Parameter(id), point, value));
                }
            }
        }
    }
    Ok(())
}

/// A circuit on its way from the output to the inputs.
struct Descent<'a, V> {
    circuit: &'a Circuit,
    claims: LayerClaims<V>,
}

/// A left operand's part of a layer.
struct Left<'a, V> {
    descent: usize,
    /// The layer's claim.
    combined: usize,
    group: Group<'a>,
    sum: SumClaim<V>,
}

/// A right operand met with one left operand, which was bound to `left`.
struct Right<'a, V> {
    descent: usize,
    combined: usize,
    left: Vec<Fr>,
    operand: Operand,
    wirings: Vec<Wired<'a>>,
    sum: SumClaim<V>,
}

/// Takes every circuit's claim down to its inputs, layers of the same depth together.
fn descend<V: Value>(
    reader: &mut ProofReader<V>,
    mut descents: Vec<Descent<V>>,
) -> Result<Vec<LayerClaims<V>>> {
    let depth = descents.iter().map(|descent| descent.circuit.layers.len()).max().unwrap_or(0);
    for layer in 0..depth {
        // Step 1: one claim for each layer.
        let mut combined: Vec<Combined<V>> = vec![];
        let mut parts: Vec<(usize, Vec<Group>)> = vec![];
        for (index, descent) in descents.iter_mut().enumerate() {
            if layer < descent.circuit.layers.len() {
                let mut claim = descent.claims.combine(reader, layer);
                claim.value -= V::from(claim.predicate(&descent.circuit.constants(layer), &[], &[])?);
                combined.push(claim);
                parts.push((index, descent.circuit.groups(layer)));
            }
        }
        // Step 2: its parts by left operand; the first is what the others leave.
        let count = parts
            .iter()
            .fold(0_usize, |count, (_, groups)| count.saturating_add(groups.len().saturating_sub(1)));
        let shares = if count == 0 { vec![] } else { reader.read_scalars(labels::GATE_SHARES, count)? };
        let mut shares = shares.into_iter();
        let mut lefts: Vec<Left<V>> = vec![];
        for (at, ((index, groups), claim)) in parts.into_iter().zip(&combined).enumerate() {
            let circuit = descents.get(index).ok_or(Error::BrokenInvariant)?.circuit;
            let others: Vec<V> = shares.by_ref().take(groups.len().saturating_sub(1)).collect();
            let first = claim.value.clone() - others.iter().cloned().sum::<V>();
            for (group, sum) in groups.into_iter().zip(std::iter::once(first).chain(others)) {
                let num_vars = circuit.layout(group.left).map_or(0, Layout::num_vars);
                let sum = SumClaim { num_vars, degree: 2, sum };
                lefts.push(Left { descent: index, combined: at, group, sum });
            }
        }
        let rights = first_phase(reader, &mut descents, &combined, lefts)?;
        second_phase(reader, &mut descents, &combined, &rights)?;
    }
    Ok(descents.into_iter().map(|descent| descent.claims).collect())
}

fn first_phase<'a, V: Value>(
    reader: &mut ProofReader<V>,
    descents: &mut [Descent<'a, V>],
    combined: &[Combined<V>],
    lefts: Vec<Left<'a, V>>,
) -> Result<Vec<Right<'a, V>>> {
    // Step 3: the sumcheck over left operands; then their values, each with what its right operands add.
    let sums: Vec<SumClaim<V>> = lefts.iter().map(|left| left.sum.clone()).collect();
    let reduced = sumcheck::verify(reader, &sums, RoundWeights::Uniform)?;
    let count = lefts
        .iter()
        .fold(0_usize, |count, left| count.saturating_add(left.group.pairs.len()).saturating_add(1));
    let mut sent = reader.read_scalars(labels::GATE_LEFT_VALUES, count)?.into_iter();
    let (mut products, mut rights) = (vec![], vec![]);
    for Left { descent: index, combined: at, group, sum } in lefts {
        let descent = descents.get_mut(index).ok_or(Error::BrokenInvariant)?;
        let claim = combined.get(at).ok_or(Error::BrokenInvariant)?;
        let u = instance_point(&reduced.point, sum.num_vars);
        let value = sent.next().ok_or(Error::BrokenInvariant)?;
        let mut gates = V::from(claim.predicate(&group.adds, u, &[])?);
        for (operand, wirings) in group.pairs {
            let sum = sent.next().ok_or(Error::BrokenInvariant)?;
            gates += sum.clone();
            let num_vars = descent.circuit.layout(operand).map_or(0, Layout::num_vars);
            let sum = SumClaim { num_vars, degree: 2, sum };
            rights.push(Right { descent: index, combined: at, left: u.to_vec(), operand, wirings, sum });
        }
        products.push(value.times(&gates));
        descent.claims.leave(group.left, u.to_vec(), value);
    }
    if !reader.check_zero(reduced.difference(products.into_iter())) {
        return Err(Error::FinalValue { argument: "gates", message: labels::GATE_LEFT_VALUES });
    }
    Ok(rights)
}

fn second_phase<V: Value>(
    reader: &mut ProofReader<V>,
    descents: &mut [Descent<V>],
    combined: &[Combined<V>],
    rights: &[Right<V>],
) -> Result<()> {
    if rights.is_empty() {
        return Ok(());
    }
    // Step 4: the sumcheck over right operands, then their values.
    let sums: Vec<SumClaim<V>> = rights.iter().map(|right| right.sum.clone()).collect();
    let reduced = sumcheck::verify(reader, &sums, RoundWeights::Uniform)?;
    let values = reader.read_scalars(labels::GATE_RIGHT_VALUES, rights.len())?;
    let products = rights.iter().zip(&values).map(|(right, value)| {
        let v = instance_point(&reduced.point, right.sum.num_vars);
        let claim = combined.get(right.combined).ok_or(Error::BrokenInvariant)?;
        Ok((value.clone() * claim.predicate(&right.wirings, &right.left, v)?).into())
    });
    let products = products.collect::<Result<Vec<_>>>()?;
    if !reader.check_zero(reduced.difference(products.into_iter())) {
        return Err(Error::FinalValue { argument: "gates", message: labels::GATE_RIGHT_VALUES });
    }
    for (right, value) in rights.iter().zip(values) {
        let v = instance_point(&reduced.point, right.sum.num_vars);
        let descent = descents.get_mut(right.descent).ok_or(Error::BrokenInvariant)?;
        descent.claims.leave(right.operand, v.to_vec(), value);
    }
    Ok(())
}
