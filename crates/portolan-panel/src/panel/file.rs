//! The expanded panel as one Parquet file: groups of rows are worked out and encoded on all threads, and written in order.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use portolan_engine::Law;
use portolan_entry::manifest::{Entry, Manifest};
use portolan_entry::output::{FileSet, Pending};
use portolan_ledger::TariffCode;

use super::columns::{self, Borne};
use super::expand::{Expander, Rows};
use super::pairs::Pairs;
use super::turns::{Dealt, in_order};
use super::{Done, Error, Form, Options};

/// About so many rows are worked out, encoded and written at once.
const GROUP: usize = 1 << 20;

/// A group of rows, encoded.
pub struct Group {
    /// Its rows.
    pub rows: u64,
    /// Its columns.
    pub chunks: Vec<ArrowColumnChunk>,
}

/// How the panel is written: compressed by zstd at its fastest useful level.
pub fn properties() -> Arc<WriterProperties> {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let built = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by(concat!("portolan ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_max_row_group_row_count(Some(usize::MAX))
        .build();
    Arc::new(built)
}

/// Opens a Parquet file of a schema.
pub fn open(file: Pending, schema: &SchemaRef) -> Result<SerializedFileWriter<Pending>, ParquetError> {
    let parquet = ArrowSchemaConverter::new().convert(schema)?;
    SerializedFileWriter::new(file, parquet.root_schema_ptr(), properties())
}

/// Encodes columns as one group of rows.
pub fn encode(
    factory: &ArrowRowGroupWriterFactory,
    schema: &SchemaRef,
    arrays: &[ArrayRef],
) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
    let mut writers = factory.create_column_writers(0)?.into_iter();
    let mut chunks = Vec::with_capacity(arrays.len());
    for (field, array) in schema.fields().iter().zip(arrays) {
        for leaf in compute_leaves(field, array)? {
            let Some(mut writer) = writers.next() else { break };
            writer.write(&leaf)?;
            chunks.push(writer.close()?);
        }
    }
    Ok(chunks)
}

/// Adds an encoded group to a file.
pub fn append(writer: &mut SerializedFileWriter<Pending>, chunks: Vec<ArrowColumnChunk>) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for chunk in chunks {
        chunk.append_to_row_group(&mut group)?;
    }
    group.close()?;
    Ok(())
}

/// What the writer says, as a fault of the file.
pub fn cannot_write(output: &Path) -> impl Fn(ParquetError) -> Error + '_ {
    |error| {
        let error = match error {
            ParquetError::External(error) => match error.downcast::<io::Error>() {
                Ok(error) => *error,
                Err(other) => io::Error::other(other),
            },
            other => io::Error::other(other),
        };
        Error::Write(output.to_owned(), error)
    }
}

/// Writes the expanded panel.
pub fn write(
    law: &Law<'_>,
    options: &Options,
    output: &Path,
    manifest: &Manifest,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Done, Error> {
    law.table();
    let codes = options.codes.as_slice();
    let daily = options.form == Form::Daily;
    let families = columns::families(law.timeline.ledger, options.side);
    let schema = columns::schema(columns::keys(daily), &families, "mfn_text");
    let (set, name) = begin(output)?;
    let failed = |error| Error::Write(output.to_owned(), error);
    let mut writer = open(set.file(&name).map_err(failed)?, &schema).map_err(cannot_write(output))?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(&schema));
    let per_group = per_group(options);
    let (mut rows, mut done, all) = (0, 0, codes.len());
    let pairs = Pairs::find(law, options, output)?;
    progress(0, all as u64);
    let names = Names::new(codes, options);
    in_order(
        (options.threads, codes.len().div_ceil(per_group), Dealt::InOrder),
        &|| Worker {
            pairs: &pairs,
            expander: Expander::new(&pairs, options.until, daily),
            rows: Rows::default(),
            daily,
        },
        &|worker, group| {
            let own = group * per_group..all.min((group + 1) * per_group);
            worker.group(own, &names, (&factory, &schema)).map_err(cannot_write(output))
        },
        &mut |group| {
            append(&mut writer, group.chunks).map_err(cannot_write(output))?;
            rows += group.rows;
            done = all.min(done + per_group);
            progress(done as u64, all as u64);
            Ok(())
        },
    )?;
    let file = writer.into_inner().map_err(cannot_write(output))?;
    let files = vec![(Entry { name: name.clone(), rows }, file)];
    set.place(files, manifest).map_err(|(path, error)| Error::Write(path, error))?;
    Ok(Done { files: vec![(name, rows)], codes: codes.len(), origins: options.origins.len() })
}

/// Begins the set of files of a panel: its folder, and the name of the file there.
pub fn begin(output: &Path) -> Result<(FileSet, String), Error> {
    let failed = |error| Error::Write(output.to_owned(), error);
    let Some(name) = output.file_name().and_then(|name| name.to_str()) else {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "the name of a file is needed")));
    };
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = name.strip_suffix(".parquet").unwrap_or(name);
    let set = FileSet::begin_named(folder, &format!("{stem}.manifest.json")).map_err(failed)?;
    Ok((set, name.to_owned()))
}

/// How many codes make about a group of rows: a code and country has some forty stretches in eight years.
fn per_group(options: &Options) -> usize {
    let days = usize::try_from(options.until.0 - options.from.0).unwrap_or(1).max(1);
    let stretches = if options.form == Form::Daily { days } else { days.div_ceil(80) };
    (GROUP / (options.origins.len().max(1) * stretches)).max(1)
}

/// Names of all codes and countries.
struct Names {
    codes: ArrayRef,
    origins: ArrayRef,
}

impl Names {
    fn new(codes: &[TariffCode], options: &Options) -> Self {
        Self { codes: columns::codes(codes), origins: columns::origins(&options.origins) }
    }
}

/// Why a thread gave up.
pub enum Stopped {
    /// The law has no answer.
    Law(TariffCode, portolan_engine::Fault),
    /// The rows cannot be encoded.
    Encode(ParquetError),
}

impl Stopped {
    /// As a fault of an output.
    pub fn of(self, output: &Path) -> Error {
        match self {
            Self::Law(code, fault) => Error::Law(code, fault),
            Self::Encode(error) => cannot_write(output)(error),
        }
    }
}

/// What one thread works with.
struct Worker<'p> {
    pairs: &'p Pairs,
    expander: Expander<'p>,
    rows: Rows,
    daily: bool,
}

impl Worker<'_> {
    /// Rows of some codes, by their places.
    fn group(
        &mut self,
        codes: Range<usize>,
        names: &Names,
        (factory, schema): (&ArrowRowGroupWriterFactory, &SchemaRef),
    ) -> Result<Group, ParquetError> {
        self.expander.rows(codes, &mut self.rows);
        let said = (&self.pairs.borne, &self.pairs.texts);
        let arrays = columns::arrays(&self.rows, said, (&names.codes, &names.origins), self.daily);
        let chunks = encode(factory, schema, &arrays)?;
        Ok(Group { rows: self.rows.len() as u64, chunks })
    }
}

/// The columns that the treatments of options fill, with nothing in them yet.
pub fn borne(law: &Law<'_>, options: &Options) -> Borne {
    let ledger = law.timeline.ledger;
    Borne::new(ledger, columns::families(ledger, options.side))
}
