//! `cargo xtask schedule`: folds official editions of the schedule into the dated text below `schedule/us/`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use portolan_ledger::TariffCode;
use portolan_ledger::duty_expression::{DutyExpression, SpecialColumn};
use portolan_ledger::schedule::fold::{ChangeRecord, EditionCounts, Fold, Folded};
use portolan_ledger::schedule::text::{ConcordanceRow, ConcordanceSource, Edition, LineRow, RateRow};
use portolan_ledger::schedule::unit::{Measure, Unit};
use portolan_ledger::schedule::{ScheduleText, pack, parse_official};
use portolan_ledger::time::Day;

const USAGE: &str = "\
cargo xtask schedule --from DIR --out DIR [--records FILE] [--table-2017 FILE --hs-2022 DAY --hs6 FILE] [--likeness FILE]
  --from        editions.csv (edition, published) and the editions: hts_<edition>.json, .json.gz or .csv
  --out         the folder of the schedule's text, schedule/us
  --records     change records of the editions (edition, item, change, detail, effective_date)
  --table-2017  the annual tariff table of 2017 (CSV)
  --hs-2022     the day on which the nomenclature of 2022 took effect (YYYY-MM-DD)
  --hs6         six-digit codes of 2022 and 2017 (hs6_2022, hs6_2017)
  --likeness    numbers matched by likeness of text (old_hts10, new_hts10)
What is not given is kept as the folder holds it; without --records, changes are dated by publication.";

/// The first day that the annual table of 2017 speaks of.
const TABLE_2017: &str = "2017-01-01";

type Outcome<T> = Result<T, String>;

/// Runs the command.
pub fn run(arguments: impl Iterator<Item = String>) -> Outcome<()> {
    let options = Options::read(arguments)?;
    let records = match &options.records {
        Some(path) => change_records(path)?,
        None => Vec::new(),
    };
    let folded = fold(&options.from, &records)?;
    for fault in &folded.faults {
        eprintln!("{fault}");
    }
    report(&folded);
    let kept = ScheduleText::read(&options.out).unwrap_or_default();
    let mut schedule = ScheduleText {
        editions: folded.editions.clone(),
        rates: folded.rates.clone(),
        lines: folded.lines.clone(),
        layer_2017: kept.layer_2017,
        concordance: kept.concordance,
        labels: Vec::new(),
    };
    let mut table_2017 = BTreeSet::new();
    if let Some(path) = &options.table_2017 {
        (schedule.layer_2017, table_2017) = layer_2017(path, &schedule.rates, &options.hs_2022)?;
    }
    if options.records.is_some() {
        schedule.concordance.retain(|row| row.source != ConcordanceSource::ChangeRecord);
        schedule.concordance.extend(concordance_of_records(&records));
    }
    if let Some(path) = &options.likeness {
        schedule.concordance.retain(|row| row.source != ConcordanceSource::Likeness);
        let hints = concordance_of_likeness(path, &schedule)?;
        schedule.concordance.extend(hints);
    }
    if let Some(path) = &options.hs6 {
        schedule.concordance.retain(|row| row.source != ConcordanceSource::Hs6);
        let hints = concordance_of_hs6(path, &schedule, &table_2017, &options.hs_2022)?;
        schedule.concordance.extend(hints);
    }
    schedule.concordance.sort_unstable();
    schedule.concordance.dedup();
    write(&options.out, &schedule, &folded)
}

fn write(out: &Path, schedule: &ScheduleText, folded: &Folded) -> Outcome<()> {
    std::fs::create_dir_all(out).map_err(|error| format!("{}: {error}", out.display()))?;
    schedule.write(out).map_err(|error| format!("{}: {error}", out.display()))?;
    let mut differences = String::from("code,edition,published,effective,change\n");
    for row in &folded.differences {
        let (code, edition) = (row.code, &row.edition);
        let _ = writeln!(differences, "{code},{edition},{},{},{}", row.published, row.effective, row.change);
    }
    std::fs::write(out.join("differences.csv"), differences).map_err(|error| format!("differences.csv: {error}"))?;
    let read = ScheduleText::read(out).map_err(|error| format!("what was written does not read: {error}"))?;
    let packed = pack(&read).map_err(|error| error.to_string())?;
    println!(
        "{} rate rows, {} lines, {} rows of 2017, {} rows of concordance, {} differences of dates; {} bytes packed",
        read.rates.len(),
        read.lines.len(),
        read.layer_2017.len(),
        read.concordance.len(),
        folded.differences.len(),
        packed.len()
    );
    Ok(())
}

