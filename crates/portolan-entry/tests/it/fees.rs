//! Fees: by entry, by line, exempt, and not known.

use portolan_entry::Layers;

use crate::{Table, answer};

const HEAD: &str = "entry_number,line_number,hts_number,country_of_origin,entry_date,entered_value_usd,known_date,\
                    mode_of_transport,spi,entry_type,ch98_number,processing_value_usd";

/// An amount of dollars in cents.
fn cents(text: &str) -> i64 {
    portolan_ledger::Cents::parse(text.as_bytes()).unwrap().0
}

/// A line; what is empty is not stated.
#[derive(Clone)]
struct Line {
    entry: &'static str,
    number: &'static str,
    origin: &'static str,
    day: &'static str,
    value: String,
    mode: &'static str,
    spi: &'static str,
    entry_type: &'static str,
    ch98: &'static str,
    processing: &'static str,
}

fn line(value: &str) -> Line {
    Line {
        entry: "",
        number: "",
        origin: "VN",
        day: "2025-11-03",
        value: value.to_owned(),
        mode: "air",
        spi: "",
        entry_type: "",
        ch98: "",
        processing: "",
    }
}

fn file(lines: &[Line]) -> String {
    let row = |l: &Line| {
        let cells = [
            l.entry,
            l.number,
            "9503.00.0073",
            l.origin,
            l.day,
            &l.value,
            "2026-10-09",
            l.mode,
            l.spi,
            l.entry_type,
            l.ch98,
            l.processing,
        ];
        cells.join(",")
    };
    format!("{HEAD}\n{}\n", lines.iter().map(row).collect::<Vec<_>>().join("\n"))
}

/// The bill and the rows of family `fee`.
fn bill(lines: &[Line]) -> (Table, Vec<[String; 6]>) {
    let done = answer(&file(lines), Layers::All).unwrap();
    let layers = Table::read(&done.layers);
    let names = ["source_row", "provision", "status", "reason_code", "reason", "duty"];
    let rows = (0..layers.rows.len()).filter(|&row| layers.get(row, "family") == "fee");
    let rows = rows.map(|row| names.map(|name| layers.get(row, name).to_owned())).collect();
    (Table::read(&done.bill), rows)
}

fn mpf(line: Line) -> String {
    bill(&[line]).0.get(0, "mpf").to_owned()
}

#[test]
fn the_processing_fee_is_bounded_by_the_fiscal_year_of_the_entry() {
    for (day, value, expected) in [
        ("2025-11-03", "10000", "34.64"),
        ("2025-11-03", "100000", "346.40"),
        ("2025-11-03", "1000", "33.58"),
        ("2025-11-03", "188000", "651.23"),
        ("2025-11-03", "1000000", "651.50"),
        // 90 FR 34665: from 1 October 2025.
        ("2025-09-30", "1000", "32.71"),
        ("2025-10-01", "1000", "33.58"),
        ("2025-09-30", "1000000", "634.62"),
        ("2024-09-30", "1000", "31.67"),
        ("2024-09-30", "1000000", "614.35"),
        ("2019-05-01", "1000", "26.22"),
        // Values are taken in whole dollars, half up.
        ("2025-11-03", "20000.49", "69.28"),
        ("2025-11-03", "20001.50", "69.29"),
        ("2025-11-03", "0", "0"),
    ] {
        let found = mpf(Line { day, ..line(value) });
        assert_eq!(cents(&found), cents(expected), "{value} on {day}: {found}");
    }
}

