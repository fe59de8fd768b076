//! Ordinary rates that are given: for a side that has no schedule here, by number and date.

use std::path::Path;

use portolan_entry::fault::Faults;
use portolan_ledger::{Day, Rate, TariffCode};
use rustc_hash::FxHashMap;

use super::file::{self, Wanted, wrong};
use crate::weights::{code, percent};

const COLUMNS: [Wanted; 3] = [
    Wanted { name: "code", aliases: &["hts_number", "hs10", "hs8", "hs6"], needed: true },
    Wanted { name: "mfn_pct", aliases: &[], needed: true },
    Wanted { name: "from", aliases: &["valid_from", "date"], needed: false },
];

/// Ordinary rates by number, each from a day on.
#[derive(Clone, Debug, Default)]
pub struct Ordinary {
    /// Sorted by number and day.
    rows: Vec<(TariffCode, Day, Rate)>,
}

/// Rates of a number, each from a day on until the next begins.
pub type Steps = Vec<(Day, Option<Rate>)>;

impl Ordinary {
    /// The rates of a file with the columns `code`, `mfn_pct` and, where they change, `from`: the first day of the rate.
    ///
    /// # Errors
    /// The file cannot be read, lacks a column, or rows are wrong: every fault with its place.
    pub fn read(path: &Path) -> Result<Self, Faults> {
        let mut rows = Vec::new();
        let mut seen: FxHashMap<(TariffCode, Day), Rate> = FxHashMap::default();
        file::read(path, &COLUMNS, &mut |_, cells| {
            let &[text, rate, from] = cells else { return Ok(()) };
            let day = match from {
                "" => Day(i32::MIN),
                from => {
                    let start = from.split('T').next().unwrap_or_default();
                    let day = Day::parse_iso(start.as_bytes());
                    day.ok_or_else(|| wrong("from", from, "not a day of the calendar").help("write it as YYYY-MM-DD"))?
                }
            };
            let (code, rate) = (code(text)?, percent("mfn_pct", rate)?);
            if seen.insert((code, day), rate).is_some() {
                return Err(wrong("code", text, "it is stated twice for one day"));
            }
            rows.push((code, day, rate));
            Ok(())
        })?;
        rows.sort_unstable();
        Ok(Self { rows })
    }

    /// The rates of a number over time: those of the longest number that covers it; where there is none, the plain mean of the
    /// rates of the numbers below it. Nothing where no number is known.
    pub fn of(&self, code: TariffCode) -> Steps {
        let covering = [10, 8, 6, 4, 2].into_iter().filter(|&digits| digits <= code.digits());
        let own = covering.map(|digits| self.exactly(code.prefix(digits))).find(|rows| !rows.is_empty());
        if let Some(rows) = own {
            return rows.iter().map(|(_, day, rate)| (*day, Some(*rate))).collect();
        }
        let start = self.rows.partition_point(|(other, ..)| other.padded() < code.padded());
        let below = &self.rows[start..];
        let below = &below[..below.partition_point(|(other, ..)| other.padded() < code.end())];
        let mut days: Vec<Day> = below.iter().map(|(_, day, _)| *day).collect();
        days.sort_unstable();
        days.dedup();
        days.into_iter().map(|day| (day, mean(below, day))).collect()
    }

    fn exactly(&self, code: TariffCode) -> &[(TariffCode, Day, Rate)] {
        let start = self.rows.partition_point(|(other, ..)| *other < code);
        let rest = &self.rows[start..];
        &rest[..rest.partition_point(|(other, ..)| *other == code)]
    }

    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The mean of the rates in force on a day, to the billionth, half up.
fn mean(rows: &[(TariffCode, Day, Rate)], day: Day) -> Option<Rate> {
    let in_force = |of: &[(TariffCode, Day, Rate)]| {
        of[..of.partition_point(|(_, from, _)| *from <= day)].last().map(|(.., rate)| i128::from(rate.0))
    };
    let rates: Vec<i128> = rows.chunk_by(|a, b| a.0 == b.0).filter_map(in_force).collect();
    let count = i128::try_from(rates.len()).ok().filter(|count| *count > 0)?;
    i64::try_from(portolan_ledger::number::div_half_up(rates.iter().sum(), count)).ok().map(Rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_own_rates_or_the_mean_of_those_below_it() {
        let code = |text: &str| text.parse::<TariffCode>().unwrap();
        let day = |n: i32| Day(n);
        let mut rows = vec![
            (code("0101.21.0010"), day(0), Rate::percent(4)),
            (code("0101.21.0020"), day(0), Rate::percent(8)),
            (code("0101.21.0020"), day(10), Rate::percent(10)),
            (code("0202"), day(5), Rate::percent(3)),
        ];
        rows.sort_unstable();
        let table = Ordinary { rows };
        let mean = [(day(0), Some(Rate::percent(6))), (day(10), Some(Rate::percent(7)))];
        assert_eq!(table.of(code("0101.21.00")), mean);
        assert_eq!(table.of(code("0101")), mean);
        assert_eq!(table.of(code("0202.30.50")), [(day(5), Some(Rate::percent(3)))]);
        assert_eq!(table.of(code("0303")), []);
    }
}
