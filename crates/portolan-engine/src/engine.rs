//! Evaluation of lines.

use std::sync::Arc;

use portolan_ledger::line::{EntryLine, Status, View, When};
use portolan_ledger::record::{Column, FamilyId, GoverningDate, GroupId, Origin};
use portolan_ledger::schedule::Lookup;
use portolan_ledger::timeline::Moment;
use portolan_ledger::{Cents, Day, Instant, Rate, Side, TariffCode};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::answer::{Bill, FamilyAmount, Fault, OrdinaryRate};
use crate::bits::Bits;
use crate::flaw::Flaw;
use crate::law::{Law, ProductClass};
use crate::money::{self, Duty, Lack, Ordinary, Owed, Quantities, Value};
use crate::ordinary::{Applicable, Bases, Rates};
use crate::pct::Pct;
use crate::possible::{Turns, stated};
use crate::projection::{Leaf, Projection, Root, TariffDay};
use crate::ways::Asks;

/// An evaluator: the law, and all that was already worked out. One a thread.
#[derive(Debug)]
pub struct Engine<'l> {
    pub(crate) law: &'l Law<'l>,
    pub(crate) projections: Vec<Projection>,
    projection_of: FxHashMap<(Side, View, Option<Day>), usize>,
    pub(crate) classes: Vec<ProductClass>,
    code_of: FxHashMap<u64, usize>,
    /// The code that was asked about last, by its key.
    last_code: (u64, usize),
    codes: Vec<Code>,
    /// The rates of codes that were looked up.
    rates: Vec<Rates>,
    origins: FxHashMap<Origin, u32>,
    origin_signatures: FxHashMap<Vec<bool>, u32>,
    pub(crate) bases: Bases,
    /// Records that can matter to a line, by what it asserts and its type of entry; the first holds every record.
    mattering: Vec<Bits>,
    mattering_of: FxHashMap<(u128, [u8; 2]), u32>,
    editions: FxHashMap<&'l str, u16>,
    pub(crate) mfn: Option<FamilyId>,
    column_2: Option<GroupId>,
    last_projection: Option<((Side, View, Option<Day>), usize)>,
    no_headings: Arc<[String]>,
    pub(crate) kept_ways: crate::ways::Kept,
    pub(crate) flaw: Flaw,
}

/// What is kept of a code.
#[derive(Debug, Default)]
struct Code {
    class: Option<u64>,
    /// Codes in whose place it came, each with its class, and the day on which it came.
    before: Option<(Vec<(TariffCode, ClassIx)>, Day)>,
    /// Whether `before` was looked for.
    looked: bool,
    /// For an eight-digit code whose ten-digit numbers are told apart: their spans and classes.
    below: Option<Vec<(Option<Day>, Option<Day>, ClassIx)>>,
    /// The days that its rates cover, of those looked up so far, and their places in [`Engine::rates`].
    rates: SmallVec<[(Day, Day, u32); 6]>,
}

/// A product class, by its number, from the law's table or the engine's own.
pub(crate) type ClassIx = u64;
const OWN: ClassIx = 1 << 32;

/// The number of the set of all records; see [`Engine::mattering`].
const EVERY_RECORD: u32 = 0;

/// What a line asks, made ready.
#[derive(Clone, Debug)]
pub(crate) struct Question<'l> {
    /// Who levies.
    pub side: Side,
    pub projection: usize,
    /// Parts of the governing day in which the law stands still, by the moment that begins each.
    pub pieces: SmallVec<[Instant; 2]>,
    pub at: (Instant, Instant),
    pub entered: (Instant, Instant),
    pub known: Day,
    pub governing: (&'static str, Option<&'l str>),
    pub classes: SmallVec<[ClassIx; 4]>,
    pub origin: u32,
    pub base: Applicable,
    /// The code is younger than the day: its lists are those of the codes before it.
    pub carried: SmallVec<[TariffCode; 2]>,
    /// The interval that holds the whole governing day, where one does.
    pub interval: Option<u32>,
    /// The records that can matter to what is owed; see [`Engine::mattering`].
    pub mattering: u32,
}

impl<'l> Engine<'l> {
    /// An evaluator of a law.
    pub fn new(law: &'l Law<'l>) -> Self {
        Self::with_flaw(law, Flaw::None)
    }

