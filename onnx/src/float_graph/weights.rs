//! Weights of linear layers.

/// Weights and bias of a linear layer, output channels first.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    /// Axes, output channels first.
    pub(crate) axes: Vec<usize>,
    /// Row-major values.
    pub(crate) values: Vec<f64>,
    /// One for each output channel.
    pub(crate) bias: Vec<f64>,
}

impl Weights {
    /// Number of output channels.
    pub(crate) fn num_outputs(&self) -> usize {
        self.bias.len()
    }

    /// Weights of one output channel.
    pub(crate) fn channel(&self, channel: usize) -> &[f64] {
        let length = self.values.len() / self.bias.len();
        &self.values[channel * length..][..length]
    }

    /// Merges the groups of a convolution into one: an output's weights on channels of other groups are zero.
    pub(crate) fn widen(&mut self, groups: usize) {
        let (num_outputs, length) = (self.bias.len(), self.values.len() / self.bias.len());
        let mut values = vec![0.0; self.values.len() * groups];
        let rows = values.chunks_exact_mut(length * groups).zip(self.values.chunks_exact(length));
        for (output, (wide, row)) in rows.enumerate() {
            wide[output / (num_outputs / groups) * length..][..length].copy_from_slice(row);
        }
        self.values = values;
        self.axes[1] *= groups;
    }

    /// Each weight times a factor, of an output and a place among its weights.
    pub(super) fn each(&self, factor: impl Fn(usize, usize) -> f64) -> Self {
        let length = (self.values.len() / self.bias.len()).max(1);
        let weight = |(i, weight): (usize, &f64)| weight * factor(i / length, i % length);
        Self { values: self.values.iter().enumerate().map(weight).collect(), ..self.clone() }
    }

    /// Multiplies every output channel and its bias by a factor.
    pub(crate) fn scale(&mut self, factors: &[f64]) {
        let length = self.values.len() / self.bias.len();
        for ((row, bias), factor) in self.values.chunks_exact_mut(length).zip(&mut self.bias).zip(factors) {
            for weight in row {
                *weight *= factor;
            }
            *bias *= factor;
        }
    }
}
