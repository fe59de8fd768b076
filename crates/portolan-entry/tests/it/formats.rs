//! Every form of the same lines gives the same bytes.

use portolan_entry::{Done, Input, Layers, run};

use crate::{LAW, Table, make, options, sums};

fn input(name: &str, bytes: Vec<u8>) -> Input {
    Input::Text { name: name.to_owned(), bytes }
}

fn done(inputs: &[Input]) -> Done {
    with(inputs, Layers::Applied)
}

fn with(inputs: &[Input], layers: Layers) -> Done {
    run(inputs, &options(layers), &LAW, &mut |_, _| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// The rows of a table without some of its columns.
fn without(bytes: &[u8], names: &[&str]) -> Vec<Vec<String>> {
    let table = Table::read(bytes);
    let kept: Vec<usize> = (0..table.names.len()).filter(|at| !names.contains(&table.names[*at].as_str())).collect();
    let rows = std::iter::once(&table.names).chain(&table.rows);
    rows.map(|row| kept.iter().map(|at| row[*at].clone()).collect()).collect()
}

#[test]
fn every_form_of_the_same_lines_gives_the_same_bytes() {
    let text = sums::drawn(11, 120);
    let rows = make::rows(&text);
    let plain = done(&[input("lines.csv", text.clone().into_bytes())]);
    assert_eq!(plain.summary.lines, 120);
    let forms = [
        ("parquet", make::parquet(&rows)),
        ("jsonl", make::jsonl(&rows)),
        ("xlsx", make::xlsx(&rows)),
        ("csv.gz", make::gzip(text.as_bytes())),
        ("csv.zst", make::zstd(text.as_bytes())),
        ("jsonl.gz", make::gzip(&make::jsonl(&rows))),
        ("jsonl.zst", make::zstd(&make::jsonl(&rows))),
    ];
    for (name, bytes) in forms {
        // A name says nothing: content alone does.
        let other = done(&[input("lines.dat", bytes)]);
        assert!(other.bill == plain.bill, "{name}: the bills differ");
        assert!(other.layers == plain.layers, "{name}: the layers differ");
        assert_eq!(other.summary.total_duty_cents, plain.summary.total_duty_cents, "{name}");
    }
}

#[test]
fn files_of_several_forms_are_one_input() {
    let text = sums::drawn(12, 270);
    let rows = make::rows(&text);
    let part = |from: usize, to: usize| [&rows[..1], &rows[1 + from..=to]].concat();
    let whole = done(&[input("all", text.clone().into_bytes())]);
    let parts = done(&[
        input("a", make::csv(&part(0, 90))),
        input("b", make::parquet(&part(90, 150))),
        input("c", make::xlsx(&part(150, 210))),
        input("d", make::zstd(&make::jsonl(&part(210, 270)))),
    ]);
    assert!(whole.bill == parts.bill, "rows are counted through all files");
    assert_eq!(whole.summary.families, parts.summary.families);
}

#[test]
fn files_with_other_columns_stand_side_by_side() {
    let a = "hts_number,country_of_origin,entry_date,entered_value_usd,buyer\n9503.00.0073,CN,2025-06-05,100,Ann\n";
    let b = "{\"code\":\"9503.00.0073\",\"Country of Origin Code\":\"CN\",\"entry_date\":\"2025-06-05\",\"note\":[1,\"x\",true]}\n";
    let done = done(&[input("a", a.into()), input("b", b.into())]);
    let bill = Table::read(&done.bill);
    assert_eq!((bill.get(0, "buyer"), bill.get(0, "note")), ("Ann", ""));
    assert_eq!((bill.get(1, "buyer"), bill.get(1, "note")), ("", "1;x;true"));
    assert_eq!((bill.get(1, "source_row"), bill.get(1, "total_duty")), ("2", ""));
    assert_eq!((bill.get(0, "total_pct"), bill.get(1, "total_pct")), ("30", "30"));
}

#[test]
fn keys_that_turn_up_late_are_columns_all_the_same() {
    use std::fmt::Write as _;
    let mut text = String::new();
    // Long cells, so that the header's piece of the file holds few rows.
    let pad = "x".repeat(4_000);
    for row in 0..400 {
        let late = if row == 390 { ",\"steel_pct\":40,\"mill\":\"A, B\"" } else { "" };
        let _ = writeln!(
            text,
            "{{\"hts_number\":\"7318.15.2095\",\"country_of_origin\":\"TW\",\"entry_date\":\"2025-06-20\",\"entered_value_usd\":{row}.50,\"pad\":\"{pad}\"{late}}}"
        );
    }
    let input = input("late.jsonl", text.into_bytes());
    let done = run(&[input], &options(Layers::None), &LAW, &mut |_, _| {}).unwrap();
    let bill = Table::read(&done.bill);
    assert_eq!(bill.rows.len(), 400);
    assert_eq!((bill.get(389, "mill"), bill.get(390, "mill")), ("", "A, B"));
    assert_eq!(done.summary.needs_input.get("steel_pct").copied().unwrap_or(0), 399, "{:?}", done.summary.needs_input);
}

#[test]
fn a_sheet_can_be_chosen() {
    let rows = make::rows("code,country_of_origin,entry_date\n9503.00.0073,CN,2025-06-05\n");
    let mut options = options(Layers::None);
    options.sheet = Some("main report".to_owned());
    let book = input("b.xlsx", make::xlsx(&rows));
    let done = run(std::slice::from_ref(&book), &options, &LAW, &mut |_, _| {}).unwrap();
    assert_eq!(done.summary.lines, 1);
    options.sheet = Some("Lines".to_owned());
    let error = run(std::slice::from_ref(&book), &options, &LAW, &mut |_, _| {}).unwrap_err();
    assert_eq!(error.to_string(), "b.xlsx: there is no sheet \"Lines\"; the sheets are \"Cover\", \"Main Report\"");
}

#[test]
fn values_of_every_type_are_read_as_text() {
    use arrow::array::*;
    use arrow::datatypes::*;
    use std::sync::Arc;
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None, Some(3)]), None]);
    let zoned = TimestampMicrosecondArray::from(vec![1_749_081_600_000_000, 0]).with_timezone("America/New_York");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("hts_number", Arc::new(Int64Array::from(vec![9_503_000_073, 9_503_000_073]))),
        ("country_of_origin", Arc::new(StringViewArray::from(vec!["CN", "CN"]))),
        ("entry_date", Arc::new(TimestampNanosecondArray::from(vec![1_749_081_600_000_000_000; 2]))),
        ("entered_value_usd", Arc::new(Float64Array::from(vec![Some(0.1), None]))),
        ("line_number", Arc::new(UInt8Array::from(vec![1, 2]))),
        ("a_list", Arc::new(list)),
        ("a_moment", Arc::new(zoned)),
        ("a_truth", Arc::new(BooleanArray::from(vec![true, false]))),
        (
            "a_decimal",
            Arc::new(
                Decimal256Array::from(vec![i256::from(-150), i256::from(7)]).with_precision_and_scale(40, 1).unwrap(),
            ),
        ),
        ("bytes", Arc::new(BinaryArray::from_vec(vec![b"plain", b"x,y"]))),
        ("nothing", Arc::new(NullArray::new(2))),
        ("single", Arc::new(Float32Array::from(vec![0.1, 1e10]))),
    ];
    let done = done(&[input("types", make::parquet_of(columns))]);
    let bill = Table::read(&done.bill);
    let row = |at: usize| {
        ["a_list", "a_moment", "a_truth", "a_decimal", "bytes", "nothing", "single"].map(|name| bill.get(at, name))
    };
    assert_eq!(row(0), ["1;;3", "2025-06-05T00:00:00Z", "true", "-15", "plain", "", "0.1"]);
    assert_eq!(row(1), ["", "1970-01-01T00:00:00Z", "false", "0.7", "x,y", "", "10000000000"]);
    assert_eq!((bill.get(0, "total_duty"), bill.get(1, "total_duty"), bill.get(0, "line_number")), ("0", "", "1"));
}

