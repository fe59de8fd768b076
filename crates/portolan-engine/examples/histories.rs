//! How many classes, histories and rows the whole panel has, and how long the law takes to say them.
use std::time::Instant;

use portolan_engine::history::FactsIx;
use portolan_engine::{Histories, Law};
use portolan_ledger::line::View;
use portolan_ledger::record::Origin;
use portolan_ledger::{Day, Side};

fn main() {
    let ledger = portolan_law::ledger().expect("packed");
    let schedule = portolan_law::schedule().expect("packed");
    let law = Law::new(&ledger, Some(&schedule));
    let start = Instant::now();
    law.table();
    println!("table {:?}", start.elapsed());
    let days = (Day::parse_iso(b"2018-01-01").expect("day"), Day::parse_iso(b"2026-11-23").expect("day"));
    let mut histories = Histories::new(&law, Side(0), View::Assessed, days.1, days);
    println!("segments {} {:?}", histories.days().count(), start.elapsed());
    let mut products = std::collections::BTreeMap::new();
    let mut codes: Vec<_> = schedule.codes().filter(|s| s.code.digits() == 10).map(|s| s.code).collect();
    codes.dedup();
    for code in &codes {
        for span in histories.products(*code, days).expect("known") {
            *products.entry(span.product).or_insert(0_u64) += 1;
        }
    }
    println!("codes {} products {} {:?}", codes.len(), products.len(), start.elapsed());
    let mut origins = std::collections::BTreeMap::new();
    let letters = b'A'..=b'Z';
    for origin in letters.clone().flat_map(|a| letters.clone().map(move |b| Origin([a, b]))) {
        *origins.entry(histories.origin(origin)).or_insert(0_u64) += 1;
    }
    println!("origins {} {:?}", origins.len(), start.elapsed());
    let (mut stretches, mut rows, mut class_rows) = (Vec::new(), 0, 0);
    for (&product, codes) in &products {
        for (&origin, countries) in &origins {
            histories.history(product, origin, FactsIx(0), &mut stretches).expect("no conflict");
            class_rows += stretches.len();
            rows += stretches.len() as u64 * codes * countries;
        }
    }
    println!("class rows {class_rows} rows {rows} treatments {} {:?}", histories.treatments(), start.elapsed());
    println!("{:?} {:?}", histories.sizes(), histories.engine().sizes());
}
