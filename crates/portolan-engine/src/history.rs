//! What goods bear day by day: the bill of a class of products from a class of origins, over a stretch of days.
//!
//! A panel of every product, country and day is a few thousand histories, because a product enters the law only through its
//! lists and its ordinary rate, and an origin only through the sets that name it. Each day is asked as a line with a bare
//! entry date that states nothing else but what its [`FactsIx`] says; days on which the same records are in the same state
//! are asked once.

use portolan_ledger::line::{EntryLine, View, When};
use portolan_ledger::record::Origin;
use portolan_ledger::timeline::{Moment, ProvisionIx};
use portolan_ledger::{Day, Instant, Side, TariffCode};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::answer::{Bill, Fault};
use crate::engine::{ClassIx, Engine, Question};
use crate::facts::{BaseShares, Regions};
use crate::law::Law;
use crate::money::Value;
use crate::ordinary::Rates;
use crate::pct::Pct;

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
}

/// Days on which a code is valid and belongs to one class of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductSpan {
    /// The first day.
    pub from: Day,
    /// The first day no longer.
    pub until: Day,
    /// The class.
    pub product: ProductIx,
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

/// What decides a class of products beside the records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Product {
    from: Day,
    until: Day,
    classes: SmallVec<[ClassIx; 4]>,
    general: usize,
    column_2: usize,
    special: u16,
    carried: bool,
}

/// A product with what is needed to ask about it.
#[derive(Clone, Debug)]
struct Asked {
    product: Product,
    rates: Option<Rates>,
    code: TariffCode,
    carried: SmallVec<[TariffCode; 2]>,
}

/// Where the questions of a class of products and of origins begin, from a segment on.
#[derive(Clone, Copy, Debug)]
struct Begin {
    segment: u32,
    /// A number for all that decides there but the ordinary rate.
    law: u32,
}

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
    products: Vec<Asked>,
    product_of: FxHashMap<Product, ProductIx>,
    origins: Vec<Origin>,
    origin_of: FxHashMap<u32, OriginIx>,
    begins: FxHashMap<(SmallVec<[ClassIx; 4]>, OriginIx), Box<[Begin]>>,
    laws: FxHashMap<Box<[u64]>, u32>,
    treatments: Vec<Treatment>,
    treatment_of: FxHashMap<Treatment, TreatmentIx>,
    asked: FxHashMap<(u32, ProductBase, FactsIx), TreatmentIx>,
}

