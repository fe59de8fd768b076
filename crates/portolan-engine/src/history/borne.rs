//! What goods bear at most and at least: a history for sums over many goods, told apart by these alone.
//!
//! A bill with its headings differs on many more days, and between many more goods, than what is owed. Where nothing is open
//! the duties that stand decide, so whoever owes the same is asked once, whatever led there.

use portolan_ledger::Day;
use portolan_ledger::line::EntryLine;
use rustc_hash::FxHashMap;

use super::{Base, Begin, ClassIx, FactsIx, Histories, OriginIx, ProductIx};
use crate::answer::Fault;
use crate::engine::Question;
use crate::extremes::Extremes;
use crate::money::Value;
use crate::ways::Asks;

/// What goods bear at most and at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtremesIx(pub u32);

/// What is borne, from a day until the next stretch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Borne {
    /// The first day.
    pub from: Day,
    /// What is borne.
    pub extremes: ExtremesIx,
}

/// What was worked out so far.
#[derive(Debug, Default)]
pub(super) struct Kept {
    all: Vec<Option<Extremes>>,
    index: FxHashMap<Option<Extremes>, ExtremesIx>,
    /// By all that decides.
    asked: FxHashMap<(u32, Base, FactsIx), ExtremesIx>,
    /// By what stands where nothing is open: the list of duties, which is kept once, and whether the ordinary duty is paid.
    plain: FxHashMap<(usize, bool, Base, FactsIx), ExtremesIx>,
    open: usize,
}

impl Kept {
    fn add(&mut self, extremes: Option<Extremes>) -> ExtremesIx {
        if let Some(&known) = self.index.get(&extremes) {
            return known;
        }
        let index = ExtremesIx(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(extremes.clone());
        self.index.insert(extremes, index);
        index
    }
}

impl<'l> Histories<'l> {
    /// The highest and the lowest bill; none where the law forbids the entry, or where one of them cannot be put in points.
    pub fn extremes(&self, index: ExtremesIx) -> Option<&Extremes> {
        self.kept.all.get(index.0 as usize).and_then(Option::as_ref)
    }

    /// How much was worked out of what goods bear: questions, of them plain and open ones, distinct answers.
    pub fn borne_sizes(&self) -> [usize; 4] {
        [self.kept.asked.len(), self.kept.plain.len(), self.kept.open, self.kept.all.len()]
    }

    /// What a product bears from an origin over its days, as [`Histories::history`].
    ///
    /// # Errors
    /// The ledger is wrong: two duties of one program stand and nothing relates them.
    pub fn borne(
        &mut self,
        product: ProductIx,
        origin: OriginIx,
        facts: FactsIx,
        out: &mut Vec<Borne>,
    ) -> Result<(), Fault> {
        out.clear();
        let super::Product { class, from, until } = self.products[product.0 as usize];
        let keeps = self.keeps(facts);
        let mut bases = [None, None];
        for begin in self.begins_of(class, (from, until), origin, facts) {
            let base = *bases[usize::from(begin.column_2)].get_or_insert_with(|| self.key(class, origin, facts, begin));
            let extremes = match self.kept.asked.get(&(begin.law, base, facts)) {
                Some(&known) => known,
                None => {
                    let found = self.ask_extremes((class, origin, facts), begin, base)?;
                    if keeps {
                        self.kept.asked.insert((begin.law, base, facts), found);
                    }
                    found
                }
            };
            let starts = self.segments[begin.segment as usize].from.max(from);
            if out.last().is_none_or(|last| last.extremes != extremes) {
                out.push(Borne { from: starts, extremes });
            }
        }
        Ok(())
    }

    fn ask_extremes(
        &mut self,
        (class, origin, facts): (ClassIx, OriginIx, FactsIx),
        begin: Begin,
        base: Base,
    ) -> Result<ExtremesIx, Fault> {
        let line = self.line_of(class, origin, facts, self.segments[begin.segment as usize].from);
        let q = self.question(&line, class, begin.segment);
        let value = Value::of(&line, self.engine.grain(self.side), self.engine.flaw);
        if let Some(plain) = self.plain_extremes(&q, (&line, &value), (base, facts))? {
            return Ok(plain);
        }
        self.kept.open += 1;
        let ways = self.engine.ways(&q, &line, &value, Asks::Nothing)?;
        let extremes = self.engine.extremes(&q, &self.engine.unnamed_bills(&q, &line, &value, &ways), &value);
        Ok(self.kept.add(extremes))
    }

    /// What is borne where nothing is open.
    fn plain_extremes(
        &mut self,
        q: &Question<'l>,
        (line, value): (&EntryLine, &Value),
        (base, facts): (Base, FactsIx),
    ) -> Result<Option<ExtremesIx>, Fault> {
        let Some(leaf) = self.engine.plain_leaf(q, line, value)? else { return Ok(None) };
        let (owed, pays) = self.engine.stands(q, leaf);
        let place = (owed, pays, base, facts);
        if let Some(&known) = self.kept.plain.get(&place) {
            return Ok(Some(known));
        }
        let Ok(extremes) = self.engine.plain_extremes(q, leaf, line, value) else { return Ok(None) };
        let found = self.kept.add(extremes);
        self.kept.plain.insert(place, found);
        Ok(Some(found))
    }
}
