//! Making a case small while a property of it stays, and showing what is left.

use std::fmt;

use portolan_ledger::line::EntryLine;
use portolan_ledger::record::{Condition, Ledger, Reference, Term};

use crate::generate::Generated;

/// What can be dropped from a case, one thing at a time.
type Cut = fn(&mut Generated, &mut EntryLine, usize) -> bool;

/// Drops programs, records and facts while `holds` does.
pub fn shrink(law: &mut Generated, line: &mut EntryLine, holds: &mut dyn FnMut(&Generated, &EntryLine) -> bool) {
    let cuts: [Cut; 10] = [
        cut_program,
        cut_provision,
        cut_exception,
        cut_layer,
        cut_rule,
        cut_list,
        cut_condition,
        cut_dated,
        cut_reference,
        cut_fact,
    ];
    let mut smaller = true;
    while smaller {
        smaller = false;
        for cut in cuts {
            let mut at = 0;
            loop {
                let (mut less_law, mut less_line) = (law.clone(), line.clone());
                if !cut(&mut less_law, &mut less_line, at) {
                    break;
                }
                let changed = less_law.ledger != law.ledger || less_line != *line;
                if changed && holds(&less_law, &less_line) {
                    *law = less_law;
                    *line = less_line;
                    smaller = true;
                } else {
                    at += 1;
                }
            }
        }
    }
}

/// Drops what a line states while `holds` does, over a law that stays whole.
pub fn shrink_line(line: &mut EntryLine, holds: &mut dyn FnMut(&EntryLine) -> bool) {
    let mut law = Generated { ledger: Ledger::default(), base: crate::base::OrdinaryTable::default() };
    let mut at = 0;
    loop {
        let mut less = line.clone();
        if !cut_fact(&mut law, &mut less, at) {
            break;
        }
        if less != *line && holds(&less) {
            *line = less;
            at = 0;
        } else {
            at += 1;
        }
    }
}

/// Takes the `at`-th element over several lists, counted on; whether there was one.
fn take<'l, T: 'l>(lists: impl Iterator<Item = &'l mut Vec<T>>, mut at: usize) -> bool {
    for list in lists {
        if at < list.len() {
            list.remove(at);
            return true;
        }
        at -= list.len();
    }
    false
}

fn cut_program(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    take([&mut law.ledger.programs].into_iter(), at)
}

fn cut_provision(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    take(law.ledger.programs.iter_mut().map(|p| &mut p.provisions), at)
}

fn cut_exception(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    take(law.ledger.programs.iter_mut().map(|p| &mut p.exceptions), at)
}

/// Suspensions, annulments, prohibitions.
fn cut_layer(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    let programs = &mut law.ledger.programs;
    let suspensions: usize = programs.iter().map(|p| p.suspensions.len()).sum();
    let annulments: usize = programs.iter().map(|p| p.annulments.len()).sum();
    if at < suspensions {
        return take(programs.iter_mut().map(|p| &mut p.suspensions), at);
    }
    if at < suspensions + annulments {
        return take(programs.iter_mut().map(|p| &mut p.annulments), at - suspensions);
    }
    take(programs.iter_mut().map(|p| &mut p.prohibitions), at - suspensions - annulments)
}

fn cut_rule(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    let rules = &mut law.ledger.rules;
    if at < rules.len() {
        rules.remove(at);
        return true;
    }
    let at = at - rules.len();
    let orders: usize = rules.iter().map(|r| r.orders.len()).sum();
    if at < orders {
        return take(rules.iter_mut().map(|r| &mut r.orders), at);
    }
    take(rules.iter_mut().flat_map(|r| &mut r.orders).map(|o| &mut o.tiers), at - orders)
}

/// Rows of lists, and uses of lists.
fn cut_list(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    let ledger = &mut law.ledger;
    let rows: usize = ledger.lists.iter().map(|l| l.rows.len()).sum();
    if at < rows {
        return take(ledger.lists.iter_mut().map(|l| &mut l.rows), at);
    }
    let scopes = ledger.programs.iter_mut().flat_map(|p| {
        let provisions = p.provisions.iter_mut().map(|v| &mut v.scope);
        provisions.chain(p.exceptions.iter_mut().map(|e| &mut e.scope))
    });
    take(scopes.flat_map(|s| [&mut s.products, &mut s.products_except]), at - rows)
}

fn cut_condition(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    let whens = law.ledger.programs.iter_mut().flat_map(|p| {
        let provisions = p.provisions.iter_mut().map(|v| &mut v.when);
        let exceptions = p.exceptions.iter_mut().map(|e| &mut e.when);
        provisions.chain(exceptions).chain(p.prohibitions.iter_mut().map(|b| &mut b.when))
    });
    take(whens, at)
}

/// Rates and terms.
fn cut_dated(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    let programs = &mut law.ledger.programs;
    let rates: usize = programs.iter().flat_map(|p| &p.provisions).map(|v| v.rates.len()).sum();
    if at < rates {
        return take(programs.iter_mut().flat_map(|p| &mut p.provisions).map(|v| &mut v.rates), at);
    }
    let terms = programs.iter_mut().flat_map(|p| {
        let suspensions = p.suspensions.iter_mut().map(|s| &mut s.terms);
        suspensions.chain(p.exceptions.iter_mut().map(|e| &mut e.terms))
    });
    take(terms, at - rates)
}

fn cut_reference(law: &mut Generated, _: &mut EntryLine, at: usize) -> bool {
    let provisions = law.ledger.programs.iter_mut().flat_map(|p| &mut p.provisions);
    take(provisions.map(|v| &mut v.yields_to), at)
}

