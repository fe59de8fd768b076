//! Files of other forms, made of CSV: for tests that want the same lines in every form.

use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, DictionaryArray, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use parquet::arrow::ArrowWriter;
use portolan_ledger::Day;
use rust_xlsxwriter::{Format, Workbook};

/// The rows of a CSV text, the header first.
pub fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Rows as CSV.
pub fn csv(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// One object a line; empty cells are left out.
pub fn jsonl(rows: &[Vec<String>]) -> Vec<u8> {
    let mut out = Vec::new();
    for row in &rows[1..] {
        let cells = rows[0].iter().zip(row).filter(|(_, cell)| !cell.is_empty());
        let object: serde_json::Map<String, serde_json::Value> =
            cells.map(|(name, cell)| (name.clone(), json_value(name, cell))).collect();
        serde_json::to_writer(&mut out, &object).unwrap();
        out.push(b'\n');
    }
    out
}

/// Lists as lists, values as numbers, the rest as texts.
fn json_value(name: &str, cell: &str) -> serde_json::Value {
    if cell.contains(';') {
        cell.split(';').collect::<Vec<_>>().into()
    } else if name.contains("value") {
        serde_json::from_str(cell).unwrap()
    } else {
        cell.into()
    }
}

/// Parquet, with the types that programs give such columns.
pub fn parquet(rows: &[Vec<String>]) -> Vec<u8> {
    let columns: Vec<(&str, ArrayRef)> = rows[0]
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cells: Vec<Option<&str>> =
                rows[1..].iter().map(|row| Some(row[at].as_str()).filter(|cell| !cell.is_empty())).collect();
            (name.as_str(), column(name, &cells))
        })
        .collect();
    parquet_of(columns)
}

fn column(name: &str, cells: &[Option<&str>]) -> ArrayRef {
    let days: Vec<Option<Option<Day>>> = cells.iter().map(|cell| cell.map(|c| Day::parse_iso(c.as_bytes()))).collect();
    if name.ends_with("_date") && days.iter().flatten().all(Option::is_some) {
        return Arc::new(days.iter().map(|day| day.flatten().map(|day| day.0)).collect::<Date32Array>());
    }
    if name.ends_with("value_usd") {
        let cents = |cell: &str| portolan_ledger::Cents::parse(cell.as_bytes()).unwrap().0.into();
        let values: Decimal128Array = cells.iter().map(|cell| cell.map(cents)).collect();
        return Arc::new(values.with_precision_and_scale(18, 2).unwrap());
    }
    if name.starts_with("country") {
        return Arc::new(cells.iter().copied().collect::<DictionaryArray<Int32Type>>());
    }
    Arc::new(cells.iter().copied().collect::<StringArray>())
}

/// Parquet of columns as they are, in row groups of a thousand.
pub fn parquet_of(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let fields =
        columns.iter().map(|(name, array)| arrow::datatypes::Field::new(*name, array.data_type().clone(), true));
    let schema = Arc::new(arrow::datatypes::Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_max_row_group_row_count(Some(1_000))
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

/// A workbook: days as days, values as numbers, a title above the header, a sheet before it that holds no entry lines.
pub fn xlsx(rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Cover").unwrap().write(0, 0, "Prepared for a test").unwrap();
    let sheet = book.add_worksheet().set_name("Main Report").unwrap();
    sheet.write(0, 0, "Entry lines").unwrap();
    sheet.write(1, 2, "as of 2026").unwrap();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for (at, name) in rows[0].iter().enumerate() {
        let column = u16::try_from(at).unwrap();
        sheet.write(3, column, name.as_str()).unwrap();
        for (row, cells) in (4..).zip(&rows[1..]) {
            let cell = cells[at].as_str();
            if name.contains("value") && !cell.is_empty() {
                sheet.write(row, column, cell.parse::<f64>().unwrap()).unwrap();
            } else if name.ends_with("_date") && Day::parse_iso(cell.as_bytes()).is_some() {
                let date = rust_xlsxwriter::ExcelDateTime::parse_from_str(cell).unwrap();
                sheet.write_with_format(row, column, &date, &day).unwrap();
            } else if !cell.is_empty() {
                sheet.write(row, column, cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// Packed with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Packed with Zstandard.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}
