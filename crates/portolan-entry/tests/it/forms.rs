//! Every form of output holds the same columns and the same values as CSV.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use calamine::{Data, Reader, Xlsx};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use portolan_entry::{Done, Format, Layers, Options, Output, RunError, run};
use portolan_ledger::Day;
use portolan_ledger::number::format_scaled;

use crate::{LAW, Table, sums, text, today};

const LISTS: [&str; 3] = ["needs_input", "beyond_horizon", "hts99_sequence"];

/// Lines with what is hard to write: quotes, line breaks, control signs, wide letters, and what is filed.
fn lines() -> String {
    let drawn = sums::drawn(11, 300);
    let mut rows = drawn.lines();
    let mut out = format!("{},buyer,filed_duty_total\n", rows.next().unwrap());
    let buyers = ["plain", "\"Toys, \"\"R\"\"\"", "\"two\nlines\"", "关税 é \u{1F600}", "", "=1+1", "back\\slash\ttab"];
    for (at, row) in rows.enumerate() {
        let filed = if at % 3 == 0 { "17.50" } else { "" };
        let _ = writeln!(out, "{row},{},{filed}", buyers[at % buyers.len()]);
    }
    out
}

fn done(file: &str, format: Format, layers: Layers, threads: usize) -> Result<Done, RunError> {
    let options = Options { format, layers, threads, ..Options::new(today(), Output::Memory) };
    run(&[text(file)], &options, &LAW, &mut |_, _| {})
}

/// The rows of a Parquet file as the text that CSV has.
fn of_parquet(bytes: &[u8]) -> Table {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(bytes)).unwrap();
    let names: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let rows = batches.iter().flat_map(|batch| {
        (0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| cell(column, row)).collect::<Vec<_>>())
    });
    Table { names, rows: rows.collect() }
}

fn cell(column: &dyn Array, row: usize) -> String {
    if column.is_null(row) {
        return String::new();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Date32 => Day(column.as_primitive::<Date32Type>().value(row)).to_string(),
        DataType::Decimal128(18, scale) => {
            let value = i64::try_from(column.as_primitive::<Decimal128Type>().value(row)).unwrap();
            cents_of(value, u32::try_from(*scale).unwrap())
        }
        other => panic!("a column of type {other}"),
    }
}

/// As CSV writes it: cents with both decimals or none.
fn cents_of(value: i64, places: u32) -> String {
    if places == 2 && value % 100 != 0 {
        return format!("{}{}.{:02}", if value < 0 { "-" } else { "" }, value.abs() / 100, value.abs() % 100);
    }
    format_scaled(value, places)
}

fn of_jsonl(bytes: &[u8], names: &[String]) -> Table {
    let objects = serde_json::Deserializer::from_slice(bytes).into_iter::<serde_json::Map<String, serde_json::Value>>();
    let value = |name: &String, value: &serde_json::Value| match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.to_string(),
        serde_json::Value::Array(items) => {
            assert!(LISTS.contains(&name.as_str()), "{name}");
            items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(";")
        }
        other => panic!("{name}: {other}"),
    };
    let rows = objects.map(|object| {
        let object = object.unwrap();
        assert_eq!(object.len(), names.len());
        names.iter().map(|name| value(name, &object[name])).collect()
    });
    Table { names: names.to_vec(), rows: rows.collect() }
}

fn of_sheet(book: &mut Xlsx<std::io::Cursor<Vec<u8>>>, sheet: &str) -> Vec<Vec<Data>> {
    book.worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
}

