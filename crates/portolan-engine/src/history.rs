//! What goods bear day by day: the bill of a class of products from a class of origins, over a stretch of days.
//!
//! A panel of every product, country and day is a few thousand histories, because a product enters the law only through its
//! lists and its ordinary rate, and an origin only through the sets that name it. Each day is asked as a line with a bare
//! entry date that states nothing else but what its [`FactsIx`] says; days on which the same records are in the same state
//! are asked once.

pub mod batch;
mod begins;
mod borne;

use std::sync::Arc;

use portolan_ledger::duty_expression::DutyExpression;
use portolan_ledger::line::{EntryLine, View, When};
use portolan_ledger::record::{Column, Origin};
use portolan_ledger::timeline::{Moment, ProvisionIx};
use portolan_ledger::{Day, Instant, Rate, Side, TariffCode};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::answer::{Bill, Fault};
use crate::engine::{self, Engine, Question};
use crate::extremes::Extremes;
use crate::facts::Regions;
use crate::law::Law;
use crate::money::Value;
use crate::ordinary::{Applicable, Rates};
use crate::pct::Pct;
use crate::possible::Possible;
use crate::ways::Asks;

use begins::Begin;
pub use borne::{Borne, ExtremesIx};

/// Goods that the law treats alike for some days; see [`Histories::products`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductIx(pub u32);

/// Origins that no record tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginIx(pub u32);

/// What lines state besides code, origin and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactsIx(pub u32);

/// One treatment: a bill, and what each provision adds to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreatmentIx(pub u32);

/// What goods bear.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Treatment {
    /// The bill, in points of the value where none was stated.
    pub bill: Bill,
    /// What each provision that stands adds, in points on the full value; none where it is not ad valorem or turns on a
    /// fact that was not stated.
    pub measures: Vec<(ProvisionIx, Option<Pct>)>,
    /// The highest and the lowest of the bills that could be; none where the law forbids the entry, or where one of them
    /// cannot be put in points.
    pub extremes: Option<Extremes>,
    /// Column 2 of the schedule applies.
    pub column_2: bool,
}

/// Goods that the law treats alike on any day; see [`ProductSpan`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIx(pub u32);

/// Days on which a code is valid and belongs to one class of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductSpan {
    /// The first day.
    pub from: Day,
    /// The first day no longer.
    pub until: Day,
    /// The class, on these days.
    pub product: ProductIx,
    /// The class, whatever the days.
    pub class: ClassIx,
    /// Texts of column 1-general and column 2, for [`Histories::rate_text`]; none for a side without a schedule.
    pub texts: Option<(usize, usize)>,
}

/// A treatment, from a day until the next stretch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first day.
    pub from: Day,
    /// What is borne.
    pub treatment: TreatmentIx,
}

/// Days on which the law of the side stands still.
#[derive(Clone, Debug)]
struct Segment {
    from: Day,
    projection: usize,
    known: Day,
    at: (Instant, Instant),
    /// The interval that holds each of its days; none for a day within which the law changes.
    interval: Option<u32>,
    pieces: SmallVec<[Instant; 2]>,
    /// Regions of the entry date that conditions tell apart.
    entered: Regions,
}

/// What decides a class of products.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ClassKey {
    lists: SmallVec<[engine::ClassIx; 4]>,
    general: usize,
    column_2: usize,
    special: u16,
    carried: bool,
}

/// A class with what is needed to ask about it.
#[derive(Clone, Debug)]
struct Class {
    key: ClassKey,
    rates: Option<Rates>,
    code: TariffCode,
    carried: SmallVec<[TariffCode; 2]>,
}

/// A class on some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Product {
    class: ClassIx,
    from: Day,
    until: Day,
}

/// The ordinary rate that applies: column, rate, column 1-general; as far as bills tell them apart.
type Base = (Column, Option<usize>, Option<usize>);

