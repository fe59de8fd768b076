//! Rows of a piece: read, evaluated, written into buffers. One evaluator a thread.

use portolan_engine::{Bill, Engine, Fault as EngineFault, Law};
use portolan_ledger::Side;
use portolan_ledger::line::EntryLine;

use crate::audit::Auditor;
use crate::bill::{BillLayout, BillRow, Keys};
use crate::builder::{Context, LineBuilder};
use crate::columns::Column;
use crate::fault::{FieldFault, shown};
use crate::fees::{AllConsidered, FeeRows, Fees, LineFees, Noted, Place, Shares};
use crate::layers::{LayerRows, Layers};
use crate::read::{EVERY_COLUMN, Header, Piece, Room, Row, Taken};
use crate::refund::{self, Refunder};
use crate::run::RunError;
use crate::summary::Summary;
use crate::write::sink::Tables;
use crate::write::{Format, Passed, Rows, with_rows};

/// What one piece of the input comes to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows of the bill.
    pub bill: Rows,
    /// Rows of the layers.
    pub layers: Rows,
    /// Lines of a refund, where refunds are asked for.
    pub refunds: Vec<refund::Line>,
    /// Rows of `faults.csv`.
    pub faults: Vec<u8>,
    /// How many.
    pub fault_rows: u64,
    /// The ledger is wrong on a line of it: there is no answer at all then.
    pub conflict: Option<RunError>,
    /// What its lines bring to the fees of their entries, where that is gathered.
    pub noted: Vec<Noted>,
    /// What the piece was besides its rows.
    pub taken: Taken,
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
    /// The form of the rows.
    pub format: Format,
    /// What the rows hold.
    pub tables: Tables,
    /// How many faults are told.
    pub fault_limit: usize,
    /// Rows with faults are left out, and written as rows of `faults.csv`.
    pub set_aside: bool,
    /// One for each file.
    pub plans: Vec<Plan>,
    /// Refunds are asked for, not bills.
    pub refund: Option<&'a Refunder<'l>>,
    /// How fees are computed; none where they are not asked for.
    pub fees: Option<FeeRun<'a>>,
}

/// What is done about fees.
#[derive(Clone, Copy, Debug)]
pub enum FeeRun<'a> {
    /// What the lines bring to the fees of their entries is gathered from these columns, one bit each, and nothing else is
    /// done.
    Gather(u64),
    /// They are computed, with these shares of what entries of several lines owe.
    Compute(&'a Shares),
}

