//! Agreement of a quantised network with its float model, value by value: where accuracy is lost.

use tacit_inference::execute;
use tacit_layers::ValueKind;

use crate::{
    error::Error,
    float_graph::value::Value,
    model::{FloatModel, input::check_samples},
    quantise::Quantised,
    ranges::probes::Probes,
    samples::quantise_inputs,
};

/// How one value of the network agrees with the float model's on some samples.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueAgreement {
    /// The ONNX node's name.
    pub name: String,
    /// What computes it.
    pub operation: &'static str,
    /// Energy of the float values over that of the differences, in decibels; none where nothing differs.
    pub signal_to_noise: Option<f64>,
    /// Energy of the differences over that of the float values, less that of the value with the largest share among those it
    /// is computed from: the noise that this value adds.
    pub added_noise: f64,
    /// The largest difference in units of the value's scale.
    pub largest_error: f64,
    /// Share of the float values that are outside the integers' range.
    pub clipped: f64,
    /// Binary digits of the number of integers that the value may be; none for accumulators.
    pub bits: Option<f64>,
    /// Binary digits of the number of integers from the smallest seen to the largest.
    pub bits_used: f64,
    /// Whether this is among the values that add most noise.
    pub loses_most: bool,
}

/// At most so many values are said to add most noise.
const NUM_LOSSES: usize = 3;
/// They add at least this share of what the first of them adds.
const LEAST_LOSS: f64 = 0.1;

/// What is summed up over samples.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    energy: f64,
    noise: f64,
    largest_error: f64,
    num_clipped: usize,
    count: usize,
    seen: (i64, i64),
}

impl Tally {
    /// Adds one element: a float value, the integer that stands for it, its unit, the integers' range.
    fn add(&mut self, float: f64, integer: i64, scale: f64, bounds: Option<(i64, i64)>) {
        let difference = float - integer as f64 * scale;
        self.energy += float * float;
        self.noise += difference * difference;
        self.largest_error = self.largest_error.max((difference / scale).abs());
        let is_outside = |(low, high): (i64, i64)| {
            let exact = float / scale;
            exact < low as f64 - 0.5 || exact > high as f64 + 0.5
        };
        self.num_clipped += usize::from(bounds.is_some_and(is_outside));
        self.count += 1;
        self.seen = (self.seen.0.min(integer), self.seen.1.max(integer));
    }

    fn noise_share(&self) -> f64 {
        if self.noise == 0.0 { 0.0 } else { self.noise / self.energy.max(f64::MIN_POSITIVE) }
    }
}

fn binary_digits((low, high): (i64, i64)) -> f64 {
    ((high - low + 1) as f64).log2()
}

impl Quantised {
    /// Compares the network's values with the float model's on samples, in execution order. Values that the float model does
    /// not hold as such are left out.
    ///
    /// # Errors
    /// When a sample does not fit the model or the float model fails on it.
    pub fn compare(&self, model: &FloatModel, samples: &[Vec<f32>]) -> Result<Vec<ValueAgreement>, Error> {
        check_samples(model.input_shape(), samples)?;
        let specs = self.network.infer()?;
        let compared: Vec<usize> =
            (0..self.graph.values.len()).filter(|&index| self.is_comparable(index)).collect();
        let probes = Probes::new(model, &self.graph, &compared)?;
        let mut tallies = vec![Tally::default(); self.graph.values.len()];
        for sample in samples {
            let trace =
                execute(&self.network, &specs, &quantise_inputs(&self.network.architecture, sample)?)?;
            probes.visit(sample, &mut |index, floats| {
                let value = &self.graph.values[index];
                let id = self.nodes[index].index();
                let floats = in_value_order(
                    &value.apply(floats)?,
                    &value.axes,
                    value.order.as_deref().unwrap_or_default(),
                );
                let bounds = match specs[id].kind {
                    ValueKind::Activation { minimum, maximum } => Some((minimum, maximum)),
                    ValueKind::Accumulator => None,
                };
                let integers = trace.values()[id].data();
                let inner: usize = value.axes[value.channel_axis() + 1..].iter().product();
                let scales = &self.scales[index];
                let floats = match &self.held[index] {
                    Some(units) => {
                        floats.iter().zip(units).map(|(x, (half, zero))| (x - zero) / half).collect()
                    }
                    None => floats,
                };
                for (i, (float, &integer)) in floats.into_iter().zip(integers).enumerate() {
                    tallies[index].add(float, integer, scales[i / inner % scales.len()], bounds);
                }
                Ok(())
            })?;
        }
        Ok(self.summarise(&compared, &tallies, |index| match specs[self.nodes[index].index()].kind {
            ValueKind::Activation { minimum, maximum } => Some(binary_digits((minimum, maximum))),
            ValueKind::Accumulator => None,
        }))
    }

    /// Whether the float model holds this value, element by element.
    fn is_comparable(&self, index: usize) -> bool {
        let Value { axes, order, .. } = &self.graph.values[index];
        let Some(mut order) = order.clone() else { return false };
        order.sort_unstable();
        order.into_iter().eq((0..axes.len()).filter(|&axis| axes[axis] > 1))
    }

