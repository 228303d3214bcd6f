//! Committed inputs: what a prover does not find in the commitment, out of range, in padding or in another statement.

use ark_bn254::Fr;
use ark_ff::AdditiveGroup;
use tacit_inference::{NetworkBuilder, execute};
use tacit_layers::{
    ActivationFunction, Error as LayersError, InputCommitment, InputLayer, Multiplier, Network, NodeId,
    Operation, Tensor,
    argument::lookup_block::BlockSource,
    proof::{
        input,
        plan::Plan,
        statement::{Input, Statement},
    },
};
use tacit_prover::{
    InputOpening, Proven, ProvingKey, Seed,
    cheating::{Run, wrong_opening},
    prove, prove_committed,
};
use tacit_transcript::{Error as MalformedError, labels};
use tacit_verifier::{Error, verify, verify_statement};

use super::{layout, network::output, tensor, tiny};

const INPUT: NodeId = NodeId(0);
/// The first check that depends on a challenge.
const FIRST_CHECK: Error = Error::MaskedChecks { part: "error" };

/// A check on values behind masks that does not hold.
const CHECKS: Error = Error::MaskedChecks { part: "products" };

fn open(input: Tensor<i64>) -> InputOpening {
    let rows = input::num_rows(input.layout());
    InputOpening::with_blinding(input, vec![Fr::ZERO; rows]).unwrap()
}

fn seed() -> Seed {
    Seed::new([3; 32])
}

fn check(key: &ProvingKey, commitment: &InputCommitment, proven: &Proven) -> Result<(), Error> {
    let statement = Statement { inputs: vec![Input::Committed(commitment)], outputs: &proven.outputs };
    verify_statement(key.verifying_key(), &statement, &proven.proof).map(|_| ())
}

/// The tiny network of two dense layers, with inputs from this range.
fn network(minimum: i64, maximum: i64) -> Network {
    let mut network = tiny::mlp();
    if let Operation::Input(input) = &mut network.architecture.nodes[0].operation {
        input.bounds = (minimum, maximum);
    }
    network
}

fn key(minimum: i64, maximum: i64) -> ProvingKey {
    ProvingKey::setup(network(minimum, maximum)).unwrap()
}

fn sample() -> Tensor<i64> {
    tensor(&[5], vec![3, 0, 2, 1, 3])
}

#[test]
fn accepts_every_tiny_network_on_a_committed_input() {
    for (name, network) in tiny::all() {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let opening = open(input.clone());
        let proven = prove_committed(&key, &opening, &seed()).unwrap();
        assert_eq!(check(&key, opening.commitment(), &proven), Ok(()), "{name}");
        assert_eq!(proven.outputs, prove(&key, &input).unwrap().outputs, "{name}");
        assert!(
            key.verifying_key().committed_plan().unwrap().opening_vars() >= opening.commitment().row_vars()
        );
    }
}

#[test]
fn accepts_all_ends_of_any_range() {
    for (minimum, maximum) in [(0, 3), (-4, 3), (-5, 7), (0, 0), (-1, 0), (0, 4), (-128, 127)] {
        let key = key(minimum, maximum);
        for data in [vec![minimum; 5], vec![maximum; 5], vec![minimum, 0, maximum, 0, minimum]] {
            let opening = open(tensor(&[5], data));
            let proven = prove_committed(&key, &opening, &seed()).unwrap();
            assert_eq!(check(&key, opening.commitment(), &proven), Ok(()), "{minimum}..={maximum}");
        }
    }
}

