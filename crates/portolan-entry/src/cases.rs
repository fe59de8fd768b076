//! Worked cases: an entry line with the answer that the law gives, worked out by hand (`LEDGER.md`, section 6).
//!
//! They stand in TOML beside the ledger, or as rows of a table with `expect_` columns.

use std::fmt;

use portolan_engine::{Answer, Engine, Law, Pct};
use portolan_ledger::diagnostic::OneLine;
use portolan_ledger::line::Status;
use portolan_ledger::number::parse_scaled;
use portolan_ledger::scenario::{self, Scenarios};
use portolan_ledger::schedule::Schedule;
use portolan_ledger::{Cents, Day, Ledger};

use crate::builder::{Context, LineBuilder};
use crate::columns::Column;
use crate::evaluate::engine_fault;
use crate::fault::FieldFault;

/// How far percentage points may lie from what a case says, in millionths of a point.
const TOLERANCE_MICRO_POINTS: i64 = 500;

/// One worked case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The file in which it stands.
    pub file: String,
    /// The line of the file on which it begins, from 1.
    pub place: usize,
    /// What it is there to show.
    pub name: String,
    /// The act that it was worked out from.
    pub source: String,
    /// `high` or `medium`.
    pub confidence: String,
    /// The ready scenario that is supposed; none for the law as it is.
    pub scenario: Option<String>,
    /// The entry line: columns and values.
    pub line: Vec<(String, String)>,
    /// What is expected: names as in `LEDGER.md`, and their values; a list has several.
    pub expect: Vec<(String, Vec<String>)>,
}

/// A file of cases that cannot be read, with what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub wrong: String,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.wrong)
    }
}

impl std::error::Error for CaseError {}

/// What a case says and what the law as transcribed gives, where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which expectation.
    pub what: String,
    /// What the case says.
    pub expected: String,
    /// What was answered.
    pub found: String,
}

/// `additional_pct: expected 145, found 125`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.what, self.expected, self.found)
    }
}

/// How a case came out; it holds where nothing differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Where it differs.
    pub differences: Vec<Difference>,
}

