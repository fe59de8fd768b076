//! One workbook of a run: what it comes to, the bill, the layers, the findings.
//!
//! Rows are kept on the disk while they arrive, so memory stays bounded. A sheet of Excel has 1,048,576 rows, a cell
//! 32,767 characters and a number fifteen digits: what is more is refused by name, and longer numbers stand as text.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use portolan_ledger::number::format_scaled;
use portolan_ledger::{Day, Ledger};
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use super::columns::{Batch, Filled};
use super::{Field, Fill, Kind, Schema};
use crate::manifest::Manifest;
use crate::run::RunError;
use crate::summary::Summary;

/// Rows of a sheet, the first of which names the columns.
const MOST_ROWS: u32 = 1_048_576;

/// Characters of a cell, in units of UTF-16 as Excel counts them.
const MOST_CHARACTERS: usize = 32_767;

/// Numbers of more digits are not exact in Excel.
const FIFTEEN_DIGITS: u64 = 1_000_000_000_000_000;

/// The day that Excel counts as 1 March 1900, from which on its count of days is right, and 1 January 1970.
const FIRST_DAY: i64 = -25_508;
const DAY_OF_1970: i64 = 25_569;

/// Columns of the bill that stand on the sheet of findings too.
const FINDINGS: [&str; 12] = [
    "source_row",
    "entry_number",
    "line_number",
    "hts_number",
    "country_of_origin",
    "entry_date",
    "finding",
    "finding_note",
    "filed_duty_total",
    "total_duty",
    "delta",
    "hts99_sequence",
];

/// Why a workbook cannot be written.
#[derive(Debug)]
pub enum BookError {
    /// The disk, or the folder for what is not ready.
    Write(io::Error),
    /// Excel cannot hold it: what, and what to do instead.
    Refused(String, &'static str),
}

impl BookError {
    /// The same as an error of the run.
    pub fn at(self, file: &Path) -> RunError {
        match self {
            Self::Write(error) => RunError::Write { file: file.to_owned(), error },
            Self::Refused(what, help) => RunError::Form { file: file.to_owned(), what, help: help.to_owned() },
        }
    }
}

impl From<XlsxError> for BookError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::IoError(error) | XlsxError::TempFileError(_, error) => Self::Write(error),
            other => Self::Write(io::Error::other(other)),
        }
    }
}

/// What the first sheet says beside the figures.
pub struct Heading<'a> {
    /// The titles of the families.
    pub ledger: &'a Ledger,
    /// What the workbook was made from.
    pub manifest: &'a Manifest,
}

/// A workbook that is being written.
pub struct Book {
    workbook: Workbook,
    bill: Sheet,
    layers: Option<Sheet>,
    findings: Sheet,
    /// Where the columns of the sheet of findings stand in the bill.
    finding_columns: Vec<usize>,
    finding_at: Option<usize>,
}

/// A sheet that is being filled.
struct Sheet {
    index: usize,
    name: &'static str,
    fields: Vec<Field>,
    formats: Vec<Format>,
    next_row: u32,
}

impl Book {
    /// Begins a workbook; what is not ready stands in `folder`, else in the folder of the system.
    pub fn new(bill: &Schema, layers: Option<&Schema>, folder: Option<&Path>) -> Result<Self, BookError> {
        guarded(|| {
            let mut workbook = Workbook::new();
            if let Some(folder) = folder {
                workbook.set_tempdir(folder)?;
            }
            workbook.add_worksheet().set_name("summary")?;
            let finding_columns: Vec<usize> =
                FINDINGS.iter().filter_map(|name| bill.fields.iter().position(|field| field.name == *name)).collect();
            let of_findings = finding_columns.iter().map(|&at| bill.fields[at].clone()).collect();
            let finding_at = bill.fields.iter().position(|field| field.name == "finding");
            let bill = Sheet::new(&mut workbook, 1, "bill", bill.fields.clone())?;
            let layers =
                layers.map(|layers| Sheet::new(&mut workbook, 2, "layers", layers.fields.clone())).transpose()?;
            let index = if layers.is_some() { 3 } else { 2 };
            let findings = Sheet::new(&mut workbook, index, "findings", of_findings)?;
            Ok(Self { workbook, bill, layers, findings, finding_columns, finding_at })
        })
    }

    /// Adds rows of the bill, and those with a finding to their own sheet.
    pub fn bill(&mut self, batch: &Batch) -> Result<(), BookError> {
        let Self { workbook, bill, findings, finding_columns, finding_at, .. } = self;
        guarded(|| {
            let all: Vec<usize> = (0..bill.fields.len()).collect();
            bill.add(workbook, batch, &all, |_| true)?;
            let finding = finding_at.and_then(|at| batch.columns.get(at));
            let differs = |row: usize| finding.and_then(|cells| cells.text(row)).is_some_and(|word| word != "match");
            findings.add(workbook, batch, finding_columns, differs)
        })
    }

