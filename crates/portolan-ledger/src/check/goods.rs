//! The goods of the product lists: what each covers, and where the rows that decide change.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use crate::code::TariffCode;
use crate::record::{Ledger, List, ListId, ListRow, Scope, Term};
use crate::timeline::{Moment, Timeline};

/// The first ten-digit number that is not of chapters 1 to 97.
pub(super) const CHAPTER_98: u64 = 98_0000_0000;

/// Ten-digit numbers from the first up to, not including, the second.
type Range = (u64, u64);

/// The ranges that two sorted lists of ranges share.
pub(super) fn overlaps(one: &[Range], other: &[Range]) -> Vec<Range> {
    let (mut i, mut j) = (0, 0);
    let mut shared = Vec::new();
    while i < one.len() && j < other.len() {
        let (start, end) = (one[i].0.max(other[j].0), one[i].1.min(other[j].1));
        if start < end {
            shared.push((start, end));
        }
        if one[i].1 <= other[j].1 { i += 1 } else { j += 1 }
    }
    shared
}

/// The goods of the product lists.
pub(super) struct Goods<'l> {
    ledger: &'l Ledger,
    /// What each list covers at any time.
    ranges: Vec<OnceCell<Vec<Range>>>,
    /// Where the rows that cover a number change, and the class of those rows from there on; class 0 is none.
    segments: Vec<OnceCell<Vec<(u64, u32)>>>,
}

impl<'l> Goods<'l> {
    pub(super) fn new(ledger: &'l Ledger) -> Self {
        let count = ledger.lists.len();
        Self { ledger, ranges: vec![OnceCell::new(); count], segments: vec![OnceCell::new(); count] }
    }

    fn list(&self, list: ListId) -> &'l List {
        &self.ledger.lists[usize::from(list.0)]
    }

    /// What the lists of a scope cover at any time, sorted and merged; all goods where it names none.
    pub(super) fn ranges(&self, scope: &Scope) -> Vec<Range> {
        if scope.products.is_empty() {
            return vec![(0, CHAPTER_98)];
        }
        let of_list = |list: &ListId| {
            let rows = &self.list(*list).rows;
            let ranges = || merged(rows.iter().map(|row| (row.code.padded(), row.code.end())).collect());
            self.ranges[usize::from(list.0)].get_or_init(ranges).iter().copied()
        };
        merged(scope.products.iter().flat_map(of_list).collect())
    }

    /// Whether two scopes can share a good.
    pub(super) fn meet(&self, one: &Scope, other: &Scope) -> bool {
        let inside = |inner: &Scope, outer: &Scope| {
            !inner.products.is_empty() && inner.products.iter().all(|list| outer.products_except.contains(list))
        };
        if inside(one, other) || inside(other, one) {
            return false;
        }
        let all = one.products.is_empty() && other.products.is_empty();
        all || one.products == other.products || !overlaps(&self.ranges(one), &self.ranges(other)).is_empty()
    }

    pub(super) fn segments(&self, list: ListId) -> &[(u64, u32)] {
        self.segments[usize::from(list.0)].get_or_init(|| {
            let rows = &self.list(list).rows;
            let codes = rows.iter().flat_map(|row| std::iter::once(&row.code).chain(&row.except));
            let mut cuts: Vec<u64> = codes.flat_map(|code| [code.padded(), code.end()]).collect();
            cuts.sort_unstable();
            cuts.dedup();
            let mut classes: FxHashMap<Vec<i64>, u32> = FxHashMap::default();
            classes.insert(Vec::new(), 0);
            let class = |cut: u64| {
                let next = u32::try_from(classes.len()).unwrap_or(u32::MAX);
                (cut, *classes.entry(self.signature(list, TariffCode::from_padded(cut, 10))).or_insert(next))
            };
            cuts.into_iter().map(class).collect()
        })
    }

    /// What tells the rows that cover a code from the rows that cover another.
    fn signature(&self, list: ListId, code: TariffCode) -> Vec<i64> {
        let mut signature = Vec::new();
        for digits in [10, 8, 6, 4, 2] {
            for row in self.rows(list, code, digits) {
                let out = row.except.iter().any(|except| except.covers(code));
                let Term { from, until, act, .. } = row.term;
                let until = until.map_or(i64::MAX, |until| until.0);
                signature.extend([i64::from(digits) * 2 + i64::from(out), from.0, until, i64::from(act.0)]);
            }
        }
        signature
    }

    /// The class of a ten-digit number.
    pub(super) fn class(&self, list: ListId, number: u64) -> u32 {
        let segments = self.segments(list);
        let at = segments.partition_point(|(start, _)| *start <= number);
        at.checked_sub(1).map_or(0, |at| segments[at].1)
    }

    fn rows(&self, list: ListId, code: TariffCode, digits: u8) -> &'l [ListRow] {
        let rows = &self.list(list).rows;
        let prefix = code.prefix(digits);
        let first = rows.partition_point(|row| row.code < prefix);
        let count = rows[first..].iter().take_while(|row| row.code == prefix).count();
        &rows[first..first + count]
    }

    /// The terms of the rows that cover a code.
    pub(super) fn covering(&self, list: ListId, code: TariffCode) -> impl Iterator<Item = &'l Term> {
        [10, 8, 6, 4, 2].into_iter().flat_map(move |digits| self.rows(list, code, digits)).map(|row| &row.term)
    }

    /// Of the known rows in force whose code covers the good, the longest decides.
    pub(super) fn on_list(&self, timeline: &Timeline<'_>, list: ListId, code: TariffCode, moment: Moment) -> bool {
        let deciding = [10, 8, 6, 4, 2]
            .into_iter()
            .find_map(|digits| timeline.in_force(self.rows(list, code, digits), moment.at, moment.known));
        deciding.is_some_and(|row| !row.except.iter().any(|except| except.covers(code)))
    }
}

fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::new();
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(before) if start <= before.1 => before.1 = before.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}
