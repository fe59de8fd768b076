//! The ledger with its references resolved: what every line needs, made once.

use portolan_ledger::line::EntryLine;
use portolan_ledger::record::{
    ActId, Annulment, Bound, Condition, Exception, FamilyId, Ledger, List, ListId, Named, OriginRef, Program,
    Prohibition, Provision, Reference, Scope, Spares, StackingRule, Suspension, Term, matches,
};
use portolan_ledger::time::Clock;
use portolan_ledger::{Day, Instant, Side, TariffCode};

use crate::fault::Fault;

/// The auditor's cap on the settings of facts that it tries for one line.
pub const MOST_COMBINATIONS: usize = 4096;

/// The records that a condition on other provisions names.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    /// Indices into [`Auditor::provisions`].
    pub provisions: Vec<usize>,
    /// Indices into [`Auditor::exceptions`].
    pub exceptions: Vec<usize>,
}

/// Conditions with what they name.
#[derive(Debug)]
pub(crate) struct When<'l> {
    /// The conditions.
    pub conditions: &'l [Condition],
    /// For each, what it names; empty but for conditions on other provisions.
    pub targets: Vec<Targets>,
}

/// A provision, and all that other records say of it.
#[derive(Debug)]
pub(crate) struct ProvisionEntry<'l> {
    pub program: &'l Program,
    pub record: &'l Provision,
    pub when: When<'l>,
    pub yields_to: Vec<usize>,
    pub adds_to: Vec<usize>,
    pub suspensions: Vec<&'l Suspension>,
    pub annulments: Vec<&'l Annulment>,
    /// Exceptions from it, in the order of the ledger.
    pub exceptions: Vec<usize>,
}

/// An exception.
#[derive(Debug)]
pub(crate) struct ExceptionEntry<'l> {
    pub program: &'l Program,
    pub record: &'l Exception,
    pub when: When<'l>,
    /// The provisions whose part it frees.
    pub spared_by: Vec<usize>,
    /// The provisions it excepts from.
    pub of: Vec<usize>,
}

/// A prohibition.
#[derive(Debug)]
pub(crate) struct ProhibitionEntry<'l> {
    pub program: &'l Program,
    pub record: &'l Prohibition,
    pub when: When<'l>,
}

/// A stacking rule.
#[derive(Debug)]
pub(crate) struct RuleEntry<'l> {
    pub record: &'l StackingRule,
    /// For each order, its tiers of provisions.
    pub orders: Vec<Vec<Vec<usize>>>,
}

/// A product list, by code.
#[derive(Debug)]
pub(crate) struct ListEntry<'l> {
    pub record: &'l List,
    /// Codes with the index of their row, sorted.
    rows: Vec<(TariffCode, usize)>,
}

impl ListEntry<'_> {
    /// The rows of exactly this code, in the order of the file.
    pub fn rows_of(&self, code: TariffCode) -> &[(TariffCode, usize)] {
        let start = self.rows.partition_point(|(c, _)| *c < code);
        let rest = &self.rows[start..];
        &rest[..rest.partition_point(|(c, _)| *c == code)]
    }
}

/// The second evaluator over one ledger.
#[derive(Debug)]
pub struct Auditor<'l> {
    pub(crate) ledger: &'l Ledger,
    pub(crate) clocks: Vec<Clock>,
    pub(crate) provisions: Vec<ProvisionEntry<'l>>,
    pub(crate) exceptions: Vec<ExceptionEntry<'l>>,
    pub(crate) prohibitions: Vec<ProhibitionEntry<'l>>,
    pub(crate) rules: Vec<RuleEntry<'l>>,
    pub(crate) lists: Vec<ListEntry<'l>>,
    /// Every moment at which a record begins or ends, sorted.
    pub(crate) instants: Vec<Instant>,
    /// Every moment at which a condition parts entry or import dates, sorted.
    pub(crate) entered: Vec<Instant>,
    /// Ten-digit codes that lists name, sorted.
    pub(crate) ten_digits: Vec<TariffCode>,
    pub(crate) most_combinations: usize,
}

