//! Parquet: batches of rows are read in order, and made text cells by the thread that answers them.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{self as types, DataType, TimeUnit};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;
use portolan_ledger::Day;

use super::guard::fenced;
use super::header::Header;
use super::media::{FREE_BYTES, Raw};
use super::{Give, InputError, Piece, Rows, Table};
use crate::cells;
use crate::fault::{Fault, Faults, FieldFault};

/// How many rows make a batch.
const BATCH: usize = 8_192;

/// A Parquet file may unpack to this many times its size, and hold so many rows for each of its bytes.
const MOST_RATIO: u64 = 1_000;

/// A Parquet file, its schema understood.
pub(super) struct ParquetSource {
    name: String,
    reader: ParquetRecordBatchReader,
    size: u64,
    rows: u64,
}

impl ParquetSource {
    pub(super) fn open(name: &str, raw: Raw) -> Result<(Self, Header), InputError> {
        match raw {
            Raw::File(file) => Self::from(name, file),
            Raw::Bytes(bytes) => Self::from(name, bytes),
        }
    }

    fn from<T: ChunkReader + 'static>(name: &str, from: T) -> Result<(Self, Header), InputError> {
        let size = from.len();
        let builder = inside(name, || ParquetRecordBatchReaderBuilder::try_new(from))?;
        check_size(name, builder.metadata(), size)?;
        let header = understand(name, builder.schema())?;
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        if rows == 0 {
            return Err(InputError::of_file(name, FieldFault::of_line("the file holds columns and no rows")));
        }
        let reader = inside(name, || builder.with_batch_size(BATCH).build())?;
        Ok((Self { name: name.to_owned(), reader, size, rows }, header))
    }

    pub(super) fn drive(mut self, give: Give<'_>) -> Result<(), InputError> {
        let (mut first, mut taken) = (0, 0);
        while let Some(batch) = inside(&self.name, || self.reader.next().transpose().map_err(ParquetError::from))? {
            let count = batch.num_rows() as u64;
            let now = u128::from(self.size) * u128::from(first + count) / u128::from(self.rows.max(1));
            let now = u64::try_from(now).unwrap_or(u64::MAX);
            let taken_now = now.saturating_sub(taken);
            let mut piece = Piece { rows: Rows::Batch(batch), first, count, taken: taken_now, notes: Vec::new() };
            (first, taken) = (first + count, now);
            if count > 0 && !give(&mut piece)? {
                return Ok(());
            }
        }
        if first == self.rows {
            return Ok(());
        }
        let wrong = format!("the Parquet file names {} rows and holds {first}", self.rows);
        Err(InputError::of_file(&self.name, FieldFault::of_line(wrong)))
    }
}

