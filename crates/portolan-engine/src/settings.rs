//! What a line does not state: the values that each such fact can take, as far as the law can tell them apart.
//!
//! A fact that was not stated is an *axis*; its *points* stand for every value that it can have. What an answer supposes is
//! a set of points on each axis. Sets are split only where a question that resolution asks turns on them, so alternatives
//! are counted, never sampled, and most are never opened. (`LEDGER.md`, section 3.7)

mod facts_read;
mod reads;

use portolan_ledger::duty_rate::{DutyRate, Metal};
use portolan_ledger::line::EntryLine;
use portolan_ledger::record::{ClaimId, Condition, Mode, Origin, Share};
use portolan_ledger::timeline::Timeline;
use portolan_ledger::{Cents, Instant, Rate};
use smallvec::SmallVec;

use crate::bits::ones;
use crate::facts::{Amount, AtomIx, Of, Pins, Question, Stated, Truth, same_unit};
use crate::law::Law;
use crate::money::{Contents, Owed, Value};
use crate::ordinary::Base;
use crate::resolve::part;

pub(crate) use facts_read::FactsRead;
pub(crate) use reads::{Reads, reading};

/// A set of points of one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PointSet(SmallVec<[u64; 2]>);

impl PointSet {
    fn none(points: usize) -> Self {
        Self(smallvec::smallvec![0; points.div_ceil(64)])
    }

    fn all(points: usize) -> Self {
        let mut set = Self::none(points);
        let words = set.0.len();
        for (at, word) in set.0.iter_mut().enumerate() {
            let left = points % 64;
            *word = if at + 1 == words && left > 0 { (1 << left) - 1 } else { u64::MAX };
        }
        set
    }

    /// One point of so many.
    pub fn one(point: usize, points: usize) -> Self {
        let mut set = Self::none(points);
        set.insert(point);
        set
    }

    fn insert(&mut self, point: usize) {
        if let Some(word) = self.0.get_mut(point / 64) {
            *word |= 1 << (point % 64);
        }
    }

    /// Whether it holds a point.
    pub fn has(&self, point: usize) -> bool {
        self.0.get(point / 64).is_some_and(|word| word >> (point % 64) & 1 != 0)
    }

    /// Without a point.
    #[must_use]
    pub fn without(mut self, point: usize) -> Self {
        if let Some(word) = self.0.get_mut(point / 64) {
            *word &= !(1 << (point % 64));
        }
        self
    }

    /// What both hold.
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
        both
    }

    /// Whether both hold a point.
    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Its points, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        ones(&self.0)
    }

    /// Its first point.
    pub fn first(&self) -> usize {
        self.iter().next().unwrap_or(0)
    }
}

/// A fact that a line does not state, with the values that it can take.
#[derive(Clone, Debug)]
pub(crate) enum Axis {
    Entered(Vec<Instant>),
    Imported(Vec<Instant>),
    /// The first point is that it is not asserted, where it is not stated at all.
    Loaded(Vec<Option<Instant>>),
    Exported(Vec<Option<Instant>>),
    Mode(Vec<Option<Mode>>),
    /// It holds, it does not.
    Claim(ClaimId),
    MetalWeight(Vec<Rate>),
    Metal(Metal, Vec<Rate>),
    /// The US content, where a rate on what is not US content needs it.
    UsPart(Vec<Rate>),
    /// What is not processing abroad: nothing, all.
    Outside(Vec<Rate>),
    Smelted(Vec<SmallVec<[Origin; 2]>>),
    Cast(Vec<Origin>),
    Exporter(Vec<Origin>),
    /// For conditions alone.
    Value(Vec<Cents>),
    Quantity(String, Vec<Amount>),
}

impl Axis {
    /// How many points it has.
    pub fn points(&self) -> usize {
        match self {
            Self::Entered(list) | Self::Imported(list) => list.len(),
            Self::Loaded(list) | Self::Exported(list) => list.len(),
            Self::Mode(list) => list.len(),
            Self::Claim(_) => 2,
            Self::MetalWeight(list) | Self::Metal(_, list) | Self::UsPart(list) | Self::Outside(list) => list.len(),
            Self::Smelted(list) => list.len(),
            Self::Cast(list) | Self::Exporter(list) => list.len(),
            Self::Value(list) => list.len(),
            Self::Quantity(_, list) => list.len(),
        }
    }

