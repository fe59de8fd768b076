//! The report "Entry Summary Line Tariff Details" (ES-003) of the Automated Commercial Environment, as people have it:
//! exported as CSV or as a workbook, and often saved once more by a spreadsheet.
//!
//! Its columns are of fixed width, so that a leading zero which a spreadsheet took can be put back. Amounts are shown with
//! signs, days with a midnight. Goods of Canada are reported by province (instructions for CBP Form 7501, block 10).

use std::borrow::Cow;

use super::header::Header;
use crate::columns::{self, Column};

/// What a file is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// Entry lines as their columns say.
    Plain,
    /// An ES-003 report.
    Es003,
}

/// Digits of an entry number: three of the filer, seven of the entry, one to check.
const ENTRY_NUMBER: usize = 11;

/// Provinces and territories of Canada, which the report names in place of the country.
const PROVINCES: [&[u8; 2]; 15] =
    [b"XA", b"XB", b"XC", b"XD", b"XE", b"XM", b"XN", b"XO", b"XP", b"XQ", b"XS", b"XT", b"XV", b"XW", b"XY"];

impl Report {
    /// Known by the names of its columns: those that no other file has together.
    pub(super) fn of(header: &Header) -> Self {
        let names: Vec<String> = header.names.iter().map(|name| columns::folded(name)).collect();
        let has = |name: &str| names.iter().any(|known| known == name);
        let is_one = has("entrysummarynumber")
            && has("htsnumberfull")
            && (has("tariffordinalnumber") || has("linetariffdutyamount"));
        if is_one { Self::Es003 } else { Self::Plain }
    }

    /// An entry number, and whether zeros were put back.
    pub(super) fn entry_number(self, value: &[u8]) -> (Cow<'_, [u8]>, bool) {
        let value = value.trim_ascii();
        match self {
            Self::Es003 => padded(value, ENTRY_NUMBER),
            Self::Plain => (Cow::Borrowed(value), false),
        }
    }

    /// A tariff number, and whether a zero was put back. A number that begins with two zeros is none.
    pub(super) fn code(self, value: &[u8]) -> (Cow<'_, [u8]>, bool) {
        let value = value.trim_ascii();
        match (self, value.len()) {
            (Self::Es003, 7 | 9) => padded(value, value.len() + 1),
            _ => (Cow::Borrowed(value), false),
        }
    }

    /// An amount or a quantity without the signs that a report shows it with: `$1,234.50` is 1234.50.
    pub(super) fn amount(self, value: &[u8]) -> Cow<'_, [u8]> {
        let bare = value.strip_prefix(b"$").unwrap_or(value).trim_ascii();
        match self {
            Self::Es003 if is_grouped(bare) => bare.iter().copied().filter(|byte| *byte != b',').collect(),
            Self::Es003 => Cow::Borrowed(bare),
            Self::Plain => Cow::Borrowed(value),
        }
    }

    /// A value that the rows of a line share, and what was done to it.
    pub(super) fn clean(self, column: Column, value: &[u8]) -> (Cow<'_, [u8]>, Option<&'static str>) {
        if self == Self::Plain {
            return (Cow::Borrowed(value), None);
        }
        match column {
            Column::EntryNumber => {
                let (value, restored) = self.entry_number(value);
                (value, restored.then_some("leading zeros that a spreadsheet took restored in entry numbers"))
            }
            Column::EntryDate
            | Column::ImportDate
            | Column::ExportDate
            | Column::LoadingDate
            | Column::ItDate
            | Column::WithdrawalDate
            | Column::FtzStatusDate
            | Column::LiquidationDate => (Cow::Borrowed(without_midnight(value)), None),
            Column::CountryOfOrigin | Column::CountryOfExport
                if PROVINCES.iter().any(|code| code.eq_ignore_ascii_case(value)) =>
            {
                (Cow::Borrowed(b"CA"), Some("provinces of Canada read as Canada"))
            }
            _ => (Cow::Borrowed(value), None),
        }
    }

    /// A value that is passed through.
    pub(super) fn passed<'v>(self, name: &str, value: &'v [u8]) -> Cow<'v, [u8]> {
        let is_called = |folded: &str| columns::folded_letters(name).eq(folded.chars());
        let width = match self {
            Self::Es003 if is_called("filercode") || is_called("entryfilercode") => 3,
            Self::Es003 if is_called("portofentrycode") => 4,
            _ => return Cow::Borrowed(value),
        };
        padded(value, width).0
    }
}

