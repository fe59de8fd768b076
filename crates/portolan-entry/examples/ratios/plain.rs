//! Plain reading and writing of the same files.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use crate::Took;
use crate::measure::processor_seconds;

/// Rows of a group, in the input as in the bill.
pub const GROUP_ROWS: usize = 122_880;

/// Groups of the bill that are in memory at once; the threads wait for each other where these end.
const GROUPS_HELD: usize = 16;

/// Records of the bill that are in memory at once.
const RECORDS_HELD: usize = 1_000_000;

type Fault = Box<dyn Error + Send + Sync>;

/// Adds what some work took.
fn clocked<T>(took: &mut Took, work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let (start, worked) = (Instant::now(), processor_seconds());
    let done = work()?;
    took.wall += start.elapsed();
    took.worked += processor_seconds() - worked;
    Ok(done)
}

/// A Parquet file whose groups are read apart from each other.
struct Groups {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl Groups {
    fn open(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path)?;
        let metadata = ArrowReaderMetadata::load(&file, parquet::arrow::arrow_reader::ArrowReaderOptions::default())?;
        Ok(Self { path: path.to_owned(), metadata })
    }

    fn count(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    fn read(&self, group: usize) -> Result<ParquetRecordBatchReader, Fault> {
        // Opened anew: threads that share a handle share its place in the file.
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(&self.path)?, self.metadata.clone());
        Ok(builder.with_row_groups(vec![group]).with_batch_size(8_192).build()?)
    }

    /// A group in one piece.
    fn whole(&self, group: usize) -> Result<RecordBatch, Fault> {
        let batches = self.read(group)?.collect::<Result<Vec<_>, _>>()?;
        Ok(concat_batches(self.metadata.schema(), &batches)?)
    }
}

/// Reads the input and writes the columns of the bill, and with them those of the input where `with_input` says so.
pub fn parquet(folder: &Path, with_input: bool) -> Result<Took, Fault> {
    let input = Groups::open(&folder.join("lines.parquet"))?;
    let bill = Groups::open(&folder.join("parquet-none/bill.parquet"))?;
    if input.count() != bill.count() {
        return Err("input and bill have other groups".into());
    }
    let bill_fields = bill.metadata.schema().fields();
    let of_input = input.metadata.schema().fields().iter().enumerate();
    let kept: Vec<(usize, &FieldRef)> =
        of_input.filter(|(_, field)| with_input && bill_fields.find(field.name()).is_none()).collect();
    let fields: Vec<FieldRef> = bill_fields.iter().chain(kept.iter().map(|(_, field)| *field)).cloned().collect();
    let schema = Arc::new(Schema::new(fields));
    let kept: Vec<usize> = kept.into_iter().map(|(at, _)| at).collect();
    let root = ArrowSchemaConverter::new().convert(&schema)?.root_schema_ptr();
    let out = File::create(folder.join("plain.parquet"))?;
    let mut file = SerializedFileWriter::new(out.try_clone()?, root, Arc::new(properties()?))?;
    let factory = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema));
    let copy = Copy { input: &input, kept: &kept, schema: &schema, factory: &factory };
    let mut took = Took::default();
    for first in (0..input.count()).step_by(GROUPS_HELD) {
        let held = (first..input.count().min(first + GROUPS_HELD)).map(|group| bill.whole(group));
        let held = held.collect::<Result<Vec<_>, _>>()?;
        clocked(&mut took, || copy.groups(first, &held, &mut file))?;
    }
    clocked(&mut took, || {
        file.finish()?;
        Ok(out.sync_all()?)
    })?;
    Ok(took)
}

/// What the bill is written with.
fn properties() -> Result<WriterProperties, ParquetError> {
    let counted = ColumnPath::from("source_row");
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_dictionary_enabled(counted.clone(), false)
        .set_column_encoding(counted, Encoding::DELTA_BINARY_PACKED);
    Ok(properties.build())
}

struct Copy<'a> {
    input: &'a Groups,
    /// Columns of the input that are written behind those of the bill.
    kept: &'a [usize],
    schema: &'a SchemaRef,
    factory: &'a ArrowRowGroupWriterFactory,
}

impl Copy<'_> {
    /// Copies groups side by side, in order; the bill's columns of them are held.
    fn groups(&self, first: usize, held: &[RecordBatch], file: &mut SerializedFileWriter<File>) -> Result<(), Fault> {
        let next = &AtomicUsize::new(0);
        let (done, arrived) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
                let done = done.clone();
                scope.spawn(move || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(bill) = held.get(at) else { return };
                        // Who receives has failed where this is not taken.
                        let _ = done.send((at, self.group(first + at, bill)));
                    }
                });
            }
            drop(done);
            let (mut early, mut written) = (BTreeMap::new(), 0);
            for (at, chunks) in arrived {
                let chunks: Vec<ArrowColumnChunk> = chunks?;
                early.insert(at, chunks);
                while let Some(chunks) = early.remove(&written) {
                    let mut group = file.next_row_group()?;
                    for chunk in chunks {
                        chunk.append_to_row_group(&mut group)?;
                    }
                    group.close()?;
                    written += 1;
                }
            }
            Ok(())
        })
    }

    /// Reads a group of the input, and encodes it with the bill's columns.
    fn group(&self, at: usize, bill: &RecordBatch) -> Result<Vec<ArrowColumnChunk>, Fault> {
        let mut writers = self.factory.create_column_writers(at)?;
        let (of_bill, of_input) = writers.split_at_mut(bill.num_columns());
        let (bill_fields, input_fields) = self.schema.fields().split_at(bill.num_columns());
        for batch in self.input.read(at)? {
            let batch = black_box(batch?);
            for ((writer, field), column) in of_input.iter_mut().zip(input_fields).zip(self.kept) {
                for leaf in compute_leaves(field, batch.column(*column))? {
                    writer.write(&leaf)?;
                }
            }
        }
        for ((writer, field), column) in of_bill.iter_mut().zip(bill_fields).zip(bill.columns()) {
            for leaf in compute_leaves(field, column)? {
                writer.write(&leaf)?;
            }
        }
        Ok(writers.into_iter().map(ArrowColumnWriter::close).collect::<Result<_, _>>()?)
    }
}

/// Parses every record of the input and writes every record of the bill, side by side.
pub fn csv(folder: &Path) -> Result<Took, Fault> {
    let reader = |path: &str| csv::ReaderBuilder::new().has_headers(false).from_path(folder.join(path));
    let (mut input, mut bill) = (reader("lines.csv")?, reader("csv-none/bill.csv")?);
    let out = File::create(folder.join("plain.csv"))?;
    let mut writer = csv::Writer::from_writer(out.try_clone()?);
    let mut took = Took::default();
    loop {
        let held = bill.byte_records().take(RECORDS_HELD).collect::<Result<Vec<_>, _>>()?;
        if held.is_empty() {
            break;
        }
        clocked(&mut took, || {
            thread::scope(|scope| {
                let parsing = scope.spawn(|| {
                    let mut record = csv::ByteRecord::new();
                    for _ in &held {
                        input.read_byte_record(&mut record)?;
                        black_box(&record);
                    }
                    Ok::<(), csv::Error>(())
                });
                for record in &held {
                    writer.write_byte_record(record)?;
                }
                parsing.join().map_err(|_| "the parsing thread failed")??;
                Ok(())
            })
        })?;
    }
    clocked(&mut took, || {
        writer.flush()?;
        Ok(out.sync_all()?)
    })?;
    Ok(took)
}
