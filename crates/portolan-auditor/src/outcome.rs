//! The rows of one fully stated setting: statuses, bases, duties.

use portolan_ledger::line::Status;
use portolan_ledger::number::div_half_up;
use portolan_ledger::record::FamilyId;
use portolan_ledger::{Cents, DutyRate};

use crate::answer::{Points, RowKind};
use crate::base::OrdinaryRate;
use crate::condition::Truth;
use crate::facts::Facts;
use crate::fault::Fault;
use crate::frame::Frame;
use crate::parts::{Duty, PartSet, Value, effective};
use crate::standing::Standing;

/// What is owed in one setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owed {
    /// It counts as the ordinary duty.
    pub ordinary: bool,
    pub share: Points,
    pub basis: Option<Cents>,
    pub points: Option<Points>,
    pub duty: Option<Duty>,
}

/// A row in one setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub kind: RowKind,
    /// Index of the record in the auditor.
    pub index: usize,
    pub status: Status,
    /// The exception that exempts, in the auditor.
    pub exempted_by: Option<usize>,
    pub owed: Option<Owed>,
}

/// Why a family cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// None: the ordinary duty.
    pub family: Option<FamilyId>,
    pub reason: String,
}

/// Everything that one setting gives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    /// All rows but those of exceptions.
    pub rows: Vec<Line>,
    pub exceptions: Vec<Line>,
    pub obstacles: Vec<Obstacle>,
    pub prohibited: bool,
    /// The value that duties are assessed on.
    pub whole: Option<Cents>,
}

impl Outcome {
    pub fn of(frame: &Frame<'_, '_>, facts: &Facts) -> Result<Self, Fault> {
        let value = Value::new(facts, frame.line.value, frame.grain)?;
        let mut standing = Standing::new(frame, facts, &value);
        let mut outcome = Self { whole: value.whole, ..Self::default() };
        for place in 0..frame.provisions.len() {
            outcome.add_provision(&mut standing, place)?;
        }
        related(&mut standing)?;
        outcome.add_ordinary(&mut standing)?;
        for place in 0..frame.exceptions.len() {
            outcome.add_exception(&mut standing, place)?;
        }
        for &(index, prohibition) in &frame.prohibitions {
            match standing.all_hold(&prohibition.when)? {
                Truth::Yes => outcome.prohibit(index),
                Truth::CannotTell => {
                    outcome.obstacle(Some(prohibition.program.family), ORDINARY_NOT_KNOWN);
                }
                Truth::No | Truth::NotClaimed => {}
            }
        }
        if outcome.prohibited {
            // No duty makes the entry lawful, so none is given.
            outcome.rows.iter_mut().for_each(|row| row.owed = None);
            outcome.obstacles.clear();
        }
        Ok(outcome)
    }

