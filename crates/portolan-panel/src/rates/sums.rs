//! Sums over flows, kept as what changes from day to day, and turned into rates at the end.
//!
//! All is exact: cents of weight times points in units of 10⁻¹⁸ of the value, in 128 bits. The one rounding is that of the
//! printed points, six places, half up; the points of parts are rounded by largest remainder, so that what is printed of the
//! parts of a group sums to what is printed of the group.

use portolan_ledger::Day;
use portolan_ledger::number::div_half_up;
use rustc_hash::FxHashMap;

/// Weights that bear a rate, in cents.
pub const PRICED: u16 = 0;
/// Weights that met no line.
pub const UNMATCHED: u16 = 1;
/// Weights whose duty cannot be put in points.
pub const NOT_PRICED: u16 = 2;
/// The first of the parts; each has a number of its own from here on.
pub const PARTS: u16 = 3;

/// What is summed apart: a partner and a chapter, where they are asked for.
pub type Key = (Option<u16>, Option<u8>);

/// What a column of a group changes by on a day: highest and lowest, in cents times points; for weights the first alone, in
/// cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Days after the first.
    pub day: u32,
    /// The column.
    pub column: u16,
    /// By how much where what is open is at its highest.
    pub high: i128,
    /// By how much where it is at its lowest.
    pub low: i128,
}

/// The sums of a group on their way: one place for each day and column.
#[derive(Debug)]
pub struct Scratch {
    columns: usize,
    sums: Vec<(i128, i128)>,
    touched: Vec<u32>,
}

impl Scratch {
    /// Room for so many days and columns.
    pub fn new(days: usize, columns: usize) -> Self {
        Self { columns, sums: vec![(0, 0); (days + 1) * columns], touched: Vec::new() }
    }

    /// Adds to a column from a day on.
    pub fn add(&mut self, day: usize, column: u16, high: i128, low: i128) {
        let at = day * self.columns + usize::from(column);
        let Some(sum) = self.sums.get_mut(at) else { return };
        if *sum == (0, 0) {
            self.touched.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        sum.0 += high;
        sum.1 += low;
    }

    /// What was added, in the order of days and columns; the scratch is empty again.
    pub fn take(&mut self) -> Vec<Event> {
        self.touched.sort_unstable();
        self.touched.dedup();
        let mut events = Vec::with_capacity(self.touched.len());
        for &at in &self.touched {
            let (high, low) = std::mem::take(&mut self.sums[at as usize]);
            if (high, low) != (0, 0) {
                let (day, column) = (at as usize / self.columns, at as usize % self.columns);
                let day = u32::try_from(day).unwrap_or(u32::MAX);
                events.push(Event { day, column: u16::try_from(column).unwrap_or(u16::MAX), high, low });
            }
        }
        self.touched.clear();
        events
    }
}

/// What a part adds, in millionths of a percentage point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 0.
    pub part: u16,
    /// Where what is open is at its highest.
    pub rate: i64,
    /// Where it is at its lowest.
    pub low: i64,
}

/// The figures of a group from a day until another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first day.
    pub from: Day,
    /// The first day no longer.
    pub until: Day,
    /// The weight that the rate is over, in cents.
    pub weight: i128,
    /// Weights that met no line, in cents.
    pub unmatched: i128,
    /// Weights whose duty cannot be put in points, in cents.
    pub not_priced: i128,
    /// Duty over weight in millionths of a percentage point, what is open at its highest; none where nothing has a weight.
    pub rate: Option<i64>,
    /// The same, what is open at its lowest.
    pub low: Option<i64>,
    /// What the parts add, in their order.
    pub parts: Vec<Part>,
}

/// The stretches of a group between two days, from its events in any order.
pub fn stretches(mut events: Vec<Event>, (first, until): (Day, Day)) -> Vec<Stretch> {
    events.sort_unstable_by_key(|event| (event.day, event.column));
    let mut now: FxHashMap<u16, (i128, i128)> = FxHashMap::default();
    let mut found: Vec<Stretch> = Vec::new();
    for of_day in events.chunk_by(|a, b| a.day == b.day) {
        let day = Day(first.0.saturating_add_unsigned(of_day[0].day));
        if day >= until {
            break;
        }
        for event in of_day {
            let sum = now.entry(event.column).or_default();
            sum.0 += event.high;
            sum.1 += event.low;
        }
        if let Some(last) = found.last_mut() {
            last.until = day;
        }
        let next = figures(&now, day, until);
        match found.last_mut() {
            Some(last) if same(last, &next) => last.until = until,
            _ => found.push(next),
        }
    }
    found
}

