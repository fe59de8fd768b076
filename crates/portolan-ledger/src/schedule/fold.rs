//! Folding official editions into dated intervals, and counting what they hold.
//!
//! A boundary between two contents of a code lies on the day that the change record of the later edition states for that
//! code; where it states none, on the day the edition was published. Where the two differ, a [`Difference`] says so.
//! A code that a later edition adds for good though no record ever established it had been left out by mistake
//! (4420.19.00 in 2025 basic): it is as old as the first edition, and a difference says that too.

use std::collections::BTreeMap;

use super::official::OfficialRow;
use super::text::{Edition, LineRow, RateRow};
use super::unit::Unit;
use crate::code::TariffCode;
use crate::duty_expression::{DutyExpression, RefusalReason, SpecialColumn};
use crate::time::Day;

/// One entry of the change records of the editions, for a code of chapters 1 to 97.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// The edition that carries the change.
    pub edition: String,
    /// The code it is about.
    pub code: TariffCode,
    /// What happens: `Established`, `Discontinued`, `Annotated`, `Modified`, `Technical correction`.
    pub change: String,
    /// The words in parentheses: `transferred to 8415.90.8010 and 8415.90.8020`.
    pub detail: String,
    /// The legal effective date, where one is printed.
    pub effective: Option<Day>,
}

impl ChangeRecord {
    fn establishes(&self) -> bool {
        self.change == "Established" || self.change == "Added"
    }

    /// `Annotated` is what the record calls a ten-digit number that is cut up: the number itself ends.
    fn ends(&self) -> bool {
        self.change == "Discontinued" || self.change == "Annotated"
    }

    /// The ten-digit numbers that the detail names after these words.
    pub fn transferred(&self, words: &str) -> Vec<TariffCode> {
        let Some((_, rest)) = self.detail.split_once(words) else { return Vec::new() };
        rest.split(|c: char| !c.is_ascii_digit() && c != '.')
            .filter_map(|token| TariffCode::parse(token.trim_matches('.').as_bytes()).ok())
            .filter(|code| code.digits() == 10)
            .collect()
    }
}

/// A boundary where the legal date and the publication of the edition differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The code.
    pub code: TariffCode,
    /// The first edition that prints the change.
    pub edition: String,
    /// When that edition was published.
    pub published: Day,
    /// The legal date that was taken.
    pub effective: Day,
    /// What the record says of the code.
    pub change: String,
}

/// What an edition holds of chapters 1 to 97.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditionCounts {
    /// Rows of eight digits that state a general rate.
    pub rates_at_8: usize,
    /// Rows of ten digits that state a general rate.
    pub rates_at_10: usize,
    /// Rows whose general cell holds nothing but white space: they state no rate, though the cell is not empty.
    pub blank_cells: usize,
    /// Ten-digit rows, with or without a rate.
    pub statistical: usize,
}

/// How the rate texts of the editions read: each text counted once for every row and column that prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextCounts {
    /// Distinct texts, as printed.
    pub distinct: usize,
    /// Texts that read as a rate.
    pub read: usize,
    /// Texts that are refused, by reason.
    pub refused: BTreeMap<RefusalReason, usize>,
}

/// The content of a rate row: general, special and column 2 in canonical spelling, and the units printed beside them.
#[derive(Clone, PartialEq, Eq)]
struct RateContent {
    general: String,
    special: String,
    column_2: String,
    units: String,
}

/// A run of editions in which a code has one content.
struct Run<C> {
    first: u8,
    last: u8,
    content: C,
}

/// Folds editions, one after the other, into intervals.
#[derive(Default)]
pub struct Fold {
    editions: Vec<Edition>,
    rates: BTreeMap<TariffCode, Vec<Run<RateContent>>>,
    lines: BTreeMap<TariffCode, Vec<Run<String>>>,
    counts: Vec<EditionCounts>,
    texts: BTreeMap<String, Printed>,
    specials: BTreeMap<String, Printed>,
    units: BTreeMap<Vec<String>, String>,
    faults: Vec<String>,
}

