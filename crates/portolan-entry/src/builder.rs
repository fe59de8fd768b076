//! One entry line from its columns: the same for a row of a file, the options of a command, and a worked case.

use std::fmt::Write as _;

use portolan_ledger::line::{ClaimStated, EntryLine, StatedQuantity, View, When};
use portolan_ledger::number::Quantity;
use portolan_ledger::record::{ClaimId, Origin};
use portolan_ledger::schedule::unit::Unit;
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Day, Ledger, Rate, Side, TariffCode};
use rustc_hash::FxHashMap;

use crate::columns::Column;
use crate::fault::FieldFault;
use crate::nearest::nearest;
use crate::value::{self, Wrong};

/// What a line is read against: the ledger's registers, and what holds where a line does not say.
#[derive(Debug)]
pub struct Context<'l> {
    /// The ledger.
    pub ledger: &'l Ledger,
    /// The known date where a line states none: today, unless the caller asks about another state of the law.
    pub known_date: Day,
    /// The view where a line states none.
    pub view: View,
    /// The side whose schedule is meant where a line states no direction.
    pub side: Side,
    us: Side,
    cn: Side,
    clocks: Vec<Clock>,
    claims: FxHashMap<&'l [u8], ClaimId>,
}

impl<'l> Context<'l> {
    /// A context for lines of a ledger, on a day.
    pub fn new(ledger: &'l Ledger, today: Day) -> Self {
        let us = ledger.side("US").unwrap_or(Side(0));
        let sides = u8::try_from(ledger.jurisdictions.len()).unwrap_or(u8::MAX);
        let claims = ledger.claims.iter().zip(0..).map(|(claim, id)| (claim.name.as_bytes(), ClaimId(id))).collect();
        Self {
            ledger,
            known_date: today,
            view: View::Assessed,
            side: us,
            us,
            cn: ledger.side("CN").unwrap_or(us),
            clocks: (0..sides).filter_map(|side| ledger.clock(Side(side))).collect(),
            claims,
        }
    }

    /// The clock of a side; none for a side that the ledger does not know.
    pub fn clock(&self, side: Side) -> Option<&Clock> {
        self.clocks.get(usize::from(side.0))
    }
}

/// What was filed, beside the line: for an audit and for refunds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// Chapter 99 headings as filed, with dots; empty where none are stated.
    pub headings: Vec<String>,
    /// The duty filed under each, in cents; empty where it is not stated.
    pub duties: Vec<Cents>,
    /// All duty as filed, in cents.
    pub duty_total: Option<Cents>,
    /// Merchandise processing fee as filed, in cents.
    pub mpf: Option<Cents>,
    /// Harbor maintenance fee as filed, in cents.
    pub hmf: Option<Cents>,
    /// When estimated duty was deposited.
    pub deposit_date: Option<Day>,
    /// When the entry was liquidated.
    pub liquidation_date: Option<Day>,
    /// As the port reports it.
    pub liquidation_status: Option<String>,
    /// Whether it is flagged for reconciliation, as stated.
    pub recon_flag: Option<String>,
    /// Whether it was protested, as stated.
    pub protest_status: Option<String>,
    /// Whether drawback was claimed, as stated.
    pub drawback_flag: Option<String>,
}

impl Filed {
    /// Whether nothing is stated that an audit could compare.
    pub fn is_nothing(&self) -> bool {
        self.duty_total.is_none() && self.headings.is_empty()
    }
}

/// An entry line with what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line.
    pub line: EntryLine,
    /// What was filed.
    pub filed: Filed,
}

/// Builds one entry line, column by column.
#[derive(Debug)]
pub struct LineBuilder<'c> {
    context: &'c Context<'c>,
    entry: Entry,
    stated: u64,
    quantities: [Quantity; 3],
    units: [String; 3],
    known_units: Vec<String>,
    value_as_stated: Option<Cents>,
    currency: Option<[u8; 3]>,
    faults: Vec<FieldFault>,
}

