//! Every bill that a line can have, and the one bill that is made of them.

use std::sync::Arc;

use portolan_ledger::duty_rate::{DutyRate, Over};
use portolan_ledger::line::EntryLine;
use portolan_ledger::number::div_half_up;
use portolan_ledger::record::{FamilyId, Relation};
use portolan_ledger::timeline::{ExceptionIx, Moment, ProvisionIx, Target, Test};
use portolan_ledger::{Cents, Rate};
use smallvec::SmallVec;

use crate::answer::{Bill, FamilyAmount, Fault};
use crate::engine::{Engine, Question, Totals, add_family, forbid};
use crate::facts::{Amount, AtomIx, Pins, Stated};
use crate::law::Ask;
use crate::money::{self, Contents, Duty, Lack, Ordinary, Owed, Quantities, Value};
use crate::pct::Pct;
use crate::projection::{Leaf, Outcome, Root};
use crate::resolve::Record;
use crate::settings::{Apart, Axes, Axis, PointSet, Reads, Supposed, reads_axis};

/// One possible bill of a line.
#[derive(Clone, Debug)]
pub(crate) struct Possible {
    pub piece: usize,
    pub class: usize,
    pub leaf: u32,
    /// The contents that are supposed.
    pub contents: Value,
    pub amounts: Vec<(Owed, Result<Duty, Lack>)>,
    pub ordinary: Result<Duty, Lack>,
    pub prohibited: bool,
}

/// A possible bill, with what has to be supposed for it.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub possible: Possible,
    /// What is supposed of each axis.
    pub supposed: Supposed,
    axes: Arc<Axes>,
}

/// What a line can reach.
#[derive(Clone, Debug)]
pub(crate) struct Walked {
    axes: Arc<Axes>,
    /// By part of the day and class of products.
    outcomes: Vec<(usize, usize, Outcome)>,
}

/// What the bills that a line can have turn on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    /// The columns, or the claims, to ask for.
    pub asked: Vec<String>,
    /// Of a code that was carried: families in which the codes before it differ, all else alike.
    pub by_code: Vec<FamilyId>,
}

/// What two possible bills are compared by.
#[derive(PartialEq)]
struct Key<'p> {
    /// By provision: the family in which it counts, as what stands in place of the ordinary duty is that; and whether it is
    /// beyond the horizon.
    amounts: Vec<(ProvisionIx, FamilyId, bool, Result<&'p Duty, Option<&'p str>>)>,
    ordinary: Result<&'p Duty, Option<&'p str>>,
    /// Families that cannot be computed, one bit each.
    unknown: [u64; 4],
}

impl<'l> Engine<'l> {
    /// Every bill that a line can have, and the columns on which they turn.
    pub(crate) fn possible(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        value: &Value,
        explain: bool,
    ) -> Result<(Vec<Setting>, Turns), Fault> {
        let walked = self.walked(q, line, value, explain);
        let settings = self.settings(q, line, value, &walked)?;
        let turns = self.turns(q, line, &walked, &settings);
        Ok((settings, turns))
    }

    /// All that a line can reach.
    pub(crate) fn walked(&mut self, q: &Question<'l>, line: &EntryLine, value: &Value, explain: bool) -> Walked {
        let axes = Arc::new(self.axes(q, line, value, explain));
        let mut outcomes = Vec::new();
        for piece in 0..q.pieces.len() {
            for class in 0..q.classes.len() {
                let root = self.root(q, line, piece, class, explain);
                let stated = stated(self.law, &self.bases, q, (line, value), piece);
                let found = self.projections[q.projection].outcomes(self.law, root, &stated, &axes);
                outcomes.extend(found.into_iter().map(|outcome| (piece, class, outcome)));
            }
        }
        Walked { axes, outcomes }
    }

    /// Every bill of what a line can reach.
    pub(crate) fn settings(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        value: &Value,
        walked: &Walked,
    ) -> Result<Vec<Setting>, Fault> {
        let Walked { axes, outcomes } = walked;
        let mut found = Vec::with_capacity(outcomes.len());
        for (piece, class, outcome) in outcomes {
            self.bills_of(q, (line, value), axes, (*piece, *class), outcome, &mut found)?;
        }
        claim_or_not(axes, &mut found, value.whole);
        Ok(found)
    }

