//! `portolan bill`: files of entry lines to bills and layers.

use std::path::{Path, PathBuf};
use std::time::Instant;

use portolan_engine::Law;
use portolan_entry::summary::dollars as plain;
use portolan_entry::{Finding, Layers, Options, Output, RunError, Summary};
use portolan_ledger::Cents;
use portolan_ledger::line::View;

use crate::check::milliseconds;
use crate::clock::day;
use crate::failure::{Failure, Fault, Outcome, conflict};
use crate::progress::Progress;
use crate::reading::Reading;
use crate::source::{Source, Suppose};
use crate::term::{ATTENTION, Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::words::money;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    reading: Reading,
    /// Write bill, layers and a manifest into this folder, all or nothing; without it a summary is shown
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Form of the files
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Which layers are written
    #[arg(long, value_enum, default_value_t = Which::All)]
    layers: Which,
    /// The known date where a line states none; today where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
    /// The view where a line states none
    #[arg(long, value_enum, default_value_t = Side::Assessed)]
    view: Side,
    #[command(flatten)]
    suppose: Suppose,
    /// Leave the fees of customs out; files whose lines state entry numbers are then read once
    #[arg(long)]
    no_fees: bool,
    /// Exit with 1 where a line cannot be answered in full, or where what was filed is not what is owed
    #[arg(long)]
    strict: bool,
    /// Exit with 1 where the audit has this finding; several can be named
    #[arg(long, value_name = "FINDING", value_parser = finding)]
    fail_on: Vec<Finding>,
}

/// A finding by its word.
fn finding(text: &str) -> Result<Finding, String> {
    let found = Finding::ALL.iter().copied().find(|finding| finding.name() == text);
    let names = || Finding::ALL.iter().map(|finding| finding.name()).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| format!("the findings are {}", names()))
}

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Comma-separated values.
    Csv,
    /// Typed columns, compressed.
    Parquet,
    /// One workbook: summary, bill, layers, findings.
    Xlsx,
    /// One JSON object a line, amounts as texts.
    Jsonl,
}

/// Which layers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// Everything considered.
    All,
    /// What the bill counts, what it turns on, and what forbids the entry.
    Applied,
    /// No file.
    None,
}

/// A view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Side {
    /// What was to be paid with the law known at entry.
    Assessed,
    /// What is owed with everything known.
    Owed,
}

/// Answers the lines of files.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let source = Source::under(ledger, &args.suppose)?;
    let known = args.known.as_deref().map(|text| day("known", text)).transpose()?;
    let output = args.output.clone().map_or(Output::Nothing, Output::Folder);
    let mut options = Options {
        view: if args.view == Side::Owed { View::Owed } else { View::Assessed },
        layers: match args.layers {
            Which::All => Layers::All,
            Which::Applied => Layers::Applied,
            Which::None => Layers::None,
        },
        format: match args.format {
            Format::Csv => portolan_entry::Format::Csv,
            Format::Parquet => portolan_entry::Format::Parquet,
            Format::Xlsx => portolan_entry::Format::Xlsx,
            Format::Jsonl => portolan_entry::Format::Jsonl,
        },
        fees: !args.no_fees,
        command: std::env::args().skip(1).collect(),
        ..Options::new(known.unwrap_or_else(|| source.today()), output)
    };
    let law = Law::new(&source.ledger, Some(&source.schedule));
    args.reading.apply(&mut options);
    let inputs = args.reading.inputs()?;
    let progress = Progress::of_files(args.reading.files());
    let done = portolan_entry::run(&inputs, &options, &law, &mut |lines, bytes| progress.told(lines, bytes));
    progress.end();
    let done = done.map_err(failure)?;
    let summary = &done.summary;
    let mut page = Page::new();
    source.say_supposed(&mut page);
    show(summary, &source, &mut page);
    let took = milliseconds(start.elapsed());
    let text = match &args.output {
        Some(folder) => format!("{} bytes written to {} in {took}", summary.bytes_out, folder.display()),
        None => format!("answered in {took}; --output DIR writes bill and layers"),
    };
    page.gap();
    page.wrapped(0, FAINT, &text);
    page.print()?;
    let off = summary.findings.keys().any(|finding| *finding != Finding::Match);
    let open =
        summary.open > 0 || summary.prohibited > 0 || !summary.cannot.is_empty() || !summary.beyond_horizon.is_empty();
    let named = args.fail_on.iter().any(|finding| summary.findings.contains_key(finding));
    let findings = summary.set_aside > 0 || named || args.strict && (off || open);
    Ok(if findings { Outcome::Findings } else { Outcome::Done })
}

/// What went wrong with a run over files.
pub fn failure(error: RunError) -> Failure {
    match error {
        RunError::Input(faults) => {
            let mut told: Vec<Fault> = faults.first.iter().map(|fault| Fault::new(fault.to_string())).collect();
            if faults.more > 0 {
                told.push(Fault::new(format!("{} more faults of the input", faults.more)));
            }
            Failure::Wrong(told)
        }
        RunError::Form { file, what, help } => {
            Fault::new(format!("{} cannot be written: {what}", file.display())).help(help).into()
        }
        RunError::Conflict { one, other, place } => conflict(Some(&place), &one, &other),
        other => Fault::new(other.to_string()).into(),
    }
}

