//! What conditions ask of a line, in three values.
//!
//! Every question that resolution can put on a line is an *atom*. An atom is answered from what the line states and,
//! where a fact was not stated, from a value that is supposed for it (the module `settings`): so two atoms on one fact can
//! never contradict each other.

use std::collections::BTreeSet;

use portolan_ledger::duty_expression::{DutyExpression, Fraction, Part, Term};
use portolan_ledger::duty_rate::Over;
use portolan_ledger::line::{EntryLine, When};
use portolan_ledger::number::Quantity;
use portolan_ledger::record::{Bound, ClaimId, Column, Condition, GroupId, Mode, Origin, OriginRef, Share};
use portolan_ledger::timeline::{Moment, Test, Timeline};
use portolan_ledger::{Cents, Day, Instant, Rate, UnitPrice};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::group_cuts::GroupCuts;
use crate::money::Value;
use crate::ordinary::{Base, quantity_in};
use crate::resolve::{Parts, Reply};

/// A fact of the line that conditions look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// `loading_date`.
    Loaded,
    /// `export_date`.
    Exported,
    /// `import_date`.
    Imported,
    /// `entry_date`.
    Entered,
    /// `mode_of_transport`.
    Mode,
    /// `entry_type`.
    EntryType,
    /// `entered_value_usd`.
    Value,
    /// Value over quantity in a unit.
    UnitPrice(String),
    /// The column that applies.
    Column,
    /// `spi`.
    Spi,
    /// A claim.
    Claim(ClaimId),
    /// A share.
    Share(Share),
    /// `melt_country`, `melt_pct`.
    Melted,
    /// `smelt_countries`, `cast_country`.
    Smelted,
    /// Column 1-general over the value.
    General,
    /// The ordinary rate that applies, over the value.
    Ordinary,
    /// `ch98_number`.
    Chapter98,
    /// `country_of_export`.
    ExportCountry,
    /// The contents, and what they leave of a basis.
    Contents,
    /// What a total adds to the ordinary rate.
    Added,
}

impl Fact {
    /// Whether it is asserted to pay less: not stated means not claimed.
    fn is_assertion(&self, law: &Timeline<'_>) -> bool {
        match self {
            Self::Loaded | Self::Exported | Self::Mode | Self::Spi | Self::Melted | Self::Chapter98 => true,
            Self::Share(share) => matches!(share, Share::UsContent | Share::UsMetal),
            Self::Claim(claim) => !law.ledger.claims[usize::from(claim.0)].article,
            _ => false,
        }
    }

    /// Whether it belongs to an in-transit clause, which is a fact where asserting it would cost more.
    pub fn is_transit(&self) -> bool {
        matches!(self, Self::Loaded | Self::Exported | Self::Mode)
    }
}

/// The sides of moments that a span touches, as one number.
pub type Regions = u64;

/// An atom, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtomIx(pub u16);

/// A fact, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactIx(pub u16);

/// What is left of the parts that a rate is assessed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Basis {
    /// The parts that are left.
    pub parts: Parts,
    /// What they are parts of.
    pub of: Of,
}

/// What a rate is assessed on at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Of {
    /// The whole value.
    Whole,
    /// The content of a metal.
    Content,
    /// What is not US content; how much of the value may count as US.
    NonUs(Option<Rate>),
}

/// What resolution can ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Whether a condition of a record holds.
    Condition(Condition),
    /// Whether nothing of the value lies in a basis.
    Empty(Basis),
    /// Whether a total is more than the rate that it tops up. One that is not plainly ad valorem is topped up by money
    /// alone, and counts as less.
    Adds {
        /// Over which rate.
        over: Over,
        /// The total.
        total: Rate,
    },
}

/// A question on the line.
#[derive(Clone, Debug)]
pub struct Atom {
    /// The fact it looks at.
    pub fact: FactIx,
    /// What it asks.
    pub question: Question,
}

