//! Files of entry lines to refunds: evaluated on several threads, gathered by entry, answered, written.

use std::io::{self, Write};
use std::path::PathBuf;

use portolan_engine::Law;
use portolan_ledger::Day;
use portolan_ledger::line::View;

use super::amounts::Refunder;
use super::collect::{Collected, Gathered, Kept};
use super::interest::Payee;
use super::path::Deadline;
use super::report::{Maker, Report, Row};
use super::workbook::Book;
use crate::bill::{BillLayout, Keys};
use crate::builder::{Context, Entry};
use crate::cells;
use crate::evaluate::{Outcome, Shared};
use crate::fault;
use crate::layers::Layers;
use crate::manifest::{self, InputEntry, Manifest};
use crate::output::{FileSet, Pending};
use crate::read::{Again, Input, Setup};
use crate::run::{self, RunError};
use crate::summary::Summary;
use crate::write::Format;
use crate::write::sink::Tables;
use crate::write::xlsx::BookError;

/// Columns of `refund.csv`: those of the interface first.
pub const COLUMNS: [&str; 26] = [
    "entry_number",
    "line_number",
    "refundable_duty",
    "filed_refundable",
    "contested_duty",
    "basis",
    "interest_from",
    "interest_to",
    "interest",
    "path",
    "path_reason",
    "cape_deadline",
    "protest_deadline",
    "psc_deadline",
    "estimated_liquidation",
    "court_limit",
    "status",
    "contested_reason",
    "interest_note",
    "deadlines_note",
    "needs_input",
    "entry_date",
    "assessed_duty",
    "owed_duty",
    "source_row",
    "ledger_version",
];

/// Rows of a CAPE file, at most.
const CAPE_ROWS: usize = 9_999;

/// How a refund run is to be done.
#[derive(Clone, Debug)]
pub struct RefundOptions {
    /// The day on which ways and days are judged, and through which interest is counted.
    pub as_of: Day,
    /// The law as known at the end of this day, where a line states no known date.
    pub known_date: Day,
    /// Who is paid back.
    pub payee: Payee,
    /// An entry that states nothing of its liquidation is taken as liquidated on the usual day.
    pub by_cycle: bool,
    /// The folder that the files are written into; none: the report alone.
    pub output: Option<PathBuf>,
    /// Whether declarations for CAPE are among them: what is only supposed is not to be filed.
    pub declares: bool,
    /// How many threads evaluate; at least one.
    pub threads: usize,
    /// How many faults are told one by one.
    pub fault_limit: usize,
    /// Rows with faults are left out and written to `faults.csv`; else one fault refuses the whole input.
    pub set_aside: bool,
    /// The sheet of a workbook that is read; else the first that holds entry lines.
    pub sheet: Option<String>,
    /// The command line, for the manifest.
    pub command: Vec<String>,
}

/// What a refund run gives.
#[derive(Clone, Debug)]
pub struct Refunded {
    /// What it comes to.
    pub report: Report,
    /// Numbers of the entries that go by CAPE, in the order of the input.
    pub cape: Vec<String>,
    /// `refund.csv`, where nothing was written to a folder.
    pub csv: Vec<u8>,
}

