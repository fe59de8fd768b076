//! `cargo xtask audit --real`: the two evaluators over the ledger and the schedule that ship, on lines drawn from a seed.
//!
//! Codes, origins, dates and facts are those of the real law and what lies at its edges; part of the facts is not stated. A
//! line on which the two part, or which one of them refuses and the other does not, is a difference.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use portolan_auditor::conservation;
use portolan_auditor::differential::Parting;
use portolan_auditor::generate::{self, Edges, Random};
use portolan_auditor::shrink::{show_line, shrink_line};
use portolan_auditor::{Answer, Auditor, Fault, Printed};
use portolan_engine::{Engine, Fault as EngineFault, Law};
use portolan_ledger::schedule::Schedule;
use portolan_ledger::{EntryLine, Side, TariffCode};

use super::translate;

/// Lines that are drawn from one seed, so that a run is repeated by its seed whatever the number of threads.
const BLOCK: usize = 500;

/// How many settings of what is not stated the auditor tries here: real lines leave more open than generated ones.
const MOST_SETTINGS: usize = 1 << 16;

/// How many differences are shown.
const SHOWN: usize = 12;

/// What a run found.
#[derive(Default)]
struct Found {
    compared: usize,
    /// Of the compared, lines whose code is younger than their day.
    carried: usize,
    /// Of the compared, lines that cannot be computed, as both say.
    not_computed: usize,
    /// Of the compared, lines that both refuse: the schedule of the day does not hold the code.
    refused: usize,
    differences: usize,
    /// Lines that were not compared, by the reason.
    left_out: BTreeMap<String, usize>,
    shown: Vec<String>,
    broken: Vec<String>,
}

impl Found {
    fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.carried += other.carried;
        self.not_computed += other.not_computed;
        self.refused += other.refused;
        self.differences += other.differences;
        for (why, count) in other.left_out {
            *self.left_out.entry(why).or_default() += count;
        }
        self.shown.extend(other.shown);
        self.broken.extend(other.broken);
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} lines over the law that ships, {} differences", self.compared, self.differences)?;
        writeln!(
            f,
            "of them {} with a code younger than the day, {} that cannot be computed, {} whose code the schedule of the day \
             does not hold",
            self.carried, self.not_computed, self.refused
        )?;
        for (why, count) in &self.left_out {
            writeln!(f, "{count} more not compared: {why}")?;
        }
        self.broken.iter().take(SHOWN).try_for_each(|text| writeln!(f, "{text}"))?;
        self.shown.iter().take(SHOWN).try_for_each(|text| writeln!(f, "{text}"))
    }
}

/// Compares so many lines from a seed.
pub fn run(cases: usize, seed: u64) -> Result<(), String> {
    let ledger = portolan_law::ledger().map_err(|error| error.to_string())?;
    let schedule = portolan_law::schedule().map_err(|error| error.to_string())?;
    let law = Law::new(&ledger, Some(&schedule));
    let mut codes: Vec<TariffCode> = schedule.codes().flat_map(|span| [span.code.prefix(8), span.code]).collect();
    codes.sort_unstable();
    codes.dedup();
    let edges = Edges::of(&ledger).with_codes(codes);
    let next = AtomicUsize::new(0);
    let blocks: Mutex<Vec<(usize, Found)>> = Mutex::new(Vec::new());
    let failed: Vec<String> = thread::scope(|scope| {
        let work = || {
            let mut pair = Pair::new(&law, &schedule)?;
            loop {
                let block = next.fetch_add(1, Ordering::Relaxed);
                let lines = cases.saturating_sub(block * BLOCK).min(BLOCK);
                if lines == 0 {
                    return Ok(());
                }
                let found =
                    pair.block(&edges, lines, seed.wrapping_add((block as u64).wrapping_mul(0xA24B_AED4_963E_E407)));
                blocks.lock().map_err(|error| error.to_string())?.push((block, found));
            }
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        let ends = threads.into_iter().map(|thread| thread.join().unwrap_or(Err("a thread stopped".to_owned())));
        ends.filter_map(Result::err).collect()
    });
    let mut blocks = blocks.into_inner().map_err(|error| error.to_string())?;
    blocks.sort_by_key(|(block, _)| *block);
    let mut found = Found::default();
    for (_, block) in blocks {
        found.add(block);
    }
    print!("{found}");
    if let Some(why) = failed.into_iter().next() {
        return Err(why);
    }
    if found.differences == 0 && found.broken.is_empty() {
        Ok(())
    } else {
        Err("the two evaluators differ over the law that ships, or an answer does not add up".to_owned())
    }
}

/// The two evaluators.
struct Pair<'a> {
    law: &'a Law<'a>,
    auditor: Auditor<'a>,
    schedule: &'a Schedule,
    engine: Engine<'a>,
}

