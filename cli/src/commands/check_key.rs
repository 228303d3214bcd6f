//! `tacit check-key`: whether a verifying key is that of a public model, by making the key again.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tacit_layers::{Architecture, Network, Operation, VerifyingKey};
use tacit_onnx::quantise;
use tacit_prover::ProvingKey;

use crate::{
    arguments::CheckKeyArguments,
    artifact,
    import::{Import, import},
    inputs::Inputs,
    progress::Progress,
    report::Report,
    units,
};

#[derive(Debug, Serialize)]
struct Facts {
    equal: bool,
    difference: Option<String>,
    key_digest: String,
    recomputed_digest: String,
    check_seconds: f64,
}

pub(super) fn run(arguments: &CheckKeyArguments) -> Result<Report> {
    let start = Instant::now();
    let progress = Progress::new("Reading the key");
    let given = artifact::verifying_key(&arguments.key)?;
    if given.is_private() {
        bail!(
            "`{}` is the key of a private model, which nobody can make again: its commitments are blinded",
            arguments.key.display()
        );
    }
    progress.step("Compiling the model");
    let mut network = compile(arguments)?;
    adopt(&mut network.architecture, given.architecture());
    let path = arguments.model.display();
    let made = ProvingKey::setup(network).with_context(|| format!("cannot compile `{path}`"))?;
    let made = made.verifying_key();
    drop(progress);

    let difference = (given.digest() != made.digest()).then(|| difference(&given, made));
    let facts = Facts {
        equal: difference.is_none(),
        difference,
        key_digest: units::hexadecimal(given.digest()),
        recomputed_digest: units::hexadecimal(made.digest()),
        check_seconds: start.elapsed().as_secs_f64(),
    };
    let (key, path) = (units::path(&arguments.key), units::path(&arguments.model));
    let digests =
        units::fields([("key", facts.key_digest.clone()), ("made again", facts.recomputed_digest.clone())]);
    Ok(match &facts.difference {
        None => {
            let text = format!("`{key}` is the key of `{path}`\n{digests}");
            Report::done(&facts, &text)
        }
        Some(difference) => {
            let text = format!("`{key}` is NOT the key of `{path}`: {difference}\n{digests}");
            Report::rejected(&facts, &text)
        }
    })
}

/// The quantised network, as `tacit compile` makes it.
fn compile(arguments: &CheckKeyArguments) -> Result<Network> {
    let CheckKeyArguments { model: path, calibrate, precision, .. } = arguments;
    let failed = || format!("cannot compile `{}`", path.display());
    let options = precision.options()?;
    let load = arguments.shapes.options()?;
    artifact::read(path)?;
    let (float, refusal) = match import(path, &load)? {
        Import::Integers(_) if !calibrate.is_empty() || !precision.is_default() => bail!(
            "`{}` is already quantised: leave --calibrate, --bits, --calibration and --percentile out",
            path.display()
        ),
        Import::Integers(model) => return Ok(model.network),
        Import::Reals { model, refusal } => (*model, refusal),
    };
    let calibration = match calibrate.as_slice() {
        // A quantised model may bring all its scales.
        [] if refusal.is_some() => vec![],
        [] => bail!(
            "`{}` is a float model, whose key depends on samples: give those it was compiled with, --calibrate X.npy",
            path.display()
        ),
        files => Inputs::of_model(&float, files)?.flat()?,
    };
    quantise(&float, &calibration, &options).with_context(failed)
}

/// Takes from the key what no answer depends on: the model's name, which is its file's, and what proves each layer, where the
/// layer is the same.
fn adopt(architecture: &mut Architecture, key: &Architecture) {
    architecture.name.clone_from(&key.name);
    for (node, given) in architecture.nodes.iter_mut().zip(&key.nodes) {
        let given = given.operation.layer();
        if let Some(argument) = given.argument()
            && given.name() == node.operation.layer().name()
        {
            node.operation.layer_mut().set_argument(argument);
        }
    }
}