    /// All rows.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.rows.iter().chain(&self.exceptions)
    }

    fn prohibit(&mut self, index: usize) {
        self.prohibited = true;
        self.rows.push(Line {
            kind: RowKind::Prohibition,
            index,
            status: Status::Prohibited,
            exempted_by: None,
            owed: None,
        });
    }

    fn obstacle(&mut self, family: Option<FamilyId>, reason: &str) {
        let obstacle = Obstacle { family, reason: reason.to_owned() };
        if !self.obstacles.contains(&obstacle) {
            self.obstacles.push(obstacle);
        }
    }

    fn add_provision(&mut self, standing: &mut Standing<'_, '_, '_>, place: usize) -> Result<(), Fault> {
        let provision = &standing.frame.provisions[place];
        let family = Some(provision.entry.program.family);
        let mut row = Line {
            kind: RowKind::Provision,
            index: provision.index,
            status: Status::NotInForce,
            exempted_by: None,
            owed: None,
        };
        if provision.rate().is_some() {
            let conditions = standing.conditions(place)?;
            row.status = match conditions {
                Truth::Yes => status(standing, place, &mut row.exempted_by)?,
                Truth::No => Status::NotInForce,
                Truth::NotClaimed => Status::NotClaimed,
                Truth::CannotTell => {
                    self.obstacle(family, ORDINARY_NOT_KNOWN);
                    Status::NotInForce
                }
            };
            let in_play =
                !matches!(row.status, Status::NotInForce | Status::NotClaimed | Status::Annulled | Status::Suspended);
            if in_play && row.status != Status::Exempt && standing.excepted(place)?.in_doubt {
                self.obstacle(family, ORDINARY_NOT_KNOWN);
            }
            if in_play && row.status != Status::Exempt && standing.cannot_rank(place)? {
                self.obstacle(family, NOT_RANKED);
            }
        }
        if matches!(row.status, Status::Applied | Status::BeyondHorizon)
            && let Some(rate) = standing.rate_in_force(place)
        {
            let taken = standing.taken(place)?;
            row.owed = Some(self.owed(standing, family, rate, taken)?);
        }
        self.rows.push(row);
        Ok(())
    }

    fn owed(
        &mut self,
        standing: &Standing<'_, '_, '_>,
        family: Option<FamilyId>,
        rate: &DutyRate,
        taken: PartSet,
    ) -> Result<Owed, Fault> {
        let base = standing.frame.base.as_ref();
        let (share, basis) = standing.value.basis(rate, taken)?;
        let points = effective(rate, base).map(|rate| share.times(rate));
        let duty = match basis {
            Some(basis) => standing.value.duty(rate, basis, base, standing.facts)?,
            None => None,
        };
        let unknown = match rate {
            DutyRate::Total(_, over) => {
                let topped = base.map(|b| crate::parts::topped_up(b, *over));
                let known = topped.is_some_and(|rate| !matches!(rate, OrdinaryRate::Unknown(_)));
                // A share of a part of the article is no obstacle until money is asked for.
                let of_a_part = basis.is_some() && topped.is_some_and(OrdinaryRate::takes_of_a_part);
                (!known || of_a_part).then_some(ORDINARY_NOT_KNOWN)
            }
            DutyRate::Unknown => Some(RATE_NOT_KNOWN),
            _ => None,
        };
        if let Some(reason) = unknown {
            // What cannot be computed is the same on any basis.
            self.obstacle(family, reason);
            return Ok(Owed { ordinary: false, share: Points::ZERO, basis: None, points: None, duty: None });
        }
        let ordinary = matches!(rate, DutyRate::InPlaceOfOrdinary(_));
        Ok(Owed { ordinary, share, basis, points, duty })
    }

    /// The ordinary duty has a row wherever a schedule or the line gives a rate.
    fn add_ordinary(&mut self, standing: &mut Standing<'_, '_, '_>) -> Result<(), Fault> {
        let Some(base) = &standing.frame.base else {
            return Ok(());
        };
        let mut row =
            Line { kind: RowKind::Ordinary, index: 0, status: Status::Displaced, exempted_by: None, owed: None };
        if standing.in_place_of_all()?.is_none() && !standing.in_place_of_ordinary()? {
            let value = standing.value;
            row.status = Status::Applied;
            if let OrdinaryRate::Unknown(reason) = &base.applicable {
                self.obstacle(None, reason);
            }
            if value.whole.is_some() && base.applicable.takes_of_a_part() {
                self.obstacle(None, PART_NOT_KNOWN);
            }
            let duty = match value.whole {
                Some(whole) => value.ordinary(&base.applicable, whole, standing.facts)?,
                None => None,
            };
            let rate = base.applicable.ad_valorem();
            row.owed = Some(Owed {
                ordinary: true,
                share: Points::WHOLE,
                basis: value.whole,
                points: rate.map(|rate| Points::WHOLE.times(rate)),
                duty,
            });
        }
        self.rows.push(row);
        Ok(())
    }

    fn add_exception(&mut self, standing: &mut Standing<'_, '_, '_>, place: usize) -> Result<(), Fault> {
        let exception = &standing.frame.exceptions[place];
        if !exception.is_row {
            return Ok(());
        }
        let status = if exception.in_force {
            match standing.exception_conditions(place)? {
                Truth::Yes if standing.exempts(place)? => Status::Exempt,
                Truth::NotClaimed => Status::NotClaimed,
                Truth::Yes | Truth::No | Truth::CannotTell => Status::NotInForce,
            }
        } else {
            Status::NotInForce
        };
        self.exceptions.push(Line {
            kind: RowKind::Exception,
            index: exception.index,
            status,
            exempted_by: None,
            owed: None,
        });
        Ok(())
    }

    /// The whole bill as a number to compare settings by: its share of the value, what is not a share of it put as one.
    pub fn bill(&self) -> i128 {
        let whole = self.whole.map_or(1, |whole| i128::from(whole.0.max(1)));
        let owed = self.rows.iter().filter_map(|row| row.owed);
        owed.map(|owed| match (owed.points, owed.duty) {
            (Some(points), _) => points.0,
            (None, Some(Duty::Cents(cents))) => div_half_up(i128::from(cents).saturating_mul(Points::WHOLE.0), whole),
            (None, Some(Duty::Unbounded)) => i128::MAX / 4,
            (None, None) => 0,
        })
        .fold(0, i128::saturating_add)
    }

    /// All duties; none where one is not known.
    pub fn total_duty(&self) -> Option<Duty> {
        let mut total = 0_i64;
        let mut unbounded = false;
        for owed in self.rows.iter().filter_map(|row| row.owed) {
            match owed.duty? {
                Duty::Cents(cents) => total = total.checked_add(cents)?,
                Duty::Unbounded => unbounded = true,
            }
        }
        Some(if unbounded { Duty::Unbounded } else { Duty::Cents(total) })
    }
}

