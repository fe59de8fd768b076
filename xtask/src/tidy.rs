//! `cargo xtask tidy`: what the repository promises of its own text.
//!
//! The law is data: no crate's source, outside tests and comments, holds a chapter 99 heading, a legal date or a rate.
//! No file names a path of somebody's machine or a task left open. Every crate takes the lints of the workspace.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use portolan_ledger::DutyRate;

/// Years of the law that the ledger holds: a date of these years in source is one of the law's.
const LEGAL_YEARS: std::ops::RangeInclusive<u32> = 2018..=2030;
/// Folders that hold nothing that was written: what fuzzers found on their way too.
const SKIPPED: [&str; 4] = [".git", "target", "corpus", "artifacts"];
/// How a path of a machine begins; split, so that this file keeps its own rule.
const MACHINE_PATHS: [&str; 6] = [
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
    concat!("/Us", "ers/"),
    concat!("C:\\", "Users"),
];
/// Words that stand for work left open.
const OPEN_TASKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    file: PathBuf,
    /// From 1; 0 for the file as a whole.
    line: usize,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

/// Checks the whole repository and prints every finding.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    if let Some(argument) = arguments.next() {
        return Err(format!("tidy takes no argument, not `{argument}`"));
    }
    let found = repository(&root())?;
    for finding in &found {
        println!("{finding}");
    }
    if found.is_empty() { Ok(()) } else { Err(format!("{} findings", found.len())) }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn repository(root: &Path) -> Result<Vec<Finding>, String> {
    let mut files = Vec::new();
    walk(root, root, &mut files)?;
    let mut found = Vec::new();
    for file in files {
        // Bytes that are no text hold nothing that a person wrote.
        let Ok(text) = String::from_utf8(fs::read(root.join(&file)).map_err(|e| format!("{}: {e}", file.display()))?)
        else {
            continue;
        };
        found.extend(of_file(&file, &text));
    }
    Ok(found)
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut entries = fs::read_dir(folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        if kind.is_dir() && !SKIPPED.iter().any(|name| entry.file_name() == *name) {
            walk(root, &path, files)?;
        } else if kind.is_file() {
            files.push(path.strip_prefix(root).unwrap_or(&path).to_path_buf());
        }
    }
    Ok(())
}

/// Everything that is wrong with one file; `file` is relative to the repository.
fn of_file(file: &Path, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut say = |line: usize, message: String| found.push(Finding { file: file.to_path_buf(), line, message });
    for (index, line) in text.lines().enumerate() {
        if let Some(path) = machine_path(line) {
            say(index + 1, format!("a path of a machine: `{path}`"));
        }
        if let Some(word) = OPEN_TASKS.iter().find(|word| has_word(line, word)) {
            say(index + 1, format!("a task left open: {word}"));
        }
    }
    if is_crate_source(file) {
        for (line, message) in law_in(text) {
            say(line, message);
        }
    }
    // The fuzz targets are a workspace of their own, which takes nothing from this one.
    let member = file.components().count() > 1 && !file.starts_with("fuzz");
    if file.file_name().is_some_and(|name| name == "Cargo.toml") && member && !takes_lints(text) {
        say(0, "the crate does not take the lints of the workspace".to_owned());
    }
    found
}

/// Source of a crate that is no test: below `src`, or a build script.
fn is_crate_source(file: &Path) -> bool {
    let parts: Vec<_> = file.iter().filter_map(|part| part.to_str()).collect();
    let rust = file.extension().is_some_and(|extension| extension == "rs");
    let of_crate =
        matches!(parts.as_slice(), ["crates", _, "src", ..] | ["crates", _, "build.rs"] | ["xtask", "src", ..]);
    rust && of_crate && !parts.iter().any(|part| *part == "tests" || *part == "tests.rs")
}

fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_PATHS.into_iter().find(|path| {
        line.match_indices(path).any(|(at, _)| {
            // Inside an address or a longer path it is something else.
            let before = line[..at].chars().next_back();
            before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '.' | '/' | '-' | '_' | ':' | '~')))
        })
    })
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].chars().next_back().is_some_and(part_of_word)
            && !line[at + word.len()..].chars().next().is_some_and(part_of_word)
    })
}

