//! The auditor over the worked cases of the ledger, and over acceptance cases in CSV.
//!
//! `cargo run --release -p portolan-auditor --example cases -- LEDGER_FOLDER SCHEDULE_FOLDER [CASES.csv ...]`

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use portolan_auditor::{Answer, Auditor, NoSchedule, OrdinaryDuty, Points, Printed, RowKind};
use portolan_ledger::line::{ClaimStated, EntryLine, StatedQuantity, Status, View, When};
use portolan_ledger::number::{NumberError, Quantity};
use portolan_ledger::record::{Ledger, Mode, Origin};
use portolan_ledger::schedule::{Schedule, pack_folder};
use portolan_ledger::{Cents, Day, Instant, Rate};

type Fields = BTreeMap<String, String>;

/// A case: its name, its line, what it expects.
struct Case {
    name: String,
    line: Fields,
    expect: Fields,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = PathBuf::from(arguments.first().map_or("ledger", |text| text));
    let files = portolan_ledger::read::collect(&root)?;
    let ledger = match portolan_ledger::read::read(&files) {
        Ok(read) => read.ledger,
        Err(_) => return Err("the ledger does not read".into()),
    };
    let folder = arguments.get(1).map_or("schedule/us", |text| text);
    let schedule = Schedule::open(pack_folder(Path::new(folder))?)?;
    let auditor = Auditor::new(&ledger)?.with_most_combinations(1 << 20);
    let us = ledger.side("US").ok_or("no side US")?;
    let base = Printed::new(&auditor, &schedule, us);
    let mut cases = Vec::new();
    for side in ["us", "cn"] {
        for entry in std::fs::read_dir(root.join(side).join("cases"))? {
            toml_cases(&entry?.path(), side, &mut cases)?;
        }
    }
    for path in arguments.iter().skip(2) {
        csv_cases(Path::new(path), &mut cases)?;
    }
    let mut wrong = 0;
    for case in &cases {
        let found = run(&ledger, &auditor, &base, case);
        if !found.is_empty() {
            wrong += 1;
            println!("{}\n    {}", case.name, found.join("\n    "));
        }
    }
    println!("{} cases, {wrong} not as expected", cases.len());
    Ok(())
}

fn toml_cases(path: &Path, side: &str, cases: &mut Vec<Case>) -> Result<(), Box<dyn Error>> {
    let table: toml::Table = std::fs::read_to_string(path)?.parse()?;
    let list = table.get("case").and_then(toml::Value::as_array);
    for case in list.into_iter().flatten() {
        let fields = |key: &str| -> Fields {
            let table = case.get(key).and_then(toml::Value::as_table);
            let pairs = table.into_iter().flatten();
            pairs.map(|(key, value)| (key.clone(), text(value))).collect()
        };
        let mut line = fields("line");
        line.entry("direction".to_owned()).or_insert(format!("{side}_import"));
        let name = case.get("name").map_or_else(String::new, text);
        let name = format!("{}: {name}", path.display());
        cases.push(Case { name, line, expect: fields("expect") });
    }
    Ok(())
}

fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}

fn csv_cases(path: &Path, cases: &mut Vec<Case>) -> Result<(), Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let header = reader.headers()?.clone();
    for record in reader.records() {
        let record = record?;
        let mut case = Case { name: String::new(), line: Fields::new(), expect: Fields::new() };
        for (key, cell) in header.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            match key.strip_prefix("expect_") {
                Some(key) => case.expect.insert(key.to_owned(), cell.to_owned()),
                None => case.line.insert(key.to_owned(), cell.to_owned()),
            };
        }
        case.name = format!("{}: {}", path.display(), case.line.get("case_id").map_or("", |id| id));
        cases.push(case);
    }
    Ok(())
}

fn run(ledger: &Ledger, auditor: &Auditor<'_>, base: &Printed<'_, '_>, case: &Case) -> Vec<String> {
    let line = match line(ledger, &case.line) {
        Ok(line) => line,
        Err(error) => return vec![format!("the line: {error}")],
    };
    let china = ledger.jurisdictions[usize::from(line.side.0)].name == "CN";
    let base: &dyn OrdinaryDuty = if china { &NoSchedule } else { base };
    let answer = match auditor.answer(base, &line) {
        Ok(answer) => answer,
        Err(fault) => return vec![fault.to_string()],
    };
    let mut wrong: Vec<String> =
        case.expect.iter().filter_map(|(key, expected)| differs(ledger, &answer, key, expected)).collect();
    if !case.expect.contains_key("needs_input") && !answer.needs_input.is_empty() {
        let open = answer.rows.iter().filter(|row| row.status == Status::NeedsInput);
        let open: Vec<String> = open.map(|row| format!("{}/{}", row.program, row.id)).collect();
        wrong.push(format!("asks for {} ({})", answer.needs_input.join(" "), open.join(" ")));
    }
    if !wrong.is_empty() {
        let stands = answer.rows.iter().filter(|row| live(row.status));
        wrong.extend(stands.map(|row| format!("  {} {}/{} {}", row.status.name(), row.program, row.id, row.heading)));
    }
    wrong
}

