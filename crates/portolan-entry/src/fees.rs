//! Fees of customs beside duty, and what a line comes to in all (`REGISTERS.md`, section 10).
//!
//! A fee of an entry is bounded on the sum of its lines and spread over them by value, in the order of their line numbers,
//! so that the shares sum to the cent and do not depend on where in a file the lines stand. Lines of an entry may stand
//! anywhere: a first pass over the file notes what bears on them, 40 bytes a line. A line without an entry number is an
//! entry of its own.
//!
//! A figure that is not known makes a fee that is not known, by name; it is never zero.

use std::fmt::Write as _;

use portolan_engine::Law;
use portolan_engine::answer::Basis;
use portolan_ledger::charges::{
    Certainty, Charges, Fee, FeeAmount, FeeColumn, FeeExemption, FeeRate, Figure, Per, Support,
};
use portolan_ledger::line::{EntryLine, Status};
use portolan_ledger::number::div_half_up;
use portolan_ledger::time::Clock;
use portolan_ledger::timeline::Moment;
use portolan_ledger::{Cents, Day, Rate};
use sha2::{Digest, Sha256};
use smallvec::SmallVec;

use crate::bill::Keys;
use crate::columns::Column;
use crate::write::{Cells, Passed};

/// The columns of the bill that hold fees, in their order.
const COLUMNS: [FeeColumn; 2] = [FeeColumn::Mpf, FeeColumn::Hmf];

/// Letters and digits of an entry number that fit into 63 bits as they are.
const MOST_PACKED: usize = 12;

/// The fees of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFees {
    /// Merchandise processing fee, in cents; none where it is not known.
    pub mpf: Option<Cents>,
    /// Harbor maintenance fee, in cents; none where it is not known.
    pub hmf: Option<Cents>,
    /// Value, duty and fees, in cents; none where one of them is not known.
    pub landed_total: Option<Cents>,
}

/// What is missing for a fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// A fact that was not stated: the column that states it.
    Fact(&'static str),
    /// What another line of the entry adds to it.
    OtherLine,
    /// The register does not say whether entries of this type owe it.
    EntryType,
    /// The register has no figure for the day, or says that it is not known.
    Figure,
}

/// How a fee stands on a line.
#[derive(Clone, Copy, Debug)]
pub enum Stand<'l> {
    /// It is owed: the line's share of it, in cents.
    Owed(Cents),
    /// The line is exempt.
    Exempt(&'l FeeExemption),
    /// The line may be exempt: the exemption turns on what no column states.
    MayBeExempt(&'l FeeExemption),
    /// It is not owed on this mode of transport.
    OtherMode,
    /// It cannot be computed.
    Lacks(Lack),
}

impl Stand<'_> {
    /// What it comes to, in cents; none where that is not known.
    pub fn amount(self) -> Option<Cents> {
        match self {
            Self::Owed(cents) => Some(cents),
            Self::Exempt(_) | Self::OtherMode => Some(Cents::ZERO),
            Self::MayBeExempt(_) | Self::Lacks(_) => None,
        }
    }
}

/// A fee considered on a line.
#[derive(Clone, Copy, Debug)]
pub struct Considered<'l> {
    /// Its index in the register of its side, and among the fees of all registers.
    pub index: (usize, usize),
    /// The fee.
    pub fee: &'l Fee,
    /// What it comes to on the day, where the register says so.
    pub rate: Option<&'l FeeRate>,
    /// How it stands.
    pub stand: Stand<'l>,
    /// On what a share is taken, in cents.
    pub basis: Option<Cents>,
    /// The day lies past that through which the register was checked.
    pub past_horizon: bool,
}

/// The fees considered on a line: one for each column of the bill at most.
pub type AllConsidered<'l> = SmallVec<[Considered<'l>; 2]>;

/// The fees of the ledger, ready to be asked.
#[derive(Clone, Copy, Debug)]
pub struct Fees<'l> {
    law: &'l Law<'l>,
}