/// What an evaluator says of a line, as it is compared.
#[derive(Clone, PartialEq)]
enum Verdict {
    Answer(Box<Answer>),
    /// The schedule of the day does not hold the code.
    NoCode,
    /// Two duties of one program stand together, and nothing relates them.
    Conflict,
    /// Anything else, which the other cannot say too.
    Failure(String),
}

impl<'a> Pair<'a> {
    fn new(law: &'a Law<'a>, schedule: &'a Schedule) -> Result<Self, String> {
        let auditor = Auditor::new(law.timeline.ledger).map_err(|fault| fault.to_string())?;
        Ok(Self { law, auditor: auditor.with_most_combinations(MOST_SETTINGS), schedule, engine: Engine::new(law) })
    }

    fn block(&mut self, edges: &Edges, lines: usize, seed: u64) -> Found {
        let mut found = Found::default();
        let mut random = Random::new(seed);
        for line in (0..lines).map_while(|_| generate::line(&mut random, edges)) {
            self.compare(line, &mut found);
        }
        found
    }

    fn compare(&mut self, line: EntryLine, found: &mut Found) {
        let own = match self.own(&line) {
            Ok(answer) => {
                if let Err(broken) = conservation::check(self.law.timeline.ledger, &line, &answer) {
                    found
                        .broken
                        .push(format!("not conserved: {broken}; {}", show_line(self.law.timeline.ledger, &line)));
                }
                Verdict::Answer(Box::new(answer.essence()))
            }
            Err(Fault::TooManyCombinations(_)) => {
                *found
                    .left_out
                    .entry(format!("more than {MOST_SETTINGS} settings of what is not stated"))
                    .or_default() += 1;
                return;
            }
            Err(fault) => refusal(&fault),
        };
        let theirs = self.theirs(&line);
        found.compared += 1;
        found.refused += usize::from(own == Verdict::NoCode);
        found.carried += usize::from(self.engine.answer(&line).is_ok_and(|answer| !answer.ordinary.carried.is_empty()));
        found.not_computed += usize::from(matches!(&own, Verdict::Answer(own) if !own.cannot_compute.is_empty()));
        if own == theirs {
            return;
        }
        found.differences += 1;
        if found.shown.len() < SHOWN {
            found.shown.push(self.parting(line));
        }
    }

    fn own(&self, line: &EntryLine) -> Result<Answer, Fault> {
        let printed = Printed::new(&self.auditor, self.schedule, Side(0));
        self.auditor.answer(&printed, line)
    }

    fn theirs(&mut self, line: &EntryLine) -> Verdict {
        match self.engine.answer(line) {
            Err(EngineFault::UnknownCode { .. } | EngineFault::CodeOfOtherDates { .. }) => Verdict::NoCode,
            Err(EngineFault::Conflict(..)) => Verdict::Conflict,
            Ok(_) => match translate(self.law, &mut self.engine, line) {
                Ok(answer) => Verdict::Answer(Box::new(answer.essence())),
                Err(why) => Verdict::Failure(why),
            },
        }
    }

    /// A line on which the two differ, made small, and where they part.
    fn parting(&mut self, mut line: EntryLine) -> String {
        shrink_line(&mut line, &mut |line| {
            let own =
                self.own(line).map_or_else(|fault| refusal(&fault), |own| Verdict::Answer(Box::new(own.essence())));
            own != self.theirs(line) && matches!(own, Verdict::Answer(_) | Verdict::NoCode)
        });
        let shown = show_line(self.law.timeline.ledger, &line);
        let own = self.own(&line).map(Answer::essence);
        let words = match (&own, &self.theirs(&line)) {
            (Ok(own), Verdict::Answer(theirs)) => Parting(own, theirs).to_string(),
            (own, theirs) => {
                let own = own.as_ref().map_or_else(ToString::to_string, |_| "answers".to_owned());
                format!("  auditor: {own}\n  engine: {}\n", theirs.words())
            }
        };
        format!("--- a difference\nline: {shown}\n{words}")
    }
}

impl Verdict {
    fn words(&self) -> &str {
        match self {
            Self::Answer(_) => "answers",
            Self::NoCode => "the schedule of the day does not hold the code",
            Self::Conflict => "two duties of one program are not related",
            Self::Failure(why) => why,
        }
    }
}

fn refusal(fault: &Fault) -> Verdict {
    match fault {
        Fault::Code => Verdict::NoCode,
        Fault::Unrelated(..) => Verdict::Conflict,
        other => Verdict::Failure(other.to_string()),
    }
}
