//! The header of a file, understood: which cell is which column of an entry line.

use rustc_hash::FxHashMap;

use super::table::Row;
use crate::columns::{self, Column};
use crate::fault::{Fault, Faults, FieldFault};

/// How many rows may stand above the header: titles, the name of a report, empty lines.
pub(super) const ROWS_ABOVE: usize = 30;

/// No file of entry lines has more columns.
pub(super) const MOST_COLUMNS: usize = 4_096;

/// The header of a file, understood.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Name of the file, with the sheet where it is a workbook.
    pub file: String,
    /// For each cell of a row: the column it is, none where it is passed through.
    pub columns: Vec<Option<Column>>,
    /// Names of all cells, as they stand.
    pub names: Vec<String>,
    /// Where the rows lie on a sheet.
    pub sheet: Option<SheetPlace>,
    /// Which cell a name is, for rows that name their values.
    pub(super) keys: FxHashMap<String, usize>,
    /// The whole file was read for them.
    pub(super) has_all_keys: bool,
}

/// Where the rows of a workbook lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetPlace {
    /// Number of the row that holds the header, from 1 as the program shows it.
    pub header_row: u64,
}

impl SheetPlace {
    /// The name of a cell as the program shows it: `D7`.
    pub fn cell(self, row: u64, column: usize) -> String {
        format!("{}{}", letters(column), self.header_row.saturating_add(row))
    }
}

/// The letters of a column of a sheet, counted from zero: A, B, ..., Z, AA.
pub(super) fn letters(column: usize) -> String {
    let mut left = column + 1;
    let mut letters = Vec::new();
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or(0)));
        left /= 26;
    }
    letters.iter().rev().collect()
}

