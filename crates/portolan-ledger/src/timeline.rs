//! The ledger laid out in time: references resolved, two clocks, two views.
//!
//! *In force* is a record's own interval; *known* is the issue of its act. A [`Moment`] fixes both, and the view.

use rustc_hash::FxHashMap;

use crate::line::View;
use crate::record::{
    Annulment, Condition, Exception, GroupId, Ledger, ListRow, Named, Origin, OriginRef, Program, Prohibition,
    Provision, RateRecord, Reference, Relation, Scope, Spares, StackingRule, Suspension, Term,
};
use crate::time::{Day, Instant, Side};

/// A provision, by its index over all programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProvisionIx(pub u16);

/// An exception, by its index over all programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExceptionIx(pub u16);

/// What a condition on other provisions may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A provision.
    Provision(ProvisionIx),
    /// An exception, named by its heading.
    Exception(ExceptionIx),
}

/// A condition with its references resolved.
#[derive(Clone, Debug)]
pub enum Test<'l> {
    /// On what the line states.
    Fact(&'l Condition),
    /// On other provisions.
    Provisions(Relation, Vec<Target>),
}

/// A provision with all that bears on it.
#[derive(Debug)]
pub struct ProvisionNode<'l> {
    /// Index of its program.
    pub program: u16,
    /// The record.
    pub record: &'l Provision,
    /// Its conditions.
    pub when: Vec<Test<'l>>,
    /// What it gives way to.
    pub yields_to: Vec<ProvisionIx>,
    /// What it is declared to be cumulative with.
    pub adds_to: Vec<ProvisionIx>,
    /// Exceptions to it, in the order of the file.
    pub exceptions: Vec<ExceptionIx>,
    /// Suspensions over it.
    pub suspensions: Vec<&'l Suspension>,
    /// Judgments on it.
    pub annulments: Vec<&'l Annulment>,
}

/// An exception with its references resolved.
#[derive(Debug)]
pub struct ExceptionNode<'l> {
    /// Index of its program.
    pub program: u16,
    /// The record.
    pub record: &'l Exception,
    /// Its conditions.
    pub when: Vec<Test<'l>>,
    /// What it is an exception to.
    pub of: Vec<ProvisionIx>,
    /// For a partial exception: provisions whose part of the value it frees.
    pub spares: Vec<ProvisionIx>,
}

/// A prohibition with its conditions resolved.
#[derive(Debug)]
pub struct ProhibitionNode<'l> {
    /// Index of its program.
    pub program: u16,
    /// The record.
    pub record: &'l Prohibition,
    /// Its conditions.
    pub when: Vec<Test<'l>>,
}

/// A stacking rule with its tiers resolved.
#[derive(Debug)]
pub struct RuleNode<'l> {
    /// The record.
    pub record: &'l StackingRule,
    /// Its orders: the term, and the provisions of each tier.
    pub orders: Vec<(Term, Vec<Vec<ProvisionIx>>)>,
}

/// A point on both clocks, and the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// The governing moment.
    pub at: Instant,
    /// Acts issued by the end of this day are known.
    pub known: Day,
    /// Assessed or owed.
    pub view: View,
}

/// The ledger in time.
#[derive(Debug)]
pub struct Timeline<'l> {
    /// The records.
    pub ledger: &'l Ledger,
    /// All provisions.
    pub provisions: Vec<ProvisionNode<'l>>,
    /// All exceptions.
    pub exceptions: Vec<ExceptionNode<'l>>,
    /// All prohibitions.
    pub prohibitions: Vec<ProhibitionNode<'l>>,
    /// All rules between programs.
    pub rules: Vec<RuleNode<'l>>,
}

/// A record with a term.
pub trait Dated {
    /// Its term.
    fn term(&self) -> &Term;
    /// Set by a scenario, which beats the law.
    fn patch(&self) -> bool {
        false
    }
}

impl Dated for Term {
    fn term(&self) -> &Term {
        self
    }
}

impl Dated for RateRecord {
    fn term(&self) -> &Term {
        &self.term
    }

    fn patch(&self) -> bool {
        self.patch
    }
}

impl Dated for ListRow {
    fn term(&self) -> &Term {
        &self.term
    }
}

impl<T> Dated for (Term, T) {
    fn term(&self) -> &Term {
        &self.0
    }
}

