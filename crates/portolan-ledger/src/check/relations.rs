//! Which provisions of one program can be owed on one line without a word on how they relate.
//!
//! Two provisions can both stand where some line, at some moment and with some state of knowledge, brings both to be
//! live and neither to yield. The search looks at one moment for each interval between the dates that bear on the pair,
//! one day for each state of knowledge, one country for each class of origins, one code for each class of goods; facts
//! of the line are whatever the conditions of both ask. Where it cannot see that something keeps the two apart, nothing
//! does.

use rustc_hash::FxHashSet;

use super::goods::{CHAPTER_98, Goods, overlaps};
use super::logic;
use crate::code::TariffCode;
use crate::duty_rate::DutyRate;
use crate::line::View;
use crate::record::{Condition, ListId, Origin, OriginRef, Relation, Scope, Term};
use crate::time::{Day, Instant};
use crate::timeline::{ExceptionIx, Moment, ProvisionIx, ProvisionNode, Target, Test, Timeline};

/// How far a look at what a look depends on goes: deeper, nothing is taken as certain.
const DEPTH: u8 = 2;
/// A code that ISO 3166 gives to no country: stands for every origin that no record names.
const OUTSIDE: Origin = Origin(*b"ZZ");

/// Two unrelated provisions, and a line on which both can be owed.
pub(super) struct Meeting {
    /// The provisions, the earlier in the file first.
    pub pair: (usize, usize),
    /// A country of origin; none where it is one that no record names.
    pub origin: Option<Origin>,
    /// A code.
    pub code: TariffCode,
    /// A moment.
    pub at: Instant,
    /// What was known.
    pub known: Day,
}

/// Every pair of provisions of one program that can both be owed and are not related, each with a line.
pub(super) fn unrelated(timeline: &Timeline<'_>) -> Vec<Meeting> {
    let goods = Goods::new(timeline.ledger);
    let mut found = Vec::new();
    let programs = timeline.provisions.chunk_by(|a, b| a.program == b.program);
    let mut first = 0;
    for nodes in programs {
        let origins: Vec<_> = nodes.iter().map(|n| logic::ever(timeline.ledger, &n.record.scope.origin)).collect();
        for a in 0..nodes.len() {
            for b in a + 1..nodes.len() {
                let share = match (&origins[a], &origins[b]) {
                    (Some(one), Some(other)) => one.iter().any(|origin| other.contains(origin)),
                    _ => true,
                };
                if share && !related(timeline, first + a, first + b) {
                    found.extend(Search::new(timeline, &goods, first + a, first + b).and_then(|search| search.run()));
                }
            }
        }
        first += nodes.len();
    }
    found
}

fn provision(index: usize) -> ProvisionIx {
    ProvisionIx(u16::try_from(index).unwrap_or(u16::MAX))
}

/// Whether one is declared to add to the other, or yields to it.
fn related(timeline: &Timeline<'_>, a: usize, b: usize) -> bool {
    let names = |from: &ProvisionNode<'_>, to: ProvisionIx| from.adds_to.contains(&to) || from.yields_to.contains(&to);
    names(&timeline.provisions[a], provision(b)) || names(&timeline.provisions[b], provision(a))
}

/// Two provisions, and what bears on whether both can stand.
struct Search<'c, 'l> {
    timeline: &'c Timeline<'l>,
    goods: &'c Goods<'l>,
    pair: [usize; 2],
    /// What is true of the line where both stand: the conditions of both on its facts.
    given: Vec<&'l Condition>,
    scopes: Vec<&'l Scope>,
    instants: Vec<Instant>,
    days: Vec<Day>,
    views: &'static [View],
}

/// A line at a moment.
#[derive(Clone, Copy)]
struct Spot {
    origin: Origin,
    code: TariffCode,
    moment: Moment,
}

