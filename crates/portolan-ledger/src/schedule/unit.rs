//! Units of quantity: what the schedule prints, what customs files write, and the exact conversions between them.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use super::fraction::Fraction;

/// What is counted or measured, without what it is a measure *of*.
///
/// Two measures convert into one another only where the law's own definition makes the factor exact. A pair is not two
/// pieces, a barrel is not a volume at any temperature, and a square metre equivalent is no area: each stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// One article.
    Number,
    /// 12 articles.
    Dozen,
    /// 100 articles.
    Hundred,
    /// 144 articles.
    Gross,
    /// 1000 articles.
    Thousand,
    /// A pair.
    Pair,
    /// 12 pairs.
    DozenPairs,
    /// A jewel of a watch movement.
    Jewel,
    /// A gross of buttons for each line of their size (a line is 1/40 inch).
    LineGross,
    /// A pack (of playing cards).
    Pack,
    /// A dose of a vaccine.
    Dose,
    /// A square of roofing, 100 square feet as laid.
    RoofingSquare,
    /// A gram.
    Gram,
    /// A kilogram.
    Kilogram,
    /// A metric ton.
    Tonne,
    /// A carat, 0.2 gram.
    Carat,
    /// A pound, 0.45359237 kilogram.
    Pound,
    /// A liter.
    Liter,
    /// A liter of proof spirit (50 percent alcohol by volume).
    ProofLiter,
    /// A barrel of 42 gallons at 60 degrees Fahrenheit.
    Barrel,
    /// A cubic meter.
    CubicMeter,
    /// 1000 cubic meters.
    ThousandCubicMeters,
    /// A square centimeter.
    SquareCentimeter,
    /// A square meter.
    SquareMeter,
    /// A square meter equivalent, of the textile categories.
    SquareMeterEquivalent,
    /// A meter.
    Meter,
    /// 1000 meters.
    ThousandMeters,
    /// A meter of optical fiber in a cable.
    FiberMeter,
    /// A kilowatt hour.
    KilowattHour,
    /// A megawatt hour.
    MegawattHour,
    /// A watt of generating power.
    Watt,
    /// A gigabecquerel.
    Gigabecquerel,
    /// A degree of the polariscope (sugar).
    SugarDegree,
    /// No quantity is asked for.
    NotRequired,
}

/// What a measure is taken of, where it is not the article as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Of {
    /// The article itself.
    Article,
    /// A content that the file does not name (Census codes CKG, CGM, CTN): it stands for the line's own content.
    Content,
    /// Silver.
    Silver,
    /// Gold.
    Gold,
    /// Cobalt.
    Cobalt,
    /// Chromium.
    Chromium,
    /// Chromic oxide.
    ChromicOxide,
    /// Copper.
    Copper,
    /// Iridium.
    Iridium,
    /// Magnesium.
    Magnesium,
    /// Manganese.
    Manganese,
    /// Molybdenum.
    Molybdenum,
    /// Ammonia.
    Ammonia,
    /// Sodium hydroxide.
    SodiumHydroxide,
    /// Nickel.
    Nickel,
    /// Osmium.
    Osmium,
    /// Lead.
    Lead,
    /// Palladium.
    Palladium,
    /// Platinum.
    Platinum,
    /// Rhodium.
    Rhodium,
    /// Ruthenium.
    Ruthenium,
    /// Antimony.
    Antimony,
    /// Silicon.
    Silicon,
    /// Tin.
    Tin,
    /// Vanadium.
    Vanadium,
    /// Vanadium pentoxide.
    VanadiumPentoxide,
    /// Tungsten.
    Tungsten,
    /// Zinc.
    Zinc,
    /// Solids of cow's milk.
    CowsMilkSolids,
    /// Milk solids.
    MilkSolids,
    /// Anhydrous morphine.
    AnhydrousMorphine,
    /// Total sugars.
    TotalSugars,
    /// The clean yield of wool.
    CleanYield,
    /// Dry weight.
    DryWeight,
    /// Air-dry weight.
    AirDryWeight,
    /// Ozone depletion equivalent.
    OzoneDepletion,
    /// Drained weight.
    DrainedWeight,
    /// The entire contents of the container.
    EntireContents,
    /// The contents and the container.
    ContentsAndContainer,
    /// The article, with the weight of its container.
    IncludingContainer,
    /// The recording surface.
    RecordingSurface,
    /// The immediate containers.
    ImmediateContainers,
    /// The ethyl alcohol in it.
    EthylAlcohol,
    /// What is beyond seven.
    OverSeven,
}

