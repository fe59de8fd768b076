//! The schedule as reviewed text: the CSV files below `schedule/us/`, read with their places and written in one form.
//!
//! | file | columns | meaning of an empty cell |
//! |---|---|---|
//! | `editions.csv` | edition, published | |
//! | `special.csv` | id, text | |
//! | `rates.csv` | code (8 digits), from, until, printed_from, printed_to, units, general, special (an id of `special.csv`), column_2 | from: as old as the first edition or older; until: still in force; printed_from, printed_to: the first, the last edition |
//! | `lines.csv` | code (10 digits), from, until, printed_from, printed_to, units | as above |
//! | `layer_2017.csv` | code (8 digits), from, until, units, general, special (text), column_2 | |
//! | `concordance.csv` | old, new, date, source | |
//! | `labels/labels.csv` | code, label | |

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::code::TariffCode;
use crate::time::Day;

/// An edition of the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Its name: `2025_rev_16`.
    pub name: String,
    /// The day it was published, which is not the day its changes took effect.
    pub published: Day,
}

/// The rates of an eight-digit code in one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateRow {
    /// The eight-digit code.
    pub code: TariffCode,
    /// The first day; none where the rates are as old as the first edition, or older.
    pub from: Option<Day>,
    /// The first day on which they hold no longer; none where they hold still.
    pub until: Option<Day>,
    /// The first edition that prints them.
    pub printed_from: u8,
    /// The last edition that prints them.
    pub printed_to: u8,
    /// Units printed beside the rate, parted by `;`: empty where the ten-digit lines bear them.
    pub units: String,
    /// Column 1-General.
    pub general: String,
    /// Column 1-Special.
    pub special: String,
    /// Column 2.
    pub column_2: String,
    /// Whether the row comes from the annual table of 2017 and no edition prints it.
    pub layer_2017: bool,
}

/// A ten-digit statistical line in one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRow {
    /// The ten-digit code.
    pub code: TariffCode,
    /// The first day; none where the line is as old as the first edition, or older.
    pub from: Option<Day>,
    /// The first day on which it is valid no longer; none where it still is.
    pub until: Option<Day>,
    /// The first edition that prints it.
    pub printed_from: u8,
    /// The last edition that prints it.
    pub printed_to: u8,
    /// Units of quantity in the order of reporting, parted by `;`.
    pub units: String,
}

/// Where a row of the concordance comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConcordanceSource {
    /// The change record of an edition says so: official.
    ChangeRecord,
    /// The descriptions are alike: a hint, not law.
    Likeness,
    /// The six-digit code of 2022 corresponds to the six-digit code of 2017: coarse, a hint.
    Hs6,
}

impl ConcordanceSource {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChangeRecord => "change_record",
            Self::Likeness => "likeness",
            Self::Hs6 => "hs6",
        }
    }

    /// Whether the source settles the succession; where it does not, it is a hint.
    pub fn is_exact(self) -> bool {
        self == Self::ChangeRecord
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::ChangeRecord, Self::Likeness, Self::Hs6].into_iter().find(|source| source.as_str() == text)
    }
}

/// One code that took over from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConcordanceRow {
    /// The older code.
    pub old: TariffCode,
    /// The newer code, all of it or a part.
    pub new: TariffCode,
    /// When it took over.
    pub date: Day,
    /// Where this comes from.
    pub source: ConcordanceSource,
}

/// A fault in a file of the schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// The file, relative to the folder of the schedule.
    pub file: PathBuf,
    /// The line, from 1; 0 where the file as a whole is at fault.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

impl std::error::Error for TextError {}

/// The schedule as its files hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleText {
    /// The editions, oldest first.
    pub editions: Vec<Edition>,
    /// The rates of the editions, sorted by code and date.
    pub rates: Vec<RateRow>,
    /// The rates of 2017 of codes that no edition prints, sorted by code and date.
    pub layer_2017: Vec<RateRow>,
    /// The ten-digit lines, sorted by code and date.
    pub lines: Vec<LineRow>,
    /// Old codes and new.
    pub concordance: Vec<ConcordanceRow>,
    /// Short labels of chapters, headings and longer codes.
    pub labels: Vec<(TariffCode, String)>,
}

const EDITIONS: &str = "editions.csv";
const SPECIAL: &str = "special.csv";
const RATES: &str = "rates.csv";
const LINES: &str = "lines.csv";
const LAYER_2017: &str = "layer_2017.csv";
const CONCORDANCE: &str = "concordance.csv";
const LABELS: &str = "labels/labels.csv";

