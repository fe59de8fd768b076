//! `portolan diff`: which goods pay something else on another day, by how much, and by which act.

use std::path::{Path, PathBuf};

use portolan_engine::{Law, Pct};
use portolan_entry::countries;
use portolan_ledger::Day;
use portolan_panel::compare::{self, Asked, End, Table, Totals};
use portolan_panel::diff::{self, Cause, Diff, Group};
use serde_json::{Value, json};

use crate::clock::day;
use crate::compare::{broken, count, manifest, signed, whole, written};
use crate::failure::{Failure, Outcome};
use crate::goods::Goods;
use crate::options::view;
use crate::scenarios;
use crate::source::{Source, Suppose};
use crate::term::{ATTENTION, Align, FAINT, Page, Row, STRONG};
use crate::words::{Words, cite};

/// How many groups are shown, and how many records of each.
const GROUPS: usize = 25;
const RECORDS: usize = 4;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The one day
    #[arg(long, value_name = "day")]
    from: String,
    /// The other; the same day where the law is compared as known on two days
    #[arg(long, value_name = "day")]
    to: String,
    /// The law of the first day as it could be known at the end of this one; today where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
    /// The same for the second day; as --known where it is not stated
    #[arg(long, value_name = "day")]
    known_to: Option<String>,
    #[command(flatten)]
    goods: Goods,
    #[command(flatten)]
    suppose: Suppose,
    /// Write a row for every line and origin that differs to this file, CSV
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What was found, for showing it.
struct Told<'t, 'l> {
    days: [Day; 2],
    known: [Day; 2],
    asked: &'t Asked,
    words: Words<'t, 'l>,
    diff: &'t Diff,
    groups: Vec<Group>,
    totals: Totals,
}

/// Shows what changed.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::under(ledger, &args.suppose)?;
    let days = [day("from", &args.from)?, day("to", &args.to)?];
    let read = |name, text: &Option<String>| text.as_deref().map(|text| day(name, text)).transpose();
    let known = read("known", &args.known)?.unwrap_or_else(|| source.today());
    let known = [known, read("known-to", &args.known_to)?.unwrap_or(known)];
    let mut asked = args.goods.asked(&source, (days[0].min(days[1]), days[0].max(days[1])))?;
    asked.codes.dedup();
    let law = Law::new(&source.ledger, Some(&source.schedule));
    let end = |at: usize| End { law: &law, known: known[at], days: (days[at], Day(days[at].0.saturating_add(1))) };
    let diff = diff::diff(&asked, [end(0), end(1)]).map_err(broken)?;
    let totals = compare::totals(&diff.comparison, [&law.timeline, &law.timeline], None);
    let rows = match &args.output {
        Some(file) => Some(write(file, &diff, &asked, &source, known)?),
        None => None,
    };
    let Some(words) = Words::new(&law, asked.side) else { return Ok(Outcome::Done) };
    let groups = diff.groups();
    let told = Told { days, known, asked: &asked, words, diff: &diff, groups, totals };
    let mut page = Page::new();
    if args.json {
        page.raw(&format!("{:#}\n", told.json(&source)));
    } else {
        told.head(&source, &mut page);
        told.list(&mut page);
        written(&mut page, args.output.as_deref(), rows, "line and origin that differs, with its acts");
    }
    page.print()?;
    Ok(Outcome::Done)
}

fn write(file: &Path, diff: &Diff, asked: &Asked, source: &Source, known: [Day; 2]) -> Result<u64, Failure> {
    let version = source.ledger.version.as_str();
    let table = Table::new(&diff.comparison, &source.ledger, [version, version], None, &["acts", "programs"]);
    let texts: Vec<String> = diff.causes.iter().map(|set| columns(source, set)).collect();
    let manifest = manifest([version, version], known[1], asked.view);
    whole(file, &manifest, &mut |out| {
        let extra = |text: &mut String, cell: usize| *text += &texts[diff.of_cell[cell] as usize];
        table.write(&diff.comparison, (&asked.codes, &asked.origins), out, &extra)
    })
}

/// Acts and programs of a set of causes, a comma before each.
fn columns(source: &Source, set: &[Cause]) -> String {
    let mut acts: Vec<&str> = Vec::new();
    let mut programs: Vec<&str> = Vec::new();
    for cause in set {
        let act = cause.act.map_or("schedule", |act| source.ledger.act(act).id.as_str());
        let program = cause.program.map_or("mfn", |at| source.ledger.programs[usize::from(at)].id.as_str());
        acts.extend((!acts.contains(&act)).then_some(act));
        programs.extend((!programs.contains(&program)).then_some(program));
    }
    format!(",{},{}", acts.join(";"), programs.join(";"))
}

