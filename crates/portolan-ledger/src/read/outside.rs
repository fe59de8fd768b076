//! `outside.toml`: headings of the schedule that carry no record of their own.

use serde::Deserialize;
use toml::Spanned;

use super::{At, Reader, raw};
use crate::code::TariffCode;
use crate::diagnostic::Code;
use crate::record::{Ledger, Outside, Seen};

/// The register.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Register {
    #[expect(dead_code, reason = "the format is checked by its type")]
    format: raw::Format,
    levied_by: raw::Text,
    #[serde(default)]
    outside: Vec<Spanned<Entry>>,
}

/// One act's headings.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct Entry {
    headings: raw::Texts,
    title: String,
    opened_by: String,
    reason: String,
    carried_by: Option<raw::Texts>,
    until: Option<raw::Date>,
    seen: Seen,
}

impl Reader {
    /// Reads the register; the programs that it names are read before it.
    pub(super) fn outside(&mut self) {
        for (file, _) in self.files_in(|path| path == "outside.toml") {
            let Some(register) = self.parse::<Register>(file) else { continue };
            let Some(side) = self.side(file, &register.levied_by) else { continue };
            for entry in register.outside {
                self.one_outside(At { file, side }, &entry);
            }
        }
    }

    fn one_outside(&mut self, at: At, entry: &Spanned<Entry>) {
        let place = self.place(at, entry);
        let entry = entry.get_ref();
        let until = match &entry.until {
            None => None,
            Some(until) => match self.instant(at, until) {
                None => return,
                found => found,
            },
        };
        let outside = Outside {
            headings: self.runs(at, &entry.headings),
            title: entry.title.clone(),
            opened_by: entry.opened_by.clone(),
            reason: entry.reason.clone(),
            carried_by: self.carriers(at, entry.carried_by.as_ref()),
            until,
            seen: entry.seen,
            place,
        };
        self.ledger.outside.push(outside);
    }

    /// `9903.17.01`, or `9903.17.01-9903.17.10` for a run of them.
    fn runs(&mut self, at: At, texts: &raw::Texts) -> Vec<(TariffCode, TariffCode)> {
        let span = at.span(&texts.span());
        let mut runs: Vec<(TariffCode, TariffCode)> = Vec::new();
        if texts.get_ref().0.is_empty() {
            self.fault(Code::Incomplete, Some(span), "the record names no heading");
        }
        for text in &texts.get_ref().0 {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            let heading = |text: &str| TariffCode::parse(text.as_bytes()).ok().filter(|code| code.digits() == 8);
            let (Some(first), Some(last)) = (heading(first), heading(last)) else {
                let help = "a heading has eight digits; a run is written first-last";
                self.fault_help(Code::BadRow, Some(span), format!("`{text}` is no heading and no run of them"), help);
                continue;
            };
            if last < first || first.prefix(4) != last.prefix(4) {
                self.fault(Code::EmptyInterval, Some(span), format!("the run `{text}` ends before it begins"));
                continue;
            }
            let meets = |(from, to): &(TariffCode, TariffCode)| *from <= last && first <= *to;
            if self.ledger.outside.iter().flat_map(|other| &other.headings).chain(&runs).any(meets) {
                self.fault(Code::DuplicateId, Some(span), format!("`{text}` is accounted for already"));
            }
            runs.push((first, last));
        }
        runs
    }

    fn carriers(&mut self, at: At, texts: Option<&raw::Texts>) -> Vec<(String, String)> {
        let Some(texts) = texts else { return Vec::new() };
        let mut carriers = Vec::new();
        for text in &texts.get_ref().0 {
            match text.split_once('/').filter(|(program, id)| stands(&self.ledger, program, id)) {
                Some((program, id)) => carriers.push((program.to_owned(), id.to_owned())),
                None => self.fault_help(
                    Code::DanglingReference,
                    Some(at.span(&texts.span())),
                    format!("`{text}` names no provision, exception or prohibition"),
                    "write program/id",
                ),
            }
        }
        carriers
    }
}

/// Whether a program holds a record of this id.
fn stands(ledger: &Ledger, program: &str, id: &str) -> bool {
    let program = ledger.programs.iter().find(|candidate| candidate.id == program);
    program.is_some_and(|program| {
        program.provisions.iter().any(|record| record.id == id)
            || program.exceptions.iter().any(|record| record.id == id)
            || program.prohibitions.iter().any(|record| record.id == id)
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Code;
    use crate::read::{Read, Refused, read};

    const JURISDICTIONS: &str =
        "[US]\ntime_zone = \"America/New_York\"\nday_starts = 00:01:00\nvalue_grain = \"1.00\"\n";

    fn register(entries: &str) -> Result<Read, Refused> {
        let outside = format!("format = 1\nlevied_by = \"US\"\n{entries}");
        read(&[
            ("jurisdictions.toml".to_owned(), JURISDICTIONS.as_bytes().to_vec()),
            ("outside.toml".to_owned(), outside.into_bytes()),
        ])
    }

    fn entry(headings: &str, more: &str) -> String {
        format!(
            "[[outside]]\ntitle = \"t\"\nheadings = [{headings}]\nopened_by = \"o\"\nreason = \"r\"\nseen = \"schedule\"\n{more}\n"
        )
    }

    #[test]
    fn runs_hold_what_lies_between_their_ends() {
        let read = register(&entry("\"9903.17.01-9903.17.10\", \"9903.52.00\"", "until = 2012-09-26")).unwrap();
        let outside = &read.ledger.outside[0];
        for (heading, holds) in [
            ("9903.17.01", true),
            ("9903.17.10", true),
            ("9903.17.11", false),
            ("9903.52.00", true),
            ("9903.52.01", false),
        ] {
            assert_eq!(outside.holds(heading.parse().unwrap()), holds, "{heading}");
        }
        assert!(outside.until.is_some() && outside.carried_by.is_empty());
    }

    #[test]
    fn faults_of_the_register_are_named() {
        for (headings, more, code) in [
            ("", "", Code::Incomplete),
            ("\"9903.17\"", "", Code::BadRow),
            ("\"cheese\"", "", Code::BadRow),
            ("\"9903.17.10-9903.17.01\"", "", Code::EmptyInterval),
            ("\"9903.17.10-9904.17.11\"", "", Code::EmptyInterval),
            ("\"9903.17.01-9903.17.10\", \"9903.17.05\"", "", Code::DuplicateId),
            ("\"9903.17.01\"", "carried_by = [\"us.none/none\"]", Code::DanglingReference),
            ("\"9903.17.01\"", "until = 2012-09-26T00:01:00", Code::BadDate),
            ("\"9903.17.01\"", "act = \"x\"", Code::Unreadable),
        ] {
            let refused = register(&entry(headings, more)).unwrap_err();
            assert_eq!(refused.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), [code], "{headings} {more}");
        }
    }
}
