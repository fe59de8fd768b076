//! Rows that explain a bill: what applied and what did not, each with its act.

use portolan_ledger::duty_rate::DutyRate;
use portolan_ledger::line::{EntryLine, Status};
use portolan_ledger::record::{ActId, FamilyId, Term};
use portolan_ledger::timeline::{ExceptionIx, Moment, ProvisionIx};
use portolan_ledger::{Day, Instant, Rate, Side};

use crate::answer::{Answer, Basis, Bill, Fault, Reason, Row, Subject};
use crate::engine::{Engine, Question, stands};
use crate::money::{Duty, Lack, Owed, Value, single_metal};
use crate::pct::Pct;
use crate::possible::{Possible, Setting};
use crate::projection::Leaf;
use crate::resolve::{Record, Row as Resolved, Why, part};

impl<'l> Engine<'l> {
    /// The whole answer for a line: the bill, and a row for everything considered.
    pub fn answer(&mut self, line: &EntryLine) -> Result<Answer, Fault> {
        let value = Value::of(line, self.grain(line.side), self.flaw);
        let (q, rates) = self.question(line)?;
        let (settings, turns) = self.possible(&q, line, &value, true)?;
        let bill = self.combine(&q, settings.iter().map(|setting| &setting.possible), &turns);
        let rows = self.rows(&q, line, &settings, &bill);
        let ordinary = self.ordinary_rate(&q, rates.as_ref());
        // Parts of the day in which nothing differs are one.
        let moments =
            if bill.needs_input.iter().any(|n| n == q.governing.0) { q.pieces.to_vec() } else { vec![q.at.0] };
        Ok(Answer { bill, rows, ordinary, governing: (q.governing.0, q.governing.1.map(str::to_owned)), moments })
    }

    fn rows(&mut self, q: &Question<'l>, line: &EntryLine, settings: &[Setting], bill: &Bill) -> Vec<Row> {
        let by_day = bill.needs_input.iter().any(|n| n == q.governing.0);
        let pieces = if by_day { q.pieces.len() } else { 1 };
        let mut rows = Vec::new();
        for piece in 0..pieces {
            let of_piece: Vec<&Setting> = settings.iter().filter(|s| !by_day || s.possible.piece == piece).collect();
            let mut part = self.piece_rows(q, line, piece, &of_piece);
            self.sort_rows(q, line.side, piece, &mut part);
            rows.extend(part);
        }
        rows
    }

    fn piece_rows(&mut self, q: &Question<'l>, line: &EntryLine, piece: usize, settings: &[&Setting]) -> Vec<Row> {
        let Some(first) = settings.first() else { return Vec::new() };
        let at = q.pieces[piece];
        let moment = Moment { at, known: q.known, view: line.view };
        let mut rows: Vec<Row> = Vec::new();
        rows.extend(self.ordinary_row(q, &first.possible, at));
        for setting in settings {
            let p = &setting.possible;
            let leaf = self.projections[q.projection].leaf(p.leaf);
            for resolved in &leaf.resolution.rows {
                let mut row = self.row(leaf, p, resolved, moment);
                if row.status == Status::NotClaimed && !self.could_hold(q, line, setting, resolved.record) {
                    row.status = Status::NotInForce;
                }
                match rows.iter_mut().find(|r| r.subject == row.subject) {
                    None => rows.push(row),
                    Some(known) => merge(known, &row),
                }
            }
        }
        // What only some possibilities have is undecided in the others.
        for row in &mut rows {
            let everywhere = settings.iter().all(|setting| {
                let leaf = self.projections[q.projection].leaf(setting.possible.leaf);
                row.subject == Subject::Ordinary
                    || leaf.resolution.rows.iter().any(|r| Subject::Record(r.record) == row.subject)
            });
            if !everywhere && stands(row.status) {
                turn(row);
            }
        }
        let mut seen = Vec::new();
        for p in settings.iter().map(|setting| &setting.possible) {
            if !seen.contains(&(p.piece, p.class)) {
                seen.push((p.piece, p.class));
                let moment = Moment { at: q.pieces[p.piece], ..moment };
                self.dormant_rows(q, line, p, moment, &mut rows);
            }
        }
        rows
    }

