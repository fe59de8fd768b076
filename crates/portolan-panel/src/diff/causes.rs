//! The records that stand otherwise for one line at two ends, and the acts by which they do.

use portolan_engine::Law;
use portolan_engine::answer::{Answer, Reason, Row, Subject};
use portolan_engine::resolve::{Record, Why};
use portolan_ledger::line::{EntryLine, Status, View};
use portolan_ledger::record::{ActId, Column, ListId, OriginRef, Scope, Term};
use portolan_ledger::timeline::{Dated, Moment, ProvisionIx, Timeline};
use portolan_ledger::{Instant, TariffCode};

use super::Cause;

/// One end of a line: when, and its rows there.
struct Side<'a> {
    line: &'a EntryLine,
    answer: &'a Answer,
    moment: Moment,
}

/// What decided causes beside the records: they hold for other goods only where these are alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    /// The goods are on a list at one end alone.
    pub by_list: bool,
    /// The origin is in a group at one end alone.
    pub by_group: bool,
}

/// A record that stands otherwise, whether it does so of itself or follows another, and by what.
struct Found {
    cause: Cause,
    own: bool,
    decided: Decided,
}

/// The causes of a difference. What only follows another record (a heading that gives way to one that is new) is left out
/// where there is one that changed of itself.
pub fn of(law: &Law<'_>, ends: [(&EntryLine, &Answer); 2]) -> (Vec<Cause>, Decided) {
    let sides = ends.map(|(line, answer)| {
        let at = answer.moments.last().copied().unwrap_or(Instant::MIN);
        let day = law.clocks.get(usize::from(line.side.0)).map_or(line.known_date, |clock| clock.day_of(at));
        let known = if line.view == View::Assessed { line.known_date.min(day) } else { line.known_date };
        Side { line, answer, moment: Moment { at, known, view: line.view } }
    });
    let mut records: Vec<Record> = sides.iter().flat_map(|side| side.rows().filter_map(record)).collect();
    records.sort_unstable();
    records.dedup();
    let mut found: Vec<Found> = records.into_iter().filter_map(|record| changed(law, &sides, record)).collect();
    found.extend(ordinary(law, &sides));
    let own = found.iter().any(|found| found.own);
    let decided = found.iter().fold(Decided::default(), |all, found| Decided {
        by_list: all.by_list || found.decided.by_list,
        by_group: all.by_group || found.decided.by_group,
    });
    let mut causes: Vec<Cause> = found.into_iter().filter(|found| found.own || !own).map(|found| found.cause).collect();
    causes.sort();
    causes.dedup();
    (causes, decided)
}

impl<'a> Side<'a> {
    /// The rows of the last part of the day.
    fn rows(&self) -> impl Iterator<Item = &'a Row> + use<'a> {
        let at = self.moment.at;
        self.answer.rows.iter().filter(move |row| row.at == at)
    }

    fn row(&self, wanted: Record) -> Option<&'a Row> {
        self.rows().find(|row| record(row) == Some(wanted))
    }
}

fn record(row: &Row) -> Option<Record> {
    match row.subject {
        Subject::Record(record) => Some(record),
        Subject::Ordinary => None,
    }
}

/// How a row stands, in words; the ways of not being owed that need no word are one.
fn stands(row: Option<&Row>) -> String {
    let Some(row) = row else { return "none".to_owned() };
    match row.status {
        Status::Applied | Status::BeyondHorizon => row.rate_text.clone(),
        Status::NeedsInput => format!("{}, open", row.rate_text),
        Status::Prohibited => "forbidden".to_owned(),
        Status::Exempt if row.heading.is_empty() => "exempt".to_owned(),
        Status::Exempt => format!("exempt under {}", row.heading),
        Status::Suspended => "suspended".to_owned(),
        Status::Displaced => "gives way".to_owned(),
        Status::Annulled => "annulled".to_owned(),
        Status::NotInForce | Status::NotClaimed => "none".to_owned(),
    }
}

fn bears(row: Option<&Row>) -> bool {
    let bears =
        |status| matches!(status, Status::Applied | Status::BeyondHorizon | Status::NeedsInput | Status::Prohibited);
    row.is_some_and(|row| bears(row.status))
}

