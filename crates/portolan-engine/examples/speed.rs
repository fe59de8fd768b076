//! Times the engine: one line warm, and a batch of lines drawn over all codes, origins and days.
use std::time::Instant as Clock;

use portolan_engine::{Engine, Law};
use portolan_ledger::line::{EntryLine, When};
use portolan_ledger::record::Origin;
use portolan_ledger::{Cents, Day, Side};

fn main() {
    let t = Clock::now();
    let ledger = portolan_law::ledger().expect("packed");
    println!("ledger {:?}", t.elapsed());
    let t = Clock::now();
    let schedule = portolan_law::schedule().expect("packed");
    println!("schedule {:?}", t.elapsed());
    let t = Clock::now();
    let law = Law::new(&ledger, Some(&schedule));
    println!("law {:?}: {} records", t.elapsed(), law.records());
    let t = Clock::now();
    let mut engine = Engine::new(&law);
    let day = Day::parse_iso(b"2025-06-05").expect("day");
    let mut line = EntryLine::new(Side(0), "9403.60.80".parse().expect("code"), Origin(*b"CN"), When::Day(day), day);
    line.value = Some(Cents(1_000_000));
    let answer = engine.answer(&line);
    println!("first answer {:?} {}", t.elapsed(), answer.is_ok());
    let t = Clock::now();
    let rounds = if std::env::args().nth(1).as_deref() == Some("warm") { 10_000_000 } else { 100_000 };
    for _ in 0..rounds {
        std::hint::black_box(engine.bill(std::hint::black_box(&line)).is_ok());
    }
    println!("warm line {:?}", t.elapsed() / rounds);
    if rounds > 100_000 {
        return;
    }
    let t = Clock::now();
    let table = law.table();
    println!("table {:?}: {} classes", t.elapsed(), table.classes.len());
    let codes: Vec<_> = schedule.codes().filter(|s| s.until.is_none()).map(|s| s.code).collect();
    let mut seed = 42_u64;
    let mut next = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) as usize) % n
    };
    let origins: Vec<Origin> = ledger
        .groups
        .iter()
        .flat_map(|g| &g.members)
        .flat_map(|m| m.origins.clone())
        .chain(
            ["CN", "CN", "CN", "VN", "JP", "KR", "MX", "CA", "IN", "TW", "TH", "BR", "CH", "GB", "HK", "MO"]
                .iter()
                .filter_map(|t| Origin::parse(t.as_bytes())),
        )
        .collect();
    let n: u32 = 1_000_000;
    let lines: Vec<EntryLine> = (0..n)
        .map(|_| {
            let day = Day(17532 + i32::try_from(next(3200)).unwrap_or(0));
            let mut line = EntryLine::new(
                Side(0),
                codes[next(codes.len())],
                origins[next(origins.len())],
                When::Day(day),
                Day(20779),
            );
            line.value = Some(Cents(1_000_000));
            line
        })
        .collect();
    let mut engine = Engine::new(&law);
    let rounds = if std::env::args().nth(1).as_deref() == Some("cold") { 1 } else { 2 };
    for round in 0..rounds {
        println!("{:?}", engine.sizes());
        let t = Clock::now();
        let (mut ok, mut asks, mut faults) = (0, 0, 0);
        for line in &lines {
            match engine.bill(line) {
                Ok(bill) if bill.needs_input.is_empty() => ok += 1,
                Ok(_) => asks += 1,
                Err(_) => faults += 1,
            }
        }
        let took = t.elapsed();
        println!(
            "round {round}: {took:?}, {} ns/line; plain {ok}, asks {asks}, faults {faults}",
            took.as_nanos() / u128::from(n)
        );
    }
}
