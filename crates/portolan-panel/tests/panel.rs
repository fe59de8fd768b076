//! The panel says of each number, country and day what an entry line of them is told.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, UInt32Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use portolan_engine::{Engine, Law};
use portolan_entry::manifest::Manifest;
use portolan_ledger::line::{EntryLine, View, When};
use portolan_ledger::record::Origin;
use portolan_ledger::{Day, Side, TariffCode};
use portolan_panel::panel::{self, Form, Options};

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

const CODES: [&str; 4] = ["9403.60.8089", "7308.90.9590", "0201.10.0510", "8507.60.0020"];

fn options(form: Form, threads: usize) -> Options {
    Options {
        from: day("2025-01-01"),
        until: day("2025-09-01"),
        side: Side(0),
        codes: CODES.iter().map(|code| code.parse().unwrap()).collect(),
        origins: ["CA", "CN", "RU"].map(|origin| Origin(origin.as_bytes().try_into().unwrap())).to_vec(),
        view: View::Assessed,
        known_date: day("2026-11-22"),
        form,
        threads,
    }
}

fn write(law: &Law<'_>, options: &Options, output: &Path) -> panel::Done {
    let manifest = Manifest {
        ledger_version: law.timeline.ledger.version.clone(),
        known_date: options.known_date,
        view: options.view,
        command: vec!["panel".to_owned()],
        inputs: Vec::new(),
    };
    panel::write(law, options, output, &manifest, &mut |_, _| {}).unwrap()
}

/// A cell as text; empty for none.
type Row = HashMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.flat_map(|batch| rows_of(&batch.unwrap())).collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let mut rows = vec![Row::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        for (at, row) in rows.iter_mut().enumerate() {
            row.insert(field.name().clone(), cell(column.as_ref(), at));
        }
    }
    rows
}

fn cell(column: &dyn Array, at: usize) -> String {
    if column.is_null(at) {
        return String::new();
    }
    match column.data_type() {
        DataType::Date32 => Day(column.as_primitive::<Date32Type>().value(at)).to_string(),
        DataType::Decimal128(..) => column.as_primitive::<Decimal128Type>().value(at).to_string(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(at).to_string(),
        DataType::Utf8 => column.as_string::<i32>().value(at).to_owned(),
        DataType::Dictionary(..) => {
            let dictionary = column.as_dictionary::<UInt32Type>();
            dictionary.values().as_string::<i32>().value(dictionary.keys().value(at) as usize).to_owned()
        }
        other => panic!("{other}"),
    }
}

/// What a line is told, in the columns of the panel.
fn told(engine: &mut Engine<'_>, code: &str, origin: &str, on: Day) -> Vec<(String, String)> {
    let code = TariffCode::parse(code.as_bytes()).unwrap();
    let origin = Origin(origin.as_bytes().try_into().unwrap());
    let line = EntryLine::new(Side(0), code, origin, When::Day(on), day("2026-11-22"));
    let bill = engine.bill(&line).unwrap();
    let families = &engine.law().timeline.ledger.families;
    let points = |pct: Option<portolan_engine::Pct>| pct.map_or(String::new(), |pct| pct.micro_points().to_string());
    let mut told = vec![
        ("additional_pct".to_owned(), points(bill.additional_pct)),
        ("total_pct".to_owned(), points(bill.total_pct)),
        ("headings".to_owned(), bill.headings.join(";")),
        ("needs_input".to_owned(), bill.needs_input.join(";")),
    ];
    for (family, amount) in families.iter().zip(&bill.families) {
        if family.levied_by == Side(0) || family.id == "mfn" {
            told.push((format!("{}_pct", family.id), points(amount.pct)));
        }
    }
    told
}

fn is_told(engine: &mut Engine<'_>, row: &Row, on: Day) {
    for (name, value) in told(engine, &row["hts_number"], &row["country_of_origin"], on) {
        assert_eq!(row[&name], value, "{name} of {} {} {on}", row["hts_number"], row["country_of_origin"]);
    }
}

#[test]
fn rates_by_quantity_are_told_apart() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let law = Law::new(&ledger, Some(&schedule));
    let folder = tempfile::tempdir().unwrap();
    // Of the second rate the part by value alone reaches fifteen percent; of the first nobody can tell.
    let codes = ["0402.10.1000", "6201.20.1110"].map(|code| code.parse().unwrap()).to_vec();
    let (origins, until) = (vec![Origin(*b"AT")], day("2026-01-01"));
    let options = Options { codes, origins, until, ..options(Form::Intervals, 1) };
    let path = folder.path().join("panel.parquet");
    write(&law, &options, &path);
    let mut engine = Engine::new(&law);
    for row in rows(&path) {
        is_told(&mut engine, &row, day(&row["valid_from"]));
    }
}

