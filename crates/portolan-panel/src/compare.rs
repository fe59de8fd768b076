//! Two laws, or two days, over all goods and origins: where what is borne differs, and by how much.
//!
//! Each end is asked for classes of goods and origins, not for single lines: goods that are alike at both ends share their
//! cells. What one end and the other bear is laid side by side day by day, the first day of one beside the first of the other.

mod table;
#[cfg(test)]
mod tests;
mod totals;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use portolan_engine::history::{FactsIx, Histories, OriginIx, ProductIx, ProductSpan, Stretch, Treatment, TreatmentIx};
use portolan_engine::{Fault, Law, Pct};
use portolan_ledger::line::View;
use portolan_ledger::record::Origin;
use portolan_ledger::schedule::{Schedule, Span as CodeSpan};
use portolan_ledger::{Day, Ledger, Side, TariffCode};
use rustc_hash::FxHashMap;

pub use table::Table;
pub use totals::{Load, Mean, Total, Totals, totals};

/// What is asked at both ends.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who levies.
    pub side: Side,
    /// The view.
    pub view: View,
    /// The goods, in the order of the output.
    pub codes: Vec<TariffCode>,
    /// The origins, in the order of the output.
    pub origins: Vec<Origin>,
}

/// One end: a law as known on a date (as `known_date` of an entry line), over days of one length at both ends.
#[derive(Clone, Copy, Debug)]
pub struct End<'l> {
    /// The law.
    pub law: &'l Law<'l>,
    /// The known date.
    pub known: Day,
    /// The first day, and the first no longer.
    pub days: (Day, Day),
}

/// Goods and origins for which the two ends differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Index into [`Comparison::products`].
    pub product: u32,
    /// Index into [`Comparison::origins`].
    pub origin: u32,
    /// Days from the first day of each end.
    pub from: i32,
    /// The first no longer.
    pub until: i32,
    /// Index into [`Comparison::pairs`].
    pub pair: u32,
}

impl Cell {
    /// How many days it lasts.
    pub fn days(&self) -> i128 {
        i128::from(self.until) - i128::from(self.from)
    }
}

/// What is borne at the two ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// At the first end.
    pub before: Treatment,
    /// At the second.
    pub after: Treatment,
}

/// What an origin's goods bear in all, whether it differs or not: sums over lines and days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Lines and days that can be put in points at both ends.
    pub known: i128,
    /// Lines and days that cannot: rates by quantity, prohibitions.
    pub open: i128,
    /// Points at the first end, of what is known; what turns on a fact at its highest.
    pub before: i128,
    /// At the second.
    pub after: i128,
}

/// Where two ends differ.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Goods that are alike at both ends, in the order of their first code.
    pub products: Vec<Vec<TariffCode>>,
    /// Origins that are alike at both ends.
    pub origins: Vec<Vec<Origin>>,
    /// Where they differ, by product, origin and day.
    pub cells: Vec<Cell>,
    /// What is borne there.
    pub pairs: Vec<Pair>,
    /// By group of origins, as [`Self::origins`]: each line counts once for the group.
    pub sums: Vec<Sums>,
    /// How many days each end has.
    pub days: i32,
    /// Codes that are valid at the first end alone, and at the second alone.
    pub apart: (Vec<TariffCode>, Vec<TariffCode>),
}

/// Codes that are alike at both ends, and their classes there.
#[derive(Debug)]
struct Group {
    codes: Vec<TariffCode>,
}

/// The difference of two ends.
///
/// # Errors
/// A ledger is wrong: two duties of one program stand on one line and nothing relates them.
pub fn compare(asked: &Asked, ends: [End<'_>; 2]) -> Result<Comparison, Fault> {
    let mut sides = ends.map(|end| Half::new(asked, end));
    let (groups, apart) = groups(asked, &mut sides);
    let origins = origin_groups(asked, &mut sides);
    // Origins are shared out, not goods: the law is worked out anew for each origin, and seldom for goods.
    let parts = share_out(origins.len(), || Worker::new(asked, ends, &groups, &origins), Worker::origin);
    let mut comparison = Comparison {
        products: Vec::new(),
        sums: vec![Sums::default(); origins.len()],
        origins,
        cells: Vec::new(),
        pairs: Vec::new(),
        days: ends[0].days.1.0 - ends[0].days.0.0,
        apart,
    };
    let mut known: FxHashMap<Pair, u32> = FxHashMap::default();
    for part in parts {
        part?.merge(&mut comparison, &mut known);
    }
    comparison.cells.sort_unstable();
    comparison.products = groups.into_iter().map(|group| group.codes).collect();
    Ok(comparison)
}

/// One end with its histories.
struct Half<'l> {
    histories: Histories<'l>,
    days: (Day, Day),
}

