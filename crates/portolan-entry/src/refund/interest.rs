//! Interest on what was paid too much: 19 U.S.C. 1505(c), at the rates of 26 U.S.C. 6621, compounded daily (26 U.S.C. 6622).
//!
//! The sum grows on each day after the first, the last day included, by the rate of the quarter that holds the day over
//! the days of its year, 365 or 366. The factor is kept to 24 decimals, half up on each day; the interest is rounded
//! once, half up to the cent. No binary floating point.

use std::sync::Arc;

use portolan_ledger::charges::{Certainty, Charges, Figure, Interest, Quarter};
use portolan_ledger::number::div_half_up;
use portolan_ledger::{Cents, Day, Rate};
use rustc_hash::FxHashMap;

/// One, with the decimals of a factor.
const ONE: i128 = 1_000_000_000_000_000_000_000_000;

/// A factor beyond this is no interest on a duty; it keeps the products inside their type.
const MOST: i128 = 100 * ONE;

/// Who is paid back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Payee {
    /// Anyone but a corporation.
    #[default]
    Other,
    /// A corporation, to which a lower rate is owed.
    Corporation,
}

impl Payee {
    /// The rate of a quarter for him.
    pub fn rate(self, quarter: &Quarter) -> Figure<Rate> {
        match self {
            Self::Other => quarter.overpayment,
            Self::Corporation => quarter.overpayment_corporate,
        }
    }
}

/// How a sum grows between two days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// What one becomes, with 24 decimals.
    factor: i128,
    /// On how many days it grows.
    pub days: i32,
    /// How sure the least sure of its rates is.
    pub certainty: Certainty,
    /// Quarters whose rates are less than sure, by their first day.
    pub unsure: Vec<Day>,
}

impl Growth {
    /// The interest on an amount, half up to the cent.
    pub fn interest(&self, amount: Cents) -> Cents {
        let grown = i128::from(amount.0).checked_mul(self.factor - ONE);
        let cents = grown.and_then(|grown| i64::try_from(div_half_up(grown, ONE)).ok());
        // Entry lines are bounded far below what could overflow; a sum that does is no amount of duty.
        Cents(cents.unwrap_or(i64::MAX))
    }
}

/// Why interest is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The register has no interest for the side.
    NoRegister,
    /// The rate of the quarter that begins on this day is not known.
    Rate(Day),
    /// No quarter of the register holds this day.
    NoQuarter(Day),
    /// It ends before it begins.
    Backwards,
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoRegister => f.write_str("the register holds no interest of this side"),
            Self::Rate(quarter) => write!(f, "the rate of the quarter from {quarter} is not known"),
            Self::NoQuarter(day) => write!(f, "the register holds no rate for {day}"),
            Self::Backwards => f.write_str("the day to which it runs lies before the day from which it runs"),
        }
    }
}

/// Growth by days; each pair of days is worked out once.
#[derive(Debug)]
pub struct Accrual<'c> {
    interest: Option<&'c Interest>,
    payee: Payee,
    known: FxHashMap<(Day, Day), Arc<Result<Growth, Unknown>>>,
}

impl<'c> Accrual<'c> {
    /// The interest on overpaid duties of a register.
    pub fn new(charges: Option<&'c Charges>, payee: Payee) -> Self {
        let interest = charges.and_then(|charges| charges.interest.first());
        Self { interest, payee, known: FxHashMap::default() }
    }

    /// The record that it follows.
    pub fn record(&self) -> Option<&'c Interest> {
        self.interest
    }

    /// How a sum deposited on a day grows to another.
    pub fn growth(&mut self, from: Day, to: Day) -> Arc<Result<Growth, Unknown>> {
        if let Some(known) = self.known.get(&(from, to)) {
            return Arc::clone(known);
        }
        let found = Arc::new(self.interest.ok_or(Unknown::NoRegister).and_then(|i| grow(i, self.payee, from, to)));
        self.known.insert((from, to), Arc::clone(&found));
        found
    }
}

fn grow(interest: &Interest, payee: Payee, from: Day, to: Day) -> Result<Growth, Unknown> {
    if to < from {
        return Err(Unknown::Backwards);
    }
    let mut growth = Growth { factor: ONE, days: to.0 - from.0, certainty: Certainty::High, unsure: Vec::new() };
    let mut next = from;
    while next < to {
        let first = Day(next.0 + 1);
        let quarter = interest.on(first).ok_or(Unknown::NoQuarter(first))?;
        let rate = payee.rate(quarter).known().ok_or(Unknown::Rate(quarter.from))?;
        let last = to.min(Day(quarter.until.0 - 1));
        let year = days_of_year(first).ok_or(Unknown::NoQuarter(first))?;
        let whole = i128::from(year) * i128::from(Rate::WHOLE.0);
        for _ in next.0..last.0 {
            growth.factor = div_half_up(growth.factor * (whole + i128::from(rate.0)), whole);
            if growth.factor > MOST {
                return Err(Unknown::NoQuarter(first));
            }
        }
        if quarter.support.certainty != Certainty::High {
            growth.unsure.push(quarter.from);
            growth.certainty = growth.certainty.max(quarter.support.certainty);
        }
        next = last;
    }
    Ok(growth)
}

/// The days of the year that holds a day. A quarter never spans two years.
fn days_of_year(day: Day) -> Option<i16> {
    Some(day.date()?.days_in_year())
}

