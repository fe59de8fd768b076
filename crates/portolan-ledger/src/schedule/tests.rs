//! The schedule as a whole: small made-up schedules, and the reviewed text of `schedule/us`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::fold::{ChangeRecord, EditionCounts, Fold};
use super::text::{ConcordanceRow, ConcordanceSource, Edition, LineRow, RateRow, ScheduleText};
use super::unit::Unit;
use super::*;
use crate::code::TariffCode;
use crate::duty_expression::{DutyExpression, Per, RefusalReason, SpecialColumn, Term};
use crate::number::Rate;
use crate::time::Day;

fn code(text: &str) -> TariffCode {
    text.parse().unwrap()
}

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The schedule of the repository, packed once.
fn us() -> &'static Schedule {
    static US: OnceLock<Schedule> = OnceLock::new();
    US.get_or_init(|| Schedule::open(pack_folder(&root().join("schedule/us")).unwrap()).unwrap())
}

fn found<'s>(schedule: &'s Schedule, text: &str, at: &str) -> Line<'s> {
    match schedule.line(code(text), day(at)) {
        Lookup::Found(line) => line,
        other => panic!("{text} on {at}: {other:?}"),
    }
}

fn rate(text: &str, from: Option<&str>, until: Option<&str>, general: &str) -> RateRow {
    RateRow {
        code: code(text),
        from: from.map(day),
        until: until.map(day),
        printed_from: 0,
        printed_to: 1,
        units: String::new(),
        general: general.to_owned(),
        special: "Free (S)".to_owned(),
        column_2: "20%".to_owned(),
        layer_2017: false,
    }
}

fn line(text: &str, from: Option<&str>, until: Option<&str>) -> LineRow {
    let (from, until) = (from.map(day), until.map(day));
    LineRow { code: code(text), from, until, printed_from: 0, printed_to: 1, units: "kg".to_owned() }
}

fn small() -> ScheduleText {
    ScheduleText {
        editions: vec![
            Edition { name: "one".to_owned(), published: day("2025-01-01") },
            Edition { name: "two".to_owned(), published: day("2025-07-01") },
        ],
        rates: vec![
            rate("0101.21.00", None, Some("2025-07-01"), "5%"),
            rate("0101.21.00", Some("2025-07-01"), None, "4%"),
            rate("0101.30.00", None, None, "Free"),
        ],
        layer_2017: vec![RateRow {
            layer_2017: true,
            ..rate("0101.29.50", Some("2017-01-01"), Some("2022-01-27"), "9%")
        }],
        lines: vec![
            line("0101.21.0010", None, None),
            line("0101.21.0020", None, Some("2025-07-01")),
            line("0101.21.0030", Some("2025-07-01"), None),
            line("0101.30.0000", None, None),
        ],
        concordance: vec![
            ConcordanceRow {
                old: code("0101.21.0020"),
                new: code("0101.21.0030"),
                date: day("2025-07-01"),
                source: ConcordanceSource::ChangeRecord,
            },
            ConcordanceRow {
                old: code("0101.29.50"),
                new: code("0101.30.00"),
                date: day("2022-01-27"),
                source: ConcordanceSource::Hs6,
            },
        ],
        labels: vec![(code("01"), "Live animals".to_owned()), (code("0101.21"), "Horses".to_owned())],
    }
}

fn packed(text: &ScheduleText) -> Schedule {
    Schedule::open(pack(text).unwrap()).unwrap()
}

#[test]
fn a_line_inherits_its_rate_and_both_intervals_bound_it() {
    let schedule = packed(&small());
    let early = found(&schedule, "0101.21.0010", "2025-03-01");
    assert_eq!(
        (early.general_text(), early.rate_row, early.until),
        ("5%", code("0101.21.00"), Some(day("2025-07-01")))
    );
    assert_eq!((early.printed_in.name, early.coverage, early.suffix_checked), ("one", Coverage::Printed, true));
    assert_eq!(early.units(), [Unit::parse("kg").unwrap()]);
    let late = found(&schedule, "0101.21.0010", "2025-07-01");
    assert_eq!((late.general_text(), late.from, late.until), ("4%", Some(day("2025-07-01")), None));
    let only = found(&schedule, "0101.30.00", "2025-03-01");
    assert_eq!((only.rate_row, only.units_text()), (code("0101.30.0000"), "kg"));
}

