//! When, for a class of products and of origins, anything can change: the questions of a stretch of days begin there.
//!
//! Of the hundreds of days on which some record changes few concern any one pair of classes. So each record has a set of the
//! segments in which its state is another than before; those of the records that reach the pair, joined, are its days.

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
}

/// The days that are asked about, and an origin.
pub(super) struct Stage<'s> {
    pub segments: &'s [Segment],
    pub view: View,
    pub origin: Origin,
    /// The records that can matter; see [`Engine::mattering`].
    pub mattering: u32,
}

/// A day within which the law changes is in no one set of records.
const SEVERAL: u32 = u32::MAX;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Begins {
    changes: Option<Changes>,
    /// Sets of records by segment, each list of them once.
    sequences: FxHashMap<Box<[u32]>, u32>,
    of_sequence: Vec<Box<[u32]>>,
    products: FxHashMap<ClassIx, u32>,
    /// Sets of records, and whether column 2 applies, by segment.
    origins: FxHashMap<OriginIx, u32>,
    /// By sequences of products and of origins, and by what can matter.
    pairs: FxHashMap<(SmallVec<[u32; 4]>, u32, u32), Box<[Begin]>>,
    laws: FxHashMap<SmallVec<[u64; 4]>, u32>,
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
        [self.pairs.len(), self.laws.len()]
    }

    /// The beginnings of a class of products and of origins, in order; the first is the first segment.
    pub fn of(
        &mut self,
        engine: &mut Engine<'_>,
        stage: &Stage<'_>,
        lists: &SmallVec<[ClassIx; 4]>,
        origin: OriginIx,
    ) -> &[Begin] {
        let products: SmallVec<[u32; 4]> = lists.iter().map(|&list| self.product(engine, stage, list)).collect();
        let from = self.origin(engine, stage, origin);
        let key = (products, from, stage.mattering);
        if !self.pairs.contains_key(&key) {
            let found = self.find(engine, stage, lists, &key);
            self.pairs.insert(key.clone(), found);
        }
        &self.pairs[&key]
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
            None => SEVERAL,
        };
        let sets = stage.segments.iter().map(set).collect();
        let sequence = self.sequence(sets);
        self.products.insert(class, sequence);
        sequence
    }

    fn origin(&mut self, engine: &mut Engine<'_>, stage: &Stage<'_>, origin: OriginIx) -> u32 {
        if let Some(&known) = self.origins.get(&origin) {
            return known;
        }
        let class = engine.origin(stage.origin);
        let set = |segment: &Segment| {
            let set = match segment.interval {
                Some(interval) => engine.origin_set(segment.projection, (class, stage.origin), interval),
                None => SEVERAL >> 1,
            };
            let moment = Moment { at: segment.pieces[0], known: segment.known, view: stage.view };
            set << 1 | u32::from(engine.in_column_2(stage.origin, moment))
        };
        let sets = stage.segments.iter().map(set).collect();
        let sequence = self.sequence(sets);
        self.origins.insert(origin, sequence);
        sequence
    }

    fn find(
        &mut self,
        engine: &mut Engine<'_>,
        stage: &Stage<'_>,
        lists: &[ClassIx],
        (products, origin, mattering): &(SmallVec<[u32; 4]>, u32, u32),
    ) -> Box<[Begin]> {
        if self.changes.is_none() {
            self.changes = Some(Changes::of(engine, stage.segments));
        }
        let mut cuts = self.changes.as_ref().map_or_else(Box::default, |changes| changes.all.clone());
        let mut dated: SmallVec<[(usize, bool); 32]> = SmallVec::new();
        for &product in products {
            self.cut(engine, stage.segments, (product, *origin, *mattering), &mut cuts, &mut dated);
        }
        let class = engine.origin(stage.origin);
        let mut begins: Vec<Begin> = Vec::new();
        let mut last: SmallVec<[u64; 4]> = SmallVec::new();
        for index in ones(&cuts) {
            let segment = &stage.segments[index];
            let column_2 = self.of_sequence[*origin as usize][index] & 1 == 1;
            let asks_date = dated.iter().any(|(from, dated)| *from <= index && *dated);
            let mut key: SmallVec<[u64; 4]> = SmallVec::new();
            key.push(segment.projection as u64 | u64::from(column_2) << 32);
            key.push(if asks_date { segment.entered } else { 0 });
            if segment.interval.is_none() {
                // A day within which the law changes is like no other.
                key.push(index as u64 | 1 << 63);
            }
            for &at in &segment.pieces {
                for &list in lists {
                    let goods = (list, (class, stage.origin));
                    let root = engine.root_of(segment.projection, goods, (at, segment.interval), *mattering);
                    key.push(root);
                }
            }
            if key == last {
                continue;
            }
            let next = u32::try_from(self.laws.len()).unwrap_or(u32::MAX);
            let law = *self.laws.entry(key.clone()).or_insert(next);
            begins.push(Begin { segment: u32::try_from(index).unwrap_or(u32::MAX), law, column_2 });
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
        (product, origin, mattering): (u32, u32, u32),
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
            if on == SEVERAL {
                // Such days are asked one by one, with conditions on the entry date in sight.
                (start..end).for_each(|at| mark(cuts, at));
                dated.push((start, true));
            } else {
                let Some(changes) = &self.changes else { return };
                let place = (projection, on, from >> 1, mattering);
                let scope = self.scopes.entry(place).or_insert_with(|| Scope::of(engine, changes, place));
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
        (projection, product, origin, mattering): (usize, u32, u32, u32),
    ) -> Self {
        let records = engine.records_of(projection, product, origin).and(engine.matter(mattering));
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
        let mut found = Self { records: vec![empty(); count], all: empty(), entered: empty() };
        let mut before: Option<(usize, Vec<u32>, u32)> = None;
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
            let (states, order) = engine.record_states(segment.projection, interval);
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

    fn records_of(&self, projection: usize, product: u32, origin: u32) -> Bits {
        self.projections[projection].both(product, origin)
    }

    /// The state of every record, zero where it is not in force; and the order of reporting.
    fn record_states(&mut self, projection: usize, interval: u32) -> (Vec<u32>, u32) {
        self.projections[projection].states_at(self.law, interval)
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
