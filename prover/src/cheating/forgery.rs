//! An observer that lies.

use std::{borrow::Cow, sync::Arc};

use ark_bn254::{Fr, G1Affine};
use ark_ff::{AdditiveGroup, Field};
use tacit_algebra::{eq, generators::Generators, small::from_i64};
use tacit_inference::Trace;
use tacit_layers::{
    Layout, NodeId, Tensor, VerifyingKey,
    argument::{
        claim::{Column, EvaluationClaim},
        logup::LeafClaims,
        lookup_block::{BlockSource, Segment},
        lookup_table::Fingerprint,
        masking::{Relation, Response},
        sumcheck::instance_point,
    },
    proof::plan::Plan,
};
use tacit_transcript::{Label, ProofWriter, labels};

use crate::{
    buffers::Buffers,
    logup::{self, Fractions, LookupLeaves},
    observer::{MaskSource, Observer, Profiler},
    witness::Witness,
};

/// A change of a message's values.
pub type Revision = fn(&mut [Fr]);

/// What is added to a value that a block claims to look up, from the weights of all blocks and the fingerprint's
/// challenge $\beta$.
pub type Move = fn(weight: &dyn Fn(BlockSource) -> Fr, beta: Fr) -> Fr;

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
    /// The key that the proof is passed off as one of.
    pub(super) claimed: Option<VerifyingKey>,
    pub(super) changes: Vec<(Column, usize, Fr)>,
    /// For each: a column, which claim on it, and the column that the claim is passed off as one of.
    pub(super) renamed: Vec<(Column, usize, Column)>,
    pub(super) swapped_axes: bool,
    pub(super) hidden: Option<(Layout, usize)>,
    pub(super) exchanged: Option<[usize; 2]>,
    pub(super) stale: Option<Vec<Arc<Vec<i64>>>>,
    pub(super) wrapped: Vec<(BlockSource, usize, Fr)>,
    pub(super) revisions: Vec<(Label, Revision)>,
    /// For each: the block, which column of its rows, and what the column's value gains.
    pub(super) moves: Vec<(BlockSource, usize, Move)>,
    /// A table and one of its rows.
    pub(super) fitted: Option<(usize, usize)>,
    pub(super) padded_input: Option<Tensor<i64>>,
    pub(super) masking: Option<MaskingLie>,
}

/// The observer of a prover that lies, or that does not where nothing is forged.
#[derive(Debug)]
pub(crate) struct Liar {
    profiler: Profiler,
    forgery: Forgery,
    /// The fingerprint's challenge $\beta$, once it is known.
    beta: Fr,
    /// What the multiplicity gains that was fitted to the leaves.
    gain: Fr,
    /// The variables of the masked checks' products, and by how much their sum is larger than claimed.
    gap: (usize, Fr),
}

impl Liar {
    /// An observer of a proof about so many nodes that tells the truth.
    pub(crate) fn new(num_nodes: usize) -> Self {
        Self::with_lies(num_nodes, Forgery::default())
    }

    /// An observer that tells these lies.
    pub(super) fn with_lies(num_nodes: usize, forgery: Forgery) -> Self {
        let profiler = Profiler::new(num_nodes);
        Self { profiler, forgery, beta: Fr::ZERO, gain: Fr::ZERO, gap: (0, Fr::ZERO) }
    }
}

impl Observer for Liar {
    fn profiler(&mut self) -> &mut Profiler {
        &mut self.profiler
    }

