//! Value-added tax on imports, on request: on the value and the duty together, outside the bill.
//!
//! China levies it on every import at one of two rates, which stand in the register of fees (`REGISTERS.md`, section 10); which
//! number bears the lower one is not held here, so it is asked for by name or by a rate. Consumption tax is outside.

use portolan_engine::{Bill, Pct};
use portolan_ledger::charges::{FeeAmount, FeeBasis, Figure};
use portolan_ledger::line::EntryLine;
use portolan_ledger::number::{div_half_up, parse_scaled};
use portolan_ledger::record::ActId;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Ledger, Rate};

/// A rate that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// As stated.
    Stated(Rate),
    /// The standard rate of the day.
    Standard,
    /// The reduced rate of the day.
    Reduced,
}

impl Asked {
    /// Reads `standard`, `reduced`, or a rate in percent: `13`, `9%`.
    pub fn read(text: &str) -> Option<Self> {
        match text.trim() {
            "standard" => Some(Self::Standard),
            "reduced" => Some(Self::Reduced),
            text => {
                let number = text.strip_suffix('%').unwrap_or(text).trim();
                // A percent has seven decimals left of a rate's nine.
                let rate = parse_scaled(number.as_bytes(), 7).ok().map(Rate)?;
                (rate.0 >= 0 && rate <= Rate::WHOLE).then_some(Self::Stated(rate))
            }
        }
    }
}

/// The tax on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vat {
    /// Its rate.
    pub rate: Rate,
    /// What it is, where the register names it.
    pub title: String,
    /// The act that sets the rate; none where it was stated.
    pub act: Option<ActId>,
    /// In points on the value, where the duty is.
    pub points: Option<Pct>,
    /// The least and the most that it can be; the most is missing where the duty has no upper bound.
    pub amount: Option<(Cents, Option<Cents>)>,
    /// The ordinary duty was not stated and is not in it.
    pub without_ordinary: bool,
}

/// The tax on a line that has a bill.
///
/// # Errors
/// Why there is no rate, in one sentence.
pub fn vat(asked: Asked, line: &EntryLine, bill: &Bill, (ledger, clock): (&Ledger, &Clock)) -> Result<Vat, String> {
    let (rate, title, act) = match asked {
        Asked::Stated(rate) => (rate, "Value-added tax at the stated rate".to_owned(), None),
        Asked::Standard => of_register(ledger, line, clock, "vat-standard")?,
        Asked::Reduced => of_register(ledger, line, clock, "vat-reduced")?,
    };
    let on = |duty: Cents| {
        let basis = i128::from(line.value?.0) + i128::from(duty.0);
        let cents = div_half_up(basis * i128::from(rate.0), i128::from(Rate::WHOLE.0));
        i64::try_from(cents).ok().map(Cents)
    };
    let least = bill.total_duty.or(bill.duty_min).and_then(on);
    let most = bill.total_duty.or(bill.duty_max).and_then(on);
    Ok(Vat {
        rate,
        title,
        act,
        points: bill.total_pct.map(|total| (Pct::full(Rate::WHOLE) + total).times(rate)),
        amount: least.filter(|_| !bill.prohibited).map(|least| (least, most)),
        without_ordinary: line.mfn_pct.is_none(),
    })
}

/// A rate of the register on the day of entry.
fn of_register(
    ledger: &Ledger,
    line: &EntryLine,
    clock: &Clock,
    id: &str,
) -> Result<(Rate, String, Option<ActId>), String> {
    let fees = ledger.charges.iter().filter(|charges| charges.levied_by == line.side);
    let fee =
        fees.flat_map(|charges| &charges.fees).find(|fee| fee.id == id && fee.basis == Some(FeeBasis::ValueAndDuty));
    let fee = fee.ok_or("the register of fees holds no value-added tax of this side")?;
    let day = line.entry_date.day(clock);
    let unknown = || format!("the register of fees does not say what it was on {day}");
    let row = fee.on(day).ok_or_else(unknown)?;
    match row.amount {
        FeeAmount::Share { rate: Figure::Known(rate), .. } => Ok((rate, fee.title.clone(), row.support.act)),
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use portolan_engine::{Engine, Law};
    use portolan_ledger::Day;
    use portolan_ledger::line::{ClaimStated, When};
    use portolan_ledger::record::Origin;

    use super::*;

    fn line(ledger: &Ledger, day: &str, mfn: Option<i64>) -> EntryLine {
        let day = Day::parse_iso(day.as_bytes()).unwrap();
        let side = ledger.side("CN").unwrap();
        let mut line = EntryLine::new(side, "12019011".parse().unwrap(), Origin(*b"US"), When::Day(day), day);
        line.value = Some(Cents(1_000_000));
        line.mfn_pct = mfn.map(Rate::percent);
        // The exclusion by which the layer of 2018 was not paid.
        line.claims = vec![ClaimStated { claim: ledger.claim("cn_301_exclusion").unwrap(), yes: true }];
        line
    }

    fn of(asked: &str, day: &str, mfn: Option<i64>) -> Result<Vat, String> {
        let ledger = portolan_law::ledger().unwrap();
        let law = Law::new(&ledger, None);
        let line = line(&ledger, day, mfn);
        let bill = Engine::new(&law).bill(&line).unwrap();
        vat(Asked::read(asked).unwrap(), &line, &bill, (&ledger, &law.clocks[usize::from(line.side.0)]))
    }

    #[test]
    fn soybeans_of_april_2025() {
        // (1 + 0.03 + 0.10 + 0.84) x 1.09 - 1 = 114.73 percent: what the American Soybean Association worked out for that week.
        let vat = of("reduced", "2025-04-11", Some(3)).unwrap();
        assert_eq!((vat.rate, vat.without_ordinary), (Rate::percent(9), false));
        assert_eq!(vat.amount, Some((Cents(177_300), Some(Cents(177_300)))), "9 percent of 19,700");
        assert_eq!(vat.points.unwrap().to_string(), "17.73");
        assert!(vat.act.is_some());
    }

    #[test]
    fn the_rate_is_that_of_the_day() {
        let rate = |day| of("standard", day, Some(3)).map(|vat| vat.rate);
        assert_eq!(rate("2018-04-30"), Ok(Rate::percent(17)));
        assert_eq!(rate("2018-05-01"), Ok(Rate::percent(16)));
        assert_eq!(rate("2019-03-31"), Ok(Rate::percent(16)));
        assert_eq!(rate("2019-04-01"), Ok(Rate::percent(13)));
        assert_eq!(rate("2026-01-01"), Ok(Rate::percent(13)));
        assert!(rate("2017-12-31").unwrap_err().contains("2017-12-31"));
        assert!(of("13", "2025-04-11", None).unwrap().without_ordinary);
    }

    #[test]
    fn a_rate_is_a_percentage() {
        assert_eq!(Asked::read("13%"), Some(Asked::Stated(Rate::percent(13))));
        assert_eq!(Asked::read(" 9.5 "), Some(Asked::Stated(Rate(95_000_000))));
        for wrong in ["", "-1", "101", "half", "1e2", "13%%"] {
            assert_eq!(Asked::read(wrong), None, "{wrong}");
        }
    }
}
