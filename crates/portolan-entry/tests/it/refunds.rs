//! Refunds on the law that ships: amounts, interest, ways and last days at their edges, CAPE files, and what must hold of
//! any file.

use std::fmt::Write as _;
use std::fs;

use calamine::Reader as _;
use portolan_entry::refund::{Path, Payee, RefundOptions, Refunded, refund};
use portolan_entry::{Input, Layers, RunError, generate};
use portolan_ledger::Day;
use portolan_ledger::line::View;

use crate::{LAW, Table, options, text, today};

/// Toys of China, 20 and 10 percent of duties that were annulled: 3,000.00 of 10,000.00.
const HEAD: &str = "entry_number,line_number,hts_number,country_of_origin,entry_date,entered_value_usd";
const TOYS: &str = "ABC12345678,1,9503.00.0073,CN,2025-06-05,10000";

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

fn as_of(text: &str) -> RefundOptions {
    RefundOptions {
        as_of: day(text),
        known_date: today(),
        payee: Payee::Other,
        by_cycle: false,
        output: None,
        declares: true,
        threads: 2,
        fault_limit: 100,
        set_aside: false,
        sheet: None,
        command: vec!["refund".to_owned()],
    }
}

fn refunded(file: &str, options: &RefundOptions) -> (Refunded, Table) {
    let done = refund(&[text(file)], options, &LAW, &mut |_, _| {}).unwrap();
    let table = Table::read(&done.csv);
    (done, table)
}

/// The only row of a file of one line, with further columns.
fn one(columns: &str, cells: &str, options: &RefundOptions) -> Table {
    let (columns, cells) =
        if columns.is_empty() { (String::new(), String::new()) } else { (format!(",{columns}"), format!(",{cells}")) };
    refunded(&format!("{HEAD}{columns}\n{TOYS}{cells}\n"), options).1
}

#[test]
fn columns_are_those_of_the_interface_in_their_order() {
    let table = one("", "", &as_of("2026-11-22"));
    let first = "entry_number line_number refundable_duty filed_refundable contested_duty basis interest_from interest_to \
                 interest path path_reason cape_deadline protest_deadline psc_deadline estimated_liquidation court_limit status";
    assert_eq!(table.names[..17].join(" "), first);
    let row = |name| table.get(0, name);
    assert_eq!((row("assessed_duty"), row("owed_duty"), row("refundable_duty")), ("3000", "0", "3000"));
    assert_eq!((row("contested_duty"), row("filed_refundable"), row("basis")), ("0", "", "learning-resources"));
    assert_eq!((row("interest_from"), row("interest_to")), ("2025-06-05", "2026-11-22"));
}

/// Worked apart with exact fractions: 7 percent of 365 days, from April to June 2026 6 percent; a corporation one point less.
#[test]
fn interest_is_worked_by_quarter() {
    let cases = [
        ("", "2026-11-22", false, "315.84"),
        ("", "2026-11-22", true, "267.61"),
        ("2025-06-16", "2026-11-22", false, "308.86"),
        ("", "2025-06-06", false, "0.58"),
    ];
    for (deposited, to, corporate, interest) in cases {
        let mut options = as_of(to);
        options.payee = if corporate { Payee::Corporation } else { Payee::Other };
        let table = one("deposit_date", deposited, &options);
        assert_eq!(table.get(0, "interest"), interest, "{deposited} {to} {corporate}");
        let from = if deposited.is_empty() { "2025-06-05" } else { deposited };
        assert_eq!((table.get(0, "interest_from"), table.get(0, "interest_to")), (from, to));
        let stands = table.get(0, "interest_note").contains("deposit_date is not stated");
        assert_eq!(stands, deposited.is_empty());
    }
    let note = one("", "", &as_of("2026-11-22")).get(0, "interest_note").to_owned();
    assert!(
        note.contains("rates of the quarters from 2026-04-01, 2026-07-01, 2026-10-01 are of medium certainty"),
        "{note}"
    );
}

