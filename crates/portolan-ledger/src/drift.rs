//! An official edition of the schedule held against the ledger, heading by heading.
//!
//! The edition says what was printed, acts say what was law: where they differ the act wins and the difference is
//! listed. No heading is passed over: each is modelled, expired, outside with a reason, or missing.

mod footnotes;
mod printed;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

pub use footnotes::Footnoted;
use printed::{Match, Printed};
use standing::{Carrier, Records, Span, Standing};

use crate::code::TariffCode;
use crate::duty_rate::DutyRate;
use crate::record::{ActId, Ledger};
use crate::schedule::OfficialRow;
use crate::time::{Clock, Day, Instant, Side};
use crate::timeline::{ExceptionIx, ProvisionIx, Timeline};

/// An edition: its rows and the day it was published.
#[derive(Clone, Copy, Debug)]
pub struct Edition<'e> {
    /// The rows, in the order of the schedule.
    pub rows: &'e [OfficialRow],
    /// The day of publication.
    pub published: Day,
}

/// How a printed heading is accounted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A record of the ledger carries it, and is in force or will be.
    Modelled,
    /// It is still printed, and what it provided for is over.
    Expired,
    /// The register of headings outside the ledger says why it has no record.
    Outside,
    /// Nothing accounts for it.
    Missing,
}

impl Status {
    /// The four, in the order of counting.
    pub const ALL: [Self; 4] = [Self::Modelled, Self::Expired, Self::Outside, Self::Missing];

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Modelled => "modelled",
            Self::Expired => "expired",
            Self::Outside => "outside",
            Self::Missing => "missing",
        }
    }
}

/// How what a heading prints and what the ledger holds compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// The printed rate is in force on the day of publication.
    Agrees,
    /// The same rate, of a part of the value that the rate column does not name.
    BasisInNotes,
    /// The printed rate was to come.
    PrintedEarly,
    /// Another rate had taken its place.
    PrintedLate,
    /// A truce lay over the printed rate.
    PrintedButSuspended,
    /// The printed rate was over, and none had taken its place.
    PrintedButEnded,
    /// The printed rate is one the ledger cannot say.
    NotRead,
    /// The ledger never held the printed rate.
    RateDiffers,
}

impl Agreement {
    /// All, in the order of reporting.
    pub const ALL: [Self; 8] = [
        Self::Agrees,
        Self::BasisInNotes,
        Self::PrintedEarly,
        Self::PrintedLate,
        Self::PrintedButSuspended,
        Self::PrintedButEnded,
        Self::NotRead,
        Self::RateDiffers,
    ];

    /// The words of the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::BasisInNotes => "basis in the notes",
            Self::PrintedEarly => "printed early",
            Self::PrintedLate => "printed late",
            Self::PrintedButSuspended => "printed but suspended",
            Self::PrintedButEnded => "printed but ended",
            Self::NotRead => "rate not read",
            Self::RateDiffers => "rate differs",
        }
    }
}

/// A heading that an edition prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// The heading.
    pub code: TariffCode,
    /// Its own words.
    pub description: String,
    /// The rate it prints: the first column that is not blank.
    pub printed: String,
    /// How it is accounted for.
    pub status: Status,
    /// The records that carry it, by program and id.
    pub records: Vec<String>,
    /// The record of the register of headings outside, an index into [`Ledger::outside`].
    pub register: Option<usize>,
    /// How the rates compare; none where no record carries it.
    pub agreement: Option<Agreement>,
    /// Why they differ, with the act and the date.
    pub reason: Option<String>,
    /// Its own footnotes, without those of statistics: what the schedule itself says of a rate or a term.
    pub notes: Vec<String>,
    /// Dates in its words that none of its records names.
    pub unnamed_dates: Vec<Day>,
}

/// A heading in force on the day of publication that the edition does not print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprinted {
    /// The heading.
    pub code: TariffCode,
    /// The records that carry it.
    pub records: Vec<String>,
    /// Since when one of them has been in force.
    pub since: Day,
}

