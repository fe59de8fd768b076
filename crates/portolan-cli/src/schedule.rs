//! `portolan schedule`: the rates of a number by date, and editions that the user brings.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use portolan_ledger::code::TariffCode;
use portolan_ledger::line::When;
use portolan_ledger::record::Origin;
use portolan_ledger::schedule::{ImportedEdition, Lookup, Schedule, import_official};
use portolan_ledger::{Day, EntryLine, Side};

use crate::clock::day;
use crate::failure::{Failure, Fault, Outcome, of_line};
use crate::source::{self, Suppose};
use crate::term::{Align, FAINT, PLAIN, Page, Row, STRONG};

/// What is asked of the schedule.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Args {
    /// Tariff code, 2 to 10 digits, dots or none
    code: Option<String>,
    /// The day whose numbers below the code are listed; today where it is not stated
    #[arg(long, value_name = "day")]
    on: Option<String>,
    #[command(flatten)]
    suppose: Suppose,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Keep an official edition, JSON or CSV of hts.usitc.gov, for its descriptions
    Import(Import),
}

/// An edition that the user brings.
#[derive(Debug, clap::Args)]
struct Import {
    /// The file as it was published, gzipped or not
    file: PathBuf,
    /// What to call it: 2026_rev_11
    #[arg(long)]
    name: String,
}

/// Shows a code, or keeps an edition.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    match (&args.command, &args.code) {
        (Some(Command::Import(import)), _) => keep(import),
        (None, Some(code)) => {
            let mut page = Page::new();
            let why = "a scenario patches the records of the ledger, and these are the rates that the schedule prints";
            args.suppose.without_bearing(ledger, &mut page, why)?;
            show(code, args.on.as_deref(), page)
        }
        (None, None) => Err(Fault::new("CODE: it is not stated").help("portolan schedule 9403.60.80").into()),
    }
}

fn show(text: &str, on: Option<&str>, mut page: Page) -> Result<Outcome, Failure> {
    let schedule = source::schedule()?;
    let code = TariffCode::parse(text.as_bytes()).map_err(|error| Fault::new(format!("CODE \"{text}\": {error}")))?;
    let on = on.map(|text| day("on", text)).transpose()?;
    let on = on.unwrap_or_else(|| Day::from_date(jiff::Zoned::now().date()));
    page.wrapped(0, STRONG, &format!("{code}  {}", schedule.label(code).unwrap_or_default()));
    if let Some((name, description)) = described(code) {
        page.wrapped(0, PLAIN, &description);
        page.wrapped(0, FAINT, &format!("as edition {name} describes it"));
    }
    if code.digits() >= 8 {
        history(&schedule, code, on, &mut page)?;
    }
    below(&schedule, code, on, &mut page)?;
    page.print()?;
    Ok(Outcome::Done)
}

fn history(schedule: &Schedule, code: TariffCode, on: Day, page: &mut Page) -> Result<(), Failure> {
    let lines = schedule.history(code);
    if lines.is_empty() {
        return Err(unknown(schedule, code, on));
    }
    page.section("Rates by date");
    let head = ["From", "Until", "Column 1-general", "Column 2", "Units"];
    let mut rows = vec![head.into_iter().fold(Row::new(), |row, name| row.styled(name, FAINT))];
    for line in &lines {
        let from = line.from.map_or("first edition".to_owned(), |day| day.to_string());
        let until = line.until.map_or("open".to_owned(), |day| day.to_string());
        let row = Row::new().cell(from).cell(until).styled(line.general_text(), STRONG).cell(line.column_2_text());
        let special = match line.special_text() {
            "" => String::new(),
            text => format!("special: {text}"),
        };
        rows.push(row.cell(line.units_text().replace(';', ", ")).note(special));
    }
    page.table(2, &[Align::Left, Align::Left, Align::Fill, Align::Left, Align::Left], &rows);
    if let Lookup::Found(line) = schedule.line(code, on) {
        page.wrapped(
            2,
            FAINT,
            &format!("on {on}: edition {}; the rate stands on {}", line.printed_in.name, line.rate_row),
        );
        if let Some(note) = crate::words::coverage(Some(line.coverage)) {
            page.wrapped(2, FAINT, note);
        }
    }
    for successor in schedule.successors(code) {
        page.wrapped(2, FAINT, &format!("{} took over on {}", successor.code, successor.date));
    }
    Ok(())
}

