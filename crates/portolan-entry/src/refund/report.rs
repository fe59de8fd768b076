//! What a refund run gives: a row a line, and what the rows add up to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use portolan_engine::Law;
use portolan_ledger::charges::{Certainty, Charges, Support};
use portolan_ledger::record::{ActId, Ledger};
use portolan_ledger::timeline::ProvisionIx;
use portolan_ledger::{Cents, Day, Side};

use super::amounts::{Amounts, Cause};
use super::collect::{Gathered, Kept, folded};
use super::interest::{Accrual, Payee};
use super::path::{Ask, Deadline, Deadlines, Path, Standing};
use crate::reason::act_name;

/// Questions told one by one, at most; the others are counted.
const MOST_QUESTIONS: usize = 100_000;

/// Letters and digits of the number of an entry: filer code, number, check digit.
const ENTRY_NUMBER: usize = 11;

/// Interest on a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineInterest {
    /// From when it runs; none where nothing bears interest.
    pub from: Option<Day>,
    /// Through which day it is counted.
    pub to: Option<Day>,
    /// How much, in cents; none where it is not known.
    pub cents: Option<Cents>,
    /// What is to be said of it.
    pub note: String,
}

/// The answer for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is asked back, in cents; none where it is not known.
    pub claim: Option<Cents>,
    /// Acts on which it rests, by their names in the register.
    pub basis: Vec<String>,
    /// Interest.
    pub interest: LineInterest,
    /// By which way.
    pub path: Path,
    /// Why.
    pub path_reason: String,
    /// By when.
    pub deadlines: Deadlines,
    /// Where the entry stands.
    pub status: String,
    /// Why a part is contested; empty where none is.
    pub contested_reason: String,
}

impl Row {
    /// The days that are missing, and why, as one text.
    pub fn deadlines_note(&self) -> String {
        let mut note = String::new();
        for (name, deadline) in [
            ("cape_deadline", &self.deadlines.cape),
            ("protest_deadline", &self.deadlines.protest),
            ("psc_deadline", &self.deadlines.psc),
            ("estimated_liquidation", &self.deadlines.estimated_liquidation),
            ("court_limit", &self.deadlines.court),
        ] {
            if let Deadline::None(why) = deadline {
                let _ = write!(note, "{}{name}: {why}", if note.is_empty() { "" } else { "; " });
            }
        }
        note
    }
}

/// A sum over lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Lines with something in it.
    pub lines: u64,
    /// What is asked back, in cents.
    pub claim_cents: i128,
    /// Interest, in cents, where it is known.
    pub interest_cents: i128,
    /// What is asked back on lines whose interest is not known, in cents.
    pub without_interest_cents: i128,
    /// What is contested, in cents.
    pub contested_cents: i128,
}

impl Total {
    fn add(&mut self, claim: Cents, interest: Option<Cents>, contested: Cents) {
        self.lines += 1;
        self.claim_cents += i128::from(claim.0);
        match interest {
            Some(interest) => self.interest_cents += i128::from(interest.0),
            None => self.without_interest_cents += i128::from(claim.0),
        }
        self.contested_cents += i128::from(contested.0);
    }
}

/// What comes back of one program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProgramTotal {
    /// Lines on which it changes.
    pub lines: u64,
    /// What is asked back, in cents: below zero, more is owed.
    pub claim_cents: i128,
    /// What comes back as owed, and is contested, in cents.
    pub contested_cents: i128,
}

/// What an entry comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryTotal {
    /// What its lines come to.
    pub total: Total,
    /// The way of its first line with something to ask back.
    pub path: Option<Path>,
    /// Whether a line of it goes by CAPE.
    pub by_cape: bool,
    /// Where it stands.
    pub status: String,
    /// Last days: CAPE, protest, correction, court.
    pub days: [Option<Day>; 4],
}

/// Something that a person has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Of what kind.
    pub kind: &'static str,
    /// Number of the entry, as stated.
    pub entry_number: String,
    /// The row of the input.
    pub source_row: u64,
    /// What.
    pub text: String,
}

