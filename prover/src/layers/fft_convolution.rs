//! Convolutions in the frequency domain (see [`tacit_layers::layer::conv2d::fft`]); [`crate::alone`] has an example of one by itself.

use ark_bn254::Fr;
use tacit_algebra::{eq, kernels::backend, small::from_i64};
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
use tacit_transcript::{ProofWriter, labels};

use super::{
    contraction::weights_at,
    fourier::{self, FourierProver},
    matmul::{fold_rows, pad_axes},
};
use crate::{
    integers::Integers,
    observer::{Observer, Profiler},
    session::Session,
    sumcheck::{Product, Weighted},
    transform::Plane,
};

/// A convolution to prove.
#[doc(hidden)]
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
#[doc(hidden)]
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
#[doc(hidden)]
pub fn prove(writer: &mut ProofWriter, convolutions: &[FftConvolutionProver]) -> Vec<FftConvolutionClaims> {
    let nodes: Vec<NodeId> = (0..).map(NodeId).take(convolutions.len()).collect();
    prove_observed(writer, &mut Profiler::new(nodes.len()), &nodes, convolutions)
}

/// [`prove`] for these nodes.
fn prove_observed(
    writer: &mut ProofWriter,
    observer: &mut impl Observer,
    nodes: &[NodeId],
    convolutions: &[FftConvolutionProver],
) -> Vec<FftConvolutionClaims> {
    let spectra = nodes.iter().zip(convolutions);
    let spectra =
        spectra.map(|(node, convolution)| observer.profiler().span(*node, || convolution.spectra()));
    let spectra = spectra.collect();
    prove_stages(writer, observer, nodes, convolutions, spectra)
}

/// All steps, from the tables of the first on.
pub(crate) fn prove_stages(
    writer: &mut ProofWriter,
    observer: &mut impl Observer,
    nodes: &[NodeId],
    convolutions: &[FftConvolutionProver],
    spectra: Vec<Spectra>,
) -> Vec<FftConvolutionClaims> {
    let products = prove_products(writer, observer, nodes, convolutions, spectra);
    let (claims, vectors) = prove_transforms(writer, observer, nodes, convolutions, &products);
    // Step 3: Fourier vectors, those of all convolutions together.
    let vectors: Vec<FourierProver> = vectors.into_iter().map(FourierProver::new).collect();
    observer.profiler().shared_span(nodes, || fourier::prove(writer, vectors));
    claims
}

/// Step 1: the product of weights and input in the frequency domain.
fn prove_products(
    writer: &mut ProofWriter,
    observer: &mut impl Observer,
    nodes: &[NodeId],
    convolutions: &[FftConvolutionProver],
    spectra: Vec<Spectra>,
) -> Vec<SpectrumClaims> {
    let crops: Vec<[Vec<Fr>; 2]> = spectra.iter().map(|spectra| spectra.crops.clone()).collect();
    let products =
        convolutions.iter().zip(spectra).map(|(convolution, spectra)| convolution.product(spectra));
    let mut instances: Vec<(NodeId, Weighted)> = nodes.iter().copied().zip(products).collect();
    let point = observer.prove_batch(writer, &mut instances, RoundWeights::Uniform);
    let mut left = vec![];
    for ((convolution, crops), (_, instance)) in convolutions.iter().zip(&crops).zip(&instances) {
        let layer = &convolution.layer;
        let point = instance_point(&point, layer.num_vars());
        let [weights, input] = instance.ended();
        let mut claims = layer.spectrum_claims(point, [weights; 4]);
        let at =
            |crop: &[Fr], frequency: &[Fr]| backend().inner_product(&eq::table(frequency, crop.len()), crop);
        let [height, width] = &claims.frequencies;
        claims.values = [at(&crops[0], height), at(&crops[1], width), weights, input];
        left.push(claims);
    }
    let mut values: Vec<[Fr; 4]> = left.iter().map(|claims| claims.values).collect();
    observer.write_for(writer, labels::SPECTRUM_VALUES, nodes.iter().copied(), &mut values);
    for (FftConvolutionProver { layer, claim, .. }, spectra) in convolutions.iter().zip(&left) {
        let [top, left, weights, input] = spectra.values;
        let weight = layer.product_weight(claim, spectra);
        let weight = weight.unwrap_or_else(|_| unreachable!("both are of one layer"));
        writer.write_partial_products(&[top, left, weights * weight, input]);
    }
    left
}

