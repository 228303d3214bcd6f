//! Several inputs, each public or committed: another tensor than the committed one, inputs exchanged, another mixture.

use ark_bn254::Fr;
use ark_ff::AdditiveGroup;
use tacit_inference::{NetworkBuilder, execute};
use tacit_layers::{
    Architecture, Error as LayersError, InputKind, InputLayer, Network, NodeId, Operation, StatedInput,
    Tensor,
    argument::{lookup_block::BlockSource, lookup_table::LookupTable},
    proof::{input, plan::Plan, statement::Statement},
};
use tacit_prover::{
    InputOpening, Proven, ProvingKey, RunInput, Seed,
    cheating::{Run, wrong_opening},
    prove, prove_inputs,
};
use tacit_verifier::{Error, verify, verify_statement};

use super::{layout, mixture, network::output, tensor};

/// The first check that depends on a challenge, behind masks.
const FIRST_CHECK: Error = Error::MaskedChecks { part: "error" };

/// A check on values behind masks that does not hold.
const CHECKS: Error = Error::MaskedChecks { part: "products" };

fn seed() -> Seed {
    Seed::new([3; 32])
}

fn open(input: Tensor<i64>) -> InputOpening {
    let rows = input::num_rows(input.layout());
    InputOpening::with_blinding(input, vec![Fr::ZERO; rows]).unwrap()
}

fn stated(inputs: &[RunInput]) -> Vec<StatedInput> {
    inputs.iter().map(|input| input.stated().into()).collect()
}

fn check(key: &ProvingKey, inputs: &[StatedInput], proven: &Proven) -> Result<(), Error> {
    let inputs = inputs.iter().map(StatedInput::input).collect();
    let statement = Statement { inputs, outputs: &proven.outputs };
    verify_statement(key.verifying_key(), &statement, &proven.proof).map(|_| ())
}

/// $a + 2 b$ for two inputs of one shape, in these ranges.
fn pair(first: (i64, i64), second: (i64, i64)) -> Network {
    let layers = [("a", first), ("b", second)];
    let inputs = layers.map(|(name, bounds)| (name.to_owned(), InputLayer::real(layout(&[5]), bounds, 1.0)));
    let mut b = NetworkBuilder::with_inputs("pair", inputs);
    let sum = b.add("sum", &[(NodeId(0), 1), (NodeId(1), 2)]);
    b.output(output("sum", sum, &[5]));
    b.finish().unwrap()
}

fn key(first: (i64, i64), second: (i64, i64)) -> ProvingKey {
    ProvingKey::setup(pair(first, second)).unwrap()
}

fn samples() -> [Tensor<i64>; 2] {
    [tensor(&[5], vec![3, 0, 2, 1, 3]), tensor(&[5], vec![0, 1, 1, 2, 0])]
}

#[test]
fn accepts_every_mixture_of_public_and_committed_inputs() {
    let network = mixture::network();
    let inputs = mixture::samples(&network);
    let key = ProvingKey::setup(network).unwrap();
    let openings: Vec<InputOpening> = inputs.iter().cloned().map(open).collect();
    let public = prove(&key, &inputs).unwrap();
    assert_eq!(verify(key.verifying_key(), &inputs, &public.outputs, &public.proof).map(|_| ()), Ok(()));
    assert_eq!(public.outputs.len(), 3);
    for mixture in 0..8_usize {
        let runs = (0..3).map(|i| match mixture >> i & 1 {
            0 => RunInput::Public(&inputs[i]),
            _ => RunInput::Committed(&openings[i]),
        });
        let runs: Vec<RunInput> = runs.collect();
        let proven = prove_inputs(&key, &runs, &seed()).unwrap();
        assert_eq!(check(&key, &stated(&runs), &proven), Ok(()), "{mixture:b}");
        assert_eq!(proven.outputs, public.outputs, "{mixture:b}");
        let is_committed: Vec<bool> = runs.iter().map(|run| run.opening().is_some()).collect();
        let plan = key.verifying_key().plan_of(&is_committed).unwrap();
        let committed = runs.iter().filter_map(|run| run.opening()).map(|opening| opening.input().layout());
        assert!(plan.inputs.iter().map(|column| &column.layout).eq(committed), "{mixture:b}");
        assert_eq!(plan.key_vars, key.verifying_key().plan().key_vars, "{mixture:b}");
        let errors = key.verifying_key().soundness_of(&is_committed).unwrap();
        let error: tacit_layers::argument::soundness::SoundnessError =
            errors.into_iter().map(|(_, error)| error).sum();
        assert!(error.bits() > 200.0 && error.bits() <= key.verifying_key().soundness_bits());
    }
}