/// A report with a row for each tariff number.
const REPORT: &str = "\
Entry Summary Number,Entry Summary Line Number,Entry Type Code,Port of Entry Code,Entry Date,Country of Origin Code,\
Country of Export Code,Line SPI Code,Tariff Ordinal Number,HTS Number - Full,Line Tariff Goods Value Amount,\
Line Tariff Duty Amount,Line Tariff Quantity (1),Line Tariff UOM (1) Code,Importer Number
0A100001013,1,01,2704,04/10/2025,CN,CN,,1,99038803,$0.00,\"$2,500.00\",,,12-3456789
0A100001013,1,01,2704,04/10/2025,CN,CN,,2,99030124,$0.00,\"$2,000.00\",,,12-3456789
0A100001013,1,01,2704,04/10/2025,CN,CN,,3,99030163,$0.00,\"$12,500.00\",,,12-3456789
0A100001013,1,01,2704,04/10/2025,CN,CN,,4,9403608089,\"$10,000.00\",$0.00,40,NO,12-3456789
0A100001013,2,01,2704,04/10/2025,CN,CN,,1,101210010,$500.00,$0.00,1,NO,12-3456789
1234567,1,1,901,4/8/2025 12:00:00 AM,XQ,CA,S+,1,4407.11.0001,1200,0,3,M3,98-7654321
,,,,,,,,,,\"$11,700.00\",,,,
";

