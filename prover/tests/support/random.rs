//! Random small networks: chains and residual branches, every layer, odd shapes.

use tacit_inference::{NetworkBuilder, circuit::CircuitBuilder};
use tacit_layers::{
    ActivationFunction, AxisWindow, ConvolutionArgument, Error, Layout, MatmulArgument, Multiplier, Network,
    NodeId, Operation, Parameter, ParameterId, Tensor, Window2d,
    layer::{
        remap::{AxisMap, Gaps},
        rescale::MAX_SHIFT,
    },
    tensor::MAX_AXES,
};

use crate::networks::{Source, input, output};

/// Most quotients stay below about this, so that tables stay small; some are wide.
const LARGEST_QUOTIENT: i64 = 300;
const WIDE_QUOTIENT: i64 = 1 << 20;
/// Wires of circuits stay below this, so that a rescale's shift stays small.
const LARGEST_WIRE: i64 = 1 << 21;

struct Generator {
    source: Source,
    builder: NetworkBuilder,
    /// Activations with shape and largest magnitude.
    activations: Vec<(NodeId, Vec<usize>, i64)>,
    names: usize,
    /// What dense layers read.
    shared: Vec<Shared>,
}

/// Weights of a dense layer with their shape and the largest sum of magnitudes for an output, and its bias.
#[derive(Clone)]
struct Shared {
    axes: Vec<usize>,
    weights: ParameterId,
    bias: Option<ParameterId>,
    sum: i64,
}

/// A network of `layers` layers, each followed by its rescale where it has one.
pub(crate) fn network(seed: u64, layers: usize) -> Network {
    drawn(Source::new(seed), layers).unwrap()
}

/// The same, of numbers drawn elsewhere.
pub(crate) fn drawn(mut source: Source, layers: usize) -> Result<Network, Error> {
    let shape: Vec<usize> = if source.pick(0, 3) == 0 {
        (0..source.pick(1, 2)).map(|_| source.pick(1, 9) as usize).collect()
    } else {
        [(1, 3), (1, 7), (1, 7)].map(|(low, high)| source.pick(low, high) as usize).to_vec()
    };
    let bounds = [(0, 255), (-128, 127), (-3, 0), (0, 1), (-32_768, 32_767)];
    let (low, high) = bounds[source.pick(0, 4) as usize];
    let builder = NetworkBuilder::new("random", input(&shape, low, high));
    let first = (builder.input(), shape, high.max(-low));
    let mut generator = Generator { source, builder, activations: vec![first], names: 0, shared: vec![] };
    for layer in 0..layers {
        generator.layer(layer + 1 == layers);
    }
    generator.finish()
}

/// The network with an argument picked for each linear layer; an argument that refuses a shape leaves the default.
fn choose_arguments(mut network: Network, mut source: Source) -> Network {
    for index in 0..network.architecture.nodes.len() {
        let mut other = network.clone();
        let mut pick = |count: usize| source.pick(0, count as i64 - 1) as usize;
        match &mut other.architecture.nodes[index].operation {
            Operation::Conv2d(layer) => {
                layer.argument = ConvolutionArgument::ALL[pick(ConvolutionArgument::ALL.len())];
            }
            Operation::Dense(layer) => {
                layer.argument = MatmulArgument::ALL[pick(MatmulArgument::ALL.len())];
            }
            Operation::Product(layer) => {
                layer.argument = MatmulArgument::ALL[pick(MatmulArgument::ALL.len())];
            }
            _ => {}
        }
        if other.infer().is_ok() {
            network = other;
        }
    }
    network
}

impl Generator {
    fn pick(&mut self, low: i64, high: i64) -> i64 {
        self.source.pick(low, high)
    }

    fn name(&mut self, what: &str) -> String {
        self.names += 1;
        format!("{what} {}", self.names)
    }

