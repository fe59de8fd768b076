//! Typed columns as Parquet.
//!
//! Rows are gathered into groups of a fixed number, so that the same rows give the same bytes however many threads work.
//! Groups are encoded side by side and written in order; no more of them are under way than there are encoders and one.
//! A column that holds its fill throughout a group is encoded once for all such groups.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field as ArrowField, Schema as ArrowSchema};
use bytes::Bytes;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::writer::{ColumnCloseResult, ColumnWriter, get_column_writer};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescriptor, Type, TypePtr};

use super::columns::{Batch, Filled};
use super::{Fill, Kind, Schema};

/// Rows of a group. DuckDB and others read a group with one thread, in vectors of 2,048.
const GROUP_ROWS: usize = 122_880;

/// Decimals have as many digits as fit into 64 bits.
const PRECISION: i32 = 18;

/// The largest number of so many digits, and one more.
const TOO_MANY_DIGITS: i64 = 1_000_000_000_000_000_000;

type Error = ParquetError;

/// A Parquet file that is being written.
pub struct ParquetFile<W: Write + Send> {
    file: SerializedFileWriter<Handle<W>>,
    out: Handle<W>,
    /// Rows that do not make a group yet, with how many they are.
    open: Vec<Part>,
    open_rows: usize,
    encoders: Encoders,
    /// Groups that were sent to the encoders and not written yet.
    under_way: usize,
    sent: u64,
    written: u64,
    /// Groups that came back before their turn.
    early: BTreeMap<u64, Vec<Chunk>>,
}

/// The writer below, which is needed again when the file is closed: taking it out of the file would lose its errors.
struct Handle<W>(Arc<Mutex<W>>);

impl<W> Clone for Handle<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Write> Write for Handle<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| stopped())?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().map_err(|_| stopped())?.flush()
    }
}

/// Rows of a batch.
type Part = (Arc<Batch>, Range<usize>);

/// A column of a group, encoded.
enum Chunk {
    Numbers(Bytes, Box<ColumnCloseResult>),
    Texts(Box<ArrowColumnChunk>),
}

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file; `threads` encode.
    pub fn new(schema: &Schema, out: W, threads: usize) -> io::Result<Self> {
        let layout = Arc::new(Layout::new(schema).map_err(io::Error::other)?);
        let out = Handle(Arc::new(Mutex::new(out)));
        let file = SerializedFileWriter::new(out.clone(), Arc::clone(&layout.root), Arc::clone(&layout.properties));
        Ok(Self {
            file: file.map_err(cause)?,
            out,
            open: Vec::new(),
            open_rows: 0,
            encoders: Encoders::start(&layout, threads.max(1))?,
            under_way: 0,
            sent: 0,
            written: 0,
            early: BTreeMap::new(),
        })
    }

    /// Adds rows.
    pub fn write(&mut self, batch: Batch) -> io::Result<()> {
        let batch = Arc::new(batch);
        let mut start = 0;
        while start < batch.rows {
            let end = batch.rows.min(start + GROUP_ROWS - self.open_rows);
            self.open.push((Arc::clone(&batch), start..end));
            self.open_rows += end - start;
            start = end;
            if self.open_rows == GROUP_ROWS {
                self.send()?;
            }
        }
        Ok(())
    }

    /// Sends the open rows to be encoded; first waits until there is room for them.
    fn send(&mut self) -> io::Result<()> {
        while self.under_way > self.encoders.threads.len() {
            self.receive()?;
        }
        let rows = std::mem::take(&mut self.open_rows);
        let group = Group { number: self.sent, rows, parts: std::mem::take(&mut self.open) };
        self.sent += 1;
        self.under_way += 1;
        self.encoders.work.as_ref().and_then(|work| work.send(group).ok()).ok_or_else(stopped)
    }

    /// Takes one group from the encoders, and writes all whose turn it is.
    fn receive(&mut self) -> io::Result<()> {
        let (number, chunks) = self.encoders.done.recv().map_err(|_| stopped())?;
        self.under_way -= 1;
        self.early.insert(number, chunks.map_err(io::Error::other)?);
        while let Some(chunks) = self.early.remove(&self.written) {
            self.append(chunks).map_err(cause)?;
            self.written += 1;
        }
        Ok(())
    }

    fn append(&mut self, chunks: Vec<Chunk>) -> Result<(), Error> {
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            match chunk {
                Chunk::Numbers(bytes, close) => group.append_column(&bytes, *close)?,
                Chunk::Texts(chunk) => chunk.append_to_row_group(&mut group)?,
            }
        }
        group.close().map(drop)
    }

    /// Writes what is left and the footer; gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        if self.open_rows > 0 {
            self.send()?;
        }
        while self.under_way > 0 {
            self.receive()?;
        }
        self.file.finish().map_err(cause)?;
        drop(self.file);
        let out = Arc::into_inner(self.out.0).and_then(|out| out.into_inner().ok());
        out.ok_or_else(stopped)
    }
}