    /// An evaluator that is wrong in one way, for tests of the tests.
    #[doc(hidden)]
    pub fn with_flaw(law: &'l Law<'l>, flaw: Flaw) -> Self {
        let editions = law.schedule.map_or_else(FxHashMap::default, |schedule| {
            schedule
                .editions()
                .enumerate()
                .map(|(index, e)| (e.name, u16::try_from(index).unwrap_or(u16::MAX)))
                .collect()
        });
        Self {
            law,
            projections: Vec::new(),
            projection_of: FxHashMap::default(),
            classes: Vec::new(),
            code_of: FxHashMap::default(),
            last_code: (u64::MAX, 0),
            codes: Vec::new(),
            rates: Vec::new(),
            origins: FxHashMap::default(),
            origin_signatures: FxHashMap::default(),
            bases: Bases::default(),
            mattering: vec![Bits::all(law.records())],
            mattering_of: FxHashMap::default(),
            editions,
            mfn: law.timeline.ledger.family("mfn"),
            column_2: law
                .timeline
                .ledger
                .groups
                .iter()
                .position(|group| group.name == "column-2")
                .and_then(|at| u16::try_from(at).ok())
                .map(GroupId),
            last_projection: None,
            no_headings: Arc::from([]),
            kept_ways: crate::ways::Kept::default(),
            flaw,
        }
    }

    /// How much was worked out in each projection: intervals, record sets, joined roots, roots, nodes, leaves.
    pub fn sizes(&self) -> Vec<[usize; 6]> {
        self.projections.iter().map(Projection::sizes).collect()
    }

    /// The law that is evaluated.
    pub fn law(&self) -> &'l Law<'l> {
        self.law
    }

    pub(crate) fn span(&self, side: Side, when: When) -> (Instant, Instant) {
        when.span(&self.law.clocks[usize::from(side.0)])
    }

    /// The date that governs: the first rule of the jurisdiction that fits the entry type and whose date is stated.
    pub(crate) fn governing(&self, line: &EntryLine) -> (When, (&'static str, Option<&'l str>)) {
        let entry = (line.entry_date, ("entry_date", None));
        if self.flaw == Flaw::EntryDateGoverns {
            return entry;
        }
        let ledger: &'l portolan_ledger::Ledger = self.law.timeline.ledger;
        let Some(jurisdiction) = ledger.jurisdictions.get(usize::from(line.side.0)) else { return entry };
        let fits = |types: &[String]| types.is_empty() || types.iter().any(|t| t.as_bytes() == line.entry_type);
        for rule in jurisdiction.governing.iter().filter(|rule| fits(&rule.entry_types)) {
            let (stated, name) = match rule.date {
                GoverningDate::FtzStatusDate => (line.ftz_status_date, "ftz_status_date"),
                GoverningDate::WithdrawalDate => (line.withdrawal_date, "withdrawal_date"),
                GoverningDate::ItDate => (line.it_date, "it_date"),
            };
            if let Some(when) = stated {
                return (when, (name, Some(rule.rule.as_str())));
            }
        }
        entry
    }

    pub(crate) fn projection(&mut self, side: Side, view: View, cut: Option<Day>) -> usize {
        if let Some((asked, index)) = self.last_projection
            && asked == (side, view, cut)
        {
            return index;
        }
        let index = self.find_projection(side, view, cut);
        self.last_projection = Some(((side, view, cut), index));
        index
    }

    fn find_projection(&mut self, side: Side, view: View, cut: Option<Day>) -> usize {
        // Knowledge changes on issue days only: days between two of them are one state of knowledge.
        let cut = cut.map(|day| {
            let at = self.law.issues.partition_point(|&issue| issue <= day);
            at.checked_sub(1).map_or(Day(i32::MIN), |at| self.law.issues[at]).max(self.horizon(side, day))
        });
        if let Some(&index) = self.projection_of.get(&(side, view, cut)) {
            return index;
        }
        self.projections.push(Projection::new(self.law, side, view, cut, self.flaw));
        let index = self.projections.len() - 1;
        self.projection_of.insert((side, view, cut), index);
        index
    }

    /// The horizon of checking parts states of knowledge too: the last `checked` day before the known day, plus one.
    fn horizon(&self, side: Side, day: Day) -> Day {
        let programs = self.law.timeline.ledger.programs.iter().filter(|p| p.levied_by == side);
        let passed = programs.map(|p| Day(p.checked_through.0.saturating_add(1))).filter(|&after| after <= day);
        passed.max().unwrap_or(Day(i32::MIN))
    }

