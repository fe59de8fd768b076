//! The engine: the law compiled into classes, and lines evaluated against it, with reasons.
//!
//! A product enters the law only through list membership and its base rate, an origin only through membership in origin
//! sets. So the law is resolved once for each set of records that can reach a line in an interval, not for each line;
//! see [`resolve`] for what stands and `projection` for what is kept.

mod alike;
pub mod answer;
mod bits;
pub mod changes;
pub mod engine;
mod explain;
pub mod extremes;
pub mod facts;
mod flaw;
mod group_cuts;
pub mod history;
pub mod law;
pub mod money;
pub mod ordinary;
pub mod pct;
mod possible;
mod projection;
mod relevant;
pub mod resolve;
mod settings;
mod ways;

pub use answer::{Answer, Bill, Fault, Row};
pub use changes::{Cause, Change};
pub use engine::Engine;
pub use flaw::Flaw;
pub use history::Histories;
pub use history::batch::{Batch, Columns, Duties, LineState};
pub use law::Law;
pub use pct::Pct;
