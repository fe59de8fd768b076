//! `portolan compare`: what one law, or one supposition, asks for more or less than another.

mod bills;
mod page;

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use portolan_engine::{Fault as LineFault, Law};
use portolan_entry::RunError;
use portolan_entry::manifest::{Entry, Manifest};
use portolan_entry::output::FileSet;
use portolan_ledger::line::View;
use portolan_ledger::timeline::{Moment, Timeline};
use portolan_ledger::{Day, Instant, Ledger};
use portolan_panel::compare::{self, Asked, Comparison, End, Load, Table, Totals};
use portolan_panel::weights::Weights;

use crate::bill;
use crate::clock::day;
use crate::failure::{Failure, Fault, Outcome, conflict};
use crate::goods::Goods;
use crate::scenarios::{self, Supposed};
use crate::source::{Source, Suppose};

pub use page::{signed, written};

/// The longest time that is compared at once, in days.
const LONGEST: i32 = 36_525;

/// What is compared.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The one: law (as it is), a ready scenario, a file, or several joined by +
    before: String,
    /// The other
    after: String,
    /// The day; today where neither it nor --from is stated
    #[arg(long, value_name = "day", conflicts_with_all = ["from", "to"])]
    on: Option<String>,
    /// The first of several days
    #[arg(long, value_name = "day", requires = "to")]
    from: Option<String>,
    /// The last of several days
    #[arg(long, value_name = "day", requires = "from")]
    to: Option<String>,
    /// The law as it could be known at the end of that day; today where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
    #[command(flatten)]
    goods: Goods,
    /// Compare the bills of the entry lines of these files, in place of all goods and origins
    #[arg(long, value_name = "FILE", conflicts_with_all = ["on", "from", "to", "origins", "codes", "by", "weights"])]
    file: Vec<PathBuf>,
    /// Show one list, and more of it
    #[arg(long, value_enum)]
    by: Option<By>,
    /// Trade weights, CSV or Parquet with the columns code, origin, value_usd; US imports of 2024 where it is not stated
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    #[command(flatten)]
    suppose: Suppose,
    /// Write a row for every line and origin that differs, or for every entry line, to this file, CSV
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What a difference is listed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// The tariff number.
    Line,
    /// The program of law.
    Program,
    /// The country of origin.
    Partner,
}

/// One of the two laws.
#[derive(Debug)]
struct Side {
    ledger: Ledger,
    supposed: Vec<Supposed>,
}

impl Side {
    /// A law by its name, under what is supposed of both.
    fn open(source: &Source, folder: Option<&Path>, text: &str, both: &Suppose) -> Result<Self, Failure> {
        let names: Vec<String> = both.names().iter().cloned().chain([text.to_owned()]).collect();
        let under = scenarios::under(&source.ledger, folder, &names)?;
        let (ledger, supposed) = under.unwrap_or_else(|| (source.ledger.clone(), Vec::new()));
        Ok(Self { ledger, supposed })
    }

    /// `law`, or the names of what is supposed.
    fn name(&self) -> String {
        let names: Vec<&str> = self.supposed.iter().map(|one| one.id.as_str()).collect();
        if names.is_empty() { scenarios::LAW.to_owned() } else { names.join("+") }
    }

    fn title(&self) -> String {
        let titles: Vec<&str> = self.supposed.iter().map(|one| one.title.as_str()).collect();
        if titles.is_empty() { "the law as it is".to_owned() } else { titles.join("; ") }
    }
}

/// What was compared, for showing it.
struct Compared<'a> {
    sides: [&'a Side; 2],
    laws: [&'a Law<'a>; 2],
    days: (Day, Day),
    known: Day,
    asked: &'a Asked,
    load: Option<&'a Load>,
    totals: Totals,
}

/// Compares.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::open(ledger)?;
    let open = |text: &str| Side::open(&source, ledger, text, &args.suppose);
    let sides = [open(&args.before)?, open(&args.after)?];
    let known = args.known.as_deref().map(|text| day("known", text)).transpose()?.unwrap_or_else(|| source.today());
    if !args.file.is_empty() {
        return bills::run(args, &source, &sides, known);
    }
    let days = days(args, &source)?;
    let asked = args.goods.asked(&source, days)?;
    let laws = [0, 1].map(|at: usize| Law::new(&sides[at].ledger, Some(&source.schedule)));
    let until = Day(days.1.0.saturating_add(1));
    let end = |at: usize| End { law: &laws[at], known, days: (days.0, until) };
    let comparison = compare::compare(&asked, [end(0), end(1)]).map_err(broken)?;
    let load = load(args, &source, (&asked, days.1), &comparison)?;
    let timelines = [&laws[0].timeline, &laws[1].timeline];
    let totals = compare::totals(&comparison, timelines, load.as_ref());
    let written = match &args.output {
        Some(file) => {
            let first = (days.0 != days.1).then_some(days.0);
            Some(write(file, &comparison, &asked, (&sides, known), first)?)
        }
        None => None,
    };
    let compared = Compared {
        sides: [&sides[0], &sides[1]],
        laws: [&laws[0], &laws[1]],
        days,
        known,
        asked: &asked,
        load: load.as_ref(),
        totals,
    };
    if args.json {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{:#}", page::json(&compared))?;
        out.flush()?;
    } else {
        let mut page = page::page(&compared, args.by);
        page::written(&mut page, args.output.as_deref(), written, "line and origin that differs");
        page.print()?;
    }
    Ok(Outcome::Done)
}

