//! The law of one side, in one view, for one state of knowledge: intervals, and what was resolved in each.

use std::cell::RefCell;
use std::sync::Arc;

use portolan_ledger::line::{Status, View};
use portolan_ledger::record::Origin;
use portolan_ledger::timeline::Moment;
use portolan_ledger::{Day, DutyRate, Instant, Side};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::bits::Bits;
use crate::facts::{FactIx, Regions, Stated, Truth};
use crate::law::{Law, ProductClass};
use crate::money::Owed;
use crate::resolve::{Flaw, Open, Record, Reply, Resolution, Resolver};

/// What was resolved, ready for arithmetic.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The rows.
    pub resolution: Resolution,
    /// What stands.
    pub owed: Vec<Owed>,
    /// An in-transit clause was not claimed on the way here.
    pub transit: bool,
    /// The replies that lead here.
    path: Vec<(Open, Reply)>,
    /// Headings to report, in order; filled when first asked for.
    pub headings: Option<Arc<[String]>>,
    /// Whether claiming an in-transit clause could ever cost more; filled when first asked for.
    transit_higher: Option<bool>,
}

/// A node of the questions that lead to a leaf.
#[derive(Clone, Debug)]
enum Node {
    Ask { open: Open, next: [u32; 4], chain: Option<Chain> },
    Leaf(u32),
}

/// Questions on assertions that follow one another when none is made.
#[derive(Clone, Copy, Debug)]
struct Chain {
    /// The assertions asked about.
    facts: u128,
    /// The node after them.
    end: u32,
}

/// A leaf that a line reaches, with what had to be supposed of facts that it does not state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Index of the leaf.
    pub leaf: u32,
    /// Suppositions, the last for each fact counts.
    pub supposed: Vec<(FactIx, Regions)>,
}

/// Records in scope at a moment: where a line's questions start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Root {
    node: u32,
    interval: u32,
    bits: u32,
    explain: bool,
}

/// Records in force in an interval, and the state of each.
#[derive(Debug)]
struct Active {
    bits: Bits,
    /// By record, in the common numbering; nothing for those not in force.
    states: Vec<u32>,
    /// The order of reporting.
    order: u32,
}

/// All that resolution reads of a record's own time: its number, and indices of what is in force.
type State = (u32, SmallVec<[u16; 8]>);

/// The first day that is looked up by its number: 1 January 2015; and how many follow.
const FIRST_DAY: i32 = 16_436;
const DAYS: usize = 8_000;
/// Not looked up yet.
const UNKNOWN: u32 = u32::MAX;
/// Looked up, and there is none.
const NONE: u32 = u32::MAX - 1;
/// Classes beyond this are looked up by hash: those of single lines.
const MOST_CLASSES: usize = 1 << 16;

/// One projection of the law.
#[derive(Debug)]
pub struct Projection {
    side: Side,
    view: View,
    cut: Option<Day>,
    boundaries: Vec<Instant>,
    /// By interval.
    moments: Vec<Moment>,
    /// By day from [`FIRST_DAY`]: the interval of a tariff day that lies in one, else [`NONE`].
    days: Vec<u32>,
    active: Vec<Option<Active>>,
    /// Numbers of the states that records can be in, so that intervals that differ only in other records share roots.
    states: FxHashMap<State, u32>,
    sets: Vec<Bits>,
    set_of: FxHashMap<Bits, u32>,
    /// By class and stretch of time in which its membership is the same; filled as asked.
    products: FxHashMap<(u64, u32), u32>,
    /// By class of the law's table, then interval.
    tabled: Vec<Box<[u32]>>,
    /// By origin class, then interval.
    origins: Vec<Box<[u32]>>,
    joined: FxHashMap<u64, Root>,
    canonical: FxHashMap<(Box<[u32]>, bool), Root>,
    nodes: Vec<Node>,
    /// Of each node: the node before it and the reply that leads from there.
    parents: Vec<(u32, Reply)>,
    leaves: Vec<Leaf>,
    flaw: Flaw,
}

