//! Scenarios: what is supposed of the law, by name or by file, and `portolan scenarios`, which lists the ready ones.

use std::path::{Path, PathBuf};

use portolan_ledger::read::File;
use portolan_ledger::scenario::{self, Scenario, Scenarios};
use portolan_ledger::{Day, Ledger};

use serde_json::{Value, json};

use crate::failure::{Failure, Fault, Outcome};
use crate::snippet;
use crate::source::{self, Source, Suppose};
use crate::term::{ATTENTION, Align, FAINT, Page, Row, STRONG};

/// The name of the law as it is.
pub const LAW: &str = "law";

/// A scenario that is supposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supposed {
    /// Its name.
    pub id: String,
    /// What it supposes, in words.
    pub title: String,
    /// More about it, for people.
    note: String,
    /// Acts issued after this day are not read.
    known: Option<Day>,
}

impl Supposed {
    fn of(one: &Scenario) -> Self {
        Self { id: one.id.clone(), title: one.title.clone(), note: one.note.clone(), known: one.known }
    }
}

/// Which scenarios are shown: the ready ones, or those that are supposed, which tells too whether a file of one's own fits.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    suppose: Suppose,
}

/// Says on a page what is supposed.
pub fn say(supposed: &[Supposed], page: &mut Page) {
    for one in supposed {
        page.wrapped(0, ATTENTION, &format!("Supposed: {}: {}", one.id, one.title));
    }
}

/// What is supposed, for an answer as an object.
pub fn json(supposed: &[Supposed]) -> Value {
    supposed.iter().map(|one| json!({ "id": one.id, "title": one.title })).collect()
}

/// The scenarios, each with a sentence.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let (title, shown) = if args.suppose.names().is_empty() {
        ("Ready scenarios", read(ledger)?.scenarios.iter().map(Supposed::of).collect())
    } else {
        ("Supposed, and it fits the law", Source::under(ledger, &args.suppose)?.supposed)
    };
    let mut page = Page::new();
    page.wrapped(0, STRONG, title);
    let rows: Vec<Row> = shown
        .iter()
        .map(|one| {
            let known = one.known.map_or(String::new(), |day| format!("Acts issued after {day} are not read."));
            Row::new().styled(one.id.clone(), STRONG).cell(one.title.clone()).note(one.note.clone()).note(known)
        })
        .collect();
    page.table(2, &[Align::Left, Align::Fill], &rows);
    page.gap();
    page.wrapped(
        0,
        FAINT,
        "Suppose one with --scenario NAME, your own with --scenario FILE; portolan compare law NAME says what it changes.",
    );
    page.print()?;
    Ok(Outcome::Done)
}

/// The ready scenarios.
pub fn read(ledger: Option<&Path>) -> Result<Scenarios, Failure> {
    scenario::read(&ready(ledger)?).map_err(|refused| wrong(refused.diagnostics, refused.sources))
}

/// A ledger under the scenarios of these names or files; none where nothing is supposed, as by the name `law`.
pub fn under(
    ledger: &Ledger,
    folder: Option<&Path>,
    texts: &[String],
) -> Result<Option<(Ledger, Vec<Supposed>)>, Failure> {
    if texts.is_empty() {
        return Ok(None);
    }
    let ready = ready(folder)?;
    let mut wanted: Vec<File> = Vec::new();
    let mut folders: Vec<PathBuf> = Vec::new();
    for text in texts.iter().flat_map(|text| parts(text, &ready)).filter(|text| *text != LAW) {
        match ready.iter().find(|file| scenario::id_of(file).as_deref() == Some(text)) {
            Some(file) if wanted.contains(file) => {}
            Some(file) => wanted.push(file.clone()),
            None => {
                wanted.push(file(text, &ready)?);
                folders.extend(Path::new(text).parent().map(Path::to_path_buf));
            }
        }
    }
    if wanted.is_empty() {
        return Ok(None);
    }
    let mut others: Vec<File> = folders.iter().flat_map(|folder| siblings(folder)).collect();
    others.extend(ready);
    let read =
        scenario::read_with_bases(&wanted, &others).map_err(|refused| wrong(refused.diagnostics, refused.sources))?;
    let named: Vec<&Scenario> = read.scenarios.iter().take(wanted.len()).collect();
    let refused = |diagnostics| wrong(diagnostics, read.sources.clone());
    let joined = scenario::compose(ledger, &named).map_err(refused)?;
    let patched = scenario::apply(ledger, &joined).map_err(refused)?;
    for warning in scenario::without_effect(ledger, &patched, &joined) {
        crate::failure::tell(&snippet::render(&warning, &read.sources));
    }
    Ok(Some((patched, named.into_iter().map(Supposed::of).collect())))
}

/// The parts of `a+b`, where that is no name or file of its own.
fn parts<'t>(text: &'t str, ready: &[File]) -> Vec<&'t str> {
    let whole = Path::new(text).exists() || ready.iter().any(|file| scenario::id_of(file).as_deref() == Some(text));
    if whole { vec![text] } else { text.split('+').map(str::trim).collect() }
}

fn file(text: &str, ready: &[File]) -> Result<File, Failure> {
    std::fs::read(text).map(|bytes| (text.to_owned(), bytes)).map_err(|error| {
        let ids: Vec<String> = ready.iter().filter_map(scenario::id_of).collect();
        let fault = Fault::new(format!("\"{text}\" is no ready scenario, and as a file it cannot be read: {error}"));
        let fault = if ids.is_empty() { fault } else { fault.help(format!("ready are {}", ids.join(", "))) };
        fault.into()
    })
}

/// The other scenarios of a folder.
fn siblings(folder: &Path) -> Vec<File> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths.iter().filter_map(|path| Some((path.display().to_string(), std::fs::read(path).ok()?))).collect()
}

/// The files of the ready scenarios: those of the ledger folder where one is named, else those that ship inside.
fn ready(folder: Option<&Path>) -> Result<Vec<File>, Failure> {
    match folder {
        None => portolan_law::scenarios().map_err(|error| source::damaged(&error)),
        Some(folder) => {
            let mut files = source::files(folder)?;
            files.retain(|(path, _)| scenario::is_scenario_file(path));
            Ok(files)
        }
    }
}

fn wrong(
    diagnostics: Vec<portolan_ledger::diagnostic::Diagnostic>,
    sources: portolan_ledger::diagnostic::Sources,
) -> Failure {
    Failure::Refused { what: "scenario", diagnostics, sources }
}
