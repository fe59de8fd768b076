//! The differential test: the auditor and another evaluator over the same generated law and lines.

use std::fmt::{self, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use portolan_ledger::{EntryLine, Ledger};

use crate::answer::{Answer, Row};
use crate::base::{OrdinaryDuty, OrdinaryTable};
use crate::conservation;
use crate::coverage::Coverage;
use crate::fault::Fault;
use crate::generate::{self, Edges, Generated, Random};
use crate::index::Auditor;
use crate::shrink::shrink;

/// Another evaluator.
pub trait Evaluator {
    /// What it is called in a report.
    fn name(&self) -> &str;

    /// Its answer for a line over the ledger it was made for. An `Err` is a refusal: the auditor must refuse too.
    fn answer(&mut self, ledger: &Ledger, line: &EntryLine) -> Result<Answer, String>;
}

/// How an evaluator is made for a ledger and its ordinary duties.
pub type Make<'m> = dyn Fn(&Ledger, &OrdinaryTable) -> Result<Box<dyn Evaluator>, String> + Sync + 'm;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many lines to compare.
    pub cases: usize,
    /// Where the generator starts; a run is repeated by its seed, whatever the number of threads.
    pub seed: u64,
    /// How many lines are drawn over one generated ledger.
    pub lines_per_ledger: usize,
    /// How many threads.
    pub threads: usize,
    /// How many differences to keep, shrunk.
    pub keep: usize,
    /// No further ledger is drawn once so many differences are found.
    pub stop_at: usize,
    /// Whether everything is compared, rows of exceptions and wording too; else what two evaluators must agree on.
    pub exceptions: bool,
}

impl Plan {
    /// So many cases from a seed, on two threads.
    pub fn new(cases: usize, seed: u64) -> Self {
        Self { cases, seed, lines_per_ledger: 100, threads: 2, keep: 3, stop_at: usize::MAX, exceptions: true }
    }
}

/// A case on which the two differ, shrunk.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The seed of the ledger it was found in.
    pub seed: u64,
    /// The law that is left.
    pub law: Generated,
    /// The line that is left.
    pub line: EntryLine,
    /// The auditor's answer.
    pub auditor: Result<Answer, String>,
    /// The other's.
    pub other: Result<Answer, String>,
    /// The other's name.
    pub name: String,
}

/// What a run found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Lines compared.
    pub cases: usize,
    /// Lines that the auditor refused, most of them for too many settings of facts; these are no cases.
    pub refused: usize,
    /// How many differ.
    pub differences: usize,
    /// The first of them.
    pub first: Vec<Difference>,
    /// What conservation the auditor's own answers break.
    pub broken: Vec<String>,
    /// What the cases reached.
    pub coverage: Coverage,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} cases, {} differences", self.cases, self.differences)?;
        if self.refused > 0 {
            writeln!(f, "{} more lines the auditor refused", self.refused)?;
        }
        for broken in &self.broken {
            writeln!(f, "not conserved: {broken}")?;
        }
        writeln!(f, "{}", self.coverage)?;
        self.first.iter().try_for_each(|difference| writeln!(f, "{difference}"))
    }
}

/// Compares the auditor with another evaluator on generated cases.
pub fn run(plan: Plan, make: &Make<'_>) -> Report {
    let per_ledger = plan.lines_per_ledger.max(1);
    let ledgers = plan.cases.div_ceil(per_ledger);
    let next = AtomicUsize::new(0);
    let differences = AtomicUsize::new(0);
    let total = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..plan.threads.max(1) {
            scope.spawn(|| {
                let mut found: Vec<(usize, Report)> = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= ledgers || differences.load(Ordering::Relaxed) >= plan.stop_at {
                        break;
                    }
                    let cases = per_ledger.min(plan.cases - number * per_ledger);
                    let report = one_ledger(plan, number, cases, make);
                    differences.fetch_add(report.differences, Ordering::Relaxed);
                    // Most ledgers agree: fold them at once, keep the order of those that do not.
                    match found.last_mut() {
                        Some((_, last)) if report.first.is_empty() && report.broken.is_empty() => {
                            last.add(report, 0);
                        }
                        _ => found.push((number, report)),
                    }
                }
                if let Ok(mut total) = total.lock() {
                    total.extend(found);
                }
            });
        }
    });
    let mut parts = total.into_inner().unwrap_or_default();
    parts.sort_by_key(|(number, _)| *number);
    let mut report = Report::default();
    for (_, part) in parts {
        report.add(part, plan.keep);
    }
    report
}

