//! From patches to records.

use std::collections::BTreeMap;
use std::ops::Range;

use super::rates::{self, Bounds, FACTOR_PLACES, Factor};
use super::{Op, Patch, RawPatch, RawScenario, Scenario, Until, span};
use crate::code::TariffCode;
use crate::diagnostic::{Code, Diagnostic};
use crate::duty_rate::DutyRate;
use crate::number::parse_scaled;
use crate::read::raw::Texts;
use crate::read::{At, Reader, day, program};
use crate::record::{
    Act, ActId, Annulment, Condition, Exception, Ledger, List, ListId, ListRow, Named, Place, Reference, Scope, Seen,
    Suspension, Term, matches,
};
use crate::time::{Clock, Day, Instant, Side};

/// What is said of every fault that concerns the form of a patch.
const SEE: &str = "see LEDGER.md, section 8, for what each operation takes";

/// Whether the patches of a file have what their operation needs, and nothing else.
pub(super) fn form(file: u16, raw: &RawScenario, found: &mut Vec<Diagnostic>) {
    for patch in &raw.patch {
        let at = span(file, &patch.span());
        let patch = patch.get_ref();
        let mut fault = |message: String| found.push(Diagnostic::new(Code::BadPatch, Some(at), message).help(SEE));
        let (needed, allowed): (&[&str], &[&str]) = match patch.op {
            Op::SetRate => (&["of", "rate"], &[]),
            Op::ScaleRate => (&["of", "by"], &[]),
            Op::Suspend => (&["of"], &["keeps"]),
            Op::LetLapse | Op::Extend | Op::Annul => (&["of"], &[]),
            Op::Exclude => (&["of"], &["products", "origin", "claim"]),
            Op::Impose => (&["program", "rate", "provision"], &[]),
        };
        for (key, given) in patch.given() {
            let bound = matches!(key, "from" | "until");
            if !given && (bound || needed.contains(&key)) {
                fault(format!("the patch has no `{key}`"));
            } else if given && !bound && key != "on" && !needed.contains(&key) && !allowed.contains(&key) {
                fault(format!("`{key}` has no meaning here"));
            }
        }
        if patch.op == Op::Exclude && patch.products.is_none() && patch.origin.is_none() && patch.claim.is_none() {
            fault("an exclusion says of which `products`, `origin` or `claim`".to_owned());
        }
        if let Some(Until::Word(word)) = patch.until.as_ref().map(toml::Spanned::get_ref).filter(|u| !u.is_whole()) {
            fault(format!("`{word}` is no end: write a date, or `forever`"));
        }
    }
}

impl Until {
    /// Whether it is a date, or the one word that there is.
    fn is_whole(&self) -> bool {
        match self {
            Self::At(_) => true,
            Self::Word(word) => word == "forever",
        }
    }
}

