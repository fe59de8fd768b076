//! Every setting of the facts that were not stated, tried, and the answers laid together.

use portolan_ledger::line::{EntryLine, Status, View};
use portolan_ledger::record::{FamilyId, GoverningDate};
use portolan_ledger::{Cents, Rate, TariffCode};

use crate::answer::{Answer, Charge, Points, Row, RowKind, Sum};
use crate::base::OrdinaryDuty;
use crate::coverage::Coverage;
use crate::facts::{Choices, Facts, governing_name, moments, open_facts};
use crate::fault::Fault;
use crate::frame::Frame;
use crate::index::Auditor;
use crate::law::Law;
use crate::outcome::{Line, Outcome};
use crate::parts::Duty;

/// All settings: the frames, the open facts, and the outcome of each setting.
struct Grid<'a, 'l> {
    auditor: &'a Auditor<'l>,
    line: &'a EntryLine,
    /// The date column that governs.
    governing: &'static str,
    /// How many values each dimension has: moment, code (frames stand in this order), then the open facts.
    sizes: Vec<usize>,
    /// How far apart two neighbours along a dimension stand in `settings`.
    strides: Vec<usize>,
    frames: Vec<Frame<'a, 'l>>,
    open: Vec<Choices>,
    /// The codes are those that stood before the line's own, which is younger than the day.
    carried: bool,
    /// Distinct outcomes.
    outcomes: Vec<Outcome>,
    /// For each setting the outcome; none where the contents of metals would be more than the value.
    settings: Vec<Option<usize>>,
}

impl Grid<'_, '_> {
    fn names(&self, dimension: usize) -> Vec<String> {
        match dimension {
            0 => vec![self.governing.to_owned()],
            1 => vec!["hts_number".to_owned()],
            d => self.open[d - 2].names(self.auditor, self.line),
        }
    }

    /// Settings that differ from the one at `index` in this dimension alone, itself included.
    fn along(&self, index: usize, dimension: usize) -> impl Iterator<Item = usize> + use<> {
        let (stride, size) = (self.strides[dimension], self.sizes[dimension]);
        let position = index / stride % size;
        (0..size).map(move |i| index - position * stride + i * stride)
    }

    fn outcome(&self, index: usize) -> Option<&Outcome> {
        Some(&self.outcomes[self.settings[index]?])
    }
}

impl<'l> Auditor<'l> {
    /// What is owed on a line, with everything the law says of it.
    pub fn answer(&self, base: &dyn OrdinaryDuty, line: &EntryLine) -> Result<Answer, Fault> {
        self.answer_counting(base, line, &mut Coverage::default())
    }

    /// The same, counting what of the law the line reached.
    pub fn answer_counting(
        &self,
        base: &dyn OrdinaryDuty,
        line: &EntryLine,
        coverage: &mut Coverage,
    ) -> Result<Answer, Fault> {
        check_line(line)?;
        let mut grid = self.grid(base, line)?;
        if let Some(frame) = grid.frames.first() {
            coverage.count_frame(frame);
        }
        fill(&mut grid)?;
        settle_assertions(&mut grid);
        settle_silence(&mut grid);
        let answer = merge(&grid)?;
        coverage.count_answer(line, &answer);
        Ok(answer)
    }

