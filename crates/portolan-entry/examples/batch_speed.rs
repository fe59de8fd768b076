//! How fast columns in memory become columns in memory, with every family:
//! `cargo run --release -p portolan-entry --example batch_speed -- [LINES] [SEED] [THREADS]`.
//!
//! Lines are drawn as for `bench_bill`: of one importer, as they are and without claims, contents, programs and dates in
//! transit; then over all codes, origins and days. Drawing them, and numbering what they state besides, is not timed. A second round finds worked out what the first one met. The floor copies the
//! columns in and fills the columns out, and does nothing else.

#[path = "common/measure.rs"]
mod measure;

use std::error::Error;
use std::hint::black_box;
use std::thread;
use std::time::Instant;

use measure::{megabytes, peak_memory, per_second, processor_seconds};
use portolan_engine::history::FactsIx;
use portolan_engine::history::batch::UnitIx;
use portolan_engine::{Batch, Columns, Duties, Law, LineState};
use portolan_entry::generate::{self, Drawn};
use portolan_ledger::line::{ClaimStated, EntryLine, View, When};
use portolan_ledger::number::Quantity;
use portolan_ledger::record::{Mode, Origin};
use portolan_ledger::{Cents, Day, Rate, Side, TariffCode};
use rustc_hash::FxHashMap;

/// Lines evaluated at a time: their columns stay near the processor.
const AT_A_TIME: usize = 2_048;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let lines: usize = arguments.next().map_or(Ok(10_000_000), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let threads: usize = arguments.next().map_or(Ok(2), |text| text.parse())?;
    let (ledger, schedule) = (portolan_law::ledger()?, portolan_law::schedule()?);
    let law = Law::new(&ledger, Some(&schedule));
    let date = |text: &str| Day::parse_iso(text.as_bytes()).ok_or("a date");
    let year = date("2025-04-01")?;
    let importer = generate::generate(&law, seed).of_one_importer(500, 12, year).take(lines);
    let days_of_year = (year, Day(year.0 + 365));
    timed("one importer, 500 codes, 12 origins, a year", &law, importer, days_of_year, threads)?;
    let importer = generate::generate(&law, seed).of_one_importer(500, 12, year).take(lines);
    let bare = importer.map(|drawn| Drawn { loaded: None, spi: "", metals: None, claim: None, ..drawn });
    timed("the same, stating nothing but mode and quantity", &law, bare, days_of_year, threads)?;
    let all = generate::generate(&law, seed).take(lines / 10);
    let days = (date("2018-01-01")?, date("2027-01-01")?);
    timed("all codes, all origins, nine years", &law, all, days, threads)?;
    println!("peak memory {:.0} MB", megabytes(peak_memory()));
    Ok(())
}

/// The columns of some lines.
#[derive(Default)]
struct Rows {
    codes: Vec<TariffCode>,
    origins: Vec<Origin>,
    entry_dates: Vec<Day>,
    values: Vec<Cents>,
    facts: Vec<FactsIx>,
    quantities: Vec<Option<(Quantity, UnitIx)>>,
}

impl Rows {
    fn push(&mut self, drawn: &Drawn, facts: u32, units: &mut Vec<String>) {
        let unit = |unit: &str, units: &mut Vec<String>| {
            let at = units.iter().position(|known| known == unit).unwrap_or_else(|| {
                units.push(unit.to_owned());
                units.len() - 1
            });
            UnitIx(u32::try_from(at).unwrap_or(u32::MAX))
        };
        self.codes.push(drawn.code);
        self.origins.push(Origin(drawn.origin));
        self.entry_dates.push(drawn.day);
        self.values.push(drawn.value);
        self.facts.push(FactsIx(facts));
        self.quantities.push(drawn.quantity.as_ref().map(|(amount, of)| (Quantity(*amount), unit(of, units))));
    }

    fn columns(&self, from: usize) -> Columns<'_> {
        let end = (from + AT_A_TIME).min(self.codes.len());
        Columns {
            codes: &self.codes[from..end],
            origins: &self.origins[from..end],
            entry_dates: &self.entry_dates[from..end],
            values: &self.values[from..end],
            facts: &self.facts[from..end],
            quantities: &self.quantities[from..end],
        }
    }
}

