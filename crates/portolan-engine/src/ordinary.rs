//! The ordinary duty: which column applies, and what its rate comes to.

use portolan_ledger::duty_expression::{DutyExpression, Fraction, Missing, Part, SpecialColumn, Term, Unit};
use portolan_ledger::line::EntryLine;
use portolan_ledger::number::Quantity;
use portolan_ledger::record::Column;
use portolan_ledger::schedule::{Coverage, Line, Schedule};
use portolan_ledger::{Cents, Rate};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::facts::exact_quantity;
use crate::money::Quantities;

/// The quantity of a line in a unit, converted exactly.
pub fn quantity_in(line: &EntryLine, unit: &str) -> Option<Quantity> {
    line.quantities.iter().find_map(|stated| {
        if stated.unit.eq_ignore_ascii_case(unit) {
            return Some(stated.quantity);
        }
        let factor = Unit::parse(&stated.unit).ok()?.in_units_of(Unit::parse(unit).ok()?)?;
        let micro = Fraction::new(i128::from(stated.quantity.0), 1)?.times(factor)?.scaled_half_up(1)?;
        i64::try_from(micro).ok().map(Quantity)
    })
}

/// One ordinary rate, read.
#[derive(Clone, Debug)]
pub struct Base {
    /// The text as the schedule prints it.
    pub text: String,
    /// What it says.
    pub expression: DutyExpression,
    /// Its share of the value, where it is plainly ad valorem.
    pub ad_valorem: Option<Rate>,
    /// Names of the units in which it asks for a quantity.
    unit_names: Vec<String>,
}

impl Base {
    /// Reads a text.
    pub fn read(text: &str) -> Self {
        Self::of(text.to_owned(), DutyExpression::parse(text))
    }

    fn of(text: String, expression: DutyExpression) -> Self {
        let ad_valorem = expression.ad_valorem();
        let unit_names = needed_units(&expression).map(|unit| unit.to_string()).collect();
        Self { text, expression, ad_valorem, unit_names }
    }

    /// A plain ad valorem rate.
    pub fn from_rate(rate: Rate) -> Self {
        Self::read(&if rate == Rate::ZERO { "Free".to_owned() } else { format!("{rate}%") })
    }

    /// The duty on a value, to the cent; inside none where it is without bound.
    ///
    /// # Errors
    /// What it needs and is not known.
    pub fn duty(&self, value: Cents, of: Quantities<'_>) -> Result<Option<Cents>, Missing> {
        if let Some(rate) = self.ad_valorem {
            return Ok(Some(crate::money::ad_valorem(value, rate)));
        }
        self.duty_on(value, (1, 1), of)
    }

    /// The same, of which a part of the value bears its share; rounded once.
    ///
    /// # Errors
    /// What it needs and is not known.
    pub fn duty_on(
        &self,
        value: Cents,
        (part, whole): (i64, i64),
        of: Quantities<'_>,
    ) -> Result<Option<Cents>, Missing> {
        let dollars = Fraction::new(i128::from(value.0), 100).ok_or(Missing::TooLarge)?;
        // What is supposed of a quantity is a price of a unit of the value as stated.
        let stated = of.line.value.unwrap_or(value);
        let Some(duty) = self.exact(dollars, &|unit| exact_quantity(of.line, of.pins, unit, stated))? else {
            return Ok(None);
        };
        let share = Fraction::new(i128::from(part), i128::from(whole.max(1)));
        let cents = share.and_then(|share| duty.times(share)).and_then(|duty| duty.scaled_half_up(100));
        let cents = cents.and_then(|cents| i64::try_from(cents).ok()).ok_or(Missing::TooLarge)?;
        Ok(Some(Cents(cents)))
    }

    /// The exact duty in dollars on a value in dollars; inside none where a quantity, and so the duty, is without bound.
    ///
    /// # Errors
    /// What it needs and is not known.
    pub fn exact(&self, dollars: Fraction, quantity: &Lookup<'_>) -> Result<Option<Fraction>, Missing> {
        exact(&self.expression, dollars, quantity)
    }

    /// What it comes to where neither a value nor a quantity is stated: what one amount per unit is does not matter then.
    pub(crate) fn unstated(&self) -> (Option<Rate>, Option<DutyExpression>) {
        if self.ad_valorem.is_some() {
            return (self.ad_valorem, None);
        }
        let mut expression = self.expression.clone();
        if let DutyExpression::Sum(terms) = &mut expression {
            let prices = terms.iter_mut().filter_map(|term| match term {
                Term::Specific { price, .. } if price.0 > 0 => Some(price),
                _ => None,
            });
            // Several amounts may weigh against each other.
            if let [one] = prices.collect::<SmallVec<[_; 2]>>().as_mut_slice() {
                one.0 = 1;
            }
        }
        (None, Some(expression))
    }