    fn grid<'a>(&'a self, base: &dyn OrdinaryDuty, line: &'a EntryLine) -> Result<Grid<'a, 'l>, Fault> {
        let date = self.governing_date(line);
        let stated = date.map_or(line.entry_date, |(_, stated)| stated);
        let times = moments(self, line, stated, &self.instants)?;
        let first = *times.first().ok_or_else(|| Fault::Line("no moment".into()))?;
        if !base.holds_code(line, first) {
            return Err(Fault::Code);
        }
        let earlier = base.earlier_codes(line, first);
        let carried = !earlier.is_empty();
        let codes =
            if carried { earlier } else { self.codes(line.code, base.statistical_numbers(line, line.code, first)) };
        let entry_day = line.entry_date.day(self.clock(line.side)?);
        let knowledge = match line.view {
            View::Assessed => line.known_date.min(entry_day),
            View::Owed => line.known_date,
        };
        let mut frames = Vec::new();
        for &at in &times {
            for &code in &codes {
                let law = Law { auditor: self, at, knowledge, view: line.view };
                frames.push(Frame::new(self, base, line, code, law)?);
            }
        }
        let open = open_facts(self, line, &frames, date.is_none())?;
        let sizes = open.iter().map(|c| c.count() as u128);
        let count: u128 = sizes.fold(frames.len() as u128, u128::saturating_mul);
        if count > self.most_combinations as u128 {
            return Err(Fault::TooManyCombinations(count));
        }
        let open_sizes = open.iter().map(Choices::count);
        let sizes: Vec<_> = [times.len(), codes.len()].into_iter().chain(open_sizes).collect();
        let strides = (1..=sizes.len()).map(|after| sizes[after..].iter().product());
        Ok(Grid {
            auditor: self,
            line,
            governing: date.map_or("entry_date", |(date, _)| governing_name(date)),
            strides: strides.collect(),
            sizes,
            frames,
            open,
            carried,
            outcomes: Vec::new(),
            settings: Vec::new(),
        })
    }

    /// The date that governs in place of the entry date: the first that fits the entry type and is stated.
    fn governing_date(&self, line: &EntryLine) -> Option<(GoverningDate, portolan_ledger::line::When)> {
        let jurisdiction = self.ledger.jurisdictions.get(usize::from(line.side.0))?;
        let fits = |types: &[String]| {
            let one = |t: &String| t == "*" || t.as_bytes() == line.entry_type;
            types.is_empty() || types.iter().any(one)
        };
        let rules = jurisdiction.governing.iter();
        rules.filter(|rule| fits(&rule.entry_types)).find_map(|rule| {
            let stated = match rule.date {
                GoverningDate::FtzStatusDate => line.ftz_status_date,
                GoverningDate::WithdrawalDate => line.withdrawal_date,
                GoverningDate::ItDate => line.it_date,
            };
            stated.map(|stated| (rule.date, stated))
        })
    }

    /// The codes a line can mean: where lists part the numbers below eight digits, each that they name and one other.
    fn codes(&self, code: TariffCode, numbers: Option<Vec<TariffCode>>) -> Vec<TariffCode> {
        let named = self.ten_digits.iter().copied().filter(|c| code.covers(*c));
        let mut named: Vec<_> = named.collect();
        if code.digits() != 8 || named.is_empty() {
            return vec![code];
        }
        let not_named = |number: &TariffCode| self.ten_digits.binary_search(number).is_err();
        let known = numbers.filter(|numbers| !numbers.is_empty());
        let other = if let Some(numbers) = known {
            named.retain(|c| numbers.contains(c));
            numbers.into_iter().find(not_named)
        } else {
            let mut all = (0..100).map(|n| TariffCode::from_padded(code.padded() + n, 10));
            all.find(not_named)
        };
        named.extend(other);
        named
    }
}

/// Refuses what no line can state.
fn check_line(line: &EntryLine) -> Result<(), Fault> {
    let shares = [
        line.steel_pct,
        line.aluminum_pct,
        line.copper_pct,
        line.metal_weight_pct,
        line.us_content_pct,
        line.us_metal_pct,
        line.melt_pct,
    ];
    if shares.into_iter().flatten().any(|s| s < Rate::ZERO || s > Rate::WHOLE) {
        return Err(Fault::Line("a share lies outside 0 to 100 percent".into()));
    }
    if line.value.is_some_and(|value| value.0 < 0) || line.quantities.iter().any(|q| q.quantity.0 < 0) {
        return Err(Fault::Line("a value or a quantity is below zero".into()));
    }
    if !matches!(line.code.digits(), 8 | 10) {
        return Err(Fault::Line("a tariff code has 8 or 10 digits".into()));
    }
    Ok(())
}

