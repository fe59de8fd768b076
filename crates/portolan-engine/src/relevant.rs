//! Records in scope that can bear on what is owed: a resolution that need not explain leaves the others out.
//!
//! Goods meet many records that say nothing to them at a moment: duties that are suspended or annulled, and exceptions to
//! duties that do not reach them. Without those, many sets of records are one.

use portolan_ledger::record::Condition;
use portolan_ledger::timeline::{ExceptionNode, Moment, ProvisionIx, Target, Test};

use crate::bits::Bits;
use crate::flaw::Flaw;
use crate::law::Law;
use crate::resolve::{Layer, annulment, layer};

/// What exceptions are to, and which records ask about exceptions.
#[derive(Debug, Default)]
pub struct Relations {
    /// The number of the first exception.
    first: usize,
    /// Every exception, in the common numbering.
    exceptions: Bits,
    /// By exception: the provisions that it is an exception to.
    of: Vec<Bits>,
    /// By record: the exceptions that its conditions name, in the common numbering.
    names: Vec<Vec<usize>>,
    /// Records that name some.
    naming: Bits,
}

impl Relations {
    /// Of a law whose records are compiled.
    pub fn new(law: &Law<'_>) -> Self {
        let records = law.records();
        let first = law.timeline.provisions.len();
        let mut found = Self {
            first,
            exceptions: Bits::new(records),
            of: law.timeline.exceptions.iter().map(|node| duties_of(records, node)).collect(),
            names: (0..records).map(|record| exceptions_named(law, record)).collect(),
            naming: Bits::new(records),
        };
        (first..first + law.timeline.exceptions.len()).for_each(|exception| found.exceptions.insert(exception));
        for (record, names) in found.names.iter().enumerate() {
            if !names.is_empty() {
                found.naming.insert(record);
            }
        }
        found
    }

    /// Of records in scope those that can bear on what is owed, given which may be live at the moment.
    pub fn relevant(&self, scope: &Bits, live: &Bits) -> Bits {
        let mut kept = Bits::all_of([scope, live]);
        let excepting = Bits::all_of([scope, &self.exceptions]);
        for index in excepting.iter() {
            if !self.of[index - self.first].meets(&kept) {
                kept.remove(index);
            }
        }
        // What conditions on other records name, and what the conditions of these name in turn.
        let mut open: Vec<usize> = Bits::all_of([&kept, &self.naming]).iter().collect();
        while let Some(index) = open.pop() {
            for &named in &self.names[index] {
                if scope.contains(named) && !kept.contains(named) {
                    kept.insert(named);
                    open.push(named);
                }
            }
        }
        kept
    }
}

/// Records but for the provisions that no line could owe at a moment.
pub fn may_be_live(law: &Law<'_>, moment: Moment, flaw: Flaw) -> Bits {
    let mut live = Bits::all(law.records());
    for index in 0..law.timeline.provisions.len() {
        if !provision_may_be_live(law, ProvisionIx(u16::try_from(index).unwrap_or(u16::MAX)), moment, flaw) {
            live.remove(index);
        }
    }
    live
}

/// Whether some line could owe a provision at a moment; where an ordinary rate that is not known may keep its family from
/// being computed it counts as if.
fn provision_may_be_live(law: &Law<'_>, provision: ProvisionIx, moment: Moment, flaw: Flaw) -> bool {
    let node = law.timeline.provision(provision);
    let asks_rate = |test: &Test<'_>| matches!(test, Test::Fact(Condition::Base { .. }));
    // A fault that lets what is suspended displace looks at it.
    if flaw == Flaw::SuspendedSpecialDisplaces || node.when.iter().any(asks_rate) {
        return true;
    }
    let layer = layer(&law.timeline, provision, moment, flaw);
    let ended = matches!(layer, Layer::Suspended(..) | Layer::Terminated(_));
    !ended && annulment(&law.timeline, provision, moment, flaw).is_none()
}

fn duties_of(records: usize, node: &ExceptionNode<'_>) -> Bits {
    let mut of = Bits::new(records);
    node.of.iter().for_each(|provision| of.insert(Law::provision_bit(*provision)));
    of
}

fn exceptions_named(law: &Law<'_>, record: usize) -> Vec<usize> {
    let targets = law.tests(record).iter().flat_map(|test| match test {
        Test::Provisions(_, targets) => targets.as_slice(),
        Test::Fact(_) => &[],
    });
    let named = targets.filter_map(|target| match target {
        Target::Exception(exception) => Some(law.exception_bit(*exception)),
        Target::Provision(_) => None,
    });
    named.collect()
}
