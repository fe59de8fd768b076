//! From weights to flows: what goods a number and an origin of the weights can mean on which days.

use std::rc::Rc;

use portolan_engine::history::{FactsIx, OriginIx, ProductIx};
use portolan_engine::{Fault, Histories};
use portolan_ledger::schedule::{ConcordanceSource, Lookup, Schedule, Successor};
use portolan_ledger::{Cents, Day, EntryLine, Rate, TariffCode};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::shares::Facts;
use super::{Error, Request};
use crate::weights::Partner;

/// The value of the line that stands for a flow, in cents: a commercial shipment. Large enough that cents of duty tell the
/// points of a rate by quantity to the sixth place.
const VALUE: Cents = Cents(100_000_000_000);

/// How many steps of succession are followed from a number that ended.
const STEPS: usize = 8;

/// What a number and an origin may mean: one, or several between which the weights do not tell.
pub type Meant = SmallVec<[(ProductIx, OriginIx); 1]>;

/// Days on which a number of the weights means the same goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub from: Day,
    /// The first day no longer.
    pub until: Day,
    /// The goods: several where the number is shorter than the law needs, or was cut up.
    pub products: SmallVec<[ProductIx; 2]>,
}

/// Goods that have one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// Index into [`Flows::meant`].
    pub meant: u32,
    /// What is stated.
    pub facts: FactsIx,
    /// The first day.
    pub from: Day,
    /// The first day no longer.
    pub until: Day,
}

/// Finds flows; one a thread.
#[derive(Debug)]
pub struct Flows<'r, 'l> {
    request: &'r Request<'r>,
    /// What the goods bear.
    pub histories: Histories<'l>,
    /// What flows mean.
    pub meant: Vec<Meant>,
    meant_of: FxHashMap<Meant, u32>,
    spans: FxHashMap<TariffCode, Rc<[Span]>>,
    origins: FxHashMap<u16, SmallVec<[OriginIx; 1]>>,
    facts: FxHashMap<(Facts, Option<Rate>), FactsIx>,
    /// The eight-digit numbers of the schedule, sorted; made when a shorter number is first asked about.
    eights: Option<Vec<TariffCode>>,
}

impl<'r, 'l> Flows<'r, 'l> {
    /// Flows of a request.
    pub fn new(request: &'r Request<'r>, law: &'l portolan_engine::Law<'l>) -> Self {
        let days = (request.from, request.until);
        Self {
            request,
            histories: Histories::new(law, request.side, request.view, request.known, days).exact(),
            meant: Vec::new(),
            meant_of: FxHashMap::default(),
            spans: FxHashMap::default(),
            origins: FxHashMap::default(),
            facts: FxHashMap::default(),
            eights: None,
        }
    }

    /// What goods and origins may be meant, by its index.
    pub fn meaning(&mut self, products: &[ProductIx], origins: &[OriginIx]) -> u32 {
        let meant: Meant = products.iter().flat_map(|&p| origins.iter().map(move |&o| (p, o))).collect();
        if let Some(&known) = self.meant_of.get(&meant) {
            return known;
        }
        let index = u32::try_from(self.meant.len()).unwrap_or(u32::MAX);
        self.meant.push(meant.clone());
        self.meant_of.insert(meant, index);
        index
    }

    /// The classes of origins that a partner may mean: those of the members of a group; none for what is no partner.
    pub fn origins(&mut self, partner: u16) -> SmallVec<[OriginIx; 1]> {
        if let Some(known) = self.origins.get(&partner) {
            return known.clone();
        }
        let mut found: SmallVec<[OriginIx; 1]> = match &self.request.weights.partners[usize::from(partner)] {
            Partner::Country(origin) => SmallVec::from_slice(&[self.histories.origin(*origin)]),
            Partner::Group(group, _) => {
                let ledger = self.histories.law().timeline.ledger;
                let clock = &self.histories.law().clocks[usize::from(self.request.side.0)];
                let (from, until) = (clock.day_start(self.request.from), clock.day_start(self.request.until));
                let members = ledger.groups[usize::from(group.0)].members.iter();
                let then = members.filter(|m| m.term.from < until && m.term.until.is_none_or(|ends| ends > from));
                then.flat_map(|member| &member.origins).map(|origin| self.histories.origin(*origin)).collect()
            }
            Partner::Unknown(_) => SmallVec::new(),
        };
        found.sort_unstable();
        found.dedup();
        self.origins.insert(partner, found.clone());
        found
    }

    /// What a part of a flow states, with the ordinary duty that the weights or the rates given state for it.
    ///
    /// # Errors
    /// The facts contradict one another.
    pub fn facts(&mut self, facts: &Facts, ordinary: Option<Rate>) -> Result<FactsIx, Error> {
        let key = (facts.clone(), ordinary);
        if let Some(&known) = self.facts.get(&key) {
            return Ok(known);
        }
        let ledger = self.histories.law().timeline.ledger;
        let line = self.request.shares.line(facts, ledger).map_err(Error::Input)?;
        let index = self.histories.facts(&EntryLine { value: Some(VALUE), mfn_pct: ordinary, ..line });
        self.facts.insert(key, index);
        Ok(index)
    }

