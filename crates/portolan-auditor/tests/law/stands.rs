//! What reaches, is live, yields and stands; lists, origins, prohibitions.

use portolan_auditor::Fault;
use portolan_auditor::build::{annulment, exception, member, of, own, prohibition, row};
use portolan_ledger::line::{Status, View};
use portolan_ledger::record::{Condition, OriginRef, Relation, Term};

use crate::{World, additional, code, day, entry, only, status};

const ON: &str = "2025-06-05";

fn always(w: &mut World) -> Term {
    let from = w.at("2021-01-01");
    w.b.term(from, None, w.old)
}

fn looks(relation: Relation, program: &str, id: &str) -> Condition {
    Condition::Provisions { relation, of: vec![of(program, id)] }
}

#[test]
fn the_general_gives_way_to_the_special_at_zero_too() {
    let mut w = World::new();
    let p = w.program("p");
    let general = w.provision(p, "general", "+10%");
    w.provision(p, "special", "+0%");
    w.b.ledger.programs[p].provisions[general].yields_to.push(own("special"));
    let answer = w.answer(&entry(ON));
    assert_eq!(status(&answer, "general"), Status::Displaced);
    assert_eq!(additional(&answer), 0);
    w.b.ledger.programs[p].provisions[1].scope.origin =
        vec![OriginRef::Country(portolan_auditor::build::country("VN"))];
    assert_eq!(additional(&w.answer(&entry(ON))), 100_000);
}

#[test]
fn what_yields_is_live_all_the_same() {
    let mut w = World::new();
    let p = w.program("p");
    let general = w.provision(p, "general", "+10%");
    w.provision(p, "special", "+5%");
    w.b.ledger.programs[p].provisions[general].yields_to.push(own("special"));
    let q = w.single("q", "+7%");
    let r = w.single("r", "+3%");
    w.when(q, looks(Relation::SubjectTo, "p", "general"));
    w.when(r, looks(Relation::Owing, "p", "general"));
    let answer = w.answer(&entry(ON));
    assert_eq!(status(&answer, "q"), Status::Applied);
    assert_eq!(status(&answer, "r"), Status::NotInForce);
}

#[test]
fn subject_to_counts_zero_and_owing_does_not() {
    for (text, subject, owing) in [("+0%", true, false), ("+1%", true, true), ("total 4%", true, false)] {
        let mut w = World::new();
        w.single("p", text);
        let names = [Relation::SubjectTo, Relation::NotSubjectTo, Relation::Owing];
        for (i, relation) in names.into_iter().enumerate() {
            let q = w.single(&format!("q{i}"), "+7%");
            w.when(q, looks(relation, "p", "@9903.00.*"));
        }
        let answer = w.answer(&entry(ON));
        let applied = |id: &str| status(&answer, id) == Status::Applied;
        assert_eq!((applied("q0"), applied("q1"), applied("q2")), (subject, !subject, owing), "{text}");
    }
}

#[test]
fn an_exception_is_named_by_its_heading() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let claim = w.b.claim("donation", false);
    let term = always(&mut w);
    let mut gift = exception("gift", Some("9903.01.30"), vec![own("p")], vec![term]);
    gift.when.push(Condition::Claim { claim, yes: true });
    w.b.ledger.programs[p].exceptions.push(gift);
    let q = w.single("q", "+7%");
    w.when(q, looks(Relation::NotSubjectTo, "p", "@9903.01.30"));
    let mut line = entry(ON);
    let answer = w.answer(&line);
    assert_eq!((status(&answer, "q"), status(&answer, "gift")), (Status::Applied, Status::NotClaimed));
    line.claims.push(portolan_ledger::line::ClaimStated { claim, yes: true });
    let answer = w.answer(&line);
    assert_eq!((status(&answer, "p"), status(&answer, "q")), (Status::Exempt, Status::NotInForce));
    assert_eq!(only(&answer, "p").heading, "9903.01.30");
}

#[test]
fn a_cycle_is_a_fault() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let q = w.single("q", "+7%");
    w.when(p, looks(Relation::SubjectTo, "q", "*"));
    w.when(q, looks(Relation::SubjectTo, "p", "*"));
    assert!(matches!(w.try_answer(&entry(ON)), Err(Fault::Cycle(_))));
}

#[test]
fn two_that_stand_and_are_not_related_are_a_fault() {
    let mut w = World::new();
    let p = w.program("p");
    for id in ["a", "b"] {
        w.provision(p, id, "+1%");
    }
    w.b.ledger.programs[p].provisions.iter_mut().for_each(|v| v.adds_to.clear());
    assert!(matches!(w.try_answer(&entry(ON)), Err(Fault::Unrelated(..))));
    w.b.ledger.programs[p].provisions[1].adds_to.push(own("a"));
    assert_eq!(additional(&w.answer(&entry(ON))), 20_000);
}

