//! What records read of a line, and so which facts are open, with the values at which anything turns.

use portolan_ledger::duty_expression::Fraction;
use portolan_ledger::duty_rate::{DutyRate, Metal, Over};
use portolan_ledger::line::{EntryLine, When};
use portolan_ledger::record::{ClaimId, Condition, Mode, Origin, OriginRef, Share, Spares};
use portolan_ledger::timeline::{ExceptionIx, Moment, ProvisionIx, Test, Timeline};
use portolan_ledger::{Cents, Instant, Rate, UnitPrice};
use smallvec::SmallVec;

use crate::bits::Bits;
use crate::facts::{Amount, Stated, UNIT_PRICES, is_transit_clause, moment_of, same_unit};
use crate::flaw::Flaw;
use crate::law::Law;
use crate::ordinary::{Amounts, Base, quantity_in};
use crate::resolve::{Layer, layer};

use super::{Axes, Axis, FactsRead};

/// What the records that are considered read of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Reads {
    loaded: Vec<Instant>,
    exported: Vec<Instant>,
    /// Modes that stand beside an in-transit date.
    modes: Vec<Mode>,
    all_modes: Vec<Mode>,
    claims: Vec<ClaimId>,
    metal_weight: Vec<Rate>,
    metals: [bool; 3],
    bounds: [Vec<Rate>; 3],
    us_part: bool,
    /// An exception frees what of the value is US content.
    us_spared: bool,
    /// Caps on how much of the value may count as US.
    caps: Vec<Rate>,
    /// Chapter 98 numbers, or any, whose claim asks for the value of processing abroad.
    outside: Vec<Vec<Condition>>,
    smelted: Vec<Vec<OriginRef>>,
    exporters: Vec<Vec<OriginRef>>,
    values: Vec<Cents>,
    prices: Vec<(String, UnitPrice)>,
    /// Bounds on column 1-general, or on the rate that applies.
    bases: Vec<(bool, Rate)>,
    /// Units of what is owed.
    units: Vec<String>,
    /// Totals, and which rates they top up.
    totals: Vec<(Over, Rate)>,
    /// What conditions read besides.
    facts: FactsRead,
}

