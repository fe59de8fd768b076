//! Parts of the value: contents, what is spared, what a rule takes; rounding.

use portolan_auditor::build::{exception, of, order, own};
use portolan_auditor::{OrdinaryRate, Points};
use portolan_ledger::line::{StatedQuantity, Status, View};
use portolan_ledger::number::{Quantity, UnitPrice};
use portolan_ledger::record::{Spares, StackingKind};
use portolan_ledger::{Cents, EntryLine, Rate};

use crate::{World, additional, duty, entry, only, ordinary, pct, points, rate, status};

const ON: &str = "2025-06-05";

/// Thirty percent steel, twenty percent aluminum.
fn metals() -> EntryLine {
    let mut line = entry(ON);
    line.steel_pct = Some(pct(30));
    line.aluminum_pct = Some(pct(20));
    line
}

fn always(w: &mut World) -> portolan_ledger::record::Term {
    let from = w.at("2021-01-01");
    w.b.term(from, None, w.old)
}

#[test]
fn a_content_rate_is_on_its_content() {
    let mut w = World::new();
    w.single("steel", "+50% of steel");
    let answer = w.answer(&metals());
    assert_eq!(duty(&answer, "steel"), 150_000);
    assert_eq!(only(&answer, "steel").charge.unwrap().points, Some(points(15)));
}

#[test]
fn a_spared_part_is_taken_off() {
    let mut w = World::new();
    w.single("us.s232.steel", "+50% of steel");
    w.single("us.s232.aluminum", "+50% of aluminum");
    let p = w.single("r", "+10%");
    let term = always(&mut w);
    let mut metal = exception("metal", None, vec![own("r")], vec![term]);
    metal.spares = Some(Spares::AssessedBy(vec![of("us.s232.*", "*")]));
    w.b.ledger.programs[p].exceptions.push(metal);
    assert_eq!(duty(&w.answer(&metals()), "r"), 50_000);
    let mut all = metals();
    all.steel_pct = Some(pct(80));
    let answer = w.answer(&all);
    assert_eq!(status(&answer, "r"), Status::Exempt);
    // A suspended metal duty is not assessed on anything.
    let term = always(&mut w);
    let truce = portolan_auditor::build::suspension("t", vec![own("*")], None, vec![term]);
    w.b.ledger.programs[0].suspensions.push(truce);
    assert_eq!(duty(&w.answer(&metals()), "r"), 80_000);
}

#[test]
fn us_content_is_spared_where_it_is_asserted() {
    let mut w = World::new();
    let p = w.single("r", "+10%");
    let term = always(&mut w);
    let mut us = exception("us", Some("9903.01.34"), vec![own("r")], vec![term]);
    us.spares = Some(Spares::UsContent);
    us.when.push(portolan_ledger::record::Condition::Share {
        of: portolan_ledger::record::Share::UsContent,
        at_least: true,
        pct: pct(20),
    });
    w.b.ledger.programs[p].exceptions.push(us);
    let mut line = entry(ON);
    assert_eq!(duty(&w.answer(&line), "r"), 100_000);
    assert_eq!(status(&w.answer(&line), "us"), Status::NotClaimed);
    line.us_content_pct = Some(Rate(199_999_999));
    assert_eq!(duty(&w.answer(&line), "r"), 100_000);
    line.us_content_pct = Some(pct(20));
    assert_eq!(duty(&w.answer(&line), "r"), 80_000);
}

#[test]
fn non_us_is_all_but_the_us_part() {
    for (text, cents) in [("+25% of non_us", 150_000), ("+25% of non_us (us to 10%)", 225_000)] {
        let mut w = World::new();
        w.single("cars", text);
        let mut line = entry(ON);
        assert_eq!(w.answer(&line).needs_input, ["us_content_pct"], "{text}");
        line.us_content_pct = Some(pct(40));
        assert_eq!(duty(&w.answer(&line), "cars"), cents, "{text}");
    }
}

#[test]
fn processing_abroad_alone_is_dutiable() {
    let mut w = World::new();
    let p = w.single("r", "+10%");
    let term = always(&mut w);
    let mut repair = exception("repair", None, vec![own("r")], vec![term]);
    repair.spares = Some(Spares::OutsideProcessing);
    repair.when.push(portolan_ledger::record::Condition::Chapter98(vec!["980200".to_owned()]));
    w.b.ledger.programs[p].exceptions.push(repair);
    let mut line = entry(ON);
    assert_eq!(duty(&w.answer(&line), "r"), 100_000);
    line.ch98_number = Some("9802.00.40".to_owned());
    let answer = w.answer(&line);
    assert_eq!(answer.needs_input, ["processing_value_usd"]);
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents(50_000)), Some(Cents(150_000))));
    line.processing_value = Some(Cents(123_400));
    assert_eq!(duty(&w.answer(&line), "r"), 12_340);
    line.processing_value = Some(Cents(0));
    assert_eq!(status(&w.answer(&line), "r"), Status::Exempt);
}

