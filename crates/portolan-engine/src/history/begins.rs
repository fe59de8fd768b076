//! When, for a class of products and of origins, anything can change: the questions of a stretch of days begin there.
//!
//! Of the hundreds of days on which some record changes few concern any one pair of classes. So each record has a set of the
//! segments in which its state is another than before; those of the records that reach the pair, joined, are its days. And of
//! the lists that tell products apart few concern any one origin: products that differ in others alone are one to it.

use portolan_ledger::Instant;
use portolan_ledger::line::View;
use portolan_ledger::record::Origin;
use portolan_ledger::timeline::Moment;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{OriginIx, Segment};
use crate::bits::{Bits, ones};
use crate::engine::{ClassIx, Engine};

/// Where the questions of a class of products and of origins begin, from a segment on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    /// The segment.
    pub segment: u32,
    /// A number for all that decides there but the ordinary rate.
    pub law: u32,
    /// Column 2 applies.
    pub column_2: bool,
    /// The order of reporting.
    pub order: u32,
    /// Whether a provision stands for those of several countries, under headings of their own.
    pub alike: bool,
}

/// The days that are asked about, and an origin.
#[derive(Clone, Copy)]
pub(super) struct Stage<'s> {
    pub segments: &'s [Segment],
    pub view: View,
    pub origin: Origin,
    /// The records that can matter; see [`Engine::mattering`].
    pub mattering: u32,
    /// Those that can where nothing is stated.
    pub usual: u32,
}

/// A day within which the law changes is in no one set of records: the sets of its parts have a number with this bit.
const SEVERAL: u32 = 1 << 30;

/// Classes beyond this have no place in a list by class: those of single lines.
const MOST_CLASSES: usize = 1 << 16;

/// So many segments make a window.
const WINDOW: usize = 32;

/// What was found so far.
///
/// Over many years hardly two products have the same history, but over some months most have that of many others: so
/// histories are found window by window.
#[derive(Debug, Default)]
pub(super) struct Begins {
    windows: Vec<Window>,
    laws: FxHashMap<SmallVec<[u64; 4]>, u32>,
}

/// Some segments that follow one another.
#[derive(Debug, Default)]
struct Window {
    /// The place of the first among all.
    first: usize,
    changes: Option<Changes>,
    /// Sets of records by segment, each list of them once.
    sequences: FxHashMap<Box<[u32]>, u32>,
    of_sequence: Vec<Box<[u32]>>,
    /// Sets of records of the parts of a day.
    parts: FxHashMap<SmallVec<[u32; 4]>, u32>,
    products: FxHashMap<ClassIx, u32>,
    /// By sequence of origins: what reaches it at any time.
    reached: FxHashMap<u32, u32>,
    /// By sequence of products and what reaches an origin: the sequence of what both hold.
    reaching: FxHashMap<(u32, u32), u32>,
    /// By projection, set of products and what reaches an origin: the number of what both hold.
    both: FxHashMap<(usize, u32, u32), u32>,
    sets: Vec<Bits>,
    set_of: FxHashMap<Bits, u32>,
    /// Sets of records, and whether column 2 applies, by segment: those of the first of the origins for which all that is in
    /// force is alike.
    origins: FxHashMap<OriginIx, u32>,
    of_worlds: FxHashMap<Box<[u32]>, u32>,
    /// By sequences of products and of origins, and by what can matter: the place in `begins`.
    pairs: FxHashMap<(SmallVec<[u32; 4]>, u32, u32), u32>,
    begins: Vec<Box<[Begin]>>,
    /// The same, counted from one, by origin and class of products, as far as it was asked for: where there is one class, and
    /// nothing special matters.
    direct: Vec<Vec<u32>>,
    /// By projection, sets of products and of origins, and by what can matter.
    scopes: FxHashMap<(usize, u32, u32, u32), Scope>,
}

/// Segments in which things change, one bit each.
#[derive(Debug)]
struct Changes {
    /// By record.
    records: Vec<Box<[u64]>>,
    /// What concerns everything: where the state of knowledge, the order of reporting, or a whole day begins.
    all: Box<[u64]>,
    /// Where a condition on the entry date can turn.
    entered: Box<[u64]>,
    /// By segment: the order of reporting.
    orders: Box<[u32]>,
}

/// Records that reach a pair of classes.
#[derive(Debug)]
struct Scope {
    changes: Box<[u64]>,
    /// One of them asks for the entry date.
    dated: bool,
}

