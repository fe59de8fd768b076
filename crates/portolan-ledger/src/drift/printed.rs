//! What a heading of the schedule prints: its rate, and the dates in its text.

use crate::duty_rate::{DutyRate, Metal, percent};
use crate::number::Rate;
use crate::schedule::OfficialRow;
use crate::time::Day;

/// The rate cell of a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Printed {
    /// No addition: the duty of the applicable subheading, `No change`, `Free`, or an empty cell.
    Nothing,
    /// An addition of a share, with the part of the value that the cell names.
    Add(DutyRate),
    /// A bare rate: a total, or the addition of a safeguard.
    Bare(Rate),
    /// A cell that is none of these.
    Unread,
}

/// How a printed rate and a rate of the ledger compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Another rate.
    None,
    /// The same share, of a part of the value that the cell does not name: the notes do.
    BasisInNotes,
    /// The same rate.
    Same,
}

impl Printed {
    /// Reads the first of a row's rate columns that adds something: a heading for one column leaves the others blank or
    /// says that they do not change. Where none does, the first that is not blank.
    pub fn of(row: &OfficialRow) -> (String, Self) {
        let cells = [&row.general, &row.special, &row.column_2].map(|cell| cell.split_whitespace().collect::<Vec<_>>());
        let texts = cells.map(|words| words.join(" ")).into_iter().filter(|text| !text.is_empty());
        let mut read = texts.map(|text| {
            let printed = Self::read(&text);
            (text, printed)
        });
        let first = read.next().unwrap_or((String::new(), Self::Nothing));
        match first.1 {
            Self::Nothing => read.find(|(_, printed)| *printed != Self::Nothing).unwrap_or(first),
            _ => first,
        }
    }

    fn read(text: &str) -> Self {
        let text = text.trim_end_matches('.').to_ascii_lowercase();
        if let Ok(rate) = percent(&text) {
            return Self::Bare(rate);
        }
        let addition = text.split_once('+').or_else(|| text.split_once(" plus "));
        match addition {
            Some((_, addition)) => Self::addition(addition.trim()).map_or(Self::Unread, Self::Add),
            None if matches!(text.as_str(), "" | "free" | "no change") => Self::Nothing,
            None if text.starts_with("the duty provided") => Self::Nothing,
            None => Self::Unread,
        }
    }

    fn addition(text: &str) -> Option<DutyRate> {
        let text = text.strip_prefix("a duty of ").unwrap_or(text);
        let Some((rate, part)) = text.split_once(" upon the value of the ") else {
            return percent(text).ok().map(DutyRate::Add);
        };
        let rate = percent(rate).ok()?;
        let part = part.strip_suffix(" content")?;
        if part == "non-u.s" || part == "non-u.s." {
            return Some(DutyRate::OfNonUs(rate, None));
        }
        Metal::ALL.into_iter().find(|metal| metal.name() == part).map(|metal| DutyRate::OfMetal(rate, metal))
    }

    /// Holds the cell against a rate of the ledger; none is a record that adds nothing.
    pub fn compare(&self, rate: Option<&DutyRate>) -> Match {
        let share = match rate {
            None => Rate::ZERO,
            Some(
                DutyRate::Add(rate)
                | DutyRate::OfMetal(rate, _)
                | DutyRate::OfNonUs(rate, _)
                | DutyRate::Total(rate, _)
                | DutyRate::InPlaceOfAll(rate)
                | DutyRate::InPlaceOfOrdinary(rate),
            ) => *rate,
            Some(_) => return Match::None,
        };
        match (self, rate) {
            (Self::Nothing, _) if share == Rate::ZERO => Match::Same,
            (Self::Add(printed), Some(rate)) if printed == rate => Match::Same,
            (Self::Add(DutyRate::OfNonUs(printed, None)), Some(DutyRate::OfNonUs(rate, _))) if printed == rate => {
                Match::Same
            }
            (Self::Add(DutyRate::Add(printed)), Some(DutyRate::OfMetal(..) | DutyRate::OfNonUs(..)))
            | (Self::Add(DutyRate::OfMetal(printed, _)), Some(DutyRate::Add(_)))
                if *printed == share =>
            {
                Match::BasisInNotes
            }
            (
                Self::Bare(printed),
                Some(
                    DutyRate::Total(..) | DutyRate::Add(_) | DutyRate::InPlaceOfAll(_) | DutyRate::InPlaceOfOrdinary(_),
                ),
            ) if *printed == share => Match::Same,
            _ => Match::None,
        }
    }
}

/// The dates in a text, written `April 9, 2025`.
pub fn dates(text: &str) -> Vec<Day> {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).collect();
    let mut found: Vec<Day> = words.windows(3).filter_map(|window| date(window[0], window[1], window[2])).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn date(month: &str, day: &str, year: &str) -> Option<Day> {
    let month = crate::time::MONTHS.iter().position(|name| *name == month)? + 1;
    let day: u8 = day.strip_suffix(',')?.parse().ok()?;
    let year = year.get(..4)?;
    Day::parse_iso(format!("{year}-{month:02}-{day:02}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(cell: &str, rate: &str) -> Match {
        let row = OfficialRow { general: cell.to_owned(), ..OfficialRow::default() };
        let rate = DutyRate::parse(rate).unwrap();
        Printed::of(&row).1.compare(Some(&rate))
    }

    #[test]
    fn cells_are_read_as_they_are_printed() {
        for (cell, rate) in [
            ("The duty provided in the applicable subheading + 25%", "+25%"),
            ("The duty provided inthe applicable subheading+ 25%", "+25%"),
            ("The duty provided in the applicable subheading plus 25%", "+25%"),
            (
                "The duty provided in the applicable subheading + a duty of 50% upon the value of the steel content.",
                "+50% of steel",
            ),
            (
                "The duty provided in the applicable subheading + a duty of 25% upon the value of the non-U.S. content",
                "+25% of non_us (us to 40%)",
            ),
            ("The duty provided in the applicable subheading", "+0%"),
            ("No change.", "+0%"),
            ("15%", "total 15% over general"),
            ("14%", "+14%"),
            ("7.5%", "+7.5%"),
        ] {
            assert_eq!(compare(cell, rate), Match::Same, "{cell}");
        }
        assert_eq!(
            compare("The duty provided in the applicable subheading + 25%", "+25% of steel"),
            Match::BasisInNotes
        );
        assert_eq!(compare("The duty provided in the applicable subheading + 25%", "+10%"), Match::None);
        assert_eq!(compare("The duty provided in the applicable subheading", "+10%"), Match::None);
        assert_eq!(compare("15%", "total 10%"), Match::None);
        assert_eq!(compare("12.5% + 3 cents", "+12.5%"), Match::None);
    }

    #[test]
    fn a_column_that_adds_nothing_gives_way_to_the_next() {
        for general in ["\n", "No change"] {
            let row = OfficialRow { general: general.to_owned(), column_2: "35%".to_owned(), ..OfficialRow::default() };
            assert_eq!(Printed::of(&row), ("35%".to_owned(), Printed::Bare(Rate::percent(35))));
        }
        let row = OfficialRow { special: "No  change".to_owned(), ..OfficialRow::default() };
        assert_eq!(Printed::of(&row), ("No change".to_owned(), Printed::Nothing));
    }

    #[test]
    fn dates_of_a_text() {
        let text =
            "entered on or after 12:01 a.m. April 9, 2025, and before (May 27, 2025); in May 2025; on June 31, 2025";
        let days: Vec<String> = dates(text).iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2025-04-09", "2025-05-27"]);
    }
}
