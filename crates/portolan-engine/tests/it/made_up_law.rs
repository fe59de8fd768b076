//! Law made up for a test, laid over the ledger that tests of the ledger start from: it found faults of the engine.

use std::path::Path;

use portolan_engine::{Engine, Law};
use portolan_ledger::line::{EntryLine, Status, When};
use portolan_ledger::read::{self, Read};
use portolan_ledger::record::Origin;
use portolan_ledger::{Cents, Day, Side};

/// The ledger with these programs, each of one provision with what is given of it, and these stacking rules.
fn ledger(programs: &[(&str, &str)], rules: Option<&str>) -> Read {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../portolan-ledger/tests/ledgers/base");
    let mut files = read::collect(&base).unwrap();
    for (at, (name, rest)) in programs.iter().enumerate() {
        let program = format!(
            r#"
            format = 1
            id = "us.{name}"
            title = "A program"
            levied_by = "US"
            authority = "A statute"
            family = "one"
            checked = {{ through = 2025-12-31, against = "nothing" }}
            [[provision]]
            id = "of-{name}"
            heading = "9903.00.1{at}"
            label = "A provision"
            origin = ["*"]
            {rest}
            "#
        );
        files.push((format!("us/{name}.toml"), program.into_bytes()));
    }
    files.extend(rules.map(|rules| ("stacking/us.toml".to_owned(), rules.as_bytes().to_vec())));
    read::read(&files).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics))
}

fn rate(from: &str, rate: &str) -> String {
    format!("[[provision.rate]]\nfrom = {from}\nrate = \"{rate}\"\nact = \"first\"\n")
}

/// A wooden table, free of ordinary duty, entered on a day of which the hour is not stated.
fn table() -> EntryLine {
    let day = Day::parse_iso(b"2025-05-12").unwrap();
    let mut line = EntryLine::new(Side(0), "9403.60.80".parse().unwrap(), Origin(*b"CN"), When::Day(day), day);
    line.value = Some(Cents(100_000));
    line
}

/// Each order ranks two of three programs, and the first of the two in the order of the ledger gives way in both: the orders
/// are two all the same.
#[test]
fn an_order_that_ranks_others_takes_the_place_of_one_from_noon() {
    let from = "2025-02-01";
    let programs = [("a", rate(from, "+15%")), ("b", rate(from, "+50%")), ("c", rate(from, "+20%"))];
    let programs = programs.each_ref().map(|(name, rates)| (*name, rates.as_str()));
    let rules = r#"
        format = 1
        levied_by = "US"
        [[rule]]
        id = "rule"
        kind = "first-only"
        [[rule.order]]
        from = 2025-02-01
        act = "first"
        tiers = [["us.b"], ["us.a"]]
        [[rule.order]]
        from = 2025-05-12T12:00:00-04:00
        act = "first"
        tiers = [["us.c"], ["us.b"]]
    "#;
    let read = ledger(&programs, Some(rules));
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&read.ledger, Some(&schedule));
    let bill = Engine::new(&law).bill(&table()).unwrap();
    assert_eq!(bill.needs_input, ["entry_date"]);
    assert_eq!((bill.duty_min, bill.duty_max), (Some(Cents(35_000)), Some(Cents(70_000))));
}

/// The sum is the same, the family is not.
#[test]
fn a_duty_that_becomes_the_ordinary_one_at_noon_turns_on_the_hour() {
    let rates = rate("2025-02-01", "+15%") + &rate("2025-05-12T12:00:00-04:00", "in place of ordinary: 15%");
    let read = ledger(&[("a", &rates)], None);
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&read.ledger, Some(&schedule));
    let bill = Engine::new(&law).bill(&table()).unwrap();
    assert_eq!(bill.needs_input, ["entry_date"]);
}

/// Whoever says that it is no part cannot be subject to what is for parts: claiming a donation would not help.
#[test]
fn what_contradicts_an_exception_that_it_asks_for_is_not_in_force() {
    let asks = "when = { claim = [\"no:part\", \"donation\"], subject_to = [\"us.b/@9903.00.90\"] }\n";
    let rates = rate("2025-02-01", "+15%");
    let parts = "[[exception]]\nid = \"parts\"\nof = [\"of-b\"]\nheading = \"9903.00.90\"\nwhen = { claim = [\"part\"] }\n\
                 from = 2025-02-01\nact = \"first\"\n";
    let read = ledger(&[("a", &format!("{asks}{rates}")), ("b", &format!("{rates}{parts}"))], None);
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&read.ledger, Some(&schedule));
    let answer = Engine::new(&law).answer(&table()).unwrap();
    let row = answer.rows.iter().find(|row| row.heading == "9903.00.10").unwrap();
    assert_eq!(row.status, Status::NotInForce);
}
