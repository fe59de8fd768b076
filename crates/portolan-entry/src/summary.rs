//! What a run comes to, for a terminal.

use std::collections::BTreeMap;

use portolan_engine::Bill;
use portolan_ledger::{Cents, Ledger};

use crate::audit::{Audit, FamilyDelta, Finding};
use crate::bill;
use crate::fault::Faults;
use crate::fees::Considered;

/// What one family of law comes to over a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FamilyTotal {
    /// Its name in the output columns.
    pub family: String,
    /// The duty of all lines, in cents.
    pub duty_cents: i128,
    /// On how many lines it is more than nothing.
    pub lines: u64,
}

/// What a fee comes to over a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeeTotal {
    /// What it is.
    pub title: String,
    /// Of all lines on which it is known, in cents.
    pub cents: i128,
    /// On how many lines it is more than nothing.
    pub lines: u64,
    /// On how many lines it is not known.
    pub not_known: u64,
}

/// What was filed under one family of law beside what is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FiledTotal {
    /// On how many lines it differs.
    pub lines: u64,
    /// Paid too much, over the lines with too much, in cents.
    pub over_cents: i128,
    /// Paid too little, over the lines with too little, in cents.
    pub under_cents: i128,
}

/// What a run comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines that were answered.
    pub lines: u64,
    /// Rows in `layers.csv`.
    pub layers: u64,
    /// By family, in the order of the columns; families on which nothing is owed are among them.
    pub families: Vec<FamilyTotal>,
    /// The duty of all lines whose duty is known, in cents.
    pub total_duty_cents: i128,
    /// The least and the most that all lines can come to, in cents; lines without any bound count as nothing.
    pub range_cents: (i128, i128),
    /// The entered value of all lines that state one, in cents.
    pub value_cents: i128,
    /// Lines that state no value: their answer is rates only.
    pub without_value: u64,
    /// What is asked for, and on how many lines.
    pub needs_input: BTreeMap<String, u64>,
    /// Lines on which something is asked for.
    pub open: u64,
    /// Families past the day through which they were checked, and on how many lines.
    pub beyond_horizon: BTreeMap<String, u64>,
    /// What cannot be computed, as `family: reason`, and on how many lines.
    pub cannot: BTreeMap<String, u64>,
    /// Lines that the law forbids to enter.
    pub prohibited: u64,
    /// Fees, in the order of the registers; those that no line turns on are among them.
    pub fees: Vec<FeeTotal>,
    /// Findings, and on how many lines.
    pub findings: BTreeMap<Finding, u64>,
    /// Filed less owed by finding, in cents, where both are known: below zero, too little was paid.
    pub deltas: BTreeMap<Finding, i128>,
    /// Filed less owed by family, where duties were filed by heading.
    pub filed_families: BTreeMap<String, FiledTotal>,
    /// Rows that were set aside, where the options allow it.
    pub set_aside: u64,
    /// What was wrong with the rows that were set aside.
    pub faults: Faults,
    /// What the readers did to rows to make lines of them, and to how many.
    pub notes: BTreeMap<String, u64>,
    /// Bytes read.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
}

impl Summary {
    /// An empty summary with the families of a ledger.
    pub fn new(ledger: &Ledger) -> Self {
        let total = |id: &String| FamilyTotal { family: id.clone(), ..FamilyTotal::default() };
        let fees = ledger.charges.iter().flat_map(|charges| &charges.fees);
        let fee = |fee: &portolan_ledger::charges::Fee| FeeTotal { title: fee.title.clone(), ..FeeTotal::default() };
        Self {
            families: ledger.families.iter().map(|family| total(&family.id)).collect(),
            fees: fees.map(fee).collect(),
            ..Self::default()
        }
    }