#[test]
fn days_outside_the_editions_are_said_to_be_so() {
    let schedule = packed(&small());
    let before = found(&schedule, "0101.21.0010", "2019-05-10");
    assert_eq!((before.coverage, before.printed_in.name), (Coverage::BeforeFirstEdition, "one"));
    let unchecked = found(&schedule, "0101.21.0099", "2019-05-10");
    assert!(!unchecked.suffix_checked);
    let after = found(&schedule, "0101.21.0010", "2026-01-01");
    assert_eq!((after.coverage, after.printed_in.name), (Coverage::AfterLastEdition, "two"));
    let layer = found(&schedule, "0101.29.5077", "2019-05-10");
    assert_eq!((layer.coverage, layer.suffix_checked, layer.general_text()), (Coverage::Layer2017, false, "9%"));
}

#[test]
fn codes_of_other_days_and_unknown_codes_are_told_apart() {
    let schedule = packed(&small());
    let Lookup::OtherDates(gone) = schedule.line(code("0101.21.0020"), day("2025-08-01")) else { panic!() };
    assert_eq!(gone.spans, [Span { code: code("0101.21.0020"), from: None, until: Some(day("2025-07-01")) }]);
    assert_eq!(gone.successors[0].code, code("0101.21.0030"));
    let Lookup::OtherDates(old) = schedule.line(code("0101.29.50"), day("2025-08-01")) else { panic!() };
    assert_eq!((old.spans[0].until, old.successors[0].source), (Some(day("2022-01-27")), ConcordanceSource::Hs6));
    let last = schedule.last_edition().published;
    let Lookup::Unknown(unknown) = schedule.line(code("0101.21.0011"), last) else { panic!() };
    assert_eq!(unknown.nearest[0], code("0101.21.0010"));
    // Past the last edition a suffix may be newer than it: it is taken, and said not to have been checked.
    let Lookup::Found(newer) = schedule.line(code("0101.21.0011"), day("2025-08-01")) else { panic!() };
    assert!(!newer.suffix_checked);
    assert_eq!(unknown.edition.name, "two");
    let Lookup::Unknown(unknown) = schedule.line(code("0101.99.00"), day("2025-08-01")) else { panic!() };
    assert_eq!(unknown.nearest, [code("0101.30.00"), code("0101.21.00")]);
    assert!(matches!(schedule.line(code("0101"), day("2025-08-01")), Lookup::Unknown(_)));
}

#[test]
fn lists_of_codes() {
    let schedule = packed(&small());
    let codes: Vec<TariffCode> = schedule.codes().map(|span| span.code).collect();
    let expected = ["0101.21.0010", "0101.21.0020", "0101.21.0030", "0101.29.50", "0101.30.0000"];
    assert_eq!(codes, expected.map(code));
    assert_eq!(schedule.children(code("0101.21.00"), day("2025-08-01")).len(), 2);
    let history: Vec<&str> = schedule.history(code("0101.21.0010")).iter().map(Line::general_text).collect();
    assert_eq!(history, ["5%", "4%"]);
    assert_eq!(schedule.label(code("0101.21.0010")), Some("Horses"));
    assert_eq!(schedule.label(code("0101.30.00")), Some("Live animals"));
    assert_eq!(schedule.label(code("02")), None);
}

#[test]
fn codes_are_carried_with_their_basis() {
    let schedule = packed(&small());
    assert_eq!(schedule.carry(code("0101.21.0020")), Carried::Same);
    assert_eq!(schedule.carry(code("0101")), Carried::Same);
    let hint = Carried::Into { codes: vec![code("0101.30.00")], basis: Basis::Hs6 };
    assert_eq!(schedule.carry(code("0101.29.50")), hint);
    assert_eq!(schedule.carry(code("0101.29")), hint);
    assert_eq!(schedule.carry(code("0202")), Carried::Cannot);
}

