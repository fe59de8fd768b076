//! How fast each form is read: `cargo run --release -p portolan-entry --example read_speed -- [LINES]`.
//!
//! Read means: opened, the header understood, every row taken apart into its cells, on one thread. Printed beside it is
//! what the plain library takes to read the same file to its end and do nothing with it, and the ratio of the two.
//! Workbooks and reports hold a tenth of the lines. A report in a workbook is measured by `ratios`.

#[path = "common/reading.rs"]
mod reading;

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use portolan_engine::Law;
use portolan_entry::generate;
use reading::{plain_book, read};
use rust_xlsxwriter::Workbook;

type Plain = fn(&Path) -> Result<u64, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let lines: usize = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let (ledger, schedule) = (portolan_law::ledger()?, portolan_law::schedule()?);
    let law = Law::new(&ledger, Some(&schedule));
    let folder = std::env::temp_dir().join(format!("portolan-read-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = bench(&law, lines, &folder);
    fs::remove_dir_all(&folder)?;
    result
}

fn bench(law: &Law<'_>, lines: usize, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut text = Vec::new();
    generate::write_csv(law, 1, lines, &mut text)?;
    let write = |name: &str, bytes: &[u8]| -> Result<PathBuf, Box<dyn Error>> {
        let path = folder.join(name);
        fs::write(&path, bytes)?;
        Ok(path)
    };
    let csv = write("lines.csv", &text)?;
    timed("CSV", &csv, plain_csv)?;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&text)?;
    timed("CSV, gzip", &write("lines.gz", &packed.finish()?)?, plain_gzip)?;
    timed("CSV, zstd", &write("lines.zst", &zstd::encode_all(text.as_slice(), 3)?)?, plain_zstd)?;
    let rows = read_rows(&text)?;
    drop(text);
    timed("JSON lines", &write("lines.jsonl", json(&rows)?.as_bytes())?, plain_json)?;
    timed("Parquet", &write("lines.parquet", &parquet(&rows)?)?, plain_parquet)?;
    let part = &rows[..=(lines / 10).min(1_000_000)];
    let path = folder.join("lines.xlsx");
    book(part)?.save(&path)?;
    timed("workbook", &path, plain_book)?;
    let report = report(part);
    let mut out = csv::Writer::from_writer(Vec::new());
    report.iter().try_for_each(|row| out.write_record(row))?;
    timed("report, CSV", &write("report.csv", &out.into_inner()?)?, plain_csv)
}

/// Reads a file by both ways, each three times, and prints the best of each.
fn timed(name: &str, path: &Path, plain: Plain) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    let mut lines = 0;
    for _ in 0..3 {
        let start = Instant::now();
        lines = read(path)?;
        ours = ours.min(start.elapsed());
        let start = Instant::now();
        black_box(plain(path)?);
        theirs = theirs.min(start.elapsed());
    }
    let bytes = fs::metadata(path)?.len();
    #[expect(clippy::cast_precision_loss, reason = "for a person to read")]
    let (rate, size) = (lines as f64 / ours.as_secs_f64(), bytes as f64 / 1e6);
    println!(
        "{name}: {lines} lines, {size:.1} MB in {:.3} s, {rate:.0} lines/s; plain read {:.3} s, ratio {:.2}",
        ours.as_secs_f64(),
        theirs.as_secs_f64(),
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    Ok(())
}

fn plain_csv(path: &Path) -> Result<u64, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let mut lines = 0;
    while reader.read_byte_record(&mut record)? {
        black_box(&record);
        lines += 1;
    }
    Ok(lines)
}

fn plain_gzip(path: &Path) -> Result<u64, Box<dyn Error>> {
    drain(flate2::read::MultiGzDecoder::new(File::open(path)?))
}

fn plain_zstd(path: &Path) -> Result<u64, Box<dyn Error>> {
    drain(zstd::Decoder::new(File::open(path)?)?)
}

/// The rows of a text that is unpacked.
fn drain(from: impl Read) -> Result<u64, Box<dyn Error>> {
    let mut reader = csv::Reader::from_reader(from);
    let mut record = csv::ByteRecord::new();
    let mut lines = 0;
    while reader.read_byte_record(&mut record)? {
        black_box(&record);
        lines += 1;
    }
    Ok(lines)
}

fn plain_json(path: &Path) -> Result<u64, Box<dyn Error>> {
    let mut lines = 0;
    for line in BufReader::new(File::open(path)?).lines() {
        black_box(serde_json::from_str::<serde_json::Value>(&line?)?);
        lines += 1;
    }
    Ok(lines)
}

fn plain_parquet(path: &Path) -> Result<u64, Box<dyn Error>> {
    let mut lines = 0;
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.with_batch_size(8_192).build()? {
        lines += black_box(batch?).num_rows() as u64;
    }
    Ok(lines)
}

fn read_rows(text: &[u8]) -> Result<Vec<csv::StringRecord>, Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text);
    Ok(reader.records().collect::<Result<_, _>>()?)
}

fn json(rows: &[csv::StringRecord]) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    for row in &rows[1..] {
        for (at, (name, cell)) in rows[0].iter().zip(row).filter(|(_, cell)| !cell.is_empty()).enumerate() {
            let sign = if at == 0 { '{' } else { ',' };
            write!(out, "{sign}{}:{}", serde_json::to_string(name)?, serde_json::to_string(cell)?)?;
        }
        out.push_str("}\n");
    }
    Ok(out)
}

fn parquet(rows: &[csv::StringRecord]) -> Result<Vec<u8>, Box<dyn Error>> {
    let fields: Vec<Field> =
        rows[0].iter().map(|name| Field::new(name, arrow::datatypes::DataType::Utf8, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let level = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(level).build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema.clone(), Some(properties))?;
    for part in rows[1..].chunks(65_536) {
        let column = |at: usize| -> ArrayRef {
            Arc::new(part.iter().map(|row| row.get(at).filter(|cell| !cell.is_empty())).collect::<StringArray>())
        };
        writer.write(&RecordBatch::try_new(schema.clone(), (0..rows[0].len()).map(column).collect())?)?;
    }
    writer.close()?;
    Ok(out)
}

fn book(rows: &[csv::StringRecord]) -> Result<Workbook, Box<dyn Error>> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write(row, column, cell)?;
        }
    }
    Ok(book)
}

/// Three rows a line: two headings and the article.
fn report(rows: &[csv::StringRecord]) -> Vec<csv::StringRecord> {
    let mut out = vec![csv::StringRecord::from(vec![
        "Entry Summary Number",
        "Entry Summary Line Number",
        "HTS Number - Full",
        "Country of Origin Code",
        "Entry Date",
        "Tariff Ordinal Number",
        "Line Tariff Goods Value Amount",
        "Line Tariff Duty Amount",
        "Importer Number",
    ])];
    for row in rows.iter().skip(1) {
        for (ordinal, code) in [("1", "99990001"), ("2", "99990002"), ("3", &row[2])] {
            let value = if ordinal == "3" { &row[5] } else { "0.00" };
            let cells = [&row[0], &row[1], code, &row[3], &row[4], ordinal, value, "12.50", "00-0000000"];
            out.push(csv::StringRecord::from(cells.to_vec()));
        }
    }
    out
}
