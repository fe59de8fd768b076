//! Records, moments and amounts in plain words.

use portolan_engine::answer::{Answer, Row};
use portolan_engine::resolve::Record;
use portolan_engine::{Law, Pct};
use portolan_entry::condition;
use portolan_entry::reason::{Teller, act_name};
use portolan_ledger::line::{EntryLine, Status};
use portolan_ledger::record::{ActId, Column, Condition};
use portolan_ledger::schedule::Coverage;
use portolan_ledger::time::Clock;
use portolan_ledger::timeline::{ExceptionIx, ProvisionIx};
use portolan_ledger::{Cents, Day, Instant, Ledger, Side};

use crate::options::option_of;

/// What is said of a law's records, on one side.
#[derive(Clone, Copy, Debug)]
pub struct Words<'w, 'l> {
    law: &'w Law<'l>,
    clock: &'w Clock,
}

impl<'w, 'l> Words<'w, 'l> {
    /// Words for the records of a side; none where the ledger has no such side.
    pub fn new(law: &'w Law<'l>, side: Side) -> Option<Self> {
        law.clocks.get(usize::from(side.0)).map(|clock| Self { law, clock })
    }

    /// The law.
    pub fn law(&self) -> &'w Law<'l> {
        self.law
    }

    /// The clock of the side.
    pub fn clock(&self) -> &'w Clock {
        self.clock
    }

    /// The ledger.
    pub fn ledger(&self) -> &'l Ledger {
        self.law.timeline.ledger
    }

    /// A moment with its zone: `2025-08-12 00:01 EDT`.
    pub fn moment(&self, at: Instant) -> String {
        self.clock.show(at)
    }

    /// The day of a moment.
    pub fn day(&self, at: Instant) -> Day {
        self.clock.day_of(at)
    }

    /// An act by its short name and its citation.
    pub fn act(&self, act: ActId) -> String {
        cite(self.ledger(), act)
    }

    /// A reason and the citation of the act that decides, named once.
    pub fn cited(&self, reason: &str, act: Option<ActId>) -> String {
        let Some(id) = act else { return reason.to_owned() };
        let act = self.ledger().act(id);
        let citation = if reason.contains(&act_name(act)) { act.cite.clone() } else { self.act(id) };
        match reason {
            "" => citation,
            _ if reason.contains(&citation) => reason.to_owned(),
            _ => format!("{reason}; {citation}"),
        }
    }

    /// The heading and label of a record.
    pub fn record(&self, record: Record) -> (&'l str, &'l str) {
        match record {
            Record::Provision(provision) => self.provision(provision),
            Record::Exception(exception) => self.exception(exception),
            Record::Prohibition(index) => ("", &self.law.timeline.prohibitions[usize::from(index)].record.label),
        }
    }

    fn provision(&self, provision: ProvisionIx) -> (&'l str, &'l str) {
        let record = self.law.timeline.provision(provision).record;
        (&record.heading, &record.label)
    }

    fn exception(&self, exception: ExceptionIx) -> (&'l str, &'l str) {
        let record = self.law.timeline.exception(exception).record;
        (record.heading.as_deref().unwrap_or(""), record.label.as_deref().unwrap_or(&record.id))
    }

    /// The heading and label of a record in one text.
    pub fn name(&self, record: Record) -> String {
        match self.record(record) {
            ("", label) => label.to_owned(),
            (heading, label) => format!("{heading} {label}"),
        }
    }

    /// The provisions that an exception is an exception to.
    pub fn of(&self, exception: ExceptionIx) -> &'w [ProvisionIx] {
        &self.law.timeline.exception(exception).of
    }

    /// Whether an exception frees only a part of the value.
    pub fn is_partial(&self, exception: ExceptionIx) -> bool {
        self.law.timeline.exception(exception).record.spares.is_some()
    }

    /// Since when and until when a row's record is in force.
    pub fn in_force(&self, row: &Row) -> String {
        let from = row.from.map(|from| format!("since {}", self.moment(from)));
        let until = row.until.map(|until| format!("until {}", self.moment(until)));
        [from, until].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Why a row of a line's answer has its status, with the act that decides; empty where it is plainly owed.
    pub fn why(&self, row: &Row, line: &EntryLine, answer: &Answer) -> String {
        let (needs_input, rows) = (&answer.bill.needs_input, &answer.rows);
        let teller = Teller { law: self.law, clock: self.clock, line, needs_input, edition: "", rows };
        let said = teller.tell(row);
        // A rate that a suspension keeps is owed too, and told as such.
        if said.code == "owed" { String::new() } else { said.text }
    }

    /// The options that state what a record was not claimed by.
    pub fn options(&self, record: Record) -> Vec<String> {
        let timeline = &self.law.timeline;
        let when = match record {
            Record::Provision(p) => &timeline.provision(p).record.when,
            Record::Exception(e) => &timeline.exception(e).record.when,
            Record::Prohibition(index) => &timeline.prohibitions[usize::from(index)].record.when,
        };
        let asserted: Vec<&Condition> = when.iter().filter(|c| condition::is_asserted(self.law, c)).collect();
        let named = condition::columns(self.law, &asserted);
        named.iter().map(|name| option_of(name.strip_prefix("claims ").unwrap_or(name))).collect()
    }
}

