//! The soundness error of a network's proof.

use crate::{
    argument::{
        choice::{ConvolutionArgument, MatmulArgument},
        claim::Column,
        matmul::polynomial::cross_halves,
        soundness::*,
    },
    layer::{Operation, conv2d::fft::FftConvolutionLayer, gated::Gated, rescale::Multiplier},
    network::Architecture,
    proof::plan::{Plan, max_pools},
    tensor::{layout::bits_of, value::NodeId},
};
/// Whether a layer is proved by comparing polynomials.
fn is_polynomial(operation: &Operation) -> bool {
    match operation {
        Operation::Conv2d(layer) => layer.argument == ConvolutionArgument::Polynomial,
        Operation::Dense(layer) => layer.argument == MatmulArgument::Polynomial,
        Operation::Product(layer) => layer.argument == MatmulArgument::Polynomial,
        _ => false,
    }
}

fn is_gated(operation: &Operation) -> bool {
    match operation {
        Operation::Conv2d(layer) => layer.argument == ConvolutionArgument::Gates,
        Operation::Dense(layer) => layer.argument == MatmulArgument::Gates,
        Operation::Product(layer) => layer.argument == MatmulArgument::Gates,
        Operation::Circuit(_) => true,
        _ => false,
    }
}

/// Errors of the polynomial arguments for convolutions and for matrix products; none where no layer is proved so.
fn polynomials(architecture: &Architecture, plan: &Plan) -> [SoundnessError; 2] {
    let (mut degree, mut num_vars, mut convolutions, mut products) = (0_usize, 0, 0, 0);
    let mut batch_vars = 0;
    for (node, index) in architecture.nodes.iter().zip(0..) {
        match &node.operation {
            Operation::Conv2d(layer) if is_polynomial(&node.operation) => {
                let input = node.inputs.first().and_then(|id| plan.specs.get(id.index()));
                let channel_vars = input.map_or(0, |spec| spec.layout.axis_vars().take(1).sum());
                let Some(product) = plan.late_layout(Column::Convolved(NodeId(index))) else { continue };
                // Padded factors multiply to less than twice the padded product.
                degree = degree.saturating_add(product.axis_vars().map(|vars| 2_usize << vars).sum());
                num_vars = product.num_vars().max(channel_vars + layer.group_vars()).max(num_vars);
                convolutions += 1;
            }
            Operation::Dense(_) if is_polynomial(&node.operation) => products += 1,
            Operation::Product(layer) if is_polynomial(&node.operation) => {
                products += 1;
                let layout = |i: usize| node.inputs.get(i).and_then(|id| plan.specs.get(id.index()));
                let (Some(left), Some(right)) = (layout(0), layout(1)) else { continue };
                let Ok(axes) = layer.axes(&node.name, &left.layout, &right.layout) else { continue };
                batch_vars = batch_vars.max(axes.summed_vars().saturating_sub(axes.inner_vars()));
            }
            _ => {}
        }
    }
    let half = plan.late_layout(Column::CrossTerms).map(|layout| cross_halves(layout).0);
    let convolutions = match convolutions {
        0 => SoundnessError::default(),
        layers => polynomial_convolution(degree, num_vars, layers),
    };
    let products = half.map(|half| polynomial_matmul(half, batch_vars, products));
    [convolutions, products.unwrap_or_default()]
}

