//! What changed between two days, and by which act.

use portolan_engine::Law;
use portolan_ledger::line::View;
use portolan_ledger::schedule::Schedule;
use portolan_ledger::{Ledger, Side};

use super::*;
use crate::compare::goods_of_schedule;

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

/// The groups of what changed for goods below a number from an origin: act, program, heading, before and after.
fn changes(
    (ledger, schedule): (&Ledger, &Schedule),
    (code, origin): (&str, &str),
    days: [&str; 2],
    known: [&str; 2],
) -> Vec<String> {
    let law = Law::new(ledger, Some(schedule));
    let origin = Origin::parse(origin.as_bytes()).unwrap();
    let prefix: TariffCode = code.parse().unwrap();
    let china = origin == Origin(*b"US");
    let side = if china { ledger.side("CN").unwrap() } else { Side(0) };
    let mut codes = if china { vec![prefix] } else { goods_of_schedule(schedule, (day(days[0]), day(days[1]))) };
    codes.retain(|code| prefix.covers(*code));
    let asked = Asked { side, view: View::Assessed, codes, origins: vec![origin] };
    let end = |at: usize| End { law: &law, known: day(known[at]), days: (day(days[at]), Day(day(days[at]).0 + 1)) };
    let found = diff(&asked, [end(0), end(1)]).unwrap();
    let mut told: Vec<String> = Vec::new();
    for group in found.groups() {
        let act = group.act.map_or("schedule", |act| ledger.act(act).id.as_str());
        let program = group.program.map_or("mfn", |at| ledger.programs[usize::from(at)].id.as_str());
        for (cause, _) in group.changes {
            told.push(format!("{act} {program}: {} -> {}", cause.before, cause.after));
        }
    }
    told.sort();
    told
}

const LATE: [&str; 2] = ["2026-11-22", "2026-11-22"];

#[test]
fn the_act_is_the_one_that_began_or_ended_it() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let of = |goods, days| changes((&ledger, &schedule), goods, days, LATE);
    // A new duty; and nothing of the country headings that were to come.
    let found = of(("8471.30.0100", "DE"), ["2025-04-04", "2025-04-05"]);
    assert_eq!(found, ["eo-14257 us.ieepa.reciprocal: none -> +10%"]);
    // A rate that a later act raises.
    let found = of(("7210.49.0040", "JP"), ["2025-06-03", "2025-06-04"]);
    assert_eq!(found, ["proc-10947 us.s232.steel: +25% -> +50%"]);
    // A truce: what only gives way to it, or comes forward, is not named beside it.
    let found = of(("9503.00.0073", "CN"), ["2025-05-13", "2025-05-14"]);
    assert_eq!(found, ["eo-14298 us.ieepa.reciprocal: +125% -> suspended"]);
    // A cut.
    let found = of(("9503.00.0073", "CN"), ["2025-11-09", "2025-11-10"]);
    assert!(found.iter().any(|line| line.contains("us.ieepa.fentanyl-china: +20% -> ")), "{found:?}");
    // Goods that are put on a list of a duty that stood before.
    let found = of(("8427.10.80", "DE"), ["2025-08-17", "2025-08-18"]);
    assert!(found.iter().any(|line| line.contains("us.s232.steel") && !line.starts_with("proc-10896")), "{found:?}");
    assert!(of(("9503.00.0073", "CN"), ["2025-08-11", "2025-08-13"]).is_empty());
}

#[test]
fn what_was_known_changes_too() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let goods = ("9503.00.0073", "CN");
    let days = ["2025-08-13", "2025-08-13"];
    // On 5 June the law let the truce lapse on 12 August; by that day it had been extended.
    let found = changes((&ledger, &schedule), goods, days, ["2025-06-05", "2025-08-13"]);
    assert_eq!(found, ["eo-14334 us.ieepa.reciprocal: +34% -> suspended"]);
}

#[test]
fn china_s_side() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let found = changes((&ledger, &schedule), ("39269090", "US"), ["2025-04-08", "2025-04-11"], LATE);
    assert_eq!(found, ["sctc-2025-5 cn.2025-4: none -> +84%"]);
}
