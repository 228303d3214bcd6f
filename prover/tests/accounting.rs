//! The soundness error of whole proofs: every challenge that a verifier squeezes is counted, and the sum is small enough.
//!
//! What a challenge may cost is worked out here a second time, from the transcript's events and the shapes of columns alone:
//! which challenge it is, how many coefficients the message before it has, how many claims it combines. No sub-protocol's
//! function may fall below that.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/networks.rs"]
mod networks;
#[path = "support/random.rs"]
mod random;
#[path = "support/tiny.rs"]
mod tiny;

use std::collections::{BTreeMap, BTreeSet};

use networks::Source;
use tacit_layers::{
    ConvolutionArgument, MatmulArgument, Network, Tensor, VerifyingKey,
    argument::{claim::Column, soundness::SoundnessError},
    layer::gated::Gated,
    proof::{
        parameters::ParameterPlan,
        statement::{Input, Statement},
    },
};
use tacit_prover::{InputOpening, ProvingKey, Seed, prove, prove_committed, prove_parameters};
use tacit_transcript::{Event, Label, labels};
use tacit_verifier::{verify, verify_parameters, verify_statement};

/// The least soundness that a key may have, in bits.
const LEAST_BITS: f64 = 100.0;

/// The sub-protocol that a message, or a challenge used by one alone, belongs to.
fn protocol(label: Label) -> Option<&'static str> {
    Some(match label {
        labels::OUTPUT_POINT => "outputs",
        labels::FINGERPRINT | labels::FRACTIONS | labels::FRACTION_BATCH | labels::FRACTION_CHILD => {
            "look-ups"
        }
        labels::POOL_POINT | labels::POOL_DIFFERENCES | labels::POOL_OFFSET => "max-pools",
        labels::ACCUMULATOR_VALUES => "rescales",
        labels::CONTRACTION_VALUES => "contractions",
        labels::PRODUCT_VALUES => "products",
        labels::SPECTRUM_VALUES | labels::TRANSFORM_VALUES | labels::FOURIER_VALUES => "FFT convolutions",
        labels::GATE_CLAIM_BATCH | labels::GATE_LEFT_VALUES | labels::GATE_RIGHT_VALUES => "gates",
        labels::WINDOW_VALUES => "windows",
        labels::CONVOLUTION_POINT | labels::CONVOLUTION_VALUES => "polynomial convolutions",
        labels::CROSS_BATCH | labels::CROSS_POWER | labels::FACTOR_VALUES => "polynomial products",
        labels::VIEW_VALUES => "views",
        labels::INNER_PRODUCT_GENERATOR | labels::INNER_PRODUCT_CHALLENGE => "openings",
        labels::CONSTRAINT_BATCH
        | labels::MASKING_CHALLENGE
        | labels::MASKING_FACTORS
        | labels::FORM_BATCH
        | labels::OPENING_BLINDING => "masked messages",
        _ => return None,
    })
}

/// The sub-protocol of a sumcheck: that of the first message behind its rounds. The opening's is followed by a challenge, of
/// the inner product or, where messages are masked, of the checks behind them.
fn sumcheck_protocol(behind: &[Event]) -> &'static str {
    let next = behind.iter().find_map(|event| match event {
        Event::Message(labels::ROUND_POLYNOMIAL, _) | Event::Squeeze(labels::ROUND_CHALLENGE) => None,
        Event::Message(label, _) | Event::Squeeze(label) | Event::Absorb(label, _) => Some(*label),
    });
    if next == Some(labels::CONSTRAINT_BATCH) {
        return "openings";
    }
    next.and_then(protocol).unwrap_or_else(|| panic!("a sumcheck is followed by {next:?}"))
}

/// Scalars of a claim of a sum when it is absorbed: variables, degree and sum.
const SUM_CLAIM_BYTES: usize = 3 * 32;

