//! From what stands to cents and percentage points.

use portolan_ledger::duty_rate::{DutyRate, Metal, Over};
use portolan_ledger::line::EntryLine;
use portolan_ledger::number::div_half_up;
use portolan_ledger::record::FamilyId;
use portolan_ledger::timeline::ProvisionIx;
use portolan_ledger::{Cents, Rate, UnitPrice};

use crate::facts::{Amount, Basis, Of, Pins, UNIT_PRICES, amount_in};
use crate::flaw::Flaw;
use crate::ordinary::Base;
use crate::pct::Pct;
use crate::resolve::{Parts, part};

/// The duty of a rate on a value, to the cent, half up.
pub fn ad_valorem(value: Cents, rate: Rate) -> Cents {
    cents(i128::from(value.0) * i128::from(rate.0), 1_000_000_000)
}

fn cents(numerator: i128, denominator: i128) -> Cents {
    Cents(i64::try_from(div_half_up(numerator, denominator)).unwrap_or(i64::MAX))
}

/// A duty that stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owed {
    /// Which provision.
    pub provision: ProvisionIx,
    /// Its family.
    pub family: FamilyId,
    /// Its rate.
    pub rate: DutyRate,
    /// On which parts of the value.
    pub parts: Parts,
    /// Past the day through which the program was checked.
    pub beyond: bool,
}

impl Owed {
    /// What it is assessed on.
    pub fn basis(&self) -> Basis {
        let of = match self.rate {
            DutyRate::OfNonUs(_, cap) => Of::NonUs(cap),
            DutyRate::OfMetal(..) if single_metal(self.parts).is_some() => Of::Content,
            _ => Of::Whole,
        };
        Basis { parts: self.parts, of }
    }

    /// Whether it is the ordinary duty, at another rate than the schedule's.
    pub fn replaces_ordinary(&self) -> bool {
        matches!(self.rate, DutyRate::InPlaceOfOrdinary(_))
    }
}

impl Basis {
    /// The whole value.
    pub(crate) const WHOLE: Self = Self { parts: part::ALL, of: Of::Whole };

    /// The parts that were taken off what it was assessed on at first.
    pub(crate) fn taken(self) -> impl Iterator<Item = Parts> {
        let own = match self.of {
            Of::Whole => part::ALL,
            Of::Content => self.parts,
            Of::NonUs(_) => part::ALL & !part::US,
        };
        (0..6).map(|bit| 1 << bit).filter(move |part| own & !self.parts & part != 0)
    }

    /// The same, the rest and what is not processing abroad as one where both were taken: apart they may overlap with contents,
    /// together they are what contents leave.
    fn taken_apart(self) -> impl Iterator<Item = Parts> {
        let both = part::REST | part::OUTSIDE;
        let taken = self.taken().fold(0, |taken, part| taken | part);
        let joined = (taken & both == both).then_some(both);
        self.taken().filter(move |part| joined.is_none() || part & both == 0).chain(joined)
    }

    /// The US content that is taken off, for a rate on what is not US content: none for other rates, inside none where
    /// the content was not stated.
    fn us_off(self, us: Option<Rate>) -> Option<Option<Rate>> {
        let Of::NonUs(cap) = self.of else { return None };
        Some(us.map(|us| cap.map_or(us, |cap| us.min(cap))))
    }
}

/// Where the quantities of a line come from: what it states, and what is supposed.
#[derive(Clone, Copy, Debug)]
pub struct Quantities<'a> {
    /// The line.
    pub line: &'a EntryLine,
    /// What is supposed.
    pub pins: Option<&'a Pins>,
}

impl Quantities<'_> {
    /// How much there is in a unit.
    pub(crate) fn amount(&self, unit: &str) -> Option<Amount> {
        amount_in(self.line, self.pins, unit)
    }
}

/// Contents that are supposed, as shares of the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Steel, aluminum, copper, in that order.
    pub metals: [Option<Rate>; 3],
    /// US content.
    pub us: Option<Rate>,
    /// What is not processing abroad.
    pub outside: Option<Rate>,
}

/// The parts of a line's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// The whole, rounded to the grain; none where it was not stated.
    pub whole: Option<Cents>,
    /// As stated, for the parts.
    pub(crate) stated: Option<Cents>,
    pub(crate) grain: i64,
    /// Shares of steel, aluminum, copper, in that order; none is not stated.
    pub metals: [Option<Rate>; 3],
    /// US content; none is not stated.
    pub us: Option<Rate>,
    /// What is not processing abroad, in cents; none is not stated.
    pub outside: Option<Cents>,
    pub(crate) stated_outside: Option<Cents>,
    /// What is not processing abroad, as a share that is supposed where its value was not stated.
    pub supposed_outside: Option<Rate>,
}

