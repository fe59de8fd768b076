//! Entry-line files in and out: the columns of the interface, bills and layers as CSV, worked cases.

pub mod builder;
mod cells;
mod civil;
pub mod columns;
pub mod countries;
pub mod fault;
mod nearest;
mod value;

pub use builder::{Context, Entry, Filed, LineBuilder};
pub use columns::Column;
pub use fault::{Fault, Faults, FieldFault};
