//! The sumcheck of the level above the leaves. It reads the leaves from their tables until its first variable is bound.
//!
//! The sum over leaves $p_0 / q_0$ and $p_1 / q_1$ is written as
//!
//! $$ p_0 q_1 + p_1 q_0 + \lambda q_0 q_1
//!    = \lambda \bigl(q_0 + \lambda^{-1} p_0\bigr) \bigl(q_1 + \lambda^{-1} p_1\bigr) - \lambda^{-1} p_0 p_1, $$
//!
//! which are two products of two tables each, where other levels have sums over four. Numerators of leaves are known: they
//! are one for looked-up rows and zero between blocks. So both tables of the second product are constant except at the
//! tables' own rows, whose numerators are multiplicities, and are stored there alone.

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use rayon::prelude::*;
use tacit_algebra::{
    kernels::{backend, rows::EntryForm},
    small::from_i64,
};
use tacit_layers::argument::{claim::SumClaim, logup::Children, sumcheck::RoundPolynomial};

use super::{
    CHUNK, LevelSumcheck, LinearTable, LookupLeaves,
    coordinates::Coordinates,
    integers::Products,
    leaves::{Part, SMALLEST, STEP, advance},
    shapes::{Shape, Shapes},
    tables::{Form, Tables},
    weights::Weights,
};
use crate::{buffers::Buffers, sumcheck::SumcheckInstance};

/// Fewer pairs of a table are read from it.
const FEW: usize = 32;
/// What is read for the first round's sums fits.
const _: () = assert!(STEP >= 2 * CHUNK);

/// $a b$.
const PRODUCT: Form<2> =
    Form { round: |[a, b], weights| backend().kernel().weighted_round(a, b, weights), value: |[a, b]| a * b };

/// The lowest level's sumcheck.
pub(super) struct Lowest<'a> {
    reader: Reader<'a>,
    /// $q_0 + \lambda^{-1} p_0$ and $q_1 + \lambda^{-1} p_1$, stored from the first binding on.
    denominators: Tables<'a, 2>,
    /// $p_0$ and $p_1$.
    numerators: Tables<'a, 2>,
    bound: Bound,
    /// Variables to bind before entries are stored, the last of these included.
    unstored: usize,
    coordinates: Coordinates,
    lambda: Fr,
    claim: SumClaim,
}

/// Reads the denominators' tables.
struct Reader<'a> {
    leaves: &'a LookupLeaves<'a>,
    /// The tables' rows' fingerprints plus $\lambda^{-1}$.
    shifted: Vec<Vec<Fr>>,
    /// Of the tables that are linear.
    products: Vec<Option<Products>>,
    /// $\lambda^{-1}$.
    inverse: Fr,
    buffers: &'a Buffers,
}

/// Variables that are bound in what is not stored.
#[derive(Default)]
struct Bound {
    /// Their values, the first bound first.
    values: Vec<Fr>,
    /// Entries of rows of linear tables with these variables bound.
    forms: Vec<Option<EntryForm>>,
}

impl Bound {
    fn push(&mut self, r: Fr, reader: &Reader) {
        self.values.push(r);
        let form = |table: &LinearTable| EntryForm::new(&table.rows(reader.inverse)?, &self.values);
        self.forms = reader.leaves.linear().iter().map(|table| table.as_ref().and_then(form)).collect();
    }

    /// Binds entries with the help of two vectors.
    fn bind(&self, entries: &[Fr], [now, next]: &mut [Vec<Fr>; 2], target: &mut [Fr]) {
        let kernel = backend().kernel();
        let Some((&last, [first, between @ ..])) = self.values.split_last() else {
            if let [only] = self.values.as_slice() {
                kernel.bind_pairs(entries, target, *only);
            }
            return;
        };
        let mut length = entries.len() / 2;
        kernel.bind_pairs(entries, &mut now[..length], *first);
        for &r in between {
            kernel.bind_pairs(&now[..length], &mut next[..length / 2], r);
            std::mem::swap(now, next);
            length /= 2;
        }
        kernel.bind_pairs(&now[..length], target, last);
    }
}

impl Reader<'_> {
    /// The entries of a chunk, variables bound.
    fn fill(&self, (shape, chunk): (&Shape, usize), bound: &Bound, targets: [&mut [Fr]; 2]) {
        let halvings = bound.values.len();
        let [mut sides, mut spare] = [(); 2].map(|()| [(); 2].map(|()| self.buffers.take(STEP)));
        let mut rest = targets;
        for parts in Part::groups(&self.leaves.parts(shape, chunk, 4 << halvings)) {
            let mut targets = advance(&mut rest, Part::count(parts) >> (halvings + 1));
            if let Some((table, rows)) = Part::rows(parts)
                && let Some(form) = &bound.forms[table]
            {
                backend().kernel().row_entries(&rows, form, targets);
                continue;
            }
            let tables = (self.shifted.as_slice(), |count| self.extra(count));
            self.leaves.read_parts(parts, tables, &mut sides, |_, sides, _| {
                let targets = advance(&mut targets, sides[0].len() >> halvings);
                for (side, target) in sides.into_iter().zip(targets) {
                    bound.bind(side, &mut spare, target);
                }
            });
        }
        for vector in sides.into_iter().chain(spare) {
            self.buffers.put(vector);
        }
    }

    /// What a table's own row has beside its entry.
    fn extra(&self, count: i64) -> Fr {
        -(from_i64(count) * self.inverse)
    }

    /// A chunk's sums of the first round: over integers where many rows of a linear table follow each other.
    fn first_sums(&self, shape: &Shape, chunk: usize, weights: &[Fr]) -> [Fr; 2] {
        let mut sides = [(); 2].map(|()| self.buffers.take(STEP));
        let (mut sums, mut rest) = ([Fr::zero(); 2], weights);
        for parts in Part::groups(&self.leaves.parts(shape, chunk, 4)) {
            let pairs = Part::count(parts) / 4;
            let (weights, behind) = rest.split_at(pairs);
            rest = behind;
            let linear = Part::rows(parts).filter(|_| pairs >= FEW);
            let linear = linear.and_then(|(table, rows)| Some((self.products[table].as_ref()?, rows)));
            let [constant, leading] = if let Some((products, rows)) = linear {
                products.round(&rows, weights)
            } else {
                let mut filled = 0;
                for Part { leaves, .. } in parts {
                    let end = filled + leaves.len() / 2;
                    let targets = sides.each_mut().map(|side| &mut side[filled..end]);
                    self.leaves.read(leaves.start, &self.shifted, |count| self.extra(count), targets);
                    filled = end;
                }
                let [a, b] = sides.each_ref().map(|side| &side[..filled]);
                backend().kernel().weighted_round(a, b, weights)
            };
            sums = [sums[0] + constant, sums[1] + leading];
        }
        for side in sides {
            self.buffers.put(side);
        }
        sums
    }
}

