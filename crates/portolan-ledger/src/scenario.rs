//! Scenarios: overlays of dated, bounded patches over the law (`LEDGER.md`, section 8).
//!
//! A patch becomes records beside the law's, with the act `scenario:<id>`, before anything is derived. So it passes the
//! same resolver as the law, and every explanation names it. Reading gives [`Scenarios`]; [`apply`] lays one over a
//! ledger; [`compose`] joins several that touch nothing in common.
//!
//! Beside the keys that `LEDGER.md` shows, `exclude` and `impose` name product lists by their path from the ledger's
//! root, or codes; `impose` adds the provision to the program that its `program` names, at the patch's `rate`.

mod effect;
mod patch;
mod rates;

use serde::Deserialize;
use toml::Spanned;

use crate::diagnostic::{Code, Diagnostic, Severity, Sources, Span};
use crate::read::raw::{Date, Format, Provision, Text, Texts};
use crate::read::{File, Refused, day, is_toml, nearest, version};
use crate::record::Ledger;
use crate::time::Day;

pub use effect::without_effect;
pub use patch::{apply, compose};

/// The name of the law as a base.
const LAW: &str = "law";

/// Scenarios that were read, with their files.
#[derive(Clone, Debug, Default)]
pub struct Scenarios {
    /// The scenarios, in the order of their files.
    pub scenarios: Vec<Scenario>,
    /// Their files, for showing places.
    pub sources: Sources,
}

impl Scenarios {
    /// The scenario of an id.
    pub fn get(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }
}

/// A scenario, with the patches of the scenarios that it builds on.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub id: String,
    /// What it supposes, in words.
    pub title: String,
    /// More about it, for people.
    pub note: String,
    /// Acts issued after this day are not read.
    pub known: Option<Day>,
    /// Where its id stands.
    span: Span,
    /// Its patches, those of its base first.
    patches: Vec<Patch>,
    /// Tells one text of a scenario from another.
    digest: String,
}

/// One patch.
#[derive(Clone, Debug)]
struct Patch {
    /// The scenario that holds it.
    scenario: String,
    title: String,
    path: String,
    span: Span,
    line: u32,
    raw: RawPatch,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    #[expect(dead_code, reason = "the format is checked by its type")]
    format: Format,
    id: Text,
    title: String,
    base: Option<Text>,
    known: Option<Date>,
    note: Option<String>,
    #[serde(default)]
    patch: Vec<Spanned<RawPatch>>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
struct RawPatch {
    op: Op,
    of: Option<Texts>,
    from: Option<Date>,
    until: Option<Spanned<Until>>,
    on: Option<Date>,
    rate: Option<Text>,
    by: Option<Text>,
    keeps: Option<Text>,
    products: Option<Texts>,
    origin: Option<Texts>,
    claim: Option<Texts>,
    program: Option<Text>,
    provision: Option<Spanned<Provision>>,
    #[expect(dead_code, reason = "for people who read the file")]
    note: Option<String>,
}

/// What a patch does.
#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Op {
    SetRate,
    ScaleRate,
    Suspend,
    LetLapse,
    Extend,
    Annul,
    Exclude,
    Impose,
}

/// The end of a patch: always written out.
#[derive(Deserialize, Clone, Debug)]
#[serde(untagged)]
enum Until {
    At(toml::value::Datetime),
    Word(String),
}

/// Reads the scenarios among some files: those of a ledger's folder `scenarios/`, or files named by hand.
///
/// A base is looked for among the files given.
pub fn read(files: &[File]) -> Result<Scenarios, Refused> {
    read_all(files.iter().filter(|(path, _)| is_toml(path)))
}

/// Reads the scenarios of some files, in their order, and behind them those of `others` that they build on.
///
/// What else is wrong with the other files is not looked at.
pub fn read_with_bases(wanted: &[File], others: &[File]) -> Result<Scenarios, Refused> {
    let mut files: Vec<&File> = wanted.iter().collect();
    let mut at = 0;
    while let Some(file) = files.get(at) {
        at += 1;
        let Some(base) = name(file).and_then(|name| name.base).filter(|base| base != LAW) else { continue };
        let is_base = |file: &&File| name(file).is_some_and(|name| name.id == base);
        if !files.iter().any(is_base) {
            files.extend(others.iter().find(is_base));
        }
    }
    read_all(files)
}

/// Whether a file of a ledger holds a scenario.
pub fn is_scenario_file(path: &str) -> bool {
    path.starts_with("scenarios/") && is_toml(path) && !crate::case::is_case_file(path)
}

/// The id of the scenario that a file holds, where it names one.
pub fn id_of(file: &File) -> Option<String> {
    name(file).map(|name| name.id)
}

/// What is read of a file to find scenarios by their names.
#[derive(Deserialize)]
struct Name {
    id: String,
    base: Option<String>,
}

fn name((_, bytes): &File) -> Option<Name> {
    toml::from_str(std::str::from_utf8(bytes).ok()?).ok()
}

fn read_all<'f>(files: impl IntoIterator<Item = &'f File>) -> Result<Scenarios, Refused> {
    let mut sources = Sources::default();
    let mut indices = Vec::new();
    for (path, bytes) in files {
        indices.push(sources.add(path.clone(), String::from_utf8_lossy(bytes).into_owned()));
    }
    let (scenarios, diagnostics) = parse(&sources, &indices);
    if diagnostics.is_empty() { Ok(Scenarios { scenarios, sources }) } else { Err(Refused { diagnostics, sources }) }
}