impl Reads {
    /// On which side of each bound on a base rate two percentages lie: column 1-general, and the rate that applies.
    pub fn base_sides(&self, general: Rate, ordinary: Rate) -> impl Iterator<Item = bool> + '_ {
        self.bases.iter().map(move |(of_general, bound)| if *of_general { general } else { ordinary } >= *bound)
    }

    /// Which totals have something to top up.
    pub fn total_sides(&self, general: Rate, ordinary: Rate) -> impl Iterator<Item = bool> + '_ {
        self.totals.iter().map(move |(over, total)| if *over == Over::General { general } else { ordinary } < *total)
    }

    /// Whether amounts of money or quantities decide beyond what the other bounds say.
    pub fn by_price(&self) -> bool {
        !self.prices.is_empty() || !self.units.is_empty()
    }

    /// Whether a total tops ordinary rates up.
    pub fn by_total(&self) -> bool {
        !self.totals.is_empty()
    }

    /// Whether bounds on ordinary rates decide.
    pub fn by_base(&self) -> bool {
        !self.bases.is_empty()
    }

    /// The facts that are read; what of value, ordinary rate, column and claims is read is told apart.
    pub fn facts(&self) -> FactsRead {
        self.facts
    }

    /// The claims that are read, in order.
    pub fn claims(&self) -> &[ClaimId] {
        &self.claims
    }

    /// Bounds on the value.
    pub fn values(&self) -> &[Cents] {
        &self.values
    }

    /// What the records of a scope, all in force at a moment, read.
    pub fn of(law: &Law<'_>, scope: &Bits, moment: Moment, flaw: Flaw) -> Self {
        let timeline = &law.timeline;
        let (provisions, exceptions) = (timeline.provisions.len(), timeline.exceptions.len());
        let mut reads = Self::default();
        for index in scope.iter() {
            let short = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
            if index < provisions {
                reads.provision(timeline, ProvisionIx(short(index)), moment, flaw);
            } else if index < provisions + exceptions {
                let node = timeline.exception(ExceptionIx(short(index - provisions)));
                reads.conditions(&node.when);
                reads.us_spared |= node.record.spares == Some(Spares::UsContent);
                if node.record.spares == Some(Spares::OutsideProcessing) {
                    let numbers = node.record.when.iter().filter(|c| matches!(c, Condition::Chapter98(_)));
                    reads.outside.push(numbers.cloned().collect());
                }
            } else if let Some(node) = timeline.prohibitions.get(index - provisions - exceptions) {
                reads.conditions(&node.when);
            }
        }
        reads
    }

    fn provision(&mut self, timeline: &Timeline<'_>, provision: ProvisionIx, moment: Moment, flaw: Flaw) {
        let node = timeline.provision(provision);
        self.facts |= FactsRead::of_all(&node.when);
        let rate = match layer(timeline, provision, moment, flaw) {
            Layer::Terminated(_) => return,
            Layer::Suspended(..) => None,
            Layer::Kept(index) => node.suspensions[index].keeps.as_ref(),
            Layer::InForce => timeline.in_force(&node.record.rates, moment.at, moment.known).map(|r| &r.rate),
        };
        self.conditions(&node.when);
        match rate {
            Some(DutyRate::OfMetal(_, metal)) => self.metals[*metal as usize] = true,
            Some(DutyRate::OfNonUs(_, cap)) => {
                self.us_part = true;
                self.caps.extend(cap);
            }
            Some(DutyRate::Specific(_, price, unit) | DutyRate::InPlaceOfAllEach(price, unit)) if price.0 != 0 => {
                self.units.push(unit.clone());
            }
            Some(DutyRate::Total(total, over)) => self.totals.push((*over, *total)),
            _ => {}
        }
    }

    /// What conditions read besides claims.
    fn of_conditions(tests: &[Test<'_>]) -> Self {
        let mut reads = Self::default();
        reads.conditions(tests);
        reads.claims.clear();
        reads.facts = FactsRead::default();
        reads
    }

    fn conditions(&mut self, tests: &[Test<'_>]) {
        let transit = is_transit_clause(tests);
        self.facts |= FactsRead::of_all(tests);
        for test in tests {
            let Test::Fact(condition) = test else { continue };
            match condition {
                Condition::Loaded(bound) => self.loaded.push(moment_of(*bound)),
                Condition::Exported(bound) => self.exported.push(moment_of(*bound)),
                Condition::Mode(modes) => {
                    self.all_modes.extend(modes);
                    if transit {
                        self.modes.extend(modes);
                    }
                }
                Condition::Claim { claim, .. } => self.claims.push(*claim),
                Condition::ValueAtMost(value) => self.values.push(*value),
                Condition::UnitPrice { price, unit, .. } => self.prices.push((unit.clone(), *price)),
                Condition::Share { of: Share::MetalWeight, pct, .. } => self.metal_weight.push(*pct),
                Condition::Share { of: Share::Metal(metal), pct, .. } => {
                    self.metals[*metal as usize] = true;
                    self.bounds[*metal as usize].push(*pct);
                }
                Condition::Smelted { countries, .. } => self.smelted.push(countries.clone()),
                Condition::ExportedFrom(countries) => self.exporters.push(countries.clone()),
                Condition::Base { general, rate, .. } => self.bases.push((*general, *rate)),
                _ => {}
            }
        }
    }

    /// Of what records in scope read, what can be open where only some of them bear on what is owed, given what these read:
    /// that, where it turns for them. But where one that bears reads contents, a mode of transport or countries, all records
    /// in scope say which are possible.
    pub fn open_to(mut self, bearing: Self) -> Self {
        let all = std::mem::replace(&mut self, bearing);
        if !self.all_modes.is_empty() {
            (self.modes, self.all_modes) = (all.modes, all.all_modes);
        }
        if !self.smelted.is_empty() {
            self.smelted = all.smelted;
        }
        if !self.exporters.is_empty() {
            self.exporters = all.exporters;
        }
        if self.by_contents() {
            (self.metals, self.bounds) = (all.metals, all.bounds);
            (self.us_part, self.caps, self.outside) = (all.us_part, all.caps, all.outside);
            // What is not processing abroad turns on the number that is claimed.
            self.facts |= FactsRead::CONTENTS | FactsRead::CHAPTER_98;
        }
        self.in_order()
    }

    /// Whether a content of the value decides.
    fn by_contents(&self) -> bool {
        self.metals.contains(&true) || self.us_part || self.us_spared || !self.outside.is_empty()
    }

    /// Each once; in one order where the order says nothing.
    fn in_order(mut self) -> Self {
        fn sorted<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
        }
        fn once<T: PartialEq>(list: &mut Vec<T>) {
            let mut at = 0;
            while at < list.len() {
                let (before, rest) = list.split_at(at);
                if rest.first().is_some_and(|item| before.contains(item)) {
                    list.remove(at);
                } else {
                    at += 1;
                }
            }
        }
        sorted(&mut self.loaded);
        sorted(&mut self.exported);
        once(&mut self.modes);
        once(&mut self.all_modes);
        sorted(&mut self.claims);
        sorted(&mut self.metal_weight);
        self.bounds.iter_mut().for_each(sorted);
        sorted(&mut self.caps);
        once(&mut self.outside);
        once(&mut self.smelted);
        once(&mut self.exporters);
        sorted(&mut self.values);
        once(&mut self.prices);
        once(&mut self.bases);
        once(&mut self.units);
        once(&mut self.totals);
        self
    }

    /// Adds what others read.
    pub fn add(&mut self, other: &Self) {
        self.loaded.extend(&other.loaded);
        self.exported.extend(&other.exported);
        self.modes.extend(&other.modes);
        self.all_modes.extend(&other.all_modes);
        self.claims.extend(&other.claims);
        self.metal_weight.extend(&other.metal_weight);
        for metal in 0..3 {
            self.metals[metal] |= other.metals[metal];
            self.bounds[metal].extend(&other.bounds[metal]);
        }
        self.us_part |= other.us_part;
        self.us_spared |= other.us_spared;
        self.caps.extend(&other.caps);
        self.outside.extend(other.outside.iter().cloned());
        self.smelted.extend(other.smelted.iter().cloned());
        self.exporters.extend(other.exporters.iter().cloned());
        self.values.extend(&other.values);
        self.prices.extend(other.prices.iter().cloned());
        self.bases.extend(&other.bases);
        self.units.extend(other.units.iter().cloned());
        self.totals.extend(&other.totals);
        self.facts |= other.facts;
    }

    /// The axes of a line. Where the entry date governs, the parts of its day are alternatives of their own.
    pub fn axes(&self, law: &Law<'_>, line: &Stated<'_>, moments: &[Moment], entry_governs: bool) -> Axes {
        let stated = line.line;
        let mut list = Vec::new();
        if !entry_governs {
            list.push(Axis::Entered(inside(line.entered, law.facts.entry_cuts_in(line.entered))));
        }
        if let Some(date) = stated.import_date {
            let span = date.span(line.clock);
            list.push(Axis::Imported(inside(span, law.facts.entry_cuts_in(span))));
        }
        list.push(Axis::Loaded(transit(line, stated.loading_date, &self.loaded)));
        list.push(Axis::Exported(transit(line, stated.export_date, &self.exported)));
        if stated.mode.is_none() && !self.modes.is_empty() {
            list.push(Axis::Mode(modes(&self.modes, &self.all_modes)));
        }
        let mut claims = self.claims.clone();
        claims.sort_unstable();
        claims.dedup();
        let article = |claim: &ClaimId| law.timeline.ledger.claims[usize::from(claim.0)].article;
        let open = |claim: &ClaimId| article(claim) && stated.claim(*claim).is_none();
        list.extend(claims.into_iter().filter(open).map(Axis::Claim));
        if stated.metal_weight_pct.is_none() && !self.metal_weight.is_empty() {
            let bounds = self.metal_weight.iter().flat_map(|t| [t.0.saturating_sub(1), t.0]);
            list.push(Axis::MetalWeight(shares(bounds.chain([0]), Rate::WHOLE)));
        }
        let room = self.contents(line, &mut list);
        self.countries(law, line, moments, &mut list);
        self.amounts(line, &mut list);
        // What has one point is decided, but still has to be supposed.
        list.retain(|axis| axis.points() > 0);
        Axes { list, room }
    }

    /// The contents; what they can be together.
    fn contents(&self, line: &Stated<'_>, list: &mut Vec<Axis>) -> i64 {
        let stated = [line.line.steel_pct, line.line.aluminum_pct, line.line.copper_pct];
        let taken: i64 = stated.iter().chain([&line.line.us_content_pct]).flatten().map(|share| share.0).sum();
        let left = Rate((Rate::WHOLE.0 - taken).max(0));
        let open: Vec<Metal> =
            Metal::ALL.into_iter().filter(|m| stated[*m as usize].is_none() && self.metals[*m as usize]).collect();
        let own = |metal: Metal| self.bounds[metal as usize].iter().flat_map(|t| [t.0.saturating_sub(1), t.0]);
        let us_open = self.us_part && line.line.us_content_pct.is_none();
        let caps = || self.caps.iter().filter(|_| us_open).map(|cap| cap.0);
        for &metal in &open {
            // Beside its own bounds, what the bounds of the others leave.
            let others = open.iter().filter(|other| **other != metal).flat_map(|other| own(*other));
            let corners = others.chain(caps()).map(|share| left.0.saturating_sub(share));
            list.push(Axis::Metal(metal, shares([0, left.0].into_iter().chain(own(metal)).chain(corners), left)));
        }
        if us_open {
            let corners = open.iter().flat_map(|other| own(*other)).map(|share| left.0.saturating_sub(share));
            list.push(Axis::UsPart(shares([0, left.0].into_iter().chain(caps()).chain(corners), left)));
        }
        let claimed = |numbers: &Vec<Condition>| {
            let holds = |condition: &Condition| match condition {
                Condition::Chapter98(numbers) => crate::facts::chapter_98(line.line, numbers) == Some(true),
                _ => true,
            };
            numbers.iter().all(holds)
        };
        let known = line.line.processing_value.is_some() && line.line.value.is_some();
        if !known && self.outside.iter().any(claimed) {
            list.push(Axis::Outside(vec![Rate::ZERO, Rate::WHOLE]));
        }
        left.0
    }

    /// Countries in and out of each set that is read; for smelting, one country or two.
    fn countries(&self, law: &Law<'_>, line: &Stated<'_>, moments: &[Moment], list: &mut Vec<Axis>) {
        let stated = line.line;
        if !self.smelted.is_empty() && (stated.smelt_countries.is_empty() || stated.cast_country.is_none()) {
            let single = representatives(law, moments, &self.smelted);
            if stated.smelt_countries.is_empty() {
                let mut lists: Vec<SmallVec<[Origin; 2]>> =
                    single.iter().map(|c| SmallVec::from_slice(&[*c])).collect();
                for (at, a) in single.iter().enumerate() {
                    lists.extend(single[at + 1..].iter().map(|b| SmallVec::from_slice(&[*a, *b])));
                }
                list.push(Axis::Smelted(lists));
            }
            if stated.cast_country.is_none() {
                list.push(Axis::Cast(single));
            }
        }
        if stated.export_country.is_none() && !self.exporters.is_empty() {
            list.push(Axis::Exporter(representatives(law, moments, &self.exporters)));
        }
    }

    /// The value, for conditions, and quantities.
    fn amounts(&self, line: &Stated<'_>, list: &mut Vec<Axis>) {
        let stated = line.line;
        let mut values: Vec<i64> = self.values.iter().flat_map(|v| [v.0, v.0.saturating_add(1)]).collect();
        let mut quantities: Vec<(String, Vec<i64>)> = Vec::new();
        for (unit, price) in &self.prices {
            match quantity_in(stated, unit) {
                Some(quantity) => {
                    let product = i128::from(price.0) * i128::from(quantity.0);
                    let least = product / UNIT_PRICES + i128::from(product % UNIT_PRICES > 0);
                    values.extend(i64::try_from(least).ok().into_iter().flat_map(|v| [v.saturating_sub(1), v]));
                }
                None => turning(&mut quantities, unit, &[price.0.saturating_sub(1), price.0]),
            }
        }
        for (general, bound) in &self.bases {
            let base = if *general { line.general } else { line.ordinary };
            if let Some(base) = base.filter(|base| base.ad_valorem.is_none()) {
                base_turns(stated, base, *bound, &mut values, &mut quantities);
            }
        }
        if stated.value.is_some() {
            let topped = self.totals.iter().filter_map(|(over, total)| {
                let base = if *over == Over::General { line.general } else { line.ordinary };
                base.map(|base| (base, *total))
            });
            let topped: Vec<(&Base, Rate)> = topped.collect();
            // Where a total has nothing left to top up the bill turns too.
            for (base, total) in topped.iter().filter(|(base, _)| base.ad_valorem.is_none()) {
                base_turns(stated, base, *total, &mut values, &mut quantities);
            }
            let bases = topped.iter().map(|(base, _)| *base).chain(line.ordinary).flat_map(Base::units);
            let bases = bases.map(|unit| unit.to_string());
            for unit in self.units.iter().cloned().chain(bases) {
                if quantity_in(stated, &unit).is_none() {
                    turning(&mut quantities, &unit, &[]);
                }
            }
        } else {
            values.retain(|value| *value >= 0);
            values.sort_unstable();
            values.dedup();
            list.push(Axis::Value(values.into_iter().map(Cents).collect()));
        }
        for (unit, mut prices) in quantities {
            prices.retain(|price| *price > 0);
            prices.sort_unstable();
            prices.dedup();
            let between = prices.into_iter().map(|price| Amount::AtPrice(UnitPrice(price)));
            list.push(Axis::Quantity(unit, [Amount::Nothing, Amount::Boundless].into_iter().chain(between).collect()));
        }
    }
}

