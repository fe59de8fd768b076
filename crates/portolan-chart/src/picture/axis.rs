//! The axis of time.

use jiff::civil::Date;
use portolan_ledger::time::MONTHS;
use portolan_ledger::{Day, Instant};

use super::{FAINT, Frame, GRID, PLOT, SMALL};
use crate::font::{self, Unit};
use crate::scene::{Anchor, Paint, Scene, Shape};

/// A line across the plots where a part of time begins, and what it is called.
struct Mark {
    x: Unit,
    name: String,
    /// It opens a year.
    year: bool,
}

/// The parts of time that the picture names: months, quarters or years.
fn marks(frame: &Frame<'_, '_>) -> Vec<Mark> {
    let asked = &frame.story.asked;
    let days = asked.to.0.saturating_sub(asked.from.0);
    let every: i8 = match days {
        ..=500 => 1,
        501..=1_100 => 3,
        _ => 12,
    };
    let Some(from) = asked.from.date() else { return Vec::new() };
    let Ok(mut date) = Date::new(from.year(), 1, 1) else { return Vec::new() };
    let mut found = Vec::new();
    while Day::from_date(date) <= asked.to {
        if Day::from_date(date) >= asked.from {
            let month = MONTHS[usize::try_from(date.month() - 1).unwrap_or(0)];
            let year = date.month() == 1;
            let short: String = month.chars().take(3).collect();
            let name = match (every, year) {
                (12, _) => date.year().to_string(),
                (_, true) => format!("{short} {}", date.year()),
                (_, false) => short,
            };
            let clock = frame.story.ledger.clock(asked.between[0]);
            let at = clock.map_or(Instant::MIN, |clock| clock.day_start(Day::from_date(date)));
            found.push(Mark { x: frame.x(at), name, year });
        }
        let Ok(next) = date.checked_add(jiff::Span::new().months(every)) else { break };
        date = next;
    }
    found
}

/// Thin lines through all plots.
pub(super) fn grid(frame: &Frame<'_, '_>, top: Unit, bottom: Unit) -> Vec<Shape> {
    let line = |mark: Mark| {
        let paint = if mark.year { Paint::line(FAINT, 5, "1 2") } else { Paint::line(GRID, 5, "") };
        Shape::Line { ends: [mark.x, top, mark.x, bottom], paint }
    };
    marks(frame).into_iter().map(line).collect()
}

/// The names of the parts of time, as far as there is room; gives where the next part of the picture begins.
pub(super) fn labels(frame: &Frame<'_, '_>, scene: &mut Scene, y: Unit) -> Unit {
    scene.draw(Shape::Line { ends: [PLOT.0, y, PLOT.1, y], paint: Paint::line(FAINT, 8, "") });
    let mut free = PLOT.0;
    for mark in marks(frame) {
        let width = font::width(&mark.name, SMALL.size, SMALL.weight);
        if mark.x >= free && mark.x + width <= PLOT.1 + 300 {
            scene.write((mark.x + 20, y + 115), Anchor::Start, SMALL, &mark.name);
            free = mark.x + width + 80;
        }
    }
    y + 200
}
