//! The ordinary duty of the real schedule.

use portolan_ledger::line::View;
use portolan_ledger::record::{Column, GroupId};
use portolan_ledger::schedule::{Lookup, Schedule};
use portolan_ledger::{Day, EntryLine, Instant, Side, TariffCode};

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
        let general = OrdinaryRate::written(&printed.general_rate());
        if self.pays_column_two(line, at)? {
            return Ok(Base {
                general,
                applicable: OrdinaryRate::written(&printed.column_2_rate()),
                column: Column::Two,
            });
        }
        let column = printed.special_rates();
        let special = line.spi.as_deref().and_then(|spi| column.for_program(spi));
        Ok(match special {
            Some(special) => {
                Base { general, applicable: OrdinaryRate::written(special.expression), column: Column::Special }
            }
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
    fn holds_code(&self, line: &EntryLine, at: Instant) -> bool {
        let found = |day| matches!(self.schedule.line(line.code, day), Lookup::Found(_));
        line.side != self.side || self.day(at).is_ok_and(found)
    }

    /// Of every row of the concordance that leads to the line's eight digits on a later day, the code it leads from. Only a
    /// whole change of nomenclature counts: within one, each list row says itself which number it means.
    fn earlier_codes(&self, line: &EntryLine, at: Instant) -> Vec<TariffCode> {
        let Ok(day) = self.day(at) else { return Vec::new() };
        if line.side != self.side {
            return Vec::new();
        }
        let rows = self.schedule.predecessors(line.code.prefix(8));
        let mut codes: Vec<_> = rows.iter().filter(|row| day < row.date).map(|row| row.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}
