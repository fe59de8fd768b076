//! From classes to rows: what pairs of classes bear is copied for the codes and countries that belong to them.

use portolan_engine::history::{Stretch, TreatmentIx};
use portolan_ledger::Day;

use super::pairs::Pairs;

/// Rows as columns of numbers.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Which code, by its place among all.
    pub code: Vec<u32>,
    /// Which country, by its place among all.
    pub origin: Vec<u32>,
    /// First days, as days since 1970.
    pub from: Vec<i32>,
    /// First days no longer.
    pub until: Vec<i32>,
    /// What is borne.
    pub treatment: Vec<u32>,
    /// Text of the ordinary rate, by its number.
    pub text: Vec<u32>,
}

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        self.code.len()
    }

    fn push(&mut self, (from, until): (Day, Day), (treatment, text): Borne) {
        self.from.push(from.0);
        self.until.push(until.0);
        self.treatment.push(treatment.0);
        self.text.push(text);
    }

    fn clear(&mut self) {
        self.code.clear();
        self.origin.clear();
        self.from.clear();
        self.until.clear();
        self.treatment.clear();
        self.text.clear();
    }

    /// Adds rows of a code and country, with all else as in rows of the same code and another country.
    fn copy(&mut self, from: &Self, rows: std::ops::Range<usize>, (code, country): (u32, u32)) {
        self.code.extend(std::iter::repeat_n(code, rows.len()));
        self.origin.extend(std::iter::repeat_n(country, rows.len()));
        self.from.extend_from_slice(&from.from[rows.clone()]);
        self.until.extend_from_slice(&from.until[rows.clone()]);
        self.treatment.extend_from_slice(&from.treatment[rows.clone()]);
        self.text.extend_from_slice(&from.text[rows]);
    }
}

/// What a row says is borne, and the text of the ordinary rate.
type Borne = (TreatmentIx, u32);

/// The text of no rate: for a side without a schedule.
pub const NO_TEXT: u32 = u32::MAX;

/// Expands codes; one a thread.
pub struct Expander<'p> {
    pairs: &'p Pairs,
    /// The first day no longer.
    until: Day,
    daily: bool,
    /// Rows of one code, by class of origins, without code and country; and where those of each class end.
    of_code: Rows,
    ends: Vec<usize>,
}

impl<'p> Expander<'p> {
    /// For days up to one.
    pub fn new(pairs: &'p Pairs, until: Day, daily: bool) -> Self {
        Self { pairs, until, daily, of_code: Rows::default(), ends: Vec::new() }
    }

    /// The rows of some codes, by their places; `rows` is cleared.
    pub fn rows(&mut self, codes: std::ops::Range<usize>, rows: &mut Rows) {
        rows.clear();
        for code in codes {
            self.of_code.clear();
            self.ends.clear();
            for origin in 0..self.pairs.origin_classes {
                self.pair(code, origin);
                self.ends.push(self.of_code.from.len());
            }
            let place = u32::try_from(code).unwrap_or(u32::MAX);
            for (country, &origin) in (0..).zip(&self.pairs.origins) {
                let first = origin.checked_sub(1).map_or(0, |before| self.ends[before]);
                rows.copy(&self.of_code, first..self.ends[origin], (place, country));
            }
        }
    }

    /// Rows of a code from a class of origins.
    fn pair(&mut self, code: usize, origin: usize) {
        let pairs = self.pairs;
        // A stretch goes on where the product only changes its class.
        let mut open: Option<(Day, Day, Borne)> = None;
        for span in pairs.spans(code) {
            for (from, until, treatment) in days_of(pairs.stretches(span, origin), self.until) {
                let (from, until) = (from.max(span.days.0), until.min(span.days.1));
                if from >= until {
                    continue;
                }
                let text = if pairs.borne.is_column_2(treatment) { span.texts.1 } else { span.texts.0 };
                let borne = (treatment, text);
                match &mut open {
                    Some((_, end, last)) if *end == from && *last == borne => *end = until,
                    _ => {
                        if let Some((from, until, last)) = open.replace((from, until, borne)) {
                            self.push((from, until), last);
                        }
                    }
                }
            }
        }
        if let Some((from, until, last)) = open {
            self.push((from, until), last);
        }
    }

    fn push(&mut self, (from, until): (Day, Day), borne: Borne) {
        if self.daily {
            for day in from.0..until.0 {
                self.of_code.push((Day(day), Day(day + 1)), borne);
            }
        } else {
            self.of_code.push((from, until), borne);
        }
    }
}

/// Stretches with both of their ends.
pub fn days_of(stretches: &[Stretch], until: Day) -> impl Iterator<Item = (Day, Day, TreatmentIx)> + '_ {
    stretches.iter().enumerate().map(move |(at, stretch)| {
        let end = stretches.get(at + 1).map_or(until, |next| next.from);
        (stretch.from, end, stretch.treatment)
    })
}
