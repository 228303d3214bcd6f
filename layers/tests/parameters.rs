//! The plan of a proof about a key's parameters, and what it refuses.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, PrimeField};
use tacit_inference::{NetworkBuilder, circuit::CircuitBuilder};
use tacit_layers::{
    ActivationFunction, Architecture, Error, InputLayer, Layout, Multiplier, NodeId, Operation, Output,
    ParameterId, VerifyingKey,
    argument::soundness::SoundnessError,
    layer::rescale::MAX_MULTIPLIER,
    proof::{
        parameters::{Digits, ParameterPlan},
        plan::Plan,
    },
};

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn output(node: NodeId, shape: &[usize]) -> Output {
    Output { name: "y".into(), node, shape: shape.to_vec(), scales: vec![1.0], scale_axis: 0 }
}

fn key(architecture: Architecture) -> VerifyingKey {
    let plan = Plan::new(&architecture).unwrap();
    let rows = plan.rows(&plan.parameters).1;
    VerifyingKey::new(architecture, vec![ark_bn254::G1Affine::default(); rows]).unwrap()
}

#[test]
fn columns_come_in_the_order_of_the_opening() {
    let mut b = NetworkBuilder::new("x", InputLayer::real(layout(&[3]), (0, 7), 1.0));
    let weights = tacit_layers::Tensor::new(layout(&[2, 3]), vec![1_i8; 6]).unwrap();
    let y = b.dense("dense", b.input(), 0, weights, Some(vec![1, 2])).unwrap();
    b.output(output(y, &[2]));
    let plan = ParameterPlan::new(&key(b.finish().unwrap().architecture)).unwrap();
    let column = |id, digit| plan.column(ParameterId(id), digit);
    assert_eq!([column(0, 0), column(1, 3)], [Some(0), Some(1)]);
    assert_eq!([0, 1, 2].map(|digit| column(1, digit)), [Some(2), Some(3), Some(4)]);
    assert_eq!((column(2, 0), plan.multiplicities(), plan.witness.len()), (None, 5, 4));
    // Look-ups of six weights, padded, and of four digits of two biases, behind them the table with a row for padding.
    let rows: Vec<_> = plan.segments.iter().map(|segment| segment.rows).collect();
    let biases = [0, 1, 2, 3].map(|digit| Digits::Digit(ParameterId(1), digit));
    let expected = [&[Digits::Digit(ParameterId(0), 0)][..], &biases, &[Digits::Table]].concat();
    assert_eq!((rows, plan.table.num_vars(), plan.tree_vars), (expected, 9, 10));
    assert!(plan.soundness().into_iter().map(|(_, error)| error).sum::<SoundnessError>().bits() > 200.0);
}

#[test]
fn a_circuit_that_could_wrap_around_the_field_is_refused() {
    let squared = |times: usize| {
        let mut gates = CircuitBuilder::new();
        let mut x = gates.input(&[1]).unwrap()[0];
        for _ in 0..times {
            x = gates.multiply(x, x);
        }
        gates.output(x);
        let mut b = NetworkBuilder::new("x", InputLayer::real(layout(&[1]), (0, 1), 1.0));
        let y = b.circuit("power", &[b.input()], vec![], gates.finish(&[1]).unwrap());
        b.output(output(y, &[1]));
        let mut architecture = b.finish().unwrap().architecture;
        let Operation::Input(input) = &mut architecture.nodes[0].operation else { unreachable!() };
        input.bounds = (0, 255);
        ParameterPlan::new(&key(architecture)).map(|_| ())
    };
    assert_eq!(squared(2), Ok(()));
    let reason = "its values could be larger than 2^228";
    assert_eq!(squared(5), Err(Error::Circuit { layer: "power".into(), reason }));
}

/// The circuit's value is $c$ for an input of 1, with $2^{24} c = p + d$ where $p$ is the field's order and $d \le 2^{24}$: the
/// rescale behind it finds the quotient of $d$ in the field, which is 0 or 1, and that of $p + d$ in the integers.
#[test]
fn a_circuit_whose_product_with_a_multiplier_could_wrap_around_is_refused() {
    let (shift, multiplier) = (MAX_MULTIPLIER.ilog2(), u64::from(MAX_MULTIPLIER));
    let d = Fr::from(multiplier - Fr::MODULUS.0[0] % multiplier);
    let c = (d * Fr::from(multiplier).inverse().unwrap()).into_bigint();
    assert_eq!(c.num_bits() + shift, Fr::MODULUS_BIT_SIZE);
    let mut gates = CircuitBuilder::new();
    let x = gates.input(&[1]).unwrap()[0];
    let (mut value, square) = (gates.constant(0), gates.multiply(x, x));
    for part in c.to_bits_le()[..240].chunks(30).rev() {
        let part = part.iter().rev().fold(0, |part, bit| part << 1 | i64::from(*bit));
        let product = gates.multiply(value, x);
        let sum = gates.combine(&[(product, 1 << 30), (x, part - 1), (square, 1)]);
        value = gates.gate(sum);
    }
    gates.output(value);
    let mut b = NetworkBuilder::new("x", InputLayer::real(layout(&[1]), (0, 0), 1.0));
    let y = b.circuit("constant", &[b.input()], vec![], gates.finish(&[1]).unwrap());
    let clip = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let y = b.rescale("clip", y, Multiplier::Uniform(MAX_MULTIPLIER), shift, clip);
    b.output(output(y, &[1]));
    let mut architecture = b.finish().unwrap().architecture;
    let Operation::Input(input) = &mut architecture.nodes[0].operation else { unreachable!() };
    input.bounds = (0, 1);
    let reason = "its values could be larger than 2^228";
    let refused = Error::Circuit { layer: "constant".into(), reason };
    assert_eq!(ParameterPlan::new(&key(architecture)), Err(refused));
}
