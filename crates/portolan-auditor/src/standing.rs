//! What stands (`LEDGER.md`, section 3.6), for one frame and one setting of the facts.
//!
//! Every question is asked again from the page and remembered: does it reach, is it excepted, is it live, does it
//! yield, what is left of its parts after the rules, does it stand. A question that comes back to itself is a fault.

use portolan_ledger::DutyRate;
use portolan_ledger::record::{Condition, Relation, Spares, StackingKind};

use crate::condition::{Truth, holds};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::frame::{Considered, Frame, Rule};
use crate::index::{Targets, When};
use crate::law::Layer;
use crate::parts::{PARTS, PartSet, Value, effective, plain_share};

/// An answer that is remembered.
#[derive(Clone, Copy)]
enum Slot<T> {
    Empty,
    Asked,
    Known(T),
}

/// What exceptions leave of a provision.
#[derive(Clone, Copy)]
pub(crate) struct Excepted {
    /// The exception that frees the line of it, as its place in the frame.
    pub wholly: Option<usize>,
    /// Parts of its own that are spared.
    pub taken: PartSet,
    /// An exception turns on an ordinary rate that is not known.
    pub in_doubt: bool,
}

pub(crate) struct Standing<'f, 'a, 'l> {
    pub frame: &'f Frame<'a, 'l>,
    pub facts: &'f Facts,
    pub value: &'f Value,
    reach: Vec<Slot<Truth>>,
    excepted: Vec<Slot<Excepted>>,
    exception: Vec<Slot<Truth>>,
    /// By number of rules and provision: parts left after those rules; none for what takes no part in stacking.
    left: Vec<Slot<Option<PartSet>>>,
    stands: Vec<Slot<bool>>,
}

/// Asks a question once: remembered answers are given again, a question within itself is a cycle.
macro_rules! once {
    ($self:ident, $slots:ident, $place:ident, $compute:expr) => {{
        match $self.$slots[$place] {
            Slot::Known(answer) => Ok(answer),
            Slot::Asked => Err($self.cycle($place)),
            Slot::Empty => {
                $self.$slots[$place] = Slot::Asked;
                let answer = $compute?;
                $self.$slots[$place] = Slot::Known(answer);
                Ok(answer)
            }
        }
    }};
}

impl<'f, 'a, 'l> Standing<'f, 'a, 'l> {
    pub fn new(frame: &'f Frame<'a, 'l>, facts: &'f Facts, value: &'f Value) -> Self {
        let count = frame.provisions.len();
        Self {
            frame,
            facts,
            value,
            reach: vec![Slot::Empty; count],
            excepted: vec![Slot::Empty; count],
            exception: vec![Slot::Empty; frame.exceptions.len()],
            left: vec![Slot::Empty; count * (frame.rules.len() + 1)],
            stands: vec![Slot::Empty; count],
        }
    }

    fn cycle(&self, slot: usize) -> Fault {
        let place = slot % self.frame.provisions.len().max(1);
        let entry = self.frame.provisions.get(place).map(|p| p.entry);
        Fault::Cycle(entry.map_or_else(String::new, |entry| format!("{}/{}", entry.program.id, entry.record.id)))
    }