fn ruled(kind: StackingKind, tiers: &[&[&str]]) -> World {
    let mut w = World::new();
    w.single("whole", "+25%");
    w.single("steel", "+50% of steel");
    w.single("aluminum", "+10% of aluminum");
    let term = always(&mut w);
    let tiers = tiers.iter().map(|tier| tier.iter().map(|id| of(id, "*")).collect());
    let order = order(term, tiers.collect());
    w.b.rule(kind, portolan_auditor::build::US, vec![order]);
    w
}

#[test]
fn the_first_tier_stands_on_each_part() {
    let w = ruled(StackingKind::FirstOnly, &[&["whole"], &["steel", "aluminum"]]);
    let answer = w.answer(&metals());
    assert_eq!(status(&answer, "steel"), Status::Displaced);
    assert_eq!(additional(&answer), 250_000);
    let w = ruled(StackingKind::FirstOnly, &[&["steel", "aluminum"], &["whole"]]);
    let answer = w.answer(&metals());
    assert_eq!(duty(&answer, "steel"), 150_000);
    assert_eq!(duty(&answer, "whole"), 125_000);
    assert_eq!(additional(&answer), 295_000);
}

#[test]
fn the_highest_or_lowest_tier_stands_on_each_part() {
    let tiers: &[&[&str]] = &[&["whole"], &["steel", "aluminum"]];
    let answer = ruled(StackingKind::HighestOnly, tiers).answer(&metals());
    assert_eq!(duty(&answer, "steel"), 150_000);
    assert_eq!(status(&answer, "aluminum"), Status::Displaced);
    assert_eq!(duty(&answer, "whole"), 175_000);
    let answer = ruled(StackingKind::LowestOnly, tiers).answer(&metals());
    assert_eq!(status(&answer, "steel"), Status::Displaced);
    assert_eq!(duty(&answer, "aluminum"), 20_000);
    assert_eq!(duty(&answer, "whole"), 200_000);
}

#[test]
fn orders_of_a_rule_are_dated() {
    let mut w = ruled(StackingKind::FirstOnly, &[&["whole"], &["steel", "aluminum"]]);
    let from = w.at("2025-06-04");
    let term = w.b.term(from, None, w.old);
    let tiers = vec![vec![of("steel", "*")], vec![of("whole", "*")]];
    w.b.ledger.rules[0].orders.push(order(term, tiers));
    assert_eq!(additional(&w.answer(&metals())), 150_000 + 175_000 + 20_000);
    let mut before = metals();
    before.entry_date = portolan_ledger::line::When::Day(crate::day("2025-06-03"));
    assert_eq!(additional(&w.answer(&before)), 250_000);
}

#[test]
fn a_total_tops_the_ordinary_duty_up() {
    for (general, text, spi, cents) in [
        (pct(5), "total 15%", None, 100_000),
        (pct(20), "total 15%", None, 0),
        (pct(5), "total 15%", Some("S"), 150_000),
        (pct(5), "total 15% over general", Some("S"), 100_000),
    ] {
        let mut w = World::new();
        w.base = ordinary(&OrdinaryRate::AdValorem(general));
        w.single("eu", text);
        let mut line = entry(ON);
        line.spi = spi.map(str::to_owned);
        let answer = w.answer(&line);
        assert_eq!(duty(&answer, "eu"), cents, "{text} {general} {spi:?}");
        assert_eq!(status(&answer, "eu"), Status::Applied);
    }
}

#[test]
fn a_specific_ordinary_duty_counts_by_its_amount() {
    let mut w = World::new();
    w.base = ordinary(&OrdinaryRate::Specific(UnitPrice(500_000_000), "kg".to_owned()));
    w.single("eu", "total 15%");
    let mut line = entry(ON);
    line.quantities.push(StatedQuantity { quantity: Quantity(1_000_000_000), unit: "KG".to_owned() });
    let answer = w.answer(&line);
    assert_eq!((answer.ordinary.duty, answer.ordinary.points), (Some(Cents(50_000)), None));
    assert_eq!(duty(&answer, "eu"), 100_000);
    assert_eq!(answer.total.points, None);
    line.quantities.clear();
    let answer = w.answer(&line);
    assert_eq!(answer.needs_input, ["quantity_1"]);
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents(150_000)), None));
}