    fn key<'k>(&self, key: &'k VerifyingKey) -> Cow<'k, VerifyingKey> {
        self.forgery.claimed.clone().map_or(Cow::Borrowed(key), Cow::Owned)
    }

    fn columns<'c>(&self, columns: &'c [Arc<Vec<i64>>]) -> Cow<'c, [Arc<Vec<i64>>]> {
        let mut committed =
            self.forgery.stale.as_ref().map_or(Cow::Borrowed(columns), |stale| Cow::Owned(stale.clone()));
        if let Some([first, second]) = self.forgery.exchanged {
            committed.to_mut().swap(first, second);
        }
        committed
    }

    fn deferred_column(&self, column: Column, values: &mut [Fr]) {
        for (_, index, difference) in self.forgery.changes.iter().filter(|change| change.0 == column) {
            values[*index] += difference;
        }
    }

    fn deferred_layout<'l>(&'l self, column: Column, layout: &'l Layout) -> &'l Layout {
        match &self.forgery.hidden {
            Some((padded, _)) if column == Column::CrossTerms => padded,
            _ => layout,
        }
    }

    fn cross_terms(&self, terms: &mut Vec<Fr>, difference: impl FnOnce() -> Fr) {
        if let Some((layout, position)) = &self.forgery.hidden {
            terms.resize(layout.num_elements(), Fr::ZERO);
            terms[*position] += difference();
        }
    }

    fn powers(&self, [height, width]: [Fr; 2]) -> [Fr; 2] {
        if self.forgery.swapped_axes { [width, height] } else { [height, width] }
    }

    fn claims(&self, claims: &mut [EvaluationClaim<Column>]) {
        for &(actual, occurrence, claimed) in &self.forgery.renamed {
            let of_column = claims.iter_mut().filter(|claim| claim.subject == actual);
            of_column.skip(occurrence).take(1).for_each(|claim| claim.subject = claimed);
        }
    }

    fn input<'i>(&'i self, index: usize, input: &'i Tensor<i64>) -> &'i Tensor<i64> {
        self.forgery.padded_input.as_ref().filter(|_| index == 0).unwrap_or(input)
    }

    fn message(&mut self, label: Label, scalars: &mut [Fr]) {
        if label == labels::MASKING_FACTORS {
            self.fit_factors(scalars);
        }
        self.forgery.revise(label, scalars);
    }

    /// Puts what rescales claim to look up into the leaves and fits a multiplicity.
    fn prove_look_ups(
        &mut self,
        writer: &mut ProofWriter,
        run: (&Plan, &Trace, &Witness),
        fingerprint: Fingerprint,
        leaves: &LookupLeaves,
        buffers: &Buffers,
    ) -> LeafClaims {
        self.beta = fingerprint.beta;
        let Some(fitted) = self.forgery.fitted else { return logup::prove_rows(writer, leaves, buffers) };
        let (fractions, gain) = self.forgery.fit(run, fingerprint, leaves.fractions(), fitted);
        self.gain = gain;
        let Ok(claims) = logup::prove(writer, fractions) else { unreachable!("leaves are a tree's") };
        claims
    }

    fn looked_up(&self, plan: &Plan, segment: &Segment, column: usize, leaf_point: &[Fr], value: Fr) -> Fr {
        let (rows, point) = (segment.rows, instance_point(leaf_point, segment.num_vars));
        match (rows, &self.forgery.padded_input, self.forgery.fitted) {
            (BlockSource::Input(NodeId(0)), Some(padded), _) => {
                crate::evaluation::evaluate(padded.layout(), padded.data(), point)
            }
            (BlockSource::Table, _, Some((table, row))) if segment.table == table => {
                value + self.gain * eq::evaluate_index(point, row)
            }
            _ => {
                let wrapped =
                    if column == 0 { self.forgery.wrap(rows, &segment.layout, point) } else { Fr::ZERO };
                value + wrapped + self.forgery.moved(rows, column, plan, leaf_point, self.beta)
            }
        }
    }

    fn masks(&self, mut source: MaskSource) -> MaskSource {
        let forgery = self.forgery.clone();
        Box::new(move || {
            let mut row = source();
            forgery.revise(labels::MASK_COMMITMENT, &mut row.masks);
            row
        })
    }

    /// Fresh masks' rows, the fresh vector, the error and the cross term.
    fn announcement(&self, announced: &mut [G1Affine], generators: &Generators) {
        let error = announced.len().saturating_sub(2);
        let (index, along) = match (self.forgery.masking, generators.vector()) {
            (Some(MaskingLie::ErrorInRow), [first, ..]) => (error, *first),
            (Some(MaskingLie::RowWithError), _) => (0, generators.inner_product()),
            _ => return,
        };
        announced[index] = (announced[index] + along).into();
    }

    fn response(
        &mut self,
        response: &mut Response,
        relation: &Relation,
        [rho, cross]: [Fr; 2],
        masks: &[Fr],
    ) {
        let gap = gap(relation, rho, masks, relation.sum(rho, response));
        match self.forgery.masking {
            Some(MaskingLie::Error) => response.error += gap,
            Some(MaskingLie::Linear) => response.linear -= gap * rho.inverse().unwrap_or_default(),
            Some(MaskingLie::Opened) => {
                response.opened = relation.value.linear_part(masks) + cross + rho * relation.value.constant;
            }
            _ => {}
        }
        let mut message = response.to_message();
        self.forgery.revise(labels::MASKING_RESPONSE, &mut message);
        *response = Response::from_message(message);
    }

    fn sum_of_products(&mut self, relation: &Relation, rho: Fr, masks: &[Fr], sum: Fr) -> Fr {
        // Only a lie about masking needs to know it.
        if self.forgery.masking.is_some() {
            self.gap = (relation.num_vars(), gap(relation, rho, masks, sum));
        }
        sum + self.gap.1
    }
}

