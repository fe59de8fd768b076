//! What changes next for a line, if nothing more is signed: the same line at every later moment at which the known law
//! moves, with knowledge, code and ordinary rate held as they are.

use portolan_ledger::line::{EntryLine, Status, When};
use portolan_ledger::record::{ActId, Bound, Condition, Term};
use portolan_ledger::timeline::{Dated, Moment, Timeline};
use portolan_ledger::{Day, Instant};

use crate::answer::{Bill, Fault};
use crate::engine::{Engine, Question, stands};
use crate::money::Value;
use crate::possible::Setting;
use crate::resolve::{Record, Row as Resolved, Why};

/// A moment at which the bill of a line changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The first moment of the new bill.
    pub at: Instant,
    /// The bill until then.
    pub before: Bill,
    /// The bill from then on.
    pub after: Bill,
    /// The records whose rows differ, those whose own term begins or ends at the moment first.
    pub causes: Vec<Cause>,
}

/// A record whose row differs on the two sides of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Which record.
    pub record: Record,
    /// How it stood; none where it was not in force.
    pub before: Option<State>,
    /// How it stands; none where it is no longer in force.
    pub after: Option<State>,
    /// The act whose term ends or begins at the moment; none where the record only follows another.
    pub act: Option<ActId>,
}

/// How a record stands on one side of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its status, the horizon of checking left aside.
    pub status: Status,
    /// Why.
    pub why: Why,
    /// The rate in force, as the ledger writes it; empty for exceptions and prohibitions.
    pub rate_text: String,
    /// The term that explains the status: of the rate, the suspension, the exception or the rule.
    pub term: Option<Term>,
}

impl<'l> Engine<'l> {
    /// What changes for a line after its governing moment, at most `limit` changes, in the order of time.
    ///
    /// Knowledge is that of the line's own answer and does not grow; so are the code and the ordinary rate, since what later
    /// editions print was not known. Where the entry date governs it moves with the moment; another governing date moves alone.
    /// Changes that only add or remove a missing fact count like any other.
    pub fn changes(&mut self, line: &EntryLine, limit: usize) -> Result<Vec<Change>, Fault> {
        let value = Value::of(line, self.grain(line.side), self.flaw);
        let (mut q, _) = self.question(line)?;
        let start = q.pieces.last().copied().unwrap_or(q.at.0);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let Some(projection) = self.fixed_projection(line, &q) else { return Ok(Vec::new()) };
        q.projection = projection;
        let mut found = Vec::new();
        let mut before = self.at(&mut q, line, &value, start)?;
        for at in self.later(line, &q, start) {
            let after = self.at(&mut q, line, &value, at)?;
            if !same(&before.0, &after.0) {
                let causes = causes(&before.1, &after.1, at);
                found.push(Change { at, before: before.0, after: after.0.clone(), causes });
                if found.len() >= limit {
                    break;
                }
            }
            before = after;
        }
        Ok(found)
    }

    /// The projection in which the knowledge of a question stays fixed: that of a day on which more could be known.
    fn fixed_projection(&mut self, line: &EntryLine, q: &Question<'l>) -> Option<usize> {
        let clock = &self.law().clocks[usize::from(line.side.0)];
        let day = clock.day_of(q.at.0);
        let next = When::Day(Day(day.0.saturating_add(1)));
        let mut later = line.clone();
        later.known_date = q.known;
        match q.governing.0 {
            "ftz_status_date" => later.ftz_status_date = Some(next),
            "withdrawal_date" => later.withdrawal_date = Some(next),
            "it_date" => later.it_date = Some(next),
            _ => later.entry_date = next,
        }
        self.question(&later).ok().map(|(question, _)| question.projection)
    }

    /// The bill of a line at a moment, and how every record in force stands.
    fn at(
        &mut self,
        q: &mut Question<'l>,
        line: &EntryLine,
        value: &Value,
        at: Instant,
    ) -> Result<(Bill, Vec<(Record, State)>), Fault> {
        let span = (at, Instant(at.0.saturating_add(1)));
        q.pieces.clear();
        q.pieces.push(at);
        q.at = span;
        q.interval = None;
        let mut moved = line.clone();
        if q.governing.0 == "entry_date" {
            q.entered = span;
            moved.entry_date = When::At(at);
        }
        let (settings, turns) = self.possible(q, &moved, value, true)?;
        let bill = self.combine(q, settings.iter().map(|setting| &setting.possible), &turns);
        let moment = Moment { at, known: q.known, view: line.view };
        Ok((bill, self.states(q, &settings, moment)))
    }

