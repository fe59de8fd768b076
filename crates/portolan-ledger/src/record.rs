//! The records of the ledger, as they are after reading: typed, cited, still separate.
//!
//! Nothing here is derived: references between provisions are kept as they were written and resolved by the
//! [`Timeline`](crate::timeline::Timeline). The auditor works from these records alone. `LEDGER.md` defines each.

use serde::{Deserialize, Serialize};

use crate::code::TariffCode;
use crate::duty_rate::{DutyRate, Metal};
use crate::number::{Cents, Rate, UnitPrice};
use crate::time::{Day, Instant, Side};

/// Where a record stands: an index into the files that were read, and the line, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Index into [`Ledger::files`].
    pub file: u16,
    /// Line, from 1.
    pub line: u32,
}

/// Index into [`Ledger::acts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActId(pub u16);

/// Index into [`Ledger::lists`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ListId(pub u16);

/// Index into [`Ledger::claims`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClaimId(pub u16);

/// Index into [`Ledger::groups`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupId(pub u16);

/// Index into [`Ledger::families`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FamilyId(pub u8);

/// A country by its ISO 3166 alpha-2 code, in capitals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin(pub [u8; 2]);

impl Origin {
    /// Reads two ASCII letters; whether the country exists is the reader's question.
    pub fn parse(text: &[u8]) -> Option<Self> {
        match *text.trim_ascii() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or("??"))
    }
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// How the text of an act was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seen {
    /// Its text was read.
    Primary,
    /// It was read in the schedule or its change record.
    Schedule,
    /// It was read about.
    Secondary,
    /// It was not checked.
    Unchecked,
}

impl Seen {
    /// The word of the register.
    pub fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Schedule => "schedule",
            Self::Secondary => "secondary",
            Self::Unchecked => "unchecked",
        }
    }
}

/// A legal act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Its name in the register: `eo-14257`.
    pub id: String,
    /// The side whose act it is.
    pub side: Side,
    /// Short title.
    pub title: String,
    /// What kind of act: executive order, proclamation, notice, ...
    pub kind: String,
    /// The day from which the public could know it.
    pub issued: Day,
    /// Citation.
    pub cite: String,
    /// Where it can be read.
    pub url: Option<String>,
    /// How it was seen.
    pub seen: Seen,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A member of an origin set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OriginRef {
    /// Every origin.
    Any,
    /// One country.
    Country(Origin),
    /// A named group.
    Group(GroupId),
}

/// A named group of origins, dated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The name used in `origin` lists.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Its members by interval.
    pub members: Vec<GroupMember>,
    /// Where it stands.
    pub place: Place,
}

/// Countries that belong to a group for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMember {
    /// The countries.
    pub origins: Vec<Origin>,
    /// When and by which act.
    pub term: Term,
}

/// A dated record: in force from `from` until `until`, known from the act's issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// First moment covered.
    pub from: Instant,
    /// First moment no longer covered; none means open.
    pub until: Option<Instant>,
    /// The act that says so.
    pub act: ActId,
    /// Where it stands.
    pub place: Place,
}

impl Term {
    /// Whether the term covers a moment.
    pub fn covers(&self, at: Instant) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// A reference to provisions, as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// Pattern of the program's id; none means the program that holds the reference.
    pub program: Option<String>,
    /// Which of its provisions.
    pub what: Named,
}

/// How a reference names provisions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Named {
    /// All of the program.
    All,
    /// By a pattern of their ids.
    Id(String),
    /// By a pattern of their headings; exceptions are named too where the place of the reference allows.
    Heading(String),
}

/// Whether `text` matches a pattern in which `*` stands for any run of characters.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, mut rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    while let Some((middle, next)) = rest.split_once('*') {
        let Some(at) = text.find(middle) else { return false };
        text = &text[at + middle.len()..];
        rest = next;
    }
    text.ends_with(rest)
}

/// Which goods and origins a record reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Origins; empty only in an exception, where it means those of the provision.
    pub origin: Vec<OriginRef>,
    /// Origins that are out.
    pub origin_except: Vec<OriginRef>,
    /// Product lists, their union; empty means all goods of chapters 1 to 97.
    pub products: Vec<ListId>,
    /// Product lists whose goods are out.
    pub products_except: Vec<ListId>,
}

