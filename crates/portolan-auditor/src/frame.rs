//! A frame: the law at one governing moment for one code, with what can touch the line at all.
//!
//! Nothing in a frame depends on a fact of the line but its code, its origin and the moment.

use portolan_ledger::line::EntryLine;
use portolan_ledger::record::{Column, Condition, Spares, StackingKind};
use portolan_ledger::{DutyRate, TariffCode};

use crate::base::{Base, OrdinaryDuty, OrdinaryRate};
use crate::condition::{Truth, chapter_98};
use crate::fault::Fault;
use crate::index::{Auditor, ExceptionEntry, ProhibitionEntry, ProvisionEntry, When};
use crate::law::{Law, Layer};

/// A provision whose origins and lists hold the line.
pub(crate) struct Considered<'a, 'l> {
    /// Its index in the auditor.
    pub index: usize,
    pub entry: &'a ProvisionEntry<'l>,
    pub layer: Layer<'l>,
    pub annulled: bool,
    /// Exceptions that hold the line by origin, list and term: indices into [`Frame::exceptions`].
    pub exceptions: Vec<usize>,
    /// Considered provisions it gives way to.
    pub yields_to: Vec<usize>,
    /// Both the day that governs and the day of knowledge lie past what was checked.
    pub past_horizon: bool,
}

impl<'l> Considered<'_, 'l> {
    /// The rate that would be owed, suspended or not.
    pub fn rate(&self) -> Option<&'l DutyRate> {
        match self.layer {
            Layer::InForce(rate) | Layer::Suspended(rate) => Some(rate),
            Layer::None => None,
        }
    }
}

/// An exception whose origins and lists hold the line.
pub(crate) struct Held<'a, 'l> {
    pub index: usize,
    pub entry: &'a ExceptionEntry<'l>,
    pub in_force: bool,
    /// Considered provisions whose part it frees.
    pub spared_by: Vec<usize>,
    /// It excepts from a considered provision and has a heading of its own.
    pub is_row: bool,
}

/// A rule with the tiers of its order in force.
pub(crate) struct Rule {
    pub kind: StackingKind,
    pub tiers: Vec<Vec<usize>>,
}

/// The law for one line, one code and one moment.
pub(crate) struct Frame<'a, 'l> {
    pub law: Law<'a, 'l>,
    pub line: &'a EntryLine,
    pub provisions: Vec<Considered<'a, 'l>>,
    pub exceptions: Vec<Held<'a, 'l>>,
    /// Prohibitions in force that hold the line.
    pub prohibitions: Vec<(usize, &'a ProhibitionEntry<'l>)>,
    pub rules: Vec<Rule>,
    /// The ordinary duty; none where neither schedule nor line gives one.
    pub base: Option<Base>,
    /// To what values are rounded, in cents.
    pub grain: i64,
    /// For each provision of the auditor its place in `provisions`.
    pub place_of: Vec<Option<usize>>,
    /// For each exception of the auditor its place in `exceptions`.
    pub exception_place: Vec<Option<usize>>,
}

impl<'a, 'l> Frame<'a, 'l> {
    pub fn new(
        auditor: &'a Auditor<'l>,
        ordinary: &dyn OrdinaryDuty,
        line: &'a EntryLine,
        code: TariffCode,
        law: Law<'a, 'l>,
    ) -> Result<Self, Fault> {
        let base = ordinary.base(line, law.at);
        let mut frame = Self {
            law,
            line,
            provisions: Vec::new(),
            exceptions: Vec::new(),
            prohibitions: Vec::new(),
            rules: Vec::new(),
            base: base.or_else(|| stated_base(line)),
            grain: auditor.grain(line),
            place_of: vec![None; auditor.provisions.len()],
            exception_place: vec![None; auditor.exceptions.len()],
        };
        frame.find_provisions(auditor, code)?;
        frame.find_exceptions(auditor, code);
        frame.link();
        frame.find_prohibitions(auditor, code);
        frame.find_rules(auditor);
        Ok(frame)
    }

    fn find_provisions(&mut self, auditor: &'a Auditor<'l>, code: TariffCode) -> Result<(), Fault> {
        let (law, line) = (self.law, self.line);
        let governing_day = auditor.clock(line.side)?.day_of(law.at);
        let all_goods = (1..=97).contains(&code.chapter());
        for (index, entry) in auditor.provisions.iter().enumerate() {
            let scope = &entry.record.scope;
            if entry.program.levied_by != line.side
                || !law.holds_origin(scope, line.origin)
                || !law.holds_code(scope, code, all_goods)
            {
                continue;
            }
            let checked = entry.program.checked_through;
            self.place_of[index] = Some(self.provisions.len());
            self.provisions.push(Considered {
                index,
                entry,
                layer: law.layer(entry),
                annulled: law.annulled(entry),
                exceptions: Vec::new(),
                yields_to: Vec::new(),
                past_horizon: checked < governing_day && checked < law.knowledge,
            });
        }
        Ok(())
    }

