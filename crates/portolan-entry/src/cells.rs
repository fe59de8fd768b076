//! Cells of an output row, written straight into a buffer of bytes.

use portolan_engine::Pct;
use portolan_ledger::line::When;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Day, Rate, TariffCode};

use crate::civil;

/// Two digits for each number below a hundred.
const PAIRS: [[u8; 2]; 100] = pairs();

const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0_u8;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
}

fn pair(value: u64) -> [u8; 2] {
    PAIRS[usize::try_from(value % 100).unwrap_or(0)]
}

/// Writes a whole number.
pub fn whole(out: &mut Vec<u8>, value: u64) {
    if value < 10 {
        out.push(digit(value));
        return;
    }
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut left = value;
    while left >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&pair(left));
        left /= 100;
    }
    if left > 0 {
        at -= 1;
        digits[at] = digit(left);
    }
    out.extend_from_slice(&digits[at..]);
}

fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value % 10).unwrap_or(0)
}

/// Writes an integer.
pub fn integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    whole(out, value.unsigned_abs());
}

/// Writes an integer scaled by `10^PLACES` as a plain decimal without trailing zeros. The places are known to the compiler,
/// which turns the divisions into multiplications.
pub fn scaled<const PLACES: u32>(out: &mut Vec<u8>, value: i64) {
    scaled_by(out, value, (PLACES, const { 10_u64.pow(PLACES) }));
}

