//! Rates as CSV: the columns of the interface, section 6.

use std::io::{self, Write};

use portolan_ledger::number::format_scaled;
use portolan_ledger::{Day, Ledger};

use super::sums::{Part, Stretch};
use super::{Group, PartOf, Rates, Request};

/// What an output says of how it was made.
#[derive(Clone, Debug)]
pub struct Labels {
    /// `us_import` or `cn_import`.
    pub direction: &'static str,
    /// `assessed` or `owed`.
    pub view: &'static str,
    /// Scenarios by id, joined; empty for the law as it is.
    pub scenario: String,
}

/// Writes rates: a row a day where `daily`, else a row for each stretch of days on which nothing changes. Gives the number of
/// rows.
///
/// Where rates are parted by family or measure, the rows of one day, origin and chapter sum to its rate as printed. A part
/// that adds nothing has no row; where none adds anything, one row says so.
pub fn csv(
    out: &mut dyn Write,
    rates: &Rates,
    request: &Request<'_>,
    ledger: &Ledger,
    labels: &Labels,
    daily: bool,
) -> io::Result<u64> {
    let table = Table { rates, request, ledger, labels };
    out.write_all(table.header(daily).as_bytes())?;
    let mut rows = 0;
    if !daily {
        for group in &rates.groups {
            for stretch in &group.stretches {
                for row in table.rows(group, stretch) {
                    writeln!(out, "{},{},{row}", stretch.from, stretch.until)?;
                    rows += 1;
                }
            }
        }
        return Ok(rows);
    }
    // What follows the day is written once for each stretch.
    let texts: Vec<Vec<Vec<String>>> =
        rates.groups.iter().map(|group| group.stretches.iter().map(|s| table.rows(group, s)).collect()).collect();
    let mut at = vec![0; rates.groups.len()];
    for day in (request.from.0..request.until.0).map(Day) {
        let text = day.to_string();
        for (index, group) in rates.groups.iter().enumerate() {
            while group.stretches.get(at[index]).is_some_and(|stretch| stretch.until <= day) {
                at[index] += 1;
            }
            if group.stretches.get(at[index]).is_none_or(|stretch| stretch.from > day) {
                continue;
            }
            for row in &texts[index][at[index]] {
                for piece in [text.as_bytes(), b",", row.as_bytes(), b"\n"] {
                    out.write_all(piece)?;
                }
                rows += 1;
            }
        }
    }
    Ok(rows)
}

/// What is written.
struct Table<'t> {
    rates: &'t Rates,
    request: &'t Request<'t>,
    ledger: &'t Ledger,
    labels: &'t Labels,
}

impl Table<'_> {
    fn header(&self, daily: bool) -> String {
        let split = self.request.split;
        let mut columns = if daily { vec!["date"] } else { vec!["valid_from", "valid_to"] };
        columns.extend(["direction", "view"]);
        let asked = [
            (split.origin, "origin"),
            (split.family, "family"),
            (split.measure, "measure_id"),
            (split.chapter, "heading2"),
        ];
        columns.extend(asked.into_iter().filter(|(asked, _)| *asked).map(|(_, name)| name));
        columns.extend(["rate_pct", "low_pct", "high_pct", "weight_usd", "unmatched_usd", "not_priced_usd"]);
        columns.extend(["weights", "shares", "known_date", "scenario", "ledger_version"]);
        columns.join(",") + "\n"
    }

    /// The rows of a stretch, from the column after the dates on.
    fn rows(&self, group: &Group, stretch: &Stretch) -> Vec<String> {
        let split = self.request.split;
        if !(split.family || split.measure) {
            return vec![self.row(group, None, stretch, stretch.rate, stretch.low)];
        }
        let priced = |value: i64| stretch.rate.map(|_| value);
        let shown: Vec<&Part> = stretch.parts.iter().filter(|part| part.rate != 0 || part.low != 0).collect();
        if shown.is_empty() {
            let ordinary = self.rates.parts.iter().find(|part| {
                part.program.is_none() && self.request.knows_ordinary && family(self.ledger, **part) == "mfn"
            });
            return vec![self.row(group, ordinary.copied(), stretch, priced(0), priced(0))];
        }
        let row = |part: &Part| {
            let of = self.rates.parts.get(usize::from(part.part)).copied();
            self.row(group, of, stretch, priced(part.rate), priced(part.low))
        };
        shown.into_iter().map(row).collect()
    }

    fn row(&self, group: &Group, of: Option<PartOf>, stretch: &Stretch, rate: Option<i64>, low: Option<i64>) -> String {
        let split = self.request.split;
        let mut cells = vec![self.labels.direction.to_owned(), self.labels.view.to_owned()];
        if split.origin {
            let partner = group.partner.and_then(|partner| self.request.weights.partners.get(usize::from(partner)));
            cells.push(text(&partner.map_or(String::new(), ToString::to_string)));
        }
        if split.family {
            cells.push(of.map_or(String::new(), |of| family(self.ledger, of).to_owned()));
        }
        if split.measure {
            cells.push(of.map_or(String::new(), |of| measure(self.ledger, of).to_owned()));
        }
        if split.chapter {
            cells.push(group.chapter.map_or(String::new(), |chapter| format!("{chapter:02}")));
        }
        let points = |value: Option<i64>| value.map_or(String::new(), |value| format_scaled(value, 6));
        cells.extend([points(rate), points(low), points(rate)]);
        cells.extend([stretch.weight, stretch.unmatched, stretch.not_priced].map(dollars));
        cells.extend([text(&self.request.weights.name), text(&self.request.shares.name)]);
        cells.extend([self.request.known.to_string(), text(&self.labels.scenario), text(&self.ledger.version)]);
        cells.join(",")
    }
}

/// The id of a part's family.
pub fn family(ledger: &Ledger, of: PartOf) -> &str {
    ledger.families.get(usize::from(of.family.0)).map_or("", |family| family.id.as_str())
}

/// The id of a part's program, as the layers of a bill name it.
pub fn measure(ledger: &Ledger, of: PartOf) -> &str {
    match of.program {
        Some(program) => ledger.programs.get(usize::from(program)).map_or("", |program| program.id.as_str()),
        None => "ordinary",
    }
}

/// Cents as dollars, a plain decimal.
pub fn dollars(cents: i128) -> String {
    match i64::try_from(cents) {
        Ok(cents) => format_scaled(cents, 2),
        Err(_) => (cents / 100).to_string(),
    }
}

/// A text as a cell.
fn text(value: &str) -> String {
    if value.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}
