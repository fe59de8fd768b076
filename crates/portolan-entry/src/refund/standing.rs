//! Where an entry stands: liquidated or not, flagged, protested, claimed for drawback. All of it as its lines state it.

use portolan_ledger::Day;
use portolan_ledger::charges::Standing as Mark;
use serde::{Deserialize, Serialize};

use crate::builder::Filed;

/// What the port reports of the liquidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reported {
    /// Not yet.
    Unliquidated,
    /// Extended (19 U.S.C. 1504(b)).
    Extended,
    /// Suspended by law or a court.
    Suspended,
    /// Under review.
    UnderReview,
    /// Liquidated.
    Liquidated,
    /// Liquidated again.
    Reliquidated,
}

impl Reported {
    /// Reads what reports say: words that begin alike are taken as one, whatever case and spaces they have.
    pub fn parse(text: &str) -> Option<Self> {
        let word: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let starts = |heads: &[&str]| heads.iter().any(|head| word.starts_with(head));
        Some(match () {
            () if starts(&["unliq", "notliq", "nonliq", "notyet", "open", "setfor", "scheduled"]) => Self::Unliquidated,
            () if starts(&["exten"]) => Self::Extended,
            () if starts(&["suspen"]) => Self::Suspended,
            () if starts(&["underreview", "review", "inreview"]) => Self::UnderReview,
            () if starts(&["reliq"]) => Self::Reliquidated,
            () if starts(&["liq", "deemed", "final"]) => Self::Liquidated,
            () => return None,
        })
    }

    /// The word of the `status` column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unliquidated => "unliquidated",
            Self::Extended => "extended",
            Self::Suspended => "suspended",
            Self::UnderReview => "under_review",
            Self::Liquidated => "liquidated",
            Self::Reliquidated => "reliquidated",
        }
    }
}

/// Whether a text that stands for yes or no says yes. A code (`001`) says yes; an empty cell is not stated.
fn says_yes(text: &str) -> bool {
    !matches!(text.trim().to_ascii_lowercase().as_str(), "" | "n" | "no" | "none" | "false" | "0" | "000")
}

/// What is stated of a protest.
fn protest(text: &str) -> Option<bool> {
    let word = text.trim().to_ascii_lowercase();
    if !says_yes(&word) {
        return Some(false);
    }
    let starts = |heads: &[&str]| heads.iter().any(|head| word.starts_with(head));
    if starts(&["den", "grant", "approv", "allow", "withdr", "clos", "decid", "reject"]) {
        return Some(false);
    }
    starts(&["y", "true", "1", "open", "pend", "fil", "susp", "protest", "under"]).then_some(true)
}

/// What the lines of an entry state of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Day of entry; none only before the first line.
    pub entered: Option<Day>,
    /// Entry type.
    pub entry_type: [u8; 2],
    /// Deposit of estimated duty.
    pub deposited: Option<Day>,
    /// Day of liquidation, passed or scheduled.
    pub liquidated: Option<Day>,
    /// As reported.
    pub reported: Option<Reported>,
    /// A protest is open; none: not stated.
    pub protest_open: Option<bool>,
    /// Flagged for reconciliation.
    pub reconciliation: Option<bool>,
    /// Drawback claimed.
    pub drawback: Option<bool>,
    /// Where its lines contradict each other, or a text is not understood: in words, the first of them.
    pub unclear: Option<String>,
}

impl Facts {
    /// What one line states.
    pub fn of_line(entered: Day, entry_type: [u8; 2], filed: &Filed) -> Self {
        let mut facts = Self {
            entered: Some(entered),
            entry_type,
            deposited: filed.deposit_date,
            liquidated: filed.liquidation_date,
            reconciliation: filed.recon_flag.as_deref().map(says_yes),
            drawback: filed.drawback_flag.as_deref().map(says_yes),
            ..Self::default()
        };
        if let Some(text) = &filed.liquidation_status {
            facts.reported = Reported::parse(text);
            if facts.reported.is_none() {
                facts.unclear = Some(format!("liquidation_status \"{text}\" is not understood"));
            }
        }
        if let Some(text) = &filed.protest_status {
            facts.protest_open = protest(text);
            if facts.protest_open.is_none() {
                facts.unclear = Some(format!("protest_status \"{text}\" is not understood"));
            }
        }
        facts
    }