#[test]
fn interest_of_a_quarter_whose_rate_is_not_known_is_not_known_by_name() {
    let known = one("", "", &as_of("2026-12-31"));
    assert_ne!(known.get(0, "interest"), "");
    let (done, table) = refunded(&format!("{HEAD}\n{TOYS}\n"), &as_of("2027-01-01"));
    assert_eq!(table.get(0, "interest"), "");
    assert!(table.get(0, "interest_note").contains("the rate of the quarter from 2027-01-01 is not known"));
    assert_eq!((done.report.all.interest_cents, done.report.all.without_interest_cents), (0, 300_000));
    assert_eq!(done.report.question_counts.get("interest"), Some(&1));
}

/// Interest does not stop where collection stopped: it runs to liquidation or reliquidation (19 U.S.C. 1505(c)).
#[test]
fn interest_runs_past_the_day_on_which_collection_stopped() {
    let of = |to: &str| one("", "", &as_of(to)).get(0, "interest").parse::<f64>().unwrap();
    assert!(of("2026-02-24") < of("2026-02-25"));
    let table = one("liquidation_date,liquidation_status", "2026-06-01,Reliquidated", &as_of("2026-11-22"));
    assert_eq!((table.get(0, "path"), table.get(0, "interest_to")), ("reliquidated", "2026-06-01"));
}

/// What is stated, on which day it is asked, and what follows: the way and the status.
#[test]
fn each_way_at_its_edges() {
    let columns = "entry_type,liquidation_date,liquidation_status,recon_flag,protest_status,drawback_flag";
    for (cells, at, path, status) in [
        // Not liquidated: a correction, until CAPE exists.
        ("01,,Unliquidated,,,", "2026-03-31", "psc", "unliquidated"),
        ("01,,Unliquidated,,,", "2026-04-01", "await_liquidation", "unliquidated"),
        ("01,,Unliquidated,,,", "2026-04-19", "await_liquidation", "unliquidated"),
        ("01,,Unliquidated,,,", "2026-04-20", "cape", "unliquidated"),
        ("01,,Extended,,,", "2026-11-22", "cape", "extended"),
        ("01,,Suspended,,,", "2026-11-22", "cape", "suspended"),
        ("01,,Under Review,,,", "2026-11-22", "cape", "under_review"),
        ("01,2026-12-20,,,,", "2026-11-22", "cape", "unliquidated"),
        // Liquidated: the last day of CAPE and the day after it, the same of a protest.
        ("01,2026-09-03,Liquidated,,,", "2026-11-22", "cape", "within_80_days"),
        ("01,2026-09-02,Liquidated,,,", "2026-11-22", "protest", "within_180_days"),
        ("01,2026-05-26,,,,", "2026-11-22", "protest", "within_180_days"),
        ("01,2026-05-25,,,,", "2026-11-22", "court", "final"),
        ("01,2026-05-25,,,Denied,", "2026-11-22", "court", "final"),
        // Out of CAPE: types, protests, drawback; and for a while entries flagged for reconciliation.
        ("08,,Unliquidated,,,", "2026-11-22", "await_liquidation", "unliquidated"),
        ("09,2026-11-01,,,,", "2026-11-22", "protest", "within_80_days"),
        ("01,2026-11-01,,,Open,", "2026-11-22", "protest_pending", "protest_pending"),
        ("01,2026-11-01,,,,Y", "2026-11-22", "drawback", "drawback"),
        ("01,,Unliquidated,Y,,", "2026-06-28", "reconciliation", "reconciliation"),
        ("01,,Unliquidated,Y,,", "2026-06-29", "cape", "reconciliation"),
        ("03,,Unliquidated,Y,,", "2026-11-22", "reconciliation", "reconciliation"),
        ("01,,Unliquidated,N,No,N", "2026-11-22", "cape", "unliquidated"),
        // Not stated, or not understood.
        ("01,,,,,", "2026-11-22", "not_stated", "not_stated"),
        ("01,,Liquidated,,,", "2026-11-22", "not_stated", "liquidated"),
        ("01,,closed,,,", "2026-11-22", "not_stated", "contradictory"),
    ] {
        let table = one(columns, cells, &as_of(at));
        assert_eq!(
            (table.get(0, "path"), table.get(0, "status")),
            (path, status),
            "{cells} on {at}: {}",
            table.get(0, "path_reason")
        );
        assert!(!table.get(0, "path_reason").is_empty());
    }
}

