//! `portolan refund`: what comes back, with interest, by which way and by when.

use std::path::{Path, PathBuf};
use std::time::Instant;

use portolan_engine::Law;
use portolan_entry::refund::report::{Footing, Total};
use portolan_entry::refund::{Payee, RefundOptions, Refunded, Report, refund};
use portolan_entry::{Options, Output};
use portolan_ledger::{Cents, Day};

use crate::bill::{counted, failure};
use crate::check::milliseconds;
use crate::clock::day;
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
use crate::reading::Reading;
use crate::source::{Source, Suppose};
use crate::term::{ATTENTION, Align, FAINT, PLAIN, Page, Row, STRONG};
use crate::words::money;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    reading: Reading,
    /// Write refund.csv, refund.xlsx, the CAPE files and a manifest into this folder, all or nothing; without it a summary is shown
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The day on which ways and deadlines are judged, and through which interest is counted; the known date where it is not stated
    #[arg(long, value_name = "day")]
    as_of: Option<String>,
    /// The known date where a line states none; today where it is not stated
    #[arg(long, value_name = "day")]
    known: Option<String>,
    /// Interest at the rate for corporations
    #[arg(long)]
    corporate: bool,
    /// Take an entry that states nothing of its liquidation as liquidated on the usual day: an estimate, marked as such
    #[arg(long)]
    by_cycle: bool,
    #[command(flatten)]
    suppose: Suppose,
}

/// Works out the refunds of files.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let source = Source::under(ledger, &args.suppose)?;
    let known = args.known.as_deref().map(|text| day("known", text)).transpose()?.unwrap_or_else(|| source.today());
    let as_of = args.as_of.as_deref().map(|text| day("as-of", text)).transpose()?.unwrap_or(known);
    let mut read = Options::new(known, Output::Nothing);
    args.reading.apply(&mut read);
    let options = RefundOptions {
        as_of,
        known_date: known,
        payee: if args.corporate { Payee::Corporation } else { Payee::Other },
        by_cycle: args.by_cycle,
        output: args.output.clone(),
        declares: source.supposed.is_empty(),
        threads: read.threads,
        fault_limit: read.fault_limit,
        set_aside: read.set_aside,
        sheet: read.sheet,
        command: std::env::args().skip(1).collect(),
    };
    let law = Law::new(&source.ledger, Some(&source.schedule));
    let inputs = args.reading.inputs()?;
    let progress = Progress::of_files(args.reading.files());
    let done = refund(&inputs, &options, &law, &mut |lines, bytes| progress.told(lines, bytes));
    progress.end();
    let done = done.map_err(failure)?;
    let mut page = Page::new();
    source.say_supposed(&mut page);
    show(&done, as_of, known, args, &mut page);
    let took = milliseconds(start.elapsed());
    page.gap();
    match &args.output {
        Some(folder) => {
            let files: Vec<&str> = done.report.files.iter().map(|(name, _)| name.as_str()).collect();
            page.wrapped(0, FAINT, &format!("{} written to {} in {took}", files.join(", "), folder.display()));
            if !source.supposed.is_empty() {
                page.wrapped(0, FAINT, "no CAPE files: what is only supposed is not to be filed");
            }
        }
        None => page.wrapped(
            0,
            FAINT,
            &format!("answered in {took}; --output DIR writes refund.csv, refund.xlsx and the CAPE files"),
        ),
    }
    page.print()?;
    Ok(if done.report.set_aside > 0 { Outcome::Findings } else { Outcome::Done })
}

