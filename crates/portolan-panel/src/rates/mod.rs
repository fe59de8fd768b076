//! Effective tariff rates: duty over the value of trade, with fixed weights, by day.
//!
//! A flow of the weights is asked about as a line with a bare date that states nothing but what shares say: what it turns on
//! enters at its highest, and the lowest stands beside it. A day within which the law changes is such a fact too. Weights that
//! meet no line are counted as unmatched; weights whose duty cannot be put in points (a rate by quantity of which nothing
//! says what it came to, a rate that is not known, goods that the law forbids to enter) are counted as not priced. Neither is
//! part of the weight that a rate is over.

pub mod file;
mod flows;
pub mod ordinary;
pub mod shares;
pub mod sums;
pub mod write;

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::Mutex;

use portolan_engine::Law;
use portolan_engine::extremes::{Extremes, Sum};
use portolan_engine::history::{Borne, ExtremesIx, FactsIx, OriginIx, ProductIx};
use portolan_entry::fault::Faults;
use portolan_ledger::line::View;
use portolan_ledger::record::FamilyId;
use portolan_ledger::{Day, Rate, Side, TariffCode};
use rustc_hash::FxHashMap;

use crate::weights::{Weight, Weights};
use flows::{Flow, Flows};
use ordinary::Ordinary;
use shares::{Facts, Shares};
use sums::{Event, Key, NOT_PRICED, PARTS, PRICED, Scratch, Stretch, UNMATCHED};

/// What rates are parted by.
#[expect(clippy::struct_excessive_bools, reason = "any of four columns, each by itself")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// A rate for each partner of the weights.
    pub origin: bool,
    /// What each family of law adds.
    pub family: bool,
    /// What each program of law adds.
    pub measure: bool,
    /// A rate for each chapter.
    pub chapter: bool,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    /// Who levies.
    pub side: Side,
    /// Which answer.
    pub view: View,
    /// The law as it could be known at the end of that day; in the view *assessed* no later than the day itself.
    pub known: Day,
    /// The first day.
    pub from: Day,
    /// The first day no longer.
    pub until: Day,
    /// What rates are parted by.
    pub split: Split,
    /// The value of trade.
    pub weights: &'r Weights,
    /// What parts of flows state.
    pub shares: &'r Shares,
    /// Ordinary rates that are given.
    pub ordinary: &'r Ordinary,
    /// Whether ordinary duties are known: there is a schedule, or they are given. Else rates are of additional duties alone.
    pub knows_ordinary: bool,
}

/// Why there are no rates.
#[derive(Debug)]
pub enum Error {
    /// What was given is wrong.
    Input(Faults),
    /// The ledger is wrong: two duties of one program stand and nothing relates them.
    Conflict(String, String),
}

/// The rates of a partner and a chapter, where they are parted by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Index of the partner among those of the weights.
    pub partner: Option<u16>,
    /// The chapter.
    pub chapter: Option<u8>,
    /// The rates, in order, each other than the one before it.
    pub stretches: Vec<Stretch>,
}

/// A part of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartOf {
    /// The family.
    pub family: FamilyId,
    /// Where parted by measure: the program, by its index; none for the schedule's ordinary duty.
    pub program: Option<u16>,
}

/// A number of the weights that met no line on some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The number.
    pub code: TariffCode,
    /// Its weight, in cents.
    pub value: i128,
}

/// Rates.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// By partner, then chapter, in the order of the weights.
    pub groups: Vec<Group>,
    /// The parts, by the numbers that stretches give; one without meaning where nothing is parted.
    pub parts: Vec<PartOf>,
    /// Numbers that met no line on some days, those of the greatest weight first.
    pub unmatched: Vec<Unmatched>,
    /// Lines worked out: distinct goods, origins and facts.
    pub histories: usize,
}

/// What one thread found.
#[derive(Debug, Default)]
struct Share {
    events: FxHashMap<Key, Vec<Event>>,
    unmatched: FxHashMap<TariffCode, i128>,
    histories: usize,
}