impl Told<'_, '_> {
    fn head(&self, source: &Source, page: &mut Page) {
        let [from, to] = self.days;
        page.wrapped(0, STRONG, &format!("What goods pay on {to} against {from}"));
        source.say_supposed(page);
        let known = if self.known[0] == self.known[1] {
            format!("known on {}", self.known[0])
        } else {
            format!("known on {}, then on {}", self.known[0], self.known[1])
        };
        let view = view(self.asked.view);
        page.wrapped(2, FAINT, &format!("view: {view}, {known}; lines that state nothing but number, origin and day"));
        page.gap();
        let totals = &self.totals;
        let pairs = totals.lines * totals.origins;
        let text = format!(
            "{} of {} lines pay something else, {} of {} with one of {} origins; mean change {} points",
            count(totals.changed_lines),
            count(totals.lines),
            count(totals.changed_pairs),
            count(pairs),
            count(totals.origins),
            signed(totals.mean.plain)
        );
        page.wrapped(0, STRONG, &text);
        let (ended, began) = &self.diff.comparison.apart;
        let said = [
            (ended.len() as u64, "numbers end between the days and are not compared"),
            (began.len() as u64, "numbers begin between the days and are not compared"),
            (totals.open_pairs, "of those that differ turn on what is not stated and count at their highest"),
            (totals.unpriced_pairs, "of those that differ cannot be put in points, and are in no mean"),
        ];
        for (number, what) in said.into_iter().filter(|(number, _)| *number > 0) {
            page.wrapped(2, ATTENTION, &format!("{} {what}", count(number)));
        }
    }

    fn list(&self, page: &mut Page) {
        for group in self.groups.iter().take(GROUPS) {
            page.gap();
            page.wrapped(0, STRONG, &format!("{}: {}", self.act(group), self.program(group)));
            page.wrapped(
                2,
                FAINT,
                &format!(
                    "{} lines, {} origins; for example {}",
                    count(group.codes),
                    count(group.origins),
                    self.example(group)
                ),
            );
            let rows: Vec<Row> =
                group.changes.iter().take(RECORDS).map(|(cause, pairs)| self.row(cause, *pairs)).collect();
            page.table(2, &[Align::Fill, Align::Left, Align::Right], &rows);
            if group.changes.len() > RECORDS {
                page.wrapped(2, FAINT, &format!("and {} more records", group.changes.len() - RECORDS));
            }
        }
        if self.groups.len() > GROUPS {
            page.gap();
            page.wrapped(0, FAINT, &format!("and {} more acts and programs", self.groups.len() - GROUPS));
        }
    }

    fn row(&self, cause: &Cause, pairs: u64) -> Row {
        let name = cause.record.map_or_else(|| "Ordinary duty".to_owned(), |record| self.words.name(record));
        Row::new().cell(name).cell(format!("{} -> {}", cause.before, cause.after)).cell(count(pairs))
    }

    fn act(&self, group: &Group) -> String {
        group.act.map_or_else(|| "The schedule".to_owned(), |act| cite(self.words.ledger(), act))
    }

    fn program(&self, group: &Group) -> String {
        let programs = &self.words.ledger().programs;
        group.program.map_or_else(|| "ordinary duty".to_owned(), |at| programs[usize::from(at)].title.clone())
    }

    fn example(&self, group: &Group) -> String {
        let (code, origin, before, after) = group.example;
        let country = countries::all().find(|(known, _)| *known == origin).map_or("", |(_, name)| name);
        let points = |pct: Option<Pct>| pct.map_or_else(|| "open".to_owned(), |pct| format!("{pct}%"));
        format!("{code} of {country} {} -> {}", points(before), points(after))
    }

    fn json(&self, source: &Source) -> Value {
        let ledger = self.words.ledger();
        let group = |group: &Group| {
            let (code, origin, before, after) = group.example;
            json!({
                "act": group.act.map_or("schedule", |act| ledger.act(act).id.as_str()),
                "citation": group.act.map(|act| ledger.act(act).cite.as_str()),
                "program": group.program.map_or("mfn", |at| ledger.programs[usize::from(at)].id.as_str()),
                "lines": group.codes,
                "origins": group.origins,
                "lines_and_origins": group.pairs,
                "changes": group.changes.iter().map(|(cause, pairs)| self.change(cause, *pairs)).collect::<Vec<_>>(),
                "example": {
                    "hts_number": code.to_string(),
                    "country_of_origin": origin.to_string(),
                    "total_pct_before": before.map(|pct| pct.to_string()),
                    "total_pct_after": after.map(|pct| pct.to_string()),
                },
            })
        };
        let totals = &self.totals;
        json!({
            "from": self.days[0].to_string(),
            "to": self.days[1].to_string(),
            "known_date": self.known[0].to_string(),
            "known_date_to": self.known[1].to_string(),
            "view": view(self.asked.view),
            "ledger_version": ledger.version,
            "supposed": scenarios::json(&source.supposed),
            "lines": totals.lines,
            "origins": totals.origins,
            "lines_that_differ": totals.changed_lines,
            "lines_and_origins_that_differ": totals.changed_pairs,
            "mean_change": totals.mean.plain.to_string(),
            "ended": self.diff.comparison.apart.0.len(),
            "began": self.diff.comparison.apart.1.len(),
            "groups": self.groups.iter().map(group).collect::<Vec<_>>(),
        })
    }

    fn change(&self, cause: &Cause, pairs: u64) -> Value {
        let (heading, label) = cause.record.map_or(("", "Ordinary duty"), |record| self.words.record(record));
        json!({
            "heading": heading,
            "label": label,
            "before": cause.before,
            "after": cause.after,
            "lines_and_origins": pairs,
        })
    }
}
