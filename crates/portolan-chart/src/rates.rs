//! What one side adds to its ordinary duty on the other's goods, as steps in time.

use std::collections::BTreeMap;

use portolan_engine::extremes::Extremes;
use portolan_engine::history::{Histories, ProductIx, ProductSpan};
use portolan_engine::{Bill, Engine, Law, Pct};
use portolan_ledger::line::{EntryLine, View, When};
use portolan_ledger::record::{FamilyId, ListId, Origin};
use portolan_ledger::schedule::Span;
use portolan_ledger::{Cents, Day, Instant, Rate, Side, TariffCode};
use rustc_hash::FxHashMap;

/// Millionths of a point as a text with at most one decimal, half up.
pub fn percent(micro_points: i64) -> String {
    let tenths = (micro_points + 50_000).div_euclid(100_000);
    if tenths % 10 == 0 { format!("{}", tenths / 10) } else { format!("{}.{}", tenths / 10, (tenths % 10).abs()) }
}

/// The value that a line is asked with where its duty is no share of the value by itself.
const VALUE: Cents = Cents(10_000_000);

/// An additional duty from a moment on, in millionths of a percentage point of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The first moment.
    pub at: Instant,
    /// The least it can be for what is stated.
    pub low: i64,
    /// The most it can be.
    pub high: i64,
}

impl Step {
    /// The level as it is read: from the least to the most where it is open.
    pub fn percent(&self) -> String {
        if self.low == self.high {
            percent(self.high)
        } else {
            format!("{} to {}", percent(self.low), percent(self.high))
        }
    }
}

/// Whose duty is asked, on whose goods, as known on which day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// Who levies.
    pub side: Side,
    /// Whose goods.
    pub origin: Origin,
    /// The day through which acts are read; on entry no more is known than was then.
    pub known: Day,
}

/// A line of steps, and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// The steps, the first at the beginning of the time shown; each differs from the one before it.
    pub steps: Vec<Step>,
    /// How many tariff lines were counted at the end.
    pub lines: usize,
    /// Of these, lines whose duty turns on what was not stated.
    pub open: usize,
    /// Lines left out at the end, whose duty is no share of the value.
    pub unpriced: usize,
}

impl Steps {
    /// The step that begins at a moment, with the one before it, where they read differently.
    pub fn turn(&self, at: Instant) -> Option<(Step, Step)> {
        let index = self.steps.iter().position(|step| step.at == at)?;
        let (before, after) = (*self.steps.get(index.checked_sub(1)?)?, self.steps[index]);
        (before.percent() != after.percent()).then_some((before, after))
    }
}

/// The simple average over the eight-digit lines of a side: of its schedule where it has one, else of its own product lists.
///
/// Lines whose duty turns on what was not stated enter the low end at their least and the high end at their most.
pub fn average(law: &Law<'_>, direction: Direction, span: (Instant, Instant)) -> Steps {
    if law.schedule_side == Some(direction.side) {
        return average_of_schedule(law, direction, span);
    }
    // Lines that the law treats alike are asked once.
    let codes = listed(law, direction.side);
    let (classes, _) = law.product_classes(&codes);
    let mut groups: Vec<(u32, TariffCode, usize)> = Vec::new();
    let mut sorted: Vec<(u32, TariffCode)> = classes.into_iter().zip(codes).collect();
    sorted.sort_unstable();
    groups.extend(sorted.chunk_by(|a, b| a.0 == b.0).map(|group| (group[0].0, group[0].1, group.len())));
    let mut engine = Engine::new(law);
    along(law, direction, span, |at| {
        let mut sum = Sum::default();
        for (_, code, count) in &groups {
            sum.add(additional(&mut engine, direction, *code, at), *count);
        }
        sum
    })
}

