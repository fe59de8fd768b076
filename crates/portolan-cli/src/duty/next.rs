//! What changes next for a line if nothing is signed, and what in fact became of it.

use portolan_engine::answer::Subject;
use portolan_engine::resolve::Record;
use portolan_engine::{Answer, Row};
use portolan_engine::{Cause, Change, Engine, Fault, Pct};
use portolan_ledger::line::{EntryLine, Status, View, When};
use portolan_ledger::record::ActId;
use portolan_ledger::{Cents, Day, Instant};

use crate::words::Words;

/// How many changes are shown.
const MOST: usize = 6;

/// What comes after the line's moment.
#[derive(Debug)]
pub struct Next {
    /// The knowledge that is held.
    pub known: Day,
    /// The moment from which is looked ahead.
    pub from: Instant,
    /// The changes, each with what in fact became of it where that is known.
    pub changes: Vec<(Change, Option<InFact>)>,
}

/// What a line entered at the moment of a change in fact paid.
#[derive(Debug)]
pub struct InFact {
    /// Total on the full value, where it is ad valorem.
    pub pct: Option<Pct>,
    /// Total duty.
    pub duty: Option<Cents>,
    /// The records of the change that stood otherwise than was to be expected: how, until when, by which act.
    pub instead: Vec<Instead>,
}

/// A record that stood otherwise than was to be expected.
#[derive(Debug)]
pub struct Instead {
    /// Which.
    pub record: Record,
    /// How it stood.
    pub status: Status,
    /// Until when, as was then known.
    pub until: Option<Instant>,
    /// By which act.
    pub act: Option<ActId>,
}

impl Next {
    /// Looks ahead from a line.
    pub fn of(engine: &mut Engine<'_>, words: Words<'_, '_>, line: &EntryLine, answer: &Answer) -> Result<Self, Fault> {
        let from = answer.moments.last().copied().unwrap_or(Instant::MIN);
        let known = match line.view {
            View::Assessed => line.known_date.min(words.day(from)),
            View::Owed => line.known_date,
        };
        let changes = engine.changes(line, MOST)?;
        let mut told = Vec::new();
        for change in changes {
            let fact = in_fact(engine, words, line, &change, known);
            told.push((change, fact));
        }
        Ok(Self { known, from, changes: told })
    }
}

/// The same line, entered at the moment of a change, with all that was known then: where that was more than on entry.
fn in_fact(
    engine: &mut Engine<'_>,
    words: Words<'_, '_>,
    line: &EntryLine,
    change: &Change,
    known: Day,
) -> Option<InFact> {
    if line.view == View::Owed || line.known_date <= known || words.day(change.at) > line.known_date {
        return None;
    }
    let moved = EntryLine { entry_date: When::At(change.at), ..line.clone() };
    // A number that is no longer valid then has no answer to compare.
    let answer = engine.answer(&moved).ok()?;
    // What only follows another record is told by that one.
    let causes = change.causes.iter().filter(|cause| cause.act.is_some());
    let instead = causes.filter_map(|cause| otherwise(cause, &answer.rows)).collect();
    Some(InFact { pct: answer.bill.total_pct, duty: answer.bill.total_duty, instead })
}

fn otherwise(cause: &Cause, rows: &[Row]) -> Option<Instead> {
    let row = rows.iter().find(|row| row.subject == Subject::Record(cause.record));
    let expected = cause.after.as_ref().map_or(Status::NotInForce, |state| state.status);
    match row {
        Some(row) if row.status != expected => {
            Some(Instead { record: cause.record, status: row.status, until: row.until, act: row.act })
        }
        _ => None,
    }
}
