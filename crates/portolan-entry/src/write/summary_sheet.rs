//! The first sheet of a workbook: what the run comes to, on one page.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Format, Worksheet};

use super::xlsx::{BookError, Heading, excel_number, header_format};
use crate::summary::Summary;

/// A sheet that is filled from top to bottom.
struct Page<'s> {
    sheet: &'s mut Worksheet,
    row: u32,
    bold: Format,
    head: Format,
    money: Format,
    whole: Format,
}

/// Fills the sheet.
pub fn fill(sheet: &mut Worksheet, summary: &Summary, head: &Heading<'_>) -> Result<(), BookError> {
    sheet.set_column_width(0, 60)?;
    sheet.set_column_range_width(1, 3, 20)?;
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 1);
    let format = |code: &str| Format::new().set_num_format(code);
    let (money, whole) = (format("#,##0.00"), format("#,##0"));
    let mut page = Page { sheet, row: 0, bold: Format::new().set_bold(), head: header_format(), money, whole };
    page.title("What the lines come to")?;
    page.count("Lines answered", summary.lines)?;
    page.amount("Entered value", summary.value_cents)?;
    page.amount("Duty of the lines whose duty is known", summary.total_duty_cents)?;
    page.amount("Least that all lines can come to", summary.range_cents.0)?;
    page.amount("Most that all lines can come to", summary.range_cents.1)?;
    for (name, count) in [
        ("Lines open for what is not stated", summary.open),
        ("Lines without a value: rates only", summary.without_value),
        ("Lines that the law forbids to enter", summary.prohibited),
        ("Rows set aside", summary.set_aside),
    ] {
        page.count(name, count)?;
    }
    page.families(summary, head)?;
    page.fees(summary)?;
    page.counted("To be stated", &summary.needs_input)?;
    page.counted("Past the day through which the program was checked", &summary.beyond_horizon)?;
    page.counted("Cannot be computed", &summary.cannot)?;
    page.findings(summary)?;
    page.filed(summary, head)?;
    page.counted("What was done to rows to make lines of them", &summary.notes)?;
    page.made_from(head)
}