/// Every sub-protocol of a network's proof.
pub fn network(architecture: &Architecture, plan: &Plan) -> Vec<(&'static str, SoundnessError)> {
    let spec = |index: usize| plan.specs.get(index);
    let largest = |vars: &[usize]| vars.iter().copied().max().unwrap_or(0);
    let (mut channels, mut contractions, mut spatial, mut products) = (vec![], vec![], vec![], vec![]);
    let mut transformed = vec![];
    for (node, index) in architecture.nodes.iter().zip(0..) {
        let input = node.inputs.first().and_then(|id| spec(id.index()));
        if let Operation::Conv2d(layer) = &node.operation
            && layer.argument == ConvolutionArgument::Fft
            && let (Some(input), Some(output)) = (input, spec(index))
        {
            transformed.push(FftConvolutionLayer::of(layer, &input.layout, &output.layout));
            continue;
        }
        if let Operation::Rescale(layer) = &node.operation
            && let Multiplier::PerChannel { values, .. } = &layer.multiplier
        {
            channels.push(bits_of(values.len()));
        }
        if is_polynomial(&node.operation) || is_gated(&node.operation) {
            continue;
        }
        if let Some(id) = node.operation.parameters().first() {
            let group_vars =
                if let Operation::Conv2d(layer) = &node.operation { layer.group_vars() } else { 0 };
            let weights: Option<usize> =
                architecture.parameters.get(id.index()).map(|spec| spec.layout.axis_vars().skip(1).sum());
            contractions.push(weights.unwrap_or(0) + group_vars);
        }
        if let Operation::Product(layer) = &node.operation
            && let [Some(left), Some(right)] =
                [0, 1].map(|i| node.inputs.get(i).and_then(|id| spec(id.index())))
            && let Ok(axes) = layer.axes(&node.name, &left.layout, &right.layout)
        {
            products.push(axes.summed_vars());
        }
        if crate::layer::window(&node.operation).is_some() {
            let vars = input.map_or(0, |spec| spec.layout.axis_vars().skip(1).sum());
            let twice = matches!(node.operation, Operation::MaxPool(_));
            spatial.extend(std::iter::repeat_n(vars, 1 + usize::from(twice)));
        }
    }
    let pools: Vec<_> = max_pools(architecture)
        .filter_map(|(id, layer)| {
            let offset_vars: usize = layer.offset_vars().iter().sum();
            Some((spec(id.index())?.layout.num_vars(), layer.window.num_offsets(), offset_vars))
        })
        .collect();
    // A view's claims are on its inputs; there are no more levels than views.
    let view_vars: Vec<usize> = architecture
        .nodes
        .iter()
        .filter(|node| node.operation.is_view())
        .flat_map(|node| node.inputs.iter().filter_map(|id| spec(id.index())))
        .map(|spec| spec.layout.num_vars())
        .collect();
    let outputs: usize = architecture
        .outputs
        .iter()
        .filter_map(|output| spec(output.node.index()))
        .map(|spec| spec.layout.num_vars())
        .sum();
    let gated: Vec<Gated> = Gated::all(architecture, &plan.specs).map(|(_, gated)| gated).collect();
    // Every edge of the graph leaves at most two claims, a witness column is looked up once or twice, a parameter is read
    // once, an output adds one, and so does the look-up of a committed input.
    let edges: usize = architecture.nodes.iter().map(|node| node.inputs.len()).sum();
    let claims = 2 * (plan.witness.len() + edges)
        + plan.parameters.len()
        + usize::from(plan.input.is_some())
        + architecture.outputs.len()
        + plan.num_view_claims
        + 2 * plan.late.len()
        + gated.iter().flat_map(|gated| gated.circuit.claim_counts()).sum::<usize>();
    let [convolutions, inner_products] = polynomials(architecture, plan);
    vec![
        ("outputs", SoundnessError::new(outputs as u128)),
        ("look-ups", logup(plan.tree_vars)),
        (
            "max-pools",
            max_pool(
                largest(&pools.iter().map(|pool| pool.0).collect::<Vec<_>>()),
                largest(&pools.iter().map(|pool| pool.1).collect::<Vec<_>>()),
                largest(&pools.iter().map(|pool| pool.2).collect::<Vec<_>>()),
                pools.len(),
            ),
        ),
        ("rescales", rescale(largest(&channels), channels.len())),
        ("contractions", contraction(largest(&contractions), contractions.len())),
        ("products", self::products(largest(&products), products.len())),
        ("FFT convolutions", fft_convolutions(&transformed)),
        ("gates", gates(&gated)),
        ("windows", windows(largest(&spatial), spatial.len())),
        ("polynomial convolutions", convolutions),
        ("polynomial products", inner_products),
        ("views", views(largest(&view_vars), view_vars.len(), plan.num_view_claims)),
        ("openings", hyrax(plan.opening_vars(), claims)),
    ]
}