/// The records that read of a line more than claims and units, at some time.
pub(crate) fn reading(law: &Law<'_>) -> Bits {
    let mut found = Bits::new(law.records());
    let (provisions, exceptions) = (&law.timeline.provisions, &law.timeline.exceptions);
    for record in 0..law.records() {
        let by_rate = provisions.get(record).is_some_and(|node| {
            let kept = node.suspensions.iter().filter_map(|suspension| suspension.keeps.as_ref());
            let mut rates = node.record.rates.iter().map(|rate| &rate.rate).chain(kept);
            rates.any(|rate| matches!(rate, DutyRate::OfMetal(..) | DutyRate::OfNonUs(..) | DutyRate::Total(..)))
        });
        let exception = record.checked_sub(provisions.len()).and_then(|at| exceptions.get(at));
        let outside = exception.is_some_and(|node| node.record.spares == Some(Spares::OutsideProcessing));
        let by_condition = Reads::of_conditions(law.tests(record)) != Reads::default();
        if by_rate || outside || by_condition {
            found.insert(record);
        }
    }
    found
}

/// Where a base rate that is not ad valorem crosses a share of the value: at these values, or at these prices of a unit that
/// is not stated, each where the others that are not stated are nothing.
fn base_turns(
    line: &EntryLine,
    base: &Base,
    bound: Rate,
    values: &mut Vec<i64>,
    quantities: &mut Vec<(String, Vec<i64>)>,
) {
    for unit in base.units() {
        if quantity_in(line, &unit.to_string()).is_none() {
            turning(quantities, &unit.to_string(), &[]);
        }
    }
    let Some(bound) = Fraction::new(i128::from(bound.0), i128::from(Rate::WHOLE.0)) else { return };
    for amounts in base.amounts(line) {
        // What overflows has no turning point within reach.
        let _ = amounts_turn(line, &amounts, bound, values, quantities);
    }
}

