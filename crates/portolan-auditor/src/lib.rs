//! The second evaluator: slow and obvious, written from the definition pages alone.
//!
//! It shares nothing with the engine but the records of the ledger, so that a test that compares the two
//! ([`differential`]) can find faults in either. Where the engine resolves the law into classes and intervals, the
//! auditor reads the records again for every line; where the engine carries unknown facts through, the auditor tries
//! every value that the law can tell apart and lays the answers together.
//!
//! Readings of `LEDGER.md` that the page leaves open are named where they are taken.

pub mod answer;
pub mod base;
pub mod build;
mod condition;
pub mod conservation;
pub mod coverage;
pub mod differential;
mod facts;
pub mod fault;
mod frame;
pub mod generate;
mod index;
mod law;
mod merge;
mod outcome;
mod parts;
pub mod printed;
mod rate;
pub mod shrink;
mod standing;

use portolan_ledger::{EntryLine, Ledger};

pub use answer::{Answer, Charge, Points, Row, RowKind, Sum};
pub use base::{Base, NoSchedule, OrdinaryDuty, OrdinaryRate, OrdinaryRow, OrdinaryTable};
pub use coverage::Coverage;
pub use fault::Fault;
pub use index::{Auditor, MOST_COMBINATIONS};
pub use printed::Printed;
pub use rate::Written;

/// What is owed on a line, with everything the law says of it.
///
/// For many lines over one ledger make an [`Auditor`] once.
pub fn evaluate(ledger: &Ledger, base: &dyn OrdinaryDuty, line: &EntryLine) -> Result<Answer, Fault> {
    Auditor::new(ledger)?.answer(base, line)
}
