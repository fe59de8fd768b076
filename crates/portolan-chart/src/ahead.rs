//! What changes next on either side if nothing more is signed, and what lies beyond what is known.

use portolan_engine::{Bill, Engine, Law, Pct};
use portolan_ledger::line::{ClaimStated, EntryLine, View, When};
use portolan_ledger::record::{
    ActId, Condition, Exception, List, ListId, Origin, OriginRef, Program, RateRecord, Scope, Suspension, Term,
};
use portolan_ledger::register::{Measure, Register, State, StatusRow, Then};
use portolan_ledger::scenario;
use portolan_ledger::timeline::{Moment, ProvisionIx, ProvisionNode};
use portolan_ledger::{Cents, Day, Instant, Ledger, Rate, Side, TariffCode};

use crate::turns::{self, Span, before};

/// Something that happens by itself.
#[derive(Clone, Debug)]
pub struct Tick<'l> {
    /// Whose law, or whose measure.
    pub side: Side,
    /// When.
    pub at: Instant,
    /// What.
    pub what: What<'l>,
    /// By which act, where one is named.
    pub act: Option<ActId>,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum What<'l> {
    /// The term of a suspension ends.
    Suspension {
        /// Of which program.
        program: &'l Program,
        /// Which.
        suspension: &'l Suspension,
        /// Goods, and what is added to their ordinary duty before and after.
        goods: Vec<Goods>,
        /// The provisions beneath it, with their rates before and after.
        beneath: Vec<Beneath>,
    },
    /// The term of an exception, exclusion or clause for goods in transit ends.
    Exception {
        /// Of which program.
        program: &'l Program,
        /// Which.
        exception: &'l Exception,
        /// The provisions that it spares, with the rates that are owed again.
        beneath: Vec<Beneath>,
    },
    /// A rate that is already law becomes another.
    Rate {
        /// Which.
        provision: ProvisionIx,
        /// Until then.
        before: String,
        /// From then on.
        after: String,
    },
    /// Rows of a product list begin or end.
    Rows {
        /// Which list.
        list: &'l List,
        /// They begin; else they end.
        begins: bool,
        /// How many.
        count: usize,
    },
    /// The term of a measure that is no tariff ends.
    Term {
        /// Which.
        measure: &'l Measure,
        /// The row that ends.
        row: &'l StatusRow,
        /// What follows by its text.
        then: Then,
    },
    /// A measure that is no tariff comes to stand otherwise, as is known already.
    Step {
        /// Which.
        measure: &'l Measure,
        /// The row that begins.
        row: &'l StatusRow,
    },
}

/// What is added to the ordinary duty of some goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goods {
    /// Which.
    pub which: Which,
    /// From where.
    pub origin: Origin,
    /// Before.
    pub before: Added,
    /// After.
    pub after: Added,
}

/// Which goods an answer is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Goods that stand on no list.
    OnNoList,
    /// Goods on a list: its path, and the code that stands for them.
    On(String, TariffCode),
}

/// Points of the value from the least to the most that can be owed for what is stated; none where no share of the value says it.
pub type Added = Option<(Pct, Pct)>;

/// A provision beneath a suspension or an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beneath {
    /// Which.
    pub provision: ProvisionIx,
    /// The rate that is owed before; none where the whole is suspended or spared.
    pub before: Option<String>,
    /// The rate that is owed after; none where it has ended.
    pub after: Option<String>,
    /// The judgment by which nothing of it is collected.
    pub annulled: Option<ActId>,
}

/// A term that ran out after the day through which the sources reach: what followed is not known.
#[derive(Clone, Debug)]
pub struct Fork<'l> {
    /// Whose law.
    pub side: Side,
    /// When the term ran out.
    pub at: Instant,
    /// Of which program.
    pub program: &'l Program,
    /// What ran out.
    pub what: RanOut<'l>,
    /// The act whose term it was.
    pub act: ActId,
    /// The judgment by which nothing beneath is collected on any branch.
    pub annulled: Option<ActId>,
    /// What goods owe on each branch.
    pub branches: Vec<Branches>,
}

