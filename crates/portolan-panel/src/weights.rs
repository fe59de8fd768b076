//! Trade weights: the value of what was imported, by number and partner.
//!
//! A table of the imports of the United States for consumption in 2024 ships inside (`data/README.md` says where it is
//! from); any other comes as CSV or Parquet with the columns `code` (2 to 10 digits), `origin` (an ISO code, or a group of
//! the ledger such as EU), `value_usd`, and where needed `mfn_pct`: the ordinary duty in percent of the value, for a side that
//! has no schedule here, and for an ordinary rate that is no percentage.

use std::path::Path;

use bytes::Bytes;
use portolan_entry::countries;
use portolan_entry::fault::{Faults, FieldFault};
use portolan_ledger::code::CodeError;
use portolan_ledger::number::NumberError;
use portolan_ledger::record::{GroupId, Origin};
use portolan_ledger::{Cents, Ledger, Rate, TariffCode};
use rustc_hash::FxHashMap;

use crate::rates::file::{self, Wanted, wrong};

/// The table that ships inside.
static US_2024: &[u8] = include_bytes!("../../../data/us-imports-2024.parquet");

/// What the table that ships inside is, as outputs state it.
pub const US_2024_NAME: &str = "US imports for consumption 2024 (Census Bureau)";

const COLUMNS: [Wanted; 4] = [
    Wanted { name: "code", aliases: &["hts_number", "hts10", "hts8", "hs8", "hs6"], needed: true },
    Wanted { name: "origin", aliases: &["country_of_origin", "partner"], needed: true },
    Wanted { name: "value_usd", aliases: &["value", "entered_value_usd"], needed: true },
    Wanted { name: "mfn_pct", aliases: &[], needed: false },
];

/// No table is worth more in all: a quadrillion dollars, in cents. Keeps every sum of duties far inside its type.
const MOST_CENTS: i128 = 100_000_000_000_000_000;

/// No ordinary duty is more than this: a hundred times the value.
const MOST_RATE: Rate = Rate(100_000_000_000);

/// Whose goods are meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Partner {
    /// A country.
    Country(Origin),
    /// The members of a group of the ledger together.
    Group(GroupId, String),
    /// Neither: its weights meet no line.
    Unknown(String),
}

impl Partner {
    /// Reads the ISO code of a country or the name of a group; what is neither is kept as it stands.
    pub fn read(text: &str, ledger: &Ledger) -> Self {
        let named = ledger.groups.iter().zip(0..).find(|(group, _)| group.name.eq_ignore_ascii_case(text));
        if let Some((group, id)) = named {
            return Self::Group(GroupId(id), group.name.clone());
        }
        match Origin::parse(text.as_bytes()).filter(|origin| countries::is_country(*origin)) {
            Some(origin) => Self::Country(origin),
            None => Self::Unknown(text.to_owned()),
        }
    }
}

/// A partner as outputs write it.
impl std::fmt::Display for Partner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Country(origin) => origin.fmt(f),
            Self::Group(_, name) | Self::Unknown(name) => f.write_str(name),
        }
    }
}

/// The value of one number from one partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The number, 2 to 10 digits.
    pub code: TariffCode,
    /// Index into [`Weights::partners`].
    pub partner: u16,
    /// The value.
    pub value: Cents,
    /// The ordinary duty as a share of the value, where it is stated.
    pub ordinary: Option<Rate>,
}

/// A table of weights.
#[derive(Clone, Debug)]
pub struct Weights {
    /// What they are, as outputs state it.
    pub name: String,
    /// Partners, in the order in which they first occur.
    pub partners: Vec<Partner>,
    /// The cells, in the order of the table.
    pub cells: Vec<Weight>,
}

impl Weights {
    /// The imports of the United States in 2024.
    ///
    /// # Errors
    /// The table that ships inside is damaged.
    pub fn us_2024(ledger: &Ledger) -> Result<Self, Faults> {
        let mut reading = Reading::new(US_2024_NAME.to_owned(), ledger);
        file::read_bytes(US_2024_NAME, Bytes::from_static(US_2024), &COLUMNS, &mut |_, cells| reading.row(cells))?;
        Ok(reading.weights)
    }

    /// The weights of a file, CSV or Parquet.
    ///
    /// # Errors
    /// The file cannot be read, lacks a column, or rows are wrong: every fault with its place.
    pub fn read(path: &Path, ledger: &Ledger) -> Result<Self, Faults> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut reading = Reading::new(name, ledger);
        file::read(path, &COLUMNS, &mut |_, cells| reading.row(cells))?;
        if reading.weights.total() > MOST_CENTS {
            let fault = FieldFault::of_line("the weights sum to more than a quadrillion dollars");
            return Err(Faults::of_file(&reading.weights.name, fault));
        }
        Ok(reading.weights)
    }

    /// The sum of all cells, in cents.
    pub fn total(&self) -> i128 {
        self.cells.iter().map(|cell| i128::from(cell.value.0)).sum()
    }
}

/// A table on its way in.
struct Reading<'l> {
    weights: Weights,
    ledger: &'l Ledger,
    partner_of: FxHashMap<String, u16>,
}

