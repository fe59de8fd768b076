//! The law that a command works with: what ships inside, or a ledger folder.

use std::path::{Path, PathBuf};

use portolan_ledger::read::{self, File};
use portolan_ledger::scenario;
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
    /// The law under the suppositions of a scenario's file; the law as it is where none is named.
    pub fn under(folder: Option<&Path>, scenario: Option<&Path>) -> Result<Self, Failure> {
        let mut source = Self::open(folder)?;
        if let Some(file) = scenario {
            source.ledger = suppose(&source.ledger, file)?;
        }
        Ok(source)
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

/// A ledger under the suppositions of a file. A base that the file names is looked for in the file's own folder.
fn suppose(ledger: &Ledger, file: &Path) -> Result<Ledger, Failure> {
    let wrong = |error: std::io::Error| Fault::new(format!("--scenario {}: {error}", file.display()));
    let bytes = std::fs::read(file).map_err(wrong)?;
    let alone = vec![(file.display().to_string(), bytes)];
    let scenarios = scenario::read(&alone).or_else(|_| scenario::read(&with_siblings(alone, file)));
    let refused = |diagnostics, sources| Failure::Refused { what: "scenario", diagnostics, sources };
    let scenarios = scenarios.map_err(|error| refused(error.diagnostics, error.sources))?;
    let Some(wanted) = scenarios.scenarios.first() else {
        let fault = Fault::new(format!("--scenario {}: it holds no scenario", file.display()));
        return Err(fault.help("a scenario is a TOML file, see LEDGER.md, section 8").into());
    };
    scenario::apply(ledger, wanted).map_err(|diagnostics| refused(diagnostics, scenarios.sources.clone()))
}

/// The file, and the other scenarios of its folder behind it.
fn with_siblings(alone: Vec<File>, file: &Path) -> Vec<File> {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut all = alone;
    let Ok(entries) = std::fs::read_dir(folder) else { return all };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let others = paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    for path in others.filter(|path| path.file_name() != file.file_name()) {
        if let Ok(bytes) = std::fs::read(&path) {
            all.push((path.display().to_string(), bytes));
        }
    }
    all
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