impl Atom {
    /// The condition of a record that it is, if it is one.
    pub fn condition(&self) -> Option<&Condition> {
        match &self.question {
            Question::Condition(condition) => Some(condition),
            Question::Empty(_) | Question::Adds { .. } => None,
        }
    }
}

/// What an atom says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not, for what is stated.
    False,
    /// It does not, because an assertion was not made.
    NotStated,
    /// It asks for an ordinary rate that is not known.
    Unknowable,
    /// It turns on a fact that was neither stated nor supposed.
    Unknown,
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// As the reply to a question; none where it is not known.
    pub fn reply(self) -> Option<Reply> {
        match self {
            Self::True => Some(Reply::Yes),
            Self::False => Some(Reply::No),
            Self::NotStated => Some(Reply::NotStated),
            Self::Unknowable => Some(Reply::Unknowable),
            Self::Unknown => None,
        }
    }
}

/// All facts and atoms of a law.
#[derive(Debug, Default)]
pub struct Facts {
    /// The facts.
    pub facts: Vec<Fact>,
    /// Whether each is an assertion.
    assertion: Vec<bool>,
    /// The atoms.
    pub atoms: Vec<Atom>,
    of_question: FxHashMap<Question, AtomIx>,
    assertion_bits: AssertionBits,
    /// Moments at which a condition on the entry date, or on the import date, turns; in order.
    entry_cuts: Vec<Instant>,
    /// Those of conditions on any date.
    date_cuts: Vec<Instant>,
    /// Of the groups that conditions name.
    group_cuts: GroupCuts,
}

/// The bit of each assertion; nothing for one that no condition looks at.
#[derive(Debug, Default)]
struct AssertionBits {
    loaded: u128,
    exported: u128,
    mode: u128,
    spi: u128,
    melted: u128,
    chapter_98: u128,
    us_content: u128,
    us_metal: u128,
    claims: Vec<u128>,
}

impl Facts {
    /// Collects the questions of a law.
    pub fn new(law: &Timeline<'_>) -> Self {
        let mut questions: Vec<Question> = Vec::new();
        let mut add = |tests: &[Test<'_>]| {
            for test in tests {
                if let Test::Fact(condition) = test {
                    questions.push(Question::Condition((*condition).clone()));
                }
            }
        };
        law.provisions.iter().for_each(|node| add(&node.when));
        law.exceptions.iter().for_each(|node| add(&node.when));
        law.prohibitions.iter().for_each(|node| add(&node.when));
        questions.extend(crate::resolve::internal_questions(law));
        let mut facts = Self::default();
        facts.assertion_bits.claims = vec![0; law.ledger.claims.len()];
        let mut found: FxHashMap<Fact, FactIx> = FxHashMap::default();
        let mut groups: BTreeSet<GroupId> = BTreeSet::new();
        for question in questions {
            if facts.of_question.contains_key(&question) {
                continue;
            }
            let fact = fact_of(&question);
            let index = match found.get(&fact) {
                Some(&index) => index,
                None => {
                    let index = facts.add_fact(law, fact.clone());
                    found.insert(fact, index);
                    index
                }
            };
            facts.entry_cuts.extend(entry_cut(&question));
            facts.date_cuts.extend(date_cut(&question));
            groups.extend(groups_named(&question));
            let atom = AtomIx(u16::try_from(facts.atoms.len()).unwrap_or(u16::MAX));
            facts.of_question.insert(question.clone(), atom);
            facts.atoms.push(Atom { fact: index, question });
        }
        for cuts in [&mut facts.entry_cuts, &mut facts.date_cuts] {
            cuts.sort_unstable();
            cuts.dedup();
        }
        facts.group_cuts = GroupCuts::of(law.ledger, groups.into_iter());
        facts
    }