impl<'c> LineBuilder<'c> {
    /// A line on which nothing is stated.
    pub fn new(context: &'c Context<'c>) -> Self {
        Self {
            context,
            entry: Entry { line: blank(context), filed: Filed::default() },
            stated: 0,
            quantities: [Quantity::ZERO; 3],
            units: [const { String::new() }; 3],
            known_units: Vec::new(),
            value_as_stated: None,
            currency: None,
            faults: Vec::new(),
        }
    }

    /// Forgets everything, for the next line.
    pub fn clear(&mut self) {
        // The quantities are written over when the line is settled, so that their units need no new memory.
        let quantities = std::mem::take(&mut self.entry.line.quantities);
        self.entry.line = blank(self.context);
        self.entry.line.quantities = quantities;
        if self.stated & FILED != 0 {
            self.entry.filed = Filed::default();
        }
        self.stated = 0;
        self.value_as_stated = None;
        self.currency = None;
        self.faults.clear();
    }

    /// States a column by its name or one of its aliases. An empty value means *not stated*.
    ///
    /// # Errors
    /// The column is not known, or the value is not one of it. The fault is kept, and [`Self::finish`] gives it again.
    pub fn set(&mut self, column: &str, value: &str) -> Result<(), FieldFault> {
        let Some(known) = Column::find(column) else {
            let names = nearest(column, Column::ALL.iter().map(|c| c.name()));
            let fault = FieldFault {
                column: column.to_owned(),
                value: value.to_owned(),
                wrong: "not a column of an entry line".to_owned(),
                help: (!names.is_empty()).then(|| format!("is it {}?", names.join(" or "))),
            };
            self.faults.push(fault.clone());
            return Err(fault);
        };
        self.set_column(known, value.as_bytes())
    }

    /// States a column. An empty value means *not stated*.
    ///
    /// # Errors
    /// The value is not one of the column. The fault is kept, and [`Self::finish`] gives it again.
    pub fn set_column(&mut self, column: Column, value: &[u8]) -> Result<(), FieldFault> {
        let value = value.trim_ascii();
        if value.is_empty() {
            return Ok(());
        }
        self.stated |= column.bit();
        self.take(column, value).map_err(|wrong| {
            let fault = FieldFault { help: wrong.help, ..FieldFault::new(column, value, wrong.what) };
            self.faults.push(fault.clone());
            fault
        })
    }

    fn take(&mut self, column: Column, value: &[u8]) -> Result<(), Wrong> {
        let line = &mut self.entry.line;
        match column {
            Column::HtsNumber => line.code = value::code(value)?,
            Column::CountryOfOrigin => line.origin = value::country(value)?,
            Column::EntryDate => line.entry_date = value::when(value)?,
            Column::EnteredValueUsd => line.value = Some(value::money(value)?),
            Column::EnteredValue => self.value_as_stated = Some(value::money(value)?),
            Column::Currency => self.currency = Some(currency(value)?),
            Column::KnownDate => line.known_date = value::day(value)?,
            Column::View => line.view = view(value)?,
            Column::Direction => line.side = direction(self.context, value)?,
            Column::EntryType => line.entry_type = value::entry_type(value)?,
            Column::LoadingDate => line.loading_date = Some(value::when(value)?),
            Column::ExportDate => line.export_date = Some(value::when(value)?),
            Column::ImportDate => line.import_date = Some(value::when(value)?),
            Column::ItDate => line.it_date = Some(value::when(value)?),
            Column::WithdrawalDate => line.withdrawal_date = Some(value::when(value)?),
            Column::FtzStatusDate => line.ftz_status_date = Some(value::when(value)?),
            Column::ModeOfTransport => line.mode = Some(value::mode(value)?),
            Column::CountryOfExport => line.export_country = Some(value::country(value)?),
            Column::Spi => line.spi = Some(value::program(value)?),
            Column::Claims => return self.claims(value),
            Column::MfnPct => line.mfn_pct = Some(value::percent(value)?),
            Column::Ch98Number => line.ch98_number = Some(value::chapter_98(value)?),
            Column::ProcessingValueUsd => line.processing_value = Some(value::money(value)?),
            Column::LineNumber | Column::TariffOrdinal => drop(value::ordinal(value)?),
            Column::GrossWeightKg => drop(value::quantity(value)?),
            Column::EntryNumber => value::entry_number(value)?,
            _ => return self.take_rest(column, value),
        }
        Ok(())
    }