/// Tries every setting.
fn fill(grid: &mut Grid<'_, '_>) -> Result<(), Fault> {
    let stated = Facts::stated(grid.auditor, grid.line)?;
    let follows = grid.governing == "entry_date";
    let sizes: Vec<_> = grid.open.iter().map(Choices::count).collect();
    let per_frame: usize = sizes.iter().product();
    for frame in 0..grid.frames.len() {
        let mut facts = stated.clone();
        if follows {
            facts.entry = grid.frames[frame].law.at;
        }
        for setting in 0..per_frame {
            let mut rest = setting;
            for (choices, size) in grid.open.iter().zip(&sizes).rev() {
                choices.set(rest % size, &mut facts);
                rest /= size;
            }
            let outcome = if overfull(&facts, grid.line) {
                None
            } else {
                let outcome = Outcome::of(&grid.frames[frame], &facts)?;
                let known = grid.outcomes.iter().position(|o| *o == outcome);
                Some(known.unwrap_or_else(|| {
                    grid.outcomes.push(outcome);
                    grid.outcomes.len() - 1
                }))
            };
            grid.settings.push(outcome);
        }
    }
    Ok(())
}

/// Whether contents that were not stated would make more than the value; what a line states is its own affair.
fn overfull(facts: &Facts, line: &EntryLine) -> bool {
    let us = facts.us_part.or(facts.us_content).unwrap_or(Rate::ZERO);
    let sum: i64 = facts.metals.iter().map(|share| share.0).sum::<i64>() + us.0;
    let stated = [line.steel_pct, line.aluminum_pct, line.copper_pct];
    let metal = stated.iter().zip(facts.metals).any(|(stated, share)| stated.is_none() && share.0 > 0);
    let open = metal || facts.us_part.is_some();
    // What a line states beyond the whole is its own affair.
    let stated: i64 = stated.iter().chain([&line.us_content_pct]).flatten().map(|share| share.0).sum();
    open && sum > Rate::WHOLE.0.max(stated)
}

/// In-transit assertions that were not made stay unmade, unless making one would raise the bill: then it is a fact.
///
/// One may raise it only beside another that is made too, so all are thought open, and closed while one does not raise
/// it with those that are open still.
fn settle_assertions(grid: &mut Grid<'_, '_>) {
    let count = grid.settings.len();
    let assertions: Vec<usize> =
        (0..grid.open.len()).filter(|open| grid.open[*open].can_stay_unasserted()).map(|open| open + 2).collect();
    let unmade = |grid: &Grid<'_, '_>, index: usize, dimension| grid.along(index, dimension).next() == Some(index);
    let mut closed: Vec<usize> = Vec::new();
    loop {
        let considered = |grid: &Grid<'_, '_>, index| closed.iter().all(|closed| unmade(grid, index, *closed));
        let raises = |grid: &Grid<'_, '_>, dimension| {
            (0..count).any(|index| {
                let without = grid.along(index, dimension).next();
                let pair = without.and_then(|without| grid.outcome(without)).zip(grid.outcome(index));
                considered(grid, index)
                    && pair.is_some_and(|(without, with)| {
                        !without.prohibited && !with.prohibited && with.bill() > without.bill()
                    })
            })
        };
        let next = assertions.iter().find(|d| !closed.contains(d) && !raises(grid, **d));
        let Some(next) = next.copied() else { break };
        closed.push(next);
    }
    for index in 0..count {
        let keep = assertions.iter().all(|dimension| unmade(grid, index, *dimension) == closed.contains(dimension));
        if !keep {
            grid.settings[index] = None;
        }
    }
}

/// How far a provision came that is not owed, in the order of the page; none for what is.
fn silent(status: Status) -> Option<u8> {
    Some(match status {
        Status::NotInForce => 0,
        Status::NotClaimed => 1,
        Status::Annulled => 2,
        Status::Suspended => 3,
        Status::Displaced => 4,
        Status::Exempt => 5,
        _ => return None,
    })
}

/// Which of two grounds keeps a provision from being owed is not worth a question: it shows the one that comes last.
///
/// So where an assertion was not made, what a fact that was not stated would say against the same record is not `not
/// in force` (that takes a stated fact), and what is displaced either way is displaced.
fn settle_silence(grid: &mut Grid<'_, '_>) {
    let mut used: Vec<usize> = grid.settings.iter().flatten().copied().collect();
    used.sort_unstable();
    used.dedup();
    if used.len() < 2 {
        return;
    }
    let mut last: Vec<((RowKind, usize), Status)> = Vec::new();
    for line in used.iter().flat_map(|i| grid.outcomes[*i].lines()) {
        let key = (line.kind, line.index);
        if silent(line.status).is_none() {
            continue;
        }
        if let Some((_, status)) = last.iter_mut().find(|(known, _)| *known == key) {
            if silent(*status) < silent(line.status) {
                *status = line.status;
            }
        } else {
            last.push((key, line.status));
        }
    }
    for i in used {
        let outcome = &mut grid.outcomes[i];
        for line in outcome.rows.iter_mut().chain(&mut outcome.exceptions) {
            let known = last.iter().find(|(key, _)| *key == (line.kind, line.index));
            if let (Some(_), Some((_, status))) = (silent(line.status), known) {
                line.status = *status;
            }
        }
    }
}

