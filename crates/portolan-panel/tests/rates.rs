//! Effective rates against the bills of single lines, against published averages, and against themselves.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use portolan_engine::{Engine, Law};
use portolan_ledger::line::{EntryLine, View, When};
use portolan_ledger::record::Origin;
use portolan_ledger::schedule::Schedule;
use portolan_ledger::{Cents, Day, Ledger, Rate, Side, TariffCode};
use portolan_panel::rates::ordinary::Ordinary;
use portolan_panel::rates::shares::{Shares, Table};
use portolan_panel::rates::sums::Stretch;
use portolan_panel::rates::write::{self, Labels};
use portolan_panel::rates::{Rates, Request, Split, rates};
use portolan_panel::weights::{Partner, Weight, Weights};

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

fn code(text: &str) -> TariffCode {
    text.parse().unwrap()
}

struct Law2 {
    ledger: Ledger,
    schedule: Schedule,
}

fn opened() -> Law2 {
    Law2 { ledger: portolan_law::ledger().unwrap(), schedule: portolan_law::schedule().unwrap() }
}

/// Weights of dollars, without a file.
fn weights(ledger: &Ledger, cells: &[(&str, &str, i64)]) -> Weights {
    let mut weights = Weights { name: "test".to_owned(), partners: Vec::new(), cells: Vec::new() };
    for (number, origin, dollars) in cells {
        let partner = Partner::read(origin, ledger);
        let at = weights.partners.iter().position(|known| *known == partner).unwrap_or_else(|| {
            weights.partners.push(partner);
            weights.partners.len() - 1
        });
        let partner = u16::try_from(at).unwrap();
        weights.cells.push(Weight { code: code(number), partner, value: Cents(dollars * 100), ordinary: None });
    }
    weights
}

/// A request for the days from one on, through another.
fn request<'r>(weights: &'r Weights, shares: &'r Shares, ordinary: &'r Ordinary, days: (&str, &str)) -> Request<'r> {
    Request {
        side: Side(0),
        view: View::Assessed,
        known: day("2026-11-22"),
        from: day(days.0),
        until: Day(day(days.1).0 + 1),
        split: Split::default(),
        weights,
        shares,
        ordinary,
        knows_ordinary: true,
    }
}

fn on(stretches: &[Stretch], day: Day) -> &Stretch {
    stretches.iter().find(|stretch| stretch.from <= day && day < stretch.until).unwrap()
}

#[test]
fn the_rate_of_one_flow_is_the_bill_of_its_line() {
    let Law2 { ledger, schedule } = opened();
    let law = Law::new(&ledger, Some(&schedule));
    let mut engine = Engine::new(&law);
    let (none, ordinary) = (Shares::none(), Ordinary::default());
    let (mut settled, mut open) = (0, 0);
    for number in ["9403.60.80.93", "7208.10.15.00", "8703.23.01.90", "6109.10.00.12", "2709.00.20.10", "8542.31.00.45"]
    {
        for origin in ["CN", "CA", "DE", "JP", "RU", "BR"] {
            let weights = weights(&ledger, &[(number, origin, 1_000)]);
            let found = rates(&request(&weights, &none, &ordinary, ("2025-01-01", "2026-10-31")), &law).unwrap();
            for on_day in (0..660).step_by(29).map(|later| Day(day("2025-01-01").0 + later)) {
                let stretch = on(&found.groups[0].stretches, on_day);
                let origin = Origin::parse(origin.as_bytes()).unwrap();
                let mut line = EntryLine::new(Side(0), code(number), origin, When::Day(on_day), day("2026-11-22"));
                line.value = Some(Cents(100_000_000_000));
                let bill = engine.bill(&line).unwrap();
                let place = format!("{number} {origin} {on_day}");
                let points = |cents: Option<Cents>| cents.map(|cents| (cents.0 + 500) / 1_000);
                if let Some(total) = bill.total_pct {
                    assert_eq!(stretch.rate, Some(total.micro_points()), "{place}");
                    settled += 1;
                } else if bill.duty_max.is_some() {
                    assert_eq!((stretch.low, stretch.rate), (points(bill.duty_min), points(bill.duty_max)), "{place}");
                    open += 1;
                } else {
                    assert_eq!((stretch.rate, stretch.not_priced), (None, 100_000), "{place}");
                }
            }
        }
    }
    assert!(settled > 250 && open > 10, "{settled} settled, {open} open");
}

