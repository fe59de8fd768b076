//! By which way a refund is asked for, and by when: from the time limits of the register (`REGISTERS.md`, 10.4).

use portolan_ledger::Day;
use portolan_ledger::charges::{Charges, Length, Limit};

use super::standing::{Facts, Reported};

/// A way by which a refund is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// Nothing comes back.
    Nothing,
    /// A CAPE declaration.
    Cape,
    /// A post summary correction.
    Psc,
    /// Liquidation first; then a protest.
    AwaitLiquidation,
    /// A protest.
    Protest,
    /// A protest is open already.
    ProtestPending,
    /// The reconciliation entry.
    Reconciliation,
    /// Drawback was claimed: what it paid cannot be paid twice.
    Drawback,
    /// An action at the Court of International Trade.
    Court,
    /// Liquidated again already.
    Reliquidated,
    /// Something that was not stated decides.
    NotStated,
}

impl Path {
    /// The word of the `path` column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Cape => "cape",
            Self::Psc => "psc",
            Self::AwaitLiquidation => "await_liquidation",
            Self::Protest => "protest",
            Self::ProtestPending => "protest_pending",
            Self::Reconciliation => "reconciliation",
            Self::Drawback => "drawback",
            Self::Court => "court",
            Self::Reliquidated => "reliquidated",
            Self::NotStated => "not_stated",
        }
    }

    /// What it is, for a person.
    pub fn title(self) -> &'static str {
        match self {
            Self::Nothing => "nothing to ask for",
            Self::Cape => "CAPE declaration",
            Self::Psc => "post summary correction",
            Self::AwaitLiquidation => "await liquidation, then protest",
            Self::Protest => "protest",
            Self::ProtestPending => "protest that is open",
            Self::Reconciliation => "reconciliation entry",
            Self::Drawback => "drawback claimed",
            Self::Court => "Court of International Trade",
            Self::Reliquidated => "liquidated again: see what was paid",
            Self::NotStated => "not decided by what is stated",
        }
    }
}

/// A last day, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// The last day.
    On(Day),
    /// None, in words.
    None(String),
}

impl Deadline {
    /// The day, where there is one.
    pub fn day(&self) -> Option<Day> {
        match self {
            Self::On(day) => Some(*day),
            Self::None(_) => None,
        }
    }

    fn none(why: &str) -> Self {
        Self::None(why.to_owned())
    }
}

/// What is asked of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The register; none where the side has none.
    pub charges: Option<&'a Charges>,
    /// The day on which the question is put.
    pub as_of: Day,
    /// An entry that states nothing of its liquidation is taken as liquidated on the usual day.
    pub by_cycle: bool,
}

/// All days of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Of a CAPE declaration.
    pub cape: Deadline,
    /// Of a protest.
    pub protest: Deadline,
    /// Of a post summary correction.
    pub psc: Deadline,
    /// The usual day of liquidation; no bound.
    pub estimated_liquidation: Deadline,
    /// Of an action in court, on the earliest reading of when it accrued.
    pub court: Deadline,
}

/// Whether and when an entry was liquidated, as far as it is known on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Liquidation {
    /// Not yet; on this day, where it is scheduled.
    Not(Option<Day>),
    /// On this day; estimated, where only the usual cycle says so.
    On(Day, bool),
    /// It was, and the day is not stated.
    DayNotStated,
    /// Nothing is stated.
    NotStated,
}

/// An entry with the way and the days that follow from it.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    ask: Ask<'a>,
    facts: &'a Facts,
    liquidation: Liquidation,
}

impl<'a> Standing<'a> {
    /// Looks at an entry.
    pub fn new(ask: Ask<'a>, facts: &'a Facts) -> Self {
        Self { ask, facts, liquidation: liquidation(ask, facts) }
    }

