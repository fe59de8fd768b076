//! Two clocks, two views; records that are stated again.

use portolan_auditor::build::{US, annulment, exception, of, own, suspension};
use portolan_ledger::Instant;
use portolan_ledger::line::{Status, View, When};
use portolan_ledger::record::{Governing, GoverningDate};

use crate::{World, additional, day, entry, rate, status};

/// One provision: 10% from March, 20% from May by an act of April.
fn two_steps() -> World {
    let mut w = World::new();
    let p = w.program("p");
    w.provision(p, "p", "+10%");
    let late = w.b.act(US, day("2025-04-10"));
    let from = w.at("2025-05-01");
    let step = w.b.rate(rate("+20%"), from, None, late);
    w.b.ledger.programs[p].provisions[0].rates.push(step);
    w
}

#[test]
fn a_rate_holds_from_its_first_moment() {
    let w = two_steps();
    let edge = w.at("2025-05-01");
    let mut line = entry("2025-05-01");
    assert_eq!(additional(&w.answer(&line)), 200_000);
    line.entry_date = When::At(Instant(edge.0 - 1));
    assert_eq!(additional(&w.answer(&line)), 100_000);
    line.entry_date = When::At(edge);
    assert_eq!(additional(&w.answer(&line)), 200_000);
}

#[test]
fn what_was_not_issued_is_not_known() {
    let w = two_steps();
    let mut line = entry("2025-05-01");
    line.known_date = day("2025-04-09");
    assert_eq!(additional(&w.answer(&line)), 100_000);
    line.known_date = day("2025-04-10");
    assert_eq!(additional(&w.answer(&line)), 200_000);
}

#[test]
fn an_act_issued_later_stands_for_the_record_it_states_again() {
    let mut w = two_steps();
    let later = w.b.act(US, day("2025-04-20"));
    let (from, until) = (w.at("2025-05-01"), w.at("2025-05-08"));
    let again = w.b.rate(rate("+84%"), from, Some(until), later);
    // It stands first in the file: the day of issue decides, not the place.
    w.b.ledger.programs[0].provisions[0].rates.insert(0, again);
    assert_eq!(additional(&w.answer(&entry("2025-05-02"))), 840_000);
    assert_eq!(additional(&w.answer(&entry("2025-05-08"))), 100_000);
    let mut before = entry("2025-05-02");
    before.known_date = day("2025-04-19");
    assert_eq!(additional(&w.answer(&before)), 200_000);
}

#[test]
fn of_two_issued_on_one_day_the_later_in_the_file_stands() {
    let mut w = two_steps();
    let act = w.b.ledger.programs[0].provisions[0].rates[1].term.act;
    let from = w.at("2025-05-01");
    let again = w.b.rate(rate("+34%"), from, None, act);
    w.b.ledger.programs[0].provisions[0].rates.push(again);
    assert_eq!(additional(&w.answer(&entry("2025-05-02"))), 340_000);
}

#[test]
fn none_ends_a_rate() {
    let mut w = two_steps();
    w.b.ledger.programs[0].provisions[0].rates[1].rate = rate("none");
    let answer = w.answer(&entry("2025-05-02"));
    assert_eq!(status(&answer, "p"), Status::NotInForce);
    assert_eq!(additional(&answer), 0);
}

#[test]
fn a_scenario_beats_the_law_between_its_bounds() {
    let mut w = two_steps();
    let act = w.b.act(US, day("2025-01-01"));
    let (from, until) = (w.at("2025-04-15"), w.at("2025-05-15"));
    let mut patch = w.b.rate(rate("+1%"), from, Some(until), act);
    patch.patch = true;
    w.b.ledger.programs[0].provisions[0].rates.push(patch);
    for (on, expected) in
        [("2025-04-14", 100_000), ("2025-04-15", 10_000), ("2025-05-14", 10_000), ("2025-05-15", 200_000)]
    {
        assert_eq!(additional(&w.answer(&entry(on))), expected, "{on}");
    }
}

#[test]
fn a_bare_entry_date_is_every_moment_of_the_day() {
    let mut w = two_steps();
    let noon = Instant(w.at("2025-05-01").0 + 43_140);
    w.b.ledger.programs[0].provisions[0].rates[1].term.from = noon;
    let answer = w.answer(&entry("2025-05-01"));
    assert_eq!(answer.needs_input, ["entry_date"]);
    assert_eq!(status(&answer, "p"), Status::NeedsInput);
    let range = (answer.duty_min.unwrap().0, answer.duty_max.unwrap().0);
    assert_eq!(range, (150_000, 250_000));
    assert_eq!(answer.total.duty, None);
}