/// Calls the library behind the fence.
fn inside<T>(name: &str, work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, InputError> {
    let done = fenced(work).unwrap_or_else(|| Err(ParquetError::General("it contradicts itself".to_owned())));
    done.map_err(|error| damaged(name, &error))
}

fn damaged(name: &str, error: &ParquetError) -> InputError {
    let told = match error {
        ParquetError::General(told) | ParquetError::EOF(told) | ParquetError::NYI(told) => told.clone(),
        other => other.to_string(),
    };
    // Errors from deep inside name each layer that they came through.
    let reason = told.rsplit("error: ").next().unwrap_or_default();
    let reason = reason.trim_start_matches("External: ").trim_end_matches('.');
    let fault = FieldFault::of_line(format!("the Parquet file cannot be read: {reason}"));
    InputError::of_file(name, fault.help("it is cut short or damaged; write it or fetch it again"))
}

/// Refuses what grows out of all proportion.
fn check_size(name: &str, metadata: &ParquetMetaData, size: u64) -> Result<(), InputError> {
    let unpacked = metadata.row_groups().iter().map(|group| u64::try_from(group.total_byte_size()).unwrap_or(0));
    let unpacked = unpacked.fold(0_u64, u64::saturating_add);
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
    let most = unpacked.max(rows);
    if most > FREE_BYTES && most / MOST_RATIO > size {
        let wrong = format!("the Parquet file grows to more than {MOST_RATIO} times its size");
        return Err(InputError::of_file(name, FieldFault::of_line(wrong).help("no table of entry lines does")));
    }
    Ok(())
}

/// The header that a schema makes.
fn understand(name: &str, schema: &Arc<types::Schema>) -> Result<Header, InputError> {
    let names: Vec<&[u8]> = schema.fields().iter().map(|field| field.name().as_bytes()).collect();
    let mut faults = Faults::default();
    for field in schema.fields() {
        if !is_read(field.data_type()) {
            let wrong = format!("the column \"{}\" holds values of the type {}", field.name(), field.data_type());
            let help = "text, numbers, decimals, dates, moments, true or false, and lists of them are read";
            faults.push(Fault::of_file(name, FieldFault::of_line(wrong).help(help)), usize::MAX);
        }
    }
    match Header::understand(name, &names) {
        Ok(header) if faults.is_empty() => Ok(header),
        Ok(_) => Err(InputError::Faults(faults)),
        Err(more) => {
            faults.extend(more, usize::MAX);
            Err(InputError::Faults(faults))
        }
    }
}

/// Whether values of a type become cells.
fn is_read(kind: &DataType) -> bool {
    match kind {
        DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) => {
            is_scalar(inner.data_type())
        }
        other => is_scalar(other),
    }
}

fn is_scalar(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_scalar(values),
        DataType::Null
        | DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..)
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => true,
        other => other.is_numeric(),
    }
}

/// Makes rows of text cells of a batch. Cells of columns that are not wanted are empty.
pub(super) fn read_rows(batch: &RecordBatch, first: u64, wanted: impl Fn(usize) -> bool, table: &mut Table) {
    let columns = batch.columns().iter().enumerate();
    let columns: Vec<Option<Values<'_>>> =
        columns.map(|(at, column)| wanted(at).then(|| Values::of(column.as_ref()))).collect();
    for (row, number) in (0..batch.num_rows()).zip(first + 1..) {
        for column in &columns {
            table.cell_with(|out| column.iter().for_each(|column| column.write(row, out)));
        }
        table.end_row(number);
    }
}

/// Writes the value at a place.
type Writer<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

/// The values of a column, by their type.
struct Values<'a> {
    array: &'a dyn Array,
    writer: Writer<'a>,
}

impl<'a> Values<'a> {
    fn of(array: &'a dyn Array) -> Self {
        Self { array, writer: writer(array) }
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.array.is_valid(row) {
            (self.writer)(row, out);
        }
    }
}

fn display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    use std::io::Write as _;
    // Writing into memory cannot fail.
    let _ = write!(out, "{value}");
}

/// Whole numbers of one type.
macro_rules! integers {
    ($array:ident, $kind:ty) => {{
        let values = $array.as_primitive::<$kind>();
        Box::new(move |row, out| cells::integer(out, values.value(row).into()))
    }};
}

/// Numbers of one type, printed as plainly as they are.
macro_rules! numbers {
    ($array:ident, $kind:ty) => {{
        let values = $array.as_primitive::<$kind>();
        Box::new(move |row, out| display(out, values.value(row)))
    }};
}

/// Scaled numbers of one type.
macro_rules! decimals {
    ($array:ident, $kind:ty, $scale:ident) => {{
        let (values, scale) = ($array.as_primitive::<$kind>(), *$scale);
        let unit = u32::try_from(scale).ok().and_then(|places| Some((places, 10_u64.checked_pow(places)?)));
        // Nearly all fit a word.
        Box::new(move |row, out| match (unit, i64::try_from(values.value(row))) {
            (Some(unit), Ok(value)) => cells::scaled_by(out, value, unit),
            _ => decimal(out, &values.value(row).to_string(), scale),
        })
    }};
}

