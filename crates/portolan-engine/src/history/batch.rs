//! Many lines at once, columns in and columns out.
//!
//! Most lines state nothing that the law of their goods asks for on their day, and owe shares of their value: of such goods
//! the shares are worked out once for all days, and a line costs a few multiplications. Every other line is billed as
//! [`Engine::bill`] bills it, so that a batch says of each line what the evaluator of single lines says.
//!
//! A wooden table of China, worth 10,000 dollars, entered on 5 June and on 12 August 2025, as the law was known on 5 June:
//!
//! ```
//! use portolan_engine::{Batch, Columns, Duties, Law, LineState};
//! use portolan_ledger::line::View;
//! use portolan_ledger::record::Origin;
//! use portolan_ledger::{Cents, Day, Side};
//!
//! let (ledger, schedule) = (portolan_law::ledger()?, portolan_law::schedule()?);
//! let law = Law::new(&ledger, Some(&schedule));
//! let [known, lapse, end] = ["2025-06-05", "2025-08-12", "2026-01-01"].map(|day| Day::parse_iso(day.as_bytes()).unwrap());
//! let mut batch = Batch::new(&law, Side(0), View::Assessed, known, (known, end));
//! let columns = Columns {
//!     codes: &["9403.60.80".parse()?; 2],
//!     origins: &[Origin(*b"CN"); 2],
//!     entry_dates: &[known, lapse],
//!     values: &[Cents(1_000_000); 2],
//!     ..Columns::default()
//! };
//! let mut duties = Duties::default();
//! batch.evaluate(&columns, &mut duties)?;
//! assert_eq!(duties.states, [LineState::Settled; 2]);
//! assert_eq!(duties.high, [550_000, 790_000]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use portolan_ledger::duty_rate::{DutyRate, Over};
use portolan_ledger::line::{ClaimStated, EntryLine, StatedQuantity, View, When};
use portolan_ledger::number::Quantity;
use portolan_ledger::record::{FamilyId, Origin};
use portolan_ledger::schedule::SpecialTextId;
use portolan_ledger::{Cents, Day, Rate, Side, TariffCode};
use rustc_hash::FxHashMap;

use super::begins::Begin;
use super::{Base, ClassIx, FactsIx, Histories, OriginIx};
use crate::answer::Bill;
use crate::engine::{Engine, Question, class_of};
use crate::facts::Fact;
use crate::law::Law;
use crate::money::{Owed, Value, ad_valorem, round_to};
use crate::ordinary::Rates;
use crate::projection::Leaf;
use crate::resolve::part;
use crate::settings::FactsRead;

/// The unit of a quantity; see [`Batch::unit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitIx(pub u32);

/// Entry lines, a column of each thing that they state, all of one length.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns<'c> {
    /// Tariff codes.
    pub codes: &'c [TariffCode],
    /// Countries of origin.
    pub origins: &'c [Origin],
    /// Entry dates.
    pub entry_dates: &'c [Day],
    /// Entered values, in cents of the currency of the side that levies.
    pub values: &'c [Cents],
    /// What else is stated; an empty column where no line states more. See [`Batch::facts`].
    pub facts: &'c [FactsIx],
    /// Quantities in the unit of the schedule; an empty column where none is stated.
    pub quantities: &'c [Option<(Quantity, UnitIx)>],
}

/// Columns that are not of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uneven {
    /// The name of the column.
    pub column: &'static str,
    /// How long it is.
    pub length: usize,
    /// How long it should be.
    pub lines: usize,
}

impl fmt::Display for Uneven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column `{}` has {} rows, `codes` has {}", self.column, self.length, self.lines)
    }
}

impl std::error::Error for Uneven {}

