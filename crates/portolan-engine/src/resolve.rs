//! What stands: `LEDGER.md`, section 3.6, for one set of records at one moment.
//!
//! Resolution asks atoms of an oracle and stops where an answer is missing; the caller supplies it and resolves again.
//! So a resolution depends on nothing but the moment, the records in scope and the answers, and can be kept.

mod stacking;

use portolan_ledger::Side;
use portolan_ledger::duty_rate::{DutyRate, Metal};
use portolan_ledger::line::Status;
use portolan_ledger::record::{FamilyId, Relation, Spares};
use portolan_ledger::timeline::{ExceptionIx, Moment, ProvisionIx, Target, Test, Timeline};
use smallvec::SmallVec;

use crate::bits::Bits;
use crate::facts::{AtomIx, Basis, Of, Question};
use crate::flaw::Flaw;
use crate::law::{Ask, Law};
use crate::money::single_metal;

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
    /// It asks for an ordinary rate that is not known.
    Unknowable,
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
    /// Families that cannot be computed.
    pub doubts: Vec<(FamilyId, Doubt)>,
}

/// Why a family cannot be computed, whatever its rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// A condition turns on an ordinary rate that is not known.
    Ordinary,
    /// A stacking rule compares duties that do not compare.
    Ranking,
}

impl Doubt {
    /// The reason in plain words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Ordinary => "the ordinary rate is not known",
            Self::Ranking => "the duties of a stacking rule do not compare",
        }
    }
}

/// Questions that resolution itself asks: whether nothing is left of a basis, and whether a total adds anything.
pub fn internal_questions(law: &Timeline<'_>) -> Vec<Question> {
    let mut found: Vec<Question> =
        (1..part::ALL).map(|parts| Question::Empty(Basis { parts, of: Of::Whole })).collect();
    found.extend(Metal::ALL.map(|metal| Question::Empty(Basis { parts: part::metal(metal), of: Of::Content })));
    let rates = law.provisions.iter().flat_map(|node| node.record.rates.iter().map(|record| &record.rate));
    let kept = law.provisions.iter().flat_map(|node| node.suspensions.iter().filter_map(|s| s.keeps.as_ref()));
    for rate in rates.chain(kept) {
        match rate {
            DutyRate::OfNonUs(_, cap) => {
                let of = |parts| Question::Empty(Basis { parts, of: Of::NonUs(*cap) });
                found.extend((1..=part::ALL).filter(|parts| parts & part::US == 0).map(of));
            }
            DutyRate::Total(total, over) => found.push(Question::Adds { over: *over, total: *total }),
            _ => {}
        }
    }
    found
}