/// Texts of one type.
macro_rules! texts {
    ($values:expr) => {{
        let values = $values;
        Box::new(move |row, out: &mut Vec<u8>| out.extend_from_slice(values.value(row).as_ref()))
    }};
}

fn writer(array: &dyn Array) -> Writer<'_> {
    match array.data_type() {
        DataType::Utf8 => texts!(array.as_string::<i32>()),
        DataType::LargeUtf8 => texts!(array.as_string::<i64>()),
        DataType::Utf8View => texts!(array.as_string_view()),
        DataType::Binary => texts!(array.as_binary::<i32>()),
        DataType::LargeBinary => texts!(array.as_binary::<i64>()),
        DataType::BinaryView => texts!(array.as_binary_view()),
        DataType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |row, out| display(out, values.value(row)))
        }
        DataType::Date32 => {
            let values = array.as_primitive::<types::Date32Type>();
            Box::new(move |row, out| cells::day(out, Day(values.value(row))))
        }
        DataType::Date64 => {
            let values = array.as_primitive::<types::Date64Type>();
            Box::new(move |row, out| moment(out, values.value(row), 1_000, false))
        }
        DataType::Timestamp(unit, zone) => timestamps(array, *unit, zone.is_some()),
        DataType::Decimal32(_, scale) => decimals!(array, types::Decimal32Type, scale),
        DataType::Decimal64(_, scale) => decimals!(array, types::Decimal64Type, scale),
        DataType::Decimal128(_, scale) => decimals!(array, types::Decimal128Type, scale),
        DataType::Decimal256(_, scale) => {
            let (values, scale) = (array.as_primitive::<types::Decimal256Type>(), *scale);
            Box::new(move |row, out| decimal(out, &values.value(row).to_string(), scale))
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let (keys, values) = (dictionary.normalized_keys(), Values::of(dictionary.values().as_ref()));
            Box::new(move |row, out| keys.get(row).into_iter().for_each(|key| values.write(*key, out)))
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => lists(array),
        _ => numbers(array),
    }
}

fn numbers(array: &dyn Array) -> Writer<'_> {
    match array.data_type() {
        DataType::Int8 => integers!(array, types::Int8Type),
        DataType::Int16 => integers!(array, types::Int16Type),
        DataType::Int32 => integers!(array, types::Int32Type),
        DataType::Int64 => integers!(array, types::Int64Type),
        DataType::UInt8 => integers!(array, types::UInt8Type),
        DataType::UInt16 => integers!(array, types::UInt16Type),
        DataType::UInt32 => integers!(array, types::UInt32Type),
        DataType::UInt64 => {
            let values = array.as_primitive::<types::UInt64Type>();
            Box::new(move |row, out| cells::whole(out, values.value(row)))
        }
        // The shortest text that is the same number: what the file holds, and no digit more. An amount that is no plain
        // decimal of cents is refused where it is read.
        DataType::Float16 => numbers!(array, types::Float16Type),
        DataType::Float32 => numbers!(array, types::Float32Type),
        DataType::Float64 => numbers!(array, types::Float64Type),
        // Values without a type are all absent; what cannot be read was refused with the header.
        _ => Box::new(|_, _| {}),
    }
}

fn timestamps(array: &dyn Array, unit: TimeUnit, zoned: bool) -> Writer<'_> {
    macro_rules! moments {
        ($kind:ty, $per_second:literal) => {{
            let values = array.as_primitive::<$kind>();
            Box::new(move |row, out| moment(out, values.value(row), $per_second, zoned))
        }};
    }
    match unit {
        TimeUnit::Second => moments!(types::TimestampSecondType, 1),
        TimeUnit::Millisecond => moments!(types::TimestampMillisecondType, 1_000),
        TimeUnit::Microsecond => moments!(types::TimestampMicrosecondType, 1_000_000),
        TimeUnit::Nanosecond => moments!(types::TimestampNanosecondType, 1_000_000_000),
    }
}

