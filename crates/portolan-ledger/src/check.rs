//! What a ledger must not contain: the refusals of `LEDGER.md` that need more than one record to see.

mod cycles;
mod goods;
mod lists;
mod logic;
mod relations;

use rustc_hash::FxHashSet;

pub use lists::check_lists;

use crate::code::TariffCode;
use crate::diagnostic::{Code, Diagnostic, Sources};
use crate::record::{
    Condition, Ledger, Named, Place, Program, Provision, RateRecord, Reference, Spares, Term, matches,
};
use crate::time::{Day, Instant};
use crate::timeline::Timeline;

/// Checks a ledger whose references to acts, lists, claims, families and groups are already resolved.
///
/// The rows of its product lists are checked apart, by [`check_lists`], where a schedule is at hand.
pub fn check(ledger: &Ledger, sources: &Sources) -> Vec<Diagnostic> {
    let timeline = Timeline::new(ledger);
    let mut checker = Checker { ledger, sources, timeline: &timeline, found: Vec::new() };
    for program in &ledger.programs {
        checker.ids(program);
        checker.references(program);
        checker.terms(program);
        checker.reporting(program);
        for provision in &program.provisions {
            checker.stale_steps(program, provision);
        }
    }
    checker.tiers();
    checker.cycles();
    checker.relations();
    checker.found
}

/// What a changed ledger brings that the ledger before it did not have: circles, and provisions without relation. For
/// scenarios, whose records stand beside a law that was checked.
pub(crate) fn broken_by_change(ledger: &Ledger) -> Vec<String> {
    let timeline = Timeline::new(ledger);
    let circles = cycles::circles(&timeline);
    let circles = circles.iter().map(|circle| circle_message(&timeline, circle));
    let meetings = relations::unrelated(&timeline);
    circles.chain(meetings.iter().map(|meeting| meeting_message(&timeline, meeting))).collect()
}