    /// Adds what another line of the same entry states.
    pub fn merge(&mut self, line: Self) {
        if self.entered.is_none() {
            *self = line;
            return;
        }
        let mut unclear = self.unclear.take().or(line.unclear);
        let mut differ = |name: &str, differs: bool| {
            if differs && unclear.is_none() {
                unclear = Some(format!("lines of the entry differ in {name}"));
            }
        };
        differ("entry_date", self.entered != line.entered);
        differ("entry_type", self.entry_type != line.entry_type);
        differ("deposit_date", merged(&mut self.deposited, line.deposited));
        differ("liquidation_date", merged(&mut self.liquidated, line.liquidated));
        differ("liquidation_status", merged(&mut self.reported, line.reported));
        differ("protest_status", merged(&mut self.protest_open, line.protest_open));
        differ("recon_flag", merged(&mut self.reconciliation, line.reconciliation));
        differ("drawback_flag", merged(&mut self.drawback, line.drawback));
        self.unclear = unclear;
    }

    /// Whether a mark that keeps an entry out of a step holds. What is not stated is not.
    pub fn bears(&self, mark: Mark) -> bool {
        match mark {
            Mark::ProtestOpen => self.protest_open == Some(true),
            Mark::DrawbackClaimed => self.drawback == Some(true),
            Mark::ReconciliationFlagged => self.reconciliation == Some(true),
        }
    }

    /// The entry type as text.
    pub fn entry_type(&self) -> &str {
        std::str::from_utf8(&self.entry_type).unwrap_or_default()
    }
}

/// Takes a fact over where none is known; whether the two contradict each other.
fn merged<T: PartialEq + Copy>(known: &mut Option<T>, stated: Option<T>) -> bool {
    match (*known, stated) {
        (Some(known), Some(stated)) => known != stated,
        (None, Some(_)) => {
            *known = stated;
            false
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_as_reports_write_them() {
        for (text, reported) in [
            ("Unliquidated", Some(Reported::Unliquidated)),
            ("NOT LIQUIDATED", Some(Reported::Unliquidated)),
            ("Set for Liquidation", Some(Reported::Unliquidated)),
            ("Extended", Some(Reported::Extended)),
            ("suspended", Some(Reported::Suspended)),
            ("Under Review", Some(Reported::UnderReview)),
            ("Liquidated", Some(Reported::Liquidated)),
            ("Deemed Liquidated", Some(Reported::Liquidated)),
            ("Re-liquidated", Some(Reported::Reliquidated)),
            ("paid", None),
        ] {
            assert_eq!(Reported::parse(text), reported, "{text}");
        }
        for (text, open) in
            [("Y", Some(true)), ("Pending", Some(true)), ("N", Some(false)), ("Denied", Some(false)), ("maybe", None)]
        {
            assert_eq!(protest(text), open, "{text}");
        }
        assert!(says_yes("001") && says_yes("Y") && !says_yes("No") && !says_yes(" "));
    }

    #[test]
    fn lines_of_an_entry_are_laid_together() {
        let day = Day(20_000);
        let line = |status: Option<&str>, liquidated: Option<Day>| {
            let filed = Filed {
                liquidation_status: status.map(str::to_owned),
                liquidation_date: liquidated,
                ..Filed::default()
            };
            Facts::of_line(day, *b"01", &filed)
        };
        let mut facts = Facts::default();
        facts.merge(line(None, None));
        facts.merge(line(Some("Liquidated"), None));
        facts.merge(line(None, Some(Day(20_300))));
        assert_eq!((facts.reported, facts.liquidated), (Some(Reported::Liquidated), Some(Day(20_300))));
        assert_eq!(facts.unclear, None);
        facts.merge(line(None, Some(Day(20_301))));
        assert_eq!(facts.unclear.as_deref(), Some("lines of the entry differ in liquidation_date"));
        let mut facts = line(None, None);
        facts.merge(Facts::of_line(day, *b"06", &Filed::default()));
        assert_eq!(facts.unclear.as_deref(), Some("lines of the entry differ in entry_type"));
        assert!(line(Some("paid"), None).unclear.is_some());
    }
}