    /// Whether its first point is that an in-transit clause is not claimed.
    pub fn can_stay_unasserted(&self) -> bool {
        match self {
            Self::Loaded(list) | Self::Exported(list) => list.first() == Some(&None),
            Self::Mode(list) => list.first() == Some(&None),
            _ => false,
        }
    }

    /// The share of the value that a content has at a point, where it is one.
    fn content(&self, point: usize) -> Option<Rate> {
        match self {
            Self::Metal(_, list) | Self::UsPart(list) => list.get(point).copied(),
            _ => None,
        }
    }

    /// The columns, or the claim, to ask for.
    pub fn columns(&self, law: &Timeline<'_>, line: &EntryLine) -> Vec<String> {
        let column = match self {
            Self::Entered(_) => "entry_date",
            Self::Imported(_) => "import_date",
            Self::Loaded(_) => "loading_date",
            Self::Exported(_) => "export_date",
            Self::Mode(_) => "mode_of_transport",
            Self::Claim(claim) => &law.ledger.claims[usize::from(claim.0)].name,
            Self::MetalWeight(_) => "metal_weight_pct",
            Self::Metal(metal, _) => return vec![format!("{}_pct", metal.name())],
            Self::UsPart(_) => "us_content_pct",
            Self::Outside(_) if line.processing_value.is_some() => "entered_value_usd",
            Self::Outside(_) => "processing_value_usd",
            Self::Smelted(_) => "smelt_countries",
            Self::Cast(_) => "cast_country",
            Self::Exporter(_) => "country_of_export",
            Self::Value(_) => "entered_value_usd",
            // The price of a unit is not known without the value either.
            Self::Quantity(..) if line.value.is_none() => {
                return vec!["entered_value_usd".to_owned(), "quantity_1".to_owned()];
            }
            Self::Quantity(..) => "quantity_1",
        };
        vec![column.to_owned()]
    }

    /// Supposes a point.
    fn pin(&self, point: usize, pins: &mut Pins) {
        match self {
            Self::Entered(list) => pins.entered = list.get(point).copied(),
            Self::Imported(list) => pins.imported = list.get(point).copied(),
            Self::Loaded(list) => pins.loaded = list.get(point).copied(),
            Self::Exported(list) => pins.exported = list.get(point).copied(),
            Self::Mode(list) => pins.mode = list.get(point).copied(),
            Self::Claim(claim) => {
                pins.claims.retain(|(known, _)| known != claim);
                pins.claims.push((*claim, point == 0));
            }
            Self::MetalWeight(list) => pins.metal_weight = list.get(point).copied(),
            // Contents are supposed together.
            Self::Metal(..) | Self::UsPart(_) | Self::Outside(_) => {}
            Self::Smelted(list) => pins.smelted = list.get(point).cloned(),
            Self::Cast(list) => pins.cast = list.get(point).copied(),
            Self::Exporter(list) => pins.exporter = list.get(point).copied(),
            Self::Value(list) => pins.value = list.get(point).copied(),
            Self::Quantity(unit, list) => {
                pins.quantities.retain(|(known, _)| known != unit);
                pins.quantities.extend(list.get(point).map(|amount| (unit.clone(), *amount)));
            }
        }
    }
}

/// All that a line leaves open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Axes {
    /// Each.
    pub list: Vec<Axis>,
    /// The most that contents can be together.
    room: i64,
}

/// What is supposed: a set of points on each axis.
pub(crate) type Supposed = SmallVec<[PointSet; 6]>;

/// Where two suppositions share nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Apart {
    Nowhere,
    /// On this axis alone.
    On(usize),
    Further,
}

/// A question put to what is supposed.
pub(crate) enum Settled {
    /// It has one answer.
    Is(Truth),
    /// It turns on an axis, whose points fall into these sets.
    Split(usize, Vec<PointSet>),
}

impl Axes {
    /// Everything is possible.
    pub fn all(&self) -> Supposed {
        self.list.iter().map(|axis| PointSet::all(axis.points())).collect()
    }

    /// The bits of in-transit assertions that are open.
    pub fn open_assertions(&self, law: &Law<'_>) -> u128 {
        let [loaded, exported, mode] = law.facts.transit_bits();
        let bit = |axis: &Axis| match axis {
            Axis::Loaded(_) => loaded,
            Axis::Exported(_) => exported,
            Axis::Mode(_) => mode,
            _ => 0,
        };
        self.list.iter().map(bit).fold(0, |bits, bit| bits | bit)
    }

