//! `portolan clock`: what changes next on either side if nothing is signed.

use std::path::Path;

use portolan_engine::resolve::Record;
use portolan_engine::{Engine, Law};
use portolan_ledger::line::{EntryLine, View, When};
use portolan_ledger::record::{Origin, OriginRef, Program, Scope, Suspension, Term};
use portolan_ledger::timeline::{Moment, ProvisionIx, ProvisionNode};
use portolan_ledger::{Day, Instant, Ledger, Side, TariffCode};

use crate::failure::{Failure, Fault, Outcome};
use crate::source::Source;
use crate::term::{Align, FAINT, Page, Row, STRONG};
use crate::words::{Words, cite, distance};

/// How many headings of one suspension are named.
const SHOWN: usize = 5;

/// From when is looked ahead.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The day from which is looked ahead; today where it is not stated
    #[arg(long, value_name = "day")]
    on: Option<String>,
    /// The law as it could be known at the end of that day; the day from which is looked ahead where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
}

/// Something that happens by itself.
#[derive(Debug)]
struct Tick {
    at: Instant,
    what: String,
    change: String,
    notes: Vec<String>,
}

/// A day given to an option.
pub fn day(option: &str, text: &str) -> Result<Day, Failure> {
    Day::parse_iso(text.trim().as_bytes()).ok_or_else(|| {
        Fault::new(format!("--{option} \"{text}\": not a day of the calendar")).help("write it as YYYY-MM-DD").into()
    })
}

/// Shows what changes next.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::open(ledger)?;
    let on = args.on.as_deref().map(|text| day("on", text)).transpose()?.unwrap_or_else(|| source.today());
    let known = args.known.as_deref().map(|text| day("known", text)).transpose()?.unwrap_or(on);
    // Without a schedule no code is refused, so that goods that stand on no list can be asked about.
    let law = Law::new(&source.ledger, None);
    let mut engine = Engine::new(&law);
    let mut page = Page::new();
    page.wrapped(0, STRONG, &format!("What changes after {on} if nothing more is signed, as known on {known}"));
    for (side, jurisdiction) in (0..).map(Side).zip(&source.ledger.jurisdictions) {
        let Some(words) = Words::new(&law, side) else { continue };
        let moment = Moment { at: words.clock().day_start(on), known, view: View::Assessed };
        let mut ticks = Vec::new();
        for program in source.ledger.programs.iter().filter(|program| program.levied_by == side) {
            suspensions(&mut engine, words, program, moment, &mut ticks);
            exceptions(words, program, moment, &mut ticks);
        }
        rates(words, side, moment, &mut ticks);
        lists(words, side, moment, &mut ticks);
        ticks.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
        ticks.dedup_by(|a, b| (a.at, &a.what, &a.change, &a.notes) == (b.at, &b.what, &b.change, &b.notes));
        page.section(&format!("Levied by {}", jurisdiction.name));
        if ticks.is_empty() {
            page.wrapped(2, FAINT, "nothing, as far as is known");
        }
        let rows: Vec<Row> = ticks.iter().map(|tick| row(words, on, tick)).collect();
        page.table(2, &[Align::Left, Align::Right, Align::Fill], &rows);
    }
    page.print()?;
    Ok(Outcome::Done)
}

fn row(words: Words<'_, '_>, on: Day, tick: &Tick) -> Row {
    let when = distance(on, words.day(tick.at));
    let what = if tick.change.is_empty() { tick.what.clone() } else { format!("{}: {}", tick.what, tick.change) };
    let row = Row::new().styled(words.moment(tick.at), STRONG).cell(when).cell(what);
    tick.notes.iter().fold(row, |row, note| row.note(note.clone()))
}

/// The end of a term that is in force, where it has one after the moment.
fn end(words: Words<'_, '_>, terms: &[Term], moment: Moment) -> Option<(Instant, Term)> {
    let term = words.law().timeline.in_force(terms, moment.at, moment.known)?;
    term.until.filter(|&until| until > moment.at).map(|until| (until, *term))
}

