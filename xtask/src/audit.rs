//! `cargo xtask audit`: the engine and the auditor over the same generated law and lines.
//!
//! The two were written apart and share the records of the ledger alone. Each answers every case; a case on which they
//! differ is shrunk and printed. `--flaws` puts faults into the engine on purpose, and demands that each is found; `--real` is
//! over the law that ships ([`real`]).

mod real;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use portolan_auditor::differential::{self, Evaluator, Plan};
use portolan_auditor::generate::Edges;
use portolan_auditor::{
    Answer as Audited, Base, Charge, OrdinaryDuty, OrdinaryRate, OrdinaryTable, Points, Row as AuditedRow, RowKind, Sum,
};
use portolan_engine::answer::{Row, Subject};
use portolan_engine::resolve::Record;
use portolan_engine::{Answer, Engine, Fault, Flaw, Law};
use portolan_ledger::line::Status;
use portolan_ledger::record::{Family, Group, GroupMember, Ledger, Place, Term};
use portolan_ledger::schedule::text::{Edition, LineRow, RateRow, ScheduleText};
use portolan_ledger::schedule::{Schedule, pack};
use portolan_ledger::{Day, EntryLine, Instant, Side, TariffCode};

/// What the command was asked for.
struct Options {
    cases: usize,
    seed: u64,
    flaws: bool,
    /// Over the law that ships, not a generated one.
    real: bool,
}