/// A provision or prohibition that stands otherwise and is borne at one end.
fn changed(law: &Law<'_>, sides: &[Side<'_>; 2], record: Record) -> Option<Found> {
    let program = match record {
        Record::Provision(provision) => law.timeline.provision(provision).program,
        Record::Prohibition(index) => law.timeline.prohibitions.get(usize::from(index))?.program,
        Record::Exception(_) => return None,
    };
    let rows = [0, 1].map(|side: usize| sides[side].row(record));
    let points = |row: Option<&Row>| row.filter(|_| bears(row)).and_then(|row| row.rate_pct);
    let (before, after) = (stands(rows[0]), stands(rows[1]));
    if !rows.iter().any(|row| bears(*row)) || before == after && points(rows[0]) == points(rows[1]) {
        return None;
    }
    let (act, decided) = own_act(law, sides, record, rows);
    let fallback = rows[1].or(rows[0]).and_then(|row| row.act);
    let cause = Cause { act: act.or(fallback), program: Some(program), record: Some(record), before, after };
    Some(Found { cause, own: act.is_some(), decided })
}

/// The act by which a record itself stands otherwise; none where it follows another.
fn own_act(law: &Law<'_>, sides: &[Side<'_>; 2], record: Record, rows: [Option<&Row>; 2]) -> (Option<ActId>, Decided) {
    let timeline = &law.timeline;
    let terms =
        [0, 1].map(|side: usize| rows[side].and_then(|row| deciding(timeline, record, row, sides[side].moment)));
    let began = terms[1].filter(|term| !in_force_at(timeline, term, sides[0].moment));
    let by_list = Decided { by_list: true, by_group: false };
    if let Some(term) = began {
        // Goods that were put on the list after the duty began bear it by that act.
        let scopes = scopes(timeline, record, rows).into_iter();
        let later = scopes.filter_map(|scope| list_act(law, scope, sides)).find(|listed| listed.from > term.from);
        return later.map_or((Some(term.act), Decided::default()), |listed| (Some(listed.act), by_list));
    }
    let ended =
        terms[0].filter(|term| terms[1] != Some(*term) && ends(timeline, record, rows[0], term, sides[1].moment));
    if let Some(term) = ended {
        let act = restated(timeline, record, rows[0], &term, sides[1].moment).unwrap_or(term.act);
        return (Some(act), Decided::default());
    }
    for scope in scopes(timeline, record, rows) {
        if let Some(listed) = list_act(law, scope, sides) {
            return (Some(listed.act), by_list);
        }
        if let Some(act) = group_act(law, scope, sides) {
            return (Some(act), Decided { by_list: false, by_group: true });
        }
    }
    (None, Decided::default())
}

/// Whether a term was known and in force at a moment.
fn in_force_at(timeline: &Timeline<'_>, term: &Term, moment: Moment) -> bool {
    timeline.is_known(term, moment.known) && term.covers(moment.at)
}

/// The term that decides how a row stands.
fn deciding(timeline: &Timeline<'_>, record: Record, row: &Row, moment: Moment) -> Option<Term> {
    if let Record::Provision(provision) = record
        && bears(Some(row))
    {
        let node = timeline.provision(provision);
        if let Some((_, term)) = timeline.suspension_over(&node.suspensions, moment) {
            return Some(*term);
        }
    }
    Some(Term { from: row.from?, until: row.until, act: row.act?, place: portolan_ledger::record::Place::default() })
        .map(|term| with_place(timeline, record, row, term))
}

/// The record's own term, so that two that are alike in all but their place are told apart.
fn with_place(timeline: &Timeline<'_>, record: Record, row: &Row, term: Term) -> Term {
    let alike = |other: &&Term| (other.from, other.until, other.act) == (term.from, term.until, term.act);
    own_terms(timeline, record, row).iter().find(alike).copied().unwrap_or(term)
}

