//! `portolan rates`: effective tariff rates, duty over the value of trade with fixed weights.

use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

use portolan_engine::Law;
use portolan_entry::fault::Faults;
use portolan_entry::output::Pending;
use portolan_ledger::line::View;
use portolan_ledger::number::format_scaled;
use portolan_ledger::{Day, Side};
use portolan_panel::rates::ordinary::Ordinary;
use portolan_panel::rates::shares::{Shares, Table};
use portolan_panel::rates::write::{self, Labels};
use portolan_panel::rates::{self, Error, Rates, Request, Split};
use portolan_panel::weights::Weights;

use crate::check::milliseconds;
use crate::clock::day;
use crate::failure::{Failure, Fault, Outcome};
use crate::options;
use crate::source::{Source, Suppose};
use crate::term::{Align, FAINT, PLAIN, Page, Row, STRONG};

/// How many rows a terminal shows.
const SHOWN: usize = 60;

/// How many numbers that met no line are named.
const NAMED: usize = 5;

/// The longest time that is asked about at once, in days.
const LONGEST: i32 = 36_525;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The first day
    #[arg(long, value_name = "day")]
    from: String,
    /// The last day; the first where it is not stated
    #[arg(long, value_name = "day")]
    to: Option<String>,
    /// A row for each day, in place of one for each stretch of days on which nothing changes
    #[arg(long)]
    daily: bool,
    /// What rates are parted by, with commas between
    #[arg(long, value_enum, value_delimiter = ',', value_name = "columns")]
    split: Vec<Column>,
    /// Whose duties, on whose goods
    #[arg(long, value_enum, default_value_t = Direction::UsImport)]
    direction: Direction,
    /// Trade weights, CSV or Parquet with the columns code, origin, value_usd; US imports of 2024 where it is not stated
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// What parts of flows state: a file with the columns code, origin, fact, value, share; average (USMCA use and metal
    /// content of an average year); none; several are joined
    #[arg(long, value_name = "FILE", default_value = "none")]
    shares: Vec<String>,
    /// Ordinary rates by number and date for a side without a schedule: code, mfn_pct, from
    #[arg(long, value_name = "FILE")]
    mfn: Option<PathBuf>,
    /// What was to be paid with the law known on each day, or what is owed with everything known
    #[arg(long, value_enum, default_value_t = Which::Assessed)]
    view: Which,
    /// The law as it could be known at the end of that day; today where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
    #[command(flatten)]
    suppose: Suppose,
    /// Write all rows to this file, CSV; without it a table is shown
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What rates can be parted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum Column {
    /// The partner.
    Origin,
    /// The family of law.
    Family,
    /// The program of law.
    MeasureId,
    /// The chapter.
    Heading2,
}

/// Whose duties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
enum Direction {
    /// Of the United States.
    UsImport,
    /// Of China, on goods of the United States.
    CnImport,
}

/// A view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// What was to be paid with the law known on each day.
    Assessed,
    /// What is owed with everything known.
    Owed,
}

/// Works out rates.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let source = Source::under(ledger, &args.suppose)?;
    let (from, until) = days(args)?;
    let known = args.known.as_deref().map(|text| day("known", text)).transpose()?.unwrap_or_else(|| source.today());
    let (side, direction) = match args.direction {
        Direction::UsImport => (source.ledger.side("US"), "us_import"),
        Direction::CnImport => (source.ledger.side("CN"), "cn_import"),
    };
    let given = Given::read(args, &source)?;
    let law = Law::new(&source.ledger, Some(&source.schedule));
    let side = side.unwrap_or(Side(0));
    let knows_ordinary = law.schedule_side == Some(side)
        || !given.ordinary.is_empty()
        || given.weights.cells.iter().any(|cell| cell.ordinary.is_some());
    let request = Request {
        side,
        view: if args.view == Which::Owed { View::Owed } else { View::Assessed },
        known,
        from,
        until,
        split: Split {
            origin: args.split.contains(&Column::Origin),
            family: args.split.contains(&Column::Family),
            measure: args.split.contains(&Column::MeasureId),
            chapter: args.split.contains(&Column::Heading2),
        },
        weights: &given.weights,
        shares: &given.shares,
        ordinary: &given.ordinary,
        knows_ordinary,
    };
    let found = rates::rates(&request, &law).map_err(failure)?;
    let scenario = source.supposed.iter().map(|supposed| supposed.id.as_str()).collect::<Vec<_>>().join("+");
    let labels = Labels { direction, view: options::view(request.view), scenario };
    let mut page = Page::new();
    source.say_supposed(&mut page);
    let asked = Asked { args, source: &source, request: &request, labels: &labels };
    match &args.output {
        Some(path) => {
            let rows = save(path, &asked, &found).map_err(|error| cannot_write(path, &error))?;
            asked.head(&found, &mut page);
            let took = milliseconds(start.elapsed());
            page.gap();
            page.wrapped(0, FAINT, &format!("{rows} rows written to {} in {took}", path.display()));
        }
        None => {
            asked.head(&found, &mut page);
            asked.table(&found, &mut page);
        }
    }
    page.print()?;
    Ok(Outcome::Done)
}

