//! Tables that people bring, as rows of text: CSV or Parquet, told apart by what they hold.

use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use portolan_entry::fault::{Fault, Faults, FieldFault};

/// So many faults are told; the others are counted.
const TOLD: usize = 20;
/// How many rows of a Parquet file are turned into text at once.
const BATCH: usize = 16 * 1024;

/// A column that a table has or may have.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Its name.
    pub name: &'static str,
    /// Other names that it goes by.
    pub aliases: &'static [&'static str],
    /// Nothing can be answered without it.
    pub needed: bool,
}

/// A fault of one cell.
pub fn wrong(column: &str, value: &str, what: impl Into<String>) -> FieldFault {
    let value = portolan_entry::fault::shown(value.as_bytes());
    FieldFault { column: column.to_owned(), value, wrong: what.into(), help: None }
}

/// Who takes the rows: the number of a row, from 1, and its cells in the order of the columns wanted, empty where a column or
/// a cell is absent. The error is a fault of the row.
pub type Take<'t> = dyn FnMut(u64, &[&str]) -> Result<(), FieldFault> + 't;

/// Reads a file.
///
/// # Errors
/// The file cannot be read, lacks a column that is needed, or rows are wrong: every fault with its place.
pub fn read(path: &Path, wanted: &[Wanted], take: &mut Take<'_>) -> Result<(), Faults> {
    let name = path.display().to_string();
    let of_file = |what: String| Faults::of_file(&name, FieldFault::of_line(what));
    let bytes = std::fs::read(path).map_err(|error| of_file(format!("it cannot be read: {error}")))?;
    read_bytes(&name, bytes.into(), wanted, take)
}

/// Reads a table in memory.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(name: &str, bytes: Bytes, wanted: &[Wanted], take: &mut Take<'_>) -> Result<(), Faults> {
    let mut faults = Faults::default();
    let mut rows = 0_u64;
    let mut each = |row: u64, cells: &[&str]| {
        rows = row;
        if let Err(fault) = take(row, cells) {
            faults.push(Fault { row: Some(row), ..Fault::of_file(name, fault) }, TOLD);
        }
    };
    let whole = |fault: FieldFault| Faults::of_file(name, fault);
    if bytes.starts_with(b"PAR1") {
        parquet(name, bytes, wanted, &mut each).map_err(whole)?;
    } else {
        csv(&bytes, wanted, &mut each).map_err(whole)?;
    }
    if rows == 0 && faults.is_empty() {
        return Err(whole(FieldFault::of_line("the table holds no rows")));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// A name without what people write differently: case, spaces, underscores.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Where the columns wanted stand among the names of a table.
fn places(names: &[&str], wanted: &[Wanted]) -> Result<Vec<Option<usize>>, FieldFault> {
    let mut places = Vec::with_capacity(wanted.len());
    for column in wanted {
        let known: Vec<String> = std::iter::once(&column.name).chain(column.aliases).map(|name| plain(name)).collect();
        let mut found = names.iter().enumerate().filter(|(_, name)| known.contains(&plain(name)));
        let first = found.next().map(|(at, _)| at);
        if found.next().is_some() {
            return Err(FieldFault::of_line(format!("two columns are {}", column.name)).help("take one of them out"));
        }
        if first.is_none() && column.needed {
            let all: Vec<&str> = wanted.iter().filter(|c| c.needed).map(|c| c.name).collect();
            let fault = FieldFault::of_line(format!("the header has no column {}", column.name));
            return Err(fault.help(format!("needed are {}, with commas between", all.join(", "))));
        }
        places.push(first);
    }
    Ok(places)
}

fn csv(bytes: &[u8], wanted: &[Wanted], each: &mut dyn FnMut(u64, &[&str])) -> Result<(), FieldFault> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(text)
        .map_err(|_| FieldFault::of_line("neither CSV in UTF-8 nor Parquet").help("save it as CSV UTF-8"))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| FieldFault::of_line(format!("it is no CSV: {error}"));
    let header = reader.headers().map_err(unreadable)?.clone();
    let places = places(&header.iter().collect::<Vec<_>>(), wanted)?;
    let mut record = csv::StringRecord::new();
    let mut row = 0;
    while reader.read_record(&mut record).map_err(unreadable)? {
        row += 1;
        let cell = |place: &Option<usize>| place.and_then(|at| record.get(at)).unwrap_or_default().trim();
        let cells: Vec<&str> = places.iter().map(cell).collect();
        each(row, &cells);
    }
    Ok(())
}