/// An evaluator of pieces.
pub struct Evaluator<'a, 'l> {
    shared: &'a Shared<'a, 'l>,
    engine: Engine<'a>,
    auditor: Auditor<'l>,
    builder: LineBuilder<'a>,
    bill: Bill,
    passed: Passed,
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
            auditor: Auditor::new(shared.law),
            builder: LineBuilder::new(shared.context),
            bill: Bill::default(),
            passed: Passed::default(),
            room: Room::default(),
        }
    }

    /// Evaluates the rows of a piece.
    pub fn piece(&mut self, piece: &Piece, at: Position, out: &mut Outcome) {
        self.clear(out);
        out.sides = 0;
        out.summary = Summary::new(self.shared.context.ledger);
        out.summary.bytes_in = piece.taken;
        let Some(plan) = self.shared.plans.get(at.file) else { return };
        let mut room = std::mem::take(&mut self.room);
        out.taken = piece.each_of(&plan.header, &mut room, self.wanted(), |row, is_text| {
            if let Err(faults) = self.row(plan, row, is_text, at.rows_before + row.number, out) {
                out.summary.set_aside += 1;
                for fault in faults {
                    self.told(&plan.header, row.number, fault, out);
                }
            }
        });
        self.room = room;
        for (note, rows) in &piece.notes {
            *out.summary.notes.entry(note.to_string()).or_default() += rows;
        }
    }

    /// The columns that are read, one bit each.
    fn wanted(&self) -> u64 {
        match self.shared.fees {
            Some(FeeRun::Gather(columns)) => columns,
            _ => EVERY_COLUMN,
        }
    }

    /// Makes an outcome ready for the rows of a piece.
    fn clear(&self, out: &mut Outcome) {
        let Shared { format, tables, .. } = self.shared;
        match (&out.bill, *format) {
            (Rows::Csv(_), Format::Csv)
            | (Rows::Json(_), Format::Jsonl)
            | (Rows::Columns(_), Format::Parquet | Format::Xlsx) => {}
            // An outcome that was never used, or that of another run.
            _ => {
                out.bill = Rows::new(*format, &tables.bill);
                out.layers = tables.layers.as_ref().map_or_else(Rows::default, |layers| Rows::new(*format, layers));
            }
        }
        out.bill.clear();
        out.layers.clear();
        out.refunds.clear();
        out.noted.clear();
        out.faults.clear();
        out.fault_rows = 0;
        out.conflict = None;
    }

    /// Notes a fault with its place.
    fn told(&self, header: &Header, row: u64, fault: FieldFault, out: &mut Outcome) {
        let fault = header.place(row, fault);
        if self.shared.set_aside {
            fault.write_csv(&mut out.faults);
            out.fault_rows += 1;
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
        let wanted = self.wanted();
        for (column, range) in plan.header.columns.iter().zip(row.cells) {
            let Some(column) = column.filter(|column| column.bit() & wanted != 0) else { continue };
            let cell = row.bytes.get(range.clone()).unwrap_or_default();
            // A fault stays with the builder, which gives all of them at the end.
            let _ = self.builder.set_column(column, cell);
            match column {
                Column::EntryNumber => keys.entry_number = cell.trim_ascii(),
                Column::LineNumber => keys.line_number = cell.trim_ascii(),
                _ => {}
            }
        }
        self.passed.clear();
        for passed in &plan.passed {
            self.passed.push(passed.map_or(b"", |cell| row.cell(cell)));
        }
        let answered = self.answer(keys, out);
        if let Some(RunError::Conflict { place, .. }) = &mut out.conflict
            && place.is_empty()
        {
            *place = plan.header.place(row.number, FieldFault::of_line("")).to_string();
        }
        answered
    }

    fn answer(&mut self, keys: Keys<'_>, out: &mut Outcome) -> Result<(), Vec<FieldFault>> {
        let entry = self.builder.entry()?;
        let line = &entry.line;
        out.sides |= 1 << line.side.0.min(63);
        let Some(clock) = self.shared.context.clock(line.side) else {
            return Err(vec![FieldFault::of_line("the ledger has no clock for the direction of the line")]);
        };
        let refused = |fault, out: &mut Outcome| match fault {
            EngineFault::Conflict(one, other) => {
                out.conflict = Some(RunError::Conflict { one, other, place: String::new() });
                Vec::new()
            }
            fault => vec![engine_fault(fault, line)],
        };
        if let Some(refunder) = self.shared.refund {
            let day = line.entry_date.day(clock);
            let found = refund::line(refunder, &mut self.engine, entry, keys, day);
            let found = found.map_err(|fault| refused(fault, out))?;
            out.refunds.push(found);
            out.summary.lines += 1;
            return Ok(());
        }
        let (fees, passed) = (Fees::new(self.shared.law), &self.passed);
        let considered = match self.shared.fees {
            None => AllConsidered::new(),
            Some(FeeRun::Compute(shares)) => fees.of(line, clock, keys.source_row, shares),
            Some(FeeRun::Gather(_)) => {
                let Keys { source_row: row, entry_number, line_number } = keys;
                out.noted.extend(fees.note(line, clock, Place { entry_number, line_number, row }));
                return Ok(());
            }
        };
        let which = self.shared.layers;
        if which == Layers::None {
            self.engine.bill_into(line, &mut self.bill).map_err(|fault| refused(fault, out))?;
        } else {
            let answer = self.engine.answer(line).map_err(|fault| refused(fault, out))?;
            let rows = LayerRows { law: self.shared.law, clock, keys, line, answer: &answer, passed };
            let rows_before = answer.rows.len() as u64;
            let of_fees = FeeRows { fees, considered: &considered, line, clock, keys, rows_before, passed };
            out.summary.layers += with_rows!(&mut out.layers, layers => {
                rows.write(layers, which) + of_fees.write(layers, |status| which.holds(status))
            });
            self.bill = answer.bill;
        }
        let bill = &self.bill;
        let audit = self.auditor.audit(&mut self.engine, entry, bill);
        out.summary.add(line.value, bill, &audit);
        out.summary.add_fees(&considered);
        if !self.shared.quiet {
            let fees = LineFees::new(&considered, line.value, bill.total_duty);
            let row = BillRow { keys, line, clock, bill, audit: &audit, fees: &fees, passed };
            with_rows!(&mut out.bill, rows => self.shared.layout.write(rows, &row));
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
                ([], []) if line.code.chapter() == 99 => fault.help(
                    "what is filed beside an article stands in filed_hts99, or in a row of its own by tariff_ordinal",
                ),
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
