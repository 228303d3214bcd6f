//! What does not fit is an error, what is false is accepted by nobody.

use crate::clear::Clear;
use ark_bn254::Fr;
use tacit_layers::{
    ActivationFunction, ConvolutionArgument, MatmulArgument, Multiplier, Operation, ParameterSpec,
    RescaleLayer, Tensor, ValueKind, ValueSpec,
    argument::{claim::EvaluationClaim, hyrax::Hyrax},
    layer::{add::AddLayer, conv2d::ConvolutionLayer, max_pool::MaxPoolLayer, reduce_sum::ReduceSumLayer},
    proof::alone::{StandAlone, Subject, integers},
};
use tacit_prover::{
    Commitments, ProveAlone, StandAloneProver, hyrax,
    integers::IntegerTensor,
    logup::{LookupProver, ProveLookup, Range},
    opening::CommittedTensor,
};
use tacit_transcript::{Label, ProofReader, ProofWriter, labels};
use tacit_verifier::{Commitments as _, VerifyAlone, hyrax as verifier};

use crate::cases::*;

#[test]
fn what_does_not_fit_is_an_error_and_writes_nothing() {
    let case = matmul(MatmulArgument::Polynomial, [3, 5, 2]);
    let [left, right] = [&case.witness[0], &case.witness[1]];
    let refused = |witness: &[&Tensor<i64>]| case.alone.prover((), witness).unwrap_err().to_string();
    let transposed = tensor(&[5, 3], 1, RANGE);
    assert_eq!(
        refused(&[&transposed, right]),
        "layer `matrix product`: a tensor of the witness has shape [5, 3], expected [3, 5]"
    );
    assert_eq!(
        refused(&[left]),
        "layer `matrix product` needs 2 tensors, got 1: each is a tensor of the witness"
    );
    assert_eq!(
        refused(&[left, right, right]),
        "layer `matrix product` needs 2 tensors, got 3: each is a tensor of the witness"
    );
    let huge = tensor(&[3, 5], 1, (1 << 40, 1 << 41));
    assert!(
        refused(&[&huge, right]).contains("outside the range -2147483648..=2147483648"),
        "{}",
        refused(&[&huge, right])
    );
    let mut writer = ProofWriter::new(DOMAIN);
    let prover = case.prover();
    for outputs in [vec![], vec![left.clone()], vec![case.outputs[0].clone(); 2]] {
        assert!(prover.prove(&mut writer, &outputs, &mut Clear::default()).is_err());
    }
    assert_eq!(writer.num_bytes(), 0);
    // An argument that commits wants a scheme.
    let error = prover.prove(&mut writer, &case.outputs, &mut ()).unwrap_err().to_string();
    assert!(error.contains("give it a scheme"), "{error}");
    // What no layer computes is refused by its description.
    let wide = integers(layout(&[2, 2]));
    let add = |coefficients: Vec<i64>| Operation::Add(AddLayer { coefficients });
    assert!(StandAlone::new("add", add(vec![1]), &[wide.clone(), wide.clone()], &[]).is_err());
    assert!(
        StandAlone::new("pool", Operation::MaxPool(MaxPoolLayer { window: window() }), &[wide], &[]).is_err()
    );
    assert!(ConvolutionLayer::grouped(window(), 2, layout(&[3, 4, 4]), 2).is_err());
    assert!(ConvolutionLayer::grouped(window(), 2, layout(&[3, 4, 4]), 0).is_err());
    // A value in no row of its table is the prover's error.
    let clip = ActivationFunction::Clip { minimum: 0, maximum: 9 };
    let layer = RescaleLayer {
        multiplier: Multiplier::Uniform(1),
        shift: 1,
        function: clip,
        quotient_bounds: (0, 15),
    };
    let far = rescale("far", layer, &[2], (500, 600));
    let error = far.prover().prove(&mut writer, &far.outputs, &mut Clear::default()).unwrap_err().to_string();
    assert!(error.contains("outside its look-up table"), "{error}");
}

#[test]
fn claims_that_are_not_one_for_each_output_are_refused_before_anything_is_absorbed() {
    let claim = |subject, coordinates| {
        EvaluationClaim::new(subject, vec![Fr::from(3_u64); coordinates], Fr::from(5_u64))
    };
    let refused = |case: &Case, claims: &[EvaluationClaim<usize>], message: &str| {
        let mut writer = ProofWriter::new(DOMAIN);
        let proved = case.prover().prove_claims(&mut writer, claims, &mut Clear::default());
        assert_eq!(proved.unwrap_err().to_string(), message);
        assert_eq!((writer.num_bytes(), writer.events().len()), (0, 0));
        let mut reader = ProofReader::new(DOMAIN, &[]);
        let verifier = case.alone.verifier(()).unwrap();
        let verified = verifier.verify_claims(&mut reader, claims, &mut Clear::default());
        assert_eq!(verified.unwrap_err(), tacit_verifier::Error::from(described(case, claims)));
        assert!(reader.events().is_empty());
    };
    let product = matmul(MatmulArgument::Sumcheck, [3, 5, 2]);
    refused(&product, &[], "layer `matrix product` has 1 outputs, got claims on 0");
    refused(&product, &[claim(0, 3), claim(0, 3)], "layer `matrix product` has 1 outputs, got claims on 2");
    let attribute = |what: &str, actual: usize, only: usize| {
        format!("layer `matrix product`: {what} is {actual}, must be in {only}..={only}")
    };
    refused(&product, &[claim(1, 3)], &attribute("output of a claim", 1, 0));
    for coordinates in [0, 2, 4, 70] {
        let what = "number of coordinates of an output's point";
        refused(&product, &[claim(0, coordinates)], &attribute(what, coordinates, 3));
    }
    let pool = cases().into_iter().find(|case| case.name == "max-pool").unwrap();
    let vars = pool.outputs[0].layout().num_vars();
    let message = "output 0 of layer `max-pool` is a column that look-ups claim: prove its values instead of claims on it";
    for claims in [vec![], vec![claim(0, vars)], vec![claim(0, 0); 3]] {
        refused(&pool, &claims, message);
    }
}