/// The first day, and the first day no longer.
fn days(args: &Args) -> Result<(Day, Day), Failure> {
    let from = day("from", &args.from)?;
    let to = args.to.as_deref().map_or(Ok(from), |text| day("to", text))?;
    if to < from {
        let fault = Fault::new(format!("--to {to}: it lies before --from {from}"));
        return Err(fault.help("--to is the last day, and counts").into());
    }
    if to.0 - from.0 >= LONGEST {
        return Err(Fault::new(format!("--from {from} --to {to}: more than a century")).into());
    }
    Ok((from, Day(to.0 + 1)))
}

/// The tables that are given, or ship inside.
struct Given {
    weights: Weights,
    shares: Shares,
    ordinary: Ordinary,
}

impl Given {
    fn read(args: &Args, source: &Source) -> Result<Self, Failure> {
        let us = args.direction == Direction::UsImport;
        let weights = match &args.weights {
            Some(path) => Weights::read(path, &source.ledger).map_err(|faults| wrong(&faults))?,
            None if us => Weights::us_2024(&source.ledger).map_err(|faults| damaged(&faults))?,
            None => {
                let fault = Fault::new("--weights: no weights of China's imports ship inside, and none are stated");
                return Err(fault.help("a file with the columns code, origin, value_usd").into());
            }
        };
        let mut tables = Vec::new();
        for table in &args.shares {
            match table.as_str() {
                "none" => {}
                "average" if us => tables.push(Table::UsAverage),
                "average" => {
                    let fault = Fault::new("--shares average: these are shares of imports into the United States");
                    return Err(fault.help("--shares none, or a file").into());
                }
                path => tables.push(Table::File(Path::new(path))),
            }
        }
        let shares = Shares::read(&tables, &source.ledger).map_err(|faults| wrong(&faults))?;
        let ordinary = match &args.mfn {
            None => Ordinary::default(),
            Some(_) if us => {
                let fault = Fault::new("--mfn: the ordinary rates of the United States are those of its schedule");
                return Err(fault.help("a column mfn_pct of --weights states what a specific rate came to").into());
            }
            Some(path) => Ordinary::read(path).map_err(|faults| wrong(&faults))?,
        };
        Ok(Self { weights, shares, ordinary })
    }
}

fn wrong(faults: &Faults) -> Failure {
    let mut told: Vec<Fault> = faults.first.iter().map(|fault| Fault::new(fault.to_string())).collect();
    if faults.more > 0 {
        told.push(Fault::new(format!("{} more faults of the input", faults.more)));
    }
    Failure::Wrong(told)
}

fn damaged(faults: &Faults) -> Failure {
    Failure::Broken(Fault::new(format!("a table that ships inside this program does not open: {faults}")))
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Input(faults) => wrong(&faults),
        Error::Conflict(a, b) => Failure::Broken(
            Fault::new(format!("the ledger lets {a} and {b} stand on one line and does not say how they relate"))
                .help("portolan explain PTL012"),
        ),
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Fault::new(format!("--output {}: it cannot be written: {error}", path.display())).into()
}

/// Writes the file beside its place and puts it there whole.
fn save(path: &Path, asked: &Asked<'_>, found: &Rates) -> std::io::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, Pending::create(path)?);
    let ledger = &asked.source.ledger;
    let rows = write::csv(&mut out, found, asked.request, ledger, asked.labels, asked.args.daily)?;
    let pending = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    pending.sync()?;
    pending.place()?;
    Ok(rows)
}

/// What was asked, for showing what was found.
struct Asked<'a> {
    args: &'a Args,
    source: &'a Source,
    request: &'a Request<'a>,
    labels: &'a Labels,
}

