//! Provisions that say the same of different countries.
//!
//! A program that sets one rate for sixty countries has sixty headings. What stands beside a heading, and what is asked for it,
//! does not turn on which of them it is: so such provisions are resolved as one, under the first of them, and what was
//! resolved is put in terms of the one whose country it is afterwards.

use portolan_ledger::record::{Origin, OriginRef, RateRecord};
use portolan_ledger::timeline::{ProvisionIx, ProvisionNode, Target, Test, Timeline};

use crate::resolve::{Record, Resolution, Row, Why};

/// Which provisions are alike.
#[derive(Debug, Default)]
pub struct Alike {
    /// By provision: the first of those that are like it.
    first: Vec<ProvisionIx>,
    /// By the first: all of them, where there are several; each with its countries.
    all: Vec<Vec<(Vec<Origin>, ProvisionIx)>>,
}

impl Alike {
    /// Of a timeline.
    pub fn new(timeline: &Timeline<'_>) -> Self {
        let count = timeline.provisions.len();
        let mentions = mentions(timeline);
        let mut found = Self { first: Vec::with_capacity(count), all: vec![Vec::new(); count] };
        for (index, node) in timeline.provisions.iter().enumerate() {
            let own = ProvisionIx(u16::try_from(index).unwrap_or(u16::MAX));
            let countries = countries(node);
            let like = |first: &usize| {
                let (other, known) = (&timeline.provisions[*first], &found.all[*first]);
                let apart = |(theirs, _): &(Vec<Origin>, _)| !countries.iter().any(|country| theirs.contains(country));
                !known.is_empty()
                    && mentions[*first] == mentions[index]
                    && say_the_same(other, node)
                    && known.iter().all(apart)
            };
            let of_program = (0..index).rev().take_while(|&other| timeline.provisions[other].program == node.program);
            let first = if countries.is_empty() { None } else { { of_program }.find(like) };
            found.first.push(first.map_or(own, |first| found.first[first]));
            if !countries.is_empty() {
                found.all[first.unwrap_or(index)].push((countries, own));
            }
        }
        found
    }

    /// The first of those that are like a provision; itself where none is.
    pub fn first(&self, provision: ProvisionIx) -> ProvisionIx {
        self.first[usize::from(provision.0)]
    }

    /// Whether others are like a provision.
    pub fn has_others(&self, provision: ProvisionIx) -> bool {
        self.all[usize::from(self.first(provision).0)].len() > 1
    }

    /// The provision that reaches an origin, of those that are like one; that one where none other does.
    pub fn of(&self, provision: ProvisionIx, origin: Origin) -> ProvisionIx {
        let all = &self.all[usize::from(self.first(provision).0)];
        if all.len() < 2 {
            return provision;
        }
        all.iter().find(|(countries, _)| countries.contains(&origin)).map_or(provision, |(_, own)| *own)
    }
}

impl Resolution {
    /// The same with other provisions.
    pub(crate) fn renamed(&self, own: impl Fn(ProvisionIx) -> ProvisionIx) -> Self {
        let why = |why: &Why| match why {
            Why::Yields(other) => Why::Yields(own(*other)),
            Why::Stacked(rule, other) => Why::Stacked(*rule, own(*other)),
            Why::InPlace(other) => Why::InPlace(own(*other)),
            Why::Replaced(other) => Why::Replaced(own(*other)),
            other => other.clone(),
        };
        let row = |row: &Row| {
            let record = match row.record {
                Record::Provision(provision) => Record::Provision(own(provision)),
                other => other,
            };
            Row { record, why: why(&row.why), ..row.clone() }
        };
        Self {
            rows: self.rows.iter().map(row).collect(),
            prohibited: self.prohibited,
            in_place: self.in_place.map(&own),
            conflict: self.conflict.map(|(a, b)| (own(a), own(b))),
            doubts: self.doubts.clone(),
        }
    }
}

/// The countries that a provision names as its origins; nothing where it names anything else.
fn countries(node: &ProvisionNode<'_>) -> Vec<Origin> {
    let country = |origin: &OriginRef| match origin {
        OriginRef::Country(country) => Some(*country),
        OriginRef::Any | OriginRef::Group(_) => None,
    };
    node.record.scope.origin.iter().map(country).collect::<Option<_>>().unwrap_or_default()
}

/// Whether two provisions differ in nothing but their names and their countries.
fn say_the_same(a: &ProvisionNode<'_>, b: &ProvisionNode<'_>) -> bool {
    let same_goods = (&a.record.scope.products, &a.record.scope.products_except)
        == (&b.record.scope.products, &b.record.scope.products_except);
    same_goods
        && (&a.yields_to, &a.adds_to, &a.exceptions) == (&b.yields_to, &b.adds_to, &b.exceptions)
        && all_pairs(&a.record.rates, &b.record.rates, same_rate)
        && all_pairs(&a.when, &b.when, same_test)
        && all_pairs(&a.suspensions, &b.suspensions, |a, b| std::ptr::eq(*a, *b))
        && all_pairs(&a.annulments, &b.annulments, |a, b| std::ptr::eq(*a, *b))
}

fn all_pairs<T>(a: &[T], b: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

fn same_rate(a: &RateRecord, b: &RateRecord) -> bool {
    let key = |record: &RateRecord| (record.term.from, record.term.until, record.term.act, record.patch);
    a.rate == b.rate && key(a) == key(b)
}

fn same_test(a: &Test<'_>, b: &Test<'_>) -> bool {
    match (a, b) {
        (Test::Fact(a), Test::Fact(b)) => a == b,
        (Test::Provisions(a, of_a), Test::Provisions(b, of_b)) => a == b && of_a == of_b,
        _ => false,
    }
}

/// By provision: the numbers of the lists, in all records, that name it.
fn mentions(timeline: &Timeline<'_>) -> Vec<Vec<u32>> {
    let mut found: Vec<Vec<u32>> = vec![Vec::new(); timeline.provisions.len()];
    let mut number = 0;
    let mut name = |list: &mut dyn Iterator<Item = ProvisionIx>| {
        number += 1;
        for provision in list {
            let own = &mut found[usize::from(provision.0)];
            if own.last() != Some(&number) {
                own.push(number);
            }
        }
    };
    let tests = |tests: &[Test<'_>], name: &mut dyn FnMut(&mut dyn Iterator<Item = ProvisionIx>)| {
        for test in tests {
            let Test::Provisions(_, targets) = test else { continue };
            let provision = |target: &Target| match target {
                Target::Provision(provision) => Some(*provision),
                Target::Exception(_) => None,
            };
            name(&mut targets.iter().filter_map(provision));
        }
    };
    for node in &timeline.provisions {
        name(&mut node.yields_to.iter().copied());
        name(&mut node.adds_to.iter().copied());
        tests(&node.when, &mut name);
    }
    for node in &timeline.exceptions {
        name(&mut node.of.iter().copied());
        name(&mut node.spares.iter().copied());
        tests(&node.when, &mut name);
    }
    timeline.prohibitions.iter().for_each(|node| tests(&node.when, &mut name));
    for tier in timeline.rules.iter().flat_map(|rule| &rule.orders).flat_map(|(_, tiers)| tiers) {
        name(&mut tier.iter().copied());
    }
    found
}
