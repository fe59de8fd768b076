//! `portolan explain`: a diagnostic, a heading, a program, a claim, an act, a measure or an event.

use std::path::Path;

use portolan_engine::Law;
use portolan_engine::resolve::Record;
use portolan_ledger::diagnostic::Code;
use portolan_ledger::record::{ActId, Exception, Program, Provision, Suspension, Term};
use portolan_ledger::timeline::{ExceptionIx, ProvisionIx};
use portolan_ledger::{Ledger, Side};

use crate::failure::{Failure, Fault, Outcome};
use crate::registers;
use crate::source::{Source, Suppose};
use crate::term::{Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::words::{Words, cite};

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A diagnostic (PTL012), a heading, a program, a claim, or an act, a measure or an event by its id
    #[arg(value_name = "CODE")]
    what: String,
    #[command(flatten)]
    suppose: Suppose,
}

/// Explains one name.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let what = args.what.trim();
    let mut page = Page::new();
    if let Some(code) = Code::ALL.iter().find(|code| code.name().eq_ignore_ascii_case(what)) {
        args.suppose.without_bearing(ledger, &mut page, "a diagnostic means the same under every law")?;
        page.wrapped(0, STRONG, code.name());
        for line in code.explanation().lines() {
            page.wrapped(2, PLAIN, line.trim());
        }
        page.print()?;
        return Ok(Outcome::Done);
    }
    let source = Source::under(ledger, &args.suppose)?;
    source.say_supposed(&mut page);
    let ledger = &source.ledger;
    if let Some(index) = ledger.acts.iter().position(|act| act.id == what) {
        act(ledger, index, &mut page);
    } else if let Some(found) = ledger.programs.iter().find(|program| program.id == what) {
        program(ledger, found, &mut page);
    } else if let Some(found) = ledger.claims.iter().find(|claim| claim.name == what) {
        page.wrapped(0, STRONG, &found.name);
        page.wrapped(2, PLAIN, &found.question);
        page.wrapped(2, PLAIN, &format!("leads to {}", found.leads_to.join(", ")));
        page.wrapped(2, FAINT, found.note.as_deref().unwrap_or_default());
    } else if let Some((register, found)) = ledger.measures().find(|(_, measure)| measure.id == what) {
        registers::measure(ledger, register, found, &mut page);
    } else if let Some((register, found)) = ledger.events().into_iter().find(|(_, event)| event.id == what) {
        registers::event(ledger, register, found, &mut page);
    } else if !heading(&source, what, &mut page) {
        let diagnostics = Code::ALL.iter().map(|code| code.name());
        let names = diagnostics.chain(ledger.acts.iter().map(|act| act.id.as_str()));
        let names = names.chain(ledger.programs.iter().map(|p| p.id.as_str()));
        let names = names.chain(ledger.claims.iter().map(|claim| claim.name.as_str()));
        let names = names.chain(ledger.measures().map(|(_, measure)| measure.id.as_str()));
        let events = ledger.events();
        let names = names.chain(events.iter().map(|(_, event)| event.id.as_str()));
        let headings = ledger.programs.iter().flat_map(|p| &p.provisions).map(|p| p.heading.as_str());
        let kinds = "diagnostic, heading, program, claim, act, measure or event";
        let fault = Fault::new(format!("CODE \"{what}\": not a {kinds} of this ledger"));
        return Err(fault.help(near(what, names.chain(headings))).into());
    }
    page.print()?;
    Ok(Outcome::Done)
}