/// A line that states what a drawn line states besides code, origin, day, value and quantity.
fn stated(law: &Law<'_>, drawn: &Drawn) -> EntryLine {
    let mut line = EntryLine::new(Side(0), drawn.code, Origin(drawn.origin), When::Day(drawn.day), drawn.day);
    line.mode = Mode::parse(drawn.mode);
    line.loading_date = drawn.loaded.map(When::Day);
    line.spi = Some(drawn.spi.to_owned()).filter(|spi| !spi.is_empty());
    if let Some([steel, aluminum, copper]) = drawn.metals.map(|metals| metals.map(|of| Rate::percent(i64::from(of)))) {
        (line.steel_pct, line.aluminum_pct, line.copper_pct) = (Some(steel), Some(aluminum), Some(copper));
    }
    if let Some(claim) = &drawn.claim {
        let (name, yes) = claim.strip_prefix("no:").map_or((claim.as_str(), true), |name| (name, false));
        line.claims.extend(law.timeline.ledger.claim(name).map(|claim| ClaimStated { claim, yes }));
    }
    line
}

fn timed(
    name: &str,
    law: &Law<'_>,
    lines: impl Iterator<Item = Drawn>,
    days: (Day, Day),
    threads: usize,
) -> Result<(), Box<dyn Error>> {
    let today = Day::parse_iso(b"2026-11-22").ok_or("a date")?;
    let (mut facts, mut of_facts) = (Vec::new(), FxHashMap::default());
    let mut units = Vec::new();
    let mut parts: Vec<Rows> = (0..threads).map(|_| Rows::default()).collect();
    for (at, drawn) in lines.enumerate() {
        let key = (drawn.mode, drawn.loaded, drawn.spi, drawn.metals, drawn.claim.clone());
        let next = u32::try_from(facts.len())?;
        let known = *of_facts.entry(key).or_insert(next);
        if known == next {
            facts.push(stated(law, &drawn));
        }
        parts[at / AT_A_TIME % threads].push(&drawn, known, &mut units);
    }
    let count: usize = parts.iter().map(|rows| rows.codes.len()).sum();
    println!("{name}: {count} lines, which state {} things besides", facts.len());
    let mut batches: Vec<Batch<'_>> =
        (0..threads).map(|_| Batch::new(law, Side(0), View::Assessed, today, days)).collect();
    for (rows, batch) in parts.iter_mut().zip(&mut batches) {
        let numbers: Vec<FactsIx> = facts.iter().map(|line| batch.facts(line)).collect();
        rows.facts.iter_mut().for_each(|facts| *facts = numbers[facts.0 as usize]);
        for unit in &units {
            batch.unit(unit);
        }
    }
    for round in ["first round", "second round"] {
        let (start, worked) = (Instant::now(), processor_seconds());
        let settled: usize = thread::scope(|scope| {
            let parts = parts.iter().zip(&mut batches);
            let running: Vec<_> = parts.map(|(rows, batch)| scope.spawn(move || evaluate(batch, rows))).collect();
            running.into_iter().map(|one| one.join().unwrap_or(0)).sum()
        });
        let (took, worked) = (start.elapsed(), processor_seconds() - worked);
        println!(
            "  {round}, {threads} threads: {:.0} lines/s, {:.2} s, {worked:.2} s of processor time; {settled} settled",
            per_second(count as u64, took),
            took.as_secs_f64()
        );
    }
    let families = law.timeline.ledger.families.len();
    let start = Instant::now();
    for rows in &parts {
        copy(rows, families);
    }
    let took = start.elapsed();
    println!("  the floor, 1 thread: {:.0} lines/s, {:.2} s", per_second(count as u64, took), took.as_secs_f64());
    Ok(())
}

/// Evaluates all rows; how many are settled.
fn evaluate(batch: &mut Batch<'_>, rows: &Rows) -> usize {
    let mut duties = Duties::default();
    let mut settled = 0;
    for from in (0..rows.codes.len()).step_by(AT_A_TIME) {
        batch.evaluate(&rows.columns(from), &mut duties).unwrap_or_else(|uneven| panic!("{uneven}"));
        settled += duties.states.iter().filter(|state| **state == LineState::Settled).count();
        black_box(&duties);
    }
    settled
}

/// Copies the columns in, and fills columns as they come out.
fn copy(rows: &Rows, families: usize) {
    let mut out = vec![Vec::new(); families + 2];
    for from in (0..rows.codes.len()).step_by(AT_A_TIME) {
        let columns = rows.columns(from);
        let lines = columns.codes.len();
        black_box((columns.codes.to_vec(), columns.origins.to_vec(), columns.entry_dates.to_vec()));
        black_box((columns.values.to_vec(), columns.facts.to_vec(), columns.quantities.to_vec()));
        for column in &mut out {
            column.clear();
            column.resize(lines, 0_i64);
        }
        black_box(&out);
    }
}