/// Lays the outcomes together.
fn merge(grid: &Grid<'_, '_>) -> Result<Answer, Fault> {
    let mut used: Vec<usize> = grid.settings.iter().flatten().copied().collect();
    used.sort_unstable();
    used.dedup();
    let outcomes: Vec<&Outcome> = used.iter().map(|i| &grid.outcomes[*i]).collect();
    let mut needs_input = what_matters(grid);
    let undecided = if grid.carried { not_carried(grid, &mut needs_input) } else { Vec::new() };
    let mut answer = Answer {
        rows: rows(grid.auditor, &outcomes),
        prohibited: outcomes.iter().all(|o| o.prohibited),
        needs_input,
        ..Answer::default()
    };
    // A setting that the law forbids has no bill; the others are the bill.
    let lawful: Vec<&Outcome> = outcomes.iter().copied().filter(|o| !o.prohibited).collect();
    add_notes(grid.auditor, &lawful, &mut answer);
    let money = grid.line.value.is_some();
    add_sums(grid.auditor, (&outcomes, &undecided), money, &mut answer)?;
    if money && answer.cannot_compute.is_empty() {
        add_range(&outcomes, &mut answer);
    }
    answer.cannot_compute.extend(undecided.into_iter().map(|family| (family, CODES_DIFFER.to_owned())));
    answer.cannot_compute.sort_unstable();
    answer.cannot_compute.dedup();
    Ok(answer)
}