impl<'l> Timeline<'l> {
    /// Lays a ledger out. References that name nothing are left out; the checker reports them.
    pub fn new(ledger: &'l Ledger) -> Self {
        let names = Names::new(ledger);
        let mut timeline = Self {
            ledger,
            provisions: Vec::with_capacity(names.provisions.len()),
            exceptions: Vec::with_capacity(names.exceptions.len()),
            prohibitions: Vec::new(),
            rules: Vec::new(),
        };
        for (index, program) in ledger.programs.iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            timeline.add_program(&names, index, program);
        }
        timeline.attach(&names);
        for rule in &ledger.rules {
            let tiers = |tiers: &[Vec<Reference>]| {
                let tier = |tier: &Vec<Reference>| names.provisions_of(tier, u16::MAX);
                tiers.iter().map(tier).collect()
            };
            let orders = rule.orders.iter().map(|order| (order.term, tiers(&order.tiers))).collect();
            timeline.rules.push(RuleNode { record: rule, orders });
        }
        timeline
    }

    fn add_program(&mut self, names: &Names<'l>, index: u16, program: &'l Program) {
        for provision in &program.provisions {
            self.provisions.push(ProvisionNode {
                program: index,
                record: provision,
                when: names.tests(&provision.when, index),
                yields_to: names.provisions_of(&provision.yields_to, index),
                adds_to: names.provisions_of(&provision.adds_to, index),
                exceptions: Vec::new(),
                suspensions: Vec::new(),
                annulments: Vec::new(),
            });
        }
        for exception in &program.exceptions {
            let spares = match &exception.spares {
                Some(Spares::AssessedBy(references)) => names.provisions_of(references, index),
                Some(Spares::UsContent | Spares::OutsideProcessing) | None => Vec::new(),
            };
            self.exceptions.push(ExceptionNode {
                program: index,
                record: exception,
                when: names.tests(&exception.when, index),
                of: names.provisions_of(&exception.of, index),
                spares,
            });
        }
        for prohibition in &program.prohibitions {
            let when = names.tests(&prohibition.when, index);
            self.prohibitions.push(ProhibitionNode { program: index, record: prohibition, when });
        }
    }

    /// Hangs exceptions, suspensions and judgments on the provisions that they are about.
    fn attach(&mut self, names: &Names<'l>) {
        for (index, exception) in self.exceptions.iter().enumerate() {
            for &provision in &exception.of {
                let index = ExceptionIx(u16::try_from(index).unwrap_or(u16::MAX));
                self.provisions[usize::from(provision.0)].exceptions.push(index);
            }
        }
        for (index, program) in self.ledger.programs.iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            for suspension in &program.suspensions {
                for provision in names.provisions_of(&suspension.of, index) {
                    self.provisions[usize::from(provision.0)].suspensions.push(suspension);
                }
            }
            for annulment in &program.annulments {
                for provision in names.provisions_of(&annulment.of, index) {
                    self.provisions[usize::from(provision.0)].annulments.push(annulment);
                }
            }
        }
    }

    /// The node of a provision.
    pub fn provision(&self, index: ProvisionIx) -> &ProvisionNode<'l> {
        &self.provisions[usize::from(index.0)]
    }

    /// The node of an exception.
    pub fn exception(&self, index: ExceptionIx) -> &ExceptionNode<'l> {
        &self.exceptions[usize::from(index.0)]
    }

    /// The program of a provision or exception.
    pub fn program(&self, index: u16) -> &'l Program {
        &self.ledger.programs[usize::from(index)]
    }

    /// All provisions that a side levies.
    pub fn of_side(&self, side: Side) -> impl Iterator<Item = ProvisionIx> + '_ {
        let levied = move |node: &ProvisionNode<'_>| self.ledger.programs[usize::from(node.program)].levied_by == side;
        let indexed = self.provisions.iter().enumerate();
        indexed.filter(move |(_, node)| levied(node)).map(|(i, _)| ProvisionIx(u16::try_from(i).unwrap_or(u16::MAX)))
    }

    /// Whether the act of a term is known on a day.
    pub fn is_known(&self, term: &Term, known: Day) -> bool {
        is_known(self.ledger, term, known)
    }

    /// The record in force at a moment among those known (`LEDGER.md`, section 3.1): of those with one `from` the act
    /// issued later stands for all, on one day the later in the file; of those that cover the moment, the latest `from`.
    /// A scenario's record beats the law's.
    pub fn in_force<'r, T: Dated>(&self, records: &'r [T], at: Instant, known: Day) -> Option<&'r T> {
        in_force(self.ledger, records, at, known)
    }

    /// The term of a suspension that covers the moment.
    pub fn suspended(&self, suspension: &'l Suspension, moment: Moment) -> Option<&'l Term> {
        self.in_force(&suspension.terms, moment.at, moment.known)
    }

    /// The suspension that governs at a moment among those over one provision, by its place among them, with its term: a
    /// scenario's before the law's, then the one whose term begins last, then whose act was issued later, then the later.
    pub fn suspension_over(&self, suspensions: &[&'l Suspension], moment: Moment) -> Option<(usize, &'l Term)> {
        let covering = suspensions.iter().enumerate();
        let covering =
            covering.filter_map(|(at, suspension)| Some((at, *suspension, self.suspended(suspension, moment)?)));
        let rank = |(at, suspension, term): &(usize, &Suspension, &Term)| {
            (suspension.patch, term.from, self.ledger.act(term.act).issued, *at)
        };
        covering.max_by_key(rank).map(|(at, _, term)| (at, term))
    }

    /// Whether a suspension that does not resume has ended the provision: its last known term is over.
    pub fn terminated(&self, suspension: &Suspension, moment: Moment) -> bool {
        if suspension.resumes {
            return false;
        }
        // A term stated again so that it never runs (a scenario lets it lapse) ends nothing.
        let runs = |term: &&Term| term.until.is_none_or(|until| term.from < until);
        let mut standing = self.standing(&suspension.terms, moment.known).filter(runs).peekable();
        standing.peek().is_some() && standing.all(|term| term.until.is_some_and(|until| until <= moment.at))
    }

    /// Of the known records of each `from` the one that stands for all, in the order of the file.
    pub fn standing<'r, T: Dated>(&self, records: &'r [T], known: Day) -> impl Iterator<Item = &'r T> {
        let stands = move |&(index, record): &(usize, &'r T)| {
            let mut others = records.iter().enumerate();
            self.is_known(record.term(), known)
                && !others.any(|other| stands_for(self.ledger, other, (index, record), known))
        };
        records.iter().enumerate().filter(stands).map(|(_, record)| record)
    }

    /// The judgment that makes the provision void at the moment, in the view.
    pub fn annulled(&self, provision: &ProvisionNode<'l>, moment: Moment) -> Option<&'l Annulment> {
        provision.annulments.iter().copied().find(|annulment| {
            self.is_known(&annulment.term, moment.known)
                && annulment.term.covers(moment.at)
                && (moment.view == View::Owed || moment.at >= annulment.ceased)
        })
    }

    /// Whether an origin belongs to a set, at a moment.
    pub fn holds_origin(&self, set: &[OriginRef], origin: Origin, moment: Moment) -> bool {
        set.iter().any(|member| match *member {
            OriginRef::Any => true,
            OriginRef::Country(country) => country == origin,
            OriginRef::Group(group) => self.in_group(group, origin, moment),
        })
    }

    /// Whether an origin belongs to a group, at a moment.
    pub fn in_group(&self, group: GroupId, origin: Origin, moment: Moment) -> bool {
        let group = &self.ledger.groups[usize::from(group.0)];
        let mut holding = group.members.iter().filter(|member| member.origins.contains(&origin));
        let Some(first) = holding.next() else { return false };
        let Some(second) = holding.next() else {
            return self.is_known(&first.term, moment.known) && first.term.covers(moment.at);
        };
        // A membership stated again with an end has ended, as any other record.
        let terms: Vec<Term> = [first, second].into_iter().chain(holding).map(|member| member.term).collect();
        self.in_force(&terms, moment.at, moment.known).is_some()
    }

    /// Whether the origins of a scope hold an origin, at a moment; a scope without origins holds all.
    pub fn scope_holds_origin(&self, scope: &Scope, origin: Origin, moment: Moment) -> bool {
        (scope.origin.is_empty() || self.holds_origin(&scope.origin, origin, moment))
            && !self.holds_origin(&scope.origin_except, origin, moment)
    }
}