/// Histories of goods; one a thread.
#[derive(Debug)]
pub struct Histories<'l> {
    engine: Engine<'l>,
    side: Side,
    view: View,
    known_date: Day,
    until: Day,
    segments: Vec<Segment>,
    facts: Vec<EntryLine>,
    facts_of: FxHashMap<String, FactsIx>,
    exact: bool,
    detailed: bool,
    classes: Vec<Class>,
    class_of: FxHashMap<ClassKey, ClassIx>,
    products: Vec<Product>,
    product_of: FxHashMap<Product, ProductIx>,
    origins: Vec<Origin>,
    origin_of: FxHashMap<u32, OriginIx>,
    begins: begins::Begins,
    treatments: Vec<Treatment>,
    treatment_of: FxHashMap<Treatment, TreatmentIx>,
    /// By the law, the ordinary rate and the facts; by the order of reporting, and the origin where headings turn on it.
    asked: FxHashMap<(u32, Base, FactsIx, u32, Option<OriginIx>), TreatmentIx>,
    /// By what stands where nothing is open: the list of duties, which is kept once, and its headings.
    plain: FxHashMap<(usize, bool, Arc<[String]>, Base, FactsIx), TreatmentIx>,
    /// By what rates come to: the first of them.
    rate_of: FxHashMap<(Option<Rate>, Option<DutyExpression>), usize>,
    kept: borne::Kept,
}

impl<'l> Histories<'l> {
    /// Histories for the days from one on, up to but not including another, as lines of a side would be answered in a view
    /// and with the law known on a date (`known_date`, as in an entry line). Facts `FactsIx(0)` state nothing.
    pub fn new(law: &'l Law<'l>, side: Side, view: View, known_date: Day, days: (Day, Day)) -> Self {
        let mut engine = Engine::new(law);
        law.table();
        let segments = segments(&mut engine, side, view, known_date, days);
        let mut all = Self {
            engine,
            side,
            view,
            known_date,
            until: days.1,
            segments,
            facts: Vec::new(),
            facts_of: FxHashMap::default(),
            exact: false,
            detailed: false,
            classes: Vec::new(),
            class_of: FxHashMap::default(),
            products: Vec::new(),
            product_of: FxHashMap::default(),
            origins: Vec::new(),
            origin_of: FxHashMap::default(),
            begins: begins::Begins::default(),
            plain: FxHashMap::default(),
            rate_of: FxHashMap::default(),
            treatments: Vec::new(),
            treatment_of: FxHashMap::default(),
            asked: FxHashMap::default(),
            kept: borne::Kept::default(),
        };
        let nothing = all.blank(TariffCode::from_padded(0, 8), Origin(*b"XX"), days.0);
        all.facts_of.insert(format!("{nothing:?}"), FactsIx(0));
        all.facts.push(nothing);
        all
    }

    /// Facts may state a value, quantities or a special program: products are told apart by the text of their rates.
    #[must_use]
    pub fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    /// Treatments say what each provision adds, and what is borne at most and at least.
    #[must_use]
    pub fn detailed(self) -> Self {
        Self { detailed: true, ..self }
    }

    /// A line that states nothing but what every line states.
    fn blank(&self, code: TariffCode, origin: Origin, day: Day) -> EntryLine {
        let mut line = EntryLine::new(self.side, code, origin, When::Day(day), self.known_date);
        line.view = self.view;
        line
    }

    /// The law.
    pub fn law(&self) -> &'l Law<'l> {
        self.engine.law
    }

