//! What is owed or paid back beside duty: fees, interest, time limits, drawback (`REGISTERS.md`, section 10).

use serde::{Deserialize, Serialize};

use crate::number::{Cents, Rate};
use crate::record::{ActId, Mode, OriginRef, Place, Reference};
use crate::time::{Day, Side};

/// How sure a row is (`REGISTERS.md`, 9.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The text itself, an official copy, or several reports that agree.
    High,
    /// One report, or one step inferred.
    Medium,
    /// Sources differ, or the day is uncertain.
    Low,
    /// General knowledge, not read.
    Unverified,
}

impl Certainty {
    /// The word of the register.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Unverified => "unverified",
        }
    }
}

/// A figure of the register: there is one, and it is known or it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure<T> {
    /// It is this.
    Known(T),
    /// `"unknown"`: it exists, and what it is on that day is not known.
    Unknown,
}

impl<T: Copy> Figure<T> {
    /// The figure, where it is known.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(figure) => Some(figure),
            Self::Unknown => None,
        }
    }
}

/// What a row rests on, and how sure it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// The act that says so.
    pub act: Option<ActId>,
    /// Where it was read, where no act is named.
    pub source: Vec<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Days from the first up to, not including, the second; none means open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// First day covered.
    pub from: Day,
    /// First day no longer covered.
    pub until: Option<Day>,
}

impl Days {
    /// Whether a day is covered.
    pub fn cover(self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

/// For what a fee is owed once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// An entry, with all its lines.
    Entry,
    /// A line.
    Line,
    /// A waybill.
    Waybill,
    /// An item.
    Item,
}

/// On what the rate of a fee is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeBasis {
    /// The entered value.
    EnteredValue,
    /// The entered value and the duty on it: a value-added tax, which stands outside the bill.
    ValueAndDuty,
}

/// What a fee comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeeAmount {
    /// A share of the basis, bounded where bounds are stated.
    Share {
        /// The share.
        rate: Figure<Rate>,
        /// Never less.
        min: Option<Figure<Cents>>,
        /// Never more.
        max: Option<Figure<Cents>>,
    },
    /// An amount, whatever the value.
    Fixed(Figure<Cents>),
}

/// What a fee comes to for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRate {
    /// On which days.
    pub days: Days,
    /// How much.
    pub amount: FeeAmount,
    /// By what.
    pub support: Support,
}

/// The column of the bill that holds a fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeeColumn {
    /// Merchandise processing.
    Mpf,
    /// Harbor maintenance.
    Hmf,
}

/// Goods that do not owe a fee. All that is given must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeExemption {
    /// One of these special programs is claimed; empty: none is asked for.
    pub spi: Vec<String>,
    /// They are products of one of these; empty: of any.
    pub origin: Vec<OriginRef>,
    /// A chapter 98 number is claimed that begins with one of these, or any; empty: none is asked for.
    pub ch98: Vec<String>,
    /// But none that begins with one of these.
    pub ch98_except: Vec<String>,
    /// They come by one of these modes of transport; empty: by any, stated or not.
    pub modes: Vec<Mode>,
    /// They are on entries of one of these types; empty: of any.
    pub entry_types: Vec<String>,
    /// What it turns on beside that, in words, where no column states it: neither that they owe the fee nor that they
    /// do not is known then.
    pub turns_on: Option<String>,
    /// On which days.
    pub days: Days,
    /// By what.
    pub support: Support,
}

/// A fee of customs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// Its name.
    pub id: String,
    /// Class code of the entry summary.
    pub class: Option<String>,
    /// What it is.
    pub title: String,
    /// For what it is owed once.
    pub per: Per,
    /// On what a rate is taken; none for a fixed amount.
    pub basis: Option<FeeBasis>,
    /// Owed only on these modes of transport; empty means on all.
    pub modes: Vec<Mode>,
    /// The column of the bill that holds it; none for a fee that a bill does not compute.
    pub column: Option<FeeColumn>,
    /// Owed on entries of these types; empty means on all. Whether it is owed on another type is not known.
    pub entry_types: Vec<String>,
    /// For these chapter 98 numbers its basis is the value of the processing abroad.
    pub on_processing: Vec<String>,
    /// Who or what is exempt, in words.
    pub exempt: Option<String>,
    /// The law of the fee.
    pub act: ActId,
    /// Anything else.
    pub note: Option<String>,
    /// What it comes to, in time.
    pub rates: Vec<FeeRate>,
    /// What does not owe it.
    pub exemptions: Vec<FeeExemption>,
    /// Where it stands.
    pub place: Place,
}

