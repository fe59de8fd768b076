//! The facts of a line: as stated, and the representative values of those that were not.

use portolan_ledger::duty_rate::Metal;
use portolan_ledger::line::{EntryLine, StatedQuantity, When as DateStated};
use portolan_ledger::record::{Bound, ClaimId, Condition, GoverningDate, Mode, Origin, OriginRef, Share};
use portolan_ledger::schedule::unit::Unit;
use portolan_ledger::{Cents, DutyRate, Instant, Quantity, Rate, UnitPrice};

use crate::base::OrdinaryRate;
use crate::fault::Fault;
use crate::frame::Frame;
use crate::index::Auditor;
use crate::law::Layer;
use crate::parts::common_divisor;
use crate::rate::{DEGREES, Sum};

/// A quantity in one unit, as far as anything can be said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuantityIs {
    /// As stated.
    Stated(Quantity),
    /// So little that the price of a unit is above every bound.
    Nothing,
    /// So much that the price of a unit is below every bound.
    Boundless,
    /// As much as gives this price of a unit.
    AtPrice(UnitPrice),
}

/// The value of processing abroad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessingIs {
    /// As stated, the value with it.
    Stated(Cents),
    /// Nothing was processed abroad.
    Nothing,
    /// All of the value is processing abroad.
    Everything,
}

/// One setting of every fact that the law can read. `None` is an assertion not made, or a fact that nothing reads.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub entry: Instant,
    pub import: Option<Instant>,
    pub loading: Option<Instant>,
    pub export: Option<Instant>,
    pub mode: Option<Mode>,
    /// By claim.
    pub claims: Vec<Option<bool>>,
    pub metal_weight: Option<Rate>,
    /// Steel, aluminum, copper.
    pub metals: [Rate; 3],
    /// As asserted, for conditions.
    pub us_content: Option<Rate>,
    /// The US part where it was not stated and a rate on what is not US content needs it.
    pub us_part: Option<Rate>,
    /// Only where a record asks for it.
    pub processing: Option<ProcessingIs>,
    pub smelt: Vec<Origin>,
    pub cast: Option<Origin>,
    pub export_country: Option<Origin>,
    /// For conditions; money is known only where the line states it.
    pub value: Option<Cents>,
    /// By unit.
    pub quantities: Vec<(String, QuantityIs)>,
}

impl Facts {
    /// The quantity in a unit.
    pub fn quantity(&self, unit: &str) -> Option<QuantityIs> {
        let found = self.quantities.iter().find(|(stated, _)| same_unit(stated, unit));
        let converted = || self.quantities.iter().find_map(|(stated, quantity)| convert(stated, *quantity, unit));
        found.map(|(_, quantity)| *quantity).or_else(converted)
    }

    /// What the line states; bare dates stand at their first moment until a dimension moves them.
    pub fn stated(auditor: &Auditor<'_>, line: &EntryLine) -> Result<Self, Fault> {
        let clock = auditor.clock(line.side)?;
        let first = |date: DateStated| date.span(clock).0;
        let mut claims = vec![None; auditor.ledger.claims.len()];
        for (index, claim) in claims.iter_mut().enumerate() {
            let id = u16::try_from(index).map_err(|_| Fault::Ledger("too many claims".into()))?;
            *claim = line.claim(ClaimId(id));
        }
        let quantities = line.quantities.iter().map(|q| (q.unit.clone(), QuantityIs::Stated(q.quantity)));
        Ok(Self {
            entry: first(line.entry_date),
            import: line.import_date.map(first),
            loading: line.loading_date.map(first),
            export: line.export_date.map(first),
            mode: line.mode,
            claims,
            metal_weight: line.metal_weight_pct,
            metals: [line.steel_pct, line.aluminum_pct, line.copper_pct].map(|share| share.unwrap_or(Rate::ZERO)),
            us_content: line.us_content_pct,
            us_part: None,
            processing: line.value.and(line.processing_value).map(ProcessingIs::Stated),
            smelt: line.smelt_countries.clone(),
            cast: line.cast_country,
            export_country: line.export_country,
            value: line.value,
            quantities: quantities.collect(),
        })
    }
}

