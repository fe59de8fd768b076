//! Tariff codes: 2 to 10 digits of the Harmonized Tariff Schedule or of the Chinese tariff.

use std::fmt;
use std::str::FromStr;

/// A tariff code of 2, 4, 6, 8 or 10 digits.
///
/// Codes order as the schedule prints them: `0101 < 0101.21 < 0101.21.00 < 0101.29`.
/// A shorter code is a prefix: it stands for every code below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TariffCode {
    /// The digits as a number, filled with zeros on the right to ten digits.
    padded: u64,
    digits: u8,
}

/// Why a text is not a tariff code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// A character that is neither a digit nor a dot.
    NotADigit,
    /// The number of digits is not 2, 4, 6, 8 or 10; holds the number found.
    Length(usize),
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotADigit => f.write_str("a tariff code is digits and dots only"),
            Self::Length(n) => write!(f, "a tariff code has 2, 4, 6, 8 or 10 digits, this has {n}"),
        }
    }
}

impl std::error::Error for CodeError {}

const POW10: [u64; 11] =
    [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000];

impl TariffCode {
    /// Reads a code from bytes: digits, with dots and surrounding spaces ignored.
    pub fn parse(text: &[u8]) -> Result<Self, CodeError> {
        let mut value = 0_u64;
        let mut digits = 0_usize;
        for &byte in text.trim_ascii() {
            match byte {
                b'0'..=b'9' if digits < 10 => value = value * 10 + u64::from(byte - b'0'),
                b'0'..=b'9' => {}
                b'.' => continue,
                _ => return Err(CodeError::NotADigit),
            }
            digits += 1;
        }
        match digits {
            2 | 4 | 6 | 8 | 10 =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "at most 10")]
                Ok(Self { padded: value * POW10[10 - digits], digits: digits as u8 })
            }
            n => Err(CodeError::Length(n)),
        }
    }

    /// The code from its ten-digit padded number and its length, as [`Self::padded`] and [`Self::digits`] give them.
    ///
    /// Digits beyond the length are dropped; a length over ten counts as ten.
    pub fn from_padded(padded: u64, digits: u8) -> Self {
        let digits = digits.min(10);
        let unit = POW10[10 - digits as usize];
        Self { padded: padded % POW10[10] / unit * unit, digits }
    }

    /// How many digits the code has.
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// The digits as a number, filled with zeros on the right to ten digits.
    pub fn padded(self) -> u64 {
        self.padded
    }

    /// The first ten-digit number after those that start with this code.
    pub fn end(self) -> u64 {
        self.padded + POW10[10 - self.digits as usize]
    }

    /// The first `digits` digits; the code itself where it is not longer.
    #[must_use]
    pub fn prefix(self, digits: u8) -> Self {
        Self::from_padded(self.padded, self.digits.min(digits))
    }

    /// Whether `other` is this code or stands below it.
    pub fn covers(self, other: Self) -> bool {
        self.digits <= other.digits && other.prefix(self.digits) == self
    }

    /// The two-digit chapter.
    pub fn chapter(self) -> u8 {
        #[expect(clippy::cast_possible_truncation, reason = "at most 99")]
        {
            (self.padded / POW10[8]) as u8
        }
    }
}

impl FromStr for TariffCode {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes())
    }
}

/// Prints with the schedule's dots: `9403.60.80`, `9403.60.8081`.
impl fmt::Display for TariffCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:010}", self.padded);
        f.write_str(&text[..usize::from(self.digits.min(4))])?;
        for (from, to) in [(4, 6), (6, 8)] {
            if usize::from(self.digits) >= to {
                write!(f, ".{}", &text[from..to])?;
            }
        }
        if self.digits == 10 { f.write_str(&text[8..]) } else { Ok(()) }
    }
}

impl fmt::Debug for TariffCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for TariffCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for TariffCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for text in ["01", "0101", "0101.21", "0101.21.00", "0101.21.0010"] {
            assert_eq!(text.parse::<TariffCode>().unwrap().to_string(), text);
        }
        assert_eq!("0101210010".parse::<TariffCode>().unwrap().to_string(), "0101.21.0010");
        assert_eq!("9403.6".parse::<TariffCode>(), Err(CodeError::Length(5)));
        assert_eq!("94O3".parse::<TariffCode>(), Err(CodeError::NotADigit));
    }

    #[test]
    fn a_prefix_covers_what_is_below_it() {
        let code = |t: &str| t.parse::<TariffCode>().unwrap();
        assert!(code("9403").covers(code("9403.60.8081")));
        assert!(!code("9403.60.8081").covers(code("9403.60.80")));
        assert!(!code("9403.60").covers(code("9403.61.00")));
        assert_eq!(code("9403.60.8081").prefix(6), code("9403.60"));
        assert!(code("9403.60").end() == code("9403.61").padded());
    }
}
