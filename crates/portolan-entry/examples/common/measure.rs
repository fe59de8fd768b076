//! What a measured piece of work takes, for a person to read.

use std::fs;
use std::time::Duration;

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Processor time of all threads so far, as the kernel counts it in hundredths of a second; zero where it does not tell.
/// On a machine that is shared it says more than the clock.
pub fn processor_seconds() -> f64 {
    let ticks = || -> Option<u32> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        Some(fields.next()?.parse::<u32>().ok()? + fields.next()?.parse::<u32>().ok()?)
    };
    f64::from(ticks().unwrap_or(0)) / 100.0
}

pub fn per_second(count: u64, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "for a person to read")]
    {
        count as f64 / took.as_secs_f64()
    }
}

pub fn megabytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "for a person to read")]
    {
        bytes as f64 / 1e6
    }
}

/// The most memory that the process held, in bytes, as the kernel tells it; zero where it does not.
pub fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    peak.map_or(0, |kilobytes: u64| kilobytes * 1_024)
}
