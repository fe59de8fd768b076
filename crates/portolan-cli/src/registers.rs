//! `portolan claims`, `portolan acts`, `portolan measures` and `portolan coverage`: what the ledger holds.

use std::path::Path;

use portolan_ledger::record::{ActId, ListId, Program, Seen};
use portolan_ledger::register::{Event, Measure, MeasureKind, Register, Standing, State};
use portolan_ledger::{Day, Instant, Ledger, Side};

use crate::clock::day;

use crate::explain;
use crate::failure::{Failure, Fault, Outcome};
use crate::source::{Source, Suppose};
use crate::term::{Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::words::cite;

/// What is asked of the register of acts.
#[derive(Debug, clap::Args)]
pub struct ActsArgs {
    /// One act, with the records that cite it
    id: Option<String>,
    /// Only acts that were seen so: primary, schedule, secondary or unchecked
    #[arg(long, value_name = "HOW", value_parser = seen)]
    seen: Option<Seen>,
    #[command(flatten)]
    suppose: Suppose,
}

/// What is asked of the claims.
#[derive(Debug, clap::Args)]
pub struct ClaimsArgs {
    #[command(flatten)]
    suppose: Suppose,
}

/// What is asked of the coverage.
#[derive(Debug, clap::Args)]
pub struct CoverageArgs {
    #[command(flatten)]
    suppose: Suppose,
}

/// How acts can have been seen.
const SEEN: [Seen; 4] = [Seen::Primary, Seen::Schedule, Seen::Secondary, Seen::Unchecked];

fn seen(text: &str) -> Result<Seen, String> {
    let found = SEEN.into_iter().find(|seen| seen.name() == text);
    found.ok_or_else(|| "an act is seen as primary, schedule, secondary or unchecked".to_owned())
}

/// The claims that a filer can make, each with its question.
pub fn claims(args: &ClaimsArgs, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::under(ledger, &args.suppose)?;
    let mut page = Page::new();
    source.say_supposed(&mut page);
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
    let source = Source::under(ledger, &args.suppose)?;
    let mut page = Page::new();
    source.say_supposed(&mut page);
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

/// What is asked of the register of measures.
#[derive(Debug, clap::Args)]
pub struct MeasuresArgs {
    /// The day at whose end the states are shown; today where it is not stated
    #[arg(long, value_name = "day")]
    on: Option<String>,
    /// The register as it could be known at the end of that day; the day shown where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
    /// Only measures of this side
    #[arg(long, value_name = "SIDE")]
    side: Option<String>,
    /// Only measures of this kind
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<MeasureKind>,
    #[command(flatten)]
    suppose: Suppose,
}

fn kind(text: &str) -> Result<MeasureKind, String> {
    let found = MeasureKind::ALL.iter().find(|kind| kind.name() == text);
    let names = || MeasureKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    found.copied().ok_or_else(|| format!("the kinds are {}", names()))
}

/// Measures that are no tariffs, with how each stands on a day.
pub fn measures(args: &MeasuresArgs, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::under(ledger, &args.suppose)?;
    let ledger = &source.ledger;
    let on = args.on.as_deref().map(|text| day("on", text)).transpose()?.unwrap_or_else(|| source.today());
    let known = args.known.as_deref().map(|text| day("known", text)).transpose()?.unwrap_or(on);
    let wanted = match &args.side {
        None => None,
        Some(name) => {
            let sides = || ledger.jurisdictions.iter().map(|side| side.name.as_str()).collect::<Vec<_>>().join(", ");
            let found = ledger.side(&name.to_ascii_uppercase());
            let fault = || Fault::new(format!("--side \"{name}\": not a side of this ledger"));
            Some(found.ok_or_else(|| fault().help(format!("its sides are {}", sides())))?)
        }
    };
    let mut page = Page::new();
    source.say_supposed(&mut page);
    page.wrapped(
        0,
        STRONG,
        &format!("Measures that are no tariffs, as they stand at the end of {on}, as known on {known}"),
    );
    let mut count = 0;
    for side in (0..).map(Side).take(ledger.jurisdictions.len()).filter(|side| wanted.is_none_or(|w| w == *side)) {
        let Some(clock) = ledger.clock(side) else { continue };
        let at = Instant(clock.day_end(on).0.saturating_sub(1));
        let own = ledger.measures().filter(|(_, measure)| measure.side == side);
        let own = own.filter(|(_, measure)| args.kind.is_none_or(|kind| kind == measure.kind));
        let standing = own.filter_map(|(register, m)| Some((register, m, m.standing(at, known)?)));
        let rows: Vec<Row> = standing.map(|found| measure_row(ledger, on, known, found)).collect();
        if rows.is_empty() {
            continue;
        }
        count += rows.len();
        page.section(&ledger.jurisdictions[usize::from(side.0)].name);
        page.table(2, &[Align::Left, Align::Left, Align::Fill], &rows);
    }
    page.gap();
    let measures = if count == 1 { "measure" } else { "measures" };
    page.wrapped(0, FAINT, &format!("{count} {measures}; portolan explain ID shows one with its history and accounts"));
    page.print()?;
    Ok(Outcome::Done)
}

fn measure_row(
    ledger: &Ledger,
    on: Day,
    known: Day,
    (register, measure, standing): (&Register, &Measure, Standing<'_>),
) -> Row {
    let row = Row::new().styled(standing.state.name(), STRONG).cell(measure.kind.name()).cell(measure.title.clone());
    let row = row.note(measure.id.clone()).note(since(ledger, measure.side, &standing));
    let says = standing.row.says.as_ref().filter(|_| !standing.ran_out);
    let row = says.map_or(row.clone(), |says| row.note(says.clone()));
    if on > register.checked_through && known > register.checked_through {
        row.note(format!("the sources reach through {}: what followed is not known", register.checked_through))
    } else {
        row
    }
}

/// Since when a measure stands as it does, and until when by its text.
fn since(ledger: &Ledger, side: Side, standing: &Standing<'_>) -> String {
    let Some(clock) = ledger.clock(side) else { return String::new() };
    let from = clock.show(standing.row.from);
    match standing.row.until {
        Some((until, _)) if standing.ran_out => {
            format!("{} from {from}, a term that ended {}", standing.row.status.name(), clock.show(until))
        }
        Some((until, then)) => {
            format!("since {from}, until {}, then {}", clock.show(until), State::from(then).name())
        }
        None => format!("since {from}"),
    }
}

/// A measure with its history and what each side says of it.
pub fn measure(ledger: &Ledger, register: &Register, measure: &Measure, page: &mut Page) {
    page.wrapped(0, STRONG, &format!("{}  {}", measure.id, measure.title));
    page.wrapped(2, PLAIN, &format!("{}; {}", measure.kind.name(), measure.instrument));
    page.wrapped(2, PLAIN, measure.scope.as_deref().unwrap_or_default());
    let cited = |act: Option<ActId>| act.map_or(String::new(), |act| cite(ledger, act));
    page.wrapped(2, FAINT, &cited(measure.act));
    if !measure.answers.is_empty() {
        page.wrapped(2, PLAIN, &format!("answers {}", named(ledger, &measure.answers)));
    }
    page.wrapped(2, FAINT, measure.note.as_deref().unwrap_or_default());
    page.wrapped(2, FAINT, &format!("certainty {}; {}", measure.certainty.name(), measure.source.join(", ")));
    page.section("How it stood");
    let clock = ledger.clock(measure.side);
    let show = |at: Instant| clock.as_ref().map_or(String::new(), |clock| clock.show(at));
    let rows = measure.statuses.iter().map(|row| {
        let until = row.until.map_or(String::new(), |(until, then)| {
            format!(", until {}, then {}", show(until), State::from(then).name())
        });
        let text = format!("{}{until}", row.status.name());
        let told = Row::new().cell(show(row.from)).cell(text).note(row.says.clone().unwrap_or_default());
        let told = told.note(cited(row.act)).note(row.note.clone().unwrap_or_default());
        let source = if row.source.is_empty() { String::new() } else { format!("; {}", row.source.join(", ")) };
        told.note(format!("certainty {}{source}", row.certainty.name()))
    });
    page.table(2, &[Align::Left, Align::Fill], &rows.collect::<Vec<_>>());
    page.wrapped(2, FAINT, &reach(register));
    let accounts = measure.accounts.iter().map(|account| {
        let row = Row::new().cell(account.on.to_string()).cell(ledger.actor(&account.by)).cell(account.says.clone());
        row.note(format!("certainty {}; {}", account.certainty.name(), account.source))
    });
    listed(page, "What is said of it", &accounts.collect::<Vec<_>>());
    let names = |about: &[String]| about.contains(&measure.id);
    let events = ledger.events().into_iter().map(|(_, event)| event);
    let events = events.filter(|event| names(&event.about) || event.claims.iter().any(|claim| names(&claim.about)));
    let events =
        events.map(|event| Row::new().cell(event.on.to_string()).cell(event.id.clone()).cell(event.title.clone()));
    listed(page, "Events about it", &events.collect::<Vec<_>>());
}

/// An event with each side's account under its own name.
pub fn event(ledger: &Ledger, register: &Register, event: &Event, page: &mut Page) {
    page.wrapped(0, STRONG, &format!("{}  {}", event.id, event.title));
    let until = event.until.map_or(String::new(), |until| format!(" to {until}"));
    let place = event.place_name.as_ref().map_or(String::new(), |place| format!("; {place}"));
    page.wrapped(2, PLAIN, &format!("{}, {}{until}{place}", event.kind.name(), event.on));
    let actors: Vec<String> = event.actors.iter().map(|actor| ledger.actor(actor)).collect();
    page.wrapped(2, PLAIN, &actors.join("; "));
    page.wrapped(2, PLAIN, event.outcome.as_deref().unwrap_or_default());
    page.wrapped(2, FAINT, event.note.as_deref().unwrap_or_default());
    page.wrapped(2, FAINT, &format!("certainty {}; {}", event.certainty.name(), event.source.join(", ")));
    for (side, jurisdiction) in (0..).map(Side).zip(&ledger.jurisdictions) {
        let own = event.claims.iter().filter(|claim| claim.by.side == side);
        let rows = own.map(|claim| {
            let who = claim.by.who.clone().unwrap_or_else(|| jurisdiction.name.clone());
            let row = Row::new().cell(claim.kind.name()).cell(who).cell(claim.says.clone());
            let about =
                if claim.about.is_empty() { String::new() } else { format!("about {}; ", claim.about.join(", ")) };
            row.note(format!("{about}certainty {}; {}", claim.certainty.name(), claim.source))
        });
        let rows: Vec<Row> = rows.collect();
        page.section(&format!("The account of {}", jurisdiction.name));
        if rows.is_empty() {
            page.wrapped(2, FAINT, "none recorded");
        }
        page.table(2, &[Align::Left, Align::Left, Align::Fill], &rows);
    }
    if !event.about.is_empty() {
        page.section("About");
        page.wrapped(2, PLAIN, &named(ledger, &event.about));
    }
    page.wrapped(2, FAINT, &reach(register));
}

fn listed(page: &mut Page, name: &str, rows: &[Row]) {
    if !rows.is_empty() {
        page.section(name);
        page.table(2, &[Align::Left, Align::Left, Align::Fill], rows);
    }
}

/// References with the titles of what they name.
fn named(ledger: &Ledger, references: &[String]) -> String {
    let one = |reference: &String| format!("{reference} ({})", ledger.title_of(reference).unwrap_or("?"));
    references.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn reach(register: &Register) -> String {
    format!("the sources reach through {}: {}", register.checked_through, register.checked_against)
}

/// What the ledger covers, and how far it was checked.
pub fn coverage(args: &CoverageArgs, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::under(ledger, &args.suppose)?;
    let ledger = &source.ledger;
    let mut page = Page::new();
    source.say_supposed(&mut page);
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
    registers(ledger, &mut page);
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

/// How many measures and events there are, by side and kind.
fn registers(ledger: &Ledger, page: &mut Page) {
    page.section("Measures that are no tariffs");
    let mut rows: Vec<Row> = Vec::new();
    for (side, jurisdiction) in (0..).map(Side).zip(&ledger.jurisdictions) {
        for kind in MeasureKind::ALL {
            let own = ledger.measures().filter(|(_, m)| m.side == side && m.kind == *kind);
            let (count, states) = own.fold((0, 0), |(count, states), (_, m)| (count + 1, states + m.statuses.len()));
            if count > 0 {
                let row = Row::new().styled(jurisdiction.name.clone(), STRONG).cell(kind.name());
                rows.push(row.cell(count.to_string()).cell(format!("{states} states")));
            }
        }
    }
    page.table(2, &[Align::Left, Align::Left, Align::Right, Align::Left], &rows);
    let events = ledger.events();
    let claims: usize = events.iter().map(|(_, event)| event.claims.len()).sum();
    page.section("Events");
    let (first, last) = (events.first(), events.last());
    if let (Some((_, first)), Some((_, last))) = (first, last) {
        let text = format!(
            "{} events, from {} to {}, with {claims} points of the sides' accounts",
            events.len(),
            first.on,
            last.on
        );
        page.wrapped(2, PLAIN, &text);
    }
    let through = ledger.registers.iter().map(|register| register.checked_through);
    if let (Some(first), Some(last)) = (through.clone().min(), through.max()) {
        let span = if first == last { first.to_string() } else { format!("{first} to {last}") };
        page.wrapped(2, FAINT, &format!("checked through {span}, by file"));
    }
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