    fn add_assertion(&mut self, fact: &Fact, index: FactIx) {
        let bit = 1_u128 << index.0.min(127);
        let of = &mut self.assertion_bits;
        match fact {
            Fact::Loaded => of.loaded = bit,
            Fact::Exported => of.exported = bit,
            Fact::Mode => of.mode = bit,
            Fact::Spi => of.spi = bit,
            Fact::Melted => of.melted = bit,
            Fact::Chapter98 => of.chapter_98 = bit,
            Fact::Share(Share::UsContent) => of.us_content = bit,
            Fact::Share(Share::UsMetal) => of.us_metal = bit,
            Fact::Claim(claim) => of.claims[usize::from(claim.0)] = bit,
            _ => {}
        }
    }

    fn add_fact(&mut self, law: &Timeline<'_>, fact: Fact) -> FactIx {
        let index = FactIx(u16::try_from(self.facts.len()).unwrap_or(u16::MAX));
        let assertion = fact.is_assertion(law);
        if assertion {
            self.add_assertion(&fact, index);
        }
        self.assertion.push(assertion);
        self.facts.push(fact);
        index
    }

    /// The atom of a question.
    pub fn atom_of(&self, question: &Question) -> Option<AtomIx> {
        self.of_question.get(question).copied()
    }

    /// The atom of a condition of the law.
    pub fn atom(&self, condition: &Condition) -> Option<AtomIx> {
        self.atom_of(&Question::Condition(condition.clone()))
    }

    /// The fact of an atom.
    pub fn fact_of(&self, atom: AtomIx) -> FactIx {
        self.atoms[usize::from(atom.0)].fact
    }

    /// The reply to an atom on an assertion that was not made; none for an atom on a fact.
    pub fn not_made(&self, atom: AtomIx) -> Option<Reply> {
        let atom = &self.atoms[usize::from(atom.0)];
        // `no:b` of a benefit holds when `b` was not claimed.
        let denied = matches!(atom.question, Question::Condition(Condition::Claim { yes: false, .. }));
        self.assertion[usize::from(atom.fact.0)].then_some(if denied { Reply::Yes } else { Reply::NotStated })
    }

    /// The bit of an atom's fact in [`Self::stated_assertions`]; facts past the last bit share it.
    pub fn assertion_bit(&self, atom: AtomIx) -> u128 {
        1 << self.fact_of(atom).0.min(127)
    }

    /// The bit of a fact in [`Self::stated_assertions`] that no other shares; nothing where others do.
    pub fn own_bit(&self, fact: &Fact) -> u128 {
        let index = self.facts.iter().position(|known| known == fact);
        index.filter(|index| *index < 127).map_or(0, |index| 1 << index)
    }

    /// The bits of the dates of loading and export, and of the mode, in [`Self::stated_assertions`].
    pub fn transit_bits(&self) -> [u128; 3] {
        let of = &self.assertion_bits;
        [of.loaded, of.exported, of.mode]
    }

    /// The assertions that a line makes, one bit each: what it does not say need not be asked of it.
    pub fn stated_assertions(&self, line: &EntryLine) -> u128 {
        let of = &self.assertion_bits;
        let mut bits = 0;
        let stated = [
            (line.loading_date.is_some(), of.loaded),
            (line.export_date.is_some(), of.exported),
            (line.mode.is_some(), of.mode),
            (line.spi.is_some(), of.spi),
            (line.melt_country.is_some(), of.melted),
            (line.ch98_number.is_some(), of.chapter_98),
            (line.us_content_pct.is_some(), of.us_content),
            (line.us_metal_pct.is_some(), of.us_metal),
        ];
        for (stated, bit) in stated {
            if stated {
                bits |= bit;
            }
        }
        for stated in &line.claims {
            bits |= of.claims.get(usize::from(stated.claim.0)).copied().unwrap_or(0);
        }
        bits
    }