/// Works out what comes back on the lines of files. `progress` is told the lines and bytes read so far.
///
/// # Errors
/// The input has faults, or a file cannot be read or written. Then nothing is left at the place of the outputs but what
/// was there before.
pub fn refund(
    inputs: &[Input],
    options: &RefundOptions,
    law: &Law<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Refunded, RunError> {
    let Read { summary, mut collected, faults, fault_rows } = read(inputs, options, law, progress)?;
    if !options.set_aside && !summary.faults.is_empty() {
        return Err(RunError::Input(summary.faults));
    }
    let mut maker = Maker::new(law, options.as_of, options.by_cycle, options.payee, collected.entries.len());
    let mut files = Files::begin(options)?;
    let mut answered = answer(&mut collected, &mut maker, &mut files, law)?;
    let report = &mut answered.report;
    (report.set_aside, report.faults, report.notes) = (summary.set_aside, summary.faults, summary.notes);
    report.rules = maker.rules();
    if options.set_aside {
        files.add("faults.csv", &faults, fault_rows)?;
    }
    if options.declares {
        for (name, text, rows) in cape_files(&answered.cape) {
            files.add(&name, &text, rows)?;
        }
    }
    let manifest = Manifest {
        ledger_version: law.timeline.ledger.version.clone(),
        known_date: options.known_date,
        view: View::Owed,
        command: options.command.clone(),
        inputs: if options.output.is_some() { inputs.iter().map(InputEntry::of).collect() } else { Vec::new() },
    };
    files.finish(&mut answered, &collected.entries, options, &manifest)?;
    Ok(answered)
}

/// The CAPE files of entries: names, texts, and rows of each.
fn cape_files(numbers: &[String]) -> Vec<(String, Vec<u8>, u64)> {
    let file = |(batch, numbers): (u32, &[String])| {
        let mut text = b"Entry Number\n".to_vec();
        for number in numbers {
            cells::text(&mut text, number.as_bytes());
            text.push(b'\n');
        }
        (format!("cape_{batch:03}.csv"), text, numbers.len() as u64)
    };
    (1_u32..).zip(numbers.chunks(CAPE_ROWS)).map(file).collect()
}

/// An input that was read to its end.
#[derive(Default)]
struct Read {
    summary: Summary,
    collected: Collected,
    /// Rows of `faults.csv`, with their head.
    faults: Vec<u8>,
    fault_rows: u64,
}

/// Reads the inputs; again from the beginning where they turn out to need another way of reading.
fn read(
    inputs: &[Input],
    options: &RefundOptions,
    law: &Law<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Read, RunError> {
    let mut setup = Setup { sheet: options.sheet.as_deref(), ..Setup::default() };
    loop {
        let mut read = Read { faults: fault::CSV_HEAD.as_bytes().to_vec(), ..Read::default() };
        let Read { summary, collected, faults, fault_rows } = &mut read;
        let (mut lines, mut bytes) = (0, 0);
        let again = gather(inputs, (options, setup), law, &mut |outcome| {
            faults.extend_from_slice(&outcome.faults);
            *fault_rows += outcome.fault_rows;
            for line in outcome.refunds.drain(..) {
                collected.add(line).map_err(kept)?;
            }
            lines += outcome.summary.lines + outcome.summary.set_aside;
            bytes += outcome.summary.bytes_in;
            progress(lines, bytes);
            summary.merge(std::mem::take(&mut outcome.summary), options.fault_limit);
            Ok(())
        })?;
        match again {
            None => return Ok(read),
            Some(again) => setup = setup.again(again),
        }
    }
}

/// Lines that cannot be kept beside the run.
fn kept(error: io::Error) -> RunError {
    RunError::Write { file: std::env::temp_dir(), error }
}

/// Reads and evaluates the inputs; `take` gets what each piece comes to, in the order of the input. Gives how they are to
/// be read again, where they are.
fn gather(
    inputs: &[Input],
    (options, setup): (&RefundOptions, Setup<'_>),
    law: &Law<'_>,
    take: &mut dyn FnMut(&mut Outcome) -> Result<(), RunError>,
) -> Result<Option<Again>, RunError> {
    // Classes of all codes are worth making for a file; here, so that the threads do not wait for each other.
    law.table();
    let ledger = law.timeline.ledger;
    let context = Context::new(ledger, options.known_date);
    let (sources, headers) = run::open(inputs, setup, options.fault_limit)?;
    let refunder = Refunder::new(law);
    let shared = Shared {
        law,
        context: &context,
        layout: BillLayout::new(ledger, &[]),
        layers: Layers::None,
        quiet: true,
        format: Format::Csv,
        tables: Tables::default(),
        fault_limit: options.fault_limit,
        set_aside: options.set_aside,
        plans: run::plans(headers, &[]),
        refund: Some(&refunder),
        fees: None,
    };
    let mut late_key = false;
    let again = run::stream(sources, &shared, options.threads.max(1), &mut |outcome| {
        if let Some(conflict) = outcome.conflict.take() {
            return Err(conflict);
        }
        late_key |= outcome.taken.late_key;
        if late_key {
            return Ok(false);
        }
        take(outcome)?;
        Ok(true)
    })?;
    Ok(again.or(late_key.then_some(Again::AllKeys)))
}

/// Answers the lines that were gathered.
fn answer(
    collected: &mut Collected,
    maker: &mut Maker<'_, '_>,
    files: &mut Files,
    law: &Law<'_>,
) -> Result<Refunded, RunError> {
    let version = law.timeline.ledger.version.as_bytes();
    let mut text = Vec::new();
    for (at, name) in COLUMNS.iter().enumerate() {
        text.extend_from_slice(if at > 0 { b"," } else { b"" });
        text.extend_from_slice(name.as_bytes());
    }
    text.push(b'\n');
    let mut csv = Vec::new();
    let answered: Result<(), RunErrorOf> = collected.each(|entries, kept| {
        let entry = &entries[kept.entry as usize];
        let row = maker.row(entry, &kept);
        write_row(&mut text, entry, &kept, &row, version);
        files.row(entry, &kept, &row)?;
        if text.len() > 1 << 16 {
            files.refund(&mut text, &mut csv)?;
        }
        Ok(())
    });
    answered.map_err(|RunErrorOf(error)| error)?;
    files.refund(&mut text, &mut csv)?;
    let report = std::mem::take(&mut maker.report);
    let by_cape = collected
        .entries
        .iter()
        .zip(&report.entries)
        .filter(|(entry, total)| total.by_cape && !entry.number.is_empty());
    let cape = by_cape.map(|(entry, _)| entry.number.clone()).collect();
    Ok(Refunded { report, cape, csv })
}

/// An error of the run, made from one of the disk too.
struct RunErrorOf(RunError);

impl From<io::Error> for RunErrorOf {
    fn from(error: io::Error) -> Self {
        Self(kept(error))
    }
}

impl From<RunError> for RunErrorOf {
    fn from(error: RunError) -> Self {
        Self(error)
    }
}

fn write_row(out: &mut Vec<u8>, entry: &Gathered, kept: &Kept, row: &Row, version: &[u8]) {
    let amounts = &kept.amounts;
    let day = |out: &mut Vec<u8>, day: Option<Day>| {
        out.push(b',');
        if let Some(day) = day {
            cells::day(out, day);
        }
    };
    let text = |out: &mut Vec<u8>, text: &str| {
        out.push(b',');
        cells::text(out, text.as_bytes());
    };
    let money = |out: &mut Vec<u8>, amount| {
        out.push(b',');
        cells::cents_or_empty(out, amount);
    };
    cells::text(out, entry.number.as_bytes());
    text(out, &kept.line_number);
    money(out, amounts.refundable);
    money(out, amounts.filed);
    money(out, amounts.refundable.map(|_| amounts.contested));
    text(out, &row.basis.join(";"));
    day(out, row.interest.from);
    day(out, row.interest.to);
    money(out, row.interest.cents);
    text(out, row.path.name());
    text(out, &row.path_reason);
    let deadlines = &row.deadlines;
    for deadline in
        [&deadlines.cape, &deadlines.protest, &deadlines.psc, &deadlines.estimated_liquidation, &deadlines.court]
    {
        day(out, Deadline::day(deadline));
    }
    for words in [&row.status, &row.contested_reason, &row.interest.note, &row.deadlines_note()] {
        text(out, words);
    }
    text(out, &amounts.open.join(";"));
    day(out, entry.facts.entered);
    money(out, amounts.assessed);
    money(out, amounts.owed);
    out.push(b',');
    cells::whole(out, kept.source_row);
    out.push(b',');
    out.extend_from_slice(version);
    out.push(b'\n');
}

/// The files of a run, where there is a folder for them.
struct Files {
    set: Option<FileSet>,
    refund: Option<Pending>,
    book: Option<Book>,
    others: Vec<(manifest::Entry, Pending)>,
    rows: u64,
}

impl Files {
    fn begin(options: &RefundOptions) -> Result<Self, RunError> {
        let mut files = Self { set: None, refund: None, book: None, others: Vec::new(), rows: 0 };
        let Some(folder) = &options.output else { return Ok(files) };
        let failed = |error| RunError::Write { file: folder.clone(), error };
        let set = FileSet::begin(folder).map_err(failed)?;
        files.refund = Some(set.file("refund.csv").map_err(failed)?);
        files.book = Some(Book::new(folder).map_err(|error| error.at(&folder.join("refund.xlsx")))?);
        files.set = Some(set);
        Ok(files)
    }

    fn failed(&self, name: &str) -> impl Fn(io::Error) -> RunError + use<> {
        let file = self.set.as_ref().map_or_else(PathBuf::new, |set| set.path().join(name));
        move |error| RunError::Write { file: file.clone(), error }
    }

    fn row(&mut self, entry: &Gathered, kept: &Kept, row: &Row) -> Result<(), RunError> {
        self.rows += 1;
        let failed = |error: BookError, set: &Option<FileSet>| {
            let folder = set.as_ref().map_or_else(PathBuf::new, |set| set.path().to_owned());
            error.at(&folder.join("refund.xlsx"))
        };
        match &mut self.book {
            Some(book) => book.line(entry, kept, row).map_err(|error| failed(error, &self.set)),
            None => Ok(()),
        }
    }

    /// Writes finished rows, to the folder or into memory.
    fn refund(&mut self, text: &mut Vec<u8>, memory: &mut Vec<u8>) -> Result<(), RunError> {
        let failed = self.failed("refund.csv");
        match &mut self.refund {
            Some(file) => file.write_all(text).map_err(failed)?,
            None => memory.extend_from_slice(text),
        }
        text.clear();
        Ok(())
    }

    fn add(&mut self, name: &str, bytes: &[u8], rows: u64) -> Result<(), RunError> {
        let failed = self.failed(name);
        let Some(set) = &self.set else { return Ok(()) };
        let mut file = set.file(name).map_err(&failed)?;
        file.write_all(bytes).map_err(&failed)?;
        self.others.push((manifest::Entry { name: name.to_owned(), rows }, file));
        Ok(())
    }

    /// Puts everything in its place.
    fn finish(
        self,
        answered: &mut Refunded,
        entries: &[Gathered],
        options: &RefundOptions,
        manifest: &Manifest,
    ) -> Result<(), RunError> {
        let failed = self.failed("refund.xlsx");
        let (Some(set), Some(refund), Some(book)) = (self.set, self.refund, self.book) else { return Ok(()) };
        let mut workbook = set.file("refund.xlsx").map_err(&failed)?;
        book.finish(&mut workbook, &answered.report, entries, options, manifest)
            .map_err(|error| error.at(&set.path().join("refund.xlsx")))?;
        let entry = |name: &str, rows| manifest::Entry { name: name.to_owned(), rows };
        let mut files = vec![(entry("refund.csv", self.rows), refund), (entry("refund.xlsx", self.rows), workbook)];
        files.extend(self.others);
        answered.report.files = files.iter().map(|(entry, _)| (entry.name.clone(), entry.rows)).collect();
        set.place(files, manifest).map_err(|(file, error)| RunError::Write { file, error })
    }
}

/// The line of a row for a refund.
///
/// # Errors
/// What the engine refuses.
pub(crate) fn line(
    refunder: &Refunder<'_>,
    engine: &mut portolan_engine::Engine<'_>,
    entry: &Entry,
    keys: Keys<'_>,
    day: Day,
) -> Result<super::Line, portolan_engine::Fault> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(super::Line {
        entry_number: text(keys.entry_number),
        line_number: text(keys.line_number),
        source_row: keys.source_row,
        side: entry.line.side,
        facts: super::standing::Facts::of_line(day, entry.line.entry_type, &entry.filed),
        amounts: refunder.line(engine, entry)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cape_file_holds_no_more_than_9999_entries() {
        let numbers: Vec<String> = (0..10_001).map(|number| format!("0{number:010}")).collect();
        let files = cape_files(&numbers);
        let told: Vec<(&str, usize, u64)> = files
            .iter()
            .map(|(name, text, rows)| (name.as_str(), String::from_utf8_lossy(text).lines().count(), *rows))
            .collect();
        assert_eq!(told, [("cape_001.csv", 10_000, 9_999), ("cape_002.csv", 3, 2)]);
        assert_eq!(files[1].1, b"Entry Number\n00000009999\n00000010000\n");
        assert!(cape_files(&[]).is_empty());
    }
}
