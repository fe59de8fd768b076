//! Workbooks (.xlsx): one sheet, its header found below the titles of a report, its cells as plain text.
//!
//! A cell holds a binary number whatever it shows. It is printed with the fifteen digits that spreadsheets keep, so that
//! an amount of 0.1 is 0.1; what is no plain amount after that is refused where it is read.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use calamine::{DataRef, Reader as _, SheetVisible, Xlsx, XlsxCellReader, XlsxError};
use zip::ZipArchive;

use super::guard::fenced;
use super::header::{Header, ROWS_ABOVE, SheetPlace, letters};
use super::media::{FREE_BYTES, Raw, Seeker};
use super::{Give, Input, InputError, Piece, Rows, Table};
use crate::cells;
use crate::columns::Column;
use crate::fault::{FieldFault, shown};

/// How many rows are handed on at once.
const PIECE_ROWS: usize = 4_096;

/// How many cells the library reads at once.
const CELLS: usize = 1_024;

/// How often so many cells may wait for the rows to be made of them.
const CELLS_AHEAD: usize = 8;

/// A part of a workbook may unpack to this many times its size.
const MOST_RATIO: u64 = 400;

/// No deflated text can unpack to more than this many times its size.
const DEFLATE_RATIO: u64 = 1_032;

type Book = Xlsx<Box<dyn Seeker>>;

/// A workbook, one of its sheets chosen and its header understood.
pub(super) struct BookSource {
    name: String,
    book: Book,
    sheet: String,
    header_row: u32,
    columns: usize,
    size: u64,
    merged: Vec<calamine::Dimensions>,
    /// Names of the columns that are known, by cell.
    known: Vec<Option<&'static str>>,
}

impl BookSource {
    pub(super) fn open(input: &Input, raw: Raw, wanted: Option<&str>) -> Result<(Self, Header), InputError> {
        let name = input.name();
        let parts = check_archive(&name, raw)?;
        let again = Raw::open(input).map_err(|error| InputError::of_io(&name, error))?;
        let mut book: Book = inside(&name, || Xlsx::new(again.seeker()))?;
        let (sheet, found) = choose(&name, &mut book, wanted)?;
        let place = format!("{name}, sheet {sheet}");
        let cells: Vec<&[u8]> = found.cells.iter().map(Vec::as_slice).collect();
        let mut header = Header::understand(&place, &cells).map_err(InputError::Faults)?;
        header.sheet = Some(SheetPlace { header_row: u64::from(found.row) + 1 });
        let merged = if parts.merged { merged(&name, &mut book, &sheet)? } else { Vec::new() };
        let known = header.columns.iter().map(|column| column.map(Column::name)).collect();
        let (size, columns) = (input.size().unwrap_or(0), header.columns.len());
        let header_row = found.row;
        Ok((Self { name: place, book, sheet, header_row, columns, size, merged, known }, header))
    }

    /// The library reads cells on a thread of its own, while rows are made of those before and handed on.
    pub(super) fn drive(mut self, give: Give<'_>) -> Result<(), InputError> {
        let name = self.name.as_str();
        let (book, sheet) = (&mut self.book, self.sheet.as_str());
        let cells = inside(name, || book.worksheet_cells_reader(sheet))?;
        let mut pieces = Pieces {
            name,
            size: self.size,
            total: u64::from(cells.dimensions().end.0).max(1),
            rows: RowMaker {
                columns: self.columns,
                header_row: self.header_row,
                merged: &self.merged,
                known: &self.known,
                row: None,
                cells: vec![Vec::new(); self.columns],
                beyond: Vec::new(),
                faults: Vec::new(),
                table: Table::default(),
            },
            handed: 0,
            first: 0,
            taken: 0,
        };
        thread::scope(|scope| {
            let (read, arrived) = sync_channel(CELLS_AHEAD);
            let (free, freed) = channel();
            scope.spawn(move || read_cells(name, cells, &read, &freed));
            pieces.all(arrived, &free, give)
        })
    }
}

