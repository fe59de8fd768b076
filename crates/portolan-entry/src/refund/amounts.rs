//! What comes back on a line: assessed less owed, provision by provision, and the same on what was filed.

use portolan_engine::answer::{Answer, Reason, Row, Subject};
use portolan_engine::resolve::{Record, Why};
use portolan_engine::{Bill, Engine, Fault, Law};
use portolan_ledger::line::{EntryLine, Status, View};
use portolan_ledger::record::ActId;
use portolan_ledger::timeline::{Moment, ProvisionIx};
use portolan_ledger::{Cents, Day, Instant};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::builder::{Entry, Filed};

/// Why what is owed differs from what was assessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// A judgment annulled the provision.
    Annulled,
    /// A duty that had given way to an annulled one is owed again. Contested.
    ComesBack,
    /// An act that was issued after entry reaches back.
    ReachesBack,
}

/// What changes under one provision; the ordinary duty where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The provision, by its index.
    pub provision: Option<u16>,
    /// Assessed less owed, in cents: below zero, more is owed.
    pub cents: Cents,
    /// Why.
    pub cause: Cause,
    /// The act that decides.
    pub act: Option<u16>,
}

/// What comes back on a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// What was to be deposited, in cents; none where it is not known.
    pub assessed: Option<Cents>,
    /// What is owed, in cents; none where it is not known.
    pub owed: Option<Cents>,
    /// Assessed less owed, in cents. Known also where both turn on one fact that is the same for both.
    pub refundable: Option<Cents>,
    /// The same on what was filed, where that is stated by heading.
    pub filed: Option<Cents>,
    /// How much more would come back if a duty that had given way to an annulled one did not, in cents.
    pub contested: Cents,
    /// What `refundable` consists of.
    pub changes: Vec<Change>,
    /// What `filed` consists of.
    pub filed_changes: Vec<Change>,
    /// What is to be stated, or why it cannot be computed.
    pub open: Vec<String>,
    /// Where the amount is not known: annulled provisions that were assessed, or may have been.
    pub annulled: Vec<u16>,
}

impl Amounts {
    /// The amount that is asked back: on what was filed where that is stated, else what was to be deposited.
    pub fn claim(&self) -> Option<Cents> {
        self.filed.or(self.refundable)
    }

    /// What [`Self::claim`] consists of.
    pub fn claimed(&self) -> &[Change] {
        if self.filed.is_some() { &self.filed_changes } else { &self.changes }
    }
}

/// Works out what comes back on lines.
#[derive(Debug)]
pub struct Refunder<'l> {
    /// Provisions by heading.
    headings: FxHashMap<&'l str, Vec<ProvisionIx>>,
}

impl<'l> Refunder<'l> {
    /// For a law.
    pub fn new(law: &Law<'l>) -> Self {
        let mut headings: FxHashMap<&'l str, Vec<ProvisionIx>> = FxHashMap::default();
        for (node, index) in law.timeline.provisions.iter().zip(0..) {
            headings.entry(node.record.heading.as_str()).or_default().push(ProvisionIx(index));
        }
        Self { headings }
    }

    /// What comes back on a line. Its own view is left aside: both are looked at.
    ///
    /// # Errors
    /// What the engine refuses.
    pub fn line(&self, engine: &mut Engine<'_>, entry: &Entry) -> Result<Amounts, Fault> {
        let mut line = entry.line.clone();
        line.view = View::Assessed;
        let assessed = engine.bill(&line)?;
        line.view = View::Owed;
        let owed = engine.bill(&line)?;
        let mut amounts = Amounts {
            assessed: assessed.total_duty,
            owed: owed.total_duty,
            open: open(&line, &assessed, &owed),
            ..Amounts::default()
        };
        let filed = !entry.filed.headings.is_empty() && entry.filed.duties.len() == entry.filed.headings.len();
        if assessed.families == owed.families && amounts.open.is_empty() && !filed {
            amounts.refundable = Some(Cents(0));
            return Ok(amounts);
        }
        let owed_answer = engine.answer(&line)?;
        line.view = View::Assessed;
        let assessed_answer = engine.answer(&line)?;
        let compared =
            Compared { law: engine.law(), known: line.known_date, assessed: &assessed_answer, owed: &owed_answer };
        if let Some(changes) = compared.changes() {
            let sum = changes.iter().map(|change| change.cents.0).sum();
            amounts.refundable = Some(Cents(sum));
            amounts.contested = comes_back(&changes);
            amounts.changes = changes;
            // What is open is the same in both views, and so bears on no refund.
            amounts.open.clear();
        } else {
            amounts.annulled = compared.annulled();
        }
        if filed {
            amounts.filed_changes = self.filed_changes(engine.law(), entry, &amounts, &owed_answer);
            amounts.filed = Some(Cents(amounts.filed_changes.iter().map(|change| change.cents.0).sum()));
        }
        Ok(amounts)
    }

