//! Published architectures with pseudo-random weights, which cost what trained ones do but for the share of zero
//! activations.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, AxisWindow, InputLayer, Layout, Multiplier, Network, NodeId, Output, Tensor,
    Window2d,
    error::{Error, Result},
};

const RELU: ActivationFunction = ActivationFunction::Clip { minimum: 0, maximum: 255 };
/// One shift for a whole network keeps its remainders in one table.
const SHIFT: u32 = 12;

/// A linear congruential generator: benchmark weights need no better.
#[derive(Debug, Clone)]
pub struct Source(u64);

impl Source {
    /// A generator with this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next integer in `low..=high`.
    pub fn pick(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + ((self.0 >> 33) as i64) % (high - low + 1)
    }

    /// A tensor of integers in `low..=high`.
    ///
    /// # Errors
    /// When the shape is not usable.
    pub fn tensor(&mut self, axes: &[usize], low: i64, high: i64) -> Result<Tensor<i64>> {
        let layout = Layout::new(axes.to_vec())?;
        let data = (0..layout.num_elements()).map(|_| self.pick(low, high)).collect();
        Tensor::new(layout, data)
    }

    /// Int8 weights.
    ///
    /// # Errors
    /// When the shape is not usable.
    pub fn weights(&mut self, axes: &[usize]) -> Result<Tensor<i8>> {
        let tensor = self.tensor(axes, -127, 127)?;
        Tensor::new(tensor.layout().clone(), tensor.data().iter().map(|&w| w as i8).collect())
    }

    fn bias(&mut self, outputs: usize) -> Vec<i32> {
        (0..outputs).map(|_| self.pick(-5000, 5000) as i32).collect()
    }

    fn multipliers(&mut self, axis: usize, channels: usize, inputs: usize) -> Multiplier {
        // A sum of n products of bytes is about 127 * 255 / 3 * sqrt(n).
        let typical = 10_800.0 * (inputs as f64).sqrt();
        let scale = (256.0 * f64::from(1 << SHIFT) / (3.0 * typical)).ceil() as i64;
        let values = (0..channels).map(|_| self.pick(scale, scale + 3) as u32).collect();
        Multiplier::PerChannel { axis, values }
    }
}

struct Sketch {
    source: Source,
    builder: NetworkBuilder,
    at: NodeId,
}

impl Sketch {
    fn new(name: &str, axes: &[usize]) -> Result<Self> {
        let input = InputLayer::real(Layout::new(axes.to_vec())?, (0, 255), 1.0 / 255.0);
        let builder = NetworkBuilder::new(name, input);
        Ok(Self { source: Source::new(7), at: builder.input(), builder })
    }

    fn conv(
        &mut self,
        name: &str,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        padding: usize,
    ) -> Result<()> {
        let window = Window2d::square(AxisWindow::new(kernel, 1).padded(padding, padding));
        let weights = self.source.weights(&[outputs, inputs, kernel, kernel])?;
        let bias = self.source.bias(outputs);
        let sum = self.builder.conv2d(name, self.at, window, weights, Some(bias))?;
        let multiplier = self.source.multipliers(0, outputs, inputs * kernel * kernel);
        self.at = self.builder.rescale(&format!("{name}.relu"), sum, multiplier, SHIFT, RELU);
        Ok(())
    }

    fn pool(&mut self, name: &str) {
        self.at = self.builder.max_pool(name, self.at, Window2d::square(AxisWindow::new(2, 2)));
    }

    /// A dense layer over the axes behind the first `rows`.
    fn dense(&mut self, name: &str, rows: usize, axes: &[usize], relu: bool) -> Result<()> {
        let outputs = axes[0];
        let (weights, bias) = (self.source.weights(axes)?, self.source.bias(outputs));
        self.at = self.builder.dense(name, self.at, rows, weights, Some(bias))?;
        if relu {
            let multiplier = self.source.multipliers(rows, outputs, axes[1..].iter().product());
            self.at = self.builder.rescale(&format!("{name}.relu"), self.at, multiplier, SHIFT, RELU);
        }
        Ok(())
    }

    /// Convolutions that keep the image's size.
    fn convs(&mut self, channels: &[usize]) -> Result<()> {
        for (index, pair) in channels.windows(2).enumerate() {
            self.conv(&format!("conv{}", index + 1), pair[0], pair[1], 3, 1)?;
        }
        Ok(())
    }

    fn finish(mut self, shape: Vec<usize>) -> Result<Network> {
        let name = "logits".to_owned();
        self.builder.output(Output { name, node: self.at, shape, scales: vec![1.0], scale_axis: 0 });
        self.builder.finish()
    }
}

/// `lenet5`, `vgg16`, or the perceptron of widths like `784,128,10`.
///
/// # Errors
/// When it is none of these.
pub fn by_name(name: &str) -> Result<Network> {
    let widths: Vec<usize> = name.split(',').filter_map(|width| width.parse().ok()).collect();
    match name {
        "lenet5" => lenet5(),
        "vgg16" => vgg16(),
        _ => mlp("mlp", &widths),
    }
}