#[test]
fn lines_of_an_entry_share_one_fee_to_the_cent_wherever_they_stand() {
    let of = |entry: &'static str, number: &'static str, value: &str| Line { entry, number, ..line(value) };
    let lines = [
        of("ABC-0000001-1", "1", "100"),
        of("ABC-0000002-9", "1", "500000"),
        of("abc00000011", "3", "50"),
        of("", "9", "1000"),
        of("ABC-0000002-9", "2", "1"),
        of("ABC-0000001-1", "2", "100"),
        of("ABC-0000003-7", "1", "1000"),
    ];
    let shares = |lines: &[Line]| {
        let (bill, _) = bill(lines);
        let mut found: Vec<_> = (0..lines.len())
            .map(|row| {
                let get = |name| bill.get(row, name).to_owned();
                (get("entry_number").replace('-', "").to_uppercase(), get("line_number"), get("mpf"))
            })
            .collect();
        found.sort();
        found
    };
    let found = shares(&lines);
    let sum = |entry: &str| found.iter().filter(|(of, ..)| of == entry).map(|(.., mpf)| cents(mpf)).sum::<i64>();
    // 250 dollars in all owe the least, 500,001 the most; lines alone are entries of their own.
    assert_eq!((sum("ABC00000011"), sum("ABC00000029"), sum("ABC00000037"), sum("")), (3_358, 65_150, 3_358, 3_358));
    let first: Vec<&str> = found.iter().filter(|(of, ..)| of == "ABC00000011").map(|(.., mpf)| mpf.as_str()).collect();
    assert_eq!(first, ["13.43", "13.43", "6.72"]);
    let mut turned = lines.to_vec();
    for _ in 0..turned.len() {
        turned.rotate_left(1);
        assert_eq!(shares(&turned), found);
        turned.swap(0, 3);
        assert_eq!(shares(&turned), found);
    }
}

#[test]
fn layers_hold_the_fees_of_the_bill() {
    let (bill, rows) = bill(&[Line { mode: "vessel", ..line("10000") }]);
    assert_eq!((bill.get(0, "mpf"), bill.get(0, "hmf")), ("34.64", "12.50"));
    assert_eq!(cents(bill.get(0, "landed_total")), 1_000_000 + cents(bill.get(0, "total_duty")) + 3_464 + 1_250);
    let told: Vec<[&str; 4]> = rows.iter().map(|row| [&*row[1], &*row[2], &*row[3], &*row[5]]).collect();
    assert_eq!(told, [["mpf-formal", "applied", "fee_of_entry", "34.64"], ["hmf", "applied", "fee_of_line", "12.50"]]);
    assert!(rows[0][4].contains("an entry of its own"), "{}", rows[0][4]);
}

#[test]
fn what_is_exempt_owes_nothing_and_adds_nothing_to_its_entry() {
    let korean = Line { origin: "KR", spi: "KR", ..line("1000000") };
    let (bill_of, rows) = bill(std::slice::from_ref(&korean));
    assert_eq!((bill_of.get(0, "mpf"), rows[0][2].as_str()), ("0", "exempt"));
    assert!(rows[0][4].starts_with("exempt: special program KR"), "{}", rows[0][4]);
    assert_eq!(mpf(Line { origin: "KR", ..line("1000000") }), "651.50", "a program that is not claimed frees nothing");
    assert_eq!(mpf(Line { origin: "JO", spi: "JO", ..line("1000000") }), "651.50", "not every agreement frees");
    assert_eq!(mpf(Line { origin: "IL", ..line("1000000") }), "0");
    // 19 CFR 24.23(c)(3): tariff preference levels of the USMCA are exempt, those of other agreements are not.
    let level = |origin, spi, ch98| mpf(Line { origin, spi, ch98, ..line("1000000") });
    assert_eq!(level("CA", "S+", "9823.52.01"), "0");
    assert_eq!(level("CL", "CL", "9822.02.01"), "651.50");
    // Without the exempt line the entry owes the least.
    let in_entry = |line: Line, number| Line { entry: "E1", number, ..line };
    let (bill, _) = bill(&[in_entry(korean, "1"), in_entry(line("1000"), "2")]);
    assert_eq!((bill.get(0, "mpf"), bill.get(1, "mpf")), ("0", "33.58"));
}

