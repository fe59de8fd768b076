//! Where the tables of a run go: files of one set, or memory, or nowhere.

use std::io::{self, Write};
use std::path::PathBuf;

use portolan_ledger::Ledger;

use super::columns::Batch;
use super::parquet::ParquetFile;
use super::xlsx::{Book, Heading};
use super::{Format, Rows, Schema, text};
use crate::manifest::{Entry as ManifestEntry, Manifest};
use crate::output::{FileSet, Pending};
use crate::run::{Output, RunError};
use crate::summary::Summary;

/// What receives the bytes of one file.
#[derive(Debug)]
pub enum Target {
    /// A file on its way to its place.
    File(Pending),
    /// Memory.
    Memory(Vec<u8>),
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.write_all(bytes),
            Self::Memory(memory) => {
                memory.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the tables of a run are.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The bill.
    pub bill: Schema,
    /// The layers, where they are wanted.
    pub layers: Option<Schema>,
    /// Whether rows with faults go into a table of their own, which is CSV in every form.
    pub faults: bool,
}

/// A file that is being written.
struct File {
    name: String,
    rows: u64,
    form: Form,
}

/// Its form.
enum Form {
    Text(Target),
    Parquet(Box<ParquetFile<Target>>),
    /// Its rows go to a sheet of the workbook.
    Sheet,
}

/// Receives the rows of a run.
pub struct Sink {
    folder: PathBuf,
    nowhere: bool,
    bill: File,
    layers: Option<File>,
    faults: Option<File>,
    book: Option<(Box<Book>, Target)>,
    /// Dropped last: its folder is empty then, where nothing was placed.
    set: Option<FileSet>,
}

/// What a sink gives back at its end.
#[derive(Debug, Default)]
pub struct Received {
    /// Bytes of all files, the manifest left aside.
    pub bytes: u64,
    /// The bill, where it went into memory; the whole workbook where that is the form.
    pub bill: Vec<u8>,
    /// The layers, where they went into memory.
    pub layers: Vec<u8>,
    /// What was set aside, where it went into memory.
    pub faults: Vec<u8>,
}

impl Sink {
    /// Begins the files of a run. Those of an earlier run stay as they are until [`Self::finish`].
    ///
    /// # Errors
    /// A file cannot be begun, or another run is writing to the folder.
    pub fn open(output: &Output, format: Format, tables: &Tables, threads: usize) -> Result<Self, RunError> {
        let (set, folder) = match output {
            Output::Folder(folder) => {
                let failed = |error| RunError::Write { file: folder.clone(), error };
                (Some(FileSet::begin(folder).map_err(failed)?), folder.clone())
            }
            Output::Memory | Output::Nothing => (None, PathBuf::new()),
        };
        let target = |name: &str| match &set {
            Some(set) => {
                let failed = |error| RunError::Write { file: folder.join(name), error };
                set.file(name).map(Target::File).map_err(failed)
            }
            None => Ok(Target::Memory(Vec::new())),
        };
        let table = |schema: &Schema| -> Result<File, RunError> {
            let name = format!("{}.{}", schema.name, format.extension());
            let failed = |error| RunError::Write { file: folder.join(&name), error };
            let form = match format {
                Format::Csv | Format::Jsonl => {
                    let mut out = target(&name)?;
                    if format == Format::Csv {
                        out.write_all(&text::head(schema)).map_err(failed)?;
                    }
                    Form::Text(out)
                }
                Format::Parquet => {
                    Form::Parquet(Box::new(ParquetFile::new(schema, target(&name)?, threads).map_err(failed)?))
                }
                Format::Xlsx => Form::Sheet,
            };
            Ok(File { name, rows: 0, form })
        };
        let nowhere = *output == Output::Nothing;
        let bill = table(&tables.bill)?;
        let layers = tables.layers.as_ref().map(table).transpose()?;
        let faults = if tables.faults {
            let mut out = target("faults.csv")?;
            let failed = |error| RunError::Write { file: folder.join("faults.csv"), error };
            out.write_all(crate::fault::CSV_HEAD.as_bytes()).map_err(failed)?;
            Some(File { name: "faults.csv".to_owned(), rows: 0, form: Form::Text(out) })
        } else {
            None
        };
        let book = if format == Format::Xlsx && !nowhere {
            let out = target("bill.xlsx")?;
            let book = Book::new(&tables.bill, tables.layers.as_ref(), set.as_ref().map(FileSet::path));
            Some((Box::new(book.map_err(|error| error.at(&folder.join("bill.xlsx")))?), out))
        } else {
            None
        };
        Ok(Self { folder, nowhere, bill, layers, faults, book, set })
    }