/// Truces and pauses whose term ends.
fn suspensions(
    engine: &mut Engine<'_>,
    words: Words<'_, '_>,
    program: &Program,
    moment: Moment,
    ticks: &mut Vec<Tick>,
) {
    let ledger = words.ledger();
    for suspension in &program.suspensions {
        let Some((at, term)) = end(words, &suspension.terms, moment) else { continue };
        let title = suspension.title.as_deref().unwrap_or(&suspension.id);
        let mut notes = vec![cite(ledger, term.act)];
        let mut general = None;
        let count = of(words, suspension).count();
        for (position, (index, node)) in of(words, suspension).enumerate() {
            if position < SHOWN || count == SHOWN + 1 {
                notes.push(beneath(words, index, node, suspension, Moment { at, ..moment }));
            } else if position == SHOWN {
                notes.push(format!("and {} more headings", count - SHOWN));
            }
            if node.record.scope.products.is_empty() && general.is_none() {
                general = sample(ledger, &node.record.scope);
            }
        }
        let change = general.and_then(|origin| on_no_list(engine, program.levied_by, origin, at, moment.known));
        let what = format!("suspension ends: {title} ({})", program.title);
        ticks.push(Tick { at, what, change: change.unwrap_or_default(), notes });
    }
}

/// The provisions that a suspension lies over.
fn of<'w, 'l>(
    words: Words<'w, 'l>,
    suspension: &'w Suspension,
) -> impl Iterator<Item = (ProvisionIx, &'w ProvisionNode<'l>)> {
    let nodes = (0..).map(ProvisionIx).zip(&words.law().timeline.provisions);
    nodes.filter(move |(_, node)| node.suspensions.iter().any(|other| std::ptr::eq(*other, suspension)))
}

/// The rate of a provision before its suspension ends, and after.
fn beneath(
    words: Words<'_, '_>,
    index: ProvisionIx,
    node: &ProvisionNode<'_>,
    suspension: &Suspension,
    after: Moment,
) -> String {
    let timeline = &words.law().timeline;
    let before = suspension.keeps.as_ref().map_or("suspended".to_owned(), ToString::to_string);
    let rate = timeline.in_force(&node.record.rates, after.at, after.known);
    let then = rate.filter(|_| suspension.resumes).map_or("ended".to_owned(), |record| record.rate.to_string());
    let void = timeline.annulled(node, after).map_or(String::new(), |annulment| {
        format!(", annulled by {}: nothing is collected", cite(words.ledger(), annulment.term.act))
    });
    format!("{}: {before} -> {then}{void}", words.name(Record::Provision(index)))
}

/// A country that a scope holds.
fn sample(ledger: &Ledger, scope: &Scope) -> Option<Origin> {
    scope.origin.iter().find_map(|member| match member {
        OriginRef::Any => None,
        OriginRef::Country(origin) => Some(*origin),
        OriginRef::Group(group) => {
            let members = ledger.groups[usize::from(group.0)].members.last()?;
            members.origins.first().copied()
        }
    })
}

/// The additional duty on goods that stand on no list, before a moment and from it on.
fn on_no_list(engine: &mut Engine<'_>, side: Side, origin: Origin, at: Instant, known: Day) -> Option<String> {
    let mut total = |at: Instant| {
        let line = EntryLine::new(side, TariffCode::from_padded(0, 8), origin, When::At(at), known);
        engine.bill(&line).ok()?.additional_pct
    };
    let (before, after) = (total(Instant(at.0.saturating_sub(1)))?, total(at)?);
    Some(format!("goods of {origin} on no list {before}% -> {after}%"))
}

