//! Scenarios: both edges of every operation, knowledge, bases, composition, and the scenarios of the repository.

use portolan_ledger::diagnostic::OneLine;
use portolan_ledger::line::View;
use portolan_ledger::read::{self, File};
use portolan_ledger::record::{Ledger, Origin};
use portolan_ledger::scenario::{self, Scenarios};
use portolan_ledger::timeline::{Moment, Timeline};
use portolan_ledger::{Day, Instant, Side};

use crate::ledgers;
use crate::real::root;

/// The law of these tests: one provision at 10, from April at 20, a truce over it in June and July, an exception for gifts.
const LAW: &str = r#"
format    = 1
id        = "us.one"
title     = "A program"
levied_by = "US"
authority = "A statute"
family    = "one"
checked   = { through = 2025-12-31, against = "nothing" }

[[provision]]
id      = "a"
heading = "9903.00.10"
label   = "Provision a"
origin  = ["*"]

  [[provision.rate]]
  from = 2025-02-01
  rate = "+10%"
  act  = "first"

  [[provision.rate]]
  from = 2025-04-01
  rate = "+20%"
  act  = "second"

[[provision]]
id      = "content"
heading = "9903.00.11"
label   = "Content and totals"
origin  = ["*"]
adds_to = ["a"]

  [[provision.rate]]
  from  = 2025-02-01
  until = 2025-04-01
  rate  = "+25% of steel"
  act   = "first"

  [[provision.rate]]
  from = 2025-04-01
  rate = "total 15%"
  act  = "first"

[[suspension]]
id       = "truce"
of       = ["a"]
on_lapse = "resume"

  [[suspension.term]]
  from  = 2025-06-01
  until = 2025-07-01
  act   = "second"

  [[suspension.term]]
  from  = 2025-07-01
  until = 2025-08-01
  act   = "third"

[[exception]]
id    = "gifts"
of    = ["a"]
claim = "donation"
from  = 2025-02-01
until = 2025-05-01
act   = "first"
"#;

const LATE: &str = "2026-01-01";

fn law() -> Ledger {
    let mut files: Vec<File> = read::collect(&ledgers::ledgers().join("base")).unwrap();
    files.push(("us/one.toml".to_owned(), LAW.as_bytes().to_vec()));
    read::read(&files).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics)).ledger
}

fn scenarios(texts: &[&str]) -> Scenarios {
    let file = |(index, text): (usize, &&str)| (format!("scenarios/{index}.toml"), text.as_bytes().to_vec());
    let files: Vec<File> = texts.iter().enumerate().map(file).collect();
    scenario::read(&files).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics))
}

/// The law with one patch, whose keys are given without the table's head.
fn patched(patch: &str) -> Ledger {
    let text = format!("format = 1\nid = \"s\"\ntitle = \"What if\"\n[[patch]]\n{patch}");
    let read = scenarios(&[&text]);
    scenario::apply(&law(), &read.scenarios[0]).unwrap_or_else(|found| panic!("{found:?}"))
}

fn day(text: &str) -> Day {
    Day::parse_iso(text.as_bytes()).unwrap()
}

fn start(ledger: &Ledger, text: &str) -> Instant {
    ledger.clock(Side(0)).unwrap().day_start(day(text))
}

/// What a provision bears at a moment: its rate, or why none.
fn bears(ledger: &Ledger, id: &str, at: Instant, known: &str, view: View) -> String {
    let timeline = Timeline::new(ledger);
    let moment = Moment { at, known: day(known), view };
    let node = timeline.provisions.iter().find(|node| node.record.id == id).unwrap();
    if timeline.annulled(node, moment).is_some() {
        return "annulled".to_owned();
    }
    let mut rate = timeline.in_force(&node.record.rates, moment.at, moment.known).map(|record| record.rate.to_string());
    if let Some((index, _)) = timeline.suspension_over(&node.suspensions, moment) {
        rate = Some(node.suspensions[index].keeps.as_ref().map_or("suspended".to_owned(), ToString::to_string));
    }
    rate.unwrap_or_else(|| "nothing".to_owned())
}

/// What a provision bears on the last second before a day starts, and on its first, with everything known.
fn edge(ledger: &Ledger, id: &str, text: &str) -> [String; 2] {
    let at = start(ledger, text);
    [Instant(at.0 - 1), at].map(|at| bears(ledger, id, at, LATE, View::Owed))
}

