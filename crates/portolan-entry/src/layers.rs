//! The layers: one row a line and provision considered.

use portolan_engine::Law;
use portolan_engine::answer::{Answer, Row, Subject};
use portolan_engine::resolve::Record;
use portolan_ledger::line::{EntryLine, Status, When};
use portolan_ledger::schedule::Coverage;
use portolan_ledger::time::Clock;

use crate::bill::Keys;
use crate::reason::Teller;
use crate::write::{Cells, Field, Fill, Kind, Passed, Schema};

/// Columns of the layers, those that are passed through left aside.
pub const COLUMNS: [&str; 24] = [
    "entry_number",
    "line_number",
    "source_row",
    "seq",
    "family",
    "measure_id",
    "provision",
    "heading",
    "status",
    "reason_code",
    "reason",
    "governing_date",
    "governing_rule",
    "basis",
    "basis_pct",
    "rate_text",
    "rate_pct",
    "duty",
    "act",
    "citation",
    "in_force_from",
    "in_force_until",
    "known_from",
    "ledger_version",
];

/// Which rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layers {
    /// Everything considered.
    #[default]
    All,
    /// What the bill counts, what it turns on, and what forbids the entry.
    Applied,
    /// No file.
    None,
}

impl Layers {
    /// Whether a row with this status is written.
    pub fn holds(self, status: Status) -> bool {
        match self {
            Self::All => true,
            Self::Applied => {
                matches!(status, Status::Applied | Status::BeyondHorizon | Status::NeedsInput | Status::Prohibited)
            }
            Self::None => false,
        }
    }
}

/// The columns; behind them those that are passed through, under these names.
pub fn schema(ledger: &portolan_ledger::Ledger, passed: &[String]) -> Schema {
    let field = |name: &str| {
        let kind = match name {
            "source_row" | "seq" => Kind::Whole,
            "basis_pct" => Kind::Share,
            "rate_pct" => Kind::Points,
            "duty" => Kind::Money,
            "known_from" => Kind::Day,
            _ => Kind::Text,
        };
        let fill = if name == "ledger_version" { Fill::Fixed(ledger.version.clone()) } else { Fill::Empty };
        Field { fill, ..Field::new(name, kind) }
    };
    let passed = passed.iter().map(|name| Field::new(name, Kind::Text));
    Schema { name: "layers", fields: COLUMNS.into_iter().map(field).chain(passed).collect() }
}

/// What rows of the layers are written from.
#[derive(Clone, Copy)]
pub struct LayerRows<'a, 'l> {
    /// The law.
    pub law: &'a Law<'l>,
    /// The clock of the side that levies.
    pub clock: &'a Clock,
    /// What each begins with.
    pub keys: Keys<'a>,
    /// The line.
    pub line: &'a EntryLine,
    /// What it owes, and why.
    pub answer: &'a Answer,
    /// Cells of the input that are passed through.
    pub passed: &'a Passed,
}

impl LayerRows<'_, '_> {
    /// Writes the rows of an answer. Gives how many were written.
    pub fn write(&self, out: &mut impl Cells, which: Layers) -> u64 {
        let edition = edition(self.answer);
        let needs_input = &self.answer.bill.needs_input;
        let rows = &self.answer.rows;
        let teller = Teller { law: self.law, clock: self.clock, line: self.line, needs_input, edition: &edition, rows };
        let mut written = 0;
        for (row, seq) in self.answer.rows.iter().zip(1_u64..) {
            if !which.holds(row.status) {
                continue;
            }
            written += 1;
            out.text(self.keys.entry_number);
            out.text(self.keys.line_number);
            out.whole(self.keys.source_row);
            out.whole(seq);
            write_row(out, &teller, self.line, self.answer, row);
            self.passed.write(out);
            out.end();
        }
        written
    }
}