impl Value {
    /// The parts that a line states.
    pub fn of(line: &EntryLine, grain: i64, flaw: Flaw) -> Self {
        let grain = if flaw == Flaw::DollarsNotRounded { 1 } else { grain };
        let whole = line.value.map(|value| round_to(value, grain));
        let outside = match (whole, line.processing_value) {
            (Some(whole), Some(processing)) => Some(Cents((whole.0 - round_to(processing, grain).0).max(0))),
            _ => None,
        };
        Self {
            whole,
            stated: line.value,
            grain,
            metals: [line.steel_pct, line.aluminum_pct, line.copper_pct],
            us: line.us_content_pct,
            outside,
            stated_outside: line.value.zip(line.processing_value).map(|(value, part)| Cents((value.0 - part.0).max(0))),
            supposed_outside: None,
        }
    }

    /// The share of a part; none where it was not stated.
    fn share_of(&self, one: Parts) -> Option<Pct> {
        if let Some(metal) = single_metal(one) {
            return self.metals[metal as usize].map(Pct::full);
        }
        match one {
            part::US => self.us.map(Pct::full),
            part::OUTSIDE => self.outside_share(),
            // The rest is what the others leave; with what is not processing abroad it is what contents leave.
            _ => {
                let others = rest_of(one).map(|part| self.share_of(part));
                let taken = others.sum::<Option<Pct>>()?;
                Some(Pct((Pct::full(Rate::WHOLE).0 - taken.0).max(0)))
            }
        }
    }

    /// The share of what is not processing abroad: that of the values as stated; only money is rounded to the grain.
    fn outside_share(&self) -> Option<Pct> {
        if let Some(share) = self.supposed_outside {
            return Some(Pct::full(share));
        }
        let (stated, outside) = (self.stated?, self.stated_outside?);
        if stated.0 <= 0 {
            return Some(Pct::ZERO);
        }
        Some(Pct(div_half_up(i128::from(outside.0) * Pct::full(Rate::WHOLE).0, i128::from(stated.0))))
    }

    /// The money of a part, rounded by itself; the rest is what the others leave.
    fn money_of(&self, one: Parts) -> Option<Cents> {
        if let Some(metal) = single_metal(one) {
            return self.part(self.metals[metal as usize]?);
        }
        match one {
            part::US => self.part(self.us?),
            part::OUTSIDE => match self.supposed_outside {
                Some(share) => self.part(share),
                None => self.outside,
            },
            _ => {
                let others = rest_of(one).map(|part| self.money_of(part).map(|cents| cents.0));
                let taken = others.sum::<Option<i64>>()?;
                Some(Cents((self.whole?.0 - taken).max(0)))
            }
        }
    }

    /// The share of the value that a basis makes up: a content, or the whole less the parts taken off; none where a
    /// content that it needs was not stated.
    pub fn share(&self, basis: Basis) -> Option<Pct> {
        if basis == Basis::WHOLE {
            return Some(Pct::full(Rate::WHOLE));
        }
        if basis.of == Of::Content {
            return self.share_of(basis.parts);
        }
        let off = basis.taken_apart().map(|part| self.share_of(part)).sum::<Option<Pct>>()?;
        let us = basis.us_off(self.us).map_or(Some(Pct::ZERO), |us| us.map(Pct::full))?;
        Some(Pct((Pct::full(Rate::WHOLE).0 - off.0 - us.0).max(0)))
    }

    /// The value of a basis, each part taken off rounded by itself.
    #[inline]
    pub fn basis(&self, basis: Basis) -> Option<Cents> {
        if basis == Basis::WHOLE {
            return self.whole.map(|whole| whole.max(Cents::ZERO));
        }
        if basis.of == Of::Content {
            return self.money_of(basis.parts);
        }
        let off = basis.taken_apart().map(|part| self.money_of(part).map(|cents| cents.0)).sum::<Option<i64>>()?;
        let us = match basis.us_off(self.us) {
            Some(us) => self.part(us?)?.0,
            None => 0,
        };
        Some(Cents((self.whole?.0 - off - us).max(0)))
    }

    /// Whether nothing of the value lies in a basis; none where a content that it needs was not stated.
    pub fn is_empty(&self, basis: Basis) -> Option<bool> {
        self.share(basis).map(|share| share == Pct::ZERO)
    }