#[test]
fn in_place_of_all_displaces_every_other() {
    let mut w = World::new();
    w.single("mail", "in place of all: 120%");
    w.single("r", "+10%");
    let answer = w.answer(&entry(ON));
    assert_eq!(status(&answer, "r"), Status::Displaced);
    assert_eq!(status(&answer, ""), Status::Displaced);
    assert_eq!(answer.total.duty, Some(Cents(1_200_000)));
}

#[test]
fn in_place_of_ordinary_is_the_ordinary_duty() {
    let mut w = World::new();
    w.single("russia", "in place of ordinary: 35%");
    w.single("r", "+10%");
    w.single("t", "total 15%");
    let answer = w.answer(&entry(ON));
    assert_eq!(status(&answer, ""), Status::Displaced);
    assert_eq!(status(&answer, "r"), Status::Applied);
    assert_eq!(answer.ordinary.duty, Some(Cents(350_000)));
    // The additional duties are the others: 10 percent, and what tops the schedule's 5 percent up to 15.
    assert_eq!(answer.additional.duty, Some(Cents(200_000)));
    assert_eq!(answer.total.duty, Some(Cents(550_000)));
}

#[test]
fn an_unknown_rate_is_named() {
    let mut w = World::new();
    w.single("mystery", "unknown");
    let answer = w.answer(&entry(ON));
    assert_eq!(answer.cannot_compute, [(Some(w.family), "the rate is not known".to_owned())]);
    assert_eq!((answer.total.duty, answer.duty_min, answer.duty_max), (None, None, None));
    assert_eq!(answer.ordinary.duty, Some(Cents(50_000)));
}

#[test]
fn specific_and_compound_rates() {
    for (text, cents) in [("+$21/kg", 4_200), ("+10% + $0.125/kg", 100_025)] {
        let mut w = World::new();
        w.single("s", text);
        let mut line = entry(ON);
        line.quantities.push(StatedQuantity { quantity: Quantity(2_000_000), unit: "kg".to_owned() });
        let answer = w.answer(&line);
        assert_eq!(duty(&answer, "s"), cents, "{text}");
        assert_eq!(answer.additional.points, None);
    }
}

#[test]
fn values_and_parts_are_whole_dollars_half_up() {
    let mut w = World::new();
    w.single("us.s232.steel", "+50% of steel");
    let p = w.single("r", "+10.5%");
    let term = always(&mut w);
    let mut metal = exception("metal", None, vec![own("r")], vec![term]);
    metal.spares = Some(Spares::AssessedBy(vec![of("us.s232.*", "*")]));
    w.b.ledger.programs[p].exceptions.push(metal);
    let mut line = entry(ON);
    line.value = Some(Cents(10_150));
    line.steel_pct = Some(pct(50));
    let answer = w.answer(&line);
    let basis = |id: &str| only(&answer, id).charge.unwrap().basis.unwrap();
    // 101.50 counts as 102; half of 101.50 is 50.75, counts as 51; 51 is left.
    assert_eq!((basis("us.s232.steel"), basis("r"), basis("")), (Cents(5_100), Cents(5_100), Cents(10_200)));
    // 5.355 rounds up.
    assert_eq!(duty(&answer, "r"), 536);
    line.value = None;
    let answer = w.answer(&line);
    assert_eq!(only(&answer, "r").charge.unwrap().points, Some(Points(52_500_000_000_000_000)));
    assert_eq!(answer.total.duty, None);
    line.view = View::Owed;
    assert_eq!(w.answer(&line).total.points, answer.total.points);
}

#[test]
fn content_that_a_rate_needs_is_asked_for() {
    let mut w = World::new();
    w.single("steel", "+50% of steel");
    let answer = w.answer(&entry(ON));
    assert_eq!(answer.needs_input, ["steel_pct"]);
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents(50_000)), Some(Cents(550_000))));
    // The contents sum to the value at most.
    w.single("aluminum", "+50% of aluminum");
    let answer = w.answer(&entry(ON));
    assert_eq!(answer.duty_max, Some(Cents(550_000)));
    w.b.ledger.programs[0].provisions[0].rates[0].rate = rate("none");
    assert_eq!(w.answer(&entry(ON)).needs_input, ["aluminum_pct"]);
}