impl Columns<'_> {
    fn check(&self) -> Result<usize, Uneven> {
        let lines = self.codes.len();
        let optional = |length: usize| if length == 0 { lines } else { length };
        let lengths = [
            ("origins", self.origins.len()),
            ("entry_dates", self.entry_dates.len()),
            ("values", self.values.len()),
            ("facts", optional(self.facts.len())),
            ("quantities", optional(self.quantities.len())),
        ];
        let uneven = lengths.into_iter().find(|(_, length)| *length != lines);
        uneven.map_or(Ok(lines), |(column, length)| Err(Uneven { column, length, lines }))
    }
}

/// How far a line is answered; of several the first below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineState {
    /// The line cannot be asked about: its code or origin is not known, or the ledger is wrong. [`Engine::bill`] says why.
    Refused,
    /// The law forbids the entry.
    Prohibited,
    /// Something the law says cannot be computed. [`Engine::bill`] names it.
    CannotCompute,
    /// The duty turns on something that the line does not state. [`Engine::bill`] names it.
    NeedsInput,
    /// All is known as far as the law was looked into, and the day lies past that.
    BeyondHorizon,
    /// All is known.
    Settled,
}

/// What lines owe: columns as long as those that were asked about. Amounts are in cents.
#[derive(Clone, Debug, Default)]
pub struct Duties {
    /// By family of the ledger, then by line: its duty, or [`Duties::UNKNOWN`].
    pub families: Vec<Vec<i64>>,
    /// The lowest total that could be, or [`Duties::UNKNOWN`].
    pub low: Vec<i64>,
    /// The highest; the same as the lowest where the line is settled.
    pub high: Vec<i64>,
    /// How far each line is answered.
    pub states: Vec<LineState>,
}

impl Duties {
    /// An amount that is not known; it is never zero instead.
    pub const UNKNOWN: i64 = i64::MIN;

    fn reset(&mut self, families: usize, lines: usize) {
        self.families.resize_with(families, Vec::new);
        for column in self.families.iter_mut().chain([&mut self.low, &mut self.high]) {
            column.clear();
            column.resize(lines, 0);
        }
        self.states.clear();
        self.states.resize(lines, LineState::Settled);
    }

    fn put(&mut self, row: usize, bill: &Bill) {
        let cents = |amount: Option<Cents>| amount.map_or(Self::UNKNOWN, |cents| cents.0);
        for (column, amount) in self.families.iter_mut().zip(&bill.families) {
            column[row] = cents(amount.duty);
        }
        self.low[row] = cents(bill.duty_min);
        self.high[row] = cents(bill.duty_max);
        self.states[row] = state_of(bill);
    }

    fn refuse(&mut self, row: usize) {
        for column in self.families.iter_mut().chain([&mut self.low, &mut self.high]) {
            column[row] = Self::UNKNOWN;
        }
        self.states[row] = LineState::Refused;
    }
}

fn state_of(bill: &Bill) -> LineState {
    if bill.prohibited {
        LineState::Prohibited
    } else if !bill.cannot.is_empty() {
        LineState::CannotCompute
    } else if !bill.needs_input.is_empty() {
        LineState::NeedsInput
    } else if !bill.beyond_horizon.is_empty() {
        LineState::BeyondHorizon
    } else {
        LineState::Settled
    }
}

/// A duty of so much of the value, less so much of it where it only tops another up; both rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Share {
    family: FamilyId,
    rate: Rate,
    less: Rate,
}

/// All that goods owe, as shares of their value, of lines that state nothing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Formula {
    shares: Box<[Share]>,
    beyond: bool,
    /// The assertions that the law in force for the goods asks for, by their bits.
    assertions: u128,
    /// Other facts that were asked for on the way to what is owed.
    facts: FactsRead,
}

/// The place of a formula; none where lines are billed one by one.
type FormulaIx = Option<u32>;

/// From a day on, until the next step.
#[derive(Clone, Copy, Debug)]
struct Step {
    from: Day,
    formula: FormulaIx,
}

/// Goods of one origin, with or without a special program that is claimed.
#[derive(Clone, Copy, Debug)]
enum Cell {
    /// So often asked about: not often enough to be worth working out all days.
    Seen(u8),
    /// The steps, and whether the schedule has a special rate for them.
    Made { first: u32, end: u32, has_special: bool },
}