/// The average over the lines of a schedule, day by day: such a side's law changes where its days begin.
fn average_of_schedule(law: &Law<'_>, direction: Direction, (from, until): (Instant, Instant)) -> Steps {
    let clock = &law.clocks[usize::from(direction.side.0)];
    let days = (clock.day_of(from), Day(clock.day_of(Instant(until.0.saturating_sub(1))).0.saturating_add(1)));
    let mut histories = Histories::new(law, direction.side, View::Assessed, direction.known, days);
    let origin = histories.origin(direction.origin);
    // Lines of one class with the same days are asked once.
    let mut spans: FxHashMap<(ProductIx, Day, Day), usize> = FxHashMap::default();
    for code in scheduled(law) {
        for ProductSpan { from, until, product, .. } in histories.products(code, days).unwrap_or_default() {
            *spans.entry((product, from, until)).or_default() += 1;
        }
    }
    // An ordinary rate by quantity is no share of the value: what is added to it is asked with none in its place.
    let mut stated = EntryLine::new(
        direction.side,
        TariffCode::from_padded(0, 8),
        direction.origin,
        When::Day(days.0),
        direction.known,
    );
    stated.mfn_pct = Some(Rate(0));
    let facts = histories.facts(&stated);
    let mfn = law.timeline.ledger.family("mfn");
    let mut turns: BTreeMap<Day, (Sum, Sum)> = BTreeMap::new();
    let mut stretches = Vec::new();
    for ((product, from, until), count) in spans {
        if histories.borne(product, origin, facts, &mut stretches).is_err() {
            // Conflicting records stop the commands that answer a line; an average leaves the line out.
            turns.entry(from).or_default().0.add(None, count);
            turns.entry(until).or_default().1.add(None, count);
            continue;
        }
        let inside = stretches.iter().enumerate().filter(|(_, stretch)| stretch.from < until);
        for (index, stretch) in inside {
            let ends = stretches.get(index + 1).map_or(until, |next| next.from).min(until);
            let begins = stretch.from.max(from);
            if begins < ends {
                let found = histories.extremes(stretch.extremes).map(|extremes| added(extremes, mfn));
                turns.entry(begins).or_default().0.add(found, count);
                turns.entry(ends).or_default().1.add(found, count);
            }
        }
    }
    let mut found = Steps::none();
    let mut sum = Sum::default();
    for (day, (begun, ended)) in turns.range(..days.1) {
        sum = sum.plus(*begun).minus(*ended);
        found.take(&sum, clock.day_start(*day));
    }
    found
}

/// The least and the most that is added to the ordinary duty.
fn added(extremes: &Extremes, mfn: Option<FamilyId>) -> (i64, i64) {
    let of = |sum: &portolan_engine::extremes::Sum| {
        let additional = sum.amounts.iter().filter(|amount| Some(amount.family) != mfn);
        additional.fold(Pct::ZERO, |all, amount| all + amount.pct).micro_points()
    };
    let (low, high) = (of(&extremes.lowest), of(&extremes.highest));
    (low.min(high), low.max(high))
}

/// The eight-digit lines of the schedule, those known from an annual table before its first edition left out.
fn scheduled(law: &Law<'_>) -> Vec<TariffCode> {
    let Some(schedule) = law.schedule else { return Vec::new() };
    let first = schedule.first_edition().published;
    let printed =
        |span: &Span| span.until.is_none_or(|until| until > first) && span.from.is_none_or(|from| from >= first);
    let mut codes: Vec<TariffCode> = schedule.codes().filter(printed).map(|span| span.code.prefix(8)).collect();
    codes.dedup();
    codes.retain(|code| code.chapter() <= LAST_CHAPTER);
    codes
}

/// The duty on goods of one code. On a side without a schedule the code stands for every line of its lists with the same
/// first six digits, and the steps reach from the least of them to the most.
pub fn of_good(law: &Law<'_>, direction: Direction, good: TariffCode, span: (Instant, Instant)) -> Steps {
    let codes = codes_of_good(law, direction.side, good);
    let mut engine = Engine::new(law);
    along(law, direction, span, |at| {
        let mut sum = Sum::default();
        let found = codes.iter().filter_map(|code| additional(&mut engine, direction, *code, at));
        let ends = found.reduce(|(low, high), (other_low, other_high)| (low.min(other_low), high.max(other_high)));
        sum.add(ends, codes.len());
        sum
    })
}

/// The codes that stand for a good on a side: itself where a schedule prints it.
pub fn codes_of_good(law: &Law<'_>, side: Side, good: TariffCode) -> Vec<TariffCode> {
    if law.schedule_side == Some(side) {
        return vec![good];
    }
    let below = good.prefix(6);
    let listed: Vec<TariffCode> = listed(law, side).into_iter().filter(|code| below.covers(*code)).collect();
    if listed.is_empty() { vec![TariffCode::from_padded(below.padded(), 8)] } else { listed }
}

