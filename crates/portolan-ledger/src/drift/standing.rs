//! Where the records of a heading stand at a moment.

use crate::duty_rate::DutyRate;
use crate::line::View;
use crate::record::{ActId, Bound, Condition, Term};
use crate::time::{Day, Instant};
use crate::timeline::{ExceptionIx, Moment, ProvisionIx, Test, Timeline};

/// A record that carries a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A duty.
    Provision(ProvisionIx),
    /// An exception.
    Exception(ExceptionIx),
    /// A ban, by its index over all programs.
    Prohibition(usize),
}

/// How a record stands at a moment.
#[derive(Clone, Copy, Debug)]
pub enum Standing<'l> {
    /// In force; the rate of a duty, none for what adds nothing.
    Live(Option<&'l DutyRate>),
    /// A truce lies over a rate.
    Suspended(&'l DutyRate, Term),
    /// A judgment has made a rate void.
    Annulled(&'l DutyRate, Term),
    /// Not in force.
    Not,
}

/// The records of one heading.
#[derive(Debug)]
pub struct Records<'t, 'l> {
    /// The ledger in time.
    pub timeline: &'t Timeline<'l>,
    /// The records.
    pub carriers: Vec<Carrier>,
    /// The record stands for a run of headings: one of them that prints no addition agrees with it.
    pub as_one: bool,
}

impl<'l> Records<'_, 'l> {
    /// The name of a record: `us.s301.china/list-3`.
    pub fn name(&self, carrier: Carrier) -> String {
        let (program, id) = match carrier {
            Carrier::Provision(ix) => (self.timeline.provision(ix).program, &self.timeline.provision(ix).record.id),
            Carrier::Exception(ix) => (self.timeline.exception(ix).program, &self.timeline.exception(ix).record.id),
            Carrier::Prohibition(ix) => {
                (self.timeline.prohibitions[ix].program, &self.timeline.prohibitions[ix].record.id)
            }
        };
        format!("{}/{id}", self.timeline.program(program).id)
    }

    /// The moments between which a record's conditions on the entry date let it apply.
    fn window(tests: &[Test<'_>]) -> (Instant, Instant) {
        let mut window = (Instant::MIN, Instant::MAX);
        for test in tests {
            match test {
                Test::Fact(Condition::Entered(Bound::From(at))) => window.0 = window.0.max(*at),
                Test::Fact(Condition::Entered(Bound::Before(at))) => window.1 = window.1.min(*at),
                _ => {}
            }
        }
        window
    }

    fn tests(&self, carrier: Carrier) -> &[Test<'l>] {
        match carrier {
            Carrier::Provision(ix) => &self.timeline.provision(ix).when,
            Carrier::Exception(ix) => &self.timeline.exception(ix).when,
            Carrier::Prohibition(ix) => &self.timeline.prohibitions[ix].when,
        }
    }

    fn terms(&self, carrier: Carrier) -> Vec<Term> {
        match carrier {
            Carrier::Provision(ix) => self.timeline.provision(ix).record.rates.iter().map(|rate| rate.term).collect(),
            Carrier::Exception(ix) => self.timeline.exception(ix).record.terms.clone(),
            Carrier::Prohibition(ix) => self.timeline.prohibitions[ix].record.terms.clone(),
        }
    }

    /// How a record stands, as assessed.
    pub fn standing(&self, carrier: Carrier, at: Instant, known: Day) -> Standing<'l> {
        let (from, until) = Self::window(self.tests(carrier));
        if at < from || until <= at {
            return Standing::Not;
        }
        match carrier {
            Carrier::Provision(ix) => self.of_provision(ix, at, known),
            Carrier::Exception(ix) => {
                let node = self.timeline.exception(ix);
                let live = self.timeline.in_force(&node.record.terms, at, known).is_some();
                // What frees from duties that are all over frees from nothing.
                let dead = |of: &ProvisionIx| self.over(Carrier::Provision(*of), at);
                if live && !node.of.iter().all(dead) { Standing::Live(None) } else { Standing::Not }
            }
            Carrier::Prohibition(ix) => {
                match self.timeline.in_force(&self.timeline.prohibitions[ix].record.terms, at, known) {
                    Some(_) => Standing::Live(None),
                    None => Standing::Not,
                }
            }
        }
    }

    fn of_provision(&self, ix: ProvisionIx, at: Instant, known: Day) -> Standing<'l> {
        let node = self.timeline.provision(ix);
        let at = self.governing(ix, at);
        let moment = Moment { at, known, view: View::Assessed };
        let Some(record) = self.timeline.in_force(&node.record.rates, at, known) else { return Standing::Not };
        if record.rate == DutyRate::Ended || node.suspensions.iter().any(|s| self.timeline.terminated(s, moment)) {
            return Standing::Not;
        }
        if let Some(annulment) = self.timeline.annulled(node, moment) {
            return Standing::Annulled(&record.rate, annulment.term);
        }
        let covering = |s: &&'l crate::record::Suspension| self.timeline.suspended(s, moment).map(|term| (*s, *term));
        match node.suspensions.iter().find_map(covering) {
            Some((suspension, term)) => match &suspension.keeps {
                Some(kept) if *kept != record.rate => Standing::Live(Some(kept)),
                _ => Standing::Suspended(&record.rate, term),
            },
            None => Standing::Live(Some(&record.rate)),
        }
    }

    /// The moment whose rate is looked up for goods entered at a moment. A record for some types of entry is governed by
    /// a date before the entry (the status date of a zone): where its rates are over, the last moment of them.
    fn governing(&self, ix: ProvisionIx, at: Instant) -> Instant {
        let node = self.timeline.provision(ix);
        let typed = node.when.iter().any(|test| matches!(test, Test::Fact(Condition::EntryType(_))));
        let ends: Option<Vec<Instant>> = node.record.rates.iter().map(|rate| rate.term.until).collect();
        let last = ends.and_then(|ends| ends.into_iter().max()).filter(|end| typed && *end <= at);
        last.map_or(at, |end| Instant(end.0.saturating_sub(1)))
    }

    /// Whether a record is over for good at a moment, with all that is known.
    pub fn over(&self, carrier: Carrier, at: Instant) -> bool {
        let later = self.boundaries(carrier).into_iter().filter(|t| *t > at);
        let stands =
            |t: Instant| matches!(self.standing(carrier, t, Day::MAX), Standing::Live(_) | Standing::Suspended(..));
        !std::iter::once(at).chain(later).any(stands)
    }

    /// Every moment that a record names: its own terms, its conditions, truces over it and judgments on it.
    pub fn boundaries(&self, carrier: Carrier) -> Vec<Instant> {
        let mut terms = self.terms(carrier);
        let mut found = Vec::new();
        if let Carrier::Provision(ix) = carrier {
            let node = self.timeline.provision(ix);
            terms.extend(node.suspensions.iter().flat_map(|s| &s.terms).copied());
            found.extend(node.annulments.iter().map(|annulment| annulment.ceased));
        }
        found.extend(terms.iter().flat_map(|term| std::iter::once(term.from).chain(term.until)));
        for test in self.tests(carrier) {
            if let Test::Fact(
                Condition::Loaded(bound)
                | Condition::Exported(bound)
                | Condition::Imported(bound)
                | Condition::Entered(bound),
            ) = test
            {
                found.push(match bound {
                    Bound::Before(at) | Bound::From(at) => *at,
                });
            }
        }
        found
    }

    /// The moments that bear on a record through others: its exceptions', or those of the duties it frees from.
    pub fn related(&self, carrier: Carrier) -> Vec<Instant> {
        match carrier {
            Carrier::Provision(ix) => {
                let exceptions = self.timeline.provision(ix).exceptions.iter();
                exceptions.flat_map(|of| self.boundaries(Carrier::Exception(*of))).collect()
            }
            Carrier::Exception(ix) => {
                let duties = self.timeline.exception(ix).of.iter();
                duties.flat_map(|of| self.boundaries(Carrier::Provision(*of))).collect()
            }
            Carrier::Prohibition(_) => Vec::new(),
        }
    }

    /// The times at which a record stands with a rate that is wanted, a truce or not, with what is known on a day; and
    /// the records of such a rate that never came to stand.
    pub fn spans(&self, carrier: Carrier, known: Day, wanted: impl Fn(Option<&DutyRate>) -> bool) -> Vec<Span> {
        let mut moments = self.boundaries(carrier);
        moments.sort_unstable();
        moments.dedup();
        let mut spans: Vec<Span> = Vec::new();
        let mut open = false;
        for at in moments {
            let holds = match self.standing(carrier, at, known) {
                Standing::Live(rate) => wanted(rate),
                Standing::Suspended(rate, _) => wanted(Some(rate)),
                Standing::Annulled(..) | Standing::Not => false,
            };
            match (open, holds) {
                (false, true) => {
                    spans.extend(self.act(carrier, at, known).map(|act| Span { from: at, act, end: None }));
                }
                (true, false) => {
                    if let Some(span) = spans.last_mut() {
                        span.end = Some(at);
                    }
                }
                _ => {}
            }
            open = holds;
        }
        if let (Carrier::Provision(ix), true) = (carrier, spans.is_empty()) {
            let rates = self.timeline.provision(ix).record.rates.iter().filter(|rate| wanted(Some(&rate.rate)));
            spans.extend(rates.map(|rate| Span {
                from: rate.term.from,
                act: rate.term.act,
                end: Some(rate.term.from),
            }));
        }
        spans
    }

    /// The act by which a record is in force at a moment, with what is known on a day.
    fn act(&self, carrier: Carrier, at: Instant, known: Day) -> Option<ActId> {
        let term = match carrier {
            Carrier::Provision(ix) => {
                let rates = &self.timeline.provision(ix).record.rates;
                self.timeline.in_force(rates, self.governing(ix, at), known).map(|rate| rate.term)
            }
            _ => self.timeline.in_force(&self.terms(carrier), at, known).copied(),
        };
        term.map(|term| term.act)
    }
}

/// The time for which a rate stood.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its first moment.
    pub from: Instant,
    /// The act that set it.
    pub act: ActId,
    /// The first moment at which it no longer stood; its first where a later act took its place before it began.
    pub end: Option<Instant>,
}