#[test]
fn the_harbor_fee_asks_for_the_mode_and_is_never_zero_while_it_is_not_stated() {
    let (bill_of, rows) = bill(&[Line { mode: "", ..line("10000") }]);
    assert_eq!((bill_of.get(0, "hmf"), bill_of.get(0, "landed_total")), ("", ""));
    assert_eq!((rows[1][1].as_str(), rows[1][2].as_str(), rows[1][3].as_str()), ("hmf", "needs_input", "missing_fact"));
    assert!(rows[1][4].contains("mode_of_transport"), "{}", rows[1][4]);
    assert_eq!(bill_of.get(0, "needs_input"), "", "the duty asks for nothing");
    let (bill_of, rows) = bill(&[line("10000")]);
    assert_eq!((bill_of.get(0, "hmf"), rows[1][2].as_str()), ("0", "not_in_force"));
}

#[test]
fn a_figure_that_is_not_known_is_named_and_never_zero() {
    let (bill_of, rows) = bill(&[Line { day: "2026-10-05", mode: "vessel", ..line("10000") }]);
    assert_eq!((bill_of.get(0, "mpf"), bill_of.get(0, "landed_total"), bill_of.get(0, "hmf")), ("", "", "12.50"));
    assert_eq!((rows[0][2].as_str(), rows[0][3].as_str()), ("needs_input", "not_known"));
    assert!(rows[0][4].starts_with("what it is on that day is not known"), "{}", rows[0][4]);
    // Past the day through which the register was checked what it says is counted, and marked.
    let (bill_of, rows) = bill(&[Line { day: "2026-10-20", mode: "vessel", ..line("10000") }]);
    assert_eq!((bill_of.get(0, "hmf"), rows[1][2].as_str()), ("12.50", "beyond_horizon"));
    let (bill_of, rows) = bill(&[Line { entry_type: "23", ..line("10000") }]);
    assert_eq!((bill_of.get(0, "mpf"), rows[0][3].as_str()), ("", "not_known"));
    let (bill_of, rows) = bill(&[Line { day: "2010-05-05", ..line("10000") }]);
    assert_eq!((bill_of.get(0, "mpf"), rows[0][3].as_str()), ("", "not_known"));
}

#[test]
fn a_line_without_a_value_leaves_the_fee_of_its_entry_open() {
    let of = |number, value: &str| Line { entry: "E1", number, ..line(value) };
    let (bill, rows) = bill(&[of("1", "1000"), of("2", "")]);
    assert_eq!((bill.get(0, "mpf"), bill.get(1, "mpf")), ("", ""));
    let reasons: Vec<&str> = rows.iter().filter(|row| row[1] == "mpf-formal").map(|row| row[4].as_str()).collect();
    assert!(reasons[0].contains("another line of the entry"), "{reasons:?}");
    assert!(reasons[1].contains("entered_value_usd"), "{reasons:?}");
}

#[test]
fn informal_entries_and_goods_worked_on_abroad_have_their_own_rules() {
    assert_eq!(mpf(Line { entry_type: "11", ..line("900") }), "2.69");
    assert_eq!(mpf(Line { entry_type: "11", origin: "IL", ..line("900") }), "0");
    let worked = Line { ch98: "9802.00.60", processing: "20000", ..line("1000000") };
    assert_eq!(mpf(worked.clone()), "69.28");
    assert_eq!(mpf(Line { processing: "", ..worked }), "");
    assert_eq!(mpf(Line { ch98: "9801.00.10", ..line("1000000") }), "0");
}

