//! The law compiled for evaluation: provisions, exceptions and prohibitions in one numbering, product and origin classes.

use std::sync::OnceLock;

use portolan_ledger::code::TariffCode;
use portolan_ledger::record::{Condition, GroupId, ListId, ListRow, Mode, Origin, OriginRef, Scope};
use portolan_ledger::schedule::Schedule;
use portolan_ledger::time::Clock;
use portolan_ledger::timeline::{ExceptionIx, Moment, ProvisionIx, Test, Timeline};
use portolan_ledger::{Day, DutyRate, Instant, Ledger, Side};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::alike::Alike;
use crate::bits::Bits;
use crate::facts::{AtomIx, Fact, Facts};
use crate::flaw::Flaw;
use crate::group_cuts::GroupCuts;
use crate::relevant::Relations;
use crate::resolve::Reply;

/// A condition in compiled form.
#[derive(Clone, Debug)]
pub enum Ask {
    /// On the line.
    Atom(AtomIx),
    /// On other provisions: the index of the test in its record.
    Provisions(usize),
}

/// What a record asks of a line that no supposition supplies.
#[derive(Clone, Debug, Default)]
struct AsksOfLine {
    /// Assertions, by their bits; those of in-transit clauses left aside.
    assertions: u128,
    /// Types of entry: one of each.
    entry_types: Vec<Vec<String>>,
}

/// A row of a list that covers a code: how long its code is, the row, and whether the code is excepted from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Covering {
    digits: u8,
    row: u32,
    excepted: bool,
}

/// Goods that stand on the same rows of the same lists.
#[derive(Debug)]
pub struct ProductClass {
    lists: Vec<(ListId, Vec<Covering>)>,
    ordinary_chapter: bool,
    /// Moments and days at which its membership can change.
    changes: Vec<Instant>,
}

/// One order of a stacking rule, by the place of the rule and its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderOfRule {
    /// The rule, by its place among all.
    pub rule: usize,
    order: usize,
}

/// The tiers of an order.
#[derive(Debug)]
pub struct Tiers {
    /// The provisions in it.
    pub members: Bits,
    /// The tier of each.
    pub of: Vec<u16>,
}

/// The law, shared by all evaluators.
#[derive(Debug)]
pub struct Law<'l> {
    /// The ledger in time.
    pub timeline: Timeline<'l>,
    /// The schedule of the side that has one.
    pub schedule: Option<&'l Schedule>,
    /// The side of the schedule.
    pub schedule_side: Option<Side>,
    /// Atoms.
    pub facts: Facts,
    /// Clocks by side.
    pub clocks: Vec<Clock>,
    /// Compiled conditions of provisions, exceptions, prohibitions.
    pub provision_asks: Vec<Vec<Ask>>,
    /// Compiled conditions of exceptions.
    pub exception_asks: Vec<Vec<Ask>>,
    /// Compiled conditions of prohibitions.
    pub prohibition_asks: Vec<Vec<Ask>>,
    /// Provisions that ever stand in place of all others.
    pub in_place: Vec<ProvisionIx>,
    /// By provision: those to which it gives way, directly or through others.
    gives_way: Vec<Bits>,
    /// By record in the common numbering: what a line must say for it to matter to what is owed.
    asks_of_line: Vec<AsksOfLine>,
    /// What exceptions are to.
    relations: Relations,
    /// Provisions that say the same of different countries.
    pub(crate) alike: Alike,
    /// By record: the first of those whose lists say the same.
    pub(crate) same_goods: Vec<usize>,
    /// Records that read of a line more than claims and units.
    pub(crate) reading: Bits,
    /// Of all groups of countries.
    pub(crate) group_cuts: GroupCuts,
    /// Of each stacking rule the orders.
    tiers: Vec<Vec<Tiers>>,
    /// Side of each record in the common numbering.
    sides: Vec<Bits>,
    /// Issue days of all acts, sorted.
    pub issues: Vec<Day>,
    /// Classes of all codes of the schedule, made on demand.
    table: OnceLock<Table>,
}

/// Product classes of all codes of the schedule.
#[derive(Debug)]
pub struct Table {
    codes: Vec<TariffCode>,
    of_code: Vec<u32>,
    /// The classes.
    pub classes: Vec<ProductClass>,
}