/// An act by its short name and its citation: `EO 14257, 90 FR 15041`.
pub fn cite(ledger: &Ledger, act: ActId) -> String {
    let act = ledger.act(act);
    let name = act_name(act);
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    // A proclamation that was not yet printed is cited by its own number.
    if !digits(&name).is_empty() && digits(&name) == digits(&act.cite) {
        return name;
    }
    if act.cite.contains(&name) { act.cite.clone() } else { format!("{name}, {}", act.cite) }
}

/// Points on the full value: `37.5%`.
pub fn pct(pct: Option<Pct>) -> String {
    pct.map_or(String::new(), |pct| format!("{pct}%"))
}

/// An amount with two decimals and its thousands apart: `1,234.50`.
pub fn money(cents: Cents) -> String {
    let (whole, part) = (cents.0.unsigned_abs() / 100, cents.0.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}{grouped}.{part:02}", if cents.0 < 0 { "-" } else { "" })
}

/// The name of a rate column.
pub fn column(column: Option<Column>) -> &'static str {
    match column {
        Some(Column::General) => "column 1-general",
        Some(Column::Special) => "column 1-special",
        Some(Column::Two) => "column 2",
        None => "as stated",
    }
}

/// What is to be said of how well the editions cover the day; nothing where one prints it.
pub fn coverage(coverage: Option<Coverage>) -> Option<&'static str> {
    match coverage? {
        Coverage::Printed => None,
        Coverage::BeforeFirstEdition => Some(
            "the day lies before the first edition of the schedule that is held: the ordinary rate is what that edition prints, which may not be what applied",
        ),
        Coverage::AfterLastEdition => Some(
            "the day lies after the last edition of the schedule that is held: the ordinary rate is what that edition prints",
        ),
        Coverage::Layer2017 => {
            Some("the number is known from the annual table of 2017 alone: the ordinary rate is that of 2017")
        }
    }
}

/// `in 68 days`, `3 days ago`, `on that day`.
pub fn distance(from: Day, to: Day) -> String {
    match i64::from(to.0) - i64::from(from.0) {
        0 => "on the same day".to_owned(),
        1 => "in 1 day".to_owned(),
        -1 => "1 day before".to_owned(),
        days if days > 0 => format!("in {days} days"),
        days => format!("{} days before", -days),
    }
}

/// `applied` is what the columns say; people say `owed`.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Applied => "owed",
        Status::Exempt => "exempt",
        Status::Displaced => "displaced",
        Status::Suspended => "suspended",
        Status::NotInForce => "not in force",
        Status::NotClaimed => "not claimed",
        Status::NeedsInput => "open",
        Status::Annulled => "annulled",
        Status::Prohibited => "prohibited",
        Status::BeyondHorizon => "owed, past the day checked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(money(Cents(0)), "0.00");
        assert_eq!(money(Cents(123_456_789)), "1,234,567.89");
        assert_eq!(money(Cents(-100_005)), "-1,000.05");
        assert_eq!(money(Cents(i64::MIN)), "-92,233,720,368,547,758.08");
    }

    #[test]
    fn days_are_counted_both_ways() {
        assert_eq!(distance(Day(0), Day(68)), "in 68 days");
        assert_eq!(distance(Day(5), Day(5)), "on the same day");
        assert_eq!(distance(Day(i32::MAX), Day(i32::MIN)), "4294967295 days before");
    }
}
