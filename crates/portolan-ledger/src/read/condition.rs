//! Conditions: from the keys of a `when` table to typed conditions.

use toml::Spanned;

use super::{At, Reader, program, raw};
use crate::code::TariffCode;
use crate::diagnostic::Code;
use crate::duty_rate::Metal;
use crate::number::{Cents, Rate, UnitPrice};
use crate::record::{Bound, Column, Condition, Mode, Relation, Share};

impl Reader {
    pub(crate) fn conditions(
        &mut self,
        at: At,
        claim: Option<&raw::Texts>,
        when: Option<&Spanned<raw::When>>,
    ) -> Vec<Condition> {
        let mut found = Vec::new();
        self.claims_of(at, claim, &mut found);
        let Some(when) = when else { return found };
        let when = when.get_ref();
        self.dates(at, when, &mut found);
        self.words(at, when, &mut found);
        self.claims_of(at, when.claim.as_ref(), &mut found);
        self.shares(at, when, &mut found);
        self.countries(at, when, &mut found);
        self.bases(at, when, &mut found);
        self.amounts(at, when, &mut found);
        for (relation, of) in [
            (Relation::SubjectTo, &when.subject_to),
            (Relation::NotSubjectTo, &when.not_subject_to),
            (Relation::Owing, &when.owing),
        ] {
            let Some(of) = of else { continue };
            self.not_empty(at, of);
            let of = of.get_ref().0.iter().map(|text| program::reference(text, false)).collect();
            found.push(Condition::Provisions { relation, of });
        }
        found
    }

    fn dates(&mut self, at: At, when: &raw::When, found: &mut Vec<Condition>) {
        type Make = fn(Bound) -> Condition;
        let keys: [(&Option<raw::Date>, Make, bool); 8] = [
            (&when.loaded_before, Condition::Loaded, true),
            (&when.loaded_from, Condition::Loaded, false),
            (&when.exported_before, Condition::Exported, true),
            (&when.exported_from, Condition::Exported, false),
            (&when.imported_before, Condition::Imported, true),
            (&when.imported_from, Condition::Imported, false),
            (&when.entered_before, Condition::Entered, true),
            (&when.entered_from, Condition::Entered, false),
        ];
        for (date, make, before) in keys {
            let Some(date) = date else { continue };
            let Some(instant) = self.instant(at, date) else { continue };
            found.push(make(if before { Bound::Before(instant) } else { Bound::From(instant) }));
        }
    }

    /// A condition that lists nothing says nothing: read as it stands, it would hold never, or always.
    fn not_empty(&mut self, at: At, texts: &raw::Texts) {
        if texts.get_ref().0.is_empty() {
            self.fault(Code::BadCondition, Some(at.span(&texts.span())), "the list is empty");
        }
    }

    /// Reads each text of a list with `read`, reporting those that it does not know.
    fn each<T>(&mut self, at: At, texts: &raw::Texts, what: &str, read: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let mut values = Vec::new();
        self.not_empty(at, texts);
        for text in &texts.get_ref().0 {
            match read(text) {
                Some(value) => values.push(value),
                None => self.fault(Code::BadCondition, Some(at.span(&texts.span())), format!("`{text}` is not {what}")),
            }
        }
        values
    }

    fn words(&mut self, at: At, when: &raw::When, found: &mut Vec<Condition>) {
        if let Some(texts) = &when.mode {
            let modes = self.each(at, texts, "a mode of transport", Mode::parse);
            found.push(Condition::Mode(modes));
        }
        if let Some(texts) = &when.entry_type {
            let types =
                self.each(at, texts, "an entry type of two characters", |t| (t.len() == 2).then(|| t.to_owned()));
            found.push(Condition::EntryType(types));
        }
        if let Some(texts) = &when.column {
            let columns = self.each(at, texts, "general, special or 2", Column::parse);
            found.push(Condition::Column(columns));
        }
        if let Some(texts) = &when.spi {
            let spis =
                self.each(at, texts, "a program symbol", |t| (!t.is_empty() && t.len() <= 3).then(|| t.to_owned()));
            found.push(Condition::Spi(spis));
        }
        if let Some(texts) = &when.ch98 {
            let any = texts.get_ref().0.iter().any(|t| t == "any");
            let numbers = self.each(at, texts, "a number of chapter 98", |t| {
                (t == "any" || TariffCode::parse(t.as_bytes()).is_ok_and(|c| c.chapter() == 98))
                    .then(|| t.replace('.', ""))
            });
            found.push(Condition::Chapter98(if any { Vec::new() } else { numbers }));
        }
    }