/// What a description says of claims.
fn described(case: &Case, claims: &[EvaluationClaim<usize>]) -> tacit_layers::Error {
    case.alone.check_claims(claims).unwrap_err()
}

#[test]
fn integers_of_every_width_give_the_same_proof() {
    let small = |axes: &[usize], seed| tensor(axes, seed, (-128, 127));
    let case = Case {
        witness: vec![small(&[4, 7, 6], 50), small(&[4, 2, 3, 3], 51)],
        ..convolution(ConvolutionArgument::Direct, 2, window())
    };
    let bytes = |tensor: &Tensor<i64>| {
        let data = tensor.data().iter().map(|&x| i8::try_from(x).unwrap()).collect();
        Tensor::new(tensor.layout().clone(), data).unwrap()
    };
    let words = |tensor: &Tensor<i8>| {
        Tensor::new(tensor.layout().clone(), tensor.data().iter().map(|&x| i32::from(x)).collect()).unwrap()
    };
    let [input, weights] = [&case.witness[0], &case.witness[1]];
    let (narrow_input, narrow_weights) = (bytes(input), bytes(weights));
    let (input_words, weight_words) = (words(&narrow_input), words(&narrow_weights));
    let prove = |prover: StandAloneProver| {
        let mut writer = ProofWriter::new(DOMAIN);
        let claims = prover.prove(&mut writer, &case.outputs, &mut Clear::default()).unwrap();
        (writer.finish(), claims)
    };
    let expected = prove(case.alone.prover((), &[input, weights]).unwrap());
    assert_eq!(prove(case.alone.prover((), &[&narrow_input, &narrow_weights]).unwrap()), expected);
    assert_eq!(prove(case.alone.prover((), &[&input_words, &weight_words]).unwrap()), expected);
    let mixed: [IntegerTensor; 2] = [input.into(), (&narrow_weights).into()];
    assert_eq!(prove(case.alone.prover((), &mixed).unwrap()), expected);
    // Shapes and ranges are checked alike.
    let shape = "layer `convolution`: a tensor of the witness has shape [4, 2, 3, 3], expected [4, 7, 6]";
    let refused = case.alone.prover((), &[&narrow_weights, &narrow_weights]).unwrap_err();
    assert_eq!(refused.to_string(), shape);
    let small_spec = crate::cases::small(&[4]);
    let alone =
        StandAlone::new("sum", Operation::ReduceSum(ReduceSumLayer { axes: vec![0] }), &[small_spec], &[]);
    let far = Tensor::new(layout(&[4]), vec![0_i8, 0, 91, 0]).unwrap();
    let refused = alone.unwrap().prover((), &[&far]).unwrap_err().to_string();
    assert!(refused.contains("holds 91 at position 2, which is outside the range -100..=90"), "{refused}");
    // Columns and look-ups take them too.
    let mut columns = hyrax::Columns::new(Hyrax::new(3).unwrap());
    let mut writers = [(); 3].map(|()| ProofWriter::new(DOMAIN));
    let tensors: [CommittedTensor; 3] = [(&narrow_input).into(), (&input_words).into(), input.into()];
    for (writer, tensor) in writers.iter_mut().zip(tensors) {
        columns.commit(writer, labels::COMMITMENT, &[tensor]).unwrap();
    }
    assert!(writers.iter().all(|writer| writer.bytes() == writers[0].bytes()));
    let lookup = Range::new(-128..=127).unwrap().lookup(&[input.layout()]).unwrap();
    let prove = |prover: LookupProver| {
        let mut writer = ProofWriter::new(DOMAIN);
        let claims = prover.prove(&mut writer, &mut Clear::default()).unwrap();
        (writer.finish(), claims)
    };
    let expected = prove(lookup.prover(&[input]).unwrap());
    assert_eq!(prove(lookup.prover(&[&narrow_input]).unwrap()), expected);
    assert_eq!(prove(lookup.prover(&[&input_words]).unwrap()), expected);
    let outside = Range::new(-128..=126).unwrap().lookup(&[input.layout()]).unwrap();
    assert!(narrow_input.data().contains(&127) && outside.prover(&[&narrow_input]).is_err());
}