/// What a line brings to the fee of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Noted {
    /// The entry.
    entry: u64,
    /// The fee and its row: lines of one entry that fall under different ones are summed apart.
    group: u32,
    /// Line number and code: the order in which the fee is spread.
    order: u64,
    /// The row among all rows of the input.
    row: u64,
    /// The basis, in cents; below zero where it is not known.
    basis: i64,
}

/// Shares of fees of entries with several lines, by row.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    /// Row, and the share in cents; below zero where it is not known.
    rows: Vec<(u64, i64)>,
}

/// Columns that decide what a line brings to the fee of its entry, one bit each.
pub const GATHERED: u64 = {
    let columns = [
        Column::EntryNumber,
        Column::LineNumber,
        Column::HtsNumber,
        Column::CountryOfOrigin,
        Column::EntryDate,
        Column::EntryType,
        Column::EnteredValueUsd,
        Column::EnteredValue,
        Column::Currency,
        Column::ModeOfTransport,
        Column::Spi,
        Column::Ch98Number,
        Column::ProcessingValueUsd,
        Column::Direction,
        Column::KnownDate,
        Column::View,
    ];
    let (mut bits, mut at) = (0, 0);
    while at < columns.len() {
        bits |= columns[at].bit();
        at += 1;
    }
    bits
};

/// A share that is not known.
const NOT_KNOWN: i64 = -1;

/// What names a line in its entry.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The entry number as stated; empty where none is.
    pub entry_number: &'a [u8],
    /// The line number as stated; empty where none is.
    pub line_number: &'a [u8],
    /// The row among all rows of the input.
    pub row: u64,
}

impl<'l> Fees<'l> {
    /// The fees of a law.
    pub fn new(law: &'l Law<'l>) -> Self {
        Self { law }
    }

    /// The register of a line's side, and how many fees those before it hold.
    fn charges(self, line: &EntryLine) -> Option<(&'l Charges, usize)> {
        let all = &self.law.timeline.ledger.charges;
        let at = all.iter().position(|charges| charges.levied_by == line.side)?;
        Some((&all[at], all[..at].iter().map(|charges| charges.fees.len()).sum()))
    }

