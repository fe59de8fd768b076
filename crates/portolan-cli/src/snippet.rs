//! Diagnostics of a ledger, with the line of the file that each is about.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use portolan_ledger::diagnostic::{Diagnostic, Severity, Sources};

use crate::term;

/// A diagnostic with its file, line, column, source line and help.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let level = match diagnostic.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.name());
    let mut group = Group::with_title(title);
    if let Some(span) = diagnostic.span {
        let text = sources.text(span.file);
        let (start, end) = bounds(text, span.start as usize, span.end as usize);
        let snippet = Snippet::source(text).path(sources.path(span.file));
        group = group.element(snippet.annotation(AnnotationKind::Primary.span(start..end)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    Renderer::styled().term_width(term::width()).render(&[group])
}

/// A span within its text, on character boundaries, and no longer than its first line.
fn bounds(text: &str, start: usize, end: usize) -> (usize, usize) {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (floor(start), floor(end));
    let line = text[start..].find('\n').map_or(text.len(), |at| start + at);
    (start, end.clamp(start, line))
}

/// `1 fault`, `2 faults`.
pub fn faults(count: usize) -> String {
    if count == 1 { "1 fault".to_owned() } else { format!("{count} faults") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_stay_within_their_text() {
        let text = "a\u{e9}b\nnext";
        assert_eq!(bounds(text, 0, 99), (0, 4));
        assert_eq!(bounds(text, 2, 3), (1, 3));
        assert_eq!(bounds(text, 99, 120), (text.len(), text.len()));
        assert_eq!(bounds(text, 5, 1), (5, 5));
    }
}
