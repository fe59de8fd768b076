//! The story between two sides in order: acts that changed rates, truces, measures, and what each side said.

use portolan_engine::Law;
use portolan_ledger::record::{ActId, Exception, Origin, Program, RateRecord, Suspension, Term};
use portolan_ledger::register::{Event, Measure, State, Status, StatusRow};
use portolan_ledger::timeline::{ExceptionIx, ExceptionNode, Moment, ProvisionIx, ProvisionNode};
use portolan_ledger::{Day, Instant, Ledger, Side, TariffCode, line::View};

use crate::rates::{self, Direction, Step, Steps};
use crate::turns::{self, Span};

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The two sides.
    pub between: [Side; 2],
    /// Their names, as a reader says them.
    pub names: [String; 2],
    /// The first day.
    pub from: Day,
    /// The last day, itself included.
    pub to: Day,
    /// The law and the registers as they could be known at the end of that day.
    pub known: Day,
    /// The good whose duties are shown beside the averages.
    pub good: TariffCode,
    /// What the good is.
    pub good_name: String,
    /// The averages over all tariff lines are told too; they take longer than all else.
    pub averages: bool,
    /// What is supposed of the law, in words, where it is not told as it is.
    pub supposed: Vec<String>,
}

/// One thing that an act changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The rate of a provision.
    Rate {
        /// Which.
        provision: ProvisionIx,
        /// Until then.
        before: String,
        /// From then on.
        after: String,
    },
    /// An exception, exclusion or clause for goods in transit.
    Exception {
        /// Which.
        exception: ExceptionIx,
        /// It begins; else it ends.
        begins: bool,
    },
    /// Rows of a product list.
    Rows {
        /// The path of the list.
        list: String,
        /// They begin; else they end.
        begins: bool,
        /// How many.
        count: usize,
    },
}

/// What one act changes at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByAct {
    /// Whose law.
    pub side: Side,
    /// When.
    pub at: Instant,
    /// By which act.
    pub act: ActId,
    /// What: rates first.
    pub changes: Vec<Change>,
}

/// A truce or pause over duties on the other side's goods.
#[derive(Clone, Debug)]
pub struct Truce<'l> {
    /// Whose duties.
    pub side: Side,
    /// The program.
    pub program: &'l Program,
    /// The record.
    pub suspension: &'l Suspension,
    /// Its terms as known, in order; all of them, those outside of the time told too.
    pub terms: Vec<Term>,
    /// It lies over a duty on all goods.
    pub all_goods: bool,
    /// From when nothing beneath it is collected, by a judgment.
    pub ceased: Option<(Instant, ActId)>,
}

impl Truce<'_> {
    /// What it is called.
    pub fn title(&self) -> &str {
        self.suspension.title.as_deref().unwrap_or(&self.suspension.id)
    }
}

/// What one side adds to its ordinary duty on the other's goods.
#[derive(Clone, Debug)]
pub struct SideRates {
    /// The simple average over its tariff lines.
    pub average: Steps,
    /// The good.
    pub good: Steps,
}

