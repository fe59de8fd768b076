//! JSON lines: one object on each line, its keys the names of columns. Numbers keep their text, lists are joined by `;`.
//!
//! The keys of the first lines make the header. Where a key turns up that they did not have, the file is read again from
//! its beginning with all of its keys.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::csv::{LONGEST_ROW, PIECE};
use super::header::{Header, MOST_COLUMNS};
use super::media::{Content, Text};
use super::{Give, Input, InputError, Piece, Rows, Table, piece_bytes};
use crate::fault::{Fault, Faults, FieldFault, shown};
use crate::records::lines;

/// A file of JSON lines, whose keys are known.
pub(super) struct JsonSource {
    name: String,
    text: Text,
    rows: u64,
}

impl JsonSource {
    /// Opens a file. `all` reads it whole for its keys; else its first piece gives them.
    pub(super) fn open(input: &Input, mut text: Text, all: bool) -> Result<(Self, Header), InputError> {
        let name = input.name();
        let mut keys = Keys::default();
        let mut source = Self { name, text, rows: 0 };
        if all {
            let mut piece = Piece::default();
            while source.next(&mut piece)? {
                if let Rows::Json(bytes) = &piece.rows {
                    keys.add(bytes);
                }
            }
            let Content::Json(again) = Content::of(input)? else {
                return Err(InputError::of_file(&source.name, FieldFault::of_line("it changed while it was read")));
            };
            text = again;
            source = Self { text, rows: 0, ..source };
        } else {
            while !source.text.at_end && !has_row(&source.text.left) && source.text.left.len() < LONGEST_ROW {
                let wanted = source.text.left.len() + PIECE;
                source.text.fill(wanted).map_err(|error| InputError::of_io(&source.name, error))?;
            }
            keys.add(&source.text.left);
        }
        let names: Vec<&[u8]> = keys.names.iter().map(String::as_bytes).collect();
        let mut header = Header::understand(&source.name, &names).map_err(|mut faults| {
            // Where not one line is an object, that is what is wrong, and no column.
            if names.is_empty()
                && let Err(fault) = keys_of(lines(&source.text.left).next().unwrap_or_default(), &mut |_| {})
            {
                let place = Fault { row: Some(1), ..Fault::of_file(&source.name, fault) };
                faults = Faults { first: vec![place], more: 0 };
            }
            InputError::Faults(faults)
        })?;
        header.has_all_keys = all;
        Ok((source, header))
    }

    pub(super) fn drive(mut self, give: Give<'_>) -> Result<(), InputError> {
        let mut piece = Piece::default();
        while self.next(&mut piece)? {
            if !give(&mut piece)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next piece: whole lines; false at the end of the file.
    fn next(&mut self, piece: &mut Piece) -> Result<bool, InputError> {
        let mut bytes = piece_bytes(&mut piece.rows);
        bytes.append(&mut self.text.left);
        loop {
            if !self.text.at_end {
                let read = self.text.read_into(&mut bytes, PIECE);
                read.map_err(|error| InputError::of_io(&self.name, error))?;
            }
            let end =
                if self.text.at_end { bytes.len() } else { memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1) };
            let count = rows_of(&bytes[..end]).count() as u64;
            if count > 0 || self.text.at_end {
                self.text.left.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                *piece = Piece {
                    rows: Rows::Json(bytes),
                    first: self.rows,
                    count,
                    taken: self.text.taken(),
                    notes: Vec::new(),
                };
                self.rows += count;
                return Ok(count > 0);
            }
            if bytes.len() > LONGEST_ROW {
                let fault = FieldFault::of_line("a line longer than 16 MiB").help("one object on each line");
                let place = Fault { row: Some(self.rows + 1), ..Fault::of_file(&self.name, fault) };
                return Err(InputError::Faults(Faults { first: vec![place], more: 0 }));
            }
        }
    }
}

fn has_row(text: &[u8]) -> bool {
    memchr::memchr(b'\n', text).is_some_and(|_| text.len() >= PIECE)
}

/// The lines that hold something.
fn rows_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines(text).filter(|line| !line.trim_ascii().is_empty())
}

/// The keys of a file, in the order in which they turn up.
#[derive(Default)]
struct Keys {
    names: Vec<String>,
    known: rustc_hash::FxHashSet<String>,
}

impl Keys {
    fn add(&mut self, text: &[u8]) {
        for line in rows_of(text) {
            // What is wrong with a line is told when the line is read.
            let _ = keys_of(line, &mut |key| {
                if !self.known.contains(key) && self.names.len() <= MOST_COLUMNS {
                    self.known.insert(key.to_owned());
                    self.names.push(key.to_owned());
                }
            });
        }
    }
}