const ORDINARY_NOT_KNOWN: &str = "the ordinary rate is not known";
const PART_NOT_KNOWN: &str = "the value of a part that bears a rate of its own is not known";
const RATE_NOT_KNOWN: &str = "the rate is not known";
const NOT_RANKED: &str = "the duties of a stacking rule do not compare";

/// The status of a provision that has a rate and whose conditions hold.
fn status(standing: &mut Standing<'_, '_, '_>, place: usize, exempted_by: &mut Option<usize>) -> Result<Status, Fault> {
    let frame = standing.frame;
    let provision = &frame.provisions[place];
    if provision.annulled {
        return Ok(Status::Annulled);
    }
    if standing.rate_in_force(place).is_none() {
        return Ok(Status::Suspended);
    }
    if let Some(exception) = standing.excepted(place)?.wholly {
        *exempted_by = Some(frame.exceptions[exception].index);
        return Ok(Status::Exempt);
    }
    if !standing.stands(place)? {
        return Ok(Status::Displaced);
    }
    Ok(if provision.past_horizon { Status::BeyondHorizon } else { Status::Applied })
}

/// Two provisions of one program that stand together must be related, or the ledger says nothing sensible.
fn related(standing: &mut Standing<'_, '_, '_>) -> Result<(), Fault> {
    let frame = standing.frame;
    let mut together = Vec::new();
    for place in 0..frame.provisions.len() {
        if standing.stands(place)? {
            together.push(place);
        }
    }
    let auditor = frame.law.auditor;
    for (i, &a) in together.iter().enumerate() {
        for &b in &together[i + 1..] {
            let (a, b) = (&frame.provisions[a], &frame.provisions[b]);
            let same = std::ptr::eq(a.entry.program, b.entry.program);
            if same && !auditor.are_related(a.index, b.index) {
                let id = |p: &crate::frame::Considered<'_, '_>| format!("{}/{}", p.entry.program.id, p.entry.record.id);
                return Err(Fault::Unrelated(id(a), id(b)));
            }
        }
    }
    Ok(())
}