#[test]
fn a_set_rate_holds_between_its_bounds() {
    let ledger =
        patched("op = \"set-rate\"\nof = [\"us.one/a\"]\nrate = \"+50%\"\nfrom = 2025-03-15\nuntil = 2025-05-15");
    assert_eq!(edge(&ledger, "a", "2025-03-15"), ["+10%", "+50%"]);
    assert_eq!(edge(&ledger, "a", "2025-04-01"), ["+50%", "+50%"], "the law's step beneath does not show");
    assert_eq!(edge(&ledger, "a", "2025-05-15"), ["+50%", "+20%"]);
    assert_eq!(bears(&ledger, "a", start(&ledger, "2025-04-15"), "2025-03-14", View::Owed), "+20%", "not known yet");
}

#[test]
fn a_scaled_rate_follows_the_records_beneath() {
    let ledger =
        patched("op = \"scale-rate\"\nof = [\"us.one/*\"]\nby = \"1.5\"\nfrom = 2025-03-15\nuntil = 2025-05-15");
    assert_eq!(edge(&ledger, "a", "2025-03-15"), ["+10%", "+15%"]);
    assert_eq!(edge(&ledger, "a", "2025-04-01"), ["+15%", "+30%"]);
    assert_eq!(edge(&ledger, "a", "2025-05-15"), ["+30%", "+20%"]);
    assert_eq!(edge(&ledger, "content", "2025-04-01"), ["+37.5% of steel", "total 22.5%"]);
    assert_eq!(edge(&ledger, "content", "2025-05-15"), ["total 22.5%", "total 15%"]);
}

#[test]
fn a_scaled_rate_does_not_know_later_law() {
    // The second act, of 1 March, sets the step of April; the patch is known from 15 February.
    let ledger =
        patched("op = \"scale-rate\"\nof = [\"us.one/a\"]\nby = \"2\"\nfrom = 2025-02-15\nuntil = \"forever\"");
    let at = start(&ledger, "2025-04-01");
    assert_eq!(bears(&ledger, "a", at, "2025-02-14", View::Owed), "+10%");
    assert_eq!(bears(&ledger, "a", at, "2025-02-28", View::Owed), "+20%", "twice the 10 known then");
    assert_eq!(bears(&ledger, "a", at, "2025-03-01", View::Owed), "+40%");
}

#[test]
fn a_suspension_holds_between_its_bounds_and_keeps_a_rate() {
    let ledger =
        patched("op = \"suspend\"\nof = [\"us.one/a\"]\nkeeps = \"+1%\"\nfrom = 2025-03-15\nuntil = 2025-05-15");
    assert_eq!(edge(&ledger, "a", "2025-03-15"), ["+10%", "+1%"]);
    assert_eq!(edge(&ledger, "a", "2025-05-15"), ["+1%", "+20%"]);
    let ledger = patched("op = \"suspend\"\nof = [\"us.one/a\"]\nfrom = 2025-03-15\nuntil = \"forever\"");
    assert_eq!(edge(&ledger, "a", "2025-03-15"), ["+10%", "suspended"]);
}

#[test]
fn a_suspension_governs_over_the_truce_beneath() {
    // The truce suspends all of it in June and July; the patch keeps 5 percent from the middle of June.
    let patch = "op = \"suspend\"\nof = [\"us.one/a\"]\nkeeps = \"+5%\"\nfrom = 2025-06-15\nuntil = 2025-07-15";
    let ledger = patched(patch);
    assert_eq!(edge(&ledger, "a", "2025-06-15"), ["suspended", "+5%"]);
    assert_eq!(edge(&ledger, "a", "2025-07-01"), ["+5%", "+5%"], "a later term of the law does not govern over it");
    assert_eq!(edge(&ledger, "a", "2025-07-15"), ["+5%", "suspended"]);
    // One that began before the truce governs on through its beginning.
    let ledger = patched(&patch.replace("2025-06-15", "2025-05-15"));
    assert_eq!(edge(&ledger, "a", "2025-05-15"), ["+20%", "+5%"]);
    assert_eq!(edge(&ledger, "a", "2025-06-01"), ["+5%", "+5%"]);
}

