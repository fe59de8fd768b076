//! What must hold of any file: the order of rows, how files are cut, and what is written beside change no bill.

use std::collections::BTreeMap;

use portolan_entry::{Input, Layers, Options, Output, generate, run};

use crate::{LAW, Table, answer, options, text, today};

/// A file of lines drawn by chance.
pub fn drawn(seed: u64, lines: usize) -> String {
    let mut out = Vec::new();
    generate::write_csv(&LAW, seed, lines, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The rows of a bill without their number.
fn rows(bill: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bill).unwrap();
    text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.to_owned()).collect()
}

#[test]
fn the_order_of_rows_changes_no_bill() {
    let file = drawn(1, 3_000);
    let mut lines: Vec<&str> = file.lines().collect();
    let straight = rows(&answer(&file, Layers::None).unwrap().bill);
    lines[1..].reverse();
    let mut turned = rows(&answer(&(lines.join("\n") + "\n"), Layers::None).unwrap().bill);
    turned.reverse();
    assert_eq!(straight, turned);
}

#[test]
fn cutting_a_file_changes_no_sum() {
    let file = drawn(2, 3_000);
    let whole = answer(&file, Layers::None).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    let inputs: Vec<Input> =
        lines[1..].chunks(700).map(|part| text(&format!("{}\n{}\n", lines[0], part.join("\n")))).collect();
    let parts = run(&inputs, &options(Layers::None), &LAW, &mut |_, _| {}).unwrap();
    assert_eq!(whole.bill, parts.bill, "rows are counted through all files");
    assert_eq!(whole.summary.families, parts.summary.families);
    assert_eq!(whole.summary.total_duty_cents, parts.summary.total_duty_cents);
    assert_eq!(whole.summary.needs_input, parts.summary.needs_input);
}

/// The first pass for fees reads fewer columns where a fault anywhere ends the run; it is to miss none that decides.
#[test]
fn fees_are_the_same_whatever_the_first_pass_reads() {
    let odd = "entry_number,line_number,hts_number,country_of_origin,entry_date,entered_value_usd,entry_type,spi,ch98_number,\
               processing_value_usd,mode_of_transport,known_date\n\
               A,1,9403.60.8089,CN,2025-06-05,1000,01,,,,vessel,2025-06-05\n\
               A,2,9403.60.8089,KR,2025-06-05,20000,01,KR,,,vessel,2025-06-05\n\
               A,3,9403.60.8089,CN,2025-06-05,30000,01,,9802.00.50,4000,vessel,\n\
               B,1,9403.60.8089,CN,2025-06-05,700,86,,,,air,\n\
               B,2,9403.60.8089,CN,2025-06-05,900,11,,,,mail,\n\
               B,3,9403.60.8089,CN,2025-06-05,500000,01,,,,vessel,\n\
               B,4,9403.60.8089,CN,2025-06-05,90000,01,,,,vessel,\n\
               C,1,9403.60.8089,CN,2025-06-05,9000,01,,,,mail,\n\
               C,2,9403.60.8089,CN,2025-06-05,9000,01,,,,vessel,\n";
    for file in [odd, &drawn(8, 2_000)] {
        let with = |set_aside| {
            let options = Options { set_aside, ..options(Layers::None) };
            run(&[text(file)], &options, &LAW, &mut |_, _| {}).unwrap()
        };
        let (some, all) = (with(false), with(true));
        assert!(some.bill == all.bill, "the bills differ");
        assert_eq!(some.summary.fees, all.summary.fees);
        assert!(some.summary.fees.iter().any(|fee| fee.cents > 0));
    }
}

/// A bill alone counts its money by ways that were found for another line; the one beside layers finds them anew.
#[test]
fn what_was_kept_of_lines_before_changes_no_bill() {
    let from = portolan_ledger::Day::parse_iso(b"2025-04-01").unwrap();
    let lines = generate::generate(&LAW, 6).of_one_importer(60, 12, from).take(1_500);
    let values = [0, 1, 149, 80_000, 80_001, 1_234_567, 98_765_432_100].map(portolan_ledger::Cents);
    let several = lines.flat_map(|line| values.map(|value| generate::Drawn { value, ..line.clone() }));
    let mut file = Vec::new();
    generate::write_drawn(several, &mut file).unwrap();
    let file = String::from_utf8(file).unwrap();
    let (kept, anew) = (answer(&file, Layers::None).unwrap(), answer(&file, Layers::Applied).unwrap());
    assert!(kept.summary.open > 500, "{} lines leave something open", kept.summary.open);
    for (kept, anew) in rows(&kept.bill).iter().zip(rows(&anew.bill)) {
        assert_eq!(*kept, anew);
    }
    assert_eq!(kept.summary.needs_input, anew.summary.needs_input);
}

#[test]
fn threads_change_no_byte() {
    let file = drawn(4, 20_000);
    let with = |threads| {
        let mut options = Options::new(today(), Output::Memory);
        (options.threads, options.layers) = (threads, Layers::None);
        run(&[text(&file)], &options, &LAW, &mut |_, _| {}).unwrap()
    };
    let (one, three) = (with(1), with(3));
    assert!(one.bill == three.bill, "the bytes differ");
    assert_eq!(one.summary, three.summary);
}

/// Dollars with two decimals at most, in cents.
fn cents(text: &str) -> i64 {
    let (dollars, part) = text.split_once('.').unwrap_or((text, "0"));
    dollars.parse::<i64>().unwrap() * 100 + part.parse::<i64>().unwrap()
}

#[test]
fn layers_sum_to_the_bill() {
    let file = drawn(5, 1_500);
    let done = answer(&file, Layers::All).unwrap();
    let (bill, layers) = (Table::read(&done.bill), Table::read(&done.layers));
    assert_eq!(layers.rows.len() as u64, done.summary.layers);
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for row in 0..layers.rows.len() {
        if ["applied", "beyond_horizon"].contains(&layers.get(row, "status")) {
            *sums.entry((layers.get(row, "source_row"), layers.get(row, "family"))).or_default() +=
                cents(layers.get(row, "duty"));
        }
    }
    let mut compared = 0;
    for row in 0..bill.rows.len() {
        if bill.get(row, "total_duty").is_empty() {
            continue;
        }
        let mut total = 0;
        for name in bill.names.iter().filter_map(|name| name.strip_suffix("_duty")).filter(|name| *name != "total") {
            let duty = cents(bill.get(row, &format!("{name}_duty")));
            let summed = sums.get(&(bill.get(row, "source_row"), name)).copied().unwrap_or(0);
            assert_eq!(duty, summed, "{name} of row {}: {:?}", bill.get(row, "source_row"), bill.rows[row]);
            total += duty;
        }
        assert_eq!(total, cents(bill.get(row, "total_duty")));
        compared += 1;
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn with_layers_or_without_the_bill_is_the_same() {
    let file = drawn(6, 1_500);
    let (with, without) = (answer(&file, Layers::All).unwrap(), answer(&file, Layers::None).unwrap());
    for (a, b) in rows(&with.bill).iter().zip(rows(&without.bill)) {
        assert_eq!(*a, b);
    }
}

#[test]
fn the_same_seed_draws_the_same_file() {
    assert_eq!(drawn(8, 100), drawn(8, 100));
    assert_ne!(drawn(8, 100), drawn(9, 100));
}