fn stopped() -> io::Error {
    io::Error::other("an encoder stopped")
}

/// What the writer below reported, where it was the writer.
fn cause(error: Error) -> io::Error {
    match error {
        Error::External(inner) => match inner.downcast::<io::Error>() {
            Ok(inner) => *inner,
            Err(inner) => io::Error::other(inner),
        },
        other => io::Error::other(other),
    }
}

/// The table as Parquet sees it.
struct Layout {
    root: TypePtr,
    properties: WriterPropertiesPtr,
    columns: Vec<ColumnDescPtr>,
    fills: Vec<Fill>,
    kinds: Vec<Kind>,
    /// The columns of texts alone: Arrow's encoder of texts is made for a whole schema.
    texts: Arc<ArrowSchema>,
    texts_root: TypePtr,
}

impl Layout {
    fn new(schema: &Schema) -> Result<Self, Error> {
        let types = schema.fields.iter().map(column_type).collect::<Result<Vec<_>, _>>()?;
        let is_text = |(field, _): &(&super::Field, &TypePtr)| field.kind.is_text();
        let texts: Vec<_> = schema.fields.iter().zip(&types).filter(is_text).collect();
        let text = |(field, _): &(&super::Field, &TypePtr)| ArrowField::new(&field.name, DataType::LargeUtf8, true);
        let group = |fields: Vec<TypePtr>| Type::group_type_builder("schema").with_fields(fields).build().map(Arc::new);
        let texts_root = group(texts.iter().map(|(_, of)| Arc::clone(of)).collect())?;
        let texts = Arc::new(ArrowSchema::new(texts.iter().map(text).collect::<Vec<_>>()));
        let root = group(types)?;
        Ok(Self {
            columns: SchemaDescriptor::new(Arc::clone(&root)).columns().to_vec(),
            root,
            properties: Arc::new(properties(schema)?),
            fills: schema.fields.iter().map(|field| field.fill.clone()).collect(),
            kinds: schema.fields.iter().map(|field| field.kind).collect(),
            texts,
            texts_root,
        })
    }
}

fn column_type(field: &super::Field) -> Result<TypePtr, Error> {
    let physical = match field.kind {
        Kind::Text | Kind::List => Physical::BYTE_ARRAY,
        Kind::Day => Physical::INT32,
        Kind::Whole | Kind::Money | Kind::Points | Kind::Share => Physical::INT64,
    };
    let repetition = if field.kind == Kind::Whole { Repetition::REQUIRED } else { Repetition::OPTIONAL };
    let built = Type::primitive_type_builder(&field.name, physical).with_repetition(repetition);
    let built = match field.kind {
        Kind::Text | Kind::List => built.with_logical_type(Some(LogicalType::String)),
        Kind::Day => built.with_logical_type(Some(LogicalType::Date)),
        Kind::Whole => built,
        Kind::Money | Kind::Points | Kind::Share => {
            let scale = i32::try_from(field.kind.places().unwrap_or(0)).unwrap_or(0);
            let decimal = LogicalType::decimal(scale, PRECISION);
            built.with_logical_type(Some(decimal)).with_precision(PRECISION).with_scale(scale)
        }
    };
    built.build().map(Arc::new)
}

fn properties(schema: &Schema) -> Result<WriterProperties, Error> {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("portolan ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for field in schema.fields.iter().filter(|field| field.kind == Kind::Whole) {
        // Numbers that count rows are never the same twice; their differences are.
        let path = ColumnPath::from(field.name.as_str());
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
    }
    Ok(properties.build())
}

/// Rows to encode.
struct Group {
    number: u64,
    rows: usize,
    parts: Vec<Part>,
}

type Encoded = (u64, Result<Vec<Chunk>, Error>);

/// Threads that encode.
struct Encoders {
    work: Option<Sender<Group>>,
    done: Receiver<Encoded>,
    threads: Vec<JoinHandle<()>>,
}