    /// What an exception does not give (origin, products) it does not ask for.
    fn find_exceptions(&mut self, auditor: &'a Auditor<'l>, code: TariffCode) {
        let (law, line) = (self.law, self.line);
        for (index, entry) in auditor.exceptions.iter().enumerate() {
            let scope = &entry.record.scope;
            if entry.program.levied_by != line.side
                || !law.holds_origin(scope, line.origin)
                || !law.holds_code(scope, code, true)
            {
                continue;
            }
            let from_considered = entry.of.iter().any(|i| self.place_of[*i].is_some());
            self.exception_place[index] = Some(self.exceptions.len());
            self.exceptions.push(Held {
                index,
                entry,
                in_force: law.any_in_force(&entry.record.terms),
                spared_by: self.places(&entry.spared_by),
                is_row: from_considered && entry.record.heading.is_some(),
            });
        }
    }

    /// Where the considered among these provisions of the auditor stand.
    pub fn places(&self, provisions: &[usize]) -> Vec<usize> {
        provisions.iter().filter_map(|i| self.place_of[*i]).collect()
    }

    fn link(&mut self) {
        for place in 0..self.provisions.len() {
            let entry = self.provisions[place].entry;
            let exceptions = entry.exceptions.iter();
            let held = exceptions.filter_map(|i| self.exception_place[*i]);
            self.provisions[place].exceptions = held.filter(|e| self.exceptions[*e].in_force).collect();
            self.provisions[place].yields_to = self.places(&entry.yields_to);
        }
    }

    fn find_prohibitions(&mut self, auditor: &'a Auditor<'l>, code: TariffCode) {
        let (law, line) = (self.law, self.line);
        let all_goods = (1..=97).contains(&code.chapter());
        let held = auditor.prohibitions.iter().enumerate().filter(|(_, entry)| {
            let record = entry.record;
            entry.program.levied_by == line.side
                && law.any_in_force(&record.terms)
                && law.holds_origin(&record.scope, line.origin)
                && law.holds_code(&record.scope, code, all_goods)
        });
        self.prohibitions = held.collect();
    }

    fn find_rules(&mut self, auditor: &Auditor<'_>) {
        for rule in &auditor.rules {
            let orders = &rule.record.orders;
            if rule.record.levied_by != self.line.side {
                continue;
            }
            if let Some(order) = self.law.governing(orders.len(), |i| &orders[i].term) {
                let tiers = rule.orders[order].iter();
                let tiers = tiers.map(|tier| self.places(tier)).collect();
                self.rules.push(Rule { kind: rule.record.kind, tiers });
            }
        }
    }

    /// Whether an exception in force frees all but the processing abroad, for the chapter 98 number that is claimed.
    pub fn asks_for_processing(&self) -> bool {
        let spares = |e: &Held<'_, '_>| e.entry.record.spares == Some(Spares::OutsideProcessing);
        let claimed = |e: &Held<'_, '_>| {
            e.entry.record.when.iter().all(|condition| match condition {
                Condition::Chapter98(numbers) => chapter_98(self.line, numbers) == Truth::Yes,
                _ => true,
            })
        };
        self.exceptions.iter().any(|e| e.in_force && spares(e) && claimed(e))
    }

    /// The conditions that can matter: of provisions with a rate, of exceptions and prohibitions in force.
    pub fn conditions(&self) -> impl Iterator<Item = &When<'l>> {
        let provisions = self.provisions.iter().filter(|p| p.rate().is_some());
        let exceptions = self.exceptions.iter().filter(|e| e.in_force);
        provisions
            .map(|p| &p.entry.when)
            .chain(exceptions.map(|e| &e.entry.when))
            .chain(self.prohibitions.iter().map(|(_, p)| &p.when))
    }
}

/// Where there is no schedule the line can state the ordinary rate.
fn stated_base(line: &EntryLine) -> Option<Base> {
    let rate = OrdinaryRate::AdValorem(line.mfn_pct?);
    Some(Base { general: rate.clone(), applicable: rate, column: Column::General })
}
