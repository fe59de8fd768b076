//! The law of one side, in one view, for one state of knowledge: intervals, and what was resolved in each.

mod active;
mod transit;

use std::sync::Arc;

use portolan_ledger::line::{Status, View};
use portolan_ledger::record::Origin;
use portolan_ledger::timeline::{Moment, ProvisionIx};
use portolan_ledger::{Day, DutyRate, Instant, Side};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use crate::bits::Bits;
use crate::facts::{AtomIx, Stated};
use crate::flaw::Flaw;
use crate::law::{Law, ProductClass};
use crate::money::Owed;
use crate::relevant::may_be_live;
use crate::resolve::{Memo, Open, Record, Reply, Resolution, Resolver, Row};
use crate::settings::{Axes, Reads, Settled, Supposed};

use active::Active;

/// What was resolved, ready for arithmetic.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The rows; leaves that resolve alike share them.
    pub resolution: Arc<Resolution>,
    /// What stands; shared likewise.
    pub owed: Arc<[Owed]>,
    /// An in-transit clause was not claimed on the way here.
    pub transit: bool,
    /// Others are like a provision of it: see [`Projection::of_origin`].
    is_shared: bool,
    /// The class of origins for which that was asked last, and the leaf in its terms.
    last_named: (u32, u32),
    /// Headings to report, by the order of reporting; filled when first asked for.
    pub headings: SmallVec<[(u32, Arc<[String]>); 1]>,
    /// Whether claiming an in-transit clause could ever cost more; filled when first asked for.
    transit_higher: Option<bool>,
    node: u32,
}

/// A node of the questions that lead to a leaf. The nodes after it are in [`Projection::after`] and
/// [`Projection::branches`].
#[derive(Clone, Copy, Debug)]
enum Node {
    /// A question on a fact.
    Ask(Open),
    /// Questions on assertions that follow one another where none is made, and the node after them.
    Chain { sequence: u32, end: u32 },
    /// The end.
    Leaf(u32),
}

/// Questions on assertions, with the replies where they are not made.
#[derive(Debug)]
struct Sequence {
    asks: Arc<[(Open, Reply)]>,
    /// The assertions asked about.
    facts: u128,
}

/// A question: its node, and its place in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    node: u32,
    at: u16,
}

/// A leaf that a line reaches, with what had to be supposed of facts that it does not state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Index of the leaf.
    pub leaf: u32,
    /// What is supposed on the way to it.
    pub(crate) supposed: Supposed,
}

/// Records in scope at a moment: where a line's questions start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Root {
    node: u32,
    interval: u32,
    bits: u32,
    explain: bool,
    /// What is in scope: its place in [`Projection::scopes`].
    scope: u32,
}

impl Root {
    /// Whether the same questions are put as at another.
    pub fn asks_as(self, other: Self) -> bool {
        self.node == other.node
    }
}

/// What is in force for an origin in an interval; origins and intervals for which that is the same share it.
#[derive(Debug)]
struct World {
    /// The records in force whose origins hold this one.
    records: Bits,
}

/// Records in scope, and where their questions start.
#[derive(Clone, Copy, Debug)]
struct Scope {
    /// Product set, origin set and interval for which it was first asked.
    of: (u32, u32, u32),
    /// The place in [`Projection::starts`].
    start: u32,
    /// The number of what a line may leave open; unknown until asked for.
    reads: u32,
}

/// All that resolution reads of a record's own time: its number, and indices of what is in force.
type State = (u32, SmallVec<[u16; 8]>);

/// The first day that is looked up by its number: 1 January 2015; and how many follow.
const FIRST_DAY: i32 = 16_436;
const DAYS: usize = 8_000;
/// Not looked up yet.
const UNKNOWN: u32 = u32::MAX;
/// There is none.
const NONE: u32 = u32::MAX - 1;
/// A day that lies in several intervals.
const NO_INTERVAL: u32 = u32::MAX >> 2;
/// How many replies there are.
const REPLIES: usize = Reply::Skipped as usize + 1;
/// Classes beyond this are looked up by hash.
const MOST_CLASSES: usize = 1 << 16;