/// A dense layer of few weights on an input whose rows are longer than the model's own.
fn long(scale: f64, step: i8) -> ProvingKey {
    let bounds = if step > 0 { (0, 15) } else { (-16, 15) };
    let input = InputLayer::real(layout(&[1, 13, 16]), bounds, scale);
    let mut b = NetworkBuilder::new("long input", input);
    let x = b.reduce_sum("sums", b.input(), &[0, 1]);
    let clip = ActivationFunction::Clip { minimum: -8, maximum: 7 };
    let x = b.rescale("clip", x, Multiplier::Uniform(1), 4, clip);
    let weights = Tensor::new(layout(&[2, 1, 1, 16]), (0..32).map(|i| (i % 7) * step).collect()).unwrap();
    let x = b.dense("dense", x, 0, weights, None).unwrap();
    b.output(output("logits", x, &[2]));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

#[test]
fn two_models_prove_their_answers_over_one_commitment() {
    let data = (0..13 * 16).map(|i| (i * 7) % 16).collect();
    let opening = open(tensor(&[1, 13, 16], data));
    let file = opening.commitment().to_bytes().unwrap();
    let commitment = InputCommitment::from_bytes(&file).unwrap();
    let other = open(tensor(&[1, 13, 16], vec![1; 13 * 16]));
    for key in [long(1.0, 1), long(0.5, -1)] {
        let plan = key.verifying_key().committed_plan().unwrap();
        assert!(plan.opening_vars() > plan.key_vars, "{} and {}", plan.opening_vars(), plan.key_vars);
        let proven = prove_committed(&key, &opening, &seed()).unwrap();
        assert_eq!(check(&key, &commitment, &proven), Ok(()));
        // Neither model has a proof of its answer for another input under the commitment.
        let mut run = Run::committed(&key, &other).unwrap();
        run.claim_opening(&wrong_opening(&commitment, &other));
        assert_eq!(check(&key, &commitment, &run.prove().unwrap()), Err(Error::Opening));
    }
}

#[test]
fn rejects_another_input_under_the_commitment() {
    let (key, honest) = (key(0, 3), open(sample()));
    let run = Run::committed(&key, &honest).unwrap();
    assert_eq!(check(&key, honest.commitment(), &run.prove().unwrap()), Ok(()));
    for index in 0..5 {
        let mut data = sample().into_data();
        data[index] ^= 1;
        let other = open(tensor(&[5], data));
        let mut run = Run::committed(&key, &other).unwrap();
        run.claim_opening(&wrong_opening(honest.commitment(), &other));
        assert_eq!(check(&key, honest.commitment(), &run.prove().unwrap()), Err(Error::Opening));
    }
}

#[test]
fn rejects_rows_in_another_order() {
    let key = long(1.0, 1);
    let opening = open(tensor(&[1, 13, 16], (0..13 * 16).map(|i| i % 11).collect()));
    let mut rows = opening.commitment().rows().to_vec();
    rows.swap(0, 1);
    let swapped = InputCommitment::new(layout(&[1, 13, 16]), rows).unwrap();
    let mut run = Run::committed(&key, &opening).unwrap();
    run.claim_opening(&wrong_opening(&swapped, &opening));
    assert_eq!(check(&key, &swapped, &run.prove().unwrap()), Err(Error::Opening));
}

#[test]
fn rejects_a_stale_commitment() {
    let (key, opening) = (key(0, 3), open(sample()));
    let stale = open(tensor(&[5], vec![3, 0, 2, 1, 2]));
    let proven = prove_committed(&key, &opening, &seed()).unwrap();
    assert_eq!(check(&key, stale.commitment(), &proven), Err(FIRST_CHECK));
    // The same integers blinded otherwise are another commitment.
    let blinded = InputOpening::with_blinding(sample(), vec![Fr::from(7_u64)]).unwrap();
    assert_eq!(check(&key, blinded.commitment(), &proven), Err(FIRST_CHECK));
}

#[test]
fn rejects_a_proof_of_one_setting_in_the_other() {
    let (key, opening) = (key(0, 3), open(sample()));
    let (committed, public) =
        (prove_committed(&key, &opening, &seed()).unwrap(), prove(&key, &sample()).unwrap());
    let verify = |proven: &Proven| verify(key.verifying_key(), &sample(), &proven.outputs, &proven.proof);
    assert_eq!(verify(&public).map(|_| ()), Ok(()));
    // A plan's messages are not the other's: rows are read as the look-ups' first fractions, or fractions as rows.
    // It depends on the bytes which of them is no scalar, or no point.
    let rejected = verify(&committed).map(|_| ());
    let scalar = |index| Err(Error::Malformed(MalformedError::Scalar { label: labels::FRACTIONS, index }));
    assert!(rejected == Err(Error::FractionSum) || (0..4).any(|i| rejected == scalar(i)), "{rejected:?}");
    let rejected = check(&key, opening.commitment(), &public);
    let point = |label| Err(Error::Malformed(MalformedError::Point { label, index: 0 }));
    assert_eq!(rejected, point(labels::MASK_COMMITMENT));
}

#[test]
fn rejects_other_outputs() {
    let (key, opening) = (key(0, 3), open(sample()));
    let mut proven = prove_committed(&key, &opening, &seed()).unwrap();
    proven.outputs[0] = tensor(&[2], proven.outputs[0].data().iter().map(|x| x + 1).collect());
    assert_eq!(check(&key, opening.commitment(), &proven), Err(FIRST_CHECK));
}

#[test]
fn refuses_a_commitment_of_another_shape() {
    let (key, opening) = (key(0, 3), open(sample()));
    let proven = prove_committed(&key, &opening, &seed()).unwrap();
    for axes in [vec![5, 1], vec![4], vec![8], vec![1, 5]] {
        let other = open(tensor(&axes, vec![1; axes.iter().product()]));
        let shape = LayersError::InputShape { input: "input".to_owned(), expected: vec![5], actual: axes };
        assert_eq!(check(&key, other.commitment(), &proven), Err(Error::Statement(shape.clone())));
        assert_eq!(prove_committed(&key, &other, &seed()).map(|_| ()), Err(shape.into()));
    }
}

/// A run on an input out of range, consistent but for that: its values are those of the network with a wider range.
fn out_of_range<'a>(key: &'a ProvingKey, opening: &InputOpening) -> Run<'a> {
    let wide = network(-16, 16);
    let trace = execute(&wide, &wide.infer().unwrap(), opening.input()).unwrap();
    let mut run = Run::committed(key, &open(sample())).unwrap();
    run.claim_opening(opening);
    *run.values() = trace.values().to_vec();
    run
}

