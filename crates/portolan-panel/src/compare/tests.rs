//! Two laws set side by side, against single bills.

use portolan_engine::Engine;
use portolan_ledger::line::{EntryLine, When};
use portolan_ledger::scenario;

use super::*;
use crate::weights::{Partner, Weight, Weights};

const KNOWN: &str = "2026-11-22";

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

/// The law under a ready scenario.
fn under(ledger: &Ledger, name: &str) -> Ledger {
    let scenarios = scenario::read(&portolan_law::scenarios().unwrap()).unwrap();
    scenario::apply(ledger, scenarios.get(name).unwrap()).unwrap()
}

fn asked(schedule: &Schedule, on: &str, prefixes: &[&str], origins: &[&str]) -> Asked {
    let mut codes = goods_of_schedule(schedule, (day(on), day(on)));
    let wanted: Vec<TariffCode> = prefixes.iter().map(|text| text.parse().unwrap()).collect();
    codes.retain(|code| wanted.iter().any(|prefix| prefix.covers(*code)));
    assert!(!codes.is_empty());
    let origins = origins.iter().map(|text| Origin::parse(text.as_bytes()).unwrap()).collect();
    Asked { side: Side(0), view: View::Assessed, codes, origins }
}

fn end<'l>(law: &'l Law<'l>, from: &str, to: &str) -> End<'l> {
    End { law, known: day(KNOWN), days: (day(from), Day(day(to).0 + 1)) }
}

const GOODS: [&str; 6] = ["7210", "7308.90", "9403.60", "8703.23.01", "2709", "8471.30"];
const FROM: [&str; 7] = ["DE", "FR", "GB", "CN", "CA", "RU", "JP"];

#[test]
fn cells_are_what_single_bills_say() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let doubled = under(&ledger, "steel-doubles-again");
    let laws = [Law::new(&ledger, Some(&schedule)), Law::new(&doubled, Some(&schedule))];
    let on = "2025-07-15";
    let asked = asked(&schedule, on, &GOODS, &FROM);
    let found = compare(&asked, [end(&laws[0], on, on), end(&laws[1], on, on)]).unwrap();
    let mut engines = [Engine::new(&laws[0]), Engine::new(&laws[1])];
    let mut differing = 0;
    for (product, codes) in found.products.iter().enumerate() {
        for (group, origins) in found.origins.iter().enumerate() {
            let cell = found.cells.iter().find(|cell| (cell.product, cell.origin) == (number(product), number(group)));
            for code in codes {
                for origin in origins {
                    let line = EntryLine::new(Side(0), *code, *origin, When::Day(day(on)), day(KNOWN));
                    let bills = [0, 1].map(|at: usize| engines[at].bill(&line).unwrap());
                    match cell {
                        Some(cell) => {
                            differing += 1;
                            let pair = &found.pairs[cell.pair as usize];
                            assert_eq!(pair.before.bill.families, bills[0].families, "{code} {origin}");
                            assert_eq!(pair.after.bill.families, bills[1].families, "{code} {origin}");
                        }
                        None => assert_eq!(bills[0], bills[1], "{code} {origin}"),
                    }
                }
            }
        }
    }
    assert!(differing > 100, "{differing}");
}

#[test]
fn the_other_way_round_is_the_opposite_and_programs_sum_to_the_whole() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let never = under(&ledger, "truce-never-agreed");
    let laws = [Law::new(&ledger, Some(&schedule)), Law::new(&never, Some(&schedule))];
    let (from, to) = ("2025-05-10", "2025-05-17");
    let asked = asked(&schedule, from, &GOODS, &FROM);
    let of = |a: usize, b: usize| {
        let found = compare(&asked, [end(&laws[a], from, to), end(&laws[b], from, to)]).unwrap();
        let totals = totals(&found, [&laws[a].timeline, &laws[b].timeline], None);
        (found, totals)
    };
    let ((found, there), (_, back)) = (of(0, 1), of(1, 0));
    assert_eq!(there.mean.plain.0, -back.mean.plain.0);
    assert_eq!((there.changed_pairs, there.ends), (back.changed_pairs, [back.ends[1], back.ends[0]]));
    // The truce begins within the days: cells begin then, and none before.
    assert!(found.cells.iter().all(|cell| cell.from == 4 && cell.until == 8), "{:?}", found.cells.first());
    let china: Vec<&str> = there.partners.iter().map(|p| std::str::from_utf8(&p.of.0).unwrap()).collect();
    assert_eq!(china, ["CN"]);
    let sum: i128 = there.programs.iter().map(|program| program.mean.plain.0).sum();
    let parts = there.programs.len() as i128;
    assert!((sum - there.mean.plain.0).abs() <= parts, "{sum} {:?}", there.mean);
    // 145 stays, where the truce has 30: 115 points more, on half of the eight days.
    assert_eq!(there.partners[0].most, Pct::full(portolan_ledger::Rate::percent(115)));
}

