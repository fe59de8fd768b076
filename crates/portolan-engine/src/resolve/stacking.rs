//! What stacking rules take away: tiers of provisions that give way to one another on a part of the value.

use portolan_ledger::duty_rate::DutyRate;
use portolan_ledger::record::StackingKind;
use portolan_ledger::timeline::ProvisionIx;

use super::{Memo, Parts, Resolver, Step, Why};
use crate::flaw::Flaw;

/// A rate by which tiers are compared: a plain share of its basis. A total, or an amount per unit, does not compare.
fn comparable(rate: &DutyRate) -> Option<i128> {
    match rate {
        DutyRate::Add(rate)
        | DutyRate::OfMetal(rate, _)
        | DutyRate::OfNonUs(rate, _)
        | DutyRate::InPlaceOfAll(rate)
        | DutyRate::InPlaceOfOrdinary(rate) => Some(i128::from(rate.0)),
        _ => None,
    }
}

impl Resolver<'_, '_> {
    /// Takes away the parts on which another tier of a rule stands.
    pub(super) fn stack(
        &self,
        memo: &mut Memo,
        provision: ProvisionIx,
        index: usize,
        parts: Parts,
        why: Why,
    ) -> Step<(Parts, Why)> {
        let rule = &self.law.timeline.rules[index];
        let Some(tiers) = self.tiers(index).filter(|_| parts != 0 && self.flaw != Flaw::NoStacking) else {
            return Ok((parts, why));
        };
        let Some(own) = tiers.iter().position(|tier| tier.contains(&provision)) else { return Ok((parts, why)) };
        let taking = match rule.record.kind {
            StackingKind::FirstOnly => self.earlier(memo, index, tiers, own)?,
            kind => self.winners(memo, index, tiers, (own, parts), kind)?,
        };
        let mut left = parts;
        let mut by = None;
        for (other, taken) in taking {
            if left & taken != 0 {
                left &= !taken;
                by = Some(other);
            }
        }
        Ok((left, by.map_or(why, |by| Why::Stacked(u16::try_from(index).unwrap_or(u16::MAX), by))))
    }

    /// The tiers of a rule's order in force.
    fn tiers(&self, rule: usize) -> Option<&[Vec<ProvisionIx>]> {
        let rule = &self.law.timeline.rules[rule];
        let orders = Some(&rule.orders).filter(|_| rule.record.levied_by == self.side)?;
        self.law.timeline.in_force(orders, self.moment.at, self.moment.known).map(|(_, tiers)| tiers.as_slice())
    }

    /// The members of a tier: a provision belongs to the first that names it.
    fn members<'t>(&self, tiers: &'t [Vec<ProvisionIx>], at: usize) -> impl Iterator<Item = ProvisionIx> + use<'_, 't> {
        let earlier = move |p: &ProvisionIx| tiers[..at].iter().any(|tier| tier.contains(p));
        tiers[at].iter().copied().filter(move |p| self.is_active(*p) && !earlier(p))
    }

    /// What the tiers before one's own stand on. Later ones are not looked at: they may turn on this very provision.
    fn earlier(
        &self,
        memo: &mut Memo,
        rule: usize,
        tiers: &[Vec<ProvisionIx>],
        own: usize,
    ) -> Step<Vec<(ProvisionIx, Parts)>> {
        let mut taking = Vec::new();
        for at in 0..tiers.len() {
            let before = if self.flaw == Flaw::TiersSwapped { at > own } else { at < own };
            if before {
                for other in self.members(tiers, at) {
                    taking.push((other, self.parts_after(memo, other, rule)?.0));
                }
            }
        }
        Ok(taking)
    }

    /// Each part on which another tier has the highest, or the lowest, duty; of equal ones the earlier tier stands.
    fn winners(
        &self,
        memo: &mut Memo,
        rule: usize,
        tiers: &[Vec<ProvisionIx>],
        (own, parts): (usize, Parts),
        kind: StackingKind,
    ) -> Step<Vec<(ProvisionIx, Parts)>> {
        let mut taking = Vec::new();
        for part in (0..6).map(|bit| 1 << bit).filter(|part| parts & part != 0) {
            let standing = self.duties_on(memo, rule, tiers, part)?;
            let height = |duty: Option<i128>| match kind {
                // What does not compare keeps its family from being computed anyway.
                StackingKind::LowestOnly => -duty.unwrap_or(0),
                _ => duty.unwrap_or(0),
            };
            let swapped = self.flaw == Flaw::TiersSwapped;
            let best = standing.iter().max_by_key(|(at, _, duty)| {
                let order = i64::try_from(*at).unwrap_or(i64::MAX);
                (height(*duty), if swapped { order } else { -order })
            });
            if let Some((at, first, _)) = best
                && *at != own
            {
                taking.push((*first, part));
            }
        }
        Ok(taking)
    }

    /// The tiers that stand on a part before a rule: which, the first provision of it, and the sum of their rates there.
    fn duties_on(
        &self,
        memo: &mut Memo,
        rule: usize,
        tiers: &[Vec<ProvisionIx>],
        part: Parts,
    ) -> Step<Vec<(usize, ProvisionIx, Option<i128>)>> {
        let mut standing: Vec<(usize, ProvisionIx, Option<i128>)> = Vec::new();
        for at in 0..tiers.len() {
            for member in self.members(tiers, at) {
                if self.parts_after(memo, member, rule)?.0 & part == 0 {
                    continue;
                }
                let state = self.state(memo, member)?;
                let rate = comparable(self.rate(member, &state));
                match standing.last_mut() {
                    Some((last, _, sum)) if *last == at => *sum = sum.zip(rate).map(|(a, b)| a + b),
                    _ => standing.push((at, member, rate)),
                }
            }
        }
        Ok(standing)
    }

    /// Whether a rule had to compare duties that do not compare to place a provision.
    pub(super) fn cannot_rank(&self, memo: &mut Memo, provision: ProvisionIx) -> Step<bool> {
        for (index, rule) in self.law.timeline.rules.iter().enumerate() {
            let Some(tiers) = self.tiers(index).filter(|_| rule.record.kind != StackingKind::FirstOnly) else {
                continue;
            };
            if !tiers.iter().any(|tier| tier.contains(&provision)) {
                continue;
            }
            let parts = self.parts_after(memo, provision, index)?.0;
            for part in (0..6).map(|bit| 1 << bit).filter(|part| parts & part != 0) {
                let standing = self.duties_on(memo, index, tiers, part)?;
                if standing.len() > 1 && standing.iter().any(|(.., duty)| duty.is_none()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
