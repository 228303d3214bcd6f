//! What is given for a model's inputs: a file for each under its name, one file for the only input, or an archive for all.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tacit_layers::{Architecture, Tensor};

use tacit_onnx::FloatModel;

use crate::{artifact, npz, samples::Samples};

/// `NAME=FILE` or `FILE` on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile(OsString);

impl From<OsString> for InputFile {
    fn from(text: OsString) -> Self {
        Self(text)
    }
}

impl From<&Path> for InputFile {
    fn from(path: &Path) -> Self {
        Self(path.as_os_str().to_owned())
    }
}

impl fmt::Display for InputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl InputFile {
    /// Every path that it may name, whatever the inputs are called: none of them may be written to.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        let text = self.0.to_str().unwrap_or_default();
        let behind = text.match_indices('=').map(|(at, _)| Path::new(&text[at + 1..]));
        std::iter::once(Path::new(&self.0)).chain(behind)
    }

    /// The index of the input that it names, if it names one, and its path. A name with `=` in it, or a path, is told from the
    /// other by the names that there are.
    pub fn resolve(&self, names: &[&str]) -> Result<(Option<usize>, &Path)> {
        let text = self.0.to_str().unwrap_or_default();
        let behind = |name: &&str| text.strip_prefix(*name).and_then(|rest| rest.strip_prefix('='));
        if let Some((index, path)) = names.iter().enumerate().find_map(|(i, name)| Some((i, behind(name)?))) {
            return Ok((Some(index), Path::new(path)));
        }
        let path = Path::new(&self.0);
        match text.split_once('=') {
            Some((name, _)) if !path.exists() => {
                bail!("the model has no input `{}`: its inputs are {}", name.escape_debug(), listed(names))
            }
            _ => Ok((None, path)),
        }
    }
}

/// Puts what is given, each under a name or alone for the only input, in the inputs' order; none where nothing is given.
pub fn by_input<'a, T>(
    names: &[&str],
    given: &'a [InputFile],
    read: impl Fn(usize, &'a Path) -> Result<T>,
) -> Result<Vec<Option<T>>> {
    let mut places: Vec<Option<T>> = names.iter().map(|_| None).collect();
    for file in given {
        let (index, path) = file.resolve(names)?;
        let index = match (index, names) {
            (Some(index), _) => index,
            (None, [_]) => 0,
            (None, _) => bail!(several(names, path)),
        };
        put(&mut places, names, index, read(index, path)?)?;
    }
    Ok(places)
}

fn put<T>(places: &mut [Option<T>], names: &[&str], index: usize, value: T) -> Result<()> {
    match places.get_mut(index) {
        Some(place @ None) => *place = Some(value),
        _ => bail!("input `{}` is given more than once: give it once", names[index]),
    }
    Ok(())
}

