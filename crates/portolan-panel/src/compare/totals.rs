//! What a difference comes to: in all, by program, by partner and by line.

use std::collections::BTreeMap;

use portolan_engine::Pct;
use portolan_engine::history::Treatment;
use portolan_ledger::TariffCode;
use portolan_ledger::number::div_half_up;
use portolan_ledger::record::{GroupId, Origin};
use portolan_ledger::timeline::{ProvisionIx, Timeline};
use rustc_hash::FxHashMap;

use super::{Comparison, Sums};
use crate::weights::{Partner, Weights};

/// How finely a weight is parted among the numbers below its code: in millionths of a cent.
const GRAIN: i128 = 1_000_000;

/// Trade weights on the goods and origins of a comparison.
#[derive(Clone, Debug)]
pub struct Load {
    /// What the weights are.
    pub name: String,
    /// By product and origin, as in the comparison; in millionths of a cent.
    of: FxHashMap<(u32, u32), i128>,
    /// Their sum, in millionths of a cent.
    total: i128,
    /// The weights whose code or origin met no line, in cents.
    pub unmatched_cents: i128,
}

/// A mean change: plain over lines and origins, and by trade weights where there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mean {
    /// Every line of every origin counts alike.
    pub plain: Pct,
    /// By trade weights.
    pub weighted: Option<Pct>,
}

/// What a difference comes to for one program, partner or line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total<K> {
    /// Of what.
    pub of: K,
    /// Lines with an origin for which it differs.
    pub pairs: u64,
    /// The mean change over all that was asked: of the origin, of the line; or over everything, for a program.
    pub mean: Mean,
    /// The largest change either way, in points.
    pub most: Pct,
    /// Where that is.
    pub at: (TariffCode, Origin),
}

/// What a difference comes to.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Codes asked about that are valid at both ends.
    pub lines: u64,
    /// Origins asked about.
    pub origins: u64,
    /// Codes that differ for some origin.
    pub changed_lines: u64,
    /// Codes with an origin that differ.
    pub changed_pairs: u64,
    /// Among them, those that turn on a fact that is not stated: they count at their highest.
    pub open_pairs: u64,
    /// Among them, those that cannot be put in points: they are in no mean.
    pub unpriced_pairs: u64,
    /// Among them, those that are forbidden at one end alone.
    pub forbidden_pairs: u64,
    /// The plain mean at the two ends over everything that is known in points.
    pub ends: [Pct; 2],
    /// The mean change.
    pub mean: Mean,
    /// By program, as an index into the ledger's programs; none for the ordinary duty.
    pub programs: Vec<Total<Option<u16>>>,
    /// By partner.
    pub partners: Vec<Total<Origin>>,
    /// By code.
    pub codes: Vec<Total<TariffCode>>,
}

impl Load {
    /// Lays trade weights on a comparison. A weight is parted evenly among the lines at or below its number, and where that is
    /// valid no longer among those below its first eight or six digits; one of a group of partners, evenly among the members.
    pub fn new(comparison: &Comparison, weights: &Weights, in_group: &dyn Fn(GroupId, Origin) -> bool) -> Self {
        let mut lines: BTreeMap<TariffCode, u32> = BTreeMap::new();
        for (group, at) in comparison.products.iter().zip(0..) {
            lines.extend(group.iter().map(|code| (*code, at)));
        }
        let origins: FxHashMap<Origin, u32> =
            comparison.origins.iter().zip(0..).flat_map(|(group, at)| group.iter().map(move |o| (*o, at))).collect();
        let mut load = Self { name: weights.name.clone(), of: FxHashMap::default(), total: 0, unmatched_cents: 0 };
        let mut below: FxHashMap<TariffCode, Vec<u32>> = FxHashMap::default();
        let mut partners: Vec<Vec<u32>> = Vec::with_capacity(weights.partners.len());
        for partner in &weights.partners {
            partners.push(match partner {
                Partner::Country(origin) => origins.get(origin).copied().into_iter().collect(),
                Partner::Group(group, _) => {
                    let members = origins.iter().filter(|(origin, _)| in_group(*group, **origin));
                    members.map(|(_, at)| *at).collect()
                }
                Partner::Unknown(_) => Vec::new(),
            });
        }
        for cell in &weights.cells {
            let products = below.entry(cell.code).or_insert_with(|| lines_of(&lines, cell.code));
            let origins = partners.get(usize::from(cell.partner)).map_or(&[][..], Vec::as_slice);
            if origins.is_empty() || products.is_empty() {
                load.unmatched_cents += i128::from(cell.value.0);
                continue;
            }
            let each = i128::from(cell.value.0) * GRAIN / (products.len() * origins.len()) as i128;
            for &product in products.iter() {
                for &origin in origins {
                    *load.of.entry((product, origin)).or_default() += each;
                    load.total += each;
                }
            }
        }
        load
    }
}