/// A stretch in days from the first day of its end.
#[derive(Clone, Copy)]
struct Span {
    from: i32,
    until: i32,
    treatment: TreatmentIx,
}

impl<'l> Half<'l> {
    fn new(asked: &Asked, end: End<'l>) -> Self {
        let histories = Histories::new(end.law, asked.side, asked.view, end.known, end.days);
        Self { histories: histories.detailed(), days: end.days }
    }

    /// The classes of a code; none where the schedule does not know it.
    fn products(&mut self, code: TariffCode) -> Vec<ProductSpan> {
        self.histories.products(code, self.days).unwrap_or_default()
    }

    fn spans(
        &mut self,
        products: &[ProductSpan],
        origin: OriginIx,
        kept: &mut Vec<Stretch>,
        out: &mut Vec<Span>,
    ) -> Result<(), Fault> {
        out.clear();
        for product in products {
            self.histories.history(product.product, origin, FactsIx(0), kept)?;
            let first = self.days.0.0;
            for (at, stretch) in kept.iter().enumerate() {
                let until = kept.get(at + 1).map_or(product.until, |next| next.from);
                let from = stretch.from.max(product.from);
                out.push(Span { from: from.0 - first, until: until.0 - first, treatment: stretch.treatment });
            }
        }
        Ok(())
    }
}

/// Codes by their classes at both ends, and the codes that are valid at one end alone.
fn groups(asked: &Asked, sides: &mut [Half<'_>; 2]) -> (Vec<Group>, (Vec<TariffCode>, Vec<TariffCode>)) {
    type Key = [Vec<(i32, i32, ProductIx)>; 2];
    let mut of: FxHashMap<Key, usize> = FxHashMap::default();
    let mut found: Vec<Group> = Vec::new();
    let mut apart = (Vec::new(), Vec::new());
    for &code in &asked.codes {
        let key: Key = [0, 1].map(|side| {
            let side = &mut sides[side];
            let first = side.days.0.0;
            let key = |span: &ProductSpan| (span.from.0 - first, span.until.0 - first, span.product);
            side.products(code).iter().map(key).collect()
        });
        match (key[0].is_empty(), key[1].is_empty()) {
            (true, true) => {}
            (false, true) => apart.0.push(code),
            (true, false) => apart.1.push(code),
            (false, false) => {
                let next = found.len();
                let at = *of.entry(key).or_insert(next);
                if at == next {
                    found.push(Group { codes: Vec::new() });
                }
                found[at].codes.push(code);
            }
        }
    }
    (found, apart)
}

fn origin_groups(asked: &Asked, sides: &mut [Half<'_>; 2]) -> Vec<Vec<Origin>> {
    let mut of: FxHashMap<[OriginIx; 2], usize> = FxHashMap::default();
    let mut found: Vec<Vec<Origin>> = Vec::new();
    for &origin in &asked.origins {
        let key = [0, 1].map(|side: usize| sides[side].histories.origin(origin));
        let next = found.len();
        let at = *of.entry(key).or_insert(next);
        if at == next {
            found.push(Vec::new());
        }
        found[at].push(origin);
    }
    found
}

/// Does numbered pieces of work on all threads of the machine, each with a worker of its own; gives what they come to in order.
pub(crate) fn share_out<W, R: Send>(
    pieces: usize,
    worker: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, usize) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(pieces.max(1));
    let next = AtomicUsize::new(0);
    let run = || {
        let mut worker = worker();
        let mut done = Vec::new();
        loop {
            let piece = next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return done;
            }
            done.push((piece, work(&mut worker, piece)));
        }
    };
    let mut all: Vec<(usize, R)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut all = run();
        for other in others {
            all.extend(other.join().unwrap_or_else(|failed| std::panic::resume_unwind(failed)));
        }
        all
    });
    all.sort_by_key(|(piece, _)| *piece);
    all.into_iter().map(|(_, result)| result).collect()
}

