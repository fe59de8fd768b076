//! What was filed beside what is owed.

use portolan_engine::{Bill, Engine, Law};
use portolan_ledger::line::When;
use portolan_ledger::record::FamilyId;
use portolan_ledger::{Cents, Day};
use rustc_hash::FxHashMap;

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
    /// What was filed is what would have been owed on another date: one that the line states, the day before or after, or
    /// one within thirty days where the headings are the same, or others stand in their place.
    WrongDate,
    /// The bill cannot be computed, or turns on a fact that was not stated and decides the finding.
    CannotCompute,
}

impl Finding {
    /// All findings.
    pub const ALL: &'static [Self] = &[
        Self::Match,
        Self::Underpaid,
        Self::Overpaid,
        Self::Missing99,
        Self::Extra99,
        Self::WrongDate,
        Self::CannotCompute,
    ];

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

/// What was filed and what is owed under one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyDelta {
    /// The family.
    pub family: FamilyId,
    /// Filed less owed, in cents: below zero, too little was paid.
    pub cents: Cents,
}

/// The comparison for one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// The duty as filed, in cents.
    pub filed: Option<Cents>,
    /// What was filed less what is owed, in cents: below zero, too little was paid.
    pub delta: Option<Cents>,
    /// The finding; none where nothing is stated as filed.
    pub finding: Option<Finding>,
    /// What makes the finding, in words; empty for a match.
    pub note: String,
    /// Families under which something else was filed than is owed, where duties are stated by heading.
    pub families: Vec<FamilyDelta>,
}

/// Days before and after entry whose bills are looked at: a change of law that was missed lies near.
const NEAR: i32 = 30;

/// Compares lines with their bills.
#[derive(Debug)]
pub struct Auditor<'l> {
    /// Families by heading.
    families: FxHashMap<&'l str, FamilyId>,
    mfn: Option<FamilyId>,
}

impl<'l> Auditor<'l> {
    /// For a law.
    pub fn new(law: &Law<'l>) -> Self {
        let ledger = law.timeline.ledger;
        let mut families = FxHashMap::default();
        for program in &ledger.programs {
            for provision in &program.provisions {
                families.entry(provision.heading.as_str()).or_insert(program.family);
            }
            for heading in program.exceptions.iter().filter_map(|exception| exception.heading.as_deref()) {
                families.entry(heading).or_insert(program.family);
            }
        }
        Self { families, mfn: ledger.family("mfn") }
    }

    /// Compares a line with its bill.
    pub fn audit(&self, engine: &mut Engine<'_>, entry: &Entry, bill: &Bill) -> Audit {
        let filed = &entry.filed;
        if filed.is_nothing() {
            return Audit::default();
        }
        let amount = filed.duty_total;
        let delta = amount.zip(bill.total_duty).map(|(filed, owed)| Cents(filed.0.saturating_sub(owed.0)));
        let families = self.by_family(filed, bill);
        let (finding, note) = match compare(filed, bill) {
            Finding::Match => (Finding::Match, String::new()),
            Finding::CannotCompute => (Finding::CannotCompute, why_not(bill)),
            other => self.off(engine, entry, bill, other),
        };
        Audit { filed: amount, delta, finding: Some(finding), note, families }
    }

    /// The finding where what was filed is not what is owed, and what makes it.
    fn off(&self, engine: &mut Engine<'_>, entry: &Entry, bill: &Bill, found: Finding) -> (Finding, String) {
        let mut note = differences(&entry.filed, bill);
        let Some((day, days)) = other_date(engine, entry) else { return (found, note) };
        let replaced = missing(&entry.filed, bill).next().is_some() && extra(&entry.filed, bill).next().is_some();
        let by_amount = matches!(found, Finding::Underpaid | Finding::Overpaid);
        let text = format!("what was filed is the bill of {day}");
        note = if note.is_empty() { text } else { format!("{text}; {note}") };
        // A heading alone that is missing, or too many, is told as such unless the other date is one that the line
        // states, or the next day.
        let wrong = days <= 1 || replaced || by_amount;
        (if wrong { Finding::WrongDate } else { found }, note)
    }

    /// Filed less owed by family, where duties are stated by heading.
    fn by_family(&self, filed: &Filed, bill: &Bill) -> Vec<FamilyDelta> {
        if filed.duties.is_empty() || filed.duties.len() != filed.headings.len() || bill.total_duty.is_none() {
            return Vec::new();
        }
        let mut sums: Vec<i64> = bill.families.iter().map(|amount| -amount.duty.map_or(0, |duty| duty.0)).collect();
        let mut under_headings = 0_i64;
        for (heading, duty) in filed.headings.iter().zip(&filed.duties) {
            let Some(family) = self.families.get(heading.as_str()) else { continue };
            under_headings = under_headings.saturating_add(duty.0);
            if let Some(sum) = sums.get_mut(usize::from(family.0)) {
                *sum = sum.saturating_add(duty.0);
            }
        }
        // What was filed beside the headings is the ordinary duty; where the sum is not stated it is not known.
        if let Some(sum) = self.mfn.and_then(|mfn| sums.get_mut(usize::from(mfn.0))) {
            *sum = filed.duty_total.map_or(0, |total| *sum + total.0 - under_headings);
        }
        let off = (0_u8..).zip(sums).filter(|(_, cents)| *cents != 0);
        off.map(|(family, cents)| FamilyDelta { family: FamilyId(family), cents: Cents(cents) }).collect()
    }
}