impl Verdict {
    /// Whether the case holds.
    pub fn holds(&self) -> bool {
        self.differences.is_empty()
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    format: u32,
    #[serde(default, rename = "case")]
    cases: Vec<RawCase>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: String,
    source: String,
    confidence: String,
    scenario: Option<String>,
    line: std::collections::BTreeMap<String, String>,
    expect: std::collections::BTreeMap<String, OneOrMany>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Reads the cases of a TOML file.
///
/// # Errors
/// It is no TOML, or a case lacks a part or has one that is not known.
pub fn read_toml(file: &str, bytes: &[u8]) -> Result<Vec<Case>, CaseError> {
    let wrong = |wrong: String| CaseError { file: file.to_owned(), wrong };
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    let raw: RawFile = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if raw.format != 1 {
        return Err(wrong(format!("format {} is not known, 1 is", raw.format)));
    }
    let places =
        text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("[[case]]")).map(|(at, _)| at + 1);
    let case = |(raw, place): (RawCase, usize)| Case {
        file: file.to_owned(),
        place,
        name: raw.name,
        source: raw.source,
        confidence: raw.confidence,
        scenario: raw.scenario,
        line: raw.line.into_iter().collect(),
        expect: raw.expect.into_iter().map(|(name, value)| (name, value.list())).collect(),
    };
    Ok(raw.cases.into_iter().zip(places.chain(std::iter::repeat(0))).map(case).collect())
}

impl OneOrMany {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// Reads the cases of a table: columns of the entry line, and of what is expected with `expect_` before them.
///
/// # Errors
/// It is no CSV, or a column that is needed is missing.
pub fn read_csv(file: &str, bytes: &[u8]) -> Result<Vec<Case>, CaseError> {
    let wrong = |wrong: String| CaseError { file: file.to_owned(), wrong };
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let mut cases = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let place = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
        let mut case = Case {
            file: file.to_owned(),
            place,
            name: String::new(),
            source: String::new(),
            confidence: String::new(),
            scenario: None,
            line: Vec::new(),
            expect: Vec::new(),
        };
        for (name, value) in header.iter().zip(&record).filter(|(_, value)| !value.is_empty()) {
            let value = value.to_owned();
            match name {
                "case_id" => case.name = value,
                "citation" => case.source = value,
                "confidence" => case.confidence = value,
                "scenario" => case.scenario = Some(value),
                "assert" | "tests" => {}
                name => match name.strip_prefix("expect_") {
                    Some(name) => case.expect.push((name.to_owned(), values(name, &value))),
                    None => case.line.push((name.to_owned(), value)),
                },
            }
        }
        cases.push(case);
    }
    Ok(cases)
}

/// The values of a cell; lists have `;` between.
fn values(name: &str, cell: &str) -> Vec<String> {
    match name {
        "headings" | "not_headings" | "status" | "needs_input" => {
            cell.split(';').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
        }
        _ => vec![cell.to_owned()],
    }
}

/// Works cases in their order, each under the law or under the scenario that it supposes.
pub fn check_all(
    cases: &[Case],
    (ledger, schedule): (&Ledger, &Schedule),
    scenarios: &Scenarios,
    today: Day,
) -> Vec<Verdict> {
    let mut verdicts: Vec<Option<Verdict>> = vec![None; cases.len()];
    let mut supposed: Vec<Option<&str>> = cases.iter().map(|case| case.scenario.as_deref()).collect();
    supposed.sort_unstable();
    supposed.dedup();
    for name in supposed {
        let of_name = cases.iter().zip(&mut verdicts).filter(|(case, _)| case.scenario.as_deref() == name);
        let patched = match name.map(|name| under(ledger, scenarios, name)).transpose() {
            Ok(patched) => patched,
            Err(found) => {
                of_name.for_each(|(_, verdict)| *verdict = Some(Verdict { differences: vec![found.clone()] }));
                continue;
            }
        };
        let law = Law::new(patched.as_ref().unwrap_or(ledger), Some(schedule));
        let mut engine = Engine::new(&law);
        of_name.for_each(|(case, verdict)| *verdict = Some(check(case, &law, &mut engine, today)));
    }
    verdicts.into_iter().flatten().collect()
}

/// The ledger under a scenario.
fn under(ledger: &Ledger, scenarios: &Scenarios, name: &str) -> Result<Ledger, Difference> {
    let wrong = |found: String| Difference { what: "scenario".to_owned(), expected: name.to_owned(), found };
    let scenario = scenarios.get(name).ok_or_else(|| wrong("no such scenario is ready".to_owned()))?;
    scenario::apply(ledger, scenario).map_err(|found| {
        let said: Vec<String> = found.iter().map(|fault| OneLine(fault, &scenarios.sources).to_string()).collect();
        wrong(said.join("; "))
    })
}

/// Works a case with the law, on the day that stands for today where it states no known date.
pub fn check(case: &Case, law: &Law<'_>, engine: &mut Engine<'_>, today: Day) -> Verdict {
    let context = Context::new(law.timeline.ledger, today);
    let mut builder = LineBuilder::new(&context);
    for (column, value) in &case.line {
        // The builder keeps the fault and gives it with the others.
        let _ = builder.set(column, value);
    }
    let refused = |faults: &[FieldFault]| Verdict { differences: faults.iter().map(refusal).collect() };
    let line = match builder.finish() {
        Ok(line) => line,
        Err(faults) => return refused(&faults),
    };
    match engine.answer(&line) {
        Ok(answer) => Comparison { ledger: law.timeline.ledger, answer: &answer, differences: Vec::new() }.of(case),
        Err(fault) => refused(&[engine_fault(fault, &line)]),
    }
}

fn refusal(fault: &FieldFault) -> Difference {
    Difference { what: "the line".to_owned(), expected: "an answer".to_owned(), found: fault.to_string() }
}

/// One case beside its answer.
struct Comparison<'a> {
    ledger: &'a Ledger,
    answer: &'a Answer,
    differences: Vec<Difference>,
}