impl Table {
    /// The class of a code, by its index.
    pub fn class(&self, code: TariffCode) -> Option<u32> {
        self.codes.binary_search(&code).ok().map(|at| self.of_code[at])
    }
}

impl<'l> Law<'l> {
    /// Compiles a ledger. The schedule is that of the first side, if there is one.
    pub fn new(ledger: &'l Ledger, schedule: Option<&'l Schedule>) -> Self {
        let timeline = Timeline::new(ledger);
        let facts = Facts::new(&timeline);
        let sides = u8::try_from(ledger.jurisdictions.len()).unwrap_or(u8::MAX);
        let clocks = (0..sides).filter_map(|side| ledger.clock(Side(side))).collect();
        let asks = |tests: &[Test<'_>]| -> Vec<Ask> {
            let ask = |(index, test): (usize, &Test<'_>)| match test {
                Test::Fact(condition) => facts.atom(condition).map(Ask::Atom),
                Test::Provisions(..) => Some(Ask::Provisions(index)),
            };
            let mut asks: Vec<Ask> = tests.iter().enumerate().filter_map(ask).collect();
            // Where an assertion was not made, facts need not be decided; other provisions are looked at last.
            asks.sort_by_key(|ask| match ask {
                Ask::Atom(atom) => u8::from(facts.not_made(*atom).is_none()),
                Ask::Provisions(_) => 2,
            });
            asks
        };
        let provision_asks = timeline.provisions.iter().map(|node| asks(&node.when)).collect();
        let exception_asks = timeline.exceptions.iter().map(|node| asks(&node.when)).collect();
        let prohibition_asks = timeline.prohibitions.iter().map(|node| asks(&node.when)).collect();
        let mut issues: Vec<Day> = ledger.acts.iter().map(|act| act.issued).collect();
        issues.sort_unstable();
        issues.dedup();
        let mut law = Self {
            timeline,
            schedule,
            schedule_side: schedule.and(Some(Side(0))),
            facts,
            clocks,
            provision_asks,
            exception_asks,
            prohibition_asks,
            in_place: Vec::new(),
            gives_way: Vec::new(),
            asks_of_line: Vec::new(),
            relations: Relations::default(),
            alike: Alike::default(),
            same_goods: Vec::new(),
            reading: Bits::default(),
            group_cuts: GroupCuts::of(ledger, (0..).map(GroupId).take(ledger.groups.len())),
            tiers: Vec::new(),
            sides: Vec::new(),
            issues,
            table: OnceLock::new(),
        };
        law.gives_way = law.all_giving_way();
        law.asks_of_line = law.all_asking_of_line();
        law.relations = Relations::new(&law);
        law.alike = Alike::new(&law.timeline);
        law.tiers = law.all_tiers();
        law.same_goods = law.all_same_goods();
        law.reading = crate::settings::reading(&law);
        law.sides = (0..sides).map(|side| law.of_side(Side(side))).collect();
        law.in_place = (0..law.timeline.provisions.len())
            .filter_map(|index| u16::try_from(index).ok().map(ProvisionIx))
            .filter(|provision| law.stands_in_place(*provision))
            .collect();
        law
    }

    /// Whether a rate of a provision, or one that a suspension keeps, ever stands in place of all others.
    fn stands_in_place(&self, provision: ProvisionIx) -> bool {
        let node = self.timeline.provision(provision);
        let kept = node.suspensions.iter().filter_map(|s| s.keeps.as_ref());
        let of_all = |rate: &DutyRate| matches!(rate, DutyRate::InPlaceOfAll(_) | DutyRate::InPlaceOfAllEach(..));
        node.record.rates.iter().map(|record| &record.rate).chain(kept).any(of_all)
    }

    /// Whether a provision gives way to another, directly or through others.
    pub fn gives_way(&self, from: ProvisionIx, to: ProvisionIx) -> bool {
        self.gives_way[usize::from(from.0)].contains(usize::from(to.0))
    }

