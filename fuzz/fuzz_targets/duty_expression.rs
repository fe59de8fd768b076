//! Duty expressions as the schedule prints them: every text has a value, and what a value prints reads as that value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan_ledger::duty_expression::{DutyExpression, SpecialColumn, Unit};
use portolan_ledger::number::Quantity;

fuzz_target!(|text: &str| {
    let read = DutyExpression::parse(text);
    assert_eq!(DutyExpression::parse(&read.to_string()), read, "{text:?}");
    let _ = (read.ad_valorem(), read.share_of_value(), read.needs());
    let quantities: Vec<(Unit, Quantity)> = ["kg", "No.", "liters", "doz"]
        .into_iter()
        .filter_map(|unit| Some((Unit::parse(unit).ok()?, Quantity(1_500_000))))
        .collect();
    for value in [0, 1, 10_000, 100_000_000_000] {
        let _ = read.duty(value, &quantities);
    }
    let _ = SpecialColumn::parse(text);
});