/// A text as the editions print it.
struct Printed {
    times: usize,
    canonical: String,
}

/// Counts a text and gives its canonical spelling, which is worked out once.
fn print(texts: &mut BTreeMap<String, Printed>, text: &str, canonical: impl Fn(&str) -> String) -> String {
    if let Some(printed) = texts.get_mut(text) {
        printed.times += 1;
        return printed.canonical.clone();
    }
    let canonical = canonical(text);
    texts.insert(text.to_owned(), Printed { times: 1, canonical: canonical.clone() });
    canonical
}

/// The result of a fold.
pub struct Folded {
    /// The editions in order.
    pub editions: Vec<Edition>,
    /// Rates, sorted by code and date.
    pub rates: Vec<RateRow>,
    /// Ten-digit lines, sorted by code and date.
    pub lines: Vec<LineRow>,
    /// Where legal date and publication differ.
    pub differences: Vec<Difference>,
    /// Counts of each edition.
    pub counts: Vec<EditionCounts>,
    /// How the general and column 2 texts and the expressions of the special column read.
    pub texts: TextCounts,
    /// What the editions print that the fold cannot hold.
    pub faults: Vec<String>,
}

impl Fold {
    /// Adds the next edition; the first call gives the oldest.
    pub fn add(&mut self, edition: Edition, rows: &[OfficialRow]) {
        let Ok(index) = u8::try_from(self.editions.len()) else {
            self.faults.push(format!("{}: more than 256 editions", edition.name));
            return;
        };
        self.editions.push(edition);
        let mut counts = EditionCounts::default();
        for row in rows {
            let Some(code) = row.code.filter(|code| code.chapter() <= 97 && code.digits() >= 8) else { continue };
            self.add_row(index, code, row, &mut counts);
        }
        self.check_rows(index);
        self.counts.push(counts);
    }

    fn add_row(&mut self, index: u8, code: TariffCode, row: &OfficialRow, counts: &mut EditionCounts) {
        let units = self.units(index, code, &row.units);
        if code.digits() == 10 {
            counts.statistical += 1;
            let runs = self.lines.entry(code).or_default();
            if runs.last().is_some_and(|run| run.last == index) {
                self.faults.push(format!("{}: {code} stands twice", self.editions[usize::from(index)].name));
                return;
            }
            extend(runs, index, units.clone());
        }
        if row.general.trim().is_empty() {
            counts.blank_cells += usize::from(!row.general.is_empty());
            return;
        }
        *(if code.digits() == 8 { &mut counts.rates_at_8 } else { &mut counts.rates_at_10 }) += 1;
        let rate = |text: &str| DutyExpression::parse(text).to_string();
        let content = RateContent {
            general: print(&mut self.texts, &row.general, rate),
            special: print(&mut self.specials, &row.special, |text| SpecialColumn::parse(text).to_string()),
            column_2: print(&mut self.texts, &row.column_2, rate),
            units: if code.digits() == 8 { units } else { String::new() },
        };
        let runs = self.rates.entry(code.prefix(8)).or_default();
        if runs.last().is_some_and(|run| run.last == index) {
            let name = &self.editions[usize::from(index)].name;
            self.faults.push(format!("{name}: {code} states a rate beside another row of {}", code.prefix(8)));
            return;
        }
        extend(runs, index, content);
    }

    /// The units in canonical spelling, parted by `;`.
    fn units(&mut self, index: u8, code: TariffCode, cells: &[String]) -> String {
        if let Some(known) = self.units.get(cells) {
            return known.clone();
        }
        let mut texts = Vec::with_capacity(cells.len());
        for cell in cells.iter().filter(|cell| !cell.trim().is_empty()) {
            match Unit::parse(cell) {
                Ok(unit) => texts.push(unit.to_string()),
                Err(error) => self.faults.push(format!("{}: {code}: {error}", self.editions[usize::from(index)].name)),
            }
        }
        let units = texts.join(";");
        self.units.insert(cells.to_vec(), units.clone());
        units
    }

