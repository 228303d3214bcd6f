//! Output files: written to a temporary file beside their place and renamed, so that no part of one is ever seen.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tempfile::{NamedTempFile, TempPath};

/// Where an output file will go.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    /// Permissions of the file, less what the process masks.
    mode: u32,
}

/// For everybody.
const PUBLIC: u32 = 0o666;
/// For the owner only.
const SECRET: u32 = 0o600;

impl Destination {
    /// Checks, before any long work, that a file can be written here and replaces none of the `inputs`.
    pub fn new(path: &Path, inputs: &[&Path]) -> Result<Self> {
        Self::with_mode(path, inputs, PUBLIC)
    }

    /// The same for a file that only its owner may read.
    pub fn secret(path: &Path, inputs: &[&Path]) -> Result<Self> {
        Self::with_mode(path, inputs, SECRET)
    }

    fn with_mode(path: &Path, inputs: &[&Path], mode: u32) -> Result<Self> {
        let name = path.display();
        if path.file_name().is_none() || path.is_dir() {
            bail!("cannot write `{name}`: it is a directory; give the path of a file in it");
        }
        // A link is followed, so that the rename replaces what it points to.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.exists() && !path.is_file() {
            bail!("cannot write `{name}`: it is not a regular file; give another path");
        }
        if inputs.iter().any(|input| fs::canonicalize(input).is_ok_and(|input| input == path)) {
            bail!("cannot write `{name}`: it is also an input of this command; give another path");
        }
        let destination = Self { path, mode };
        destination.temporary()?;
        Ok(destination)
    }

    /// Writes the file.
    pub fn write(&self, content: &[u8]) -> Result<()> {
        self.prepare(content)?.place()
    }

    /// Writes the content to a temporary file, to be put in its place later.
    pub fn prepare(&self, content: &[u8]) -> Result<Prepared> {
        let mut file = self.temporary()?;
        file.write_all(content)
            .and_then(|()| file.as_file().sync_all())
            .with_context(|| format!("cannot write `{}`: is the disk full?", self.path.display()))?;
        Ok(Prepared { file: file.into_temp_path(), path: self.path.clone() })
    }

    fn temporary(&self) -> Result<NamedTempFile> {
        let folder = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tacit-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(self.mode));
        }
        builder.tempfile_in(folder).with_context(|| {
            format!(
                "cannot write `{}`: the folder `{}` must exist and be writable",
                self.path.display(),
                folder.display()
            )
        })
    }
}

/// A written file that is not in its place yet; dropped, it disappears.
#[derive(Debug)]
pub struct Prepared {
    file: TempPath,
    path: PathBuf,
}

impl Prepared {
    /// Puts the file in its place.
    pub fn place(self) -> Result<()> {
        let path = self.path;
        self.file
            .persist(&path)
            .map_err(|error| error.error)
            .with_context(|| format!("cannot put the file in its place at `{}`", path.display()))
    }
}
