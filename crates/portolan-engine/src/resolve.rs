//! What stands: `LEDGER.md`, section 3.6, for one set of records at one moment.
//!
//! Resolution asks atoms of an oracle and stops where an answer is missing; the caller supplies it and resolves again.
//! So a resolution depends on nothing but the moment, the records in scope and the answers, and can be kept.

use portolan_ledger::Rate;
use portolan_ledger::duty_rate::{DutyRate, DutyRate as Rate99, Metal};
use portolan_ledger::line::Status;
use portolan_ledger::record::{Condition, Relation, Share, Spares, StackingKind};
use portolan_ledger::timeline::{ExceptionIx, Moment, ProvisionIx, Target, Test, Timeline};

use crate::bits::Bits;
use crate::facts::AtomIx;
use crate::law::{Ask, Law};

/// Parts of the value, one bit each.
pub type Parts = u8;

/// Parts.
pub mod part {
    use super::{Metal, Parts};

    /// US content.
    pub const US: Parts = 8;
    /// What is not processing abroad.
    pub const OUTSIDE: Parts = 16;
    /// The rest.
    pub const REST: Parts = 32;
    /// The whole value.
    pub const ALL: Parts = 63;

    /// The content of a metal.
    pub fn metal(metal: Metal) -> Parts {
        match metal {
            Metal::Steel => 1,
            Metal::Aluminum => 2,
            Metal::Copper => 4,
        }
    }
}

/// An answer of the oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It was not asserted.
    NotStated,
    /// Not known, and it need not be decided.
    Skipped,
}

/// A question that was not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Open {
    /// Which atom.
    pub atom: AtomIx,
    /// It only completes the explanation: an unknown answer need not be decided.
    pub soft: bool,
}

/// Why a row has its status.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// It is owed.
    Owed,
    /// The condition with this atom is not met.
    Condition(AtomIx),
    /// A condition on other provisions is not met.
    Provisions,
    /// An annulment, by its index in the node.
    Annulled(u16),
    /// A suspension and its term, by their indices in the node.
    Suspended(u16, u16),
    /// A suspension that ended the provision.
    Terminated(u16),
    /// An exception frees the whole.
    Excepted(ExceptionIx),
    /// Its parts are all taken by what an exception spares.
    Spared(ExceptionIx),
    /// It gives way to another provision.
    Yields(ProvisionIx),
    /// A stacking rule gives the value to another provision.
    Stacked(u16, ProvisionIx),
    /// Another duty stands in place of all.
    InPlace(ProvisionIx),
    /// The ordinary duty is owed at the rate of another provision.
    Replaced(ProvisionIx),
    /// An exception that holds.
    Holds,
    /// An exception that frees a part.
    Frees(Parts),
    /// An exception that was not looked at: nothing is left to free.
    NotReached,
}

/// A record of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Record {
    /// A provision.
    Provision(ProvisionIx),
    /// An exception.
    Exception(ExceptionIx),
    /// A prohibition.
    Prohibition(u16),
}

/// One row of a resolution.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// Of what.
    pub record: Record,
    /// Its status, the horizon left aside.
    pub status: Status,
    /// Why.
    pub why: Why,
    /// Index of the rate record in force, where there is one.
    pub rate: Option<u16>,
    /// The suspension whose rate is owed in its place, by its index in the node.
    pub kept: Option<u16>,
    /// On which parts.
    pub parts: Parts,
}

/// What stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resolution {
    /// Rows in the order of the records.
    pub rows: Vec<Row>,
    /// The prohibition that forbids the entry.
    pub prohibited: Option<u16>,
    /// The duty that stands in place of all others.
    pub in_place: Option<ProvisionIx>,
    /// Two provisions of one program stand without relation: the ledger is wrong.
    pub conflict: Option<(ProvisionIx, ProvisionIx)>,
}

/// Conditions that resolution itself asks: whether a metal's content, or what a total adds, is more than nothing.
pub fn internal_conditions(law: &Timeline<'_>) -> Vec<Condition> {
    let mut found: Vec<Condition> = Metal::ALL.into_iter().map(content_above_zero).collect();
    for node in &law.provisions {
        found.extend(node.record.rates.iter().filter_map(|record| base_at_least(&record.rate)));
    }
    found
}

fn content_above_zero(metal: Metal) -> Condition {
    Condition::Share { of: Share::Metal(metal), at_least: true, pct: Rate(1) }
}

