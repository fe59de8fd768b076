//! Files of entry lines to bills: read in pieces, evaluated on several threads, written in the order of the input.
//!
//! A fixed number of pieces goes round between reader, evaluators and writer. So memory is bounded whatever the size of
//! the input, and buffers are made once.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use portolan_engine::Law;
use portolan_ledger::line::View;
use portolan_ledger::{Day, Ledger, Side};

use crate::bill::BillLayout;
use crate::builder::Context;
use crate::columns::Column;
use crate::evaluate::{Evaluator, FeeRun, Outcome, Plan, Position, Shared, side_bit};
use crate::fault::{Faults, FieldFault};
use crate::fees::{Fees, GATHERED, Shares};
use crate::layers::{self, Layers};
use crate::manifest::{InputEntry, Manifest};
use crate::read::{Again, Header, Input, InputError, Piece, Setup, Source};
use crate::summary::Summary;
use crate::write::Format;
use crate::write::sink::{Counts, Sink, Tables};

/// Where the outputs go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Files in this folder, which is made where it is missing: bill, layers, what was set aside, and last the manifest.
    Folder(PathBuf),
    /// Into memory.
    Memory,
    /// Nowhere: the summary alone.
    Nothing,
}

/// How a run is to be done.
#[derive(Clone, Debug)]
pub struct Options {
    /// The known date where a line states none: today, unless another state of the law is asked about.
    pub known_date: Day,
    /// The view where a line states none.
    pub view: View,
    /// The side whose schedule is meant where a line states no direction; the United States where it is not given.
    pub side: Option<Side>,
    /// Which layers are written.
    pub layers: Layers,
    /// Where the outputs go.
    pub output: Output,
    /// Their form.
    pub format: Format,
    /// The command line, which the manifest tells; empty where there was none.
    pub command: Vec<String>,
    /// Fees are computed; where lines state entry numbers the input is read twice for that.
    pub fees: bool,
    /// How many threads evaluate; at least one.
    pub threads: usize,
    /// How many faults are told one by one.
    pub fault_limit: usize,
    /// Rows with faults are left out and the others answered; else one fault refuses the whole input.
    pub set_aside: bool,
    /// The sheet of a workbook that is read; else the first that holds entry lines.
    pub sheet: Option<String>,
}

impl Options {
    /// The usual: assessed, all layers, a hundred faults, as many threads as the machine has.
    pub fn new(today: Day, output: Output) -> Self {
        Self {
            known_date: today,
            view: View::Assessed,
            side: None,
            layers: Layers::All,
            output,
            format: Format::Csv,
            command: Vec::new(),
            fees: true,
            threads: thread::available_parallelism().map_or(1, usize::from),
            fault_limit: 100,
            set_aside: false,
            sheet: None,
        }
    }
}

/// What a run gives.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// What the lines come to.
    pub summary: Summary,
    /// The bill, where it went into memory.
    pub bill: Vec<u8>,
    /// The layers, where they went into memory.
    pub layers: Vec<u8>,
    /// What was set aside, where it went into memory.
    pub faults: Vec<u8>,
}

/// Why a run gives nothing. Nothing is written then.
#[derive(Debug)]
pub enum RunError {
    /// The input is wrong.
    Input(Faults),
    /// A file cannot be read.
    Read {
        /// The file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// A file cannot be written.
    Write {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The form of an output cannot hold what is to be written.
    Form {
        /// The file.
        file: PathBuf,
        /// What it cannot hold.
        what: String,
        /// What to do instead.
        help: String,
    },
    /// The ledger is wrong: two duties of one program both stand on a line, and nothing says how they relate.
    Conflict {
        /// The one, as `program/provision`.
        one: String,
        /// The other.
        other: String,
        /// File and row.
        place: String,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(faults) => faults.fmt(f),
            Self::Read { file, error } => write!(f, "{file} cannot be read: {error}"),
            Self::Write { file, error } => write!(f, "{} cannot be written: {error}", file.display()),
            Self::Form { file, what, help } => write!(f, "{} cannot be written: {what}; {help}", file.display()),
            Self::Conflict { one, other, place } => {
                write!(
                    f,
                    "{place}: the ledger lets {one} and {other} stand on one line and does not say how they relate"
                )
            }
        }
    }
}

impl std::error::Error for RunError {}

impl From<InputError> for RunError {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Read { file, error } => Self::Read { file, error },
            InputError::Faults(faults) => Self::Input(faults),
            // Who reads a file so that it may have to be read again looks for that before this.
            InputError::Again(_) => {
                Self::Input(Faults::of_file("", FieldFault::of_line("the input changed while it was read")))
            }
        }
    }
}

