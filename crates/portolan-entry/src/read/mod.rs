//! Files of entry lines in every form that people have: opened, their headers understood, handed on in pieces of whole
//! rows.
//!
//! Every form comes to the same thing: a header, and rows of text cells. A piece of CSV stays the bytes that it is, since
//! those are the fastest way to its cells; JSON lines and batches of Parquet are taken apart by the thread that answers
//! them; workbooks and reports that are folded come as finished tables.

mod csv;
mod fold;
mod guard;
mod header;
mod json;
mod media;
mod parquet;
mod report;
mod table;
#[cfg(test)]
mod tests;
mod workbook;

use std::borrow::Cow;
use std::io;

use arrow::array::RecordBatch;
pub use header::{Header, SheetPlace};
pub use media::Input;
pub use table::{Row, Table};

use crate::fault::{Faults, FieldFault};
use crate::records;
use csv::CsvSource;
use fold::Fold;
use json::JsonSource;
use media::Content;
use parquet::ParquetSource;
use workbook::BookSource;

/// Why a file gives no rows.
#[derive(Debug)]
pub enum InputError {
    /// It cannot be read.
    Read {
        /// Its name.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// What it holds is wrong.
    Faults(Faults),
    /// It is to be read again from its beginning, in another way.
    Again(Again),
}

/// Why files are read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// A row names a value that the header does not have.
    AllKeys,
    /// Rows of one line do not lie together.
    Gather,
}

impl InputError {
    fn of_io(file: &str, error: io::Error) -> Self {
        match media::refused(&error) {
            Some(fault) => Self::Faults(Faults::of_file(file, fault)),
            None => Self::Read { file: file.to_owned(), error },
        }
    }

    fn of_file(file: &str, fault: FieldFault) -> Self {
        Self::Faults(Faults::of_file(file, fault))
    }
}

/// How files are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setup<'s> {
    /// The sheet of a workbook that is read; else the first that holds entry lines.
    pub sheet: Option<&'s str>,
    /// Files whose rows name their values are read whole for their names before they are read for their rows.
    pub all_keys: bool,
    /// Files with a row for each tariff number are held whole, since the rows of a line do not lie together.
    pub gather: bool,
}

impl<'s> Setup<'s> {
    /// For who reads files once: whole for their names, and held where rows are folded.
    pub fn once(sheet: Option<&'s str>) -> Self {
        Self { sheet, all_keys: true, gather: true }
    }

    /// The same, but read in another way.
    #[must_use]
    pub fn again(self, again: Again) -> Self {
        match again {
            Again::AllKeys => Self { all_keys: true, ..self },
            Again::Gather => Self { gather: true, ..self },
        }
    }
}

/// Rows as they came.
#[derive(Debug)]
pub enum Rows {
    /// Records of a CSV text.
    Csv(Vec<u8>),
    /// JSON lines.
    Json(Vec<u8>),
    /// A batch of Parquet.
    Batch(RecordBatch),
    /// Rows of cells.
    Table(Table),
}

impl Default for Rows {
    fn default() -> Self {
        Self::Csv(Vec::new())
    }
}

/// All columns, those that the interface does not know too.
pub const EVERY_COLUMN: u64 = u64::MAX;

/// Takes the memory of a piece that went round, for the bytes of the next.
fn piece_bytes(rows: &mut Rows) -> Vec<u8> {
    match rows {
        Rows::Csv(bytes) | Rows::Json(bytes) => {
            bytes.clear();
            std::mem::take(bytes)
        }
        Rows::Batch(_) | Rows::Table(_) => Vec::new(),
    }
}

