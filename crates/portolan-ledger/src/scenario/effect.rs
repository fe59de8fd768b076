//! What patches come to: those that change nothing, and rates that are set where something lies over them.

use std::collections::BTreeSet;

use super::patch::touched;
use super::{Op, Patch, Scenario};
use crate::diagnostic::{Code, Diagnostic};
use crate::duty_rate::DutyRate;
use crate::line::View;
use crate::record::Ledger;
use crate::time::{Clock, Day, Instant};
use crate::timeline::{Dated, Moment, ProvisionNode, Timeline};

/// Patches of a scenario that have no effect, or none for a part of their time: a rate that is set under a suspension
/// waits for its end. `patched` is the ledger that [`super::apply`] made of `law`.
///
/// Everything is looked at as known at last.
pub fn without_effect(law: &Ledger, patched: &Ledger, scenario: &Scenario) -> Vec<Diagnostic> {
    let light = super::without_rows(law);
    let (before, after) = (Laid::new(&light), Laid::new(patched));
    let of = |patch: &Patch| match patch.raw.op {
        // These add a record of their own.
        Op::Exclude | Op::Impose => None,
        _ => warning(patch, (&before, &after)),
    };
    scenario.patches.iter().filter_map(of).collect()
}

/// A ledger in time, whose provisions are found by their places in their programs: patches add some behind.
struct Laid<'l> {
    timeline: Timeline<'l>,
    first: Vec<usize>,
}

/// What a provision bears at a moment.
#[derive(Clone, PartialEq, Eq)]
enum Bears {
    Rate(Option<DutyRate>),
    Suspended,
    Annulled,
}

impl<'l> Laid<'l> {
    fn new(ledger: &'l Ledger) -> Self {
        let mut first = vec![0];
        for program in &ledger.programs {
            first.push(first[first.len() - 1] + program.provisions.len());
        }
        Self { timeline: Timeline::new(ledger), first }
    }

    fn node(&self, (program, provision): (usize, usize)) -> Option<&ProvisionNode<'l>> {
        self.timeline.provisions.get(self.first.get(program)? + provision)
    }

    fn bears(&self, node: &ProvisionNode<'l>, at: Instant, view: View) -> Bears {
        let moment = Moment { at, known: Day::MAX, view };
        if self.timeline.annulled(node, moment).is_some() {
            return Bears::Annulled;
        }
        let rate = self.timeline.in_force(&node.record.rates, at, Day::MAX).map(|record| &record.rate);
        let rate = rate.filter(|rate| **rate != DutyRate::Ended);
        match self.timeline.suspension_over(&node.suspensions, moment) {
            Some((index, _)) if rate.is_some() => {
                let suspension = node.suspensions[index];
                let keeps = suspension.keeps.as_ref().filter(|keeps| **keeps != DutyRate::Ended);
                keeps.map_or(Bears::Suspended, |keeps| Bears::Rate(Some(keeps.clone())))
            }
            _ => Bears::Rate(rate.cloned()),
        }
    }

    /// Whether the rate itself does not count at a moment: the suspension that lies over it, or the judgment.
    fn over(&self, node: &ProvisionNode<'l>, at: Instant) -> Option<String> {
        let moment = Moment { at, known: Day::MAX, view: View::Assessed };
        if self.timeline.annulled(node, moment).is_some() {
            return Some("a judgment has ended it".to_owned());
        }
        let (index, _) = self.timeline.suspension_over(&node.suspensions, moment)?;
        Some(format!("the suspension `{}` lies over it", node.suspensions[index].id))
    }

    /// The moments at which what a provision bears can change.
    fn cuts(node: &ProvisionNode<'l>) -> impl Iterator<Item = Instant> {
        let rates = node.record.rates.iter().map(|rate| *rate.term());
        let terms = node.suspensions.iter().flat_map(|suspension| suspension.terms.iter().copied());
        let bounds = rates.chain(terms).flat_map(|term| [Some(term.from), term.until]).flatten();
        bounds.chain(node.annulments.iter().map(|annulment| annulment.ceased)).collect::<Vec<_>>().into_iter()
    }
}

/// A stretch of a patch's time in which it changes nothing for one provision.
struct Piece {
    from: Instant,
    until: Option<Instant>,
    over: Option<String>,
}

impl Piece {
    fn goes_on(&self, from: Instant, over: Option<&String>) -> bool {
        self.until == Some(from) && self.over.as_ref() == over
    }
}

/// The warning about a patch, where there is something to say.
fn warning(patch: &Patch, (law, patched): (&Laid<'_>, &Laid<'_>)) -> Option<Diagnostic> {
    let ledger = patched.timeline.ledger;
    let op = patch.raw.op;
    // A judgment counts for what came before it in this view alone.
    let view = if op == Op::Annul { View::Owed } else { View::Assessed };
    let mut changes = false;
    let mut silent: Vec<(String, Clock, Piece)> = Vec::new();
    for (place, bounds) in touched(law.timeline.ledger, patch) {
        let (Some(old), Some(new)) = (law.node(place), patched.node(place)) else { continue };
        let program = &ledger.programs[place.0];
        let clock = ledger.clock(program.levied_by)?;
        let within = |at: &Instant| *at > bounds.from && bounds.until.is_none_or(|until| *at < until);
        let starts: BTreeSet<Instant> =
            Laid::cuts(old).chain(Laid::cuts(new)).filter(within).chain([bounds.from]).collect();
        let starts: Vec<Instant> = starts.into_iter().collect();
        let name = format!("{}/{}", program.id, new.record.id);
        for (index, &from) in starts.iter().enumerate() {
            let until = starts.get(index + 1).copied().or(bounds.until);
            let differs = law.bears(old, from, view) != patched.bears(new, from, view);
            changes |= differs;
            let over = match op {
                // What these lay over it themselves is no reason.
                Op::Suspend | Op::Annul => law.over(old, from),
                _ => patched.over(new, from),
            };
            match silent.last_mut() {
                Some((last, _, piece)) if !differs && *last == name && piece.goes_on(from, over.as_ref()) => {
                    piece.until = until;
                }
                _ if differs => {}
                _ => silent.push((name.clone(), clock.clone(), Piece { from, until, over })),
            }
        }
    }
    let (name, clock, piece) = silent.iter().find(|(_, _, piece)| piece.over.is_some()).or(silent.first())?;
    let over = piece.over.as_deref();
    let message = if !changes {
        let why = over.map_or_else(|| "the law says the same".to_owned(), |over| format!("{over} ({name})"));
        format!("the patch has no effect: {why}")
    } else if op == Op::SetRate && over.is_some_and(|over| over.starts_with("the suspension")) {
        let until = piece.until.map_or(String::new(), |until| format!(" until {}", clock.show(until)));
        format!("the rate of {name} has no effect from {}{until}: {}", clock.show(piece.from), over.unwrap_or_default())
    } else {
        return None;
    };
    let help = match over {
        Some(_) => "let the suspension lapse in a patch of its own, or bound the patch to the time without it",
        None => "check the bounds and the records that it names",
    };
    Some(Diagnostic::new(Code::NoEffect, Some(patch.span), message).help(help))
}