/// Which parts a rate is assessed on.
fn own_parts(rate: &DutyRate, flaw: Flaw) -> Parts {
    match rate {
        DutyRate::OfMetal(_, metal) if flaw != Flaw::ContentOnWhole => part::metal(*metal),
        DutyRate::OfNonUs(..) => part::ALL & !part::US,
        _ => part::ALL,
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
    /// Its own parts, less those that exceptions spare.
    parts: Parts,
    /// A condition, of it or of an exception to it, turns on an ordinary rate that is not known.
    doubt: bool,
}

/// What lies over the rate of a provision.
pub(crate) enum Layer {
    /// The rate is owed if nothing else stands in its way.
    InForce,
    /// A suspension, by its index in the node, keeps another rate in its place.
    Kept(usize),
    /// A suspension and its term, by their indices, lie over it.
    Suspended(usize, usize),
    /// A suspension that does not resume has ended it.
    Terminated(usize),
}

/// The layer over a provision: of several suspensions that cover the moment the latest governs, as of rates.
pub(crate) fn layer(timeline: &Timeline<'_>, provision: ProvisionIx, moment: Moment, flaw: Flaw) -> Layer {
    let suspensions = &timeline.provision(provision).suspensions;
    let ended = suspensions.iter().position(|s| timeline.terminated(s, moment));
    if let Some(index) = ended.filter(|_| flaw != Flaw::NoTermination) {
        return Layer::Terminated(index);
    }
    let covering = timeline.suspension_over(suspensions, moment).filter(|_| flaw != Flaw::NoSuspension);
    let Some((index, term)) = covering else { return Layer::InForce };
    let kept = suspensions[index].keeps.as_ref().filter(|keeps| **keeps != DutyRate::Ended);
    if kept.is_some() && flaw != Flaw::KeptRateDropped {
        return Layer::Kept(index);
    }
    Layer::Suspended(index, suspensions[index].terms.iter().position(|t| std::ptr::eq(t, term)).unwrap_or(0))
}

/// The annulment that covers a provision at a moment, by its index in the node.
pub(crate) fn annulment(timeline: &Timeline<'_>, provision: ProvisionIx, moment: Moment, flaw: Flaw) -> Option<u16> {
    let node = timeline.provision(provision);
    if flaw == Flaw::NoAnnulment {
        return None;
    }
    let mut moment = moment;
    if flaw == Flaw::AnnulmentIgnoresView {
        moment.view = portolan_ledger::line::View::Owed;
    }
    let annulment = timeline.annulled(node, moment)?;
    let index = node.annulments.iter().position(|a| std::ptr::eq(*a, annulment))?;
    u16::try_from(index).ok()
}

/// One resolution.
pub struct Resolver<'a, 'l> {
    /// The law.
    pub law: &'a Law<'l>,
    /// Who levies.
    pub side: Side,
    /// The moment.
    pub moment: Moment,
    /// Records in scope and in force.
    pub active: &'a Bits,
    /// Complete the explanation too.
    pub explain: bool,
    /// For tests of the tests.
    pub flaw: Flaw,
}

/// For what conditions are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looking {
    /// Whether they hold.
    Deciding,
    /// Which ground against them weighs most.
    Weighing,
    /// To complete the explanation: what is unknown need not be decided.
    Explaining,
}