fn amounts_turn(
    line: &EntryLine,
    amounts: &Amounts,
    bound: Fraction,
    values: &mut Vec<i64>,
    quantities: &mut Vec<(String, Vec<i64>)>,
) -> Option<()> {
    let left = bound.plus(negative(amounts.share)?)?;
    if left.numerator() <= 0 {
        return None;
    }
    let mut due = Fraction::ZERO;
    for (price, unit) in &amounts.prices {
        if let Some(quantity) = quantity_in(line, &unit.to_string()) {
            due = due.plus(price.times(Fraction::new(i128::from(quantity.0), 1_000_000)?)?)?;
        }
    }
    if due.numerator() > 0 {
        let greatest = floor(due.times(inverse(left)?)?, 100)?;
        values.extend([greatest, greatest.saturating_add(1)]);
    }
    // The share of the value that is left to a quantity that is not stated.
    let left = match line.value.filter(|value| value.0 > 0) {
        Some(value) => left.plus(negative(due.times(Fraction::new(100, i128::from(value.0))?)?)?)?,
        None => left,
    };
    for (price, unit) in &amounts.prices {
        let name = unit.to_string();
        if left.numerator() > 0 && quantity_in(line, &name).is_none() {
            let greatest = floor(price.times(inverse(left)?)?, 1_000_000_000)?;
            turning(quantities, &name, &[greatest, greatest.saturating_add(1)]);
        }
    }
    Some(())
}

