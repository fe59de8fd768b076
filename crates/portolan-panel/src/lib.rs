//! The law over many products, origins and days: the panel, effective tariff rates, and what changes between two laws or two days.

pub mod compare;
pub mod diff;
pub mod panel;
pub mod rates;
pub mod weights;
