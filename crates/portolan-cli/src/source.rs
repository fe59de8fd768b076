//! The law that a command works with: what ships inside, or a ledger folder.

use std::path::{Path, PathBuf};

use portolan_ledger::read::{self, File};
use portolan_ledger::schedule::Schedule;
use portolan_ledger::{Day, Ledger, Side};

use crate::failure::{Failure, Fault};
use crate::scenarios::{self, Supposed};
use crate::term::{ATTENTION, Page};

/// The option that every command has.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Suppose {
    /// Answer under the suppositions of a scenario: a ready one (see `portolan scenarios`) or a file; several are joined
    #[arg(long = "scenario", value_name = "NAME_OR_FILE")]
    scenarios: Vec<String>,
}

impl Suppose {
    /// The names and files, as they were typed.
    pub fn names(&self) -> &[String] {
        &self.scenarios
    }

    /// Says on a page that what is supposed has no bearing on it, and why; the scenarios must be ones that fit all the
    /// same. Nothing is said, and no law opened, where nothing is supposed.
    pub fn without_bearing(&self, folder: Option<&Path>, page: &mut Page, why: &str) -> Result<(), Failure> {
        if self.scenarios.is_empty() {
            return Ok(());
        }
        let source = Source::under(folder, self)?;
        source.say_supposed(page);
        if !source.supposed.is_empty() {
            page.wrapped(0, ATTENTION, &format!("It changes nothing here: {why}."));
        }
        Ok(())
    }
}

/// The records and the schedule.
#[derive(Debug)]
pub struct Source {
    /// The records.
    pub ledger: Ledger,
    /// The schedule of the United States.
    pub schedule: Schedule,
    /// What is supposed, in the order of its names; nothing where the law is as it is.
    pub supposed: Vec<Supposed>,
}

impl Source {
    /// The law under what the options suppose.
    pub fn under(folder: Option<&Path>, suppose: &Suppose) -> Result<Self, Failure> {
        let mut source = Self::open(folder)?;
        if let Some((ledger, supposed)) = scenarios::under(&source.ledger, folder, &suppose.scenarios)? {
            (source.ledger, source.supposed) = (ledger, supposed);
        }
        Ok(source)
    }

    /// Says on a page what is supposed.
    pub fn say_supposed(&self, page: &mut Page) {
        scenarios::say(&self.supposed, page);
    }

    /// Opens the law: the folder's records where one is named, else what ships inside. The schedule always ships inside.
    pub fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        let ledger = match folder {
            None => portolan_law::ledger().map_err(|error| damaged(&error))?,
            Some(folder) => {
                let files = files(folder)?;
                read::read(&files).map_err(refuse)?.ledger
            }
        };
        Ok(Self { ledger, schedule: schedule()?, supposed: Vec::new() })
    }

    /// The day it is now, where the law of the United States is made.
    pub fn today(&self) -> Day {
        let now = portolan_ledger::Instant(jiff::Timestamp::now().as_second());
        self.ledger.clock(Side(0)).map_or(Day::MAX, |clock| clock.day_of(now))
    }
}

/// The schedule that ships inside.
pub fn schedule() -> Result<Schedule, Failure> {
    portolan_law::schedule().map_err(|error| damaged(&error))
}

/// The files of the worked cases that ship inside.
pub fn cases() -> Result<Vec<File>, Failure> {
    portolan_law::cases().map_err(|error| damaged(&error))
}

/// What ships inside does not open: the program itself is damaged.
pub fn damaged(error: &dyn std::fmt::Display) -> Failure {
    Failure::Broken(Fault::new(format!("the law that ships inside this program does not open: {error}")))
}

/// A ledger that was refused.
pub fn refuse(refused: read::Refused) -> Failure {
    Failure::Refused { what: "ledger", diagnostics: refused.diagnostics, sources: refused.sources }
}

/// The files of a ledger folder.
pub fn files(folder: &Path) -> Result<Vec<File>, Failure> {
    let wrong = |what: String| Fault::new(format!("--ledger {}: {what}", folder.display()));
    let files = read::collect(folder).map_err(|error| wrong(error.to_string()))?;
    if files.is_empty() {
        return Err(wrong("the folder holds no records".to_owned())
            .help("name the folder that holds jurisdictions.toml")
            .into());
    }
    Ok(files)
}

/// The folder of the user's own data, where imported editions are kept.
pub fn data_folder() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = if cfg!(windows) {
        from("LOCALAPPDATA")
    } else {
        from("XDG_DATA_HOME").or_else(|| from("HOME").map(|home| home.join(".local/share")))
    };
    base.map(|base| base.join("portolan"))
}