/// What one thread works with.
struct Worker<'l> {
    halves: [Half<'l>; 2],
    /// By group of codes: its classes at each end, and how many codes it has.
    products: Vec<([Vec<ProductSpan>; 2], i128)>,
    /// By group of origins: its class at each end, and how many origins it has.
    origins: Vec<([OriginIx; 2], i128)>,
    pair_of: FxHashMap<(TreatmentIx, TreatmentIx), Option<u32>>,
    kept: Vec<Stretch>,
    spans: [Vec<Span>; 2],
}

/// What comes of one group of origins.
#[derive(Default)]
struct Part {
    cells: Vec<Cell>,
    pairs: Vec<Pair>,
    origin: usize,
    sums: Sums,
}

impl<'l> Worker<'l> {
    fn new(asked: &Asked, ends: [End<'l>; 2], groups: &[Group], origins: &[Vec<Origin>]) -> Self {
        let mut halves = ends.map(|end| Half::new(asked, end));
        let products = groups.iter().map(|group| {
            let classes = [0, 1].map(|side: usize| halves[side].products(group.codes[0]));
            (classes, group.codes.len() as i128)
        });
        let products = products.collect();
        let origins = origins.iter().map(|group| {
            let class = [0, 1].map(|side: usize| halves[side].histories.origin(group[0]));
            (class, group.len() as i128)
        });
        let origins = origins.collect();
        Self { halves, products, origins, pair_of: FxHashMap::default(), kept: Vec::new(), spans: Default::default() }
    }

    /// All goods from one group of origins.
    fn origin(&mut self, origin: usize) -> Result<Part, Fault> {
        let mut part = Part { origin, ..Part::default() };
        self.pair_of.clear();
        for product in 0..self.products.len() {
            let place = Cell { product: number(product), origin: number(origin), from: 0, until: 0, pair: 0 };
            self.cell(place, &mut part)?;
        }
        Ok(part)
    }

    fn cell(&mut self, place: Cell, part: &mut Part) -> Result<(), Fault> {
        let (products, codes) = &self.products[place.product as usize];
        let (classes, _) = self.origins[place.origin as usize];
        let [left, right] = &mut self.spans;
        self.halves[0].spans(&products[0], classes[0], &mut self.kept, left)?;
        self.halves[1].spans(&products[1], classes[1], &mut self.kept, right)?;
        let halves = &self.halves;
        let (mut a, mut b) = (0, 0);
        while let (Some(before), Some(after)) = (left.get(a), right.get(b)) {
            let (from, until) = (before.from.max(after.from), before.until.min(after.until));
            if from < until {
                let pair = [0, 1].map(|side: usize| {
                    halves[side].histories.treatment(if side == 0 { before.treatment } else { after.treatment })
                });
                part.sums.add(pair, codes * i128::from(until - from));
                let key = (before.treatment, after.treatment);
                let found = *self.pair_of.entry(key).or_insert_with(|| {
                    differ(pair[0], pair[1]).then(|| {
                        part.pairs.push(Pair { before: pair[0].clone(), after: pair[1].clone() });
                        number(part.pairs.len() - 1)
                    })
                });
                if let Some(pair) = found {
                    part.add(Cell { from, until, pair, ..place });
                }
            }
            if before.until <= after.until {
                a += 1;
            } else {
                b += 1;
            }
        }
        Ok(())
    }
}

impl Part {
    /// Adds a cell, or lengthens the last where it goes on alike.
    fn add(&mut self, cell: Cell) {
        match self.cells.last_mut() {
            Some(last)
                if (last.product, last.origin, last.pair, last.until)
                    == (cell.product, cell.origin, cell.pair, cell.from) =>
            {
                last.until = cell.until;
            }
            _ => self.cells.push(cell),
        }
    }

