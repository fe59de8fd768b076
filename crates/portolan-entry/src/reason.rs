//! Why a row has its status: a stable word, and a sentence that a broker reads.

use std::borrow::Cow;

use portolan_engine::Law;
use portolan_engine::answer::{Reason, Row, Subject};
use portolan_engine::resolve::{Record, Why, part};
use portolan_ledger::line::{EntryLine, Status, View};
use portolan_ledger::record::{Act, ActId, Condition};
use portolan_ledger::time::Clock;
use portolan_ledger::timeline::{Moment, ProvisionIx};
use portolan_ledger::{Day, Instant};

use crate::condition;

/// A reason: its stable word, and the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Stable, in snake case; for programs.
    pub code: &'static str,
    /// For people.
    pub text: String,
}

/// What reasons of one line are told from.
#[derive(Clone, Copy)]
pub struct Teller<'a, 'l> {
    /// The law.
    pub law: &'a Law<'l>,
    /// The clock of the levying side.
    pub clock: &'a Clock,
    /// The line.
    pub line: &'a EntryLine,
    /// What the line is asked for.
    pub needs_input: &'a [String],
    /// The edition of the schedule that states the ordinary rate, with what is to be said of it.
    pub edition: &'a str,
    /// All rows of the line's answer: what one row is, another may explain.
    pub rows: &'a [Row],
}