/// A program of law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its name: `us.ieepa.reciprocal`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Who levies it.
    pub levied_by: Side,
    /// The power it rests on.
    pub authority: String,
    /// Its output family.
    pub family: FamilyId,
    /// Whether drawback is open.
    pub drawback: bool,
    /// Through which day it was checked.
    pub checked_through: Day,
    /// Against what it was checked.
    pub checked_against: String,
    /// Programs of the other side that it answers.
    pub answers: Vec<String>,
    /// Anything else.
    pub note: Option<String>,
    /// Additional duties.
    pub provisions: Vec<Provision>,
    /// Truces and pauses.
    pub suspensions: Vec<Suspension>,
    /// Exemptions, exclusions, in-transit clauses.
    pub exceptions: Vec<Exception>,
    /// Import bans.
    pub prohibitions: Vec<Prohibition>,
    /// Judgments.
    pub annulments: Vec<Annulment>,
    /// Where its header stands.
    pub place: Place,
}

/// One additional duty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provision {
    /// Its name within the program.
    pub id: String,
    /// Chapter 99 heading, or the number of the notice.
    pub heading: String,
    /// What it is, short.
    pub label: String,
    /// Which goods and origins.
    pub scope: Scope,
    /// Provisions it gives way to while they are live.
    pub yields_to: Vec<Reference>,
    /// Provisions of the program it is declared to be cumulative with.
    pub adds_to: Vec<Reference>,
    /// Conditions, all of which must hold.
    pub when: Vec<Condition>,
    /// Its rates.
    pub rates: Vec<RateRecord>,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A rate from a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateRecord {
    /// The rate.
    pub rate: DutyRate,
    /// When and by which act.
    pub term: Term,
    /// Set by a scenario: beats the law while it is in force.
    pub patch: bool,
    /// Anything else.
    pub note: Option<String>,
}

/// A truce or a pause over provisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Its name.
    pub id: String,
    /// What it is.
    pub title: Option<String>,
    /// The provisions.
    pub of: Vec<Reference>,
    /// The rate that stays owed.
    pub keeps: Option<DutyRate>,
    /// After the last known term: whether the rate beneath is owed again.
    pub resumes: bool,
    /// Its terms.
    pub terms: Vec<Term>,
    /// Set by a scenario, which beats the law.
    pub patch: bool,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// What part of the value an exception frees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spares {
    /// The part that these provisions are assessed on.
    AssessedBy(Vec<Reference>),
    /// The US content.
    UsContent,
    /// All but the value of processing abroad: the duty is owed on `processing_value_usd` alone.
    OutsideProcessing,
}

/// An exemption, exclusion, carve-out or in-transit clause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Its name.
    pub id: String,
    /// The heading that is reported.
    pub heading: Option<String>,
    /// What it is, short.
    pub label: Option<String>,
    /// The provisions that the line does not owe.
    pub of: Vec<Reference>,
    /// Which goods and origins.
    pub scope: Scope,
    /// Conditions, all of which must hold.
    pub when: Vec<Condition>,
    /// Where it frees only a part of the value.
    pub spares: Option<Spares>,
    /// When, by which act.
    pub terms: Vec<Term>,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// The law forbids the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prohibition {
    /// Its name.
    pub id: String,
    /// What it is, short.
    pub label: String,
    /// Which goods and origins.
    pub scope: Scope,
    /// Conditions, all of which must hold.
    pub when: Vec<Condition>,
    /// When, by which act.
    pub terms: Vec<Term>,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A judgment that makes provisions void from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annulment {
    /// The provisions.
    pub of: Vec<Reference>,
    /// Void from, by which judgment; a scenario may bound it.
    pub term: Term,
    /// The moment collection stopped.
    pub ceased: Instant,
    /// Anything else.
    pub note: Option<String>,
}

/// A moment and the side of it on which a date must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Bound {
    /// The date lies before the moment.
    Before(Instant),
    /// The date is the moment or later.
    From(Instant),
}

/// A mode of transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// By water.
    Vessel,
    /// By rail.
    Rail,
    /// By truck.
    Truck,
    /// By air.
    Air,
    /// By mail.
    Mail,
    /// Anything else (pipeline, hand-carried, ...).
    Other,
}

impl Mode {
    /// Reads a name, or the two-digit code of CBP Form 7501, block 9.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "vessel" | "10" | "11" | "12" => Self::Vessel,
            "rail" | "20" | "21" => Self::Rail,
            "truck" | "30" | "31" => Self::Truck,
            "air" | "40" | "41" => Self::Air,
            "mail" | "50" => Self::Mail,
            "other" | "32" | "33" | "34" | "60" | "70" => Self::Other,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vessel => "vessel",
            Self::Rail => "rail",
            Self::Truck => "truck",
            Self::Air => "air",
            Self::Mail => "mail",
            Self::Other => "other",
        }
    }
}

/// The rate column that applies to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Column {
    /// Column 1, general.
    General,
    /// Column 1, special.
    Special,
    /// Column 2.
    Two,
}

impl Column {
    /// Reads `general`, `special` or `2`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "general" => Self::General,
            "special" => Self::Special,
            "2" => Self::Two,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Special => "special",
            Self::Two => "2",
        }
    }
}

