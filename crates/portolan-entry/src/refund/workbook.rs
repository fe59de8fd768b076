//! `refund.xlsx`: a workbook to put on file. Summary, lines, entries, deadlines, how it was computed, open questions.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use portolan_ledger::Day;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet};

use super::collect::{Gathered, Kept};
use super::interest::Payee;
use super::path::{Deadline, Path as Way};
use super::report::{EntryTotal, Report, Row};
use super::run::RefundOptions;
use crate::manifest::Manifest;
use crate::write::xlsx::{BookError, Latch, excel_number, guarded, header_format};

/// Rows of a sheet that are used, the first of which names the columns; Excel has 1,048,576. Further rows go to a further sheet.
const MOST_ROWS: u32 = 1_000_000;

/// Days between 1 January 1970 and the day from which Excel counts.
const DAY_OF_1970: i64 = 25_569;

/// A cell.
enum Cell<'a> {
    Text(&'a str),
    Money(Option<i128>),
    Day(Option<Day>),
    Whole(u64),
}

/// What stands in a column: its name and its width in characters.
type Columns = &'static [(&'static str, u16)];

const LINES: Columns = &[
    ("entry number", 16),
    ("line", 7),
    ("row", 8),
    ("entry date", 12),
    ("assessed", 14),
    ("owed", 14),
    ("refundable", 14),
    ("refundable of what was filed", 14),
    ("contested", 14),
    ("why contested", 40),
    ("basis", 24),
    ("interest from", 12),
    ("interest to", 12),
    ("interest", 14),
    ("about the interest", 44),
    ("way", 18),
    ("why", 60),
    ("status", 18),
    ("CAPE through", 12),
    ("protest through", 12),
    ("correction through", 12),
    ("usual liquidation", 12),
    ("court through", 12),
    ("why no day", 60),
    ("to be stated", 34),
];

const ENTRIES: Columns = &[
    ("entry number", 16),
    ("first row", 10),
    ("lines", 8),
    ("entry date", 12),
    ("asked back", 14),
    ("interest", 14),
    ("contested", 14),
    ("way", 26),
    ("status", 18),
    ("CAPE through", 12),
    ("protest through", 12),
    ("correction through", 12),
    ("court through", 12),
];

const DEADLINES: Columns =
    &[("last day", 12), ("step", 40), ("entries", 10), ("asked back", 16), ("days left", 10), ("which day it is", 60)];

const RULES: Columns = &[("footing", 12), ("rule", 110), ("source", 60)];

const QUESTIONS: Columns = &[("kind", 14), ("entry number", 16), ("row", 10), ("question", 110)];

/// The formats of cells.
struct Formats {
    money: Format,
    day: Format,
    whole: Format,
    wrapped: Format,
}

/// A sheet being filled from the top.
struct Table {
    index: usize,
    columns: Columns,
    next_row: u32,
}

/// The workbook.
pub struct Book {
    workbook: Workbook,
    formats: Formats,
    lines: Table,
    entries: Table,
    deadlines: Table,
    rules: Table,
    questions: Table,
    pages: u32,
}

impl Book {
    /// Begins a workbook; what is not ready stands in the folder.
    pub fn new(folder: &Path) -> Result<Self, BookError> {
        guarded(|| {
            let mut workbook = Workbook::new();
            workbook.set_tempdir(folder)?;
            workbook.add_worksheet().set_name("summary")?;
            let lines = table(&mut workbook, 1, "lines", LINES)?;
            let entries = table(&mut workbook, 2, "entries", ENTRIES)?;
            let deadlines = table(&mut workbook, 3, "deadlines", DEADLINES)?;
            let rules = table(&mut workbook, 4, "how computed", RULES)?;
            let questions = table(&mut workbook, 5, "open questions", QUESTIONS)?;
            let formats = Formats {
                money: Format::new().set_num_format("#,##0.00"),
                day: Format::new().set_num_format("yyyy-mm-dd"),
                whole: Format::new().set_num_format("0"),
                wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            };
            Ok(Self { workbook, formats, lines, entries, deadlines, rules, questions, pages: 1 })
        })
    }

