//! Every kind of layer: what it leaves, and what is false.

use std::collections::BTreeMap;

use crate::clear::Clear;
use ark_bn254::Fr;
use tacit_layers::{
    Operation, Tensor, ValueKind, ValueSpec,
    argument::claim::EvaluationClaim,
    layer::{add::AddLayer, concat::ConcatLayer, flatten::FlattenLayer, transpose::TransposeLayer},
    proof::alone::{StandAlone, Subject},
    tensor::evaluation::evaluate,
};
use tacit_transcript::{Label, ProofReader, ProofWriter, Transcript, labels};
use tacit_verifier::{Error, VerifyAlone};

use crate::cases::*;

#[test]
fn every_layer_by_itself_leaves_true_claims() {
    for case in cases() {
        let (proof, proved) = case.prove();
        let mut reader = ProofReader::new(DOMAIN, &proof);
        let mut late = Clear::default();
        let claims = case.alone.verifier(()).unwrap().verify(&mut reader, &mut late);
        let claims = claims.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        reader.finish().unwrap();
        assert_eq!(claims, proved, "{}", case.name);
        assert!(case.hold(&claims, &late), "{}", case.name);
        // Whatever is committed is claimed, and so is every tensor.
        let about: BTreeMap<Subject, usize> =
            claims.into_claims().iter().map(|claim| (claim.subject, 1)).collect();
        let parameters = case.alone.parameters().count();
        let expected = case.alone.inputs().count() + parameters + case.outputs.len() + case.alone.num_late();
        assert_eq!(about.len(), expected, "{}: {about:?}", case.name);
        assert_eq!(late.0.len(), case.alone.num_late(), "{}", case.name);
    }
}

#[test]
fn a_false_tensor_is_rejected_or_shows_in_its_claims() {
    for case in cases() {
        let inputs = case.alone.inputs().count();
        let compared: Vec<usize> = case.alone.compared().map(|(index, _)| index).collect();
        for (place, at) in
            (0..case.witness.len() + case.outputs.len()).flat_map(|place| [(place, 0), (place, 1)])
        {
            let (mut witness, mut outputs) = (case.witness.clone(), case.outputs.clone());
            let tensor = if place < witness.len() {
                &mut witness[place]
            } else {
                &mut outputs[place - case.witness.len()]
            };
            let index = at * (tensor.data().len() - 1);
            let mut data = tensor.data().to_vec();
            data[index] += if data[index] == RANGE.1 { -1 } else { 1 };
            *tensor = Tensor::new(tensor.layout().clone(), data).unwrap();
            // The prover's tensor differs from the statement's in one element.
            let lying = Case { name: case.name.clone(), alone: case.alone.clone(), witness, outputs };
            let mut writer = ProofWriter::new(DOMAIN);
            let proved = lying.prover().prove(&mut writer, &lying.outputs, &mut Clear::default());
            if proved.is_err() {
                continue;
            }
            let verdict = case.verdict(&case.alone, &writer.finish());
            // What only renames variables, or sums over them, reads nothing: it turns claims on the true output into claims on the true input.
            let reads_nothing =
                ["transposition", "flatten", "sum"].contains(&case.name.as_str()) && place == 0;
            let message = format!("{}, tensor {place} of {inputs}, {compared:?}", case.name);
            assert_eq!(matches!(verdict, Ok(true)), reads_nothing, "{message}");
        }
    }
}

#[test]
fn a_changed_message_is_rejected_or_shows_in_the_claims() {
    for case in cases() {
        let (proof, _) = case.prove();
        let words = proof.len() / 32;
        for word in 0..words {
            // Columns in the clear are long: some of their words will do.
            if word % (words / 64).max(1) > 0 {
                continue;
            }
            let mut changed = proof.clone();
            changed[32 * word] ^= 1;
            let verdict = case.verdict(&case.alone, &changed);
            assert!(!matches!(verdict, Ok(true)), "{}, word {word}", case.name);
        }
        assert!(case.verdict(&case.alone, &proof[..proof.len() - 1]).is_err(), "{}", case.name);
        assert!(case.verdict(&case.alone, &[proof.as_slice(), &[0]].concat()).is_err(), "{}", case.name);
    }
}

#[test]
fn a_proof_of_another_description_is_not_accepted() {
    let cases = cases();
    for case in &cases {
        let (proof, _) = case.prove();
        for other in &cases {
            let fits = |a: &StandAlone, b: &StandAlone| {
                a.inputs().map(|spec| &spec.layout).eq(b.inputs().map(|spec| &spec.layout))
                    && a.parameters().eq(b.parameters())
                    && a.outputs().map(|spec| &spec.layout).eq(b.outputs().map(|spec| &spec.layout))
            };
            if case.alone == other.alone || !fits(&case.alone, &other.alone) {
                continue;
            }
            let verdict = case.verdict(&other.alone, &proof);
            assert!(!matches!(verdict, Ok(true)), "{} as {}", case.name, other.name);
        }
        // Whether zero bytes are absorbed is part of what both sides agree on.
        let verdict = case.verdict(&case.alone.clone().hardened_by_caller(), &proof);
        // An argument without a challenge says the same whatever was absorbed.
        let has_no_challenge = case.alone.outputs().all(|spec| spec.layout.num_vars() == 0);
        let expected = case.alone.hardening_bytes() == 0 || has_no_challenge;
        assert_eq!(matches!(verdict, Ok(true)), expected, "{}", case.name);
    }
}

