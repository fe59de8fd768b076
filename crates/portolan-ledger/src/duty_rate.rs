//! The rate texts of chapter 99 provisions (`LEDGER.md`, section 3.2).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::number::{Rate, UnitPrice};

/// A part of the value that a content rate is assessed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Metal {
    /// Steel.
    Steel,
    /// Aluminum.
    Aluminum,
    /// Copper.
    Copper,
}

impl Metal {
    /// All metals, in the order of the parts.
    pub const ALL: [Self; 3] = [Self::Steel, Self::Aluminum, Self::Copper];

    /// The word used in rate texts and in the `basis` column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steel => "steel",
            Self::Aluminum => "aluminum",
            Self::Copper => "copper",
        }
    }
}

/// What a `total` rate tops up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Over {
    /// The ordinary duty that is owed, a claimed special rate included.
    Ordinary,
    /// Column 1-general, whatever is claimed.
    General,
}

/// The rate of an additional duty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DutyRate {
    /// `+25%`: on the value, less what is spared or displaced.
    Add(Rate),
    /// `+50% of steel`: on the value of the content.
    OfMetal(Rate, Metal),
    /// `+25% of non_us`: on what is not US content; at most the given share of the value counts as US.
    OfNonUs(Rate, Option<Rate>),
    /// `total 15%`: tops the ordinary duty up.
    Total(Rate, Over),
    /// `+12.5% + $0.10/kg`, `+$21/kg`: so much for each unit, and a share of the value.
    Specific(Rate, UnitPrice, String),
    /// `in place of all: 120%`: displaces the ordinary duty and every other.
    InPlaceOfAll(Rate),
    /// `in place of all: $200/No.`.
    InPlaceOfAllEach(UnitPrice, String),
    /// `in place of ordinary: 35%`: displaces the ordinary duty alone, and is the ordinary duty in its place.
    InPlaceOfOrdinary(Rate),
    /// `none`: ended.
    Ended,
    /// `unknown`: a duty exists, its rate is not known.
    Unknown,
}

impl DutyRate {
    /// Reads a rate text. The message of an error names what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            "none" => return Ok(Self::Ended),
            "unknown" => return Ok(Self::Unknown),
            _ => {}
        }
        if let Some(rest) = text.strip_prefix("in place of all:") {
            return match rest.trim().strip_prefix('$') {
                Some(price) => price_per_unit(price).map(|(p, u)| Self::InPlaceOfAllEach(p, u)),
                None => percent(rest).map(Self::InPlaceOfAll),
            };
        }
        if let Some(rest) = text.strip_prefix("in place of ordinary:") {
            return percent(rest).map(Self::InPlaceOfOrdinary);
        }
        if let Some(rest) = text.strip_prefix("total ") {
            return match rest.split_once(" over ") {
                None => percent(rest).map(|rate| Self::Total(rate, Over::Ordinary)),
                Some((rate, "general")) => percent(rate).map(|rate| Self::Total(rate, Over::General)),
                Some((rate, "special")) => percent(rate).map(|rate| Self::Total(rate, Over::Ordinary)),
                Some((_, over)) => Err(format!("a total is `over general` or `over special`, not `over {over}`")),
            };
        }
        let Some(rest) = text.strip_prefix('+') else {
            return Err(
                "a rate starts with `+`, `total`, `in place of all:`, `in place of ordinary:`, or is `none` or \
                        `unknown`"
                    .to_owned(),
            );
        };
        if let Some(price) = rest.strip_prefix('$') {
            return price_per_unit(price).map(|(price, unit)| Self::Specific(Rate::ZERO, price, unit));
        }
        if let Some((rate, price)) = rest.split_once(" + $") {
            let (price, unit) = price_per_unit(price)?;
            return percent(rate).map(|rate| Self::Specific(rate, price, unit));
        }
        match rest.split_once(" of ") {
            None => percent(rest).map(Self::Add),
            Some((rate, of)) => Self::parse_of(percent(rate)?, of.trim()),
        }
    }

    fn parse_of(rate: Rate, of: &str) -> Result<Self, String> {
        if let Some(metal) = Metal::ALL.into_iter().find(|metal| metal.name() == of) {
            return Ok(Self::OfMetal(rate, metal));
        }
        match of.strip_prefix("non_us").map(str::trim) {
            Some("") => Ok(Self::OfNonUs(rate, None)),
            Some(cap) => {
                let cap = cap.strip_prefix("(us to ").and_then(|cap| cap.strip_suffix(')'));
                let cap = cap.ok_or("after `non_us` only `(us to 40%)` may follow")?;
                Ok(Self::OfNonUs(rate, Some(percent(cap)?)))
            }
            None => Err(format!("`{of}` is not steel, aluminum, copper or non_us")),
        }
    }

    /// Whether the rate adds anything by itself, whatever the line: false for `+0%` and `none`.
    pub fn is_more_than_zero(&self) -> bool {
        match self {
            Self::Add(rate)
            | Self::OfMetal(rate, _)
            | Self::OfNonUs(rate, _)
            | Self::InPlaceOfAll(rate)
            | Self::InPlaceOfOrdinary(rate) => rate.0 > 0,
            Self::Specific(rate, price, _) => rate.0 > 0 || price.0 > 0,
            Self::InPlaceOfAllEach(price, _) => price.0 > 0,
            Self::Total(..) | Self::Unknown => true,
            Self::Ended => false,
        }
    }
}