impl Encoders {
    fn start(layout: &Arc<Layout>, count: usize) -> io::Result<Self> {
        let (work, worked) = channel::<Group>();
        let (finished, done) = channel();
        let worked = Arc::new(Mutex::new(worked));
        let mut threads = Vec::with_capacity(count);
        for _ in 0..count {
            let (layout, worked, finished) = (Arc::clone(layout), Arc::clone(&worked), finished.clone());
            let encode = move || {
                let mut encoder = Encoder { layout, constant: HashMap::new() };
                // A poisoned lock means that another encoder has failed; nothing is left to do then.
                while let Ok(Ok(group)) = worked.lock().map(|groups| groups.recv()) {
                    if finished.send((group.number, encoder.encode(&group))).is_err() {
                        return;
                    }
                }
            };
            threads.push(std::thread::Builder::new().name("encoder".to_owned()).spawn(encode)?);
        }
        Ok(Self { work: Some(work), done, threads })
    }
}

impl Drop for Encoders {
    fn drop(&mut self) {
        // Without work to come the threads end.
        self.work = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// One thread's encoder.
struct Encoder {
    layout: Arc<Layout>,
    /// Columns of whole groups that hold their fill throughout.
    constant: HashMap<usize, (Bytes, Box<ColumnCloseResult>)>,
}

impl Encoder {
    fn encode(&mut self, group: &Group) -> Result<Vec<Chunk>, Error> {
        let mut texts = self.text_writers()?.into_iter();
        let mut chunks = Vec::with_capacity(self.layout.columns.len());
        for column in 0..self.layout.columns.len() {
            let writer = if self.layout.kinds[column].is_text() { texts.next() } else { None };
            let is_fill = group.parts.iter().all(|(batch, _)| matches!(batch.columns.get(column), Some(Filled::Fill)));
            chunks.push(match writer {
                _ if is_fill => {
                    let (bytes, close) = self.fill(column, group.rows)?;
                    Chunk::Numbers(bytes, close)
                }
                Some(mut writer) => {
                    self.write_texts(&mut writer, column, group)?;
                    Chunk::Texts(Box::new(writer.close()?))
                }
                None => {
                    let (bytes, close) = self.numbers(column, group)?;
                    Chunk::Numbers(bytes, close)
                }
            });
        }
        Ok(chunks)
    }

    /// Encoders of the columns of texts, for one group.
    fn text_writers(&self) -> Result<Vec<parquet::arrow::arrow_writer::ArrowColumnWriter>, Error> {
        if self.layout.texts.fields().is_empty() {
            return Ok(Vec::new());
        }
        let (root, properties) = (Arc::clone(&self.layout.texts_root), Arc::clone(&self.layout.properties));
        let file = SerializedFileWriter::new(io::sink(), root, properties)?;
        ArrowRowGroupWriterFactory::new(&file, Arc::clone(&self.layout.texts)).create_column_writers(0)
    }

    fn write_texts(
        &self,
        writer: &mut parquet::arrow::arrow_writer::ArrowColumnWriter,
        column: usize,
        group: &Group,
    ) -> Result<(), Error> {
        let field = ArrowField::new("text", DataType::LargeUtf8, true);
        for (batch, rows) in &group.parts {
            let array: ArrayRef = match batch.columns.get(column) {
                Some(Filled::Texts(texts)) => Arc::new(texts.slice(rows.start, rows.len())),
                _ => arrow::array::new_null_array(&DataType::LargeUtf8, rows.len()),
            };
            for leaf in compute_leaves(&field, &array)? {
                writer.write(&leaf)?;
            }
        }
        Ok(())
    }

    /// A column that holds its fill throughout.
    fn fill(&mut self, column: usize, rows: usize) -> Result<(Bytes, Box<ColumnCloseResult>), Error> {
        if let Some(kept) = self.constant.get(&column).filter(|_| rows == GROUP_ROWS) {
            return Ok(kept.clone());
        }
        let encoded = self.column(column, |writer| {
            let present = self.layout.fills[column] != Fill::Empty;
            let count = if present { rows } else { 0 };
            let levels = vec![i16::from(present); rows];
            match (writer, &self.layout.fills[column]) {
                (ColumnWriter::Int64ColumnWriter(w), _) => w.write_batch(&vec![0; count], Some(&levels), None),
                (ColumnWriter::Int32ColumnWriter(w), _) => w.write_batch(&vec![0; count], Some(&levels), None),
                (ColumnWriter::ByteArrayColumnWriter(w), Fill::Fixed(text)) => {
                    w.write_batch(&vec![ByteArray::from(text.as_str()); count], Some(&levels), None)
                }
                (ColumnWriter::ByteArrayColumnWriter(w), _) => w.write_batch(&[], Some(&vec![0; rows]), None),
                _ => Err(Error::General("a column of another type".to_owned())),
            }
            .map(drop)
        })?;
        if rows == GROUP_ROWS {
            self.constant.insert(column, encoded.clone());
        }
        Ok(encoded)
    }

    fn numbers(&self, column: usize, group: &Group) -> Result<(Bytes, Box<ColumnCloseResult>), Error> {
        let required = self.layout.kinds[column] == Kind::Whole;
        let zero = self.layout.fills[column] == Fill::Zero;
        self.column(column, |writer| {
            let mut gathered = Gathered::default();
            for (batch, rows) in &group.parts {
                gathered.gather(batch.columns.get(column), rows.clone(), zero)?;
                let levels = Some(gathered.levels.as_slice()).filter(|_| !required);
                match writer {
                    ColumnWriter::Int64ColumnWriter(w) => w.write_batch(&gathered.values, levels, None)?,
                    ColumnWriter::Int32ColumnWriter(w) => {
                        let days = gathered.values.iter().map(|&day| i32::try_from(day).unwrap_or(i32::MAX));
                        w.write_batch(&days.collect::<Vec<_>>(), levels, None)?
                    }
                    _ => return Err(Error::General("a column of another type".to_owned())),
                };
            }
            Ok(())
        })
    }

    /// Encodes a column by what `write` puts into it.
    fn column(
        &self,
        column: usize,
        write: impl FnOnce(&mut ColumnWriter<'_>) -> Result<(), Error>,
    ) -> Result<(Bytes, Box<ColumnCloseResult>), Error> {
        let mut out = TrackedWrite::new(Vec::new());
        let pages = Box::new(SerializedPageWriter::new(&mut out));
        let (of, properties) = (Arc::clone(&self.layout.columns[column]), Arc::clone(&self.layout.properties));
        let mut writer = get_column_writer(of, properties, pages);
        write(&mut writer)?;
        let close = writer.close()?;
        Ok((Bytes::from(out.into_inner()?), Box::new(close)))
    }
}

/// Numbers of some rows, those that are empty left out, and for each row whether it has one.
#[derive(Default)]
struct Gathered {
    values: Vec<i64>,
    levels: Vec<i16>,
}

impl Gathered {
    fn gather(&mut self, column: Option<&Filled>, rows: Range<usize>, zero: bool) -> Result<(), Error> {
        self.values.clear();
        self.levels.clear();
        self.levels.resize(rows.len(), 1);
        let Some(Filled::Numbers { values, .. }) = column else {
            self.values.resize(if zero { rows.len() } else { 0 }, 0);
            self.levels.fill(i16::from(zero));
            return Ok(());
        };
        let mut start = rows.start;
        for &absent in column.map_or(&[][..], |column| column.absent(rows.clone())) {
            self.values.extend_from_slice(&values[start..absent]);
            self.levels[absent - rows.start] = 0;
            start = absent + 1;
        }
        self.values.extend_from_slice(&values[start..rows.end]);
        let most = self.values.iter().map(|value| value.unsigned_abs()).max();
        if most.is_some_and(|most| most >= TOO_MANY_DIGITS.unsigned_abs()) {
            return Err(Error::General("a number has more than 18 digits; --format csv holds it".to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::Field;

    fn file(value: i64, room: usize) -> io::Result<()> {
        let schema = Schema { name: "t", fields: vec![Field::new("duty", Kind::Money)] };
        let mut file = ParquetFile::new(&schema, Room(room), 1)?;
        let columns = vec![Filled::Numbers { values: vec![value; 300_000], absent: Vec::new() }];
        file.write(Batch { rows: 300_000, columns })?;
        file.finish().map(drop)
    }

    /// Takes so many bytes.
    struct Room(usize);

    impl Write for Room {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn numbers_of_more_digits_than_a_column_holds_are_refused() {
        file(TOO_MANY_DIGITS - 1, usize::MAX).unwrap();
        for value in [TOO_MANY_DIGITS, i64::MIN] {
            let refused = file(value, usize::MAX).unwrap_err().to_string();
            assert!(refused.contains("18 digits"), "{refused}");
        }
    }

    #[test]
    fn a_disk_that_is_full_is_named_as_such() {
        for room in [0, 3, 100, 400] {
            let failed = file(7, room).unwrap_err();
            assert_eq!(failed.kind(), io::ErrorKind::StorageFull, "{room}: {failed}");
        }
    }
}