/// What a rule that was followed rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Footing {
    /// A statute, a regulation or a judgment.
    Law,
    /// What customs does or says, as reported.
    Practice,
    /// Contested.
    Contested,
    /// Not known.
    NotKnown,
}

impl Footing {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Practice => "practice",
            Self::Contested => "contested",
            Self::NotKnown => "not known",
        }
    }
}

/// A rule that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it rests on.
    pub footing: Footing,
    /// The rule.
    pub text: String,
    /// Where it is from.
    pub source: String,
}

/// All that a refund run comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Lines answered.
    pub lines: u64,
    /// Assessed over all lines on which it is known, in cents.
    pub assessed_cents: i128,
    /// Owed over all lines on which it is known, in cents.
    pub owed_cents: i128,
    /// Assessed less owed, in cents.
    pub refundable_cents: i128,
    /// The same on what was filed, in cents; and lines that state it.
    pub filed_cents: (i128, u64),
    /// Everything together.
    pub all: Total,
    /// By program.
    pub programs: BTreeMap<String, ProgramTotal>,
    /// By way.
    pub paths: BTreeMap<Path, Total>,
    /// By quarter of entry: year and quarter.
    pub quarters: BTreeMap<(i16, i8), Total>,
    /// Entries, in the order of the input.
    pub entries: Vec<EntryTotal>,
    /// What a person has to answer, the first of it.
    pub questions: Vec<Question>,
    /// How many questions of each kind.
    pub question_counts: BTreeMap<&'static str, u64>,
    /// What was followed.
    pub rules: Vec<Rule>,
    /// Rows that were set aside.
    pub set_aside: u64,
    /// What was wrong with them.
    pub faults: crate::fault::Faults,
    /// What the reader did to the input.
    pub notes: BTreeMap<String, u64>,
    /// Files written, and the rows of each.
    pub files: Vec<(String, u64)>,
}

/// Makes rows, and adds them up.
#[derive(Debug)]
pub struct Maker<'a, 'l> {
    law: &'a Law<'l>,
    as_of: Day,
    by_cycle: bool,
    payee: Payee,
    /// One for each side.
    accruals: Vec<Accrual<'l>>,
    /// What the rows add up to.
    pub report: Report,
}

impl<'a, 'l> Maker<'a, 'l> {
    /// For a law and a day.
    pub fn new(law: &'a Law<'l>, as_of: Day, by_cycle: bool, payee: Payee, entries: usize) -> Self {
        let ledger = law.timeline.ledger;
        let sides = (0..u8::try_from(ledger.jurisdictions.len()).unwrap_or(u8::MAX)).map(Side);
        let accruals = sides.map(|side| Accrual::new(charges(ledger, side), payee)).collect();
        let report = Report { entries: vec![EntryTotal::default(); entries], ..Report::default() };
        Self { law, as_of, by_cycle, payee, accruals, report }
    }

