//! The simulator of the book's chapter on zero knowledge: whoever chooses $\rho$ makes proofs without a witness, and without
//! anything to mend. All other challenges are those of the transcript.
//!
//! It shows that the simulator's messages are accepted, for false outputs too. That real proofs are distributed like them is
//! an argument on paper, with tests of distributions in `hiding_statistics`. The steps are written a second time, the
//! inner-product argument included; only sumchecks are the prover's.

use tacit_algebra::Mle;
use tacit_layers::{
    argument::{masking::spread, sumcheck::Batch as SumBatch},
    proof::statement::HIDING_DOMAIN,
};
use tacit_prover::sumcheck::{self, Product, SumcheckInstance};
use tacit_transcript::{Error as Malformed, ProofWriter};

use super::*;

/// The simulator's random numbers.
struct Coins(StdRng);

impl Coins {
    fn scalar(&mut self) -> Fr {
        Fr::rand(&mut self.0)
    }

    fn scalars(&mut self, count: usize) -> Vec<Fr> {
        (0..count).map(|_| self.scalar()).collect()
    }
}

fn inner(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

/// $\langle v, G \rangle + b H$.
fn commit(vector: &[Fr], blinding: Fr, generators: &Generators) -> G1Projective {
    multi_scalar(&generators.vector()[..vector.len()], vector) + generators.hiding() * blinding
}

/// $k''$ and $f''$ with the blindings of their commitments.
struct Combined {
    masks: Vec<Fr>,
    row_blindings: Vec<Fr>,
    vector: Vec<Fr>,
    blinding: Fr,
}

/// A transcript that has gone so far.
fn continued(steps: &[Step]) -> ProofWriter {
    let mut writer = ProofWriter::new(HIDING_DOMAIN);
    for step in steps {
        match step {
            Step::Absorb(label, bytes) => writer.absorb_bytes(*label, bytes),
            Step::Message(label, bytes) => {
                if (Message { label: *label, start: 0, length: bytes.len() }).holds_points() {
                    writer.write_points(*label, &points(bytes));
                } else {
                    writer.write_scalars(*label, &scalars(bytes));
                }
            }
            Step::Squeeze(label, challenge) => assert_eq!(writer.squeeze(*label), *challenge),
        }
    }
    writer
}

/// A proof of a statement, and the $\rho$ that it is accepted at.
fn simulate(hiding: &Hiding, statement: &Given) -> (Given, Step) {
    let mut coins = Coins(StdRng::seed_from_u64(9));
    let announcement = hiding.frozen.first(labels::ANNOUNCEMENT);
    // 1. Masked scalars and commitments; the verifier's challenges to them.
    let mut given = Given { proof: vec![], ..statement.clone() };
    for message in &hiding.frozen.oracle.messages[..announcement] {
        for _ in 0..message.length / 32 {
            given.proof.extend(random_element(message, &mut coins.0));
        }
    }
    let (verdict, steps) = record(|| given.verify());
    assert!(matches!(verdict, Err(Error::Malformed(Malformed::Truncated { .. }))), "{verdict:?}");
    // 2. What the verifier makes of them.
    let transcript = (given.proof.as_slice(), merlin::Transcript::new(b"simulated"));
    let left = replay(&steps, || unproved(&given.key, &given.statement(), transcript)).0;
    let Unproved { constraints, combination } = left.unwrap();
    let Some((Step::Squeeze(labels::CONSTRAINT_BATCH, _), before)) = steps.split_last() else {
        panic!("no checks")
    };
    let mut writer = continued(before);
    let rho = Step::Squeeze(labels::MASKING_CHALLENGE, coins.scalar());
    let run = || {
        let relation = Relation::combine(&mut writer, constraints, combination.value);
        let opened = (combination.coefficients.as_slice(), combination.point.as_slice());
        announce(hiding, &given, &mut writer, &relation, opened, (&rho, &mut coins));
    };
    replay(std::slice::from_ref(&rho), run);
    given.proof = writer.finish();
    (given, rho)
}

/// The rest of the simulator's steps.
fn announce(
    hiding: &Hiding,
    given: &Given,
    writer: &mut ProofWriter,
    relation: &Relation,
    (coefficients, z): (&[Fr], &[Fr]),
    (rho, coins): (&Step, &mut Coins),
) {
    let Step::Squeeze(_, rho) = *rho else { panic!("no challenge") };
    let generators = &hiding.generators;
    let committed = hiding.rows(given);
    let (committed, rows) = committed.split_at(coefficients.len());
    let per_row = masks_per_row(generators.num_vars());
    // 3. What is revealed of the masks and of the opened vector, and what follows from it.
    let combined = Combined {
        masks: coins.scalars(rows.len() * per_row),
        row_blindings: coins.scalars(rows.len()),
        vector: coins.scalars(1 << generators.num_vars()),
        blinding: coins.scalar(),
    };
    let Combined { masks, row_blindings, vector, blinding } = &combined;
    let [left, right] = relation.factors(rho, masks);
    let linear = relation.linear.linear_part(masks);
    let error = inner(&left, &right) + rho * linear + rho * rho * relation.linear.constant;
    let opened = inner(vector, &eq::table(z, vector.len()));
    let cross = opened - rho * relation.value.constant - relation.value.linear_part(masks);
    let response = Response { error, blinding: coins.scalar(), linear, opened };
    // 4. The announcement that this answers.
    let cross_term = G1Projective::rand(&mut coins.0);
    let fresh_rows = masks.chunks(per_row).zip(row_blindings).zip(rows);
    let fresh_rows = fresh_rows.map(|((k, b), row)| commit(k, *b, generators) - *row * rho);
    let fresh = commit(vector, *blinding, generators) - multi_scalar(committed, coefficients) * rho;
    let error = generators.inner_product() * response.error + generators.hiding() * response.blinding
        - cross_term * rho;
    let announced: Vec<G1Projective> = fresh_rows.chain([fresh, error, cross_term]).collect();
    writer.write_points(labels::ANNOUNCEMENT, &G1Projective::normalize_batch(&announced));
    writer.write_scalars(labels::ANNOUNCED_VALUE, &[cross]);
    assert_eq!(writer.squeeze(labels::MASKING_CHALLENGE), rho);
    writer.write_scalars(labels::MASKING_RESPONSE, &response.to_message());
    // 5. The prover's last steps.
    let table = |values: Vec<Fr>| Mle::new(values, relation.num_vars()).unwrap();
    let mut products = Product::summed(table(left), table(right)).unwrap();
    assert_eq!(products.claim().sum, relation.sum(rho, &response));
    let point = sumcheck::prove(writer, &mut [&mut products], RoundWeights::Uniform).unwrap();
    let finals = products.final_values().unwrap();
    writer.write_scalars(labels::MASKING_FACTORS, &finals);
    let form = relation.linear_form(writer, [rho, cross], &response, (&point, finals), masks.len());
    open(hiding, writer, &form.coefficients, combined, z);
}

/// Opens a linear form of the masks and the vector's value.
fn open(hiding: &Hiding, writer: &mut ProofWriter, form: &[Fr], combined: Combined, z: &[Fr]) {
    let (generators, key_vars) = (&hiding.generators, hiding.generators.num_vars());
    let Combined { masks, row_blindings, vector, blinding } = combined;
    let vars = mask_vars(row_blindings.len(), key_vars);
    let equality = eq::table(z, vector.len());
    let mut of_vector = Product::summed(
        Mle::new(vector.clone(), key_vars).unwrap(),
        Mle::new(equality.clone(), key_vars).unwrap(),
    )
    .unwrap();
    let spread = |values: &[Fr]| Mle::new(spread(values, key_vars), vars).unwrap();
    let mut of_masks = Product::summed(spread(&masks), spread(form)).unwrap();
    let claims = [of_vector.claim(), of_masks.claim()];
    let mut copy = ProofWriter::from_merlin(writer.transcript());
    let gamma = SumBatch::begin(&mut copy, &claims, RoundWeights::Uniform).coefficients[1];
    let point = sumcheck::prove(writer, &mut [&mut of_vector, &mut of_masks], RoundWeights::Uniform).unwrap();
    let (of_vector, of_masks) =
        (of_vector.final_values().unwrap()[1], gamma * of_masks.final_values().unwrap()[1]);
    let (row_point, z) = point.split_at(point.len() - key_vars);
    let weights = eq::table(row_point, row_blindings.len());
    let mut sum: Vec<Fr> = vector.iter().map(|x| of_vector * x).collect();
    for (row, weight) in masks.chunks(masks_per_row(key_vars)).zip(&weights) {
        for (sum, mask) in sum.iter_mut().zip(row) {
            *sum += of_masks * weight * mask;
        }
    }
    let blinding = of_vector * blinding + of_masks * inner(&row_blindings, &weights);
    writer.write_scalars(labels::OPENING_BLINDING, &[blinding]);
    inner_product(writer, sum, z, generators);
}

/// The inner-product argument, folding everything.
fn inner_product(writer: &mut ProofWriter, mut vector: Vec<Fr>, z: &[Fr], generators: &Generators) {
    let carrier = generators.inner_product() * writer.squeeze(labels::INNER_PRODUCT_GENERATOR);
    let (mut bases, mut public) = (generators.vector().to_vec(), eq::table(z, vector.len()));
    while vector.len() > 1 {
        let ((w0, w1), (b0, b1), (g0, g1)) = {
            let half = vector.len() / 2;
            (vector.split_at(half), public.split_at(half), bases.split_at(half))
        };
        let cross =
            |w: &[Fr], g: &[G1Affine], b: &[Fr]| (multi_scalar(g, w) + carrier * inner(w, b)).into_affine();
        writer.write_points(labels::INNER_PRODUCT_HALVES, &[cross(w0, g1, b1), cross(w1, g0, b0)]);
        let x = writer.squeeze(labels::INNER_PRODUCT_CHALLENGE);
        let inverse = x.inverse().unwrap();
        let fold = |low: &[Fr], high: &[Fr], scale: Fr| -> Vec<Fr> {
            low.iter().zip(high).map(|(low, high)| *low + scale * high).collect()
        };
        let folded: Vec<G1Projective> = g0.iter().zip(g1).map(|(low, high)| *high * inverse + low).collect();
        (vector, public) = (fold(w0, w1, x), fold(b0, b1, inverse));
        bases = G1Projective::normalize_batch(&folded);
    }
    writer.write_scalars(labels::INNER_PRODUCT_SCALAR, &vector);
}

/// Proofs of true outputs and of false ones, neither from a witness.
#[test]
fn simulated_proofs_are_accepted_at_their_challenge_only() {
    hiding().for_each(|hiding| {
        let honest = &hiding.given;
        let of_false = hiding.restated(|given| {
            given.outputs = honest.outputs.iter().map(|output| moved(output, 0)).collect();
        });
        for statement in [honest, &of_false] {
            let (simulated, rho) = simulate(&hiding, statement);
            assert_eq!(simulated.proof.len(), honest.proof.len(), "{}", hiding.name);
            // No element is the real proof's.
            let elements = simulated.proof.chunks_exact(32).zip(honest.proof.chunks_exact(32));
            assert_eq!(elements.filter(|(a, b)| a == b).count(), 0, "{}", hiding.name);
            let chosen = replay(&[rho], || simulated.verify()).0;
            assert_eq!((chosen, simulated.verify()), (Ok(()), Err(ERROR)), "{}", hiding.name);
        }
    });
}