/// Where two keys differ first: in the graph, in the shape of a parameter, in an output, in a parameter's values.
fn difference(given: &VerifyingKey, made: &VerifyingKey) -> String {
    let (a, b) = (given.architecture(), made.architecture());
    for (given, made) in a.nodes.iter().zip(&b.nodes) {
        if given != made {
            let (layer, mine, other) =
                (&made.name, made.operation.layer().name(), given.operation.layer().name());
            if mine != other {
                return format!("layer `{layer}` is a {mine}, in the key `{}` is a {other}", given.name);
            }
            if matches!(made.operation, Operation::Input(_)) {
                return "the input has another shape, range or scale".to_owned();
            }
            let what = if made.inputs != given.inputs {
                "reads other layers"
            } else if made.name != given.name {
                "has another name"
            } else {
                "has other shapes or other constants of its quantisation"
            };
            return format!("layer `{layer}` ({mine}) {what}");
        }
    }
    if a.nodes.len() != b.nodes.len() {
        return format!("the model has {} layers, the key's {}", b.nodes.len(), a.nodes.len());
    }
    for (given, made) in a.parameters.iter().zip(&b.parameters) {
        if given != made {
            return format!("parameter `{}` has another name, shape or width", made.name);
        }
    }
    if a.outputs != b.outputs {
        return "the outputs have other names, shapes or scales".to_owned();
    }
    let plan = made.plan();
    let (places, _) = plan.rows(&plan.parameters);
    let rows = given.commitments().iter().zip(made.commitments());
    let Some(row) = rows.into_iter().position(|(given, made)| given != made) else {
        return "the numbers of parameters".to_owned();
    };
    let names: Vec<String> = places
        .iter()
        .zip(&b.parameters)
        .filter(|(place, _)| (place.row..place.row + place.shape.num_rows).contains(&row))
        .map(|(_, spec)| format!("`{}`", spec.name))
        .collect();
    let which = if names.len() == 1 { "parameter" } else { "one of the parameters" };
    format!("{which} {} has other values", names.join(", "))
}

#[cfg(test)]
mod tests {
    use tacit_inference::NetworkBuilder;
    use tacit_layers::{
        ActivationFunction, InputLayer, Layout, MatmulArgument, Multiplier, NodeId, Output, Tensor,
    };

    use super::*;

    fn network(weights: [i8; 6], scale: f64, shift: u32, name: &str) -> Network {
        let layout = |axes: &[usize]| Layout::new(axes.to_vec()).unwrap();
        let input = InputLayer::real(layout(&[3]), (0, 3), scale);
        let mut b = NetworkBuilder::new("model", input);
        let weights = Tensor::new(layout(&[2, 3]), weights.to_vec()).unwrap();
        let x = b.dense(name, b.input(), 0, weights, Some(vec![1, 2])).unwrap();
        let relu = ActivationFunction::Clip { minimum: 0, maximum: 7 };
        let x = b.rescale("relu", x, Multiplier::Uniform(1), shift, relu);
        let output = Output { name: "y".into(), node: x, shape: vec![2], scales: vec![1.0], scale_axis: 0 };
        b.output(output);
        b.finish().unwrap()
    }

    fn key(network: Network) -> VerifyingKey {
        ProvingKey::setup(network).unwrap().verifying_key().clone()
    }

    #[test]
    fn names_the_first_difference() {
        let weights = [1, 2, 3, -1, 2, -3];
        let made = key(network(weights, 1.0, 2, "dense"));
        let mut renamed_output = network(weights, 1.0, 2, "dense");
        renamed_output.architecture.outputs[0].name = "z".into();
        let mut longer = network(weights, 1.0, 2, "dense");
        longer.architecture.outputs[0].node = NodeId(1);
        longer.architecture.nodes.truncate(2);
        for (given, expected) in [
            // The same sums of positive and of negative weights, hence the same ranges.
            (network([2, 1, 3, -1, 2, -3], 1.0, 2, "dense"), "has other values"),
            (network(weights, 0.5, 2, "dense"), "the input has another shape, range or scale"),
            (network(weights, 1.0, 3, "dense"), "layer `relu` (Rescale) has other shapes or other constants"),
            (network(weights, 1.0, 2, "matmul"), "layer `dense` (Dense) has another name"),
            (renamed_output, "the outputs have other names, shapes or scales"),
            (longer, "the model has 3 layers, the key's 2"),
        ] {
            let difference = difference(&key(given), &made);
            assert!(difference.contains(expected), "{difference}, not {expected}");
        }
    }

    #[test]
    fn names_and_arguments_are_taken_from_the_key() {
        let weights = [1, 2, 3, -1, 2, -3];
        let mut given = network(weights, 1.0, 2, "dense");
        given.architecture.name = "another file".into();
        let Operation::Dense(layer) = &mut given.architecture.nodes[1].operation else { unreachable!() };
        layer.argument = MatmulArgument::Gates;
        let mut made = network(weights, 1.0, 2, "dense");
        assert_ne!(key(made.clone()).digest(), key(given.clone()).digest());
        adopt(&mut made.architecture, &given.architecture);
        assert_eq!(key(made).digest(), key(given).digest());
    }
}
