//! What of the law a run of cases reached: a differential test says nothing of what it never met.

use std::collections::BTreeMap;
use std::fmt;

use portolan_ledger::DutyRate;
use portolan_ledger::duty_rate::Over;
use portolan_ledger::line::{EntryLine, View};
use portolan_ledger::record::{Bound, Condition, Relation, Share, Spares, StackingKind};

use crate::answer::{Answer, RowKind};
use crate::frame::Frame;
use crate::law::Layer;

/// How often each kind of record, condition, rate, status and view was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<(&'static str, &'static str), u64>,
}

impl Coverage {
    fn add(&mut self, group: &'static str, name: &'static str) {
        *self.counts.entry((group, name)).or_default() += 1;
    }

    /// How often something was met: `("status", "applied")`.
    pub fn count(&self, group: &str, name: &str) -> u64 {
        let found = self.counts.iter().find(|((g, n), _)| *g == group && *n == name);
        found.map_or(0, |(_, count)| *count)
    }

    /// Adds the counts of another run.
    pub fn merge(&mut self, other: &Self) {
        for (key, count) in &other.counts {
            *self.counts.entry(*key).or_default() += count;
        }
    }

    pub(crate) fn count_frame(&mut self, frame: &Frame<'_, '_>) {
        for provision in &frame.provisions {
            self.add("record", "provision considered");
            if provision.annulled {
                self.add("record", "annulment");
            }
            match provision.layer {
                Layer::Suspended(_) => self.add("record", "suspension"),
                Layer::InForce(rate) => {
                    self.add("rate", rate_form(rate));
                    let kept = provision.entry.suspensions.iter();
                    if kept.clone().any(|s| s.keeps.as_ref() == Some(rate)) {
                        self.add("record", "suspension that keeps a rate");
                    }
                }
                Layer::None => self.add("rate", "no rate in force"),
            }
        }
        for exception in frame.exceptions.iter().filter(|e| e.in_force) {
            self.add(
                "record",
                match exception.entry.record.spares {
                    None => "exception",
                    Some(Spares::AssessedBy(_)) => "exception that spares a provision's part",
                    Some(Spares::OutsideProcessing) => "exception that spares all but processing",
                    Some(Spares::UsContent) => "exception that spares the US content",
                },
            );
        }
        for _ in &frame.prohibitions {
            self.add("record", "prohibition");
        }
        for rule in frame.rules.iter().filter(|r| r.tiers.iter().filter(|t| !t.is_empty()).count() > 1) {
            self.add(
                "record",
                match rule.kind {
                    StackingKind::FirstOnly => "rule first-only",
                    StackingKind::HighestOnly => "rule highest-only",
                    StackingKind::LowestOnly => "rule lowest-only",
                },
            );
        }
        for condition in frame.conditions().flat_map(|when| when.conditions) {
            self.add("condition", condition_name(condition));
        }
    }

    pub(crate) fn count_answer(&mut self, line: &EntryLine, answer: &Answer) {
        self.add(
            "view",
            match line.view {
                View::Assessed => "assessed",
                View::Owed => "owed",
            },
        );
        self.add("answer", if answer.needs_input.is_empty() { "settled" } else { "needs input" });
        if !answer.cannot_compute.is_empty() {
            self.add("answer", "cannot be computed");
        }
        for row in &answer.rows {
            self.add(
                match row.kind {
                    RowKind::Exception => "status of exceptions",
                    _ => "status",
                },
                row.status.name(),
            );
        }
    }
}

/// A table: group, name, count.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((group, name), count) in &self.counts {
            writeln!(f, "{group:<22} {name:<42} {count:>10}")?;
        }
        Ok(())
    }
}

fn rate_form(rate: &DutyRate) -> &'static str {
    match rate {
        DutyRate::Add(rate) if rate.0 == 0 => "adds zero",
        DutyRate::Add(_) => "+x%",
        DutyRate::OfMetal(..) => "of a metal",
        DutyRate::OfNonUs(_, None) => "of non_us",
        DutyRate::OfNonUs(_, Some(_)) => "of non_us, with a cap",
        DutyRate::Total(_, Over::Ordinary) => "total",
        DutyRate::Total(_, Over::General) => "total over general",
        DutyRate::Specific(rate, ..) if rate.0 == 0 => "specific",
        DutyRate::Specific(..) => "compound",
        DutyRate::InPlaceOfAll(_) => "in place of all: x%",
        DutyRate::InPlaceOfAllEach(..) => "in place of all: $",
        DutyRate::InPlaceOfOrdinary(_) => "in place of ordinary",
        DutyRate::Ended => "none",
        DutyRate::Unknown => "unknown",
    }
}

/// The key of a condition in the text of the ledger.
pub(crate) fn condition_name(condition: &Condition) -> &'static str {
    match condition {
        Condition::Loaded(Bound::Before(_)) => "loaded_before",
        Condition::Loaded(Bound::From(_)) => "loaded_from",
        Condition::Exported(Bound::Before(_)) => "exported_before",
        Condition::Exported(Bound::From(_)) => "exported_from",
        Condition::Imported(Bound::Before(_)) => "imported_before",
        Condition::Imported(Bound::From(_)) => "imported_from",
        Condition::Entered(Bound::Before(_)) => "entered_before",
        Condition::Entered(Bound::From(_)) => "entered_from",
        Condition::Mode(_) => "mode",
        Condition::EntryType(_) => "entry_type",
        Condition::ValueAtMost(_) => "value_at_most",
        Condition::UnitPrice { at_least: true, .. } => "unit_price_at_least",
        Condition::UnitPrice { .. } => "unit_price_below",
        Condition::Column(_) => "column",
        Condition::Spi(_) => "spi",
        Condition::Claim { yes: true, .. } => "claim",
        Condition::Claim { .. } => "claim no:",
        Condition::Share { of, at_least, .. } => match (of, at_least) {
            (Share::MetalWeight, true) => "metal_weight_at_least",
            (Share::MetalWeight, false) => "metal_weight_below",
            (Share::Metal(_), true) => "steel, aluminum, copper_at_least",
            (Share::Metal(_), false) => "steel, aluminum, copper below",
            (Share::UsContent, _) => "us_content_at_least",
            (Share::UsMetal, _) => "us_metal_at_least",
        },
        Condition::Melted { at_least: None, .. } => "melted_in",
        Condition::Melted { .. } => "melted_in with melt_at_least",
        Condition::Smelted { all: false, .. } => "smelted_or_cast_in",
        Condition::Smelted { .. } => "smelted_and_cast_in",
        Condition::Base { general: true, at_least: true, .. } => "general_at_least",
        Condition::Base { general: true, .. } => "general_below",
        Condition::Base { at_least: true, .. } => "ordinary_at_least",
        Condition::Base { .. } => "ordinary_below",
        Condition::Chapter98(_) => "ch98",
        Condition::ExportedFrom(_) => "exported_to_us_from",
        Condition::Provisions { relation: Relation::SubjectTo, .. } => "subject_to",
        Condition::Provisions { relation: Relation::NotSubjectTo, .. } => "not_subject_to",
        Condition::Provisions { relation: Relation::Owing, .. } => "owing",
    }
}