/// Help that names what is spelled alike.
pub fn near<'n>(what: &str, names: impl Iterator<Item = &'n str>) -> String {
    let folded = what.to_ascii_lowercase();
    let shared = |name: &str| name.bytes().zip(folded.bytes()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let mut found: Vec<(usize, &str)> = names.map(|name| (shared(name), name)).filter(|(n, _)| *n > 2).collect();
    found.sort_by_key(|(n, name)| (std::cmp::Reverse(*n), *name));
    found.dedup();
    let names: Vec<&str> = found.into_iter().take(4).map(|(_, name)| name).collect();
    if names.is_empty() {
        "portolan acts, portolan claims and portolan coverage list the names".to_owned()
    } else {
        format!("near it: {}", names.join(", "))
    }
}

/// An act, and the records that cite it.
pub fn act(ledger: &Ledger, index: usize, page: &mut Page) {
    let act = &ledger.acts[index];
    page.wrapped(0, STRONG, &format!("{}  {}", act.id, act.title));
    page.wrapped(2, PLAIN, &format!("{}, {}; issued {}; seen: {}", act.kind, act.cite, act.issued, act.seen.name()));
    for text in [&act.url, &act.note].into_iter().flatten() {
        page.wrapped(2, FAINT, text);
    }
    let id = ActId(u16::try_from(index).unwrap_or(u16::MAX));
    let mut rows = Vec::new();
    for program in &ledger.programs {
        for (name, what, term) in terms(program).filter(|(.., term)| term.act == id) {
            rows.push(
                Row::new()
                    .cell(program.id.clone())
                    .cell(name)
                    .cell(format!("{what} {}", span(ledger, program.levied_by, &term))),
            );
        }
    }
    page.section("Records that cite it");
    page.table(2, &[Align::Left, Align::Left, Align::Fill], &rows);
    let listed = |list: &&portolan_ledger::record::List| list.rows.iter().any(|row| row.term.act == id);
    let lists = ledger.lists.iter().filter(listed).map(|list| {
        let count = list.rows.iter().filter(|row| row.term.act == id).count();
        Row::new().cell(list.path.clone()).cell(format!("{count} rows"))
    });
    page.table(2, &[Align::Left, Align::Left], &lists.collect::<Vec<_>>());
    let orders = ledger.rules.iter().flat_map(|rule| rule.orders.iter().map(move |order| (rule, order)));
    for (rule, order) in orders.filter(|(_, order)| order.term.act == id) {
        page.wrapped(2, PLAIN, &format!("stacking rule {}: {}", rule.id, span(ledger, rule.levied_by, &order.term)));
    }
}

/// Every dated record of a program: its name, what it says, its term.
fn terms(program: &Program) -> impl Iterator<Item = (String, String, Term)> + '_ {
    let rates = program.provisions.iter().flat_map(|p| {
        p.rates.iter().map(move |r| (format!("{} {}", p.heading, p.id), format!("rate {}", r.rate), r.term))
    });
    let suspended = |s: &Suspension, term: &Term| {
        let keeps = s.keeps.as_ref().map_or(String::new(), |keeps| format!(", keeps {keeps}"));
        (s.id.clone(), format!("suspended{keeps}"), *term)
    };
    let suspensions = program.suspensions.iter().flat_map(move |s| s.terms.iter().map(move |term| suspended(s, term)));
    let excepted = |e: &Exception, term: &Term| {
        let name = format!("{} {}", e.heading.as_deref().unwrap_or_default(), e.id);
        (name.trim().to_owned(), "exception".to_owned(), *term)
    };
    let exceptions = program.exceptions.iter().flat_map(move |e| e.terms.iter().map(move |term| excepted(e, term)));
    let bans = program
        .prohibitions
        .iter()
        .flat_map(|p| p.terms.iter().map(|term| (p.id.clone(), "prohibition".to_owned(), *term)));
    let annulled = program.annulments.iter().map(|a| ("annulment".to_owned(), "void".to_owned(), a.term));
    rates.chain(suspensions).chain(exceptions).chain(bans).chain(annulled)
}

/// `from 2025-05-14 00:01 EDT until 2025-08-12 00:01 EDT`.
fn span(ledger: &Ledger, side: Side, term: &Term) -> String {
    let Some(clock) = ledger.clock(side) else { return String::new() };
    let until = term.until.map_or(String::new(), |until| format!(" until {}", clock.show(until)));
    format!("from {}{until}", clock.show(term.from))
}

fn program(ledger: &Ledger, program: &Program, page: &mut Page) {
    page.wrapped(0, STRONG, &format!("{}  {}", program.id, program.title));
    page.wrapped(2, PLAIN, &program.authority);
    page.wrapped(2, PLAIN, &format!("checked through {} against {}", program.checked_through, program.checked_against));
    page.wrapped(2, FAINT, program.note.as_deref().unwrap_or_default());
    page.section("Headings");
    let rows: Vec<Row> = program
        .provisions
        .iter()
        .map(|p| {
            let last = p
                .rates
                .last()
                .map_or(String::new(), |r| format!("{} {}", r.rate, span(ledger, program.levied_by, &r.term)));
            Row::new().styled(p.heading.clone(), STRONG).cell(p.label.clone()).note(last)
        })
        .collect();
    page.table(2, &[Align::Left, Align::Fill], &rows);
}

/// All that the ledger holds on a heading, or on a provision by its id; whether there was any.
fn heading(source: &Source, what: &str, page: &mut Page) -> bool {
    let law = Law::new(&source.ledger, None);
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_number = what.chars().all(|c| c.is_ascii_digit() || c == '.') && digits(what).len() == 8;
    let same = |heading: &str| heading == what || is_number && digits(heading) == digits(what);
    let mut any = false;
    for (index, node) in law.timeline.provisions.iter().enumerate() {
        let program = law.timeline.program(node.program);
        let full = format!("{}/{}", program.id, node.record.id);
        if same(&node.record.heading) || full == what {
            let Some(words) = Words::new(&law, program.levied_by) else { continue };
            page.gap();
            provision(&law, words, ProvisionIx(u16::try_from(index).unwrap_or(u16::MAX)), page);
            any = true;
        }
    }
    for (index, node) in law.timeline.exceptions.iter().enumerate() {
        let program = law.timeline.program(node.program);
        if node.record.heading.as_deref().is_some_and(same) {
            let Some(words) = Words::new(&law, program.levied_by) else { continue };
            page.gap();
            exception(words, program, ExceptionIx(u16::try_from(index).unwrap_or(u16::MAX)), node.record, page);
            any = true;
        }
    }
    any
}