    /// The fees considered on a line, as if it were an entry of its own, in the order of the bill's columns.
    pub fn alone(self, line: &EntryLine, clock: &Clock) -> AllConsidered<'l> {
        let Some((charges, before)) = self.charges(line) else { return SmallVec::new() };
        let mut considered: AllConsidered<'l> =
            COLUMNS.iter().filter_map(|column| self.consider(charges, *column, line, clock)).collect();
        for one in &mut considered {
            one.index.1 += before;
        }
        considered
    }

    /// The fees considered on a line of a file.
    pub fn of(self, line: &EntryLine, clock: &Clock, row: u64, shares: &Shares) -> AllConsidered<'l> {
        let mut considered = self.alone(line, clock);
        for one in considered.iter_mut().filter(|one| one.fee.per == Per::Entry) {
            if let (Stand::Owed(_), Some(share)) = (one.stand, shares.of(row)) {
                one.stand = share.map_or(Stand::Lacks(Lack::OtherLine), Stand::Owed);
            }
        }
        considered
    }

    /// What a line brings to the fees of its entry, which a first pass gathers.
    pub fn note(self, line: &EntryLine, clock: &Clock, place: Place<'_>) -> Option<Noted> {
        let entry = packed(place.entry_number)?;
        let (charges, _) = self.charges(line)?;
        let mut considered = COLUMNS.iter().filter_map(|column| self.consider(charges, *column, line, clock));
        let one = considered.find(|one| one.fee.per == Per::Entry)?;
        let basis = match one.stand {
            Stand::Owed(_) => one.basis.map_or(0, |cents| cents.0.max(0)),
            // A line of which it is not known what it adds leaves the fee of the whole entry open.
            Stand::Lacks(Lack::Fact(_)) | Stand::MayBeExempt(_) => NOT_KNOWN,
            Stand::Lacks(_) | Stand::Exempt(_) | Stand::OtherMode => return None,
        };
        let rate = one.rate.and_then(|rate| one.fee.rates.iter().position(|row| std::ptr::eq(row, rate)))?;
        let part = |index: usize| u32::try_from(index).unwrap_or(0xFF) & 0xFF;
        let group = u32::from(line.side.0) << 16 | part(one.index.0) << 8 | part(rate);
        let number = std::str::from_utf8(place.line_number).ok().and_then(|text| text.parse::<u64>().ok());
        let order = number.unwrap_or(0).min(0x3FFF_FFFF) << 34 | line.code.padded() & 0x3_FFFF_FFFF;
        Some(Noted { entry, group, order, row: place.row, basis })
    }

    /// Shares of the fees of entries, from what all lines of the input brought.
    pub fn shares(self, mut noted: Vec<Noted>) -> Shares {
        noted.sort_unstable();
        let mut rows = Vec::new();
        for lines in noted.chunk_by(|a, b| (a.entry, a.group) == (b.entry, b.group)).filter(|lines| lines.len() > 1) {
            let total = lines.iter().map(|line| i128::from(line.basis)).sum::<i128>();
            let known = lines.iter().all(|line| line.basis >= 0);
            let whole = if known { self.of_group(lines[0].group, total) } else { None };
            let mut before = 0;
            for line in lines {
                let share = whole.map_or(NOT_KNOWN, |whole| {
                    let basis = i128::from(line.basis);
                    let share = share_of(whole, before, basis, total);
                    before += basis;
                    share
                });
                rows.push((line.row, share));
            }
            // Where nothing has a value a fixed amount has no basis to be spread by: the first line bears it.
            if let (Some(whole), 0) = (whole, total)
                && let Some(first) = rows.len().checked_sub(lines.len())
            {
                rows[first].1 = whole.0;
            }
        }
        rows.sort_unstable();
        Shares { rows }
    }

    /// The fee of a whole entry.
    fn of_group(self, group: u32, total: i128) -> Option<Cents> {
        let side = u8::try_from(group >> 16).ok()?;
        let charges = self.law.timeline.ledger.charges.iter().find(|charges| charges.levied_by.0 == side)?;
        let fee = charges.fees.get(usize::try_from(group >> 8 & 0xFF).ok()?)?;
        amount(fee, fee.rates.get(usize::try_from(group & 0xFF).ok()?)?, total)
    }

    fn consider(
        self,
        charges: &'l Charges,
        column: FeeColumn,
        line: &EntryLine,
        clock: &Clock,
    ) -> Option<Considered<'l>> {
        let day = line.entry_date.day(clock);
        let mut of_column = charges.fees.iter().enumerate().filter(|(_, fee)| fee.column == Some(column)).peekable();
        let first = of_column.peek().copied();
        let holds =
            |fee: &Fee| fee.entry_types.is_empty() || fee.entry_types.iter().any(|of| of.as_bytes() == line.entry_type);
        let past_horizon = day > charges.checked_through;
        let exempt = |fee: &'l Fee| fee.exemptions.iter().filter(move |one| self.is_exempt(one, line, day, clock));
        let Some((index, fee)) = of_column.find(|(_, fee)| holds(fee)) else {
            let (index, fee) = first?;
            // No fee names the type; an exemption that does name it is known all the same.
            let named = exempt(fee).find(|one| one.turns_on.is_none() && !one.entry_types.is_empty());
            let stand = named.map_or(Stand::Lacks(Lack::EntryType), Stand::Exempt);
            return Some(Considered { index: (index, index), fee, rate: None, stand, basis: None, past_horizon });
        };
        let rate = fee.on(day);
        let basis = self.basis(fee, line);
        let stand = match exempt(fee).min_by_key(|one| one.turns_on.is_some()) {
            Some(exemption) if exemption.turns_on.is_some() => Stand::MayBeExempt(exemption),
            Some(exemption) => Stand::Exempt(exemption),
            None => match (line.mode, fee.modes.as_slice()) {
                (_, []) => self.owed(fee, rate, basis),
                (None, _) => Stand::Lacks(Lack::Fact("mode_of_transport")),
                (Some(mode), modes) if modes.contains(&mode) => self.owed(fee, rate, basis),
                (Some(_), _) => Stand::OtherMode,
            },
        };
        Some(Considered { index: (index, index), fee, rate, stand, basis: basis.ok(), past_horizon })
    }

    /// What the fee of an entry of this line alone comes to.
    fn owed(self, fee: &'l Fee, rate: Option<&'l FeeRate>, basis: Result<Cents, &'static str>) -> Stand<'l> {
        let Some(rate) = rate else { return Stand::Lacks(Lack::Figure) };
        // Whether the figures are known does not hang on the value.
        if amount(fee, rate, 0).is_none() {
            return Stand::Lacks(Lack::Figure);
        }
        let basis = match (basis, fee.basis) {
            (Ok(basis), _) => basis,
            (Err(_), None) => Cents::ZERO,
            (Err(column), Some(_)) => return Stand::Lacks(Lack::Fact(column)),
        };
        amount(fee, rate, i128::from(basis.0)).map_or(Stand::Lacks(Lack::Figure), Stand::Owed)
    }

    /// On what a share is taken, rounded as values of the side are, in cents; else the column that is to state it.
    fn basis(self, fee: &Fee, line: &EntryLine) -> Result<Cents, &'static str> {
        let on_processing = line.ch98_number.as_ref().is_some_and(|number| begins(&fee.on_processing, number));
        let (stated, column) = if on_processing {
            (line.processing_value, "processing_value_usd")
        } else {
            (line.value, "entered_value_usd")
        };
        let stated = stated.ok_or(column)?;
        let side = self.law.timeline.ledger.jurisdictions.get(usize::from(line.side.0));
        let grain = i128::from(side.map_or(1, |side| side.value_grain.max(1)));
        let rounded = div_half_up(i128::from(stated.0), grain) * grain;
        Ok(Cents(i64::try_from(rounded).unwrap_or(i64::MAX)))
    }

    fn is_exempt(self, exemption: &FeeExemption, line: &EntryLine, day: Day, clock: &Clock) -> bool {
        let (spi, number) = (line.spi.as_deref(), line.ch98_number.as_deref());
        let FeeExemption { origin, modes, entry_types, .. } = exemption;
        let moment = || Moment { at: clock.day_start(day), known: line.known_date.max(day), view: line.view };
        // What most lines do not state comes first.
        (exemption.spi.is_empty() || spi.is_some_and(|spi| exemption.spi.iter().any(|of| of == spi)))
            && (exemption.ch98.is_empty() || number.is_some_and(|number| begins(&exemption.ch98, number)))
            && (entry_types.is_empty() || entry_types.iter().any(|of| of.as_bytes() == line.entry_type))
            && (modes.is_empty() || line.mode.is_some_and(|mode| modes.contains(&mode)))
            && exemption.days.cover(day)
            && (origin.is_empty() || self.law.timeline.holds_origin(origin, line.origin, moment()))
            && !number.is_some_and(|number| begins(&exemption.ch98_except, number))
    }
}

