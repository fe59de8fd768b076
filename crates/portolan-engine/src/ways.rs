//! The ways in which a line can stand where something is open, kept for all lines that leave the same open.
//!
//! Which bills are possible, and what to ask for, turns on the questions that begin for a line, on the facts that it
//! states, as far as they are read, and on which side of a few bounds its value and its ordinary rate lie; the value itself only makes money of
//! them. So the ways are found once for all of these, and each line counts its own money.

use std::sync::Arc;

use portolan_ledger::Rate;
use portolan_ledger::line::{ClaimStated, EntryLine, When};
use portolan_ledger::record::{Column, Origin};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::answer::Fault;
use crate::engine::{Engine, Question};
use crate::facts::{Amount, Pins};
use crate::money::{Contents, Duty, Lack, Value};
use crate::possible::{Possible, Setting, Turns, Walked};
use crate::settings::FactsRead;

/// One way in which a line can stand.
#[derive(Clone, Debug, PartialEq)]
struct Way {
    piece: usize,
    class: usize,
    leaf: u32,
    contents: Contents,
    /// What is supposed of quantities, by unit.
    quantities: SmallVec<[(String, Amount); 2]>,
}

/// Every way in which a line can stand, and what they turn on.
#[derive(Debug)]
pub(crate) struct Ways {
    list: Vec<Way>,
    /// What they turn on, where it was asked for.
    pub turns: Option<Turns>,
}

/// What is asked of the ways besides their bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// What they turn on.
    WhatTurns,
    Nothing,
}

/// All that decides, in words.
type Key = SmallVec<[u64; 24]>;

/// What is known of a key.
#[derive(Clone, Debug)]
enum Found {
    Ways(Arc<Ways>),
    /// The ordinary rates decide too, though not what can be reached: they make the key longer.
    ByRate(Arc<Walked>),
    /// Amounts of money decide, though not what can be reached.
    ByMoney(Arc<Walked>),
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    found: FxHashMap<Key, Found>,
}

/// Facts that are stated as free numbers make keys without end; so many are kept, then all is forgotten.
const MOST: usize = 1 << 16;

impl<'l> Engine<'l> {
    /// Every way in which a line can stand; what they turn on, where it is asked for.
    ///
    /// # Errors
    /// The ledger is wrong: two duties of one program stand and nothing relates them.
    pub(crate) fn ways(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        value: &Value,
        asks: Asks,
    ) -> Result<Arc<Ways>, Fault> {
        let Some((mut key, tops_up)) = self.ways_key(q, line) else {
            let walked = self.walked(q, line, value, false);
            return Ok(Arc::new(self.find_ways(q, (line, value), &walked, asks)?.0));
        };
        let answers = |ways: &Ways| asks == Asks::Nothing || ways.turns.is_some();
        let walked = match self.kept_ways.found.get(&key) {
            Some(Found::Ways(ways)) if answers(ways) => return Ok(Arc::clone(ways)),
            Some(Found::ByMoney(walked)) => {
                let walked = Arc::clone(walked);
                return Ok(Arc::new(self.find_ways(q, (line, value), &walked, asks)?.0));
            }
            Some(Found::ByRate(walked)) => Some(Arc::clone(walked)),
            Some(Found::Ways(_)) | None => None,
        };
        let by_rate = walked.is_some();
        let walked = walked.unwrap_or_else(|| Arc::new(self.walked(q, line, value, false)));
        if by_rate {
            key.extend(self.rate_words(q));
            if let Some(Found::Ways(ways)) = self.kept_ways.found.get(&key)
                && answers(ways)
            {
                return Ok(Arc::clone(ways));
            }
        }
        let (ways, decider) = self.find_ways(q, (line, value), &walked, asks)?;
        let ways = Arc::new(ways);
        if self.kept_ways.found.len() >= MOST {
            self.kept_ways.found.clear();
        }
        let found = match decider {
            Decider::Money => Found::ByMoney(walked),
            _ if by_rate => Found::Ways(Arc::clone(&ways)),
            Decider::Key if !tops_up => Found::Ways(Arc::clone(&ways)),
            Decider::Key | Decider::Rates => {
                let mut longer = key.clone();
                longer.extend(self.rate_words(q));
                self.kept_ways.found.insert(longer, Found::Ways(Arc::clone(&ways)));
                Found::ByRate(walked)
            }
        };
        self.kept_ways.found.insert(key, found);
        Ok(ways)
    }

