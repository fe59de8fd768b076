//! Fees of customs beside duty, and what a line comes to in all.

use portolan_ledger::Cents;

/// The fees of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFees {
    /// Merchandise processing fee, in cents; none where it is not known.
    pub mpf: Option<Cents>,
    /// Harbor maintenance fee, in cents; none where it is not known.
    pub hmf: Option<Cents>,
    /// Value, duty and fees, in cents; none where one of them is not known.
    pub landed_total: Option<Cents>,
}
