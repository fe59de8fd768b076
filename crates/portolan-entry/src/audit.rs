//! What was filed beside what is owed.

use portolan_engine::{Bill, Engine};
use portolan_ledger::line::When;
use portolan_ledger::{Cents, Day};

use crate::builder::{Entry, Filed};

/// How what was filed compares with what is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// The amount, and the headings where they are stated, are those of the bill.
    Match,
    /// Less was filed than is owed.
    Underpaid,
    /// More was filed than is owed.
    Overpaid,
    /// A heading that is to be reported was not filed.
    Missing99,
    /// A heading was filed that is not to be reported.
    Extra99,
    /// What was filed is what would have been owed on another date that the line states, or on the day before or after.
    WrongDate,
    /// The bill cannot be computed, or turns on a fact that was not stated and decides the finding.
    CannotCompute,
}

impl Finding {
    /// The word of the `finding` column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Underpaid => "underpaid",
            Self::Overpaid => "overpaid",
            Self::Missing99 => "missing99",
            Self::Extra99 => "extra99",
            Self::WrongDate => "wrong_date",
            Self::CannotCompute => "cannot_compute",
        }
    }
}

/// The comparison for one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// The duty as filed, in cents.
    pub filed: Option<Cents>,
    /// What was filed less what is owed, in cents: below zero, too little was paid.
    pub delta: Option<Cents>,
    /// The finding; none where nothing is stated as filed.
    pub finding: Option<Finding>,
}

/// Compares a line with its bill.
pub fn audit(engine: &mut Engine<'_>, entry: &Entry, bill: &Bill) -> Audit {
    let filed = &entry.filed;
    let amount = filed.duty_total;
    if amount.is_none() && filed.headings.is_empty() {
        return Audit::default();
    }
    let delta = amount.zip(bill.total_duty).map(|(filed, owed)| Cents(filed.0.saturating_sub(owed.0)));
    let finding = match compare(filed, bill) {
        Finding::Match => Finding::Match,
        Finding::CannotCompute => Finding::CannotCompute,
        _ if is_of_another_date(engine, entry) => Finding::WrongDate,
        other => other,
    };
    Audit { filed: amount, delta, finding: Some(finding) }
}

fn compare(filed: &Filed, bill: &Bill) -> Finding {
    if !bill.cannot.is_empty() || bill.prohibited {
        return Finding::CannotCompute;
    }
    if !bill.needs_input.is_empty() {
        // A range decides what lies outside of it.
        let amount = filed.duty_total;
        let below = amount.zip(bill.duty_min).is_some_and(|(amount, least)| amount < least);
        let above = amount.zip(bill.duty_max).is_some_and(|(amount, most)| amount > most);
        return if below {
            Finding::Underpaid
        } else if above {
            Finding::Overpaid
        } else {
            Finding::CannotCompute
        };
    }
    if !filed.headings.is_empty() {
        if bill.headings.iter().any(|heading| !filed.headings.contains(heading)) {
            return Finding::Missing99;
        }
        if filed.headings.iter().any(|heading| !bill.headings.contains(heading)) {
            return Finding::Extra99;
        }
    }
    match (filed.duty_total, bill.total_duty) {
        (Some(filed), Some(owed)) if filed < owed => Finding::Underpaid,
        (Some(filed), Some(owed)) if filed > owed => Finding::Overpaid,
        (Some(_), None) => Finding::CannotCompute,
        _ => Finding::Match,
    }
}

/// Whether what was filed is right for a date beside the one that governs.
fn is_of_another_date(engine: &mut Engine<'_>, entry: &Entry) -> bool {
    let line = &entry.line;
    let near = match line.entry_date {
        When::Day(day) => [Some(When::Day(Day(day.0 - 1))), Some(When::Day(Day(day.0 + 1)))],
        When::At(_) => [None, None],
    };
    let stated = [
        line.import_date,
        line.export_date,
        line.loading_date,
        line.it_date,
        line.withdrawal_date,
        line.ftz_status_date,
    ];
    let others = stated.into_iter().chain(near).flatten().filter(|when| *when != line.entry_date);
    for when in others {
        let mut moved = line.clone();
        moved.entry_date = when;
        // The date that was used governs alone.
        (moved.it_date, moved.withdrawal_date, moved.ftz_status_date) = (None, None, None);
        let Ok(bill) = engine.bill(&moved) else { continue };
        if compare(&entry.filed, &bill) == Finding::Match {
            return true;
        }
    }
    false
}
