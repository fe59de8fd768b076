//! What all pairs of classes bear: worked out on all threads and held, so that rows are only copied from it.
//!
//! Stretches of pairs are few beside the rows that are made of them. What the threads needed to find them is much more, and
//! is dropped before the first row is written.

use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use portolan_engine::Law;
use portolan_engine::history::{Stretch, Treatment, TreatmentIx};
use portolan_ledger::Day;
use rustc_hash::FxHashMap;

use super::classes::{Classes, PRODUCTS};
use super::columns::{Borne, RateTexts};
use super::expand::NO_TEXT;
use super::file;
use super::turns::{Dealt, in_order};
use super::{Error, Options};

/// Days on which a code is valid and belongs to one class of products.
pub struct Span {
    /// The first day, and the first day no longer.
    pub days: (Day, Day),
    /// The place of the class among all.
    class: usize,
    /// Texts of column 1-general and column 2, by their numbers.
    pub texts: (u32, u32),
}

/// What codes and countries bear, by their classes.
pub struct Pairs {
    /// What treatments say.
    pub borne: Borne,
    /// Texts of ordinary rates.
    pub texts: RateTexts,
    /// By country: the place of its class among the classes of origins.
    pub origins: Vec<usize>,
    /// How many classes of origins there are.
    pub origin_classes: usize,
    /// By code: which spans are its own.
    codes: Vec<Range<usize>>,
    spans: Vec<Span>,
    /// By class of products, and in it by class of origins: where the stretches of the pair end.
    ends: Vec<usize>,
    stretches: Vec<Stretch>,
}

impl Pairs {
    /// Works out all pairs; `output` is named where that fails.
    pub fn find(law: &Law<'_>, options: &Options, output: &Path) -> Result<Self, Error> {
        let classes = Classes::find(law, options)?;
        let known = Mutex::new(Known { of: FxHashMap::default(), borne: file::borne(law, options) });
        let (mut ends, mut stretches) = (Vec::new(), Vec::new());
        in_order(
            (options.threads, classes.products.len().div_ceil(PRODUCTS), Dealt::FromEnds),
            &|| Classes::find(law, options).map(|classes| Finder { classes, numbers: Vec::new() }),
            &|own, group| match own {
                Ok(own) => own.group(group * PRODUCTS, &known),
                Err(error) => Err(error.again(output)),
            },
            &mut |part: Part| {
                let before = stretches.len();
                ends.extend(part.ends.iter().map(|end| before + end));
                stretches.extend(part.stretches);
                Ok(())
            },
        )?;
        let borne = known.into_inner().unwrap_or_else(PoisonError::into_inner).borne;
        Ok(Self::of(&classes, borne, ends, stretches))
    }

    fn of(classes: &Classes<'_>, borne: Borne, ends: Vec<usize>, stretches: Vec<Stretch>) -> Self {
        let number = |text: usize| u32::try_from(text).unwrap_or(NO_TEXT);
        let (mut codes, mut spans) = (Vec::new(), Vec::new());
        for own in classes.by_code() {
            let first = spans.len();
            spans.extend(own.iter().map(|(_, span)| Span {
                days: (span.from, span.until),
                class: classes.products.partition_point(|(class, _)| *class < span.class),
                texts: span.texts.map_or((NO_TEXT, NO_TEXT), |(general, column_2)| (number(general), number(column_2))),
            }));
            codes.push(first..spans.len());
        }
        let of_origins = classes.origin_classes();
        Self {
            borne,
            texts: RateTexts::new(&classes.histories, spans.iter().flat_map(|span| [span.texts.0, span.texts.1])),
            origins: classes.origins.iter().map(|own| of_origins.partition_point(|class| class < own)).collect(),
            origin_classes: of_origins.len(),
            codes,
            spans,
            ends,
            stretches,
        }
    }

    /// The spans of a code, by its place among all.
    pub fn spans(&self, code: usize) -> &[Span] {
        self.codes.get(code).and_then(|own| self.spans.get(own.clone())).unwrap_or_default()
    }

    /// What the class of a span bears from a class of origins, on whatever days.
    pub fn stretches(&self, span: &Span, origin: usize) -> &[Stretch] {
        let pair = span.class * self.origin_classes + origin;
        let first = pair.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.stretches[first..self.ends[pair]]
    }
}

/// Treatments that any thread has met.
struct Known {
    of: FxHashMap<Treatment, TreatmentIx>,
    borne: Borne,
}

impl Known {
    fn number(&mut self, treatment: &Treatment) -> TreatmentIx {
        if let Some(&known) = self.of.get(treatment) {
            return known;
        }
        let next = TreatmentIx(u32::try_from(self.of.len()).unwrap_or(u32::MAX));
        self.of.insert(treatment.clone(), next);
        self.borne.add(treatment);
        next
    }
}

/// What one thread works with.
struct Finder<'l> {
    classes: Classes<'l>,
    /// Numbers of its treatments among those that any thread has met.
    numbers: Vec<TreatmentIx>,
}

/// Stretches of some pairs, one pair behind the other, and where those of each end.
#[derive(Default)]
struct Part {
    ends: Vec<usize>,
    stretches: Vec<Stretch>,
}

impl Finder<'_> {
    fn group(&mut self, first: usize, known: &Mutex<Known>) -> Result<Part, Error> {
        let mut part = Part::default();
        let found = self.classes.each(first, &mut |_, _, stretches| {
            part.stretches.extend_from_slice(stretches);
            part.ends.push(part.stretches.len());
        });
        found.map_err(|(code, fault)| Error::Law(code, fault))?;
        let histories = &self.classes.histories;
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        for index in self.numbers.len()..histories.treatments() {
            let index = TreatmentIx(u32::try_from(index).unwrap_or(u32::MAX));
            self.numbers.push(known.number(histories.treatment(index)));
        }
        for stretch in &mut part.stretches {
            stretch.treatment = self.numbers[stretch.treatment.0 as usize];
        }
        Ok(part)
    }
}
