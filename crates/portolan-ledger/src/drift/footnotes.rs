//! Footnotes of the schedule's lines that point to a heading, held against the product lists.

use std::collections::{BTreeMap, BTreeSet};

use super::Edition;
use super::standing::{Carrier, Records, Standing};
use crate::code::TariffCode;
use crate::record::{ListId, Scope};
use crate::schedule::OfficialRow;
use crate::time::{Day, Instant};
use crate::timeline::Timeline;

/// What the lines of an edition and the lists say of one heading. Footnotes are no law: the notes' lists are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footnoted {
    /// The heading.
    pub heading: TariffCode,
    /// Lines that point to it and are on its lists.
    pub agree: usize,
    /// Lines that point to it and are on none of its lists.
    pub footnote_only: Vec<TariffCode>,
    /// Lines on its lists that do not point to it.
    pub list_only: Vec<TariffCode>,
    /// Whether a record with a product list carries it; without one there is nothing to hold it against.
    pub listed: bool,
}

/// The headings that a footnote names.
fn named(note: &str, within: &BTreeSet<TariffCode>) -> Vec<TariffCode> {
    let words = note.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
    let codes = words.filter_map(|word| TariffCode::parse(word.as_bytes()).ok());
    codes.filter(|code| code.digits() == 8 && within.contains(&code.prefix(4))).collect()
}

/// A line of the schedule that bears rates, with the headings that it or a number below it points to.
struct Line {
    code: TariffCode,
    points_to: BTreeSet<TariffCode>,
}

fn lines(rows: &[OfficialRow], within: &BTreeSet<TariffCode>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in rows {
        let Some(code) = row.code.filter(|code| !within.contains(&code.prefix(4))) else { continue };
        let headings = row.footnotes.iter().flat_map(|note| named(note, within));
        if !row.general.trim().is_empty() {
            lines.push(Line { code, points_to: headings.collect() });
        } else if let Some(line) = lines.last_mut().filter(|line| line.code.covers(code)) {
            line.points_to.extend(headings);
        }
    }
    lines
}

/// Holds the footnotes of an edition against the lists of the headings they name, on the day of its publication.
pub fn check(
    edition: &Edition<'_>,
    at: Instant,
    within: &BTreeSet<TariffCode>,
    records: &BTreeMap<TariffCode, Records<'_, '_>>,
) -> Vec<Footnoted> {
    let lines = lines(edition.rows, within);
    let headings: BTreeSet<TariffCode> = lines.iter().flat_map(|line| &line.points_to).copied().collect();
    let mut found = Vec::new();
    for heading in headings {
        let scopes = records.get(&heading).map_or(Vec::new(), |records| scopes(records, at));
        let timeline = records.get(&heading).map(|records| records.timeline);
        let mut footnoted = Footnoted {
            heading,
            agree: 0,
            footnote_only: Vec::new(),
            list_only: Vec::new(),
            listed: records.get(&heading).is_some_and(|records| records.carriers.iter().any(|c| has_list(records, *c))),
        };
        for line in &lines {
            let on_list =
                timeline.is_some_and(|timeline| scopes.iter().any(|scope| holds(timeline, scope, line.code, at)));
            match (line.points_to.contains(&heading), on_list) {
                (true, true) => footnoted.agree += 1,
                (true, false) => footnoted.footnote_only.push(line.code),
                (false, true) => footnoted.list_only.push(line.code),
                (false, false) => {}
            }
        }
        found.push(footnoted);
    }
    found
}

fn scope<'l>(records: &Records<'_, 'l>, carrier: Carrier) -> &'l Scope {
    match carrier {
        Carrier::Provision(ix) => &records.timeline.provision(ix).record.scope,
        Carrier::Exception(ix) => &records.timeline.exception(ix).record.scope,
        Carrier::Prohibition(ix) => &records.timeline.prohibitions[ix].record.scope,
    }
}

fn has_list(records: &Records<'_, '_>, carrier: Carrier) -> bool {
    !scope(records, carrier).products.is_empty()
}

/// The scopes with lists of the records that are in force, a truce or not.
fn scopes<'l>(records: &Records<'_, 'l>, at: Instant) -> Vec<&'l Scope> {
    let stands = |carrier: &&Carrier| {
        matches!(records.standing(**carrier, at, Day::MAX), Standing::Live(_) | Standing::Suspended(..))
    };
    let standing = records.carriers.iter().filter(stands);
    standing.map(|carrier| scope(records, *carrier)).filter(|scope| !scope.products.is_empty()).collect()
}

/// Whether a scope holds a line, or a statistical number below it.
fn holds(timeline: &Timeline<'_>, scope: &Scope, code: TariffCode, at: Instant) -> bool {
    let on = |list: &ListId| on_list(timeline, *list, code, at);
    scope.products.iter().any(on) && !scope.products_except.iter().any(|list| covers(timeline, *list, code, at))
}

fn on_list(timeline: &Timeline<'_>, list: ListId, code: TariffCode, at: Instant) -> bool {
    let rows = &timeline.ledger.lists[usize::from(list.0)].rows;
    let first = rows.partition_point(|row| row.code < code);
    let below = rows[first..].iter().take_while(|row| code.covers(row.code)).filter(|row| row.code != code);
    covers(timeline, list, code, at)
        || below.into_iter().any(|row| timeline.is_known(&row.term, Day::MAX) && row.term.covers(at))
}

/// Whether a list holds the whole of a line (`LEDGER.md`, section 3.8).
fn covers(timeline: &Timeline<'_>, list: ListId, code: TariffCode, at: Instant) -> bool {
    let rows = &timeline.ledger.lists[usize::from(list.0)].rows;
    let deciding = [10, 8, 6, 4, 2].into_iter().filter(|digits| *digits <= code.digits()).find_map(|digits| {
        let prefix = code.prefix(digits);
        let first = rows.partition_point(|row| row.code < prefix);
        let count = rows[first..].iter().take_while(|row| row.code == prefix).count();
        timeline.in_force(&rows[first..first + count], at, Day::MAX)
    });
    deciding.is_some_and(|row| !row.except.iter().any(|except| except.covers(code)))
}