    /// What a line leaves open, over all the records that it can reach.
    fn axes(&mut self, q: &Question<'l>, line: &EntryLine, value: &Value, explain: bool) -> Axes {
        let mut roots: SmallVec<[Root; 4]> = SmallVec::new();
        let mut moments: SmallVec<[Moment; 2]> = SmallVec::new();
        for piece in 0..q.pieces.len() {
            moments.push(Moment { at: q.pieces[piece], known: q.known, view: line.view });
            for class in 0..q.classes.len() {
                let root = self.root(q, line, piece, class, explain);
                if !roots.contains(&root) {
                    roots.push(root);
                }
            }
        }
        let stated = stated(self.law, &self.bases, q, (line, value), 0);
        let projection = &mut self.projections[q.projection];
        let axes = |reads: &Reads| reads.axes(self.law, &stated, &moments, q.governing.0 == "entry_date");
        match roots.as_slice() {
            [one] => axes(projection.reads(self.law, *one)),
            several => {
                let mut all = Reads::default();
                let mut seen: SmallVec<[u64; 4]> = SmallVec::new();
                for root in several {
                    let number = projection.number(self.law, *root);
                    if !seen.contains(&number) {
                        seen.push(number);
                        all.add(projection.reads(self.law, *root));
                    }
                }
                axes(&all)
            }
        }
    }

    /// The bills of one outcome: one for each way in which contents and quantities can be that its money reads.
    fn bills_of(
        &self,
        q: &Question<'l>,
        (line, value): (&EntryLine, &Value),
        axes: &Arc<Axes>,
        (piece, class): (usize, usize),
        outcome: &Outcome,
        found: &mut Vec<Setting>,
    ) -> Result<(), Fault> {
        let leaf = self.projections[q.projection].leaf(outcome.leaf);
        self.conflict(leaf, line)?;
        let units = if line.value.is_some() { self.units(q, leaf) } else { Vec::new() };
        let stated = stated(self.law, &self.bases, q, (line, value), piece);
        for supposed in axes.spread(&outcome.supposed, |axis| reads_axis(&leaf.owed, &units, axis)) {
            let pins = axes.pins(&supposed);
            let contents = axes.value(&stated, supposed.iter().map(PointSet::first).enumerate());
            let possible = self.counted(q, (line, &contents), (piece, class, outcome.leaf), Some(&pins));
            found.push(Setting { possible, supposed, axes: Arc::clone(axes) });
        }
        Ok(())
    }

    /// The bill of a leaf, with contents and quantities as stated or supposed.
    pub(crate) fn counted(
        &self,
        q: &Question<'l>,
        (line, contents): (&EntryLine, &Value),
        (piece, class, leaf): (usize, usize, u32),
        pins: Option<&Pins>,
    ) -> Possible {
        let of = self.projections[q.projection].leaf(leaf);
        let (amounts, ordinary) = self.amounts(q, of, contents, Quantities { line, pins });
        let prohibited = of.resolution.prohibited.is_some();
        Possible { piece, class, leaf, contents: *contents, amounts, ordinary, prohibited }
    }

    /// The units in which the duties of a leaf, and the ordinary duty, need a quantity.
    pub(crate) fn units(&self, q: &Question<'l>, leaf: &Leaf) -> Vec<String> {
        let Ordinary { applies, general } = self.ordinary_context(q);
        let mut units = Vec::new();
        if leaf.resolution.prohibited.is_none() && self.pays_ordinary(leaf) {
            units.extend(applies.into_iter().flat_map(crate::ordinary::Base::unit_names).cloned());
        }
        for owed in leaf.owed.iter() {
            match &owed.rate {
                DutyRate::Specific(_, price, unit) | DutyRate::InPlaceOfAllEach(price, unit) if price.0 != 0 => {
                    units.push(unit.clone());
                }
                DutyRate::Total(_, over) => {
                    let base = if *over == Over::General { general } else { applies };
                    units.extend(base.into_iter().flat_map(crate::ordinary::Base::unit_names).cloned());
                }
                _ => {}
            }
        }
        units
    }

