//! What a command tells: one JSON object or text on standard output, and the exit code. Nothing else writes there.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;
use serde_json::json;
use tacit_layers::printable::{is_unprintable, printable};

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
        let text = printable(&format!("{error:#}"));
        Self { verdict: Verdict::Failed, json: Ok(json!({ "error": &text }).to_string()), text }
    }

    /// Writes the report and gives the exit code. A reader that went away does not change the verdict.
    pub fn print(self, as_json: bool) -> ExitCode {
        let written = match (as_json, self.json, self.verdict) {
            (true, Ok(json), _) => write_line(&escaped_json(&json)),
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

/// The text line by line, with every character that could make it look like another one written out.
fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// JSON whose strings hold no such character: they are written as JSON escapes them.
fn escaped_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unprintable(c) {
            let mut units = [0; 2];
            text.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}

fn write_line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", printable_lines(text.trim_end()))?;
    stdout.flush()
}

/// Lets panics tell what they tell in characters that cannot look like something else, and those that become errors nothing.
pub fn escape_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if tacit_onnx::is_guarded() {
            return;
        }
        // Nobody is left to tell that standard error is closed.
        let _ = writeln!(io::stderr(), "{}", printable_lines(&panic.to_string()));
    }));
}

/// Reports a command line that clap did not take as a command: a mistake, or a request for help.
pub fn usage(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().take_while(|argument| argument != "--").any(|a| a == "--json");
    if error.use_stderr() && wants_json {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        return Report::failed(&anyhow::anyhow!("{text}")).print(true);
    }
    let rendered = error.render().to_string();
    if rendered.chars().any(|c| is_unprintable(c) && c != '\n') {
        // A closed stream changes nothing.
        let _ = write!(io::stderr(), "{}", printable_lines(&rendered));
        return Verdict::Failed.exit_code();
    }
    // Clap writes help to standard output and mistakes to standard error; a closed stream changes nothing.
    let _ = error.print();
    if error.use_stderr() { Verdict::Failed.exit_code() } else { Verdict::Done.exit_code() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_with_escapes_means_what_it_meant() {
        let text = "\u{7f}\u{202e}\u{e0041}\u{9b}\n\u{1b}ok";
        let json = serde_json::to_string(text).unwrap();
        let escaped = escaped_json(&json);
        assert!(!escaped.chars().any(is_unprintable), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }

    #[test]
    fn an_error_is_one_line() {
        let report = Report::failed(&anyhow::anyhow!("layer `a\nACCEPTED in 1 ms`"));
        assert_eq!(report.text, "layer `a\\u{a}ACCEPTED in 1 ms`");
    }
}
