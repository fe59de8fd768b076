//! How fast bills are written: `cargo run --release -p portolan-entry --example bench_bill -- [LINES] [SEED]`.
//!
//! Lines are drawn by chance over all codes, origins and days from 2018 to 2026. Printed are lines and bytes a second, the
//! time that a plain copy of the same bytes takes, the most memory that was held, and one line that is asked again.

#[path = "common/measure.rs"]
mod measure;

use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use measure::{megabytes, peak_memory, per_second, processor_seconds};
use portolan_engine::{Engine, Law};
use portolan_entry::{Context, Input, Layers, LineBuilder, Options, Output, generate, run};
use portolan_ledger::Day;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let lines: usize = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let start = Instant::now();
    let (ledger, schedule) = (portolan_law::ledger()?, portolan_law::schedule()?);
    let law = Law::new(&ledger, Some(&schedule));
    println!("law opened in {:.1} ms, ledger {}", millis(start.elapsed()), ledger.version);
    let start = Instant::now();
    law.table();
    println!("classes of all codes in {:.1} ms", millis(start.elapsed()));
    let folder = std::env::temp_dir().join(format!("portolan-bench-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = bench(&law, lines, seed, &folder);
    fs::remove_dir_all(&folder)?;
    result?;
    one_line(&law)?;
    println!("peak memory {:.0} MB", megabytes(peak_memory()));
    Ok(())
}

fn bench(law: &Law<'_>, lines: usize, seed: u64, folder: &Path) -> Result<(), Box<dyn Error>> {
    let year = Day::parse_iso(b"2025-04-01").ok_or("a date")?;
    let path = folder.join("lines.csv");
    let written = |lines: &mut dyn Iterator<Item = generate::Drawn>| -> Result<u64, Box<dyn Error>> {
        let mut file = BufWriter::new(File::create(&path)?);
        let bytes = generate::write_drawn(lines, &mut file)?;
        file.flush()?;
        Ok(bytes)
    };
    let bytes = written(&mut generate::generate(law, seed).of_one_importer(500, 12, year).take(lines))?;
    println!("one importer, 500 codes, 12 origins, a year: {lines} lines, {:.1} MB, seed {seed}", megabytes(bytes));
    timed("layers none, 1 thread", law, folder, (lines, Layers::None, 1))?;
    timed("layers none", law, folder, (lines, Layers::None, 2))?;
    let bytes = written(&mut generate::generate(law, seed).take(lines))?;
    println!("all codes, all origins, nine years: {lines} lines, {:.1} MB, seed {seed}", megabytes(bytes));
    timed("layers none, 1 thread", law, folder, (lines, Layers::None, 1))?;
    timed("layers none", law, folder, (lines, Layers::None, 2))?;
    timed("layers applied", law, folder, (lines / 10, Layers::Applied, 2))
}

fn timed(
    name: &str,
    law: &Law<'_>,
    folder: &Path,
    (lines, layers, threads): (usize, Layers, usize),
) -> Result<(), Box<dyn Error>> {
    let path = folder.join("lines.csv");
    let today = Day::parse_iso(b"2026-11-22").ok_or("a date")?;
    let input = if layers == Layers::None { Input::File(path.clone()) } else { head(&path, lines)? };
    let mut options = Options::new(today, Output::Folder(folder.join("out")));
    (options.layers, options.threads) = (layers, threads);
    let (start, worked) = (Instant::now(), processor_seconds());
    let done = run(&[input], &options, law, &mut |_, _| {})?;
    let (took, worked) = (start.elapsed(), processor_seconds() - worked);
    let summary = &done.summary;
    println!(
        "  {name}: {:.0} lines/s, {:.1} MB/s in, {:.1} MB/s out, {:.2} s; {} ask for more",
        per_second(summary.lines, took),
        megabytes(summary.bytes_in) / took.as_secs_f64(),
        megabytes(summary.bytes_out) / took.as_secs_f64(),
        took.as_secs_f64(),
        summary.open,
    );
    println!(
        "    {worked:.2} s of processor time, {:.0} lines a second of it",
        per_second(summary.lines, Duration::from_secs_f64(worked.max(0.01)))
    );
    if layers == Layers::None {
        let copied = copy(&path, &folder.join("out/bill.csv"), folder)?;
        let (floor, ratio) = (copied.as_secs_f64(), took.as_secs_f64() / copied.as_secs_f64());
        println!(
            "    the floor, reading and writing the same bytes: {floor:.2} s; the run takes {ratio:.1} times that"
        );
    }
    Ok(())
}

/// The first lines of a file.
fn head(path: &Path, lines: usize) -> Result<Input, Box<dyn Error>> {
    let text = fs::read(path)?;
    let end = text.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(lines).map_or(text.len(), |(at, _)| at + 1);
    Ok(Input::Text { name: "head".to_owned(), bytes: text[..end].to_vec() })
}

/// Reads the input and writes the output anew, synced, and does nothing else.
fn copy(input: &Path, output: &Path, folder: &Path) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let mut buffer = vec![0; 1 << 19];
    let mut file = File::open(input)?;
    while file.read(&mut buffer)? > 0 {}
    let (mut from, mut to) = (File::open(output)?, File::create(folder.join("copy"))?);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        to.write_all(&buffer[..read])?;
    }
    to.sync_all()?;
    Ok(start.elapsed())
}

/// One line in a running program: built from its columns and answered, and answered alone.
fn one_line(law: &Law<'_>) -> Result<(), Box<dyn Error>> {
    let today = Day::parse_iso(b"2026-11-22").ok_or("a date")?;
    let context = Context::new(law.timeline.ledger, today);
    let mut engine = Engine::new(law);
    let mut builder = LineBuilder::new(&context);
    let rounds = 200_000_u32;
    let mut built = Duration::ZERO;
    let mut answered = Duration::ZERO;
    for round in 0..rounds {
        let start = Instant::now();
        builder.clear();
        for (column, value) in [
            ("hts_number", "9403.60.8089"),
            ("country_of_origin", "CN"),
            ("entry_date", "2025-06-05"),
            ("entered_value_usd", "10000"),
        ] {
            builder.set(column, value)?;
        }
        let entry = builder.entry().map_err(|faults| faults[0].clone())?;
        let middle = Instant::now();
        black_box(engine.bill(&entry.line)).map_err(|fault| format!("{fault:?}"))?;
        if round >= rounds / 2 {
            built += middle - start;
            answered += middle.elapsed();
        }
    }
    let each = |all: Duration| all.as_nanos() / u128::from(rounds / 2);
    println!("one line, warm: {} ns to read its options, {} ns to bill it", each(built), each(answered));
    Ok(())
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