/// For a total: the condition that the ordinary duty already reaches it.
fn base_at_least(rate: &DutyRate) -> Option<Condition> {
    match rate {
        DutyRate::Total(rate, over) => {
            let general = *over == portolan_ledger::duty_rate::Over::General;
            Some(Condition::Base { general, at_least: true, rate: *rate })
        }
        _ => None,
    }
}

/// What is known of a provision while resolving.
#[derive(Clone, Debug)]
struct State {
    status: Status,
    why: Why,
    rate: Option<u16>,
    kept: Option<u16>,
    live: bool,
}

/// Deliberate faults for tests of the tests: each makes the engine wrong in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// None.
    #[default]
    None,
    /// Annulments count from the start in both views.
    AnnulmentIgnoresView,
    /// Annulments are not seen.
    NoAnnulment,
    /// A suspended provision is owed.
    NoSuspension,
    /// A suspension's kept rate is dropped.
    KeptRateDropped,
    /// A suspension that terminates resumes.
    NoTermination,
    /// Exceptions are not seen.
    NoException,
    /// The part that an exception spares is not taken off.
    NothingSpared,
    /// US content is not taken off.
    UsContentNotSpared,
    /// The general does not give way to the special.
    NoYielding,
    /// A suspended special still displaces the general.
    SuspendedSpecialDisplaces,
    /// Tiers are read from the last to the first.
    TiersSwapped,
    /// Stacking rules are not seen.
    NoStacking,
    /// `subject_to` looks at what is owed, not at what is live.
    SubjectToNeedsDuty,
    /// `owing` is satisfied at zero.
    OwingAtZero,
    /// Conditions after the first are not looked at.
    FirstConditionOnly,
    /// An assertion that was not made counts as made.
    AssertionAssumed,
    /// A duty in place of all leaves the others standing.
    InPlaceAdds,
    /// A prohibition is not seen.
    NoProhibition,
    /// A total is added in full, not topped up.
    TotalAdded,
    /// A total over general counts the special rate.
    TotalOverSpecial,
    /// A content rate is assessed on the whole value.
    ContentOnWhole,
    /// Cents are cut, not rounded.
    CentsCut,
    /// The value is not rounded to whole dollars.
    DollarsNotRounded,
    /// The cap on US content is not seen.
    UsCapIgnored,
    /// Moments at a boundary belong to the interval before it.
    EdgeLate,
    /// The governing date is always the entry date.
    EntryDateGoverns,
    /// Knowledge is a day late.
    KnowledgeLate,
    /// Of the rows of a list that cover a code, the shortest decides.
    ListShortestWins,
}

impl Flaw {
    /// Every fault.
    pub const ALL: [Self; 28] = [
        Self::AnnulmentIgnoresView,
        Self::NoAnnulment,
        Self::NoSuspension,
        Self::KeptRateDropped,
        Self::NoTermination,
        Self::NoException,
        Self::NothingSpared,
        Self::UsContentNotSpared,
        Self::NoYielding,
        Self::SuspendedSpecialDisplaces,
        Self::TiersSwapped,
        Self::NoStacking,
        Self::SubjectToNeedsDuty,
        Self::OwingAtZero,
        Self::FirstConditionOnly,
        Self::AssertionAssumed,
        Self::InPlaceAdds,
        Self::NoProhibition,
        Self::TotalAdded,
        Self::TotalOverSpecial,
        Self::ContentOnWhole,
        Self::CentsCut,
        Self::DollarsNotRounded,
        Self::UsCapIgnored,
        Self::EdgeLate,
        Self::EntryDateGoverns,
        Self::KnowledgeLate,
        Self::ListShortestWins,
    ];
}

/// One resolution.
pub struct Resolver<'a, 'l> {
    /// The law.
    pub law: &'a Law<'l>,
    /// The moment.
    pub moment: Moment,
    /// Records in scope and in force.
    pub active: &'a Bits,
    /// Complete the explanation too.
    pub explain: bool,
    /// For tests of the tests.
    pub flaw: Flaw,
}