#[derive(Clone, Copy, Default)]
struct Sum {
    low: i128,
    high: i128,
    priced: usize,
    lines: usize,
    open: usize,
}

impl Sum {
    fn add(&mut self, found: Option<(i64, i64)>, count: usize) {
        self.lines += count;
        let Some((low, high)) = found else { return };
        let times = count as i128;
        (self.low, self.high) = (self.low + i128::from(low) * times, self.high + i128::from(high) * times);
        self.priced += count;
        self.open += if low == high { 0 } else { count };
    }

    fn plus(self, other: Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
            priced: self.priced + other.priced,
            lines: self.lines + other.lines,
            open: self.open + other.open,
        }
    }

    /// Without what was added before.
    fn minus(self, other: Self) -> Self {
        Self {
            low: self.low - other.low,
            high: self.high - other.high,
            priced: self.priced.saturating_sub(other.priced),
            lines: self.lines.saturating_sub(other.lines),
            open: self.open.saturating_sub(other.open),
        }
    }

    fn step(&self, at: Instant) -> Option<Step> {
        let count = i128::try_from(self.priced).ok().filter(|count| *count > 0)?;
        let mean = |sum: i128| i64::try_from((sum + count / 2) / count).unwrap_or(i64::MAX);
        Some(Step { at, low: mean(self.low), high: mean(self.high) })
    }
}

impl Steps {
    /// A line that is not told.
    pub fn none() -> Self {
        Self { steps: Vec::new(), lines: 0, open: 0, unpriced: 0 }
    }

    /// Takes what holds from a moment on.
    fn take(&mut self, sum: &Sum, at: Instant) {
        (self.lines, self.open, self.unpriced) = (sum.lines, sum.open, sum.lines.saturating_sub(sum.priced));
        let Some(step) = sum.step(at) else { return };
        if self.steps.last().is_none_or(|last| (last.low, last.high) != (step.low, step.high)) {
            self.steps.push(step);
        }
    }
}

/// The sums at every moment at which the law of a side can change, as steps.
fn along(
    law: &Law<'_>,
    direction: Direction,
    (from, until): (Instant, Instant),
    mut sum: impl FnMut(Instant) -> Sum,
) -> Steps {
    let mut moments = vec![from];
    moments.extend(law.boundaries(direction.side).into_iter().filter(|&at| from < at && at < until));
    let mut found = Steps::none();
    for at in moments {
        found.take(&sum(at), at);
    }
    found
}

/// The least and the most that is added to the ordinary duty; none where that is no share of the value.
fn additional(engine: &mut Engine<'_>, direction: Direction, code: TariffCode, at: Instant) -> Option<(i64, i64)> {
    let mut line = EntryLine::new(direction.side, code, direction.origin, When::At(at), direction.known);
    let bill = engine.bill(&line).ok()?;
    if let Some(pct) = bill.additional_pct {
        return Some((pct.micro_points(), pct.micro_points()));
    }
    line.value = Some(VALUE);
    let mfn = engine.law().timeline.ledger.family("mfn");
    let bill = engine.bill(&line).ok()?;
    let ordinary = ordinary(&bill, mfn)?;
    let points = |duty: Cents| {
        let share = i128::from(duty.0.saturating_sub(ordinary.0)) * 100_000_000 / i128::from(VALUE.0);
        i64::try_from(share).ok()
    };
    Some((points(bill.duty_min?)?, points(bill.duty_max?)?))
}

fn ordinary(bill: &Bill, mfn: Option<FamilyId>) -> Option<Cents> {
    let Some(mfn) = mfn else { return Some(Cents(0)) };
    bill.families.get(usize::from(mfn.0))?.duty
}

/// The last chapter of ordinary goods.
const LAST_CHAPTER: u8 = 97;

