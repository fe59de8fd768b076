//! `bill.csv`: one row a line.
//!
//! The fees (`mpf`, `hmf`) and `landed_total` stay empty: the ledger does not hold the fees yet.

use portolan_engine::Bill;
use portolan_engine::answer::FamilyAmount;
use portolan_ledger::line::{EntryLine, When};
use portolan_ledger::record::FamilyId;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Ledger, Side};

use crate::audit::Audit;
use crate::cells;

/// Columns of the bill before the families.
pub(crate) const KEYS: [&str; 6] =
    ["source_row", "entry_number", "line_number", "hts_number", "country_of_origin", "entry_date"];

/// Columns of the bill behind the families.
const REST: [&str; 15] = [
    "additional_pct",
    "total_pct",
    "total_duty",
    "duty_min",
    "duty_max",
    "needs_input",
    "beyond_horizon",
    "hts99_sequence",
    "mpf",
    "hmf",
    "landed_total",
    "filed_duty_total",
    "delta",
    "finding",
    "ledger_version",
];

/// What a row of an output begins with.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// Number of the row among all rows of the input, from 1.
    pub source_row: u64,
    /// As stated; empty where it is not.
    pub entry_number: &'a [u8],
    /// As stated; empty where it is not.
    pub line_number: &'a [u8],
}

/// Which families have columns, and what every row ends with.
#[derive(Clone, Debug)]
pub struct BillLayout<'l> {
    ledger: &'l Ledger,
    families: Vec<FamilyId>,
}

impl<'l> BillLayout<'l> {
    /// The layout for lines of some sides: their families, and the ordinary duty.
    pub fn new(ledger: &'l Ledger, sides: &[Side]) -> Self {
        let shown = |(family, _): &(&portolan_ledger::record::Family, u8)| {
            family.id == "mfn" || sides.contains(&family.levied_by)
        };
        let families = ledger.families.iter().zip(0..).filter(shown).map(|(_, id)| FamilyId(id)).collect();
        Self { ledger, families }
    }

    /// Names of the columns, those that are passed through left aside.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = KEYS.iter().map(|&name| name.to_owned()).collect();
        for family in &self.families {
            let id = &self.ledger.families[usize::from(family.0)].id;
            names.push(format!("{id}_pct"));
            names.push(format!("{id}_duty"));
        }
        names.extend(REST.iter().map(|&name| name.to_owned()));
        names
    }

    /// Every name that a bill can have for a column, whatever it holds.
    pub fn all_names(ledger: &Ledger) -> Vec<String> {
        let sides: Vec<Side> = ledger.families.iter().map(|family| family.levied_by).collect();
        BillLayout::new(ledger, &sides).names()
    }

    /// Writes a row, without what is passed through and without the end of the line.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        keys: Keys<'_>,
        line: &EntryLine,
        clock: &Clock,
        bill: &Bill,
        audit: &Audit,
    ) {
        cells::whole(out, keys.source_row);
        out.push(b',');
        cells::text(out, keys.entry_number);
        out.push(b',');
        cells::text(out, keys.line_number);
        out.push(b',');
        cells::code(out, line.code);
        out.push(b',');
        out.extend_from_slice(&line.origin.0);
        out.push(b',');
        when(out, line.entry_date, clock);
        self.write_families(out, bill);
        for pct in [bill.additional_pct, bill.total_pct] {
            out.push(b',');
            cells::pct_or_empty(out, pct);
        }
        for amount in [bill.total_duty, bill.duty_min, bill.duty_max] {
            out.push(b',');
            cells::cents_or_empty(out, amount);
        }
        self.write_lists(out, bill);
        // Fees and what is landed.
        out.extend_from_slice(b",,,");
        for amount in [audit.filed, audit.delta] {
            out.push(b',');
            cells::cents_or_empty(out, amount);
        }
        out.push(b',');
        out.extend_from_slice(audit.finding.map_or("", crate::audit::Finding::name).as_bytes());
        out.push(b',');
        out.extend_from_slice(self.ledger.version.as_bytes());
    }

    /// Most families owe nothing: runs of zeros are written at once.
    fn write_families(&self, out: &mut Vec<u8>, bill: &Bill) {
        let mut zeros = 0;
        for family in &self.families {
            let amount = bill.families.get(usize::from(family.0)).unwrap_or(&FamilyAmount::ZERO);
            if *amount == FamilyAmount::ZERO {
                zeros += 1;
                continue;
            }
            write_zeros(out, zeros);
            zeros = 0;
            out.push(b',');
            cells::pct_or_empty(out, amount.pct);
            out.push(b',');
            cells::cents_or_empty(out, amount.duty);
        }
        write_zeros(out, zeros);
    }

    fn write_lists(&self, out: &mut Vec<u8>, bill: &Bill) {
        out.push(b',');
        cells::list(out, &bill.needs_input);
        out.push(b',');
        if !bill.beyond_horizon.is_empty() {
            cells::list(
                out,
                bill.beyond_horizon.iter().filter_map(|id| Some(&self.ledger.families.get(usize::from(id.0))?.id)),
            );
        }
        out.push(b',');
        cells::list(out, bill.headings.iter());
    }
}

/// Writes points and duty of so many families that owe nothing.
fn write_zeros(out: &mut Vec<u8>, families: usize) {
    const ZEROS: &[u8] = b",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0";
    let mut bytes = families * 4;
    while bytes > 0 {
        let run = bytes.min(ZEROS.len());
        out.extend_from_slice(&ZEROS[..run]);
        bytes -= run;
    }
}

/// Writes a date as it was stated: a day, or a moment in the zone of the side.
pub(crate) fn when(out: &mut Vec<u8>, when: When, clock: &Clock) {
    match when {
        When::Day(day) => cells::day(out, day),
        When::At(at) => out.extend_from_slice(clock.rfc3339(at).as_bytes()),
    }
}

/// What a bill adds up to by family, in cents; the widest type, since a file can hold any number of lines.
pub(crate) fn family_cents(bill: &Bill) -> impl Iterator<Item = (usize, Cents)> {
    let amounts = bill.families.iter().enumerate();
    amounts.filter_map(|(index, amount)| amount.duty.filter(|duty| duty.0 != 0).map(|duty| (index, duty)))
}
