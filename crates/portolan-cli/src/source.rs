//! The law that a command works with: what ships inside, or a ledger folder.

use std::path::{Path, PathBuf};

use portolan_ledger::read::{self, File};
use portolan_ledger::schedule::Schedule;
use portolan_ledger::{Day, Ledger, Side};

use crate::failure::{Failure, Fault};

/// The records and the schedule.
#[derive(Debug)]
pub struct Source {
    /// The records.
    pub ledger: Ledger,
    /// The schedule of the United States.
    pub schedule: Schedule,
}

impl Source {
    /// Opens the law: the folder's records where one is named, else what ships inside. The schedule always ships inside.
    pub fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        let ledger = match folder {
            None => portolan_law::ledger().map_err(|error| damaged(&error))?,
            Some(folder) => {
                let files = files(folder)?;
                read::read(&files).map_err(|refused| Failure::Ledger(refused.diagnostics, refused.sources))?.ledger
            }
        };
        Ok(Self { ledger, schedule: schedule()? })
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
fn damaged(error: &dyn std::fmt::Display) -> Failure {
    Failure::Broken(Fault::new(format!("the law that ships inside this program does not open: {error}")))
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