/// The files, for a message.
pub fn list(files: &[InputFile]) -> String {
    files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ")
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn several(names: &[&str], path: &Path) -> String {
    format!(
        "`{}` is given without an input's name, the model has {} inputs ({}): give NAME=FILE for each, or one .npz archive \
         with an array of each name",
        path.display(),
        names.len(),
        listed(names)
    )
}

/// Samples for every input of a model, as many for each.
#[derive(Debug)]
pub struct Inputs {
    samples: Vec<Samples>,
}

impl Inputs {
    /// Reads samples for the inputs of an architecture.
    pub fn of(architecture: &Architecture, files: &[InputFile]) -> Result<Self> {
        let wanted: Vec<(&str, &[usize])> =
            architecture.input_layers().map(|(name, layer)| (name, layer.layout.axes())).collect();
        Self::read(files, &wanted)
    }

    /// Reads samples for the inputs of a float model.
    pub fn of_model(model: &FloatModel, files: &[InputFile]) -> Result<Self> {
        let wanted: Vec<(&str, &[usize])> =
            model.inputs().iter().map(|input| (input.name.as_str(), input.shape.as_slice())).collect();
        Self::read(files, &wanted)
    }

    /// Reads samples for inputs of these names and shapes, each with or without a batch axis.
    pub fn read(files: &[InputFile], wanted: &[(&str, &[usize])]) -> Result<Self> {
        let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
        let places = Self::read_some(files, wanted)?;
        let missing = |index: usize| {
            format!(
                "nothing is given for input `{}`: the model's inputs are {}",
                names[index],
                listed(&names)
            )
        };
        let samples = places.into_iter().enumerate().map(|(i, samples)| samples.with_context(|| missing(i)));
        let samples = samples.collect::<Result<Vec<_>>>()?;
        let counts: Vec<usize> = samples.iter().map(Samples::len).collect();
        if let Some(index) = counts.iter().position(|count| *count != counts[0]) {
            bail!(
                "there are {} samples for input `{}` and {} for input `{}`: give as many for each",
                counts[0],
                names[0],
                counts[index],
                names[index]
            );
        }
        Ok(Self { samples })
    }

    /// Reads samples for those of the inputs for which something is given.
    pub fn read_some(files: &[InputFile], wanted: &[(&str, &[usize])]) -> Result<Vec<Option<Samples>>> {
        let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
        let mut places: Vec<Option<Samples>> = names.iter().map(|_| None).collect();
        for file in files {
            let (named, path) = file.resolve(&names)?;
            let bytes = artifact::read(path)?;
            match named {
                _ if npz::is_npz(&bytes) => {
                    let chosen = named.map(|index| names[index]);
                    for (index, samples) in unpack(path, &bytes, wanted, chosen)? {
                        put(&mut places, &names, index, samples)?;
                    }
                }
                Some(index) => {
                    put(&mut places, &names, index, Samples::parse(path, &bytes, wanted[index].1)?)?;
                }
                None if names.len() == 1 => {
                    put(&mut places, &names, 0, Samples::parse(path, &bytes, wanted[0].1)?)?;
                }
                None => bail!(several(&names, path)),
            }
        }
        Ok(places)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.first().map_or(0, Samples::len)
    }

    /// Whether there is no sample, which no files that are read give.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One sample, an array for each input, checked to hold only finite numbers.
    pub fn get(&self, index: usize) -> Result<Vec<&[f32]>> {
        self.samples.iter().map(|samples| samples.get(index)).collect()
    }

    /// Every sample, checked to hold only finite numbers.
    pub fn all(&self) -> Result<Vec<Vec<&[f32]>>> {
        (0..self.len()).map(|index| self.get(index)).collect()
    }

    /// Every sample with the arrays of its inputs behind each other, as float models take it.
    pub fn flat(&self) -> Result<Vec<Vec<f32>>> {
        Ok(self.all()?.into_iter().map(|sample| sample.concat()).collect())
    }

    /// Every sample of the only input.
    pub fn only(&self) -> Result<Vec<Vec<f32>>> {
        match self.samples.as_slice() {
            [samples] => samples.all(),
            samples => bail!("the model has {} inputs where one is expected", samples.len()),
        }
    }

    /// Reads labels for these samples.
    pub fn labels(&self, path: &Path) -> Result<Vec<usize>> {
        self.samples.first().context("the model has no input")?.labels(path)
    }
}

/// The arrays of an archive, each with its input's index: all of them, which must be inputs, or the chosen input's.
fn unpack(
    path: &Path,
    bytes: &[u8],
    wanted: &[(&str, &[usize])],
    chosen: Option<&str>,
) -> Result<Vec<(usize, Samples)>> {
    let name = path.display();
    let members = npz::members(bytes).with_context(|| format!("cannot read `{name}`"))?;
    let held = || listed(&members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>());
    if let Some(chosen) = chosen.filter(|chosen| members.iter().all(|member| member.name != *chosen)) {
        bail!("`{name}` holds no array `{chosen}`: it holds {}", held());
    }
    let mut unpacked = vec![];
    for member in members.iter().filter(|member| chosen.is_none_or(|chosen| chosen == member.name)) {
        let index = wanted.iter().position(|(name, _)| *name == member.name);
        let index = index.with_context(|| {
            let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
            format!(
                "`{name}` holds an array `{}`, the model's inputs are {}: give an array for each under its name",
                member.name.escape_debug(),
                listed(&names)
            )
        })?;
        let place = PathBuf::from(format!("{name}:{}", member.name));
        unpacked.push((index, Samples::parse(&place, member.bytes, wanted[index].1)?));
    }
    Ok(unpacked)
}

/// Quantises one sample, an array for each input.
pub fn quantise(architecture: &Architecture, sample: &[&[f32]]) -> Result<Vec<Tensor<i64>>> {
    architecture.check_num_inputs(sample.len())?;
    let inputs = architecture.input_layers().zip(sample);
    inputs.map(|((name, layer), values)| Ok(tacit_onnx::quantise_sample(name, layer, values)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npy::{Array, to_bytes};

    fn file(text: &str) -> InputFile {
        InputFile(text.into())
    }

    #[test]
    fn names_are_told_from_paths_by_the_inputs_that_there_are() {
        let names = ["x", "x=1", "/model/in"];
        for (text, expected) in [
            ("x=a.npy", (Some(0), "a.npy")),
            ("x=1=a.npy", (Some(0), "1=a.npy")),
            ("/model/in=b=c.npy", (Some(2), "b=c.npy")),
            ("a.npy", (None, "a.npy")),
        ] {
            let (index, path) = expected;
            assert_eq!(file(text).resolve(&names).unwrap(), (index, Path::new(path)), "{text}");
        }
        let error = format!("{:#}", file("z=a.npy").resolve(&names).unwrap_err());
        assert!(error.contains("no input `z`") && error.contains("`x`, `x=1`, `/model/in`"), "{error}");
        let paths: Vec<String> = file("a=b=c").paths().map(|path| path.display().to_string()).collect();
        assert_eq!(paths, ["a=b=c", "b=c", "c"]);
    }

    #[test]
    fn samples_come_by_name_from_files_and_archives() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: Vec<u8>| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path.display().to_string()
        };
        let array = |shape: &[usize], first: f32| {
            let count = shape.iter().product::<usize>();
            let values = (0..count).map(|i| first + i as f32).collect();
            to_bytes(Array { shape: shape.to_vec(), values }).unwrap()
        };
        let (a, b) = (write("a.npy", array(&[2, 3], 0.0)), write("b.npy", array(&[2, 2], 10.0)));
        let both = npz::to_bytes(&[("b", array(&[2, 2], 10.0)), ("a", array(&[2, 3], 0.0))]).unwrap();
        let both = write("both.npz", both);
        let wanted: [(&str, &[usize]); 2] = [("a", &[3]), ("b", &[2])];
        let read = |files: &[String]| {
            let files: Vec<InputFile> = files.iter().map(|text| file(text)).collect();
            Inputs::read(&files, &wanted)
        };
        for files in [
            vec![format!("b={b}"), format!("a={a}")],
            vec![both.clone()],
            vec![format!("a={both}"), format!("b={b}")],
        ] {
            let inputs = read(&files).unwrap();
            assert_eq!(inputs.len(), 2);
            assert_eq!(inputs.get(1).unwrap(), [&[3.0, 4.0, 5.0][..], &[12.0, 13.0]], "{files:?}");
        }
        let refused = |files: &[String]| format!("{:#}", read(files).unwrap_err());
        assert!(refused(&[format!("a={a}")]).contains("nothing is given for input `b`"));
        assert!(refused(std::slice::from_ref(&a)).contains("the model has 2 inputs (`a`, `b`)"));
        assert!(refused(&[both.clone(), format!("a={a}")]).contains("input `a` is given more than once"));
        assert!(refused(&[format!("c={a}")]).contains("no input `c`"));
        let more = write("more.npy", array(&[3, 2], 0.0));
        let counts = refused(&[format!("a={a}"), format!("b={more}")]);
        assert!(counts.contains("2 samples for input `a` and 3 for input `b`"), "{counts}");
        let other = npz::to_bytes(&[("c", array(&[3], 0.0))]).unwrap();
        let other = write("other.npz", other);
        assert!(
            refused(std::slice::from_ref(&other)).contains("an array `c`, the model's inputs are `a`, `b`")
        );
        assert!(refused(&[format!("a={other}")]).contains("holds no array `a`: it holds `c`"));
        assert!(refused(&[format!("a={b}"), format!("b={b}")]).contains("takes samples of shape [3]"));
    }
}
