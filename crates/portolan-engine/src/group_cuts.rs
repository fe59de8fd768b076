//! When groups of countries change.

use portolan_ledger::record::GroupId;
use portolan_ledger::{Day, Instant, Ledger};

/// Moments at which some groups of countries can change, and days on which a change becomes known; in order. Between two of
/// each, they hold the same countries.
#[derive(Debug, Default)]
pub struct GroupCuts {
    moments: Vec<Instant>,
    days: Vec<Day>,
}

impl GroupCuts {
    /// Those of these groups.
    pub fn of(ledger: &Ledger, groups: impl Iterator<Item = GroupId>) -> Self {
        let mut cuts = Self::default();
        for group in groups {
            for member in &ledger.groups[usize::from(group.0)].members {
                cuts.moments.push(member.term.from);
                cuts.moments.extend(member.term.until);
                cuts.days.push(ledger.act(member.term.act).issued);
            }
        }
        cuts.moments.sort_unstable();
        cuts.moments.dedup();
        cuts.days.sort_unstable();
        cuts.days.dedup();
        cuts
    }

    /// A number for what the groups hold at a moment, as known on a day.
    pub fn place(&self, at: Instant, known: Day) -> u64 {
        let at = self.moments.partition_point(|cut| *cut <= at) as u64;
        at << 32 | self.days.partition_point(|day| *day <= known) as u64
    }
}
