//! Circuits: wrong values, wires, constants and combinations, each consistent from there on.

use ark_bn254::Fr;
use tacit_inference::circuit::CircuitBuilder;
use tacit_layers::{
    Error as Refusal, Operation, Tensor, VerifyingKey,
    argument::{
        claim::EvaluationClaim,
        gates::{Circuit, Operand, Relation},
    },
    proof::alone::{Describe, Subject},
    tensor::evaluation::evaluate,
};
use tacit_prover::{
    ProvingKey,
    cheating::{CircuitRun, Run},
};
use tacit_transcript::{Event, Label, ProofReader, ProofWriter, encoding::scalar_to_bytes, labels};
use tacit_verifier::{Error, VerifyAlone, verify};

use super::{DOMAIN, integers, tensor, tiny};

fn inputs() -> [Tensor<i64>; 3] {
    [tensor(&[2, 2, 3], integers(1, 12)), tensor(&[3], integers(2, 3)), tensor(&[3], integers(3, 3))]
}

type Claims = Vec<EvaluationClaim<Subject>>;

fn prover<'a>(circuit: &'a Circuit, inputs: &'a [Tensor<i64>; 3]) -> CircuitRun<'a> {
    CircuitRun::honest(circuit, &inputs.each_ref()).unwrap()
}

/// The verdict on a proof by one circuit's prover of another circuit.
fn verdict(circuit: &Circuit, prover: &CircuitRun) -> Result<Claims, Error> {
    let mut writer = ProofWriter::new(DOMAIN);
    // Whatever circuit is proved, it is said to be this one.
    let prover = CircuitRun { stated: circuit.describe(()).unwrap(), ..prover.clone() };
    let proved = prover.prove(&mut writer);
    check(circuit, &writer.finish()).inspect(|claims| assert_eq!(*claims, proved))
}

fn check(circuit: &Circuit, proof: &[u8]) -> Result<Claims, Error> {
    let mut reader = ProofReader::new(DOMAIN, proof);
    let claims = circuit.verifier(())?.verify(&mut reader, &mut ())?;
    reader.finish()?;
    Ok(claims.into_claims())
}

fn holds(claim: &EvaluationClaim<Subject>, tensors: &[Tensor<i64>; 3]) -> bool {
    let Subject::Input(i) = claim.subject else { panic!("{claim:?}") };
    let tensor = &tensors[i];
    evaluate(tensor.layout(), tensor.data(), &claim.point).unwrap() == claim.value
}

fn rejected(message: Label) -> Result<Claims, Error> {
    Err(Error::FinalValue { argument: "gates", message })
}

#[test]
fn honest_circuits_leave_true_claims() {
    let (circuit, inputs) = (tiny::circuit(), inputs());
    let prover = prover(&circuit, &inputs);
    let claims = verdict(&circuit, &prover).unwrap();
    let output = &circuit.layers[0].layout;
    let (on_output, on_inputs) = claims.split_first().unwrap();
    assert_eq!(on_output.subject, Subject::Output(0));
    assert_eq!(evaluate(output, &prover.layers[0], &on_output.point).unwrap(), on_output.value);
    assert!(on_inputs.iter().all(|claim| holds(claim, &inputs)));
    let counts = circuit.claim_counts();
    assert_eq!(on_inputs.len(), counts[..3].iter().sum::<usize>());
    assert_eq!(counts[3..], [0, 1, 3], "the lowest layer is read by two layers, thrice");
}

#[test]
fn rejects_a_wrong_output() {
    let (circuit, inputs) = (tiny::circuit(), inputs());
    for index in 0..6 {
        let mut prover = prover(&circuit, &inputs);
        prover.layers[0][index] += 1;
        assert_eq!(verdict(&circuit, &prover), rejected(labels::GATE_LEFT_VALUES), "output {index}");
    }
}

#[test]
fn rejects_a_wrong_gate_value_in_every_layer() {
    let (circuit, inputs) = (tiny::circuit(), inputs());
    for layer in 1..circuit.layers.len() {
        for index in 0..6 {
            // Whatever reads the gate goes on with the wrong value; only the layer that computes it disagrees.
            let mut prover = prover(&circuit, &inputs);
            prover.layers[layer][index] += 1;
            let values = |operand: Operand| match operand {
                Operand::Input(i) => inputs[i as usize].data(),
                Operand::Layer(i) => &prover.layers[i as usize],
            };
            let mut above = prover.layers.clone();
            for reader in (0..layer).rev() {
                above[reader] = recomputed(&circuit, reader, values, &above);
            }
            prover.layers[..layer].clone_from_slice(&above[..layer]);
            let verdict = verdict(&circuit, &prover);
            assert_eq!(verdict, rejected(labels::GATE_LEFT_VALUES), "layer {layer}, gate {index}");
        }
    }
}