/// What states the ordinary rate, and how well the day is covered.
fn edition(answer: &Answer) -> String {
    let ordinary = &answer.ordinary;
    let Some(edition) = &ordinary.edition else { return "as stated in mfn_pct".to_owned() };
    let column = ordinary.column.map_or("", portolan_ledger::record::Column::name);
    let cover = match ordinary.coverage {
        Some(Coverage::BeforeFirstEdition) => "; the day lies before the first edition that was read",
        Some(Coverage::AfterLastEdition) => "; the day lies after the last edition that was read",
        Some(Coverage::Layer2017) => "; the rate of 2017, known from the annual table alone",
        Some(Coverage::Printed) | None => "",
    };
    format!("column {} of {edition}{cover}", if column == "2" { "2".to_owned() } else { format!("1-{column}") })
}

fn write_row(out: &mut impl Cells, teller: &Teller<'_, '_>, line: &EntryLine, answer: &Answer, row: &Row) {
    let ledger = teller.law.timeline.ledger;
    let name = name(teller.law, answer, row);
    let said = teller.tell(row);
    let family = ledger.families.get(usize::from(row.family.0)).map_or("", |family| family.id.as_str());
    for text in [family, &name.measure, &name.provision, &name.heading, row.status.name(), said.code, &said.text] {
        out.text(text.as_bytes());
    }
    // A day that is one piece is written as a day; a part of one by the moment that begins it.
    match governing_day(line, answer) {
        Some(day) if answer.moments.len() == 1 => out.when(When::Day(day), teller.clock),
        _ => out.when(When::At(row.at), teller.clock),
    }
    out.text(governing_rule(answer).as_bytes());
    out.text(row.basis.map_or("", portolan_engine::answer::Basis::name).as_bytes());
    out.share(row.basis_share);
    out.text(row.rate_text.as_bytes());
    out.points(row.rate_pct);
    out.money(row.duty);
    let act = row.act.map(|act| ledger.act(act));
    out.text(act.map_or("", |act| act.id.as_str()).as_bytes());
    let edition = if row.subject == Subject::Ordinary { answer.ordinary.edition.as_deref().unwrap_or("") } else { "" };
    out.text(act.map_or(edition, |act| act.cite.as_str()).as_bytes());
    for moment in [row.from, row.until] {
        out.text(moment.map_or(String::new(), |moment| teller.clock.rfc3339(moment)).as_bytes());
    }
    out.day(row.known_from);
    out.fixed(&ledger.version);
}

/// The date that governs by the name of its column, and the rule that says so.
fn governing_rule(answer: &Answer) -> String {
    let (column, rule) = &answer.governing;
    rule.as_ref().map_or_else(|| (*column).to_owned(), |rule| format!("{column}: {rule}"))
}

fn governing_day(line: &EntryLine, answer: &Answer) -> Option<portolan_ledger::Day> {
    let when = match answer.governing.0 {
        "ftz_status_date" => line.ftz_status_date?,
        "withdrawal_date" => line.withdrawal_date?,
        "it_date" => line.it_date?,
        _ => line.entry_date,
    };
    match when {
        When::Day(day) => Some(day),
        When::At(_) => None,
    }
}

/// What a row is of.
struct Name {
    measure: String,
    provision: String,
    heading: String,
}

fn name(law: &Law<'_>, answer: &Answer, row: &Row) -> Name {
    let timeline = &law.timeline;
    let of = |program: u16, id: &str| Name {
        measure: timeline.program(program).id.clone(),
        provision: id.to_owned(),
        heading: row.heading.clone(),
    };
    match row.subject {
        Subject::Ordinary => Name {
            measure: "ordinary".to_owned(),
            provision: answer.ordinary.column.map_or("stated", portolan_ledger::record::Column::name).to_owned(),
            heading: answer.ordinary.rate_row.map_or(String::new(), |code| code.to_string()),
        },
        Subject::Record(Record::Provision(p)) => of(timeline.provision(p).program, &timeline.provision(p).record.id),
        Subject::Record(Record::Exception(e)) => of(timeline.exception(e).program, &timeline.exception(e).record.id),
        Subject::Record(Record::Prohibition(index)) => match timeline.prohibitions.get(usize::from(index)) {
            Some(node) => of(node.program, &node.record.id),
            None => of(0, ""),
        },
    }
}