/// One row of the story.
#[derive(Clone, Debug)]
pub enum Entry<'s, 'l> {
    /// An act changes rates.
    Law(&'s ByAct),
    /// The average or the good comes to bear another duty: which side's, before and after.
    Rates {
        /// Whose.
        side: Side,
        /// The average.
        average: Option<(Step, Step)>,
        /// The good.
        good: Option<(Step, Step)>,
    },
    /// A term of a truce begins; whether it follows the one before it without a gap.
    Truce(&'s Truce<'l>, Term, bool),
    /// A truce ends and no known term follows.
    TruceEnds(&'s Truce<'l>, Term),
    /// A measure comes to stand otherwise.
    Measure(&'l Measure, &'l StatusRow),
    /// A row of a measure runs out: what follows is what its text says.
    RanOut(&'l Measure, &'l StatusRow, State),
    /// An event.
    Event(&'l Event),
}

/// A row with its day, by which rows are ordered, and its moment, where it has one, with the side whose clock tells it.
#[derive(Clone, Debug)]
pub struct Dated<'s, 'l> {
    /// The day, on that side's calendar.
    pub day: Day,
    /// The moment, and whose clock tells it.
    pub at: Option<(Instant, Side)>,
    /// What.
    pub entry: Entry<'s, 'l>,
}

/// The story.
#[derive(Clone, Debug)]
pub struct Story<'l> {
    /// What was asked.
    pub asked: Asked,
    /// The ledger.
    pub ledger: &'l Ledger,
    /// Acts that changed rates, in order.
    pub acts: Vec<ByAct>,
    /// Truces and pauses that touch the time told.
    pub truces: Vec<Truce<'l>>,
    /// Measures that stood announced, imposed or suspended at some moment of it, by side and beginning.
    pub measures: Vec<&'l Measure>,
    /// Events in it, in order.
    pub events: Vec<&'l Event>,
    /// Rates, by the order of the sides asked.
    pub rates: [SideRates; 2],
    /// The time told on each side's clock.
    pub spans: [Span; 2],
}

/// The origin that stands for the goods of a side: its own name is its country's code.
pub fn origin_of(ledger: &Ledger, side: Side) -> Option<Origin> {
    let jurisdiction = ledger.jurisdictions.get(usize::from(side.0))?;
    Origin::parse(jurisdiction.name.as_bytes())
}

/// The origins of the two sides' goods, each the one that the other side levies on, and the time told on each side's clock.
fn frame(law: &Law<'_>, asked: &Asked) -> Option<([Origin; 2], [Span; 2])> {
    let ledger = law.timeline.ledger;
    let origins = [origin_of(ledger, asked.between[1])?, origin_of(ledger, asked.between[0])?];
    let span = |side: Side| {
        let clock = law.clocks.get(usize::from(side.0))?;
        Some((clock.day_start(asked.from), clock.day_end(asked.to)))
    };
    Some((origins, [span(asked.between[0])?, span(asked.between[1])?]))
}

impl<'l> Story<'l> {
    /// Tells the story, with the rates computed from the law; none where a side is no country.
    pub fn tell(law: &Law<'l>, asked: Asked) -> Option<Self> {
        let (origins, spans) = frame(law, &asked)?;
        let rates = [0, 1].map(|at| {
            let direction = Direction { side: asked.between[at], origin: origins[at], known: asked.known };
            SideRates {
                average: if asked.averages { rates::average(law, direction, spans[at]) } else { Steps::none() },
                good: rates::of_good(law, direction, asked.good, spans[at]),
            }
        });
        Self::with_rates(law, asked, rates)
    }

    /// Tells the story with rates that were computed before, in the order of the sides; none where a side is no country.
    pub fn with_rates(law: &Law<'l>, asked: Asked, rates: [SideRates; 2]) -> Option<Self> {
        let ledger = law.timeline.ledger;
        let (origins, spans) = frame(law, &asked)?;
        let mut acts = Vec::new();
        let mut truces = Vec::new();
        for (at, &side) in asked.between.iter().enumerate() {
            let of = Levied { law, side, origin: origins[at], known: asked.known, span: spans[at] };
            acts.extend(of.acts());
            truces.extend(of.truces());
        }
        acts.sort_by_key(|act| (act.at, act.side));
        let in_time = |event: &&Event| event.on <= asked.to && event.until.unwrap_or(event.on) >= asked.from;
        let known = |event: &&Event| event.on <= asked.known;
        let events = ledger.events().into_iter().map(|(_, event)| event).filter(in_time).filter(known);
        let events = events.filter(|event| event.actors.iter().any(|actor| asked.between.contains(&actor.side)));
        let mut measures: Vec<&Measure> = ledger.measures().map(|(_, measure)| measure).collect();
        measures.retain(|measure| {
            let at = asked.between.iter().position(|side| *side == measure.side);
            at.is_some_and(|at| stretches(measure, asked.known, spans[at]).iter().any(|s| shows(s.state)))
        });
        measures.sort_by_key(|m| (asked.between.iter().position(|s| *s == m.side), m.statuses.first().map(|s| s.from)));
        let events = events.collect();
        Some(Self { asked, ledger, acts, truces, measures, events, rates, spans })
    }

