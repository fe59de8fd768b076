//! Ordinary rates in every form in which the schedule prints them, worked by hand, and codes younger than the day.

use portolan_auditor::build::{US, row};
use portolan_auditor::{Answer, Auditor, Base, OrdinaryDuty, OrdinaryRate, OrdinaryTable};
use portolan_ledger::duty_expression::DutyExpression;
use portolan_ledger::line::{EntryLine, StatedQuantity, Status};
use portolan_ledger::number::Quantity;
use portolan_ledger::record::Condition;
use portolan_ledger::{Cents, Instant, Rate, TariffCode};

use crate::{World, code, duty, entry, ordinary, pct, status};

const ON: &str = "2025-06-04";

/// Refined sugar, as heading 1701 words it.
const SUGAR: &str = "3.6606¢/kg less 0.020668¢/kg for each degree under 100 degrees (and fractions of a degree in \
                     proportion) but not less than 3.143854¢/kg";

fn printed(text: &str) -> OrdinaryRate {
    OrdinaryRate::written(&DutyExpression::parse(text))
}

/// A law whose ordinary rate is this text.
fn world(text: &str) -> World {
    let mut w = World::new();
    w.base = ordinary(&printed(text));
    w
}

fn with(quantities: &[(i64, &str)]) -> EntryLine {
    let mut line = entry(ON);
    let stated = quantities
        .iter()
        .map(|(millionths, unit)| StatedQuantity { quantity: Quantity(*millionths), unit: (*unit).to_owned() });
    line.quantities = stated.collect();
    line
}

fn ordinary_cents(answer: &Answer) -> i64 {
    answer.ordinary.duty.unwrap().0
}

#[test]
fn a_plain_text_is_a_plain_rate() {
    assert_eq!(printed("Free"), OrdinaryRate::AdValorem(Rate::ZERO));
    assert_eq!(printed("6.5% on the entire set"), OrdinaryRate::AdValorem(Rate(65_000_000)));
    assert!(matches!(printed("4.4¢/kg"), OrdinaryRate::Specific(..)));
    assert!(matches!(printed("4.4¢/kg + 10%"), OrdinaryRate::Compound(..)));
    assert!(matches!(printed("See additional U.S. note 1"), OrdinaryRate::Unknown(_)));
    assert!(matches!(printed("33 1/3%"), OrdinaryRate::Written(_)));
}

#[test]
fn sugar_is_paid_by_its_degrees() {
    let w = world(SUGAR);
    let tonne = 1_000_000_000;
    // 3.6606 - 4 x 0.020668 = 3.577928 cents a kilogram; at ten degrees the floor; over a hundred counts as a hundred.
    for (degrees, cents) in [(96, 3_578), (10, 3_144), (100, 3_661), (120, 3_661)] {
        let answer = w.answer(&with(&[(tonne, "kg"), (degrees * 1_000_000, "degrees")]));
        assert_eq!(ordinary_cents(&answer), cents, "{degrees}");
        assert_eq!(answer.ordinary.points, None);
    }
    // A ton is a thousand kilograms.
    let answer = w.answer(&with(&[(1_000_000, "t"), (96_500_000, "degrees")]));
    assert_eq!(ordinary_cents(&answer), 3_588);
}

#[test]
fn degrees_that_are_not_stated_lie_between_none_and_all() {
    let w = world(SUGAR);
    let answer = w.answer(&with(&[(1_000_000_000, "kg")]));
    assert_eq!(answer.needs_input, ["quantity_1"]);
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents(3_144)), Some(Cents(3_661))));
    let answer = w.answer(&with(&[(96_000_000, "degrees")]));
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents::ZERO), None));
}

#[test]
fn amounts_on_several_quantities_add_up() {
    let w = world("15¢ each + 2.3% + 0.8¢/jewel");
    // 150 + 23,000 + 136
    let answer = w.answer(&with(&[(10_000_000, "No."), (170_000_000, "jewels")]));
    assert_eq!(ordinary_cents(&answer), 23_286);
    let answer = w.answer(&with(&[(10_000_000, "No.")]));
    assert_eq!(answer.needs_input, ["quantity_1"]);
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents(23_150)), None));
}

#[test]
fn thirds_of_a_percent_are_exact() {
    let w = world("33 1/3%");
    let mut line = with(&[]);
    assert_eq!(ordinary_cents(&w.answer(&line)), 333_333);
    line.value = Some(Cents(30_000));
    assert_eq!(ordinary_cents(&w.answer(&line)), 10_000);
}

#[test]
fn the_higher_of_two_is_owed() {
    let w = world("the greater of 5% or $1/kg");
    for (kilograms, cents) in [(400, 50_000), (600, 60_000)] {
        assert_eq!(ordinary_cents(&w.answer(&with(&[(kilograms * 1_000_000, "kg")]))), cents);
    }
}