/// Facts for which two settings that differ in that fact alone differ in a status, a basis or a duty.
fn what_matters(grid: &Grid<'_, '_>) -> Vec<String> {
    let mut names = Vec::new();
    for dimension in 0..grid.sizes.len() {
        let matters = (0..grid.settings.len()).any(|index| {
            let Some(this) = grid.outcome(index) else {
                return false;
            };
            grid.along(index, dimension).any(|other| {
                grid.settings[other] != grid.settings[index]
                    && grid.outcome(other).is_some_and(|that| differ(this, that))
            })
        });
        if matters {
            names.extend(grid.names(dimension));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether two settings differ in what is owed. Rows of exceptions are no duties: what only they turn on
/// is not asked for.
fn differ(a: &Outcome, b: &Outcome) -> bool {
    let heard = |outcome: &Outcome| {
        let rows = outcome.rows.iter().filter(|line| silent(line.status).is_none());
        rows.copied().collect::<Vec<_>>()
    };
    if a.prohibited || b.prohibited {
        // No duty is given either way.
        return a.prohibited != b.prohibited;
    }
    let blocked = |outcome: &Outcome| {
        let mut families: Vec<_> = outcome.obstacles.iter().map(|obstacle| obstacle.family).collect();
        families.sort_unstable();
        families.dedup();
        families
    };
    heard(a) != heard(b) || blocked(a) != blocked(b)
}

fn rows(auditor: &Auditor<'_>, outcomes: &[&Outcome]) -> Vec<Row> {
    let mut keys: Vec<(RowKind, usize)> = Vec::new();
    let per_outcome: Vec<Vec<Line>> = outcomes.iter().map(|o| o.lines().copied().collect()).collect();
    for line in per_outcome.iter().flatten() {
        if !keys.contains(&(line.kind, line.index)) {
            keys.push((line.kind, line.index));
        }
    }
    let mut rows: Vec<Row> = keys
        .into_iter()
        .map(|key| {
            let find = |lines: &Vec<Line>| lines.iter().find(|l| (l.kind, l.index) == key).copied();
            let mut found = per_outcome.iter().map(find);
            let first = per_outcome.iter().find_map(find);
            // A row that some settings do not have says nothing there, as a silent one does.
            let agreed = first.filter(|first| {
                let absent = silent(first.status).is_some();
                found.all(|line| line.map_or(absent, |line| line == *first))
            });
            row(auditor, key, agreed)
        })
        .collect();
    rows.sort_by(|a, b| (a.kind, &a.program, &a.id).cmp(&(b.kind, &b.program, &b.id)));
    rows
}

/// The row of a record, on which all settings agree or do not.
fn row(auditor: &Auditor<'_>, (kind, index): (RowKind, usize), agreed: Option<Line>) -> Row {
    let (program, id, mut heading) = match kind {
        RowKind::Ordinary => ("", "", ""),
        RowKind::Provision => {
            let entry = &auditor.provisions[index];
            let record = entry.record;
            (&*entry.program.id, &*record.id, &*record.heading)
        }
        RowKind::Exception => {
            let entry = &auditor.exceptions[index];
            let heading = entry.record.heading.as_deref().unwrap_or_default();
            (&*entry.program.id, &*entry.record.id, heading)
        }
        RowKind::Prohibition => {
            let entry = &auditor.prohibitions[index];
            (&*entry.program.id, &*entry.record.id, "")
        }
    };
    if let Some(exempting) = agreed.and_then(|line| line.exempted_by) {
        // What exempts without a heading leaves nothing to report.
        heading = auditor.exceptions[exempting].record.heading.as_deref().unwrap_or_default();
    }
    let charge = agreed.and_then(|line| line.owed).map(|owed| Charge {
        ordinary: owed.ordinary,
        share: owed.share,
        basis: owed.basis,
        points: owed.points,
        duty: match owed.duty {
            Some(Duty::Cents(cents)) => Some(Cents(cents)),
            _ => None,
        },
    });
    Row {
        kind,
        program: program.to_owned(),
        id: id.to_owned(),
        heading: heading.to_owned(),
        status: agreed.map_or(Status::NeedsInput, |line| line.status),
        charge,
    }
}

/// Families past the horizon in any setting, and families that cannot be computed in any.
fn add_notes(auditor: &Auditor<'_>, outcomes: &[&Outcome], answer: &mut Answer) {
    for outcome in outcomes {
        for line in &outcome.rows {
            if line.status == Status::BeyondHorizon {
                answer.beyond_horizon.push(auditor.provisions[line.index].program.family);
            }
        }
        for obstacle in &outcome.obstacles {
            let note = (obstacle.family, obstacle.reason.clone());
            answer.cannot_compute.push(note);
        }
    }
    answer.beyond_horizon.sort_unstable();
    answer.beyond_horizon.dedup();
    answer.cannot_compute.sort_unstable();
    answer.cannot_compute.dedup();
}

/// Where the codes before the line's own stood on different lists no fact of the line decides between them: it is not asked
/// for, and the families in which what is owed differs by the code cannot be computed.
fn not_carried(grid: &Grid<'_, '_>, needs_input: &mut Vec<String>) -> Vec<Option<FamilyId>> {
    const CODE: usize = 1;
    let names = grid.names(CODE);
    if !needs_input.iter().any(|name| names.contains(name)) {
        return Vec::new();
    }
    needs_input.retain(|name| !names.contains(name));
    let mut families: Vec<_> = grid.auditor.provisions.iter().map(|p| Some(p.program.family)).collect();
    families.push(None);
    families.sort_unstable();
    families.dedup();
    let lawful = |index: usize| grid.outcome(index).filter(|outcome| !outcome.prohibited);
    let owed = |outcome: &Outcome, family| -> Vec<Line> {
        let rows = outcome.rows.iter().filter(|line| counts_in(grid.auditor, line, family));
        rows.filter(|line| silent(line.status).is_none()).copied().collect()
    };
    families.retain(|family| {
        let differs = |index: usize| {
            let this = lawful(index).map(|outcome| owed(outcome, *family));
            let mut others = grid.along(index, CODE).filter_map(lawful);
            this.is_some_and(|this| others.any(|other| owed(other, *family) != this))
        };
        (0..grid.settings.len()).any(differs)
    });
    families
}

const CODES_DIFFER: &str = "the codes before this one stood on different lists";

/// Whether a row counts in a family; none as family is the ordinary duty.
fn counts_in(auditor: &Auditor<'_>, line: &Line, family: Option<FamilyId>) -> bool {
    match line.kind {
        RowKind::Ordinary => family.is_none(),
        RowKind::Provision if line.owed.is_some_and(|owed| owed.ordinary) => family.is_none(),
        RowKind::Provision => family == Some(auditor.provisions[line.index].program.family),
        RowKind::Exception | RowKind::Prohibition => false,
    }
}

/// The sums over one family in one setting.
fn family_sum(auditor: &Auditor<'_>, outcome: &Outcome, family: Option<FamilyId>, money: bool) -> Result<Sum, Fault> {
    let blocked = outcome.obstacles.iter().any(|o| o.family == family);
    if blocked || outcome.prohibited {
        return Ok(Sum::default());
    }
    let mut sum = Sum { points: Some(Points::ZERO), duty: money.then_some(Cents::ZERO) };
    for line in &outcome.rows {
        if !counts_in(auditor, line, family) {
            continue;
        }
        let Some(owed) = line.owed else { continue };
        let duty = match owed.duty {
            Some(Duty::Cents(cents)) => Some(Cents(cents)),
            _ => None,
        };
        sum = add(sum, Sum { points: owed.points, duty })?;
    }
    Ok(sum)
}

/// Adds two sums; what one does not know the result does not.
fn add(a: Sum, b: Sum) -> Result<Sum, Fault> {
    let points = match a.points.zip(b.points) {
        Some((a, b)) => Some(Points(a.0.checked_add(b.0).ok_or(Fault::Overflow)?)),
        None => None,
    };
    let duty = match a.duty.zip(b.duty) {
        Some((a, b)) => Some(Cents(a.0.checked_add(b.0).ok_or(Fault::Overflow)?)),
        None => None,
    };
    Ok(Sum { points, duty })
}

/// Sums by family and over all. A family on which the settings differ, or that is undecided though its sums are the same, has
/// none, and then the totals have none.
fn add_sums(
    auditor: &Auditor<'_>,
    (outcomes, undecided): (&[&Outcome], &[Option<FamilyId>]),
    money: bool,
    answer: &mut Answer,
) -> Result<(), Fault> {
    if answer.prohibited {
        return Ok(());
    }
    let mut families: Vec<_> = auditor.provisions.iter().map(|p| p.program.family).collect();
    families.sort_unstable();
    families.dedup();
    let agreed = |family: Option<FamilyId>| -> Result<Sum, Fault> {
        let mut sums = Vec::new();
        for outcome in outcomes {
            sums.push(family_sum(auditor, outcome, family, money)?);
        }
        let first = sums.first().copied().unwrap_or_default();
        let same = sums.iter().all(|sum| *sum == first);
        Ok(if same && !undecided.contains(&family) { first } else { Sum::default() })
    };
    let zero = Sum { points: Some(Points::ZERO), duty: money.then_some(Cents::ZERO) };
    answer.additional = zero;
    for family in families {
        let sum = agreed(Some(family))?;
        answer.additional = add(answer.additional, sum)?;
        if sum != zero {
            answer.families.push((family, sum));
        }
    }
    answer.ordinary = agreed(None)?;
    answer.total = add(answer.additional, answer.ordinary)?;
    if !answer.needs_input.is_empty() {
        answer.additional = Sum::default();
        answer.total = Sum::default();
    }
    Ok(())
}

/// The range of the bill: settings that the law forbids have none.
fn add_range(outcomes: &[&Outcome], answer: &mut Answer) {
    let lawful = outcomes.iter().filter(|outcome| !outcome.prohibited);
    let Some(totals) = lawful.map(|o| o.total_duty()).collect::<Option<Vec<Duty>>>() else {
        return;
    };
    let bounded = totals.iter().filter_map(|total| match total {
        Duty::Cents(cents) => Some(Cents(*cents)),
        Duty::Unbounded => None,
    });
    answer.duty_min = bounded.clone().min();
    if !totals.contains(&Duty::Unbounded) {
        answer.duty_max = bounded.max();
    }
}