/// All terms of what decides how a row stands.
fn own_terms(timeline: &Timeline<'_>, record: Record, row: &Row) -> Vec<Term> {
    let why = match &row.reason {
        Reason::Resolved(why) => Some(why),
        _ => None,
    };
    let rates = |provision: ProvisionIx| {
        let node = timeline.provision(provision);
        let suspended = node.suspensions.iter().flat_map(|suspension| suspension.terms.iter().copied());
        node.record.rates.iter().map(|rate| *rate.term()).chain(suspended).collect()
    };
    match (why, record) {
        (Some(Why::Excepted(exception) | Why::Spared(exception)), _) => {
            timeline.exception(*exception).record.terms.clone()
        }
        (Some(Why::Stacked(rule, _)), _) => {
            timeline.rules[usize::from(*rule)].orders.iter().map(|(term, _)| *term).collect()
        }
        (Some(Why::Annulled(index)), Record::Provision(provision)) => {
            let node = timeline.provision(provision);
            node.annulments.get(usize::from(*index)).map(|annulment| annulment.term).into_iter().collect()
        }
        (_, Record::Provision(provision)) => rates(provision),
        (_, Record::Prohibition(index)) => timeline.prohibitions[usize::from(index)].record.terms.clone(),
        (_, Record::Exception(exception)) => timeline.exception(exception).record.terms.clone(),
    }
}

/// Whether a term that decided is over at a later moment, by itself or because a later act says so.
fn ends(timeline: &Timeline<'_>, record: Record, row: Option<&Row>, term: &Term, moment: Moment) -> bool {
    let Some(row) = row else { return false };
    if !term.covers(moment.at) {
        return true;
    }
    let standing = standing(timeline, record, row, term, moment);
    standing.is_some_and(|standing| standing != *term && !standing.covers(moment.at))
}

/// The term that stands for one with the same beginning, with what is known at a moment.
fn standing(timeline: &Timeline<'_>, record: Record, row: &Row, term: &Term, moment: Moment) -> Option<Term> {
    let terms = own_terms(timeline, record, row);
    timeline.standing(&terms, moment.known).find(|other| other.from == term.from).copied()
}

/// The act that says anew when a term ends.
fn restated(timeline: &Timeline<'_>, record: Record, row: Option<&Row>, term: &Term, moment: Moment) -> Option<ActId> {
    standing(timeline, record, row?, term, moment).map(|standing| standing.act)
}

/// The scopes by which a line can come to bear a record or cease to: its own, and that of an exception that frees it.
fn scopes<'t>(timeline: &'t Timeline<'_>, record: Record, rows: [Option<&Row>; 2]) -> Vec<&'t Scope> {
    let mut found: Vec<&Scope> = match record {
        Record::Provision(provision) => vec![&timeline.provision(provision).record.scope],
        Record::Prohibition(index) => vec![&timeline.prohibitions[usize::from(index)].record.scope],
        Record::Exception(_) => Vec::new(),
    };
    for row in rows.into_iter().flatten() {
        if let Reason::Resolved(Why::Excepted(exception) | Why::Spared(exception)) = &row.reason {
            found.push(&timeline.exception(*exception).record.scope);
        }
    }
    found
}

/// The term by whose act the line is on a list of a scope at one end alone.
fn list_act(law: &Law<'_>, scope: &Scope, sides: &[Side<'_>; 2]) -> Option<Term> {
    let listed = |lists: &[ListId], side: &Side<'_>| listed(law, lists, side.line.code, side.moment);
    [&scope.products, &scope.products_except].into_iter().find_map(|lists| {
        match (listed(lists, &sides[0]), listed(lists, &sides[1])) {
            (None, Some((_, term))) => Some(term),
            (Some((list, term)), None) => Some(delisted(law, list, sides[0].line.code, &term, sides[1].moment)),
            _ => None,
        }
    })
}

/// The act by which the origin is in a group of a scope at one end alone.
fn group_act(law: &Law<'_>, scope: &Scope, sides: &[Side<'_>; 2]) -> Option<ActId> {
    let groups = scope.origin.iter().chain(&scope.origin_except).filter_map(|member| match member {
        OriginRef::Group(group) => Some(*group),
        OriginRef::Any | OriginRef::Country(_) => None,
    });
    for group in groups {
        let holds = sides.each_ref().map(|side| law.timeline.in_group(group, side.line.origin, side.moment));
        if holds[0] != holds[1] {
            let members = &law.timeline.ledger.groups[usize::from(group.0)].members;
            let of_origin = members.iter().filter(|member| member.origins.contains(&sides[1].line.origin));
            let known = of_origin.filter(|member| law.timeline.is_known(&member.term, sides[1].moment.known));
            return known.max_by_key(|member| law.timeline.ledger.act(member.term.act).issued).map(|m| m.term.act);
        }
    }
    None
}