/// The values that one fact can take, as far as the law can tell them apart.
#[derive(Clone, Debug)]
pub(crate) enum Choices {
    Entry(Vec<Instant>),
    Import(Vec<Instant>),
    Loading(Vec<Option<Instant>>),
    Export(Vec<Option<Instant>>),
    Mode(Vec<Option<Mode>>),
    Claim(ClaimId),
    MetalWeight(Vec<Rate>),
    Metal(Metal, Vec<Rate>),
    UsPart(Vec<Rate>),
    Processing(Vec<ProcessingIs>),
    Smelt(Vec<Vec<Origin>>),
    Cast(Vec<Origin>),
    ExportCountry(Vec<Origin>),
    Value(Vec<Cents>),
    Quantity(String, Vec<QuantityIs>),
}

impl Choices {
    pub fn count(&self) -> usize {
        match self {
            Self::Entry(list) | Self::Import(list) => list.len(),
            Self::Loading(list) | Self::Export(list) => list.len(),
            Self::Mode(list) => list.len(),
            Self::Claim(_) => 2,
            Self::MetalWeight(list) | Self::Metal(_, list) | Self::UsPart(list) => list.len(),
            Self::Processing(list) => list.len(),
            Self::Smelt(list) => list.len(),
            Self::Cast(list) | Self::ExportCountry(list) => list.len(),
            Self::Value(list) => list.len(),
            Self::Quantity(_, list) => list.len(),
        }
    }

    /// Sets the fact to its `i`-th value.
    pub fn set(&self, i: usize, facts: &mut Facts) {
        match self {
            Self::Entry(list) => facts.entry = list[i],
            Self::Import(list) => facts.import = Some(list[i]),
            Self::Loading(list) => facts.loading = list[i],
            Self::Export(list) => facts.export = list[i],
            Self::Mode(list) => facts.mode = list[i],
            Self::Claim(claim) => facts.claims[usize::from(claim.0)] = Some(i == 1),
            Self::MetalWeight(list) => facts.metal_weight = Some(list[i]),
            Self::Metal(metal, list) => facts.metals[*metal as usize] = list[i],
            Self::UsPart(list) => facts.us_part = Some(list[i]),
            Self::Processing(list) => facts.processing = Some(list[i]),
            Self::Smelt(list) => facts.smelt.clone_from(&list[i]),
            Self::Cast(list) => facts.cast = Some(list[i]),
            Self::ExportCountry(list) => facts.export_country = Some(list[i]),
            Self::Value(list) => facts.value = Some(list[i]),
            Self::Quantity(unit, list) => {
                facts.quantities.retain(|(u, _)| u != unit);
                facts.quantities.push((unit.clone(), list[i]));
            }
        }
    }

    /// Whether the first value is that an in-transit assertion is not made.
    pub fn can_stay_unasserted(&self) -> bool {
        match self {
            Self::Loading(list) | Self::Export(list) => list[0].is_none(),
            Self::Mode(list) => list[0].is_none(),
            _ => false,
        }
    }

    /// What the fact is asked for by.
    pub fn names(&self, auditor: &Auditor<'_>, line: &EntryLine) -> Vec<String> {
        let name = match self {
            Self::Entry(_) => "entry_date",
            Self::Import(_) => "import_date",
            Self::Loading(_) => "loading_date",
            Self::Export(_) => "export_date",
            Self::Mode(_) => "mode_of_transport",
            Self::Claim(claim) => &auditor.ledger.claims[usize::from(claim.0)].name,
            Self::MetalWeight(_) => "metal_weight_pct",
            Self::Metal(Metal::Steel, _) => "steel_pct",
            Self::Metal(Metal::Aluminum, _) => "aluminum_pct",
            Self::Metal(Metal::Copper, _) => "copper_pct",
            Self::Processing(_) if line.processing_value.is_some() => "entered_value_usd",
            Self::Processing(_) => "processing_value_usd",
            Self::UsPart(_) => "us_content_pct",
            Self::Smelt(_) => "smelt_countries",
            Self::Cast(_) => "cast_country",
            Self::ExportCountry(_) => "country_of_export",
            Self::Value(_) => "entered_value_usd",
            Self::Quantity(..) => "quantity_1",
        };
        let mut names = vec![name.to_owned()];
        // The price of a unit is not known without the value either.
        if matches!(self, Self::Quantity(..)) && line.value.is_none() {
            names.push("entered_value_usd".to_owned());
        }
        names
    }
}