/// The eight-digit numbers that the product lists of a side name.
fn listed(law: &Law<'_>, side: Side) -> Vec<TariffCode> {
    let ledger = law.timeline.ledger;
    let programs = ledger.programs.iter().filter(|program| program.levied_by == side);
    let scopes =
        programs.flat_map(|p| p.provisions.iter().map(|p| &p.scope).chain(p.exceptions.iter().map(|e| &e.scope)));
    let mut lists: Vec<ListId> = scopes.flat_map(|scope| &scope.products).copied().collect();
    lists.sort_unstable();
    lists.dedup();
    let rows = lists.iter().flat_map(|list| &ledger.lists[usize::from(list.0)].rows);
    let mut codes: Vec<TariffCode> = rows.filter(|row| row.code.digits() >= 8).map(|row| row.code.prefix(8)).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(side: u8, origin: [u8; 2]) -> Direction {
        Direction { side: Side(side), origin: Origin(origin), known: Day::parse_iso(b"2026-11-01").unwrap() }
    }

    fn span(law: &Law<'_>, side: u8, from: &str, to: &str) -> (Instant, Instant) {
        let clock = &law.clocks[usize::from(side)];
        let at = |day: &str| clock.day_start(Day::parse_iso(day.as_bytes()).unwrap());
        (at(from), at(to))
    }

    /// Moment, and percent; with a dash where it is open.
    fn shown(law: &Law<'_>, side: u8, steps: &Steps) -> Vec<(String, String)> {
        let point = |micro: i64| format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
        let text =
            |s: &Step| if s.low == s.high { point(s.low) } else { format!("{}-{}", point(s.low), point(s.high)) };
        steps.steps.iter().map(|s| (law.clocks[usize::from(side)].show(s.at), text(s))).collect()
    }

    #[test]
    fn wooden_furniture_in_the_spring_of_2025() {
        let ledger = portolan_law::ledger().unwrap();
        let schedule = portolan_law::schedule().unwrap();
        let law = Law::new(&ledger, Some(&schedule));
        let good = "9403.60.80".parse().unwrap();
        let us = of_good(&law, direction(0, *b"CN"), good, span(&law, 0, "2025-01-01", "2025-09-01"));
        let expected = [
            ("2025-01-01 00:01 EST", "25.000000"),
            ("2025-02-04 00:01 EST", "35.000000"),
            ("2025-03-04 00:01 EST", "45.000000"),
            ("2025-04-05 00:01 EDT", "55.000000"),
            ("2025-04-09 00:01 EDT", "129.000000"),
            ("2025-04-10 00:01 EDT", "170.000000"),
            ("2025-05-14 00:01 EDT", "55.000000"),
        ];
        let expected: Vec<_> = expected.map(|(at, pct)| (at.to_owned(), pct.to_owned())).into();
        assert_eq!(shown(&law, 0, &us), expected);
        let cn = of_good(&law, direction(1, *b"US"), good, span(&law, 1, "2025-01-01", "2025-09-01"));
        assert_eq!(cn.lines, 3, "China's lists name three numbers below 9403.60");
        let moments: Vec<String> = shown(&law, 1, &cn).into_iter().map(|(at, _)| at).collect();
        assert!(
            moments.contains(&"2025-04-10 12:01 CST".to_owned())
                && moments.contains(&"2025-05-14 12:01 CST".to_owned())
        );
    }

    #[test]
    fn an_average_moves_with_a_duty_on_all_goods_by_that_duty() {
        let ledger = portolan_law::ledger().unwrap();
        let law = Law::new(&ledger, None);
        let cn = average(&law, direction(1, *b"US"), span(&law, 1, "2025-04-01", "2025-06-01"));
        let at = |wanted: &str| {
            let clock = &law.clocks[1];
            cn.steps
                .iter()
                .find(|s| clock.show(s.at) == wanted)
                .unwrap_or_else(|| panic!("{:?}", shown(&law, 1, &cn)))
                .high
        };
        assert_eq!(at("2025-04-12 00:00 CST") - at("2025-04-10 12:01 CST"), 41_000_000, "84 became 125 on every line");
        assert_eq!(at("2025-04-12 00:00 CST") - at("2025-05-14 12:01 CST"), 115_000_000, "125 became 10 on every line");
        // Lines whose list of 2019 is not known are left out, and counted.
        assert!(cn.lines > 7_000 && cn.unpriced < 50, "{} lines, {} left out", cn.lines, cn.unpriced);
    }

    #[test]
    fn figures_have_one_decimal_at_most() {
        assert_eq!(
            [0, 49_999, 50_000, 54_000_000, 54_049_999, 54_050_000].map(percent),
            ["0", "0", "0.1", "54", "54", "54.1"]
        );
    }
}
