//! Bills and layers as the interface describes them.

use std::fmt::Write as _;
use std::fs;
use std::slice;

use portolan_entry::{Finding, Input, Layers, Options, Output, run};

use crate::{LAW, Table, answer, today};

const HEAD: &str = "entry_number,line_number,hts_number,country_of_origin,entry_date,entered_value_usd,known_date";

#[test]
fn a_bill_has_the_columns_of_the_interface_in_their_order() {
    let done = answer(&format!("{HEAD}\n00123,1,9403.60.80,CN,2025-04-10,10000,2025-04-10\n"), Layers::All).unwrap();
    let bill = Table::read(&done.bill);
    assert_eq!(
        bill.names[..8],
        [
            "source_row",
            "entry_number",
            "line_number",
            "hts_number",
            "country_of_origin",
            "entry_date",
            "mfn_pct",
            "mfn_duty"
        ]
    );
    let rest = [
        "additional_pct",
        "total_pct",
        "total_duty",
        "duty_min",
        "duty_max",
        "needs_input",
        "beyond_horizon",
        "hts99_sequence",
        "mpf",
        "hmf",
        "landed_total",
        "filed_duty_total",
        "delta",
        "finding",
        "finding_note",
        "ledger_version",
    ];
    assert_eq!(bill.names[bill.names.len() - rest.len()..], rest);
    assert!(bill.names.iter().all(|name| !name.starts_with("cn_")), "a file of US lines has no families of China");
    let row = |name: &str| bill.get(0, name);
    assert_eq!((row("source_row"), row("entry_number"), row("line_number")), ("1", "00123", "1"));
    assert_eq!((row("hts_number"), row("country_of_origin"), row("entry_date")), ("9403.60.80", "CN", "2025-04-10"));
    assert_eq!((row("ieepa_reciprocal_pct"), row("ieepa_reciprocal_duty")), ("125", "12500"));
    assert_eq!((row("additional_pct"), row("total_pct"), row("total_duty")), ("170", "170", "17000"));
    assert_eq!((row("duty_min"), row("duty_max"), row("needs_input")), ("17000", "17000", ""));
    assert_eq!(row("hts99_sequence"), "9903.88.03;9903.01.24;9903.01.63");
    assert_eq!(
        (row("s122_pct"), row("finding"), row("ledger_version")),
        ("0", "", LAW.timeline.ledger.version.as_str())
    );
    assert_eq!((done.summary.lines, done.summary.total_duty_cents), (1, 1_700_000));
}

#[test]
fn layers_explain_what_applied_and_what_did_not() {
    let done = answer(&format!("{HEAD}\nE1,7,9503.00.0073,CN,2025-06-05,10000,2025-06-05\n"), Layers::All).unwrap();
    let layers = Table::read(&done.layers);
    assert_eq!(layers.names.join(","), portolan_entry::layers::COLUMNS.join(","));
    let find = |heading: &str| (0..layers.rows.len()).find(|&row| layers.get(row, "heading") == heading).unwrap();
    let baseline = find("9903.01.25");
    assert_eq!((layers.get(baseline, "status"), layers.get(baseline, "duty")), ("applied", "1000"));
    assert_eq!(
        (layers.get(baseline, "governing_date"), layers.get(baseline, "governing_rule")),
        ("2025-06-05", "entry_date")
    );
    let surcharge = (0..layers.rows.len())
        .find(|&row| layers.get(row, "family") == "ieepa_reciprocal" && layers.get(row, "reason_code") == "suspended")
        .unwrap();
    assert_eq!(layers.get(surcharge, "status"), "suspended");
    let reason = layers.get(surcharge, "reason");
    assert_eq!(reason, "suspended by EO 14298 until 2025-08-12 00:01 EDT; then +34% is owed again");
    assert_eq!(layers.get(surcharge, "citation"), "90 FR 21831");
    let transit = (0..layers.rows.len()).find(|&row| layers.get(row, "heading") == "9903.01.28").unwrap();
    assert_eq!(layers.get(transit, "status"), "not_claimed");
    let reason = layers.get(transit, "reason");
    assert!(reason.starts_with("not claimed: loaded on a vessel before 2025-04-05 00:01 EDT"), "{reason}");
    assert!(reason.ends_with("(loading_date, mode_of_transport)"), "{reason}");
}

