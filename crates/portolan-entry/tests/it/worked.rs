//! The worked cases that stand beside the ledger.

use portolan_engine::{Engine, Law};
use portolan_entry::cases;
use portolan_ledger::Day;

#[test]
fn every_worked_case_of_the_ledger_holds() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let law = Law::new(&ledger, Some(&schedule));
    let mut engine = Engine::new(&law);
    let today = Day::parse_iso(b"2026-11-22").unwrap();
    let (mut count, mut failures) = (0, Vec::new());
    for (file, text) in portolan_law::cases().unwrap() {
        let cases = cases::read_toml(&file, &text).unwrap();
        for case in &cases {
            count += 1;
            for (name, _) in &case.expect {
                assert!(cases::is_expectation(&ledger, name), "{file}:{}: {name} cannot be expected", case.place);
            }
            for difference in cases::check(case, &law, &mut engine, today).differences {
                failures.push(format!("{file}:{} {}: {difference}", case.place, case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} differences in {count} cases:\n{}", failures.len(), failures.join("\n"));
}