    fn take_rest(&mut self, column: Column, value: &[u8]) -> Result<(), Wrong> {
        let line = &mut self.entry.line;
        match column {
            Column::SteelPct => line.steel_pct = Some(value::share(value)?),
            Column::AluminumPct => line.aluminum_pct = Some(value::share(value)?),
            Column::CopperPct => line.copper_pct = Some(value::share(value)?),
            Column::MetalWeightPct => line.metal_weight_pct = Some(value::share(value)?),
            Column::UsContentPct => line.us_content_pct = Some(value::share(value)?),
            Column::UsMetalPct => line.us_metal_pct = Some(value::share(value)?),
            Column::MeltCountry => line.melt_country = Some(value::country(value)?),
            Column::MeltPct => line.melt_pct = Some(value::share(value)?),
            Column::CastCountry => line.cast_country = Some(value::country(value)?),
            Column::SmeltCountries => line.smelt_countries = countries(value)?,
            Column::Quantity1 => self.quantities[0] = value::quantity(value)?,
            Column::Quantity2 => self.quantities[1] = value::quantity(value)?,
            Column::Quantity3 => self.quantities[2] = value::quantity(value)?,
            Column::Unit1 => self.unit(0, value)?,
            Column::Unit2 => self.unit(1, value)?,
            Column::Unit3 => self.unit(2, value)?,
            _ => return self.take_filed(column, value),
        }
        Ok(())
    }

    /// Reads a unit. Files use a handful of them over and over: one that was read once is known by its bytes.
    fn unit(&mut self, index: usize, value: &[u8]) -> Result<(), Wrong> {
        if !self.known_units.iter().any(|known| known.as_bytes() == value) {
            let text = String::from_utf8_lossy(value).into_owned();
            if Unit::parse(&text).is_err() {
                let help = Some("kg, No., liters, bbl, m2, ...".to_owned());
                return Err(Wrong { what: "not a unit that the schedule uses".to_owned(), help });
            }
            self.known_units.push(text);
        }
        self.units[index].clear();
        self.units[index].push_str(std::str::from_utf8(value).unwrap_or_default());
        Ok(())
    }

    fn take_filed(&mut self, column: Column, value: &[u8]) -> Result<(), Wrong> {
        let filed = &mut self.entry.filed;
        let text = || Some(String::from_utf8_lossy(value).into_owned());
        match column {
            Column::FiledHts99 => filed.headings = items(value).map(value::heading_99).collect::<Result<_, _>>()?,
            Column::FiledDuty99 => filed.duties = items(value).map(value::money).collect::<Result<_, _>>()?,
            Column::FiledDutyTotal => filed.duty_total = Some(value::money(value)?),
            Column::FiledMpf => filed.mpf = Some(value::money(value)?),
            Column::FiledHmf => filed.hmf = Some(value::money(value)?),
            Column::DepositDate => filed.deposit_date = Some(value::day(value)?),
            Column::LiquidationDate => filed.liquidation_date = Some(value::day(value)?),
            Column::LiquidationStatus => filed.liquidation_status = text(),
            Column::ReconFlag => filed.recon_flag = text(),
            Column::ProtestStatus => filed.protest_status = text(),
            Column::DrawbackFlag => filed.drawback_flag = text(),
            _ => {}
        }
        Ok(())
    }

