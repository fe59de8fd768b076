//! Exact fractions of `i128`: the amounts of duty before they are rounded to the cent.

use crate::number::div_half_up;

/// An exact fraction in lowest terms, its denominator positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; none where the denominator is not positive, or a term is beyond what can be reduced.
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator <= 0 || numerator == i128::MIN {
            return None;
        }
        let divisor = greatest_common_divisor(numerator.abs(), denominator);
        Some(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// The term above the line.
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// The term below the line, positive.
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    /// The sum; none where it is too large.
    pub fn plus(self, other: Self) -> Option<Self> {
        let divisor = greatest_common_divisor(self.denominator, other.denominator);
        let (mine, theirs) = (other.denominator / divisor, self.denominator / divisor);
        let sum = self.numerator.checked_mul(mine)?.checked_add(other.numerator.checked_mul(theirs)?)?;
        Self::new(sum, self.denominator.checked_mul(mine)?)
    }

    /// The product; none where it is too large.
    pub fn times(self, other: Self) -> Option<Self> {
        // Reduced crosswise first: the products then stay as small as the result allows.
        let left = Self::new(self.numerator, other.denominator)?;
        let right = Self::new(other.numerator, self.denominator)?;
        Self::new(left.numerator.checked_mul(right.numerator)?, left.denominator.checked_mul(right.denominator)?)
    }

    /// The larger of two; none where they cannot be compared within `i128`.
    pub fn larger(self, other: Self) -> Option<Self> {
        let (mine, theirs) =
            (self.numerator.checked_mul(other.denominator)?, other.numerator.checked_mul(self.denominator)?);
        Some(if mine >= theirs { self } else { other })
    }

    /// The fraction times `scale`, rounded half up: with a scale of 100, dollars become cents.
    pub fn scaled_half_up(self, scale: i128) -> Option<i128> {
        Some(div_half_up(self.numerator.checked_mul(scale)?, self.denominator))
    }

    /// The fraction times `scale` where that is a whole number.
    pub fn scaled_exactly(self, scale: i128) -> Option<i128> {
        let scaled = self.numerator.checked_mul(scale)?;
        (scaled % self.denominator == 0).then_some(scaled / self.denominator)
    }
}

/// The greatest common divisor of a number that is not negative and one that is positive.
fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while a != 0 {
        (a, b) = (b % a, a);
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(numerator: i128, denominator: i128) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn sums_and_products_are_exact() {
        assert_eq!(fraction(1, 3).plus(fraction(1, 6)), Fraction::new(1, 2));
        assert_eq!(fraction(2, 3).times(fraction(3, 4)), Fraction::new(1, 2));
        assert_eq!(fraction(1, 3).larger(fraction(2, 7)), Fraction::new(1, 3));
        assert_eq!(fraction(-6, 4), fraction(-3, 2));
        assert_eq!(Fraction::new(1, 0), None);
        assert_eq!(Fraction::new(i128::MIN, 1), None);
    }

    #[test]
    fn rounding_is_half_up_and_large_numbers_are_refused() {
        assert_eq!(fraction(1, 3).scaled_half_up(100), Some(33));
        assert_eq!(fraction(1, 8).scaled_half_up(100), Some(13));
        assert_eq!(fraction(1, 8).scaled_exactly(1000), Some(125));
        assert_eq!(fraction(1, 3).scaled_exactly(1000), None);
        assert_eq!(fraction(i128::MAX, 1).scaled_half_up(100), None);
        assert_eq!(fraction(i128::MAX, 2).plus(fraction(1, 3)), None);
    }
}