#[test]
fn what_is_printed_of_families_and_measures_sums_to_what_is_printed_of_the_whole() {
    let Law2 { ledger, schedule } = opened();
    let law = Law::new(&ledger, Some(&schedule));
    let mut all = Weights::us_2024(&ledger).unwrap();
    all.cells = all.cells.into_iter().step_by(997).collect();
    let (none, ordinary) = (Shares::none(), Ordinary::default());
    let whole = request(&all, &none, &ordinary, ("2025-04-01", "2025-05-31"));
    let by = |split: Split| {
        let request = Request { split, ..whole.clone() };
        let found = rates(&request, &law).unwrap();
        rows(&found, &request, &ledger)
    };
    let total = by(Split::default());
    assert_eq!(total.len(), 61, "a row a day");
    for split in [Split { family: true, ..Split::default() }, Split { measure: true, ..Split::default() }] {
        let parts = by(split);
        assert!(parts.len() > 3 * total.len());
        assert_eq!(summed(&parts, 1), summed(&total, 1));
    }
    let origins = by(Split { origin: true, ..Split::default() });
    let both = by(Split { origin: true, family: true, ..Split::default() });
    assert_eq!(summed(&both, 2), summed(&origins, 2));
    let chapters = by(Split { chapter: true, ..Split::default() });
    let weight = |rows: &[Vec<String>]| {
        rows.iter().filter(|row| row[0] == "2025-04-05").map(|row| cents(&row[row.len() - 8])).sum::<i64>()
    };
    assert_eq!(weight(&chapters), weight(&total));
}

/// The rows that are written a day, as cells without direction and view.
fn rows(found: &Rates, request: &Request<'_>, ledger: &Ledger) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    let labels = Labels { direction: "us_import", view: "assessed", scenario: String::new() };
    write::csv(&mut out, found, request, ledger, &labels, true).unwrap();
    let text = String::from_utf8(out).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let dropped = |mut row: Vec<String>| {
        row.drain(1..3);
        row
    };
    text.lines().skip(1).map(|line| dropped(cells(line))).collect()
}

/// Rates and lowest rates summed over rows with the same first cells, in millionths.
fn summed(rows: &[Vec<String>], keys: usize) -> std::collections::BTreeMap<Vec<String>, (i64, i64)> {
    let mut sums = std::collections::BTreeMap::new();
    for row in rows {
        let points =
            |back: usize| portolan_ledger::number::parse_scaled(row[row.len() - back].as_bytes(), 6).unwrap_or(0);
        let sum: &mut (i64, i64) = sums.entry(row[..keys].to_vec()).or_default();
        sum.0 += points(11);
        sum.1 += points(10);
    }
    sums
}

fn cents(text: &str) -> i64 {
    Cents::parse(text.as_bytes()).unwrap().0
}

#[test]
fn what_meets_no_line_and_what_has_no_price_is_counted_and_left_out() {
    let Law2 { ledger, schedule } = opened();
    let law = Law::new(&ledger, Some(&schedule));
    let cells =
        [("9403.60.80", "DE", 600), ("9999.95.00", "DE", 50), ("9403.60.80", "Atlantis", 7), ("0201.30.50", "DE", 3)];
    let mut weights = weights(&ledger, &cells);
    let (none, ordinary) = (Shares::none(), Ordinary::default());
    let days = ("2025-02-01", "2025-02-01");
    let of = |weights: &Weights| {
        rates(&request(weights, &none, &ordinary, days), &law).unwrap().groups[0].stretches[0].clone()
    };
    let found = of(&weights);
    assert_eq!((found.weight, found.unmatched, found.not_priced), (60_000, 5_700, 300));
    assert_eq!(found.rate, Some(0), "wooden furniture is free");
    // What the rate by quantity came to makes it a part of the sum: 3 of 603 dollars at 20.1 percent.
    weights.cells[3].ordinary = Some(Rate(201_000_000));
    let found = of(&weights);
    assert_eq!((found.weight, found.not_priced, found.rate), (60_300, 0, Some(100_000)));
    // It says nothing of a rate that is a percentage.
    weights.cells[0].ordinary = Some(Rate::percent(90));
    assert_eq!(of(&weights).rate, Some(100_000));
}