/// A fact of the line becomes unstated.
fn cut_fact(_: &mut Generated, line: &mut EntryLine, at: usize) -> bool {
    match at {
        0 => line.loading_date = None,
        1 => line.export_date = None,
        2 => line.import_date = None,
        3 => line.it_date = None,
        4 => line.withdrawal_date = None,
        5 => line.ftz_status_date = None,
        6 => line.mode = None,
        7 => line.export_country = None,
        8 => line.quantities.clear(),
        9 => line.spi = None,
        10 => line.steel_pct = None,
        11 => line.aluminum_pct = None,
        12 => line.copper_pct = None,
        13 => line.metal_weight_pct = None,
        14 => line.us_content_pct = None,
        15 => line.us_metal_pct = None,
        16 => line.melt_country = None,
        17 => line.melt_pct = None,
        18 => line.smelt_countries.clear(),
        19 => line.cast_country = None,
        20 => line.ch98_number = None,
        21 => line.processing_value = None,
        22 => line.mfn_pct = None,
        23 => line.value = None,
        24 => line.entry_type = *b"01",
        _ => return take([&mut line.claims].into_iter(), at - 25),
    }
    true
}

/// The records, one a line.
pub(crate) fn show_law(f: &mut fmt::Formatter<'_>, law: &Generated) -> fmt::Result {
    let ledger = &law.ledger;
    for program in &ledger.programs {
        writeln!(
            f,
            "program {} of side {}, family {}, checked through {}",
            program.id, program.levied_by.0, program.family.0, program.checked_through
        )?;
        for provision in &program.provisions {
            writeln!(
                f,
                "  provision {} {} {:?} yields to [{}] adds to [{}] when {}",
                provision.id,
                provision.heading,
                provision.scope,
                references(&provision.yields_to),
                references(&provision.adds_to),
                conditions(&provision.when)
            )?;
            for rate in &provision.rates {
                let patch = if rate.patch { " (scenario)" } else { "" };
                writeln!(f, "    rate {} {}{patch}", rate.rate, term(ledger, &rate.term))?;
            }
        }
        for suspension in &program.suspensions {
            let keeps = suspension.keeps.as_ref().map_or("nothing".to_owned(), ToString::to_string);
            let of = references(&suspension.of);
            writeln!(f, "  suspension of [{of}] keeps {keeps}, resumes: {}", suspension.resumes)?;
            suspension.terms.iter().try_for_each(|t| writeln!(f, "    {}", term(ledger, t)))?;
        }
        for exception in &program.exceptions {
            writeln!(
                f,
                "  exception {} {:?} of [{}] spares {:?} {:?} when {}",
                exception.id,
                exception.heading,
                references(&exception.of),
                exception.spares,
                exception.scope,
                conditions(&exception.when)
            )?;
            exception.terms.iter().try_for_each(|t| writeln!(f, "    {}", term(ledger, t)))?;
        }
        for annulment in &program.annulments {
            let of = references(&annulment.of);
            let term = term(ledger, &annulment.term);
            writeln!(f, "  annulment of [{of}] {term}, ceased {}", annulment.ceased.0)?;
        }
        for ban in &program.prohibitions {
            writeln!(f, "  prohibition {} {:?} when {}", ban.id, ban.scope, conditions(&ban.when))?;
            ban.terms.iter().try_for_each(|t| writeln!(f, "    {}", term(ledger, t)))?;
        }
    }
    for rule in &ledger.rules {
        writeln!(f, "rule {:?}", rule.kind)?;
        for order in &rule.orders {
            let tiers: Vec<String> = order.tiers.iter().map(|t| references(t)).collect();
            writeln!(f, "  {}: {}", term(ledger, &order.term), tiers.join(" > "))?;
        }
    }
    for (index, list) in ledger.lists.iter().enumerate().filter(|(_, l)| !l.rows.is_empty()) {
        for row in &list.rows {
            writeln!(f, "list {index}: {} except {:?} {}", row.code, row.except, term(ledger, &row.term))?;
        }
    }
    for (index, group) in ledger.groups.iter().enumerate() {
        for member in &group.members {
            writeln!(f, "group {index}: {:?} {}", member.origins, term(ledger, &member.term))?;
        }
    }
    Ok(())
}

fn term(ledger: &Ledger, term: &Term) -> String {
    let issued = ledger.acts.get(usize::from(term.act.0)).map(|act| act.issued.to_string());
    let until = term.until.map_or("open".to_owned(), |until| until.0.to_string());
    format!("[{}, {until}) known {}", term.from.0, issued.unwrap_or_default())
}

fn references(references: &[Reference]) -> String {
    let one = |r: &Reference| format!("{}/{:?}", r.program.as_deref().unwrap_or("own"), r.what);
    references.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn conditions(conditions: &[Condition]) -> String {
    let texts: Vec<String> = conditions.iter().map(|c| format!("{c:?}")).collect();
    texts.join(" and ")
}

/// What the line states, unstated columns left out.
pub fn show_line(ledger: &Ledger, line: &EntryLine) -> String {
    let moment = match line.entry_date {
        portolan_ledger::line::When::Day(day) => day.to_string(),
        portolan_ledger::line::When::At(at) => {
            let clock = ledger.clock(line.side);
            format!("{} ({})", at.0, clock.map_or_else(String::new, |clock| clock.rfc3339(at)))
        }
    };
    let all = format!("{line:?}");
    let stated: Vec<&str> = all
        .trim_start_matches("EntryLine { ")
        .split(", ")
        .filter(|field| !field.ends_with(": None") && !field.ends_with(": []"))
        .collect();
    format!("entered {moment}, known {}; {}", line.known_date, stated.join(", "))
}
