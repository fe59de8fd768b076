//! The differential test against itself: that it is quiet on a twin, and loud on every twin that is wrong somewhere.

use portolan_auditor::differential::{Evaluator, Plan, Report, run};
use portolan_auditor::generate::{self, Edges, Random};
use portolan_auditor::{Answer, Auditor, OrdinaryTable, conservation};
use portolan_ledger::line::{View, When};
use portolan_ledger::record::{Bound, Condition, Ledger, Program, Relation, Spares, StackingKind, Term};
use portolan_ledger::{Cents, DutyRate, EntryLine, Instant, Rate};

/// Tampers with a law.
type Tamper = fn(&mut Ledger);
/// Misreads a line.
type Misread = fn(&mut EntryLine);

/// An auditor over a law, or a line, that was tampered with.
struct Twin {
    base: OrdinaryTable,
    law: Tamper,
    line: Misread,
    wrong: Option<Ledger>,
}

impl Evaluator for Twin {
    fn name(&self) -> &'static str {
        "twin"
    }

    fn answer(&mut self, ledger: &Ledger, line: &EntryLine) -> Result<Answer, String> {
        let wrong = self.wrong.get_or_insert_with(|| {
            let mut wrong = ledger.clone();
            (self.law)(&mut wrong);
            wrong
        });
        let mut line = line.clone();
        (self.line)(&mut line);
        let auditor = Auditor::new(wrong).map_err(|fault| fault.to_string())?;
        auditor.answer(&self.base, &line).map_err(|fault| fault.to_string())
    }
}

fn against(cases: usize, law: Tamper, line: Misread) -> Report {
    compare_with(Plan { keep: 1, ..Plan::new(cases, 20_250_409) }, law, line)
}

/// Whether a wrong reading is found out within so many cases.
fn is_caught(cases: usize, law: Tamper, line: Misread) -> bool {
    let plan = Plan { keep: 0, stop_at: 1, lines_per_ledger: 25, ..Plan::new(cases, 1) };
    compare_with(plan, law, line).differences > 0
}

fn compare_with(plan: Plan, law: Tamper, line: Misread) -> Report {
    run(plan, &|_, base| Ok(Box::new(Twin { base: base.clone(), law, line, wrong: None })))
}

#[test]
fn a_twin_never_differs() {
    let report = against(20_000, |_| {}, |_| {});
    assert_eq!(report.differences, 0, "{report}");
    assert!(report.broken.is_empty(), "{report}");
    assert!(report.refused < report.cases / 50, "{report}");
}

fn programs(ledger: &mut Ledger, change: impl FnMut(&mut Program)) {
    ledger.programs.iter_mut().for_each(change);
}

fn terms(ledger: &mut Ledger, mut change: impl FnMut(&mut Term)) {
    for program in &mut ledger.programs {
        program.provisions.iter_mut().flat_map(|p| &mut p.rates).for_each(|r| change(&mut r.term));
        program.suspensions.iter_mut().flat_map(|s| &mut s.terms).for_each(&mut change);
        program.exceptions.iter_mut().flat_map(|e| &mut e.terms).for_each(&mut change);
    }
}

fn conditions(ledger: &mut Ledger, mut change: impl FnMut(&mut Condition)) {
    for program in &mut ledger.programs {
        program.provisions.iter_mut().flat_map(|p| &mut p.when).for_each(&mut change);
        program.exceptions.iter_mut().flat_map(|e| &mut e.when).for_each(&mut change);
    }
}

fn later(at: &mut Instant) {
    at.0 += 1;
}

