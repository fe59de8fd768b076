//! Exact numbers: rates, money and quantities as scaled integers.
//!
//! Nothing here touches binary floating point. A text with more decimals than a type holds is refused, never rounded.

use std::fmt;

/// A decimal number was not of the form `digits[.digits]`, or has more digits than the type holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Not an optional sign, digits and at most one point.
    NotDecimal,
    /// More decimals than the type holds; the number of decimals it does hold.
    TooPrecise(u32),
    /// Outside the range of the type.
    TooLarge,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDecimal => f.write_str("not a plain decimal number"),
            Self::TooPrecise(places) => write!(f, "more than {places} decimals"),
            Self::TooLarge => f.write_str("the number is too large"),
        }
    }
}

impl std::error::Error for NumberError {}

/// Reads a plain decimal into an integer scaled by `10^places`.
///
/// Zeros beyond `places` are allowed, other digits there are refused.
pub fn parse_scaled(text: &[u8], places: u32) -> Result<i64, NumberError> {
    let (negative, body) = match text.trim_ascii() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    let mut value = 0_i64;
    let mut decimals = None;
    let mut any = false;
    for &byte in body {
        match byte {
            b'0'..=b'9' => {
                any = true;
                if decimals == Some(places) {
                    if byte != b'0' {
                        return Err(NumberError::TooPrecise(places));
                    }
                    continue;
                }
                let digit = i64::from(byte - b'0');
                value = value.checked_mul(10).and_then(|v| v.checked_add(digit)).ok_or(NumberError::TooLarge)?;
                decimals = decimals.map(|d| d + 1);
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return Err(NumberError::NotDecimal),
        }
    }
    if !any {
        return Err(NumberError::NotDecimal);
    }
    let missing = places - decimals.unwrap_or(0);
    let scaled = 10_i64.checked_pow(missing).and_then(|p| value.checked_mul(p)).ok_or(NumberError::TooLarge)?;
    Ok(if negative { -scaled } else { scaled })
}

/// Writes an integer scaled by `10^places` as a plain decimal without trailing zeros: `12.5`, `-0.001`, `40`.
pub fn format_scaled(value: i64, places: u32) -> String {
    let unit = 10_u64.pow(places);
    let (whole, part) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{part:0width$}", width = places as usize);
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

/// Divides and rounds half up, away from zero for negative numbers. `divisor` is positive.
#[inline]
pub fn div_half_up(value: i128, divisor: i128) -> i128 {
    debug_assert!(divisor > 0, "a divisor is positive");
    // Most amounts fit a word, in which dividing is several times as fast; by a divisor that the compiler knows more so.
    if let (Ok(value), Ok(divisor)) = (i64::try_from(value), i64::try_from(divisor)) {
        let (quotient, remainder) = (value / divisor, (value % divisor).unsigned_abs());
        let up = remainder >= divisor.unsigned_abs().div_ceil(2);
        return i128::from(if up { quotient + value.signum() } else { quotient });
    }
    div_half_up_wide(value, divisor)
}

fn div_half_up_wide(value: i128, divisor: i128) -> i128 {
    let half = divisor / 2;
    let odd = divisor % 2;
    // With an odd divisor no exact half exists; `half + odd` is then the first remainder above it.
    let (quotient, remainder) = (value / divisor, (value % divisor).abs());
    if remainder >= half + odd { quotient + value.signum() } else { quotient }
}

macro_rules! scaled {
    ($(#[$doc:meta])* $name:ident, $places:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// How many decimals the number holds.
            pub const PLACES: u32 = $places;
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// Reads a plain decimal.
            pub fn parse(text: &[u8]) -> Result<Self, NumberError> {
                parse_scaled(text, $places).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&format_scaled(self.0, $places))
            }
        }
    };
}

scaled! {
    /// A percentage, in billionths of the whole: 25 percent is `Rate(250_000_000)`.
    ///
    /// `parse` and `Display` use percentage points (`25`, `12.5`), with up to seven decimals.
    Rate, 7
}

scaled! {
    /// An amount of money in cents.
    Cents, 2
}

scaled! {
    /// An amount of money for one unit, in billionths of a dollar: 4.4 cents is `UnitPrice(44_000_000)`.
    UnitPrice, 9
}

scaled! {
    /// A quantity, in millionths of its unit.
    Quantity, 6
}

impl Rate {
    /// The whole: 100 percent.
    pub const WHOLE: Self = Self(1_000_000_000);

    /// From whole percentage points.
    pub const fn percent(points: i64) -> Self {
        Self(points * 10_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact() {
        assert_eq!(Rate::parse(b"12.5"), Ok(Rate(125_000_000)));
        assert_eq!(Rate::parse(b"0.3464"), Ok(Rate(3_464_000)));
        assert_eq!(Rate::percent(145).to_string(), "145");
        assert_eq!(Rate(125_000_000).to_string(), "12.5");
        assert_eq!(Rate::parse(b"1.00000001"), Err(NumberError::TooPrecise(7)));
        assert_eq!(Rate::parse(b"1e5"), Err(NumberError::NotDecimal));
        assert_eq!(Rate::parse(b""), Err(NumberError::NotDecimal));
        assert_eq!(Cents::parse(b"-10.05"), Ok(Cents(-1005)));
        assert_eq!(Cents(-5).to_string(), "-0.05");
        assert_eq!(Cents::parse(b"99999999999999999999"), Err(NumberError::TooLarge));
    }

    #[test]
    fn halves_go_up() {
        assert_eq!(div_half_up(5, 10), 1);
        assert_eq!(div_half_up(4, 10), 0);
        assert_eq!(div_half_up(-5, 10), -1);
        assert_eq!(div_half_up(3, 7), 0);
        assert_eq!(div_half_up(4, 7), 1);
        assert_eq!(div_half_up(41_099_800, 100_000), 411);
    }

    #[test]
    fn words_divide_as_wide_numbers_do() {
        let mut state = 3_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from(state >> 33).unwrap() - (1 << 30)
        };
        for round in 0..100_000 {
            let divisor = (next().abs() >> (round % 29)) + 1;
            let (value, divisor) = (i128::from(next()), i128::from(divisor));
            // Both times two to the seventieth: no longer words, and the same quotient.
            assert_eq!(div_half_up(value, divisor), div_half_up(value << 70, divisor << 70), "{value} / {divisor}");
        }
        assert_eq!(div_half_up(i128::from(i64::MIN), 1), i128::from(i64::MIN));
        assert_eq!(div_half_up(i128::from(i64::MAX), 2), 1 << 62);
    }
}