fn is_known(ledger: &Ledger, term: &Term, known: Day) -> bool {
    ledger.act(term.act).issued <= known
}

/// [`Timeline::in_force`] for a ledger that is not laid out.
pub(crate) fn in_force<'r, T: Dated>(ledger: &Ledger, records: &'r [T], at: Instant, known: Day) -> Option<&'r T> {
    let mut best: Option<&'r T> = None;
    for (index, record) in records.iter().enumerate() {
        let term = record.term();
        if term.from > at || !is_known(ledger, term, known) || !term.covers(at) {
            continue;
        }
        if records.iter().enumerate().any(|other| stands_for(ledger, other, (index, record), known)) {
            continue;
        }
        let beats = |b: &T| (record.patch(), term.from) > (b.patch(), b.term().from);
        if best.is_none_or(beats) {
            best = Some(record);
        }
    }
    best
}

/// Whether one record takes another's place: the same `from`, known, issued later or later in the file.
fn stands_for<T: Dated>(ledger: &Ledger, new: (usize, &T), old: (usize, &T), known: Day) -> bool {
    let (new_term, old_term) = (new.1.term(), old.1.term());
    if new.0 == old.0 || new_term.from != old_term.from || new.1.patch() != old.1.patch() {
        return false;
    }
    let issued = |term: &Term| ledger.act(term.act).issued;
    is_known(ledger, new_term, known) && (issued(new_term), new.0) > (issued(old_term), old.0)
}