/// Digits with zeros before them up to a width, and whether any were missing. What is not digits alone stays as it is.
fn padded(value: &[u8], width: usize) -> (Cow<'_, [u8]>, bool) {
    let is_short = !value.is_empty() && value.len() < width && value.iter().all(u8::is_ascii_digit);
    if !is_short {
        return (Cow::Borrowed(value), false);
    }
    let mut full = vec![b'0'; width - value.len()];
    full.extend_from_slice(value);
    (Cow::Owned(full), true)
}

/// Digits in groups of three, with commas between: `1,234.50`.
fn is_grouped(value: &[u8]) -> bool {
    let whole = value.split(|byte| *byte == b'.').next().unwrap_or_default();
    let mut groups = whole.split(|byte| *byte == b',');
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    rest.peek().is_some()
        && matches!(first.len(), 1..=3)
        && first.iter().all(u8::is_ascii_digit)
        && rest.all(|group| group.len() == 3 && group.iter().all(u8::is_ascii_digit))
}

/// A day without the midnight that a report shows behind it.
fn without_midnight(value: &[u8]) -> &[u8] {
    const MIDNIGHTS: [&[u8]; 5] = [b" 12:00:00 AM", b" 12:00 AM", b" 00:00:00", b" 00:00", b" 0:00"];
    MIDNIGHTS.into_iter().find_map(|time| value.strip_suffix(time)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_put_back_where_the_width_is_fixed() {
        let report = Report::Es003;
        assert_eq!(report.entry_number(b"1234567"), (Cow::Borrowed(&b"00001234567"[..]), true));
        assert_eq!(report.entry_number(b"ABC12345678"), (Cow::Borrowed(&b"ABC12345678"[..]), false));
        assert_eq!(report.entry_number(b"9E+11"), (Cow::Borrowed(&b"9E+11"[..]), false));
        assert_eq!(report.code(b"101210010"), (Cow::Borrowed(&b"0101210010"[..]), true));
        assert_eq!(report.code(b"94036080"), (Cow::Borrowed(&b"94036080"[..]), false));
        assert_eq!(report.passed("Port of Entry Code", b"901"), Cow::Borrowed(b"0901"));
        assert!(!Report::Plain.code(b"101210010").1);
    }

    #[test]
    fn signs_of_amounts_are_taken_away_where_they_are_in_their_places() {
        let report = Report::Es003;
        for (shown, bare) in [
            ("$1,234.50", "1234.50"),
            ("12,345,678", "12345678"),
            ("$0.00", "0.00"),
            ("1,23", "1,23"),
            ("1.234,5", "1.234,5"),
        ] {
            assert_eq!(report.amount(shown.as_bytes()), Cow::Borrowed(bare.as_bytes()), "{shown}");
        }
        assert_eq!(Report::Plain.amount(b"$1,000"), Cow::Borrowed(b"$1,000"));
    }

    #[test]
    fn days_lose_a_midnight_and_provinces_are_canada() {
        let report = Report::Es003;
        assert_eq!(report.clean(Column::EntryDate, b"4/8/2025 12:00:00 AM").0, Cow::Borrowed(b"4/8/2025"));
        assert_eq!(report.clean(Column::EntryDate, b"4/8/2025 1:00:00 AM").0, Cow::Borrowed(b"4/8/2025 1:00:00 AM"));
        assert_eq!(report.clean(Column::CountryOfOrigin, b"XQ").0, Cow::Borrowed(b"CA"));
        assert_eq!(report.clean(Column::CountryOfOrigin, b"XX").0, Cow::Borrowed(b"XX"));
    }
}