impl<'l> Auditor<'l> {
    /// Resolves the references of a ledger.
    pub fn new(ledger: &'l Ledger) -> Result<Self, Fault> {
        check_indices(ledger)?;
        let clocks = (0..ledger.jurisdictions.len())
            .map(|side| {
                let side = u8::try_from(side).map_err(|_| Fault::Ledger("too many sides".into()))?;
                ledger.clock(Side(side)).ok_or_else(|| Fault::Ledger(format!("side {side} has no clock")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let names = Names::new(ledger);
        let mut auditor = Self {
            ledger,
            clocks,
            exceptions: names.exceptions(),
            prohibitions: names.prohibitions(),
            rules: names.rules(),
            lists: ledger.lists.iter().map(list_entry).collect(),
            instants: Vec::new(),
            entered: Vec::new(),
            ten_digits: ten_digits(ledger),
            most_combinations: MOST_COMBINATIONS,
            provisions: Vec::new(),
        };
        auditor.provisions = names.provisions(&auditor.exceptions);
        auditor.gather_instants();
        Ok(auditor)
    }

    /// The same auditor with another cap on the settings of facts it tries.
    #[must_use]
    pub fn with_most_combinations(mut self, most: usize) -> Self {
        self.most_combinations = most;
        self
    }

    /// The ledger.
    pub fn ledger(&self) -> &'l Ledger {
        self.ledger
    }

    /// Whether one of two provisions yields to the other, directly or through others, or adds to it.
    pub(crate) fn are_related(&self, a: usize, b: usize) -> bool {
        self.provisions[a].adds_to.contains(&b)
            || self.provisions[b].adds_to.contains(&a)
            || self.yields_through(a, b)
            || self.yields_through(b, a)
    }

    fn yields_through(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![from];
        let mut next = 0;
        while let Some(&at) = seen.get(next) {
            for &other in &self.provisions[at].yields_to {
                if other == to {
                    return true;
                }
                if !seen.contains(&other) {
                    seen.push(other);
                }
            }
            next += 1;
        }
        false
    }

    pub(crate) fn issued(&self, act: ActId) -> Day {
        self.ledger.acts.get(usize::from(act.0)).map_or(Day::MAX, |act| act.issued)
    }

    pub(crate) fn clock(&self, side: Side) -> Result<&Clock, Fault> {
        self.clocks.get(usize::from(side.0)).ok_or_else(|| Fault::Line("no such side".into()))
    }

    /// To what the value of this side's lines and its parts are rounded, in cents.
    pub(crate) fn grain(&self, line: &EntryLine) -> i64 {
        let side = self.ledger.jurisdictions.get(usize::from(line.side.0));
        side.map_or(1, |side| side.value_grain).max(1)
    }

    fn gather_instants(&mut self) {
        let mut found = Vec::new();
        let mut term = |term: &Term| found.extend([Some(term.from), term.until]);
        for program in &self.ledger.programs {
            program.provisions.iter().flat_map(|p| &p.rates).for_each(|rate| term(&rate.term));
            program.suspensions.iter().flat_map(|s| &s.terms).for_each(&mut term);
            program.exceptions.iter().flat_map(|e| &e.terms).for_each(&mut term);
            program.prohibitions.iter().flat_map(|p| &p.terms).for_each(&mut term);
            program.annulments.iter().for_each(|a| term(&a.term));
        }
        self.ledger.lists.iter().flat_map(|l| &l.rows).for_each(|row| term(&row.term));
        self.ledger.groups.iter().flat_map(|g| &g.members).for_each(|m| term(&m.term));
        self.ledger.rules.iter().flat_map(|r| &r.orders).for_each(|o| term(&o.term));
        let annulments = self.ledger.programs.iter().flat_map(|p| &p.annulments);
        found.extend(annulments.map(|a| Some(a.ceased)));
        let mut entered = Vec::new();
        for condition in self.conditions() {
            if let Condition::Entered(bound) | Condition::Imported(bound) = condition {
                let (Bound::Before(at) | Bound::From(at)) = bound;
                entered.push(*at);
            }
        }
        self.instants = found.into_iter().flatten().collect();
        self.instants.extend(&entered);
        self.entered = entered;
        for list in [&mut self.instants, &mut self.entered] {
            list.sort_unstable();
            list.dedup();
        }
    }

    fn conditions(&self) -> impl Iterator<Item = &'l Condition> {
        let programs = self.ledger.programs.iter();
        programs.flat_map(|program| {
            let provisions = program.provisions.iter().flat_map(|p| &p.when);
            let exceptions = program.exceptions.iter().flat_map(|e| &e.when);
            let prohibitions = program.prohibitions.iter().flat_map(|p| &p.when);
            provisions.chain(exceptions).chain(prohibitions)
        })
    }
}

fn list_entry(record: &List) -> ListEntry<'_> {
    let mut rows: Vec<_> = record.rows.iter().enumerate().map(|(i, row)| (row.code, i)).collect();
    rows.sort_unstable();
    ListEntry { record, rows }
}

fn ten_digits(ledger: &Ledger) -> Vec<TariffCode> {
    let rows = ledger.lists.iter().flat_map(|list| &list.rows);
    let mut codes: Vec<_> =
        rows.flat_map(|row| row.except.iter().copied().chain([row.code])).filter(|code| code.digits() == 10).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// All provisions and exceptions of the ledger in one order, to find what a reference names.
struct Names<'l> {
    ledger: &'l Ledger,
    provisions: Vec<(&'l Program, &'l Provision)>,
    exceptions: Vec<(&'l Program, &'l Exception)>,
}

impl<'l> Names<'l> {
    fn new(ledger: &'l Ledger) -> Self {
        let programs = ledger.programs.iter();
        Self {
            ledger,
            provisions: programs.clone().flat_map(|p| p.provisions.iter().map(move |v| (p, v))).collect(),
            exceptions: programs.flat_map(|p| p.exceptions.iter().map(move |e| (p, e))).collect(),
        }
    }