    /// The bills of the ways, with the money of a line.
    pub(crate) fn bills(&mut self, q: &Question<'l>, line: &EntryLine, value: &Value, ways: &Ways) -> Vec<Possible> {
        let leaves: SmallVec<[u32; 8]> = ways.list.iter().map(|way| self.own_leaf(q, line, way.leaf)).collect();
        let named = leaves.into_iter().zip(&ways.list);
        named.map(|(leaf, way)| self.bill_of_way(q, (line, value), (leaf, way))).collect()
    }

    /// The same under the provisions of a country that is treated alike: what is owed is the same, headings may not be.
    pub(crate) fn unnamed_bills(
        &self,
        q: &Question<'l>,
        line: &EntryLine,
        value: &Value,
        ways: &Ways,
    ) -> Vec<Possible> {
        ways.list.iter().map(|way| self.bill_of_way(q, (line, value), (way.leaf, way))).collect()
    }

    fn bill_of_way(&self, q: &Question<'l>, (line, value): (&EntryLine, &Value), (leaf, way): (u32, &Way)) -> Possible {
        let contents = value.with(way.contents);
        let pins = Pins { quantities: way.quantities.clone(), ..Pins::default() };
        self.counted(q, (line, &contents), (way.piece, way.class, leaf), Some(&pins))
    }

    fn find_ways(
        &mut self,
        q: &Question<'l>,
        (line, value): (&EntryLine, &Value),
        walked: &Walked,
        asks: Asks,
    ) -> Result<(Ways, Decider), Fault> {
        let settings = self.settings(q, line, value, walked)?;
        let turns = (asks == Asks::WhatTurns).then(|| self.turns(q, line, walked, &settings));
        let decider = self.decider(q, &settings);
        let mut list: Vec<Way> = Vec::new();
        for setting in &settings {
            let Possible { piece, class, leaf, .. } = setting.possible;
            let (contents, quantities) = self.money_read(q, line, setting);
            let way = Way { piece, class, leaf, contents, quantities };
            let same = |known: &Way| {
                (&known.contents, &known.quantities) == (&way.contents, &way.quantities)
                    && self.stands_alike(q, known.leaf, way.leaf)
            };
            if !list.iter().any(same) {
                list.push(way);
            }
        }
        Ok((Ways { list, turns }, decider))
    }

    /// What of the suppositions of a setting the money of its duties reads.
    fn money_read(
        &self,
        q: &Question<'l>,
        line: &EntryLine,
        setting: &Setting,
    ) -> (Contents, SmallVec<[(String, Amount); 2]>) {
        let leaf = self.projections[q.projection].leaf(setting.possible.leaf);
        let units = if line.value.is_some() { self.units(q, leaf) } else { Vec::new() };
        setting.money_read(&leaf.owed, &units)
    }

    /// Whether two leaves have the same bill for the same money.
    fn stands_alike(&self, q: &Question<'l>, a: u32, b: u32) -> bool {
        let doubts = |leaf| &self.projections[q.projection].leaf(leaf).resolution.doubts;
        a == b || self.stands(q, a) == self.stands(q, b) && doubts(a) == doubts(b)
    }

    /// What decides besides the key.
    fn decider(&self, q: &Question<'l>, settings: &[Setting]) -> Decider {
        let share = |duty: &Result<Duty, Lack>| match duty {
            Ok(duty) => duty.pct.is_some(),
            Err(lack) => matches!(lack, Lack::Law(_)),
        };
        let lawful = || settings.iter().map(|setting| &setting.possible).filter(|p| !p.prohibited);
        if !lawful().all(|p| p.amounts.iter().all(|(_, duty)| share(duty))) {
            return Decider::Money;
        }
        let pays = |p: &Possible| self.pays_ordinary(self.projections[q.projection].leaf(p.leaf));
        if lawful().all(pays) || !lawful().any(pays) {
            return Decider::Key;
        }
        if lawful().all(|p| share(&p.ordinary)) { Decider::Rates } else { Decider::Money }
    }