fn days(args: &Args, source: &Source) -> Result<(Day, Day), Failure> {
    let read = |name, text: &Option<String>| text.as_deref().map(|text| day(name, text)).transpose();
    let (on, from, to) = (read("on", &args.on)?, read("from", &args.from)?, read("to", &args.to)?);
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        _ => {
            let on = on.unwrap_or_else(|| source.today());
            (on, on)
        }
    };
    if to < from {
        return Err(Fault::new(format!("--to {to}: it lies before --from {from}")).into());
    }
    if i64::from(to.0) - i64::from(from.0) > i64::from(LONGEST) {
        return Err(Fault::new(format!("--to {to}: more than a hundred years after --from {from}")).into());
    }
    Ok((from, to))
}

/// The trade weights: those of a file, or for imports of the United States those that ship inside.
fn load(
    args: &Args,
    source: &Source,
    (asked, day): (&Asked, Day),
    comparison: &Comparison,
) -> Result<Option<Load>, Failure> {
    let weights = match &args.weights {
        Some(file) => Weights::read(file, &source.ledger),
        None if args.goods.is_us() => Weights::us_2024(&source.ledger),
        None => return Ok(None),
    };
    let weights = weights.map_err(|faults| bill::failure(RunError::Input(faults)))?;
    let timeline = Timeline::new(&source.ledger);
    let at = source.ledger.clock(asked.side).map_or(Instant::MAX, |clock| clock.day_start(day));
    let moment = Moment { at, known: Day::MAX, view: asked.view };
    Ok(Some(Load::new(comparison, &weights, &|group, origin| timeline.in_group(group, origin, moment))))
}

/// Why goods have no answer together.
pub fn broken(fault: LineFault) -> Failure {
    match fault {
        LineFault::Conflict(a, b) => conflict(None, &a, &b),
        other => Fault::new(format!("the goods cannot be asked about: {other:?}")).into(),
    }
}

fn write(
    file: &Path,
    comparison: &Comparison,
    asked: &Asked,
    (sides, known): (&[Side; 2], Day),
    first: Option<Day>,
) -> Result<u64, Failure> {
    let versions = [sides[0].ledger.version.as_str(), sides[1].ledger.version.as_str()];
    let table = Table::new(comparison, &sides[0].ledger, versions, first, &[]);
    let manifest = manifest(versions, known, asked.view);
    whole(file, &manifest, &mut |out| table.write(comparison, (&asked.codes, &asked.origins), out, &|_, _| {}))
}

/// What the manifest of a difference of two laws says.
pub fn manifest(versions: [&str; 2], known_date: Day, view: View) -> Manifest {
    let ledger_version = if versions[0] == versions[1] { versions[0].to_owned() } else { versions.join(" ") };
    Manifest { ledger_version, known_date, view, command: std::env::args().skip(1).collect(), inputs: Vec::new() }
}

/// Writes a file that appears whole or not at all, and its manifest beside it; gives the rows.
pub fn whole(
    file: &Path,
    manifest: &Manifest,
    write: &mut dyn FnMut(&mut dyn Write) -> std::io::Result<u64>,
) -> Result<u64, Failure> {
    let failed = |error: std::io::Error| Failure::from(Fault::new(format!("--output {}: {error}", file.display())));
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(name) = name else {
        return Err(Fault::new(format!("--output {}: it names no file", file.display())).into());
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = Path::new(&name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let set = FileSet::begin_named(folder, &format!("{stem}.manifest.json")).map_err(failed)?;
    let mut out = BufWriter::with_capacity(1 << 20, set.file(&name).map_err(failed)?);
    let rows = write(&mut out).map_err(failed)?;
    let pending = out.into_inner().map_err(|error| failed(error.into_error()))?;
    set.place(vec![(Entry { name, rows }, pending)], manifest).map_err(|(_, error)| failed(error))?;
    Ok(rows)
}

/// A count with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        let _ = write!(text, "{digit}");
    }
    text
}