/// A stated quantity in another unit that it converts to exactly: tons in kilograms.
fn convert(stated: &str, quantity: QuantityIs, wanted: &str) -> Option<QuantityIs> {
    let QuantityIs::Stated(quantity) = quantity else { return None };
    let factor = Unit::parse(stated).ok()?.in_units_of(Unit::parse(wanted).ok()?)?;
    let millionths = i128::from(quantity.0).checked_mul(factor.numerator())?;
    let rounded = portolan_ledger::number::div_half_up(millionths, factor.denominator());
    i64::try_from(rounded).ok().map(|rounded| QuantityIs::Stated(Quantity(rounded)))
}

/// Whether two texts name one unit: `kg`, `KG`, `kilograms`.
fn same_unit(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    let parsed = || Unit::parse(a).ok().zip(Unit::parse(b).ok());
    a.eq_ignore_ascii_case(b) || parsed().is_some_and(|(a, b)| a == b)
}

/// The name of a column that can govern.
pub(crate) fn governing_name(date: GoverningDate) -> &'static str {
    match date {
        GoverningDate::FtzStatusDate => "ftz_status_date",
        GoverningDate::WithdrawalDate => "withdrawal_date",
        GoverningDate::ItDate => "it_date",
    }
}

/// The first moment of a stated date, and each of these instants inside it.
pub(crate) fn moments(
    auditor: &Auditor<'_>,
    line: &EntryLine,
    stated: DateStated,
    instants: &[Instant],
) -> Result<Vec<Instant>, Fault> {
    let (start, end) = stated.span(auditor.clock(line.side)?);
    let inside = instants.iter().copied().filter(|at| start < *at && *at < end);
    let mut moments: Vec<_> = [start].into_iter().chain(inside).collect();
    moments.sort_unstable();
    moments.dedup();
    Ok(moments)
}

