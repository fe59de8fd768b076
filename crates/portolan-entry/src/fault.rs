//! What is wrong with an input, and where.

use std::fmt;

use crate::cells;
use crate::columns::Column;

/// What is wrong with one value: the column, the value as it stands, what is wrong, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// Name of the column; empty where the fault is of the line as a whole.
    pub column: String,
    /// The value as it stands; empty where there is none.
    pub value: String,
    /// What is wrong, in one sentence without a full stop.
    pub wrong: String,
    /// What would be right.
    pub help: Option<String>,
}

impl FieldFault {
    /// A fault of a column.
    pub fn new(column: Column, value: &[u8], wrong: impl Into<String>) -> Self {
        Self { column: column.name().to_owned(), value: shown(value), wrong: wrong.into(), help: None }
    }

    /// A fault of the line as a whole.
    pub fn of_line(wrong: impl Into<String>) -> Self {
        Self { column: String::new(), value: String::new(), wrong: wrong.into(), help: None }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A value as a message shows it: on one line, and not longer than a person wants to read.
pub fn shown(value: &[u8]) -> String {
    const MOST: usize = 60;
    let text = String::from_utf8_lossy(value);
    let mut short: String = text.chars().take(MOST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        short.push_str("...");
    }
    short
}

/// `hts_number "94O3": a tariff code is digits and dots only`.
impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.column.is_empty() {
            f.write_str(&self.column)?;
            if !self.value.is_empty() {
                write!(f, " \"{}\"", self.value)?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.wrong)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FieldFault {}

/// A fault with its place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named.
    pub file: String,
    /// The row of data, from 1; none where the file as a whole is wrong.
    pub row: Option<u64>,
    /// Where a workbook shows it: `D7`.
    pub cell: Option<String>,
    /// What is wrong.
    pub fault: FieldFault,
}

/// The first row of `faults.csv`.
pub const CSV_HEAD: &str = "file,row,column,value,reason,help\n";

impl Fault {
    /// A fault of a file as a whole.
    pub fn of_file(file: &str, fault: FieldFault) -> Self {
        Self { file: file.to_owned(), row: None, cell: None, fault }
    }

    /// Writes it as a row of `faults.csv`.
    pub fn write_csv(&self, out: &mut Vec<u8>) {
        cells::text(out, self.file.as_bytes());
        out.push(b',');
        if let Some(row) = self.row {
            cells::whole(out, row);
        }
        let fault = &self.fault;
        for text in [&fault.column, &fault.value, &fault.wrong, fault.help.as_ref().unwrap_or(&String::new())] {
            out.push(b',');
            cells::text(out, text.as_bytes());
        }
        out.push(b'\n');
    }
}

/// `entries.csv, row 3, hts_number "94O3": a tariff code is digits and dots only`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(cell) = &self.cell {
            write!(f, " ({cell})")?;
        }
        let of_line = self.fault.column.is_empty();
        write!(f, "{}{}", if of_line { ": " } else { ", " }, self.fault)
    }
}

/// The faults of an input: the first ones, and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The first faults, in the order of the input.
    pub first: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

impl Faults {
    /// A single fault of a file as a whole.
    pub fn of_file(file: &str, fault: FieldFault) -> Self {
        Self { first: vec![Fault::of_file(file, fault)], more: 0 }
    }

    /// Adds a fault; beyond the limit it is only counted.
    pub fn push(&mut self, fault: Fault, limit: usize) {
        if self.first.len() < limit {
            self.first.push(fault);
        } else {
            self.more += 1;
        }
    }

    /// Adds faults that come later in the input.
    pub fn extend(&mut self, later: Self, limit: usize) {
        for fault in later.first {
            self.push(fault, limit);
        }
        self.more += later.more;
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty() && self.more == 0
    }
}

/// One fault a line, then `and N more`.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.first.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for Faults {}
