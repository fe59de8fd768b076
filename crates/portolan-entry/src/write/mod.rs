//! Tables in every form that they are written in: one description of the columns, one way to fill a row.
//!
//! A table says what its rows hold through [`Cells`]; a form says how a cell looks. So all forms have the same columns
//! and the same values, and a row costs no more than its form needs: text where text is written, typed columns where
//! columns are.

pub mod columns;
pub mod json;
pub mod parquet;
pub mod sink;
mod summary_sheet;
pub mod text;
pub mod xlsx;

use portolan_engine::Pct;
use portolan_ledger::line::When;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Day, Rate, TariffCode};

use self::columns::Columns;
use self::json::JsonRows;
use self::text::CsvRows;

/// A form of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, UTF-8.
    #[default]
    Csv,
    /// Parquet: typed columns, Zstandard.
    Parquet,
    /// One workbook: summary, bill, layers, findings.
    Xlsx,
    /// One JSON object a row.
    Jsonl,
}

impl Format {
    /// The end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
            Self::Jsonl => "jsonl",
        }
    }
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, in every row.
    Whole,
    /// A text.
    Text,
    /// Texts with `;` between.
    List,
    /// An amount of money, in cents.
    Money,
    /// Percentage points, in millionths.
    Points,
    /// A share in percentage points, in ten-millionths.
    Share,
    /// A day, counted from 1 January 1970.
    Day,
}

impl Kind {
    /// Decimals of the numbers; none where it holds no decimal number.
    pub fn places(self) -> Option<u32> {
        match self {
            Self::Money => Some(Cents::PLACES),
            Self::Points => Some(6),
            Self::Share => Some(Rate::PLACES),
            Self::Whole | Self::Text | Self::List | Self::Day => None,
        }
    }

    /// Whether texts stand in it.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::List)
    }
}

/// What a cell holds that nothing was put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Nothing: not stated, or not known.
    Empty,
    /// Zero.
    Zero,
    /// The same text in every row.
    Fixed(String),
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What stands in it.
    pub kind: Kind,
    /// What a cell holds that nothing was put into.
    pub fill: Fill,
}

impl Field {
    /// A column whose cells may be empty.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind, fill: Fill::Empty }
    }
}

/// The columns of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The name of the table: of its file, and of its sheet.
    pub name: &'static str,
    /// Its columns, in their order.
    pub fields: Vec<Field>,
}

/// A row being filled, cell by cell in the order of the columns.
pub trait Cells {
    /// A whole number.
    fn whole(&mut self, value: u64);
    /// A text; an empty one is an empty cell.
    fn text(&mut self, value: &[u8]);
    /// Texts as one cell.
    fn list<T: AsRef<[u8]>>(&mut self, values: impl IntoIterator<Item = T>);
    /// An amount of money.
    fn money(&mut self, value: Option<Cents>);
    /// Percentage points.
    fn points(&mut self, value: Option<Pct>);
    /// A share.
    fn share(&mut self, value: Option<Rate>);
    /// A day.
    fn day(&mut self, value: Option<Day>);
    /// A date as it was stated: a day, or a moment in the zone of the side.
    fn when(&mut self, value: When, clock: &Clock);
    /// A tariff code with its dots.
    fn code(&mut self, value: TariffCode);
    /// A text that is the same in every row; [`Fill::Fixed`] holds it too.
    fn fixed(&mut self, value: &str);
    /// Points and duty of so many families that owe nothing: two zeros each.
    fn zeros(&mut self, families: usize);
    /// The end of the row.
    fn end(&mut self);
}

/// Cells of the input that are passed through to a row of the outputs.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Passed {
    /// Forgets them, for the next row.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Adds a cell.
    pub fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        self.ends.push(self.bytes.len());
    }

    /// Writes them as the next cells of a row.
    pub fn write(&self, out: &mut impl Cells) {
        let mut start = 0;
        for &end in &self.ends {
            out.text(self.bytes.get(start..end).unwrap_or_default());
            start = end;
        }
    }
}

/// Rows of a table that one piece of the input gives, in the form in which they are wanted.
#[derive(Debug)]
pub enum Rows {
    /// As text with commas.
    Csv(CsvRows),
    /// As JSON.
    Json(JsonRows),
    /// As typed columns.
    Columns(Columns),
}

impl Default for Rows {
    fn default() -> Self {
        Self::Csv(CsvRows::default())
    }
}

impl Rows {
    /// No rows yet, of a table.
    pub fn new(format: Format, schema: &Schema) -> Self {
        match format {
            Format::Csv => Self::Csv(CsvRows::default()),
            Format::Jsonl => Self::Json(JsonRows::new(schema)),
            Format::Parquet | Format::Xlsx => Self::Columns(Columns::new(schema)),
        }
    }

    /// Forgets the rows, and keeps their memory where it can be used again.
    pub fn clear(&mut self) {
        match self {
            Self::Csv(rows) => rows.clear(),
            Self::Json(rows) => rows.clear(),
            Self::Columns(rows) => rows.clear(),
        }
    }
}

/// Does the same with rows of every form.
macro_rules! with_rows {
    ($rows:expr, $out:ident => $body:expr) => {
        match $rows {
            $crate::write::Rows::Csv($out) => $body,
            $crate::write::Rows::Json($out) => $body,
            $crate::write::Rows::Columns($out) => $body,
        }
    };
}
pub(crate) use with_rows;
