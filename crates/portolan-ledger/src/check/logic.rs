//! Conditions against conditions: which cannot both be true of one line, and which follow from others.
//!
//! Both questions are answered by a plain look at two conditions. What is not seen to follow does not follow.

use crate::record::Bound::{Before, From};
use crate::record::{Condition as C, Ledger, Origin, OriginRef};

/// Whether no line makes both conditions true.
pub(super) fn apart(ledger: &Ledger, one: &C, other: &C) -> bool {
    thresholds_apart(one, other)
        || thresholds_apart(other, one)
        || dates_apart(one, other)
        || dates_apart(other, one)
        || words_apart(one, other)
        || places_apart(ledger, one, other)
}

/// The first asks for at least as much as the second stays below; a claim and its denial.
fn thresholds_apart(least: &C, below: &C) -> bool {
    match (least, below) {
        (C::Claim { claim, yes: true }, C::Claim { claim: other, yes: false }) => claim == other,
        (C::Share { of, at_least: true, pct: low }, C::Share { of: other, at_least: false, pct: high }) => {
            of == other && low >= high
        }
        (C::Base { general, at_least: true, rate: low }, C::Base { general: other, at_least: false, rate: high }) => {
            general == other && low >= high
        }
        (
            C::UnitPrice { at_least: true, price: low, unit },
            C::UnitPrice { at_least: false, price: high, unit: other },
        ) => unit == other && low >= high,
        _ => false,
    }
}

/// The first asks for a date from a moment on, the second for the same date before it.
fn dates_apart(late: &C, early: &C) -> bool {
    match (late, early) {
        (C::Loaded(From(low)), C::Loaded(Before(high)))
        | (C::Exported(From(low)), C::Exported(Before(high)))
        | (C::Imported(From(low)), C::Imported(Before(high)))
        | (C::Entered(From(low)), C::Entered(Before(high))) => low >= high,
        _ => false,
    }
}

/// Both ask for one word of a set, and the sets share none.
fn words_apart(one: &C, other: &C) -> bool {
    match (one, other) {
        (C::Column(p), C::Column(q)) => disjoint(p, q),
        (C::Mode(p), C::Mode(q)) => disjoint(p, q),
        (C::Spi(p), C::Spi(q)) | (C::EntryType(p), C::EntryType(q)) => disjoint(p, q),
        // Empty means any number of chapter 98.
        (C::Chapter98(p), C::Chapter98(q)) => {
            let share = |p: &String| q.iter().any(|q| p.starts_with(q.as_str()) || q.starts_with(p.as_str()));
            !p.is_empty() && !q.is_empty() && !p.iter().any(share)
        }
        _ => false,
    }
}

fn places_apart(ledger: &Ledger, one: &C, other: &C) -> bool {
    let apart = |p: &[OriginRef], q: &[OriginRef]| matches!((ever(ledger, p), ever(ledger, q)), (Some(p), Some(q)) if disjoint(&p, &q));
    match (one, other) {
        (C::Melted { countries: p, .. }, C::Melted { countries: q, .. }) | (C::ExportedFrom(p), C::ExportedFrom(q)) => {
            apart(p, q)
        }
        // Where all were made in some of these, none was made in any of those.
        (C::Smelted { countries: p, all }, C::Smelted { countries: q, all: other }) => (*all || *other) && apart(p, q),
        _ => false,
    }
}

/// Every country that a set holds at any time; none where it holds all.
pub(super) fn ever(ledger: &Ledger, set: &[OriginRef]) -> Option<Vec<Origin>> {
    let mut origins = Vec::new();
    for member in set {
        match *member {
            OriginRef::Any => return None,
            OriginRef::Country(country) => origins.push(country),
            OriginRef::Group(group) => {
                let group = &ledger.groups[usize::from(group.0)];
                origins.extend(group.members.iter().flat_map(|member| member.origins.iter().copied()));
            }
        }
    }
    Some(origins)
}

fn disjoint<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    !one.iter().any(|item| other.contains(item))
}

fn within<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.iter().all(|item| other.contains(item))
}

/// Whether the first condition makes the second true.
pub(super) fn follows(given: &C, wanted: &C) -> bool {
    match (given, wanted) {
        (C::Share { of, at_least: true, pct }, C::Share { of: other, at_least: true, pct: least }) => {
            of == other && pct >= least
        }
        (C::Share { of, at_least: false, pct }, C::Share { of: other, at_least: false, pct: below }) => {
            of == other && pct <= below
        }
        (C::Base { general, at_least: true, rate }, C::Base { general: other, at_least: true, rate: least }) => {
            general == other && rate >= least
        }
        (C::Base { general, at_least: false, rate }, C::Base { general: other, at_least: false, rate: below }) => {
            general == other && rate <= below
        }
        (C::ValueAtMost(value), C::ValueAtMost(most)) => value <= most,
        (C::Loaded(Before(given)), C::Loaded(Before(wanted)))
        | (C::Exported(Before(given)), C::Exported(Before(wanted)))
        | (C::Imported(Before(given)), C::Imported(Before(wanted)))
        | (C::Entered(Before(given)), C::Entered(Before(wanted))) => given <= wanted,
        (C::Loaded(From(given)), C::Loaded(From(wanted)))
        | (C::Exported(From(given)), C::Exported(From(wanted)))
        | (C::Imported(From(given)), C::Imported(From(wanted)))
        | (C::Entered(From(given)), C::Entered(From(wanted))) => given >= wanted,
        (C::Column(given), C::Column(wanted)) => within(given, wanted),
        (C::Mode(given), C::Mode(wanted)) => within(given, wanted),
        (C::Spi(given), C::Spi(wanted)) | (C::EntryType(given), C::EntryType(wanted)) => within(given, wanted),
        (C::Chapter98(_), C::Chapter98(wanted)) if wanted.is_empty() => true,
        _ => given == wanted,
    }
}
