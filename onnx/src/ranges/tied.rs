//! Values that belong together because layers of the same weights read or make them: the steps of a sequence.
//!
//! Int8 weights depend on the grid between a layer's input scale and its output scale. Layers of the same weights can
//! read one parameter only where both scales are the same for all of them. Scales follow from ranges and widths, so both are joined:
//! of the inputs of such layers, of what they make, and of everything from which a scale reaches them. Two values are
//! *tied* when
//! - layers of the same weights compute both, or both are read by such layers in the same place,
//! - tied values of one operation read both in the same place, and that operation's scale depends on its inputs',
//! - they read tied values in the same place by the same operation.
//!
//! Where steps differ all the same, as the first one may, weights are not shared: nothing here is needed for a network
//! to be right.

use std::collections::BTreeMap;

use super::observed::Observed;
use crate::float_graph::{
    Graph,
    value::{Operation, Rearrangement, Value},
    weights::Weights,
};

/// The class of every value: values that belong together have the same.
pub(crate) fn classes(graph: &Graph) -> Vec<usize> {
    let classes = Classes::of(graph);
    (0..graph.values.len()).map(|index| classes.find(index)).collect()
}

/// Joins the ranges of values that belong together.
pub(crate) fn tie(graph: &Graph, observed: &mut [Option<Observed>]) {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, class) in classes(graph).into_iter().enumerate() {
        members.entry(class).or_default().push(index);
    }
    for class in members.into_values().filter(|class| class.len() > 1) {
        let seen = class.iter().filter_map(|&index| observed[index].as_ref());
        let Some(joined) = Observed::joined(seen) else { continue };
        for index in class {
            if observed[index].is_some() {
                observed[index] = Some(joined.clone());
            }
        }
    }
}

/// What layers of one class have in common: everything but what they read.
fn weights_key(value: &Value) -> Option<Vec<u64>> {
    let (_, Weights { axes, values, bias }) = value.weights()?;
    let lengths = axes.iter().map(|&length| length as u64);
    let numbers = values.iter().chain(bias).map(|number| number.to_bits());
    Some(lengths.chain(numbers).collect())
}

/// Classes of tied values, as a forest.
struct Classes<'a> {
    graph: &'a Graph,
    parents: Vec<usize>,
    /// By a class' representative: its values.
    members: Vec<Vec<usize>>,
    /// Pairs whose inputs and readers are still to be compared.
    pending: Vec<(usize, usize)>,
}

impl<'a> Classes<'a> {
    fn of(graph: &'a Graph) -> Self {
        let values = 0..graph.values.len();
        let members = values.clone().map(|index| vec![index]).collect();
        let mut classes = Self { graph, parents: values.collect(), members, pending: vec![] };
        let mut same: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        for (index, value) in graph.values.iter().enumerate() {
            if let Some(key) = weights_key(value) {
                let first = *same.entry(key).or_insert(index);
                classes.join(first, index);
            }
        }
        let mut readers = vec![vec![]; graph.values.len()];
        for (index, value) in graph.values.iter().enumerate() {
            for (place, input) in value.operation.inputs().into_iter().enumerate() {
                readers[input].push((index, place));
            }
        }
        while let Some((a, b)) = classes.pending.pop() {
            classes.join_inputs(a, b);
            classes.join_readers(&readers[a], &readers[b]);
        }
        classes
    }