    /// What was filed under programs that differ between the views, less what is owed under them.
    fn filed_changes(&self, law: &Law<'_>, entry: &Entry, amounts: &Amounts, owed: &Answer) -> Vec<Change> {
        let timeline = &law.timeline;
        let program = |provision: u16| timeline.provision(ProvisionIx(provision)).program;
        let mut changes: Vec<Change> = Vec::new();
        let at = owed.moments.first().copied().unwrap_or(Instant::MIN);
        let moment = Moment { at, known: entry.line.known_date, view: View::Owed };
        let Filed { headings, duties, .. } = &entry.filed;
        for (heading, duty) in headings.iter().zip(duties) {
            let under = self.headings.get(heading.as_str()).map_or(&[][..], Vec::as_slice);
            let annulled = under.iter().find_map(|&provision| {
                let annulment = timeline.annulled(timeline.provision(provision), moment)?;
                Some(Change {
                    provision: Some(provision.0),
                    cents: *duty,
                    cause: Cause::Annulled,
                    act: Some(annulment.term.act.0),
                })
            });
            let reached = || {
                let of_program = |change: &&Change| {
                    change.cause == Cause::ReachesBack
                        && change.provision.is_some_and(|p| under.iter().any(|u| program(u.0) == program(p)))
                };
                amounts.changes.iter().find(of_program).map(|change| Change { cents: *duty, ..*change })
            };
            changes.extend(annulled.or_else(reached));
        }
        // What is owed under those programs, and what comes back, goes off.
        for change in &amounts.changes {
            let Some(provision) = change.provision else { continue };
            let of_program = |row: &&Row| row_provision(row).is_some_and(|p| p == provision);
            let owed = owed.rows.iter().filter(of_program).find_map(counted).unwrap_or(Cents(0));
            if change.cause != Cause::Annulled && owed.0 != 0 {
                changes.push(Change { cents: Cents(-owed.0), ..*change });
            }
        }
        changes
    }
}

/// How much comes back as owed, above zero.
fn comes_back(changes: &[Change]) -> Cents {
    let back = changes.iter().filter(|change| change.cause == Cause::ComesBack);
    Cents(-back.map(|change| change.cents.0).sum::<i64>())
}

/// What keeps the amounts from being known.
fn open(line: &EntryLine, assessed: &Bill, owed: &Bill) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut add = |text: String| {
        if !open.contains(&text) {
            open.push(text);
        }
    };
    for bill in [assessed, owed] {
        if bill.total_duty.is_some() {
            continue;
        }
        if line.value.is_none() {
            add("entered_value_usd".to_owned());
        }
        bill.needs_input.iter().cloned().for_each(&mut add);
        bill.cannot.iter().for_each(|(_, why)| add(why.clone()));
        if bill.prohibited {
            add("the law forbids the entry".to_owned());
        }
    }
    if open.is_empty() && (assessed.total_duty.is_none() || owed.total_duty.is_none()) {
        open.push("the duty cannot be computed".to_owned());
    }
    open
}

/// The duty of a row that the bill counts.
fn counted(row: &Row) -> Option<Cents> {
    row.duty.filter(|_| matches!(row.status, Status::Applied | Status::BeyondHorizon))
}

fn row_provision(row: &Row) -> Option<u16> {
    match row.subject {
        Subject::Record(Record::Provision(provision)) => Some(provision.0),
        _ => None,
    }
}

/// Two answers for one line: as it was assessed, and as it is owed.
struct Compared<'a> {
    law: &'a Law<'a>,
    known: Day,
    assessed: &'a Answer,
    owed: &'a Answer,
}