impl RawPatch {
    /// Every key but `op` and `note`, and whether it is given.
    fn given(&self) -> [(&'static str, bool); 12] {
        [
            ("of", self.of.is_some()),
            ("from", self.from.is_some()),
            ("until", self.until.is_some()),
            ("on", self.on.is_some()),
            ("rate", self.rate.is_some()),
            ("by", self.by.is_some()),
            ("keeps", self.keeps.is_some()),
            ("products", self.products.is_some()),
            ("origin", self.origin.is_some()),
            ("claim", self.claim.is_some()),
            ("program", self.program.is_some()),
            ("provision", self.provision.is_some()),
        ]
    }
}

/// Lays a scenario over a ledger. The result is a ledger like any other; its version names the scenario.
///
/// Faults have their places in the scenario's files. A scenario after which provisions can be owed together without
/// relation, or turn on themselves, is refused.
pub fn apply(ledger: &Ledger, scenario: &Scenario) -> Result<Ledger, Vec<Diagnostic>> {
    let patched = lay_over(ledger, scenario)?;
    let broken = crate::check::broken_by_change(&patched);
    if broken.is_empty() {
        return Ok(patched);
    }
    let fault = |message| {
        let fault = Diagnostic::new(Code::BadPatch, Some(scenario.span), format!("after `{}`, {message}", scenario.id));
        fault.help("suspend or exclude one of them, or bound the patches so that they do not meet")
    };
    Err(broken.into_iter().map(fault).collect())
}

/// [`apply`] without a look at what the records do to each other.
pub(super) fn lay_over(ledger: &Ledger, scenario: &Scenario) -> Result<Ledger, Vec<Diagnostic>> {
    let mut ledger = ledger.clone();
    if let Some(known) = scenario.known {
        cut(&mut ledger, known);
    }
    let mut work = Work { reader: Reader::adding_to(ledger), touched: Vec::new() };
    for patch in &scenario.patches {
        work.patch(patch);
    }
    if !work.reader.diagnostics.is_empty() {
        return Err(work.reader.diagnostics);
    }
    let mut ledger = work.reader.ledger;
    ledger.version = format!("{}+{}.{}", ledger.version, scenario.id, scenario.digest);
    Ok(ledger)
}

/// Joins scenarios into one. Two that touch one provision with overlapping bounds are refused by name.
///
/// # Errors
/// A diagnostic for each pair of patches that do not compose, at the later one.
pub fn compose(ledger: &Ledger, scenarios: &[&Scenario]) -> Result<Scenario, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut joined: Option<Scenario> = None;
    let light = super::without_rows(ledger);
    let mut theirs: Vec<(String, Vec<((usize, usize), Bounds)>)> = Vec::new();
    for &scenario in scenarios {
        // What several build on is laid down once.
        let has = |patch: &&Patch| !theirs.iter().any(|(id, _)| *id == patch.scenario);
        let new: Vec<Patch> = scenario.patches.iter().filter(has).cloned().collect();
        let ours: Vec<_> = new.iter().map(|patch| touched(&light, patch)).collect();
        for (patch, ours) in new.iter().zip(&ours) {
            found.extend(theirs.iter().filter_map(|theirs| clash(&light, theirs, (patch, ours))));
        }
        theirs.extend(new.iter().map(|patch| patch.scenario.clone()).zip(ours));
        joined = Some(match joined {
            None => scenario.clone(),
            Some(before) => join(before, scenario, new),
        });
    }
    match joined {
        Some(joined) if found.is_empty() => Ok(joined),
        Some(_) => Err(found),
        None => Err(vec![Diagnostic::new(Code::BadPatch, None, "no scenario is named")]),
    }
}

/// One scenario of two, with the patches of the second that the first does not have.
fn join(mut before: Scenario, scenario: &Scenario, new: Vec<Patch>) -> Scenario {
    before.id = format!("{}+{}", before.id, scenario.id);
    before.title = format!("{}; {}", before.title, scenario.title);
    before.known = before.known.into_iter().chain(scenario.known).min();
    before.digest = format!("{}.{}", before.digest, scenario.digest);
    before.patches.extend(new);
    before
}

/// The provisions that a patch bears on, each by its program and its place in it, and when; the rows of lists are not
/// looked at.
pub(super) fn touched(ledger: &Ledger, patch: &Patch) -> Vec<((usize, usize), Bounds)> {
    let mut work = Work { reader: Reader::adding_to(ledger.clone()), touched: Vec::new() };
    let found = work.touches(patch);
    found.into_iter().filter_map(|at| Some((at, work.bounds(patch, at.0)?))).collect()
}

/// The fault of two patches of different scenarios that touch one provision at one time.
fn clash(
    ledger: &Ledger,
    (old, theirs): &(String, Vec<((usize, usize), Bounds)>),
    (new, ours): (&Patch, &[((usize, usize), Bounds)]),
) -> Option<Diagnostic> {
    let meets =
        |(at, bounds): &&((usize, usize), Bounds)| theirs.iter().any(|(other, b)| other == at && b.overlap(bounds));
    let ((program, provision), _) = ours.iter().find(meets)?;
    let program = &ledger.programs[*program];
    let message = format!(
        "`{}` and `{}` both touch {}/{} at one time; they do not compose",
        old, new.scenario, program.id, program.provisions[*provision].id
    );
    Some(
        Diagnostic::new(Code::BadPatch, Some(new.span), message)
            .help("bound them apart, or write one scenario that says which comes first"),
    )
}