#[derive(Default)]
struct Options {
    from: PathBuf,
    out: PathBuf,
    records: Option<PathBuf>,
    table_2017: Option<PathBuf>,
    hs6: Option<PathBuf>,
    likeness: Option<PathBuf>,
    hs_2022: String,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut options = Self::default();
        while let Some(name) = arguments.next() {
            let value = arguments.next().map(PathBuf::from).ok_or_else(|| USAGE.to_owned())?;
            match name.as_str() {
                "--from" => options.from = value,
                "--out" => options.out = value,
                "--records" => options.records = Some(value),
                "--table-2017" => options.table_2017 = Some(value),
                "--hs6" => options.hs6 = Some(value),
                "--hs-2022" => options.hs_2022 = value.to_string_lossy().into_owned(),
                "--likeness" => options.likeness = Some(value),
                _ => return Err(format!("`{name}` is not an option\n{USAGE}")),
            }
        }
        if options.from.as_os_str().is_empty() || options.out.as_os_str().is_empty() {
            return Err(USAGE.to_owned());
        }
        if options.table_2017.is_some() && options.hs_2022.is_empty() {
            return Err("--table-2017 needs --hs-2022, the day on which its codes ended".to_owned());
        }
        if options.hs6.is_some() && options.table_2017.is_none() {
            return Err("--hs6 needs --table-2017, which tells the codes that are new".to_owned());
        }
        Ok(options)
    }
}

/// A CSV file by the names of its columns.
struct Csv {
    path: PathBuf,
    columns: HashMap<String, usize>,
    rows: Vec<csv::StringRecord>,
}

impl Csv {
    fn read(path: &Path) -> Outcome<Self> {
        let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let mut reader = csv::Reader::from_path(path).map_err(|error| at(&error))?;
        let headers = reader.headers().map_err(|error| at(&error))?;
        let columns = headers.iter().map(str::to_owned).zip(0..).collect();
        let rows = reader.records().collect::<Result<_, _>>().map_err(|error| at(&error))?;
        Ok(Self { path: path.to_owned(), columns, rows })
    }

    fn column(&self, name: &str) -> Outcome<usize> {
        self.columns.get(name).copied().ok_or_else(|| format!("{}: no column `{name}`", self.path.display()))
    }

    fn code(&self, text: &str) -> Outcome<TariffCode> {
        text.parse().map_err(|error| format!("{}: `{text}`: {error}", self.path.display()))
    }

    fn day(&self, text: &str) -> Outcome<Day> {
        Day::parse_iso(text.as_bytes()).ok_or_else(|| format!("{}: `{text}` is not a date", self.path.display()))
    }
}

fn fold(from: &Path, records: &[ChangeRecord]) -> Outcome<Folded> {
    let editions = Csv::read(&from.join("editions.csv"))?;
    let (name, published) = (editions.column("edition")?, editions.column("published")?);
    let mut fold = Fold::default();
    for row in &editions.rows {
        let edition = Edition { name: row[name].to_owned(), published: editions.day(&row[published])? };
        let path = ["json.gz", "json", "csv"]
            .map(|kind| from.join(format!("hts_{}.{kind}", edition.name)))
            .into_iter()
            .find(|path| path.exists())
            .ok_or_else(|| format!("{}: edition {} is not there", from.display(), edition.name))?;
        let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let bytes = std::fs::read(&path).map_err(|error| at(&error))?;
        let rows = parse_official(&bytes).map_err(|error| at(&error))?;
        fold.add(edition, &rows);
    }
    Ok(fold.finish(records))
}

