//! Conditions in plain words: what they ask of goods, and in which columns a filer says so.

use portolan_engine::Law;
use portolan_ledger::TariffCode;
use portolan_ledger::record::{Bound, Condition, Mode, Named, OriginRef, Reference, Relation, Share};
use portolan_ledger::time::Clock;

/// Whether a condition turns on an assertion: not stated means not claimed.
pub fn is_asserted(law: &Law<'_>, condition: &Condition) -> bool {
    match condition {
        Condition::Loaded(_)
        | Condition::Exported(_)
        | Condition::Mode(_)
        | Condition::Spi(_)
        | Condition::Melted { .. }
        | Condition::Chapter98(_) => true,
        Condition::Share { of, .. } => matches!(of, Share::UsContent | Share::UsMetal),
        Condition::Claim { claim, .. } => {
            law.timeline.ledger.claims.get(usize::from(claim.0)).is_some_and(|c| !c.article)
        }
        _ => false,
    }
}

/// The columns, and claims, that conditions look at; each once, in order.
pub fn columns(law: &Law<'_>, conditions: &[&Condition]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for condition in conditions {
        let of_one: &[&str] = match condition {
            Condition::Loaded(_) => &["loading_date"],
            Condition::Exported(_) => &["export_date"],
            Condition::Imported(_) => &["import_date"],
            Condition::Entered(_) => &["entry_date"],
            Condition::Mode(_) => &["mode_of_transport"],
            Condition::EntryType(_) => &["entry_type"],
            Condition::ValueAtMost(_) => &["entered_value_usd"],
            Condition::UnitPrice { .. } => &["entered_value_usd", "quantity_1", "unit_1"],
            Condition::Column(_) | Condition::Spi(_) => &["spi"],
            Condition::Claim { .. } => &["claims"],
            Condition::Share { of: Share::MetalWeight, .. } => &["metal_weight_pct"],
            Condition::Share { of: Share::UsContent, .. } => &["us_content_pct"],
            Condition::Share { of: Share::UsMetal, .. } => &["us_metal_pct"],
            Condition::Share { of: Share::Metal(metal), .. } => {
                found.push(format!("{}_pct", metal.name()));
                &[]
            }
            Condition::Melted { at_least: None, .. } => &["melt_country"],
            Condition::Melted { .. } => &["melt_country", "melt_pct"],
            Condition::Smelted { .. } => &["smelt_countries", "cast_country"],
            Condition::Base { .. } => &["hts_number"],
            Condition::Chapter98(_) => &["ch98_number"],
            Condition::ExportedFrom(_) => &["country_of_export"],
            Condition::Provisions { .. } => &[],
        };
        found.extend(of_one.iter().map(|&name| name.to_owned()));
        if let Condition::Claim { claim, yes } = condition {
            let name = law.timeline.ledger.claims.get(usize::from(claim.0)).map_or("", |c| c.name.as_str());
            found.pop();
            found.push(format!("claims {}{name}", if *yes { "" } else { "no:" }));
        }
    }
    let mut unique: Vec<String> = Vec::new();
    for name in found {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

/// What conditions ask of goods, as words that follow *goods*.
pub fn phrase(law: &Law<'_>, clock: &Clock, conditions: &[&Condition]) -> String {
    words(law, clock, conditions).join(" and ")
}

/// What would have to be claimed, as words that follow *not claimed:*.
pub fn unclaimed(law: &Law<'_>, clock: &Clock, conditions: &[&Condition]) -> String {
    let bare = |words: &String| {
        let bare = words.strip_prefix("claimed as ").or_else(|| words.strip_prefix("claimed "));
        bare.unwrap_or(words).to_owned()
    };
    words(law, clock, conditions).iter().map(bare).collect::<Vec<_>>().join(" and ")
}

fn words(law: &Law<'_>, clock: &Clock, conditions: &[&Condition]) -> Vec<String> {
    let vessel = |c: &&Condition| matches!(c, Condition::Mode(modes) if modes.as_slice() == [Mode::Vessel]);
    let on_vessel = conditions.iter().any(vessel) && conditions.iter().any(|c| matches!(c, Condition::Loaded(_)));
    let mut words = Vec::new();
    for condition in conditions {
        if on_vessel && vessel(condition) {
            continue;
        }
        words.push(match condition {
            Condition::Loaded(at) if on_vessel => format!("loaded on a vessel {}", bound(*at, clock)),
            other => one(law, clock, other),
        });
    }
    words
}

fn bound(bound: Bound, clock: &Clock) -> String {
    match bound {
        Bound::Before(at) => format!("before {}", clock.show(at)),
        Bound::From(at) => format!("on or after {}", clock.show(at)),
    }
}

fn threshold(at_least: bool) -> &'static str {
    if at_least { "at least" } else { "less than" }
}

