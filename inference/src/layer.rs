//! What a layer computes, its ranges, and what its argument costs: one file for each kind, as in [`tacit_layers::layer`].

mod add;
mod average_pool;
mod circuit;
mod concat;
pub mod conv2d;
mod cumulative_sum;
mod dense;
mod flatten;
mod input;
mod max_pool;
pub mod product;
mod reduce_sum;
mod remap;
mod rescale;
mod reshape;
pub mod transpose;

pub use rescale::function_in_words;
use tacit_layers::{
    dispatch,
    error::Result,
    layer::{Operation, Site},
    tensor::{Tensor, value::Parameter},
};

use crate::{cost::ArgumentCost, interval::Interval};

/// What a layer runs on.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    /// Where it stands.
    pub site: Site<'a>,
    /// The values it reads; of an input layer, what was given for it.
    pub inputs: Vec<&'a Tensor<i64>>,
    /// The parameters it reads, in its own order.
    pub parameters: Vec<&'a Parameter>,
}

impl Run<'_> {
    /// An element of the bias of a layer that reads weights and, where it has one, a bias.
    pub fn bias(&self, output: usize) -> i64 {
        self.parameters.get(1).map_or(0, |bias| bias.get(output))
    }
}

/// Ranges of the values that a layer reads, and its parameters.
#[derive(Debug, Clone)]
pub struct Ranges<'a> {
    /// One for each value, in order.
    pub inputs: Vec<&'a Interval>,
    /// The parameters it reads, in its own order.
    pub parameters: Vec<&'a Parameter>,
}

impl Ranges<'_> {
    /// Range of the value at this position.
    ///
    /// # Panics
    /// When the layer reads none there.
    pub fn of(&self, position: usize) -> &Interval {
        self.inputs[position]
    }

    /// Smallest and largest value at this position.
    ///
    /// # Panics
    /// When the layer reads none there.
    pub fn hull(&self, position: usize) -> (i64, i64) {
        self.of(position).as_i64()
    }

    /// Smallest and largest value of each input.
    pub fn hulls(&self) -> Vec<(i64, i64)> {
        self.inputs.iter().map(|interval| interval.as_i64()).collect()
    }

    /// All inputs' values, and zero.
    pub fn with_zero(&self) -> Interval {
        let hulls = self.hulls().into_iter();
        let (low, high) = hulls.fold((0, 0), |(low, high), (a, b)| (a.min(low), b.max(high)));
        Interval::uniform(low, high)
    }
}

/// What is asked of every kind of layer beside what prover and verifier agree on; no default answers.
pub trait Inference {
    /// Its value's elements, row-major: the one definition of what it computes.
    ///
    /// # Errors
    /// When the graph was not checked.
    fn execute(&self, run: &Run) -> Result<Vec<i64>>;

    /// Range of its value for all inputs within theirs.
    ///
    /// # Errors
    /// When a range leaves what the layer can hold.
    fn interval(&self, site: &Site, ranges: &Ranges) -> Result<Interval>;

    /// Takes over what depends on ranges, or forgets it where there are none.
    ///
    /// # Errors
    /// As [`Self::interval`].
    fn settle(&mut self, layer: &str, ranges: Option<&Ranges>) -> Result<()>;

    /// What its argument costs, commitments and look-ups apart.
    fn cost(&self, site: &Site) -> ArgumentCost;

    /// Its attributes in words, for people; empty where the name says all.
    fn detail(&self) -> String;

    /// Multiplications of a weight by an activation.
    fn num_macs(&self, site: &Site) -> u64;
}

/// The layer of an operation, whatever its kind.
pub fn of(operation: &Operation) -> &dyn Inference {
    dispatch!(operation, layer => layer)
}

/// The layer of an operation, to be changed.
pub fn of_mut(operation: &mut Operation) -> &mut dyn Inference {
    dispatch!(operation, layer => layer)
}