impl Header {
    /// Where a column stands.
    pub fn position(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|c| *c == Some(column))
    }

    /// Cells that are passed through, with their names.
    pub fn unknown(&self) -> impl Iterator<Item = (usize, &str)> {
        let cells = self.columns.iter().zip(&self.names).enumerate();
        cells.filter(|(_, (column, _))| column.is_none()).map(|(at, (_, name))| (at, name.as_str()))
    }

    /// A fault of a row, with its place.
    pub fn place(&self, row: u64, fault: FieldFault) -> Fault {
        let column = Column::find(&fault.column);
        let at = self.position_of(column, &fault.column);
        let cell = self.sheet.zip(at).map(|(sheet, at)| sheet.cell(row, at));
        Fault { file: self.file.clone(), row: Some(row), cell, fault }
    }

    fn position_of(&self, column: Option<Column>, name: &str) -> Option<usize> {
        column.and_then(|column| self.position(column)).or_else(|| self.keys.get(name).copied())
    }

    /// What is said of a row that has more or fewer cells than the header.
    pub fn wrong_length(&self, row: Row<'_>) -> FieldFault {
        let cells = if row.cells.len() == 1 { "cell" } else { "cells" };
        let wrong = format!("the row has {} {cells}, the header has {}", row.cells.len(), self.columns.len());
        let fault = FieldFault::of_line(wrong);
        let alone = if row.cells.len() == 1 { row.cell(0) } else { b"" };
        if alone.iter().any(|byte| matches!(byte, b';' | b'\t')) {
            return fault.help("the cells of the header are separated by commas, those of this row are not");
        }
        fault
    }

    /// Understands the names of the columns.
    ///
    /// # Errors
    /// Every fault of them: a name twice, two names of one column, a column that every line needs and that is missing.
    pub(super) fn understand(file: &str, cells: &[&[u8]]) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        if cells.len() > MOST_COLUMNS {
            let wrong = format!("the header has {} columns, more than {MOST_COLUMNS}", cells.len());
            return Err(Faults::of_file(file, FieldFault::of_line(wrong)));
        }
        if let Some(fault) = other_separator(cells) {
            return Err(Faults::of_file(file, fault));
        }
        let mut header = Self { file: file.to_owned(), ..Self::default() };
        for (at, cell) in cells.iter().enumerate() {
            let Ok(name) = std::str::from_utf8(cell) else {
                let shown = crate::fault::shown(cell);
                let fault = FieldFault::of_line(format!("the name of column {} is not UTF-8: {shown}", at + 1));
                faults.push(Fault::of_file(file, fault.help("save it as CSV UTF-8")), usize::MAX);
                continue;
            };
            let name = name.trim();
            // A column without a name is passed through under its place.
            let name = if name.is_empty() { format!("column_{}", at + 1) } else { name.to_owned() };
            if let Some(fault) = header.add(name) {
                faults.push(Fault::of_file(file, fault), usize::MAX);
            }
        }
        if !faults.is_empty() && header.names.len() < cells.len() {
            return Err(faults);
        }
        header.settle_value();
        for required in Column::REQUIRED {
            if header.position(required).is_none() {
                faults.push(Fault::of_file(file, missing(required)), usize::MAX);
            }
        }
        if faults.is_empty() { Ok(header) } else { Err(faults) }
    }

    /// Adds a column; tells where it is there already.
    fn add(&mut self, name: String) -> Option<FieldFault> {
        let column = Column::find(&name);
        let mut twin = self.keys.get(&name).and_then(|at| self.names.get(*at)).cloned();
        if twin.is_none() && column.is_some() {
            twin = self.columns.iter().position(|c| *c == column).and_then(|at| self.names.get(at)).cloned();
        }
        let fault = twin.map(|twin| {
            let which = column.map_or(String::new(), |c| format!(": both are {}", c.name()));
            FieldFault::of_line(format!("the columns \"{twin}\" and \"{name}\" are one{which}"))
                .help("take one of them out")
        });
        let known = self.keys.get(&name).copied();
        self.push(column, name.clone());
        // Of two columns of one name the first keeps it; the file is refused anyway.
        self.keys.extend(known.map(|at| (name, at)));
        fault
    }

    /// A report may state the value by line alone.
    fn settle_value(&mut self) {
        if self.position(Column::EnteredValueUsd).is_none() {
            let by_line = self.names.iter().position(|name| columns::folded(name) == "linegoodsvalueamount");
            if let Some(column) = by_line.and_then(|at| self.columns.get_mut(at)) {
                *column = Some(Column::EnteredValueUsd);
            }
        }
    }

    /// Adds a column that is known not to be there.
    pub(super) fn push(&mut self, column: Option<Column>, name: String) {
        self.keys.insert(name.clone(), self.names.len());
        self.columns.push(column);
        self.names.push(name);
    }

    /// Whether these are the names of the columns that every line needs.
    pub(super) fn is_one<'c>(cells: impl Iterator<Item = &'c [u8]>) -> bool {
        let mut found = [false; Column::REQUIRED.len()];
        for cell in cells {
            let column = std::str::from_utf8(cell).ok().and_then(Column::find);
            for (required, found) in Column::REQUIRED.iter().zip(&mut found) {
                *found |= column == Some(*required);
            }
        }
        found.iter().all(|found| *found)
    }
}

fn missing(required: Column) -> FieldFault {
    let others = required.aliases().iter().map(|a| format!("\"{a}\"")).collect::<Vec<_>>().join(", ");
    let fault = FieldFault::of_line(format!("the header has no column {}", required.name()));
    if others.is_empty() { fault } else { fault.help(format!("it may also be named {others}")) }
}

/// A header in one cell, which holds another sign than a comma between its names.
fn other_separator(cells: &[&[u8]]) -> Option<FieldFault> {
    let [cell] = cells else { return None };
    let (sign, name) = [(b';', "semicolons"), (b'\t', "tabs"), (b'|', "bars")]
        .into_iter()
        .find(|(sign, _)| Header::is_one(cell.split(|byte| byte == sign)))?;
    let names = cell.split(|byte| *byte == sign).count();
    let wrong = format!("the {names} names of the header are separated by {name}");
    Some(FieldFault::of_line(wrong).help("the cells are to be separated by commas: save it as CSV UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_a_sheet() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), name);
        }
        assert_eq!(SheetPlace { header_row: 6 }.cell(1, 3), "D7");
    }

    #[test]
    fn columns_without_a_name_keep_apart() {
        let header = Header::understand("f", &[b"code", b"", b"country_of_origin", b" ", b"entry_date"]).unwrap();
        assert_eq!(header.unknown().collect::<Vec<_>>(), [(1, "column_2"), (3, "column_4")]);
    }
}
