//! `docs/timeline-2025.svg` is what the program draws. `SAMPLE=overwrite cargo test --release -p portolan-cli --test sample`
//! draws it anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The averages over all tariff lines take minutes without optimisation.
#[test]
#[cfg_attr(debug_assertions, ignore = "minutes without optimisation: run it with --release")]
fn the_sample_is_what_the_program_draws() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/timeline-2025.svg");
    let drawn = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("timeline-2025.svg");
    let done = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(["timeline", "--from", "2025-01-01", "--to", "2025-08-31", "--known", "2026-11-01", "--svg"])
        .arg(&drawn)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let drawn = fs::read_to_string(&drawn).unwrap();
    if std::env::var_os("SAMPLE").is_some_and(|value| value == "overwrite") {
        fs::write(&kept, &drawn).unwrap();
    }
    let kept = fs::read_to_string(&kept).unwrap_or_default();
    let differs = kept.lines().zip(drawn.lines()).position(|(a, b)| a != b);
    assert_eq!(differs, None, "docs/timeline-2025.svg differs from what is drawn from that line on");
    assert_eq!(kept.lines().count(), drawn.lines().count(), "docs/timeline-2025.svg ends elsewhere");
}