    fn layer(&mut self, last: bool) {
        let (node, shape, bound) = self.activations.last().unwrap().clone();
        let choice = self.pick(0, 16);
        match (choice, shape.len()) {
            (0..=2, 3) => {
                let outputs = self.pick(1, 4) as usize;
                let window = self.window(&shape, 3);
                self.convolution(node, &shape, bound, outputs, window, last);
            }
            (3, 3) => {
                let window = self.window(&shape, 3);
                let name = self.name("average");
                let sum = self.builder.average_pool(&name, node, window);
                let bound = bound * window.num_offsets() as i64;
                self.rescale(sum, output_shape(&window, shape[0], &shape), bound, last);
            }
            (4 | 5, 3) => {
                let window = self.window(&shape, 3);
                let name = self.name("pool");
                let node = self.builder.max_pool(&name, node, window);
                self.activations.push((node, output_shape(&window, shape[0], &shape), bound));
            }
            (6, 3) => {
                let axis = || AxisWindow::new(3, 1).padded(1, 1);
                let window = Window2d { height: axis(), width: axis() };
                self.convolution(node, &shape, bound, shape[0], window, false);
                self.add(last);
            }
            (7, _) => self.add(last),
            (16, _) => self.circuit(last),
            (11 | 12, _) => self.product(last),
            (13, _) => self.reshape(node, &shape, bound),
            (14, _) => self.remap(node, &shape, bound),
            (15, _) => self.reduce_sum(node, &shape, bound, last),
            (10, _) => self.transpose(node, &shape, bound),
            _ => self.dense(node, &shape, bound, last),
        }
    }

    /// A random order of some axes, and the lengths in that order.
    fn order(&mut self, shape: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let mut axes: Vec<usize> = (0..shape.len()).collect();
        for i in 1..axes.len() {
            let j = self.pick(0, i as i64) as usize;
            axes.swap(i, j);
        }
        let lengths = axes.iter().map(|&axis| shape[axis]).collect();
        (axes, lengths)
    }

    /// The last activation times any, by axes named at random: axes of one length may share a name, and names that only
    /// one factor has are in the result.
    fn product(&mut self, last: bool) {
        let (left, left_shape, left_bound) = self.activations.last().unwrap().clone();
        let other = self.pick(0, self.activations.len() as i64 - 1) as usize;
        let (right, right_shape, right_bound) = self.activations[other].clone();
        let left_names: Vec<u8> = (b'a'..).take(left_shape.len()).collect();
        let (mut right_names, mut inner) = (vec![], 1);
        let mut result: Vec<(u8, usize)> =
            left_names.iter().copied().zip(left_shape.iter().copied()).collect();
        for (name, &length) in (b'p'..).zip(&right_shape) {
            let shared =
                left_names.iter().zip(&left_shape).find(|(n, l)| **l == length && !right_names.contains(*n));
            let shared = shared.map(|(&name, _)| name).filter(|_| self.pick(0, 3) > 0);
            if let Some(name) = shared.filter(|_| self.pick(0, 1) == 0) {
                result.retain(|axis| axis.0 != name);
                inner *= length as i64;
            }
            if shared.is_none() {
                result.push((name, length));
            }
            right_names.push(shared.unwrap_or(name));
        }
        let (order, shape) = self.order(&result.iter().map(|axis| axis.1).collect::<Vec<_>>());
        // Weights of a dense layer behind it have one axis more.
        if shape.is_empty() || shape.len() >= MAX_AXES || shape.iter().product::<usize>() > 600 {
            return;
        }
        let names: Vec<u8> = order.iter().map(|&i| result[i].0).collect();
        let name = self.name("product");
        let node = self.builder.product(&name, (left, &left_names), (right, &right_names), &names);
        self.rescale(node, shape, left_bound * right_bound * inner, last);
    }

    /// The same elements over two axes.
    fn reshape(&mut self, node: NodeId, shape: &[usize], bound: i64) {
        let elements: usize = shape.iter().product();
        let divisors: Vec<usize> = (1..=elements).filter(|d| elements.is_multiple_of(*d)).collect();
        let first = divisors[self.pick(0, divisors.len() as i64 - 1) as usize];
        let shape = vec![first, elements / first];
        let name = self.name("reshape");
        let node = self.builder.reshape(&name, node, &shape);
        self.activations.push((node, shape, bound));
    }