#[test]
fn weights_are_laid_on_the_lines_and_none_is_lost() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let doubled = under(&ledger, "steel-doubles-again");
    let laws = [Law::new(&ledger, Some(&schedule)), Law::new(&doubled, Some(&schedule))];
    let on = "2025-07-15";
    let asked = asked(&schedule, on, &["7210.49.00", "7210.11.00"], &["DE", "JP"]);
    let found = compare(&asked, [end(&laws[0], on, on), end(&laws[1], on, on)]).unwrap();
    let partner = |text: &[u8; 2]| Partner::Country(Origin(*text));
    let cell = |code: &str, partner, dollars: i64| Weight {
        code: code.parse().unwrap(),
        partner,
        value: portolan_ledger::Cents(dollars * 100),
        ordinary: None,
    };
    let weights = Weights {
        name: "a test".to_owned(),
        partners: vec![partner(b"DE"), partner(b"BR")],
        // Half of what Germany ships is galvanized; the other half is furniture, which is not asked about.
        cells: vec![
            cell("7210.49.00", 0, 600),
            cell("7210.49", 0, 400),
            cell("9403.60.80", 0, 7),
            cell("7210.49.00", 1, 5),
        ],
    };
    let load = Load::new(&found, &weights, &|_, _| false);
    assert_eq!(load.unmatched_cents, 1200);
    let totals = totals(&found, [&laws[0].timeline, &laws[1].timeline], Some(&load));
    let fifty = Pct::full(portolan_ledger::Rate::percent(50));
    assert_eq!(totals.mean.weighted, Some(fifty), "all the trade there is pays 50 points more");
    assert_eq!(totals.mean.plain, fifty);
    let germany = totals.partners.iter().find(|partner| partner.of == Origin(*b"DE")).unwrap();
    assert_eq!(germany.mean.weighted, Some(fifty));
}

#[test]
fn rows_are_in_the_order_that_was_asked_for() {
    let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
    let doubled = under(&ledger, "steel-doubles-again");
    let laws = [Law::new(&ledger, Some(&schedule)), Law::new(&doubled, Some(&schedule))];
    let on = "2025-07-15";
    let asked = asked(&schedule, on, &["7210.49.00", "7308.90.95"], &["JP", "DE", "GB"]);
    let found = compare(&asked, [end(&laws[0], on, on), end(&laws[1], on, on)]).unwrap();
    let totals = totals(&found, [&laws[0].timeline, &laws[1].timeline], None);
    let table = Table::new(&found, &ledger, ["a", "b"], None, &[]);
    let mut out = Vec::new();
    let rows = table.write(&found, (&asked.codes, &asked.origins), &mut out, &|_, _| {}).unwrap();
    assert_eq!(rows, totals.changed_pairs);
    let text = String::from_utf8(out).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "hts_number,country_of_origin,s232_pct_before,s232_pct_after,additional_pct_before,additional_pct_after,\
         additional_pct_diff,total_pct_before,total_pct_after,total_pct_diff,total_low_pct_before,total_low_pct_after,\
         total_high_pct_before,total_high_pct_after,needs_input_before,needs_input_after,ledger_version_before,\
         ledger_version_after"
    );
    let first: Vec<&str> = lines.by_ref().take(3).collect();
    assert_eq!(first[0], "7210.49.0040,JP,50,100,50,100,50,50,100,50,,,,,,,a,b");
    assert!(
        first[1].starts_with("7210.49.0040,DE,50,100,") && first[2].starts_with("7210.49.0040,GB,25,50,"),
        "{first:?}"
    );
    let derivative = text.lines().find(|line| line.starts_with("7308.90.95") && line.contains(",DE,")).unwrap();
    assert!(derivative.contains("steel_pct"), "{derivative}");
    let dated = Table::new(&found, &ledger, ["a", "b"], Some(day(on)), &["acts"]);
    assert!(
        dated.head().starts_with("hts_number,country_of_origin,valid_from,valid_to,")
            && dated.head().contains(",acts,")
    );
}

#[test]
fn numbers_of_ten_digits_stand_for_what_they_part() {
    let schedule = portolan_law::schedule().unwrap();
    let codes = goods_of_schedule(&schedule, (day("2025-07-15"), day("2025-07-15")));
    assert!(codes.len() > 19_000 && codes.is_sorted());
    assert!(codes.windows(2).all(|pair| !pair[0].covers(pair[1])));
    let ledger = portolan_law::ledger().unwrap();
    let listed = goods_of_lists(&ledger, ledger.side("CN").unwrap());
    assert!(listed.len() > 5_000 && listed.is_sorted());
}