/// What became of an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Every heading that it prints, in the order of the schedule.
    pub headings: Vec<Heading>,
    /// Headings in force that it does not print.
    pub unprinted: Vec<Unprinted>,
    /// Headings that footnotes of its lines name; empty for an edition without footnotes.
    pub footnotes: Vec<Footnoted>,
}

impl Report {
    /// How many headings have a status.
    pub fn count(&self, status: Status) -> usize {
        self.headings.iter().filter(|heading| heading.status == status).count()
    }

    /// `modelled: N, expired: N, outside: N, missing: N`.
    pub fn totals(&self) -> String {
        Status::ALL.map(|status| format!("{}: {}", status.name(), self.count(status))).join(", ")
    }
}

/// Holds an edition against the ledger of a side. None where the side has no clock.
///
/// The headings looked at are those below the four digits under which the side's duties are declared.
pub fn drift(ledger: &Ledger, side: Side, edition: &Edition<'_>) -> Option<Report> {
    let clock = ledger.clock(side)?;
    let timeline = Timeline::new(ledger);
    let records = by_heading(&timeline, side);
    let within: BTreeSet<TariffCode> = records.keys().map(|heading| heading.prefix(4)).collect();
    let look = Look { timeline: &timeline, clock, records: &records, published: edition.published };
    let mut headings = Vec::new();
    for row in edition.rows {
        let Some(code) = row.code.filter(|code| code.digits() == 8 && within.contains(&code.prefix(4))) else {
            continue;
        };
        headings.push(look.heading(code, row));
    }
    let at = look.start();
    let footnotes = footnotes::check(edition, at, &within, &records);
    Some(Report { unprinted: look.unprinted(&headings), headings, footnotes })
}

/// The records that carry each heading of a side.
fn by_heading<'t, 'l>(timeline: &'t Timeline<'l>, side: Side) -> BTreeMap<TariffCode, Records<'t, 'l>> {
    let mut found: BTreeMap<TariffCode, Records<'t, 'l>> = BTreeMap::new();
    let mut add = |heading: &str, program: u16, carrier: Carrier| {
        let code = TariffCode::parse(heading.as_bytes()).ok().filter(|code| code.digits() == 8);
        if let Some(code) = code.filter(|_| timeline.program(program).levied_by == side) {
            let new = || Records { timeline, carriers: Vec::new(), as_one: false };
            found.entry(code).or_insert_with(new).carriers.push(carrier);
        }
    };
    for (index, node) in (0..).zip(&timeline.provisions) {
        add(&node.record.heading, node.program, Carrier::Provision(ProvisionIx(index)));
    }
    for (index, node) in (0..).zip(&timeline.exceptions) {
        add(node.record.heading.as_deref().unwrap_or(""), node.program, Carrier::Exception(ExceptionIx(index)));
    }
    found
}

/// The ledger on the day of an edition.
struct Look<'t, 'l> {
    timeline: &'t Timeline<'l>,
    clock: Clock,
    records: &'t BTreeMap<TariffCode, Records<'t, 'l>>,
    published: Day,
}

impl<'t, 'l> Look<'t, 'l> {
    fn start(&self) -> Instant {
        self.clock.day_start(self.published)
    }

    /// The last second of the day.
    fn end(&self) -> Instant {
        Instant(self.clock.day_end(self.published).0.saturating_sub(1))
    }

    fn heading(&self, code: TariffCode, row: &OfficialRow) -> Heading {
        let (printed, rate) = Printed::of(row);
        let register = self.timeline.ledger.outside.iter().position(|outside| outside.holds(code));
        let mut heading = Heading {
            code,
            description: row.description.clone(),
            printed,
            status: Status::Missing,
            records: Vec::new(),
            register: None,
            agreement: None,
            reason: None,
            notes: row.footnotes.iter().filter(|note| !note.contains("statistical note")).cloned().collect(),
            unnamed_dates: Vec::new(),
        };
        // A record of the heading's own goes before the register.
        if let Some(records) = self.records.get(&code) {
            self.held(&mut heading, records, &rate, row);
        } else if let Some(index) = register {
            heading.register = Some(index);
            let outside = &self.timeline.ledger.outside[index];
            if outside.carried_by.is_empty() {
                let over = outside.until.is_some_and(|until| until <= self.start());
                heading.status = if over { Status::Expired } else { Status::Outside };
            } else {
                self.held(&mut heading, &self.carried(&outside.carried_by), &rate, row);
            }
        }
        heading
    }