/// After so many lines all days of goods are worked out: whoever is asked about a few times is not worth it.
const SEEN: u8 = 6;
/// Cells beyond this are not kept.
const MOST_CELLS: usize = 1 << 20;

/// Facts that lines state.
#[derive(Clone, Debug)]
struct Stated {
    /// A line that states them, to be filled in.
    line: EntryLine,
    /// The assertions among them, by their bits.
    assertions: u128,
    /// The others.
    facts: FactsRead,
    /// Lines are billed one by one, whatever the goods.
    by_line: bool,
    /// The special program alone.
    special: FactsIx,
}

/// An evaluator of columns; one a thread.
#[derive(Debug)]
pub struct Batch<'l> {
    histories: Histories<'l>,
    days: (Day, Day),
    facts: Vec<Stated>,
    units: Vec<String>,
    cells: FxHashMap<(u64, FactsIx), Cell>,
    steps: Vec<Step>,
    formulas: Vec<Formula>,
    formula_of: FxHashMap<Formula, u32>,
    /// By the law, the ordinary rate, the facts, and what the law in force asks for.
    asked: FxHashMap<(u32, Base, FactsIx, u128), FormulaIx>,
    bill: Bill,
}

impl<'l> Batch<'l> {
    /// An evaluator of lines of a side, in a view and with the law known on a date (`known_date`, as in an entry line). It is
    /// made for entry dates from one day on, up to but not including another; other days are answered too, but slowly.
    pub fn new(law: &'l Law<'l>, side: Side, view: View, known_date: Day, days: (Day, Day)) -> Self {
        let histories = Histories::new(law, side, view, known_date, days).exact();
        let mut batch = Self {
            histories,
            days,
            facts: Vec::new(),
            units: Vec::new(),
            cells: FxHashMap::default(),
            steps: Vec::new(),
            formulas: Vec::new(),
            formula_of: FxHashMap::default(),
            asked: FxHashMap::default(),
            bill: Bill::default(),
        };
        batch.look_into_facts();
        batch
    }

    /// What lines state besides code, origin, entry date, value and quantity: claims, shares, other dates, as a line states
    /// them. `FactsIx(0)` states nothing. Of the line its code, origin, entry date, value and quantities are left out.
    pub fn facts(&mut self, line: &EntryLine) -> FactsIx {
        let index = self.histories.facts(&EntryLine { value: None, quantities: Vec::new(), ..line.clone() });
        // A program alone is numbered behind the facts that bring it.
        self.look_into_facts();
        index
    }