    /// What an atom says of a line.
    pub fn truth(&self, law: &Timeline<'_>, atom: AtomIx, line: &Stated<'_>) -> Truth {
        let atom = &self.atoms[usize::from(atom.0)];
        let condition = match &atom.question {
            Question::Condition(condition) => condition,
            Question::Empty(basis) => return line.value().is_empty(*basis).map_or(Truth::Unknown, Truth::of),
            Question::Adds { over, total } => return Truth::of(adds(line, *over, *total)),
        };
        match holds(law, condition, line) {
            Some(truth) => truth,
            // `no:b` of a benefit holds when `b` was not claimed.
            None if self.assertion[usize::from(atom.fact.0)] => match condition {
                Condition::Claim { yes: false, .. } => Truth::True,
                _ => Truth::NotStated,
            },
            None => Truth::Unknown,
        }
    }

    /// Moments at which a condition on the entry date, or on a date that it stands for, can turn.
    pub fn entry_cuts(&self) -> impl Iterator<Item = Instant> + '_ {
        self.entry_cuts.iter().copied()
    }

    /// Whether a fact is the entry date, or a date that it stands for.
    pub fn is_entry_date(&self, fact: FactIx) -> bool {
        matches!(self.facts[usize::from(fact.0)], Fact::Entered | Fact::Imported)
    }

    /// One number for the sides of all those moments that a span touches.
    pub fn entry_regions(&self, (from, until): (Instant, Instant)) -> Regions {
        let before = |end: i64| self.entry_cuts().filter(|cut| cut.0 < end).count() as Regions;
        before(from.0.saturating_add(1)) << 32 | before(until.0)
    }

    /// The sides of all bounds on dates that a span touches, as one number.
    pub fn regions(&self, (from, until): (Instant, Instant)) -> Regions {
        let before = |end: i64| self.date_cuts.partition_point(|cut| cut.0 < end) as Regions;
        before(from.0.saturating_add(1)) << 32 | before(until.0)
    }

    /// A number for whom the groups that conditions name hold at a moment, as known on a day.
    pub fn groups_at(&self, at: Instant, known: Day) -> u64 {
        self.group_cuts.place(at, known)
    }

    /// Those of the moments that lie inside a span: after its first moment.
    pub fn entry_cuts_in(&self, (from, until): (Instant, Instant)) -> &[Instant] {
        let first = self.entry_cuts.partition_point(|cut| *cut <= from);
        let rest = &self.entry_cuts[first..];
        &rest[..rest.partition_point(|cut| *cut < until)]
    }
}

/// How much there is of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// As stated.
    Stated(Quantity),
    /// So little that the price of a unit is above every bound.
    Nothing,
    /// So much that the price of a unit is below every bound.
    Boundless,
    /// As much as gives this price of a unit.
    AtPrice(UnitPrice),
}

/// What is supposed of facts that a line does not state.
#[derive(Clone, Debug, Default)]
pub struct Pins {
    /// `entry_date`.
    pub entered: Option<Instant>,
    /// `import_date`.
    pub imported: Option<Instant>,
    /// `loading_date`; inside none where it is not asserted.
    pub loaded: Option<Option<Instant>>,
    /// `export_date`, likewise.
    pub exported: Option<Option<Instant>>,
    /// `mode_of_transport`, likewise.
    pub mode: Option<Option<Mode>>,
    /// Claims that say what the article is.
    pub claims: SmallVec<[(ClaimId, bool); 4]>,
    /// `metal_weight_pct`.
    pub metal_weight: Option<Rate>,
    /// Where the aluminum was smelted.
    pub smelted: Option<SmallVec<[Origin; 2]>>,
    /// `cast_country`.
    pub cast: Option<Origin>,
    /// `country_of_export`.
    pub exporter: Option<Origin>,
    /// The value, for conditions alone: money is never supposed.
    pub value: Option<Cents>,
    /// By unit.
    pub quantities: SmallVec<[(String, Amount); 2]>,
    /// The contents.
    pub contents: Option<Value>,
}