/// What is warned of a scenario of one patch.
fn warned(patch: &str) -> Vec<String> {
    let text = format!("format = 1\nid = \"s\"\ntitle = \"What if\"\n[[patch]]\n{patch}");
    let read = scenarios(&[&text]);
    let law = law();
    let ledger = scenario::apply(&law, &read.scenarios[0]).unwrap_or_else(|found| panic!("{found:?}"));
    let found = scenario::without_effect(&law, &ledger, &read.scenarios[0]);
    found.iter().map(|fault| OneLine(fault, &read.sources).to_string()).collect()
}

#[test]
fn a_patch_without_effect_is_named() {
    let set = |from: &str, until: &str| {
        warned(&format!("op = \"set-rate\"\nof = [\"us.one/a\"]\nrate = \"+50%\"\nfrom = {from}\nuntil = {until}"))
    };
    assert_eq!(set("2025-03-15", "2025-05-15"), [""; 0]);
    let under = set("2025-06-10", "2025-06-20");
    assert_eq!(under.len(), 1);
    assert!(
        under[0].contains("warning[PTL032]: the patch has no effect: the suspension `truce` lies over it"),
        "{under:?}"
    );
    let partly = set("2025-03-15", "2025-06-20");
    assert!(partly[0].contains("the rate of us.one/a has no effect from 2025-06-01 00:01 EDT until"), "{partly:?}");
    let same = "op = \"set-rate\"\nof = [\"us.one/a\"]\nrate = \"+20%\"\nfrom = 2025-04-10\nuntil = 2025-05-10";
    assert!(warned(same)[0].contains("no effect: the law says the same"), "{:?}", warned(same));
    let again = "op = \"suspend\"\nof = [\"us.one/a\"]\nfrom = 2025-06-10\nuntil = 2025-06-20";
    assert_eq!(warned(again).len(), 1, "suspended already");
    assert_eq!(warned("op = \"suspend\"\nof = [\"us.one/a\"]\nfrom = 2025-05-10\nuntil = 2025-06-20"), [""; 0]);
    assert_eq!(warned("op = \"let-lapse\"\nof = [\"us.one/truce\"]\nfrom = 2025-06-01\nuntil = \"forever\""), [""; 0]);
    let nothing = "op = \"let-lapse\"\nof = [\"us.one/truce\"]\nfrom = 2025-08-02\nuntil = \"forever\"";
    assert_eq!(warned(nothing).len(), 1, "no term begins within the bounds");
}

#[test]
fn terms_lapse_from_a_day_and_running_ones_keep_their_end() {
    let ledger = patched("op = \"let-lapse\"\nof = [\"us.one/truce\"]\nfrom = 2025-06-15\nuntil = \"forever\"");
    assert_eq!(edge(&ledger, "a", "2025-06-01"), ["+20%", "suspended"]);
    assert_eq!(edge(&ledger, "a", "2025-07-01"), ["suspended", "+20%"]);
    let ledger = patched("op = \"let-lapse\"\nof = [\"us.one/truce\"]\nfrom = 2025-06-01\nuntil = 2025-07-01");
    assert_eq!(edge(&ledger, "a", "2025-07-01"), ["+20%", "suspended"], "a term that starts at the end is kept");
    let at = start(&ledger, "2025-06-15");
    assert_eq!(
        bears(&ledger, "a", at, "2025-05-31", View::Owed),
        "suspended",
        "before the patch is known the law stands"
    );
}

#[test]
fn an_extension_runs_on_to_its_end() {
    let ledger = patched("op = \"extend\"\nof = [\"us.one/truce\"]\nfrom = 2025-07-15\nuntil = 2025-09-01");
    assert_eq!(edge(&ledger, "a", "2025-08-01"), ["suspended", "suspended"]);
    assert_eq!(edge(&ledger, "a", "2025-09-01"), ["suspended", "+20%"]);
    let at = start(&ledger, "2025-08-15");
    assert_eq!(bears(&ledger, "a", at, "2025-07-14", View::Owed), "+20%", "not known yet");
    let ledger = patched("op = \"extend\"\nof = [\"us.one/gifts\"]\nfrom = 2025-04-01\nuntil = \"forever\"");
    let terms = &ledger.programs[0].exceptions[0].terms;
    assert!(Timeline::new(&ledger).in_force(terms, start(&ledger, "2025-12-01"), day(LATE)).is_some());
}

