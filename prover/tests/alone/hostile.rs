//! Descriptions of any numbers: refused, or proved and accepted.

use ark_std::rand::{Rng, SeedableRng, rngs::StdRng};
use tacit_inference::execute;
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, Layout, MatmulArgument, Multiplier, Network,
    Operation, Parameter, ParameterId, ParameterSpec, ParameterWidth, RescaleLayer, Tensor, ValueKind,
    ValueSpec, Window2d,
    layer::{
        add::AddLayer,
        average_pool::AveragePoolLayer,
        concat::ConcatLayer,
        conv2d::Conv2dLayer,
        cumulative_sum::CumulativeSumLayer,
        dense::DenseLayer,
        flatten::FlattenLayer,
        input::InputLayer,
        max_pool::MaxPoolLayer,
        product::ProductLayer,
        reduce_sum::ReduceSumLayer,
        remap::{AxisMap, Gaps, RemapLayer},
        reshape::ReshapeLayer,
        transpose::TransposeLayer,
    },
    proof::alone::StandAlone,
};
use tacit_prover::ProveAlone;
use tacit_transcript::ProofWriter;

use crate::{cases::*, clear::Clear};

/// Numbers that fit, that nearly do, and that never do.
fn count(rng: &mut StdRng) -> usize {
    const HOSTILE: [usize; 9] = [0, 5, 7, 64, 1 << 19, 1 << 31, usize::MAX / 2, usize::MAX - 1, usize::MAX];
    if rng.gen_bool(0.85) { rng.gen_range(1..4) } else { HOSTILE[rng.gen_range(0..HOSTILE.len())] }
}

fn integer(rng: &mut StdRng) -> i64 {
    const HOSTILE: [i64; 8] = [i64::MIN, -(1 << 40), -(1 << 31), -1, 1 << 24, 1 << 31, 1 << 62, i64::MAX];
    if rng.gen_bool(0.85) { rng.gen_range(-3..300) } else { HOSTILE[rng.gen_range(0..HOSTILE.len())] }
}

fn counts(rng: &mut StdRng, most: usize) -> Vec<usize> {
    (0..rng.gen_range(0..=most)).map(|_| count(rng)).collect()
}

fn axis_window(rng: &mut StdRng) -> AxisWindow {
    let [kernel, stride, dilation] = [(); 3].map(|()| count(rng));
    let mut pad = || if rng.gen_bool(0.7) { rng.gen_range(0..2) } else { count(rng) };
    AxisWindow { kernel, stride, dilation, pad_begin: pad(), pad_end: pad() }
}

fn window_of(rng: &mut StdRng) -> Window2d {
    Window2d { height: axis_window(rng), width: axis_window(rng) }
}

fn matmul_argument(rng: &mut StdRng) -> MatmulArgument {
    MatmulArgument::ALL[rng.gen_range(0..MatmulArgument::ALL.len())]
}