#[test]
fn parquet_holds_what_csv_holds_in_types() {
    let file = lines();
    let csv = done(&file, Format::Csv, Layers::All, 2).unwrap();
    let parquet = done(&file, Format::Parquet, Layers::All, 2).unwrap();
    for (csv, parquet) in [(&csv.bill, &parquet.bill), (&csv.layers, &parquet.layers)] {
        let (expected, found) = (Table::read(csv), of_parquet(parquet));
        assert_eq!(expected.names, found.names);
        assert_eq!(expected.rows.len(), found.rows.len());
        for (expected, found) in expected.rows.iter().zip(&found.rows) {
            assert_eq!(expected, found);
        }
    }
    let schema = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(parquet.bill)).unwrap();
    let kind = |name: &str| schema.schema().field_with_name(name).unwrap().data_type().clone();
    assert_eq!(kind("total_duty"), DataType::Decimal128(18, 2));
    assert_eq!(kind("s301_pct"), DataType::Decimal128(18, 6));
    assert_eq!((kind("source_row"), kind("hts_number")), (DataType::Int64, DataType::Utf8));
    let schema = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(parquet.layers)).unwrap();
    assert_eq!(*schema.schema().field_with_name("known_from").unwrap().data_type(), DataType::Date32);
}

#[test]
fn json_lines_hold_what_csv_holds() {
    let file = lines();
    let csv = done(&file, Format::Csv, Layers::All, 2).unwrap();
    let json = done(&file, Format::Jsonl, Layers::All, 2).unwrap();
    for (csv, json) in [(&csv.bill, &json.bill), (&csv.layers, &json.layers)] {
        let expected = Table::read(csv);
        let found = of_jsonl(json, &expected.names);
        assert_eq!(expected.rows, found.rows);
        assert_eq!(std::str::from_utf8(json).unwrap().lines().count(), expected.rows.len(), "one object a line");
    }
}

#[test]
fn a_workbook_has_a_sheet_for_each_table_and_the_same_values() {
    let file = lines();
    let csv = done(&file, Format::Csv, Layers::All, 2).unwrap();
    let xlsx = done(&file, Format::Xlsx, Layers::All, 2).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(xlsx.bill)).unwrap();
    assert_eq!(book.sheet_names(), ["summary", "bill", "layers", "findings"]);
    for (name, csv) in [("bill", &csv.bill), ("layers", &csv.layers)] {
        let (expected, found) = (Table::read(csv), of_sheet(&mut book, name));
        let head: Vec<String> = found[0].iter().map(ToString::to_string).collect();
        assert_eq!(head, expected.names);
        assert_eq!(found.len(), expected.rows.len() + 1);
        for (expected_row, found) in expected.rows.iter().zip(&found[1..]) {
            for (at, expected_cell) in expected_row.iter().enumerate() {
                let shown = match found.get(at) {
                    None | Some(Data::Empty) => String::new(),
                    Some(Data::DateTime(when)) => {
                        let (year, month, day, ..) = when.to_ymd_hms_milli();
                        format!("{year:04}-{month:02}-{day:02}")
                    }
                    Some(Data::Float(number)) if expected_cell.contains('.') && expected_cell.ends_with('0') => {
                        format!("{number:.2}")
                    }
                    Some(other) => other.to_string(),
                };
                assert_eq!(*expected_cell, shown, "{} of {expected_row:?}", expected.names[at]);
            }
        }
    }
    let findings = of_sheet(&mut book, "findings");
    let off = xlsx.summary.findings.iter().filter(|(finding, _)| finding.name() != "match");
    assert_eq!(findings.len() as u64, off.map(|(_, lines)| lines).sum::<u64>() + 1);
    assert!(findings.len() > 10);
    let summary = of_sheet(&mut book, "summary");
    let row = summary.iter().find(|row| row[0] == Data::String("Lines answered".to_owned())).unwrap();
    assert_eq!(row[1].to_string(), "300");
    let text = summary.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join("|");
    for word in ["Section 301, China", "Findings of the audit", "Antidumping", LAW.timeline.ledger.version.as_str()] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn threads_change_no_byte_of_any_form() {
    // A little more than one piece of the input.
    let file = sums::drawn(12, 8_000);
    assert!(file.len() > 550_000, "{}", file.len());
    for format in [Format::Parquet, Format::Jsonl] {
        let (one, three) =
            (done(&file, format, Layers::None, 1).unwrap(), done(&file, format, Layers::None, 3).unwrap());
        assert!(!one.bill.is_empty() && one.bill == three.bill, "{format:?}");
        assert_eq!(one.summary, three.summary);
    }
    let file = sums::drawn(12, 500);
    let (one, three) =
        (done(&file, Format::Xlsx, Layers::All, 1).unwrap(), done(&file, Format::Xlsx, Layers::All, 3).unwrap());
    assert!(one.bill == three.bill, "a workbook holds no time of its making");
}

