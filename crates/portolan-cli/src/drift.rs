//! `portolan drift`: an official edition of the schedule held against the ledger.

use std::fs;
use std::path::{Path, PathBuf};

use portolan_ledger::drift::{Agreement, Edition, Heading, Report, Status, drift};
use portolan_ledger::schedule::parse_official;
use portolan_ledger::{Day, Ledger, Side};

use crate::clock::day;
use crate::failure::{Failure, Fault, Outcome};
use crate::source::{Source, Suppose};
use crate::term::{Align, FAINT, PLAIN, Page, Row, STRONG};

/// The edition, and what is shown of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The edition as it was published, JSON or CSV, gzipped or not: 2026_rev_10.json.gz
    edition: PathBuf,
    /// The day it was published; without it, that of the edition the file is named after
    #[arg(long, value_name = "DAY")]
    published: Option<String>,
    /// List every heading with the records that carry it
    #[arg(long)]
    all: bool,
    /// End with 1 where a heading is missing, or prints a rate that the ledger never held
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    suppose: Suppose,
}

/// Reports on an edition.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let file = args.edition.display();
    let source = Source::under(ledger, &args.suppose)?;
    let published = published(args, &source)?;
    let bytes = fs::read(&args.edition).map_err(|error| Fault::new(format!("{file}: {error}")))?;
    let rows = parse_official(&bytes).map_err(|error| {
        Fault::new(format!("{file}: {error}")).help("an edition is the JSON or CSV that hts.usitc.gov exports")
    })?;
    let edition = Edition { rows: &rows, published };
    let Some(report) = drift(&source.ledger, Side(0), &edition) else {
        return Err(Fault::new("the ledger declares no customs territory to hold the edition against").into());
    };
    let mut page = Page::new();
    source.say_supposed(&mut page);
    page.wrapped(0, STRONG, &format!("{file}, published {published}"));
    if args.all {
        every(&report, &mut page);
    }
    disagreements(&report, &mut page);
    unprinted(&report, &mut page);
    dates(&report, &mut page);
    footnotes(&report, &mut page);
    outside(&source.ledger, &report, &mut page);
    missing(&report, &mut page);
    page.gap();
    page.wrapped(0, STRONG, &report.totals());
    page.print()?;
    let differs = report.headings.iter().any(|heading| heading.agreement == Some(Agreement::RateDiffers));
    let failed = args.strict && (differs || report.count(Status::Missing) > 0);
    Ok(if failed { Outcome::Findings } else { Outcome::Done })
}

/// The day of publication: as it is stated, or that of the edition of this name.
fn published(args: &Args, source: &Source) -> Result<Day, Failure> {
    if let Some(text) = &args.published {
        return day("published", text);
    }
    let name = args.edition.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.strip_prefix("hts_").unwrap_or(stem);
    let found = source.schedule.editions().find(|edition| edition.name == stem);
    found.map(|edition| edition.published).ok_or_else(|| {
        let fault = Fault::new(format!("\"{name}\" is not named after an edition whose day of publication is known"));
        fault.help("state the day: --published YYYY-MM-DD").into()
    })
}

/// Headings that share what is said of them, in the order of the schedule.
struct Group<'r> {
    says: String,
    headings: Vec<(usize, &'r Heading)>,
}

/// Puts headings together of which the same is said.
fn group<'r>(report: &'r Report, says: impl Fn(&Heading) -> Option<String>) -> Vec<Group<'r>> {
    let mut groups: Vec<Group<'r>> = Vec::new();
    for (index, heading) in report.headings.iter().enumerate() {
        let Some(says) = says(heading) else { continue };
        match groups.iter_mut().find(|group| group.says == says) {
            Some(group) => group.headings.push((index, heading)),
            None => groups.push(Group { says, headings: vec![(index, heading)] }),
        }
    }
    groups
}

