//! The engine on the ledger that ships.

mod history;

use portolan_engine::{Engine, Law};
use portolan_ledger::line::{EntryLine, View, When};
use portolan_ledger::record::Origin;
use portolan_ledger::{Cents, Day, Side};

/// A wooden table of China, worth 10,000 dollars, entered on a day and asked about as known that day.
fn table_on(day: &str) -> EntryLine {
    let day = Day::parse_iso(day.as_bytes()).unwrap();
    let mut line = EntryLine::new(Side(0), "9403.60.80".parse().unwrap(), Origin(*b"CN"), When::Day(day), day);
    line.value = Some(Cents(1_000_000));
    line
}

fn total(line: &EntryLine) -> String {
    let ledger = portolan_law::ledger().unwrap();
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&ledger, Some(&schedule));
    let mut engine = Engine::new(&law);
    let answer = engine.answer(line).unwrap();
    for row in &answer.rows {
        eprintln!(
            "{:?} {} {:?} {} {:?} {:?}",
            row.subject, row.heading, row.status, row.rate_text, row.duty, row.reason
        );
    }
    eprintln!("{:?}", answer.bill);
    let bill = engine.bill(line).unwrap();
    assert_eq!(bill.total_pct, answer.bill.total_pct);
    assert_eq!(bill.headings, answer.bill.headings);
    assert!(bill.needs_input.is_empty(), "{:?}", bill.needs_input);
    bill.total_pct.unwrap().to_string()
}

#[test]
fn the_china_sequence() {
    assert_eq!(total(&table_on("2025-06-05")), "55");
    assert_eq!(total(&table_on("2025-04-10")), "170");
    assert_eq!(total(&table_on("2025-04-09")), "129");
    assert_eq!(total(&table_on("2025-04-05")), "55");
    assert_eq!(total(&table_on("2018-10-01")), "10");
}

#[test]
fn with_hindsight_the_annulled_part_is_nothing() {
    let mut line = table_on("2025-06-05");
    line.view = View::Owed;
    line.known_date = Day::parse_iso(b"2026-11-22").unwrap();
    assert_eq!(total(&line), "25");
}

#[test]
fn the_truce_lapses_by_itself() {
    let mut line = table_on("2025-08-12");
    line.known_date = Day::parse_iso(b"2025-06-05").unwrap();
    assert_eq!(total(&line), "79");
    line.known_date = Day::parse_iso(b"2025-08-12").unwrap();
    assert_eq!(total(&line), "55");
}
