//! The counted multiplications of the look-ups' prover are those that the formula gives.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tacit_algebra::kernels;
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, AxisWindow, InputLayer, Layout, Multiplier, Network, Output, Tensor, Window2d,
    argument::lookup_block::BlockSource,
};
use tacit_prover::{ProvingKey, logup::multiplications, prove};

/// Channels of a convolution, its padded look-ups, and whether a pool follows.
fn network(channels: usize, size: usize, shift: u32, pool: bool) -> Network {
    let input = InputLayer::real(Layout::new(vec![1, size, size]).unwrap(), (0, 255), 1.0);
    let mut network = NetworkBuilder::new("counted", input);
    let window = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let layout = Layout::new(vec![channels, 1, 3, 3]).unwrap();
    let weights = (0..layout.num_elements()).map(|i| (i * 89 % 255) as u8 as i8).collect();
    let sum =
        network.conv2d("conv", network.input(), window, Tensor::new(layout, weights).unwrap(), None).unwrap();
    let relu = ActivationFunction::Clip { minimum: 0, maximum: 255 };
    let mut node = network.rescale("relu", sum, Multiplier::Uniform(3), shift, relu);
    let mut side = size;
    if pool {
        node = network.max_pool("pool", node, Window2d::square(AxisWindow::new(2, 2)));
        side /= 2;
    }
    let shape = vec![channels, side, side];
    network.output(Output { name: "y".into(), node, shape, scales: vec![1.0], scale_axis: 0 });
    network.finish().unwrap()
}

#[test]
fn counted_multiplications_of_look_ups_are_those_of_the_formula() {
    assert!(kernels::count());
    for (channels, size, shift, pool) in [
        (2, 8, 6, false),
        (8, 32, 10, false),
        (8, 32, 10, true),
        (16, 32, 9, true),
        (3, 50, 15, false),
        // So many leaves that a level above them is not stored.
        (64, 128, 10, false),
    ] {
        let key = ProvingKey::setup(network(channels, size, shift, pool)).unwrap();
        let plan = key.verifying_key().plan();
        let data = (0..(size * size) as i64).map(|i| i * 7919 % 256).collect();
        let input = Tensor::new(Layout::new(vec![1, size, size]).unwrap(), data).unwrap();
        let proven = prove(&key, &input).unwrap();
        let counted = proven.costs.lookups.operations.unwrap().multiplications as f64;
        let predicted = multiplications(plan) as f64;
        // The columns' values at the end are evaluated by the same kernels.
        let columns = plan.segments.iter().map(|segment| 4.0 * (segment.num_vars as f64 / 2.0 + 1.0).exp2());
        let slack = columns.sum::<f64>() + 0.005 * counted;
        // Rows of tables that nothing looks up take none of the three multiplications for their numerators.
        let tables = plan.segments.iter().filter(|segment| segment.rows == BlockSource::Table);
        let unused = tables.map(|segment| 3.1 * (segment.num_vars as f64).exp2()).sum::<f64>();
        assert!(
            predicted - unused <= counted && counted <= predicted + slack,
            "{channels} channels of {size}: counted {counted}, predicted {predicted}, slack {slack}, tree 2^{}",
            plan.tree_vars
        );
        // Folding is counted in the opening: every committed integer once, the multiplicities and the weights too.
        let committed: usize = plan.committed().map(|column| column.layout.num_elements()).sum();
        assert!(proven.costs.opening.operations.unwrap().folded >= committed as u64);
    }
}