/// Whether a chapter 98 number begins with one of these, or any will do.
fn begins(these: &[String], number: &str) -> bool {
    these.iter().any(|start| start == "any" || number.starts_with(start.as_str()))
}

/// What a fee comes to on a sum of values, in cents; none where a figure is not known.
fn amount(fee: &Fee, rate: &FeeRate, total: i128) -> Option<Cents> {
    let cents = |amount: i128| Cents(i64::try_from(amount).unwrap_or(i64::MAX));
    match &rate.amount {
        FeeAmount::Fixed(figure) => figure.known(),
        FeeAmount::Share { rate, min, max } => {
            let share = div_half_up(total.saturating_mul(i128::from(rate.known()?.0)), i128::from(Rate::WHOLE.0));
            let (min, max) = (bound(*min)?, bound(*max)?);
            let least =
                min.filter(|_| total > 0 && fee.per == Per::Entry).map_or(share, |min| share.max(i128::from(min.0)));
            Some(cents(max.map_or(least, |max| least.min(i128::from(max.0)))))
        }
    }
}

/// A bound: none where there is none; nothing at all where there is one that is not known.
fn bound(figure: Option<Figure<Cents>>) -> Option<Option<Cents>> {
    match figure {
        None => Some(None),
        Some(figure) => figure.known().map(Some),
    }
}

