//! Product lists against the nomenclature of their dates.

use std::ops::Range;

use crate::code::TariffCode;
use crate::diagnostic::{Code, Diagnostic, Sources};
use crate::record::{Act, Ledger, List, ListId, ListRow};
use crate::schedule::Schedule;
use crate::time::{Clock, Day, Instant, Side};

/// Chapters from here on are not in the schedule's tables: they hold no ordinary rates.
const SPECIAL_CHAPTERS: u8 = 98;

/// Checks the rows of all product lists against the editions of a schedule, which is that of the first side.
///
/// A row is refused (`PTL014`) where editions of its time exist and none of them, on no day of its interval, knows its
/// code, a code below it, or, where the schedule holds no statistical numbers, the code above it. Rows of times without
/// an edition are counted (`PTL015`), a warning for each list; so are those of a side without a schedule.
pub fn check_lists(ledger: &Ledger, sources: &Sources, schedule: &Schedule) -> Vec<Diagnostic> {
    let Some(clock) = ledger.clock(Side(0)) else { return Vec::new() };
    let numbers = Numbers::new(schedule);
    let editions = schedule.first_edition().published..schedule.last_edition().published;
    let checker = Checker { acts: &ledger.acts, sources, clock, editions, numbers };
    let own = lists_of(ledger, Side(0));
    let mut found = Vec::new();
    for (list, of_schedule) in ledger.lists.iter().zip(own) {
        checker.list(list, of_schedule, &mut found);
    }
    found
}

/// Whether each list is named by a program of a side.
fn lists_of(ledger: &Ledger, side: Side) -> Vec<bool> {
    let mut own = vec![false; ledger.lists.len()];
    for program in ledger.programs.iter().filter(|program| program.levied_by == side) {
        let scopes = program.provisions.iter().map(|p| &p.scope);
        let scopes = scopes.chain(program.exceptions.iter().map(|e| &e.scope));
        let scopes = scopes.chain(program.prohibitions.iter().map(|p| &p.scope));
        for ListId(list) in scopes.flat_map(|scope| scope.products.iter().chain(&scope.products_except)) {
            own[usize::from(*list)] = true;
        }
    }
    own
}

struct Checker<'c> {
    acts: &'c [Act],
    sources: &'c Sources,
    clock: Clock,
    /// From the publication of the first edition to that of the last.
    editions: Range<Day>,
    numbers: Numbers,
}

impl Checker<'_> {
    fn list(&self, list: &List, of_schedule: bool, found: &mut Vec<Diagnostic>) {
        let mut unchecked = 0_usize;
        let mut first = None;
        // Rows of one list share a handful of dates.
        let mut last_dates = None;
        for (at, row) in list.rows.iter().enumerate() {
            if self.restated(&list.rows, at) {
                continue;
            }
            let key = (row.term.from, row.term.until);
            let days = match last_dates {
                Some((known, days)) if known == key => days,
                _ => self.covered_days(row),
            };
            last_dates = Some((key, days));
            let special = row.code.chapter() >= SPECIAL_CHAPTERS;
            match days {
                Some(days) if of_schedule && !special => self.row(row, days, found),
                _ => {
                    unchecked += 1;
                    first.get_or_insert(row.term.place);
                }
            }
        }
        if let Some(place) = first {
            let message = format!("{unchecked} of {} rows of {} could not be checked", list.rows.len(), list.path);
            let help = if of_schedule {
                "the schedule holds no edition of their time, or not their chapter"
            } else {
                "there is no schedule of this side"
            };
            let span = self.sources.line(place);
            found.push(Diagnostic::new(Code::NomenclatureNotChecked, span, message).help(help));
        }
    }

    /// Whether a later act states a row again: what the first one said of its end is no longer law.
    fn restated(&self, rows: &[ListRow], at: usize) -> bool {
        let row = &rows[at];
        let issued = |row: &ListRow| self.acts[usize::from(row.term.act.0)].issued;
        let first = rows[..at].iter().rposition(|other| other.code != row.code).map_or(0, |before| before + 1);
        let same_code = rows[first..].iter().enumerate().take_while(|(_, other)| other.code == row.code);
        let mut restating = same_code.filter(|(_, other)| other.term.from == row.term.from);
        restating.any(|(offset, other)| (issued(other), first + offset) > (issued(row), at))
    }

    /// The days of a row's interval that editions cover, the first and the last.
    fn covered_days(&self, row: &ListRow) -> Option<(Day, Day)> {
        let from = self.tariff_day(row.term.from).max(self.editions.start);
        let end = row.term.until.map(|until| self.tariff_day(Instant(until.0.saturating_sub(1))));
        let last = end.map_or(self.editions.end, |end| end.min(self.editions.end));
        (from <= last).then_some((from, last))
    }

    /// The tariff day that holds a moment: in the first minute after midnight it is still the day before.
    fn tariff_day(&self, at: Instant) -> Day {
        let day = self.clock.day_of(at);
        if at < self.clock.day_start(day) { Day(day.0.saturating_sub(1)) } else { day }
    }

    fn row(&self, row: &ListRow, days: (Day, Day), found: &mut Vec<Diagnostic>) {
        for (code, what) in std::iter::once((row.code, "")).chain(row.except.iter().map(|&code| (code, "excepted "))) {
            if !self.numbers.known(code, days) {
                let message = format!("the schedule of its time has no {what}{code}");
                let help = "correct the code, carry it to the number of its day, or end the row where the number ended";
                let span = self.sources.line(row.term.place);
                found.push(Diagnostic::new(Code::OutsideNomenclature, span, message).help(help));
            }
        }
    }
}

/// The codes of the schedule with the days on which they are valid, sorted by code.
struct Numbers {
    codes: Vec<Number>,
}

#[derive(Clone, Copy)]
struct Number {
    code: TariffCode,
    from: Day,
    /// The first day on which it is valid no longer.
    until: Day,
}

impl Numbers {
    fn new(schedule: &Schedule) -> Self {
        let whole = |span: crate::schedule::Span| Number {
            code: span.code,
            from: span.from.unwrap_or(Day(i32::MIN)),
            until: span.until.unwrap_or(Day::MAX),
        };
        let mut codes: Vec<Number> = schedule.codes().map(whole).collect();
        codes.sort_unstable_by_key(|number| number.code);
        Self { codes }
    }

    /// Whether a code, or one below it, is valid on one of the days from the first to the last.
    fn known(&self, code: TariffCode, days: (Day, Day)) -> bool {
        let valid = |number: &&Number| number.from <= days.1 && days.0 < number.until;
        let first = self.codes.partition_point(|number| number.code.padded() < code.padded());
        let mut below = self.codes[first..].iter().take_while(|number| number.code.padded() < code.end());
        if below.any(|number| number.code.digits() >= code.digits() && valid(&number)) {
            return true;
        }
        // An eight-digit code stands in this table only where the schedule holds no number below it.
        code.digits() == 10 && {
            let above = code.prefix(8);
            let first = self.codes.partition_point(|number| number.code < above);
            self.codes[first..].iter().take_while(|number| number.code == above).any(|number| valid(&number))
        }
    }
}
