//! Progress on standard error, shown only when it is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A spinner or bar that disappears when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Starts a spinner with what is being done.
    pub fn new(message: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(message);
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// Says what is being done now.
    pub fn step(&self, message: &'static str) {
        self.bar.set_message(message);
    }

    /// Turns into a bar that counts samples.
    pub fn count(&self, message: &'static str, samples: usize) {
        self.step(message);
        self.bar.set_length(samples as u64);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            self.bar.set_style(style);
        }
    }

    /// One sample more is done.
    pub fn advance(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