    fn all_giving_way(&self) -> Vec<Bits> {
        let provisions = &self.timeline.provisions;
        let all_of = |from: usize| {
            let mut found = Bits::new(provisions.len());
            let mut open = vec![from];
            while let Some(next) = open.pop() {
                for to in provisions[next].yields_to.iter().map(|to| usize::from(to.0)) {
                    if !found.contains(to) {
                        found.insert(to);
                        open.push(to);
                    }
                }
            }
            found
        };
        (0..provisions.len()).map(all_of).collect()
    }

    fn all_asking_of_line(&self) -> Vec<AsksOfLine> {
        let of_record = |asks: &Vec<Ask>| {
            let mut of_line = AsksOfLine::default();
            for ask in asks {
                let Ask::Atom(atom) = *ask else { continue };
                if self.facts.not_made(atom) == Some(Reply::NotStated) {
                    of_line.assertions |= self.facts.assertion_bit(atom);
                }
                if let Some(Condition::EntryType(types)) = self.facts.atoms[usize::from(atom.0)].condition() {
                    of_line.entry_types.push(types.clone());
                }
            }
            // What an in-transit clause asks may count though it is not asserted.
            of_line.assertions &= !self.facts.transit_bits().into_iter().fold(0, |all, bit| all | bit);
            of_line
        };
        self.asks().map(of_record).collect()
    }

    /// Records that can matter to what a line owes: the others ask for what it does not assert, or for another type of
    /// entry, so they neither stand nor free anything nor displace what stands.
    pub fn mattering(&self, asserted: u128, entry_type: [u8; 2]) -> Bits {
        let mut bits = Bits::new(self.records());
        for (index, asks) in self.asks_of_line.iter().enumerate() {
            let of_type = |types: &Vec<String>| types.iter().any(|of| of.as_bytes() == entry_type);
            if asks.assertions & !asserted == 0 && asks.entry_types.iter().all(of_type) {
                bits.insert(index);
            }
        }
        bits
    }

    /// Whether a record holds for goods that came in a way, whenever they were loaded or exported. All others that ask how goods
    /// came ask for such a date too: where none is stated, they are not claimed, however the goods came.
    pub fn asks_for_mode_alone(&self, mode: Mode) -> bool {
        self.asks().any(|asks| {
            let atoms = || asks.iter().filter_map(|ask| if let Ask::Atom(atom) = ask { Some(*atom) } else { None });
            let condition = |atom: AtomIx| self.facts.atoms[usize::from(atom.0)].condition();
            let names = |atom| matches!(condition(atom), Some(Condition::Mode(modes)) if modes.contains(&mode));
            let fact = |atom: AtomIx| &self.facts.facts[usize::from(self.facts.fact_of(atom).0)];
            atoms().any(names) && !atoms().any(|atom| matches!(fact(atom), Fact::Loaded | Fact::Exported))
        })
    }

    /// The assertions without which a record does not matter, by their bits; those of in-transit clauses left aside.
    pub fn assertions_of(&self, record: usize) -> u128 {
        self.asks_of_line[record].assertions
    }

    /// Classes of all codes of the schedule: worth making for a file, not for a line.
    pub fn table(&self) -> &Table {
        self.table.get_or_init(|| {
            let mut codes: Vec<TariffCode> = self
                .schedule
                .map_or(Vec::new(), |s| s.codes().flat_map(|span| [span.code.prefix(8), span.code]).collect());
            codes.sort_unstable();
            codes.dedup();
            let (of_code, classes) = self.product_classes(&codes);
            Table { codes, of_code, classes }
        })
    }

    /// The table, if it was made.
    pub fn table_if_made(&self) -> Option<&Table> {
        self.table.get()
    }

    /// Whether a list, or an exception of one of its rows, tells the ten-digit numbers below an eight-digit code apart.
    pub fn parts_below(&self, code: TariffCode) -> bool {
        let below = |other: &TariffCode| other.digits() > code.digits() && code.covers(*other);
        self.timeline.ledger.lists.iter().any(|list| {
            let first = list.rows.partition_point(|row| row.code.padded() < code.padded());
            let rows = list.rows[first..].iter().take_while(|row| row.code.padded() < code.end());
            rows.into_iter().any(|row| below(&row.code) || row.except.iter().any(below))
                || covering_rows(&list.rows, code).any(|row| row.except.iter().any(below))
        })
    }

