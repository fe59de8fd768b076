//! Rates of duty as the schedule prints them: `Free`, `11%`, `4.4¢/kg + 10%`, the watches, the degrees of sugar.
//!
//! Every text becomes a value. What cannot be computed from the article's own value and quantities is a
//! [`DutyExpression::Refused`] with its reason: it is reported by name, never read as zero.

mod spelling;

use std::fmt;

use crate::number::{Quantity, Rate, UnitPrice, parse_scaled};
use spelling::tidy;

pub use crate::schedule::fraction::Fraction;
pub use crate::schedule::unit::{Measure, Of, Unit};

/// A rate of duty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DutyExpression {
    /// `Free`: no duty.
    Free,
    /// Terms that add up: `4.4¢/kg + 10%`.
    Sum(Vec<Term>),
    /// Raw sugar, by its degrees of polarization.
    Sugar(SugarRate),
    /// `the greater of A or B`: the higher duty of the two stands.
    GreaterOf(Box<(DutyExpression, DutyExpression)>),
    /// A text that states no duty of the article's own.
    Refused(Refusal),
}

/// One term of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// A percentage of the value, or of a part of it.
    AdValorem {
        /// The percentage.
        percent: Percent,
        /// The part whose value bears it; the whole article where none is named.
        part: Option<Part>,
    },
    /// An amount of money for each unit of quantity.
    Specific {
        /// Dollars for one unit, in billionths.
        price: UnitPrice,
        /// What the amount is for.
        per: Per,
    },
}

/// A percentage, held in thirds of a billionth so that `33 1/3%` is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent {
    third_billionths: i64,
}

/// `A/kg less B/kg for each degree under 100 degrees (and fractions of a degree in proportion) but not less than C/kg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SugarRate {
    /// Dollars for a kilogram at 100 degrees, in billionths.
    pub at_100_degrees: UnitPrice,
    /// Dollars off for each degree under 100, in billionths.
    pub less_per_degree: UnitPrice,
    /// The least that is owed for a kilogram, in billionths of a dollar.
    pub floor: UnitPrice,
}

/// A text that states no duty of the article's own: why, and the text itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// Why it cannot be computed.
    pub reason: RefusalReason,
    /// The text as printed, markup and surplus spaces left out.
    pub text: String,
}

/// Why a rate text cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalReason {
    /// Nothing is printed.
    Blank,
    /// `See additional U.S. note 1`: a note of the chapter sets the rate.
    SeeNote,
    /// `See 9822.04.25`: a heading of chapter 98 or 99 sets the rate.
    SeeHeading,
    /// `The rate applicable to ...`: the rate of another article.
    RateOfAnotherArticle,
    /// `... that article in the set subject to the highest rate of duty`.
    HighestRateInSet,
    /// A duty that may not exceed the duty of another article (watch movements not assembled).
    LimitedByAnotherArticle,
    /// `Free, under bond`: free only where the conditions of a bond are kept, which no entry line states.
    FreeUnderBond,
    /// The text fits no form of rate known here.
    Unreadable,
}

impl RefusalReason {
    /// The reason in plain words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blank => "no rate is printed",
            Self::SeeNote => "a note of the schedule sets the rate",
            Self::SeeHeading => "a heading of chapter 98 or 99 sets the rate",
            Self::RateOfAnotherArticle => "the rate is that of another article",
            Self::HighestRateInSet => "the rate is the highest of the articles in the set",
            Self::LimitedByAnotherArticle => "the duty is limited by the duty of another article",
            Self::FreeUnderBond => "the article is free only under bond",
            Self::Unreadable => "the text is no known form of rate",
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a duty needs and the line does not state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A quantity in this unit, or in one that converts exactly.
    Quantity(Unit),
    /// The value of a part of the article.
    PartValue(Part),
    /// The text states no duty of the article's own.
    Refused(RefusalReason),
    /// The numbers are beyond what is computed exactly.
    TooLarge,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity(unit) => write!(f, "a quantity in {unit}"),
            Self::PartValue(part) => write!(f, "the value for the duty {}", part.as_str()),
            Self::Refused(reason) => f.write_str(reason.as_str()),
            Self::TooLarge => f.write_str("the numbers are too large"),
        }
    }
}

impl std::error::Error for Missing {}

/// An exact amount of duty in dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount(pub Fraction);

impl Amount {
    /// Whole cents, half up; none beyond `i128`.
    pub fn cents(self) -> Option<i128> {
        self.0.scaled_half_up(100)
    }