impl Of {
    /// Whether a bare quantity of the same measure states it.
    ///
    /// For these the schedule prints a plain unit (`kg`, `m2`, `gross`, `pf.liters`), so what a filer states in it is the
    /// dutiable quantity; where the schedule prints a unit of its own (`Pb kg`, `cy kg`), the bare one is another fact.
    fn stated_bare(self) -> bool {
        matches!(
            self,
            Self::Article
                | Self::DrainedWeight
                | Self::EntireContents
                | Self::ContentsAndContainer
                | Self::IncludingContainer
                | Self::RecordingSurface
                | Self::ImmediateContainers
                | Self::EthylAlcohol
        )
    }

    /// Whether it is a content, as Census codes CKG, CGM and CTN report it without its name.
    fn is_content(self) -> bool {
        self >= Self::Content && self <= Self::TotalSugars
    }
}

/// A unit of quantity: a measure, and what it is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unit {
    /// What is counted or measured.
    pub measure: Measure,
    /// What it is a measure of.
    pub of: Of,
}

/// A text that is no unit of quantity known here; holds the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownUnit(pub String);

impl fmt::Display for UnknownUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a unit of quantity", self.0)
    }
}

impl std::error::Error for UnknownUnit {}

impl Unit {
    /// A measure of the article itself.
    pub const fn of_article(measure: Measure) -> Self {
        Self { measure, of: Of::Article }
    }

    /// Reads a unit as the schedule prints it (`No.`, `doz. prs.`, `Pb kg`), as ACE and Census code it (`NO`, `DPR`,
    /// `CKG`), or in plain words (`liters`, `kilograms`). Case, dots, markup and surplus spaces are ignored.
    pub fn parse(text: &str) -> Result<Self, UnknownUnit> {
        static BY_KEY: LazyLock<HashMap<String, Unit>> = LazyLock::new(|| {
            let mut units = HashMap::with_capacity(SPELLINGS.len());
            for &(spelling, measure, of) in SPELLINGS {
                units.entry(spelling_key(spelling).collect()).or_insert(Unit { measure, of });
            }
            units
        });
        let key: String = spelling_key(text).collect();
        BY_KEY.get(&key).copied().ok_or_else(|| UnknownUnit(text.trim().to_owned()))
    }

    /// How many of `wanted` one of this unit is, where that is exact and the two are the same fact.
    pub fn in_units_of(self, wanted: Self) -> Option<Fraction> {
        let same_fact = self.of == wanted.of
            || (self.of == Of::Article && wanted.of.stated_bare())
            || (self.of == Of::Content && wanted.of.is_content());
        if !same_fact {
            return None;
        }
        if self.measure == wanted.measure {
            return Some(Fraction::ONE);
        }
        let (mine, theirs) = (scale(self.measure)?, scale(wanted.measure)?);
        if mine.0 != theirs.0 {
            return None;
        }
        Fraction::new(mine.1.checked_mul(theirs.2)?, mine.2.checked_mul(theirs.1)?)
    }
}

/// Prints as the schedule does: `No.`, `doz. prs.`, `Pb kg`.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SPELLINGS.iter().find(|entry| entry.1 == self.measure && entry.2 == self.of) {
            Some((text, ..)) => f.write_str(text),
            None => write!(f, "{:?} ({:?})", self.measure, self.of),
        }
    }
}