/// Memory of one resolution, used again by the next.
#[derive(Debug, Default)]
pub struct Memo {
    states: Vec<Option<State>>,
    /// By provision, then by how many stacking rules were read.
    parts: Vec<Known>,
    /// Provisions whose state was worked out.
    touched: Vec<usize>,
    /// Places of `parts` that were worked out.
    looked: Vec<usize>,
    open: Vec<usize>,
    /// Exceptions whose conditions are being looked at.
    excepting: Vec<ExceptionIx>,
    /// By atom: the reply of the oracle.
    replies: Vec<Option<Reply>>,
    /// Questions on assertions that the oracle left open: taken as not made, in the order asked.
    pub taken: Vec<(Open, Reply)>,
    asked: Vec<AtomIx>,
}

/// Whether parts were worked out.
#[derive(Clone, Debug)]
enum Known {
    No,
    Open,
    Done(Parts, Why),
}

impl Memo {
    /// Forgets the last resolution, and takes the replies of the oracle for the next.
    pub fn start(&mut self, law: &Law<'_>, replies: &[(Open, Reply)]) {
        self.states.resize(law.timeline.provisions.len(), None);
        self.parts.resize(law.timeline.provisions.len() * (law.timeline.rules.len() + 1), Known::No);
        for index in self.touched.drain(..) {
            self.states[index] = None;
        }
        for index in self.looked.drain(..) {
            self.parts[index] = Known::No;
        }
        self.open.clear();
        self.excepting.clear();
        self.taken.clear();
        self.replies.resize(law.facts.atoms.len(), None);
        for atom in self.asked.drain(..) {
            self.replies[usize::from(atom.0)] = None;
        }
        for (open, reply) in replies {
            // A later reply to the same atom is the firmer one: it was skipped before.
            self.set(open.atom, *reply);
        }
    }

    fn set(&mut self, atom: AtomIx, reply: Reply) {
        self.replies[usize::from(atom.0)] = Some(reply);
        self.asked.push(atom);
    }
}

type Step<T> = Result<T, Open>;

impl Resolver<'_, '_> {
    /// Resolves, or names the question that is still open.
    pub fn resolve(&self, memo: &mut Memo) -> Step<Resolution> {
        let mut resolution = Resolution::default();
        self.prohibitions(memo, &mut resolution)?;
        let count = self.law.timeline.provisions.len();
        for index in self.active.iter().take_while(|&index| index < count) {
            let provision = ProvisionIx(u16::try_from(index).unwrap_or(u16::MAX));
            let (parts, why) = self.parts(memo, provision)?;
            let state = self.state(memo, provision)?;
            let status = if !state.live {
                state.status
            } else if parts != 0 {
                Status::Applied
            } else {
                match why {
                    Why::Spared(_) => Status::Exempt,
                    _ => Status::Displaced,
                }
            };
            let why = if state.live { why } else { state.why };
            resolution.rows.push(Row {
                record: Record::Provision(provision),
                status,
                why,
                rate: state.rate,
                kept: state.kept,
                parts,
            });
        }
        self.in_place(&mut resolution);
        self.exception_rows(memo, &mut resolution)?;
        resolution.conflict = self.conflict(&resolution);
        Ok(resolution)
    }

    fn reply(&self, memo: &mut Memo, open: Open) -> Step<Reply> {
        let known = memo.replies[usize::from(open.atom.0)].filter(|reply| open.soft || *reply != Reply::Skipped);
        let reply = match known {
            Some(reply) => reply,
            None => {
                let reply = self.law.facts.not_made(open.atom).ok_or(open)?;
                memo.taken.push((open, reply));
                memo.set(open.atom, reply);
                reply
            }
        };
        Ok(if reply == Reply::NotStated && self.flaw == Flaw::AssertionAssumed { Reply::Yes } else { reply })
    }

