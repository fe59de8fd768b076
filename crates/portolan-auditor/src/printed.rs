//! The ordinary duty of the real schedule.

use portolan_ledger::duty_expression::{DutyExpression, Part, Term};
use portolan_ledger::line::View;
use portolan_ledger::record::{Column, GroupId};
use portolan_ledger::schedule::{Lookup, Schedule};
use portolan_ledger::{Day, EntryLine, Instant, Rate, Side, TariffCode, UnitPrice};

use crate::base::{Base, OrdinaryDuty, OrdinaryRate};
use crate::fault::Fault;
use crate::index::Auditor;
use crate::law::Law;

/// The group of origins that pay the rates of column 2.
const COLUMN_TWO: &str = "column-2";

/// A schedule as the source of ordinary duties for one side.
pub struct Printed<'a, 'l> {
    auditor: &'a Auditor<'l>,
    schedule: &'a Schedule,
    side: Side,
    column_two: Option<GroupId>,
}

impl<'a, 'l> Printed<'a, 'l> {
    /// The schedule of a side, with the origins that the ledger says pay column 2.
    pub fn new(auditor: &'a Auditor<'l>, schedule: &'a Schedule, side: Side) -> Self {
        let groups = &auditor.ledger().groups;
        let column_two = groups.iter().position(|group| group.name == COLUMN_TWO);
        Self { auditor, schedule, side, column_two: column_two.and_then(|i| u16::try_from(i).ok()).map(GroupId) }
    }

    fn day(&self, at: Instant) -> Result<Day, Fault> {
        Ok(self.auditor.clock(self.side)?.day_of(at))
    }

    fn pays_column_two(&self, line: &EntryLine, at: Instant) -> Result<bool, Fault> {
        let entry_day = line.entry_date.day(self.auditor.clock(line.side)?);
        let law = Law {
            auditor: self.auditor,
            at,
            knowledge: match line.view {
                View::Assessed => line.known_date.min(entry_day),
                View::Owed => line.known_date,
            },
            view: line.view,
        };
        Ok(self.column_two.is_some_and(|group| law.in_group(group, line.origin)))
    }

    fn look_up(&self, line: &EntryLine, at: Instant) -> Result<Base, Fault> {
        let Lookup::Found(printed) = self.schedule.line(line.code, self.day(at)?) else {
            let unknown = OrdinaryRate::Unknown("the schedule of the day does not hold the code".to_owned());
            return Ok(Base { general: unknown.clone(), applicable: unknown, column: Column::General });
        };
        let general = rate(&printed.general_rate());
        if self.pays_column_two(line, at)? {
            return Ok(Base { general, applicable: rate(&printed.column_2_rate()), column: Column::Two });
        }
        let column = printed.special_rates();
        let special = line.spi.as_deref().and_then(|spi| column.for_program(spi));
        Ok(match special {
            Some(special) => Base { general, applicable: rate(special.expression), column: Column::Special },
            None => Base { applicable: general.clone(), general, column: Column::General },
        })
    }
}

impl OrdinaryDuty for Printed<'_, '_> {
    fn base(&self, line: &EntryLine, at: Instant) -> Option<Base> {
        if line.side == self.side { self.look_up(line, at).ok() } else { None }
    }

    fn statistical_numbers(&self, line: &EntryLine, code: TariffCode, at: Instant) -> Option<Vec<TariffCode>> {
        if line.side != self.side {
            return None;
        }
        let children = self.schedule.children(code, self.day(at).ok()?);
        let numbers = children.into_iter().filter(|number| number.digits() == 10);
        let numbers: Vec<_> = numbers.collect();
        if numbers.is_empty() { None } else { Some(numbers) }
    }
}

/// A printed rate, where it is a share of the value and one amount per unit; else unknown, with its text.
fn rate(expression: &DutyExpression) -> OrdinaryRate {
    if let Some(share) = expression.ad_valorem() {
        return OrdinaryRate::AdValorem(share);
    }
    let sum = match expression {
        DutyExpression::Sum(terms) => sum(terms),
        _ => None,
    };
    sum.unwrap_or_else(|| match expression.refusal() {
        Some(refusal) => OrdinaryRate::Unknown(refusal.reason.to_string()),
        None => OrdinaryRate::Unknown(expression.to_string()),
    })
}

fn sum(terms: &[Term]) -> Option<OrdinaryRate> {
    let mut share = Rate::ZERO;
    let mut per_unit: Option<(UnitPrice, String)> = None;
    for term in terms {
        match term {
            Term::AdValorem { percent, part: None | Some(Part::EntireSet) } => {
                share = Rate(share.0.checked_add(percent.rate()?.0)?);
            }
            Term::Specific { price, per } if per_unit.is_none() => {
                per_unit = Some((*price, per.unit().to_string()));
            }
            _ => return None,
        }
    }
    Some(match (share, per_unit) {
        (Rate::ZERO, Some((price, unit))) => OrdinaryRate::Specific(price, unit),
        (share, Some((price, unit))) => OrdinaryRate::Compound(share, price, unit),
        (share, None) => OrdinaryRate::AdValorem(share),
    })
}
