//! Convolutions in the frequency domain (see [`tacit_layers::layer::conv2d::fft`]).

use ark_bn254::Fr;
use tacit_algebra::{Mle, eq, kernels::backend, small::from_i64};
use tacit_layers::{
    ConvolutionArgument, NodeId, Operation, Tensor,
    argument::{
        claim::{Column, EvaluationClaim, LinearClaim},
        fourier::FourierClaim,
        sumcheck::{RoundWeights, instance_point},
    },
    layer::conv2d::fft::{
        AxisTransform, FftClaim, FftConvolutionClaims, FftConvolutionLayer, SpectrumClaims, TransformValues,
    },
    tensor::{bits_of, evaluation::kronecker},
};
use tacit_transcript::{ProofWriter, encoding::SCALAR_BYTES, labels};

use super::{
    contraction::weights_at,
    fourier::{self, FourierProver},
    matmul::{fold_rows, pad_axes},
};
use crate::{
    hyrax::Integers,
    profile::{self, LayerProfile, Timed, TimedInstance, timed},
    session::Session,
    sumcheck::{Product, Weighted},
    transform::Plane,
};

/// A convolution to prove.
#[derive(Debug, Clone)]
pub struct FftConvolutionProver<'a> {
    /// Shapes.
    pub layer: FftConvolutionLayer,
    /// The claim on the convolution.
    pub claim: FftClaim,
    /// Weights at the claim's output channel, over (groups, channels, kernel height, kernel width).
    pub weights: Vec<Fr>,
    /// Input over (channels, height, width).
    pub input: &'a Tensor<i64>,
}

/// The first stage's tables.
#[derive(Debug, Clone)]
pub struct Spectra {
    /// $G_h$ and $G_w$.
    pub crops: [Vec<Fr>; 2],
    /// $\hat W$ over (frequencies along height and width, groups, channels), padded.
    pub weights: Vec<Fr>,
    /// $\hat X$, likewise.
    pub input: Vec<Fr>,
}

/// Proves all convolutions and returns the claims left of each.
pub fn prove(writer: &mut ProofWriter, convolutions: &[FftConvolutionProver]) -> Vec<FftConvolutionClaims> {
    prove_timed(writer, convolutions).0
}

/// As [`prove`]; returns what each convolution cost too.
fn prove_timed(
    writer: &mut ProofWriter,
    convolutions: &[FftConvolutionProver],
) -> (Vec<FftConvolutionClaims>, Vec<LayerProfile>) {
    let (spectra, mut costs): (Vec<Spectra>, Vec<LayerProfile>) = convolutions
        .iter()
        .map(|convolution| {
            let (spectra, tables) = timed(|| convolution.spectra());
            (spectra, LayerProfile { tables, ..LayerProfile::default() })
        })
        .unzip();
    let products = prove_products(writer, convolutions, spectra, &mut costs);
    let (claims, vectors) = prove_transforms(writer, convolutions, &products, &mut costs);
    let vectors: Vec<FourierProver> = vectors.into_iter().map(FourierProver::new).collect();
    // The vectors of all convolutions go down together: each is charged the same part.
    let ((), time) = timed(|| fourier::prove(writer, vectors));
    let share = time / costs.len().max(1) as u32;
    for cost in &mut costs {
        cost.tables += share;
    }
    (claims, costs)
}

