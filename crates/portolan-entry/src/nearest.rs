//! Names that are spelled nearly alike.

/// Up to three names nearest to a text, the nearest first, none that differ in more than a third of it.
pub fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let wanted = wanted.to_ascii_lowercase();
    let most = (wanted.len() / 3).max(2);
    // A text far longer than any name is near to none; it is not compared letter by letter.
    if wanted.len() > 100 {
        return Vec::new();
    }
    let mut found: Vec<(usize, &str)> = names
        .map(|name| {
            (if name.contains(wanted.as_str()) && wanted.len() > 3 { 1 } else { distance(&wanted, name) }, name)
        })
        .filter(|(distance, _)| *distance <= most)
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let changed = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first() {
        let names = ["donation", "de_minimis", "in_quota", "passenger_vehicle_part"];
        assert_eq!(nearest("donations", names.into_iter()), ["donation"]);
        assert_eq!(nearest("In_Quote", names.into_iter()), ["in_quota"]);
        assert_eq!(nearest("vehicle", names.into_iter()), ["passenger_vehicle_part"]);
        assert!(nearest("zzz", names.into_iter()).is_empty());
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
