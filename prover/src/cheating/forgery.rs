//! What a lying prover does while it proves.

use ark_bn254::{Fr, G1Affine};
use ark_ff::{AdditiveGroup, Field};
use tacit_algebra::{eq, generators::Generators, small::from_i64};
use tacit_layers::{
    Layout, Tensor,
    argument::{
        claim::Column,
        lookup_block::Rows,
        lookup_table::Fingerprint,
        masking::{Relation, Response},
    },
    proof::plan::Plan,
};
use tacit_transcript::{Label, labels};

use crate::{
    input::RunInput,
    logup::{Fractions, LookupLeaves},
    session::Session,
};

/// A change of a message's values.
pub type Revision = fn(&mut [Fr]);

/// What is added to a value that a block claims to look up, from the weights of all blocks and the fingerprint's
/// challenge $\beta$.
pub type Move = fn(weight: &dyn Fn(Rows) -> Fr, beta: Fr) -> Fr;

/// How the proof that masked messages satisfy every check is fitted to messages that do not, once its challenge is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskingLie {
    /// The error that the products have instead of the announced one's combination.
    Error,
    /// The linear part that makes up for the products.
    Linear,
    /// A factor that makes up for the products' sum.
    Factors,
    /// The opened value that the checks expect.
    Opened,
    /// An error committed to along a row's generator.
    ErrorInRow,
    /// Fresh masks committed to along the error's generator too.
    RowWithError,
}

/// Lies about what depends on challenges; none by default.
#[derive(Debug, Clone, Default)]
pub struct Forgery {
    pub(super) changes: Vec<(Column, usize, Fr)>,
    pub(super) swapped_axes: bool,
    pub(super) hidden: Option<(Layout, usize)>,
    pub(super) exchanged: Option<[usize; 2]>,
    pub(super) stale: Option<Vec<Vec<i64>>>,
    pub(super) wrapped: Vec<(Rows, usize, Fr)>,
    pub(super) revisions: Vec<(Label, Revision)>,
    /// For each: the block, which column of its rows, and what the column's value gains.
    pub(super) moves: Vec<(Rows, usize, Move)>,
    /// A table and one of its rows.
    pub(super) fitted: Option<(usize, usize)>,
    pub(super) padded_input: Option<Tensor<i64>>,
    pub(super) masking: Option<MaskingLie>,
}

impl Forgery {
    /// What is committed to in place of this witness column.
    pub(crate) fn committed<'a>(&'a self, columns: &'a [Vec<i64>], index: usize) -> &'a [i64] {
        let index = match self.exchanged {
            Some([first, second]) if index == first => second,
            Some([first, second]) if index == second => first,
            _ => index,
        };
        &self.stale.as_deref().unwrap_or(columns)[index]
    }

    /// What is added to a value that a block claims to look up.
    pub(crate) fn wrap(&self, rows: Rows, layout: &Layout, point: &[Fr]) -> Fr {
        let weight = |index: usize| eq::evaluate_index(point, layout.padded_index(index));
        self.wrapped.iter().filter(|wrapped| wrapped.0 == rows).map(|(_, index, x)| weight(*index) * x).sum()
    }

    /// Puts what rescales claim to look up into the leaves and fits a multiplicity.
    pub(crate) fn fit(
        &self,
        session: &Session,
        fingerprint: Fingerprint,
        honest: &LookupLeaves,
    ) -> Option<Fit> {
        let (table, row) = self.fitted?;
        let mut leaves = honest.fractions();
        let mut fitted = None;
        for (segment, lookup) in session.plan.segments.iter().zip(&session.witness.lookups) {
            let (id, activations) = match segment.rows {
                Rows::Activations(id) => (id, Some(session.value(id).data())),
                Rows::Remainders(id) => (id, None),
                Rows::Table if segment.table == table => {
                    fitted = Some(segment.offset + row);
                    continue;
                }
                _ => continue,
            };
            let layout = session.layout(id);
            for (index, &key) in lookup.keys.iter().enumerate() {
                let wrapped =
                    self.wrapped.iter().filter(|wrapped| (wrapped.0, wrapped.1) == (segment.rows, index));
                let key = from_i64(key) + wrapped.map(|(_, _, x)| x).sum::<Fr>();
                let second = activations.map_or(Fr::ZERO, |y| from_i64(y[index]));
                leaves.denominators[segment.offset + layout.padded_index(index)] =
                    fingerprint.of(segment.table, key, second);
            }
        }
        let (leaf, fractions) = (fitted?, leaves.numerators.iter().zip(&leaves.denominators));
        let sum: Fr = fractions.map(|(p, q)| q.inverse().map_or(Fr::ZERO, |inverse| *p * inverse)).sum();
        let gain = sum * leaves.denominators[leaf];
        leaves.numerators[leaf] -= gain;
        Some(Fit { leaves, table, row, gain })
    }

    /// What is added to the value of a column of a block's rows, at the point at which all leaves are evaluated.
    pub(crate) fn moved(&self, rows: Rows, column: usize, plan: &Plan, point: &[Fr], beta: Fr) -> Fr {
        let weight = |rows: Rows| {
            let segment = plan.segments.iter().find(|segment| segment.rows == rows);
            segment.map_or(Fr::ZERO, |segment| {
                let (high, _) = point.split_at(point.len() - segment.num_vars);
                eq::evaluate_index(high, segment.offset >> segment.num_vars)
            })
        };
        let moves = self.moves.iter().filter(|(moved, c, _)| (*moved, *c) == (rows, column));
        moves.map(|(_, _, gain)| gain(&weight, beta)).sum()
    }