    /// The number of the set of records that can matter to what a line owes.
    pub(crate) fn mattering(&mut self, line: &EntryLine) -> u32 {
        // These faults are about the very conditions that keep a record from mattering.
        if matches!(self.flaw, Flaw::AssertionAssumed | Flaw::FirstConditionOnly) {
            return EVERY_RECORD;
        }
        let key = (self.law.facts.stated_assertions(line), line.entry_type);
        if let Some(&known) = self.mattering_of.get(&key) {
            return known;
        }
        let index = u32::try_from(self.mattering.len()).unwrap_or(u32::MAX);
        self.mattering.push(self.law.mattering(key.0, key.1));
        self.mattering_of.insert(key, index);
        index
    }

    pub(crate) fn matter(&self, mattering: u32) -> &Bits {
        &self.mattering[mattering as usize]
    }

    pub(crate) fn origin(&mut self, origin: Origin) -> u32 {
        if let Some(&class) = self.origins.get(&origin) {
            return class;
        }
        let signature = self.law.origin_class(origin);
        let next = u32::try_from(self.origin_signatures.len()).unwrap_or(u32::MAX);
        let class = *self.origin_signatures.entry(signature).or_insert(next);
        self.origins.insert(origin, class);
        class
    }

    /// The place of what is kept of a code: the schedule knows what it replaced and what is below it for its own side alone.
    fn code(&mut self, code: TariffCode, of_schedule: bool) -> usize {
        // Ten digits leave the low bits of a word to the length.
        let key = code.padded() << 5 | u64::from(code.digits()) << 1 | u64::from(of_schedule);
        // A line asks of its code several times.
        if self.last_code.0 == key {
            return self.last_code.1;
        }
        let next = self.codes.len();
        let index = *self.code_of.entry(key).or_insert(next);
        if index == next {
            self.codes.push(Code::default());
        }
        self.last_code = (key, index);
        index
    }

    fn product(&mut self, code: TariffCode) -> ClassIx {
        let index = self.code(code, true);
        if let Some(class) = self.codes[index].class {
            return class;
        }
        let tabled = self.law.table_if_made().and_then(|table| table.class(code));
        let class = match tabled {
            Some(class) => u64::from(class),
            None => {
                self.classes.push(self.law.product_class(code));
                OWN | (self.classes.len() as u64 - 1)
            }
        };
        self.codes[index].class = Some(class);
        class
    }

