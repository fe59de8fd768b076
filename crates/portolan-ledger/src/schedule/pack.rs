//! Packing the schedule's text into the form that the program opens at once.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use super::blob::{HEAD, MAGIC, Section};
use super::text::{ConcordanceRow, RateRow, ScheduleText, TextError};
use crate::code::TariffCode;
use crate::time::Day;

/// Why a schedule cannot be packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackError {
    /// A file does not read.
    Text(TextError),
    /// There are more of these than the packed form holds.
    TooMany(&'static str),
    /// A ten-digit line whose eight-digit code has no rate.
    LineWithoutRate(TariffCode),
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(error) => error.fmt(f),
            Self::TooMany(what) => write!(f, "too many {what} for the packed schedule"),
            Self::LineWithoutRate(code) => write!(f, "{code} has no rate at eight digits"),
        }
    }
}

impl std::error::Error for PackError {}

/// Reads the files of a folder (`schedule/us`) and packs them.
pub fn pack_folder(folder: &Path) -> Result<Vec<u8>, PackError> {
    pack(&ScheduleText::read(folder).map_err(PackError::Text)?)
}

/// Packs a schedule. The same text gives the same bytes.
pub fn pack(schedule: &ScheduleText) -> Result<Vec<u8>, PackError> {
    let mut rates: Vec<&RateRow> = schedule.rates.iter().chain(&schedule.layer_2017).collect();
    rates.sort_by_key(|row| (row.code, row.from));
    for line in &schedule.lines {
        if rates.binary_search_by_key(&line.code.prefix(8), |row| row.code).is_err() {
            return Err(PackError::LineWithoutRate(line.code));
        }
    }
    let mut texts = Texts::default();
    let general: Vec<usize> = rates.iter().map(|row| texts.id(Kind::Rate, &row.general)).collect();
    let column_2: Vec<usize> = rates.iter().map(|row| texts.id(Kind::Rate, &row.column_2)).collect();
    let special: Vec<usize> = rates.iter().map(|row| texts.id(Kind::Special, &row.special)).collect();
    let units: Vec<usize> = rates.iter().map(|row| texts.id(Kind::Units, &row.units)).collect();
    let line_units: Vec<usize> = schedule.lines.iter().map(|row| texts.id(Kind::Units, &row.units)).collect();

    let mut tables: [Vec<u8>; Section::ALL.len()] = Default::default();
    let table = &mut tables[Section::Rates as usize];
    for (index, row) in rates.iter().enumerate() {
        push_interval(table, row.code, row.from, row.until);
        for id in [general[index], special[index], column_2[index], units[index]] {
            push_u16(table, id)?;
        }
        table.extend([row.printed_from, row.printed_to, u8::from(row.layer_2017), 0]);
    }
    let table = &mut tables[Section::Lines as usize];
    for (row, units) in schedule.lines.iter().zip(&line_units) {
        push_interval(table, row.code, row.from, row.until);
        push_u16(table, *units)?;
        table.extend([suffix(row.code), row.printed_from, row.printed_to, 0, 0, 0]);
    }
    pack_others(schedule, &mut texts, &mut tables)?;
    texts.write(&mut tables)?;
    assemble(&tables)
}

fn pack_others(
    schedule: &ScheduleText,
    texts: &mut Texts,
    tables: &mut [Vec<u8>; Section::ALL.len()],
) -> Result<(), PackError> {
    let mut names = Vec::new();
    for edition in &schedule.editions {
        names.push((texts.id(Kind::Other, &edition.name), edition.published));
    }
    let mut labels: Vec<(u64, usize)> =
        schedule.labels.iter().map(|(code, label)| (label_key(*code), texts.id(Kind::Other, label))).collect();
    labels.sort_unstable();
    let counts = texts.counts();
    let other = counts[0] + counts[1] + counts[2];
    for (name, published) in names {
        push_u32(&mut tables[Section::Editions as usize], other + name)?;
        tables[Section::Editions as usize].extend(published.0.to_le_bytes());
    }
    for (key, label) in labels {
        tables[Section::Labels as usize].extend(key.to_le_bytes());
        push_u32(&mut tables[Section::Labels as usize], other + label)?;
    }
    let mut rows: Vec<&ConcordanceRow> = schedule.concordance.iter().collect();
    rows.sort_unstable();
    let table = &mut tables[Section::Concordance as usize];
    for row in rows {
        table.extend(row.old.padded().to_le_bytes());
        table.extend(row.new.padded().to_le_bytes());
        table.extend(row.date.0.to_le_bytes());
        table.extend([row.old.digits(), row.new.digits(), row.source as u8, 0]);
    }
    Ok(())
}

