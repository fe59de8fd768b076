//! What conditions ask of a line, in three values.
//!
//! Every condition on the line is an *atom*. The values that a fact can take are cut into *regions* by the thresholds
//! of all atoms on that fact; an atom is true on some regions and false on the others. A fact that was not stated may
//! lie in any region, a bare date in those that its day touches. So alternatives are counted, never sampled, and two
//! atoms on one fact can never contradict each other.

use portolan_ledger::line::{EntryLine, When};
use portolan_ledger::number::{Quantity, div_half_up};
use portolan_ledger::record::{Bound, ClaimId, Column, Condition, Mode, Origin, OriginRef, Share};
use portolan_ledger::timeline::{Moment, Test, Timeline};
use portolan_ledger::{Instant, Rate};
use rustc_hash::FxHashMap;

use crate::resolve::Reply;

/// A fact of the line that conditions look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// `loading_date`.
    Loaded,
    /// `export_date`.
    Exported,
    /// `import_date`.
    Imported,
    /// `entry_date`.
    Entered,
    /// `mode_of_transport`.
    Mode,
    /// `mode_of_transport`, where it stands beside a date of loading or export: part of an in-transit clause.
    TransitMode,
    /// `entry_type`.
    EntryType,
    /// `entered_value_usd`.
    Value,
    /// Value over quantity in a unit.
    UnitPrice(String),
    /// The column that applies.
    Column,
    /// `spi`.
    Spi,
    /// A claim.
    Claim(ClaimId),
    /// A share.
    Share(Share),
    /// `melt_country`, `melt_pct`.
    Melted,
    /// `smelt_countries`, `cast_country`.
    Smelted,
    /// Column 1-general over the value.
    General,
    /// The ordinary rate that applies, over the value.
    Ordinary,
    /// `ch98_number`.
    Chapter98,
    /// `country_of_export`.
    ExportCountry,
}

impl Fact {
    /// Whether it is asserted to pay less: not stated means not claimed.
    fn is_assertion(&self, law: &Timeline<'_>) -> bool {
        match self {
            Self::Loaded
            | Self::Exported
            | Self::Mode
            | Self::TransitMode
            | Self::Spi
            | Self::Melted
            | Self::Chapter98 => true,
            Self::Share(share) => matches!(share, Share::UsContent | Share::UsMetal),
            Self::Claim(claim) => !law.ledger.claims[usize::from(claim.0)].article,
            _ => false,
        }
    }

    /// Whether it belongs to an in-transit clause, which is a fact where asserting it would cost more.
    pub fn is_transit(&self) -> bool {
        matches!(self, Self::Loaded | Self::Exported | Self::TransitMode)
    }

    /// The input column, or the claim, to ask for.
    pub fn column(&self, law: &Timeline<'_>) -> String {
        match self {
            Self::Loaded => "loading_date",
            Self::Exported => "export_date",
            Self::Imported => "import_date",
            Self::Entered => "entry_date",
            Self::Mode | Self::TransitMode => "mode_of_transport",
            Self::EntryType => "entry_type",
            Self::Value => "entered_value_usd",
            Self::UnitPrice(_) | Self::General | Self::Ordinary => "quantity_1",
            Self::Column | Self::Spi => "spi",
            Self::Claim(claim) => return law.ledger.claims[usize::from(claim.0)].name.clone(),
            Self::Share(Share::MetalWeight) => "metal_weight_pct",
            Self::Share(Share::Metal(metal)) => return format!("{}_pct", metal.name()),
            Self::Share(Share::UsContent) => "us_content_pct",
            Self::Share(Share::UsMetal) => "us_metal_pct",
            Self::Melted => "melt_country",
            Self::Smelted => "smelt_countries",
            Self::Chapter98 => "ch98_number",
            Self::ExportCountry => "country_of_export",
        }
        .to_owned()
    }
}

/// A set of regions of one fact, one bit each.
pub type Regions = u64;