fn same(a: &Stretch, b: &Stretch) -> bool {
    let key = |s: &Stretch| (s.weight, s.unmatched, s.not_priced, s.rate, s.low);
    key(a) == key(b) && a.parts == b.parts
}

fn figures(now: &FxHashMap<u16, (i128, i128)>, from: Day, until: Day) -> Stretch {
    let weight_of = |column: u16| now.get(&column).map_or(0, |sum| sum.0);
    let weight = weight_of(PRICED);
    let mut parts: Vec<(u16, i128, i128)> = now
        .iter()
        .filter(|(column, sum)| **column >= PARTS && **sum != (0, 0))
        .map(|(column, sum)| (column - PARTS, sum.0, sum.1))
        .collect();
    parts.sort_unstable();
    let high = rounded(parts.iter().map(|part| part.1), weight);
    let low = rounded(parts.iter().map(|part| part.2), weight);
    let of = |whole: &Option<(i64, Vec<i64>)>, at: usize| whole.as_ref().map_or(0, |(_, points)| points[at]);
    Stretch {
        from,
        until,
        weight,
        unmatched: weight_of(UNMATCHED),
        not_priced: weight_of(NOT_PRICED),
        parts: parts
            .iter()
            .enumerate()
            .map(|(at, (part, ..))| Part { part: *part, rate: of(&high, at), low: of(&low, at) })
            .collect(),
        rate: high.map(|(total, _)| total),
        low: low.map(|(total, _)| total),
    }
}

/// The points of a whole in millionths, half up, and of its parts by largest remainder, so that they sum to it; of equal
/// remainders the first takes. None without a weight.
fn rounded(parts: impl Iterator<Item = i128> + Clone, weight: i128) -> Option<(i64, Vec<i64>)> {
    // Cents times units of 10⁻¹⁸ of the value, over cents: 10¹⁰ of them are a millionth of a point.
    let unit = weight.checked_mul(10_i128.pow(10)).filter(|unit| *unit > 0)?;
    let total = div_half_up(parts.clone().sum(), unit);
    let mut points: Vec<i128> = parts.clone().map(|part| part.div_euclid(unit)).collect();
    let missing = total - points.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..points.len()).collect();
    let remainders: Vec<i128> = parts.map(|part| part.rem_euclid(unit)).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(remainders[at]), at));
    for &at in order.iter().take(usize::try_from(missing).unwrap_or(0)) {
        points[at] += 1;
    }
    let narrow = |value: i128| i64::try_from(value).unwrap_or(i64::MAX);
    Some((narrow(total), points.into_iter().map(narrow).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_of_parts_sums_to_the_whole() {
        // Thirds and other fractions that do not end, with weights that are no round numbers.
        let mut state = 7_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..2_000 {
            let weight = i128::from(next(1_000_000) + 1);
            let parts: Vec<i128> =
                (0..next(9)).map(|_| i128::from(next(1 << 30)) * i128::from(next(1 << 30))).collect();
            let (total, points) = rounded(parts.iter().copied(), weight).unwrap();
            assert_eq!(points.iter().sum::<i64>(), total);
            let exact: i128 = parts.iter().sum();
            assert_eq!(
                i128::from(total),
                (2 * exact + weight * 10_i128.pow(10)).div_euclid(2 * weight * 10_i128.pow(10))
            );
            for (part, points) in parts.iter().zip(points) {
                let floor = part.div_euclid(weight * 10_i128.pow(10));
                assert!([floor, floor + 1].contains(&i128::from(points)), "no part moves by a whole unit");
            }
        }
        assert_eq!(rounded([0].into_iter(), 0), None);
    }

    #[test]
    fn changes_become_stretches() {
        let points = |percent: i128| percent * 10_i128.pow(16);
        let mut scratch = Scratch::new(10, 6);
        scratch.add(0, PRICED, 300, 0);
        scratch.add(0, PARTS, 300 * points(10), 300 * points(5));
        scratch.add(4, PARTS + 1, 100 * points(20), 0);
        scratch.add(6, PARTS, 5, 5);
        scratch.add(6, PARTS, -5, -5);
        let events = scratch.take();
        assert_eq!(events.len(), 3, "what comes to nothing is no event");
        assert!(scratch.take().is_empty());
        let found = stretches(events, (Day(100), Day(110)));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].from, found[0].until, found[1].until), (Day(100), Day(104), Day(110)));
        assert_eq!((found[0].rate, found[0].low), (Some(10_000_000), Some(5_000_000)));
        assert_eq!((found[1].rate, found[1].low), (Some(16_666_667), Some(5_000_000)));
        let parts: Vec<(u16, i64)> = found[1].parts.iter().map(|part| (part.part, part.rate)).collect();
        assert_eq!(parts, [(0, 10_000_000), (1, 6_666_667)]);
    }
}
