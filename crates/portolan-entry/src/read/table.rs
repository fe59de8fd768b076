//! Rows of text cells in one buffer: what every form of a file comes to, where it is not CSV already.

use std::ops::Range;

use crate::fault::FieldFault;

/// Rows of cells, one behind the other. A byte stands between two cells, so that no text runs on from one into the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    bytes: Vec<u8>,
    cells: Vec<Range<usize>>,
    /// For each row: its number in the file, and where its cells and faults end.
    rows: Vec<End>,
    faults: Vec<FieldFault>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    number: u64,
    cells: usize,
    faults: usize,
}

/// Stands behind each cell.
const BETWEEN: u8 = b',';

impl Table {
    /// Forgets all rows, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.cells.clear();
        self.rows.clear();
        self.faults.clear();
    }

    /// Adds a cell to the row that is being made.
    pub fn cell(&mut self, value: &[u8]) {
        self.cell_with(|bytes| bytes.extend_from_slice(value));
    }

    /// Adds a cell that is written straight into the buffer.
    pub fn cell_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.cells.push(start..self.bytes.len().max(start));
        self.bytes.push(BETWEEN);
    }

    /// Adds a fault to the row that is being made.
    pub fn fault(&mut self, fault: FieldFault) {
        self.faults.push(fault);
    }

    /// Ends the row that is being made.
    pub fn end_row(&mut self, number: u64) {
        self.rows.push(End { number, cells: self.cells.len(), faults: self.faults.len() });
    }

    /// How many rows it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many bytes its cells take.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes of all cells; the ranges of a row lie in them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A row; empty where there is none.
    pub fn row(&self, index: usize) -> Row<'_> {
        let before = index.checked_sub(1).and_then(|before| self.rows.get(before));
        let (cells, faults) = before.map_or((0, 0), |end| (end.cells, end.faults));
        let Some(end) = self.rows.get(index) else { return Row::default() };
        Row {
            number: end.number,
            bytes: &self.bytes,
            cells: self.cells.get(cells..end.cells).unwrap_or_default(),
            faults: self.faults.get(faults..end.faults).unwrap_or_default(),
        }
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }
}

/// A row as it is answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row<'r> {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Where its cells lie.
    pub bytes: &'r [u8],
    /// Its cells.
    pub cells: &'r [Range<usize>],
    /// What the reader found wrong with it.
    pub faults: &'r [FieldFault],
}

impl<'r> Row<'r> {
    /// The cell at a place; empty where the row has none.
    pub fn cell(&self, at: usize) -> &'r [u8] {
        self.cells.get(at).and_then(|range| self.bytes.get(range.clone())).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_put() {
        let mut table = Table::default();
        table.cell(b"a");
        table.cell(b"");
        table.end_row(1);
        table.fault(FieldFault::of_line("wrong"));
        table.end_row(4);
        table.cell_with(|bytes| bytes.extend_from_slice(b"xyz"));
        table.end_row(5);
        let rows: Vec<Row> = table.rows().collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(
            (rows[0].number, rows[0].cell(0), rows[0].cell(1), rows[0].cell(2)),
            (1, &b"a"[..], &b""[..], &b""[..])
        );
        assert_eq!((rows[1].cells.len(), rows[1].faults.len()), (0, 1));
        assert_eq!((rows[2].number, rows[2].cell(0), rows[2].faults.len()), (5, &b"xyz"[..], 0));
        assert!(table.row(9).cells.is_empty());
        table.clear();
        assert!(table.is_empty() && table.size() == 0);
    }
}
