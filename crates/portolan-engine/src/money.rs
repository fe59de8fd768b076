//! From what stands to cents and percentage points.

use portolan_ledger::duty_rate::{DutyRate, Metal, Over};
use portolan_ledger::line::EntryLine;
use portolan_ledger::number::div_half_up;
use portolan_ledger::record::FamilyId;
use portolan_ledger::timeline::ProvisionIx;
use portolan_ledger::{Cents, Rate};

use crate::ordinary::{Base, quantity_in};
use crate::pct::Pct;
use crate::resolve::{Flaw, Parts, part};

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
    /// Whether it is the ordinary duty, at another rate than the schedule's.
    pub fn replaces_ordinary(&self) -> bool {
        matches!(self.rate, DutyRate::InPlaceOfOrdinary(_))
    }
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

    fn metal(&self, metal: Metal) -> Rate {
        self.metals[metal as usize].unwrap_or(Rate::ZERO)
    }

    /// The share of the value that parts make up.
    pub fn share(&self, parts: Parts, us: Rate) -> Option<Pct> {
        if parts & part::REST == 0 {
            return Some(self.sum_of(parts, us).into_iter().fold(Pct::ZERO, |sum, share| sum + Pct::full(share)));
        }
        let mut left = Rate::WHOLE.0;
        for metal in Metal::ALL {
            if parts & part::metal(metal) == 0 {
                left -= self.metal(metal).0;
            }
        }
        if parts & part::US == 0 {
            left -= us.0;
        }
        let mut left = Pct::full(Rate(left)).0;
        if let (0, Some(share)) = (parts & part::OUTSIDE, self.supposed_outside) {
            left -= Pct::full(share).0;
        } else if parts & part::OUTSIDE == 0 {
            // The share is that of the values as stated; only money is rounded to the grain.
            let (stated, outside) = (self.stated?, self.stated_outside?);
            if stated.0 > 0 {
                left -= div_half_up(i128::from(outside.0) * Pct::full(Rate::WHOLE).0, i128::from(stated.0));
            }
        }
        Some(Pct(left.max(0)))
    }

    /// The value of parts, each part taken off rounded by itself.
    pub fn basis(&self, parts: Parts, us: Rate) -> Option<Cents> {
        if parts & part::REST == 0 {
            let money = self.sum_of(parts, us).into_iter().map(|share| self.part(share).map(|cents| cents.0));
            return money.sum::<Option<i64>>().map(Cents);
        }
        let mut left = self.whole?.0;
        for metal in Metal::ALL {
            if parts & part::metal(metal) == 0 {
                left -= self.part(self.metal(metal))?.0;
            }
        }
        if parts & part::US == 0 {
            left -= self.part(us)?.0;
        }
        if let (0, Some(share)) = (parts & part::OUTSIDE, self.supposed_outside) {
            left -= self.part(share)?.0;
        } else if parts & part::OUTSIDE == 0 {
            left -= self.outside?.0;
        }
        Some(Cents(left.max(0)))
    }

    /// Whether parts were taken off a duty's basis and nothing of the value is left.
    pub fn emptied(&self, owed: &Owed) -> bool {
        owed.parts != part::ALL
            && single_metal(owed.parts).is_none()
            && !matches!(owed.rate, DutyRate::OfNonUs(..) if owed.parts == part::ALL & !part::US)
            && self.share(owed.parts, self.us.unwrap_or(Rate::ZERO)) == Some(Pct::ZERO)
    }

    /// The shares of parts that do not hold the rest: they add up, where other parts are what the taken ones leave.
    fn sum_of(&self, parts: Parts, us: Rate) -> Vec<Rate> {
        let metals = Metal::ALL.into_iter().filter(|&metal| parts & part::metal(metal) != 0);
        let mut shares: Vec<Rate> = metals.map(|metal| self.metal(metal)).collect();
        if parts & part::US != 0 {
            shares.push(us);
        }
        if parts & part::OUTSIDE != 0 {
            shares.push(self.supposed_outside.unwrap_or(Rate::ZERO));
        }
        shares
    }

    fn part(&self, share: Rate) -> Option<Cents> {
        let cents = self.stated.map(|value| ad_valorem_exact(value, share, self.grain))?;
        Some(cents)
    }

    /// Whether contents that duties need were not stated: steel, aluminum, copper, the US content that a rate names,
    /// and the processing abroad.
    pub fn missing(&self, owed: &[Owed], line: &EntryLine) -> [bool; 5] {
        let names_us = |o: &Owed| matches!(o.rate, DutyRate::OfNonUs(..));
        let outside = |o: &Owed| o.parts & part::OUTSIDE == 0 && o.parts & part::REST != 0;
        let us = self.us.is_none() && owed.iter().any(names_us);
        let mut missing = [false, false, false, us, line.processing_value.is_none() && owed.iter().any(outside)];
        for metal in Metal::ALL {
            // The parts of a sum, or those that are taken off the whole.
            let needed = |o: &Owed| (o.parts & part::metal(metal) == 0) == (o.parts & part::REST != 0);
            missing[metal as usize] = self.metals[metal as usize].is_none() && owed.iter().any(needed);
        }
        missing
    }
}

/// A share of a value, rounded to the grain in one step.
fn ad_valorem_exact(value: Cents, share: Rate, grain: i64) -> Cents {
    let rounded = div_half_up(i128::from(value.0) * i128::from(share.0), 1_000_000_000 * i128::from(grain));
    Cents(i64::try_from(rounded * i128::from(grain)).unwrap_or(i64::MAX))
}