/// The short name of an act: `EO 14257`, `90 FR 15041`; its title where the register's name says no more.
pub fn act_name(act: &Act) -> String {
    let (kind, number) = act.id.split_once('-').unwrap_or((act.id.as_str(), ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = number.split('-').collect();
    match (kind, parts.as_slice()) {
        ("eo", [n]) if digits(n) => format!("EO {n}"),
        ("proc", [n]) if digits(n) => format!("Proc. {n}"),
        ("csms", [n]) if digits(n) => format!("CSMS {n}"),
        ("fr", [volume, page]) if digits(volume) && digits(page) => format!("{volume} FR {page}"),
        ("pl", [congress, n]) if digits(congress) && digits(n) => format!("Pub. L. {congress}-{n}"),
        ("cfr", [title, part, section]) if digits(title) => format!("{title} CFR {part}.{section}"),
        ("sctc", [year, n]) if digits(year) && digits(n) => format!("SCTC {year} No. {n}"),
        _ => act.title.clone(),
    }
}

impl Teller<'_, '_> {
    /// The reason of a row.
    pub fn tell(&self, row: &Row) -> Said {
        match &row.reason {
            Reason::Resolved(why) => self.resolved(row, why),
            Reason::NotInForce => self.not_in_force(row),
            Reason::Turns => {
                said("turns_on_fact", format!("turns on what is not stated: {}", self.needs_input.join(", ")))
            }
            Reason::Ordinary => said("ordinary_rate", self.edition.to_owned()),
            Reason::Lacks(what) if self.needs_input.contains(what) => {
                said("missing_fact", format!("cannot be computed while {what} is not stated"))
            }
            Reason::Lacks(what) => said("cannot_compute", format!("cannot be computed: {what}")),
        }
    }

    fn resolved(&self, row: &Row, why: &Why) -> Said {
        let timeline = &self.law.timeline;
        let holder = provision_of(row);
        match why {
            Why::Owed if row.status == Status::Prohibited => {
                said("entry_forbidden", "the law forbids the entry; no duty makes it lawful")
            }
            Why::Owed => self.owed(row),
            Why::Condition(atom) => {
                let of_atom = self.law.facts.atoms.get(usize::from(atom.0)).and_then(|atom| atom.condition());
                self.unmet(row, of_atom)
            }
            Why::Provisions => self.unmet_relation(row),
            Why::Annulled(index) => {
                let annulment = holder.and_then(|p| timeline.provision(p).annulments.get(usize::from(*index)).copied());
                let Some(annulment) = annulment else { return said("annulled", "annulled by a judgment") };
                let (by, from) = (self.act(annulment.term.act), self.clock.show(annulment.term.from));
                let ceased = self.clock.show(annulment.ceased);
                said("annulled", format!("annulled by {by}: void from {from}; collected until {ceased}"))
            }
            Why::Suspended(suspension, term) => self.suspended(row, *suspension, *term),
            Why::Terminated(_) => said("ended_with_suspension", "its suspension has run out, and with it the duty"),
            Why::Excepted(exception) | Why::Spared(exception) => {
                let code = if matches!(why, Why::Excepted(_)) { "exempt" } else { "value_spared" };
                let record = timeline.exception(*exception).record;
                let heading = record.heading.as_deref().map_or(String::new(), |heading| format!(" under {heading}"));
                let label = record.label.as_deref().map_or(String::new(), |label| format!(": {label}"));
                said(code, format!("exempt{heading}{label}"))
            }
            Why::Yields(other) => said("yields", format!("yields to {}", self.named(*other))),
            Why::Stacked(rule, other) => {
                let title = timeline.rules.get(usize::from(*rule)).map_or("", |rule| rule.record.id.as_str());
                let by = row.act.map_or_else(|| title.to_owned(), |act| self.act(act));
                said("stacking_rule", format!("{} stands in its place ({by})", self.named(*other)))
            }
            Why::InPlace(other) => {
                said("in_place_of_all", format!("{} stands in place of all other duties", self.named(*other)))
            }
            Why::Replaced(other) => {
                said("in_place_of_ordinary", format!("{} stands in place of the ordinary duty", self.named(*other)))
            }
            Why::Holds => self.holds(row),
            Why::Frees(parts) => said("frees_part", format!("frees {} of the value", part_name(*parts))),
            Why::NotReached => said("nothing_to_free", "holds, and there is no duty that it could free"),
        }
    }

    fn owed(&self, row: &Row) -> Said {
        let kept = provision_of(row).and_then(|provision| {
            let node = self.law.timeline.provision(provision);
            let (at, term) = self.law.timeline.suspension_over(&node.suspensions, self.moment(row.at))?;
            Some((node.suspensions[at], term))
        });
        let Some((suspension, term)) = kept else {
            if let Some(before) = self.annulled_before(row) {
                let before = self.named(before);
                return said(
                    "owed_contested",
                    format!("owed: {before}, which went before it, is annulled; that it comes back is contested"),
                );
            }
            let text = match row.status {
                Status::BeyondHorizon => "owed as the text stands; the program was not checked as far as this day",
                _ => "owed",
            };
            return said(if row.status == Status::BeyondHorizon { "beyond_horizon" } else { "owed" }, text);
        };
        let beneath = self.rate_beneath(row);
        let end = self.after(term.until, suspension.resumes, &beneath);
        said("kept_rate", format!("{} suspends {beneath} and keeps {}{end}", self.act(term.act), row.rate_text))
    }

    /// An annulled duty that a stacking rule put before this one and that the line would have owed.
    fn annulled_before(&self, row: &Row) -> Option<ProvisionIx> {
        let own = provision_of(row)?;
        let moment = self.moment(row.at);
        let timeline = &self.law.timeline;
        let exempt = |of: ProvisionIx| {
            self.rows.iter().any(|row| match row.subject {
                Subject::Record(Record::Exception(index)) if row.status == Status::Exempt => {
                    let node = timeline.exception(index);
                    node.record.spares.is_none() && node.of.contains(&of)
                }
                _ => false,
            })
        };
        let annulled = |place: &ProvisionIx| {
            let row = self.rows.iter().find(|row| provision_of(row) == Some(*place));
            row.is_some_and(|row| row.status == Status::Annulled) && !exempt(*place)
        };
        timeline.rules.iter().find_map(|rule| {
            let (_, tiers) = timeline.in_force(&rule.orders, moment.at, moment.known)?;
            let place = tiers.iter().position(|tier| tier.contains(&own))?;
            tiers[..place].iter().flatten().copied().find(|before| annulled(before))
        })
    }

    fn suspended(&self, row: &Row, suspension: u16, term: u16) -> Said {
        let node = provision_of(row).map(|provision| self.law.timeline.provision(provision));
        let suspension = node.and_then(|node| node.suspensions.get(usize::from(suspension)).copied());
        let Some(suspension) = suspension else { return said("suspended", "suspended") };
        let Some(term) = suspension.terms.get(usize::from(term)) else { return said("suspended", "suspended") };
        let end = self.after(term.until, suspension.resumes, &row.rate_text);
        said("suspended", format!("suspended by {}{end}", self.act(term.act)))
    }

    /// What follows a suspension.
    fn after(&self, until: Option<Instant>, resumes: bool, rate: &str) -> String {
        match until {
            None => " until further notice".to_owned(),
            Some(until) if resumes => format!(" until {}; then {rate} is owed again", self.clock.show(until)),
            Some(until) => format!(" until {}; then it ends", self.clock.show(until)),
        }
    }

    /// The rate that lies under a suspension.
    fn rate_beneath(&self, row: &Row) -> String {
        let moment = self.moment(row.at);
        let rate = provision_of(row).and_then(|provision| {
            let rates = &self.law.timeline.provision(provision).record.rates;
            self.law.timeline.in_force(rates, moment.at, moment.known)
        });
        rate.map_or(String::new(), |record| record.rate.to_string())
    }

    fn holds(&self, row: &Row) -> Said {
        match row.subject {
            Subject::Record(Record::Exception(exception)) => {
                let label = self.law.timeline.exception(exception).record.label.as_deref();
                said(
                    "exemption_holds",
                    label.map_or_else(|| "the exemption holds".to_owned(), |label| format!("holds: {label}")),
                )
            }
            Subject::Record(Record::Prohibition(index)) => {
                let label = self
                    .law
                    .timeline
                    .prohibitions
                    .get(usize::from(index))
                    .map_or("", |node| node.record.label.as_str());
                said("entry_forbidden", format!("the law forbids the entry: {label}"))
            }
            _ => said("holds", "holds"),
        }
    }

    /// A condition that is not met. What was not claimed is told with all that would have to be claimed together.
    fn unmet(&self, row: &Row, of_atom: Option<&Condition>) -> Said {
        let conditions: Vec<&Condition> = match (row.status, self.conditions(row)) {
            (Status::NotClaimed, Some(all)) => {
                // What holds while nothing is said of it need not be claimed.
                let unsaid = |c: &&Condition| matches!(c, Condition::Claim { yes: false, .. });
                all.iter().filter(|c| condition::is_asserted(self.law, c) && !unsaid(c)).collect()
            }
            _ => of_atom.into_iter().collect(),
        };
        if row.status == Status::NotClaimed {
            let phrase = condition::unclaimed(self.law, self.clock, &conditions);
            let columns = condition::columns(self.law, &conditions).join(", ");
            return said("not_claimed", format!("not claimed: {phrase} ({columns})"));
        }
        let phrase = condition::phrase(self.law, self.clock, &conditions);
        said("condition_not_met", format!("does not describe the line: it asks for goods {phrase}"))
    }

    fn unmet_relation(&self, row: &Row) -> Said {
        let conditions = self.conditions(row).unwrap_or_default();
        let relations: Vec<&Condition> =
            conditions.iter().filter(|c| matches!(c, Condition::Provisions { .. })).collect();
        let phrase = condition::phrase(self.law, self.clock, &relations);
        said("other_duties_decide", format!("does not describe the line: it asks for goods {phrase}"))
    }

    fn conditions(&self, row: &Row) -> Option<&[Condition]> {
        let timeline = &self.law.timeline;
        match row.subject {
            Subject::Ordinary => None,
            Subject::Record(Record::Provision(p)) => Some(&timeline.provision(p).record.when),
            Subject::Record(Record::Exception(e)) => Some(&timeline.exception(e).record.when),
            Subject::Record(Record::Prohibition(index)) => {
                timeline.prohibitions.get(usize::from(index)).map(|node| node.record.when.as_slice())
            }
        }
    }

    fn not_in_force(&self, row: &Row) -> Said {
        let act = row.act.map_or(String::new(), |act| format!(" ({})", self.act(act)));
        match (row.from, row.until) {
            (Some(from), _) if row.at < from => {
                said("not_yet_in_force", format!("begins on {}{act}", self.clock.show(from)))
            }
            (_, Some(until)) if until <= row.at => {
                said("no_longer_in_force", format!("ended on {}{act}", self.clock.show(until)))
            }
            (Some(from), None) => said("ended", format!("ended by its record of {}{act}", self.clock.show(from))),
            _ => said("not_in_force", "no rate of it is in force, as far as is known"),
        }
    }

    fn moment(&self, at: Instant) -> Moment {
        Moment { at, known: known_day(self.line, self.clock), view: self.line.view }
    }

    fn act(&self, act: ActId) -> String {
        act_name(self.law.timeline.ledger.act(act))
    }

    /// A provision as a person knows it: by its heading, else its label.
    fn named(&self, provision: ProvisionIx) -> Cow<'_, str> {
        let record = self.law.timeline.provision(provision).record;
        match (record.heading.as_str(), record.label.as_str()) {
            ("", label) => Cow::Borrowed(label),
            (heading, "") => Cow::Borrowed(heading),
            (heading, label) => Cow::Owned(format!("{heading} ({label})")),
        }
    }
}

/// The day whose knowledge a line is answered with.
pub fn known_day(line: &EntryLine, clock: &Clock) -> Day {
    match line.view {
        View::Assessed => line.known_date.min(line.entry_date.day(clock)),
        View::Owed => line.known_date,
    }
}

fn said(code: &'static str, text: impl Into<String>) -> Said {
    Said { code, text: text.into() }
}

fn provision_of(row: &Row) -> Option<ProvisionIx> {
    match row.subject {
        Subject::Record(Record::Provision(provision)) => Some(provision),
        _ => None,
    }
}

fn part_name(parts: u8) -> String {
    let known: [(u8, &str); 6] = [
        (1, "the steel content"),
        (2, "the aluminum content"),
        (4, "the copper content"),
        (part::US, "the US content"),
        (part::OUTSIDE, "what is not processing abroad"),
        (part::REST, "the rest"),
    ];
    let named: Vec<&str> = known.iter().filter(|(bit, _)| parts & bit != 0).map(|(_, name)| *name).collect();
    named.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_named_as_people_name_them() {
        let ledger = portolan_law::ledger().unwrap();
        let name = |id: &str| act_name(ledger.acts.iter().find(|act| act.id == id).unwrap());
        assert_eq!(name("eo-14257"), "EO 14257");
        assert_eq!(name("proc-10908"), "Proc. 10908");
        assert_eq!(name("fr-83-47974"), "83 FR 47974");
        assert_eq!(name("cfr-19-141-69"), "19 CFR 141.69");
        assert_eq!(name("pl-117-110"), "Pub. L. 117-110");
        assert_eq!(name("sctc-2025-4"), "SCTC 2025 No. 4");
    }

    #[test]
    fn parts_are_named() {
        assert_eq!(part_name(part::US), "the US content");
        assert_eq!(part_name(3), "the steel content and the aluminum content");
    }
}