/// Wrong readings of the law, each by its name.
const WRONG_LAWS: &[(&str, Tamper)] = &[
    ("`from` is exclusive", |l| terms(l, |t| later(&mut t.from))),
    ("`until` is inclusive", |l| terms(l, |t| t.until.iter_mut().for_each(later))),
    ("everything is always known", |l| l.acts.iter_mut().for_each(|a| a.issued.0 = 0)),
    ("known a day late", |l| l.acts.iter_mut().for_each(|a| a.issued.0 += 1)),
    ("the earlier of two on one day stands", |l| {
        programs(l, |p| p.provisions.iter_mut().for_each(|v| v.rates.reverse()));
    }),
    ("a scenario's rate is the law's", |l| {
        programs(l, |p| p.provisions.iter_mut().flat_map(|v| &mut v.rates).for_each(|r| r.patch = false));
    }),
    ("a suspension keeps nothing", |l| programs(l, |p| p.suspensions.iter_mut().for_each(|s| s.keeps = None))),
    ("every suspension resumes", |l| programs(l, |p| p.suspensions.iter_mut().for_each(|s| s.resumes = true))),
    ("suspensions are not read", |l| programs(l, |p| p.suspensions.clear())),
    ("exceptions are not read", |l| programs(l, |p| p.exceptions.clear())),
    ("annulments are not read", |l| programs(l, |p| p.annulments.clear())),
    ("collected a second longer", |l| programs(l, |p| p.annulments.iter_mut().for_each(|a| later(&mut a.ceased)))),
    ("prohibitions are not read", |l| programs(l, |p| p.prohibitions.clear())),
    ("the spared part is not taken off", |l| programs(l, |p| p.exceptions.retain(|e| e.spares.is_none()))),
    ("what spares a part frees of all", |l| programs(l, |p| p.exceptions.iter_mut().for_each(|e| e.spares = None))),
    ("US content spares nothing", |l| programs(l, |p| p.exceptions.retain(|e| e.spares != Some(Spares::UsContent)))),
    ("all is dutiable, processed abroad or not", |l| {
        programs(l, |p| p.exceptions.retain(|e| e.spares != Some(Spares::OutsideProcessing)));
    }),
    ("nothing yields", |l| programs(l, |p| p.provisions.iter_mut().for_each(|v| v.adds_to.append(&mut v.yields_to)))),
    ("tiers are swapped", |l| l.rules.iter_mut().flat_map(|r| &mut r.orders).for_each(|o| o.tiers.reverse())),
    ("rules are not read", |l| l.rules.clear()),
    ("highest for first", |l| {
        l.rules
            .iter_mut()
            .filter(|r| r.kind == StackingKind::HighestOnly)
            .for_each(|r| r.kind = StackingKind::FirstOnly);
    }),
    ("lowest for highest", |l| {
        l.rules
            .iter_mut()
            .filter(|r| r.kind == StackingKind::LowestOnly)
            .for_each(|r| r.kind = StackingKind::HighestOnly);
    }),
    ("orders of rules are not dated", |l| l.rules.iter_mut().for_each(|r| r.orders.truncate(1))),
    ("codes that are out are in", |l| l.lists.iter_mut().flat_map(|l| &mut l.rows).for_each(|r| r.except.clear())),
    ("list rows are not dated", |l| l.lists.iter_mut().flat_map(|l| &mut l.rows).for_each(|r| r.term.until = None)),
    ("groups are not dated", |l| l.groups.iter_mut().flat_map(|g| &mut g.members).for_each(|m| m.term.until = None)),
    ("origins that are out are in", |l| {
        programs(l, |p| p.provisions.iter_mut().for_each(|v| v.scope.origin_except.clear()));
    }),
    ("goods that are out are in", |l| {
        programs(l, |p| p.provisions.iter_mut().for_each(|v| v.scope.products_except.clear()));
    }),
    ("before is after", |l| {
        conditions(l, |c| {
            if let Condition::Loaded(b) | Condition::Entered(b) = c {
                *b = match *b {
                    Bound::Before(at) => Bound::From(at),
                    Bound::From(at) => Bound::Before(at),
                }
            }
        });
    }),
    ("a date at the edge lies before it", |l| {
        conditions(l, |c| {
            if let Condition::Loaded(Bound::Before(at) | Bound::From(at))
            | Condition::Entered(Bound::Before(at) | Bound::From(at))
            | Condition::Imported(Bound::Before(at) | Bound::From(at)) = c
            {
                later(at);
            }
        });
    }),
    ("a share at the threshold is below it", |l| {
        conditions(l, |c| {
            if let Condition::Share { pct, .. } = c {
                pct.0 += 1;
            }
        });
    }),
    ("a value at the limit is above it", |l| {
        conditions(l, |c| {
            if let Condition::ValueAtMost(v) = c {
                v.0 -= 1;
            }
        });
    }),
    ("a unit price at the bound is below it", |l| {
        conditions(l, |c| {
            if let Condition::UnitPrice { price, .. } = c {
                price.0 += 1;
            }
        });
    }),
    ("`no:` is not read", |l| {
        conditions(l, |c| {
            if let Condition::Claim { yes, .. } = c {
                *yes = true;
            }
        });
    }),
    ("an article is a benefit", |l| l.claims.iter_mut().for_each(|c| c.article = false)),
    ("a benefit is asked for", |l| l.claims.iter_mut().for_each(|c| c.article = true)),
    ("all places for any place", |l| {
        conditions(l, |c| {
            if let Condition::Smelted { all, .. } = c {
                *all = true;
            }
        });
    }),
    ("the general rate for the ordinary one", |l| {
        conditions(l, |c| {
            if let Condition::Base { general, .. } = c {
                *general = true;
            }
        });
    }),
    ("owing counts what is live", |l| {
        conditions(l, |c| {
            if let Condition::Provisions { relation, .. } = c
                && *relation == Relation::Owing
            {
                *relation = Relation::SubjectTo;
            }
        });
    }),
    ("not subject is subject", |l| {
        conditions(l, |c| {
            if let Condition::Provisions { relation, .. } = c
                && *relation == Relation::NotSubjectTo
            {
                *relation = Relation::SubjectTo;
            }
        });
    }),
    ("melt_pct is not read", |l| {
        conditions(l, |c| {
            if let Condition::Melted { at_least, .. } = c {
                *at_least = None;
            }
        });
    }),
    ("the first date does not govern", |l| l.jurisdictions[0].governing.clear()),
    ("values are taken as stated", |l| l.jurisdictions[0].value_grain = 1),
    ("past the horizon is not seen", |l| programs(l, |p| p.checked_through.0 += 10_000)),
    ("content is of the whole", |l| {
        rates(l, |r| {
            if let DutyRate::OfMetal(rate, _) = r {
                *r = DutyRate::Add(*rate);
            }
        });
    }),
    ("the US cap is not read", |l| {
        rates(l, |r| {
            if let DutyRate::OfNonUs(_, most) = r {
                *most = None;
            }
        });
    }),
    ("a total is added", |l| {
        rates(l, |r| {
            if let DutyRate::Total(rate, _) = r {
                *r = DutyRate::Add(*rate);
            }
        });
    }),
    ("a total is over general always", |l| {
        rates(l, |r| {
            if let DutyRate::Total(_, over) = r {
                *over = portolan_ledger::duty_rate::Over::General;
            }
        });
    }),
    ("in place of all displaces nothing", |l| {
        rates(l, |r| {
            if let DutyRate::InPlaceOfAll(rate) = r {
                *r = DutyRate::Add(*rate);
            }
        });
    }),
    ("an unknown rate is zero", |l| {
        rates(l, |r| {
            if *r == DutyRate::Unknown {
                *r = DutyRate::Add(Rate::ZERO);
            }
        });
    }),
    ("the share of a compound rate is not read", |l| {
        rates(l, |r| {
            if let DutyRate::Specific(share, ..) = r {
                *share = Rate::ZERO;
            }
        });
    }),
    ("`none` is zero", |l| {
        rates(l, |r| {
            if *r == DutyRate::Ended {
                *r = DutyRate::Add(Rate::ZERO);
            }
        });
    }),
];

