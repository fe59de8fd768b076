//! A batch says of each line what the evaluator of single lines says.

use portolan_engine::history::FactsIx;
use portolan_engine::history::batch::{Uneven, UnitIx};
use portolan_engine::{Batch, Columns, Duties, Engine, Law, LineState};
use portolan_ledger::duty_expression::Unit;
use portolan_ledger::line::{ClaimStated, EntryLine, View, When};
use portolan_ledger::number::Quantity;
use portolan_ledger::record::{ClaimId, Mode, Origin};
use portolan_ledger::schedule::Lookup;
use portolan_ledger::{Cents, Day, Rate, Side, TariffCode};

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

/// Numbers by chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn days(&mut self, from: Day, count: usize) -> Day {
        Day(from.0 + i32::try_from(self.below(count)).unwrap())
    }
}

/// Columns that own their rows.
#[derive(Default)]
struct Drawn {
    codes: Vec<TariffCode>,
    origins: Vec<Origin>,
    entry_dates: Vec<Day>,
    values: Vec<Cents>,
    facts: Vec<FactsIx>,
    quantities: Vec<Option<(Quantity, UnitIx)>>,
}

impl Drawn {
    fn columns(&self) -> Columns<'_> {
        Columns {
            codes: &self.codes,
            origins: &self.origins,
            entry_dates: &self.entry_dates,
            values: &self.values,
            facts: &self.facts,
            quantities: &self.quantities,
        }
    }
}

/// What a line may state besides: nothing, or some of what importers state.
fn state(line: &mut EntryLine, claims: usize, chance: &mut Chance) {
    line.mode = chance.pick(&[None, Some(Mode::Vessel), Some(Mode::Air)]);
    match chance.below(9) {
        0 => {
            line.steel_pct = Some(Rate::percent(chance.pick(&[0, 40, 100])));
            line.aluminum_pct = Some(Rate::ZERO);
            line.copper_pct = Some(Rate::ZERO);
        }
        1 => {
            let claim = ClaimId(u16::try_from(chance.below(claims)).unwrap());
            line.claims.push(ClaimStated { claim, yes: chance.below(2) == 0 });
        }
        2 => line.loading_date = Some(When::Day(chance.pick(&["2025-04-03", "2025-07-01"].map(day)))),
        3 => line.spi = Some(chance.pick(&["S", "KR", "A", "AU"]).to_owned()),
        4 => line.melt_country = Some(Origin(*b"US")),
        5 => {
            line.entry_type = *b"06";
            line.ftz_status_date = Some(When::Day(day("2025-03-20")));
        }
        6 => line.processing_value = Some(Cents(12_345)),
        _ => {}
    }
}

fn draw(law: &Law<'_>, batch: &mut Batch<'_>, days: (Day, usize), lines: usize) -> Drawn {
    let mut chance = Chance(7);
    let schedule = law.schedule.unwrap();
    let all: Vec<TariffCode> = schedule.codes().map(|span| span.code).filter(|code| code.digits() == 10).collect();
    let mut codes: Vec<TariffCode> = (0..40).map(|_| chance.pick(&all)).collect();
    for code in ["9403.60.80.89", "7308.90.95.90", "8703.23.01", "2204.10.00"] {
        codes.push(code.parse().unwrap());
    }
    let origins = ["CN", "JP", "DE", "CA", "RU", "BR", "AO"].map(|o| Origin(o.as_bytes().try_into().unwrap()));
    let facts: Vec<FactsIx> = (0..60)
        .map(|_| {
            let mut line = EntryLine::new(Side(0), codes[0], origins[0], When::Day(days.0), days.0);
            state(&mut line, law.timeline.ledger.claims.len(), &mut chance);
            batch.facts(&line)
        })
        .collect();
    let mut drawn = Drawn::default();
    for _ in 0..lines {
        let (code, on) = (chance.pick(&codes), chance.days(days.0, days.1));
        let Lookup::Found(row) = schedule.line(code, on) else { continue };
        let unit = row.units_text().split([',', ';']).next().unwrap_or_default().trim();
        let stated = Unit::parse(unit).is_ok() && chance.below(2) == 0;
        let quantity = Quantity(1_000_000 * i64::try_from(chance.below(50_000)).unwrap());
        drawn.codes.push(code);
        drawn.origins.push(chance.pick(&origins));
        drawn.entry_dates.push(on);
        drawn.values.push(Cents(i64::try_from(chance.below(90_000_000)).unwrap()));
        drawn.facts.push(chance.pick(&facts));
        drawn.quantities.push(stated.then(|| (quantity, batch.unit(unit))));
    }
    // A code that no edition has, and a day outside of those that the batch was made for.
    for (code, on) in [("9999.99.99", days.0), ("9403.60.80.89", Day(days.0.0 - 1))] {
        drawn.codes.push(code.parse().unwrap());
        drawn.origins.push(origins[0]);
        drawn.entry_dates.push(on);
        drawn.values.push(Cents(1_000));
        drawn.facts.push(FactsIx(0));
        drawn.quantities.push(None);
    }
    drawn
}