fn table(plan: &Plan) -> &tacit_layers::argument::lookup_table::LookupTable {
    let segment = plan.segments.iter().find(|segment| segment.rows == BlockSource::Input(INPUT)).unwrap();
    &plan.tables[segment.table]
}

#[test]
fn rejects_an_integer_out_of_range() {
    for (minimum, maximum, outside) in [(0, 3, 4), (0, 3, 5), (0, 3, -1), (-1, 3, 4), (-4, 3, -5)] {
        let key = key(minimum, maximum);
        let plan = key.verifying_key().committed_plan().unwrap();
        let opening = open(tensor(&[5], vec![0, outside, 1, 0, 1]));
        let mut run = out_of_range(&key, &opening);
        // In the row that it has, which is one of those that fill the table up, or in that of an integer in range.
        if let Some(own) = table(&plan).position(outside) {
            assert!(outside > maximum && own >= 1 << 2, "row {own}");
            run.recompute().unwrap();
            assert_eq!(check(&key, opening.commitment(), &run.prove().unwrap()), Err(CHECKS));
        } else {
            assert!(run.recompute().is_err());
        }
        for inside in [minimum, maximum] {
            let mut run = out_of_range(&key, &opening);
            let honest = open(tensor(&[5], vec![0, inside, 1, 0, 1]));
            run.values()[0] = honest.input().clone();
            run.recompute().unwrap();
            let trace = out_of_range(&key, &opening).values().clone();
            *run.values() = trace;
            run.lookups(BlockSource::Input(INPUT)).0[1] = outside;
            assert_eq!(check(&key, opening.commitment(), &run.prove().unwrap()), Err(CHECKS));
        }
    }
    // The same run under a key that reads such integers.
    let (key, opening) = (key(-5, 5), open(tensor(&[5], vec![0, -5, 1, 0, 5])));
    let mut run = out_of_range(&key, &opening);
    run.recompute().unwrap();
    assert_eq!(check(&key, opening.commitment(), &run.prove().unwrap()), Ok(()));
}

#[test]
fn rejects_a_value_in_padding() {
    let key = key(0, 3);
    let plan = key.verifying_key().committed_plan().unwrap();
    let opening = open(sample());
    for (position, value) in [(5, 1), (6, 3), (7, 2), (7, -1)] {
        let mut data = sample().into_data();
        data.resize(8, 0);
        data[position] = value;
        let padded = tensor(&[8], data);
        let rows = open(padded.clone()).commitment().rows().to_vec();
        let commitment = InputCommitment::new(layout(&[5]), rows).unwrap();
        // The prover passes over what it has hidden in padding.
        let mut run = Run::committed(&key, &opening).unwrap();
        run.claim_opening(&wrong_opening(&commitment, &opening));
        assert_eq!(check(&key, &commitment, &run.prove().unwrap()), Err(Error::Opening));
        // It takes it for what it is, and looks up the row that comes nearest, or padding's own.
        for row in [table(&plan).position(4 + value), table(&plan).position(4)] {
            let mut run = run.clone();
            run.pad_input(padded.clone());
            run.lookups(BlockSource::Input(INPUT)).1[position] = row.unwrap() as u32;
            run.recount();
            assert_eq!(check(&key, &commitment, &run.prove().unwrap()), Err(CHECKS));
        }
    }
}

#[test]
fn both_plans_differ_by_the_input_alone() {
    for (name, network) in tiny::all() {
        let key = ProvingKey::setup(network).unwrap();
        let (public, committed) = (key.verifying_key().plan(), key.verifying_key().committed_plan().unwrap());
        let committed = committed.as_ref();
        let input = &committed.specs[0].layout;
        assert_eq!(public, &Plan::new(&key.network().architecture).unwrap(), "{name}");
        assert_eq!((public.key_vars, &public.deferred), (committed.key_vars, &committed.deferred), "{name}");
        assert_eq!(committed.tables.len(), public.tables.len() + 1);
        assert_eq!(committed.tables[..public.tables.len()], public.tables);
        assert_eq!(committed.witness[..public.witness.len()], public.witness);
        assert_eq!(committed.num_lookups(), public.num_lookups() + (1 << input.num_vars()));
        let last = committed.committed().last().unwrap();
        assert_eq!(committed.place(last.column), Some(committed.committed().count() - 1));
        assert_eq!((Some(last), &last.layout), (committed.inputs.last(), input));
        assert_eq!(public.place(last.column), None);
        let errors = tacit_layers::proof::soundness::network(&key.network().architecture, committed);
        let error: tacit_layers::argument::soundness::SoundnessError =
            errors.into_iter().map(|(_, error)| error).sum();
        assert!(error.bits() > 200.0 && error.bits() <= key.verifying_key().soundness_bits(), "{name}");
    }
}
