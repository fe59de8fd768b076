//! Goods and origins that a command asks about together, as options: all that a side levies on, or a part.

use portolan_entry::countries;
use portolan_ledger::line::View;
use portolan_ledger::record::{GroupId, Origin};
use portolan_ledger::timeline::{Moment, Timeline};
use portolan_ledger::{Day, Ledger, Side, TariffCode};
use portolan_panel::compare::{Asked, goods_of_lists, goods_of_schedule};

use crate::explain;
use crate::failure::{Failure, Fault};
use crate::source::Source;

/// What is asked about.
#[derive(Clone, Debug, clap::Args)]
pub struct Goods {
    /// Only these origins: ISO codes, or groups that the ledger names, with commas between
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    origins: Vec<String>,
    /// Only these numbers and all below them, with commas between
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    codes: Vec<String>,
    /// Whose duties: us_import, or cn_import (China's on goods of the United States)
    #[arg(long, value_enum, default_value_t = Direction::UsImport)]
    direction: Direction,
    /// What was to be paid with the law known then, or what is owed with everything known
    #[arg(long, value_enum, default_value_t = Which::Assessed)]
    view: Which,
}

/// Whose duties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Direction {
    /// Of the United States.
    UsImport,
    /// Of China.
    CnImport,
}

/// A view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Which {
    /// What was to be paid with the law known then.
    Assessed,
    /// What is owed with everything known.
    Owed,
}

impl Goods {
    /// Who levies.
    pub fn side(&self, ledger: &Ledger) -> Result<Side, Failure> {
        let name = self.levied_by();
        ledger.side(name).ok_or_else(|| Fault::new(format!("the ledger does not know the side {name}")).into())
    }

    /// Whether imports of the United States are asked about.
    pub fn is_us(&self) -> bool {
        self.direction == Direction::UsImport
    }

    fn levied_by(&self) -> &'static str {
        match self.direction {
            Direction::UsImport => "US",
            Direction::CnImport => "CN",
        }
    }

    /// The view.
    pub fn view(&self) -> View {
        match self.view {
            Which::Assessed => View::Assessed,
            Which::Owed => View::Owed,
        }
    }

    /// Everything that the options ask about, on days from one to another.
    ///
    /// Without a schedule of the side the goods are those that its lists name; without `--origins` they come from everywhere but
    /// the country itself, or, for a side that levies on one country alone, from there.
    pub fn asked(&self, source: &Source, days: (Day, Day)) -> Result<Asked, Failure> {
        let side = self.side(&source.ledger)?;
        let wanted = self.prefixes()?;
        let codes = match self.direction {
            Direction::UsImport => {
                let mut codes = goods_of_schedule(&source.schedule, days);
                codes.retain(|code| wanted.is_empty() || wanted.iter().any(|prefix| prefix.covers(*code)));
                if let Some(none) = wanted.iter().find(|prefix| !codes.iter().any(|code| prefix.covers(*code))) {
                    let fault = Fault::new(format!("--codes \"{none}\": nothing below it is valid on these days"));
                    return Err(fault.help(format!("portolan schedule {} shows what is", none.prefix(4))).into());
                }
                codes
            }
            Direction::CnImport => of_china(&source.ledger, side, &wanted),
        };
        let origins = self.from(&source.ledger, side, days.1)?;
        Ok(Asked { side, view: self.view(), codes, origins })
    }

    fn prefixes(&self) -> Result<Vec<TariffCode>, Failure> {
        let read = |text: &String| {
            TariffCode::parse(text.as_bytes()).map_err(|error| Fault::new(format!("--codes \"{text}\": {error}")))
        };
        let mut found = Vec::new();
        let mut faults = Vec::new();
        for text in &self.codes {
            match read(text) {
                Ok(code) => found.push(code),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(found) } else { Err(Failure::Wrong(faults)) }
    }

    fn from(&self, ledger: &Ledger, side: Side, day: Day) -> Result<Vec<Origin>, Failure> {
        let own = self.levied_by().as_bytes();
        if self.origins.is_empty() {
            return Ok(match self.direction {
                Direction::UsImport => countries::all().map(|(o, _)| o).filter(|o| o.0 != *own).collect(),
                Direction::CnImport => vec![Origin(*b"US")],
            });
        }
        let timeline = Timeline::new(ledger);
        let at = ledger.clock(side).map_or(portolan_ledger::Instant::MAX, |clock| clock.day_start(day));
        let moment = Moment { at, known: Day::MAX, view: self.view() };
        let mut found: Vec<Origin> = Vec::new();
        for text in &self.origins {
            let named = ledger.groups.iter().zip(0..).find(|(group, _)| group.name.eq_ignore_ascii_case(text));
            let country = Origin::parse(text.as_bytes()).filter(|origin| countries::is_country(*origin));
            match (named, country) {
                (Some((_, group)), _) => {
                    let all = countries::all().map(|(origin, _)| origin);
                    found.extend(all.filter(|origin| timeline.in_group(GroupId(group), *origin, moment)));
                }
                (None, Some(country)) => found.push(country),
                (None, None) => {
                    let fault =
                        Fault::new(format!("--origins \"{text}\": neither a country nor a group of the ledger"));
                    let groups = ledger.groups.iter().map(|group| group.name.as_str());
                    return Err(fault.help(explain::near(text, groups)).into());
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

/// The numbers that the lists of a side name, or below which something is asked about; a number that no list names is asked
/// about as it stands, and one of zeros for all of these where nothing is named.
fn of_china(ledger: &Ledger, side: Side, wanted: &[TariffCode]) -> Vec<TariffCode> {
    let listed = goods_of_lists(ledger, side);
    if wanted.is_empty() {
        return std::iter::once(TariffCode::from_padded(0, 8)).chain(listed).collect();
    }
    let mut codes: Vec<TariffCode> = Vec::new();
    for prefix in wanted {
        let below = listed.iter().copied().filter(|code| prefix.covers(*code));
        let before = codes.len();
        codes.extend(below);
        if codes.len() == before {
            codes.push(*prefix);
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}