fn live(status: Status) -> bool {
    matches!(status, Status::Applied | Status::BeyondHorizon | Status::Exempt)
}

fn differs(ledger: &Ledger, answer: &Answer, key: &str, expected: &str) -> Option<String> {
    let points = |found: Option<Points>| {
        let wanted = Rate::parse(expected.as_bytes()).ok().map(Points::from);
        let near = match (found, wanted) {
            (Some(a), Some(b)) => (a.0 - b.0).abs() <= Points::from(Rate(5_000)).0,
            (found, wanted) => found.is_none() && wanted.is_none(),
        };
        (!near).then(|| format!("{key}: {} for {expected}", found.map_or("?".to_owned(), |p| p.to_string())))
    };
    let money = |found: Option<Cents>| {
        let same = found == Cents::parse(expected.as_bytes()).ok();
        (!same).then(|| format!("{key}: {} for {expected}", found.map_or("?".to_owned(), |c| c.to_string())))
    };
    let reported = |heading: &str| answer.rows.iter().any(|row| row.heading == heading && live(row.status));
    let family = |id: &str| {
        let family = ledger.family(id)?;
        Some(answer.families.iter().find(|(f, _)| *f == family).map(|(_, sum)| *sum))
    };
    match key {
        "mfn_text" => None,
        "mfn_pct" => points(answer.ordinary.points),
        "additional_pct" => points(answer.additional.points),
        "total_pct" => points(answer.total.points),
        "total_duty" => money(answer.total.duty),
        "duty_min" => money(answer.duty_min),
        "duty_max" => money(answer.duty_max),
        "headings" => {
            let missing: Vec<&str> = expected.split(';').filter(|h| !reported(h.trim())).collect();
            (!missing.is_empty()).then(|| format!("not reported: {}", missing.join(" ")))
        }
        "not_headings" => {
            let there: Vec<&str> = expected.split(';').filter(|h| reported(h.trim())).collect();
            (!there.is_empty()).then(|| format!("reported: {}", there.join(" ")))
        }
        "needs_input" => {
            let missing = expected.split(';').any(|fact| !answer.needs_input.iter().any(|f| f == fact.trim()));
            missing.then(|| format!("asks for {:?}, not {expected}", answer.needs_input))
        }
        "status" => {
            let missing: Vec<&str> = expected.split(';').filter(|pair| !has_status(ledger, answer, pair)).collect();
            (!missing.is_empty()).then(|| format!("no status {}", missing.join(" ")))
        }
        _ => match key.rsplit_once('_') {
            Some((id, kind)) => match (family(id), kind) {
                (None, _) => Some(format!("no family {id}")),
                (Some(None), "pct") => points(Some(Points::ZERO)),
                (Some(None), _) => money(Some(Cents::ZERO)),
                (Some(Some(sum)), "pct") => points(sum.points),
                (Some(Some(sum)), _) => money(sum.duty),
            },
            None => Some(format!("{key} is not understood")),
        },
    }
}

fn has_status(ledger: &Ledger, answer: &Answer, pair: &str) -> bool {
    let Some((family, status)) = pair.trim().split_once(':') else { return false };
    answer.rows.iter().any(|row| {
        let program = ledger.programs.iter().find(|p| p.id == row.program);
        let own = program.map_or("mfn", |p| &ledger.families[usize::from(p.family.0)].id);
        own == family && row.status.name() == status && (row.kind != RowKind::Ordinary || family == "mfn")
    })
}