    /// Codes below a code that rows of lists, or their exceptions, name.
    pub fn named_below(&self, code: TariffCode) -> Vec<TariffCode> {
        let below = |other: &TariffCode| other.digits() > code.digits() && code.covers(*other);
        let rows = self.timeline.ledger.lists.iter().flat_map(|list| &list.rows);
        let named = rows.flat_map(|row| row.except.iter().chain([&row.code]));
        let mut named: Vec<TariffCode> = named.filter(|other| below(other)).copied().collect();
        named.sort_unstable();
        named.dedup();
        named
    }

    /// Whether a record asks for the entry date, or for a date that it stands for; a condition of none of them is anybody's.
    pub fn asks_entry_date(&self, record: usize) -> bool {
        let dated = |ask: &Ask| match ask {
            Ask::Atom(atom) => self.facts.is_entry_date(self.facts.fact_of(*atom)),
            Ask::Provisions(_) => false,
        };
        self.asks().skip(record).take(1).flatten().any(dated)
    }

    /// The compiled conditions of every record, in the common numbering.
    fn asks(&self) -> impl Iterator<Item = &Vec<Ask>> {
        self.provision_asks.iter().chain(&self.exception_asks).chain(&self.prohibition_asks)
    }

    /// Of records in scope those that can bear on what is owed, given which may be live at the moment.
    pub fn relevant(&self, scope: &Bits, live: &Bits) -> Bits {
        self.relations.relevant(scope, live)
    }

    /// The number of the first record that is like a record but for its countries: its own where none is.
    pub fn first_alike(&self, record: usize) -> u32 {
        let own = u32::try_from(record).unwrap_or(u32::MAX);
        self.provision_of(record).map_or(own, |provision| u32::from(self.alike.first(provision).0))
    }

    /// Whether others are like a record but for their countries.
    pub fn has_alike(&self, record: usize) -> bool {
        self.provision_of(record).is_some_and(|provision| self.alike.has_others(provision))
    }

    /// The provision that a record is.
    fn provision_of(&self, record: usize) -> Option<ProvisionIx> {
        let index = u16::try_from(record).ok()?;
        (record < self.timeline.provisions.len()).then_some(ProvisionIx(index))
    }

    /// The conditions of a record, by its number.
    pub fn tests(&self, record: usize) -> &[Test<'l>] {
        let provisions = self.timeline.provisions.len();
        let exceptions = self.timeline.exceptions.len();
        let timeline = &self.timeline;
        if let Some(node) = timeline.provisions.get(record) {
            return &node.when;
        }
        if let Some(node) = timeline.exceptions.get(record - provisions) {
            return &node.when;
        }
        timeline.prohibitions.get(record - provisions - exceptions).map_or(&[], |node| &node.when)
    }

    /// How many records the common numbering holds.
    pub fn records(&self) -> usize {
        self.timeline.provisions.len() + self.timeline.exceptions.len() + self.timeline.prohibitions.len()
    }

    /// The number of a provision.
    pub fn provision_bit(provision: ProvisionIx) -> usize {
        usize::from(provision.0)
    }

    /// The number of an exception.
    pub fn exception_bit(&self, exception: ExceptionIx) -> usize {
        self.timeline.provisions.len() + usize::from(exception.0)
    }

    /// The number of a prohibition.
    pub fn prohibition_bit(&self, prohibition: usize) -> usize {
        self.timeline.provisions.len() + self.timeline.exceptions.len() + prohibition
    }