/// Checks the scenarios of a ledger that was read: their form, and whether each fits the law.
pub(crate) fn check(ledger: &Ledger, sources: &Sources) -> Vec<Diagnostic> {
    let indexed = sources.paths().enumerate().filter(|(_, path)| is_scenario_file(path));
    let indices: Vec<u16> = indexed.filter_map(|(index, _)| u16::try_from(index).ok()).collect();
    if indices.is_empty() {
        return Vec::new();
    }
    let (scenarios, mut found) = parse(sources, &indices);
    let light = without_rows(ledger);
    for scenario in &scenarios {
        let faults = match patch::lay_over(&light, scenario) {
            Ok(patched) => without_effect(&light, &patched, scenario),
            Err(faults) => faults,
        };
        // A base is checked by itself.
        found.extend(faults.into_iter().filter(|fault| fault.span.is_none_or(|span| span.file == scenario.span.file)));
    }
    found
}

/// A ledger whose lists have no rows: patches never look at them, and they are most of a ledger.
fn without_rows(ledger: &Ledger) -> Ledger {
    let mut light = ledger.clone();
    light.lists.iter_mut().for_each(|list| list.rows = Vec::new());
    light
}

/// What was read of one file, before its base is known.
struct Parsed {
    file: u16,
    raw: RawScenario,
}

fn parse(sources: &Sources, files: &[u16]) -> (Vec<Scenario>, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut parsed: Vec<Parsed> = Vec::new();
    for &file in files {
        match toml::from_str::<RawScenario>(sources.text(file)) {
            Ok(raw) => {
                if parsed.iter().any(|other| other.raw.id.get_ref() == raw.id.get_ref()) {
                    let message = format!("the scenario `{}` stands twice", raw.id.get_ref());
                    found.push(Diagnostic::new(Code::DuplicateId, Some(span(file, &raw.id.span())), message));
                }
                parsed.push(Parsed { file, raw });
            }
            Err(error) => {
                let at = span(file, &error.span().unwrap_or_default());
                found.push(Diagnostic::new(Code::Unreadable, Some(at), error.message()));
            }
        }
    }
    let scenarios = (0..parsed.len()).filter_map(|index| one(sources, &parsed, index, &mut found)).collect();
    (scenarios, found)
}

fn span(file: u16, range: &std::ops::Range<usize>) -> Span {
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { file, start: byte(range.start), end: byte(range.end) }
}

/// A scenario with the patches of its bases.
fn one(sources: &Sources, parsed: &[Parsed], index: usize, found: &mut Vec<Diagnostic>) -> Option<Scenario> {
    let own = &parsed[index];
    let faults = found.len();
    patch::form(own.file, &own.raw, found);
    let mut chain = vec![index];
    let mut current = own;
    while let Some(base) = current.raw.base.as_ref().filter(|base| base.get_ref() != LAW) {
        let at = Some(span(current.file, &base.span()));
        let Some(next) = parsed.iter().position(|other| other.raw.id.get_ref() == base.get_ref()) else {
            let fault =
                Diagnostic::new(Code::BadPatch, at, format!("there is no scenario `{}` to build on", base.get_ref()));
            let names = parsed.iter().map(|other| other.raw.id.get_ref().as_str()).chain([LAW]);
            let near = nearest(base.get_ref(), names).unwrap_or(LAW);
            found.push(fault.help(format!("did you mean `{near}`?")));
            return None;
        };
        if chain.contains(&next) {
            let message = format!("`{}` builds on itself", own.raw.id.get_ref());
            found.push(Diagnostic::new(Code::BadPatch, at, message).help("name `law` as the base of one of them"));
            return None;
        }
        chain.push(next);
        current = &parsed[next];
    }
    let mut scenario = Scenario {
        id: own.raw.id.get_ref().clone(),
        title: own.raw.title.clone(),
        note: own.raw.note.clone().unwrap_or_default(),
        known: None,
        span: span(own.file, &own.raw.id.span()),
        patches: Vec::new(),
        digest: String::new(),
    };
    let texts = chain.iter().map(|&index| {
        (sources.path(parsed[index].file).to_owned(), sources.text(parsed[index].file).as_bytes().to_vec())
    });
    scenario.digest = version(&texts.collect::<Vec<_>>()).chars().take(8).collect();
    for &layer in chain.iter().rev() {
        let Parsed { file, raw } = &parsed[layer];
        if let Some(known) = &raw.known {
            match day(known.get_ref()) {
                // The earlier of two cuts leaves nothing for the later to cut.
                Some(day) => scenario.known = Some(scenario.known.map_or(day, |other| other.min(day))),
                None => found.push(Diagnostic::new(
                    Code::BadDate,
                    Some(span(*file, &known.span())),
                    "`known` is a day, without a time",
                )),
            }
        }
        for patch in &raw.patch {
            let at = span(*file, &patch.span());
            scenario.patches.push(Patch {
                scenario: raw.id.get_ref().clone(),
                title: raw.title.clone(),
                path: sources.path(*file).to_owned(),
                span: at,
                line: sources.line_column(at).0,
                raw: patch.get_ref().clone(),
            });
        }
    }
    let refused = found[faults..].iter().any(|fault| fault.code.severity() == Severity::Error);
    (!refused).then_some(scenario)
}