fn negative(of: Fraction) -> Option<Fraction> {
    Fraction::new(-of.numerator(), of.denominator())
}

fn inverse(of: Fraction) -> Option<Fraction> {
    Fraction::new(of.denominator(), of.numerator())
}

/// The greatest whole number of parts, so many to one, that is not more.
fn floor(of: Fraction, parts: i128) -> Option<i64> {
    of.numerator().checked_mul(parts).and_then(|n| i64::try_from(n.div_euclid(of.denominator())).ok())
}

fn turning(quantities: &mut Vec<(String, Vec<i64>)>, unit: &str, prices: &[i64]) {
    match quantities.iter_mut().find(|(known, _)| same_unit(known, unit)) {
        Some((_, known)) => known.extend(prices),
        None => quantities.push((unit.to_owned(), prices.to_vec())),
    }
}

/// The first moment of a span, and those inside it.
fn inside((from, _): (Instant, Instant), cuts: &[Instant]) -> Vec<Instant> {
    [from].into_iter().chain(cuts.iter().copied()).collect()
}

/// The values of a loading or export date: not asserted, before all bounds, at each bound; of a bare date, its parts.
fn transit(line: &Stated<'_>, stated: Option<When>, bounds: &[Instant]) -> Vec<Option<Instant>> {
    let mut bounds = bounds.to_vec();
    bounds.sort_unstable();
    bounds.dedup();
    if let Some(date) = stated {
        let (from, until) = date.span(line.clock);
        let inside = bounds.into_iter().filter(|at| from < *at && *at < until);
        return [from].into_iter().chain(inside).map(Some).collect();
    }
    let before = bounds.first().map(|first| Instant(first.0.saturating_sub(1)));
    let dates = before.into_iter().chain(bounds).map(Some);
    [None].into_iter().chain(dates).collect()
}