/// LeNet-5 with ReLU and max-pooling on a 28x28 digit: 61,706 parameters.
///
/// # Errors
/// Never: the shapes are fixed.
pub fn lenet5() -> Result<Network> {
    let mut net = Sketch::new("lenet5", &[1, 28, 28])?;
    net.conv("conv1", 1, 6, 5, 2)?;
    net.pool("pool1");
    net.conv("conv2", 6, 16, 5, 0)?;
    net.pool("pool2");
    net.dense("fc1", 0, &[120, 16, 5, 5], true)?;
    net.dense("fc2", 0, &[84, 120], true)?;
    net.dense("fc3", 0, &[10, 84], false)?;
    net.finish(vec![10])
}

/// DeepProve's CNN-264k: two convolutions with pools and three dense layers on a 3x32x32 picture, 264,031 parameters.
///
/// # Errors
/// Never: the shapes are fixed.
pub fn cnn_264k() -> Result<Network> {
    let mut net = Sketch::new("cnn-264k", &[3, 32, 32])?;
    net.conv("conv1", 3, 12, 5, 0)?;
    net.pool("pool1");
    net.conv("conv2", 12, 33, 5, 0)?;
    net.pool("pool2");
    net.dense("fc1", 0, &[251, 33, 5, 5], true)?;
    net.dense("fc2", 0, &[175, 251], true)?;
    net.dense("fc3", 0, &[10, 175], false)?;
    net.finish(vec![10])
}

/// DeepProve's dense-4M: five dense layers of width 1024 between 4 inputs and 3 outputs, 4,206,595 parameters.
///
/// # Errors
/// Never: the shapes are fixed.
pub fn dense_4m() -> Result<Network> {
    mlp("dense-4m", &[4, 1024, 1024, 1024, 1024, 1024, 3])
}

/// VGG11 for CIFAR-10, as zkCNN defines it: 9.8 million parameters.
///
/// # Errors
/// Never: the shapes are fixed.
pub fn vgg11() -> Result<Network> {
    vgg("vgg11", [1, 1, 2, 2, 2])
}

/// VGG16 for CIFAR-10, as zkCNN defines it: 15.2 million parameters.
///
/// # Errors
/// Never: the shapes are fixed.
pub fn vgg16() -> Result<Network> {
    vgg("vgg16", [2, 2, 3, 3, 3])
}

/// Five stages of so many 3x3 convolutions and a pool, then three dense layers.
fn vgg(name: &str, depths: [usize; 5]) -> Result<Network> {
    let mut net = Sketch::new(name, &[3, 32, 32])?;
    let mut channels = 3;
    for (stage, (width, depth)) in [64, 128, 256, 512, 512].into_iter().zip(depths).enumerate() {
        for layer in 0..depth {
            net.conv(&format!("conv{}_{}", stage + 1, layer + 1), channels, width, 3, 1)?;
            channels = width;
        }
        net.pool(&format!("pool{}", stage + 1));
    }
    net.dense("fc1", 0, &[512, 512, 1, 1], true)?;
    net.dense("fc2", 0, &[512, 512], true)?;
    net.dense("fc3", 0, &[10, 512], false)?;
    net.finish(vec![10])
}

/// A multi-layer perceptron of the given widths, input first: dense layers with bias, ReLU behind each but the last. The
/// layer rule of Modulus Labs' "The Cost of Intelligence".
///
/// # Errors
/// When there are fewer than two widths, or a width is not usable.
pub fn mlp(name: &str, widths: &[usize]) -> Result<Network> {
    perceptron(name, &[], widths)
}

/// The same on many inputs at once, in one proof.
///
/// # Errors
/// As for [`mlp`].
pub fn batched_mlp(name: &str, batch: usize, widths: &[usize]) -> Result<Network> {
    perceptron(name, &[batch], widths)
}

fn perceptron(name: &str, batch: &[usize], widths: &[usize]) -> Result<Network> {
    let [input, hidden @ .., outputs] = widths else {
        return Err(Error::Graph { reason: "a perceptron has an input and an output" });
    };
    let mut net = Sketch::new(name, &[batch, &[*input]].concat())?;
    let mut inputs = *input;
    for (index, &width) in hidden.iter().chain([outputs]).enumerate() {
        net.dense(&format!("fc{}", index + 1), batch.len(), &[width, inputs], index < hidden.len())?;
        inputs = width;
    }
    net.finish([batch, &[*outputs]].concat())
}

/// Three convolutions of 16 channels on an RGB picture, whose output is a picture of one channel: its weights do not depend on
/// the picture's size.
///
/// # Errors
/// When the size is not usable.
pub fn picture(side: usize) -> Result<Network> {
    let mut net = Sketch::new("picture", &[3, side, side])?;
    net.convs(&[3, 16, 16, 1])?;
    net.finish(vec![1, side, side])
}