/// The change records that are about codes of chapters 1 to 97.
fn change_records(path: &Path) -> Outcome<Vec<ChangeRecord>> {
    let csv = Csv::read(path)?;
    let (edition, item) = (csv.column("edition")?, csv.column("item")?);
    let (change, detail) = (csv.column("change")?, csv.column("detail")?);
    let effective = csv.column("effective_date")?;
    let mut records = Vec::new();
    for row in &csv.rows {
        // Notes, annexes and chapters 98 and 99 have their places elsewhere.
        let Ok(code) = row[item].parse::<TariffCode>() else { continue };
        if code.chapter() > 97 {
            continue;
        }
        records.push(ChangeRecord {
            edition: row[edition].to_owned(),
            code,
            change: row[change].to_owned(),
            detail: row[detail].to_owned(),
            effective: if row[effective].is_empty() { None } else { Some(csv.day(&row[effective])?) },
        });
    }
    Ok(records)
}

/// The rates of 2017 of the codes that no edition prints, and every code of the table.
fn layer_2017(path: &Path, rates: &[RateRow], hs_2022: &str) -> Outcome<(Vec<RateRow>, BTreeSet<TariffCode>)> {
    let csv = Csv::read(path)?;
    let column = |name: &str| csv.column(name);
    let (hts8, begin, end) = (column("hts8")?, column("begin_effect_date")?, column("end_effective_date")?);
    let (general, special) = (column("mfn_text_rate")?, column("col1_special_text")?);
    let (column_2, units) = (column("col2_text_rate")?, [column("quantity_1_code")?, column("quantity_2_code")?]);
    let known: BTreeSet<TariffCode> = rates.iter().map(|row| row.code).collect();
    let (first, last) = (csv.day(TABLE_2017)?, csv.day(hs_2022)?);
    let (mut layer, mut codes) = (Vec::new(), BTreeSet::new());
    for row in &csv.rows {
        let code = csv.code(&row[hts8])?;
        codes.insert(code);
        let (from, until) = (csv.day(&row[begin])?.max(first), Day(csv.day(&row[end])?.0 + 1).min(last));
        if code.chapter() > 97 || known.contains(&code) || from >= until {
            continue;
        }
        let mut names = Vec::new();
        for unit in units.map(|column| &row[column]).into_iter().filter(|unit| !unit.is_empty()) {
            let unit = Unit::parse(unit).map_err(|error| format!("{}: {code}: {error}", csv.path.display()))?;
            if unit.measure != Measure::NotRequired {
                names.push(unit.to_string());
            }
        }
        layer.push(RateRow {
            code,
            from: Some(from),
            until: Some(until),
            printed_from: 0,
            printed_to: 0,
            units: names.join(";"),
            general: DutyExpression::parse(&row[general]).to_string(),
            special: SpecialColumn::parse(&row[special]).to_string(),
            column_2: DutyExpression::parse(&row[column_2]).to_string(),
            layer_2017: true,
        });
    }
    layer.sort_by_key(|row| (row.code, row.from));
    Ok((layer, codes))
}

/// What the change records say of transfers, in either direction.
fn concordance_of_records(records: &[ChangeRecord]) -> Vec<ConcordanceRow> {
    let mut dates: BTreeMap<(TariffCode, TariffCode), Day> = BTreeMap::new();
    for record in records {
        let Some(date) = record.effective else { continue };
        let into = record.transferred("transferred to").into_iter().map(|new| (record.code, new));
        let from = record.transferred("transferred from").into_iter().map(|old| (old, record.code));
        for pair in into.chain(from) {
            let known = dates.entry(pair).or_insert(date);
            *known = date.min(*known);
        }
    }
    let row = |((old, new), date)| ConcordanceRow { old, new, date, source: ConcordanceSource::ChangeRecord };
    dates.into_iter().map(row).collect()
}