fn show(done: &Refunded, as_of: Day, known: Day, args: &Args, page: &mut Page) {
    let report = &done.report;
    let entries = report.entries.len();
    page.wrapped(
        0,
        STRONG,
        &format!(
            "{}, {}; as of {as_of}, law as known on {known}",
            count(report.lines, "line"),
            count_y(entries as u64)
        ),
    );
    sums(report, args, page);
    if !report.programs.is_empty() {
        page.section("By program");
    }
    let mut rows: Vec<Row> = Vec::new();
    for (program, sum) in &report.programs {
        let contested = if sum.contested_cents == 0 {
            String::new()
        } else {
            format!("{} contested", dollars(sum.contested_cents))
        };
        rows.push(counted(program, sum.lines).cell(dollars(sum.claim_cents)).cell(contested));
    }
    page.table(2, &[Align::Fill, Align::Right, Align::Right, Align::Right], &rows);
    let table = |page: &mut Page, title: &str, sums: Vec<(String, Total)>| {
        if sums.is_empty() {
            return;
        }
        page.section(title);
        let rows: Vec<Row> = sums.into_iter().map(|(name, sum)| row(&name, &sum)).collect();
        page.table(2, &[Align::Fill, Align::Right, Align::Right, Align::Right], &rows);
    };
    table(page, "By way", report.paths.iter().map(|(path, sum)| (path.title().to_owned(), *sum)).collect());
    let quarters = report.quarters.iter().map(|((year, quarter), sum)| (format!("{year} quarter {quarter}"), *sum));
    table(page, "By quarter of entry", quarters.collect());
    open(report, page);
    page.section("What this rests on");
    let law = "assessed less owed, the judgment included; interest from the deposit to liquidation or reliquidation, compounded daily";
    page.item(2, "- ", &format!("Law: {law}"));
    page.item(2, "- ", "Practice: CAPE, corrections and the usual day of liquidation, as customs states them");
    for rule in report.rules.iter().filter(|rule| rule.footing == Footing::Contested) {
        page.item(2, "- ", &format!("Contested: {}", rule.text));
    }
    if report.set_aside > 0 {
        page.section(&format!("{} set aside", count(report.set_aside, "row")));
        for fault in &report.faults.first {
            page.item(2, "- ", &fault.to_string());
        }
    }
}

fn sums(report: &Report, args: &Args, page: &mut Page) {
    let payee = if args.corporate { "corporate rate" } else { "rate for others than corporations" };
    let mut rows = vec![
        Row::new().cell("Assessed, where it is known").cell(dollars(report.assessed_cents)),
        Row::new().cell("Owed, where it is known").cell(dollars(report.owed_cents)),
        Row::new().cell("Assessed less owed").cell(dollars(report.refundable_cents)),
    ];
    let (filed, stated) = report.filed_cents;
    if stated > 0 {
        rows.push(
            Row::new().cell(format!("The same on what was filed, on {}", count(stated, "line"))).cell(dollars(filed)),
        );
    }
    rows.push(Row::new().styled("Asked back", STRONG).styled(dollars(report.all.claim_cents), STRONG));
    rows.push(
        Row::new()
            .styled(format!("Interest so far, {payee}"), STRONG)
            .styled(dollars(report.all.interest_cents), STRONG),
    );
    page.table(2, &[Align::Fill, Align::Right], &rows);
    if report.all.without_interest_cents != 0 {
        let amount = dollars(report.all.without_interest_cents);
        page.wrapped(2, ATTENTION, &format!("The interest on {amount} of it is not known; it is not in the sum"));
    }
    if report.all.contested_cents != 0 {
        let amount = dollars(report.all.contested_cents);
        let both = dollars(report.all.claim_cents + report.all.contested_cents);
        page.wrapped(2, ATTENTION, &format!("Contested: {amount} more, {both} in all, if duties that had given way to annulled ones are not owed again"));
    }
}

/// What a person has to answer.
fn open(report: &Report, page: &mut Page) {
    if report.question_counts.is_empty() {
        return;
    }
    page.section("To be answered");
    for (kind, lines) in &report.question_counts {
        let what = match *kind {
            "amount" => "the amount turns on what is not stated",
            "path" => "the way turns on what is not stated",
            "interest" => "the interest is not known",
            "contested" => "a part is contested",
            _ => "the entry number is missing or not one of customs",
        };
        page.wrapped(2, PLAIN, &format!("{}: {what}", count(*lines, "line")));
        let first = report.questions.iter().find(|question| question.kind == *kind);
        if let Some(question) = first {
            page.item(4, "e.g. ", &format!("row {}: {}", question.source_row, question.text));
        }
    }
}

fn row(name: &str, sum: &Total) -> Row {
    let interest = match (sum.interest_cents, sum.without_interest_cents) {
        (0, 0) => String::new(),
        (0, _) => "interest not known".to_owned(),
        (interest, 0) => format!("{} interest", dollars(interest)),
        (interest, _) => format!("{} interest on a part", dollars(interest)),
    };
    counted(name, sum.lines).cell(dollars(sum.claim_cents)).cell(interest)
}

fn count(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn count_y(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// An amount that may be larger than any line's.
fn dollars(cents: i128) -> String {
    i64::try_from(cents).map_or_else(|_| format!("{cents} cents"), |cents| money(Cents(cents)))
}
