//! What a command tells: one JSON object or text on standard output, and the exit code. Nothing else writes there.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;
use serde_json::json;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Done, or the proof is accepted.
    Done,
    /// The proof is rejected.
    Rejected,
    /// The command could not run.
    Failed,
    /// A figure is worse than --strict allows.
    Poor,
}

/// A command's result in both its forms.
#[derive(Debug)]
pub struct Report {
    verdict: Verdict,
    json: serde_json::Result<String>,
    text: String,
}

impl Report {
    /// The command did its work, or accepts the proof.
    pub fn done(facts: &impl Serialize, text: &impl Display) -> Self {
        Self { verdict: Verdict::Done, json: serde_json::to_string(facts), text: text.to_string() }
    }

    /// The proof is rejected.
    pub fn rejected(facts: &impl Serialize, text: &impl Display) -> Self {
        Self { verdict: Verdict::Rejected, ..Self::done(facts, text) }
    }

    /// The command did its work, and a figure is worse than --strict allows.
    pub fn poor(facts: &impl Serialize, text: &impl Display) -> Self {
        Self { verdict: Verdict::Poor, ..Self::done(facts, text) }
    }

    /// The command could not run.
    pub fn failed(error: &anyhow::Error) -> Self {
        let text = format!("{error:#}");
        Self { verdict: Verdict::Failed, json: Ok(json!({ "error": &text }).to_string()), text }
    }

    /// Writes the report and gives the exit code. A reader that went away does not change the verdict.
    pub fn print(self, as_json: bool) -> ExitCode {
        let written = match (as_json, self.json, self.verdict) {
            (true, Ok(json), _) => write_line(&json),
            (true, Err(error), _) => Err(error.into()),
            (false, _, Verdict::Failed) => writeln!(io::stderr(), "error: {}", self.text),
            (false, ..) => write_line(&self.text),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                // Standard error is the last resort; if it is gone too, the exit code still tells.
                let _ = writeln!(io::stderr(), "error: cannot write to standard output: {error}");
                Verdict::Failed.exit_code()
            }
            _ => self.verdict.exit_code(),
        }
    }
}

impl Verdict {
    fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Rejected => 1,
            Self::Failed => 2,
            Self::Poor => 3,
        })
    }
}

fn write_line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", text.trim_end())?;
    stdout.flush()
}

/// Reports a command line that clap did not take as a command: a mistake, or a request for help.
pub fn usage(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().take_while(|argument| argument != "--").any(|a| a == "--json");
    if error.use_stderr() && wants_json {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        return Report::failed(&anyhow::anyhow!("{text}")).print(true);
    }
    // Clap writes help to standard output and mistakes to standard error; a closed stream changes nothing.
    let _ = error.print();
    if error.use_stderr() { Verdict::Failed.exit_code() } else { Verdict::Done.exit_code() }
}
