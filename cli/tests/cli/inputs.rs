//! A model with three inputs and two outputs: what is given by name, what is private, and what is refused.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tacit_cli::{npy::parse_reals, npz};
use tacit_inference::NetworkBuilder;
use tacit_layers::{ActivationFunction, InputLayer, Layout, Multiplier, NodeId, Output};
use tacit_prover::ProvingKey;

use crate::{
    files::{DONE, FAILED, Folder, REJECTED, npy},
    tacit::{tacit, tacit_json},
};

/// A model, its key and samples, two for each input.
struct Model {
    folder: Folder,
    compiled: String,
    key: String,
    age: String,
    count: String,
    mask: String,
}

impl Model {
    /// `sum` is age / 0.5 + 2 count + 3 mask, `scaled` the age in steps of two units.
    fn new() -> Self {
        let layout = || Layout::new(vec![2]).unwrap();
        let inputs = [
            ("age", InputLayer::real(layout(), (0, 7), 0.5)),
            ("count", InputLayer::integer(layout(), (-3, 4))),
            ("mask", InputLayer::boolean(layout())),
        ];
        let mut b =
            NetworkBuilder::with_inputs("three", inputs.map(|(name, layer)| (name.to_owned(), layer)));
        let sum = b.add("sum", &[(NodeId(0), 1), (NodeId(1), 2), (NodeId(2), 3)]);
        let copy = b.add("copy", &[(NodeId(0), 1)]);
        let clip = ActivationFunction::Clip { minimum: 0, maximum: 7 };
        let scaled = b.rescale("scaled", copy, Multiplier::Uniform(1), 1, clip);
        for (name, node, scale) in [("sum", sum, 1.0), ("scaled", scaled, 1.0)] {
            let (name, shape) = (name.to_owned(), vec![2]);
            b.output(Output { name, node, shape, scales: vec![scale], scale_axis: 0 });
        }
        let key = ProvingKey::setup(b.finish().unwrap()).unwrap();
        let folder = Folder::new();
        Self {
            compiled: folder.file("three.tacit", key.to_bytes().unwrap()),
            key: folder.file("three.vk", key.verifying_key().to_bytes().unwrap()),
            age: folder.file("age.npy", npy(&[2, 2], &[0.5, 1.0, 3.5, 2.0])),
            count: folder.file("count.npy", npy(&[2, 2], &[-3.0, 4.0, 0.0, 1.0])),
            mask: folder.file("mask.npy", npy(&[2, 2], &[1.0, 0.0, 0.0, 1.0])),
            folder,
        }
    }

    fn inputs(&self) -> [String; 3] {
        [("mask", &self.mask), ("age", &self.age), ("count", &self.count)]
            .map(|(name, path)| format!("{name}={path}"))
    }

    /// The inputs as options.
    fn given(&self) -> Vec<String> {
        self.inputs().into_iter().flat_map(|input| ["--input".to_owned(), input]).collect()
    }

    fn run(&self, command: &str, rest: &[&str]) -> (i32, Value) {
        tacit_json(&[&[command, self.compiled.as_str()], rest].concat())
    }

    fn fails(&self, rest: &[&str], words: &[&str]) {
        let (code, json) = self.run("run", rest);
        let error = json["error"].as_str().unwrap_or_default();
        assert!(code == FAILED && words.iter().all(|word| error.contains(word)), "{rest:?}: {json}");
    }
}