#[test]
fn an_annulment_is_void_from_the_start_and_collected_until_the_judgment() {
    let ledger = patched("op = \"annul\"\nof = [\"us.one/a\"]\nfrom = 2025-03-01\nuntil = 2025-05-15\non = 2025-04-15");
    assert_eq!(edge(&ledger, "a", "2025-03-01"), ["+10%", "annulled"]);
    assert_eq!(edge(&ledger, "a", "2025-05-15"), ["annulled", "+20%"]);
    let at = start(&ledger, "2025-04-15");
    assert_eq!(bears(&ledger, "a", Instant(at.0 - 1), "2025-04-15", View::Assessed), "+20%");
    assert_eq!(bears(&ledger, "a", at, "2025-04-15", View::Assessed), "annulled");
    assert_eq!(bears(&ledger, "a", at, "2025-04-14", View::Owed), "+20%", "no judgment is known");
}

#[test]
fn an_exclusion_frees_what_it_names() {
    let ledger = patched(
        "op = \"exclude\"\nof = [\"us.one/a\"]\nproducts = [\"0101.21\"]\norigin = [\"FR\"]\nclaim = \"donation\"\nfrom = 2025-03-15\nuntil = 2025-05-15",
    );
    let exception = ledger.programs[0].exceptions.last().unwrap();
    let timeline = Timeline::new(&ledger);
    for (text, holds) in [("2025-03-15", [false, true]), ("2025-05-15", [true, false])] {
        let at = start(&ledger, text);
        let found = [Instant(at.0 - 1), at].map(|at| timeline.in_force(&exception.terms, at, day(LATE)).is_some());
        assert_eq!(found, holds);
    }
    let moment = Moment { at: start(&ledger, "2025-04-01"), known: day(LATE), view: View::Owed };
    assert!(timeline.scope_holds_origin(&exception.scope, Origin(*b"FR"), moment));
    assert!(!timeline.scope_holds_origin(&exception.scope, Origin(*b"DE"), moment));
    let list = &ledger.lists[usize::from(exception.scope.products[0].0)];
    assert_eq!(list.rows[0].code.to_string(), "0101.21");
    assert_eq!(exception.when.len(), 1);
}

#[test]
fn an_imposed_provision_holds_between_its_bounds() {
    let ledger = patched(
        "op = \"impose\"\nprogram = \"us.one\"\nrate = \"+5%\"\nfrom = 2025-03-15\nuntil = 2025-05-15\nprovision = { id = \"new\", heading = \"9903.00.12\", label = \"New\", origin = [\"union\"], adds_to = [\"*\"] }",
    );
    assert_eq!(edge(&ledger, "new", "2025-03-15"), ["nothing", "+5%"]);
    assert_eq!(edge(&ledger, "new", "2025-05-15"), ["+5%", "nothing"]);
}

#[test]
fn a_cut_leaves_only_what_was_known() {
    let read = scenarios(&["format = 1\nid = \"cut\"\ntitle = \"Cut\"\nknown = 2025-02-28"]);
    let ledger = scenario::apply(&law(), &read.scenarios[0]).unwrap();
    assert_eq!(edge(&ledger, "a", "2025-04-01"), ["+10%", "+10%"]);
    assert_eq!(edge(&ledger, "a", "2025-06-01"), ["+10%", "+10%"]);
    let read = scenarios(&["format = 1\nid = \"cut\"\ntitle = \"Cut\"\nknown = 2025-03-01"]);
    let ledger = scenario::apply(&law(), &read.scenarios[0]).unwrap();
    assert_eq!(edge(&ledger, "a", "2025-04-01"), ["+10%", "+20%"]);
    assert_eq!(edge(&ledger, "a", "2025-07-01"), ["suspended", "+20%"], "the third act is cut");
}

/// A scenario of one patch of the rate of `a`.
fn of_rate(id: &str, base: &str, key: &str, value: &str, from: &str, until: &str) -> String {
    let op = if key == "by" { "scale-rate" } else { "set-rate" };
    format!(
        "format = 1\nid = \"{id}\"\ntitle = \"{id}\"\nbase = \"{base}\"\n[[patch]]\nop = \"{op}\"\nof = \"us.one/a\"\n{key} = \"{value}\"\nfrom = {from}\nuntil = {until}\n"
    )
}

