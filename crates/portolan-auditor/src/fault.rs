//! Why no answer could be given.

use std::fmt;

/// What is wrong with a ledger or a line, so that no answer is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The line states what cannot be: a negative value, a share over 100 percent, a side that is not in the ledger.
    Line(String),
    /// The nomenclature of the day that governs does not hold the code.
    Code,
    /// A record points at something that is not in the ledger.
    Ledger(String),
    /// A provision turns on itself; the provision.
    Cycle(String),
    /// Two provisions of one program stand together and neither names the other; their ids.
    Unrelated(String, String),
    /// More settings of the facts that were not stated than the auditor is willing to try; how many.
    TooManyCombinations(u128),
    /// An amount is larger than the types hold.
    Overflow,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(what) => write!(f, "the line cannot be read: {what}"),
            Self::Code => f.write_str("the schedule of the day does not hold the code"),
            Self::Ledger(what) => write!(f, "the ledger cannot be read: {what}"),
            Self::Cycle(id) => write!(f, "`{id}` turns on itself"),
            Self::Unrelated(a, b) => {
                write!(f, "`{a}` and `{b}` of one program stand together and are not related")
            }
            Self::TooManyCombinations(n) => {
                write!(f, "{n} settings of the facts that are not stated are too many to try")
            }
            Self::Overflow => f.write_str("an amount is too large"),
        }
    }
}

impl std::error::Error for Fault {}
