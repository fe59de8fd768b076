//! What is in force in an interval, and what of it tells one resolution from another.

use smallvec::SmallVec;

use crate::bits::Bits;
use crate::law::{Law, OrderOfRule};

/// Before the tiers of a stacking rule in a list of states.
const TIERS: u32 = 1 << 31;
/// The rank of a record that a stacking rule does not name.
const OUTSIDE: u32 = TIERS - 1;

/// Records in force in an interval, and the state of each.
#[derive(Debug)]
pub(super) struct Active {
    pub bits: Bits,
    /// All records but the provisions that no line could owe.
    pub live: Bits,
    /// By record, in the common numbering; nothing for those not in force.
    pub states: Vec<u32>,
    /// The stacking rules.
    pub tiers: Vec<OrderOfRule>,
    /// The order of reporting.
    pub order: u32,
}

impl Active {
    /// The states of records, and which of them come before which in stacking rules. An explanation names each record, so it
    /// tells those that are alike apart.
    pub fn list_states(&self, law: &Law<'_>, bits: &Bits, explain: bool, list: &mut Vec<u32>) {
        list.clear();
        if explain {
            list.push(u32::MAX);
            list.extend(bits.iter().map(|index| u32::try_from(index).unwrap_or(u32::MAX)));
        }
        list.extend(bits.iter().map(|index| self.states[index]));
        for &order in &self.tiers {
            let tiers = law.tiers_of(order);
            let mut ranks: SmallVec<[u16; 16]> = bits.shared(&tiers.members).map(|member| tiers.of[member]).collect();
            ranks.sort_unstable();
            ranks.dedup();
            // Whoever stands alone in a rule gives way to none by it.
            if ranks.len() < 2 {
                continue;
            }
            let rank = |tier| u32::try_from(ranks.partition_point(|rank| *rank < tier)).unwrap_or(0);
            // By record, so that a rule that ranks others in the same order is another.
            let rank_of = |index| tiers.members.contains(index).then(|| rank(tiers.of[index]));
            list.push(TIERS | u32::try_from(order.rule).unwrap_or(0));
            list.extend(bits.iter().map(|index| rank_of(index).unwrap_or(OUTSIDE)));
        }
    }
}
