//! Civil dates as days, by integer arithmetic: a file holds millions of them.

use portolan_ledger::Day;

/// How many days a month has; none for a month that does not exist.
pub fn days_in_month(year: i32, month: u32) -> Option<u32> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    })
}

/// The day of a date of the Gregorian calendar; none for a date that does not exist.
///
/// Years are counted from the first of March, so that the leap day comes last; an era is 400 years.
pub fn day_of(year: i32, month: u32, day: u32) -> Option<Day> {
    if day == 0 || day > days_in_month(year, month)? || !(0..=9999).contains(&year) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let (month, day) = (i32::try_from(month).ok()?, i32::try_from(day).ok()?);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(Day(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468))
}

/// Year, month and day of a day: the way back.
pub fn date_of(day: Day) -> (i32, u32, u32) {
    let days = i64::from(day.0) + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let small = |value: i64| u32::try_from(value).unwrap_or(1);
    (i32::try_from(year).unwrap_or(i32::MAX), small(month), small(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_goes_both_ways() {
        let mut day = day_of(1900, 1, 1).unwrap();
        let last = day_of(2300, 1, 1).unwrap();
        while day < last {
            let (year, month, of_month) = date_of(day);
            assert_eq!(day_of(year, month, of_month), Some(day));
            day.0 += 1;
        }
        assert_eq!(day_of(1970, 1, 2), Some(Day(1)));
        assert_eq!(day_of(2024, 2, 29), Day::parse_iso(b"2024-02-29"));
        assert_eq!(day_of(2025, 2, 29), None);
        assert_eq!(day_of(2025, 13, 1), None);
        assert_eq!(day_of(2025, 1, 0), None);
    }
}