    /// A unit of quantities, as a line would state it.
    pub fn unit(&mut self, unit: &str) -> UnitIx {
        let at = self.units.iter().position(|known| known == unit).unwrap_or_else(|| {
            self.units.push(unit.to_owned());
            self.units.len() - 1
        });
        UnitIx(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The evaluator of single lines behind the batch: to ask for reasons.
    pub fn engine(&mut self) -> &mut Engine<'l> {
        self.histories.engine()
    }

    /// A row as an entry line; none past the end of a column, and for facts or units that were not made here.
    pub fn line(&self, columns: &Columns<'_>, row: usize) -> Option<EntryLine> {
        let facts = columns.facts.get(row).copied().unwrap_or(FactsIx(0));
        let mut line = self.facts.get(facts.0 as usize)?.line.clone();
        fill(&mut line, &self.units, columns, row)?;
        Some(line)
    }

    /// Evaluates columns. `out` is overwritten; memory that it holds is used again.
    ///
    /// # Errors
    /// The columns are not of one length.
    pub fn evaluate(&mut self, columns: &Columns<'_>, out: &mut Duties) -> Result<(), Uneven> {
        let lines = columns.check()?;
        out.reset(self.histories.law().timeline.ledger.families.len(), lines);
        let grain = self.histories.engine.grain(self.histories.side);
        for row in 0..lines {
            let value = columns.values[row];
            let formula = if value.0 < 0 { None } else { self.formula_at(columns, row) };
            match formula {
                Some(formula) => apply(&self.formulas[formula as usize], round_to(value, grain), out, row),
                None => self.bill_one(columns, row, out),
            }
        }
        Ok(())
    }

    /// Bills a row as a line of its own.
    fn bill_one(&mut self, columns: &Columns<'_>, row: usize, out: &mut Duties) {
        let facts = columns.facts.get(row).copied().unwrap_or(FactsIx(0));
        let filled = self.facts.get_mut(facts.0 as usize).and_then(|stated| {
            fill(&mut stated.line, &self.units, columns, row)?;
            Some(&stated.line)
        });
        let billed = filled.map(|line| self.histories.engine.bill_into(line, &mut self.bill));
        match billed {
            Some(Ok(())) => out.put(row, &self.bill),
            Some(Err(_)) | None => out.refuse(row),
        }
    }

    fn formula_at(&mut self, columns: &Columns<'_>, row: usize) -> FormulaIx {
        let (code, origin, day) = (columns.codes[row], columns.origins[row], columns.entry_dates[row]);
        if !(self.days.0..self.days.1).contains(&day) {
            return None;
        }
        let facts = columns.facts.get(row).copied().unwrap_or(FactsIx(0));
        let stated = self.facts.get(facts.0 as usize)?;
        let (by_line, special) = (stated.by_line, stated.special);
        if by_line {
            return None;
        }
        let (mut steps, has_special) = self.cell(code, origin, FactsIx(0))?;
        let mut usual = FactsIx(0);
        if has_special && special != usual {
            (steps, usual) = (self.cell(code, origin, special)?.0, special);
        }
        let steps = &self.steps[steps.0 as usize..steps.1 as usize];
        let after = steps.partition_point(|step| step.from <= day);
        let formula = steps[..after].last()?.formula?;
        let (stated, usual) = (&self.facts[facts.0 as usize], &self.facts[usual.0 as usize]);
        let asked = &self.formulas[formula as usize];
        let bears = stated.assertions & !usual.assertions & asked.assertions != 0 || asked.facts.any(stated.facts);
        (!bears).then_some(formula)
    }

    /// The steps of goods, where they are worked out, and whether the schedule has a special rate for them.
    fn cell(&mut self, code: TariffCode, origin: Origin, facts: FactsIx) -> Option<((u32, u32), bool)> {
        // Ten digits take 34 bits.
        let goods = code.padded() << 20 | u64::from(code.digits()) << 16 | u64::from(u16::from_be_bytes(origin.0));
        let room = self.cells.len() < MOST_CELLS;
        match self.cells.get_mut(&(goods, facts)) {
            Some(Cell::Made { first, end, has_special }) => return Some(((*first, *end), *has_special)),
            Some(Cell::Seen(times)) if *times < SEEN => {
                *times += 1;
                return None;
            }
            None if room => {
                self.cells.insert((goods, facts), Cell::Seen(1));
                return None;
            }
            None => return None,
            Some(Cell::Seen(_)) => {}
        }
        let (first, has_special) = (self.steps.len(), self.make(code, origin, facts));
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let (first, end) = (place(first), place(self.steps.len()));
        self.cells.insert((goods, facts), Cell::Made { first, end, has_special });
        Some(((first, end), has_special))
    }

    /// Appends the steps of goods; gives whether the schedule has a special rate for them.
    fn make(&mut self, code: TariffCode, origin: Origin, facts: FactsIx) -> bool {
        let mut made: Vec<Step> = Vec::new();
        let mut has_special = false;
        let origin = self.histories.origin(origin);
        // Of a code that the schedule does not know each line is told so.
        for span in self.histories.products(code, self.days).unwrap_or_default() {
            for begin in self.histories.begins_of(span.class, (span.from, span.until), origin, facts) {
                let from = self.histories.segments[begin.segment as usize].from.max(span.from);
                let formula = self.formula(span.class, origin, facts, begin);
                made.push(Step { from, formula });
            }
            made.push(Step { from: span.until, formula: None });
            has_special |= self.histories.has_special(span.class);
        }
        // Where one span ends and the next begins on one day, the last word counts.
        made.dedup_by(|next, last| {
            let same_day = next.from == last.from;
            if same_day {
                last.formula = next.formula;
            }
            same_day || next.formula == last.formula
        });
        self.steps.append(&mut made);
        has_special
    }

    /// What a class owes from one day on.
    fn formula(&mut self, class: ClassIx, origin: OriginIx, facts: FactsIx, begin: Begin) -> FormulaIx {
        let histories = &mut self.histories;
        let base = histories.key(class, origin, facts, begin);
        let line = histories.line_of(class, origin, facts, histories.segments[begin.segment as usize].from);
        let q = histories.question(&line, class, begin.segment);
        let assertions = histories.engine.assertions_in_force(&q, &line);
        let key = (begin.law, base, facts, assertions);
        if let Some(&known) = self.asked.get(&key) {
            return known;
        }
        let found = histories.engine.formula(&q, &line, assertions);
        let keeps = histories.keeps(facts);
        let formula = found.map(|formula| self.number(formula));
        if keeps {
            self.asked.insert(key, formula);
        }
        formula
    }

    fn number(&mut self, formula: Formula) -> u32 {
        let next = u32::try_from(self.formulas.len()).unwrap_or(u32::MAX);
        let number = *self.formula_of.entry(formula.clone()).or_insert(next);
        if number == next {
            self.formulas.push(formula);
        }
        number
    }

    /// Looks into facts that are new.
    fn look_into_facts(&mut self) {
        while let Some(line) = self.histories.facts.get(self.facts.len()).cloned() {
            let law = self.histories.law();
            let claims = &law.timeline.ledger.claims;
            let article = |stated: &ClaimStated| claims.get(usize::from(stated.claim.0)).is_none_or(|of| of.article);
            // What a statistic says of an ordinary rate counts in histories alone.
            let by_line = self.histories.engine.governing(&line).1.0 != "entry_date"
                || line.entry_type != self.histories.facts[0].entry_type
                || line.claims.iter().any(article)
                || line.processing_value.is_some()
                || line.mfn_pct.is_some();
            let (mut assertions, facts) = (law.facts.stated_assertions(&line), FactsRead::stated(&line));
            let is_dated = line.loading_date.is_some() || line.export_date.is_some();
            if !is_dated && line.mode.is_some_and(|mode| !law.asks_for_mode_alone(mode)) {
                assertions &= !law.facts.own_bit(&Fact::Mode);
            }
            let special = match &line.spi {
                Some(spi) => {
                    let nothing = self.histories.facts[0].clone();
                    self.histories.facts(&EntryLine { spi: Some(spi.clone()), ..nothing })
                }
                None => FactsIx(0),
            };
            self.facts.push(Stated { line, assertions, facts, by_line, special });
        }
    }
}

/// Puts a row into a line.
fn fill(line: &mut EntryLine, units: &[String], columns: &Columns<'_>, row: usize) -> Option<()> {
    line.code = *columns.codes.get(row)?;
    line.origin = *columns.origins.get(row)?;
    line.entry_date = When::Day(*columns.entry_dates.get(row)?);
    line.value = Some(*columns.values.get(row)?);
    line.quantities.clear();
    if let Some((quantity, unit)) = columns.quantities.get(row).copied().flatten() {
        line.quantities.push(StatedQuantity { quantity, unit: units.get(unit.0 as usize)?.clone() });
    }
    Some(())
}

fn apply(formula: &Formula, whole: Cents, out: &mut Duties, row: usize) {
    let mut total = 0;
    for share in &formula.shares {
        let mut cents = ad_valorem(whole, share.rate).0;
        if share.less != Rate::ZERO {
            cents = (cents - ad_valorem(whole, share.less).0).max(0);
        }
        out.families[usize::from(share.family.0)][row] += cents;
        total += cents;
    }
    (out.low[row], out.high[row]) = (total, total);
    if formula.beyond {
        out.states[row] = LineState::BeyondHorizon;
    }
}

impl Histories<'_> {
    fn has_special(&self, class: ClassIx) -> bool {
        let rates = self.classes[class.0 as usize].rates.as_ref();
        let text = |rates: &Rates| Some(self.law().schedule?.special_text(SpecialTextId(rates.special)));
        rates.and_then(text).is_some_and(|text| !text.is_empty())
    }
}

