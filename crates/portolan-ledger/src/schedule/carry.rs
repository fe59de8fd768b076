//! Carrying codes of an older nomenclature, as the product lists of 2018 to January 2022 use them, to later codes.

use std::collections::BTreeSet;

use super::blob::Section;
use super::lookup::{Schedule, Successor};
use super::text::ConcordanceSource;
use crate::code::TariffCode;

/// How many steps of succession are followed: a number may be cut up again, and the concordance may hold a circle.
const STEPS: usize = 8;

/// What a code of an older nomenclature is today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The editions know the code, or codes below it.
    Same,
    /// Other codes took over.
    Into {
        /// The codes, sorted: they may cover less or more than the old one did, see the basis.
        codes: Vec<TariffCode>,
        /// What this rests on, the weakest step of it.
        basis: Basis,
    },
    /// The concordance does not say.
    Cannot,
}

/// What a succession rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The change records of the editions: official.
    ChangeRecord,
    /// Likeness of the descriptions: a hint.
    Likeness,
    /// The correspondence of six-digit codes of 2017 and 2022: coarse, a hint.
    Hs6,
}

impl Basis {
    fn of(source: ConcordanceSource) -> Self {
        match source {
            ConcordanceSource::ChangeRecord => Self::ChangeRecord,
            ConcordanceSource::Likeness => Self::Likeness,
            ConcordanceSource::Hs6 => Self::Hs6,
        }
    }
}

impl Schedule {
    /// Carries a code of a product list, of any length, to codes of the editions.
    ///
    /// A code that any edition prints is the same code. Else the concordance is followed, from code to code until the last
    /// edition prints the code reached; for a code shorter than eight digits that has vanished, from everything below it.
    /// What it does not know is carried by its six digits, the coarsest of hints.
    pub fn carry(&self, list_code: TariffCode) -> Carried {
        let known = if list_code.digits() == 10 {
            self.knows_line(list_code)
        } else {
            self.rate_range(list_code).any(|index| !self.is_layer_2017(index))
        };
        if known {
            return Carried::Same;
        }
        let mut open = self.successors_below(list_code);
        let mut codes = BTreeSet::new();
        let mut basis = Basis::ChangeRecord;
        for _ in 0..STEPS {
            let mut next = Vec::new();
            for successor in open {
                basis = basis.max(Basis::of(successor.source));
                if self.is_current(successor.code) {
                    codes.insert(successor.code);
                } else {
                    next.extend(self.successors(successor.code));
                }
            }
            open = next;
        }
        if codes.is_empty() {
            let six = list_code.prefix(6);
            return match self.carry_shorter(list_code, six) {
                Some(codes) => Carried::Into { codes, basis: Basis::Hs6 },
                None => Carried::Cannot,
            };
        }
        Carried::Into { codes: codes.into_iter().collect(), basis }
    }

    /// The six digits of a longer code, where they still stand.
    fn carry_shorter(&self, list_code: TariffCode, six: TariffCode) -> Option<Vec<TariffCode>> {
        if list_code.digits() <= 6 {
            return None;
        }
        match self.carry(six) {
            Carried::Same => Some(vec![six]),
            Carried::Into { codes, .. } => Some(codes),
            Carried::Cannot => None,
        }
    }

    /// What took over from a code; where the concordance has no row of its own for it, from the codes below it.
    fn successors_below(&self, code: TariffCode) -> Vec<Successor> {
        let own = self.successors(code);
        if !own.is_empty() {
            return own;
        }
        let start = self.blob.partition(Section::Concordance, |row| row.u64(0) < code.padded());
        let end = self.blob.partition(Section::Concordance, |row| row.u64(0) < code.end());
        (start..end).map(|index| self.successor(index)).collect()
    }
}