impl Comparison<'_> {
    fn of(mut self, case: &Case) -> Verdict {
        for (name, values) in &case.expect {
            let first = values.first().map_or("", String::as_str);
            match name.as_str() {
                "mfn_text" => self.text(name, first, &self.answer.ordinary.text),
                "additional_pct" => self.points(name, first, self.answer.bill.additional_pct),
                "total_pct" => self.points(name, first, self.answer.bill.total_pct),
                "total_duty" => self.money(name, first, self.answer.bill.total_duty),
                "duty_min" => self.money(name, first, self.answer.bill.duty_min),
                "duty_max" => self.money(name, first, self.answer.bill.duty_max),
                "headings" => self.headings(values, true),
                "not_headings" => self.headings(values, false),
                "status" => self.statuses(values),
                "needs_input" => self.asked(values),
                name => self.family(name, first),
            }
        }
        let asked = &self.answer.bill.needs_input;
        if !asked.is_empty() && !case.expect.iter().any(|(name, values)| name == "needs_input" && !values.is_empty()) {
            self.differ("needs_input", "nothing", asked.join(", "));
        }
        Verdict { differences: self.differences }
    }

    fn differ(&mut self, what: &str, expected: &str, found: impl Into<String>) {
        self.differences.push(Difference { what: what.to_owned(), expected: expected.to_owned(), found: found.into() });
    }

    fn text(&mut self, name: &str, expected: &str, found: &str) {
        if expected != found {
            self.differ(name, expected, found);
        }
    }

    fn points(&mut self, name: &str, expected: &str, found: Option<Pct>) {
        let wanted = parse_scaled(expected.as_bytes(), 6);
        let near = wanted.ok().zip(found).is_some_and(|(wanted, found)| {
            found.micro_points().saturating_sub(wanted).unsigned_abs() <= TOLERANCE_MICRO_POINTS.unsigned_abs()
        });
        if !near {
            self.differ(name, expected, found.map_or_else(|| "none".to_owned(), |found| found.to_string()));
        }
    }

    fn money(&mut self, name: &str, expected: &str, found: Option<Cents>) {
        if Cents::parse(expected.as_bytes()).ok() != found || found.is_none() {
            self.differ(name, expected, found.map_or_else(|| "none".to_owned(), |found| found.to_string()));
        }
    }

    fn family(&mut self, name: &str, expected: &str) {
        let (family, is_pct) = match (name.strip_suffix("_pct"), name.strip_suffix("_duty")) {
            (Some(family), _) => (family, true),
            (_, Some(family)) => (family, false),
            _ => (name, true),
        };
        let amount =
            self.ledger.family(family).and_then(|id| self.answer.bill.families.get(usize::from(id.0)).copied());
        match amount {
            None => self.differ(name, expected, "no such family in the ledger"),
            Some(amount) if is_pct => self.points(name, expected, amount.pct),
            Some(amount) => self.money(name, expected, amount.duty),
        }
    }

    /// Headings that must be there are those of duties that are owed and of exemptions that hold, whether or not they are
    /// reported; headings that must not be there are those reported or owed.
    fn headings(&mut self, expected: &[String], wanted: bool) {
        let counts = |status: Status| match status {
            Status::Applied | Status::BeyondHorizon => true,
            status => wanted && status == Status::Exempt,
        };
        let rows = self.answer.rows.iter().filter(|row| counts(row.status) && !row.heading.is_empty());
        let mut found: Vec<&str> = self.answer.bill.headings.iter().map(String::as_str).collect();
        found.extend(rows.map(|row| row.heading.as_str()));
        found.sort_unstable();
        found.dedup();
        let shown = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
        let wrong: Vec<&String> =
            expected.iter().filter(|heading| found.contains(&heading.as_str()) != wanted).collect();
        for heading in wrong {
            self.differ("headings", &format!("{}{heading}", if wanted { "" } else { "not " }), shown.clone());
        }
    }

    fn statuses(&mut self, expected: &[String]) {
        for pair in expected {
            let Some((family, status)) = pair.split_once(':') else {
                self.differ("status", pair, "not of the form family:status");
                continue;
            };
            let id = self.ledger.family(family);
            let of_family = self.answer.rows.iter().filter(|row| Some(row.family) == id);
            let found: Vec<&str> = of_family.map(|row| row.status.name()).collect();
            if !found.contains(&status) {
                let found = if found.is_empty() { "no row".to_owned() } else { found.join(", ") };
                self.differ(&format!("status of {family}"), status, found);
            }
        }
    }

    fn asked(&mut self, expected: &[String]) {
        let asked = &self.answer.bill.needs_input;
        let missing: Vec<&String> = expected.iter().filter(|name| !asked.contains(name)).collect();
        let shown = if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") };
        for name in missing {
            self.differ("needs_input", name, shown.clone());
        }
    }
}

