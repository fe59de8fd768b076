//! How wide a text is, before anybody draws it.
//!
//! Which font a reader's generic `sans-serif` is cannot be known. The widths are those of a wide one (DejaVu Sans, rounded
//! up), so that in narrower ones there is room left and nothing meets.

/// A length in tenths of a pixel. Whole numbers, so that every machine draws the same.
pub type Unit = i32;

/// How heavy letters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As running text.
    Plain,
    /// For names and numbers.
    Bold,
}

/// Advance widths of the printable characters of ASCII, in thousandths of the size.
const PLAIN: [u16; 95] = [
    318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637, 637, 637, 637, 637,
    637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632, 576, 775, 752, 295, 295, 656, 558, 863,
    749, 788, 604, 788, 695, 635, 611, 732, 685, 989, 686, 611, 686, 391, 337, 391, 838, 500, 500, 613, 635, 550, 635,
    616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612, 635, 635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637,
    337, 637, 838,
];

/// The same in bold.
const BOLD: [u16; 95] = [
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 581, 1000, 774, 763, 734, 831, 684, 684, 821, 837, 373, 373, 775, 638, 996,
    837, 851, 733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 366, 458, 838, 500, 500, 675, 716, 593, 716,
    679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688, 716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712,
    366, 712, 838,
];

/// What any other character is taken to be: as wide as the widest letters of other alphabets.
const OTHER: u16 = 1170;

/// The width of a text of a size.
pub fn width(text: &str, size: Unit, weight: Weight) -> Unit {
    let table = match weight {
        Weight::Plain => &PLAIN,
        Weight::Bold => &BOLD,
    };
    let advance = |c: char| {
        let index = u32::from(c).checked_sub(32).and_then(|at| usize::try_from(at).ok());
        i64::from(index.and_then(|at| table.get(at)).copied().unwrap_or(OTHER))
    };
    let thousandths: i64 = text.chars().map(advance).sum();
    let exact = thousandths.saturating_mul(i64::from(size));
    Unit::try_from((exact + 999) / 1000).unwrap_or(Unit::MAX)
}

/// Breaks a text between words into lines of at most a width; a word that is wider by itself is broken inside.
pub fn wrap(text: &str, size: Unit, weight: Weight, room: Unit) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer, size, weight) <= room {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            line.push(c);
            if width(&line, size, weight) > room && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, c.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// At most so many lines; where there were more, the last one says so.
pub fn wrap_at_most(text: &str, size: Unit, weight: Weight, room: Unit, most: usize) -> Vec<String> {
    let mut lines = wrap(text, size, weight, room);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while width(&format!("{last} ..."), size, weight) > room && last.pop().is_some() {}
            *last = format!("{} ...", last.trim_end());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_never_wider_than_its_room() {
        let text = "China has carried out the Geneva agreement in earnest; Donaudampfschifffahrtsgesellschaft 关税";
        for room in [300, 700, 1500] {
            let lines = wrap(text, 100, Weight::Bold, room);
            assert!(lines.iter().all(|line| width(line, 100, Weight::Bold) <= room), "{room}: {lines:?}");
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(letters(&lines.concat()), letters(text), "nothing is lost");
        }
        assert_eq!(wrap_at_most("one two three four", 100, Weight::Plain, 400, 1), ["one ..."]);
        assert_eq!(wrap_at_most("one two", 100, Weight::Plain, 900, 1), ["one two"]);
        assert!(wrap("", 100, Weight::Plain, 100).is_empty());
    }
}