/// Bad challenges among all that could be squeezed at this place; the look-ups' tree has so many variables.
fn bad_challenges(events: &[Event], index: usize, key: &VerifyingKey, tree_vars: usize) -> usize {
    let Event::Squeeze(label) = events[index] else { return 0 };
    let (plan, before) = (key.plan(), events[index - 1]);
    match (label, before) {
        // A random combination of as many claims as were absorbed.
        (labels::SUMCHECK_BATCH, Event::Absorb(labels::CLAIM, bytes)) => {
            assert_eq!(bytes % SUM_CLAIM_BYTES, 0);
            bytes / SUM_CLAIM_BYTES - 1
        }
        // As many roots as the polynomial has coefficients beside the constant.
        (labels::ROUND_CHALLENGE, Event::Message(labels::ROUND_POLYNOMIAL, degree)) => degree,
        // Multilinear polynomials at a random point, a root for each variable; values that are linear in the challenge.
        (
            labels::OUTPUT_POINT
            | labels::POOL_POINT
            | labels::POOL_OFFSET
            | labels::FRACTION_BATCH
            | labels::FRACTION_CHILD
            | labels::INNER_PRODUCT_GENERATOR,
            _,
        ) => 1,
        // Two challenges in a polynomial of degree two for each leaf.
        (labels::FINGERPRINT, _) => 1 << tree_vars,
        // Powers of the challenge combine claims on a layer; all layers are charged to the first challenge.
        (labels::GATE_CLAIM_BATCH, _) if events[..index].contains(&events[index]) => 0,
        (labels::GATE_CLAIM_BATCH, _) => {
            let combined = |gated: &Gated| -> usize {
                let layers = gated.circuit.claim_counts().split_off(gated.circuit.inputs.len());
                layers.into_iter().map(|claims| claims.saturating_sub(1)).sum()
            };
            let sites = key.architecture().sites(&plan.specs);
            let gated = sites.filter_map(|(node, site)| node.operation.layer().gated(&site));
            gated.map(|gated| combined(&gated)).sum()
        }
        // One for each axis, height before width: polynomials of less than twice the padded axis.
        (labels::CONVOLUTION_POINT, _) => {
            let axis = usize::from(before == Event::Squeeze(labels::CONVOLUTION_POINT));
            let products =
                plan.deferred.iter().filter(|deferred| matches!(deferred.column, Column::Convolved(_)));
            products.map(|deferred| 2 << deferred.layout.axis_vars().nth(axis).unwrap()).sum()
        }
        // Powers of the challenge combine layers, each of which sends two factors later.
        (labels::CROSS_BATCH, _) => {
            let layers = events.iter().find_map(|event| match event {
                Event::Message(labels::FACTOR_VALUES, count) => Some(count / 2),
                _ => None,
            });
            layers.unwrap() - 1
        }
        // Products of two factors of as many padded positions as the cross terms, which are shifted by half of them.
        (labels::CROSS_POWER, _) => 2 << plan.deferred_layout(Column::CrossTerms).unwrap().num_vars(),
        // Powers of the challenge combine the checks, each of which is of some masked scalar sent before.
        (labels::CONSTRAINT_BATCH, _) => events[..index].iter().map(scalars).sum(),
        // Three answers determine what is behind the masks.
        (labels::MASKING_CHALLENGE, _) => 2,
        // Powers of the challenge combine four linear forms.
        (labels::FORM_BATCH, _) => 3,
        // Four challenges extract a fold.
        (labels::INNER_PRODUCT_CHALLENGE, Event::Message(labels::INNER_PRODUCT_HALVES, 2)) => 4,
        (label, before) => panic!("`{label}` behind {before:?} is not accounted for"),
    }
}

/// Elements of a message.
const fn scalars(event: &Event) -> usize {
    match event {
        Event::Message(_, count) => *count,
        Event::Absorb(..) | Event::Squeeze(_) => 0,
    }
}

/// Steps without the commitments to masks, which lie between other messages: no challenge follows from them alone.
fn without_masks(events: Vec<Event>) -> Vec<Event> {
    let is_mask = |event: &Event| matches!(event, Event::Message(labels::MASK_COMMITMENT, _));
    events.into_iter().filter(|event| !is_mask(event)).collect()
}

/// Bad challenges by sub-protocol.
fn count(events: &[Event], key: &VerifyingKey, tree_vars: usize) -> BTreeMap<&'static str, u128> {
    let (mut counts, mut sumcheck) = (BTreeMap::new(), "");
    for (index, event) in events.iter().enumerate() {
        let Event::Squeeze(label) = *event else { continue };
        if label == labels::SUMCHECK_BATCH {
            sumcheck = sumcheck_protocol(&events[index + 1..]);
        }
        let protocol = protocol(label).unwrap_or(sumcheck);
        *counts.entry(protocol).or_insert(0) += bad_challenges(events, index, key, tree_vars) as u128;
    }
    counts
}

fn compare(
    name: &str,
    counts: BTreeMap<&'static str, u128>,
    functions: &BTreeMap<&'static str, SoundnessError>,
) {
    for (protocol, bad) in counts {
        let counted = functions.get(protocol).unwrap_or_else(|| panic!("{protocol} is no sub-protocol"));
        let counted = counted.bad_challenges();
        assert!(counted >= bad, "{name}: {protocol} has {bad} bad challenges, {counted} are counted");
    }
}

