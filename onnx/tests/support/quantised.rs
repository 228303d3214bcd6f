//! Running a quantised network on real values.

use tacit_inference::execute;
use tacit_layers::{Network, Tensor};
use tacit_onnx::{dequantise_output, quantise_inputs};

/// The network's first output on a real sample.
pub(crate) fn run_quantised(network: &Network, sample: &[f32]) -> Vec<f32> {
    let specs = network.infer().unwrap();
    let inputs = quantise_inputs(&network.architecture, sample).unwrap();
    let trace = execute(network, &specs, &inputs).unwrap();
    let output: &Tensor<i64> = trace.outputs(network).next().unwrap();
    dequantise_output(&network.architecture, 0, output)
}
