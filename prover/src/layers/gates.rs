//! Circuits of gates (see [`tacit_layers::argument::gates`]); the verifier's file of this name has the same steps.
//!
//! [By itself](crate::alone): one product of two sums.
//!
//! ```
//! use tacit_layers::{Layout, Tensor, proof::alone::Subject, tensor::evaluation};
//! use tacit_inference::circuit::CircuitBuilder;
//! use tacit_prover::ProveAlone;
//! use tacit_transcript::{ProofReader, ProofWriter};
//! use tacit_verifier::VerifyAlone;
//!
//! let mut builder = CircuitBuilder::new();
//! let x = builder.input(&[3])?;
//! let (sum, difference) = (builder.sum(&x), builder.sub(x[0], x[2]));
//! let product = builder.multiply(sum, difference);
//! builder.output(product);
//! let circuit = builder.finish(&[1])?;
//!
//! // Input and output must be committed to or absorbed first.
//! let input = Tensor::new(Layout::new(vec![3])?, vec![5, -1, 2])?;
//! let output = Tensor::new(Layout::new(vec![1])?, vec![6 * 3])?;
//! let mut writer = ProofWriter::new(b"example");
//! let left_to_do = circuit.prover((), &[&input])?.prove(&mut writer, &output, &mut ())?;
//! let proof = writer.finish();
//!
//! let mut reader = ProofReader::new(b"example", &proof);
//! let claims = circuit.verifier(())?.verify(&mut reader, &mut ())?;
//! reader.finish()?;
//! assert_eq!(claims, left_to_do);
//! // The caller's duty: every claim is that of its tensor; here by evaluating, else by an opening.
//! for claim in claims.into_claims() {
//!     let tensor = if claim.subject == Subject::Input(0) { &input } else { &output };
//!     assert_eq!(evaluation::evaluate(tensor.layout(), tensor.data(), &claim.point)?, claim.value);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use ark_bn254::Fr;
use tacit_algebra::small;
use tacit_layers::{
    NodeId,
    argument::{
        claim::{Column, EvaluationClaim},
        gates::{Circuit, Combined, Group, LayerClaims, Operand},
        sumcheck::{RoundWeights, instance_point},
    },
    layer::gated::{Gated, Source},
};
use tacit_transcript::{ProofWriter, labels};

use crate::{
    integers::Integers,
    observer::Observer,
    session::Session,
    sumcheck::{Product, SumcheckInstance},
};

mod tables;

/// Takes a claim on a circuit's output to claims on its inputs, whatever the values of its layers, the output first, are said to be.
#[cfg(feature = "cheating")]
pub(crate) fn prove_values(
    writer: &mut ProofWriter,
    circuit: &Circuit,
    inputs: &[&[i64]],
    layers: &[Vec<i64>],
    (point, value): (Vec<Fr>, Fr),
) -> Vec<EvaluationClaim<Operand>> {
    let values = inputs.iter().copied().chain(layers.iter().map(Vec::as_slice));
    let values = values.map(Integers::Int64).collect();
    let mut descents = [Descent::new(NodeId(0), circuit, values, point, value)];
    descend(writer, &mut crate::observer::Profiler::new(1), &mut descents);
    let [descent] = descents;
    descent.claims.into_inputs()
}

