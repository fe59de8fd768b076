//! `portolan timeline`: the story between two sides in order, on the terminal or as a picture.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use portolan_chart::rates::Step;
use portolan_chart::story::{Asked, ByAct, Change, Dated, Entry, Story, Truce};
use portolan_chart::{page, picture};
use portolan_engine::Law;
use portolan_engine::resolve::Record;
use portolan_entry::countries;
use portolan_entry::output::Pending;
use portolan_ledger::record::{Origin, Term};
use portolan_ledger::register::{Event, Measure, State, StatusRow};
use portolan_ledger::time::MONTHS;
use portolan_ledger::{Day, Ledger, Side, TariffCode};

use crate::clock::day;
use crate::failure::{Failure, Fault, Outcome};
use crate::source::{Source, Suppose};
use crate::term::{Align, FAINT, Page, Row, STRONG};
use crate::words::{Words, cite};

/// How many changes of one act are named.
const SHOWN: usize = 6;

/// What is told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The first day; the first of the year of the last where it is not stated
    #[arg(long, value_name = "day")]
    from: Option<String>,
    /// The last day, itself included; today where it is not stated
    #[arg(long, value_name = "day")]
    to: Option<String>,
    /// The two sides
    #[arg(long, num_args = 2, value_names = ["SIDE", "SIDE"], default_values = ["US", "CN"])]
    between: Vec<String>,
    /// The good whose duties are told beside the averages
    #[arg(long, value_name = "CODE", default_value = "9403.60.80")]
    good: String,
    /// Which rates are told: the averages over all tariff lines, the good, or both
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values = ["average", "good"], value_parser = ["average", "good"])]
    rates: Vec<String>,
    /// The law and the registers as they could be known at the end of that day; today where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
    /// Write the picture as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the picture with its tables and both accounts side by side, as a page that needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    suppose: Suppose,
}

/// Tells the story.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::under(ledger, &args.suppose)?;
    let asked = asked(args, &source)?;
    let law = Law::new(&source.ledger, Some(&source.schedule));
    let story = Story::tell(&law, asked).ok_or_else(|| Fault::new("--between: the sides are no countries"))?;
    let mut page = Page::new();
    source.say_supposed(&mut page);
    if args.svg.is_none() && args.html.is_none() {
        list(&story, &law, &mut page);
    }
    if let Some(file) = &args.svg {
        write(file, "svg", &picture::svg(&story))?;
        said(file, &story, &mut page);
    }
    if let Some(file) = &args.html {
        let cite = |act| cite(&source.ledger, act);
        let name = |record| Words::new(&law, story.asked.between[0]).map_or(String::new(), |words| words.name(record));
        write(file, "html", &page::html(&story, &cite, &name))?;
        said(file, &story, &mut page);
    }
    page.print()?;
    Ok(Outcome::Done)
}

/// A file that appears whole or not at all.
fn write(file: &Path, option: &str, text: &str) -> Result<(), Failure> {
    let written = Pending::create(file).and_then(|mut pending| {
        pending.write_all(text.as_bytes())?;
        pending.sync()?;
        pending.place()
    });
    written.map_err(|error| Fault::new(format!("--{option} {}: it cannot be written: {error}", file.display())).into())
}

fn said(file: &Path, story: &Story<'_>, page: &mut Page) {
    let counts = format!(
        "{}: {}; {} events, {} measures, {} acts that change rates",
        file.display(),
        picture::title(story),
        story.events.len(),
        story.measures.len(),
        story.acts.len()
    );
    page.wrapped(0, STRONG, &counts);
}

