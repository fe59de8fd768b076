//! Ordinary rates in whatever form the schedule prints them, and what they take of quantities.
//!
//! A rate is the highest of its sums. A sum takes a share of the value, and so much for each unit of one or more
//! quantities; of sugar, so much for a kilogram by its degrees.

use std::borrow::Cow;
use std::fmt;

use portolan_ledger::duty_expression::{DutyExpression, Part, SugarRate, Term};
use portolan_ledger::{Cents, Quantity, Rate, UnitPrice};

use crate::base::OrdinaryRate;
use crate::facts::{Facts, QuantityIs};
use crate::fault::Fault;
use crate::parts::Exact;

/// The units of sugar: its weight, and its degrees of polarization.
pub(crate) const WEIGHT: &str = "kg";
pub(crate) const DEGREES: &str = "degrees";

/// Millionths in one, as quantities and prices by degrees are held.
const MILLION: i128 = 1_000_000;

/// So many billionths of a dollar times millionths of a unit are a cent.
const TO_CENTS: i128 = 10_i128.pow(13);

/// The whole value, in thirds of a billionth.
pub(crate) const WHOLE_THIRDS: i128 = 3 * Rate::WHOLE.0 as i128;

/// Pure sugar, in millionths of a degree; what states more counts as pure.
const PURE: i128 = 100 * MILLION;

/// A rate that is more than a share of the value and one amount for each unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    sums: Vec<Sum>,
    text: String,
}

/// As the schedule prints it.
impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Terms that add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    /// The share of the value, in thirds of a billionth: `33 1/3%` is exact.
    pub thirds: i128,
    /// So much for each unit of these.
    pub amounts: Vec<(UnitPrice, String)>,
    pub sugar: Option<SugarRate>,
    /// It takes a share of a part of the article, whose value no line states.
    pub of_a_part: bool,
}

impl OrdinaryRate {
    /// A rate as the schedule prints it; what the schedule refuses to say is unknown, by its reason.
    pub fn written(expression: &DutyExpression) -> Self {
        let mut sums = Vec::new();
        if let Err(reason) = gather(expression, &mut sums) {
            return Self::Unknown(reason);
        }
        plain(&sums).unwrap_or_else(|| Self::Written(Written { sums, text: expression.to_string() }))
    }

    /// Its sums, of which the highest is owed; none where the rate is not known.
    pub(crate) fn sums(&self) -> Option<Cow<'_, [Sum]>> {
        let (rate, amounts) = match self {
            Self::AdValorem(rate) => (*rate, Vec::new()),
            Self::Specific(price, unit) => (Rate::ZERO, vec![(*price, unit.clone())]),
            Self::Compound(rate, price, unit) => (*rate, vec![(*price, unit.clone())]),
            Self::Unknown(_) => return None,
            Self::Written(written) => return Some(Cow::Borrowed(&written.sums)),
        };
        Some(Cow::Owned(vec![Sum { thirds: 3 * i128::from(rate.0), amounts, ..Sum::default() }]))
    }

    /// Whether it takes a share of a part of the article: no duty can be given in money.
    pub(crate) fn takes_of_a_part(&self) -> bool {
        matches!(self, Self::Written(written) if written.sums.iter().any(|sum| sum.of_a_part))
    }

    /// The units whose quantity its duty turns on; none where it cannot be computed whatever the quantities.
    pub(crate) fn units(&self) -> Vec<String> {
        if self.takes_of_a_part() || self.ad_valorem().is_some() {
            return Vec::new();
        }
        self.sums().iter().flat_map(|sums| sums.iter().flat_map(Sum::units)).collect()
    }
}

/// Reads the sums of an expression; the reason where it states no duty.
fn gather(expression: &DutyExpression, sums: &mut Vec<Sum>) -> Result<(), String> {
    match expression {
        DutyExpression::Free => sums.push(Sum::default()),
        DutyExpression::Sum(terms) => sums.push(sum(terms)),
        DutyExpression::Sugar(sugar) => sums.push(Sum { sugar: Some(*sugar), ..Sum::default() }),
        DutyExpression::GreaterOf(both) => {
            gather(&both.0, sums)?;
            gather(&both.1, sums)?;
        }
        DutyExpression::Refused(refusal) => return Err(refusal.reason.to_string()),
    }
    Ok(())
}

fn sum(terms: &[Term]) -> Sum {
    let mut sum = Sum::default();
    for term in terms {
        match term {
            Term::AdValorem { percent, part: None | Some(Part::EntireSet) } => {
                let share = percent.share();
                sum.thirds += share.numerator() * (WHOLE_THIRDS / share.denominator());
            }
            Term::AdValorem { .. } => sum.of_a_part = true,
            Term::Specific { price, per } => sum.amounts.push((*price, per.unit().to_string())),
        }
    }
    sum
}

