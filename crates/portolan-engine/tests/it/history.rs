//! A history says of each day what a line of that day is told.

use portolan_engine::history::{FactsIx, Stretch};
use portolan_engine::{Engine, Histories, Law};
use portolan_ledger::line::{EntryLine, View, When};
use portolan_ledger::record::Origin;
use portolan_ledger::{Day, Rate, Side, TariffCode};

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

/// Compares some codes and origins on every `step`th day, with a line stating what `state` says.
fn compare(view: View, known: &str, step: usize, state: impl Fn(&mut EntryLine)) {
    let ledger = portolan_law::ledger().unwrap();
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&ledger, Some(&schedule));
    let (from, until, known) = (day("2018-01-01"), day("2026-12-01"), day(known));
    let mut histories = Histories::new(&law, Side(0), view, known, (from, until));
    let mut engine = Engine::new(&law);
    let line = |code, origin, day| {
        let mut line = EntryLine::new(Side(0), code, origin, When::Day(day), known);
        line.view = view;
        state(&mut line);
        line
    };
    let facts = histories.facts(&line("0101.21.00".parse().unwrap(), Origin(*b"CN"), from));
    let codes: Vec<TariffCode> = schedule.codes().map(|span| span.code).step_by(977).collect();
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut compared = 0;
    for (at, code) in
        codes.into_iter().chain(["7308.90.95.90", "8703.23.01", "8541.43.00"].map(|c| c.parse().unwrap())).enumerate()
    {
        // Angola and Algeria are treated alike from July 2026 on, under headings of their own.
        for origin in ["CN", "RU", "CA", "JP", "DE", "AO", "DZ"].map(|o| Origin(o.as_bytes().try_into().unwrap())) {
            let class = histories.origin(origin);
            for span in histories.products(code, (from, until)).unwrap() {
                histories.history(span.product, class, facts, &mut stretches).unwrap();
                assert_eq!(stretches[0].from, span.from);
                for number in (span.from.0..span.until.0).skip(at % step).step_by(step) {
                    let on = Day(number);
                    let stretch = stretches.iter().rev().find(|stretch| stretch.from <= on).unwrap();
                    let bill = engine.bill(&line(code, origin, on)).unwrap();
                    let history = &histories.treatment(stretch.treatment).bill;
                    assert_eq!(*history, bill, "{code} {origin:?} {on}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 2_000, "{compared} comparisons");
}

#[test]
fn a_history_is_the_bill_of_each_day() {
    compare(View::Assessed, "2026-11-22", 11, |_| {});
}

#[test]
fn a_history_as_known_earlier_is_the_bill_of_each_day() {
    compare(View::Assessed, "2025-06-05", 17, |_| {});
}

#[test]
fn a_history_of_what_is_owed_is_the_bill_of_each_day() {
    compare(View::Owed, "2026-11-22", 19, |_| {});
}

#[test]
fn a_history_with_facts_is_the_bill_of_each_day() {
    compare(View::Assessed, "2026-11-22", 23, |line| {
        line.steel_pct = Some(Rate::percent(40));
        line.aluminum_pct = Some(Rate::ZERO);
        line.spi = Some("S".to_owned());
        line.melt_country = Some(Origin(*b"US"));
    });
}

#[test]
fn measures_add_up_to_the_bill() {
    let ledger = portolan_law::ledger().unwrap();
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&ledger, Some(&schedule));
    let days = (day("2025-01-01"), day("2026-01-01"));
    let mut histories = Histories::new(&law, Side(0), View::Assessed, day("2026-11-22"), days).detailed();
    let china = histories.origin(Origin(*b"CN"));
    let spans = histories.products("9403.60.80.89".parse().unwrap(), days).unwrap();
    let mut stretches = Vec::new();
    histories.history(spans[0].product, china, FactsIx(0), &mut stretches).unwrap();
    assert!(stretches.len() > 5, "{}", stretches.len());
    for stretch in stretches {
        let treatment = histories.treatment(stretch.treatment);
        let sum: i128 = treatment.measures.iter().filter_map(|(_, pct)| *pct).map(|pct| pct.0).sum();
        assert_eq!(treatment.bill.additional_pct.map(|pct| pct.0), Some(sum), "{}", stretch.from);
    }
}
