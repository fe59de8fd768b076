//! Every fault has its file, row and column, and says what is wrong.

use portolan_entry::{Context, Layers, LineBuilder, Options, Output, RunError, run};

use crate::{LAW, LEDGER, answer, text, today};

const HEAD: &str =
    "hts_number,country_of_origin,entry_date,entered_value_usd,steel_pct,aluminum_pct,claims,quantity_1,unit_1";

fn refused(rows: &str) -> String {
    match answer(&format!("{HEAD}\n{rows}"), Layers::None) {
        Err(RunError::Input(faults)) => faults.to_string(),
        other => panic!("{:?}", other.map(|done| done.summary)),
    }
}

#[test]
fn faults_have_their_places() {
    let cases = [
        (
            "9503.00.0073,CN,2025-02-30,1,,,,,\n",
            "lines.csv, row 1, entry_date \"2025-02-30\": there is no 30 February 2025: the month has 28 days",
        ),
        (
            "9503.00.0073,XX,2025-06-05,1,,,,,\n",
            "lines.csv, row 1, country_of_origin \"XX\": XX stands for an unknown country",
        ),
        ("9503.00.0073,CN,2025-06-05,-1,,,,,\n", "entered_value_usd \"-1\": it is below zero"),
        ("9503.00.0073,CN,2025-06-05,1e308,,,,,\n", "entered_value_usd \"1e308\": not a plain decimal number"),
        ("9503.00.0073,CN,2025-06-05,NaN,,,,,\n", "entered_value_usd \"NaN\": not a plain decimal number"),
        (
            "9503.00.0073,CN,2025-06-05,1,60,50,,,\n",
            "aluminum_pct \"50\": steel_pct 60 + aluminum_pct 50 is 110, more than the whole value",
        ),
        (
            "9503.00.0073,CN,2025-06-05,1,,,donaton,,\n",
            "claims \"donaton\": the ledger has no claim donaton; is it donation?",
        ),
        ("9503.00.0073,CN,2025-06-05,1,,,donation;no:donation,,\n", "donation is both claimed and denied"),
        ("9503.00.0073,CN,2025-06-05,1,,,,5,furlongs\n", "unit_1 \"furlongs\": not a unit that the schedule uses"),
        ("9503.00.0073,,2025-06-05,1,,,,,\n", "row 1, country_of_origin: it is not stated"),
        ("9503.00.0073,CN,2025-06-05,1,,,\n", "lines.csv, row 1: the row has 7 cells, the header has 9"),
        (
            "9503.00.0099,CN,2025-06-05,1,,,,,\n",
            "hts_number \"9503.00.0099\": 2025_rev_13 has no such number; near it are",
        ),
        ("9503.00.0073,CN,2025-06-05,1,,,,,\n\n0,CN,2025-06-05,1,,,,,\n", "lines.csv, row 2, hts_number \"0\""),
    ];
    for (rows, expected) in cases {
        let said = refused(rows);
        assert!(said.contains(expected), "{expected}\n{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn text_that_is_not_utf8_is_named_by_its_cell() {
    let mut bytes = format!("{HEAD}\n9503.00.0073,CN,2025-06-05,1,,,caf").into_bytes();
    bytes.extend_from_slice(b"\xe9,,\n");
    let input = portolan_entry::Input::Text { name: "latin.csv".to_owned(), bytes };
    let error = run(&[input], &Options::new(today(), Output::Memory), &LAW, &mut |_, _| {}).unwrap_err();
    assert_eq!(error.to_string(), "latin.csv, row 1, claims \"caf\u{fffd}\": not UTF-8; save the file as CSV UTF-8");
}

#[test]
fn faults_are_collected_and_then_counted() {
    let mut file = format!("{HEAD}\n");
    for _ in 0..250 {
        file.push_str("bad,XX,never,-1,,,,,\n");
    }
    let error = answer(&file, Layers::All).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 101);
    assert!(error.ends_with("\nand 900 more"), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let input = portolan_entry::Input::File("/nowhere/lines.csv".into());
    let error = run(&[input, text("x\n")], &Options::new(today(), Output::Memory), &LAW, &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/lines.csv cannot be read: "), "{error}");
}

#[test]
fn a_line_is_built_from_options() {
    let context = Context::new(&LEDGER, today());
    let mut builder = LineBuilder::new(&context);
    assert!(builder.set("hts-number", "9503.00.0073").is_ok());
    assert!(builder.set("country-of-origin", "CN").is_ok());
    let fault = builder.set("loadingdat", "2025-01-01").unwrap_err();
    assert_eq!(fault.to_string(), "loadingdat \"2025-01-01\": not a column of an entry line; is it loading_date?");
    let faults = builder.finish().unwrap_err();
    assert_eq!(faults.len(), 2);
    assert_eq!(faults[1].column, "entry_date");
}

#[test]
fn nothing_that_is_read_can_break_the_run() {
    // Bytes by chance, and a sound file with bytes changed by chance: an answer or faults, never a panic.
    let mut chance = portolan_entry::generate::Chance::new(7);
    let sound = crate::sums::drawn(3, 30).into_bytes();
    for round in 0..300 {
        let mut bytes = if round % 3 == 0 { vec![b','; 400] } else { sound.clone() };
        for _ in 0..=chance.below(8) {
            let at = chance.below(bytes.len());
            let signs = b",\"\n\r;-.0e9\xff\0 T:+";
            bytes[at] = signs[chance.below(signs.len())];
        }
        let input = portolan_entry::Input::Text { name: "f".to_owned(), bytes };
        let mut options = Options::new(today(), Output::Memory);
        options.set_aside = round % 2 == 0;
        options.threads = 1 + round % 3;
        let _ = run(&[input], &options, &LAW, &mut |_, _| {});
    }
}
