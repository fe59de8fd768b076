//! Reports with a row for each tariff number: rows behind the header of such a report.

#![no_main]

use libfuzzer_sys::fuzz_target;

const HEAD: &[u8] =
    b"Entry Summary Number,Entry Summary Line Number,Entry Date,Country of Origin Code,Tariff Ordinal Number,\
HTS Number - Full,Line Tariff Goods Value Amount,Line Tariff Duty Amount,x\n";

fuzz_target!(|bytes: &[u8]| {
    portolan_fuzz::read(&[HEAD, bytes].concat());
});
