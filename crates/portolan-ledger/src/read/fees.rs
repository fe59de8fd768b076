//! `fees/<side>.toml`: fees, interest, time limits and drawback (`REGISTERS.md`, section 10).

use rustc_hash::FxHashSet;
use serde::Deserialize;
use toml::Spanned;

use super::{At, Reader, program, raw};
use crate::charges::{
    Allowed, Beside, Certainty, Charges, Compounding, Covers, Days, Drawback, Fee, FeeAmount, FeeBasis, FeeColumn,
    FeeExemption, FeeRate, Figure, Interest, Length, Limit, Milestone, Per, Quarter, Standing, Support,
};
use crate::diagnostic::{Code, Span};
use crate::number::{Cents, Rate};
use crate::record::{Mode, Place, Reference, matches};
use crate::time::Day;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Register {
    #[expect(dead_code, reason = "the format is checked by its type")]
    format: raw::Format,
    levied_by: raw::Text,
    checked: Spanned<raw::Checked>,
    #[serde(default)]
    fee: Vec<Spanned<RawFee>>,
    #[serde(default)]
    interest: Vec<Spanned<RawInterest>>,
    #[serde(default)]
    limit: Vec<Spanned<RawLimit>>,
    #[serde(default)]
    drawback: Vec<Spanned<RawDrawback>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawFee {
    id: raw::Text,
    class: Option<String>,
    title: String,
    per: Per,
    basis: Option<FeeBasis>,
    modes: Option<raw::Texts>,
    column: Option<FeeColumn>,
    entry_types: Option<raw::Texts>,
    on_processing: Option<raw::Texts>,
    exempt_as: Option<raw::Text>,
    exempt: Option<String>,
    act: raw::Text,
    note: Option<String>,
    #[serde(default)]
    rate: Vec<Spanned<RawFeeRate>>,
    #[serde(default)]
    exemption: Vec<Spanned<RawFeeExemption>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawFeeExemption {
    spi: Option<raw::Texts>,
    origin: Option<raw::Texts>,
    ch98: Option<raw::Texts>,
    ch98_except: Option<raw::Texts>,
    modes: Option<raw::Texts>,
    entry_types: Option<raw::Texts>,
    turns_on: Option<String>,
    from: raw::Date,
    until: Option<raw::Date>,
    act: Option<raw::Text>,
    source: Option<raw::Texts>,
    certainty: Certainty,
    note: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawFeeRate {
    from: raw::Date,
    until: Option<raw::Date>,
    rate: Option<raw::Text>,
    min: Option<raw::Text>,
    max: Option<raw::Text>,
    amount: Option<raw::Text>,
    act: Option<raw::Text>,
    source: Option<raw::Texts>,
    certainty: Certainty,
    note: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawInterest {
    id: raw::Text,
    title: String,
    runs_from: Milestone,
    runs_to: Vec<Milestone>,
    compounding: Compounding,
    act: raw::Text,
    note: Option<String>,
    #[serde(default)]
    quarter: Vec<Spanned<RawQuarter>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawQuarter {
    from: raw::Date,
    until: raw::Date,
    underpayment: raw::Text,
    overpayment: raw::Text,
    overpayment_corporate: raw::Text,
    act: Option<raw::Text>,
    source: Option<raw::Texts>,
    certainty: Certainty,
    note: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    id: raw::Text,
    title: String,
    days: Option<u16>,
    years: Option<u16>,
    side: Beside,
    of: Milestone,
    #[serde(default)]
    with: Vec<String>,
    from: Option<raw::Date>,
    covers: Option<RawCovers>,
    act: Option<raw::Text>,
    source: Option<raw::Texts>,
    certainty: Certainty,
    note: Option<String>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawCovers {
    programs: raw::Texts,
    entered_from: Option<raw::Date>,
    entered_until: Option<raw::Date>,
    entry_types: Option<raw::Texts>,
    entry_types_except: Option<raw::Texts>,
    #[serde(default)]
    except: Vec<Standing>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RawDrawback {
    programs: raw::Texts,
    allowed: Allowed,
    from: raw::Date,
    until: Option<raw::Date>,
    act: Option<raw::Text>,
    source: Option<raw::Texts>,
    certainty: Certainty,
    note: Option<String>,
}

impl Reader {
    /// Reads the registers of fees; the acts and programs that they name are read before them.
    pub(super) fn fees(&mut self) {
        for (file, _) in self.files_in(|path| path.starts_with("fees/") && super::is_toml(path)) {
            let Some(register) = self.parse::<Register>(file) else { continue };
            let Some(side) = self.side(file, &register.levied_by) else { continue };
            let at = At { file, side };
            let span = at.span(&register.checked.span());
            let Some(checked_through) = super::day(&register.checked.get_ref().through) else {
                self.fault(Code::BadDate, Some(span), "`through` is not a day of the calendar");
                continue;
            };
            let place = self.place(at, &register.checked);
            self.ids_once(at, &register);
            let mut fees: Vec<Fee> = register.fee.iter().filter_map(|fee| self.fee(at, fee)).collect();
            self.exempt_alike(at, &register.fee, &mut fees);
            let interest = register.interest.iter().filter_map(|interest| self.interest(at, interest)).collect();
            let limits = self.limits(at, &register.limit);
            let drawback = register.drawback.iter().filter_map(|drawback| self.drawback(at, drawback)).collect();
            let checked_against = register.checked.into_inner().against;
            let charges =
                Charges { levied_by: side, checked_through, checked_against, fees, interest, limits, drawback, place };
            self.ledger.charges.push(charges);
        }
    }

    fn ids_once(&mut self, at: At, register: &Register) {
        let fees = register.fee.iter().map(|fee| &fee.get_ref().id);
        let interest = register.interest.iter().map(|interest| &interest.get_ref().id);
        let limits = register.limit.iter().map(|limit| &limit.get_ref().id);
        let mut seen = FxHashSet::default();
        for id in fees.chain(interest).chain(limits) {
            if !seen.insert(id.get_ref().as_str()) {
                let message = format!("`{}` stands twice in the register", id.get_ref());
                self.fault(Code::DuplicateId, Some(at.span(&id.span())), message);
            }
        }
    }

    fn fee(&mut self, at: At, fee: &Spanned<RawFee>) -> Option<Fee> {
        let (place, span) = (self.place(at, fee), at.span(&fee.span()));
        let fee = fee.get_ref();
        let id = fee.id.get_ref();
        if fee.rate.is_empty() {
            self.fault(Code::Incomplete, Some(span), format!("the fee `{id}` has no rate"));
        }
        let mut rates: Vec<FeeRate> = Vec::new();
        for row in &fee.rate {
            let Some(rate) = self.fee_rate(at, row, fee.basis.is_some()) else { continue };
            if rates.last().is_some_and(|before| before.days.until.is_none_or(|until| rate.days.from < until)) {
                let message = format!("a rate of `{id}` begins while the one before it runs");
                let help = "rates stand in the order of `from`, each with its `until` but the last";
                self.fault_help(Code::OverlappingTerms, Some(at.span(&row.get_ref().from.span())), message, help);
            }
            rates.push(rate);
        }
        Some(Fee {
            id: id.clone(),
            class: fee.class.clone(),
            title: fee.title.clone(),
            per: fee.per,
            basis: fee.basis,
            modes: self.modes(at, fee.modes.as_ref()),
            column: fee.column,
            entry_types: texts(fee.entry_types.as_ref()),
            on_processing: texts(fee.on_processing.as_ref()),
            exempt: fee.exempt.clone(),
            act: self.act(fee.act.get_ref(), at.span(&fee.act.span()))?,
            note: fee.note.clone(),
            rates,
            exemptions: fee.exemption.iter().filter_map(|row| self.exemption(at, row)).collect(),
            place,
        })
    }

    /// Lets the exemptions of one fee hold for another that says so.
    fn exempt_alike(&mut self, at: At, raw: &[Spanned<RawFee>], fees: &mut [Fee]) {
        for raw in raw.iter().map(Spanned::get_ref) {
            let Some(like) = &raw.exempt_as else { continue };
            let Some(found) = fees.iter().find(|fee| fee.id == *like.get_ref()) else {
                let message = format!("the register has no fee `{}`", like.get_ref());
                self.fault(Code::DanglingReference, Some(at.span(&like.span())), message);
                continue;
            };
            let exemptions = found.exemptions.clone();
            if let Some(fee) = fees.iter_mut().find(|fee| fee.id == *raw.id.get_ref()) {
                fee.exemptions.extend(exemptions);
            }
        }
    }

    fn exemption(&mut self, at: At, row: &Spanned<RawFeeExemption>) -> Option<FeeExemption> {
        let (span, place) = (at.span(&row.span()), self.place(at, row));
        let row = row.get_ref();
        let stated = [&row.spi, &row.origin, &row.ch98, &row.modes, &row.entry_types];
        if stated.iter().all(|texts| texts.is_none()) {
            let help =
                "state `spi`, `origin`, `ch98`, `modes` or `entry_types`; a fee that nobody owes has a rate of its own";
            self.fault_help(Code::Incomplete, Some(span), "the exemption does not say of what", help);
        }
        let days = self.days(at, &row.from, row.until.as_ref());
        let cited = (row.act.as_ref(), row.source.as_ref());
        let support = self.support(at, (span, place), cited, row.certainty, row.note.as_ref());
        Some(FeeExemption {
            spi: texts(row.spi.as_ref()),
            origin: self.origin_refs(at, row.origin.as_ref()),
            ch98: texts(row.ch98.as_ref()),
            ch98_except: texts(row.ch98_except.as_ref()),
            modes: self.modes(at, row.modes.as_ref()),
            entry_types: self.entry_types(at, row.entry_types.as_ref()),
            turns_on: row.turns_on.clone(),
            days: days?,
            support: support?,
        })
    }

    fn modes(&mut self, at: At, modes: Option<&raw::Texts>) -> Vec<Mode> {
        let Some(modes) = modes else { return Vec::new() };
        let mut found = Vec::new();
        for text in &modes.get_ref().0 {
            match Mode::parse(text).filter(|mode| mode.name() == text) {
                Some(mode) => found.push(mode),
                None => self.bad_charge(
                    at.span(&modes.span()),
                    format!("`{text}` is no mode of transport"),
                    "name it: vessel",
                ),
            }
        }
        found
    }

    fn fee_rate(&mut self, at: At, row: &Spanned<RawFeeRate>, has_basis: bool) -> Option<FeeRate> {
        let span = at.span(&row.span());
        let place = self.place(at, row);
        let row = row.get_ref();
        let days = self.days(at, &row.from, row.until.as_ref());
        let amount = match (&row.rate, &row.amount) {
            (Some(rate), None) if has_basis => Some(FeeAmount::Share {
                rate: self.rate_figure(at, rate)?,
                min: self.bound(at, row.min.as_ref()).ok()?,
                max: self.bound(at, row.max.as_ref()).ok()?,
            }),
            (None, Some(amount)) if !has_basis && row.min.is_none() && row.max.is_none() => {
                Some(FeeAmount::Fixed(self.amount_figure(at, amount)?))
            }
            _ => {
                let help = "a fee with a `basis` has a `rate`, with `min` and `max` where they exist; one without has an `amount`";
                self.bad_charge(span, "the row does not say how much".to_owned(), help);
                None
            }
        };
        let cited = (row.act.as_ref(), row.source.as_ref());
        let support = self.support(at, (span, place), cited, row.certainty, row.note.as_ref());
        Some(FeeRate { days: days?, amount: amount?, support: support? })
    }

    fn interest(&mut self, at: At, interest: &Spanned<RawInterest>) -> Option<Interest> {
        let (place, span) = (self.place(at, interest), at.span(&interest.span()));
        let interest = interest.get_ref();
        let id = interest.id.get_ref();
        if interest.quarter.is_empty() || interest.runs_to.is_empty() {
            let message = format!("the interest `{id}` has no quarter, or does not say until when it runs");
            self.fault(Code::Incomplete, Some(span), message);
        }
        let mut quarters: Vec<Quarter> = Vec::new();
        for row in &interest.quarter {
            let Some(quarter) = self.quarter(at, row) else { continue };
            if quarters.last().is_some_and(|before| before.until != quarter.from) {
                let help = "quarters stand in order, without a gap; one whose rates are not known says \"unknown\"";
                let message = format!("a quarter of `{id}` does not begin where the one before it ends");
                self.bad_charge(at.span(&row.get_ref().from.span()), message, help);
            }
            quarters.push(quarter);
        }
        Some(Interest {
            id: id.clone(),
            title: interest.title.clone(),
            runs_from: interest.runs_from,
            runs_to: interest.runs_to.clone(),
            compounding: interest.compounding,
            act: self.act(interest.act.get_ref(), at.span(&interest.act.span()))?,
            note: interest.note.clone(),
            quarters,
            place,
        })
    }

    fn quarter(&mut self, at: At, row: &Spanned<RawQuarter>) -> Option<Quarter> {
        let (place, span) = (self.place(at, row), at.span(&row.span()));
        let row = row.get_ref();
        let days = self.days(at, &row.from, Some(&row.until));
        let cited = (row.act.as_ref(), row.source.as_ref());
        let support = self.support(at, (span, place), cited, row.certainty, row.note.as_ref());
        let [under, over, corporate] =
            [&row.underpayment, &row.overpayment, &row.overpayment_corporate].map(|text| self.rate_figure(at, text));
        let days = days?;
        let until = days.until.filter(|&until| is_quarter(days.from, until));
        if until.is_none() {
            let help = "from the first of January, April, July or October until the first of the next of these";
            self.bad_charge(at.span(&row.from.span()), "the row is not a quarter of the calendar".to_owned(), help);
        }
        Some(Quarter {
            from: days.from,
            until: until?,
            underpayment: under?,
            overpayment: over?,
            overpayment_corporate: corporate?,
            support: support?,
        })
    }

    fn limits(&mut self, at: At, rows: &[Spanned<RawLimit>]) -> Vec<Limit> {
        let names: FxHashSet<&str> = rows.iter().map(|row| row.get_ref().id.get_ref().as_str()).collect();
        for row in rows {
            for other in row.get_ref().with.iter().filter(|other| !names.contains(other.as_str())) {
                let message = format!("`{other}`, which `{}` names, is no limit", row.get_ref().id.get_ref());
                self.fault(Code::DanglingReference, Some(at.span(&row.span())), message);
            }
        }
        rows.iter().filter_map(|row| self.limit(at, row)).collect()
    }

    fn limit(&mut self, at: At, row: &Spanned<RawLimit>) -> Option<Limit> {
        let (place, span) = (self.place(at, row), at.span(&row.span()));
        let row = row.get_ref();
        let length = match (row.days, row.years) {
            (Some(days), None) if days > 0 => Some(Length::Days(days)),
            (None, Some(years)) if years > 0 => Some(Length::Years(years)),
            _ => {
                let message = format!("the limit `{}` has no length", row.id.get_ref());
                self.bad_charge(span, message, "state `days` or `years`, one of them, above zero");
                None
            }
        };
        let from = self.optional_day(row.from.as_ref());
        let covers = row.covers.as_ref().map(|covers| self.covers(at, covers));
        let cited = (row.act.as_ref(), row.source.as_ref());
        let support = self.support(at, (span, place), cited, row.certainty, row.note.as_ref());
        Some(Limit {
            id: row.id.get_ref().clone(),
            title: row.title.clone(),
            length: length?,
            side: row.side,
            of: row.of,
            with: row.with.clone(),
            from: from.map_err(|date| self.no_day(at, date)).ok()?,
            covers: match covers {
                Some(covers) => Some(covers?),
                None => None,
            },
            support: support?,
        })
    }

    fn covers(&mut self, at: At, covers: &RawCovers) -> Option<Covers> {
        let span = at.span(&covers.programs.span());
        let programs = &covers.programs.get_ref().0;
        for pattern in programs {
            if !self.ledger.programs.iter().any(|program| matches(pattern, &program.id)) {
                self.fault(Code::DanglingReference, Some(span), format!("`{pattern}` names no program"));
            }
        }
        let [from, until] = [&covers.entered_from, &covers.entered_until]
            .map(|date| self.optional_day(date.as_ref()).map_err(|date| self.no_day(at, date)));
        let (entered_from, entered_until) = (from.ok()?, until.ok()?);
        if entered_from.zip(entered_until).is_some_and(|(from, until)| until <= from) {
            self.fault(Code::EmptyInterval, Some(span), "the days of entry end before they begin");
        }
        let [entry_types, entry_types_except] =
            [&covers.entry_types, &covers.entry_types_except].map(|types| self.entry_types(at, types.as_ref()));
        let (programs, except) = (programs.clone(), covers.except.clone());
        Some(Covers { programs, entered_from, entered_until, entry_types, entry_types_except, except })
    }

    fn entry_types(&mut self, at: At, types: Option<&raw::Texts>) -> Vec<String> {
        let Some(types) = types else { return Vec::new() };
        let is_type = |text: &&String| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        for text in types.get_ref().0.iter().filter(|text| !is_type(text)) {
            let message = format!("`{text}` is no entry type");
            self.bad_charge(at.span(&types.span()), message, "an entry type has two digits: 01");
        }
        types.get_ref().0.clone()
    }

    fn drawback(&mut self, at: At, row: &Spanned<RawDrawback>) -> Option<Drawback> {
        let (place, span) = (self.place(at, row), at.span(&row.span()));
        let row = row.get_ref();
        if row.allowed == Allowed::Partly && row.note.is_none() {
            self.fault(Code::Incomplete, Some(span), "a `note` is to say in which cases drawback is open");
        }
        let programs: Vec<Reference> =
            row.programs.get_ref().0.iter().map(|text| program::reference(text, true)).collect();
        let place_of_programs = at.span(&row.programs.span());
        for (reference, text) in programs.iter().zip(&row.programs.get_ref().0) {
            self.drawback_of(reference, text, row.allowed, place_of_programs);
        }
        let days = self.days(at, &row.from, row.until.as_ref());
        let cited = (row.act.as_ref(), row.source.as_ref());
        let support = self.support(at, (span, place), cited, row.certainty, row.note.as_ref());
        Some(Drawback { programs, allowed: row.allowed, days: days?, support: support? })
    }

    /// A row says of drawback what the program says; where it is `partly`, the program says no.
    fn drawback_of(&mut self, reference: &Reference, text: &str, allowed: Allowed, span: Span) {
        if !crate::check::names_something(&self.ledger, None, reference, false) {
            self.fault(Code::DanglingReference, Some(span), format!("`{text}` names no provision"));
            return;
        }
        let pattern = reference.program.clone().unwrap_or_default();
        let of_program = |program: &&crate::record::Program| matches(&pattern, &program.id);
        let says = allowed == Allowed::Yes;
        let other = self.ledger.programs.iter().filter(of_program).find(|program| program.drawback != says);
        if let Some(program) = other {
            let message = format!("the program {} says drawback = {}", program.id, program.drawback);
            let help = "`yes` where the program says true, `no` and `partly` where it says false";
            self.bad_charge(span, message, help);
        }
    }

    fn support(
        &mut self,
        at: At,
        (span, place): (Span, Place),
        (act, source): (Option<&raw::Text>, Option<&raw::Texts>),
        certainty: Certainty,
        note: Option<&String>,
    ) -> Option<Support> {
        let source = source.map(|texts| texts.get_ref().0.clone()).unwrap_or_default();
        if act.is_some() != source.is_empty() {
            let help = "state an `act` of the register, or at least one `source`, not both";
            self.fault_help(Code::Incomplete, Some(span), "the row does not say on what it rests", help);
        }
        let act = match act {
            Some(act) => Some(self.act(act.get_ref(), at.span(&act.span()))?),
            None => None,
        };
        Some(Support { act, source, certainty, note: note.cloned(), place })
    }

    fn days(&mut self, at: At, from: &raw::Date, until: Option<&raw::Date>) -> Option<Days> {
        let first = super::day(from.get_ref());
        if first.is_none() {
            self.no_day(at, from);
        }
        let last = self.optional_day(until).map_err(|date| self.no_day(at, date)).ok()?;
        let days = Days { from: first?, until: last };
        if days.until.is_some_and(|until| until <= days.from) {
            self.fault(Code::EmptyInterval, Some(at.span(&from.span())), "the interval ends before it begins");
        }
        Some(days)
    }

    /// The day of a date that may be absent, or the date that is no day.
    fn optional_day<'d>(&self, date: Option<&'d raw::Date>) -> Result<Option<Day>, &'d raw::Date> {
        date.map(|date| super::day(date.get_ref()).ok_or(date)).transpose()
    }

    fn no_day(&mut self, at: At, date: &raw::Date) {
        let message = format!("`{}` is not a day of the calendar", date.get_ref());
        self.fault_help(Code::BadDate, Some(at.span(&date.span())), message, "write YYYY-MM-DD");
    }

    fn rate_figure(&mut self, at: At, text: &raw::Text) -> Option<Figure<Rate>> {
        let read = |text: &str| Rate::parse(text.strip_suffix('%')?.as_bytes()).ok().filter(|rate| rate.0 >= 0);
        self.figure(at, text, read, "no rate", "write it as \"7%\", or \"unknown\"")
    }

    fn amount_figure(&mut self, at: At, text: &raw::Text) -> Option<Figure<Cents>> {
        let read = |text: &str| Cents::parse(text.as_bytes()).ok().filter(|amount| amount.0 >= 0);
        self.figure(at, text, read, "no amount of money", "write it as \"33.58\", or \"unknown\"")
    }

    /// A bound that may be absent; a fault that was told where it is there and no amount.
    fn bound(&mut self, at: At, text: Option<&raw::Text>) -> Result<Option<Figure<Cents>>, ()> {
        text.map(|text| self.amount_figure(at, text).ok_or(())).transpose()
    }

    fn figure<T>(
        &mut self,
        at: At,
        text: &raw::Text,
        read: impl Fn(&str) -> Option<T>,
        wrong: &str,
        help: &str,
    ) -> Option<Figure<T>> {
        if text.get_ref() == "unknown" {
            return Some(Figure::Unknown);
        }
        let found = read(text.get_ref()).map(Figure::Known);
        if found.is_none() {
            self.bad_charge(at.span(&text.span()), format!("`{}` is {wrong}", text.get_ref()), help);
        }
        found
    }

    fn bad_charge(&mut self, span: Span, message: String, help: &str) {
        self.fault_help(Code::BadCharge, Some(span), message, help);
    }
}

/// Whether these are the first days of a calendar quarter and of the next.
fn is_quarter(from: Day, until: Day) -> bool {
    let Some(date) = from.date() else { return false };
    let begins = date.day() == 1 && matches!(date.month(), 1 | 4 | 7 | 10);
    begins && date.checked_add(jiff::Span::new().months(3)).is_ok_and(|next| Day::from_date(next) == until)
}

/// The texts of a list that may be absent.
fn texts(list: Option<&raw::Texts>) -> Vec<String> {
    list.map_or_else(Vec::new, |list| list.get_ref().0.clone())
}
