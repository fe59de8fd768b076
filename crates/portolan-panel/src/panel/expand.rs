//! From classes to rows: the law is asked for classes, and rows are copied from what it said.

use portolan_engine::answer::Fault;
use portolan_engine::history::{FactsIx, Histories, OriginIx, ProductIx, ProductSpan, Stretch, TreatmentIx};
use portolan_ledger::{Day, TariffCode};
use rustc_hash::FxHashMap;

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

    fn push(&mut self, (code, origin): (u32, u32), (from, until): (Day, Day), (treatment, text): Borne) {
        self.code.push(code);
        self.origin.push(origin);
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
}

/// What a row says is borne, and the text of the ordinary rate.
type Borne = (TreatmentIx, u32);

/// The text of no rate: for a side without a schedule.
pub const NO_TEXT: u32 = u32::MAX;

/// Expands codes; one a thread.
#[derive(Debug)]
pub struct Expander<'l> {
    /// What classes bear.
    pub histories: Histories<'l>,
    days: (Day, Day),
    origins: Vec<OriginIx>,
    daily: bool,
    kept: FxHashMap<(ProductIx, OriginIx), Box<[Stretch]>>,
}

impl<'l> Expander<'l> {
    /// For countries, by their classes.
    pub fn new(histories: Histories<'l>, origins: Vec<OriginIx>, days: (Day, Day), daily: bool) -> Self {
        Self { histories, days, origins, daily, kept: FxHashMap::default() }
    }

    /// The rows of some codes, which begin with the place of the first; `rows` is cleared.
    ///
    /// # Errors
    /// The law has no answer for a code.
    pub fn rows(&mut self, codes: &[TariffCode], first: usize, rows: &mut Rows) -> Result<(), (TariffCode, Fault)> {
        rows.clear();
        // Codes beside one another are often alike, those far apart seldom: memory stays bounded.
        self.kept.clear();
        for (at, &code) in codes.iter().enumerate() {
            let place = u32::try_from(first + at).unwrap_or(u32::MAX);
            self.code(code, place, rows).map_err(|fault| (code, fault))?;
        }
        Ok(())
    }

    fn code(&mut self, code: TariffCode, place: u32, rows: &mut Rows) -> Result<(), Fault> {
        let daily = self.daily;
        let spans = self.histories.products(code, self.days)?;
        for (country, origin) in (0..).zip(self.origins.clone()) {
            // A stretch goes on where the product only changes its class.
            let mut open: Option<(Day, Day, Borne)> = None;
            for span in &spans {
                self.keep(span.product, origin)?;
                for (from, until, treatment) in days_of(&self.kept[&(span.product, origin)], span.until) {
                    let borne = (treatment, text(&self.histories, span, treatment));
                    match &mut open {
                        Some((_, end, last)) if *end == from && *last == borne => *end = until,
                        _ => {
                            if let Some((from, until, last)) = open.replace((from, until, borne)) {
                                push(rows, (place, country), (from, until), last, daily);
                            }
                        }
                    }
                }
            }
            if let Some((from, until, last)) = open {
                push(rows, (place, country), (from, until), last, daily);
            }
        }
        Ok(())
    }

    /// Sees to it that what a product bears from a class of origins is at hand.
    fn keep(&mut self, product: ProductIx, origin: OriginIx) -> Result<(), Fault> {
        if !self.kept.contains_key(&(product, origin)) {
            let mut found = Vec::new();
            self.histories.history(product, origin, FactsIx(0), &mut found)?;
            self.kept.insert((product, origin), found.into());
        }
        Ok(())
    }
}

/// The text of the ordinary rate that applies.
fn text(histories: &Histories<'_>, span: &ProductSpan, treatment: TreatmentIx) -> u32 {
    let applies = |(general, column_2)| if histories.treatment(treatment).column_2 { column_2 } else { general };
    span.texts.map(applies).and_then(|text: usize| u32::try_from(text).ok()).unwrap_or(NO_TEXT)
}

/// Stretches with both of their ends.
pub fn days_of(stretches: &[Stretch], until: Day) -> impl Iterator<Item = (Day, Day, TreatmentIx)> + '_ {
    stretches.iter().enumerate().map(move |(at, stretch)| {
        let end = stretches.get(at + 1).map_or(until, |next| next.from);
        (stretch.from, end, stretch.treatment)
    })
}

fn push(rows: &mut Rows, place: (u32, u32), (from, until): (Day, Day), borne: Borne, daily: bool) {
    if daily {
        for day in from.0..until.0 {
            rows.push(place, (Day(day), Day(day + 1)), borne);
        }
    } else {
        rows.push(place, (from, until), borne);
    }
}
