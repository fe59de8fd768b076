//! `portolan check`: every fault of a ledger folder, with its place.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portolan_ledger::check::check_lists;
use portolan_ledger::diagnostic::Severity;
use portolan_ledger::read;

use crate::failure::{Failure, Fault, Outcome};
use crate::scenarios;
use crate::source::{self, Suppose};
use crate::term::{PLAIN, Page};
use crate::{snippet, term};

/// The folder that is checked where none is named.
const FOLDER: &str = "ledger";

/// Under what the folder is checked.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    suppose: Suppose,
}

/// Checks a folder of records, and whether what is supposed fits them; what ships inside was checked when it was packed.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let folder = ledger.map_or_else(|| PathBuf::from(FOLDER), Path::to_path_buf);
    if ledger.is_none() && !folder.is_dir() {
        let fault = Fault::new(format!("there is no folder `{FOLDER}` here to check"));
        return Err(fault.help("name it: portolan check --ledger DIR").into());
    }
    let start = Instant::now();
    let files = source::files(&folder)?;
    let read = read::read(&files).map_err(source::refuse)?;
    let schedule = source::schedule()?;
    let mut diagnostics = read.warnings;
    diagnostics.extend(check_lists(&read.ledger, &read.sources, &schedule));
    let (errors, warnings): (Vec<_>, Vec<_>) =
        diagnostics.into_iter().partition(|diagnostic| diagnostic.code.severity() == Severity::Error);
    if !errors.is_empty() {
        return Err(Failure::Refused { what: "ledger", diagnostics: errors, sources: read.sources });
    }
    let patched = scenarios::under(&read.ledger, Some(&folder), args.suppose.names())?;
    let (ledger, supposed) = patched.unwrap_or_else(|| (read.ledger, Vec::new()));
    let took = start.elapsed();
    let mut page = Page::new();
    scenarios::say(&supposed, &mut page);
    for warning in &warnings {
        page.raw(&snippet::render(warning, &read.sources));
        page.raw("\n");
    }
    page.gap();
    let rows: usize = ledger.lists.iter().map(|list| list.rows.len()).sum();
    let provisions: usize = ledger.programs.iter().map(|program| program.provisions.len()).sum();
    let text = format!(
        "{} files, {} programs, {provisions} provisions, {} acts, {} lists with {rows} rows: no errors, {} ({})",
        files.len(),
        ledger.programs.len(),
        ledger.acts.len(),
        ledger.lists.len(),
        if warnings.len() == 1 { "1 warning".to_owned() } else { format!("{} warnings", warnings.len()) },
        milliseconds(took)
    );
    page.wrapped(0, term::STRONG, &text);
    page.wrapped(0, PLAIN, &format!("ledger {}", ledger.version));
    page.print()?;
    Ok(Outcome::Done)
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}