/// The ordinary rates of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ProductBase {
    general: usize,
    column_2: usize,
    special: u16,
    carried: bool,
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
            products: Vec::new(),
            product_of: FxHashMap::default(),
            origins: Vec::new(),
            origin_of: FxHashMap::default(),
            begins: FxHashMap::default(),
            laws: FxHashMap::default(),
            treatments: Vec::new(),
            treatment_of: FxHashMap::default(),
            asked: FxHashMap::default(),
        };
        let nothing = all.blank(TariffCode::from_padded(0, 8), Origin(*b"XX"), days.0);
        all.facts.push(nothing);
        all
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
    /// quantities count too, where they are stated; dates of the line itself do not.
    pub fn facts(&mut self, line: &EntryLine) -> FactsIx {
        let mut facts = line.clone();
        let day = self.segments.first().map_or(self.until, |segment| segment.from);
        let blank = self.blank(TariffCode::from_padded(0, 8), Origin(*b"XX"), day);
        (facts.side, facts.view, facts.known_date) = (blank.side, blank.view, blank.known_date);
        (facts.code, facts.origin, facts.entry_date) = (blank.code, blank.origin, blank.entry_date);
        let index = match self.facts.iter().position(|known| *known == facts) {
            Some(known) => known,
            None => {
                self.facts.push(facts);
                self.facts.len() - 1
            }
        };
        FactsIx(u32::try_from(index).unwrap_or(u32::MAX))
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
        let mut found: Vec<(Product, Asked)> = Vec::new();
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
            let classes = self.engine.products(code, day);
            let after = self.engine.class_changes(code, day).unwrap_or(until).min(after).min(until);
            // Whatever the schedule says of its intervals, each step is one day at least.
            let after = after.max(Day(day.0.saturating_add(1)));
            let carried = if has_schedule { self.engine.carried(code, day) } else { SmallVec::new() };
            let product = Product {
                from: day,
                until: after,
                classes,
                general: rates.map_or(0, |rates| rates.general),
                column_2: rates.map_or(0, |rates| rates.column_2),
                special: rates.map_or(0, |rates| rates.special),
                carried: !carried.is_empty(),
            };
            match found.last_mut() {
                Some((last, _)) if last.until == day && alike(last, &product) => last.until = after,
                _ => found.push((product.clone(), Asked { product, rates, code, carried })),
            }
            day = after;
        }
        Ok(found.into_iter().map(|(product, asked)| self.product(product, asked)).collect())
    }

    fn product(&mut self, product: Product, asked: Asked) -> ProductSpan {
        let (from, until) = (product.from, product.until);
        let index = match self.product_of.get(&product) {
            Some(&known) => known,
            None => {
                let index = ProductIx(u32::try_from(self.products.len()).unwrap_or(u32::MAX));
                self.products.push(Asked { product: product.clone(), ..asked });
                self.product_of.insert(product, index);
                index
            }
        };
        ProductSpan { from, until, product: index }
    }

    /// A line that stands for a product, an origin and facts on a day: to ask for rows and reasons.
    pub fn line(&self, product: ProductIx, origin: OriginIx, facts: FactsIx, day: Day) -> EntryLine {
        let mut line = self.facts[facts.0 as usize].clone();
        line.code = self.products[product.0 as usize].code;
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
        out.clear();
        let asked = &self.products[product.0 as usize];
        let (from, until) = (asked.product.from, asked.product.until);
        let base = ProductBase {
            general: asked.product.general,
            column_2: asked.product.column_2,
            special: asked.product.special,
            carried: asked.product.carried,
        };
        let key = (asked.product.classes.clone(), origin);
        if !self.begins.contains_key(&key) {
            let begins = self.find_begins(&key.0, origin);
            self.begins.insert(key.clone(), begins);
        }
        // The stretch before the first day decides that day.
        let begins = &self.begins[&key];
        let starts = |begin: &Begin| self.segments[begin.segment as usize].from;
        let first = begins.partition_point(|begin| starts(begin) <= from).saturating_sub(1);
        let own: SmallVec<[Begin; 64]> =
            begins[first..].iter().take_while(|begin| starts(begin) < until).copied().collect();
        for begin in own {
            let treatment = match self.asked.get(&(begin.law, base, facts)) {
                Some(&known) => known,
                None => {
                    let treatment = self.ask(product, origin, facts, begin.segment)?;
                    // What a line says of countries is read against groups of the day: it is not kept beyond the day.
                    if self.keeps(facts) {
                        self.asked.insert((begin.law, base, facts), treatment);
                    }
                    treatment
                }
            };
            let starts = self.segments[begin.segment as usize].from.max(from);
            if out.last().is_none_or(|last| last.treatment != treatment) {
                out.push(Stretch { from: starts, treatment });
            }
        }
        Ok(())
    }

    fn keeps(&self, facts: FactsIx) -> bool {
        let line = &self.facts[facts.0 as usize];
        line.melt_country.is_none()
            && line.smelt_countries.is_empty()
            && line.cast_country.is_none()
            && line.export_country.is_none()
    }

    /// The segments in which what decides changes, for classes of products and an origin.
    fn find_begins(&mut self, classes: &[ClassIx], origin: OriginIx) -> Box<[Begin]> {
        let origin = self.origins[origin.0 as usize];
        let class = self.engine.origin(origin);
        let mut begins: Vec<Begin> = Vec::new();
        let mut last: SmallVec<[u64; 8]> = SmallVec::new();
        for index in 0..self.segments.len() {
            let segment = &self.segments[index];
            let moment = Moment { at: segment.pieces[0], known: segment.known, view: self.view };
            let mut key: SmallVec<[u64; 8]> = SmallVec::new();
            key.push(segment.projection as u64 | u64::from(self.engine.in_column_2(origin, moment)) << 32);
            key.push(segment.entered);
            if segment.interval.is_none() {
                // A day within which the law changes is like no other.
                key.push(index as u64 | 1 << 63);
            }
            for piece in 0..segment.pieces.len() {
                let interval = segment.interval;
                let (projection, at) = (segment.projection, segment.pieces[piece]);
                for &product in classes {
                    let root = self.engine.root_of(projection, (product, (class, origin)), at, interval);
                    key.push(u64::from(root));
                }
            }
            if key == last {
                continue;
            }
            let next = u32::try_from(self.laws.len()).unwrap_or(u32::MAX);
            let law = *self.laws.entry(Box::from(&key[..])).or_insert(next);
            begins.push(Begin { segment: u32::try_from(index).unwrap_or(u32::MAX), law });
            last = key;
        }
        begins.into()
    }

    /// Asks about one day.
    fn ask(
        &mut self,
        product: ProductIx,
        origin: OriginIx,
        facts: FactsIx,
        segment: u32,
    ) -> Result<TreatmentIx, Fault> {
        let line = self.line(product, origin, facts, self.segments[segment as usize].from);
        let q = self.question(&line, product, segment);
        let value = Value::of(&line, self.engine.grain(self.side), self.engine.flaw);
        let mut bill = Bill::default();
        self.engine.bill_of(&q, &line, &value, &mut bill)?;
        let measures = self.engine.measures(&q, &line, &value)?;
        let treatment = Treatment { bill, measures };
        if let Some(&known) = self.treatment_of.get(&treatment) {
            return Ok(known);
        }
        let index = TreatmentIx(u32::try_from(self.treatments.len()).unwrap_or(u32::MAX));
        self.treatments.push(treatment.clone());
        self.treatment_of.insert(treatment, index);
        Ok(index)
    }

    /// What a line asks, as [`Engine::question`] makes it ready, but for the class of products in place of the code.
    fn question(&mut self, line: &EntryLine, product: ProductIx, segment: u32) -> Question<'l> {
        let asked = &self.products[product.0 as usize];
        let segment = &self.segments[segment as usize];
        let moment = Moment { at: segment.at.0, known: segment.known, view: self.view };
        let base = self.engine.applicable(line, asked.rates.as_ref(), moment);
        let value = Value::of(line, self.engine.grain(self.side), self.engine.flaw);
        let shares = BaseShares {
            general: self.engine.base_share(base.general, &value, line),
            ordinary: self.engine.base_share(base.ordinary, &value, line),
            column: base.column,
        };
        Question {
            side: self.side,
            projection: segment.projection,
            pieces: segment.pieces.clone(),
            at: segment.at,
            entered: segment.at,
            known: segment.known,
            governing: ("entry_date", None),
            classes: asked.product.classes.clone(),
            origin: self.engine.origin(line.origin),
            base,
            shares,
            carried: asked.carried.clone(),
            interval: segment.interval,
        }
    }
}

fn alike(a: &Product, b: &Product) -> bool {
    (a.general, a.column_2, a.special, a.carried) == (b.general, b.column_2, b.special, b.carried)
        && a.classes == b.classes
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

impl<'l> Engine<'l> {
    fn segment(&mut self, side: Side, view: View, known_date: Day, day: Day) -> Segment {
        let at = self.span(side, When::Day(day));
        let known = if view == View::Assessed { known_date.min(day) } else { known_date };
        let cut = (view == View::Owed || known != day).then_some(known);
        let projection = self.projection(side, view, cut);
        let mut pieces = SmallVec::from_slice(&[at.0]);
        let interval = self.projections[projection].whole_day(day, at);
        if interval.is_none() {
            pieces.extend(self.projections[projection].after(at.0).iter().copied().take_while(|&b| b < at.1));
        }
        let entered = self.law.facts.entry_regions(at);
        Segment { from: day, projection, known, at, interval, pieces, entered }
    }

    /// What each provision that stands adds to a line, where all that could stand agree.
    fn measures(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        value: &Value,
    ) -> Result<Vec<(ProvisionIx, Option<Pct>)>, Fault> {
        let (possible, _) = self.possible(q, line, value, false)?;
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
        Ok(measures)
    }
}