/// Exceptions, exclusions and in-transit clauses whose term ends.
fn exceptions(words: Words<'_, '_>, program: &Program, moment: Moment, ticks: &mut Vec<Tick>) {
    for exception in &program.exceptions {
        let Some((at, term)) = end(words, &exception.terms, moment) else { continue };
        let heading = exception.heading.as_deref().map_or(String::new(), |heading| format!("{heading} "));
        let label = exception.label.as_deref().unwrap_or(&exception.id);
        let what = format!("exception ends: {heading}{label}");
        ticks.push(Tick {
            at,
            what,
            change: String::new(),
            notes: vec![format!("{}; {}", program.title, cite(words.ledger(), term.act))],
        });
    }
}

/// Steps of rates that are already law.
fn rates(words: Words<'_, '_>, side: Side, moment: Moment, ticks: &mut Vec<Tick>) {
    let timeline = &words.law().timeline;
    for (index, node) in (0..).map(ProvisionIx).zip(&timeline.provisions) {
        if timeline.program(node.program).levied_by != side {
            continue;
        }
        let known = node.record.rates.iter().filter(|record| timeline.is_known(&record.term, moment.known));
        let bounds = known.flat_map(|record| [Some(record.term.from), record.term.until]).flatten();
        let mut bounds: Vec<Instant> = bounds.filter(|&at| at > moment.at).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let rate = |at: Instant| timeline.in_force(&node.record.rates, at, moment.known);
        let text = |at: Instant| rate(at).map_or("none".to_owned(), |record| record.rate.to_string());
        for at in bounds {
            let (before, after) = (text(Instant(at.0.saturating_sub(1))), text(at));
            if before == after {
                continue;
            }
            let act = rate(at).or_else(|| rate(Instant(at.0.saturating_sub(1))));
            let notes = act.map(|record| cite(words.ledger(), record.term.act)).into_iter().collect();
            ticks.push(Tick {
                at,
                what: words.name(Record::Provision(index)),
                change: format!("{before} -> {after}"),
                notes,
            });
        }
    }
}

/// Rows of product lists that begin or end.
fn lists(words: Words<'_, '_>, side: Side, moment: Moment, ticks: &mut Vec<Tick>) {
    let ledger = words.ledger();
    let own = |program: &&Program| program.levied_by == side;
    let scopes = ledger.programs.iter().filter(own).flat_map(|program| {
        let scopes = program.provisions.iter().map(|p| &p.scope).chain(program.exceptions.iter().map(|e| &e.scope));
        scopes.chain(program.prohibitions.iter().map(|p| &p.scope))
    });
    let mut used: Vec<_> =
        scopes.flat_map(|scope| scope.products.iter().chain(&scope.products_except)).copied().collect();
    used.sort_unstable();
    used.dedup();
    for list in used.iter().map(|id| &ledger.lists[usize::from(id.0)]) {
        let known = |row: &&portolan_ledger::record::ListRow| words.law().timeline.is_known(&row.term, moment.known);
        let mut turns: Vec<(Instant, bool, Term)> = Vec::new();
        for row in list.rows.iter().filter(known) {
            turns.extend((row.term.from > moment.at).then_some((row.term.from, true, row.term)));
            let ends = row.term.until.filter(|&until| until > moment.at);
            // A row that a later one with the same beginning restates ends when that one says.
            let restated = list.rows.iter().filter(known).any(|other| {
                other.code == row.code
                    && other.term.from == row.term.from
                    && ledger.act(other.term.act).issued > ledger.act(row.term.act).issued
            });
            turns.extend(ends.filter(|_| !restated).map(|until| (until, false, row.term)));
        }
        turns.sort_by_key(|(at, begins, _)| (*at, *begins));
        for group in turns.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (at, begins, term) = group[0];
            let verb = if begins { "begin" } else { "end" };
            let rows = if group.len() == 1 { "row" } else { "rows" };
            let what =
                format!("{}: {} {rows} {verb}{}", list.path, group.len(), if group.len() == 1 { "s" } else { "" });
            ticks.push(Tick { at, what, change: String::new(), notes: vec![cite(ledger, term.act)] });
        }
    }
}
