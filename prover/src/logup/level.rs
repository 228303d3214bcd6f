//! The sumcheck of a level that is stored.

use ark_bn254::Fr;
use ark_ff::Zero;
use tacit_algebra::kernels::backend;
use tacit_layers::argument::{claim::SumClaim, logup::Children, sumcheck::RoundPolynomial};

use super::{
    Fractions, LevelSumcheck,
    coordinates::Coordinates,
    leaves::Derived,
    shapes::Shapes,
    tables::{Form, Source, Tables, build, cut, part},
    weights::Weights,
};
use crate::{buffers::Buffers, sumcheck::SumcheckInstance};

/// $f = p_0 q_1 + q_0 b$ with $b = p_1 + \lambda q_1$.
const FRACTION: Form<4> = Form {
    round: |tables, weights| backend().kernel().fraction_round(tables, weights),
    value: |[p0, bracket, q0, q1]| p0 * q1 + q0 * bracket,
};

/// A level of the tree: $p_0, p_1, q_0, q_1$, the children of every fraction of the level above.
pub(super) type Pairs<'a> = Tables<'a, 4>;

/// All four tables of a level, over `num_vars` variables. Constants are fractions whose children are the same.
pub(super) fn pairs<'a>(
    shapes: &'a Shapes,
    num_vars: usize,
    entries: [Vec<Fr>; 4],
    constants: &[[Fr; 2]],
    buffers: &'a Buffers,
) -> Pairs<'a> {
    let constants = constants.iter().map(|&[p, q]| [p, p, q, q]).collect();
    let spare = [(); 4].map(|()| vec![]);
    Tables { shapes, num_vars, entries, spare, constants, form: FRACTION, sums: None, buffers }
}

/// What a constant becomes one level up: the sum of two of it.
pub(super) fn doubled([p, q]: [Fr; 2]) -> [Fr; 2] {
    let product = p * q;
    [product + product, q * q]
}

impl<'a> Pairs<'a> {
    pub(super) fn from_fractions(fractions: &Fractions, shapes: &'a Shapes, buffers: &'a Buffers) -> Self {
        let Fractions { numerators, denominators } = fractions;
        let side = |values: &[Fr], side: usize| {
            let mut target = buffers.take(values.len() / 2);
            for (target, pair) in target.iter_mut().zip(values.as_chunks::<2>().0) {
                *target = pair[side];
            }
            target
        };
        let entries =
            [side(numerators, 0), side(numerators, 1), side(denominators, 0), side(denominators, 1)];
        pairs(shapes, entries[0].len().ilog2() as usize, entries, &[], buffers)
    }

    /// The level above.
    pub(super) fn parents(&self) -> Self {
        let constants: Vec<[Fr; 2]> = self.constants.iter().map(|&[p, _, q, _]| doubled([p, q])).collect();
        let num_vars = self.num_vars - 1;
        let fill = |Source { shape, entries }: Source, chunk: usize, [p0, p1, q0, q1]: [&mut [Fr]; 4]| {
            let [a, b, c, d] = self.entries.each_ref().map(|table| part(table, shape, chunk, 2 * entries));
            backend().kernel().add_fractions([a, b], [c, d], [[p0, p1], [q0, q1]]);
        };
        let doubled: Vec<[Fr; 4]> = constants.iter().map(|&[p, q]| [p, p, q, q]).collect();
        let entries = build(self.shapes, num_vars, &doubled, self.buffers, fill);
        pairs(self.shapes, num_vars, entries, &constants, self.buffers)
    }
}

/// The sumcheck of a level, $p_1$ replaced by the bracket $p_1 + \lambda q_1$ in the first round.
pub(super) struct Level<'a> {
    tables: Pairs<'a>,
    /// Where entries that are not stored come from.
    derived: Option<Derived<'a>>,
    /// Variables to bind before entries are stored, the last of these included.
    unstored: usize,
    begun: bool,
    coordinates: Coordinates,
    lambda: Fr,
    claim: SumClaim,
}

impl<'a> Level<'a> {
    pub(super) fn new(tables: Pairs<'a>, coordinates: Coordinates, lambda: Fr, claim: SumClaim) -> Self {
        Self { tables, derived: None, unstored: 0, begun: false, coordinates, lambda, claim }
    }

    /// Of a level that is computed from the leaves again in every round until so many variables are bound.
    pub(super) fn derived(
        (mut derived, shapes, unstored): (Derived<'a>, &'a Shapes, usize),
        coordinates: Coordinates,
        lambda: Fr,
        claim: SumClaim,
    ) -> Self {
        let tables = derived.unstored(shapes);
        derived.set_bracket(lambda);
        Self { derived: Some(derived), unstored, ..Self::new(tables, coordinates, lambda, claim) }
    }

    fn first_round(&mut self) -> [Fr; 2] {
        let (lambda, num_vars, shapes) = (self.lambda, self.tables.num_vars, self.tables.shapes);
        let shape = &shapes[num_vars];
        let weights = Weights::new(&self.coordinates.point()[..num_vars - 1], shape);
        let [p0, p1, q0, q1] = &mut self.tables.entries;
        let mut brackets = [std::mem::take(p1)];
        let sums = weights.sum(cut(&mut brackets, shape, 2), |chunk, [bracket], weights| {
            let kernel = backend().kernel();
            let [p0, q0, q1] = [&*p0, &*q0, &*q1].map(|table| part(table, shape, chunk, 2));
            kernel.add_scaled(bracket, q1, lambda);
            kernel.fraction_round([p0, bracket, q0, q1], weights)
        });
        [*p1] = brackets;
        self.tables.with_constants(sums, &weights)
    }
}

impl LevelSumcheck for Level<'_> {
    fn children(&self) -> Children {
        let [p0, bracket, q0, q1] = self.tables.values();
        Children { numerators: [p0, bracket - self.lambda * q1], denominators: [q0, q1] }
    }
}

impl SumcheckInstance for Level<'_> {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        let begun = std::mem::replace(&mut self.begun, true);
        if !begun {
            for [_, bracket, _, q1] in &mut self.tables.constants {
                *bracket += self.lambda * *q1;
            }
        }
        let point = self.coordinates.point();
        let sums = match &self.derived {
            Some(derived) => {
                self.tables.derived_round(point, |shape, chunk, targets| derived.fill(shape, chunk, targets))
            }
            None if begun => self.tables.round(point),
            None => self.first_round(),
        };
        self.coordinates.round_polynomial(
            self.tables.num_vars,
            sums,
            claim,
            one_weight.unwrap_or_else(Fr::zero),
        )
    }

    fn bind(&mut self, r: Fr) {
        let point = self.coordinates.point();
        let Some(mut derived) = self.derived.take() else { return self.tables.bind(point, r) };
        derived.bind(r);
        self.unstored -= 1;
        if self.unstored == 0 {
            self.tables.derive(point, |shape, chunk, targets| derived.fill(shape, chunk, targets));
        } else {
            self.tables.bind_derived();
            self.derived = Some(derived);
        }
    }
}
