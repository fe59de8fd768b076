//! The answer as one JSON object: line, bill, layers, changes, notes. Columns have the names of the interface; amounts
//! are texts, so that no reader makes binary floats of them.

use portolan_engine::{Bill, Cause};
use portolan_entry::audit::Audit;
use portolan_entry::bill::{BillLayout, Keys};
use portolan_entry::{Layers, layers};
use serde_json::{Map, Value, json};

use super::Told;
use super::next::InFact;
use super::page;
use crate::failure::{Failure, Fault};
use crate::options::{Stated, view};

/// Columns that hold lists, with `;` between.
const LISTS: [&str; 3] = ["needs_input", "beyond_horizon", "hts99_sequence"];

/// The object.
pub fn object(told: &Told<'_, '_>, stated: &Stated) -> Result<Value, Failure> {
    let (law, clock) = (told.words.law(), told.words.clock());
    let ledger = told.words.ledger();
    let keys = Keys { source_row: 1, entry_number: b"", line_number: b"" };
    let layout = BillLayout::new(ledger, &[told.line.side]);
    let mut bytes = Vec::new();
    layout.write(&mut bytes, keys, told.line, clock, &told.answer.bill, &Audit::default());
    let bill = rows(&layout.names(), &bytes)?.pop().unwrap_or_default();
    bytes.clear();
    layers::write(&mut bytes, Layers::All, (law, clock), keys, told.line, &told.answer, b"");
    let layers = rows(&layers::COLUMNS.map(str::to_owned), &bytes)?;
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
    let supposed = told.source.supposed.iter().map(|one| json!({ "id": one.id, "title": one.title }));
    Ok(json!({
        "supposed": supposed.collect::<Vec<_>>(),
        "line": line,
        "bill": bill,
        "assessed": assessed,
        "layers": layers,
        "known": told.next.known.to_string(),
        "changes": changes,
        "notes": page::texts(ledger, &told.answer),
    }))
}

/// Rows of CSV without a header as objects; empty cells are null.
fn rows(names: &[String], bytes: &[u8]) -> Result<Vec<Map<String, Value>>, Failure> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let broken = |error: csv::Error| Failure::Broken(Fault::new(format!("an answer does not read back: {error}")));
    reader
        .records()
        .map(|record| {
            let record = record.map_err(broken)?;
            Ok(names.iter().zip(&record).map(|(name, cell)| (name.clone(), value(name, cell))).collect())
        })
        .collect()
}

fn value(name: &str, cell: &str) -> Value {
    if LISTS.contains(&name) {
        return cell.split(';').filter(|item| !item.is_empty()).collect();
    }
    if cell.is_empty() { Value::Null } else { Value::from(cell) }
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
