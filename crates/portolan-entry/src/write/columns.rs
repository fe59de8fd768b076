//! Rows as typed columns.
//!
//! Most cells of a bill hold what most rows hold: zero, or nothing. A column is only filled as far as its last cell that
//! holds more; what no row has touched costs nothing here, nor where it is written.

use std::ops::Range;

use arrow::array::{Array, LargeStringArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};
use portolan_engine::Pct;
use portolan_ledger::line::When;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Day, Rate, TariffCode};

use super::{Cells, Fill, Schema};
use crate::cells;

/// Rows as columns that are being filled.
#[derive(Clone, Debug)]
pub struct Columns {
    all: Vec<Column>,
    at: usize,
    rows: usize,
}

/// A column that is being filled.
#[derive(Clone, Debug)]
enum Column {
    Numbers { values: Vec<i64>, absent: Vec<usize>, is_zero: bool },
    Texts { bytes: Vec<u8>, ends: Vec<i64> },
}

/// Whole rows as columns.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How many rows.
    pub rows: usize,
    /// One for each column of the table.
    pub columns: Vec<Filled>,
}

/// A column of a batch.
#[derive(Clone, Debug)]
pub enum Filled {
    /// Every cell holds what the column's [`Fill`] says.
    Fill,
    /// Numbers, scaled as the column's kind says; the rows without one, in order, have a zero in their place.
    Numbers {
        /// One a row.
        values: Vec<i64>,
        /// Rows that are empty, in order.
        absent: Vec<usize>,
    },
    /// Texts; an empty one is an empty cell.
    Texts(LargeStringArray),
}

impl Filled {
    /// The number of a row; none where it is empty.
    pub fn number(&self, row: usize) -> Option<i64> {
        match self {
            Self::Numbers { values, absent } if absent.binary_search(&row).is_err() => values.get(row).copied(),
            _ => None,
        }
    }

    /// The rows among these that are empty.
    pub fn absent(&self, rows: Range<usize>) -> &[usize] {
        let Self::Numbers { absent, .. } = self else { return &[] };
        let (start, end) =
            (absent.partition_point(|&row| row < rows.start), absent.partition_point(|&row| row < rows.end));
        &absent[start..end]
    }
}

impl Columns {
    /// No rows yet, of a table.
    pub fn new(schema: &Schema) -> Self {
        let column = |field: &super::Field| {
            if field.kind.is_text() {
                Column::Texts { bytes: Vec::new(), ends: vec![0] }
            } else {
                Column::Numbers { values: Vec::new(), absent: Vec::new(), is_zero: field.fill == Fill::Zero }
            }
        };
        Self { all: schema.fields.iter().map(column).collect(), at: 0, rows: 0 }
    }

    /// Forgets the rows.
    pub fn clear(&mut self) {
        for column in &mut self.all {
            match column {
                Column::Numbers { values, absent, .. } => {
                    values.clear();
                    absent.clear();
                }
                Column::Texts { bytes, ends } => {
                    bytes.clear();
                    ends.truncate(1);
                }
            }
        }
        (self.at, self.rows) = (0, 0);
    }

    /// Takes the rows out.
    ///
    /// # Errors
    /// A text is not UTF-8: the reader let one through.
    pub fn take(&mut self) -> Result<Batch, arrow::error::ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        let columns = self.all.iter_mut().map(|column| column.take(rows)).collect::<Result<_, _>>()?;
        self.at = 0;
        Ok(Batch { rows, columns })
    }

    fn number(&mut self, value: Option<i64>) {
        let row = self.rows;
        if let Some(Column::Numbers { values, absent, is_zero }) = self.all.get_mut(self.at) {
            let is_fill = if *is_zero { value == Some(0) } else { value.is_none() };
            if !is_fill {
                extend(values, absent, *is_zero, row);
                if value.is_none() {
                    absent.push(row);
                }
                values.push(value.unwrap_or(0));
            }
        }
        self.at += 1;
    }

    /// Lets a text be written to the end of the column's bytes.
    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let row = self.rows;
        if let Some(Column::Texts { bytes, ends }) = self.all.get_mut(self.at) {
            let start = bytes.len();
            write(bytes);
            if bytes.len() > start {
                ends.resize(row + 1, i64::try_from(start).unwrap_or(i64::MAX));
                ends.push(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
            }
        }
        self.at += 1;
    }
}

/// Fills a column of numbers up to a row.
fn extend(values: &mut Vec<i64>, absent: &mut Vec<usize>, is_zero: bool, rows: usize) {
    if !is_zero {
        absent.extend(values.len()..rows);
    }
    values.resize(rows, 0);
}

