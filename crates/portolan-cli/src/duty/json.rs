//! The answer as one JSON object: line, bill, layers, changes, notes. Columns have the names of the interface; amounts
//! are texts, so that no reader makes binary floats of them.

use portolan_engine::{Bill, Cause};
use portolan_entry::audit::Audit;
use portolan_entry::bill::{BillLayout, BillRow, Keys};
use portolan_entry::fees::{FeeRows, Fees, LineFees};
use portolan_entry::layers::LayerRows;
use portolan_entry::vat::Vat;
use portolan_entry::write::Passed;
use portolan_entry::write::json::JsonRows;
use portolan_entry::{Layers, layers};
use serde_json::{Map, Value, json};

use super::Told;
use super::next::InFact;
use super::page;
use crate::failure::{Failure, Fault};
use crate::options::{Stated, view};
use crate::scenarios;

/// The object.
pub fn object(told: &Told<'_, '_>, stated: &Stated) -> Result<Value, Failure> {
    let (law, clock) = (told.words.law(), told.words.clock());
    let ledger = told.words.ledger();
    let keys = Keys { source_row: 1, entry_number: b"", line_number: b"" };
    let (line, answer, passed) = (told.line, &told.answer, &Passed::default());
    let layout = BillLayout::new(ledger, &[line.side]);
    let mut rows = JsonRows::new(&layout.schema(&[]));
    let fees = Fees::new(law);
    let considered = fees.alone(line, clock);
    let line_fees = LineFees::new(&considered, line.value, answer.bill.total_duty);
    let (audit, fees_of_line) = (&Audit::default(), &line_fees);
    layout.write(&mut rows, &BillRow { keys, line, clock, bill: &answer.bill, audit, fees: fees_of_line, passed });
    let bill = objects(&rows)?.pop().unwrap_or_default();
    let mut rows = JsonRows::new(&layers::schema(ledger, &[]));
    let rows_before = LayerRows { law, clock, keys, line, answer, passed }.write(&mut rows, Layers::All);
    FeeRows { fees, considered: &considered, line, clock, keys, rows_before, passed }.write(&mut rows, |_| true);
    let layers = objects(&rows)?;
    let mut line: Map<String, Value> = Map::new();
    line.insert("hts_number".to_owned(), json!(told.line.code.to_string()));
    for (column, value) in stated.pairs() {
        line.insert(column.to_owned(), json!(value));
    }
    line.insert("known_date".to_owned(), json!(told.line.known_date.to_string()));
    line.insert("view".to_owned(), json!(view(told.line.view)));
    let changes: Vec<Value> = told
        .next
        .changes
        .iter()
        .map(|(change, fact)| {
            json!({
                "at": clock.rfc3339(change.at),
                "before": amounts(&change.before),
                "after": amounts(&change.after),
                "causes": change.causes.iter().map(|cause| cause_value(told, cause)).collect::<Vec<_>>(),
                "in_fact": fact.as_ref().map(|fact| fact_value(told, fact)),
            })
        })
        .collect();
    let assessed = told.assessed.as_ref().map(|answer| amounts(&answer.bill));
    Ok(json!({
        "supposed": scenarios::json(&told.source.supposed),
        "line": line,
        "bill": bill,
        "assessed": assessed,
        "vat": told.vat.as_ref().map(|vat| vat_value(told, vat)),
        "layers": layers,
        "known": told.next.known.to_string(),
        "changes": changes,
        "notes": page::texts(ledger, &told.answer),
    }))
}

/// Rows as objects.
fn objects(rows: &JsonRows) -> Result<Vec<Map<String, Value>>, Failure> {
    let broken = |error| Failure::Broken(Fault::new(format!("an answer does not read back: {error}")));
    let objects = serde_json::Deserializer::from_slice(rows.bytes()).into_iter();
    objects.collect::<Result<_, _>>().map_err(broken)
}

fn amounts(bill: &Bill) -> Value {
    let text = |amount: Option<portolan_ledger::Cents>| amount.map(|cents| cents.to_string());
    json!({
        "additional_pct": bill.additional_pct.map(|pct| pct.to_string()),
        "total_pct": bill.total_pct.map(|pct| pct.to_string()),
        "total_duty": text(bill.total_duty),
        "duty_min": text(bill.duty_min),
        "duty_max": text(bill.duty_max),
        "needs_input": bill.needs_input,
        "hts99_sequence": bill.headings.iter().collect::<Vec<_>>(),
        "prohibited": bill.prohibited,
    })
}

/// Value-added tax, outside the bill.
fn vat_value(told: &Told<'_, '_>, vat: &Vat) -> Value {
    json!({
        "rate_pct": vat.rate.to_string(),
        "act": vat.act.map(|act| told.words.ledger().act(act).id.as_str()),
        "pct": vat.points.map(|points| points.to_string()),
        "amount_min": vat.amount.map(|(least, _)| least.to_string()),
        "amount_max": vat.amount.and_then(|(_, most)| most).map(|most| most.to_string()),
        "without_ordinary_duty": vat.without_ordinary,
    })
}

fn cause_value(told: &Told<'_, '_>, cause: &Cause) -> Value {
    let (heading, label) = told.words.record(cause.record);
    let state = |state: Option<&portolan_engine::changes::State>| {
        state.map(|s| json!({ "status": s.status.name(), "rate_text": s.rate_text }))
    };
    json!({
        "heading": heading,
        "label": label,
        "before": state(cause.before.as_ref()),
        "after": state(cause.after.as_ref()),
        "act": cause.act.map(|act| told.words.ledger().act(act).id.as_str()),
    })
}

fn fact_value(told: &Told<'_, '_>, fact: &InFact) -> Value {
    let clock = told.words.clock();
    let instead = fact.instead.iter().map(|instead| {
        json!({
            "heading": told.words.record(instead.record).0,
            "status": instead.status.name(),
            "until": instead.until.map(|until| clock.rfc3339(until)),
            "act": instead.act.map(|act| told.words.ledger().act(act).id.as_str()),
        })
    });
    json!({
        "total_pct": fact.pct.map(|pct| pct.to_string()),
        "total_duty": fact.duty.map(|duty| duty.to_string()),
        "instead": instead.collect::<Vec<_>>(),
    })
}
