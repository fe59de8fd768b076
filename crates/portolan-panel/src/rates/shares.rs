//! What parts of a flow state: shares of an average year, or of a file.
//!
//! A row says that a share of the flow of a number from an origin states a fact (a column of the entry line) with a value. For
//! each fact the rows of the longest number that covers the flow count (`*` covers all), and of those the rows of the country
//! itself before those of its group, before those of any origin (`*`). Rows of one fact are alternatives; what they leave
//! states nothing. Different facts are independent of each other. A flow is parted to the cent, so that its parts sum to it.

use std::path::Path;

use bytes::Bytes;
use portolan_entry::fault::{Faults, FieldFault};
use portolan_entry::{Column, Context, LineBuilder};
use portolan_ledger::number::parse_scaled;
use portolan_ledger::record::{GroupId, Origin};
use portolan_ledger::{EntryLine, Ledger, TariffCode};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::file::{self, Wanted, wrong};
use crate::weights::{self, Partner};

/// The shares of an average year, for imports into the United States.
static US_AVERAGE: &[u8] = include_bytes!("../../../../data/us-shares-average.parquet");

/// What they are, as outputs state it.
pub const US_AVERAGE_NAME: &str = "average (USMCA use 2025, metal content by industry)";

const COLUMNS: [Wanted; 5] = [
    Wanted { name: "code", aliases: &["hts_number", "hts10", "hts8"], needed: true },
    Wanted { name: "origin", aliases: &["country_of_origin", "partner"], needed: true },
    Wanted { name: "fact", aliases: &[], needed: true },
    Wanted { name: "value", aliases: &[], needed: true },
    Wanted { name: "share", aliases: &[], needed: true },
];

/// The whole, in the unit of shares.
const WHOLE: i64 = 1_000_000;

/// Facts that a share cannot state: what a flow is itself, and what the run asks for.
const NO_FACTS: [Column; 12] = [
    Column::HtsNumber,
    Column::CountryOfOrigin,
    Column::EntryDate,
    Column::KnownDate,
    Column::View,
    Column::Direction,
    Column::EnteredValueUsd,
    Column::EnteredValue,
    Column::Currency,
    Column::EntryNumber,
    Column::LineNumber,
    Column::TariffOrdinal,
];

/// Of whose goods a row speaks, the nearest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Any,
    Group(GroupId),
    Country(Origin),
}

#[derive(Clone, Copy, Debug)]
struct Share {
    whose: Whose,
    fact: Stated,
    /// In millionths.
    part: i64,
}

/// A fact and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stated {
    column: Column,
    /// Index of the value's text.
    value: u32,
}

/// What a part of a flow states, in the order of the columns.
pub type Facts = SmallVec<[Stated; 4]>;

/// A table that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table<'p> {
    /// The shares of an average year of imports into the United States that ship inside: use of USMCA, metal content.
    UsAverage,
    /// A file, CSV or Parquet.
    File(&'p Path),
}

/// A table of shares; the empty one states nothing.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// What they are, as outputs state it.
    pub name: String,
    rows: FxHashMap<TariffCode, Vec<Share>>,
    values: Vec<String>,
    value_of: FxHashMap<String, u32>,
    /// Members of groups at any time, by country.
    groups: FxHashMap<Origin, Vec<GroupId>>,
}

impl Shares {
    /// No shares: nothing is claimed and no content assumed.
    pub fn none() -> Self {
        Self { name: "none".to_owned(), ..Self::default() }
    }