impl Group<'_> {
    /// The headings, those that the edition prints one after another as a run.
    fn names(&self) -> String {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for at in 0..self.headings.len() {
            match runs.last_mut() {
                Some((_, last)) if self.headings[*last].0 + 1 == self.headings[at].0 => *last = at,
                _ => runs.push((at, at)),
            }
        }
        let code = |at: usize| self.headings[at].1.code;
        let names = runs.iter().map(|&(first, last)| match last - first {
            0 => code(first).to_string(),
            1 => format!("{}, {}", code(first), code(last)),
            _ => format!("{} to {}", code(first), code(last)),
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

fn disagreements(report: &Report, page: &mut Page) {
    let classes = Agreement::ALL.into_iter().filter(|class| *class != Agreement::Agrees);
    for class in classes {
        let says = |heading: &Heading| {
            let reason = heading.reason.clone().unwrap_or_default();
            let notes = heading.notes.iter().map(|note| format!("; footnote: {note}"));
            (heading.agreement == Some(class)).then(|| notes.fold(reason, |all, note| all + &note))
        };
        let groups = group(report, says);
        let count: usize = groups.iter().map(|group| group.headings.len()).sum();
        if count == 0 {
            continue;
        }
        page.section(&format!("{} ({count})", capital(class.name())));
        let rows: Vec<Row> = groups
            .iter()
            .map(|group| {
                let first = &group.headings[0].1.printed;
                let same = group.headings.iter().all(|(_, heading)| heading.printed == *first);
                let printed = if same { format!(": {first}") } else { String::new() };
                let count = group.headings.len().to_string();
                Row::new().cell(count).cell(format!("{}{printed}", group.names())).note(group.says.clone())
            })
            .collect();
        page.table(2, &[Align::Right, Align::Fill], &rows);
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn every(report: &Report, page: &mut Page) {
    page.section("Every heading");
    let row = |heading: &Heading| {
        let agreement = heading.agreement.map_or("", Agreement::name);
        let row = Row::new().styled(heading.code.to_string(), STRONG).cell(heading.status.name()).cell(agreement);
        row.cell(heading.printed.clone()).note(heading.records.join(", "))
    };
    let rows: Vec<Row> = report.headings.iter().map(row).collect();
    page.table(2, &[Align::Left, Align::Left, Align::Left, Align::Fill], &rows);
}

fn unprinted(report: &Report, page: &mut Page) {
    if report.unprinted.is_empty() {
        return;
    }
    page.section(&format!("In force and not printed ({})", report.unprinted.len()));
    let row = |unprinted: &portolan_ledger::drift::Unprinted| {
        let row = Row::new().styled(unprinted.code.to_string(), STRONG).cell(format!("since {}", unprinted.since));
        row.cell(unprinted.records.join(", "))
    };
    let rows: Vec<Row> = report.unprinted.iter().map(row).collect();
    page.table(2, &[Align::Left, Align::Left, Align::Fill], &rows);
}

fn dates(report: &Report, page: &mut Page) {
    let says = |heading: &Heading| {
        let days: Vec<String> = heading.unnamed_dates.iter().map(ToString::to_string).collect();
        (!days.is_empty()).then(|| days.join(", "))
    };
    let groups = group(report, says);
    if groups.is_empty() {
        return;
    }
    page.section("Dates in the words of a heading that none of its records names");
    let rows: Vec<Row> =
        groups.iter().map(|group| Row::new().styled(group.names(), STRONG).cell(group.says.clone())).collect();
    page.table(2, &[Align::Left, Align::Fill], &rows);
}

fn footnotes(report: &Report, page: &mut Page) {
    if report.footnotes.is_empty() {
        return;
    }
    page.section("Lines whose footnotes point to a heading, and its lists: footnotes are not law");
    let head = ["Heading", "Agree", "Footnote only", "List only", ""];
    let mut rows = vec![head.into_iter().fold(Row::new(), |row, name| row.styled(name, FAINT))];
    for found in &report.footnotes {
        let row = Row::new().styled(found.heading.to_string(), STRONG).cell(found.agree.to_string());
        let row = row.cell(found.footnote_only.len().to_string()).cell(found.list_only.len().to_string());
        // A few can be looked up, a whole list says that there is no list to hold the footnotes against.
        let name = |codes: &[portolan_ledger::TariffCode]| -> String {
            let few = codes.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join(", ");
            if codes.len() > 8 { format!("{few}, ...") } else { few }
        };
        let apart = [&found.footnote_only, &found.list_only].map(|codes| name(codes)).join("; ");
        let says = if found.listed { apart.trim_matches([';', ' ']).to_owned() } else { "no list in force".to_owned() };
        rows.push(row.cell(says));
    }
    page.table(2, &[Align::Left, Align::Right, Align::Right, Align::Right, Align::Fill], &rows);
}

/// What the register says, an act at a time.
fn outside(ledger: &Ledger, report: &Report, page: &mut Page) {
    let mut rows = Vec::new();
    for (index, outside) in ledger.outside.iter().enumerate() {
        let held = |heading: &&Heading| heading.register == Some(index);
        let Some(first) = report.headings.iter().find(held) else { continue };
        let count = report.headings.iter().filter(held).count();
        let runs = outside
            .headings
            .iter()
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") });
        let row = Row::new().cell(count.to_string()).cell(first.status.name()).cell(outside.title.clone());
        let row = row.note(runs.collect::<Vec<_>>().join(", "));
        rows.push(row.note(format!("{}. {}", outside.opened_by, outside.reason)));
    }
    if !rows.is_empty() {
        page.section("Headings without a record of their own");
        page.table(2, &[Align::Right, Align::Left, Align::Fill], &rows);
    }
}

fn missing(report: &Report, page: &mut Page) {
    let missing: Vec<&Heading> = report.headings.iter().filter(|heading| heading.status == Status::Missing).collect();
    if missing.is_empty() {
        return;
    }
    page.section("Missing");
    let row = |heading: &&Heading| {
        let row = Row::new().styled(heading.code.to_string(), STRONG).cell(heading.printed.clone());
        row.cell(heading.description.clone())
    };
    let rows: Vec<Row> = missing.iter().map(row).collect();
    page.table(2, &[Align::Left, Align::Left, Align::Fill], &rows);
    page.wrapped(
        2,
        PLAIN,
        "A duty printed here is not in any answer. Write the record, or say in outside.toml why there is none.",
    );
}