impl Liar {
    /// Changes both factors at the end of a sumcheck that began with a sum too small.
    fn fit_factors(&self, factors: &mut [Fr]) {
        let (num_vars, gap) = self.gap;
        if self.forgery.masking == Some(MaskingLie::Factors) {
            let halved = gap * Fr::from(2_u64).pow([num_vars as u64]).inverse().unwrap_or_default();
            // Without products any two factors will do.
            let inverse = factors[1].inverse().unwrap_or_else(|| {
                factors.copy_from_slice(&[Fr::ZERO, Fr::ONE]);
                Fr::ONE
            });
            factors[0] -= halved * inverse;
        }
    }
}

/// By how much the products' sum is larger than `sum`.
fn gap(relation: &Relation, rho: Fr, masks: &[Fr], sum: Fr) -> Fr {
    let [left, right] = relation.factors(rho, masks);
    left.iter().zip(&right).map(|(l, r)| *l * r).sum::<Fr>() - sum
}

impl Forgery {
    /// Changes a message before it is written.
    fn revise(&self, label: Label, message: &mut [Fr]) {
        for (_, revise) in self.revisions.iter().filter(|revision| revision.0 == label) {
            revise(message);
        }
    }

    /// What is added to a value that a block claims to look up.
    fn wrap(&self, rows: BlockSource, layout: &Layout, point: &[Fr]) -> Fr {
        let weight = |index: usize| eq::evaluate_index(point, layout.padded_index(index));
        self.wrapped.iter().filter(|wrapped| wrapped.0 == rows).map(|(_, index, x)| weight(*index) * x).sum()
    }

    /// What is added to the value of a column of a block's rows, at the point at which all leaves are evaluated.
    fn moved(&self, rows: BlockSource, column: usize, plan: &Plan, point: &[Fr], beta: Fr) -> Fr {
        let weight = |rows: BlockSource| {
            let segment = plan.segments.iter().find(|segment| segment.rows == rows);
            segment.map_or(Fr::ZERO, |segment| segment.weight(point))
        };
        let moves = self.moves.iter().filter(|(moved, c, _)| (*moved, *c) == (rows, column));
        moves.map(|(_, _, gain)| gain(&weight, beta)).sum()
    }

    /// Puts what rescales claim to look up into honest leaves and fits the multiplicity of a table's row. Returns by how
    /// much it is larger.
    fn fit(
        &self,
        (plan, trace, witness): (&Plan, &Trace, &Witness),
        fingerprint: Fingerprint,
        mut leaves: Fractions,
        (table, row): (usize, usize),
    ) -> (Fractions, Fr) {
        let mut fitted = None;
        for (segment, lookup) in plan.segments.iter().zip(&witness.lookups) {
            let activations = match segment.rows {
                BlockSource::Activations(id) => Some(trace.values()[id.index()].data()),
                BlockSource::Remainders(_) => None,
                BlockSource::Table if segment.table == table => {
                    fitted = Some(segment.offset + row);
                    continue;
                }
                BlockSource::Table
                | BlockSource::LowRemainders(_)
                | BlockSource::LowSaturation(_)
                | BlockSource::HighSaturation(_)
                | BlockSource::Differences(_)
                | BlockSource::Input(_) => continue,
            };
            for (index, &key) in lookup.keys.iter().enumerate() {
                let wrapped =
                    self.wrapped.iter().filter(|wrapped| (wrapped.0, wrapped.1) == (segment.rows, index));
                let key = from_i64(key) + wrapped.map(|(_, _, x)| x).sum::<Fr>();
                let second = activations.map_or(Fr::ZERO, |y| from_i64(y[index]));
                leaves.denominators[segment.offset + segment.layout.padded_index(index)] =
                    fingerprint.of(segment.table, key, second);
            }
        }
        let Some(leaf) = fitted else { unreachable!("table {table} is not looked up in") };
        let fractions = leaves.numerators.iter().zip(&leaves.denominators);
        let sum: Fr = fractions.map(|(p, q)| q.inverse().map_or(Fr::ZERO, |inverse| *p * inverse)).sum();
        let gain = sum * leaves.denominators[leaf];
        leaves.numerators[leaf] -= gain;
        (leaves, gain)
    }
}