    /// Adds a line.
    pub fn line(&mut self, entry: &Gathered, kept: &Kept, row: &Row) -> Result<(), BookError> {
        let amounts = &kept.amounts;
        let money = |amount: Option<portolan_ledger::Cents>| Cell::Money(amount.map(|cents| i128::from(cents.0)));
        let deadlines = &row.deadlines;
        let day = |deadline: &Deadline| Cell::Day(deadline.day());
        let (basis, note, open) = (row.basis.join("; "), row.deadlines_note(), amounts.open.join("; "));
        let cells = [
            Cell::Text(&entry.number),
            Cell::Text(&kept.line_number),
            Cell::Whole(kept.source_row),
            Cell::Day(entry.facts.entered),
            money(amounts.assessed),
            money(amounts.owed),
            money(amounts.refundable),
            money(amounts.filed),
            money(amounts.refundable.map(|_| amounts.contested)),
            Cell::Text(&row.contested_reason),
            Cell::Text(&basis),
            Cell::Day(row.interest.from),
            Cell::Day(row.interest.to),
            money(row.interest.cents),
            Cell::Text(&row.interest.note),
            Cell::Text(row.path.name()),
            Cell::Text(&row.path_reason),
            Cell::Text(&row.status),
            day(&deadlines.cape),
            day(&deadlines.protest),
            day(&deadlines.psc),
            day(&deadlines.estimated_liquidation),
            day(&deadlines.court),
            Cell::Text(&note),
            Cell::Text(&open),
        ];
        guarded(|| {
            if self.lines.next_row >= MOST_ROWS {
                self.pages += 1;
                close(&mut self.workbook, &self.lines)?;
                let index = self.workbook.worksheets().len();
                self.lines = table(&mut self.workbook, index, &format!("lines {}", self.pages), LINES)?;
            }
            put(&mut self.workbook, &self.formats, &mut self.lines, &cells)
        })
    }

    /// Writes the workbook.
    pub fn finish(
        mut self,
        out: &mut (impl Write + Send),
        report: &Report,
        entries: &[Gathered],
        options: &RefundOptions,
        manifest: &Manifest,
    ) -> Result<(), BookError> {
        let mut latch = Latch::new(out);
        let saved = guarded(|| {
            self.fill_entries(report, entries)?;
            self.fill_deadlines(report, options)?;
            for rule in &report.rules {
                let cells = [Cell::Text(rule.footing.name()), Cell::Text(&rule.text), Cell::Text(&rule.source)];
                put(&mut self.workbook, &self.formats, &mut self.rules, &cells)?;
            }
            for question in &report.questions {
                let cells = [
                    Cell::Text(question.kind),
                    Cell::Text(&question.entry_number),
                    Cell::Whole(question.source_row),
                    Cell::Text(&question.text),
                ];
                put(&mut self.workbook, &self.formats, &mut self.questions, &cells)?;
            }
            for table in [&self.lines, &self.entries, &self.deadlines, &self.rules, &self.questions] {
                close(&mut self.workbook, table)?;
            }
            summary(self.workbook.worksheet_from_index(0)?, &self.formats, report, options, manifest)?;
            // The same input gives the same bytes: the day is that of the question, not that of the run.
            let made = ExcelDateTime::parse_from_str(&options.as_of.to_string());
            let made = made.or_else(|_| ExcelDateTime::from_ymd(1970, 1, 1))?;
            let made_by = concat!("portolan ", env!("CARGO_PKG_VERSION"));
            self.workbook.set_properties(&DocProperties::new().set_creation_datetime(&made).set_author(made_by));
            self.workbook.save_to_writer(&mut latch)?;
            Ok(())
        });
        latch.result(saved)
    }

    fn fill_entries(&mut self, report: &Report, entries: &[Gathered]) -> Result<(), BookError> {
        let asked = entries.iter().zip(&report.entries).filter(|(_, total)| total.total.lines > 0);
        for (entry, EntryTotal { total, path, status, days, .. }) in asked {
            if self.entries.next_row >= MOST_ROWS {
                self.pages += 1;
                close(&mut self.workbook, &self.entries)?;
                let index = self.workbook.worksheets().len();
                self.entries = table(&mut self.workbook, index, &format!("entries {}", self.pages), ENTRIES)?;
            }
            let known = total.without_interest_cents == 0;
            let [cape, protest, psc, court] = days.map(Cell::Day);
            let cells = [
                Cell::Text(&entry.number),
                Cell::Whole(entry.first_row),
                Cell::Whole(u64::from(entry.lines)),
                Cell::Day(entry.facts.entered),
                Cell::Money(Some(total.claim_cents)),
                Cell::Money(known.then_some(total.interest_cents)),
                Cell::Money(Some(total.contested_cents)),
                Cell::Text(path.unwrap_or(Way::Nothing).title()),
                Cell::Text(status),
                cape,
                protest,
                psc,
                court,
            ];
            put(&mut self.workbook, &self.formats, &mut self.entries, &cells)?;
        }
        Ok(())
    }

