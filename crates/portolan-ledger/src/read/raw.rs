//! The shape of the TOML files, before anything is resolved.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use toml::Spanned;
use toml::value::{Datetime, Time};

/// A string or a list of strings.
#[derive(Debug, Default, Clone)]
pub struct Many(pub Vec<String>);

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;
        impl<'de> Visitor<'de> for Strings {
            type Value = Many;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E>(self, text: &str) -> Result<Many, E> {
                Ok(Many(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Many, A::Error> {
                let mut strings = Vec::new();
                while let Some(text) = seq.next_element()? {
                    strings.push(text);
                }
                Ok(Many(strings))
            }
        }
        deserializer.deserialize_any(Strings)
    }
}

/// The only version of the format there is.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "i64")]
pub struct Format;

impl TryFrom<i64> for Format {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        if number == 1 { Ok(Self) } else { Err(format!("format {number} is not known, the format is 1")) }
    }
}

pub type Text = Spanned<String>;
pub type Texts = Spanned<Many>;
pub type Date = Spanned<Datetime>;

/// `acts/*.toml`: a table an act, and an optional `format`.
pub type ActFile = BTreeMap<String, toml::Spanned<toml::Value>>;

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Act {
    pub title: String,
    pub kind: String,
    pub issued: Datetime,
    #[serde(default)]
    pub cite: String,
    pub url: Option<String>,
    pub seen: crate::record::Seen,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Origins {
    #[expect(dead_code, reason = "the format is checked by its type")]
    pub format: Format,
    #[serde(default)]
    pub group: Vec<Spanned<Group>>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: String,
    pub title: String,
    #[serde(default)]
    pub member: Vec<Spanned<GroupMember>>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct GroupMember {
    pub origins: Texts,
    pub from: Date,
    pub until: Option<Date>,
    pub act: Text,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    #[expect(dead_code, reason = "the format is checked by its type")]
    pub format: Format,
    #[serde(default)]
    pub claim: Vec<Spanned<Claim>>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub name: String,
    pub says: Says,
    pub question: String,
    #[serde(default)]
    pub leads_to: Many,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Says {
    Article,
    Benefit,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Families {
    #[expect(dead_code, reason = "the format is checked by its type")]
    pub format: Format,
    #[serde(default)]
    pub family: Vec<Spanned<Family>>,
    #[serde(default)]
    pub order: Vec<Spanned<Order>>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Family {
    pub id: String,
    pub title: String,
    pub levied_by: Text,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub levied_by: Text,
    pub from: Date,
    pub until: Option<Date>,
    pub act: Text,
    pub families: Texts,
}

/// `jurisdictions.toml`: a table a customs territory, and `format`.
pub type Jurisdictions = BTreeMap<String, toml::Spanned<toml::Value>>;

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Jurisdiction {
    pub time_zone: String,
    pub day_starts: Time,
    pub value_grain: String,
    #[serde(default)]
    pub governing: Vec<Governing>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Governing {
    pub entry_types: Vec<String>,
    pub date: crate::record::GoverningDate,
    pub rule: String,
    pub act: String,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Program {
    #[expect(dead_code, reason = "the format is checked by its type")]
    pub format: Format,
    pub id: Text,
    pub title: String,
    pub levied_by: Text,
    pub authority: String,
    pub family: Text,
    #[serde(default)]
    pub drawback: bool,
    pub checked: Checked,
    #[serde(default)]
    pub answers: Many,
    pub note: Option<String>,
    #[serde(default)]
    pub provision: Vec<Spanned<Provision>>,
    #[serde(default)]
    pub suspension: Vec<Spanned<Suspension>>,
    #[serde(default)]
    pub exception: Vec<Spanned<Exception>>,
    #[serde(default)]
    pub prohibition: Vec<Spanned<Prohibition>>,
    #[serde(default)]
    pub annulment: Vec<Spanned<Annulment>>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Checked {
    pub through: Datetime,
    pub against: String,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Provision {
    pub id: Text,
    pub heading: Text,
    pub label: String,
    pub origin: Texts,
    pub origin_except: Option<Texts>,
    pub products: Option<Texts>,
    pub products_except: Option<Texts>,
    pub yields_to: Option<Texts>,
    pub adds_to: Option<Texts>,
    pub when: Option<Spanned<When>>,
    #[serde(default)]
    pub rate: Vec<Spanned<Rate>>,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub from: Date,
    pub until: Option<Date>,
    #[serde(rename = "rate")]
    pub text: Text,
    pub act: Text,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Term {
    pub from: Date,
    pub until: Option<Date>,
    pub act: Text,
    #[expect(dead_code, reason = "for people who read the file")]
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    pub id: Text,
    pub title: Option<String>,
    pub of: Texts,
    pub keeps: Option<Text>,
    pub on_lapse: OnLapse,
    #[serde(default)]
    pub term: Vec<Spanned<Term>>,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum OnLapse {
    Resume,
    Terminate,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    pub id: Text,
    pub heading: Option<String>,
    pub label: Option<String>,
    pub of: Texts,
    pub origin: Option<Texts>,
    pub origin_except: Option<Texts>,
    pub products: Option<Texts>,
    pub products_except: Option<Texts>,
    pub claim: Option<Texts>,
    pub when: Option<Spanned<When>>,
    pub spares: Option<Texts>,
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub act: Option<Text>,
    #[serde(default)]
    pub term: Vec<Spanned<Term>>,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Prohibition {
    pub id: Text,
    pub label: String,
    pub origin: Texts,
    pub origin_except: Option<Texts>,
    pub products: Option<Texts>,
    pub products_except: Option<Texts>,
    pub when: Option<Spanned<When>>,
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub act: Option<Text>,
    #[serde(default)]
    pub term: Vec<Spanned<Term>>,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Annulment {
    pub of: Texts,
    pub from: Date,
    pub until: Option<Date>,
    pub act: Text,
    pub ceased: Date,
    pub note: Option<String>,
}

/// The conditions of `LEDGER.md`, section 3.5.
#[derive(Deserialize, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub loaded_before: Option<Date>,
    pub loaded_from: Option<Date>,
    pub exported_before: Option<Date>,
    pub exported_from: Option<Date>,
    pub imported_before: Option<Date>,
    pub imported_from: Option<Date>,
    pub entered_before: Option<Date>,
    pub entered_from: Option<Date>,
    pub mode: Option<Texts>,
    pub entry_type: Option<Texts>,
    pub value_at_most: Option<Text>,
    pub unit_price_below: Option<Text>,
    pub unit_price_at_least: Option<Text>,
    pub unit: Option<Text>,
    pub column: Option<Texts>,
    pub spi: Option<Texts>,
    pub claim: Option<Texts>,
    pub metal_weight_below: Option<Text>,
    pub metal_weight_at_least: Option<Text>,
    pub steel_at_least: Option<Text>,
    pub steel_below: Option<Text>,
    pub aluminum_at_least: Option<Text>,
    pub aluminum_below: Option<Text>,
    pub copper_at_least: Option<Text>,
    pub copper_below: Option<Text>,
    pub us_content_at_least: Option<Text>,
    pub us_metal_at_least: Option<Text>,
    pub melted_in: Option<Texts>,
    pub melt_at_least: Option<Text>,
    pub smelted_or_cast_in: Option<Texts>,
    pub smelted_and_cast_in: Option<Texts>,
    pub general_below: Option<Text>,
    pub general_at_least: Option<Text>,
    pub ordinary_below: Option<Text>,
    pub ordinary_at_least: Option<Text>,
    pub ch98: Option<Texts>,
    pub exported_to_us_from: Option<Texts>,
    pub subject_to: Option<Texts>,
    pub not_subject_to: Option<Texts>,
    pub owing: Option<Texts>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Stacking {
    #[expect(dead_code, reason = "the format is checked by its type")]
    pub format: Format,
    pub levied_by: Text,
    #[serde(default)]
    pub rule: Vec<Spanned<Rule>>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: Text,
    pub kind: crate::record::StackingKind,
    #[serde(default)]
    pub order: Vec<Spanned<RuleOrder>>,
    pub note: Option<String>,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct RuleOrder {
    pub from: Date,
    pub until: Option<Date>,
    pub act: Text,
    pub tiers: Vec<Texts>,
    #[expect(dead_code, reason = "for people who read the file")]
    pub note: Option<String>,
}
