//! Circuits of gates: wirings against the gates they stand for, running, limits.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing helper fails its test")]

use ark_bn254::Fr;
use ark_ff::{UniformRand, Zero};
use tacit_algebra::small::from_i64;

use tacit_inference::circuit::{CircuitBuilder, execute, intervals};
use tacit_layers::{
    AxisWindow, Error, Layout,
    argument::gates::{
        Adjacency, Axes, Circuit, Factor, Gate, GateLayer, MAX_GATES, MAX_WIRINGS, Operand, Relation, Step,
        Wired, Wiring,
    },
    tensor::evaluation,
};

/// Output, left, right.
const ROLES: [usize; 3] = [0, 1, 2];

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn random(count: usize) -> Vec<Fr> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static DRAWN: AtomicUsize = AtomicUsize::new(0);
    let mut rng = ark_std::test_rng();
    let skip = DRAWN.fetch_add(count, Ordering::Relaxed);
    std::iter::repeat_with(|| Fr::rand(&mut rng)).skip(skip).take(count).collect()
}

/// Every gate of a wiring, (storage positions of output, left, right; coefficient), multiplied out factor by factor from
/// the definition.
fn listed(wired: &Wired) -> Vec<([usize; 3], i64)> {
    let mut gates = vec![([0; 3], wired.wiring().coefficient)];
    for factor in &wired.wiring().factors {
        let stride = |role: usize| -> usize {
            let Some(layout) = wired.layout(role) else { return 1 };
            let after = factor.axes[role].first + factor.axes[role].count;
            layout.axes()[usize::from(after)..].iter().product()
        };
        let strides = ROLES.map(stride);
        let mut extended = vec![];
        factor.for_each(ROLES.map(|role| wired.lengths(factor, role)), |(positions, coefficient)| {
            for (known, c) in &gates {
                let sum = ROLES.map(|role| known[role] + strides[role] * positions[role]);
                extended.push((sum, c * coefficient));
            }
        });
        gates = extended;
    }
    gates
}

fn weights(layout: Option<&Layout>, point: &[Fr]) -> Vec<Fr> {
    layout
        .map_or(vec![Fr::from(1_u64)], |layout| evaluation::kronecker(evaluation::split_point(layout, point)))
}

fn gate(output: u32, left: u32, right: u32, coefficient: i64) -> Gate {
    Gate { output, left, right, coefficient }
}

/// A circuit of three layers with every kind of factor, operands from several layers, adds and constants.
fn mixed() -> Circuit {
    let window = AxisWindow { kernel: 3, stride: 2, dilation: 2, pad_begin: 2, pad_end: 1 };
    let positions = window.output_length("test", 7).unwrap();
    let inputs = vec![layout(&[3, 7, 5]), layout(&[2, 3, 3]), layout(&[5])];
    let (x, w, b) = (Operand::Input(0), Operand::Input(1), Operand::Input(2));
    let lowest = GateLayer {
        layout: layout(&[2, positions, 5]),
        wirings: vec![Wiring {
            coefficient: 1,
            left: Some(x),
            right: Some(w),
            factors: vec![
                Factor::shared(Some(0), None, Some(0)),
                Factor::shared(None, Some(0), Some(1)),
                Factor::window(window, 1, 1, Some(2)),
                Factor::shared(Some(2), Some(2), None),
            ],
        }],
    };
    let list = vec![gate(0, 4, 2, -3), gate(2, 0, 0, 7), gate(2, 0, 1, 1), gate(1, 3, 4, 2)];
    let middle = GateLayer {
        layout: layout(&[3, 2]),
        wirings: vec![
            Wiring {
                coefficient: -2,
                left: Some(Operand::Layer(2)),
                right: Some(b),
                factors: vec![
                    Factor::shared(Some(1), Some(0), None),
                    Factor::gates(
                        vec![gate(0, 0, 0, 1), gate(1, positions as u32 - 1, 0, 5)],
                        [Axes::one(0), Axes::one(1), Axes::NONE],
                    ),
                    Factor::shared(None, Some(2), Some(0)),
                ],
            },
            Wiring {
                coefficient: 1,
                left: Some(b),
                right: Some(b),
                factors: vec![
                    Factor::gates(list, [Axes::one(0), Axes::one(0), Axes::one(0)]),
                    Factor::shared(Some(1), None, None),
                ],
            },
            Wiring {
                coefficient: 11,
                left: None,
                right: None,
                factors: vec![Factor::gates(
                    vec![gate(5, 0, 0, 1), gate(1, 0, 0, -1)],
                    [Axes::range(0, 2), Axes::NONE, Axes::NONE],
                )],
            },
        ],
    };
    let top = GateLayer {
        layout: layout(&[2, 3]),
        wirings: vec![
            Wiring {
                coefficient: 1,
                left: Some(Operand::Layer(1)),
                right: Some(Operand::Layer(1)),
                factors: vec![
                    Factor::shared(Some(1), Some(0), Some(0)),
                    Factor::shared(Some(0), Some(1), Some(1)),
                ],
            },
            Wiring {
                coefficient: 4,
                left: Some(Operand::Layer(2)),
                right: None,
                factors: vec![
                    Factor::shared(Some(0), Some(0), None),
                    Factor::shared(None, Some(1), None),
                    Factor::gates(
                        vec![gate(0, 4, 0, 1), gate(2, 1, 0, 9)],
                        [Axes::one(1), Axes::one(2), Axes::NONE],
                    ),
                ],
            },
            Wiring {
                coefficient: 1,
                left: Some(x),
                right: None,
                factors: vec![Factor::gates(
                    vec![gate(3, 104, 0, -1)],
                    [Axes::range(0, 2), Axes::range(0, 3), Axes::NONE],
                )],
            },
        ],
    };
    Circuit::new(inputs, vec![top, middle, lowest]).unwrap()
}

