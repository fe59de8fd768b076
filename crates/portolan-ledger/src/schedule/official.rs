//! The official editions of the schedule as they are published: JSON and CSV of hts.usitc.gov, gzipped or not.

use std::fmt;
use std::io::Read;

use serde::Deserialize;

use crate::code::TariffCode;

/// One row of an official edition, markup left out of everything but the rates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficialRow {
    /// The tariff code; none on the rows that only group others.
    pub code: Option<TariffCode>,
    /// How deep the description stands, 0 for a heading.
    pub indent: u8,
    /// The description of the article.
    pub description: String,
    /// Units of quantity, in the order of reporting.
    pub units: Vec<String>,
    /// Column 1-General.
    pub general: String,
    /// Column 1-Special.
    pub special: String,
    /// Column 2.
    pub column_2: String,
    /// Footnotes, which only the JSON holds.
    pub footnotes: Vec<String>,
}

/// Why a file is not an official edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfficialError {
    /// The file does not unpack.
    Gzip(String),
    /// Not the JSON of an edition: line, column, and what is wrong there.
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A row of the CSV does not read.
    Csv {
        /// The row, from 1; the header is row 1.
        row: u64,
        /// What is wrong.
        message: String,
    },
    /// The CSV has no column of this name.
    ColumnMissing(&'static str),
    /// A cell does not read.
    Cell {
        /// The row, from 1; in a CSV the header is row 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// What it holds and why that is wrong.
        message: String,
    },
    /// No row of the file bears a rate: this is no edition of the schedule.
    NoRates,
}

impl fmt::Display for OfficialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gzip(message) => write!(f, "the file does not unpack: {message}"),
            Self::Json { line, column, message } => write!(f, "line {line}, column {column}: {message}"),
            Self::Csv { row, message } => write!(f, "row {row}: {message}"),
            Self::ColumnMissing(name) => write!(f, "there is no column `{name}`"),
            Self::Cell { row, column, message } => write!(f, "row {row}, column `{column}`: {message}"),
            Self::NoRates => f.write_str("no row bears a rate of duty: this is not an edition of the schedule"),
        }
    }
}

impl std::error::Error for OfficialError {}

/// A row of the JSON edition; what is not named here is passed over.
#[derive(Deserialize)]
struct JsonRow {
    htsno: Option<String>,
    indent: Option<String>,
    description: Option<String>,
    units: Option<Vec<Option<String>>>,
    general: Option<String>,
    special: Option<String>,
    other: Option<String>,
    footnotes: Option<Vec<JsonFootnote>>,
}

#[derive(Deserialize)]
struct JsonFootnote {
    value: Option<String>,
}

/// Reads an official edition: JSON or CSV, gzipped or not.
pub fn parse_official(bytes: &[u8]) -> Result<Vec<OfficialRow>, OfficialError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes)
            .read_to_end(&mut plain)
            .map_err(|error| OfficialError::Gzip(error.to_string()))?;
        return parse_plain(&plain);
    }
    parse_plain(bytes)
}

/// An edition that a user brings, with its descriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedEdition {
    /// The name it was given: `2026_rev_11`.
    pub name: String,
    /// Its rows in the order of the schedule.
    pub rows: Vec<OfficialRow>,
}

/// Reads an official edition under a name. The rows keep their descriptions, which stay with the user; footnotes go, as
/// the CSV in which the edition is kept holds none.
pub fn import_official(bytes: &[u8], name: &str) -> Result<ImportedEdition, OfficialError> {
    let mut rows = parse_official(bytes)?;
    for row in &mut rows {
        row.footnotes.clear();
    }
    Ok(ImportedEdition { name: name.trim().to_owned(), rows })
}

impl ImportedEdition {
    /// The full description of a code: its own, after those of everything it stands under, each without its colon.
    pub fn description(&self, code: TariffCode) -> Option<String> {
        let row = self.rows.iter().position(|row| row.code == Some(code))?;
        let mut parts = vec![self.rows[row].description.as_str()];
        let mut indent = self.rows[row].indent;
        for above in self.rows[..row].iter().rev() {
            if indent == 0 {
                break;
            }
            if above.indent < indent {
                indent = above.indent;
                parts.push(&above.description);
            }
        }
        parts.reverse();
        Some(parts.iter().map(|part| part.trim_end_matches(':')).collect::<Vec<_>>().join("; "))
    }

