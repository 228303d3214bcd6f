//! The rows of a folder: `rows.jsonl`, rewritten as a whole after each row, so that an interrupted run can go on.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tacit_benches::row::{Row, Status};

use super::publication;
use tacit_cli::destination::Destination;

pub(super) const ROWS: &str = "rows.jsonl";

/// The rows measured so far, and where they are kept.
#[derive(Debug)]
pub(super) struct Store {
    rows: Vec<Row>,
    files: Option<Files>,
}

#[derive(Debug)]
struct Files {
    folder: PathBuf,
    rows: Destination,
    /// Held as long as rows may be added.
    _lock: Option<fs::File>,
}

impl Store {
    /// The rows of a folder, which is made if it is not there; without one, rows are kept in memory.
    pub(super) fn open(folder: Option<&Path>) -> Result<Self> {
        let Some(folder) = folder else { return Ok(Self { rows: vec![], files: None }) };
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder `{}`: give another --out", folder.display()))?;
        let lock = lock(folder)?;
        let path = folder.join(ROWS);
        let files = Files { folder: folder.to_owned(), rows: Destination::new(&path, &[])?, _lock: lock };
        publication::check(folder)?;
        let rows = match fs::metadata(&path).map_err(|error| error.kind()) {
            Err(ErrorKind::NotFound) => vec![],
            _ => read(&path)
                .context("these rows cannot be added to: move the file away, or give another --out")?,
        };
        Ok(Self { rows, files: Some(files) })
    }

    /// The row of the same measurement, unless it failed or would fail under this limit.
    pub(super) fn find(&self, blank: &Row, max_memory: Option<u64>) -> Option<&Row> {
        let fits = |row: &Row| match (max_memory, row.bytes.peak_memory) {
            (Some(limit), Some(peak)) => peak <= limit,
            _ => true,
        };
        self.rows.iter().find(|row| row.status != Status::Failed && fits(row) && row.same_measurement(blank))
    }

    /// Adds a row in place of one that another build or machine measured.
    pub(super) fn add(&mut self, row: Row) -> Result<()> {
        let same =
            |old: &Row| (&old.suite, &old.name, &old.settings) == (&row.suite, &row.name, &row.settings);
        match self.rows.iter_mut().find(|old| same(old)) {
            Some(old) => *old = row,
            None => self.rows.push(row),
        }
        let Some(files) = &self.files else { return Ok(()) };
        let mut lines = String::new();
        for row in &self.rows {
            lines.push_str(&row.to_line()?);
            lines.push('\n');
        }
        files.rows.write(lines.as_bytes())
    }

    /// Writes everything that is made from the rows.
    pub(super) fn publish(&self) -> Result<()> {
        let Some(files) = &self.files else { return Ok(()) };
        publication::publish(&files.folder, &self.rows).map(|_| ())
    }
}

/// How long a run waits for one that is ending: a child that is being started shares its parent's lock.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps other runs from the folder: each writes all rows that it knows of. Where folders cannot be locked, nothing does.
fn lock(folder: &Path) -> Result<Option<fs::File>> {
    let Ok(opened) = fs::File::open(folder) else { return Ok(None) };
    let begin = Instant::now();
    loop {
        match opened.try_lock() {
            Err(fs::TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(fs::TryLockError::WouldBlock) => bail!(
                "another run is writing to `{}`: wait until it has ended, or give another --out",
                folder.display()
            ),
            Err(fs::TryLockError::Error(_)) => return Ok(None),
            Ok(()) => return Ok(Some(opened)),
        }
    }
}

/// The rows of a file.
pub(super) fn read(path: &Path) -> Result<Vec<Row>> {
    let text = String::from_utf8(tacit_cli::artifact::read(path)?.to_vec()).with_context(|| {
        format!("`{}` is no text: give a rows.jsonl that `tacit-bench` wrote", path.display())
    })?;
    let row = |(index, line): (usize, &str)| {
        Row::from_line(line)
            .with_context(|| format!("cannot read line {} of `{}`", index + 1, path.display()))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(row).collect()
}
