//! Views: from slices, padding, enlargements, reshapes and concatenations to what they show (see [`tacit_layers::argument::view`]).

use ark_bn254::Fr;
use tacit_layers::{
    Layout, NodeId, Operation,
    argument::{
        claim::{EvaluationClaim, SumClaim},
        sumcheck::{RoundWeights, instance_point},
        view::Shifts,
    },
    layer::{remap::RemapLayer, view::View},
};
use tacit_transcript::{Value, labels};

use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// A claim on a view with one input. Its vectors, which may be much longer than the proof, are computed when the proof has
/// been read that far, one view's at a time.
struct Viewed<'a, V> {
    input: NodeId,
    layout: &'a Layout,
    shown: &'a Layout,
    map: Map<'a>,
    point: Vec<Fr>,
    value: V,
}

/// What the view does, or the part of a concatenation that its input is.
enum Map<'a> {
    Whole(View<'a>),
    Part(RemapLayer),
}

impl<V> Viewed<'_, V> {
    fn shifts(&self) -> Shifts {
        let view = match &self.map {
            Map::Whole(view) => *view,
            Map::Part(layer) => View::Remap(layer),
        };
        view.shifts(self.layout, self.shown, &self.point)
    }
}

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    // A view of a view leaves claims for another turn; inputs come before what views them, so that this ends.
    while !session.claims.views.is_empty() {
        let claims = std::mem::take(&mut session.claims.views);
        // Step 1: a concatenation's value, input by input.
        let mut views: Vec<Viewed<V>> = vec![];
        for claim in claims {
            let (node, _) = session.node(claim.subject)?;
            if let Operation::Concat(layer) = &node.operation {
                let shares = session.reader.read_scalars(labels::VIEW_SHARES, node.inputs.len())?;
                let difference = shares.iter().cloned().sum::<V>() - claim.value.clone();
                if !session.reader.check_zero(difference.into()) {
                    return Err(Error::Shares { layer: node.name.clone() });
                }
                let layouts = node.inputs.iter().map(|&id| session.layout(id)).collect::<Result<Vec<_>>>()?;
                let parts = layer.parts(layouts.into_iter(), session.layout(claim.subject)?);
                for ((&input, part), share) in node.inputs.iter().zip(parts).zip(shares) {
                    views.push(viewed(session, input, Map::Part(part), &claim, share)?);
                }
            } else if let Some(view) = View::of(&node.operation) {
                let input = session.read(claim.subject)?;
                views.push(viewed(session, input, Map::Whole(view), &claim, claim.value.clone())?);
            } else {
                return Err(Error::MissingColumn);
            }
        }
        // Step 2: one sumcheck over the positions of all inputs.
        let sums: Vec<SumClaim<V>> = views
            .iter()
            .map(|view| SumClaim { num_vars: view.layout.num_vars(), degree: 2, sum: view.value.clone() })
            .collect();
        let reduced = sumcheck::verify(&mut session.reader, &sums, RoundWeights::Uniform)?;
        // Step 3: every input at its point.
        let values = session.reader.read_scalars(labels::VIEW_VALUES, views.len())?;
        let products = views.iter().zip(&values).map(|(view, value)| {
            let point = instance_point(&reduced.point, view.layout.num_vars());
            (value.clone() * view.shifts().evaluate(view.layout, point)).into()
        });
        if !session.reader.check_zero(reduced.difference(products)) {
            return Err(Error::FinalValue { argument: "views", message: labels::VIEW_VALUES });
        }
        for (view, value) in views.iter().zip(values) {
            let point = instance_point(&reduced.point, view.layout.num_vars()).to_vec();
            session.claim_activation(view.input, point, value)?;
        }
    }
    Ok(())
}

fn viewed<'a, V: Value>(
    session: &Session<'a, '_, V>,
    input: NodeId,
    map: Map<'a>,
    claim: &EvaluationClaim<NodeId, V>,
    value: V,
) -> Result<Viewed<'a, V>> {
    let (layout, shown) = (session.layout(input)?, session.layout(claim.subject)?);
    Ok(Viewed { input, layout, shown, map, point: claim.point.clone(), value })
}