impl ScheduleText {
    /// Reads the files of a folder. `labels/labels.csv` may be absent; all others must be there.
    pub fn read(folder: &Path) -> Result<Self, TextError> {
        let mut schedule = Self::default();
        for row in File::open(folder, EDITIONS, &["edition", "published"])?.rows()? {
            let published = row.day("published", 1)?.ok_or_else(|| row.fault("published: no date"))?;
            if schedule.editions.len() > usize::from(u8::MAX) {
                return Err(row.fault("there are more than 256 editions"));
            }
            schedule.editions.push(Edition { name: row.cell(0).to_owned(), published });
        }
        let index = EditionIndex::new(&schedule.editions);
        let mut special = HashMap::new();
        for row in File::open(folder, SPECIAL, &["id", "text"])?.rows()? {
            if special.insert(row.cell(0).to_owned(), row.cell(1).to_owned()).is_some() {
                return Err(row.fault(&format!("id {} stands twice", row.cell(0))));
            }
        }
        schedule.rates = read_rates(folder, &index, &special)?;
        schedule.lines = read_lines(folder, &index)?;
        schedule.layer_2017 = read_layer(folder)?;
        schedule.concordance = read_concordance(folder)?;
        if folder.join(LABELS).exists() {
            for row in File::open(folder, LABELS, &["code", "label"])?.rows()? {
                schedule.labels.push((row.code("code", 0, None)?, row.cell(1).to_owned()));
            }
        }
        Ok(schedule)
    }

    /// Writes the files that the importer makes: all but the labels.
    pub fn write(&self, folder: &Path) -> Result<(), TextError> {
        let last = self.editions.len().saturating_sub(1);
        let mut special_ids: HashMap<&str, String> = HashMap::new();
        let mut special = Table::new(&["id", "text"]);
        let mut rates = Table::new(&RATE_COLUMNS);
        for row in &self.rates {
            let next = special_ids.len() + 1;
            let id = match row.special.as_str() {
                "" => String::new(),
                text => special_ids
                    .entry(text)
                    .or_insert_with(|| {
                        special.row(&[&next.to_string(), text]);
                        next.to_string()
                    })
                    .clone(),
            };
            let [from, until] = [row.from, row.until].map(day_cell);
            let [first, to] = self.edition_cells(row.printed_from, row.printed_to, last);
            let code = row.code.to_string();
            rates.row(&[&code, &from, &until, first, to, &row.units, &row.general, &id, &row.column_2]);
        }
        let mut lines = Table::new(&LINE_COLUMNS);
        for row in &self.lines {
            let [from, until] = [row.from, row.until].map(day_cell);
            let [first, to] = self.edition_cells(row.printed_from, row.printed_to, last);
            lines.row(&[&row.code.to_string(), &from, &until, first, to, &row.units]);
        }
        special.write(folder, SPECIAL)?;
        rates.write(folder, RATES)?;
        lines.write(folder, LINES)?;
        self.write_others(folder)
    }

    fn write_others(&self, folder: &Path) -> Result<(), TextError> {
        let mut editions = Table::new(&["edition", "published"]);
        for edition in &self.editions {
            editions.row(&[&edition.name, &edition.published.to_string()]);
        }
        let mut layer = Table::new(&LAYER_COLUMNS);
        for row in &self.layer_2017 {
            let [from, until] = [row.from, row.until].map(day_cell);
            let code = row.code.to_string();
            layer.row(&[&code, &from, &until, &row.units, &row.general, &row.special, &row.column_2]);
        }
        let mut concordance = Table::new(&CONCORDANCE_COLUMNS);
        for row in &self.concordance {
            let [old, new] = [row.old, row.new].map(|code| code.to_string());
            concordance.row(&[&old, &new, &row.date.to_string(), row.source.as_str()]);
        }
        editions.write(folder, EDITIONS)?;
        layer.write(folder, LAYER_2017)?;
        concordance.write(folder, CONCORDANCE)
    }

    fn edition_cells(&self, first: u8, to: u8, last: usize) -> [&str; 2] {
        let name = |index: u8| self.editions.get(usize::from(index)).map_or("", |edition| edition.name.as_str());
        let printed_from = if first == 0 { "" } else { name(first) };
        [printed_from, if usize::from(to) == last { "" } else { name(to) }]
    }
}

const RATE_COLUMNS: [&str; 9] =
    ["code", "from", "until", "printed_from", "printed_to", "units", "general", "special", "column_2"];
