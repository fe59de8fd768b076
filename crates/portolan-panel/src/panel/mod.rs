//! The panel: what every statistical number from every country bears, on every day of a stretch.
//!
//! A row says what an entry line is told that states its number, its country and a bare entry date of that day, and nothing
//! else: what turns on a fact that was not stated is empty, and `needs_input` names the fact. Rows are worked out for classes
//! of products and of origins ([`portolan_engine::history`]) and expanded only while they are written.

mod classes;
mod columns;
mod expand;
mod file;
mod pairs;
mod turns;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use portolan_engine::Law;
use portolan_engine::answer::Fault;
use portolan_entry::manifest::Manifest;
use portolan_ledger::line::View;
use portolan_ledger::record::Origin;
use portolan_ledger::{Day, Side, TariffCode};

/// What the rows say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A row for each number, country and stretch of days in which nothing of the row changes.
    #[default]
    Intervals,
    /// A row for each number, country and day.
    Daily,
    /// The same law unexpanded: numbers and countries with their classes, and a row for each pair of classes and stretch.
    Classes,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first day.
    pub from: Day,
    /// The first day no longer.
    pub until: Day,
    /// Who levies.
    pub side: Side,
    /// The goods, in the order of the rows; those that the schedule of the side does not know on these days have no rows.
    pub codes: Vec<TariffCode>,
    /// The countries, in the order of the rows.
    pub origins: Vec<Origin>,
    /// Which answer.
    pub view: View,
    /// The law as it could be known on that day.
    pub known_date: Day,
    /// What the rows say.
    pub form: Form,
    /// Threads that work; at least one.
    pub threads: usize,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows of each file, by its name.
    pub files: Vec<(String, u64)>,
    /// Statistical numbers in the panel.
    pub codes: usize,
    /// Countries in the panel.
    pub origins: usize,
}

/// Why there is no panel. Nothing is left at its place then but what was there before.
#[derive(Debug)]
pub enum Error {
    /// The law has no answer for a number.
    Law(TariffCode, Fault),
    /// A file cannot be written.
    Write(PathBuf, io::Error),
}

impl Error {
    /// The same for another thread that meets it.
    fn again(&self, output: &Path) -> Self {
        match self {
            Self::Law(code, fault) => Self::Law(*code, fault.clone()),
            Self::Write(..) => Self::Write(output.to_owned(), io::Error::other(self.to_string())),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Law(code, Fault::Conflict(a, b)) => {
                write!(f, "{code}: the ledger is wrong: {a} and {b} both stand and nothing relates them")
            }
            Self::Law(code, _) => write!(f, "{code} cannot be answered"),
            Self::Write(file, error) => write!(f, "{} cannot be written: {error}", file.display()),
        }
    }
}

impl std::error::Error for Error {}

/// Writes the panel to a Parquet file, and a manifest beside it. `progress` is told the numbers done
/// so far, and all; where rows are expanded, first of none, once all pairs of classes are worked out.
///
/// # Errors
/// The law has no answer, or a file cannot be written.
pub fn write(
    law: &Law<'_>,
    options: &Options,
    output: &Path,
    manifest: &Manifest,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Done, Error> {
    match options.form {
        Form::Classes => classes::write(law, options, output, manifest),
        Form::Intervals | Form::Daily => file::write(law, options, output, manifest, progress),
    }
}