fn line(ledger: &Ledger, fields: &Fields) -> Result<EntryLine, Box<dyn Error>> {
    let get = |key: &str| fields.get(key).map(String::as_str);
    let need = |key: &str| get(key).ok_or(format!("no {key}"));
    let side = if get("direction") == Some("cn_import") { "CN" } else { "US" };
    let side = ledger.side(side).ok_or("no such side")?;
    let country = |text: &str| Origin::parse(text.as_bytes()).ok_or(format!("{text} is no country"));
    let entry = date(need("entry_date")?)?;
    let known = Day::parse_iso(need("known_date")?.as_bytes()).ok_or("known_date")?;
    let code = need("hts_number")?.parse().map_err(|_| "hts_number")?;
    let mut line = EntryLine::new(side, code, country(need("country_of_origin")?)?, entry, known);
    let when = |key: &str| get(key).map(date).transpose();
    let share =
        |key: &str| -> Result<Option<Rate>, NumberError> { get(key).map(|t| Rate::parse(t.as_bytes())).transpose() };
    let money = |key: &str| get(key).map(|t| Cents::parse(t.as_bytes())).transpose();
    let one = |key: &str| get(key).map(country).transpose();
    line.view = if get("view") == Some("owed") || get("assert") == Some("as_finally_owed") {
        View::Owed
    } else {
        View::Assessed
    };
    (line.loading_date, line.export_date, line.import_date) =
        (when("loading_date")?, when("export_date")?, when("import_date")?);
    (line.it_date, line.withdrawal_date) = (when("it_date")?, when("withdrawal_date")?);
    line.ftz_status_date = when("ftz_status_date")?;
    if let Some(kind) = get("entry_type") {
        line.entry_type = kind.as_bytes().try_into()?;
    }
    line.mode = get("mode_of_transport").map(|t| Mode::parse(t).ok_or("mode")).transpose()?;
    line.value = money("entered_value_usd")?.or(money("entered_value")?);
    line.processing_value = money("processing_value_usd")?;
    for n in 1..=3 {
        if let (Some(quantity), Some(unit)) = (get(&format!("quantity_{n}")), get(&format!("unit_{n}"))) {
            let quantity = Quantity::parse(quantity.as_bytes())?;
            line.quantities.push(StatedQuantity { quantity, unit: unit.to_owned() });
        }
    }
    (line.mfn_pct, line.metal_weight_pct) = (share("mfn_pct")?, share("metal_weight_pct")?);
    (line.steel_pct, line.aluminum_pct, line.copper_pct) =
        (share("steel_pct")?, share("aluminum_pct")?, share("copper_pct")?);
    (line.us_content_pct, line.us_metal_pct, line.melt_pct) =
        (share("us_content_pct")?, share("us_metal_pct")?, share("melt_pct")?);
    (line.melt_country, line.cast_country, line.export_country) =
        (one("melt_country")?, one("cast_country")?, one("country_of_export")?);
    let smelted = get("smelt_countries").unwrap_or_default().split(';').filter(|t| !t.is_empty());
    line.smelt_countries = smelted.map(country).collect::<Result<_, _>>()?;
    line.spi = get("spi").map(str::to_uppercase);
    line.ch98_number = get("ch98_number").map(str::to_owned);
    for stated in get("claims").unwrap_or_default().split(';').map(str::trim).filter(|t| !t.is_empty()) {
        let (yes, name) = stated.strip_prefix("no:").map_or((true, stated), |name| (false, name));
        let claim = ledger.claim(name).ok_or(format!("no claim {name}"))?;
        line.claims.push(ClaimStated { claim, yes });
    }
    Ok(line)
}

fn date(text: &str) -> Result<When, Box<dyn Error>> {
    if let Some(day) = Day::parse_iso(text.as_bytes()) {
        return Ok(When::Day(day));
    }
    // `2025-04-09T00:01:00-04:00`, or with a `Z`.
    let (stamp, offset) = if let Some(stamp) = text.strip_suffix('Z') {
        (stamp, 0)
    } else {
        let (stamp, offset) = text.split_at_checked(text.len().saturating_sub(6)).ok_or("no date")?;
        let (hours, minutes) = offset[1..].split_once(':').ok_or("no offset")?;
        let seconds = hours.parse::<i64>()? * 3600 + minutes.parse::<i64>()? * 60;
        (stamp, if offset.starts_with('-') { -seconds } else { seconds })
    };
    let (day, clock) = stamp.split_once('T').ok_or("no time")?;
    let day = Day::parse_iso(day.as_bytes()).ok_or("no day")?;
    let mut seconds = 0;
    for part in clock.split(':').chain(["0"]).take(3) {
        seconds = seconds * 60 + part.parse::<i64>()?;
    }
    Ok(When::At(Instant(i64::from(day.0) * 86_400 + seconds - offset)))
}
