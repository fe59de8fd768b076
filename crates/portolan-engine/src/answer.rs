//! What is answered: a bill, and the rows that explain it.

use std::sync::Arc;

use portolan_ledger::line::Status;
use portolan_ledger::record::{ActId, Column, FamilyId};
use portolan_ledger::schedule::Coverage;
use portolan_ledger::{Cents, Day, Instant, Rate, TariffCode};

use crate::facts::AtomIx;
use crate::pct::Pct;
use crate::resolve::{Record, Why};

/// What one family of law comes to on a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FamilyAmount {
    /// Percentage points on the full value; none where they are not ad valorem or turn on a missing fact.
    pub pct: Option<Pct>,
    /// Its duty; none where the value or something else it needs was not stated.
    pub duty: Option<Cents>,
    /// It turns on a fact that was not stated.
    pub open: bool,
}

impl FamilyAmount {
    /// Nothing owed.
    pub const ZERO: Self = Self { pct: Some(Pct::ZERO), duty: Some(Cents(0)), open: false };
}

/// The bill of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bill {
    /// By family id; `mfn` is among them.
    pub families: Vec<FamilyAmount>,
    /// All but the ordinary duty.
    pub additional_pct: Option<Pct>,
    /// All.
    pub total_pct: Option<Pct>,
    /// All, in cents.
    pub total_duty: Option<Cents>,
    /// The least it can be for what is stated.
    pub duty_min: Option<Cents>,
    /// The most it can be; none where there is no upper bound.
    pub duty_max: Option<Cents>,
    /// What to ask for: columns of the entry line, or claims.
    pub needs_input: Vec<String>,
    /// Families that are past the day through which they were checked.
    pub beyond_horizon: Vec<FamilyId>,
    /// Families that cannot be computed, and why.
    pub cannot: Vec<(FamilyId, String)>,
    /// Chapter 99 headings to report, in order.
    pub headings: Arc<[String]>,
    /// The law forbids the entry.
    pub prohibited: bool,
}

/// The ordinary duty of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrdinaryRate {
    /// Which column applies; none where the side has no schedule.
    pub column: Option<Column>,
    /// The text that applies, as the schedule prints it.
    pub text: String,
    /// The row that states it.
    pub rate_row: Option<TariffCode>,
    /// How well the editions cover the day.
    pub coverage: Option<Coverage>,
    /// The edition that answers.
    pub edition: Option<String>,
    /// The code is younger than the day: product lists were read for these, in whose place it came.
    pub carried: Vec<TariffCode>,
}

/// Of what a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The ordinary duty.
    Ordinary,
    /// A record of the ledger.
    Record(Record),
}

/// The basis of a duty, by the word of the `basis` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The whole value.
    Full,
    /// A metal's content.
    Metal(portolan_ledger::duty_rate::Metal),
    /// All but the US content.
    NonUs,
    /// What is left after parts were taken off.
    Rest,
    /// A quantity.
    Quantity,
}

impl Basis {
    /// The word of the column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Metal(metal) => metal.name(),
            Self::NonUs => "non_us",
            Self::Rest => "rest",
            Self::Quantity => "quantity",
        }
    }
}

/// Why a row has its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// As resolved.
    Resolved(Why),
    /// No rate, or no term, is in force at the moment.
    NotInForce,
    /// Facts that were not stated lead to different statuses, rates or bases.
    Turns,
    /// The ordinary duty, and the edition that states it.
    Ordinary,
    /// It cannot be computed, by name.
    Lacks(String),
}

/// One row: a provision, an exception or prohibition considered, or the ordinary duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Of what.
    pub subject: Subject,
    /// Its family.
    pub family: FamilyId,
    /// The heading to report: the exception's own where one applies.
    pub heading: String,
    /// Its status.
    pub status: Status,
    /// Why.
    pub reason: Reason,
    /// The condition that decided, where one did.
    pub atom: Option<AtomIx>,
    /// The moment that governs, and whether it stands for a part of a day.
    pub at: Instant,
    /// The basis, where it is owed.
    pub basis: Option<Basis>,
    /// Its share of the value.
    pub basis_share: Option<Rate>,
    /// The rate text.
    pub rate_text: String,
    /// Percentage points on the full value.
    pub rate_pct: Option<Pct>,
    /// The duty.
    pub duty: Option<Cents>,
    /// The act that decides.
    pub act: Option<ActId>,
    /// Since when and until when the record is in force, as known.
    pub from: Option<Instant>,
    /// Until when.
    pub until: Option<Instant>,
    /// Since when its act can be known.
    pub known_from: Option<Day>,
}

/// The whole answer for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The bill.
    pub bill: Bill,
    /// The rows, in the order of reporting.
    pub rows: Vec<Row>,
    /// The ordinary rate.
    pub ordinary: OrdinaryRate,
    /// The date that governs, by the name of its column, and the rule.
    pub governing: (&'static str, Option<String>),
    /// The moments asked about: more than one where the law changes within the day.
    pub moments: Vec<Instant>,
}

/// Why a line has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No edition knows the code; up to five that are valid, the edition, and what took over from it.
    UnknownCode {
        /// Valid codes near it.
        nearest: Vec<TariffCode>,
        /// Its successors.
        successors: Vec<TariffCode>,
        /// The edition that was looked at.
        edition: String,
    },
    /// The code is valid on other days only: from, until.
    CodeOfOtherDates {
        /// When.
        spans: Vec<(Option<Day>, Option<Day>)>,
        /// Its successors.
        successors: Vec<TariffCode>,
    },
    /// The ledger is wrong: two duties of one program stand and nothing relates them.
    Conflict(String, String),
}