struct Checker<'c> {
    ledger: &'c Ledger,
    sources: &'c Sources,
    timeline: &'c Timeline<'c>,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    /// Reports a fault on the line where a record stands.
    fn report(&mut self, code: Code, place: Place, message: String, help: &str) {
        self.found.push(Diagnostic::new(code, self.sources.line(place), message).help(help));
    }

    fn ids(&mut self, program: &Program) {
        let mut seen: FxHashSet<(u8, &str)> = FxHashSet::default();
        let provisions = program.provisions.iter().map(|p| (0, p.id.as_str(), p.place));
        let suspensions = program.suspensions.iter().map(|s| (1, s.id.as_str(), s.place));
        let exceptions = program.exceptions.iter().map(|e| (2, e.id.as_str(), e.place));
        let prohibitions = program.prohibitions.iter().map(|p| (3, p.id.as_str(), p.place));
        let all: Vec<_> = provisions.chain(suspensions).chain(exceptions).chain(prohibitions).collect();
        for (kind, id, place) in all {
            if !seen.insert((kind, id)) {
                let message = format!("`{id}` stands twice in {}", program.id);
                self.report(Code::DuplicateId, place, message, "give each record of a kind an id of its own");
            }
        }
    }

    fn references(&mut self, program: &Program) {
        for provision in &program.provisions {
            self.resolve(program, &provision.yields_to, provision.place, false);
            self.resolve(program, &provision.adds_to, provision.place, false);
            self.conditions(program, &provision.when, provision.place);
        }
        for suspension in &program.suspensions {
            self.resolve(program, &suspension.of, suspension.place, false);
        }
        for exception in &program.exceptions {
            self.resolve(program, &exception.of, exception.place, false);
            if let Some(Spares::AssessedBy(references)) = &exception.spares {
                self.resolve(program, references, exception.place, false);
            }
            self.conditions(program, &exception.when, exception.place);
        }
        for prohibition in &program.prohibitions {
            self.conditions(program, &prohibition.when, prohibition.place);
        }
        for annulment in &program.annulments {
            self.resolve(program, &annulment.of, annulment.term.place, false);
        }
        for answered in &program.answers {
            if !self.ledger.programs.iter().any(|other| matches(answered, &other.id)) {
                let message = format!("`{answered}`, which {} answers, is no program", program.id);
                self.report(Code::DanglingReference, program.place, message, "name a program by its id");
            }
        }
    }

    fn conditions(&mut self, program: &Program, conditions: &[Condition], place: Place) {
        for condition in conditions {
            if let Condition::Provisions { of, .. } = condition {
                self.resolve(program, of, place, true);
            }
        }
    }

    fn resolve(&mut self, program: &Program, references: &[Reference], place: Place, exceptions: bool) {
        for reference in references {
            if !names_something(self.ledger, Some(program), reference, exceptions) {
                let message = format!("`{}` names no provision", show(reference));
                self.report(
                    Code::DanglingReference,
                    place,
                    message,
                    "see LEDGER.md, section 1, for how references are written",
                );
            }
        }
    }

    fn tiers(&mut self) {
        let ledger = self.ledger;
        for rule in &ledger.rules {
            for order in &rule.orders {
                for reference in order.tiers.iter().flatten() {
                    if !names_something(ledger, None, reference, false) {
                        let message =
                            format!("the tier `{}` of the rule `{}` names no provision", show(reference), rule.id);
                        self.report(
                            Code::DanglingReference,
                            order.term.place,
                            message,
                            "a tier names programs, or `program/id`",
                        );
                    }
                }
            }
        }
    }

    fn terms(&mut self, program: &Program) {
        for suspension in &program.suspensions {
            self.overlaps(&suspension.terms, &suspension.id);
        }
        for exception in &program.exceptions {
            self.overlaps(&exception.terms, &exception.id);
        }
        for prohibition in &program.prohibitions {
            self.overlaps(&prohibition.terms, &prohibition.id);
        }
    }

    /// With everything known, of the terms of each `from` the one issued last stands; none of these may overlap.
    fn overlaps(&mut self, terms: &[Term], id: &str) {
        let mut standing: Vec<&Term> = self.timeline.standing(terms, Day::MAX).collect();
        standing.sort_by_key(|term| term.from);
        let next_begins_inside = |pair: &&[&Term]| pair[0].until.is_none_or(|until| pair[1].from < until);
        if let Some(pair) = standing.windows(2).find(next_begins_inside) {
            let message = format!("a term of `{id}` begins while an earlier one runs");
            let help = "state the earlier term again with the same `from` and an `until`, by the act that cut it short";
            self.report(Code::OverlappingTerms, pair[1].place, message, help);
        }
    }

    fn reporting(&mut self, program: &Program) {
        let of_side = |order: &&crate::record::ReportingOrder| order.levied_by == program.levied_by;
        if !self.ledger.orders.iter().filter(of_side).any(|order| order.families.contains(&program.family)) {
            let family = &self.ledger.families[usize::from(program.family.0)].id;
            let message = format!("no order of reporting lists the family `{family}`");
            self.report(Code::NoReportingOrder, program.place, message, "add it to an [[order]] of families.toml");
        }
    }

    /// An older act's step that still lay in the future of a newer act, and that nothing since has stated again.
    fn stale_steps(&mut self, program: &Program, provision: &Provision) {
        let Some(clock) = self.ledger.clock(program.levied_by) else { return };
        let issued = |record: &RateRecord| self.ledger.act(record.term.act).issued;
        let future = |at: Instant, of: Day| clock.day_of(at) > of;
        let is_stale = |old: &&RateRecord| {
            let overtaken = provision.rates.iter().any(|new| {
                issued(new) > issued(old)
                    && new.term.from < old.term.from
                    && new.term.covers(old.term.from)
                    && future(old.term.from, issued(new))
            });
            let again = |other: &RateRecord| other.term.from == old.term.from && issued(other) > issued(old);
            overtaken && !provision.rates.iter().any(again)
        };
        let stale: Vec<Term> = provision.rates.iter().filter(is_stale).map(|record| record.term).collect();
        for term in stale {
            let act = &self.ledger.act(term.act).id;
            let message =
                format!("a newer act changes the rate before this step of `{act}`, and none states the step again");
            let help = "state it again with the same `from`, by the newer act: with its rate, or with `none`";
            self.report(Code::StaleStep, term.place, message, help);
        }
    }

    fn cycles(&mut self) {
        for circle in cycles::circles(self.timeline) {
            let message = circle_message(self.timeline, &circle);
            let place = self.timeline.provision(circle[0]).record.place;
            self.report(Code::Cycle, place, message, "decide which of the provisions is looked at first");
        }
    }

    fn relations(&mut self) {
        for meeting in relations::unrelated(self.timeline) {
            let place = self.timeline.provisions[meeting.pair.1].record.place;
            let message = meeting_message(self.timeline, &meeting);
            self.report(
                Code::NoRelation,
                place,
                message,
                "say which yields to the other, or that one adds to the other",
            );
        }
    }
}

