//! The acceptance cases: every row of the tables, worked by hand from the legal text.

use std::path::{Path, PathBuf};

use portolan_engine::{Engine, Law};
use portolan_entry::cases::{self, Case};
use portolan_ledger::Day;

/// Cases that the law does not give, each with the reason: the text wins over the case.
const ANSWERED_OTHERWISE: [(&str, &str); 3] = [
    (
        "us-069",
        "the rates hold; the heading of Brazil's 10 percent is 9903.02.09 from 2025-08-07 (EO 14326 Annex I; change record of 2025 \
         revision 18, which also excepts 9903.02.02 to .71 from 9903.01.25)",
    ),
    ("us-070", "as us-069"),
    (
        "us-124",
        "8412.21.0045 is not among the numbers of note 20(vvv), read item by item; its exclusion left with note 20(ttt) on 2024-06-14",
    ),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases")
}

fn table(name: &str) -> Option<Vec<Case>> {
    let path = folder().join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(cases::read_csv(name, &bytes).unwrap()),
        Err(error) => {
            eprintln!("SKIPPED: the acceptance cases of {} are not there: {error}", path.display());
            None
        }
    }
}

fn check_table(name: &str) {
    let Some(cases) = table(name) else { return };
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let law = Law::new(&ledger, Some(&schedule));
    let mut engine = Engine::new(&law);
    let today = Day::parse_iso(b"2026-11-22").unwrap();
    let mut failures = Vec::new();
    for case in &cases {
        for (column, _) in &case.line {
            assert!(cases::is_line_column(column), "{}: {column} is no column", case.name);
        }
        for (name, _) in &case.expect {
            assert!(cases::is_expectation(&ledger, name), "{}: {name} cannot be expected", case.name);
        }
        let verdict = cases::check(case, &law, &mut engine, today);
        let excused = ANSWERED_OTHERWISE.iter().any(|(id, _)| *id == case.name);
        if verdict.holds() && excused {
            failures.push(format!("{} holds: take it off the table", case.name));
        }
        if !verdict.holds() && !excused {
            for difference in verdict.differences {
                failures.push(format!("{} ({}, {}): {difference}", case.name, case.confidence, case.source));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn imports_into_the_united_states() {
    check_table("us.csv");
}

#[test]
fn imports_into_china() {
    check_table("cn.csv");
}
