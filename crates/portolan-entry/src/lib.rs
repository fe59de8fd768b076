//! Entry-line files in and out: the columns of the interface, bills and layers as CSV, worked cases.

pub mod audit;
pub mod bill;
pub mod builder;
pub mod cases;
mod cells;
mod civil;
pub mod columns;
pub mod condition;
pub mod countries;
pub mod evaluate;
pub mod fault;
pub mod fees;
pub mod generate;
pub mod layers;
pub mod manifest;
mod nearest;
pub mod output;
pub mod read;
pub mod reason;
mod records;
pub mod refund;
pub mod run;
pub mod summary;
mod value;
pub mod vat;
pub mod write;

pub use audit::Finding;
pub use builder::{Context, Entry, Filed, LineBuilder};
pub use columns::Column;
pub use evaluate::engine_fault;
pub use fault::{Fault, Faults, FieldFault};
pub use layers::Layers;
pub use read::Input;
pub use run::{Done, Options, Output, RunError, run};
pub use summary::Summary;
pub use write::Format;