#[test]
fn inputs_of_one_range_share_a_table_and_others_have_their_own() {
    let ranges = |first, second| {
        let plan = Plan::with_committed(&pair(first, second).architecture, &[true, true]).unwrap();
        let ranges = plan.tables.into_iter().filter_map(|table| match table {
            LookupTable::Range { minimum, maximum, .. } => Some((minimum, maximum)),
            _ => None,
        });
        ranges.collect::<Vec<_>>()
    };
    assert_eq!(ranges((0, 3), (0, 3)), [(0, 3)]);
    assert_eq!(ranges((0, 3), (-4, 7)), [(-4, 7), (0, 3)]);
}

#[test]
fn rejects_an_integer_that_only_another_input_may_hold() {
    let key = key((0, 3), (-4, 7));
    let wide = pair((-4, 7), (-4, 7));
    let [a, b] = samples().map(open);
    for outside in [-4, -1, 4, 7] {
        let forged = open(tensor(&[5], vec![0, outside, 1, 0, 1]));
        let values = [forged.input().clone(), b.input().clone()];
        let trace = execute(&wide, &wide.infer().unwrap(), &values).unwrap();
        let mut run = Run::on(&key, &[RunInput::Committed(&a), RunInput::Committed(&b)]).unwrap();
        run.claim(0, RunInput::Committed(&forged));
        *run.values() = trace.values().to_vec();
        run.outputs()[0] = trace.outputs(&wide).next().unwrap().clone();
        let claimed = stated(&[RunInput::Committed(&forged), RunInput::Committed(&b)]);
        run.lookups(BlockSource::Input(NodeId(0))).0[1] = outside;
        assert_eq!(check(&key, &claimed, &run.prove().unwrap()), Err(CHECKS), "{outside}");
    }
    // The second input may.
    let forged = open(tensor(&[5], vec![-4, 7, 1, 0, 1]));
    let runs = [RunInput::Committed(&a), RunInput::Committed(&forged)];
    assert_eq!(check(&key, &stated(&runs), &prove_inputs(&key, &runs, &seed()).unwrap()), Ok(()));
}

#[test]
fn rejects_another_tensor_for_one_of_the_committed_inputs() {
    let key = key((0, 3), (0, 3));
    let honest = samples().map(open);
    for index in 0..2 {
        for position in 0..5 {
            let mut data = honest[index].input().data().to_vec();
            data[position] ^= 1;
            let other = open(tensor(&[5], data));
            let mut openings = honest.clone();
            openings[index] = other.clone();
            let mut run = Run::on(&key, &openings.each_ref().map(RunInput::Committed)).unwrap();
            run.claim(index, RunInput::Committed(&wrong_opening(honest[index].commitment(), &other)));
            let claimed = stated(&honest.each_ref().map(RunInput::Committed));
            assert_eq!(check(&key, &claimed, &run.prove().unwrap()), Err(Error::Opening), "{index}");
            // Beside a public input, too.
            let [a, b] = &openings;
            let public = [RunInput::Public(a.input()), RunInput::Committed(b)];
            let mut run = Run::on(&key, &public).unwrap();
            run.claim(1, RunInput::Committed(&wrong_opening(honest[1].commitment(), b)));
            let claimed = stated(&[RunInput::Public(a.input()), RunInput::Committed(&honest[1])]);
            let expected = if index == 1 { Err(Error::Opening) } else { Ok(()) };
            assert_eq!(check(&key, &claimed, &run.prove().unwrap()), expected, "{index}");
        }
    }
}

