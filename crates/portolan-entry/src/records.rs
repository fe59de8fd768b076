//! Records of a CSV text: where they end, so that a file can be cut into pieces that are read side by side.
//!
//! The rules are those of the `csv` crate: a quote counts where a cell begins, a doubled quote inside quotes is one, a
//! line ends with CR, LF or both, and empty lines are no records. A piece without any quote, which is nearly every piece,
//! needs no rules but commas and line ends.

use std::ops::Range;

use memchr::{memchr, memchr2_iter, memrchr2};

/// Where the records of a piece end, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The first byte after the last whole record.
    pub end: usize,
    /// How many records end before it.
    pub records: u64,
    /// A quote that was opened is still open at the end of the text.
    pub open_quote: bool,
}

/// Where in a record a byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Record,
    Field,
    Plain,
    Quoted,
    Quote,
}

/// Finds the last whole record of a text that begins with a record. At the end of a file what is left is a record too.
pub fn cut(text: &[u8], is_last: bool) -> Cut {
    if memchr(b'"', text).is_none() {
        return cut_plain(text, is_last);
    }
    let mut state = State::Record;
    let mut found = Cut { end: 0, records: 0, open_quote: false };
    for (at, &byte) in text.iter().enumerate() {
        state = match (state, byte) {
            (State::Quoted, b'"') => State::Quote,
            (State::Quoted, _) | (State::Quote | State::Record | State::Field, b'"') => State::Quoted,
            (State::Record, b'\r' | b'\n') => {
                found.end = at + 1;
                State::Record
            }
            (_, b'\r' | b'\n') => {
                found = Cut { end: at + 1, records: found.records + 1, open_quote: false };
                State::Record
            }
            (_, b',') => State::Field,
            _ => State::Plain,
        };
    }
    if is_last && state != State::Record {
        found = Cut { end: text.len(), records: found.records + 1, open_quote: state == State::Quoted };
    }
    found
}

fn cut_plain(text: &[u8], is_last: bool) -> Cut {
    let last = memrchr2(b'\n', b'\r', text).map_or(0, |at| at + 1);
    let end = if is_last { text.len() } else { last };
    let records = lines(&text[..end]).count();
    Cut { end, records: records as u64, open_quote: false }
}

/// The lines of a text without quotes, without their ends; empty ones are left out.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let ends = memchr2_iter(b'\n', b'\r', text).chain([text.len()]);
    ends.filter_map(move |end| {
        let line = &text[start..end];
        start = end + 1;
        (!line.is_empty()).then_some(line)
    })
}

/// Room for the cells of a record.
pub type Cells = Vec<Range<usize>>;

/// Calls `each` with every record of a text: the bytes that hold its cells, and the range of each cell.
pub fn each_record(text: &[u8], cells: &mut Cells, mut each: impl FnMut(&[u8], &[Range<usize>])) {
    if memchr(b'"', text).is_none() {
        for line in lines(text) {
            cells.clear();
            let mut start = 0;
            for (at, &byte) in line.iter().enumerate() {
                if byte == b',' {
                    cells.push(start..at);
                    start = at + 1;
                }
            }
            cells.push(start..line.len());
            each(line, cells);
        }
        return;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut record = csv::ByteRecord::new();
    // Reading from memory with rows of any length and bytes of any kind cannot fail.
    while matches!(reader.read_byte_record(&mut record), Ok(true)) {
        cells.clear();
        cells.extend((0..record.len()).filter_map(|index| record.range(index)));
        each(record.as_slice(), cells);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_crate(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        reader.byte_records().map(|r| r.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
    }

    fn ours(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        each_record(text, &mut Vec::new(), |bytes, cells| {
            found.push(cells.iter().map(|range| bytes[range.clone()].to_vec()).collect());
        });
        found
    }

    #[test]
    fn every_short_text_is_read_and_cut_as_the_crate_reads_it() {
        let alphabet = [b'a', b',', b'"', b'\n', b'\r'];
        for length in 0..=7 {
            for mut number in 0..5_usize.pow(length) {
                let mut text = Vec::new();
                for _ in 0..length {
                    text.push(alphabet[number % 5]);
                    number /= 5;
                }
                let whole = by_crate(&text);
                let shown = String::from_utf8_lossy(&text).into_owned();
                assert_eq!(ours(&text), whole, "{shown:?}");
                assert_eq!(cut(&text, true).records, whole.len() as u64, "{shown:?}");
                assert_eq!(
                    cut(&text, true).end,
                    if cut(&text, true).records == 0 { cut(&text, true).end } else { text.len() }
                );
                let first = cut(&text, false);
                let mut parts = by_crate(&text[..first.end]);
                assert_eq!(parts.len() as u64, first.records, "{shown:?}");
                parts.extend(by_crate(&text[first.end..]));
                assert_eq!(parts, whole, "{shown:?}");
            }
        }
    }

    #[test]
    fn an_open_quote_is_told() {
        assert!(cut(b"a,\"b\nc,d\n", true).open_quote);
        assert!(!cut(b"a,\"b\nc\",d\n", true).open_quote);
    }
}