/// What a file comes to, on one page.
fn show(summary: &Summary, source: &Source, page: &mut Page) {
    page.wrapped(0, STRONG, &format!("{}, entered value {}", lines(summary.lines), dollars(summary.value_cents)));
    page.section("Duty by family");
    let mut rows: Vec<Row> = Vec::new();
    for total in summary.families.iter().filter(|total| total.lines > 0) {
        let title = source.ledger.families.iter().find(|family| family.id == total.family);
        let title = title.map_or(total.family.as_str(), |family| family.title.as_str());
        rows.push(counted(title, total.lines).cell(dollars(total.duty_cents)));
    }
    rows.push(
        Row::new()
            .styled("Total of the lines whose duty is known", STRONG)
            .cell("")
            .styled(dollars(summary.total_duty_cents), STRONG),
    );
    page.table(2, &[Align::Fill, Align::Right, Align::Right], &rows);
    if summary.open > 0 || summary.range_cents.0 != summary.range_cents.1 {
        let (least, most) = (dollars(summary.range_cents.0), dollars(summary.range_cents.1));
        page.wrapped(
            2,
            ATTENTION,
            &format!("{} open, for what is not stated: {least} to {most} in all", lines(summary.open)),
        );
    }
    show_fees(summary, page);
    for (name, map) in [
        ("To be stated", &summary.needs_input),
        ("Past the day through which the program was checked", &summary.beyond_horizon),
        ("Cannot be computed", &summary.cannot),
    ] {
        if !map.is_empty() {
            page.section(name);
            let rows: Vec<Row> = map.iter().map(|(what, count)| counted(what, *count)).collect();
            page.table(2, &[Align::Fill, Align::Right], &rows);
        }
    }
    show_audit(summary, source, page);
    for (count, what) in
        [(summary.prohibited, "that the law forbids to enter"), (summary.without_value, "without a value: rates only")]
    {
        if count > 0 {
            page.wrapped(0, PLAIN, &format!("{} {what}", lines(count)));
        }
    }
    if !summary.notes.is_empty() {
        page.section("Done to the rows of the input");
        for (note, rows) in &summary.notes {
            page.item(2, "- ", &format!("{note}: {rows}"));
        }
    }
    if summary.set_aside > 0 {
        page.section(&format!("{} set aside", lines(summary.set_aside)));
        for fault in &summary.faults.first {
            page.item(2, "- ", &fault.to_string());
        }
    }
}

/// What was filed beside what is owed.
fn show_audit(summary: &Summary, source: &Source, page: &mut Page) {
    if summary.findings.is_empty() {
        return;
    }
    page.section("Findings of the audit");
    let delta = |finding: &Finding| summary.deltas.get(finding).copied().unwrap_or_default();
    let row = |(finding, count): (&Finding, &u64)| {
        let sum = match delta(finding) {
            0 => String::new(),
            cents if cents < 0 => format!("{} too little", dollars(-cents)),
            cents => format!("{} too much", dollars(cents)),
        };
        counted(finding.name(), *count).cell(sum)
    };
    let rows: Vec<Row> = summary.findings.iter().map(row).collect();
    page.table(2, &[Align::Fill, Align::Right, Align::Right], &rows);
    if summary.filed_families.is_empty() {
        return;
    }
    page.section("Filed against owed, by family");
    let mut rows: Vec<Row> = Vec::new();
    for (id, filed) in &summary.filed_families {
        let title = source.ledger.families.iter().find(|family| family.id == *id);
        let title = title.map_or(id.as_str(), |family| family.title.as_str());
        let told =
            |cents: i128, what: &str| if cents == 0 { String::new() } else { format!("{} {what}", dollars(cents)) };
        let row = counted(title, filed.lines).cell(told(filed.under_cents, "too little"));
        rows.push(row.cell(told(filed.over_cents, "too much")));
    }
    page.table(2, &[Align::Fill, Align::Right, Align::Right, Align::Right], &rows);
}

fn show_fees(summary: &Summary, page: &mut Page) {
    let shown = summary.fees.iter().filter(|total| total.lines + total.not_known > 0);
    let row = |total: &portolan_entry::summary::FeeTotal| {
        let row = counted(&total.title, total.lines).cell(dollars(total.cents));
        let not_known = total.not_known;
        row.note(if not_known > 0 { format!("not known on {}", lines(not_known)) } else { String::new() })
    };
    let rows: Vec<Row> = shown.map(row).collect();
    if !rows.is_empty() {
        page.section("Fees");
        page.table(2, &[Align::Fill, Align::Right, Align::Right], &rows);
    }
}

/// So many lines, in words.
fn lines(count: u64) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

/// The beginning of a row: what, and on how many lines. One line is as wide as several, so that the numbers align.
pub fn counted(what: &str, count: u64) -> Row {
    let end = if count == 1 { " " } else { "" };
    Row::new().cell(what).cell(format!("{}{end}", lines(count)))
}

/// An amount that may be larger than any line's.
fn dollars(cents: i128) -> String {
    i64::try_from(cents).map_or_else(|_| plain(cents), |cents| money(Cents(cents)))
}