#[cfg(test)]
mod tests {
    use portolan_ledger::charges::{Compounding, Milestone, Support};
    use portolan_ledger::record::{ActId, Place};

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_iso(text.as_bytes()).unwrap()
    }

    fn quarter(from: &str, until: &str, rate: Option<i64>, certainty: Certainty) -> Quarter {
        let figure = rate.map_or(Figure::Unknown, |rate| Figure::Known(Rate::percent(rate)));
        let corporate = rate.map_or(Figure::Unknown, |rate| Figure::Known(Rate::percent(rate - 1)));
        let support = Support { act: None, source: Vec::new(), certainty, note: None, place: Place::default() };
        let (from, until) = (day(from), day(until));
        Quarter { from, until, underpayment: figure, overpayment: figure, overpayment_corporate: corporate, support }
    }

    fn interest() -> Interest {
        let quarters = vec![
            quarter("2023-10-01", "2024-01-01", Some(8), Certainty::High),
            quarter("2024-01-01", "2024-04-01", Some(8), Certainty::High),
            quarter("2024-04-01", "2024-07-01", Some(6), Certainty::Medium),
            quarter("2024-07-01", "2024-10-01", None, Certainty::Low),
        ];
        Interest {
            id: "duties".to_owned(),
            title: String::new(),
            runs_from: Milestone::DepositDate,
            runs_to: vec![Milestone::LiquidationDate],
            compounding: Compounding::Daily,
            act: ActId(0),
            note: None,
            quarters,
            place: Place::default(),
        }
    }

    fn on(amount: i64, from: &str, to: &str, payee: Payee) -> Result<i64, Unknown> {
        grow(&interest(), payee, day(from), day(to)).map(|growth| growth.interest(Cents(amount)).0)
    }

    #[test]
    fn one_day_is_the_day_after_the_deposit() {
        // 36,500,000.00 at 8 percent: 8,000.00 a day in a year of 365 days.
        assert_eq!(on(3_650_000_000, "2023-12-30", "2023-12-31", Payee::Other), Ok(800_000));
        assert_eq!(on(3_650_000_000, "2023-12-30", "2023-12-31", Payee::Corporation), Ok(700_000));
        assert_eq!(on(3_650_000_000, "2023-12-30", "2023-12-30", Payee::Other), Ok(0));
    }

    #[test]
    fn a_leap_year_has_366_days() {
        // The day after 31 December 2023 lies in 2024: 8 percent over 366 days of 36,600,000.00 are 8,000.00.
        assert_eq!(on(3_660_000_000, "2023-12-31", "2024-01-01", Payee::Other), Ok(800_000));
        // Two days compound: 8,000.00 and 8,001.75 (8,000 times 1 + 0.08/366, half up).
        assert_eq!(on(3_660_000_000, "2023-12-31", "2024-01-02", Payee::Other), Ok(1_600_175));
    }

    #[test]
    fn the_rate_of_a_quarter_begins_with_its_first_day() {
        // 31 March is the last day at 8, 1 April the first at 6.
        assert_eq!(on(3_660_000_000, "2024-03-30", "2024-03-31", Payee::Other), Ok(800_000));
        assert_eq!(on(3_660_000_000, "2024-03-31", "2024-04-01", Payee::Other), Ok(600_000));
        // Both: 8,000.00, then 6 percent over 366 of 36,608,000.00 = 6,001.31.
        assert_eq!(on(3_660_000_000, "2024-03-30", "2024-04-01", Payee::Other), Ok(1_400_131));
    }

    #[test]
    fn a_year_compounds_to_the_factor_of_the_tables() {
        // One quarter of 91 days at 8 percent of 366: (1 + 0.08/366)^91 - 1 = 0.02008763..., worked out apart with fractions.
        let growth = grow(&interest(), Payee::Other, day("2023-12-31"), day("2024-03-31")).unwrap();
        assert_eq!(growth.days, 91);
        assert_eq!((growth.factor - ONE) / 1_000_000_000_000, 20_087_631_510);
        assert_eq!(growth.certainty, Certainty::High);
    }

    #[test]
    fn a_rate_that_is_not_known_makes_the_interest_unknown_by_name() {
        assert_eq!(on(100, "2024-06-29", "2024-06-30", Payee::Other), Ok(0));
        assert_eq!(on(100, "2024-06-30", "2024-07-01", Payee::Other), Err(Unknown::Rate(day("2024-07-01"))));
        assert_eq!(on(100, "2023-09-29", "2023-09-30", Payee::Other), Err(Unknown::NoQuarter(day("2023-09-30"))));
        assert_eq!(on(100, "2024-10-01", "2024-10-02", Payee::Other), Err(Unknown::NoQuarter(day("2024-10-02"))));
        assert_eq!(on(100, "2024-02-02", "2024-02-01", Payee::Other), Err(Unknown::Backwards));
        assert_eq!(
            Unknown::Rate(day("2024-07-01")).to_string(),
            "the rate of the quarter from 2024-07-01 is not known"
        );
    }

    #[test]
    fn rates_that_are_less_than_sure_are_named() {
        let growth = grow(&interest(), Payee::Other, day("2024-03-01"), day("2024-04-02")).unwrap();
        assert_eq!((growth.certainty, growth.unsure), (Certainty::Medium, vec![day("2024-04-01")]));
    }
}
