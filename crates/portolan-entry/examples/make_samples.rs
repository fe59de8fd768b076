//! Writes the samples of the folder `examples/`: `cargo run --release -p portolan-entry --example make_samples -- FOLDER`.
//!
//! The report is what a broker has: some hundreds of lines, a row for each tariff number, exported as CSV and saved once
//! more by a spreadsheet. Numbers of the schedule are real; importer, entries, values and quantities are drawn by chance
//! from a seed. What was filed is what the ledger says was to be paid, but for some lines where a filer's slip was put in.

#[path = "common/report.rs"]
mod report;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use portolan_engine::Law;
use portolan_entry::generate::Chance;
use portolan_entry::{Input, Layers, Options, Output, run};
use portolan_ledger::{Cents, Day};
use report::{COLUMNS, us_day, workbook};

const SEED: u64 = 20_260_407;
const LINES: usize = 420;

/// What the importer brings in: number, dollars an entry line is worth at least, unit of quantity, dollars apiece.
const GOODS: [(&str, i64, &str, i64); 27] = [
    ("9403608089", 4_000, "NO", 90),
    ("9403200050", 3_000, "NO", 60),
    ("9401616011", 6_000, "NO", 120),
    ("9405118010", 1_200, "NO", 25),
    ("8471300100", 40_000, "NO", 650),
    ("8517130000", 60_000, "NO", 480),
    ("8528724800", 15_000, "NO", 210),
    ("8544422000", 2_500, "NO", 4),
    ("8504409550", 5_000, "NO", 18),
    ("8507600020", 9_000, "NO", 55),
    ("8708998180", 7_500, "KG", 11),
    ("8708305090", 6_000, "KG", 9),
    ("7318152095", 2_000, "KG", 3),
    ("7318160085", 1_500, "KG", 4),
    ("7615107180", 1_800, "NO", 7),
    ("8481803090", 3_500, "NO", 22),
    ("8413919096", 2_800, "X", 1),
    ("8421230000", 1_100, "NO", 6),
    ("3926909989", 900, "KG", 8),
    ("3923210095", 1_400, "KG", 3),
    ("4202923131", 2_200, "NO", 14),
    ("6109100012", 3_300, "DOZ", 38),
    ("6203424511", 4_100, "DOZ", 96),
    ("6402999035", 5_200, "PRS", 12),
    ("9503000073", 2_700, "NO", 5),
    ("9506910030", 3_900, "NO", 75),
    ("0711510000", 800, "KG", 2),
];

/// Where from, as often as it stands here.
const ORIGINS: [&str; 16] =
    ["CN", "CN", "CN", "CN", "CN", "VN", "VN", "MX", "MX", "IN", "TW", "DE", "JP", "KR", "TH", "XO"];

/// A line before it is filed.
struct Line {
    entry: String,
    number: usize,
    code: &'static str,
    origin: &'static str,
    day: Day,
    value: i64,
    quantity: i64,
    unit: &'static str,
    port: &'static str,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("the folder of the samples")?);
    let (ledger, schedule) = (portolan_law::ledger()?, portolan_law::schedule()?);
    let law = Law::new(&ledger, Some(&schedule));
    let mut chance = Chance::new(SEED);
    let lines = draw(&mut chance)?;
    let filed = filed(&law, &lines)?;
    let rows = rows_of(&lines, &filed, &mut chance);
    let mut csv = csv::Writer::from_path(folder.join("es003.csv"))?;
    csv.write_record(COLUMNS)?;
    for row in &rows {
        csv.write_record(row)?;
    }
    csv.flush()?;
    workbook(&rows)?.save(folder.join("es003.xlsx"))?;
    other_forms(&folder)?;
    println!("{} lines, {} rows, seed {SEED}", lines.len(), rows.len());
    Ok(())
}

