//! One condition against one setting of the facts (`LEDGER.md`, section 3.5).

use portolan_ledger::record::{Bound, Column, Condition, Origin, OriginRef, Share};
use portolan_ledger::{Cents, EntryLine, Instant, Rate, UnitPrice};

use crate::base::OrdinaryRate;
use crate::facts::{Facts, QuantityIs};
use crate::frame::Frame;
use crate::parts::Exact;
use crate::rate::{Sum, WHOLE_THIRDS};

/// What a condition says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    /// For a stated fact.
    No,
    /// It asks for an assertion that was not made.
    NotClaimed,
    /// It asks for an ordinary rate that is not known.
    CannotTell,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl Truth {
    /// Of a conjunction: a stated fact against it weighs more than an assertion not made, that more than doubt.
    pub fn and(self, other: Self) -> Self {
        for verdict in [Self::No, Self::NotClaimed, Self::CannotTell] {
            if self == verdict || other == verdict {
                return verdict;
            }
        }
        Self::Yes
    }
}

/// A condition that looks at the line alone; none for one that looks at other provisions.
pub(crate) fn holds(condition: &Condition, frame: &Frame<'_, '_>, facts: &Facts) -> Option<Truth> {
    let line = frame.line;
    let entered = |bound: &Bound, at: Instant| Truth::from(lies(at, *bound));
    Some(match condition {
        Condition::Loaded(bound) => asserted(facts.loading, |at| lies(at, *bound)),
        Condition::Exported(bound) => asserted(facts.export, |at| lies(at, *bound)),
        Condition::Imported(bound) => entered(bound, facts.import.unwrap_or(facts.entry)),
        Condition::Entered(bound) => entered(bound, facts.entry),
        Condition::Mode(modes) => asserted(facts.mode, |mode| modes.contains(&mode)),
        Condition::EntryType(types) => {
            let is = |t: &String| t.as_bytes() == line.entry_type;
            types.iter().any(is).into()
        }
        Condition::ValueAtMost(most) => known(facts.value.map(|value| value <= *most)),
        Condition::UnitPrice { at_least, price, unit } => {
            known(unit_price_reaches(facts, *price, unit).map(|reached| reached == *at_least))
        }
        Condition::Column(columns) => {
            let column = frame.base.as_ref().map_or(Column::General, |b| b.column);
            columns.contains(&column).into()
        }
        Condition::Spi(programs) => asserted(line.spi.as_ref(), |spi| programs.contains(spi)),
        Condition::Claim { claim, yes } => {
            let stated = facts.claims[usize::from(claim.0)];
            match stated {
                Some(stated) => (stated == *yes).into(),
                None if *yes => Truth::NotClaimed,
                None => Truth::Yes,
            }
        }
        Condition::Share { of, at_least, pct } => share(facts, frame, *of, *at_least, *pct),
        Condition::Melted { countries, at_least } => melted(frame, countries, *at_least),
        Condition::Smelted { countries, all } => smelted(frame, facts, countries, *all),
        Condition::Base { general, at_least, rate } => {
            let base = frame.base.as_ref();
            let base = base.map(|b| if *general { &b.general } else { &b.applicable });
            known(base.and_then(|base| base_reaches(base, *rate, facts)).map(|r| r == *at_least))
        }
        Condition::Chapter98(numbers) => chapter_98(line, numbers),
        Condition::ExportedFrom(countries) => {
            known(facts.export_country.map(|country| frame.law.one_of(countries, country)))
        }
        Condition::Provisions { .. } => return None,
    })
}

/// Whether the chapter 98 number that is claimed starts with one of these; none given: with any.
pub(crate) fn chapter_98(line: &EntryLine, numbers: &[String]) -> Truth {
    asserted(line.ch98_number.as_ref(), |number| {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        numbers.is_empty() || numbers.iter().any(|start| digits.starts_with(&**start))
    })
}

fn lies(at: Instant, bound: Bound) -> bool {
    match bound {
        Bound::Before(edge) => at < edge,
        Bound::From(edge) => at >= edge,
    }
}

/// An assertion: not made is false.
fn asserted<T>(stated: Option<T>, holds: impl Fn(T) -> bool) -> Truth {
    stated.map_or(Truth::NotClaimed, |value| holds(value).into())
}

/// A fact: the auditor has set every one that is read, so what is left unknown is the ordinary rate.
fn known(holds: Option<bool>) -> Truth {
    holds.map_or(Truth::CannotTell, Truth::from)
}

fn share(facts: &Facts, frame: &Frame<'_, '_>, of: Share, at_least: bool, pct: Rate) -> Truth {
    let compare = |share: Rate| (share >= pct) == at_least;
    match of {
        Share::MetalWeight => known(facts.metal_weight.map(compare)),
        Share::Metal(metal) => compare(facts.metals[metal as usize]).into(),
        Share::UsContent => asserted(facts.us_content, compare),
        Share::UsMetal => asserted(frame.line.us_metal_pct, compare),
    }
}

fn melted(frame: &Frame<'_, '_>, countries: &[OriginRef], at_least: Option<Rate>) -> Truth {
    let country = asserted(frame.line.melt_country, |c| frame.law.one_of(countries, c));
    match at_least {
        None => country,
        Some(least) => country.and(asserted(frame.line.melt_pct, |pct| pct >= least)),
    }
}

fn smelted(frame: &Frame<'_, '_>, facts: &Facts, countries: &[OriginRef], all: bool) -> Truth {
    let inside = |country: &Origin| frame.law.one_of(countries, *country);
    let mut places = facts.smelt.iter().chain(&facts.cast);
    let holds = if all { places.all(inside) } else { places.any(inside) };
    holds.into()
}

/// Whether a unit costs at least this; none where value or quantity is not known.
fn unit_price_reaches(facts: &Facts, price: UnitPrice, unit: &str) -> Option<bool> {
    Some(match facts.quantity(unit)? {
        QuantityIs::Nothing => true,
        QuantityIs::Boundless => price.0 <= 0,
        QuantityIs::AtPrice(at) => at >= price,
        QuantityIs::Stated(quantity) => {
            let due = i128::from(price.0) * i128::from(quantity.0);
            // Billionths of a dollar times millionths of a unit are 10^-13 cents.
            due <= 0 || i128::from(facts.value?.0) * 10_i128.pow(13) >= due
        }
    })
}

/// Whether a base rate is at least this share of the value, by its duty over the value where it is no plain share: of
/// several sums, whether one is. None where that cannot be told.
fn base_reaches(base: &OrdinaryRate, bound: Rate, facts: &Facts) -> Option<bool> {
    if let Some(share) = base.ad_valorem() {
        return Some(share >= bound);
    }
    let mut told = Some(false);
    for sum in &*base.sums()? {
        match sum_reaches(sum, bound, facts) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => told = None,
        }
    }
    told
}

fn sum_reaches(sum: &Sum, bound: Rate, facts: &Facts) -> Option<bool> {
    let missing = i128::from(bound.0) * 3 - sum.thirds;
    if missing <= 0 {
        // What it takes beside its share of the whole can only add.
        return Some(true);
    }
    if sum.of_a_part {
        return None;
    }
    // Where no quantity is stated each is nothing, or a price of a unit: one value is as good as another.
    let value = if sum.reads_stated(facts) { facts.value? } else { Cents(1) };
    let due = Exact::Of(missing.checked_mul(i128::from(value.0))?, WHOLE_THIRDS);
    sum.on_quantities(Some(value), facts).ok()??.reaches(due).ok()
}
