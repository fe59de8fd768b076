//! How long the panel takes, and how long plain writing of the same columns from memory:
//! `cargo run --release -p portolan-panel --example panel_speed -- [FROM] [UNTIL] [ROUNDS]`.
//!
//! All statistical numbers from all countries, from 2018-01-01 up to and including 2026-11-22 where no days are given. Each
//! piece of work runs in a process of its own, so that its peak of memory is its own, and the shortest of the rounds counts.
//!
//! - **Classes.** The panel unexpanded, written: three files.
//! - **Expanded.** The panel as one file. Before the first row all pairs of classes are worked out; the rest is expansion
//!   and writing, and both are told.
//! - **Plain.** Groups of rows of the expanded file, spread over it, are brought into memory as record batches, and while
//!   the clock stands. Then they are written over and over, until the file has as many rows: with the same settings and as
//!   many threads, each of which encodes a group. The file is synced, as the panel is.

#[path = "../../portolan-entry/examples/common/measure.rs"]
mod measure;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use measure::{megabytes, peak_memory, per_second, processor_seconds};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use portolan_engine::Law;
use portolan_entry::countries;
use portolan_entry::manifest::Manifest;
use portolan_ledger::line::View;
use portolan_ledger::{Day, Side};
use portolan_panel::compare::goods_of_schedule;
use portolan_panel::panel::{self, Form, Options};

/// Rows that are held in memory to be written plainly.
const ROWS_HELD: usize = 3_000_000;

type Fault = Box<dyn Error + Send + Sync>;