/// Whether a name is one that `expect` can hold.
pub fn is_expectation(ledger: &Ledger, name: &str) -> bool {
    let family = name.strip_suffix("_pct").or_else(|| name.strip_suffix("_duty"));
    portolan_ledger::case::EXPECTED.contains(&name) || family.is_some_and(|family| ledger.family(family).is_some())
}

/// Whether a name is a column of the entry line.
pub fn is_line_column(name: &str) -> bool {
    Column::find(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"format = 1

[[case]]
name       = "A table"
source     = "an act"
confidence = "high"
line   = { hts_number = "9403.60.80", country_of_origin = "CN", entry_date = "2025-04-10", known_date = "2025-04-10", entered_value_usd = "10000" }
expect = { ieepa_reciprocal_pct = "125", total_duty = "17000", headings = ["9903.01.63"], not_headings = ["9903.01.32"], status = ["s301:applied"] }
"#;

    fn verdict(text: &str) -> Vec<String> {
        let (ledger, schedule) = (portolan_law::ledger().unwrap(), portolan_law::schedule().unwrap());
        let law = Law::new(&ledger, Some(&schedule));
        let mut engine = Engine::new(&law);
        let cases = read_toml("f.toml", text.as_bytes()).unwrap();
        assert_eq!((cases.len(), cases[0].place), (1, 3));
        let today = Day::parse_iso(b"2026-11-22").unwrap();
        check(&cases[0], &law, &mut engine, today).differences.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_case_that_holds_and_one_that_does_not() {
        assert_eq!(verdict(ONE), [""; 0]);
        let changed =
            ONE.replace("\"125\"", "\"84\"").replace("17000", "17000.01").replace("s301:applied", "s201:applied");
        let found = verdict(&changed.replace("not_headings = [\"9903.01.32\"]", "needs_input = [\"in_quota\"]"));
        assert_eq!(
            found,
            [
                "ieepa_reciprocal_pct: expected 84, found 125",
                "needs_input: expected in_quota, found nothing",
                "status of s201: expected applied, found no row",
                "total_duty: expected 17000.01, found 17000",
            ]
        );
        let faulty = verdict(&ONE.replace("\"CN\"", "\"XX\"").replace("2025-04-10\", known", "2025-04-31\", known"));
        assert_eq!(faulty.len(), 2, "{faulty:?}");
    }

    #[test]
    fn files_that_are_no_cases_are_refused() {
        assert!(read_toml("f", b"format = 2").unwrap_err().wrong.contains("format 2"));
        assert!(read_toml("f", b"format = 1\n[[case]]\nname = 3").is_err());
        assert!(read_csv("f", b"a,b\n1\n").is_err());
    }
}