/// An atom, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtomIx(pub u16);

/// A fact, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactIx(pub u16);

/// A condition on the line, with the regions on which it is true.
#[derive(Clone, Debug)]
pub struct Atom {
    /// The fact it looks at.
    pub fact: FactIx,
    /// The condition.
    pub condition: Condition,
    /// Where it is true.
    pub regions: Regions,
}

/// What an atom says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not, for what is stated.
    False,
    /// It does not, because an assertion was not made.
    NotStated,
    /// It turns on a fact that was not stated, which may lie in these regions.
    Unknown(Regions),
}

/// Numbers on the ordinary rate, which atoms on the base look at.
#[derive(Clone, Copy, Debug)]
pub struct BaseShares {
    /// Column 1-general over the value; none where it cannot be told.
    pub general: Option<Rate>,
    /// The ordinary rate that applies, over the value.
    pub ordinary: Option<Rate>,
    /// The column that applies.
    pub column: Column,
}

/// All facts and atoms of a law.
#[derive(Debug, Default)]
pub struct Facts {
    /// The facts.
    pub facts: Vec<Fact>,
    /// Whether each is an assertion.
    assertion: Vec<bool>,
    /// Cuts of each fact, in order; how a number or moment is placed into a region.
    cuts: Vec<Vec<i64>>,
    /// Countries that stand for the regions of facts about countries.
    countries: Vec<Vec<Option<Origin>>>,
    /// The atoms.
    pub atoms: Vec<Atom>,
    by_condition: FxHashMap<(Condition, bool), AtomIx>,
    assertion_bits: AssertionBits,
}

/// The bit of each assertion; nothing for one that no condition looks at.
#[derive(Debug, Default)]
struct AssertionBits {
    loaded: u128,
    exported: u128,
    mode: u128,
    transit: u128,
    spi: u128,
    melted: u128,
    chapter_98: u128,
    us_content: u128,
    us_metal: u128,
    claims: Vec<u128>,
}