fn one(law: &Law<'_>, clock: &Clock, condition: &Condition) -> String {
    match condition {
        Condition::Loaded(at) => format!("loaded {}", bound(*at, clock)),
        Condition::Exported(at) => format!("exported {}", bound(*at, clock)),
        Condition::Imported(at) => format!("imported {}", bound(*at, clock)),
        Condition::Entered(at) => format!("entered {}", bound(*at, clock)),
        Condition::Mode(modes) => format!("carried by {}", or(modes.iter().map(|mode| mode.name().to_owned()))),
        Condition::EntryType(types) => format!("on an entry of type {}", or(types.iter().cloned())),
        Condition::ValueAtMost(value) => format!("worth at most ${value}"),
        Condition::UnitPrice { at_least, price, unit } => format!("worth {} ${price}/{unit}", threshold(*at_least)),
        Condition::Column(columns) => format!("in rate column {}", or(columns.iter().map(|c| c.name().to_owned()))),
        Condition::Spi(programs) => format!("entered under program {}", or(programs.iter().cloned())),
        Condition::Claim { claim, yes } => {
            let name = law.timeline.ledger.claims.get(usize::from(claim.0)).map_or("", |c| c.name.as_str());
            format!("{} as {name}", if *yes { "claimed" } else { "denied" })
        }
        Condition::Share { of, at_least, pct } => {
            let what = match of {
                Share::MetalWeight => "metal by weight",
                Share::Metal(metal) => metal.name(),
                Share::UsContent => "US content",
                Share::UsMetal => "metal made in the US",
            };
            format!("with {} {pct}% {what}", threshold(*at_least))
        }
        Condition::Melted { countries, at_least } => {
            let share = at_least.map_or(String::new(), |pct| format!(", at least {pct}% of it"));
            format!("of steel melted and poured in {}{share}", origins(law, countries))
        }
        Condition::Smelted { countries, all: true } => {
            format!("of aluminum smelted and cast in {}", origins(law, countries))
        }
        Condition::Smelted { countries, all: false } => {
            format!("of aluminum smelted or cast in {}", origins(law, countries))
        }
        Condition::Base { general, at_least, rate } => {
            let column = if *general { "a general rate" } else { "an ordinary rate" };
            format!("with {column} of {} {rate}%", threshold(*at_least))
        }
        Condition::Chapter98(numbers) if numbers.is_empty() => "claimed under chapter 98".to_owned(),
        Condition::Chapter98(numbers) => format!("claimed under {}", chapter_98(numbers)),
        Condition::ExportedFrom(countries) => format!("exported from {}", origins(law, countries)),
        Condition::Provisions { relation, of } => {
            let words = match relation {
                Relation::SubjectTo => "that are subject to",
                Relation::NotSubjectTo => "that are not subject to",
                Relation::Owing => "that owe",
            };
            format!("{words} {}", or(of.iter().map(reference)))
        }
    }
}

fn reference(reference: &Reference) -> String {
    let what = match &reference.what {
        Named::All => None,
        Named::Id(name) | Named::Heading(name) => Some(name.as_str()),
    };
    match (&reference.program, what) {
        (_, Some(heading)) if matches!(reference.what, Named::Heading(_)) => heading.to_owned(),
        (Some(program), Some(name)) => format!("{program}/{name}"),
        (Some(program), None) => program.clone(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => "any duty of the program".to_owned(),
    }
}

fn origins(law: &Law<'_>, countries: &[OriginRef]) -> String {
    or(countries.iter().map(|member| match member {
        OriginRef::Any => "any country".to_owned(),
        OriginRef::Country(origin) => origin.to_string(),
        OriginRef::Group(group) => {
            law.timeline.ledger.groups.get(usize::from(group.0)).map_or(String::new(), |g| g.name.clone())
        }
    }))
}

/// Numbers of chapter 98 with their dots; of many, the first ones.
fn chapter_98(numbers: &[String]) -> String {
    const SHOWN: usize = 4;
    let dotted =
        |digits: &String| digits.parse::<TariffCode>().map_or_else(|_| digits.clone(), |code| code.to_string());
    let mut shown: Vec<String> = numbers.iter().take(SHOWN).map(dotted).collect();
    if numbers.len() > SHOWN {
        shown.push(format!("{} other numbers of chapter 98", numbers.len() - SHOWN));
    }
    or(shown.into_iter())
}

/// Names with commas, and *or* before the last.
fn or(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    let Some(last) = names.pop() else { return String::new() };
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}
