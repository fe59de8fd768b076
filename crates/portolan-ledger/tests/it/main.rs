//! Ledgers read from files: minimal ones of every kind of record, broken ones for every diagnostic, and the real one.

mod ledgers;
mod mutilated;
mod real;
mod scenarios;