    /// Changes a message before it is written.
    pub(crate) fn revise(&self, label: Label, message: &mut [Fr]) {
        for (_, revise) in self.revisions.iter().filter(|revision| revision.0 == label) {
            revise(message);
        }
    }

    /// Changes what is announced: fresh masks' rows, the fresh vector, the error and the cross term.
    pub(crate) fn announce(&self, announced: &mut [G1Affine], generators: &Generators) {
        let error = announced.len().saturating_sub(2);
        let (index, along) = match (self.masking, generators.vector()) {
            (Some(MaskingLie::ErrorInRow), [first, ..]) => (error, *first),
            (Some(MaskingLie::RowWithError), _) => (0, generators.inner_product()),
            _ => return,
        };
        announced[index] = (announced[index] + along).into();
    }

    /// By how much the products' sum is larger than what is claimed of it, where a lie needs to know.
    pub(crate) fn gap(&self, relation: &Relation, rho: Fr, response: &Response, masks: &[Fr]) -> Fr {
        if self.masking.is_none() {
            return Fr::ZERO;
        }
        let [left, right] = relation.factors(rho, masks);
        left.iter().zip(&right).map(|(l, r)| *l * r).sum::<Fr>() - relation.sum(rho, response)
    }

    /// Changes the response.
    pub(crate) fn respond(
        &self,
        response: &mut Response,
        relation: &Relation,
        [rho, cross]: [Fr; 2],
        masks: &[Fr],
    ) {
        let gap = self.gap(relation, rho, response, masks);
        match self.masking {
            Some(MaskingLie::Error) => response.error += gap,
            Some(MaskingLie::Linear) => response.linear -= gap * rho.inverse().unwrap_or_default(),
            Some(MaskingLie::Opened) => {
                response.opened = relation.value.linear_part(masks) + cross + rho * relation.value.constant;
            }
            _ => {}
        }
        let mut message = response.to_message();
        self.revise(labels::MASKING_RESPONSE, &mut message);
        *response = Response::from_message(message);
    }

    /// Changes both factors at the end of a sumcheck that began with a sum too small by `gap`.
    pub(crate) fn fit_factors(&self, factors: &mut [Fr; 2], gap: Fr, num_vars: usize) {
        if self.masking == Some(MaskingLie::Factors) {
            let halved = gap * Fr::from(2_u64).pow([num_vars as u64]).inverse().unwrap_or_default();
            // Without products any two factors will do.
            let inverse = factors[1].inverse().unwrap_or_else(|| {
                *factors = [Fr::ZERO, Fr::ONE];
                Fr::ONE
            });
            factors[0] -= halved * inverse;
        }
        self.revise(labels::MASKING_FACTORS, factors);
    }

    /// Changes a late column before it is committed.
    pub(crate) fn change(&self, column: Column, values: &mut [Fr]) {
        for (_, index, difference) in self.changes.iter().filter(|change| change.0 == column) {
            values[*index] += difference;
        }
    }

    /// The layout by which a late column is committed to and opened.
    pub(crate) fn layout<'a>(&'a self, column: Column, layout: &'a Layout) -> &'a Layout {
        match &self.hidden {
            Some((padded, _)) if column == Column::CrossTerms => padded,
            _ => layout,
        }
    }

    /// Puts what matrix products are wrong by among their cross terms.
    pub(crate) fn hide(&self, cross: &mut Vec<Fr>, difference: impl FnOnce() -> Fr) {
        if let Some((layout, position)) = &self.hidden {
            cross.resize(layout.num_elements(), Fr::ZERO);
            cross[*position] += difference();
        }
    }

    /// What is opened as the committed input, if one is committed.
    pub(crate) fn input<'a>(&'a self, input: RunInput<'a>) -> Option<&'a Tensor<i64>> {
        match input {
            RunInput::Public(_) => None,
            RunInput::Committed(opening) => Some(self.padded_input().unwrap_or(&opening.input)),
        }
    }

    /// What is opened as the committed input, values in its padding included, where it is not the run's.
    pub(crate) const fn padded_input(&self) -> Option<&Tensor<i64>> {
        self.padded_input.as_ref()
    }

    /// The powers at which a prover compares convolutions.
    pub(crate) const fn powers(&self, [height, width]: [Fr; 2]) -> [Fr; 2] {
        if self.swapped_axes { [width, height] } else { [height, width] }
    }
}

/// Leaves that sum to zero because a multiplicity was fitted to the challenges.
pub(crate) struct Fit {
    pub(crate) leaves: Fractions,
    table: usize,
    row: usize,
    gain: Fr,
}

impl Fit {
    /// What the multiplicities of a table gain at a point.
    pub(crate) fn gain(&self, table: usize, point: &[Fr]) -> Fr {
        if table == self.table { self.gain * eq::evaluate_index(point, self.row) } else { Fr::ZERO }
    }
}
