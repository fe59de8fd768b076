//! Packed texts: the bytes as gzip, as Zstandard, and packed by them.

#![no_main]

use std::io::Write as _;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    portolan_fuzz::read(&[b"\x1F\x8B", bytes].concat());
    portolan_fuzz::read(&[b"\x28\xB5\x2F\xFD", bytes].concat());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    if encoder.write_all(bytes).is_ok() {
        portolan_fuzz::read(&encoder.finish().unwrap_or_default());
    }
    portolan_fuzz::read(&zstd::encode_all(bytes, 1).unwrap_or_default());
});