fn rates(ledger: &mut Ledger, mut change: impl FnMut(&mut DutyRate)) {
    let provisions = ledger.programs.iter_mut().flat_map(|p| &mut p.provisions);
    provisions.flat_map(|p| &mut p.rates).for_each(|r| change(&mut r.rate));
}

/// Wrong readings of a line.
const WRONG_LINES: &[(&str, Misread)] = &[
    ("one view for the other", |l| l.view = if l.view == View::Owed { View::Assessed } else { View::Owed }),
    ("known a day early", |l| l.known_date.0 += 1),
    ("a bare entry date is its start", |l| {
        if let When::Day(_) = l.entry_date {
            l.entry_date = at_start(l);
        }
    }),
    ("the import date is not read", |l| l.import_date = None),
    ("cents are dropped", |l| l.value = l.value.map(|v| Cents(v.0 / 100 * 100))),
    ("only the first eight digits count", |l| l.code = l.code.prefix(8)),
    ("the mode is not read", |l| l.mode = None),
    ("content that is not stated is none", |l| {
        let none = Some(Rate::ZERO);
        l.steel_pct = l.steel_pct.or(none);
    }),
    ("the special rate is not read", |l| l.spi = None),
    ("the chapter 98 number is not read", |l| l.ch98_number = None),
    ("the entry type is not read", |l| l.entry_type = *b"01"),
    ("the country of export is the origin", |l| l.export_country = l.export_country.or(Some(l.origin))),
];

