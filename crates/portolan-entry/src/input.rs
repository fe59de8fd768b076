//! Files of entry lines: opened, their headers understood, cut into pieces of whole rows.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use crate::columns::Column;
use crate::fault::{Fault, Faults, FieldFault};
use crate::records::{self, Cut};

/// How much of a file is handed on at once, in bytes.
const PIECE: usize = 512 * 1024;

/// A row longer than this, in bytes, is a quote that was never closed.
const LONGEST_ROW: usize = 16 * 1024 * 1024;

/// Entry lines as CSV.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// A text in memory, with the name that messages give it.
    Text {
        /// Its name.
        name: String,
        /// The text.
        bytes: Vec<u8>,
    },
}

impl Input {
    /// The name that messages give it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Text { name, .. } => name.clone(),
        }
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Text { bytes, .. } => Box::new(bytes.as_slice()),
        })
    }
}

/// Why a file gives no rows.
#[derive(Debug)]
pub enum InputError {
    /// It cannot be read.
    Read {
        /// Its name.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// What it holds is wrong.
    Faults(Faults),
}

/// The header of a file, understood.
#[derive(Clone, Debug)]
pub struct Header {
    /// Name of the file.
    pub file: String,
    /// For each cell of a row: the column it is, none where it is passed through.
    pub columns: Vec<Option<Column>>,
    /// Names of all cells, as they stand.
    pub names: Vec<String>,
}

impl Header {
    /// Where a column stands.
    pub fn position(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|c| *c == Some(column))
    }

    /// Cells that are passed through, with their names.
    pub fn unknown(&self) -> impl Iterator<Item = (usize, &str)> {
        let cells = self.columns.iter().zip(&self.names).enumerate();
        cells.filter(|(_, (column, _))| column.is_none()).map(|(at, (_, name))| (at, name.as_str()))
    }
}

/// A piece of a file: whole rows.
#[derive(Debug, Default)]
pub struct Piece {
    /// The rows.
    pub bytes: Vec<u8>,
    /// How many rows.
    pub rows: u64,
}

/// An open file, read to the end of its header.
pub struct Source<'i> {
    name: String,
    reader: Box<dyn Read + Send + 'i>,
    /// Read but not handed on: the beginning of the next piece.
    left: Vec<u8>,
    rows: u64,
    at_end: bool,
}