/// A share that a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Share {
    /// The metals' share of the weight: `metal_weight_pct`.
    MetalWeight,
    /// A metal's share of the value: `steel_pct`, ...
    Metal(Metal),
    /// The US content's share of the value, asserted: `us_content_pct`.
    UsContent,
    /// The share of the metal made in the US, asserted: `us_metal_pct`.
    UsMetal,
}

/// How a condition looks at other provisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Relation {
    /// One of them is live, even at zero.
    SubjectTo,
    /// None of them is live.
    NotSubjectTo,
    /// One of them is owed, more than zero.
    Owing,
}

/// One condition (`LEDGER.md`, section 3.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Condition {
    /// `loading_date`; an assertion.
    Loaded(Bound),
    /// `export_date`; an assertion.
    Exported(Bound),
    /// `import_date`, the entry date where it is not stated.
    Imported(Bound),
    /// The entry date.
    Entered(Bound),
    /// `mode_of_transport`; an assertion.
    Mode(Vec<Mode>),
    /// `entry_type`.
    EntryType(Vec<String>),
    /// The entered value is at most this.
    ValueAtMost(Cents),
    /// Value over quantity, in dollars per unit.
    UnitPrice {
        /// At least, else below.
        at_least: bool,
        /// The price.
        price: UnitPrice,
        /// The unit.
        unit: String,
    },
    /// The column that applies.
    Column(Vec<Column>),
    /// `spi`; an assertion.
    Spi(Vec<String>),
    /// A claim, or that it does not hold.
    Claim {
        /// Which.
        claim: ClaimId,
        /// Claimed; else `no:`.
        yes: bool,
    },
    /// A share stated on the line.
    Share {
        /// Which.
        of: Share,
        /// At least, else below.
        at_least: bool,
        /// The threshold.
        pct: Rate,
    },
    /// Where the steel was melted and poured; an assertion.
    Melted {
        /// In one of these.
        countries: Vec<OriginRef>,
        /// And so much of it.
        at_least: Option<Rate>,
    },
    /// Where the aluminum was smelted and cast.
    Smelted {
        /// These countries.
        countries: Vec<OriginRef>,
        /// All of them; else any.
        all: bool,
    },
    /// The base rate as a share of the value.
    Base {
        /// Column 1-general whatever is claimed; else the ordinary rate that applies.
        general: bool,
        /// At least, else below.
        at_least: bool,
        /// The threshold.
        rate: Rate,
    },
    /// The chapter 98 number claimed starts with one of these digits (dots left out); empty means any number. An assertion.
    Chapter98(Vec<String>),
    /// The country of export.
    ExportedFrom(Vec<OriginRef>),
    /// A look at other provisions.
    Provisions {
        /// How.
        relation: Relation,
        /// Which.
        of: Vec<Reference>,
    },
}

/// A product list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Its path within the ledger.
    pub path: String,
    /// Its rows, by code, in the order of the file within a code.
    pub rows: Vec<ListRow>,
}

/// A row of a product list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// The code; stands for all below it.
    pub code: TariffCode,
    /// When and by which act.
    pub term: Term,
    /// Codes below it that are out.
    pub except: Vec<TariffCode>,
}

/// What a filer can claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// It says what the goods are and is asked for; else it is asserted to pay less.
    pub article: bool,
    /// The question in plain words.
    pub question: String,
    /// Headings that a yes leads to.
    pub leads_to: Vec<String>,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// An output family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Its name in the output columns.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Who levies it.
    pub levied_by: Side,
    /// Where it stands.
    pub place: Place,
}

/// The order in which headings are reported on an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportingOrder {
    /// Whose entry.
    pub levied_by: Side,
    /// When and by which act.
    pub term: Term,
    /// Families, first to last.
    pub families: Vec<FamilyId>,
}

/// A customs territory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jurisdiction {
    /// `US`, `CN`.
    pub name: String,
    /// IANA zone.
    pub time_zone: String,
    /// Local time at which the tariff day starts, in seconds after midnight.
    pub day_starts: u32,
    /// To what the entered value and its parts are rounded, in cents: 100 for whole dollars, 1 for as stated.
    pub value_grain: i64,
    /// Which date governs, by entry type; the first that fits and is stated.
    pub governing: Vec<Governing>,
}

/// A date that governs in place of the entry date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Governing {
    /// Entry types; empty means all.
    pub entry_types: Vec<String>,
    /// The column of the entry line.
    pub date: GoverningDate,
    /// The rule.
    pub rule: String,
    /// The act.
    pub act: ActId,
}