    /// How records stand: in the first possibility, then whatever others differ in.
    fn states(&self, q: &Question<'l>, settings: &[Setting], moment: Moment) -> Vec<(Record, State)> {
        let mut found: Vec<(Record, State)> = Vec::new();
        for setting in settings {
            for row in &self.projections[q.projection].leaf(setting.possible.leaf).resolution.rows {
                let known = found.iter_mut().find(|(record, _)| *record == row.record);
                match known {
                    None => found.push((row.record, self.state(row, moment))),
                    // One possibility in which it is owed is what matters to the payer.
                    Some((_, state)) if !stands(state.status) && stands(row.status) => *state = self.state(row, moment),
                    Some(_) => {}
                }
            }
        }
        found
    }

    fn state(&self, row: &Resolved, moment: Moment) -> State {
        let rate_text = match row.record {
            Record::Provision(provision) => {
                let node = self.law().timeline.provision(provision);
                let kept = row.kept.and_then(|index| node.suspensions[usize::from(index)].keeps.as_ref());
                let rate = row.rate.map(|index| &node.record.rates[usize::from(index)].rate);
                kept.or(rate).map_or(String::new(), ToString::to_string)
            }
            Record::Exception(_) | Record::Prohibition(_) => String::new(),
        };
        State {
            status: row.status,
            why: row.why.clone(),
            rate_text,
            term: term(&self.law().timeline, row, moment).copied(),
        }
    }