    /// Adds rows of the layers.
    pub fn layers(&mut self, batch: &Batch) -> Result<(), BookError> {
        let Self { workbook, layers, .. } = self;
        let Some(layers) = layers else { return Ok(()) };
        guarded(|| {
            let all: Vec<usize> = (0..layers.fields.len()).collect();
            layers.add(workbook, batch, &all, |_| true)
        })
    }

    /// Writes the workbook.
    pub fn finish(self, out: &mut (impl Write + Send), summary: &Summary, head: &Heading<'_>) -> Result<(), BookError> {
        let Self { mut workbook, bill, layers, findings, .. } = self;
        let mut latch = Latch::new(out);
        let saved = guarded(|| {
            for sheet in [Some(&bill), layers.as_ref(), Some(&findings)].into_iter().flatten() {
                sheet.close(&mut workbook)?;
            }
            super::summary_sheet::fill(workbook.worksheet_from_index(0)?, summary, head)?;
            let known = head.manifest.known_date.to_string();
            // The same input gives the same bytes: the day is that of the law, not that of the run.
            let made = ExcelDateTime::parse_from_str(&known).or_else(|_| ExcelDateTime::from_ymd(1970, 1, 1))?;
            let made_by = concat!("portolan ", env!("CARGO_PKG_VERSION"));
            let properties = DocProperties::new().set_creation_datetime(&made).set_author(made_by);
            workbook.set_properties(&properties);
            workbook.save_to_writer(&mut latch)?;
            Ok(())
        });
        latch.result(saved)
    }
}

/// The library panics where the disk for its own files is full. That is an error like any other here.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, BookError>) -> Result<T, BookError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let full = "the workbook cannot be kept beside its place while it is not ready; is the disk full?";
        Err(BookError::Write(io::Error::new(io::ErrorKind::StorageFull, full)))
    })
}

/// Keeps the first error of a writer and takes everything after it, since the library panics at an error in some places.
pub(crate) struct Latch<'a, W> {
    out: &'a mut W,
    failed: Option<io::Error>,
}

impl<'a, W> Latch<'a, W> {
    /// Around a writer.
    pub fn new(out: &'a mut W) -> Self {
        Self { out, failed: None }
    }

    /// What was to be written, unless the writer failed.
    pub fn result<T>(self, saved: Result<T, BookError>) -> Result<T, BookError> {
        match self.failed {
            Some(error) => Err(BookError::Write(error)),
            None => saved,
        }
    }
}

impl<W: Write> Write for Latch<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed.is_none() {
            self.failed = self.out.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.failed.is_none() {
            self.failed = self.out.flush().err();
        }
        Ok(())
    }
}

impl Sheet {
    fn new(workbook: &mut Workbook, index: usize, name: &'static str, fields: Vec<Field>) -> Result<Self, BookError> {
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_landscape();
        let formats: Vec<Format> = fields.iter().map(number_format).collect();
        let head = header_format();
        for ((at, field), format) in (0_u16..).zip(&fields).zip(&formats) {
            sheet.set_column_width(at, width(field))?;
            sheet.set_column_format(at, format)?;
            sheet.write_string_with_format(0, at, &field.name, &head)?;
        }
        Ok(Self { index, name, fields, formats, next_row: 1 })
    }

    /// Adds rows: those of a batch that are wanted, with these of its columns.
    fn add(
        &mut self,
        workbook: &mut Workbook,
        batch: &Batch,
        columns: &[usize],
        wanted: impl Fn(usize) -> bool,
    ) -> Result<(), BookError> {
        let sheet = workbook.worksheet_from_index(self.index)?;
        for row in (0..batch.rows).filter(|&row| wanted(row)) {
            if self.next_row >= MOST_ROWS {
                let what =
                    format!("the sheet {} would have more than the 1,048,576 rows that Excel can hold", self.name);
                let help = "--format parquet or csv holds any number; --layers applied, or none, writes fewer rows";
                return Err(BookError::Refused(what, help));
            }
            for ((at, field), &column) in (0_u16..).zip(&self.fields).zip(columns) {
                let filled = batch.columns.get(column).unwrap_or(&Filled::Fill);
                let place = (self.next_row, at);
                if field.kind.is_text() {
                    let fixed = if let Fill::Fixed(text) = &field.fill { Some(text.as_str()) } else { None };
                    write_text(sheet, place, filled.text(row).or(fixed), (self.name, &field.name))?;
                } else {
                    let zero = if field.fill == Fill::Zero { Some(0) } else { None };
                    let value = if matches!(filled, Filled::Fill) { zero } else { filled.number(row) };
                    write_number(sheet, place, value, field.kind, &self.formats[usize::from(at)])?;
                }
            }
            self.next_row += 1;
        }
        Ok(())
    }

    fn close(&self, workbook: &mut Workbook) -> Result<(), BookError> {
        let last = u16::try_from(self.fields.len().saturating_sub(1)).unwrap_or(u16::MAX);
        workbook.worksheet_from_index(self.index)?.autofilter(0, 0, self.next_row.max(2) - 1, last)?;
        Ok(())
    }
}

