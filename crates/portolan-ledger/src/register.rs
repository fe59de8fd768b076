//! What is not a tariff: measures with a state on every day, and events with each side's account (`REGISTERS.md`, section 9).

use serde::{Deserialize, Serialize};

use crate::charges::Certainty;
use crate::record::{ActId, Ledger, Place};
use crate::time::{Day, Instant, Side};

/// An enumeration whose variants are words of the register.
macro_rules! words {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[doc = $doc])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every word there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}

words! {
    /// What kind of thing a measure is.
    MeasureKind {
        /// A ban or a duty to ask, on goods or technology.
        ExportControl = "export-control",
        /// Allowed with a licence.
        Licensing = "licensing",
        /// A list of firms.
        EntityList = "entity-list",
        /// Sanctions.
        Sanctions = "sanctions",
        /// Goods that may not come in.
        ImportBan = "import-ban",
        /// Who may ship at all.
        Registration = "registration",
        /// A fee on ships.
        PortFee = "port-fee",
        /// Who may enter or study.
        Visa = "visa",
        /// An investigation.
        Probe = "probe",
        /// Relief from a tariff by list or request.
        TariffExclusion = "tariff-exclusion",
        /// A promise to buy.
        PurchaseCommitment = "purchase-commitment",
        /// A frame for other steps.
        Framework = "framework",
        /// A will that was stated.
        StatementOfIntent = "statement-of-intent",
        /// A step that was threatened.
        Threat = "threat",
    }
}

words! {
    /// How a measure stands from a row on.
    Status {
        /// Made known, not in force.
        Announced = "announced",
        /// In force; of a probe, open.
        Imposed = "imposed",
        /// In force, and not applied for a time.
        Suspended = "suspended",
        /// Ended by its author.
        Lifted = "lifted",
        /// Ended by its own term.
        Lapsed = "lapsed",
    }
}

words! {
    /// What follows by the text itself where a row has run to its end.
    Then {
        /// It is in force again.
        Imposed = "imposed",
        /// Its author has ended it.
        Lifted = "lifted",
        /// Its term has ended it.
        Lapsed = "lapsed",
        /// No text says it.
        Unknown = "unknown",
    }
}

words! {
    /// What kind of thing an event is.
    EventKind {
        /// A round of negotiators.
        Talk = "talk",
        /// A call.
        Call = "call",
        /// A meeting.
        Meeting = "meeting",
        /// An agreement.
        Agreement = "agreement",
        /// A statement.
        Statement = "statement",
        /// An accusation.
        Accusation = "accusation",
        /// Steps taken.
        Measure = "measure",
        /// A threat.
        Threat = "threat",
        /// A probe.
        Probe = "probe",
        /// A judgment.
        Judgment = "judgment",
        /// Of the press, not of a state.
        Report = "report",
        /// A deadline.
        Deadline = "deadline",
    }
}

words! {
    /// What kind of thing is claimed of an event.
    ClaimKind {
        /// A side's account of a contact.
        Readout = "readout",
        /// A statement.
        Statement = "statement",
        /// An accusation.
        Accusation = "accusation",
        /// A denial.
        Denial = "denial",
        /// A promise.
        Promise = "promise",
        /// A threat.
        Threat = "threat",
    }
}

/// A file of measures or of events, and how far its sources reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// The day through which the sources reach.
    pub checked_through: Day,
    /// What was compared, in words.
    pub checked_against: String,
    /// Its measures; empty in a file of events.
    pub measures: Vec<Measure>,
    /// Its events, in the order of their days; empty in a file of measures.
    pub events: Vec<Event>,
    /// Where its header stands.
    pub place: Place,
}

