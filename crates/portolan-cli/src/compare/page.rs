//! A comparison as a page, and as one JSON object.

use std::path::Path;

use portolan_engine::Pct;
use portolan_entry::countries;
use portolan_ledger::TariffCode;
use portolan_ledger::number::{div_half_up, format_scaled};
use portolan_ledger::record::Origin;
use portolan_panel::compare::{Mean, Total};
use serde_json::{Value, json};

use super::{By, Compared, count};
use crate::options::view;
use crate::scenarios;
use crate::term::{ATTENTION, Align, FAINT, PLAIN, Page, Row, STRONG};

/// How many rows of each list are shown, and how many of one that is asked for.
const SHOWN: usize = 10;
const MORE: usize = 60;

/// The page.
pub fn page(compared: &Compared<'_>, by: Option<By>) -> Page {
    let mut page = Page::new();
    head(compared, &mut page);
    let (totals, most) = (&compared.totals, if by.is_some() { MORE } else { SHOWN });
    if by.is_none_or(|by| by == By::Program) {
        let name = |of: &Option<u16>| (program(compared, *of), String::new());
        list(&mut page, ("By program", most), &totals.programs, compared, &name);
    }
    if by.is_none_or(|by| by == By::Partner) {
        let name = |of: &Origin| (of.to_string(), country(*of).to_owned());
        list(&mut page, ("By partner", most), &totals.partners, compared, &name);
    }
    if by.is_none_or(|by| by == By::Line) {
        let name = |of: &TariffCode| (of.to_string(), label(compared, *of));
        list(&mut page, ("By line", most), &totals.codes, compared, &name);
    }
    page
}

fn head(compared: &Compared<'_>, page: &mut Page) {
    let (totals, (from, to)) = (&compared.totals, compared.days);
    let when = if from == to { format!("on {from}") } else { format!("from {from} to {to}, mean of the days") };
    let view = view(compared.asked.view);
    page.wrapped(0, STRONG, &format!("{} against {}, {when}", compared.sides[1].name(), compared.sides[0].name()));
    for (mark, side) in ["before", "after "].iter().zip(compared.sides) {
        page.wrapped(2, PLAIN, &format!("{mark}  {}: {}", side.name(), side.title()));
    }
    let known = compared.known;
    page.wrapped(
        2,
        FAINT,
        &format!("view: {view}, known on {known}; lines that state nothing but number, origin and day"),
    );
    page.gap();
    let (lines, origins) = (count(totals.lines), count(totals.origins));
    if totals.changed_pairs == 0 {
        page.wrapped(0, STRONG, &format!("Nothing differs: {lines} lines from {origins} origins"));
        return;
    }
    let text = format!(
        "{} of {lines} lines differ, {} of {} with one of {origins} origins",
        count(totals.changed_lines),
        count(totals.changed_pairs),
        count(totals.lines * totals.origins)
    );
    page.wrapped(0, STRONG, &text);
    let ends = totals.ends.map(|pct| points(pct, 3));
    let mut rows = vec![
        Row::new()
            .cell("mean, every line and origin alike")
            .cell(format!("{}% -> {}%", ends[0], ends[1]))
            .styled(signed(totals.mean.plain), STRONG),
    ];
    if let (Some(load), Some(weighted)) = (compared.load, totals.mean.weighted) {
        rows.push(Row::new().cell(format!("weighted: {}", load.name)).cell("").styled(signed(weighted), STRONG));
    }
    page.table(2, &[Align::Fill, Align::Right, Align::Right], &rows);
    let said = [
        (totals.open_pairs, "turn on what is not stated and count at their highest"),
        (totals.unpriced_pairs, "cannot be put in points, and are in no mean"),
        (totals.forbidden_pairs, "are forbidden at one end alone"),
    ];
    for (pairs, what) in said.into_iter().filter(|(pairs, _)| *pairs > 0) {
        page.wrapped(2, ATTENTION, &format!("{} of those that differ {what}", count(pairs)));
    }
}

/// One list: of what, how many lines with an origin, the mean change, the largest.
fn list<K>(
    page: &mut Page,
    (title, most): (&str, usize),
    totals: &[Total<K>],
    compared: &Compared<'_>,
    name: &dyn Fn(&K) -> (String, String),
) {
    if totals.is_empty() {
        return;
    }
    page.section(title);
    let weighted = totals.iter().any(|total| total.mean.weighted.is_some());
    let mut rows = vec![
        Row::new()
            .cell("")
            .cell("")
            .styled("differ", FAINT)
            .styled("mean", FAINT)
            .styled(if weighted { "weighted" } else { "" }, FAINT)
            .styled("most", FAINT)
            .cell(""),
    ];
    rows.extend(totals.iter().take(most).map(|total| {
        let (key, label) = name(&total.of);
        let row = Row::new().styled(key, STRONG).cell(label).cell(count(total.pairs)).cell(signed(total.mean.plain));
        let row = row.cell(total.mean.weighted.map_or(String::new(), signed)).cell(signed(total.most));
        row.styled(place(compared, total), FAINT)
    }));
    let aligns = [Align::Left, Align::Fill, Align::Right, Align::Right, Align::Right, Align::Right, Align::Left];
    page.table(2, &aligns, &rows);
    if totals.len() > most {
        page.wrapped(2, FAINT, &format!("and {} more", count((totals.len() - most) as u64)));
    }
}

