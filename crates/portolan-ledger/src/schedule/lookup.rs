//! The schedule at run time: the rates of a code on a day.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use super::blob::{Blob, OpenError, Row, Section};
use super::pack::{code8, label_key, suffix};
use super::text::ConcordanceSource;
use super::unit::Unit;
use crate::code::TariffCode;
use crate::duty_expression::{DutyExpression, SpecialColumn};
use crate::time::Day;

/// How many codes are offered in place of an unknown one.
const NEAREST: usize = 5;

/// The schedule, opened from its packed form.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub(super) blob: Blob,
    kinds: [usize; 3],
    /// Rows of the concordance of a whole change of nomenclature, by the code that came: sorted when first asked for.
    by_new: OnceLock<Box<[(TariffCode, u32)]>>,
}

/// The number of a distinct rate text of column 1-General or column 2, from 0 up to [`Schedule::rate_texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateTextId(pub u16);

/// The number of a distinct text of column 1-Special, from 0 up to [`Schedule::special_texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpecialTextId(pub u16);

/// An edition by name, with the day it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EditionRef<'s> {
    /// Its name: `2025_rev_16`.
    pub name: &'s str,
    /// The day it was published.
    pub published: Day,
}

/// How well the editions cover the day that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// An edition of that time prints it.
    Printed,
    /// The day lies before the first edition: the answer is what the first edition prints, which may not be what held.
    BeforeFirstEdition,
    /// The day lies after the publication of the last edition: the answer is what that edition prints.
    AfterLastEdition,
    /// The code is known from the annual table of 2017 alone: the answer is the rate before the trade war.
    Layer2017,
}

/// A code's interval. No `from`: as old as the first edition, or older. No `until`: still valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The code.
    pub code: TariffCode,
    /// The first day.
    pub from: Option<Day>,
    /// The first day on which it is valid no longer.
    pub until: Option<Day>,
}

/// The rates of a code on a day.
#[derive(Clone, Copy, Debug)]
pub struct Line<'s> {
    schedule: &'s Schedule,
    /// The code that was asked for.
    pub code: TariffCode,
    /// The row that states the rate: eight digits where it has statistical lines, ten where it has but one.
    pub rate_row: TariffCode,
    /// The first day of the interval in which code and rates both stand; none where it is as old as the first edition.
    pub from: Option<Day>,
    /// The first day after it; none where it is still open.
    pub until: Option<Day>,
    /// Column 1-General.
    pub general: RateTextId,
    /// Column 1-Special.
    pub special: SpecialTextId,
    /// Column 2.
    pub column_2: RateTextId,
    units: u16,
    /// The edition that answers: the latest that had been published, of those that print these rates. For a code of 2017 it
    /// is named `2017 annual table`, with the day from which that table is used.
    pub printed_in: EditionRef<'s>,
    /// How well the editions cover the day.
    pub coverage: Coverage,
    /// Whether the ten-digit suffix is known to be valid. It is not for days that no edition covers, for codes of 2017,
    /// and for watches, whose suffixes stand in a statistical note; it is true of an eight-digit code.
    pub suffix_checked: bool,
}

/// What the schedule says of a code on a day.
#[derive(Clone, Debug)]
pub enum Lookup<'s> {
    /// Its rates.
    Found(Line<'s>),
    /// The code is valid, on other days.
    OtherDates(OtherDates),
    /// No edition knows the code.
    Unknown(UnknownCode<'s>),
}

/// A code that is valid on other days than the one asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherDates {
    /// When it was, or will be, valid.
    pub spans: Vec<Span>,
    /// What took over from it, as far as the concordance says.
    pub successors: Vec<Successor>,
}

/// A code that no edition knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCode<'s> {
    /// Up to five codes that are valid on that day, the most alike first.
    pub nearest: Vec<TariffCode>,
    /// What took over from it, where it is an old code that the concordance names.
    pub successors: Vec<Successor>,
    /// The edition that was looked at.
    pub edition: EditionRef<'s>,
}

/// A code that took over from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Successor {
    /// The newer code.
    pub code: TariffCode,
    /// When it took over.
    pub date: Day,
    /// Who says so.
    pub source: ConcordanceSource,
}