impl<'c, 'l> Search<'c, 'l> {
    /// None where their conditions, dates or lists already keep them apart.
    fn new(timeline: &'c Timeline<'l>, goods: &'c Goods<'l>, a: usize, b: usize) -> Option<Self> {
        let nodes = [&timeline.provisions[a], &timeline.provisions[b]];
        let facts = |node: &ProvisionNode<'l>| -> Vec<&'l Condition> {
            let fact = |test: &Test<'l>| if let Test::Fact(condition) = test { Some(*condition) } else { None };
            node.when.iter().filter_map(fact).collect()
        };
        let [mut given, others] = nodes.map(facts);
        let meet = goods.meet(&nodes[0].record.scope, &nodes[1].record.scope);
        if !meet || given.iter().any(|x| others.iter().any(|y| logic::apart(timeline.ledger, x, y))) {
            return None;
        }
        given.extend(others);
        let (scopes, instants, days) = (Vec::new(), Vec::new(), Vec::new());
        let mut search = Self { timeline, goods, pair: [a, b], given, scopes, instants, days, views: &[View::Owed] };
        for node in nodes {
            search.take_in(node);
        }
        search.sort_dates();
        if !search.moments(&[]).any(|moment| search.both_have_rates(moment)) {
            return None;
        }
        search.take_in_what_is_asked();
        search.sort_dates();
        Some(search)
    }

    fn take_in(&mut self, node: &ProvisionNode<'l>) {
        self.scopes.push(&node.record.scope);
        node.record.rates.iter().for_each(|rate| self.date(&rate.term));
        node.suspensions.iter().flat_map(|suspension| &suspension.terms).for_each(|term| self.date(term));
        for annulment in &node.annulments {
            self.date(&annulment.term);
            self.instants.push(annulment.ceased);
            self.views = &[View::Assessed, View::Owed];
        }
    }

    /// Exceptions to both, what both yield to, what their conditions look at, as far as a look goes.
    fn take_in_what_is_asked(&mut self) {
        let timeline = self.timeline;
        let mut seen = Seen::default();
        for index in self.pair {
            let node = &timeline.provisions[index];
            self.take_tests(&node.when, 1, &mut seen);
            for &other in &node.yields_to {
                if self.can_follow(&timeline.provision(other).when) {
                    self.take(Target::Provision(other), DEPTH, &mut seen);
                }
            }
            for &exception in &node.exceptions {
                let exception_node = timeline.exception(exception);
                if exception_node.record.spares.is_none() && self.can_follow(&exception_node.when) {
                    self.take(Target::Exception(exception), DEPTH, &mut seen);
                }
            }
        }
    }