fn operation(rng: &mut StdRng, axes: usize) -> Operation {
    let names = |rng: &mut StdRng| (0..rng.gen_range(0..4)).map(|_| b"ijk"[rng.gen_range(0..3)]).collect();
    let parameter = |rng: &mut StdRng| ParameterId(if rng.gen_bool(0.9) { 0 } else { u32::MAX });
    match rng.gen_range(0..15) {
        0 => Operation::Dense(DenseLayer {
            weights: parameter(rng),
            bias: rng.gen_bool(0.3).then(|| ParameterId(rng.gen_range(0..3))),
            num_row_axes: if rng.gen_bool(0.8) { rng.gen_range(0..axes) } else { count(rng) },
            num_outputs: count(rng),
            argument: matmul_argument(rng),
        }),
        1 => Operation::Conv2d(Conv2dLayer {
            weights: parameter(rng),
            bias: rng.gen_bool(0.2).then_some(ParameterId(1)),
            num_outputs: count(rng),
            groups: if rng.gen_bool(0.7) { 1 } else { count(rng) },
            window: window_of(rng),
            argument: ConvolutionArgument::ALL[rng.gen_range(0..ConvolutionArgument::ALL.len())],
        }),
        2 => Operation::AveragePool(AveragePoolLayer { window: window_of(rng) }),
        3 => Operation::Add(AddLayer {
            coefficients: (0..rng.gen_range(0..4)).map(|_| integer(rng)).collect(),
        }),
        4 | 5 => Operation::Rescale(RescaleLayer {
            multiplier: if rng.gen_bool(0.6) {
                Multiplier::Uniform(integer(rng) as u32)
            } else {
                let values = counts(rng, 4).into_iter().map(|value| value as u32).collect();
                Multiplier::PerChannel { axis: count(rng), values }
            },
            shift: count(rng) as u32,
            function: if rng.gen_bool(0.7) {
                ActivationFunction::Clip { minimum: integer(rng), maximum: integer(rng) }
            } else {
                let results = (0..count(rng).min(9)).map(|_| rng.gen_range(-9..9)).collect();
                ActivationFunction::Table { first: integer(rng), results }
            },
            quotient_bounds: (-integer(rng).saturating_abs(), integer(rng)),
        }),
        6 => Operation::MaxPool(MaxPoolLayer { window: window_of(rng) }),
        7 => Operation::Flatten(FlattenLayer),
        8 => {
            let gaps = [Gaps::Zero, Gaps::Repeat];
            let map = |rng: &mut StdRng| AxisMap {
                length: count(rng),
                stride: if rng.gen_bool(0.6) { 1 } else { integer(rng) },
                offset: if rng.gen_bool(0.6) { 0 } else { integer(rng) },
                repeat: if rng.gen_bool(0.6) { 1 } else { count(rng) },
                gaps: gaps[rng.gen_range(0..2)],
            };
            Operation::Remap(RemapLayer { axes: (0..axes).map(|_| map(rng)).collect() })
        }
        9 => Operation::Concat(ConcatLayer { axis: if rng.gen_bool(0.8) { 0 } else { count(rng) } }),
        10 => Operation::Transpose(TransposeLayer { axes: (0..axes).rev().collect() }),
        11 => {
            let [left, right, output] = [(); 3].map(|()| names(rng));
            Operation::Product(ProductLayer { left, right, output, argument: matmul_argument(rng) })
        }
        12 => Operation::Reshape(ReshapeLayer { axes: counts(rng, 3) }),
        13 => Operation::ReduceSum(ReduceSumLayer { axes: counts(rng, 2) }),
        _ => {
            let (exclusive, reverse) = (rng.r#gen(), rng.r#gen());
            Operation::CumulativeSum(CumulativeSumLayer { axis: rng.gen_range(0..axes), exclusive, reverse })
        }
    }
}

/// The largest tensor that is worth a run.
const LARGEST: usize = 1 << 12;

#[test]
fn descriptions_of_any_numbers_are_refused_or_their_runs_are_accepted() {
    let mut rng = StdRng::seed_from_u64(7);
    let (mut refused, mut accepted) = (0, 0);
    for _ in 0..30_000 {
        let axes: Vec<usize> = (0..rng.gen_range(1..4)).map(|_| rng.gen_range(1..5)).collect();
        let bounds = if rng.gen_bool(0.8) { RANGE } else { (integer(&mut rng), integer(&mut rng)) };
        let kind = ValueKind::Activation { minimum: bounds.0, maximum: bounds.1 };
        let spec = |rng: &mut StdRng, axes: &[usize]| ValueSpec {
            layout: layout(axes),
            kind: if rng.gen_bool(0.3) { ValueKind::Accumulator } else { kind },
        };
        let operation = operation(&mut rng, axes.len());
        let is_of_two = matches!(operation, Operation::Product(_) | Operation::Concat(_) | Operation::Add(_));
        let inputs: Vec<ValueSpec> =
            (0..rng.gen_range(1..3).min(1 + usize::from(is_of_two))).map(|_| spec(&mut rng, &axes)).collect();
        let weights = match &operation {
            Operation::Dense(dense) => {
                let inner = axes.get(dense.num_row_axes..).unwrap_or(&axes);
                Layout::new([&[dense.num_outputs], inner].concat())
            }
            Operation::Conv2d(conv) => Layout::new(vec![
                conv.num_outputs,
                axes[0] / conv.groups.max(1),
                conv.window.height.kernel,
                conv.window.width.kernel,
            ]),
            _ => Layout::new(vec![1]),
        };
        let Ok(weights) = weights else { continue };
        let has_weights = matches!(operation, Operation::Dense(_) | Operation::Conv2d(_));
        let parameter =
            ParameterSpec { name: "weights".to_owned(), layout: weights, width: ParameterWidth::Int8 };
        let parameters = if has_weights { vec![parameter] } else { vec![] };
        let described = StandAlone::new("hostile", operation.clone(), &inputs, &parameters);
        let Ok(alone) = described else {
            refused += 1;
            continue;
        };
        let all = alone.plan().specs.iter().map(|spec| spec.layout.num_elements());
        if all.chain(alone.parameters().map(Layout::num_elements)).any(|length| length > LARGEST) {
            continue;
        }
        let filling = (bounds.0.max(-1000), bounds.1.min(1000));
        if filling.0 > filling.1 {
            continue;
        }
        let filled = |layout: &Layout, bounds| tensor(layout.axes(), 3, bounds);
        let witness: Vec<Tensor<i64>> = alone
            .inputs()
            .map(|spec| filled(&spec.layout, filling))
            .chain(alone.parameters().map(|layout| filled(layout, (-127, 127))))
            .collect();
        let bytes = |tensor: &Tensor<i64>| Parameter::Int8(tensor.data().iter().map(|&x| x as i8).collect());
        let network = Network {
            architecture: alone.architecture().clone(),
            parameters: witness[inputs.len()..].iter().map(bytes).collect(),
        };
        let Ok(trace) = execute(&network, &alone.plan().specs, &witness[..inputs.len()]) else { continue };
        let outputs: Vec<Tensor<i64>> = trace.outputs(&network).cloned().collect();
        let case = Case { name: format!("{operation:?} of {inputs:?}"), alone, witness, outputs };
        let Ok(prover) = case.alone.prover((), &case.witness.iter().collect::<Vec<_>>()) else { continue };
        let mut writer = ProofWriter::new(DOMAIN);
        // A quotient outside its table is the prover's error.
        let Ok(_claims) = prover.prove(&mut writer, &case.outputs, &mut Clear::default()) else { continue };
        assert_eq!(case.verdict(&case.alone, &writer.finish()), Ok(true), "{}", case.name);
        accepted += 1;
    }
    assert!(refused > 5_000 && accepted > 2_000, "{refused} refused, {accepted} accepted");
    let input = Operation::Input(InputLayer::integer(layout(&[2]), (0, 1)));
    for inputs in [&[][..], &[small(&[2])], &[small(&[2]), small(&[2])]] {
        assert!(StandAlone::new("input", input.clone(), inputs, &[]).is_err());
    }
}