    /// Reads the list of claims. An unknown claim is named with those that are spelled like it.
    fn claims(&mut self, value: &[u8]) -> Result<(), Wrong> {
        for item in items(value) {
            let (name, yes) = match item {
                [b'n' | b'N', b'o' | b'O', b':', name @ ..] => (name.trim_ascii(), false),
                name => (name, true),
            };
            let found = self.context.claims.get(name).copied();
            let found = found.or_else(|| self.context.claims.get(name.to_ascii_lowercase().as_slice()).copied());
            let Some(claim) = found else { return Err(self.unknown_claim(name)) };
            match self.entry.line.claims.iter().find(|stated| stated.claim == claim) {
                Some(stated) if stated.yes != yes => {
                    let name = String::from_utf8_lossy(name);
                    return Err(Wrong { what: format!("{name} is both claimed and denied"), help: None });
                }
                Some(_) => {}
                None => self.entry.line.claims.push(ClaimStated { claim, yes }),
            }
        }
        Ok(())
    }

    fn unknown_claim(&self, name: &[u8]) -> Wrong {
        let name = crate::fault::shown(name);
        let names = nearest(&name, self.context.ledger.claims.iter().map(|claim| claim.name.as_str()));
        let help = match names.as_slice() {
            [] => "`portolan claims` lists what can be claimed".to_owned(),
            names => format!("is it {}?", names.join(" or ")),
        };
        Wrong { what: format!("the ledger has no claim {name}"), help: Some(help) }
    }

    fn has(&self, column: Column) -> bool {
        self.stated & column.bit() != 0
    }

    /// The line, once its columns are stated; the builder can be cleared and used again.
    ///
    /// # Errors
    /// Every fault of its columns, and of what they say together.
    pub fn entry(&mut self) -> Result<&Entry, Vec<FieldFault>> {
        for column in Column::REQUIRED {
            if !self.has(column) {
                self.faults.push(FieldFault::new(
                    column,
                    b"",
                    "it is not stated, and nothing can be answered without it",
                ));
            }
        }
        self.settle_value();
        self.settle_quantities();
        self.check_shares();
        self.check_filed();
        if self.faults.is_empty() { Ok(&self.entry) } else { Err(std::mem::take(&mut self.faults)) }
    }

    /// The line alone.
    ///
    /// # Errors
    /// Every fault of its columns, and of what they say together.
    pub fn finish(mut self) -> Result<EntryLine, Vec<FieldFault>> {
        self.entry()?;
        Ok(self.entry.line)
    }

    fn settle_value(&mut self) {
        let Some(value) = self.value_as_stated else { return };
        if self.has(Column::EnteredValueUsd) {
            let wrong = "the value is stated twice, in entered_value and in entered_value_usd";
            self.faults.push(FieldFault::new(Column::EnteredValue, b"", wrong));
        }
        // What the United States levies is assessed in dollars; an exchange rate would be a fact of its own.
        let dollars = self.currency.is_none_or(|currency| currency == *b"USD");
        if self.entry.line.side == self.context.us && !dollars {
            let currency = self.currency.unwrap_or_default();
            let fault = FieldFault::new(Column::Currency, &currency, "the value of a US import is stated in dollars");
            self.faults.push(fault.help("convert it at the rate of the day of export (19 CFR 159.32)"));
        }
        self.entry.line.value = Some(value);
    }

    fn settle_quantities(&mut self) {
        const COLUMNS: [(Column, Column); 3] = [
            (Column::Quantity1, Column::Unit1),
            (Column::Quantity2, Column::Unit2),
            (Column::Quantity3, Column::Unit3),
        ];
        let settled = &mut self.entry.line.quantities;
        let mut count = 0;
        for (index, (quantity, unit)) in COLUMNS.into_iter().enumerate() {
            if self.stated & quantity.bit() == 0 {
                continue;
            }
            let unit = if self.stated & unit.bit() == 0 { "" } else { self.units[index].as_str() };
            match settled.get_mut(count) {
                Some(kept) => {
                    kept.quantity = self.quantities[index];
                    kept.unit.clear();
                    kept.unit.push_str(unit);
                }
                None => settled.push(StatedQuantity { quantity: self.quantities[index], unit: unit.to_owned() }),
            }
            count += 1;
        }
        settled.truncate(count);
    }

