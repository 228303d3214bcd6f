//! Plans, keys and files asked about what they do not hold: an error or nothing, no panic.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ark_bn254::{Fr, G1Affine};
use ark_ff::{One, UniformRand};
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, InputCommitment, InputLayer, KeyProofFile, Layout, Multiplier, Network, NodeId,
    Output, ParameterId, ProofFile, Tensor, VerifyingKey,
    argument::claim::Column,
    proof::{
        file::{open_file, take_block},
        parameters::{ParameterPlan, digit, last_digit},
        plan::Plan,
        statement::Statement,
    },
};

fn point(n: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    (0..n).map(|_| Fr::rand(&mut rng)).collect()
}

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

/// A dense layer of two outputs and a rescale, under a key.
fn key() -> (Network, VerifyingKey) {
    let mut builder = NetworkBuilder::new("key", InputLayer::real(layout(&[3]), (0, 255), 1.0));
    let weights = Tensor::new(layout(&[2, 3]), vec![1_i8; 6]).unwrap();
    let sums = builder.dense("dense", builder.input(), 0, weights, Some(vec![5, -5])).unwrap();
    let clip = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let node = builder.rescale("relu", sums, Multiplier::Uniform(3), 4, clip);
    builder.output(Output { name: "y".into(), node, shape: vec![2], scales: vec![1.0], scale_axis: 0 });
    let network = builder.finish().unwrap();
    let plan = Plan::new(&network.architecture).unwrap();
    let rows = plan.rows(&plan.parameters).1;
    let key = VerifyingKey::new(network.architecture.clone(), vec![G1Affine::default(); rows]).unwrap();
    (network, key)
}

#[test]
fn plans_and_keys_answer_about_their_own_inputs_columns_and_rows_only() {
    let (network, key) = key();
    let architecture = &network.architecture;
    for actual in [0, 2, 9] {
        let committed = vec![true; actual];
        let refused = architecture.check_num_inputs(actual).unwrap_err();
        assert_eq!(Plan::with_committed(architecture, &committed).err(), Some(refused.clone()));
        assert_eq!(key.plan_of(&committed).err(), Some(refused.clone()));
        assert_eq!(key.soundness_of(&committed).err(), Some(refused.clone()));
        let inputs = vec![Tensor::new(layout(&[3]), vec![0; 3]).unwrap(); actual];
        assert_eq!(Statement::public(&inputs, &[]).plan(&key).err(), Some(refused));
    }
    let rows = key.commitments().len();
    for actual in [0, rows - 1, rows + 1] {
        for make in [VerifyingKey::new, VerifyingKey::private] {
            assert!(make(architecture.clone(), vec![G1Affine::default(); actual]).is_err(), "{actual} rows");
        }
    }
    let plan = key.plan();
    for id in [NodeId(3), NodeId(u32::MAX)] {
        assert_eq!(plan.base(id, point(2)), (id, point(2)));
        assert!(!plan.is_view(id) && architecture.input_layer(id).is_err());
        for column in [Column::Activation(id), Column::Remainder(id), Column::Convolved(id)] {
            assert_eq!((plan.place(column), plan.deferred_layout(column)), (None, None));
        }
        assert!(architecture.site(id, &plan.specs).is_none());
    }
    assert_eq!(architecture.sites(&[]).count(), 0);
    assert!(architecture.infer_node(usize::MAX, &plan.specs).is_err());
    let parameters = ParameterPlan::new(&key).unwrap();
    for (parameter, digit) in [(0, 1), (1, 4), (0, usize::MAX), (2, 0), (u32::MAX, 0)] {
        assert_eq!(parameters.column(ParameterId(parameter), digit), None, "{parameter}, {digit}");
    }
    assert_eq!(digit(i64::MAX, usize::MAX, 0), None);
    assert_eq!(digit(5, 4, usize::MAX), None);
    assert_eq!(digit(5, 0, 0), None);
    let _ = last_digit(&layout(&[3, 5]), &point(1), Fr::one(), &vec![Fr::one(); 100]);
}

#[test]
fn files_that_end_too_early_are_errors() {
    for length in [0, 1, 7, 8, 11] {
        let bytes = vec![7; length];
        assert!(open_file(&bytes, b"TACITKEY", "key").is_err());
        assert!(take_block(&bytes, "key").is_err() || length >= 8);
        assert!(VerifyingKey::from_bytes(&bytes).is_err() && ProofFile::from_bytes(&bytes).is_err());
        assert!(InputCommitment::from_bytes(&bytes).is_err() && KeyProofFile::from_bytes(&bytes).is_err());
    }
    let endless = [&u64::MAX.to_le_bytes()[..], &[0; 9]].concat();
    assert!(take_block(&endless, "key").is_err());
    for rows in [0, 2, 100] {
        assert!(InputCommitment::new(layout(&[3]), vec![G1Affine::default(); rows]).is_err(), "{rows}");
    }
}