/// A term that ran out.
#[derive(Clone, Copy, Debug)]
pub enum RanOut<'l> {
    /// Of a suspension.
    Suspension(&'l Suspension),
    /// Of an exclusion.
    Exception(&'l Exception),
}

/// What is added to the ordinary duty of some goods on each branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branches {
    /// Which goods.
    pub which: Which,
    /// From where.
    pub origin: Origin,
    /// They are claimed to be what the exclusion is about.
    pub claimed: bool,
    /// The term has lapsed: the text as it stands.
    pub lapse: Added,
    /// The term was extended.
    pub extension: Added,
    /// The duty beneath was repealed.
    pub repeal: Added,
}

/// A measure whose term ran out after the day through which the sources reach.
#[derive(Clone, Copy, Debug)]
pub struct MeasureFork<'l> {
    /// Which.
    pub measure: &'l Measure,
    /// The row that ran out.
    pub row: &'l StatusRow,
    /// When.
    pub at: Instant,
    /// What follows by the text.
    pub then: Then,
    /// How far the sources reach.
    pub register: &'l Register,
}

/// What comes next.
#[derive(Clone, Debug)]
pub struct Ahead<'l> {
    /// The day from which is looked ahead.
    pub on: Day,
    /// The day at whose end the law and the registers are known.
    pub known: Day,
    /// What happens, in order.
    pub ticks: Vec<Tick<'l>>,
    /// Duties that turn on what was not found.
    pub forks: Vec<Fork<'l>>,
    /// Measures that do.
    pub measures: Vec<MeasureFork<'l>>,
    /// Programs that were checked through a day before, the most recently checked first.
    pub beyond: Vec<&'l Program>,
}

impl<'l> Ahead<'l> {
    /// Looks ahead from the beginning of a day.
    pub fn look(law: &Law<'l>, on: Day, known: Day) -> Self {
        let ledger = law.timeline.ledger;
        let mut found =
            Self { on, known, ticks: Vec::new(), forks: Vec::new(), measures: Vec::new(), beyond: Vec::new() };
        let mut look = Looking { law, engine: Engine::new(law), on, known };
        for side in (0..).map(Side).take(law.clocks.len()) {
            let mut ticks = look.suspensions(side);
            ticks.extend(look.exceptions(side));
            ticks.extend(look.rates(side));
            ticks.extend(look.rows(side));
            ticks.extend(look.terms(side));
            ticks.sort_by_key(|tick| tick.at);
            found.ticks.extend(ticks);
            found.forks.extend(look.forks(side));
            found.measures.extend(look.measure_forks(side));
        }
        for fork in &mut found.forks {
            branch(ledger, &look, fork);
        }
        let passed = |program: &&Program| look.is_beyond(program.checked_through);
        found.beyond = ledger.programs.iter().filter(passed).collect();
        found.beyond.sort_by_key(|program| std::cmp::Reverse(program.checked_through));
        found
    }

    /// What happens on one side.
    pub fn of_side(&self, side: Side) -> impl Iterator<Item = &Tick<'l>> {
        self.ticks.iter().filter(move |tick| tick.side == side)
    }
}

/// The law from which is looked ahead.
struct Looking<'w, 'l> {
    law: &'w Law<'l>,
    engine: Engine<'w>,
    on: Day,
    known: Day,
}