/// The place of a class: those of the law's table and those of single lines by turns.
fn dense(class: u64) -> Option<usize> {
    usize::try_from((class & u64::from(u32::MAX)) << 1 | class >> 32).ok()
}

/// A tariff day in a projection.
#[derive(Clone, Copy, Debug)]
pub struct TariffDay {
    /// The interval that holds all of it, where one does.
    pub interval: Option<u32>,
    /// Whether a condition on the entry date can turn inside it.
    pub parts_entry: bool,
}

/// One projection of the law.
#[derive(Debug)]
pub struct Projection {
    side: Side,
    view: View,
    cut: Option<Day>,
    boundaries: Vec<Instant>,
    /// By interval.
    moments: Vec<Moment>,
    /// By day from [`FIRST_DAY`]: the interval that holds it, or [`NO_INTERVAL`], and in the lowest bit whether it parts entries.
    days: Vec<u32>,
    active: Vec<Option<Active>>,
    /// Numbers of the states that records can be in, so that intervals that differ only in other records share roots.
    states: FxHashMap<State, u32>,
    sets: Vec<Bits>,
    set_of: FxHashMap<Bits, u32>,
    /// By class and stretch of time in which its membership is the same; filled as asked.
    products: FxHashMap<(u64, u32), u32>,
    /// By class, then interval.
    tabled: Vec<Box<[u32]>>,
    /// By interval: a number for what groups of countries hold.
    groups: Vec<u32>,
    /// By origin class, then what groups hold.
    origins: Vec<Box<[u32]>>,
    /// By origin class, then interval and whether to explain: the place in `worlds`.
    world_at: Vec<Box<[u32]>>,
    /// By the order of reporting and the states of the records of an origin.
    world_of: FxHashMap<Box<[u32]>, u32>,
    worlds: Vec<World>,
    /// By product set, world, what can matter and whether to explain: the place in `scopes`.
    joined: FxHashMap<(u64, u32), u32>,
    /// By world, what can matter, whether to explain, and the records of the world whose lists hold the product.
    scope_of: FxHashMap<Box<[u64]>, u32>,
    scopes: Vec<Scope>,
    /// The key of the scope that is looked for.
    words: Vec<u64>,
    /// By the order of reporting and the states of the records; without explanation, then with it: the place in `starts`.
    canonical: [FxHashMap<Box<[u32]>, u32>; 2],
    /// The first node, the interval and the set for which it was first asked, and whether others are like a provision of it.
    starts: Vec<(u32, u32, u32, bool)>,
    /// The states of the root that is looked for.
    states_of_root: Vec<u32>,
    nodes: Vec<Node>,
    /// Of each node: the question before it and the reply that leads from there.
    parents: Vec<(Place, Reply)>,
    branches: FxHashMap<(Place, Reply), u32>,
    /// Of each node that asks: the nodes after it, by reply. Those after the places of a chain are in `branches`.
    after: Vec<[u32; REPLIES]>,
    sequences: Vec<Sequence>,
    sequence_of: FxHashMap<Arc<[(Open, Reply)]>, u32>,
    resolutions: FxHashSet<Arc<Resolution>>,
    duties: FxHashSet<Arc<[Owed]>>,
    leaves: Vec<Leaf>,
    /// By leaf and class of origins: the leaf in terms of the provisions of these.
    named: FxHashMap<(u32, u32), u32>,
    /// What records read of a line, each once; and which of it, by the first node and the states of the records.
    reads: Distinct<Reads>,
    reads_of: FxHashMap<Box<[u32]>, u32>,
    memo: Memo,
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
            world_at: Vec::new(),
            world_of: FxHashMap::default(),
            worlds: Vec::new(),
            joined: FxHashMap::default(),
            scope_of: FxHashMap::default(),
            scopes: Vec::new(),
            words: Vec::new(),
            canonical: Default::default(),
            starts: Vec::new(),
            states_of_root: Vec::new(),
            nodes: Vec::new(),
            parents: Vec::new(),
            branches: FxHashMap::default(),
            after: Vec::new(),
            sequences: Vec::new(),
            sequence_of: FxHashMap::default(),
            resolutions: FxHashSet::default(),
            duties: FxHashSet::default(),
            leaves: Vec::new(),
            named: FxHashMap::default(),
            reads: Distinct::default(),
            reads_of: FxHashMap::default(),
            memo: Memo::default(),
            flaw,
            moments: Vec::new(),
            groups: Vec::new(),
            days: Vec::new(),
        };
        let intervals = u32::try_from(projection.boundaries.len()).unwrap_or(u32::MAX);
        projection.moments = (0..=intervals).map(|interval| projection.find_moment(law, interval)).collect();
        projection.groups = number_groups(law, &projection.moments);
        projection
    }

    /// A tariff day; looked up once.
    pub fn day(&mut self, law: &Law<'_>, day: Day, (start, end): (Instant, Instant)) -> TariffDay {
        let Some(at) = usize::try_from(day.0 - FIRST_DAY).ok().filter(|&at| at < DAYS) else {
            return TariffDay { interval: None, parts_entry: true };
        };
        if self.days.is_empty() {
            self.days = vec![UNKNOWN; DAYS];
        }
        if self.days[at] == UNKNOWN {
            let one = self.after(start).first().is_none_or(|&next| next >= end);
            let interval = if one { self.interval(start) } else { NO_INTERVAL };
            let parts_entry = !law.facts.entry_cuts_in((start, end)).is_empty();
            self.days[at] = interval << 1 | u32::from(parts_entry);
        }
        let (interval, parts_entry) = (self.days[at] >> 1, self.days[at] & 1 == 1);
        TariffDay { interval: Some(interval).filter(|&interval| interval != NO_INTERVAL), parts_entry }
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
            let live = may_be_live(law, moment, self.flaw);
            let mut states = vec![0; law.records()];
            for index in bits.iter() {
                let next = u32::try_from(self.states.len()).unwrap_or(u32::MAX);
                let state = (law.first_alike(index), law.state(index, moment, live.contains(index)));
                states[index] = *self.states.entry(state).or_insert(next);
            }
            let order =
                law.reporting_order(self.side, moment).map_or(u32::MAX, |at| u32::try_from(at).unwrap_or(u32::MAX));
            let tiers = law.orders_in_force(self.side, moment).collect();
            self.active[interval as usize] = Some(Active { bits, live, states, tiers, order });
        }
        self.active[interval as usize].as_ref().unwrap_or_else(|| unreachable!("filled above"))
    }

    /// The records whose lists hold a class; looked up once per stretch of time in which its membership is the same.
    pub fn product_set(&mut self, law: &Law<'_>, class: (u64, &ProductClass), interval: u32) -> u32 {
        let tabled = dense(class.0).filter(|&at| at < MOST_CLASSES);
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
                let bits = law.product_bits(class.1, moment, self.flaw);
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

    pub fn origin_set(&mut self, law: &Law<'_>, origin: (u32, Origin), interval: u32) -> u32 {
        let at = origin.0 as usize;
        if at >= self.origins.len() {
            self.origins.resize_with(at + 1, Box::default);
        }
        let (groups, last) = (self.groups[interval as usize] as usize, self.groups.last().copied());
        if self.origins[at].is_empty() {
            self.origins[at] = vec![UNKNOWN; last.map_or(0, |last| last as usize) + 1].into_boxed_slice();
        }
        let known = self.origins[at][groups];
        if known != UNKNOWN {
            return known;
        }
        let bits = law.origin_bits(self.side, origin.1, self.moment(interval));
        let set = self.set(bits);
        self.origins[at][groups] = set;
        set
    }

    /// The records of a set.
    pub fn held(&self, set: u32) -> &Bits {
        &self.sets[set as usize]
    }

    /// The records of a set that are in force in an interval.
    pub fn in_force(&mut self, law: &Law<'_>, set: u32, interval: u32) -> Bits {
        self.active(law, interval);
        let Some(active) = self.active[interval as usize].as_ref() else { unreachable!("filled above") };
        self.sets[set as usize].and(&active.bits)
    }

    /// The state of every record in an interval, zero where it is not in force, with its tiers in stacking rules.
    pub fn states_at(&mut self, law: &Law<'_>, interval: u32) -> Vec<(u32, SmallVec<[u16; 4]>)> {
        let active = self.active(law, interval);
        let mut states = vec![(0, SmallVec::new()); law.records()];
        for record in active.bits.iter() {
            let tiers = active.tiers.iter().map(|&order| (order.rule, law.tiers_of(order)));
            let own = tiers.filter(|(_, tiers)| tiers.members.contains(record));
            let own = own.flat_map(|(rule, tiers)| [u16::try_from(rule).unwrap_or(u16::MAX), tiers.of[record]]);
            states[record] = (active.states[record].saturating_add(1), own.collect());
        }
        states
    }

    /// Where the questions start for a product class, an origin class and an interval, of the records that can matter.
    pub fn root(
        &mut self,
        law: &Law<'_>,
        class: (u64, &ProductClass),
        origin: (u32, Origin),
        (interval, explain): (u32, bool),
        mattering: (u32, &Bits),
    ) -> Root {
        let product = self.product_set(law, class, interval);
        let world = self.world(law, origin, (interval, explain));
        let asked = mattering.0 << 1 | u32::from(explain);
        let key = (u64::from(product) << 32 | u64::from(world), asked);
        let scope = match self.joined.get(&key) {
            Some(&scope) => scope,
            None => {
                let origin = self.origin_set(law, origin, interval);
                let scope = self.scope(law, (product, origin, interval), (world, asked), mattering.1);
                self.joined.insert(key, scope);
                scope
            }
        };
        let (node, first, bits, _) = self.starts[self.scopes[scope as usize].start as usize];
        Root { node, interval: first, bits, explain, scope }
    }

    /// Whether others are like a provision that is met at a root.
    pub fn is_shared(&self, root: Root) -> bool {
        self.starts[self.scopes[root.scope as usize].start as usize].3
    }

    /// A number for what is in force for an origin in an interval; the same where it is alike.
    pub fn world(&mut self, law: &Law<'_>, origin: (u32, Origin), (interval, explain): (u32, bool)) -> u32 {
        let (class, at) = (origin.0 as usize, interval as usize * 2 + usize::from(explain));
        if let Some(&known) = self.world_at.get(class).and_then(|worlds| worlds.get(at))
            && known != UNKNOWN
        {
            return known;
        }
        let origin = self.origin_set(law, origin, interval);
        self.active(law, interval);
        let Some(active) = self.active[interval as usize].as_ref() else { unreachable!("filled above") };
        let records = Bits::all_of([&self.sets[origin as usize], &active.bits]);
        active.list_states(law, &records, explain, &mut self.states_of_root);
        let world = match self.world_of.get(self.states_of_root.as_slice()) {
            Some(&known) => known,
            None => {
                let next = u32::try_from(self.worlds.len()).unwrap_or(u32::MAX);
                self.worlds.push(World { records });
                self.world_of.insert(self.states_of_root.as_slice().into(), next);
                next
            }
        };
        if class >= self.world_at.len() {
            self.world_at.resize_with(class + 1, Box::default);
        }
        if self.world_at[class].is_empty() {
            self.world_at[class] = vec![UNKNOWN; self.moments.len() * 2].into_boxed_slice();
        }
        self.world_at[class][at] = world;
        world
    }

    /// What is in scope of a product set in a world. Product sets that differ in records of other worlds alone share it.
    fn scope(&mut self, law: &Law<'_>, of: (u32, u32, u32), (world, asked): (u32, u32), mattering: &Bits) -> u32 {
        self.words.clear();
        self.words.push(u64::from(world) << 32 | u64::from(asked));
        self.words.extend(self.sets[of.0 as usize].shared_words(&self.worlds[world as usize].records));
        if let Some(&known) = self.scope_of.get(self.words.as_slice()) {
            return known;
        }
        let start = self.find_start(law, of, asked & 1 == 1, mattering);
        let next = u32::try_from(self.scopes.len()).unwrap_or(u32::MAX);
        self.scopes.push(Scope { of, start, reads: UNKNOWN });
        self.scope_of.insert(self.words.as_slice().into(), next);
        next
    }

    /// Where the questions start for the records that are in two sets and in force in an interval.
    fn find_start(
        &mut self,
        law: &Law<'_>,
        (product, origin, interval): (u32, u32, u32),
        explain: bool,
        mattering: &Bits,
    ) -> u32 {
        self.active(law, interval);
        let Some(active) = self.active[interval as usize].as_ref() else { unreachable!("filled above") };
        let scope = Bits::all_of([&self.sets[product as usize], &self.sets[origin as usize], &active.bits]);
        let bits = if explain { scope } else { law.relevant(&scope.and(mattering), &active.live) };
        active.list_states(law, &bits, explain, &mut self.states_of_root);
        if let Some(&known) = self.canonical[usize::from(explain)].get(self.states_of_root.as_slice()) {
            return known;
        }
        let states: Box<[u32]> = self.states_of_root.as_slice().into();
        let bits = self.set(bits);
        let node = self.build(law, (interval, bits, explain), (Place { node: NONE, at: 0 }, Reply::No), &[]);
        let start = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        let is_shared = !explain && self.sets[bits as usize].iter().any(|record| law.has_alike(record));
        self.starts.push((node, interval, bits, is_shared));
        self.canonical[usize::from(explain)].insert(states, start);
        start
    }

    /// Records whose lists hold a class, and whose origins hold one, in force or not.
    fn reaching(&mut self, law: &Law<'_>, class: (u64, &ProductClass), origin: (u32, Origin), interval: u32) -> Bits {
        let product = self.product_set(law, class, interval);
        let origin = self.origin_set(law, origin, interval);
        self.sets[product as usize].and(&self.sets[origin as usize])
    }

    /// Records in scope and in force.
    pub fn in_scope(
        &mut self,
        law: &Law<'_>,
        class: (u64, &ProductClass),
        origin: (u32, Origin),
        interval: u32,
    ) -> Bits {
        self.reaching(law, class, origin, interval).and(&self.active(law, interval).bits)
    }

    /// Records in scope but not in force.
    pub fn dormant(
        &mut self,
        law: &Law<'_>,
        class: (u64, &ProductClass),
        origin: (u32, Origin),
        interval: u32,
    ) -> Vec<usize> {
        let reaching = self.reaching(law, class, origin, interval);
        reaching.without(&self.active(law, interval).bits).iter().collect()
    }

    /// Resolves with the replies on the way to a new node, and adds what this gives: a question on a fact or a leaf, and
    /// before it the questions on assertions, as one chain.
    fn build(
        &mut self,
        law: &Law<'_>,
        place: (u32, u32, bool),
        parent: (Place, Reply),
        replies: &[(Open, Reply)],
    ) -> u32 {
        let (interval, bits, explain) = place;
        let moment = self.moment(interval);
        self.memo.start(law, replies);
        let resolver =
            Resolver { law, side: self.side, moment, active: &self.sets[bits as usize], explain, flaw: self.flaw };
        let outcome = resolver.resolve(&mut self.memo);
        let taken = std::mem::take(&mut self.memo.taken);
        let first = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let mut parent = parent;
        if !taken.is_empty() {
            let at = u16::try_from(taken.len()).unwrap_or(u16::MAX);
            let sequence = self.sequence(law, &taken);
            self.add_node(Node::Chain { sequence, end: first + 1 }, parent);
            parent = (Place { node: first, at }, Reply::No);
        }
        let last = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let node = match outcome {
            Err(open) => Node::Ask(open),
            Ok(resolution) => {
                let unclaimed = |(open, reply): &(Open, Reply)| {
                    *reply == Reply::NotStated
                        && law.facts.facts[usize::from(law.facts.fact_of(open.atom).0)].is_transit()
                };
                let transit = replies.iter().chain(&taken).any(unclaimed);
                let several = |row: &Row| matches!(row.record, Record::Provision(p) if law.alike.has_others(p));
                let is_shared = !explain && resolution.rows.iter().any(several);
                // Trees that were made for different countries are compared with one another, so all name the first.
                let resolution = if is_shared { resolution.renamed(|p| law.alike.first(p)) } else { resolution };
                let owed = owed(law, &resolution, moment);
                Node::Leaf(self.add_leaf((resolution, owed), (transit, is_shared), last))
            }
        };
        self.add_node(node, parent);
        first
    }

    fn add_node(&mut self, node: Node, parent: (Place, Reply)) {
        self.nodes.push(node);
        self.parents.push(parent);
        self.after.push([UNKNOWN; REPLIES]);
    }

    fn add_leaf(
        &mut self,
        (resolution, owed): (Resolution, Vec<Owed>),
        (transit, is_shared): (bool, bool),
        node: u32,
    ) -> u32 {
        let owed = shared(&mut self.duties, owed.into());
        let resolution = shared(&mut self.resolutions, Arc::new(resolution));
        let (headings, last_named) = (SmallVec::new(), (UNKNOWN, UNKNOWN));
        let leaf = Leaf { resolution, owed, transit, is_shared, last_named, headings, transit_higher: None, node };
        self.leaves.push(leaf);
        u32::try_from(self.leaves.len() - 1).unwrap_or(u32::MAX)
    }

    /// A leaf with the provisions of an origin, by its class and one of the class, in place of those that are like them.
    pub fn of_origin(&mut self, law: &Law<'_>, leaf: u32, (class, origin): (u32, Origin)) -> u32 {
        let shared = self.leaf(leaf);
        if !shared.is_shared || self.flaw == Flaw::CountriesMixedUp {
            return leaf;
        }
        if shared.last_named.0 == class {
            return shared.last_named.1;
        }
        if let Some(&known) = self.named.get(&(leaf, class)) {
            self.leaf_mut(leaf).last_named = (class, known);
            return known;
        }
        let own = |provision: ProvisionIx| law.alike.of(provision, origin);
        let resolution = shared.resolution.renamed(own);
        let owed: Vec<Owed> =
            shared.owed.iter().map(|owed| Owed { provision: own(owed.provision), ..owed.clone() }).collect();
        let (transit, node) = (shared.transit, shared.node);
        let named = self.add_leaf((resolution, owed), (transit, false), node);
        self.named.insert((leaf, class), named);
        named
    }

    fn sequence(&mut self, law: &Law<'_>, asks: &[(Open, Reply)]) -> u32 {
        if let Some(&known) = self.sequence_of.get(asks) {
            return known;
        }
        let facts = asks.iter().fold(0, |facts, (open, _)| facts | law.facts.assertion_bit(open.atom));
        let asks: Arc<[(Open, Reply)]> = asks.into();
        let index = u32::try_from(self.sequences.len()).unwrap_or(u32::MAX);
        self.sequence_of.insert(Arc::clone(&asks), index);
        self.sequences.push(Sequence { asks, facts });
        index
    }

    /// The replies on the way to a question, the nearest last.
    fn path(&self, mut place: Place) -> Vec<(Open, Reply)> {
        let mut path = Vec::new();
        let mut last = Reply::No;
        let mut inside = false;
        while place.node != NONE {
            match self.nodes[place.node as usize] {
                Node::Ask(open) if inside => path.push((open, last)),
                Node::Chain { sequence, .. } => {
                    let asks = &self.sequences[sequence as usize].asks;
                    let at = usize::from(place.at);
                    if let (true, Some((open, _))) = (inside, asks.get(at)) {
                        path.push((*open, last));
                    }
                    path.extend(asks[..at].iter().rev().copied());
                }
                Node::Ask(_) | Node::Leaf(_) => {}
            }
            inside = true;
            (place, last) = self.parents[place.node as usize];
        }
        path.reverse();
        path
    }

    /// What was asked on the way to a leaf.
    pub fn asked(&self, leaf: u32) -> impl Iterator<Item = AtomIx> + use<> {
        let place = Place { node: self.leaf(leaf).node, at: 0 };
        self.path(place).into_iter().map(|(open, _)| open.atom)
    }

    /// How much was worked out: intervals, record sets, roots, nodes, leaves.
    pub fn sizes(&self) -> [usize; 6] {
        [
            self.boundaries.len() + 1,
            self.sets.len(),
            self.joined.len(),
            self.canonical.iter().map(FxHashMap::len).sum(),
            self.nodes.len(),
            self.leaves.len(),
        ]
    }

    /// A leaf.
    pub fn leaf(&self, index: u32) -> &Leaf {
        &self.leaves[index as usize]
    }

    /// The order of reporting in an interval.
    pub fn reporting_order(&mut self, law: &Law<'_>, interval: u32) -> u32 {
        self.active(law, interval).order
    }

    /// A leaf, to keep something with it.
    pub fn leaf_mut(&mut self, index: u32) -> &mut Leaf {
        &mut self.leaves[index as usize]
    }

    /// The node after a question, by the reply.
    fn child(&mut self, law: &Law<'_>, root: Root, (place, open): (Place, Open), reply: Reply) -> u32 {
        let asks = matches!(self.nodes[place.node as usize], Node::Ask(_));
        let known = if asks {
            Some(self.after[place.node as usize][reply as usize]).filter(|&node| node != UNKNOWN)
        } else {
            self.branches.get(&(place, reply)).copied()
        };
        if let Some(known) = known {
            return known;
        }
        let mut replies = self.path(place);
        replies.push((open, reply));
        let child = self.build(law, (root.interval, root.bits, root.explain), (place, reply), &replies);
        if asks {
            self.after[place.node as usize][reply as usize] = child;
        } else {
            self.branches.insert((place, reply), child);
        }
        child
    }

    /// A number for what a line may leave open at a root.
    fn reads_number(&mut self, law: &Law<'_>, root: Root) -> u32 {
        let Scope { of: (product, origin, interval), reads, .. } = self.scopes[root.scope as usize];
        if reads != UNKNOWN {
            return reads;
        }
        self.active(law, interval);
        let Some(active) = self.active[interval as usize].as_ref() else { unreachable!("filled above") };
        let sets = [&self.sets[product as usize], &self.sets[origin as usize]];
        // Of what bears on nothing, claims and units are never open; an explanation shows all.
        let scope = if root.explain {
            Bits::all_of([sets[0], sets[1], &active.bits])
        } else {
            Bits::all_of([sets[0], sets[1], &active.bits, &law.reading])
        };
        self.states_of_root.clear();
        self.states_of_root.push(root.node);
        self.states_of_root.extend(scope.iter().map(|index| active.states[index]));
        let reads = match self.reads_of.get(self.states_of_root.as_slice()) {
            Some(&reads) => reads,
            None => {
                let mut reads = Reads::of(law, &scope, self.moments[interval as usize], self.flaw);
                if !root.explain {
                    let moment = self.moments[root.interval as usize];
                    reads = reads.open_to(Reads::of(law, &self.sets[root.bits as usize], moment, self.flaw));
                }
                let reads = self.reads.number(reads);
                self.reads_of.insert(self.states_of_root.as_slice().into(), reads);
                reads
            }
        };
        self.scopes[root.scope as usize].reads = reads;
        reads
    }

    /// What a line may leave open at a root.
    pub(crate) fn reads(&mut self, law: &Law<'_>, root: Root) -> &Reads {
        let number = self.reads_number(law, root);
        self.reads.get(number)
    }

    /// A number for all that decides at a root.
    pub fn number(&mut self, law: &Law<'_>, root: Root) -> u64 {
        u64::from(root.node) << 32 | u64::from(self.reads_number(law, root))
    }

    /// Every leaf that a line can reach, with what is supposed on the way.
    pub(crate) fn outcomes(&mut self, law: &Law<'_>, root: Root, line: &Stated<'_>, axes: &Axes) -> Vec<Outcome> {
        let assertions = law.facts.stated_assertions(line.line) | axes.open_assertions(law);
        let mut walk = Walk { law, root, line, axes, assertions, found: Vec::new() };
        self.walk(&mut walk, root.node, axes.all());
        walk.found
    }

    /// The leaf of a line that states all that is asked; none where something is missing. Allocates only to build.
    pub fn only_leaf(&mut self, law: &Law<'_>, root: Root, line: &Stated<'_>) -> Option<u32> {
        let mut node = root.node;
        let assertions = law.facts.stated_assertions(line.line);
        loop {
            let (place, open) = match self.nodes[node as usize] {
                Node::Leaf(leaf) => return Some(leaf),
                Node::Ask(open) => (Place { node, at: 0 }, open),
                Node::Chain { sequence, end } => {
                    let says = |open: Open| law.facts.truth(&law.timeline, open.atom, line).reply();
                    match self.departs(law, sequence, assertions, node, says) {
                        None => {
                            node = end;
                            continue;
                        }
                        Some(departure) => departure,
                    }
                }
            };
            let reply = law.facts.truth(&law.timeline, open.atom, line).reply();
            let reply = reply.or(open.soft.then_some(Reply::Skipped))?;
            node = self.child(law, root, (place, open), reply);
        }
    }

    /// The first question of a chain to which the reply is not the usual one.
    fn departs(
        &self,
        law: &Law<'_>,
        sequence: u32,
        assertions: u128,
        node: u32,
        says: impl Fn(Open) -> Option<Reply>,
    ) -> Option<(Place, Open)> {
        let sequence = &self.sequences[sequence as usize];
        if sequence.facts & assertions == 0 {
            return None;
        }
        sequence.asks.iter().enumerate().find_map(|(at, (open, usual))| {
            if law.facts.assertion_bit(open.atom) & assertions == 0 {
                return None;
            }
            let reply = says(*open).or(open.soft.then_some(Reply::Skipped));
            let place = Place { node, at: u16::try_from(at).unwrap_or(u16::MAX) };
            (reply != Some(*usual)).then_some((place, *open))
        })
    }

    fn walk(&mut self, walk: &mut Walk<'_, '_, '_>, node: u32, supposed: Supposed) {
        let (place, open) = match self.nodes[node as usize] {
            Node::Leaf(leaf) => return walk.found.push(Outcome { leaf, supposed }),
            Node::Ask(open) => (Place { node, at: 0 }, open),
            Node::Chain { sequence, end } => {
                let says = |open: Open| match walk.settle(open, &supposed) {
                    Settled::Is(truth) => truth.reply(),
                    Settled::Split(..) => None,
                };
                match self.departs(walk.law, sequence, walk.assertions, node, says) {
                    None => return self.walk(walk, end, supposed),
                    Some(departure) => departure,
                }
            }
        };
        let (reply, split) = match walk.settle(open, &supposed) {
            Settled::Is(truth) => (truth.reply(), None),
            Settled::Split(..) if open.soft => (None, None),
            Settled::Split(axis, sets) => (None, Some((axis, sets))),
        };
        let Some((axis, sets)) = split else {
            let child = self.child(walk.law, walk.root, (place, open), reply.unwrap_or(Reply::Skipped));
            return self.walk(walk, child, supposed);
        };
        // The same question again, of each side of what it turns on.
        for set in sets {
            let mut narrow = supposed.clone();
            narrow[axis] = set;
            if walk.axes.fits(&narrow) {
                self.walk(walk, node, narrow);
            }
        }
    }
}