#[test]
fn rejects_another_public_input_beside_a_committed_one() {
    let key = key((0, 3), (0, 3));
    let ([a, b], other) = (samples(), tensor(&[5], vec![3, 0, 2, 1, 2]));
    let committed = open(b);
    let mut run = Run::on(&key, &[RunInput::Public(&a), RunInput::Committed(&committed)]).unwrap();
    run.claim(0, RunInput::Public(&other));
    let claimed = stated(&[RunInput::Public(&other), RunInput::Committed(&committed)]);
    assert_eq!(check(&key, &claimed, &run.prove().unwrap()), Err(CHECKS));
}

#[test]
fn rejects_swapped_inputs_and_swapped_commitments() {
    let key = key((0, 3), (0, 3));
    let [a, b] = samples();
    let proven = prove(&key, &[a.clone(), b.clone()]).unwrap();
    let swapped = verify(key.verifying_key(), &[b.clone(), a.clone()], &proven.outputs, &proven.proof);
    assert_eq!(swapped.map(|_| ()), Err(Error::Addends { layer: "sum".to_owned() }));
    let [a, b] = [a, b].map(open);
    let [first, second] = [&a, &b].map(RunInput::Committed);
    let proven = prove_inputs(&key, &[first, second], &seed()).unwrap();
    assert_eq!(check(&key, &stated(&[first, second]), &proven), Ok(()));
    assert_eq!(check(&key, &stated(&[second, first]), &proven), Err(FIRST_CHECK));
    // A prover that follows the swapped statement does not find the tensors in the commitments.
    let mut run = Run::on(&key, &[first, second]).unwrap();
    run.claim(0, RunInput::Committed(&wrong_opening(b.commitment(), &a)));
    run.claim(1, RunInput::Committed(&wrong_opening(a.commitment(), &b)));
    assert_eq!(check(&key, &stated(&[second, first]), &run.prove().unwrap()), Err(Error::Opening));
}

#[test]
fn one_commitment_serves_two_inputs_and_two_models() {
    let opening = open(samples()[0].clone());
    let twice = [RunInput::Committed(&opening); 2];
    for key in [key((0, 3), (0, 3)), key((0, 7), (-4, 3))] {
        let proven = prove_inputs(&key, &twice, &seed()).unwrap();
        assert_eq!(check(&key, &stated(&twice), &proven), Ok(()));
        let expected: Vec<i64> = opening.input().data().iter().map(|x| 3 * x).collect();
        assert_eq!(proven.outputs[0].data(), expected);
    }
}

#[test]
fn rejects_a_proof_of_one_mixture_in_another() {
    let key = key((0, 3), (0, 3));
    let [a, b] = samples().map(open);
    let mixtures = [
        [RunInput::Committed(&a), RunInput::Public(b.input())],
        [RunInput::Public(a.input()), RunInput::Committed(&b)],
        [RunInput::Committed(&a), RunInput::Committed(&b)],
        [RunInput::Public(a.input()), RunInput::Public(b.input())],
    ];
    for (i, proved) in mixtures.iter().enumerate() {
        let proven = prove_inputs(&key, proved, &seed()).unwrap();
        for (j, claimed) in mixtures.iter().enumerate() {
            let verdict = check(&key, &stated(claimed), &proven);
            assert_eq!(verdict.is_ok(), i == j, "{i} as {j}: {verdict:?}");
            assert!(!matches!(verdict, Err(Error::BrokenInvariant)), "{i} as {j}");
        }
    }
}