    /// The edition as an official CSV, which [`parse_official`] reads back into the same rows.
    pub fn to_csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(CSV_COLUMNS)?;
        for row in &self.rows {
            let code = row.code.map(|code| code.to_string()).unwrap_or_default();
            let units = serde_json::Value::from(row.units.as_slice()).to_string();
            let indent = row.indent.to_string();
            let cells = [&code, &indent, &row.description, &units, &row.general, &row.special, &row.column_2];
            writer.write_record(cells)?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
}

/// The columns of the official CSV that are read, by the names the publisher gives them.
const CSV_COLUMNS: [&str; 7] = [
    "HTS Number",
    "Indent",
    "Description",
    "Unit of Quantity",
    "General Rate of Duty",
    "Special Rate of Duty",
    "Column 2 Rate of Duty",
];

fn parse_plain(bytes: &[u8]) -> Result<Vec<OfficialRow>, OfficialError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let rows = match bytes.trim_ascii_start().first() {
        Some(b'[' | b'{') => parse_json(bytes)?,
        _ => parse_csv(bytes)?,
    };
    if rows.iter().any(|row| !row.general.trim().is_empty()) { Ok(rows) } else { Err(OfficialError::NoRates) }
}

fn parse_json(bytes: &[u8]) -> Result<Vec<OfficialRow>, OfficialError> {
    let rows: Vec<JsonRow> = serde_json::from_slice(bytes).map_err(|error| OfficialError::Json {
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    rows.into_iter()
        .zip(1..)
        .map(|(row, number)| {
            Ok(OfficialRow {
                code: code_cell(row.htsno.as_deref().unwrap_or(""), number, "htsno")?,
                indent: indent_cell(row.indent.as_deref().unwrap_or("0"), number, "indent")?,
                description: without_markup(&row.description.unwrap_or_default()),
                units: units(row.units.unwrap_or_default().into_iter().flatten()),
                general: row.general.unwrap_or_default(),
                special: row.special.unwrap_or_default(),
                column_2: row.other.unwrap_or_default(),
                footnotes: row
                    .footnotes
                    .into_iter()
                    .flatten()
                    .filter_map(|note| note.value)
                    .map(|note| without_markup(&note))
                    .collect(),
            })
        })
        .collect()
}

fn parse_csv(bytes: &[u8]) -> Result<Vec<OfficialRow>, OfficialError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let at = |row: u64, error: &csv::Error| OfficialError::Csv { row, message: error.to_string() };
    let headers = reader.headers().map_err(|error| at(1, &error))?.clone();
    let column = |name: &'static str| {
        let found = headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name));
        found.ok_or(OfficialError::ColumnMissing(name))
    };
    let [code, indent, description, unit, general, special, column_2] = CSV_COLUMNS;
    let (code, indent, description) = (column(code)?, column(indent)?, column(description)?);
    let (unit, general, special, column_2) = (column(unit)?, column(general)?, column(special)?, column(column_2)?);
    let mut rows = Vec::new();
    for (record, number) in reader.records().zip(2..) {
        let record = record.map_err(|error| at(number, &error))?;
        let cell = |index: usize| record.get(index).unwrap_or("");
        rows.push(OfficialRow {
            code: code_cell(cell(code), number, CSV_COLUMNS[0])?,
            indent: indent_cell(cell(indent), number, CSV_COLUMNS[1])?,
            description: without_markup(cell(description)),
            units: units(csv_units(cell(unit)).into_iter()),
            general: cell(general).to_owned(),
            special: cell(special).to_owned(),
            column_2: cell(column_2).to_owned(),
            footnotes: Vec::new(),
        });
    }
    Ok(rows)
}

fn code_cell(text: &str, row: u64, column: &'static str) -> Result<Option<TariffCode>, OfficialError> {
    // A spreadsheet that lost its text format prints `="0101.21.00"`.
    let text = text.trim().trim_start_matches('=').trim_matches('"');
    if text.is_empty() {
        return Ok(None);
    }
    TariffCode::parse(text.as_bytes()).map(Some).map_err(|error| OfficialError::Cell {
        row,
        column,
        message: format!("`{text}`: {error}"),
    })
}

fn indent_cell(text: &str, row: u64, column: &'static str) -> Result<u8, OfficialError> {
    match text.trim() {
        "" => Ok(0),
        digits => digits.parse().map_err(|_| OfficialError::Cell {
            row,
            column,
            message: format!("`{digits}` is not a number from 0 to 255"),
        }),
    }
}

