//! `measures/*.toml` and `events/*.toml`: what is not a tariff (`REGISTERS.md`, section 9).

use rustc_hash::FxHashMap;
use serde::Deserialize;
use toml::Spanned;

use super::{At, Reader, day, is_toml, nearest, raw};
use crate::charges::Certainty;
use crate::diagnostic::{Code, Span};
use crate::record::{ActId, Place};
use crate::register::{
    Account, Actor, ClaimKind, Event, EventKind, Measure, MeasureKind, Register, Said, Status, StatusRow, Then,
};
use crate::time::{Day, Instant, Side};

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct MeasureFile {
    #[expect(dead_code, reason = "the format is checked by its type")]
    format: raw::Format,
    checked: Spanned<raw::Checked>,
    #[serde(default)]
    measure: Vec<Spanned<RawMeasure>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawMeasure {
    id: raw::Text,
    side: raw::Text,
    kind: MeasureKind,
    title: raw::Text,
    instrument: raw::Text,
    act: Option<raw::Text>,
    scope: Option<String>,
    answers: Option<Spanned<Vec<String>>>,
    source: Spanned<Vec<String>>,
    certainty: Certainty,
    note: Option<String>,
    #[serde(default)]
    status: Vec<Spanned<RawStatus>>,
    #[serde(default)]
    account: Vec<Spanned<RawAccount>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawStatus {
    from: raw::Date,
    status: Status,
    says: Option<String>,
    until: Option<raw::Date>,
    then: Option<Spanned<Then>>,
    act: Option<raw::Text>,
    source: Option<Spanned<Vec<String>>>,
    certainty: Option<Certainty>,
    note: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawAccount {
    by: raw::Text,
    on: raw::Date,
    says: raw::Text,
    source: raw::Text,
    certainty: Certainty,
    note: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct EventFile {
    #[expect(dead_code, reason = "the format is checked by its type")]
    format: raw::Format,
    checked: Spanned<raw::Checked>,
    #[serde(default)]
    event: Vec<Spanned<RawEvent>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawEvent {
    id: raw::Text,
    on: raw::Date,
    until: Option<raw::Date>,
    kind: EventKind,
    title: raw::Text,
    place: Option<String>,
    actors: Spanned<Vec<String>>,
    about: Spanned<Vec<String>>,
    outcome: Option<String>,
    source: Spanned<Vec<String>>,
    certainty: Certainty,
    note: Option<String>,
    #[serde(default)]
    claim: Vec<Spanned<RawClaim>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawClaim {
    by: raw::Text,
    kind: ClaimKind,
    says: raw::Text,
    about: Option<Spanned<Vec<String>>>,
    source: raw::Text,
    certainty: Certainty,
    note: Option<String>,
}

/// A reference that is resolved when every measure was read, and where it stands.
type Pending = Vec<(String, Span)>;

impl Reader {
    /// Reads measures and events; the programs and acts that they name are read before them.
    pub(super) fn measures_and_events(&mut self) {
        let mut pending = Pending::new();
        let mut ids: FxHashMap<String, Place> =
            self.ledger.programs.iter().map(|program| (program.id.clone(), program.place)).collect();
        for (file, path) in self.files_in(|path| path.starts_with("measures/") && is_toml(path)) {
            self.measure_file(file, &path, &mut ids, &mut pending);
        }
        let mut events = FxHashMap::default();
        for (file, path) in self.files_in(|path| path.starts_with("events/") && is_toml(path)) {
            self.event_file(file, &path, &mut events, &mut pending);
        }
        for (reference, span) in pending {
            if self.ledger.title_of(&reference).is_none() {
                let near = nearest(&reference, ids.keys().map(String::as_str));
                let help = near.map_or_else(
                    || "name a program, program/id of one of its records, or a measure".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("`{reference}` names no program, no record of one, and no measure");
                self.fault_help(Code::DanglingReference, Some(span), message, help);
            }
        }
    }

    /// The head of a register: how far its sources reach.
    fn checked(&mut self, at: At, checked: &Spanned<raw::Checked>) -> Option<Register> {
        let span = at.span(&checked.span());
        let Some(checked_through) = day(&checked.get_ref().through) else {
            self.fault(Code::BadDate, Some(span), "`through` is not a day of the calendar");
            return None;
        };
        Some(Register {
            checked_through,
            checked_against: checked.get_ref().against.clone(),
            measures: Vec::new(),
            events: Vec::new(),
            place: self.place(at, checked),
        })
    }

    fn misplaced(&mut self, span: Span, message: String, help: &str) {
        self.fault_help(Code::Misplaced, Some(span), message, help);
    }

    /// Notes an id, and reports one that stands already.
    fn once(&mut self, ids: &mut FxHashMap<String, Place>, id: &str, span: Span) {
        let place = self.sources.place(span);
        if let Some(first) = ids.insert(id.to_owned(), place) {
            let message = format!("`{id}` stands already in {}:{}", self.sources.path(first.file), first.line);
            self.fault(Code::DuplicateId, Some(span), message);
        }
    }

    /// A text that says something.
    fn said(&mut self, at: At, key: &str, text: &raw::Text) -> String {
        if text.get_ref().trim().is_empty() {
            self.fault(Code::Incomplete, Some(at.span(&text.span())), format!("`{key}` says nothing"));
        }
        text.get_ref().clone()
    }

    fn sources_of(&mut self, at: At, sources: &Spanned<Vec<String>>) -> Vec<String> {
        if sources.get_ref().is_empty() || sources.get_ref().iter().any(|source| source.trim().is_empty()) {
            let help = "a source is an address, owner/repository:path, or words";
            self.fault_help(Code::NoCitation, Some(at.span(&sources.span())), "the record names no source", help);
        }
        sources.get_ref().clone()
    }

    fn one_source(&mut self, at: At, source: &raw::Text) -> String {
        if source.get_ref().trim().is_empty() {
            self.fault(Code::NoCitation, Some(at.span(&source.span())), "the row names no source");
        }
        source.get_ref().clone()
    }

    fn references_of(at: At, references: Option<&Spanned<Vec<String>>>, pending: &mut Pending) -> Vec<String> {
        let Some(references) = references else { return Vec::new() };
        let span = at.span(&references.span());
        pending.extend(references.get_ref().iter().map(|reference| (reference.clone(), span)));
        references.get_ref().clone()
    }

    /// `US`, or `US:Greer`.
    fn actor(&mut self, at: At, span: &std::ops::Range<usize>, text: &str) -> Option<Actor> {
        let (side, who) = text.split_once(':').map_or((text, None), |(side, who)| (side, Some(who)));
        let found = self.ledger.side(side).filter(|_| who.is_none_or(|who| !who.trim().is_empty()));
        let Some(side) = found else {
            let help = "write a declared customs territory, or with a person or office: US:Greer";
            let message = format!("`{text}` is neither a side nor somebody of a side");
            self.fault_help(Code::UnknownSide, Some(at.span(span)), message, help);
            return None;
        };
        Some(Actor { side, who: who.map(str::to_owned) })
    }

    /// A day without a time.
    fn bare_day(&mut self, at: At, date: &raw::Date) -> Option<Day> {
        let found = day(date.get_ref());
        if found.is_none() {
            let message = format!("`{}` is not a day of the calendar", date.get_ref());
            self.fault_help(Code::BadDate, Some(at.span(&date.span())), message, "write YYYY-MM-DD");
        }
        found
    }

    fn cited_act(&mut self, at: At, act: Option<&raw::Text>) -> Option<ActId> {
        act.and_then(|act| self.act(act.get_ref(), at.span(&act.span())))
    }

    fn measure_file(&mut self, file: u16, path: &str, ids: &mut FxHashMap<String, Place>, pending: &mut Pending) {
        let name = path.trim_start_matches("measures/");
        let side = name.split(['-', '.']).next().unwrap_or(name).to_ascii_uppercase();
        let start = At { file, side: Side(0) };
        let Some(side) = self.ledger.side(&side).filter(|side| usize::from(side.0) < self.clocks.len()) else {
            let message = format!("`{path}` does not start with a declared customs territory");
            let help = "a file of measures is named after its side, as cn-export-controls.toml";
            self.fault_help(Code::UnknownSide, Some(start.span(&(0..0))), message, help);
            return;
        };
        let Some(raw) = self.parse::<MeasureFile>(file) else { return };
        let at = At { file, side };
        let Some(mut register) = self.checked(at, &raw.checked) else { return };
        for measure in &raw.measure {
            let found = self.measure(at, measure, ids, pending);
            register.measures.extend(found);
        }
        self.ledger.registers.push(register);
    }

    fn measure(
        &mut self,
        at: At,
        measure: &Spanned<RawMeasure>,
        ids: &mut FxHashMap<String, Place>,
        pending: &mut Pending,
    ) -> Option<Measure> {
        let place = self.place(at, measure);
        let raw = measure.get_ref();
        let id = self.measure_id(at, raw, ids);
        if raw.status.is_empty() {
            let help = "add a [[measure.status]]: how it stands, and from when";
            let message = format!("the measure `{id}` has no status");
            self.fault_help(Code::Incomplete, Some(at.span(&measure.span())), message, help);
        }
        let mut statuses: Vec<StatusRow> = Vec::new();
        for row in &raw.status {
            let Some(row) = self.status(at, row, raw.certainty) else { continue };
            if statuses.last().is_some_and(|before| row.from <= before.from) {
                let span = self.sources.line(row.place).unwrap_or(at.span(&measure.span()));
                let message = format!("a status of `{id}` does not begin after the one before it");
                self.misplaced(span, message, "statuses stand in the order of `from`");
            }
            statuses.push(row);
        }
        Some(Measure {
            side: self.side(at.file, &raw.side)?,
            kind: raw.kind,
            title: self.said(at, "title", &raw.title),
            instrument: self.said(at, "instrument", &raw.instrument),
            act: self.cited_act(at, raw.act.as_ref()),
            scope: raw.scope.clone(),
            answers: Self::references_of(at, raw.answers.as_ref(), pending),
            source: self.sources_of(at, &raw.source),
            certainty: raw.certainty,
            note: raw.note.clone(),
            statuses,
            accounts: raw.account.iter().filter_map(|account| self.account(at, account)).collect(),
            id,
            place,
        })
    }

    /// The id of a measure, which starts with its side, as the file does.
    fn measure_id(&mut self, at: At, raw: &RawMeasure, ids: &mut FxHashMap<String, Place>) -> String {
        let (id, span) = (raw.id.get_ref(), at.span(&raw.id.span()));
        let side = self.ledger.jurisdictions.get(usize::from(at.side.0)).map_or("", |side| side.name.as_str());
        let of_file = side.to_owned();
        if *raw.side.get_ref() != of_file && self.ledger.side(raw.side.get_ref()).is_some() {
            let message = format!("`{id}` is of {}, and its file of {of_file}", raw.side.get_ref());
            self.misplaced(at.span(&raw.side.span()), message, "a file of measures holds those of one side");
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let parts: Vec<&str> = id.split('.').collect();
        let formed = parts.len() >= 3 && parts.iter().all(|part| !part.is_empty() && part.chars().all(plain));
        if !formed || parts.first().is_none_or(|part| *part != raw.side.get_ref().to_ascii_lowercase()) {
            let help = "the id of a measure is its side, a kind and a name in lower case: cn.port-fee.2025";
            self.misplaced(span, format!("`{id}` is no id for a measure of {}", raw.side.get_ref()), help);
        }
        self.once(ids, id, span);
        id.clone()
    }

    fn status(&mut self, at: At, row: &Spanned<RawStatus>, certainty: Certainty) -> Option<StatusRow> {
        let (span, place) = (at.span(&row.span()), self.place(at, &row.get_ref().from));
        let raw = row.get_ref();
        let from = self.instant(at, &raw.from);
        let until = raw.until.as_ref().map(|until| self.instant(at, until));
        let act = self.cited_act(at, raw.act.as_ref());
        let until = match (until, &raw.then) {
            (None, None) => None,
            (Some(until), Some(then)) => Some((until?, *then.get_ref())),
            (Some(_), None) => {
                let help = "say what the text itself brings: imposed, lifted, lapsed, or unknown";
                self.fault_help(Code::Incomplete, Some(span), "the row has an `until` and no `then`", help);
                return None;
            }
            (None, Some(then)) => {
                let span = at.span(&then.span());
                let help = "state the end of the row, or leave `then` out";
                self.fault_help(Code::Incomplete, Some(span), "the row has a `then` and no `until`", help);
                return None;
            }
        };
        let from = from?;
        if until.is_some_and(|(until, _)| until <= from) {
            self.fault(Code::EmptyInterval, Some(at.span(&raw.from.span())), "the row ends before it begins");
        }
        Some(StatusRow {
            from,
            status: raw.status,
            until,
            known_from: self.known_from(at, from, act),
            says: raw.says.clone(),
            act,
            source: raw.source.as_ref().map_or_else(Vec::new, |source| self.sources_of(at, source)),
            certainty: raw.certainty.unwrap_or(certainty),
            note: raw.note.clone(),
            place,
        })
    }

    /// A row is taken as known from its beginning, or from the issue of its act where that is earlier.
    fn known_from(&self, at: At, from: Instant, act: Option<ActId>) -> Day {
        let begins = self.clocks[usize::from(at.side.0)].day_of(from);
        act.map_or(begins, |act| begins.min(self.ledger.act(act).issued))
    }

    fn account(&mut self, at: At, account: &Spanned<RawAccount>) -> Option<Account> {
        let raw = account.get_ref();
        let by = self.actor(at, &raw.by.span(), raw.by.get_ref());
        let on = self.bare_day(at, &raw.on);
        let (says, source) = (self.said(at, "says", &raw.says), self.one_source(at, &raw.source));
        Some(Account { by: by?, on: on?, says, source, certainty: raw.certainty, note: raw.note.clone() })
    }

    fn event_file(&mut self, file: u16, path: &str, ids: &mut FxHashMap<String, Place>, pending: &mut Pending) {
        let at = At { file, side: Side(0) };
        let Some(raw) = self.parse::<EventFile>(file) else { return };
        let Some(mut register) = self.checked(at, &raw.checked) else { return };
        for event in &raw.event {
            let Some(event) = self.event(at, event, path, ids, pending) else { continue };
            if register.events.last().is_some_and(|before| (event.on, event.at) < (before.on, before.at)) {
                let span = self.sources.line(event.place).unwrap_or(at.span(&(0..0)));
                let message = format!("`{}` stands behind an event of a later day", event.id);
                self.misplaced(span, message, "in a file, events stand in the order of `on`");
            }
            register.events.push(event);
        }
        self.ledger.registers.push(register);
    }

    fn event(
        &mut self,
        at: At,
        event: &Spanned<RawEvent>,
        path: &str,
        ids: &mut FxHashMap<String, Place>,
        pending: &mut Pending,
    ) -> Option<Event> {
        let place = self.place(at, event);
        let raw = event.get_ref();
        let id_span = at.span(&raw.id.span());
        self.once(ids, raw.id.get_ref(), id_span);
        let (on, moment) = self.day_or_moment(at, &raw.on)?;
        let until = raw.until.as_ref().map(|until| self.bare_day(at, until));
        if let (Some(Some(until)), Some(date)) = (until, &raw.until)
            && until < on
        {
            self.fault(Code::EmptyInterval, Some(at.span(&date.span())), "the event ends before it begins");
        }
        if !raw.id.get_ref().strip_prefix(&on.to_string()).is_some_and(|rest| rest.len() > 1 && rest.starts_with('-')) {
            let message = format!("`{}` is no id for an event of {on}", raw.id.get_ref());
            self.misplaced(id_span, message, "the id of an event is its day, then a name, with - between");
        }
        let year = path.trim_start_matches("events/").trim_end_matches(".toml");
        if !on.to_string().starts_with(&format!("{year}-")) {
            let message = format!("`{}` does not belong to {path}", raw.id.get_ref());
            self.misplaced(at.span(&raw.on.span()), message, "a file of events is named after their year");
        }
        let actors_span = raw.actors.span();
        let actors = raw.actors.get_ref().iter().filter_map(|text| self.actor(at, &actors_span, text)).collect();
        Some(Event {
            id: raw.id.get_ref().clone(),
            on,
            at: moment,
            until: until.flatten(),
            kind: raw.kind,
            title: self.said(at, "title", &raw.title),
            place_name: raw.place.clone(),
            actors,
            about: Self::references_of(at, Some(&raw.about), pending),
            outcome: raw.outcome.clone(),
            source: self.sources_of(at, &raw.source),
            certainty: raw.certainty,
            note: raw.note.clone(),
            claims: raw.claim.iter().filter_map(|claim| self.claim_of(at, claim, pending)).collect(),
            place,
        })
    }

    fn claim_of(&mut self, at: At, claim: &Spanned<RawClaim>, pending: &mut Pending) -> Option<Said> {
        let raw = claim.get_ref();
        let by = self.actor(at, &raw.by.span(), raw.by.get_ref());
        let (says, source) = (self.said(at, "says", &raw.says), self.one_source(at, &raw.source));
        let about = Self::references_of(at, raw.about.as_ref(), pending);
        Some(Said { by: by?, kind: raw.kind, says, about, source, certainty: raw.certainty, note: raw.note.clone() })
    }

    /// The day that a date names, and its moment where it has one with an offset.
    fn day_or_moment(&mut self, at: At, date: &raw::Date) -> Option<(Day, Option<Instant>)> {
        if let Some(on) = day(date.get_ref()) {
            return Some((on, None));
        }
        let moment = self.instant(at, date)?;
        let on = date.get_ref().date.and_then(|date| Day::parse_iso(date.to_string().as_bytes()))?;
        Some((on, Some(moment)))
    }
}