impl<'l> Looking<'_, 'l> {
    fn moment(&self, side: Side) -> Moment {
        let at = self.law.clocks[usize::from(side.0)].day_start(self.on);
        Moment { at, known: self.known, view: View::Assessed }
    }

    /// All that follows the moment.
    fn span(&self, side: Side) -> Span {
        (Instant(self.moment(side).at.0.saturating_add(1)), Instant::MAX)
    }

    /// Both the day that is asked about and the day of knowledge lie past what was checked.
    fn is_beyond(&self, checked_through: Day) -> bool {
        self.on > checked_through && self.known > checked_through
    }

    fn programs(&self, side: Side) -> impl Iterator<Item = &'l Program> + use<'l> {
        self.law.timeline.ledger.programs.iter().filter(move |program| program.levied_by == side)
    }

    /// The end of a term in force, where it has one ahead.
    fn end(&self, terms: &[Term], side: Side) -> Option<(Instant, Term)> {
        let moment = self.moment(side);
        let term = self.law.timeline.in_force(terms, moment.at, moment.known)?;
        term.until.filter(|&until| until > moment.at).map(|until| (until, *term))
    }

    fn nodes(&self) -> impl Iterator<Item = (ProvisionIx, &ProvisionNode<'l>)> {
        (0..).map(ProvisionIx).zip(&self.law.timeline.provisions)
    }

    /// Truces and pauses whose term ends.
    fn suspensions(&mut self, side: Side) -> Vec<Tick<'l>> {
        let mut ticks = Vec::new();
        for program in self.programs(side) {
            for suspension in &program.suspensions {
                let Some((at, term)) = self.end(&suspension.terms, side) else { continue };
                let beneath = self.under(suspension, at);
                let samples = self.samples_of(suspension);
                let goods = samples.into_iter().map(|sample| {
                    let added = |engine: &mut Engine<'_>, at| sample.added(engine, side, at, self.known);
                    let (was, will) = (added(&mut self.engine, before(at)), added(&mut self.engine, at));
                    Goods { which: sample.which, origin: sample.origin, before: was, after: will }
                });
                let goods = goods.collect();
                ticks.push(Tick {
                    side,
                    at,
                    what: What::Suspension { program, suspension, goods, beneath },
                    act: Some(term.act),
                });
            }
        }
        ticks
    }

    /// The provisions under a suspension, with their rates before and after its end.
    fn under(&self, suspension: &Suspension, at: Instant) -> Vec<Beneath> {
        let timeline = &self.law.timeline;
        let over = |node: &ProvisionNode<'_>| node.suspensions.iter().any(|other| std::ptr::eq(*other, suspension));
        let after = Moment { at, known: self.known, view: View::Assessed };
        let beneath = |(index, node): (ProvisionIx, &ProvisionNode<'l>)| {
            let rate: Option<&RateRecord> = timeline.in_force(&node.record.rates, at, self.known);
            Beneath {
                provision: index,
                before: suspension.keeps.as_ref().map(ToString::to_string),
                after: rate.filter(|_| suspension.resumes).map(|record| record.rate.to_string()),
                annulled: timeline.annulled(node, after).map(|annulment| annulment.term.act),
            }
        };
        self.nodes().filter(|(_, node)| over(node)).map(beneath).collect()
    }

    /// Exceptions, exclusions and clauses for goods in transit whose term ends.
    fn exceptions(&self, side: Side) -> Vec<Tick<'l>> {
        let timeline = &self.law.timeline;
        let own = timeline.exceptions.iter().filter(|node| timeline.program(node.program).levied_by == side);
        let mut ticks = Vec::new();
        for node in own {
            let Some((at, term)) = self.end(&node.record.terms, side) else { continue };
            let after = Moment { at, known: self.known, view: View::Assessed };
            let beneath = node.of.iter().map(|&provision| {
                let of = timeline.provision(provision);
                let rate: Option<&RateRecord> = timeline.in_force(&of.record.rates, at, self.known);
                Beneath {
                    provision,
                    before: None,
                    after: rate.map(|record| record.rate.to_string()),
                    annulled: timeline.annulled(of, after).map(|annulment| annulment.term.act),
                }
            });
            let what = What::Exception {
                program: timeline.program(node.program),
                exception: node.record,
                beneath: beneath.collect(),
            };
            ticks.push(Tick { side, at, what, act: Some(term.act) });
        }
        ticks
    }

    /// Steps of rates that are already law.
    fn rates(&self, side: Side) -> Vec<Tick<'l>> {
        let timeline = &self.law.timeline;
        let mut ticks = Vec::new();
        for (provision, node) in self.nodes() {
            if timeline.program(node.program).levied_by != side {
                continue;
            }
            for turn in turns::rates(timeline, node, self.known, self.span(side)) {
                let (before, after) = (turns::rate_text(turn.before), turns::rate_text(turn.after));
                let act = turn.after.or(turn.before).map(|record| record.term.act);
                ticks.push(Tick { side, at: turn.at, what: What::Rate { provision, before, after }, act });
            }
        }
        ticks
    }

    /// Rows of product lists that begin or end.
    fn rows(&self, side: Side) -> Vec<Tick<'l>> {
        let ledger = self.law.timeline.ledger;
        let lists: Vec<ListId> = turns::lists(ledger, side, |_| true);
        let mut ticks = Vec::new();
        for list in lists.iter().map(|id| &ledger.lists[usize::from(id.0)]) {
            for turn in turns::rows(&self.law.timeline, list, self.known, self.span(side)) {
                let what = What::Rows { list, begins: turn.begins, count: turn.count };
                ticks.push(Tick { side, at: turn.at, what, act: Some(turn.term.act) });
            }
        }
        ticks
    }

    /// Measures that are no tariffs: terms that end, and rows that begin.
    fn terms(&self, side: Side) -> Vec<Tick<'l>> {
        let mut ticks = Vec::new();
        let moment = self.moment(side);
        for (_, measure) in self.law.timeline.ledger.measures().filter(|(_, measure)| measure.side == side) {
            let known = measure.statuses.iter().filter(|row| row.known_from <= self.known);
            for row in known.filter(|row| row.from > moment.at) {
                ticks.push(Tick { side, at: row.from, what: What::Step { measure, row }, act: row.act });
            }
            let Some(standing) = measure.standing(moment.at, self.known).filter(|standing| !standing.ran_out) else {
                continue;
            };
            if let Some((at, then)) = standing.row.until {
                let what = What::Term { measure, row: standing.row, then };
                ticks.push(Tick { side, at, what, act: standing.row.act });
            }
        }
        ticks
    }

    /// Terms of suspensions and exclusions that ran out after the day through which their program was checked.
    fn forks(&self, side: Side) -> Vec<Fork<'l>> {
        let timeline = &self.law.timeline;
        let clock = &self.law.clocks[usize::from(side.0)];
        let moment = self.moment(side);
        let mut found = Vec::new();
        for program in self.programs(side).filter(|program| self.is_beyond(program.checked_through)) {
            let ran_out = |terms: &[Term]| -> Option<(Instant, ActId)> {
                let last = *turns::terms(timeline, terms, self.known).last()?;
                let until = last.until?;
                (until <= moment.at && clock.day_of(until) > program.checked_through).then_some((until, last.act))
            };
            for suspension in &program.suspensions {
                let Some((at, act)) = ran_out(&suspension.terms) else { continue };
                let annulled = self.under(suspension, at).iter().map(|beneath| beneath.annulled).min().flatten();
                let what = RanOut::Suspension(suspension);
                found.push(Fork { side, at, program, what, act, annulled, branches: Vec::new() });
            }
            for exception in program.exceptions.iter().filter(|exception| is_exclusion(exception)) {
                let Some((at, act)) = ran_out(&exception.terms) else { continue };
                let what = RanOut::Exception(exception);
                found.push(Fork { side, at, program, what, act, annulled: None, branches: Vec::new() });
            }
        }
        found.sort_by_key(|fork| fork.at);
        found
    }

    fn measure_forks(&self, side: Side) -> Vec<MeasureFork<'l>> {
        let clock = &self.law.clocks[usize::from(side.0)];
        let moment = self.moment(side);
        let mut found = Vec::new();
        for (register, measure) in self.law.timeline.ledger.measures().filter(|(_, measure)| measure.side == side) {
            let standing = measure.standing(moment.at, self.known).filter(|standing| standing.ran_out);
            let Some((row, (at, then))) = standing.and_then(|standing| Some((standing.row, standing.row.until?)))
            else {
                continue;
            };
            if self.is_beyond(register.checked_through) && clock.day_of(at) > register.checked_through {
                found.push(MeasureFork { measure, row, at, then, register });
            }
        }
        found.sort_by_key(|fork| fork.at);
        found
    }

    /// Goods that a suspension bears on: one for each way in which its provisions name goods.
    fn samples_of(&self, suspension: &Suspension) -> Vec<Sample> {
        let over = |node: &&ProvisionNode<'_>| node.suspensions.iter().any(|other| std::ptr::eq(*other, suspension));
        let mut found: Vec<Sample> = Vec::new();
        for node in self.law.timeline.provisions.iter().filter(over) {
            let Some(sample) = self.sample(&node.record.scope, &node.record.when) else { continue };
            if !found.iter().any(|other| other.which == sample.which) {
                found.push(sample);
            }
        }
        found
    }

    /// A good that a scope describes, with the claims of the conditions.
    fn sample(&self, scope: &Scope, when: &[Condition]) -> Option<Sample> {
        let ledger = self.law.timeline.ledger;
        let origin = country(ledger, scope)?;
        let which = match scope.products.first() {
            None => Which::OnNoList,
            Some(list) => {
                let list = &ledger.lists[usize::from(list.0)];
                let code = list.rows.first()?.code;
                let code = if code.digits() < 8 { TariffCode::from_padded(code.padded(), 8) } else { code };
                Which::On(list.path.clone(), code)
            }
        };
        let claims = when.iter().filter_map(|condition| match condition {
            Condition::Claim { claim, yes } => Some(ClaimStated { claim: *claim, yes: *yes }),
            _ => None,
        });
        Some(Sample { which, origin, claims: claims.collect() })
    }
}

