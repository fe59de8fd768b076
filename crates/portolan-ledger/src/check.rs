//! What a ledger must not contain: the refusals of `LEDGER.md` that need more than one record to see.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::{Code, Diagnostic, Sources, Span};
use crate::record::{
    Condition, Exception, Ledger, List, Origin, OriginRef, Place, Program, Provision, RateRecord, Reference, Scope,
    Spares, Term,
};
use crate::time::{Day, Instant};
use crate::timeline::{Dated, ProvisionIx, Target, Test, Timeline};

/// Checks a ledger whose references to acts, lists, claims, families and groups are already resolved.
pub fn check(ledger: &Ledger, sources: &Sources) -> Vec<Diagnostic> {
    let timeline = Timeline::new(ledger);
    let mut checker = Checker { ledger, sources, timeline: &timeline, found: Vec::new() };
    for program in &ledger.programs {
        checker.ids(program);
        checker.references(program);
        checker.terms(program);
        checker.reporting(program);
        for provision in &program.provisions {
            checker.stale_steps(provision);
        }
    }
    checker.tiers();
    checker.cycles();
    checker.relations();
    checker.found
}

struct Checker<'c> {
    ledger: &'c Ledger,
    sources: &'c Sources,
    timeline: &'c Timeline<'c>,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    /// The whole line of a place.
    fn span(&self, place: Place) -> Option<Span> {
        let text = self.sources.text(place.file);
        let mut start = 0;
        for _ in 1..place.line {
            start += text[start..].find('\n')? + 1;
        }
        let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
        let byte = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Some(Span { file: place.file, start: byte(start), end: byte(end) })
    }

    fn report(&mut self, code: Code, place: Place, message: String, help: &str) {
        let diagnostic = Diagnostic::new(code, self.span(place), message);
        self.found.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
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
                self.report(Code::DuplicateId, place, format!("`{id}` stands twice in {}", program.id), "");
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
            if !self.names_something(Some(program), reference, exceptions) {
                let text = show(reference);
                self.report(
                    Code::DanglingReference,
                    place,
                    format!("`{text}` names no provision"),
                    "see LEDGER.md, section 1, for how references are written",
                );
            }
        }
    }

    fn names_something(&self, own: Option<&Program>, reference: &Reference, exceptions: bool) -> bool {
        use crate::record::{Named, matches};
        let in_program = |program: &Program| match &reference.what {
            Named::All => true,
            Named::Id(pattern) => program.provisions.iter().any(|p| matches(pattern, &p.id)),
            Named::Heading(pattern) => {
                program.provisions.iter().any(|p| matches(pattern, &p.heading))
                    || exceptions
                        && program.exceptions.iter().any(|e| e.heading.as_deref().is_some_and(|h| matches(pattern, h)))
            }
        };
        match &reference.program {
            None => own.is_some_and(in_program),
            Some(pattern) => self.ledger.programs.iter().filter(|p| matches(pattern, &p.id)).any(in_program),
        }
    }

    fn tiers(&mut self) {
        for rule in &self.ledger.rules {
            for order in &rule.orders {
                for reference in order.tiers.iter().flatten() {
                    if !self.names_something(None, reference, false) {
                        self.report(
                            Code::DanglingReference,
                            order.term.place,
                            format!("the tier `{}` of the rule `{}` names no provision", show(reference), rule.id),
                            "",
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

    /// With everything known, terms that start at different moments must not overlap.
    fn overlaps(&mut self, terms: &[Term], id: &str) {
        let mut standing: Vec<&Term> = Vec::new();
        for term in terms {
            if let Some(stands) = self.timeline.in_force(terms, term.from, Day::MAX)
                && !standing.contains(&stands)
            {
                standing.push(stands);
            }
            // Terms that begin while this one runs are overlaps: the in-force rule would hide the earlier.
            let latest = |t: &&Term| t.from == term.from;
            let Some(current) = terms.iter().filter(latest).max_by_key(|t| self.ledger.act(t.act).issued) else {
                continue;
            };
            let begins_inside = |t: &Term| t.from > current.from && current.until.is_none_or(|until| t.from < until);
            if let Some(inside) = terms.iter().find(|t| begins_inside(t)) {
                let place = inside.place;
                self.report(
                    Code::OverlappingTerms,
                    place,
                    format!("a term of `{id}` begins while an earlier one runs"),
                    "state the earlier term again with the same `from` and an `until`, by the act that cut it short",
                );
                return;
            }
        }
    }

    fn reporting(&mut self, program: &Program) {
        let listed =
            self.ledger.orders.iter().any(|o| o.levied_by == program.levied_by && o.families.contains(&program.family));
        if !listed {
            let family = &self.ledger.families[usize::from(program.family.0)].id;
            self.report(
                Code::NoReportingOrder,
                program.place,
                format!("no order of reporting lists the family `{family}`"),
                "add it to an [[order]] of families.toml",
            );
        }
    }

    /// An older act's step that still lay in the future of a newer act, and that nothing since has stated again.
    fn stale_steps(&mut self, provision: &Provision) {
        let issued = |record: &RateRecord| self.ledger.act(record.term.act).issued;
        let mut stale = Vec::new();
        for old in &provision.rates {
            let overtaken = provision.rates.iter().any(|new| {
                issued(new) > issued(old)
                    && new.term.from < old.term.from
                    && new.term.until.is_none_or(|until| until > old.term.from)
                    && self.day_of(provision, old.term.from) > issued(new)
            });
            let restated =
                provision.rates.iter().any(|other| other.term.from == old.term.from && issued(other) > issued(old));
            if overtaken && !restated {
                stale.push(old.term);
            }
        }
        for term in stale {
            let act = &self.ledger.act(term.act).id;
            self.report(
                Code::StaleStep,
                term.place,
                format!("a newer act changes the rate before this step of `{act}`, and none states the step again"),
                "state it again with the same `from`, by the newer act: with its rate, or with `none`",
            );
        }
    }

    fn day_of(&self, _provision: &Provision, at: Instant) -> Day {
        // Any side's zone will do: issue days and effective days are compared to the day.
        self.ledger.clock(crate::time::Side(0)).map_or(Day::MAX, |clock| clock.day_of(at))
    }

    fn cycles(&mut self) {
        let edges = edges(self.timeline);
        let mut state = vec![0_u8; edges.len()];
        for start in 0..edges.len() {
            if state[start] == 0
                && let Some(node) = find_cycle(start, &edges, &mut state)
            {
                let record = self.timeline.provisions[node].record;
                self.report(
                    Code::Cycle,
                    record.place,
                    format!("`{}` depends on itself through yields_to, subject_to, owing or spares", record.id),
                    "decide which of the provisions is looked at first",
                );
                return;
            }
        }
    }

    fn relations(&mut self) {
        let lists = Coverage::new(self.ledger);
        let mut start = 0;
        for program in &self.ledger.programs {
            let count = program.provisions.len();
            let unrelated = unrelated(self.timeline, &lists, start, count);
            for (a, b) in unrelated {
                let (a, b) = (self.timeline.provisions[a].record, self.timeline.provisions[b].record);
                self.report(
                    Code::NoRelation,
                    b.place,
                    format!(
                        "`{}` and `{}` of {} can be owed on one line, and nothing relates them",
                        a.id, b.id, program.id
                    ),
                    "say which yields to the other, or that one adds to the other",
                );
            }
            start += count;
        }
    }
}

/// A reference as it is written.
fn show(reference: &Reference) -> String {
    use crate::record::Named;
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

/// From each provision to those that must be decided before it.
fn edges(timeline: &Timeline<'_>) -> Vec<Vec<usize>> {
    let index = |ix: ProvisionIx| usize::from(ix.0);
    let of_tests = |tests: &[Test<'_>], into: &mut Vec<usize>| {
        for test in tests {
            let Test::Provisions(_, targets) = test else { continue };
            for target in targets {
                match *target {
                    Target::Provision(provision) => into.push(index(provision)),
                    // What an exception asks is asked of the provisions it looks at; its own `of` plays no part.
                    Target::Exception(exception) => {
                        let tests = &timeline.exception(exception).when;
                        for test in tests {
                            if let Test::Provisions(_, targets) = test {
                                let provisions = targets.iter().filter_map(|t| match t {
                                    Target::Provision(p) => Some(index(*p)),
                                    Target::Exception(_) => None,
                                });
                                into.extend(provisions);
                            }
                        }
                    }
                }
            }
        }
    };
    let node = |node: &crate::timeline::ProvisionNode<'_>| {
        let mut into: Vec<usize> = node.yields_to.iter().map(|&p| index(p)).collect();
        of_tests(&node.when, &mut into);
        for &exception in &node.exceptions {
            let exception = timeline.exception(exception);
            of_tests(&exception.when, &mut into);
            into.extend(exception.spares.iter().map(|&p| index(p)));
        }
        into
    };
    timeline.provisions.iter().map(node).collect()
}

/// Depth first; 1 is on the path, 2 is done. Gives a provision that lies on a cycle.
fn find_cycle(start: usize, edges: &[Vec<usize>], state: &mut [u8]) -> Option<usize> {
    let mut path = vec![(start, 0)];
    state[start] = 1;
    while let Some((node, next)) = path.last_mut() {
        let Some(&to) = edges[*node].get(*next) else {
            state[*node] = 2;
            path.pop();
            continue;
        };
        *next += 1;
        match state[to] {
            0 => {
                state[to] = 1;
                path.push((to, 0));
            }
            1 => return Some(to),
            _ => {}
        }
    }
    None
}

/// Pairs of provisions of one program, from `start`, that can both be owed and are not related.
fn unrelated(timeline: &Timeline<'_>, lists: &Coverage, start: usize, count: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for a in start..start + count {
        for b in a + 1..start + count {
            let (left, right) = (&timeline.provisions[a], &timeline.provisions[b]);
            if related(timeline, a, b) || related(timeline, b, a) {
                continue;
            }
            let (l, r) = (left.record, right.record);
            let meet = rates_meet(l, r)
                && origins_meet(timeline, &l.scope, &r.scope)
                && !exclusive(&l.when, &r.when)
                && lists.meet(&l.scope, &r.scope)
                && !excepted_apart(timeline, a, b);
            if meet {
                found.push((a, b));
            }
        }
    }
    found
}

/// Whether `a` yields to `b`, through others or not, or is declared to add to it.
fn related(timeline: &Timeline<'_>, a: usize, b: usize) -> bool {
    let target = ProvisionIx(u16::try_from(b).unwrap_or(u16::MAX));
    if timeline.provisions[a].adds_to.contains(&target) {
        return true;
    }
    let mut open = vec![a];
    let mut seen = FxHashSet::default();
    while let Some(node) = open.pop() {
        for &next in &timeline.provisions[node].yields_to {
            if next == target {
                return true;
            }
            if seen.insert(next) {
                open.push(usize::from(next.0));
            }
        }
    }
    false
}

/// A whole exception of one provision for just the goods, origins and conditions of the other keeps them apart.
fn excepted_apart(timeline: &Timeline<'_>, a: usize, b: usize) -> bool {
    let covers = |exception: &Exception, other: &Provision| {
        exception.spares.is_none()
            && exception.when.iter().all(|c| other.when.contains(c))
            && (exception.scope.origin.is_empty() || exception.scope.origin == other.scope.origin)
            && (exception.scope.products.is_empty() || exception.scope.products == other.scope.products)
            && exception.scope.origin_except.is_empty()
            && exception.scope.products_except.is_empty()
    };
    let looks_at = |node: usize, other: usize| {
        let target = Target::Provision(ProvisionIx(u16::try_from(other).unwrap_or(u16::MAX)));
        timeline.provisions[node].exceptions.iter().any(|&e| {
            let exception = timeline.exception(e);
            covers(exception.record, timeline.provisions[other].record)
                || exception.record.spares.is_none()
                    && matches!(exception.when.as_slice(), [Test::Provisions(crate::record::Relation::SubjectTo, targets)] if targets.contains(&target))
        })
    };
    looks_at(a, b) || looks_at(b, a)
}

fn rates_meet(a: &Provision, b: &Provision) -> bool {
    let owes = |r: &&RateRecord| !matches!(r.rate, crate::duty_rate::DutyRate::Ended);
    a.rates.iter().filter(owes).any(|x| {
        b.rates.iter().filter(owes).any(|y| {
            let (x, y) = (x.term(), y.term());
            x.until.is_none_or(|until| y.from < until) && y.until.is_none_or(|until| x.from < until)
        }) && !ended_before(a, b)
            && !ended_before(b, a)
    })
}

/// With everything known, `a` ends before `b` begins.
fn ended_before(a: &Provision, b: &Provision) -> bool {
    let mut ends: FxHashMap<Instant, (u32, Option<Instant>)> = FxHashMap::default();
    for (index, record) in a.rates.iter().enumerate() {
        // Later records of one `from` stand later in the file.
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let entry = ends.entry(record.term.from).or_insert((index, record.term.until));
        if index >= entry.0 {
            *entry = (index, record.term.until);
        }
    }
    let last: Option<Vec<Instant>> = ends.values().map(|(_, until)| *until).collect();
    let Some(last) = last.and_then(|ends| ends.into_iter().max()) else { return false };
    b.rates.iter().all(|record| record.term.from >= last)
}

fn origins_meet(timeline: &Timeline<'_>, a: &Scope, b: &Scope) -> bool {
    let members = |set: &[OriginRef]| -> Option<Vec<Origin>> {
        let mut origins = Vec::new();
        for member in set {
            match *member {
                OriginRef::Any => return None,
                OriginRef::Country(country) => origins.push(country),
                OriginRef::Group(group) => {
                    let group = &timeline.ledger.groups[usize::from(group.0)];
                    origins.extend(group.members.iter().flat_map(|m| m.origins.iter().copied()));
                }
            }
        }
        Some(origins)
    };
    let out =
        |scope: &Scope, origin: Origin| members(&scope.origin_except).is_none_or(|except| except.contains(&origin));
    match (members(&a.origin), members(&b.origin)) {
        (None, None) => true,
        (Some(one), None) => one.iter().any(|&o| !out(a, o) && !out(b, o)),
        (None, Some(one)) => one.iter().any(|&o| !out(a, o) && !out(b, o)),
        (Some(one), Some(two)) => one.iter().any(|&o| two.contains(&o) && !out(a, o) && !out(b, o)),
    }
}

/// Whether two conjunctions cannot both be true, by a plain look at their conditions.
fn exclusive(a: &[Condition], b: &[Condition]) -> bool {
    use crate::record::Bound::{Before, From};
    use Condition as C;
    let apart = |x: &C, y: &C| match (x, y) {
        (C::Claim { claim: p, yes: u }, C::Claim { claim: q, yes: v }) => p == q && u != v,
        (C::Share { of: p, at_least: true, pct: low }, C::Share { of: q, at_least: false, pct: high })
        | (C::Share { of: p, at_least: false, pct: high }, C::Share { of: q, at_least: true, pct: low }) => {
            p == q && low >= high
        }
        (C::Base { general: p, at_least: true, rate: low }, C::Base { general: q, at_least: false, rate: high })
        | (C::Base { general: p, at_least: false, rate: high }, C::Base { general: q, at_least: true, rate: low }) => {
            p == q && low >= high
        }
        (C::Column(p), C::Column(q)) => p.iter().all(|c| !q.contains(c)),
        (C::Mode(p), C::Mode(q)) => p.iter().all(|c| !q.contains(c)),
        (C::Spi(p), C::Spi(q)) => p.iter().all(|c| !q.contains(c)),
        (C::EntryType(p), C::EntryType(q)) => p.iter().all(|c| !q.contains(c)),
        (C::Loaded(From(low)), C::Loaded(Before(high)))
        | (C::Loaded(Before(high)), C::Loaded(From(low)))
        | (C::Exported(From(low)), C::Exported(Before(high)))
        | (C::Exported(Before(high)), C::Exported(From(low)))
        | (C::Imported(From(low)), C::Imported(Before(high)))
        | (C::Imported(Before(high)), C::Imported(From(low)))
        | (C::Entered(From(low)), C::Entered(Before(high)))
        | (C::Entered(Before(high)), C::Entered(From(low))) => low >= high,
        _ => false,
    };
    a.iter().any(|x| b.iter().any(|y| apart(x, y)))
}

/// The ten-digit numbers that each list covers at any time, as merged ranges.
struct Coverage {
    ranges: Vec<Vec<(u64, u64)>>,
}

impl Coverage {
    fn new(ledger: &Ledger) -> Self {
        Self { ranges: ledger.lists.iter().map(ranges).collect() }
    }

    fn union(&self, scope: &Scope) -> Vec<(u64, u64)> {
        let mut all: Vec<_> =
            scope.products.iter().flat_map(|l| self.ranges[usize::from(l.0)].iter().copied()).collect();
        all.sort_unstable();
        all
    }

    /// Whether two scopes share a code. Lists that are out are looked at only where one scope's list is the other's exception.
    fn meet(&self, a: &Scope, b: &Scope) -> bool {
        let subset = |inner: &Scope, outer: &Scope| {
            !inner.products.is_empty() && inner.products.iter().all(|l| outer.products_except.contains(l))
        };
        if subset(a, b) || subset(b, a) {
            return false;
        }
        if a.products.is_empty() || b.products.is_empty() {
            return true;
        }
        let (left, right) = (self.union(a), self.union(b));
        let (mut i, mut j) = (0, 0);
        while i < left.len() && j < right.len() {
            if left[i].0 < right[j].1 && right[j].0 < left[i].1 {
                return true;
            }
            if left[i].1 <= right[j].1 { i += 1 } else { j += 1 }
        }
        false
    }
}

fn ranges(list: &List) -> Vec<(u64, u64)> {
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for row in &list.rows {
        let (start, end) = (row.code.padded(), row.code.end());
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}