/// The goods among which the weight of a number is parted.
fn lines_of(lines: &BTreeMap<TariffCode, u32>, code: TariffCode) -> Vec<u32> {
    let mut prefixes = [code, code.prefix(8), code.prefix(6)].into_iter();
    let below = |prefix: TariffCode| -> Vec<u32> {
        lines.range(prefix..).take_while(|(line, _)| prefix.covers(**line)).map(|(_, product)| *product).collect()
    };
    prefixes.find_map(|prefix| Some(below(prefix)).filter(|found| !found.is_empty())).unwrap_or_default()
}

/// One sum of changes.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    pairs: u64,
    plain: i128,
    weighted: i128,
    most: Pct,
    at: Option<(u32, u32)>,
}

impl Sum {
    fn add(&mut self, change: Pct, (pairs, days): (u64, i128), weight: i128, at: (u32, u32)) {
        self.pairs += pairs;
        self.plain += change.0 * i128::from(pairs) * days;
        // Rounded to ten places of a point: a year of trade times a rate to eighteen is more than a word holds.
        self.weighted += change.0 / 100_000_000 * (weight / GRAIN) * days;
        if change.0.abs() > self.most.0.abs() || self.at.is_none() {
            (self.most, self.at) = (change, Some(at));
        }
    }

    fn mean(&self, pairs: i128, weight: Option<i128>) -> Mean {
        let over = |sum: i128, count: i128| if count == 0 { Pct::ZERO } else { Pct(div_half_up(sum, count)) };
        let weighted = |weight: i128| Pct(over(self.weighted, weight / GRAIN).0 * 100_000_000);
        Mean { plain: over(self.plain, pairs), weighted: weight.map(weighted) }
    }
}