#[test]
fn each_last_day_is_counted_and_a_missing_one_says_why() {
    let columns = "liquidation_date,liquidation_status";
    let days = |cells: &str| {
        let table = one(columns, cells, &as_of("2026-11-22"));
        let names = ["cape_deadline", "protest_deadline", "psc_deadline", "estimated_liquidation", "court_limit"];
        let days = names.map(|name| table.get(0, name).to_owned());
        for (name, day) in names.iter().zip(&days) {
            let told = table.get(0, "deadlines_note").contains(&format!("{name}: "));
            assert_eq!(told, day.is_empty(), "{name}: {}", table.get(0, "deadlines_note"));
        }
        days
    };
    // 300 days after entry is 1 April 2026; 15 days before the usual liquidation, 314 days after entry, is a day earlier.
    assert_eq!(days(",Unliquidated"), ["", "", "2026-03-31", "2026-04-15", "2027-06-05"]);
    assert_eq!(days("2026-09-03,Liquidated"), ["2026-11-22", "2027-03-02", "", "", "2027-06-05"]);
    // Scheduled for a later day: 300 days after entry is the earlier bound.
    assert_eq!(days("2026-12-20,"), ["", "", "2026-04-01", "2026-12-20", "2027-06-05"]);
    assert_eq!(days(",Extended"), ["", "", "2026-03-31", "", "2027-06-05"]);
    assert_eq!(days(","), ["", "", "2026-03-31", "2026-04-15", "2027-06-05"]);
    let table = one("deposit_date,liquidation_date", "2025-06-20,2026-01-05", &as_of("2027-06-20"));
    assert_eq!(table.get(0, "court_limit"), "2027-06-20");
    assert!(table.get(0, "path_reason").contains("an action can be brought through 2027-06-20"));
    let table = one("deposit_date,liquidation_date", "2025-06-20,2026-01-05", &as_of("2027-06-21"));
    assert!(table.get(0, "path_reason").contains("could be brought through 2027-06-20"));
}

#[test]
fn what_is_not_stated_of_liquidation_can_be_estimated_on_demand() {
    let mut options = as_of("2026-11-22");
    options.by_cycle = true;
    let table = one("", "", &options);
    assert_eq!((table.get(0, "path"), table.get(0, "status")), ("court", "final"));
    assert!(table.get(0, "path_reason").contains("estimated by the usual cycle"), "{}", table.get(0, "path_reason"));
    options.as_of = day("2026-04-14");
    assert_eq!(one("", "", &options).get(0, "status"), "unliquidated");
    options.as_of = day("2026-07-04");
    assert_eq!(one("", "", &options).get(0, "path"), "cape");
}

#[test]
fn facts_of_an_entry_hold_for_all_of_its_lines_and_contradictions_are_told() {
    let head = format!("{HEAD},liquidation_date");
    let lines = "E-1,1,9503.00.0073,CN,2025-06-05,10000,\nE-1,2,9503.00.0073,CN,2025-06-05,10000,2026-11-01\n";
    let (done, table) = refunded(&format!("{head}\n{lines}"), &as_of("2026-11-22"));
    assert_eq!((table.get(0, "path"), table.get(1, "path")), ("cape", "cape"));
    assert_eq!((done.report.entries.len(), done.cape.len()), (1, 1));
    let (done, table) =
        refunded(&format!("{head}\n{lines}E-1,3,9503.00.0073,CN,2025-06-05,10000,2026-11-02\n"), &as_of("2026-11-22"));
    assert_eq!(table.get(0, "path_reason"), "lines of the entry differ in liquidation_date");
    assert!(done.cape.is_empty());
    assert_eq!(done.report.question_counts.get("path"), Some(&3));
}