/// A piece of a file: whole rows.
#[derive(Debug, Default)]
pub struct Piece {
    /// The rows.
    pub rows: Rows,
    /// How many rows of the file lie before it.
    pub first: u64,
    /// How many rows of the file it takes up.
    pub count: u64,
    /// How many bytes of the input were read for it.
    pub taken: u64,
    /// What was done to rows to make lines of them, and to how many.
    pub notes: Vec<(Cow<'static, str>, u64)>,
}

/// Takes a piece, and leaves another in its place whose memory can be used again; false where no more are wanted.
pub type Give<'g> = &'g mut dyn FnMut(&mut Piece) -> Result<bool, InputError>;

/// Room for taking pieces apart, kept from one to the next.
#[derive(Debug, Default)]
pub struct Room {
    cells: records::Cells,
    table: Table,
}

/// What a piece is besides its rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// A row names a value that the header does not have: the file is to be read again ([`Again::AllKeys`]).
    pub late_key: bool,
}

impl Piece {
    /// Calls `each` with every row, and with whether its cells are known to be UTF-8.
    pub fn each(&self, header: &Header, room: &mut Room, each: impl FnMut(Row<'_>, bool)) -> Taken {
        self.each_of(header, room, EVERY_COLUMN, each)
    }

    /// The same, but cells of columns that are not wanted, one bit each, may be empty.
    pub fn each_of(&self, header: &Header, room: &mut Room, wanted: u64, mut each: impl FnMut(Row<'_>, bool)) -> Taken {
        let mut taken = Taken::default();
        let table = match &self.rows {
            Rows::Csv(bytes) => {
                let is_text = std::str::from_utf8(bytes).is_ok();
                let mut number = self.first;
                records::each_record(bytes, &mut room.cells, |bytes, cells| {
                    number += 1;
                    each(Row { number, bytes, cells, faults: &[] }, is_text);
                });
                return taken;
            }
            Rows::Json(bytes) => {
                room.table.clear();
                taken.late_key = json::read_rows(bytes, self.first, header, &mut room.table);
                &room.table
            }
            Rows::Batch(batch) => {
                room.table.clear();
                let is_wanted = |at: usize| {
                    let column = header.columns.get(at).copied().flatten();
                    wanted == EVERY_COLUMN || column.is_some_and(|column| column.bit() & wanted != 0)
                };
                parquet::read_rows(batch, self.first, is_wanted, &mut room.table);
                &room.table
            }
            Rows::Table(table) => table,
        };
        let is_text = std::str::from_utf8(table.bytes()).is_ok();
        table.rows().for_each(|row| each(row, is_text));
        taken
    }
}

/// An open file, read to the end of its header.
pub struct Source {
    form: Form,
}

enum Form {
    Csv(CsvSource),
    Json(JsonSource),
    Parquet(ParquetSource),
    Book(Box<BookSource>),
    Fold(Box<Fold>),
}

impl Form {
    fn drive(self, give: Give<'_>) -> Result<(), InputError> {
        match self {
            Self::Csv(source) => source.drive(give),
            Self::Json(source) => source.drive(give),
            Self::Parquet(source) => source.drive(give),
            Self::Book(source) => source.drive(give),
            Self::Fold(source) => source.drive(give),
        }
    }
}

impl Source {
    /// Opens an input and reads its header.
    ///
    /// # Errors
    /// It cannot be read, or its header is wrong; then every fault of the header is named.
    pub fn open(input: &Input, setup: Setup<'_>) -> Result<(Self, Header), InputError> {
        let name = input.name();
        let (form, header) = match Content::of(input)? {
            Content::Csv(text) => {
                let (source, header) = CsvSource::open(&name, text)?;
                (Form::Csv(source), header)
            }
            Content::Json(text) => {
                let (source, header) = JsonSource::open(input, text, setup.all_keys)?;
                (Form::Json(source), header)
            }
            Content::Parquet(raw) => {
                let (source, header) = ParquetSource::open(&name, raw)?;
                (Form::Parquet(source), header)
            }
            Content::Archive(raw) => {
                let (source, header) = BookSource::open(input, raw, setup.sheet)?;
                (Form::Book(Box::new(source)), header)
            }
        };
        let (form, header) = Fold::of(form, header, setup.gather)?;
        Ok((Self { form }, header))
    }

    /// Hands on all rows of the file, piece by piece.
    ///
    /// # Errors
    /// The file cannot be read, or ends within a row.
    pub fn drive(self, give: Give<'_>) -> Result<(), InputError> {
        self.form.drive(give)
    }
}