/// Drops what acts issued after a day say.
fn cut(ledger: &mut Ledger, known: Day) {
    let late: Vec<bool> = ledger.acts.iter().map(|act| act.issued > known).collect();
    let kept = |act: ActId| !late.get(usize::from(act.0)).copied().unwrap_or(false);
    for program in &mut ledger.programs {
        program.provisions.iter_mut().for_each(|p| p.rates.retain(|rate| kept(rate.term.act)));
        program.suspensions.iter_mut().for_each(|s| s.terms.retain(|term| kept(term.act)));
        program.exceptions.iter_mut().for_each(|e| e.terms.retain(|term| kept(term.act)));
        program.prohibitions.iter_mut().for_each(|p| p.terms.retain(|term| kept(term.act)));
        program.annulments.retain(|annulment| kept(annulment.term.act));
    }
    ledger.lists.iter_mut().for_each(|list| list.rows.retain(|row| kept(row.term.act)));
    ledger.groups.iter_mut().for_each(|group| group.members.retain(|member| kept(member.term.act)));
    ledger.rules.iter_mut().for_each(|rule| rule.orders.retain(|order| kept(order.term.act)));
    // Orders of reporting and governing dates are forms of procedure: without the later ones nothing could be shown.
}

/// What a patch changes: two patches of one scenario may not change one of these at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touched {
    Rate(usize, usize),
    Suspended(usize, usize),
    Annulled(usize, usize),
    Terms(usize, Layer),
}

/// A record with terms, by its index in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Suspension(usize),
    Exception(usize),
}

struct Work {
    reader: Reader,
    touched: Vec<(Touched, Bounds, String, u32)>,
}

impl Work {
    fn fault(&mut self, patch: &Patch, at: Option<&Range<usize>>, message: String, help: &str) {
        let at = at.map_or(patch.span, |range| span(patch.span.file, range));
        self.reader.diagnostics.push(Diagnostic::new(Code::BadPatch, Some(at), message).help(help));
    }

    fn patch(&mut self, patch: &Patch) {
        match patch.raw.op {
            Op::SetRate | Op::ScaleRate => self.rates(patch),
            Op::Suspend => self.suspend(patch),
            Op::LetLapse | Op::Extend => self.terms(patch),
            Op::Annul => self.annul(patch),
            Op::Exclude => self.exclude(patch),
            Op::Impose => self.impose(patch),
        }
    }

    fn clock(&self, program: usize) -> Option<Clock> {
        self.reader.ledger.clock(self.side(program))
    }

    fn side(&self, program: usize) -> Side {
        self.reader.ledger.programs[program].levied_by
    }

    /// When a patch holds, in the zone of the side that levies a program; reports what is no moment.
    fn bounds(&mut self, patch: &Patch, program: usize) -> Option<Bounds> {
        let at = At { file: patch.span.file, side: self.side(program) };
        let clock = self.clock(program)?;
        let from = self.reader.instant(at, patch.raw.from.as_ref()?)?;
        let until = match patch.raw.until.as_ref()?.get_ref() {
            Until::Word(_) => None,
            Until::At(date) => {
                let date = toml::Spanned::new(patch.raw.until.as_ref()?.span(), *date);
                Some(self.reader.instant(at, &date)?)
            }
        };
        if until.is_some_and(|until| until <= from) {
            self.fault(
                patch,
                None,
                "the patch ends before it begins".to_owned(),
                "an end is the first moment not covered",
            );
            return None;
        }
        let on = patch.raw.on.as_ref().map_or_else(|| Some(clock.day_of(from)), |date| day(date.get_ref()));
        let Some(on) = on else {
            let range = patch.raw.on.as_ref().map(toml::Spanned::span);
            let message = "`on` is a day, without a time".to_owned();
            self.fault(patch, range.as_ref(), message, "knowledge has the grain of a day");
            return None;
        };
        Some(Bounds { from, until, on })
    }

    /// Notes what a patch changes, and reports another patch of its scenario that changes the same at the same time.
    fn touch(&mut self, patch: &Patch, what: Touched, bounds: Bounds) {
        let clash = |(other, b, scenario, _): &&(Touched, Bounds, String, u32)| {
            *other == what && *scenario == patch.scenario && b.overlap(&bounds)
        };
        if let Some(line) = self.touched.iter().find(clash).map(|(.., line)| *line) {
            let message = format!("this patch and the one of line {line} change the same record at one time");
            self.fault(patch, None, message, "bound them apart");
        }
        self.touched.push((what, bounds, patch.scenario.clone(), patch.line));
    }