/// Step 1: the product of weights and input in the frequency domain. `costs` has a place for each convolution.
pub fn prove_products(
    writer: &mut ProofWriter,
    convolutions: &[FftConvolutionProver],
    spectra: Vec<Spectra>,
    costs: &mut [LayerProfile],
) -> Vec<SpectrumClaims> {
    let crops: Vec<[Vec<Fr>; 2]> = spectra.iter().map(|spectra| spectra.crops.clone()).collect();
    let mut instances: Vec<Timed<Weighted>> = convolutions
        .iter()
        .zip(spectra)
        .zip(0..)
        .map(|((convolution, spectra), i)| Timed::new(NodeId(i), convolution.product(spectra)))
        .collect();
    let mut borrowed: Vec<&mut dyn TimedInstance> = instances.iter_mut().map(|i| i as _).collect();
    let point = profile::prove_rounds(writer, &mut borrowed, RoundWeights::Uniform);
    let mut left = vec![];
    for ((convolution, crops), (instance, cost)) in
        convolutions.iter().zip(&crops).zip(instances.iter().zip(costs))
    {
        let layer = &convolution.layer;
        let point = instance_point(&point, layer.num_vars());
        let [weights, input] = instance.instance.final_values();
        let mut claims = layer.spectrum_claims(point, [weights; 4]);
        let at =
            |crop: &[Fr], frequency: &[Fr]| backend().inner_product(&eq::table(frequency, crop.len()), crop);
        let [height, width] = &claims.frequencies;
        claims.values = [at(&crops[0], height), at(&crops[1], width), weights, input];
        cost.charge(instance, claims.values.len());
        left.push(claims);
    }
    let values: Vec<Fr> = left.iter().flat_map(|claims| claims.values).collect();
    writer.write_scalars(labels::SPECTRUM_VALUES, &values);
    for (FftConvolutionProver { layer, claim, .. }, spectra) in convolutions.iter().zip(&left) {
        let [top, left, weights, input] = spectra.values;
        writer.write_partial_products(&[top, left, weights * layer.product_weight(claim, spectra), input]);
    }
    left
}

/// Step 2: spectra and crops back to weights, input and positions. `costs` has a place for each convolution.
pub fn prove_transforms(
    writer: &mut ProofWriter,
    convolutions: &[FftConvolutionProver],
    spectra: &[SpectrumClaims],
    costs: &mut [LayerProfile],
) -> (Vec<FftConvolutionClaims>, Vec<FourierClaim>) {
    let mut stages: Vec<Transforms> = convolutions
        .iter()
        .zip(spectra)
        .zip(0..)
        .map(|((convolution, spectra), i)| convolution.transforms(NodeId(i), spectra))
        .collect();
    let mut borrowed: Vec<&mut dyn TimedInstance> =
        stages.iter_mut().flat_map(|stage| &mut stage.instances).map(|i| i as _).collect();
    let point = profile::prove_rounds(writer, &mut borrowed, RoundWeights::Uniform);
    let points = |layer: &FftConvolutionLayer| layer.transform_vars().map(|n| instance_point(&point, n));
    let values: Vec<TransformValues> = convolutions
        .iter()
        .zip(&stages)
        .map(|(convolution, stage)| stage.final_values(&convolution.layer, points(&convolution.layer)))
        .collect();
    let scalars: Vec<Fr> = values.iter().flat_map(|values| values.to_scalars()).collect();
    writer.write_scalars(labels::TRANSFORM_VALUES, &scalars);
    for TransformValues { input, rows: [row, column], .. } in &values {
        writer.write_partial_products(&[*input, *row, *column]);
    }
    let (mut claims, mut vectors) = (vec![], vec![]);
    for (((convolution, spectra), values), (stage, cost)) in
        convolutions.iter().zip(spectra).zip(&values).zip(stages.iter().zip(costs))
    {
        let layer = &convolution.layer;
        cost.tables += stage.tables;
        stage.instances.iter().for_each(|instance| cost.charge(instance, 0));
        cost.bytes += (TransformValues::COUNT + layer.num_level_values()) * SCALAR_BYTES;
        claims.push(layer.claims(spectra, points(layer), values));
        vectors.extend(layer.fourier_claims(spectra, points(layer), values));
    }
    (claims, vectors)
}

/// A convolution's part in the second stage.
struct Transforms {
    /// Input, weights, both crops.
    instances: [Timed<Product>; 4],
    /// $A$ along both axes.
    rows: [Vec<Fr>; 2],
    tables: std::time::Duration,
}

impl Transforms {
    fn final_values(&self, layer: &FftConvolutionLayer, points: [&[Fr]; 4]) -> TransformValues {
        let at = |row: &[Fr], point: &[Fr]| backend().inner_product(&eq::table(point, row.len()), row);
        let [height, width] = layer.split_input(points[0]);
        let [input, weights, top, left] =
            self.instances.each_ref().map(|timed| timed.instance.final_values());
        TransformValues {
            input: input[1],
            rows: [at(&self.rows[0], &height), at(&self.rows[1], &width)],
            weights: weights[1],
            crops: [top[1], left[1]],
        }
    }
}