    /// Any axis map on every axis; as many positions as stay small.
    fn remap(&mut self, node: NodeId, shape: &[usize], bound: i64) {
        let axes: Vec<AxisMap> = shape
            .iter()
            .map(|&n| AxisMap {
                length: self.pick(1, 2 * n.min(8) as i64) as usize,
                stride: [-2, -1, 1, 2][self.pick(0, 3) as usize],
                offset: self.pick(-3, n as i64),
                repeat: self.pick(1, 3) as usize,
                gaps: if self.pick(0, 1) == 0 { Gaps::Repeat } else { Gaps::Zero },
            })
            .collect();
        let shape = axes.iter().map(|map| map.length).collect();
        let name = self.name("remap");
        let node = self.builder.remap(&name, node, axes);
        self.activations.push((node, shape, bound));
    }

    fn reduce_sum(&mut self, node: NodeId, shape: &[usize], bound: i64, last: bool) {
        let axes: Vec<usize> = (0..shape.len()).filter(|_| self.pick(0, 1) == 0).collect();
        let name = self.name("sum");
        let sum = self.builder.reduce_sum(&name, node, &axes);
        let addends: usize = axes.iter().map(|&axis| shape[axis]).product();
        let kept = shape.iter().enumerate().map(|(i, &n)| if axes.contains(&i) { 1 } else { n }).collect();
        self.rescale(sum, kept, bound * addends as i64, last);
    }

    fn transpose(&mut self, node: NodeId, shape: &[usize], bound: i64) {
        let (axes, shape) = self.order(shape);
        let name = self.name("transpose");
        let node = self.builder.transpose(&name, node, &axes);
        self.activations.push((node, shape, bound));
    }

    fn weights(&mut self, axes: &[usize]) -> (Tensor<i8>, i64) {
        let weights = self.source.weights(axes);
        let rows = weights.data().chunks_exact(weights.data().len() / axes[0]);
        let bound = rows.map(|row| row.iter().map(|&w| i64::from(w).abs()).sum()).max().unwrap();
        (weights, bound)
    }

    fn dense(&mut self, node: NodeId, shape: &[usize], bound: i64, last: bool) {
        let row_axes = self.pick(0, shape.len() as i64 - 1) as usize;
        let node = if self.pick(0, 1) == 0 {
            let name = self.name("flatten");
            self.builder.flatten(&name, node)
        } else {
            node
        };
        let read = self.shared.iter().filter(|read| read.axes[1..] == shape[row_axes..]);
        let read: Vec<Shared> = read.cloned().collect();
        // Every other layer that could reads what an earlier one does.
        let again = (!read.is_empty() && self.pick(0, 1) == 0).then(|| self.pick(0, read.len() as i64 - 1));
        let again = again.map(|index| read[index as usize].clone());
        let Shared { axes, weights, bias, sum } = again.unwrap_or_else(|| {
            let axes = [&[self.pick(1, 6) as usize], &shape[row_axes..]].concat();
            self.new_weights(axes)
        });
        let (outputs, name) = (axes[0], self.name("dense"));
        let node = self.builder.dense_of(&name, node, row_axes, weights, bias);
        self.rescale(node, [&shape[..row_axes], &[outputs]].concat(), sum * bound + 2000, last);
    }

    /// Weights and perhaps a bias that later layers may read too.
    fn new_weights(&mut self, axes: Vec<usize>) -> Shared {
        let (weights, sum) = self.weights(&axes);
        let bias = if self.pick(0, 1) == 0 { Some(self.source.bias(axes[0])) } else { None };
        let weights = self.builder.weights("weights", weights);
        let bias = bias.map(|bias| self.builder.biases("bias", bias).unwrap());
        self.shared.push(Shared { axes, weights, bias, sum });
        self.shared.last().unwrap().clone()
    }