/// Tells every key of a line, without what surrounds its name.
fn keys_of(line: &[u8], told: &mut dyn FnMut(&str)) -> Result<(), FieldFault> {
    let mut key = |name: &str| {
        told(name);
        None
    };
    read_object(line, Object { key: &mut key, value: &mut |_, _| {} })
}

/// Takes lines apart into rows of cells; tells whether a key turned up that the header does not have.
pub(super) fn read_rows(text: &[u8], first: u64, header: &Header, table: &mut Table) -> bool {
    let mut late = false;
    for (line, number) in rows_of(text).zip(first + 1..) {
        let mut values: Vec<Option<&RawValue>> = vec![None; header.names.len()];
        let mut twice = None;
        let mut unknown = None;
        let read = read_object(
            line,
            Object {
                key: &mut |name| {
                    let at = header.keys.get(name).copied();
                    if at.is_none() {
                        unknown = Some(name.to_owned());
                    }
                    at
                },
                value: &mut |at, value| {
                    if values.get(at).is_some_and(Option::is_some) {
                        twice = Some(at);
                    }
                    if let Some(place) = values.get_mut(at) {
                        *place = Some(value);
                    }
                },
            },
        );
        if let Err(fault) = read {
            table.fault(fault);
        }
        if let Some(name) = twice.and_then(|at| header.names.get(at)) {
            table.fault(FieldFault::of_line(format!("the key \"{name}\" is there twice")));
        }
        if let Some(name) = unknown {
            late = true;
            if header.has_all_keys {
                table.fault(FieldFault::of_line(format!("the key \"{name}\" is not one of a column")));
            }
        }
        for (value, name) in values.iter().zip(&header.names) {
            cell(table, name, *value);
        }
        table.end_row(number);
    }
    late && !header.has_all_keys
}

/// Adds the cell of a value.
fn cell(table: &mut Table, name: &str, value: Option<&RawValue>) {
    let text = value.map_or("null", RawValue::get);
    let mut wrong = None;
    table.cell_with(|bytes| {
        if !scalar(text, bytes) {
            wrong = list(text, bytes).err();
        }
    });
    if let Some(wrong) = wrong {
        let value = shown(text.as_bytes());
        let help = Some("a text, a number, true or false, or a list of them".to_owned());
        table.fault(FieldFault { column: name.to_owned(), value, wrong: wrong.to_owned(), help });
    }
}

/// Writes a text, a number, true, false or null; false where the value is none of them.
fn scalar(text: &str, bytes: &mut Vec<u8>) -> bool {
    match text.as_bytes() {
        b"null" | [] => true,
        [b'{' | b'[', ..] => false,
        [b'"', inner @ .., b'"'] if memchr::memchr(b'\\', inner).is_none() => {
            bytes.extend_from_slice(inner);
            true
        }
        [b'"', ..] => match serde_json::from_str::<String>(text) {
            Ok(text) => {
                bytes.extend_from_slice(text.as_bytes());
                true
            }
            Err(_) => false,
        },
        plain => {
            bytes.extend_from_slice(plain);
            true
        }
    }
}

/// Writes the values of a list with `;` between.
fn list(text: &str, bytes: &mut Vec<u8>) -> Result<(), &'static str> {
    const NESTED: &str = "a value within a value, which no column holds";
    let values: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| NESTED)?;
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            bytes.push(b';');
        }
        if !scalar(value.get(), bytes) {
            return Err(NESTED);
        }
    }
    Ok(())
}

/// Reads one object: asks where each key goes, and hands its value there.
fn read_object<'t>(line: &'t [u8], object: Object<'_, 't>) -> Result<(), FieldFault> {
    let mut reader = serde_json::Deserializer::from_slice(line);
    let read = reader.deserialize_map(object).and_then(|()| reader.end());
    read.map_err(|error| {
        let told = error.to_string();
        let reason = told.split(" at line ").next().unwrap_or_default();
        let wrong = match error.classify() {
            serde_json::error::Category::Data => "not a JSON object".to_owned(),
            serde_json::error::Category::Eof => "the JSON object is not closed on its line".to_owned(),
            _ => format!("not JSON at sign {} of the line: {reason}", error.column()),
        };
        FieldFault { value: shown(line), ..FieldFault::of_line(wrong) }.help("one whole object on each line")
    })
}

struct Object<'o, 't> {
    key: &'o mut dyn FnMut(&str) -> Option<usize>,
    value: &'o mut dyn FnMut(usize, &'t RawValue),
}

impl<'t> Visitor<'t> for Object<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(place) = map.next_key_seed(Key(&mut *self.key))? {
            match place {
                Some(at) => (self.value)(at, map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Key<'k>(&'k mut dyn FnMut(&str) -> Option<usize>);

impl<'t> DeserializeSeed<'t> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'t>>(self, reader: D) -> Result<Option<usize>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        Ok((self.0)(key.trim()))
    }
}