/// A cell as the library gives it: its row and column, its value, and whether a formula stands behind that.
type SheetCell<'b> = ((u32, u32), DataRef<'b>, bool);

/// Cells of a sheet in their order, and how the sheet ends where it ends behind them.
struct Cells<'b> {
    cells: Vec<SheetCell<'b>>,
    end: Option<Result<(), InputError>>,
}

/// Sends the cells of a sheet on, until it ends or nobody takes them any more.
fn read_cells<'b>(
    name: &str,
    mut reader: XlsxCellReader<'b, Box<dyn Seeker>>,
    read: &SyncSender<Cells<'b>>,
    freed: &Receiver<Vec<SheetCell<'b>>>,
) {
    loop {
        let mut cells: Vec<SheetCell<'b>> = freed.try_recv().unwrap_or_default();
        let ended = inside(name, || {
            while cells.len() < CELLS {
                match reader.next_cell_with_formula_metadata()? {
                    Some(cell) => cells.push((cell.pos, cell.value, cell.formula.is_some())),
                    None => return Ok(true),
                }
            }
            Ok(false)
        });
        let end = match ended {
            Ok(false) => None,
            Ok(true) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        };
        let is_last = end.is_some();
        if read.send(Cells { cells, end }).is_err() || is_last {
            return;
        }
    }
}

/// Hands on the rows of a sheet, piece by piece.
struct Pieces<'b> {
    name: &'b str,
    /// Bytes of the file.
    size: u64,
    /// The last row that the sheet says it has.
    total: u64,
    rows: RowMaker<'b>,
    /// Rows that were handed on.
    handed: u64,
    /// Rows of the sheet, and bytes of the file, up to the piece that is being made.
    first: u64,
    taken: u64,
}

impl Pieces<'_> {
    fn all<'c>(
        &mut self,
        arrived: Receiver<Cells<'c>>,
        free: &Sender<Vec<SheetCell<'c>>>,
        give: Give<'_>,
    ) -> Result<(), InputError> {
        let header_row = self.rows.header_row;
        for Cells { mut cells, end } in arrived {
            for (at, value, is_formula) in cells.drain(..).filter(|((row, _), ..)| *row > header_row) {
                self.rows.take(at, &value, is_formula).map_err(|fault| InputError::of_file(self.name, fault))?;
                if self.rows.table.len() >= PIECE_ROWS && !self.hand_on(false, give)? {
                    return Ok(());
                }
            }
            match end {
                // The reader has gone where it has nothing left to read.
                None => drop(free.send(cells)),
                Some(Err(error)) => return Err(error),
                Some(Ok(())) => {
                    self.rows.end_row();
                    self.hand_on(true, give)?;
                }
            }
        }
        Ok(())
    }

    /// Hands on the rows that are made; false where no more are wanted.
    fn hand_on(&mut self, at_end: bool, give: Give<'_>) -> Result<bool, InputError> {
        let table = std::mem::take(&mut self.rows.table);
        self.handed += table.len() as u64;
        if self.handed == 0 {
            let fault = FieldFault::of_line("the sheet holds a header and no rows");
            return Err(InputError::of_file(self.name, fault));
        }
        let last = table.len().checked_sub(1).map_or(self.first, |last| table.row(last).number);
        let now = u64::try_from(u128::from(self.size) * u128::from(last) / u128::from(self.total)).unwrap_or(u64::MAX);
        let now = if at_end { self.size } else { now.min(self.size) };
        let mut piece = Piece {
            rows: Rows::Table(table),
            first: self.first,
            count: last - self.first,
            taken: now.saturating_sub(self.taken),
            notes: Vec::new(),
        };
        (self.first, self.taken) = (last, now);
        let goes_on = give(&mut piece)?;
        if let Rows::Table(mut table) = piece.rows {
            table.clear();
            self.rows.table = table;
        }
        Ok(goes_on)
    }
}