/// What the law of a line can read of it.
#[derive(Default)]
struct Reads<'f> {
    loaded: Vec<Instant>,
    exported: Vec<Instant>,
    /// Modes that records name beside an in-transit date.
    modes: Vec<Mode>,
    /// Modes that any record names.
    all_modes: Vec<Mode>,
    us_part: bool,
    /// How much of the value may count as US.
    caps: Vec<i64>,
    claims: Vec<ClaimId>,
    metal_weight: Vec<Rate>,
    metal: [bool; 3],
    metal_bounds: [Vec<Rate>; 3],
    smelted: Vec<&'f [OriginRef]>,
    exported_from: Vec<&'f [OriginRef]>,
    value_at_most: Vec<Cents>,
    unit_prices: Vec<(&'f str, UnitPrice)>,
    /// Bounds on a base rate.
    bases: Vec<(&'f OrdinaryRate, Rate)>,
    /// A record asks for the value of processing abroad.
    processing: bool,
    /// Units in which something is owed.
    units: Vec<String>,
}

impl<'f> Reads<'f> {
    fn read_frame(&mut self, frame: &'f Frame<'_, '_>) {
        for when in frame.conditions() {
            let in_transit = |c: &Condition| matches!(c, Condition::Loaded(_) | Condition::Exported(_));
            let in_transit = when.conditions.iter().any(in_transit);
            for condition in when.conditions {
                if let (Condition::Mode(modes), true) = (condition, in_transit) {
                    self.modes.extend(modes);
                }
                self.read_condition(frame, condition);
            }
        }
        self.processing |= frame.asks_for_processing();
        for provision in &frame.provisions {
            let Layer::InForce(rate) = provision.layer else {
                continue;
            };
            match rate {
                DutyRate::OfMetal(_, metal) => self.metal[*metal as usize] = true,
                DutyRate::OfNonUs(_, most) => {
                    self.us_part = true;
                    self.caps.extend(most.map(|most| most.0));
                }
                DutyRate::Specific(_, price, unit) | DutyRate::InPlaceOfAllEach(price, unit) if price.0 != 0 => {
                    self.units.push(unit.clone());
                }
                DutyRate::Total(total, over) => {
                    // Where it has nothing left to top up the bill turns.
                    let topped = frame.base.as_ref().map(|base| crate::parts::topped_up(base, *over));
                    self.bases.extend(topped.filter(|_| frame.line.value.is_some()).map(|base| (base, *total)));
                    let rates = frame.base.iter().flat_map(|b| [&b.general, &b.applicable]);
                    self.units.extend(rates.flat_map(OrdinaryRate::units));
                }
                _ => {}
            }
        }
        let owed = frame.base.iter().map(|base| &base.applicable);
        self.units.extend(owed.flat_map(OrdinaryRate::units));
    }

    fn read_condition(&mut self, frame: &'f Frame<'_, '_>, condition: &'f Condition) {
        match condition {
            Condition::Loaded(bound) => self.loaded.push(moment_of(*bound)),
            Condition::Exported(bound) => self.exported.push(moment_of(*bound)),
            Condition::Mode(modes) => self.all_modes.extend(modes),
            Condition::ValueAtMost(value) => self.value_at_most.push(*value),
            Condition::UnitPrice { price, unit, .. } => self.unit_prices.push((unit, *price)),
            Condition::Claim { claim, .. } => self.claims.push(*claim),
            Condition::Share { of, pct, .. } => match of {
                Share::MetalWeight => self.metal_weight.push(*pct),
                Share::Metal(metal) => {
                    self.metal[*metal as usize] = true;
                    self.metal_bounds[*metal as usize].push(*pct);
                }
                Share::UsContent | Share::UsMetal => {}
            },
            Condition::Smelted { countries, .. } => self.smelted.push(countries),
            Condition::ExportedFrom(countries) => self.exported_from.push(countries),
            Condition::Base { general, rate, .. } => {
                let base = frame.base.as_ref();
                let read = base.map(|b| if *general { &b.general } else { &b.applicable });
                self.bases.extend(read.map(|base| (base, *rate)));
            }
            _ => {}
        }
    }
}

fn moment_of(bound: Bound) -> Instant {
    let (Bound::Before(at) | Bound::From(at)) = bound;
    at
}

/// The facts that were not stated and that the law can read, but for the code and the moment that governs.
pub(crate) fn open_facts(
    auditor: &Auditor<'_>,
    line: &EntryLine,
    frames: &[Frame<'_, '_>],
    entry_governs: bool,
) -> Result<Vec<Choices>, Fault> {
    let mut reads = Reads::default();
    for frame in frames {
        reads.read_frame(frame);
    }
    let mut found = Vec::new();
    if !entry_governs {
        let choices = moments(auditor, line, line.entry_date, &auditor.entered)?;
        found.push(Choices::Entry(choices));
    }
    if let Some(import) = line.import_date {
        found.push(Choices::Import(moments(auditor, line, import, &auditor.entered)?));
    }
    found.push(Choices::Loading(transit_dates(auditor, line, line.loading_date, &reads.loaded)?));
    found.push(Choices::Export(transit_dates(auditor, line, line.export_date, &reads.exported)?));
    if line.mode.is_none() && !reads.modes.is_empty() {
        found.push(Choices::Mode(modes(&reads.modes, &reads.all_modes)));
    }
    reads.claims.sort_unstable();
    reads.claims.dedup();
    for claim in &reads.claims {
        let record = &auditor.ledger.claims[usize::from(claim.0)];
        if record.article && line.claim(*claim).is_none() {
            found.push(Choices::Claim(*claim));
        }
    }
    if line.metal_weight_pct.is_none() && !reads.metal_weight.is_empty() {
        let bounds = reads.metal_weight.iter().flat_map(|t| [t.0.saturating_sub(1), t.0]);
        found.push(Choices::MetalWeight(shares(bounds.chain([0]), Rate::WHOLE)));
    }
    found.extend(contents(line, &reads));
    if reads.processing && line.value.and(line.processing_value).is_none() {
        found.push(Choices::Processing(vec![ProcessingIs::Nothing, ProcessingIs::Everything]));
    }
    found.extend(countries(line, frames, &reads));
    found.extend(amounts(line, &reads)?);
    // One value is no choice, but it must be set.
    found.retain(|choices| choices.count() > 0);
    Ok(found)
}

/// The values of a loading or export date: not asserted, before all bounds, at each bound.
fn transit_dates(
    auditor: &Auditor<'_>,
    line: &EntryLine,
    stated: Option<DateStated>,
    bounds: &[Instant],
) -> Result<Vec<Option<Instant>>, Fault> {
    if let Some(date) = stated {
        let moments = moments(auditor, line, date, bounds)?;
        return Ok(moments.into_iter().map(Some).collect());
    }
    let mut dates = vec![None];
    if let Some(first) = bounds.iter().min() {
        dates.push(Some(Instant(first.0.saturating_sub(1))));
        dates.extend(bounds.iter().copied().map(Some));
    }
    dates.sort_unstable();
    dates.dedup();
    Ok(dates)
}

/// Not asserted, each mode that is named beside an in-transit date, and one that no record names.
fn modes(named: &[Mode], all: &[Mode]) -> Vec<Option<Mode>> {
    let every = [Mode::Vessel, Mode::Rail, Mode::Truck, Mode::Air, Mode::Mail, Mode::Other];
    let other = every.into_iter().find(|mode| !all.contains(mode));
    let mut modes: Vec<_> = named.iter().copied().chain(other).map(Some).collect();
    modes.push(None);
    modes.sort_unstable();
    modes.dedup();
    modes
}

fn shares(values: impl Iterator<Item = i64>, most: Rate) -> Vec<Rate> {
    let mut shares: Vec<_> = values.map(Rate).filter(|s| s.0 >= 0 && *s <= most).collect();
    shares.sort_unstable();
    shares.dedup();
    shares
}

/// Metal contents that are read and not stated: nothing, all that is left, each bound and just below it, and what
/// the bounds of the others leave: the corners between which the duty is linear.
fn contents(line: &EntryLine, reads: &Reads<'_>) -> Vec<Choices> {
    let stated = [line.steel_pct, line.aluminum_pct, line.copper_pct];
    let taken: i64 = stated.iter().chain([&line.us_content_pct]).flatten().map(|s| s.0).sum();
    let left = Rate((Rate::WHOLE.0 - taken).max(0));
    let open = |m: Metal| stated[m as usize].is_none() && reads.metal[m as usize];
    let bounds = |m: Metal| {
        let bounds = reads.metal_bounds[m as usize].iter();
        bounds.flat_map(|t| [t.0.saturating_sub(1), t.0])
    };
    let us_open = reads.us_part && line.us_content_pct.is_none();
    let caps = || reads.caps.iter().copied().filter(|_| us_open);
    let mut found = Vec::new();
    for metal in Metal::ALL.into_iter().filter(|m| open(*m)) {
        let others = Metal::ALL.into_iter().filter(|m| *m != metal && open(*m));
        let corners = others.flat_map(bounds).chain(caps()).map(|share| left.0.saturating_sub(share));
        let values = [0, left.0].into_iter().chain(bounds(metal)).chain(corners);
        found.push(Choices::Metal(metal, shares(values, left)));
    }
    if us_open {
        let corners =
            Metal::ALL.into_iter().filter(|m| open(*m)).flat_map(bounds).map(|share| left.0.saturating_sub(share));
        found.push(Choices::UsPart(shares([0, left.0].into_iter().chain(caps()).chain(corners), left)));
    }
    found
}

/// Countries in and out of each set that is read; for smelting, one country or two.
fn countries(line: &EntryLine, frames: &[Frame<'_, '_>], reads: &Reads<'_>) -> Vec<Choices> {
    let mut found = Vec::new();
    if !reads.smelted.is_empty() {
        let single = representatives(frames, &reads.smelted);
        if line.smelt_countries.is_empty() {
            let mut lists: Vec<_> = single.iter().map(|c| vec![*c]).collect();
            for (i, a) in single.iter().enumerate() {
                lists.extend(single[i + 1..].iter().map(|b| vec![*a, *b]));
            }
            found.push(Choices::Smelt(lists));
        }
        if line.cast_country.is_none() {
            found.push(Choices::Cast(single));
        }
    }
    if line.export_country.is_none() && !reads.exported_from.is_empty() {
        let single = representatives(frames, &reads.exported_from);
        found.push(Choices::ExportCountry(single));
    }
    found
}

/// One country for every way of being in and out of these sets that the frames can tell apart.
fn representatives(frames: &[Frame<'_, '_>], sets: &[&[OriginRef]]) -> Vec<Origin> {
    let Some(frame) = frames.first() else {
        return Vec::new();
    };
    let groups = &frame.law.auditor.ledger.groups;
    let mut named = Vec::new();
    for origin in sets.iter().copied().flatten() {
        match origin {
            OriginRef::Any => {}
            OriginRef::Country(country) => named.push(*country),
            OriginRef::Group(group) => {
                let members = groups[usize::from(group.0)].members.iter();
                named.extend(members.flat_map(|m| &m.origins));
            }
        }
    }
    let letters = || b'A'..=b'Z';
    let outside =
        letters().flat_map(|a| letters().map(move |b| Origin([a, b]))).find(|country| !named.contains(country));
    named.sort_unstable();
    named.dedup();
    let mut seen = Vec::new();
    let mut kept = Vec::new();
    for country in named.into_iter().chain(outside) {
        let inside: Vec<bool> =
            frames.iter().flat_map(|f| sets.iter().map(move |set| f.law.one_of(set, country))).collect();
        if !seen.contains(&inside) {
            seen.push(inside);
            kept.push(country);
        }
    }
    kept
}

/// The quantity that a line states in a unit, or in one that converts to it.
fn stated_in(line: &EntryLine, unit: &str) -> Option<Quantity> {
    let found = line.quantities.iter().find(|q| same_unit(&q.unit, unit));
    let convert = |q: &StatedQuantity| match convert(&q.unit, QuantityIs::Stated(q.quantity), unit) {
        Some(QuantityIs::Stated(quantity)) => Some(quantity),
        _ => None,
    };
    found.map(|q| q.quantity).or_else(|| line.quantities.iter().find_map(convert))
}

/// Values and quantities that are read and not stated.
fn amounts(line: &EntryLine, reads: &Reads<'_>) -> Result<Vec<Choices>, Fault> {
    let mut values: Vec<i64> = reads.value_at_most.iter().flat_map(|v| [v.0, v.0.saturating_add(1)]).collect();
    let mut quantities: Vec<(String, Vec<UnitPrice>)> = Vec::new();
    for (unit, price) in &reads.unit_prices {
        match stated_in(line, unit) {
            Some(quantity) => values.extend(value_at_price(*price, quantity)?),
            None => add_prices(&mut quantities, unit, &[price.0.saturating_sub(1), price.0]),
        }
    }
    for (base, bound) in &reads.bases {
        let sums = base.sums().filter(|_| base.ad_valorem().is_none());
        for sum in sums.iter().flat_map(|sums| sums.iter()) {
            base_turns(line, sum, *bound, &mut values, &mut quantities)?;
        }
    }
    if line.value.is_some() {
        let open = reads.units.iter().filter(|unit| stated_in(line, unit).is_none());
        open.for_each(|unit| add_prices(&mut quantities, unit, &[]));
    }
    let mut found = Vec::new();
    if line.value.is_none() {
        values.retain(|v| *v >= 0);
        values.sort_unstable();
        values.dedup();
        found.push(Choices::Value(values.into_iter().map(Cents).collect()));
    }
    for (unit, mut prices) in quantities {
        prices.retain(|p| p.0 > 0);
        prices.sort_unstable();
        prices.dedup();
        let between = prices.into_iter().map(QuantityIs::AtPrice);
        let ends = [QuantityIs::Nothing, QuantityIs::Boundless];
        found.push(Choices::Quantity(unit, ends.into_iter().chain(between).collect()));
    }
    Ok(found)
}

fn add_prices(quantities: &mut Vec<(String, Vec<UnitPrice>)>, unit: &str, prices: &[i64]) {
    let prices = prices.iter().copied().map(UnitPrice);
    let unit = unit.trim().to_ascii_lowercase();
    match quantities.iter_mut().find(|(known, _)| same_unit(known, &unit)) {
        Some((_, known)) => known.extend(prices),
        None => quantities.push((unit, prices.collect())),
    }
}

/// The least value at which a unit costs this, and a cent less.
fn value_at_price(price: UnitPrice, quantity: Quantity) -> Result<[i64; 2], Fault> {
    // Billionths of a dollar times millionths of a unit are 10^-13 cents.
    const UNIT: i128 = 10_i128.pow(13);
    let product = i128::from(price.0) * i128::from(quantity.0);
    let least = product / UNIT + i128::from(product % UNIT > 0);
    let least = i64::try_from(least).map_err(|_| Fault::Overflow)?;
    Ok([least.saturating_sub(1), least])
}

/// Where a sum crosses a share of the value: prices of a unit of what is not stated, each where the others that are not
/// stated are nothing, and values.
fn base_turns(
    line: &EntryLine,
    sum: &Sum,
    bound: Rate,
    values: &mut Vec<i64>,
    quantities: &mut Vec<(String, Vec<UnitPrice>)>,
) -> Result<(), Fault> {
    let missing = i128::from(bound.0) * 3 - sum.thirds;
    if missing <= 0 || sum.of_a_part {
        return Ok(());
    }
    let degrees = stated_in(line, DEGREES);
    if sum.sugar.is_some() && degrees.is_none() {
        // Between none and all of them the price of a kilogram only rises.
        add_prices(quantities, DEGREES, &[]);
    }
    for prices in sum.prices(degrees) {
        let mut due = 0_i128;
        for (price, unit) in &prices {
            let quantity = stated_in(line, unit).map_or(0, |quantity| i128::from(quantity.0));
            due = price.checked_mul(quantity).and_then(|more| due.checked_add(more)).ok_or(Fault::Overflow)?;
        }
        if due > 0 {
            values.extend(value_at_share(due, missing)?);
        }
        for (price, unit) in prices.iter().filter(|(_, unit)| stated_in(line, unit).is_none()) {
            let turning = price_at_share(*price, missing, line.value.map(|value| (value, due)))?;
            add_prices(quantities, unit, &turning);
        }
    }
    Ok(())
}

/// The greatest value of which a duty in 10^-21 of a dollar is still a share, in thirds of a billionth; and a cent more.
fn value_at_share(due: i128, share: i128) -> Result<[i64; 2], Fault> {
    let greatest = due.checked_mul(3).ok_or(Fault::Overflow)? / (share * 10_000_000_000);
    let greatest = i64::try_from(greatest).map_err(|_| Fault::Overflow)?;
    Ok([greatest, greatest.saturating_add(1)])
}

/// The greatest price of a unit at which an amount for each, in 10^-15 of a dollar, is still this share of the value, in
/// thirds of a billionth; and a billionth more. Where the value is known, a duty on other quantities, in 10^-21 of a dollar,
/// counts too; where it is enough by itself there is no such price.
fn price_at_share(amount: i128, share: i128, beside: Option<(Cents, i128)>) -> Result<Vec<i64>, Fault> {
    let greatest = match beside {
        Some((value, due)) if due > 0 => {
            let left = share
                .checked_mul(i128::from(value.0))
                .and_then(|left| left.checked_mul(10_000_000_000))
                .and_then(|left| left.checked_sub(due.checked_mul(3)?))
                .ok_or(Fault::Overflow)?;
            if left <= 0 {
                return Ok(Vec::new());
            }
            let product = amount.checked_mul(i128::from(value.0));
            // What divides both sides is left out, so that the numbers stay small.
            let scale = 30_000_000_000_000_i128;
            let shared = common_divisor(left, scale);
            product.and_then(|p| p.checked_mul(scale / shared)).ok_or(Fault::Overflow)? / (left / shared)
        }
        _ => amount.checked_mul(3_000).ok_or(Fault::Overflow)? / share,
    };
    let greatest = i64::try_from(greatest).map_err(|_| Fault::Overflow)?;
    Ok(vec![greatest, greatest.saturating_add(1)])
}
