//! Which facts of a line conditions read.

use std::ops::{BitOr, BitOrAssign};

use portolan_ledger::line::EntryLine;
use portolan_ledger::record::{Condition, Share};
use portolan_ledger::timeline::Test;

/// Facts of a line, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct FactsRead(u16);

impl FactsRead {
    /// `loading_date`.
    pub const LOADED: Self = Self(1);
    /// `export_date`.
    pub const EXPORTED: Self = Self(1 << 1);
    /// The entry date.
    pub const ENTERED: Self = Self(1 << 2);
    /// `import_date`.
    pub const IMPORTED: Self = Self(1 << 3);
    /// `mode_of_transport`.
    pub const MODE: Self = Self(1 << 4);
    /// `entry_type`.
    pub const ENTRY_TYPE: Self = Self(1 << 5);
    /// `spi`.
    pub const SPI: Self = Self(1 << 6);
    /// Shares of the value.
    pub const CONTENTS: Self = Self(1 << 7);
    /// `metal_weight_pct`.
    pub const METAL_WEIGHT: Self = Self(1 << 8);
    /// `us_metal_pct`.
    pub const US_METAL: Self = Self(1 << 9);
    /// `melt_country`, `melt_pct`.
    pub const MELTED: Self = Self(1 << 10);
    /// `smelt_countries`, `cast_country`.
    pub const SMELTED: Self = Self(1 << 11);
    /// `country_of_export`.
    pub const EXPORT_COUNTRY: Self = Self(1 << 12);
    /// `ch98_number`.
    pub const CHAPTER_98: Self = Self(1 << 13);
    const NONE: Self = Self(0);

    /// Those that tests read; none for values, ordinary rates, columns and claims.
    pub fn of_all(tests: &[Test<'_>]) -> Self {
        let conditions = tests.iter().map(|test| match test {
            Test::Fact(condition) => Self::of(condition),
            Test::Provisions(..) => Self::NONE,
        });
        conditions.fold(Self::NONE, Self::bitor)
    }

    /// Those that a condition reads.
    pub fn of(condition: &Condition) -> Self {
        match condition {
            Condition::Loaded(_) => Self::LOADED,
            Condition::Exported(_) => Self::EXPORTED,
            Condition::Entered(_) => Self::ENTERED,
            // The entry date where it is not stated.
            Condition::Imported(_) => Self::IMPORTED | Self::ENTERED,
            Condition::Mode(_) => Self::MODE,
            Condition::EntryType(_) => Self::ENTRY_TYPE,
            Condition::Spi(_) => Self::SPI,
            Condition::Share { of: Share::Metal(_) | Share::UsContent, .. } => Self::CONTENTS,
            Condition::Share { of: Share::MetalWeight, .. } => Self::METAL_WEIGHT,
            Condition::Share { of: Share::UsMetal, .. } => Self::US_METAL,
            Condition::Melted { .. } => Self::MELTED,
            Condition::Smelted { .. } => Self::SMELTED,
            Condition::ExportedFrom(_) => Self::EXPORT_COUNTRY,
            Condition::Chapter98(_) => Self::CHAPTER_98,
            Condition::ValueAtMost(_)
            | Condition::UnitPrice { .. }
            | Condition::Column(_)
            | Condition::Claim { .. }
            | Condition::Base { .. }
            | Condition::Provisions { .. } => Self::NONE,
        }
    }

    /// Those that a line states of the facts that are no assertions; the entry date left aside.
    pub fn stated(line: &EntryLine) -> Self {
        let metals = [line.steel_pct, line.aluminum_pct, line.copper_pct];
        let stated = [
            (line.import_date.is_some(), Self::IMPORTED),
            (metals.iter().any(Option::is_some), Self::CONTENTS),
            (line.metal_weight_pct.is_some(), Self::METAL_WEIGHT),
            (line.melt_pct.is_some(), Self::MELTED),
            (!line.smelt_countries.is_empty() || line.cast_country.is_some(), Self::SMELTED),
            (line.export_country.is_some(), Self::EXPORT_COUNTRY),
        ];
        stated.into_iter().filter(|(stated, _)| *stated).fold(Self::NONE, |all, (_, fact)| all | fact)
    }

    /// Whether any of these are among them.
    pub fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }
}

impl BitOr for FactsRead {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for FactsRead {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}