/// The share of a part that follows `before`, so that all shares sum to the whole.
fn share_of(whole: Cents, before: i128, part: i128, total: i128) -> i64 {
    if total <= 0 {
        return 0;
    }
    let until = |sum: i128| div_half_up(i128::from(whole.0).saturating_mul(sum), total);
    i64::try_from(until(before + part) - until(before)).unwrap_or(i64::MAX)
}

impl Shares {
    /// The share of a row, none in it where it is not known; nothing for a row that is an entry of its own.
    fn of(&self, row: u64) -> Option<Option<Cents>> {
        let at = self.rows.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        let (_, share) = self.rows.get(at)?;
        Some((*share >= 0).then_some(Cents(*share)))
    }
}

/// An entry number as a number: its letters and digits without regard to case, dashes left aside, leading zeros kept.
/// Longer ones than any of customs are told apart by 63 bits of their SHA-256. None where there is none.
fn packed(number: &[u8]) -> Option<u64> {
    let mut packed = 0_u64;
    let mut letters = 0;
    for &byte in number {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0' + 1,
            b'A'..=b'Z' => byte - b'A' + 11,
            b'a'..=b'z' => byte - b'a' + 11,
            b'-' | b' ' => continue,
            _ => 0,
        };
        letters += 1;
        if digit == 0 || letters > MOST_PACKED {
            let hash = Sha256::digest(number.to_ascii_uppercase());
            let first = hash.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
            return Some(first | 1 << 63);
        }
        packed = packed * 37 + u64::from(digit);
    }
    (letters > 0).then_some(packed)
}

impl LineFees {
    /// From the fees considered, and what the line comes to beside them.
    pub fn new(considered: &[Considered<'_>], value: Option<Cents>, duty: Option<Cents>) -> Self {
        let of = |column| {
            let one = considered.iter().find(|one| one.fee.column == Some(column))?;
            one.stand.amount()
        };
        let (mpf, hmf) = (of(FeeColumn::Mpf), of(FeeColumn::Hmf));
        let sum = [value, duty, mpf, hmf].into_iter().try_fold(0_i64, |sum, part| sum.checked_add(part?.0));
        Self { mpf, hmf, landed_total: sum.map(Cents) }
    }
}

/// The fees of a line as rows of the layers, behind those of its duties.
#[derive(Clone, Copy)]
pub struct FeeRows<'a, 'l> {
    /// The fees of the ledger.
    pub fees: Fees<'l>,
    /// Those considered on the line.
    pub considered: &'a [Considered<'l>],
    /// The line.
    pub line: &'a EntryLine,
    /// The clock of the side that levies.
    pub clock: &'a Clock,
    /// What each row begins with.
    pub keys: Keys<'a>,
    /// How many rows stand before them.
    pub rows_before: u64,
    /// Cells of the input that are passed through.
    pub passed: &'a Passed,
}

impl FeeRows<'_, '_> {
    /// Writes those whose status is wanted. Gives how many were written.
    pub fn write(&self, out: &mut impl Cells, wanted: impl Fn(Status) -> bool) -> u64 {
        let mut written = 0;
        for (one, seq) in self.considered.iter().zip(self.rows_before + 1..) {
            let status = one.status();
            if wanted(status) {
                self.row(out, one, status, seq);
                written += 1;
            }
        }
        written
    }

