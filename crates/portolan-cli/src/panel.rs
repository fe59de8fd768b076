//! `portolan panel`: what every number from every country bears on every day, as Parquet.

use std::path::{Path, PathBuf};
use std::time::Instant;

use portolan_engine::Law;
use portolan_entry::manifest::Manifest;
use portolan_ledger::Day;
use portolan_panel::panel::{self, Error, Form};

use crate::check::milliseconds;
use crate::clock::day;
use crate::failure::{Failure, Fault, Outcome};
use crate::goods::Goods;
use crate::progress::Progress;
use crate::source::{Source, Suppose};
use crate::term::{FAINT, PLAIN, Page};

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The first day
    #[arg(long, value_name = "day")]
    from: String,
    /// The last day, which counts
    #[arg(long, value_name = "day")]
    to: String,
    #[command(flatten)]
    goods: Goods,
    /// A row for each day, in place of one for each stretch of days in which nothing of the row changes
    #[arg(long, conflicts_with = "form")]
    daily: bool,
    /// Intervals: a row for each number, country and stretch of days; classes: the same law unexpanded, in three files
    #[arg(long, value_enum, default_value_t = Which::Intervals)]
    form: Which,
    /// The law as it could be known at the end of that day; today where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
    #[command(flatten)]
    suppose: Suppose,
    /// The file, Parquet; its manifest is written beside it
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

/// What the rows say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// A row for each number, country and stretch of days.
    Intervals,
    /// Numbers and countries with their classes, and a row for each pair of classes and stretch of days.
    Classes,
}

/// Writes a panel.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let source = Source::under(ledger, &args.suppose)?;
    let days = days(args)?;
    let known = args.known.as_deref().map(|text| day("known", text)).transpose()?.unwrap_or_else(|| source.today());
    let asked = args.goods.asked(&source, days)?;
    let options = panel::Options {
        from: days.0,
        until: days.1,
        side: asked.side,
        codes: asked.codes,
        origins: asked.origins,
        view: asked.view,
        known_date: known,
        form: match (args.form, args.daily) {
            (Which::Classes, _) => Form::Classes,
            (Which::Intervals, true) => Form::Daily,
            (Which::Intervals, false) => Form::Intervals,
        },
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let law = Law::new(&source.ledger, Some(&source.schedule));
    let manifest = Manifest {
        ledger_version: source.ledger.version.clone(),
        known_date: known,
        view: options.view,
        command: std::env::args().skip(1).collect(),
        inputs: Vec::new(),
    };
    let progress = Progress::of_numbers(options.codes.len() as u64);
    let written = panel::write(&law, &options, &args.output, &manifest, &mut |done, _| progress.numbers(done));
    progress.end();
    let done = written.map_err(|error| failure(&error))?;
    let mut page = Page::new();
    source.say_supposed(&mut page);
    for (name, rows) in &done.files {
        page.wrapped(0, PLAIN, &format!("{name}: {rows} rows"));
    }
    let took = milliseconds(start.elapsed());
    page.wrapped(0, FAINT, &format!("{} numbers from {} countries, in {took}", done.codes, done.origins));
    page.print()?;
    Ok(Outcome::Done)
}

/// The first day, and the first day no longer.
fn days(args: &Args) -> Result<(Day, Day), Failure> {
    let (from, to) = (day("from", &args.from)?, day("to", &args.to)?);
    if to < from {
        let fault = Fault::new(format!("--to {to}: it lies before --from {from}"));
        return Err(fault.help("--to is the last day, and counts").into());
    }
    Ok((from, Day(to.0.saturating_add(1))))
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Law(..) => Failure::Broken(Fault::new(error.to_string()).help("portolan explain PTL012")),
        Error::Write(..) => Fault::new(error.to_string()).into(),
    }
}