    /// The place of a patch among the files of the ledger.
    fn place(&mut self, patch: &Patch) -> Place {
        let files = &mut self.reader.ledger.files;
        let known = files.iter().position(|file| *file == patch.path);
        let file = known.unwrap_or_else(|| {
            files.push(patch.path.clone());
            files.len() - 1
        });
        Place { file: u16::try_from(file).unwrap_or(u16::MAX), line: patch.line }
    }

    /// The scenario's act, known from a day.
    fn act(&mut self, patch: &Patch, side: Side, issued: Day) -> ActId {
        let place = self.place(patch);
        act(&mut self.reader.ledger, patch, side, issued, place)
    }

    /// The provisions that a patch names, by program.
    fn provisions(&mut self, patch: &Patch) -> BTreeMap<usize, Vec<usize>> {
        let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let Some(of) = &patch.raw.of else { return found };
        for text in &of.get_ref().0 {
            let named = self.named(text, |program, what| {
                let named = |p: &crate::record::Provision| match what {
                    Named::All => true,
                    Named::Id(pattern) => matches(pattern, &p.id),
                    Named::Heading(pattern) => matches(pattern, &p.heading),
                };
                program.provisions.iter().enumerate().filter(|(_, p)| named(p)).map(|(index, _)| index).collect()
            });
            self.nothing_named(patch, of, text, named.is_empty(), "provision");
            for (program, index) in named {
                let of_program = found.entry(program).or_default();
                if !of_program.contains(&index) {
                    of_program.push(index);
                }
            }
        }
        found
    }

    /// The suspensions and exceptions that a patch names.
    fn layers(&mut self, patch: &Patch) -> Vec<(usize, Layer)> {
        let mut found: Vec<(usize, Layer)> = Vec::new();
        let Some(of) = &patch.raw.of else { return found };
        for text in &of.get_ref().0 {
            let named = self.named(text, |program, what| {
                let id = |id: &str| match what {
                    Named::All => true,
                    Named::Id(pattern) => matches(pattern, id),
                    Named::Heading(_) => false,
                };
                let heading = |heading: Option<&str>| match what {
                    Named::Heading(pattern) => heading.is_some_and(|heading| matches(pattern, heading)),
                    Named::All | Named::Id(_) => false,
                };
                let suspensions = program.suspensions.iter().enumerate().filter(|(_, s)| id(&s.id));
                let exceptions = program.exceptions.iter().enumerate();
                let exceptions = exceptions.filter(|(_, e)| id(&e.id) || heading(e.heading.as_deref()));
                let suspensions = suspensions.map(|(index, _)| Layer::Suspension(index));
                suspensions.chain(exceptions.map(|(index, _)| Layer::Exception(index))).collect()
            });
            self.nothing_named(patch, of, text, named.is_empty(), "suspension and no exception");
            found.extend(named.into_iter().filter(|one| !found.contains(one)).collect::<Vec<_>>());
        }
        found
    }

    fn nothing_named(&mut self, patch: &Patch, of: &Texts, text: &str, nothing: bool, what: &str) {
        if nothing {
            let message = format!("`{text}` names no {what}");
            self.fault(patch, Some(&of.span()), message, "a scenario names records as `program/id`");
        }
    }

    /// What a text names in each program that it names.
    fn named<T>(&self, text: &str, of: impl Fn(&crate::record::Program, &Named) -> Vec<T>) -> Vec<(usize, T)> {
        let Reference { program, what } = program::reference(text, true);
        let programs = self.reader.ledger.programs.iter().enumerate();
        let programs = programs.filter(|(_, p)| program.as_ref().is_some_and(|pattern| matches(pattern, &p.id)));
        programs.flat_map(|(index, p)| of(p, &what).into_iter().map(move |one| (index, one))).collect()
    }

    /// The provisions that a patch bears on, for telling whether two scenarios meet.
    fn touches(&mut self, patch: &Patch) -> Vec<(usize, usize)> {
        if !matches!(patch.raw.op, Op::LetLapse | Op::Extend) {
            let named = self.provisions(patch);
            return named.into_iter().flat_map(|(p, all)| all.into_iter().map(move |v| (p, v))).collect();
        }
        let layers = self.layers(patch);
        let ledger = &self.reader.ledger;
        let timeline = crate::timeline::Timeline::new(ledger);
        let mut first = vec![0];
        for program in &ledger.programs {
            first.push(first[first.len() - 1] + program.provisions.len());
        }
        let mut found = Vec::new();
        for (index, node) in timeline.provisions.iter().enumerate() {
            let program = usize::from(node.program);
            let beneath = |(p, layer): &(usize, Layer)| match *layer {
                Layer::Suspension(s) => node
                    .suspensions
                    .iter()
                    .any(|other| std::ptr::eq(*other, &raw const ledger.programs[*p].suspensions[s])),
                Layer::Exception(e) => node.exceptions.iter().any(|&other| {
                    std::ptr::eq(timeline.exception(other).record, &raw const ledger.programs[*p].exceptions[e])
                }),
            };
            if layers.iter().any(beneath) {
                found.push((program, index - first[program]));
            }
        }
        found
    }

