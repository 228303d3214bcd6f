//! An independent executor: plain loops over `i64`, written from the documented semantics and sharing nothing with the
//! reference executor but the network's data types.

use tacit_layers::{
    ActivationFunction, AxisWindow, Multiplier, Network, Operation, Parameter, Tensor, Window2d,
    argument::gates::{Circuit, Factor, Operand, Relation},
    layer::{
        conv2d::Conv2dLayer,
        cumulative_sum::CumulativeSumLayer,
        dense::DenseLayer,
        product::ProductLayer,
        remap::{Gaps, RemapLayer},
        rescale::RescaleLayer,
    },
};

/// A value in progress: its shape and its elements, row-major.
#[derive(Debug, Clone)]
struct Value {
    shape: Vec<usize>,
    data: Vec<i64>,
    /// Smallest value an activation may have; padding of a max-pool reads it.
    minimum: i64,
}

impl Value {
    /// The element of a feature map, or `outside` where the map has none.
    fn read(&self, channel: usize, row: i64, column: i64, outside: i64) -> i64 {
        let (height, width) = (self.shape[1] as i64, self.shape[2] as i64);
        if row < 0 || row >= height || column < 0 || column >= width {
            return outside;
        }
        self.data[(channel as i64 * height * width + row * width + column) as usize]
    }
}

/// The values of all outputs, flattened, in output order.
pub(crate) fn run(network: &Network, input: &Tensor<i64>) -> Vec<Vec<i64>> {
    let mut values: Vec<Value> = vec![];
    for node in &network.architecture.nodes {
        let read = |i: usize| &values[node.inputs[i].0 as usize];
        let value = match &node.operation {
            Operation::Input(layer) => Value {
                shape: layer.layout.axes().to_vec(),
                data: input.data().to_vec(),
                minimum: layer.bounds.0,
            },
            Operation::Dense(layer) => dense(network, layer, read(0)),
            Operation::Conv2d(layer) => convolution(network, layer, read(0)),
            Operation::AveragePool(layer) => windows(read(0), &layer.window, 0, |read| read.iter().sum()),
            Operation::MaxPool(layer) => {
                let outside = read(0).minimum;
                windows(read(0), &layer.window, outside, |read| *read.iter().max().unwrap())
            }
            Operation::Add(layer) => {
                let mut data = vec![0; read(0).data.len()];
                for (i, coefficient) in layer.coefficients.iter().enumerate() {
                    for (sum, x) in data.iter_mut().zip(&read(i).data) {
                        *sum += coefficient * x;
                    }
                }
                Value { shape: read(0).shape.clone(), data, minimum: 0 }
            }
            Operation::Rescale(layer) => rescale(layer, read(0)),
            Operation::Flatten(_) => read(0).clone(),
            Operation::Product(layer) => product(layer, read(0), read(1)),
            Operation::Reshape(layer) => Value { shape: layer.axes.clone(), ..read(0).clone() },
            Operation::ReduceSum(layer) => reduce_sum(&layer.axes, read(0)),
            Operation::CumulativeSum(layer) => cumulative_sum(layer, read(0)),
            Operation::Transpose(layer) => transpose(&layer.axes, read(0)),
            Operation::Remap(layer) => remap(layer, read(0)),
            Operation::Circuit(layer) => {
                let activations = (0..node.inputs.len()).map(|i| read(i).data.clone());
                let parameters = layer.parameters.iter();
                let parameters = parameters.map(|id| integers(&network.parameters[id.0 as usize]));
                circuit(&layer.circuit, &activations.chain(parameters).collect::<Vec<_>>())
            }
            Operation::Concat(layer) => {
                concat(layer.axis, &(0..node.inputs.len()).map(read).collect::<Vec<_>>())
            }
        };
        values.push(value);
    }
    network.architecture.outputs.iter().map(|output| values[output.node.0 as usize].data.clone()).collect()
}