    /// The shares of several tables as one.
    ///
    /// # Errors
    /// A file cannot be read, lacks a column, or rows are wrong: every fault with its place. Or the tables together give a
    /// fact more than the whole of a flow.
    pub fn read(tables: &[Table<'_>], ledger: &Ledger) -> Result<Self, Faults> {
        if tables.is_empty() {
            return Ok(Self::none());
        }
        let mut shares = Self::empty(ledger);
        let mut checks = Checks::new(ledger);
        let mut names: Vec<String> = Vec::new();
        for table in tables {
            let mut take = |_: u64, cells: &[&str]| shares.row(&mut checks, cells);
            match table {
                Table::UsAverage => {
                    names.push(US_AVERAGE_NAME.to_owned());
                    file::read_bytes(US_AVERAGE_NAME, Bytes::from_static(US_AVERAGE), &COLUMNS, &mut take)?;
                }
                Table::File(path) => {
                    names.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
                    file::read(path, &COLUMNS, &mut take)?;
                }
            }
        }
        shares.name = names.join(" + ");
        shares.check()?;
        Ok(shares)
    }

    fn empty(ledger: &Ledger) -> Self {
        let mut groups: FxHashMap<Origin, Vec<GroupId>> = FxHashMap::default();
        for (group, id) in ledger.groups.iter().zip(0..) {
            for origin in group.members.iter().flat_map(|member| &member.origins) {
                groups.entry(*origin).or_default().push(GroupId(id));
            }
        }
        Self { groups, ..Self::default() }
    }

    fn row(&mut self, checks: &mut Checks<'_>, cells: &[&str]) -> Result<(), FieldFault> {
        let &[code, origin, fact, value, share] = cells else { return Ok(()) };
        let code = if code == "*" { TariffCode::from_padded(0, 0) } else { weights::code(code)? };
        let whose = match origin {
            "*" => Whose::Any,
            text => match Partner::read(text, checks.ledger) {
                Partner::Country(origin) => Whose::Country(origin),
                Partner::Group(group, _) => Whose::Group(group),
                Partner::Unknown(_) => {
                    let fault = wrong("origin", text, "neither the ISO code of a country nor a group of the ledger");
                    return Err(fault.help("* stands for any origin"));
                }
            },
        };
        let column = checks.fact(fact, value)?;
        let share = parse_scaled(share.as_bytes(), 6).map_err(|error| weights::amount("share", share, error))?;
        if !(0..=WHOLE).contains(&share) {
            return Err(wrong("share", cells[4], "a share lies between 0 and 1"));
        }
        let value = self.value(value);
        self.rows.entry(code).or_default().push(Share { whose, fact: Stated { column, value }, part: share });
        Ok(())
    }

    fn value(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.value_of.get(text) {
            return known;
        }
        let index = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(text.to_owned());
        self.value_of.insert(text.to_owned(), index);
        index
    }

    /// Alternatives of one fact do not sum to more than the whole.
    fn check(&mut self) -> Result<(), Faults> {
        let mut codes: Vec<TariffCode> = self.rows.keys().copied().collect();
        codes.sort_unstable();
        for code in codes {
            let Some(rows) = self.rows.get_mut(&code) else { continue };
            rows.sort_by_key(|row| (row.fact.column, row.whose));
            for group in rows.chunk_by(|a, b| (a.fact.column, a.whose) == (b.fact.column, b.whose)) {
                let sum: i64 = group.iter().map(|row| row.part).sum();
                if sum > WHOLE {
                    let column = group[0].fact.column.name();
                    let code = if code.digits() == 0 { "*".to_owned() } else { code.to_string() };
                    let what = format!("the shares of {code} for {column} sum to more than 1");
                    return Err(Faults::of_file(&self.name, FieldFault::of_line(what)));
                }
            }
        }
        Ok(())
    }

    /// The parts of a flow of a number: what each states, and its value in cents. They sum to the flow.
    pub fn parts(&self, code: TariffCode, partner: &Partner, value: i64, parts: &mut Vec<(Facts, i64)>) {
        parts.clear();
        parts.push((Facts::new(), value));
        if self.rows.is_empty() {
            return;
        }
        let mut decided: SmallVec<[Column; 8]> = SmallVec::new();
        for digits in [10, 8, 6, 4, 2, 0].into_iter().filter(|&digits| digits <= code.digits()) {
            let Some(rows) = self.rows.get(&code.prefix(digits)) else { continue };
            for of_fact in rows.chunk_by(|a, b| a.fact.column == b.fact.column) {
                let column = of_fact[0].fact.column;
                if decided.contains(&column) {
                    continue;
                }
                // The nearest stands last.
                let speaks = |of: &&[Share]| self.speaks(of[0].whose, partner);
                let nearest = of_fact.chunk_by(|a, b| a.whose == b.whose).rev().find(speaks);
                if let Some(alternatives) = nearest {
                    decided.push(column);
                    split(parts, alternatives);
                }
            }
        }
        for (facts, _) in parts.iter_mut() {
            facts.sort_unstable();
        }
    }

    fn speaks(&self, whose: Whose, partner: &Partner) -> bool {
        match (whose, partner) {
            (Whose::Any, _) => true,
            (Whose::Group(group), Partner::Group(other, _)) => group == *other,
            (Whose::Group(group), Partner::Country(origin)) => {
                self.groups.get(origin).is_some_and(|groups| groups.contains(&group))
            }
            (Whose::Country(country), Partner::Country(origin)) => country == *origin,
            _ => false,
        }
    }

    /// A line that states facts; the code and the origin are placeholders.
    ///
    /// # Errors
    /// The facts contradict one another.
    pub fn line(&self, facts: &[Stated], ledger: &Ledger) -> Result<EntryLine, Faults> {
        let context = Context::new(ledger, portolan_ledger::Day::MAX);
        let mut builder = blank(&context);
        for stated in facts {
            // A fault is kept by the builder, which gives all of them at the end.
            let _ = builder.set_column(stated.column, self.values[stated.value as usize].as_bytes());
        }
        builder.finish().map_err(|faults| {
            let told = faults.into_iter().map(|fault| portolan_entry::Fault::of_file(&self.name, fault));
            Faults { first: told.collect(), more: 0 }
        })
    }
}

/// Splits every part by the alternatives of a fact; what they leave, to the cent, states nothing of it.
fn split(parts: &mut Vec<(Facts, i64)>, alternatives: &[Share]) {
    let whole: i64 = alternatives.iter().map(|row| row.part).sum();
    let mut split = Vec::with_capacity(parts.len() * (alternatives.len() + 1));
    for (facts, value) in parts.drain(..) {
        let mut left = value;
        for (at, row) in alternatives.iter().enumerate() {
            let part = i128::from(value) * i128::from(row.part) / i128::from(WHOLE);
            // Shares of the whole leave nothing: what rounding leaves goes to the last.
            let last = whole == WHOLE && at + 1 == alternatives.len();
            let part = if last { left } else { i64::try_from(part).unwrap_or(left) };
            left -= part;
            let mut with = facts.clone();
            with.push(row.fact);
            split.push((with, part));
        }
        split.push((facts, left));
    }
    split.retain(|(_, value)| *value > 0);
    *parts = split;
}

/// A builder of a line on which nothing is stated but what every line states.
fn blank<'c>(context: &'c Context<'c>) -> LineBuilder<'c> {
    let mut builder = LineBuilder::new(context);
    for (column, value) in
        [(Column::HtsNumber, "00000000"), (Column::CountryOfOrigin, "CA"), (Column::EntryDate, "2000-01-01")]
    {
        // They are placeholders that the builder takes.
        let _ = builder.set_column(column, value.as_bytes());
    }
    builder
}

/// Checks facts as the columns of an entry line, each value once.
struct Checks<'l> {
    ledger: &'l Ledger,
    context: Context<'l>,
    known: FxHashMap<String, FxHashMap<String, Column>>,
}