/// The row by which a code is on one of these lists, at a moment.
fn listed(law: &Law<'_>, lists: &[ListId], code: TariffCode, moment: Moment) -> Option<(ListId, Term)> {
    lists.iter().find_map(|&list| {
        for digits in [10, 8, 6, 4, 2].into_iter().filter(|&digits| digits <= code.digits()) {
            let rows = rows_of(law, list, code.prefix(digits));
            let terms: Vec<(Term, bool)> =
                rows.iter().map(|row| (row.term, row.except.iter().any(|except| except.covers(code)))).collect();
            if let Some((term, excepted)) = law.timeline.in_force(&terms, moment.at, moment.known) {
                return (!excepted).then_some((list, *term));
            }
        }
        None
    })
}

fn rows_of<'l>(law: &Law<'l>, list: ListId, code: TariffCode) -> &'l [portolan_ledger::record::ListRow] {
    let ledger: &'l portolan_ledger::Ledger = law.timeline.ledger;
    let rows = &ledger.lists[usize::from(list.0)].rows;
    let first = rows.partition_point(|row| row.code < code);
    let after = rows.partition_point(|row| row.code <= code);
    &rows[first..after]
}

/// The term by whose act a code is no longer on a list: the one that states its row again with an end, or its own.
fn delisted(law: &Law<'_>, list: ListId, code: TariffCode, term: &Term, moment: Moment) -> Term {
    for digits in [10, 8, 6, 4, 2].into_iter().filter(|&digits| digits <= code.digits()) {
        let terms: Vec<Term> = rows_of(law, list, code.prefix(digits)).iter().map(|row| row.term).collect();
        if let Some(standing) = law.timeline.standing(&terms, moment.known).find(|other| other.from == term.from) {
            return *standing;
        }
    }
    *term
}

/// The ordinary duty, where it is another: by the edition of the schedule, or by the column that applies.
fn ordinary(law: &Law<'_>, sides: &[Side<'_>; 2]) -> Option<Found> {
    let row = |side: &Side<'_>| side.rows().find(|row| row.subject == Subject::Ordinary).cloned();
    let (before, after) = (row(&sides[0])?, row(&sides[1])?);
    let replaced = |row: &Row| row.status == Status::Displaced;
    if before.rate_text == after.rate_text && replaced(&before) == replaced(&after) {
        return None;
    }
    let own = replaced(&before) == replaced(&after);
    let columns = sides.each_ref().map(|side| side.answer.ordinary.column);
    let act = (columns[0] != columns[1]).then(|| column_act(law, sides)).flatten();
    // The rates are those of each number: only what is alike for all is said.
    let stands = |row: &Row, at: usize| match (replaced(row), columns[at]) {
        (true, _) => "gives way".to_owned(),
        (false, Some(Column::Two)) => "column 2".to_owned(),
        (false, _) if act.is_some() => "column 1".to_owned(),
        (false, _) => "as printed".to_owned(),
    };
    let cause = Cause { act, program: None, record: None, before: stands(&before, 0), after: stands(&after, 1) };
    Some(Found { cause, own, decided: Decided { by_list: false, by_group: act.is_some() } })
}

/// The act by which an origin came under another column: the newest membership of a group that holds it at one end alone.
fn column_act(law: &Law<'_>, sides: &[Side<'_>; 2]) -> Option<ActId> {
    let ledger = law.timeline.ledger;
    let groups = (0..ledger.groups.len()).filter_map(|at| u16::try_from(at).ok().map(portolan_ledger::record::GroupId));
    let mut acts = groups.filter_map(|group| {
        let holds = sides.each_ref().map(|side| law.timeline.in_group(group, side.line.origin, side.moment));
        let members = &ledger.groups[usize::from(group.0)].members;
        let own = members.iter().filter(|member| member.origins.contains(&sides[1].line.origin));
        (holds[0] != holds[1]).then(|| own.map(|m| m.term.act).max_by_key(|act| ledger.act(*act).issued)).flatten()
    });
    acts.next()
}