impl<'a> Lowest<'a> {
    /// Whether the leaves are many enough.
    pub(super) fn takes(leaves: &LookupLeaves) -> bool {
        leaves.len() >= SMALLEST
    }

    pub(super) fn new(
        leaves: &'a LookupLeaves<'a>,
        [shapes, numerator_shapes]: [&'a Shapes; 2],
        coordinates: Coordinates,
        lambda: Fr,
        claim: SumClaim,
        (unstored, buffers): (usize, &'a Buffers),
    ) -> Self {
        // A challenge of zero has probability 2^-254.
        let inverse = lambda.inverse().unwrap_or_else(Fr::zero);
        let shift = |table: &Vec<Fr>| {
            table.par_iter().with_min_len(SMALLEST).map(|fingerprint| *fingerprint + inverse).collect()
        };
        let num_vars = claim.num_vars;
        let tables = |shapes, entries, constants| Tables {
            shapes,
            num_vars,
            entries,
            spare: [vec![], vec![]],
            constants,
            form: PRODUCT,
            sums: None,
            buffers,
        };
        let constants = leaves.values().iter().map(|&[p, q]| [q + inverse * p; 2]).collect();
        let stored = leaves.stored_numerators(&numerator_shapes[num_vars], buffers);
        let shifted = leaves.tables().iter().map(shift).collect();
        let products = |table: &Option<_>| table.as_ref().map(|table| Products::new(table, inverse));
        let products = leaves.linear().iter().map(products).collect();
        Self {
            reader: Reader { leaves, shifted, products, inverse, buffers },
            denominators: tables(shapes, [vec![], vec![]], constants),
            numerators: tables(numerator_shapes, stored, vec![[Fr::zero(); 2], [Fr::one(); 2]]),
            bound: Bound::default(),
            unstored,
            coordinates,
            lambda,
            claim,
        }
    }

    fn first_round(&self) -> [Fr; 2] {
        let shape = self.denominators.shape();
        let weights = Weights::new(&self.coordinates.point()[..self.denominators.num_vars - 1], shape);
        let sums = weights.sum(vec![(); shape.chunks.len()], |chunk, (), weights| {
            self.reader.first_sums(shape, chunk, weights)
        });
        self.denominators.with_constants(sums, &weights)
    }
}

impl LevelSumcheck for Lowest<'_> {
    fn children(&self) -> Children {
        let ([a, b], [p0, p1]) = (self.denominators.values(), self.numerators.values());
        let inverse = self.reader.inverse;
        Children { numerators: [p0, p1], denominators: [a - inverse * p0, b - inverse * p1] }
    }
}

impl SumcheckInstance for Lowest<'_> {
    fn claim(&self) -> SumClaim {
        self.claim
    }

    fn round(&mut self, claim: Fr, one_weight: Option<Fr>) -> RoundPolynomial {
        let num_vars = self.denominators.num_vars;
        let point = self.coordinates.point();
        let [constant, leading] = if self.unstored == 0 {
            self.denominators.round(point)
        } else if self.bound.values.is_empty() {
            self.first_round()
        } else {
            self.denominators.derived_round(point, |shape, chunk, targets| {
                self.reader.fill((shape, chunk), &self.bound, targets);
            })
        };
        let numerators = self.numerators.round(point);
        let inverse = self.reader.inverse;
        let sums = [
            self.lambda * constant - inverse * numerators[0],
            self.lambda * leading - inverse * numerators[1],
        ];
        self.coordinates.round_polynomial(num_vars, sums, claim, one_weight.unwrap_or_else(Fr::zero))
    }

    fn bind(&mut self, r: Fr) {
        let point = self.coordinates.point();
        self.numerators.bind(point, r);
        if self.unstored == 0 {
            self.denominators.bind(point, r);
            return;
        }
        self.bound.push(r, &self.reader);
        self.unstored -= 1;
        if self.unstored > 0 {
            self.denominators.bind_derived();
            return;
        }
        let (reader, bound) = (&self.reader, &self.bound);
        self.denominators.derive(point, |shape, chunk, targets| reader.fill((shape, chunk), bound, targets));
    }
}