/// Proves the accumulators of nodes that are proved by gates.
pub(crate) fn prove(session: &mut Session, claims: Vec<EvaluationClaim<NodeId>>) {
    if claims.is_empty() {
        return;
    }
    let (network, plan, trace) = (session.network, session.plan, session.trace);
    let gated: Vec<Gated> = claims
        .iter()
        .map(|claim| {
            let site = network.architecture.site(claim.subject, &plan.specs);
            let gated = site.and_then(|(node, site)| node.operation.layer().gated(&site));
            let Some(gated) = gated else { unreachable!("only nodes by gates leave such claims") };
            gated
        })
        .collect();
    let inputs = |gated: &Gated| -> Vec<Integers> {
        let value = |source: &Source| match *source {
            Source::Activation(id) => Integers::Int64(trace.values()[id.index()].data()),
            Source::Parameter(id) => network.parameter(id).into(),
        };
        gated.sources.iter().map(value).collect()
    };
    // A circuit of one layer needs no values but its inputs'.
    let layers: Vec<Vec<Vec<i64>>> = gated
        .iter()
        .map(
            |gated| {
                if gated.circuit.layers.len() == 1 { vec![] } else { run(&gated.circuit, &inputs(gated)) }
            },
        )
        .collect();
    let mut descents: Vec<Descent> = claims
        .into_iter()
        .zip(gated.iter().zip(&layers))
        .map(|(claim, (gated, layers))| {
            let mut values = inputs(gated);
            values.extend(layers.iter().map(|values| Integers::Int64(values)));
            Descent::new(claim.subject, &gated.circuit, values, claim.point, claim.value)
        })
        .collect();
    descend(session.writer, &mut session.observer, &mut descents);
    let left: Vec<LayerClaims> = descents.into_iter().map(|descent| descent.claims).collect();
    for (claims, gated) in left.into_iter().zip(&gated) {
        for EvaluationClaim { subject, point, value } in claims.into_inputs() {
            match gated.sources[gated.circuit.place(subject)] {
                Source::Activation(id) => session.claim_activation(id, point, value),
                Source::Parameter(id) => {
                    session.claims.columns.push(EvaluationClaim::new(Column::Parameter(id), point, value));
                }
            }
        }
    }
}

fn run(circuit: &Circuit, inputs: &[Integers]) -> Vec<Vec<i64>> {
    let inputs: Vec<Vec<i64>> = inputs.iter().map(|input| input.iter().collect()).collect();
    let layers =
        tacit_inference::circuit::execute(circuit, &inputs.iter().map(Vec::as_slice).collect::<Vec<_>>());
    layers.unwrap_or_else(|_| unreachable!("circuit and inputs were checked"))
}

/// A circuit on its way from the output to the inputs.
struct Descent<'a> {
    node: NodeId,
    circuit: &'a Circuit,
    /// Of inputs and layers, by place.
    values: Vec<Integers<'a>>,
    claims: LayerClaims,
}

/// A left operand's part of a layer.
struct Left<'a> {
    descent: usize,
    combined: usize,
    group: Group<'a>,
    product: Product,
}

/// A right operand met with one left operand.
struct Right {
    descent: usize,
    operand: Operand,
    product: Product,
}

impl<'a> Descent<'a> {
    fn new(node: NodeId, circuit: &'a Circuit, values: Vec<Integers<'a>>, point: Vec<Fr>, value: Fr) -> Self {
        let claims = LayerClaims::new(point, value);
        Self { node, circuit, values, claims }
    }

    fn values(&self, operand: Operand) -> Integers<'a> {
        self.values[self.circuit.place(operand)]
    }

    /// Both tables' product over an operand.
    fn product(&self, operand: Operand, table: Vec<Fr>, sum: Option<Fr>) -> Product {
        let Some(layout) = self.circuit.layout(operand) else { unreachable!("the circuit was checked") };
        let sum = sum.unwrap_or_else(|| small::inner_product(&table, self.values(operand).iter()));
        tables::product(layout, self.values(operand), table, sum)
    }

    /// The instances of the first phase for one layer. The first sum follows from the claim.
    fn lefts(&self, index: usize, layer: usize, at: usize, combined: &Combined) -> Vec<Left<'a>> {
        let weights = tables::output_weights(&self.circuit.layers[layer].layout, combined);
        let groups = self.circuit.groups(layer);
        let instances: Vec<Product> = groups
            .iter()
            .map(|group| {
                let table = tables::left_table(group, &weights, |operand| self.values(operand));
                self.product(group.left, table, None)
            })
            .collect();
        let others: Fr = instances.iter().skip(1).map(|instance| instance.claim().sum).sum();
        let constants = combined.predicate(&self.circuit.constants(layer), &[], &[]);
        let constants = constants.unwrap_or_else(|_| unreachable!("the circuit was checked"));
        let first = combined.value - constants - others;
        let lefts = groups.into_iter().zip(instances).enumerate().map(|(i, (group, instance))| {
            let product = if i == 0 { instance.with_sum(first) } else { instance };
            Left { descent: index, combined: at, group, product }
        });
        lefts.collect()
    }

    /// The instances of the second phase for one of the first, of which the final point is known.
    fn rights(&self, left: &Left, combined: &Combined, u: &[Fr]) -> Vec<Right> {
        let pairs = left.group.pairs.iter().map(|(operand, wirings)| {
            let product = self.product(*operand, tables::right_table(wirings, combined, u), None);
            Right { descent: left.descent, operand: *operand, product }
        });
        pairs.collect()
    }
}

