//! The parts of the value (`LEDGER.md`, section 3.7), and money on them.

use portolan_ledger::duty_rate::{Metal, Over};
use portolan_ledger::number::div_half_up;
use portolan_ledger::{Cents, DutyRate, Rate, UnitPrice};

use crate::answer::Points;
use crate::base::{Base, OrdinaryRate};
use crate::facts::{Facts, ProcessingIs};
use crate::fault::Fault;
use crate::rate::{WHOLE_THIRDS, amount};

/// The parts: steel, aluminum, copper, the US content, what is not processing abroad, the rest.
pub(crate) const PARTS: usize = 6;
const US: usize = 3;
const OUTSIDE: usize = 4;
const REST: usize = 5;

/// A set of parts, of which some may be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartSet(u8);

impl PartSet {
    pub const NONE: Self = Self(0);

    pub fn has(self, part: usize) -> bool {
        self.0 & (1 << part) != 0
    }

    pub fn with(self, part: usize) -> Self {
        Self(self.0 | (1 << part))
    }

    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The US part.
    pub fn us() -> Self {
        Self::NONE.with(US)
    }

    /// What is not processing abroad.
    pub fn outside_processing() -> Self {
        Self::NONE.with(OUTSIDE)
    }

    /// The parts on which a rate is assessed.
    pub fn of(rate: &DutyRate) -> Self {
        match rate {
            DutyRate::OfMetal(_, metal) => Self::NONE.with(*metal as usize),
            DutyRate::OfNonUs(..) => (0..=REST).filter(|part| *part != US).fold(Self::NONE, Self::with),
            _ => (0..=REST).fold(Self::NONE, Self::with),
        }
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..PARTS).filter(move |part| self.has(*part))
    }
}

/// An amount in cents as an exact fraction, or without bound (a quantity that was not stated).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exact {
    Of(i128, i128),
    Unbounded,
}

/// A duty to the cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    Cents(i64),
    Unbounded,
}

impl Exact {
    pub const ZERO: Self = Self::Of(0, 1);

    pub fn round(self) -> Result<Duty, Fault> {
        match self {
            Self::Of(value, divisor) => {
                i64::try_from(div_half_up(value, divisor)).map(Duty::Cents).map_err(|_| Fault::Overflow)
            }
            Self::Unbounded => Ok(Duty::Unbounded),
        }
    }

    pub fn plus(self, other: Self) -> Result<Self, Fault> {
        let (Self::Of(a, b), Self::Of(c, d)) = (self.reduced(), other.reduced()) else {
            return Ok(Self::Unbounded);
        };
        let shared = common_divisor(b, d);
        let (by_d, by_b) = (d / shared, b / shared);
        let sum = a.checked_mul(by_d).zip(c.checked_mul(by_b)).and_then(|(x, y)| x.checked_add(y));
        let divisor = b.checked_mul(by_d);
        sum.zip(divisor).map(|(s, d)| Self::Of(s, d)).ok_or(Fault::Overflow)
    }

    /// Whether it is at least as much as another.
    pub fn reaches(self, other: Self) -> Result<bool, Fault> {
        let (Self::Of(a, b), Self::Of(c, d)) = (self.reduced(), other.reduced()) else {
            return Ok(self == Self::Unbounded);
        };
        a.checked_mul(d).zip(c.checked_mul(b)).map(|(a, c)| a >= c).ok_or(Fault::Overflow)
    }

    /// The same in the smallest terms.
    fn reduced(self) -> Self {
        let Self::Of(value, divisor) = self else { return self };
        let shared = common_divisor(value.abs(), divisor);
        Self::Of(value / shared, divisor / shared)
    }

    /// This amount's share of a part of the whole value.
    fn on(self, part: Cents, whole: Cents) -> Result<Self, Fault> {
        let Self::Of(value, divisor) = self else {
            return Ok(Self::Unbounded);
        };
        if part == whole || whole.0 <= 0 {
            return Ok(self);
        }
        let value = value.checked_mul(i128::from(part.0));
        let divisor = divisor.checked_mul(i128::from(whole.0));
        value.zip(divisor).map(|(v, d)| Self::Of(v, d)).ok_or(Fault::Overflow)
    }
}

/// The greatest number that divides both; of nothing and a number that number.
pub(crate) fn common_divisor(mut a: i128, mut b: i128) -> i128 {
    while a != 0 {
        (a, b) = (b % a, a);
    }
    b.max(1)
}

/// The shares of a value, and its money where it is stated.
pub(crate) struct Value {
    shares: [Points; PARTS],
    /// What is not processing abroad, in cents, where value and processing are stated.
    outside: Option<i64>,
    /// The value as duty is taken on it: whole dollars, or cents.
    pub whole: Option<Cents>,
    /// The value as stated.
    stated: Option<Cents>,
    /// To what values are rounded, in cents.
    grain: i64,
}

