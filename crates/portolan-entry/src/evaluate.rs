//! Rows of a piece: read, evaluated, written into buffers. One evaluator a thread.

use portolan_engine::{Bill, Engine, Fault as EngineFault, Law};
use portolan_ledger::Side;
use portolan_ledger::line::EntryLine;

use crate::audit::{Audit, audit};
use crate::bill::{BillLayout, Keys};
use crate::builder::{Context, LineBuilder};
use crate::cells;
use crate::columns::Column;
use crate::fault::{FieldFault, shown};
use crate::layers::{self, Layers};
use crate::read::{Header, Piece, Room, Row};
use crate::summary::Summary;

/// What one piece of the input comes to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows of the bill.
    pub bill: Vec<u8>,
    /// Rows of the layers.
    pub layers: Vec<u8>,
    /// Rows of `faults.csv`.
    pub faults: Vec<u8>,
    /// Sides whose lines it holds, one bit each.
    pub sides: u64,
    /// What it adds up to.
    pub summary: Summary,
}

/// Which cells of the rows of one file go where.
#[derive(Debug)]
pub struct Plan {
    /// The header.
    pub header: Header,
    /// For each column that is passed through: which cell of this file it is; none where this file has it not.
    pub passed: Vec<Option<usize>>,
}

/// What all threads share.
pub struct Shared<'a, 'l> {
    /// The law.
    pub law: &'a Law<'l>,
    /// What lines are read against.
    pub context: &'a Context<'l>,
    /// Columns of the bill.
    pub layout: BillLayout<'l>,
    /// Which layers are written.
    pub layers: Layers,
    /// Nothing is written: the summary alone is asked for.
    pub quiet: bool,
    /// How many faults are told.
    pub fault_limit: usize,
    /// Rows with faults are left out, and written as rows of `faults.csv`.
    pub set_aside: bool,
    /// One for each file.
    pub plans: Vec<Plan>,
}

/// An evaluator of pieces.
pub struct Evaluator<'a, 'l> {
    shared: &'a Shared<'a, 'l>,
    engine: Engine<'a>,
    builder: LineBuilder<'a>,
    bill: Bill,
    tail: Vec<u8>,
    room: Room,
}

/// Where a piece stands in the input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Position {
    /// Which file.
    pub file: usize,
    /// Rows of all files before that file.
    pub rows_before: u64,
}

impl<'a, 'l> Evaluator<'a, 'l> {
    /// An evaluator.
    pub fn new(shared: &'a Shared<'a, 'l>) -> Self {
        Self {
            shared,
            engine: Engine::new(shared.law),
            builder: LineBuilder::new(shared.context),
            bill: Bill::default(),
            tail: Vec::new(),
            room: Room::default(),
        }
    }

    /// Evaluates the rows of a piece.
    pub fn piece(&mut self, piece: &Piece, at: Position, out: &mut Outcome) {
        out.bill.clear();
        out.layers.clear();
        out.faults.clear();
        out.sides = 0;
        out.summary = Summary::new(self.shared.context.ledger);
        out.summary.bytes_in = piece.taken;
        let is_text = piece.is_text();
        let Some(plan) = self.shared.plans.get(at.file) else { return };
        let mut room = std::mem::take(&mut self.room);
        piece.each(&mut room, |row| {
            if let Err(faults) = self.row(plan, row, is_text, at.rows_before + row.number, out) {
                out.summary.set_aside += 1;
                for fault in faults {
                    self.told(&plan.header, row.number, fault, out);
                }
            }
        });
        self.room = room;
        out.summary.bytes_out = (out.bill.len() + out.layers.len()) as u64;
    }

    /// Notes a fault with its place.
    fn told(&self, header: &Header, row: u64, fault: FieldFault, out: &mut Outcome) {
        let fault = header.place(row, fault);
        if self.shared.set_aside {
            fault.write_csv(&mut out.faults);
        }
        out.summary.faults.push(fault, self.shared.fault_limit);
    }

