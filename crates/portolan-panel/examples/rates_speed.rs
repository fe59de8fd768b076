//! How long effective rates take, with all partners of the shipped weights: `cargo run --release --example rates_speed`.

use std::time::Instant;

use portolan_engine::Law;
use portolan_ledger::line::View;
use portolan_ledger::{Day, Side};
use portolan_panel::rates::ordinary::Ordinary;
use portolan_panel::rates::shares::{Shares, Table};
use portolan_panel::rates::{Request, Split, rates};
use portolan_panel::weights::Weights;

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut day = |or: &str| Day::parse_iso(arguments.next().unwrap_or_else(|| or.to_owned()).as_bytes());
    let (Some(from), Some(until)) = (day("2025-01-01"), day("2027-01-01")) else { return Err("two days".into()) };
    let average = arguments.next().is_some_and(|shares| shares == "average");
    let start = Instant::now();
    let ledger = portolan_law::ledger()?;
    let schedule = portolan_law::schedule()?;
    let law = Law::new(&ledger, Some(&schedule));
    println!("law {:?}", start.elapsed());
    let weights = Weights::us_2024(&ledger)?;
    println!("weights {:?}", start.elapsed());
    let shares = if average { Shares::read(&[Table::UsAverage], &ledger)? } else { Shares::none() };
    println!("shares {:?}", start.elapsed());
    let request = Request {
        side: Side(0),
        view: View::Assessed,
        known: until,
        from,
        until,
        split: Split { origin: true, family: true, ..Split::default() },
        weights: &weights,
        shares: &shares,
        ordinary: &Ordinary::default(),
        knows_ordinary: true,
    };
    let found = rates(&request, &law).map_err(|error| format!("{error:?}"))?;
    println!("rates {:?}: {} groups, {} flows", start.elapsed(), found.groups.len(), found.histories);
    Ok(())
}