/// The first layer, all layers computed from the last to the first: every gate adds
/// `coefficient * left * right` to its output, a missing operand being one.
fn circuit(circuit: &Circuit, inputs: &[Vec<i64>]) -> Value {
    let mut layers: Vec<Vec<i64>> = vec![vec![]; circuit.layers.len()];
    for (index, layer) in circuit.layers.iter().enumerate().rev() {
        let mut sums = vec![0; layer.layout.num_elements()];
        for wiring in &layer.wirings {
            let values = |operand: Option<Operand>| match operand {
                Some(Operand::Input(i)) => (circuit.inputs[i as usize].axes(), &inputs[i as usize][..]),
                Some(Operand::Layer(i)) => {
                    (circuit.layers[i as usize].layout.axes(), &layers[i as usize][..])
                }
                None => (&[][..], &[1][..]),
            };
            let (left, right) = (values(wiring.left), values(wiring.right));
            let shapes = [layer.layout.axes(), left.0, right.0];
            // Positions along every axis of all three tensors, filled in factor by factor.
            let mut partial = vec![(shapes.map(|shape| vec![0; shape.len()]), wiring.coefficient)];
            for factor in &wiring.factors {
                let gates = gates_of(factor, shapes);
                partial = partial
                    .iter()
                    .flat_map(|(known, scale)| {
                        gates.iter().map(move |(parts, coefficient)| {
                            let mut known = known.clone();
                            for ((known, part), axes) in known.iter_mut().zip(parts).zip(factor.axes) {
                                let first = axes.first as usize;
                                known[first..first + part.len()].copy_from_slice(part);
                            }
                            (known, scale * coefficient)
                        })
                    })
                    .collect();
            }
            for ([z, x, y], coefficient) in partial {
                let (x, y) = (left.1[place_of(left.0, &x)], right.1[place_of(right.0, &y)]);
                sums[place_of(shapes[0], &z)] += coefficient * x * y;
            }
        }
        layers[index] = sums;
    }
    let shape = circuit.layers[0].layout.axes().to_vec();
    Value { shape, data: layers.swap_remove(0), minimum: 0 }
}

/// A factor's gates: positions along its axes of output, left and right, and a coefficient.
fn gates_of(factor: &Factor, shapes: [&[usize]; 3]) -> Vec<([Vec<usize>; 3], i64)> {
    let part = |role: usize| {
        let axes = factor.axes[role];
        &shapes[role][axes.first as usize..][..axes.count as usize]
    };
    let parts = [part(0), part(1), part(2)];
    let all = parts.map(positions_of);
    match &factor.relation {
        Relation::Shared => {
            let count = all.iter().map(Vec::len).max().unwrap();
            let at = |i: usize| [0, 1, 2].map(|role: usize| all[role][i.min(all[role].len() - 1)].clone());
            (0..count).map(|i| (at(i), 1)).collect()
        }
        Relation::Window(window) => {
            let mut gates = vec![];
            for p in 0..parts[0][0] {
                for k in 0..window.kernel {
                    let i = place(window, p, k);
                    if i >= 0 && i < parts[1][0] as i64 {
                        let right = if parts[2].is_empty() { vec![] } else { vec![k] };
                        gates.push(([vec![p], vec![i as usize], right], 1));
                    }
                }
            }
            gates
        }
        Relation::Gates(gates) => gates
            .iter()
            .map(|gate| {
                let [z, x, y] = [gate.output, gate.left, gate.right].map(|i| i as usize);
                ([all[0][z].clone(), all[1][x].clone(), all[2][y].clone()], gate.coefficient)
            })
            .collect(),
    }
}

/// Position of every element along every axis, row-major.
fn positions_of(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![vec![]], |all, &length| {
        all.iter().flat_map(|outer| (0..length).map(|i| [&outer[..], &[i]].concat())).collect()
    })
}

/// Row-major place of a position.
fn place_of(shape: &[usize], position: &[usize]) -> usize {
    shape.iter().zip(position).fold(0, |at, (length, i)| at * length + i)
}

/// Every element added where its position is with some axes left out.
fn cumulative_sum(layer: &CumulativeSumLayer, x: &Value) -> Value {
    let length = x.shape[layer.axis];
    let inner: usize = x.shape[layer.axis + 1..].iter().product();
    let data = (0..x.data.len()).map(|index| {
        let (place, position) = (index % (inner * length) / inner, index);
        let first = position - place * inner;
        let is_summed = |i: usize| match (layer.reverse, layer.exclusive) {
            (false, false) => i <= place,
            (false, true) => i < place,
            (true, false) => i >= place,
            (true, true) => i > place,
        };
        (0..length).filter(|&i| is_summed(i)).map(|i| x.data[first + i * inner]).sum()
    });
    Value { data: data.collect(), ..x.clone() }
}

fn reduce_sum(axes: &[usize], x: &Value) -> Value {
    let mut shape = x.shape.clone();
    for &axis in axes {
        shape[axis] = 1;
    }
    let mut data = vec![0; shape.iter().product()];
    for (value, mut position) in x.data.iter().zip(positions_of(&x.shape)) {
        for &axis in axes {
            position[axis] = 0;
        }
        data[place_of(&shape, &position)] += value;
    }
    Value { shape, data, minimum: 0 }
}