impl Begins {
    /// How much was found: pairs, and laws.
    pub fn sizes(&self) -> [usize; 2] {
        [self.windows.iter().map(|window| window.pairs.len()).sum(), self.laws.len()]
    }

    /// The beginnings of a class of products and of origins in some segments, in order: some may be before the first of
    /// these, and there is one at the first or before.
    pub fn of(
        &mut self,
        engine: &mut Engine<'_>,
        stage: &Stage<'_>,
        lists: &SmallVec<[ClassIx; 4]>,
        origin: OriginIx,
        (from, until): (usize, usize),
    ) -> SmallVec<[Begin; 64]> {
        let mut found = SmallVec::new();
        for number in from / WINDOW..until.div_ceil(WINDOW) {
            let first = number * WINDOW;
            if self.windows.len() <= number {
                self.windows.resize_with(number + 1, Window::default);
            }
            let window = &mut self.windows[number];
            window.first = first;
            let segments = &stage.segments[first..stage.segments.len().min(first + WINDOW)];
            found.extend_from_slice(window.of(engine, &Stage { segments, ..*stage }, lists, origin, &mut self.laws));
        }
        found
    }
}

impl Window {
    fn of(
        &mut self,
        engine: &mut Engine<'_>,
        stage: &Stage<'_>,
        lists: &SmallVec<[ClassIx; 4]>,
        origin: OriginIx,
        laws: &mut FxHashMap<SmallVec<[u64; 4]>, u32>,
    ) -> &[Begin] {
        let direct = match lists.as_slice() {
            [list] if stage.mattering == stage.usual => usize::try_from(*list).ok().filter(|&list| list < MOST_CLASSES),
            _ => None,
        };
        let place = origin.0 as usize;
        if let Some(list) = direct {
            if self.direct.len() <= place {
                self.direct.resize_with(place + 1, Vec::new);
            }
            let known = &mut self.direct[place];
            if known.len() <= list {
                known.resize(engine.law.table().classes.len().max(list + 1), 0);
            }
            if let Some(known) = known[list].checked_sub(1) {
                return &self.begins[known as usize];
            }
        }
        let pair = self.pair(engine, stage, lists, origin, laws);
        if let Some(list) = direct {
            self.direct[place][list] = pair + 1;
        }
        &self.begins[pair as usize]
    }

    fn pair(
        &mut self,
        engine: &mut Engine<'_>,
        stage: &Stage<'_>,
        lists: &SmallVec<[ClassIx; 4]>,
        origin: OriginIx,
        laws: &mut FxHashMap<SmallVec<[u64; 4]>, u32>,
    ) -> u32 {
        let from = self.origin(engine, stage, origin);
        let reached = self.reached(engine, stage, from);
        let products = lists.iter().map(|&list| {
            let product = self.product(engine, stage, list);
            self.reaching(engine, stage, product, reached)
        });
        let products: SmallVec<[u32; 4]> = products.collect();
        let key = (products, from, stage.mattering);
        if let Some(&known) = self.pairs.get(&key) {
            return known;
        }
        let found = self.find(engine, stage, lists, &key, laws);
        let next = u32::try_from(self.begins.len()).unwrap_or(u32::MAX - 1);
        self.begins.push(found);
        self.pairs.insert(key, next);
        next
    }

    fn sequence(&mut self, sets: Vec<u32>) -> u32 {
        let sets = sets.into_boxed_slice();
        if let Some(&known) = self.sequences.get(&sets) {
            return known;
        }
        let index = u32::try_from(self.of_sequence.len()).unwrap_or(u32::MAX);
        self.of_sequence.push(sets.clone());
        self.sequences.insert(sets, index);
        index
    }

    fn product(&mut self, engine: &mut Engine<'_>, stage: &Stage<'_>, class: ClassIx) -> u32 {
        if let Some(&known) = self.products.get(&class) {
            return known;
        }
        let set = |segment: &Segment| match segment.interval {
            Some(interval) => engine.product_set(segment.projection, class, interval),
            None => {
                let parts = segment.pieces.iter().map(|&at| {
                    let interval = engine.interval(segment.projection, at);
                    engine.product_set(segment.projection, class, interval)
                });
                number_of_parts(&mut self.parts, parts.collect())
            }
        };
        let sets = stage.segments.iter().map(set).collect();
        let sequence = self.sequence(sets);
        self.products.insert(class, sequence);
        sequence
    }

