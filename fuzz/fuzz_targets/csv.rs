//! Rows separated by commas: the header is given, so that what follows is mostly rows.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    portolan_fuzz::read(bytes);
    portolan_fuzz::read(&[b"hts_number,country_of_origin,entry_date,x\n", bytes].concat());
});