fn parquet(name: &str, bytes: Bytes, wanted: &[Wanted], each: &mut dyn FnMut(u64, &[&str])) -> Result<(), FieldFault> {
    let unreadable = |error: &dyn std::fmt::Display| FieldFault::of_line(format!("{name} is no Parquet: {error}"));
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|error| unreadable(&error))?;
    let schema = builder.schema().clone();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let places = places(&names, wanted)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().flatten().copied());
    let reader = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(|error| unreadable(&error))?;
    // What is read keeps the order of the file, not that of the columns wanted.
    let mut order: Vec<usize> = places.iter().flatten().copied().collect();
    order.sort_unstable();
    let places: Vec<Option<usize>> =
        places.iter().map(|place| place.and_then(|at| order.iter().position(|&other| other == at))).collect();
    let mut row = 0;
    for batch in reader {
        let batch = batch.map_err(|error| unreadable(&error))?;
        let texts: Vec<ArrayRef> =
            batch.columns().iter().map(text).collect::<Result<_, _>>().map_err(|error| unreadable(&error))?;
        for at in 0..batch.num_rows() {
            row += 1;
            let cell = |place: &Option<usize>| {
                let array = place.map(|place| texts[place].as_string::<i32>());
                array.filter(|array| array.is_valid(at)).map_or("", |array| array.value(at).trim())
            };
            let cells: Vec<&str> = places.iter().map(cell).collect();
            each(row, &cells);
        }
    }
    Ok(())
}

/// A column as text; a binary float by its shortest decimal, never with an exponent.
fn text(array: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let texts = |values: Vec<Option<String>>| -> ArrayRef {
        std::sync::Arc::new(values.into_iter().collect::<arrow::array::StringArray>())
    };
    Ok(match array.data_type() {
        DataType::Utf8 => array.clone(),
        DataType::Float64 => {
            texts(array.as_primitive::<Float64Type>().iter().map(|v| v.map(|v| v.to_string())).collect())
        }
        DataType::Float32 => {
            texts(array.as_primitive::<Float32Type>().iter().map(|v| v.map(|v| v.to_string())).collect())
        }
        _ => arrow::compute::cast(array, &DataType::Utf8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: [Wanted; 2] = [
        Wanted { name: "code", aliases: &["hts_number"], needed: true },
        Wanted { name: "value_usd", aliases: &[], needed: true },
    ];

    fn rows(text: &str) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let mut take = |row: u64, cells: &[&str]| {
            found.push(format!("{row}:{}", cells.join("|")));
            if cells[1] == "x" { Err(wrong("value_usd", cells[1], "not a plain decimal number")) } else { Ok(()) }
        };
        read_bytes("w.csv", text.to_owned().into(), &WANTED, &mut take).map_err(|faults| faults.to_string())?;
        Ok(found)
    }

    #[test]
    fn a_table_is_read_by_the_names_of_its_columns() {
        assert_eq!(rows("note,Value USD,HTS_Number\na, 5 ,01\nb,6\n").unwrap(), ["1:01|5", "2:|6"]);
        assert_eq!(rows("\u{feff}code,value_usd\r\n01,5\r\n").unwrap(), ["1:01|5"]);
    }

    #[test]
    fn faults_have_their_place() {
        let says = |text: &str, what: &str| {
            let said = rows(text).unwrap_err();
            assert!(said.contains(what), "{said}");
        };
        says("code\n01\n", "w.csv: the header has no column value_usd; needed are code, value_usd");
        says("code,code,value_usd\n", "two columns are code");
        says("code,value_usd\n", "the table holds no rows");
        says(
            "code,value_usd\n1,x\n2,3\n4,x\n",
            "w.csv, row 1, value_usd \"x\": not a plain decimal number\nw.csv, row 3",
        );
    }
}