    fn limit(&self, id: &str) -> Option<&'a Limit> {
        self.ask.charges?.limit(id)
    }

    /// The limit of a CAPE declaration that fits the entry.
    fn cape_limit(&self) -> Option<&'a Limit> {
        self.limit(if self.facts.reconciliation == Some(true) { "cape-reconciliation" } else { "cape" })
    }

    /// Why a CAPE declaration does not take what a program levied; none where it does, its bound in time left aside.
    fn outside_cape(&self, programs: &[&str]) -> Option<String> {
        let Some(limit) = self.cape_limit() else { return Some("the register holds no CAPE".to_owned()) };
        if let Some(from) = limit.from.filter(|from| *from > self.ask.as_of) {
            return Some(format!("CAPE exists from {from}"));
        }
        let Some(covers) = &limit.covers else { return None };
        let entered = self.facts.entered.unwrap_or(Day::MAX);
        if let Some(mark) = covers.except.iter().find(|mark| self.facts.bears(**mark)) {
            return Some(format!("CAPE leaves it out: {}", mark_name(*mark)));
        }
        if programs.iter().any(|program| covers.hold(program, entered, self.facts.entry_type())) {
            return None;
        }
        let of_type = programs.iter().any(|program| covers.hold(program, entered, "01"));
        Some(if of_type {
            format!("CAPE does not take entries of type {}", self.facts.entry_type())
        } else {
            "CAPE does not cover this duty on that day".to_owned()
        })
    }

    /// The word of the `status` column.
    pub fn status(&self) -> String {
        let days =
            |id: &str| self.limit(id).map_or(0, |limit| if let Length::Days(days) = limit.length { days } else { 0 });
        let within = |id: &str, day: Day| {
            self.limit(id).and_then(|limit| limit.last_day(day)).is_some_and(|last| self.ask.as_of <= last)
        };
        if self.facts.unclear.is_some() {
            return "contradictory".to_owned();
        }
        if self.facts.reported == Some(Reported::Reliquidated) {
            return "reliquidated".to_owned();
        }
        if self.facts.drawback == Some(true) {
            return "drawback".to_owned();
        }
        if self.facts.protest_open == Some(true) {
            return "protest_pending".to_owned();
        }
        if self.facts.reconciliation == Some(true) {
            return "reconciliation".to_owned();
        }
        match self.liquidation {
            Liquidation::Not(_) => {
                let reported = self.facts.reported.filter(|reported| *reported != Reported::Liquidated);
                reported.unwrap_or(Reported::Unliquidated).name().to_owned()
            }
            Liquidation::On(day, _) if within("cape", day) => format!("within_{}_days", days("cape")),
            Liquidation::On(day, _) if within("protest", day) => format!("within_{}_days", days("protest")),
            Liquidation::On(..) => "final".to_owned(),
            Liquidation::DayNotStated => "liquidated".to_owned(),
            Liquidation::NotStated => "not_stated".to_owned(),
        }
    }

    /// The way by which what some programs levied is asked back, and why.
    pub fn path(&self, programs: &[&str]) -> (Path, String) {
        if let Some(unclear) = &self.facts.unclear {
            return (Path::NotStated, unclear.clone());
        }
        if self.ask.charges.is_none() {
            return (Path::NotStated, "the register holds no time limits of this side".to_owned());
        }
        if self.facts.reported == Some(Reported::Reliquidated) {
            return (Path::Reliquidated, "reported as liquidated again: compare what was paid with this".to_owned());
        }
        let outside = self.outside_cape(programs);
        if self.facts.drawback == Some(true) {
            return (Path::Drawback, format!("{}; drawback and refund do not both pay", or_claimed(outside)));
        }
        if self.facts.protest_open == Some(true) {
            return (Path::ProtestPending, format!("{}; the decision on it is awaited", or_claimed(outside)));
        }
        let (path, reason) = match self.liquidation {
            Liquidation::NotStated => return (Path::NotStated, self.not_stated(outside.as_deref())),
            Liquidation::DayNotStated => {
                return (Path::NotStated, "liquidated, and liquidation_date is not stated".to_owned());
            }
            Liquidation::Not(_) => self.unliquidated(outside),
            Liquidation::On(day, _) => self.liquidated(day, outside),
        };
        let estimated = matches!(self.liquidation, Liquidation::On(_, true));
        let mark = if estimated { "; liquidation is estimated by the usual cycle, not stated" } else { "" };
        (path, format!("{reason}{mark}"))
    }

    fn unliquidated(&self, outside: Option<String>) -> (Path, String) {
        let status = self.facts.reported.map_or("unliquidated", Reported::name).replace('_', " ");
        let Some(outside) = outside else {
            return (Path::Cape, format!("{status}: CAPE has no bound while an entry is not liquidated"));
        };
        if self.facts.reconciliation == Some(true) {
            return (Path::Reconciliation, format!("flagged for reconciliation; {outside}"));
        }
        match self.psc() {
            Deadline::On(day) if self.ask.as_of <= day => {
                (Path::Psc, format!("{status}; {outside}; a correction can be filed through {day}"))
            }
            _ => (Path::AwaitLiquidation, format!("{status}; {outside}; a correction is no longer taken")),
        }
    }

    fn liquidated(&self, day: Day, outside: Option<String>) -> (Path, String) {
        let as_of = self.ask.as_of;
        let last = |limit: Option<&Limit>| limit.and_then(|limit| limit.last_day(day));
        let cape = last(self.cape_limit());
        let outside = match (outside, cape) {
            (None, Some(last)) if as_of <= last => {
                return (Path::Cape, format!("liquidated on {day}: CAPE through {last}"));
            }
            (None, Some(last)) => format!("CAPE was open through {last}"),
            (None, None) => "CAPE has no bound that could be counted".to_owned(),
            (Some(outside), _) => outside,
        };
        if self.facts.reconciliation == Some(true) {
            return (Path::Reconciliation, format!("flagged for reconciliation, liquidated on {day}; {outside}"));
        }
        match last(self.limit("protest")) {
            Some(last) if as_of <= last => {
                (Path::Protest, format!("liquidated on {day}; {outside}; a protest can be filed through {last}"))
            }
            Some(last) => {
                let court = match self.court() {
                    Deadline::On(day) if as_of <= day => {
                        format!("an action can be brought through {day}, on the earliest reading")
                    }
                    Deadline::On(day) => format!(
                        "on the earliest reading an action could be brought through {day}; later readings are contested"
                    ),
                    Deadline::None(why) => why,
                };
                (
                    Path::Court,
                    format!(
                        "final: liquidated on {day}, a protest could be filed through {last}; {outside}; {court}. Whether final entries are to be liquidated again is contested"
                    ),
                )
            }
            None => (Path::NotStated, "the register holds no limit of a protest".to_owned()),
        }
    }

    fn not_stated(&self, outside: Option<&str>) -> String {
        let days = |id: &str| match self.limit(id).map(|limit| limit.length) {
            Some(Length::Days(days)) => days,
            _ => 0,
        };
        let (cape, protest) = (days("cape"), days("protest"));
        let first = match outside {
            None => format!("CAPE while it is not liquidated, or within {cape} days after"),
            Some(outside) => format!("{outside}; a correction while it is not liquidated"),
        };
        format!(
            "liquidation_date and liquidation_status are not stated: {first}; a protest within {protest} days after; then the court"
        )
    }

    /// The days of the entry, for what some programs levied.
    pub fn deadlines(&self, programs: &[&str]) -> Deadlines {
        Deadlines {
            cape: self.cape(programs),
            protest: self.of_liquidation("protest"),
            psc: self.psc(),
            estimated_liquidation: self.estimated(),
            court: self.court(),
        }
    }

    fn cape(&self, programs: &[&str]) -> Deadline {
        if programs.is_empty() {
            return Deadline::none("nothing is asked back");
        }
        if let Some(outside) = self.outside_cape(programs) {
            return Deadline::None(outside);
        }
        match (self.liquidation, self.cape_limit()) {
            (Liquidation::On(day, _), Some(limit)) => counted(limit, day),
            (Liquidation::Not(_), _) => Deadline::none("no bound while the entry is not liquidated"),
            _ => Deadline::none("liquidation_date is not stated"),
        }
    }

    /// A limit that is counted from liquidation.
    fn of_liquidation(&self, id: &str) -> Deadline {
        let Some(limit) = self.limit(id) else { return Deadline::none("the register holds no such limit") };
        match self.liquidation {
            Liquidation::On(day, _) => counted(limit, day),
            Liquidation::Not(Some(scheduled)) => {
                Deadline::None(format!("counted from liquidation, which is scheduled for {scheduled}"))
            }
            Liquidation::Not(None) => Deadline::none("counted from liquidation, which is still to come"),
            Liquidation::DayNotStated | Liquidation::NotStated => Deadline::none("liquidation_date is not stated"),
        }
    }

    /// A post summary correction: the earlier of two bounds. Where liquidation is not scheduled its usual day stands for it.
    fn psc(&self) -> Deadline {
        let (Some(first), Some(second)) = (self.limit("psc-entry"), self.limit("psc-liquidation")) else {
            return Deadline::none("the register holds no such limit");
        };
        let scheduled = match self.liquidation {
            Liquidation::On(..) | Liquidation::DayNotStated => return Deadline::none("the entry is liquidated"),
            Liquidation::Not(Some(scheduled)) => Some(scheduled),
            Liquidation::Not(None) | Liquidation::NotStated => self.cycle(),
        };
        let Some(entered) = self.facts.entered else { return Deadline::none("entry_date is not stated") };
        let bounds = [first.last_day(entered), scheduled.and_then(|day| second.last_day(day))];
        bounds.into_iter().flatten().min().map_or_else(|| Deadline::none("it could not be counted"), Deadline::On)
    }

    fn cycle(&self) -> Option<Day> {
        cycle(self.ask.charges, self.facts)
    }

    fn estimated(&self) -> Deadline {
        match (self.liquidation, self.facts.reported) {
            (Liquidation::On(_, false) | Liquidation::DayNotStated, _) => Deadline::none("the entry is liquidated"),
            (Liquidation::Not(Some(scheduled)), _) => Deadline::On(scheduled),
            (_, Some(Reported::Extended | Reported::Suspended | Reported::UnderReview)) => {
                Deadline::none("liquidation is put off, and until when is not known")
            }
            _ => self.cycle().map_or_else(|| Deadline::none("the register holds no usual day"), Deadline::On),
        }
    }

    /// Counted from the deposit, the earliest day on which a cause of action can have accrued.
    fn court(&self) -> Deadline {
        let Some(limit) = self.limit("court") else { return Deadline::none("the register holds no such limit") };
        match self.facts.deposited.or(self.facts.entered) {
            Some(day) => counted(limit, day),
            None => Deadline::none("entry_date is not stated"),
        }
    }
}