#[test]
fn every_row_of_a_large_answer_has_a_reason() {
    let file = crate::sums::drawn(9, 400);
    let done = answer(&file, Layers::All).unwrap();
    let layers = Table::read(&done.layers);
    for row in 0..layers.rows.len() {
        for name in ["family", "status", "reason_code", "reason", "governing_date", "measure_id"] {
            assert!(!layers.get(row, name).is_empty(), "{name} of {:?}", layers.rows[row]);
        }
    }
    let applied = Table::read(&answer(&file, Layers::Applied).unwrap().layers);
    assert!(applied.rows.len() < layers.rows.len());
    assert!((0..applied.rows.len()).all(|row| ["applied", "beyond_horizon", "needs_input", "prohibited"].contains(&applied.get(row, "status"))));
}

#[test]
fn unknown_columns_go_through_to_both_outputs() {
    let file = "code,Country of Origin Code,Entry Date,buyer,s301_pct,input_s301_pct,status\n\
                9503000073,CN,06/05/2025,\"Toys, \"\"R\"\"\",7,8,open\n";
    let done = answer(file, Layers::Applied).unwrap();
    for bytes in [&done.bill, &done.layers] {
        let table = Table::read(bytes);
        assert_eq!(table.get(0, "buyer"), "Toys, \"R\"");
        assert_eq!(table.get(0, "input_input_s301_pct"), "8", "{:?}", table.names);
        assert_eq!(table.get(0, "input_s301_pct"), "7");
        assert_eq!(table.get(0, "input_status"), "open");
    }
    // Without a value there are rates and no duties.
    let bill = Table::read(&done.bill);
    assert_eq!((bill.get(0, "total_pct"), bill.get(0, "total_duty")), ("30", ""));
    assert_eq!(done.summary.without_value, 1);
}

#[test]
fn a_missing_fact_is_asked_for_and_the_answer_is_a_range() {
    let file = format!("{HEAD}\nE,1,9403.40.9060,CN,2025-10-20,10000,2025-10-20\n");
    let done = answer(&file, Layers::None).unwrap();
    let bill = Table::read(&done.bill);
    assert_eq!(bill.get(0, "needs_input"), "completed_cabinet");
    assert_eq!((bill.get(0, "total_duty"), bill.get(0, "s232_pct")), ("", ""));
    assert_ne!(bill.get(0, "duty_min"), bill.get(0, "duty_max"));
    assert_eq!(done.summary.needs_input.get("completed_cabinet"), Some(&1));
    assert!(done.layers.is_empty());
}

#[test]
fn directions_bring_their_families() {
    let china = "direction,hts_number,country_of_origin,entry_date,entered_value,currency,mfn_pct\n\
                 cn_import,12019019,US,2025-03-28,100000,CNY,3\n";
    let bill = Table::read(&answer(china, Layers::None).unwrap().bill);
    assert!(bill.names.contains(&"cn_2025_2_pct".to_owned()) && !bill.names.contains(&"s301_pct".to_owned()));
    assert!(bill.names.contains(&"mfn_pct".to_owned()));
    let both = format!("{china}us_import,9503.00.0073,CN,2025-06-05,100,,\n");
    for file in [
        both.clone(),
        both.lines().next().unwrap().to_owned()
            + "\n"
            + &both.lines().skip(1).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n"),
    ] {
        let bill = Table::read(&answer(&file, Layers::None).unwrap().bill);
        assert!(bill.names.contains(&"cn_2025_2_pct".to_owned()) && bill.names.contains(&"s301_pct".to_owned()));
        assert_eq!(bill.rows.len(), 2);
    }
}