    /// Whether conditions hold: `Ok(None)` they do, else why they do not. A stated fact weighs more than an assertion
    /// that was not made, so all are looked at; once one has failed, facts that are unknown need not be decided.
    fn conditions(&self, memo: &mut Memo, asks: &[Ask], tests: &[Test<'_>], soft: bool) -> Step<Option<(Status, Why)>> {
        let mut missing: Option<Why> = None;
        let asks = if self.flaw == Flaw::FirstConditionOnly { &asks[..asks.len().min(1)] } else { asks };
        for ask in asks {
            match *ask {
                Ask::Atom(atom) => match self.reply(memo, Open { atom, soft: soft || missing.is_some() })? {
                    Reply::Yes => {}
                    Reply::No => return Ok(Some((Status::NotInForce, Why::Condition(atom)))),
                    Reply::NotStated | Reply::Skipped => {
                        missing.get_or_insert(Why::Condition(atom));
                    }
                },
                Ask::Provisions(index) => {
                    let Test::Provisions(relation, targets) = &tests[index] else { continue };
                    if missing.is_none() && !self.relation(memo, *relation, targets)? {
                        return Ok(Some((Status::NotInForce, Why::Provisions)));
                    }
                }
            }
        }
        Ok(missing.map(|why| (Status::NotClaimed, why)))
    }

    fn relation(&self, memo: &mut Memo, relation: Relation, targets: &[Target]) -> Step<bool> {
        let mut found = false;
        for target in targets {
            let holds = match (*target, relation) {
                (Target::Provision(p), Relation::Owing) => self.owing(memo, p)?,
                (Target::Provision(p), _) if self.flaw == Flaw::SubjectToNeedsDuty => self.owing(memo, p)?,
                (Target::Provision(p), _) => self.is_active(p) && self.state(memo, p)?.live,
                // An exception never owes.
                (Target::Exception(_), Relation::Owing) => false,
                (Target::Exception(e), _) => self.exception_holds(memo, e)?,
            };
            if holds {
                found = true;
                break;
            }
        }
        Ok(found != (relation == Relation::NotSubjectTo))
    }

    fn is_active(&self, provision: ProvisionIx) -> bool {
        self.active.contains(Law::provision_bit(provision))
    }

    fn exception_holds(&self, memo: &mut Memo, exception: ExceptionIx) -> Step<bool> {
        if !self.active.contains(self.law.exception_bit(exception)) {
            return Ok(false);
        }
        if memo.excepting.contains(&exception) {
            // As with provisions: a cycle gets an answer, not a hang.
            return Ok(false);
        }
        let node = self.law.timeline.exception(exception);
        let asks = &self.law.exception_asks[usize::from(exception.0)];
        memo.excepting.push(exception);
        let failed = self.conditions(memo, asks, &node.when, false);
        memo.excepting.pop();
        Ok(failed?.is_none())
    }

    /// Owed, more than zero.
    fn owing(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<bool> {
        if !self.is_active(provision) {
            return Ok(false);
        }
        let (parts, _) = self.parts(memo, provision)?;
        let state = self.state(memo, provision)?;
        if !state.live || parts == 0 {
            return Ok(false);
        }
        if self.flaw == Flaw::OwingAtZero {
            return Ok(true);
        }
        let rate = self.rate(provision, &state);
        if !rate.is_more_than_zero() {
            return Ok(false);
        }
        let condition = match rate {
            Rate99::OfMetal(_, metal) => Some((content_above_zero(*metal), true)),
            total @ Rate99::Total(..) => base_at_least(total).map(|condition| (condition, false)),
            _ => None,
        };
        let Some((condition, wanted)) = condition else { return Ok(true) };
        let Some(atom) = self.law.facts.atom(&condition, false) else { return Ok(true) };
        Ok((self.reply(memo, Open { atom, soft: false })? == Reply::Yes) == wanted)
    }

    /// The rate owed of a live provision.
    fn rate(&self, provision: ProvisionIx, state: &State) -> &DutyRate {
        let node = self.law.timeline.provision(provision);
        if let Some(keeps) = state.kept.and_then(|index| node.suspensions[usize::from(index)].keeps.as_ref()) {
            return keeps;
        }
        state.rate.map_or(&DutyRate::Ended, |index| &node.record.rates[usize::from(index)].rate)
    }

    /// Live or not, and why not: everything of section 3.6 that does not look at what stands.
    fn state(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<State> {
        let index = usize::from(provision.0);
        if let Some(state) = &memo.states[index] {
            return Ok(state.clone());
        }
        if memo.open.contains(&index) {
            // The checker refuses cycles; a ledger that was not checked gets an answer, not a hang.
            return Ok(State { status: Status::NotInForce, why: Why::Provisions, rate: None, kept: None, live: false });
        }
        memo.open.push(index);
        let state = self.decide(memo, provision);
        memo.open.pop();
        let state = state?;
        memo.states[index] = Some(state.clone());
        memo.touched.push(index);
        Ok(state)
    }

    fn decide(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<State> {
        let timeline = &self.law.timeline;
        let node = timeline.provision(provision);
        let rates = &node.record.rates;
        let in_force = timeline.in_force(rates, self.moment.at, self.moment.known);
        let rate = in_force.and_then(|record| rates.iter().position(|r| std::ptr::eq(r, record)));
        let rate = rate.map(|at| u16::try_from(at).unwrap_or(u16::MAX));
        let not = |status, why| State { status, why, rate, kept: None, live: false };
        if let Some(index) = node.suspensions.iter().position(|s| timeline.terminated(s, self.moment))
            && self.flaw != Flaw::NoTermination
        {
            return Ok(not(Status::NotInForce, Why::Terminated(u16::try_from(index).unwrap_or(u16::MAX))));
        }
        let asks = &self.law.provision_asks[usize::from(provision.0)];
        if let Some((status, why)) = self.conditions(memo, asks, &node.when, false)? {
            return Ok(not(status, why));
        }
        if let Some(index) = self.annulment(provision) {
            return Ok(not(Status::Annulled, Why::Annulled(index)));
        }
        let mut kept = None;
        for (index, suspension) in node.suspensions.iter().enumerate() {
            if self.flaw == Flaw::NoSuspension {
                break;
            }
            let index16 = u16::try_from(index).unwrap_or(u16::MAX);
            if let Some(term) = timeline.suspended(suspension, self.moment) {
                if suspension.keeps.is_none() || self.flaw == Flaw::KeptRateDropped {
                    let at = suspension.terms.iter().position(|t| std::ptr::eq(t, term)).unwrap_or(0);
                    let why = Why::Suspended(index16, u16::try_from(at).unwrap_or(u16::MAX));
                    return Ok(not(Status::Suspended, why));
                }
                kept = Some(index16);
            }
        }
        for &exception in &node.exceptions {
            let whole = timeline.exception(exception).record.spares.is_none();
            if whole && self.flaw != Flaw::NoException && self.exception_holds(memo, exception)? {
                return Ok(not(Status::Exempt, Why::Excepted(exception)));
            }
        }
        Ok(State { status: Status::Applied, why: Why::Owed, rate, kept, live: true })
    }

    fn annulment(&self, provision: ProvisionIx) -> Option<u16> {
        let node = self.law.timeline.provision(provision);
        if self.flaw == Flaw::NoAnnulment {
            return None;
        }
        let mut moment = self.moment;
        if self.flaw == Flaw::AnnulmentIgnoresView {
            moment.view = portolan_ledger::line::View::Owed;
        }
        let annulment = self.law.timeline.annulled(node, moment)?;
        let index = node.annulments.iter().position(|a| std::ptr::eq(*a, annulment))?;
        u16::try_from(index).ok()
    }

    /// The parts of the value that a provision is assessed on; none where it does not stand.
    fn parts(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<(Parts, Why)> {
        self.parts_after(memo, provision, self.law.timeline.rules.len())
    }

    /// The parts that are left after the first so many stacking rules: each rule is read on what the former leave.
    fn parts_after(&self, memo: &mut Memo, provision: ProvisionIx, rules: usize) -> Step<(Parts, Why)> {
        let index = usize::from(provision.0) * (self.law.timeline.rules.len() + 1) + rules;
        match &memo.parts[index] {
            Known::Done(parts, why) => return Ok((*parts, why.clone())),
            // The checker refuses cycles; a ledger that was not checked gets an answer, not a hang.
            Known::Open => return Ok((0, Why::Provisions)),
            Known::No => {}
        }
        memo.parts[index] = Known::Open;
        memo.looked.push(index);
        let found = if rules == 0 {
            self.parts_before_rules(memo, provision)
        } else {
            self.parts_after(memo, provision, rules - 1)
                .and_then(|(parts, why)| self.stack(memo, provision, rules - 1, parts, why))
        };
        memo.parts[index] = match &found {
            Ok((parts, why)) => Known::Done(*parts, why.clone()),
            Err(_) => Known::No,
        };
        found
    }

    fn parts_before_rules(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<(Parts, Why)> {
        let state = self.state(memo, provision)?;
        if !state.live {
            return Ok((0, state.why));
        }
        let node = self.law.timeline.provision(provision);
        let mut parts = match self.rate(provision, &state) {
            Rate99::OfMetal(_, metal) if self.flaw != Flaw::ContentOnWhole => part::metal(*metal),
            Rate99::OfNonUs(..) => part::ALL & !part::US,
            _ => part::ALL,
        };
        for &exception in &node.exceptions {
            let freed = self.freed(memo, exception)?;
            if freed & parts != 0 {
                parts &= !freed;
                if parts == 0 {
                    return Ok((0, Why::Spared(exception)));
                }
            }
        }
        for &special in &node.yields_to {
            if self.is_active(special) && self.flaw != Flaw::NoYielding {
                let other = self.state(memo, special)?;
                let displaces =
                    other.live || self.flaw == Flaw::SuspendedSpecialDisplaces && other.status == Status::Suspended;
                if displaces {
                    return Ok((0, Why::Yields(special)));
                }
            }
        }
        Ok((parts, state.why))
    }

    /// The parts that a partial exception frees.
    fn freed(&self, memo: &mut Memo, exception: ExceptionIx) -> Step<Parts> {
        let node = self.law.timeline.exception(exception);
        let Some(spares) = &node.record.spares else { return Ok(0) };
        if self.flaw == Flaw::NothingSpared || !self.exception_holds(memo, exception)? {
            return Ok(0);
        }
        match spares {
            Spares::UsContent if self.flaw == Flaw::UsContentNotSpared => Ok(0),
            Spares::UsContent => Ok(part::US),
            Spares::OutsideProcessing => Ok(part::OUTSIDE),
            Spares::AssessedBy(_) => {
                let mut freed = 0;
                for &spared in &node.spares {
                    if self.is_active(spared) {
                        freed |= self.parts(memo, spared)?.0;
                    }
                }
                Ok(freed)
            }
        }
    }

    /// Takes away the parts on which another tier of a rule stands.
    fn stack(
        &self,
        memo: &mut Memo,
        provision: ProvisionIx,
        index: usize,
        mut parts: Parts,
        why: Why,
    ) -> Step<(Parts, Why)> {
        let rule = &self.law.timeline.rules[index];
        let order = self.law.timeline.in_force(&rule.orders, self.moment.at, self.moment.known);
        let Some((_, tiers)) = order.filter(|_| parts != 0 && self.flaw != Flaw::NoStacking) else {
            return Ok((parts, why));
        };
        let Some(own) = tiers.iter().position(|tier| tier.contains(&provision)) else { return Ok((parts, why)) };
        for (at, tier) in tiers.iter().enumerate() {
            let before = if self.flaw == Flaw::TiersSwapped { at > own } else { at < own };
            if at == own || rule.record.kind == StackingKind::FirstOnly && !before {
                continue;
            }
            for &other in tier.iter().filter(|p| self.is_active(**p)) {
                // A provision belongs to the first tier that names it.
                if tiers[..at].iter().any(|earlier| earlier.contains(&other)) {
                    continue;
                }
                if rule.record.kind != StackingKind::FirstOnly
                    && !self.wins(memo, rule.record.kind, (other, at), (provision, own))?
                {
                    continue;
                }
                parts &= !self.parts_after(memo, other, index + 1)?.0;
                if parts == 0 {
                    return Ok((0, Why::Stacked(u16::try_from(index).unwrap_or(u16::MAX), other)));
                }
            }
        }
        Ok((parts, why))
    }

    /// Whether a provision of another tier takes the value from this one, by the height of their nominal rates; of equal
    /// ones the earlier tier stands. Looks at liveness, not at what stands, so that two tiers cannot wait for each other.
    fn wins(
        &self,
        memo: &mut Memo,
        kind: StackingKind,
        other: (ProvisionIx, usize),
        own: (ProvisionIx, usize),
    ) -> Step<bool> {
        let (theirs, ours) = (self.state(memo, other.0)?, self.state(memo, own.0)?);
        if !theirs.live {
            return Ok(false);
        }
        let height = |rate: &DutyRate| match rate {
            Rate99::Add(r)
            | Rate99::OfMetal(r, _)
            | Rate99::OfNonUs(r, _)
            | Rate99::Total(r, _)
            | Rate99::Specific(r, ..)
            | Rate99::InPlaceOfAll(r)
            | Rate99::InPlaceOfOrdinary(r) => r.0,
            _ => 0,
        };
        let (a, b) = (height(self.rate(other.0, &theirs)), height(self.rate(own.0, &ours)));
        Ok(match kind {
            StackingKind::HighestOnly => a > b || a == b && other.1 < own.1,
            _ => a < b || a == b && other.1 < own.1,
        })
    }

    fn prohibitions(&self, memo: &mut Memo, resolution: &mut Resolution) -> Step<()> {
        for (index, node) in self.law.timeline.prohibitions.iter().enumerate() {
            if !self.active.contains(self.law.prohibition_bit(index)) || self.flaw == Flaw::NoProhibition {
                continue;
            }
            let record = Record::Prohibition(u16::try_from(index).unwrap_or(u16::MAX));
            let outcome = self.conditions(memo, &self.law.prohibition_asks[index], &node.when, false)?;
            let (status, why) = outcome.unwrap_or((Status::Prohibited, Why::Holds));
            if status == Status::Prohibited {
                resolution.prohibited.get_or_insert(u16::try_from(index).unwrap_or(u16::MAX));
            }
            resolution.rows.push(Row { record, status, why, rate: None, kept: None, parts: 0 });
        }
        Ok(())
    }

    fn in_place(&self, resolution: &mut Resolution) {
        let node = |p: ProvisionIx| self.law.timeline.provision(p).record;
        let stands_for_all = |row: &Row| match (row.record, row.status, row.rate) {
            (Record::Provision(p), Status::Applied, Some(rate)) => {
                let rate = &node(p).rates[usize::from(rate)].rate;
                matches!(rate, Rate99::InPlaceOfAll(_) | Rate99::InPlaceOfAllEach(..)).then_some(p)
            }
            _ => None,
        };
        let Some(standing) = resolution.rows.iter().find_map(stands_for_all) else { return };
        resolution.in_place = Some(standing);
        if self.flaw == Flaw::InPlaceAdds {
            resolution.in_place = None;
            return;
        }
        for row in &mut resolution.rows {
            if row.status == Status::Applied && row.record != Record::Provision(standing) {
                row.status = Status::Displaced;
                row.why = Why::InPlace(standing);
                row.parts = 0;
            }
        }
    }

    /// Exceptions have rows of their own: those that free a part, those that hold beside another, those that were not claimed.
    fn exception_rows(&self, memo: &mut Memo, resolution: &mut Resolution) -> Step<()> {
        let first = self.law.timeline.provisions.len();
        let count = self.law.timeline.exceptions.len();
        for index in self.active.iter().filter(|&index| (first..first + count).contains(&index)) {
            let exception = ExceptionIx(u16::try_from(index - first).unwrap_or(u16::MAX));
            let node = self.law.timeline.exception(exception);
            let partial = node.record.spares.is_some();
            if !partial && !self.explain {
                continue;
            }
            if !node.of.iter().any(|&provision| self.is_active(provision)) {
                continue;
            }
            let asks = &self.law.exception_asks[usize::from(exception.0)];
            let (status, why) = match self.conditions(memo, asks, &node.when, true)? {
                Some(outcome) => outcome,
                None if partial => {
                    let freed = self.freed(memo, exception)?;
                    let from = node
                        .of
                        .iter()
                        .any(|&p| self.is_active(p) && memo.states[usize::from(p.0)].as_ref().is_some_and(|s| s.live));
                    if freed == 0 || !from {
                        (Status::NotInForce, Why::NotReached)
                    } else {
                        (Status::Exempt, Why::Frees(freed))
                    }
                }
                None => (Status::Exempt, Why::Holds),
            };
            resolution.rows.push(Row {
                record: Record::Exception(exception),
                status,
                why,
                rate: None,
                kept: None,
                parts: 0,
            });
        }
        Ok(())
    }

    /// Two provisions of one program that both stand and are not related.
    fn conflict(&self, resolution: &Resolution) -> Option<(ProvisionIx, ProvisionIx)> {
        let standing: Vec<ProvisionIx> = resolution
            .rows
            .iter()
            .filter(|row| row.status == Status::Applied)
            .filter_map(|row| if let Record::Provision(p) = row.record { Some(p) } else { None })
            .collect();
        for (at, &a) in standing.iter().enumerate() {
            for &b in &standing[at + 1..] {
                let (x, y) = (self.law.timeline.provision(a), self.law.timeline.provision(b));
                let adds = x.adds_to.contains(&b) || y.adds_to.contains(&a);
                let disjoint = {
                    let parts =
                        |p| resolution.rows.iter().find(|r| r.record == Record::Provision(p)).map_or(0, |r| r.parts);
                    parts(a) & parts(b) == 0
                };
                if x.program == y.program && !adds && !disjoint {
                    return Some((a, b));
                }
            }
        }
        None
    }
}
