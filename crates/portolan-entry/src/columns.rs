//! The columns of an entry line, by the names that people's files give them.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Declares the columns: variant, name, what stands in it, other names, what it means.
macro_rules! columns {
    ($($variant:ident, $name:literal, $kind:literal, [$($alias:literal),*], $about:literal;)*) => {
        /// A column of an entry line.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Column {
            $(#[doc = $about] $variant,)*
        }

        impl Column {
            /// All columns, in the order of the interface's table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What stands in it, in a word or two: `date`, `decimal`.
            pub fn kind(self) -> &'static str {
                match self { $(Self::$variant => $kind,)* }
            }

            /// What it means.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// Other names that it goes by.
            pub fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($alias),*],)* }
            }
        }
    };
}

columns! {
    EntryNumber, "entry_number", "text", ["Entry Summary Number", "Filer Code/Entry No", "Entry No", "Entry"],
        "number of the entry; leading zeros are kept";
    LineNumber, "line_number", "integer", ["Entry Summary Line Number", "Line No", "Line"], "line of the entry";
    TariffOrdinal, "tariff_ordinal", "integer", ["Tariff Ordinal Number"], "which tariff number of the line this row holds";
    EntryType, "entry_type", "code", ["Entry Type Code"], "entry type, two digits; 01 where it is not stated";
    Direction, "direction", "us_import | cn_import", [], "whose schedule and measures; us_import where it is not stated";
    HtsNumber, "hts_number", "code", ["HTS Number - Full", "HTS Number", "HTS", "Code"],
        "8 or 10 digits of the Harmonized Tariff Schedule, dots or none; for cn_import of the Chinese tariff";
    CountryOfOrigin, "country_of_origin", "ISO code", ["Country of Origin Code"], "two letters; HK and MO are their own";
    CountryOfExport, "country_of_export", "ISO code", ["Country of Export Code"], "two letters";
    EntryDate, "entry_date", "date", [], "a day, or a moment with its offset from UTC";
    KnownDate, "known_date", "day", [], "the law as it could be known at the end of that day; today where it is not stated";
    View, "view", "assessed | owed", [], "what was to be paid at entry, or what is owed with everything known";
    LoadingDate, "loading_date", "date", [], "when it was loaded, or was in transit on the final mode";
    ModeOfTransport, "mode_of_transport", "mode", ["Mode of Transportation", "Mode of Transportation Code", "Mode of Transport Code"],
        "vessel, air, rail, truck or mail, or the two-digit code of CBP";
    ImportDate, "import_date", "date", ["Importation Date"], "when it was imported";
    ExportDate, "export_date", "date", ["Exportation Date"], "when it was exported";
    ItDate, "it_date", "date", [], "when an immediate transportation entry was accepted";
    WithdrawalDate, "withdrawal_date", "date", [], "when it was withdrawn from warehouse";
    FtzStatusDate, "ftz_status_date", "date", [], "when privileged foreign status was filed for";
    EnteredValueUsd, "entered_value_usd", "dollars", ["Line Tariff Goods Value Amount", "Entered Value USD"],
        "entered value in dollars; without it the answer is rates only";
    EnteredValue, "entered_value", "money", [], "entered value as stated, for cn_import";
    Currency, "currency", "ISO code", [], "currency of entered_value, three letters";
    Quantity1, "quantity_1", "decimal", ["Quantity", "Line Tariff Quantity (1)"], "a quantity, for specific rates";
    Unit1, "unit_1", "text", ["Unit", "Line Tariff UOM (1) Code"], "its unit";
    Quantity2, "quantity_2", "decimal", ["Line Tariff Quantity (2)"], "a second quantity";
    Unit2, "unit_2", "text", ["Line Tariff UOM (2) Code"], "its unit";
    Quantity3, "quantity_3", "decimal", ["Line Tariff Quantity (3)"], "a third quantity";
    Unit3, "unit_3", "text", ["Line Tariff UOM (3) Code"], "its unit";
    GrossWeightKg, "gross_weight_kg", "kilograms", [], "gross weight";
    MfnPct, "mfn_pct", "percent", [], "the ordinary rate, where the ledger has no schedule for the direction";
    Spi, "spi", "program", ["Special Program Indicator", "SPI Code", "Line SPI Code"], "special program claimed: S, S+, KR, AU, A, ...";
    SteelPct, "steel_pct", "percent", [], "share of the value that is steel content";
    AluminumPct, "aluminum_pct", "percent", ["aluminium_pct"], "share of the value that is aluminum content";
    CopperPct, "copper_pct", "percent", [], "share of the value that is copper content";
    MetalWeightPct, "metal_weight_pct", "percent", [], "steel, aluminum and copper together, share of the weight";
    UsContentPct, "us_content_pct", "percent", [], "US content, share of the value";
    UsMetalPct, "us_metal_pct", "percent", [], "share of the metal melted and poured, or smelted and cast, in the US";
    MeltCountry, "melt_country", "ISO code", [], "where the steel was melted and poured";
    MeltPct, "melt_pct", "percent", [], "what share of it";
    SmeltCountries, "smelt_countries", "ISO codes", [], "where the primary aluminum was smelted, with ; between";
    CastCountry, "cast_country", "ISO code", [], "where the aluminum was last cast";
    Claims, "claims", "claims", ["claim"], "what is claimed or certified, with ; between; no:NAME says that it does not hold";
    FiledHts99, "filed_hts99", "headings", [], "chapter 99 headings as filed, with ; between";
    FiledDuty99, "filed_duty_99", "dollars", [], "the duty filed under each of them, in the same order";
    Ch98Number, "ch98_number", "code", [], "chapter 98 number claimed beside the line";
    ProcessingValueUsd, "processing_value_usd", "dollars", [], "value of the processing abroad";
    FiledDutyTotal, "filed_duty_total", "dollars", ["Line Tariff Duty Amount"], "the duty as filed, ordinary and additional";
    FiledMpf, "filed_mpf", "dollars", [], "merchandise processing fee as filed";
    FiledHmf, "filed_hmf", "dollars", [], "harbor maintenance fee as filed";
    DepositDate, "deposit_date", "day", ["Duty Payment Date", "Collection Date"],
        "when estimated duty was deposited; the entry date stands for it where it is not stated";
    LiquidationDate, "liquidation_date", "day", [], "when the entry was liquidated";
    LiquidationStatus, "liquidation_status", "text", [], "as the port reports it";
    ReconFlag, "recon_flag", "text", ["Reconciliation Indicator"], "whether it is flagged for reconciliation";
    ProtestStatus, "protest_status", "text", [], "whether it was protested";
    DrawbackFlag, "drawback_flag", "text", [], "whether drawback was claimed";
}