    /// The duties that stand, and the ordinary duty.
    pub(crate) fn amounts(
        &self,
        q: &Question<'l>,
        leaf: &Leaf,
        value: &Value,
        of: Quantities<'_>,
    ) -> (Vec<(Owed, Result<Duty, Lack>)>, Result<Duty, Lack>) {
        let ordinary = self.ordinary_duty(q, leaf, value, of);
        let context = self.ordinary_context(q);
        let duty = |owed: &Owed| (owed.clone(), money::duty(owed, value, of, &context, self.flaw));
        (leaf.owed.iter().map(duty).collect(), ordinary)
    }

    /// The columns to ask for: facts such that two settings that differ in that one alone differ in what is owed.
    pub(crate) fn turns(&self, q: &Question<'l>, line: &EntryLine, walked: &Walked, found: &[Setting]) -> Turns {
        let axes = &walked.axes;
        let keys: Vec<Option<Key<'_>>> = found.iter().map(|setting| self.key(q, &setting.possible)).collect();
        let kind = |at: usize| keys.iter().position(|key| *key == keys[at]).unwrap_or(at);
        let kinds: Vec<usize> = (0..found.len()).map(kind).collect();
        if kinds.iter().all(|kind| *kind == 0) {
            return Turns::default();
        }
        let mut asked: Vec<String> = Vec::new();
        let mut by_code: Vec<FamilyId> = Vec::new();
        let mut turns = vec![false; axes.list.len()];
        let (mut by_class, mut by_piece) = (false, false);
        for (at, a) in found.iter().enumerate() {
            for (b, _) in found[at + 1..].iter().zip(&kinds[at + 1..]).filter(|(_, kind)| **kind != kinds[at]) {
                let apart = axes.apart(&a.supposed, &b.supposed);
                let (one, other) = (&a.possible, &b.possible);
                let neighbours = |but| axes.neighbours(&a.supposed, &b.supposed, but);
                if one.place() == other.place() {
                    for (axis, turns) in turns.iter_mut().enumerate() {
                        let here = matches!(apart, Apart::Nowhere) || apart == Apart::On(axis);
                        *turns = *turns || here && neighbours(Some(axis));
                    }
                }
                if apart == Apart::Nowhere && neighbours(None) {
                    by_class |= one.piece == other.piece;
                    by_piece |= one.class == other.class;
                    if one.piece == other.piece && !q.carried.is_empty() {
                        self.add_families_apart(q, one, other, &mut by_code);
                    }
                }
            }
        }
        for (axis, _) in axes.list.iter().zip(turns).filter(|(_, turns)| *turns) {
            asked.extend(axis.columns(&self.law.timeline, line));
        }
        if by_class {
            asked.push("hts_number".to_owned());
        }
        if by_piece {
            asked.push(q.governing.0.to_owned());
        }
        let mut unique: Vec<String> = Vec::new();
        for name in asked {
            if !unique.contains(&name) {
                unique.push(name);
            }
        }
        by_code.sort_unstable();
        Turns { asked: unique, by_code }
    }

    /// Adds the families in which two lawful bills differ; the same sum under another heading is another duty.
    fn add_families_apart(&self, q: &Question<'l>, a: &Possible, b: &Possible, found: &mut Vec<FamilyId>) {
        if a.prohibited || b.prohibited {
            return;
        }
        let of = |p: &Possible, family: FamilyId| {
            let amounts = p.amounts.iter().filter(|(owed, _)| self.counts_in(owed) == family);
            let doubts = &self.projections[q.projection].leaf(p.leaf).resolution.doubts;
            (
                amounts.map(|(owed, duty)| (owed.provision, duty.clone())).collect::<Vec<_>>(),
                (self.mfn == Some(family)).then(|| p.ordinary.clone()),
                doubts.iter().any(|(doubtful, _)| *doubtful == family),
            )
        };
        for index in 0..self.law.timeline.ledger.families.len() {
            let family = FamilyId(u8::try_from(index).unwrap_or(u8::MAX));
            if !found.contains(&family) && of(a, family) != of(b, family) {
                found.push(family);
            }
        }
    }

