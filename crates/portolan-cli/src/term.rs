//! Text for people: wrapped to the terminal, aligned in columns, coloured only where a terminal shows it.
//!
//! Colour repeats what the words say and never says more.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};

/// For titles and totals.
pub const STRONG: Style = Style::new().bold();
/// For citations and what one need not read.
pub const FAINT: Style = Style::new().dimmed();
/// For the names of sections.
pub const SECTION: Style = AnsiColor::Cyan.on_default().bold();
/// For what asks for attention.
pub const ATTENTION: Style = AnsiColor::Yellow.on_default();
/// For faults.
pub const FAULT: Style = AnsiColor::Red.on_default().bold();
/// Plain text.
pub const PLAIN: Style = Style::new();

/// Columns assumed where no terminal says how many it has.
const WIDTH: usize = 100;

/// How many columns there are to write in.
pub fn width() -> usize {
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(60, 140))
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At its left edge.
    Left,
    /// At its right edge.
    Right,
    /// At its left edge, wrapped to what the others leave. One column of a table at most.
    Fill,
}

/// A row of a table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    cells: Vec<(String, Style)>,
    notes: Vec<String>,
}

impl Row {
    /// A row without cells.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a cell.
    pub fn cell(self, text: impl Into<String>) -> Self {
        self.styled(text, PLAIN)
    }

    /// Adds a cell with a style.
    pub fn styled(mut self, text: impl Into<String>, style: Style) -> Self {
        self.cells.push((text.into(), style));
        self
    }

    /// Adds a text that stands beneath the row, from its second column on.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.notes.push(text);
        }
        self
    }
}

/// A page that is written at once.
#[derive(Debug)]
pub struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// An empty page of the terminal's width.
    pub fn new() -> Self {
        Self { text: String::new(), width: width() }
    }

    /// An empty line, unless the page starts here.
    pub fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// The name of a section, after a gap.
    pub fn section(&mut self, name: &str) {
        self.gap();
        self.wrapped(0, SECTION, name);
    }

    /// A text that is broken between words; an empty one is left out.
    pub fn wrapped(&mut self, indent: usize, style: Style, text: &str) {
        if text.is_empty() {
            return;
        }
        for line in wrap(text, self.width.saturating_sub(indent)) {
            self.put(indent, style, &line);
        }
    }

    /// A text after a mark, its further lines below its first word.
    pub fn item(&mut self, indent: usize, mark: &str, text: &str) {
        let inner = indent + mark.chars().count();
        for (at, line) in wrap(text, self.width.saturating_sub(inner)).iter().enumerate() {
            if at == 0 {
                self.put(indent, PLAIN, &format!("{mark}{line}"));
            } else {
                self.put(inner, PLAIN, line);
            }
        }
    }

    fn put(&mut self, indent: usize, style: Style, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:indent$}{style}{line}{style:#}", "");
    }

    /// A text as it stands, with its own line ends.
    pub fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Rows in columns, two spaces between them; a column in which every cell is empty is left out.
    pub fn table(&mut self, indent: usize, aligns: &[Align], rows: &[Row]) {
        let cell = |row: &Row, column: usize| row.cells.get(column).map_or(0, |(text, _)| text.chars().count());
        let widest = |column: usize| rows.iter().map(|row| cell(row, column)).max().unwrap_or(0);
        let mut widths: Vec<usize> = (0..aligns.len()).map(widest).collect();
        let shown = widths.iter().filter(|&&width| width > 0).count();
        if let Some(fill) = aligns.iter().position(|align| *align == Align::Fill) {
            let others: usize = widths.iter().sum::<usize>() - widths[fill];
            let room = self.width.saturating_sub(indent + others + 2 * shown.saturating_sub(1)).max(20);
            widths[fill] = widths[fill].min(room);
        }
        for row in rows {
            self.row(indent, aligns, &widths, row);
        }
    }

    fn row(&mut self, indent: usize, aligns: &[Align], widths: &[usize], row: &Row) {
        let wrapped = |column: usize, text: &str| match aligns[column] {
            Align::Fill => wrap(text, widths[column]),
            Align::Left | Align::Right => vec![text.to_owned()],
        };
        let cells = row.cells.iter().take(aligns.len()).enumerate();
        let cells: Vec<_> = cells.map(|(column, (text, style))| (column, wrapped(column, text), *style)).collect();
        let height = cells.iter().map(|(_, lines, _)| lines.len()).max().unwrap_or(1);
        for at in 0..height {
            let mut line = " ".repeat(indent);
            for (column, lines, style) in cells.iter().filter(|(column, ..)| widths[*column] > 0) {
                let text = lines.get(at).map_or("", String::as_str);
                let pad = " ".repeat(widths[*column].saturating_sub(text.chars().count()));
                let styled = if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") };
                line += &if aligns[*column] == Align::Right { pad + &styled } else { styled + &pad };
                line += "  ";
            }
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
        let first = widths.first().copied().unwrap_or(0);
        let inner = if first > 0 { indent + first + 2 } else { indent };
        for note in &row.notes {
            self.wrapped(inner, FAINT, note);
        }
    }

    /// Writes the page to standard output, without colour where that is no terminal or NO_COLOR is set.
    pub fn print(self) -> io::Result<()> {
        let mut out = anstream::AutoStream::auto(io::stdout().lock());
        out.write_all(self.text.as_bytes())?;
        out.flush()
    }
}

/// Breaks a text between words; a word longer than a line has one of its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push(String::new());
            length = 0;
        }
        if let Some(line) = lines.last_mut() {
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += letters;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize) -> Page {
        Page { text: String::new(), width }
    }

    #[test]
    fn words_are_kept_whole() {
        assert_eq!(wrap("the truce lapses", 9), ["the truce", "lapses"]);
        assert_eq!(wrap("antidisestablishment", 5), ["antidisestablishment"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn columns_align_and_fill() {
        let mut page = page(37);
        let aligns = [Align::Left, Align::Fill, Align::Left, Align::Right];
        let rows = [
            Row::new().cell("a").cell("the first of the two rows").cell("").cell("1.00").note("why"),
            Row::new().cell("bcd").cell("second").cell("").cell("1,000.00"),
        ];
        page.table(2, &aligns, &rows);
        let expected =
            "  a    the first of the two      1.00\n       rows\n       why\n  bcd  second                1,000.00\n";
        let plain = anstream::adapter::strip_str(&page.text).to_string();
        assert_eq!(plain.lines().map(str::trim_end).collect::<Vec<_>>(), expected.lines().collect::<Vec<_>>());
    }
}