#[test]
fn a_share_that_states_a_fact_gives_the_mixture() {
    let Law2 { ledger, schedule } = opened();
    let law = Law::new(&ledger, Some(&schedule));
    let weights = weights(&ledger, &[("9403.60.80.93", "MX", 1_000)]);
    let folder = folder("shares");
    let file = folder.join("shares.csv");
    std::fs::write(&file, "code,origin,fact,value,share\n9403,MX,spi,S,0.4\n").unwrap();
    let (shares, ordinary) = (Shares::read(&[Table::File(&file)], &ledger).unwrap(), Ordinary::default());
    let of = |shares: &Shares| {
        let found = rates(&request(&weights, shares, &ordinary, ("2025-03-10", "2025-03-10")), &law).unwrap();
        found.groups[0].stretches[0].rate
    };
    assert_eq!(of(&Shares::none()), Some(25_000_000));
    assert_eq!(of(&shares), Some(15_000_000), "goods of Mexico under USMCA are free of the border duty");
}

#[test]
fn a_group_is_its_members_and_a_shorter_number_all_below_it() {
    let Law2 { ledger, schedule } = opened();
    let law = Law::new(&ledger, Some(&schedule));
    let (none, ordinary) = (Shares::none(), Ordinary::default());
    let of = |number: &str, origin: &str| {
        let weights = weights(&ledger, &[(number, origin, 1_000)]);
        let found = rates(&request(&weights, &none, &ordinary, ("2025-01-01", "2026-06-30")), &law).unwrap();
        found.groups[0].stretches.iter().map(|s| (s.from, s.low, s.rate)).collect::<Vec<_>>()
    };
    for number in ["6109.10.00.12", "8703.23.01.90", "9403.60.80.93"] {
        assert_eq!(of(number, "EU"), of(number, "DE"), "{number}");
    }
    // Of a heading the highest and the lowest of its numbers.
    let wide = of("6109.10", "DE");
    assert_eq!(wide, of("6109.10.00", "DE"), "it has one number of eight digits");
    let shirts = of("6109", "DE");
    assert!(shirts[0].1 < shirts[0].2, "two numbers with two rates: {shirts:?}");
    assert_eq!((shirts[0].1, shirts[0].2), (Some(2_600_000), Some(32_000_000)));
}

#[test]
fn the_weights_of_2024_meet_the_nomenclature_of_later_years() {
    let Law2 { ledger, schedule } = opened();
    let law = Law::new(&ledger, Some(&schedule));
    let mut weights = Weights::us_2024(&ledger).unwrap();
    // Chapters 98 and 99 are not in the schedule.
    weights.cells.retain(|cell| cell.code.chapter() <= 97);
    let total = weights.total();
    // One partner is enough: what a number means does not turn on the origin.
    for cell in &mut weights.cells {
        cell.partner = 0;
    }
    let (none, ordinary) = (Shares::none(), Ordinary::default());
    let request = request(&weights, &none, &ordinary, ("2026-06-01", "2026-06-01"));
    let found = rates(&request, &law).unwrap();
    let stretch = &found.groups[0].stretches[0];
    assert_eq!(stretch.weight + stretch.unmatched + stretch.not_priced, total);
    assert!(stretch.unmatched * 1_000 < total, "{} cents met no line: {:?}", stretch.unmatched, &found.unmatched[..5]);
    assert!(stretch.not_priced * 100 < total, "{} cents have no price", stretch.not_priced);
}