/// Compares both accounts and returns the challenges that occurred.
fn check(network: Network, input: &Tensor<i64>) -> BTreeSet<Label> {
    let name = network.architecture.name.clone();
    let key = ProvingKey::setup(network).unwrap();
    let proven = prove(&key, input).unwrap();
    let key: &VerifyingKey = key.verifying_key();
    let events = verify(key, input, &proven.outputs, &proven.proof).unwrap().events;
    let functions: BTreeMap<&str, SoundnessError> = key.soundness().into_iter().collect();
    compare(&name, count(&events, key, key.plan().tree_vars), &functions);
    let bits = key.soundness_bits();
    assert!(bits > LEAST_BITS, "{name}: {bits} bits");
    // The sum is that of all sub-protocols.
    let total: u128 = functions.values().map(|error| error.bad_challenges()).sum();
    assert!((SoundnessError::new(total).bits() - bits).abs() < 1e-9);
    let squeezed = events.into_iter().filter_map(|event| match event {
        Event::Squeeze(label) => Some(label),
        Event::Absorb(..) | Event::Message(..) => None,
    });
    squeezed.collect()
}

#[test]
fn every_challenge_is_counted_and_every_network_is_sound() {
    let mut squeezed = BTreeSet::new();
    for (_, network) in tiny::all() {
        let input = tiny::sample(&network);
        squeezed.extend(check(network, &input));
    }
    for network in networks::all(2) {
        let input = Source::new(3).input(&network);
        squeezed.extend(check(network, &input));
    }
    for &convolution in ConvolutionArgument::ALL {
        for &matmul in MatmulArgument::ALL {
            for network in [networks::cnn(4), networks::grouped(5), networks::products(6), networks::rows(7)]
            {
                let input = Source::new(8).input(&network);
                squeezed.extend(check(network.with_arguments(convolution, matmul).unwrap(), &input));
            }
        }
    }
    // No challenge of the protocol is left out: those that no network squeezes are of stand-alone arguments.
    let stand_alone = [labels::MATMUL_POINT];
    let challenges: BTreeSet<Label> = squeezed.iter().chain(&stand_alone).copied().collect();
    let known: BTreeSet<Label> = [
        labels::OUTPUT_POINT,
        labels::FINGERPRINT,
        labels::FRACTION_BATCH,
        labels::FRACTION_CHILD,
        labels::ROUND_CHALLENGE,
        labels::SUMCHECK_BATCH,
        labels::POOL_POINT,
        labels::POOL_OFFSET,
        labels::CONVOLUTION_POINT,
        labels::CROSS_BATCH,
        labels::CROSS_POWER,
        labels::GATE_CLAIM_BATCH,
        labels::MATMUL_POINT,
        labels::INNER_PRODUCT_CHALLENGE,
        labels::INNER_PRODUCT_GENERATOR,
    ]
    .into();
    assert_eq!(challenges, known);
}

#[test]
fn every_challenge_of_a_proof_about_a_key_is_counted() {
    for network in tiny::all().into_iter().map(|(_, network)| network).chain(networks::all(2)) {
        let name = network.architecture.name.clone();
        let key = ProvingKey::setup(network).unwrap();
        let proven = prove_parameters(&key, &Seed::new([1; 32])).unwrap();
        let key = key.verifying_key();
        let events = without_masks(verify_parameters(key, &proven.proof).unwrap().events);
        let plan = ParameterPlan::new(key).unwrap();
        let functions: BTreeMap<&str, SoundnessError> = plan.soundness().into_iter().collect();
        let counts = count(&events, key, plan.tree_vars);
        let protocols: Vec<&str> = counts.keys().copied().collect();
        assert_eq!(protocols, ["look-ups", "masked messages", "openings"], "{name}");
        compare(&name, counts, &functions);
        let bits = functions.into_values().sum::<SoundnessError>().bits();
        assert!(bits > LEAST_BITS, "{name}: {bits} bits");
    }
}

#[test]
fn every_challenge_of_a_hiding_proof_is_counted() {
    for network in tiny::all().into_iter().map(|(_, network)| network).chain(networks::all(2)) {
        let (name, seed) = (network.architecture.name.clone(), Seed::new([1; 32]));
        let opening = InputOpening::new(Source::new(3).input(&network), &seed).unwrap();
        let key = ProvingKey::setup_private(network, &seed).unwrap();
        let proven = prove_committed(&key, &opening, &seed).unwrap();
        let key = key.verifying_key();
        let statement =
            Statement { inputs: vec![Input::Committed(opening.commitment())], outputs: &proven.outputs };
        let events = without_masks(verify_statement(key, &statement, &proven.proof).unwrap().events);
        let functions: BTreeMap<&str, SoundnessError> =
            key.soundness_of(&[true]).unwrap().into_iter().collect();
        let counts = count(&events, key, key.committed_plan().unwrap().tree_vars);
        assert!(counts.contains_key("masked messages"), "{name}");
        compare(&name, counts, &functions);
        let bits = functions.into_values().sum::<SoundnessError>().bits();
        assert!(bits > LEAST_BITS, "{name}: {bits} bits");
    }
}

#[test]
fn random_networks_are_sound() {
    for seed in 0..24 {
        let network = random::network(seed, 1 + seed as usize % 6);
        let input = Source::new(seed).input(&network);
        check(network, &input);
    }
}