impl Column {
    fn take(&mut self, rows: usize) -> Result<Filled, arrow::error::ArrowError> {
        match self {
            Self::Numbers { values, .. } if values.is_empty() => Ok(Filled::Fill),
            Self::Numbers { values, absent, is_zero } => {
                extend(values, absent, *is_zero, rows);
                let taken = (std::mem::take(values), std::mem::take(absent));
                // The next rows are likely to be as many.
                values.reserve(rows);
                Ok(Filled::Numbers { values: taken.0, absent: taken.1 })
            }
            Self::Texts { ends, .. } if ends.len() == 1 => Ok(Filled::Fill),
            Self::Texts { bytes, ends } => {
                ends.resize(rows + 1, i64::try_from(bytes.len()).unwrap_or(i64::MAX));
                let (room, all) = (bytes.len(), std::mem::replace(ends, Vec::with_capacity(rows + 1)));
                ends.push(0);
                let filled: BooleanBuffer = all.windows(2).map(|ends| ends[0] < ends[1]).collect();
                let nulls = Some(NullBuffer::new(filled)).filter(|nulls| nulls.null_count() > 0);
                let offsets = OffsetBuffer::new(all.into());
                let taken = std::mem::replace(bytes, Vec::with_capacity(room));
                LargeStringArray::try_new(offsets, Buffer::from_vec(taken), nulls).map(Filled::Texts)
            }
        }
    }
}

impl Filled {
    /// The text of a row; none where it is empty.
    pub fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Texts(texts) if row < texts.len() && texts.is_valid(row) => Some(texts.value(row)),
            _ => None,
        }
    }
}

impl Cells for Columns {
    fn whole(&mut self, value: u64) {
        self.number(Some(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn text(&mut self, value: &[u8]) {
        self.written(|out| out.extend_from_slice(value));
    }

    fn list<T: AsRef<[u8]>>(&mut self, values: impl IntoIterator<Item = T>) {
        self.written(|out| cells::joined(out, values));
    }

    fn money(&mut self, value: Option<Cents>) {
        self.number(value.map(|cents| cents.0));
    }

    fn points(&mut self, value: Option<Pct>) {
        self.number(value.map(cells::micro_points));
    }

    fn share(&mut self, value: Option<Rate>) {
        self.number(value.map(|rate| rate.0));
    }

    fn day(&mut self, value: Option<Day>) {
        self.number(value.map(|day| i64::from(day.0)));
    }

    fn when(&mut self, value: When, clock: &Clock) {
        self.written(|out| cells::when(out, value, clock));
    }

    fn code(&mut self, value: TariffCode) {
        self.written(|out| cells::code(out, value));
    }

    fn fixed(&mut self, _: &str) {
        // The column's fill holds it.
        self.at += 1;
    }

    fn zeros(&mut self, families: usize) {
        // The fill of these columns is zero.
        self.at += families * 2;
    }

    fn end(&mut self) {
        self.at = 0;
        self.rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::{Field, Kind};

    fn schema() -> Schema {
        let fixed = Fill::Fixed("v1".to_owned());
        Schema {
            name: "t",
            fields: vec![
                Field::new("row", Kind::Whole),
                Field { fill: Fill::Zero, ..Field::new("a_pct", Kind::Points) },
                Field { fill: Fill::Zero, ..Field::new("a_duty", Kind::Money) },
                Field::new("mpf", Kind::Money),
                Field::new("name", Kind::Text),
                Field { fill: fixed, ..Field::new("version", Kind::Text) },
            ],
        }
    }

    fn row(columns: &mut Columns, number: u64, duty: Option<i64>, mpf: Option<i64>, name: &str) {
        columns.whole(number);
        match duty {
            Some(0) => columns.zeros(1),
            duty => {
                columns.points(duty.map(|_| Pct(10_i128.pow(16))));
                columns.money(duty.map(Cents));
            }
        }
        columns.money(mpf.map(Cents));
        columns.text(name.as_bytes());
        columns.fixed("v1");
        columns.end();
    }

    #[test]
    fn cells_that_were_not_touched_hold_the_fill() {
        let mut columns = Columns::new(&schema());
        for (number, duty, mpf, name) in
            [(1, Some(0), None, ""), (2, Some(7), None, "b"), (3, None, Some(5), ""), (4, Some(0), None, "")]
        {
            row(&mut columns, number, duty, mpf, name);
        }
        let batch = columns.take().unwrap();
        let numbers = |column: usize| (0..4).map(|row| batch.columns[column].number(row)).collect::<Vec<_>>();
        assert_eq!(batch.rows, 4);
        assert_eq!(numbers(0), [Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(numbers(1), [Some(0), Some(1_000_000), None, Some(0)]);
        assert_eq!(numbers(2), [Some(0), Some(7), None, Some(0)]);
        assert_eq!(numbers(3), [None, None, Some(5), None]);
        let texts: Vec<_> = (0..4).map(|row| batch.columns[4].text(row)).collect();
        assert_eq!(texts, [None, Some("b"), None, None]);
        assert!(matches!(batch.columns[5], Filled::Fill));
        assert_eq!(batch.columns[3].absent(1..4), [1, 3]);
        // What follows begins anew.
        row(&mut columns, 5, Some(0), None, "");
        let batch = columns.take().unwrap();
        assert_eq!(batch.rows, 1);
        assert!(batch.columns[1..].iter().all(|column| matches!(column, Filled::Fill)));
    }
}