    /// The first day on which anything can change, and each further one, in order.
    pub fn days(&self) -> impl Iterator<Item = Day> + '_ {
        self.segments.iter().map(|segment| segment.from)
    }

    /// What lines are to state besides code, origin and day: the claims, shares and other facts of a line. Values and
    /// quantities count too, where they are stated; dates of the line itself do not. `mfn_pct` says what an ordinary rate that
    /// is no percentage came to by a statistic, and stands for it.
    pub fn facts(&mut self, line: &EntryLine) -> FactsIx {
        let mut facts = line.clone();
        let day = self.segments.first().map_or(self.until, |segment| segment.from);
        let blank = self.blank(TariffCode::from_padded(0, 8), Origin(*b"XX"), day);
        (facts.side, facts.view, facts.known_date) = (blank.side, blank.view, blank.known_date);
        (facts.code, facts.origin, facts.entry_date) = (blank.code, blank.origin, blank.entry_date);
        let next = FactsIx(u32::try_from(self.facts.len()).unwrap_or(u32::MAX));
        let known = *self.facts_of.entry(format!("{facts:?}")).or_insert(next);
        if known == next {
            self.facts.push(facts);
        }
        known
    }

    /// The class of an origin.
    pub fn origin(&mut self, origin: Origin) -> OriginIx {
        let class = self.engine.origin(origin);
        if let Some(&known) = self.origin_of.get(&class) {
            return known;
        }
        let index = OriginIx(u32::try_from(self.origins.len()).unwrap_or(u32::MAX));
        self.origins.push(origin);
        self.origin_of.insert(class, index);
        index
    }

    /// The classes of a code between two days, in order; days on which the code is not valid are left out.
    ///
    /// # Errors
    /// The schedule does not know the code at all.
    pub fn products(&mut self, code: TariffCode, (from, until): (Day, Day)) -> Result<Vec<ProductSpan>, Fault> {
        let has_schedule = self.engine.law.schedule_side == Some(self.side);
        let mut found: Vec<(Product, Option<(usize, usize)>)> = Vec::new();
        let mut day = from;
        while day < until {
            let (rates, after) = if has_schedule {
                match self.engine.rates_until(code, day) {
                    Ok((rates, after)) => (Some(rates), after),
                    Err(Fault::CodeOfOtherDates { spans, .. }) => {
                        let next = spans.iter().filter_map(|(from, _)| *from).filter(|from| *from > day).min();
                        day = next.unwrap_or(until);
                        continue;
                    }
                    Err(fault) => return Err(fault),
                }
            } else {
                (None, until)
            };
            let lists = self.engine.products(code, day, has_schedule);
            let after = self.engine.class_changes(code, day, has_schedule).unwrap_or(until).min(after).min(until);
            // Whatever the schedule says of its intervals, each step is one day at least.
            let after = after.max(Day(day.0.saturating_add(1)));
            let class = self.class(code, day, lists, rates);
            let texts = rates.map(|rates| (rates.general, rates.column_2));
            match found.last_mut() {
                Some((last, known)) if last.until == day && last.class == class && *known == texts => {
                    last.until = after;
                }
                _ => found.push((Product { class, from: day, until: after }, texts)),
            }
            day = after;
        }
        Ok(found.into_iter().map(|(product, texts)| self.product(product, texts)).collect())
    }

    /// The class of a code on a day.
    fn class(
        &mut self,
        code: TariffCode,
        day: Day,
        lists: SmallVec<[engine::ClassIx; 4]>,
        rates: Option<Rates>,
    ) -> ClassIx {
        let carried = if rates.is_some() { self.engine.carried(code, day) } else { SmallVec::new() };
        let key = ClassKey {
            lists,
            general: rates.map_or(0, |rates| self.rate(rates.general)),
            column_2: rates.map_or(0, |rates| self.rate(rates.column_2)),
            special: rates.filter(|_| self.exact).map_or(0, |rates| rates.special),
            carried: !carried.is_empty(),
        };
        if let Some(&known) = self.class_of.get(&key) {
            return known;
        }
        let index = ClassIx(u32::try_from(self.classes.len()).unwrap_or(u32::MAX));
        self.classes.push(Class { key: key.clone(), rates, code, carried });
        self.class_of.insert(key, index);
        index
    }

    /// One rate for all that come to the same where no value and no quantity is stated.
    fn rate(&mut self, base: usize) -> usize {
        let of = self.engine.bases.get(base);
        if self.exact || matches!(of.expression, DutyExpression::Refused(_)) {
            return base;
        }
        *self.rate_of.entry(of.unstated()).or_insert(base)
    }

    fn product(&mut self, product: Product, texts: Option<(usize, usize)>) -> ProductSpan {
        let next = ProductIx(u32::try_from(self.products.len()).unwrap_or(u32::MAX));
        let index = *self.product_of.entry(product).or_insert(next);
        if index == next {
            self.products.push(product);
        }
        ProductSpan { from: product.from, until: product.until, product: index, class: product.class, texts }
    }

    /// A line that stands for a product, an origin and facts on a day: to ask for rows and reasons.
    pub fn line(&self, product: ProductIx, origin: OriginIx, facts: FactsIx, day: Day) -> EntryLine {
        self.line_of(self.products[product.0 as usize].class, origin, facts, day)
    }

    fn line_of(&self, class: ClassIx, origin: OriginIx, facts: FactsIx, day: Day) -> EntryLine {
        let mut line = self.facts[facts.0 as usize].clone();
        line.code = self.classes[class.0 as usize].code;
        line.origin = self.origins[origin.0 as usize];
        line.entry_date = When::Day(day);
        line
    }

    /// The evaluator behind the histories.
    pub fn engine(&mut self) -> &mut Engine<'l> {
        &mut self.engine
    }

    /// A treatment.
    pub fn treatment(&self, index: TreatmentIx) -> &Treatment {
        &self.treatments[index.0 as usize]
    }

    /// The text of an ordinary rate, as the schedule prints it.
    pub fn rate_text(&self, ordinary: usize) -> &str {
        &self.engine.bases.get(ordinary).text
    }

    /// How much was worked out: classes, products, beginnings of pairs, laws, questions asked, treatments.
    pub fn sizes(&self) -> [usize; 6] {
        let [pairs, laws] = self.begins.sizes();
        [self.classes.len(), self.products.len(), pairs, laws, self.asked.len(), self.treatments.len()]
    }

    /// How many treatments there are so far.
    pub fn treatments(&self) -> usize {
        self.treatments.len()
    }

    /// What a product bears from an origin over its days: the stretches go into `out`, which is cleared, the first at the
    /// product's first day, each with another treatment than the one before it.
    ///
    /// # Errors
    /// The ledger is wrong: two duties of one program stand and nothing relates them.
    pub fn history(
        &mut self,
        product: ProductIx,
        origin: OriginIx,
        facts: FactsIx,
        out: &mut Vec<Stretch>,
    ) -> Result<(), Fault> {
        let Product { class, from, until } = self.products[product.0 as usize];
        self.stretches(class, (from, until), origin, facts, out)
    }

    /// What a class bears from an origin over all days, as [`Histories::history`].
    ///
    /// # Errors
    /// The ledger is wrong: two duties of one program stand and nothing relates them.
    pub fn class_history(
        &mut self,
        class: ClassIx,
        origin: OriginIx,
        facts: FactsIx,
        out: &mut Vec<Stretch>,
    ) -> Result<(), Fault> {
        let from = self.segments.first().map_or(self.until, |segment| segment.from);
        self.stretches(class, (from, self.until), origin, facts, out)
    }

    fn stretches(
        &mut self,
        class: ClassIx,
        days: (Day, Day),
        origin: OriginIx,
        facts: FactsIx,
        out: &mut Vec<Stretch>,
    ) -> Result<(), Fault> {
        out.clear();
        let mut bases = [None, None];
        // What a line says of countries is read against groups of the day: it is not kept beyond the day.
        let keeps = self.keeps(facts);
        for begin in self.begins_of(class, days, origin, facts) {
            let base = *bases[usize::from(begin.column_2)].get_or_insert_with(|| self.key(class, origin, facts, begin));
            let key = (begin.law, base, facts, begin.order, begin.alike.then_some(origin));
            let treatment = match self.asked.get(&key) {
                Some(&known) => known,
                None => {
                    let treatment = self.ask((class, origin, facts), begin, base)?;
                    if keeps {
                        self.asked.insert(key, treatment);
                    }
                    treatment
                }
            };
            let starts = self.segments[begin.segment as usize].from.max(days.0);
            if out.last().is_none_or(|last| last.treatment != treatment) {
                out.push(Stretch { from: starts, treatment });
            }
        }
        Ok(())
    }

    /// The ordinary rate that applies, as far as bills tell rates apart.
    fn key(&mut self, class: ClassIx, origin: OriginIx, facts: FactsIx, begin: Begin) -> Base {
        let segment = &self.segments[begin.segment as usize];
        let moment = Moment { at: segment.at.0, known: segment.known, view: self.view };
        let line = self.line_of(class, origin, facts, segment.from);
        let base = self.base(&line, class, moment);
        (base.column, base.ordinary.map(|rate| self.rate(rate)), base.general.map(|rate| self.rate(rate)))
    }

    /// Where the questions of a class begin on some days, the first in force on the first of them.
    fn begins_of(
        &mut self,
        class: ClassIx,
        (from, until): (Day, Day),
        origin: OriginIx,
        facts: FactsIx,
    ) -> SmallVec<[Begin; 64]> {
        let lists = &self.classes[class.0 as usize].key.lists;
        let mattering = self.engine.mattering(&self.facts[facts.0 as usize]);
        let usual = self.engine.mattering(&self.facts[0]);
        let origin_of = self.origins[origin.0 as usize];
        let stage = begins::Stage { segments: &self.segments, view: self.view, origin: origin_of, mattering, usual };
        let before = |day: Day| self.segments.partition_point(|segment| segment.from < day);
        let first = self.segments.partition_point(|segment| segment.from <= from).saturating_sub(1);
        let mut begins = self.begins.of(&mut self.engine, &stage, lists, origin, (first, before(until)));
        // The last beginning before the first day decides that day.
        let starts = |begin: &Begin| self.segments[begin.segment as usize].from;
        begins.truncate(begins.partition_point(|begin| starts(begin) < until));
        begins.drain(..begins.partition_point(|begin| starts(begin) <= from).saturating_sub(1));
        begins
    }

    fn keeps(&self, facts: FactsIx) -> bool {
        let line = &self.facts[facts.0 as usize];
        line.melt_country.is_none()
            && line.smelt_countries.is_empty()
            && line.cast_country.is_none()
            && line.export_country.is_none()
    }

    /// Asks about one day.
    fn ask(
        &mut self,
        (class, origin, facts): (ClassIx, OriginIx, FactsIx),
        begin: Begin,
        base: Base,
    ) -> Result<TreatmentIx, Fault> {
        let line = self.line_of(class, origin, facts, self.segments[begin.segment as usize].from);
        let q = self.question(&line, class, begin.segment);
        let value = Value::of(&line, self.engine.grain(self.side), self.engine.flaw);
        // Many laws leave the same duties, and whoever owes the same under the same headings is asked once.
        let plain = match self.engine.plain_leaf(&q, &line, &value)? {
            None => None,
            Some(shared) => {
                let leaf = self.engine.own_leaf(&q, &line, shared);
                let (owed, pays) = self.engine.stands(&q, leaf);
                let place = (owed, pays, self.engine.kept_headings(&q, leaf, self.side), base, facts);
                if let Some(&known) = self.plain.get(&place) {
                    return Ok(known);
                }
                Some(place)
            }
        };
        let treatment = self.treat(&q, &line, &value)?;
        if let Some(place) = plain {
            self.plain.insert(place, treatment);
        }
        Ok(treatment)
    }

    fn treat(&mut self, q: &Question<'l>, line: &EntryLine, value: &Value) -> Result<TreatmentIx, Fault> {
        let mut bill = Bill::default();
        self.engine.bill_of(q, line, value, &mut bill)?;
        let column_2 = q.base.column == Column::Two;
        let mut treatment = Treatment { bill, measures: Vec::new(), extremes: None, column_2 };
        if self.detailed {
            let ways = self.engine.ways(q, line, value, Asks::Nothing)?;
            let possible = self.engine.bills(q, line, value, &ways);
            treatment.extremes = self.engine.extremes(q, &possible, value);
            treatment.measures = measures(&possible);
        }
        if let Some(&known) = self.treatment_of.get(&treatment) {
            return Ok(known);
        }
        let index = TreatmentIx(u32::try_from(self.treatments.len()).unwrap_or(u32::MAX));
        self.treatments.push(treatment.clone());
        self.treatment_of.insert(treatment, index);
        Ok(index)
    }

    /// The ordinary rate that applies to a line of a class.
    fn base(&mut self, line: &EntryLine, class: ClassIx, moment: Moment) -> Applicable {
        let base = self.engine.applicable(line, self.classes[class.0 as usize].rates.as_ref(), moment);
        self.engine.equivalent(base, line)
    }

    /// What a line asks, as [`Engine::question`] makes it ready, but for the class of products in place of the code.
    fn question(&mut self, line: &EntryLine, class: ClassIx, segment: u32) -> Question<'l> {
        let at = &self.segments[segment as usize];
        let base = self.base(line, class, Moment { at: at.at.0, known: at.known, view: self.view });
        let (class, segment) = (&self.classes[class.0 as usize], &self.segments[segment as usize]);
        Question {
            side: self.side,
            projection: segment.projection,
            pieces: segment.pieces.clone(),
            at: segment.at,
            entered: segment.at,
            known: segment.known,
            governing: ("entry_date", None),
            classes: class.key.lists.clone(),
            origin: self.engine.origin(line.origin),
            base,
            carried: class.carried.clone(),
            interval: segment.interval,
            mattering: self.engine.mattering(line),
        }
    }
}