/// Works out rates.
///
/// # Errors
/// What shares state contradicts itself, or the ledger lets two duties stand that nothing relates.
pub fn rates(request: &Request<'_>, law: &Law<'_>) -> Result<Rates, Error> {
    // Made before the threads part: they share it.
    law.table();
    let numbering = Numbering::new(request, law);
    let mut cells: Vec<&Weight> = request.weights.cells.iter().filter(|cell| cell.value.0 > 0).collect();
    cells.sort_by_key(|cell| (cell.code, cell.partner));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let pieces = Mutex::new(pieces(&cells, threads * PIECES));
    // Neighbouring headings meet the same law, so each thread keeps to an end.
    let next = |thread: usize| {
        let mut left = pieces.lock().ok()?;
        if thread.is_multiple_of(2) { left.pop_front() } else { left.pop_back() }
    };
    let work = |thread: usize| Worker::new(request, law, &numbering).run(|| next(thread));
    let done: Vec<Result<Share, Error>> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|t| t.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut events: FxHashMap<Key, Vec<Event>> = FxHashMap::default();
    let mut rates = Rates { parts: numbering.parts, ..Rates::default() };
    let mut unmatched: FxHashMap<TariffCode, i128> = FxHashMap::default();
    for share in done {
        let share = share?;
        for (key, own) in share.events {
            events.entry(key).or_default().extend(own);
        }
        for (code, value) in share.unmatched {
            *unmatched.entry(code).or_default() += value;
        }
        rates.histories += share.histories;
    }
    let mut keys: Vec<Key> = events.keys().copied().collect();
    keys.sort_unstable();
    let days = (request.from, request.until);
    for key in keys {
        let stretches = sums::stretches(events.remove(&key).unwrap_or_default(), days);
        rates.groups.push(Group { partner: key.0, chapter: key.1, stretches });
    }
    rates.unmatched = unmatched.into_iter().map(|(code, value)| Unmatched { code, value }).collect();
    rates.unmatched.sort_unstable_by_key(|unmatched| (std::cmp::Reverse(unmatched.value), unmatched.code));
    Ok(rates)
}

/// How many pieces of work there are for each thread.
const PIECES: usize = 6;

/// Cells, sorted by code, in so many pieces at most, none of which parts a heading.
fn pieces<'c, 'w>(cells: &'c [&'w Weight], count: usize) -> VecDeque<&'c [&'w Weight]> {
    let most = cells.len().div_ceil(count.max(1));
    let mut found = VecDeque::with_capacity(count);
    let (mut start, mut end) = (0, 0);
    for of_heading in cells.chunk_by(|a, b| a.code.prefix(4) == b.code.prefix(4)) {
        end += of_heading.len();
        if end - start >= most {
            found.push_back(&cells[start..end]);
            start = end;
        }
    }
    if end > start {
        found.push_back(&cells[start..end]);
    }
    found
}

/// The numbers of parts.
#[derive(Debug)]
struct Numbering {
    parts: Vec<PartOf>,
    number: FxHashMap<PartOf, u16>,
    measure: bool,
    parted: bool,
}

impl Numbering {
    fn new(request: &Request<'_>, law: &Law<'_>) -> Self {
        let ledger = law.timeline.ledger;
        let mut parts = Vec::new();
        let mfn = ledger.family("mfn").unwrap_or(FamilyId(0));
        if request.split.measure {
            parts.push(PartOf { family: mfn, program: None });
            for (program, index) in ledger.programs.iter().zip(0..) {
                // A program may set a rate in place of the ordinary one, which counts as ordinary duty.
                parts.push(PartOf { family: mfn, program: Some(index) });
                parts.push(PartOf { family: program.family, program: Some(index) });
            }
        } else if request.split.family {
            let families = u8::try_from(ledger.families.len()).unwrap_or(u8::MAX);
            parts.extend((0..families).map(|family| PartOf { family: FamilyId(family), program: None }));
        } else {
            parts.push(PartOf { family: mfn, program: None });
        }
        parts.sort_unstable();
        parts.dedup();
        let number = parts.iter().copied().zip(0..).collect();
        Self { parts, number, measure: request.split.measure, parted: request.split.measure || request.split.family }
    }

