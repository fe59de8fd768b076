//! The fees of a line, and what it comes to in all.

use portolan_entry::fees::{Considered, Fees, LineFees, Stand, rate_text};

use super::Told;
use crate::term::{Align, Page, Row, STRONG};
use crate::words::money;

/// Shows them where the line states what they turn on: its value and how it came.
pub fn show(told: &Told<'_, '_>, page: &mut Page) {
    let line = told.line;
    if line.value.is_none() || line.mode.is_none() {
        return;
    }
    let considered = Fees::new(told.words.law()).alone(line, told.words.clock());
    if considered.is_empty() {
        return;
    }
    page.section("Fees, the line taken as an entry of its own");
    let row = |one: &Considered<'_>| {
        let amount = one.stand.amount().map_or("not known".to_owned(), money);
        let rate =
            if matches!(one.stand, Stand::Owed(_)) { one.rate.map_or(String::new(), rate_text) } else { String::new() };
        let row = Row::new().cell(one.fee.title.clone()).cell(rate).cell(amount);
        if matches!(one.stand, Stand::Owed(_)) { row } else { row.note(one.reason(line, false).1) }
    };
    let mut rows: Vec<Row> = considered.iter().map(row).collect();
    let landed = LineFees::new(&considered, line.value, told.answer.bill.total_duty).landed_total;
    if let Some(landed) = landed {
        rows.push(Row::new().styled("Value, duty and fees", STRONG).cell("").styled(money(landed), STRONG));
    }
    page.table(2, &[Align::Fill, Align::Left, Align::Right], &rows);
}