    /// The provisions that references of `home` name.
    fn provisions_of(&self, home: Option<&Program>, references: &[Reference]) -> Vec<usize> {
        let named = |(program, provision): &(&Program, &Provision)| {
            references.iter().any(|reference| {
                in_program(reference, home, program)
                    && match &reference.what {
                        Named::All => true,
                        Named::Id(pattern) => matches(pattern, &provision.id),
                        Named::Heading(pattern) => matches(pattern, &provision.heading),
                    }
            })
        };
        (0..self.provisions.len()).filter(|&i| named(&self.provisions[i])).collect()
    }

    /// The exceptions that references name by heading.
    fn exceptions_of(&self, home: &Program, references: &[Reference]) -> Vec<usize> {
        let named = |(program, exception): &(&Program, &Exception)| {
            references.iter().any(|reference| {
                let Named::Heading(pattern) = &reference.what else {
                    return false;
                };
                let heading = exception.heading.as_deref();
                in_program(reference, Some(home), program) && heading.is_some_and(|heading| matches(pattern, heading))
            })
        };
        (0..self.exceptions.len()).filter(|&i| named(&self.exceptions[i])).collect()
    }

    fn when(&self, home: &Program, conditions: &'l [Condition]) -> When<'l> {
        let targets = conditions.iter().map(|condition| match condition {
            Condition::Provisions { of, .. } => {
                Targets { provisions: self.provisions_of(Some(home), of), exceptions: self.exceptions_of(home, of) }
            }
            _ => Targets::default(),
        });
        When { conditions, targets: targets.collect() }
    }

    fn exceptions(&self) -> Vec<ExceptionEntry<'l>> {
        let entry = |&(program, record): &(&'l Program, &'l Exception)| ExceptionEntry {
            program,
            record,
            when: self.when(program, &record.when),
            spared_by: match &record.spares {
                Some(Spares::AssessedBy(references)) => self.provisions_of(Some(program), references),
                _ => Vec::new(),
            },
            of: self.provisions_of(Some(program), &record.of),
        };
        self.exceptions.iter().map(entry).collect()
    }

    fn prohibitions(&self) -> Vec<ProhibitionEntry<'l>> {
        let programs = self.ledger.programs.iter();
        let entry = |program: &'l Program, record: &'l Prohibition| ProhibitionEntry {
            program,
            record,
            when: self.when(program, &record.when),
        };
        programs.flat_map(|p| p.prohibitions.iter().map(move |r| entry(p, r))).collect()
    }

