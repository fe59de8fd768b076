//! `portolan clock`: what changes next on either side if nothing is signed, and what lies beyond what is known.

use std::path::Path;

use portolan_chart::ahead::{Added, Ahead, Beneath, Branches, Fork, Goods, MeasureFork, RanOut, Tick, What, Which};
use portolan_engine::Law;
use portolan_engine::resolve::Record;
use portolan_ledger::record::{ActId, Origin};
use portolan_ledger::register::State;
use portolan_ledger::{Day, Instant, Ledger, Side};
use serde_json::{Value, json};

use crate::failure::{Failure, Fault, Outcome};
use crate::scenarios;
use crate::source::{Source, Suppose};
use crate::term::{Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::timeline::{name, rows_text};
use crate::words::{Words, cite, distance};

/// How many provisions under one record are named.
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
    /// As one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    suppose: Suppose,
}

/// A day given to an option.
pub fn day(option: &str, text: &str) -> Result<Day, Failure> {
    Day::parse_iso(text.trim().as_bytes()).ok_or_else(|| {
        Fault::new(format!("--{option} \"{text}\": not a day of the calendar")).help("write it as YYYY-MM-DD").into()
    })
}

/// Shows what changes next.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::under(ledger, &args.suppose)?;
    let on = args.on.as_deref().map(|text| day("on", text)).transpose()?.unwrap_or_else(|| source.today());
    let known = args.known.as_deref().map(|text| day("known", text)).transpose()?.unwrap_or(on);
    // Without a schedule no code is refused, so that goods that stand on no list can be asked about.
    let law = Law::new(&source.ledger, None);
    let ahead = Ahead::look(&law, on, known);
    let mut page = Page::new();
    if args.json {
        page.raw(&format!("{:#}\n", object(&ahead, &law, &source)));
    } else {
        source.say_supposed(&mut page);
        show(&ahead, &law, &mut page);
    }
    page.print()?;
    Ok(Outcome::Done)
}

/// The sides of a law, each with its words.
fn sides<'w, 'l>(law: &'w Law<'l>) -> impl Iterator<Item = (Side, Words<'w, 'l>)> {
    let sides = (0..).map(Side).take(law.clocks.len());
    sides.filter_map(|side| Some((side, Words::new(law, side)?)))
}

fn show(ahead: &Ahead<'_>, law: &Law<'_>, page: &mut Page) {
    let ledger = law.timeline.ledger;
    let (on, known) = (ahead.on, ahead.known);
    page.wrapped(0, STRONG, &format!("What changes after {on} if nothing more is signed, as known on {known}"));
    forks(ahead, law, page);
    for (side, words) in sides(law) {
        page.section(&format!("{}: what happens by itself", name(ledger, side)));
        let rows = ticks(ahead, side, words);
        if rows.is_empty() {
            page.wrapped(2, FAINT, "nothing, as far as is known");
        }
        page.table(2, &[Align::Left, Align::Right, Align::Fill], &rows);
    }
    if !ahead.beyond.is_empty() {
        page.section("How far the texts were read");
        for (side, _) in sides(law) {
            let own = ahead.beyond.iter().filter(|program| program.levied_by == side).collect::<Vec<_>>();
            for group in own.chunk_by(|a, b| a.checked_through == b.checked_through) {
                let programs = if group.len() == 1 { "program" } else { "programs" };
                let (count, through) = (group.len(), group[0].checked_through);
                let text = format!("{}: {count} {programs} through {through}", name(ledger, side));
                page.wrapped(2, PLAIN, &text);
            }
        }
        page.wrapped(2, FAINT, "What was signed since is not known here; portolan coverage names each program.");
    }
}

/// What happens on a side: what one act does at one moment to rates and lists is one row.
fn ticks(ahead: &Ahead<'_>, side: Side, words: Words<'_, '_>) -> Vec<Row> {
    let ticks: Vec<&Tick<'_>> = ahead.of_side(side).collect();
    let plain = |tick: &Tick<'_>| matches!(tick.what, What::Rate { .. } | What::Rows { .. });
    let mut rows: Vec<Row> = Vec::new();
    let mut told: Vec<(Instant, Option<ActId>)> = Vec::new();
    for tick in &ticks {
        let when = Row::new().styled(words.moment(tick.at), STRONG).cell(distance(ahead.on, words.day(tick.at)));
        if !plain(tick) {
            rows.push(one(when, words, tick));
            continue;
        }
        if told.contains(&(tick.at, tick.act)) {
            continue;
        }
        told.push((tick.at, tick.act));
        let own: Vec<&&Tick<'_>> =
            ticks.iter().filter(|other| plain(other) && (other.at, other.act) == (tick.at, tick.act)).collect();
        let mut row = when.cell(tick.act.map_or("steps".to_owned(), |act| cite(words.ledger(), act)));
        for tick in &own {
            row = row.note(change(words, tick));
        }
        rows.push(row);
    }
    rows
}

