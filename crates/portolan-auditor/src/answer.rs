//! What an evaluator answers, as plain data that compares with `==`.

use portolan_ledger::line::Status;
use portolan_ledger::number::div_half_up;
use portolan_ledger::record::FamilyId;
use portolan_ledger::{Cents, Rate};

/// An exact share of the full entered value, in units of 10^-18: 25 percent is `250_000_000_000_000_000`.
///
/// A rate (nine decimals) times a share of the value (nine decimals) needs eighteen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(pub i128);

impl Points {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The full value.
    pub const WHOLE: Self = Self(1_000_000_000_000_000_000);

    /// A rate on this share of the value. Only a share that money gives (processing abroad) is ever rounded.
    #[must_use]
    pub fn times(self, rate: Rate) -> Self {
        let product = self.0.saturating_mul(i128::from(rate.0));
        Self(div_half_up(product, i128::from(Rate::WHOLE.0)))
    }
}

impl From<Rate> for Points {
    fn from(rate: Rate) -> Self {
        Self::WHOLE.times(rate)
    }
}

/// Percentage points: `12.5`, exact.
impl std::fmt::Display for Points {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const UNIT: u128 = 10_u128.pow(16);
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / UNIT, self.0.unsigned_abs() % UNIT);
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{}", format!("{part:016}").trim_end_matches('0'))
    }
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKind {
    /// The ordinary duty of the schedule; program and id are empty.
    Ordinary,
    /// A provision.
    Provision,
    /// An exception that has a heading of its own.
    Exception,
    /// A prohibition that reaches the line.
    Prohibition,
}

/// What is owed under a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// It counts as the ordinary duty: so does what stands in its place.
    pub ordinary: bool,
    /// The share of the value it is assessed on.
    pub share: Points,
    /// The basis in money, rounded as the side rounds; none where the value is not stated.
    pub basis: Option<Cents>,
    /// Share of the full value that is owed; none for what is not ad valorem or not known.
    pub points: Option<Points>,
    /// The duty; none where the value is not stated, or the rate is not known.
    pub duty: Option<Cents>,
}

/// One row: a provision considered, one of its exceptions, a prohibition, or the ordinary duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub kind: RowKind,
    /// The program's id.
    pub program: String,
    /// The record's id.
    pub id: String,
    /// The heading reported: the exception's where one exempts and has a heading.
    pub heading: String,
    /// Status.
    pub status: Status,
    /// What is owed; only with the statuses `applied` and `beyond_horizon`.
    pub charge: Option<Charge>,
}

/// A sum over rows. A side that is `None` is not known or, for `points`, not ad valorem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Share of the full value.
    pub points: Option<Points>,
    /// Money.
    pub duty: Option<Cents>,
}

/// The answer for one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Rows by kind, program and id.
    pub rows: Vec<Row>,
    /// Sums by family, in the order of the ledger; families that add nothing are left out. Never the ordinary duty.
    pub families: Vec<(FamilyId, Sum)>,
    /// The ordinary duty.
    pub ordinary: Sum,
    /// All additional duties.
    pub additional: Sum,
    /// Additional and ordinary duty.
    pub total: Sum,
    /// The lowest total duty over all facts that were not stated.
    pub duty_min: Option<Cents>,
    /// The highest; none also where no bound exists (a quantity that was not stated).
    pub duty_max: Option<Cents>,
    /// Facts that decide and were not stated: names of columns, or of claims; sorted.
    pub needs_input: Vec<String>,
    /// Families with a row past the day through which its program was checked.
    pub beyond_horizon: Vec<FamilyId>,
    /// Families that cannot be computed, and why; none as family is the ordinary duty.
    pub cannot_compute: Vec<(Option<FamilyId>, String)>,
    /// The law forbids the entry, whatever the facts that were not stated.
    pub prohibited: bool,
}

impl Answer {
    /// What two evaluators must agree on. Where facts are missing or something cannot be computed, that is the bill and the
    /// questions; else every provision's status and duty too. How a duty is worded or in how many steps it was summed is
    /// each evaluator's own.
    #[must_use]
    pub fn essence(mut self) -> Self {
        self.additional.duty = None;
        for (_, reason) in &mut self.cannot_compute {
            reason.clear();
        }
        self.cannot_compute.sort();
        self.cannot_compute.dedup();
        self.needs_input.sort();
        self.beyond_horizon.sort_unstable();
        let settled = self.needs_input.is_empty() && self.cannot_compute.is_empty() && !self.prohibited;
        let says = |sum: &Sum| sum.points.is_some_and(|p| p != Points::ZERO) || sum.duty.is_some_and(|d| d.0 != 0);
        self.families.retain(|(_, sum)| says(sum));
        if self.prohibited {
            self.beyond_horizon.clear();
        }
        if !settled {
            self.ordinary = Sum::default();
            self.families.clear();
            self.rows.clear();
        }
        let forbids = |row: &Row| row.kind == RowKind::Prohibition && row.status == Status::Prohibited;
        self.rows.retain(|row| row.kind == RowKind::Provision || forbids(row));
        for row in &mut self.rows {
            // Nothing is asked, so nothing is owed either way: which of several grounds exempts is not settled.
            if row.status == Status::NeedsInput {
                row.status = Status::Exempt;
            }
            if row.charge.is_none() {
                row.heading.clear();
            }
            if let Some(charge) = &mut row.charge {
                charge.basis = None;
                charge.share = Points::ZERO;
            }
        }
        self
    }

    /// The row of a record.
    pub fn row(&self, program: &str, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.program == program && row.id == id)
    }
}