/// Step 2: spectra and crops back to weights, input and positions.
fn prove_transforms(
    writer: &mut ProofWriter,
    observer: &mut impl Observer,
    nodes: &[NodeId],
    convolutions: &[FftConvolutionProver],
    spectra: &[SpectrumClaims],
) -> (Vec<FftConvolutionClaims>, Vec<FourierClaim>) {
    let (mut instances, mut rows) = (vec![], vec![]);
    for (node, (convolution, spectra)) in nodes.iter().zip(convolutions.iter().zip(spectra)) {
        let (products, of_input) = observer.profiler().span(*node, || convolution.transforms(spectra));
        instances.extend(products.map(|product| (*node, product)));
        rows.push(of_input);
    }
    let point = observer.prove_batch(writer, &mut instances, RoundWeights::Uniform);
    let points = |layer: &FftConvolutionLayer| layer.transform_vars().map(|n| instance_point(&point, n));
    let values: Vec<TransformValues> = convolutions
        .iter()
        .zip(instances.as_chunks::<4>().0.iter().zip(&rows))
        .map(|(FftConvolutionProver { layer, .. }, (instances, rows))| {
            let finals = instances.each_ref().map(|(_, instance)| instance.ended()[1]);
            transform_values(layer, finals, rows, points(layer))
        })
        .collect();
    let mut scalars: Vec<[Fr; TransformValues::COUNT]> =
        values.iter().map(|values| values.to_scalars()).collect();
    observer.write_for(writer, labels::TRANSFORM_VALUES, nodes.iter().copied(), &mut scalars);
    for TransformValues { input, rows: [row, column], .. } in &values {
        writer.write_partial_products(&[*input, *row, *column]);
    }
    let (mut claims, mut vectors) = (vec![], vec![]);
    for (node, ((FftConvolutionProver { layer, .. }, spectra), values)) in
        nodes.iter().zip(convolutions.iter().zip(spectra).zip(&values))
    {
        claims.push(layer.claims(spectra, points(layer), values));
        let own = short(layer.fourier_claims(spectra, points(layer), values));
        let rounds = own.iter().map(|claim| (*node, fourier::num_rounds(claim.num_vars())));
        observer.profiler().count_rounds(rounds);
        vectors.extend(own);
        observer.profiler().sent(*node, layer.num_level_values());
    }
    (claims, vectors)
}

