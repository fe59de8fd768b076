//! The schedule: base rates of the Harmonized Tariff Schedule, chapters 1 to 97, as dated intervals.
//!
//! Rates are law and sit on eight digits; ten-digit numbers are statistical and inherit them. The reviewed text is read by
//! [`text`], packed once by [`mod@pack`], and opened by [`Schedule::open`] without reading more than its head.

mod blob;
mod carry;
pub mod fold;
pub mod fraction;
mod lookup;
pub mod official;
pub mod pack;
pub mod text;
pub mod unit;

pub use blob::OpenError;
pub use carry::{Basis, Carried};
pub use lookup::{
    Coverage, EditionRef, Line, Lookup, OtherDates, RateTextId, Schedule, Span, SpecialTextId, Successor, UnknownCode,
};
pub use official::{ImportedEdition, OfficialError, OfficialRow, import_official, parse_official};
pub use pack::{pack, pack_folder};
pub use text::{ConcordanceSource, ScheduleText};

#[cfg(test)]
mod tests;