    fn find(&self, wanted: impl Fn(&Axis) -> bool) -> Option<usize> {
        self.list.iter().position(wanted)
    }

    /// The axes on which the answer to a question can turn.
    fn involved(&self, question: &Question, line: &Stated<'_>) -> SmallVec<[usize; 5]> {
        let condition = match question {
            Question::Condition(condition) => condition,
            Question::Empty(_) => return self.contents().collect(),
            Question::Adds { .. } => return SmallVec::new(),
        };
        let one = |wanted: &dyn Fn(&Axis) -> bool| self.find(wanted).into_iter().collect();
        let value = || self.find(|axis| matches!(axis, Axis::Value(_)));
        let quantity = |unit: &str| self.find(|axis| matches!(axis, Axis::Quantity(of, _) if same_unit(of, unit)));
        match condition {
            Condition::Loaded(_) => one(&|axis| matches!(axis, Axis::Loaded(_))),
            Condition::Exported(_) => one(&|axis| matches!(axis, Axis::Exported(_))),
            Condition::Entered(_) => one(&|axis| matches!(axis, Axis::Entered(_))),
            Condition::Imported(_) if line.line.import_date.is_some() => one(&|axis| matches!(axis, Axis::Imported(_))),
            Condition::Imported(_) => one(&|axis| matches!(axis, Axis::Entered(_))),
            Condition::Mode(_) => one(&|axis| matches!(axis, Axis::Mode(_))),
            Condition::Claim { claim, .. } => one(&|axis| matches!(axis, Axis::Claim(of) if of == claim)),
            Condition::Share { of: Share::MetalWeight, .. } => one(&|axis| matches!(axis, Axis::MetalWeight(_))),
            Condition::Share { of: Share::Metal(metal), .. } => {
                one(&|axis| matches!(axis, Axis::Metal(of, _) if of == metal))
            }
            Condition::Smelted { .. } => {
                let both = self.list.iter().enumerate();
                both.filter(|(_, axis)| matches!(axis, Axis::Smelted(_) | Axis::Cast(_))).map(|(at, _)| at).collect()
            }
            Condition::ExportedFrom(_) => one(&|axis| matches!(axis, Axis::Exporter(_))),
            Condition::ValueAtMost(_) => value().into_iter().collect(),
            Condition::UnitPrice { unit, .. } => value().into_iter().chain(quantity(unit)).collect(),
            Condition::Base { general, .. } => {
                let base = if *general { line.general } else { line.ordinary };
                let units = base.map(Base::units).into_iter().flatten();
                let quantities = units.filter_map(|unit| quantity(&unit.to_string()));
                value().into_iter().chain(quantities).collect()
            }
            _ => SmallVec::new(),
        }
    }