/// A date column that can govern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoverningDate {
    /// `ftz_status_date`.
    FtzStatusDate,
    /// `withdrawal_date`.
    WithdrawalDate,
    /// `it_date`.
    ItDate,
}

/// A rule between programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackingRule {
    /// Its name.
    pub id: String,
    /// Whose programs.
    pub levied_by: Side,
    /// Which tier stands.
    pub kind: StackingKind,
    /// Its orders in time.
    pub orders: Vec<StackingOrder>,
    /// Anything else.
    pub note: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Which tier of a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackingKind {
    /// The first that is owed.
    FirstOnly,
    /// The one with the highest duty.
    HighestOnly,
    /// The one with the lowest duty.
    LowestOnly,
}

/// The tiers of a rule for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackingOrder {
    /// When and by which act.
    pub term: Term,
    /// Tiers, first to last; the members of one add up.
    pub tiers: Vec<Vec<Reference>>,
}

/// Headings that the schedule prints and that carry no record of their own (`LEDGER.md`, section 7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// Runs of headings, first and last of each, both of eight digits.
    pub headings: Vec<(TariffCode, TariffCode)>,
    /// What they are, short.
    pub title: String,
    /// The act that opened them, in words: it need not be in the register.
    pub opened_by: String,
    /// Why they carry no record.
    pub reason: String,
    /// Records that stand for them, by program and id; empty where the ledger does not hold them.
    pub carried_by: Vec<(String, String)>,
    /// The first moment at which they no longer applied, where they ended.
    pub until: Option<Instant>,
    /// How the acts were seen.
    pub seen: Seen,
    /// Where it stands.
    pub place: Place,
}

impl Outside {
    /// Whether a heading is one of these.
    pub fn holds(&self, heading: TariffCode) -> bool {
        self.headings.iter().any(|(first, last)| *first <= heading && heading <= *last)
    }
}

/// The whole ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The files that were read, relative to the ledger's root, for [`Place`].
    pub files: Vec<String>,
    /// Customs territories; [`Side`] is the index.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Legal acts.
    pub acts: Vec<Act>,
    /// Groups of origins.
    pub groups: Vec<Group>,
    /// Claims.
    pub claims: Vec<Claim>,
    /// Output families.
    pub families: Vec<Family>,
    /// Orders of reporting.
    pub orders: Vec<ReportingOrder>,
    /// Product lists.
    pub lists: Vec<List>,
    /// Programs of law.
    pub programs: Vec<Program>,
    /// Rules between programs.
    pub rules: Vec<StackingRule>,
    /// Headings of the schedule that carry no record of their own.
    pub outside: Vec<Outside>,
    /// Fees, interest, time limits and drawback, by side.
    pub charges: Vec<crate::charges::Charges>,
    /// Measures that are no tariffs, and events, by file.
    pub registers: Vec<crate::register::Register>,
    /// Hash of everything that was read, in hexadecimal; names the state of the law in every answer.
    pub version: String,
}

impl Ledger {
    /// The act of an id.
    ///
    /// # Panics
    /// Never for the ids of this ledger's own records: the reader resolves them.
    pub fn act(&self, id: ActId) -> &Act {
        &self.acts[usize::from(id.0)]
    }

    /// The customs territory with this name.
    pub fn side(&self, name: &str) -> Option<Side> {
        let index = self.jurisdictions.iter().position(|j| j.name == name)?;
        u8::try_from(index).ok().map(Side)
    }

    /// The clock of a side.
    pub fn clock(&self, side: Side) -> Option<crate::time::Clock> {
        let jurisdiction = self.jurisdictions.get(usize::from(side.0))?;
        let seconds = jurisdiction.day_starts;
        let part = |value: u32| i8::try_from(value).unwrap_or(0);
        let time = jiff::civil::Time::new(part(seconds / 3600), part(seconds / 60 % 60), part(seconds % 60), 0).ok()?;
        crate::time::Clock::new(&jurisdiction.time_zone, time).ok()
    }

    /// The family with this id.
    pub fn family(&self, id: &str) -> Option<FamilyId> {
        let index = self.families.iter().position(|f| f.id == id)?;
        u8::try_from(index).ok().map(FamilyId)
    }

    /// The claim with this name.
    pub fn claim(&self, name: &str) -> Option<ClaimId> {
        let index = self.claims.iter().position(|c| c.name == name)?;
        u16::try_from(index).ok().map(ClaimId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("us.s232.*", "us.s232.steel"));
        assert!(matches("*", ""));
        assert!(matches("a*b*c", "a-b-b-c"));
        assert!(!matches("a*b*c", "a-c"));
        assert!(!matches("us.s232", "us.s232.steel"));
        assert!(matches("9903.82.0*", "9903.82.02"));
        assert!(!matches("aa*aa", "aaa"));
    }
}