/// Not asserted, each mode that stands beside an in-transit date, and one that no record names.
fn modes(named: &[Mode], all: &[Mode]) -> Vec<Option<Mode>> {
    const EVERY: [Mode; 6] = [Mode::Vessel, Mode::Rail, Mode::Truck, Mode::Air, Mode::Mail, Mode::Other];
    let other = EVERY.into_iter().find(|mode| !all.contains(mode));
    let read = EVERY.into_iter().filter(|mode| named.contains(mode) || Some(*mode) == other).map(Some);
    [None].into_iter().chain(read).collect()
}

fn shares(values: impl Iterator<Item = i64>, most: Rate) -> Vec<Rate> {
    let mut shares: Vec<_> = values.filter(|share| (0..=most.0).contains(share)).map(Rate).collect();
    shares.sort_unstable();
    shares.dedup();
    shares
}

/// One country for each way of being in and out of sets at these moments, and one that none of them names.
fn representatives(law: &Law<'_>, moments: &[Moment], sets: &[Vec<OriginRef>]) -> Vec<Origin> {
    let mut named: Vec<Origin> = Vec::new();
    for member in sets.iter().flatten() {
        match member {
            OriginRef::Country(origin) => named.push(*origin),
            OriginRef::Group(group) => {
                let members = &law.timeline.ledger.groups[usize::from(group.0)].members;
                named.extend(members.iter().flat_map(|m| m.origins.iter().copied()));
            }
            OriginRef::Any => {}
        }
    }
    named.sort_unstable();
    named.dedup();
    let mut letters = (b'A'..=b'Z').flat_map(|a| (b'A'..=b'Z').map(move |b| Origin([a, b])));
    let outside = letters.find(|country| !named.contains(country));
    let mut found = Vec::new();
    let mut signatures: Vec<Vec<bool>> = Vec::new();
    for origin in named.into_iter().chain(outside) {
        let holds = |moment: &Moment| {
            sets.iter().map(|set| law.timeline.holds_origin(set, origin, *moment)).collect::<Vec<_>>()
        };
        let signature: Vec<bool> = moments.iter().flat_map(holds).collect();
        if !signatures.contains(&signature) {
            signatures.push(signature);
            found.push(origin);
        }
    }
    found
}
