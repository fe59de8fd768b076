//! The packed form of the schedule: fixed-width little-endian tables that are searched where they lie.
//!
//! Layout: eight bytes of magic, then for each section its offset and its number of rows (both `u32`), then the sections.
//! Opening reads the head alone. A read outside a table gives zero or an empty text: bytes that are damaged may give a
//! wrong answer, never a panic.

use std::borrow::Cow;
use std::fmt;

/// The first bytes of a packed schedule; the digit is the version of the layout.
pub(super) const MAGIC: &[u8; 8] = b"PTLSCHD1";

/// The tables of a packed schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// Editions: text `u32`, published `i32`.
    Editions,
    /// Offsets of texts in [`Section::TextBytes`], one more than there are texts.
    TextOffsets,
    /// The texts, end to end, UTF-8.
    TextBytes,
    /// Rates: code8 `u32`, from `i32`, until `i32`, general `u16`, special `u16`, column 2 `u16`, units `u16`,
    /// first edition `u8`, last edition `u8`, layer of 2017 `u8`, nothing `u8`.
    Rates,
    /// Lines: code8 `u32`, from `i32`, until `i32`, units `u16`, suffix `u8`, first edition `u8`, last edition `u8`,
    /// nothing three times.
    Lines,
    /// Concordance: old `u64`, new `u64`, date `i32`, digits of old `u8`, of new `u8`, source `u8`, nothing `u8`.
    Concordance,
    /// Labels: code `u64`, text `u32`.
    Labels,
    /// How many texts are rates, special columns and units, in this order at the start of the texts: three `u32`.
    Kinds,
}

impl Section {
    pub(super) const ALL: [Self; 8] = [
        Self::Editions,
        Self::TextOffsets,
        Self::TextBytes,
        Self::Rates,
        Self::Lines,
        Self::Concordance,
        Self::Labels,
        Self::Kinds,
    ];

    /// Bytes of a row.
    pub(super) const fn width(self) -> usize {
        match self {
            Self::TextBytes => 1,
            Self::TextOffsets | Self::Kinds => 4,
            Self::Editions => 8,
            Self::Labels => 12,
            Self::Lines => 20,
            Self::Rates | Self::Concordance => 24,
        }
    }
}

/// Bytes before the first section.
pub(super) const HEAD: usize = MAGIC.len() + Section::ALL.len() * 8;

/// Why bytes are not a packed schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// They do not start as one: another file, or another version of the layout.
    NotASchedule,
    /// They end before a table does.
    Truncated,
    /// There is no edition in it.
    NoEditions,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotASchedule => "not a packed schedule of this version",
            Self::Truncated => "the packed schedule is cut short",
            Self::NoEditions => "the packed schedule holds no edition",
        })
    }
}

impl std::error::Error for OpenError {}

/// A packed schedule and where its tables lie.
#[derive(Clone, Debug)]
pub(super) struct Blob {
    bytes: Cow<'static, [u8]>,
    tables: [(usize, usize); Section::ALL.len()],
}

impl Blob {
    pub(super) fn open(bytes: Cow<'static, [u8]>) -> Result<Self, OpenError> {
        if !bytes.starts_with(MAGIC) {
            return Err(OpenError::NotASchedule);
        }
        let mut tables = [(0, 0); Section::ALL.len()];
        for section in Section::ALL {
            let at = MAGIC.len() + section as usize * 8;
            let read = |at: usize| u32_at(&bytes, at).map(|n| n as usize).ok_or(OpenError::Truncated);
            let (start, rows) = (read(at)?, read(at + 4)?);
            let end = rows.checked_mul(section.width()).and_then(|length| length.checked_add(start));
            if end.is_none_or(|end| end > bytes.len()) {
                return Err(OpenError::Truncated);
            }
            tables[section as usize] = (start, rows);
        }
        Ok(Self { bytes, tables })
    }

    pub(super) fn rows(&self, section: Section) -> usize {
        self.tables[section as usize].1
    }

    /// A row of a table; empty beyond its end.
    pub(super) fn row(&self, section: Section, index: usize) -> Row<'_> {
        let (start, rows) = self.tables[section as usize];
        if index >= rows {
            return Row(&[]);
        }
        let at = start + index * section.width();
        Row(self.bytes.get(at..at + section.width()).unwrap_or(&[]))
    }

    /// The text of a number; empty where there is none.
    pub(super) fn text(&self, index: usize) -> &str {
        let offset = |index: usize| self.row(Section::TextOffsets, index).u32(0) as usize;
        let (from, to) = (offset(index), offset(index + 1));
        let (start, length) = self.tables[Section::TextBytes as usize];
        let bytes = self.bytes.get(start..start + length).and_then(|texts| texts.get(from..to)).unwrap_or(&[]);
        std::str::from_utf8(bytes).unwrap_or("")
    }

    /// The first row of a sorted table for which `before` is false.
    pub(super) fn partition(&self, section: Section, before: impl Fn(Row<'_>) -> bool) -> usize {
        let (mut low, mut high) = (0, self.rows(section));
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.row(section, middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// The bytes of a row.
#[derive(Clone, Copy)]
pub(super) struct Row<'b>(&'b [u8]);

impl Row<'_> {
    pub(super) fn u8(self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    pub(super) fn u16(self, at: usize) -> u16 {
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u16::from_le_bytes(*bytes))
    }

    pub(super) fn u32(self, at: usize) -> u32 {
        u32_at(self.0, at).unwrap_or(0)
    }

    pub(super) fn i32(self, at: usize) -> i32 {
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| i32::from_le_bytes(*bytes))
    }

    pub(super) fn u64(self, at: usize) -> u64 {
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|bytes| u32::from_le_bytes(*bytes))
}