impl<'l> Checks<'l> {
    fn new(ledger: &'l Ledger) -> Self {
        Self { ledger, context: Context::new(ledger, portolan_ledger::Day::MAX), known: FxHashMap::default() }
    }

    fn fact(&mut self, name: &str, value: &str) -> Result<Column, FieldFault> {
        if let Some(column) = self.known.get(name).and_then(|values| values.get(value)) {
            return Ok(*column);
        }
        let no_fact = |column: &Column| NO_FACTS.contains(column);
        let Some(column) = Column::find(name).filter(|column| !no_fact(column)) else {
            let help =
                "spi, claims, steel_pct, us_content_pct, ...: a column of an entry line that says something of goods";
            return Err(wrong("fact", name, "not a fact of goods").help(help));
        };
        if value.is_empty() {
            return Err(wrong("value", value, format!("no value of {} is stated", column.name())));
        }
        blank(&self.context).set_column(column, value.as_bytes()).map_err(|fault| FieldFault {
            column: "value".to_owned(),
            wrong: format!("as {}: {}", column.name(), fault.wrong),
            ..fault
        })?;
        self.known.entry(name.to_owned()).or_default().insert(value.to_owned(), column);
        Ok(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(rows: &[[&str; 5]]) -> Result<Shares, String> {
        let ledger = portolan_law::ledger().unwrap();
        let mut shares = Shares { name: "s".to_owned(), ..Shares::empty(&ledger) };
        let mut checks = Checks::new(&ledger);
        for row in rows {
            shares.row(&mut checks, row).map_err(|fault| fault.to_string())?;
        }
        shares.check().map_err(|faults| faults.to_string())?;
        Ok(shares)
    }

    fn parts(shares: &Shares, code: &str, partner: &Partner, value: i64) -> Vec<(Vec<String>, i64)> {
        let mut parts = Vec::new();
        shares.parts(code.parse().unwrap(), partner, value, &mut parts);
        let stated = |s: &Stated| format!("{}={}", s.column.name(), shares.values[s.value as usize]);
        parts.iter().map(|(facts, value)| (facts.iter().map(stated).collect(), *value)).collect()
    }

    #[test]
    fn the_longest_number_and_the_nearest_origin_count() {
        let ledger = portolan_law::ledger().unwrap();
        let mexico = Partner::read("MX", &ledger);
        let germany = Partner::read("DE", &ledger);
        let union = Partner::read("EU", &ledger);
        let all = shares(&[
            ["*", "*", "copper_pct", "1", "1"],
            ["8703", "*", "copper_pct", "2", "0"],
            ["87", "*", "steel_pct", "30", "1"],
            ["8703", "EU", "steel_pct", "40", "1"],
            ["87", "MX", "spi", "S", "0.5"],
            ["8703.23.01", "MX", "spi", "S", "0.333333"],
        ])
        .unwrap();
        let stated = |facts: &[&str]| facts.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>();
        let of_mexico = parts(&all, "8703.23.0130", &mexico, 100);
        assert_eq!(of_mexico, [(stated(&["spi=S", "steel_pct=30"]), 33), (stated(&["steel_pct=30"]), 67)]);
        for union in [&germany, &union] {
            assert_eq!(parts(&all, "8703.23.01", union, 100), [(stated(&["steel_pct=40"]), 100)]);
        }
        assert_eq!(parts(&all, "8701", &mexico, 3)[0], (stated(&["spi=S", "steel_pct=30", "copper_pct=1"]), 1));
        assert_eq!(parts(&all, "9403", &mexico, 3), [(stated(&["copper_pct=1"]), 3)]);
        assert_eq!(parts(&shares(&[]).unwrap(), "9403", &mexico, 3), [(Vec::new(), 3)]);
    }

    #[test]
    fn parts_sum_to_the_flow() {
        let mexico = Partner::Country(Origin(*b"MX"));
        let all = shares(&[
            ["87", "*", "steel_pct", "30", "0.333333"],
            ["87", "*", "steel_pct", "40", "0.666667"],
            ["87", "MX", "spi", "S", "0.777777"],
        ])
        .unwrap();
        for value in [0, 1, 2, 3, 99, 1_000_003] {
            let parts = parts(&all, "8703.23.01", &mexico, value);
            assert_eq!(parts.iter().map(|(_, part)| part).sum::<i64>(), value.max(0), "{value}");
            assert!(parts.iter().all(|(facts, _)| value == 0 || facts.iter().any(|f| f.starts_with("steel"))));
        }
    }

    #[test]
    fn wrong_rows_are_named() {
        let says = |row: [&str; 5], what: &str| {
            let said = shares(&[row]).unwrap_err();
            assert!(said.contains(what), "{said}");
        };
        says(["87", "MX", "spi", "?!", "1"], "value \"?!\": as spi: ");
        says(["87", "MX", "steel_pct", "130", "1"], "as steel_pct: ");
        says(["87", "MX", "entry_date", "2025-01-01", "1"], "fact \"entry_date\": not a fact of goods");
        says(["87", "MX", "colour", "red", "1"], "not a fact of goods");
        says(["87", "MX", "spi", "S", "1.5"], "share \"1.5\": a share lies between 0 and 1");
        says(["87", "Atlantis", "spi", "S", "1"], "neither the ISO code of a country nor a group");
        let twice = shares(&[["87", "MX", "spi", "S", "0.6"], ["87", "MX", "spi", "A", "0.6"]]).unwrap_err();
        assert!(twice.contains("the shares of 87 for spi sum to more than 1"), "{twice}");
    }

    #[test]
    fn the_shares_that_ship_inside_are_read() {
        let ledger = portolan_law::ledger().unwrap();
        let shares = Shares::read(&[Table::UsAverage], &ledger).unwrap();
        let canada = Partner::Country(Origin(*b"CA"));
        let found = parts(&shares, "0101.21.0010", &canada, 1_000_000);
        assert_eq!(found.iter().map(|(_, part)| part).sum::<i64>(), 1_000_000);
        let claimed: i64 = found.iter().filter(|(facts, _)| facts.contains(&"spi=S".to_owned())).map(|(_, v)| v).sum();
        assert_eq!(claimed, 700_567, "the share that the source states, to the millionth");
    }
}