/// $c_w \widetilde w(z, x, y) = \sum_{\text{gates}} c\, \mathrm{eq}(z, \cdot)\, \mathrm{eq}(x, \cdot)\, \mathrm{eq}(y, \cdot)$.
#[test]
fn factors_multiply_to_the_predicate_of_the_listed_gates() {
    let repeated = mixed().repeated(5, &[1]).unwrap();
    for circuit in [mixed(), repeated] {
        for wired in (0..3).flat_map(|layer| circuit.wirings(layer)) {
            let points = ROLES.map(|role| random(wired.layout(role).map_or(0, Layout::num_vars)));
            let [z, x, y] = ROLES.map(|role| weights(wired.layout(role), &points[role]));
            let mut right = vec![Fr::zero(); y.len()];
            for ([output, left, position], coefficient) in listed(&wired) {
                right[position] += z[output] * x[left] * from_i64(coefficient);
            }
            let [pz, px, py] = &points;
            assert_eq!(wired.right_vector(pz, px), right);
            let sum: Fr = right.iter().zip(&y).map(|(a, b)| *a * b).sum();
            assert_eq!(wired.evaluate([pz, px, py]), Ok(sum), "{:?}", wired.wiring());
        }
    }
}

#[test]
fn adjacency_lists_every_gate_once_from_every_side() {
    for wired in (0..3)
        .flat_map(|layer| {
            mixed()
                .wirings(layer)
                .map(|w| listed(&w))
                .collect::<Vec<_>>()
                .into_iter()
                .enumerate()
                .map(move |(i, l)| (layer, i, l))
        })
        .collect::<Vec<_>>()
    {
        let (layer, index, mut expected) = wired;
        expected.sort_unstable();
        let circuit = mixed();
        let wired = circuit.wirings(layer).nth(index).unwrap();
        for role in ROLES {
            let adjacency = Adjacency::new(&wired, role);
            let (mut inner, mut found) = (vec![], vec![]);
            for position in 0..wired.layout(role).map_or(1, Layout::num_elements) {
                for outer in adjacency.gates(position, &mut inner) {
                    for step in &inner {
                        let Step { first, second, coefficient } = step.then(*outer);
                        let (a, b) = (first as usize, second as usize);
                        let at = [[position, a, b], [a, position, b], [a, b, position]][role];
                        found.push((at, coefficient));
                        assert!(coefficient.unsigned_abs() <= adjacency.largest_coefficient());
                    }
                }
            }
            found.sort_unstable();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn layers_compute_what_their_listed_gates_say() {
    let circuit = mixed();
    let inputs: Vec<Vec<i64>> = circuit
        .inputs
        .iter()
        .map(|input| (0..input.num_elements() as i64).map(|i| i * 7919 % 23 - 11).collect())
        .collect();
    let inputs: Vec<&[i64]> = inputs.iter().map(Vec::as_slice).collect();
    let layers = execute(&circuit, &inputs).unwrap();
    for (index, layer) in layers.iter().enumerate() {
        let mut sums = vec![0; layer.len()];
        for wired in circuit.wirings(index) {
            let read = |operand: Option<Operand>, at: usize| match operand {
                None => 1,
                Some(Operand::Input(i)) => inputs[i as usize][at],
                Some(Operand::Layer(i)) => layers[i as usize][at],
            };
            for ([output, left, right], c) in listed(&wired) {
                sums[output] += c * read(wired.wiring().left, left) * read(wired.wiring().right, right);
            }
        }
        assert_eq!(*layer, sums, "layer {index}");
    }
    let ranges: Vec<Vec<(i128, i128)>> =
        inputs.iter().map(|input| input.iter().map(|&x| (x as i128, x as i128)).collect()).collect();
    let ranges: Vec<&[(i128, i128)]> = ranges.iter().map(Vec::as_slice).collect();
    let exact = intervals(&circuit, &ranges, |_, _| Ok(())).unwrap();
    for (values, ranges) in layers.iter().zip(exact) {
        for (&value, range) in values.iter().zip(ranges) {
            assert_eq!(range, (value as i128, value as i128));
        }
    }
}

#[test]
fn copies_compute_what_the_circuit_computes() {
    let circuit = mixed();
    let count = |i: usize| circuit.inputs[i].num_elements();
    let input = |i: usize, copy: usize| -> Vec<i64> {
        (0..count(i)).map(|at| ((at * 31 + copy * 17 + i) % 13) as i64 - 6).collect()
    };
    let repeated = circuit.repeated(3, &[1]).unwrap();
    let all = [0, 2].map(|i| (0..3).flat_map(|copy| input(i, copy)).collect::<Vec<i64>>());
    let shared = input(1, 0);
    let layers = execute(&repeated, &[&all[0], &shared, &all[1]]).unwrap();
    let single: Vec<i64> = (0..3)
        .flat_map(|copy| {
            execute(&circuit, &[&input(0, copy), &shared, &input(2, copy)]).unwrap().swap_remove(0)
        })
        .collect();
    assert_eq!(layers[0], single);
    assert_eq!(repeated.num_gates(), 3 * circuit.num_gates());
}

#[test]
fn products_of_dependent_operands_are_counted() {
    let circuit = mixed();
    let [top, middle, lowest] =
        [0, 1, 2].map(|layer| circuit.wirings(layer).map(|wired| wired.num_gates()).collect::<Vec<_>>());
    // Of the first input alone: the lowest layer by weights, the middle one by both, the top one by itself.
    assert_eq!(circuit.num_products(1), top[0]);
    assert_eq!(circuit.num_products(2), top[0] + lowest[0]);
    assert_eq!(circuit.num_products(3), top[0] + middle[0] + middle[1] + lowest[0]);
    assert_eq!(circuit.num_products(0), 0);
}

#[test]
fn builders_compute_polynomials_in_few_layers() {
    let mut builder = CircuitBuilder::new();
    let x = builder.input(&[2, 2]).unwrap();
    let y = builder.input(&[3]).unwrap();
    let two = builder.constant(2);
    let zero = builder.sub(two, two);
    let total = builder.sum(&[x[0], x[1], x[3], two]);
    let square = builder.multiply(total, total);
    let cube = builder.multiply(square, total);
    let scaled = builder.combine(&[(y[1], -3), (two, 5)]);
    let mixed = builder.multiply(scaled, two);
    let unused = builder.multiply(cube, cube);
    let _ = builder.multiply(unused, unused);
    let relay = builder.gate(square);
    assert_eq!(builder.gate(two), two);
    let last = builder.multiply(relay, y[0]);
    let difference = builder.sub(last, x[2]);
    let vanishing = builder.multiply(zero, cube);
    for wire in [cube, mixed, difference, vanishing, two] {
        builder.output(wire);
    }
    let circuit = builder.finish(&[5, 1]).unwrap();
    assert_eq!(circuit.layers.len(), 3, "total, its square, what is made of both");
    let (x, y) = ([3, -4, 10, 6], [2, 9, -1]);
    let total = 3 - 4 + 6 + 2;
    let expected = [total * total * total, 2 * (-27 + 10), total * total * 2 - 10, 0, 2];
    assert_eq!(execute(&circuit, &[&x, &y]).unwrap()[0], expected);
}

fn refused(change: impl FnOnce(&mut Circuit)) -> &'static str {
    let mut circuit = mixed();
    change(&mut circuit);
    match circuit.check("hostile") {
        Err(Error::Circuit { layer, reason }) if layer == "hostile" => reason,
        other => panic!("{other:?}"),
    }
}

fn list(circuit: &mut Circuit, layer: usize, wiring: usize, factor: usize) -> &mut Vec<Gate> {
    match &mut circuit.layers[layer].wirings[wiring].factors[factor].relation {
        Relation::Gates(gates) => gates,
        other => panic!("{other:?}"),
    }
}

#[test]
fn hostile_circuits_are_refused() {
    let outside = "a gate is outside its tensors";
    assert_eq!(refused(|c| list(c, 1, 1, 0)[0].output = 3), outside);
    assert_eq!(refused(|c| list(c, 1, 1, 0)[0].left = 5), outside);
    assert_eq!(refused(|c| list(c, 1, 1, 0)[0].right = u32::MAX), outside);
    assert_eq!(refused(|c| list(c, 1, 0, 1)[0].right = 1), outside);
    let below = "a gate reads a tensor that is not below its layer";
    for operand in [Operand::Layer(1), Operand::Layer(0), Operand::Layer(3), Operand::Input(3)] {
        assert_eq!(refused(|c| c.layers[1].wirings[0].left = Some(operand)), below);
    }
    assert_eq!(refused(|c| c.layers[1].wirings[0].left = None), below);
    let cover = "a wiring's factors do not cover every axis once";
    assert_eq!(refused(|c| drop(c.layers[2].wirings[0].factors.pop())), cover);
    assert_eq!(
        refused(|c| {
            let factors = &mut c.layers[2].wirings[0].factors;
            factors.push(factors[0].clone());
        }),
        cover
    );
    assert_eq!(refused(|c| c.layers[2].wirings[0].factors[0].axes[1] = Axes::one(200)), cover);
    assert_eq!(refused(|c| c.layers[2].wirings[0].factors[0].axes[1].first = 1), cover);
    let length = "axes that share positions differ in length";
    assert_eq!(refused(|c| c.layers[2].wirings[0].factors[3].axes[1] = Axes::one(1)), cover);
    assert_eq!(
        refused(|c| {
            let factors = &mut c.layers[2].wirings[0].factors;
            factors[1].axes[1] = Axes::one(2);
            factors[3].axes[1] = Axes::one(0);
        }),
        length
    );
    let axes = [Axes::NONE; 3];
    let empty = Factor { relation: Relation::Shared, axes };
    assert_eq!(refused(|c| c.layers[2].wirings[0].factors.push(empty)), "a shared factor has no axis");
    let window = |window: AxisWindow| {
        move |c: &mut Circuit| c.layers[2].wirings[0].factors[2].relation = Relation::Window(window)
    };
    let fits = "a window does not fit its axes";
    assert_eq!(refused(window(AxisWindow::new(2, 2))), fits);
    assert_eq!(refused(window(AxisWindow::new(3, 1))), fits);
    assert_eq!(
        refused(|c| c.layers[0].wirings[0].factors[0].relation = Relation::Window(AxisWindow::new(1, 1))),
        "a window does not fit its axes"
    );
    let large = "a gate's coefficient is larger than 2^31";
    assert_eq!(refused(|c| list(c, 1, 1, 0)[0].coefficient = i64::MIN), large);
    assert_eq!(refused(|c| c.layers[1].wirings[0].coefficient = 1 << 30), large);
    assert_eq!(refused(|c| c.inputs.push(layout(&[1]))), "an input or a layer is read by no gate");
    assert_eq!(refused(|c| drop(c.layers[1].wirings.drain(..2))), "a layer reads nothing");
    let sizes = "it has no layer, or more inputs, layers or wirings than supported";
    assert_eq!(refused(|c| c.layers.clear()), sizes);
    assert_eq!(
        refused(|c| {
            let wiring = c.layers[2].wirings[0].clone();
            c.layers[2].wirings = vec![wiring; MAX_WIRINGS];
        }),
        sizes
    );
    let work = "its wirings cost the verifier more than supported";
    assert_eq!(
        refused(|c| {
            let wide = AxisWindow { kernel: 4096, stride: 1, dilation: 1, pad_begin: 4095, pad_end: 0 };
            c.inputs = vec![layout(&[1024]), layout(&[4096])];
            let wiring = Wiring {
                coefficient: 1,
                left: Some(Operand::Input(0)),
                right: Some(Operand::Input(1)),
                factors: vec![Factor::window(wide, 0, 0, Some(0))],
            };
            c.layers = vec![GateLayer { layout: layout(&[1024]), wirings: vec![wiring; 4] }];
        }),
        work
    );
}

#[test]
fn more_gates_than_a_prover_is_asked_for_are_refused() {
    let shape = layout(&[1 << 16]);
    let wiring = Wiring {
        coefficient: 1,
        left: Some(Operand::Input(0)),
        right: None,
        factors: vec![Factor::shared(Some(0), None, None), Factor::shared(None, Some(0), None)],
    };
    let layers = vec![GateLayer { layout: shape.clone(), wirings: vec![wiring] }];
    let refused =
        Err(Error::TooManyGates { layer: "circuit".to_owned(), gates: 1 << 32, maximum: MAX_GATES });
    assert_eq!(Circuit::new(vec![shape], layers), refused);
}

/// Both products are beyond what bounds can hold; their difference is too.
#[test]
fn bounds_that_saturate_do_not_cancel() {
    let gate = |coefficient| Gate { output: 0, left: 0, right: 0, coefficient };
    let one = Layout::new(vec![1]).unwrap();
    let axes = [Axes::all(&one); 3];
    let factors = vec![Factor::gates(vec![gate(1 << 31), gate(-(1 << 30))], axes)];
    let operand = Some(Operand::Input(0));
    let wirings = vec![Wiring { coefficient: 1, left: operand, right: operand, factors }];
    let circuit = Circuit::new(vec![one.clone()], vec![GateLayer { layout: one, wirings }]).unwrap();
    let value = 1_i128 << 61;
    let ranges = intervals(&circuit, &[&[(value, value)]], |_, _| Ok(())).unwrap();
    assert_eq!(ranges, [[(i128::MIN, i128::MAX)]]);
}

/// No run's values are larger than what is counted from gates and coefficients.
#[test]
fn values_have_the_bits_that_are_counted() {
    let mut builder = CircuitBuilder::new();
    let x = builder.input(&[4]).unwrap();
    let total = builder.combine(&[(x[0], 3), (x[1], -5), (x[2], 1), (x[3], 1)]);
    let mut power = total;
    for _ in 0..3 {
        power = builder.multiply(power, power);
    }
    builder.output(power);
    let circuit = builder.finish(&[1]).unwrap();
    let bits = circuit.value_bits(&[3]);
    let largest = execute(&circuit, &[&[8, -8, 8, 8]])
        .unwrap()
        .into_iter()
        .flatten()
        .map(i64::unsigned_abs)
        .max()
        .unwrap();
    // The sum is 10 times 8, at most: 2^51 is the eighth power's bound.
    assert_eq!(largest, 80_u64.pow(8));
    assert!((51..120).contains(&bits), "{bits}");
    // Squaring ten times is beyond any field.
    let mut builder = CircuitBuilder::new();
    let mut x = builder.input(&[1]).unwrap()[0];
    for _ in 0..10 {
        x = builder.multiply(x, x);
    }
    builder.output(x);
    assert!(builder.finish(&[1]).unwrap().value_bits(&[1]) >= 1024);
}