fn asked(args: &Args, source: &Source) -> Result<Asked, Failure> {
    let ledger = &source.ledger;
    let stated = |name: &str, text: &Option<String>| text.as_deref().map(|text| day(name, text)).transpose();
    let to = stated("to", &args.to)?.unwrap_or_else(|| source.today());
    let first = |to: Day| to.date().map_or(to, |date| Day::from_date(date.first_of_year()));
    let from = stated("from", &args.from)?.unwrap_or_else(|| first(to));
    if from > to {
        let fault = Fault::new(format!("--from {from}: it lies after --to {to}"));
        return Err(fault.help("give the earlier day first").into());
    }
    let known = stated("known", &args.known)?.unwrap_or_else(|| source.today());
    let good = args.good.parse::<TariffCode>().ok().filter(|code| code.digits() >= 8);
    let Some(good) = good else {
        let fault = Fault::new(format!("--good \"{}\": not a tariff number", args.good));
        return Err(fault.help("give its 8 or 10 digits, with dots or without").into());
    };
    let [first, second] = [side(ledger, &args.between, 0)?, side(ledger, &args.between, 1)?];
    if first == second {
        let fault = Fault::new(format!("--between {} {}: the sides are one", args.between[0], args.between[1]));
        return Err(fault.help("name two sides").into());
    }
    Ok(Asked {
        between: [first, second],
        names: [name(ledger, first), name(ledger, second)],
        from,
        to,
        known,
        good,
        averages: args.rates.iter().any(|rate| rate == "average"),
        supposed: source.supposed.iter().map(|one| one.title.clone()).collect(),
        good_name: capital(source.schedule.label(good).unwrap_or("goods")),
    })
}

fn side(ledger: &Ledger, names: &[String], at: usize) -> Result<Side, Failure> {
    let name = names.get(at).map_or("", String::as_str);
    ledger.side(&name.to_ascii_uppercase()).ok_or_else(|| {
        let sides: Vec<&str> = ledger.jurisdictions.iter().map(|side| side.name.as_str()).collect();
        let fault = Fault::new(format!("--between \"{name}\": not a side of this ledger"));
        fault.help(format!("its sides are {}", sides.join(", "))).into()
    })
}

/// A side as a reader says it: the name of its country.
pub fn name(ledger: &Ledger, side: Side) -> String {
    let code = ledger.jurisdictions.get(usize::from(side.0)).map_or("", |side| side.name.as_str());
    let country = Origin::parse(code.as_bytes());
    let named = countries::all().find(|(origin, _)| Some(*origin) == country);
    named.map_or_else(|| code.to_owned(), |(_, name)| name.to_owned())
}

/// The story as a list.
fn list(story: &Story<'_>, law: &Law<'_>, page: &mut Page) {
    page.wrapped(0, STRONG, &picture::title(story));
    page.wrapped(
        0,
        FAINT,
        &format!("from {} to {}, as known on {}", story.asked.from, story.asked.to, story.asked.known),
    );
    let entries = story.entries();
    let month = |row: &Dated<'_, '_>| row.day.date().map(|date| (date.year(), date.month()));
    for group in entries.chunk_by(|a, b| month(a) == month(b)) {
        if let Some((year, month)) = month(&group[0]) {
            page.section(&format!("{} {year}", MONTHS[usize::try_from(month - 1).unwrap_or(0)]));
        }
        let rows: Vec<Row> = group.iter().flat_map(|entry| rows(story, law, entry)).collect();
        page.table(2, &[Align::Left, Align::Left, Align::Fill], &rows);
    }
    if entries.is_empty() {
        page.wrapped(2, FAINT, "nothing, as far as is known");
    }
    page.gap();
    let text =
        "Averages are simple, over tariff lines; portolan explain ID shows an act, a program, a measure or an event.";
    page.wrapped(0, FAINT, text);
}

/// The rows of an entry: when, who or what kind, and what.
fn rows(story: &Story<'_>, law: &Law<'_>, row: &Dated<'_, '_>) -> Vec<Row> {
    let ledger = story.ledger;
    let when = match row.at {
        Some((at, side)) => ledger.clock(side).map_or(String::new(), |clock| clock.show(at)),
        None => row.day.to_string(),
    };
    let code = |side: Side| ledger.jurisdictions.get(usize::from(side.0)).map_or("?", |side| side.name.as_str());
    let one = |kind: String, text: String| Row::new().cell(when.clone()).cell(kind).cell(text);
    match &row.entry {
        Entry::Law(act) => by_act(law, act, Row::new().cell(when).cell(format!("{} tariff", code(act.side)))),
        Entry::Rates { side, average, good } => {
            vec![one(format!("{} rates", code(*side)), rates(story, average.as_ref(), good.as_ref()))]
        }
        Entry::Truce(truce, term, follows) => vec![truce_row(ledger, truce, term, *follows, one)],
        Entry::TruceEnds(truce, _) => {
            vec![one(
                format!("{} truce", code(truce.side)),
                format!("{}: ends, and no later term is known", truce.title()),
            )]
        }
        Entry::Measure(measure, status) => vec![measure_row(ledger, measure, status, one)],
        Entry::RanOut(measure, _, state) => {
            let text = format!("{}: its term ends; by its text then: {}", measure.title, state.name());
            vec![one(format!("{} measure", code(measure.side)), text).note(measure.id.clone())]
        }
        Entry::Event(event) => event_rows(ledger, event, &when),
    }
}