    fn rates(&mut self, patch: &Patch) {
        let Some(change) = self.change(patch) else { return };
        let named = self.provisions(patch);
        let mut changed = named.is_empty();
        for (program, provisions) in named {
            let Some(bounds) = self.bounds(patch, program) else { return };
            let (side, place) = (self.side(program), self.place(patch));
            for index in provisions {
                self.touch(patch, Touched::Rate(program, index), bounds);
                let beneath = self.reader.ledger.programs[program].provisions[index].rates.clone();
                let wanted = |rate: Option<&DutyRate>| match (&change, rate) {
                    (Change::To(rate), _) => Ok(Some(rate.clone())),
                    (Change::Times(_), None) => Ok(None),
                    (Change::Times(by), Some(rate)) => rates::scaled(rate, *by).map(Some),
                };
                let act = |ledger: &mut Ledger, day: Day| act(ledger, patch, side, day, place);
                match rates::over(&mut self.reader.ledger, &beneath, bounds, place, wanted, act) {
                    Ok(records) => {
                        changed |= !records.is_empty();
                        self.reader.ledger.programs[program].provisions[index].rates.extend(records);
                    }
                    Err(message) => {
                        self.fault(patch, None, message, "rates are exact: choose a factor that keeps them so");
                    }
                }
            }
        }
        if !changed && self.reader.diagnostics.is_empty() {
            self.fault(
                patch,
                None,
                "no rate is in force within the bounds".to_owned(),
                "check the bounds against the records",
            );
        }
    }

    fn change(&mut self, patch: &Patch) -> Option<Change> {
        let at = At { file: patch.span.file, side: Side(0) };
        if let Some(text) = &patch.raw.rate {
            return self.reader.rate(at, text).map(Change::To);
        }
        let text = patch.raw.by.as_ref()?;
        match parse_scaled(text.get_ref().as_bytes(), FACTOR_PLACES) {
            Ok(factor) if factor >= 0 => Some(Change::Times(Factor(factor))),
            _ => {
                let message = format!("`{}` is no factor", text.get_ref());
                self.fault(
                    patch,
                    Some(&text.span()),
                    message,
                    "a factor is a plain decimal not below zero, as `2` or `0.5`",
                );
                None
            }
        }
    }

    fn suspend(&mut self, patch: &Patch) {
        let at = At { file: patch.span.file, side: Side(0) };
        let keeps = match &patch.raw.keeps {
            None => None,
            Some(text) => match self.reader.rate(at, text) {
                Some(rate) => Some(rate),
                None => return,
            },
        };
        for (program, provisions) in self.provisions(patch) {
            let Some((bounds, term)) = self.term(patch, program) else { return };
            for &index in &provisions {
                self.touch(patch, Touched::Suspended(program, index), bounds);
            }
            let of = self.references(program, &provisions);
            let target = &mut self.reader.ledger.programs[program];
            target.suspensions.push(Suspension {
                id: format!("scenario:{}/{}", patch.scenario, patch.line),
                title: Some(patch.title.clone()),
                of,
                keeps: keeps.clone(),
                resumes: true,
                terms: vec![term],
                patch: true,
                note: None,
                place: term.place,
            });
        }
    }

    /// The bounds of a patch, and the term that says them.
    fn term(&mut self, patch: &Patch, program: usize) -> Option<(Bounds, Term)> {
        let bounds = self.bounds(patch, program)?;
        let act = self.act(patch, self.side(program), bounds.on);
        Some((bounds, Term { from: bounds.from, until: bounds.until, act, place: self.place(patch) }))
    }

    /// Provisions of a program as references of its own.
    fn references(&self, program: usize, provisions: &[usize]) -> Vec<Reference> {
        let all = &self.reader.ledger.programs[program].provisions;
        provisions.iter().map(|&index| Reference { program: None, what: Named::Id(all[index].id.clone()) }).collect()
    }

