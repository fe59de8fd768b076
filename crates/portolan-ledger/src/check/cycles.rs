//! Questions that lead back to themselves: no provision could be decided first.
//!
//! Whether a provision is *live* turns on what its conditions and exceptions look at; whether it *stands* turns on that,
//! on what it yields to, on the parts that exceptions spare and on the earlier tiers of stacking rules (`LEDGER.md`,
//! section 3.6). So a provision is two questions here. All dates are taken together first; only where that leads back
//! is each moment looked at on its own, for what asks in a circle must be in force together.

use rustc_hash::FxHashSet;

use crate::record::{Relation, StackingKind, Term};
use crate::time::{Day, Instant};
use crate::timeline::{ExceptionIx, ProvisionIx, Target, Test, Timeline};

/// What to ask before: the question, and the rule whose tiers are compared with each other, if that is why.
type Edge = (usize, Option<usize>);

fn live(provision: ProvisionIx) -> usize {
    usize::from(provision.0) * 2
}

fn stands(provision: ProvisionIx) -> usize {
    live(provision) + 1
}

/// The circles, each as the provisions on it, in the order of the records.
pub(super) fn circles(timeline: &Timeline<'_>) -> Vec<Vec<ProvisionIx>> {
    let any = Questions { timeline, orders: At::Any, records: At::Any, within: None }.circles();
    let mut found: Vec<Vec<ProvisionIx>> = Vec::new();
    for circle in any {
        // Rules turn about from one date to the next, other records seldom: the orders are parted first.
        let orders = orders(timeline);
        let looks =
            orders.iter().map(|&at| Questions { timeline, orders: at, records: At::Any, within: Some(&circle) });
        if !looks.into_iter().any(|questions| !questions.circles().is_empty()) {
            continue;
        }
        for (at, known) in moments(timeline, &circle) {
            let at = At::Moment(at, known);
            let parts = Questions { timeline, orders: at, records: at, within: Some(&circle) }.circles();
            if !parts.is_empty() {
                found.extend(parts);
                break;
            }
        }
    }
    found
}

/// When records are looked at.
#[derive(Clone, Copy)]
enum At {
    /// At all times together.
    Any,
    /// At a moment, with some state of knowledge.
    Moment(Instant, Day),
}

/// One moment for each set of orders that are in force together.
fn orders(timeline: &Timeline<'_>) -> Vec<At> {
    let terms: Vec<&Term> = timeline.rules.iter().flat_map(|rule| rule.orders.iter().map(|(term, _)| term)).collect();
    let mut seen = FxHashSet::default();
    let together = |&(at, known): &(Instant, Day)| {
        let place = |rule: &crate::timeline::RuleNode<'_>| {
            timeline.in_force(&rule.orders, at, known).map(|order| order.0.place)
        };
        seen.insert(timeline.rules.iter().map(place).collect::<Vec<_>>())
    };
    let moments: Vec<At> =
        grid(timeline, &terms).into_iter().filter(together).map(|(at, known)| At::Moment(at, known)).collect();
    if moments.is_empty() { vec![At::Any] } else { moments }
}

/// One moment and state of knowledge for each interval between the dates that bear on some provisions.
fn moments(timeline: &Timeline<'_>, circle: &[ProvisionIx]) -> Vec<(Instant, Day)> {
    let nodes = || circle.iter().map(|&provision| timeline.provision(provision));
    let mut terms: Vec<&Term> = nodes().flat_map(|node| node.record.rates.iter().map(|rate| &rate.term)).collect();
    terms.extend(nodes().flat_map(|node| &node.exceptions).flat_map(|&e| &timeline.exception(e).record.terms));
    terms.extend(timeline.rules.iter().flat_map(|rule| rule.orders.iter().map(|(term, _)| term)));
    grid(timeline, &terms)
}

fn grid(timeline: &Timeline<'_>, terms: &[&Term]) -> Vec<(Instant, Day)> {
    let mut instants: Vec<Instant> = terms.iter().flat_map(|t| std::iter::once(t.from).chain(t.until)).collect();
    let mut days: Vec<Day> = terms.iter().map(|term| timeline.ledger.act(term.act).issued).collect();
    instants.sort_unstable();
    instants.dedup();
    days.sort_unstable();
    days.dedup();
    instants.iter().flat_map(|&at| days.iter().map(move |&known| (at, known))).collect()
}

struct Questions<'c, 'l> {
    timeline: &'c Timeline<'l>,
    /// When the orders of the rules are looked at.
    orders: At,
    /// When rates and exceptions are.
    records: At,
    /// Only of these provisions.
    within: Option<&'c [ProvisionIx]>,
}

impl Questions<'_, '_> {
    fn in_force<T: crate::timeline::Dated>(&self, records: &[T]) -> bool {
        match self.records {
            At::Any => true,
            At::Moment(at, known) => self.timeline.in_force(records, at, known).is_some(),
        }
    }

    /// The provisions that are looked at and have a rate.
    fn asked(&self) -> Vec<bool> {
        let mut asked = vec![self.within.is_none(); self.timeline.provisions.len()];
        for &provision in self.within.into_iter().flatten() {
            asked[usize::from(provision.0)] = self.in_force(&self.timeline.provision(provision).record.rates);
        }
        asked
    }