    /// The same with these contents, and none of what is neither stated nor among them.
    #[must_use]
    pub fn with(&self, Contents { metals, us, outside }: Contents) -> Self {
        let mut filled = *self;
        for (own, supposed) in filled.metals.iter_mut().zip(metals) {
            *own = Some(own.or(supposed).unwrap_or(Rate::ZERO));
        }
        filled.us = Some(filled.us.or(us).unwrap_or(Rate::ZERO));
        if filled.stated_outside.is_none() {
            filled.supposed_outside = Some(outside.unwrap_or(Rate::ZERO));
        }
        filled
    }

    fn part(&self, share: Rate) -> Option<Cents> {
        let cents = self.stated.map(|value| ad_valorem_exact(value, share, self.grain))?;
        Some(cents)
    }
}

/// A share of a value, rounded to the grain in one step.
fn ad_valorem_exact(value: Cents, share: Rate, grain: i64) -> Cents {
    let rounded = div_half_up(i128::from(value.0) * i128::from(share.0), 1_000_000_000 * i128::from(grain));
    Cents(i64::try_from(rounded * i128::from(grain)).unwrap_or(i64::MAX))
}

/// A value rounded half up to the grain in which a side takes values.
pub(crate) fn round_to(value: Cents, grain: i64) -> Cents {
    if grain == 1 {
        return value;
    }
    Cents(i64::try_from(div_half_up(i128::from(value.0), i128::from(grain)) * i128::from(grain)).unwrap_or(i64::MAX))
}

/// The parts that leave the rest, alone or with what is not processing abroad.
fn rest_of(rest: Parts) -> impl Iterator<Item = Parts> {
    (0..5).map(|bit| 1 << bit).filter(move |part| rest & part == 0)
}

/// The one metal that parts consist of.
pub fn single_metal(parts: Parts) -> Option<Metal> {
    Metal::ALL.into_iter().find(|&metal| parts == part::metal(metal))
}

/// What one duty comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duty {
    /// Percentage points on the full value; none for what is not ad valorem, or not known.
    pub pct: Option<Pct>,
    /// The duty; none where the value, or something else it needs, was not stated.
    pub cents: Option<Cents>,
    /// Its basis.
    pub basis: Option<Cents>,
    /// Its basis as a share of the value.
    pub share: Option<Pct>,
}

/// Why a duty cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A column of the line that was not stated.
    Column(String),
    /// Something that no column could mend, by name.
    Law(String),
}

/// The ordinary duty as it stands beside the additional ones.
#[derive(Clone, Copy, Debug)]
pub struct Ordinary<'b> {
    /// The rate that applies.
    pub applies: Option<&'b Base>,
    /// Column 1-general.
    pub general: Option<&'b Base>,
}

/// Computes one duty that stands.
#[inline]
pub fn duty(owed: &Owed, value: &Value, of: Quantities<'_>, ordinary: &Ordinary<'_>, flaw: Flaw) -> Result<Duty, Lack> {
    match owed.rate {
        DutyRate::Add(rate) if owed.parts == part::ALL && flaw == Flaw::None => Ok(on_whole(rate, value)),
        _ => any_duty(owed, value, of, ordinary, flaw),
    }
}

/// A rate on the whole value, as most are.
#[inline]
fn on_whole(rate: Rate, value: &Value) -> Duty {
    let basis = value.basis(Basis::WHOLE);
    Duty {
        pct: Some(Pct::full(rate)),
        cents: basis.map(|basis| ad_valorem(basis, rate)),
        basis,
        share: Some(Pct::full(Rate::WHOLE)),
    }
}