const LINE_COLUMNS: [&str; 6] = ["code", "from", "until", "printed_from", "printed_to", "units"];
const LAYER_COLUMNS: [&str; 7] = ["code", "from", "until", "units", "general", "special", "column_2"];
const CONCORDANCE_COLUMNS: [&str; 4] = ["old", "new", "date", "source"];

fn read_rates(
    folder: &Path,
    index: &EditionIndex,
    special: &HashMap<String, String>,
) -> Result<Vec<RateRow>, TextError> {
    let mut rates = Vec::new();
    for row in File::open(folder, RATES, &RATE_COLUMNS)?.rows()? {
        let special = match row.cell(7) {
            "" => String::new(),
            id => special.get(id).ok_or_else(|| row.fault(&format!("special: no id {id} in {SPECIAL}")))?.clone(),
        };
        let rate = RateRow {
            code: row.code("code", 0, Some(8))?,
            from: row.day("from", 1)?,
            until: row.day("until", 2)?,
            printed_from: index.find(&row, 3, 0)?,
            printed_to: index.find(&row, 4, index.last)?,
            units: row.cell(5).to_owned(),
            general: row.cell(6).to_owned(),
            special,
            column_2: row.cell(8).to_owned(),
            layer_2017: false,
        };
        let before = rates.last().map(|before: &RateRow| (before.code, before.until));
        row.check_interval(before, rate.code, rate.from, rate.until)?;
        rates.push(rate);
    }
    Ok(rates)
}

fn read_lines(folder: &Path, index: &EditionIndex) -> Result<Vec<LineRow>, TextError> {
    let mut lines = Vec::new();
    for row in File::open(folder, LINES, &LINE_COLUMNS)?.rows()? {
        let line = LineRow {
            code: row.code("code", 0, Some(10))?,
            from: row.day("from", 1)?,
            until: row.day("until", 2)?,
            printed_from: index.find(&row, 3, 0)?,
            printed_to: index.find(&row, 4, index.last)?,
            units: row.cell(5).to_owned(),
        };
        let before = lines.last().map(|before: &LineRow| (before.code, before.until));
        row.check_interval(before, line.code, line.from, line.until)?;
        lines.push(line);
    }
    Ok(lines)
}

fn read_layer(folder: &Path) -> Result<Vec<RateRow>, TextError> {
    let mut layer = Vec::new();
    for row in File::open(folder, LAYER_2017, &LAYER_COLUMNS)?.rows()? {
        let rate = RateRow {
            code: row.code("code", 0, Some(8))?,
            from: row.day("from", 1)?,
            until: row.day("until", 2)?,
            printed_from: 0,
            printed_to: 0,
            units: row.cell(3).to_owned(),
            general: row.cell(4).to_owned(),
            special: row.cell(5).to_owned(),
            column_2: row.cell(6).to_owned(),
            layer_2017: true,
        };
        if rate.from.is_none() || rate.until.is_none() {
            return Err(row.fault("a row of 2017 has both its dates"));
        }
        let before = layer.last().map(|before: &RateRow| (before.code, before.until));
        row.check_interval(before, rate.code, rate.from, rate.until)?;
        layer.push(rate);
    }
    Ok(layer)
}

fn read_concordance(folder: &Path) -> Result<Vec<ConcordanceRow>, TextError> {
    let mut concordance = Vec::new();
    for row in File::open(folder, CONCORDANCE, &CONCORDANCE_COLUMNS)?.rows()? {
        let date = row.day("date", 2)?.ok_or_else(|| row.fault("date: no date"))?;
        let unknown = || row.fault(&format!("source: `{}` is not a source", row.cell(3)));
        let source = ConcordanceSource::parse(row.cell(3)).ok_or_else(unknown)?;
        let (old, new) = (row.code("old", 0, None)?, row.code("new", 1, None)?);
        concordance.push(ConcordanceRow { old, new, date, source });
    }
    Ok(concordance)
}

/// The number of each edition by its name.
struct EditionIndex<'e> {
    by_name: HashMap<&'e str, u8>,
    last: u8,
}

impl<'e> EditionIndex<'e> {
    fn new(editions: &'e [Edition]) -> Self {
        let by_name: HashMap<&str, u8> =
            editions.iter().map(|edition| edition.name.as_str()).zip(0..=u8::MAX).collect();
        let last = editions.last().and_then(|edition| by_name.get(edition.name.as_str())).copied().unwrap_or(0);
        Self { by_name, last }
    }