#[test]
fn what_was_filed_is_compared() {
    let head = format!("{HEAD},filed_duty_total,filed_hts99,export_date");
    let rows = [
        ("17000,9903.88.03;9903.01.24;9903.01.63,", Finding::Match, "0"),
        ("17000,,", Finding::Match, "0"),
        ("16000,,", Finding::Underpaid, "-1000"),
        ("18000.50,,", Finding::Overpaid, "1000.50"),
        ("4500,9903.88.03;9903.01.24,", Finding::Missing99, "-12500"),
        ("17000,9903.88.03;9903.01.24;9903.01.63;9903.88.15,", Finding::Extra99, "0"),
        ("5500,,2025-04-05", Finding::WrongDate, "-11500"),
    ];
    let mut file = format!("{head}\n");
    for (filed, ..) in rows {
        let _ = writeln!(file, "E,1,9403.60.80,CN,2025-04-10,10000,2025-04-10,{filed}");
    }
    let done = answer(&file, Layers::None).unwrap();
    let bill = Table::read(&done.bill);
    for (row, (filed, finding, delta)) in rows.into_iter().enumerate() {
        assert_eq!((bill.get(row, "finding"), bill.get(row, "delta")), (finding.name(), delta), "{filed}");
    }
    assert_eq!(done.summary.findings.get(&Finding::Match), Some(&2));
}

#[test]
fn files_appear_whole_or_not_at_all() {
    let folder = std::env::temp_dir().join(format!("portolan-bills-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    let mut options = Options::new(today(), Output::Folder(folder.clone()));
    let good = Input::Text {
        name: "good".to_owned(),
        bytes: format!("{HEAD}\nE,1,9503.00.0073,CN,2025-06-05,10000,\n").into_bytes(),
    };
    let bad = Input::Text {
        name: "bad".to_owned(),
        bytes: format!("{HEAD}\nE,1,9503.00.0073,XX,2025-06-05,10000,\n").into_bytes(),
    };
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    run(slice::from_ref(&bad), &options, &LAW, &mut |_, _| {}).unwrap_err();
    assert!(!folder.exists(), "a run that failed leaves no folder that it made");
    run(slice::from_ref(&good), &options, &LAW, &mut |_, _| {}).unwrap();
    assert_eq!(names(), ["bill.csv", "layers.csv", "manifest.json"]);
    let first = fs::read(folder.join("bill.csv")).unwrap();
    run(&[good.clone(), bad.clone()], &options, &LAW, &mut |_, _| {}).unwrap_err();
    assert_eq!(fs::read(folder.join("bill.csv")).unwrap(), first, "a run that failed leaves what was there");
    // Rows with faults can be set aside; the numbers of the others do not change.
    options.set_aside = true;
    let done = run(&[bad, good], &options, &LAW, &mut |_, _| {}).unwrap();
    assert_eq!((done.summary.lines, done.summary.set_aside, done.summary.faults.first.len()), (1, 1, 1));
    let bill = Table::read(&fs::read(folder.join("bill.csv")).unwrap());
    assert_eq!(bill.get(0, "source_row"), "2");
    fs::remove_dir_all(&folder).unwrap();
}

/// What turns on a fact beside the code is open; only what turns on the code before it cannot be computed.
#[test]
fn of_a_code_that_does_not_carry_over_only_the_families_of_its_lists_cannot_be_computed() {
    let file = "hts_number,country_of_origin,entry_date,entry_type,ftz_status_date,claims\n\
                1509.30.2090,GB,2026-04-23,06,2020-03-05,de_minimis\n";
    let done = answer(file, Layers::None).unwrap();
    let cannot: Vec<&String> = done.summary.cannot.keys().collect();
    assert!(matches!(cannot.as_slice(), [one] if one.starts_with("s301_lca: the list of that day")), "{cannot:?}");
    assert_eq!(done.summary.needs_input.keys().collect::<Vec<_>>(), ["entered_value_usd"]);
}