#[test]
fn each_row_is_what_lines_of_its_days_are_told() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let law = Law::new(&ledger, Some(&schedule));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("panel.parquet");
    let options = options(Form::Intervals, 2);
    let done = write(&law, &options, &path);
    let rows = rows(&path);
    assert_eq!(done.files, [("panel.parquet".to_owned(), rows.len() as u64)]);
    assert!(rows.len() > 40, "{}", rows.len());
    let mut engine = Engine::new(&law);
    let mut covered = 0;
    for row in &rows {
        let (from, to) = (day(&row["valid_from"]), day(&row["valid_to"]));
        covered += to.0 - from.0;
        for on in [from, Day(to.0 - 1)] {
            is_told(&mut engine, row, on);
        }
        assert_eq!(row["ledger_version"], ledger.version);
    }
    // Every number, country and day has one row.
    assert_eq!(covered, (options.until.0 - options.from.0) * 12);
    for pair in rows.windows(2) {
        let same = |name: &str| pair[0][name] == pair[1][name];
        if same("hts_number") && same("country_of_origin") {
            assert_eq!(pair[0]["valid_to"], pair[1]["valid_from"]);
        }
    }
    let manifest = std::fs::read_to_string(folder.path().join("panel.manifest.json")).unwrap();
    assert!(manifest.contains("\"panel.parquet\"") && manifest.contains(&ledger.version), "{manifest}");
}

#[test]
fn the_bytes_are_the_same_whatever_the_threads() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let law = Law::new(&ledger, Some(&schedule));
    let folder = tempfile::tempdir().unwrap();
    let bytes = [1, 3].map(|threads| {
        let path = folder.path().join(format!("{threads}.parquet"));
        write(&law, &options(Form::Intervals, threads), &path);
        std::fs::read(path).unwrap()
    });
    assert!(bytes[0] == bytes[1]);
}

#[test]
fn days_and_classes_say_the_same_as_intervals() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let law = Law::new(&ledger, Some(&schedule));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(&law, &options(Form::Intervals, 1), &at("i.parquet"));
    write(&law, &options(Form::Daily, 2), &at("d.parquet"));
    write(&law, &options(Form::Classes, 2), &at("c.parquet"));
    let intervals = rows(&at("i.parquet"));
    let find = |code: &str, origin: &str, on: &str| -> &Row {
        let here = |row: &&Row| {
            row["hts_number"] == code
                && row["country_of_origin"] == origin
                && row["valid_from"].as_str() <= on
                && on < row["valid_to"].as_str()
        };
        intervals.iter().find(here).unwrap()
    };
    let daily = rows(&at("d.parquet"));
    assert_eq!(daily.len(), 12 * 243);
    for row in daily.iter().step_by(17) {
        let of = find(&row["hts_number"], &row["country_of_origin"], &row["date"]);
        assert!(row.iter().all(|(name, value)| name == "date" || of[name] == *value), "{row:?}\n{of:?}");
    }
    let (products, origins) = (rows(&at("c.products.parquet")), rows(&at("c.origins.parquet")));
    let rates = rows(&at("c.parquet"));
    for product in &products {
        for origin in &origins {
            let here = |row: &&Row| {
                row["product_class"] == product["product_class"]
                    && row["origin_class"] == origin["origin_class"]
                    && row["valid_from"] < product["valid_to"]
                    && product["valid_from"] < row["valid_to"]
            };
            let mut found = 0;
            for row in rates.iter().filter(here) {
                let on = row["valid_from"].clone().max(product["valid_from"].clone());
                let of = find(&product["hts_number"], &origin["country_of_origin"], &on);
                let text = if row["column"] == "general" { "general_text" } else { "column_2_text" };
                assert_eq!(of["mfn_text"], product[text]);
                for name in ["total_pct", "headings", "s301_pct", "needs_input"] {
                    assert_eq!(row[name], of[name], "{name} {} {} {on}", of["hts_number"], of["country_of_origin"]);
                }
                found += 1;
            }
            assert!(found > 0);
        }
    }
}