/// What a piece of work took, in a process of its own.
#[derive(Clone, Copy, Debug, Default)]
struct Took {
    wall: f64,
    /// Seconds of all threads.
    worked: f64,
    /// The same up to the first row.
    wall_before: f64,
    worked_before: f64,
    rows: u64,
    peak: u64,
}

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize, usual: &str| arguments.get(at).map_or(usual, String::as_str).to_owned();
    if argument(0, "") == "--phase" {
        let [_, name, folder, from, until] = arguments.as_slice() else { return Err("a phase".into()) };
        let took = phase(name, Path::new(folder), (from, until))?;
        let Took { wall, worked, wall_before, worked_before, rows, .. } = took;
        println!("{wall} {worked} {wall_before} {worked_before} {rows} {}", peak_memory());
        return Ok(());
    }
    let days = [argument(0, "2018-01-01"), argument(1, "2026-11-23")];
    let folder = std::env::temp_dir().join(format!("portolan-panel-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = compare(&folder, &days, argument(2, "1").parse()?);
    fs::remove_dir_all(&folder)?;
    result
}

/// Runs the pieces of work one after another and prints what they took.
fn compare(folder: &Path, days: &[String; 2], rounds: usize) -> Result<(), Fault> {
    let piece = |name: &str| -> Result<Took, Fault> {
        let all = (0..rounds.max(1)).map(|_| child(name, folder, days)).collect::<Result<Vec<_>, _>>()?;
        all.into_iter().min_by(|a, b| a.wall.total_cmp(&b.wall)).ok_or_else(|| "a round".into())
    };
    println!("all numbers from all countries, from {} until {}, {} threads", days[0], days[1], threads());
    let classes = piece("classes")?;
    show("classes, worked out and written", (classes.wall, classes.worked), classes.rows, classes.peak)?;
    let expanded = piece("expanded")?;
    show("expanded, all of it", (expanded.wall, expanded.worked), expanded.rows, expanded.peak)?;
    let before = (expanded.wall_before, expanded.worked_before);
    println!("  of it pairs of classes, before the first row {:.2} s, {:.2} s of processor time", before.0, before.1);
    let after = (expanded.wall - before.0, expanded.worked - before.1);
    println!("  of it expansion and writing {:.2} s, {:.2} s of processor time", after.0, after.1);
    let plain = piece("plain")?;
    show("plain writing of the same columns from memory", (plain.wall, plain.worked), plain.rows, plain.peak)?;
    for (name, (wall, worked)) in
        [("expansion and writing", after), ("all of the expanded form", (expanded.wall, expanded.worked))]
    {
        let (of_wall, of_worked) = (wall / plain.wall, worked / plain.worked);
        println!("{name} to plain writing: ratio {of_wall:.2}, of processor time {of_worked:.2}");
    }
    Ok(())
}

fn show(name: &str, (wall, worked): (f64, f64), rows: u64, peak: u64) -> io::Result<()> {
    let speed = per_second(rows, Duration::from_secs_f64(wall));
    let peak = megabytes(peak);
    println!("{name}: {wall:.2} s, {worked:.2} s of processor time, {rows} rows, {speed:.0} rows/s, peak {peak:.0} MB");
    io::stdout().flush()
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does a piece of work in a process of its own.
fn child(name: &str, folder: &Path, days: &[String; 2]) -> Result<Took, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    let done = command.args(["--phase", name]).arg(folder).args(days).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(done.stdout)?;
    let told: Vec<&str> = text.split_whitespace().collect();
    let [wall, worked, wall_before, worked_before, rows, peak] = told[..] else {
        return Err(format!("{name} ended with {}: {text}", done.status).into());
    };
    Ok(Took {
        wall: wall.parse()?,
        worked: worked.parse()?,
        wall_before: wall_before.parse()?,
        worked_before: worked_before.parse()?,
        rows: rows.parse()?,
        peak: peak.parse()?,
    })
}

/// The work of a child.
fn phase(name: &str, folder: &Path, days: (&str, &str)) -> Result<Took, Fault> {
    match name {
        "classes" => ours(Form::Classes, &folder.join("classes.parquet"), days),
        "expanded" => ours(Form::Intervals, &folder.join("expanded.parquet"), days),
        _ => plain(&folder.join("expanded.parquet"), &folder.join("plain.parquet")),
    }
}

/// The project's own work.
fn ours(form: Form, output: &Path, (from, until): (&str, &str)) -> Result<Took, Fault> {
    let day = |text: &str| Day::parse_iso(text.as_bytes()).ok_or("a day");
    let (from, until) = (day(from)?, day(until)?);
    let fault = |error: &dyn std::fmt::Display| Fault::from(error.to_string());
    let (ledger, schedule) =
        (portolan_law::ledger().map_err(|e| fault(&e))?, portolan_law::schedule().map_err(|e| fault(&e))?);
    let law = Law::new(&ledger, Some(&schedule));
    let options = Options {
        from,
        until,
        side: Side(0),
        codes: goods_of_schedule(&schedule, (from, until)),
        origins: countries::all().map(|(origin, _)| origin).filter(|origin| origin.0 != *b"US").collect(),
        view: View::Assessed,
        known_date: until,
        form,
        threads: threads(),
    };
    let manifest = Manifest {
        ledger_version: ledger.version.clone(),
        known_date: until,
        view: View::Assessed,
        command: Vec::new(),
        inputs: Vec::new(),
    };
    let (start, worked) = (Instant::now(), processor_seconds());
    let mut before = None;
    let done = panel::write(&law, &options, output, &manifest, &mut |_, _| {
        before.get_or_insert_with(|| (start.elapsed().as_secs_f64(), processor_seconds() - worked));
    })?;
    let (wall_before, worked_before) = before.unwrap_or_default();
    let (wall, worked) = (start.elapsed().as_secs_f64(), processor_seconds() - worked);
    let rows = done.files.iter().map(|(_, rows)| rows).sum();
    Ok(Took { wall, worked, wall_before, worked_before, rows, peak: 0 })
}

/// Writes as many rows as a panel has, of groups of it that are held in memory.
fn plain(panel: &Path, output: &Path) -> Result<Took, Fault> {
    let (held, rows) = held(panel)?;
    let schema = held.first().ok_or("a group of rows")?.schema();
    let root = ArrowSchemaConverter::new().convert(&schema)?.root_schema_ptr();
    let lengths = held.iter().map(RecordBatch::num_rows).cycle();
    let before = lengths.scan(0, |sum, own| Some(std::mem::replace(sum, *sum + own)));
    let count = before.take_while(|before| *before < rows).count();
    let (start, worked) = (Instant::now(), processor_seconds());
    let out = File::create(output)?;
    let mut file = SerializedFileWriter::new(out.try_clone()?, root, Arc::new(properties()?))?;
    let factory = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema));
    let next = &AtomicUsize::new(0);
    let (done, arrived) = mpsc::sync_channel(2 * threads());
    thread::scope(|scope| {
        for _ in 0..threads() {
            let (done, factory, held) = (done.clone(), &factory, &held);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count || done.send((at, encoded(factory, &held[at % held.len()]))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let (mut early, mut written) = (BTreeMap::new(), 0);
        for (at, chunks) in arrived {
            early.insert(at, chunks?);
            while let Some(chunks) = early.remove(&written) {
                let mut group = file.next_row_group()?;
                for chunk in chunks {
                    ArrowColumnChunk::append_to_row_group(chunk, &mut group)?;
                }
                group.close()?;
                written += 1;
            }
        }
        Ok::<(), ParquetError>(())
    })?;
    let told = file.finish()?;
    out.sync_all()?;
    let (wall, worked) = (start.elapsed().as_secs_f64(), processor_seconds() - worked);
    Ok(Took { wall, worked, rows: u64::try_from(told.file_metadata().num_rows())?, ..Took::default() })
}

/// What the panel is written with.
fn properties() -> Result<WriterProperties, ParquetError> {
    let level = ZstdLevel::try_new(1)?;
    let built = WriterProperties::builder().set_compression(Compression::ZSTD(level));
    Ok(built.set_max_row_group_row_count(Some(usize::MAX)).build())
}

fn encoded(factory: &ArrowRowGroupWriterFactory, batch: &RecordBatch) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    let mut writers = factory.create_column_writers(0)?;
    for ((writer, field), column) in writers.iter_mut().zip(batch.schema().fields()).zip(batch.columns()) {
        for leaf in compute_leaves(field, column)? {
            writer.write(&leaf)?;
        }
    }
    writers.into_iter().map(ArrowColumnWriter::close).collect()
}

/// Groups of rows from all over a file, each one batch with the types that the panel has in memory, and the file's rows.
fn held(path: &Path) -> Result<(Vec<RecordBatch>, usize), Fault> {
    let file = File::open(path)?;
    let stored = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default())?;
    let options = ArrowReaderOptions::default().with_schema(in_memory(stored.schema()));
    let metadata = ArrowReaderMetadata::load(&file, options)?;
    let groups = metadata.metadata().row_groups();
    let rows = usize::try_from(groups.iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).sum::<i64>())?;
    let step = rows.div_ceil(ROWS_HELD).max(1);
    let mut held = Vec::new();
    for at in (0..groups.len()).step_by(step) {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file.try_clone()?, metadata.clone());
        let size = usize::try_from(groups[at].num_rows())?;
        for batch in builder.with_row_groups(vec![at]).with_batch_size(size).build()? {
            held.push(batch?);
        }
    }
    Ok((held, rows))
}

/// Texts as numbers of a list, points in 64 bits.
fn in_memory(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let kind = match field.data_type() {
            DataType::Utf8 => DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8)),
            DataType::Decimal128(digits, places) => DataType::Decimal64(*digits, *places),
            other => other.clone(),
        };
        Field::new(field.name(), kind, field.is_nullable())
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