    /// Billionths of a dollar, half up. Round to cents with [`Self::cents`] instead: rounding twice may go wrong.
    pub fn billionths(self) -> Option<i128> {
        self.0.scaled_half_up(1_000_000_000)
    }
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident => $text:literal),+ $(,)?) => {
        /// A part of an article that bears a duty of its own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Part { $($(#[$doc])* $name),+ }

        impl Part {
            const ALL: &[Self] = &[$(Self::$name),+];

            /// The words of the schedule: `on the case`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

parts! {
    /// The case of a watch.
    Case => "on the case",
    /// The strap, band or bracelet of a watch.
    Strap => "on the strap, band or bracelet",
    /// The case and the strap, band or bracelet of a watch.
    CaseAndStrap => "on the case and strap, band or bracelet",
    /// The battery.
    Battery => "on the battery",
    /// The movement of a watch or clock.
    Movement => "on the movement",
    /// The movement and the case of a clock.
    MovementAndCase => "on the movement and case",
    /// The time-recording apparatus.
    Apparatus => "on the apparatus",
    /// The rifle, without its telescopic sight.
    Rifle => "on the value of the rifle",
    /// The telescopic sight of a rifle, where there is one.
    TelescopicSight => "on the value of the telescopic sight, if any",
    /// The lead in an article.
    LeadContent => "on the value of the lead content",
    /// The whole set: its value is the value of the line.
    EntireSet => "on the entire set",
}

macro_rules! pers {
    ($($(#[$doc:meta])* $name:ident => $text:literal, $measure:ident of $of:ident);+ $(;)?) => {
        /// What an amount of specific duty is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Per { $($(#[$doc])* $name),+ }

        impl Per {
            const ALL: &[Self] = &[$(Self::$name),+];

            /// The words of the schedule, as they follow the amount: `/kg`, ` each`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// The unit in which the quantity is needed.
            pub fn unit(self) -> Unit {
                match self { $(Self::$name => Unit { measure: Measure::$measure, of: Of::$of }),+ }
            }
        }
    };
}

pers! {
    /// Each article.
    Each => " each", Number of Article;
    /// An article of several in a set or package.
    Article => "/article", Number of Article;
    /// An animal.
    Head => "/head", Number of Article;
    /// A dozen.
    Dozen => "/doz.", Dozen of Article;
    /// A gross.
    Gross => "/gross", Gross of Article;
    /// A gross of the containers next to the article (matches).
    GrossOfContainers => "/gross of immediate containers", Gross of ImmediateContainers;
    /// A gross for each line of a button's size.
    LineGross => "/line/gross", LineGross of Article;
    /// A thousand.
    Thousand => "/1000", Thousand of Article;
    /// A thousand pins.
    ThousandPins => "/1000 pins", Thousand of Article;
    /// A pair.
    Pair => "/pr.", Pair of Article;
    /// A pack.
    Pack => "/pack", Pack of Article;
    /// A jewel.
    Jewel => "/jewel", Jewel of Article;
    /// A jewel beyond the seventh of each movement.
    JewelOverSeven => "/jewel over 7", Jewel of OverSeven;
    /// A gram.
    Gram => "/g", Gram of Article;
    /// A kilogram.
    Kilogram => "/kg", Kilogram of Article;
    /// A kilogram of drained weight.
    DrainedKilogram => "/kg on drained weight", Kilogram of DrainedWeight;
    /// A kilogram of the entire contents of the container.
    ContentsKilogram => "/kg on entire contents of container", Kilogram of EntireContents;
    /// A kilogram of the contents and the container.
    GrossKilogram => "/kg on contents and container", Kilogram of ContentsAndContainer;
    /// A kilogram, the container with it.
    PackedKilogram => "/kg, including weight of container", Kilogram of IncludingContainer;
    /// A kilogram of total sugars.
    SugarsKilogram => "/kg of total sugars", Kilogram of TotalSugars;
    /// A kilogram of anhydrous morphine.
    MorphineKilogram => "/kg of anhydrous morphine content", Kilogram of AnhydrousMorphine;
    /// A kilogram of clean wool.
    CleanKilogram => "/clean kg", Kilogram of CleanYield;
    /// A kilogram of copper.
    CopperKilogram => "/kg on copper content", Kilogram of Copper;
    /// A kilogram of lead.
    LeadKilogram => "/kg on lead content", Kilogram of Lead;
    /// A kilogram of magnesium.
    MagnesiumKilogram => "/kg on magnesium content", Kilogram of Magnesium;
    /// A kilogram of manganese.
    ManganeseKilogram => "/kg on manganese content", Kilogram of Manganese;
    /// A kilogram of molybdenum.
    MolybdenumKilogram => "/kg on molybdenum content", Kilogram of Molybdenum;
    /// A kilogram of silicon.
    SiliconKilogram => "/kg on silicon content", Kilogram of Silicon;
    /// A kilogram of tungsten.
    TungstenKilogram => "/kg on tungsten content", Kilogram of Tungsten;
    /// A kilogram of zinc.
    ZincKilogram => "/kg on zinc content", Kilogram of Zinc;
    /// A metric ton.
    Tonne => "/t", Tonne of Article;
    /// A metric ton, the container with it.
    PackedTonne => "/t, including weight of container", Tonne of IncludingContainer;
    /// A liter.
    Liter => "/liter", Liter of Article;
    /// A proof liter.
    ProofLiter => "/pf.liter", ProofLiter of Article;
    /// A proof liter of the ethyl alcohol content.
    AlcoholProofLiter => "/pf.liter on ethyl alcohol content", ProofLiter of EthylAlcohol;
    /// A barrel.
    Barrel => "/bbl", Barrel of Article;
    /// A meter.
    Meter => "/m", Meter of Article;
    /// A linear meter.
    LinearMeter => "/lin. m", Meter of Article;
    /// A square meter.
    SquareMeter => "/m2", SquareMeter of Article;
    /// A square meter of recording surface.
    RecordingSquareMeter => "/m2 of recording surface", SquareMeter of RecordingSurface;
    /// A cubic meter.
    CubicMeter => "/m3", CubicMeter of Article;
}

impl Percent {
    /// From an exact rate.
    pub fn from_rate(rate: Rate) -> Option<Self> {
        rate.0.checked_mul(3).map(|third_billionths| Self { third_billionths })
    }

    /// The rate in billionths, where thirds are not needed to say it.
    pub fn rate(self) -> Option<Rate> {
        (self.third_billionths % 3 == 0).then_some(Rate(self.third_billionths / 3))
    }

    /// The share of the value, exact.
    pub fn share(self) -> Fraction {
        Fraction::new(i128::from(self.third_billionths), 3_000_000_000).unwrap_or(Fraction::ZERO)
    }

    /// Reads `11`, `6.25` or `33 1/3`, without the sign. Thirds follow a whole number: `8.6 2/3` is no number, and would
    /// not print as itself.
    fn parse(text: &str) -> Option<Self> {
        let (whole, thirds) = match text.trim().split_once(' ') {
            None => (text.trim(), 0),
            Some((whole, "1/3")) => (whole, 10_000_000),
            Some((whole, "2/3")) => (whole, 20_000_000),
            Some(_) => return None,
        };
        if thirds != 0 && !whole.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let rate = Rate::parse(unsigned(whole)?.as_bytes()).ok()?;
        let third_billionths = Self::from_rate(rate)?.third_billionths.checked_add(thirds)?;
        Some(Self { third_billionths })
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thirds = self.third_billionths % 30_000_000;
        match thirds {
            10_000_000 | 20_000_000 => {
                write!(f, "{} {}/3%", self.third_billionths / 30_000_000, thirds / 10_000_000)
            }
            _ => write!(f, "{}%", Rate(self.third_billionths / 3)),
        }
    }
}

/// A number that starts with a digit: a sign has no place in a rate of the schedule.
fn unsigned(text: &str) -> Option<&str> {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.').then_some(text)
}

impl DutyExpression {
    /// Reads a rate text. Every text has a value: what states no duty of its own becomes [`Self::Refused`].
    pub fn parse(text: &str) -> Self {
        let text = tidy(text);
        Self::parse_tidy(&text).unwrap_or_else(|reason| Self::Refused(Refusal { reason, text }))
    }

    fn parse_tidy(text: &str) -> Result<Self, RefusalReason> {
        match text {
            "" => return Err(RefusalReason::Blank),
            "Free" => return Ok(Self::Free),
            "Free, under bond" => return Err(RefusalReason::FreeUnderBond),
            _ => {}
        }
        if let Some(alternatives) = strip_words(text, "the greater of ") {
            let (one, other) = alternatives.split_once(" or ").ok_or(RefusalReason::Unreadable)?;
            // One choice of two is all that a rate holds: a chain of them would recurse as deep as a text is long.
            if strip_words(other.trim(), "the greater of ").is_some() {
                return Err(RefusalReason::Unreadable);
            }
            return Ok(Self::GreaterOf(Box::new((Self::parse_tidy(one.trim())?, Self::parse_tidy(other.trim())?))));
        }
        if let Some(reason) = refusal_by_words(text) {
            return Err(reason);
        }
        if let Some(sugar) = SugarRate::parse(text) {
            return Ok(Self::Sugar(sugar));
        }
        let terms: Option<Vec<Term>> = text.split('+').map(|term| Term::parse(term.trim())).collect();
        terms.map(Self::Sum).ok_or(RefusalReason::Unreadable)
    }

    /// The rate on the whole value: zero for `Free`, none where the duty is not purely ad valorem, or where the rate
    /// has thirds (`33 1/3%`, for which see [`Self::share_of_value`]).
    pub fn ad_valorem(&self) -> Option<Rate> {
        match self {
            Self::Free => Some(Rate::ZERO),
            Self::Sum(terms) => match terms.as_slice() {
                [Term::AdValorem { percent, part: None | Some(Part::EntireSet) }] => percent.rate(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The exact share of the whole value, thirds with it; none where the duty is not purely ad valorem.
    pub fn share_of_value(&self) -> Option<Fraction> {
        match self {
            Self::Free => Some(Fraction::ZERO),
            Self::Sum(terms) => match terms.as_slice() {
                [Term::AdValorem { percent, part: None | Some(Part::EntireSet) }] => Some(percent.share()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Why no duty can be computed from this text, where that is so.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The exact duty on an article of `value_dollars` (whole dollars, 19 CFR 159.3) and the quantities stated for it.
    ///
    /// # Errors
    /// What the duty needs and is not stated.
    pub fn duty(&self, value_dollars: i64, quantities: &[(Unit, Quantity)]) -> Result<Amount, Missing> {
        match self {
            Self::Free => Ok(Amount(Fraction::ZERO)),
            Self::Sum(terms) => terms
                .iter()
                .try_fold(Fraction::ZERO, |sum, term| {
                    sum.plus(term.duty(value_dollars, quantities)?).ok_or(Missing::TooLarge)
                })
                .map(Amount),
            Self::Sugar(sugar) => sugar.duty(quantities).map(Amount),
            Self::GreaterOf(both) => {
                let one = both.0.duty(value_dollars, quantities)?;
                let other = both.1.duty(value_dollars, quantities)?;
                one.0.larger(other.0).map(Amount).ok_or(Missing::TooLarge)
            }
            Self::Refused(refusal) => Err(Missing::Refused(refusal.reason)),
        }
    }

    /// Everything that a duty on this text needs beside the value: quantities and values of parts, in order of the text.
    pub fn needs(&self) -> Vec<Missing> {
        match self {
            Self::Free => Vec::new(),
            Self::Sum(terms) => terms.iter().filter_map(|term| term.needs()).collect(),
            Self::Sugar(_) => vec![
                Missing::Quantity(Unit::of_article(Measure::Kilogram)),
                Missing::Quantity(Unit::of_article(Measure::SugarDegree)),
            ],
            Self::GreaterOf(both) => both.0.needs().into_iter().chain(both.1.needs()).collect(),
            Self::Refused(refusal) => vec![Missing::Refused(refusal.reason)],
        }
    }
}

/// The schedule's text in its canonical spelling.
impl fmt::Display for DutyExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => f.write_str("Free"),
            Self::Sum(terms) => {
                for (index, term) in terms.iter().enumerate() {
                    if index > 0 {
                        f.write_str(" + ")?;
                    }
                    term.fmt(f)?;
                }
                Ok(())
            }
            Self::Sugar(sugar) => sugar.fmt(f),
            Self::GreaterOf(both) => write!(f, "the greater of {} or {}", both.0, both.1),
            Self::Refused(refusal) => f.write_str(&refusal.text),
        }
    }
}

impl Term {
    fn parse(text: &str) -> Option<Self> {
        if let Some((number, rest)) = text.split_once('%') {
            let part = match rest.trim() {
                "" => None,
                words => Some(*Part::ALL.iter().find(|part| part.as_str() == words)?),
            };
            return Some(Self::AdValorem { percent: Percent::parse(number)?, part });
        }
        let (price, rest) = price_and_rest(text)?;
        let per = *Per::ALL.iter().find(|per| per.as_str().trim_start() == rest)?;
        Some(Self::Specific { price, per })
    }

    fn needs(self) -> Option<Missing> {
        match self {
            Self::AdValorem { part: None | Some(Part::EntireSet), .. } => None,
            Self::AdValorem { part: Some(part), .. } => Some(Missing::PartValue(part)),
            Self::Specific { per, .. } => Some(Missing::Quantity(per.unit())),
        }
    }

    fn duty(self, value_dollars: i64, quantities: &[(Unit, Quantity)]) -> Result<Fraction, Missing> {
        match self {
            Self::AdValorem { percent, part: None | Some(Part::EntireSet) } => {
                let value = Fraction::new(i128::from(value_dollars), 1).ok_or(Missing::TooLarge)?;
                percent.share().times(value).ok_or(Missing::TooLarge)
            }
            Self::AdValorem { part: Some(part), .. } => Err(Missing::PartValue(part)),
            Self::Specific { price, per } => {
                let quantity = stated(per.unit(), quantities)?;
                dollars(price).and_then(|price| price.times(quantity)).ok_or(Missing::TooLarge)
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AdValorem { percent, part: None } => percent.fmt(f),
            Self::AdValorem { percent, part: Some(part) } => write!(f, "{percent} {}", part.as_str()),
            Self::Specific { price, per } => write!(f, "{}{}", Price(*price), per.as_str()),
        }
    }
}

impl SugarRate {
    fn parse(text: &str) -> Option<Self> {
        const DEGREES: &str =
            "/kg for each degree under 100 degrees (and fractions of a degree in proportion) but not less ";
        let (at_100, rest) = text.split_once("/kg less ")?;
        let (less, floor) = rest.split_once(DEGREES)?;
        let floor = floor.strip_prefix("than ").unwrap_or(floor).strip_suffix("/kg")?;
        let price = |text: &str| price_and_rest(text).filter(|(_, rest)| rest.is_empty()).map(|(price, _)| price);
        Some(Self { at_100_degrees: price(at_100)?, less_per_degree: price(less)?, floor: price(floor)? })
    }

    fn duty(self, quantities: &[(Unit, Quantity)]) -> Result<Fraction, Missing> {
        let weight = stated(Unit::of_article(Measure::Kilogram), quantities)?;
        let degrees = stated(Unit::of_article(Measure::SugarDegree), quantities)?;
        self.per_kilogram(degrees).and_then(|price| price.times(weight)).ok_or(Missing::TooLarge)
    }

    /// Dollars for a kilogram of this many degrees; degrees over 100 count as 100.
    fn per_kilogram(self, degrees: Fraction) -> Option<Fraction> {
        let minus = |fraction: Fraction| Fraction::new(-fraction.numerator(), fraction.denominator());
        let under = Fraction::new(100, 1)?.plus(minus(degrees)?)?.larger(Fraction::ZERO)?;
        let less = minus(dollars(self.less_per_degree)?.times(under)?)?;
        dollars(self.at_100_degrees)?.plus(less)?.larger(dollars(self.floor)?)
    }
}

impl fmt::Display for SugarRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/kg less {}/kg for each degree under 100 degrees (and fractions of a degree in proportion) but not less than {}/kg",
            Price(self.at_100_degrees),
            Price(self.less_per_degree),
            Price(self.floor)
        )
    }
}

/// A price as the schedule prints it: cents below a dollar, dollars from there.
struct Price(UnitPrice);

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CENT_PLACES: u32 = UnitPrice::PLACES - 2;
        if self.0.0 < 1_000_000_000 {
            return write!(f, "{}¢", crate::number::format_scaled(self.0.0, CENT_PLACES));
        }
        let text = self.0.to_string();
        match text.split_once('.') {
            // Prices in dollars keep both places of the cents: `$1.10`.
            Some((_, decimals)) if decimals.len() == 1 => write!(f, "${text}0"),
            _ => write!(f, "${text}"),
        }
    }
}

/// Splits `4.4¢/kg` or `$1.035/kg` into the price and what follows it.
fn price_and_rest(text: &str) -> Option<(UnitPrice, &str)> {
    if let Some(body) = text.strip_prefix('$') {
        let end = body.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(body.len());
        let price = UnitPrice::parse(unsigned(&body[..end])?.as_bytes()).ok()?;
        return Some((price, body[end..].trim_start()));
    }
    let (number, rest) = text.split_once('¢')?;
    let billionths = parse_scaled(unsigned(number.trim())?.as_bytes(), UnitPrice::PLACES - 2).ok()?;
    Some((UnitPrice(billionths), rest.trim_start()))
}

fn dollars(price: UnitPrice) -> Option<Fraction> {
    Fraction::new(i128::from(price.0), 1_000_000_000)
}

/// The quantity that is stated in `wanted`: the same unit first, then any that converts exactly.
fn stated(wanted: Unit, quantities: &[(Unit, Quantity)]) -> Result<Fraction, Missing> {
    let same = quantities.iter().find(|(unit, _)| *unit == wanted);
    let found = same
        .map(|entry| (Fraction::ONE, entry.1))
        .or_else(|| quantities.iter().find_map(|(unit, quantity)| Some((unit.in_units_of(wanted)?, *quantity))));
    let (factor, quantity) = found.ok_or(Missing::Quantity(wanted))?;
    Fraction::new(i128::from(quantity.0), 1_000_000).and_then(|count| count.times(factor)).ok_or(Missing::TooLarge)
}

/// The rest of a text after its first words, whatever their case.
fn strip_words<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    let head = text.get(..words.len())?;
    head.eq_ignore_ascii_case(words).then(|| &text[words.len()..])
}

/// The texts that refer elsewhere, known by their words.
fn refusal_by_words(text: &str) -> Option<RefusalReason> {
    let lower = text.to_ascii_lowercase();
    if lower.contains("shall not exceed the duty for") {
        Some(RefusalReason::LimitedByAnotherArticle)
    } else if lower.contains("in the set subject to the highest rate") {
        Some(RefusalReason::HighestRateInSet)
    } else if lower.starts_with("the rate applicable") || lower.starts_with("the rate of duty applicable") {
        Some(RefusalReason::RateOfAnotherArticle)
    } else if lower.starts_with("see ") && lower.contains("note") {
        Some(RefusalReason::SeeNote)
    } else if lower.strip_prefix("see ").is_some_and(|rest| rest.starts_with("98") || rest.starts_with("99")) {
        Some(RefusalReason::SeeHeading)
    } else {
        None
    }
}

/// The column 1-Special: which programs have which rate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpecialColumn {
    groups: Vec<SpecialGroup>,
}

/// One rate of the column 1-Special and the programs that have it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SpecialGroup {
    /// The rate.
    pub expression: DutyExpression,
    /// The symbols as printed, in the order of the schedule (general note 3(c)): `A+`, `AU`, `S`.
    pub programs: Vec<String>,
}

/// The rate that a program has on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramRate<'c> {
    /// The symbol as printed. `A*`, `E*` or `J*` say that goods of some countries of the program are left out
    /// (general notes 4(d), 7(d), 11): who claims it must check the country.
    pub symbol: &'c str,
    /// The rate.
    pub expression: &'c DutyExpression,
}

impl SpecialColumn {
    /// Reads the column: rates, each followed by symbols in parentheses. A rate without symbols has no program.
    pub fn parse(text: &str) -> Self {
        let mut groups = Vec::new();
        let mut start = 0;
        let mut from = 0;
        while let Some(open) = text[from..].find('(').map(|at| from + at) {
            let Some(close) = text[open..].find(')').map(|at| open + at) else { break };
            from = open + 1;
            if let Some(programs) = symbols(&text[open + 1..close]) {
                let expression = DutyExpression::parse(&text[start..open]);
                groups.push(SpecialGroup { expression, programs });
                start = close + 1;
                from = start;
            }
        }
        let rest = tidy(text[start..].trim_matches([')', ' ']));
        if !rest.is_empty() {
            groups.push(SpecialGroup { expression: DutyExpression::parse(&rest), programs: Vec::new() });
        }
        Self { groups }
    }

    /// The rates and their programs, as printed.
    pub fn groups(&self) -> &[SpecialGroup] {
        &self.groups
    }

    /// The rate of a program by the symbol that a filer claims (`KR`, `S+`, `A`). The same symbol is looked for first,
    /// then the one with an asterisk, which is claimed without it. `A+` is not found under `A`, nor `P` under `P+`:
    /// these are programs of their own.
    pub fn for_program(&self, symbol: &str) -> Option<ProgramRate<'_>> {
        let symbol = symbol.trim();
        let same = |printed: &str| printed.eq_ignore_ascii_case(symbol);
        let starred = |printed: &str| printed.strip_suffix('*').is_some_and(|bare| bare.eq_ignore_ascii_case(symbol));
        self.find(same).or_else(|| self.find(starred))
    }

    fn find(&self, matches: impl Fn(&str) -> bool) -> Option<ProgramRate<'_>> {
        self.groups.iter().find_map(|group| {
            let symbol = group.programs.iter().find(|program| matches(program))?;
            Some(ProgramRate { symbol, expression: &group.expression })
        })
    }
}

