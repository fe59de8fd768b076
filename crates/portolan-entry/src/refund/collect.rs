//! Lines gathered by entry: what a line states of its entry holds for all of its lines, wherever they stand in the input.
//!
//! Lines are kept on disk once they are many; what stays in memory is one record an entry.

use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use portolan_ledger::Side;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tempfile::SpooledTempFile;

use super::amounts::Amounts;
use super::standing::Facts;

/// Lines beyond this many bytes go to the disk.
const IN_MEMORY: usize = 64 * 1024 * 1024;

/// A line as it is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of its entry as stated; empty where it is not.
    pub entry_number: String,
    /// Its number within the entry, as stated.
    pub line_number: String,
    /// Its row among all rows of the input, from 1.
    pub source_row: u64,
    /// Whose duties.
    pub side: Side,
    /// What it states of its entry.
    pub facts: Facts,
    /// What comes back on it.
    pub amounts: Amounts,
}

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Index of its entry.
    pub entry: u32,
    /// Its number within the entry, as stated.
    pub line_number: String,
    /// Its row among all rows of the input, from 1.
    pub source_row: u64,
    /// Whose duties.
    pub side: Side,
    /// What comes back on it.
    pub amounts: Amounts,
}

/// An entry, as far as its lines say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Its number as stated first; empty for a line that states none, which is an entry of its own.
    pub number: String,
    /// What is stated of it.
    pub facts: Facts,
    /// How many lines it has.
    pub lines: u32,
    /// The row of its first line.
    pub first_row: u64,
}

/// All entries and lines of an input.
#[derive(Debug)]
pub struct Collected {
    /// Entries in the order of their first lines.
    pub entries: Vec<Gathered>,
    index: FxHashMap<String, u32>,
    lines: BufWriter<SpooledTempFile>,
    count: u64,
}

/// A number without what does not tell it apart: dashes, spaces and case.
pub fn folded(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

impl Default for Collected {
    fn default() -> Self {
        let lines = BufWriter::new(tempfile::spooled_tempfile(IN_MEMORY));
        Self { entries: Vec::new(), index: FxHashMap::default(), lines, count: 0 }
    }
}

impl Collected {
    /// Adds a line.
    ///
    /// # Errors
    /// The disk on which lines are kept is full.
    pub fn add(&mut self, line: Line) -> io::Result<()> {
        let entry = self.entry(&line);
        let gathered = &mut self.entries[entry as usize];
        gathered.facts.merge(line.facts);
        gathered.lines += 1;
        self.count += 1;
        let Line { line_number, source_row, side, amounts, .. } = line;
        let kept = Kept { entry, line_number, source_row, side, amounts };
        let bytes = postcard::to_stdvec(&kept).map_err(io::Error::other)?;
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.lines.write_all(&length.to_le_bytes())?;
        self.lines.write_all(&bytes)
    }

    fn entry(&mut self, line: &Line) -> u32 {
        let next = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let key = folded(&line.entry_number);
        let known = if key.is_empty() { None } else { self.index.get(&key).copied() };
        known.unwrap_or_else(|| {
            let number = line.entry_number.clone();
            self.entries.push(Gathered { number, first_row: line.source_row, ..Gathered::default() });
            if !key.is_empty() {
                self.index.insert(key, next);
            }
            next
        })
    }

    /// How many lines there are.
    pub fn lines(&self) -> u64 {
        self.count
    }

    /// Gives all lines in the order of the input.
    ///
    /// # Errors
    /// What was kept cannot be read again, or what `each` gives.
    pub fn each<E: From<io::Error>>(
        &mut self,
        mut each: impl FnMut(&[Gathered], Kept) -> Result<(), E>,
    ) -> Result<(), E> {
        self.lines.flush()?;
        let file = self.lines.get_mut();
        file.rewind()?;
        let mut reader = BufReader::new(file);
        let mut bytes = Vec::new();
        for _ in 0..self.count {
            let mut length = [0; 4];
            reader.read_exact(&mut length)?;
            bytes.resize(u32::from_le_bytes(length) as usize, 0);
            reader.read_exact(&mut bytes)?;
            let kept: Kept = postcard::from_bytes(&bytes).map_err(io::Error::other)?;
            each(&self.entries, kept)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use portolan_ledger::Day;

    use super::*;
    use crate::builder::Filed;

    fn line(number: &str, row: u64, liquidated: Option<Day>) -> Line {
        let filed = Filed { liquidation_date: liquidated, ..Filed::default() };
        Line {
            entry_number: number.to_owned(),
            line_number: row.to_string(),
            source_row: row,
            side: Side(0),
            facts: Facts::of_line(Day(20_000), *b"01", &filed),
            amounts: Amounts::default(),
        }
    }

    #[test]
    fn lines_find_their_entry_wherever_they_stand() {
        let mut collected = Collected::default();
        for (number, liquidated) in
            [("abc-1234567-8", None), ("", None), ("ABC12345679", None), ("ABC12345678", Some(Day(20_300))), ("", None)]
        {
            let row = collected.lines() + 1;
            collected.add(line(number, row, liquidated)).unwrap();
        }
        let numbers: Vec<(&str, u32)> = collected.entries.iter().map(|e| (e.number.as_str(), e.lines)).collect();
        assert_eq!(numbers, [("abc-1234567-8", 2), ("", 1), ("ABC12345679", 1), ("", 1)]);
        assert_eq!(collected.entries[0].facts.liquidated, Some(Day(20_300)), "what one line says holds for the entry");
        let mut rows = Vec::new();
        for _ in 0..2 {
            rows.clear();
            collected
                .each(|_, kept| {
                    rows.push((kept.entry, kept.source_row));
                    Ok::<_, io::Error>(())
                })
                .unwrap();
        }
        assert_eq!(rows, [(0, 1), (1, 2), (2, 3), (0, 4), (3, 5)]);
    }
}
