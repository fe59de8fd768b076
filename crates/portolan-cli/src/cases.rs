//! `portolan test`: every worked case of a ledger.

use std::path::Path;
use std::time::Instant;

use portolan_entry::cases::{self, Case};
use portolan_ledger::read::File;

use crate::check::milliseconds;
use crate::failure::{Failure, Fault, Outcome};
use crate::scenarios;
use crate::source::{self, Source, Suppose};
use crate::term::{FAINT, FAULT, PLAIN, Page, STRONG};

/// Under what the cases are worked.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    suppose: Suppose,
}

/// Runs the cases that ship inside, or those of a folder. Under a supposition those fail that it makes answer otherwise.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let source = Source::under(ledger, &args.suppose)?;
    let files = match ledger {
        None => source::cases()?,
        Some(folder) => source::files(folder)?.into_iter().filter(|(path, _)| path.contains("/cases/")).collect(),
    };
    let mut all = read(&files)?;
    let read = all.len();
    if !source.supposed.is_empty() {
        // What they expect is of another law than the one that is supposed here.
        all.retain(|case| case.scenario.is_none());
    }
    let scenarios = scenarios::read(ledger)?;
    let verdicts = cases::check_all(&all, (&source.ledger, &source.schedule), &scenarios, source.today());
    let mut page = Page::new();
    source.say_supposed(&mut page);
    let mut failed = 0_usize;
    for (case, verdict) in all.iter().zip(&verdicts) {
        if verdict.holds() {
            continue;
        }
        failed += 1;
        page.wrapped(0, FAULT, &format!("{}:{}: {}", case.file, case.place, case.name));
        for difference in &verdict.differences {
            page.item(2, "- ", &difference.to_string());
        }
        page.wrapped(2, FAINT, &format!("source: {}", case.source));
    }
    page.gap();
    page.wrapped(0, STRONG, &format!("{} passed, {failed} failed", all.len() - failed));
    page.wrapped(
        0,
        PLAIN,
        &format!("{} cases of {} files in {}", all.len(), files.len(), milliseconds(start.elapsed())),
    );
    if all.len() < read {
        let text = format!("{} more that suppose something of their own are left out", read - all.len());
        page.wrapped(0, FAINT, &text);
    }
    page.print()?;
    Ok(if failed > 0 { Outcome::Findings } else { Outcome::Done })
}

/// Reads all cases; every file that is wrong is named.
fn read(files: &[File]) -> Result<Vec<Case>, Failure> {
    let mut all = Vec::new();
    let mut faults = Vec::new();
    for (path, bytes) in files {
        let is_table = Path::new(path).extension().is_some_and(|extension| extension == "csv");
        let read = if is_table { cases::read_csv(path, bytes) } else { cases::read_toml(path, bytes) };
        match read {
            Ok(found) => all.extend(found),
            Err(error) => faults.push(Fault::new(error.to_string())),
        }
    }
    if faults.is_empty() { Ok(all) } else { Err(Failure::Wrong(faults)) }
}