/// A model of two branches, each with an input of its own, from the ONNX file to the verified proof; and one with a mask and
/// counts beside real numbers.
#[test]
fn compiles_proves_and_verifies_onnx_models_with_several_inputs() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../onnx/tests/fixtures/inputs");
    for (name, inputs) in [("branches", &["a", "b"][..]), ("mask", &["a", "b", "c"])] {
        let folder = Folder::new();
        let path = |file: String| fixtures.join(name).join(file).to_str().unwrap().to_owned();
        let onnx = path("model.onnx".to_owned());
        let files: Vec<String> = inputs
            .iter()
            .enumerate()
            .map(|(i, input)| format!("{input}={}", path(format!("x_{i}.npy"))))
            .collect();
        let given = |option: &str| -> Vec<String> {
            files.iter().flat_map(|file| [option.to_owned(), file.clone()]).collect()
        };
        let (model, key, proof) = (folder.path("m.tacit"), folder.path("m.vk"), folder.path("p.proof"));
        let calibrate = given("--calibrate");
        let calibrate = borrowed(&calibrate);
        let (code, json) = tacit_json(&[&["compile", &onnx, "-o", &model], &calibrate[..]].concat());
        assert!(code == DONE && json["outputs"][0]["signal_to_noise_db"].as_f64().unwrap() > 30.0, "{json}");
        // One archive says the same.
        let arrays: Vec<Vec<u8>> =
            (0..inputs.len()).map(|i| fs::read(path(format!("x_{i}.npy"))).unwrap()).collect();
        let members: Vec<(&str, Vec<u8>)> = inputs.iter().copied().zip(arrays).collect();
        let archive = folder.file("all.npz", npz::to_bytes(&members).unwrap());
        let again = folder.path("again.tacit");
        let (code, json) = tacit_json(&["compile", &onnx, "--calibrate", &archive, "-o", &again]);
        assert_eq!(code, DONE, "{json}");
        assert_eq!(fs::read(&key).unwrap(), fs::read(folder.path("again.vk")).unwrap());
        let (code, json) = tacit_json(&[&["check-key", &onnx, &key], &calibrate[..]].concat());
        assert_eq!((code, &json["equal"]), (DONE, &json!(true)), "{json}");

        let samples = given("--input");
        let samples = borrowed(&samples);
        let reference = path("y_0.npy".to_owned());
        let evaluate = ["evaluate", &model, "--reference", &reference, "--strict"];
        let (code, json) = tacit_json(&[&evaluate[..], &samples].concat());
        assert_eq!((code, &json["samples"]), (DONE, &json!(24)), "{json}");
        let (code, ran) = tacit_json(&[&["run", &model, "--index", "3"], &samples[..]].concat());
        assert_eq!(code, DONE, "{ran}");
        let (code, json) =
            tacit_json(&[&["prove", &model, "--index", "3", "-o", &proof], &samples[..]].concat());
        assert_eq!((code, &json["output"]), (DONE, &ran["output"]), "{json}");
        let verify =
            |index: &str| tacit_json(&[&["verify", &key, &proof, "--index", index], &samples[..]].concat());
        let (code, json) = verify("3");
        assert_eq!((code, &json["output"]), (DONE, &ran["output"]), "{json}");
        let (code, json) = verify("4");
        assert_eq!(code, REJECTED, "{json}");

        // Integers that calibration has not seen are refused by all.
        if name == "mask" {
            let beyond = folder.file("c.npy", npy(&[24, 6], &[9.0; 144]));
            let beyond = format!("c={beyond}");
            let given = [&samples[..4], &["--input", &beyond]].concat();
            for command in [&["run", &model][..], &["prove", &model, "-o", &proof], &["verify", &key, &proof]]
            {
                let (code, json) = tacit_json(&[command, &given].concat());
                let error = json["error"].as_str().unwrap_or_default();
                assert!(code == FAILED && error.contains("`c`, which takes integers in -3..=3"), "{json}");
            }
        }

        // What is missing is named.
        let (code, json) =
            tacit_json(&["compile", &onnx, calibrate[0], calibrate[1], "-o", &folder.path("n.tacit")]);
        let error = json["error"].as_str().unwrap();
        assert!(code == FAILED && error.contains("nothing is given for input `b`"), "{json}");
    }
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

const SUMS: [[f32; 2]; 2] = [[-2.0, 10.0], [7.0, 9.0]];