impl Fee {
    /// What it comes to on a day; none where no row covers it, which is not known either.
    pub fn on(&self, day: Day) -> Option<&FeeRate> {
        self.rates.iter().find(|rate| rate.days.cover(day))
    }
}

/// A day of an entry's life, from which interest runs or a limit is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milestone {
    /// Of entry.
    EntryDate,
    /// Of import.
    ImportDate,
    /// On which estimated duty was deposited.
    DepositDate,
    /// Of liquidation.
    LiquidationDate,
    /// Of reliquidation.
    ReliquidationDate,
    /// On which liquidation is due.
    ScheduledLiquidation,
    /// On which a cause of action first accrued.
    Accrual,
}

impl Milestone {
    /// The word of the register.
    pub fn name(self) -> &'static str {
        match self {
            Self::EntryDate => "entry_date",
            Self::ImportDate => "import_date",
            Self::DepositDate => "deposit_date",
            Self::LiquidationDate => "liquidation_date",
            Self::ReliquidationDate => "reliquidation_date",
            Self::ScheduledLiquidation => "scheduled_liquidation",
            Self::Accrual => "accrual",
        }
    }
}

/// How interest compounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compounding {
    /// Each day, at the day's share of the rate of a year (26 U.S.C. 6622).
    Daily,
}

/// The rates of a calendar quarter, of a year each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarter {
    /// First day.
    pub from: Day,
    /// First day of the next quarter.
    pub until: Day,
    /// On what was paid too little.
    pub underpayment: Figure<Rate>,
    /// On what was paid too much.
    pub overpayment: Figure<Rate>,
    /// On what a corporation paid too much.
    pub overpayment_corporate: Figure<Rate>,
    /// By what.
    pub support: Support,
}

/// Interest on what was paid too little or too much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Its name.
    pub id: String,
    /// What it is.
    pub title: String,
    /// From when it runs.
    pub runs_from: Milestone,
    /// Until when: the first of these that comes.
    pub runs_to: Vec<Milestone>,
    /// How it compounds.
    pub compounding: Compounding,
    /// The law.
    pub act: ActId,
    /// Anything else.
    pub note: Option<String>,
    /// Rates by quarter, in order, without a gap.
    pub quarters: Vec<Quarter>,
    /// Where it stands.
    pub place: Place,
}

impl Interest {
    /// The quarter that holds a day.
    pub fn on(&self, day: Day) -> Option<&Quarter> {
        self.quarters.iter().find(|quarter| quarter.from <= day && day < quarter.until)
    }
}

/// How long a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Length {
    /// So many days.
    Days(u16),
    /// So many years.
    Years(u16),
}

/// On which side of the day it is counted from a limit lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Beside {
    /// After it.
    After,
    /// Before it.
    Before,
}

/// What can be said of an entry beside its dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A protest is open.
    ProtestOpen,
    /// Drawback was claimed.
    DrawbackClaimed,
    /// It is flagged for reconciliation.
    ReconciliationFlagged,
}

/// To what a limit applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covers {
    /// Patterns of ids of programs.
    pub programs: Vec<String>,
    /// First day of entry.
    pub entered_from: Option<Day>,
    /// First day of entry no longer covered.
    pub entered_until: Option<Day>,
    /// Entry types; empty means all.
    pub entry_types: Vec<String>,
    /// Entry types that are out.
    pub entry_types_except: Vec<String>,
    /// Entries of which one of these is true are out.
    pub except: Vec<Standing>,
}

