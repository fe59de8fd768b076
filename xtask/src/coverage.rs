//! `cargo xtask coverage`: what the ledger covers, as a page of the documentation.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use portolan_ledger::record::{ListId, Program, Seen};
use portolan_ledger::{Instant, Ledger, Side, read};

/// How acts can have been seen, and what that means.
const SEEN: [(Seen, &str); 4] = [
    (Seen::Primary, "its text was read"),
    (Seen::Schedule, "it was read in the schedule or its change record"),
    (Seen::Secondary, "it was read about"),
    (Seen::Unchecked, "it was not checked"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page_path() -> PathBuf {
    root().join("docs/coverage.md")
}

/// Writes the page.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    if let Some(argument) = arguments.next() {
        return Err(format!("`coverage` takes no argument, not `{argument}`"));
    }
    let path = page_path();
    let page = page(&ledger()?);
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.and_then(|()| std::fs::write(&path, page)).map_err(|error| format!("{}: {error}", path.display()))
}

fn ledger() -> Result<Ledger, String> {
    let files = read::collect(&root().join("ledger")).map_err(|error| format!("ledger: {error}"))?;
    let refused =
        |refused: read::Refused| format!("the ledger has {} faults: portolan check", refused.diagnostics.len());
    read::read(&files).map(|read| read.ledger).map_err(refused)
}

/// The page, in Markdown.
fn page(ledger: &Ledger) -> String {
    let mut page = String::from(
        "# What the ledger covers\n\n\
         Written by `cargo xtask coverage` from the records; `portolan coverage` shows the same of any ledger, and\n\
         `portolan drift EDITION` accounts for every heading that an edition of the schedule prints.\n\
         Past the day through which a program was checked its answers say so (`beyond_horizon`).\n",
    );
    for (side, jurisdiction) in (0..).map(Side).zip(&ledger.jurisdictions) {
        let head = "| program | family | duties | lists | rows | first date | checked through |";
        let _ = write!(page, "\n## Levied by {}\n\n{head}\n|---|---|--:|--:|--:|---|---|\n", jurisdiction.name);
        let programs = || ledger.programs.iter().filter(|program| program.levied_by == side);
        for program in programs() {
            page.push_str(&row(ledger, side, program));
        }
        page.push_str("\nChecked against:\n\n");
        for program in programs() {
            let _ = writeln!(page, "- `{}`: {}", program.id, program.checked_against);
        }
    }
    page.push_str("\n## Acts, by how their text was seen\n\n| seen | acts | |\n|---|--:|---|\n");
    for (seen, means) in SEEN {
        let count = ledger.acts.iter().filter(|act| act.seen == seen).count();
        let _ = writeln!(page, "| {} | {count} | {means} |", seen.name());
    }
    page.push_str(&outside(ledger));
    page
}

fn row(ledger: &Ledger, side: Side, program: &Program) -> String {
    let scopes = program.provisions.iter().map(|record| &record.scope);
    let scopes = scopes.chain(program.exceptions.iter().map(|record| &record.scope));
    let scopes = scopes.chain(program.prohibitions.iter().map(|record| &record.scope));
    let mut lists: Vec<ListId> = scopes.flat_map(|s| s.products.iter().chain(&s.products_except)).copied().collect();
    lists.sort_unstable();
    lists.dedup();
    let rows: usize = lists.iter().map(|list| ledger.lists[usize::from(list.0)].rows.len()).sum();
    let rates = program.provisions.iter().flat_map(|record| &record.rates).map(|rate| rate.term.from);
    let bans = program.prohibitions.iter().flat_map(|record| &record.terms).map(|term| term.from);
    let first: Option<Instant> = rates.chain(bans).min();
    let first = first.and_then(|at| ledger.clock(side).map(|clock| clock.day_of(at).to_string())).unwrap_or_default();
    let family = ledger.families.get(usize::from(program.family.0)).map_or("", |family| family.id.as_str());
    format!(
        "| `{}` {} | {family} | {} | {} | {rows} | {first} | {} |\n",
        program.id,
        program.title,
        program.provisions.len(),
        lists.len(),
        program.checked_through
    )
}

/// The headings that the schedule prints and the ledger does not hold, and those for which one record stands.
fn outside(ledger: &Ledger) -> String {
    let mut page = String::from("\n## Printed in the schedule, without a record of their own\n");
    for (title, carried) in [("Outside the ledger", false), ("One record stands for several headings", true)] {
        let _ = write!(page, "\n{title}:\n\n");
        for outside in ledger.outside.iter().filter(|outside| outside.carried_by.is_empty() != carried) {
            let runs = outside
                .headings
                .iter()
                .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") });
            let runs = runs.collect::<Vec<_>>().join(", ");
            let _ = writeln!(page, "- {} ({runs}): {}. {}", outside.title, outside.opened_by, outside.reason);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let written = std::fs::read_to_string(page_path()).unwrap_or_default();
        assert!(written == page(&ledger().unwrap()), "docs/coverage.md is older than the ledger: cargo xtask coverage");
    }
}