/// Numbers for what groups of countries hold at moments in order: the same where nothing of it can have changed.
fn number_groups(law: &Law<'_>, moments: &[Moment]) -> Vec<u32> {
    let mut last = None;
    let mut number = 0;
    let numbered = moments.iter().map(|moment| {
        let place = law.group_cuts.place(moment.at, moment.known);
        number += u32::from(last.is_some_and(|last| last != place));
        last = Some(place);
        number
    });
    numbered.collect()
}

/// Values by their numbers, each once.
#[derive(Debug, Default)]
struct Distinct<T> {
    values: Vec<Arc<T>>,
    number_of: FxHashMap<Arc<T>, u32>,
}

impl<T: std::hash::Hash + Eq> Distinct<T> {
    fn number(&mut self, value: T) -> u32 {
        let value = Arc::new(value);
        if let Some(&known) = self.number_of.get(&value) {
            return known;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(Arc::clone(&value));
        self.number_of.insert(value, number);
        number
    }

    fn get(&self, number: u32) -> &T {
        &self.values[number as usize]
    }
}

/// The one copy of a value.
fn shared<T: ?Sized + std::hash::Hash + Eq>(known: &mut FxHashSet<Arc<T>>, value: Arc<T>) -> Arc<T> {
    if let Some(same) = known.get(&value) {
        return Arc::clone(same);
    }
    known.insert(Arc::clone(&value));
    value
}

struct Walk<'w, 'l, 's> {
    law: &'w Law<'l>,
    root: Root,
    line: &'w Stated<'s>,
    axes: &'w Axes,
    assertions: u128,
    found: Vec<Outcome>,
}

impl Walk<'_, '_, '_> {
    fn settle(&self, open: Open, supposed: &Supposed) -> Settled {
        self.axes.settle(self.law, open.atom, self.line, supposed)
    }
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