impl<'l> Reading<'l> {
    fn new(name: String, ledger: &'l Ledger) -> Self {
        let weights = Weights { name, partners: Vec::new(), cells: Vec::new() };
        Self { weights, ledger, partner_of: FxHashMap::default() }
    }

    fn row(&mut self, cells: &[&str]) -> Result<(), FieldFault> {
        let &[code, origin, value, ordinary] = cells else { return Ok(()) };
        let code = self::code(code)?;
        if origin.is_empty() {
            return Err(wrong("origin", origin, "it is not stated").help("an ISO code, or a group such as EU"));
        }
        let value = Cents::parse(value.as_bytes()).map_err(|error| amount("value_usd", value, error))?;
        if value.0 < 0 {
            return Err(wrong("value_usd", &value.to_string(), "a weight is not below zero"));
        }
        let ordinary = match ordinary {
            "" => None,
            text => Some(percent("mfn_pct", text)?),
        };
        let partner = match self.partner_of.get(origin) {
            Some(&partner) => partner,
            None => self.partner(origin)?,
        };
        self.weights.cells.push(Weight { code, partner, value, ordinary });
        Ok(())
    }

    fn partner(&mut self, origin: &str) -> Result<u16, FieldFault> {
        let partner = Partner::read(origin, self.ledger);
        let known = self.weights.partners.iter().position(|other| *other == partner);
        let index = known.unwrap_or(self.weights.partners.len());
        let index = u16::try_from(index).map_err(|_| wrong("origin", origin, "more than 65,536 origins"))?;
        if known.is_none() {
            self.weights.partners.push(partner);
        }
        self.partner_of.insert(origin.to_owned(), index);
        Ok(index)
    }
}

/// A tariff code of a cell.
pub(crate) fn code(text: &str) -> Result<TariffCode, FieldFault> {
    TariffCode::parse(text.as_bytes()).map_err(|error| {
        let fault = wrong("code", text, error.to_string());
        match error {
            CodeError::Length(digits) if digits % 2 == 1 => fault.help("was a leading zero lost?"),
            _ => fault,
        }
    })
}

/// A percentage that is not below zero.
pub(crate) fn percent(column: &str, text: &str) -> Result<Rate, FieldFault> {
    let rate = Rate::parse(text.as_bytes()).map_err(|error| amount(column, text, error))?;
    if rate.0 < 0 {
        Err(wrong(column, text, "it is below zero"))
    } else if rate > MOST_RATE {
        Err(wrong(column, text, "it is more than 10,000 percent"))
    } else {
        Ok(rate)
    }
}

pub(crate) fn amount(column: &str, text: &str, error: NumberError) -> FieldFault {
    let fault = wrong(column, text, if text.is_empty() { "it is not stated".to_owned() } else { error.to_string() });
    match error {
        NumberError::NotDecimal => fault.help("digits and one point only: 10000 or 10000.50"),
        NumberError::TooPrecise(places) => fault.help(format!("round it to {places} decimals")),
        NumberError::TooLarge => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        portolan_law::ledger().unwrap()
    }

    #[test]
    fn the_table_that_ships_inside_is_whole() {
        let weights = Weights::us_2024(&ledger()).unwrap();
        assert!(weights.partners.iter().all(|partner| !matches!(partner, Partner::Unknown(_))), "all are known");
        assert_eq!(weights.partners.len(), 50);
        let of = |name: &str| -> i128 {
            let partner = weights.partners.iter().position(|partner| partner.to_string() == name).unwrap();
            let own = weights.cells.iter().filter(|cell| usize::from(cell.partner) == partner);
            own.map(|cell| i128::from(cell.value.0)).sum::<i128>() / 100
        };
        // The sums of the source, in dollars.
        assert_eq!((of("EU"), of("CN"), of("CA")), (597_473_236_377, 429_425_828_419, 411_693_824_741));
    }

    #[test]
    fn rows_are_read_and_faults_named() {
        let ledger = ledger();
        let mut reading = Reading::new("w".to_owned(), &ledger);
        reading.row(&["9403.60.80", "cn", "100.50", ""]).unwrap();
        reading.row(&["940360", "EU", "7", "3.2"]).unwrap();
        reading.row(&["9403", "Atlantis", "0", ""]).unwrap();
        let Weights { partners, cells, .. } = &reading.weights;
        assert_eq!(partners.iter().map(ToString::to_string).collect::<Vec<_>>(), ["CN", "EU", "Atlantis"]);
        assert_eq!((cells[0].value, cells[0].ordinary), (Cents(10_050), None));
        assert_eq!(cells[1].ordinary, Some(Rate(32_000_000)));
        assert!(matches!(partners[1], Partner::Group(..)) && matches!(partners[2], Partner::Unknown(_)));
        let said = |cells: [&str; 4]| Reading::new("w".to_owned(), &ledger).row(&cells).unwrap_err().to_string();
        assert!(said(["940360801", "CN", "1", ""]).ends_with("was a leading zero lost?"));
        assert!(said(["9403", "", "1", ""]).starts_with("origin: it is not stated"));
        assert!(said(["9403", "CN", "-1", ""]).contains("not below zero"));
        assert!(said(["9403", "CN", "1.005", ""]).ends_with("round it to 2 decimals"));
        assert!(said(["9403", "CN", "1", "x"]).starts_with("mfn_pct \"x\": not a plain decimal number"));
    }
}
