//! Dense layer: a matrix product with a weight matrix.
//!
//! **Code.** [prover](../../../tacit_prover/layers/dense/index.html), [verifier](../../../tacit_verifier/layers/dense/index.html).

use ark_bn254::Fr;
use serde::{Deserialize, Serialize};

use crate::argument::gates;
use crate::{
    argument::{
        choice::{LayerArgument, MatmulArgument},
        gates::{Circuit, check_products},
        matmul::polynomial::inner_extent,
        view::Shifts,
    },
    error::{Error, Result},
    integer::{signed, wide},
    layer::{
        batches::Batches,
        gated::Gated,
        questions::Layer,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        Layout,
        value::{ParameterId, ParameterSpec, ParameterWidth, ValueKind, ValueSpec},
        window::Window2d,
    },
};

/// $a[i, o] = b_o + \sum_k x[i, k] W[o, k]$, where $i$ runs over the input's first `num_row_axes` axes and $k$ over
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
    spec: Option<&ParameterSpec>,
    expected: &[usize],
    width: ParameterWidth,
) -> Result<()> {
    let spec = spec.ok_or(Error::Graph { reason: "a parameter that is not there" })?;
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

impl Layer for DenseLayer {
    fn name(&self) -> &'static str {
        "Dense"
    }

    fn parameters(&self) -> Vec<ParameterId> {
        [Some(self.weights), self.bias].into_iter().flatten().collect()
    }

    fn argument(&self) -> Option<LayerArgument> {
        Some(LayerArgument::Matmul(self.argument))
    }

    fn set_argument(&mut self, argument: LayerArgument) {
        if let LayerArgument::Matmul(argument) = argument {
            self.argument = argument;
        }
    }

    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec> {
        let layer = inputs.layer;
        let [input] = inputs.exactly()?;
        input.activation(layer)?;
        let axes = input.layout.axes();
        if self.num_row_axes >= axes.len() {
            return Err(Error::Attribute {
                layer: layer.to_owned(),
                what: "number of row axes",
                actual: signed(self.num_row_axes),
                minimum: 0,
                maximum: signed(axes.len().saturating_sub(1)),
            });
        }
        let (rows, contracted) = axes.split_at(self.num_row_axes);
        let mut weights = vec![self.num_outputs];
        weights.extend_from_slice(contracted);
        check_parameter(
            layer,
            "weights",
            inputs.parameters.first().copied(),
            &weights,
            ParameterWidth::Int8,
        )?;
        if self.bias.is_some() {
            let bias = inputs.parameters.get(1).copied();
            check_parameter(layer, "bias", bias, &[self.num_outputs], ParameterWidth::Int32)?;
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

    fn size(&self, _: &Site) -> Size {
        Size::NOTHING
    }

    fn reading(&self, _: &Site) -> Reading {
        Reading::Own
    }

    fn num_claims(&self, site: &Site, _: usize) -> Vec<usize> {
        vec![1; site.reads.len()]
    }

    fn window(&self) -> Option<&Window2d> {
        None
    }

    fn shifts(&self, _: &Site, _: usize, _: &[Fr]) -> Option<Shifts> {
        None
    }

    fn commitments(&self, site: &Site) -> Result<Commitments> {
        let cross_extent = match (self.argument, site.inputs.parameters.first()) {
            (MatmulArgument::Polynomial, Some(weights)) => {
                let (_, inner) = weights.layout.axes().split_at(1);
                Some(inner_extent(site.inputs.layer, inner)?)
            }
            (MatmulArgument::Polynomial, None) | (MatmulArgument::Sumcheck | MatmulArgument::Gates, _) => {
                None
            }
        };
        Ok(Commitments { cross_extent, ..Commitments::none() })
    }

    fn gated(&self, site: &Site) -> Option<Gated<'_>> {
        let circuit = match self.argument {
            MatmulArgument::Gates => self.circuit(site.inputs.layout(0)?).ok()?,
            MatmulArgument::Sumcheck | MatmulArgument::Polynomial => return None,
        };
        Some(Gated::weighted(circuit, *site.reads.first()?, self.weights))
    }

    fn burden(&self, site: &Site) -> Result<Burden> {
        let verifier = self.gated(site).map_or(0, |gated| gated.wiring_work());
        Ok(Burden { verifier, ..Burden::NOTHING })
    }

    fn soundness<'a>(&'a self, site: &Site, batches: &mut Batches<'a>) {
        match self.argument {
            MatmulArgument::Sumcheck => {
                batches.contractions.push(inner_vars(site.inputs.parameters.first().copied()));
            }
            MatmulArgument::Polynomial => {
                let layers = &mut batches.polynomial_products.layers;
                *layers = layers.saturating_add(1);
            }
            MatmulArgument::Gates => batches.circuits.extend(self.gated(site).map(|gated| gated.circuit)),
        }
    }

    fn check_widths(&self, _: &Site) -> Result<()> {
        Ok(())
    }
}

impl DenseLayer {
    /// A dense layer without its bias: output over (rows, outputs), left the input over (rows, inner axes), right the weights
    /// over (outputs, inner axes).
    ///
    /// # Errors
    /// [`crate::Error::Shape`] when a tensor is too large.
    pub fn circuit(&self, input: &Layout) -> Result<Circuit> {
        let rows = self.num_row_axes.min(input.axes().len());
        let (kept, inner) = input.axes().split_at(rows);
        let outputs = [self.num_outputs];
        let mut factors: Vec<gates::Factor> =
            (0..rows).map(|row| gates::Factor::shared(Some(row), Some(row), None)).collect();
        factors.push(gates::Factor::shared(Some(rows), None, Some(0)));
        let shared = (rows..).zip(1..).take(inner.len());
        factors.extend(shared.map(|(left, right)| gates::Factor::shared(None, Some(left), Some(right))));
        let output = Layout::new([kept, &outputs].concat())?;
        let weights = Layout::new([&outputs, inner].concat())?;
        Ok(super::gated::products(output, [input.clone(), weights], factors))
    }

    /// Number of rows of an input of this layout.
    pub fn num_rows(&self, input: &Layout) -> usize {
        input.axes().iter().take(self.num_row_axes).product()
    }

    /// Multiplications of a weight by an activation.
    pub fn num_macs(&self, input: &Layout) -> u64 {
        wide(input.num_elements()).saturating_mul(wide(self.num_outputs))
    }
}

/// Variables of the axes of weights that are contracted.
pub(crate) fn inner_vars(weights: Option<&ParameterSpec>) -> usize {
    weights.map_or(0, |spec| spec.layout.axis_vars().skip(1).sum())
}