impl FftConvolutionProver<'_> {
    /// Elements at each frequency: groups times channels, both padded.
    const fn lanes(&self) -> usize {
        1 << (bits_of(self.layer.groups) + bits_of(self.layer.channels))
    }

    /// The place of channel `channel` of all groups among a frequency's elements.
    const fn lane(&self, channel: usize) -> usize {
        let channels = self.layer.channels;
        ((channel / channels) << bits_of(channels)) | (channel % channels)
    }

    /// The tables of the first stage.
    pub fn spectra(&self) -> Spectra {
        let axes = &self.layer.axes;
        let num_vars = axes.map(|axis| axis.num_vars);
        let positions = self.layer.positions(&self.claim);
        let crops = [0, 1].map(|side| crop_spectrum(&axes[side], &positions[side]));
        let [height, width] = axes.map(|axis| axis.input);
        let mut input = Plane::new(num_vars, self.lanes());
        for (i, &x) in self.input.data().iter().enumerate().filter(|(_, x)| **x != 0) {
            let (channel, row, column) = (i / (height * width), i / width % height, i % width);
            *input.at([row, column], self.lane(channel)) = from_i64(x);
        }
        let [k_height, k_width] = axes.map(|axis| axis.window.kernel);
        let places = axes.map(|axis| axis.kernel_vector(vec![Fr::from(0_u64); axis.num_vars]));
        let mut weights = Plane::new(num_vars, self.lanes());
        for (i, &weight) in self.weights.iter().enumerate() {
            let (channel, row, column) = (i / (k_height * k_width), i / k_width % k_height, i % k_width);
            // Offsets that are the same modulo the transform's length add up.
            *weights.at([places[0].position(row), places[1].position(column)], self.lane(channel)) += weight;
        }
        Spectra { crops, weights: weights.transform(), input: input.transform() }
    }

    /// The first stage's sumcheck.
    fn product(&self, spectra: Spectra) -> Weighted {
        let claim = self.layer.product_claim(&self.claim);
        let groups = eq::table(&self.claim.group, 1 << self.claim.group.len());
        let mut weights: Vec<Fr> = Vec::with_capacity(spectra.weights.len() / self.lanes() * groups.len());
        for row in &spectra.crops[0] {
            for column in &spectra.crops[1] {
                let both = *row * column;
                weights.extend(groups.iter().map(|group| both * group));
            }
        }
        let frequency_vars: usize = self.layer.axes.iter().map(|axis| axis.num_vars).sum();
        let weights = Mle::new(weights, frequency_vars + self.claim.group.len());
        let table = |values| Mle::new(values, claim.num_vars);
        Weighted::new(weights, table(spectra.weights), table(spectra.input), claim.sum)
    }

    /// The second stage's sumchecks.
    fn transforms(&self, id: NodeId, spectra: &SpectrumClaims) -> Transforms {
        let (parts, tables) = timed(|| {
            let axes = &self.layer.axes;
            let periods =
                [0, 1].map(|side| fourier::levels(&spectra.frequencies[side]).pop().unwrap_or_default());
            let sums = self.layer.transform_claims(spectra).map(|claim| claim.sum);
            // Rows of the Fourier matrix beyond the input count for zeros: they are there because the verifier evaluates
            // the whole vector.
            let rows = [0, 1].map(|side| {
                let vector = AxisTransform::input_vector(spectra.frequencies[side].clone());
                entries(&vector, &periods[side], 1 << bits_of(axes[side].input))
            });
            let input = self.input_product(spectra, &rows, sums[0]);
            let weights = self.weights_product(spectra, &periods, sums[1]);
            let positions = self.layer.positions(&self.claim);
            let crop = |side: usize| {
                let (axis, position) = (&axes[side], &positions[side]);
                let vector = axis.crop_vector(spectra.frequencies[side].clone());
                let table = |values| Mle::new(values, position.len());
                let window = entries(&vector, &periods[side], 1 << position.len());
                Product::new(table(eq::table(position, axis.output)), table(window), sums[2 + side])
            };
            ([input, weights, crop(0), crop(1)], rows)
        });
        let (instances, rows) = parts;
        Transforms { instances: instances.map(|instance| Timed::new(id, instance)), rows, tables }
    }

    /// $\sum_i A(i)\, \widetilde x(g^\ast, c^\ast, i)$.
    fn input_product(&self, spectra: &SpectrumClaims, rows: &[Vec<Fr>; 2], sum: Fr) -> Product {
        let layout = self.input.layout();
        let channel = [spectra.group.as_slice(), &spectra.channel].concat();
        let folded = fold_rows(layout, Integers::Int64(self.input.data()), 1, &channel);
        let vectors: Vec<Fr> = rows[0].iter().flat_map(|a| rows[1].iter().map(move |b| *a * b)).collect();
        let input = pad_axes(folded, &layout.axes()[1..]);
        Product::new(Mle::new(vectors, input.num_vars()), input, sum)
    }

    /// $\sum_k B(k)\, \widetilde W(g^\ast, r_o, c^\ast, k)$.
    fn weights_product(&self, spectra: &SpectrumClaims, periods: &[Vec<Fr>; 2], sum: Fr) -> Product {
        let axes = &self.layer.axes;
        let kernels = axes.map(|axis| axis.window.kernel);
        let offsets = kernels[0] * kernels[1];
        let channels = [(self.layer.groups, &*spectra.group), (self.layer.channels, &*spectra.channel)];
        let mut folded = vec![Fr::from(0_u64); offsets];
        for (scale, offsets) in kronecker(channels.into_iter()).into_iter().zip(self.weights.chunks(offsets))
        {
            backend().add_scaled(&mut folded, offsets, scale);
        }
        let [rows, columns] = [0, 1].map(|side| {
            let vector = axes[side].kernel_vector(spectra.frequencies[side].clone());
            entries(&vector, &periods[side], kernels[side])
        });
        let vectors: Vec<Fr> = rows.iter().flat_map(|a| columns.iter().map(move |b| *a * b)).collect();
        Product::new(pad_axes(vectors, &kernels), pad_axes(folded, &kernels), sum)
    }
}