impl Report {
    fn add(&mut self, other: Self, keep: usize) {
        self.cases += other.cases;
        self.refused += other.refused;
        self.differences += other.differences;
        self.coverage.merge(&other.coverage);
        let room = keep.saturating_sub(self.first.len());
        self.first.extend(other.first.into_iter().take(room));
        let room = 10_usize.saturating_sub(self.broken.len());
        self.broken.extend(other.broken.into_iter().take(room));
    }
}

/// All lines over one generated ledger.
fn one_ledger(plan: Plan, number: usize, cases: usize, make: &Make<'_>) -> Report {
    let seed = plan.seed.wrapping_add((number as u64).wrapping_mul(0xA24B_AED4_963E_E407));
    let mut random = Random::new(seed);
    let law = generate::ledger(&mut random);
    let edges = Edges::of(&law.ledger);
    let lines = (0..cases).filter_map(|_| generate::line(&mut random, &edges));
    let lines: Vec<EntryLine> = lines.collect();
    compare(plan, seed, &law, &lines, make)
}

/// Compares on given lines over a given law, such as real codes over the real ledger.
pub fn compare(plan: Plan, seed: u64, law: &Generated, lines: &[EntryLine], make: &Make<'_>) -> Report {
    let mut report = Report::default();
    let auditor = match Auditor::new(&law.ledger) {
        Ok(auditor) => auditor,
        Err(fault) => {
            report.broken.push(format!("seed {seed}: {fault}"));
            return report;
        }
    };
    let mut other = make(&law.ledger, &law.base);
    for line in lines {
        let own = auditor.answer_counting(&law.base, line, &mut report.coverage);
        if let Err(fault) = &own {
            report.refused += 1;
            if !matches!(fault, Fault::TooManyCombinations(_)) {
                report.broken.push(format!("seed {seed}: {fault}"));
            }
            continue;
        }
        report.cases += 1;
        if let Ok(answer) = &own
            && let Err(broken) = conservation::check(&law.ledger, line, answer)
        {
            report.broken.push(format!("seed {seed}: {broken}"));
        }
        let own = trim(plan, own.map_err(|fault| fault.to_string()));
        let theirs = match &mut other {
            Ok(other) => trim(plan, other.answer(&law.ledger, line)),
            Err(refusal) => Err(refusal.clone()),
        };
        if own != theirs {
            report.differences += 1;
            // Differences over one law are most often one.
            if report.first.len() < plan.keep.min(1) {
                report.first.push(shrunk(plan, seed, law, line, (own, theirs), make));
            }
        }
    }
    report
}

/// The answer as it is compared.
fn trim(plan: Plan, answer: Result<Answer, String>) -> Result<Answer, String> {
    if plan.exceptions { answer } else { answer.map(Answer::essence) }
}

/// Both answers to one line over one law; made anew, so that nothing is carried from line to line.
fn both(
    plan: Plan,
    law: &Generated,
    line: &EntryLine,
    make: &Make<'_>,
) -> (Result<Answer, String>, Result<Answer, String>, String) {
    let own = Auditor::new(&law.ledger).and_then(|auditor| auditor.answer(&law.base as &dyn OrdinaryDuty, line));
    let (theirs, name) = match make(&law.ledger, &law.base) {
        Ok(mut other) => (other.answer(&law.ledger, line), other.name().to_owned()),
        Err(refusal) => (Err(refusal), "the other".to_owned()),
    };
    let own = own.map_err(|fault| fault.to_string());
    (trim(plan, own), trim(plan, theirs), name)
}

