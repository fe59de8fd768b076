//! Parquet: the bytes as a file.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    portolan_fuzz::read(&[b"PAR1", bytes.get(4..).unwrap_or_default()].concat());
});
