//! Rows as JSON, one object a line.
//!
//! Amounts are texts, as in `portolan duty --json`, so that no reader makes binary floats of them. Whole numbers are
//! numbers, lists are arrays, an empty cell is null.

use std::sync::Arc;

use portolan_engine::Pct;
use portolan_ledger::line::When;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Day, Rate, TariffCode};

use super::{Cells, Schema};
use crate::cells;

/// Rows as text: one object a line.
#[derive(Clone, Debug)]
pub struct JsonRows {
    bytes: Vec<u8>,
    /// What stands before each value: its name, and what parts it from the value before.
    keys: Arc<[Vec<u8>]>,
    at: usize,
}

impl JsonRows {
    /// No rows yet, of a table.
    pub fn new(schema: &Schema) -> Self {
        let key = |(at, field): (usize, &super::Field)| {
            let mut key = vec![if at == 0 { b'{' } else { b',' }];
            string(&mut key, field.name.as_bytes());
            key.push(b':');
            key
        };
        Self { bytes: Vec::new(), keys: schema.fields.iter().enumerate().map(key).collect(), at: 0 }
    }

    /// What was written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the rows.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.at = 0;
    }

    /// Where the next value goes.
    fn next(&mut self) -> &mut Vec<u8> {
        // A row has as many cells as the table has columns.
        if let Some(key) = self.keys.get(self.at) {
            self.bytes.extend_from_slice(key);
        }
        self.at += 1;
        &mut self.bytes
    }

    fn quoted(&mut self, is_some: bool, write: impl FnOnce(&mut Vec<u8>)) {
        let out = self.next();
        if is_some {
            out.push(b'"');
            write(out);
            out.push(b'"');
        } else {
            out.extend_from_slice(b"null");
        }
    }
}

impl Cells for JsonRows {
    fn whole(&mut self, value: u64) {
        cells::whole(self.next(), value);
    }

    fn text(&mut self, value: &[u8]) {
        let out = self.next();
        if value.is_empty() {
            out.extend_from_slice(b"null");
        } else {
            string(out, value);
        }
    }

    fn list<T: AsRef<[u8]>>(&mut self, values: impl IntoIterator<Item = T>) {
        let out = self.next();
        out.push(b'[');
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            string(out, value.as_ref());
        }
        out.push(b']');
    }

    fn money(&mut self, value: Option<Cents>) {
        self.quoted(value.is_some(), |out| cells::cents_or_empty(out, value));
    }

    fn points(&mut self, value: Option<Pct>) {
        self.quoted(value.is_some(), |out| cells::pct_or_empty(out, value));
    }

    fn share(&mut self, value: Option<Rate>) {
        self.quoted(value.is_some(), |out| cells::share(out, value.unwrap_or_default()));
    }

    fn day(&mut self, value: Option<Day>) {
        self.quoted(value.is_some(), |out| cells::day(out, value.unwrap_or(Day(0))));
    }

    fn when(&mut self, value: When, clock: &Clock) {
        self.quoted(true, |out| cells::when(out, value, clock));
    }

    fn code(&mut self, value: TariffCode) {
        self.quoted(true, |out| cells::code(out, value));
    }

    fn fixed(&mut self, value: &str) {
        self.text(value.as_bytes());
    }

    fn zeros(&mut self, families: usize) {
        for _ in 0..families * 2 {
            self.next().extend_from_slice(b"\"0\"");
        }
    }

    fn end(&mut self) {
        self.bytes.extend_from_slice(b"}\n");
        self.at = 0;
    }
}

/// Writes a text in quotes. Texts of an input are UTF-8 once its rows were read.
pub(crate) fn string(out: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back() {
        for text in ["", "plain", "a \"b\" \\ c", "line\nfeed\r\ttab \u{1} \u{1f} \u{7f}", "émincé 关税"] {
            let mut out = Vec::new();
            string(&mut out, text.as_bytes());
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
