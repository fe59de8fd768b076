//! The ledger against every official edition: no heading is passed over, and every disagreement has its reason.
//!
//! The editions lie beside the repository; without them there is nothing to hold the ledger against, and the test says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use portolan_ledger::drift::{Agreement, Edition, Heading, Report, Status, drift};
use portolan_ledger::read;
use portolan_ledger::schedule::parse_official;
use portolan_ledger::{Day, Ledger, TariffCode};

/// Disagreements that no truce, end or beginning of the law explains, with why the ledger is held to be right.
const ACCEPTED: [(&str, Agreement, &str); 5] = [
    ("9903.45.22", Agreement::PrintedLate, "the first year's rate; note 18(f), named in the footnote, stages it down"),
    ("9903.45.25", Agreement::PrintedLate, "the first year's rate; note 18(h), named in the footnote, stages it down"),
    ("9903.81.93", Agreement::BasisInNotes, "zone goods: the content, as for goods that were in no zone"),
    ("9903.81.99", Agreement::BasisInNotes, "zone goods: the content, as for goods that were in no zone"),
    ("9903.82.20", Agreement::BasisInNotes, "the part that is not of the United States: note 16"),
];

/// Headings in force that an edition leaves out.
const LEFT_OUT: [(&str, &str, &str); 1] =
    [("2026_rev_6", "9903.82.01", "printed in revisions 5 and 7 of 2026 and in force between them")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn ledger() -> Ledger {
    read::read(&read::collect(&root().join("ledger")).unwrap()).unwrap().ledger
}

/// Name, day of publication and report of every edition, oldest first.
fn reports(ledger: &Ledger) -> Vec<(String, Report)> {
    let shared = root().join("../shared");
    let Ok(mut table) = csv::Reader::from_path(shared.join("data/hts/editions.csv")) else { return Vec::new() };
    let editions: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let report = |edition: &csv::StringRecord| {
        let rows = parse_official(&std::fs::read(shared.join(&edition[2])).unwrap()).unwrap();
        let published = Day::parse_iso(edition[1].as_bytes()).unwrap();
        let report = drift(ledger, ledger.side("US").unwrap(), &Edition { rows: &rows, published }).unwrap();
        (edition[0].to_owned(), report)
    };
    let report = &report;
    let half = editions.len().div_ceil(2).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = editions
            .chunks(half)
            .map(|part| scope.spawn(move || part.iter().map(report).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

fn heading<'r>(reports: &'r [(String, Report)], edition: &str, code: &str) -> &'r Heading {
    let report = &reports.iter().find(|(name, _)| name == edition).unwrap().1;
    report.headings.iter().find(|heading| heading.code.to_string() == code).unwrap()
}

#[test]
fn every_heading_of_every_edition_is_accounted_for() {
    let ledger = ledger();
    let reports = reports(&ledger);
    if reports.is_empty() {
        eprintln!("SKIPPED: no official editions beside the repository (../shared/data/hts/editions.csv)");
        return;
    }
    for (name, report) in &reports {
        println!("{name:<12} {}", report.totals());
    }
    nothing_is_missing(&reports);
    disagreements_have_reasons(&reports);
    nothing_in_force_is_left_out(&reports);
    runs_of_the_register_are_printed(&ledger, &reports);
    known_answers(&reports);
}

fn nothing_is_missing(reports: &[(String, Report)]) {
    let headings = reports.iter().flat_map(|(_, report)| &report.headings);
    let missing: BTreeSet<String> =
        headings.filter(|heading| heading.status == Status::Missing).map(|heading| heading.code.to_string()).collect();
    assert_eq!(missing, BTreeSet::new(), "a heading that an edition prints gets a record, or a place in outside.toml");
}

fn disagreements_have_reasons(reports: &[(String, Report)]) {
    let mut seen: BTreeMap<(String, Agreement), usize> = BTreeMap::new();
    for (name, report) in reports {
        for heading in &report.headings {
            let Some(agreement) = heading.agreement.filter(|agreement| *agreement != Agreement::Agrees) else {
                continue;
            };
            assert!(heading.reason.is_some(), "{name} {}: {}", heading.code, agreement.name());
            let explained = matches!(
                agreement,
                Agreement::PrintedEarly | Agreement::PrintedButSuspended | Agreement::PrintedButEnded
            );
            let code = heading.code.to_string();
            let accepted = ACCEPTED.iter().any(|(accepted, with, _)| *accepted == code && *with == agreement);
            assert!(explained || accepted, "{name} {code} prints `{}`: {}", heading.printed, agreement.name());
            *seen.entry((code, agreement)).or_default() += 1;
        }
    }
    for (code, agreement, why) in ACCEPTED {
        assert!(
            seen.contains_key(&(code.to_owned(), agreement)),
            "{code} agrees now; it leaves the list `ACCEPTED`: {why}"
        );
    }
    for class in Agreement::ALL.into_iter().filter(|class| *class != Agreement::Agrees) {
        let headings = seen.keys().filter(|(_, agreement)| *agreement == class).count();
        let printed: usize = seen.iter().filter(|((_, agreement), _)| *agreement == class).map(|(_, n)| n).sum();
        println!("{:<22} {headings:>4} headings, printed so {printed:>5} times", class.name());
    }
}

fn nothing_in_force_is_left_out(reports: &[(String, Report)]) {
    for (name, report) in reports {
        for unprinted in &report.unprinted {
            let code = unprinted.code.to_string();
            let known = LEFT_OUT.iter().any(|(edition, heading, _)| edition == name && *heading == code);
            assert!(known, "{name} does not print {code}, in force since {}: {:?}", unprinted.since, unprinted.records);
        }
    }
}

/// A run that held a number which no edition prints could swallow a heading to come.
fn runs_of_the_register_are_printed(ledger: &Ledger, reports: &[(String, Report)]) {
    let headings = reports.iter().flat_map(|(_, report)| &report.headings);
    let printed: BTreeSet<TariffCode> = headings.map(|heading| heading.code).collect();
    for (first, last) in ledger.outside.iter().flat_map(|outside| &outside.headings) {
        // Numbers of eight digits lie a hundred apart, filled to ten.
        for number in (first.padded()..=last.padded()).step_by(100) {
            let code = TariffCode::from_padded(number, 8);
            assert!(printed.contains(&code), "outside.toml: {code} of the run {first}-{last} is printed nowhere");
        }
    }
}

fn known_answers(reports: &[(String, Report)]) {
    let truce = heading(reports, "2025_rev_14", "9903.01.63");
    assert_eq!(truce.agreement, Some(Agreement::PrintedButSuspended));
    assert!(truce.printed.ends_with("+ 34%") && truce.reason.as_deref().unwrap().contains("2025-08-12"));
    let ended = heading(reports, "2026_rev_3", "9903.01.20");
    assert_eq!((ended.status, ended.agreement), (Status::Expired, Some(Agreement::PrintedButEnded)));
    assert_eq!(heading(reports, "2025_rev_14", "9903.88.03").agreement, Some(Agreement::Agrees));
    assert_eq!(heading(reports, "2025_basic", "9903.80.05").status, Status::Modelled);
    assert_eq!(heading(reports, "2026_rev_10", "9903.52.01").status, Status::Outside);
    let last = &reports.last().unwrap().1;
    let list_4a = last.footnotes.iter().find(|found| found.heading.to_string() == "9903.88.15").unwrap();
    // Note 20(s) lost it on 1 January 2026; its footnote stands.
    assert!(list_4a.footnote_only.iter().any(|code| code.to_string() == "8507.60.00"));
    for found in &last.footnotes {
        println!(
            "{} agree {:>5}, footnote only {:>4}, list only {:>4}",
            found.heading,
            found.agree,
            found.footnote_only.len(),
            found.list_only.len()
        );
    }
}
