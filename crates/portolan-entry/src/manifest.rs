//! `manifest.json`: which files belong together, and what they were made from.
//!
//! It is written last and removed first, so that where there is one, its set is complete.

use std::fs::File;
use std::io::{self, Read};

use portolan_ledger::Day;
use portolan_ledger::line::View;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::read::Input;

/// The name of the file.
pub const NAME: &str = "manifest.json";

/// An input larger than this, in bytes, is not read a second time for its hash.
const MOST_HASHED: u64 = 256 * 1024 * 1024;

/// What the files of a set were made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Hash of the ledger.
    pub ledger_version: String,
    /// The known date where a line states none.
    pub known_date: Day,
    /// The view where a line states none.
    pub view: View,
    /// The command line, without the name of the program; empty where there was none.
    pub command: Vec<String>,
    /// What was read.
    pub inputs: Vec<InputEntry>,
}

/// An input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputEntry {
    /// As it was named.
    pub name: String,
    /// Its length, where it is a file.
    pub bytes: Option<u64>,
    /// In hexadecimal; none where it is no file, or so large that reading it twice would cost more than it is worth.
    pub sha256: Option<String>,
}

impl InputEntry {
    /// Of an input.
    pub fn of(input: &Input) -> Self {
        let name = input.name();
        match input {
            Input::File(path) => {
                let bytes = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|data| data.len());
                let is_cheap = bytes.is_some_and(|bytes| bytes <= MOST_HASHED);
                // Where it cannot be read any more the run itself says so.
                let sha256 = if is_cheap { File::open(path).and_then(hash_of).ok() } else { None };
                Self { name, bytes, sha256 }
            }
            Input::Text { bytes, .. } => {
                let sha256 = Some(hexadecimal(&Sha256::digest(bytes)));
                Self { name, bytes: Some(bytes.len() as u64), sha256 }
            }
            Input::Kept { .. } => Self { name, ..Self::default() },
        }
    }
}

fn hash_of(mut file: File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hexadecimal(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

/// Bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A file of the set, before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// Its rows.
    pub rows: u64,
}

/// A file of the set, once it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name and rows.
    pub entry: Entry,
    /// Its length.
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The text of the file, for a set.
    pub fn text(&self, files: &[Written]) -> String {
        let file = |written: &Written| {
            json!({
                "name": written.entry.name,
                "rows": written.entry.rows,
                "bytes": written.bytes,
                "sha256": written.sha256,
            })
        };
        let input = |input: &InputEntry| json!({ "name": input.name, "bytes": input.bytes, "sha256": input.sha256 });
        let whole = json!({
            "format": 1,
            "made_by": concat!("portolan ", env!("CARGO_PKG_VERSION")),
            "command": self.command,
            "ledger_version": self.ledger_version,
            "known_date": self.known_date.to_string(),
            "view": match self.view { View::Assessed => "assessed", View::Owed => "owed" },
            "inputs": self.inputs.iter().map(input).collect::<Vec<_>>(),
            "files": files.iter().map(file).collect::<Vec<_>>(),
        });
        format!("{whole:#}\n")
    }
}

/// The files of a manifest by name and length, as far as it can be read.
pub fn files_of(text: &str) -> Vec<(String, u64)> {
    let Ok(whole) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let file = |file: &Value| Some((file["name"].as_str()?.to_owned(), file["bytes"].as_u64()?));
    whole["files"].as_array().map_or(Vec::new(), |files| files.iter().filter_map(file).collect())
}
