//! The auditor over the real ledger and schedule: how fast, what was reached, what was refused and why.
//!
//! `cargo run --release -p portolan-auditor --example real -- LEDGER_FOLDER SCHEDULE_FOLDER [CASES] [SEED]`

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use portolan_auditor::generate::{self, Edges, Random};
use portolan_auditor::{Auditor, Coverage, Fault, Printed, conservation};
use portolan_ledger::schedule::{Schedule, pack_folder};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise: u64| arguments.get(at).and_then(|t| t.parse().ok()).unwrap_or(otherwise);
    let folder = |at: usize, otherwise: &'static str| arguments.get(at).map_or(otherwise, |text| text).to_owned();
    let files = portolan_ledger::read::collect(Path::new(&folder(0, "ledger")))?;
    let ledger = match portolan_ledger::read::read(&files) {
        Ok(read) => read.ledger,
        Err(_) => return Err("the ledger does not read".into()),
    };
    let schedule = Schedule::open(pack_folder(Path::new(&folder(1, "schedule/us")))?)?;
    let auditor = Auditor::new(&ledger)?;
    let side = ledger.side("US").ok_or("no side US")?;
    let base = Printed::new(&auditor, &schedule, side);
    let edges = Edges::of(&ledger);
    let mut random = Random::new(number(3, 1));
    let mut coverage = Coverage::default();
    let mut refused: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let cases = number(2, 1_000);
    let started = Instant::now();
    for _ in 0..cases {
        let Some(line) = generate::line(&mut random, &edges) else { break };
        let verdict = auditor.answer_counting(&base, &line, &mut coverage);
        let complaint = match verdict {
            Ok(answer) => conservation::check(&ledger, &line, &answer).err(),
            Err(Fault::TooManyCombinations(_)) => Some("too many settings".to_owned()),
            Err(fault) => Some(fault.to_string()),
        };
        if let Some(complaint) = complaint {
            refused.entry(complaint).or_insert((0, format!("{line:?}"))).0 += 1;
        }
    }
    println!("{coverage}");
    for (why, (count, line)) in refused {
        println!("{count} x {why}\n    first: {line}");
    }
    println!("{} microseconds a case", started.elapsed().as_micros() / u128::from(cases.max(1)));
    Ok(())
}