#[test]
fn groups_of_parquet_have_a_fixed_number_of_rows() {
    let row = "9403.60.80,CN,2025-06-05,100\n";
    let file = format!("hts_number,country_of_origin,entry_date,entered_value_usd\n{}", row.repeat(250_001));
    let done = done(&file, Format::Parquet, Layers::None, 2).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(done.bill)).unwrap();
    let rows: Vec<i64> =
        reader.metadata().row_groups().iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).collect();
    assert_eq!(rows, [122_880, 122_880, 4_241]);
    let total: i128 = reader
        .build()
        .unwrap()
        .map(|batch| {
            let batch = batch.unwrap();
            let duty = batch.column_by_name("total_duty").unwrap().as_primitive::<Decimal128Type>().clone();
            duty.values().iter().sum::<i128>()
        })
        .sum();
    assert_eq!(total, done.summary.total_duty_cents);
}

#[test]
fn a_cell_that_excel_cannot_hold_is_refused_by_name() {
    let long = "x".repeat(40_000);
    let file = format!("hts_number,country_of_origin,entry_date,note\n9403.60.80,CN,2025-06-05,{long}\n");
    let refused = done(&file, Format::Xlsx, Layers::None, 1).unwrap_err();
    assert!(matches!(&refused, RunError::Form { what, .. } if what.contains("column note")), "{refused}");
}

#[test]
fn a_set_of_files_has_a_manifest_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("lines.csv");
    fs::write(&input, sums::drawn(13, 50)).unwrap();
    let out = folder.path().join("out");
    for (format, files) in [
        (Format::Csv, vec!["bill.csv", "layers.csv"]),
        (Format::Parquet, vec!["bill.parquet", "layers.parquet"]),
        (Format::Xlsx, vec!["bill.xlsx"]),
        (Format::Jsonl, vec!["bill.jsonl", "layers.jsonl"]),
    ] {
        let command = vec!["bill".to_owned(), "lines.csv".to_owned()];
        let options = Options { format, command, ..Options::new(today(), Output::Folder(out.clone())) };
        let done = run(&[portolan_entry::Input::File(input.clone())], &options, &LAW, &mut |_, _| {}).unwrap();
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
        let named: BTreeMap<String, (u64, u64, String)> = manifest["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| {
                let number = |name: &str| file[name].as_u64().unwrap();
                let name = file["name"].as_str().unwrap().to_owned();
                (name, (number("rows"), number("bytes"), file["sha256"].as_str().unwrap().to_owned()))
            })
            .collect();
        assert_eq!(named.keys().map(String::as_str).collect::<Vec<_>>(), files);
        for (name, (rows, bytes, hash)) in &named {
            let on_disk = fs::read(out.join(name)).unwrap();
            assert_eq!(on_disk.len() as u64, *bytes);
            assert_eq!(*hash, sha256(&on_disk));
            assert_eq!(*rows, if name.starts_with("bill") { 50 } else { done.summary.layers });
        }
        assert_eq!(done.summary.bytes_out, named.values().map(|(_, bytes, _)| bytes).sum::<u64>());
        assert_eq!(manifest["ledger_version"], LAW.timeline.ledger.version.as_str());
        assert_eq!((&manifest["known_date"], &manifest["view"]), (&"2026-11-22".into(), &"assessed".into()));
        assert_eq!(manifest["inputs"][0]["sha256"], sha256(&fs::read(&input).unwrap()));
        assert_eq!(names(&out), [files, vec!["manifest.json"]].concat(), "the set before is gone");
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    portolan_entry::manifest::hexadecimal(&sha2::Sha256::digest(bytes))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
