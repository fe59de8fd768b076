//! The ledger of the repository.

use std::path::{Path, PathBuf};
use std::time::Instant;

use portolan_ledger::check::check_lists;
use portolan_ledger::diagnostic::OneLine;
use portolan_ledger::read;
use portolan_ledger::schedule::{Schedule, pack_folder};

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_ledger_of_the_repository_is_sound() {
    let files = read::collect(&root().join("ledger")).unwrap();
    let start = Instant::now();
    let read = match read::read(&files) {
        Ok(read) => read,
        Err(refused) => {
            for d in &refused.diagnostics {
                println!("{}", OneLine(d, &refused.sources));
            }
            panic!("{} faults in {:?}", refused.diagnostics.len(), start.elapsed());
        }
    };
    println!("read {:?}", start.elapsed());
    let start = Instant::now();
    let found = portolan_ledger::check::check(&read.ledger, &read.sources);
    println!("check {:?}", start.elapsed());
    assert!(found.is_empty());
    let schedule = Schedule::open(pack_folder(&root().join("schedule/us")).unwrap()).unwrap();
    let start = Instant::now();
    let found = check_lists(&read.ledger, &read.sources, &schedule);
    println!("lists {:?}", start.elapsed());
    for d in &found {
        println!("{}", OneLine(d, &read.sources));
    }
}