impl Value {
    pub fn new(facts: &Facts, stated: Option<Cents>, grain: i64) -> Result<Self, Fault> {
        let [steel, aluminum, copper] = facts.metals.map(Points::from);
        let us = facts.us_part.or(facts.us_content).unwrap_or(Rate::ZERO).into();
        let outside = match (facts.processing, stated) {
            (Some(ProcessingIs::Stated(processing)), Some(value)) => Some(value.0.saturating_sub(processing.0).max(0)),
            _ => None,
        };
        let outside_share = match (facts.processing, outside, stated) {
            (Some(ProcessingIs::Nothing), ..) => Points::WHOLE,
            (_, Some(outside), Some(value)) if value.0 > 0 => {
                Points(div_half_up(i128::from(outside) * Points::WHOLE.0, i128::from(value.0)))
            }
            _ => Points::ZERO,
        };
        let parts = [steel, aluminum, copper, us, outside_share];
        let taken: i128 = parts.iter().map(|share| share.0).sum();
        let rest = Points((Points::WHOLE.0 - taken).max(0));
        let whole = stated.map(|value| to_grain(i128::from(value.0), 1, grain)).transpose()?;
        Ok(Self { shares: [steel, aluminum, copper, us, outside_share, rest], outside, whole, stated, grain })
    }

    /// Whether nothing of the value lies in these parts.
    pub fn is_nothing(&self, parts: PartSet) -> bool {
        parts.iter().all(|part| self.shares[part].0 <= 0)
    }

    /// The basis of a rate from whose parts these were taken: its share of the value, and its money.
    pub fn basis(&self, rate: &DutyRate, taken: PartSet) -> Result<(Points, Option<Cents>), Fault> {
        if let DutyRate::OfMetal(_, metal) = rate {
            let part = *metal as usize;
            if taken.has(part) {
                return Ok((Points::ZERO, self.whole.map(|_| Cents::ZERO)));
            }
            let money = self.whole.map(|_| self.money(self.shares[part])).transpose()?;
            return Ok((self.shares[part], money));
        }
        let mut off: Vec<(Points, Cents)> = Vec::new();
        // What is not processing abroad overlaps with contents: taken with the rest it is what contents leave.
        let together = taken.has(OUTSIDE) && taken.has(REST);
        for part in taken.iter().filter(|part| !together || *part < OUTSIDE) {
            off.push((self.shares[part], self.part_money(part)?));
        }
        if together {
            let contents: i128 = self.shares[..OUTSIDE].iter().map(|share| share.0).sum();
            off.push((Points((Points::WHOLE.0 - contents).max(0)), self.money_without(OUTSIDE)?));
        }
        if let DutyRate::OfNonUs(_, most) = rate
            && !taken.has(US)
        {
            let us = self.shares[US];
            let us = most.map_or(us, |most| us.min(most.into()));
            off.push((us, self.money(us)?));
        }
        let share = off.iter().fold(Points::WHOLE.0, |left, (share, _)| left - share.0);
        let money = |whole: Cents| {
            let left = off.iter().fold(whole.0, |left, (_, money)| left.saturating_sub(money.0));
            Cents(left.max(0))
        };
        Ok((Points(share.max(0)), self.whole.map(money)))
    }

    /// A part in money, rounded as the value is.
    fn part_money(&self, part: usize) -> Result<Cents, Fault> {
        match self.outside {
            // The processing is a part and rounded as one; what is outside it is the whole less that.
            Some(outside) if part == OUTSIDE => {
                let processing = self.stated.unwrap_or(Cents::ZERO).0.saturating_sub(outside);
                let processing = to_grain(i128::from(processing), 1, self.grain)?;
                Ok(Cents(self.whole.unwrap_or(Cents::ZERO).0.saturating_sub(processing.0).max(0)))
            }
            // What is left is the whole less the parts.
            _ if part == REST => self.money_without(REST),
            _ => self.money(self.shares[part]),
        }
    }

    /// The whole less the first so many parts.
    fn money_without(&self, parts: usize) -> Result<Cents, Fault> {
        let mut left = self.whole.unwrap_or(Cents::ZERO).0;
        for part in 0..parts {
            left = left.saturating_sub(self.part_money(part)?.0);
        }
        Ok(Cents(left.max(0)))
    }

    /// A share of the entered value as stated (so that nothing is rounded twice); zero where none is.
    fn money(&self, share: Points) -> Result<Cents, Fault> {
        let stated = self.stated.unwrap_or(Cents::ZERO);
        let product = i128::from(stated.0).checked_mul(share.0).ok_or(Fault::Overflow)?;
        to_grain(product, Points::WHOLE.0, self.grain)
    }

    /// So much for each unit, exactly; none where the quantity is not known.
    fn per_unit(&self, price: UnitPrice, unit: &str, facts: &Facts) -> Result<Option<Exact>, Fault> {
        amount((i128::from(price.0), 1), unit, self.stated, facts)
    }