    /// The contents of the value.
    fn contents(&self) -> impl Iterator<Item = usize> + '_ {
        let content = |axis: &Axis| matches!(axis, Axis::Metal(..) | Axis::UsPart(_) | Axis::Outside(_));
        (0..self.list.len()).filter(move |at| content(&self.list[*at]))
    }

    /// Puts a question to what is supposed.
    pub fn settle(&self, law: &Law<'_>, atom: AtomIx, line: &Stated<'_>, supposed: &[PointSet]) -> Settled {
        let question = &law.facts.atoms[usize::from(atom.0)].question;
        let involved = self.involved(question, line);
        let of_contents =
            matches!(question, Question::Empty(_) | Question::Condition(Condition::Share { of: Share::Metal(_), .. }));
        let ask = |points: &[usize]| {
            let mut pins = Pins::default();
            for (&axis, &point) in involved.iter().zip(points) {
                self.list[axis].pin(point, &mut pins);
            }
            if of_contents {
                let at = involved.iter().copied().zip(points.iter().copied());
                pins.contents = Some(self.value(line, at));
            }
            law.facts.truth(&law.timeline, atom, &Stated { pins: Some(&pins), ..*line })
        };
        // What is neither stated nor supposed has no axis; it is said to be beyond computing, not guessed.
        let settled = |truth| Settled::Is(if truth == Truth::Unknown { Truth::Unknowable } else { truth });
        match involved.as_slice() {
            [] => settled(ask(&[])),
            [axis] => {
                let mut groups: SmallVec<[(Truth, PointSet); 3]> = SmallVec::new();
                for point in supposed[*axis].iter() {
                    let truth = ask(&[point]);
                    match groups.iter_mut().find(|(known, _)| *known == truth) {
                        Some((_, set)) => set.insert(point),
                        None => groups.push((truth, PointSet::one(point, self.list[*axis].points()))),
                    }
                }
                match groups.as_slice() {
                    [] => Settled::Is(Truth::Unknowable),
                    [(truth, _)] => settled(*truth),
                    _ => Settled::Split(*axis, groups.into_iter().map(|(_, set)| set).collect()),
                }
            }
            several => self.settle_several(several, supposed, ask, settled),
        }
    }

    /// The same for a question that turns on several axes together.
    fn settle_several(
        &self,
        involved: &[usize],
        supposed: &[PointSet],
        ask: impl Fn(&[usize]) -> Truth,
        settled: impl Fn(Truth) -> Settled,
    ) -> Settled {
        let choices: SmallVec<[SmallVec<[usize; 8]>; 5]> =
            involved.iter().map(|&axis| supposed[axis].iter().collect()).collect();
        let all = combinations(&choices);
        let truths: Vec<Truth> = all.iter().map(|points| ask(points)).collect();
        let Some(first) = truths.first() else { return Settled::Is(Truth::Unknowable) };
        if truths.iter().all(|truth| truth == first) {
            return settled(*first);
        }
        for (place, &axis) in involved.iter().enumerate() {
            let row = |point: usize| -> Vec<Truth> {
                let of = all.iter().zip(&truths).filter(|(points, _)| points[place] == point);
                of.map(|(_, truth)| *truth).collect()
            };
            let mut groups: Vec<(Vec<Truth>, PointSet)> = Vec::new();
            for &point in &choices[place] {
                let row = row(point);
                let points = self.list[axis].points();
                match groups.iter_mut().find(|(known, _)| *known == row) {
                    Some((_, set)) => set.insert(point),
                    None => groups.push((row, PointSet::one(point, points))),
                }
            }
            if groups.len() > 1 {
                return Settled::Split(axis, groups.into_iter().map(|(_, set)| set).collect());
            }
        }
        Settled::Is(*first)
    }

    /// Whether some setting among those supposed leaves none of these questions with a no.
    pub fn can_hold(&self, law: &Law<'_>, atoms: &[AtomIx], line: &Stated<'_>, supposed: &[PointSet]) -> bool {
        let mut involved: SmallVec<[usize; 5]> = SmallVec::new();
        for atom in atoms {
            for axis in self.involved(&law.facts.atoms[usize::from(atom.0)].question, line) {
                if !involved.contains(&axis) {
                    involved.push(axis);
                }
            }
        }
        let choices: SmallVec<[SmallVec<[usize; 8]>; 5]> =
            involved.iter().map(|&axis| supposed[axis].iter().collect()).collect();
        combinations(&choices).iter().any(|points| {
            let mut narrow: Supposed = supposed.iter().cloned().collect();
            for (&axis, &point) in involved.iter().zip(points) {
                narrow[axis] = PointSet::one(point, self.list[axis].points());
            }
            let says_no = |atom: &AtomIx| match self.settle(law, *atom, line, &narrow) {
                Settled::Is(truth) => truth == Truth::False,
                Settled::Split(..) => false,
            };
            self.fits(&narrow) && !atoms.iter().any(says_no)
        })
    }

    /// The contents of a line at points of its axes; nothing of those that no record reads.
    pub fn value(&self, line: &Stated<'_>, at: impl Iterator<Item = (usize, usize)>) -> Value {
        line.value.with(self.shares(at))
    }

    /// The same as shares of the value.
    pub fn shares(&self, at: impl Iterator<Item = (usize, usize)>) -> Contents {
        let mut contents = Contents::default();
        for (axis, point) in at {
            match &self.list[axis] {
                Axis::Metal(metal, list) => contents.metals[*metal as usize] = list.get(point).copied(),
                Axis::UsPart(list) => contents.us = list.get(point).copied(),
                Axis::Outside(list) => contents.outside = list.get(point).copied(),
                _ => {}
            }
        }
        contents
    }

    /// What is supposed of quantities at points of the axes.
    pub fn quantities(&self, at: impl Iterator<Item = (usize, usize)>) -> SmallVec<[(String, Amount); 2]> {
        let mut pins = Pins::default();
        at.filter(|(axis, _)| matches!(self.list[*axis], Axis::Quantity(..)))
            .for_each(|(axis, point)| self.list[axis].pin(point, &mut pins));
        pins.quantities
    }

    /// What is supposed of everything, at the first point of each set.
    pub fn pins(&self, supposed: &[PointSet]) -> Pins {
        let mut pins = Pins::default();
        for (axis, set) in self.list.iter().zip(supposed) {
            axis.pin(set.first(), &mut pins);
        }
        pins
    }

    /// Whether contents that are supposed can be of one value.
    pub fn fits(&self, supposed: &[PointSet]) -> bool {
        self.least(supposed.iter()).is_none_or(|least| least <= self.room)
    }

    /// The least that contents come to; none without any.
    fn least<'s>(&self, supposed: impl Iterator<Item = &'s PointSet>) -> Option<i64> {
        let contents = self.list.iter().zip(supposed).filter_map(|(axis, set)| least_of(axis, set));
        contents.reduce(i64::saturating_add)
    }

    /// On how many axes two suppositions share nothing: none, one alone, or more.
    pub fn apart(&self, a: &[PointSet], b: &[PointSet]) -> Apart {
        let mut apart = Apart::Nowhere;
        for (at, (a, b)) in a.iter().zip(b).enumerate() {
            if !a.meets(b) {
                match apart {
                    Apart::Nowhere => apart = Apart::On(at),
                    _ => return Apart::Further,
                }
            }
        }
        apart
    }

    /// Whether two suppositions can differ in one axis alone; without an axis, whether they can be one.
    pub fn neighbours(&self, a: &[PointSet], b: &[PointSet], but: Option<usize>) -> bool {
        match self.apart(a, b) {
            Apart::Nowhere => {}
            Apart::On(at) if Some(at) == but => {}
            _ => return false,
        }
        let mut least = 0_i64;
        for at in self.contents() {
            let axis = &self.list[at];
            let of = if Some(at) == but {
                least_of(axis, &a[at]).max(least_of(axis, &b[at]))
            } else {
                least_of(axis, &a[at].and(&b[at]))
            };
            least = least.saturating_add(of.unwrap_or(0));
        }
        least <= self.room
    }

    /// Suppositions in which every axis that the money of these duties reads has one point.
    pub fn spread(&self, supposed: &Supposed, reads: impl Fn(&Axis) -> bool) -> Vec<Supposed> {
        let mut all = vec![supposed.clone()];
        for (at, axis) in self.list.iter().enumerate().filter(|(_, axis)| reads(axis)) {
            let mut spread = Vec::with_capacity(all.len());
            for one in all {
                for point in one[at].iter() {
                    let mut narrow = one.clone();
                    narrow[at] = PointSet::one(point, axis.points());
                    if self.fits(&narrow) {
                        spread.push(narrow);
                    }
                }
            }
            all = spread;
        }
        all.retain(|one| self.fits(one));
        all
    }
}