    /// The names of the units in which it asks for a quantity.
    pub fn unit_names(&self) -> &[String] {
        &self.unit_names
    }

    /// The units in which it asks for a quantity.
    pub fn units(&self) -> impl Iterator<Item = Unit> + use<> {
        needed_units(&self.expression)
    }

    /// The amounts per unit of a rate and what it takes of the value besides: one of each way in which it can be assessed.
    pub(crate) fn amounts(&self, line: &EntryLine) -> Vec<Amounts> {
        let mut found = Vec::new();
        add_amounts(&self.expression, line, &mut found);
        found
    }
}

/// A rate as a share of the value and amounts per unit, in dollars.
#[derive(Clone, Debug)]
pub(crate) struct Amounts {
    pub share: Fraction,
    pub prices: Vec<(Fraction, Unit)>,
}

fn add_amounts(expression: &DutyExpression, line: &EntryLine, found: &mut Vec<Amounts>) {
    match expression {
        DutyExpression::Sum(terms) => found.extend(amounts_of(terms)),
        DutyExpression::GreaterOf(both) => {
            add_amounts(&both.0, line, found);
            add_amounts(&both.1, line, found);
        }
        DutyExpression::Sugar(_) => found.extend(sugar_prices(expression, line).into_iter().flatten()),
        DutyExpression::Free | DutyExpression::Refused(_) => {}
    }
}

fn amounts_of(terms: &[Term]) -> Option<Amounts> {
    let mut amounts = Amounts { share: Fraction::ZERO, prices: Vec::new() };
    for term in terms {
        match term {
            Term::AdValorem { percent, part: None | Some(Part::EntireSet) } => {
                amounts.share = amounts.share.plus(percent.share())?;
            }
            Term::Specific { price, per } if price.0 > 0 => {
                amounts.prices.push((Fraction::new(i128::from(price.0), 1_000_000_000)?, per.unit()));
            }
            Term::Specific { .. } => {}
            Term::AdValorem { .. } => return None,
        }
    }
    Some(amounts)
}

/// What a kilogram of sugar pays: of the degrees that are stated, else of none and of a hundred.
fn sugar_prices(expression: &DutyExpression, line: &EntryLine) -> Option<Vec<Amounts>> {
    let units: Vec<Unit> = needed_units(expression).collect();
    let [weight, degree] = units.as_slice() else { return None };
    let stated = quantity_in(line, &degree.to_string());
    let degrees = stated.map_or(vec![Quantity(0), Quantity(100_000_000)], |degrees| vec![degrees]);
    let price = |degrees: Quantity| {
        let known = [(*weight, Quantity(1_000_000)), (*degree, degrees)];
        let price = expression.duty(0, &known).ok()?.0;
        Some(Amounts { share: Fraction::ZERO, prices: vec![(price, *weight)] })
    };
    Some(degrees.into_iter().filter_map(price).filter(|amounts| amounts.prices[0].0.numerator() > 0).collect())
}

fn needed_units(expression: &DutyExpression) -> impl Iterator<Item = Unit> + use<> {
    expression.needs().into_iter().filter_map(|needed| match needed {
        Missing::Quantity(unit) => Some(unit),
        _ => None,
    })
}

/// The quantity in a unit: none where it is not known, inside none where it is without bound.
pub type Lookup<'a> = dyn Fn(Unit) -> Option<Option<Fraction>> + 'a;

fn exact(expression: &DutyExpression, dollars: Fraction, quantity: &Lookup<'_>) -> Result<Option<Fraction>, Missing> {
    match expression {
        DutyExpression::Free => Ok(Some(Fraction::ZERO)),
        DutyExpression::Sum(terms) => {
            let mut sum = Some(Fraction::ZERO);
            for term in terms {
                let amount = exact_term(term, dollars, quantity)?;
                sum = match sum.zip(amount) {
                    Some((sum, amount)) => Some(sum.plus(amount).ok_or(Missing::TooLarge)?),
                    None => None,
                };
            }
            Ok(sum)
        }
        DutyExpression::Sugar(_) => sugar(expression, quantity),
        DutyExpression::GreaterOf(both) => {
            let (one, other) = (exact(&both.0, dollars, quantity)?, exact(&both.1, dollars, quantity)?);
            one.zip(other).map(|(one, other)| one.larger(other).ok_or(Missing::TooLarge)).transpose()
        }
        DutyExpression::Refused(refusal) => Err(Missing::Refused(refusal.reason)),
    }
}