fn write_text(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: Option<&str>,
    (name, field): (&str, &str),
) -> Result<(), BookError> {
    let Some(text) = text else { return Ok(()) };
    if text.len() > MOST_CHARACTERS && text.encode_utf16().count() > MOST_CHARACTERS {
        let what = format!("sheet {name}, row {row}, column {field}: a cell of Excel holds 32,767 characters at most");
        return Err(BookError::Refused(what, "--format parquet or csv holds any length"));
    }
    sheet.write_string(row, column, text)?;
    Ok(())
}

fn write_number(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: Option<i64>,
    kind: Kind,
    format: &Format,
) -> Result<(), BookError> {
    let Some(value) = value else { return Ok(()) };
    if kind == Kind::Day && value < FIRST_DAY {
        let day = i32::try_from(value).map_or_else(|_| value.to_string(), |day| Day(day).to_string());
        sheet.write_string(row, column, day)?;
        return Ok(());
    }
    let (value, places) =
        if kind == Kind::Day { (value + DAY_OF_1970, 0) } else { (value, kind.places().unwrap_or(0)) };
    match excel_number(value, places) {
        Ok(number) => sheet.write_number_with_format(row, column, number, format)?,
        Err(text) => sheet.write_string(row, column, text)?,
    };
    Ok(())
}

/// A scaled number as Excel keeps it: the binary number next to the decimal one, which shows as the decimal one for up to
/// fifteen digits. A longer one is given as text.
pub(crate) fn excel_number(value: i64, places: u32) -> Result<f64, String> {
    let text = format_scaled(value, places);
    if value.unsigned_abs() >= FIFTEEN_DIGITS {
        return Err(text);
    }
    text.parse().map_err(|_| text)
}

fn number_format(field: &Field) -> Format {
    // Most families owe nothing: a dash lets the eye find those that do.
    let zero = if field.fill == Fill::Zero { ";\"–\"" } else { "" };
    match field.kind {
        Kind::Text | Kind::List => Format::new(),
        Kind::Whole => Format::new().set_num_format("0"),
        Kind::Money if zero.is_empty() => Format::new().set_num_format("#,##0.00"),
        Kind::Money => Format::new().set_num_format(format!("#,##0.00;-#,##0.00{zero}")),
        Kind::Points if !zero.is_empty() => Format::new().set_num_format(format!("0.######;-0.######{zero}")),
        Kind::Points | Kind::Share => Format::new().set_num_format("0.######"),
        Kind::Day => Format::new().set_num_format("yyyy-mm-dd"),
    }
}

pub(crate) fn header_format() -> Format {
    Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_background_color(Color::RGB(0x00E8_EDF2))
        .set_border_bottom(FormatBorder::Thin)
}

/// Widths that show what usually stands in a column, in characters.
fn width(field: &Field) -> u16 {
    match (field.name.as_str(), field.kind) {
        ("reason" | "finding_note", _) => 70,
        ("citation" | "hts99_sequence" | "needs_input" | "ledger_version", _) => 34,
        ("measure_id" | "rate_text" | "governing_rule" | "in_force_from" | "in_force_until", _) => 26,
        ("provision" | "act" | "beyond_horizon", _) => 22,
        ("source_row" | "seq" | "line_number" | "country_of_origin" | "basis", _) => 10,
        (_, Kind::Money) => 14,
        (_, Kind::Points | Kind::Share | Kind::Day | Kind::Whole) => 11,
        (_, Kind::Text | Kind::List) => 18,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_excel_read_back_as_they_were() {
        for (value, places, text) in [(1_250, 2, "12.5"), (1, 2, "0.01"), (-99_999_999_999_999, 2, "-999999999999.99")]
        {
            let number = excel_number(value, places).unwrap();
            assert_eq!(number.to_string(), text);
        }
        assert_eq!(excel_number(1_000_000_000_000_000, 2), Err("10000000000000".to_owned()));
        assert_eq!(excel_number(i64::MIN, 0), Err("-9223372036854775808".to_owned()));
    }

    #[test]
    fn a_disk_that_is_full_is_an_error_and_no_panic() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let schema = Schema { name: "bill", fields: vec![Field::new("source_row", Kind::Whole)] };
        let ledger = Ledger::default();
        let manifest = Manifest {
            ledger_version: String::new(),
            known_date: Day(20_000),
            view: portolan_ledger::line::View::Assessed,
            command: Vec::new(),
            inputs: Vec::new(),
        };
        for room in [0, 10, 1_000, 3_000] {
            let book = Book::new(&schema, None, None).unwrap();
            let heading = Heading { ledger: &ledger, manifest: &manifest };
            let failed = book.finish(&mut Full(room), &Summary::default(), &heading).unwrap_err();
            assert!(matches!(failed, BookError::Write(error) if error.kind() == io::ErrorKind::StorageFull), "{room}");
        }
    }
}