    fn row(
        &mut self,
        plan: &Plan,
        row: Row<'_>,
        is_text: bool,
        source_row: u64,
        out: &mut Outcome,
    ) -> Result<(), Vec<FieldFault>> {
        if !row.faults.is_empty() {
            return Err(row.faults.to_vec());
        }
        if row.cells.len() != plan.header.columns.len() {
            return Err(vec![plan.header.wrong_length(row)]);
        }
        if !is_text {
            check_text(plan, row)?;
        }
        self.builder.clear();
        let mut keys = Keys { source_row, entry_number: b"", line_number: b"" };
        for (column, range) in plan.header.columns.iter().zip(row.cells) {
            let Some(column) = *column else { continue };
            let cell = row.bytes.get(range.clone()).unwrap_or_default();
            // A fault stays with the builder, which gives all of them at the end.
            let _ = self.builder.set_column(column, cell);
            match column {
                Column::EntryNumber => keys.entry_number = cell.trim_ascii(),
                Column::LineNumber => keys.line_number = cell.trim_ascii(),
                _ => {}
            }
        }
        self.tail.clear();
        for passed in &plan.passed {
            self.tail.push(b',');
            cells::text(&mut self.tail, passed.map_or(b"", |cell| row.cell(cell)));
        }
        self.answer(keys, out)
    }

    fn answer(&mut self, keys: Keys<'_>, out: &mut Outcome) -> Result<(), Vec<FieldFault>> {
        let entry = self.builder.entry()?;
        let line = &entry.line;
        out.sides |= 1 << line.side.0.min(63);
        let Some(clock) = self.shared.context.clock(line.side) else {
            return Err(vec![FieldFault::of_line("the ledger has no clock for the direction of the line")]);
        };
        let told = |fault| vec![engine_fault(fault, line)];
        if self.shared.layers == Layers::None {
            self.engine.bill_into(line, &mut self.bill).map_err(told)?;
        } else {
            let answer = self.engine.answer(line).map_err(told)?;
            let law = (self.shared.law, clock);
            let rows = layers::write(&mut out.layers, self.shared.layers, law, keys, line, &answer, &self.tail);
            out.summary.layers += rows;
            self.bill = answer.bill;
        }
        let bill = &self.bill;
        let audit = if entry.filed.is_nothing() { Audit::default() } else { audit(&mut self.engine, entry, bill) };
        out.summary.add(line.value, bill, audit.finding);
        if !self.shared.quiet {
            self.shared.layout.write(&mut out.bill, keys, line, clock, bill, &audit);
            out.bill.extend_from_slice(&self.tail);
            out.bill.push(b'\n');
        }
        Ok(())
    }
}

/// Names the cells that are not UTF-8.
fn check_text(plan: &Plan, row: Row<'_>) -> Result<(), Vec<FieldFault>> {
    let mut faults = Vec::new();
    for (at, name) in plan.header.names.iter().enumerate() {
        let cell = row.cell(at);
        if std::str::from_utf8(cell).is_err() {
            let wrong = "not UTF-8".to_owned();
            let help = Some("save the file as CSV UTF-8".to_owned());
            faults.push(FieldFault { column: name.clone(), value: shown(cell), wrong, help });
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// What the engine refuses, as a fault of the line.
pub fn engine_fault(fault: EngineFault, line: &EntryLine) -> FieldFault {
    let code = line.code.to_string();
    let of_code = |wrong: String| FieldFault::new(Column::HtsNumber, code.as_bytes(), wrong);
    let names =
        |codes: &[portolan_ledger::TariffCode]| codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match fault {
        EngineFault::UnknownCode { nearest, successors, edition } => {
            let fault = of_code(format!("{edition} has no such number"));
            match (successors.as_slice(), nearest.as_slice()) {
                ([], []) => fault,
                ([], nearest) => fault.help(format!("near it are {}", names(nearest))),
                (successors, _) => fault.help(format!("its place was taken by {}", names(successors))),
            }
        }
        EngineFault::CodeOfOtherDates { spans, successors } => {
            let spans: Vec<String> = spans.iter().map(span).collect();
            let fault = of_code(format!("not valid on that day, but {}", spans.join(" and ")));
            if successors.is_empty() {
                fault
            } else {
                fault.help(format!("its place was taken by {}", names(&successors)))
            }
        }
        EngineFault::Conflict(a, b) => {
            FieldFault::of_line(format!("the ledger is wrong: {a} and {b} both stand and nothing relates them"))
        }
    }
}

fn span((from, until): &(Option<portolan_ledger::Day>, Option<portolan_ledger::Day>)) -> String {
    match (from, until) {
        (None, None) => "on other days".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("before {until}"),
        (Some(from), Some(until)) => format!("from {from} and before {until}"),
    }
}

/// The bit of a side in a set of sides.
pub fn side_bit(side: Side) -> u64 {
    1 << side.0.min(63)
}
