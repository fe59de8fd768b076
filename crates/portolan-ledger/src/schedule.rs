//! The schedule: base rates of the Harmonized Tariff Schedule, chapters 1 to 97, as dated intervals.

pub mod fraction;
pub mod unit;