/// An exclusion: for goods or on a claim, and not for goods in transit.
fn is_exclusion(exception: &Exception) -> bool {
    let transit = |condition: &Condition| matches!(condition, Condition::Loaded(_) | Condition::Exported(_));
    let claim = |condition: &Condition| matches!(condition, Condition::Claim { .. });
    !exception.when.iter().any(transit) && (!exception.scope.products.is_empty() || exception.when.iter().any(claim))
}

/// A country that a scope holds.
fn country(ledger: &Ledger, scope: &Scope) -> Option<Origin> {
    scope.origin.iter().find_map(|member| match member {
        OriginRef::Any => None,
        OriginRef::Country(origin) => Some(*origin),
        OriginRef::Group(group) => {
            let members = ledger.groups[usize::from(group.0)].members.last()?;
            members.origins.first().copied()
        }
    })
}

/// A good that is asked about.
#[derive(Clone, Debug)]
struct Sample {
    which: Which,
    origin: Origin,
    claims: Vec<ClaimStated>,
}

/// The value with which a good is asked about whose duty turns on what is not stated.
const VALUE: Cents = Cents(10_000_000);

impl Sample {
    /// What is added to the ordinary duty of the good.
    fn added(&self, engine: &mut Engine<'_>, side: Side, at: Instant, known: Day) -> Added {
        let code = match self.which {
            Which::OnNoList => TariffCode::from_padded(0, 8),
            Which::On(_, code) => code,
        };
        let mut line = EntryLine::new(side, code, self.origin, When::At(at), known);
        line.claims.clone_from(&self.claims);
        let bill = engine.bill(&line).ok()?;
        if let Some(pct) = bill.additional_pct {
            return Some((pct, pct));
        }
        // Without a schedule the ordinary duty is none, and what is owed is what is added.
        line.value = Some(VALUE);
        let bill: Bill = engine.bill(&line).ok()?;
        let share = |duty: Cents| {
            let billionths = i128::from(duty.0) * i128::from(Rate::WHOLE.0) / i128::from(VALUE.0);
            i64::try_from(billionths).ok().map(|rate| Pct::full(Rate(rate)))
        };
        Some((share(bill.duty_min?)?, share(bill.duty_max?)?))
    }
}