/// Where the largest change is.
fn place<K>(compared: &Compared<'_>, total: &Total<K>) -> String {
    let (code, origin) = total.at;
    if compared.asked.origins.len() == 1 { code.to_string() } else { format!("{code} {origin}") }
}

/// Says what was written, or how to have it written.
pub fn written(page: &mut Page, file: Option<&Path>, rows: Option<u64>, what: &str) {
    page.gap();
    let text = match (file, rows) {
        (Some(file), Some(rows)) => format!("{} rows written to {}", count(rows), file.display()),
        _ => format!("--output FILE.csv writes a row for every {what}"),
    };
    page.wrapped(0, FAINT, &text);
}

/// The title of a program; the ordinary duty has none.
pub fn program(compared: &Compared<'_>, of: Option<u16>) -> String {
    of.map_or_else(|| "Ordinary duty".to_owned(), |at| compared.laws[0].timeline.program(at).title.clone())
}

fn country(origin: Origin) -> &'static str {
    countries::all().find(|(known, _)| *known == origin).map_or("", |(_, name)| name)
}

fn label(compared: &Compared<'_>, code: TariffCode) -> String {
    if compared.asked.side != portolan_ledger::Side(0) {
        return if code.padded() == 0 { "goods on no list".to_owned() } else { String::new() };
    }
    let schedule = compared.laws[0].schedule;
    schedule.and_then(|schedule| schedule.label(code)).unwrap_or_default().to_owned()
}

/// Points with so many places, half up.
pub fn points(pct: Pct, places: u32) -> String {
    let scaled = div_half_up(pct.0, 10_i128.pow(16 - places));
    i64::try_from(scaled).map_or_else(|_| pct.to_string(), |scaled| format_scaled(scaled, places))
}

/// A change in points with its sign.
pub fn signed(pct: Pct) -> String {
    let text = points(pct, 3);
    if text.starts_with('-') || text == "0" { text } else { format!("+{text}") }
}

/// The object; amounts are texts, so that no reader makes binary floats of them.
pub fn json(compared: &Compared<'_>) -> Value {
    let totals = &compared.totals;
    let side = |at: usize| {
        let side = compared.sides[at];
        json!({
            "name": side.name(),
            "supposed": scenarios::json(&side.supposed),
            "ledger_version": side.ledger.version,
            "mean_total_pct": totals.ends[at].to_string(),
        })
    };
    let id = |of: &Option<u16>| of.map_or("mfn", |at| compared.laws[0].timeline.program(at).id.as_str()).to_owned();
    json!({
        "before": side(0),
        "after": side(1),
        "from": compared.days.0.to_string(),
        "to": compared.days.1.to_string(),
        "known_date": compared.known.to_string(),
        "view": view(compared.asked.view),
        "lines": totals.lines,
        "origins": totals.origins,
        "lines_that_differ": totals.changed_lines,
        "lines_and_origins_that_differ": totals.changed_pairs,
        "open": totals.open_pairs,
        "not_in_points": totals.unpriced_pairs,
        "forbidden_at_one_end": totals.forbidden_pairs,
        "mean_change": mean(totals.mean),
        "weights": compared.load.map(|load| json!({
            "name": load.name,
            "unmatched_usd": portolan_entry::summary::dollars(load.unmatched_cents),
        })),
        "programs": each(&totals.programs, "program", &id),
        "partners": each(&totals.partners, "country_of_origin", &Origin::to_string),
        "codes": each(&totals.codes, "hts_number", &TariffCode::to_string),
    })
}

fn mean(mean: Mean) -> Value {
    json!({ "simple": mean.plain.to_string(), "weighted": mean.weighted.map(|pct| pct.to_string()) })
}

fn each<K>(totals: &[Total<K>], key: &str, name: &dyn Fn(&K) -> String) -> Vec<Value> {
    let one = |total: &Total<K>| {
        json!({
            key: name(&total.of),
            "differ": total.pairs,
            "mean_change": mean(total.mean),
            "most": total.most.to_string(),
            "most_at": { "hts_number": total.at.0.to_string(), "country_of_origin": total.at.1.to_string() },
        })
    };
    totals.iter().map(one).collect()
}