/// What a rate or a list does.
fn change(words: Words<'_, '_>, tick: &Tick<'_>) -> String {
    match &tick.what {
        What::Rate { provision, before, after } => {
            format!("{}: {before} -> {after}", words.name(Record::Provision(*provision)))
        }
        What::Rows { list, begins, count } => rows_text(&list.path, *begins, *count),
        _ => String::new(),
    }
}

/// The row of a term that ends, or of a measure that comes to stand otherwise.
fn one(when: Row, words: Words<'_, '_>, tick: &Tick<'_>) -> Row {
    let cited = tick.act.map_or(String::new(), |act| cite(words.ledger(), act));
    match &tick.what {
        What::Suspension { program, suspension, goods, beneath } => {
            let title = suspension.title.as_deref().unwrap_or(&suspension.id);
            let first = goods.first().map_or(String::new(), |goods| format!(": {}", turn(goods)));
            let row = when.cell(format!("suspension ends: {title} ({}){first}", program.title)).note(cited);
            let row = goods.iter().skip(1).map(turn).fold(row, Row::note);
            under(row, words, beneath)
        }
        What::Exception { program, exception, beneath } => {
            let heading = exception.heading.as_deref().map_or(String::new(), |heading| format!("{heading} "));
            let label = exception.label.as_deref().unwrap_or(&exception.id);
            let owed = owed_again(beneath).map_or(String::new(), |rates| format!(": what it spares owes {rates}"));
            when.cell(format!("exception ends: {heading}{label}{owed}")).note(format!("{}; {cited}", program.title))
        }
        What::Term { measure, row, then } => {
            let text = format!("measure: {}: {} -> {}", measure.title, row.status.name(), State::from(*then).name());
            let says = row.says.as_ref().map_or(String::new(), |says| format!("; {says}"));
            when.cell(text).note(format!("{}{says}", measure.id))
        }
        What::Step { measure, row } => {
            let says = row.says.as_ref().map_or(String::new(), |says| format!("; {says}"));
            let text = format!("measure: {}: {}", measure.title, row.status.name());
            when.cell(text).note(format!("{}{says}", measure.id))
        }
        What::Rate { .. } | What::Rows { .. } => when.cell(change(words, tick)).note(cited),
    }
}

/// The rates that are owed again, each once; none where nothing of them is collected.
fn owed_again(beneath: &[Beneath]) -> Option<String> {
    let live = beneath.iter().filter(|beneath| beneath.annulled.is_none());
    let mut rates: Vec<&str> = live.filter_map(|beneath| beneath.after.as_deref()).collect();
    rates.sort_unstable();
    rates.dedup();
    match rates.len() {
        0 => None,
        1..=4 => Some(rates.join(", ")),
        more => Some(format!("{} and {} other rates", rates[..3].join(", "), more - 3)),
    }
}

fn under(row: Row, words: Words<'_, '_>, beneath: &[Beneath]) -> Row {
    let shown = if beneath.len() == SHOWN + 1 { SHOWN + 1 } else { SHOWN };
    let row = beneath.iter().take(shown).fold(row, |row, one| {
        let before = one.before.as_deref().unwrap_or("suspended");
        let after = one.after.as_deref().unwrap_or("ended");
        let void = one
            .annulled
            .map_or(String::new(), |act| format!(", annulled by {}: nothing is collected", cite(words.ledger(), act)));
        row.note(format!("{}: {before} -> {after}{void}", words.name(Record::Provision(one.provision))))
    });
    match beneath.len().saturating_sub(shown) {
        0 => row,
        more => row.note(format!("and {more} more headings")),
    }
}

fn turn(goods: &Goods) -> String {
    format!("{} {} -> {}", which(&goods.which, goods.origin), added(goods.before), added(goods.after))
}

fn which(which: &Which, origin: Origin) -> String {
    match which {
        Which::OnNoList => format!("goods of {origin} on no list"),
        Which::On(list, code) => format!("goods of {origin} on {list}, as {code},"),
    }
}

/// `30%`, `0% to 25%`, or that no share of the value says it.
fn added(added: Added) -> String {
    match added {
        Some((low, high)) if low == high => format!("{low}%"),
        Some((low, high)) => format!("{low}% to {high}%"),
        None => "no share of the value".to_owned(),
    }
}