/// The case with everything dropped that the difference does not need.
fn shrunk(
    plan: Plan,
    seed: u64,
    law: &Generated,
    line: &EntryLine,
    found: (Result<Answer, String>, Result<Answer, String>),
    make: &Make<'_>,
) -> Difference {
    let (own, theirs, name) = both(plan, law, line, make);
    if own == theirs {
        // It takes the lines before it: what is kept from line to line is wrong.
        let name = format!("{name}, after other lines");
        return Difference { seed, law: law.clone(), line: line.clone(), auditor: found.0, other: found.1, name };
    }
    let mut law = law.clone();
    let mut line = line.clone();
    shrink(&mut law, &mut line, &mut |law, line| {
        let (own, theirs, _) = both(plan, law, line, make);
        // A law that the auditor refuses is another case than the one that was found.
        own.is_ok() && own != theirs
    });
    let (auditor, other, name) = both(plan, &law, &line, make);
    Difference { seed, law, line, auditor, other, name }
}

/// The records that are left, the line, and where the answers part.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- a difference; seed of its ledger {}", self.seed)?;
        crate::shrink::show_law(f, &self.law)?;
        writeln!(f, "line: {}", crate::shrink::show_line(&self.law.ledger, &self.line))?;
        match (&self.auditor, &self.other) {
            (Ok(own), Ok(other)) => show_parting(f, own, other, &self.name),
            (own, other) => {
                let word = |answer: &Result<Answer, String>| match answer {
                    Ok(_) => "answers".to_owned(),
                    Err(refusal) => format!("refuses: {refusal}"),
                };
                writeln!(f, "auditor {}", word(own))?;
                writeln!(f, "{} {}", self.name, word(other))
            }
        }
    }
}

/// Where two answers part, in words.
pub struct Parting<'a>(pub &'a Answer, pub &'a Answer);

impl fmt::Display for Parting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_parting(f, self.0, self.1, "engine")
    }
}

fn show_parting(f: &mut fmt::Formatter<'_>, own: &Answer, other: &Answer, name: &str) -> fmt::Result {
    let mut say = |what: &str, a: String, b: String| -> fmt::Result {
        if a == b {
            return Ok(());
        }
        writeln!(f, "{what}\n  auditor: {a}\n  {name}: {b}")
    };
    let rows = own.rows.iter().chain(&other.rows);
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for row in rows {
        let key = (&*row.program, &*row.id);
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        let show = |answer: &Answer| answer.row(key.0, key.1).map_or("no row".to_owned(), show_row);
        say(&format!("{}/{}", key.0, key.1), show(own), show(other))?;
    }
    say("needs_input", own.needs_input.join(" "), other.needs_input.join(" "))?;
    say("families", format!("{:?}", own.families), format!("{:?}", other.families))?;
    say("ordinary", format!("{:?}", own.ordinary), format!("{:?}", other.ordinary))?;
    say("additional", format!("{:?}", own.additional), format!("{:?}", other.additional))?;
    say("total", format!("{:?}", own.total), format!("{:?}", other.total))?;
    let range = |a: &Answer| format!("{:?} to {:?}", a.duty_min, a.duty_max);
    say("range", range(own), range(other))?;
    let notes = |a: &Answer| format!("{:?} {:?} prohibited {}", a.beyond_horizon, a.cannot_compute, a.prohibited);
    say("notes", notes(own), notes(other))
}

fn show_row(row: &Row) -> String {
    let mut text = format!("{} ({})", row.status.name(), row.heading);
    if let Some(charge) = row.charge {
        let points = charge.points.map_or("not ad valorem".to_owned(), |p| format!("{p}%"));
        let money = |cents: Option<portolan_ledger::Cents>| cents.map_or("?".to_owned(), |c| format!("${c}"));
        let _ = write!(text, " {points} on {}% = {}, duty {}", charge.share, money(charge.basis), money(charge.duty));
    }
    text
}
