//! The law that ships inside Portolan: the ledger, its worked cases and scenarios, and the schedule, packed when this crate is built.

use portolan_ledger::Ledger;
use portolan_ledger::read::File;
use portolan_ledger::schedule::{OpenError, Schedule};

static LEDGER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ledger.bin"));
static CASES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/cases.bin"));
static SCENARIOS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scenarios.bin"));
static SCHEDULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/schedule.bin"));

/// The ledger. It was checked when it was packed.
pub fn ledger() -> Result<Ledger, postcard::Error> {
    postcard::from_bytes(LEDGER)
}

/// The files of the worked cases, as they stand in the ledger.
pub fn cases() -> Result<Vec<File>, postcard::Error> {
    postcard::from_bytes(CASES)
}

/// The files of the scenarios, as they stand in the ledger; [`portolan_ledger::scenario::read`] reads them.
pub fn scenarios() -> Result<Vec<File>, postcard::Error> {
    postcard::from_bytes(SCENARIOS)
}

/// The schedule of the United States.
pub fn schedule() -> Result<Schedule, OpenError> {
    Schedule::open(SCHEDULE)
}
