//! The ledger of tariff law: dated, cited records, read with their places, checked, and laid out in time.
//!
//! Everything of Portolan stands on this crate; it knows no files but the ledger's own, no Arrow, no terminal and no clock.

pub mod code;
pub mod number;

pub use code::TariffCode;
pub use number::{Cents, Quantity, Rate, UnitPrice};
