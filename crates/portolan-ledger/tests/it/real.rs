//! The ledger of the repository.

use std::path::{Path, PathBuf};
use std::time::Instant;

use portolan_ledger::check::{check, check_lists};
use portolan_ledger::diagnostic::{Code, OneLine};
use portolan_ledger::read;
use portolan_ledger::schedule::{Schedule, pack_folder};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_ledger_of_the_repository_is_sound() {
    let files = read::collect(&root().join("ledger")).unwrap();
    let start = Instant::now();
    let read = read::read(&files).unwrap_or_else(|refused| {
        let lines: Vec<_> = refused.diagnostics.iter().map(|d| OneLine(d, &refused.sources).to_string()).collect();
        panic!("{}", lines.join("\n"))
    });
    println!("read and checked in {:?}", start.elapsed());
    let start = Instant::now();
    assert!(check(&read.ledger, &read.sources).is_empty());
    println!("checked in {:?}", start.elapsed());
}

/// Rows stated before the first edition may outlive their code; a row stated since names a code of its day.
#[test]
fn lists_stated_since_the_first_edition_name_codes_of_their_time() {
    let files = read::collect(&root().join("ledger")).unwrap();
    let read = read::read(&files).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
    let schedule = Schedule::open(pack_folder(&root().join("schedule/us")).unwrap()).unwrap();
    let start = Instant::now();
    let found = check_lists(&read.ledger, &read.sources, &schedule);
    println!("lists checked in {:?}: {} findings", start.elapsed(), found.len());
    let first = schedule.first_edition().published.to_string();
    for diagnostic in found.iter().filter(|diagnostic| diagnostic.code == Code::OutsideNomenclature) {
        let span = diagnostic.span.unwrap();
        let row = &read.sources.text(span.file)[span.start as usize..span.end as usize];
        let from = row.split(',').nth(1).unwrap();
        assert!(from < first.as_str(), "{}", OneLine(diagnostic, &read.sources));
    }
}