    /// Later moments at which the known law can move for a line: bounds of known terms, of conditions on the date itself,
    /// and of its product class. Moments at which nothing changes for the line are weeded out by evaluation.
    fn later(&self, line: &EntryLine, q: &Question<'l>, start: Instant) -> Vec<Instant> {
        let law = self.law();
        let ledger = law.timeline.ledger;
        let mut all: Vec<Instant> = Vec::new();
        let mut add = |term: &Term| {
            if law.timeline.is_known(term, q.known) {
                all.extend([Some(term.from), term.until].into_iter().flatten().filter(|&at| at > start));
            }
        };
        for program in ledger.programs.iter().filter(|p| p.levied_by == line.side) {
            program.provisions.iter().flat_map(|p| &p.rates).for_each(|rate| add(rate.term()));
            program.suspensions.iter().flat_map(|s| &s.terms).for_each(&mut add);
            program.exceptions.iter().flat_map(|e| &e.terms).for_each(&mut add);
            program.prohibitions.iter().flat_map(|p| &p.terms).for_each(&mut add);
            program.annulments.iter().for_each(|a| add(&a.term));
        }
        ledger.groups.iter().flat_map(|g| &g.members).for_each(|m| add(&m.term));
        ledger.rules.iter().filter(|r| r.levied_by == line.side).flat_map(|r| &r.orders).for_each(|o| add(&o.term));
        for list in &ledger.lists {
            let covering = [2, 4, 6, 8, 10].into_iter().filter(|&digits| digits <= line.code.digits());
            for prefix in covering.map(|digits| line.code.prefix(digits)) {
                let first = list.rows.partition_point(|row| row.code < prefix);
                list.rows[first..].iter().take_while(|row| row.code == prefix).for_each(|row| add(&row.term));
            }
        }
        let ceased = ledger.programs.iter().flat_map(|p| &p.annulments);
        let known = ceased.filter(|a| law.timeline.is_known(&a.term, q.known)).map(|a| a.ceased);
        all.extend(known.filter(|&at| at > start));
        if q.governing.0 == "entry_date" {
            all.extend(
                law.facts.atoms.iter().filter_map(|atom| entry_bound(atom.condition()?)).filter(|&at| at > start),
            );
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The moment at which a condition on the date of entry turns; the import date follows it where it is not stated.
fn entry_bound(condition: &Condition) -> Option<Instant> {
    match condition {
        Condition::Entered(Bound::Before(at) | Bound::From(at))
        | Condition::Imported(Bound::Before(at) | Bound::From(at)) => Some(*at),
        _ => None,
    }
}

/// The term that explains how a record stands.
fn term<'t>(timeline: &'t Timeline<'_>, row: &Resolved, moment: Moment) -> Option<&'t Term> {
    let Record::Provision(provision) = row.record else {
        let terms = match row.record {
            Record::Exception(exception) => &timeline.exception(exception).record.terms,
            Record::Prohibition(index) => &timeline.prohibitions[usize::from(index)].record.terms,
            Record::Provision(_) => return None,
        };
        return timeline.in_force(terms, moment.at, moment.known);
    };
    let node = timeline.provision(provision);
    match &row.why {
        Why::Annulled(index) => Some(&node.annulments[usize::from(*index)].term),
        Why::Suspended(suspension, term) => node.suspensions[usize::from(*suspension)].terms.get(usize::from(*term)),
        Why::Excepted(exception) | Why::Spared(exception) => {
            timeline.in_force(&timeline.exception(*exception).record.terms, moment.at, moment.known)
        }
        _ => match row.kept {
            Some(kept) => timeline.in_force(&node.suspensions[usize::from(kept)].terms, moment.at, moment.known),
            None => row.rate.map(|index| &node.record.rates[usize::from(index)].term),
        },
    }
}

/// Whether two bills ask and owe the same; the horizon of checking, which is no change of law, left aside.
fn same(a: &Bill, b: &Bill) -> bool {
    let key = |bill: &Bill| (bill.total_pct, bill.total_duty, bill.duty_min, bill.duty_max, bill.prohibited);
    key(a) == key(b) && a.families == b.families && a.needs_input == b.needs_input && a.headings == b.headings
}

/// The records that stand differently, in the order of the records; those whose own term turns at the moment first.
fn causes(before: &[(Record, State)], after: &[(Record, State)], at: Instant) -> Vec<Cause> {
    let of = |states: &[(Record, State)], record: Record| {
        states.iter().find(|(r, _)| *r == record).map(|(_, state)| state.clone())
    };
    let mut records: Vec<Record> = before.iter().chain(after).map(|(record, _)| *record).collect();
    records.sort_unstable();
    records.dedup();
    let mut found: Vec<Cause> = Vec::new();
    for record in records {
        let (before, after) = (of(before, record), of(after, record));
        if matters(before.as_ref(), after.as_ref()) {
            let ended = before.as_ref().and_then(|s| s.term).filter(|term| term.until == Some(at));
            let begun = after.as_ref().and_then(|s| s.term).filter(|term| term.from == at);
            found.push(Cause { record, before, after, act: begun.or(ended).map(|term| term.act) });
        }
    }
    found.sort_by_key(|cause| cause.act.is_none());
    found
}

/// Whether a record is owed, freed or forbidden differently; what was not owed and is not owed is no cause.
fn matters(before: Option<&State>, after: Option<&State>) -> bool {
    let key = |state: Option<&State>| {
        let state = state.filter(|s| !matches!(s.status, Status::NotInForce | Status::NotClaimed));
        state.map(|s| (s.status, s.rate_text.clone()))
    };
    let (old, new) = (key(before), key(after));
    let bears = |state: Option<&State>| {
        state.is_some_and(|s| matches!(s.status, Status::Applied | Status::Exempt | Status::Prohibited))
    };
    old != new && (bears(before) || bears(after))
}

#[cfg(test)]
mod tests {
    use portolan_ledger::record::Origin;
    use portolan_ledger::{Ledger, Side};

    use super::*;
    use crate::law::Law;

    fn line(day: &str) -> EntryLine {
        let day = Day::parse_iso(day.as_bytes()).unwrap();
        EntryLine::new(Side(0), "9403.60.80".parse().unwrap(), Origin(*b"CN"), When::Day(day), day)
    }

    /// Moment, total before, total after.
    fn changes(ledger: &Ledger, line: &EntryLine, limit: usize) -> Vec<(String, String, String)> {
        let schedule = portolan_law::schedule().unwrap();
        let law = Law::new(ledger, Some(&schedule));
        let found = Engine::new(&law).changes(line, limit).unwrap();
        let total = |bill: &Bill| bill.total_pct.map_or_else(|| "?".to_owned(), |pct| pct.to_string());
        found.iter().map(|c| (law.clocks[0].rfc3339(c.at), total(&c.before), total(&c.after))).collect()
    }

    #[test]
    fn a_truce_that_nobody_extends_lapses() {
        let ledger = portolan_law::ledger().unwrap();
        let found = changes(&ledger, &line("2025-06-05"), 9);
        assert_eq!(found, [("2025-08-12T00:01:00-04:00".to_owned(), "55".to_owned(), "79".to_owned())]);
        // A change that is only known later is none.
        assert_eq!(changes(&ledger, &line("2025-04-03"), 1)[0].0, "2025-04-05T00:01:00-04:00");
        assert!(changes(&ledger, &line("2025-06-05"), 0).is_empty());
    }

    #[test]
    fn the_act_whose_term_ends_comes_first() {
        let ledger = portolan_law::ledger().unwrap();
        let schedule = portolan_law::schedule().unwrap();
        let law = Law::new(&ledger, Some(&schedule));
        let found = Engine::new(&law).changes(&line("2025-06-05"), 1).unwrap();
        let headings: Vec<_> = found[0]
            .causes
            .iter()
            .map(|cause| {
                let Record::Provision(provision) = cause.record else { panic!("a provision") };
                let act = cause.act.map_or("", |act| ledger.act(act).id.as_str());
                (law.timeline.provision(provision).record.heading.as_str(), act)
            })
            .collect();
        assert_eq!(headings, [("9903.01.63", "eo-14298"), ("9903.01.25", "")]);
    }
}
