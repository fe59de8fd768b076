use portolan_engine::Law;
use portolan_ledger::{Day, Side};

use super::*;
use crate::rates::{Step, Steps};
use crate::story::{Asked, SideRates};

fn asked(from: &str, to: &str) -> Asked {
    let day = |text: &str| Day::parse_iso(text.as_bytes()).unwrap();
    Asked {
        between: [Side(0), Side(1)],
        names: ["United States".to_owned(), "China".to_owned()],
        from: day(from),
        to: day(to),
        known: day("2026-11-22"),
        good: "9403.60.80".parse().unwrap(),
        good_name: "Wooden furniture".to_owned(),
        averages: true,
        supposed: Vec::new(),
    }
}

/// Rates as in the spring of 2025, crowded into the time told: levels close to each other, tall and narrow peaks, a range.
fn rates(law: &Law<'_>, asked: &Asked) -> [SideRates; 2] {
    let steps = |side: usize, levels: &[(i64, i64, i64)]| {
        let clock = &law.clocks[side];
        let (from, until) = (clock.day_start(asked.from).0, clock.day_end(asked.to).0);
        let step = |&(thousandth, low, high): &(i64, i64, i64)| Step {
            at: Instant(from + (until - from) / 1_000 * thousandth),
            low: low * 100_000,
            high: high * 100_000,
        };
        Steps { steps: levels.iter().map(step).collect(), lines: 11_414, open: 812, unpriced: 20 }
    };
    [
        SideRates {
            average: steps(
                0,
                &[
                    (0, 208, 208),
                    (140, 308, 308),
                    (250, 400, 410),
                    (385, 1001, 1050),
                    (400, 1241, 1274),
                    (410, 1241, 1280),
                    (550, 470, 540),
                ],
            ),
            good: steps(
                0,
                &[
                    (0, 250, 250),
                    (140, 350, 350),
                    (250, 450, 450),
                    (385, 1290, 1290),
                    (400, 1700, 1700),
                    (550, 550, 550),
                ],
            ),
        },
        SideRates {
            average: steps(
                1,
                &[
                    (0, 203, 203),
                    (150, 209, 209),
                    (260, 212, 212),
                    (388, 1052, 1052),
                    (396, 1462, 1462),
                    (551, 312, 312),
                ],
            ),
            good: steps(1, &[(0, 250, 250), (388, 1090, 1090), (396, 1500, 1500), (551, 350, 350)]),
        },
    ]
}

fn story<'l>(law: &Law<'l>, asked: Asked) -> Story<'l> {
    let rates = rates(law, &asked);
    Story::with_rates(law, asked, rates).unwrap()
}

/// No text and no mark may share a point with another, or lie outside of the paper; labels of values keep off the lines.
fn assert_apart(scene: &Scene, what: &str) {
    let paper = Area { left: 0, top: 0, right: scene.width, bottom: scene.height };
    for (index, one) in scene.taken.iter().enumerate() {
        assert!(paper.holds(&one.area), "{what}: `{}` lies outside of the paper: {:?}", one.by, one.area);
        for other in &scene.taken[index + 1..] {
            assert!(!one.area.meets(&other.area), "{what}: `{}` and `{}` meet", one.by, other.by);
        }
        let crossed = scene.drawn.iter().find(|drawn| drawn.meets(&one.area));
        assert!(crossed.is_none(), "{what}: a line of steps runs through `{}`", one.by);
    }
    assert!(scene.taken.len() > 20, "{what}: there is text to look at");
}

#[test]
fn nothing_meets_in_any_time_that_is_told() {
    let ledger = portolan_law::ledger().unwrap();
    let law = Law::new(&ledger, None);
    let times = [
        ("2025-01-01", "2025-08-31"),
        ("2018-01-01", "2026-12-31"),
        ("2025-05-28", "2025-06-05"),
        ("2025-04-01", "2025-04-30"),
        ("2024-06-15", "2026-02-03"),
        ("2019-01-01", "2019-01-01"),
    ];
    for (from, to) in times {
        let told = story(&law, asked(from, to));
        let scene = draw(&told);
        if let Some(folder) = std::env::var_os("PORTOLAN_LOOK") {
            let file = std::path::Path::new(&folder).join(format!("{from}.{to}.svg"));
            std::fs::write(file, svg(&told)).unwrap();
        }
        assert_apart(&scene, &format!("{from} to {to}"));
        assert_eq!(svg(&told), svg(&told), "the bytes are the same twice");
    }
}

#[test]
fn every_event_has_its_mark_and_its_words() {
    let ledger = portolan_law::ledger().unwrap();
    let law = Law::new(&ledger, None);
    let told = story(&law, asked("2025-05-28", "2025-06-05"));
    let scene = draw(&told);
    for number in 1..=told.events.len() {
        let marks = scene.taken.iter().filter(|taken| taken.by == format!("mark {number}")).count();
        assert_eq!(marks, 2, "mark {number} stands on its day and before its words");
    }
    let words: Vec<&str> = scene.taken.iter().map(|taken| taken.by.as_str()).collect();
    let words = words.join(" ");
    assert!(words.contains("United States says:") && words.contains("China says:"));
}

#[test]
fn a_supposition_is_said_before_all_else() {
    let ledger = portolan_law::ledger().unwrap();
    let law = Law::new(&ledger, None);
    let told = story(&law, asked("2025-05-28", "2025-06-05"));
    assert!(!subtitle(&told).contains("Supposed"));
    let supposed = vec!["the truce lapses".to_owned(), "steel doubles".to_owned()];
    let told = story(&law, Asked { supposed, ..asked("2025-05-28", "2025-06-05") });
    let said = "Supposed, not the law as it is: the truce lapses; steel doubles. ";
    assert!(subtitle(&told).starts_with(said) && describe(&told).starts_with(said));
    assert_apart(&draw(&told), "a supposition");
}

#[test]
fn titles_say_whole_months_and_years_shortly() {
    let ledger = portolan_law::ledger().unwrap();
    let law = Law::new(&ledger, None);
    for (from, to, expected) in [
        ("2025-01-01", "2025-08-31", "January to August 2025"),
        ("2018-01-01", "2026-12-31", "2018 to 2026"),
        ("2025-06-01", "2025-06-30", "June 2025"),
        ("2025-05-28", "2025-06-05", "28 May 2025 to 5 June 2025"),
    ] {
        let mut told = story(&law, asked("2019-01-01", "2019-01-01"));
        told.asked = asked(from, to);
        assert_eq!(title_dates(&told), expected);
    }
}
