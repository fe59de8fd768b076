//! `README.md` and `GUIDE.md` say what is true: every `$ portolan` command in their `console` blocks is run, in order, in a
//! folder of its own that holds `examples` and `ledger`, and prints what the page shows.
//!
//! - A line of three dots stands for any lines.
//! - `$ echo $?` shows how the command before it ended; without it, the command ended well.
//! - A block that opens with `file=PATH` is a file: it is written before what follows is run. With `add=PATH` it is added to one.
//!
//! `GUIDE=overwrite cargo test -p portolan-cli --test guide` writes what is printed into the pages, where it differs; of an
//! output with three dots only the paragraphs that the page shows.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The day on which the pages are taken to be read: it stands in them where the program prints the day of the run.
const DAY: &str = "2026-11-22";

#[test]
fn readme() {
    Page::open("README.md").check();
}

#[test]
fn guide() {
    Page::open("GUIDE.md").check();
}

/// A page, and the folder in which its commands are run.
struct Page {
    path: PathBuf,
    folder: PathBuf,
    status: i32,
}

impl Page {
    fn open(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        for held in ["examples", "ledger"] {
            copy(&root.join(held), &folder.join(held));
        }
        Self { path: root.join(name), folder, status: 0 }
    }

    /// Runs the page; a difference is a failure, or is mended where that is asked for.
    fn check(mut self) {
        let page = fs::read_to_string(&self.path).unwrap();
        let mut found = String::new();
        let mut lines = page.lines();
        while let Some(line) = lines.next() {
            let _ = writeln!(found, "{line}");
            let Some(opening) = line.strip_prefix("```").filter(|opening| !opening.is_empty()) else { continue };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.push_str(&self.block(opening, &block));
            found.push_str("```\n");
        }
        if std::env::var_os("GUIDE").is_some_and(|value| value == "overwrite") {
            fs::write(&self.path, found).unwrap();
        } else if let Some(at) = page.lines().zip(found.lines()).position(|(a, b)| a != b) {
            let near = |text: &str| text.lines().skip(at).take(12).collect::<Vec<_>>().join("\n");
            let path = self.path.display();
            panic!("{path}:{}: the page says\n{}\n\nand this is printed\n{}", at + 1, near(&page), near(&found));
        } else {
            assert_eq!(page.lines().count(), found.lines().count(), "{}: the last block", self.path.display());
        }
    }

    /// What a block would be if it were true.
    fn block(&mut self, opening: &str, lines: &[&str]) -> String {
        let as_it_is = || lines.iter().fold(String::new(), |text, line| text + line + "\n");
        if let Some((_, path)) = opening.split_once("file=") {
            let path = self.folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, as_it_is()).unwrap();
        } else if let Some((_, path)) = opening.split_once("add=") {
            let mut file = OpenOptions::new().append(true).open(self.folder.join(path)).unwrap();
            writeln!(file, "\n{}", as_it_is()).unwrap();
        } else if opening == "console" {
            return self.console(lines);
        }
        as_it_is()
    }

    fn console(&mut self, lines: &[&str]) -> String {
        let mut found = String::new();
        let starts: Vec<usize> = (0..lines.len()).filter(|&at| lines[at].starts_with("$ ")).collect();
        for (nth, &at) in starts.iter().enumerate() {
            let end = starts.get(nth + 1).copied().unwrap_or(lines.len());
            let _ = writeln!(found, "{}", lines[at]);
            let shown = &lines[at + 1..end];
            let printed = self.command(&lines[at][2..]);
            let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
            let kept = if agree(shown, &printed) { shown.to_vec() } else { trimmed(shown, &printed) };
            for line in kept {
                let _ = writeln!(found, "{line}");
            }
        }
        found
    }

    /// What a command prints.
    fn command(&mut self, command: &str) -> String {
        if command == "echo $?" {
            return format!("{}\n", std::mem::take(&mut self.status));
        }
        assert_eq!(self.status, 0, "before `{command}`: a command that fails is followed by `$ echo $?`");
        let mut words = words(command).into_iter();
        assert_eq!(words.next().as_deref(), Some("portolan"), "only portolan is run: {command}");
        let output = Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(words)
            .current_dir(&self.folder)
            .env("XDG_DATA_HOME", self.folder.join("data"))
            .output()
            .unwrap();
        self.status = output.status.code().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let today = jiff::Timestamp::now().in_tz("America/New_York").unwrap().date();
        text.replace(&format!("known on {today}"), &format!("known on {DAY}"))
    }
}

/// The words of a command; quotes hold one together.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = None;
    for character in command.chars() {
        match (quoted, character) {
            (None, ' ') => words.push(String::new()),
            (None, '"' | '\'') => quoted = Some(character),
            (Some(mark), _) if mark == character => quoted = None,
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words
}

/// Whether what is shown, with its lines of three dots, is what was printed.
fn agree(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|skipped| agree(rest, &printed[skipped..])),
        Some((first, rest)) => printed.split_first().is_some_and(|(line, left)| line == first && agree(rest, left)),
    }
}

/// What was printed, without the paragraphs that the page leaves out: those whose first line it does not show.
fn trimmed<'a>(shown: &[&str], printed: &[&'a str]) -> Vec<&'a str> {
    if !shown.contains(&"...") {
        return printed.to_vec();
    }
    let mut kept = Vec::new();
    for paragraph in printed.split(|line| line.is_empty()) {
        let kept_here = paragraph.first().is_some_and(|first| shown.contains(first));
        match kept.last() {
            Some(&"...") if !kept_here => continue,
            Some(&"...") | None => {}
            Some(_) if kept_here => kept.push(""),
            Some(_) => {}
        }
        kept.extend(if kept_here { paragraph } else { &["..."] });
    }
    kept
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