#[test]
fn a_scenario_builds_on_another() {
    let base = of_rate("base", "law", "rate", "+50%", "2025-03-15", "2025-05-15");
    let upper = of_rate("upper", "base", "by", "2", "2025-05-01", "2025-05-20");
    let read = scenarios(&[&upper, &base]);
    let ledger = scenario::apply(&law(), read.get("upper").unwrap()).unwrap();
    assert_eq!(edge(&ledger, "a", "2025-03-15"), ["+10%", "+50%"]);
    assert_eq!(edge(&ledger, "a", "2025-05-01"), ["+50%", "+100%"]);
    assert_eq!(edge(&ledger, "a", "2025-05-15"), ["+100%", "+40%"]);
    assert_eq!(edge(&ledger, "a", "2025-05-20"), ["+40%", "+20%"]);
    // Known before the base, it stands over the base all the same.
    let early = of_rate("early", "base", "rate", "+1%", "2025-03-01", "2025-05-01");
    let read = scenarios(&[&early, &base]);
    let ledger = scenario::apply(&law(), read.get("early").unwrap()).unwrap();
    assert_eq!(edge(&ledger, "a", "2025-03-15"), ["+1%", "+1%"]);
    assert_eq!(edge(&ledger, "a", "2025-05-01"), ["+1%", "+50%"]);
    assert_eq!(edge(&ledger, "a", "2025-05-15"), ["+50%", "+20%"]);
}

#[test]
fn every_record_of_a_scenario_names_it() {
    let ledger = patched(
        "op = \"set-rate\"\nof = [\"us.one/a\"]\nrate = \"+50%\"\nfrom = 2025-03-15\nuntil = 2025-05-15\non = 2025-02-20",
    );
    let law = law();
    let record = ledger.programs[0].provisions[0].rates.iter().find(|record| record.patch).unwrap();
    let act = ledger.act(record.term.act);
    assert_eq!((act.id.as_str(), act.title.as_str(), act.issued), ("scenario:s", "What if", day("2025-02-20")));
    assert_eq!(ledger.files[usize::from(act.place.file)], "scenarios/0.toml");
    assert!(ledger.version.starts_with(&format!("{}+s.", law.version)));
    assert_eq!(law, self::law(), "the law itself is not touched");
}

#[test]
fn scenarios_compose_where_they_do_not_meet() {
    let spring = of_rate("spring", "law", "rate", "+50%", "2025-03-15", "2025-05-15");
    let summer = of_rate("summer", "law", "by", "2", "2025-05-15", "\"forever\"");
    let may = of_rate("may", "law", "by", "2", "2025-05-14", "\"forever\"");
    let lapse = "format = 1\nid = \"lapse\"\ntitle = \"Lapse\"\n[[patch]]\nop = \"let-lapse\"\nof = \"us.one/truce\"\nfrom = 2025-06-01\nuntil = \"forever\"\n";
    let read = scenarios(&[&spring, &summer, &may, lapse]);
    let get = |id: &str| read.get(id).unwrap();
    let law = law();
    let joined = scenario::compose(&law, &[get("spring"), get("summer")]).unwrap();
    assert_eq!(joined.id, "spring+summer");
    let ledger = scenario::apply(&law, &joined).unwrap();
    assert_eq!(edge(&ledger, "a", "2025-05-15"), ["+50%", "+40%"]);
    let refused = scenario::compose(&law, &[get("spring"), get("may")]).unwrap_err();
    let said = OneLine(&refused[0], &read.sources).to_string();
    assert!(said.contains("`spring` and `may` both touch us.one/a at one time"), "{said}");
    // The truce lies over the provision: its lapse touches it.
    assert!(scenario::compose(&law, &[get("summer"), get("lapse")]).is_err());
    assert!(scenario::compose(&law, &[get("spring"), get("lapse")]).is_ok());
    assert!(scenario::compose(&law, &[]).is_err());
}

/// The scenarios of the repository over the ledger of the repository.
fn shipped(id: &str) -> Ledger {
    let files = read::collect(&root().join("ledger")).unwrap();
    let overlays: Vec<File> = files.iter().filter(|(path, _)| scenario::is_scenario_file(path)).cloned().collect();
    let read = read::read(&files).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
    let overlays = scenario::read(&overlays).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
    let found = scenario::apply(&read.ledger, overlays.get(id).unwrap());
    found.unwrap_or_else(|found| panic!("{id}: {found:#?}"))
}

