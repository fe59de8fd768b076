//! Reports with a row for each tariff number, folded into one row a line.
//!
//! On an entry, a line has one number of chapters 1 to 97 for the article, and numbers of chapters 98 and 99 beside it,
//! each with its own duty. Reports of what was filed have a row for each. Here they become one row: the article's number,
//! the numbers of chapter 99 with their duties as what was filed, the number of chapter 98, and the sums.
//!
//! Rows of a line mostly lie together; then memory holds one line. Where they do not, the file is read again and held.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

use portolan_ledger::Cents;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::header::Header;
use super::report::Report;
use super::table::{Row, Table};
use super::{Again, Form, Give, InputError, Piece, Room, Rows};
use crate::cells;
use crate::columns::Column;
use crate::fault::{Fault, Faults, FieldFault, shown};
use crate::value;

/// How many lines are handed on at once.
const PIECE_LINES: usize = 2_048;

/// Columns that may differ between the rows of a line; of all others the rows of a line say the same, or nothing.
const BY_ROW: [Column; 14] = [
    Column::TariffOrdinal,
    Column::HtsNumber,
    Column::EnteredValueUsd,
    Column::EnteredValue,
    Column::FiledDutyTotal,
    Column::Quantity1,
    Column::Unit1,
    Column::Quantity2,
    Column::Unit2,
    Column::Quantity3,
    Column::Unit3,
    Column::GrossWeightKg,
    Column::Spi,
    Column::Claims,
];

/// A file whose rows are folded.
pub(super) struct Fold {
    form: Form,
    plan: Plan,
    gather: bool,
}

/// Which cell of the rows goes where.
struct Plan {
    report: Report,
    from: Header,
    entry: usize,
    line: usize,
    code: usize,
    ordinal: Option<usize>,
    value: Option<usize>,
    duty: Option<usize>,
    /// For each cell of a folded row.
    made: Vec<Made>,
}

/// What a cell of a folded row is made of.
#[derive(Clone, Copy, Debug)]
enum Made {
    /// The number of the article.
    Article,
    Value,
    /// The numbers of chapter 99, behind those that a cell states.
    Headings(Option<usize>),
    /// The duties under them, behind those that a cell states.
    Duties(Option<usize>),
    Duty,
    /// The number of chapter 98, or what a cell states.
    Chapter98(Option<usize>),
    Processing,
    /// A cell that all rows of the line have alike.
    Shared(usize, Column),
    /// A cell of the article's row.
    Own(usize),
    /// Cells that are passed through: what the rows hold, each once.
    Passed(usize),
}

impl Fold {
    /// Folds a file, where it has a row for each tariff number; gives the header of the folded rows.
    pub(super) fn of(form: Form, header: Header, gather: bool) -> Result<(Form, Header), InputError> {
        let report = Report::of(&header);
        if report == Report::Plain && header.position(Column::TariffOrdinal).is_none() {
            return Ok((form, header));
        }
        let (plan, made) = Plan::of(report, header)?;
        Ok((Form::Fold(Box::new(Self { form, plan, gather })), made))
    }

    pub(super) fn drive(self, give: Give<'_>) -> Result<(), InputError> {
        let Self { form, plan, gather } = self;
        let mut folding = Folding::new(&plan, gather);
        let mut room = Room::default();
        let mut stopped = false;
        form.drive(&mut |piece| {
            let mut wrong = None;
            let taken = piece.each(&plan.from, &mut room, |row, _| {
                if wrong.is_none() {
                    wrong = folding.take(row).err();
                }
            });
            if taken.late_key {
                return Err(InputError::Again(Again::AllKeys));
            }
            if let Some(wrong) = wrong {
                return Err(wrong);
            }
            folding.rows_read = piece.first + piece.count;
            folding.taken += piece.taken;
            stopped = folding.out.len() >= PIECE_LINES && !folding.hand_on(give)?;
            Ok(!stopped)
        })?;
        if stopped {
            return Ok(());
        }
        folding.end();
        folding.hand_on(give)?;
        Ok(())
    }
}