#[test]
fn rows_of_tariff_numbers_become_lines() {
    let done = done(&[input("es003.csv", REPORT.into())]);
    let bill = Table::read(&done.bill);
    assert_eq!(bill.rows.len(), 3);
    let row = |at: usize| {
        ["source_row", "entry_number", "line_number", "hts_number", "entry_date", "country_of_origin"]
            .map(|n| bill.get(at, n))
    };
    assert_eq!(row(0), ["4", "0A100001013", "1", "9403.60.8089", "2025-04-10", "CN"]);
    assert_eq!(row(1), ["5", "0A100001013", "2", "0101.21.0010", "2025-04-10", "CN"]);
    assert_eq!(row(2), ["6", "00001234567", "1", "4407.11.0001", "2025-04-08", "CA"]);
    assert_eq!(
        (bill.get(0, "total_duty"), bill.get(0, "filed_duty_total"), bill.get(0, "finding")),
        ("17000", "17000", "match")
    );
    assert_eq!((bill.get(0, "Importer Number"), bill.get(2, "Port of Entry Code")), ("12-3456789", "0901"));
    let notes: Vec<(&str, u64)> = done.summary.notes.iter().map(|(note, rows)| (note.as_str(), *rows)).collect();
    assert_eq!(
        notes,
        [
            ("leading zeros that a spreadsheet took restored in entry numbers", 1),
            ("leading zeros that a spreadsheet took restored in tariff numbers", 1),
            ("provinces of Canada read as Canada", 1),
            ("rows of tariff numbers folded into lines", 4),
            ("rows without an entry number and a tariff number left out: totals and footers", 1),
        ]
    );
}

#[test]
fn rows_of_a_line_may_lie_anywhere() {
    let mut lines: Vec<&str> = REPORT.lines().collect();
    let straight = done(&[input("es003.csv", REPORT.into())]);
    lines.swap(1, 6);
    lines.swap(3, 5);
    lines.swap(2, 4);
    let turned = done(&[input("es003.csv", (lines.join("\n") + "\n").into_bytes())]);
    let mut sets = [&straight.bill, &turned.bill].map(|bill| without(bill, &["source_row"]));
    for rows in &mut sets {
        rows.sort();
    }
    assert_eq!(sets[0], sets[1]);
    assert_eq!(straight.summary.total_duty_cents, turned.summary.total_duty_cents);
    assert_eq!(straight.summary.notes, turned.summary.notes);
}

#[test]
fn a_report_in_a_workbook_is_the_same_report() {
    let csv = done(&[input("es003.csv", REPORT.into())]);
    let book = done(&[input("es003.xlsx", make::xlsx(&make::rows(REPORT)))]);
    assert!(csv.bill == book.bill);
    assert_eq!(csv.summary.notes, book.summary.notes);
}

#[test]
fn lines_of_a_report_keep_what_was_filed() {
    let head = "Entry Summary Number,Entry Summary Line Number,Entry Date,Country of Origin Code,Tariff Ordinal Number,\
                HTS Number - Full,Line Tariff Goods Value Amount,Line Tariff Duty Amount\n";
    let file = |rows: &str| input("es003.csv", format!("{head}{rows}").into_bytes());
    // Goods of the United States assembled abroad: what was added abroad stands with the article.
    let chapter_98 =
        done(&[file("E1,1,06/05/2025,MX,1,9802.00.80,600,0\nE1,1,06/05/2025,MX,2,6203.42.45,400,66.40\n")]);
    assert_eq!(chapter_98.summary.value_cents, 100_000);
    // Two articles on one line, each with the headings before it.
    let two = done(&[file(
        "E1,1,04/10/2025,CN,1,99038803,0,250\nE1,1,04/10/2025,CN,2,9403608089,1000,0\n\
         E1,1,04/10/2025,CN,3,99038803,0,500\nE1,1,04/10/2025,CN,4,9403608089,2000,0\n",
    )]);
    let bill = Table::read(&two.bill);
    assert_eq!((bill.rows.len(), bill.get(0, "filed_duty_total"), bill.get(1, "filed_duty_total")), (2, "250", "500"));
    assert_eq!(two.summary.value_cents, 300_000);
}