    fn tests(&self, tests: &[Test<'_>], into: &mut Vec<Edge>) {
        for test in tests {
            let Test::Provisions(relation, targets) = test else { continue };
            for target in targets {
                match *target {
                    Target::Provision(p) if *relation == Relation::Owing => into.push((stands(p), None)),
                    Target::Provision(p) => into.push((live(p), None)),
                    // An exception that names exceptions by heading asks what they ask, once more.
                    Target::Exception(e) => self.exception_provisions(e, into, &mut FxHashSet::default()),
                }
            }
        }
    }

    fn exception_provisions(&self, exception: ExceptionIx, into: &mut Vec<Edge>, seen: &mut FxHashSet<ExceptionIx>) {
        let node = self.timeline.exception(exception);
        if !seen.insert(exception) || !self.in_force(&node.record.terms) {
            return;
        }
        for test in &node.when {
            let Test::Provisions(relation, targets) = test else { continue };
            for target in targets {
                match *target {
                    Target::Provision(p) if *relation == Relation::Owing => into.push((stands(p), None)),
                    Target::Provision(p) => into.push((live(p), None)),
                    Target::Exception(e) => self.exception_provisions(e, into, seen),
                }
            }
        }
    }

    /// From each question to those that come before it.
    fn edges(&self) -> Vec<Vec<Edge>> {
        let asked = self.asked();
        let count = self.timeline.provisions.len();
        let mut edges: Vec<Vec<Edge>> = vec![Vec::new(); count * 2];
        for (index, node) in self.timeline.provisions.iter().enumerate() {
            let provision = ProvisionIx(u16::try_from(index).unwrap_or(u16::MAX));
            if !asked[index] {
                continue;
            }
            let mut asks_live = Vec::new();
            let mut asks_stands = vec![(live(provision), None)];
            self.tests(&node.when, &mut asks_live);
            asks_stands.extend(node.yields_to.iter().map(|&p| (live(p), None)));
            for &exception in &node.exceptions {
                let node = self.timeline.exception(exception);
                if !self.in_force(&node.record.terms) {
                    continue;
                }
                let whole = node.record.spares.is_none();
                self.tests(&node.when, if whole { &mut asks_live } else { &mut asks_stands });
                asks_stands.extend(node.spares.iter().map(|&p| (stands(p), None)));
            }
            edges[live(provision)] = asks_live;
            edges[stands(provision)] = asks_stands;
        }
        self.tiers(&asked, &mut edges);
        edges
    }

    fn tiers(&self, asked: &[bool], edges: &mut [Vec<Edge>]) {
        for (number, rule) in self.timeline.rules.iter().enumerate() {
            let orders: Vec<_> = match self.orders {
                At::Any => rule.orders.iter().collect(),
                At::Moment(at, known) => self.timeline.in_force(&rule.orders, at, known).into_iter().collect(),
            };
            let first_only = rule.record.kind == StackingKind::FirstOnly;
            for (_, tiers) in orders {
                for (own, tier) in tiers.iter().enumerate() {
                    let earlier = tiers.iter().enumerate().filter(|(at, _)| *at < own || !first_only && *at != own);
                    let before: Vec<ProvisionIx> = earlier.flat_map(|(_, tier)| tier).copied().collect();
                    for &provision in tier.iter().filter(|p| asked[usize::from(p.0)]) {
                        let label = (!first_only).then_some(number);
                        // What an earlier tier names too counts there.
                        let others = before.iter().filter(|&&p| p != provision && asked[usize::from(p.0)]);
                        edges[stands(provision)].extend(others.map(|&p| (stands(p), label)));
                    }
                }
            }
        }
    }

    fn circles(&self) -> Vec<Vec<ProvisionIx>> {
        let edges = self.edges();
        let (components, count) = components(&edges);
        let mut labels: Vec<FxHashSet<Option<usize>>> = vec![FxHashSet::default(); count];
        for (from, edges) in edges.iter().enumerate() {
            for &(to, label) in edges {
                if components[from] == components[to] {
                    labels[components[from]].insert(label);
                }
            }
        }
        let mut members: Vec<Vec<ProvisionIx>> = vec![Vec::new(); count];
        for (question, &component) in components.iter().enumerate() {
            // The tiers of one rule that compares heights wait for nothing but each other's rates: no circle.
            let compares = labels[component].len() == 1 && !labels[component].contains(&None);
            if !labels[component].is_empty() && !compares {
                members[component].push(ProvisionIx(u16::try_from(question / 2).unwrap_or(u16::MAX)));
            }
        }
        members.iter_mut().for_each(Vec::dedup);
        members.retain(|circle| !circle.is_empty());
        members.sort();
        members
    }
}

/// The strongly connected components of a graph: the number of each node's, and how many there are (Tarjan, without
/// recursion).
fn components(edges: &[Vec<Edge>]) -> (Vec<usize>, usize) {
    const NONE: usize = usize::MAX;
    let mut component = vec![NONE; edges.len()];
    let mut order = vec![NONE; edges.len()];
    let mut low = vec![0; edges.len()];
    let (mut next, mut count) = (0, 0);
    let mut stack = Vec::new();
    for start in 0..edges.len() {
        if order[start] != NONE {
            continue;
        }
        let mut path = vec![(start, 0)];
        while let Some(&mut (node, ref mut at)) = path.last_mut() {
            if *at == 0 && order[node] == NONE {
                (order[node], low[node]) = (next, next);
                next += 1;
                stack.push(node);
            }
            if let Some(&(to, _)) = edges[node].get(*at) {
                *at += 1;
                if order[to] == NONE {
                    path.push((to, 0));
                } else if component[to] == NONE {
                    low[node] = low[node].min(order[to]);
                }
                continue;
            }
            path.pop();
            if let Some(&(above, _)) = path.last() {
                low[above] = low[above].min(low[node]);
            }
            if low[node] == order[node] {
                while let Some(member) = stack.pop() {
                    component[member] = count;
                    if member == node {
                        break;
                    }
                }
                count += 1;
            }
        }
    }
    (component, count)
}
