//! The bill: one row a line.

use portolan_engine::Bill;
use portolan_engine::answer::FamilyAmount;
use portolan_ledger::line::EntryLine;
use portolan_ledger::record::FamilyId;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Ledger, Side};

use crate::audit::Audit;
use crate::fees::LineFees;
use crate::write::{Cells, Field, Fill, Kind, Passed, Schema};

/// Columns of the bill before the families.
pub(crate) const KEYS: [&str; 6] =
    ["source_row", "entry_number", "line_number", "hts_number", "country_of_origin", "entry_date"];

/// Columns of the bill behind the families.
const REST: [(&str, Kind); 16] = [
    ("additional_pct", Kind::Points),
    ("total_pct", Kind::Points),
    ("total_duty", Kind::Money),
    ("duty_min", Kind::Money),
    ("duty_max", Kind::Money),
    ("needs_input", Kind::List),
    ("beyond_horizon", Kind::List),
    ("hts99_sequence", Kind::List),
    ("mpf", Kind::Money),
    ("hmf", Kind::Money),
    ("landed_total", Kind::Money),
    ("filed_duty_total", Kind::Money),
    ("delta", Kind::Money),
    ("finding", Kind::Text),
    ("finding_note", Kind::Text),
    ("ledger_version", Kind::Text),
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

/// What a row of the bill is written from.
#[derive(Clone, Copy)]
pub struct BillRow<'a> {
    /// What it begins with.
    pub keys: Keys<'a>,
    /// The line.
    pub line: &'a EntryLine,
    /// The clock of the side that levies.
    pub clock: &'a Clock,
    /// What it owes.
    pub bill: &'a Bill,
    /// What was filed beside it.
    pub audit: &'a Audit,
    /// Its fees.
    pub fees: &'a LineFees,
    /// Cells of the input that are passed through.
    pub passed: &'a Passed,
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

    /// The columns; behind them those that are passed through, under these names.
    pub fn schema(&self, passed: &[String]) -> Schema {
        let key = |name: &str| Field::new(name, if name == "source_row" { Kind::Whole } else { Kind::Text });
        let mut fields: Vec<Field> = KEYS.iter().map(|name| key(name)).collect();
        for family in &self.families {
            let id = &self.ledger.families[usize::from(family.0)].id;
            for (end, kind) in [("pct", Kind::Points), ("duty", Kind::Money)] {
                fields.push(Field { fill: Fill::Zero, ..Field::new(format!("{id}_{end}"), kind) });
            }
        }
        fields.extend(REST.map(|(name, kind)| Field::new(name, kind)));
        if let Some(version) = fields.last_mut() {
            version.fill = Fill::Fixed(self.ledger.version.clone());
        }
        fields.extend(passed.iter().map(|name| Field::new(name, Kind::Text)));
        Schema { name: "bill", fields }
    }

    /// Every name that a bill can have for a column, whatever it holds.
    pub fn all_names(ledger: &Ledger) -> Vec<String> {
        let sides: Vec<Side> = ledger.families.iter().map(|family| family.levied_by).collect();
        BillLayout::new(ledger, &sides).schema(&[]).fields.into_iter().map(|field| field.name).collect()
    }

    /// Writes a row.
    pub fn write(&self, out: &mut impl Cells, row: &BillRow<'_>) {
        let BillRow { keys, line, bill, audit, fees, .. } = row;
        out.whole(keys.source_row);
        out.text(keys.entry_number);
        out.text(keys.line_number);
        out.code(line.code);
        out.text(&line.origin.0);
        out.when(line.entry_date, row.clock);
        self.write_families(out, bill);
        out.points(bill.additional_pct);
        out.points(bill.total_pct);
        for amount in [bill.total_duty, bill.duty_min, bill.duty_max] {
            out.money(amount);
        }
        out.list(&bill.needs_input);
        out.list(bill.beyond_horizon.iter().filter_map(|id| Some(&self.ledger.families.get(usize::from(id.0))?.id)));
        out.list(bill.headings.iter());
        for amount in [fees.mpf, fees.hmf, fees.landed_total, audit.filed, audit.delta] {
            out.money(amount);
        }
        out.text(audit.finding.map_or("", crate::audit::Finding::name).as_bytes());
        out.text(audit.note.as_bytes());
        out.fixed(&self.ledger.version);
        row.passed.write(out);
        out.end();
    }

    /// Most families owe nothing: runs of them are written at once.
    fn write_families(&self, out: &mut impl Cells, bill: &Bill) {
        let mut zeros = 0;
        for family in &self.families {
            let amount = bill.families.get(usize::from(family.0)).unwrap_or(&FamilyAmount::ZERO);
            if *amount == FamilyAmount::ZERO {
                zeros += 1;
                continue;
            }
            out.zeros(zeros);
            zeros = 0;
            out.points(amount.pct);
            out.money(amount.duty);
        }
        out.zeros(zeros);
    }
}

/// What a bill adds up to by family, in cents; the widest type, since a file can hold any number of lines.
pub(crate) fn family_cents(bill: &Bill) -> impl Iterator<Item = (usize, Cents)> {
    let amounts = bill.families.iter().enumerate();
    amounts.filter_map(|(index, amount)| amount.duty.filter(|duty| duty.0 != 0).map(|duty| (index, duty)))
}