#[test]
fn claims_are_numbered_in_the_order_of_inputs_parameters_outputs_and_late_columns() {
    for case in cases() {
        let (proof, claims) = case.prove();
        let (inputs, parameters) = (case.alone.inputs().count(), case.alone.parameters().count());
        let number = |subject| match subject {
            Subject::Input(index) => index,
            Subject::Parameter(index) => inputs + index,
            Subject::Output(index) => inputs + parameters + index,
            Subject::Late(index) => inputs + parameters + case.outputs.len() + index,
        };
        assert_eq!(claims.clone().into_claims_in_order(), claims.into_claims_on(number), "{}", case.name);
        // Commitments by Hyrax in this order, opened on both sides.
        let scheme = || Hyrax::new(4).unwrap();
        let mut writer = ProofWriter::new(DOMAIN);
        let mut columns = hyrax::Columns::new(scheme());
        for tensor in case.witness.iter().chain(&case.outputs) {
            columns.commit(&mut writer, labels::COMMITMENT, &[tensor.into()]).unwrap();
        }
        let claims = case.prover().prove(&mut writer, &case.outputs, &mut columns).unwrap();
        columns.open(&mut writer, &claims.into_claims_in_order()).unwrap();
        assert_eq!(columns.len(), inputs + parameters + case.outputs.len() + case.alone.num_late());
        let opened = writer.finish();
        let verdict = |bytes: &[u8]| -> tacit_verifier::error::Result<()> {
            let mut reader = ProofReader::new(DOMAIN, bytes);
            let mut columns = verifier::Columns::new(scheme());
            for tensor in case.witness.iter().chain(&case.outputs) {
                columns.read(&mut reader, labels::COMMITMENT, &[tensor.layout()])?;
            }
            let claims = case.alone.verifier(())?.verify(&mut reader, &mut columns)?;
            columns.verify(&mut reader, &claims.into_claims_in_order())?;
            Ok(reader.finish()?)
        };
        assert_eq!(verdict(&opened), Ok(()), "{}", case.name);
        // No other word anywhere: every message is committed to, claimed or opened.
        let words = opened.len() / 32;
        for word in (0..words).step_by((words / 24).max(1)) {
            let mut changed = opened.clone();
            changed[32 * word] ^= 1;
            assert!(verdict(&changed).is_err(), "{}, word {word}", case.name);
        }
        assert!(verdict(&proof).is_err());
    }
}

#[test]
fn names_kinds_and_bounds_are_part_of_what_is_proved() {
    for case in cases() {
        let (proof, _) = case.prove();
        let node = case.alone.architecture().nodes.last().unwrap();
        let inputs: Vec<ValueSpec> = case.alone.inputs().cloned().collect();
        let parameters = &case.alone.architecture().parameters;
        let described = |name: &str, inputs: &[ValueSpec], parameters: &[ParameterSpec]| {
            StandAlone::new(name, node.operation.clone(), inputs, parameters).unwrap()
        };
        let same = described(&node.name, &inputs, parameters);
        assert_eq!((case.verdict(&same, &proof), &same), (Ok(true), &case.alone), "{}", case.name);
        let mut others = vec![described("another", &inputs, parameters)];
        let mut wider = inputs.clone();
        if let ValueKind::Activation { minimum, .. } = &mut wider[0].kind {
            *minimum -= 1;
            others.push(described(&node.name, &wider, parameters));
        }
        let mut renamed = parameters.clone();
        if let Some(parameter) = renamed.first_mut() {
            parameter.name.push('s');
            others.push(described(&node.name, &inputs, &renamed));
        }
        // An argument without a challenge says the same whatever was absorbed.
        let has_no_challenge = case.alone.outputs().all(|spec| spec.layout.num_vars() == 0);
        for other in others {
            assert_eq!(matches!(case.verdict(&other, &proof), Ok(true)), has_no_challenge, "{}", case.name);
        }
    }
}

/// A scheme that commits to columns in another order than it is asked to.
#[derive(Default)]
struct Reversed(Clear);

impl Commitments for Reversed {
    fn commit(
        &mut self,
        writer: &mut ProofWriter,
        label: Label,
        tensors: &[CommittedTensor],
    ) -> tacit_prover::error::Result<()> {
        let reversed: Vec<CommittedTensor> = tensors.iter().rev().copied().collect();
        self.0.commit(writer, label, &reversed)
    }
}

#[test]
fn late_columns_in_another_order_are_not_what_is_claimed() {
    let mut reordered = 0;
    for case in cases() {
        let mut writer = ProofWriter::new(DOMAIN);
        let _claims = case.prover().prove(&mut writer, &case.outputs, &mut Reversed::default()).unwrap();
        let is_reordered = case.alone.early().count() > 1;
        let verdict = case.verdict(&case.alone, &writer.finish());
        assert_eq!(matches!(verdict, Ok(true)), !is_reordered, "{}", case.name);
        reordered += usize::from(is_reordered);
    }
    assert!(reordered > 2, "{reordered}");
}