impl<'i> Source<'i> {
    /// Opens an input and reads its header.
    ///
    /// # Errors
    /// It cannot be read, or its header is wrong; then every fault of the header is named.
    pub fn open(input: &'i Input) -> Result<(Self, Header), InputError> {
        let name = input.name();
        let reader = input.open().map_err(|error| InputError::Read { file: name.clone(), error })?;
        let mut source = Self { name, reader, left: Vec::new(), rows: 0, at_end: false };
        let mut head = Vec::new();
        while !source.at_end
            && (head.len() < PIECE || records::cut(&head, false).records == 0)
            && head.len() < LONGEST_ROW
        {
            source.read_into(&mut head)?;
        }
        let faults = |fault| InputError::Faults(Faults::of_file(&source.name, fault));
        let start = text_start(&head).map_err(faults)?;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&head[start..]);
        let mut record = csv::ByteRecord::new();
        let found = matches!(reader.read_byte_record(&mut record), Ok(true));
        if !found {
            return Err(faults(FieldFault::of_line("the file is empty").help("the first row names the columns")));
        }
        let header = header(&source.name, &record).map_err(InputError::Faults)?;
        let after = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX).min(head.len() - start);
        source.left = head.split_off(start + after);
        if source.at_end && records::cut(&source.left, true).records == 0 {
            let fault = FieldFault::of_line("the file holds a header and no rows");
            return Err(InputError::Faults(Faults::of_file(&source.name, fault)));
        }
        Ok((source, header))
    }

    /// Reads on, by one piece at most; notes the end of the file.
    fn read_into(&mut self, bytes: &mut Vec<u8>) -> Result<(), InputError> {
        let before = bytes.len();
        let wanted = u64::try_from(PIECE).unwrap_or(u64::MAX);
        let read = (&mut self.reader).take(wanted).read_to_end(bytes);
        let read = read.map_err(|error| InputError::Read { file: self.name.clone(), error })?;
        self.at_end |= read < PIECE;
        debug_assert_eq!(bytes.len(), before + read);
        Ok(())
    }

    /// The next piece; false at the end of the file.
    ///
    /// # Errors
    /// The file cannot be read, a quote is never closed, or a row is longer than 16 MiB.
    pub fn next(&mut self, piece: &mut Piece) -> Result<bool, InputError> {
        piece.bytes.clear();
        piece.bytes.append(&mut self.left);
        loop {
            if !self.at_end && piece.bytes.len() < PIECE {
                self.read_into(&mut piece.bytes)?;
            }
            let Cut { end, records, open_quote } = records::cut(&piece.bytes, self.at_end);
            if open_quote {
                return Err(self.wrong(records, "a quote is opened in this row and never closed"));
            }
            if records > 0 || self.at_end {
                self.left.extend_from_slice(&piece.bytes[end..]);
                piece.bytes.truncate(end);
                piece.rows = records;
                self.rows += records;
                return Ok(records > 0);
            }
            if piece.bytes.len() > LONGEST_ROW {
                return Err(self.wrong(1, "a row longer than 16 MiB: a quote may be open"));
            }
            self.read_into(&mut piece.bytes)?;
        }
    }

    fn wrong(&self, of_piece: u64, wrong: &str) -> InputError {
        let fault =
            Fault { file: self.name.clone(), row: Some(self.rows + of_piece), fault: FieldFault::of_line(wrong) };
        InputError::Faults(Faults { first: vec![fault], more: 0 })
    }
}

/// Where the text begins, after a byte order mark; or what shows that it is no CSV in UTF-8.
fn text_start(head: &[u8]) -> Result<usize, FieldFault> {
    let wrong = |wrong: &str, help: &str| Err(FieldFault::of_line(wrong).help(help));
    match head {
        [0xEF, 0xBB, 0xBF, ..] => Ok(3),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => wrong("the text is UTF-16", "save it as CSV UTF-8"),
        [b'P', b'K', 3, 4, ..] => wrong("this is a workbook or an archive, no CSV", "save the sheet as CSV UTF-8"),
        [b'P', b'A', b'R', b'1', ..] => wrong("this is Parquet, no CSV", "give it a name that ends with .parquet"),
        _ => Ok(0),
    }
}