/// A header without what does not tell it apart: case, spaces, underscores and other signs.
pub(crate) fn folded(name: &str) -> String {
    folded_letters(name).collect()
}

/// The same, letter by letter.
pub(crate) fn folded_letters(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase())
}

/// All names and aliases, folded.
static NAMES: LazyLock<FxHashMap<String, Column>> = LazyLock::new(|| {
    let names =
        |column: Column| column.aliases().iter().copied().chain([column.name()]).map(move |n| (folded(n), column));
    Column::ALL.iter().flat_map(|column| names(*column)).collect()
});

impl Column {
    /// The columns without which a line has no answer.
    pub const REQUIRED: [Self; 3] = [Self::HtsNumber, Self::CountryOfOrigin, Self::EntryDate];

    /// The column with this name or alias, without regard to case, spaces, underscores and dashes.
    pub fn find(name: &str) -> Option<Self> {
        NAMES.get(&folded(name)).copied()
    }

    /// Its bit in a set of columns.
    pub(crate) const fn bit(self) -> u64 {
        1 << (self as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_are_unambiguous() {
        let mut known = std::collections::BTreeMap::new();
        for &column in Column::ALL {
            for name in column.aliases().iter().chain([&column.name()]) {
                let before = known.insert(folded(name), column);
                assert!(before.is_none_or(|b| b == column), "{name} names two columns");
            }
        }
        assert!(Column::ALL.len() <= 64, "a set of columns is 64 bits");
    }

    #[test]
    fn headers_are_matched_as_people_write_them() {
        assert_eq!(Column::find("HTS Number - Full"), Some(Column::HtsNumber));
        assert_eq!(Column::find("  hts_NUMBER"), Some(Column::HtsNumber));
        assert_eq!(Column::find("code"), Some(Column::HtsNumber));
        assert_eq!(Column::find("Line Tariff Goods Value Amount"), Some(Column::EnteredValueUsd));
        assert_eq!(Column::find("Filer Code/Entry No."), Some(Column::EntryNumber));
        assert_eq!(Column::find("loading-date"), Some(Column::LoadingDate));
        assert_eq!(Column::find("internal id"), None);
        assert_eq!(Column::find(""), None);
        assert_eq!(Column::find("__"), None);
    }
}