impl<'l> Engine<'l> {
    /// The assertions that records in force for the goods of a line ask for, by their bits.
    fn assertions_in_force(&mut self, q: &Question<'l>, line: &EntryLine) -> u128 {
        let mut all = 0;
        for &at in &q.pieces {
            for &class in &q.classes {
                let class = (class, class_of(self.law, &self.classes, class));
                let projection = &mut self.projections[q.projection];
                let interval = projection.interval(at);
                let scope = projection.in_scope(self.law, class, (q.origin, line.origin), interval);
                all |= scope.iter().map(|record| self.law.assertions_of(record)).fold(0, |all, bits| all | bits);
            }
        }
        all
    }

    /// What a line owes where that is plain shares of the whole value, whatever the value is.
    fn formula(&mut self, q: &Question<'l>, line: &EntryLine, assertions: u128) -> Option<Formula> {
        let value = Value::of(line, self.grain(q.side), self.flaw);
        let leaf = self.plain_leaf(q, line, &value).ok()??;
        let leaf = self.own_leaf(q, line, leaf);
        let projection = &self.projections[q.projection];
        let mut formula = self.shares(q, projection.leaf(leaf))?;
        formula.assertions = assertions;
        for atom in projection.asked(leaf) {
            let of = &self.law.facts;
            match (of.not_made(atom), of.atoms[usize::from(atom.0)].condition()) {
                (Some(_), _) => formula.assertions |= of.assertion_bit(atom),
                (None, Some(condition)) => formula.facts |= FactsRead::of(condition),
                // Whether a part of the value is empty.
                (None, None) => formula.facts |= FactsRead::CONTENTS,
            }
        }
        Some(formula)
    }

