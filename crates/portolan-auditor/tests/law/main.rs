//! Hand-worked ledgers, one small law for each rule of `LEDGER.md`: built as records, answered by the auditor.

mod facts;
mod parts;
mod rates;
mod stands;
mod time;

use portolan_auditor::build::{Builder, US, line, own, provision};
use portolan_auditor::{Answer, Auditor, Fault, OrdinaryRate, OrdinaryRow, OrdinaryTable, Points, Row};
use portolan_ledger::line::{Status, When};
use portolan_ledger::record::{ActId, Condition, FamilyId};
use portolan_ledger::{Cents, Day, DutyRate, EntryLine, Instant, Rate, TariffCode};

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

fn rate(text: &str) -> DutyRate {
    DutyRate::parse(text).unwrap()
}

fn code(text: &str) -> TariffCode {
    text.parse().unwrap()
}

fn pct(points: i64) -> Rate {
    Rate::percent(points)
}

/// A law under test: a builder, one act known since 2020, and an ordinary duty of 5 percent.
struct World {
    b: Builder,
    old: ActId,
    family: FamilyId,
    base: OrdinaryTable,
}

impl World {
    fn new() -> Self {
        let mut b = Builder::default();
        let old = b.act(US, day("2020-01-01"));
        let family = b.family("first", US);
        let base = ordinary(&OrdinaryRate::AdValorem(pct(5)));
        Self { b, old, family, base }
    }

    /// The start of a tariff day.
    fn at(&self, text: &str) -> Instant {
        self.b.ledger.clock(US).unwrap().day_start(day(text))
    }

    fn program(&mut self, id: &str) -> usize {
        self.b.program(id, US, self.family, day("2030-01-01"))
    }

    /// A provision with one rate since 2021.
    fn provision(&mut self, program: usize, id: &str, text: &str) -> usize {
        let from = self.at("2021-01-01");
        let mut record = provision(id, &format!("9903.{program:02}.{id}"));
        record.rates.push(self.b.rate(rate(text), from, None, self.old));
        // Provisions of one program are cumulative unless a test says otherwise.
        record.adds_to.push(own("*"));
        let list = &mut self.b.ledger.programs[program].provisions;
        list.push(record);
        list.len() - 1
    }

    /// A program with one provision of the same name.
    fn single(&mut self, id: &str, text: &str) -> usize {
        let program = self.program(id);
        self.provision(program, id, text);
        program
    }

    fn when(&mut self, program: usize, condition: Condition) {
        self.b.ledger.programs[program].provisions[0].when.push(condition);
    }

    fn answer(&self, line: &EntryLine) -> Answer {
        self.try_answer(line).unwrap()
    }

    fn try_answer(&self, line: &EntryLine) -> Result<Answer, Fault> {
        let auditor = Auditor::new(&self.b.ledger)?;
        let answer = auditor.answer(&self.base, line)?;
        portolan_auditor::conservation::check(&self.b.ledger, line, &answer).unwrap();
        Ok(answer)
    }
}

fn ordinary(general: &OrdinaryRate) -> OrdinaryTable {
    let free = OrdinaryRate::AdValorem(Rate::ZERO);
    let rows = (1..=99_u64).map(|chapter| OrdinaryRow {
        code: TariffCode::from_padded(chapter * 100_000_000, 2),
        general: general.clone(),
        special: vec![("S".to_owned(), free.clone())],
        two: OrdinaryRate::AdValorem(pct(35)),
    });
    OrdinaryTable { rows: rows.collect(), column_two: Vec::new(), numbers: Vec::new() }
}

/// A line of 10,000 dollars from China, entered on a day of 2025 and known then.
fn entry(on: &str) -> EntryLine {
    let mut line = line(US, code("9403.60.8081"), "CN", When::Day(day(on)), day(on));
    line.value = Some(Cents(1_000_000));
    line
}

fn only(answer: &Answer, id: &str) -> Row {
    let mut rows = answer.rows.iter().filter(|row| row.id == id);
    let row = rows.next().unwrap_or_else(|| panic!("no row {id}: {answer:#?}"));
    assert!(rows.next().is_none(), "two rows {id}");
    row.clone()
}

fn status(answer: &Answer, id: &str) -> Status {
    only(answer, id).status
}

/// The duty of a row in cents.
fn duty(answer: &Answer, id: &str) -> i64 {
    only(answer, id).charge.unwrap().duty.unwrap().0
}

/// All additional duty in cents.
fn additional(answer: &Answer) -> i64 {
    answer.additional.duty.unwrap().0
}

fn points(percent: i64) -> Points {
    Points::from(pct(percent))
}