/// Canonical text; reads back to the same rate.
impl fmt::Display for DutyRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add(rate) => write!(f, "+{rate}%"),
            Self::OfMetal(rate, metal) => write!(f, "+{rate}% of {}", metal.name()),
            Self::OfNonUs(rate, None) => write!(f, "+{rate}% of non_us"),
            Self::OfNonUs(rate, Some(cap)) => write!(f, "+{rate}% of non_us (us to {cap}%)"),
            Self::Total(rate, Over::Ordinary) => write!(f, "total {rate}%"),
            Self::Total(rate, Over::General) => write!(f, "total {rate}% over general"),
            Self::Specific(Rate::ZERO, price, unit) => write!(f, "+${price}/{unit}"),
            Self::Specific(rate, price, unit) => write!(f, "+{rate}% + ${price}/{unit}"),
            Self::InPlaceOfAll(rate) => write!(f, "in place of all: {rate}%"),
            Self::InPlaceOfAllEach(price, unit) => write!(f, "in place of all: ${price}/{unit}"),
            Self::InPlaceOfOrdinary(rate) => write!(f, "in place of ordinary: {rate}%"),
            Self::Ended => f.write_str("none"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// Reads `25%`.
pub fn percent(text: &str) -> Result<Rate, String> {
    let text = text.trim();
    let digits = text.strip_suffix('%').ok_or_else(|| format!("`{text}` is not a percentage such as `12.5%`"))?;
    let rate = Rate::parse(digits.as_bytes()).map_err(|error| format!("`{text}`: {error}"))?;
    if rate.0 < 0 { Err(format!("`{text}` is below zero")) } else { Ok(rate) }
}

/// Reads `21/kg` (the dollar sign already taken off).
fn price_per_unit(text: &str) -> Result<(UnitPrice, String), String> {
    let (price, unit) = text.split_once('/').ok_or_else(|| format!("`${text}` names no unit, as `$21/kg` does"))?;
    let price = UnitPrice::parse(price.as_bytes()).map_err(|error| format!("`${text}`: {error}"))?;
    let unit = unit.trim();
    if unit.is_empty() || price.0 < 0 {
        Err(format!("`${text}` is not an amount per unit"))
    } else {
        Ok((price, unit.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip() {
        for text in [
            "+25%",
            "+0%",
            "+7.5%",
            "+50% of steel",
            "+25% of non_us",
            "+25% of non_us (us to 40%)",
            "total 15%",
            "total 15% over general",
            "+$21/kg",
            "+12.5% + $0.1/kg",
            "in place of all: 120%",
            "in place of all: $200/No.",
            "in place of ordinary: 35%",
            "none",
            "unknown",
        ] {
            assert_eq!(DutyRate::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn faults_are_named() {
        for text in [
            "25%",
            "+25",
            "+x%",
            "+25% of gold",
            "total 15% over column 2",
            "+-5%",
            "+$5",
            "",
            "in place of all:",
            "in place of ordinary: $5/kg",
        ] {
            assert!(DutyRate::parse(text).is_err(), "{text}");
        }
    }
}