    /// The records in force that reach an origin at any time: of those about the same goods the first.
    fn reached(&mut self, engine: &mut Engine<'_>, stage: &Stage<'_>, origin: u32) -> u32 {
        if let Some(&known) = self.reached.get(&origin) {
            return known;
        }
        let mut all = Bits::new(engine.law.records());
        for (segment, set) in stage.segments.iter().zip(&self.of_sequence[origin as usize]) {
            match segment.interval {
                Some(interval) => all.join(&engine.in_force(segment.projection, set >> 1, interval)),
                None => {
                    let class = engine.origin(stage.origin);
                    for &at in &segment.pieces {
                        let interval = engine.interval(segment.projection, at);
                        let set = engine.origin_set(segment.projection, (class, stage.origin), interval);
                        all.join(&engine.in_force(segment.projection, set, interval));
                    }
                }
            }
        }
        let mut goods = Bits::new(engine.law.records());
        all.iter().for_each(|record| goods.insert(engine.law.same_goods[record]));
        let number = self.set(goods);
        self.reached.insert(origin, number);
        number
    }

    /// What of a sequence of products reaches an origin.
    fn reaching(&mut self, engine: &Engine<'_>, stage: &Stage<'_>, product: u32, reached: u32) -> u32 {
        if let Some(&known) = self.reaching.get(&(product, reached)) {
            return known;
        }
        let mut sets = Vec::with_capacity(stage.segments.len());
        let mut last = None;
        for (at, segment) in stage.segments.iter().enumerate() {
            let set = self.of_sequence[product as usize][at];
            let place = (segment.projection, set);
            let both = match last {
                Some((known, both)) if known == place => both,
                _ if set & SEVERAL != 0 => set,
                _ => self.both(engine, place, reached),
            };
            last = Some((place, both));
            sets.push(both);
        }
        let sequence = self.sequence(sets);
        self.reaching.insert((product, reached), sequence);
        sequence
    }

    fn both(&mut self, engine: &Engine<'_>, (projection, product): (usize, u32), reached: u32) -> u32 {
        let key = (projection, product, reached);
        if let Some(&known) = self.both.get(&key) {
            return known;
        }
        let both = engine.projections[projection].held(product).and(&self.sets[reached as usize]);
        let number = self.set(both);
        self.both.insert(key, number);
        number
    }

    fn set(&mut self, bits: Bits) -> u32 {
        if let Some(&known) = self.set_of.get(&bits) {
            return known;
        }
        let next = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(bits.clone());
        self.set_of.insert(bits, next);
        next
    }

    fn origin(&mut self, engine: &mut Engine<'_>, stage: &Stage<'_>, origin: OriginIx) -> u32 {
        if let Some(&known) = self.origins.get(&origin) {
            return known;
        }
        let class = engine.origin(stage.origin);
        let set = |segment: &Segment| {
            let set = match segment.interval {
                Some(interval) => engine.origin_set(segment.projection, (class, stage.origin), interval),
                None => {
                    let parts = segment.pieces.iter().map(|&at| {
                        let interval = engine.interval(segment.projection, at);
                        engine.origin_set(segment.projection, (class, stage.origin), interval)
                    });
                    number_of_parts(&mut self.parts, parts.collect())
                }
            };
            let moment = Moment { at: segment.pieces[0], known: segment.known, view: stage.view };
            set << 1 | u32::from(engine.in_column_2(stage.origin, moment))
        };
        let sets: Vec<u32> = stage.segments.iter().map(set).collect();
        let worlds = stage.segments.iter().zip(&sets).flat_map(|(segment, set)| {
            let goods = (class, stage.origin);
            let worlds = segment.pieces.iter().map(|&at| engine.world(segment.projection, goods, at));
            worlds.chain([set & 1]).collect::<SmallVec<[u32; 4]>>()
        });
        let worlds: Box<[u32]> = worlds.collect();
        let sequence = match self.of_worlds.get(&worlds) {
            Some(&known) => known,
            None => {
                let next = self.sequence(sets);
                self.of_worlds.insert(worlds, next);
                next
            }
        };
        self.origins.insert(origin, sequence);
        sequence
    }

