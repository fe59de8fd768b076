//! How a rate text is spelled: markup, marks of footnotes and known misprints left behind.

/// Misprints and spellings of the editions, and how the schedule itself spells the same elsewhere.
const SPELLINGS: &[(&str, &str)] = &[
    (" cents", "¢"),
    ("¢ /", "¢/"),
    ("/ ", "/"),
    ("m2of ", "m2 of "),
    ("/pf. liter", "/pf.liter"),
    ("/1,000", "/1000"),
    ("/thou- sand", "/1000"),
    ("/thousand", "/1000"),
    ("appli- cable", "applicable"),
    ("high- est", "highest"),
    ("drained weght", "drained weight"),
    ("on thebattery", "on the battery"),
    ("on case and strap", "on the case and strap"),
    ("in the in the ensemble", "in the ensemble"),
    ("if entered separately", "if separately entered"),
    ("applicable, to", "applicable to"),
];

/// How often a text is gone over for misprints; the last time is to find none.
const MOST_ROUNDS: usize = 5;

/// The text without markup, marks of footnotes, surplus spaces and known misprints.
pub(super) fn tidy(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            '²' => plain.push('2'),
            '³' => plain.push('3'),
            _ if c.is_whitespace() => {
                if !plain.is_empty() && !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            _ => plain.push(c),
        }
    }
    without_end(&mut plain);
    mended(&plain).unwrap_or(plain)
}

/// Leaves out what is left of a mark of a footnote: `37% /` and `60%,`.
fn without_end(text: &mut String) {
    let end = text.trim_end_matches([' ', '/', ',']).len();
    text.truncate(end);
}

/// The text with its misprints mended; none where there are none, or where they do not come to an end.
///
/// To mend one misprint can make another (`in the in the in the ensemble`), so it is done until nothing changes: else a
/// text would print as one that reads as yet another. No edition needs more than a round, and a text made to need
/// thousands is to cost no more than a few: it stays as it is printed, which is the same each time it is read.
fn mended(plain: &str) -> Option<String> {
    let mut text = None;
    for _ in 0..MOST_ROUNDS {
        let before: &str = text.as_deref().unwrap_or(plain);
        let Some(mut after) = mended_once(before) else { return text };
        without_end(&mut after);
        text = Some(after);
    }
    None
}

/// Each misprint mended, in their order; none where there is none.
fn mended_once(text: &str) -> Option<String> {
    let mut found: Option<String> = None;
    for (printed, meant) in SPELLINGS {
        let text = found.as_deref().unwrap_or(text);
        if text.contains(printed) {
            found = Some(text.replace(printed, meant));
        }
    }
    found
}