fn least_of(axis: &Axis, set: &PointSet) -> Option<i64> {
    set.iter().filter_map(|point| axis.content(point)).map(|share| share.0).min()
}

/// Every way of taking one of each.
fn combinations(choices: &[SmallVec<[usize; 8]>]) -> Vec<SmallVec<[usize; 5]>> {
    let mut all: Vec<SmallVec<[usize; 5]>> = vec![SmallVec::new()];
    for list in choices {
        let longer = all.iter().flat_map(|one| {
            list.iter().map(move |&point| {
                let mut one = one.clone();
                one.push(point);
                one
            })
        });
        all = longer.collect();
    }
    all
}

/// Whether the money of duties reads an axis.
pub(crate) fn reads_axis(owed: &[Owed], units: &[String], axis: &Axis) -> bool {
    let taken = |o: &Owed, wanted: u8| {
        // What is taken off, or for the rest all that is not it.
        o.basis().taken().any(|part| part == wanted || part == part::REST)
    };
    match axis {
        Axis::Metal(metal, _) => {
            let wanted = part::metal(*metal);
            let content = |o: &Owed| o.basis().of == Of::Content;
            owed.iter().any(|o| if content(o) { o.parts == wanted } else { taken(o, wanted) })
        }
        Axis::UsPart(_) => owed.iter().any(|o| matches!(o.rate, DutyRate::OfNonUs(..)) || taken(o, part::US)),
        Axis::Outside(_) => owed.iter().any(|o| taken(o, part::OUTSIDE)),
        Axis::Quantity(unit, _) => units.iter().any(|of| same_unit(of, unit)),
        _ => false,
    }
}