    fn find(&self, mut index: usize) -> usize {
        while self.parents[index] != index {
            index = self.parents[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        let (larger, smaller) = if self.members[a].len() < self.members[b].len() { (b, a) } else { (a, b) };
        let moved = std::mem::take(&mut self.members[smaller]);
        // Values of one class may differ in what computes them: each is compared with one that does not, if there is one.
        for &index in &moved {
            let value = &self.graph.values[index];
            let like = self.members[larger].iter().find(|&&other| is_alike(value, &self.graph.values[other]));
            self.pending.push((index, like.copied().unwrap_or(larger)));
        }
        self.parents[smaller] = larger;
        self.members[larger].extend(moved);
    }

    /// The value whose scale a value has.
    fn source(&self, mut index: usize) -> usize {
        while let Some(input) = self.graph.values[index].passes_on() {
            index = input;
        }
        index
    }

    /// Ties what tied values read, where their scale depends on it.
    fn join_inputs(&mut self, a: usize, b: usize) {
        let [first, second] = [a, b].map(|index| &self.graph.values[index]);
        // A function's result has a scale of its own.
        let follows = first.weights().is_some() || (first.function.is_none() && second.function.is_none());
        if !follows || !is_alike(first, second) {
            return;
        }
        let pairs: Vec<_> = first.operation.inputs().into_iter().zip(second.operation.inputs()).collect();
        for (a, b) in pairs {
            let [a, b] = [a, b].map(|index| self.source(index));
            self.join(a, b);
        }
    }

    /// Ties what reads tied values in the same place.
    fn join_readers(&mut self, first: &[(usize, usize)], second: &[(usize, usize)]) {
        for &(a, place) in first {
            let alike = |&&(b, other): &&(usize, usize)| {
                place == other && is_alike(&self.graph.values[a], &self.graph.values[b])
            };
            let same = second.iter().filter(alike).map(|&(b, _)| b).collect::<Vec<_>>();
            let own = first
                .iter()
                .filter(|&&(c, at)| at == place && is_alike(&self.graph.values[a], &self.graph.values[c]));
            // Which of several readers is whose is not known.
            if let ([b], 1) = (&same[..], own.count()) {
                self.join(a, *b);
            }
        }
    }
}

/// Whether two values are computed in the same way from what they read.
fn is_alike(a: &Value, b: &Value) -> bool {
    let is_same = match (&a.operation, &b.operation) {
        (Operation::Dense { num_row_axes: a, .. }, Operation::Dense { num_row_axes: b, .. }) => a == b,
        (Operation::Conv2d { window: a, groups: g, .. }, Operation::Conv2d { window: b, groups: h, .. }) => {
            (a, g) == (b, h)
        }
        (Operation::SumPool { window: a, .. }, Operation::SumPool { window: b, .. })
        | (Operation::MaxPool { window: a, .. }, Operation::MaxPool { window: b, .. }) => a == b,
        (Operation::ReduceSum { axes: a, .. }, Operation::ReduceSum { axes: b, .. }) => a == b,
        (Operation::Add { addends: a }, Operation::Add { addends: b }) => {
            let factors =
                |addends: &[(usize, f64)]| addends.iter().map(|(_, c)| c.abs().to_bits()).collect::<Vec<_>>();
            factors(a) == factors(b)
        }
        (
            Operation::Concat { inputs: a, axis, is_apart: true },
            Operation::Concat { inputs: b, axis: other, is_apart: true },
        ) => (a.len(), axis) == (b.len(), other),
        (Operation::Scale { factor: a, .. }, Operation::Scale { factor: b, .. }) => {
            a.to_bits() == b.to_bits()
        }
        (Operation::Rearrange { how: a, .. }, Operation::Rearrange { how: b, .. }) => is_same_way(a, b),
        (
            Operation::Product { left: (_, a), right: (_, b), output: c },
            Operation::Product { left: (_, d), right: (_, e), output: f },
        ) => (a, b, c) == (d, e, f),
        (
            Operation::Input
            | Operation::Dense { .. }
            | Operation::Conv2d { .. }
            | Operation::SumPool { .. }
            | Operation::ReduceSum { .. }
            | Operation::Softmax { .. }
            | Operation::ArgMax { .. }
            | Operation::Add { .. }
            | Operation::MaxPool { .. }
            | Operation::Scale { .. }
            | Operation::Rearrange { .. }
            | Operation::Concat { .. }
            | Operation::Product { .. },
            _,
        ) => false,
    };
    is_same && a.axes == b.axes && a.clip == b.clip && a.function.is_some() == b.function.is_some()
}

fn is_same_way(a: &Rearrangement, b: &Rearrangement) -> bool {
    match (a, b) {
        (Rearrangement::Remap(a), Rearrangement::Remap(b)) => a == b,
        (Rearrangement::Transpose(a), Rearrangement::Transpose(b)) => a == b,
        (Rearrangement::Reshape, Rearrangement::Reshape) => true,
        (Rearrangement::Remap(_) | Rearrangement::Transpose(_) | Rearrangement::Reshape, _) => false,
    }
}