/// Makes rows of the cells of a sheet.
struct RowMaker<'b> {
    columns: usize,
    header_row: u32,
    merged: &'b [calamine::Dimensions],
    known: &'b [Option<&'static str>],
    /// The row that is being made.
    row: Option<u32>,
    cells: Vec<Vec<u8>>,
    /// Room for a cell that lies beside the table.
    beyond: Vec<u8>,
    faults: Vec<FieldFault>,
    table: Table,
}

impl RowMaker<'_> {
    fn take(&mut self, (row, column): (u32, u32), value: &DataRef<'_>, is_formula: bool) -> Result<(), FieldFault> {
        if self.row != Some(row) {
            if self.row.is_some_and(|before| before > row) {
                return Err(FieldFault::of_line("the rows of the sheet are out of order").help("save it anew"));
            }
            self.end_row();
            self.row = Some(row);
        }
        let at = column as usize;
        let known = self.known.get(at).copied().flatten();
        let text = self.cells.get_mut(at).unwrap_or(&mut self.beyond);
        text.clear();
        let mut wrong = write(value, text).err();
        if is_formula && *value == DataRef::Empty {
            wrong = Some(("a formula without a saved result", "open the workbook, let it compute, and save it"));
        }
        // What is passed through may be an error as well as anything else.
        if let (Some((wrong, help)), Some(name)) = (wrong, known) {
            let fault = FieldFault { column: name.to_owned(), value: shown(text), ..FieldFault::of_line(wrong) };
            self.faults.push(fault.help(help));
        }
        if at >= self.columns && !text.trim_ascii().is_empty() {
            let place = SheetPlace { header_row: 0 }.cell(u64::from(row) + 1, at);
            let wrong = format!("cell {place} lies beyond the last column of the header");
            self.faults.push(FieldFault::of_line(wrong).help("give the column a name, or take it out"));
        }
        Ok(())
    }

    /// Ends the row that is being made; rows without a value are none.
    fn end_row(&mut self) {
        let Some(row) = self.row.take() else { return };
        let is_blank = self.faults.is_empty() && self.cells.iter().all(|cell| cell.trim_ascii().is_empty());
        if !is_blank {
            self.check_merged(row);
            for cell in &self.cells {
                self.table.cell(cell);
            }
            for fault in self.faults.drain(..) {
                self.table.fault(fault);
            }
            self.table.end_row(u64::from(row - self.header_row));
        }
        self.cells.iter_mut().for_each(Vec::clear);
        self.faults.clear();
    }

    fn check_merged(&mut self, row: u32) {
        for cells in self.merged.iter().filter(|cells| cells.start.0 <= row && row <= cells.end.0) {
            let (from, to) = (cells.start.1 as usize, cells.end.1 as usize);
            if (from..=to.min(self.columns)).any(|at| self.known.get(at).is_some_and(Option::is_some)) {
                let range = format!("{}{}:{}{}", letters(from), cells.start.0 + 1, letters(to), cells.end.0 + 1);
                let wrong = format!("the cells {range} are merged, and only the first of them holds a value");
                self.faults.push(FieldFault::of_line(wrong).help("unmerge them and fill each cell"));
            }
        }
    }
}