/// The units of a CSV cell: `["No.","kg"]`, or bare text.
fn csv_units(cell: &str) -> Vec<String> {
    let cell = cell.trim();
    serde_json::from_str(cell).unwrap_or_else(|_| cell.split(';').map(str::to_owned).collect())
}

/// Units without markup; `No. and kg`, which one row in a thousand prints, is two.
fn units(cells: impl Iterator<Item = String>) -> Vec<String> {
    let mut found = Vec::new();
    for cell in cells {
        let plain = without_markup(&cell);
        found.extend(plain.split(" and ").map(str::trim).filter(|unit| !unit.is_empty()).map(str::to_owned));
    }
    found
}

/// A text without tags, its white space single.
pub fn without_markup(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            _ if c.is_whitespace() => {
                if !plain.is_empty() && !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            _ => plain.push(c),
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"[
      {"htsno":"0101.30.00.00","indent":"1","description":"<i>Asses</i>","units":["No.", null],"general":"6.8%","special":"Free (A+)","other":"15%","footnotes":[]},
      {"htsno":"","indent":"1","description":"Horses:","units":[],"general":null,"special":"","other":""}]"#;

    #[test]
    fn json_and_csv_are_one_thing() {
        let csv = "HTS Number,Indent,Description,Unit of Quantity,General Rate of Duty,Special Rate of Duty,Column 2 Rate of Duty,Quota Quantity,Additional Duties\n\
                   0101.30.00.00,1,<i>Asses</i>,\"[\"\"No.\"\"]\",6.8%,Free (A+),15%,,\n,1,Horses:,,,,,,\n";
        let rows = parse_official(JSON.as_bytes()).unwrap();
        assert_eq!(rows[0].code.unwrap().to_string(), "0101.30.0000");
        assert_eq!((rows[0].description.as_str(), rows[0].units.as_slice()), ("Asses", ["No.".to_owned()].as_slice()));
        assert_eq!(parse_official(csv.as_bytes()).unwrap(), rows);
    }

    #[test]
    fn an_imported_edition_keeps_its_descriptions() {
        let json = r#"[
          {"htsno":"0101","indent":"0","description":"Live horses, asses:"},
          {"htsno":"","indent":"1","description":"Horses:"},
          {"htsno":"0101.21.00","indent":"2","description":"Purebred","general":"Free","units":[]},
          {"htsno":"0101.30.00.00","indent":"1","description":"Asses, \"small\"","units":["No.","kg"],"general":"6.8%"}]"#;
        let edition = import_official(json.as_bytes(), " 2026_rev_11 ").unwrap();
        let description = |code: &str| edition.description(code.parse().unwrap());
        assert_eq!(description("0101.21.00").as_deref(), Some("Live horses, asses; Horses; Purebred"));
        assert_eq!(description("0101.30.0000").as_deref(), Some("Live horses, asses; Asses, \"small\""));
        assert_eq!(description("0102"), None);
        assert_eq!(edition.name, "2026_rev_11");
        assert_eq!(parse_official(&edition.to_csv().unwrap()).unwrap(), edition.rows);
    }

    #[test]
    fn gzip_is_unpacked() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, JSON.as_bytes()).unwrap();
        assert_eq!(parse_official(&packed.finish().unwrap()), parse_official(JSON.as_bytes()));
        assert!(matches!(parse_official(&[0x1f, 0x8b, 0, 0]), Err(OfficialError::Gzip(_))));
    }

    #[test]
    fn faults_have_their_place() {
        let error = parse_official(br#"[{"htsno":"01x"}]"#).unwrap_err();
        assert_eq!(error.to_string(), "row 1, column `htsno`: `01x`: a tariff code is digits and dots only");
        assert!(matches!(parse_official(b"[{]"), Err(OfficialError::Json { line: 1, .. })));
        assert_eq!(parse_official(b"a,b\n1,2\n"), Err(OfficialError::ColumnMissing("HTS Number")));
        assert_eq!(parse_official(b"[]"), Err(OfficialError::NoRates));
        for bytes in [&b""[..], b"\xff\xfe", b"{}", b"\x1f\x8b", b"HTS Number\n\"", b"[1,2"] {
            assert!(parse_official(bytes).is_err());
        }
    }
}
