//! Model folders: `model.onnx` with `inputs.npy`, and where there are any `labels.npy`, `logits.npy`, `calibration.npy`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use tacit_benches::suites::{self, Case};

use tacit_cli::units;

/// Folders below a given one that are searched.
const DEPTH: usize = 4;
const MODEL: &str = "model.onnx";

/// A folder with a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelFolder {
    path: PathBuf,
}

impl ModelFolder {
    /// The folder itself, which must hold a model.
    pub(super) fn new(path: &Path) -> Result<Self> {
        if path.join(MODEL).is_file() {
            return Ok(Self { path: path.to_owned() });
        }
        bail!("`{}` holds no {MODEL}: give a folder that does", path.display())
    }

    /// Every model folder under these, sorted.
    pub(super) fn find(roots: &[PathBuf]) -> Result<Vec<Self>> {
        let mut found = vec![];
        for root in roots {
            let before = found.len();
            search(root, DEPTH, &mut found)?;
            if found.len() == before {
                bail!("there is no {MODEL} under `{}`: give a folder with model folders", root.display());
            }
        }
        found.sort();
        found.dedup();
        Ok(found.into_iter().map(|path| Self { path }).collect())
    }

    /// A case for each model folder under these. Folders of one name are told apart by their parents'.
    pub(super) fn cases(roots: &[PathBuf]) -> Result<Vec<Case>> {
        let folders = Self::find(roots)?;
        let names: Vec<String> = folders.iter().map(Self::name).collect();
        let name = |folder: &Self| match names.iter().filter(|&name| *name == folder.name()).count() {
            0 | 1 => folder.name(),
            _ => folder.path.to_string_lossy().into_owned(),
        };
        Ok(suites::models(folders.iter().map(|folder| (name(folder), folder.path.clone()))))
    }

    /// What its rows depend on: SHA-256 of its model and of the samples that calibrate it and are proved.
    pub(super) fn digest(&self) -> Result<String> {
        let files = ["calibration.npy", "inputs.npy"].map(|file| self.shared(file));
        let mut hasher = Sha256::new();
        for path in std::iter::once(self.model()).chain(files.into_iter().flatten()) {
            let content = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            hasher.update((content.len() as u64).to_le_bytes());
            hasher.update(&content);
        }
        Ok(units::hexadecimal(&hasher.finalize()))
    }

    /// The folder's name.
    pub(super) fn name(&self) -> String {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
    }

    pub(super) fn model(&self) -> PathBuf {
        self.path.join(MODEL)
    }

    /// A file of the folder, or that of the folder beside it whose name this one's continues, as `net_int8` continues
    /// `net`: variants of a model share their samples.
    pub(super) fn shared(&self, file: &str) -> Option<PathBuf> {
        let own = self.path.join(file);
        if own.is_file() {
            return Some(own);
        }
        let (name, parent) = (self.name(), fs::canonicalize(&self.path).ok()?.parent()?.to_owned());
        let stems = name.rmatch_indices('_').map(|(at, _)| &name[..at]);
        stems.map(|stem| parent.join(stem).join(file)).find(|path| path.is_file())
    }

    /// A file of this folder only.
    pub(super) fn own(&self, file: &str) -> Option<PathBuf> {
        Some(self.path.join(file)).filter(|path| path.is_file())
    }
}

fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    if folder.join(MODEL).is_file() {
        found.push(folder.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot list `{}`: give a folder that can be read", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot list `{}`", folder.display()))?.path();
        if depth > 0 && path.is_dir() {
            search(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_models_and_the_files_that_variants_share() {
        let root = tempfile::tempdir().unwrap();
        for (folder, files) in
            [("a/net", &[MODEL, "inputs.npy"][..]), ("a/net_int8_x", &[MODEL]), ("b", &["inputs.npy"])]
        {
            let folder = root.path().join(folder);
            fs::create_dir_all(&folder).unwrap();
            for file in files {
                fs::write(folder.join(file), []).unwrap();
            }
        }
        let found = ModelFolder::find(&[root.path().to_owned(), root.path().join("a")]).unwrap();
        assert_eq!(found.iter().map(ModelFolder::name).collect::<Vec<_>>(), ["net", "net_int8_x"]);
        for folder in &found {
            assert!(folder.shared("inputs.npy").is_some_and(|path| path.ends_with("net/inputs.npy")));
            assert_eq!(folder.shared("labels.npy"), None);
        }
        assert_eq!(found[1].own("inputs.npy"), None);
        assert!(ModelFolder::find(&[root.path().join("b")]).is_err());
        assert!(ModelFolder::find(&[root.path().join("missing")]).is_err());
    }
}