    /// The column of a part.
    fn column(&self, family: FamilyId, program: Option<u16>) -> u16 {
        let part = PartOf { family, program: program.filter(|_| self.measure) };
        if self.parted { PARTS + self.number.get(&part).copied().unwrap_or(0) } else { PARTS }
    }

    fn columns(&self) -> usize {
        usize::from(PARTS) + self.parts.len()
    }
}

/// What is added to sums: for each column its points, highest and lowest; none where it has no price.
type Adds = Option<Box<[(u16, i128, i128)]>>;

/// The ordinary rate of a number on some days, where such rates are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// None are given at all.
    Nothing,
    /// None for this number.
    Missing,
    /// A rate.
    Rate(Rate),
}

/// What is worked out in one thread.
struct Worker<'r, 'l> {
    request: &'r Request<'r>,
    numbering: &'r Numbering,
    law: &'l Law<'l>,
    flows: Flows<'r, 'l>,
    /// By what is borne.
    adds: Vec<Option<Adds>>,
    share: Share,
}

impl<'r, 'l> Worker<'r, 'l> {
    fn new(request: &'r Request<'r>, law: &'l Law<'l>, numbering: &'r Numbering) -> Self {
        let flows = Flows::new(request, law);
        Self { request, numbering, law, flows, adds: Vec::new(), share: Share::default() }
    }

    fn run<'c>(mut self, next: impl Fn() -> Option<&'c [&'c Weight]>) -> Result<Share, Error> {
        let days = usize::try_from(self.request.until.0 - self.request.from.0).unwrap_or(0);
        let mut scratch = Scratch::new(days, self.numbering.columns());
        while let Some(cells) = next() {
            self.piece(cells, &mut scratch)?;
        }
        Ok(self.share)
    }

    fn piece(&mut self, cells: &[&Weight], scratch: &mut Scratch) -> Result<(), Error> {
        let mut sums: FxHashMap<(Key, Flow), i128> = FxHashMap::default();
        let mut unmatched: Vec<(Key, Day, Day, i64)> = Vec::new();
        for of_code in cells.chunk_by(|a, b| a.code == b.code) {
            self.code(of_code, &mut sums, &mut unmatched)?;
        }
        let mut sums: Vec<((Key, Flow), i128)> = sums.into_iter().collect();
        sums.sort_unstable_by_key(|(key, _)| *key);
        unmatched.sort_unstable_by_key(|(key, ..)| *key);
        self.share.histories += sums.len();
        let mut own = Own::default();
        for of_group in sums.chunk_by(|a, b| a.0.0 == b.0.0) {
            for ((_, flow), value) in of_group {
                self.flow(*flow, *value, scratch, &mut own)?;
            }
            self.share.events.entry(of_group[0].0.0).or_default().extend(scratch.take());
        }
        for of_group in unmatched.chunk_by(|a, b| a.0 == b.0) {
            for (_, from, until, value) in of_group {
                self.weigh(*from, *until, UNMATCHED, i128::from(*value), scratch);
            }
            self.share.events.entry(of_group[0].0).or_default().extend(scratch.take());
        }
        Ok(())
    }

