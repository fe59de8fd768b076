//! Whether a clause for goods in transit that was not claimed could cost more.

use std::sync::Arc;

use portolan_ledger::DutyRate;
use smallvec::SmallVec;

use super::{Node, Place, Projection, Root};
use crate::law::Law;
use crate::money::Owed;
use crate::resolve::{Open, Reply};

impl Projection {
    /// Whether claiming an in-transit clause could cost more than a leaf does, for some line that reaches it.
    pub fn transit_may_cost_more(&mut self, law: &Law<'_>, root: Root, leaf: u32) -> bool {
        if let Some(known) = self.leaf(leaf).transit_higher {
            return known;
        }
        let path = self.path(Place { node: self.leaf(leaf).node, at: 0 });
        let mut others = Vec::new();
        let higher = self.alternative_higher(law, root, root.node, (&path, leaf), &mut others);
        self.leaf_mut(leaf).transit_higher = Some(higher);
        higher
    }

    /// Follows every reply to questions on in-transit dates, the leaf's own replies to the others. A question that the
    /// leaf's path does not answer could go either way, so it counts as higher. So do two ways to owe something else: of
    /// those one claim could cost more beside the other.
    fn alternative_higher(
        &mut self,
        law: &Law<'_>,
        root: Root,
        node: u32,
        (path, leaf): (&[(Open, Reply)], u32),
        others: &mut Vec<Arc<[Owed]>>,
    ) -> bool {
        match self.nodes[node as usize] {
            Node::Leaf(other) => {
                let (other, own) = (&self.leaf(other).owed, &self.leaf(leaf).owed);
                if other != own && !others.contains(other) {
                    others.push(Arc::clone(other));
                }
                others.len() > 1 || !dominated(other, own)
            }
            Node::Ask(open) => {
                self.alternative_step(law, root, (Place { node, at: 0 }, open, None), (path, leaf), others)
            }
            Node::Chain { sequence, end } => {
                let asks = Arc::clone(&self.sequences[sequence as usize].asks);
                for (at, (open, usual)) in asks.iter().enumerate() {
                    let place = Place { node, at: u16::try_from(at).unwrap_or(u16::MAX) };
                    let own = path.iter().find(|(asked, _)| asked.atom == open.atom).map(|(_, reply)| *reply);
                    let transit = law.facts.facts[usize::from(law.facts.fact_of(open.atom).0)].is_transit();
                    if transit {
                        // Not made is followed by going on; made, by its own branches.
                        if self.alternative_step(law, root, (place, *open, None), (path, leaf), others) {
                            return true;
                        }
                    } else if own != Some(*usual) {
                        return self.alternative_step(law, root, (place, *open, own), (path, leaf), others);
                    }
                }
                self.alternative_higher(law, root, end, (path, leaf), others)
            }
        }
    }

    fn alternative_step(
        &mut self,
        law: &Law<'_>,
        root: Root,
        (place, open, own): (Place, Open, Option<Reply>),
        (path, leaf): (&[(Open, Reply)], u32),
        others: &mut Vec<Arc<[Owed]>>,
    ) -> bool {
        let transit = law.facts.facts[usize::from(law.facts.fact_of(open.atom).0)].is_transit();
        let known = own.or_else(|| path.iter().find(|(asked, _)| asked.atom == open.atom).map(|(_, reply)| *reply));
        let replies: SmallVec<[Reply; 2]> = match known {
            _ if transit => SmallVec::from_slice(&[Reply::Yes, Reply::No]),
            Some(reply) if open.soft || reply != Reply::Skipped => SmallVec::from_slice(&[reply]),
            _ => return true,
        };
        replies.into_iter().any(|reply| {
            let child = self.child(law, root, (place, open), reply);
            self.alternative_higher(law, root, child, (path, leaf), others)
        })
    }
}

/// Whether duties never come to more than others, whatever the line: what they do not share are plain rates on the
/// whole value, and sum to less.
fn dominated(duties: &[Owed], by: &[Owed]) -> bool {
    // Whether the schedule's own rate is higher than one that stands in its place is not known here.
    let replaces = |list: &[Owed]| {
        let in_place = |owed: &Owed| matches!(owed.rate, DutyRate::InPlaceOfAll(_) | DutyRate::InPlaceOfAllEach(..));
        list.iter().any(|owed| owed.replaces_ordinary() || in_place(owed))
    };
    if replaces(duties) != replaces(by) {
        return false;
    }
    let more: Vec<&Owed> = duties.iter().filter(|o| !by.contains(o)).collect();
    let less: Vec<&Owed> = by.iter().filter(|o| !duties.contains(o)).collect();
    if more.is_empty() {
        return true;
    }
    let plain = |o: &&Owed| match o.rate {
        DutyRate::Add(rate) => Some((rate.0, o.parts)),
        _ => None,
    };
    let (Some(more), Some(less)) =
        (more.iter().map(plain).collect::<Option<Vec<_>>>(), less.iter().map(plain).collect::<Option<Vec<_>>>())
    else {
        return false;
    };
    let same_parts = more.iter().chain(&less).all(|(_, parts)| *parts == more[0].1);
    let sum = |list: &[(i64, u8)]| list.iter().map(|(rate, _)| rate).sum::<i64>();
    same_parts && sum(&more) <= sum(&less)
}