/// What is sent of a convolution's second stage; `rows` are $A$ along both axes.
fn transform_values(
    layer: &FftConvolutionLayer,
    [input, weights, top, left]: [Fr; 4],
    rows: &[Vec<Fr>; 2],
    points: [&[Fr]; 4],
) -> TransformValues {
    let at = |row: &[Fr], point: &[Fr]| backend().inner_product(&eq::table(point, row.len()), row);
    let [height, width] = layer.split_input(points[0]);
    let rows = [at(&rows[0], &height), at(&rows[1], &width)];
    TransformValues { input, rows, weights, crops: [top, left] }
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
        let places = axes.map(|axis| short(axis.kernel_vector(vec![Fr::from(0_u64); axis.num_vars])));
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
        let weights = crate::evaluation::table(weights, frequency_vars + self.claim.group.len());
        let table = |values| crate::evaluation::table(values, claim.num_vars);
        Weighted::of(weights, table(spectra.weights), table(spectra.input), claim.sum)
    }

    /// The second stage's sumchecks, for input, weights and both crops, and $A$ along both axes.
    fn transforms(&self, spectra: &SpectrumClaims) -> ([Product; 4], [Vec<Fr>; 2]) {
        let axes = &self.layer.axes;
        let periods =
            [0, 1].map(|side| fourier::levels(&spectra.frequencies[side]).pop().unwrap_or_default());
        let sums = self.layer.transform_claims(spectra).map(|claim| claim.sum);
        // Rows of the Fourier matrix beyond the input count for zeros: they are there because the verifier evaluates
        // the whole vector.
        let rows = [0, 1].map(|side| {
            let vector = short(AxisTransform::input_vector(spectra.frequencies[side].clone()));
            entries(&vector, &periods[side], 1 << bits_of(axes[side].input))
        });
        let input = self.input_product(spectra, &rows, sums[0]);
        let weights = self.weights_product(spectra, &periods, sums[1]);
        let positions = self.layer.positions(&self.claim);
        let crop = |side: usize| {
            let (axis, position) = (&axes[side], &positions[side]);
            let vector = short(axis.crop_vector(spectra.frequencies[side].clone()));
            let table = |values| crate::evaluation::table(values, position.len());
            let window = entries(&vector, &periods[side], 1 << position.len());
            Product::of(table(eq::table(position, axis.output)), table(window), sums[2 + side])
        };
        ([input, weights, crop(0), crop(1)], rows)
    }

    /// $\sum_i A(i) \widetilde x(g^\ast, c^\ast, i)$.
    fn input_product(&self, spectra: &SpectrumClaims, rows: &[Vec<Fr>; 2], sum: Fr) -> Product {
        let layout = self.input.layout();
        let channel = [spectra.group.as_slice(), &spectra.channel].concat();
        let folded = fold_rows(layout, Integers::Int64(self.input.data()), 1, &channel);
        let vectors: Vec<Fr> = rows[0].iter().flat_map(|a| rows[1].iter().map(move |b| *a * b)).collect();
        let input = pad_axes(folded, &layout.axes()[1..]);
        Product::of(crate::evaluation::table(vectors, input.num_vars()), input, sum)
    }

    /// $\sum_k B(k) \widetilde W(g^\ast, r_o, c^\ast, k)$.
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
            let vector = short(axes[side].kernel_vector(spectra.frequencies[side].clone()));
            entries(&vector, &periods[side], kernels[side])
        });
        let vectors: Vec<Fr> = rows.iter().flat_map(|a| columns.iter().map(move |b| *a * b)).collect();
        Product::of(pad_axes(vectors, &kernels), pad_axes(folded, &kernels), sum)
    }
}

/// Vectors of a layer whose spectrum is no larger than supported.
fn short<T>(vectors: std::result::Result<T, tacit_algebra::Error>) -> T {
    vectors.unwrap_or_else(|error| unreachable!("{error}"))
}

/// The first `length` entries of a vector whose period with step one and offset zero is given.
fn entries(vector: &tacit_layers::argument::fourier::FourierVector, period: &[Fr], length: usize) -> Vec<Fr> {
    (0..length).map(|i| period[vector.position(i)]).collect()
}

/// $G(f) = \sum_p \mathrm{eq}(r_p, p) \omega^{(b - s p) f}$.
fn crop_spectrum(axis: &AxisTransform, position: &[Fr]) -> Vec<Fr> {
    let places = short(axis.crop_vector(vec![Fr::from(0_u64); axis.num_vars]));
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
            let weights = session.for_node(claim.node, |session| {
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
    let nodes: Vec<NodeId> = claims.iter().map(|claim| claim.node).collect();
    let left = prove_observed(session.writer, &mut session.observer, &nodes, &convolutions);
    for (claim, left) in claims.into_iter().zip(left) {
        let column = Column::Parameter(claim.weights);
        let point = [left.group, claim.filter, left.weights_point].concat();
        session.claims.columns.push(EvaluationClaim::new(column, point, left.weights));
        let read = session.node(claim.node).inputs[0];
        session.claim_activation(read, left.input_point, left.input);
    }
}