#[test]
fn a_truce_lies_over_the_rate() {
    for (keeps, resumes, expected) in [
        (None, true, [("2025-04-30", 100_000), ("2025-05-01", 0), ("2025-06-01", 100_000)]),
        (Some("+4%"), true, [("2025-04-30", 100_000), ("2025-05-01", 40_000), ("2025-06-01", 100_000)]),
        (None, false, [("2025-04-30", 100_000), ("2025-05-01", 0), ("2025-06-01", 0)]),
    ] {
        let mut w = World::new();
        let p = w.single("p", "+10%");
        let (from, until) = (w.at("2025-05-01"), w.at("2025-06-01"));
        let term = w.b.term(from, Some(until), w.old);
        let mut truce = suspension("truce", vec![own("*")], keeps.map(rate), vec![term]);
        truce.resumes = resumes;
        w.b.ledger.programs[p].suspensions.push(truce);
        for (on, cents) in expected {
            assert_eq!(additional(&w.answer(&entry(on))), cents, "{keeps:?} {on}");
        }
        let last = status(&w.answer(&entry("2025-06-01")), "p");
        let lapsed = if resumes { Status::Applied } else { Status::NotInForce };
        assert_eq!(last, lapsed);
    }
}

#[test]
fn a_truce_stated_again_runs_to_its_new_end() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let later = w.b.act(US, day("2025-05-20"));
    let from = w.at("2025-05-01");
    let (short, long) = (w.at("2025-06-01"), w.at("2025-08-01"));
    let terms = vec![w.b.term(from, Some(short), w.old), w.b.term(from, Some(long), later)];
    let truce = suspension("truce", vec![own("p")], None, terms);
    w.b.ledger.programs[p].suspensions.push(truce);
    assert_eq!(status(&w.answer(&entry("2025-06-15")), "p"), Status::Suspended);
    let mut line = entry("2025-06-15");
    line.known_date = day("2025-05-19");
    assert_eq!(status(&w.answer(&line), "p"), Status::Applied);
}

#[test]
fn a_judgment_counts_by_the_view() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let q = w.single("q", "+7%");
    let act = w.b.act(US, day("2026-02-20"));
    let (from, ceased) = (w.at("2025-02-04"), w.at("2026-02-24"));
    let term = w.b.term(from, None, act);
    w.b.ledger.programs[p].annulments.push(annulment(vec![own("*")], term, ceased));
    // What had given way to the annulled duty is owed.
    w.b.ledger.programs[q].provisions[0].yields_to.push(of("p", "p"));
    let mut line = entry("2025-06-01");
    line.known_date = day("2026-03-01");
    assert_eq!(additional(&w.answer(&line)), 100_000);
    line.view = View::Owed;
    assert_eq!(status(&w.answer(&line), "p"), Status::Annulled);
    assert_eq!(additional(&w.answer(&line)), 70_000);
    line.known_date = day("2026-02-19");
    assert_eq!(additional(&w.answer(&line)), 100_000);
    for (on, cents) in [("2026-02-23", 100_000), ("2026-02-24", 70_000)] {
        let mut line = entry(on);
        line.known_date = day("2026-03-01");
        assert_eq!(additional(&w.answer(&line)), cents, "{on}");
    }
    let mut early = entry("2025-02-03");
    early.view = View::Owed;
    early.known_date = day("2026-03-01");
    assert_eq!(status(&w.answer(&early), "p"), Status::Applied);
}

#[test]
fn another_date_governs_where_the_entry_type_says_so() {
    let mut w = two_steps();
    let act = w.old;
    w.b.ledger.jurisdictions[0].governing.push(Governing {
        entry_types: vec!["06".to_owned()],
        date: GoverningDate::FtzStatusDate,
        rule: String::new(),
        act,
    });
    let mut line = entry("2025-05-10");
    line.ftz_status_date = Some(When::Day(day("2025-04-20")));
    assert_eq!(additional(&w.answer(&line)), 200_000);
    line.entry_type = *b"06";
    assert_eq!(additional(&w.answer(&line)), 100_000);
    line.ftz_status_date = None;
    assert_eq!(additional(&w.answer(&line)), 200_000);
}

#[test]
fn past_the_horizon_needs_both_days() {
    let mut w = two_steps();
    w.b.ledger.programs[0].checked_through = day("2025-05-10");
    let on = |on: &str, known: &str| {
        let mut line = entry(on);
        line.view = View::Owed;
        line.known_date = day(known);
        let answer = w.answer(&line);
        (status(&answer, "p"), answer.beyond_horizon.len(), additional(&answer))
    };
    assert_eq!(on("2025-05-11", "2025-05-11"), (Status::BeyondHorizon, 1, 200_000));
    assert_eq!(on("2025-05-10", "2025-05-11"), (Status::Applied, 0, 200_000));
    assert_eq!(on("2025-05-11", "2025-05-10"), (Status::Applied, 0, 200_000));
}

#[test]
fn an_exception_holds_in_its_terms() {
    let mut w = two_steps();
    let (from, until) = (w.at("2025-05-02"), w.at("2025-05-04"));
    let term = w.b.term(from, Some(until), w.old);
    let free = exception("free", Some("9903.01.32"), vec![own("*")], vec![term]);
    w.b.ledger.programs[0].exceptions.push(free);
    let on = |on: &str| status(&w.answer(&entry(on)), "p");
    assert_eq!(on("2025-05-01"), Status::Applied);
    assert_eq!(on("2025-05-02"), Status::Exempt);
    assert_eq!(on("2025-05-04"), Status::Applied);
    let answer = w.answer(&entry("2025-05-03"));
    assert_eq!(crate::only(&answer, "p").heading, "9903.01.32");
    assert_eq!(status(&answer, "free"), Status::Exempt);
}
