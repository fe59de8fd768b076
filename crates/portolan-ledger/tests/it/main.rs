//! Ledgers read from files.
mod real;