/// Names of all provisions, for resolving references.
struct Names<'l> {
    ledger: &'l Ledger,
    /// Program, id, heading, by index.
    provisions: Vec<(u16, &'l str, &'l str)>,
    exceptions: Vec<(u16, &'l str)>,
    by_program: FxHashMap<&'l str, u16>,
}

impl<'l> Names<'l> {
    fn new(ledger: &'l Ledger) -> Self {
        let mut names =
            Self { ledger, provisions: Vec::new(), exceptions: Vec::new(), by_program: FxHashMap::default() };
        for (index, program) in ledger.programs.iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            names.by_program.insert(&program.id, index);
            for provision in &program.provisions {
                names.provisions.push((index, &provision.id, &provision.heading));
            }
            for exception in &program.exceptions {
                names.exceptions.push((index, exception.heading.as_deref().unwrap_or("")));
            }
        }
        names
    }

    fn programs_of(&self, reference: &Reference, own: u16) -> Vec<u16> {
        match reference.program.as_deref() {
            None => vec![own],
            Some(pattern) if !pattern.contains('*') => self.by_program.get(pattern).copied().into_iter().collect(),
            Some(pattern) => {
                let indexed = self.ledger.programs.iter().enumerate();
                let named = indexed.filter(|(_, program)| crate::record::matches(pattern, &program.id));
                named.map(|(index, _)| u16::try_from(index).unwrap_or(u16::MAX)).collect()
            }
        }
    }

    fn provisions_of(&self, references: &[Reference], own: u16) -> Vec<ProvisionIx> {
        let mut found = Vec::new();
        for reference in references {
            let programs = self.programs_of(reference, own);
            for program in programs {
                // Provisions stand in the order of their programs.
                let first = self.provisions.partition_point(|(of, ..)| *of < program);
                let own = self.provisions[first..].iter().take_while(|(of, ..)| *of == program);
                for (offset, (_, id, heading)) in own.enumerate() {
                    let named = match &reference.what {
                        Named::All => true,
                        Named::Id(pattern) => crate::record::matches(pattern, id),
                        Named::Heading(pattern) => crate::record::matches(pattern, heading),
                    };
                    if named {
                        found.push(ProvisionIx(u16::try_from(first + offset).unwrap_or(u16::MAX)));
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn targets_of(&self, references: &[Reference], own: u16) -> Vec<Target> {
        let mut found: Vec<_> = self.provisions_of(references, own).into_iter().map(Target::Provision).collect();
        for reference in references {
            let Named::Heading(pattern) = &reference.what else { continue };
            let programs = self.programs_of(reference, own);
            for program in programs {
                let first = self.exceptions.partition_point(|(of, _)| *of < program);
                let own = self.exceptions[first..].iter().take_while(|(of, _)| *of == program);
                for (offset, (_, heading)) in own.enumerate() {
                    if crate::record::matches(pattern, heading) {
                        found.push(Target::Exception(ExceptionIx(u16::try_from(first + offset).unwrap_or(u16::MAX))));
                    }
                }
            }
        }
        found
    }

    fn tests(&self, conditions: &'l [Condition], own: u16) -> Vec<Test<'l>> {
        let test = |condition: &'l Condition| match condition {
            Condition::Provisions { relation, of } => Test::Provisions(*relation, self.targets_of(of, own)),
            fact => Test::Fact(fact),
        };
        conditions.iter().map(test).collect()
    }
}