    fn take_tests(&mut self, tests: &[Test<'_>], depth: u8, seen: &mut Seen) {
        for test in tests {
            let Test::Provisions(_, targets) = test else { continue };
            for &target in targets {
                self.take(target, depth, seen);
            }
        }
    }

    fn take(&mut self, target: Target, depth: u8, seen: &mut Seen) {
        if depth == 0 || !seen.insert((target, depth)) {
            return;
        }
        let timeline = self.timeline;
        match target {
            Target::Provision(index) => {
                let node = timeline.provision(index);
                self.take_in(node);
                self.take_tests(&node.when, depth - 1, seen);
                node.exceptions.iter().for_each(|&e| self.take(Target::Exception(e), depth, seen));
            }
            Target::Exception(index) => {
                let node = timeline.exception(index);
                self.scopes.push(&node.record.scope);
                node.record.terms.iter().for_each(|term| self.date(term));
                self.take_tests(&node.when, depth - 1, seen);
            }
        }
    }

    /// Whether conditions can all follow from what is given, as far as the facts of the line go.
    fn can_follow(&self, tests: &[Test<'_>]) -> bool {
        tests.iter().all(|test| match test {
            Test::Fact(condition) => self.given.iter().any(|given| logic::follows(given, condition)),
            Test::Provisions(..) => true,
        })
    }

    fn date(&mut self, term: &Term) {
        self.instants.push(term.from);
        self.instants.extend(term.until);
        self.days.push(self.timeline.ledger.act(term.act).issued);
    }

    fn sort_dates(&mut self) {
        self.instants.sort_unstable();
        self.instants.dedup();
        self.days.sort_unstable();
        self.days.dedup();
    }

    /// One moment for each interval, state of knowledge and view; `rows` are the dates of the goods.
    fn moments<'p>(&'p self, rows: &'p [&'p Term]) -> impl Iterator<Item = Moment> + 'p {
        let later = |dates: &mut Vec<Instant>| {
            dates.sort_unstable();
            dates.dedup();
        };
        let mut instants = self.instants.clone();
        instants.extend(rows.iter().flat_map(|term| std::iter::once(term.from).chain(term.until)));
        later(&mut instants);
        let mut days = self.days.clone();
        days.extend(rows.iter().map(|term| self.timeline.ledger.act(term.act).issued));
        days.sort_unstable();
        days.dedup();
        instants.into_iter().flat_map(move |at| {
            let moment = move |known: Day| self.views.iter().map(move |&view| Moment { at, known, view });
            days.clone().into_iter().flat_map(moment)
        })
    }

    /// A line on which both stand.
    fn run(&self) -> Option<Meeting> {
        let origins = self.origins();
        for code in self.codes() {
            let lists: FxHashSet<ListId> =
                self.scopes.iter().flat_map(|s| s.products.iter().chain(&s.products_except)).copied().collect();
            let rows: Vec<&Term> = lists.iter().flat_map(|&list| self.goods.covering(list, code)).collect();
            for moment in self.moments(&rows) {
                if !self.both_have_rates(moment) {
                    continue;
                }
                let stand = |origin: &&Origin| self.both_stand(Spot { origin: **origin, code, moment });
                if let Some(&origin) = origins.iter().find(stand) {
                    let [a, b] = self.pair;
                    let origin = (origin != OUTSIDE).then_some(origin);
                    return Some(Meeting { pair: (a, b), origin, code, at: moment.at, known: moment.known });
                }
            }
        }
        None
    }

    /// One country for every way of being in and out of the sets that bear on the pair.
    fn origins(&self) -> Vec<Origin> {
        let ledger = self.timeline.ledger;
        let sets: Vec<&[OriginRef]> =
            self.scopes.iter().flat_map(|scope| [scope.origin.as_slice(), scope.origin_except.as_slice()]).collect();
        let mut named: Vec<Origin> = sets.iter().filter_map(|set| logic::ever(ledger, set)).flatten().collect();
        named.sort_unstable();
        named.dedup();
        let mut seen = FxHashSet::default();
        let alike = |origin: &Origin| -> Vec<bool> {
            let inside = |member: &OriginRef| match *member {
                OriginRef::Any => vec![true],
                OriginRef::Country(country) => vec![country == *origin],
                OriginRef::Group(group) => {
                    ledger.groups[usize::from(group.0)].members.iter().map(|m| m.origins.contains(origin)).collect()
                }
            };
            sets.iter().flat_map(|set| set.iter().flat_map(inside)).collect()
        };
        named.into_iter().chain([OUTSIDE]).filter(|origin| seen.insert(alike(origin))).collect()
    }

    /// One code for every way of being on and off the lists that bear on the pair, of the goods that both can describe.
    fn codes(&self) -> Vec<TariffCode> {
        let [a, b] = self.pair.map(|index| self.goods.ranges(&self.timeline.provisions[index].record.scope));
        let mut lists: Vec<ListId> =
            self.scopes.iter().flat_map(|scope| scope.products.iter().chain(&scope.products_except)).copied().collect();
        lists.sort_unstable();
        lists.dedup();
        let mut starts: Vec<u64> =
            lists.iter().flat_map(|&list| self.goods.segments(list)).map(|(start, _)| *start).collect();
        let overlaps = overlaps(&a, &b);
        starts.extend(overlaps.iter().map(|range| range.0));
        starts.sort_unstable();
        starts.dedup();
        let mut seen = FxHashSet::default();
        let mut codes = Vec::new();
        for (first, end) in overlaps {
            let from = starts.partition_point(|&start| start < first);
            for &start in starts[from..].iter().take_while(|&&start| start < end) {
                let classes: Vec<u32> = lists.iter().map(|&list| self.goods.class(list, start)).collect();
                if seen.insert(classes) {
                    codes.push(TariffCode::from_padded(start, 10));
                }
            }
        }
        codes
    }

    fn both_have_rates(&self, moment: Moment) -> bool {
        self.pair.iter().all(|&index| self.has_rate(index, moment))
    }

    /// A rate is in force, and nothing but facts of the line can keep it from being live.
    fn has_rate(&self, index: usize, moment: Moment) -> bool {
        let (timeline, node) = (self.timeline, &self.timeline.provisions[index]);
        let rate = timeline.in_force(&node.record.rates, moment.at, moment.known);
        let suspended = |suspension: &&crate::record::Suspension| match timeline.in_force(
            &suspension.terms,
            moment.at,
            moment.known,
        ) {
            Some(_) => suspension.keeps.is_none(),
            None => timeline.terminated(suspension, moment),
        };
        rate.is_some_and(|record| record.rate != DutyRate::Ended)
            && timeline.annulled(node, moment).is_none()
            && !node.suspensions.iter().any(suspended)
    }

    fn in_scope(&self, scope: &Scope, spot: Spot) -> bool {
        let on = |list: &ListId| self.goods.on_list(self.timeline, *list, spot.code, spot.moment);
        self.timeline.scope_holds_origin(scope, spot.origin, spot.moment)
            && (scope.products.is_empty() && spot.code.padded() < CHAPTER_98 || scope.products.iter().any(on))
            && !scope.products_except.iter().any(on)
    }

    /// Whether nothing that can be seen keeps either from standing.
    fn both_stand(&self, spot: Spot) -> bool {
        let nodes = self.pair.map(|index| &self.timeline.provisions[index]);
        let whole = |e: &&ExceptionIx| self.timeline.exception(**e).record.spares.is_none();
        nodes.iter().all(|node| self.in_scope(&node.record.scope, spot))
            && !nodes.iter().any(|node| self.stands_for_all(node, spot.moment))
            && !self.in_different_tiers(spot.moment)
            && !nodes.iter().flat_map(|node| &node.when).any(|test| self.fails(test, spot, 1))
            && !nodes
                .iter()
                .flat_map(|node| &node.exceptions)
                .filter(whole)
                .any(|&e| self.surely(Target::Exception(e), spot, DEPTH))
            && !nodes.iter().flat_map(|node| &node.yields_to).any(|&p| self.surely(Target::Provision(p), spot, DEPTH))
    }

    /// A duty in place of all displaces the other of the pair.
    fn stands_for_all(&self, node: &ProvisionNode<'_>, moment: Moment) -> bool {
        let rate = self.timeline.in_force(&node.record.rates, moment.at, moment.known);
        rate.is_some_and(|r| matches!(r.rate, DutyRate::InPlaceOfAll(_) | DutyRate::InPlaceOfAllEach(..)))
    }

    /// A stacking rule lets one tier stand on each part of the value.
    fn in_different_tiers(&self, moment: Moment) -> bool {
        self.timeline.rules.iter().any(|rule| {
            let order = self.timeline.in_force(&rule.orders, moment.at, moment.known);
            let tier = |index: usize| order?.1.iter().position(|tier| tier.contains(&provision(index)));
            let [a, b] = self.pair.map(tier);
            a.is_some() && b.is_some() && a != b
        })
    }

    /// Whether a provision or an exception is live, whatever else is true of the line.
    fn surely(&self, target: Target, spot: Spot, depth: u8) -> bool {
        match target {
            Target::Provision(index) if self.of_pair(index) => true,
            _ if depth == 0 => false,
            Target::Provision(index) => {
                let node = self.timeline.provision(index);
                self.has_rate(usize::from(index.0), spot.moment)
                    && self.in_scope(&node.record.scope, spot)
                    && node.when.iter().all(|test| self.holds(test, spot, depth - 1))
                    && node.exceptions.iter().all(|&e| {
                        self.timeline.exception(e).record.spares.is_some()
                            || !self.possibly(Target::Exception(e), spot, depth)
                    })
            }
            Target::Exception(index) => {
                let node = self.timeline.exception(index);
                self.in_term(index, spot.moment)
                    && self.in_scope(&node.record.scope, spot)
                    && node.when.iter().all(|test| self.holds(test, spot, depth - 1))
            }
        }
    }

    /// Whether a provision or an exception can be live.
    fn possibly(&self, target: Target, spot: Spot, depth: u8) -> bool {
        if depth == 0 {
            return true;
        }
        match target {
            Target::Provision(index) if self.of_pair(index) => true,
            Target::Provision(index) => {
                let node = self.timeline.provision(index);
                self.has_rate(usize::from(index.0), spot.moment)
                    && self.in_scope(&node.record.scope, spot)
                    && !node.when.iter().any(|test| self.fails(test, spot, depth - 1))
            }
            Target::Exception(index) => {
                let node = self.timeline.exception(index);
                self.in_term(index, spot.moment)
                    && self.in_scope(&node.record.scope, spot)
                    && !node.when.iter().any(|test| self.fails(test, spot, depth - 1))
            }
        }
    }

    fn of_pair(&self, index: ProvisionIx) -> bool {
        self.pair.contains(&usize::from(index.0))
    }

    fn in_term(&self, index: ExceptionIx, moment: Moment) -> bool {
        let terms = &self.timeline.exception(index).record.terms;
        self.timeline.in_force(terms, moment.at, moment.known).is_some()
    }

    /// Whether a condition is true of every line on which both stand.
    fn holds(&self, test: &Test<'_>, spot: Spot, depth: u8) -> bool {
        match test {
            Test::Fact(condition) => self.given.iter().any(|given| logic::follows(given, condition)),
            Test::Provisions(Relation::SubjectTo, targets) => targets.iter().any(|&t| self.surely(t, spot, depth)),
            Test::Provisions(Relation::NotSubjectTo, targets) => {
                !targets.iter().any(|&t| self.possibly(t, spot, depth))
            }
            Test::Provisions(Relation::Owing, targets) => targets.iter().any(|&t| self.owes(t, spot.moment)),
        }
    }

    /// Whether a condition is false of every line on which both stand.
    fn fails(&self, test: &Test<'_>, spot: Spot, depth: u8) -> bool {
        match test {
            Test::Fact(condition) => {
                self.given.iter().any(|given| logic::apart(self.timeline.ledger, given, condition))
            }
            Test::Provisions(Relation::NotSubjectTo, targets) => targets.iter().any(|&t| self.surely(t, spot, depth)),
            Test::Provisions(_, targets) => !targets.iter().any(|&t| self.possibly(t, spot, depth)),
        }
    }

    /// Whether it is one of the pair, with a rate that adds to any line.
    fn owes(&self, target: Target, moment: Moment) -> bool {
        let Target::Provision(index) = target else { return false };
        let rates = &self.timeline.provision(index).record.rates;
        let rate = self.timeline.in_force(rates, moment.at, moment.known);
        self.of_pair(index) && rate.is_some_and(|r| matches!(r.rate, DutyRate::Add(rate) if rate.0 > 0))
    }
}

type Seen = FxHashSet<(Target, u8)>;
