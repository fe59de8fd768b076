//! How fast each form of output is written:
//! `cargo run --release -p portolan-entry --example write_speed -- [LINES] [SEED]`.
//!
//! Lines of one importer are drawn by chance, the rows are evaluated and written, and beside each form stands the time of
//! a plain copy of the same file, synced, in the same run. Layers and the workbook are measured on fewer lines.

#[path = "common/measure.rs"]
mod measure;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use measure::{megabytes, peak_memory, per_second, processor_seconds};
use portolan_engine::Law;
use portolan_entry::{Format, Input, Layers, Options, Output, generate, run};
use portolan_ledger::Day;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let lines: usize = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let (ledger, schedule) = (portolan_law::ledger()?, portolan_law::schedule()?);
    let law = Law::new(&ledger, Some(&schedule));
    law.table();
    let folder = tempfile::tempdir()?;
    let year = Day::parse_iso(b"2025-04-01").ok_or("a date")?;
    for (lines, layers) in [(lines, Layers::None), (lines / 20, Layers::All)] {
        let input = folder.path().join("lines.csv");
        let mut file = BufWriter::new(File::create(&input)?);
        let mut drawn = generate::generate(&law, seed).of_one_importer(500, 12, year).take(lines);
        let bytes = generate::write_drawn(&mut drawn, &mut file)?;
        file.flush()?;
        println!("{lines} lines, {:.1} MB, layers {layers:?}, seed {seed}", megabytes(bytes));
        for (format, fees) in [
            (Format::Csv, false),
            (Format::Csv, true),
            (Format::Parquet, false),
            (Format::Parquet, true),
            (Format::Jsonl, true),
        ] {
            measure(&law, folder.path(), &input, (format, fees, layers))?;
        }
        if layers == Layers::All {
            // All layers of so many lines are more rows than a sheet of Excel has.
            measure(&law, folder.path(), &input, (Format::Xlsx, true, Layers::Applied))?;
        }
    }
    println!("peak memory {:.0} MB", megabytes(peak_memory()));
    Ok(())
}

fn measure(
    law: &Law<'_>,
    folder: &Path,
    input: &Path,
    (format, fees, layers): (Format, bool, Layers),
) -> Result<(), Box<dyn Error>> {
    let today = Day::parse_iso(b"2026-11-22").ok_or("a date")?;
    let out = folder.join("out");
    let options = Options { format, fees, layers, ..Options::new(today, Output::Folder(out.clone())) };
    let (start, worked) = (Instant::now(), processor_seconds());
    let done = run(&[Input::File(input.to_owned())], &options, law, &mut |_, _| {})?;
    let (took, worked) = (start.elapsed(), processor_seconds() - worked);
    let mut files = vec![input.to_owned()];
    files.extend(["bill", "layers"].map(|name| out.join(format!("{name}.{}", format.extension()))));
    let start = Instant::now();
    for (at, file) in files.iter().filter(|file| file.exists()).enumerate() {
        // The input is read and not written; the outputs are read and written.
        let mut to: Box<dyn Write> =
            if at == 0 { Box::new(io::sink()) } else { Box::new(File::create(folder.join("copy"))?) };
        io::copy(&mut File::open(file)?, &mut to)?;
    }
    File::open(folder.join("copy"))?.sync_all()?;
    let copied = start.elapsed();
    println!(
        "  {format:?}{}: {:.0} lines/s, {:.1} MB out, {:.2} s, {worked:.2} s of processor time; {:.1} times a plain copy ({:.2} s)",
        if fees { " with fees" } else { "" },
        per_second(done.summary.lines, took),
        megabytes(done.summary.bytes_out),
        took.as_secs_f64(),
        took.as_secs_f64() / copied.as_secs_f64(),
        copied.as_secs_f64(),
    );
    fs::remove_dir_all(&out)?;
    Ok(())
}
