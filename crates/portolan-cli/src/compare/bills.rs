//! The bills of entry lines under two laws, side by side.

use std::path::Path;

use portolan_engine::Law;
use portolan_entry::manifest::InputEntry;
use portolan_entry::summary::dollars;
use portolan_entry::{Done, Input, Layers, Options, Output, Summary};
use portolan_ledger::number::{format_scaled, parse_scaled};
use portolan_ledger::{Cents, Day};
use serde_json::json;

use super::{Args, Side, count, manifest, page, whole};
use crate::bill;
use crate::failure::{Failure, Fault, Outcome};
use crate::source::Source;
use crate::term::{ATTENTION, Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::words::money;

/// Columns that tell a line, and those that are set side by side besides the duties of families.
const KEYS: [&str; 6] = ["source_row", "entry_number", "line_number", "hts_number", "country_of_origin", "entry_date"];
const BESIDE: [&str; 6] = ["additional_pct", "total_pct", "total_duty", "duty_min", "duty_max", "needs_input"];

/// Answers the files under both laws.
pub fn run(args: &Args, source: &Source, sides: &[Side; 2], known: Day) -> Result<Outcome, Failure> {
    let done = [answer(args, source, &sides[0], known)?, answer(args, source, &sides[1], known)?];
    let bills = [Bills::read(&done[0].bill)?, Bills::read(&done[1].bill)?];
    let changed = changed(&bills);
    let summaries = [&done[0].summary, &done[1].summary];
    let written = match &args.output {
        Some(file) => Some(write(file, args, (sides, known), &bills)?),
        None => None,
    };
    if args.json {
        let object = json(sides, summaries, changed);
        let mut page = Page::new();
        page.raw(&format!("{object:#}\n"));
        page.print()?;
        return Ok(Outcome::Done);
    }
    let mut page = show(sides, summaries, changed);
    page::written(&mut page, args.output.as_deref(), written, "entry line");
    page.print()?;
    Ok(Outcome::Done)
}

fn answer(args: &Args, source: &Source, side: &Side, known: Day) -> Result<Done, Failure> {
    let options = Options { view: args.goods.view(), layers: Layers::None, ..Options::new(known, Output::Memory) };
    let law = Law::new(&side.ledger, Some(&source.schedule));
    let inputs: Vec<Input> = args.file.iter().cloned().map(Input::File).collect();
    portolan_entry::run(&inputs, &options, &law, &mut |_, _| {}).map_err(bill::failure)
}

/// A bill as a table.
struct Bills {
    names: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Bills {
    fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let broken = |error: csv::Error| Failure::Broken(Fault::new(format!("a bill does not read back: {error}")));
        let mut reader = csv::Reader::from_reader(bytes);
        let names = reader.headers().map_err(broken)?.iter().map(str::to_owned).collect();
        let rows = reader.records().collect::<Result<_, _>>().map_err(broken)?;
        Ok(Self { names, rows })
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

/// How many lines differ in a column that is set side by side.
fn changed(bills: &[Bills; 2]) -> u64 {
    let columns: Vec<usize> = compared(bills).into_iter().map(|(_, at)| at).collect();
    let differs = |(a, b): &(&csv::StringRecord, &csv::StringRecord)| columns.iter().any(|&at| a.get(at) != b.get(at));
    bills[0].rows.iter().zip(&bills[1].rows).filter(differs).count() as u64
}

/// Columns that are set side by side: the duties of families, and what they come to.
fn compared(bills: &[Bills; 2]) -> Vec<(&str, usize)> {
    let names = bills[0].names.iter().map(String::as_str);
    let family = |name: &str| name.ends_with("_duty") && !name.starts_with("filed_") && name != "total_duty";
    names.enumerate().filter(|(_, name)| family(name) || BESIDE.contains(name)).map(|(at, name)| (name, at)).collect()
}

fn write(file: &Path, args: &Args, (sides, known): (&[Side; 2], Day), bills: &[Bills; 2]) -> Result<u64, Failure> {
    let cell = |side: usize, row: usize, at: usize| bills[side].rows[row].get(at).unwrap_or_default();
    let lines = bills[0].rows.len().min(bills[1].rows.len());
    let keys: Vec<usize> = KEYS.iter().filter_map(|key| bills[0].column(key)).collect();
    // A family that is the same on every line has no columns.
    let differs =
        |name: &str, at: usize| BESIDE.contains(&name) || (0..lines).any(|row| cell(0, row, at) != cell(1, row, at));
    let columns: Vec<(&str, usize)> = compared(bills).into_iter().filter(|(name, at)| differs(name, *at)).collect();
    let total = bills[0].column("total_duty").unwrap_or_default();
    let versions = [sides[0].ledger.version.as_str(), sides[1].ledger.version.as_str()];
    let mut manifest = manifest(versions, known, args.goods.view());
    manifest.inputs = args.file.iter().map(|file| InputEntry::of(&Input::File(file.clone()))).collect();
    whole(file, &manifest, &mut |out| {
        let mut out = csv::Writer::from_writer(out);
        let mut head: Vec<String> = keys.iter().map(|&at| bills[0].names[at].clone()).collect();
        head.extend(columns.iter().flat_map(|(name, _)| [format!("{name}_before"), format!("{name}_after")]));
        head.extend(["total_duty_diff", "ledger_version_before", "ledger_version_after"].map(str::to_owned));
        out.write_record(&head)?;
        for row in 0..lines {
            let mut cells: Vec<String> = keys.iter().map(|&at| cell(0, row, at).to_owned()).collect();
            cells.extend(columns.iter().flat_map(|(_, at)| [0, 1].map(|side| cell(side, row, *at).to_owned())));
            cells.push(difference(cell(0, row, total), cell(1, row, total)));
            cells.extend(versions.map(str::to_owned));
            out.write_record(&cells)?;
        }
        out.flush()?;
        Ok(lines as u64)
    })
}

/// The difference of two amounts; empty where one is not known.
fn difference(before: &str, after: &str) -> String {
    let read = |text: &str| parse_scaled(text.as_bytes(), 2).ok();
    let cents = read(before).zip(read(after)).and_then(|(before, after)| after.checked_sub(before));
    cents.map_or_else(String::new, |cents| format_scaled(cents, 2))
}

fn show(sides: &[Side; 2], summaries: [&Summary; 2], changed: u64) -> Page {
    let mut page = Page::new();
    page.wrapped(0, STRONG, &format!("{} against {}", sides[1].name(), sides[0].name()));
    for (mark, side) in ["before", "after "].iter().zip(sides) {
        page.wrapped(2, PLAIN, &format!("{mark}  {}: {}", side.name(), side.title()));
    }
    page.gap();
    let lines = summaries[0].lines;
    page.wrapped(0, STRONG, &format!("{} of {} lines differ", count(changed), count(lines)));
    page.section("Duty by family");
    let head = ["", "before", "after", "difference"];
    let mut rows = vec![head.into_iter().fold(Row::new(), |row, name| row.styled(name, FAINT))];
    let row = |name: &str, [before, after]: [i128; 2]| {
        Row::new().cell(name).cell(amount(before)).cell(amount(after)).styled(signed(after - before), STRONG)
    };
    for (before, after) in summaries[0].families.iter().zip(&summaries[1].families) {
        let both = [before.duty_cents, after.duty_cents];
        if both != [0, 0] {
            let title = sides[0].ledger.families.iter().find(|family| family.id == before.family);
            rows.push(row(title.map_or(before.family.as_str(), |family| family.title.as_str()), both));
        }
    }
    rows.push(row("Total of the lines whose duty is known", summaries.map(|summary| summary.total_duty_cents)));
    page.table(2, &[Align::Fill, Align::Right, Align::Right, Align::Right], &rows);
    if summaries.iter().any(|summary| summary.open > 0) {
        let [before, after] = summaries.map(|summary| {
            let (least, most) = summary.range_cents;
            format!("{} to {} ({} open)", amount(least), amount(most), count(summary.open))
        });
        page.wrapped(2, ATTENTION, &format!("with what is not stated: before {before}, after {after}"));
    }
    page
}

fn json(sides: &[Side; 2], summaries: [&Summary; 2], changed: u64) -> serde_json::Value {
    let side = |at: usize| {
        let families = summaries[at].families.iter().filter(|total| total.duty_cents != 0);
        let families = families.map(|total| (total.family.clone(), json!(dollars(total.duty_cents))));
        json!({
            "name": sides[at].name(),
            "ledger_version": sides[at].ledger.version,
            "total_duty": dollars(summaries[at].total_duty_cents),
            "duty_min": dollars(summaries[at].range_cents.0),
            "duty_max": dollars(summaries[at].range_cents.1),
            "open": summaries[at].open,
            "families": families.collect::<serde_json::Map<_, _>>(),
        })
    };
    let diff = summaries[1].total_duty_cents - summaries[0].total_duty_cents;
    json!({
        "before": side(0),
        "after": side(1),
        "lines": summaries[0].lines,
        "lines_that_differ": changed,
        "total_duty_diff": dollars(diff),
    })
}

/// An amount with its thousands apart, which may be larger than any line's.
fn amount(cents: i128) -> String {
    i64::try_from(cents).map_or_else(|_| dollars(cents), |cents| money(Cents(cents)))
}

fn signed(cents: i128) -> String {
    if cents > 0 { format!("+{}", amount(cents)) } else { amount(cents) }
}
