//! What a proof tells about its layers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/networks.rs"]
mod networks;

use std::time::Duration;

use networks::Source;
use tacit_inference::cost::node_cost;
use tacit_layers::{ConvolutionArgument, MatmulArgument, NodeId, Operation, ValueKind};
use tacit_prover::{LayerProfile, ProvingKey, prove};

#[test]
fn every_layer_is_charged_within_the_phase_it_belongs_to() {
    for (network, &argument) in networks::all(11)
        .into_iter()
        .flat_map(|n| ConvolutionArgument::ALL.iter().map(move |a| (n.clone(), a)))
    {
        let network = network.with_arguments(argument, MatmulArgument::default()).unwrap();
        let input = Source::new(12).input(&network);
        let key = ProvingKey::setup(network).unwrap();
        let proven = prove(&key, &input).unwrap();
        let nodes = &key.network().architecture.nodes;
        assert_eq!(proven.layers.len(), nodes.len());
        let total =
            |part: fn(&LayerProfile) -> Duration| -> Duration { proven.layers.iter().map(part).sum() };
        assert!(total(|layer| layer.commit) <= proven.phases.commit);
        assert!(total(LayerProfile::argument) <= proven.phases.linear);
        assert!(total(|layer| layer.inference) <= proven.phases.inference);
        // What is shared out is all of it, but for what rounding takes.
        let (plan, rounding) = (key.verifying_key().plan(), Duration::from_micros(1));
        for (shared, phase, occurs) in [
            (total(|layer| layer.lookups), proven.phases.lookups, !plan.tables.is_empty()),
            (total(|layer| layer.opening), proven.phases.opening, !plan.parameters.is_empty()),
        ] {
            assert!(!occurs || shared.abs_diff(phase) <= rounding, "{shared:?} of {phase:?}");
        }
        let bytes: usize = proven.layers.iter().map(|layer| layer.bytes).sum();
        assert!(bytes < proven.proof.len());
        let sites = key.network().architecture.sites(&key.verifying_key().plan().specs);
        for ((node, site), layer) in sites.zip(&proven.layers) {
            match &node.operation {
                Operation::Dense(dense) => {
                    let input = site.inputs.layout(0).unwrap();
                    let inner: usize = input.axis_vars().skip(dense.num_row_axes).sum();
                    assert_eq!(layer.num_rounds, inner, "{}", node.name);
                }
                Operation::Conv2d(_) => assert!(layer.num_rounds > 0, "{}", node.name),
                _ => {}
            }
        }
        for (node, layer) in nodes.iter().zip(&proven.layers) {
            let charged = layer.argument() > Duration::ZERO && layer.bytes >= 32;
            match node.operation {
                Operation::Input(_) | Operation::Flatten(_) => {
                    assert_eq!(
                        *layer,
                        LayerProfile { inference: layer.inference, ..LayerProfile::default() }
                    );
                }
                Operation::Dense(_) | Operation::Conv2d(_) | Operation::MaxPool(_) => {
                    assert!(charged, "{}", node.name);
                }
                _ => {}
            }
        }
        for (i, layer) in (0..).zip(&proven.layers) {
            let architecture = &key.network().architecture;
            if matches!(architecture.node(NodeId(i)).operation, Operation::Conv2d(_)) {
                let predicted = node_cost(architecture, key.verifying_key().plan(), NodeId(i)).argument;
                assert_eq!(layer.bytes, predicted.own_bytes, "{}", architecture.node(NodeId(i)).name);
            }
        }
        for (layer, spec) in proven.layers.iter().zip(&key.verifying_key().plan().specs) {
            assert!(layer.commit == Duration::ZERO || matches!(spec.kind, ValueKind::Activation { .. }));
        }
    }
}