    fn shares(&self, q: &Question<'l>, leaf: &Leaf) -> Option<Formula> {
        if leaf.resolution.prohibited.is_some() {
            return None;
        }
        let mut shares = Vec::new();
        if self.pays_ordinary(leaf) {
            let rate = self.bases.get(q.base.ordinary?).ad_valorem?;
            shares.push(Share { family: self.mfn?, rate, less: Rate::ZERO });
        }
        for owed in leaf.owed.iter() {
            shares.push(self.share(q, owed)?);
        }
        shares.retain(|share| share.rate != Rate::ZERO);
        let beyond = leaf.owed.iter().any(|owed| owed.beyond);
        Some(Formula { shares: shares.into(), beyond, assertions: 0, facts: FactsRead::default() })
    }

    /// One duty as a share of the whole value.
    fn share(&self, q: &Question<'l>, owed: &Owed) -> Option<Share> {
        if owed.parts != part::ALL {
            return None;
        }
        let (rate, less) = match owed.rate {
            DutyRate::Add(rate) | DutyRate::InPlaceOfAll(rate) | DutyRate::InPlaceOfOrdinary(rate) => {
                (rate, Rate::ZERO)
            }
            DutyRate::Total(rate, over) => {
                let base = if over == Over::General { q.base.general } else { q.base.ordinary };
                (rate, self.bases.get(base?).ad_valorem?)
            }
            _ => return None,
        };
        Some(Share { family: self.counts_in(owed), rate, less })
    }
}