#[test]
fn damaged_bytes_never_panic() {
    let whole = pack(&small()).unwrap();
    assert_eq!(pack(&small()).unwrap(), whole);
    for length in 0..whole.len() {
        if let Ok(schedule) = Schedule::open(whole[..length].to_vec()) {
            let _ = schedule.line(code("0101.21.0010"), day("2025-08-01"));
        }
    }
    let mut state = 1_u64;
    for _ in 0..4_000 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap() % bytes.len();
            bytes[at] ^= u8::try_from((state >> 8) & 0xff).unwrap();
        }
        let Ok(schedule) = Schedule::open(bytes) else { continue };
        let _ = schedule.line(code("0101.21.0020"), day("2025-08-01"));
        let _ = schedule.line(code("0101.21.00"), day("2019-08-01"));
        let _ =
            (schedule.carry(code("0101.29.50")), schedule.label(code("0101.21")), schedule.history(code("0101.21.00")));
        assert!(schedule.codes().count() < 1_000_000);
    }
}

#[test]
fn boundaries_lie_on_legal_dates() {
    let row = |text: &str, general: &str, units: &str| OfficialRow {
        code: Some(code(text)),
        units: vec![units.to_owned()],
        general: general.to_owned(),
        column_2: general.to_owned(),
        ..OfficialRow::default()
    };
    let record = |text: &str, change: &str, detail: &str, effective: &str| ChangeRecord {
        edition: "two".to_owned(),
        code: code(text),
        change: change.to_owned(),
        detail: detail.to_owned(),
        effective: Some(day(effective)),
    };
    let mut fold = Fold::default();
    let [one, two] = small().editions.try_into().unwrap();
    fold.add(one, &[row("0101.21.00", "5%", ""), row("0101.21.0010", " ", "kg"), row("0101.30.0000", "Free", "No.")]);
    fold.add(
        two,
        &[
            row("0101.21.00", "5% <u></u>", ""),
            row("0101.21.0020", "", "kg"),
            row("0101.21.0040", "", "kg"),
            row("0101.30.0000", "1%", "No."),
        ],
    );
    let folded = fold.finish(&[
        record("0101.21.0010", "Discontinued", "(transferred to 0101.21.0020)", "2025-06-15"),
        record("0101.21.0020", "Established", "(transferred from 0101.21.0010)", "2025-09-01"),
    ]);
    assert_eq!(folded.faults, Vec::<String>::new());
    assert_eq!(folded.counts[0], EditionCounts { rates_at_8: 1, rates_at_10: 1, blank_cells: 1, statistical: 2 });
    let spans: Vec<_> = folded.lines.iter().map(|line| (line.code, line.from, line.until)).collect();
    assert_eq!(spans[0], (code("0101.21.0010"), None, Some(day("2025-06-15"))));
    assert_eq!(spans[1], (code("0101.21.0020"), Some(day("2025-06-15")), None), "the end of its parent dates it");
    assert_eq!(spans[2], (code("0101.21.0040"), None, None), "no record: it had been left out");
    let rates: Vec<_> = folded.rates.iter().map(|row| (row.general.as_str(), row.from, row.until)).collect();
    assert_eq!(
        rates,
        [("5%", None, None), ("Free", None, Some(day("2025-07-01"))), ("1%", Some(day("2025-07-01")), None)]
    );
}

#[test]
fn text_round_trips() {
    let folder = root().join("schedule/us");
    let text = ScheduleText::read(&folder).unwrap();
    let copy = std::env::temp_dir().join(format!("portolan-schedule-{}", std::process::id()));
    std::fs::create_dir_all(&copy).unwrap();
    text.write(&copy).unwrap();
    let again = ScheduleText::read(&copy).unwrap();
    for name in ["editions.csv", "special.csv", "rates.csv", "lines.csv", "layer_2017.csv", "concordance.csv"] {
        assert_eq!(std::fs::read(copy.join(name)).unwrap(), std::fs::read(folder.join(name)).unwrap(), "{name}");
    }
    std::fs::remove_dir_all(&copy).unwrap();
    assert_eq!(again, ScheduleText { labels: Vec::new(), ..text });
}

