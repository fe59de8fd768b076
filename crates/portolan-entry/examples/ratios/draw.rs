//! The files that are measured.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use portolan_engine::Law;
use portolan_entry::generate::{self, Drawn};
use portolan_ledger::Day;

use crate::REPORT_LINES;
use crate::plain::GROUP_ROWS;
use crate::report::{COLUMNS, us_day, workbook};

/// Writes all of them.
pub fn all(folder: &Path, lines: usize, one_importer: bool, seed: u64) -> Result<(), Box<dyn Error>> {
    let (ledger, schedule) = (portolan_law::ledger()?, portolan_law::schedule()?);
    let law = Law::new(&ledger, Some(&schedule));
    let year = Day::parse_iso(b"2025-04-01").ok_or("a date")?;
    let drawn = || {
        let drawn = generate::generate(&law, seed);
        if one_importer { drawn.of_one_importer(500, 12, year) } else { drawn }
    };
    let mut csv = BufWriter::new(File::create(folder.join("lines.csv"))?);
    generate::write_drawn(drawn().take(lines), &mut csv)?;
    csv.flush()?;
    parquet(drawn().take(lines), &folder.join("lines.parquet"))?;
    parquet(drawn().take((lines / 10).max(1)), &folder.join("tenth.parquet"))?;
    let rows: Vec<Vec<String>> = drawn().take(lines.min(REPORT_LINES)).flat_map(|line| reported(&line)).collect();
    Ok(workbook(&rows)?.save(folder.join("report.xlsx"))?)
}

/// Columns of the types that a table of entry lines has: days, decimals, whole numbers, texts.
fn parquet(mut lines: impl Iterator<Item = Drawn>, path: &Path) -> Result<(), Box<dyn Error>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build();
    let mut out: Option<ArrowWriter<File>> = None;
    loop {
        let some: Vec<Drawn> = lines.by_ref().take(GROUP_ROWS).collect();
        if some.is_empty() {
            break;
        }
        let batch = RecordBatch::try_from_iter_with_nullable(columns(&some)?)?;
        let writer = match &mut out {
            Some(writer) => writer,
            None => out.insert(ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties.clone()))?),
        };
        writer.write(&batch)?;
    }
    out.ok_or("a line")?.close()?;
    Ok(())
}

fn columns(lines: &[Drawn]) -> Result<Vec<(String, ArrayRef, bool)>, Box<dyn Error>> {
    let text = |of: &dyn Fn(&Drawn) -> Option<String>| -> ArrayRef {
        Arc::new(lines.iter().map(|line| of(line).filter(|text| !text.is_empty())).collect::<StringArray>())
    };
    let decimal = |scale: i8, of: &dyn Fn(&Drawn) -> Option<i64>| -> Result<ArrayRef, Box<dyn Error>> {
        let values = lines.iter().map(|line| of(line).map(i128::from)).collect::<Decimal128Array>();
        Ok(Arc::new(values.with_precision_and_scale(18, scale)?))
    };
    let day = |of: &dyn Fn(&Drawn) -> Option<Day>| -> ArrayRef {
        Arc::new(lines.iter().map(|line| of(line).map(|day| day.0)).collect::<Date32Array>())
    };
    let whole =
        |of: &dyn Fn(&Drawn) -> Option<i64>| -> ArrayRef { Arc::new(lines.iter().map(of).collect::<Int64Array>()) };
    let metal = |at: usize| whole(&|line| line.metals.map(|metals| i64::from(metals[at])));
    let arrays = [
        text(&|line| Some(format!("{:011}", line.entry))),
        whole(&|line| i64::try_from(line.line).ok()),
        text(&|line| Some(line.code.to_string())),
        text(&|line| Some(String::from_utf8_lossy(&line.origin).into_owned())),
        day(&|line| Some(line.day)),
        decimal(2, &|line| Some(line.value.0))?,
        decimal(6, &|line| line.quantity.as_ref().map(|(amount, _)| *amount))?,
        text(&|line| line.quantity.as_ref().map(|(_, unit)| unit.clone())),
        text(&|line| Some(line.mode.to_owned())),
        day(&|line| line.loaded),
        text(&|line| Some(line.spi.to_owned())),
        metal(0),
        metal(1),
        metal(2),
        text(&|line| line.claim.clone()),
    ];
    Ok(generate::HEADER.split(',').map(str::to_owned).zip(arrays).map(|(name, array)| (name, array, true)).collect())
}

/// A line as the report has it: two headings and the article, a row each.
fn reported(line: &Drawn) -> Vec<Vec<String>> {
    let digits = |text: String| text.replace('.', "");
    let rows = [("1", "99030101".to_owned()), ("2", "99038803".to_owned()), ("3", digits(line.code.to_string()))];
    let row = |(ordinal, code): (&str, String)| {
        let is_article = ordinal == "3";
        let (amount, unit) = line.quantity.clone().filter(|_| is_article).unwrap_or_default();
        let cell = |name: &str| match name {
            "Entry Summary Number" => format!("0A1{:08}", line.entry),
            "Entry Type Code" => "01".to_owned(),
            "Importer Number" => "00-0000000".to_owned(),
            "Port of Entry Code" => "2704".to_owned(),
            "Entry Date" => us_day(line.day),
            "Entry Summary Date" => us_day(Day(line.day.0 + 10)),
            "Entry Summary Line Number" => line.line.to_string(),
            "Review Team Number" => "999".to_owned(),
            "Country of Origin Code" | "Country of Export Code" => String::from_utf8_lossy(&line.origin).into_owned(),
            "Manufacturer ID" => format!("{}EXAMPLE{}", String::from_utf8_lossy(&line.origin), line.line),
            "Line SPI Code" => line.spi.to_owned(),
            "Tariff Ordinal Number" => ordinal.to_owned(),
            "HTS Number - Full" => code.clone(),
            "Line Tariff Quantity (1)" if is_article => (amount / 1_000_000).to_string(),
            "Line Tariff UOM (1) Code" => unit.clone(),
            "Line Tariff Goods Value Amount" => {
                if is_article {
                    line.value.to_string()
                } else {
                    "0.00".to_owned()
                }
            }
            "Line Tariff Duty Amount" => "12.50".to_owned(),
            "Liquidation Status" => "Not Liquidated".to_owned(),
            "Reconciliation Indicator" => "N".to_owned(),
            _ => String::new(),
        };
        COLUMNS.map(cell).to_vec()
    };
    rows.map(row).to_vec()
}