/// A line with what evaluation knows beside it.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'a> {
    /// The line.
    pub line: &'a EntryLine,
    /// Its contents.
    pub value: &'a Value,
    /// The moment that governs.
    pub moment: Moment,
    /// The entry date as moments.
    pub entered: (Instant, Instant),
    /// The column that applies.
    pub column: Column,
    /// Column 1-general.
    pub general: Option<&'a Base>,
    /// The ordinary rate that applies.
    pub ordinary: Option<&'a Base>,
    /// Clock of the levying side.
    pub clock: &'a portolan_ledger::time::Clock,
    /// What is supposed.
    pub pins: Option<&'a Pins>,
}

impl Stated<'_> {
    fn value(&self) -> &Value {
        self.pins.and_then(|pins| pins.contents.as_ref()).unwrap_or(self.value)
    }

    /// The entered value as stated, or as supposed.
    fn entered_value(&self) -> Option<Cents> {
        self.line.value.or_else(|| self.pins?.value)
    }

    fn span(&self, at: Instant) -> (Instant, Instant) {
        When::At(at).span(self.clock)
    }

    /// The entry date, as moments.
    fn entry(&self) -> (Instant, Instant) {
        self.pins.and_then(|pins| pins.entered).map_or(self.entered, |at| self.span(at))
    }

    /// The import date; where it is not stated the entry date stands for it.
    fn import(&self) -> (Instant, Instant) {
        if let Some(at) = self.pins.and_then(|pins| pins.imported) {
            return self.span(at);
        }
        self.line.import_date.map_or_else(|| self.entry(), |when| when.span(self.clock))
    }

    /// A date that is asserted; none where it is not.
    fn asserted(&self, stated: Option<When>, pin: Option<Option<Instant>>) -> Option<(Instant, Instant)> {
        match pin {
            Some(supposed) => supposed.map(|at| self.span(at)),
            None => stated.map(|when| when.span(self.clock)),
        }
    }

    fn claim(&self, claim: ClaimId) -> Option<bool> {
        let supposed = || self.pins?.claims.iter().find(|(supposed, _)| *supposed == claim).map(|(_, yes)| *yes);
        self.line.claim(claim).or_else(supposed)
    }

    /// The quantity in a unit.
    pub(crate) fn quantity(&self, unit: &str) -> Option<Amount> {
        amount_in(self.line, self.pins, unit)
    }

    /// The quantity in a unit of the schedule for a value: `Err` where there is none, `Ok(None)` without bound.
    fn quantity_of(&self, unit: portolan_ledger::duty_expression::Unit, value: Cents) -> Option<Option<Fraction>> {
        exact_quantity(self.line, self.pins, unit, value)
    }

    /// Whether every quantity that a rate asks for is supposed.
    fn only_supposed(&self, base: &Base) -> bool {
        base.units().all(|unit| {
            let amount = self.quantity(&unit.to_string());
            amount.is_some_and(|amount| !matches!(amount, Amount::Stated(_)))
        })
    }
}

/// The quantity of a line in a unit, as stated or as supposed.
pub(crate) fn amount_in(line: &EntryLine, pins: Option<&Pins>, unit: &str) -> Option<Amount> {
    let supposed = || pins?.quantities.iter().find(|(of, _)| same_unit(of, unit)).map(|(_, amount)| *amount);
    quantity_in(line, unit).map(Amount::Stated).or_else(supposed)
}

/// Whether two texts name one unit.
pub(crate) fn same_unit(a: &str, b: &str) -> bool {
    use portolan_ledger::duty_expression::Unit;
    a.trim().eq_ignore_ascii_case(b.trim()) || Unit::parse(a).is_ok_and(|unit| Unit::parse(b) == Ok(unit))
}