/// Whether all that a record asks holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holding {
    Yes,
    No,
    /// It turns on an ordinary rate that is not known.
    Unknowable,
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
    /// What stands in place of all others, once that is known.
    in_place: Option<Option<ProvisionIx>>,
    /// That is being worked out.
    placing: bool,
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
        self.in_place = None;
        self.placing = false;
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
        resolution.in_place = self.in_place(memo)?;
        let count = self.law.timeline.provisions.len();
        for index in self.active.iter().take_while(|&index| index < count) {
            let provision = ProvisionIx(u16::try_from(index).unwrap_or(u16::MAX));
            let (parts, why) = self.standing(memo, provision)?;
            let state = self.state(memo, provision)?;
            self.doubts(memo, provision, &state, &mut resolution)?;
            let (status, why) = match (state.live, parts) {
                (false, _) => (state.status, state.why),
                (true, 0) => (Status::Displaced, why),
                (true, _) => (Status::Applied, why),
            };
            resolution.rows.push(Row {
                record: Record::Provision(provision),
                status,
                why,
                rate: state.rate,
                kept: state.kept,
                parts,
            });
        }
        self.exception_rows(memo, &mut resolution)?;
        resolution.conflict = self.conflict(&resolution);
        Ok(resolution)
    }

    /// Notes what keeps the family of a provision from being computed.
    fn doubts(&self, memo: &mut Memo, provision: ProvisionIx, state: &State, resolution: &mut Resolution) -> Step<()> {
        let family = self.law.timeline.program(self.law.timeline.provision(provision).program).family;
        let mut note = |doubt| {
            if !resolution.doubts.contains(&(family, doubt)) {
                resolution.doubts.push((family, doubt));
            }
        };
        if state.doubt {
            note(Doubt::Ordinary);
        }
        if state.live && self.cannot_rank(memo, provision)? {
            note(Doubt::Ranking);
        }
        Ok(())
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
    fn conditions(
        &self,
        memo: &mut Memo,
        asks: &[Ask],
        tests: &[Test<'_>],
        looking: Looking,
    ) -> Step<Option<(Status, Why)>> {
        let mut missing: Option<Why> = None;
        let mut unknowable: Option<Why> = None;
        let asks = if self.flaw == Flaw::FirstConditionOnly { &asks[..asks.len().min(1)] } else { asks };
        for ask in asks {
            match *ask {
                Ask::Atom(atom) => {
                    match self.reply(memo, Open { atom, soft: looking == Looking::Explaining || missing.is_some() })? {
                        Reply::Yes => {}
                        Reply::No => return Ok(Some((Status::NotInForce, Why::Condition(atom)))),
                        Reply::NotStated | Reply::Skipped => {
                            missing.get_or_insert(Why::Condition(atom));
                        }
                        Reply::Unknowable => {
                            unknowable.get_or_insert(Why::Condition(atom));
                        }
                    }
                }
                Ask::Provisions(index) => {
                    let Test::Provisions(relation, targets) = &tests[index] else { continue };
                    // What was not claimed does not hold either way; a provision's status says what weighs more.
                    let decides = missing.is_none() || looking == Looking::Weighing;
                    if decides && !self.relation(memo, *relation, targets)? {
                        return Ok(Some((Status::NotInForce, Why::Provisions)));
                    }
                }
            }
        }
        // What cannot be told has the status of what needs input, until its family is said to be beyond computing.
        let missing = missing.map(|why| (Status::NotClaimed, why));
        Ok(missing.or(unknowable.map(|why| (Status::NeedsInput, why))))
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
        Ok(self.exception(memo, exception)? == Holding::Yes)
    }

    /// Whether all that an exception asks holds.
    fn exception(&self, memo: &mut Memo, exception: ExceptionIx) -> Step<Holding> {
        // As with provisions: a cycle gets an answer, not a hang.
        if !self.active.contains(self.law.exception_bit(exception)) || memo.excepting.contains(&exception) {
            return Ok(Holding::No);
        }
        let node = self.law.timeline.exception(exception);
        let asks = &self.law.exception_asks[usize::from(exception.0)];
        memo.excepting.push(exception);
        let failed = self.conditions(memo, asks, &node.when, Looking::Deciding);
        memo.excepting.pop();
        Ok(match failed? {
            None => Holding::Yes,
            Some((Status::NeedsInput, _)) => Holding::Unknowable,
            Some(_) => Holding::No,
        })
    }

    /// Owed, more than zero.
    fn owing(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<bool> {
        if !self.is_active(provision) {
            return Ok(false);
        }
        let (parts, _) = self.standing(memo, provision)?;
        let state = self.state(memo, provision)?;
        if !state.live || parts == 0 {
            return Ok(false);
        }
        if self.flaw == Flaw::OwingAtZero {
            return Ok(true);
        }
        let rate = self.rate(provision, &state);
        if !rate.is_more_than_zero() || self.is_empty(memo, rate, parts)? {
            return Ok(false);
        }
        let DutyRate::Total(total, over) = *rate else { return Ok(true) };
        self.holds(memo, &Question::Adds { over, total })
    }

    /// Whether nothing of the value lies in the parts that are left of a rate's own.
    fn is_empty(&self, memo: &mut Memo, rate: &DutyRate, parts: Parts) -> Step<bool> {
        let of = match rate {
            DutyRate::OfNonUs(_, cap) => Of::NonUs(*cap),
            _ => Of::Whole,
        };
        if parts == 0 || parts == part::ALL {
            return Ok(parts == 0);
        }
        if matches!(rate, DutyRate::OfMetal(..)) && single_metal(parts).is_some() {
            return self.holds(memo, &Question::Empty(Basis { parts, of: Of::Content }));
        }
        self.holds(memo, &Question::Empty(Basis { parts, of }))
    }

    fn holds(&self, memo: &mut Memo, question: &Question) -> Step<bool> {
        let Some(atom) = self.law.facts.atom_of(question) else { return Ok(false) };
        Ok(self.reply(memo, Open { atom, soft: false })? == Reply::Yes)
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
            return Ok(State {
                status: Status::NotInForce,
                why: Why::Provisions,
                rate: None,
                kept: None,
                live: false,
                parts: 0,
                doubt: false,
            });
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
        let not = |status, why| State { status, why, rate, kept: None, live: false, parts: 0, doubt: false };
        let short = |index: usize| u16::try_from(index).unwrap_or(u16::MAX);
        let layer = layer(timeline, provision, self.moment, self.flaw);
        if let Layer::Terminated(index) = layer {
            return Ok(not(Status::NotInForce, Why::Terminated(short(index))));
        }
        let asks = &self.law.provision_asks[usize::from(provision.0)];
        if let Some((status, why)) = self.conditions(memo, asks, &node.when, Looking::Weighing)? {
            return Ok(State { doubt: status == Status::NeedsInput, ..not(status, why) });
        }
        if let Some(index) = annulment(timeline, provision, self.moment, self.flaw) {
            return Ok(not(Status::Annulled, Why::Annulled(index)));
        }
        let kept = match layer {
            Layer::Suspended(index, term) => {
                return Ok(not(Status::Suspended, Why::Suspended(short(index), short(term))));
            }
            Layer::Kept(index) => Some(short(index)),
            Layer::InForce | Layer::Terminated(_) => None,
        };
        let live = State { kept, live: true, ..not(Status::Applied, Why::Owed) };
        self.except(memo, provision, live)
    }

    /// What exceptions leave of a provision that is live but for them.
    fn except(&self, memo: &mut Memo, provision: ProvisionIx, live: State) -> Step<State> {
        let timeline = &self.law.timeline;
        let exceptions = &timeline.provision(provision).exceptions;
        let (partial, whole): (Vec<_>, Vec<_>) =
            exceptions.iter().copied().partition(|&e| timeline.exception(e).record.spares.is_some());
        let mut doubt = false;
        let exempt = |why| State { status: Status::Exempt, why, live: false, parts: 0, doubt: false, ..live.clone() };
        for exception in whole.into_iter().filter(|_| self.flaw != Flaw::NoException) {
            match self.exception(memo, exception)? {
                Holding::Yes => return Ok(exempt(Why::Excepted(exception))),
                Holding::Unknowable => doubt = true,
                Holding::No => {}
            }
        }
        let rate = self.rate(provision, &live);
        let own = own_parts(rate, self.flaw);
        let mut parts = own;
        let mut first = None;
        for exception in partial {
            doubt |= self.exception(memo, exception)? == Holding::Unknowable;
            let freed = self.freed(memo, exception)?;
            if freed & own != 0 {
                parts &= !freed;
                first = first.or(Some(exception));
            }
        }
        if let Some(exception) = first
            && self.is_empty(memo, rate, parts)?
        {
            return Ok(exempt(Why::Spared(exception)));
        }
        Ok(State { parts, doubt, ..live })
    }

    /// The parts of the value that a provision is assessed on; none where it does not stand.
    fn standing(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<(Parts, Why)> {
        let (parts, why) = self.standing_by_rules(memo, provision)?;
        if parts == 0 {
            return Ok((parts, why));
        }
        match self.in_place(memo)? {
            Some(other) if other != provision => Ok((0, Why::InPlace(other))),
            _ => Ok((parts, why)),
        }
    }

    /// The same, whatever stands in place of all.
    fn standing_by_rules(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<(Parts, Why)> {
        let (parts, why) = self.parts_after(memo, provision, self.law.timeline.rules.len())?;
        // A content of zero is a part too: it is displaced where another tier stands on it, else owed on nothing.
        if let Why::Stacked(..) = why {
            let state = self.state(memo, provision)?;
            if self.is_empty(memo, self.rate(provision, &state), parts)? {
                return Ok((0, why));
            }
            return Ok((parts, Why::Owed));
        }
        Ok((parts, why))
    }

    /// The provision that stands in place of all others, if one does.
    fn in_place(&self, memo: &mut Memo) -> Step<Option<ProvisionIx>> {
        if let Some(known) = memo.in_place {
            return Ok(known);
        }
        if memo.placing || self.flaw == Flaw::InPlaceAdds {
            return Ok(None);
        }
        memo.placing = true;
        let found = self.find_in_place(memo);
        memo.placing = false;
        memo.in_place = found.ok();
        found
    }

    fn find_in_place(&self, memo: &mut Memo) -> Step<Option<ProvisionIx>> {
        for &provision in &self.law.in_place {
            if !self.is_active(provision) {
                continue;
            }
            let state = self.state(memo, provision)?;
            let of_all =
                matches!(self.rate(provision, &state), DutyRate::InPlaceOfAll(_) | DutyRate::InPlaceOfAllEach(..));
            if of_all && state.live && self.standing_by_rules(memo, provision)?.0 != 0 {
                return Ok(Some(provision));
            }
        }
        Ok(None)
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
        for &special in &self.law.timeline.provision(provision).yields_to {
            if self.is_active(special) && self.flaw != Flaw::NoYielding {
                let other = self.state(memo, special)?;
                let displaces =
                    other.live || self.flaw == Flaw::SuspendedSpecialDisplaces && other.status == Status::Suspended;
                if displaces {
                    return Ok((0, Why::Yields(special)));
                }
            }
        }
        Ok((state.parts, state.why))
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
                        freed |= self.standing(memo, spared)?.0;
                    }
                }
                Ok(freed)
            }
        }
    }

    fn prohibitions(&self, memo: &mut Memo, resolution: &mut Resolution) -> Step<()> {
        for (index, node) in self.law.timeline.prohibitions.iter().enumerate() {
            if !self.active.contains(self.law.prohibition_bit(index)) || self.flaw == Flaw::NoProhibition {
                continue;
            }
            let record = Record::Prohibition(u16::try_from(index).unwrap_or(u16::MAX));
            let outcome = self.conditions(memo, &self.law.prohibition_asks[index], &node.when, Looking::Deciding)?;
            let (status, why) = outcome.unwrap_or((Status::Prohibited, Why::Holds));
            if status == Status::NeedsInput {
                resolution.doubts.push((self.law.timeline.program(node.program).family, Doubt::Ordinary));
            }
            if status == Status::Prohibited {
                resolution.prohibited.get_or_insert(u16::try_from(index).unwrap_or(u16::MAX));
            }
            resolution.rows.push(Row { record, status, why, rate: None, kept: None, parts: 0 });
        }
        Ok(())
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
            let (status, why) = match self.conditions(memo, asks, &node.when, Looking::Explaining)? {
                Some(outcome) => outcome,
                None if partial => {
                    let freed = self.freed(memo, exception)?;
                    let spared = |state: &State| state.live || state.why == Why::Spared(exception);
                    let from = node
                        .of
                        .iter()
                        .any(|&p| self.is_active(p) && memo.states[usize::from(p.0)].as_ref().is_some_and(spared));
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
        let standing: SmallVec<[(ProvisionIx, Parts); 16]> = resolution
            .rows
            .iter()
            .filter(|row| row.status == Status::Applied)
            .filter_map(|row| if let Record::Provision(p) = row.record { Some((p, row.parts)) } else { None })
            .collect();
        let law = self.law;
        for (at, &(a, parts)) in standing.iter().enumerate() {
            for &(b, others) in &standing[at + 1..] {
                let (x, y) = (law.timeline.provision(a), law.timeline.provision(b));
                let related =
                    || x.adds_to.contains(&b) || y.adds_to.contains(&a) || law.gives_way(a, b) || law.gives_way(b, a);
                if x.program == y.program && parts & others != 0 && !related() {
                    return Some((a, b));
                }
            }
        }
        None
    }
}