/// Writes a moment: with a zone as that moment in UTC, without one as the date and time that it states, or as the date
/// alone where the time is midnight.
fn moment(out: &mut Vec<u8>, value: i64, per_second: i64, zoned: bool) {
    let (seconds, part) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    let nanos = i32::try_from(part * (1_000_000_000 / per_second)).unwrap_or(0);
    match jiff::Timestamp::new(seconds, nanos) {
        Ok(stamp) if zoned => display(out, stamp),
        Ok(stamp) => {
            let stated = jiff::tz::Offset::UTC.to_datetime(stamp);
            if stated.time() == jiff::civil::Time::midnight() {
                display(out, stated.date());
            } else {
                display(out, stated);
            }
        }
        // Far outside of the calendar: the number itself, which no date is read from.
        Err(_) => display(out, value),
    }
}

/// Writes a scaled number as a plain decimal without trailing zeros.
fn decimal(out: &mut Vec<u8>, digits: &str, scale: i8) {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let places = usize::try_from(scale).unwrap_or(0);
    let zeros = if scale < 0 && digits != "0" { usize::from(scale.unsigned_abs()) } else { 0 };
    let padded = format!("{digits:0>width$}{:0<zeros$}", "", width = places + 1);
    let (whole, part) = padded.split_at(padded.len() - places);
    let part = part.trim_end_matches('0');
    out.extend_from_slice(sign.as_bytes());
    out.extend_from_slice(whole.as_bytes());
    if !part.is_empty() {
        out.push(b'.');
        out.extend_from_slice(part.as_bytes());
    }
}

/// Lists, their values with `;` between.
fn lists(array: &dyn Array) -> Writer<'_> {
    let join = |values: &Values<'_>, range: std::ops::Range<usize>, out: &mut Vec<u8>| {
        for (at, place) in range.enumerate() {
            if at > 0 {
                out.push(b';');
            }
            values.write(place, out);
        }
    };
    let place = |offset: i64| usize::try_from(offset).unwrap_or(0);
    if let Some(list) = array.as_list_opt::<i32>() {
        let (ends, values) = (list.value_offsets(), Values::of(list.values().as_ref()));
        return Box::new(move |row, out| join(&values, place(ends[row].into())..place(ends[row + 1].into()), out));
    }
    if let Some(list) = array.as_list_opt::<i64>() {
        let (ends, values) = (list.value_offsets(), Values::of(list.values().as_ref()));
        return Box::new(move |row, out| join(&values, place(ends[row])..place(ends[row + 1]), out));
    }
    let Some(list) = array.as_fixed_size_list_opt() else { return Box::new(|_, _| {}) };
    let (width, values) = (place(list.value_length().into()), Values::of(list.values().as_ref()));
    Box::new(move |row, out| join(&values, row * width..(row + 1) * width, out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn scaled_numbers_are_plain() {
        for (digits, scale, text) in [
            ("1000050", 2, "10000.5"),
            ("100", 2, "1"),
            ("-5", 2, "-0.05"),
            ("0", 6, "0"),
            ("12", 0, "12"),
            ("12", -3, "12000"),
            ("0", -3, "0"),
            ("123456789012345678901234567890", 10, "12345678901234567890.123456789"),
        ] {
            assert_eq!(written(|out| decimal(out, digits, scale)), text);
        }
    }

    #[test]
    fn moments_are_dates_where_they_are_midnight_without_a_zone() {
        assert_eq!(written(|out| moment(out, 1_749_081_600, 1, false)), "2025-06-05");
        assert_eq!(written(|out| moment(out, 1_749_081_600_000, 1_000, true)), "2025-06-05T00:00:00Z");
        assert_eq!(written(|out| moment(out, 1_749_081_660_000_000, 1_000_000, false)), "2025-06-05T00:01:00");
        assert_eq!(written(|out| moment(out, -1, 1_000_000_000, true)), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(written(|out| moment(out, i64::MAX, 1, true)), i64::MAX.to_string());
    }
}
