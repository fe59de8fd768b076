//! How much longer answers take than plain reading and writing of the same files:
//! `cargo run --release -p portolan-entry --example ratios -- [LINES] [one|all] [ROUNDS] [SEED]`.
//!
//! Lines are drawn by chance, of one importer (500 codes, 12 origins, a year) or over all codes, origins and nine years,
//! and written as CSV, as Parquet of typed columns, and as a report ES-003 in a workbook. Each piece of work runs in a
//! process of its own, so that its peak of memory is its own, and the shortest of the rounds counts. What is plain:
//!
//! - **Parquet.** All columns of the input are read as record batches by the library that the project uses, and a file is
//!   written, synced, of the very columns of the bill and those of the input that the bill does not have: the same
//!   groups of rows, encodings, compression (zstd, level 1) and as many threads, each of which reads a group of rows and
//!   encodes it. The bill's columns are taken from the bill that was just written; while they are brought into memory
//!   the clock stands. A second figure leaves the input's columns out of what is written, as the bill does.
//! - **CSV.** One thread parses every record of the input, another writes every record of the bill that was just written,
//!   both by the `csv` library; the file is synced. Records are brought into memory while the clock stands.
//! - **ES-003.** The library below reads every cell of the sheet and does nothing with it. Ours is reading alone: the
//!   columns understood and the rows of a line folded into one.

mod draw;
#[path = "../common/measure.rs"]
mod measure;
mod plain;
#[path = "../common/reading.rs"]
mod reading;
#[path = "../common/report.rs"]
mod report;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use measure::{megabytes, peak_memory, per_second, processor_seconds};
use portolan_engine::Law;
use portolan_entry::{Format, Input, Layers, Options, Output, run};
use portolan_ledger::Day;

/// A report has as many lines at most; a sheet holds a million rows, and a line takes three.
const REPORT_LINES: usize = 100_000;

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Took {
    wall: Duration,
    /// Seconds of all threads.
    worked: f64,
}

/// A piece of work in a process of its own, as it was told.
#[derive(Clone, Copy, Debug)]
struct Told {
    wall: f64,
    worked: f64,
    peak: u64,
}

