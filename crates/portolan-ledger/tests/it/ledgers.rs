//! `ledgers/good/<kind>` must read without a fault; `ledgers/bad/<code>-<what>` must be refused, or warned of, with the
//! lines of its file `expected`. Each lies over `ledgers/base`: a file of the same path stands for the base's.
//!
//! `BLESS=1` writes the files `expected` anew, for review.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use portolan_ledger::check::check_lists;
use portolan_ledger::diagnostic::{Code, Diagnostic, OneLine, Sources};
use portolan_ledger::read::{self, File};
use portolan_ledger::scenario;
use portolan_ledger::schedule::{Schedule, pack_folder};

pub fn ledgers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers")
}

/// The folders below one of `good` and `bad`, by name.
pub fn folders(kind: &str) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(ledgers().join(kind)).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), p)).collect();
    folders.sort();
    folders
}

/// A ledger laid over the base.
pub fn files(folder: &Path) -> Vec<File> {
    let mut all: BTreeMap<String, Vec<u8>> = read::collect(&ledgers().join("base")).unwrap().into_iter().collect();
    all.extend(read::collect(folder).unwrap());
    all.into_iter().collect()
}

fn schedule() -> Schedule {
    Schedule::open(pack_folder(&ledgers().join("schedule")).unwrap()).unwrap()
}

fn lines(found: &[Diagnostic], sources: &Sources) -> Vec<String> {
    found.iter().map(|diagnostic| OneLine(diagnostic, sources).to_string()).collect()
}

/// Everything that is said of a ledger: by the reader and the checker, of its lists, and of its scenarios.
fn said_of(files: &[File], schedule: &Schedule) -> Vec<String> {
    let read = match read::read(files) {
        Ok(read) => read,
        Err(refused) => return lines(&refused.diagnostics, &refused.sources),
    };
    let mut said = lines(&read.warnings, &read.sources);
    said.extend(lines(&check_lists(&read.ledger, &read.sources, schedule), &read.sources));
    let overlays: Vec<File> = files.iter().filter(|(path, _)| scenario::is_scenario_file(path)).cloned().collect();
    let overlays = scenario::read(&overlays).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
    for one in &overlays.scenarios {
        if let Err(found) = scenario::apply(&read.ledger, one) {
            said.extend(lines(&found, &overlays.sources));
        }
    }
    said
}

#[test]
fn good_ledgers_are_read() {
    let schedule = schedule();
    for (name, folder) in folders("good") {
        let said = said_of(&files(&folder), &schedule);
        let refused: Vec<_> = said.iter().filter(|line| !line.contains("warning[PTL015]")).collect();
        assert!(refused.is_empty(), "{name}: {refused:#?}");
    }
}

#[test]
fn bad_ledgers_are_refused_with_the_message_that_is_expected() {
    let schedule = schedule();
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for (name, folder) in folders("bad") {
        let said = said_of(&files(&folder), &schedule);
        let expected = folder.join("expected");
        if bless {
            fs::write(&expected, said.join("\n") + "\n").unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        let code = name.split('-').next().unwrap();
        let of_code = said.iter().any(|line| line.contains(&format!("[{code}]")));
        if !of_code || expected.lines().ne(said.iter().map(String::as_str)) {
            wrong.push(format!("{name}: expected\n{expected}found\n{}", said.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_code_has_a_bad_ledger() {
    let folders = folders("bad");
    for code in Code::ALL {
        let prefix = format!("{}-", code.name());
        assert!(folders.iter().any(|(name, _)| name.starts_with(&prefix)), "no bad ledger for {}", code.name());
    }
    let known = |name: &String| Code::ALL.iter().any(|code| name.starts_with(&format!("{}-", code.name())));
    assert!(folders.iter().all(|(name, _)| known(name)), "a folder is named after no code");
}