impl Asked<'_> {
    /// What the rates are of, and over what.
    fn head(&self, found: &Rates, page: &mut Page) {
        let request = self.request;
        let last = Day(request.until.0 - 1);
        let whose = match self.args.direction {
            Direction::UsImport => "Duties of the United States over its imports",
            Direction::CnImport => "Duties of China over its imports",
        };
        let days = if last == request.from { last.to_string() } else { format!("{} to {last}", request.from) };
        let view = options::view(request.view);
        page.wrapped(0, STRONG, &format!("{whose}, in percent: {days}, {view}, known on {}", request.known));
        let total = request.weights.total();
        page.wrapped(0, PLAIN, &format!("Fixed weights: {}, {} dollars", request.weights.name, billions(total)));
        page.wrapped(0, PLAIN, &format!("Facts stated: {}", request.shares.name));
        if !request.knows_ordinary {
            let text =
                "Additional duties alone: no ordinary rates are given (--mfn, or a column mfn_pct of the weights)";
            page.wrapped(0, PLAIN, text);
        }
        let at_end = |of: fn(&portolan_panel::rates::sums::Stretch) -> i128| -> i128 {
            found.groups.iter().filter_map(|group| group.stretches.last()).map(of).sum()
        };
        let (unmatched, not_priced) = (at_end(|s| s.unmatched), at_end(|s| s.not_priced));
        let without = [
            (unmatched, "met no line"),
            (not_priced, "have a duty that cannot be put in percent: by quantity, not known, or forbidden"),
        ];
        for (weight, what) in without.into_iter().filter(|(weight, _)| *weight > 0) {
            page.wrapped(0, PLAIN, &format!("Left out on the last day: {} that {what}", billions(weight)));
        }
        if !found.unmatched.is_empty() {
            let named: Vec<String> =
                found.unmatched.iter().take(NAMED).map(|u| format!("{} ({})", u.code, billions(u.value))).collect();
            let more = match found.unmatched.len() {
                count if count > NAMED => format!(" and {} more", count - NAMED),
                _ => String::new(),
            };
            page.wrapped(0, FAINT, &format!("Met no line on some day: {}{more}", named.join(", ")));
        }
    }

    /// The rates, as far as a terminal holds them.
    fn table(&self, found: &Rates, page: &mut Page) {
        let mut rows = vec![self.titles()];
        let mut count = 0;
        for group in &found.groups {
            for stretch in &group.stretches {
                for (part, rate, low) in self.parts(found, stretch) {
                    count += 1;
                    if count <= SHOWN {
                        rows.push(self.row(group, stretch, &part, rate, low));
                    }
                }
            }
        }
        page.gap();
        let mut aligns = vec![Align::Left; rows[0].1];
        aligns.extend([Align::Right, Align::Right, Align::Right]);
        let rows: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
        page.table(0, &aligns, &rows);
        if count > SHOWN {
            page.gap();
            page.wrapped(0, FAINT, &format!("{} more rows; --output FILE.csv writes all of them", count - SHOWN));
        }
    }

    fn titles(&self) -> (Row, usize) {
        let split = self.request.split;
        let mut titles = vec!["from", "to"];
        let asked = [(split.origin, "origin"), (split.chapter, "chapter"), (split.family || split.measure, "adds")];
        titles.extend(asked.into_iter().filter(|(asked, _)| *asked).map(|(_, title)| title));
        let left = titles.len();
        titles.extend(["rate", "lowest", "weight"]);
        (titles.into_iter().fold(Row::new(), |row, title| row.styled(title, FAINT)), left)
    }

    /// The parts of a stretch by name, or the whole; with its rate and its lowest.
    fn parts(
        &self,
        found: &Rates,
        stretch: &portolan_panel::rates::sums::Stretch,
    ) -> Vec<(String, Option<i64>, Option<i64>)> {
        let split = self.request.split;
        if !(split.family || split.measure) {
            return vec![(String::new(), stretch.rate, stretch.low)];
        }
        let name = |part: u16| {
            let of = found.parts.get(usize::from(part)).copied();
            of.map_or(String::new(), |of| {
                let ledger = &self.source.ledger;
                if split.measure { write::measure(ledger, of).to_owned() } else { write::family(ledger, of).to_owned() }
            })
        };
        let own = stretch.parts.iter().filter(|part| part.rate != 0 || part.low != 0);
        let mut all: Vec<_> = own.map(|part| (name(part.part), Some(part.rate), Some(part.low))).collect();
        all.push(("all".to_owned(), stretch.rate, stretch.low));
        all
    }

    fn row(
        &self,
        group: &rates::Group,
        stretch: &portolan_panel::rates::sums::Stretch,
        part: &str,
        rate: Option<i64>,
        low: Option<i64>,
    ) -> (Row, usize) {
        let split = self.request.split;
        let mut row = Row::new().cell(stretch.from.to_string()).cell(Day(stretch.until.0 - 1).to_string());
        if split.origin {
            let partner = group.partner.and_then(|partner| self.request.weights.partners.get(usize::from(partner)));
            row = row.cell(partner.map_or(String::new(), ToString::to_string));
        }
        if split.chapter {
            row = row.cell(group.chapter.map_or(String::new(), |chapter| format!("{chapter:02}")));
        }
        if split.family || split.measure {
            row = row.cell(part);
        }
        let points = |value: Option<i64>| value.map_or("-".to_owned(), |value| format_scaled(value, 6));
        let low = if low == rate { String::new() } else { points(low) };
        (row.styled(points(rate), STRONG).cell(low).cell(billions(stretch.weight)), 0)
    }
}

/// Cents as billions of dollars, to the hundredth: `3,208.82 bn`.
fn billions(cents: i128) -> String {
    let hundredths = portolan_ledger::number::div_half_up(cents, 1_000_000_000);
    let (whole, part) = (hundredths / 100, hundredths % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{part:02} bn")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billions_are_read_at_a_glance() {
        assert_eq!(billions(320_882_007_436_900), "3,208.82 bn");
        assert_eq!(billions(499_999_999), "0.00 bn");
        assert_eq!(billions(100_000_000_000), "1.00 bn");
    }
}