    /// What a possible bill is compared by: what is owed under each heading. None where the law forbids the entry.
    fn key<'p>(&self, q: &Question<'l>, possible: &'p Possible) -> Option<Key<'p>> {
        let leaf = self.projections[q.projection].leaf(possible.leaf);
        let mut unknown = [0; 4];
        let lacking = possible.amounts.iter().filter(|(_, duty)| matches!(duty, Err(Lack::Law(_))));
        let families = lacking.map(|(owed, _)| owed.family).chain(leaf.resolution.doubts.iter().map(|(of, _)| *of));
        for family in families {
            unknown[usize::from(family.0 / 64)] |= 1 << (family.0 % 64);
        }
        let amount = |(owed, duty): &'p (Owed, Result<Duty, Lack>)| {
            (owed.provision, self.counts_in(owed), owed.beyond, known(duty))
        };
        (!possible.prohibited).then(|| Key {
            amounts: possible.amounts.iter().map(amount).collect(),
            ordinary: known(&possible.ordinary),
            unknown,
        })
    }

    /// Whether the conditions of a record on facts could hold in a possible bill, so that it is not claimed and not beside
    /// the point: with them those of an exception that it asks goods to be subject to.
    pub(crate) fn could_hold(&self, q: &Question<'l>, line: &EntryLine, setting: &Setting, record: Record) -> bool {
        let law = self.law;
        let (asks, tests) = match record {
            Record::Provision(of) => (&law.provision_asks[usize::from(of.0)], &law.timeline.provision(of).when),
            Record::Exception(of) => (&law.exception_asks[usize::from(of.0)], &law.timeline.exception(of).when),
            Record::Prohibition(of) => {
                (&law.prohibition_asks[usize::from(of)], &law.timeline.prohibitions[usize::from(of)].when)
            }
        };
        let value = Value::of(line, self.grain(line.side), self.flaw);
        let stated = stated(law, &self.bases, q, (line, &value), setting.possible.piece);
        let can_hold =
            |atoms: &[AtomIx]| atoms.len() < 2 || setting.axes.can_hold(law, atoms, &stated, &setting.supposed);
        let own = self.fact_atoms(asks);
        let with = |exception: ExceptionIx| {
            let of_exception = self.fact_atoms(&law.exception_asks[usize::from(exception.0)]);
            can_hold(&[own.as_slice(), of_exception.as_slice()].concat())
        };
        let can_be_subject = |target: &Target| match *target {
            Target::Exception(exception) => with(exception),
            Target::Provision(_) => true,
        };
        can_hold(&own)
            && tests.iter().all(|test| match test {
                Test::Provisions(Relation::SubjectTo, targets) => targets.iter().any(can_be_subject),
                _ => true,
            })
    }

    /// The atoms on facts among what a record asks.
    fn fact_atoms(&self, asks: &[Ask]) -> Vec<AtomIx> {
        let fact = |ask: &Ask| match ask {
            Ask::Atom(atom) if self.law.facts.not_made(*atom).is_none() => Some(*atom),
            _ => None,
        };
        asks.iter().filter_map(fact).collect()
    }

    /// One bill of all that are possible.
    pub(crate) fn combine<'p>(
        &self,
        q: &Question<'l>,
        possible: impl Iterator<Item = &'p Possible> + Clone,
        turns: &Turns,
    ) -> Bill {
        let mut bill = self.empty_bill();
        // A setting in which the law forbids the entry has no bill; the others are the range.
        let forbidden = possible.clone().all(|p| p.prohibited);
        let lawful: Vec<&Possible> = possible.filter(|p| !p.prohibited || forbidden).collect();
        let bills: Vec<Bill> = lawful.iter().map(|p| self.one_bill(q, p)).collect();
        let Some(first) = bills.first() else { return bill };
        for (index, family) in bill.families.iter_mut().enumerate() {
            let same = bills.iter().all(|b| b.families[index] == first.families[index]);
            *family = if same { first.families[index] } else { FamilyAmount { pct: None, duty: None, open: true } };
        }
        let same = |of: fn(&Bill) -> Option<Pct>| bills.iter().all(|b| of(b) == of(first)).then(|| of(first)).flatten();
        bill.additional_pct = same(|b| b.additional_pct);
        bill.total_pct = same(|b| b.total_pct);
        bill.total_duty = bills.iter().all(|b| b.total_duty == first.total_duty).then_some(first.total_duty).flatten();
        for b in &bills {
            for cannot in &b.cannot {
                if !bill.cannot.contains(cannot) {
                    bill.cannot.push(cannot.clone());
                }
            }
            for family in &b.beyond_horizon {
                if !bill.beyond_horizon.contains(family) {
                    bill.beyond_horizon.push(*family);
                }
            }
        }
        // Of what cannot be computed neither the least nor the most is known; what has no bound has no most.
        if bill.cannot.is_empty() {
            bill.duty_min = bills.iter().filter_map(|b| b.duty_min).min();
            bill.duty_max =
                bills.iter().map(|b| b.duty_max).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
        }
        bill.needs_input.clone_from(&turns.asked);
        if !bill.needs_input.is_empty() {
            bill.additional_pct = None;
            bill.total_pct = None;
            bill.total_duty = None;
        }
        if !q.carried.is_empty() {
            not_carried(&turns.by_code, &mut bill);
        }
        bill.prohibited = bills.iter().all(|b| b.prohibited);
        if let Some(p) = lawful.first() {
            let leaf = self.projections[q.projection].leaf(p.leaf);
            bill.headings = self.headings(q, leaf, p.piece, q.side).into();
        }
        if bill.prohibited {
            forbid(&mut bill);
        }
        bill
    }

    /// The bill of one possibility.
    fn one_bill(&self, q: &Question<'l>, possible: &Possible) -> Bill {
        let mut bill = self.empty_bill();
        let mut total = Totals::default();
        let mut at_another_rate = Totals::default();
        for (owed, duty) in &possible.amounts {
            let family = self.counts_in(owed);
            let sum = if owed.replaces_ordinary() { &mut at_another_rate } else { &mut total };
            match duty {
                Ok(duty) => {
                    add_family(&mut bill.families[usize::from(family.0)], duty);
                    sum.add(duty);
                }
                Err(lack) => {
                    lacks(&mut bill, family, lack);
                    sum.fail();
                }
            }
            if owed.beyond && !bill.beyond_horizon.contains(&owed.family) {
                bill.beyond_horizon.push(owed.family);
            }
        }
        for (family, doubt) in &self.projections[q.projection].leaf(possible.leaf).resolution.doubts {
            lacks(&mut bill, *family, &Lack::Law(doubt.reason().to_owned()));
            total.fail();
        }
        bill.additional_pct = total.pct();
        total.join(&at_another_rate);
        match &possible.ordinary {
            Ok(duty) => {
                if let Some(mfn) = self.mfn {
                    add_family(&mut bill.families[usize::from(mfn.0)], duty);
                }
                total.add(duty);
            }
            Err(lack) => {
                if let Some(mfn) = self.mfn {
                    lacks(&mut bill, mfn, lack);
                }
                total.fail();
            }
        }
        bill.total_pct = total.pct();
        bill.total_duty = total.cents();
        bill.duty_min = bill.total_duty;
        bill.duty_max = bill.total_duty;
        bill.prohibited = possible.prohibited;
        if bill.prohibited {
            forbid(&mut bill);
        }
        bill
    }
}

