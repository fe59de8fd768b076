//! JSON lines: as they come, and behind a line that is sound.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    portolan_fuzz::read(&[b"{", bytes].concat());
    let sound = b"{\"code\":\"9503.00.0073\",\"country_of_origin\":\"CN\",\"entry_date\":\"2025-06-05\"}\n{";
    portolan_fuzz::read(&[sound, bytes].concat());
});