/// The quantity in a unit of the schedule, exactly: none where it is not known, inside none where it is without bound.
pub(crate) fn exact_quantity(
    line: &EntryLine,
    pins: Option<&Pins>,
    unit: portolan_ledger::duty_expression::Unit,
    value: Cents,
) -> Option<Option<Fraction>> {
    match amount_in(line, pins, &unit.to_string())? {
        Amount::Stated(quantity) => Fraction::new(i128::from(quantity.0), 1_000_000).map(Some),
        Amount::Nothing => Some(Some(Fraction::ZERO)),
        Amount::Boundless => Some(None),
        // Cents over billionths of a dollar for a unit.
        Amount::AtPrice(price) => Fraction::new(i128::from(value.0) * 10_000_000, i128::from(price.0)).map(Some),
    }
}

/// Whether conditions ask for a date of loading or export.
pub fn is_transit_clause(tests: &[Test<'_>]) -> bool {
    tests.iter().any(|test| matches!(test, Test::Fact(Condition::Loaded(_) | Condition::Exported(_))))
}

fn fact_of(question: &Question) -> Fact {
    let condition = match question {
        Question::Condition(condition) => condition,
        Question::Empty(_) => return Fact::Contents,
        Question::Adds { .. } => return Fact::Added,
    };
    match condition {
        Condition::Loaded(_) => Fact::Loaded,
        Condition::Exported(_) => Fact::Exported,
        Condition::Imported(_) => Fact::Imported,
        Condition::Entered(_) => Fact::Entered,
        Condition::Mode(_) => Fact::Mode,
        Condition::EntryType(_) => Fact::EntryType,
        Condition::ValueAtMost(_) => Fact::Value,
        Condition::UnitPrice { unit, .. } => Fact::UnitPrice(unit.clone()),
        Condition::Column(_) | Condition::Provisions { .. } => Fact::Column,
        Condition::Spi(_) => Fact::Spi,
        Condition::Claim { claim, .. } => Fact::Claim(*claim),
        Condition::Share { of, .. } => Fact::Share(*of),
        Condition::Melted { .. } => Fact::Melted,
        Condition::Smelted { .. } => Fact::Smelted,
        Condition::Base { general: true, .. } => Fact::General,
        Condition::Base { general: false, .. } => Fact::Ordinary,
        Condition::Chapter98(_) => Fact::Chapter98,
        Condition::ExportedFrom(_) => Fact::ExportCountry,
    }
}

/// The groups of countries that a condition names.
fn groups_named(question: &Question) -> impl Iterator<Item = GroupId> + '_ {
    let countries = match question {
        Question::Condition(
            Condition::Melted { countries, .. }
            | Condition::Smelted { countries, .. }
            | Condition::ExportedFrom(countries),
        ) => countries.as_slice(),
        _ => &[],
    };
    countries.iter().filter_map(|country| match country {
        OriginRef::Group(group) => Some(*group),
        OriginRef::Country(_) | OriginRef::Any => None,
    })
}

/// The moment at which a condition on the entry or import date turns.
fn entry_cut(question: &Question) -> Option<Instant> {
    match question {
        Question::Condition(Condition::Entered(bound) | Condition::Imported(bound)) => Some(moment_of(*bound)),
        _ => None,
    }
}

/// The moment at which a condition on a date turns.
fn date_cut(question: &Question) -> Option<Instant> {
    match question {
        Question::Condition(Condition::Loaded(bound) | Condition::Exported(bound)) => Some(moment_of(*bound)),
        _ => entry_cut(question),
    }
}

/// The moment of a bound.
pub(crate) fn moment_of(bound: Bound) -> Instant {
    let (Bound::Before(at) | Bound::From(at)) = bound;
    at
}