    /// The records that stand for a run of headings.
    fn carried(&self, names: &[(String, String)]) -> Records<'t, 'l> {
        let is_meant = |program: u16, id: &str| {
            names.iter().any(|name| name.0 == self.timeline.program(program).id && name.1 == id)
        };
        let provisions =
            (0..).zip(&self.timeline.provisions).filter(|(_, node)| is_meant(node.program, &node.record.id));
        let exceptions =
            (0..).zip(&self.timeline.exceptions).filter(|(_, node)| is_meant(node.program, &node.record.id));
        let bans = (0..).zip(&self.timeline.prohibitions).filter(|(_, node)| is_meant(node.program, &node.record.id));
        let carriers = provisions.map(|(index, _)| Carrier::Provision(ProvisionIx(index)));
        let carriers = carriers.chain(exceptions.map(|(index, _)| Carrier::Exception(ExceptionIx(index))));
        let carriers = carriers.chain(bans.map(|(index, _)| Carrier::Prohibition(index))).collect();
        Records { timeline: self.timeline, carriers, as_one: true }
    }

    fn held(&self, heading: &mut Heading, records: &Records<'_, 'l>, rate: &Printed, row: &OfficialRow) {
        let over = records.carriers.iter().all(|carrier| records.over(*carrier, self.start()));
        heading.status = if over { Status::Expired } else { Status::Modelled };
        heading.records = records.carriers.iter().map(|carrier| records.name(*carrier)).collect();
        let (agreement, reason) = self.agreement(records, rate);
        heading.agreement = Some(agreement);
        heading.reason = reason;
        let named: BTreeSet<Day> = records
            .carriers
            .iter()
            .flat_map(|carrier| records.boundaries(*carrier).into_iter().chain(records.related(*carrier)))
            .map(|at| self.clock.day_of(at))
            .collect();
        // `through` a day and `before` the next are one moment.
        let is_named = |day: &Day| named.contains(day) || named.contains(&Day(day.0.saturating_add(1)));
        if !records.as_one {
            heading.unnamed_dates = printed::dates(&row.description).into_iter().filter(|day| !is_named(day)).collect();
        }
    }

