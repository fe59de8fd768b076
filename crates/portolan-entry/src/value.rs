//! Values of cells: dates, codes, countries, money, shares. Each parser says exactly what is wrong.

use portolan_ledger::code::CodeError;
use portolan_ledger::line::When;
use portolan_ledger::number::{NumberError, Quantity};
use portolan_ledger::record::{Mode, Origin};
use portolan_ledger::{Cents, Day, Instant, Rate, TariffCode};

use crate::civil;
use crate::countries;

/// What is wrong with a value, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub help: Option<String>,
}

impl Wrong {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// No entry line is worth more: 100 billion dollars, in cents. Keeps every product of the engine far inside its types.
const MOST_CENTS: i64 = 10_000_000_000_000;

/// Years outside of these are slips of the pen; the schedule began in 1989.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    digits.iter().try_fold(0_u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

/// A civil date from its parts, or what makes it impossible.
fn civil_day(year: u32, month: u32, day: u32) -> Result<Day, Wrong> {
    let signed = i32::try_from(year).unwrap_or(0);
    if !YEARS.contains(&signed) {
        return Err(Wrong::new(format!("the year {year:04} lies outside {} to {}", YEARS.start(), YEARS.end())));
    }
    if let Some(found) = civil::day_of(signed, month, day) {
        return Ok(found);
    }
    let Some(days) = civil::days_in_month(signed, month) else {
        return Err(Wrong::new(format!("there is no month {month}")));
    };
    let name = portolan_ledger::time::MONTHS.get((month as usize).wrapping_sub(1)).copied().unwrap_or_default();
    Err(Wrong::new(format!("there is no {day} {name} {year}: the month has {days} days")))
}

/// `YYYY-MM-DD`; none where the text has another form.
fn iso_day(text: &[u8]) -> Option<Result<Day, Wrong>> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text else { return None };
    Some(civil_day(number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?))
}

