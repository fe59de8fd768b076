//! Entry lines end to end, on the law that ships.

mod acceptance;
mod bad;
mod bills;
mod faults;
mod fees;
mod formats;
mod forms;
mod make;
mod refunds;
mod sums;
mod worked;

use std::sync::LazyLock;

use portolan_engine::Law;
use portolan_entry::{Done, Input, Layers, Options, Output, RunError, run};
use portolan_ledger::schedule::Schedule;
use portolan_ledger::{Day, Ledger};

static LEDGER: LazyLock<Ledger> = LazyLock::new(|| portolan_law::ledger().unwrap());
static SCHEDULE: LazyLock<Schedule> = LazyLock::new(|| portolan_law::schedule().unwrap());
static LAW: LazyLock<Law<'static>> = LazyLock::new(|| Law::new(&LEDGER, Some(&SCHEDULE)));

/// The day that stands for today.
fn today() -> Day {
    Day::parse_iso(b"2026-11-22").unwrap()
}

fn text(text: &str) -> Input {
    Input::Text { name: "lines.csv".to_owned(), bytes: text.as_bytes().to_vec() }
}

fn options(layers: Layers) -> Options {
    let mut options = Options::new(today(), Output::Memory);
    options.layers = layers;
    options
}

fn answer(file: &str, layers: Layers) -> Result<Done, RunError> {
    run(&[text(file)], &options(layers), &LAW, &mut |_, _| {})
}

/// A table as people read it: by row, and in a row by the name of the column.
struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(bytes: &[u8]) -> Self {
        let mut reader = csv::Reader::from_reader(bytes);
        let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        Self { names, rows }
    }

    fn get(&self, row: usize, name: &str) -> &str {
        let at = self.names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no column {name}"));
        &self.rows[row][at]
    }
}