    /// Classes that a code may belong to: several where the ten-digit numbers below an eight-digit code are told apart.
    pub(crate) fn products(&mut self, code: TariffCode, day: Day, of_schedule: bool) -> SmallVec<[ClassIx; 4]> {
        let index = self.code(code, of_schedule);
        self.look_before(index, code, of_schedule);
        let from_old = |known: &Code| match &known.before {
            Some((before, date)) if day < *date => before.iter().map(|(_, class)| *class).collect(),
            _ => SmallVec::new(),
        };
        let mut classes: SmallVec<[ClassIx; 4]> = from_old(&self.codes[index]);
        if classes.is_empty() && code.digits() == 8 {
            self.look_below(index, code, of_schedule);
            let valid =
                |from: Option<Day>, until: Option<Day>| from.is_none_or(|f| f <= day) && until.is_none_or(|u| day < u);
            let below = self.codes[index].below.as_deref().unwrap_or_default();
            classes = below.iter().filter(|(f, u, _)| valid(*f, *u)).map(|(.., class)| *class).collect();
        }
        if classes.is_empty() {
            return smallvec::smallvec![self.product(code)];
        }
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// Looks once for the statistical numbers below an eight-digit code, if anything tells them apart. Where the
    /// nomenclature is not known, they are those that lists name, and one that none names.
    fn look_below(&mut self, index: usize, code: TariffCode, of_schedule: bool) {
        if self.codes[index].below.is_some() {
            return;
        }
        let law = self.law;
        let mut below = Vec::new();
        if law.parts_below(code) {
            let schedule = law.schedule.filter(|_| of_schedule);
            for span in schedule.map_or(Vec::new(), |schedule| schedule.below(code)) {
                below.push((span.from, span.until, self.product(span.code)));
            }
            if below.is_empty() {
                for named in law.named_below(code) {
                    below.push((None, None, self.product(named)));
                }
                below.push((None, None, self.product(code)));
            }
        }
        self.codes[index].below = Some(below);
    }

    /// Looks once for the codes in whose place a code came.
    fn look_before(&mut self, index: usize, code: TariffCode, of_schedule: bool) {
        let looks = of_schedule && !self.codes[index].looked;
        let Some(schedule) = self.law.schedule.filter(|_| looks) else { return };
        let found = schedule.predecessors(code.prefix(8));
        let before: Vec<_> = found.iter().map(|old| (old.code, self.product(old.code))).collect();
        self.codes[index].looked = true;
        self.codes[index].before = found.first().map(|old| (before, old.date));
    }

    /// The codes that stood on a day for a code that came later: product lists of that day are in their terms.
    pub(crate) fn carried(&mut self, code: TariffCode, day: Day) -> SmallVec<[TariffCode; 2]> {
        let index = self.code(code, true);
        match &self.codes[index].before {
            Some((before, date)) if day < *date => before.iter().map(|(code, _)| *code).collect(),
            _ => SmallVec::new(),
        }
    }

    /// The rates of a code on a day, and the first day for which they were not looked up.
    pub(crate) fn rates_until(&mut self, code: TariffCode, day: Day) -> Result<(Rates, Day), Fault> {
        let index = self.code(code, true);
        let covering = self.codes[index].rates.iter().find(|(from, until, _)| *from <= day && day < *until);
        if let Some(&(_, until, place)) = covering {
            return Ok((self.rates[place as usize], until));
        }
        self.find_rates(index, code, day)
    }

    fn find_rates(&mut self, index: usize, code: TariffCode, day: Day) -> Result<(Rates, Day), Fault> {
        let Some(schedule) = self.law.schedule else {
            return Err(Fault::UnknownCode { nearest: Vec::new(), successors: Vec::new(), edition: String::new() });
        };
        let line = match schedule.line(code, day) {
            Lookup::Found(line) => line,
            Lookup::OtherDates(other) => {
                return Err(Fault::CodeOfOtherDates {
                    spans: other.spans.iter().map(|span| (span.from, span.until)).collect(),
                    successors: other.successors.iter().map(|s| s.code).collect(),
                });
            }
            Lookup::Unknown(unknown) => {
                return Err(Fault::UnknownCode {
                    nearest: unknown.nearest,
                    successors: unknown.successors.iter().map(|s| s.code).collect(),
                    edition: unknown.edition.name.to_owned(),
                });
            }
        };
        let rates = self.bases.rates(&line, &self.editions);
        // Before the first edition and after the last, the coverage is part of the answer and changes within the interval.
        let (from, until) = match line.coverage {
            portolan_ledger::schedule::Coverage::Printed | portolan_ledger::schedule::Coverage::Layer2017 => {
                let first = schedule.first_edition().published;
                let last = schedule.last_edition().published;
                let printed = line.coverage == portolan_ledger::schedule::Coverage::Printed;
                let from = if printed { Some(line.from.unwrap_or(first).max(first)) } else { line.from };
                // The last edition still prints the rates of its own day.
                let after = Day(last.0 + 1);
                let until = if printed { Some(line.until.unwrap_or(after).min(after)) } else { line.until };
                (from, until)
            }
            portolan_ledger::schedule::Coverage::BeforeFirstEdition => {
                let first = schedule.first_edition().published;
                (line.from, Some(line.until.map_or(first, |until| until.min(first))))
            }
            portolan_ledger::schedule::Coverage::AfterLastEdition => {
                let last = Day(schedule.last_edition().published.0 + 1);
                (Some(line.from.map_or(last, |from| from.max(last))), line.until)
            }
        };
        let (from, until) = (from.unwrap_or(Day(i32::MIN)), until.unwrap_or(Day(i32::MAX)));
        let place = u32::try_from(self.rates.len()).unwrap_or(u32::MAX);
        self.rates.push(rates);
        self.codes[index].rates.push((from, until, place));
        Ok((rates, until))
    }

    /// The next day after a day on which the classes of a code may change, where there is one.
    pub(crate) fn class_changes(&mut self, code: TariffCode, day: Day, of_schedule: bool) -> Option<Day> {
        let index = self.code(code, of_schedule);
        self.look_before(index, code, of_schedule);
        let kept = &self.codes[index];
        let came = kept.before.as_ref().map(|(_, date)| *date);
        let below = kept.below.as_deref().unwrap_or_default().iter().flat_map(|(from, until, _)| [*from, *until]);
        below.flatten().chain(came).filter(|&change| change > day).min()
    }

    /// Whether column 2 applies to an origin.
    pub(crate) fn in_column_2(&self, origin: Origin, moment: Moment) -> bool {
        self.column_2.is_some_and(|group| self.law.timeline.in_group(group, origin, moment))
    }

    /// The number of the questions that begin for a product class and an origin at a moment, within a projection: where it
    /// is the same, so are the records in scope and their states, but for provisions that are alike; and whether there are
    /// such.
    pub(crate) fn root_of(
        &mut self,
        projection: usize,
        (class, origin): (ClassIx, (u32, Origin)),
        (at, interval): (Instant, Option<u32>),
        mattering: u32,
    ) -> (u64, bool) {
        let projection = &mut self.projections[projection];
        let interval = interval.unwrap_or_else(|| projection.interval(at));
        let class = (class, class_of(self.law, &self.classes, class));
        let mattering = (mattering, &self.mattering[mattering as usize]);
        let root = projection.root(self.law, class, origin, (interval, false), mattering);
        (projection.number(self.law, root), projection.is_shared(root))
    }

    /// Which ordinary rate applies: column 2 by origin, a claimed program that the row prints, else column 1-general.
    pub(crate) fn applicable(&mut self, line: &EntryLine, rates: Option<&Rates>, moment: Moment) -> Applicable {
        let Some(rates) = rates else {
            let stated = line.mfn_pct.map(|rate| self.bases.stated(rate));
            return Applicable { column: Column::General, ordinary: stated, general: stated };
        };
        if self.in_column_2(line.origin, moment) {
            return Applicable { column: Column::Two, ordinary: Some(rates.column_2), general: Some(rates.general) };
        }
        let special = match (&line.spi, self.law.schedule) {
            (Some(spi), Some(schedule)) => self.bases.special(schedule, rates.special, spi),
            _ => None,
        };
        match special {
            Some(special) => {
                Applicable { column: Column::Special, ordinary: Some(special), general: Some(rates.general) }
            }
            None => Applicable { column: Column::General, ordinary: Some(rates.general), general: Some(rates.general) },
        }
    }

    /// Makes a line ready: dates, classes, base.
    pub(crate) fn question(&mut self, line: &EntryLine) -> Result<(Question<'l>, Option<Rates>), Fault> {
        let (when, governing) = self.governing(line);
        let at = self.span(line.side, when);
        let entered = self.span(line.side, line.entry_date);
        let law = self.law;
        let clock = &law.clocks[usize::from(line.side.0)];
        let entry_day = line.entry_date.day(clock);
        let day = when.day(clock);
        let known = match line.view {
            View::Assessed => line.known_date.min(entry_day),
            View::Owed => line.known_date,
        };
        // Knowledge that moves with the moment is one projection for all days.
        let cut = (line.view == View::Owed || known != day).then_some(known);
        let projection = self.projection(line.side, line.view, cut);
        let (pieces, interval) = self.day_pieces(projection, (when, at), governing.0 == "entry_date");
        let has_schedule = law.schedule_side == Some(line.side);
        let rates = if has_schedule { Some(self.rates_until(line.code, day)?.0) } else { None };
        let classes = self.products(line.code, day, has_schedule);
        let carried = if has_schedule { self.carried(line.code, day) } else { SmallVec::new() };
        let base = self.applicable(line, rates.as_ref(), Moment { at: at.0, known, view: line.view });
        let origin = self.origin(line.origin);
        let mattering = self.mattering(line);
        Ok((
            Question {
                side: line.side,
                projection,
                pieces,
                at,
                entered,
                known,
                governing,
                classes,
                origin,
                base,
                carried,
                interval,
                mattering,
            },
            rates,
        ))
    }

    /// The parts of a governing day in which the law stands still, by the moment that begins each, and the interval that holds
    /// all of it, where one does. Conditions on the entry date part the day on which it governs too.
    pub(crate) fn day_pieces(
        &mut self,
        projection: usize,
        (when, at): (When, (Instant, Instant)),
        entry_governs: bool,
    ) -> (SmallVec<[Instant; 2]>, Option<u32>) {
        let law = self.law;
        let projection = &mut self.projections[projection];
        let TariffDay { interval, parts_entry } = match when {
            When::Day(day) => projection.day(law, day, at),
            When::At(_) => TariffDay { interval: None, parts_entry: true },
        };
        let mut pieces = SmallVec::from_slice(&[at.0]);
        if interval.is_none() {
            pieces.extend(projection.after(at.0).iter().copied().take_while(|&b| b < at.1));
        }
        if entry_governs && parts_entry {
            pieces.extend(law.facts.entry_cuts_in(at).iter().copied());
            pieces.sort_unstable();
            pieces.dedup();
        }
        (pieces, interval)
    }

    pub(crate) fn grain(&self, side: Side) -> i64 {
        self.law.timeline.ledger.jurisdictions.get(usize::from(side.0)).map_or(1, |j| j.value_grain)
    }

    pub(crate) fn root(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        piece: usize,
        class: usize,
        explain: bool,
    ) -> Root {
        let projection = &mut self.projections[q.projection];
        let interval = q.interval.filter(|_| piece == 0).unwrap_or_else(|| projection.interval(q.pieces[piece]));
        let class = (q.classes[class], class_of(self.law, &self.classes, q.classes[class]));
        // An explanation shows what did not matter too.
        let mattering = if explain { EVERY_RECORD } else { q.mattering };
        let mattering = (mattering, &self.mattering[mattering as usize]);
        projection.root(self.law, class, (q.origin, line.origin), (interval, explain), mattering)
    }

    /// The bill of a line.
    pub fn bill(&mut self, line: &EntryLine) -> Result<Bill, Fault> {
        let mut bill = Bill::default();
        self.bill_into(line, &mut bill)?;
        Ok(bill)
    }

    /// The bill of a line, in place of one that is no longer needed: what that one holds is used again.
    pub fn bill_into(&mut self, line: &EntryLine, bill: &mut Bill) -> Result<(), Fault> {
        let value = Value::of(line, self.grain(line.side), self.flaw);
        let (q, _) = self.question(line)?;
        self.bill_of(&q, line, &value, bill)
    }

    /// The bill of a line that was made ready.
    pub(crate) fn bill_of(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        value: &Value,
        bill: &mut Bill,
    ) -> Result<(), Fault> {
        if self.plain_bill(q, line, value, bill)? {
            return Ok(());
        }
        let ways = self.ways(q, line, value, Asks::WhatTurns)?;
        let possible = self.bills(q, line, value, &ways);
        let nothing = Turns::default();
        *bill = self.combine(q, possible.iter(), ways.turns.as_ref().unwrap_or(&nothing));
        Ok(())
    }

    /// The bill where everything that matters is stated; false where alternatives must be counted.
    fn plain_bill(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        value: &Value,
        bill: &mut Bill,
    ) -> Result<bool, Fault> {
        let Some(shared) = self.plain_leaf(q, line, value)? else { return Ok(false) };
        let leaf_ix = self.own_leaf(q, line, shared);
        let headings = self.kept_headings(q, leaf_ix, line.side);
        let leaf = self.projections[q.projection].leaf(leaf_ix);
        let of = Quantities { line, pins: None };
        let Ok(ordinary) = self.ordinary_duty(q, leaf, value, of) else { return Ok(false) };
        self.clear(bill);
        let mut total = Totals::default();
        if let Some(mfn) = self.mfn {
            add_family(&mut bill.families[usize::from(mfn.0)], &ordinary);
        }
        let context = self.ordinary_context(q);
        let mut at_another_rate = Totals::default();
        for owed in leaf.owed.iter() {
            let Ok(duty) = money::duty(owed, value, of, &context, self.flaw) else { return Ok(false) };
            add_family(&mut bill.families[usize::from(self.counts_in(owed).0)], &duty);
            if owed.replaces_ordinary() {
                at_another_rate.add(&duty);
            } else {
                total.add(&duty);
            }
            if owed.beyond && !bill.beyond_horizon.contains(&owed.family) {
                bill.beyond_horizon.push(owed.family);
            }
        }
        bill.prohibited = leaf.resolution.prohibited.is_some();
        bill.additional_pct = total.pct();
        total.add(&ordinary);
        total.join(&at_another_rate);
        bill.total_pct = total.pct();
        bill.total_duty = total.cents();
        bill.duty_min = bill.total_duty;
        bill.duty_max = bill.total_duty;
        bill.headings = headings;
        if bill.prohibited {
            forbid(bill);
        }
        Ok(true)
    }

    /// A leaf in terms of the provisions that reach the origin of a line.
    pub(crate) fn own_leaf(&mut self, q: &Question<'l>, line: &EntryLine, leaf: u32) -> u32 {
        self.projections[q.projection].of_origin(self.law, leaf, (q.origin, line.origin))
    }

    /// The leaf of a line of which everything that matters is stated, but for quantities; none where alternatives must be
    /// counted. It may be that of a country which is treated alike: see [`Engine::own_leaf`].
    pub(crate) fn plain_leaf(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        value: &Value,
    ) -> Result<Option<u32>, Fault> {
        let Some((root, leaf_ix)) = self.single_leaf(q, line, value) else { return Ok(None) };
        let leaf = self.projections[q.projection].leaf(leaf_ix);
        let unknown = |owed: &Owed| value.share(owed.basis()).is_none();
        if !leaf.resolution.doubts.is_empty() || leaf.owed.iter().any(unknown) {
            return Ok(None);
        }
        if leaf.transit && self.projections[q.projection].transit_may_cost_more(self.law, root, leaf_ix) {
            return Ok(None);
        }
        self.conflict(self.projections[q.projection].leaf(leaf_ix), line)?;
        Ok(Some(leaf_ix))
    }

    /// The one leaf that a line reaches in every part of the day and for every statistical number it can have.
    fn single_leaf(&mut self, q: &Question<'l>, line: &EntryLine, value: &Value) -> Option<(Root, u32)> {
        let root = self.root(q, line, 0, 0, false);
        for class in 1..q.classes.len() {
            if !self.root(q, line, 0, class, false).asks_as(root) {
                return None;
            }
        }
        if q.pieces.len() > 1 {
            return None;
        }
        let stated = stated(self.law, &self.bases, q, (line, value), 0);
        let leaf = self.projections[q.projection].only_leaf(self.law, root, &stated)?;
        Some((root, leaf))
    }

    /// The headings of a leaf, worked out once for an order of reporting.
    pub(crate) fn kept_headings(&mut self, q: &Question<'l>, leaf: u32, side: Side) -> Arc<[String]> {
        let projection = &mut self.projections[q.projection];
        let interval = q.interval.unwrap_or_else(|| projection.interval(q.pieces[0]));
        let order = projection.reporting_order(self.law, interval);
        if let Some((_, kept)) = projection.leaf(leaf).headings.iter().find(|(of, _)| *of == order) {
            return Arc::clone(kept);
        }
        let found: Arc<[String]> = self.headings(q, self.projections[q.projection].leaf(leaf), 0, side).into();
        self.projections[q.projection].leaf_mut(leaf).headings.push((order, Arc::clone(&found)));
        found
    }

    fn clear(&self, bill: &mut Bill) {
        bill.families.clear();
        bill.families.resize(self.law.timeline.ledger.families.len(), FamilyAmount::ZERO);
        bill.needs_input.clear();
        bill.beyond_horizon.clear();
        bill.cannot.clear();
    }

    pub(crate) fn empty_bill(&self) -> Bill {
        Bill {
            families: vec![FamilyAmount::ZERO; self.law.timeline.ledger.families.len()],
            headings: Arc::clone(&self.no_headings),
            ..Bill::default()
        }
    }

    pub(crate) fn conflict(&self, leaf: &Leaf, line: &EntryLine) -> Result<(), Fault> {
        match leaf.resolution.conflict {
            None => Ok(()),
            Some((a, b)) => {
                let name = |p| {
                    let node = self.law.timeline.provision(self.law.alike.of(p, line.origin));
                    format!("{}/{}", self.law.timeline.program(node.program).id, node.record.id)
                };
                Err(Fault::Conflict(name(a), name(b)))
            }
        }
    }

    pub(crate) fn ordinary_context(&self, q: &Question<'l>) -> Ordinary<'_> {
        Ordinary {
            applies: q.base.ordinary.map(|base| self.bases.get(base)),
            general: q.base.general.map(|base| self.bases.get(base)),
        }
    }

    /// The family in which a duty counts: what stands in place of the ordinary duty is the ordinary duty.
    pub(crate) fn counts_in(&self, owed: &Owed) -> FamilyId {
        self.mfn.filter(|_| owed.replaces_ordinary()).unwrap_or(owed.family)
    }

    /// Whether the ordinary duty of the schedule is owed: nothing stands in place of it, or of all.
    pub(crate) fn pays_ordinary(&self, leaf: &Leaf) -> bool {
        leaf.resolution.in_place.is_none() && !leaf.owed.iter().any(Owed::replaces_ordinary)
    }

    /// The ordinary duty by the schedule; nothing where another stands in place of it or of all, or where the side has no
    /// schedule and none was stated.
    pub(crate) fn ordinary_duty(
        &self,
        q: &Question<'l>,
        leaf: &Leaf,
        value: &Value,
        of: Quantities<'_>,
    ) -> Result<Duty, Lack> {
        let cents = value.whole.map(|_| Cents(0));
        let nothing = Duty { pct: Some(Pct::ZERO), cents, basis: value.whole, share: Some(Pct::full(Rate::WHOLE)) };
        let Some(base) = q.base.ordinary.filter(|_| self.pays_ordinary(leaf)) else { return Ok(nothing) };
        let base = self.bases.get(base);
        let pct = base.ad_valorem.map(Pct::full);
        let done = |cents| Duty { pct, cents, basis: value.whole, share: Some(Pct::full(Rate::WHOLE)) };
        if let portolan_ledger::duty_expression::DutyExpression::Refused(refusal) = &base.expression {
            return Err(Lack::Law(refusal.reason.as_str().to_owned()));
        }
        let Some(whole) = value.whole else { return Ok(done(None)) };
        match base.duty(whole, of) {
            Ok(Some(cents)) => Ok(done(Some(cents))),
            Ok(None) => Err(Lack::Column("quantity_1".to_owned())),
            Err(missing) => Err(money::lack(&missing)),
        }
    }

    /// What is to be said of the ordinary rate of a line.
    pub(crate) fn ordinary_rate(&self, q: &Question<'l>, rates: Option<&Rates>) -> OrdinaryRate {
        let editions: Vec<&str> = self.law.schedule.map_or(Vec::new(), |s| s.editions().map(|e| e.name).collect());
        OrdinaryRate {
            column: rates.map(|_| q.base.column),
            text: q.base.ordinary.map_or(String::new(), |base| self.bases.get(base).text.clone()),
            rate_row: rates.map(|rates| rates.rate_row),
            coverage: rates.map(|rates| rates.coverage),
            carried: q.carried.to_vec(),
            edition: rates.and_then(|rates| editions.get(usize::from(rates.edition)).map(|name| (*name).to_owned())),
        }
    }
}

pub(crate) fn class_of<'c>(law: &'c Law<'_>, own: &'c [ProductClass], class: ClassIx) -> &'c ProductClass {
    if class & OWN != 0 {
        return &own[usize::try_from(class & !OWN).unwrap_or(0)];
    }
    &law.table().classes[usize::try_from(class).unwrap_or(0)]
}