    /// The records at both ends of the day, as they were known then and as they are known now.
    fn standings(&self, records: &Records<'_, 'l>) -> Vec<Standing<'l>> {
        let moments = [self.start(), self.end()];
        let looks = moments.into_iter().flat_map(|at| [(at, self.published), (at, Day::MAX)]);
        let each = |(at, known)| records.carriers.iter().map(move |carrier| records.standing(*carrier, at, known));
        looks.flat_map(each).collect()
    }

    fn agreement(&self, records: &Records<'_, 'l>, printed: &Printed) -> (Agreement, Option<String>) {
        let standings = self.standings(records);
        let matches = |rate: Option<&DutyRate>| match printed.compare(rate) {
            Match::None if records.as_one && *printed == Printed::Nothing => Match::Same,
            found => found,
        };
        let live = standings.iter().filter_map(|standing| match standing {
            Standing::Live(rate) => Some(matches(*rate)),
            _ => None,
        });
        match live.clone().max() {
            Some(Match::Same) => return (Agreement::Agrees, None),
            Some(Match::BasisInNotes) => {
                let reason = "the rate column names no part of the value, the ledger does".to_owned();
                return (Agreement::BasisInNotes, Some(reason));
            }
            _ => {}
        }
        if *printed == Printed::Unread {
            return (Agreement::NotRead, None);
        }
        for standing in &standings {
            match standing {
                Standing::Suspended(rate, term) if matches(Some(rate)) != Match::None => {
                    let reason = format!("suspended {}", self.when(term.from, term.until, term.act));
                    return (Agreement::PrintedButSuspended, Some(reason));
                }
                Standing::Annulled(rate, term) if matches(Some(rate)) != Match::None => {
                    let act = &self.timeline.ledger.act(term.act).id;
                    return (Agreement::PrintedButEnded, Some(format!("annulled by {act}")));
                }
                _ => {}
            }
        }
        let wanted = |rate: Option<&DutyRate>| matches(rate) != Match::None;
        let spans = |known| -> Vec<Span> {
            records.carriers.iter().flat_map(|carrier| records.spans(*carrier, known, wanted)).collect()
        };
        // What was to come is what was known to come on that day; what is over is told with all that is known.
        let to_come = |spans: Vec<Span>| spans.into_iter().filter(|span| span.from > self.end()).min_by_key(|s| s.from);
        if let Some(span) = to_come(spans(self.published)).or_else(|| to_come(spans(Day::MAX))) {
            let reason = format!("in force {}", self.when(span.from, None, span.act));
            return (Agreement::PrintedEarly, Some(reason));
        }
        self.passed(&spans(Day::MAX), live.count() > 0)
    }

    /// What a rate that is not to come means: over, in another's place, or never known.
    fn passed(&self, spans: &[Span], another_stands: bool) -> (Agreement, Option<String>) {
        let last = spans.iter().max_by_key(|span| (span.end.is_none(), span.end));
        let Some(last) = last else {
            return (Agreement::RateDiffers, Some("the ledger never held the printed rate".to_owned()));
        };
        let reason = match last.end {
            Some(end) if end <= last.from => {
                format!("replaced before it began, {}", self.when(last.from, None, last.act))
            }
            Some(_) => format!("in force {}", self.when(last.from, last.end, last.act)),
            // Its own term runs on.
            None => "the duties that it frees from are over".to_owned(),
        };
        (if another_stands { Agreement::PrintedLate } else { Agreement::PrintedButEnded }, Some(reason))
    }

    fn when(&self, from: Instant, until: Option<Instant>, act: ActId) -> String {
        let until = until.map_or(String::new(), |until| format!(" until {}", self.clock.show(until)));
        format!("from {}{until} ({})", self.clock.show(from), self.timeline.ledger.act(act).id)
    }

    /// Whether a record could be reported on the day: it is in force, and of an exception a duty that it frees from.
    fn applies(&self, records: &Records<'_, 'l>, carrier: Carrier) -> bool {
        let live = |carrier| matches!(records.standing(carrier, self.start(), self.published), Standing::Live(_));
        live(carrier)
            && match carrier {
                Carrier::Exception(ix) => self.timeline.exception(ix).of.iter().any(|of| live(Carrier::Provision(*of))),
                Carrier::Provision(_) | Carrier::Prohibition(_) => true,
            }
    }

    fn unprinted(&self, headings: &[Heading]) -> Vec<Unprinted> {
        let printed: BTreeSet<TariffCode> = headings.iter().map(|heading| heading.code).collect();
        let mut found = Vec::new();
        for (&code, records) in self.records.iter().filter(|(code, _)| !printed.contains(code)) {
            let live = |carrier: &&Carrier| self.applies(records, **carrier);
            let live: Vec<Carrier> = records.carriers.iter().filter(live).copied().collect();
            let begun = |carrier: &Carrier| records.boundaries(*carrier).into_iter().filter(|at| *at <= self.start());
            // The last date before the day is when the state of that day began.
            let Some(since) = live.iter().filter_map(|carrier| begun(carrier).max()).min() else { continue };
            let records = live.iter().map(|carrier| records.name(*carrier)).collect();
            found.push(Unprinted { code, records, since: self.clock.day_of(since) });
        }
        found
    }
}