    /// Counts the fees of a line.
    pub(crate) fn add_fees(&mut self, considered: &[Considered<'_>]) {
        for one in considered {
            let Some(total) = self.fees.get_mut(one.index.1) else { continue };
            match one.stand.amount() {
                Some(Cents(0)) => {}
                Some(cents) => {
                    total.cents += i128::from(cents.0);
                    total.lines += 1;
                }
                None => total.not_known += 1,
            }
        }
    }

    /// Counts a line.
    pub(crate) fn add(&mut self, value: Option<portolan_ledger::Cents>, bill: &Bill, audit: &Audit) {
        self.lines += 1;
        match value {
            Some(value) => self.value_cents += i128::from(value.0),
            None => self.without_value += 1,
        }
        for (index, duty) in bill::family_cents(bill) {
            if let Some(total) = self.families.get_mut(index) {
                total.duty_cents += i128::from(duty.0);
                total.lines += 1;
            }
        }
        self.total_duty_cents += bill.total_duty.map_or(0, |cents| i128::from(cents.0));
        self.range_cents.0 += bill.duty_min.map_or(0, |cents| i128::from(cents.0));
        self.range_cents.1 += bill.duty_max.map_or(0, |cents| i128::from(cents.0));
        self.prohibited += u64::from(bill.prohibited);
        self.open += u64::from(!bill.needs_input.is_empty());
        for name in &bill.needs_input {
            count(&mut self.needs_input, name);
        }
        for id in &bill.beyond_horizon {
            if let Some(total) = self.families.get(usize::from(id.0)) {
                count(&mut self.beyond_horizon, &total.family);
            }
        }
        for (id, reason) in &bill.cannot {
            let family = self.families.get(usize::from(id.0)).map_or("", |total| total.family.as_str());
            count(&mut self.cannot, &format!("{family}: {reason}"));
        }
        if let Some(finding) = audit.finding {
            *self.findings.entry(finding).or_default() += 1;
            *self.deltas.entry(finding).or_default() += audit.delta.map_or(0, |delta| i128::from(delta.0));
        }
        for FamilyDelta { family, cents } in &audit.families {
            let Some(total) = self.families.get(usize::from(family.0)) else { continue };
            let filed = self.filed_families.entry(total.family.clone()).or_default();
            filed.lines += 1;
            filed.over_cents += i128::from(cents.0.max(0));
            filed.under_cents -= i128::from(cents.0.min(0));
        }
    }

    /// Adds what another part of the input comes to.
    pub fn merge(&mut self, other: Self, fault_limit: usize) {
        self.lines += other.lines;
        self.layers += other.layers;
        for (total, more) in self.families.iter_mut().zip(other.families) {
            total.duty_cents += more.duty_cents;
            total.lines += more.lines;
        }
        self.total_duty_cents += other.total_duty_cents;
        self.range_cents.0 += other.range_cents.0;
        self.range_cents.1 += other.range_cents.1;
        self.value_cents += other.value_cents;
        self.without_value += other.without_value;
        self.open += other.open;
        self.prohibited += other.prohibited;
        self.set_aside += other.set_aside;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        for (mine, more) in [
            (&mut self.needs_input, other.needs_input),
            (&mut self.beyond_horizon, other.beyond_horizon),
            (&mut self.cannot, other.cannot),
            (&mut self.notes, other.notes),
        ] {
            for (name, lines) in more {
                *mine.entry(name).or_default() += lines;
            }
        }
        for (total, more) in self.fees.iter_mut().zip(other.fees) {
            total.cents += more.cents;
            total.lines += more.lines;
            total.not_known += more.not_known;
        }
        for (finding, lines) in other.findings {
            *self.findings.entry(finding).or_default() += lines;
        }
        for (finding, cents) in other.deltas {
            *self.deltas.entry(finding).or_default() += cents;
        }
        for (family, more) in other.filed_families {
            let filed = self.filed_families.entry(family).or_default();
            filed.lines += more.lines;
            filed.over_cents += more.over_cents;
            filed.under_cents += more.under_cents;
        }
        self.faults.extend(other.faults, fault_limit);
    }
}

/// An amount of cents in dollars, however large: a file can hold any number of lines.
pub fn dollars(cents: i128) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let whole = cents.unsigned_abs();
    format!("{sign}{}.{:02}", whole / 100, whole % 100)
}

/// Counts without making a name twice.
fn count(map: &mut BTreeMap<String, u64>, name: &str) {
    match map.get_mut(name) {
        Some(lines) => *lines += 1,
        None => {
            map.insert(name.to_owned(), 1);
        }
    }
}