    /// All that decides what a line can reach, and whether totals top ordinary rates up, so that these decide how it can
    /// stand; none where amounts of money decide what it can reach.
    fn ways_key(&mut self, q: &Question<'l>, line: &EntryLine) -> Option<(Key, bool)> {
        if line.processing_value.is_some() || !q.carried.is_empty() {
            return None;
        }
        let mut key = Key::new();
        let column = match q.base.column {
            Column::General => 0_u64,
            Column::Special => 1,
            Column::Two => 2,
        };
        // Names of date columns begin each with a letter of its own.
        let governing = u64::from(q.governing.0.as_bytes().first().copied().unwrap_or(0));
        key.push((q.projection as u64) << 32 | column << 24 | governing << 16 | q.pieces.len() as u64);
        let mut read = FactsRead::default();
        let mut claims: SmallVec<[ClaimStated; 4]> = SmallVec::new();
        let mut tops_up = false;
        let rates = self.percentages(q);
        for piece in 0..q.pieces.len() {
            for class in 0..q.classes.len() {
                let root = self.root(q, line, piece, class, false);
                let projection = &mut self.projections[q.projection];
                key.push(projection.number(self.law, root));
                let reads = projection.reads(self.law, root);
                if reads.by_price() {
                    return None;
                }
                read |= reads.facts();
                claims.extend(line.claims.iter().filter(|of| reads.claims().contains(&of.claim)).copied());
                if reads.by_total() {
                    let (general, ordinary) = rates?;
                    push_bits(&mut key, reads.total_sides(general, ordinary));
                    tops_up = true;
                }
                let value = line.value;
                let sides = reads.values().iter().map(|bound| value.is_some_and(|value| value <= *bound));
                push_bits(&mut key, sides);
                if reads.by_base() {
                    let (general, ordinary) = rates?;
                    push_bits(&mut key, reads.base_sides(general, ordinary));
                }
            }
        }
        self.push_moments(&mut key, q, read);
        self.push_ordinary(&mut key, q, line);
        self.push_facts(&mut key, line, read);
        key.extend(claims.iter().map(|of| u64::from(of.claim.0) << 1 | u64::from(of.yes)));
        Some((key, tops_up))
    }

    /// The sides of all bounds on entry dates, part by part, where they decide; where countries do, which groups hold whom.
    fn push_moments(&self, key: &mut Key, q: &Question<'l>, read: FactsRead) {
        let facts = &self.law.facts;
        let by_entry = read.any(FactsRead::ENTERED);
        let by_country = read.any(FactsRead::MELTED | FactsRead::SMELTED | FactsRead::EXPORT_COUNTRY);
        if by_entry {
            key.push(facts.entry_regions(q.entered));
        }
        for (at, &from) in q.pieces.iter().enumerate() {
            if by_entry && q.pieces.len() > 1 {
                let until = q.pieces.get(at + 1).copied().unwrap_or(q.at.1);
                key.push(facts.entry_regions((from, until)));
            }
            if by_country {
                key.push(facts.groups_at(from, q.known));
            }
        }
    }

    /// An ordinary rate that is no percentage, and for which of its units the line states a quantity.
    fn push_ordinary(&self, key: &mut Key, q: &Question<'l>, line: &EntryLine) {
        key.push(u64::from(line.value.is_some()) << 1 | u64::from(q.base.ordinary.is_some()));
        let Some(index) = q.base.ordinary else { return };
        let base = self.bases.get(index);
        if base.ad_valorem.is_some() {
            return;
        }
        key.push(index as u64);
        let stated = base.unit_names().iter().map(|unit| crate::ordinary::quantity_in(line, unit).is_some());
        push_bits(key, stated);
    }