/// A piece on its way round.
#[derive(Debug, Default)]
struct Job {
    number: u64,
    piece: Piece,
    at: Position,
    outcome: Outcome,
}

/// What reaches the writer.
enum Arrival {
    Done(Box<Job>),
    Failed(InputError),
}

/// How far one attempt came.
enum Attempt {
    Done(Box<Done>),
    /// Lines of other sides than the columns were laid out for: these sides are in the input, as far as it was read.
    OtherSides(u64),
    /// A file is to be read in another way.
    Again(Again),
}

/// Evaluates entry lines and writes bills and layers. `progress` is told the lines and bytes done so far.
///
/// # Errors
/// The input has faults, or a file cannot be read or written. Then nothing is left at the place of the outputs but what
/// was there before.
pub fn run(
    inputs: &[Input],
    options: &Options,
    law: &Law<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Done, RunError> {
    // Classes of all codes are worth making for a file; here, so that the threads do not wait for each other.
    law.table();
    let ledger = law.timeline.ledger;
    let mut context = Context::new(ledger, options.known_date);
    context.view = options.view;
    context.side = options.side.unwrap_or(context.side);
    let mut sides = side_bit(context.side);
    let mut setup = Setup { sheet: options.sheet.as_deref(), ..Setup::default() };
    loop {
        match attempt(inputs, (options, setup), (law, &context), sides, progress)? {
            Attempt::Done(done) => return Ok(*done),
            Attempt::Again(again) => setup = setup.again(again),
            Attempt::OtherSides(seen) if seen & sides == 0 => sides = seen,
            Attempt::OtherSides(seen) => sides |= seen,
        }
    }
}

fn attempt<'l>(
    inputs: &[Input],
    (options, setup): (&Options, Setup<'_>),
    (law, context): (&Law<'l>, &Context<'l>),
    sides: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Attempt, RunError> {
    let (sources, headers) = open(inputs, setup, options.fault_limit)?;
    let ledger = law.timeline.ledger;
    let all_sides = (0..u8::try_from(ledger.jurisdictions.len()).unwrap_or(u8::MAX)).map(Side);
    let shown: Vec<Side> = all_sides.filter(|side| sides & side_bit(*side) != 0).collect();
    let layout = BillLayout::new(ledger, &shown);
    let names = passed_names(ledger, &headers);
    let shown: Vec<String> = names.iter().map(|(_, shown)| shown.clone()).collect();
    let quiet = options.output == Output::Nothing;
    let layers = if quiet { Layers::None } else { options.layers };
    let tables = Tables {
        bill: layout.schema(&shown),
        layers: (layers != Layers::None).then(|| layers::schema(ledger, &shown)),
        faults: options.set_aside,
    };
    let sink = Sink::open(&options.output, options.format, &tables, options.threads.max(1))?;
    let names_entries = headers.iter().any(|header| header.position(Column::EntryNumber).is_some());
    let of_entries = if options.fees && names_entries {
        gather(inputs, (options, setup), (law, context))?
    } else {
        Shares::default()
    };
    let shared = Shared {
        law,
        context,
        layout,
        layers,
        quiet,
        format: options.format,
        tables,
        fault_limit: options.fault_limit,
        set_aside: options.set_aside,
        plans: plans(headers, &names),
        refund: None,
        fees: options.fees.then_some(FeeRun::Compute(&of_entries)),
    };
    let total = Summary::new(ledger);
    let mut taking = Taking { options, sides, sink, total, seen: 0, again: None };
    let read = taking.all(inputs, sources, &shared, progress)?;
    if let Some(again) = taking.again {
        return Ok(Attempt::Again(again));
    }
    if taking.seen & !sides != 0 {
        return Ok(Attempt::OtherSides(taking.seen));
    }
    taking.finish(ledger, read).map(|done| Attempt::Done(Box::new(done)))
}

/// What is done with the pieces that come back.
struct Taking<'a> {
    options: &'a Options,
    /// The sides that the columns were laid out for.
    sides: u64,
    sink: Sink,
    total: Summary,
    seen: u64,
    again: Option<Again>,
}

impl Taking<'_> {
    /// Takes all pieces; gives what was read, where files of it are written. Inputs are hashed beside the run, which is
    /// the time that reading them again takes least of.
    fn all(
        &mut self,
        inputs: &[Input],
        sources: Vec<Source>,
        shared: &Shared<'_, '_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<InputEntry>, RunError> {
        let in_folder = matches!(self.options.output, Output::Folder(_));
        let threads = self.options.threads.max(1);
        thread::scope(|scope| {
            let hashed = in_folder.then(|| scope.spawn(|| inputs.iter().map(InputEntry::of).collect()));
            let mut take = |outcome: &mut Outcome| {
                let goes_on = self.take(outcome)?;
                progress(self.total.lines + self.total.set_aside, self.total.bytes_in);
                Ok(goes_on)
            };
            let asked = stream(sources, shared, threads, &mut take)?;
            self.again = self.again.or(asked);
            Ok(hashed.and_then(|hashed| hashed.join().ok()).unwrap_or_default())
        })
    }

    /// Takes a piece; tells whether the next one is wanted.
    fn take(&mut self, outcome: &mut Outcome) -> Result<bool, RunError> {
        if let Some(conflict) = outcome.conflict.take() {
            return Err(conflict);
        }
        self.seen |= outcome.sides;
        self.again = self.again.or(outcome.taken.late_key.then_some(Again::AllKeys));
        if self.seen & !self.sides != 0 || self.again.is_some() {
            return Ok(false);
        }
        let faultless = outcome.summary.faults.is_empty() && self.total.faults.is_empty();
        if faultless || self.options.set_aside {
            let (bill, layers) = (outcome.summary.lines, outcome.summary.layers);
            let counts = Counts { bill, layers, faults: outcome.fault_rows };
            self.sink.write(&mut outcome.bill, &mut outcome.layers, &outcome.faults, counts)?;
        }
        self.total.merge(std::mem::take(&mut outcome.summary), self.options.fault_limit);
        Ok(true)
    }

    fn finish(mut self, ledger: &Ledger, inputs: Vec<InputEntry>) -> Result<Done, RunError> {
        let options = self.options;
        if !options.set_aside && !self.total.faults.is_empty() {
            return Err(RunError::Input(self.total.faults));
        }
        let manifest = Manifest {
            ledger_version: ledger.version.clone(),
            known_date: options.known_date,
            view: options.view,
            command: options.command.clone(),
            inputs,
        };
        let received = self.sink.finish(ledger, &self.total, &manifest)?;
        self.total.bytes_out = received.bytes;
        let (bill, layers, faults) = (received.bill, received.layers, received.faults);
        Ok(Done { summary: self.total, bill, layers, faults })
    }
}

/// Reads the input for what its lines bring to the fees of their entries. Its faults are told when it is read for its
/// bills.
fn gather<'l>(
    inputs: &[Input],
    (options, setup): (&Options, Setup<'_>),
    (law, context): (&Law<'l>, &Context<'l>),
) -> Result<Shares, RunError> {
    let (sources, headers) = open(inputs, setup, options.fault_limit)?;
    let shared = Shared {
        law,
        context,
        layout: BillLayout::new(law.timeline.ledger, &[]),
        layers: Layers::None,
        quiet: true,
        format: Format::Csv,
        tables: Tables::default(),
        fault_limit: 0,
        set_aside: false,
        plans: plans(headers, &[]),
        refund: None,
        // A row that is set aside for any of its columns brings nothing; else a fault anywhere ends the run.
        fees: Some(FeeRun::Gather(if options.set_aside { u64::MAX } else { GATHERED })),
    };
    let mut noted = Vec::new();
    stream(sources, &shared, options.threads.max(1), &mut |outcome| {
        noted.append(&mut outcome.noted);
        Ok(true)
    })?;
    Ok(Fees::new(law).shares(noted))
}

/// Opens all inputs and reads their headers: the columns that are passed through must be known before the first row.
pub(crate) fn open(inputs: &[Input], setup: Setup<'_>, limit: usize) -> Result<(Vec<Source>, Vec<Header>), RunError> {
    let mut faults = Faults::default();
    let (mut sources, mut headers) = (Vec::new(), Vec::new());
    for input in inputs {
        match Source::open(input, setup) {
            Ok((source, header)) => {
                sources.push(source);
                headers.push(header);
            }
            Err(InputError::Faults(found)) => faults.extend(found, limit),
            Err(other) => return Err(other.into()),
        }
    }
    if faults.is_empty() { Ok((sources, headers)) } else { Err(RunError::Input(faults)) }
}

/// Columns that are passed through: the name in the input, and in the outputs.
fn passed_names(ledger: &Ledger, headers: &[Header]) -> Vec<(String, String)> {
    let mut ours = BillLayout::all_names(ledger);
    ours.extend(layers::COLUMNS.map(str::to_owned));
    let mut names: Vec<(String, String)> = Vec::new();
    for (_, name) in headers.iter().flat_map(Header::unknown) {
        if names.iter().any(|(known, _)| known == name) {
            continue;
        }
        let mut shown = name.to_owned();
        while ours.contains(&shown) || names.iter().any(|(_, taken)| *taken == shown) {
            shown = format!("input_{shown}");
        }
        names.push((name.to_owned(), shown));
    }
    names
}

pub(crate) fn plans(headers: Vec<Header>, names: &[(String, String)]) -> Vec<Plan> {
    let plan = |header: Header| {
        let cell = |wanted: &str| header.unknown().find(|(_, name)| *name == wanted).map(|(at, _)| at);
        let passed = names.iter().map(|(name, _)| cell(name)).collect();
        Plan { header, passed }
    };
    headers.into_iter().map(plan).collect()
}

/// Sends pieces round; `take` sees them in the order of the input, and stops everything where it says false. Tells whether
/// a file is to be read again in another way, which a [`Setup::once`] never asks for.
pub(crate) fn stream(
    sources: Vec<Source>,
    shared: &Shared<'_, '_>,
    threads: usize,
    take: &mut dyn FnMut(&mut Outcome) -> Result<bool, RunError>,
) -> Result<Option<Again>, RunError> {
    let (free, freed) = channel::<Box<Job>>();
    let (work, worked) = channel::<Box<Job>>();
    let (done, arrived) = channel::<Arrival>();
    for _ in 0..=threads * 3 {
        // The receiver is at hand, so this cannot fail.
        let _ = free.send(Box::default());
    }
    let worked = &Mutex::new(worked);
    thread::scope(move |scope| {
        let failed = done.clone();
        scope.spawn(move || {
            if let Err(error) = read(sources, &freed, &work) {
                let _ = failed.send(Arrival::Failed(error));
            }
        });
        for _ in 0..threads {
            let done = done.clone();
            scope.spawn(move || evaluate(shared, worked, &done));
        }
        drop(done);
        // Both ends are dropped before the threads are waited for: that stops the reader, and with it the evaluators.
        let (arrived, free) = (arrived, free);
        collect(&arrived, &free, take)
    })
}

/// Reads pieces into free jobs until the input or the free jobs end.
fn read(sources: Vec<Source>, freed: &Receiver<Box<Job>>, work: &Sender<Box<Job>>) -> Result<(), InputError> {
    let (mut number, mut rows_before) = (0, 0);
    for (file, source) in sources.into_iter().enumerate() {
        let (mut rows, mut stopped) = (0, false);
        source.drive(&mut |piece| {
            let Ok(mut job) = freed.recv() else {
                stopped = true;
                return Ok(false);
            };
            std::mem::swap(&mut job.piece, piece);
            (job.number, job.at) = (number, Position { file, rows_before });
            number += 1;
            rows += job.piece.count;
            stopped = work.send(job).is_err();
            Ok(!stopped)
        })?;
        if stopped {
            break;
        }
        rows_before += rows;
    }
    Ok(())
}

fn evaluate(shared: &Shared<'_, '_>, worked: &Mutex<Receiver<Box<Job>>>, done: &Sender<Arrival>) {
    let mut evaluator = Evaluator::new(shared);
    loop {
        // A poisoned lock means that another thread has failed; there is nothing left to do then.
        let Ok(next) = worked.lock().map(|jobs| jobs.recv()) else { return };
        let Ok(mut job) = next else { return };
        evaluator.piece(&job.piece, job.at, &mut job.outcome);
        if done.send(Arrival::Done(job)).is_err() {
            return;
        }
    }
}

/// Takes finished jobs in order and gives them back to the reader.
fn collect(
    arrived: &Receiver<Arrival>,
    free: &Sender<Box<Job>>,
    take: &mut dyn FnMut(&mut Outcome) -> Result<bool, RunError>,
) -> Result<Option<Again>, RunError> {
    let mut waiting: BTreeMap<u64, Box<Job>> = BTreeMap::new();
    let mut next = 0;
    let mut failure = None;
    for arrival in arrived {
        match arrival {
            // What was read before the failure may hold faults of its own; they come first.
            Arrival::Failed(error) => failure = Some(error),
            Arrival::Done(job) => drop(waiting.insert(job.number, job)),
        }
        while let Some(mut job) = waiting.remove(&next) {
            next += 1;
            if !take(&mut job.outcome)? {
                return Ok(None);
            }
            // The reader has gone where it has nothing left to read.
            let _ = free.send(job);
        }
    }
    match failure {
        None => Ok(None),
        Some(InputError::Again(again)) => Ok(Some(again)),
        Some(error) => Err(error.into()),
    }
}