    fn provision(&self, place: usize) -> &'f Considered<'a, 'l> {
        &self.frame.provisions[place]
    }

    /// A conjunction.
    pub fn all_hold(&mut self, when: &When<'_>) -> Result<Truth, Fault> {
        let mut verdict = Truth::Yes;
        for (condition, targets) in when.conditions.iter().zip(&when.targets) {
            let truth = match (holds(condition, self.frame, self.facts), condition) {
                (Some(truth), _) => truth,
                (None, Condition::Provisions { relation, .. }) => self.looks_at(*relation, targets)?.into(),
                (None, _) => Truth::CannotTell,
            };
            verdict = verdict.and(truth);
        }
        Ok(verdict)
    }

    fn looks_at(&mut self, relation: Relation, targets: &Targets) -> Result<bool, Fault> {
        let owing = relation == Relation::Owing;
        let mut found = false;
        for place in self.frame.places(&targets.provisions) {
            found |= if owing { self.owes(place)? } else { self.live(place)? };
        }
        if !owing {
            for exception in &targets.exceptions {
                if let Some(place) = self.frame.exception_place[*exception] {
                    found |= self.exception_live(place)?;
                }
            }
        }
        Ok(found != (relation == Relation::NotSubjectTo))
    }

    /// Whether the conditions of a provision hold.
    pub fn conditions(&mut self, place: usize) -> Result<Truth, Fault> {
        let when = &self.provision(place).entry.when;
        once!(self, reach, place, self.all_hold(when))
    }

    /// Whether the conditions of an exception hold, whose origins and lists already do.
    pub fn exception_conditions(&mut self, place: usize) -> Result<Truth, Fault> {
        let when = &self.frame.exceptions[place].entry.when;
        once!(self, exception, place, self.all_hold(when))
    }

    fn exception_live(&mut self, place: usize) -> Result<bool, Fault> {
        Ok(self.frame.exceptions[place].in_force && self.exception_conditions(place)? == Truth::Yes)
    }

    pub fn excepted(&mut self, place: usize) -> Result<Excepted, Fault> {
        once!(self, excepted, place, self.find_excepted(place))
    }

    fn find_excepted(&mut self, place: usize) -> Result<Excepted, Fault> {
        let provision = self.provision(place);
        let own = match provision.layer {
            Layer::InForce(rate) => PartSet::of(rate),
            _ => PartSet::NONE,
        };
        let mut found = Excepted { wholly: None, taken: PartSet::NONE, in_doubt: false };
        let mut sparing = None;
        for &exception in &provision.exceptions {
            match self.exception_conditions(exception)? {
                Truth::Yes => {}
                Truth::CannotTell => {
                    found.in_doubt = true;
                    continue;
                }
                Truth::No | Truth::NotClaimed => continue,
            }
            match &self.frame.exceptions[exception].entry.record.spares {
                None => found.wholly = found.wholly.or(Some(exception)),
                Some(spares) => {
                    let freed = self.freed(exception, spares)?.and(own);
                    if !freed.is_empty() {
                        sparing = sparing.or(Some(exception));
                        found.taken = found.taken.or(freed);
                    }
                }
            }
        }
        if let (Layer::InForce(rate), None, false) = (provision.layer, found.wholly, found.taken.is_empty())
            && (own.without(found.taken).is_empty() || self.value.basis(rate, found.taken)?.0.0 == 0)
        {
            found.wholly = sparing;
        }
        Ok(found)
    }

    fn freed(&mut self, exception: usize, spares: &Spares) -> Result<PartSet, Fault> {
        match spares {
            Spares::UsContent => return Ok(PartSet::us()),
            Spares::OutsideProcessing => return Ok(PartSet::outside_processing()),
            Spares::AssessedBy(_) => {}
        }
        let mut parts = PartSet::NONE;
        for &place in &self.frame.exceptions[exception].spared_by {
            if self.stands(place)? {
                parts = parts.or(self.left(place)?.unwrap_or_default());
            }
        }
        Ok(parts)
    }

    /// Whether an exception that holds exempts something: a provision that would be live without its exceptions, and
    /// that no exception before it in the file frees of all.
    pub fn exempts(&mut self, exception: usize) -> Result<bool, Fault> {
        for place in 0..self.frame.provisions.len() {
            let provision = self.provision(place);
            let Layer::InForce(rate) = provision.layer else {
                continue;
            };
            if provision.annulled || !provision.exceptions.contains(&exception) || self.conditions(place)? != Truth::Yes
            {
                continue;
            }
            let wholly = self.excepted(place)?.wholly;
            if wholly == Some(exception) {
                return Ok(true);
            }
            if let Some(spares) = &self.frame.exceptions[exception].entry.record.spares
                && wholly.is_none()
            {
                let freed = self.freed(exception, spares)?.and(PartSet::of(rate));
                if !self.value.is_nothing(freed) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Reaches, is not annulled, not suspended (or a rate is kept), not wholly excepted.
    pub fn live(&mut self, place: usize) -> Result<bool, Fault> {
        let provision = self.provision(place);
        Ok(matches!(provision.layer, Layer::InForce(_))
            && !provision.annulled
            && self.conditions(place)? == Truth::Yes
            && self.excepted(place)?.wholly.is_none())
    }

    pub fn yields(&mut self, place: usize) -> Result<bool, Fault> {
        for &other in &self.provision(place).yields_to {
            if self.live(other)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The parts left to a live provision that does not yield, after all rules.
    pub fn left(&mut self, place: usize) -> Result<Option<PartSet>, Fault> {
        self.left_after(place, self.frame.rules.len())
    }

    /// The same after the first `rules` rules, each read on what the ones before it leave.
    fn left_after(&mut self, place: usize, rules: usize) -> Result<Option<PartSet>, Fault> {
        let slot = rules * self.frame.provisions.len() + place;
        once!(self, left, slot, self.find_left(place, rules))
    }

    fn find_left(&mut self, place: usize, rules: usize) -> Result<Option<PartSet>, Fault> {
        let Some(last) = rules.checked_sub(1) else {
            let Layer::InForce(rate) = self.provision(place).layer else {
                return Ok(None);
            };
            if !self.live(place)? || self.yields(place)? {
                return Ok(None);
            }
            let taken = self.excepted(place)?.taken;
            return Ok(Some(PartSet::of(rate).without(taken)));
        };
        let Some(parts) = self.left_after(place, last)? else {
            return Ok(None);
        };
        let rule = &self.frame.rules[last];
        let Some(own) = rule.tiers.iter().position(|tier| tier.contains(&place)) else {
            return Ok(Some(parts));
        };
        let mut kept = PartSet::NONE;
        for part in parts.iter() {
            if self.tier_on(last, part)? == Some(own) {
                kept = kept.with(part);
            }
        }
        Ok(Some(kept))
    }

    /// The tier of a rule that stands on a part.
    fn tier_on(&mut self, rule: usize, part: usize) -> Result<Option<usize>, Fault> {
        let kind = self.frame.rules[rule].kind;
        let mut best: Option<(usize, i128)> = None;
        for (tier, duty) in self.tiers_on(rule, part)? {
            // Rates that are not ad valorem do not compare; `cannot_rank` says so of their families.
            let duty = duty.unwrap_or(0);
            let better = match (kind, best) {
                (_, None) => true,
                (StackingKind::FirstOnly, Some(_)) => false,
                (StackingKind::HighestOnly, Some((_, most))) => duty > most,
                (StackingKind::LowestOnly, Some((_, least))) => duty < least,
            };
            if better {
                best = Some((tier, duty));
            }
        }
        Ok(best.map(|(tier, _)| tier))
    }

    /// The tiers that stand on a part before this rule, each with the sum of its rates there where they compare.
    fn tiers_on(&mut self, rule: usize, part: usize) -> Result<Vec<(usize, Option<i128>)>, Fault> {
        let frame = self.frame;
        let tiers = &frame.rules[rule].tiers;
        let mut found = Vec::new();
        for (index, tier) in tiers.iter().enumerate() {
            if frame.rules[rule].kind == StackingKind::FirstOnly && !found.is_empty() {
                // What comes after the first that stands is not asked: it may turn on this very question.
                break;
            }
            let mut duty = Some(0);
            let mut any = false;
            for &member in tier {
                // What an earlier tier names too counts there.
                let earlier = tiers[..index].iter().any(|tier| tier.contains(&member));
                let left = self.left_after(member, rule)?;
                if earlier || !left.is_some_and(|left| left.has(part)) {
                    continue;
                }
                any = true;
                let rate = self.rate_in_force(member);
                let rate = rate.and_then(plain_share);
                duty = duty.zip(rate).map(|(sum, rate)| sum + i128::from(rate.0));
            }
            if any {
                found.push((index, duty));
            }
        }
        Ok(found)
    }

    /// Whether a rule had to compare rates that do not compare to place this provision.
    pub fn cannot_rank(&mut self, place: usize) -> Result<bool, Fault> {
        for rule in 0..self.frame.rules.len() {
            let Rule { kind, tiers } = &self.frame.rules[rule];
            let member = tiers.iter().any(|tier| tier.contains(&place));
            if *kind == StackingKind::FirstOnly || !member {
                continue;
            }
            for part in 0..PARTS {
                let left = self.left_after(place, rule)?;
                if !left.is_some_and(|left| left.has(part)) {
                    continue;
                }
                let tiers = self.tiers_on(rule, part)?;
                if tiers.len() > 1 && tiers.iter().any(|(_, duty)| duty.is_none()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    pub fn rate_in_force(&self, place: usize) -> Option<&'l DutyRate> {
        match self.provision(place).layer {
            Layer::InForce(rate) => Some(rate),
            _ => None,
        }
    }

    /// Live, does not yield, and a rule has not taken all of it.
    fn stands_by_rules(&mut self, place: usize) -> Result<bool, Fault> {
        let Some(left) = self.left(place)? else {
            return Ok(false);
        };
        // A content of zero is a part too: it is displaced where an earlier tier stands on it, else owed on nothing.
        let before = self.left_after(place, 0)?.unwrap_or_default();
        let Some(rate) = self.rate_in_force(place).filter(|_| left != before) else {
            return Ok(true);
        };
        Ok(!left.is_empty() && self.value.basis(rate, PartSet::of(rate).without(left))?.0.0 > 0)
    }

    /// The provision that stands in place of all, if one does.
    pub fn in_place_of_all(&mut self) -> Result<Option<usize>, Fault> {
        for place in 0..self.frame.provisions.len() {
            if self.is_in_place_of_all(place) && self.stands_by_rules(place)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    fn is_in_place_of_all(&self, place: usize) -> bool {
        matches!(self.rate_in_force(place), Some(DutyRate::InPlaceOfAll(_) | DutyRate::InPlaceOfAllEach(..)))
    }

    /// Whether a provision stands whose rate is that of the ordinary duty in place of the schedule's.
    pub fn in_place_of_ordinary(&mut self) -> Result<bool, Fault> {
        for place in 0..self.frame.provisions.len() {
            let replaces = matches!(self.rate_in_force(place), Some(DutyRate::InPlaceOfOrdinary(_)));
            if replaces && self.stands(place)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the provision is owed on its basis.
    pub fn stands(&mut self, place: usize) -> Result<bool, Fault> {
        once!(self, stands, place, self.find_stands(place))
    }

    fn find_stands(&mut self, place: usize) -> Result<bool, Fault> {
        Ok(self.stands_by_rules(place)? && (self.is_in_place_of_all(place) || self.in_place_of_all()?.is_none()))
    }

    /// The parts of its own that exceptions and rules took.
    pub fn taken(&mut self, place: usize) -> Result<PartSet, Fault> {
        let own = self.rate_in_force(place);
        let own = own.map_or(PartSet::NONE, PartSet::of);
        Ok(own.without(self.left(place)?.unwrap_or_default()))
    }

    /// Stands, and what it adds to its basis is more than zero, and the basis is not zero.
    fn owes(&mut self, place: usize) -> Result<bool, Fault> {
        if !self.stands(place)? {
            return Ok(false);
        }
        let Some(rate) = self.rate_in_force(place) else {
            return Ok(false);
        };
        let taken = self.taken(place)?;
        let (share, _) = self.value.basis(rate, taken)?;
        let adds = match effective(rate, self.frame.base.as_ref()) {
            Some(rate) => rate.0 > 0,
            None => rate.is_more_than_zero(),
        };
        Ok(share.0 > 0 && adds)
    }
}