    /// Every ten-digit line of an edition stands below a rate of that edition.
    fn check_rows(&mut self, index: u8) {
        let printed = |last: Option<u8>| last == Some(index);
        for (code, runs) in &self.lines {
            let rate = self.rates.get(&code.prefix(8)).and_then(|runs| runs.last()).map(|run| run.last);
            if printed(runs.last().map(|run| run.last)) && !printed(rate) {
                self.faults.push(format!("{}: {code} has no rate", self.editions[usize::from(index)].name));
            }
        }
    }

    /// Ends the fold: sets the dates by the change records and sorts everything.
    pub fn finish(self, records: &[ChangeRecord]) -> Folded {
        let texts = count_texts(&self.texts, &self.specials);
        let mut dates = Dates { editions: &self.editions, records, differences: Vec::new() };
        let mut rates = Vec::new();
        for (code, runs) in &self.rates {
            for (run, (from, until)) in runs.iter().zip(dates.intervals(*code, runs)) {
                if interval_is_empty(from, until) {
                    continue;
                }
                rates.push(RateRow {
                    code: *code,
                    from,
                    until,
                    printed_from: run.first,
                    printed_to: run.last,
                    units: run.content.units.clone(),
                    general: run.content.general.clone(),
                    special: run.content.special.clone(),
                    column_2: run.content.column_2.clone(),
                    layer_2017: false,
                });
            }
        }
        let mut lines = Vec::new();
        // A line below no rate is a misprint, named among the faults (9401.99.3030 in 2025 rev 16).
        for (code, runs) in self.lines.iter().filter(|(code, _)| self.rates.contains_key(&code.prefix(8))) {
            for (run, (from, until)) in runs.iter().zip(dates.intervals(*code, runs)) {
                if interval_is_empty(from, until) {
                    continue;
                }
                let (printed_from, printed_to) = (run.first, run.last);
                lines.push(LineRow { code: *code, from, until, printed_from, printed_to, units: run.content.clone() });
            }
        }
        let differences = dates.differences;
        Folded { editions: self.editions, rates, lines, differences, counts: self.counts, texts, faults: self.faults }
    }
}

/// A correction that reaches back before the content it corrects leaves nothing of it.
fn interval_is_empty(from: Option<Day>, until: Option<Day>) -> bool {
    until.is_some_and(|until| from.is_some_and(|from| from >= until))
}

fn extend<C: PartialEq>(runs: &mut Vec<Run<C>>, index: u8, content: C) {
    match runs.last_mut() {
        Some(run) if run.last.saturating_add(1) >= index && run.content == content => run.last = index,
        _ => runs.push(Run { first: index, last: index, content }),
    }
}

fn count_texts(texts: &BTreeMap<String, Printed>, specials: &BTreeMap<String, Printed>) -> TextCounts {
    let mut counts = TextCounts { distinct: texts.len() + specials.len(), ..TextCounts::default() };
    let mut count = |expression: &DutyExpression, times: usize| match expression.refusal() {
        None => counts.read += times,
        Some(refusal) => *counts.refused.entry(refusal.reason).or_default() += times,
    };
    for (text, Printed { times, .. }) in texts {
        count(&DutyExpression::parse(text), *times);
    }
    for (text, Printed { times, .. }) in specials {
        for group in SpecialColumn::parse(text).groups() {
            count(&group.expression, *times);
        }
    }
    counts
}

/// Finds the dates of boundaries.
struct Dates<'a> {
    editions: &'a [Edition],
    records: &'a [ChangeRecord],
    differences: Vec<Difference>,
}

