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
use crate::options::view;
use crate::scenarios;
use crate::source::Source;
use crate::term::{ATTENTION, Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::words::money;

/// Columns that tell a line, and those that are set side by side besides the duties of families.
const KEYS: [&str; 6] = ["source_row", "entry_number", "line_number", "hts_number", "country_of_origin", "entry_date"];
const BESIDE: [&str; 6] = ["additional_pct", "total_pct", "total_duty", "duty_min", "duty_max", "needs_input"];

/// How many of the lines that differ are shown.
const SHOWN: usize = 20;

/// Answers the files under both laws.
pub fn run(args: &Args, source: &Source, sides: &[Side; 2], known: Day) -> Result<Outcome, Failure> {
    let done = [answer(args, source, &sides[0], known)?, answer(args, source, &sides[1], known)?];
    let bills = [Bills::read(&done[0].bill)?, Bills::read(&done[1].bill)?];
    let changed = changed(&bills);
    let compared =
        Compared { sides, summaries: [&done[0].summary, &done[1].summary], bills: &bills, changed: &changed };
    let written = match &args.output {
        Some(file) => Some(write(file, args, (sides, known), &bills)?),
        None => None,
    };
    if args.json {
        let object = json(&compared, args, known);
        let mut page = Page::new();
        page.raw(&format!("{object:#}\n"));
        page.print()?;
        return Ok(Outcome::Done);
    }
    let mut page = show(&compared, args, known);
    page::written(&mut page, args.output.as_deref(), written, "entry line");
    page.print()?;
    Ok(Outcome::Done)
}

fn answer(args: &Args, source: &Source, side: &Side, known: Day) -> Result<Done, Failure> {
    let usual = Options::new(known, Output::Memory);
    // Fees are the same under both laws, and would have the files read twice.
    let options = Options { view: args.goods.view(), layers: Layers::None, fees: false, ..usual };
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

    fn cell(&self, row: usize, name: &str) -> &str {
        self.column(name).and_then(|at| self.rows.get(row)?.get(at)).unwrap_or_default()
    }

    /// The least and the most that a line owes, in cents; none where that has no bounds in dollars.
    fn range(&self, row: usize) -> Option<[i64; 2]> {
        let cents = |name: &str| parse_scaled(self.cell(row, name).as_bytes(), 2).ok();
        let total = cents("total_duty");
        Some([total.or_else(|| cents("duty_min"))?, total.or_else(|| cents("duty_max"))?])
    }
}

/// What was compared, for showing it.
struct Compared<'a> {
    sides: &'a [Side; 2],
    summaries: [&'a Summary; 2],
    bills: &'a [Bills; 2],
    /// The lines that differ, from zero.
    changed: &'a [usize],
}

/// Lines that differ in a column that is set side by side.
fn changed(bills: &[Bills; 2]) -> Vec<usize> {
    let columns: Vec<usize> = compared(bills).into_iter().map(|(_, at)| at).collect();
    let differs = |(a, b): &(&csv::StringRecord, &csv::StringRecord)| columns.iter().any(|&at| a.get(at) != b.get(at));
    let rows = bills[0].rows.iter().zip(&bills[1].rows).enumerate();
    rows.filter(|(_, pair)| differs(pair)).map(|(row, _)| row).collect()
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

fn show(compared: &Compared<'_>, args: &Args, known: Day) -> Page {
    let Compared { sides, summaries, changed, .. } = *compared;
    let mut page = Page::new();
    page.wrapped(0, STRONG, &format!("{} against {}", sides[1].name(), sides[0].name()));
    for (mark, side) in ["before", "after "].iter().zip(sides) {
        page.wrapped(2, PLAIN, &format!("{mark}  {}: {}", side.name(), side.title()));
    }
    let view = view(args.goods.view());
    page.wrapped(2, FAINT, &format!("view: {view}, known on {known}, where a line states neither; without fees"));
    page.gap();
    let lines = count(summaries[0].lines);
    if changed.is_empty() {
        page.wrapped(0, STRONG, &format!("Nothing differs: {lines} lines"));
    } else {
        page.wrapped(0, STRONG, &format!("{} of {lines} lines differ", count(changed.len() as u64)));
    }
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
    list(compared, &mut page);
    page
}

/// The lines that differ, those by the most first.
fn list(compared: &Compared<'_>, page: &mut Page) {
    if compared.changed.is_empty() {
        return;
    }
    let [before, after] = compared.bills;
    let most = |row: usize| Some(before.range(row)?[1].abs_diff(after.range(row)?[1]));
    let mut rows = compared.changed.to_vec();
    rows.sort_by_key(|&row| std::cmp::Reverse(most(row)));
    page.section("Lines that differ");
    let names = ["row", "entry", "line", "number", "origin", "entry date", "before", "after", "difference"];
    let mut table = vec![names.into_iter().fold(Row::new(), |row, name| row.styled(name, FAINT))];
    table.extend(rows.iter().take(SHOWN).map(|&row| {
        let ends = [before, after].map(|bill| bill.range(row));
        let range = |end: Option<[i64; 2]>| match end {
            None => "open".to_owned(),
            Some([least, most]) if least == most => amount(least.into()),
            Some([least, most]) => format!("{} to {}", amount(least.into()), amount(most.into())),
        };
        let known = ends[0].zip(ends[1]).filter(|(a, b)| a[0] == a[1] && b[0] == b[1]);
        let difference = known.map_or_else(String::new, |(a, b)| signed(i128::from(b[0]) - i128::from(a[0])));
        let keys = KEYS.iter().fold(Row::new(), |keys, key| keys.cell(before.cell(row, key)));
        keys.cell(range(ends[0])).cell(range(ends[1])).styled(difference, STRONG)
    }));
    let aligns = [&[Align::Left; 6][..], &[Align::Right; 3]].concat();
    page.table(2, &aligns, &table);
    if rows.len() > SHOWN {
        page.wrapped(2, FAINT, &format!("and {} more", count((rows.len() - SHOWN) as u64)));
    }
}

fn json(compared: &Compared<'_>, args: &Args, known: Day) -> serde_json::Value {
    let Compared { sides, summaries, changed, .. } = *compared;
    let side = |at: usize| {
        let families = summaries[at].families.iter().filter(|total| total.duty_cents != 0);
        let families = families.map(|total| (total.family.clone(), json!(dollars(total.duty_cents))));
        json!({
            "name": sides[at].name(),
            "supposed": scenarios::json(&sides[at].supposed),
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
        "known_date": known.to_string(),
        "view": view(args.goods.view()),
        "lines": summaries[0].lines,
        "lines_that_differ": changed.len(),
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