    fn annul(&mut self, patch: &Patch) {
        for (program, provisions) in self.provisions(patch) {
            let Some((bounds, term)) = self.term(patch, program) else { return };
            let Some(clock) = self.clock(program) else { return };
            for &index in &provisions {
                self.touch(patch, Touched::Annulled(program, index), bounds);
            }
            let of = self.references(program, &provisions);
            let annulment = Annulment { of, term, ceased: clock.day_start(bounds.on), note: Some(patch.title.clone()) };
            self.reader.ledger.programs[program].annulments.push(annulment);
        }
    }

    /// Terms that are let lapse, or run on: each is stated again with its `from`, by the scenario's act.
    fn terms(&mut self, patch: &Patch) {
        for (program, layer) in self.layers(patch) {
            let Some(bounds) = self.bounds(patch, program) else { return };
            self.touch(patch, Touched::Terms(program, layer), bounds);
            let terms = match layer {
                Layer::Suspension(index) => self.reader.ledger.programs[program].suspensions[index].terms.clone(),
                Layer::Exception(index) => self.reader.ledger.programs[program].exceptions[index].terms.clone(),
            };
            let changed: Vec<(Term, Option<Instant>)> = if patch.raw.op == Op::LetLapse {
                let dropped =
                    |term: &&Term| term.from >= bounds.from && bounds.until.is_none_or(|until| term.from < until);
                terms.iter().filter(dropped).map(|term| (*term, Some(term.from))).collect()
            } else {
                match self.last_term(&terms, bounds) {
                    Ok(term) => vec![(term, bounds.until)],
                    Err(message) => {
                        self.fault(patch, None, message, "suspend or exclude says so from a day of its own");
                        return;
                    }
                }
            };
            for (term, until) in changed {
                let issued = self.reader.ledger.act(term.act).issued.max(bounds.on);
                let act = self.act(patch, self.side(program), issued);
                let again = Term { from: term.from, until, act, place: self.place(patch) };
                let target = &mut self.reader.ledger.programs[program];
                match layer {
                    Layer::Suspension(index) => target.suspensions[index].terms.push(again),
                    Layer::Exception(index) => target.exceptions[index].terms.push(again),
                }
            }
        }
    }

    /// The last term that stands with everything known, if it can run on.
    fn last_term(&self, terms: &[Term], bounds: Bounds) -> Result<Term, String> {
        let ledger = &self.reader.ledger;
        let rank = |(index, term): &(usize, &Term)| (term.from, ledger.act(term.act).issued, *index);
        let runs = |term: &&Term| term.until.is_none_or(|until| term.from < until);
        let last = terms.iter().filter(runs).enumerate().max_by_key(rank).map(|(_, term)| *term);
        let last = last.ok_or("there is no term that could run on")?;
        let end = last.until.ok_or("the last term has no end already")?;
        if end < bounds.from {
            return Err("the last term ended before the patch begins".to_owned());
        }
        if bounds.until.is_some_and(|until| until <= end) {
            return Err("the last term runs that long already".to_owned());
        }
        Ok(last)
    }

    fn exclude(&mut self, patch: &Patch) {
        let raw = &patch.raw;
        for (program, provisions) in self.provisions(patch) {
            let Some((_, term)) = self.term(patch, program) else { return };
            let at = At { file: patch.span.file, side: self.side(program) };
            let origin = self.reader.origin_refs(at, raw.origin.as_ref());
            let Some(products) = self.products(patch, raw.products.as_ref(), term) else { return };
            let when: Vec<Condition> = self.reader.conditions(at, raw.claim.as_ref(), None);
            let of = self.references(program, &provisions);
            self.reader.ledger.programs[program].exceptions.push(Exception {
                id: format!("scenario:{}/{}", patch.scenario, patch.line),
                heading: None,
                label: Some(patch.title.clone()),
                of,
                scope: Scope { origin, products, ..Scope::default() },
                when,
                spares: None,
                terms: vec![term],
                note: None,
                place: term.place,
            });
        }
    }