    fn merge(self, all: &mut Comparison, known: &mut FxHashMap<Pair, u32>) {
        let place = |pair: Pair| match known.get(&pair) {
            Some(&at) => at,
            None => {
                let at = number(all.pairs.len());
                all.pairs.push(pair.clone());
                known.insert(pair, at);
                at
            }
        };
        let places: Vec<u32> = self.pairs.into_iter().map(place).collect();
        all.cells.extend(self.cells.into_iter().map(|cell| Cell { pair: places[cell.pair as usize], ..cell }));
        all.sums[self.origin] = self.sums;
    }
}

impl Sums {
    fn add(&mut self, [before, after]: [&Treatment; 2], times: i128) {
        match (highest(before), highest(after)) {
            (Some(before), Some(after)) => {
                self.known += times;
                self.before += before.0 * times;
                self.after += after.0 * times;
            }
            _ => self.open += times,
        }
    }
}

/// Whether two treatments ask for different money, different facts, or forbid differently. Headings may be others, and so may
/// an ordinary rate by quantity: it is no percentage at either end.
fn differ(before: &Treatment, after: &Treatment) -> bool {
    let key = |treatment: &Treatment| (treatment.bill.total_pct, treatment.bill.prohibited);
    key(before) != key(after)
        || before.bill.families != after.bill.families
        || before.bill.needs_input != after.bill.needs_input
        || before.bill.cannot != after.bill.cannot
        || range(before) != range(after)
}

/// The most that is borne in all, in points; none where it cannot be put so, or where the law forbids the entry.
pub(crate) fn highest(treatment: &Treatment) -> Option<Pct> {
    range(treatment).map(|(_, highest)| highest)
}

/// The least and the most.
pub(crate) fn range(treatment: &Treatment) -> Option<(Pct, Pct)> {
    treatment.extremes.as_ref().map(|extremes| (extremes.lowest.total, extremes.highest.total))
}

impl Pair {
    /// By how much what is borne differs, in points: what turns on a fact that is not stated counts at its highest. Where the
    /// ordinary duty is no percentage and the same at both ends, the additional duty alone differs.
    pub fn difference(&self) -> Option<Pct> {
        let totals = highest(&self.before).zip(highest(&self.after));
        let bills = (&self.before.bill, &self.after.bill);
        let additional = || bills.0.additional_pct.zip(bills.1.additional_pct).filter(|_| !self.is_forbidden());
        let (before, after) = totals.or_else(additional)?;
        Some(Pct(after.0 - before.0))
    }

    /// Whether the law forbids the entry at one end at least.
    pub fn is_forbidden(&self) -> bool {
        self.before.bill.prohibited || self.after.bill.prohibited
    }

    /// Whether it turns, at one end at least, on a fact that is not stated.
    pub fn is_open(&self) -> bool {
        !self.before.bill.needs_input.is_empty() || !self.after.bill.needs_input.is_empty()
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// The numbers of a schedule that are valid on some day between two, the last included: those of ten digits, and those of eight
/// that are not parted.
pub fn goods_of_schedule(schedule: &Schedule, (from, to): (Day, Day)) -> Vec<TariffCode> {
    let valid = |span: &CodeSpan| span.from.is_none_or(|f| f <= to) && span.until.is_none_or(|u| from < u);
    let mut all: Vec<TariffCode> = schedule.codes().filter(valid).map(|span| span.code).collect();
    all.sort_unstable();
    all.dedup();
    // A shorter number stands before those below it.
    let parted = |at: usize| all.get(at + 1).is_some_and(|next| all[at].covers(*next));
    (0..all.len()).filter(|&at| all[at].digits() >= 8 && !parted(at)).map(|at| all[at]).collect()
}

/// The numbers that the lists of a side name: for a side whose schedule is not at hand.
pub fn goods_of_lists(ledger: &Ledger, side: Side) -> Vec<TariffCode> {
    let own = ledger.programs.iter().filter(|program| program.levied_by == side);
    let scopes = own.flat_map(|program| {
        let provisions = program.provisions.iter().map(|p| &p.scope);
        provisions
            .chain(program.exceptions.iter().map(|e| &e.scope))
            .chain(program.prohibitions.iter().map(|p| &p.scope))
    });
    let lists = scopes.flat_map(|scope| scope.products.iter().chain(&scope.products_except));
    let rows = lists.flat_map(|list| &ledger.lists[usize::from(list.0)].rows);
    let mut all: Vec<TariffCode> = rows.map(|row| row.code).filter(|code| code.digits() >= 8).collect();
    all.sort_unstable();
    all.dedup();
    all
}
