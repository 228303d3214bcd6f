//! Dense layer: a matrix product with a weight matrix.

use serde::{Deserialize, Serialize};

use crate::{
    argument::{choice::MatmulArgument, gates::check_products, matmul::polynomial::inner_extent},
    error::{Error, Result},
    layer::transpose::permute,
    network::{Architecture, Network},
    products::{Planes, Weights},
    tensor::{
        Layout, Tensor,
        value::{ParameterId, ParameterWidth, ValueKind, ValueSpec},
    },
};

/// $a[i, o] = b_o + \sum_k x[i, k]\, W[o, k]$, where $i$ runs over the input's first `num_row_axes` axes and $k$ over
/// the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenseLayer {
    /// Int8 weights of shape (outputs, contracted input axes ...).
    pub weights: ParameterId,
    /// Int32 bias of shape (outputs).
    pub bias: Option<ParameterId>,
    /// Leading input axes that are kept: 0 for a vector, 1 for a matrix whose rows are multiplied one by one.
    pub num_row_axes: usize,
    /// Number of outputs.
    pub num_outputs: usize,
    /// What proves it.
    pub argument: MatmulArgument,
}

pub(crate) fn check_parameter(
    layer: &str,
    what: &'static str,
    architecture: &Architecture,
    id: ParameterId,
    expected: &[usize],
    width: ParameterWidth,
) -> Result<()> {
    let spec = architecture.parameter(layer, id)?;
    if spec.width != width {
        return Err(Error::Graph { reason: "weights must be int8 and biases int32" });
    }
    if spec.layout.axes() == expected {
        Ok(())
    } else {
        let (expected, actual) = (expected.to_vec(), spec.layout.axes().to_vec());
        Err(Error::LayerShape { layer: layer.to_owned(), what, expected, actual })
    }
}

impl DenseLayer {
    pub(crate) fn infer(
        &self,
        layer: &str,
        input: &ValueSpec,
        architecture: &Architecture,
    ) -> Result<ValueSpec> {
        input.activation(layer)?;
        let axes = input.layout.axes();
        if self.num_row_axes >= axes.len() {
            return Err(Error::Attribute {
                layer: layer.to_owned(),
                what: "number of row axes",
                actual: i64::try_from(self.num_row_axes).unwrap_or(i64::MAX),
                minimum: 0,
                maximum: axes.len() as i64 - 1,
            });
        }
        let (rows, contracted) = axes.split_at(self.num_row_axes);
        let mut weights = vec![self.num_outputs];
        weights.extend_from_slice(contracted);
        check_parameter(layer, "weights", architecture, self.weights, &weights, ParameterWidth::Int8)?;
        if let Some(bias) = self.bias {
            check_parameter(layer, "bias", architecture, bias, &[self.num_outputs], ParameterWidth::Int32)?;
        }
        if self.argument == MatmulArgument::Polynomial {
            inner_extent(layer, contracted)?;
        }
        let mut output = rows.to_vec();
        output.push(self.num_outputs);
        let layout = Layout::new(output)?;
        if self.argument == MatmulArgument::Gates {
            check_products(layer, u128::from(self.num_macs(&input.layout)), [&input.layout, &layout])?;
        }
        Ok(ValueSpec { layout, kind: ValueKind::Accumulator })
    }

    /// Number of rows of an input of this layout.
    pub fn num_rows(&self, input: &Layout) -> usize {
        input.axes()[..self.num_row_axes].iter().product()
    }

    pub(crate) fn execute(&self, network: &Network, input: &Tensor<i64>, output: &Layout) -> Vec<i64> {
        let weights = network.parameter(self.weights);
        let contracted = weights.num_elements() / self.num_outputs;
        let bias = |o| self.bias.map_or(0, |id| network.parameter(id).get(o));
        let rows = output.num_elements() / self.num_outputs;
        let crate::Parameter::Int8(weights) = weights else { unreachable!("the graph was checked") };
        let (weights, bytes) = (Weights { values: weights, inner: contracted }, Planes::new(input.data()));
        let mut sums = weights.offsets(bias, bytes.offset);
        if rows > 1 {
            sums = sums.into_iter().flat_map(|offset| std::iter::repeat_n(offset, rows)).collect();
        }
        for (plane, scale, _) in bytes.iter() {
            weights.add_products(plane, scale, &mut sums, rows);
        }
        if rows == 1 { sums } else { permute(&[self.num_outputs, rows], &sums, &[1, 0]) }
    }

    /// Smallest and largest accumulator of each output channel.
    pub(crate) fn bounds(&self, network: &Network, input: (i64, i64)) -> Vec<(i128, i128)> {
        channel_bounds(network, self.weights, self.bias, self.num_outputs, input)
    }

    /// Multiplications of a weight by an activation.
    pub fn num_macs(&self, input: &Layout) -> u64 {
        (input.num_elements() as u64).saturating_mul(self.num_outputs as u64)
    }
}

/// Interval of `bias + sum of weight * x` per output channel, every x within `input`.
pub(crate) fn channel_bounds(
    network: &Network,
    weights: ParameterId,
    bias: Option<ParameterId>,
    num_outputs: usize,
    (low, high): (i64, i64),
) -> Vec<(i128, i128)> {
    let weights = network.parameter(weights);
    let per_channel = weights.num_elements() / num_outputs;
    (0..num_outputs)
        .map(|o| {
            let bias = bias.map_or(0, |id| i128::from(network.parameter(id).get(o)));
            (0..per_channel).fold((bias, bias), |(min, max), k| {
                let w = i128::from(weights.get(o * per_channel + k));
                let (a, b) = (w * i128::from(low), w * i128::from(high));
                (min + a.min(b), max + a.max(b))
            })
        })
        .collect()
}