    /// The flows of one number.
    fn code(
        &mut self,
        cells: &[&Weight],
        sums: &mut FxHashMap<(Key, Flow), i128>,
        unmatched: &mut Vec<(Key, Day, Day, i64)>,
    ) -> Result<(), Error> {
        let code = cells[0].code;
        let spans = self.flows.spans(code)?;
        let gaps = self.flows.gaps(&spans);
        let steps = self.steps(code);
        let mut parts: Vec<(Facts, i64)> = Vec::new();
        for cell in cells {
            let split = self.request.split;
            let key = (split.origin.then_some(cell.partner), split.chapter.then_some(code.chapter()));
            let origins = self.flows.origins(cell.partner);
            let days = (self.request.from, self.request.until);
            let missed: &[(Day, Day)] = if origins.is_empty() { &[days] } else { &gaps };
            unmatched.extend(missed.iter().map(|&(from, until)| (key, from, until, cell.value.0)));
            if !missed.is_empty() {
                *self.share.unmatched.entry(code).or_default() += i128::from(cell.value.0);
            }
            if origins.is_empty() {
                continue;
            }
            let partner = &self.request.weights.partners[usize::from(cell.partner)];
            self.request.shares.parts(code, partner, cell.value.0, &mut parts);
            for span in spans.iter() {
                let meant = self.flows.meaning(&span.products, &origins);
                for &(from, until, rate) in &steps {
                    let (from, until) = (from.max(span.from), until.min(span.until));
                    if from >= until {
                        continue;
                    }
                    if rate == Given::Missing {
                        unmatched.push((key, from, until, cell.value.0));
                        *self.share.unmatched.entry(code).or_default() += i128::from(cell.value.0);
                        continue;
                    }
                    let ordinary = if let Given::Rate(rate) = rate { Some(rate) } else { cell.ordinary };
                    for (facts, value) in &parts {
                        let facts = self.flows.facts(facts, ordinary)?;
                        *sums.entry((key, Flow { meant, facts, from, until })).or_default() += i128::from(*value);
                    }
                }
            }
        }
        Ok(())
    }

    /// Days with the ordinary rate that is given for them.
    fn steps(&self, code: TariffCode) -> Vec<(Day, Day, Given)> {
        let (first, until) = (self.request.from, self.request.until);
        if self.request.ordinary.is_empty() {
            return vec![(first, until, Given::Nothing)];
        }
        let steps = self.request.ordinary.of(code);
        let mut found = Vec::new();
        let begins = steps.first().map_or(until, |(day, _)| *day).clamp(first, until);
        if begins > first {
            found.push((first, begins, Given::Missing));
        }
        for (at, (from, rate)) in steps.iter().enumerate() {
            let ends = steps.get(at + 1).map_or(until, |(day, _)| *day).clamp(first, until);
            let from = (*from).clamp(first, until);
            if from < ends {
                found.push((from, ends, rate.map_or(Given::Missing, Given::Rate)));
            }
        }
        found
    }

    /// Adds a weight to a column between two days.
    fn weigh(&self, from: Day, until: Day, column: u16, value: i128, scratch: &mut Scratch) {
        let place = |day: Day| usize::try_from(day.0 - self.request.from.0).unwrap_or(0);
        scratch.add(place(from), column, value, 0);
        scratch.add(place(until), column, -value, 0);
    }

    /// Adds what a flow bears.
    fn flow(&mut self, flow: Flow, value: i128, scratch: &mut Scratch, own: &mut Own) -> Result<(), Error> {
        let meant = self.flows.meant[flow.meant as usize].clone();
        own.clear(meant.len());
        for (at, &(product, origin)) in meant.iter().enumerate() {
            self.bears(product, origin, flow.facts, &mut own.stretches[at])?;
        }
        own.cut(flow.from, flow.until);
        for at in 0..own.cuts.len() {
            let from = own.cuts[at];
            let until = own.cuts.get(at + 1).copied().unwrap_or(flow.until);
            let adds = match own.of(from) {
                [] => None,
                [one] => self.adds(*one).clone(),
                several => {
                    let several = several.to_vec();
                    self.widest(&several)
                }
            };
            let Some(adds) = adds else {
                self.weigh(from, until, NOT_PRICED, value, scratch);
                continue;
            };
            self.weigh(from, until, PRICED, value, scratch);
            let place = |day: Day| usize::try_from(day.0 - self.request.from.0).unwrap_or(0);
            let (first, last) = (place(from), place(until));
            for &(column, high, low) in &adds {
                let (high, low) = (high * value, low * value);
                scratch.add(first, column, high, low);
                scratch.add(last, column, -high, -low);
            }
        }
        Ok(())
    }

