//! Networks drawn from a target's bytes: what `prover/tests/support/random.rs` draws from a seed.

use tacit_layers::{InputLayer, Layout, Network, NodeId, Output, Tensor};

use crate::script::mix;

/// Numbers from bytes; from a generator once the bytes are spent.
pub(crate) struct Source {
    bytes: Vec<u8>,
    next: usize,
    state: u64,
}

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self { bytes: vec![], next: 0, state: seed }
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let state = bytes.iter().fold(0, |state, &byte| mix(state ^ u64::from(byte)));
        Self { bytes: bytes.to_vec(), next: 0, state }
    }

    /// A number from `low` to `high`, by as many bytes as that takes.
    pub(crate) fn pick(&mut self, low: i64, high: i64) -> i64 {
        let span = high.abs_diff(low) as u128 + 1;
        let (mut number, mut range) = (0_u128, 1_u128);
        while range < span {
            number = number << 8 | u128::from(self.byte());
            range <<= 8;
        }
        low.wrapping_add((number % span) as i64)
    }

    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.next).copied();
        self.next += 1;
        byte.unwrap_or_else(|| {
            self.state = mix(self.state);
            self.state as u8
        })
    }

    /// A number that takes no byte: weights are many, and one is as good as another.
    fn free(&mut self, low: i64, high: i64) -> i64 {
        self.state = mix(self.state);
        low + (self.state >> 8).rem_euclid((high - low + 1) as u64) as i64
    }

    pub(crate) fn weights(&mut self, axes: &[usize]) -> Tensor<i8> {
        let layout = Layout::new(axes.to_vec()).unwrap();
        let data = (0..layout.num_elements()).map(|_| self.free(-127, 127) as i8).collect();
        Tensor::new(layout, data).unwrap()
    }

    pub(crate) fn bias(&mut self, outputs: usize) -> Vec<i32> {
        (0..outputs).map(|_| self.free(-2000, 2000) as i32).collect()
    }

    /// An input of a network: extremes one time in four.
    pub(crate) fn input(&mut self, network: &Network) -> Tensor<i64> {
        let layer = network.architecture.input().unwrap().clone();
        let (low, high) = layer.bounds;
        let data = (0..layer.layout.num_elements()).map(|_| match self.free(0, 7) {
            0 => low,
            1 => high,
            _ => self.free(low, high),
        });
        let data = data.collect();
        Tensor::new(layer.layout, data).unwrap()
    }
}

pub(crate) fn input(axes: &[usize], low: i64, high: i64) -> InputLayer {
    InputLayer::real(Layout::new(axes.to_vec()).unwrap(), (low, high), 0.5)
}

pub(crate) fn output(node: NodeId, shape: &[usize]) -> Output {
    Output { name: "output".to_owned(), node, shape: shape.to_vec(), scales: vec![0.25], scale_axis: 0 }
}