    /// Column 1-general and the rate that applies, where both are percentages.
    fn percentages(&self, q: &Question<'l>) -> Option<(Rate, Rate)> {
        let percentage = |base: Option<usize>| base.and_then(|base| self.bases.get(base).ad_valorem);
        Some((percentage(q.base.general)?, percentage(q.base.ordinary)?))
    }

    fn rate_words(&self, q: &Question<'l>) -> [u64; 2] {
        let word = |base: Option<usize>| {
            let rate = base.and_then(|base| self.bases.get(base).ad_valorem);
            rate.map_or(u64::MAX, |rate| rate.0.unsigned_abs())
        };
        [word(q.base.general), word(q.base.ordinary)]
    }

    /// What a line states of the facts that are read, besides its code, origin, value, entry date and claims. Dates are as
    /// good as their places among all bounds.
    fn push_facts(&self, key: &mut Key, line: &EntryLine, read: FactsRead) {
        let clock = &self.law.clocks[usize::from(line.side.0)];
        let facts = &self.law.facts;
        let date = |when: When| facts.regions(when.span(clock));
        let origin = |origin: Origin| u64::from(u16::from_be_bytes(origin.0));
        let rate = |rate: Rate| rate.0.cast_unsigned();
        let mut stated = 0_u64;
        let place = key.len();
        key.push(0);
        let mut put = |bit: u32, fact: FactsRead, word: Option<u64>| {
            if let Some(word) = word.filter(|_| read.any(fact)) {
                stated |= 1 << bit;
                key.push(word);
            }
        };
        put(0, FactsRead::LOADED, line.loading_date.map(date));
        put(1, FactsRead::EXPORTED, line.export_date.map(date));
        put(2, FactsRead::IMPORTED, line.import_date.map(date));
        put(3, FactsRead::MODE, line.mode.map(|mode| mode as u64));
        put(4, FactsRead::CONTENTS, line.steel_pct.map(rate));
        put(5, FactsRead::CONTENTS, line.aluminum_pct.map(rate));
        put(6, FactsRead::CONTENTS, line.copper_pct.map(rate));
        put(7, FactsRead::METAL_WEIGHT, line.metal_weight_pct.map(rate));
        put(8, FactsRead::CONTENTS, line.us_content_pct.map(rate));
        put(9, FactsRead::US_METAL, line.us_metal_pct.map(rate));
        put(10, FactsRead::MELTED, line.melt_country.map(origin));
        put(11, FactsRead::MELTED, line.melt_pct.map(rate));
        put(12, FactsRead::SMELTED, line.cast_country.map(origin));
        put(13, FactsRead::EXPORT_COUNTRY, line.export_country.map(origin));
        put(14, FactsRead::ENTRY_TYPE, Some(u64::from(u16::from_be_bytes(line.entry_type))));
        key[place] = stated;
        if read.any(FactsRead::SPI) {
            push_text(key, line.spi.as_deref());
        }
        if read.any(FactsRead::CHAPTER_98) {
            push_text(key, line.ch98_number.as_deref());
        }
        if read.any(FactsRead::SMELTED) {
            key.push(line.smelt_countries.len() as u64);
            key.extend(line.smelt_countries.iter().map(|country| origin(*country)));
        }
    }
}

/// What decides in which ways lines of one key can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decider {
    /// The key alone.
    Key,
    /// The ordinary rates too.
    Rates,
    /// Amounts of money.
    Money,
}

/// Appends bits, and how many there are.
fn push_bits(key: &mut Key, bits: impl Iterator<Item = bool>) {
    let mut word = 1_u64;
    for bit in bits {
        if word >> 63 != 0 {
            key.push(word);
            word = 1;
        }
        word = word << 1 | u64::from(bit);
    }
    key.push(word);
}

/// Appends a text, with its length.
fn push_text(key: &mut Key, text: Option<&str>) {
    let Some(text) = text else { return key.push(u64::MAX) };
    key.push(text.len() as u64);
    for part in text.as_bytes().chunks(8) {
        key.push(part.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
}