/// Works out what goods owe on each branch: the law as it stands, with the term extended, and with the duties beneath repealed.
fn branch(ledger: &Ledger, look: &Looking<'_, '_>, fork: &mut Fork<'_>) {
    let samples = match fork.what {
        RanOut::Suspension(suspension) => look.samples_of(suspension),
        RanOut::Exception(exception) => look.excluded(fork.program, exception).into_iter().collect(),
    };
    let at = look.moment(fork.side).at;
    let added = |law: &Law<'_>| -> Vec<Added> {
        let mut engine = Engine::new(law);
        samples.iter().map(|sample| sample.added(&mut engine, fork.side, at, look.known)).collect()
    };
    let lapse = added(look.law);
    let [extension, repeal] = [extension_of(fork, look.law), repeal_of(fork, look.law)].map(|patches| {
        let patched = supposed(ledger, &patches);
        // A branch that the records cannot take is no figure.
        patched.map_or_else(|| vec![None; samples.len()], |ledger| added(&Law::new(&ledger, None)))
    });
    let branches = samples.iter().enumerate().map(|(at, sample)| Branches {
        which: sample.which.clone(),
        origin: sample.origin,
        claimed: !sample.claims.is_empty(),
        lapse: lapse[at],
        extension: extension[at],
        repeal: repeal[at],
    });
    fork.branches = branches.collect();
}