/// Writes the text of a cell, or what makes it none.
fn write(value: &DataRef<'_>, out: &mut Vec<u8>) -> Result<(), (&'static str, &'static str)> {
    use std::io::Write as _;
    match value {
        DataRef::Empty => {}
        DataRef::String(text) | DataRef::DurationIso(text) => out.extend_from_slice(text.as_bytes()),
        DataRef::SharedString(text) => out.extend_from_slice(text.as_bytes()),
        DataRef::Bool(value) => drop(write!(out, "{value}")),
        DataRef::Int(value) => drop(write!(out, "{value}")),
        DataRef::Float(value) => plain(*value, out),
        DataRef::DateTime(stamp) if stamp.is_duration() => {
            plain(stamp.as_f64(), out);
            return Err(("a duration, where a plain value is asked for", "format the column as text"));
        }
        DataRef::DateTime(stamp) => {
            let (year, month, day, hour, minute, second, _) = stamp.to_ymd_hms_milli();
            cells::date(out, (u64::from(year), u64::from(month), u64::from(day)));
            if (hour, minute, second) != (0, 0, 0) {
                drop(write!(out, "T{hour:02}:{minute:02}:{second:02}"));
            }
        }
        DataRef::DateTimeIso(text) => {
            let text = text.strip_suffix("T00:00:00").unwrap_or(text);
            out.extend_from_slice(text.as_bytes());
        }
        DataRef::Error(error) => {
            drop(write!(out, "{error}"));
            return Err(("the cell holds an error", "mend what it is computed from"));
        }
    }
    Ok(())
}

/// Writes a binary number with fifteen digits as a plain decimal; one too large or too small for that with its exponent.
fn plain(value: f64, out: &mut Vec<u8>) {
    // Nearly all numbers of a file are whole, or amounts of cents.
    if let Some(whole) = exact::<0>(value) {
        cells::scaled::<0>(out, whole);
    } else if let Some(cents) = exact::<2>(value) {
        cells::scaled::<2>(out, cents);
    } else {
        rounded(value, out);
    }
}

/// The number of `10^-PLACES` that a binary number stands for, where that has no more than fifteen digits: the number nearest
/// to so short a decimal is nearest to no other.
fn exact<const PLACES: i32>(value: f64) -> Option<i64> {
    let unit = 10_f64.powi(PLACES);
    let scaled = (value * unit).round();
    #[expect(clippy::float_cmp, reason = "either the very number or another one")]
    let is_exact = scaled.abs() < 1e15 && scaled / unit == value;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and below 10^15")]
    is_exact.then_some(scaled as i64)
}

/// Any number, rounded to fifteen digits.
fn rounded(value: f64, out: &mut Vec<u8>) {
    let text = format!("{value:.14e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        out.extend_from_slice(text.as_bytes());
        return;
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let Ok(exponent) = exponent.parse::<i32>() else { return };
    if digits.is_empty() {
        out.push(b'0');
        return;
    }
    out.extend_from_slice(sign.as_bytes());
    let whole = usize::try_from(exponent + 1).unwrap_or(0);
    if !(-12..=17).contains(&exponent) {
        out.extend_from_slice(
            format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.')).as_bytes(),
        );
    } else if whole >= digits.len() {
        out.extend_from_slice(format!("{digits:0<whole$}").as_bytes());
    } else if whole == 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        out.extend_from_slice(format!("0.{:0<zeros$}{digits}", "").as_bytes());
    } else {
        out.extend_from_slice(format!("{}.{}", &digits[..whole], &digits[whole..]).as_bytes());
    }
}

/// A row that may be a header.
struct Found {
    row: u32,
    cells: Vec<Vec<u8>>,
}

/// The sheet that is read, and its header.
fn choose(name: &str, book: &mut Book, wanted: Option<&str>) -> Result<(String, Found), InputError> {
    let all: Vec<String> = book.sheet_names();
    let quoted = all.iter().map(|sheet| format!("\"{sheet}\"")).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = wanted {
        let Some(sheet) = all.iter().find(|sheet| sheet.eq_ignore_ascii_case(wanted)) else {
            let fault = FieldFault::of_line(format!("there is no sheet \"{wanted}\""));
            return Err(InputError::of_file(name, fault.help(format!("the sheets are {quoted}"))));
        };
        let (_, found) = header_of(name, book, sheet)?;
        return Ok((sheet.clone(), found));
    }
    let visible: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == calamine::SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    let mut first = None;
    for sheet in visible {
        match header_of(name, book, &sheet) {
            Ok((true, found)) => return Ok((sheet, found)),
            Ok((false, found)) if first.is_none() && all.len() == 1 => first = Some((sheet, found)),
            Err(error) if all.len() == 1 => return Err(error),
            _ => {}
        }
    }
    first.ok_or_else(|| {
        let fault = FieldFault::of_line("no sheet has a header with the columns that every line needs");
        let help = format!("hts_number, country_of_origin, entry_date; the sheets are {quoted}, --sheet chooses one");
        InputError::of_file(name, fault.help(help))
    })
}