    /// The ordinary duty on a part of the value; none where it cannot be computed.
    pub fn ordinary(&self, rate: &OrdinaryRate, basis: Cents, facts: &Facts) -> Result<Option<Duty>, Fault> {
        let (Some(whole), Some(sums)) = (self.whole, rate.sums()) else {
            return Ok(None);
        };
        let mut most: Option<Exact> = None;
        for sum in &*sums {
            let quantities = sum.on_quantities(self.stated, facts)?;
            let Some(quantities) = quantities.filter(|_| !sum.of_a_part) else { return Ok(None) };
            let share = sum.thirds.checked_mul(i128::from(basis.0)).ok_or(Fault::Overflow)?;
            let duty = Exact::Of(share, WHOLE_THIRDS).plus(quantities.on(basis, whole)?)?;
            if most.is_none_or(|most| duty.reaches(most).unwrap_or(true)) {
                most = Some(duty);
            }
        }
        most.map(Exact::round).transpose()
    }

    /// The duty of a rate on its basis; none where it cannot be computed.
    pub fn duty(
        &self,
        rate: &DutyRate,
        basis: Cents,
        base: Option<&Base>,
        facts: &Facts,
    ) -> Result<Option<Duty>, Fault> {
        let amount = match rate {
            DutyRate::Add(rate)
            | DutyRate::OfMetal(rate, _)
            | DutyRate::OfNonUs(rate, _)
            | DutyRate::InPlaceOfAll(rate)
            | DutyRate::InPlaceOfOrdinary(rate) => Some(ad_valorem(*rate, basis)),
            DutyRate::Specific(share, price, unit) => {
                let specific = self.per_unit(*price, unit, facts)?;
                specific.map(|s| ad_valorem(*share, basis).plus(s)).transpose()?
            }
            DutyRate::InPlaceOfAllEach(price, unit) => self.per_unit(*price, unit, facts)?,
            DutyRate::Total(total, over) => {
                let Some(base) = base else { return Ok(None) };
                let ordinary = self.ordinary(topped_up(base, *over), basis, facts)?;
                let total = ad_valorem(*total, basis).round()?;
                return Ok(ordinary.map(|ordinary| match (total, ordinary) {
                    (Duty::Cents(total), Duty::Cents(paid)) => Duty::Cents(total.saturating_sub(paid).max(0)),
                    _ => Duty::Cents(0),
                }));
            }
            DutyRate::Ended | DutyRate::Unknown => None,
        };
        amount.map(Exact::round).transpose()
    }
}

/// Rounds half up to the grain of the value.
fn to_grain(value: i128, divisor: i128, grain: i64) -> Result<Cents, Fault> {
    let grain = i128::from(grain);
    let divisor = divisor.checked_mul(grain).ok_or(Fault::Overflow)?;
    let rounded = div_half_up(value, divisor).checked_mul(grain).ok_or(Fault::Overflow)?;
    i64::try_from(rounded).map(Cents).map_err(|_| Fault::Overflow)
}

fn ad_valorem(rate: Rate, basis: Cents) -> Exact {
    Exact::Of(i128::from(rate.0) * i128::from(basis.0), i128::from(Rate::WHOLE.0))
}

/// The ordinary rate that a `total` tops up.
pub(crate) fn topped_up(base: &Base, over: Over) -> &OrdinaryRate {
    match over {
        Over::Ordinary => &base.applicable,
        Over::General => &base.general,
    }
}

/// The rate by which a stacking rule compares: a plain share of the basis. A total, or an amount per unit, does not compare.
pub(crate) fn plain_share(rate: &DutyRate) -> Option<Rate> {
    match rate {
        DutyRate::Add(rate)
        | DutyRate::OfMetal(rate, _)
        | DutyRate::OfNonUs(rate, _)
        | DutyRate::InPlaceOfAll(rate)
        | DutyRate::InPlaceOfOrdinary(rate) => Some(*rate),
        _ => None,
    }
}

/// What a rate adds as a share of its basis; none where it is not ad valorem or not known.
pub(crate) fn effective(rate: &DutyRate, base: Option<&Base>) -> Option<Rate> {
    match rate {
        DutyRate::Add(rate)
        | DutyRate::OfMetal(rate, _)
        | DutyRate::OfNonUs(rate, _)
        | DutyRate::InPlaceOfAll(rate)
        | DutyRate::InPlaceOfOrdinary(rate) => Some(*rate),
        DutyRate::Total(total, over) => {
            let ordinary = topped_up(base?, *over).ad_valorem()?;
            Some(Rate(total.0.saturating_sub(ordinary.0).max(0)))
        }
        DutyRate::Specific(share, price, _) => (price.0 == 0).then_some(*share),
        DutyRate::InPlaceOfAllEach(..) | DutyRate::Unknown => None,
        DutyRate::Ended => Some(Rate::ZERO),
    }
}

/// The metals a ledger knows, for the size of arrays over them.
const _: () = assert!(Metal::ALL.len() == US);