#[test]
fn claims_of_another_argument_are_taken_in_place_of_outputs() {
    const POINT: Label = Label::new("point of somebody else's");
    for case in cases() {
        let compared = case.alone.compared().count();
        let claim = |transcript: &mut dyn FnMut(usize) -> Vec<Fr>| -> Vec<EvaluationClaim<usize>> {
            let claim = |(index, output): (usize, &Tensor<i64>)| {
                let point = transcript(output.layout().num_vars());
                let value = evaluate(output.layout(), output.data(), &point).unwrap();
                EvaluationClaim::new(index, point, value)
            };
            case.outputs.iter().enumerate().map(claim).collect()
        };
        let mut writer = ProofWriter::new(DOMAIN);
        let claims = claim(&mut |vars| writer.squeeze_many(POINT, vars));
        let proved = case.prover().prove_claims(&mut writer, &claims, &mut Clear::default());
        if compared == 0 {
            assert!(proved.is_err(), "{}", case.name);
            continue;
        }
        let proved = proved.unwrap();
        let proof = writer.finish();
        let verify = |claims: &[EvaluationClaim<usize>]| {
            let mut reader = ProofReader::new(DOMAIN, &proof);
            let _ = claim(&mut |vars| reader.squeeze_many(POINT, vars));
            let mut late = Clear::default();
            let left = case.alone.verifier(())?.verify_claims(&mut reader, claims, &mut late)?;
            reader.finish()?;
            Ok::<_, Error>((case.hold(&left, &late), left))
        };
        assert_eq!(verify(&claims), Ok((true, proved)), "{}", case.name);
        let mut false_claims = claims.clone();
        false_claims[0].value += Fr::from(1_u64);
        assert!(!matches!(verify(&false_claims), Ok((true, _))), "{}", case.name);
        let mut short = claims.clone();
        let _ = short[0].point.pop();
        assert!(short[0].point.len() == claims[0].point.len() || verify(&short).is_err(), "{}", case.name);
        assert!(verify(&[]).is_err(), "{}", case.name);
    }
}

#[test]
fn what_it_is_about_is_absorbed_before_the_first_challenge() {
    for case in cases() {
        let mut writer = ProofWriter::new(DOMAIN);
        let _ = case.prover().prove(&mut writer, &case.outputs, &mut Clear::default()).unwrap();
        let events = format!("{:?}", writer.events());
        let first = events.find("Squeeze").unwrap_or(events.len());
        assert!(events[..first].contains(labels::ARCHITECTURE.name()), "{}", case.name);
        assert_eq!(
            events[..first].contains(labels::HARDENING.name()),
            case.alone.hardening_bytes() > 0,
            "{}",
            case.name
        );
        assert!(case.alone.soundness().iter().all(|(_, error)| error.bits() > 200.0), "{}", case.name);
    }
}

#[test]
fn accumulators_are_added_and_renamed_by_themselves() {
    let wide = (-(1 << 36), 1 << 36);
    let accumulators = |axes: &[usize]| ValueSpec { layout: layout(axes), kind: ValueKind::Accumulator };
    for axes in [&[3, 5][..], &[4, 2], &[1, 1]] {
        let (a, b, c) = (tensor(axes, 40, wide), tensor(axes, 41, wide), tensor(axes, 42, RANGE));
        let coefficients = vec![3, -5, 1 << 20];
        let sums = (0..a.data().len())
            .map(|at| 3 * a.data()[at] - 5 * b.data()[at] + (c.data()[at] << 20))
            .collect();
        let sum = Tensor::new(layout(axes), sums).unwrap();
        let specs = [accumulators(axes), accumulators(axes), small(axes)];
        let add = Operation::Add(AddLayer { coefficients });
        let turned: Vec<i64> = (0..axes[1])
            .flat_map(|j| (0..axes[0]).map(move |i| axes[1] * i + j))
            .map(|at| a.data()[at])
            .collect();
        let turned = Tensor::new(layout(&[axes[1], axes[0]]), turned).unwrap();
        let transpose = Operation::Transpose(TransposeLayer { axes: vec![1, 0] });
        let cases = [
            ("sum", add, specs.to_vec(), vec![a.clone(), b, c], sum),
            ("transposition", transpose, vec![accumulators(axes)], vec![a.clone()], turned),
            ("flatten", Operation::Flatten(FlattenLayer), vec![accumulators(axes)], vec![a.clone()], a),
        ];
        for (name, operation, specs, witness, output) in cases {
            let alone = StandAlone::new(name, operation, &specs, &[]).unwrap();
            let mut case = Case { name: name.to_owned(), alone, witness, outputs: vec![output] };
            let (proof, claims) = case.prove();
            assert_eq!(case.verdict(&case.alone, &proof), Ok(true), "{name} of {axes:?}");
            // Every tensor is claimed, so that a false output shows, whoever states it.
            assert_eq!(claims.into_claims().len(), specs.len() + 1);
            let mut data = case.outputs[0].data().to_vec();
            data[0] += 1;
            case.outputs[0] = Tensor::new(case.outputs[0].layout().clone(), data).unwrap();
            assert_ne!(case.verdict(&case.alone, &proof), Ok(true));
            let (proof, _) = case.prove();
            assert_ne!(case.verdict(&case.alone, &proof), Ok(true));
        }
    }
    // Views are of activations.
    let concat = || Operation::Concat(ConcatLayer { axis: 0 });
    assert!(StandAlone::new("parts", concat(), &[accumulators(&[2]), accumulators(&[2])], &[]).is_err());
    assert!(StandAlone::new("parts", concat(), &[], &[]).is_err());
}
