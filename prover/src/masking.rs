//! The prover's side of [masking](tacit_layers::argument::masking).

use std::{collections::VecDeque, sync::Arc};

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::{One, Zero};
use tacit_algebra::{eq, generators::Generators, kernels::backend, msm::combine_generators};
use tacit_layers::{
    argument::{
        claim::SumClaim,
        masking::{LinearForm, Relation, Response, mask_vars, masks_per_row, spread},
        sumcheck::{Batch, RoundWeights, instance_point},
    },
    proof::{parameters::ParameterPlan, plan::Plan},
};
use tacit_transcript::{
    MaskRow, ProofWriter, Transcript, labels,
    value::{Constraint, Masked},
};
use tacit_verifier::masking::Unproved;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    hyrax,
    observer::Observer,
    randomness::Randomness,
    sumcheck::{self, Product, SumcheckInstance},
    task::Task,
};

/// What hides a proof in progress. None of it depends on the witness: it is computed while cores wait for other work.
pub(crate) struct Hiding {
    randomness: Randomness,
    generators: Arc<Generators>,
    /// Blindings of the witness' rows, and the hiding generator's multiples by them.
    witness: Task<Zeroizing<(Vec<Fr>, Vec<G1Affine>)>>,
    fresh: Fresh,
}

/// A fresh instance in the making.
struct Fresh {
    stream: Randomness,
    rows: VecDeque<Task<MaskRow>>,
    vector: Task<MaskRow>,
}

impl Hiding {
    /// Masks all messages from now on.
    pub(crate) fn begin(
        mut randomness: Randomness,
        writer: &mut ProofWriter,
        Expected { rows: count, scalars }: Expected,
        generators: &Arc<Generators>,
        observer: &impl Observer,
    ) -> Self {
        let per_row = masks_per_row(generators.num_vars());
        let expected = scalars.div_ceil(per_row);
        let mut blindings = randomness.fork();
        let mut masks = randomness.fork();
        let mut stream = randomness.fork();
        let mut rows: VecDeque<Task<MaskRow>> =
            (0..expected).map(|_| Task::row(masks.fork(), per_row, generators)).collect();
        let kept = Arc::clone(generators);
        let witness = Task::spawn(move || {
            let blinding = blindings.scalars(count);
            let blinds = kept.blinds(&blinding);
            Zeroizing::new((blinding, blinds))
        });
        let fresh_rows = (0..expected).map(|_| Task::row(stream.fork(), per_row, generators)).collect();
        let vector = Task::row(randomness.fork(), generators.vector().len(), generators);
        let kept = Arc::clone(generators);
        writer.mask(observer.masks(Box::new(move || {
            rows.pop_front().unwrap_or_else(|| Task::row(masks.fork(), per_row, &kept)).wait()
        })));
        let fresh = Fresh { stream, rows: fresh_rows, vector };
        Self { randomness, generators: Arc::clone(generators), witness, fresh }
    }

    /// Blinds the witness' rows.
    pub(crate) fn blind_witness(&mut self, rows: &mut [G1Affine]) -> Zeroizing<Vec<Fr>> {
        let mut secrets = self.witness.wait();
        let (blinding, blinds) = &mut *secrets;
        hyrax::add_blinds(rows, blinds);
        Zeroizing::new(std::mem::take(blinding))
    }

    /// Blinds rows' commitments and returns what by.
    pub(crate) fn blind(&mut self, rows: &mut [G1Affine]) -> Zeroizing<Vec<Fr>> {
        let blinding = Zeroizing::new(self.randomness.scalars(rows.len()));
        hyrax::blind_rows(rows, &blinding, &self.generators);
        blinding
    }

    /// Proves what is left of a proof of masked messages; `vector` is that of the combination to open, `blinding` that of
    /// all rows.
    pub(crate) fn finish(
        mut self,
        writer: &mut ProofWriter,
        unproved: Unproved,
        vector: Vec<Fr>,
        blinding: &[Fr],
        observer: &mut impl Observer,
    ) {
        let Unproved { constraints, combination } = unproved;
        let blinding = combination.coefficients.iter().zip(blinding).map(|(c, b)| *c * b).sum();
        let opened = Opened { vector, blinding, point: combination.point };
        let masks = writer.unmask();
        let Fresh { mut stream, rows, vector } = self.fresh;
        let mut rows: Vec<Task<MaskRow>> = rows.into_iter().take(masks.len()).collect();
        let per_row = masks_per_row(self.generators.num_vars());
        while rows.len() < masks.len() {
            rows.push(Task::row(stream.fork(), per_row, &self.generators));
        }
        let fresh =
            Instance { masks: rows.into_iter().map(|row| row.wait()).collect(), vector: vector.wait() };
        let relation = (constraints, combination.value);
        prove(writer, relation, &opened, &masks, fresh, (&self.generators, &mut self.randomness), observer);
    }
}

