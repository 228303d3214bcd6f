//! Output files: written to a temporary file beside their place and renamed, so that no part of one is ever seen, and none
//! that cannot be made again is ever replaced.

use std::{
    fs,
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use tacit_layers::proof::{input, key};
use tempfile::{NamedTempFile, TempPath};

/// Where an output file will go.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    /// The same wherever it is named from.
    place: PathBuf,
    /// Permissions of the file, less what the process masks.
    mode: u32,
    /// Whether the file must be new.
    is_new: bool,
}

/// Extensions that a name beside another one takes the place of; behind any other, it is appended.
const EXTENSIONS: [&str; 3] = ["tacit", "proof", "commitment"];

/// The path beside another one with this extension: `lenet.tacit` gives `lenet.vk`, `lenet.v1` gives `lenet.v1.vk`.
///
/// # Errors
/// When the other path has that extension itself.
pub fn beside(path: &Path, extension: &str, what: &str, expected: &str) -> Result<PathBuf> {
    let known = |known: &str| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(known));
    if known(extension) {
        bail!("cannot write `{}`: that name is for {what}; use the extension .{expected}", path.display());
    }
    if EXTENSIONS.into_iter().any(known) {
        return Ok(path.with_extension(extension));
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    Ok(name.into())
}

/// Checks that no two outputs of a command have one place.
///
/// # Errors
/// The first place that is named twice.
pub fn check_distinct(outputs: &[&Destination]) -> Result<()> {
    for (index, output) in outputs.iter().enumerate() {
        if outputs.iter().skip(index + 1).any(|other| other.place == output.place) {
            bail!(
                "cannot write `{}` twice: this command writes several files; give each a name of its own",
                output.path.display()
            );
        }
    }
    Ok(())
}

/// Bytes by which kinds of files are told apart.
const BEGINNING: u64 = 8;

/// What a file is that nobody can make again, if it is such a file.
fn irreplaceable(path: &Path) -> Option<&'static str> {
    let mut file = fs::File::open(path).ok()?;
    let mut magic = [0; 8];
    file.read_exact(&mut magic).ok()?;
    match &magic {
        input::OPENING_MAGIC => Some("the opening of a commitment"),
        input::MAGIC => Some("the commitment to an input"),
        key::MAGIC if is_private(&mut file)? => Some("the verifying key of a private model"),
        tacit_prover::key::MAGIC if is_private(&mut file)? => Some("the proving key of a private model"),
        _ => None,
    }
}

/// The first bytes of a file that is not empty.
fn beginning(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    fs::File::open(path).ok()?.take(BEGINNING).read_to_end(&mut bytes).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

/// Whether a key, read as far as its magic, is a private model's: behind version, length and network there is a byte that
/// says so.
fn is_private(file: &mut fs::File) -> Option<bool> {
    let (mut version, mut length, mut flag) = ([0; 4], [0; 8], [0]);
    file.read_exact(&mut version).ok()?;
    file.read_exact(&mut length).ok()?;
    file.seek(SeekFrom::Current(i64::try_from(u64::from_le_bytes(length)).ok()?)).ok()?;
    file.read_exact(&mut flag).ok()?;
    Some(flag == [1])
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

    /// The same, where no file may be yet.
    pub fn only_new(self) -> Result<Self> {
        if self.path.exists() {
            bail!("{}", exists(&self.path));
        }
        Ok(Self { is_new: true, ..self })
    }

    /// The same, where only a file that begins as this command's do may be replaced, or an empty one.
    pub fn replacing(self, what: &str, beginnings: &[&[u8]]) -> Result<Self> {
        if let Some(found) = beginning(&self.path)
            && !beginnings.iter().any(|beginning| found.starts_with(beginning))
        {
            bail!(
                "cannot write `{}`: a file is there that is not {what}; give another path, or move it away",
                self.path.display()
            );
        }
        Ok(self)
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
        if let Some(what) = irreplaceable(&path) {
            bail!(
                "cannot write `{name}`: it is {what}, which nobody can make again; give another path, or move it away"
            );
        }
        let destination = Self { place: place(&path), path, mode, is_new: false };
        destination.temporary()?;
        Ok(destination)
    }

    /// Where the file will be.
    pub fn path(&self) -> &Path {
        &self.path
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
        Ok(Prepared { file: file.into_temp_path(), path: self.path.clone(), is_new: self.is_new })
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

fn exists(path: &Path) -> String {
    format!(
        "cannot write `{}`: it exists, and could not be made again; give another path, or move it away",
        path.display()
    )
}

/// A path by its folder's, which links may lead to, as long as there is no such file.
fn place(path: &Path) -> PathBuf {
    let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return path.to_owned() };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::canonicalize(folder).map_or_else(|_| path.to_owned(), |folder| folder.join(name))
}

/// A written file that is not in its place yet; dropped, it disappears.
#[derive(Debug)]
pub struct Prepared {
    file: TempPath,
    path: PathBuf,
    is_new: bool,
}

impl Prepared {
    /// Puts the file in its place.
    pub fn place(self) -> Result<()> {
        let path = self.path;
        let placed = if self.is_new { self.file.persist_noclobber(&path) } else { self.file.persist(&path) };
        placed.map_err(|error| error.error).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => anyhow::anyhow!("{}", exists(&path)),
            _ => anyhow::Error::new(error)
                .context(format!("cannot put the file in its place at `{}`", path.display())),
        })
    }
}
