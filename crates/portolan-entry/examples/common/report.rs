//! Report ES-003 as brokers have it: a row for each tariff number of an entry line.

use std::error::Error;

use portolan_ledger::Day;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook};

/// Its columns.
pub const COLUMNS: [&str; 22] = [
    "Entry Summary Number",
    "Entry Type Code",
    "Importer Number",
    "Port of Entry Code",
    "Entry Date",
    "Entry Summary Date",
    "Entry Summary Line Number",
    "Review Team Number",
    "Country of Origin Code",
    "Country of Export Code",
    "Manufacturer ID",
    "Foreign Exporter ID",
    "Line SPI Code",
    "Tariff Ordinal Number",
    "HTS Number - Full",
    "Line Tariff Quantity (1)",
    "Line Tariff UOM (1) Code",
    "Line Tariff Goods Value Amount",
    "Line Tariff Duty Amount",
    "Liquidation Date",
    "Liquidation Status",
    "Reconciliation Indicator",
];

/// A day as it is written in the United States.
pub fn us_day(day: Day) -> String {
    let text = day.to_string();
    format!("{}/{}/{}", &text[5..7], &text[8..10], &text[..4])
}

/// The same rows as a spreadsheet keeps them: titles above, numbers as numbers, leading zeros gone.
pub fn workbook(rows: &[Vec<String>]) -> Result<Workbook, Box<dyn Error>> {
    let mut book = Workbook::new();
    book.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_ymd(2026, 4, 7)?));
    let sheet = book.add_worksheet().set_name("Main Report")?;
    sheet.write(0, 0, "Entry Summary Line Tariff Details (invented values)")?;
    let (day, money) = (Format::new().set_num_format("mm/dd/yyyy"), Format::new().set_num_format("$#,##0.00"));
    for (column, name) in (0..).zip(COLUMNS) {
        sheet.write(2, column, name)?;
        for (row, cells) in (3..).zip(rows) {
            let cell = cells[usize::from(column)].as_str();
            if cell.is_empty() {
                continue;
            }
            if name.ends_with("Date") {
                let (month, rest) = (&cell[..2], &cell[3..]);
                let iso = format!("{}-{month}-{}", &rest[3..], &rest[..2]);
                sheet.write_with_format(row, column, &ExcelDateTime::parse_from_str(&iso)?, &day)?;
            } else if name.ends_with("Amount") {
                sheet.write_with_format(row, column, cell.parse::<f64>()?, &money)?;
            } else if cell.bytes().all(|byte| byte.is_ascii_digit()) {
                sheet.write(row, column, cell.parse::<f64>()?)?;
            } else {
                sheet.write(row, column, cell)?;
            }
        }
    }
    Ok(book)
}
