//! Reading a ledger: files to typed records, every fault with its place.

mod condition;
mod fees;
mod list;
mod outside;
pub(crate) mod program;
pub(crate) mod raw;
mod registers;

use std::path::Path;

use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::value::Datetime;

use crate::diagnostic::{Code, Diagnostic, Severity, Sources, Span};
use crate::record::{
    Act, ActId, Claim, ClaimId, Family, FamilyId, Governing, Group, GroupId, GroupMember, Jurisdiction, Ledger, ListId,
    Origin, OriginRef, Place, ReportingOrder, StackingOrder, StackingRule, Term,
};
use crate::time::{Clock, Day, Instant, Side};

/// A ledger that was read, with its files and warnings.
#[derive(Clone, Debug)]
pub struct Read {
    /// The records.
    pub ledger: Ledger,
    /// The files, for showing places.
    pub sources: Sources,
    /// Faults that do not make it unusable.
    pub warnings: Vec<Diagnostic>,
}

/// A ledger that was refused, with every fault.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The faults, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// The files, for showing places.
    pub sources: Sources,
}

/// A file: its path relative to the ledger's root, with forward slashes, and its bytes.
pub type File = (String, Vec<u8>);

/// Collects the files of a ledger folder, worked cases and scenarios included: `.toml` and `.csv`, in the order of their paths.
pub fn collect(root: &Path) -> std::io::Result<Vec<File>> {
    fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> std::io::Result<()> {
        let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                walk(root, &path, files)?;
            } else if path.extension().is_some_and(|e| e == "toml" || e == "csv") {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                files.push((name, std::fs::read(&path)?));
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(root, root, &mut files)?;
    Ok(files)
}

/// Reads the files of a ledger into records and checks them.
///
/// Every fault found is reported, not only the first; a file whose form is broken reports one.
pub fn read(files: &[File]) -> Result<Read, Refused> {
    let mut reader = Reader::default();
    reader.load(files);
    reader.registers();
    reader.programs();
    reader.stacking();
    reader.outside();
    reader.fees();
    reader.measures_and_events();
    reader.finish(files)
}

/// What the reader knows while it reads.
#[derive(Default)]
pub(crate) struct Reader {
    sources: Sources,
    pub(crate) ledger: Ledger,
    pub(crate) diagnostics: Vec<Diagnostic>,
    clocks: Vec<Clock>,
    acts: FxHashMap<String, ActId>,
    groups: FxHashMap<String, GroupId>,
    claims: FxHashMap<String, ClaimId>,
    families: FxHashMap<String, FamilyId>,
    lists: FxHashMap<String, ListId>,
}

/// A position within one file, by which spans become places.
#[derive(Clone, Copy)]
pub(crate) struct At {
    pub(crate) file: u16,
    pub(crate) side: Side,
}

impl At {
    pub(crate) fn span(self, range: &std::ops::Range<usize>) -> Span {
        let byte = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { file: self.file, start: byte(range.start), end: byte(range.end) }
    }
}

impl Reader {
    /// A reader that adds to a ledger that was read.
    pub(crate) fn adding_to(ledger: Ledger) -> Self {
        fn ids<'n, I>(names: impl Iterator<Item = &'n String>, id: impl Fn(u16) -> I) -> FxHashMap<String, I> {
            let indexed =
                names.enumerate().filter_map(|(index, name)| Some((name.clone(), u16::try_from(index).ok()?)));
            indexed.map(|(name, index)| (name, id(index))).collect()
        }
        let sides = u8::try_from(ledger.jurisdictions.len()).unwrap_or(u8::MAX);
        Self {
            sources: Sources::default(),
            diagnostics: Vec::new(),
            clocks: (0..sides).filter_map(|side| ledger.clock(Side(side))).collect(),
            acts: ids(ledger.acts.iter().map(|act| &act.id), ActId),
            groups: ids(ledger.groups.iter().map(|group| &group.name), GroupId),
            claims: ids(ledger.claims.iter().map(|claim| &claim.name), ClaimId),
            families: FxHashMap::default(),
            lists: ids(ledger.lists.iter().map(|list| &list.path), ListId),
            ledger,
        }
    }

    fn load(&mut self, files: &[File]) {
        for (path, bytes) in files {
            let text = match String::from_utf8(bytes.clone()) {
                Ok(text) => text,
                Err(error) => {
                    let at = u32::try_from(error.utf8_error().valid_up_to()).unwrap_or(u32::MAX);
                    let file = self.sources.add(path.clone(), String::from_utf8_lossy(bytes).into_owned());
                    let span = Span { file, start: at, end: at.saturating_add(1) };
                    self.fault(Code::Unreadable, Some(span), "the file is not UTF-8");
                    continue;
                }
            };
            self.sources.add(path.clone(), text);
        }
        self.ledger.files = self.sources.paths().map(str::to_owned).collect();
    }

    fn fault(&mut self, code: Code, span: Option<Span>, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(code, span, message));
    }

    fn fault_help(&mut self, code: Code, span: Option<Span>, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(code, span, message).help(help));
    }

    /// The files below a folder with an ending, and their indices.
    fn files_in(&self, wanted: impl Fn(&str) -> bool) -> Vec<(u16, String)> {
        let indexed = self.sources.paths().enumerate();
        indexed
            .filter(|(_, path)| wanted(path))
            .map(|(i, path)| (u16::try_from(i).unwrap_or(u16::MAX), path.to_owned()))
            .collect()
    }

    fn parse<T: DeserializeOwned>(&mut self, file: u16) -> Option<T> {
        match toml::from_str(self.sources.text(file)) {
            Ok(value) => Some(value),
            Err(error) => {
                let at = At { file, side: Side(0) };
                let span = error.span().map(|range| at.span(&range));
                self.fault(Code::Unreadable, span.or(Some(at.span(&(0..0)))), error.message().to_owned());
                None
            }
        }
    }

    fn place<T>(&self, at: At, item: &Spanned<T>) -> Place {
        self.sources.place(at.span(&item.span()))
    }

    fn registers(&mut self) {
        for (file, _) in self.files_in(|path| path == "jurisdictions.toml") {
            if let Some(table) = self.parse::<raw::Jurisdictions>(file) {
                self.jurisdictions(file, table);
            }
        }
        for (file, path) in self.files_in(|path| path.starts_with("acts/") && is_toml(path)) {
            if let Some(table) = self.parse::<raw::ActFile>(file) {
                self.act_file(file, &path, table);
            }
        }
        self.governing();
        for (file, _) in self.files_in(|path| path == "origins.toml") {
            if let Some(origins) = self.parse::<raw::Origins>(file) {
                self.origins(file, origins);
            }
        }
        for (file, _) in self.files_in(|path| path == "claims.toml") {
            if let Some(claims) = self.parse::<raw::Claims>(file) {
                self.claim_register(file, claims);
            }
        }
        for (file, _) in self.files_in(|path| path == "families.toml") {
            if let Some(families) = self.parse::<raw::Families>(file) {
                self.family_register(file, families);
            }
        }
    }

    fn jurisdictions(&mut self, file: u16, table: raw::Jurisdictions) {
        let at = At { file, side: Side(0) };
        // The order of the file decides the index of a side; the map has lost it.
        let mut entries: Vec<_> = table.into_iter().filter(|(name, _)| name != "format").collect();
        entries.sort_by_key(|(_, value)| value.span().start);
        for (name, value) in entries {
            let span = at.span(&value.span());
            let raw: raw::Jurisdiction = match value.into_inner().try_into() {
                Ok(raw) => raw,
                Err(error) => {
                    self.fault(Code::Unreadable, Some(span), error.message().to_owned());
                    continue;
                }
            };
            let t = raw.day_starts;
            let grain = crate::number::Cents::parse(raw.value_grain.as_bytes()).map_or(0, |cents| cents.0);
            if grain <= 0 {
                self.fault(
                    Code::Unreadable,
                    Some(span),
                    format!("`value_grain` of {name} is not an amount of money above zero"),
                );
                continue;
            }
            let jurisdiction = Jurisdiction {
                value_grain: grain,
                name: name.clone(),
                time_zone: raw.time_zone,
                day_starts: u32::from(t.hour) * 3600 + u32::from(t.minute) * 60 + u32::from(t.second.unwrap_or(0)),
                governing: Vec::new(),
            };
            self.ledger.jurisdictions.push(jurisdiction);
            let side = Side(u8::try_from(self.ledger.jurisdictions.len() - 1).unwrap_or(u8::MAX));
            match self.ledger.clock(side) {
                Some(clock) => self.clocks.push(clock),
                None => self.fault(Code::UnknownSide, Some(span), format!("the time zone of {name} is not known")),
            }
        }
    }

    /// Governing dates name acts, which are read after the territories: a second look at the same file.
    fn governing(&mut self) {
        for (file, _) in self.files_in(|path| path == "jurisdictions.toml") {
            let Some(table) = toml::from_str::<raw::Jurisdictions>(self.sources.text(file)).ok() else { continue };
            let at = At { file, side: Side(0) };
            for (name, value) in table {
                let span = at.span(&value.span());
                let (Some(side), Ok(raw)) =
                    (self.ledger.side(&name), value.into_inner().try_into::<raw::Jurisdiction>())
                else {
                    continue;
                };
                for rule in raw.governing {
                    let Some(act) = self.act(&rule.act, span) else { continue };
                    let entry_types = rule.entry_types.into_iter().filter(|t| t != "*").collect();
                    let governing = Governing { entry_types, date: rule.date, rule: rule.rule, act };
                    self.ledger.jurisdictions[usize::from(side.0)].governing.push(governing);
                }
            }
        }
    }

    fn act_file(&mut self, file: u16, path: &str, table: raw::ActFile) {
        let name = path.trim_start_matches("acts/").trim_end_matches(".toml");
        let side_name = name.split('-').next().unwrap_or(name).to_ascii_uppercase();
        let at = At { file, side: Side(0) };
        let Some(side) = self.ledger.side(&side_name) else {
            self.fault_help(
                Code::UnknownSide,
                Some(at.span(&(0..0))),
                format!("`{path}` does not start with a declared customs territory"),
                "a file of acts is named after its side, as us-ieepa.toml",
            );
            return;
        };
        let mut entries: Vec<_> = table.into_iter().filter(|(name, _)| name != "format").collect();
        entries.sort_by_key(|(_, value)| value.span().start);
        for (id, value) in entries {
            let span = at.span(&value.span());
            match value.into_inner().try_into::<raw::Act>() {
                Ok(raw) => self.one_act(id, raw, side, span),
                Err(error) => self.fault(Code::Unreadable, Some(span), format!("act `{id}`: {}", error.message())),
            }
        }
    }

    fn one_act(&mut self, id: String, raw: raw::Act, side: Side, span: Span) {
        let Some(issued) = day(&raw.issued) else {
            self.fault(Code::BadDate, Some(span), format!("the issue of `{id}` is not a day of the calendar"));
            return;
        };
        if raw.cite.trim().is_empty() {
            self.fault_help(
                Code::NoCitation,
                Some(span),
                format!("`{id}` has no citation"),
                "say where it was published",
            );
        }
        if let Some(first) = self.acts.get(&id) {
            let other = self.ledger.act(*first).place;
            let message = format!("the act `{id}` stands already in {}:{}", self.sources.path(other.file), other.line);
            self.fault(Code::DuplicateId, Some(span), message);
            return;
        }
        let act = Act {
            id: id.clone(),
            side,
            title: raw.title,
            kind: raw.kind,
            issued,
            cite: raw.cite,
            url: raw.url,
            seen: raw.seen,
            note: raw.note,
            place: self.sources.place(span),
        };
        self.acts.insert(id, ActId(u16::try_from(self.ledger.acts.len()).unwrap_or(u16::MAX)));
        self.ledger.acts.push(act);
    }

    fn act(&mut self, id: &str, span: Span) -> Option<ActId> {
        if let Some(&act) = self.acts.get(id) {
            return Some(act);
        }
        let near = nearest(id, self.acts.keys().map(String::as_str));
        let help =
            near.map_or("add it to acts/".to_owned(), |near| format!("add it to acts/, or did you mean `{near}`?"));
        self.fault_help(Code::UnknownAct, Some(span), format!("the act `{id}` is not in the register"), help);
        None
    }

    fn side(&mut self, at: u16, text: &raw::Text) -> Option<Side> {
        let found = self.ledger.side(text.get_ref());
        if found.is_none() {
            let span = At { file: at, side: Side(0) }.span(&text.span());
            self.fault(
                Code::UnknownSide,
                Some(span),
                format!("`{}` is not a declared customs territory", text.get_ref()),
            );
        }
        found.filter(|side| usize::from(side.0) < self.clocks.len())
    }

    /// A bare date is the start of that tariff day; a date-time needs its offset.
    pub(crate) fn instant(&mut self, at: At, date: &raw::Date) -> Option<Instant> {
        let value = date.get_ref();
        let found = match (value.date, value.time, value.offset) {
            (Some(_), None, None) => day(value).map(|day| self.clocks[usize::from(at.side.0)].day_start(day)),
            (Some(_), Some(_), Some(_)) => {
                value.to_string().parse::<jiff::Timestamp>().ok().map(|stamp| Instant(stamp.as_second()))
            }
            _ => None,
        };
        if found.is_none() {
            self.fault_help(
                Code::BadDate,
                Some(at.span(&date.span())),
                format!("`{value}` names no moment"),
                "write YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss-04:00 with the offset",
            );
        }
        found
    }

    fn term(&mut self, at: At, from: &raw::Date, until: Option<&raw::Date>, act: &raw::Text) -> Option<Term> {
        let act_id = self.act(act.get_ref(), at.span(&act.span()));
        let from_instant = self.instant(at, from);
        let until_instant = until.map(|until| self.instant(at, until));
        let place = self.place(at, from);
        let until = match until_instant {
            None => None,
            Some(found) => Some(found?),
        };
        let term = Term { from: from_instant?, until, act: act_id?, place };
        if term.until.is_some_and(|until| until <= term.from) {
            self.fault(Code::EmptyInterval, Some(at.span(&from.span())), "the interval ends before it begins");
        }
        Some(term)
    }

    fn country(&mut self, at: At, span: &std::ops::Range<usize>, text: &str) -> Option<Origin> {
        let found =
            Origin::parse(text.as_bytes()).filter(|_| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()));
        if found.is_none() {
            self.fault(Code::UnknownOrigin, Some(at.span(span)), format!("`{text}` is not an ISO 3166 alpha-2 code"));
        }
        found
    }

    pub(crate) fn origin_refs(&mut self, at: At, texts: Option<&raw::Texts>) -> Vec<OriginRef> {
        let Some(texts) = texts else { return Vec::new() };
        let mut refs = Vec::new();
        // No origin named must not turn into every origin.
        if texts.get_ref().0.is_empty() {
            self.fault(Code::Incomplete, Some(at.span(&texts.span())), "the list names no origin");
        }
        for text in &texts.get_ref().0 {
            if text == "*" {
                refs.push(OriginRef::Any);
            } else if let Some(&group) = self.groups.get(text) {
                refs.push(OriginRef::Group(group));
            } else if text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) {
                refs.extend(Origin::parse(text.as_bytes()).map(OriginRef::Country));
            } else {
                let near = nearest(text, self.groups.keys().map(String::as_str));
                let help = near.map_or_else(
                    || "declare the group in origins.toml".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                self.fault_help(
                    Code::UnknownOrigin,
                    Some(at.span(&texts.span())),
                    format!("`{text}` is neither a country code, nor a group of origins.toml, nor `*`"),
                    help,
                );
            }
        }
        refs
    }

    fn origins(&mut self, file: u16, raw: raw::Origins) {
        // Groups belong to no side; their bare dates are read in the first territory's zone.
        let at = At { file, side: Side(0) };
        if self.clocks.is_empty() {
            return;
        }
        for group in raw.group {
            let place = self.place(at, &group);
            let span = at.span(&group.span());
            let group = group.into_inner();
            let mut members = Vec::new();
            for member in group.member {
                let member = member.into_inner();
                let Some(term) = self.term(at, &member.from, member.until.as_ref(), &member.act) else { continue };
                let span = member.origins.span();
                let origins =
                    member.origins.get_ref().0.iter().filter_map(|text| self.country(at, &span, text)).collect();
                members.push(GroupMember { origins, term });
            }
            let id = GroupId(u16::try_from(self.ledger.groups.len()).unwrap_or(u16::MAX));
            if self.groups.insert(group.name.clone(), id).is_some() {
                self.fault(Code::DuplicateId, Some(span), format!("the group `{}` stands twice", group.name));
            }
            self.ledger.groups.push(Group { name: group.name, title: group.title, members, place });
        }
    }

    fn claim_register(&mut self, file: u16, raw: raw::Claims) {
        let at = At { file, side: Side(0) };
        for claim in raw.claim {
            let place = self.place(at, &claim);
            let span = at.span(&claim.span());
            let claim = claim.into_inner();
            let id = ClaimId(u16::try_from(self.ledger.claims.len()).unwrap_or(u16::MAX));
            if self.claims.insert(claim.name.clone(), id).is_some() {
                self.fault(Code::DuplicateId, Some(span), format!("the claim `{}` stands twice", claim.name));
            }
            self.ledger.claims.push(Claim {
                name: claim.name,
                article: claim.says == raw::Says::Article,
                question: claim.question,
                leads_to: claim.leads_to.0,
                note: claim.note,
                place,
            });
        }
    }

    fn family_register(&mut self, file: u16, raw: raw::Families) {
        let at = At { file, side: Side(0) };
        for family in raw.family {
            let place = self.place(at, &family);
            let span = at.span(&family.span());
            let family = family.into_inner();
            let Some(side) = self.side(file, &family.levied_by) else { continue };
            let id = FamilyId(u8::try_from(self.ledger.families.len()).unwrap_or(u8::MAX));
            if self.families.insert(family.id.clone(), id).is_some() {
                self.fault(Code::DuplicateId, Some(span), format!("the family `{}` stands twice", family.id));
            }
            self.ledger.families.push(Family { id: family.id, title: family.title, levied_by: side, place });
        }
        for order in raw.order {
            let order = order.into_inner();
            let Some(side) = self.side(file, &order.levied_by) else { continue };
            let at = At { file, side };
            let Some(term) = self.term(at, &order.from, order.until.as_ref(), &order.act) else { continue };
            let mut families = Vec::new();
            for name in &order.families.get_ref().0 {
                match self.families.get(name) {
                    Some(&id) => families.push(id),
                    None => self.fault(
                        Code::UnknownFamily,
                        Some(at.span(&order.families.span())),
                        format!("`{name}` is not a declared family"),
                    ),
                }
            }
            self.ledger.orders.push(ReportingOrder { levied_by: side, term, families });
        }
    }

    fn stacking(&mut self) {
        for (file, _) in self.files_in(|path| path.starts_with("stacking/") && is_toml(path)) {
            let Some(raw) = self.parse::<raw::Stacking>(file) else { continue };
            let Some(side) = self.side(file, &raw.levied_by) else { continue };
            let at = At { file, side };
            for rule in raw.rule {
                let place = self.place(at, &rule);
                let span = at.span(&rule.span());
                let rule = rule.into_inner();
                if self.ledger.rules.iter().any(|other| other.id == *rule.id.get_ref()) {
                    self.fault(Code::DuplicateId, Some(span), format!("the rule `{}` stands twice", rule.id.get_ref()));
                }
                if rule.order.is_empty() {
                    self.fault(Code::Incomplete, Some(span), format!("the rule `{}` has no order", rule.id.get_ref()));
                }
                let orders = rule.order.iter().filter_map(|order| self.rule_order(at, order)).collect();
                self.ledger.rules.push(StackingRule {
                    id: rule.id.into_inner(),
                    levied_by: side,
                    kind: rule.kind,
                    orders,
                    note: rule.note,
                    place,
                });
            }
        }
    }

    fn rule_order(&mut self, at: At, order: &Spanned<raw::RuleOrder>) -> Option<StackingOrder> {
        let span = at.span(&order.span());
        let order = order.get_ref();
        if order.tiers.is_empty() {
            self.fault(Code::Incomplete, Some(span), "the order has no tier");
        }
        let term = self.term(at, &order.from, order.until.as_ref(), &order.act)?;
        let mut tiers = Vec::new();
        for tier in &order.tiers {
            if tier.get_ref().0.is_empty() {
                self.fault(Code::Incomplete, Some(at.span(&tier.span())), "a tier names no provision");
            }
            // A tier names programs: a reference without `/` is a program here, there is no own program to mean.
            tiers.push(tier.get_ref().0.iter().map(|text| program::reference(text, true)).collect());
        }
        Some(StackingOrder { term, tiers })
    }

    fn finish(mut self, files: &[File]) -> Result<Read, Refused> {
        self.ledger.version = version(files);
        if self.diagnostics.iter().all(|d| d.code.severity() != Severity::Error) {
            self.diagnostics.extend(crate::check::check(&self.ledger, &self.sources));
            let scenarios = files.iter().filter(|(path, _)| crate::scenario::is_scenario_file(path));
            let scenarios: Vec<String> = scenarios.filter_map(crate::scenario::id_of).collect();
            for (file, _) in self.files_in(crate::case::is_case_file) {
                let text = self.sources.text(file);
                self.diagnostics.extend(crate::case::check(&self.ledger, &scenarios, file, text));
            }
            self.diagnostics.extend(crate::scenario::check(&self.ledger, &self.sources));
        }
        let (errors, warnings): (Vec<_>, Vec<_>) =
            self.diagnostics.into_iter().partition(|d| d.code.severity() == Severity::Error);
        if errors.is_empty() {
            return Ok(Read { ledger: self.ledger, sources: self.sources, warnings });
        }
        let mut diagnostics = errors;
        diagnostics.sort_by_key(|d| d.span.map_or((u16::MAX, 0), |span| (span.file, span.start)));
        Err(Refused { diagnostics, sources: self.sources })
    }
}

/// Whether a path names a TOML file.
pub(crate) fn is_toml(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "toml")
}

/// The day of a TOML date without a time.
pub(crate) fn day(value: &Datetime) -> Option<Day> {
    match (value.date, value.time, value.offset) {
        (Some(date), None, None) => Day::parse_iso(date.to_string().as_bytes()),
        _ => None,
    }
}

/// The version of a ledger: a hash over the names and bytes of its files (FNV-1a, 128 bits), in hexadecimal.
pub(crate) fn version(files: &[File]) -> String {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for (path, bytes) in files {
        for &byte in path.as_bytes().iter().chain(&[0]).chain(bytes).chain(&[0]) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
    format!("{hash:032x}")
}

/// The name nearest to a misspelt one, if any is near.
pub(crate) fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = text.len() / 3 + 1;
    names.map(|name| (distance(text, name), name)).filter(|(d, _)| *d <= limit).min().map(|(_, name)| name)
}

/// Edit distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let cost = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}