fn draw(chance: &mut Chance) -> Result<Vec<Line>, Box<dyn Error>> {
    let first = Day::parse_iso(b"2025-01-13").ok_or("a date")?;
    let ports = ["2704", "4601", "1703", "0901", "5301", "3001"];
    let mut lines = Vec::new();
    let mut entry = 0;
    while lines.len() < LINES {
        entry += 1;
        let day = Day(first.0 + i32::try_from(entry * 3 + chance.below(3))?);
        let port = ports[chance.below(ports.len())];
        let origin = ORIGINS[chance.below(ORIGINS.len())];
        for number in 1..=1 + chance.below(6) {
            let (code, least, unit, apiece) = GOODS[chance.below(GOODS.len())];
            let value = least + i64::try_from(chance.below(usize::try_from(least)? * 4))?;
            let entry = format!("0A1{:08}", 10_000_000 + entry * 37);
            lines.push(Line { entry, number, code, origin, day, value, quantity: value / apiece + 1, unit, port });
        }
    }
    Ok(lines)
}

/// What was to be paid on each line, as rows of its applied layers: sequence, heading, duty.
fn filed(law: &Law<'_>, lines: &[Line]) -> Result<BTreeMap<usize, Vec<(usize, String, String)>>, Box<dyn Error>> {
    let mut text = "hts_number,country_of_origin,entry_date,entered_value_usd,quantity_1,unit_1\n".to_owned();
    for line in lines {
        let origin = if line.origin == "XO" { "CA" } else { line.origin };
        writeln!(text, "{},{origin},{},{},{},{}", line.code, line.day, line.value, line.quantity, line.unit)?;
    }
    let today = Day::parse_iso(b"2026-11-22").ok_or("a date")?;
    let mut options = Options::new(today, Output::Memory);
    options.layers = Layers::Applied;
    let input = Input::Text { name: "lines".to_owned(), bytes: text.into_bytes() };
    let done = run(&[input], &options, law, &mut |_, _| {})?;
    let mut reader = csv::Reader::from_reader(done.layers.as_slice());
    let names = reader.headers()?.clone();
    let at = |name: &str| names.iter().position(|n| n == name).ok_or(format!("no column {name}"));
    let (row, seq, status) = (at("source_row")?, at("seq")?, at("status")?);
    let (family, heading, duty) = (at("family")?, at("heading")?, at("duty")?);
    let mut filed: BTreeMap<usize, Vec<(usize, String, String)>> = BTreeMap::new();
    for record in reader.records() {
        let record = record?;
        if !matches!(&record[status], "applied" | "exempt" | "beyond_horizon") || &record[family] == "fee" {
            continue;
        }
        let heading = if &record[family] == "mfn" { String::new() } else { record[heading].replace('.', "") };
        if &record[family] != "mfn" && heading.is_empty() {
            continue;
        }
        let place = record[seq].parse().unwrap_or(usize::MAX);
        filed.entry(record[row].parse()?).or_default().push((place, heading, record[duty].to_owned()));
    }
    Ok(filed)
}

/// Rows of the report: the headings of a line in their order, then the article.
fn rows_of(
    lines: &[Line],
    filed: &BTreeMap<usize, Vec<(usize, String, String)>>,
    chance: &mut Chance,
) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (at, line) in (1..).zip(lines) {
        let mut duties = filed.get(&at).cloned().unwrap_or_default();
        duties.sort();
        let ordinary =
            duties.iter().find(|(_, heading, _)| heading.is_empty()).map_or("0", |(.., duty)| duty).to_owned();
        duties.retain(|(_, heading, _)| !heading.is_empty());
        duties.dedup_by(|a, b| a.1 == b.1);
        match chance.below(100) {
            // A heading was forgotten; an amount was typed wrong.
            0..4 => drop(duties.pop()),
            4..7 => {
                if let Some((.., duty)) = duties.first_mut() {
                    *duty = format!("{}", duty.split('.').next().and_then(|d| d.parse::<i64>().ok()).unwrap_or(0) / 10);
                }
            }
            _ => {}
        }
        let liquidated = Day(line.day.0 + 314);
        let is_final = liquidated.to_string().as_str() < "2026-06-01";
        let numbers = duties.iter().map(|(_, heading, duty)| (heading.as_str(), duty.as_str()));
        for (ordinal, (code, duty)) in (1..).zip(numbers.chain([(line.code, ordinary.as_str())])) {
            let is_article = code == line.code;
            let only = |text: String| if is_article { text } else { String::new() };
            rows.push(vec![
                line.entry.clone(),
                "01".to_owned(),
                "00-0000000".to_owned(),
                line.port.to_owned(),
                us_day(line.day),
                us_day(Day(line.day.0 + 10)),
                line.number.to_string(),
                "999".to_owned(),
                line.origin.to_owned(),
                if line.origin == "XO" { "CA".to_owned() } else { line.origin.to_owned() },
                format!("{}EXAMPLE{}", line.origin, line.number),
                String::new(),
                String::new(),
                ordinal.to_string(),
                code.to_owned(),
                only(line.quantity.to_string()),
                only(line.unit.to_owned()),
                if is_article { format!("{}.00", line.value) } else { "0.00".to_owned() },
                with_cents(duty),
                if is_final { us_day(liquidated) } else { String::new() },
                if is_final { "Liquidated" } else { "Not Liquidated" }.to_owned(),
                "N".to_owned(),
            ]);
        }
    }
    rows
}