/// Cuts days into those on which the law of a side stands still, and those within which it changes.
fn segments(
    engine: &mut Engine<'_>,
    side: Side,
    view: View,
    known_date: Day,
    (from, until): (Day, Day),
) -> Vec<Segment> {
    let law = engine.law;
    let mut starts = vec![from];
    let Some(clock) = law.clocks.get(usize::from(side.0)) else { return Vec::new() };
    let mut cut = |at: Instant| {
        let day = clock.day_of(at);
        starts.push(day);
        starts.push(Day(day.0.saturating_add(1)));
    };
    law.boundaries(side).into_iter().for_each(&mut cut);
    law.facts.entry_cuts().for_each(cut);
    starts.push(Day(known_date.0.saturating_add(1)));
    starts.retain(|day| (from..until).contains(day));
    starts.sort_unstable();
    starts.dedup();
    let mut segments: Vec<Segment> = Vec::with_capacity(starts.len());
    for day in starts {
        let segment = engine.segment(side, view, known_date, day);
        let same = |last: &Segment| {
            last.interval.is_some()
                && last.interval == segment.interval
                && (last.projection, last.entered) == (segment.projection, segment.entered)
        };
        if !segments.last().is_some_and(same) {
            segments.push(segment);
        }
    }
    segments
}

impl Engine<'_> {
    fn segment(&mut self, side: Side, view: View, known_date: Day, day: Day) -> Segment {
        let at = self.span(side, When::Day(day));
        let known = if view == View::Assessed { known_date.min(day) } else { known_date };
        let cut = (view == View::Owed || known != day).then_some(known);
        let projection = self.projection(side, view, cut);
        let (pieces, interval) = self.day_pieces(projection, (When::Day(day), at), true);
        let entered = self.law.facts.entry_regions(at);
        Segment { from: day, projection, known, at, interval, pieces, entered }
    }
}

/// What each provision that stands adds to a line, where all that could stand agree.
fn measures(possible: &[Possible]) -> Vec<(ProvisionIx, Option<Pct>)> {
    let mut measures: Vec<(ProvisionIx, Option<Pct>)> = Vec::new();
    for (at, one) in possible.iter().enumerate() {
        for (owed, duty) in &one.amounts {
            let pct = duty.as_ref().ok().and_then(|duty| duty.pct);
            match measures.iter_mut().find(|(provision, _)| *provision == owed.provision) {
                Some((_, known)) => *known = known.filter(|known| Some(*known) == pct),
                // What stands in some of the possibilities alone turns on what was not stated.
                None => measures.push((owed.provision, pct.filter(|_| at == 0))),
            }
        }
        let stands = |provision| one.amounts.iter().any(|(owed, _)| owed.provision == provision);
        for (provision, known) in &mut measures {
            *known = known.filter(|_| stands(*provision));
        }
    }
    measures
}