/// A thing of law or policy that is no duty and has a state on every day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Its name: `cn.port-fee.2025`.
    pub id: String,
    /// Who imposes, threatens or promises.
    pub side: Side,
    /// What kind.
    pub kind: MeasureKind,
    /// Title.
    pub title: String,
    /// The instrument, in words.
    pub instrument: String,
    /// The same in the register of acts.
    pub act: Option<ActId>,
    /// On what and whom.
    pub scope: Option<String>,
    /// Programs, provisions or measures that it answers.
    pub answers: Vec<String>,
    /// Where it was read.
    pub source: Vec<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Anything else.
    pub note: Option<String>,
    /// How it stood, in the order of `from`; at least one.
    pub statuses: Vec<StatusRow>,
    /// What sides say of it.
    pub accounts: Vec<Account>,
    /// Where it stands.
    pub place: Place,
}

/// How a measure stands from a moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRow {
    /// The first moment.
    pub from: Instant,
    /// How it stands.
    pub status: Status,
    /// The first moment no longer, and what follows by the text itself.
    pub until: Option<(Instant, Then)>,
    /// The day from which it can be known.
    pub known_from: Day,
    /// What changed.
    pub says: Option<String>,
    /// The act that says so.
    pub act: Option<ActId>,
    /// Where it was read; empty where that of the measure holds.
    pub source: Vec<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A side, or a person or office of a side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The side.
    pub side: Side,
    /// The person or office.
    pub who: Option<String>,
}

/// What a side says of a measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Who says it.
    pub by: Actor,
    /// When.
    pub on: Day,
    /// What, in our words.
    pub says: String,
    /// Where it was read.
    pub source: String,
    /// How sure it is that this was said.
    pub certainty: Certainty,
    /// Anything else.
    pub note: Option<String>,
}

/// A thing of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its name: the day, then a name.
    pub id: String,
    /// Its day, as written.
    pub on: Day,
    /// Its moment, where one is stated.
    pub at: Option<Instant>,
    /// Its last day, itself included.
    pub until: Option<Day>,
    /// What kind.
    pub kind: EventKind,
    /// Title.
    pub title: String,
    /// Where.
    pub place_name: Option<String>,
    /// Who took part.
    pub actors: Vec<Actor>,
    /// What it bears on: programs, provisions, suspensions, exceptions or measures.
    pub about: Vec<String>,
    /// What followed that neither side disputes.
    pub outcome: Option<String>,
    /// Where it was read.
    pub source: Vec<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Anything else.
    pub note: Option<String>,
    /// Each side's account, one point a row.
    pub claims: Vec<Said>,
    /// Where it stands.
    pub place: Place,
}

/// One point of what a side says of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who says it.
    pub by: Actor,
    /// As what.
    pub kind: ClaimKind,
    /// What, in our words.
    pub says: String,
    /// What it bears on, where that is narrower than the event.
    pub about: Vec<String>,
    /// Where it was read.
    pub source: String,
    /// How sure it is that this was said; never of the truth of it.
    pub certainty: Certainty,
    /// Anything else.
    pub note: Option<String>,
}

/// The state of a measure at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It stands so.
    Is(Status),
    /// A term ran out and no text says what followed.
    Unknown,
}

impl State {
    /// The word of the register.
    pub fn name(self) -> &'static str {
        match self {
            Self::Is(status) => status.name(),
            Self::Unknown => Then::Unknown.name(),
        }
    }
}

impl From<Then> for State {
    fn from(then: Then) -> Self {
        match then {
            Then::Imposed => Self::Is(Status::Imposed),
            Then::Lifted => Self::Is(Status::Lifted),
            Then::Lapsed => Self::Is(Status::Lapsed),
            Then::Unknown => Self::Unknown,
        }
    }
}

/// How a measure stands at a moment, and by which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'m> {
    /// The row that decides.
    pub row: &'m StatusRow,
    /// The state.
    pub state: State,
    /// The end of the row lies before the moment: the state is what its text says follows.
    pub ran_out: bool,
}

impl Measure {
    /// How it stands at a moment, by what is known at the end of a day; none before its first row.
    pub fn standing(&self, at: Instant, known: Day) -> Option<Standing<'_>> {
        let row = self.statuses.iter().rfind(|row| row.from <= at && row.known_from <= known)?;
        Some(match row.until {
            Some((until, then)) if until <= at => Standing { row, state: then.into(), ran_out: true },
            _ => Standing { row, state: State::Is(row.status), ran_out: false },
        })
    }
}