#[test]
fn what_was_filed_is_what_comes_back() {
    let cells = |headings: &str, duties: &str| {
        let table = one(
            "filed_hts99,filed_duty_99,liquidation_status",
            &format!("{headings},{duties},Unliquidated"),
            &as_of("2026-11-22"),
        );
        ["refundable_duty", "filed_refundable", "path"].map(|name| table.get(0, name).to_owned())
    };
    assert_eq!(cells("9903.01.24;9903.01.25", "2000;1000"), ["3000", "3000", "cape"]);
    assert_eq!(
        cells("9903.01.24;9903.88.03", "2000;2500"),
        ["3000", "2000", "cape"],
        "another program is not annulled"
    );
    assert_eq!(cells("9903.88.03", "2500"), ["3000", "0", "none"], "nothing was paid under what was annulled");
    assert_eq!(cells("9903.01.24;9903.01.25", ""), ["3000", "", "cape"], "amounts by heading are not stated");
    // Books owe nothing, but it was paid.
    let file = format!(
        "{HEAD},filed_hts99,filed_duty_99,liquidation_status\nABC12345678,1,4901.99.0050,DE,2025-10-01,10000,9903.02.20,1500,Unliquidated\n"
    );
    let (done, table) = refunded(&file, &as_of("2026-11-22"));
    assert_eq!(
        (table.get(0, "refundable_duty"), table.get(0, "filed_refundable"), table.get(0, "path")),
        ("0", "1500", "cape")
    );
    assert_eq!(done.report.all.claim_cents, 150_000);
}

/// Steel of Canada bore the border duty in place of the metal duty: the one is annulled, the other comes back.
#[test]
fn a_duty_that_comes_back_is_contested_and_both_amounts_are_told() {
    let file =
        format!("{HEAD},steel_pct,liquidation_status\nABC12345678,1,7210.49.00,CA,2025-05-20,10000,100,Unliquidated\n");
    let (done, table) = refunded(&file, &as_of("2026-11-22"));
    let row = |name| table.get(0, name);
    assert_eq!((row("assessed_duty"), row("owed_duty")), ("2500", "2500"));
    assert_eq!((row("refundable_duty"), row("contested_duty"), row("path")), ("0", "2500", "cape"));
    assert!(row("contested_reason").contains("Section 232") && row("contested_reason").contains("2500.00 more"));
    assert_eq!(done.report.all.contested_cents, 250_000);
    assert_eq!(done.report.programs["us.s232.steel"].contested_cents, 250_000);
    assert_eq!(done.report.programs["us.ieepa.fentanyl-canada"].claim_cents, 250_000);
}

/// Cars of the European Union: a later act set 15 percent in all from 1 August 2025. No judgment, and no CAPE.
#[test]
fn an_act_that_reaches_back_is_no_annulment() {
    let file = format!("{HEAD},liquidation_status\nABC12345678,1,8703.23.0130,DE,2025-08-05,20000,Unliquidated\n");
    let (done, table) = refunded(&file, &as_of("2026-11-22"));
    let row = |name| table.get(0, name);
    assert_eq!((row("refundable_duty"), row("contested_duty")), ("2500", "0"));
    assert_eq!(row("path"), "await_liquidation");
    assert!(row("path_reason").contains("CAPE does not cover this duty"), "{}", row("path_reason"));
    assert_eq!(row("basis"), "fr-90-46136");
    assert!(done.cape.is_empty());
}

#[test]
fn an_amount_that_is_not_known_still_has_its_way() {
    let file = format!("{HEAD},liquidation_status\nABC12345678,1,7326.90.8688,DE,2025-10-01,10000,Unliquidated\n");
    let (done, table) = refunded(&file, &as_of("2026-11-22"));
    let row = |name| table.get(0, name);
    assert_eq!((row("refundable_duty"), row("interest"), row("path")), ("", "", "cape"));
    assert!(row("needs_input").contains("steel_pct") && row("path_reason").contains("the amount is not known"));
    assert_eq!(done.report.question_counts.get("amount"), Some(&1));
    assert_eq!(done.report.all.claim_cents, 0, "what is not known is in no sum");
}