impl Facts {
    /// Collects the conditions of a law.
    pub fn new(law: &Timeline<'_>) -> Self {
        let mut conditions: Vec<(Condition, bool)> = Vec::new();
        let mut add = |tests: &[Test<'_>]| {
            let transit = is_transit_clause(tests);
            for test in tests {
                if let Test::Fact(condition) = test {
                    conditions.push(((*condition).clone(), transit));
                }
            }
        };
        law.provisions.iter().for_each(|node| add(&node.when));
        law.exceptions.iter().for_each(|node| add(&node.when));
        law.prohibitions.iter().for_each(|node| add(&node.when));
        conditions.extend(crate::resolve::internal_conditions(law).into_iter().map(|condition| (condition, false)));
        let mut facts = Self::default();
        let mut found: FxHashMap<Fact, Vec<Condition>> = FxHashMap::default();
        for (condition, transit) in conditions {
            let of = found.entry(fact_of(&condition, transit)).or_default();
            if !of.contains(&condition) {
                of.push(condition);
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        // The order of facts is the order in which alternatives are tried; keep it independent of hashing.
        found.sort_by(|a, b| a.0.cmp(&b.0));
        facts.assertion_bits.claims = vec![0; law.ledger.claims.len()];
        for (fact, conditions) in found {
            facts.add_fact(law, fact, conditions);
        }
        facts
    }

    fn add_assertion(&mut self, fact: &Fact, index: FactIx) {
        let bit = 1_u128 << index.0.min(127);
        let of = &mut self.assertion_bits;
        if fact.is_transit() {
            of.transit |= bit;
        }
        match fact {
            Fact::Loaded => of.loaded = bit,
            Fact::Exported => of.exported = bit,
            Fact::Mode | Fact::TransitMode => of.mode |= bit,
            Fact::Spi => of.spi = bit,
            Fact::Melted => of.melted = bit,
            Fact::Chapter98 => of.chapter_98 = bit,
            Fact::Share(Share::UsContent) => of.us_content = bit,
            Fact::Share(Share::UsMetal) => of.us_metal = bit,
            Fact::Claim(claim) => of.claims[usize::from(claim.0)] = bit,
            _ => {}
        }
    }

    fn add_fact(&mut self, law: &Timeline<'_>, fact: Fact, conditions: Vec<Condition>) {
        let index = FactIx(u16::try_from(self.facts.len()).unwrap_or(u16::MAX));
        let mut cuts: Vec<i64> = conditions.iter().filter_map(cut).collect();
        cuts.sort_unstable();
        cuts.dedup();
        // 63 cuts make 64 regions. A law with more thresholds on one fact would lose alternatives, so it must not happen silently.
        assert!(cuts.len() < 64, "a fact has more than 63 thresholds");
        let countries = representatives(law, &fact, &conditions);
        for condition in conditions {
            let regions = regions_of(law, &condition, &cuts, &countries);
            let atom = AtomIx(u16::try_from(self.atoms.len()).unwrap_or(u16::MAX));
            self.by_condition.insert((condition.clone(), fact == Fact::TransitMode), atom);
            self.atoms.push(Atom { fact: index, condition, regions });
        }
        if fact.is_assertion(law) {
            self.add_assertion(&fact, index);
        }
        self.assertion.push(fact.is_assertion(law));
        self.facts.push(fact);
        self.cuts.push(cuts);
        self.countries.push(countries);
    }

    /// The atom of a condition of the law, in a record whose conditions make it an in-transit clause or not.
    pub fn atom(&self, condition: &Condition, transit: bool) -> Option<AtomIx> {
        let mode = matches!(condition, Condition::Mode(_));
        self.by_condition.get(&(condition.clone(), transit && mode)).copied()
    }

    /// The fact of an atom.
    pub fn fact_of(&self, atom: AtomIx) -> FactIx {
        self.atoms[usize::from(atom.0)].fact
    }

    /// The reply to an atom on an assertion that was not made; none for an atom on a fact.
    pub fn not_made(&self, atom: AtomIx) -> Option<Reply> {
        let atom = &self.atoms[usize::from(atom.0)];
        // `no:b` of a benefit holds when `b` was not claimed.
        let denied = matches!(atom.condition, Condition::Claim { yes: false, .. });
        self.assertion[usize::from(atom.fact.0)].then_some(if denied { Reply::Yes } else { Reply::NotStated })
    }

    /// The bit of an atom's fact in [`Self::stated_assertions`]; facts past the last bit share it.
    pub fn assertion_bit(&self, atom: AtomIx) -> u128 {
        1 << self.fact_of(atom).0.min(127)
    }

    /// The assertions that a line makes, one bit each: what it does not say need not be asked of it.
    pub fn stated_assertions(&self, line: &EntryLine, transit_is_fact: bool) -> u128 {
        let of = &self.assertion_bits;
        let mut bits = if transit_is_fact { of.transit } else { 0 };
        let stated = [
            (line.loading_date.is_some(), of.loaded),
            (line.export_date.is_some(), of.exported),
            (line.mode.is_some(), of.mode),
            (line.spi.is_some(), of.spi),
            (line.melt_country.is_some(), of.melted),
            (line.ch98_number.is_some(), of.chapter_98),
            (line.us_content_pct.is_some(), of.us_content),
            (line.us_metal_pct.is_some(), of.us_metal),
        ];
        for (stated, bit) in stated {
            if stated {
                bits |= bit;
            }
        }
        for stated in &line.claims {
            bits |= of.claims.get(usize::from(stated.claim.0)).copied().unwrap_or(0);
        }
        bits
    }

    /// What an atom says of a line, with what was already supposed of its fact.
    pub fn truth(&self, law: &Timeline<'_>, atom: AtomIx, line: &Stated<'_>, supposed: Option<Regions>) -> Truth {
        let atom = &self.atoms[usize::from(atom.0)];
        let possible = match supposed {
            Some(regions) => regions,
            None => match self.possible(law, atom, line) {
                Ok(truth) => return truth,
                Err(regions) => regions,
            },
        };
        match possible & atom.regions {
            0 => Truth::False,
            both if both == possible => Truth::True,
            _ => Truth::Unknown(possible),
        }
    }

    /// The truth of an atom for what is stated, or the regions in which its fact may lie.
    fn possible(&self, law: &Timeline<'_>, atom: &Atom, line: &Stated<'_>) -> Result<Truth, Regions> {
        if let Some(truth) = stated(law, &atom.condition, line) {
            return truth.map_err(|when| self.day_regions(atom.fact, when));
        }
        let fact = usize::from(atom.fact.0);
        let transit = line.transit_is_fact && self.facts[fact].is_transit();
        if self.assertion[fact] && !transit {
            // `no:b` of a benefit holds when `b` was not claimed.
            let denied = matches!(atom.condition, Condition::Claim { yes: false, .. });
            return Ok(if denied { Truth::True } else { Truth::NotStated });
        }
        let all = self.all_regions(atom.fact);
        Err(match self.facts[fact] {
            // Contents do not sum to more than the whole: what the others leave is the most that this one can be.
            Fact::Share(Share::Metal(_)) => {
                let stated = [line.line.steel_pct, line.line.aluminum_pct, line.line.copper_pct];
                let room = Rate::WHOLE.0 - stated.iter().flatten().map(|rate| rate.0).sum::<i64>();
                let last = self.cuts[fact].partition_point(|&cut| cut <= room);
                all & (Regions::MAX >> (63 - last.min(63)))
            }
            _ => all,
        })
    }

    /// Every region of a fact.
    fn all_regions(&self, fact: FactIx) -> Regions {
        let fact = usize::from(fact.0);
        let count = match &self.facts[fact] {
            Fact::Claim(_) => 2,
            Fact::Mode | Fact::TransitMode => MODES.len(),
            Fact::Smelted | Fact::ExportCountry => self.countries[fact].len(),
            _ => self.cuts[fact].len() + 1,
        };
        if count >= 64 { u64::MAX } else { (1 << count) - 1 }
    }

    /// Moments at which a condition on the entry date, or on a date that it stands for, can turn.
    pub fn entry_cuts(&self) -> impl Iterator<Item = Instant> + '_ {
        let dates =
            self.facts.iter().zip(&self.cuts).filter(|(fact, _)| matches!(fact, Fact::Entered | Fact::Imported));
        dates.flat_map(|(_, cuts)| cuts.iter().map(|&cut| Instant(cut)))
    }

    /// One number for the sides of all those moments that a span touches.
    pub fn entry_regions(&self, (from, until): (Instant, Instant)) -> Regions {
        let before = |end: i64| self.entry_cuts().filter(|cut| cut.0 < end).count() as Regions;
        before(from.0.saturating_add(1)) << 32 | before(until.0)
    }

    /// The regions that a span of moments touches.
    fn day_regions(&self, fact: FactIx, (from, until): (Instant, Instant)) -> Regions {
        let cuts = &self.cuts[usize::from(fact.0)];
        let first = cuts.partition_point(|&cut| cut <= from.0);
        let last = cuts.partition_point(|&cut| cut < until.0);
        (first..=last).fold(0, |regions, region| regions | 1 << region)
    }
}

/// A line with what evaluation knows beside it.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'a> {
    /// The line.
    pub line: &'a EntryLine,
    /// The moment that governs.
    pub moment: Moment,
    /// The entry date as moments.
    pub entered: (Instant, Instant),
    /// The base.
    pub base: BaseShares,
    /// Clock of the levying side.
    pub clock: &'a portolan_ledger::time::Clock,
    /// In-transit dates that were not stated count as facts like the others.
    pub transit_is_fact: bool,
}