#[test]
fn runs_on_files_by_name_and_on_archives() {
    let model = Model::new();
    let given = model.given();
    let files = borrowed(&given);
    let (code, one) = model.run("run", &files);
    assert_eq!((code, &one["output"][0]), (DONE, &json!(SUMS[0])), "{one}");
    let members = [&model.count, &model.mask, &model.age].map(|path| fs::read(path).unwrap());
    let members: Vec<(&str, Vec<u8>)> = ["count", "mask", "age"].into_iter().zip(members).collect();
    let archive = model.folder.file("all.npz", npz::to_bytes(&members).unwrap());
    let (code, all) = model.run("run", &["--input", &archive, "--all"]);
    assert_eq!(code, DONE, "{all}");
    assert_eq!(all["output"][0], one["output"]);
    assert_eq!(all["output"][1][0], json!(SUMS[1]));
    // Every output, by name.
    let out = model.folder.path("out.npz");
    let (code, json) = model.run("run", &["--input", &archive, "--all", "--output", &out]);
    assert_eq!(code, DONE, "{json}");
    let bytes = fs::read(&out).unwrap();
    let members = npz::members(&bytes).unwrap();
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["sum", "scaled"]);
    let sums = parse_reals(members[0].bytes).unwrap();
    assert_eq!((sums.shape.as_slice(), sums.values.as_slice()), (&[2, 2][..], SUMS.as_flattened()));
    let (code, text, _) = tacit([&["run", model.compiled.as_str()], files.as_slice()].concat());
    assert!(code == DONE && text.contains("-2.000 10.000") && text.contains("scaled  ["), "{text}");
    model.fails(&[&files[..], &["--output", &model.folder.path("out.npy")]].concat(), &["2 outputs", ".npz"]);
    let (code, json) = model.run("evaluate", &files);
    assert_eq!((code, &json["samples"]), (DONE, &json!(2)), "{json}");
}

#[test]
fn names_what_is_missing_surplus_misshapen_or_no_integer() {
    let model = Model::new();
    let [mask, age, count] = model.inputs();
    let names = "`age`, `count`, `mask`";
    model.fails(&["--input", &mask, "--input", &age], &["nothing is given for input `count`", names]);
    model.fails(&["--input", &model.age], &["3 inputs", names, "NAME=FILE"]);
    model.fails(&["--input", "years=age.npy"], &["no input `years`", names]);
    model.fails(&["--input", &age, "--input", &age], &["input `age` is given more than once"]);
    let with = |name: &str, shape: &[usize], values: &[f32], words: &[&str]| {
        let path = model.folder.file("other.npy", npy(shape, values));
        let other = format!("{name}={path}");
        let inputs: Vec<&str> = [&mask, &age, &count]
            .into_iter()
            .filter(|input| !input.starts_with(name))
            .map(String::as_str)
            .collect();
        let given: Vec<&str> =
            inputs.into_iter().chain([other.as_str()]).flat_map(|x| ["--input", x]).collect();
        model.fails(&given, words);
    };
    with("age", &[2, 3], &[0.0; 6], &["other.npy", "[2, 3]", "[2]"]);
    with("mask", &[3, 2], &[0.0; 6], &["2 samples for input `age` and 3 for input `mask`"]);
    with("count", &[2, 2], &[0.5, 0.0, 0.0, 0.0], &["0.5 at position 0", "integer input `count`", "-3..=4"]);
    with("count", &[2, 2], &[0.0, 5.0, 0.0, 0.0], &["5 at position 1", "integer input `count`", "calibrate"]);
    with("mask", &[2, 2], &[0.0, 2.0, 0.0, 0.0], &["2 at position 1", "boolean input `mask`", "0..=1"]);
}