/// What an entry line with such a code would be told.
fn unknown(schedule: &Schedule, code: TariffCode, on: Day) -> Failure {
    let line = EntryLine::new(Side(0), code, Origin(*b"XX"), When::Day(on), on);
    let fault = match schedule.line(code, on) {
        Lookup::Unknown(unknown) => portolan_engine::Fault::UnknownCode {
            nearest: unknown.nearest,
            successors: unknown.successors.iter().map(|s| s.code).collect(),
            edition: unknown.edition.name.to_owned(),
        },
        Lookup::OtherDates(other) => portolan_engine::Fault::CodeOfOtherDates {
            spans: other.spans.iter().map(|span| (span.from, span.until)).collect(),
            successors: other.successors.iter().map(|s| s.code).collect(),
        },
        Lookup::Found(_) => return Fault::new(format!("CODE \"{code}\": the schedule holds no rates for it")).into(),
    };
    of_line(fault, &line)
}

/// The numbers below a code that are valid on a day.
fn below(schedule: &Schedule, code: TariffCode, on: Day, page: &mut Page) -> Result<(), Failure> {
    let codes: Vec<TariffCode> = match code.digits() {
        10 => return Ok(()),
        8 => schedule.children(code, on),
        _ => {
            let holds =
                |from: Option<Day>, until: Option<Day>| from.is_none_or(|f| f <= on) && until.is_none_or(|u| on < u);
            let spans = schedule.codes().filter(|span| code.covers(span.code) && holds(span.from, span.until));
            let mut eight: Vec<TariffCode> = spans.map(|span| span.code.prefix(8)).collect();
            eight.dedup();
            eight
        }
    };
    if codes.is_empty() && code.digits() < 8 {
        return Err(unknown(schedule, code, on));
    }
    if codes.is_empty() {
        return Ok(());
    }
    page.section(&format!("Below it on {on}"));
    let rows: Vec<Row> = codes
        .iter()
        .map(|&below| {
            let rate = match schedule.line(below, on) {
                Lookup::Found(line) if code.digits() < 8 => line.general_text(),
                _ => "",
            };
            let own = schedule.label(below).filter(|label| schedule.label(code) != Some(label));
            Row::new().styled(below.to_string(), STRONG).cell(own.unwrap_or_default()).cell(rate)
        })
        .collect();
    page.table(2, &[Align::Left, Align::Fill, Align::Left], &rows);
    Ok(())
}

/// Where imported editions are kept.
fn folder() -> Option<PathBuf> {
    source::data_folder().map(|folder| folder.join("editions"))
}

/// The description of a code in the imported edition whose name comes last, and that name.
fn described(code: TariffCode) -> Option<(String, String)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder()?).ok()?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    files.iter().rev().find_map(|path| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        let edition: ImportedEdition = import_official(&fs::read(path).ok()?, &name).ok()?;
        edition.description(code).map(|description| (name, description))
    })
}

fn keep(import: &Import) -> Result<Outcome, Failure> {
    let file = import.file.display();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if import.name.is_empty() || import.name.starts_with('.') || !import.name.chars().all(allowed) {
        let fault = Fault::new(format!("--name \"{}\": a name is letters, digits, `_`, `-` and `.`", import.name));
        return Err(fault.help("name it after the edition: 2026_rev_11").into());
    }
    let bytes = fs::read(&import.file).map_err(|error| Fault::new(format!("{file}: {error}")))?;
    let edition = import_official(&bytes, &import.name).map_err(|error| {
        Fault::new(format!("{file}: {error}")).help("an edition is the JSON or CSV that hts.usitc.gov exports")
    })?;
    let csv = edition.to_csv().map_err(|error| Fault::new(format!("{file}: {error}")))?;
    let Some(folder) = folder() else {
        return Err(Fault::new("there is no folder for the user's data").help("set HOME or XDG_DATA_HOME").into());
    };
    let place = folder.join(format!("{}.csv", import.name));
    write_whole(&folder, &place, &csv).map_err(|error| Fault::new(format!("{}: {error}", place.display())))?;
    let coded = edition.rows.iter().filter(|row| row.code.is_some()).count();
    let mut page = Page::new();
    page.wrapped(0, PLAIN, &format!("{}: {coded} numbers kept in {}", import.name, place.display()));
    page.print()?;
    Ok(Outcome::Done)
}

/// Writes a file beside its place and puts it there, so that it is whole or not at all.
fn write_whole(folder: &Path, place: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = place.with_extension(format!("{}.partial", std::process::id()));
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&beside, place));
    if placed.is_err() {
        // The first fault is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    placed
}
