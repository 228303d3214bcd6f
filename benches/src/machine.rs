//! The machine that rows are measured on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tacit_algebra::kernels::backend;

/// A machine and the program that runs on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The processor's name; null where the system does not tell.
    pub cpu: Option<String>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory in bytes; null where the system does not tell.
    pub memory: Option<u64>,
    /// Operating system and instruction set: `linux x86_64`.
    pub system: String,
    /// The kernels of field and curve arithmetic: `ifma` or `portable`.
    pub kernel: String,
    /// Tacit's version.
    pub version: String,
    /// The commit it was built from, `-dirty` where files differed; null where it was built outside a repository.
    pub commit: Option<String>,
    /// The first digits of the SHA-256 of the program's file.
    pub build: Option<String>,
}

impl Machine {
    /// This machine.
    pub fn here(version: &str, commit: Option<&str>, build: Option<String>) -> Self {
        let read = |path| std::fs::read_to_string(path).ok();
        Self {
            cpu: read("/proc/cpuinfo").as_deref().and_then(processor),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: read("/proc/meminfo").as_deref().and_then(total_memory),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: backend().name().to_owned(),
            version: version.to_owned(),
            commit: commit.map(str::to_owned),
            build,
        }
    }
}

fn processor(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The time now in UTC: `2026-01-31T23:59:59Z`.
pub fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    date(since)
}

/// A time since 1970 in UTC. Days are counted in eras of 400 years that begin in March, so that leap days come last.
fn date(since: Duration) -> String {
    let seconds = since.as_secs();
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * march + 2) / 5 + 1, if march < 10 { march + 3 } else { march - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let text = |seconds| date(Duration::from_secs(seconds));
        assert_eq!(text(0), "1970-01-01T00:00:00Z");
        assert_eq!(text(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(text(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(text(1_735_689_600), "2025-01-01T00:00:00Z");
        assert_eq!(text(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn reads_what_linux_tells() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: A: B\n"), Some("A: B".to_owned()));
        assert_eq!(total_memory("MemTotal:       24 kB\nMemFree: 1 kB"), Some(24 * 1024));
        assert_eq!((processor(""), total_memory("MemTotal: many")), (None, None));
    }
}