/// Runs the command.
pub fn run(arguments: impl Iterator<Item = String>) -> Result<(), String> {
    let options = options(arguments)?;
    if options.flaws {
        return flaws(options.cases, options.seed);
    }
    if options.real {
        return real::run(options.cases, options.seed);
    }
    let report = differential::run(
        Plan { exceptions: false, keep: 12, ..Plan::new(options.cases, options.seed) },
        &|ledger, base| Ok(engine(ledger, base, Flaw::None)),
    );
    println!("{report}");
    if report.differences == 0 && report.broken.is_empty() {
        Ok(())
    } else {
        Err("the two evaluators differ, or an answer does not add up".to_owned())
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { cases: 100_000, seed: 1, flaws: false, real: false };
    while let Some(argument) = arguments.next() {
        let mut number =
            || arguments.next().and_then(|text| text.parse::<u64>().ok()).ok_or(format!("{argument} needs a number"));
        match argument.as_str() {
            "--cases" => options.cases = usize::try_from(number()?).map_err(|error| error.to_string())?,
            "--seed" => options.seed = number()?,
            "--flaws" => options.flaws = true,
            "--real" => options.real = true,
            other => return Err(format!("audit takes --cases N, --seed S, --flaws and --real, not `{other}`")),
        }
    }
    Ok(options)
}

/// Every fault put into the engine must make a difference.
fn flaws(cases: usize, seed: u64) -> Result<(), String> {
    let mut missed = Vec::new();
    for flaw in Flaw::ALL {
        let plan = Plan { keep: 0, stop_at: 1, exceptions: false, ..Plan::new(cases, seed) };
        let report = differential::run(plan, &|ledger, base| Ok(engine(ledger, base, flaw)));
        println!(
            "{flaw:?}: {} after {} cases",
            if report.differences > 0 { "found" } else { "NOT FOUND" },
            report.cases
        );
        if report.differences == 0 {
            missed.push(format!("{flaw:?}"));
        }
    }
    println!("{} faults, {} not found", Flaw::ALL.len(), missed.len());
    if missed.is_empty() { Ok(()) } else { Err(format!("not found: {}", missed.join(", "))) }
}

/// The engine behind the auditor's interface. It lives on a thread of its own, with the ledger that it borrows.
struct Remote {
    lines: Option<Sender<EntryLine>>,
    answers: Receiver<Result<Audited, String>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Remote {
    fn drop(&mut self) {
        drop(self.lines.take());
        if let Some(thread) = self.thread.take() {
            // The thread ends when its channel closes; a panic in it has already been seen as a missing answer.
            let _ = thread.join();
        }
    }
}

impl Evaluator for Remote {
    fn name(&self) -> &'static str {
        "engine"
    }

    fn answer(&mut self, _: &Ledger, line: &EntryLine) -> Result<Audited, String> {
        let gone = || "the engine stopped".to_owned();
        self.lines.as_ref().ok_or_else(gone)?.send(line.clone()).map_err(|_| gone())?;
        self.answers.recv().map_err(|_| gone())?
    }
}

fn engine(ledger: &Ledger, base: &OrdinaryTable, flaw: Flaw) -> Box<dyn Evaluator> {
    let (lines, questions) = channel::<EntryLine>();
    let (replies, answers) = channel();
    let mut ledger = ledger.clone();
    complete(&mut ledger, base);
    let base = base.clone();
    let thread = thread::spawn(move || serve(&ledger, &base, flaw, &questions, &replies));
    Box::new(Remote { lines: Some(lines), answers, thread: Some(thread) })
}

/// What the generated law leaves to the schedule: the family of the ordinary duty and the group of column 2.
fn complete(ledger: &mut Ledger, base: &OrdinaryTable) {
    let place = Place::default();
    ledger.families.push(Family { id: "mfn".to_owned(), title: "Ordinary duty".to_owned(), levied_by: Side(0), place });
    let always = portolan_ledger::record::Act {
        id: "always".to_owned(),
        side: Side(0),
        title: String::new(),
        kind: String::new(),
        issued: Day(i32::MIN / 4),
        cite: String::new(),
        url: None,
        seen: portolan_ledger::record::Seen::Primary,
        note: None,
        place,
    };
    ledger.acts.push(always);
    let act = portolan_ledger::record::ActId(u16::try_from(ledger.acts.len() - 1).unwrap_or(u16::MAX));
    let term = Term { from: Instant(i64::MIN / 8), until: None, act, place };
    let member = GroupMember { origins: base.column_two.clone(), term };
    let group = Group { name: "column-2".to_owned(), title: String::new(), members: vec![member], place };
    ledger.groups.push(group);
}

/// Answers lines until the channel closes.
fn serve(
    ledger: &Ledger,
    base: &OrdinaryTable,
    flaw: Flaw,
    questions: &Receiver<EntryLine>,
    replies: &Sender<Result<Audited, String>>,
) {
    let codes = Edges::of(ledger).codes;
    let Ok(schedule) = schedule(base, &codes) else { return };
    let law = Law::new(ledger, Some(&schedule));
    let mut engine = Engine::with_flaw(&law, flaw);
    for line in questions {
        let answer = if engine_knows(&schedule, &line) {
            translate(&law, &mut engine, &line)
        } else {
            // A shrunk case may hold a code that the ledger no longer names.
            let Ok(own) = self::schedule(base, &[line.code]) else { return };
            let law = Law::new(ledger, Some(&own));
            translate(&law, &mut Engine::with_flaw(&law, flaw), &line)
        };
        if replies.send(answer).is_err() {
            return;
        }
    }
}

fn engine_knows(schedule: &Schedule, line: &EntryLine) -> bool {
    line.side != Side(0) || !schedule.history(line.code.prefix(8)).is_empty()
}

/// A schedule that prints what a table says, for codes. Its one edition lies past every generated day, so that no
/// statistical suffix is refused.
fn schedule(base: &OrdinaryTable, codes: &[TariffCode]) -> Result<Schedule, String> {
    let mut text = ScheduleText::default();
    text.editions.push(Edition { name: "generated".to_owned(), published: Day(60_000) });
    let mut eights: Vec<TariffCode> = codes.iter().chain(&base.numbers).map(|code| code.prefix(8)).collect();
    eights.sort_unstable();
    eights.dedup();
    for code in eights {
        let line = EntryLine::new(
            Side(0),
            code,
            portolan_ledger::record::Origin(*b"ZZ"),
            portolan_ledger::line::When::Day(Day(0)),
            Day(0),
        );
        let Some(general) = base.base(&line, Instant(0)) else { continue };
        text.rates.push(rate_row(base, code, &general));
    }
    for code in base.numbers.iter().copied().filter(|n| text.rates.iter().any(|rate| rate.code == n.prefix(8))) {
        text.lines.push(LineRow {
            code,
            from: None,
            until: None,
            printed_from: 0,
            printed_to: 0,
            units: String::new(),
        });
    }
    text.lines.sort_by_key(|line| line.code);
    let bytes = pack(&text).map_err(|error| error.to_string())?;
    Schedule::open(bytes).map_err(|error| error.to_string())
}

fn rate_row(table: &OrdinaryTable, code: TariffCode, base: &Base) -> RateRow {
    let row = table.rows.iter().filter(|row| row.code.covers(code)).max_by_key(|row| row.code.digits());
    let special = row.map_or(String::new(), |row| {
        let printed = row.special.iter().map(|(program, rate)| format!("{} ({program})", show(rate)));
        printed.collect::<Vec<_>>().join(" ")
    });
    let two = row.map_or_else(|| show(&base.applicable), |row| show(&row.two));
    RateRow {
        code,
        from: None,
        until: None,
        printed_from: 0,
        printed_to: 0,
        units: String::new(),
        general: show(&base.general),
        special,
        column_2: two,
        layer_2017: false,
    }
}

fn show(rate: &OrdinaryRate) -> String {
    match rate {
        OrdinaryRate::AdValorem(rate) if rate.0 == 0 => "Free".to_owned(),
        OrdinaryRate::AdValorem(rate) => format!("{rate}%"),
        OrdinaryRate::Specific(price, unit) => format!("${price}/{unit}"),
        OrdinaryRate::Compound(rate, price, unit) => format!("${price}/{unit} + {rate}%"),
        OrdinaryRate::Written(written) => written.to_string(),
        OrdinaryRate::Unknown(_) => "See additional U.S. note 1".to_owned(),
    }
}

/// The engine's answer in the auditor's terms.
fn translate(law: &Law<'_>, engine: &mut Engine<'_>, line: &EntryLine) -> Result<Audited, String> {
    let answer = engine.answer(line).map_err(|fault| refusal(&fault))?;
    let bill = engine.bill(line).map_err(|fault| refusal(&fault))?;
    if bill != answer.bill {
        return Err(format!("the bill and its explanation differ: {bill:?}, {:?}", answer.bill));
    }
    Ok(audited(law, &answer))
}

fn refusal(fault: &Fault) -> String {
    format!("{fault:?}")
}

fn audited(law: &Law<'_>, answer: &Answer) -> Audited {
    let ledger = law.timeline.ledger;
    let mfn = ledger.family("mfn");
    let bill = &answer.bill;
    let sum = |amount: &portolan_engine::answer::FamilyAmount| Sum {
        points: amount.pct.map(|pct| Points(pct.0)),
        duty: amount.duty,
    };
    let mut rows: Vec<AuditedRow> = answer.rows.iter().filter_map(|row| audited_row(law, row)).collect();
    rows.sort_by(|a, b| (a.kind, &a.program, &a.id).cmp(&(b.kind, &b.program, &b.id)));
    let families = bill.families.iter().enumerate();
    let families = families.filter_map(|(index, amount)| {
        let id = portolan_ledger::record::FamilyId(u8::try_from(index).ok()?);
        let adds = *amount != portolan_engine::answer::FamilyAmount::ZERO;
        (Some(id) != mfn && adds && !bill.prohibited).then(|| (id, sum(amount)))
    });
    let additional_duty = None;
    Audited {
        rows,
        families: families.collect(),
        ordinary: mfn.map_or_else(Sum::default, |mfn| sum(&bill.families[usize::from(mfn.0)])),
        additional: Sum { points: bill.additional_pct.map(|pct| Points(pct.0)), duty: additional_duty },
        total: Sum { points: bill.total_pct.map(|pct| Points(pct.0)), duty: bill.total_duty },
        duty_min: bill.duty_min,
        duty_max: bill.duty_max,
        needs_input: {
            let mut names = bill.needs_input.clone();
            names.sort();
            names
        },
        beyond_horizon: {
            let mut ids = bill.beyond_horizon.clone();
            ids.sort_unstable();
            ids
        },
        cannot_compute: bill
            .cannot
            .iter()
            .map(|(id, reason)| ((Some(*id) != mfn).then_some(*id), reason.clone()))
            .collect(),
        prohibited: bill.prohibited,
    }
}

fn audited_row(law: &Law<'_>, row: &Row) -> Option<AuditedRow> {
    let timeline = &law.timeline;
    let (kind, program, id) = match row.subject {
        Subject::Ordinary => (RowKind::Ordinary, String::new(), String::new()),
        Subject::Record(Record::Provision(p)) => {
            let node = timeline.provision(p);
            (RowKind::Provision, timeline.program(node.program).id.clone(), node.record.id.clone())
        }
        Subject::Record(Record::Exception(e)) => {
            let node = timeline.exception(e);
            node.record.heading.as_ref()?;
            (RowKind::Exception, timeline.program(node.program).id.clone(), node.record.id.clone())
        }
        Subject::Record(Record::Prohibition(p)) => {
            let node = &timeline.prohibitions[usize::from(p)];
            (RowKind::Prohibition, timeline.program(node.program).id.clone(), node.record.id.clone())
        }
    };
    let owed = matches!(row.status, Status::Applied | Status::BeyondHorizon);
    let replaces = matches!(row.subject, Subject::Ordinary) || row.rate_text.starts_with("in place of ordinary");
    let charge = owed.then(|| Charge {
        ordinary: replaces,
        share: row.basis_share.map_or(Points::ZERO, Points::from),
        basis: None,
        points: row.rate_pct.map(|pct| Points(pct.0)),
        duty: row.duty,
    });
    Some(AuditedRow { kind, program, id, heading: row.heading.clone(), status: row.status, charge })
}
