//! The ledger of tariff law: dated, cited records, read with their places, checked, and laid out in time.
//!
//! Everything of Portolan stands on this crate; it knows no files but the ledger's own, no Arrow, no terminal and no clock.

pub mod case;
pub mod charges;
pub mod check;
pub mod code;
pub mod diagnostic;
pub mod drift;
pub mod duty_expression;
pub mod duty_rate;
pub mod line;
pub mod number;
pub mod read;
pub mod record;
pub mod register;
pub mod scenario;
pub mod schedule;
pub mod time;
pub mod timeline;

pub use code::TariffCode;
pub use duty_rate::DutyRate;
pub use line::EntryLine;
pub use number::{Cents, Quantity, Rate, UnitPrice};
pub use record::Ledger;
pub use time::{Day, Instant, Side};