fn takes_lints(manifest: &str) -> bool {
    let lines = manifest.lines().map(str::trim);
    let table = lines.skip_while(|line| *line != "[lints]").skip(1).take_while(|line| !line.starts_with('['));
    table.into_iter().any(|line| line.replace(' ', "") == "workspace=true")
}

/// Law in source: the line, and what it is.
fn law_in(text: &str) -> Vec<(usize, String)> {
    let source = Source::read(text);
    let mut found = Vec::new();
    for (index, line) in source.code.lines().enumerate() {
        found.extend(heading(line).map(|text| (index + 1, format!("a heading of chapter 99: {text}"))));
        found.extend(date(line).map(|text| (index + 1, format!("a date of the law: {text}"))));
    }
    for (line, literal) in &source.literals {
        let rate = DutyRate::parse(literal).ok();
        if rate.is_some_and(|rate| !matches!(rate, DutyRate::Ended | DutyRate::Unknown)) {
            found.push((*line, format!("a rate: {literal}")));
        }
    }
    found.sort();
    found
}

/// `9903` with two more pairs of digits, parted by dots, by underscores, or not.
fn heading(line: &str) -> Option<&str> {
    line.match_indices("9903").find_map(|(at, _)| {
        if line[..at].chars().next_back().is_some_and(|c| c.is_ascii_digit()) {
            return None;
        }
        let mut digits = 0;
        let mut end = at + 4;
        for (offset, c) in line[at + 4..].char_indices() {
            match c {
                '0'..='9' => digits += 1,
                '.' | '_' => continue,
                _ => break,
            }
            end = at + 4 + offset + 1;
        }
        (digits >= 4).then(|| &line[at..end])
    })
}

/// `YYYY-MM-DD`, or a call that makes a civil date, in a year of the law.
fn date(line: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let legal = |year: &str| year.parse().is_ok_and(|year: u32| LEGAL_YEARS.contains(&year));
    let iso = line.match_indices('-').find_map(|(at, _)| {
        let text = line.get(at.checked_sub(4)?..at + 6)?;
        let (year, rest) = (text.get(..4)?, text.get(5..)?);
        let (month, day) = rest.split_once('-')?;
        let whole = digits(year) && month.len() == 2 && digits(month) && day.len() == 2 && digits(day);
        (whole && legal(year)).then(|| text.to_owned())
    });
    let call =
        ["date(", "Date::new(", "Date::constant(", "datetime(", "DateTime::constant("].into_iter().find_map(|call| {
            line.match_indices(call).find_map(|(at, _)| {
                let rest = line[at + call.len()..].trim_start();
                let year = rest.get(..4)?;
                (digits(year) && legal(year) && rest[4..].trim_start().starts_with(','))
                    .then(|| format!("{call}{year}"))
            })
        });
    iso.or(call)
}

/// Rust source without its comments and its tests, in the same lines.
struct Source {
    code: String,
    /// String literals that are left, with the line on which each begins.
    literals: Vec<(usize, String)>,
}

/// What a stretch of source is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

impl Source {
    fn read(text: &str) -> Self {
        let pieces = pieces(text);
        // Braces are counted in code alone; a test module goes with everything in it.
        let mut source = Self { code: String::with_capacity(text.len()), literals: Vec::new() };
        let mut depth = 0_usize;
        let mut inside = None;
        let mut pending = false;
        let mut line = 1;
        for (kind, piece) in pieces {
            let lines = piece.matches('\n').count();
            if kind != Kind::Code {
                let kept = kind == Kind::Literal && inside.is_none() && !pending;
                if kept {
                    source.literals.push((line, piece.trim_matches(|c| matches!(c, 'r' | 'b' | '#' | '"')).to_owned()));
                    source.code.push_str(piece);
                } else {
                    source.code.push_str(&"\n".repeat(lines));
                }
                line += lines;
                continue;
            }
            let mut rest = piece;
            while !rest.is_empty() {
                if inside.is_none() && !pending && rest.starts_with("#[cfg(test)]") {
                    pending = true;
                }
                let c = rest.chars().next().unwrap_or('\n');
                match c {
                    '{' => {
                        if pending {
                            (inside, pending) = (Some(depth), false);
                        }
                        depth += 1;
                    }
                    '}' => depth = depth.saturating_sub(1),
                    // `#[cfg(test)] mod tests;` or a single item.
                    ';' => pending = false,
                    _ => {}
                }
                if c == '\n' || inside.is_none() && !pending {
                    source.code.push(c);
                }
                if c == '}' && inside == Some(depth) {
                    inside = None;
                }
                rest = &rest[c.len_utf8()..];
            }
            line += lines;
        }
        source
    }
}

