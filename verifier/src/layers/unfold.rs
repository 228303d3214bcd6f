//! Windows: from unfolded inputs to inputs (see [`tacit_layers::argument::unfold`]).

use ark_bn254::Fr;
use tacit_layers::{
    Layout, Window2d,
    argument::{
        claim::SumClaim,
        sumcheck::{RoundWeights, instance_point},
        unfold::{UnfoldedClaim, evaluate_shifts, spatial_vars},
    },
};
use tacit_transcript::{Value, labels};

use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    let claims = std::mem::take(&mut session.claims.unfolded);
    if claims.is_empty() {
        return Ok(());
    }
    // Step 1: one sumcheck over the positions of all inputs.
    let sums = claims
        .iter()
        .map(|claim| {
            let input = session.layout(session.read(claim.node)?)?;
            Ok(SumClaim { num_vars: spatial_vars(input), degree: 2, sum: claim.value.clone() })
        })
        .collect::<Result<Vec<_>>>()?;
    let reduced = sumcheck::verify(session.reader, &sums, RoundWeights::Uniform)?;
    // Step 2: every input at its point.
    let values = session.reader.read_scalars(labels::WINDOW_VALUES, claims.len())?;
    let shifts = claims
        .iter()
        .zip(&sums)
        .map(|(claim, sum)| {
            let (node, spec) = session.node(claim.node)?;
            let window = node.operation.layer().window().ok_or(Error::BrokenInvariant)?;
            let input = session.layout(session.read(claim.node)?)?;
            Ok(shift(claim, window, input, &spec.layout, instance_point(&reduced.point, sum.num_vars)))
        })
        .collect::<Result<Vec<Fr>>>()?;
    let products = shifts.into_iter().zip(&values).map(|(shift, value)| (value.clone() * shift).into());
    if !session.reader.check_zero(reduced.difference(products)) {
        return Err(Error::FinalValue { argument: "windows", message: labels::WINDOW_VALUES });
    }
    for ((claim, sum), value) in claims.into_iter().zip(&sums).zip(values) {
        let spatial = instance_point(&reduced.point, sum.num_vars);
        let input = session.read(claim.node)?;
        session.claim_activation(input, [&claim.channel, spatial].concat(), value)?;
    }
    Ok(())
}

/// The shift matrix' value at the sumcheck's final point.
pub(crate) fn shift<V>(
    claim: &UnfoldedClaim<V>,
    window: &Window2d,
    input: &Layout,
    output: &Layout,
    point: &[Fr],
) -> Fr {
    evaluate_shifts(&claim.shift_vectors(window, input, output), point)
}