/// A duty, or the column that it lacks: why the law does not say it makes no difference.
fn known(duty: &Result<Duty, Lack>) -> Result<&Duty, Option<&str>> {
    duty.as_ref().map_err(|lack| match lack {
        Lack::Column(column) => Some(column.as_str()),
        Lack::Law(_) => None,
    })
}

/// A line with what evaluation knows beside it, in one part of the governing day.
pub(crate) fn stated<'a>(
    law: &'a crate::law::Law<'_>,
    bases: &'a crate::ordinary::Bases,
    q: &Question<'_>,
    (line, value): (&'a EntryLine, &'a Value),
    piece: usize,
) -> Stated<'a> {
    // Where the entry date governs, a part of the day narrows the entry itself.
    let entered = if q.governing.0 != "entry_date" || q.pieces.len() == 1 {
        q.entered
    } else {
        (q.pieces[piece], q.pieces.get(piece + 1).copied().unwrap_or(q.at.1))
    };
    Stated {
        line,
        value,
        moment: Moment { at: q.pieces[piece], known: q.known, view: line.view },
        entered,
        column: q.base.column,
        general: q.base.general.map(|base| bases.get(base)),
        ordinary: q.base.ordinary.map(|base| bases.get(base)),
        clock: &law.clocks[usize::from(line.side.0)],
        pins: None,
    }
}

impl Setting {
    /// What its duties read of the suppositions: contents, and quantities by unit.
    pub fn money_read(&self, owed: &[Owed], units: &[String]) -> (Contents, SmallVec<[(String, Amount); 2]>) {
        let read = |at: usize| reads_axis(owed, units, &self.axes.list[at]);
        let points = || self.supposed.iter().map(PointSet::first).enumerate().filter(|(at, _)| read(*at));
        (self.axes.shares(points()), self.axes.quantities(points()))
    }
}

