use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_unique_in_each_suite() {
    for cases in [modulus(), published_networks(), conv(), scaling()] {
        let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), cases.len());
    }
}

#[test]
fn published_networks_have_the_parameters_their_authors_name() {
    let parameters = |network: PublishedNetwork| network.network().unwrap().num_parameters();
    assert_eq!(parameters(PublishedNetwork::Lenet5), 61_706);
    assert_eq!(parameters(PublishedNetwork::Cnn264k), 264_031);
    assert_eq!(parameters(PublishedNetwork::Dense4m), 4_206_595);
    assert_eq!(parameters(PublishedNetwork::Vgg11) / 10_000, 975);
    assert_eq!(parameters(PublishedNetwork::Vgg16) / 100_000, 152);
}

#[test]
fn modulus_perceptrons_have_biases_beside_their_weights() {
    for case in modulus().iter().filter(|case| case.name == "depth-3" || case.name == "width-48564") {
        let Subject::Perceptron(widths) = &case.subject else { panic!("{case:?}") };
        let weights: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let network = case.subject.network().unwrap().unwrap();
        assert_eq!(network.num_parameters(), weights + widths[1..].iter().sum::<usize>());
    }
}

#[test]
fn scaling_varies_what_it_names() {
    let activations = |case: &Case| {
        let network = case.subject.network().unwrap().unwrap();
        let specs = network.architecture.infer().unwrap();
        let nodes = network.architecture.nodes.iter().zip(specs);
        nodes
            .filter(|(node, _)| node.operation.layer().name() == "Rescale")
            .map(|(_, spec)| spec.layout.num_elements())
            .sum::<usize>()
    };
    for case in scaling().iter().filter(|case| case.group == "activations").take(2) {
        assert_eq!(Some(activations(case) as u64), case.varied.as_ref().map(|varied| varied.value));
    }
}

#[test]
fn cases_survive_the_way_to_another_process() {
    for cases in [modulus(), published_networks(), conv(), scaling(), models([("a".into(), "b".into())])] {
        for case in cases {
            let text = serde_json::to_string(&case).unwrap();
            assert_eq!(serde_json::from_str::<Case>(&text).unwrap(), case);
        }
    }
}