    /// What a number of the weights means, in order; days on which it meets no line are left out.
    pub fn spans(&mut self, code: TariffCode) -> Result<Rc<[Span]>, Error> {
        if let Some(known) = self.spans.get(&code) {
            return Ok(Rc::clone(known));
        }
        let law = self.histories.law();
        let schedule = law.schedule.filter(|_| law.schedule_side == Some(self.request.side));
        let days = (self.request.from, self.request.until);
        let found = match schedule {
            Some(schedule) if code.digits() >= 8 => self.in_schedule(schedule, code)?,
            Some(schedule) => {
                let codes = self.below(schedule, code);
                self.of_codes(&codes, days)?
            }
            None => {
                // Without a schedule a number is what lists say of it and of the numbers below it.
                let mut codes = vec![code];
                if code.digits() < 8 {
                    codes.extend(law.named_below(code).into_iter().map(|named| named.prefix(8)));
                    codes.sort_unstable();
                    codes.dedup();
                }
                self.of_codes(&codes, days)?
            }
        };
        let found: Rc<[Span]> = found.into();
        self.spans.insert(code, Rc::clone(&found));
        Ok(found)
    }

    /// A number of eight or ten digits: itself while it is valid; where its last digits are not, the number of eight digits;
    /// then what the official change records say took over.
    fn in_schedule(&mut self, schedule: &Schedule, code: TariffCode) -> Result<Vec<Span>, Error> {
        let mut spans = self.of_codes(&[code], (self.request.from, self.request.until))?;
        if code.digits() == 10 {
            for gap in self.gaps(&spans) {
                let more = self.of_codes(&[code.prefix(8)], gap)?;
                spans.extend(more);
            }
            spans.sort_unstable_by_key(|span| span.from);
        }
        for gap in self.gaps(&spans) {
            let mut from = gap.0;
            // What takes over on one day may itself end before the gap does.
            for _ in 0..STEPS {
                let heirs = heirs(schedule, code, from);
                if heirs.is_empty() {
                    break;
                }
                let more = self.of_codes(&heirs, (from, gap.1))?;
                let Some(reached) = more.iter().take_while(|span| span.from <= from).map(|span| span.until).max()
                else {
                    break;
                };
                spans.extend(more.into_iter().filter(|span| span.until <= reached));
                from = reached;
                if from >= gap.1 {
                    break;
                }
            }
        }
        spans.sort_unstable_by_key(|span| span.from);
        Ok(spans)
    }

    /// Days of the request that spans, sorted, leave out.
    pub fn gaps(&self, spans: &[Span]) -> Vec<(Day, Day)> {
        let mut gaps = Vec::new();
        let mut at = self.request.from;
        for span in spans {
            if span.from > at {
                gaps.push((at, span.from));
            }
            at = at.max(span.until);
        }
        if at < self.request.until {
            gaps.push((at, self.request.until));
        }
        gaps
    }

    /// What codes mean together: on each day the classes of those that are valid.
    fn of_codes(&mut self, codes: &[TariffCode], days: (Day, Day)) -> Result<Vec<Span>, Error> {
        let mut own = Vec::new();
        for &code in codes {
            match self.histories.products(code, days) {
                Ok(spans) => own.extend(spans),
                Err(Fault::UnknownCode { .. } | Fault::CodeOfOtherDates { .. }) => {}
                Err(Fault::Conflict(a, b)) => return Err(Error::Conflict(a, b)),
            }
        }
        if codes.len() == 1 {
            let one = |s: portolan_engine::history::ProductSpan| Span {
                from: s.from,
                until: s.until,
                products: SmallVec::from_slice(&[s.product]),
            };
            return Ok(own.into_iter().map(one).collect());
        }
        let mut cuts: Vec<Day> = own.iter().flat_map(|span| [span.from, span.until]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut found: Vec<Span> = Vec::new();
        for pair in cuts.windows(2) {
            let (from, until) = (pair[0], pair[1]);
            let holds = |span: &&portolan_engine::history::ProductSpan| span.from <= from && until <= span.until;
            let mut products: SmallVec<[ProductIx; 2]> = own.iter().filter(holds).map(|span| span.product).collect();
            products.sort_unstable();
            products.dedup();
            if !products.is_empty() {
                found.push(Span { from, until, products });
            }
        }
        Ok(found)
    }

    /// The eight-digit numbers below a shorter one.
    fn below(&mut self, schedule: &Schedule, code: TariffCode) -> Vec<TariffCode> {
        let eights = self.eights.get_or_insert_with(|| {
            let mut all: Vec<TariffCode> = schedule.codes().map(|span| span.code.prefix(8)).collect();
            all.sort_unstable();
            all.dedup();
            all
        });
        let start = eights.partition_point(|other| other.padded() < code.padded());
        eights[start..].iter().take_while(|other| other.padded() < code.end()).copied().collect()
    }
}

/// What took over from a number that is not valid on a day, by the official change records.
fn heirs(schedule: &Schedule, code: TariffCode, day: Day) -> Vec<TariffCode> {
    let mut found = Vec::new();
    let mut open = vec![code, code.prefix(8)];
    for _ in 0..STEPS {
        let mut next = Vec::new();
        for code in open {
            let successors: Vec<Successor> = match schedule.line(code, day) {
                Lookup::Found(_) => {
                    found.push(code);
                    continue;
                }
                Lookup::OtherDates(other) => other.successors,
                Lookup::Unknown(unknown) => unknown.successors,
            };
            let took_over = |s: &Successor| s.source == ConcordanceSource::ChangeRecord && s.date <= day;
            next.extend(successors.into_iter().filter(took_over).map(|successor| successor.code));
        }
        if next.is_empty() {
            break;
        }
        open = next;
    }
    found.sort_unstable();
    found.dedup();
    found
}