#[test]
fn statuses_in_their_order() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let (claim, term) = (w.b.claim("c", false), always(&mut w));
    w.when(p, Condition::Claim { claim, yes: true });
    w.when(p, Condition::EntryType(vec!["01".to_owned()]));
    let ceased = w.at("2021-01-01");
    w.b.ledger.programs[p].annulments.push(annulment(vec![own("*")], term, ceased));
    let truce = portolan_auditor::build::suspension("t", vec![own("*")], None, vec![term]);
    w.b.ledger.programs[p].suspensions.push(truce);
    let mut line = entry(ON);
    assert_eq!(status(&w.answer(&line), "p"), Status::NotClaimed);
    line.entry_type = *b"06";
    assert_eq!(status(&w.answer(&line), "p"), Status::NotInForce);
    line.entry_type = *b"01";
    line.claims.push(portolan_ledger::line::ClaimStated { claim, yes: true });
    assert_eq!(status(&w.answer(&line), "p"), Status::Annulled);
    w.b.ledger.programs[p].annulments.clear();
    assert_eq!(status(&w.answer(&line), "p"), Status::Suspended);
}

#[test]
fn a_prohibition_gives_no_duty() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let term = always(&mut w);
    let when = vec![Condition::ValueAtMost(portolan_ledger::Cents(80_000))];
    w.b.ledger.programs[p].prohibitions.push(prohibition("ban", when, vec![term]));
    let mut line = entry(ON);
    assert!(!w.answer(&line).prohibited);
    line.value = Some(portolan_ledger::Cents(80_000));
    let answer = w.answer(&line);
    assert!(answer.prohibited && answer.total.duty.is_none() && answer.families.is_empty());
    assert_eq!(status(&answer, "ban"), Status::Prohibited);
    line.value = None;
    assert_eq!(w.answer(&line).needs_input, ["entered_value_usd"]);
}

#[test]
fn the_longest_row_decides() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let term = always(&mut w);
    let (from, until) = (w.at("2025-06-01"), w.at("2025-06-10"));
    let short = w.b.term(from, Some(until), w.old);
    let rows =
        vec![row(code("94"), term, vec![code("9403.60")]), row(code("9403.60.80"), short, vec![code("9403.60.8093")])];
    let list = w.b.list(rows);
    w.b.ledger.programs[p].provisions[0].scope.products = vec![list];
    let on = |on: &str, text: &str| {
        let mut line = entry(on);
        line.code = code(text);
        w.answer(&line).row("p", "p").is_some()
    };
    assert!(on(ON, "9403.60.8081"));
    assert!(!on(ON, "9403.60.8093"));
    assert!(!on("2025-06-10", "9403.60.8081"));
    assert!(on(ON, "9401.10.0000"));
    assert!(!on(ON, "9403.60.4000"));
    assert!(!on(ON, "8708.10.0000"));
    let mut line = entry(ON);
    line.code = code("9403.60.80");
    let answer = w.answer(&line);
    assert_eq!(answer.needs_input, ["hts_number"]);
    assert_eq!(answer.duty_max, Some(portolan_ledger::Cents(150_000)));
}

#[test]
fn without_a_list_all_goods_to_chapter_97() {
    let mut w = World::new();
    w.single("p", "+10%");
    for (text, reached) in [("9701.10.0000", true), ("9802.00.4040", false)] {
        let mut line = entry(ON);
        line.code = code(text);
        assert_eq!(w.answer(&line).row("p", "p").is_some(), reached);
    }
}

#[test]
fn groups_are_dated() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    let until = w.at(ON);
    let from = w.at("2021-01-01");
    let term = w.b.term(from, Some(until), w.old);
    let group = w.b.group("club", vec![member(&["CN", "VN"], term)]);
    w.b.ledger.programs[p].provisions[0].scope.origin_except = vec![OriginRef::Group(group)];
    assert!(w.answer(&entry(ON)).row("p", "p").is_some());
    assert!(w.answer(&entry("2025-06-04")).row("p", "p").is_none());
}

#[test]
fn the_other_side_levies_nothing_here() {
    let mut w = World::new();
    let p = w.single("p", "+10%");
    w.b.ledger.programs[p].levied_by = portolan_auditor::build::CN;
    let mut line = entry(ON);
    assert!(w.answer(&line).row("p", "p").is_none());
    line.side = portolan_auditor::build::CN;
    line.value = Some(portolan_ledger::Cents(10_150));
    // The value of a Chinese line is taken as it is stated.
    assert_eq!(additional(&w.answer(&line)), 1_015);
    line.view = View::Owed;
    line.known_date = day("2019-01-01");
    assert_eq!(status(&w.answer(&line), "p"), Status::NotInForce);
}