/// What a condition says of what the line states or what is supposed: none if its fact is neither.
fn holds(law: &Timeline<'_>, condition: &Condition, s: &Stated<'_>) -> Option<Truth> {
    let line = s.line;
    let pins = s.pins;
    let inside = |set: &[OriginRef], origin: Origin| law.holds_origin(set, origin, s.moment);
    let at_least = |value: Rate, pct: Rate, at_least: bool| Truth::of((value >= pct) == at_least);
    Some(match condition {
        Condition::Loaded(bound) => compare(*bound, s.asserted(line.loading_date, pins.and_then(|p| p.loaded))?),
        Condition::Exported(bound) => compare(*bound, s.asserted(line.export_date, pins.and_then(|p| p.exported))?),
        Condition::Imported(bound) => compare(*bound, s.import()),
        Condition::Entered(bound) => compare(*bound, s.entry()),
        Condition::Mode(modes) => {
            let mode = line.mode.or_else(|| pins?.mode.flatten())?;
            Truth::of(modes.contains(&mode))
        }
        Condition::EntryType(types) => Truth::of(types.iter().any(|t| t.as_bytes() == line.entry_type)),
        Condition::ValueAtMost(cents) => Truth::of(s.entered_value()? <= *cents),
        Condition::UnitPrice { at_least, price, unit } => Truth::of(price_reached(s, *price, unit)? == *at_least),
        Condition::Column(columns) => Truth::of(columns.contains(&s.column)),
        Condition::Spi(spis) => Truth::of(spis.contains(line.spi.as_ref()?)),
        Condition::Claim { claim, yes } => Truth::of(s.claim(*claim)? == *yes),
        Condition::Share { of, at_least: least, pct } => at_least(share(s, *of)?, *pct, *least),
        Condition::Melted { countries, at_least: least } => {
            let country = line.melt_country?;
            match least {
                _ if !inside(countries, country) => Truth::False,
                None => Truth::True,
                // A share that was not stated was not asserted.
                Some(pct) => at_least(line.melt_pct?, *pct, true),
            }
        }
        Condition::Smelted { countries, all } => smelted(s, &|origin| inside(countries, origin), *all)?,
        Condition::Base { general, at_least, rate } => {
            let Some(base) = (if *general { s.general } else { s.ordinary }) else { return Some(Truth::Unknowable) };
            match base_reached(s, base, *rate) {
                Ok(reached) => Truth::of(reached? == *at_least),
                Err(()) => Truth::Unknowable,
            }
        }
        Condition::Chapter98(numbers) => Truth::of(chapter_98(line, numbers)?),
        Condition::ExportedFrom(countries) => {
            Truth::of(inside(countries, line.export_country.or_else(|| pins?.exporter)?))
        }
        Condition::Provisions { .. } => Truth::False,
    })
}

/// Whether the chapter 98 number that is claimed starts with one of these; with none given, any does.
pub(crate) fn chapter_98(line: &EntryLine, numbers: &[String]) -> Option<bool> {
    let stated = line.ch98_number.as_ref()?;
    let digits: String = stated.chars().filter(|c| *c != '.').collect();
    Some(numbers.is_empty() || numbers.iter().any(|number| digits.starts_with(number.as_str())))
}

/// Whether any, or all, of the countries of smelting and casting lie inside. What is not stated may decide.
fn smelted(s: &Stated<'_>, inside: &dyn Fn(Origin) -> bool, all: bool) -> Option<Truth> {
    let supposed = s.pins.and_then(|pins| pins.smelted.as_deref()).unwrap_or_default();
    let stated = &s.line.smelt_countries;
    let smelted: &[Origin] = if stated.is_empty() { supposed } else { stated };
    let cast = s.line.cast_country.or_else(|| s.pins?.cast);
    let mut known = smelted.iter().copied().chain(cast);
    // One inside settles `any`, one outside `all`.
    if known.any(|origin| inside(origin) != all) {
        return Some(Truth::of(!all));
    }
    if smelted.is_empty() || cast.is_none() { None } else { Some(Truth::of(all)) }
}