pub(crate) fn add_family(amount: &mut FamilyAmount, duty: &Duty) {
    amount.pct = amount.pct.zip(duty.pct).map(|(a, b)| a + b);
    amount.duty = amount.duty.zip(duty.cents).map(|(a, b)| Cents(a.0.saturating_add(b.0)));
}

/// A line that the law forbids to enter has no duty.
pub(crate) fn forbid(bill: &mut Bill) {
    for family in &mut bill.families {
        *family = FamilyAmount { pct: None, duty: None, open: false };
    }
    bill.additional_pct = None;
    bill.total_pct = None;
    bill.total_duty = None;
    bill.duty_min = None;
    bill.duty_max = None;
    bill.headings = Arc::from([]);
    bill.needs_input.clear();
    bill.beyond_horizon.clear();
    bill.cannot.clear();
}

/// Sums of points and cents, each lost when one summand has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pct: Option<Pct>,
    cents: Option<i64>,
}

impl Default for Totals {
    fn default() -> Self {
        Self { pct: Some(Pct::ZERO), cents: Some(0) }
    }
}

impl Totals {
    pub(crate) fn add(&mut self, duty: &Duty) {
        self.pct = self.pct.zip(duty.pct).map(|(a, b)| a + b);
        self.cents = self.cents.zip(duty.cents).map(|(a, b)| a.saturating_add(b.0));
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.pct = self.pct.zip(other.pct).map(|(a, b)| a + b);
        self.cents = self.cents.zip(other.cents).map(|(a, b)| a.saturating_add(b));
    }

    pub(crate) fn fail(&mut self) {
        self.pct = None;
        self.cents = None;
    }

    pub(crate) fn pct(&self) -> Option<Pct> {
        self.pct
    }

    pub(crate) fn cents(&self) -> Option<Cents> {
        self.cents.map(Cents)
    }
}

/// Whether a row counts as owed.
pub(crate) fn stands(status: Status) -> bool {
    matches!(status, Status::Applied | Status::BeyondHorizon)
}
