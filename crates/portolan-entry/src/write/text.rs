//! Rows as comma-separated values.

use portolan_engine::Pct;
use portolan_ledger::line::When;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Day, Rate, TariffCode};

use super::{Cells, Schema};
use crate::cells;

/// Rows as text: commas between the cells, a line feed after each row.
#[derive(Clone, Debug, Default)]
pub struct CsvRows {
    bytes: Vec<u8>,
    inside: bool,
}

/// The first row, which names the columns.
pub fn head(schema: &Schema) -> Vec<u8> {
    let mut head = CsvRows::default();
    for field in &schema.fields {
        head.text(field.name.as_bytes());
    }
    head.end();
    head.bytes
}

impl CsvRows {
    /// What was written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the rows.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.inside = false;
    }

    /// Where the next cell goes.
    fn next(&mut self) -> &mut Vec<u8> {
        if self.inside {
            self.bytes.push(b',');
        }
        self.inside = true;
        &mut self.bytes
    }
}

impl Cells for CsvRows {
    fn whole(&mut self, value: u64) {
        cells::whole(self.next(), value);
    }

    fn text(&mut self, value: &[u8]) {
        cells::text(self.next(), value);
    }

    fn list<T: AsRef<[u8]>>(&mut self, values: impl IntoIterator<Item = T>) {
        cells::list(self.next(), values);
    }

    fn money(&mut self, value: Option<Cents>) {
        cells::cents_or_empty(self.next(), value);
    }

    fn points(&mut self, value: Option<Pct>) {
        cells::pct_or_empty(self.next(), value);
    }

    fn share(&mut self, value: Option<Rate>) {
        let out = self.next();
        if let Some(share) = value {
            cells::share(out, share);
        }
    }

    fn day(&mut self, value: Option<Day>) {
        let out = self.next();
        if let Some(day) = value {
            cells::day(out, day);
        }
    }

    fn when(&mut self, value: When, clock: &Clock) {
        cells::when(self.next(), value, clock);
    }

    fn code(&mut self, value: TariffCode) {
        cells::code(self.next(), value);
    }

    fn fixed(&mut self, value: &str) {
        self.next().extend_from_slice(value.as_bytes());
    }

    /// Most families owe nothing: runs of zeros are written at once.
    fn zeros(&mut self, families: usize) {
        const ZEROS: &[u8] = b",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0";
        let mut bytes = families * 4;
        if bytes > 0 && !self.inside {
            self.next().push(b'0');
            bytes -= 2;
        }
        while bytes > 0 {
            let run = bytes.min(ZEROS.len());
            self.bytes.extend_from_slice(&ZEROS[..run]);
            bytes -= run;
        }
    }

    fn end(&mut self) {
        self.bytes.push(b'\n');
        self.inside = false;
    }
}