    /// The largest noise share of the values that a value is computed from: where one is not compared, of those before it.
    fn noise_before(&self, index: usize, compared: &[usize], tallies: &[Tally]) -> f64 {
        let mut rest = self.graph.values[index].operation.inputs();
        let mut seen = vec![false; index];
        let mut largest: f64 = 0.0;
        while let Some(input) = rest.pop() {
            if std::mem::replace(&mut seen[input], true) {
                continue;
            }
            if compared.binary_search(&input).is_ok() {
                largest = largest.max(tallies[input].noise_share());
            } else {
                rest.extend(self.graph.values[input].operation.inputs());
            }
        }
        largest
    }

    /// By value: whether its noise reaches an output. It does not where all that reads it is compared and has no noise.
    fn reaching(&self, compared: &[usize], tallies: &[Tally]) -> Vec<bool> {
        let mut reaching = vec![false; self.graph.values.len()];
        for &output in &self.graph.outputs {
            reaching[output] = true;
        }
        // Values read earlier ones only.
        for index in (0..reaching.len()).rev() {
            let is_silent = compared.binary_search(&index).is_ok() && tallies[index].noise == 0.0;
            reaching[index] &= !is_silent;
            if reaching[index] {
                for input in self.graph.values[index].operation.inputs() {
                    reaching[input] = true;
                }
            }
        }
        reaching
    }

    fn summarise(
        &self,
        compared: &[usize],
        tallies: &[Tally],
        bits: impl Fn(usize) -> Option<f64>,
    ) -> Vec<ValueAgreement> {
        let mut result: Vec<ValueAgreement> = compared
            .iter()
            .map(|&index| {
                let (value, tally) = (&self.graph.values[index], &tallies[index]);
                let before = self.noise_before(index, compared, tallies);
                let share = tally.noise_share();
                let node = self.network.architecture.node(self.nodes[index]);
                ValueAgreement {
                    name: value.name.clone(),
                    operation: node.operation.layer().name(),
                    signal_to_noise: (share > 0.0).then(|| -10.0 * share.log10()),
                    added_noise: (share - before).max(0.0),
                    largest_error: tally.largest_error,
                    clipped: tally.num_clipped as f64 / tally.count.max(1) as f64,
                    bits: bits(index),
                    bits_used: binary_digits(tally.seen),
                    loses_most: false,
                }
            })
            .collect();
        let reaching = self.reaching(compared, tallies);
        let mut places: Vec<usize> = (0..result.len()).filter(|&place| reaching[compared[place]]).collect();
        places.sort_by(|&a, &b| result[b].added_noise.total_cmp(&result[a].added_noise));
        let most = places.first().map_or(0.0, |&place| result[place].added_noise);
        for place in places.into_iter().take(NUM_LOSSES) {
            let added = result[place].added_noise;
            result[place].loses_most = added > 0.0 && added >= LEAST_LOSS * most;
        }
        result
    }
}

/// Elements of an outlet, whose axes run over these value axes, in the value's own order.
pub(crate) fn in_value_order(elements: &[f64], axes: &[usize], order: &[usize]) -> Vec<f64> {
    if order.is_sorted() {
        return elements.to_vec();
    }
    let mut strides = vec![0; axes.len()];
    let mut stride = 1;
    for &axis in order.iter().rev() {
        strides[axis] = stride;
        stride *= axes[axis];
    }
    (0..elements.len())
        .map(|index| {
            let (mut rest, mut at) = (index, 0);
            for (length, stride) in axes.iter().zip(&strides).rev() {
                at += rest % length * stride;
                rest /= length;
            }
            elements[at]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_brought_into_the_values_order() {
        let axes = [2, 1, 3];
        let row_major: Vec<f64> = (0..6).map(f64::from).collect();
        assert_eq!(in_value_order(&row_major, &axes, &[0, 2]), row_major);
        // The outlet has the last axis in front.
        let transposed = [0.0, 3.0, 1.0, 4.0, 2.0, 5.0];
        assert_eq!(in_value_order(&transposed, &axes, &[2, 0]), row_major);
    }

    #[test]
    fn tallies_count_noise_and_what_is_outside_the_range() {
        let mut tally = Tally::default();
        let bounds = Some((-2, 1));
        for (float, integer) in [(0.5, 1), (1.0, 1), (-0.3, -1), (-1.3, -2)] {
            tally.add(float, integer, 0.5, bounds);
        }
        assert_eq!((tally.num_clipped, tally.count, tally.seen), (2, 4, (-2, 1)));
        assert!((tally.noise - (0.25 + 0.04 + 0.09)).abs() < 1e-12, "{tally:?}");
        assert!((tally.largest_error - 1.0).abs() < 1e-12, "{tally:?}");
        assert!((binary_digits(tally.seen) - 2.0).abs() < 1e-12);
        assert!((tally.noise_share() - 0.38 / (0.25 + 1.0 + 0.09 + 1.69)).abs() < 1e-12);
    }
}