/// What turns on what was not found, on each branch.
fn forks(ahead: &Ahead<'_>, law: &Law<'_>, page: &mut Page) {
    if ahead.forks.is_empty() && ahead.measures.is_empty() {
        return;
    }
    page.section("Beyond the horizon: terms that ran out, and no later text was found");
    page.wrapped(
        2,
        PLAIN,
        "What holds since is not one figure. Each term is shown on three branches: it lapsed, as the text stands; it was \
         extended; what lies beneath was repealed.",
    );
    for (side, words) in sides(law) {
        let own: Vec<Row> =
            ahead.forks.iter().filter(|fork| fork.side == side).map(|fork| fork_row(ahead.on, words, fork)).collect();
        let measures = ahead.measures.iter().filter(|fork| fork.measure.side == side);
        let measures: Vec<Row> = measures.map(|fork| measure_row(ahead.on, words, fork)).collect();
        if own.is_empty() && measures.is_empty() {
            continue;
        }
        page.gap();
        page.wrapped(2, STRONG, &name(words.ledger(), side));
        let aligns = [Align::Left, Align::Right, Align::Fill];
        page.table(2, &aligns, &own);
        page.table(2, &aligns, &measures);
    }
}

fn fork_row(on: Day, words: Words<'_, '_>, fork: &Fork<'_>) -> Row {
    let ledger = words.ledger();
    let what = match fork.what {
        RanOut::Suspension(_) => "suspension ended",
        RanOut::Exception(_) => "exclusion ended",
    };
    let heading = match fork.what {
        RanOut::Exception(exception) => exception.heading.as_deref().unwrap_or_default(),
        RanOut::Suspension(_) => "",
    };
    let title = if heading.is_empty() { fork.title().to_owned() } else { format!("{heading} {}", fork.title()) };
    let row = Row::new().styled(words.moment(fork.at), STRONG).cell(distance(on, words.day(fork.at)));
    let row = row.cell(format!("{what}: {title} ({})", fork.program.title));
    let row = fork.branches.iter().map(branches).fold(row, Row::note);
    let row = match fork.annulled {
        Some(act) => row.note(format!("annulled by {}: nothing of it is collected on any branch", cite(ledger, act))),
        None => row,
    };
    row.note(format!("{}; read through {}", cite(ledger, fork.act), fork.program.checked_through))
}

fn branches(branches: &Branches) -> String {
    let claimed = if branches.claimed { " that claim it" } else { "" };
    let goods = which(&branches.which, branches.origin);
    let goods = goods.trim_end_matches(',');
    format!(
        "{goods}{claimed}: lapsed {}; extended {}; repealed {}",
        added(branches.lapse),
        added(branches.extension),
        added(branches.repeal)
    )
}

fn measure_row(on: Day, words: Words<'_, '_>, fork: &MeasureFork<'_>) -> Row {
    let row = Row::new().styled(words.moment(fork.at), STRONG).cell(distance(on, words.day(fork.at)));
    let says = fork.row.says.as_ref().map_or(String::new(), |says| format!("; {says}"));
    row.cell(format!("measure, {} until then: {}", fork.row.status.name(), fork.measure.title))
        .note(format!(
            "lapsed: {}; extended: {}; repealed: lifted",
            match fork.state() {
                State::Unknown => "no text says",
                state @ State::Is(_) => state.name(),
            },
            fork.row.status.name()
        ))
        .note(format!("{}{says}; read through {}", fork.measure.id, fork.register.checked_through))
}

/// All of it for programs: moments with their offset, shares as texts.
fn object(ahead: &Ahead<'_>, law: &Law<'_>, source: &Source) -> Value {
    let ledger = law.timeline.ledger;
    let mut ticks = Vec::new();
    for (side, words) in sides(law) {
        ticks.extend(ahead.of_side(side).map(|tick| tick_value(ahead.on, words, side, tick)));
    }
    let forks = ahead.forks.iter().filter_map(|fork| Some(fork_value(ahead.on, Words::new(law, fork.side)?, fork)));
    let measures = ahead.measures.iter().filter_map(|fork| {
        let words = Words::new(law, fork.measure.side)?;
        Some(json!({
            "side": side_name(ledger, fork.measure.side),
            "at": words.clock().rfc3339(fork.at),
            "days": days(ahead.on, words, fork.at),
            "measure": fork.measure.id,
            "title": fork.measure.title,
            "checked_through": fork.register.checked_through.to_string(),
            "branches": { "lapse": fork.state().name(), "extension": fork.row.status.name(), "repeal": "lifted" },
        }))
    });
    let beyond = ahead.beyond.iter().map(|program| {
        json!({ "program": program.id, "side": side_name(ledger, program.levied_by), "checked_through": program.checked_through.to_string() })
    });
    json!({
        "on": ahead.on.to_string(),
        "known": ahead.known.to_string(),
        "supposed": scenarios::json(&source.supposed),
        "changes": ticks,
        "beyond_horizon": {
            "terms": forks.collect::<Vec<_>>(),
            "measures": measures.collect::<Vec<_>>(),
            "programs": beyond.collect::<Vec<_>>(),
        },
        "ledger_version": ledger.version,
    })
}