/// Whether conditions ask for a date of loading or export.
pub fn is_transit_clause(tests: &[Test<'_>]) -> bool {
    tests.iter().any(|test| matches!(test, Test::Fact(Condition::Loaded(_) | Condition::Exported(_))))
}

fn fact_of(condition: &Condition, transit: bool) -> Fact {
    match condition {
        Condition::Mode(_) if transit => Fact::TransitMode,
        Condition::Loaded(_) => Fact::Loaded,
        Condition::Exported(_) => Fact::Exported,
        Condition::Imported(_) => Fact::Imported,
        Condition::Entered(_) => Fact::Entered,
        Condition::Mode(_) => Fact::Mode,
        Condition::EntryType(_) => Fact::EntryType,
        Condition::ValueAtMost(_) => Fact::Value,
        Condition::UnitPrice { unit, .. } => Fact::UnitPrice(unit.clone()),
        Condition::Column(_) | Condition::Provisions { .. } => Fact::Column,
        Condition::Spi(_) => Fact::Spi,
        Condition::Claim { claim, .. } => Fact::Claim(*claim),
        Condition::Share { of, .. } => Fact::Share(*of),
        Condition::Melted { .. } => Fact::Melted,
        Condition::Smelted { .. } => Fact::Smelted,
        Condition::Base { general: true, .. } => Fact::General,
        Condition::Base { general: false, .. } => Fact::Ordinary,
        Condition::Chapter98(_) => Fact::Chapter98,
        Condition::ExportedFrom(_) => Fact::ExportCountry,
    }
}

/// The first value of the upper region of a threshold.
fn cut(condition: &Condition) -> Option<i64> {
    match condition {
        Condition::Loaded(bound)
        | Condition::Exported(bound)
        | Condition::Imported(bound)
        | Condition::Entered(bound) => {
            let (Bound::Before(at) | Bound::From(at)) = bound;
            Some(at.0)
        }
        Condition::ValueAtMost(cents) => Some(cents.0.saturating_add(1)),
        Condition::UnitPrice { price, .. } => Some(price.0),
        Condition::Share { pct, .. } => Some(pct.0),
        Condition::Base { rate, .. } => Some(rate.0),
        _ => None,
    }
}

/// One country for each way in which the sets of a fact can hold a country, and one that none of them names.
fn representatives(law: &Timeline<'_>, fact: &Fact, conditions: &[Condition]) -> Vec<Option<Origin>> {
    if !matches!(fact, Fact::Smelted | Fact::ExportCountry) {
        return Vec::new();
    }
    let sets: Vec<&[OriginRef]> = conditions.iter().filter_map(countries_of).collect();
    let mut named: Vec<Origin> = Vec::new();
    for member in sets.iter().copied().flatten() {
        match member {
            OriginRef::Country(origin) => named.push(*origin),
            OriginRef::Group(group) => {
                let members = &law.ledger.groups[usize::from(group.0)].members;
                named.extend(members.iter().flat_map(|m| m.origins.iter().copied()));
            }
            OriginRef::Any => {}
        }
    }
    named.sort_unstable();
    named.dedup();
    let mut found = vec![None];
    let mut signatures = vec![sets.iter().map(|set| holds(law, set, None)).collect::<Vec<_>>()];
    for origin in named {
        let signature: Vec<_> = sets.iter().map(|set| holds(law, set, Some(origin))).collect();
        if !signatures.contains(&signature) {
            signatures.push(signature);
            found.push(Some(origin));
        }
    }
    found
}

fn countries_of(condition: &Condition) -> Option<&[OriginRef]> {
    match condition {
        Condition::Smelted { countries, .. }
        | Condition::Melted { countries, .. }
        | Condition::ExportedFrom(countries) => Some(countries),
        _ => None,
    }
}

/// Whether a set ever holds a country; `None` stands for one that is named nowhere.
fn holds(law: &Timeline<'_>, set: &[OriginRef], origin: Option<Origin>) -> bool {
    set.iter().any(|member| match member {
        OriginRef::Any => true,
        OriginRef::Country(country) => origin == Some(*country),
        OriginRef::Group(group) => {
            let members = &law.ledger.groups[usize::from(group.0)].members;
            origin.is_some_and(|origin| members.iter().any(|m| m.origins.contains(&origin)))
        }
    })
}

fn regions_of(law: &Timeline<'_>, condition: &Condition, cuts: &[i64], countries: &[Option<Origin>]) -> Regions {
    let below = |value: i64| cuts.iter().position(|&cut| cut == value).map_or(0, |at| (1_u64 << (at + 1)) - 1);
    let whole: Regions = if cuts.len() >= 63 { u64::MAX } else { (1 << (cuts.len() + 1)) - 1 };
    match condition {
        Condition::Loaded(bound)
        | Condition::Exported(bound)
        | Condition::Imported(bound)
        | Condition::Entered(bound) => match bound {
            Bound::Before(at) => below(at.0),
            Bound::From(at) => whole & !below(at.0),
        },
        Condition::ValueAtMost(cents) => below(cents.0.saturating_add(1)),
        Condition::UnitPrice { at_least, price, .. } => {
            if *at_least {
                whole & !below(price.0)
            } else {
                below(price.0)
            }
        }
        Condition::Share { at_least, pct, .. } => {
            if *at_least {
                whole & !below(pct.0)
            } else {
                below(pct.0)
            }
        }
        Condition::Base { at_least, rate, .. } => {
            if *at_least {
                whole & !below(rate.0)
            } else {
                below(rate.0)
            }
        }
        Condition::Claim { yes, .. } => {
            if *yes {
                0b01
            } else {
                0b10
            }
        }
        Condition::Mode(modes) => {
            MODES.iter().enumerate().filter(|(_, mode)| modes.contains(mode)).fold(0, |r, (i, _)| r | 1 << i)
        }
        Condition::Smelted { countries: set, .. } | Condition::ExportedFrom(set) => {
            countries.iter().enumerate().filter(|(_, origin)| holds(law, set, **origin)).fold(0, |r, (i, _)| r | 1 << i)
        }
        // Always stated, or assertions: no alternatives are counted.
        Condition::EntryType(_)
        | Condition::Column(_)
        | Condition::Spi(_)
        | Condition::Melted { .. }
        | Condition::Chapter98(_)
        | Condition::Provisions { .. } => 0,
    }
}

const MODES: [Mode; 6] = [Mode::Vessel, Mode::Rail, Mode::Truck, Mode::Air, Mode::Mail, Mode::Other];

/// What a condition says of what the line states: `None` if its fact is not stated, `Err` with the span of a bare date
/// whose day the threshold may cut.
fn stated(law: &Timeline<'_>, condition: &Condition, s: &Stated<'_>) -> Option<Result<Truth, (Instant, Instant)>> {
    let line = s.line;
    let plain = |holds: bool| Some(Ok(if holds { Truth::True } else { Truth::False }));
    let threshold = |value: i64, at: i64, at_least: bool| plain((value >= at) == at_least);
    match condition {
        Condition::Loaded(bound) => date(*bound, line.loading_date, s),
        Condition::Exported(bound) => date(*bound, line.export_date, s),
        Condition::Imported(bound) => date(*bound, Some(line.import_date.unwrap_or(line.entry_date)), s),
        Condition::Entered(bound) => Some(compare(*bound, s.entered)),
        Condition::Mode(modes) => line.mode.and_then(|mode| plain(modes.contains(&mode))),
        Condition::EntryType(types) => plain(types.iter().any(|t| t.as_bytes() == line.entry_type)),
        Condition::ValueAtMost(cents) => line.value.and_then(|value| plain(value <= *cents)),
        Condition::UnitPrice { at_least, price, unit } => {
            let quantity = crate::ordinary::quantity_in(line, unit)?;
            let per = unit_price(line.value?.0, quantity)?;
            threshold(per, price.0, *at_least)
        }
        Condition::Column(columns) => plain(columns.contains(&s.base.column)),
        Condition::Spi(spis) => line.spi.as_ref().and_then(|spi| plain(spis.contains(spi))),
        Condition::Claim { claim, yes } => line.claim(*claim).and_then(|said| plain(said == *yes)),
        Condition::Share { of, at_least, pct } => {
            share(line, *of).and_then(|value| threshold(value.0, pct.0, *at_least))
        }
        Condition::Melted { countries, at_least } => {
            let country = line.melt_country?;
            if !law.holds_origin(countries, country, s.moment) {
                return plain(false);
            }
            match at_least {
                None => plain(true),
                // A share that was not stated was not asserted.
                Some(pct) => line.melt_pct.and_then(|stated| plain(stated >= *pct)),
            }
        }
        Condition::Smelted { countries, all } => {
            let mut stated = line.smelt_countries.iter().copied().chain(line.cast_country);
            if line.smelt_countries.is_empty() && line.cast_country.is_none() {
                return None;
            }
            let inside = |origin: Origin| law.holds_origin(countries, origin, s.moment);
            plain(if *all { stated.all(inside) } else { stated.any(inside) })
        }
        Condition::Base { general, at_least, rate } => {
            let value = if *general { s.base.general } else { s.base.ordinary };
            value.and_then(|value| threshold(value.0, rate.0, *at_least))
        }
        Condition::Chapter98(numbers) => line.ch98_number.as_ref().and_then(|stated| {
            let digits: String = stated.chars().filter(|c| *c != '.').collect();
            plain(numbers.is_empty() || numbers.iter().any(|number| digits.starts_with(number.as_str())))
        }),
        Condition::ExportedFrom(countries) => {
            line.export_country.and_then(|c| plain(law.holds_origin(countries, c, s.moment)))
        }
        Condition::Provisions { .. } => plain(false),
    }
}

fn date(bound: Bound, stated: Option<When>, s: &Stated<'_>) -> Option<Result<Truth, (Instant, Instant)>> {
    stated.map(|when| compare(bound, when.span(s.clock)))
}

/// Whether all, none or some of the moments of a span lie on the side of the bound.
fn compare(bound: Bound, (from, until): (Instant, Instant)) -> Result<Truth, (Instant, Instant)> {
    let (at, before) = match bound {
        Bound::Before(at) => (at, true),
        Bound::From(at) => (at, false),
    };
    let all_before = until <= at;
    let none_before = from >= at;
    match (all_before, none_before) {
        (true, _) => Ok(if before { Truth::True } else { Truth::False }),
        (_, true) => Ok(if before { Truth::False } else { Truth::True }),
        _ => Err((from, until)),
    }
}

/// A share that the line states.
pub fn share(line: &EntryLine, of: Share) -> Option<Rate> {
    use portolan_ledger::duty_rate::Metal;
    match of {
        Share::MetalWeight => line.metal_weight_pct,
        Share::Metal(Metal::Steel) => line.steel_pct,
        Share::Metal(Metal::Aluminum) => line.aluminum_pct,
        Share::Metal(Metal::Copper) => line.copper_pct,
        Share::UsContent => line.us_content_pct,
        Share::UsMetal => line.us_metal_pct,
    }
}

/// Cents over a quantity, in billionths of a dollar per unit, rounded half up.
fn unit_price(cents: i64, quantity: Quantity) -> Option<i64> {
    if quantity.0 <= 0 {
        return None;
    }
    // cents * 10^7 = billionths of a dollar; the quantity is in millionths.
    let price = div_half_up(i128::from(cents) * 10_000_000 * 1_000_000, i128::from(quantity.0));
    i64::try_from(price).ok()
}