    fn fill_deadlines(&mut self, report: &Report, options: &RefundOptions) -> Result<(), BookError> {
        for ((day, step), (entries, cents)) in calendar(report) {
            let left = i64::from(day.0) - i64::from(options.as_of.0);
            let passed = if left < 0 { "passed".to_owned() } else { left.to_string() };
            let cells = [
                Cell::Day(Some(day)),
                Cell::Text(step.0),
                Cell::Whole(entries),
                Cell::Money(Some(cents)),
                Cell::Text(&passed),
                Cell::Text(step.1),
            ];
            put(&mut self.workbook, &self.formats, &mut self.deadlines, &cells)?;
        }
        Ok(())
    }
}

/// A step, and which day its last day is.
type Step = (&'static str, &'static str);

/// Last days in order, with how many entries they bound and what is asked back on these. An entry stands under the step of
/// its way, and under the action in court.
pub(super) fn calendar(report: &Report) -> BTreeMap<(Day, Step), (u64, i128)> {
    let mut days: BTreeMap<(Day, Step), (u64, i128)> = BTreeMap::new();
    for entry in report.entries.iter().filter(|entry| entry.total.claim_cents > 0) {
        let [cape, protest, psc, court] = entry.days;
        let of_way: Option<(Option<Day>, Step)> = match entry.path {
            Some(Way::Cape) => Some((cape, ("CAPE declaration", "counted from liquidation"))),
            Some(Way::Psc) => Some((
                psc,
                (
                    "post summary correction",
                    "the earlier of two bounds; liquidation as scheduled, else on its usual day",
                ),
            )),
            Some(Way::Protest) => Some((protest, ("protest", "counted from liquidation"))),
            _ => None,
        };
        let court = (court, ("action in court", "counted from the deposit, the earliest reading; contested"));
        for (day, step) in of_way.into_iter().chain([court]) {
            if let Some(day) = day {
                let sum = days.entry((day, step)).or_default();
                *sum = (sum.0 + 1, sum.1 + entry.total.claim_cents);
            }
        }
    }
    days
}

fn table(workbook: &mut Workbook, index: usize, name: &str, columns: Columns) -> Result<Table, BookError> {
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_landscape();
    let head = header_format();
    for (at, (name, width)) in (0_u16..).zip(columns) {
        sheet.set_column_width(at, *width)?;
        sheet.write_string_with_format(0, at, *name, &head)?;
    }
    Ok(Table { index, columns, next_row: 1 })
}

