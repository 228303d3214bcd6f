//! A row in a process of its own: what one does to memory or by crashing leaves the others alone.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tacit_benches::row::{Row, Status};

use super::row::Job;
use crate::arguments::BenchOptions;
use tacit_cli::{memory, units};

/// How often a process's memory is looked at.
const INTERVAL: Duration = Duration::from_millis(10);
/// What is shown of a crashed process's last words.
const LAST_WORDS: usize = 300;

/// Measures a case. Whatever goes wrong is told in the row.
pub(super) fn measure(job: Job, options: &BenchOptions, max_memory: Option<u64>) -> Row {
    let measured = start(&job, options).and_then(|process| process.finish(max_memory));
    let measured = measured.and_then(|row| match (max_memory, row.bytes.peak_memory) {
        (Some(limit), Some(peak)) if peak > limit => bail!("{}", over(limit)),
        _ => Ok(row),
    });
    measured.unwrap_or_else(|error| Row {
        status: Status::Failed,
        reason: Some(format!("{error:#}")),
        ..job.row
    })
}

struct Process {
    child: Child,
    stdout: File,
    stderr: File,
}

fn start(job: &Job, options: &BenchOptions) -> Result<Process> {
    let program = std::env::current_exe().context("cannot find this program to run it again")?;
    // Files, not pipes, so that nobody has to read while the process runs.
    let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let child = Command::new(program)
        .args(["--json", "row", &serde_json::to_string(job)?])
        .args(options.flags(job.row.settings.threads))
        .stdin(Stdio::null())
        .stdout(stdout.try_clone()?)
        .stderr(stderr.try_clone()?)
        .spawn()
        .context("cannot run this program again")?;
    Ok(Process { child, stdout, stderr })
}

impl Process {
    /// The row it prints.
    fn finish(mut self, max_memory: Option<u64>) -> Result<Row> {
        let status = match max_memory {
            Some(limit) => self.watch(limit)?,
            None => self.child.wait()?,
        };
        let stdout = text(&mut self.stdout)?;
        if status.success() {
            return serde_json::from_str(&stdout).context("its process printed no row");
        }
        let error: Option<serde_json::Value> = serde_json::from_str(&stdout).ok();
        if let Some(error) = error.as_ref().and_then(|error| error["error"].as_str()) {
            bail!("{error}");
        }
        let words = text(&mut self.stderr)?;
        let words: String = words.trim().chars().take(LAST_WORDS).collect();
        bail!("its process ended with {status}{}{words}", if words.is_empty() { "" } else { ": " })
    }

    /// Waits, and ends the process when it needs too much.
    fn watch(&mut self, limit: u64) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if memory::peak_bytes_of(self.child.id()).is_some_and(|peak| peak > limit) {
                self.child.kill()?;
                self.child.wait()?;
                bail!("{}", over(limit));
            }
            thread::sleep(INTERVAL);
        }
    }
}

fn over(limit: u64) -> String {
    format!("it needs more than {}, which --max-memory allows", units::bytes(limit as usize))
}

fn text(file: &mut File) -> Result<String> {
    let mut bytes = vec![];
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
