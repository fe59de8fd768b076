//! Rows separated by commas, cut into pieces of whole rows that are taken apart where they are answered.

use super::header::{Header, ROWS_ABOVE};
use super::media::Text;
use super::{Give, InputError, Piece, Rows, piece_bytes};
use crate::fault::{Fault, Faults, FieldFault};
use crate::records::{self, Cut};

/// How much of a file is handed on at once, in bytes.
pub(super) const PIECE: usize = 512 * 1024;

/// A row longer than this, in bytes, is a quote that was never closed.
pub(super) const LONGEST_ROW: usize = 16 * 1024 * 1024;

/// A file of rows separated by commas, read to the end of its header.
pub(super) struct CsvSource {
    name: String,
    text: Text,
    rows: u64,
}

impl CsvSource {
    pub(super) fn open(name: &str, mut text: Text) -> Result<(Self, Header), InputError> {
        while !text.at_end && (text.left.len() < PIECE || records::cut(&text.left, false).records == 0) {
            if text.left.len() >= LONGEST_ROW {
                break;
            }
            let wanted = text.left.len() + PIECE;
            text.fill(wanted).map_err(|error| InputError::of_io(name, error))?;
        }
        let (header, after) = find_header(name, &text.left).map_err(InputError::Faults)?;
        text.left.drain(..after);
        if text.at_end && records::cut(&text.left, true).records == 0 {
            let fault = FieldFault::of_line("the file holds a header and no rows");
            return Err(InputError::Faults(Faults::of_file(name, fault)));
        }
        Ok((Self { name: name.to_owned(), text, rows: 0 }, header))
    }

    /// Hands on all rows.
    pub(super) fn drive(mut self, give: Give<'_>) -> Result<(), InputError> {
        let mut piece = Piece::default();
        while self.next(&mut piece)? {
            if !give(&mut piece)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next piece; false at the end of the file.
    fn next(&mut self, piece: &mut Piece) -> Result<bool, InputError> {
        let mut bytes = piece_bytes(&mut piece.rows);
        bytes.append(&mut self.text.left);
        loop {
            if !self.text.at_end && bytes.len() < PIECE {
                self.read_into(&mut bytes)?;
            }
            let Cut { end, records, open_quote } = records::cut(&bytes, self.text.at_end);
            if open_quote {
                return Err(self.wrong(records, "a quote is opened in this row and never closed"));
            }
            if records > 0 || self.text.at_end {
                self.text.left.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                *piece = Piece {
                    rows: Rows::Csv(bytes),
                    first: self.rows,
                    count: records,
                    taken: self.text.taken(),
                    notes: Vec::new(),
                };
                self.rows += records;
                return Ok(records > 0);
            }
            if bytes.len() > LONGEST_ROW {
                return Err(self.wrong(1, "a row longer than 16 MiB: a quote may be open"));
            }
            self.read_into(&mut bytes)?;
        }
    }

    fn read_into(&mut self, bytes: &mut Vec<u8>) -> Result<(), InputError> {
        self.text.read_into(bytes, PIECE).map_err(|error| InputError::of_io(&self.name, error))
    }

    fn wrong(&self, of_piece: u64, wrong: &str) -> InputError {
        let fault = FieldFault::of_line(wrong);
        let fault = Fault { row: Some(self.rows + of_piece), ..Fault::of_file(&self.name, fault) };
        InputError::Faults(Faults { first: vec![fault], more: 0 })
    }
}

/// The header, and where the rows begin. Reports have titles above it.
fn find_header(name: &str, text: &[u8]) -> Result<(Header, usize), Faults> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let mut first = None;
    let mut record = csv::ByteRecord::new();
    for _ in 0..=ROWS_ABOVE {
        // Reading from memory with rows of any length and bytes of any kind cannot fail.
        if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
            break;
        }
        let after = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX).min(text.len());
        if Header::is_one(record.iter()) {
            first = Some((record, after));
            break;
        }
        if first.is_none() {
            first = Some((record.clone(), after));
        }
    }
    let Some((record, after)) = first else {
        let fault = FieldFault::of_line("the file is empty").help("the first row names the columns");
        return Err(Faults::of_file(name, fault));
    };
    let cells: Vec<&[u8]> = record.iter().collect();
    Ok((Header::understand(name, &cells)?, after))
}