/// What of a proof can be prepared before it.
pub(crate) struct Expected {
    /// Rows of the witness.
    rows: usize,
    /// About as many scalars as it sends.
    scalars: usize,
}

impl Expected {
    /// Of a run's proof.
    pub(crate) fn run(plan: &Plan) -> Self {
        let columns = 3 * plan.segments.len() + 3 * plan.specs.len();
        let scalars = Self::lookups(plan.tree_vars) + 2 * plan.key_vars + columns + 64;
        Self { rows: plan.rows(&plan.witness).1, scalars }
    }

    /// Of a proof about a key's parameters.
    pub(crate) fn parameters(plan: &ParameterPlan) -> Self {
        let scalars = Self::lookups(plan.tree_vars) + 2 * plan.key_vars + plan.segments.len() + 8;
        Self { rows: plan.rows().1, scalars }
    }

    const fn lookups(tree_vars: usize) -> usize {
        tree_vars * tree_vars.saturating_sub(1) + 4 * tree_vars
    }
}

impl Task<MaskRow> {
    fn row(mut randomness: Randomness, length: usize, generators: &Arc<Generators>) -> Self {
        let generators = Arc::clone(generators);
        Self::spawn(move || {
            let (masks, blinding) = (randomness.scalars(length), randomness.scalar());
            let commitment = commit(&masks, blinding, &generators).into_affine();
            MaskRow { masks, blinding, commitment }
        })
    }
}

/// A fresh instance: masks in rows, and a vector for every generator.
#[derive(Clone)]
pub(crate) struct Instance {
    /// $k'$.
    pub masks: Vec<MaskRow>,
    /// $f'$.
    pub vector: MaskRow,
}

/// A combination of committed rows that has to be opened.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Opened {
    /// Its vector, one entry for each generator.
    pub vector: Vec<Fr>,
    /// Its blinding.
    pub blinding: Fr,
    /// The point at which its multilinear extension is claimed.
    #[zeroize(skip)]
    pub point: Vec<Fr>,
}

/// The commitment to a vector, blinded.
fn commit(vector: &[Fr], blinding: Fr, generators: &Generators) -> G1Projective {
    let points: Vec<G1Affine> =
        generators.vector().iter().take(vector.len()).copied().chain([generators.hiding()]).collect();
    let scalars = Zeroizing::new([vector, &[blinding]].concat());
    combine_generators(&points, &scalars)
}

/// Every mask, in order.
fn flat(rows: &[MaskRow]) -> Zeroizing<Vec<Fr>> {
    Zeroizing::new(rows.iter().map(|row| row.masks.as_slice()).collect::<Vec<_>>().concat())
}

/// $x + \rho y$, entry by entry.
fn combined(fresh: &[Fr], rho: Fr, used: &[Fr]) -> Vec<Fr> {
    let mut sum = fresh.to_vec();
    backend().add_scaled(&mut sum, used, rho);
    sum
}

/// Proves that the messages behind the masks satisfy every check and that the combination's vector has the value that a
/// form of the masks gives.
pub(crate) fn prove(
    writer: &mut ProofWriter,
    (constraints, value): (Vec<Constraint>, Masked),
    opened: &Opened,
    rows: &[MaskRow],
    fresh: Instance,
    (generators, randomness): (&Generators, &mut Randomness),
    observer: &mut impl Observer,
) {
    // Step 1: all checks as one.
    let relation = Relation::combine(writer, constraints, value);
    // Step 2: a fresh instance.
    let masks = flat(rows);
    let Instance { masks: fresh_rows, vector: fresh } = fresh;
    let fresh_masks = flat(&fresh_rows);
    let [factors, fresh_factors] = [(Fr::one(), &masks), (Fr::zero(), &fresh_masks)]
        .map(|(unit, k)| Zeroizing::new(relation.factors(unit, k)));
    let inner = |[a, b]: [&Vec<Fr>; 2]| backend().inner_product(a, b);
    let mut announced = Zeroizing::new([
        inner([&fresh_factors[0], &fresh_factors[1]]),
        inner([&fresh_factors[0], &factors[1]])
            + inner([&factors[0], &fresh_factors[1]])
            + relation.linear.linear_part(&fresh_masks),
        randomness.scalar(),
        randomness.scalar(),
    ]);
    observer.message(labels::ANNOUNCEMENT, &mut *announced);
    let [error, cross_term, error_blinding, cross_blinding] = *announced;
    let carriers = [generators.inner_product(), generators.hiding()];
    let announced = [
        combine_generators(&carriers, &[error, error_blinding]),
        combine_generators(&carriers, &[cross_term, cross_blinding]),
    ];
    let mut announced: Vec<G1Affine> = fresh_rows
        .iter()
        .chain([&fresh])
        .map(|row| row.commitment)
        .chain(G1Projective::normalize_batch(&announced))
        .collect();
    observer.announcement(&mut announced, generators);
    writer.write_points(labels::ANNOUNCEMENT, &announced);
    let equality = eq::table(&opened.point, opened.vector.len());
    let cross = backend().inner_product(&fresh.masks, &equality) - relation.value.linear_part(&fresh_masks);
    let [cross] = observer.write(writer, labels::ANNOUNCED_VALUE, [cross]);
    // Step 3: the combination with the instance in use.
    let rho = writer.squeeze(labels::MASKING_CHALLENGE);
    let masks = combined(&fresh_masks, rho, &masks);
    let vector = combined(&fresh.masks, rho, &opened.vector);
    let mut response = Response {
        error: error + rho * cross_term,
        blinding: error_blinding + rho * cross_blinding,
        linear: relation.linear.linear_part(&masks),
        opened: backend().inner_product(&vector, &equality),
    };
    observer.response(&mut response, &relation, [rho, cross], &masks);
    writer.write_scalars(labels::MASKING_RESPONSE, &response.to_message());
    // Step 4: the products, then one linear form of the masks.
    let form = prove_products(writer, &relation, [rho, cross], &response, &masks, observer);
    // Step 5: the form and the vector's value, opened together.
    let blinding = fresh.blinding + rho * opened.blinding;
    let row_blindings: Vec<Fr> =
        fresh_rows.iter().zip(rows).map(|(fresh, used)| fresh.blinding + rho * used.blinding).collect();
    let opening = Opening { vector, blinding, equality, masks, row_blindings };
    opening.prove(writer, &response, &form, generators, observer);
}

