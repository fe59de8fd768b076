//! The engine on the ledger that ships.

mod batch;
mod history;
mod made_up_law;

use portolan_engine::answer::Bill;
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

/// The bill of a line that need not be settled.
fn bill(line: &EntryLine) -> Bill {
    let ledger = portolan_law::ledger().unwrap();
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&ledger, Some(&schedule));
    let mut engine = Engine::new(&law);
    let bill = engine.bill(line).unwrap();
    assert_eq!(bill, engine.answer(line).unwrap().bill);
    bill
}

fn line(side: u8, code: &str, origin: [u8; 2], entered: &str, known: &str) -> EntryLine {
    let day = |text: &str| Day::parse_iso(text.as_bytes()).unwrap();
    let entered = When::Day(day(entered));
    let mut line = EntryLine::new(Side(side), code.parse().unwrap(), Origin(origin), entered, day(known));
    line.view = View::Owed;
    line
}

/// The ordinary rate of fermented beverages asks for liters and for proof liters; where it crosses a share of the value one of
/// the two may be nothing.
#[test]
fn a_rate_with_two_amounts_per_unit_turns_between_their_ends() {
    let mut cider = line(0, "2206.00.30", *b"CZ", "2025-11-01", "2025-11-01");
    cider.value = Some(Cents(751));
    assert_eq!(bill(&cider).duty_min, Some(Cents(113)));
}

/// The concordance is that of the American schedule: it says nothing of a number of China's.
#[test]
fn a_number_of_china_is_not_carried_by_the_american_concordance() {
    let furnace = line(1, "8514.11.00", *b"US", "2020-06-04", "2025-04-08");
    assert_eq!(bill(&furnace).additional_pct.unwrap().to_string(), "10");
}

/// The numbers before this one stood on two lists of one program at one rate: which heading it was is not known.
#[test]
fn two_lists_at_one_rate_before_a_number_came_cannot_be_computed() {
    let mut part = line(0, "8529.90.21", *b"CN", "2026-03-07", "2026-09-23");
    part.entry_type = *b"21";
    part.withdrawal_date = Some(When::Day(Day::parse_iso(b"2021-03-25").unwrap()));
    let bill = bill(&part);
    assert_eq!((bill.total_pct, bill.needs_input.len()), (None, 0));
    assert_eq!(bill.cannot.len(), 1, "{:?}", bill.cannot);
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

#[test]
fn countries_that_are_treated_alike_share_questions_and_keep_their_headings() {
    let ledger = portolan_law::ledger().unwrap();
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&ledger, Some(&schedule));
    let day = Day::parse_iso(b"2026-10-01").unwrap();
    let bill = |engine: &mut Engine<'_>, origin: &[u8; 2]| {
        let code = "6109.10.00.12".parse().unwrap();
        engine.bill(&EntryLine::new(Side(0), code, Origin(*origin), When::Day(day), day)).unwrap()
    };
    let mut engine = Engine::new(&law);
    let trees = |engine: &Engine<'_>| engine.sizes()[0][3];
    let first = bill(&mut engine, b"AO");
    let made = trees(&engine);
    let second = bill(&mut engine, b"DZ");
    assert_eq!(trees(&engine), made, "no tree of questions is made again");
    assert_eq!(first.families, second.families);
    assert_ne!(first.headings, second.headings);
    assert_eq!(second, bill(&mut Engine::new(&law), b"DZ"), "whoever was asked about before");
}