impl Page<'_> {
    fn title(&mut self, text: &str) -> Result<(), BookError> {
        if self.row > 0 {
            self.row += 1;
        }
        self.sheet.write_string_with_format(self.row, 0, text, &self.head)?;
        self.row += 1;
        Ok(())
    }

    fn text(&mut self, name: &str, text: &str) -> Result<(), BookError> {
        self.sheet.write_string(self.row, 0, name)?;
        self.sheet.write_string(self.row, 1, text)?;
        self.row += 1;
        Ok(())
    }

    fn count(&mut self, name: &str, count: u64) -> Result<(), BookError> {
        self.sheet.write_string(self.row, 0, name)?;
        self.number(1, i128::from(count), 0)?;
        self.row += 1;
        Ok(())
    }

    fn amount(&mut self, name: &str, cents: i128) -> Result<(), BookError> {
        self.sheet.write_string(self.row, 0, name)?;
        self.number(1, cents, 2)?;
        self.row += 1;
        Ok(())
    }

    /// A number; as text where Excel would not keep all of its digits.
    fn number(&mut self, column: u16, value: i128, places: u32) -> Result<(), BookError> {
        let format = if places == 0 { &self.whole } else { &self.money };
        let number = match i64::try_from(value) {
            Ok(value) => excel_number(value, places),
            Err(_) => Err(crate::summary::dollars(value)),
        };
        match number {
            Ok(number) => self.sheet.write_number_with_format(self.row, column, number, format)?,
            Err(text) => self.sheet.write_string(self.row, column, text)?,
        };
        Ok(())
    }

    fn families(&mut self, summary: &Summary, head: &Heading<'_>) -> Result<(), BookError> {
        self.title("Duty by family")?;
        self.heads(&["lines", "duty"])?;
        for total in summary.families.iter().filter(|total| total.lines > 0) {
            self.sheet.write_string(self.row, 0, title(&total.family, head))?;
            self.number(1, i128::from(total.lines), 0)?;
            self.number(2, total.duty_cents, 2)?;
            self.row += 1;
        }
        self.sheet.write_string_with_format(self.row, 0, "Total of the lines whose duty is known", &self.bold)?;
        self.number(2, summary.total_duty_cents, 2)?;
        self.row += 1;
        Ok(())
    }

    fn fees(&mut self, summary: &Summary) -> Result<(), BookError> {
        let fees: Vec<_> = summary.fees.iter().filter(|total| total.lines + total.not_known > 0).collect();
        if fees.is_empty() {
            return Ok(());
        }
        self.title("Fees")?;
        self.heads(&["lines", "fee", "lines where it is not known"])?;
        for total in fees {
            self.sheet.write_string(self.row, 0, &total.title)?;
            self.number(1, i128::from(total.lines), 0)?;
            self.number(2, total.cents, 2)?;
            self.number(3, i128::from(total.not_known), 0)?;
            self.row += 1;
        }
        Ok(())
    }

    fn counted(&mut self, name: &str, map: &BTreeMap<String, u64>) -> Result<(), BookError> {
        if map.is_empty() {
            return Ok(());
        }
        self.title(name)?;
        self.heads(&["lines"])?;
        for (what, lines) in map {
            self.count(what, *lines)?;
        }
        Ok(())
    }

    fn findings(&mut self, summary: &Summary) -> Result<(), BookError> {
        if summary.findings.is_empty() {
            return Ok(());
        }
        self.title("Findings of the audit")?;
        self.heads(&["lines", "filed less owed"])?;
        for (finding, lines) in &summary.findings {
            self.sheet.write_string(self.row, 0, finding.name())?;
            self.number(1, i128::from(*lines), 0)?;
            if let Some(delta) = summary.deltas.get(finding) {
                self.number(2, *delta, 2)?;
            }
            self.row += 1;
        }
        Ok(())
    }

    fn filed(&mut self, summary: &Summary, head: &Heading<'_>) -> Result<(), BookError> {
        if summary.filed_families.is_empty() {
            return Ok(());
        }
        self.title("Filed beside owed, by family, where duties were filed by heading")?;
        self.heads(&["lines that differ", "paid too much", "paid too little"])?;
        for (family, total) in &summary.filed_families {
            self.sheet.write_string(self.row, 0, title(family, head))?;
            self.number(1, i128::from(total.lines), 0)?;
            self.number(2, total.over_cents, 2)?;
            self.number(3, total.under_cents, 2)?;
            self.row += 1;
        }
        Ok(())
    }

    /// Names of the columns, beside the title that stands above.
    fn heads(&mut self, names: &[&str]) -> Result<(), BookError> {
        for (at, name) in (1..).zip(names) {
            self.sheet.write_string_with_format(self.row - 1, at, *name, &self.head)?;
        }
        Ok(())
    }

    fn made_from(&mut self, head: &Heading<'_>) -> Result<(), BookError> {
        self.title("Made from")?;
        let manifest = head.manifest;
        self.text("Ledger", &manifest.ledger_version)?;
        self.text("Known date, where a line states none", &manifest.known_date.to_string())?;
        for input in &manifest.inputs {
            self.text(&input.name, input.sha256.as_deref().unwrap_or("not hashed"))?;
        }
        self.title("Outside")?;
        let outside = "Antidumping and countervailing duty, internal revenue tax and fees of other agencies";
        self.sheet.write_string(self.row, 0, outside)?;
        Ok(())
    }
}

/// The title of a family; its name where the ledger has none.
fn title<'a>(family: &'a str, head: &Heading<'a>) -> &'a str {
    let found = head.ledger.families.iter().find(|one| one.id == family);
    found.map_or(family, |family| family.title.as_str())
}