fn round_to(value: Cents, grain: i64) -> Cents {
    if grain == 1 {
        return value;
    }
    Cents(i64::try_from(div_half_up(i128::from(value.0), i128::from(grain)) * i128::from(grain)).unwrap_or(i64::MAX))
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
    /// The ordinary duty that is owed.
    pub cents: Option<Cents>,
}

/// Computes one duty that stands.
pub fn duty(owed: &Owed, value: &Value, line: &EntryLine, ordinary: &Ordinary<'_>, flaw: Flaw) -> Result<Duty, Lack> {
    let stated = value.us.unwrap_or(Rate::ZERO);
    let us = match owed.rate {
        DutyRate::OfNonUs(_, Some(cap)) if flaw != Flaw::UsCapIgnored => stated.min(cap),
        _ => stated,
    };
    let share = value.share(owed.parts, us);
    let basis = value.basis(owed.parts, us);
    let off_processing = owed.parts & part::OUTSIDE == 0 && owed.parts & part::REST != 0;
    if off_processing && value.whole.is_none() && line.processing_value.is_some() {
        return Err(Lack::Column("entered_value_usd".to_owned()));
    }
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
        DutyRate::Total(rate, over) => total(*rate, *over, (share, basis), value, line, ordinary, flaw),
        DutyRate::Specific(..) if value.whole.is_none() => Ok(done(None, None)),
        DutyRate::InPlaceOfAllEach(..) if value.whole.is_none() && line.quantities.is_empty() => Ok(done(None, None)),
        DutyRate::Specific(rate, price, unit) => {
            let Some(quantity) = quantity_in(line, unit) else { return Err(Lack::Column("quantity_1".to_owned())) };
            // Billionths of a dollar times millionths of a unit, and cents times billionths, over one denominator: the heading's
            // duty is rounded once.
            let specific = i128::from(price.0) * i128::from(quantity.0);
            let share =
                if *rate == Rate::ZERO { Some(0) } else { basis.map(|basis| i128::from(basis.0) * i128::from(rate.0)) };
            Ok(done(None, share.map(|share| cents(share * 10_000 + specific, 10_i128.pow(13)))))
        }
        DutyRate::InPlaceOfAllEach(price, unit) => {
            let Some(quantity) = quantity_in(line, unit).or_else(|| line.quantities.first().map(|q| q.quantity)) else {
                return Err(Lack::Column("quantity_1".to_owned()));
            };
            Ok(done(None, Some(cents(i128::from(price.0) * i128::from(quantity.0), 10_i128.pow(13)))))
        }
        DutyRate::Ended => Ok(done(Some(Pct::ZERO), Some(Cents(0)))),
        DutyRate::Unknown => Err(Lack::Law("the rate is not known".to_owned())),
    }
}

/// The least that a duty can be where a quantity that it needs was not stated: its share of the value.
pub fn least(owed: &Owed, value: &Value) -> Cents {
    match owed.rate {
        DutyRate::Specific(rate, ..) => {
            value.basis(owed.parts, value.us.unwrap_or(Rate::ZERO)).map_or(Cents(0), |basis| ad_valorem(basis, rate))
        }
        _ => Cents(0),
    }
}

/// Tops the ordinary duty up to a share of the value.
fn total(
    rate: Rate,
    over: Over,
    (share, basis): (Option<Pct>, Option<Cents>),
    value: &Value,
    line: &EntryLine,
    ordinary: &Ordinary<'_>,
    flaw: Flaw,
) -> Result<Duty, Lack> {
    let over = if flaw == Flaw::TotalOverSpecial { Over::Ordinary } else { over };
    let (base, known) = match over {
        Over::Ordinary => (ordinary.applies, ordinary.cents),
        Over::General => (ordinary.general, None),
    };
    let Some(base) = base else { return Err(Lack::Law("the ordinary rate is not known".to_owned())) };
    let top_up = base.ad_valorem.map(|ad_valorem| Rate((rate.0 - ad_valorem.0).max(0)));
    let pct = top_up.zip(share).map(|(rate, share)| share.times(rate));
    let Some(whole) = value.whole else { return Ok(Duty { pct, cents: None, basis, share }) };
    let ordinary_cents = match known {
        Some(cents) => cents,
        None => base.duty(whole, line).map_err(|missing| lack(&missing))?,
    };
    let cents = if basis == Some(whole) {
        Some(Cents((ad_valorem(whole, rate).0 - ordinary_cents.0).max(0)))
    } else {
        // On a part of the value the ordinary duty counts in proportion; both are rounded, as on the whole.
        basis.map(|basis| {
            let counted = match base.ad_valorem {
                Some(ad_valorem) => self::ad_valorem(basis, ad_valorem),
                None => self::cents(i128::from(ordinary_cents.0) * i128::from(basis.0), i128::from(whole.0).max(1)),
            };
            Cents((self::ad_valorem(basis, rate).0 - counted.0).max(0))
        })
    };
    Ok(Duty { pct, cents, basis, share })
}

/// What a schedule expression lacks.
pub fn lack(missing: &portolan_ledger::duty_expression::Missing) -> Lack {
    use portolan_ledger::duty_expression::Missing;
    match missing {
        Missing::Quantity(_) => Lack::Column("quantity_1".to_owned()),
        other => Lack::Law(other.to_string()),
    }
}