    /// Records whose origins and lists reach the line and that are not in force at the moment.
    fn dormant_rows(
        &mut self,
        q: &Question<'l>,
        line: &EntryLine,
        first: &Possible,
        moment: Moment,
        rows: &mut Vec<Row>,
    ) {
        let class = q.classes[first.class];
        let interval = self.projections[q.projection].interval(moment.at);
        let law = self.law;
        let own = std::mem::take(&mut self.classes);
        let product = if class >> 32 == 0 {
            &law.table().classes[usize::try_from(class).unwrap_or(0)]
        } else {
            &own[usize::try_from(class & u64::from(u32::MAX)).unwrap_or(0)]
        };
        let dormant = self.projections[q.projection].dormant(law, (class, product), (q.origin, line.origin), interval);
        self.classes = own;
        let provisions = law.timeline.provisions.len();
        for index in dormant.into_iter().filter(|&index| index < provisions) {
            let provision = ProvisionIx(u16::try_from(index).unwrap_or(u16::MAX));
            if !rows.iter().any(|row| row.subject == Subject::Record(Record::Provision(provision))) {
                rows.push(self.dormant_row(provision, moment));
            }
        }
    }

    fn dormant_row(&self, provision: ProvisionIx, moment: Moment) -> Row {
        let node = self.law.timeline.provision(provision);
        let program = self.law.timeline.program(node.program);
        // The record nearest in time: the last that began, else the first to come.
        let known = |term: &&Term| self.law.timeline.is_known(term, moment.known);
        let terms: Vec<&Term> = node.record.rates.iter().map(|r| &r.term).filter(known).collect();
        let past = terms
            .iter()
            .filter(|t| t.from <= moment.at)
            .max_by_key(|t| (t.from, self.law.timeline.ledger.act(t.act).issued));
        let term = past.or_else(|| terms.iter().min_by_key(|t| t.from)).copied();
        let term = term.or_else(|| node.record.rates.first().map(|r| &r.term));
        let rate = node.record.rates.iter().find(|r| Some(&r.term) == term).map(|r| r.rate.to_string());
        Row {
            rate_text: rate.unwrap_or_default(),
            ..self.blank(
                Subject::Record(Record::Provision(provision)),
                program.family,
                node.record.heading.clone(),
                Status::NotInForce,
                Reason::NotInForce,
                moment.at,
                term,
            )
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of a row that every row has")]
    fn blank(
        &self,
        subject: Subject,
        family: FamilyId,
        heading: String,
        status: Status,
        reason: Reason,
        at: Instant,
        term: Option<&Term>,
    ) -> Row {
        Row {
            subject,
            family,
            heading,
            status,
            reason,
            atom: None,
            at,
            basis: None,
            basis_share: None,
            rate_text: String::new(),
            rate_pct: None,
            duty: None,
            act: term.map(|t| t.act),
            from: term.map(|t| t.from),
            until: term.and_then(|t| t.until),
            known_from: term.map(|t| self.issued(t.act)),
        }
    }

    fn issued(&self, act: ActId) -> Day {
        self.law.timeline.ledger.act(act).issued
    }

    fn ordinary_row(&self, q: &Question<'l>, possible: &Possible, at: Instant) -> Option<Row> {
        let mfn = self.mfn?;
        let base = self.bases.get(q.base.ordinary?);
        let of_all = self.projections[q.projection].leaf(possible.leaf).resolution.in_place;
        let replacing = possible.amounts.iter().find(|(owed, _)| owed.replaces_ordinary());
        let displaced = of_all.map(Why::InPlace).or_else(|| replacing.map(|(owed, _)| Why::Replaced(owed.provision)));
        let (status, reason) = match (&displaced, &possible.ordinary) {
            (Some(why), _) => (Status::Displaced, Reason::Resolved(why.clone())),
            (None, Ok(_)) => (Status::Applied, Reason::Ordinary),
            (None, Err(Lack::Column(column))) => (Status::NeedsInput, Reason::Lacks(column.clone())),
            (None, Err(Lack::Law(reason))) => (Status::NeedsInput, Reason::Lacks(reason.clone())),
        };
        let mut row = self.blank(Subject::Ordinary, mfn, String::new(), status, reason, at, None);
        row.rate_text.clone_from(&base.text);
        if let (Ok(duty), None) = (&possible.ordinary, &displaced) {
            row.basis = Some(if base.ad_valorem.is_some() { Basis::Full } else { Basis::Quantity });
            row.basis_share = Some(Rate::WHOLE);
            row.rate_pct = duty.pct;
            row.duty = duty.cents;
        }
        Some(row)
    }

    fn row(&self, leaf: &Leaf, possible: &Possible, resolved: &Resolved, moment: Moment) -> Row {
        match resolved.record {
            Record::Provision(provision) => self.provision_row(leaf, possible, resolved, provision, moment),
            Record::Exception(exception) => self.exception_row(resolved, exception, moment, &possible.contents),
            Record::Prohibition(index) => {
                let node = &self.law.timeline.prohibitions[usize::from(index)];
                let program = self.law.timeline.program(node.program);
                let term = self.law.timeline.in_force(&node.record.terms, moment.at, moment.known);
                let subject = Subject::Record(resolved.record);
                self.blank(
                    subject,
                    program.family,
                    String::new(),
                    resolved.status,
                    Reason::Resolved(resolved.why.clone()),
                    moment.at,
                    term,
                )
            }
        }
    }

    fn provision_row(
        &self,
        leaf: &Leaf,
        possible: &Possible,
        resolved: &Resolved,
        provision: ProvisionIx,
        moment: Moment,
    ) -> Row {
        let node = self.law.timeline.provision(provision);
        let program = self.law.timeline.program(node.program);
        let rate = resolved.rate.map(|index| &node.record.rates[usize::from(index)]);
        let term = self.deciding_term(resolved, provision, moment).or(rate.map(|r| &r.term));
        let mut row = self.blank(
            Subject::Record(resolved.record),
            program.family,
            node.record.heading.clone(),
            resolved.status,
            Reason::Resolved(resolved.why.clone()),
            moment.at,
            term,
        );
        row.rate_text = rate.map_or(String::new(), |r| r.rate.to_string());
        if let Why::Excepted(exception) | Why::Spared(exception) = resolved.why {
            row.heading = self.law.timeline.exception(exception).record.heading.clone().unwrap_or_default();
        }
        if let Some(keeps) = resolved.kept.and_then(|index| node.suspensions[usize::from(index)].keeps.as_ref()) {
            row.rate_text = keeps.to_string();
        }
        if leaf.resolution.prohibited.is_some() && row.status == Status::Applied {
            row.status = Status::Prohibited;
            return row;
        }
        if let Some((owed, duty)) = possible.amounts.iter().find(|(owed, _)| owed.provision == provision) {
            owe(&mut row, owed, duty);
        }
        row
    }

    /// The term that explains the status, where it is not the rate's own.
    fn deciding_term(&self, resolved: &Resolved, provision: ProvisionIx, moment: Moment) -> Option<&Term> {
        let timeline = &self.law.timeline;
        let node = timeline.provision(provision);
        match &resolved.why {
            Why::Annulled(index) => Some(&node.annulments[usize::from(*index)].term),
            Why::Suspended(suspension, term) => {
                node.suspensions[usize::from(*suspension)].terms.get(usize::from(*term))
            }
            Why::Terminated(suspension) => node.suspensions[usize::from(*suspension)].terms.last(),
            Why::Excepted(exception) | Why::Spared(exception) => {
                timeline.in_force(&timeline.exception(*exception).record.terms, moment.at, moment.known)
            }
            Why::Stacked(rule, _) => timeline
                .in_force(&timeline.rules[usize::from(*rule)].orders, moment.at, moment.known)
                .map(|(term, _)| term),
            _ => None,
        }
    }

    fn exception_row(&self, resolved: &Resolved, exception: ExceptionIx, moment: Moment, value: &Value) -> Row {
        let node = self.law.timeline.exception(exception);
        let program = self.law.timeline.program(node.program);
        let term = self.law.timeline.in_force(&node.record.terms, moment.at, moment.known);
        let heading = node.record.heading.clone().unwrap_or_default();
        let reason = Reason::Resolved(resolved.why.clone());
        let mut row = self.blank(
            Subject::Record(resolved.record),
            program.family,
            heading,
            resolved.status,
            reason,
            moment.at,
            term,
        );
        if let Why::Frees(parts) = resolved.why {
            row.basis = Some(basis_of(parts, &DutyRate::Ended));
            let left = value.share(crate::facts::Basis { parts: part::ALL & !parts, of: crate::facts::Of::Whole });
            row.basis_share = left.map(|left| Rate(Rate::WHOLE.0 - left.rate().0));
        }
        row
    }

    /// Chapter 99 headings in the order of reporting: those owed and those that exempt.
    pub(crate) fn headings(&self, q: &Question<'l>, leaf: &Leaf, piece: usize, side: Side) -> Vec<String> {
        let order = self.order(side, q.pieces[piece], q.known);
        let mut found: Vec<(usize, &str)> = Vec::new();
        for row in &leaf.resolution.rows {
            let Some((program, heading)) = self.reported(row) else { continue };
            let family = self.law.timeline.program(program).family;
            let position = order.iter().position(|f| *f == family).unwrap_or(usize::MAX);
            if is_number(heading) && !found.iter().any(|(_, known)| *known == heading) {
                found.push((position, heading));
            }
        }
        found.sort_by_key(|(position, _)| *position);
        found.into_iter().map(|(_, heading)| heading.to_owned()).collect()
    }

    /// The heading that a row puts on the entry, with its program.
    fn reported(&self, row: &Resolved) -> Option<(u16, &str)> {
        let exception = match (row.record, row.status, &row.why) {
            (Record::Provision(provision), Status::Applied, _) => {
                let node = self.law.timeline.provision(provision);
                return Some((node.program, &node.record.heading));
            }
            (Record::Provision(_), Status::Exempt, Why::Excepted(exception) | Why::Spared(exception)) => *exception,
            (Record::Exception(exception), Status::Exempt, Why::Frees(_)) => exception,
            _ => return None,
        };
        let node = self.law.timeline.exception(exception);
        node.record.heading.as_deref().map(|heading| (node.program, heading))
    }

    /// Families in the order of reporting at a moment.
    fn order(&self, side: Side, at: Instant, known: Day) -> &[FamilyId] {
        let moment = Moment { at, known, view: portolan_ledger::line::View::Assessed };
        let order = self.law.reporting_order(side, moment);
        order.map_or(&[], |at| &self.law.timeline.ledger.orders[at].families)
    }

    fn sort_rows(&self, q: &Question<'l>, side: Side, piece: usize, rows: &mut [Row]) {
        let order = self.order(side, q.pieces[piece], q.known);
        rows.sort_by_key(|row| match row.subject {
            // The ordinary duty stands on the line of chapters 1 to 97, which is reported last.
            Subject::Ordinary => (usize::MAX, false),
            Subject::Record(record) => {
                let position = order.iter().position(|f| *f == row.family).unwrap_or(usize::MAX - 1);
                (position, matches!(record, Record::Exception(_)))
            }
        });
    }
}

/// Whether a heading is a number of the schedule, which alone is reported: some rules stand in notes without one.
fn is_number(heading: &str) -> bool {
    heading.len() == 10 && portolan_ledger::TariffCode::parse(heading.as_bytes()).is_ok_and(|code| code.digits() == 8)
}

/// Fills in what a standing duty comes to.
fn owe(row: &mut Row, owed: &Owed, duty: &Result<Duty, Lack>) {
    row.basis = Some(basis_of(owed.parts, &owed.rate));
    match duty {
        Ok(duty) => {
            row.basis_share = duty.share.map(Pct::rate);
            row.rate_pct = duty.pct;
            row.duty = duty.cents;
            if owed.beyond {
                row.status = Status::BeyondHorizon;
            }
        }
        Err(Lack::Column(reason) | Lack::Law(reason)) => {
            row.status = Status::NeedsInput;
            row.reason = Reason::Lacks(reason.clone());
        }
    }
}

/// The name of what a duty is assessed on.
fn basis_of(parts: u8, rate: &DutyRate) -> Basis {
    if let Some(metal) = single_metal(parts) {
        return Basis::Metal(metal);
    }
    match rate {
        DutyRate::Specific(Rate::ZERO, ..) | DutyRate::InPlaceOfAllEach(..) => Basis::Quantity,
        _ if parts == part::ALL => Basis::Full,
        _ if parts == part::ALL & !part::US => Basis::NonUs,
        _ => Basis::Rest,
    }
}

/// Joins the rows of one record over several possibilities.
fn merge(known: &mut Row, other: &Row) {
    let matters = |row: &Row| stands(row.status) || row.status == Status::NeedsInput;
    let same = known.status == other.status
        && known.duty == other.duty
        && known.rate_pct == other.rate_pct
        && known.basis_share == other.basis_share;
    if same {
        return;
    }
    if !matters(known) && !matters(other) {
        // Which of two grounds keeps it from being owed is no question: the one that comes last is shown.
        if ground(other.status) > ground(known.status) {
            *known = other.clone();
        }
        return;
    }
    if known.status != Status::NeedsInput {
        if !stands(known.status) {
            known.rate_text.clone_from(&other.rate_text);
            (known.act, known.from, known.until, known.known_from) =
                (other.act, other.from, other.until, other.known_from);
            known.heading.clone_from(&other.heading);
        }
        turn(known);
    }
}

/// How far a record came that is not owed.
fn ground(status: Status) -> u8 {
    match status {
        Status::NotInForce => 0,
        Status::NotClaimed => 1,
        Status::Annulled => 2,
        Status::Suspended => 3,
        Status::Displaced => 4,
        _ => 5,
    }
}

/// Marks a row as turning on a fact that was not stated.
fn turn(row: &mut Row) {
    row.status = Status::NeedsInput;
    row.reason = Reason::Turns;
    row.basis_share = None;
    row.rate_pct = None;
    row.duty = None;
}