/// What a comparison comes to; the timelines are those of its two ends.
pub fn totals(comparison: &Comparison, timelines: [&Timeline<'_>; 2], load: Option<&Load>) -> Totals {
    let days = i128::from(comparison.days);
    let mut all = Sum::default();
    let mut programs: BTreeMap<Option<u16>, Sum> = BTreeMap::new();
    let mut origins = vec![Sum::default(); comparison.origins.len()];
    let mut products = vec![Sum::default(); comparison.products.len()];
    let (mut open, mut unpriced, mut forbidden) = (0, 0, 0);
    let by_program: Vec<Vec<(Option<u16>, Pct)>> =
        comparison.pairs.iter().map(|pair| programs_of(&pair.before, &pair.after, timelines)).collect();
    let mut last = None;
    for cell in &comparison.cells {
        let at = (cell.product, cell.origin);
        let (codes, partners) = (&comparison.products[at.0 as usize], &comparison.origins[at.1 as usize]);
        // Several stretches of one line and origin are one line that differs.
        let first = last.replace(at) != Some(at);
        let count = codes.len() as u64 * partners.len() as u64;
        let pair = &comparison.pairs[cell.pair as usize];
        let weight = load.and_then(|load| load.of.get(&at)).copied().unwrap_or(0);
        let change = pair.difference();
        let once = |counts: bool| if counts && first { count } else { 0 };
        open += once(pair.is_open());
        unpriced += once(change.is_none());
        forbidden += once(pair.before.bill.prohibited != pair.after.bill.prohibited);
        let change = change.unwrap_or(Pct::ZERO);
        let add = |sum: &mut Sum, change: Pct| {
            sum.add(change, (count, cell.days()), weight, at);
            sum.pairs -= if first { 0 } else { count };
        };
        add(&mut all, change);
        add(&mut origins[at.1 as usize], change);
        add(&mut products[at.0 as usize], change);
        for (program, change) in &by_program[cell.pair as usize] {
            add(programs.entry(*program).or_default(), *change);
        }
    }
    let lines: u64 = comparison.products.iter().map(|group| group.len() as u64).sum();
    let partners: u64 = comparison.origins.iter().map(|group| group.len() as u64).sum();
    let known = comparison.sums.iter().zip(&comparison.origins).fold(Sums::default(), |sum, (one, group)| {
        let times = group.len() as i128;
        Sums {
            known: sum.known + one.known * times,
            open: sum.open + one.open * times,
            before: sum.before + one.before * times,
            after: sum.after + one.after * times,
        }
    });
    let mean = |sum: i128| if known.known == 0 { Pct::ZERO } else { Pct(div_half_up(sum, known.known)) };
    let everything = i128::from(lines) * i128::from(partners) * days;
    let weight = load.map(|load| load.total * days);
    let place = |sum: &Sum| {
        let (product, origin) = sum.at.unwrap_or_default();
        (comparison.products[product as usize][0], comparison.origins[origin as usize][0])
    };
    let mut found = Totals {
        lines,
        origins: partners,
        changed_lines: changed(&products, &comparison.products),
        changed_pairs: all.pairs,
        open_pairs: open,
        unpriced_pairs: unpriced,
        forbidden_pairs: forbidden,
        ends: [mean(known.before), mean(known.after)],
        mean: all.mean(everything, weight),
        programs: Vec::new(),
        partners: Vec::new(),
        codes: Vec::new(),
    };
    for (program, sum) in &programs {
        let (at, mean) = (place(sum), sum.mean(everything, weight));
        found.programs.push(Total { of: *program, pairs: sum.pairs, mean, most: sum.most, at });
    }
    for (at, (sum, group)) in origins.iter().zip(&comparison.origins).enumerate().filter(|(_, (sum, _))| sum.pairs > 0)
    {
        let own = load
            .map(|load| load.of.iter().filter(|((_, o), _)| *o as usize == at).map(|(_, w)| w).sum::<i128>() * days);
        let pairs = i128::from(lines) * group.len() as i128 * days;
        for origin in group {
            let (code, _) = place(sum);
            let (pairs_of, mean) = (sum.pairs / group.len() as u64, sum.mean(pairs, own));
            found.partners.push(Total { of: *origin, pairs: pairs_of, mean, most: sum.most, at: (code, *origin) });
        }
    }
    for (sum, group) in products.iter().zip(&comparison.products).filter(|(sum, _)| sum.pairs > 0) {
        let pairs = i128::from(partners) * group.len() as i128 * days;
        for code in group {
            let (_, origin) = place(sum);
            let (pairs_of, mean) = (sum.pairs / group.len() as u64, sum.mean(pairs, None));
            found.codes.push(Total { of: *code, pairs: pairs_of, mean, most: sum.most, at: (*code, origin) });
        }
    }
    sort(&mut found.programs);
    sort(&mut found.partners);
    sort(&mut found.codes);
    found
}

fn changed(sums: &[Sum], products: &[Vec<TariffCode>]) -> u64 {
    sums.iter().zip(products).filter(|(sum, _)| sum.pairs > 0).map(|(_, group)| group.len() as u64).sum()
}

/// The largest mean change first; then by what it is of.
fn sort<K: Ord>(totals: &mut [Total<K>]) {
    totals.sort_by(|a, b| {
        let key =
            |total: &Total<K>| (std::cmp::Reverse(total.mean.plain.0.abs()), std::cmp::Reverse(total.most.0.abs()));
        key(a).cmp(&key(b)).then_with(|| a.of.cmp(&b.of))
    });
}

/// By how much each program adds more or less; the ordinary duty under none.
fn programs_of(before: &Treatment, after: &Treatment, timelines: [&Timeline<'_>; 2]) -> Vec<(Option<u16>, Pct)> {
    let mut found: BTreeMap<Option<u16>, i128> = BTreeMap::new();
    for (treatment, timeline, sign) in [(before, timelines[0], -1), (after, timelines[1], 1)] {
        let program = |provision: ProvisionIx| timeline.provision(provision).program;
        match &treatment.extremes {
            Some(extremes) => extremes.highest.amounts.iter().for_each(|amount| {
                *found.entry(amount.provision.map(program)).or_default() += sign * amount.pct.0;
            }),
            None => treatment.measures.iter().for_each(|(provision, pct)| {
                *found.entry(Some(program(*provision))).or_default() += sign * pct.map_or(0, |pct| pct.0);
            }),
        }
    }
    found.retain(|_, change| *change != 0);
    found.into_iter().map(|(program, change)| (program, Pct(change))).collect()
}