/// The header of a sheet: the first row that names the columns that every line needs, or the first that holds anything.
fn header_of(name: &str, book: &mut Book, sheet: &str) -> Result<(bool, Found), InputError> {
    let mut reader = inside(name, || book.worksheet_cells_reader(sheet))?;
    let mut first: Option<Found> = None;
    let mut row: Option<Found> = None;
    loop {
        let next = inside(name, || reader.next_cell())?;
        let at = next.as_ref().map(calamine::Cell::get_position);
        if let Some(done) = row.take_if(|row| at.is_none_or(|(at, _)| at != row.row)) {
            let (done, is_header) = trimmed(done);
            if is_header {
                return Ok((true, done));
            }
            if first.is_none() && !done.cells.is_empty() {
                first = Some(done);
            }
        }
        let Some(cell) = next.filter(|cell| (cell.get_position().0 as usize) <= ROWS_ABOVE) else { break };
        let (at, column) = cell.get_position();
        let found = row.get_or_insert_with(|| Found { row: at, cells: Vec::new() });
        let mut text = Vec::new();
        // A header that is an error or a duration is the text that it shows.
        let _ = write(cell.get_value(), &mut text);
        let column = column as usize;
        if !text.is_empty() {
            found.cells.resize(found.cells.len().max(column + 1), Vec::new());
            found.cells[column] = text;
        }
    }
    first.map(|found| (false, found)).ok_or_else(|| {
        let place = format!("{name}, sheet {sheet}");
        InputError::of_file(&place, FieldFault::of_line("the sheet is empty").help("the first row names the columns"))
    })
}

/// A row without the empty cells at its end, and whether it is a header.
fn trimmed(mut found: Found) -> (Found, bool) {
    while found.cells.last().is_some_and(|cell| cell.trim_ascii().is_empty()) {
        found.cells.pop();
    }
    let is_header = Header::is_one(found.cells.iter().map(Vec::as_slice));
    (found, is_header)
}

fn merged(name: &str, book: &mut Book, sheet: &str) -> Result<Vec<calamine::Dimensions>, InputError> {
    inside(name, || book.merge_cells_by_sheet_name(sheet))
}

/// Calls the library behind the fence.
fn inside<T>(name: &str, work: impl FnOnce() -> Result<T, XlsxError>) -> Result<T, InputError> {
    let done = fenced(work).unwrap_or(Err(XlsxError::Unexpected("it contradicts itself")));
    done.map_err(|error| damaged(name, &error))
}

fn damaged(name: &str, error: &XlsxError) -> InputError {
    let fault = match error {
        XlsxError::Password => {
            FieldFault::of_line("the workbook is protected by a password").help("save it without one")
        }
        other => FieldFault::of_line(format!("the workbook cannot be read: {other}"))
            .help("it is cut short or damaged; open it in a spreadsheet and save it anew"),
    };
    InputError::of_file(name, fault)
}

/// What the parts of a workbook say before any of them is read.
struct Parts {
    /// A sheet has merged cells.
    merged: bool,
}