    fn row(&self, out: &mut impl Cells, one: &Considered<'_>, status: Status, seq: u64) {
        let ledger = self.fees.law.timeline.ledger;
        out.text(self.keys.entry_number);
        out.text(self.keys.line_number);
        out.whole(self.keys.source_row);
        out.whole(seq);
        let side = ledger.jurisdictions.get(usize::from(self.line.side.0)).map_or("", |side| side.name.as_str());
        let (code, reason) = one.reason(self.line, !self.keys.entry_number.is_empty());
        let measure = format!("{}.fees", side.to_ascii_lowercase());
        for text in ["fee", &measure, &one.fee.id, "", status.name(), code, &reason] {
            out.text(text.as_bytes());
        }
        out.when(self.line.entry_date, self.clock);
        out.text(b"entry_date");
        let owed = matches!(one.stand, Stand::Owed(_));
        let basis = if owed && one.fee.basis.is_some() { Basis::Full.name() } else { "" };
        out.text(basis.as_bytes());
        out.share(Some(Rate::WHOLE).filter(|_| !basis.is_empty()));
        out.text(one.rate.map_or(String::new(), rate_text).as_bytes());
        out.points(None);
        out.money(one.stand.amount());
        let support = one.support();
        let act = support.map_or(Some(one.fee.act), |support| support.act).map(|act| ledger.act(act));
        out.text(act.map_or("", |act| act.id.as_str()).as_bytes());
        let sources = || support.map_or(String::new(), |support| support.source.join("; "));
        out.text(act.map_or_else(sources, |act| act.cite.clone()).as_bytes());
        let days = match one.stand {
            Stand::Exempt(exemption) | Stand::MayBeExempt(exemption) => Some(exemption.days),
            _ => one.rate.map(|rate| rate.days),
        };
        let moment = |day: Option<Day>| day.map_or(String::new(), |day| self.clock.rfc3339(self.clock.day_start(day)));
        out.text(moment(days.map(|days| days.from)).as_bytes());
        out.text(moment(days.and_then(|days| days.until)).as_bytes());
        out.day(act.map(|act| act.issued));
        out.fixed(&ledger.version);
        self.passed.write(out);
        out.end();
    }
}

impl Considered<'_> {
    /// Its status, in the words of the layers.
    pub fn status(&self) -> Status {
        match self.stand {
            Stand::Owed(_) if self.past_horizon => Status::BeyondHorizon,
            Stand::Owed(_) => Status::Applied,
            Stand::Exempt(_) => Status::Exempt,
            Stand::OtherMode => Status::NotInForce,
            Stand::MayBeExempt(_) | Stand::Lacks(_) => Status::NeedsInput,
        }
    }

    /// What its row rests on.
    fn support(&self) -> Option<&Support> {
        match self.stand {
            Stand::Exempt(exemption) | Stand::MayBeExempt(exemption) => Some(&exemption.support),
            _ => self.rate.map(|rate| &rate.support),
        }
    }

    /// Why it stands so: a stable word, and a sentence.
    pub fn reason(&self, line: &EntryLine, in_entry: bool) -> (&'static str, String) {
        let modes = || self.fee.modes.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(", ");
        let unsure = self.support().map_or(String::new(), unsure);
        match self.stand {
            Stand::Owed(_) if self.fee.per == Per::Entry => {
                let of = if in_entry {
                    "of all lines of the entry, spread over them by value"
                } else {
                    "of the line, which states no entry number and is taken as an entry of its own"
                };
                ("fee_of_entry", format!("{}, {of}{unsure}", self.fee.title))
            }
            Stand::Owed(_) => ("fee_of_line", format!("{}, of the line{unsure}", self.fee.title)),
            Stand::Exempt(exemption) => ("fee_exempt", format!("exempt: {}{unsure}", why_exempt(exemption, line))),
            Stand::MayBeExempt(exemption) => {
                let by = why_exempt(exemption, line);
                let what = exemption.turns_on.as_deref().unwrap_or_default();
                ("not_known", format!("whether it is exempt, by {by}, turns on what no column states: {what}{unsure}"))
            }
            Stand::OtherMode => ("other_mode", format!("owed on these modes of transport alone: {}", modes())),
            Stand::Lacks(Lack::Fact(column)) => {
                ("missing_fact", format!("cannot be computed while {column} is not stated"))
            }
            Stand::Lacks(Lack::OtherLine) => {
                let why = "cannot be computed while it is not known what another line of the entry adds to it";
                ("missing_fact", why.to_owned())
            }
            Stand::Lacks(Lack::EntryType) => {
                let of = String::from_utf8_lossy(&line.entry_type);
                ("not_known", format!("whether entries of type {of} owe it was not looked into"))
            }
            Stand::Lacks(Lack::Figure) => {
                let why = self.rate.map_or("no row of the register covers it".to_owned(), |rate| {
                    let support = &rate.support;
                    support.note.clone().unwrap_or_else(|| support.source.join("; "))
                });
                ("not_known", format!("what it is on that day is not known: {why}"))
            }
        }
    }
}