    fn rules(&self) -> Vec<RuleEntry<'l>> {
        let tiers = |tiers: &'l Vec<Vec<Reference>>| tiers.iter().map(|tier| self.provisions_of(None, tier)).collect();
        let rules = self.ledger.rules.iter();
        rules
            .map(|record| RuleEntry { record, orders: record.orders.iter().map(|o| tiers(&o.tiers)).collect() })
            .collect()
    }

    fn provisions(&self, exceptions: &[ExceptionEntry<'l>]) -> Vec<ProvisionEntry<'l>> {
        let mut entries: Vec<_> = self
            .provisions
            .iter()
            .map(|&(program, record)| ProvisionEntry {
                program,
                record,
                when: self.when(program, &record.when),
                yields_to: self.provisions_of(Some(program), &record.yields_to),
                adds_to: self.provisions_of(Some(program), &record.adds_to),
                suspensions: Vec::new(),
                annulments: Vec::new(),
                exceptions: Vec::new(),
            })
            .collect();
        for program in &self.ledger.programs {
            for suspension in &program.suspensions {
                for i in self.provisions_of(Some(program), &suspension.of) {
                    entries[i].suspensions.push(suspension);
                }
            }
            for annulment in &program.annulments {
                for i in self.provisions_of(Some(program), &annulment.of) {
                    entries[i].annulments.push(annulment);
                }
            }
        }
        for (i, exception) in exceptions.iter().enumerate() {
            for &provision in &exception.of {
                entries[provision].exceptions.push(i);
            }
        }
        entries
    }
}

/// Whether a reference written in `home` reaches into `program`; a rule between programs has no home.
fn in_program(reference: &Reference, home: Option<&Program>, program: &Program) -> bool {
    match &reference.program {
        Some(pattern) => matches(pattern, &program.id),
        None => home.is_some_and(|home| home.id == program.id),
    }
}

/// Refuses indices that lead nowhere, so that nothing after this has to.
fn check_indices(ledger: &Ledger) -> Result<(), Fault> {
    let act = |term: &Term| usize::from(term.act.0) < ledger.acts.len();
    let list = |id: &ListId| usize::from(id.0) < ledger.lists.len();
    let family = |id: FamilyId| usize::from(id.0) < ledger.families.len();
    let group = |origin: &OriginRef| match origin {
        OriginRef::Group(id) => usize::from(id.0) < ledger.groups.len(),
        _ => true,
    };
    let scope = |s: &Scope| {
        s.origin.iter().chain(&s.origin_except).all(group) && s.products.iter().chain(&s.products_except).all(list)
    };
    let condition = |c: &Condition| match c {
        Condition::Claim { claim, .. } => usize::from(claim.0) < ledger.claims.len(),
        Condition::Melted { countries, .. }
        | Condition::Smelted { countries, .. }
        | Condition::ExportedFrom(countries) => countries.iter().all(group),
        _ => true,
    };
    let program = |p: &Program| {
        family(p.family)
            && p.provisions
                .iter()
                .all(|v| scope(&v.scope) && v.when.iter().all(condition) && v.rates.iter().all(|r| act(&r.term)))
            && p.suspensions.iter().flat_map(|s| &s.terms).all(act)
            && p.exceptions.iter().all(|e| scope(&e.scope) && e.when.iter().all(condition) && e.terms.iter().all(act))
            && p.prohibitions.iter().all(|e| scope(&e.scope) && e.when.iter().all(condition) && e.terms.iter().all(act))
            && p.annulments.iter().all(|a| act(&a.term))
    };
    if let Some(bad) = ledger.programs.iter().find(|p| !program(p)) {
        return Err(Fault::Ledger(format!("`{}` points outside the ledger", bad.id)));
    }
    let terms = ledger.lists.iter().flat_map(|l| &l.rows).map(|r| &r.term);
    let terms = terms.chain(ledger.groups.iter().flat_map(|g| &g.members).map(|m| &m.term));
    let mut terms = terms.chain(ledger.rules.iter().flat_map(|r| &r.orders).map(|o| &o.term));
    if terms.all(act) {
        Ok(())
    } else {
        Err(Fault::Ledger("a list, a group or a rule points outside the register of acts".into()))
    }
}
