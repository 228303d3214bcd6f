//! Peak memory of this process.

/// The most memory that was resident at any time, in bytes; `None` where the system does not tell.
pub(crate) fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
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
    }
}