/// What is asked.
struct Asked {
    lines: usize,
    one_importer: bool,
    rounds: usize,
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize, usual: &str| arguments.get(at).map_or(usual, String::as_str).to_owned();
    if argument(0, "") == "--phase" {
        return phase(&argument(1, ""), Path::new(&argument(2, "")), &arguments[3..]);
    }
    let asked = Asked {
        lines: argument(0, "1000000").parse()?,
        one_importer: argument(1, "one") == "one",
        rounds: argument(2, "1").parse()?,
        seed: argument(3, "1").parse()?,
    };
    let folder = std::env::temp_dir().join(format!("portolan-ratios-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = compare(&asked, &folder);
    fs::remove_dir_all(&folder)?;
    result
}

/// Runs the pieces of work one after another and prints what they took.
fn compare(asked: &Asked, folder: &Path) -> Result<(), Box<dyn Error>> {
    let lines = asked.lines as u64;
    let wanted = [asked.lines.to_string(), asked.one_importer.to_string(), asked.seed.to_string()];
    let piece = |name: &str| -> Result<Told, Box<dyn Error>> {
        let rounds = (0..asked.rounds.max(1)).map(|_| child(name, folder, &wanted)).collect::<Result<Vec<_>, _>>()?;
        rounds.into_iter().min_by(|a, b| a.wall.total_cmp(&b.wall)).ok_or_else(|| "a round".into())
    };
    child("draw", folder, &wanted)?;
    let of = if asked.one_importer { "one importer" } else { "all codes, all origins, nine years" };
    println!("{lines} lines, {of}, seed {}", asked.seed);
    println!("Parquet, {} in", size(&folder.join("lines.parquet"))?);
    let none = piece("parquet-none")?;
    let bill = size(&folder.join("parquet-none/bill.parquet"))?;
    show(&format!("bill, layers none, {bill} out"), lines, none, None)?;
    show("  plain copy, the input's columns and the bill's", lines, piece("parquet-plain")?, Some(none))?;
    show("  plain copy, the bill's columns alone", lines, piece("parquet-bare")?, Some(none))?;
    fs::remove_file(folder.join("plain.parquet"))?;
    let tenth = (lines / 10).max(1);
    show("a tenth of the lines, layers none, no fees", tenth, piece("tenth-no-fees")?, None)?;
    let applied = piece("tenth-applied")?;
    let layers = size(&folder.join("tenth-applied/layers.parquet"))?;
    show(&format!("a tenth, layers applied, {layers} of layers"), tenth, applied, None)?;
    println!("CSV, {} in", size(&folder.join("lines.csv"))?);
    let none = piece("csv-none")?;
    show(&format!("bill, layers none, {} out", size(&folder.join("csv-none/bill.csv"))?), lines, none, None)?;
    let plain = piece("csv-plain")?;
    show("  plain parse and write", lines, plain, Some(none))?;
    fs::remove_file(folder.join("plain.csv"))?;
    let rows = lines.min(REPORT_LINES as u64);
    println!("ES-003 in a workbook, {} in, {rows} lines", size(&folder.join("report.xlsx"))?);
    let ours = piece("report")?;
    show("read", rows, ours, None)?;
    show("  the library below reads every cell", rows, piece("report-plain")?, Some(ours))
}

/// Prints a line of the table; behind a plain copy stands how much longer `ours` took.
fn show(name: &str, lines: u64, told: Told, ours: Option<Told>) -> Result<(), Box<dyn Error>> {
    let (speed, peak) = (per_second(lines, Duration::from_secs_f64(told.wall)), megabytes(told.peak));
    let row = format!("{name:<50} {:>7.2} s {speed:>9.0} lines/s", told.wall);
    print!("  {row}, {:>6.2} s of processor time, peak {peak:.0} MB", told.worked);
    match ours {
        None => println!(),
        Some(ours) => {
            let (wall, worked) = (ours.wall / told.wall, ours.worked / told.worked);
            println!("; ratio {wall:.2}, of processor time {worked:.2}");
        }
    }
    Ok(io::stdout().flush()?)
}

/// How large a file is, in words.
fn size(path: &Path) -> Result<String, Box<dyn Error>> {
    Ok(format!("{:.1} MB", megabytes(fs::metadata(path)?.len())))
}

/// Does a piece of work in a process of its own.
fn child(name: &str, folder: &Path, wanted: &[String]) -> Result<Told, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    let done = command.args(["--phase", name]).arg(folder).args(wanted).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(done.stdout)?;
    let told: Vec<&str> = text.split_whitespace().collect();
    let [wall, worked, peak] = told[..] else {
        return Err(format!("{name} ended with {}: {text}", done.status).into());
    };
    Ok(Told { wall: wall.parse()?, worked: worked.parse()?, peak: peak.parse()? })
}

/// The work of a child, which tells what it took.
fn phase(name: &str, folder: &Path, wanted: &[String]) -> Result<(), Box<dyn Error>> {
    let [lines, one_importer, seed] = wanted else { return Err("lines, kind and seed".into()) };
    let took = match name {
        "draw" => {
            draw::all(folder, lines.parse()?, one_importer.parse()?, seed.parse()?)?;
            Took::default()
        }
        "parquet-plain" => plain::parquet(folder, true).map_err(|fault| fault.to_string())?,
        "parquet-bare" => plain::parquet(folder, false).map_err(|fault| fault.to_string())?,
        "csv-plain" => plain::csv(folder).map_err(|fault| fault.to_string())?,
        "report" => timed(|| reading::read(&folder.join("report.xlsx")).map(drop))?,
        "report-plain" => timed(|| reading::plain_book(&folder.join("report.xlsx")).map(drop))?,
        _ => ours(name, folder)?,
    };
    println!("{} {} {}", took.wall.as_secs_f64(), took.worked, peak_memory());
    Ok(())
}

/// The project's own run.
fn ours(name: &str, folder: &Path) -> Result<Took, Box<dyn Error>> {
    let (ledger, schedule) = (portolan_law::ledger()?, portolan_law::schedule()?);
    let law = Law::new(&ledger, Some(&schedule));
    let today = Day::parse_iso(b"2026-11-22").ok_or("a date")?;
    let mut options = Options::new(today, Output::Folder(folder.join(name)));
    let (file, format) = match name.split_once('-') {
        Some(("csv", _)) => ("lines.csv", Format::Csv),
        Some(("tenth", _)) => ("tenth.parquet", Format::Parquet),
        _ => ("lines.parquet", Format::Parquet),
    };
    options.format = format;
    options.layers = if name.ends_with("applied") { Layers::Applied } else { Layers::None };
    options.fees = !name.ends_with("no-fees");
    let input = Input::File(folder.join(file));
    timed(|| Ok(run(&[input], &options, &law, &mut |_, _| {}).map(drop)?))
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Took, Box<dyn Error>> {
    let (start, worked) = (Instant::now(), processor_seconds());
    work()?;
    Ok(Took { wall: start.elapsed(), worked: processor_seconds() - worked })
}