impl Looking<'_, '_> {
    /// A good that an exclusion is about: its own goods, or those of the first duty that it spares, with its claims.
    fn excluded(&self, program: &Program, exception: &Exception) -> Option<Sample> {
        let timeline = &self.law.timeline;
        let node = timeline.exceptions.iter().find(|node| std::ptr::eq(node.record, exception))?;
        let of = timeline.provision(*node.of.first()?).record;
        let mut scope = exception.scope.clone();
        if scope.products.is_empty() {
            scope.products.clone_from(&of.scope.products);
        }
        if scope.origin.is_empty() {
            scope.origin.clone_from(&of.scope.origin);
        }
        debug_assert!(std::ptr::eq(timeline.program(node.program), program), "an exception is of its own program");
        self.sample(&scope, &exception.when)
    }
}

/// The ledger on a branch, by a scenario at the level of records.
fn supposed(ledger: &Ledger, patches: &str) -> Option<Ledger> {
    let text = format!("format = 1\nid = \"branch\"\ntitle = \"A branch of what was not found\"\n{patches}");
    let read = scenario::read(&[("branch.toml".to_owned(), text.into_bytes())]).ok()?;
    scenario::apply(ledger, read.scenarios.first()?).ok()
}

/// The term that ran out runs on.
fn extension_of(fork: &Fork<'_>, law: &Law<'_>) -> String {
    let id = match fork.what {
        RanOut::Suspension(suspension) => &suspension.id,
        RanOut::Exception(exception) => &exception.id,
    };
    patch("extend", &format!("{}/{id}", fork.program.id), "", fork, law)
}

/// The duties beneath end when the term does.
fn repeal_of(fork: &Fork<'_>, law: &Law<'_>) -> String {
    let timeline = &law.timeline;
    let own = |node: &&ProvisionNode<'_>| std::ptr::eq(timeline.program(node.program), fork.program);
    let beneath: Vec<&str> = match fork.what {
        RanOut::Suspension(suspension) => {
            let over =
                |node: &&ProvisionNode<'_>| node.suspensions.iter().any(|other| std::ptr::eq(*other, suspension));
            timeline.provisions.iter().filter(own).filter(over).map(|node| node.record.id.as_str()).collect()
        }
        RanOut::Exception(exception) => {
            let node = timeline.exceptions.iter().find(|node| std::ptr::eq(node.record, exception));
            let of = node.map_or(&[][..], |node| &node.of);
            of.iter().map(|provision| timeline.provision(*provision).record.id.as_str()).collect()
        }
    };
    let each = beneath
        .iter()
        .map(|id| patch("set-rate", &format!("{}/{id}", fork.program.id), "rate = \"none\"\n", fork, law));
    each.collect()
}

fn patch(op: &str, of: &str, more: &str, fork: &Fork<'_>, law: &Law<'_>) -> String {
    let from = law.clocks[usize::from(fork.side.0)].rfc3339(fork.at);
    format!("\n[[patch]]\nop = \"{op}\"\nof = [\"{of}\"]\n{more}from = {from}\nuntil = \"forever\"\n")
}