fn exact_term(term: &Term, dollars: Fraction, quantity: &Lookup<'_>) -> Result<Option<Fraction>, Missing> {
    match *term {
        Term::AdValorem { percent, part: None | Some(Part::EntireSet) } => {
            percent.share().times(dollars).map(Some).ok_or(Missing::TooLarge)
        }
        Term::AdValorem { part: Some(part), .. } => Err(Missing::PartValue(part)),
        Term::Specific { price, per } => {
            let much = quantity(per.unit()).ok_or(Missing::Quantity(per.unit()))?;
            let price = Fraction::new(i128::from(price.0), 1_000_000_000).ok_or(Missing::TooLarge)?;
            much.map(|much| price.times(much).ok_or(Missing::TooLarge)).transpose()
        }
    }
}

/// Sugar is paid by weight and degrees; degrees over 100 count as 100.
fn sugar(expression: &DutyExpression, quantity: &Lookup<'_>) -> Result<Option<Fraction>, Missing> {
    let mut known = Vec::new();
    for (at, unit) in needed_units(expression).enumerate() {
        let much = quantity(unit).ok_or(Missing::Quantity(unit))?;
        let Some(much) = much.or_else(|| Fraction::new(100, 1).filter(|_| at > 0)) else { return Ok(None) };
        let micro = much.scaled_half_up(1_000_000).and_then(|micro| i64::try_from(micro).ok());
        known.push((unit, Quantity(micro.ok_or(Missing::TooLarge)?)));
    }
    expression.duty(0, &known).map(|amount| Some(amount.0))
}

/// The ordinary rates of a code for an interval, and the column that applies to a line.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Column 1-general.
    pub general: usize,
    /// Column 2.
    pub column_2: usize,
    /// Id of the text of column 1-special.
    pub special: u16,
    /// How well the editions cover the day.
    pub coverage: Coverage,
    /// The edition that answers.
    pub edition: u16,
    /// The row that states the rate.
    pub rate_row: portolan_ledger::TariffCode,
}

/// Rate texts read once.
#[derive(Debug, Default)]
pub struct Bases {
    read: Vec<Base>,
    by_text: FxHashMap<u16, usize>,
    /// By the id of the special text: the programs asked about so far.
    specials: FxHashMap<u16, Vec<(Box<str>, Option<usize>)>>,
    others: FxHashMap<String, usize>,
}

impl Bases {
    /// A base by its index.
    pub fn get(&self, index: usize) -> &Base {
        &self.read[index]
    }

    fn push(&mut self, base: Base) -> usize {
        self.read.push(base);
        self.read.len() - 1
    }

    /// The base of a rate that the line itself states.
    pub fn stated(&mut self, rate: Rate) -> usize {
        let base = Base::from_rate(rate);
        if let Some(&index) = self.others.get(&base.text) {
            return index;
        }
        let text = base.text.clone();
        let index = self.push(base);
        self.others.insert(text, index);
        index
    }

    fn text(&mut self, id: u16, text: &str) -> usize {
        if let Some(&index) = self.by_text.get(&id) {
            return index;
        }
        let index = self.push(Base::read(text));
        self.by_text.insert(id, index);
        index
    }

    /// The rates of a row of the schedule.
    pub fn rates(&mut self, line: &Line<'_>, editions: &FxHashMap<&str, u16>) -> Rates {
        Rates {
            general: self.text(line.general.0, line.general_text()),
            column_2: self.text(line.column_2.0, line.column_2_text()),
            special: line.special.0,
            coverage: line.coverage,
            edition: editions.get(line.printed_in.name).copied().unwrap_or(0),
            rate_row: line.rate_row,
        }
    }

    /// The special rate of a program, where the row prints one.
    pub fn special(&mut self, schedule: &Schedule, id: u16, spi: &str) -> Option<usize> {
        let asked = self.specials.get(&id).and_then(|programs| programs.iter().find(|(program, _)| **program == *spi));
        if let Some((_, found)) = asked {
            return *found;
        }
        let column = SpecialColumn::parse(schedule.special_text(portolan_ledger::schedule::SpecialTextId(id)));
        let base = column.for_program(spi).map(|rate| Base::of(rate.expression.to_string(), rate.expression.clone()));
        let index = base.map(|base| self.push(base));
        self.specials.entry(id).or_default().push((spi.into(), index));
        index
    }
}

/// The column that applies and its base.
#[derive(Clone, Copy, Debug)]
pub struct Applicable {
    /// Which column.
    pub column: Column,
    /// The ordinary rate that applies.
    pub ordinary: Option<usize>,
    /// Column 1-general.
    pub general: Option<usize>,
}