/// The letters and digits of a spelling in lower case, words parted by one space; markup and dots left out.
fn spelling_key(text: &str) -> impl Iterator<Item = char> + '_ {
    let (mut in_tag, mut started, mut gap) = (false, false, false);
    text.chars().flat_map(move |c| {
        let kept = match c {
            '<' => {
                in_tag = true;
                None
            }
            '>' if in_tag => {
                in_tag = false;
                None
            }
            _ if in_tag => None,
            '²' => Some('2'),
            '³' => Some('3'),
            '.' => None,
            _ if c.is_whitespace() || c == '_' || c == '-' => {
                gap = started;
                None
            }
            _ => Some(c.to_ascii_lowercase()),
        };
        // A gap counts where something follows it.
        let space = (gap && kept.is_some()).then_some(' ');
        if kept.is_some() {
            (started, gap) = (true, false);
        }
        space.into_iter().chain(kept)
    })
}

/// The kinds of quantity within which measures convert.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Count,
    Pairs,
    Mass,
    Volume,
    Area,
    Length,
    Energy,
}

/// The dimension of a measure and its size in the dimension's base, as a fraction; none where a measure stands alone.
fn scale(measure: Measure) -> Option<(Dimension, i128, i128)> {
    use Dimension::{Area, Count, Energy, Length, Mass, Pairs, Volume};
    Some(match measure {
        Measure::Number => (Count, 1, 1),
        Measure::Dozen => (Count, 12, 1),
        Measure::Hundred => (Count, 100, 1),
        Measure::Gross => (Count, 144, 1),
        Measure::Thousand => (Count, 1000, 1),
        Measure::Pair => (Pairs, 1, 1),
        Measure::DozenPairs => (Pairs, 12, 1),
        Measure::Gram => (Mass, 1, 1),
        Measure::Kilogram => (Mass, 1000, 1),
        Measure::Tonne => (Mass, 1_000_000, 1),
        Measure::Carat => (Mass, 1, 5),
        Measure::Pound => (Mass, 45_359_237, 100_000),
        Measure::Liter => (Volume, 1, 1),
        Measure::CubicMeter => (Volume, 1000, 1),
        Measure::ThousandCubicMeters => (Volume, 1_000_000, 1),
        Measure::SquareCentimeter => (Area, 1, 1),
        Measure::SquareMeter => (Area, 10_000, 1),
        Measure::Meter => (Length, 1, 1),
        Measure::ThousandMeters => (Length, 1000, 1),
        Measure::KilowattHour => (Energy, 1, 1),
        Measure::MegawattHour => (Energy, 1000, 1),
        _ => return None,
    })
}