fn by_act(law: &Law<'_>, act: &ByAct, row: Row) -> Vec<Row> {
    let Some(words) = Words::new(law, act.side) else { return Vec::new() };
    let mut row = row.styled(cite(law.timeline.ledger, act.act), STRONG);
    for change in act.changes.iter().take(SHOWN) {
        row = row.note(match change {
            Change::Rate { provision, before, after } => {
                format!("{}: {before} -> {after}", words.name(Record::Provision(*provision)))
            }
            Change::Exception { exception, begins } => {
                let verb = if *begins { "begins" } else { "ends" };
                format!("exception {verb}: {}", words.name(Record::Exception(*exception)))
            }
            Change::Rows { list, begins, count } => rows_text(list, *begins, *count),
        });
    }
    let more = act.changes.len().saturating_sub(SHOWN);
    vec![if more > 0 { row.note(format!("and {more} more changes")) } else { row }]
}

/// `us/lists/x.csv: 2 rows begin`.
pub fn rows_text(list: &str, begins: bool, count: usize) -> String {
    let verb = match (begins, count) {
        (true, 1) => "row begins",
        (true, _) => "rows begin",
        (false, 1) => "row ends",
        (false, _) => "rows end",
    };
    format!("{list}: {count} {verb}")
}

fn rates(story: &Story<'_>, average: Option<&(Step, Step)>, good: Option<&(Step, Step)>) -> String {
    let turn = |name: &str, turn: Option<&(Step, Step)>| {
        turn.map(|(before, after)| format!("{name} {}% -> {}%", before.percent(), after.percent()))
    };
    let good = turn(&format!("{} {}", story.asked.good_name, story.asked.good), good);
    [turn("average", average), good].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn truce_row(
    ledger: &Ledger,
    truce: &Truce<'_>,
    term: &Term,
    follows: bool,
    one: impl Fn(String, String) -> Row,
) -> Row {
    let clock = ledger.clock(truce.side);
    let code = ledger.jurisdictions.get(usize::from(truce.side.0)).map_or("?", |side| side.name.as_str());
    let verb = if follows { "goes on" } else { "begins" };
    let until = match (term.until, clock) {
        (Some(until), Some(clock)) => format!("until {}", clock.show(until)),
        _ => "without an end".to_owned(),
    };
    let keeps = truce.suspension.keeps.as_ref().map_or(String::new(), |keeps| format!(", keeps {keeps}"));
    one(format!("{code} truce"), format!("{}: {verb}, {until}{keeps}", truce.title())).note(cite(ledger, term.act))
}

fn measure_row(ledger: &Ledger, measure: &Measure, row: &StatusRow, one: impl Fn(String, String) -> Row) -> Row {
    let code = ledger.jurisdictions.get(usize::from(measure.side.0)).map_or("?", |side| side.name.as_str());
    let until = row.until.and_then(|(until, then)| {
        let clock = ledger.clock(measure.side)?;
        Some(format!(", until {}, then {}", clock.show(until), State::from(then).name()))
    });
    let says = row.says.as_ref().map_or(String::new(), |says| format!(" ({says})"));
    let text = format!("{}: {}{}{says}", measure.title, row.status.name(), until.unwrap_or_default());
    one(format!("{code} measure"), text).note(measure.id.clone())
}

fn event_rows(ledger: &Ledger, event: &Event, when: &str) -> Vec<Row> {
    let until = event.until.map_or(String::new(), |until| format!(", to {until}"));
    let place = event.place_name.as_ref().map_or(String::new(), |place| format!(" ({place})"));
    let head = Row::new().cell(when).cell(event.kind.name()).styled(format!("{}{place}{until}", event.title), STRONG);
    let outcome = event.outcome.iter().map(|outcome| Row::new().cell("").cell("outcome").cell(outcome.clone()));
    let claims = event.claims.iter().map(|claim| {
        Row::new().cell("").cell(ledger.actor(&claim.by)).cell(format!("{}: {}", claim.kind.name(), claim.says))
    });
    std::iter::once(head).chain(outcome).chain(claims).collect()
}

/// A text that begins with a capital letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