fn put(workbook: &mut Workbook, formats: &Formats, table: &mut Table, cells: &[Cell<'_>]) -> Result<(), BookError> {
    let sheet = workbook.worksheet_from_index(table.index)?;
    for (at, cell) in (0_u16..).zip(cells) {
        write(sheet, formats, (table.next_row, at), cell)?;
    }
    table.next_row += 1;
    Ok(())
}

fn write(
    sheet: &mut Worksheet,
    formats: &Formats,
    (row, column): (u32, u16),
    cell: &Cell<'_>,
) -> Result<(), BookError> {
    let number = |value: i128, places: u32| match i64::try_from(value) {
        Ok(value) => excel_number(value, places),
        Err(_) => Err(value.to_string()),
    };
    let (number, format) = match cell {
        Cell::Text("") | Cell::Money(None) | Cell::Day(None) => return Ok(()),
        Cell::Text(text) => {
            let long = text.chars().count() > 60;
            if long {
                sheet.write_string_with_format(row, column, *text, &formats.wrapped)?;
            } else {
                sheet.write_string(row, column, *text)?;
            }
            return Ok(());
        }
        Cell::Money(Some(cents)) => (number(*cents, 2), &formats.money),
        Cell::Day(Some(day)) => (number(i128::from(i64::from(day.0) + DAY_OF_1970), 0), &formats.day),
        Cell::Whole(whole) => (number(i128::from(*whole), 0), &formats.whole),
    };
    match number {
        Ok(number) => sheet.write_number_with_format(row, column, number, format)?,
        Err(text) => sheet.write_string(row, column, text)?,
    };
    Ok(())
}

fn close(workbook: &mut Workbook, table: &Table) -> Result<(), BookError> {
    let last = u16::try_from(table.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    workbook.worksheet_from_index(table.index)?.autofilter(0, 0, table.next_row.max(2) - 1, last)?;
    Ok(())
}

/// The first sheet: what it comes to, and from what it was made.
fn summary(
    sheet: &mut Worksheet,
    formats: &Formats,
    report: &Report,
    options: &RefundOptions,
    manifest: &Manifest,
) -> Result<(), BookError> {
    let (bold, head) = (Format::new().set_bold(), header_format());
    sheet.set_column_width(0, 62)?;
    for column in 1..=4 {
        sheet.set_column_width(column, 18)?;
    }
    sheet.write_string_with_format(0, 0, "Refunds", &Format::new().set_bold().set_font_size(14))?;
    let mut row = 1;
    let payee = match options.payee {
        Payee::Corporation => "a corporation",
        Payee::Other => "not a corporation",
    };
    let facts = [
        ("as of", options.as_of.to_string()),
        ("law as known on", options.known_date.to_string()),
        ("interest at the rates for", payee.to_owned()),
        ("ledger version", manifest.ledger_version.clone()),
        ("lines", report.lines.to_string()),
        ("rows set aside", report.set_aside.to_string()),
    ];
    for (name, value) in &facts {
        sheet.write_string(row, 0, *name)?;
        sheet.write_string(row, 1, value)?;
        row += 1;
    }
    row += 1;
    let (filed, stated) = report.filed_cents;
    let sums = [
        ("assessed, where it is known", report.assessed_cents),
        ("owed, where it is known", report.owed_cents),
        ("refundable: assessed less owed", report.refundable_cents),
        ("asked back: on what was filed where that is stated", report.all.claim_cents),
        ("interest so far, where it is known", report.all.interest_cents),
        ("asked back on lines whose interest is not known", report.all.without_interest_cents),
        ("contested: more comes back if duties that had given way are not owed", report.all.contested_cents),
    ];
    for (name, cents) in sums {
        sheet.write_string_with_format(row, 0, name, &bold)?;
        write(sheet, formats, (row, 1), &Cell::Money(Some(cents)))?;
        row += 1;
    }
    sheet.write_string(
        row,
        0,
        format!("refundable of what was filed, on the {stated} lines that state it by heading"),
    )?;
    write(sheet, formats, (row, 1), &Cell::Money(Some(filed)))?;
    row += 2;
    let mut section =
        |title: &str, names: [&str; 4], rows: Vec<(String, [Option<i128>; 3], u64)>| -> Result<(), BookError> {
            sheet.write_string_with_format(row, 0, title, &head)?;
            for (at, name) in (1_u16..).zip(names) {
                sheet.write_string_with_format(row, at, name, &head)?;
            }
            row += 1;
            for (name, amounts, lines) in rows {
                sheet.write_string(row, 0, name)?;
                write(sheet, formats, (row, 1), &Cell::Whole(lines))?;
                for (at, cents) in (2_u16..).zip(amounts) {
                    write(sheet, formats, (row, at), &Cell::Money(cents))?;
                }
                row += 1;
            }
            row += 1;
            Ok(())
        };
    let names = ["lines", "asked back", "interest so far", "contested"];
    let programs = report
        .programs
        .iter()
        .map(|(id, sum)| (id.clone(), [Some(sum.claim_cents), None, Some(sum.contested_cents)], sum.lines));
    section("by program", ["lines", "asked back", "", "contested"], programs.collect())?;
    let paths = report.paths.iter().map(|(path, sum)| {
        (path.title().to_owned(), [sum.claim_cents, sum.interest_cents, sum.contested_cents].map(Some), sum.lines)
    });
    section("by way", names, paths.collect())?;
    let quarters = report.quarters.iter().map(|((year, quarter), sum)| {
        (
            format!("{year} quarter {quarter}"),
            [sum.claim_cents, sum.interest_cents, sum.contested_cents].map(Some),
            sum.lines,
        )
    });
    section("by quarter of entry", names, quarters.collect())?;
    sheet.write_string_with_format(
        row,
        0,
        "an estimate from the records of the ledger; no advice and no filing",
        &formats.wrapped,
    )?;
    Ok(())
}