/// Step 4.
fn prove_products(
    writer: &mut ProofWriter,
    relation: &Relation,
    [rho, cross]: [Fr; 2],
    response: &Response,
    masks: &[Fr],
    observer: &mut impl Observer,
) -> LinearForm {
    let (num_vars, sum) = (relation.num_vars(), relation.sum(rho, response));
    let actual = observer.sum_of_products(relation, rho, masks, sum);
    let [left, right] =
        relation.factors(rho, masks).map(|factors| crate::evaluation::table(factors, num_vars));
    let mut products = Product::of(left, right, actual);
    let batch = Batch::begin(writer, &[SumClaim { num_vars, degree: 2, sum }], RoundWeights::Uniform);
    let point = sumcheck::prove_rounds(writer, &mut [&mut products], RoundWeights::Uniform, &batch);
    let finals = observer.write(writer, labels::MASKING_FACTORS, products.ended());
    relation.linear_form(writer, [rho, cross], response, (&point, finals), masks.len())
}

/// Step 5's secrets, of which none are left.
struct Opening {
    vector: Vec<Fr>,
    blinding: Fr,
    equality: Vec<Fr>,
    masks: Vec<Fr>,
    row_blindings: Vec<Fr>,
}

impl Opening {
    fn prove(
        self,
        writer: &mut ProofWriter,
        response: &Response,
        form: &LinearForm,
        generators: &Generators,
        observer: &mut impl Observer,
    ) {
        let key_vars = generators.num_vars();
        let vars = mask_vars(self.row_blindings.len(), key_vars);
        let mut of_vector = Product::of(
            crate::evaluation::table(self.vector.clone(), key_vars),
            crate::evaluation::table(self.equality, key_vars),
            response.opened,
        );
        let [masks, coefficients] = [&self.masks, &form.coefficients]
            .map(|values| crate::evaluation::table(spread(values, key_vars), vars));
        let mut of_masks = Product::of(masks, coefficients, form.value);
        let claims = [of_vector.claim(), of_masks.claim()];
        let batch = Batch::begin(writer, &claims, RoundWeights::Uniform);
        let mut instances: [&mut dyn SumcheckInstance; 2] = [&mut of_vector, &mut of_masks];
        let point = sumcheck::prove_rounds(writer, &mut instances, RoundWeights::Uniform, &batch);
        let [[_, equality], [_, coefficient]] = [of_vector.ended(), of_masks.ended()];
        let (of_vector, of_masks) = (batch.coefficients[0] * equality, batch.coefficients[1] * coefficient);
        let (row_point, _) = point.split_at(point.len() - key_vars);
        let mut blinding = of_vector * self.blinding;
        let mut sum = vec![Fr::zero(); self.vector.len()];
        backend().add_scaled(&mut sum, &self.vector, of_vector);
        let rows = self.masks.chunks(masks_per_row(key_vars)).zip(&self.row_blindings);
        for ((row, row_blinding), weight) in rows.zip(eq::table(row_point, self.row_blindings.len())) {
            backend().add_scaled(&mut sum, row, of_masks * weight);
            blinding += of_masks * weight * row_blinding;
        }
        observer.write(writer, labels::OPENING_BLINDING, [blinding]);
        hyrax::prove_inner_product(writer, sum, instance_point(&point, key_vars), generators);
    }
}
