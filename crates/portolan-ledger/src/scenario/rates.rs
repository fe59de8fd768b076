//! Patches of rates: records that say, for each interval and each state of knowledge, what the scenario wants.

use crate::duty_rate::DutyRate;
use crate::number::{Rate, UnitPrice};
use crate::record::{ActId, Ledger, Place, RateRecord, Term};
use crate::time::{Day, Instant};
use crate::timeline::in_force;

/// A factor, in billionths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor(pub i64);

/// How many decimals a factor holds.
pub(super) const FACTOR_PLACES: u32 = 9;
const FACTOR_ONE: i128 = 1_000_000_000;

/// Multiplies every number of a rate but the cap on US content, which is no duty. Exact, or refused.
pub(super) fn scaled(rate: &DutyRate, by: Factor) -> Result<DutyRate, String> {
    let times = |value: i64| {
        let product = i128::from(value) * i128::from(by.0);
        let exact = (product % FACTOR_ONE == 0).then_some(product / FACTOR_ONE);
        exact
            .and_then(|value| i64::try_from(value).ok())
            .ok_or_else(|| format!("`{rate}` times the factor is no rate with so few decimals"))
    };
    let share = |rate: &Rate| times(rate.0).map(Rate);
    let price = |price: &UnitPrice| times(price.0).map(UnitPrice);
    Ok(match rate {
        DutyRate::Add(rate) => DutyRate::Add(share(rate)?),
        DutyRate::OfMetal(rate, metal) => DutyRate::OfMetal(share(rate)?, *metal),
        DutyRate::OfNonUs(rate, cap) => DutyRate::OfNonUs(share(rate)?, *cap),
        DutyRate::Total(rate, over) => DutyRate::Total(share(rate)?, *over),
        DutyRate::Specific(rate, each, unit) => DutyRate::Specific(share(rate)?, price(each)?, unit.clone()),
        DutyRate::InPlaceOfAll(rate) => DutyRate::InPlaceOfAll(share(rate)?),
        DutyRate::InPlaceOfOrdinary(rate) => DutyRate::InPlaceOfOrdinary(share(rate)?),
        DutyRate::InPlaceOfAllEach(each, unit) => DutyRate::InPlaceOfAllEach(price(each)?, unit.clone()),
        DutyRate::Ended | DutyRate::Unknown => rate.clone(),
    })
}

/// The bounds of a patch, and the day on which it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub from: Instant,
    pub until: Option<Instant>,
    pub on: Day,
}

impl Bounds {
    pub(super) fn overlap(&self, other: &Self) -> bool {
        self.until.is_none_or(|until| other.from < until) && other.until.is_none_or(|until| self.from < until)
    }
}

/// Records that lay `wanted` over the rates beneath, within the bounds.
///
/// Between the dates of the records beneath the law does not change, and between the days of their acts knowledge does
/// not. So one record for each interval and, where knowledge changes what is wanted, one more with the same `from`,
/// known from that day, say exactly what the rule of section 3.1 would give. `act` gives the scenario's act of a day.
pub(super) fn over(
    ledger: &mut Ledger,
    beneath: &[RateRecord],
    bounds: Bounds,
    place: Place,
    wanted: impl Fn(Option<&DutyRate>) -> Result<Option<DutyRate>, String>,
    act: impl Fn(&mut Ledger, Day) -> ActId,
) -> Result<Vec<RateRecord>, String> {
    let mut layer = Layer { beneath, place, act, found: Vec::new() };
    layer.say(
        ledger,
        bounds,
        |record| wanted(record.map(|r| &r.rate).filter(|rate| **rate != DutyRate::Ended)),
        true,
    )?;
    // A patch beneath that begins inside is stated again there, and so stands no longer: what of it runs on past the
    // end is said anew.
    let inside = |record: &RateRecord| {
        record.patch && record.term.from >= bounds.from && bounds.until.is_some_and(|until| record.term.from < until)
    };
    let past = |record: &&RateRecord| inside(record) && record.term.until.is_none_or(|end| bounds.until < Some(end));
    let ends: Vec<Option<Instant>> = beneath.iter().filter(past).map(|record| record.term.until).collect();
    if let (Some(from), false) = (bounds.until, ends.is_empty()) {
        let until = if ends.contains(&None) { None } else { ends.into_iter().flatten().max() };
        let rest = Bounds { from, until, on: bounds.on };
        layer.say(ledger, rest, |record| Ok(record.filter(|r| inside(r)).map(|r| r.rate.clone())), false)?;
    }
    Ok(layer.found)
}

/// Records over rates, while they are found.
struct Layer<'r, A> {
    beneath: &'r [RateRecord],
    place: Place,
    act: A,
    found: Vec<RateRecord>,
}

impl<A: Fn(&mut Ledger, Day) -> ActId> Layer<'_, A> {
    /// Says what is wanted of the record in force beneath, for each interval and state of knowledge. With `over`, a
    /// patch beneath that begins with an interval is spoken over whenever it becomes known.
    fn say(
        &mut self,
        ledger: &mut Ledger,
        bounds: Bounds,
        wanted: impl Fn(Option<&RateRecord>) -> Result<Option<DutyRate>, String>,
        over: bool,
    ) -> Result<(), String> {
        let days = days(ledger, self.beneath, bounds);
        let cuts = cuts(self.beneath, bounds);
        for (index, &from) in cuts.iter().enumerate() {
            let until = cuts.get(index + 1).copied().or(bounds.until);
            let mut said: Option<DutyRate> = None;
            for &known in &days {
                let now = wanted(in_force(ledger, self.beneath, from, known))?;
                let begins = |record: &RateRecord| {
                    record.patch && record.term.from == from && ledger.act(record.term.act).issued == known
                };
                let again = over && self.beneath.iter().any(begins);
                let unchanged = match &said {
                    None => now.is_none(),
                    Some(said) => *said == now.clone().unwrap_or(DutyRate::Ended),
                };
                if unchanged && !again {
                    continue;
                }
                let rate = now.unwrap_or(DutyRate::Ended);
                said = Some(rate.clone());
                let term = Term { from, until, act: (self.act)(ledger, known), place: self.place };
                self.found.push(RateRecord { rate, term, patch: true, note: None });
            }
        }
        Ok(())
    }
}

/// The days on which what is known of the rates beneath changes, from the day of the patch on.
fn days(ledger: &Ledger, beneath: &[RateRecord], bounds: Bounds) -> Vec<Day> {
    let issued = beneath.iter().map(|record| ledger.act(record.term.act).issued).filter(|day| *day > bounds.on);
    let mut days: Vec<Day> = issued.chain([bounds.on]).collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// The moments within the bounds at which the rates beneath change.
fn cuts(beneath: &[RateRecord], bounds: Bounds) -> Vec<Instant> {
    let dates = beneath.iter().flat_map(|record| std::iter::once(record.term.from).chain(record.term.until));
    let inside = |at: &Instant| *at > bounds.from && bounds.until.is_none_or(|until| *at < until);
    let mut cuts: Vec<Instant> = dates.filter(inside).chain([bounds.from]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}