fn side_name(ledger: &Ledger, side: Side) -> &str {
    ledger.jurisdictions.get(usize::from(side.0)).map_or("?", |side| side.name.as_str())
}

fn days(on: Day, words: Words<'_, '_>, at: Instant) -> i64 {
    i64::from(words.day(at).0) - i64::from(on.0)
}

/// From the least to the most, in percentage points of the value; the one figure where they are the same.
fn added_value(added: Added) -> Value {
    match added {
        Some((low, high)) if low == high => json!({ "pct": low.to_string() }),
        Some((low, high)) => json!({ "low_pct": low.to_string(), "high_pct": high.to_string() }),
        None => Value::Null,
    }
}

fn goods_value(which: &Which, origin: Origin) -> Value {
    match which {
        Which::OnNoList => json!({ "origin": origin.to_string(), "list": null }),
        Which::On(list, code) => json!({ "origin": origin.to_string(), "list": list, "code": code.to_string() }),
    }
}

fn beneath_value(words: Words<'_, '_>, beneath: &[Beneath]) -> Vec<Value> {
    let value = |one: &Beneath| {
        let (heading, label) = words.record(Record::Provision(one.provision));
        let annulled = one.annulled.map(|act| words.ledger().act(act).id.as_str());
        json!({ "heading": heading, "label": label, "before": one.before, "after": one.after, "annulled_by": annulled })
    };
    beneath.iter().map(value).collect()
}

fn tick_value(on: Day, words: Words<'_, '_>, side: Side, tick: &Tick<'_>) -> Value {
    let ledger = words.ledger();
    let mut value = json!({
        "side": side_name(ledger, side),
        "at": words.clock().rfc3339(tick.at),
        "days": days(on, words, tick.at),
        "act": tick.act.map(|act| ledger.act(act).id.as_str()),
    });
    let more = match &tick.what {
        What::Suspension { program, suspension, goods, beneath } => {
            let goods = goods.iter().map(|one| {
                json!({
                    "goods": goods_value(&one.which, one.origin),
                    "before": added_value(one.before),
                    "after": added_value(one.after),
                })
            });
            let title = suspension.title.as_deref().unwrap_or(&suspension.id);
            json!({
                "kind": "suspension_ends",
                "record": format!("{}/{}", program.id, suspension.id),
                "title": title,
                "additional_duty": goods.collect::<Vec<_>>(),
                "beneath": beneath_value(words, beneath),
            })
        }
        What::Exception { program, exception, beneath } => json!({
            "kind": "exception_ends",
            "record": format!("{}/{}", program.id, exception.id),
            "title": exception.label.as_deref().unwrap_or(&exception.id),
            "heading": exception.heading,
            "beneath": beneath_value(words, beneath),
        }),
        What::Rate { provision, before, after } => {
            let (heading, label) = words.record(Record::Provision(*provision));
            json!({ "kind": "rate", "heading": heading, "title": label, "before": before, "after": after })
        }
        What::Rows { list, begins, count } => {
            let kind = if *begins { "list_rows_begin" } else { "list_rows_end" };
            json!({ "kind": kind, "list": list.path, "rows": count })
        }
        What::Term { measure, row, then } => json!({
            "kind": "measure_term_ends",
            "measure": measure.id,
            "title": measure.title,
            "before": row.status.name(),
            "after": State::from(*then).name(),
        }),
        What::Step { measure, row } => json!({
            "kind": "measure_changes",
            "measure": measure.id,
            "title": measure.title,
            "after": row.status.name(),
        }),
    };
    if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
        value.extend(more.clone());
    }
    value
}

fn fork_value(on: Day, words: Words<'_, '_>, fork: &Fork<'_>) -> Value {
    let ledger = words.ledger();
    let id = match fork.what {
        RanOut::Suspension(suspension) => &suspension.id,
        RanOut::Exception(exception) => &exception.id,
    };
    let branches = fork.branches.iter().map(|one| {
        json!({
            "goods": goods_value(&one.which, one.origin),
            "claimed": one.claimed,
            "lapse": added_value(one.lapse),
            "extension": added_value(one.extension),
            "repeal": added_value(one.repeal),
        })
    });
    json!({
        "side": side_name(ledger, fork.side),
        "at": words.clock().rfc3339(fork.at),
        "days": days(on, words, fork.at),
        "record": format!("{}/{id}", fork.program.id),
        "title": fork.title(),
        "act": ledger.act(fork.act).id,
        "annulled_by": fork.annulled.map(|act| ledger.act(act).id.as_str()),
        "checked_through": fork.program.checked_through.to_string(),
        "branches": branches.collect::<Vec<_>>(),
    })
}