/// Axis `j` of the result is axis `axes[j]` of `x`.
fn transpose(axes: &[usize], x: &Value) -> Value {
    let shape: Vec<usize> = axes.iter().map(|&axis| x.shape[axis]).collect();
    let mut data = vec![];
    for position in positions_of(&shape) {
        let mut source = vec![0; axes.len()];
        for (&axis, &i) in axes.iter().zip(&position) {
            source[axis] = i;
        }
        data.push(x.data[place_of(&x.shape, &source)]);
    }
    Value { shape, data, minimum: x.minimum }
}

/// Every product of two elements whose positions agree on the names they share, added where it belongs.
fn product(layer: &ProductLayer, x: &Value, y: &Value) -> Value {
    let length = |name: &u8| {
        let find = |names: &[u8], shape: &[usize]| names.iter().position(|n| n == name).map(|i| shape[i]);
        find(&layer.left, &x.shape).or(find(&layer.right, &y.shape)).unwrap_or(1)
    };
    let shape: Vec<usize> = layer.output.iter().map(length).collect();
    let mut data = vec![0; shape.iter().product()];
    for (a, left) in x.data.iter().zip(positions_of(&x.shape)) {
        for (b, right) in y.data.iter().zip(positions_of(&y.shape)) {
            let at = |name: &u8| {
                let of = |names: &[u8], position: &[usize]| {
                    names.iter().position(|n| n == name).map(|i| position[i])
                };
                (of(&layer.left, &left), of(&layer.right, &right))
            };
            let agree = layer.left.iter().all(|name| !matches!(at(name), (Some(i), Some(j)) if i != j));
            if agree {
                let position: Vec<usize> = layer
                    .output
                    .iter()
                    .map(|name| {
                        let (i, j) = at(name);
                        i.or(j).unwrap_or(0)
                    })
                    .collect();
                data[place_of(&shape, &position)] += a * b;
            }
        }
    }
    Value { shape, data, minimum: 0 }
}

/// `y[p] = x[floor((s p + o) / f)]` along every axis, zero outside and, if so asked, where the division leaves a remainder.
fn remap(layer: &RemapLayer, x: &Value) -> Value {
    let mut y = x.clone();
    // One axis after the other: outer positions, the axis, inner positions.
    for (axis, map) in layer.axes.iter().enumerate() {
        let outer: usize = y.shape[..axis].iter().product();
        let inner: usize = y.shape[axis + 1..].iter().product();
        let length = y.shape[axis];
        let mut data = vec![];
        for i in 0..outer {
            for p in 0..map.length {
                let (at, factor) = (map.stride * p as i64 + map.offset, map.repeat as i64);
                let source = at.div_euclid(factor);
                let gap = map.gaps == Gaps::Zero && at % factor != 0;
                for k in 0..inner {
                    let inside = !gap && source >= 0 && source < length as i64;
                    let at = |source: i64| (i * length + source as usize) * inner + k;
                    data.push(if inside { y.data[at(source)] } else { 0 });
                }
            }
        }
        y.shape[axis] = map.length;
        y.data = data;
    }
    y.minimum = x.minimum.min(0);
    y
}

/// Inputs behind each other along one axis.
fn concat(axis: usize, inputs: &[&Value]) -> Value {
    let mut shape = inputs[0].shape.clone();
    shape[axis] = inputs.iter().map(|x| x.shape[axis]).sum();
    let outer: usize = shape[..axis].iter().product();
    let mut data = vec![];
    for i in 0..outer {
        for x in inputs {
            let block = x.data.len() / outer;
            data.extend(&x.data[i * block..(i + 1) * block]);
        }
    }
    Value { shape, data, minimum: inputs.iter().map(|x| x.minimum).min().unwrap().min(0) }
}

fn integers(parameter: &Parameter) -> Vec<i64> {
    match parameter {
        Parameter::Int8(values) => values.iter().map(|&x| x as i64).collect(),
        Parameter::Int32(values) => values.iter().map(|&x| x as i64).collect(),
    }
}

fn biases(network: &Network, id: Option<tacit_layers::ParameterId>, outputs: usize) -> Vec<i64> {
    id.map_or(vec![0; outputs], |id| integers(&network.parameters[id.0 as usize]))
}

