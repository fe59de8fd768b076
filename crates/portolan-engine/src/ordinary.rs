//! The ordinary duty: which column applies, and what its rate comes to.

use portolan_ledger::duty_expression::{DutyExpression, Fraction, Missing, SpecialColumn, Unit};
use portolan_ledger::line::EntryLine;
use portolan_ledger::number::Quantity;
use portolan_ledger::record::Column;
use portolan_ledger::schedule::{Coverage, Line, Schedule};
use portolan_ledger::{Cents, Rate};
use rustc_hash::FxHashMap;

/// The quantity of a line in a unit, converted exactly.
pub fn quantity_in(line: &EntryLine, unit: &str) -> Option<Quantity> {
    let wanted = Unit::parse(unit).ok();
    line.quantities.iter().find_map(|stated| {
        if stated.unit.eq_ignore_ascii_case(unit) {
            return Some(stated.quantity);
        }
        let factor = Unit::parse(&stated.unit).ok()?.in_units_of(wanted?)?;
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
}

impl Base {
    /// Reads a text.
    pub fn read(text: &str) -> Self {
        Self::of(text.to_owned(), DutyExpression::parse(text))
    }

    fn of(text: String, expression: DutyExpression) -> Self {
        let ad_valorem = expression.ad_valorem();
        Self { text, expression, ad_valorem }
    }

    /// A plain ad valorem rate.
    pub fn from_rate(rate: Rate) -> Self {
        Self::read(&if rate == Rate::ZERO { "Free".to_owned() } else { format!("{rate}%") })
    }

    /// The duty on a value in whole dollars, to the cent, with the line's quantities.
    pub fn duty(&self, value: Cents, line: &EntryLine) -> Result<Cents, Missing> {
        if let Some(rate) = self.ad_valorem {
            return Ok(crate::money::ad_valorem(value, rate));
        }
        let quantities: Vec<_> =
            line.quantities.iter().filter_map(|q| Unit::parse(&q.unit).ok().map(|unit| (unit, q.quantity))).collect();
        let amount = self.expression.duty(value.0 / 100, &quantities)?;
        let cents = amount.cents().ok_or(Missing::TooLarge)?;
        i64::try_from(cents).map(Cents).map_err(|_| Missing::TooLarge)
    }
}

impl Base {
    /// The least that the duty on a value can be where quantities were not stated: none of them lowers it.
    pub fn least(&self, value: Cents, line: &EntryLine) -> Cents {
        let stated = |unit: &Unit| {
            line.quantities.iter().any(|q| Unit::parse(&q.unit).is_ok_and(|u| u.in_units_of(*unit).is_some()))
        };
        let mut quantities: Vec<_> =
            line.quantities.iter().filter_map(|q| Unit::parse(&q.unit).ok().map(|unit| (unit, q.quantity))).collect();
        for missing in self.expression.needs() {
            if let Missing::Quantity(unit) = missing
                && !stated(&unit)
            {
                quantities.push((unit, Quantity::ZERO));
            }
        }
        let amount = self
            .expression
            .duty(value.0 / 100, &quantities)
            .ok()
            .and_then(portolan_ledger::duty_expression::Amount::cents);
        amount.and_then(|cents| i64::try_from(cents).ok()).map_or(Cents(0), Cents)
    }
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