/// Every row of a batch against the bill of its line.
fn compare(view: View, known: &str, (from, length): (&str, usize)) {
    let ledger = portolan_law::ledger().unwrap();
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&ledger, Some(&schedule));
    let (from, known) = (day(from), day(known));
    let until = Day(from.0 + i32::try_from(length).unwrap());
    let mut batch = Batch::new(&law, Side(0), view, known, (from, until));
    let drawn = draw(&law, &mut batch, (from, length), 60_000);
    let columns = drawn.columns();
    let mut duties = Duties::default();
    batch.evaluate(&columns, &mut duties).unwrap();
    let mut engine = Engine::new(&law);
    let cents = |amount: Option<Cents>| amount.map_or(Duties::UNKNOWN, |cents| cents.0);
    let mut met = [0; 6];
    for row in 0..drawn.codes.len() {
        let line = batch.line(&columns, row).unwrap();
        let families: Vec<i64> = duties.families.iter().map(|column| column[row]).collect();
        let (low, high, state) = (duties.low[row], duties.high[row], duties.states[row]);
        met[state as usize] += 1;
        match engine.bill(&line) {
            Ok(bill) => {
                let expected: Vec<i64> = bill.families.iter().map(|amount| cents(amount.duty)).collect();
                assert_eq!(families, expected, "{line:?}");
                assert_eq!((low, high), (cents(bill.duty_min), cents(bill.duty_max)), "{line:?}");
                let settled = bill.needs_input.is_empty() && bill.cannot.is_empty() && !bill.prohibited;
                assert_eq!(state >= LineState::BeyondHorizon, settled, "{line:?}");
                assert_eq!(state == LineState::Settled, settled && bill.beyond_horizon.is_empty(), "{line:?}");
            }
            Err(_) => assert_eq!((state, low), (LineState::Refused, Duties::UNKNOWN), "{line:?}"),
        }
    }
    assert!(met[LineState::Settled as usize] > 10_000, "{met:?}");
    assert!(met[LineState::NeedsInput as usize] > 1_000, "{met:?}");
    assert!(met[LineState::Refused as usize] > 0, "{met:?}");
}

#[test]
fn a_batch_is_the_bill_of_each_line() {
    compare(View::Assessed, "2026-11-22", ("2018-01-01", 3_200));
}

#[test]
fn a_batch_of_what_is_owed_is_the_bill_of_each_line() {
    compare(View::Owed, "2026-11-22", ("2025-01-01", 600));
}

#[test]
fn columns_of_different_lengths_are_refused() {
    let ledger = portolan_law::ledger().unwrap();
    let schedule = portolan_law::schedule().unwrap();
    let law = Law::new(&ledger, Some(&schedule));
    let days = (day("2025-01-01"), day("2026-01-01"));
    let mut batch = Batch::new(&law, Side(0), View::Assessed, day("2026-11-22"), days);
    let columns = Columns { codes: &["9403.60.80".parse().unwrap()], ..Columns::default() };
    let refused = batch.evaluate(&columns, &mut Duties::default()).unwrap_err();
    assert_eq!(refused, Uneven { column: "origins", length: 0, lines: 1 });
    assert_eq!(refused.to_string(), "column `origins` has 0 rows, `codes` has 1");
}