impl Compared<'_> {
    /// What changes, by provision; none where something that is open bears on it.
    fn changes(&self) -> Option<Vec<Change>> {
        if self.assessed.bill.prohibited || self.owed.bill.prohibited {
            return None;
        }
        let mut subjects: Vec<Subject> = Vec::new();
        for row in self.assessed.rows.iter().chain(&self.owed.rows) {
            if !subjects.contains(&row.subject) {
                subjects.push(row.subject);
            }
        }
        let mut changes = Vec::new();
        for subject in subjects {
            if !matches!(subject, Subject::Ordinary | Subject::Record(Record::Provision(_))) {
                continue;
            }
            let [before, after] = [self.assessed, self.owed]
                .map(|answer| answer.rows.iter().filter(|row| row.subject == subject).collect::<Vec<_>>());
            if before.iter().chain(&after).any(|row| is_open(row)) {
                // What is open is the same in both views where its rows are: then it changes nothing.
                if same(&before, &after) {
                    continue;
                }
                return None;
            }
            changes.extend(self.change(subject, &before, &after));
        }
        Some(changes)
    }

    /// Provisions that are annulled, and stood or may have stood when the line was assessed.
    fn annulled(&self) -> Vec<u16> {
        let stood = |row: &&Row| matches!(row.status, Status::Applied | Status::BeyondHorizon | Status::NeedsInput);
        let annulled = |provision: &u16| {
            let mut rows = self.owed.rows.iter();
            rows.any(|row| row_provision(row) == Some(*provision) && row.status == Status::Annulled)
        };
        self.assessed.rows.iter().filter(stood).filter_map(row_provision).filter(annulled).collect()
    }

    fn change(&self, subject: Subject, before: &[&Row], after: &[&Row]) -> Option<Change> {
        let sum = |rows: &[&Row]| rows.iter().filter_map(|row| counted(row)).map(|cents| cents.0).sum::<i64>();
        let cents = Cents(sum(before) - sum(after));
        if cents.0 == 0 {
            return None;
        }
        let (before, after) = (before.first(), after.first());
        let cause = match (before, after) {
            (_, Some(after)) if after.status == Status::Annulled => Cause::Annulled,
            (Some(before), Some(after)) if cents.0 < 0 && self.had_given_way(before, after) => Cause::ComesBack,
            _ => Cause::ReachesBack,
        };
        let act = after.or(before).and_then(|row| row.act);
        let provision = match subject {
            Subject::Record(Record::Provision(provision)) => Some(provision.0),
            _ => None,
        };
        Some(Change { provision, cents, cause, act: self.deciding(provision, act, cause).map(|act| act.0) })
    }

    /// The act that decides: the judgment for what was annulled, and for what comes back because of it.
    fn deciding(&self, provision: Option<u16>, act: Option<ActId>, cause: Cause) -> Option<ActId> {
        let judgment = |provision: u16, row: &Row| {
            let node = self.law.timeline.provision(ProvisionIx(provision));
            let moment = Moment { at: row.at, known: self.known, view: View::Owed };
            Some(self.law.timeline.annulled(node, moment)?.term.act)
        };
        match cause {
            Cause::Annulled => {
                let row = self.owed.rows.iter().find(|row| row_provision(row) == provision)?;
                judgment(provision?, row).or(act)
            }
            Cause::ComesBack => {
                let mut annulled = self.owed.rows.iter().filter(|row| row.status == Status::Annulled);
                annulled.find_map(|row| judgment(row_provision(row)?, row)).or(act)
            }
            Cause::ReachesBack => act,
        }
    }

    /// Whether what is owed was not assessed, or less of it, because of something that is annulled since; else an act that
    /// reaches back brought it.
    fn had_given_way(&self, before: &Row, after: &Row) -> bool {
        let annulled = |answer: &Answer| answer.rows.iter().filter(|row| row.status == Status::Annulled).count();
        let annuls = annulled(self.owed) > annulled(self.assessed);
        match &before.reason {
            Reason::Resolved(Why::Yields(other) | Why::Stacked(_, other) | Why::InPlace(other)) => {
                let of_other = |row: &&Row| row_provision(row) == Some(other.0);
                self.owed.rows.iter().filter(of_other).any(|row| row.status == Status::Annulled)
            }
            Reason::Resolved(Why::Excepted(_) | Why::Spared(_) | Why::Provisions) => annuls,
            // It stood on a part of the value, and stands on more of it now, at the same rate.
            Reason::Resolved(Why::Owed) => annuls && (before.from, &before.rate_text) == (after.from, &after.rate_text),
            _ => false,
        }
    }
}

fn is_open(row: &Row) -> bool {
    row.status == Status::NeedsInput
        || counted(row).is_none() && matches!(row.status, Status::Applied | Status::BeyondHorizon)
}

fn same(before: &[&Row], after: &[&Row]) -> bool {
    let key = |row: &&Row| (row.status, row.rate_text.clone(), row.basis, row.basis_share, row.duty, row.at);
    before.len() == after.len() && before.iter().map(key).eq(after.iter().map(key))
}