/// `a[i, o] = b[o] + sum_k x[i, k] W[o, k]`.
fn dense(network: &Network, layer: &DenseLayer, x: &Value) -> Value {
    let weights = integers(&network.parameters[layer.weights.0 as usize]);
    let bias = biases(network, layer.bias, layer.num_outputs);
    let (kept, contracted) = x.shape.split_at(layer.num_row_axes);
    let rows: usize = kept.iter().product();
    let inner: usize = contracted.iter().product();
    let mut data = vec![];
    for i in 0..rows {
        for (o, &bias) in bias.iter().enumerate() {
            let mut sum = bias;
            for k in 0..inner {
                sum += x.data[i * inner + k] * weights[o * inner + k];
            }
            data.push(sum);
        }
    }
    let mut shape = kept.to_vec();
    shape.push(layer.num_outputs);
    Value { shape, data, minimum: 0 }
}

/// Output positions of a window along one axis.
fn positions(axis: &AxisWindow, length: usize) -> usize {
    let mut count = 0;
    // The last element a window reads must lie within the padded axis.
    while count * axis.stride + (axis.kernel - 1) * axis.dilation < length + axis.pad_begin + axis.pad_end {
        count += 1;
    }
    count
}

/// The input position that window position `p` reads at kernel offset `k`; negative or too large in padding.
fn place(axis: &AxisWindow, p: usize, k: usize) -> i64 {
    (axis.stride * p + axis.dilation * k) as i64 - axis.pad_begin as i64
}

/// `a[o, p] = b[o] + sum_{c, k} W[o, c, k] x[c, s p + d k - b]`, positions outside the input reading zero and `c` running
/// over the channels of the output's group.
fn convolution(network: &Network, layer: &Conv2dLayer, x: &Value) -> Value {
    let weights = integers(&network.parameters[layer.weights.0 as usize]);
    let bias = biases(network, layer.bias, layer.num_outputs);
    let (vertical, horizontal) = (&layer.window.height, &layer.window.width);
    let (height, width) = (positions(vertical, x.shape[1]), positions(horizontal, x.shape[2]));
    let channels = x.shape[0] / layer.groups;
    let mut data = vec![];
    for (o, &bias) in bias.iter().enumerate() {
        for p in 0..height {
            for q in 0..width {
                let mut sum = bias;
                for c in 0..channels {
                    for i in 0..vertical.kernel {
                        for j in 0..horizontal.kernel {
                            let at = ((o * channels + c) * vertical.kernel + i) * horizontal.kernel + j;
                            let channel = o * layer.groups / layer.num_outputs * channels + c;
                            sum += weights[at]
                                * x.read(channel, place(vertical, p, i), place(horizontal, q, j), 0);
                        }
                    }
                }
                data.push(sum);
            }
        }
    }
    Value { shape: vec![layer.num_outputs, height, width], data, minimum: 0 }
}

/// Reduces what every window reads, channel by channel.
fn windows(x: &Value, window: &Window2d, outside: i64, reduce: impl Fn(&[i64]) -> i64) -> Value {
    let (height, width) = (positions(&window.height, x.shape[1]), positions(&window.width, x.shape[2]));
    let mut data = vec![];
    for c in 0..x.shape[0] {
        for p in 0..height {
            for q in 0..width {
                let mut read = vec![];
                for i in 0..window.height.kernel {
                    for j in 0..window.width.kernel {
                        let (row, column) = (place(&window.height, p, i), place(&window.width, q, j));
                        read.push(x.read(c, row, column, outside));
                    }
                }
                data.push(reduce(&read));
            }
        }
    }
    Value { shape: vec![x.shape[0], height, width], data, minimum: x.minimum }
}

/// `floor((m a + 2^(s-1)) / 2^s)`, clipped or replaced by its table's result.
fn rescale(layer: &RescaleLayer, a: &Value) -> Value {
    let (minimum, function): (i64, Box<dyn Fn(i64) -> i64>) = match &layer.function {
        ActivationFunction::Clip { minimum, maximum } => {
            (*minimum, Box::new(|q| q.max(*minimum).min(*maximum)))
        }
        ActivationFunction::Table { first, results } => {
            let least = results.iter().copied().min().unwrap().min(0);
            let last = first + results.len() as i64 - 1;
            (least as i64, Box::new(move |q| results[(q.max(*first).min(last) - first) as usize] as i64))
        }
    };
    let divisor = 2_i64.pow(layer.shift);
    let mut data = vec![];
    for (i, &accumulator) in a.data.iter().enumerate() {
        let multiplier = match &layer.multiplier {
            Multiplier::Uniform(m) => *m as i64,
            Multiplier::PerChannel { axis, values } => {
                let mut index = i;
                for length in a.shape[axis + 1..].iter().rev() {
                    index /= length;
                }
                values[index % a.shape[*axis]] as i64
            }
        };
        let rounded = (multiplier * accumulator + divisor / 2).div_euclid(divisor);
        data.push(function(rounded));
    }
    Value { shape: a.shape.clone(), data, minimum }
}