/// The first `length` entries of a vector whose period with step one and offset zero is given.
fn entries(vector: &tacit_layers::argument::fourier::FourierVector, period: &[Fr], length: usize) -> Vec<Fr> {
    (0..length).map(|i| period[vector.position(i)]).collect()
}

/// $G(f) = \sum_p \mathrm{eq}(r_p, p)\, \omega^{(b - s p) f}$.
fn crop_spectrum(axis: &AxisTransform, position: &[Fr]) -> Vec<Fr> {
    let places = axis.crop_vector(vec![Fr::from(0_u64); axis.num_vars]);
    let mut plane = Plane::new([0, axis.num_vars], 1);
    for (p, weight) in eq::table(position, axis.output).into_iter().enumerate() {
        *plane.at([0, places.position(p)], 0) += weight;
    }
    plane.transform()
}

/// All convolutions of a network that are proved by this argument.
pub(crate) fn prove_all(session: &mut Session, claims: Vec<LinearClaim>) {
    if claims.is_empty() {
        return;
    }
    let (network, plan, trace) = (session.network, session.plan, session.trace);
    let convolutions: Vec<FftConvolutionProver> = claims
        .iter()
        .map(|claim| {
            let node = network.architecture.node(claim.node);
            let Operation::Conv2d(layer) = &node.operation else {
                unreachable!("only convolutions leave such claims")
            };
            debug_assert_eq!(layer.argument, ConvolutionArgument::Fft);
            let weights = session.charged(claim.node, |session| {
                weights_at(session, claim.weights, layer.groups, &claim.filter)
            });
            let layout = |id: NodeId| &plan.specs[id.index()].layout;
            FftConvolutionProver {
                layer: FftConvolutionLayer::of(layer, layout(node.inputs[0]), layout(claim.node)),
                claim: FftClaim {
                    group: claim.group.clone(),
                    position: claim.others.clone(),
                    value: claim.value,
                },
                weights,
                input: &trace.values()[node.inputs[0].index()],
            }
        })
        .collect();
    let (left, costs) = prove_timed(&mut session.writer, &convolutions);
    for ((claim, left), cost) in claims.into_iter().zip(left).zip(costs) {
        session.layers[claim.node.index()].add(cost);
        let column = Column::Parameter(claim.weights);
        let point = [left.group, claim.filter, left.weights_point].concat();
        session.claims.columns.push(EvaluationClaim::new(column, point, left.weights));
        let read = session.node(claim.node).inputs[0];
        session.claim_activation(read, left.input_point, left.input);
    }
}
