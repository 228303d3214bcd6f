//! Operators that the importer lacks, or reads otherwise than ONNX says, expressed in operators that it reads right.
//!
//! The nodes of the graph are walked in their order. A node whose operator has a rule is replaced by what the rule emits,
//! which is walked in its turn, so that a rule may use operators that have rules. Shapes and small constants are known of
//! whatever was walked before. Subgraphs are left as they are.
//!
//! New nodes are named after the node that they stand for, `name.0`, `name.1`, ..., so that messages speak of that one.
//!
//! | module | concept |
//! |---|---|
//! | `facts` | element types, shapes and small constants of what is computed so far |
//! | `attribute` | attributes of emitted nodes |
//! | `rewriting` | one node: what it reads, and what is emitted in its place |
//! | `emit` | operators whose form depends on the operator set |
//! | `checks` | nodes that do not fit the shapes of what they read |
//! | `rules` | which operator has which rule |
//! | `pointwise` | functions of one number |
//! | `reduction` | reductions and pools |
//! | `order` | the largest elements of an axis |
//! | `constants` | what constants alone give |
//! | `index` | computed indices, compared with every place |
//! | `logic` | choices, comparisons, extrema, truth values, masks |
//! | `selection` | elements by constant indices, padding, repetition, constants between values |
//! | `resampling` | resized axes |
//! | `softmax` | softmax and its kin |
//! | `normalisation` | normalisations |

mod attribute;
mod checks;
mod constants;
mod emit;
mod facts;
pub(crate) mod index;
pub(crate) mod logic;
mod normalisation;
mod order;
mod pointwise;
mod reduction;
mod resampling;
mod rewriting;
mod rules;
mod selection;
mod softmax;

use std::collections::BTreeSet;

use tract_onnx::{
    Onnx,
    pb::{GraphProto, ModelProto, NodeProto, TensorProto},
    tract_hir::ops::{expandable::expand, nn::Softmax},
};

use self::{facts::Facts, rewriting::Rewriting, softmax::SOFTMAX};
use super::{declared::DeclaredInput, file::node_name, integers::bounds::Steps};
use crate::error::Error;

/// How often what a rule emits may be rewritten again: more than any chain of rules needs.
const MAX_DEPTH: usize = 16;

/// A node to be walked, and the ONNX node that it stands for.
struct Pending {
    node: NodeProto,
    origin: String,
    operator: String,
    depth: usize,
}

/// Teaches tract what rules emit and ONNX has no operator for.
pub(crate) fn register(importer: &mut Onnx) {
    importer
        .op_register
        .insert(SOFTMAX, |_, node| Ok((expand(Softmax::new(node.get_attr("axis")?)), vec![])));
}

/// Rewrites a model's graph with these inputs. What is computed of integers learns what is known of other values.
///
/// # Errors
/// When a rule refuses a node.
pub(crate) fn rewrite(
    proto: &mut ModelProto,
    importer: &Onnx,
    directory: Option<&str>,
    inputs: &[DeclaredInput],
    file_bytes: usize,
    steps: &mut Steps,
) -> Result<(), Error> {
    let Some(mut graph) = proto.graph.take() else { return Ok(()) };
    let context = facts::context(proto, importer, directory);
    let mut facts = Facts::new(context, &graph, inputs, file_bytes);
    let mut names = Names::of(&graph);
    let mut pending: Vec<Pending> = graph.node.drain(..).rev().map(Pending::of).collect();
    let mut done = vec![];
    let mut initializers = vec![];
    while let Some(Pending { node, origin, operator, depth }) = pending.pop() {
        let folds = facts.are_constants(&node) && !rules::holds_for_constants(&node);
        let rule = rules::rule(&node).filter(|_| depth < MAX_DEPTH && !folds);
        let mut rewriting = Rewriting::new(&node, &origin, &operator, &facts, &mut names);
        if depth == 0 {
            checks::check(&rewriting)?;
        }
        if folds {
            constants::check(&rewriting)?;
        }
        let outputs = match rule {
            Some(rule) => rule(&mut rewriting)?,
            None => None,
        };
        if let Some(outputs) = outputs {
            let (nodes, new_constants) = rewriting.finish(outputs);
            for constant in &new_constants {
                facts.initialise(constant);
            }
            initializers.extend(new_constants);
            pending.extend(nodes.into_iter().rev().map(|node| Pending {
                node,
                origin: origin.clone(),
                operator: operator.clone(),
                depth: depth + 1,
            }));
        } else {
            facts.infer(&node);
            checks::check_results(&node, &facts, &origin, &operator)?;
            done.push(node);
        }
    }
    steps.learn(|name| facts.known(name));
    drop(facts);
    graph.node = done;
    part_outputs(&mut graph, &mut names);
    graph.initializer.extend::<Vec<TensorProto>>(initializers);
    proto.graph = Some(graph);
    Ok(())
}

/// Gives outputs that are inputs too a node of their own: the importer would forget the input's type and shape.
fn part_outputs(graph: &mut GraphProto, names: &mut Names) {
    let inputs: BTreeSet<String> = graph.input.iter().map(|input| input.name.clone()).collect();
    for output in graph.output.iter_mut().filter(|output| inputs.contains(&output.name)) {
        let name = names.fresh(&output.name);
        graph.node.push(NodeProto {
            input: vec![std::mem::replace(&mut output.name, name.clone())],
            output: vec![name.clone()],
            name,
            op_type: "Identity".to_owned(),
            ..NodeProto::default()
        });
    }
}

impl Pending {
    fn of(node: NodeProto) -> Self {
        let origin = node_name(&node).to_owned();
        Self { origin, operator: node.op_type.clone(), node, depth: 0 }
    }
}

/// Names that are taken, and new ones.
struct Names(BTreeSet<String>);

impl Names {
    fn of(graph: &GraphProto) -> Self {
        let inputs = graph.input.iter().map(|input| input.name.clone());
        let constants = graph.initializer.iter().map(|constant| constant.name.clone());
        let nodes = graph.node.iter().flat_map(|node| {
            let values = node.input.iter().chain(&node.output).cloned();
            values.chain([node.name.clone()])
        });
        Self(inputs.chain(constants).chain(nodes).collect())
    }

    /// A new name: a node's, and a number.
    fn fresh(&mut self, origin: &str) -> String {
        let mut number = self.0.len();
        loop {
            let name = format!("{origin}.{number}");
            if self.0.insert(name.clone()) {
                return name;
            }
            number += 1;
        }
    }
}