impl<'s> Line<'s> {
    /// The text of column 1-General.
    pub fn general_text(&self) -> &'s str {
        self.schedule.rate_text(self.general)
    }

    /// The text of column 1-Special.
    pub fn special_text(&self) -> &'s str {
        self.schedule.special_text(self.special)
    }

    /// The text of column 2.
    pub fn column_2_text(&self) -> &'s str {
        self.schedule.rate_text(self.column_2)
    }

    /// Column 1-General, read. Who evaluates many lines reads each text once, by its id.
    pub fn general_rate(&self) -> DutyExpression {
        DutyExpression::parse(self.general_text())
    }

    /// Column 1-Special, read.
    pub fn special_rates(&self) -> SpecialColumn {
        SpecialColumn::parse(self.special_text())
    }

    /// Column 2, read.
    pub fn column_2_rate(&self) -> DutyExpression {
        DutyExpression::parse(self.column_2_text())
    }

    /// Units of quantity in the order of reporting. An eight-digit code with several lines has none of its own.
    pub fn units(&self) -> Vec<Unit> {
        self.units_text().split(';').filter_map(|text| Unit::parse(text).ok()).collect()
    }

    /// Units as text, parted by `;`.
    pub fn units_text(&self) -> &'s str {
        self.schedule.blob.text(self.schedule.kinds[0] + self.schedule.kinds[1] + usize::from(self.units))
    }
}

/// The dates and editions of a row of rates or lines.
#[derive(Clone, Copy)]
struct Interval {
    from: i32,
    until: i32,
    printed_from: u8,
    printed_to: u8,
}

impl Interval {
    fn of_rate(row: Row<'_>) -> Self {
        Self { from: row.i32(4), until: row.i32(8), printed_from: row.u8(20), printed_to: row.u8(21) }
    }

    fn of_line(row: Row<'_>) -> Self {
        Self { from: row.i32(4), until: row.i32(8), printed_from: row.u8(15), printed_to: row.u8(16) }
    }

    fn holds(self, at: Day) -> bool {
        self.from <= at.0 && at.0 < self.until
    }

    fn from(self) -> Option<Day> {
        (self.from != i32::MIN).then_some(Day(self.from))
    }

    fn until(self) -> Option<Day> {
        (self.until != i32::MAX).then_some(Day(self.until))
    }

    fn span(self, code: TariffCode) -> Span {
        Span { code, from: self.from(), until: self.until() }
    }

    fn both(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            until: self.until.min(other.until),
            printed_from: self.printed_from.max(other.printed_from),
            printed_to: self.printed_to.min(other.printed_to),
        }
    }
}

/// What is said of the digits after the eighth.
enum Suffix {
    /// The code has eight digits, or its line stands in this row.
    Known(Option<usize>),
    /// It cannot be checked on that day.
    Unchecked,
    /// The line is valid on other days.
    OtherDates,
    /// There is no such line.
    Unknown,
}

impl Schedule {
    /// Opens a packed schedule; nothing but its head is read.
    pub fn open(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, OpenError> {
        let blob = Blob::open(bytes.into())?;
        if blob.rows(Section::Editions) == 0 {
            return Err(OpenError::NoEditions);
        }
        let kinds = [0, 1, 2].map(|kind| blob.row(Section::Kinds, kind).u32(0) as usize);
        Ok(Self { blob, kinds, by_new: OnceLock::new() })
    }

    /// The rates of a code of eight or ten digits on a day.
    pub fn line(&self, code: TariffCode, at: Day) -> Lookup<'_> {
        if code.digits() < 8 {
            return self.unknown(code, at);
        }
        let rates = self.rate_range(code);
        if rates.is_empty() {
            return self.unknown(code, at);
        }
        let rate = rates.clone().find(|&index| self.rate_interval(index).holds(at));
        let Some(rate) = rate else { return self.other_dates(code, rates) };
        let lines = self.line_range(code);
        match self.suffix(code, at, rate, lines.clone()) {
            Suffix::Known(line) => Lookup::Found(self.found(code, at, rate, lines, line, true)),
            Suffix::Unchecked => Lookup::Found(self.found(code, at, rate, lines, None, false)),
            Suffix::OtherDates => self.other_dates(code, rates),
            Suffix::Unknown => self.unknown(code, at),
        }
    }

    fn suffix(&self, code: TariffCode, at: Day, rate: usize, lines: Range<usize>) -> Suffix {
        if code.digits() == 8 {
            return Suffix::Known(None);
        }
        let wanted = suffix(code);
        let mut own = lines.clone().filter(|&index| self.blob.row(Section::Lines, index).u8(14) == wanted);
        if let Some(line) = own.clone().find(|&index| self.line_interval(index).holds(at)) {
            return Suffix::Known(Some(line));
        }
        let layer = self.blob.row(Section::Rates, rate).u8(22) != 0;
        if own.next().is_some() {
            Suffix::OtherDates
        } else if lines.is_empty() || layer || at < self.first_edition().published || at > self.last_edition().published
        {
            Suffix::Unchecked
        } else {
            Suffix::Unknown
        }
    }