#[test]
fn what_was_set_aside_is_a_file_of_its_own() {
    let text = "entry_number,code,country_of_origin,entry_date,entered_value_usd\n\
                E1,9503.00.0073,CN,2025-06-05,100\nE2,9503.00.0073,XX,2025-13-05,\"1,5\"\n\
                E3,9503.00.0073,CN\nE4,9503.00.0073,CN,2025-06-05,200\n";
    let mut options = options(Layers::None);
    (options.set_aside, options.fault_limit) = (true, 1);
    let done = run(&[input("lines.csv", text.into())], &options, &LAW, &mut |_, _| {}).unwrap();
    assert_eq!((done.summary.lines, done.summary.set_aside), (2, 2));
    let faults = Table::read(&done.faults);
    assert_eq!(faults.names, ["file", "row", "column", "value", "reason", "help"]);
    assert_eq!(faults.rows.len(), 4, "faults past the limit are in the file");
    let columns: Vec<(&str, &str)> = (0..4).map(|at| (faults.get(at, "row"), faults.get(at, "column"))).collect();
    assert_eq!(columns, [("2", "country_of_origin"), ("2", "entry_date"), ("2", "entered_value_usd"), ("3", "")]);
    assert_eq!(faults.get(2, "value"), "1,5");
    assert_eq!(faults.get(3, "reason"), "the row has 3 cells, the header has 5");
}

/// The sample of a report, as a broker has it.
fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../examples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_samples_are_read_in_every_form() {
    let entries = done(&[input("entries.csv", sample("entries.csv"))]);
    for name in ["entries.jsonl", "entries.parquet"] {
        let other = done(&[input(name, sample(name))]);
        assert!(entries.bill == other.bill && entries.layers == other.layers, "{name}");
    }
    let report = with(&[input("es003.csv", sample("es003.csv"))], Layers::None);
    let saved = with(&[input("es003.xlsx", sample("es003.xlsx"))], Layers::None);
    // What is passed through is as the spreadsheet has it: a day of no column of ours is a day in its own spelling.
    let apart = ["Entry Summary Date"];
    assert_eq!(without(&report.bill, &apart), without(&saved.bill, &apart));
    let restored = |done: &Done| done.summary.notes.keys().any(|note| note.contains("restored"));
    assert!(restored(&saved) && !restored(&report), "{:?}", saved.summary.notes);
    assert!(report.summary.lines >= 400, "{}", report.summary.lines);
    assert_eq!(report.summary.findings.values().sum::<u64>(), report.summary.lines, "each line is compared");
}

#[test]
fn no_order_of_rows_and_no_cut_changes_the_bills_of_a_report() {
    let rows = make::rows(std::str::from_utf8(&sample("es003.csv")).unwrap());
    let (head, rows) = (rows[0].clone(), &rows[1..]);
    let rows = &rows[..rows.len().min(240)];
    let end = (1..rows.len()).rev().find(|at| rows[*at][0] != rows[at - 1][0]).unwrap();
    let rows = &rows[..end];
    let file = |rows: &[Vec<String>]| input("es003.csv", make::csv(&[std::slice::from_ref(&head), rows].concat()));
    let bills = |done: &Done| {
        let mut bills = without(&done.bill, &["source_row"]);
        bills.sort();
        bills
    };
    let straight = with(&[file(rows)], Layers::None);
    for seed in 1..=3 {
        let mut chance = portolan_entry::generate::Chance::new(seed);
        let mut mixed = rows.to_vec();
        (1..mixed.len()).rev().for_each(|at| mixed.swap(at, chance.below(at + 1)));
        let mixed = with(&[file(&mixed)], Layers::None);
        assert_eq!(bills(&straight), bills(&mixed), "seed {seed}");
        assert_eq!(straight.summary.total_duty_cents, mixed.summary.total_duty_cents);
        // A cut between two entries.
        let at = chance.below(rows.len());
        let cut = (at..rows.len()).find(|at| *at > 0 && rows[*at][0] != rows[at - 1][0]).unwrap_or(rows.len() - 1);
        let parts = with(&[file(&rows[..cut]), file(&rows[cut..])], Layers::None);
        assert_eq!(straight.bill, parts.bill, "seed {seed}");
        assert_eq!(straight.summary.families, parts.summary.families);
    }
}