impl Possible {
    /// The part of the day and the number below the code.
    fn place(&self) -> (usize, usize) {
        (self.piece, self.class)
    }

    /// For comparing bills: points of the value, and what is no share of it put in points.
    fn height(&self, whole: Option<Cents>) -> i128 {
        let of = |duty: &Result<Duty, Lack>| match duty {
            Ok(Duty { pct: Some(pct), .. }) => pct.0,
            Ok(Duty { cents: Some(cents), .. }) => {
                let scaled = i128::from(cents.0).saturating_mul(Pct::full(Rate::WHOLE).0);
                div_half_up(scaled, whole.map_or(1, |whole| i128::from(whole.0.max(1))))
            }
            // A quantity without bound.
            Err(Lack::Column(_)) => i128::MAX / 4,
            _ => 0,
        };
        let duties = self.amounts.iter().map(|(_, duty)| of(duty)).chain([of(&self.ordinary)]);
        duties.fold(0, i128::saturating_add)
    }
}

/// An in-transit clause that was not claimed stays so, unless claiming it would raise a bill: then its date is a fact like
/// the others. One may raise it only beside another, so all are open until one does not raise it with those that still are.
fn claim_or_not(axes: &Axes, found: &mut Vec<Setting>, whole: Option<Cents>) {
    // Of what can only be left unasserted nothing is to be decided.
    let asserts = |axis: &Axis| axis.can_stay_unasserted() && axis.points() > 1;
    let mut open: Vec<usize> = (0..axes.list.len()).filter(|&at| asserts(&axes.list[at])).collect();
    let narrow = |found: &mut Vec<Setting>, which: usize, keep: &dyn Fn(&PointSet) -> PointSet| {
        for setting in found.iter_mut() {
            setting.supposed[which] = keep(&setting.supposed[which]);
        }
        found.retain(|setting| !setting.supposed[which].is_empty());
    };
    while let Some(place) = open.iter().position(|&which| !raises(axes, found, which, whole)) {
        let which = open.remove(place);
        let unmade = PointSet::one(0, axes.list[which].points());
        narrow(found, which, &|set| set.and(&unmade));
    }
    for which in open {
        narrow(found, which, &|set| set.clone().without(0));
    }
}

/// Whether asserting what an axis leaves open raises a bill.
fn raises(axes: &Axes, found: &[Setting], which: usize, whole: Option<Cents>) -> bool {
    let made = |s: &Setting| !s.supposed[which].clone().without(0).is_empty();
    if !found.iter().any(made) {
        return false;
    }
    let lawful = || found.iter().filter(|s| !s.possible.prohibited).map(|s| (s, s.possible.height(whole)));
    let with: Vec<(&Setting, i128)> = lawful().filter(|(s, _)| made(s)).collect();
    let higher = |(without, low): (&Setting, i128)| {
        with.iter().any(|(with, high)| {
            *high > low
                && without.possible.place() == with.possible.place()
                && axes.neighbours(&without.supposed, &with.supposed, Some(which))
        })
    };
    !with.is_empty() && lawful().filter(|(s, _)| s.supposed[which].has(0)).any(higher)
}

/// Where the codes before a code stood on different lists, no fact of the line can decide: it cannot be computed.
fn not_carried(families: &[FamilyId], bill: &mut Bill) {
    if !bill.needs_input.iter().any(|name| name == "hts_number") {
        return;
    }
    bill.needs_input.retain(|name| name != "hts_number");
    for &family in families {
        bill.families[usize::from(family.0)] = FamilyAmount { pct: None, duty: None, open: true };
        bill.cannot.push((family, "the list of that day is in codes that do not carry over to this one".to_owned()));
    }
    bill.additional_pct = None;
    bill.total_pct = None;
    bill.total_duty = None;
}

fn lacks(bill: &mut Bill, family: FamilyId, lack: &Lack) {
    bill.families[usize::from(family.0)] = FamilyAmount { pct: None, duty: None, open: true };
    if let Lack::Law(reason) = lack {
        bill.cannot.push((family, reason.clone()));
    }
}
