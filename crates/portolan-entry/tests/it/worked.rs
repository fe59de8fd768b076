//! The worked cases that stand beside the ledger.

use portolan_entry::cases;
use portolan_ledger::scenario;

use crate::{LEDGER, SCHEDULE, today};

#[test]
fn every_worked_case_of_the_ledger_holds() {
    let scenarios = scenario::read(&portolan_law::scenarios().unwrap()).unwrap();
    let mut all = Vec::new();
    for (file, text) in portolan_law::cases().unwrap() {
        all.extend(cases::read_toml(&file, &text).unwrap());
    }
    for case in &all {
        for (name, _) in &case.expect {
            assert!(cases::is_expectation(&LEDGER, name), "{}:{}: {name} cannot be expected", case.file, case.place);
        }
    }
    for one in &scenarios.scenarios {
        let worked = all.iter().any(|case| case.scenario.as_ref() == Some(&one.id));
        assert!(worked, "no worked case supposes {}", one.id);
    }
    let verdicts = cases::check_all(&all, (&LEDGER, &SCHEDULE), &scenarios, today());
    assert_eq!(verdicts.len(), all.len());
    let told = all.iter().zip(&verdicts).flat_map(|(case, verdict)| {
        verdict.differences.iter().map(move |found| format!("{}:{} {}: {found}", case.file, case.place, case.name))
    });
    let failures: Vec<String> = told.collect();
    assert!(failures.is_empty(), "{} differences in {} cases:\n{}", failures.len(), all.len(), failures.join("\n"));
}