    fn ledger(&self) -> &'l Ledger {
        self.law.timeline.ledger
    }

    /// The program of a provision, by its id; the ordinary duty where there is none.
    fn program(&self, provision: Option<u16>) -> &'l str {
        let timeline = &self.law.timeline;
        let Some(provision) = provision else { return "ordinary" };
        &timeline.ledger.programs[usize::from(timeline.provision(ProvisionIx(provision)).program)].id
    }

    /// The answer for a line; it is added up.
    pub fn row(&mut self, entry: &Gathered, kept: &Kept) -> Row {
        let amounts = &kept.amounts;
        let claim = amounts.claim();
        let programs = self.programs(amounts);
        let ask = Ask { charges: charges(self.ledger(), kept.side), as_of: self.as_of, by_cycle: self.by_cycle };
        let standing = Standing::new(ask, &entry.facts);
        let (path, path_reason) = if programs.is_empty() {
            nothing(amounts)
        } else {
            let (path, reason) = standing.path(&programs);
            let open = amounts.open.join("; ");
            (path, if claim.is_some() { reason } else { format!("{reason}; the amount is not known: {open}") })
        };
        let asked = claim.filter(|claim| claim.0 > 0);
        let row = Row {
            claim,
            basis: self.basis(amounts, entry.facts.entered),
            interest: asked.map(|claim| self.interest(entry, kept, path, claim)).unwrap_or_default(),
            path,
            path_reason,
            deadlines: standing.deadlines(&programs),
            status: standing.status(),
            contested_reason: self.contested(amounts),
        };
        self.add(entry, kept, &row);
        row
    }

    /// Programs of what comes back; none where nothing does, whatever is contested.
    fn programs(&self, amounts: &Amounts) -> Vec<&'l str> {
        let mut programs: Vec<&str> = Vec::new();
        let mut add = |program| {
            if !programs.contains(&program) {
                programs.push(program);
            }
        };
        match amounts.claim() {
            Some(claim) if claim.0 + amounts.contested.0 > 0 => {
                let changes = amounts.claimed().iter().filter(|change| change.cents.0 > 0);
                changes.for_each(|change| add(self.program(change.provision)));
            }
            Some(_) => {}
            None => amounts.annulled.iter().for_each(|provision| add(self.program(Some(*provision)))),
        }
        programs
    }

    /// The acts on which a refund rests. What was assessed could only be changed by an act issued after entry; where such
    /// acts are known the others, under which the duty was assessed, are left out.
    fn basis(&self, amounts: &Amounts, entered: Option<Day>) -> Vec<String> {
        let mut acts: Vec<u16> = Vec::new();
        for act in amounts.claimed().iter().filter_map(|change| change.act) {
            if !acts.contains(&act) {
                acts.push(act);
            }
        }
        let act = |act: &u16| self.ledger().act(ActId(*act));
        let later = |one: &u16| entered.is_some_and(|entered| act(one).issued > entered);
        if acts.iter().any(later) {
            acts.retain(later);
        }
        acts.iter().map(|one| act(one).id.clone()).collect()
    }

    fn contested(&self, amounts: &Amounts) -> String {
        if amounts.contested.0 == 0 {
            return String::new();
        }
        let back = amounts.changes.iter().filter(|change| change.cause == Cause::ComesBack);
        let mut labels: Vec<&str> = Vec::new();
        for provision in back.filter_map(|change| change.provision) {
            labels.push(self.law.timeline.provision(ProvisionIx(provision)).record.label.as_str());
        }
        let contested = dollars(amounts.contested);
        format!(
            "a duty that had given way to an annulled one is counted as owed again ({}): if it is not, {contested} more comes back",
            labels.join(", ")
        )
    }

    fn interest(&mut self, entry: &Gathered, kept: &Kept, path: Path, claim: Cents) -> LineInterest {
        let facts = &entry.facts;
        let Some(from) = facts.deposited.or(facts.entered) else { return LineInterest::default() };
        let to = facts.liquidated.filter(|_| path == Path::Reliquidated).unwrap_or(self.as_of);
        let Some(accrual) = self.accruals.get_mut(usize::from(kept.side.0)) else { return LineInterest::default() };
        let growth = accrual.growth(from, to);
        let mut note = String::new();
        if facts.deposited.is_none() {
            note.push_str("deposit_date is not stated, the entry date stands for it; ");
        }
        let cents = match growth.as_ref() {
            Ok(growth) => {
                let _ = write!(note, "{} days", growth.days);
                if path != Path::Reliquidated {
                    note.push_str(" so far: it runs on until liquidation or reliquidation");
                }
                if !growth.unsure.is_empty() {
                    let quarters: Vec<String> = growth.unsure.iter().map(ToString::to_string).collect();
                    let sure = growth.certainty.name();
                    let _ =
                        write!(note, "; rates of the quarters from {} are of {sure} certainty", quarters.join(", "));
                    if self.payee == Payee::Corporation {
                        note.push_str(", those of corporations inferred");
                    }
                }
                Some(growth.interest(claim))
            }
            Err(unknown) => {
                let _ = write!(note, "not known: {unknown}");
                None
            }
        };
        LineInterest { from: Some(from), to: Some(to), cents, note }
    }

    fn add(&mut self, entry: &Gathered, kept: &Kept, row: &Row) {
        let amounts = &kept.amounts;
        let report = &mut self.report;
        report.lines += 1;
        let cents = |amount: Option<Cents>| amount.map_or(0, |amount| i128::from(amount.0));
        report.assessed_cents += cents(amounts.assessed);
        report.owed_cents += cents(amounts.owed);
        report.refundable_cents += cents(amounts.refundable);
        report.filed_cents.0 += cents(amounts.filed);
        report.filed_cents.1 += u64::from(amounts.filed.is_some());
        let bears = |claim: &Cents| claim.0 != 0 || amounts.contested.0 != 0;
        if let Some(claim) = row.claim.filter(bears) {
            let interest = if claim.0 > 0 { row.interest.cents } else { Some(Cents(0)) };
            let put = |total: &mut Total| total.add(claim, interest, amounts.contested);
            put(&mut report.all);
            put(report.paths.entry(row.path).or_default());
            if let Some(date) = entry.facts.entered.and_then(Day::date) {
                put(report.quarters.entry((date.year(), (date.month() - 1) / 3 + 1)).or_default());
            }
            if let Some(total) = report.entries.get_mut(kept.entry as usize) {
                put(&mut total.total);
                total.by_cape |= row.path == Path::Cape;
                if total.path.is_none_or(|path| path == Path::Nothing) {
                    total.path = Some(row.path);
                    total.status.clone_from(&row.status);
                    let days = &row.deadlines;
                    total.days = [&days.cape, &days.protest, &days.psc, &days.court].map(Deadline::day);
                }
            }
            self.add_programs(amounts);
        }
        self.ask(entry, kept, row);
    }

    fn add_programs(&mut self, amounts: &Amounts) {
        let mut counted: Vec<&str> = Vec::new();
        for change in amounts.claimed() {
            let program = self.program(change.provision);
            let total = match self.report.programs.get_mut(program) {
                Some(total) => total,
                None => self.report.programs.entry(program.to_owned()).or_default(),
            };
            if !counted.contains(&program) {
                counted.push(program);
                total.lines += 1;
            }
            total.claim_cents += i128::from(change.cents.0);
            if change.cause == Cause::ComesBack {
                total.contested_cents -= i128::from(change.cents.0);
            }
        }
    }

    fn ask(&mut self, entry: &Gathered, kept: &Kept, row: &Row) {
        let of_line = |kind, text: &str| Question {
            kind,
            entry_number: entry.number.clone(),
            source_row: kept.source_row,
            text: text.to_owned(),
        };
        let mut questions = Vec::new();
        if !kept.amounts.open.is_empty() {
            questions.push(of_line("amount", &format!("to be stated: {}", kept.amounts.open.join("; "))));
        }
        let asked = row.claim.is_some_and(|claim| claim.0 > 0);
        if row.claim.is_some() && row.path == Path::NotStated {
            questions.push(of_line("path", &row.path_reason));
        }
        if asked && row.interest.cents.is_none() {
            questions.push(of_line("interest", &row.interest.note));
        }
        if kept.amounts.contested.0 != 0 {
            questions.push(of_line("contested", &row.contested_reason));
        }
        if row.path == Path::Cape && kept.source_row == entry.first_row {
            let number = folded(&entry.number);
            if number.is_empty() {
                questions.push(of_line("entry_number", "it is not stated: the entry cannot stand in a CAPE file"));
            } else if number.len() != ENTRY_NUMBER {
                let text = "it has not the 11 letters and digits of an entry number: CAPE may refuse the whole file";
                questions.push(of_line("entry_number", text));
            }
        }
        for question in questions {
            *self.report.question_counts.entry(question.kind).or_default() += 1;
            if self.report.questions.len() < MOST_QUESTIONS {
                self.report.questions.push(question);
            }
        }
    }

    /// What was followed: the records of the register, and what is contested.
    pub fn rules(&self) -> Vec<Rule> {
        let ledger = self.ledger();
        let mut rules = Vec::new();
        for charges in &ledger.charges {
            for interest in charges.interest.iter().take(1) {
                let mut add = |footing, text: String| {
                    rules.push(Rule { footing, text, source: act_name(ledger.act(interest.act)) });
                };
                add(
                    Footing::Law,
                    format!(
                        "{}: from the deposit of the duty to liquidation or reliquidation, compounded daily: on each day after the deposit the sum grows by the rate of the quarter over the 365 or 366 days of the year; rounded once a line, half up to the cent",
                        interest.title
                    ),
                );
                if let Some(note) = &interest.note {
                    add(Footing::Practice, note.clone());
                }
                rules.extend(interest.quarters.iter().map(|quarter| self.quarter_rule(quarter)));
            }
            for limit in &charges.limits {
                let length = length_text(limit);
                let note = limit.support.note.as_deref().map_or(String::new(), |note| format!(". {note}"));
                let text = format!("{}: {length}{note}", limit.title);
                rules.push(Rule {
                    footing: footing(ledger, &limit.support),
                    text,
                    source: cited(ledger, &limit.support),
                });
            }
        }
        let contested = [
            "A duty that had given way to an annulled one is owed again: counted so; the amount for which it is not stands in contested_duty",
            "When the cause of an action in court accrued: counted from the deposit, the earliest reading",
            "Whether entries that are finally liquidated are to be liquidated again",
        ];
        rules.extend(contested.map(|text| Rule {
            footing: Footing::Contested,
            text: text.to_owned(),
            source: String::new(),
        }));
        rules
    }

    fn quarter_rule(&self, quarter: &portolan_ledger::charges::Quarter) -> Rule {
        let rate = self.payee.rate(quarter).known();
        let who = if self.payee == Payee::Corporation { ", corporation" } else { "" };
        let text = match rate {
            Some(rate) => format!("Rate of the quarter from {}{who}: {rate} percent", quarter.from),
            None => format!("Rate of the quarter from {}{who}: not known", quarter.from),
        };
        let note = quarter.support.note.as_deref().map_or(String::new(), |note| format!(". {note}"));
        let footing = match rate {
            None => Footing::NotKnown,
            Some(_) if quarter.support.certainty == Certainty::High => Footing::Law,
            Some(_) => Footing::Practice,
        };
        Rule { footing, text: format!("{text}{note}"), source: cited(self.ledger(), &quarter.support) }
    }
}