/// The start of the tariff day of a bare entry date.
fn at_start(line: &EntryLine) -> When {
    let built = portolan_auditor::build::Builder::default();
    let clock = built.ledger.clock(line.side).unwrap();
    When::At(line.entry_date.span(&clock).0)
}

#[test]
fn every_wrong_reading_of_the_law_is_caught() {
    let quiet: Vec<&str> =
        WRONG_LAWS.iter().filter(|(_, wrong)| !is_caught(200_000, *wrong, |_| {})).map(|(name, _)| *name).collect();
    assert!(quiet.is_empty(), "not caught: {quiet:#?}");
}

#[test]
fn every_wrong_reading_of_a_line_is_caught() {
    let quiet: Vec<&str> =
        WRONG_LINES.iter().filter(|(_, wrong)| !is_caught(200_000, |_| {}, *wrong)).map(|(name, _)| *name).collect();
    assert!(quiet.is_empty(), "not caught: {quiet:#?}");
}

#[test]
fn a_difference_is_shrunk_and_shown() {
    let report = against(2_000, |l| l.rules.clear(), |_| {});
    let first = &report.first[0];
    assert!(first.law.ledger.programs.len() <= 3, "{first}");
    let provisions: usize = first.law.ledger.programs.iter().map(|p| p.provisions.len()).sum();
    assert!(provisions <= 4, "{first}");
    let text = report.to_string();
    assert!(text.starts_with("2000 cases, "), "{text}");
    assert!(text.contains("--- a difference") && text.contains("twin:"), "{text}");
}

#[test]
fn a_seed_gives_the_same_cases_again() {
    let draw = |seed| {
        let mut random = Random::new(seed);
        let law = generate::ledger(&mut random);
        let line = generate::line(&mut random, &Edges::of(&law.ledger));
        (law.ledger, line)
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

/// Generated cases by their law, with every line.
fn each_case(ledgers: u64, mut check: impl FnMut(&Auditor<'_>, &OrdinaryTable, &EntryLine)) {
    for seed in 0..ledgers {
        let mut random = Random::new(seed);
        let law = generate::ledger(&mut random);
        let auditor = Auditor::new(&law.ledger).unwrap();
        let edges = Edges::of(&law.ledger);
        for _ in 0..20 {
            if let Some(line) = generate::line(&mut random, &edges) {
                check(&auditor, &law.base, &line);
            }
        }
    }
}

#[test]
fn the_refund_is_assessed_less_owed() {
    each_case(300, |auditor, base, line| {
        let view = |view| {
            let mut line = line.clone();
            line.view = view;
            auditor.answer(base, &line)
        };
        if let (Ok(assessed), Ok(owed)) = (view(View::Assessed), view(View::Owed)) {
            conservation::check_refund(&assessed, &owed).unwrap();
        }
    });
}

/// Facts, not assertions: each can become unstated.
const FACTS: &[Misread] = &[
    |l| l.steel_pct = None,
    |l| l.aluminum_pct = None,
    |l| l.copper_pct = None,
    |l| l.metal_weight_pct = None,
    |l| l.smelt_countries.clear(),
    |l| l.cast_country = None,
    |l| l.export_country = None,
    |l| l.quantities.clear(),
    |l| l.processing_value = None,
];

#[test]
fn less_stated_is_never_a_narrower_range() {
    each_case(400, |auditor, base, line| {
        // Parts that overlap are no parts: what a steel article was worth before it went abroad counts twice.
        let abroad = |p: &Program| p.exceptions.iter().any(|e| e.spares == Some(Spares::OutsideProcessing));
        if auditor.ledger().programs.iter().any(abroad) {
            return;
        }
        let Ok(narrow) = auditor.answer(base, line) else { return };
        for forget in FACTS {
            let mut less = line.clone();
            forget(&mut less);
            if let Ok(wide) = auditor.answer(base, &less) {
                let verdict = conservation::check_unstating(&narrow, &wide);
                assert_eq!(verdict, Ok(()), "{line:?}\n{less:?}\n{narrow:?}\n{wide:?}");
            }
        }
    });
}