    fn convolution(
        &mut self,
        node: NodeId,
        shape: &[usize],
        bound: i64,
        outputs: usize,
        window: Window2d,
        last: bool,
    ) {
        // A group's outputs and channels must be powers of two unless there is only one group.
        let splits = |n: usize, groups: usize| n.is_multiple_of(groups) && (n / groups).is_power_of_two();
        let possible: Vec<usize> =
            (1..=shape[0]).filter(|&g| g == 1 || (splits(shape[0], g) && splits(outputs, g))).collect();
        let groups = possible[self.pick(0, possible.len() as i64 - 1) as usize];
        let (weights, sum) =
            self.weights(&[outputs, shape[0] / groups, window.height.kernel, window.width.kernel]);
        let bias = if self.pick(0, 1) == 0 { Some(self.source.bias(outputs)) } else { None };
        let name = self.name("conv");
        let node = self.builder.grouped_conv2d(&name, node, window, groups, weights, bias).unwrap();
        self.rescale(node, output_shape(&window, outputs, shape), sum * bound + 2000, last);
    }

    /// A random circuit of two activations, or one twice, and a parameter, wire by wire.
    fn circuit(&mut self, last: bool) {
        let at = self.pick(0, self.activations.len() as i64 - 1) as usize;
        let operands = [self.activations.last().unwrap().clone(), self.activations[at].clone()];
        let parameter = self.pick(1, 5) as usize;
        let mut circuit = CircuitBuilder::new();
        let mut wires = vec![];
        for (_, shape, bound) in &operands {
            wires.extend(circuit.input(shape).unwrap().into_iter().map(|wire| (wire, *bound)));
        }
        wires.extend(circuit.input(&[parameter]).unwrap().into_iter().map(|wire| (wire, 128)));
        // Every input is read.
        let all: Vec<_> = wires.iter().map(|(wire, _)| *wire).collect();
        let sum = circuit.sum(&all);
        wires.push((circuit.gate(sum), wires.iter().map(|(_, bound)| bound).sum()));
        for _ in 0..self.pick(1, 6) {
            let mut pick = || wires[self.source.pick(0, wires.len() as i64 - 1) as usize];
            let [(a, bound), (b, other)] = [pick(), pick()];
            let made = match self.pick(0, 3) {
                0 if bound * other < LARGEST_WIRE => (circuit.multiply(a, b), bound * other),
                1 if bound + other < LARGEST_WIRE => (circuit.sub(a, b), bound + other),
                _ if 2 * bound + 3 * other + 99 > LARGEST_WIRE => (circuit.gate(a), bound),
                _ => {
                    let constant = self.pick(-99, 99);
                    let wire = circuit.constant(constant);
                    (circuit.combine(&[(a, 2), (b, -3), (wire, 1)]), 2 * bound + 3 * other + 99)
                }
            };
            wires.push(made);
        }
        let outputs: Vec<_> = wires.iter().rev().take(3).copied().chain([wires[all.len()]]).collect();
        for &(wire, _) in &outputs {
            circuit.output(wire);
        }
        let circuit = circuit.finish(&[outputs.len()]).unwrap();
        let layout = Layout::new(vec![parameter]).unwrap();
        let values = (0..parameter).map(|_| self.pick(-128, 127) as i8).collect();
        let name = self.name("circuit");
        let inputs = [operands[0].0, operands[1].0];
        let parameters = vec![("parameter", layout, Parameter::Int8(values))];
        let node = self.builder.circuit(&name, &inputs, parameters, circuit);
        let bound = outputs.iter().map(|(_, bound)| *bound).max().unwrap();
        self.rescale(node, vec![outputs.len()], bound, last);
    }

    /// Adds the last activation to all earlier ones of its shape.
    fn add(&mut self, last: bool) {
        let (_, shape, _) = self.activations.last().unwrap().clone();
        let addends: Vec<_> = self.activations.iter().filter(|(_, s, _)| *s == shape).cloned().collect();
        let addends: Vec<(NodeId, i64, i64)> =
            addends.into_iter().map(|(node, _, bound)| (node, self.pick(-9, 9), bound)).collect();
        let bound = addends.iter().map(|(_, c, bound)| c.abs() * bound).sum();
        let pairs: Vec<(NodeId, i64)> = addends.iter().map(|&(node, c, _)| (node, c)).collect();
        let name = self.name("add");
        let node = self.builder.add(&name, &pairs);
        self.rescale(node, shape, bound, last);
    }