/// Why there is no way.
fn nothing(amounts: &Amounts) -> (Path, String) {
    let (path, why) = match amounts.claim() {
        None => (Path::NotStated, format!("the amount is not known: {}", amounts.open.join("; "))),
        Some(claim) if claim.0 < 0 => (Path::Nothing, "more is owed than was assessed".to_owned()),
        Some(_) if amounts.filed.is_some() && amounts.refundable != Some(Cents(0)) => {
            (Path::Nothing, "nothing comes back of what was filed".to_owned())
        }
        Some(_) => (Path::Nothing, "assessed and owed are the same".to_owned()),
    };
    (path, why)
}

/// The register of a side.
pub fn charges(ledger: &Ledger, side: Side) -> Option<&Charges> {
    ledger.charges.iter().find(|charges| charges.levied_by == side)
}

/// `2500.00`.
pub fn dollars(amount: Cents) -> String {
    let (whole, part) = (amount.0.unsigned_abs() / 100, amount.0.unsigned_abs() % 100);
    format!("{}{whole}.{part:02}", if amount.0 < 0 { "-" } else { "" })
}

fn length_text(limit: &portolan_ledger::charges::Limit) -> String {
    use portolan_ledger::charges::{Beside, Length};
    let (count, unit) = match limit.length {
        Length::Days(days) => (days, "day"),
        Length::Years(years) => (years, "year"),
    };
    let side = if limit.side == Beside::After { "after" } else { "before" };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} {side} {}", limit.of.name().replace('_', " "))
}

/// Statutes, regulations and judgments are law; what is known from reports or messages is practice.
fn footing(ledger: &Ledger, support: &Support) -> Footing {
    let kind = support.act.map(|act| ledger.act(act).kind.as_str());
    match kind {
        Some("statute" | "regulation" | "judgment" | "executive order" | "proclamation") => Footing::Law,
        _ => Footing::Practice,
    }
}

fn cited(ledger: &Ledger, support: &Support) -> String {
    let certainty = support.certainty.name();
    match support.act {
        Some(act) => format!("{} ({certainty})", act_name(ledger.act(act))),
        None => format!("{} ({certainty})", support.source.join("; ")),
    }
}
