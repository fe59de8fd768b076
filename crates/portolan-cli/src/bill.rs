//! `portolan bill`: files of entry lines to bills and layers.

use std::path::{Path, PathBuf};
use std::time::Instant;

use portolan_engine::Law;
use portolan_entry::{Finding, Input, Layers, Options, Output, RunError, Summary};
use portolan_ledger::Cents;
use portolan_ledger::line::View;

use crate::check::milliseconds;
use crate::clock::day;
use crate::failure::{Failure, Fault, Outcome};
use crate::source::{Source, Suppose};
use crate::term::{ATTENTION, Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::words::money;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of entry lines, CSV with a header
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write bill.csv and layers.csv into this folder; without it a summary is shown
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Form of the output
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
    /// Leave out rows with faults and answer the others, with exit code 1; else one fault refuses everything
    #[arg(long)]
    set_aside: bool,
    /// Exit with 1 where a line cannot be answered in full, or where what was filed is not what is owed
    #[arg(long)]
    strict: bool,
}

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Comma-separated values.
    Csv,
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
    let Format::Csv = args.format;
    let output = args.output.clone().map_or(Output::Nothing, Output::Folder);
    let options = Options {
        view: if args.view == Side::Owed { View::Owed } else { View::Assessed },
        layers: match args.layers {
            Which::All => Layers::All,
            Which::Applied => Layers::Applied,
            Which::None => Layers::None,
        },
        set_aside: args.set_aside,
        ..Options::new(known.unwrap_or_else(|| source.today()), output)
    };
    let law = Law::new(&source.ledger, Some(&source.schedule));
    let inputs: Vec<Input> = args.files.iter().cloned().map(Input::File).collect();
    let done = portolan_entry::run(&inputs, &options, &law, &mut |_, _| {}).map_err(failure)?;
    let summary = &done.summary;
    let mut page = Page::new();
    source.say_supposed(&mut page);
    show(summary, &source, &mut page);
    let took = milliseconds(start.elapsed());
    let text = match &args.output {
        Some(folder) => format!("{} bytes written to {} in {took}", summary.bytes_out, folder.display()),
        None => format!("answered in {took}; --output DIR writes bill.csv and layers.csv"),
    };
    page.gap();
    page.wrapped(0, FAINT, &text);
    page.print()?;
    let off = summary.findings.keys().any(|finding| *finding != Finding::Match);
    let open =
        summary.open > 0 || summary.prohibited > 0 || !summary.cannot.is_empty() || !summary.beyond_horizon.is_empty();
    let findings = summary.set_aside > 0 || args.strict && (off || open);
    Ok(if findings { Outcome::Findings } else { Outcome::Done })
}

fn failure(error: RunError) -> Failure {
    match error {
        RunError::Input(faults) => {
            let mut told: Vec<Fault> = faults.first.iter().map(|fault| Fault::new(fault.to_string())).collect();
            if faults.more > 0 {
                told.push(Fault::new(format!("{} more faults of the input", faults.more)));
            }
            Failure::Wrong(told)
        }
        other => Fault::new(other.to_string()).into(),
    }
}

fn show(summary: &Summary, source: &Source, page: &mut Page) {
    let lines = |count: u64| if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
    page.wrapped(0, STRONG, &format!("{}, entered value {}", lines(summary.lines), dollars(summary.value_cents)));
    page.section("Duty by family");
    let mut rows: Vec<Row> = Vec::new();
    for total in summary.families.iter().filter(|total| total.lines > 0) {
        let title = source.ledger.families.iter().find(|family| family.id == total.family);
        let title = title.map_or(total.family.as_str(), |family| family.title.as_str());
        rows.push(Row::new().cell(title).cell(lines(total.lines)).cell(dollars(total.duty_cents)));
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
    let counted = |page: &mut Page, name: &str, map: &std::collections::BTreeMap<String, u64>| {
        if !map.is_empty() {
            page.section(name);
            let rows: Vec<Row> =
                map.iter().map(|(what, count)| Row::new().cell(what.clone()).cell(lines(*count))).collect();
            page.table(2, &[Align::Fill, Align::Right], &rows);
        }
    };
    counted(page, "To be stated", &summary.needs_input);
    counted(page, "Past the day through which the program was checked", &summary.beyond_horizon);
    counted(page, "Cannot be computed", &summary.cannot);
    let findings = summary.findings.iter().map(|(finding, count)| (finding.name().to_owned(), *count)).collect();
    counted(page, "Findings of the audit", &findings);
    for (count, what) in
        [(summary.prohibited, "that the law forbids to enter"), (summary.without_value, "without a value: rates only")]
    {
        if count > 0 {
            page.wrapped(0, PLAIN, &format!("{} {what}", lines(count)));
        }
    }
    if summary.set_aside > 0 {
        page.section(&format!("{} set aside", lines(summary.set_aside)));
        for fault in &summary.faults.first {
            page.item(2, "- ", &fault.to_string());
        }
    }
}

/// An amount that may be larger than any line's.
fn dollars(cents: i128) -> String {
    i64::try_from(cents).map_or_else(|_| format!("{cents} cents"), |cents| money(Cents(cents)))
}