/// The plain form of a rate that has one.
fn plain(sums: &[Sum]) -> Option<OrdinaryRate> {
    let [Sum { thirds, amounts, sugar: None, of_a_part: false }] = sums else { return None };
    let share = Rate(i64::try_from(*thirds).ok().filter(|thirds| thirds % 3 == 0)? / 3);
    Some(match amounts.as_slice() {
        [] => OrdinaryRate::AdValorem(share),
        [(price, unit)] if share == Rate::ZERO => OrdinaryRate::Specific(*price, unit.clone()),
        [(price, unit)] => OrdinaryRate::Compound(share, *price, unit.clone()),
        _ => return None,
    })
}

impl Sum {
    fn units(&self) -> Vec<String> {
        let amounts = self.amounts.iter().filter(|(price, _)| price.0 != 0).map(|(_, unit)| unit.clone());
        let sugar = self.sugar.iter().flat_map(|_| [WEIGHT.to_owned(), DEGREES.to_owned()]);
        amounts.chain(sugar).collect()
    }

    /// Whether a quantity that the line states bears on it.
    pub fn reads_stated(&self, facts: &Facts) -> bool {
        let stated = |unit: &str| matches!(facts.quantity(unit), Some(QuantityIs::Stated(_)));
        let weight = self.sugar.is_some().then_some(WEIGHT);
        self.amounts.iter().map(|(_, unit)| unit.as_str()).chain(weight).any(stated)
    }

    /// What it takes for quantities of goods of this value, exactly; none where a quantity is not known.
    pub fn on_quantities(&self, stated: Option<Cents>, facts: &Facts) -> Result<Option<Exact>, Fault> {
        let mut all = Exact::ZERO;
        for (price, unit) in &self.amounts {
            let price = (i128::from(price.0), 1);
            let Some(amount) = amount(price, unit, stated, facts)? else { return Ok(None) };
            all = all.plus(amount)?;
        }
        let Some(sugar) = self.sugar else { return Ok(Some(all)) };
        let degrees = match facts.quantity(DEGREES) {
            Some(QuantityIs::Stated(degrees)) => i128::from(degrees.0),
            Some(QuantityIs::Nothing) => 0,
            Some(QuantityIs::Boundless) => PURE,
            Some(QuantityIs::AtPrice(_)) | None => return Ok(None),
        };
        let price = (kilogram_of_sugar(&sugar, degrees), MILLION);
        let amount = amount(price, WEIGHT, stated, facts)?;
        amount.map(|amount| all.plus(amount)).transpose()
    }

    /// The prices of a unit, in 10^-15 of a dollar, that can stand together: of sugar one for each of these degrees.
    pub fn prices(&self, degrees: Option<Quantity>) -> Vec<Vec<(i128, &str)>> {
        let Some(sugar) = self.sugar else {
            let amounts = self.amounts.iter().filter(|(price, _)| price.0 > 0);
            return vec![amounts.map(|(price, unit)| (i128::from(price.0) * MILLION, unit.as_str())).collect()];
        };
        let degrees = degrees.map_or(vec![0, PURE], |degrees| vec![i128::from(degrees.0)]);
        let prices = degrees.into_iter().map(|degrees| kilogram_of_sugar(&sugar, degrees));
        prices.filter(|price| *price > 0).map(|price| vec![(price, WEIGHT)]).collect()
    }
}

/// A kilogram of sugar of so many millionths of a degree, in 10^-15 of a dollar.
fn kilogram_of_sugar(sugar: &SugarRate, degrees: i128) -> i128 {
    let under = (PURE - degrees).max(0);
    let by_degrees = i128::from(sugar.at_100_degrees.0) * MILLION - i128::from(sugar.less_per_degree.0) * under;
    by_degrees.max(i128::from(sugar.floor.0) * MILLION)
}

/// So much for each unit, exactly, at a price in billionths of a dollar over a divisor; none where the quantity is not
/// known.
pub(crate) fn amount(
    (price, divisor): (i128, i128),
    unit: &str,
    stated: Option<Cents>,
    facts: &Facts,
) -> Result<Option<Exact>, Fault> {
    if price == 0 {
        return Ok(Some(Exact::ZERO));
    }
    let Some(quantity) = facts.quantity(unit) else { return Ok(None) };
    let over = |value: i64, by: i128| {
        let terms = price.checked_mul(i128::from(value)).zip(divisor.checked_mul(by));
        terms.map(|(value, by)| Some(Exact::Of(value, by))).ok_or(Fault::Overflow)
    };
    match quantity {
        QuantityIs::Nothing => Ok(Some(Exact::ZERO)),
        QuantityIs::Boundless => Ok(Some(Exact::Unbounded)),
        QuantityIs::AtPrice(at) => match stated {
            Some(value) => over(value.0, i128::from(at.0)),
            None => Ok(None),
        },
        QuantityIs::Stated(quantity) => over(quantity.0, TO_CENTS),
    }
}