impl Projection {
    /// A projection: `cut` fixes the knowledge; without it, knowledge is that of each moment's own day.
    pub fn new(law: &Law<'_>, side: Side, view: View, cut: Option<Day>, flaw: Flaw) -> Self {
        let boundaries = law.boundaries(side);
        let mut projection = Self {
            side,
            view,
            cut,
            active: (0..=boundaries.len()).map(|_| None).collect(),
            states: FxHashMap::default(),
            boundaries,
            sets: Vec::new(),
            set_of: FxHashMap::default(),
            products: FxHashMap::default(),
            tabled: Vec::new(),
            origins: Vec::new(),
            joined: FxHashMap::default(),
            canonical: FxHashMap::default(),
            // Node 0 stands for "not built".
            nodes: vec![Node::Leaf(u32::MAX)],
            parents: vec![(0, Reply::No)],
            leaves: Vec::new(),
            flaw,
            moments: Vec::new(),
            days: Vec::new(),
        };
        let intervals = u32::try_from(projection.boundaries.len()).unwrap_or(u32::MAX);
        projection.moments = (0..=intervals).map(|interval| projection.find_moment(law, interval)).collect();
        projection
    }

    /// The interval of a tariff day that lies in one; looked up once a day.
    pub fn whole_day(&mut self, day: Day, (start, end): (Instant, Instant)) -> Option<u32> {
        let at = usize::try_from(day.0 - FIRST_DAY).ok().filter(|&at| at < DAYS)?;
        if self.days.is_empty() {
            self.days = vec![UNKNOWN; DAYS];
        }
        if self.days[at] == UNKNOWN {
            let one = self.after(start).first().is_none_or(|&next| next >= end);
            self.days[at] = if one { self.interval(start) } else { NONE };
        }
        Some(self.days[at]).filter(|&interval| interval != NONE)
    }

