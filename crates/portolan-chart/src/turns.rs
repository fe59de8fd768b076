//! Moments at which dated records begin or end, by what is known on a day.

use portolan_ledger::record::{List, ListId, ListRow, Program, RateRecord, Term};
use portolan_ledger::timeline::{ProvisionNode, Timeline};
use portolan_ledger::{Day, Instant, Ledger, Side};

/// A time: its first moment, and the first moment after it.
pub type Span = (Instant, Instant);

/// Whether a moment lies in a time.
pub fn holds((from, until): Span, at: Instant) -> bool {
    from <= at && at < until
}

/// The moment before another.
pub fn before(at: Instant) -> Instant {
    Instant(at.0.saturating_sub(1))
}

/// A rate that becomes another.
#[derive(Clone, Copy, Debug)]
pub struct RateTurn<'t> {
    /// The first moment of the new rate.
    pub at: Instant,
    /// The record in force until then.
    pub before: Option<&'t RateRecord>,
    /// The record in force from then on.
    pub after: Option<&'t RateRecord>,
}

/// The rate of a record as the ledger writes it; `none` where there is none.
pub fn rate_text(record: Option<&RateRecord>) -> String {
    record.map_or_else(|| "none".to_owned(), |record| record.rate.to_string())
}

/// The moments in a time at which the rate of a provision, its suspensions left aside, becomes another.
pub fn rates<'t>(timeline: &'t Timeline<'_>, node: &'t ProvisionNode<'_>, known: Day, span: Span) -> Vec<RateTurn<'t>> {
    let known_records = node.record.rates.iter().filter(|record| timeline.is_known(&record.term, known));
    let bounds = known_records.flat_map(|record| [Some(record.term.from), record.term.until]).flatten();
    let mut bounds: Vec<Instant> = bounds.filter(|&at| holds(span, at)).collect();
    bounds.sort_unstable();
    bounds.dedup();
    let rate = |at: Instant| timeline.in_force(&node.record.rates, at, known);
    let turns = bounds.into_iter().map(|at| RateTurn { at, before: rate(before(at)), after: rate(at) });
    turns.filter(|turn| rate_text(turn.before) != rate_text(turn.after)).collect()
}

/// Rows of a product list that begin or end together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowTurn {
    /// When.
    pub at: Instant,
    /// They begin; else they end.
    pub begins: bool,
    /// How many.
    pub count: usize,
    /// The term of the first of them.
    pub term: Term,
}

/// The moments in a time at which rows of a list begin or end.
pub fn rows(timeline: &Timeline<'_>, list: &List, known: Day, span: Span) -> Vec<RowTurn> {
    let issued = |row: &ListRow| timeline.ledger.act(row.term.act).issued;
    let mut turns: Vec<(Instant, bool, Term)> = Vec::new();
    // Rows stand by code: what restates a row is beside it.
    for of_code in list.rows.chunk_by(|a, b| a.code == b.code) {
        let is_known = |row: &&ListRow| timeline.is_known(&row.term, known);
        for row in of_code.iter().filter(is_known) {
            let again = |other: &ListRow| other.term.from == row.term.from && issued(other) > issued(row);
            if of_code.iter().filter(is_known).any(again) {
                continue;
            }
            turns.extend(holds(span, row.term.from).then_some((row.term.from, true, row.term)));
            let ends = row.term.until.filter(|&until| holds(span, until));
            turns.extend(ends.map(|until| (until, false, row.term)));
        }
    }
    turns.sort_by_key(|(at, begins, term)| (*at, *begins, term.act));
    let together = turns.chunk_by(|a, b| (a.0, a.1, a.2.act) == (b.0, b.1, b.2.act));
    together.map(|group| RowTurn { at: group[0].0, begins: group[0].1, count: group.len(), term: group[0].2 }).collect()
}

/// The product lists that the programs of a side name, each once.
pub fn lists(ledger: &Ledger, side: Side, wanted: impl Fn(&Program) -> bool) -> Vec<ListId> {
    let own = |program: &&Program| program.levied_by == side && wanted(program);
    let scopes = ledger.programs.iter().filter(own).flat_map(|program| {
        let scopes = program.provisions.iter().map(|p| &p.scope).chain(program.exceptions.iter().map(|e| &e.scope));
        scopes.chain(program.prohibitions.iter().map(|p| &p.scope))
    });
    let mut used: Vec<ListId> =
        scopes.flat_map(|scope| scope.products.iter().chain(&scope.products_except)).copied().collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// The terms of a record that stand, those that never run left out, in the order of time.
pub fn terms(timeline: &Timeline<'_>, terms: &[Term], known: Day) -> Vec<Term> {
    let runs = |term: &&Term| term.until.is_none_or(|until| term.from < until);
    let mut standing: Vec<Term> = timeline.standing(terms, known).filter(runs).copied().collect();
    standing.sort_by_key(|term| term.from);
    standing
}