    /// Adds what one piece of the input gives.
    ///
    /// # Errors
    /// A file cannot be written, or its form cannot hold the rows.
    pub fn write(&mut self, bill: &mut Rows, layers: &mut Rows, faults: &[u8], counts: Counts) -> Result<(), RunError> {
        if self.nowhere {
            return Ok(());
        }
        let folder = &self.folder;
        let mut put = |file: &mut File, rows: &mut Rows, count: u64| {
            let place = folder.join(&file.name);
            let failed = |error| RunError::Write { file: place.clone(), error };
            file.rows += count;
            match (&mut file.form, rows) {
                (Form::Text(out), Rows::Csv(rows)) => out.write_all(rows.bytes()).map_err(failed),
                (Form::Text(out), Rows::Json(rows)) => out.write_all(rows.bytes()).map_err(failed),
                (Form::Parquet(out), Rows::Columns(rows)) => {
                    let batch = rows.take().map_err(|error| failed(io::Error::other(error)))?;
                    out.write(batch).map_err(failed)
                }
                (Form::Sheet, Rows::Columns(rows)) => {
                    let batch: Batch = rows.take().map_err(|error| failed(io::Error::other(error)))?;
                    let Some((book, _)) = &mut self.book else { return Ok(()) };
                    let sheet = if file.name.starts_with("layers") { book.layers(&batch) } else { book.bill(&batch) };
                    sheet.map_err(|error| error.at(&folder.join("bill.xlsx")))
                }
                // Rows are made in the form of the sink.
                _ => Ok(()),
            }
        };
        put(&mut self.bill, bill, counts.bill)?;
        if let Some(file) = &mut self.layers {
            put(file, layers, counts.layers)?;
        }
        if let Some(File { rows, form: Form::Text(out), .. }) = &mut self.faults {
            *rows += counts.faults;
            let failed = |error| RunError::Write { file: self.folder.join("faults.csv"), error };
            out.write_all(faults).map_err(failed)?;
        }
        Ok(())
    }

    /// Puts the files in their places, once all are on the disk; the manifest last.
    ///
    /// # Errors
    /// A file cannot be written or put in its place.
    pub fn finish(self, ledger: &Ledger, summary: &Summary, manifest: &Manifest) -> Result<Received, RunError> {
        if self.nowhere {
            return Ok(Received::default());
        }
        let Self { set, folder, bill, layers, faults, book, .. } = self;
        let mut ends: Vec<(String, u64, Target)> = Vec::new();
        if let Some((book, mut out)) = book {
            let heading = Heading { ledger, manifest };
            book.finish(&mut out, summary, &heading).map_err(|error| error.at(&folder.join("bill.xlsx")))?;
            ends.push(("bill.xlsx".to_owned(), bill.rows, out));
        }
        for file in [Some(bill), layers, faults].into_iter().flatten() {
            let failed = |error| RunError::Write { file: folder.join(&file.name), error };
            match file.form {
                Form::Text(out) => ends.push((file.name, file.rows, out)),
                Form::Parquet(out) => {
                    let out = out.finish().map_err(failed)?;
                    ends.push((file.name, file.rows, out));
                }
                Form::Sheet => {}
            }
        }
        let Some(set) = set else { return Ok(in_memory(ends)) };
        let (mut pending, mut bytes) = (Vec::new(), 0);
        for (name, rows, target) in ends {
            let Target::File(file) = target else { continue };
            bytes += file.bytes();
            pending.push((ManifestEntry { name, rows }, file));
        }
        set.place(pending, manifest).map_err(|(file, error)| RunError::Write { file, error })?;
        Ok(Received { bytes, ..Received::default() })
    }
}

/// Rows of each table that a piece gives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Of the bill.
    pub bill: u64,
    /// Of the layers.
    pub layers: u64,
    /// Of what was set aside.
    pub faults: u64,
}

fn in_memory(ends: Vec<(String, u64, Target)>) -> Received {
    let mut received = Received::default();
    for (name, _, target) in ends {
        let Target::Memory(memory) = target else { continue };
        received.bytes += memory.len() as u64;
        match name.split('.').next() {
            Some("layers") => received.layers = memory,
            Some("faults") => received.faults = memory,
            _ => received.bill = memory,
        }
    }
    received
}