    /// The interval that holds a moment.
    pub fn interval(&self, at: Instant) -> u32 {
        let index = match self.flaw {
            Flaw::EdgeLate => self.boundaries.partition_point(|&b| b < at),
            _ => self.boundaries.partition_point(|&b| b <= at),
        };
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    /// The first moment of an interval after the first.
    pub fn start(&self, interval: u32) -> Option<Instant> {
        (interval as usize).checked_sub(1).and_then(|at| self.boundaries.get(at)).copied()
    }

    /// The moments that begin intervals after a moment, in order.
    pub fn after(&self, at: Instant) -> &[Instant] {
        &self.boundaries[self.boundaries.partition_point(|&b| b <= at)..]
    }

    /// The moment that stands for an interval.
    pub fn moment(&self, interval: u32) -> Moment {
        self.moments[interval as usize]
    }

    fn find_moment(&self, law: &Law<'_>, interval: u32) -> Moment {
        let at = self.start(interval).unwrap_or(Instant(i64::MIN / 4));
        let known = self.cut.unwrap_or_else(|| {
            let day = law.clocks[usize::from(self.side.0)].day_of(at);
            if self.start(interval).is_none() { Day(i32::MIN) } else { day }
        });
        let known = if self.flaw == Flaw::KnowledgeLate { Day(known.0.saturating_sub(1)) } else { known };
        Moment { at, known, view: self.view }
    }

    fn set(&mut self, bits: Bits) -> u32 {
        if let Some(&set) = self.set_of.get(&bits) {
            return set;
        }
        let set = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(bits.clone());
        self.set_of.insert(bits, set);
        set
    }

    fn active(&mut self, law: &Law<'_>, interval: u32) -> &Active {
        if self.active[interval as usize].is_none() {
            let moment = self.moment(interval);
            let bits = law.active(moment);
            let mut states = vec![0; law.records()];
            for index in bits.iter() {
                let next = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
                let state = (u32::try_from(index).unwrap_or(u32::MAX), law.state(index, moment));
                states[index] = *self.states.entry(state).or_insert(next);
            }
            let order = law.reporting_order(self.side, moment).map_or(u32::MAX, |at| u32::try_from(at).unwrap_or(u32::MAX));
            self.active[interval as usize] = Some(Active { bits, states, order });
        }
        self.active[interval as usize].as_ref().unwrap_or_else(|| unreachable!("filled above"))
    }

    /// The records whose lists hold a class; looked up once per stretch of time in which its membership is the same.
    fn product_set(&mut self, law: &Law<'_>, class: (u64, &ProductClass), interval: u32) -> u32 {
        let tabled = usize::try_from(class.0).ok().filter(|&at| at < MOST_CLASSES);
        if let Some(at) = tabled {
            if at >= self.tabled.len() {
                self.tabled.resize_with(at + 1, Box::default);
            }
            match self.tabled[at].get(interval as usize) {
                Some(&set) if set != UNKNOWN => return set,
                Some(_) => {}
                None => self.tabled[at] = vec![UNKNOWN; self.moments.len()].into_boxed_slice(),
            }
        }
        let moment = self.moment(interval);
        let segment = u32::try_from(class.1.changes().partition_point(|&c| c <= moment.at)).unwrap_or(u32::MAX);
        let set = match self.products.get(&(class.0, segment)) {
            Some(&set) => set,
            None => {
                let bits = law.product_bits(class.1, moment);
                let set = self.set(bits);
                self.products.insert((class.0, segment), set);
                set
            }
        };
        if let Some(at) = tabled {
            self.tabled[at][interval as usize] = set;
        }
        set
    }

    fn origin_set(&mut self, law: &Law<'_>, origin: (u32, Origin), interval: u32) -> u32 {
        let at = origin.0 as usize;
        if at >= self.origins.len() {
            self.origins.resize_with(at + 1, Box::default);
        }
        if self.origins[at].is_empty() {
            self.origins[at] = vec![UNKNOWN; self.moments.len()].into_boxed_slice();
        }
        let known = self.origins[at][interval as usize];
        if known != UNKNOWN {
            return known;
        }
        let bits = law.origin_bits(self.side, origin.1, self.moment(interval));
        let set = self.set(bits);
        self.origins[at][interval as usize] = set;
        set
    }

    /// Where the questions start for a product class, an origin class and an interval.
    pub fn root(&mut self, law: &Law<'_>, class: (u64, &ProductClass), origin: (u32, Origin), interval: u32, explain: bool) -> Root {
        let product = self.product_set(law, class, interval);
        let origin = self.origin_set(law, origin, interval);
        // Sets are counted in tens of thousands, intervals in hundreds: their numbers share a word.
        let key = u64::from(product) << 40 | u64::from(origin) << 16 | u64::from(interval) << 1 | u64::from(explain);
        if let Some(&root) = self.joined.get(&key) {
            return root;
        }
        let scope = self.sets[product as usize].and(&self.sets[origin as usize]);
        let active = self.active(law, interval);
        let bits = scope.and(&active.bits);
        let states: Box<[u32]> = std::iter::once(active.order).chain(bits.iter().map(|index| active.states[index])).collect();
        let canonical = (states, explain);
        let root = match self.canonical.get(&canonical) {
            Some(&root) => root,
            None => {
                let bits = self.set(bits);
                let node = self.build(law, (interval, bits, explain), (0, Reply::No), &[]);
                let root = Root { node, interval, bits, explain };
                self.canonical.insert(canonical, root);
                root
            }
        };
        self.joined.insert(key, root);
        root
    }

    /// Records in scope but not in force.
    pub fn dormant(&mut self, law: &Law<'_>, class: (u64, &ProductClass), origin: (u32, Origin), interval: u32) -> Vec<usize> {
        let product = self.product_set(law, class, interval);
        let origin = self.origin_set(law, origin, interval);
        let scope = self.sets[product as usize].and(&self.sets[origin as usize]);
        scope.without(&self.active(law, interval).bits).iter().collect()
    }

    /// Resolves with the replies on the way to a new node, and adds the nodes that this gives: a question on a fact or a
    /// leaf, and before it the questions on assertions, each followed to where it is not made.
    fn build(&mut self, law: &Law<'_>, place: (u32, u32, bool), parent: (u32, Reply), replies: &[(Open, Reply)]) -> u32 {
        let (interval, bits, explain) = place;
        let moment = self.moment(interval);
        let taken = RefCell::default();
        let resolver = Resolver { law, moment, active: &self.sets[bits as usize], replies, taken, explain, flaw: self.flaw };
        let resolved = resolver.resolve();
        let taken = resolver.taken.into_inner();
        let first = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let end = first + u32::try_from(taken.len()).unwrap_or(0);
        let mut parent = parent;
        let mut facts = taken.iter().fold(0, |facts, (open, _)| facts | law.facts.assertion_bit(open.atom));
        for (at, (open, reply)) in taken.iter().enumerate() {
            let node = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
            let mut next = [0; 4];
            next[*reply as usize] = node + 1;
            self.nodes.push(Node::Ask { open: *open, next, chain: Some(Chain { facts, end }) });
            self.parents.push(parent);
            parent = (node, *reply);
            let later = &taken[at + 1..];
            if !later.iter().any(|(other, _)| law.facts.assertion_bit(other.atom) == law.facts.assertion_bit(open.atom)) {
                facts &= !law.facts.assertion_bit(open.atom);
            }
        }
        let last = match resolved {
            Err(open) => Node::Ask { open, next: [0; 4], chain: None },
            Ok(resolution) => {
                let path: Vec<_> = replies.iter().chain(&taken).copied().collect();
                let transit = path.iter().any(|(open, reply)| {
                    *reply == Reply::NotStated && law.facts.facts[usize::from(law.facts.fact_of(open.atom).0)].is_transit()
                });
                let owed = owed(law, &resolution, moment);
                self.leaves.push(Leaf { resolution, owed, transit, path, headings: None, transit_higher: None });
                Node::Leaf(u32::try_from(self.leaves.len() - 1).unwrap_or(u32::MAX))
            }
        };
        self.nodes.push(last);
        self.parents.push(parent);
        first
    }

    /// The replies on the way to a node.
    fn path(&self, root: Root, mut node: u32) -> Vec<(Open, Reply)> {
        let mut path = Vec::new();
        while node != root.node {
            let (parent, reply) = self.parents[node as usize];
            if let Node::Ask { open, .. } = &self.nodes[parent as usize] {
                path.push((*open, reply));
            }
            node = parent;
        }
        path.reverse();
        path
    }

    /// How much was worked out: intervals, record sets, roots, nodes, leaves.
    pub fn sizes(&self) -> [usize; 6] {
        [self.boundaries.len() + 1, self.sets.len(), self.joined.len(), self.canonical.len(), self.nodes.len(), self.leaves.len()]
    }

    /// A leaf.
    pub fn leaf(&self, index: u32) -> &Leaf {
        &self.leaves[index as usize]
    }

    /// A leaf, to keep something with it.
    pub fn leaf_mut(&mut self, index: u32) -> &mut Leaf {
        &mut self.leaves[index as usize]
    }

    /// Whether claiming an in-transit clause could cost more than a leaf does, for some line that reaches it.
    pub fn transit_may_cost_more(&mut self, law: &Law<'_>, root: Root, leaf: u32) -> bool {
        if let Some(known) = self.leaf(leaf).transit_higher {
            return known;
        }
        let path = self.leaf(leaf).path.clone();
        let higher = self.alternative_higher(law, root, root.node, &path, leaf);
        self.leaf_mut(leaf).transit_higher = Some(higher);
        higher
    }

    /// Follows every reply to questions on in-transit dates, the leaf's own replies to the others. A question that the
    /// leaf's path does not answer could go either way, so it counts as higher.
    fn alternative_higher(&mut self, law: &Law<'_>, root: Root, node: u32, path: &[(Open, Reply)], leaf: u32) -> bool {
        let open = match &self.nodes[node as usize] {
            Node::Leaf(other) => return !dominated(&self.leaf(*other).owed, &self.leaf(leaf).owed),
            Node::Ask { open, .. } => *open,
        };
        let transit = law.facts.facts[usize::from(law.facts.fact_of(open.atom).0)].is_transit();
        let replies: SmallVec<[Reply; 2]> = if transit {
            SmallVec::from_slice(&[Reply::Yes, Reply::No])
        } else {
            match path.iter().find(|(asked, _)| asked.atom == open.atom) {
                Some((_, reply)) => SmallVec::from_slice(&[*reply]),
                None => return true,
            }
        };
        for reply in replies {
            let child = self.child(law, root, node, reply);
            if self.alternative_higher(law, root, child, path, leaf) {
                return true;
            }
        }
        false
    }

    fn child(&mut self, law: &Law<'_>, root: Root, node: u32, reply: Reply) -> u32 {
        let slot = reply as usize;
        let Node::Ask { open, next, .. } = &self.nodes[node as usize] else { return node };
        if next[slot] != 0 {
            return next[slot];
        }
        let open = *open;
        let mut replies = self.path(root, node);
        replies.push((open, reply));
        let child = self.build(law, (root.interval, root.bits, root.explain), (node, reply), &replies);
        if let Node::Ask { next, .. } = &mut self.nodes[node as usize] {
            next[slot] = child;
        }
        child
    }

    /// Every leaf that a line can reach. `asked` collects the facts on which different duties turn.
    pub fn outcomes(&mut self, law: &Law<'_>, root: Root, line: &Stated<'_>, asked: &mut FxHashSet<FactIx>) -> Vec<Outcome> {
        let assertions = law.facts.stated_assertions(line.line, line.transit_is_fact);
        let mut walk = Walk { law, root, line, assertions, supposed: Vec::new(), asked };
        self.walk(&mut walk, root.node)
    }

    /// The leaf of a line that states all that is asked; none where something is missing. Allocates only to build.
    pub fn only_leaf(&mut self, law: &Law<'_>, root: Root, line: &Stated<'_>) -> Option<u32> {
        let mut node = root.node;
        let assertions = law.facts.stated_assertions(line.line, line.transit_is_fact);
        loop {
            let (open, next) = match &self.nodes[node as usize] {
                Node::Leaf(leaf) => return Some(*leaf),
                Node::Ask { chain: Some(chain), .. } if chain.facts & assertions == 0 => {
                    node = chain.end;
                    continue;
                }
                Node::Ask { open, next, .. } => (*open, *next),
            };
            let reply = match law.facts.truth(&law.timeline, open.atom, line, None) {
                Truth::True => Reply::Yes,
                Truth::False => Reply::No,
                Truth::NotStated => Reply::NotStated,
                Truth::Unknown(_) if open.soft => Reply::Skipped,
                Truth::Unknown(_) => return None,
            };
            let built = next[reply as usize];
            node = if built == 0 { self.child(law, root, node, reply) } else { built };
        }
    }

    fn walk(&mut self, walk: &mut Walk<'_, '_, '_>, node: u32) -> Vec<Outcome> {
        let open = match &self.nodes[node as usize] {
            Node::Leaf(leaf) => return vec![Outcome { leaf: *leaf, supposed: walk.supposed.clone() }],
            Node::Ask { chain: Some(chain), .. } if chain.facts & walk.assertions == 0 => {
                let end = chain.end;
                return self.walk(walk, end);
            }
            Node::Ask { open, .. } => *open,
        };
        let fact = walk.law.facts.fact_of(open.atom);
        let supposed = walk.supposed.iter().rev().find(|(f, _)| *f == fact).map(|(_, regions)| *regions);
        let reply = match walk.law.facts.truth(&walk.law.timeline, open.atom, walk.line, supposed) {
            Truth::True => Reply::Yes,
            Truth::False => Reply::No,
            Truth::NotStated => Reply::NotStated,
            Truth::Unknown(_) if open.soft => Reply::Skipped,
            Truth::Unknown(possible) => return self.fork(walk, node, open, fact, possible),
        };
        self.step(walk, node, reply)
    }

    fn step(&mut self, walk: &mut Walk<'_, '_, '_>, node: u32, reply: Reply) -> Vec<Outcome> {
        let child = self.child(walk.law, walk.root, node, reply);
        self.walk(walk, child)
    }

    /// Follows both sides of a question on a fact that was not stated.
    fn fork(&mut self, walk: &mut Walk<'_, '_, '_>, node: u32, open: Open, fact: FactIx, possible: Regions) -> Vec<Outcome> {
        let regions = walk.law.facts.atoms[usize::from(open.atom.0)].regions;
        let mut sides = Vec::new();
        for (reply, inside) in [(Reply::Yes, possible & regions), (Reply::No, possible & !regions)] {
            walk.supposed.push((fact, inside));
            sides.push(self.step(walk, node, reply));
            walk.supposed.pop();
        }
        let no = sides.pop().unwrap_or_default();
        let mut yes = sides.pop().unwrap_or_default();
        if !self.same_duties(&yes, &no) {
            walk.asked.insert(fact);
        }
        yes.extend(no);
        yes
    }

    /// Whether two sets of outcomes owe the same.
    fn same_duties(&self, a: &[Outcome], b: &[Outcome]) -> bool {
        let key = |o: &Outcome| {
            let leaf = self.leaf(o.leaf);
            (&leaf.owed, leaf.resolution.prohibited)
        };
        let within = |a: &[Outcome], b: &[Outcome]| a.iter().all(|x| b.iter().any(|y| key(x) == key(y)));
        within(a, b) && within(b, a)
    }
}

/// Whether duties never come to more than others, whatever the line: what they do not share are plain rates on the
/// whole value, and sum to less.
fn dominated(duties: &[Owed], by: &[Owed]) -> bool {
    let more: Vec<&Owed> = duties.iter().filter(|o| !by.contains(o)).collect();
    let less: Vec<&Owed> = by.iter().filter(|o| !duties.contains(o)).collect();
    if more.is_empty() {
        return true;
    }
    let plain = |o: &&Owed| match o.rate {
        DutyRate::Add(rate) => Some((rate.0, o.parts)),
        _ => None,
    };
    let (Some(more), Some(less)) = (more.iter().map(plain).collect::<Option<Vec<_>>>(), less.iter().map(plain).collect::<Option<Vec<_>>>()) else {
        return false;
    };
    let same_parts = more.iter().chain(&less).all(|(_, parts)| *parts == more[0].1);
    let sum = |list: &[(i64, u8)]| list.iter().map(|(rate, _)| rate).sum::<i64>();
    same_parts && sum(&more) <= sum(&less)
}

struct Walk<'w, 'l, 's> {
    law: &'w Law<'l>,
    root: Root,
    line: &'w Stated<'s>,
    assertions: u128,
    supposed: Vec<(FactIx, Regions)>,
    asked: &'w mut FxHashSet<FactIx>,
}

/// What of a resolution is owed, by family.
fn owed(law: &Law<'_>, resolution: &Resolution, moment: Moment) -> Vec<Owed> {
    if resolution.prohibited.is_some() {
        return Vec::new();
    }
    let mut owed = Vec::new();
    for row in resolution.rows.iter().filter(|row| row.status == Status::Applied) {
        let Record::Provision(provision) = row.record else { continue };
        let node = law.timeline.provision(provision);
        let program = law.timeline.program(node.program);
        let kept = row.kept.and_then(|index| node.suspensions[usize::from(index)].keeps.clone());
        let in_force = row.rate.map(|index| node.record.rates[usize::from(index)].rate.clone());
        let clock = &law.clocks[usize::from(program.levied_by.0)];
        owed.push(Owed {
            provision,
            family: program.family,
            rate: kept.or(in_force).unwrap_or(DutyRate::Ended),
            parts: row.parts,
            beyond: moment.known > program.checked_through && moment.at >= clock.day_end(program.checked_through),
        });
    }
    owed
}