    fn bears(
        &mut self,
        product: ProductIx,
        origin: OriginIx,
        facts: FactsIx,
        out: &mut Vec<Borne>,
    ) -> Result<(), Error> {
        use portolan_engine::Fault;
        match self.flows.histories.borne(product, origin, facts, out) {
            Ok(()) => Ok(()),
            Err(Fault::Conflict(a, b)) => Err(Error::Conflict(a, b)),
            Err(Fault::UnknownCode { .. } | Fault::CodeOfOtherDates { .. }) => {
                out.clear();
                Ok(())
            }
        }
    }

    /// What is added; worked out once.
    fn adds(&mut self, extremes: ExtremesIx) -> &Adds {
        let at = extremes.0 as usize;
        if at >= self.adds.len() {
            self.adds.resize(at + 1, None);
        }
        if self.adds[at].is_none() {
            let extremes = self.flows.histories.extremes(extremes);
            self.adds[at] = Some(extremes.map(|extremes| self.of(&extremes.highest, &extremes.lowest)));
        }
        self.adds[at].as_ref().unwrap_or(&None)
    }

    /// Of several between which the weights do not tell: the highest, and the lowest beside it.
    fn widest(&self, several: &[ExtremesIx]) -> Adds {
        let all: Option<Vec<&Extremes>> =
            several.iter().map(|&extremes| self.flows.histories.extremes(extremes)).collect();
        let all = all?;
        let highest = all.iter().map(|e| &e.highest).rev().max_by_key(|sum| sum.total)?;
        let lowest = all.iter().map(|e| &e.lowest).min_by_key(|sum| sum.total)?;
        Some(self.of(highest, lowest))
    }

    fn of(&self, highest: &Sum, lowest: &Sum) -> Box<[(u16, i128, i128)]> {
        let mut adds: Vec<(u16, i128, i128)> = Vec::new();
        let mut add = |column: u16, high: i128, low: i128| match adds.iter_mut().find(|add| add.0 == column) {
            Some(known) => {
                known.1 += high;
                known.2 += low;
            }
            None => adds.push((column, high, low)),
        };
        let column = |amount: &portolan_engine::extremes::Amount| {
            let program = amount.provision.map(|provision| self.law.timeline.provision(provision).program);
            self.numbering.column(amount.family, program)
        };
        highest.amounts.iter().for_each(|amount| add(column(amount), amount.pct.0, 0));
        lowest.amounts.iter().for_each(|amount| add(column(amount), 0, amount.pct.0));
        adds.into()
    }
}

/// Room for the histories of what one flow may mean.
#[derive(Debug, Default)]
struct Own {
    stretches: Vec<Vec<Borne>>,
    meant: usize,
    cuts: Vec<Day>,
    now: Vec<ExtremesIx>,
}

impl Own {
    fn clear(&mut self, meant: usize) {
        self.meant = meant;
        if self.stretches.len() < meant {
            self.stretches.resize_with(meant, Vec::new);
        }
        self.cuts.clear();
    }

    /// The days on which anything changes, from the first on.
    fn cut(&mut self, from: Day, until: Day) {
        self.cuts.push(from);
        let starts = self.stretches[..self.meant].iter().flatten().map(|stretch| stretch.from);
        self.cuts.extend(starts.filter(|&day| day > from && day < until));
        self.cuts.sort_unstable();
        self.cuts.dedup();
    }

    /// What is borne on a day, each once.
    fn of(&mut self, day: Day) -> &[ExtremesIx] {
        self.now.clear();
        for stretches in &self.stretches[..self.meant] {
            let at = stretches.partition_point(|stretch| stretch.from <= day);
            if let Some(stretch) = at.checked_sub(1).and_then(|at| stretches.get(at)) {
                self.now.push(stretch.extremes);
            }
        }
        self.now.sort_unstable();
        self.now.dedup();
        &self.now
    }
}