#[test]
fn faults_of_the_text_have_their_place() {
    let folder = std::env::temp_dir().join(format!("portolan-schedule-bad-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let fault = |name: &str, body: &str| {
        small().write(&folder).unwrap();
        std::fs::write(folder.join(name), body).unwrap();
        ScheduleText::read(&folder).unwrap_err().to_string()
    };
    let lines = "code,from,until,printed_from,printed_to,units\n";
    assert_eq!(
        fault("lines.csv", "code\n"),
        "lines.csv:1: the columns must be code,from,until,printed_from,printed_to,units"
    );
    assert_eq!(
        fault("lines.csv", &format!("{lines}0101.21.00,,,,,\n")),
        "lines.csv:2: code: `0101.21.00` does not have 10 digits"
    );
    assert_eq!(
        fault("lines.csv", &format!("{lines}0101.21.0010,,,,,\n0101.21.0010,,,,,\n")),
        "lines.csv:3: the intervals of 0101.21.0010 overlap"
    );
    assert_eq!(
        fault("lines.csv", &format!("{lines}0101.21.0010,2025-13-01,,,,\n")),
        "lines.csv:2: from: `2025-13-01` is not a date YYYY-MM-DD"
    );
    assert_eq!(
        fault("lines.csv", &format!("{lines}0101.21.0010,,,,three,\n")),
        "lines.csv:2: `three` is not in editions.csv"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_schedule_of_the_united_states() {
    let schedule = us();
    let petroleum = found(schedule, "2709.00.2010", "2025-08-01");
    assert_eq!(petroleum.general_rate().to_string(), "10.5¢/bbl");
    assert_eq!(found(schedule, "2203.00.0030", "2025-08-01").general_rate(), DutyExpression::Free);
    let battery = found(schedule, "8507.60.0020", "2025-08-01");
    assert_eq!((battery.general_text(), battery.until), ("3.4%", Some(day("2026-02-01"))));
    let Lookup::OtherDates(split) = schedule.line(code("8507.60.0020"), day("2026-03-01")) else { panic!() };
    let successors: Vec<TariffCode> = split.successors.iter().map(|successor| successor.code).collect();
    assert_eq!(successors, ["8507.60.0030", "8507.60.0090"].map(code));
    let watch = found(schedule, "9101.11.4010", "2025-08-01");
    assert!(!watch.suffix_checked);
    let korea = found(schedule, "0201.10.50", "2025-06-01").special_rates();
    assert_eq!(korea.for_program("KR").unwrap().expression.ad_valorem(), Some(Rate(17_000_000)));
    assert_eq!(found(schedule, "4420.19.0000", "2025-01-15").coverage, Coverage::Printed);
    let old = found(schedule, "0306.19.0041", "2019-06-01");
    assert_eq!((old.coverage, old.general_text()), (Coverage::Layer2017, "Free"));
    let corrected = schedule.history(code("3921.12.19"));
    let corrected: Vec<_> = corrected.iter().map(|line| (line.from, line.until)).collect();
    assert_eq!(corrected, [(None, Some(day("2012-05-15"))), (Some(day("2012-05-15")), None)]);
    let last = schedule.last_edition().published;
    let lines = schedule.codes().filter(|span| span.code.digits() == 10 && span.until.is_none());
    assert_eq!((schedule.last_edition().name, lines.count()), ("2026_rev_10", 19_738));
    let codes: Vec<Span> = schedule.codes().collect();
    assert!(codes.is_sorted());
    for span in codes.iter().filter(|span| span.until.is_none()) {
        assert!(matches!(schedule.line(span.code, last), Lookup::Found(_)), "{}", span.code);
    }
}

#[test]
fn every_text_of_the_schedule_reads_and_prints_as_itself() {
    let schedule = us();
    for text in schedule.rate_texts() {
        let expression = DutyExpression::parse(text);
        assert_eq!(expression.to_string(), text);
        let refused = expression.refusal().map(|refusal| refusal.reason);
        assert!(!matches!(refused, Some(RefusalReason::Unreadable | RefusalReason::Blank)), "{text:?}");
    }
    for text in schedule.special_texts() {
        let column = SpecialColumn::parse(text);
        assert_eq!(column.to_string(), text);
        for group in column.groups() {
            assert!(!group.programs.is_empty(), "{text}");
            let refused = group.expression.refusal().map(|refusal| refusal.reason);
            assert!(!matches!(refused, Some(RefusalReason::Unreadable | RefusalReason::Blank)), "{text:?}");
        }
    }
}

/// All 44 editions: every rate text reads or is refused by name, and the counts are those of the source.
#[test]
fn every_text_of_every_edition_reads_or_is_refused_by_name() {
    let source = root().join("../shared/data/hts");
    if !source.join("editions.csv").exists() {
        eprintln!("SKIPPED: the official editions are not at {}: their texts were not read", source.display());
        return;
    }
    let mut fold = Fold::default();
    let mut reader = csv::Reader::from_path(source.join("editions.csv")).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        let bytes = std::fs::read(source.join(format!("hts_{}.json.gz", &record[0]))).unwrap();
        let rows = parse_official(&bytes).unwrap();
        fold.add(Edition { name: record[0].to_owned(), published: day(&record[1]) }, &rows);
    }
    let folded = fold.finish(&[]);
    assert_eq!(folded.faults, ["2025_rev_16: 9401.99.3030 has no rate"]);
    assert_eq!(folded.editions.len(), 44);
    // 11,434 cells of 2026 rev 10 are not empty, 3,327 of eight digits and 8,107 of ten; 20 of them hold white space only.
    let expected = EditionCounts { rates_at_8: 3_327, rates_at_10: 8_087, blank_cells: 20, statistical: 19_738 };
    assert_eq!(folded.counts.last(), Some(&expected));
    assert!(!folded.texts.refused.contains_key(&RefusalReason::Unreadable));
    assert!(!folded.texts.refused.contains_key(&RefusalReason::Blank));
    assert_eq!(folded.texts.read, 1_325_233);
    assert_eq!(folded.texts.refused.values().sum::<usize>(), 38_148);
}

/// The annual table of 2017 states each ad valorem and specific rate as a number beside its text: the texts read as these.
/// It says 9999.999 where it gives no number, states rates for a thousand for one article, and has two slips of its own.
#[test]
fn texts_of_2017_read_as_the_numbers_beside_them() {
    let source = root().join("../shared/data/usitc_tariff_database_2017.csv.gz");
    let Ok(packed) = std::fs::File::open(&source) else {
        eprintln!("SKIPPED: the table of 2017 is not at {}: its texts were not compared", source.display());
        return;
    };
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(packed));
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (hts8, text) = (column("hts8"), column("mfn_text_rate"));
    let (percent, specific) = (column("mfn_ad_val_rate"), column("mfn_specific_rate"));
    let (mut compared, mut differ) = (0, Vec::new());
    for record in reader.records() {
        let record = record.unwrap();
        let number = |column: usize| crate::number::parse_scaled(record[column].as_bytes(), 9);
        let (Ok(percent), Ok(specific)) = (number(percent), number(specific)) else { continue };
        let expression = DutyExpression::parse(&record[text]);
        let DutyExpression::Sum(terms) = &expression else { continue };
        if percent == 9_999_999_999_000 {
            continue;
        }
        let read = terms.iter().try_fold((0, 0), |sum, term| match (sum, term) {
            ((p, s), Term::AdValorem { percent, part: None }) => Some((p + percent.rate()?.0, s)),
            ((p, 0), Term::Specific { price, per: Per::Thousand }) => Some((p, price.0 / 1000)),
            ((p, 0), Term::Specific { price, .. }) => Some((p, price.0)),
            _ => None,
        });
        if let Some(read) = read {
            compared += 1;
            if read != (percent, specific) {
                differ.push(format!("{} {expression}: {percent} {specific}", &record[hts8]));
            }
        }
    }
    assert!(compared > 6_000, "{compared}");
    assert_eq!(differ, ["22042260 14¢/liter: 0 14000000", "96089930 20¢/1000 + 3.5%: 35000000 200000000"]);
}
