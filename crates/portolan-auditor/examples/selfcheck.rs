//! Runs the generator and the auditor alone: how fast, what was reached, what was not conserved.

use std::time::Instant;

use portolan_auditor::differential::{Evaluator, Plan, run};
use portolan_auditor::{Answer, Auditor, OrdinaryTable};
use portolan_ledger::{EntryLine, Ledger};

/// The auditor once more, over ledger and duties of its own.
struct Twin(OrdinaryTable);

impl Evaluator for Twin {
    fn name(&self) -> &'static str {
        "twin"
    }

    fn answer(&mut self, ledger: &Ledger, line: &EntryLine) -> Result<Answer, String> {
        let auditor = Auditor::new(ledger).map_err(|fault| fault.to_string())?;
        auditor.answer(&self.0, line).map_err(|fault| fault.to_string())
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|text| text.parse::<u64>().ok());
    let cases = arguments.next().and_then(|n| usize::try_from(n).ok()).unwrap_or(10_000);
    let seed = arguments.next().unwrap_or(1);
    let started = Instant::now();
    let report = run(Plan::new(cases, seed), &|_, base| Ok(Box::new(Twin(base.clone()))));
    println!("{report}");
    println!("{} microseconds a case", started.elapsed().as_micros() / cases.max(1) as u128);
}