/// What the China heading of the reciprocal tariff, the fentanyl duty and China's answer bear on a day.
fn both_sides(ledger: &Ledger, text: &str) -> [String; 3] {
    let timeline = Timeline::new(ledger);
    [("us.ieepa.reciprocal", "china", 0), ("us.ieepa.fentanyl-china", "second", 0), ("cn.2025-4", "all-us-goods", 1)]
        .map(|(program, id, side)| {
            // The end of the day: what changed within it has changed.
            let at = Instant(ledger.clock(Side(side)).unwrap().day_end(day(text)).0 - 1);
            let moment = Moment { at, known: day("2026-01-01"), view: View::Owed };
            let of = |node: &&portolan_ledger::timeline::ProvisionNode<'_>| {
                node.record.id == id && timeline.program(node.program).id == program
            };
            let node = timeline.provisions.iter().find(of).unwrap();
            let rate = timeline.in_force(&node.record.rates, moment.at, moment.known);
            let suspended = node.suspensions.iter().find(|s| timeline.suspended(s, moment).is_some());
            match suspended {
                Some(suspension) => suspension.keeps.as_ref().map_or("suspended".to_owned(), ToString::to_string),
                None => rate.map_or("nothing".to_owned(), |rate| rate.rate.to_string()),
            }
        })
}

#[test]
fn the_truce_lapses() {
    let ledger = shipped("truce-lapses-2025-08-12");
    assert_eq!(both_sides(&ledger, "2025-08-11"), ["suspended", "+20%", "+10%"]);
    assert_eq!(both_sides(&ledger, "2025-08-12"), ["+34%", "+20%", "+34%"]);
}

#[test]
fn the_truce_is_never_agreed() {
    let ledger = shipped("truce-never-agreed");
    assert_eq!(both_sides(&ledger, "2025-05-13"), ["+125%", "+20%", "+125%"]);
    assert_eq!(both_sides(&ledger, "2025-05-14"), ["+125%", "+20%", "+125%"]);
    assert_eq!(both_sides(&ledger, "2025-12-01"), ["+125%", "+20%", "+125%"]);
}

#[test]
fn both_sides_stay_at_10() {
    let ledger = shipped("both-sides-at-10");
    assert_eq!(both_sides(&ledger, "2025-05-13"), ["+125%", "+20%", "+125%"]);
    assert_eq!(both_sides(&ledger, "2025-05-14"), ["suspended", "none", "+10%"]);
    assert_eq!(both_sides(&ledger, "2027-01-01"), ["suspended", "none", "+10%"]);
}

#[test]
fn steel_doubles_is_struck_and_was_never() {
    let of_steel = |ledger: &Ledger, text: &str, view| {
        let timeline = Timeline::new(ledger);
        let moment = Moment { at: start(ledger, text), known: day("2026-01-01"), view };
        let steel = timeline.provisions.iter().filter(|node| timeline.program(node.program).id == "us.s232.steel");
        let rates = steel.filter(|node| timeline.annulled(node, moment).is_none());
        let highest = rates.filter_map(|node| timeline.in_force(&node.record.rates, moment.at, moment.known));
        let share = |rate: &portolan_ledger::DutyRate| match rate {
            portolan_ledger::DutyRate::Add(rate) | portolan_ledger::DutyRate::OfMetal(rate, _) => Some(*rate),
            _ => None,
        };
        highest.filter_map(|record| share(&record.rate)).max().map_or("nothing".to_owned(), |rate| rate.to_string())
    };
    let doubled = shipped("steel-doubles-again");
    let dates = ["2025-06-30", "2025-07-01", "2025-12-31", "2026-01-01"];
    assert_eq!(dates.map(|text| of_steel(&doubled, text, View::Owed)), ["50", "100", "100", "50"]);
    let struck = shipped("court-strikes-steel");
    assert_eq!(["2025-08-31", "2025-09-01"].map(|text| of_steel(&struck, text, View::Assessed)), ["50", "nothing"]);
    assert_eq!(of_steel(&struck, "2025-06-15", View::Owed), "nothing");
    let without = shipped("without-2025");
    assert_eq!(of_steel(&without, "2025-06-15", View::Owed), "25");
    assert_eq!(both_sides(&without, "2025-06-15")[..2], ["nothing", "nothing"]);
}
