//! Percentage points on the full entered value, exact to 18 decimals of the whole.

use std::fmt;
use std::ops::{Add, AddAssign};

use portolan_ledger::Rate;
use portolan_ledger::number::{div_half_up, format_scaled};

/// A share of the full entered value, in units of 10⁻¹⁸ of it: 25 percent is `Pct(250_000_000_000_000_000)`.
///
/// The product of a rate and a share of the value, each in billionths, is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pct(pub i128);

impl Pct {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A rate on a share of the value.
    pub fn of(rate: Rate, share: Rate) -> Self {
        Self(i128::from(rate.0) * i128::from(share.0))
    }

    /// A rate on the whole value.
    pub fn full(rate: Rate) -> Self {
        Self::of(rate, Rate::WHOLE)
    }

    /// A rate on this share of the value; only a share that money gives is ever rounded.
    #[must_use]
    pub fn times(self, rate: Rate) -> Self {
        if self == Self::full(Rate::WHOLE) {
            return Self::full(rate);
        }
        Self(div_half_up(self.0 * i128::from(rate.0), i128::from(Rate::WHOLE.0)))
    }

    /// The share as a rate, in billionths of the whole, half up.
    pub fn rate(self) -> Rate {
        Rate(i64::try_from(div_half_up(self.0, i128::from(Rate::WHOLE.0))).unwrap_or(i64::MAX))
    }

    /// Points in millionths, half up: how the output columns print it.
    pub fn micro_points(self) -> i64 {
        i64::try_from(div_half_up(self.0, 10_i128.pow(10))).unwrap_or(i64::MAX)
    }
}

impl Add for Pct {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Pct {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl AddAssign for Pct {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Percentage points as a plain decimal, at most six places, half up: `37.5`.
impl fmt::Display for Pct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_scaled(self.micro_points(), 6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_print_to_six_places() {
        assert_eq!(Pct::full(Rate::percent(145)).to_string(), "145");
        assert_eq!(Pct::of(Rate::percent(10), Rate(750_000_000)).to_string(), "7.5");
        assert_eq!(Pct(10_i128.pow(18) / 3).to_string(), "33.333333");
        assert_eq!(Pct(10_i128.pow(18) * 2 / 3).to_string(), "66.666667");
    }
}