impl Dates<'_> {
    /// From and until of each run of a code. No `from`: the content is as old as the first edition, or older.
    fn intervals<C>(&mut self, code: TariffCode, runs: &[Run<C>]) -> Vec<(Option<Day>, Option<Day>)> {
        let mut starts = Vec::with_capacity(runs.len());
        for (position, run) in runs.iter().enumerate() {
            let follows = position > 0 && runs[position - 1].last + 1 == run.first;
            let stays = position + 1 == runs.len() && usize::from(run.last) + 1 == self.editions.len();
            starts.push(self.start(code, run.first, follows, stays));
        }
        (0..runs.len())
            .map(|position| {
                let next = usize::from(runs[position].last) + 1;
                let until = match runs.get(position + 1) {
                    Some(after) if usize::from(after.first) == next => starts[position + 1],
                    _ => self.end(code, next),
                };
                (starts[position], until)
            })
            .collect()
    }

    fn start(&mut self, code: TariffCode, edition: u8, follows: bool, stays: bool) -> Option<Day> {
        let (editions, records) = (self.editions, self.records);
        let first = edition == 0;
        let edition = &editions[usize::from(edition)];
        let here = |record: &&ChangeRecord| record.edition == edition.name;
        // A new rate row is established by its own record, or with the ten-digit numbers below it.
        let own = |record: &&ChangeRecord| code.covers(record.code) && record.establishes();
        let record = if follows {
            records.iter().filter(here).find(|record| changes_content(record, code))
        } else if first {
            // Here a rate row is older than the numbers established below it.
            records.iter().filter(here).find(|record| record.code == code && record.establishes())
        } else {
            // A number that an edition adds late was established by the record of an earlier one.
            let late = || records.iter().find(own);
            let above = || records.iter().filter(here).find(|record| covers_from_above(record, code));
            records.iter().filter(here).find(own).or_else(late).or_else(above)
        };
        let stated = record.and_then(|record| Some((record, self.date_of(record)?)));
        match stated {
            Some((record, effective)) => {
                if !first {
                    self.note(code, edition, effective, record);
                }
                Some(effective)
            }
            None if first => None,
            None if !follows && stays && !records.is_empty() => {
                let (edition, published) = (edition.name.clone(), edition.published);
                let change = "No record: left out of earlier editions".to_owned();
                self.differences.push(Difference {
                    code,
                    edition,
                    published,
                    effective: editions[0].published,
                    change,
                });
                None
            }
            None => Some(edition.published),
        }
    }

    /// The date of a record. Where a number takes over from another whose end is dated, that date stands: the article
    /// has a number on every day (2026 rev 2 prints July for one half of 2404.12.0500 and February for all else).
    fn date_of(&self, record: &ChangeRecord) -> Option<Day> {
        let parents = if record.establishes() { record.transferred("transferred from") } else { Vec::new() };
        let ended = self
            .records
            .iter()
            .find(|other| other.edition == record.edition && other.ends() && parents.first() == Some(&other.code));
        ended.and_then(|other| other.effective).or(record.effective)
    }

    fn end(&mut self, code: TariffCode, next: usize) -> Option<Day> {
        let edition = self.editions.get(next)?;
        let records = self.records;
        let own = records.iter().find(|record| record.edition == edition.name && record.code == code && record.ends());
        let above = || records.iter().find(|record| record.edition == edition.name && covers_from_above(record, code));
        let earlier = || records.iter().rev().find(|record| record.code == code && record.ends());
        let Some(record) = own.or_else(above).or_else(earlier) else { return Some(edition.published) };
        let Some(effective) = record.effective else { return Some(edition.published) };
        self.note(code, edition, effective, record);
        Some(effective)
    }

    fn note(&mut self, code: TariffCode, edition: &Edition, effective: Day, record: &ChangeRecord) {
        if effective != edition.published || record.effective != Some(effective) {
            self.differences.push(Difference {
                code,
                edition: edition.name.clone(),
                published: edition.published,
                effective,
                change: record.change.clone(),
            });
        }
    }
}

/// A record about the whole of a longer code's parent: `9401.99, technical correction (statistical reporting numbers)`.
fn covers_from_above(record: &ChangeRecord, code: TariffCode) -> bool {
    record.code.digits() < code.digits() && record.code.covers(code) && record.detail.contains("statistical reporting")
}

/// Whether a record dates a change of what a code prints: one about the code itself, or, for a rate, a correction
/// printed under its only ten-digit number.
fn changes_content(record: &ChangeRecord, code: TariffCode) -> bool {
    let corrects = record.change.starts_with("Technical") || record.change == "Modified";
    corrects && (record.code == code || (code.digits() == 8 && code.covers(record.code) && record.detail.contains('%')))
}