    /// A window that fits; at most `kernel` offsets along each axis.
    fn window(&mut self, shape: &[usize], kernel: i64) -> Window2d {
        let mut axis = |length: usize| {
            let mut pick = |low, high| self.source.pick(low, high) as usize;
            let (pad_begin, pad_end) = (pick(0, 2) / 2 * pick(1, 2), pick(0, 2) / 2);
            let (mut kernel, mut dilation, stride) = (pick(1, kernel), pick(1, 2), pick(1, 3));
            while (kernel - 1) * dilation + 1 > length + pad_begin + pad_end {
                (kernel, dilation) = (kernel - usize::from(dilation == 1), 1);
            }
            AxisWindow { kernel, stride, dilation, pad_begin, pad_end }
        };
        Window2d { height: axis(shape[1]), width: axis(shape[2]) }
    }

    /// Follows an accumulator with a rescale, or leaves it as an output.
    fn rescale(&mut self, node: NodeId, shape: Vec<usize>, bound: i64, last: bool) {
        if last && self.pick(0, 1) == 0 {
            self.builder.output(output(node, &shape));
            return;
        }
        let (node, shape) = match self.pick(0, 5) {
            0 => {
                let name = self.name("flatten accumulator");
                (self.builder.flatten(&name, node), shape)
            }
            1 => {
                let (axes, shape) = self.order(&shape);
                let name = self.name("transpose accumulator");
                (self.builder.transpose(&name, node, &axes), shape)
            }
            _ => (node, shape),
        };
        // Now and then a remainder of two parts: multiplier and divisor that much larger.
        let digits = if self.pick(0, 2) == 0 { 16 } else { 0 };
        let is_uniform = self.pick(0, 1) == 0;
        let mut factor = || (self.pick(1, 3) << digits) as u32 - self.pick(0, digits) as u32;
        let multiplier = if is_uniform {
            Multiplier::Uniform(factor())
        } else {
            let axis = factor() as usize % shape.len();
            let values = (0..shape[axis]).map(|_| factor()).collect();
            Multiplier::PerChannel { axis, values }
        };
        let mut shift = 1;
        // Every fifth rescale may have quotients that no single table holds.
        let largest = if self.pick(0, 4) == 0 { WIDE_QUOTIENT } else { LARGEST_QUOTIENT };
        while (3 * bound) >> shift > largest {
            shift += 1;
        }
        shift = (shift + digits as u32).min(MAX_SHIFT);
        let (minimum, maximum) =
            [(0, 255), (-128, 127), (0, 15), (-5, 0), (0, 0), (-300, 300)][self.pick(0, 5) as usize];
        let function = if self.pick(0, 3) == 0 {
            let results = (0..self.pick(1, 40)).map(|_| self.pick(minimum, maximum) as i32).collect();
            ActivationFunction::Table { first: self.pick(-30, 10), results }
        } else {
            ActivationFunction::Clip { minimum, maximum }
        };
        let name = self.name("rescale");
        let node = self.builder.rescale(&name, node, multiplier, shift, function);
        self.activations.push((node, shape, maximum.max(-minimum)));
    }

    fn finish(mut self) -> Result<Network, Error> {
        let count = self.activations.len();
        for index in 0..count {
            let (node, shape, _) = self.activations[index].clone();
            if index + 1 == count || self.pick(0, 3) == 0 {
                self.builder.output(output(node, &shape));
            }
        }
        let source = self.source;
        Ok(choose_arguments(self.builder.finish()?, source))
    }
}

fn output_shape(window: &Window2d, channels: usize, input: &[usize]) -> Vec<usize> {
    let length = |axis: &AxisWindow, n| axis.output_length("random", n).unwrap();
    vec![channels, length(&window.height, input[1]), length(&window.width, input[2])]
}