fn missing<'a>(filed: &'a Filed, bill: &'a Bill) -> impl Iterator<Item = &'a String> {
    bill.headings.iter().filter(|heading| !filed.headings.is_empty() && !filed.headings.contains(heading))
}

fn extra<'a>(filed: &'a Filed, bill: &'a Bill) -> impl Iterator<Item = &'a String> {
    filed.headings.iter().filter(|heading| !bill.headings.contains(heading))
}

/// Headings and amounts that differ, in words.
fn differences(filed: &Filed, bill: &Bill) -> String {
    let mut note = String::new();
    let mut add = |text: String| {
        if !note.is_empty() {
            note.push_str("; ");
        }
        note.push_str(&text);
    };
    let list = |headings: Vec<&String>| headings.iter().map(|h| h.as_str()).collect::<Vec<_>>().join(", ");
    let missing: Vec<&String> = missing(filed, bill).collect();
    if !missing.is_empty() {
        add(format!("not filed: {}", list(missing)));
    }
    let extra: Vec<&String> = extra(filed, bill).collect();
    if !extra.is_empty() {
        add(format!("filed and not to be reported: {}", list(extra)));
    }
    let exact = |cents: Cents| format!("{}.{:02}", cents.0 / 100, cents.0.abs() % 100);
    match (filed.duty_total, bill.total_duty, bill.duty_min, bill.duty_max) {
        (Some(filed), Some(owed), ..) if filed != owed => add(format!("filed {}, owed {}", exact(filed), exact(owed))),
        (Some(filed), None, Some(least), _) if filed < least => {
            add(format!("filed {}, owed at least {}", exact(filed), exact(least)));
        }
        (Some(filed), None, _, Some(most)) if filed > most => {
            add(format!("filed {}, owed at most {}", exact(filed), exact(most)));
        }
        _ => {}
    }
    note
}

/// Why a line cannot be compared.
fn why_not(bill: &Bill) -> String {
    if bill.prohibited {
        return "the law forbids the entry".to_owned();
    }
    if !bill.needs_input.is_empty() {
        return format!("to be stated: {}", bill.needs_input.join(", "));
    }
    let cannot: Vec<&str> = bill.cannot.iter().map(|(_, why)| why.as_str()).collect();
    if cannot.is_empty() { "the duty is not known: entered_value_usd".to_owned() } else { cannot.join("; ") }
}

fn compare(filed: &Filed, bill: &Bill) -> Finding {
    if !bill.cannot.is_empty() || bill.prohibited {
        return Finding::CannotCompute;
    }
    let amount = filed.duty_total;
    if !bill.needs_input.is_empty() {
        // A range decides what lies outside of it.
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
    if missing(filed, bill).next().is_some() {
        return Finding::Missing99;
    }
    if extra(filed, bill).next().is_some() {
        return Finding::Extra99;
    }
    match (amount, bill.total_duty) {
        (Some(filed), Some(owed)) if filed < owed => Finding::Underpaid,
        (Some(filed), Some(owed)) if filed > owed => Finding::Overpaid,
        (Some(_), None) => Finding::CannotCompute,
        _ => Finding::Match,
    }
}

/// A date beside the one that governs for which what was filed is right: by its name, and how many days away it lies;
/// none for one that the line states.
fn other_date(engine: &mut Engine<'_>, entry: &Entry) -> Option<(String, i32)> {
    let line = &entry.line;
    let stated = [
        ("the import date", line.import_date),
        ("the export date", line.export_date),
        ("the loading date", line.loading_date),
        ("the date of immediate transportation", line.it_date),
        ("the date of withdrawal", line.withdrawal_date),
        ("the date of zone status", line.ftz_status_date),
    ];
    let mut fits = |when: When| {
        let mut moved = line.clone();
        moved.entry_date = when;
        // The date that was used governs alone.
        (moved.it_date, moved.withdrawal_date, moved.ftz_status_date) = (None, None, None);
        engine.bill(&moved).is_ok_and(|bill| compare(&entry.filed, &bill) == Finding::Match)
    };
    for (name, when) in stated {
        if let Some(when) = when.filter(|when| *when != line.entry_date && fits(*when)) {
            let day = if let When::Day(day) = when { format!(", {day}") } else { String::new() };
            return Some((format!("{name}{day}"), 0));
        }
    }
    let When::Day(entered) = line.entry_date else { return None };
    // Nothing filed is no bill of another time.
    let near = if entry.filed.duty_total == Some(Cents(0)) { 1 } else { NEAR };
    for days in 1..=near {
        for (day, side) in [(entered.0 - days, "before"), (entered.0 + days, "after")] {
            if fits(When::Day(Day(day))) {
                let plural = if days == 1 { "day" } else { "days" };
                return Some((format!("{}, {days} {plural} {side} entry", Day(day)), days));
            }
        }
    }
    None
}
