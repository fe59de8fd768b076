//! Facts that were not stated, and assertions that were not made.

use portolan_auditor::Fault;
use portolan_auditor::build::{country, exception, own, suspension};
use portolan_ledger::line::{ClaimStated, StatedQuantity, Status, When};
use portolan_ledger::number::{Quantity, UnitPrice};
use portolan_ledger::record::{Bound, Column, Condition, Mode, OriginRef, Share, Term};
use portolan_ledger::{Cents, Instant};

use crate::{World, additional, day, entry, pct, status};

const ON: &str = "2025-06-05";

fn always(w: &mut World) -> Term {
    let from = w.at("2021-01-01");
    w.b.term(from, None, w.old)
}

/// The answer where a provision of 10% has this condition.
fn with(condition: Condition) -> World {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    w.when(p, condition);
    w
}

#[test]
fn an_article_is_asked_for_and_a_benefit_is_not() {
    for (article, expected) in [(true, Status::NeedsInput), (false, Status::NotClaimed)] {
        let mut w = World::new();
        let p = w.single("p", "+10%");
        let claim = w.b.claim("thing", article);
        w.when(p, Condition::Claim { claim, yes: true });
        let mut line = entry(ON);
        let answer = w.answer(&line);
        assert_eq!(status(&answer, "p"), expected);
        assert_eq!(answer.needs_input.contains(&"thing".to_owned()), article);
        for (yes, status_then) in [(true, Status::Applied), (false, Status::NotInForce)] {
            line.claims = vec![ClaimStated { claim, yes }];
            assert_eq!(status(&w.answer(&line), "p"), status_then);
        }
    }
}

#[test]
fn no_b_holds_for_a_benefit_that_is_not_stated() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let claim = w.b.claim("thing", false);
    w.when(p, Condition::Claim { claim, yes: false });
    assert_eq!(status(&w.answer(&entry(ON)), "p"), Status::Applied);
}

#[test]
fn a_fact_that_changes_nothing_is_not_asked_for() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let claim = w.b.claim("thing", true);
    let term = always(&mut w);
    // Both exempt, so the second need not be known.
    let plain = exception("plain", Some("1"), vec![own("p")], vec![term]);
    let mut turning = exception("turning", Some("2"), vec![own("p")], vec![term]);
    turning.when.push(Condition::Claim { claim, yes: true });
    w.b.ledger.programs[p].exceptions = vec![plain, turning];
    let answer = w.answer(&entry(ON));
    assert!(answer.needs_input.is_empty());
    assert_eq!(answer.total.duty, Some(Cents(50_000)));
}

/// 10% that only what was loaded before 1 June on a vessel does not owe.
fn in_transit(keeps_lower: bool) -> World {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let term = always(&mut w);
    let edge = w.at("2025-06-01");
    let when = vec![Condition::Loaded(Bound::Before(edge)), Condition::Mode(vec![Mode::Vessel])];
    if keeps_lower {
        let mut afloat = exception("afloat", Some("9903.01.28"), vec![own("p")], vec![term]);
        afloat.when = when;
        w.b.ledger.programs[p].exceptions.push(afloat);
    } else {
        // The old rate of what was afloat is above the one that followed.
        w.b.ledger.programs[p].provisions[0].when = when;
    }
    w
}

#[test]
fn in_transit_is_not_asked_for_where_it_lowers() {
    let w = in_transit(true);
    let mut line = entry(ON);
    let answer = w.answer(&line);
    assert_eq!((status(&answer, "p"), status(&answer, "afloat")), (Status::Applied, Status::NotClaimed));
    assert!(answer.needs_input.is_empty());
    line.loading_date = Some(When::Day(day("2025-05-31")));
    assert_eq!(status(&w.answer(&line), "p"), Status::Applied);
    line.mode = Some(Mode::Vessel);
    assert_eq!(status(&w.answer(&line), "p"), Status::Exempt);
    line.loading_date = Some(When::Day(day("2025-06-01")));
    assert_eq!(status(&w.answer(&line), "p"), Status::Applied);
}

#[test]
fn in_transit_is_asked_for_where_it_raises() {
    let w = in_transit(false);
    let mut line = entry(ON);
    let answer = w.answer(&line);
    assert_eq!(answer.needs_input, ["loading_date", "mode_of_transport"]);
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents(50_000)), Some(Cents(150_000))));
    line.mode = Some(Mode::Air);
    let answer = w.answer(&line);
    assert!(answer.needs_input.is_empty(), "{answer:?}");
    assert_eq!(additional(&answer), 0);
}

#[test]
fn a_bare_loading_date_is_the_whole_day() {
    let mut w = in_transit(true);
    let noon = Instant(w.at("2025-06-01").0 + 43_140);
    w.b.ledger.programs[0].exceptions[0].when[0] = Condition::Loaded(Bound::Before(noon));
    let mut line = entry(ON);
    line.mode = Some(Mode::Vessel);
    line.loading_date = Some(When::Day(day("2025-06-01")));
    assert_eq!(w.answer(&line).needs_input, ["loading_date"]);
    line.loading_date = Some(When::At(Instant(noon.0 - 1)));
    assert_eq!(status(&w.answer(&line), "p"), Status::Exempt);
}