fn with_cents(duty: &str) -> String {
    match duty {
        "" => "0.00".to_owned(),
        whole if !whole.contains('.') => format!("{whole}.00"),
        other => other.to_owned(),
    }
}

/// `entries.csv` as JSON lines and as Parquet.
fn other_forms(folder: &std::path::Path) -> Result<(), Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(folder.join("entries.csv"))?;
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let mut lines = String::new();
    for row in &rows {
        let cells = names.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let cells = cells.map(|(name, cell)| Ok(format!("{}:{}", serde_json::to_string(name)?, json(name, cell)?)));
        let cells: Vec<String> = cells.collect::<Result<_, Box<dyn Error>>>()?;
        writeln!(lines, "{{{}}}", cells.join(","))?;
    }
    fs::write(folder.join("entries.jsonl"), lines)?;
    let columns: Vec<ArrayRef> =
        names.iter().enumerate().map(|(at, name)| column(name, rows.iter().map(|row| &row[at]))).collect();
    let fields = names.iter().zip(&columns).map(|(name, array)| Field::new(name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema.clone(), None)?;
    writer.write(&RecordBatch::try_new(schema, columns)?)?;
    writer.close()?;
    fs::write(folder.join("entries.parquet"), out)?;
    Ok(())
}

fn json(name: &str, cell: &str) -> Result<String, Box<dyn Error>> {
    Ok(if cell.contains(';') {
        serde_json::to_string(&cell.split(';').collect::<Vec<_>>())?
    } else if name.ends_with("Amount") || name.ends_with("_pct") {
        cell.to_owned()
    } else {
        serde_json::to_string(cell)?
    })
}

/// Days as days, amounts as decimals of cents, the rest as texts.
fn column<'c>(name: &str, cells: impl Iterator<Item = &'c str>) -> ArrayRef {
    let cells: Vec<Option<&str>> = cells.map(|cell| Some(cell).filter(|cell| !cell.is_empty())).collect();
    let stated = || cells.iter().flatten();
    if name.to_lowercase().ends_with("date") && stated().all(|cell| Day::parse_iso(cell.as_bytes()).is_some()) {
        let days = cells.iter().map(|cell| cell.and_then(|cell| Day::parse_iso(cell.as_bytes())).map(|day| day.0));
        return Arc::new(days.collect::<Date32Array>());
    }
    if name.ends_with("Amount") && stated().all(|cell| Cents::parse(cell.as_bytes()).is_ok()) {
        let cents = cells.iter().map(|cell| cell.and_then(|cell| Cents::parse(cell.as_bytes()).ok()));
        let amounts = cents.map(|cents| cents.map(|cents| i128::from(cents.0))).collect::<Decimal128Array>();
        if let Ok(amounts) = amounts.with_precision_and_scale(18, 2) {
            return Arc::new(amounts);
        }
    }
    Arc::new(cells.into_iter().collect::<StringArray>())
}