    /// Scope and program of every record, in the common numbering.
    fn scopes(&self) -> impl Iterator<Item = (&Scope, u16)> + '_ {
        let provisions = self.timeline.provisions.iter().map(|node| (&node.record.scope, node.program));
        let exceptions = self.timeline.exceptions.iter().map(|node| (&node.record.scope, node.program));
        let prohibitions = self.timeline.prohibitions.iter().map(|node| (&node.record.scope, node.program));
        provisions.chain(exceptions).chain(prohibitions)
    }

    fn of_side(&self, side: Side) -> Bits {
        let mut bits = Bits::new(self.records());
        for (index, (_, program)) in self.scopes().enumerate() {
            if self.timeline.program(program).levied_by == side {
                bits.insert(index);
            }
        }
        bits
    }

    /// Records of a side whose origins hold an origin at a moment.
    pub fn origin_bits(&self, side: Side, origin: Origin, moment: Moment) -> Bits {
        let mut bits = Bits::new(self.records());
        let of_side = &self.sides[usize::from(side.0)];
        for (index, (scope, _)) in self.scopes().enumerate() {
            if of_side.contains(index) && self.timeline.scope_holds_origin(scope, origin, moment) {
                bits.insert(index);
            }
        }
        bits
    }

    /// Records whose lists hold a class at a moment.
    pub fn product_bits(&self, class: &ProductClass, moment: Moment, flaw: Flaw) -> Bits {
        let mut on = Bits::new(self.timeline.ledger.lists.len());
        for (list, covering) in &class.lists {
            if self.on_list(*list, covering, moment, flaw) {
                on.insert(usize::from(list.0));
            }
        }
        let any = |lists: &[ListId]| lists.iter().any(|list| on.contains(usize::from(list.0)));
        let provisions = self.timeline.provisions.len();
        let mut bits = Bits::new(self.records());
        for (index, (scope, _)) in self.scopes().enumerate() {
            // A heading without a list is about goods of chapters 1 to 97; an exception without one asks for none.
            let exception = (provisions..provisions + self.timeline.exceptions.len()).contains(&index);
            let inside =
                if scope.products.is_empty() { class.ordinary_chapter || exception } else { any(&scope.products) };
            if inside && !any(&scope.products_except) {
                bits.insert(index);
            }
        }
        bits
    }

    /// Of the known rows in force whose code covers the good, the longest decides.
    fn on_list(&self, list: ListId, covering: &[Covering], moment: Moment, flaw: Flaw) -> bool {
        let rows = &self.timeline.ledger.lists[usize::from(list.0)].rows;
        let groups = covering.chunk_by(|a, b| a.digits == b.digits);
        let groups: SmallVec<[&[Covering]; 4]> = match flaw {
            Flaw::ListShortestWins => groups.rev().collect(),
            _ => groups.collect(),
        };
        for group in groups {
            let of_code: Vec<(portolan_ledger::record::Term, bool)> =
                group.iter().map(|c| (rows[c.row as usize].term, c.excepted)).collect();
            if let Some((_, excepted)) = self.timeline.in_force(&of_code, moment.at, moment.known) {
                return !excepted;
            }
        }
        false
    }

    /// The rows of all lists that cover a code, longest first.
    pub fn product_class(&self, code: TariffCode) -> ProductClass {
        let mut lists = Vec::new();
        for (index, list) in self.timeline.ledger.lists.iter().enumerate() {
            let mut covering = Vec::new();
            for digits in [10, 8, 6, 4, 2] {
                if digits > code.digits() {
                    continue;
                }
                let prefix = code.prefix(digits);
                let first = list.rows.partition_point(|row| row.code < prefix);
                let of_code = list.rows[first..].iter().take_while(|row| row.code == prefix);
                covering.extend(of_code.enumerate().map(|(at, row)| cover(row, first + at, code)));
            }
            if !covering.is_empty() {
                lists.push((ListId(u16::try_from(index).unwrap_or(u16::MAX)), covering));
            }
        }
        self.class_of(code, lists)
    }

    fn class_of(&self, code: TariffCode, lists: Vec<(ListId, Vec<Covering>)>) -> ProductClass {
        let mut changes = Vec::new();
        for (list, covering) in &lists {
            let rows = &self.timeline.ledger.lists[usize::from(list.0)].rows;
            for row in covering {
                let term = &rows[row.row as usize].term;
                changes.push(term.from);
                changes.extend(term.until);
                changes.extend(self.sides().map(|side| self.issue_start(term.act, side)));
            }
        }
        changes.sort_unstable();
        changes.dedup();
        ProductClass { lists, ordinary_chapter: code.chapter() <= 97, changes }
    }

    /// The moment from which an act is known to a side: knowledge has the grain of that side's day.
    fn issue_start(&self, act: portolan_ledger::record::ActId, side: Side) -> Instant {
        let issued = self.timeline.ledger.act(act).issued;
        // The end of the day before is its local midnight.
        let before = Day(issued.0.saturating_sub(1));
        self.clocks.get(usize::from(side.0)).map_or(Instant::MIN, |clock| clock.day_end(before))
    }

    fn sides(&self) -> impl Iterator<Item = Side> + use<> {
        (0..u8::try_from(self.clocks.len()).unwrap_or(u8::MAX)).map(Side)
    }

    /// Product classes of many codes at once, in one sweep over the rows of the lists.
    pub fn product_classes(&self, codes: &[TariffCode]) -> (Vec<u32>, Vec<ProductClass>) {
        let mut found: Vec<Vec<(ListId, Vec<Covering>)>> = codes.iter().map(|_| Vec::new()).collect();
        for (index, list) in self.timeline.ledger.lists.iter().enumerate() {
            let id = ListId(u16::try_from(index).unwrap_or(u16::MAX));
            for (at, row) in list.rows.iter().enumerate() {
                let first = codes.partition_point(|code| code.padded() < row.code.padded());
                let below = codes[first..].iter().take_while(|code| code.padded() < row.code.end());
                for (offset, code) in below.enumerate().filter(|(_, code)| code.digits() >= row.code.digits()) {
                    let lists = &mut found[first + offset];
                    match lists.last_mut() {
                        Some((last, covering)) if *last == id => covering.push(cover(row, at, *code)),
                        _ => lists.push((id, vec![cover(row, at, *code)])),
                    }
                }
            }
        }
        let mut classes = Vec::new();
        let mut by_signature: FxHashMap<Vec<u64>, u32> = FxHashMap::default();
        let mut of_code = Vec::with_capacity(codes.len());
        for (mut lists, code) in found.into_iter().zip(codes) {
            for (_, covering) in &mut lists {
                // Longest first; rows of one length keep the order of the file.
                covering.sort_by_key(|c| (std::cmp::Reverse(c.digits), c.row));
            }
            let signature = self.signature(*code, &lists);
            let next = u32::try_from(classes.len()).unwrap_or(u32::MAX);
            let class = *by_signature.entry(signature).or_insert(next);
            if class == next {
                classes.push(self.class_of(*code, lists));
            }
            of_code.push(class);
        }
        (of_code, classes)
    }

    /// What tells classes apart: per list, the dates and acts of the rows, not the rows themselves.
    fn signature(&self, code: TariffCode, lists: &[(ListId, Vec<Covering>)]) -> Vec<u64> {
        let mut signature = vec![u64::from(code.chapter() <= 97)];
        for (list, covering) in lists {
            signature.push(u64::from(list.0) | 1 << 32);
            let rows = &self.timeline.ledger.lists[usize::from(list.0)].rows;
            for c in covering {
                let term = &rows[c.row as usize].term;
                signature
                    .push(u64::from(c.digits) | u64::from(c.excepted) << 8 | u64::from(term.act.0) << 16 | 1 << 33);
                signature.push(term.from.0.cast_unsigned());
                signature.push(term.until.map_or(u64::MAX, |until| until.0.cast_unsigned()));
            }
        }
        signature
    }

    /// One number for each class of origins: origins that no record of the law tells apart share it.
    pub fn origin_class(&self, origin: Origin) -> Vec<bool> {
        let mut signature = Vec::new();
        for (scope, _) in self.scopes() {
            for member in scope.origin.iter().chain(&scope.origin_except) {
                if let OriginRef::Country(country) = member {
                    signature.push(*country == origin);
                }
            }
        }
        for group in &self.timeline.ledger.groups {
            signature.extend(group.members.iter().map(|member| member.origins.contains(&origin)));
        }
        signature
    }

    /// Records in force at a moment: provisions with a rate, exceptions and prohibitions with a term.
    pub fn active(&self, moment: Moment) -> Bits {
        let mut bits = Bits::new(self.records());
        for (index, node) in self.timeline.provisions.iter().enumerate() {
            let rate = self.timeline.in_force(&node.record.rates, moment.at, moment.known);
            if rate.is_some_and(|record| record.rate != DutyRate::Ended) {
                bits.insert(index);
            }
        }
        let terms = self.timeline.exceptions.iter().map(|node| &node.record.terms);
        let terms = terms.chain(self.timeline.prohibitions.iter().map(|node| &node.record.terms));
        for (index, terms) in terms.enumerate() {
            if self.timeline.in_force(terms, moment.at, moment.known).is_some() {
                bits.insert(self.timeline.provisions.len() + index);
            }
        }
        bits
    }

    /// What of a record's own time matters to resolution at a moment: which rate, which terms, which judgment, and, where
    /// it may be live, whether it is past its horizon. Two moments with the same numbers resolve alike, given the tiers of
    /// stacking rules.
    pub fn state(&self, record: usize, moment: Moment, may_be_live: bool) -> SmallVec<[u16; 8]> {
        let mut state = SmallVec::new();
        let Some(node) = self.timeline.provisions.get(record) else { return state };
        let number = |at: Option<usize>| at.map_or(u16::MAX, |at| u16::try_from(at).unwrap_or(u16::MAX - 1));
        let place = |of: &[portolan_ledger::record::Term], term: &portolan_ledger::record::Term| {
            of.iter().position(|t| std::ptr::eq(t, term))
        };
        let rates = &node.record.rates;
        let rate = self.timeline.in_force(rates, moment.at, moment.known);
        state.push(number(rate.and_then(|rate| rates.iter().position(|r| std::ptr::eq(r, rate)))));
        for suspension in &node.suspensions {
            let term = self.timeline.suspended(suspension, moment);
            state.push(number(term.and_then(|term| place(&suspension.terms, term))));
            state.push(u16::from(self.timeline.terminated(suspension, moment)));
        }
        let annulled = self.timeline.annulled(node, moment);
        state.push(number(annulled.and_then(|a| node.annulments.iter().position(|b| std::ptr::eq(*b, a)))));
        let program = self.timeline.program(node.program);
        let clock = &self.clocks[usize::from(program.levied_by.0)];
        let beyond = moment.known > program.checked_through && moment.at >= clock.day_end(program.checked_through);
        state.push(u16::from(may_be_live && beyond));
        state
    }

    /// The order of each stacking rule of a side that is in force at a moment.
    pub fn orders_in_force(&self, side: Side, moment: Moment) -> impl Iterator<Item = OrderOfRule> {
        let rules = self.timeline.rules.iter().enumerate();
        rules.filter(move |(_, rule)| rule.record.levied_by == side).filter_map(move |(rule, node)| {
            let order = self.timeline.in_force(&node.orders, moment.at, moment.known)?;
            node.orders.iter().position(|known| std::ptr::eq(known, order)).map(|order| OrderOfRule { rule, order })
        })
    }

    /// The tiers of an order.
    pub fn tiers_of(&self, of: OrderOfRule) -> &Tiers {
        &self.tiers[of.rule][of.order]
    }

    fn all_same_goods(&self) -> Vec<usize> {
        let (provisions, exceptions) = (self.timeline.provisions.len(), self.timeline.exceptions.len());
        let mut first: FxHashMap<(&[ListId], &[ListId], bool), usize> = FxHashMap::default();
        let mut found = Vec::with_capacity(self.records());
        for (record, (scope, _)) in self.scopes().enumerate() {
            // Without a list an exception is about all goods.
            let exception = (provisions..provisions + exceptions).contains(&record);
            let goods = (scope.products.as_slice(), scope.products_except.as_slice(), exception);
            found.push(*first.entry(goods).or_insert(record));
        }
        found
    }

    fn all_tiers(&self) -> Vec<Vec<Tiers>> {
        let of_order = |(_, tiers): &(portolan_ledger::record::Term, Vec<Vec<ProvisionIx>>)| {
            let mut found = Tiers { members: Bits::new(self.records()), of: vec![0; self.timeline.provisions.len()] };
            for (tier, members) in (0..).zip(tiers) {
                for &member in members {
                    let member = Self::provision_bit(member);
                    // What stands in several tiers counts in the first.
                    if !found.members.contains(member) {
                        found.members.insert(member);
                        found.of[member] = tier;
                    }
                }
            }
            found
        };
        self.timeline.rules.iter().map(|rule| rule.orders.iter().map(of_order).collect()).collect()
    }

    /// The order of reporting in force; before any is known, the first.
    pub fn reporting_order(&self, side: Side, moment: Moment) -> Option<usize> {
        let orders = &self.timeline.ledger.orders;
        let of_side = |at: &usize| orders[*at].levied_by == side;
        let in_force =
            |at: &usize| self.timeline.is_known(&orders[*at].term, moment.known) && orders[*at].term.covers(moment.at);
        let best = (0..orders.len()).filter(of_side).filter(in_force).max_by_key(|&at| orders[at].term.from);
        best.or_else(|| (0..orders.len()).find(of_side))
    }

    /// Every moment at which the law of a side can change, for a knowledge that moves with the moment or is cut.
    pub fn boundaries(&self, side: Side) -> Vec<Instant> {
        let mut all = Vec::new();
        let mut add = |term: &portolan_ledger::record::Term| {
            all.push(term.from);
            all.extend(term.until);
            all.push(self.issue_start(term.act, side));
        };
        let of_side = |program: &&portolan_ledger::record::Program| program.levied_by == side;
        for program in self.timeline.ledger.programs.iter().filter(of_side) {
            program.provisions.iter().flat_map(|p| &p.rates).for_each(|rate| add(&rate.term));
            program.suspensions.iter().flat_map(|s| &s.terms).for_each(&mut add);
            program.exceptions.iter().flat_map(|e| &e.terms).for_each(&mut add);
            program.prohibitions.iter().flat_map(|p| &p.terms).for_each(&mut add);
            program.annulments.iter().for_each(|a| add(&a.term));
        }
        self.timeline.ledger.groups.iter().flat_map(|g| &g.members).for_each(|m| add(&m.term));
        self.timeline
            .ledger
            .rules
            .iter()
            .filter(|r| r.levied_by == side)
            .flat_map(|r| &r.orders)
            .for_each(|o| add(&o.term));
        self.timeline.ledger.orders.iter().filter(|o| o.levied_by == side).for_each(|o| add(&o.term));
        let programs = || self.timeline.ledger.programs.iter().filter(of_side);
        all.extend(programs().flat_map(|p| &p.annulments).map(|a| a.ceased));
        all.extend(
            programs()
                .filter_map(|p| self.clocks.get(usize::from(side.0)).map(|clock| clock.day_end(p.checked_through))),
        );
        // Membership of lists is looked up apart; its changes are boundaries all the same.
        let scopes = self.scopes().filter(|(_, program)| self.timeline.program(*program).levied_by == side);
        let mut lists: Vec<ListId> =
            scopes.flat_map(|(scope, _)| scope.products.iter().chain(&scope.products_except)).copied().collect();
        lists.sort_unstable();
        lists.dedup();
        for list in lists {
            let rows = &self.timeline.ledger.lists[usize::from(list.0)].rows;
            let mut last = None;
            // Rows of one list share a handful of terms.
            for row in rows {
                let key = (row.term.from, row.term.until, row.term.act);
                if last != Some(key) {
                    all.push(row.term.from);
                    all.extend(row.term.until);
                    all.push(self.issue_start(row.term.act, side));
                    last = Some(key);
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl ProductClass {
    /// Moments at which its membership can change.
    pub fn changes(&self) -> &[Instant] {
        &self.changes
    }
}

/// Rows whose code covers a code.
fn covering_rows(rows: &[ListRow], code: TariffCode) -> impl Iterator<Item = &ListRow> {
    [2, 4, 6, 8].into_iter().filter(move |&digits| digits <= code.digits()).flat_map(move |digits| {
        let prefix = code.prefix(digits);
        let first = rows.partition_point(|row| row.code < prefix);
        rows[first..].iter().take_while(move |row| row.code == prefix)
    })
}

fn cover(row: &ListRow, index: usize, code: TariffCode) -> Covering {
    let excepted = row.except.iter().any(|except| except.covers(code));
    Covering { digits: row.code.digits(), row: u32::try_from(index).unwrap_or(u32::MAX), excepted }
}