/// Spellings of each unit; the first of a unit is the one it is printed with.
const SPELLINGS: &[(&str, Measure, Of)] = &[
    ("No.", Measure::Number, Of::Article),
    ("number", Measure::Number, Of::Article),
    ("each", Measure::Number, Of::Article),
    ("ea", Measure::Number, Of::Article),
    ("pcs", Measure::Number, Of::Article),
    ("pieces", Measure::Number, Of::Article),
    ("pc", Measure::Number, Of::Article),
    ("head", Measure::Number, Of::Article),
    ("articles", Measure::Number, Of::Article),
    ("units", Measure::Number, Of::Article),
    ("doz.", Measure::Dozen, Of::Article),
    ("dz", Measure::Dozen, Of::Article),
    ("dozen", Measure::Dozen, Of::Article),
    ("dozens", Measure::Dozen, Of::Article),
    ("dz pcs", Measure::Dozen, Of::Article),
    ("doz. pcs.", Measure::Dozen, Of::Article),
    ("dpc", Measure::Dozen, Of::Article),
    ("hundreds", Measure::Hundred, Of::Article),
    ("hundred", Measure::Hundred, Of::Article),
    ("hun", Measure::Hundred, Of::Article),
    ("gross", Measure::Gross, Of::Article),
    ("grs", Measure::Gross, Of::Article),
    ("gross of immediate containers", Measure::Gross, Of::ImmediateContainers),
    ("thousands", Measure::Thousand, Of::Article),
    ("thousand", Measure::Thousand, Of::Article),
    ("ths", Measure::Thousand, Of::Article),
    ("1000", Measure::Thousand, Of::Article),
    ("prs.", Measure::Pair, Of::Article),
    ("pr", Measure::Pair, Of::Article),
    ("pair", Measure::Pair, Of::Article),
    ("pairs", Measure::Pair, Of::Article),
    ("doz. prs.", Measure::DozenPairs, Of::Article),
    ("dpr", Measure::DozenPairs, Of::Article),
    ("dozen pairs", Measure::DozenPairs, Of::Article),
    ("Jwls.", Measure::Jewel, Of::Article),
    ("jwl", Measure::Jewel, Of::Article),
    ("jewels", Measure::Jewel, Of::Article),
    ("jewel", Measure::Jewel, Of::Article),
    ("jewels over 7", Measure::Jewel, Of::OverSeven),
    ("gr.lines", Measure::LineGross, Of::Article),
    ("grl", Measure::LineGross, Of::Article),
    ("gross lines", Measure::LineGross, Of::Article),
    ("pack", Measure::Pack, Of::Article),
    ("packs", Measure::Pack, Of::Article),
    ("pk", Measure::Pack, Of::Article),
    ("doses", Measure::Dose, Of::Article),
    ("dose", Measure::Dose, Of::Article),
    ("ds", Measure::Dose, Of::Article),
    ("square", Measure::RoofingSquare, Of::Article),
    ("squares", Measure::RoofingSquare, Of::Article),
    ("sq", Measure::RoofingSquare, Of::Article),
    ("g", Measure::Gram, Of::Article),
    ("gm", Measure::Gram, Of::Article),
    ("gram", Measure::Gram, Of::Article),
    ("grams", Measure::Gram, Of::Article),
    ("kg", Measure::Kilogram, Of::Article),
    ("kgs", Measure::Kilogram, Of::Article),
    ("kilo", Measure::Kilogram, Of::Article),
    ("kilos", Measure::Kilogram, Of::Article),
    ("kilogram", Measure::Kilogram, Of::Article),
    ("kilograms", Measure::Kilogram, Of::Article),
    ("t", Measure::Tonne, Of::Article),
    ("mt", Measure::Tonne, Of::Article),
    ("tonne", Measure::Tonne, Of::Article),
    ("tonnes", Measure::Tonne, Of::Article),
    ("metric ton", Measure::Tonne, Of::Article),
    ("metric tons", Measure::Tonne, Of::Article),
    ("carat", Measure::Carat, Of::Article),
    ("carats", Measure::Carat, Of::Article),
    ("car", Measure::Carat, Of::Article),
    ("lb", Measure::Pound, Of::Article),
    ("lbs", Measure::Pound, Of::Article),
    ("pound", Measure::Pound, Of::Article),
    ("pounds", Measure::Pound, Of::Article),
    ("liters", Measure::Liter, Of::Article),
    ("l", Measure::Liter, Of::Article),
    ("ltr", Measure::Liter, Of::Article),
    ("liter", Measure::Liter, Of::Article),
    ("litre", Measure::Liter, Of::Article),
    ("litres", Measure::Liter, Of::Article),
    ("pf.liters", Measure::ProofLiter, Of::Article),
    ("pf. liters", Measure::ProofLiter, Of::Article),
    ("pfliter", Measure::ProofLiter, Of::Article),
    ("pf. liter", Measure::ProofLiter, Of::Article),
    ("pfl", Measure::ProofLiter, Of::Article),
    ("proof liter", Measure::ProofLiter, Of::Article),
    ("proof liters", Measure::ProofLiter, Of::Article),
    ("pf.liters on ethyl alcohol content", Measure::ProofLiter, Of::EthylAlcohol),
    ("bbl", Measure::Barrel, Of::Article),
    ("bbls", Measure::Barrel, Of::Article),
    ("barrel", Measure::Barrel, Of::Article),
    ("barrels", Measure::Barrel, Of::Article),
    ("m3", Measure::CubicMeter, Of::Article),
    ("cubic meter", Measure::CubicMeter, Of::Article),
    ("cubic meters", Measure::CubicMeter, Of::Article),
    ("cbm", Measure::CubicMeter, Of::Article),
    ("thousand m3", Measure::ThousandCubicMeters, Of::Article),
    ("km3", Measure::ThousandCubicMeters, Of::Article),
    ("cm2", Measure::SquareCentimeter, Of::Article),
    ("square centimeters", Measure::SquareCentimeter, Of::Article),
    ("m2", Measure::SquareMeter, Of::Article),
    ("sqm", Measure::SquareMeter, Of::Article),
    ("square meter", Measure::SquareMeter, Of::Article),
    ("square meters", Measure::SquareMeter, Of::Article),
    ("m2 of recording surface", Measure::SquareMeter, Of::RecordingSurface),
    ("SME", Measure::SquareMeterEquivalent, Of::Article),
    ("square meters equivalent", Measure::SquareMeterEquivalent, Of::Article),
    ("m", Measure::Meter, Of::Article),
    ("meter", Measure::Meter, Of::Article),
    ("meters", Measure::Meter, Of::Article),
    ("lin. m", Measure::Meter, Of::Article),
    ("lnm", Measure::Meter, Of::Article),
    ("linear meters", Measure::Meter, Of::Article),
    ("thousand m", Measure::ThousandMeters, Of::Article),
    ("km", Measure::ThousandMeters, Of::Article),
    ("Fiber m", Measure::FiberMeter, Of::Article),
    ("fbm", Measure::FiberMeter, Of::Article),
    ("kWh", Measure::KilowattHour, Of::Article),
    ("MWh", Measure::MegawattHour, Of::Article),
    ("W", Measure::Watt, Of::Article),
    ("watts", Measure::Watt, Of::Article),
    ("GBq", Measure::Gigabecquerel, Of::Article),
    ("degrees", Measure::SugarDegree, Of::Article),
    ("degree", Measure::SugarDegree, Of::Article),
    ("polarization", Measure::SugarDegree, Of::Article),
    ("sugar degrees", Measure::SugarDegree, Of::Article),
    ("X", Measure::NotRequired, Of::Article),
    ("NA", Measure::NotRequired, Of::Article),
    ("Ag g", Measure::Gram, Of::Silver),
    ("Au g", Measure::Gram, Of::Gold),
    ("Ir g", Measure::Gram, Of::Iridium),
    ("Os g", Measure::Gram, Of::Osmium),
    ("Pd g", Measure::Gram, Of::Palladium),
    ("Pt g", Measure::Gram, Of::Platinum),
    ("Rh g", Measure::Gram, Of::Rhodium),
    ("Ru g", Measure::Gram, Of::Ruthenium),
    ("Co kg", Measure::Kilogram, Of::Cobalt),
    ("Cr kg", Measure::Kilogram, Of::Chromium),
    ("Cr2O3 t", Measure::Tonne, Of::ChromicOxide),
    ("Cu kg", Measure::Kilogram, Of::Copper),
    ("Mg kg", Measure::Kilogram, Of::Magnesium),
    ("Mn kg", Measure::Kilogram, Of::Manganese),
    ("Mo kg", Measure::Kilogram, Of::Molybdenum),
    ("NH3 t", Measure::Tonne, Of::Ammonia),
    ("NaOH kg", Measure::Kilogram, Of::SodiumHydroxide),
    ("Ni kg", Measure::Kilogram, Of::Nickel),
    ("Pb kg", Measure::Kilogram, Of::Lead),
    ("Sb kg", Measure::Kilogram, Of::Antimony),
    ("Si kg", Measure::Kilogram, Of::Silicon),
    ("Sn t", Measure::Tonne, Of::Tin),
    ("V kg", Measure::Kilogram, Of::Vanadium),
    ("V2O5 kg", Measure::Kilogram, Of::VanadiumPentoxide),
    ("W kg", Measure::Kilogram, Of::Tungsten),
    ("Zn kg", Measure::Kilogram, Of::Zinc),
    ("kg cmsc", Measure::Kilogram, Of::CowsMilkSolids),
    ("kg msc", Measure::Kilogram, Of::MilkSolids),
    ("kg amc", Measure::Kilogram, Of::AnhydrousMorphine),
    ("kg ttl sug", Measure::Kilogram, Of::TotalSugars),
    ("kts", Measure::Kilogram, Of::TotalSugars),
    ("cy kg", Measure::Kilogram, Of::CleanYield),
    ("cyk", Measure::Kilogram, Of::CleanYield),
    ("clean kg", Measure::Kilogram, Of::CleanYield),
    ("t dwb", Measure::Tonne, Of::DryWeight),
    ("t adw", Measure::Tonne, Of::AirDryWeight),
    ("kg ode", Measure::Kilogram, Of::OzoneDepletion),
    ("ode", Measure::Kilogram, Of::OzoneDepletion),
    ("content kg", Measure::Kilogram, Of::Content),
    ("ckg", Measure::Kilogram, Of::Content),
    ("content g", Measure::Gram, Of::Content),
    ("cgm", Measure::Gram, Of::Content),
    ("content t", Measure::Tonne, Of::Content),
    ("ctn", Measure::Tonne, Of::Content),
    ("kg drained weight", Measure::Kilogram, Of::DrainedWeight),
    ("kg entire contents", Measure::Kilogram, Of::EntireContents),
    ("kg contents and container", Measure::Kilogram, Of::ContentsAndContainer),
    ("kg including container", Measure::Kilogram, Of::IncludingContainer),
    ("t including container", Measure::Tonne, Of::IncludingContainer),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Unit {
        Unit::parse(text).unwrap()
    }

    #[test]
    fn many_spellings_are_one_unit() {
        for text in ["No.", "NO", "number", "no", " No. ", "<u>No.</u>", "pcs"] {
            assert_eq!(unit(text), Unit::of_article(Measure::Number), "{text}");
        }
        assert_eq!(unit("m<sup style=\"font-size: 9.75px;\">3</sup>"), unit("m3"));
        assert_eq!(unit("m\u{b2}"), unit("M2"));
        assert_eq!(unit("DZ"), unit("doz."));
        assert_eq!(unit("Pb kg").to_string(), "Pb kg");
        assert!(Unit::parse("furlongs").is_err());
    }

    #[test]
    fn every_spelling_reads_as_its_own_unit() {
        for &(text, measure, of) in SPELLINGS {
            assert_eq!(Unit::parse(text), Ok(Unit { measure, of }), "{text}");
        }
    }

    #[test]
    fn conversions_are_exact_and_bounded() {
        let factor = |from: &str, to: &str| unit(from).in_units_of(unit(to));
        assert_eq!(factor("t", "kg"), Fraction::new(1000, 1));
        assert_eq!(factor("g", "kg"), Fraction::new(1, 1000));
        assert_eq!(factor("doz.", "No."), Fraction::new(12, 1));
        assert_eq!(factor("No.", "gross"), Fraction::new(1, 144));
        assert_eq!(factor("lb", "kg"), Fraction::new(45_359_237, 100_000_000));
        assert_eq!(factor("prs.", "No."), None);
        assert_eq!(factor("bbl", "liters"), None);
        assert_eq!(factor("kg", "Pb kg"), None);
        assert_eq!(factor("CKG", "Pb kg"), Fraction::new(1, 1));
        assert_eq!(factor("CKG", "kg"), None);
        assert_eq!(factor("kg", "kg drained weight"), Fraction::new(1, 1));
    }
}