/// Sees that an archive is a workbook of entry lines, and that none of its parts grows out of all proportion.
fn check_archive(name: &str, raw: Raw) -> Result<Parts, InputError> {
    let wrong = |wrong: &str, help: &str| InputError::of_file(name, FieldFault::of_line(wrong).help(help));
    let damaged = |error: &dyn std::fmt::Display| {
        wrong(&format!("the archive cannot be read: {error}"), "it is cut short or damaged; fetch or save it anew")
    };
    let mut archive = ZipArchive::new(raw.seeker()).map_err(|error| damaged(&error))?;
    let names: Vec<String> = archive.file_names().filter_map(Result::ok).map(Cow::into_owned).collect();
    let has = |part: &str| names.iter().any(|name| name.eq_ignore_ascii_case(part));
    if has("xl/workbook.bin") {
        return Err(wrong("a workbook in binary form (.xlsb)", "save it as .xlsx, or as CSV UTF-8"));
    }
    if has("content.xml") {
        return Err(wrong("a workbook of OpenDocument (.ods)", "save it as .xlsx, or as CSV UTF-8"));
    }
    if !has("xl/workbook.xml") {
        return Err(wrong("an archive that is no workbook", "unpack it and give the files in it"));
    }
    let mut parts = Parts { merged: false };
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|error| damaged(&error))?;
        let (packed, part_name) = (part.compressed_size(), part.name().map(Cow::into_owned).unwrap_or_default());
        if !part_name.starts_with("xl/") {
            continue;
        }
        let is_sheet = part_name.starts_with("xl/worksheets/");
        if !is_sheet && packed.saturating_mul(DEFLATE_RATIO) < FREE_BYTES {
            continue;
        }
        let grown =
            measure(&mut part, packed, is_sheet.then_some(&mut parts.merged)).map_err(|error| damaged(&error))?;
        if !grown {
            let text = format!("{part_name} in the workbook grows to more than {MOST_RATIO} times its size");
            return Err(wrong(&text, "no table of entry lines does"));
        }
    }
    Ok(parts)
}

/// Reads a part to its end; false where it grows out of all proportion. Notes whether it speaks of merged cells.
fn measure(part: &mut impl Read, packed: u64, mut merged: Option<&mut bool>) -> io::Result<bool> {
    const SIGN: &[u8] = b"mergeCell ";
    let mut buffer = vec![0; 1 << 16];
    let (mut kept, mut size) = (0, 0_u64);
    loop {
        let read = part.read(&mut buffer[kept..])?;
        if read == 0 {
            return Ok(true);
        }
        size += read as u64;
        if size > FREE_BYTES && size / MOST_RATIO > packed {
            return Ok(false);
        }
        let end = kept + read;
        if let Some(merged) = merged.as_deref_mut() {
            *merged |= memchr::memmem::find(&buffer[..end], SIGN).is_some();
        }
        // The sign may lie across two reads.
        kept = end.min(SIGN.len() - 1);
        buffer.copy_within(end - kept..end, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lose_their_tails() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.1 + 0.2, "0.3"),
            (1_234.560_000_000_000_1, "1234.56"),
            (-1234.5, "-1234.5"),
            (12_345_678_901.0, "12345678901"),
            (9_403_608_080.0, "9403608080"),
            (0.05, "0.05"),
            (0.000_001, "0.000001"),
            (1e15, "1000000000000000"),
            (1e17, "100000000000000000"),
            (1e308, "1e308"),
            (1.5e-20, "1.5e-20"),
            (100.0, "100"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            let mut out = Vec::new();
            plain(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text, "{value}");
        }
    }

    #[test]
    fn the_short_way_of_amounts_says_what_the_long_one_says() {
        let mut step = 1_u64;
        for _ in 0..20_000 {
            step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let whole = i64::from_ne_bytes((step >> (step % 40)).to_ne_bytes()) / 16;
            #[expect(clippy::cast_precision_loss, reason = "any number serves")]
            for value in [whole as f64, whole as f64 / 100.0, whole as f64 / 1_000.0, f64::from_bits(step)] {
                let (mut short, mut long) = (Vec::new(), Vec::new());
                plain(value, &mut short);
                rounded(value, &mut long);
                assert_eq!(String::from_utf8(short), String::from_utf8(long), "{value:e}");
            }
        }
    }
}
