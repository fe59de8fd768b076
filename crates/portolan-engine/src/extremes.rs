//! The highest and the lowest of the bills that goods could have, whole: for sums over many goods, where a range of each
//! family apart would not add up.

use portolan_ledger::Cents;
use portolan_ledger::line::EntryLine;
use portolan_ledger::record::{Column, FamilyId};
use portolan_ledger::timeline::ProvisionIx;

use crate::engine::{Engine, Question};
use crate::money::{self, Duty, Lack, Owed, Quantities, Value};
use crate::ordinary::Applicable;
use crate::pct::Pct;
use crate::possible::Possible;

/// What one provision adds, or the schedule's ordinary duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    /// The provision; none for the schedule's own rate.
    pub provision: Option<ProvisionIx>,
    /// The family in which it counts.
    pub family: FamilyId,
    /// In points on the full value.
    pub pct: Pct,
}

/// One of the bills that goods could have, in points on the full value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sum {
    /// What it is made of; amounts of zero are left out.
    pub amounts: Vec<Amount>,
    /// All of it.
    pub total: Pct,
}

/// The highest and the lowest bill; the same where nothing is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extremes {
    /// The highest; of several the first.
    pub highest: Sum,
    /// The lowest; of several the first.
    pub lowest: Sum,
}

impl<'l> Engine<'l> {
    /// The highest and the lowest of possible bills; none where the law forbids the entry, or where one of them cannot be put
    /// in points: a rate by quantity whose quantity or value was not stated, a rate that is not known.
    pub(crate) fn extremes(&self, q: &Question<'l>, possible: &[Possible], value: &Value) -> Option<Extremes> {
        let doubtful = |one: &Possible| !self.projections[q.projection].leaf(one.leaf).resolution.doubts.is_empty();
        let sums = possible.iter().filter(|one| !one.prohibited).map(|one| {
            if doubtful(one) {
                return None;
            }
            self.sum(one.amounts.iter().map(|(owed, duty)| (owed, duty)), &one.ordinary, value)
        });
        widest(sums)
    }

    /// What is owed at a leaf where nothing is open.
    ///
    /// # Errors
    /// Something is open after all: a quantity that a rate needs.
    pub(crate) fn plain_extremes(
        &self,
        q: &Question<'l>,
        leaf: u32,
        line: &EntryLine,
        value: &Value,
    ) -> Result<Option<Extremes>, Lack> {
        let leaf = self.projections[q.projection].leaf(leaf);
        if leaf.resolution.prohibited.is_some() {
            return Ok(None);
        }
        let of = Quantities { line, pins: None };
        let ordinary = self.ordinary_duty(q, leaf, value, of)?;
        let context = self.ordinary_context(q);
        let duties: Vec<(&Owed, Result<Duty, Lack>)> =
            leaf.owed.iter().map(|owed| (owed, money::duty(owed, value, of, &context, self.flaw))).collect();
        if let Some((_, Err(lack))) = duties.iter().find(|(_, duty)| duty.is_err()) {
            return Err(lack.clone());
        }
        let sum = self.sum(duties.iter().map(|(owed, duty)| (*owed, duty)), &Ok(ordinary), value);
        Ok(sum.map(|sum| Extremes { highest: sum.clone(), lowest: sum }))
    }

    /// Where the duties of a leaf are kept, a number that tells lists of duties apart, and whether the ordinary duty is paid.
    pub(crate) fn stands(&self, q: &Question<'l>, leaf: u32) -> (usize, bool) {
        let leaf = self.projections[q.projection].leaf(leaf);
        let forbidden = leaf.resolution.prohibited.is_some();
        let owed = if forbidden { usize::MAX } else { leaf.owed.as_ptr().addr() };
        (owed, self.pays_ordinary(leaf))
    }

    fn sum<'d>(
        &self,
        duties: impl Iterator<Item = (&'d Owed, &'d Result<Duty, Lack>)>,
        ordinary: &Result<Duty, Lack>,
        value: &Value,
    ) -> Option<Sum> {
        let mut sum = Sum::default();
        let mut add = |provision, family, duty: &Result<Duty, Lack>| -> Option<()> {
            let pct = points(duty.as_ref().ok()?, value)?;
            if pct != Pct::ZERO {
                sum.amounts.push(Amount { provision, family, pct });
                sum.total += pct;
            }
            Some(())
        };
        if let Some(mfn) = self.mfn {
            add(None, mfn, ordinary)?;
        }
        for (owed, duty) in duties {
            add(Some(owed.provision), self.counts_in(owed), duty)?;
        }
        Some(sum)
    }

    /// What applies to goods of which a statistic says what an ordinary rate that is no percentage came to (`mfn_pct`): that
    /// stands for the rate of column 1-general. A rate that is a percentage stays what the schedule prints.
    pub(crate) fn equivalent(&mut self, base: Applicable, line: &EntryLine) -> Applicable {
        let Some(stated) = line.mfn_pct else { return base };
        let equivalent = self.bases.stated(stated);
        let put =
            |of: Option<usize>| of.map(|of| if self.bases.get(of).ad_valorem.is_none() { equivalent } else { of });
        let ordinary = if base.column == Column::General { put(base.ordinary) } else { base.ordinary };
        Applicable { ordinary, general: put(base.general), ..base }
    }
}

/// The highest and the lowest of sums; none where there is none, or one of them is none.
fn widest(sums: impl Iterator<Item = Option<Sum>>) -> Option<Extremes> {
    let mut found: Option<Extremes> = None;
    for sum in sums {
        let sum = sum?;
        match &mut found {
            None => found = Some(Extremes { highest: sum.clone(), lowest: sum }),
            Some(known) if sum.total > known.highest.total => known.highest = sum,
            Some(known) if sum.total < known.lowest.total => known.lowest = sum,
            Some(_) => {}
        }
    }
    found
}

/// A duty in points: as its rate says, or its cents over the value.
fn points(duty: &Duty, value: &Value) -> Option<Pct> {
    let over_value = || {
        let (Cents(duty), Cents(whole)) = (duty.cents?, value.whole.filter(|whole| whole.0 > 0)?);
        let scaled = i128::from(duty).checked_mul(10_i128.pow(18))?;
        Some(Pct(portolan_ledger::number::div_half_up(scaled, i128::from(whole))))
    };
    duty.pct.or_else(over_value)
}
