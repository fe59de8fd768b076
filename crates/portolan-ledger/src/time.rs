//! Moments, days and the zones of the customs territories.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The months by name, as texts and messages write them.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment, in seconds since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// Before every record.
    pub const MIN: Self = Self(i64::MIN);
    /// After every record.
    pub const MAX: Self = Self(i64::MAX);
}

/// A calendar day, in days since 1970-01-01, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// Later than every act.
    pub const MAX: Self = Self(i32::MAX);

    /// The day of a civil date.
    pub fn from_date(date: Date) -> Self {
        let epoch = Date::constant(1970, 1, 1);
        let days = epoch.until(date).map_or(0, |span| span.get_days());
        Self(days)
    }

    /// The civil date of the day, where the calendar reaches that far.
    pub fn date(self) -> Option<Date> {
        Date::constant(1970, 1, 1).checked_add(jiff::Span::new().try_days(self.0).ok()?).ok()
    }

    /// Reads `YYYY-MM-DD`, nothing else; `None` for a date that does not exist.
    pub fn parse_iso(text: &[u8]) -> Option<Self> {
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text else { return None };
        let digits = |bytes: &[u8]| {
            bytes.iter().try_fold(0_i16, |n, &b| b.is_ascii_digit().then(|| n * 10 + i16::from(b - b'0')))
        };
        let (year, month, day) = (digits(&[y0, y1, y2, y3])?, digits(&[m0, m1])?, digits(&[d0, d1])?);
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        Some(Self::from_date(date))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => write!(f, "{date}"),
            None => f.write_str("(no date)"),
        }
    }
}

/// A customs territory: the index of its entry in the ledger's `jurisdictions.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Side(pub u8);

/// How a customs territory reads a date.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    day_starts: Time,
    known: Arc<Known>,
}

/// Moments of days that were asked for before: the rules of a zone are slow to read, and lines share their days.
#[derive(Debug, Default)]
struct Known {
    starts: DayTable,
    ends: DayTable,
}

/// A moment for each day of the years in which tariff law is asked about; the others are worked out each time.
#[derive(Debug, Default)]
struct DayTable(OnceLock<Box<[AtomicI64]>>);

impl DayTable {
    /// 1 January 2015.
    const FIRST: i32 = 16_436;
    const DAYS: usize = 8_192;
    const UNKNOWN: i64 = i64::MIN;

    fn moment(&self, day: Day, work_out: impl FnOnce() -> Instant) -> Instant {
        let place =
            day.0.checked_sub(Self::FIRST).and_then(|at| usize::try_from(at).ok()).filter(|at| *at < Self::DAYS);
        let Some(place) = place else { return work_out() };
        let table = self.0.get_or_init(|| (0..Self::DAYS).map(|_| AtomicI64::new(Self::UNKNOWN)).collect());
        // Whoever comes first writes what everyone would: no order is needed.
        let known = table[place].load(Ordering::Relaxed);
        if known != Self::UNKNOWN {
            return Instant(known);
        }
        let moment = work_out();
        table[place].store(moment.0, Ordering::Relaxed);
        moment
    }
}

impl Clock {
    /// A clock for an IANA zone name and the local time at which the tariff day starts.
    pub fn new(zone: &str, day_starts: Time) -> Result<Self, jiff::Error> {
        Ok(Self { zone: TimeZone::get(zone)?, day_starts, known: Arc::default() })
    }

    /// The moment of a local date and time; in a gap or overlap the compatible reading.
    fn moment(&self, date: Date, time: Time) -> Instant {
        let zoned = self.zone.to_ambiguous_zoned(date.to_datetime(time)).compatible();
        zoned.map_or(Instant::MAX, |z| Instant(z.timestamp().as_second()))
    }

    /// The first moment of the tariff day.
    pub fn day_start(&self, day: Day) -> Instant {
        let work_out = || day.date().map_or(Instant::MAX, |date| self.moment(date, self.day_starts));
        self.known.starts.moment(day, work_out)
    }

    /// The first moment after the calendar day: local midnight.
    pub fn day_end(&self, day: Day) -> Instant {
        let next = Day(day.0.saturating_add(1));
        let work_out = || next.date().map_or(Instant::MAX, |date| self.moment(date, Time::midnight()));
        self.known.ends.moment(day, work_out)
    }

    /// The local calendar day that holds a moment.
    pub fn day_of(&self, at: Instant) -> Day {
        jiff::Timestamp::from_second(at.0)
            .map_or(Day::MAX, |stamp| Day::from_date(stamp.to_zoned(self.zone.clone()).date()))
    }

    /// A moment as a person reads it: `2025-08-12 00:01 EDT`.
    pub fn show(&self, at: Instant) -> String {
        jiff::Timestamp::from_second(at.0).map_or_else(
            |_| "(no date)".to_owned(),
            |stamp| stamp.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string(),
        )
    }

    /// A moment in the interchange form: `2025-08-12T00:01:00-04:00`.
    pub fn rfc3339(&self, at: Instant) -> String {
        jiff::Timestamp::from_second(at.0).map_or_else(
            |_| String::new(),
            |stamp| stamp.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eastern() -> Clock {
        Clock::new("America/New_York", Time::constant(0, 1, 0, 0)).unwrap()
    }

    #[test]
    fn a_tariff_day_starts_a_minute_after_midnight() {
        let day = Day::parse_iso(b"2025-08-12").unwrap();
        assert_eq!(eastern().rfc3339(eastern().day_start(day)), "2025-08-12T00:01:00-04:00");
        assert_eq!(eastern().rfc3339(eastern().day_end(day)), "2025-08-13T00:00:00-04:00");
        assert_eq!(eastern().day_of(eastern().day_start(day)), day);
    }

    #[test]
    fn days_that_were_asked_for_before_and_days_outside_of_the_table_are_the_same() {
        let clock = eastern();
        for day in [-1, DayTable::FIRST - 1, DayTable::FIRST, DayTable::FIRST + 8_191, DayTable::FIRST + 8_192].map(Day)
        {
            let asked = [clock.day_start(day), clock.day_start(day), eastern().day_start(day)];
            assert_eq!(asked, [clock.moment(day.date().unwrap(), clock.day_starts); 3]);
            assert_eq!(clock.day_of(clock.day_end(day)), Day(day.0 + 1));
        }
    }

    #[test]
    fn days_read_and_print() {
        assert_eq!(Day::parse_iso(b"1970-01-02"), Some(Day(1)));
        assert_eq!(Day::parse_iso(b"2025-02-30"), None);
        assert_eq!(Day::parse_iso(b"2025-2-3"), None);
        assert_eq!(Day::parse_iso(b"2025-06-05").unwrap().to_string(), "2025-06-05");
    }
}