/// `MM/DD/YYYY`, as ACE exports have it; none where the text has another form.
fn slashed_day(text: &[u8]) -> Option<Result<Day, Wrong>> {
    let mut parts = text.split(|b| *b == b'/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let found = civil_day(number(year)?, number(month)?, number(day)?);
    Some(found.map_err(|wrong| wrong.help("with slashes the month comes first: MM/DD/YYYY")))
}

const DATE_HELP: &str = "write YYYY-MM-DD";

/// Reads a day: `YYYY-MM-DD` or `MM/DD/YYYY`.
pub fn day(text: &[u8]) -> Result<Day, Wrong> {
    iso_day(text).or_else(|| slashed_day(text)).unwrap_or_else(|| {
        let moment = text.contains(&b'T') || text.contains(&b':');
        let what = if moment { "a day is asked for, without a time" } else { "not a date" };
        Err(Wrong::new(what).help(DATE_HELP))
    })
}

/// Reads a day, or a moment with its offset: `2025-11-10T00:00:30-05:00`.
pub fn when(text: &[u8]) -> Result<When, Wrong> {
    if let Some(day) = iso_day(text).or_else(|| slashed_day(text)) {
        return day.map(When::Day);
    }
    if text.len() == 5 && text.iter().all(u8::is_ascii_digit) {
        let help = "it is the number of a day, as spreadsheets count: format the column as a date";
        return Err(Wrong::new("not a date").help(help));
    }
    if text.len() < 12 || text.len() > 40 {
        return Err(Wrong::new("not a date").help(DATE_HELP));
    }
    if let Some(Err(wrong)) = iso_day(&text[..10]) {
        return Err(wrong);
    }
    let words = std::str::from_utf8(text).unwrap_or_default();
    match words.parse::<jiff::Timestamp>() {
        Ok(stamp) => {
            // The year of the text, not of the moment in UTC: an offset may carry it over.
            let year = number(&text[..4]).and_then(|year| i32::try_from(year).ok());
            match year.filter(|year| YEARS.contains(year)) {
                Some(_) => Ok(When::At(Instant(stamp.as_second()))),
                None => Err(Wrong::new(format!("the year lies outside {} to {}", YEARS.start(), YEARS.end()))),
            }
        }
        Err(_) if words.parse::<jiff::civil::DateTime>().is_ok() => {
            Err(Wrong::new("a time of day without its offset from UTC").help("write it as YYYY-MM-DDT00:01:00-05:00"))
        }
        Err(_) => {
            Err(Wrong::new("not a date and not a date-time").help("write YYYY-MM-DD, or YYYY-MM-DDT00:01:00-05:00"))
        }
    }
}

/// What a spreadsheet makes of a long number in a column that is not text.
const ROUNDED: &str = "a spreadsheet has rounded it: format the column as text, and fill it again";

/// Sees that an entry number is one: it is kept as it stands, but no digits that are lost can be had again.
pub fn entry_number(text: &[u8]) -> Result<(), Wrong> {
    if text.contains(&b'+') { Err(Wrong::new("an entry number in powers of ten").help(ROUNDED)) } else { Ok(()) }
}

/// Reads a code of 8 or 10 digits.
pub fn code(text: &[u8]) -> Result<TariffCode, Wrong> {
    match TariffCode::parse(text) {
        Ok(code) if code.digits() >= 8 => Ok(code),
        Ok(code) => Err(Wrong::new(format!("8 or 10 digits are asked for, this has {}", code.digits()))),
        Err(CodeError::Length(digits @ (7 | 9))) => {
            let help = "a spreadsheet may have taken away a leading zero: format the column as text";
            Err(Wrong::new(format!("8 or 10 digits are asked for, this has {digits}")).help(help))
        }
        Err(CodeError::Length(digits)) => Err(Wrong::new(format!("8 or 10 digits are asked for, this has {digits}"))),
        Err(CodeError::NotADigit) if text.contains(&b'+') => {
            Err(Wrong::new("a tariff code in powers of ten").help(ROUNDED))
        }
        Err(CodeError::NotADigit) => Err(Wrong::new("a tariff code is digits and dots only")),
    }
}

/// Reads a country.
pub fn country(text: &[u8]) -> Result<Origin, Wrong> {
    let origin = Origin::parse(text);
    match origin {
        Some(origin) if countries::is_country(origin) => Ok(origin),
        Some(origin) if origin.0 == *b"XX" => {
            let help = "the duty turns on the country: leave the line out, or ask for its origin";
            Err(Wrong::new("XX stands for an unknown country, and none can be assumed").help(help))
        }
        _ => {
            let words = String::from_utf8_lossy(text);
            let help = countries::advice(&words).unwrap_or_else(|| "write the ISO 3166 code of two letters".to_owned());
            Err(Wrong::new("not the ISO code of a country").help(help))
        }
    }
}

fn number_wrong(error: NumberError, text: &[u8]) -> Wrong {
    let what = match error {
        NumberError::NotDecimal => "not a plain decimal number".to_owned(),
        NumberError::TooPrecise(0) => "a whole number is asked for".to_owned(),
        NumberError::TooPrecise(places) => format!("more than {places} decimals"),
        NumberError::TooLarge => "the number is too large".to_owned(),
    };
    let wrong = Wrong::new(what);
    if text.contains(&b',') {
        return wrong.help("leave out thousands separators; decimals come after a point");
    }
    if text.eq_ignore_ascii_case(b"nan") {
        return wrong.help("leave the cell empty where nothing is stated");
    }
    if text.iter().any(|b| matches!(b, b'$' | b'e' | b'E')) && error == NumberError::NotDecimal {
        return wrong.help("digits and one point only: 10000 or 10000.50");
    }
    wrong
}

fn not_negative(value: i64) -> Result<(), Wrong> {
    if value < 0 { Err(Wrong::new("it is below zero")) } else { Ok(()) }
}

/// Reads an amount of money of at most 100 billion, not below zero, with at most two decimals.
pub fn money(text: &[u8]) -> Result<Cents, Wrong> {
    let value = Cents::parse(text).map_err(|error| number_wrong(error, text))?;
    not_negative(value.0)?;
    if value.0 > MOST_CENTS {
        return Err(Wrong::new("more than 100 billion, which no entry line is worth"));
    }
    Ok(value)
}

/// Reads a quantity, not below zero, with at most six decimals.
pub fn quantity(text: &[u8]) -> Result<Quantity, Wrong> {
    let value = Quantity::parse(text).map_err(|error| number_wrong(error, text))?;
    not_negative(value.0)?;
    Ok(value)
}

/// Reads percentage points, not below zero, with at most seven decimals; a percent sign may stand behind them.
pub fn percent(text: &[u8]) -> Result<Rate, Wrong> {
    let bare = text.strip_suffix(b"%").unwrap_or(text).trim_ascii_end();
    let value = Rate::parse(bare).map_err(|error| number_wrong(error, bare))?;
    not_negative(value.0)?;
    Ok(value)
}

/// Reads a share of the whole: 0 to 100 percentage points.
pub fn share(text: &[u8]) -> Result<Rate, Wrong> {
    let value = percent(text)?;
    if value > Rate::WHOLE {
        return Err(Wrong::new("a share lies between 0 and 100"));
    }
    Ok(value)
}

/// Reads a whole number from 1.
pub fn ordinal(text: &[u8]) -> Result<u64, Wrong> {
    let value = portolan_ledger::number::parse_scaled(text, 0).map_err(|error| number_wrong(error, text))?;
    match u64::try_from(value) {
        Ok(value) if value > 0 => Ok(value),
        _ => Err(Wrong::new("counting starts at 1")),
    }
}

/// Reads an entry type: two digits, of which a spreadsheet may have taken the leading zero.
pub fn entry_type(text: &[u8]) -> Result<[u8; 2], Wrong> {
    match *text {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => Ok([a, b]),
        [b] if b.is_ascii_digit() && b != b'0' => Ok([b'0', b]),
        _ => Err(Wrong::new("an entry type is two digits")
            .help("01 is an entry for consumption, 06 from a foreign trade zone")),
    }
}

/// Reads a mode of transport.
pub fn mode(text: &[u8]) -> Result<Mode, Wrong> {
    // The plain names as nearly every file has them; the ledger knows the codes and other spellings.
    match text {
        b"vessel" => return Ok(Mode::Vessel),
        b"air" => return Ok(Mode::Air),
        b"truck" => return Ok(Mode::Truck),
        b"rail" => return Ok(Mode::Rail),
        _ => {}
    }
    let words = std::str::from_utf8(text).unwrap_or_default();
    Mode::parse(words).ok_or_else(|| {
        Wrong::new("not a mode of transport")
            .help("vessel, air, rail, truck, mail or other, or the two-digit code of CBP")
    })
}

/// Reads a program: one or two letters, with the sign that some have.
pub fn program(text: &[u8]) -> Result<String, Wrong> {
    let letters = match text {
        [letters @ .., b'+' | b'*' | b'#'] => letters,
        _ => text,
    };
    if !matches!(letters.len(), 1 | 2) || !letters.iter().all(u8::is_ascii_alphabetic) {
        return Err(Wrong::new("not the symbol of a special program").help("S, S+, KR, AU, A, A+, A*, D, ..."));
    }
    Ok(String::from_utf8_lossy(text).to_ascii_uppercase())
}

/// Reads a chapter 98 number: 4 to 10 digits that begin with 98, printed with the schedule's dots.
pub fn chapter_98(text: &[u8]) -> Result<String, Wrong> {
    match TariffCode::parse(text) {
        Ok(code) if code.chapter() == 98 && code.digits() >= 4 => Ok(code.to_string()),
        _ => Err(Wrong::new("not a number of chapter 98").help("9802.00.40, 9802.00.80, 9803, ...")),
    }
}

/// Reads a chapter 99 heading, printed with the schedule's dots.
pub fn heading_99(text: &[u8]) -> Result<String, Wrong> {
    match TariffCode::parse(text) {
        Ok(code) if code.chapter() == 99 && code.digits() >= 8 => Ok(code.prefix(8).to_string()),
        _ => Err(Wrong::new("not a heading of chapter 99").help("eight digits, with ; between several")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong<T: std::fmt::Debug>(result: Result<T, Wrong>) -> String {
        result.unwrap_err().what
    }

    #[test]
    fn dates_are_read_in_three_forms() {
        let day = Day::parse_iso(b"2025-06-05").unwrap();
        assert_eq!(when(b"2025-06-05"), Ok(When::Day(day)));
        assert_eq!(when(b"06/05/2025"), Ok(When::Day(day)));
        assert_eq!(when(b"6/5/2025"), Ok(When::Day(day)));
        assert_eq!(when(b"2025-06-05T00:00:00Z"), Ok(When::At(Instant(i64::from(day.0) * 86_400))));
        assert_eq!(
            when(b"2025-06-05T00:01:00-04:00"),
            Ok(When::At(Instant(i64::from(day.0) * 86_400 + 4 * 3600 + 60)))
        );
    }

    #[test]
    fn impossible_dates_are_named() {
        assert_eq!(wrong(when(b"2025-02-30")), "there is no 30 February 2025: the month has 28 days");
        assert_eq!(wrong(when(b"13/05/2025")), "there is no month 13");
        assert_eq!(wrong(when(b"2025-04-31T10:00:00Z")), "there is no 31 April 2025: the month has 30 days");
        assert_eq!(wrong(when(b"0025-06-05")), "the year 0025 lies outside 1900 to 2199");
        assert_eq!(wrong(when(b"2025-06-05T10:00:00")), "a time of day without its offset from UTC");
        assert_eq!(wrong(day(b"2025-06-05T10:00:00Z")), "a day is asked for, without a time");
        for text in ["", "tomorrow", "2025-6-5", "20250605", "2025-06-05T", "1/2/25", "45813"] {
            assert!(when(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_exact_or_refused() {
        assert_eq!(money(b"10000.5"), Ok(Cents(1_000_050)));
        assert_eq!(wrong(money(b"-1")), "it is below zero");
        assert_eq!(wrong(money(b"1e308")), "not a plain decimal number");
        assert_eq!(wrong(money(b"NaN")), "not a plain decimal number");
        assert_eq!(wrong(money(b"1.005")), "more than 2 decimals");
        assert_eq!(wrong(money(b"99999999999999999999999")), "the number is too large");
        assert_eq!(wrong(money(b"100000000000.01")), "more than 100 billion, which no entry line is worth");
        assert_eq!(
            money(b"10,000").unwrap_err().help.unwrap(),
            "leave out thousands separators; decimals come after a point"
        );
        assert_eq!(share(b"40%"), Ok(Rate::percent(40)));
        assert_eq!(wrong(share(b"100.1")), "a share lies between 0 and 100");
        assert_eq!(wrong(share(b"1.12345678")), "more than 7 decimals");
        assert_eq!(wrong(ordinal(b"0")), "counting starts at 1");
    }

    #[test]
    fn codes_and_countries() {
        assert!(code(b"9403.60.80").is_ok());
        assert_eq!(wrong(code(b"940360")), "8 or 10 digits are asked for, this has 6");
        assert!(code(b"101210010").unwrap_err().help.unwrap().contains("leading zero"));
        assert_eq!(wrong(code(b"94O3.60.80")), "a tariff code is digits and dots only");
        assert_eq!(country(b"hk").unwrap().to_string(), "HK");
        assert_eq!(wrong(country(b"XX")), "XX stands for an unknown country, and none can be assumed");
        assert_eq!(country(b"China").unwrap_err().help.unwrap(), "China is CN");
        assert_eq!(entry_type(b"6"), Ok(*b"06"));
        assert!(entry_type(b"ABC").is_err());
        assert_eq!(program(b"s+").unwrap(), "S+");
        assert!(program(b"USMCA").is_err());
        assert_eq!(chapter_98(b"98020080").unwrap(), "9802.00.80");
        assert_eq!(heading_99(b"99038803").unwrap(), "9903.88.03");
    }
}