fn provision(law: &Law<'_>, words: Words<'_, '_>, index: ProvisionIx, page: &mut Page) {
    let ledger = law.timeline.ledger;
    let node = law.timeline.provision(index);
    let program = law.timeline.program(node.program);
    let record: &Provision = node.record;
    page.wrapped(0, STRONG, &format!("{}  {}", record.heading, record.label));
    page.wrapped(2, FAINT, &format!("{}/{}: {}", program.id, record.id, program.authority));
    page.wrapped(2, PLAIN, &scope(ledger, &record.scope));
    page.wrapped(2, FAINT, record.note.as_deref().unwrap_or_default());
    let dated = |name: String, term: &Term| {
        Row::new().cell(name).cell(span(ledger, program.levied_by, term)).note(cite(ledger, term.act))
    };
    page.section("Rates");
    let rates: Vec<Row> = record.rates.iter().map(|r| dated(r.rate.to_string(), &r.term)).collect();
    page.table(2, &[Align::Left, Align::Fill], &rates);
    let mut rows = Vec::new();
    for suspension in &node.suspensions {
        let keeps = suspension.keeps.as_ref().map_or("suspended".to_owned(), |keeps| format!("keeps {keeps}"));
        rows.push(Row::new().styled(suspension.id.clone(), STRONG).cell(suspension.title.clone().unwrap_or_default()));
        rows.extend(suspension.terms.iter().map(|term| dated(keeps.clone(), term)));
    }
    list(page, "Suspensions", &rows);
    let annulled: Vec<Row> = node.annulments.iter().map(|a| dated("void".to_owned(), &a.term)).collect();
    list(page, "Annulments", &annulled);
    let exceptions: Vec<Row> = node
        .exceptions
        .iter()
        .map(|&exception| {
            let (heading, label) = words.record(Record::Exception(exception));
            let terms = &law.timeline.exception(exception).record.terms;
            let last = terms.last().map_or(String::new(), |term| span(ledger, program.levied_by, term));
            Row::new().cell(heading).cell(label).note(last)
        })
        .collect();
    list(page, "Exceptions", &exceptions);
    let names = |of: &[ProvisionIx]| -> Vec<Row> {
        let name = |&p: &ProvisionIx| words.record(Record::Provision(p));
        of.iter().map(name).map(|(heading, label)| Row::new().cell(heading).cell(label)).collect()
    };
    list(page, "Gives way to", &names(&node.yields_to));
    list(page, "Adds to", &names(&node.adds_to));
}

fn list(page: &mut Page, name: &str, rows: &[Row]) {
    if !rows.is_empty() {
        page.section(name);
        page.table(2, &[Align::Left, Align::Fill], rows);
    }
}

fn exception(words: Words<'_, '_>, program: &Program, index: ExceptionIx, record: &Exception, page: &mut Page) {
    let ledger = words.ledger();
    page.wrapped(0, STRONG, &words.name(Record::Exception(index)));
    page.wrapped(2, FAINT, &format!("{}, exception {}", program.id, record.id));
    page.wrapped(2, PLAIN, &scope(ledger, &record.scope));
    page.wrapped(2, FAINT, record.note.as_deref().unwrap_or_default());
    let terms = record
        .terms
        .iter()
        .map(|term| Row::new().cell("").cell(span(ledger, program.levied_by, term)).note(cite(ledger, term.act)));
    list(page, "In force", &terms.collect::<Vec<_>>());
    let of = words.of(index).iter().map(|&p| words.record(Record::Provision(p)));
    let of: Vec<Row> = of.map(|(heading, label)| Row::new().cell(heading).cell(label)).collect();
    list(page, "Frees from", &of);
}

/// Origins and lists in words.
fn scope(ledger: &Ledger, scope: &portolan_ledger::record::Scope) -> String {
    use portolan_ledger::record::OriginRef;
    let origins = |refs: &[OriginRef]| -> String {
        let name = |member: &OriginRef| match member {
            OriginRef::Any => "every origin".to_owned(),
            OriginRef::Country(origin) => origin.to_string(),
            OriginRef::Group(group) => ledger.groups[usize::from(group.0)].name.clone(),
        };
        refs.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    let lists = |ids: &[portolan_ledger::record::ListId]| -> String {
        let path = |id: &portolan_ledger::record::ListId| ledger.lists[usize::from(id.0)].path.clone();
        ids.iter().map(path).collect::<Vec<_>>().join(", ")
    };
    let mut parts = vec![if scope.origin.is_empty() {
        "origins of what it is about".to_owned()
    } else {
        format!("origin: {}", origins(&scope.origin))
    }];
    if !scope.origin_except.is_empty() {
        parts.push(format!("except {}", origins(&scope.origin_except)));
    }
    parts.push(if scope.products.is_empty() {
        "goods of chapters 1 to 97".to_owned()
    } else {
        format!("goods on {}", lists(&scope.products))
    });
    if !scope.products_except.is_empty() {
        parts.push(format!("except goods on {}", lists(&scope.products_except)));
    }
    parts.join("; ")
}