impl Plan {
    fn of(report: Report, from: Header) -> Result<(Self, Header), InputError> {
        let needed = |column: Column| {
            from.position(column).ok_or_else(|| {
                let wrong = format!("a row for each tariff number, and no column {} to fold them by", column.name());
                let help = "rows of one line have the same entry_number and line_number";
                InputError::of_file(&from.file, FieldFault::of_line(wrong).help(help))
            })
        };
        let (entry, line) = (needed(Column::EntryNumber)?, needed(Column::LineNumber)?);
        let code = needed(Column::HtsNumber)?;
        let mut header = Header { file: from.file.clone(), sheet: from.sheet, ..Header::default() };
        let mut made = Vec::new();
        for (at, (column, name)) in from.columns.iter().zip(&from.names).enumerate() {
            let how = match *column {
                Some(Column::TariffOrdinal) => continue,
                Some(Column::FiledHts99) => Made::Headings(Some(at)),
                Some(Column::FiledDuty99) => Made::Duties(Some(at)),
                Some(Column::FiledDutyTotal) => Made::Duty,
                Some(Column::Ch98Number) => Made::Chapter98(Some(at)),
                Some(Column::HtsNumber) => Made::Article,
                Some(Column::EnteredValueUsd) => Made::Value,
                Some(Column::ProcessingValueUsd) => Made::Processing,
                Some(column) if BY_ROW.contains(&column) => Made::Own(at),
                Some(column) => Made::Shared(at, column),
                None => Made::Passed(at),
            };
            made.push(how);
            header.push(*column, name.clone());
        }
        for (column, how) in [
            (Column::FiledHts99, Made::Headings(None)),
            (Column::FiledDuty99, Made::Duties(None)),
            (Column::FiledDutyTotal, Made::Duty),
            (Column::Ch98Number, Made::Chapter98(None)),
            (Column::ProcessingValueUsd, Made::Processing),
        ] {
            if header.position(column).is_none() {
                made.push(how);
                header.push(Some(column), column.name().to_owned());
            }
        }
        let ordinal = from.position(Column::TariffOrdinal);
        let value = from.position(Column::EnteredValueUsd);
        let duty = from.position(Column::FiledDutyTotal);
        Ok((Self { report, from, entry, line, code, ordinal, value, duty, made }, header))
    }
}

/// Lines on their way from rows.
struct Folding<'p> {
    plan: &'p Plan,
    /// Rows of lines that are not ended: of one, or of all where the file is gathered.
    pending: Table,
    /// Which line they are of; empty where they name none.
    key: Vec<u8>,
    /// Room for the key of the next row.
    next: Vec<u8>,
    /// Lines that are ended, by hash. Two that hash alike only have the file read again.
    ended: FxHashSet<u64>,
    /// The lines of a file that is gathered, in their order, and their rows.
    gathered: Option<(FxHashMap<Vec<u8>, usize>, Vec<Vec<usize>>)>,
    out: Table,
    /// Room for the cell that is being made, and for what is wrong with it.
    text: Vec<u8>,
    faults: Vec<FieldFault>,
    rows_read: u64,
    rows_told: u64,
    taken: u64,
    notes: BTreeMap<&'static str, u64>,
}

impl<'p> Folding<'p> {
    fn new(plan: &'p Plan, gather: bool) -> Self {
        Self {
            plan,
            pending: Table::default(),
            key: Vec::new(),
            next: Vec::new(),
            ended: FxHashSet::default(),
            gathered: gather.then(Default::default),
            out: Table::default(),
            text: Vec::new(),
            faults: Vec::new(),
            rows_read: 0,
            rows_told: 0,
            taken: 0,
            notes: BTreeMap::new(),
        }
    }

    fn note(&mut self, what: &'static str) {
        *self.notes.entry(what).or_default() += 1;
    }

    /// Takes the next row.
    fn take(&mut self, row: Row<'_>) -> Result<(), InputError> {
        let plan = self.plan;
        let is_blank = |at: usize| row.cell(at).trim_ascii().is_empty();
        if row.faults.is_empty() && is_blank(plan.entry) && is_blank(plan.code) && plan.report != Report::Plain {
            self.note("rows without an entry number and a tariff number left out: totals and footers");
            return Ok(());
        }
        if row.faults.is_empty() && row.cells.len() != plan.from.columns.len() {
            // Which line such a row belongs to cannot be told, so none can be trusted without it.
            let place = Fault { row: Some(row.number), ..Fault::of_file(&plan.from.file, plan.from.wrong_length(row)) };
            return Err(InputError::Faults(Faults { first: vec![place], more: 0 }));
        }
        let (entry, _) = plan.report.entry_number(row.cell(plan.entry));
        self.next.clear();
        self.next.extend_from_slice(&entry);
        self.next.push(0);
        self.next.extend_from_slice(row.cell(plan.line).trim_ascii());
        // A row that names no line is a line of its own.
        let alone = is_blank(plan.entry) || is_blank(plan.line);
        if self.gathered.is_none() && (alone || self.next != self.key) {
            self.end_line();
            let repeated = !alone && !self.ended.insert(FxBuildHasher.hash_one(&self.next));
            if repeated {
                return Err(InputError::Again(Again::Gather));
            }
            self.key.clone_from(&self.next);
            if alone {
                self.key.clear();
            }
        }
        let index = self.pending.len();
        row.cells.iter().for_each(|range| self.pending.cell(row.bytes.get(range.clone()).unwrap_or_default()));
        row.faults.iter().for_each(|fault| self.pending.fault(fault.clone()));
        self.pending.end_row(row.number);
        if let Some((places, lines)) = &mut self.gathered {
            let new = lines.len();
            let place = if alone { new } else { *places.entry(self.next.clone()).or_insert(new) };
            if place == new {
                lines.push(Vec::new());
            }
            lines[place].push(index);
        }
        Ok(())
    }

