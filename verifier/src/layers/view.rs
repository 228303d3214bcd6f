//! Views: from slices, padding, enlargements, reshapes and concatenations to what they show (see [`tacit_layers::argument::view`]).

use ark_bn254::Fr;
use tacit_layers::{
    Layout, NodeId,
    argument::{
        claim::{EvaluationClaim, SumClaim},
        sumcheck::{RoundWeights, instance_point},
        view::Shifts,
    },
    layer::{
        Layer,
        site::{Reading, Site},
    },
};
use tacit_transcript::{Value, labels};

use crate::{
    error::{Error, Result},
    session::Session,
    sumcheck,
};

/// A claim on a view with one of its inputs. Its vectors, which may be much longer than the proof, are computed when the
/// proof has been read that far, one view's at a time.
struct Viewed<'a, V> {
    layer: &'a dyn Layer,
    site: Site<'a>,
    /// Which input.
    position: usize,
    point: Vec<Fr>,
    value: V,
}

impl<V> Viewed<'_, V> {
    fn input(&self) -> Result<(NodeId, &Layout)> {
        let id = self.site.reads.get(self.position).copied();
        id.zip(self.site.inputs.layout(self.position)).ok_or(Error::BrokenInvariant)
    }

    fn shifts(&self) -> Result<Shifts> {
        self.layer.shifts(&self.site, self.position, &self.point).ok_or(Error::BrokenInvariant)
    }
}

pub(crate) fn verify<V: Value>(session: &mut Session<V>) -> Result<()> {
    // A view of a view leaves claims for another turn; inputs come before what views them, so that this ends.
    while !session.claims.views.is_empty() {
        let claims = std::mem::take(&mut session.claims.views);
        // Step 1: where a view is the sum of its inputs' views, each one's share.
        let mut views: Vec<Viewed<V>> = vec![];
        for EvaluationClaim { subject, point, value } in claims {
            let (node, site) = session.site(subject)?;
            let layer = node.operation.layer();
            let shares = match layer.reading(&site) {
                Reading::View(_) => vec![value],
                Reading::SumOfViews(_) => {
                    let shares = session.reader.read_scalars(labels::VIEW_SHARES, site.reads.len())?;
                    if !session.reader.check_zero((shares.iter().cloned().sum::<V>() - value).into()) {
                        return Err(Error::Shares { layer: node.name.clone() });
                    }
                    shares
                }
                Reading::Own | Reading::Renamed(_) => return Err(Error::BrokenInvariant),
            };
            views.extend(shares.into_iter().enumerate().map(|(position, value)| Viewed {
                layer,
                site: site.clone(),
                position,
                point: point.clone(),
                value,
            }));
        }
        // Step 2: one sumcheck over the positions of all inputs.
        let sums = views
            .iter()
            .map(|view| {
                Ok(SumClaim { num_vars: view.input()?.1.num_vars(), degree: 2, sum: view.value.clone() })
            })
            .collect::<Result<Vec<SumClaim<V>>>>()?;
        let reduced = sumcheck::verify(session.reader, &sums, RoundWeights::Uniform)?;
        // Step 3: every input at its point.
        let values = session.reader.read_scalars(labels::VIEW_VALUES, views.len())?;
        let products = views
            .iter()
            .zip(&sums)
            .zip(&values)
            .map(|((view, sum), value)| {
                let point = instance_point(&reduced.point, sum.num_vars);
                Ok((value.clone() * view.shifts()?.evaluate(view.input()?.1, point)).into())
            })
            .collect::<Result<Vec<_>>>()?;
        if !session.reader.check_zero(reduced.difference(products.into_iter())) {
            return Err(Error::FinalValue { argument: "views", message: labels::VIEW_VALUES });
        }
        for ((view, sum), value) in views.iter().zip(&sums).zip(values) {
            let point = instance_point(&reduced.point, sum.num_vars).to_vec();
            session.claim_activation(view.input()?.0, point, value)?;
        }
    }
    Ok(())
}