/// Whether all, none or some of the moments of a span lie on the side of the bound.
fn compare(bound: Bound, (from, until): (Instant, Instant)) -> Truth {
    let (at, before) = match bound {
        Bound::Before(at) => (at, true),
        Bound::From(at) => (at, false),
    };
    if until <= at {
        Truth::of(before)
    } else if from >= at {
        Truth::of(!before)
    } else {
        Truth::Unknown
    }
}

/// Whether a unit costs at least this.
fn price_reached(s: &Stated<'_>, price: UnitPrice, unit: &str) -> Option<bool> {
    match s.quantity(unit)? {
        Amount::Nothing => Some(true),
        Amount::Boundless => Some(price.0 <= 0),
        Amount::AtPrice(at) => Some(at >= price),
        Amount::Stated(quantity) => {
            // Billionths of a dollar times millionths of a unit are 10^-13 cents.
            let due = i128::from(price.0) * i128::from(quantity.0);
            if due <= 0 { Some(true) } else { s.entered_value().map(|value| i128::from(value.0) * UNIT_PRICES >= due) }
        }
    }
}

/// So many billionths of a dollar times millionths of a unit are a cent.
pub(crate) const UNIT_PRICES: i128 = 10_i128.pow(13);

/// Whether a base rate is at least this share of the value: one that is not ad valorem by its duty, unrounded, over the value
/// as stated. `Err` where the rate is not known.
fn base_reached(s: &Stated<'_>, base: &Base, bound: Rate) -> Result<Option<bool>, ()> {
    if let Some(rate) = base.ad_valorem {
        return Ok(Some(rate >= bound));
    }
    if let DutyExpression::Refused(_) = base.expression {
        return Err(());
    }
    let bound = Fraction::new(i128::from(bound.0), i128::from(Rate::WHOLE.0)).ok_or(())?;
    // What the value alone gives may suffice.
    if let Some(share) = share_alone(&base.expression)
        && !less(share, bound)
    {
        return Ok(Some(true));
    }
    // Where every quantity is supposed by the price of a unit, the value cancels out: any will do.
    let value = match s.entered_value() {
        _ if s.only_supposed(base) => Cents(100_000_000),
        Some(value) => value,
        None => return Ok(None),
    };
    let dollars = Fraction::new(i128::from(value.0), 100).ok_or(())?;
    match base.exact(dollars, &|unit| s.quantity_of(unit, value)) {
        Ok(Some(duty)) => bound.times(dollars).map(|due| Some(!less(duty, due))).ok_or(()),
        Ok(None) => Ok(Some(true)),
        Err(portolan_ledger::duty_expression::Missing::Quantity(_)) => Ok(None),
        Err(_) => Err(()),
    }
}

/// The share of the value that a rate takes whatever the quantities.
fn share_alone(expression: &DutyExpression) -> Option<Fraction> {
    let DutyExpression::Sum(terms) = expression else { return None };
    terms.iter().try_fold(Fraction::ZERO, |sum, term| match term {
        Term::AdValorem { percent, part: None | Some(Part::EntireSet) } => sum.plus(percent.share()),
        Term::AdValorem { .. } | Term::Specific { .. } => Some(sum),
    })
}

fn less(a: Fraction, b: Fraction) -> bool {
    a != b && a.larger(b) == Some(b)
}

/// Whether a total is more than the rate that it tops up.
fn adds(s: &Stated<'_>, over: Over, total: Rate) -> bool {
    let base = match over {
        Over::General => s.general,
        Over::Ordinary => s.ordinary,
    };
    base.and_then(|base| base.ad_valorem).is_none_or(|rate| rate < total)
}

/// A share that the line states, or that is supposed.
fn share(s: &Stated<'_>, of: Share) -> Option<Rate> {
    match of {
        Share::MetalWeight => s.line.metal_weight_pct.or_else(|| s.pins?.metal_weight),
        Share::Metal(metal) => s.value().metals[metal as usize],
        Share::UsContent => s.line.us_content_pct,
        Share::UsMetal => s.line.us_metal_pct,
    }
}