/// Understands a header.
fn header(file: &str, record: &csv::ByteRecord) -> Result<Header, Faults> {
    let mut faults = Faults::default();
    let mut add = |fault: FieldFault| faults.push(Fault { file: file.to_owned(), row: None, fault }, usize::MAX);
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    let mut columns: Vec<Option<Column>> = Vec::with_capacity(record.len());
    for (at, cell) in record.iter().enumerate() {
        let Ok(name) = std::str::from_utf8(cell) else {
            let shown = crate::fault::shown(cell);
            add(FieldFault::of_line(format!("the name of column {} is not UTF-8: {shown}", at + 1))
                .help("save it as CSV UTF-8"));
            continue;
        };
        let name = name.trim();
        let column = Column::find(name);
        let twin = columns.iter().zip(&names).find(|(c, n): &(&Option<Column>, &String)| {
            column.is_some() && **c == column || column.is_none() && !name.is_empty() && n.as_str() == name
        });
        if let Some((_, twin)) = twin {
            let which = column.map_or(String::new(), |c| format!(": both are {}", c.name()));
            add(FieldFault::of_line(format!("the columns \"{twin}\" and \"{name}\" are one{which}"))
                .help("take one of them out"));
        }
        columns.push(column);
        names.push(name.to_owned());
    }
    for required in Column::REQUIRED {
        if !columns.contains(&Some(required)) {
            let others = required.aliases().iter().map(|a| format!("\"{a}\"")).collect::<Vec<_>>().join(", ");
            let mut fault = FieldFault::of_line(format!("the header has no column {}", required.name()));
            if !others.is_empty() {
                fault = fault.help(format!("it may also be named {others}"));
            } else if record.len() == 1 && record.iter().any(|c| c.contains(&b';') || c.contains(&b'\t')) {
                fault = fault.help("the cells are to be separated by commas");
            }
            add(fault);
        }
    }
    if faults.is_empty() { Ok(Header { file: file.to_owned(), columns, names }) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn open(text: &[u8]) -> Result<(Vec<Option<Column>>, Vec<u8>), String> {
        let input = Input::Text { name: "f.csv".to_owned(), bytes: text.to_vec() };
        let (mut source, header) = Source::open(&input).map_err(said)?;
        let mut piece = Piece::default();
        let mut all = Vec::new();
        while source.next(&mut piece).map_err(said)? {
            all.extend_from_slice(&piece.bytes);
        }
        Ok((header.columns, all))
    }

    fn said(error: InputError) -> String {
        match error {
            InputError::Faults(faults) => faults.to_string(),
            InputError::Read { file, error } => format!("{file}: {error}"),
        }
    }

    const HEAD: &str = "HTS Number - Full,Country of Origin Code,Entry Date,note";

    #[test]
    fn a_header_is_understood_with_its_mark_and_line_ends() {
        for (start, end) in [("", "\n"), ("\u{feff}", "\r\n"), ("\n\n", "\r")] {
            let (columns, rows) = open(format!("{start}{HEAD}{end}a,b,c,d{end}").as_bytes()).unwrap();
            let known = [Some(Column::HtsNumber), Some(Column::CountryOfOrigin), Some(Column::EntryDate), None];
            assert_eq!(columns, known);
            assert_eq!(String::from_utf8(rows).unwrap().trim(), "a,b,c,d");
        }
    }

    #[test]
    fn each_wrong_file_is_named_by_one_clear_error() {
        let says = |text: &[u8], what: &str| {
            let error = open(text).unwrap_err();
            assert!(error.contains(what), "{error}");
        };
        says(b"", "f.csv: the file is empty; the first row names the columns");
        says(b"\n\n", "the file is empty");
        says(HEAD.as_bytes(), "the file holds a header and no rows");
        says(format!("{HEAD}\n\r\n").as_bytes(), "the file holds a header and no rows");
        says(b"PK\x03\x04...", "a workbook");
        says(b"\xff\xfeh\0", "UTF-16");
        says(b"hts_number,entry_date\n1,2\n", "the header has no column country_of_origin");
        says(
            b"hts_number,code,country_of_origin,entry_date\n",
            "\"hts_number\" and \"code\" are one: both are hts_number",
        );
        says(b"code,country_of_origin,entry_date,x,x\n", "the columns \"x\" and \"x\" are one");
        says(b"code;country_of_origin;entry_date\n1;2;3\n", "separated by commas");
        says(b"code,country_of_origin,entry_date,\xff\n", "column 4 is not UTF-8");
        says(
            format!("{HEAD}\na,b,c,d\na,\"b,c,d\n").as_bytes(),
            "f.csv, row 2: a quote is opened in this row and never closed",
        );
    }

    #[test]
    fn pieces_end_with_rows() {
        let mut text = format!("{HEAD}\n");
        for row in 0..50_000 {
            let _ = writeln!(text, "{row},\"x\ny\",\"\"\"\",plain text that is a little longer");
        }
        let (_, rows) = open(text.as_bytes()).unwrap();
        assert_eq!(rows.len(), text.len() - HEAD.len() - 1);
    }
}
