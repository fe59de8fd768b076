//! The answer as a page: the stack, what is not owed, what is asked, and what changes next.

use portolan_engine::answer::{Basis, Reason, Row as Layer, Subject};
use portolan_engine::changes::State;
use portolan_engine::resolve::{Record, Why};
use portolan_engine::{Answer, Bill, Cause};
use portolan_ledger::Instant;
use portolan_ledger::line::{Status, View, When};
use portolan_ledger::schedule::Schedule;

use super::Told;
use super::next::{InFact, Instead};
use crate::options::{column_of, option_of, view};
use crate::term::{ATTENTION, Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::words::{column, coverage, distance, money, pct, status};

/// The whole page.
pub fn page(told: &Told<'_, '_>) -> Page {
    let schedule = &told.source.schedule;
    let mut page = Page::new();
    head(told, schedule, &mut page);
    if told.answer.bill.prohibited {
        prohibited(told, &mut page);
    } else {
        stack(told, &mut page);
    }
    refund(told, &mut page);
    vat(told, &mut page);
    super::fees::show(told, &mut page);
    questions(told, schedule, &mut page);
    not_owed(told, &mut page);
    not_claimed(told, &mut page);
    next(told, &mut page);
    notes(told, &mut page);
    page
}

fn head(told: &Told<'_, '_>, schedule: &Schedule, page: &mut Page) {
    let line = told.line;
    let label = if told.answer.ordinary.edition.is_some() { schedule.label(line.code) } else { None };
    page.wrapped(0, STRONG, &format!("{}  {}", line.code, label.unwrap_or_default()));
    let country = portolan_entry::countries::all().find(|(origin, _)| *origin == line.origin);
    let country = country.map_or(String::new(), |(_, name)| format!(" {name}"));
    let value = line.value.map_or("no value stated: rates only".to_owned(), |v| format!("value {}", money(v)));
    let entered = match line.entry_date {
        When::Day(day) => day.to_string(),
        When::At(at) => told.words.moment(at),
    };
    page.wrapped(0, PLAIN, &format!("Origin {}{country}; entered {entered}; {value}", line.origin));
    let governing = told.answer.governing.0.replace('_', " ");
    let rule = told.answer.governing.1.as_deref().map_or(String::new(), |rule| format!(" ({rule})"));
    let (view, known) = (view(line.view), told.next.known);
    page.wrapped(0, FAINT, &format!("The {governing} governs{rule}; law as known on {known}; view: {view}"));
    told.source.say_supposed(page);
}

fn is_owed(status: Status) -> bool {
    matches!(status, Status::Applied | Status::BeyondHorizon | Status::NeedsInput)
}

fn stack(told: &Told<'_, '_>, page: &mut Page) {
    page.section(if told.line.view == View::Owed { "Owed" } else { "Assessed" });
    for (at, moment) in told.answer.moments.iter().enumerate() {
        if told.answer.moments.len() > 1 {
            let (until, mark) = match told.answer.moments.get(at + 1) {
                Some(next) => (told.words.moment(*next), "until"),
                None => (String::new(), "to the end of the day"),
            };
            page.wrapped(2, STRONG, format!("From {} {mark} {until}", told.words.moment(*moment)).trim_end());
        }
        let layers = told.answer.rows.iter().filter(|layer| layer.at == *moment && is_owed(layer.status));
        let layers: Vec<&Layer> = layers.collect();
        let mut rows: Vec<Row> = layers.iter().map(|layer| owed_row(told, layer, plain(&layers))).collect();
        if at + 1 == told.answer.moments.len() {
            rows.extend(totals(&told.answer.bill));
        }
        let aligns = [Align::Left, Align::Fill, Align::Left, Align::Left, Align::Right, Align::Right];
        page.table(2, &aligns, &rows);
    }
}

/// Whether every rate is a share of the whole value, so that rate and points are one.
fn plain(layers: &[&Layer]) -> bool {
    layers.iter().all(|layer| matches!(layer.basis, None | Some(Basis::Full)) && !layer.rate_text.contains(' '))
}

fn owed_row(told: &Told<'_, '_>, layer: &Layer, plain: bool) -> Row {
    let (heading, label) = names(told, layer);
    let basis = match (layer.basis, layer.basis_share) {
        (None | Some(Basis::Full), _) => String::new(),
        (Some(Basis::Quantity), _) => "on the quantity".to_owned(),
        (Some(basis), share) => {
            let share = share.map_or(String::new(), |share| format!(" {share}%"));
            format!("on {}{share}", basis.name().replace('_', " "))
        }
    };
    let points = match layer.status {
        Status::NeedsInput => "open".to_owned(),
        _ if layer.subject == Subject::Ordinary && plain => layer.rate_text.clone(),
        _ => pct(layer.rate_pct),
    };
    let duty = layer.duty.map_or(String::new(), money);
    let row = Row::new().cell(heading).cell(label);
    let hidden = plain && layer.status != Status::NeedsInput;
    let row = row.cell(if hidden { String::new() } else { layer.rate_text.clone() }).cell(basis);
    row.styled(points, STRONG).cell(duty).note(why(told, layer))
}

/// The heading and label of a layer.
fn names(told: &Told<'_, '_>, layer: &Layer) -> (String, String) {
    match layer.subject {
        Subject::Ordinary => {
            let code = told.answer.ordinary.rate_row.unwrap_or(told.line.code);
            (code.to_string(), format!("Ordinary duty, {}", column(told.answer.ordinary.column)))
        }
        Subject::Record(record) => (layer.heading.clone(), told.words.record(record).1.to_owned()),
    }
}

/// Why a layer is as it is, and by which act.
fn why(told: &Told<'_, '_>, layer: &Layer) -> String {
    let reason = told.words.why(layer, told.line, &told.answer);
    let mut parts = vec![reason];
    if layer.subject == Subject::Ordinary {
        parts.extend(told.answer.ordinary.edition.as_ref().map(|edition| format!("schedule edition {edition}")));
    }
    if is_owed(layer.status) {
        parts.push(told.words.in_force(layer));
    }
    parts.retain(|part| !part.is_empty());
    told.words.cited(&parts.join("; "), layer.act)
}

fn totals(bill: &Bill) -> [Row; 2] {
    let row = |name: &str, points: String, duty: String| {
        let row = Row::new().cell("").styled(name, STRONG).cell("").cell("");
        row.styled(points, STRONG).styled(duty, STRONG)
    };
    let open = !bill.needs_input.is_empty();
    let points = |value| if open { "open".to_owned() } else { pct(value) };
    let mut additional = Some(0_i64);
    for family in bill.families.iter().skip(1) {
        additional = additional.zip(family.duty).and_then(|(sum, duty)| sum.checked_add(duty.0));
    }
    let additional = additional.filter(|_| bill.total_duty.is_some()).map(portolan_ledger::Cents);
    [
        row("Additional duty", points(bill.additional_pct), additional.map_or(String::new(), money)),
        row("Total", points(bill.total_pct), total_duty(bill)),
    ]
}

/// The total duty, or its range; empty where no value is stated.
fn total_duty(bill: &Bill) -> String {
    match (bill.total_duty, bill.duty_min, bill.duty_max) {
        (Some(total), ..) => money(total),
        (None, Some(least), Some(most)) if least == most => money(least),
        (None, Some(least), Some(most)) => format!("{} to {}", money(least), money(most)),
        (None, Some(least), None) => format!("{} or more", money(least)),
        (None, None, _) => String::new(),
    }
}

fn prohibited(told: &Told<'_, '_>, page: &mut Page) {
    page.section("Entry prohibited");
    page.wrapped(2, ATTENTION, "The law forbids this entry; no duty makes it lawful.");
    let layers = told.answer.rows.iter().filter(|layer| layer.status == Status::Prohibited);
    let rows: Vec<Row> = layers
        .map(|layer| {
            let (heading, label) = names(told, layer);
            Row::new().cell(heading).cell(label).note(why(told, layer))
        })
        .collect();
    page.table(2, &[Align::Left, Align::Fill], &rows);
}

/// What was assessed less what is owed.
fn refund(told: &Told<'_, '_>, page: &mut Page) {
    let Some(assessed) = &told.assessed else { return };
    page.section("Assessed and owed");
    let (was, is) = (&assessed.bill, &told.answer.bill);
    let text = match (was.total_duty, is.total_duty, was.total_pct, is.total_pct) {
        (Some(was), Some(is), ..) => {
            let refund = portolan_ledger::Cents(was.0.saturating_sub(is.0));
            format!("assessed {}, owed {}: refund {}", money(was), money(is), money(refund))
        }
        (_, _, Some(was), Some(is)) => {
            let refund = portolan_engine::Pct(was.0.saturating_sub(is.0));
            format!("assessed {was}%, owed {is}%: refund {refund}% of the entered value")
        }
        _ => "the refund cannot be told before what is asked is stated".to_owned(),
    };
    page.wrapped(2, STRONG, &text);
}

/// Value-added tax, where it is asked for.
fn vat(told: &Told<'_, '_>, page: &mut Page) {
    let Some(vat) = &told.vat else { return };
    page.section("Value-added tax, outside the bill");
    let points = vat.points.map_or(String::new(), |points| format!("{points}%"));
    let amount = match vat.amount {
        None => String::new(),
        Some((least, Some(most))) if least == most => money(least),
        Some((least, Some(most))) => format!("{} to {}", money(least), money(most)),
        Some((least, None)) => format!("{} or more", money(least)),
    };
    let name = format!("{}, on value and duty", vat.title);
    let row = Row::new().cell(name).cell(format!("{}%", vat.rate)).styled(points, STRONG).cell(amount);
    page.table(2, &[Align::Fill, Align::Left, Align::Right, Align::Right], &[row]);
    page.wrapped(4, FAINT, &vat.act.map_or(String::new(), |act| told.words.act(act)));
    if vat.without_ordinary {
        let text = "The ordinary duty is not stated and is not in it: --mfn-pct states it.";
        page.wrapped(2, ATTENTION, text);
    }
}

fn questions(told: &Told<'_, '_>, schedule: &Schedule, page: &mut Page) {
    let bill = &told.answer.bill;
    if bill.needs_input.is_empty() {
        return;
    }
    page.section("To be stated");
    page.wrapped(2, ATTENTION, "The duty turns on what is not stated; until then it is a range.");
    for name in &bill.needs_input {
        if let Some(claim) = told.words.ledger().claims.iter().find(|claim| claim.name == *name) {
            page.item(2, "- ", &claim.question);
            page.wrapped(4, FAINT, &format!("--claim {name}, or --claim no:{name}"));
        } else if name == "hts_number" {
            let day = told.words.day(told.answer.moments.first().copied().unwrap_or(Instant::MIN));
            let below = schedule.children(told.line.code, day);
            let below = below.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            page.item(2, "- ", &format!("CODE with ten digits, which the law tells apart here: {below}"));
        } else {
            let about = column_of(name).map_or("", portolan_entry::Column::about);
            page.item(2, "- ", &format!("{}: {about}", option_of(name)));
        }
    }
}

fn not_owed(told: &Told<'_, '_>, page: &mut Page) {
    let shown = |layer: &&Layer| match layer.status {
        Status::Suspended | Status::Displaced | Status::Annulled => true,
        // An exception that frees the whole is told where the provision is that it frees.
        Status::Exempt => !matches!(layer.reason, Reason::Resolved(Why::Holds)),
        Status::NotInForce => told.all,
        _ => false,
    };
    let layers: Vec<&Layer> = told.answer.rows.iter().filter(shown).collect();
    let quiet = told.answer.rows.iter().filter(|layer| layer.status == Status::NotInForce).count();
    if layers.is_empty() && quiet == 0 {
        return;
    }
    page.section("Considered and not owed");
    let rows: Vec<Row> = layers
        .iter()
        .map(|layer| {
            let (heading, label) = names(told, layer);
            let status = status(layer.status);
            Row::new().cell(heading).cell(label).cell(layer.rate_text.clone()).cell(status).note(why(told, layer))
        })
        .collect();
    page.table(2, &[Align::Left, Align::Fill, Align::Left, Align::Left], &rows);
    if quiet > 0 && !told.all {
        page.wrapped(2, FAINT, &format!("{quiet} more not in force for this line on that day; --all lists them"));
    }
}

/// What would have to be asserted to pay less, by the option that asserts it.
fn not_claimed(told: &Told<'_, '_>, page: &mut Page) {
    let mut asked: Vec<(String, Vec<&Layer>)> = Vec::new();
    for layer in told.answer.rows.iter().filter(|layer| layer.status == Status::NotClaimed) {
        let Subject::Record(record) = layer.subject else { continue };
        let options = told.words.options(record).join(" ");
        match asked.iter_mut().find(|(known, _)| *known == options) {
            Some((_, layers)) => layers.push(layer),
            None => asked.push((options, vec![layer])),
        }
    }
    let rows: Vec<Row> = asked
        .iter()
        .map(|(options, layers)| (options, claimable(told, layers)))
        .filter(|(_, text)| !text.is_empty())
        .map(|(options, text)| Row::new().cell(options.clone()).cell(text))
        .collect();
    if !rows.is_empty() {
        page.section("Not claimed");
        page.table(2, &[Align::Left, Align::Fill], &rows);
    }
}

/// What records that were not claimed would do, those of one label together; what would free nothing is left out.
fn claimable(told: &Told<'_, '_>, layers: &[&Layer]) -> String {
    let mut found: Vec<(String, Vec<&str>, Vec<String>)> = Vec::new();
    for layer in layers {
        let Subject::Record(record) = layer.subject else { continue };
        let (heading, label) = told.words.record(record);
        let effects = match record {
            Record::Exception(exception) => freed(told, exception),
            Record::Provision(_) | Record::Prohibition(_) => vec![layer.rate_text.clone()],
        };
        if effects.is_empty() {
            continue;
        }
        let at = found.iter().position(|(known, ..)| known == label).unwrap_or_else(|| {
            found.push((label.to_owned(), Vec::new(), Vec::new()));
            found.len() - 1
        });
        let (_, headings, all) = &mut found[at];
        if !heading.is_empty() && !headings.contains(&heading) {
            headings.push(heading);
        }
        for effect in effects {
            if !all.contains(&effect) {
                all.push(effect);
            }
        }
    }
    let text = |(label, headings, effects): &(String, Vec<&str>, Vec<String>)| {
        let headings = if headings.is_empty() { String::new() } else { format!(" ({})", headings.join(", ")) };
        format!("{label}{headings}: {}", effects.join(", "))
    };
    found.iter().map(text).collect::<Vec<_>>().join("; ")
}

/// The headings that the line owes and would not owe by an exception.
fn freed(told: &Told<'_, '_>, exception: portolan_ledger::timeline::ExceptionIx) -> Vec<String> {
    let of = told.words.of(exception);
    let owed = told.answer.rows.iter().filter(|layer| is_owed(layer.status));
    let owed = owed.filter(
        |layer| matches!(layer.subject, Subject::Record(Record::Provision(provision)) if of.contains(&provision)),
    );
    let less = if told.words.is_partial(exception) { "less" } else { "no" };
    owed.map(|layer| format!("{less} {}", layer.heading)).collect()
}

fn next(told: &Told<'_, '_>, page: &mut Page) {
    let next = &told.next;
    if next.changes.is_empty() {
        return;
    }
    let from = told.words.day(next.from);
    let known = next.known;
    page.section(&if known > from {
        format!("What changes after it, by the law as known on {known}")
    } else {
        format!("What changes next, if nothing more is signed (as known on {known})")
    });
    for (change, fact) in &next.changes {
        let when = distance(from, told.words.day(change.at));
        let (before, after) = (amount(&change.before), amount(&change.after));
        page.wrapped(2, STRONG, &format!("{}, {when}: {before} -> {after}", told.words.moment(change.at)));
        for cause in &change.causes {
            page.item(4, "- ", &cause_text(told, cause, change.at));
        }
        if let Some(fact) = fact {
            in_fact(told, fact, page);
        }
    }
}

/// The total of a bill in one word.
fn amount(bill: &Bill) -> String {
    if bill.prohibited {
        return "prohibited".to_owned();
    }
    match (bill.total_pct, total_duty(bill)) {
        (Some(total), _) => format!("{total}%"),
        (None, duty) if duty.is_empty() => "open".to_owned(),
        (None, duty) => duty,
    }
}

fn cause_text(told: &Told<'_, '_>, cause: &Cause, at: Instant) -> String {
    let change = format!("{} -> {}", state(told, cause.before.as_ref()), state(told, cause.after.as_ref()));
    let ends = cause
        .before
        .as_ref()
        .and_then(|s| s.term)
        .is_some_and(|term| term.until == Some(at) && Some(term.act) == cause.act);
    let how = if ends { "the term ends that was set by" } else { "by" };
    let act = cause.act.map_or(String::new(), |act| format!("; {how} {}", told.words.act(act)));
    format!("{}: {change}{act}", told.words.name(cause.record))
}

/// How a record stands on one side of a change.
fn state(told: &Told<'_, '_>, state: Option<&State>) -> String {
    let Some(state) = state else { return "not in force".to_owned() };
    match (&state.why, state.rate_text.as_str()) {
        (Why::Yields(other) | Why::Stacked(_, other) | Why::InPlace(other), _) => {
            format!("gives way to {}", told.words.record(Record::Provision(*other)).0)
        }
        (_, "") => status(state.status).to_owned(),
        (_, rate) => format!("{rate} {}", status(state.status)),
    }
}

fn in_fact(told: &Told<'_, '_>, fact: &InFact, page: &mut Page) {
    let total = match (fact.pct, fact.duty) {
        (Some(pct), _) => format!("{pct}%"),
        (None, Some(duty)) => money(duty),
        (None, None) => "open".to_owned(),
    };
    let how = if fact.instead.is_empty() { "as expected" } else { "otherwise" };
    let known = told.line.known_date;
    page.wrapped(4, ATTENTION, &format!("In fact {how}: {total} from then on (law as known on {known})"));
    for instead in &fact.instead {
        page.item(6, "- ", &instead_text(told, instead));
    }
}

fn instead_text(told: &Told<'_, '_>, instead: &Instead) -> String {
    let name = told.words.name(instead.record);
    let status = status(instead.status);
    let until = instead.until.map_or(String::new(), |until| format!(" until {}", told.words.moment(until)));
    let act = instead.act.map_or(String::new(), |act| format!(", by {}", told.words.act(act)));
    format!("{name}: {status}{until}{act}")
}

fn notes(told: &Told<'_, '_>, page: &mut Page) {
    let notes = texts(told.words.ledger(), &told.answer);
    page.section("Notes");
    for note in notes {
        page.item(2, "- ", &note);
    }
}

/// What a reader must know of an answer beside its numbers.
pub fn texts(ledger: &portolan_ledger::Ledger, answer: &Answer) -> Vec<String> {
    let title = |family: portolan_ledger::record::FamilyId| ledger.families[usize::from(family.0)].title.as_str();
    let mut notes: Vec<String> = coverage(answer.ordinary.coverage).map(str::to_owned).into_iter().collect();
    if answer.ordinary.column.is_none() && answer.ordinary.text.is_empty() {
        notes.push(
            "the ledger holds no ordinary rates for this side: the answer is the additional duty alone".to_owned(),
        );
    }
    for family in &answer.bill.beyond_horizon {
        let programs = ledger.programs.iter().filter(|p| p.family == *family);
        let through = programs.map(|p| p.checked_through).min();
        let through = through.map_or(String::new(), |day| format!(" (checked through {day})"));
        notes.push(format!(
            "{}: the day lies past what was checked{through}; the duty is what the text as known would give",
            title(*family)
        ));
    }
    for (family, reason) in &answer.bill.cannot {
        notes.push(format!("{}: cannot be computed: {reason}", title(*family)));
    }
    notes.push(
        "antidumping and countervailing duty, internal revenue tax and fees of other agencies are outside".to_owned(),
    );
    notes
}