/// Parts source into code, comments and string literals.
fn pieces(text: &str) -> Vec<(Kind, &str)> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let before = text[..at].chars().next_back();
        let found = if rest.starts_with("//") {
            Some((Kind::Comment, rest.find('\n').unwrap_or(rest.len())))
        } else if rest.starts_with("/*") {
            Some((Kind::Comment, block_comment(rest)))
        } else {
            literal(rest, before)
        };
        match found {
            Some((kind, length)) => {
                pieces.push((Kind::Code, &text[start..at]));
                pieces.push((kind, &text[at..at + length]));
                at += length;
                start = at;
            }
            None => at += character(rest),
        }
    }
    pieces.push((Kind::Code, &text[start..]));
    pieces
}

/// The length of a character literal, or of one character.
fn character(rest: &str) -> usize {
    let one = rest.chars().next().map_or(1, char::len_utf8);
    let quoted = rest.strip_prefix('\'').and_then(|inner| {
        let body = inner.chars().next()?;
        let length = if body == '\\' { inner[1..].find('\'')? + 1 } else { body.len_utf8() };
        inner[length..].starts_with('\'').then_some(length + 2)
    });
    quoted.unwrap_or(one)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a string literal that begins here, plain or raw, of text or of bytes.
fn literal(rest: &str, before: Option<char>) -> Option<(Kind, usize)> {
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') && !rest.starts_with('"') {
        return None;
    }
    let body = rest.strip_prefix('b').unwrap_or(rest);
    let prefix = rest.len() - body.len();
    if let Some(raw) = body.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inner = raw[hashes..].strip_prefix('"')?;
        let end = format!("\"{}", "#".repeat(hashes));
        let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
        return Some((Kind::Literal, prefix + 1 + hashes + 1 + length));
    }
    let inner = body.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some((Kind::Literal, prefix + 1 + at + 1)),
            _ => escaped = false,
        }
    }
    Some((Kind::Literal, rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_source(text: &str) -> Vec<(usize, String)> {
        of_file(Path::new("crates/x/src/lib.rs"), text).into_iter().map(|f| (f.line, f.message)).collect()
    }

    #[test]
    fn the_repository_is_tidy() {
        let found = repository(&root()).unwrap();
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
    }

    #[test]
    fn law_in_source_is_found_with_its_line() {
        for (seed, what) in [
            ("let h = \"9903.88.03\";", "a heading of chapter 99: 9903.88.03"),
            ("let h = 99038803_u64;", "a heading of chapter 99: 99038803"),
            ("let h = 9903_88_03;", "a heading of chapter 99: 9903_88_03"),
            ("let d = \"2025-04-09\";", "a date of the law: 2025-04-09"),
            ("let d = \"2025-04-09T00:01:00-04:00\";", "a date of the law: 2025-04-09"),
            ("let d = jiff::civil::date(2025, 4, 9);", "a date of the law: date(2025"),
            ("const D: Date = Date::constant(2030, 1, 1);", "a date of the law: Date::constant(2030"),
            ("let r = \"+25%\";", "a rate: +25%"),
            ("let r = r#\"total 15%\"#;", "a rate: total 15%"),
            ("let r = b\"+50% of steel\";", "a rate: +50% of steel"),
            ("let r = \"in place of all: $200/No.\";", "a rate: in place of all: $200/No."),
        ] {
            let text = format!("//! A crate.\n\nfn f() {{\n    {seed}\n}}\n");
            assert_eq!(of_source(&text), [(4, what.to_owned())], "{seed}");
        }
    }

    #[test]
    fn what_is_no_law_is_let_be() {
        for text in [
            "// 9903.88.03 from 2025-04-09 at +25%\nfn f() {}\n",
            "/* a /* nested */ 9903.88.03 */ fn f() {}\n",
            "/// `2025-04-09`\nfn f() {}\n",
            "#[cfg(test)]\nmod tests {\n    const H: &str = \"9903.88.03 {\";\n    fn d() { let d = \"2025-04-09\"; }\n}\n",
            "#[cfg(test)]\nmod tests;\n",
            "const EPOCH: &str = \"1970-01-01\";\nconst FAR: &str = \"2031-01-01\";\n",
            "fn f() { let d = Date::constant(1970, 1, 1); }\n",
            "const CHAPTER: &str = \"9903\";\nconst NUMBER: u64 = 199038803;\n",
            "fn f(rate: u8) -> String { format!(\"+{rate}%\") }\nconst ENDED: &str = \"none\";\n",
            "const QUOTE: char = '\"';\nconst AFTER: char = '\\'';\n",
        ] {
            assert_eq!(of_source(text), [], "{text}");
        }
    }

    #[test]
    fn what_follows_a_test_module_is_looked_at() {
        let text = "#[cfg(test)]\nmod tests {\n    fn f() { if true {} }\n}\nconst H: &str = \"9903.88.03\";\n";
        assert_eq!(of_source(text), [(5, "a heading of chapter 99: 9903.88.03".to_owned())]);
        let text = "#[cfg(test)]\nmod tests;\nconst R: &str = \"+25%\";\n";
        assert_eq!(of_source(text), [(3, "a rate: +25%".to_owned())]);
        let text = "const A: &str = \"\n\n\";\nconst B: &str = \"+25%\";\n";
        assert_eq!(of_source(text), [(4, "a rate: +25%".to_owned())]);
    }

    #[test]
    fn only_source_of_crates_is_looked_at_for_law() {
        let law = "const H: &str = \"9903.88.03\";\n";
        for file in
            ["crates/x/tests/it/main.rs", "crates/x/src/schedule/tests.rs", "crates/x/examples/a.rs", "LEDGER.md"]
        {
            assert_eq!(of_file(Path::new(file), law), [], "{file}");
        }
        for file in ["crates/x/src/a/b.rs", "crates/x/build.rs", "xtask/src/main.rs"] {
            assert_eq!(of_file(Path::new(file), law).len(), 1, "{file}");
        }
    }

    #[test]
    fn machine_paths_and_open_tasks_are_found_in_any_file() {
        for path in MACHINE_PATHS {
            let text = format!("see\n`{path}x`\n");
            assert_eq!(of_file(Path::new("NOTES.md"), &text)[0].line, 2, "{path}");
            let address = format!("https://www.example.org{path}x");
            assert!(path.starts_with('C') || of_file(Path::new("NOTES.md"), &address).is_empty(), "{path}");
        }
        for word in OPEN_TASKS {
            assert_eq!(of_file(Path::new("ledger/us/x.toml"), &format!("# {word}: more\n")).len(), 1);
            assert_eq!(of_file(Path::new("ledger/us/x.toml"), &format!("# A{word}S\n")).len(), 0);
        }
    }

    #[test]
    fn every_crate_takes_the_lints() {
        let manifest = Path::new("crates/x/Cargo.toml");
        assert_eq!(of_file(manifest, "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n"), []);
        assert_eq!(of_file(manifest, "[package]\nname = \"x\"\n").len(), 1);
        assert_eq!(of_file(manifest, "[lints]\n\n[dependencies]\nworkspace = true\n").len(), 1);
        assert_eq!(of_file(Path::new("Cargo.toml"), "[workspace]\n"), []);
    }
}
