//! Worked cases, as far as the checker looks: their form, their sources, and the names of columns and families.
//!
//! What a case expects is compared elsewhere, by the runner of the cases; see `LEDGER.md`, section 6.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::record::Ledger;

/// The columns of an entry line that a case may state, by the names of the entry-line interface.
pub const LINE_COLUMNS: &[&str] = &[
    "entry_number",
    "line_number",
    "tariff_ordinal",
    "entry_type",
    "direction",
    "hts_number",
    "country_of_origin",
    "country_of_export",
    "entry_date",
    "known_date",
    "view",
    "loading_date",
    "mode_of_transport",
    "import_date",
    "export_date",
    "it_date",
    "withdrawal_date",
    "ftz_status_date",
    "entered_value_usd",
    "entered_value",
    "currency",
    "quantity_1",
    "quantity_2",
    "quantity_3",
    "unit_1",
    "unit_2",
    "unit_3",
    "gross_weight_kg",
    "mfn_pct",
    "spi",
    "steel_pct",
    "aluminum_pct",
    "copper_pct",
    "metal_weight_pct",
    "us_content_pct",
    "us_metal_pct",
    "melt_country",
    "melt_pct",
    "smelt_countries",
    "cast_country",
    "claims",
    "filed_hts99",
    "filed_duty_99",
    "ch98_number",
    "processing_value_usd",
    "filed_duty_total",
    "filed_mpf",
    "filed_hmf",
    "liquidation_date",
    "liquidation_status",
    "recon_flag",
    "protest_status",
    "drawback_flag",
];

/// What a case may expect, beside `<family>_pct` and `<family>_duty`.
pub const EXPECTED: &[&str] = &[
    "mfn_text",
    "additional_pct",
    "total_pct",
    "total_duty",
    "duty_min",
    "duty_max",
    "headings",
    "not_headings",
    "status",
    "needs_input",
];

/// What every line must state.
const NEEDED: [&str; 3] = ["hts_number", "country_of_origin", "entry_date"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[expect(dead_code, reason = "the format is checked by its type")]
    format: crate::read::raw::Format,
    #[serde(default)]
    case: Vec<Spanned<Case>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: Spanned<String>,
    #[serde(default)]
    source: String,
    #[expect(dead_code, reason = "the word is checked by its type")]
    confidence: Confidence,
    #[serde(default)]
    scenario: Option<Spanned<String>>,
    line: Spanned<BTreeMap<Spanned<String>, String>>,
    expect: BTreeMap<Spanned<String>, Expected>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Confidence {
    High,
    Medium,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    #[expect(dead_code, reason = "that it is one text is checked by its type")]
    Text(String),
    Texts(Vec<String>),
}

/// Whether a file of a ledger holds worked cases.
pub fn is_case_file(path: &str) -> bool {
    path.split('/').rev().nth(1) == Some("cases") && path.rsplit('.').next() == Some("toml")
}

/// Checks a file of worked cases: `file` is its index among the files that were read, for places; `scenarios` are the names
/// that a case can suppose.
pub fn check(ledger: &Ledger, scenarios: &[String], file: u16, text: &str) -> Vec<Diagnostic> {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = |range: std::ops::Range<usize>| Span { file, start: byte(range.start), end: byte(range.end) };
    let cases: CaseFile = match toml::from_str(text) {
        Ok(cases) => cases,
        Err(error) => {
            let at = span(error.span().unwrap_or_default());
            return vec![Diagnostic::new(Code::Unreadable, Some(at), error.message())];
        }
    };
    let mut found = Vec::new();
    for case in &cases.case {
        let case = case.get_ref();
        let name = case.name.get_ref();
        if case.source.trim().is_empty() {
            let message = format!("the case `{name}` names no source");
            let fault = Diagnostic::new(Code::CaseWithoutSource, Some(span(case.name.span())), message);
            found.push(fault.help("say where the result is found: the act and its section, or what was compared"));
        }
        for wanted in case.scenario.iter().filter(|wanted| !scenarios.contains(wanted.get_ref())) {
            let message = format!("there is no scenario `{}`", wanted.get_ref());
            let fault = Diagnostic::new(Code::Unreadable, Some(span(wanted.span())), message);
            found.push(near(fault, wanted.get_ref(), scenarios.iter().map(String::as_str)));
        }
        let columns = case.line.get_ref();
        for column in columns.keys().filter(|column| !LINE_COLUMNS.contains(&column.get_ref().as_str())) {
            let message = format!("`{}` is no column of an entry line", column.get_ref());
            let fault = Diagnostic::new(Code::Unreadable, Some(span(column.span())), message);
            found.push(near(fault, column.get_ref(), LINE_COLUMNS.iter().copied()));
        }
        for needed in NEEDED.iter().filter(|needed| !columns.keys().any(|column| column.get_ref() == **needed)) {
            let message = format!("the line of `{name}` has no `{needed}`");
            found.push(Diagnostic::new(Code::Incomplete, Some(span(case.line.span())), message));
        }
        for (key, value) in &case.expect {
            found.extend(
                expected(ledger, key.get_ref(), value)
                    .map(|fault| Diagnostic { span: Some(span(key.span())), ..fault }),
            );
        }
    }
    found
}

/// What is wrong with one expectation.
fn expected(ledger: &Ledger, key: &str, value: &Expected) -> Option<Diagnostic> {
    let family = |id: &str| {
        let fault = || Diagnostic::new(Code::UnknownFamily, None, format!("`{id}` is not a declared family"));
        let names = || ledger.families.iter().map(|family| family.id.as_str());
        ledger.family(id).is_none().then(|| near(fault(), id, names()))
    };
    let many = matches!(key, "headings" | "not_headings" | "status" | "needs_input");
    let form = |message: String| Some(Diagnostic::new(Code::Unreadable, None, message));
    match value {
        Expected::Text(_) if many => return form(format!("`{key}` takes a list of texts")),
        Expected::Texts(_) if !many => return form(format!("`{key}` takes one text")),
        Expected::Texts(pairs) if key == "status" => {
            return pairs.iter().find_map(|pair| family(pair.split(':').next().unwrap_or("").trim()));
        }
        Expected::Text(_) | Expected::Texts(_) => {}
    }
    if EXPECTED.contains(&key) {
        return None;
    }
    match key.strip_suffix("_pct").or_else(|| key.strip_suffix("_duty")) {
        None => {
            let fault = Diagnostic::new(Code::Unreadable, None, format!("`{key}` is nothing that a case can expect"));
            Some(near(fault, key, EXPECTED.iter().copied()))
        }
        Some(id) => family(id),
    }
}

fn near<'n>(fault: Diagnostic, name: &str, names: impl Iterator<Item = &'n str>) -> Diagnostic {
    match crate::read::nearest(name, names) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault,
    }
}