#[test]
fn the_window_of_the_judgment_and_what_was_known() {
    let of = |date: &str, known: &str| {
        let mut options = as_of("2026-11-22");
        options.known_date = day(known);
        let file = format!("{HEAD}\nABC12345678,1,9503.00.0073,CN,{date},10000\n");
        refunded(&file, &options).1.get(0, "refundable_duty").to_owned()
    };
    assert_eq!(of("2025-02-03", "2026-11-22"), "0");
    assert_eq!(of("2025-02-04", "2026-11-22"), "1000");
    assert_eq!(of("2026-02-23", "2026-11-22"), "2000");
    assert_eq!(of("2026-02-24", "2026-11-22"), "0");
    assert_eq!(of("2025-06-05", "2026-02-19"), "0", "the judgment was not known");
    assert_eq!(of("2025-06-05", "2026-02-20"), "3000");
}

#[test]
fn cape_files_hold_each_entry_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = as_of("2026-11-22");
    options.output = Some(folder.path().join("out"));
    let mut file = format!("{HEAD},liquidation_status\n");
    for entry in 0..30 {
        let _ = writeln!(file, "0{entry:010},1,9503.00.0073,CN,2025-06-05,10000,Unliquidated");
    }
    // A second line of the first entry, its number written with dashes; and entries that go no such way.
    file.push_str("000-0000000-0,2,9503.00.0073,CN,2025-06-05,10000,Unliquidated\n");
    file.push_str(",1,9503.00.0073,CN,2025-06-05,10000,Unliquidated\n");
    file.push_str("ABC99999999,1,9503.00.0073,CN,2024-06-05,10000,Unliquidated\n");
    let done = refund(&[text(&file)], &options, &LAW, &mut |_, _| {}).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let first = read("cape_001.csv");
    assert_eq!((first.lines().next(), first.lines().count()), (Some("Entry Number"), 31));
    assert_eq!(first.lines().nth(1), Some("00000000000"), "leading zeros are kept");
    let names: Vec<&str> = done.report.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["refund.csv", "refund.xlsx", "cape_001.csv"]);
    let manifest = read("manifest.json");
    for name in &names {
        assert!(manifest.contains(&format!("\"{name}\"")), "{name}");
    }
    assert_eq!(read("refund.csv").lines().count(), 34);
    assert_eq!(done.report.question_counts.get("entry_number"), Some(&1));
    // The same input gives the same bytes.
    let book = fs::read(folder.path().join("out/refund.xlsx")).unwrap();
    refund(&[text(&file)], &options, &LAW, &mut |_, _| {}).unwrap();
    assert!(fs::read(folder.path().join("out/refund.xlsx")).unwrap() == book, "the workbooks differ");
    // What is only supposed is not declared, and no declaration of before stays beside it.
    let supposed = RefundOptions { declares: false, ..options.clone() };
    let done = refund(&[text(&file)], &supposed, &LAW, &mut |_, _| {}).unwrap();
    assert!(done.report.files.iter().all(|(name, _)| !name.starts_with("cape")));
    assert!(!folder.path().join("out/cape_001.csv").exists());
    refund(&[text(&file)], &options, &LAW, &mut |_, _| {}).unwrap();
    // What is wrong leaves what was there.
    let wrong = refund(&[text("hts_number,country_of_origin,entry_date\n1,2,3\n")], &options, &LAW, &mut |_, _| {});
    assert!(matches!(wrong, Err(RunError::Input(_))));
    assert_eq!(read("cape_001.csv"), first);
}

#[test]
fn the_workbook_has_its_sheets() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = as_of("2026-11-22");
    options.output = Some(folder.path().to_owned());
    let file = format!("{HEAD},liquidation_status\n{TOYS},Unliquidated\nE,1,7326.90.8688,DE,2025-10-01,10000,\n");
    refund(&[text(&file)], &options, &LAW, &mut |_, _| {}).unwrap();
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(folder.path().join("refund.xlsx")).unwrap();
    assert_eq!(book.sheet_names(), ["summary", "lines", "entries", "deadlines", "how computed", "open questions"]);
    let mut rows = |sheet: &str| book.worksheet_range(sheet).unwrap().rows().map(<[_]>::to_vec).collect::<Vec<_>>();
    let cell = |rows: &[Vec<calamine::Data>], row: usize, column: usize| rows[row][column].to_string();
    let lines = rows("lines");
    assert_eq!((lines.len(), cell(&lines, 1, 0), cell(&lines, 1, 6)), (3, "ABC12345678".to_owned(), "3000".to_owned()));
    assert_eq!(rows("entries").len(), 2);
    assert!(cell(&rows("deadlines"), 1, 1).contains("court"));
    let rules = rows("how computed");
    for footing in ["law", "practice", "contested", "not known"] {
        assert!(rules.iter().any(|row| row[0] == *footing), "{footing}");
    }
    assert!(rows("open questions").len() > 1);
    let summary = rows("summary");
    assert!(summary.iter().any(|row| row[0] == "us.ieepa.reciprocal"));
}

