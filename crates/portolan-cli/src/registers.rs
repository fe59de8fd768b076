//! `portolan claims`, `portolan acts` and `portolan coverage`: what the ledger holds.

use std::path::Path;

use portolan_ledger::record::{ListId, Program, Seen};
use portolan_ledger::{Instant, Ledger, Side};

use crate::explain;
use crate::failure::{Failure, Fault, Outcome};
use crate::source::Source;
use crate::term::{Align, FAINT, PLAIN, Page, Row, STRONG};

/// What is asked of the register of acts.
#[derive(Debug, clap::Args)]
pub struct ActsArgs {
    /// One act, with the records that cite it
    id: Option<String>,
    /// Only acts that were seen so: primary, schedule, secondary or unchecked
    #[arg(long, value_name = "HOW", value_parser = seen)]
    seen: Option<Seen>,
}

/// How acts can have been seen.
const SEEN: [Seen; 4] = [Seen::Primary, Seen::Schedule, Seen::Secondary, Seen::Unchecked];

fn seen(text: &str) -> Result<Seen, String> {
    let found = SEEN.into_iter().find(|seen| seen.name() == text);
    found.ok_or_else(|| "an act is seen as primary, schedule, secondary or unchecked".to_owned())
}

/// The claims that a filer can make, each with its question.
pub fn claims(ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::open(ledger)?;
    let mut page = Page::new();
    for article in [true, false] {
        page.section(if article {
            "What the article is: asked for where a duty turns on it"
        } else {
            "Claimed to pay less: not claimed where it is not stated"
        });
        let claims = source.ledger.claims.iter().filter(|claim| claim.article == article);
        let rows: Vec<Row> = claims
            .map(|claim| {
                let row = Row::new().styled(claim.name.clone(), STRONG).cell(claim.question.clone());
                let leads = if claim.leads_to.is_empty() {
                    String::new()
                } else {
                    format!("leads to {}", claim.leads_to.join(", "))
                };
                row.note(leads).note(claim.note.clone().unwrap_or_default())
            })
            .collect();
        page.table(2, &[Align::Left, Align::Fill], &rows);
    }
    page.gap();
    page.wrapped(
        0,
        FAINT,
        "State one with --claim NAME, or --claim no:NAME where it was considered and does not hold.",
    );
    page.print()?;
    Ok(Outcome::Done)
}

/// The register of acts, or one of them.
pub fn acts(args: &ActsArgs, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::open(ledger)?;
    let mut page = Page::new();
    if let Some(id) = &args.id {
        let found = source.ledger.acts.iter().position(|act| act.id == *id);
        let Some(found) = found else {
            let near = explain::near(id, source.ledger.acts.iter().map(|act| act.id.as_str()));
            return Err(Fault::new(format!("ID \"{id}\": no such act is in the register")).help(near).into());
        };
        explain::act(&source.ledger, found, &mut page);
        page.print()?;
        return Ok(Outcome::Done);
    }
    let wanted = source.ledger.acts.iter().filter(|act| args.seen.is_none_or(|seen| act.seen == seen));
    let mut acts: Vec<_> = wanted.collect();
    acts.sort_by_key(|act| (act.side, act.issued));
    let rows: Vec<Row> = acts
        .iter()
        .map(|act| {
            let row = Row::new().styled(act.id.clone(), STRONG).cell(act.issued.to_string()).cell(act.seen.name());
            row.cell(act.title.clone()).note(format!("{}, {}", act.kind, act.cite))
        })
        .collect();
    page.table(0, &[Align::Left, Align::Left, Align::Left, Align::Fill], &rows);
    page.gap();
    page.wrapped(0, FAINT, &format!("{} acts", acts.len()));
    page.print()?;
    Ok(Outcome::Done)
}

/// What the ledger covers, and how far it was checked.
pub fn coverage(ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::open(ledger)?;
    let ledger = &source.ledger;
    let mut page = Page::new();
    for (side, jurisdiction) in (0..).map(Side).zip(&ledger.jurisdictions) {
        page.section(&format!("Levied by {}", jurisdiction.name));
        let programs = ledger.programs.iter().filter(|program| program.levied_by == side);
        let head = ["Program", "Family", "Headings", "Lists", "Rows", "First date", "Checked through"];
        let head = head.into_iter().fold(Row::new(), |row, name| row.styled(name, FAINT));
        let rows: Vec<Row> =
            std::iter::once(head).chain(programs.map(|program| coverage_row(ledger, side, program))).collect();
        let aligns = [Align::Left, Align::Left, Align::Right, Align::Right, Align::Right, Align::Left, Align::Left];
        page.table(2, &aligns, &rows);
    }
    page.section("Acts, by how their text was seen");
    let rows = SEEN.map(|seen| {
        let count = ledger.acts.iter().filter(|act| act.seen == seen).count();
        Row::new().cell(count.to_string()).cell(seen.name())
    });
    page.table(2, &[Align::Right, Align::Left], &rows);
    page.section("Schedule");
    let (first, last) = (source.schedule.first_edition(), source.schedule.last_edition());
    let editions = source.schedule.editions().len();
    let text = format!(
        "{editions} editions, from {} of {} to {} of {}",
        first.name, first.published, last.name, last.published
    );
    page.wrapped(2, PLAIN, &text);
    page.wrapped(2, FAINT, &format!("ledger {}", ledger.version));
    page.print()?;
    Ok(Outcome::Done)
}

fn coverage_row(ledger: &Ledger, side: Side, program: &Program) -> Row {
    let scopes = program.provisions.iter().map(|p| &p.scope).chain(program.exceptions.iter().map(|e| &e.scope));
    let scopes = scopes.chain(program.prohibitions.iter().map(|p| &p.scope));
    let mut lists: Vec<ListId> = scopes.flat_map(|s| s.products.iter().chain(&s.products_except)).copied().collect();
    lists.sort_unstable();
    lists.dedup();
    let rows: usize = lists.iter().map(|list| ledger.lists[usize::from(list.0)].rows.len()).sum();
    let rates = program.provisions.iter().flat_map(|p| &p.rates).map(|rate| rate.term.from);
    let bans = program.prohibitions.iter().flat_map(|p| &p.terms).map(|term| term.from);
    let first: Option<Instant> = rates.chain(bans).min();
    let first = first.and_then(|at| ledger.clock(side).map(|clock| clock.day_of(at).to_string()));
    let family = ledger.families.get(usize::from(program.family.0)).map_or("", |family| family.id.as_str());
    let row = Row::new().styled(program.id.clone(), STRONG).cell(family).cell(program.provisions.len().to_string());
    let row = row.cell(lists.len().to_string()).cell(rows.to_string()).cell(first.unwrap_or_default());
    row.cell(program.checked_through.to_string()).note(format!("{}: {}", program.title, program.checked_against))
}