    fn find(
        &mut self,
        engine: &mut Engine<'_>,
        stage: &Stage<'_>,
        lists: &[ClassIx],
        (products, origin, mattering): &(SmallVec<[u32; 4]>, u32, u32),
        laws: &mut FxHashMap<SmallVec<[u64; 4]>, u32>,
    ) -> Box<[Begin]> {
        if self.changes.is_none() {
            self.changes = Some(Changes::of(engine, stage.segments));
        }
        let mut cuts = self.changes.as_ref().map_or_else(Box::default, |changes| changes.all.clone());
        let mut dated: SmallVec<[(usize, bool); 32]> = SmallVec::new();
        let own: SmallVec<[u32; 4]> = lists.iter().map(|&list| self.product(engine, stage, list)).collect();
        for (&product, own) in products.iter().zip(own) {
            self.cut(engine, stage.segments, (product, own, *origin, *mattering), &mut cuts, &mut dated);
        }
        let class = engine.origin(stage.origin);
        let mut begins: Vec<Begin> = Vec::new();
        let mut last: SmallVec<[u64; 4]> = SmallVec::new();
        for index in ones(&cuts) {
            let segment = &stage.segments[index];
            let column_2 = self.of_sequence[*origin as usize][index] & 1 == 1;
            let mut alike = false;
            let asks_date = dated.iter().any(|(from, dated)| *from <= index && *dated);
            let mut key: SmallVec<[u64; 4]> = SmallVec::new();
            key.push(segment.projection as u64 | u64::from(column_2) << 32);
            key.push(if asks_date { segment.entered } else { 0 });
            if segment.interval.is_none() {
                // A day within which the law changes is like no other.
                key.push((self.first + index) as u64 | 1 << 63);
            }
            for &at in &segment.pieces {
                for &list in lists {
                    let goods = (list, (class, stage.origin));
                    let (root, shared) = engine.root_of(segment.projection, goods, (at, segment.interval), *mattering);
                    key.push(root);
                    alike |= shared;
                }
            }
            let order = self.changes.as_ref().map_or(0, |changes| changes.orders[index]);
            if key == last && begins.last().is_some_and(|last| last.order == order) {
                continue;
            }
            let next = u32::try_from(laws.len()).unwrap_or(u32::MAX);
            let law = *laws.entry(key.clone()).or_insert(next);
            let segment = u32::try_from(self.first + index).unwrap_or(u32::MAX);
            begins.push(Begin { segment, law, column_2, order, alike });
            last = key;
        }
        begins.into()
    }

    /// Marks where a pair of sequences, or a record in both, changes. `dated` is told where conditions on the entry date
    /// come into scope; once they have, they count for the rest.
    fn cut(
        &mut self,
        engine: &mut Engine<'_>,
        segments: &[Segment],
        (product, own, origin, mattering): (u32, u32, u32, u32),
        cuts: &mut [u64],
        dated: &mut SmallVec<[(usize, bool); 32]>,
    ) {
        let mut start = 0;
        while start < segments.len() {
            let sets = |at: usize| {
                let (product, origin) = (&self.of_sequence[product as usize], &self.of_sequence[origin as usize]);
                (segments[at].projection, product[at], origin[at])
            };
            let here = sets(start);
            let end = (start + 1..segments.len()).find(|&at| sets(at) != here).unwrap_or(segments.len());
            mark(cuts, start);
            let (projection, on, from) = here;
            if on & SEVERAL != 0 {
                // Such days are asked one by one, with conditions on the entry date in sight.
                (start..end).for_each(|at| mark(cuts, at));
                dated.push((start, true));
            } else {
                let Some(changes) = &self.changes else { return };
                let place = (projection, on, from >> 1, mattering);
                let products = engine.projections[projection].held(self.of_sequence[own as usize][start]);
                let scope = self.scopes.entry(place).or_insert_with(|| Scope::of(engine, changes, products, place));
                join(cuts, &scope.changes, (start + 1, end));
                if scope.dated {
                    join(cuts, &changes.entered, (start + 1, end));
                    dated.push((start, true));
                }
            }
            start = end;
        }
    }
}

impl Scope {
    fn of(
        engine: &Engine<'_>,
        changes: &Changes,
        products: &Bits,
        (projection, _, origin, mattering): (usize, u32, u32, u32),
    ) -> Self {
        let records = Bits::all_of([products, engine.projections[projection].held(origin), engine.matter(mattering)]);
        let mut all: Box<[u64]> = vec![0; changes.all.len()].into();
        for record in records.iter() {
            all.iter_mut().zip(&changes.records[record]).for_each(|(all, own)| *all |= own);
        }
        let dated = records.iter().any(|record| engine.law.asks_entry_date(record));
        Self { changes: all, dated }
    }
}