    fn find(&self, row: &Row, column: usize, empty: u8) -> Result<u8, TextError> {
        match row.cell(column) {
            "" => Ok(empty),
            name => {
                let known = self.by_name.get(name).copied();
                known.ok_or_else(|| row.fault(&format!("`{name}` is not in {EDITIONS}")))
            }
        }
    }
}

/// A file of the schedule with the columns it must have.
struct File {
    name: &'static str,
    bytes: Vec<u8>,
    columns: Vec<&'static str>,
}

impl File {
    fn open(folder: &Path, name: &'static str, columns: &[&'static str]) -> Result<Self, TextError> {
        let bytes = std::fs::read(folder.join(name)).map_err(|error| TextError {
            file: name.into(),
            line: 0,
            message: error.to_string(),
        })?;
        Ok(Self { name, bytes, columns: columns.to_vec() })
    }

    fn rows(&self) -> Result<Vec<Row>, TextError> {
        let fault = |line: u64, message: String| TextError { file: self.name.into(), line, message };
        let mut reader = csv::Reader::from_reader(self.bytes.as_slice());
        let place = |error: &csv::Error| error.position().map_or(0, csv::Position::line);
        let headers = reader.headers().map_err(|error| fault(place(&error), error.to_string()))?;
        if headers.iter().ne(self.columns.iter().copied()) {
            return Err(fault(1, format!("the columns must be {}", self.columns.join(","))));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let cells = record.map_err(|error| fault(place(&error), error.to_string()))?;
            rows.push(Row { file: self.name, cells });
        }
        Ok(rows)
    }
}

/// A row with its place.
struct Row {
    file: &'static str,
    cells: csv::StringRecord,
}

impl Row {
    fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or("")
    }

    fn fault(&self, message: &str) -> TextError {
        let line = self.cells.position().map_or(0, csv::Position::line);
        TextError { file: self.file.into(), line, message: message.to_owned() }
    }

    fn code(&self, name: &str, column: usize, digits: Option<u8>) -> Result<TariffCode, TextError> {
        let text = self.cell(column);
        let code =
            TariffCode::parse(text.as_bytes()).map_err(|error| self.fault(&format!("{name}: `{text}`: {error}")))?;
        match digits {
            Some(digits) if code.digits() != digits => {
                Err(self.fault(&format!("{name}: `{text}` does not have {digits} digits")))
            }
            _ => Ok(code),
        }
    }

    fn day(&self, name: &str, column: usize) -> Result<Option<Day>, TextError> {
        match self.cell(column) {
            "" => Ok(None),
            text => {
                let day = Day::parse_iso(text.as_bytes());
                day.map(Some).ok_or_else(|| self.fault(&format!("{name}: `{text}` is not a date YYYY-MM-DD")))
            }
        }
    }

    /// Rows are sorted by code and date, their intervals are not empty, and those of one code do not overlap.
    fn check_interval(
        &self,
        before: Option<(TariffCode, Option<Day>)>,
        code: TariffCode,
        from: Option<Day>,
        until: Option<Day>,
    ) -> Result<(), TextError> {
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            return Err(self.fault(&format!("{code} ends before it begins")));
        }
        match before {
            Some((earlier, _)) if earlier > code => Err(self.fault(&format!("{code} stands after {earlier}"))),
            Some((earlier, until)) if earlier == code && until.zip(from).is_none_or(|(until, from)| until > from) => {
                Err(self.fault(&format!("the intervals of {code} overlap")))
            }
            _ => Ok(()),
        }
    }
}

fn day_cell(day: Option<Day>) -> String {
    day.map_or(String::new(), |day| day.to_string())
}

/// A CSV file in the making.
struct Table {
    text: String,
}

impl Table {
    fn new(columns: &[&str]) -> Self {
        let mut table = Self { text: String::new() };
        table.row(columns);
        table
    }

    fn row(&mut self, cells: &[&str]) {
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            if cell.contains([',', '"', '\n', '\r']) {
                self.text.push('"');
                self.text.push_str(&cell.replace('"', "\"\""));
                self.text.push('"');
            } else {
                self.text.push_str(cell);
            }
        }
        self.text.push('\n');
    }

    fn write(&self, folder: &Path, name: &str) -> Result<(), TextError> {
        std::fs::write(folder.join(name), &self.text).map_err(|error| TextError {
            file: name.into(),
            line: 0,
            message: error.to_string(),
        })
    }
}