fn assemble(tables: &[Vec<u8>; Section::ALL.len()]) -> Result<Vec<u8>, PackError> {
    let mut bytes = MAGIC.to_vec();
    let mut offset = HEAD;
    for section in Section::ALL {
        let length = tables[section as usize].len();
        push_u32(&mut bytes, offset)?;
        push_u32(&mut bytes, length / section.width())?;
        offset += length;
    }
    for table in tables {
        bytes.extend(table);
    }
    Ok(bytes)
}

/// The key of a label: codes order as in the schedule, a code before those below it.
pub(super) fn label_key(code: TariffCode) -> u64 {
    code.padded() << 4 | u64::from(code.digits())
}

/// The eight digits of a code as a number.
pub(super) fn code8(code: TariffCode) -> u32 {
    u32::try_from(code.padded() / 100).unwrap_or(0)
}

/// The two digits of a code after the eighth.
pub(super) fn suffix(code: TariffCode) -> u8 {
    u8::try_from(code.padded() % 100).unwrap_or(0)
}

fn push_interval(table: &mut Vec<u8>, code: TariffCode, from: Option<Day>, until: Option<Day>) {
    table.extend(code8(code).to_le_bytes());
    table.extend(from.map_or(i32::MIN, |day| day.0).to_le_bytes());
    table.extend(until.map_or(i32::MAX, |day| day.0).to_le_bytes());
}

fn push_u16(table: &mut Vec<u8>, id: usize) -> Result<(), PackError> {
    let id = u16::try_from(id).map_err(|_| PackError::TooMany("distinct texts"))?;
    table.extend(id.to_le_bytes());
    Ok(())
}

fn push_u32(table: &mut Vec<u8>, number: usize) -> Result<(), PackError> {
    let number = u32::try_from(number).map_err(|_| PackError::TooMany("bytes"))?;
    table.extend(number.to_le_bytes());
    Ok(())
}

/// What a text is: ids count from zero within each kind.
#[derive(Clone, Copy)]
enum Kind {
    Rate,
    Special,
    Units,
    Other,
}

/// Texts, each kept once.
#[derive(Default)]
struct Texts {
    ids: [HashMap<String, usize>; 4],
    texts: [Vec<String>; 4],
}

impl Texts {
    fn id(&mut self, kind: Kind, text: &str) -> usize {
        let (ids, texts) = (&mut self.ids[kind as usize], &mut self.texts[kind as usize]);
        if let Some(id) = ids.get(text) {
            return *id;
        }
        ids.insert(text.to_owned(), texts.len());
        texts.push(text.to_owned());
        texts.len() - 1
    }

    fn counts(&self) -> [usize; 4] {
        [0, 1, 2, 3].map(|kind| self.texts[kind].len())
    }

    fn write(&self, tables: &mut [Vec<u8>; Section::ALL.len()]) -> Result<(), PackError> {
        for count in &self.counts()[..3] {
            push_u32(&mut tables[Section::Kinds as usize], *count)?;
        }
        push_u32(&mut tables[Section::TextOffsets as usize], 0)?;
        for text in self.texts.iter().flatten() {
            tables[Section::TextBytes as usize].extend(text.as_bytes());
            let end = tables[Section::TextBytes as usize].len();
            push_u32(&mut tables[Section::TextOffsets as usize], end)?;
        }
        Ok(())
    }
}
