//! The ordinary duty, as the auditor asks for it.

use portolan_ledger::record::Column;
use portolan_ledger::{EntryLine, Instant, Rate, Side, TariffCode, UnitPrice};

use crate::rate::Written;

/// A rate of the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrdinaryRate {
    /// A share of the value; `Free` is zero.
    AdValorem(Rate),
    /// So much for each unit.
    Specific(UnitPrice, String),
    /// A share of the value and so much for each unit.
    Compound(Rate, UnitPrice, String),
    /// Any other form in which the schedule prints a rate.
    Written(Written),
    /// The schedule does not give a rate that can be computed; why.
    Unknown(String),
}

impl OrdinaryRate {
    /// The rate where it is ad valorem.
    pub(crate) fn ad_valorem(&self) -> Option<Rate> {
        match self {
            Self::AdValorem(rate) => Some(*rate),
            _ => None,
        }
    }
}

/// The ordinary duty of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Column 1, general.
    pub general: OrdinaryRate,
    /// The rate that applies.
    pub applicable: OrdinaryRate,
    /// Which column it stands in.
    pub column: Column,
}

/// Where the ordinary duty comes from.
pub trait OrdinaryDuty {
    /// The ordinary duty of a line at a moment; none where there is no schedule for the side.
    fn base(&self, line: &EntryLine, at: Instant) -> Option<Base>;

    /// The ten-digit numbers below an eight-digit code at a moment; none where the nomenclature is not known.
    fn statistical_numbers(&self, line: &EntryLine, code: TariffCode, at: Instant) -> Option<Vec<TariffCode>>;

    /// Whether the nomenclature of a moment holds the line's code.
    fn holds_code(&self, _: &EntryLine, _: Instant) -> bool {
        true
    }

    /// The codes that stood at a moment for a line's code that came later: the lists of that moment are in their terms.
    /// None for a code that stood itself.
    fn earlier_codes(&self, _: &EntryLine, _: Instant) -> Vec<TariffCode> {
        Vec::new()
    }
}

/// No schedule at all: the ordinary rate is what the line states as `mfn_pct`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSchedule;

impl OrdinaryDuty for NoSchedule {
    fn base(&self, _: &EntryLine, _: Instant) -> Option<Base> {
        None
    }

    fn statistical_numbers(&self, _: &EntryLine, _: TariffCode, _: Instant) -> Option<Vec<TariffCode>> {
        None
    }
}

/// A row of an [`OrdinaryTable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrdinaryRow {
    /// The code; stands for all below it.
    pub code: TariffCode,
    /// Column 1, general.
    pub general: OrdinaryRate,
    /// Programs of the special column, and the rate under each.
    pub special: Vec<(String, OrdinaryRate)>,
    /// Column 2.
    pub two: OrdinaryRate,
}

/// A small schedule of the first side for tests and generated cases: the longest code decides, whatever the day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrdinaryTable {
    /// Its rows.
    pub rows: Vec<OrdinaryRow>,
    /// Origins that pay column 2.
    pub column_two: Vec<portolan_ledger::record::Origin>,
    /// Ten-digit numbers that exist; where none lies below a code, its nomenclature is not known.
    pub numbers: Vec<TariffCode>,
}

impl OrdinaryDuty for OrdinaryTable {
    fn base(&self, line: &EntryLine, _: Instant) -> Option<Base> {
        if line.side != Side(0) {
            return None;
        }
        let row = self.rows.iter().filter(|row| row.code.covers(line.code)).max_by_key(|row| row.code.digits());
        let Some(row) = row else {
            let unknown = OrdinaryRate::Unknown("a note of the schedule sets the rate".to_owned());
            let two = self.column_two.contains(&line.origin);
            let column = if two { Column::Two } else { Column::General };
            return Some(Base { general: unknown.clone(), applicable: unknown, column });
        };
        let general = row.general.clone();
        if self.column_two.contains(&line.origin) {
            return Some(Base { general, applicable: row.two.clone(), column: Column::Two });
        }
        let special = line.spi.as_ref().and_then(|spi| row.special.iter().find(|(program, _)| program == spi));
        Some(match special {
            Some((_, rate)) => Base { general, applicable: rate.clone(), column: Column::Special },
            None => Base { applicable: general.clone(), general, column: Column::General },
        })
    }

    fn statistical_numbers(&self, line: &EntryLine, code: TariffCode, _: Instant) -> Option<Vec<TariffCode>> {
        if line.side != Side(0) {
            return None;
        }
        let below: Vec<_> = self.numbers.iter().copied().filter(|number| code.covers(*number)).collect();
        if below.is_empty() { None } else { Some(below) }
    }
}