    fn claims_of(&mut self, at: At, texts: Option<&raw::Texts>, found: &mut Vec<Condition>) {
        let Some(texts) = texts else { return };
        self.not_empty(at, texts);
        for text in &texts.get_ref().0 {
            let (yes, name) = text.strip_prefix("no:").map_or((true, text.as_str()), |name| (false, name));
            if let Some(&claim) = self.claims.get(name) {
                found.push(Condition::Claim { claim, yes });
                continue;
            }
            let near = super::nearest(name, self.claims.keys().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?"));
            self.fault_help(
                Code::UndeclaredClaim,
                Some(at.span(&texts.span())),
                format!("the claim `{name}` is not declared"),
                format!("declare it in claims.toml{}", near.unwrap_or_default()),
            );
        }
    }

    fn pct(&mut self, at: At, text: &raw::Text) -> Option<Rate> {
        match Rate::parse(text.get_ref().trim_end_matches('%').as_bytes()) {
            Ok(rate) if rate.0 >= 0 => Some(rate),
            Ok(_) => {
                self.fault(Code::BadCondition, Some(at.span(&text.span())), "a share is not below zero");
                None
            }
            Err(error) => {
                self.fault(Code::BadCondition, Some(at.span(&text.span())), format!("`{}`: {error}", text.get_ref()));
                None
            }
        }
    }

    fn shares(&mut self, at: At, when: &raw::When, found: &mut Vec<Condition>) {
        let keys = [
            (&when.metal_weight_below, Share::MetalWeight, false),
            (&when.metal_weight_at_least, Share::MetalWeight, true),
            (&when.steel_below, Share::Metal(Metal::Steel), false),
            (&when.steel_at_least, Share::Metal(Metal::Steel), true),
            (&when.aluminum_below, Share::Metal(Metal::Aluminum), false),
            (&when.aluminum_at_least, Share::Metal(Metal::Aluminum), true),
            (&when.copper_below, Share::Metal(Metal::Copper), false),
            (&when.copper_at_least, Share::Metal(Metal::Copper), true),
            (&when.us_content_at_least, Share::UsContent, true),
            (&when.us_metal_at_least, Share::UsMetal, true),
        ];
        for (text, of, at_least) in keys {
            if let Some(pct) = text.as_ref().and_then(|text| self.pct(at, text)) {
                found.push(Condition::Share { of, at_least, pct });
            }
        }
    }

    fn countries(&mut self, at: At, when: &raw::When, found: &mut Vec<Condition>) {
        if when.melted_in.is_some() {
            let countries = self.origin_refs(at, when.melted_in.as_ref());
            let at_least = when.melt_at_least.as_ref().and_then(|text| self.pct(at, text));
            found.push(Condition::Melted { countries, at_least });
        } else if let Some(text) = &when.melt_at_least {
            self.fault(
                Code::BadCondition,
                Some(at.span(&text.span())),
                "`melt_at_least` stands beside `melted_in` only",
            );
        }
        for (texts, all) in [(&when.smelted_or_cast_in, false), (&when.smelted_and_cast_in, true)] {
            if texts.is_some() {
                let countries = self.origin_refs(at, texts.as_ref());
                found.push(Condition::Smelted { countries, all });
            }
        }
        if when.exported_to_us_from.is_some() {
            let countries = self.origin_refs(at, when.exported_to_us_from.as_ref());
            found.push(Condition::ExportedFrom(countries));
        }
    }

    fn bases(&mut self, at: At, when: &raw::When, found: &mut Vec<Condition>) {
        for (text, general, at_least) in [
            (&when.general_below, true, false),
            (&when.general_at_least, true, true),
            (&when.ordinary_below, false, false),
            (&when.ordinary_at_least, false, true),
        ] {
            if let Some(rate) = text.as_ref().and_then(|text| self.pct(at, text)) {
                found.push(Condition::Base { general, at_least, rate });
            }
        }
    }

    fn amounts(&mut self, at: At, when: &raw::When, found: &mut Vec<Condition>) {
        if let Some(text) = &when.value_at_most {
            match Cents::parse(text.get_ref().as_bytes()) {
                Ok(cents) => found.push(Condition::ValueAtMost(cents)),
                Err(error) => self.fault(
                    Code::BadCondition,
                    Some(at.span(&text.span())),
                    format!("`{}`: {error}", text.get_ref()),
                ),
            }
        }
        for (text, at_least) in [(&when.unit_price_below, false), (&when.unit_price_at_least, true)] {
            let Some(text) = text else { continue };
            match (UnitPrice::parse(text.get_ref().as_bytes()), &when.unit) {
                (Ok(price), Some(unit)) => {
                    found.push(Condition::UnitPrice { at_least, price, unit: unit.get_ref().clone() });
                }
                (Ok(_), None) => {
                    self.fault(Code::BadCondition, Some(at.span(&text.span())), "a unit price needs its `unit`");
                }
                (Err(error), _) => self.fault(
                    Code::BadCondition,
                    Some(at.span(&text.span())),
                    format!("`{}`: {error}", text.get_ref()),
                ),
            }
        }
    }
}