/// The column in its canonical spelling: `Free (A+,AU) 2.4% (KR)`.
impl fmt::Display for SpecialColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.groups.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{}", group.expression)?;
            if !group.programs.is_empty() {
                write!(f, " ({})", group.programs.join(","))?;
            }
        }
        Ok(())
    }
}

/// The symbols of a pair of parentheses; none where it holds words, as in the rate of sugar.
///
/// The editions part symbols by commas, by spaces where a comma was lost (`E IL`), and once repeat one with its
/// parenthesis (`(PA (PA)`).
fn symbols(text: &str) -> Option<Vec<String>> {
    let mut programs: Vec<String> = Vec::new();
    let tokens = text.split(|c: char| c == ',' || c == '(' || c.is_whitespace());
    for token in tokens.map(|token| token.trim_matches('.')).filter(|token| !token.is_empty()) {
        let letters = token.strip_suffix(['+', '*']).unwrap_or(token);
        if !(1..=2).contains(&letters.len()) || !letters.bytes().all(|b| b.is_ascii_uppercase()) {
            return None;
        }
        if !programs.iter().any(|known| known == token) {
            programs.push(token.to_owned());
        }
    }
    (!programs.is_empty()).then_some(programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> DutyExpression {
        DutyExpression::parse(text)
    }

    fn quantities(stated: &[(&str, &str)]) -> Vec<(Unit, Quantity)> {
        stated.iter().map(|(q, u)| (Unit::parse(u).unwrap(), Quantity::parse(q.as_bytes()).unwrap())).collect()
    }

    fn cents(text: &str, value: i64, stated: &[(&str, &str)]) -> i128 {
        parse(text).duty(value, &quantities(stated)).unwrap().cents().unwrap()
    }

    fn reason(text: &str) -> RefusalReason {
        parse(text).refusal().unwrap().reason
    }

    #[test]
    fn ad_valorem_is_one_rate() {
        assert_eq!(parse("Free").ad_valorem(), Some(Rate::ZERO));
        assert_eq!(parse("6.25%").ad_valorem(), Some(Rate(62_500_000)));
        assert_eq!(parse("2.5% <u></u>").ad_valorem(), Some(Rate(25_000_000)));
        assert_eq!(parse("37% /").ad_valorem(), Some(Rate(370_000_000)));
        assert_eq!(parse("6.5% on the entire set").ad_valorem(), Some(Rate(65_000_000)));
        assert_eq!(parse("4.4¢/kg").ad_valorem(), None);
        assert_eq!(parse("4.4¢/kg + 10%").ad_valorem(), None);
        assert_eq!(parse("See additional U.S. note 1").ad_valorem(), None);
    }

    #[test]
    fn thirds_are_exact() {
        let third = parse("33 1/3%");
        assert_eq!(third.ad_valorem(), None);
        assert_eq!(third.share_of_value(), Fraction::new(1, 3));
        assert_eq!(third.to_string(), "33 1/3%");
        assert_eq!(third.duty(50_000_000, &[]).unwrap().cents(), Some(1_666_666_667));
        for text in ["8.6 2/3 %+8 2/3% ", "3.33 2/3%", ".4 2/3%"] {
            assert_eq!(reason(text), RefusalReason::Unreadable, "{text}");
        }
    }

    #[test]
    fn specific_and_compound_duties() {
        assert_eq!(cents("5.25¢/bbl", 9_000, &[("160", "bbl")]), 840);
        assert_eq!(cents("$1.035/kg + 14.9%", 1_000, &[("0.1", "t")]), 10_350 + 14_900);
        assert_eq!(cents("2.8¢/doz.", 0, &[("24", "No.")]), 6);
        assert_eq!(cents("89.6¢/1000", 0, &[("500", "number")]), 45);
        assert_eq!(cents("1.7¢/kg on lead content", 0, &[("1000", "kg"), ("500", "Pb kg")]), 850);
        assert_eq!(cents("3.7¢/kg on drained weight", 0, &[("100", "KG")]), 370);
        assert_eq!(
            cents("0.7¢/kg on copper content + 0.7¢/kg on lead content", 0, &[("10", "Cu kg"), ("10", "Pb kg")]),
            14
        );
        assert_eq!(cents("the greater of 10% or 5¢/kg", 100, &[("300", "kg")]), 1_500);
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = |text: &str, stated: &[(&str, &str)]| parse(text).duty(100, &quantities(stated)).unwrap_err();
        assert_eq!(missing("4.4¢/kg", &[("1", "No.")]).to_string(), "a quantity in kg");
        assert_eq!(missing("1.7¢/kg on lead content", &[("1", "kg")]).to_string(), "a quantity in Pb kg");
        assert_eq!(missing("98¢ each + 3% on the case", &[("1", "No.")]), Missing::PartValue(Part::Case));
        assert_eq!(missing("See 9822.04.25", &[]), Missing::Refused(RefusalReason::SeeHeading));
        assert_eq!(parse("17¢ each + 2.5% + 1¢/jewel").needs().len(), 2);
    }

    #[test]
    fn sugar_by_degrees() {
        let text = "3.6606¢/kg less 0.020668¢/kg for each degree under 100 degrees (and fractions of a degree in proportion) but not less than 3.143854¢/kg";
        assert_eq!(parse(text).to_string(), text);
        assert_eq!(cents(text, 0, &[("100000", "kg"), ("100", "degrees")]), 366_060);
        assert_eq!(cents(text, 0, &[("100000", "kg"), ("96.5", "degrees")]), 366_060 - 7_234);
        assert_eq!(cents(text, 0, &[("100000", "kg"), ("10", "degrees")]), 314_385);
        let printed = "4.3817¢/kg less 0.0622005¢ /kg for each degree under 100 degrees (and fractions of a degree in proportion) but not less 2.831562¢ /kg";
        assert!(matches!(parse(printed), DutyExpression::Sugar(_)));
    }

    #[test]
    fn refused_by_name() {
        for (text, why) in [
            ("", RefusalReason::Blank),
            (" \n", RefusalReason::Blank),
            ("See additional U.S. note 1", RefusalReason::SeeNote),
            ("See 9919.04.50, 9919.04.51", RefusalReason::SeeHeading),
            ("The rate applicable to the natural juice in heading 2009", RefusalReason::RateOfAnotherArticle),
            (
                "The rate of duty appli- cable to that article in the set subject to the high- est rate of duty",
                RefusalReason::HighestRateInSet,
            ),
            ("Free, under bond", RefusalReason::FreeUnderBond),
            ("4 pigs", RefusalReason::Unreadable),
            ("-5%", RefusalReason::Unreadable),
            ("5%%", RefusalReason::Unreadable),
            ("the greater of 1% or the greater of 2% or 3%", RefusalReason::Unreadable),
        ] {
            assert_eq!(reason(text), why, "{text}");
        }
    }

    #[test]
    fn spellings_of_one_rate_are_one_rate() {
        for (one, other) in [
            ("40¢/kg +10.4%", "40¢/kg + 10.4%"),
            ("18.9¢/pf. liter", "18.9¢/pf.liter"),
            ("18.7¢/m<sup>2</sup>", "18.7¢/m2"),
            ("10.5 cents/kg", "10.5¢/kg"),
            ("$2.50/thou- sand + 40%", "$2.50/1000 + 40%"),
            (
                "3.9% on the movement and case+ 5.3% on the battery",
                "3.9% on the movement and case + 5.3% on the battery",
            ),
            ("86.1¢/m2of recording surface", "86.1¢/m2 of recording surface"),
        ] {
            assert_eq!(parse(one), parse(other));
            assert_eq!(parse(one).to_string(), other);
        }
    }

    #[test]
    fn special_column() {
        let column = SpecialColumn::parse("Free (A*,AU, BH,E IL,.OM,S+)2.4% (KR) See 9822.05.10, 9919.04.67 (PA (PA)");
        assert_eq!(column.for_program("KR").unwrap().expression.ad_valorem(), Some(Rate(24_000_000)));
        assert_eq!(column.for_program("a").unwrap().symbol, "A*");
        assert_eq!(column.for_program("IL").unwrap().expression, &DutyExpression::Free);
        assert_eq!(column.for_program("OM").unwrap().symbol, "OM");
        assert_eq!(column.for_program("S"), None);
        assert_eq!(column.for_program("A+"), None);
        assert_eq!(column.for_program("PA").unwrap().expression.refusal().unwrap().reason, RefusalReason::SeeHeading);
        assert_eq!(SpecialColumn::parse(&column.to_string()), column);
        assert_eq!(SpecialColumn::parse("").groups(), []);
        let sugar = "1¢/kg less 0.02¢/kg for each degree under 100 degrees (and fractions of a degree in proportion) but not less than 0.9¢/kg (KR)";
        assert!(matches!(SpecialColumn::parse(sugar).for_program("KR").unwrap().expression, DutyExpression::Sugar(_)));
    }

    #[test]
    fn a_misprint_that_another_leaves_behind_is_mended_too() {
        for text in [
            "F/ rein the in the in the ensemble highest rate)",
            "FreO\u{1}dif entered separatelyrained weghtr less P,)",
            "\u{2}\n\n/ \n*o¢ /m2of /1,000)in the in the  in the ensemble2on",
            ",000\u{5f8}oin the in the in the ensemblef f ;the ensemblef f ;)",
            // So many that they are left as they are.
            &format!("{}ensemble of 3%", "in the ".repeat(100)),
        ] {
            let read = parse(text);
            assert_eq!(parse(&read.to_string()), read, "{text}");
        }
        assert_eq!(parse("the in the in the in the ensemble").to_string(), "the in the ensemble");
    }

    #[test]
    fn nothing_panics_and_every_reading_prints_as_itself() {
        let pieces = [
            "Free",
            "(",
            ")",
            "+",
            "%",
            "¢",
            "$",
            "/kg",
            "1",
            "33 1/3%",
            "the greater of ",
            " or ",
            "<u>",
            "²",
            "A+",
            ",",
            "\u{0}",
            "9".repeat(30).leak(),
        ];
        let mut state = 7_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..=(state >> 40) % 6 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[usize::try_from(state >> 33).unwrap() % pieces.len()]);
            }
            let expression = parse(&text);
            assert_eq!(parse(&expression.to_string()), expression, "{text}");
            let _ = expression.duty(i64::MAX, &[(Unit::parse("kg").unwrap(), Quantity(i64::MAX))]);
            let _ = SpecialColumn::parse(&text);
        }
    }
}