    /// All of it, by day; on one day acts first, then truces, what both come to, measures and events.
    pub fn entries(&self) -> Vec<Dated<'_, 'l>> {
        let mut all = Vec::new();
        let dated = |at: Instant, side: Side, entry| Dated { day: self.day(side, at), at: Some((at, side)), entry };
        all.extend(self.acts.iter().map(|act| dated(act.at, act.side, Entry::Law(act))));
        for (order, &side) in self.asked.between.iter().enumerate() {
            let SideRates { average, good } = &self.rates[order];
            let mut moments: Vec<Instant> = average.steps.iter().chain(&good.steps).map(|step| step.at).collect();
            moments.sort_unstable();
            moments.dedup();
            for at in moments {
                let (average, good) = (average.turn(at), good.turn(at));
                if average.is_some() || good.is_some() {
                    all.push(dated(at, side, Entry::Rates { side, average, good }));
                }
            }
        }
        for truce in &self.truces {
            let span = self.span(truce.side);
            for (index, term) in truce.terms.iter().enumerate() {
                let follows = index > 0 && truce.terms[index - 1].until == Some(term.from);
                if turns::holds(span, term.from) {
                    all.push(dated(term.from, truce.side, Entry::Truce(truce, *term, follows)));
                }
                let next = truce.terms.get(index + 1).is_some_and(|next| Some(next.from) == term.until);
                let ends = term.until.filter(|&until| !next && turns::holds(span, until));
                all.extend(ends.map(|until| dated(until, truce.side, Entry::TruceEnds(truce, *term))));
            }
        }
        for measure in &self.measures {
            for stretch in stretches(measure, self.asked.known, self.span(measure.side)) {
                let entry = if stretch.ran_out {
                    Entry::RanOut(measure, stretch.row, stretch.state)
                } else {
                    Entry::Measure(measure, stretch.row)
                };
                all.extend(stretch.begins.then(|| dated(stretch.from, measure.side, entry)));
            }
        }
        let events = self.events.iter().map(|event| Dated {
            day: event.on.max(self.asked.from),
            at: None,
            entry: Entry::Event(event),
        });
        all.extend(events);
        let rank = |entry: &Entry<'_, '_>| match entry {
            Entry::Law(_) => 0,
            Entry::Truce(..) | Entry::TruceEnds(..) => 1,
            Entry::Rates { .. } => 2,
            Entry::Measure(..) | Entry::RanOut(..) => 3,
            Entry::Event(_) => 4,
        };
        all.sort_by_key(|row| (row.day, rank(&row.entry), row.at.map(|(at, _)| at)));
        all
    }

    /// The name of one of the two sides, as a reader says it.
    pub fn name(&self, side: Side) -> &str {
        let at = self.asked.between.iter().position(|other| *other == side).unwrap_or(0);
        &self.asked.names[at]
    }

    /// The time told, on a side's clock.
    pub fn span(&self, side: Side) -> Span {
        let at = self.asked.between.iter().position(|other| *other == side).unwrap_or(0);
        self.spans[at]
    }

    /// The local day of a moment.
    pub fn day(&self, side: Side, at: Instant) -> Day {
        self.ledger.clock(side).map_or(Day::MAX, |clock| clock.day_of(at))
    }
}

/// A stretch of time in which a measure stands in one way.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'m> {
    /// Its first moment, not before the time told.
    pub from: Instant,
    /// The first moment after it, not after the time told.
    pub until: Instant,
    /// How it stands.
    pub state: State,
    /// By which row.
    pub row: &'m StatusRow,
    /// The row has run out: the state is what its text says follows.
    pub ran_out: bool,
    /// It begins within the time told; else it ran already.
    pub begins: bool,
}

/// How a measure stands through a time.
pub fn stretches(measure: &Measure, known: Day, span: Span) -> Vec<Stretch<'_>> {
    let (from, until) = span;
    let mut bounds = vec![from];
    let ends = measure.statuses.iter().flat_map(|row| [Some(row.from), row.until.map(|(until, _)| until)]);
    bounds.extend(ends.flatten().filter(|&at| from < at && at < until));
    bounds.sort_unstable();
    bounds.dedup();
    let mut found: Vec<Stretch<'_>> = Vec::new();
    for (index, &at) in bounds.iter().enumerate() {
        let until = bounds.get(index + 1).copied().unwrap_or(until);
        let Some(standing) = measure.standing(at, known) else { continue };
        let same = |last: &Stretch<'_>| std::ptr::eq(last.row, standing.row) && last.ran_out == standing.ran_out;
        match found.last_mut().filter(|last| same(last)) {
            Some(last) => last.until = until,
            None => found.push(Stretch {
                from: at,
                until,
                state: standing.state,
                row: standing.row,
                ran_out: standing.ran_out,
                begins: at > from || standing.row.from == at && !standing.ran_out,
            }),
        }
    }
    found
}

/// Whether a state is one that is shown: what has ended is not.
pub fn shows(state: State) -> bool {
    matches!(state, State::Is(Status::Announced | Status::Imposed | Status::Suspended) | State::Unknown)
}

/// The law of one side as it bears on the goods of the other.
struct Levied<'w, 'l> {
    law: &'w Law<'l>,
    side: Side,
    origin: Origin,
    known: Day,
    span: Span,
}