fn circle_message(timeline: &Timeline<'_>, circle: &[crate::timeline::ProvisionIx]) -> String {
    let name = |&index: &crate::timeline::ProvisionIx| {
        let node = timeline.provision(index);
        format!("{}/{}", timeline.program(node.program).id, node.record.id)
    };
    let names: Vec<String> = circle.iter().map(name).collect();
    format!("whether these stand turns on themselves: {}", names.join(", "))
}

fn meeting_message(timeline: &Timeline<'_>, meeting: &relations::Meeting) -> String {
    let [a, b] = [meeting.pair.0, meeting.pair.1].map(|index| &timeline.provisions[index]);
    let program = timeline.program(a.program);
    let origin = meeting.origin.map_or_else(|| "an origin that is not named".to_owned(), |origin| origin.to_string());
    let day = timeline.ledger.clock(program.levied_by).map_or(Day::MAX, |clock| clock.day_of(meeting.at));
    format!(
        "`{}` and `{}` of {} can be owed on one line ({} from {origin} on {day}, as known on {}), and nothing relates them",
        a.record.id,
        b.record.id,
        program.id,
        shortest(meeting.code),
        meeting.known
    )
}

/// A ten-digit number as the shortest code that starts there.
fn shortest(number: TariffCode) -> String {
    let codes = [2, 4, 6, 8, 10].map(|digits| number.prefix(digits));
    let found = codes.iter().find(|code| code.padded() == number.padded());
    found.filter(|code| code.padded() > 0).map_or_else(|| "any good".to_owned(), ToString::to_string)
}

pub(crate) fn names_something(ledger: &Ledger, own: Option<&Program>, reference: &Reference, exceptions: bool) -> bool {
    let in_program = |program: &Program| match &reference.what {
        Named::All => true,
        Named::Id(pattern) => program.provisions.iter().any(|p| matches(pattern, &p.id)),
        Named::Heading(pattern) => {
            let heading = |heading: Option<&str>| heading.is_some_and(|heading| matches(pattern, heading));
            program.provisions.iter().any(|p| heading(Some(&p.heading)))
                || exceptions && program.exceptions.iter().any(|e| heading(e.heading.as_deref()))
        }
    };
    match &reference.program {
        None => own.is_some_and(in_program),
        Some(pattern) => ledger.programs.iter().filter(|p| matches(pattern, &p.id)).any(in_program),
    }
}

/// A reference as it is written.
fn show(reference: &Reference) -> String {
    let what = match &reference.what {
        Named::All => return reference.program.clone().unwrap_or_default(),
        Named::Id(id) => id.clone(),
        Named::Heading(heading) => format!("@{heading}"),
    };
    match &reference.program {
        Some(program) => format!("{program}/{what}"),
        None => what,
    }
}