/// By what a line is exempt, in words.
fn why_exempt(exemption: &FeeExemption, line: &EntryLine) -> String {
    let spi = line.spi.as_deref().filter(|_| !exemption.spi.is_empty());
    let mode = line.mode.filter(|_| !exemption.modes.is_empty());
    match (spi, mode, line.ch98_number.as_deref()) {
        (Some(spi), ..) => format!("special program {spi}"),
        (None, ..) if !exemption.origin.is_empty() => format!("products of {}", line.origin),
        (None, Some(mode), _) => format!("mode of transport {}", mode.name()),
        (None, None, _) if !exemption.entry_types.is_empty() => {
            format!("entry type {}", String::from_utf8_lossy(&line.entry_type))
        }
        (None, None, number) => format!("chapter 98 number {}", number.unwrap_or_default()),
    }
}

/// What a row is to be taken with, where it is less than certain.
fn unsure(support: &Support) -> String {
    match support.certainty {
        Certainty::High => String::new(),
        other => format!("; certainty {}", other.name()),
    }
}

/// The rate as it is written.
pub fn rate_text(rate: &FeeRate) -> String {
    let cents = |figure: Figure<Cents>| figure.known().map_or("unknown".to_owned(), money);
    match rate.amount {
        FeeAmount::Fixed(figure) => cents(figure),
        FeeAmount::Share { rate, min, max } => {
            let mut text = rate.known().map_or("unknown".to_owned(), |rate| format!("{rate}%"));
            for (word, figure) in [("min", min), ("max", max)] {
                if let Some(figure) = figure {
                    let _ = write!(text, ", {word} {}", cents(figure));
                }
            }
            text
        }
    }
}

/// With both decimals, as amounts of fees are published.
fn money(cents: Cents) -> String {
    format!("{}.{:02}", cents.0 / 100, cents.0 % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_numbers_are_told_apart_and_dashes_do_not_matter() {
        assert_eq!(packed(b"ABC-1234567-8"), packed(b"abc12345678"));
        assert_ne!(packed(b"00123"), packed(b"123"));
        assert_ne!(packed(b"A"), packed(b"A0"));
        assert_eq!((packed(b""), packed(b" - ")), (None, None));
        assert!(packed(b"ZZZZZZZZZZZZ").is_some_and(|packed| packed < 1 << 63));
        assert!(packed(b"ZZZZZZZZZZZZZ").is_some_and(|packed| packed >= 1 << 63));
        assert_ne!(packed("é1".as_bytes()), packed("é2".as_bytes()));
    }

    #[test]
    fn shares_sum_to_the_whole() {
        for (whole, parts) in [(3_358, vec![1, 1, 1]), (65_150, vec![7, 11, 13, 1_000_000]), (269, vec![5, 0, 5])] {
            let total: i128 = parts.iter().sum();
            let mut before = 0;
            let mut sum = 0;
            for part in parts {
                sum += share_of(Cents(whole), before, part, total);
                before += part;
            }
            assert_eq!(sum, whole);
        }
    }
}
