//! Blocks of several layers: what their tables, sums and maxima let a cheating prover claim, which is nothing else.

use tacit_inference::{NetworkBuilder, composite::softmax::SoftmaxOptions};
use tacit_layers::{
    InputLayer, NodeId, Operation, Tensor,
    argument::{claim::Column, lookup_block::BlockSource},
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::labels;
use tacit_verifier::Error;

use super::{
    layout,
    network::{DENOMINATOR, final_value, output, set, verdict},
    tensor,
};

fn sample() -> Tensor<i64> {
    tensor(&[5], vec![1, 3, -4, 3, 0])
}

fn key(block: impl FnOnce(&mut NetworkBuilder, NodeId) -> NodeId) -> ProvingKey {
    let input = InputLayer::real(layout(&[5]), (-4, 4), 1.0);
    let mut b = NetworkBuilder::new("block", input);
    let input = b.input();
    let node = block(&mut b, input);
    let axes = b.spec(node).unwrap().layout.axes().to_vec();
    b.output(output("y", node, &axes));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

fn softmax() -> ProvingKey {
    key(|b, x| b.softmax("softmax", x, 0, &SoftmaxOptions { scale: 0.5, output_bits: 8 }).unwrap().node)
}

fn arg_max() -> ProvingKey {
    key(|b, x| b.arg_max("index", x, 0, false).unwrap())
}

fn named(key: &ProvingKey, name: &str) -> NodeId {
    let nodes = &key.network().architecture.nodes;
    NodeId(nodes.iter().position(|node| node.name == name).unwrap() as u32)
}

/// Claims another activation of a rescale, its quotient and what is computed from it left as they are.
fn set_activation(run: &mut Run, node: NodeId, index: usize, by: i64) {
    let value = run.values()[node.index()].data()[index] + by;
    set(&mut run.values()[node.index()], index, value);
    run.column(Column::Activation(node))[index] = value;
}

#[test]
fn rejects_an_exponential_or_a_reciprocal_of_another_row() {
    let key = softmax();
    assert_eq!(verdict(&key, &sample(), &Run::honest(&key, &sample()).unwrap()), Ok(()));
    for (name, elements) in
        [("softmax.exponential", 5), ("softmax.reciprocal", 1), ("softmax.probability", 5)]
    {
        let node = named(&key, name);
        for index in 0..elements {
            let mut run = Run::honest(&key, &sample()).unwrap();
            set_activation(&mut run, node, index, -1);
            assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "{name} {index}");
        }
    }
}

/// A sum that leaves part of the exponentials out, a product of other factors: consistent from there on.
#[test]
fn rejects_a_run_on_a_false_sum_or_product() {
    let key = softmax();
    let products = final_value("products", labels::PRODUCT_VALUES);
    for (name, error) in [("softmax.sum", Error::Opening), ("softmax.product", products)] {
        let node = named(&key, name);
        let mut run = Run::honest(&key, &sample()).unwrap();
        let value = run.values()[node.index()].data()[0] * 3 / 4;
        set(&mut run.values()[node.index()], 0, value);
        recompute_after(&mut run, &key, node);
        assert_eq!(verdict(&key, &sample(), &run), Err(error), "{name}");
    }
}

/// Evaluates every rescale and product behind a node again, then the witness.
fn recompute_after(run: &mut Run, key: &ProvingKey, changed: NodeId) {
    let architecture = &key.network().architecture;
    for (index, node) in architecture.nodes.iter().enumerate().skip(changed.index() + 1) {
        let read = |run: &mut Run, i: usize| run.values()[node.inputs[i].index()].clone();
        let data: Vec<i64> = match &node.operation {
            Operation::Rescale(layer) => {
                let input = read(run, 0);
                let divide = |&a: &i64| {
                    layer.function.apply(layer.divide(layer.multiplier.at(input.layout(), 0), a).0)
                };
                input.data().iter().map(divide).collect()
            }
            Operation::Product(_) => {
                let (left, right) = (read(run, 0), read(run, 1));
                left.data().iter().map(|x| x * right.data()[0]).collect()
            }
            operation => unreachable!("{}", operation.layer().name()),
        };
        let layout = run.values()[index].layout().clone();
        run.values()[index] = Tensor::new(layout, data).unwrap();
    }
    run.recompute().unwrap();
}

/// Two maxima: the second one's index is not the first's.
#[test]
fn rejects_the_index_of_another_maximum() {
    let key = arg_max();
    let honest = Run::honest(&key, &sample()).unwrap();
    assert_eq!(verdict(&key, &sample(), &honest), Ok(()));
    let index = named(&key, "index.index.table");
    let mut run = honest;
    assert_eq!(run.outputs()[0].data(), [1]);
    set_activation(&mut run, index, 0, 2);
    set(&mut run.outputs()[0], 0, 3);
    assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR));
}

/// An indicator that leaves the first maximum out: its quotient, a difference of zero, is in the table with one only.
#[test]
fn rejects_an_indicator_that_leaves_a_maximum_out() {
    let key = arg_max();
    let indicator = named(&key, "index.indicator");
    let mut run = Run::honest(&key, &sample()).unwrap();
    assert_eq!(run.values()[indicator.index()].data(), [0, 1, 0, 1, 0]);
    set_activation(&mut run, indicator, 1, -1);
    assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR));
    // With a quotient of one it is in the table, but the difference is another.
    let (quotients, positions) = run.lookups(BlockSource::Activations(indicator));
    quotients[1] += 1;
    positions[1] += 1;
    run.recount();
    let layer = "index.difference".to_owned();
    assert_eq!(verdict(&key, &sample(), &run), Err(Error::Addends { layer }));
}
