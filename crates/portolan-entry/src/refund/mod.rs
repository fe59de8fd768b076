//! Refunds: what comes back of duties that were annulled or that a later act changed, with interest, by which way it is
//! asked for, and by when.

pub mod amounts;
pub mod collect;
pub mod interest;
pub mod path;
pub mod report;
mod run;
pub mod standing;
mod workbook;

pub use amounts::{Amounts, Cause, Change, Refunder};
pub use collect::Line;
pub use interest::Payee;
pub use path::Path;
pub use report::Report;
pub(crate) use run::line;
pub use run::{RefundOptions, Refunded, refund};