#[test]
fn rejects_a_proof_under_other_names_orders_and_kinds() {
    let inputs = samples();
    let proven = prove(&key((0, 3), (0, 3)), &inputs).unwrap();
    let changed = |change: &dyn Fn(&mut Architecture)| {
        let mut network = pair((0, 3), (0, 3));
        change(&mut network.architecture);
        let key = ProvingKey::setup(network).unwrap();
        verify(key.verifying_key(), &inputs, &proven.outputs, &proven.proof).map(|_| ())
    };
    assert_eq!(changed(&|_| ()), Ok(()));
    let rejected = Err(Error::Addends { layer: "sum".to_owned() });
    assert_eq!(changed(&|a| a.nodes[1].name.push('!')), rejected);
    assert_eq!(changed(&|a| a.nodes.swap(0, 1)), rejected);
    for kind in [InputKind::Integer, InputKind::Real { scale: 2.0 }] {
        let set = |a: &mut Architecture| match &mut a.nodes[1].operation {
            Operation::Input(input) => input.kind = kind.clone(),
            _ => unreachable!(),
        };
        assert_eq!(changed(&set), rejected);
    }
}

#[test]
fn names_what_is_missing_surplus_or_misshapen() {
    let key = key((0, 3), (0, 3));
    let [a, b] = samples();
    let proven = prove(&key, &[a.clone(), b.clone()]).unwrap();
    let refused = |inputs: &[Tensor<i64>], error: LayersError| {
        assert_eq!(prove(&key, inputs).map(|_| ()), Err(error.clone().into()));
        let verdict = verify(key.verifying_key(), inputs, &proven.outputs, &proven.proof).map(|_| ());
        assert_eq!(verdict, Err(Error::Statement(error)));
    };
    let inputs = || "`a`, `b`".to_owned();
    for actual in [0, 1, 3] {
        refused(&vec![a.clone(); actual], LayersError::NumInputs { expected: 2, actual, inputs: inputs() });
    }
    let (expected, actual) = (vec![5], vec![5, 1]);
    let misshapen = tensor(&[5, 1], a.data().to_vec());
    refused(&[a.clone(), misshapen], LayersError::InputShape { input: "b".to_owned(), expected, actual });
    let wide = tensor(&[5], vec![0, 0, 9, 0, 0]);
    let (input, position, value) = ("b".to_owned(), 2, 9);
    refused(&[a, wide], LayersError::InputRange { input, position, value, minimum: 0, maximum: 3 });

    let order = |names: &[&str]| {
        let given = names.iter().enumerate().map(|(i, name)| ((*name).to_owned(), i));
        key.network().architecture.in_input_order(given)
    };
    assert_eq!(order(&["b", "a"]), Ok(vec![1, 0]));
    let name = |name: &str| name.to_owned();
    assert_eq!(order(&["b"]), Err(LayersError::MissingInput { input: name("a"), inputs: inputs() }));
    assert_eq!(order(&["a", "c"]), Err(LayersError::UnknownInput { input: name("c"), inputs: inputs() }));
    assert_eq!(order(&["a", "b", "a"]), Err(LayersError::RepeatedInput { input: name("a") }));
}

#[test]
fn inputs_stand_first_and_have_names_of_their_own() {
    let refused = |change: &dyn Fn(&mut Architecture)| {
        let mut network = pair((0, 3), (0, 3));
        change(&mut network.architecture);
        Plan::new(&network.architecture).unwrap_err()
    };
    let graph = |reason| LayersError::Graph { reason };
    let twin = |a: &mut Architecture| a.nodes[1].name = a.nodes[0].name.clone();
    assert_eq!(refused(&twin), graph("two inputs have one name"));
    let late = |a: &mut Architecture| {
        let mut node = a.nodes[0].clone();
        node.name.push('2');
        a.nodes.push(node);
    };
    assert_eq!(refused(&late), graph("an input behind another layer"));
    let widened = |a: &mut Architecture| match &mut a.nodes[0].operation {
        Operation::Input(input) => {
            *input = InputLayer { bounds: (0, 2), ..InputLayer::boolean(layout(&[5])) }
        }
        _ => unreachable!(),
    };
    assert_eq!(refused(&widened), graph("a boolean input's bounds are not 0 and 1"));
}