impl Fork<'_> {
    /// What ran out, by its title or label.
    pub fn title(&self) -> &str {
        match self.what {
            RanOut::Suspension(suspension) => suspension.title.as_deref().unwrap_or(&suspension.id),
            RanOut::Exception(exception) => exception.label.as_deref().unwrap_or(&exception.id),
        }
    }
}

impl MeasureFork<'_> {
    /// The state that follows by the text.
    pub fn state(&self) -> State {
        self.then.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_iso(text.as_bytes()).unwrap()
    }

    fn percent(added: Added) -> String {
        added.map_or_else(
            || "-".to_owned(),
            |(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") },
        )
    }

    #[test]
    fn both_sides_of_the_truce_end_on_their_own_clocks() {
        let ledger = portolan_law::ledger().unwrap();
        let law = Law::new(&ledger, None);
        let ahead = Ahead::look(&law, day("2025-06-05"), day("2025-06-05"));
        let truce = |side: u8| -> Vec<(String, String, String)> {
            let of = |tick: &Tick<'_>| match &tick.what {
                What::Suspension { suspension, goods, .. } if suspension.id == "truce" => {
                    let clock = &law.clocks[usize::from(side)];
                    Some((clock.show(tick.at), percent(goods[0].before), percent(goods[0].after)))
                }
                _ => None,
            };
            ahead.of_side(Side(side)).filter_map(of).collect()
        };
        let row = |at: &str, before: &str, after: &str| vec![(at.to_owned(), before.to_owned(), after.to_owned())];
        assert_eq!(truce(0), row("2025-08-12 00:01 EDT", "30", "54"));
        assert_eq!(truce(1), row("2025-08-12 12:01 CST", "10", "34"));
        let terms = ahead.of_side(Side(1)).filter(|tick| matches!(tick.what, What::Term { .. })).count();
        assert!(terms >= 3, "the pauses of China's lists of firms end too: {terms}");
        assert!(ahead.forks.is_empty() && ahead.measures.is_empty() && ahead.beyond.is_empty());
    }

    #[test]
    fn what_ran_out_without_a_later_text_is_a_fork() {
        let ledger = portolan_law::ledger().unwrap();
        let law = Law::new(&ledger, None);
        let ahead = Ahead::look(&law, day("2026-11-22"), day("2026-11-22"));
        let fork = |program: &str, id: &str| {
            let own = |fork: &&Fork<'_>| match fork.what {
                RanOut::Suspension(suspension) => fork.program.id == program && suspension.id == id,
                RanOut::Exception(exception) => fork.program.id == program && exception.id == id,
            };
            ahead.forks.iter().find(own).unwrap_or_else(|| panic!("no fork {program}/{id}"))
        };
        let owed = |fork: &Fork<'_>| -> Vec<(String, String, String)> {
            fork.branches.iter().map(|b| (percent(b.lapse), percent(b.extension), percent(b.repeal))).collect()
        };
        let row = |lapse: &str, extension: &str, repeal: &str| {
            vec![(lapse.to_owned(), extension.to_owned(), repeal.to_owned())]
        };
        assert_eq!(owed(fork("cn.2025-4", "truce")), row("34", "10", "0"));
        let us = fork("us.ieepa.reciprocal", "truce");
        assert!(us.annulled.is_some(), "a court has annulled what lies beneath");
        let first = &us.branches[0];
        assert_eq!((&first.lapse, &first.extension), (&first.repeal, &first.repeal), "so no branch owes more");
        assert!(ahead.forks.iter().all(|fork| !fork.branches.is_empty()), "never a bare number");
        assert!(ahead.forks.iter().all(|fork| {
            fork.branches.iter().all(|b| b.lapse.is_some() && b.extension.is_some() && b.repeal.is_some())
        }));
        assert!(ahead.measures.len() >= 8, "{}", ahead.measures.len());
        assert!(ahead.measures.iter().any(|fork| fork.measure.id == "cn.port-fee.2025"));
        // What the law promised before is no fork.
        let before = Ahead::look(&law, day("2026-11-22"), day("2026-08-01"));
        assert!(before.forks.is_empty() && before.measures.is_empty());
    }
}