    /// Contents of three metals are parts of one value.
    fn check_shares(&mut self) {
        let line = &self.entry.line;
        let shares = [line.steel_pct, line.aluminum_pct, line.copper_pct];
        let sum: i64 = shares.iter().flatten().map(|rate| rate.0).sum();
        if sum <= Rate::WHOLE.0 {
            return;
        }
        let mut stated = Vec::new();
        for (column, rate) in [Column::SteelPct, Column::AluminumPct, Column::CopperPct].into_iter().zip(shares) {
            stated.extend(rate.map(|rate| (column, rate)));
        }
        let Some(&(last, rate)) = stated.last() else { return };
        let mut wrong = String::new();
        for (at, (column, rate)) in stated.iter().enumerate() {
            let _ = write!(wrong, "{}{} {rate}", if at > 0 { " + " } else { "" }, column.name());
        }
        let _ = write!(wrong, " is {}, more than the whole value", Rate(sum));
        self.faults.push(FieldFault::new(last, rate.to_string().as_bytes(), wrong));
    }

    fn check_filed(&mut self) {
        if !self.has(Column::FiledHts99) || !self.has(Column::FiledDuty99) {
            return;
        }
        let (headings, duties) = (self.entry.filed.headings.len(), self.entry.filed.duties.len());
        if headings != duties {
            let amounts = if duties == 1 { "amount" } else { "amounts" };
            let wrong = format!("{duties} {amounts} for the {headings} headings of filed_hts99");
            self.faults.push(
                FieldFault::new(Column::FiledDuty99, b"", wrong)
                    .help("one for each, in the same order, with ; between"),
            );
        }
    }
}

/// Columns that are kept beside the line.
const FILED: u64 = {
    let first = Column::FiledHts99 as u64;
    let last = Column::DrawbackFlag as u64;
    ((1 << (last - first + 1)) - 1) << first
};

/// Placeholders stand for what every line needs; a line is never given out before they are replaced.
fn blank(context: &Context<'_>) -> EntryLine {
    let code = TariffCode::from_padded(0, 8);
    let day = When::Day(context.known_date);
    let mut line = EntryLine::new(context.side, code, Origin(*b"XX"), day, context.known_date);
    line.view = context.view;
    line
}

/// The items of a list with `;` between; empty ones are left out.
fn items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|b| *b == b';').map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
}

fn countries(value: &[u8]) -> Result<Vec<Origin>, Wrong> {
    let parts = value.split(|b| matches!(b, b';' | b',' | b' ')).filter(|part| !part.is_empty());
    parts.map(value::country).collect()
}

fn direction(context: &Context<'_>, value: &[u8]) -> Result<Side, Wrong> {
    if value.eq_ignore_ascii_case(b"us_import") {
        Ok(context.us)
    } else if value.eq_ignore_ascii_case(b"cn_import") {
        Ok(context.cn)
    } else {
        Err(Wrong { what: "not a direction".to_owned(), help: Some("us_import or cn_import".to_owned()) })
    }
}

fn view(value: &[u8]) -> Result<View, Wrong> {
    if value.eq_ignore_ascii_case(b"assessed") {
        Ok(View::Assessed)
    } else if value.eq_ignore_ascii_case(b"owed") {
        Ok(View::Owed)
    } else {
        Err(Wrong { what: "not a view".to_owned(), help: Some("assessed or owed".to_owned()) })
    }
}

fn currency(value: &[u8]) -> Result<[u8; 3], Wrong> {
    match value.to_ascii_uppercase()[..] {
        [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok([a, b, c]),
        _ => Err(Wrong { what: "not the ISO code of a currency".to_owned(), help: Some("CNY, USD, ...".to_owned()) }),
    }
}