#[test]
fn proves_with_some_inputs_private() {
    let model = Model::new();
    let given = model.given();
    let proof = model.folder.path("p.proof");
    let private = ["--private-input=count", "--private-input=mask", "--index", "1", "-o", &proof];
    let (code, proven) = model.run("prove", &[&borrowed(&given)[..], &private].concat());
    assert_eq!((code, &proven["output"][0]), (DONE, &json!(SUMS[1])), "{proven}");
    let [count, mask] = ["count", "mask"].map(|name| model.folder.path(&format!("p.{name}.commitment")));
    assert!(Path::new(&count).exists() && Path::new(&model.folder.path("p.mask.opening")).exists());
    let digests = &proven["input_commitment"];
    assert!(digests["count"].is_string() && digests["mask"].is_string() && digests["age"].is_null());

    let verify =
        |rest: &[&str]| tacit_json(&[&["verify", model.key.as_str(), proof.as_str()], rest].concat());
    let age = format!("age={}", model.age);
    let [count, mask] = [("count", count), ("mask", mask)].map(|(name, path)| format!("{name}={path}"));
    let commitments = ["--input-commitment", count.as_str(), "--input-commitment", mask.as_str()];
    let all = [&["--input", age.as_str(), "--index", "1"], &commitments[..]].concat();
    let (code, json) = verify(&all);
    assert_eq!((code, &json["given_inputs"]), (DONE, &json!(["age", "count", "mask"])), "{json}");
    assert_eq!(&json["input_commitment"], digests);
    let (code, json) = verify(&commitments);
    assert_eq!((code, &json["given_inputs"]), (DONE, &json!(["count", "mask"])), "{json}");
    assert_eq!(verify(&[]).0, DONE);
    let rejected = |rest: &[&str], word: &str| {
        let (code, json) = verify(rest);
        assert!(code == REJECTED && json["reason"].as_str().unwrap().contains(word), "{rest:?}: {json}");
    };
    rejected(&["--input", &age], "input `age`: the proof is about another input");
    let swapped = count.replace("count=", "mask=");
    rejected(&["--input-commitment", &swapped], "input `mask`: the proof is about another commitment");
    rejected(
        &["--input", &format!("count={}", model.count)],
        "input `count`: the proof is about a private input",
    );

    // Over the commitment that is there, beside other samples.
    let opening = format!("count={}", model.folder.path("p.count.opening"));
    let again = model.folder.path("again.proof");
    let [mask, age, _] = model.inputs();
    let arguments = [
        ["--input", mask.as_str(), "--input", age.as_str()],
        ["--private-input=count", "--opening", opening.as_str(), "--index"],
        ["1", "-o", again.as_str(), "--profile"],
    ];
    let (code, second) = model.run("prove", arguments.as_flattened());
    assert_eq!((code, &second["output"]), (DONE, &proven["output"]), "{second}");
    assert_eq!(second["input_commitment"], json!({ "count": digests["count"] }));
    let (code, json) = tacit_json(&["inspect", &again, "--key", &model.key]);
    assert_eq!(code, DONE, "{json}");
    assert_eq!(json["inputs"][1]["commitment"], digests["count"]);
    assert_eq!(
        (&json["inputs"][2]["name"], &json["inputs"][2]["commitment"]),
        (&json!("mask"), &Value::Null)
    );
    let (code, json) =
        model.run("prove", &[&borrowed(&given)[..], &["--private-input=sex", "-o", &again]].concat());
    assert!(
        code == FAILED && json["error"].as_str().unwrap().contains("no input `sex` to be private"),
        "{json}"
    );
}

#[test]
fn commits_to_one_of_the_inputs_by_name() {
    let model = Model::new();
    let age = format!("age={}", model.age);
    let commitment = model.folder.path("age.commitment");
    let (code, json) = tacit_json(&["commit-input", &age, "--model", &model.key, "-o", &commitment]);
    assert_eq!(code, DONE, "{json}");
    let other = model.folder.path("other.commitment");
    let (code, json) = tacit_json(&["commit-input", &model.age, "--model", &model.key, "-o", &other]);
    assert!(code == FAILED && json["error"].as_str().unwrap().contains("3 inputs"), "{json}");
    let (code, json) = tacit_json(&["inspect", &model.compiled]);
    assert_eq!(code, DONE, "{json}");
    let detail = |index: usize| json["layers"][index]["detail"].as_str().unwrap().to_owned();
    assert_eq!([detail(0), detail(1), detail(2)], ["round(x / 0.500000)", "integer", "boolean"]);
}