#[test]
fn a_share_of_a_part_cannot_be_computed_once_money_is_asked_for() {
    let mut w = world("22¢ each + 3.2% on the movement + 2.6% on the battery");
    w.single("eu", "total 15%");
    let mut line = with(&[(1_000_000, "No.")]);
    let families: Vec<_> = w.answer(&line).cannot_compute.into_iter().map(|(family, _)| family).collect();
    assert_eq!(families, [None, Some(w.family)]);
    line.value = None;
    let answer = w.answer(&line);
    assert!(answer.cannot_compute.is_empty() && answer.needs_input.is_empty());
    assert_eq!(answer.total.points, None);
}

#[test]
fn a_condition_turns_where_several_amounts_reach_its_bound_together() {
    let mut w = world("$1/kg + $2 each");
    let program = w.single("low", "+1%");
    let bound = Condition::Base { general: true, at_least: false, rate: pct(10) };
    w.when(program, bound);
    // Of 10,000 dollars ten percent are 200 kilograms at a dollar beside 400 pieces at two.
    for (kilograms, stands) in [(199, Status::Applied), (200, Status::NotInForce)] {
        let answer = w.answer(&with(&[(kilograms * 1_000_000, "kg"), (400_000_000, "No.")]));
        assert_eq!(status(&answer, "low"), stands, "{kilograms}");
    }
    // Not stated, they may be as many as bring it to ten percent: there the added percent ends.
    let answer = w.answer(&with(&[(400_000_000, "No.")]));
    assert_eq!(answer.needs_input, ["quantity_1"]);
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents(90_000)), None));
    // The value that brings it there is a question too.
    let mut line = with(&[(199_000_000, "kg"), (400_000_000, "No.")]);
    line.value = None;
    assert_eq!(w.answer(&line).needs_input, ["entered_value_usd"]);
}

/// A nomenclature in which the line's code came in place of two.
struct Younger(OrdinaryTable);

impl OrdinaryDuty for Younger {
    fn base(&self, line: &EntryLine, at: Instant) -> Option<Base> {
        self.0.base(line, at)
    }

    fn statistical_numbers(&self, _: &EntryLine, _: TariffCode, _: Instant) -> Option<Vec<TariffCode>> {
        None
    }

    fn earlier_codes(&self, _: &EntryLine, _: Instant) -> Vec<TariffCode> {
        vec![code("9401.61.40"), code("9401.69.60")]
    }
}

/// A duty of a family of its own on a list of these codes.
fn listed(w: &mut World, id: &str, text: &str, codes: &[&str]) {
    let family = w.b.family(id, US);
    let program = w.single(id, text);
    let from = w.at("2021-01-01");
    let term = w.b.term(from, None, w.old);
    let list = w.b.list(codes.iter().map(|text| row(code(text), term, Vec::new())).collect());
    let record = &mut w.b.ledger.programs[program];
    record.family = family;
    record.provisions[0].scope.products = vec![list];
}

fn answer_of_a_younger_code(w: &World) -> Answer {
    let auditor = Auditor::new(&w.b.ledger).unwrap();
    let line = entry(ON);
    let answer = auditor.answer(&Younger(w.base.clone()), &line).unwrap();
    portolan_auditor::conservation::check(&w.b.ledger, &line, &answer).unwrap();
    answer
}

#[test]
fn a_code_younger_than_its_day_is_on_the_lists_of_the_codes_before_it() {
    let mut w = World::new();
    listed(&mut w, "both", "+10%", &["9401.61.40", "9401.69.60"]);
    listed(&mut w, "own", "+20%", &["9403.60.80"]);
    let answer = answer_of_a_younger_code(&w);
    assert_eq!(duty(&answer, "both"), 100_000);
    assert!(answer.row("own", "own").is_none());
}

#[test]
fn where_the_codes_before_it_differ_the_family_cannot_be_computed() {
    let mut w = World::new();
    listed(&mut w, "one", "+10%", &["9401.61.40"]);
    listed(&mut w, "both", "+10%", &["9401"]);
    let answer = answer_of_a_younger_code(&w);
    assert!(answer.needs_input.is_empty());
    let [(Some(family), _)] = answer.cannot_compute.as_slice() else { panic!("{:?}", answer.cannot_compute) };
    assert_eq!(w.b.ledger.families[usize::from(family.0)].id, "one");
    assert_eq!(answer.total.duty, None);
}

#[test]
fn the_same_duty_under_two_headings_is_undecided_too() {
    let mut w = World::new();
    listed(&mut w, "one", "+10%", &["9401.61.40"]);
    listed(&mut w, "other", "+10%", &["9401.69.60"]);
    let families: Vec<_> = w.b.ledger.programs.iter().map(|program| program.family).collect();
    w.b.ledger.programs[1].family = families[0];
    let answer = answer_of_a_younger_code(&w);
    let named: Vec<_> = answer.cannot_compute.iter().map(|(family, _)| *family).collect();
    assert_eq!(named, [Some(families[0])]);
    assert_eq!((answer.additional.points, answer.total.duty), (None, None));
    // Whichever heading it is, the money is the same.
    assert_eq!((answer.duty_min, answer.duty_max), (Some(Cents(150_000)), Some(Cents(150_000))));
}
