//! The law as it was known at one moment for one line: which of the dated records stand, and whom they hold.

use portolan_ledger::line::View;
use portolan_ledger::record::{Annulment, GroupId, ListId, Origin, OriginRef, RateRecord, Scope, Suspension, Term};
use portolan_ledger::{Day, DutyRate, Instant, TariffCode};

use crate::index::{Auditor, ProvisionEntry};

/// One moment, one state of knowledge, one view.
#[derive(Clone, Copy)]
pub(crate) struct Law<'a, 'l> {
    pub auditor: &'a Auditor<'l>,
    /// The governing moment.
    pub at: Instant,
    /// Acts issued after this day are not known.
    pub knowledge: Day,
    pub view: View,
}

/// What lies over the rate of a provision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer<'l> {
    /// The rate that is owed if nothing else stands in its way.
    InForce(&'l DutyRate),
    /// A rate is in force, a suspension lies over it.
    Suspended(&'l DutyRate),
    /// No rate is in force.
    None,
}

impl<'l> Law<'_, 'l> {
    pub fn knows(&self, term: &Term) -> bool {
        self.auditor.issued(term.act) <= self.knowledge
    }

    /// Whether the `index`-th of these records is known and no known one with the same `from` stands for it.
    fn stands<'t>(&self, count: usize, term: impl Fn(usize) -> &'t Term, index: usize) -> bool {
        let this = term(index);
        let rank = |i: usize| (self.auditor.issued(term(i).act), i);
        let beaten = |other: usize| {
            let that = term(other);
            that.from == this.from && self.knows(that) && rank(other) > rank(index)
        };
        self.knows(this) && !(0..count).any(beaten)
    }

    /// The record that governs: known, not stated again, covering the moment, with the latest `from`.
    pub fn governing<'t>(&self, count: usize, term: impl Fn(usize) -> &'t Term + Copy) -> Option<usize> {
        (0..count).filter(|&i| term(i).covers(self.at) && self.stands(count, term, i)).max_by_key(|&i| term(i).from)
    }

    /// Whether one of these terms is in force.
    pub fn any_in_force(&self, terms: &[Term]) -> bool {
        self.governing(terms.len(), |i| &terms[i]).is_some()
    }

    /// The rate in force, a scenario's before the law's.
    fn rate(&self, rates: &'l [RateRecord]) -> Option<&'l DutyRate> {
        let of = |patch: bool| {
            let records: Vec<_> = rates.iter().filter(|r| r.patch == patch).collect();
            let index = self.governing(records.len(), |i| &records[i].term)?;
            Some(&records[index].rate)
        };
        let rate = of(true).or_else(|| of(false))?;
        if *rate == DutyRate::Ended { None } else { Some(rate) }
    }

    /// The term of a suspension that covers the moment.
    fn covering(&self, suspension: &'l Suspension) -> Option<&'l Term> {
        let terms = &suspension.terms;
        self.governing(terms.len(), |i| &terms[i]).map(|i| &terms[i])
    }

    /// Whether a suspension that terminates has run out: all its terms lie behind.
    fn ran_out(&self, suspension: &Suspension) -> bool {
        let terms = &suspension.terms;
        let mut standing = (0..terms.len())
            .filter(|&i| self.stands(terms.len(), |i| &terms[i], i))
            .map(|i| &terms[i])
            .filter(|term| term.until.is_none_or(|until| term.from < until))
            .peekable();
        !suspension.resumes
            && standing.peek().is_some()
            && standing.all(|term| term.until.is_some_and(|until| until <= self.at))
    }

    /// The rate of a provision, with the suspension over it.
    pub fn layer(&self, provision: &ProvisionEntry<'l>) -> Layer<'l> {
        let Some(beneath) = self.rate(&provision.record.rates) else {
            return Layer::None;
        };
        if provision.suspensions.iter().any(|s| self.ran_out(s)) {
            return Layer::None;
        }
        // Of several that cover the moment a scenario's governs before the law's, then the latest, as of rates.
        let covering = provision.suspensions.iter().enumerate();
        let latest = covering
            .filter_map(|(i, s)| Some((i, *s, self.covering(s)?)))
            .max_by_key(|(i, s, term)| (s.patch, term.from, self.auditor.issued(term.act), *i));
        match latest {
            None => Layer::InForce(beneath),
            Some((_, suspension, _)) => match &suspension.keeps {
                Some(kept) if *kept != DutyRate::Ended => Layer::InForce(kept),
                _ => Layer::Suspended(beneath),
            },
        }
    }

    /// Whether a judgment makes the provision void.
    pub fn annulled(&self, provision: &ProvisionEntry<'l>) -> bool {
        let counts = |annulment: &&Annulment| {
            let begun = match self.view {
                View::Owed => true,
                View::Assessed => annulment.ceased <= self.at,
            };
            begun && self.knows(&annulment.term) && annulment.term.covers(self.at)
        };
        provision.annulments.iter().any(counts)
    }

    /// Whether a country is one of these.
    pub fn one_of(&self, origins: &[OriginRef], country: Origin) -> bool {
        origins.iter().any(|origin| match origin {
            OriginRef::Any => true,
            OriginRef::Country(named) => *named == country,
            OriginRef::Group(group) => self.in_group(*group, country),
        })
    }

    /// A country belongs to a group while a record that lists it is in force.
    pub fn in_group(&self, group: GroupId, country: Origin) -> bool {
        let Some(group) = self.auditor.ledger.groups.get(usize::from(group.0)) else {
            return false;
        };
        let members: Vec<_> = group.members.iter().filter(|member| member.origins.contains(&country)).collect();
        self.governing(members.len(), |i| &members[i].term).is_some()
    }

    /// Whether the origins of a record hold a country; none given hold all.
    pub fn holds_origin(&self, scope: &Scope, country: Origin) -> bool {
        (scope.origin.is_empty() || self.one_of(&scope.origin, country)) && !self.one_of(&scope.origin_except, country)
    }

    /// Whether a list holds a code: of the rows in force the longest decides.
    pub fn on_list(&self, list: ListId, code: TariffCode) -> bool {
        let Some(list) = self.auditor.lists.get(usize::from(list.0)) else {
            return false;
        };
        for digits in [10, 8, 6, 4, 2] {
            if digits > code.digits() {
                continue;
            }
            let rows = list.rows_of(code.prefix(digits));
            let row = |i: usize| &list.record.rows[rows[i].1];
            if let Some(index) = self.governing(rows.len(), |i| &row(i).term) {
                return !row(index).except.iter().any(|out| out.covers(code));
            }
        }
        false
    }

    /// Whether the lists of a record hold a code; `without` is the answer where none is given.
    pub fn holds_code(&self, scope: &Scope, code: TariffCode, without: bool) -> bool {
        let on = |lists: &[ListId]| lists.iter().any(|list| self.on_list(*list, code));
        let held = if scope.products.is_empty() { without } else { on(&scope.products) };
        held && !on(&scope.products_except)
    }
}