/// What must hold of any file: each refund is assessed less owed, as two runs of bills have them; sums add up; and cutting
/// a file changes none.
#[test]
fn refunds_are_assessed_less_owed_and_add_up_however_a_file_is_cut() {
    let mut out = Vec::new();
    generate::write_csv(&LAW, 11, 600, &mut out).unwrap();
    let file = String::from_utf8(out).unwrap();
    let (whole, table) = refunded(&file, &as_of("2026-11-22"));
    let bills = |view: View| {
        let mut options = options(Layers::None);
        options.view = view;
        Table::read(&portolan_entry::run(&[text(&file)], &options, &LAW, &mut |_, _| {}).unwrap().bill)
    };
    let (assessed, owed) = (bills(View::Assessed), bills(View::Owed));
    let cents = |text: &str| -> Option<i128> {
        (!text.is_empty()).then(|| {
            let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
            let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
            sign * (whole.parse::<i128>().unwrap() * 100 + format!("{part:0<2}").parse::<i128>().unwrap())
        })
    };
    let (mut sum, mut with, mut contested) = (0, 0, 0);
    for row in 0..table.rows.len() {
        let refundable = cents(table.get(row, "refundable_duty"));
        let (before, after) = (cents(assessed.get(row, "total_duty")), cents(owed.get(row, "total_duty")));
        if let (Some(before), Some(after)) = (before, after) {
            assert_eq!(refundable, Some(before - after), "row {row}");
        }
        sum += refundable.unwrap_or(0);
        with += u64::from(refundable.is_some_and(|cents| cents > 0));
        contested += cents(table.get(row, "contested_duty")).unwrap_or(0);
    }
    assert!(with > 40, "too few refunds to say anything: {with}");
    let report = &whole.report;
    assert_eq!((sum, contested), (report.refundable_cents, report.all.contested_cents));
    assert_eq!(report.all.claim_cents, report.programs.values().map(|sum| sum.claim_cents).sum::<i128>());
    assert_eq!(report.all.claim_cents, report.paths.values().map(|sum| sum.claim_cents).sum::<i128>());
    assert_eq!(report.all.claim_cents, report.quarters.values().map(|sum| sum.claim_cents).sum::<i128>());
    assert_eq!(report.all.claim_cents, report.entries.iter().map(|entry| entry.total.claim_cents).sum::<i128>());
    // One run over parts gives the same bytes; runs over parts give the same sums.
    let lines: Vec<&str> = file.lines().collect();
    let parts: Vec<Input> =
        lines[1..].chunks(170).map(|part| text(&format!("{}\n{}\n", lines[0], part.join("\n")))).collect();
    let joined = refund(&parts, &as_of("2026-11-22"), &LAW, &mut |_, _| {}).unwrap();
    assert!(joined.csv == whole.csv && joined.report == whole.report, "cutting changes the answer");
    let mut sums = (0, 0, 0);
    for part in &parts {
        let report = refund(std::slice::from_ref(part), &as_of("2026-11-22"), &LAW, &mut |_, _| {}).unwrap().report;
        sums =
            (sums.0 + report.all.claim_cents, sums.1 + report.all.interest_cents, sums.2 + report.all.contested_cents);
    }
    assert_eq!(sums, (report.all.claim_cents, report.all.interest_cents, report.all.contested_cents));
    assert!(report.paths.contains_key(&Path::NotStated));
}