/// The same, of so many places and the power of ten that they are.
#[inline]
pub fn scaled_by(out: &mut Vec<u8>, value: i64, (places, unit): (u32, u64)) {
    if value < 0 {
        out.push(b'-');
    }
    let (units, mut part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    whole(out, units);
    if part == 0 {
        return;
    }
    let mut places = places as usize;
    while part % 10 == 0 {
        part /= 10;
        places -= 1;
    }
    let mut digits = [b'0'; 20];
    for place in (0..places.min(digits.len())).rev() {
        digits[place] = digit(part);
        part /= 10;
    }
    out.push(b'.');
    out.extend_from_slice(&digits[..places.min(digits.len())]);
}

/// Writes an amount of money with two decimals, or none where it is whole: `2550`, `12.50`.
pub fn cents(out: &mut Vec<u8>, value: Cents) {
    if value.0 < 0 {
        out.push(b'-');
    }
    let (dollars, part) = (value.0.unsigned_abs() / 100, value.0.unsigned_abs() % 100);
    whole(out, dollars);
    if part != 0 {
        let [tens, ones] = pair(part);
        out.extend_from_slice(&[b'.', tens, ones]);
    }
}

/// Writes an amount of money, or nothing where there is none.
pub fn cents_or_empty(out: &mut Vec<u8>, value: Option<Cents>) {
    if let Some(value) = value {
        cents(out, value);
    }
}

/// Percentage points in millionths, half up. Nearly all are whole millionths well inside 64 bits; the division of 128 bits
/// is for the rest.
pub fn micro_points(value: Pct) -> i64 {
    match i64::try_from(value.0) {
        Ok(small) if small % 10_000_000_000 == 0 => small / 10_000_000_000,
        _ => value.micro_points(),
    }
}

/// Writes percentage points, six places at most, half up; nothing where there are none.
pub fn pct_or_empty(out: &mut Vec<u8>, value: Option<Pct>) {
    if let Some(value) = value {
        scaled::<6>(out, micro_points(value));
    }
}

/// Writes a share in percentage points.
pub fn share(out: &mut Vec<u8>, value: Rate) {
    scaled::<{ Rate::PLACES }>(out, value.0);
}

/// Writes `YYYY-MM-DD`.
pub fn day(out: &mut Vec<u8>, value: Day) {
    let (year, month, day) = civil::date_of(value);
    if year < 0 {
        out.push(b'-');
    }
    date(out, (u64::from(year.unsigned_abs()), u64::from(month), u64::from(day)));
}

/// Writes a year of four digits at most, a month and a day as `YYYY-MM-DD`.
pub fn date(out: &mut Vec<u8>, (year, month, day): (u64, u64, u64)) {
    let mut text = *b"0000-00-00";
    text[..2].copy_from_slice(&pair(year / 100));
    text[2..4].copy_from_slice(&pair(year));
    text[5..7].copy_from_slice(&pair(month));
    text[8..].copy_from_slice(&pair(day));
    out.extend_from_slice(&text);
}

/// Writes a code with the schedule's dots.
pub fn code(out: &mut Vec<u8>, code: TariffCode) {
    let padded = code.padded();
    let pairs = [padded / 100_000_000, padded / 1_000_000, padded / 10_000, padded / 100, padded].map(pair);
    for (at, digits) in pairs.iter().take(usize::from(code.digits()) / 2).enumerate() {
        if matches!(at, 2 | 3) {
            out.push(b'.');
        }
        out.extend_from_slice(digits);
    }
}

/// Writes a text, in quotes where it holds a comma, a quote or a line break.
pub fn text(out: &mut Vec<u8>, value: &[u8]) {
    if is_plain(value) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for &byte in value {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn is_plain(value: &[u8]) -> bool {
    !value.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
}

/// Writes texts as one cell, `;` between them.
pub fn list<T: AsRef<[u8]>>(out: &mut Vec<u8>, values: impl IntoIterator<Item = T>) {
    let start = out.len();
    joined(out, values);
    if !is_plain(&out[start..]) {
        let cell = out.split_off(start);
        text(out, &cell);
    }
}

/// Writes texts with `;` between them.
pub fn joined<T: AsRef<[u8]>>(out: &mut Vec<u8>, values: impl IntoIterator<Item = T>) {
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            out.push(b';');
        }
        out.extend_from_slice(value.as_ref());
    }
}

/// Writes a date as it was stated: a day, or a moment in the zone of the side.
pub fn when(out: &mut Vec<u8>, when: When, clock: &Clock) {
    match when {
        When::Day(value) => day(out, value),
        When::At(at) => out.extend_from_slice(clock.rfc3339(at).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_plain_decimals() {
        assert_eq!(written(|o| whole(o, 0)), "0");
        assert_eq!(written(|o| whole(o, u64::MAX)), u64::MAX.to_string());
        for value in [0, 1, -1, 10, 123_456_789, -1_000_000, i64::MAX, i64::MIN] {
            let expected = |places| portolan_ledger::number::format_scaled(value, places);
            assert_eq!(written(|o| scaled::<0>(o, value)), expected(0));
            assert_eq!(written(|o| scaled::<2>(o, value)), expected(2));
            assert_eq!(written(|o| scaled::<6>(o, value)), expected(6));
            assert_eq!(written(|o| scaled::<7>(o, value)), expected(7));
        }
        assert_eq!(written(|o| cents(o, Cents(1_250))), "12.50");
        assert_eq!(written(|o| cents(o, Cents(-5))), "-0.05");
        assert_eq!(written(|o| cents(o, Cents(100))), "1");
    }

    #[test]
    fn points_are_those_of_the_engine() {
        for units in [0, 1, 250_000_000_000_000_000, 333_333_333_333_333_333, 10_i128.pow(18) * 20 / 3, -5, 1 << 70] {
            assert_eq!(written(|o| pct_or_empty(o, Some(Pct(units)))), Pct(units).to_string(), "{units}");
        }
        assert_eq!(written(|o| pct_or_empty(o, None)), "");
    }

    #[test]
    fn codes_and_days_are_those_of_the_ledger() {
        for text in ["01", "0101", "0101.21", "0101.21.00", "0101.21.0010", "9403.60.8081"] {
            let parsed: TariffCode = text.parse().unwrap();
            assert_eq!(written(|o| code(o, parsed)), parsed.to_string());
        }
        for value in [-200_000, -1, 0, 1, 59, 20_000, 2_000_000] {
            assert_eq!(written(|o| day(o, Day(value))), Day(value).to_string());
        }
    }

    #[test]
    fn texts_are_quoted_where_they_must_be() {
        assert_eq!(written(|o| text(o, b"plain; text")), "plain; text");
        assert_eq!(written(|o| text(o, b"a \"b\", c\n")), "\"a \"\"b\"\", c\n\"");
        assert_eq!(written(|o| list(o, ["a", "b"])), "a;b");
        assert_eq!(written(|o| list(o, ["a,", "b"])), "\"a,;b\"");
    }
}