    /// Ends the line whose rows lie together.
    fn end_line(&mut self) {
        if self.pending.is_empty() || self.gathered.is_some() {
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        self.fold(&pending, (0..pending.len()).collect());
        self.pending = pending;
        self.pending.clear();
    }

    /// Ends every line.
    fn end(&mut self) {
        self.end_line();
        if let Some((_, lines)) = self.gathered.take() {
            let pending = std::mem::take(&mut self.pending);
            for rows in lines {
                self.fold(&pending, rows);
            }
        }
    }

    /// Hands on the lines that are ended.
    fn hand_on(&mut self, give: Give<'_>) -> Result<bool, InputError> {
        let rows = std::mem::take(&mut self.out);
        let mut piece = Piece {
            rows: Rows::Table(rows),
            first: self.rows_told,
            count: self.rows_read - self.rows_told,
            taken: std::mem::take(&mut self.taken),
            notes: std::mem::take(&mut self.notes).into_iter().map(|(note, rows)| (note.into(), rows)).collect(),
        };
        self.rows_told = self.rows_read;
        let goes_on = give(&mut piece)?;
        if let Rows::Table(mut table) = piece.rows {
            table.clear();
            self.out = table;
        }
        Ok(goes_on)
    }

    /// Makes the lines of the rows of one line of an entry: one for each article.
    fn fold(&mut self, pending: &Table, mut rows: Vec<usize>) {
        let plan = self.plan;
        if let Some(at) = plan.ordinal {
            let ordinal = |index: &usize| value::ordinal(pending.row(*index).cell(at).trim_ascii()).unwrap_or(u64::MAX);
            rows.sort_by_key(ordinal);
        }
        if rows.len() > 1 {
            *self.notes.entry("rows of tariff numbers folded into lines").or_default() += rows.len() as u64;
        }
        let rows: Vec<Number<'_>> = rows.into_iter().map(|index| Number::of(plan, pending.row(index))).collect();
        let numbers = rows.iter().filter(|row| row.restored);
        for _ in numbers {
            self.note("leading zeros that a spreadsheet took restored in tariff numbers");
        }
        let articles = rows.iter().filter(|row| row.part == Part::Article).count();
        if articles > 1 {
            self.note("lines with several articles answered as one line each");
        }
        for segment in segments(&rows, articles) {
            self.line(segment);
        }
    }

    /// Makes one folded row.
    fn line(&mut self, rows: &[Number<'_>]) {
        let plan = self.plan;
        let Some(main) = rows.iter().find(|row| row.part == Part::Article).or_else(|| rows.first()) else { return };
        rows.iter().flat_map(|row| row.row.faults).for_each(|fault| self.out.fault(fault.clone()));
        if main.part != Part::Article {
            let filed: Vec<Cow<'_, str>> = rows.iter().map(|row| String::from_utf8_lossy(&row.code)).collect();
            let wrong = "no row of this line holds a number of chapters 1 to 97";
            let fault = FieldFault { value: filed.join(";"), ..FieldFault::new(Column::HtsNumber, b"", wrong) };
            self.out.fault(fault.help("what the article is decides what is owed"));
        }
        if rows.iter().filter(|row| row.part == Part::Chapter98).count() > 1 {
            self.out.fault(FieldFault::new(Column::Ch98Number, b"", "two numbers of chapter 98 on one line"));
        }
        let (mut text, mut faults) = (std::mem::take(&mut self.text), std::mem::take(&mut self.faults));
        for made in &plan.made {
            text.clear();
            self.cell(*made, (rows, main), &mut text, &mut faults);
            faults.drain(..).for_each(|fault| self.out.fault(fault));
            self.out.cell(&text);
        }
        (self.text, self.faults) = (text, faults);
        self.out.end_row(main.row.number);
    }

    /// Makes one cell of a folded row.
    fn cell(
        &mut self,
        made: Made,
        (rows, main): (&[Number<'_>], &Number<'_>),
        text: &mut Vec<u8>,
        faults: &mut Vec<FieldFault>,
    ) {
        let plan = self.plan;
        let headings = || rows.iter().filter(|row| row.part == Part::Chapter99);
        match made {
            Made::Article => text.extend_from_slice(&main.code),
            Made::Value => self.entered((rows, main), text, faults),
            Made::Headings(at) => join(stated(rows, at).chain(headings().map(|row| &*row.code)), text),
            Made::Duties(at) if plan.duty.is_none() => join(stated(rows, at), text),
            Made::Duties(at) => {
                let duties = headings().map(|row| match plan.amount(row, plan.duty) {
                    duty if duty.is_empty() => Cow::Borrowed(b"0".as_slice()),
                    duty => duty,
                });
                join(stated(rows, at).map(Cow::Borrowed).chain(duties), text);
            }
            Made::Duty => plan.sum(rows.iter(), plan.duty, Column::FiledDutyTotal, (text, faults)),
            Made::Chapter98(at) => {
                let filed = rows.iter().filter(|row| row.part == Part::Chapter98).map(|row| &*row.code);
                text.extend_from_slice(filed.chain(stated(rows, at)).next().unwrap_or_default());
            }
            Made::Processing => self.processing(rows, main, text),
            Made::Own(at) => {
                let own = main.row.cell(at).trim_ascii();
                let found = if own.is_empty() { stated(rows, Some(at)).next().unwrap_or_default() } else { own };
                text.extend_from_slice(&plan.report.amount(found));
            }
            Made::Shared(at, column) => self.shared(rows, (at, column), text, faults),
            Made::Passed(at) => {
                let mut distinct: SmallVec<[Cow<'_, [u8]>; 4]> = SmallVec::new();
                for cell in stated(rows, Some(at)) {
                    let cell = plan.report.passed(&plan.from.names[at], cell);
                    if !distinct.contains(&cell) {
                        distinct.push(cell);
                    }
                }
                join(distinct.into_iter(), text);
            }
        }
    }

    /// A cell that the rows of a line have alike.
    fn shared(
        &mut self,
        rows: &[Number<'_>],
        (at, column): (usize, Column),
        text: &mut Vec<u8>,
        faults: &mut Vec<FieldFault>,
    ) {
        let report = self.plan.report;
        let mut found: Option<(Cow<'_, [u8]>, u64)> = None;
        for row in rows {
            let (cell, note) = report.clean(column, row.row.cell(at).trim_ascii());
            if let Some(note) = note {
                self.note(note);
            }
            match &found {
                _ if cell.is_empty() => {}
                None => found = Some((cell, row.row.number)),
                Some((first, _)) if *first == cell => {}
                Some((first, number)) => {
                    let wrong = format!(
                        "rows {number} and {} are of one line, and say \"{}\" and \"{}\"",
                        row.row.number,
                        shown(first),
                        shown(&cell)
                    );
                    faults.push(FieldFault::new(column, b"", wrong));
                    break;
                }
            }
        }
        text.extend_from_slice(&found.map(|(cell, _)| cell).unwrap_or_default());
    }

    /// The entered value of a line: the article's, and that of goods which a number of chapter 98 frees. Where the article's
    /// row states none, the one value that stands with the other numbers.
    fn entered(
        &mut self,
        (rows, main): (&[Number<'_>], &Number<'_>),
        text: &mut Vec<u8>,
        faults: &mut Vec<FieldFault>,
    ) {
        let plan = self.plan;
        let own = plan.amount(main, plan.value);
        if value::money(&own).is_ok_and(|own| own != Cents::ZERO) {
            let valued = rows.iter().filter(|row| row.part != Part::Chapter99);
            return plan.sum(valued, plan.value, Column::EnteredValueUsd, (text, faults));
        }
        let others: Vec<Cow<'_, [u8]>> = rows
            .iter()
            .filter(|row| row.part == Part::Chapter99)
            .map(|row| plan.amount(row, plan.value))
            .filter(|amount| value::money(amount).is_ok_and(|amount| amount != Cents::ZERO))
            .collect();
        let Some(first) = others.first() else { return text.extend_from_slice(&own) };
        if others.iter().any(|other| other != first) {
            let wrong = "the row of the article states no value, and those of chapter 99 state several";
            let mut all = Vec::new();
            join(others.iter(), &mut all);
            faults.push(FieldFault::new(Column::EnteredValueUsd, &all, wrong));
            return;
        }
        self.note("values taken from the row of a chapter 99 number, the article's row stating none");
        text.extend_from_slice(first);
    }

    /// The value of what was done abroad: what stands with the article, where the rest stands with a number of chapter 98.
    fn processing(&self, rows: &[Number<'_>], main: &Number<'_>, text: &mut Vec<u8>) {
        let plan = self.plan;
        if let Some(at) = plan.from.position(Column::ProcessingValueUsd) {
            text.extend_from_slice(stated(rows, Some(at)).next().unwrap_or_default());
            return;
        }
        let is_stated = |row: &Number<'_>| {
            row.part == Part::Chapter98 && value::money(&plan.amount(row, plan.value)).is_ok_and(|v| v != Cents::ZERO)
        };
        if rows.iter().any(is_stated) {
            text.extend_from_slice(&plan.amount(main, plan.value));
        }
    }
}

impl Plan {
    /// An amount of a row, without its signs.
    fn amount<'r>(&self, row: &Number<'r>, at: Option<usize>) -> Cow<'r, [u8]> {
        at.map_or(Cow::Borrowed(b"".as_slice()), |at| self.report.amount(row.row.cell(at).trim_ascii()))
    }

    /// The sum of an amount over rows; nothing where no row states it.
    fn sum<'r, 'n: 'r>(
        &self,
        rows: impl Iterator<Item = &'r Number<'n>>,
        at: Option<usize>,
        column: Column,
        (text, faults): (&mut Vec<u8>, &mut Vec<FieldFault>),
    ) {
        let mut sum: Option<i64> = None;
        for row in rows {
            let amount = self.amount(row, at);
            if amount.is_empty() {
                continue;
            }
            match value::money(&amount) {
                Ok(amount) => sum = Some(sum.unwrap_or(0).saturating_add(amount.0)),
                Err(wrong) => {
                    let place = format!("{} (row {})", wrong.what, row.row.number);
                    faults.push(FieldFault { help: wrong.help, ..FieldFault::new(column, &amount, place) });
                }
            }
        }
        cells::cents_or_empty(text, sum.map(Cents));
    }
}

/// What a cell of the rows states, where it states anything.
fn stated<'n>(rows: &'n [Number<'_>], at: Option<usize>) -> impl Iterator<Item = &'n [u8]> {
    let cells = at.into_iter().flat_map(|at| rows.iter().map(move |row| row.row.cell(at).trim_ascii()));
    cells.filter(|cell| !cell.is_empty())
}

/// Writes texts with `;` between.
fn join(texts: impl Iterator<Item = impl AsRef<[u8]>>, out: &mut Vec<u8>) {
    for (at, text) in texts.enumerate() {
        if at > 0 {
            out.push(b';');
        }
        out.extend_from_slice(text.as_ref());
    }
}

/// What a tariff number is on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Article,
    Chapter98,
    Chapter99,
}

/// A row with its tariff number.
struct Number<'r> {
    row: Row<'r>,
    code: Cow<'r, [u8]>,
    restored: bool,
    part: Part,
}

impl<'r> Number<'r> {
    fn of(plan: &Plan, row: Row<'r>) -> Self {
        let (code, restored) = plan.report.code(row.cell(plan.code));
        let mut digits = code.iter().filter(|byte| byte.is_ascii_digit());
        let part = match (digits.next(), digits.next()) {
            (Some(b'9'), Some(b'9')) => Part::Chapter99,
            (Some(b'9'), Some(b'8')) => Part::Chapter98,
            _ => Part::Article,
        };
        Self { row, code, restored, part }
    }
}

/// Cuts the rows of a line so that each part has one article. The numbers of chapters 98 and 99 stand before the article
/// that they are filed for, as they are reported; or behind it, where the line begins with an article.
fn segments<'n, 'r>(rows: &'n [Number<'r>], articles: usize) -> Vec<&'n [Number<'r>]> {
    if articles < 2 {
        return vec![rows];
    }
    let opens = rows.first().is_some_and(|row| row.part == Part::Article);
    let mut found = Vec::with_capacity(articles);
    let mut start = 0;
    for (at, row) in rows.iter().enumerate() {
        let cut = if opens { at } else { at + 1 };
        if row.part == Part::Article && cut > start && found.len() + 1 < articles {
            found.push(&rows[start..cut]);
            start = cut;
        }
    }
    found.push(&rows[start..]);
    found
}