/// Takes every circuit's claim down to its inputs, layers of the same depth together.
fn descend(writer: &mut ProofWriter, observer: &mut impl Observer, descents: &mut [Descent]) {
    let depth = descents.iter().map(|descent| descent.circuit.layers.len()).max().unwrap_or(0);
    for layer in 0..depth {
        // Step 1: one claim for each layer.
        let active: Vec<usize> =
            (0..descents.len()).filter(|&i| layer < descents[i].circuit.layers.len()).collect();
        let combined: Vec<Combined> =
            active.iter().map(|&i| descents[i].claims.combine(writer, layer)).collect();
        // Step 2: its parts by left operand.
        let mut lefts: Vec<Left> = vec![];
        let mut shares: Vec<Fr> = vec![];
        for (at, &i) in active.iter().enumerate() {
            let descent = &descents[i];
            let own = observer.profiler().span(descent.node, || descent.lefts(i, layer, at, &combined[at]));
            shares.extend(own.iter().skip(1).map(|left| left.product.claim().sum));
            lefts.extend(own);
        }
        if !shares.is_empty() {
            writer.write_scalars(labels::GATE_SHARES, &shares);
        }
        first_phase(writer, observer, descents, &combined, lefts);
    }
}

fn first_phase(
    writer: &mut ProofWriter,
    observer: &mut impl Observer,
    descents: &mut [Descent],
    combined: &[Combined],
    mut lefts: Vec<Left>,
) {
    // Step 3: the sumcheck over left operands; then their values, each with what its right operands add.
    let mut instances: Vec<(NodeId, &mut Product)> =
        lefts.iter_mut().map(|left| (descents[left.descent].node, &mut left.product)).collect();
    let point = observer.prove_batch(writer, &mut instances, RoundWeights::Uniform);
    let (mut values, mut rights) = (vec![], vec![]);
    for left in &lefts {
        let descent = &mut descents[left.descent];
        let [value, _] = left.product.ended();
        let u = instance_point(&point, left.product.claim().num_vars);
        let own =
            observer.profiler().span(descent.node, || descent.rights(left, &combined[left.combined], u));
        observer.profiler().sent(descent.node, 1 + own.len());
        values.push(value);
        values.extend(own.iter().map(|right| right.product.claim().sum));
        rights.extend(own);
        descent.claims.leave(left.group.left, u.to_vec(), value);
    }
    writer.write_scalars(labels::GATE_LEFT_VALUES, &values);
    if !rights.is_empty() {
        second_phase(writer, observer, descents, rights);
    }
}

fn second_phase(
    writer: &mut ProofWriter,
    observer: &mut impl Observer,
    descents: &mut [Descent],
    mut rights: Vec<Right>,
) {
    // Step 4: the sumcheck over right operands, then their values.
    let of = |right: &Right| descents[right.descent].node;
    let nodes: Vec<NodeId> = rights.iter().map(of).collect();
    let products = rights.iter_mut().map(|right| &mut right.product);
    let mut instances: Vec<(NodeId, &mut Product)> = nodes.iter().copied().zip(products).collect();
    let point = observer.prove_batch(writer, &mut instances, RoundWeights::Uniform);
    let mut values: Vec<[Fr; 1]> = rights.iter().map(|right| [right.product.ended()[0]]).collect();
    observer.write_for(writer, labels::GATE_RIGHT_VALUES, nodes, &mut values);
    for (right, [value]) in rights.iter().zip(values) {
        let descent = &mut descents[right.descent];
        let v = instance_point(&point, right.product.claim().num_vars);
        descent.claims.leave(right.operand, v.to_vec(), value);
    }
}