/// The tables of Bown, Jung and Zhang (PIIE, 12 June 2019), which do not ship; none where they are not there.
fn reading_table(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    let mut text = String::new();
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) => {
            eprintln!("SKIPPED: the reading table {} is not there: {error}", path.display());
            return None;
        }
    };
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(text)
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rates").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn chinas_tariff_on_goods_of_the_united_states_is_the_published_average() {
    let imports = reading_table("data/china_imports_from_us_2017_hs8.csv.gz");
    let tariffs = reading_table("facts/cn/piie_bown_jung_zhang_2019_hs10.csv.gz");
    let (Some(imports), Some(tariffs)) = (imports, tariffs) else { return };
    let Law2 { ledger, schedule } = opened();
    let law = Law::new(&ledger, Some(&schedule));
    let folder = folder("china");
    std::fs::write(folder.join("weights.csv"), china_weights(&imports)).unwrap();
    std::fs::write(folder.join("mfn.csv"), china_rates(&tariffs)).unwrap();
    let weights = Weights::read(&folder.join("weights.csv"), &ledger).unwrap();
    let (none, ordinary) = (Shares::none(), Ordinary::read(&folder.join("mfn.csv")).unwrap());
    let request = Request {
        side: ledger.side("CN").unwrap(),
        ..request(&weights, &none, &ordinary, ("2018-01-01", "2019-06-30"))
    };
    let found = rates(&request, &law).unwrap();
    // On the ten dates of the tables, in hundredths of a percentage point.
    let published = [
        ("2018-01-01", 598),
        ("2018-04-02", 641),
        ("2018-05-01", 639),
        ("2018-07-01", 532),
        ("2018-07-06", 1_100),
        ("2018-08-23", 1_338),
        ("2018-09-24", 1_584),
        ("2018-11-01", 1_578),
        ("2019-01-01", 1_345),
        ("2019-06-01", 1_564),
    ];
    for (date, hundredths) in published {
        let rate = on(&found.groups[0].stretches, day(date)).rate.unwrap();
        assert!((rate - hundredths * 10_000).abs() <= 10_000, "{date}: {rate} millionths, published {hundredths}");
    }
}

/// Thousands of dollars by eight digits, as weights.
fn china_weights(imports: &str) -> String {
    let mut reader = csv::Reader::from_reader(imports.as_bytes());
    let rows = reader.records().map(Result::unwrap);
    let rows = rows.map(|row| format!("{},US,{}000\n", &row[0], &row[2]));
    ["code,origin,value_usd\n".to_owned()].into_iter().chain(rows).collect()
}

/// The ordinary rates by ten digits and date: the rate of the first day and the changes of ordinary and provisional rates. Of
/// numbers that the table parts by a letter, the mean; without an ordinary rate, none.
fn china_rates(tariffs: &str) -> String {
    let mut reader = csv::Reader::from_reader(tariffs.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|cell| cell == name).unwrap();
    let steps = [
        ("2018-01-01", at("mfn_2018_01_01")),
        ("2018-05-01", at("dmfn_2018_05_01")),
        ("2018-07-01", at("dmfn_2018_07_01")),
        ("2018-11-01", at("dmfn_2018_11_01")),
        ("2019-01-01", at("dprovisional_2019_01_01")),
    ];
    let mut rates: std::collections::BTreeMap<String, Vec<[i64; 5]>> = std::collections::BTreeMap::new();
    for row in reader.records().map(Result::unwrap).filter(|row| !row[at("mfn_2018_01_01")].is_empty()) {
        let mut rate = 0;
        let own = steps.map(|(_, column)| {
            // The table prints binary floats: seven decimals are more than any rate has.
            let change: f64 = row[column].parse().unwrap_or(0.0);
            rate += Rate::parse(format!("{change:.7}").as_bytes()).unwrap().0;
            rate
        });
        rates.entry(row[0].chars().take(10).collect()).or_default().push(own);
    }
    let mut text = "code,from,mfn_pct\n".to_owned();
    for (code, own) in rates {
        for (step, (date, _)) in steps.iter().enumerate() {
            let mean = own.iter().map(|rates| rates[step]).sum::<i64>() / i64::try_from(own.len()).unwrap();
            writeln!(text, "{code},{date},{}", Rate(mean)).unwrap();
        }
    }
    text
}