/// What a layer computes from the values below it, `above` holding those of layers.
fn recomputed<'a>(
    circuit: &Circuit,
    layer: usize,
    values: impl Fn(Operand) -> &'a [i64],
    above: &[Vec<i64>],
) -> Vec<i64> {
    let mut sums = vec![0; circuit.layers[layer].layout.num_elements()];
    for wired in circuit.wirings(layer) {
        let adjacency = tacit_layers::argument::gates::Adjacency::new(&wired, 0);
        let read = |operand: Option<Operand>, at: u32| match operand {
            None => 1,
            Some(Operand::Layer(i)) => above[i as usize][at as usize],
            Some(input) => values(input)[at as usize],
        };
        let mut inner = vec![];
        for (position, sum) in sums.iter_mut().enumerate() {
            for outer in adjacency.gates(position, &mut inner) {
                for step in &inner {
                    let step = step.then(*outer);
                    let (left, right) = (wired.wiring().left, wired.wiring().right);
                    *sum += step.coefficient * read(left, step.first) * read(right, step.second);
                }
            }
        }
    }
    sums
}

/// Every circuit that differs from this one in one number of one list, with what was changed and the layer.
fn neighbours(circuit: &Circuit) -> Vec<(usize, String, Circuit)> {
    let mut all = vec![];
    for layer in 0..circuit.layers.len() {
        for wiring in 0..circuit.layers[layer].wirings.len() {
            for factor in 0..circuit.layers[layer].wirings[wiring].factors.len() {
                let Relation::Gates(gates) = &circuit.layers[layer].wirings[wiring].factors[factor].relation
                else {
                    continue;
                };
                for at in 0..gates.len() {
                    for what in ["output", "left", "right", "coefficient"] {
                        let mut changed = circuit.clone();
                        let factor = &mut changed.layers[layer].wirings[wiring].factors[factor];
                        let Relation::Gates(gates) = &mut factor.relation else { unreachable!() };
                        match what {
                            "output" => gates[at].output = (gates[at].output + 1) % 3,
                            "left" => gates[at].left = (gates[at].left + 1) % 3,
                            "right" => gates[at].right = (gates[at].right + 1) % 3,
                            _ => gates[at].coefficient += 1,
                        }
                        if let Ok(changed) = Circuit::new(changed.inputs, changed.layers) {
                            all.push((layer, format!("{what} of gate {at} of wiring {wiring}"), changed));
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn rejects_swapped_wires_and_wrong_constants() {
    let (circuit, inputs) = (tiny::circuit(), inputs());
    let honest = prover(&circuit, &inputs);
    let all = neighbours(&circuit);
    assert!(all.len() > 60, "{}", all.len());
    for (layer, what, changed) in all {
        // True for the prover's own circuit, all the way to the inputs.
        let cheating = prover(&changed, &inputs);
        let verdict = verdict(&circuit, &cheating);
        let computes_the_same = cheating.layers == honest.layers;
        assert!(!computes_the_same, "layer {layer}, {what}: another circuit, the same values");
        // A constant and an add gate are evaluated in the first phase, a multiply gate in the second.
        match verdict {
            Err(Error::FinalValue { argument: "gates", message }) => {
                assert!([labels::GATE_LEFT_VALUES, labels::GATE_RIGHT_VALUES].contains(&message));
            }
            other => panic!("layer {layer}, {what}: {other:?}"),
        }
    }
}

#[test]
fn other_inputs_show_in_the_claims() {
    let (circuit, inputs) = (tiny::circuit(), inputs());
    for (index, input) in inputs.iter().enumerate() {
        for at in 0..input.data().len() {
            let mut others = inputs.clone();
            let mut data = input.data().to_vec();
            data[at] += 1;
            others[index] = Tensor::new(input.layout().clone(), data).unwrap();
            let claims = verdict(&circuit, &prover(&circuit, &others)).unwrap();
            let claims = &claims[1..];
            let wrong: Vec<bool> = claims.iter().map(|claim| !holds(claim, &inputs)).collect();
            let about: Vec<bool> = claims.iter().map(|c| c.subject == Subject::Input(index)).collect();
            assert_eq!(wrong, about, "input {index}, element {at}");
        }
    }
}

/// $z = s^2$ with $s = x_0 + x_1 + y w$: a layer that is claimed twice.
fn square() -> Circuit {
    let mut b = CircuitBuilder::new();
    let x = b.input(&[2]).unwrap();
    let (y, w) = (b.input(&[1]).unwrap(), b.input(&[1]).unwrap());
    let other = b.multiply(y[0], w[0]);
    let s = b.sum(&[x[0], x[1], other]);
    let z = b.multiply(s, s);
    b.output(z);
    b.finish(&[1]).unwrap()
}

#[test]
fn rejects_two_wrong_claims_on_a_layer_whose_product_is_right() {
    // A layer of one gate has no variables: its proof is the left value, what the right one adds, and the right value.
    let circuit = square();
    let inputs = [tensor(&[2], vec![3, 4]), tensor(&[1], vec![5]), tensor(&[1], vec![-1])];
    let mut writer = ProofWriter::new(DOMAIN);
    let _ = prover(&circuit, &inputs).prove(&mut writer);
    let messages = writer.messages().to_vec();
    let proof = writer.finish();
    let start = |label| -> usize {
        messages.iter().take_while(|(other, _)| *other != label).map(|(_, bytes)| bytes).sum()
    };
    let (left, right) = (start(labels::GATE_LEFT_VALUES), start(labels::GATE_RIGHT_VALUES));
    let verdict = |left_values: [u64; 2], right_value: u64| {
        let scalar = |value: u64| scalar_to_bytes(&Fr::from(value));
        let mut proof = proof.clone();
        proof[left..left + 64].copy_from_slice(&left_values.map(scalar).concat());
        proof[right..right + 32].copy_from_slice(&scalar(right_value));
        check(&circuit, &proof)
    };
    // s is 2; whoever says 1 and 4 passes both phases of the output, and fails below, where the claims are combined.
    assert!(verdict([2, 2], 2).is_ok());
    assert_eq!(verdict([1, 4], 4), rejected(labels::GATE_LEFT_VALUES));
    assert_eq!(verdict([4, 1], 1), rejected(labels::GATE_LEFT_VALUES));
    assert_eq!(verdict([2, 2], 3), rejected(labels::GATE_RIGHT_VALUES));
    assert_eq!(verdict([2, 3], 3), rejected(labels::GATE_LEFT_VALUES));
}

#[test]
fn claims_are_combined_after_both_values_are_sent() {
    let mut writer = ProofWriter::new(DOMAIN);
    let (circuit, inputs) = (tiny::circuit(), inputs());
    let _ = prover(&circuit, &inputs).prove(&mut writer);
    let events = writer.events();
    let combined: Vec<usize> =
        (0..events.len()).filter(|&i| events[i] == Event::Squeeze(labels::GATE_CLAIM_BATCH)).collect();
    // Only the lowest layer is claimed more than once.
    let [combined] = combined[..] else { panic!("{combined:?}") };
    let sent = |event: &Event| {
        matches!(event, Event::Message(labels::GATE_LEFT_VALUES | labels::GATE_RIGHT_VALUES, _))
    };
    assert_eq!(events[..combined].iter().filter(|event| sent(event)).count(), 4);
    assert_eq!(events[combined..].iter().filter(|event| sent(event)).count(), 2);
}

fn network() -> (ProvingKey, Tensor<i64>) {
    let network = tiny::gates();
    let input = tiny::sample(&network);
    (ProvingKey::setup(network).unwrap(), input)
}

#[test]
fn rejects_a_network_with_a_wrong_accumulator_by_gates() {
    let (key, input) = network();
    let circuit = key.network().architecture.nodes.iter().position(|node| node.name == "circuit").unwrap();
    for index in 0..6 {
        let mut run = Run::honest(&key, &input).unwrap();
        let mut data = run.values()[circuit].data().to_vec();
        data[index] += 1;
        let sums = Tensor::new(run.values()[circuit].layout().clone(), data).unwrap();
        run.values()[circuit] = sums.clone();
        run.outputs()[0] = sums;
        let proven = run.prove().unwrap();
        let verdict = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).map(|_| ());
        let message = labels::GATE_LEFT_VALUES;
        assert_eq!(verdict, Err(Error::FinalValue { argument: "gates", message }), "output {index}");
    }
}

#[test]
fn a_hostile_key_with_a_gate_outside_its_tensors_is_refused() {
    let (key, _) = network();
    let key = key.verifying_key();
    let mut architecture = key.architecture().clone();
    let node = architecture.nodes.iter_mut().find(|node| node.name == "circuit").unwrap();
    let Operation::Circuit(layer) = &mut node.operation else { panic!("{node:?}") };
    for wiring in &mut layer.circuit.layers[0].wirings {
        for factor in &mut wiring.factors {
            if let Relation::Gates(gates) = &mut factor.relation {
                gates[0].output = 3;
            }
        }
    }
    let refused = Refusal::Circuit { layer: "circuit".to_owned(), reason: "a gate is outside its tensors" };
    assert_eq!(VerifyingKey::new(architecture, key.commitments().to_vec()), Err(refused));
}

#[test]
fn products_of_activations_harden_the_statement() {
    let (key, _) = network();
    let plan = key.verifying_key().plan();
    let lookups = plan.num_lookups();
    // Two rows of three: s * s, p * x, s * y depend on activations twice; x * k does not.
    assert_eq!(plan.num_products, 2 * 3 * 3);
    assert_eq!(tacit_layers::proof::statement::hardening_bytes(plan), lookups + 18);
}