impl Changes {
    fn of(engine: &mut Engine<'_>, segments: &[Segment]) -> Self {
        let words = segments.len().div_ceil(64);
        let empty = || -> Box<[u64]> { vec![0; words].into() };
        let count = engine.law.records();
        let orders = vec![0; segments.len()].into();
        let mut found = Self { records: vec![empty(); count], all: empty(), entered: empty(), orders };
        let mut before: Option<(usize, Vec<_>, u32)> = None;
        let mut entered = None;
        for (index, segment) in segments.iter().enumerate() {
            if entered.replace(segment.entered) != Some(segment.entered) {
                mark(&mut found.entered, index);
            }
            let Some(interval) = segment.interval else {
                mark(&mut found.all, index);
                before = None;
                continue;
            };
            let states = engine.record_states(segment.projection, interval);
            let order = engine.reporting_order(segment.projection, interval);
            found.orders[index] = order;
            match &before {
                Some((projection, last, last_order)) if *projection == segment.projection && *last_order == order => {
                    let changed = (0..count).filter(|&record| states[record] != last[record]);
                    changed.for_each(|record| mark(&mut found.records[record], index));
                }
                _ => mark(&mut found.all, index),
            }
            before = Some((segment.projection, states, order));
        }
        found
    }
}

fn number_of_parts(known: &mut FxHashMap<SmallVec<[u32; 4]>, u32>, parts: SmallVec<[u32; 4]>) -> u32 {
    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
    *known.entry(parts).or_insert(next) | SEVERAL
}

fn mark(bits: &mut [u64], at: usize) {
    if let Some(word) = bits.get_mut(at / 64) {
        *word |= 1 << (at % 64);
    }
}

/// Adds the bits of a range.
fn join(bits: &mut [u64], other: &[u64], (from, until): (usize, usize)) {
    for (index, (bits, other)) in bits.iter_mut().zip(other).enumerate() {
        let low = from.saturating_sub(index * 64).min(64);
        let high = until.saturating_sub(index * 64).min(64);
        if low < high {
            let mask = (u64::MAX << low) & (u64::MAX >> (64 - high));
            *bits |= other & mask;
        }
    }
}

impl Engine<'_> {
    fn product_set(&mut self, projection: usize, class: ClassIx, interval: u32) -> u32 {
        let found = crate::engine::class_of(self.law, &self.classes, class);
        self.projections[projection].product_set(self.law, (class, found), interval)
    }

    fn origin_set(&mut self, projection: usize, origin: (u32, Origin), interval: u32) -> u32 {
        self.projections[projection].origin_set(self.law, origin, interval)
    }

    fn interval(&self, projection: usize, at: Instant) -> u32 {
        self.projections[projection].interval(at)
    }

    fn world(&mut self, projection: usize, origin: (u32, Origin), at: Instant) -> u32 {
        let projection = &mut self.projections[projection];
        projection.world(self.law, origin, (projection.interval(at), false))
    }

    /// The records of a set that are in force in an interval.
    fn in_force(&mut self, projection: usize, set: u32, interval: u32) -> Bits {
        self.projections[projection].in_force(self.law, set, interval)
    }

    /// The state of every record, zero where it is not in force, with its tiers in stacking rules.
    fn record_states(&mut self, projection: usize, interval: u32) -> Vec<(u32, SmallVec<[u16; 4]>)> {
        self.projections[projection].states_at(self.law, interval)
    }

    fn reporting_order(&mut self, projection: usize, interval: u32) -> u32 {
        self.projections[projection].reporting_order(self.law, interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_bits_are_joined() {
        let mut bits = vec![0; 3];
        join(&mut bits, &[u64::MAX; 3], (60, 130));
        assert_eq!(ones(&bits).collect::<Vec<_>>(), (60..130).collect::<Vec<_>>());
        join(&mut bits, &[u64::MAX; 3], (5, 5));
        mark(&mut bits, 0);
        mark(&mut bits, 191);
        let found: Vec<usize> = ones(&bits).collect();
        assert_eq!((found[0], found[1], found[71]), (0, 60, 191));
    }
}