impl Ledger {
    /// Every measure, with the register that holds it.
    pub fn measures(&self) -> impl Iterator<Item = (&Register, &Measure)> {
        self.registers.iter().flat_map(|register| register.measures.iter().map(move |measure| (register, measure)))
    }

    /// Every event in the order of their days, with the register that holds it.
    pub fn events(&self) -> Vec<(&Register, &Event)> {
        let all = self.registers.iter().flat_map(|register| register.events.iter().map(move |event| (register, event)));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(_, event)| (event.on, event.at));
        all
    }

    /// An actor in words: `US`, `US: Greer`.
    pub fn actor(&self, actor: &Actor) -> String {
        let side = self.jurisdictions.get(usize::from(actor.side.0)).map_or("?", |side| side.name.as_str());
        actor.who.as_ref().map_or_else(|| side.to_owned(), |who| format!("{side}: {who}"))
    }

    /// The title of what a reference of the registers names: a program, a provision, suspension or exception of one, or a
    /// measure. None where it names nothing.
    pub fn title_of(&self, reference: &str) -> Option<&str> {
        let Some((program, id)) = reference.split_once('/') else {
            let programs = self.programs.iter().filter(|program| program.id == reference).map(|p| p.title.as_str());
            let measures = self.measures().filter(|(_, m)| m.id == reference).map(|(_, m)| m.title.as_str());
            return programs.chain(measures).next();
        };
        let program = self.programs.iter().find(|candidate| candidate.id == program)?;
        let provisions = program.provisions.iter().filter(|p| p.id == id).map(|p| p.label.as_str());
        let suspensions = program.suspensions.iter().filter(|s| s.id == id);
        let suspensions = suspensions.map(|s| s.title.as_deref().unwrap_or(&s.id));
        let exceptions = program.exceptions.iter().filter(|e| e.id == id);
        let exceptions = exceptions.map(|e| e.label.as_deref().unwrap_or(&e.id));
        provisions.chain(suspensions).chain(exceptions).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(from: i64, status: Status, until: Option<(i64, Then)>, known_from: i32) -> StatusRow {
        StatusRow {
            from: Instant(from),
            status,
            until: until.map(|(until, then)| (Instant(until), then)),
            known_from: Day(known_from),
            says: None,
            act: None,
            source: Vec::new(),
            certainty: Certainty::High,
            note: None,
            place: Place::default(),
        }
    }

    #[test]
    fn a_state_is_that_of_the_latest_row_that_is_known() {
        let statuses = vec![
            row(10, Status::Imposed, None, 0),
            row(20, Status::Suspended, Some((30, Then::Imposed)), 1),
            row(40, Status::Suspended, Some((50, Then::Unknown)), 2),
        ];
        let measure = Measure {
            id: "cn.visa.x".to_owned(),
            side: Side(1),
            kind: MeasureKind::Visa,
            title: String::new(),
            instrument: String::new(),
            act: None,
            scope: None,
            answers: Vec::new(),
            source: Vec::new(),
            certainty: Certainty::High,
            note: None,
            statuses,
            accounts: Vec::new(),
            place: Place::default(),
        };
        let state = |at, known| measure.standing(Instant(at), Day(known)).map(|s| (s.state.name(), s.ran_out));
        assert_eq!(state(9, 9), None, "before the first row there is no state");
        assert_eq!(state(10, 9), Some(("imposed", false)));
        assert_eq!(state(20, 0), Some(("imposed", false)), "the row is not known yet");
        assert_eq!(state(29, 9), Some(("suspended", false)));
        assert_eq!(state(30, 9), Some(("imposed", true)), "an end is the first moment not covered");
        assert_eq!(state(45, 1), Some(("imposed", true)));
        assert_eq!(state(50, 9), Some(("unknown", true)));
    }
}