    fn found(
        &self,
        code: TariffCode,
        at: Day,
        rate: usize,
        lines: Range<usize>,
        line: Option<usize>,
        suffix_checked: bool,
    ) -> Line<'_> {
        let row = self.blob.row(Section::Rates, rate);
        let only = self.only_line(lines, at);
        let interval = self.rate_interval(rate);
        let interval = line.map_or(interval, |line| interval.both(self.line_interval(line)));
        let units = line.or(only).map_or(row.u16(18), |line| self.blob.row(Section::Lines, line).u16(12));
        let layer = row.u8(22) != 0;
        let coverage = if layer {
            Coverage::Layer2017
        } else if at < self.first_edition().published {
            Coverage::BeforeFirstEdition
        } else if at > self.last_edition().published {
            Coverage::AfterLastEdition
        } else {
            Coverage::Printed
        };
        let name = EditionRef { name: "2017 annual table", published: Day(interval.from) };
        Line {
            schedule: self,
            code,
            rate_row: only.map_or(code.prefix(8), |line| self.line_code(line)),
            from: interval.from(),
            until: interval.until(),
            general: RateTextId(row.u16(12)),
            special: SpecialTextId(row.u16(14)),
            column_2: RateTextId(row.u16(16)),
            units,
            printed_in: if layer { name } else { self.edition_at(interval, at) },
            coverage,
            suffix_checked,
        }
    }

    /// The only ten-digit line of an eight-digit code on a day: it then states the rate.
    fn only_line(&self, lines: Range<usize>, at: Day) -> Option<usize> {
        let published = self.first_edition().published;
        let at = at.max(published);
        let mut valid = lines.filter(|&index| self.line_interval(index).holds(at));
        let only = valid.next();
        if valid.next().is_none() { only } else { None }
    }

    /// The latest edition that had been published on a day, of those that print an interval; else the first of them.
    fn edition_at(&self, interval: Interval, at: Day) -> EditionRef<'_> {
        let editions =
            (interval.printed_from..=interval.printed_to).rev().map(|index| self.edition(usize::from(index)));
        let mut published = editions.filter(|edition| edition.published <= at);
        published.next().unwrap_or_else(|| self.edition(usize::from(interval.printed_from)))
    }

    fn other_dates(&self, code: TariffCode, rates: Range<usize>) -> Lookup<'_> {
        let spans = self.spans(code, rates);
        Lookup::OtherDates(OtherDates { spans, successors: self.successors(code) })
    }

    /// When a code is valid, intervals that touch made one.
    fn spans(&self, code: TariffCode, rates: Range<usize>) -> Vec<Span> {
        let wanted = suffix(code);
        let lines = self.line_range(code).filter(|&index| self.blob.row(Section::Lines, index).u8(14) == wanted);
        let own: Vec<Interval> =
            if code.digits() == 10 { lines.map(|index| self.line_interval(index)).collect() } else { Vec::new() };
        let intervals = if own.is_empty() { rates.map(|index| self.rate_interval(index)).collect() } else { own };
        let mut spans: Vec<Span> = Vec::new();
        for interval in intervals {
            match spans.last_mut() {
                Some(span) if span.until.is_some() && span.until == interval.from() => span.until = interval.until(),
                _ => spans.push(interval.span(code)),
            }
        }
        spans
    }

    fn unknown(&self, code: TariffCode, at: Day) -> Lookup<'_> {
        let all = Interval {
            from: i32::MIN,
            until: i32::MAX,
            printed_from: 0,
            printed_to: u8::try_from(self.blob.rows(Section::Editions).saturating_sub(1)).unwrap_or(u8::MAX),
        };
        Lookup::Unknown(UnknownCode {
            nearest: self.nearest(code, at),
            successors: self.successors(code),
            edition: self.edition_at(all, at),
        })
    }

    /// Valid codes like an unknown one: those that share the most digits, of these the closest numbers.
    fn nearest(&self, code: TariffCode, at: Day) -> Vec<TariffCode> {
        for digits in [8, 6, 4] {
            if code.digits() < digits {
                continue;
            }
            let above = code.prefix(digits);
            let mut found: Vec<TariffCode> = if digits == 8 {
                self.children(above, at)
            } else {
                let mut rates: Vec<TariffCode> = self
                    .rate_range(above)
                    .filter(|&i| self.rate_interval(i).holds(at))
                    .map(|i| self.rate_code(i))
                    .collect();
                rates.dedup();
                rates
            };
            if !found.is_empty() {
                found.sort_by_key(|other| (other.padded().abs_diff(code.padded()), other.padded()));
                found.truncate(NEAREST);
                return found;
            }
        }
        Vec::new()
    }

    /// What took over from a code, as far as the concordance says.
    pub fn successors(&self, code: TariffCode) -> Vec<Successor> {
        self.concordance_range(code).map(|index| self.successor(index)).collect()
    }

    /// The eight-digit codes in whose place an eight-digit code came, and the day on which it came. Only of a whole change
    /// of nomenclature, which product lists of the time before state in its own codes; empty for a code that is older.
    pub fn predecessors(&self, code: TariffCode) -> Vec<Successor> {
        let by_new = self.by_new.get_or_init(|| self.concordance_by_new());
        let first = by_new.partition_point(|(new, _)| *new < code);
        let here = by_new[first..].iter().take_while(|(new, _)| *new == code).map(|(_, row)| *row as usize);
        let old = |index: usize| {
            let row = self.blob.row(Section::Concordance, index);
            Successor { code: TariffCode::from_padded(row.u64(0), row.u8(20)), ..self.successor(index) }
        };
        here.map(old).filter(|old| old.code.digits() == 8).collect()
    }

    fn concordance_by_new(&self) -> Box<[(TariffCode, u32)]> {
        let rows = (0..self.blob.rows(Section::Concordance)).zip(0_u32..);
        let whole = rows.filter_map(|(index, row)| {
            let found = self.successor(index);
            (found.source == ConcordanceSource::Hs6).then_some((found.code, row))
        });
        let mut all: Vec<(TariffCode, u32)> = whole.collect();
        all.sort_unstable();
        all.into()
    }

    pub(super) fn successor(&self, index: usize) -> Successor {
        let row = self.blob.row(Section::Concordance, index);
        let source = match row.u8(22) {
            0 => ConcordanceSource::ChangeRecord,
            1 => ConcordanceSource::Likeness,
            _ => ConcordanceSource::Hs6,
        };
        Successor { code: TariffCode::from_padded(row.u64(8), row.u8(21)), date: Day(row.i32(16)), source }
    }

    /// The concordance rows of exactly this code.
    pub(super) fn concordance_range(&self, code: TariffCode) -> Range<usize> {
        let key = (code.padded(), code.digits());
        let of = |row: Row<'_>| (row.u64(0), row.u8(20));
        let start = self.blob.partition(Section::Concordance, |row| of(row) < key);
        let end = self.blob.partition(Section::Concordance, |row| of(row) <= key);
        start..end
    }

    /// The ten-digit lines below an eight-digit code that are valid on a day; for a day before the first edition, those
    /// that the first edition prints.
    pub fn children(&self, code: TariffCode, at: Day) -> Vec<TariffCode> {
        let at = at.max(self.first_edition().published);
        let valid = self.line_range(code).filter(|&index| self.line_interval(index).holds(at));
        valid.map(|index| self.line_code(index)).collect()
    }

    /// The statistical numbers below an eight-digit code, with their intervals, whatever the day.
    pub fn below(&self, code: TariffCode) -> Vec<Span> {
        self.line_range(code).map(|index| self.line_interval(index).span(self.line_code(index))).collect()
    }

    /// Every code that an entry line can bear, with its intervals, sorted: ten-digit lines, and the eight-digit codes that
    /// have none (watches, codes of 2017). Intervals in which units or rates differ are not made one.
    pub fn codes(&self) -> impl Iterator<Item = Span> + '_ {
        let rates = self.blob.rows(Section::Rates);
        (0..rates).flat_map(move |index| {
            let code = self.rate_code(index);
            let lines = self.line_range(code);
            let first = index == 0 || self.rate_code(index - 1) != code;
            let own = lines.is_empty().then(|| self.rate_interval(index).span(code));
            let lines = if first { lines } else { 0..0 };
            own.into_iter().chain(lines.map(|line| self.line_interval(line).span(self.line_code(line))))
        })
    }

    /// Every interval of a code of eight or ten digits, oldest first, with its rates.
    pub fn history(&self, code: TariffCode) -> Vec<Line<'_>> {
        let mut cuts: Vec<i32> = Vec::new();
        let lines = self.line_range(code);
        let wanted = suffix(code);
        let own = |index: &usize| code.digits() == 10 && self.blob.row(Section::Lines, *index).u8(14) == wanted;
        let intervals = self.rate_range(code).map(|index| self.rate_interval(index));
        for interval in intervals.chain(lines.filter(own).map(|index| self.line_interval(index))) {
            // A day inside the interval: its first, or the last before a correction that reaches back behind the editions.
            let first = self.first_edition().published.0.min(interval.until.saturating_sub(1));
            cuts.push(if interval.from == i32::MIN { first } else { interval.from });
        }
        cuts.sort_unstable();
        cuts.dedup();
        let found = cuts.into_iter().filter_map(|cut| match self.line(code, Day(cut)) {
            Lookup::Found(line) => Some(line),
            _ => None,
        });
        let mut found: Vec<Line<'_>> = found.collect();
        found.dedup_by_key(|line| (line.from, line.until));
        found
    }

    /// The short label of a code: its own, or that of the longest code above it which has one.
    pub fn label(&self, code: TariffCode) -> Option<&str> {
        [10, 8, 6, 4, 2].into_iter().filter(|digits| *digits <= code.digits()).find_map(|digits| {
            let key = label_key(code.prefix(digits));
            let index = self.blob.partition(Section::Labels, |row| row.u64(0) < key);
            let row = self.blob.row(Section::Labels, index);
            (row.u64(0) == key).then(|| self.blob.text(row.u32(8) as usize))
        })
    }

    /// The texts of column 1-General and column 2, in the order of their ids.
    pub fn rate_texts(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        (0..self.kinds[0]).map(|index| self.blob.text(index))
    }

    /// The texts of column 1-Special, in the order of their ids.
    pub fn special_texts(&self) -> impl ExactSizeIterator<Item = &str> + '_ {
        (0..self.kinds[1]).map(|index| self.blob.text(self.kinds[0] + index))
    }

    /// A text of column 1-General or column 2.
    pub fn rate_text(&self, id: RateTextId) -> &str {
        self.blob.text(usize::from(id.0))
    }

    /// A text of column 1-Special.
    pub fn special_text(&self, id: SpecialTextId) -> &str {
        self.blob.text(self.kinds[0] + usize::from(id.0))
    }

    /// The editions, oldest first.
    pub fn editions(&self) -> impl ExactSizeIterator<Item = EditionRef<'_>> + '_ {
        (0..self.blob.rows(Section::Editions)).map(|index| self.edition(index))
    }

    /// The oldest edition.
    pub fn first_edition(&self) -> EditionRef<'_> {
        self.edition(0)
    }

    /// The latest edition.
    pub fn last_edition(&self) -> EditionRef<'_> {
        self.edition(self.blob.rows(Section::Editions).saturating_sub(1))
    }

    fn edition(&self, index: usize) -> EditionRef<'_> {
        let row = self.blob.row(Section::Editions, index);
        EditionRef { name: self.blob.text(row.u32(0) as usize), published: Day(row.i32(4)) }
    }

    /// The rows of rates at or below a code; for a ten-digit code those of its eight digits.
    pub(super) fn rate_range(&self, code: TariffCode) -> Range<usize> {
        self.range(Section::Rates, code)
    }

    fn line_range(&self, code: TariffCode) -> Range<usize> {
        self.range(Section::Lines, code)
    }

    fn range(&self, section: Section, code: TariffCode) -> Range<usize> {
        let above = code.prefix(8);
        let start = code8(above);
        let end = u32::try_from(above.end() / 100).unwrap_or(u32::MAX);
        self.blob.partition(section, |row| row.u32(0) < start)..self.blob.partition(section, |row| row.u32(0) < end)
    }

    fn rate_interval(&self, index: usize) -> Interval {
        Interval::of_rate(self.blob.row(Section::Rates, index))
    }

    fn line_interval(&self, index: usize) -> Interval {
        Interval::of_line(self.blob.row(Section::Lines, index))
    }

    pub(super) fn is_layer_2017(&self, index: usize) -> bool {
        self.blob.row(Section::Rates, index).u8(22) != 0
    }

    fn rate_code(&self, index: usize) -> TariffCode {
        TariffCode::from_padded(u64::from(self.blob.row(Section::Rates, index).u32(0)) * 100, 8)
    }

    fn line_code(&self, index: usize) -> TariffCode {
        let row = self.blob.row(Section::Lines, index);
        TariffCode::from_padded(u64::from(row.u32(0)) * 100 + u64::from(row.u8(14)), 10)
    }

    /// Whether some edition prints a ten-digit line.
    pub(super) fn knows_line(&self, code: TariffCode) -> bool {
        let wanted = suffix(code);
        self.line_range(code).any(|index| self.blob.row(Section::Lines, index).u8(14) == wanted)
    }

    /// Whether the last edition prints a code, or codes below it.
    pub(super) fn is_current(&self, code: TariffCode) -> bool {
        let at = self.last_edition().published;
        if code.digits() == 10 {
            return self.children(code.prefix(8), at).contains(&code);
        }
        self.rate_range(code).any(|index| !self.is_layer_2017(index) && self.rate_interval(index).holds(at))
    }
}