#[test]
fn mail_is_exempt_and_where_it_hangs_on_the_service_the_fee_is_not_known() {
    let mail = |day, entry_type| Line { mode: "mail", day, entry_type, ..line("10000") };
    // 19 CFR 24.23(c)(1)(v): mail is exempt, but for Inbound EMS items that are formally entered from 3 September 2020.
    for (day, entry_type, expected) in [
        ("2020-09-02", "01", "0"),
        ("2020-09-02", "11", "0"),
        ("2020-09-03", "01", ""),
        ("2020-09-03", "", ""),
        ("2020-09-03", "11", "0"),
        ("2025-11-03", "11", "0"),
        ("2025-11-03", "01", ""),
        ("2025-11-03", "23", ""),
    ] {
        assert_eq!(mpf(mail(day, entry_type)), expected, "{day} {entry_type}");
    }
    let code = Line { mode: "50", entry_type: "11", ..line("900") };
    assert_eq!((mpf(code.clone()), mpf(Line { mode: "", ..code })), ("0".to_owned(), "2.69".to_owned()));
    // What is exempt by something else is so by mail too.
    assert_eq!(mpf(Line { origin: "IL", ..mail("2025-11-03", "01") }), "0");
    let (bill_of, rows) = bill(&[mail("2025-11-03", "11")]);
    assert_eq!((bill_of.get(0, "hmf"), rows[0][2].as_str()), ("0", "exempt"));
    assert_eq!(rows[0][4], "exempt: mode of transport mail");
    let (bill_of, rows) = bill(&[mail("2025-11-03", "01")]);
    assert_eq!(bill_of.get(0, "landed_total"), "");
    assert_eq!(
        (rows[0][1].as_str(), rows[0][2].as_str(), rows[0][3].as_str()),
        ("mpf-formal", "needs_input", "not_known")
    );
    assert!(rows[0][4].contains("turns on what no column states: whether it is an item of Inbound"), "{}", rows[0][4]);
    // The fee of the whole entry is not known then.
    let (bill, rows) = bill(&[
        Line { entry: "E1", number: "1", ..mail("2025-11-03", "01") },
        Line { entry: "E1", number: "2", ..line("10000") },
    ]);
    assert_eq!((bill.get(0, "mpf"), bill.get(1, "mpf")), ("", ""));
    let of_second = rows.iter().find(|row| row[0] == "2" && row[1] == "mpf-formal").unwrap();
    assert!(of_second[4].contains("another line of the entry"), "{}", of_second[4]);
}

#[test]
fn what_is_released_as_of_low_value_is_exempt_while_there_was_such_a_release() {
    let low = |day| Line { entry_type: "86", day, ..line("700") };
    let (bill_of, rows) = bill(&[low("2025-04-01")]);
    assert_eq!((bill_of.get(0, "mpf"), rows[0][2].as_str()), ("0", "exempt"));
    assert_eq!(rows[0][4], "exempt: entry type 86");
    assert_eq!((mpf(low("2019-09-28")), mpf(low("2025-08-28"))), ("0".to_owned(), "0".to_owned()));
    for day in ["2019-09-27", "2025-08-29"] {
        let (bill_of, rows) = bill(&[low(day)]);
        assert_eq!((bill_of.get(0, "mpf"), rows[0][3].as_str()), ("", "not_known"), "{day}");
    }
}

#[test]
fn the_summary_sums_the_fees_and_counts_what_is_not_known() {
    let lines = [Line { mode: "vessel", ..line("10000") }, Line { day: "2026-10-05", mode: "", ..line("10000") }];
    let summary = answer(&file(&lines), Layers::None).unwrap().summary;
    let of = |title: &str| {
        let total = summary.fees.iter().find(|total| total.title.starts_with(title)).unwrap();
        (total.lines, total.cents, total.not_known)
    };
    assert_eq!(of("Merchandise processing fee, formal"), (1, 3_464, 1));
    assert_eq!(of("Harbor"), (1, 1_250, 1));
}

#[test]
fn the_other_direction_has_no_fees_here() {
    let china = "direction,hts_number,country_of_origin,entry_date,entered_value,currency,mfn_pct\n\
                 cn_import,12019019,US,2025-03-28,100000,CNY,3\n";
    let bill = Table::read(&answer(china, Layers::None).unwrap().bill);
    assert_eq!((bill.get(0, "mpf"), bill.get(0, "hmf"), bill.get(0, "landed_total")), ("", "", ""));
}