fn counted(limit: &Limit, of: Day) -> Deadline {
    limit.last_day(of).map_or_else(|| Deadline::none("it could not be counted"), Deadline::On)
}

fn mark_name(mark: portolan_ledger::charges::Standing) -> &'static str {
    use portolan_ledger::charges::Standing;
    match mark {
        Standing::ProtestOpen => "a protest is open",
        Standing::DrawbackClaimed => "drawback is claimed",
        Standing::ReconciliationFlagged => "it is flagged for reconciliation",
    }
}

fn or_claimed(outside: Option<String>) -> String {
    outside.unwrap_or_else(|| "CAPE leaves it open".to_owned())
}

/// The usual day of liquidation.
fn cycle(charges: Option<&Charges>, facts: &Facts) -> Option<Day> {
    charges?.limit("liquidation-cycle")?.last_day(facts.entered?)
}

fn liquidation(ask: Ask<'_>, facts: &Facts) -> Liquidation {
    let put_off = matches!(
        facts.reported,
        Some(Reported::Unliquidated | Reported::Extended | Reported::Suspended | Reported::UnderReview)
    );
    match (facts.liquidated, facts.reported) {
        // A day to come is the day for which it is scheduled.
        (Some(day), _) if day > ask.as_of => Liquidation::Not(Some(day)),
        (Some(day), _) if !put_off => Liquidation::On(day, false),
        (_, Some(_)) if put_off => Liquidation::Not(None),
        (_, Some(_)) => Liquidation::DayNotStated,
        (_, None) if ask.by_cycle => match cycle(ask.charges, facts) {
            Some(day) if day <= ask.as_of => Liquidation::On(day, true),
            found => Liquidation::Not(found),
        },
        (_, None) => Liquidation::NotStated,
    }
}