    /// Lists by their path from the root of the ledger, and codes, which make a list of the scenario's own.
    fn products(&mut self, patch: &Patch, texts: Option<&Texts>, term: Term) -> Option<Vec<ListId>> {
        let Some(texts) = texts else { return Some(Vec::new()) };
        let mut found = Vec::new();
        let mut rows: Vec<ListRow> = Vec::new();
        for text in &texts.get_ref().0 {
            let list = self.reader.ledger.lists.iter().position(|list| list.path == *text);
            match (list, TariffCode::parse(text.as_bytes())) {
                (Some(index), _) => found.extend(u16::try_from(index).ok().map(ListId)),
                (None, Ok(code)) => rows.push(ListRow { code, term, except: Vec::new() }),
                (None, Err(_)) => {
                    let message = format!("`{text}` is neither a list of the ledger nor a code");
                    self.fault(
                        patch,
                        Some(&texts.span()),
                        message,
                        "a list is named by its path from the ledger's root",
                    );
                    return None;
                }
            }
        }
        if !rows.is_empty() {
            rows.sort_by_key(|row| row.code);
            let lists = &mut self.reader.ledger.lists;
            found.extend(u16::try_from(lists.len()).ok().map(ListId));
            lists.push(List { path: format!("scenario:{}/{}", patch.scenario, patch.line), rows });
        }
        if found.is_empty() {
            self.fault(patch, Some(&texts.span()), "no goods are named".to_owned(), SEE);
            return None;
        }
        Some(found)
    }

    fn impose(&mut self, patch: &Patch) {
        let (Some(name), Some(raw)) = (&patch.raw.program, &patch.raw.provision) else { return };
        let programs = &self.reader.ledger.programs;
        let Some(program) = programs.iter().position(|program| program.id == *name.get_ref()) else {
            let near = crate::read::nearest(name.get_ref(), programs.iter().map(|program| program.id.as_str()));
            let help = near.map_or_else(|| SEE.to_owned(), |near| format!("did you mean `{near}`?"));
            self.fault(patch, Some(&name.span()), format!("there is no program `{}`", name.get_ref()), &help);
            return;
        };
        let Some(Change::To(rate)) = self.change(patch) else { return };
        let Some((_, term)) = self.term(patch, program) else { return };
        let provision = raw.get_ref();
        if programs_has(&self.reader.ledger, program, provision.id.get_ref()) {
            let message = format!("`{}` stands already in {}", provision.id.get_ref(), name.get_ref());
            self.fault(patch, Some(&provision.id.span()), message, "give the new provision an id of its own");
            return;
        }
        let at = At { file: patch.span.file, side: self.side(program) };
        let Some(products) = self.products(patch, provision.products.as_ref(), term) else { return };
        let Some(products_except) = self.products(patch, provision.products_except.as_ref(), term) else { return };
        let mut without = raw.clone();
        let stripped = toml::Spanned::get_mut(&mut without);
        (stripped.products, stripped.products_except) = (None, None);
        if !stripped.rate.is_empty() {
            self.fault(
                patch,
                Some(&raw.span()),
                "the rate of an imposed provision is that of the patch".to_owned(),
                SEE,
            );
            return;
        }
        let record = crate::record::RateRecord { rate, term, patch: true, note: None };
        let Some(mut new) = self.reader.imposed(at, without, record) else { return };
        (new.scope.products, new.scope.products_except) = (products, products_except);
        new.place = term.place;
        self.reader.ledger.programs[program].provisions.push(new);
    }
}

fn programs_has(ledger: &Ledger, program: usize, id: &str) -> bool {
    ledger.programs[program].provisions.iter().any(|provision| provision.id == id)
}

/// What becomes of a rate.
enum Change {
    To(DutyRate),
    Times(Factor),
}

/// The act of a patch's scenario that is known from a day: one for each day, under one name.
fn act(ledger: &mut Ledger, patch: &Patch, side: Side, issued: Day, place: Place) -> ActId {
    let id = format!("scenario:{}", patch.scenario);
    let known = ledger.acts.iter().position(|act| act.id == id && act.issued == issued && act.side == side);
    let index = known.unwrap_or_else(|| {
        ledger.acts.push(Act {
            cite: id.clone(),
            id,
            side,
            title: patch.title.clone(),
            kind: "scenario".to_owned(),
            issued,
            url: None,
            seen: Seen::Unchecked,
            note: None,
            place,
        });
        ledger.acts.len() - 1
    });
    ActId(u16::try_from(index).unwrap_or(u16::MAX))
}