/// Numbers matched by likeness: kept only where the old number ends, the new one begins, and both stand below the same
/// eight digits, since the words alone (`Other`) match anything.
fn concordance_of_likeness(path: &Path, schedule: &ScheduleText) -> Outcome<Vec<ConcordanceRow>> {
    let csv = Csv::read(path)?;
    let (old, new) = (csv.column("old_hts10")?, csv.column("new_hts10")?);
    let exact: BTreeSet<TariffCode> = schedule.concordance.iter().map(|row| row.old).collect();
    let ends: BTreeSet<TariffCode> =
        schedule.lines.iter().filter(|line| line.until.is_some()).map(|line| line.code).collect();
    let begins: BTreeMap<TariffCode, Day> = schedule.lines.iter().filter_map(begin).collect();
    let mut rows = Vec::new();
    for row in csv.rows.iter().filter(|row| !row[old].is_empty() && !row[new].is_empty()) {
        let (old, new) = (csv.code(&row[old])?, csv.code(&row[new])?);
        let Some(date) = begins.get(&new) else { continue };
        if old.prefix(8) == new.prefix(8) && ends.contains(&old) && !exact.contains(&old) {
            rows.push(ConcordanceRow { old, new, date: *date, source: ConcordanceSource::Likeness });
        }
    }
    Ok(rows)
}

fn begin(line: &LineRow) -> Option<(TariffCode, Day)> {
    Some((line.code, line.from?))
}

/// The coarse step from 2017 to 2022. A six-digit code of 2017 leads to its codes of 2022; an eight-digit code that is
/// gone leads to the eight-digit codes below those, of which only the ones that 2017 did not know are likely heirs.
fn concordance_of_hs6(
    path: &Path,
    schedule: &ScheduleText,
    table_2017: &BTreeSet<TariffCode>,
    hs_2022: &str,
) -> Outcome<Vec<ConcordanceRow>> {
    let csv = Csv::read(path)?;
    let (newer, older) = (csv.column("hs6_2022")?, csv.column("hs6_2017")?);
    let date = csv.day(hs_2022)?;
    let row = |old, new| ConcordanceRow { old, new, date, source: ConcordanceSource::Hs6 };
    let printed: BTreeSet<TariffCode> = schedule.rates.iter().map(|row| row.code.prefix(6)).collect();
    let mut heirs: BTreeMap<TariffCode, Vec<TariffCode>> = BTreeMap::new();
    for line in &csv.rows {
        let (new, old) = (csv.code(&line[newer])?, csv.code(&line[older])?);
        if printed.contains(&new) {
            heirs.entry(old).or_default().push(new);
        }
    }
    let mut rows = Vec::new();
    for (old, new) in &heirs {
        if !printed.contains(old) {
            rows.extend(new.iter().map(|new| row(*old, *new)));
        }
    }
    let gone: BTreeSet<TariffCode> = schedule.layer_2017.iter().map(|row| row.code).collect();
    for old in gone {
        let Some(new6) = heirs.get(&old.prefix(6)) else { continue };
        let below = schedule.rates.iter().map(|row| row.code).filter(|code| new6.contains(&code.prefix(6)));
        let all: BTreeSet<TariffCode> = below.collect();
        let fresh: Vec<TariffCode> = all.iter().filter(|code| !table_2017.contains(code)).copied().collect();
        let likely = if fresh.is_empty() { all.into_iter().collect() } else { fresh };
        rows.extend(likely.into_iter().map(|new| row(old, new)));
    }
    Ok(rows)
}

fn report(folded: &Folded) {
    for (edition, counts) in folded.editions.iter().zip(&folded.counts) {
        let EditionCounts { rates_at_8, rates_at_10, blank_cells, statistical } = *counts;
        println!(
            "{:<12} {:>6} rate rows ({rates_at_8} at 8 digits, {rates_at_10} at 10), {blank_cells} cells of white space \
             beside them ({} cells not empty), {statistical} ten-digit lines",
            edition.name,
            rates_at_8 + rates_at_10,
            rates_at_8 + rates_at_10 + blank_cells,
        );
    }
    println!("{} distinct texts; printed {} times as a rate", folded.texts.distinct, folded.texts.read);
    for (reason, times) in &folded.texts.refused {
        println!("refused {times} times: {reason}");
    }
}