impl Covers {
    /// Whether an entry of a day and type is covered, by a program of an id.
    pub fn hold(&self, program: &str, entered: Day, entry_type: &str) -> bool {
        self.programs.iter().any(|pattern| crate::record::matches(pattern, program))
            && self.entered_from.is_none_or(|from| from <= entered)
            && self.entered_until.is_none_or(|until| entered < until)
            && (self.entry_types.is_empty() || self.entry_types.iter().any(|of| of == entry_type))
            && !self.entry_types_except.iter().any(|of| of == entry_type)
    }
}

/// A time limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Its name.
    pub id: String,
    /// What it bounds.
    pub title: String,
    /// How long.
    pub length: Length,
    /// On which side of the day it is counted from.
    pub side: Beside,
    /// The day it is counted from.
    pub of: Milestone,
    /// Other limits that bound the same step; the earliest counts.
    pub with: Vec<String>,
    /// The step exists from this day.
    pub from: Option<Day>,
    /// To what it applies; none: to every entry.
    pub covers: Option<Covers>,
    /// By what.
    pub support: Support,
}

impl Limit {
    /// The last day of the step, counted from a day: it counts itself. None where the calendar does not reach so far.
    ///
    /// Years end on the day of the same name; from 29 February, where there is none, on 28 February.
    pub fn last_day(&self, of: Day) -> Option<Day> {
        let span = match self.length {
            Length::Days(days) => jiff::Span::new().try_days(i64::from(days)),
            Length::Years(years) => jiff::Span::new().try_years(i64::from(years)),
        };
        let span = span.ok()?;
        let date = of.date()?;
        let found = match self.side {
            Beside::After => date.checked_add(span),
            Beside::Before => date.checked_sub(span),
        };
        found.ok().map(Day::from_date)
    }
}

/// Whether a duty can come back as drawback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allowed {
    /// It can.
    Yes,
    /// It cannot.
    No,
    /// In the cases that the note names.
    Partly,
}

/// Drawback of programs for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawback {
    /// Of which programs or provisions.
    pub programs: Vec<Reference>,
    /// Whether it is open.
    pub allowed: Allowed,
    /// On which days of entry.
    pub days: Days,
    /// By what.
    pub support: Support,
}

/// The register of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charges {
    /// Whose.
    pub levied_by: Side,
    /// Through which day its sources reach.
    pub checked_through: Day,
    /// Against what it was checked.
    pub checked_against: String,
    /// Fees.
    pub fees: Vec<Fee>,
    /// Interest.
    pub interest: Vec<Interest>,
    /// Time limits.
    pub limits: Vec<Limit>,
    /// Drawback.
    pub drawback: Vec<Drawback>,
    /// Where it stands.
    pub place: Place,
}

impl Charges {
    /// The limit of an id.
    pub fn limit(&self, id: &str) -> Option<&Limit> {
        self.limits.iter().find(|limit| limit.id == id)
    }

    /// The fee of an id.
    pub fn fee(&self, id: &str) -> Option<&Fee> {
        self.fees.iter().find(|fee| fee.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(length: Length, side: Beside) -> Limit {
        let support = Support {
            act: None,
            source: vec!["a".to_owned()],
            certainty: Certainty::High,
            note: None,
            place: Place::default(),
        };
        let (id, title) = (String::new(), String::new());
        Limit { id, title, length, side, of: Milestone::EntryDate, with: Vec::new(), from: None, covers: None, support }
    }

    fn last(length: Length, side: Beside, of: &str) -> String {
        let day = Day::parse_iso(of.as_bytes()).unwrap();
        limit(length, side).last_day(day).map_or("none".to_owned(), |day| day.to_string())
    }

    #[test]
    fn limits_are_counted_in_days_and_years() {
        assert_eq!(last(Length::Days(180), Beside::After, "2025-12-15"), "2026-06-13");
        assert_eq!(last(Length::Days(15), Beside::Before, "2026-01-10"), "2025-12-26");
        assert_eq!(last(Length::Years(2), Beside::After, "2025-02-04"), "2027-02-04");
        assert_eq!(last(Length::Years(1), Beside::After, "2024-02-29"), "2025-02-28");
        assert_eq!(last(Length::Years(60_000), Beside::After, "2024-02-29"), "none");
    }
}