fn any_duty(owed: &Owed, value: &Value, of: Quantities<'_>, ordinary: &Ordinary<'_>, flaw: Flaw) -> Result<Duty, Lack> {
    let on = match owed.basis() {
        Basis { parts, of: Of::NonUs(_) } if flaw == Flaw::UsCapIgnored => Basis { parts, of: Of::NonUs(None) },
        on => on,
    };
    let (share, basis) = (value.share(on), value.basis(on));
    let done = |pct: Option<Pct>, cents: Option<Cents>| Duty { pct, cents, basis, share };
    let plain = |rate: Rate| {
        let product = |basis: Cents| i128::from(basis.0) * i128::from(rate.0);
        let to_cents = |basis: Cents| match flaw {
            Flaw::CentsCut => Cents(i64::try_from(product(basis) / 1_000_000_000).unwrap_or(i64::MAX)),
            _ => ad_valorem(basis, rate),
        };
        done(share.map(|share| share.times(rate)), basis.map(to_cents))
    };
    match &owed.rate {
        DutyRate::Add(rate)
        | DutyRate::OfMetal(rate, _)
        | DutyRate::OfNonUs(rate, _)
        | DutyRate::InPlaceOfAll(rate)
        | DutyRate::InPlaceOfOrdinary(rate) => Ok(plain(*rate)),
        DutyRate::Total(rate, _) if flaw == Flaw::TotalAdded => Ok(plain(*rate)),
        DutyRate::Total(rate, over) => total(*rate, *over, (share, basis), value, of, ordinary, flaw),
        DutyRate::Specific(..) | DutyRate::InPlaceOfAllEach(..) if value.whole.is_none() => Ok(done(None, None)),
        DutyRate::Specific(rate, price, unit) => {
            let share = basis.map_or(0, |basis| i128::from(basis.0) * i128::from(rate.0));
            specific(*price, unit, share, value, of).map(|cents| done(None, Some(cents)))
        }
        DutyRate::InPlaceOfAllEach(price, unit) => {
            specific(*price, unit, 0, value, of).map(|cents| done(None, Some(cents)))
        }
        DutyRate::Ended => Ok(done(Some(Pct::ZERO), Some(Cents(0)))),
        DutyRate::Unknown => Err(Lack::Law("the rate is not known".to_owned())),
    }
}

/// An amount per unit, with billionths of cents of a share of the value beside it: a heading's duty is rounded once.
fn specific(price: UnitPrice, unit: &str, share: i128, value: &Value, of: Quantities<'_>) -> Result<Cents, Lack> {
    let quantity = || Lack::Column("quantity_1".to_owned());
    if price.0 == 0 {
        return Ok(cents(share, 1_000_000_000));
    }
    match of.amount(unit).ok_or_else(quantity)? {
        Amount::Nothing => Ok(cents(share, 1_000_000_000)),
        Amount::Boundless => Err(quantity()),
        Amount::AtPrice(at) => {
            let stated = value.stated.ok_or_else(quantity)?;
            let per_unit = i128::from(price.0).saturating_mul(i128::from(stated.0)).saturating_mul(1_000_000_000);
            let both = share.saturating_mul(i128::from(at.0)).saturating_add(per_unit);
            Ok(cents(both, i128::from(at.0) * 1_000_000_000))
        }
        Amount::Stated(quantity) => {
            let per_unit = i128::from(price.0) * i128::from(quantity.0);
            Ok(cents(share.saturating_mul(UNIT_PRICES / 1_000_000_000).saturating_add(per_unit), UNIT_PRICES))
        }
    }
}

/// Tops the ordinary duty up to a share of the value.
fn total(
    rate: Rate,
    over: Over,
    (share, basis): (Option<Pct>, Option<Cents>),
    value: &Value,
    of: Quantities<'_>,
    ordinary: &Ordinary<'_>,
    flaw: Flaw,
) -> Result<Duty, Lack> {
    let over = if flaw == Flaw::TotalOverSpecial { Over::Ordinary } else { over };
    let base = match over {
        Over::Ordinary => ordinary.applies,
        Over::General => ordinary.general,
    };
    let Some(base) = base else { return Err(Lack::Law("the ordinary rate is not known".to_owned())) };
    if let Some(refusal) = base.expression.refusal() {
        return Err(Lack::Law(refusal.reason.as_str().to_owned()));
    }
    let top_up = base.ad_valorem.map(|ad_valorem| Rate((rate.0 - ad_valorem.0).max(0)));
    let pct = top_up.zip(share).map(|(rate, share)| share.times(rate));
    let (Some(whole), Some(basis)) = (value.whole, basis) else { return Ok(Duty { pct, cents: None, basis, share }) };
    // On a part of the value the ordinary duty counts in proportion; both are rounded, as on the whole.
    let counted = match base.ad_valorem {
        Some(ad_valorem) => Some(self::ad_valorem(basis, ad_valorem)),
        None if basis == whole => base.duty(whole, of).map_err(|missing| lack(&missing))?,
        None => base.duty_on(whole, (basis.0, whole.0), of).map_err(|missing| lack(&missing))?,
    };
    // Of an ordinary duty without bound nothing is left to top up.
    let cents = counted.map_or(0, |counted| (ad_valorem(basis, rate).0 - counted.0).max(0));
    Ok(Duty { pct, cents: Some(Cents(cents)), basis: Some(basis), share })
}

/// What a schedule expression lacks.
pub fn lack(missing: &portolan_ledger::duty_expression::Missing) -> Lack {
    use portolan_ledger::duty_expression::Missing;
    match missing {
        Missing::Quantity(_) => Lack::Column("quantity_1".to_owned()),
        other => Lack::Law(other.to_string()),
    }
}
