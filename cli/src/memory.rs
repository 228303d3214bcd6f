//! Peak memory of processes.

/// The most memory of this process that was resident at any time, in bytes; `None` where the system does not tell.
pub fn peak_bytes() -> Option<u64> {
    peak_of("self")
}

/// The same of a child, by its number.
pub fn peak_bytes_of(process: u32) -> Option<u64> {
    peak_of(&process.to_string())
}

/// Forgets the peak so far, where the system can: from here on, the peak is what is resident now, or more later.
pub fn forget_peak() -> bool {
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

fn peak_of(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn peak_is_at_least_what_is_resident() {
        let peak = super::peak_bytes().unwrap();
        assert!((1 << 18..1 << 40).contains(&peak), "{peak}");
        assert!(super::peak_bytes_of(std::process::id()).unwrap() >= peak);
    }
}