impl<'l> Levied<'_, 'l> {
    fn reaches(&self, node: &ProvisionNode<'_>, at: Instant) -> bool {
        let timeline = &self.law.timeline;
        let moment = Moment { at, known: self.known, view: View::Assessed };
        timeline.program(node.program).levied_by == self.side
            && timeline.scope_holds_origin(&node.record.scope, self.origin, moment)
    }

    /// What acts change in the time told.
    fn acts(&self) -> Vec<ByAct> {
        let timeline = &self.law.timeline;
        let mut found: Vec<(Instant, ActId, Change)> = Vec::new();
        for (index, node) in (0..).map(ProvisionIx).zip(&timeline.provisions) {
            for turn in turns::rates(timeline, node, self.known, self.span) {
                let Some(record) = turn.after.or(turn.before).filter(|_| self.reaches(node, turn.at)) else { continue };
                let (before, after) = (turns::rate_text(turn.before), turns::rate_text(turn.after));
                let act = turn.after.map_or(record.term.act, |after| self.first_act(node, after));
                found.push((turn.at, act, Change::Rate { provision: index, before, after }));
            }
        }
        for (index, node) in (0..).map(ExceptionIx).zip(&timeline.exceptions) {
            found.extend(self.exception(index, node));
        }
        let reached = |program: &Program| program.provisions.iter().any(|p| self.program_reaches(program, &p.id));
        for list in turns::lists(timeline.ledger, self.side, reached) {
            let list = &timeline.ledger.lists[usize::from(list.0)];
            for turn in turns::rows(timeline, list, self.known, self.span) {
                let change = Change::Rows { list: list.path.clone(), begins: turn.begins, count: turn.count };
                found.push((turn.at, turn.term.act, change));
            }
        }
        let kind = |change: &Change| match change {
            Change::Rate { .. } => 0,
            Change::Exception { .. } => 1,
            Change::Rows { .. } => 2,
        };
        found.sort_by_key(|(at, act, change)| (*at, *act, kind(change)));
        let groups = found.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
        let by_act = |group: &[(Instant, ActId, Change)]| {
            let changes = group.iter().map(|(.., change)| change.clone()).collect();
            ByAct { side: self.side, at: group[0].0, act: group[0].1, changes }
        };
        groups.map(by_act).collect()
    }

    /// The act that first said that a rate begins: later acts may have stated it again to give it an end.
    fn first_act(&self, node: &ProvisionNode<'_>, record: &RateRecord) -> ActId {
        let issued = |act: ActId| self.law.timeline.ledger.act(act).issued;
        let same =
            node.record.rates.iter().filter(|other| (other.term.from, &other.rate) == (record.term.from, &record.rate));
        same.map(|other| other.term.act).min_by_key(|act| issued(*act)).unwrap_or(record.term.act)
    }

    fn program_reaches(&self, program: &Program, id: &str) -> bool {
        let own = |node: &&ProvisionNode<'_>| {
            node.record.id == id && std::ptr::eq(self.law.timeline.program(node.program), program)
        };
        let mut nodes = self.law.timeline.provisions.iter().filter(own);
        nodes.any(|node| self.reaches(node, self.span.0) || self.reaches(node, turns::before(self.span.1)))
    }

    fn exception(&self, index: ExceptionIx, node: &ExceptionNode<'_>) -> Vec<(Instant, ActId, Change)> {
        let timeline = &self.law.timeline;
        let record: &Exception = node.record;
        let mut found = Vec::new();
        let terms = turns::terms(timeline, &record.terms, self.known);
        for (at, term) in terms.iter().enumerate() {
            let follows = at > 0 && terms[at - 1].until == Some(term.from);
            let followed = terms.get(at + 1).is_some_and(|next| Some(next.from) == term.until);
            let reaches = |at: Instant| {
                let moment = Moment { at, known: self.known, view: View::Assessed };
                timeline.scope_holds_origin(&record.scope, self.origin, moment)
                    && node.of.iter().any(|of| self.reaches(timeline.provision(*of), at))
            };
            if !follows && turns::holds(self.span, term.from) && reaches(term.from) {
                found.push((term.from, term.act, Change::Exception { exception: index, begins: true }));
            }
            let until = term.until.filter(|&until| !followed && turns::holds(self.span, until) && reaches(until));
            found.extend(until.map(|until| (until, term.act, Change::Exception { exception: index, begins: false })));
        }
        found
    }

    /// Suspensions over duties on the other side's goods with a term in the time told.
    fn truces(&self) -> Vec<Truce<'l>> {
        let timeline = &self.law.timeline;
        let mut found = Vec::new();
        for program in timeline.ledger.programs.iter().filter(|program| program.levied_by == self.side) {
            for suspension in &program.suspensions {
                let over =
                    |node: &&ProvisionNode<'l>| node.suspensions.iter().any(|other| std::ptr::eq(*other, suspension));
                let nodes: Vec<&ProvisionNode<'l>> = timeline.provisions.iter().filter(over).collect();
                let terms = turns::terms(timeline, &suspension.terms, self.known);
                let touches =
                    |term: &Term| term.from < self.span.1 && term.until.is_none_or(|until| until > self.span.0);
                let reached = |term: &Term| nodes.iter().any(|node| self.reaches(node, term.from));
                if !terms.iter().any(|term| touches(term) && reached(term)) {
                    continue;
                }
                let all_goods = nodes.iter().any(|node| node.record.scope.products.is_empty());
                let ceased = nodes.iter().flat_map(|node| &node.annulments);
                let ceased = ceased.filter(|annulment| timeline.is_known(&annulment.term, self.known));
                let ceased = ceased.map(|annulment| (annulment.ceased, annulment.term.act)).min_by_key(|(at, _)| *at);
                found.push(Truce { side: self.side, program, suspension, terms, all_goods, ceased });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_iso(text.as_bytes()).unwrap()
    }

    fn asked(from: &str, to: &str) -> Asked {
        Asked {
            between: [Side(0), Side(1)],
            names: ["United States".to_owned(), "China".to_owned()],
            from: day(from),
            to: day(to),
            known: day("2026-11-01"),
            good: "9403.60.80".parse().unwrap(),
            good_name: "Wooden furniture".to_owned(),
            averages: false,
            supposed: Vec::new(),
        }
    }

    /// Rates that are not looked at.
    fn none() -> SideRates {
        let steps = || Steps { steps: Vec::new(), lines: 0, open: 0, unpriced: 0 };
        SideRates { average: steps(), good: steps() }
    }

    #[test]
    fn the_week_before_the_call_is_told_in_order() {
        let ledger = portolan_law::ledger().unwrap();
        let law = Law::new(&ledger, None);
        let story = Story::with_rates(&law, asked("2025-05-28", "2025-06-05"), [none(), none()]).unwrap();
        let entries = story.entries();
        assert!(entries.windows(2).all(|pair| pair[0].day <= pair[1].day));
        let events: Vec<&str> = story.events.iter().map(|event| event.id.as_str()).collect();
        assert!(events.contains(&"2025-05-30-us-accuses") && events.contains(&"2025-06-05-call"), "{events:?}");
        let call = story.events.iter().find(|event| event.id == "2025-06-05-call").unwrap();
        let by = |side| call.claims.iter().filter(|claim| claim.by.side == Side(side)).count();
        assert_eq!((by(0), by(1)), (6, 8), "each side's account is its own rows");
        let steel = |entry: &Dated<'_, '_>| {
            matches!(&entry.entry, Entry::Law(act) if act.changes.iter().any(|change|
            matches!(change, Change::Rate { before, after, .. } if before == "+25% of steel" && after == "+50% of steel")))
        };
        let found = entries.iter().find(|entry| steel(entry)).unwrap();
        assert_eq!(found.day, day("2025-06-04"));
        let truces: Vec<_> =
            story.truces.iter().filter(|t| t.all_goods).map(|t| (t.side, t.suspension.id.as_str())).collect();
        assert!(truces.contains(&(Side(0), "truce")) && truces.contains(&(Side(1), "truce")), "{truces:?}");
    }

    #[test]
    fn a_truce_that_is_extended_is_one_that_goes_on() {
        let ledger = portolan_law::ledger().unwrap();
        let law = Law::new(&ledger, None);
        let story = Story::with_rates(&law, asked("2025-05-01", "2025-12-31"), [none(), none()]).unwrap();
        let terms = |side: u8| -> Vec<(String, bool)> {
            let of = |row: &Dated<'_, '_>| match &row.entry {
                Entry::Truce(truce, _, follows) if truce.side == Side(side) && truce.suspension.id == "truce" => {
                    Some((row.day.to_string(), *follows))
                }
                _ => None,
            };
            story.entries().iter().filter_map(of).collect()
        };
        let expected = [("2025-05-14", false), ("2025-08-12", true), ("2025-11-10", true)];
        let expected: Vec<_> = expected.map(|(day, follows)| (day.to_owned(), follows)).into();
        assert_eq!(terms(0), expected);
        assert_eq!(terms(1), expected);
        assert!(
            !story.entries().iter().any(|row| matches!(row.entry, Entry::TruceEnds(..) if row.day < day("2025-12-01"))
                && matches!(&row.entry, Entry::TruceEnds(truce, _) if truce.suspension.id == "truce"))
        );
    }
}