#[test]
fn facts_of_each_kind_are_asked_for() {
    let chile = vec![OriginRef::Country(country("CL"))];
    let cases: Vec<(Condition, &[&str])> = vec![
        (Condition::ExportedFrom(chile.clone()), &["country_of_export"]),
        (Condition::Smelted { countries: chile.clone(), all: false }, &["cast_country", "smelt_countries"]),
        (Condition::Smelted { countries: chile, all: true }, &["cast_country", "smelt_countries"]),
        (Condition::Share { of: Share::MetalWeight, at_least: true, pct: pct(15) }, &["metal_weight_pct"]),
        (
            Condition::Share {
                of: Share::Metal(portolan_ledger::duty_rate::Metal::Copper),
                at_least: true,
                pct: pct(15),
            },
            &["copper_pct"],
        ),
        (
            Condition::UnitPrice { at_least: true, price: UnitPrice(21_000_000_000), unit: "kg".to_owned() },
            &["quantity_1"],
        ),
    ];
    for (condition, names) in cases {
        let w = with(condition);
        assert_eq!(w.answer(&entry(ON)).needs_input, names);
    }
}

#[test]
fn assertions_of_each_kind_are_not_claimed() {
    let chile = vec![OriginRef::Country(country("CL"))];
    for condition in [
        Condition::Spi(vec!["S".to_owned()]),
        Condition::Share { of: Share::UsContent, at_least: true, pct: pct(20) },
        Condition::Share { of: Share::UsMetal, at_least: true, pct: pct(95) },
        Condition::Melted { countries: chile, at_least: Some(pct(95)) },
        Condition::Chapter98(Vec::new()),
    ] {
        let answer = with(condition).answer(&entry(ON));
        assert_eq!(status(&answer, "p"), Status::NotClaimed);
        assert!(answer.needs_input.is_empty());
    }
}

#[test]
fn a_unit_price_at_its_edge() {
    let w = with(Condition::UnitPrice { at_least: true, price: UnitPrice(21_000_000_000), unit: "kg".to_owned() });
    let mut line = entry(ON);
    line.quantities = vec![StatedQuantity { quantity: Quantity(10_000_000), unit: "kg".to_owned() }];
    for (cents, expected) in [(20_999, Status::NotInForce), (21_000, Status::Applied)] {
        line.value = Some(Cents(cents));
        assert_eq!(status(&w.answer(&line), "p"), expected);
    }
    line.value = None;
    assert_eq!(w.answer(&line).needs_input, ["entered_value_usd"]);
}

#[test]
fn columns_and_base_rates() {
    let general = |at_least, points| Condition::Base { general: true, at_least, rate: pct(points) };
    for (condition, expected) in [
        (general(true, 5), Status::Applied),
        (general(false, 5), Status::NotInForce),
        (general(true, 6), Status::NotInForce),
        (Condition::Column(vec![Column::General]), Status::Applied),
        (Condition::Column(vec![Column::Special]), Status::NotInForce),
    ] {
        assert_eq!(status(&with(condition).answer(&entry(ON)), "p"), expected);
    }
}

#[test]
fn imported_falls_back_on_the_entry() {
    let mut w = World::new();
    let edge = w.at(ON);
    let p = w.single("p", "+10%");
    w.when(p, Condition::Imported(Bound::Before(edge)));
    let mut line = entry(ON);
    assert_eq!(status(&w.answer(&line), "p"), Status::NotInForce);
    line.import_date = Some(When::Day(day("2025-06-04")));
    assert_eq!(status(&w.answer(&line), "p"), Status::Applied);
}

#[test]
fn too_many_settings_are_refused() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    for i in 0..13 {
        let claim = w.b.claim(&format!("c{i}"), true);
        w.when(p, Condition::Claim { claim, yes: true });
    }
    assert_eq!(w.try_answer(&entry(ON)), Err(Fault::TooManyCombinations(8192)));
}

#[test]
fn what_the_line_cannot_state_is_refused() {
    let w = with(Condition::Mode(Vec::new()));
    let mut line = entry(ON);
    line.steel_pct = Some(pct(101));
    assert!(matches!(w.try_answer(&line), Err(Fault::Line(_))));
    let mut line = entry(ON);
    line.value = Some(Cents(-1));
    assert!(matches!(w.try_answer(&line), Err(Fault::Line(_))));
    let mut line = entry(ON);
    line.side = portolan_ledger::Side(9);
    assert!(matches!(w.try_answer(&line), Err(Fault::Line(_))));
}

#[test]
fn of_two_truces_over_one_rate_the_later_governs() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let (first, second) = (w.at("2025-05-01"), w.at("2025-06-01"));
    let terms = [w.b.term(first, None, w.old), w.b.term(second, None, w.old)];
    let kept = Some(crate::rate("+4%"));
    w.b.ledger.programs[p].suspensions = vec![
        suspension("b", vec![own("p")], kept, vec![terms[1]]),
        suspension("a", vec![own("p")], None, vec![terms[0]]),
    ];
    assert_eq!(additional(&w.answer(&entry(ON))), 40_000);
}
